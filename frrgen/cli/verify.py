"""`frrgen verify`: whether the two ends of each session of a cluster agree."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path as File
from typing import Any, Final

from frrgen.cli.budget import Budget
from frrgen.cli.ci import envelope, reported, write
from frrgen.cli.ci_formats import NAMES
from frrgen.cli.working import working
from frrgen.codes import Code, Severity
from frrgen.errors import Exit, Finding, InputError, Path, there_are
from frrgen.intended.inventory import Inventory
from frrgen.inventory.folder import named_by_clusters
from frrgen.model.cluster import Cluster, Network, Peering
from frrgen.model.pairs import Pair, differences, in_place_of, pairs
from frrgen.model.router import Router
from frrgen.platforms.base import Source, of
from frrgen.platforms.frr.bgpd import ask_prefix_lists, show_route_maps
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.fates import Leftover
from frrgen.platforms.frr.parse.parser import Parsed, parse
from frrgen.platforms.registry import PLATFORMS
from frrgen.policy.frr.show_route_map import contradictions, shown_maps
from frrgen.policy.questions.problem import Problem as Disagreement
from frrgen.policy.questions.verify import Agreement, questions, verify
from frrgen.report.ci.problem import Problem, Result
from frrgen.transport.base import Keeper, Running

_WAITING: Final = ("FRR does not run here while another box is the CARP master: what it would run was verified",)


@reported
def run(args: argparse.Namespace) -> Exit:
    """Prove it, or show the route and the line that are to blame."""
    with working(args, "reading the inventory"):
        # what stands in no cluster has no session to verify
        inventory = Inventory(args.inventory, named_by_clusters(args.inventory), rest=True)
    network = inventory.loaded.network
    unknown = [name for name in args.clusters if name not in network.clusters]
    if unknown:
        raise InputError(
            *(
                Finding(Code.FRR305, f"there is no cluster {name!r}", hint=there_are(network.clusters, name))
                for name in unknown
            )
        )
    clusters = args.clusters or list(network.clusters)
    with working(args, "verifying sessions"):
        if args.live:
            found = list(_live(inventory, clusters, args.ssh_config, args.budget))
        else:
            found = [
                *verify(network, inventory.generated, clusters, bounded=args.budget.bounded),
                *_pairs(network, inventory.generated.routers, clusters),
            ]
    problems = sum(len(one.problems) for one in found)

    def where(problem: Disagreement) -> str:
        place = inventory.place(problem.path)
        return str(place) if place.file else ".".join(problem.path)

    status = Exit.CHANGES if problems else Exit.OK
    if args.format == "json":
        by_router: dict[str, list[dict[str, Any]]] = {}
        for one in found:
            by_router.setdefault(one.router, []).append(_json(one, where))
        routers = [{"router": name, "sessions": sessions} for name, sessions in by_router.items()]
        print(json.dumps(envelope(routers, agree=not problems), indent=2))
        return status
    if args.format in NAMES:
        cases = {_case(one): one for one in found}
        told = [
            Problem("disagreement", Severity.ERROR, problem.text, inventory.place(problem.path), _case(one))
            for one in found
            for problem in one.problems
        ]
        write(args.format, Result("verify", tuple(cases), tuple(told)))
        return status
    for one in found:
        _show(one)
        for problem in one.problems:
            print(f"  does not hold: {problem.text}   ({where(problem)})")
    sessions = sum(bool(one.neighbor) for one in found)
    if found:
        print(
            f"{sessions} session{'s' * (sessions != 1)} verified: "
            + (f"{problems} do not hold." if problems else "all hold.")
        )
    else:
        print("Nothing was verified: there is no session of a cluster.")
    return status


def _case(one: Agreement) -> str:
    return f"{one.cluster} {one.node} ({one.neighbor}) and {one.router}" if one.neighbor else one.router


def _json(one: Agreement, where: Callable[[Disagreement], str]) -> dict[str, Any]:
    return {
        "cluster": one.cluster,
        "node": one.node,
        "neighbor": one.neighbor,
        "proof": list(one.proof),
        "problems": [
            {
                "kind": problem.kind,
                "text": problem.text,
                "where": where(problem),
                "route": None if problem.route is None else problem.route.to_json(),
            }
            for problem in one.problems
        ],
    }


def _live(inventory: Inventory, clusters: list[str], ssh_config: File | None, budget: Budget) -> Iterator[Agreement]:
    """Verify what the routers run, and ask each one's bgpd about the edges of the pools."""
    network = inventory.loaded.network
    peerings: dict[str, list[tuple[Cluster, Peering]]] = {}
    for name in clusters:
        for router, peering in network.clusters[name].routers.items():
            peerings.setdefault(router, []).append((network.clusters[name], peering))
    running: dict[str, Router] = {}
    leftovers: dict[str, tuple[Leftover, ...]] = {}
    answered: list[Agreement] = []
    for name, peered in peerings.items():
        if name not in inventory.derived.routers:
            continue
        intended = inventory.derived.routers[name]
        resolved = inventory.resolved(intended)
        with closing(of(resolved).keeper(resolved, Source(None, ssh_config))) as device:
            shown = device.fetch()
            version = shown.frr_version or intended.frr_version
            parsed = parse(shown.would_run or shown.text, name=name, frr_version=version)
            proof, problems = (_WAITING, ()) if shown.would_run else _answers(device, parsed.router, peered)
        answered.append(Agreement(", ".join(clusters), name, "", "", () if problems else proof, problems))
        own = {"platform", "ha", *PLATFORMS} & Router.model_fields.keys()
        running[name] = _with_references(parsed.router, resolved, intended).model_copy(
            update={field: getattr(intended, field) for field in own}
        )
        leftovers[name] = parsed.leftovers
    derived = replace(inventory.generated, routers={**inventory.generated.routers, **running})
    yield from verify(network, derived, clusters, leftovers, budget.bounded)
    yield from _pairs(network, derived.routers, clusters, live=True)
    yield from answered


