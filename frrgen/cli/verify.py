"""`frrgen verify`: whether the two ends of each session of a cluster agree."""

from __future__ import annotations

import argparse
import json

from frrgen.cli.common import Inventory
from frrgen.errors import Exit, InputError, error
from frrgen.policy.verify import Agreement, Problem, verify


def run(args: argparse.Namespace) -> Exit:
    """Prove it, or show the route and the line that are to blame."""
    inventory = Inventory(args.inventory)
    network = inventory.loaded.network
    unknown = [name for name in args.clusters if name not in network.clusters]
    if unknown:
        hint = f"there are: {', '.join(list(network.clusters)[:10]) or 'none'}"
        raise InputError(*(error("FRR305", f"there is no cluster {name!r}", hint=hint) for name in unknown))
    found = list(verify(network, inventory.derived, args.clusters or list(network.clusters)))
    problems = sum(len(one.problems) for one in found)

    def where(problem: Problem) -> str:
        place = inventory.place(problem.path)
        return str(place) if place.file else ".".join(problem.path)

    if args.format == "json":
        print(
            json.dumps(
                {
                    "agree": not problems,
                    "sessions": [
                        {
                            "cluster": one.cluster,
                            "router": one.router,
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
                        for one in found
                    ],
                },
                indent=2,
            )
        )
        return Exit.CHANGES if problems else Exit.OK
    for one in found:
        _show(one)
        for problem in one.problems:
            print(f"  does not hold: {problem.text}   ({where(problem)})")
    sessions = sum(bool(one.neighbor) for one in found)
    print(
        f"{sessions} session{'s' * (sessions != 1)} verified: "
        + (f"{problems} do not hold." if problems else "all hold.")
    )
    return Exit.CHANGES if problems else Exit.OK


def _show(one: Agreement) -> None:
    if one.neighbor:
        print(f"{one.cluster} {one.node} ({one.neighbor}) and {one.router}:")
    elif one.proof or one.problems:
        print(f"{one.cluster} and {one.router}:")
    for text in one.proof:
        print(f"  {text}")
