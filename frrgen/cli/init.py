"""`frrgen init`: a commented, working example network to begin with."""

from __future__ import annotations

import argparse
import json
import shlex
from pathlib import Path
from typing import Final

from frrgen.codes import Code
from frrgen.errors import Exit, Finding, InputError
from frrgen.inventory.schema import FILE, named_in, schema
from frrgen.inventory.write import write_new

_PACKAGE: Final = Path(__file__).resolve().parent.parent
_README: Final = """\
# A network kept by frrgen

- `inventory/network.yaml`: what all routers share
- `inventory/routers/NAME.yaml`: one file a router
- `inventory/clusters/NAME.yaml`: one file a Kubernetes cluster; what it means for the routers is derived from it

    frrgen check                 # is the inventory sound?
    frrgen render edge1          # what would its frr.conf be?
    frrgen render edge1 --explain
    frrgen diff edge1            # against what it runs, over SSH
    frrgen push edge1            # apply it, and undo it if it goes wrong

Editors with yaml-language-server complete and check keys by `schema.json`: `frrgen schema > schema.json` renews it.
"""


def _with_schema(path: Path, depth: int) -> str:
    """Return a file of the example, with the line for editors."""
    text = path.read_text(encoding="utf-8")
    return named_in(text, f"{'../' * depth}{FILE}") if path.suffix == ".yaml" else text


def example() -> Path:
    """Return the folder of the example inventory: inside the package when installed, beside it in a source tree."""
    inside = _PACKAGE / "example"
    return inside if inside.is_dir() else _PACKAGE.parent / "inventory"


def run(args: argparse.Namespace) -> Exit:
    """Write the example; nothing is ever written over."""
    target: Path = args.dir
    there = [path for path in (target / "inventory", target / "README.md", target / FILE) if path.exists()]
    if there:
        raise InputError(*(Finding(Code.FRR130, f"{path} exists already; nothing was written") for path in there))
    source = example()
    files = {
        Path("inventory", path.relative_to(source)): _with_schema(path, len(path.relative_to(source).parts))
        for path in sorted(source.rglob("*"))
        if path.is_file()
    }
    files[Path(FILE)] = json.dumps(schema(), indent=2) + "\n"
    write_new({**files, Path("README.md"): _README}, target)
    here = target.resolve() == Path.cwd()
    go = "" if here else f"cd {shlex.quote(str(target))} && "
    place = "here" if here else f"in {target}"
    print(f"A network to begin with is {place}. Next: {go}frrgen check && frrgen render edge1")
    return Exit.OK
