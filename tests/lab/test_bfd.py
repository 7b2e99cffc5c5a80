"""Which BFD peers FRR takes beside each other."""

from __future__ import annotations

from itertools import combinations

import pytest
from pydantic import ValidationError

from frrgen.model.router import Router
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.render import render

PEERS = (
    {"address": "192.0.2.1"},
    {"address": "192.0.2.1", "local_address": "192.0.2.9"},
    {"address": "192.0.2.1", "interface": "eth0"},
    {"address": "192.0.2.1", "interface": "eth0", "local_address": "192.0.2.9"},
    {"address": "192.0.2.1", "interface": "eth1"},
    {"address": "192.0.2.1", "vrf": "red"},
    {"address": "192.0.2.1", "vrf": "red", "interface": "eth0"},
    {"address": "192.0.2.1", "multihop": True, "local_address": "192.0.2.9"},
    {"address": "192.0.2.1", "multihop": True, "local_address": "192.0.2.8"},
    {"address": "192.0.2.2"},
)
PAIRS = list(combinations(PEERS, 2))


def taken(*peers):
    """Return the router with these peers, or None where the model refuses them beside each other."""
    try:
        return Router.model_validate({"name": "r1", "bfd_peers": peers})
    except ValidationError as error:
        if "is a peer already" not in str(error):
            raise
        return None


@pytest.mark.sample("10.3")
def test_the_model_takes_two_bfd_peers_where_frr_does(router):
    router.restart("", options={})
    found, wanted = {}, {}
    for one, other in PAIRS:
        lines = [render(taken(peer)).partition("bfd\n")[2].splitlines()[0] for peer in (one, other)]
        router.load("\n".join(["bfd", lines[0], "exit", lines[1], "exit", "exit", "end", ""]))
        shown = [line for line in router.running_config().splitlines() if line.startswith(" peer ")]
        name = " / ".join(lines)
        found[name], wanted[name] = len(shown) == 2, taken(one, other) is not None
        router.load("\n".join(["bfd", *(f"no {line.strip()}" for line in shown), "exit", "end", ""]))
    assert found == wanted
    assert set(wanted.values()) == {True, False}


def test_of_two_peers_that_frr_refuses_beside_each_other_the_second_is_left_over():
    """A file that FRR refuses is not read as if it had both."""
    for one, other in PAIRS:
        lines = [render(taken(peer)).partition("bfd\n")[2].splitlines()[0] for peer in (one, other)]
        read = parse("\n".join(["bfd", lines[0], "exit", lines[1], "exit", "exit", ""]), name="r1")
        assert len(read.router.bfd_peers) + len(read.leftovers) == 2
        assert bool(read.leftovers) == (taken(one, other) is None)
