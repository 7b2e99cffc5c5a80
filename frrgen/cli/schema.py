"""`frrgen schema`: the JSON Schema of the inventory."""

from __future__ import annotations

import argparse
import json

from frrgen.errors import Exit
from frrgen.inventory.schema import schema


def run(args: argparse.Namespace) -> Exit:
    """Print the schema."""
    del args
    print(json.dumps(schema(), indent=2))
    return Exit.OK
