"""`frrgen speaker announce|withdraw`: prefixes of a running speaker whose source is its admin socket."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from frrgen.errors import Exit
from frrgen.speaker.process.admin import ask, default_socket


def announce(args: argparse.Namespace) -> Exit:
    """Announce prefixes. A prefix that a router's session holds back, or cannot carry, is an error."""
    options = {
        name: value
        for name in ("next_hop", "communities", "large_communities", "local_preference", "med", "prepend")
        if (value := getattr(args, name)) is not None
    }
    found = _asked(args, {"announce": {"prefixes": args.prefixes, **options}})
    if found is None:
        return Exit.ERROR
    lost = False
    for one in found:
        for session in one["sessions"]:
            lost |= bool(session["held_back"] or session["why"])
            _print(one["prefix"], session)
    return Exit.ERROR if lost else Exit.OK


def withdraw(args: argparse.Namespace) -> Exit:
    """Withdraw prefixes. A prefix that was not announced is an error."""
    found = _asked(args, {"withdraw": {"prefixes": args.prefixes}})
    if found is None:
        return Exit.ERROR
    for one in found:
        print(f"{one['prefix']}: withdrawn")
    if len(found) < len(set(args.prefixes)):
        print(f"{len(set(args.prefixes)) - len(found)} were not announced", file=sys.stderr)
        return Exit.ERROR
    return Exit.OK


def _asked(args: argparse.Namespace, request: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return what became of each prefix; None if the speaker refuses, which is printed."""
    answer = ask(args.admin or default_socket(), json.dumps(request).encode())
    for text in answer.get("errors", ()):
        print(text, file=sys.stderr)
    found: list[dict[str, Any]] | None = answer.get("prefixes")
    return found


def _print(prefix: str, session: dict[str, Any]) -> None:
    who = f"{session['router']} {session['peer']}"
    if session["held_back"]:
        print(f"{prefix}: held back from {who}: {session['why']}")
    elif session["why"]:
        print(f"{prefix}: {who}: {session['why']}")
    elif session["state"] != "Established":
        print(f"{prefix}: for {who}, once its session is up ({session['state']})")
    else:
        print(f"{prefix}: announced to {who}")
