"""`frrgen render`: the frr.conf of routers."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from frrgen.cli.common import complain
from frrgen.codes import Code
from frrgen.errors import Exit, Finding, InputError
from frrgen.intended.inventory import Inventory
from frrgen.intended.readable import readable
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
    read = readable(args.inventory, args.routers, over_box=args.merge is not None)
    inventory, routers, wrong = read.inventory, read.routers, read.wrong
    _refuse_other_platforms(routers, args)
    if args.merge is not None and (len(routers) + len(wrong) != 1 or args.out is None):
        hint = "a config.xml holds other secrets, so it is not printed"
        raise InputError(Finding(Code.FRR114, "--merge goes with one router, and with --out DIR", hint=hint))
    if args.explain:
        _refuse_unexplained(routers, args)
        for router in routers:
            _explain(inventory, router, args.templates)
    elif args.out is not None:
        with inventory.placing():
            texts = dict(_file(inventory.resolved(router), args) for router in routers)
        for path, text in texts.items():
            write_private(path, text)
            print(path)
    else:
        for router in routers:
            print(_shown(router, args), end="")
    for bad in wrong.values():
        complain(bad)
    return Exit.ERROR if wrong else Exit.OK


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
