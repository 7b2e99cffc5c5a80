"""`frrgen upgrade-check`: what a later FRR reads otherwise of what routers run, start with, or of files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from frrgen.cli.common import count
from frrgen.cli.told import tell
from frrgen.errors import Exit
from frrgen.intended.inventory import Inventory
from frrgen.inventory.folder import names
from frrgen.platforms.files import STDIN, read_text
from frrgen.platforms.frr.parse.parser import DEFAULT_VERSION, said_version
from frrgen.platforms.frr.parse.recognise import refuse_foreign
from frrgen.platforms.frr.platform import fetch
from frrgen.platforms.frr.upgrade import upgrade


def run(args: argparse.Namespace) -> Exit:
    """Print the findings; exit 2 if there is one. Raises InputError, DeviceError."""
    found = 0
    for text, source, version in _texts(args):
        old = said_version(text) or version or DEFAULT_VERSION
        findings = tuple(dict.fromkeys(upgrade(text, source, _numbers(old), _numbers(args.to))))
        tell(findings, sys.stdout)
        print(f"{source}: {count(len(findings), 'line')} and defaults of FRR {old} that FRR {args.to} reads otherwise.")
        found += len(findings)
    return Exit.CHANGES if found else Exit.OK


def _texts(args: argparse.Namespace) -> Iterator[tuple[str, str, str]]:
    """Yield each text with its name, and the version of the FRR that runs it."""
    inventory = None
    for source in args.sources:
        path = Path(source)
        if (
            source == STDIN
            or path.is_file()
            or (path.exists() and source not in names(args.inventory))
            or "/" in source
        ):
            text = read_text(path)
            refuse_foreign((text, path))
            yield text, source, ""
            continue
        inventory = inventory or Inventory(args.inventory)
        (router,) = inventory.routers([source])
        running = fetch(inventory.resolved(router), args.ssh_config)
        yield running.text, f"{source} (running)", running.frr_version
        if running.startup is not None:
            yield running.startup, f"{source} (startup)", running.frr_version


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
