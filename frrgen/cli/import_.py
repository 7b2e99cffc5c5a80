"""`frrgen import`: existing configurations -> an inventory, and a report of what was not understood."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

from frrgen.cli.common import complain, count
from frrgen.cli.devices import at
from frrgen.cli.plan import router_name
from frrgen.cli.working import Step, counted, working
from frrgen.codes import Code, Severity
from frrgen.errors import Exit, Finding, FrrgenError, InputError, Where, visible
from frrgen.intended.inventory import Inventory
from frrgen.inventory.adopt import Adopted, adopt, adopt_all, changed_by_inventory, cluster_file, files_of, write_files
from frrgen.inventory.dump import data_of, dump_data
from frrgen.model.recognise import recognise
from frrgen.model.router import Router, Ssh
from frrgen.platforms.base import Options, Source, of, platform
from frrgen.platforms.frr.diff.plan import hide
from frrgen.platforms.frr.parse.parser import Parsed

_T = TypeVar("_T")
_MANIFESTS: Final = frozenset({"metallb"})
"""No platforms of routers: their manifests are imported as a cluster."""
_AT_ONCE: Final = 16
"""So many routers are asked at the same time."""


@dataclass(frozen=True)
class ImportedRouter:
    """What a file, or a router, was found to have."""

    parsed: Parsed
    source: Source
    remarks: Mapping[tuple[str, ...], tuple[str, ...]]
    findings: Sequence[Finding]

    @property
    def router(self) -> Router:
        """The router, with its passwords."""
        return self.parsed.router


def run(args: argparse.Namespace) -> Exit:
    """Write or print the inventory; the report goes to stderr."""
    if args.platform in _MANIFESTS:
        from frrgen.cli.metallb import import_

        ended = import_(args)
        _next(args, "verify")
        return ended
    if args.router:
        raise InputError(Finding(Code.FRR114, "--router goes with import metallb"))
    if args.name is not None and len(args.files) > 1:
        raise InputError(Finding(Code.FRR114, "--name goes with exactly one file"))
    if args.output is None and len(args.files) > 1:
        raise InputError(Finding(Code.FRR114, "several files become an inventory", hint="name its folder with -o DIR"))
    found = _all(args)
    if args.output is None:
        _show(found[0])
    else:
        _write(found, args)
    for one in found:
        _report(one.parsed, quiet=args.quiet)
    ended = _proven(found, args) if args.output is not None else Exit.OK
    _next(args, "check")
    return ended


def _next(args: argparse.Namespace, verb: str) -> None:
    """Tell on stderr the command to type behind the import: a new user need not look for it."""
    if args.output is not None and not args.quiet:
        print(f"Next: frrgen -i {shlex.quote(str(args.output))} {verb}", file=sys.stderr)


def _all(args: argparse.Namespace) -> list[ImportedRouter]:
    """Read all files and routers, at once. Raises InputError with all that is wrong, and for a name that two have."""
    with working(args, "reading routers", len(args.files)) as step:
        results = _each(args.files, lambda file: _imported(file, args), step)
    found = [one for one in results if isinstance(one, ImportedRouter)]
    for router in found:
        complain(router.findings)
    holders: dict[str, list[str]] = defaultdict(list)
    for file, one in zip(args.files, results, strict=True):
        if isinstance(one, ImportedRouter):
            holders[one.router.name].append(file)
    twice = [f"{' and '.join(files)} are of a router {name!r}" for name, files in holders.items() if len(files) > 1]
    bad = [finding for one in results if isinstance(one, FrrgenError) for finding in one.findings]
    if bad or twice:
        hint = "import each file alone, with --name"
        raise InputError(*bad, *(Finding(Code.FRR120, one, hint=hint) for one in twice))
    return found


def _each(things: Sequence[_T], ask: Callable[[_T], object], step: Step) -> list[object]:
    """Return what `ask` says of each thing, or the FrrgenError that it raised."""

    def asked(one: _T) -> object:
        try:
            return ask(one)
        except FrrgenError as bad:
            return bad

    if len(things) == 1:
        return [asked(things[0])]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(counted(pool.map(asked, things), step))


def _imported(file: str, args: argparse.Namespace) -> ImportedRouter:
    """Read a file, or a router (`ssh:PLACE`). Raises DeviceError, InputError."""
    place = file.removeprefix("ssh:") if file.startswith("ssh:") else None
    source = Source(None if place is not None else Path(file), args.ssh_config)
    router = None if place is None else at(place, args.name, args.platform)
    found = platform(args.platform).import_(source, router)
    name = _name(file, args.name or found.hostname)
    parsed = found.parse(name)
    if router is not None:
        said = router.ssh if router.ssh.host != name else router.ssh.model_copy(update={"host": None})
        ssh = Ssh.model_validate(said.model_dump(exclude_none=True, exclude_defaults=True))
        if ssh.model_fields_set:
            parsed = parsed._replace(router=_with_ssh(parsed.router, ssh))
    # what is wrong with the router is no failure of the import: `check` weighs it, once it is in the inventory
    findings = [
        replace(one, weighed=Severity.WARNING) if one.severity is Severity.ERROR else one for one in found.findings
    ]
    return ImportedRouter(parsed, source, found.remarks, findings)


def _with_ssh(router: Router, ssh: Ssh) -> Router:
    said = {name: getattr(router, name) for name in router.model_fields_set}
    return type(router).model_validate({**said, "ssh": ssh})


def _show(one: ImportedRouter) -> None:
    """Print the router's file. A password is a reference there, and stderr tells which file to write it to."""
    adopted = adopt(one.router)
    print(dump_data(data_of(adopted.router), one.remarks), end="")
    if adopted.secrets:
        files = ", ".join(map(str, adopted.secrets))
        print(f"Not shown: {count(len(adopted.secrets), 'password')}, for {files} (or: -o DIR).", file=sys.stderr)


