"""Lines that the router's FRR refuses, and another version takes, are never read as if it had them.

Each was loaded into FRR 8.4.4, 10.3 and 10.7.1; `taken` names those whose `show running-config` has it.
"""

from __future__ import annotations

import itertools

import pytest

from frrgen.model.check import check
from frrgen.model.cluster import Network
from frrgen.model.derive import derive
from frrgen.model.router import Vrf
from frrgen.platforms.frr.parse.parser import account, parse
from frrgen.platforms.frr.parse.refusals import BY_VERSION, OTHERS
from frrgen.platforms.frr.render import render

VERSIONS = ("8.4.4", "10.3", "10.7.1")
MAP = "route-map M permit 10\n {}\nexit\n"
RPKI = "rpki\n {}\nexit\n"
CASES = [
    ("bgp community-list standard A seq 5 permit internet", "{}\n", "8.4.4"),
    ("bgp community-list standard A seq 5 permit 65001:1 internet", "{}\n", "8.4.4"),
    ("bgp community-list 7 seq 5 permit internet", "{}\n", "8.4.4"),
    ("bgp community-list standard A seq 5 deny internet", "{}\n", "8.4.4"),
    ("bgp community-list standard A seq 5 permit 0:0", "{}\n", "8.4.4 10.3 10.7.1"),
    ("bgp community-list expanded A seq 5 permit internet", "{}\n", "8.4.4 10.3 10.7.1"),
    ("set community internet", MAP, "8.4.4"),
    ("set community 65001:1 internet additive", MAP, "8.4.4"),
    ("set metric igp", MAP, "10.3 10.7.1"),
    ("set metric aigp", MAP, "10.3 10.7.1"),
    ("set metric rtt", MAP, "8.4.4 10.3 10.7.1"),
    ("set metric WORD", MAP, ""),
    ("set local-preference WORD", MAP, ""),
    ("set weight WORD", MAP, ""),
    ("match community C any", MAP, "10.3 10.7.1"),
    ("match large-community C any", MAP, "10.3 10.7.1"),
    ("match extcommunity C any", MAP, "10.7.1"),
    ("match community C exact-match", MAP, "8.4.4 10.3 10.7.1"),
    ("rpki cache tcp 192.0.2.1 3323 preference 1", RPKI, "10.3 10.7.1"),
]
ABBREVIATED = [
    ("match ip address pre A", "match ip address prefix-list A"),
    ("match ip addr prefix-li A", "match ip address prefix-list A"),
    ("match ip next-hop prefix A", "match ip next-hop prefix-list A"),
    ("match ip route-source pre A", "match ip route-source prefix-list A"),
    ("match ipv6 address pre A", "match ipv6 address prefix-list A"),
    ("match ip next-hop addr 192.0.2.1", "match ip next-hop address 192.0.2.1"),
    ("match ip next-hop ty blackhole", "match ip next-hop type blackhole"),
    ("match ip address pre", "match ip address pre"),
    ("match comm C exact", "match community C exact-match"),
]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("line", "around", "taken"), CASES, ids=lambda value: value.strip().replace("\n", " "))
def test_a_line_is_read_exactly_where_frr_takes_it(line, around, taken, version):
    found = account(around.format(line), frr_version=version)
    left = [one.line for one in found.parsed.leftovers]
    assert left == ([] if version in taken.split() else [line])


def test_of_a_version_between_those_that_were_measured_nothing_is_refused():
    assert not parse(MAP.format("match community C any"), frr_version="9.1").leftovers
    assert not parse(MAP.format("match extcommunity C any"), frr_version="10.5").leftovers


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("line", "full"), ABBREVIATED)
def test_a_beginning_behind_a_place_for_a_name_is_read_as_frr_reads_it(line, full, version):
    begun, said = (parse(MAP.format(one), frr_version=version) for one in (line, full))
    assert not begun.leftovers
    assert begun.router == said.router


TRAPS = [*BY_VERSION, *OTHERS]


def of_version(trap, version):
    """Give what is read of a trap's example in a version."""
    return parse("\n".join(trap.example.split(" / ")), name="r1", frr_version=version)


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.example)
def test_a_line_that_a_version_refuses_is_left_over_with_the_reason_and_found_in_an_inventory(trap):
    line = trap.example.rpartition(" / ")[2]
    taken, refused = [], []
    for version in VERSIONS:
        read = of_version(trap, version)
        left = [one for one in read.leftovers if one.line == line]
        (refused if any(one.why for one in left) else taken).append(version)
        assert all(one.why.startswith(f"FRR {version} ") and one.why in str(one) for one in left if one.why)
    assert refused
    if trap.where:
        # no version takes it in a VRF; a person can say it in an inventory
        again = trap._replace(example=trap.example.replace("bgp 65001 vrf red /", "bgp 65001 /"))
        main = of_version(again, "10.7.1").router
        routers = [main.model_copy(update={"vrfs": {"red": Vrf(bgp=main.bgp)}, "bgp": None})]
    else:
        routers = [of_version(trap, version).router for version in taken]
    for router, version in itertools.product(routers, refused):
        said = router.of_version(version)
        network = Network(routers={"r1": said})
        codes = [one.code for one in check(network, derive(network))]
        assert "FRR234" in codes or line not in render(said)


@pytest.mark.parametrize("words", ["", " all", " replace-AS", " all replace-AS"])
@pytest.mark.parametrize("version", VERSIONS)
def test_of_internal_neighbors_private_ases_are_removed_only_all_of_them_or_by_replacing(words, version):
    # tests/lab/test_only_external.py holds it against FRR
    line = f"neighbor 192.0.2.9 remove-private-AS{words}"
    text = f"router bgp 65001\n neighbor 192.0.2.9 remote-as 65001\n address-family ipv4 unicast\n  {line}\n"
    read = parse(text, name="r1", frr_version=version)
    assert [one.line for one in read.leftovers] == ([] if words else [line])
    assert (line in render(read.router)) == bool(words)


@pytest.mark.parametrize("version", ["10.3", "10.7.1"])
def test_of_an_internal_neighbor_frr_forgets_oad(version):
    line = "neighbor 192.0.2.9 oad"
    found = account(f"router bgp 65001\n neighbor 192.0.2.9 remote-as 65001\n {line}\n", frr_version=version)
    assert [one.line for one in found.ignored] == [line]
    assert found.parsed.leftovers == ()
