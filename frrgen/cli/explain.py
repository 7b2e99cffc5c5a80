"""`frrgen explain`: what a router's policy does with a route, step by step."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

from frrgen.cli.common import Inventory
from frrgen.cli.plan import parse_file
from frrgen.errors import Exit, InputError, Where, error
from frrgen.model.bgp import Bgp
from frrgen.model.router import Router
from frrgen.model.types import community_value, large_community_value
from frrgen.policy.evaluate import Step, Verdict, evaluate
from frrgen.policy.route import Route
from frrgen.policy.unread import unread_entries

Place = Callable[[tuple[str, ...]], Where]


def run(args: argparse.Namespace) -> Exit:
    """Explain; the verdict is in the output, not in the exit code."""
    place: Place
    unread: frozenset[tuple[str, int]] = frozenset()
    if args.running is not None:
        parsed = parse_file(args.running, name=args.router, frr_version=args.frr_version)
        router, unread = parsed.router, unread_entries(parsed.leftovers)
        place = _nowhere
    else:
        inventory = Inventory(args.inventory)
        router = inventory.routers([args.router])[0]
        if args.frr_version is not None:
            router = router.model_copy(update={"frr_version": args.frr_version})
        name = router.name
        place = lambda path: inventory.place(("routers", name, *path))  # noqa: E731
    bgp = _instance(router, args.neighbor)
    route = _route(args, bgp)
    verdict = evaluate(router, args.neighbor, args.direction, route, unread=unread)
    if args.format == "json":
        print(json.dumps(_json(verdict, place), indent=2))
    else:
        _show(args, verdict, place)
    return Exit.OK


def _nowhere(path: tuple[str, ...]) -> Where:
    return Where(path=path)


def _instance(router: Router, neighbor: str) -> Bgp:
    if router.bgp is None or neighbor not in router.bgp.neighbors:
        known = ", ".join(list(router.bgp.neighbors)[:10]) if router.bgp is not None else "none"
        raise InputError(error("FRR301", f"{router.name} has no neighbor {neighbor}", hint=f"there are: {known}"))
    return router.bgp


def _route(args: argparse.Namespace, bgp: Bgp) -> Route:
    try:
        prefix = ip_network(args.prefix)
        path = args.as_path if args.as_path is not None else str(args.from_asn or _remote(bgp, args.neighbor))
        next_hop = args.next_hop or (args.neighbor if args.direction == "in" else None)
        return Route(
            prefix,
            as_path="" if args.direction == "out" and args.as_path is None and args.from_asn is None else path,
            next_hop=_address(next_hop),
            med=args.med,
            local_preference=args.local_pref,
            origin=args.origin,
            communities=frozenset(community_value(text) for text in args.community),
            large_communities=frozenset(large_community_value(text) for text in args.large_community),
            tag=args.tag,
        )
    except ValueError as bad:
        raise InputError(error("FRR302", f"that is no route: {bad}")) from bad


def _address(text: str | None) -> Any:
    try:
        return None if text is None else ip_address(text)
    except ValueError:
        return None


def _remote(bgp: Bgp, name: str) -> str:
    neighbor = bgp.neighbors[name]
    group = bgp.peer_groups.get(neighbor.peer_group or "")
    remote = neighbor.remote_as or (group.remote_as if group is not None else None)
    return "" if remote in (None, "internal", "external", bgp.asn) else str(remote)


def _where(step: Step, place: Place) -> str:
    found = place(step.path)
    return str(found) if found.file else ".".join(step.path)


def _json(verdict: Verdict, place: Place) -> dict[str, Any]:
    return {
        "verdict": verdict.verdict,
        "route": verdict.route.to_json(),
        "trace": [
            {
                "route_map": step.route_map,
                "seq": step.seq,
                "where": _where(step, place),
                "matched": step.matched,
                "why": step.why,
            }
            for step in verdict.trace
        ],
        "undecided": verdict.undecided,
    }


def _show(args: argparse.Namespace, verdict: Verdict, place: Place) -> None:
    arrow = "from" if args.direction == "in" else "to"
    print(f"{verdict.route.prefix} {arrow} {args.neighbor}: {verdict.verdict}")
    for step in verdict.trace:
        name = "" if step.route_map is None else f"route-map {step.route_map}"
        number = "" if step.seq is None or step.route_map is None else f" seq {step.seq}"
        sign = "matches" if step.matched else "does not match"
        head = f"{name}{number} {sign}: " if name and step.seq is not None else f"{name} " if name else ""
        print(f"  {head}{step.why}   ({_where(step, place)})")
    if verdict.undecided is not None:
        print(f"  undecided: {verdict.undecided}")
    if verdict.verdict == "permit":
        shown = [f"{key} {value}" for key, value in verdict.route.to_json().items() if value and key != "prefix"]
        print(f"  as: {', '.join(shown)}")
