"""`frrgen render`: the frr.conf of routers."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from frrgen.cli.common import Inventory
from frrgen.errors import Exit, InputError, error
from frrgen.model.router import Router
from frrgen.platforms.frr.diff.plan import hide
from frrgen.platforms.frr.render import render, render_lines


def run(args: argparse.Namespace) -> Exit:
    """Print configuration, with passwords hidden; or write files, with passwords, for the owner's eyes only."""
    inventory = Inventory(args.inventory)
    routers = inventory.routers(args.routers)
    inventory.refuse_errors((router.name for router in routers), over_box=args.merge is not None)
    if args.merge is not None or args.target == "pfsense":
        other = [router.name for router in routers if router.platform != "pfsense"]
        if other:
            hint = "write platform: pfsense in its file"
            raise InputError(*(error("FRR115", f"{name} is no pfSense box", hint=hint) for name in other))
    if args.merge is not None and (len(routers) != 1 or args.out is None):
        hint = "a config.xml holds other secrets, so it is not printed"
        raise InputError(error("FRR114", "--merge goes with one router, and with --out DIR", hint=hint))
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
    return Exit.OK


def _file(router: Router, args: argparse.Namespace) -> tuple[Path, str]:
    """Give the file of a router, and what it is to hold."""
    if args.merge is not None or (args.target or router.platform) == "pfsense":
        from frrgen.cli.pfsense_sections import written_xml

        if args.merge is None:
            return args.out / f"{router.name}.xml", written_xml(router, None)
        target = args.out / f"{router.name}.config.xml"
        if target.exists() and target.samefile(args.merge):
            raise InputError(error("FRR114", f"{target} is the file given to --merge", hint="name another --out DIR"))
        return target, written_xml(router, args.merge)
    return args.out / f"{router.name}.conf", _frr(router, args)


def _shown(router: Router, args: argparse.Namespace) -> str:
    if (args.target or router.platform) == "pfsense":
        from frrgen.cli.pfsense_sections import shown_xml

        return shown_xml(router)
    return hide(_frr(router, args))


def _frr(router: Router, args: argparse.Namespace) -> str:
    """Give the frr.conf: of a pfSense box the one that its package would make."""
    if router.platform == "pfsense":
        from frrgen.cli.pfsense_sections import preview

        return preview(router)
    return render(router, templates=args.templates)


def _refuse_unexplained(routers: Sequence[Router], args: argparse.Namespace) -> None:
    """Only what frrgen writes itself has a template and a place for each line. Raises InputError."""
    if args.out is not None:
        raise InputError(error("FRR114", "--explain is for the screen: it goes without --out"))
    boxes = [router.name for router in routers if router.platform == "pfsense"]
    if boxes:
        hint = f"frrgen render {boxes[0]} --target frr shows what it makes of them"
        message = f"--explain is for routers with FRR: of {', '.join(boxes[:5])} pfSense's package writes the frr.conf"
        raise InputError(error("FRR114", message, hint=hint))


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


def write_private(path: Path, text: str) -> None:
    """Write a file that holds passwords: as a whole or not at all, 0600. Raises InputError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(text)
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    except OSError as bad:
        raise InputError(error("FRR402", f"{path} cannot be written: {bad.strerror}")) from bad
