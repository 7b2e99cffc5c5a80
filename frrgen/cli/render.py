"""`frrgen render`: the frr.conf of routers."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

from frrgen.cli import fleet
from frrgen.cli.common import complain
from frrgen.cli.working import counted, working
from frrgen.codes import Code, Severity
from frrgen.errors import Exit, Finding, FrrgenError, InputError
from frrgen.intended.inventory import Inventory
from frrgen.intended.readable import readable
from frrgen.inventory.folder import names
from frrgen.model.router import Router
from frrgen.platforms.base import of, platform
from frrgen.platforms.files import write_private
from frrgen.platforms.frr.diff.plan import hide
from frrgen.platforms.frr.render import render_lines
from frrgen.platforms.registry import PLATFORMS


def run(args: argparse.Namespace) -> Exit:
    """Print configuration, with passwords hidden; or write files, with passwords, for the owner's eyes only.

    Without names a router that has errors does not stop the others.
    """
    if args.target == "metallb":
        from frrgen.cli.metallb import render

        return render(args)
    if args.flavour is not None:
        raise InputError(Finding(Code.FRR114, "--flavour goes with --target metallb"))
    with working(args, "rendering"):
        texts = _of_fleet(args)
        read = None if texts is not None else readable(args.inventory, args.routers, over_box=args.merge is not None)
    if read is None:
        _hand_over(texts or ())
        return Exit.OK
    inventory, routers, wrong = read.inventory, read.routers, read.wrong
    _refuse_other_platforms(routers, args)
    if args.merge is not None and (len(routers) + len(wrong) != 1 or args.out is None):
        hint = "a config.xml holds other secrets, so it is not printed"
        raise InputError(Finding(Code.FRR114, "--merge goes with one router, and with --out DIR", hint=hint))
    if args.explain:
        _refuse_unexplained(routers, args)
        for router in routers:
            _explain(inventory, router, args.templates)
    else:
        with working(args, "rendering routers", len(routers)) as step:
            # all files are made before the first is written
            made = list(counted(_texts(inventory, routers, args), step))
        _hand_over(made)
    for bad in wrong.values():
        complain(bad)
    return Exit.ERROR if wrong else Exit.OK


_Text = tuple[Path | None, str]
"""A file and what it is to hold, or no file and what the screen shows."""


def _of_fleet(args: argparse.Namespace) -> list[_Text] | None:
    """Return the texts of a whole fleet, read in parts; None for few routers, and where any of them has an error."""
    every = () if args.routers or args.explain or args.merge is not None else names(args.inventory)
    if len(every) <= fleet.PART:
        return None
    wanted = argparse.Namespace(out=args.out, target=args.target, templates=args.templates, merge=None)
    parts = list(fleet.in_parts(fleet.divided(args.inventory, every, partial(render_part, wanted))))
    clean = [part for part in parts if part is not None]
    return list(chain.from_iterable(clean)) if len(clean) == len(parts) else None


def render_part(
    args: argparse.Namespace, folder: Path, names: Sequence[str], known: Mapping[str, Collection[str]], *, rest: bool
) -> list[_Text] | None:
    """Return the texts of some routers; None if these, or what they need, have an error."""
    try:
        inventory = Inventory(folder, names, rest=rest, boxes=known)
        if any(one.severity is Severity.ERROR for one in inventory.findings):
            return None
        routers = inventory.routers(names)
        _refuse_other_platforms(routers, args)
        return list(_texts(inventory, routers, args))
    except FrrgenError:
        # the whole inventory tells best what is wrong
        return None


def _texts(inventory: Inventory, routers: Sequence[Router], args: argparse.Namespace) -> Iterator[_Text]:
    """Yield what is written or shown of routers. Raises InputError."""
    if args.out is None:
        yield from ((None, _shown(router, args)) for router in routers)
        return
    with inventory.placing():
        for router in routers:
            yield _file(inventory.resolved(router), args)


def _hand_over(texts: Iterable[_Text]) -> None:
    for path, text in texts:
        if path is None:
            print(text, end="")
        else:
            write_private(path, text)
            print(path)


def _refuse_other_platforms(routers: Sequence[Router], args: argparse.Namespace) -> None:
    """Refuse a format that is not of the routers' platform; the frr.conf is of each. Raises InputError."""
    wanted = set(PLATFORMS)
    if args.merge is not None:
        wanted = {name for name in PLATFORMS if platform(name).merges}
    elif args.target is not None and not platform(args.target).template:
        wanted = {args.target}
    hint = f"write platform: {' or '.join(sorted(wanted))} in its file"
    noun = " or ".join(platform(name).noun for name in sorted(wanted))
    if other := [router.name for router in routers if router.platform not in wanted]:
        raise InputError(*(Finding(Code.FRR115, f"{name} is no {noun}", hint=hint) for name in other))


def _file(router: Router, args: argparse.Namespace) -> tuple[Path, str]:
    """Return the file of a router, and what it is to hold."""
    if args.merge is not None:
        target = args.out / f"{router.name}.config.xml"
        if target.exists() and target.samefile(args.merge):
            raise InputError(
                Finding(Code.FRR114, f"{target} is the file given to --merge", hint="name another --out DIR")
            )
        return target, of(router).merge(router, args.merge)
    wanted = platform(args.target or router.platform)
    path = args.out / f"{router.name}{wanted.suffix}"
    if wanted.template:
        return path, of(router).frr_conf(router, args.templates)
    return path, wanted.render(router, templates=args.templates, secrets=True)


def _shown(router: Router, args: argparse.Namespace) -> str:
    wanted = platform(args.target or router.platform)
    if wanted.template:
        return hide(of(router).frr_conf(router, args.templates))
    return wanted.render(router, templates=args.templates)


def _refuse_unexplained(routers: Sequence[Router], args: argparse.Namespace) -> None:
    """Refuse --explain where frrgen does not write each line itself. Raises InputError."""
    if args.out is not None:
        raise InputError(Finding(Code.FRR114, "--explain is for the screen: it goes without --out"))
    boxes = [router.name for router in routers if not of(router).template]
    if boxes:
        hint = f"frrgen render {boxes[0]} --target frr shows what it makes of them"
        message = f"--explain is for routers with FRR: of {', '.join(boxes[:5])} pfSense's package writes the frr.conf"
        raise InputError(Finding(Code.FRR114, message, hint=hint))


def _explain(inventory: Inventory, router: Router, templates: Path | None) -> None:
    lines = render_lines(router, templates=templates)
    width = min(max((len(line.text) for line in lines), default=0), 80)
    for line in lines:
        source = ""
        if line.path:
            place = inventory.place(("routers", router.name, *line.path))
            origin = inventory.origin(router.name, line.path)
            derived = "" if origin is None else f" ({' '.join(_words(origin))})"
            said = origin is not None or inventory.loaded.wrote(("routers", router.name, line.path[0]))
            source = f"{place.file}:{place.line}{derived}, " if said else "default, "
        print(f"{hide(line.text):<{width}}  # {source}{line.template}".rstrip())


def _words(origin: tuple[str, ...]) -> list[str]:
    """Name a part of a cluster: ("clusters", "k", "pools", "p") is cluster k, pool p."""
    return [word.removesuffix("s") if number % 2 == 0 else word for number, word in enumerate(origin)]
