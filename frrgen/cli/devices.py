"""Routers that are reached, whatever their platform: what diff, push and import do with them."""

from __future__ import annotations

import argparse
import re
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from frrgen.cli.plan import is_xml, read_text, refuse_foreign
from frrgen.errors import InputError, error
from frrgen.model.router import Router, Ssh
from frrgen.platforms.frr.device import FrrDevice
from frrgen.platforms.frr.diff.plan import Plan
from frrgen.platforms.frr.parse.parser import said_version
from frrgen.platforms.frr.push import Transaction, plan_for
from frrgen.platforms.frr.sessions import Bounds
from frrgen.push.base import Approve, Outcome, State
from frrgen.transport.base import Running

if TYPE_CHECKING:
    from frrgen.platforms.pfsense.device import PfsenseRunning


def fetch(router: Router, ssh_config: Path | None) -> Running:
    """Read what a router runs. Raises DeviceError."""
    with closing(FrrDevice(router, ssh_config=ssh_config)) as device:
        return device.fetch()


def fetch_box(router: Router, ssh_config: Path | None) -> PfsenseRunning:
    """Read what a pfSense box has. Raises DeviceError."""
    from frrgen.platforms.pfsense.device import PfsenseDevice

    with closing(PfsenseDevice(router, ssh_config=ssh_config)) as box:
        return box.fetch()


def at(place: str, name: str | None, platform: str) -> Router:
    """Give a router that is only known by where it is: `[USER@]HOST[:PORT]`. Raises InputError."""
    found = re.fullmatch(r"(?:(?P<user>[^@]+)@)?(?P<host>\[[^]]+\]|[^:]+)(?::(?P<port>[0-9]{1,5}))?", place)
    if found is None:
        raise InputError(error("FRR108", f"{place!r} is no place to log in to", hint="ssh:[USER@]HOST[:PORT]"))
    host = found["host"].strip("[]")
    label = name or re.sub(r"[^A-Za-z0-9-]", "-", host).strip("-") or "router"
    said = {key: found[key] for key in ("user", "port") if found[key]}
    try:
        return Router.model_validate(
            {"name": label, "platform": platform, "ssh": Ssh.model_validate({"host": host, **said})}
        )
    except ValueError as bad:
        raise InputError(error("FRR108", f"{place!r} is no place to log in to", hint="ssh:[USER@]HOST[:PORT]")) from bad


def plan_of(router: Router, args: argparse.Namespace) -> Plan:
    """Plan the change of a router, or of what a file says that it has. Raises DeviceError, InputError."""
    if router.platform == "pfsense":
        return _plan_of_box(router, args)
    if args.running is None:
        running = fetch(router, args.ssh_config)
    else:
        text = read_text(args.running)
        refuse_foreign((text, args.running))
        running = Running(text, said_version(text) or "")
    return plan_for(running, router, prune_leftovers=args.prune_leftovers)


def _plan_of_box(router: Router, args: argparse.Namespace) -> Plan:
    from frrgen.cli.pfsense_sections import Wanted, plan_config_xml, plan_running
    from frrgen.platforms.pfsense.device import PfsenseDevice
    from frrgen.platforms.pfsense.push import PfsensePush

    wanted = Wanted(router, prune_leftovers=args.prune_leftovers)
    if args.running is None:
        with closing(PfsenseDevice(router, ssh_config=args.ssh_config)) as box:
            return wanted.told(PfsensePush(box, wanted, clear_raw=True).foresee())
    text = read_text(args.running)
    if is_xml(text):
        return wanted.told(plan_config_xml(router, args.running, wanted))
    refuse_foreign((text, args.running))
    return plan_running(router, text)


def push_to(
    router: Router,
    args: argparse.Namespace,
    approve: Approve | None,
    progress: Callable[[State], None],
    stop: threading.Event,
) -> Outcome:
    """Push to a router. Raises FrrgenError as Push.run does, KeyboardInterrupt if it is to `stop`."""
    prune = args.prune_leftovers
    if router.platform == "pfsense":
        from frrgen.cli.pfsense_sections import Wanted
        from frrgen.platforms.pfsense.device import PfsenseDevice
        from frrgen.platforms.pfsense.push import PfsensePush

        wanted = Wanted(router, prune_leftovers=prune)
        with closing(PfsenseDevice(router, ssh_config=args.ssh_config)) as box:
            return PfsensePush(
                box, wanted, approve=approve, progress=progress, stop=stop, clear_raw=args.clear_raw
            ).run()
    with closing(FrrDevice(router, ssh_config=args.ssh_config)) as device:
        return Transaction(
            device,
            router,
            approve=approve,
            progress=progress,
            stop=stop,
            prune_leftovers=prune,
            bounds=Bounds(loss=args.allow_loss, down=args.allow_down),
            confirm_within=args.confirm_within,
        ).run()
