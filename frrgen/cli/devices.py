"""Routers that are reached, whatever their platform: what diff, push and import do with them."""

from __future__ import annotations

import argparse
import re
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from frrgen.codes import Code
from frrgen.errors import Finding, InputError
from frrgen.model.router import Router, Ssh
from frrgen.platforms.base import Options, Source, of
from frrgen.platforms.frr.diff.plan import Plan
from frrgen.transaction.base import Approve, Outcome, State


def at(place: str, name: str | None, platform: str) -> Router:
    """Return a router that is only known by where it is: `[USER@]HOST[:PORT]`. Raises InputError."""
    found = re.fullmatch(r"(?:(?P<user>[^@]+)@)?(?P<host>\[[^]]+\]|[^:]+)(?::(?P<port>[0-9]{1,5}))?", place)
    if found is None:
        raise InputError(Finding(Code.FRR116, f"{place!r} is no place to log in to", hint="ssh:[USER@]HOST[:PORT]"))
    host = found["host"].strip("[]")
    label = name or re.sub(r"[^A-Za-z0-9-]", "-", host).strip("-") or "router"
    said = {key: found[key] for key in ("user", "port") if found[key]}
    try:
        return Router.model_validate(
            {"name": label, "platform": platform, "ssh": Ssh.model_validate({"host": host, **said})}
        )
    except ValueError as bad:
        raise InputError(
            Finding(Code.FRR116, f"{place!r} is no place to log in to", hint="ssh:[USER@]HOST[:PORT]")
        ) from bad


def plan_of(router: Router, args: argparse.Namespace, running: Path | None) -> Plan:
    """Plan the change of a router, or of what a file says that it has. Raises DeviceError, InputError."""
    options = Options(args.prune_leftovers, allow_unread=args.allow_unread, avoid=args.avoid)
    return of(router).plan(router, Source(running, args.ssh_config), options)


def refuse_avoid(args: argparse.Namespace, routers: Iterable[Router]) -> None:
    """Raise InputError if `--avoid` names a router whose platform cannot avoid anything."""
    if args.avoid and (others := [router.name for router in routers if not of(router).avoids]):
        text = f"--avoid is for routers with FRR alone: {', '.join(others)}"
        raise InputError(Finding(Code.FRR114, text, hint="name the routers that it is for"))


def push_to(
    router: Router,
    args: argparse.Namespace,
    approve: Approve | None,
    progress: Callable[[State], None],
    stop: threading.Event,
    *,
    paired: bool = False,
) -> Outcome:
    """Push to a router. Raises FrrgenError as Push.run does, KeyboardInterrupt if it is to `stop`.

    `paired`: the other router of its pair is pushed to, too.
    """
    options = Options(
        prune_leftovers=args.prune_leftovers,
        allow_unread=args.allow_unread,
        clear_raw=args.clear_raw,
        raw=args.raw,
        allow_loss=args.allow_loss,
        allow_down=args.allow_down,
        paired=paired,
        confirm_within=args.confirm_within,
        avoid=args.avoid,
    )
    source = Source(None, args.ssh_config)
    return of(router).push(router, source, options, approve=approve, progress=progress, stop=stop)
