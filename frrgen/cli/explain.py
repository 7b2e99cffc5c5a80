"""`frrgen explain`: what a router's policy does with a route, step by step."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from frrgen.cli.common import complain
from frrgen.cli.plan import router_name
from frrgen.codes import Code
from frrgen.errors import Exit, Finding, InputError, Where
from frrgen.intended.inventory import Inventory, session_of
from frrgen.intended.policies import unread_policy
from frrgen.intended.route import RouteOptions, attributes, checked_version, route_of
from frrgen.model.router import Router
from frrgen.model.types import FAMILY_OF
from frrgen.platforms.base import of, parse_file
from frrgen.platforms.files import read_text
from frrgen.platforms.frr.diff.unread import refuse_lost
from frrgen.platforms.frr.parse.places import Places
from frrgen.policy.frr.evaluate import judge
from frrgen.policy.frr.outbound import behind_policy
from frrgen.policy.frr.partial_entries import ALL_READ, Unread, unread_entries
from frrgen.policy.frr.session import Session
from frrgen.policy.frr.trace import Step, Verdict

Place = Callable[[tuple[str, ...]], Where]


def run(args: argparse.Namespace) -> Exit:
    """Explain; permit and deny are in the output, not in the exit code, and undecided is in both."""
    version = checked_version(args.frr_version)
    place: Place
    inventory: Inventory | None = None
    unread: Unread = ALL_READ
    if args.running is not None:
        parsed = parse_file(args.running, name=_name(args.router), frr_version=version)
        router, unread = parsed.router, unread_entries(parsed.leftovers)
        place = _lines(args.running)
        refuse_lost(parsed.leftovers, args.allow_unread, str(args.running))
        complain(list(unread_policy(args.running, parsed.leftovers)))
    else:
        inventory = loaded = Inventory(args.inventory, [args.router])
        router = loaded.routers([args.router])[0]
        router = of(router).as_run(router)
        if version is not None:
            router = router.of_version(version)
        name = router.name
        place = lambda path: loaded.place(("routers", name, *path))  # noqa: E731
    session = session_of(router, args.neighbor, args.direction, inventory)
    route = route_of(_described(args), session)
    if session.first_as is None and args.from_asn is not None:
        session.first_as = int(args.from_asn)
    verdict = judge(session, route, unread=unread, source=_source(args, router, inventory))
    family = FAMILY_OF[verdict.route.prefix.version]
    behind = behind_policy(session, family) if verdict.verdict == "permit" else ()
    if args.format == "json":
        shown = _json(verdict, place)
        print(json.dumps({**shown, "behind": behind} if args.direction == "out" else shown, indent=2))
    else:
        _show(args, verdict, place, behind)
    return Exit.OK if verdict.undecided is None else Exit.UNDECIDED


def _source(args: argparse.Namespace, router: Router, inventory: Inventory | None) -> Session | None:
    """Find the session that a route that goes out came in on. Raises InputError."""
    if args.source is None:
        return None
    if args.direction == "in":
        raise InputError(Finding(Code.FRR302, "--from: a route that comes in comes from NEIGHBOR"))
    return session_of(router, args.source, "in", inventory)


def _described(args: argparse.Namespace) -> RouteOptions:
    return RouteOptions(
        args.prefix,
        as_path=args.as_path,
        from_asn=args.from_asn,
        communities=args.community,
        large_communities=args.large_community,
        next_hop=args.next_hop,
        med=args.med,
        local_preference=args.local_pref,
        origin=args.origin,
        tag=args.tag,
        rpki=args.rpki,
    )


def _name(text: str) -> str:
    """Return a name that a router can have: here it is only a name."""
    return router_name(text)


def _lines(path: Path) -> Place:
    """Find places in a file that holds FRR's own lines; what a config.xml says stands on no line of it."""
    text = read_text(path)
    if text.lstrip("\ufeff \t\r\n").startswith("<"):
        return lambda steps: Where(path=steps)
    places = Places(text)

    def find(steps: tuple[str, ...]) -> Where:
        line = places.line(steps)
        return Where(str(path), line, path=steps) if line else Where(path=steps)

    return find


def _where(path: tuple[str, ...], place: Place) -> str:
    found = place(path)
    return str(found) if found.file else ".".join(path)


def _why(step: Step, place: Place) -> str:
    """Return the reasons, each with the line of the list that says so, and what followed."""
    reasons = [one.text if one.path is None else f"{one.text} ({_where(one.path, place)})" for one in step.because]
    return "; ".join([*reasons, *step.does])


def _json(verdict: Verdict, place: Place) -> dict[str, Any]:
    return {
        "verdict": verdict.verdict,
        "route": verdict.route.to_json(),
        "trace": [
            {
                "route_map": step.route_map,
                "seq": step.seq,
                "where": _where(step.path, place),
                "matched": step.matched,
                "why": _why(step, place),
            }
            for step in verdict.trace
        ],
        "undecided": verdict.undecided,
    }


def _show(args: argparse.Namespace, verdict: Verdict, place: Place, behind: Sequence[str]) -> None:
    arrow = "from" if args.direction == "in" else "to"
    print(f"{verdict.route.prefix} {arrow} {args.neighbor}: {verdict.verdict}")
    for step in verdict.trace:
        name = "" if step.route_map is None else f"route-map {step.route_map}"
        number = "" if step.seq is None or step.route_map is None else f" seq {step.seq}"
        sign = "matches" if step.matched else "does not match"
        head = f"{name}{number} {sign}: " if name and step.seq is not None else f"{name} " if name else ""
        print(f"  {head}{_why(step, place)}   ({_where(step.path, place)})")
    if verdict.undecided is not None:
        print(f"  undecided: {verdict.undecided}")
    if verdict.verdict == "permit":
        shown = [f"{name} {value}" for name, value in attributes(verdict.route).items()]
        print(f"  {'as it is before FRR sends it' if behind else 'as'}: {', '.join(shown)}")
        if behind:
            print(f"  then FRR {'; '.join(behind)}")
