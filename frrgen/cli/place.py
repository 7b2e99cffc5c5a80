"""Where the inventory is, when no option says so."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

VARIABLE: Final = "FRRGEN_INVENTORY"
"""The environment's name of the inventory's folder."""
_NAME: Final = "inventory"
_COMMON: Final = ("network.yaml", "network.yml")


def inventory(said: Path | None, environment: Mapping[str, str]) -> Path:
    """Return the inventory's folder: what `-i` or the environment says, or the nearest one of this folder and above.

    That is a folder `inventory` with `routers` in it, or a folder that has `network.yaml` and `routers` itself. Where
    `-i` names the folder around an inventory, as `frrgen init` makes it, the inventory inside is meant.
    Without any it is `inventory`, for the message that there is none.
    """
    if said is None and environment.get(VARIABLE):
        said = Path(environment[VARIABLE])
    if said is not None:
        return said / _NAME if not _is_inventory(said) and (said / _NAME / "routers").is_dir() else said
    if Path(_NAME).is_dir():
        return Path(_NAME)
    try:
        here = Path.cwd()
    except OSError:
        return Path(_NAME)
    for folder in (here, *here.parents):
        if _is_inventory(folder):
            return Path(os.path.relpath(folder, here))
        if (folder / _NAME / "routers").is_dir():
            return Path(os.path.relpath(folder / _NAME, here))
    return Path(_NAME)


def _is_inventory(folder: Path) -> bool:
    return (folder / "routers").is_dir() and any((folder / name).is_file() for name in _COMMON)
