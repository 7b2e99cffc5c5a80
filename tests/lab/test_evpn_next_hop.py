"""The hidden `next-hop` of a neighbor in EVPN: a router that is pushed to has what a router has that boots."""

from __future__ import annotations

import json
import random
from itertools import product

import pytest

from frrgen.model.router import Router
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.render import render
from tests.lab.drawn import SEED

WORDS = ("as-path", "next-hop", "med")
STATES = [
    {
        "activate": True,
        "next_hop_self": self_,
        "route_server_client": client,
        "attribute_unchanged": [word for word, said in zip(WORDS, words, strict=True) if said],
    }
    for self_, client, *words in product((False, True, "force"), *[(False, True)] * 4)
    if not (self_ and words == [False, True, False])
]
"""All but `next-hop-self` beside `attribute-unchanged next-hop` alone, of which FRR shows the first only."""
STEPS = 6


def routers(version):
    """Yield routers on which neighbors and groups are each in another state than on the one before."""
    dice = random.Random(SEED)
    for _ in range(STEPS):
        alone, groups = ([dict(state) for state in dice.sample(STATES, len(STATES))] for _ in range(2))
        neighbors = {
            f"192.0.2.{number}": {"remote_as": 65002, "l2vpn_evpn": state} for number, state in enumerate(alone, 1)
        }
        bgp = {
            "asn": 65001,
            "peer_groups": {f"G{number}": {"l2vpn_evpn": state} for number, state in enumerate(groups)},
            "neighbors": neighbors,
        }
        yield Router.model_validate({"name": "r1", "frr_version": version, "ownership": "full", "bgp": bgp})


def state(router):
    """Return what FRR shows of EVPN, and whether it lets the next hop of each neighbor be."""
    lines = sorted(line for line in router.running_config().splitlines() if line.startswith("  neighbor "))
    neighbors = json.loads(router.vtysh("show bgp neighbors json"))
    kept = {
        name: one["addressFamilyInfo"].get("l2VpnEvpn", {}).get("unchangedNextHopPropogatedToNbr", False)
        for name, one in neighbors.items()
        if "addressFamilyInfo" in one
    }
    return lines, kept


@pytest.mark.sample("10.3")
def test_from_any_state_to_any_other_the_next_hop_in_evpn_is_as_after_a_boot(router):
    found, every = [], list(routers(router.frr.version))
    router.restart(render(every[0]))
    for intended in every[1:]:
        router.apply(make_plan(parse(router.running_config(), name="r1"), intended).batches)
        left = make_plan(parse(router.running_config(), name="r1"), intended).commands
        found.append((left, *state(router)))
    bad = []
    for (left, *pushed), intended in zip(found, every[1:], strict=True):
        router.restart(render(intended))
        booted = state(router)
        if left:
            bad.append(left)
        bad += [(one, "pushed") for one in set(pushed[0]) - set(booted[0])]
        bad += [(one, "booted") for one in set(booted[0]) - set(pushed[0])]
        bad += [(name, pushed[1][name], "booted", one) for name, one in booted[1].items() if pushed[1][name] != one]
        assert len(booted[1]) == len(STATES)
    assert bad == []
