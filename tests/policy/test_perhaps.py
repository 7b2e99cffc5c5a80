"""An entry behind a clause that cannot be decided is not called unreachable."""

from __future__ import annotations

import pytest

from frrgen.model.cluster import Network
from frrgen.model.derive import derive
from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.questions.audit import audit

CLAUSES = (
    "match rpki invalid",
    "match probability 50",
    "match interface eth0",
    "match extcommunity E",
    "match alias A",
    "match source-vrf V",
    "match peer 192.0.2.1",
    "match ip route-source prefix-list P",
    "match community C",
    "match large-community C any",
)
SETS = ("set metric rtt\n on-match next", "set as-path prepend 1\n set as-path exclude 1\n on-match next")
LISTS = """\
ip prefix-list P seq 5 permit 192.0.2.0/24 le 32
bgp community-list expanded C seq 5 permit 1:1 2:2
bgp large-community-list standard C seq 5 permit 1:1:1
bgp extcommunity-list standard E seq 5 permit rt 1:1
"""


def said(text, version):
    router = parse(text, name="d", frr_version=version).router
    network = Network(routers={"d": router})
    return [finding for finding in audit(network, derive(network)) if finding.code in {"FRR312", "FRR313"}]


@pytest.mark.parametrize("version", ["8.4.4", "10.3", "10.7.1"])
@pytest.mark.parametrize("action", ["permit", "deny"])
@pytest.mark.parametrize("clause", CLAUSES)
def test_what_is_behind_a_clause_that_cannot_be_decided_may_be_reached(clause, action, version):
    assert not said(f"{LISTS}route-map M {action} 10\n {clause}\nroute-map M permit 20\n set metric 1\n", version)


@pytest.mark.parametrize("sets", SETS)
def test_what_is_behind_a_set_that_cannot_be_decided_may_be_reached(sets):
    assert not said(f"route-map M permit 10\n {sets}\nroute-map M permit 20\n set metric 1\n", "8.4.4")


def test_what_is_behind_an_entry_that_takes_every_route_is_found():
    found = said("route-map M permit 10\nroute-map M permit 20\n set metric 1\n", "8.4.4")
    assert [finding.code for finding in found] == ["FRR312"]