def _answers(
    device: Keeper[Running], router: Router, own: list[tuple[Cluster, Peering]]
) -> tuple[tuple[str, ...], tuple[Disagreement, ...]]:
    """Return what bgpd itself says, and where it says something else than its configuration. Raises DeviceError."""
    name = router.name
    asked = [one for cluster, peering in own for one in questions(cluster, peering, router)]
    answers = ask_prefix_lists(name, device, [(lst, prefix) for lst, prefix, _ in asked])
    maps = shown_maps(show_route_maps(name, device))
    problems = [
        Disagreement("live", f"prefix list {lst}: bgpd itself says {said or 'nothing'} to {prefix}", ("routers", name))
        for (lst, prefix, ours), said in zip(asked, answers, strict=True)
        if said != ours
    ]
    problems += [
        Disagreement("live", text, ("routers", name, "route_maps", route_map))
        for route_map, text in contradictions(router, maps)
    ]
    proof = (
        f"bgpd itself says the same of {len(asked)} prefixes at the edges of the pools",
        f"bgpd itself has the {len(maps)} route maps of its configuration, and no other",
    )
    return proof, tuple(problems)


def _pairs(
    network: Network, routers: Mapping[str, Router], clusters: list[str], *, live: bool = False
) -> Iterator[Agreement]:
    """Tell of the pairs in the clusters whether the boxes do the same with every route.

    `live`: the routers are what boxes run, where FRR shows some things in another form than they were written in.
    """
    named = {router: cluster for cluster in reversed(clusters) for router in network.clusters[cluster].routers}
    for pair in pairs(routers):
        names = (pair.first.name, pair.second.name)
        if named.keys().isdisjoint(names):
            continue
        cluster = next(named[name] for name in names if name in named)
        problems = tuple(
            Disagreement("pair", f"{names[0]} and {names[1]} differ in {'.'.join(path)}", ("routers", names[0], *path))
            for path in (_differences_of_running(pair) if live else differences(pair.first, pair.second))
        )
        proof = ("what one box does with a route the other does, too",)
        yield Agreement(cluster, " and ".join(names), "", "", () if problems else proof, problems)


def _differences_of_running(pair: Pair) -> list[Path]:
    plan = make_plan(Parsed(pair.first, ()), in_place_of(pair))
    return list(dict.fromkeys(change.path for change in plan.changes))


def _with_references(running: Router, resolved: Router, intended: Router) -> Router:
    """Put the references back in the place of the passwords that are those of the inventory."""
    if running.bgp is None or resolved.bgp is None or intended.bgp is None:
        return running
    known = {}
    for kind in ("neighbors", "peer_groups"):
        for name, one in getattr(resolved.bgp, kind).items():
            known[one.password] = getattr(intended.bgp, kind)[name].password
    changed = {
        kind: {
            name: one.model_copy(update={"password": known.get(one.password, one.password)})
            for name, one in getattr(running.bgp, kind).items()
        }
        for kind in ("neighbors", "peer_groups")
    }
    return running.model_copy(update={"bgp": running.bgp.model_copy(update=changed)})


def _show(one: Agreement) -> None:
    if one.neighbor:
        print(f"{one.cluster} {one.node} ({one.neighbor}) and {one.router}:")
    elif one.proof or one.problems:
        print(f"{one.cluster} and {one.router}:")
    for text in one.proof:
        print(f"  {text}")
