"""`frrgen render`: the frr.conf of routers."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from frrgen.cli.common import Inventory
from frrgen.diff.plan import hide
from frrgen.errors import Exit, InputError, error
from frrgen.model.router import Router
from frrgen.render.frr import render, render_lines


def run(args: argparse.Namespace) -> Exit:
    """Print configuration, with passwords hidden; or write files, with passwords, for the owner's eyes only."""
    inventory = Inventory(args.inventory)
    routers = inventory.routers(args.routers)
    inventory.refuse_errors(router.name for router in routers)
    if args.explain:
        for router in routers:
            _explain(inventory, router, args.templates)
    elif args.out is not None:
        texts = {
            args.out / f"{router.name}.conf": render(inventory.resolved(router), templates=args.templates)
            for router in routers
        }
        for path, text in texts.items():
            write_private(path, text)
            print(path)
    else:
        for router in routers:
            print(hide(render(router, templates=args.templates)), end="")
    return Exit.OK


def _explain(inventory: Inventory, router: Router, templates: Path | None) -> None:
    lines = render_lines(router, templates=templates)
    width = min(max((len(line.text) for line in lines), default=0), 80)
    for line in lines:
        source = ""
        if line.path:
            place = inventory.place(("routers", router.name, *line.path))
            origin = inventory.origin(router.name, line.path)
            derived = "" if origin is None else f" ({' '.join(_words(origin))})"
            source = f"{place.file}:{place.line}{derived}, "
        print(f"{hide(line.text):<{width}}  # {source}{line.template}".rstrip())


def _words(origin: tuple[str, ...]) -> list[str]:
    """Name a part of a cluster: ("clusters", "k", "pools", "p") is cluster k, pool p."""
    return [word.removesuffix("s") if number % 2 == 0 else word for number, word in enumerate(origin)]


def write_private(path: Path, text: str) -> None:
    """Write a file that holds passwords: as a whole or not at all, 0600. Raises InputError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
        draft.replace(path)
    except OSError as bad:
        raise InputError(error("FRR402", f"{path} cannot be written: {bad.strerror}")) from bad