def _write(found: Sequence[ImportedRouter], args: argparse.Namespace) -> None:
    """Write the inventory, or add to it, and print the names of the new files. Raises InputError."""
    adopted = adopt_all((one.router for one in found), args.output)
    adopted = [replace(one, remarks=imported.remarks) for one, imported in zip(adopted, found, strict=True)]
    plain = args.plain or len(found) == 1
    files = files_of(adopted, args.output, alone=plain)
    files |= {} if plain else _clusters(adopted, args.output)
    for path in write_files(files, args.output):
        print(path)
    complain(changed_by_inventory(adopted, args.output))


def _clusters(adopted: Iterable[Adopted], folder: Path) -> dict[Path, str]:
    """Return the files of the clusters that the new routers have sessions with, and tell of them."""
    held = folder / "clusters"
    taken = {path.stem for path in held.iterdir()} if held.is_dir() else set()
    files = {}
    for cluster in recognise((one.router for one in adopted), taken):
        path, text = cluster_file(cluster)
        files[path] = text
        said = f"{count(len(cluster.nodes), 'neighbor')} of {', '.join(cluster.routers)}"
        where = Where(str(folder / path), path=("clusters", cluster.name))
        hint = "delete the file if they are not"
        complain([Finding(Code.FRR132, f"{said} may be the nodes of a Kubernetes cluster", where, hint)])
    return files


_NO_LINES: Final = {"name", "platform", "frr_version"}
"""What a router has though its configuration is empty."""


def _report(parsed: Parsed, *, quiet: bool) -> None:
    """Tell on stderr what was understood, and each line that was not; `quiet`: only these."""
    if quiet and not parsed.leftovers:
        return
    router = parsed.router
    held = sum(len(getattr(router, kind)) for kind in ("route_maps", "prefix_lists", "ipv6_prefix_lists"))
    sessions = len(router.bgp.neighbors) if router.bgp is not None else 0
    understood = (
        f"{count(sessions, 'neighbor')}, {count(held, 'prefix list or route map', 'prefix lists and route maps')}"
    )
    print(f"{router.name}: {understood} understood.", file=sys.stderr)
    if parsed.leftovers:
        print(f"Not read, and left unchanged on the router ({count(len(parsed.leftovers), 'line')}):", file=sys.stderr)
        for leftover in parsed.leftovers:
            number = f"line {leftover.number}: " if leftover.number else ""
            print(f"  {number}{visible(hide(str(leftover)))}", file=sys.stderr)
    elif sessions or held or router.model_dump(exclude_defaults=True, exclude=_NO_LINES):
        print("Everything was understood.", file=sys.stderr)
    else:
        print("No line of configuration was there.", file=sys.stderr)


def _proven(found: Sequence[ImportedRouter], args: argparse.Namespace) -> Exit:
    """Compare the new inventory with what the files and routers have, as `diff` does, and tell the result."""
    names = [one.router.name for one in found]
    try:
        inventory = Inventory(args.output, names)
    except InputError:
        # that the inventory has errors was told already
        return Exit.OK
    with working(args, "proving that nothing changes on routers", len(found)) as step:
        plans = _each(found, lambda one: _changes(inventory, one), step)
    findings = []
    for name, plan in zip(names, plans, strict=True):
        if isinstance(plan, FrrgenError):
            findings += [replace(one, weighed=Severity.WARNING) for one in plan.findings]
        elif plan:
            where = Where(str(args.output / "routers" / f"{name}.yaml"), path=("routers", name))
            text = f"the inventory would change {name}: {plan}"
            findings.append(Finding(Code.FRR131, text, where, f"frrgen diff {name} shows the change"))
    complain(findings)
    if not findings and not args.quiet:
        print(f"Proof: frrgen diff finds nothing to do on {count(len(names), 'router')}.", file=sys.stderr)
    return Exit.OK


def _changes(inventory: Inventory, one: ImportedRouter) -> str:
    """Return what a push of the inventory would do to a router; empty: nothing."""
    (router,) = inventory.routers([one.router.name])
    plan = of(router).plan(inventory.resolved(router), one.source, Options())
    return "" if plan.empty else plan.summary


def _name(file: str, said: str | None) -> str:
    name = said or router_name(Path(file.removeprefix("ssh:")).stem)
    if router_name(name) != name:
        hint = "letters, digits, and . _ - between them, at most 63" if said else "name it with --name"
        raise InputError(Finding(Code.FRR117, f"{name!r} cannot be a router's name", hint=hint))
    return name
