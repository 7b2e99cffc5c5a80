"""Routers that are asked about pushes: what confirm, rollback, history and status do alike."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import closing
from typing import TypeVar

from frrgen.cli.common import Inventory
from frrgen.codes import Code
from frrgen.errors import Finding, InputError
from frrgen.model.router import Router
from frrgen.platforms.base import of
from frrgen.platforms.frr.device import FrrDevice
from frrgen.transport.base import Device

_T = TypeVar("_T")


def routers(args: argparse.Namespace) -> list[Router]:
    """Give the routers that are named. Their passwords of neighbors are not asked for. Raises InputError."""
    named = args.routers if isinstance(args.routers, list) else [args.routers]
    found = Inventory(args.inventory).routers(named)
    if unable := [router for router in found if not of(router).waits]:
        raise InputError(
            *(
                Finding(
                    Code.FRR119,
                    f"{router.name}: a push to a {of(router).noun} does not wait to be confirmed",
                    hint=of(router).way_back,
                )
                for router in unable
            )
        )
    return found


def job(router: Router, args: argparse.Namespace, ask: Callable[[Device], _T]) -> Callable[[], _T]:
    """Log in to a router, and ask."""

    def asked() -> _T:
        with closing(FrrDevice(router, ssh_config=args.ssh_config)) as device:
            return ask(device)

    return asked
