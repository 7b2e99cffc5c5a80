"""`frrgen schema`: the JSON Schema of the inventory."""

from __future__ import annotations

import argparse
import json
from importlib import resources

from frrgen.errors import Exit
from frrgen.inventory.schema import schema


def run(args: argparse.Namespace) -> Exit:
    """Print the schema of the inventory, or of what a verb writes as JSON."""
    if args.of == "inventory":
        print(json.dumps(schema(), indent=2))
    else:
        print((resources.files("frrgen.report") / "schemas" / f"{args.of}.json").read_text(encoding="utf-8"), end="")
    return Exit.OK
