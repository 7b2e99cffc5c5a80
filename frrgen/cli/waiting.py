"""Routers that are asked about pushes: what confirm, rollback, history and status do alike."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import closing
from typing import TypeVar

from frrgen.intended.inventory import Inventory
from frrgen.model.router import Router
from frrgen.platforms.base import Source, of
from frrgen.transport.base import Keeper, Running

_T = TypeVar("_T")


def routers(args: argparse.Namespace) -> list[Router]:
    """Return the routers that are named. Their passwords of neighbors are not asked for. Raises InputError."""
    named = args.routers if isinstance(args.routers, list) else [args.routers]
    inventory = Inventory(args.inventory, named)
    return [inventory.with_login(router) for router in inventory.routers(named)]


def job(router: Router, args: argparse.Namespace, ask: Callable[[Keeper[Running]], _T]) -> Callable[[], _T]:
    """Log in to a router, and ask."""

    def asked() -> _T:
        with closing(of(router).keeper(router, Source(None, args.ssh_config))) as device:
            return ask(device)

    return asked
