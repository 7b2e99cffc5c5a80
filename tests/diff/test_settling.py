"""A route map that went while something named it: bgpd forgets the removed map before a map of its name comes."""

import pytest

from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse

MAP = "route-map M permit 10\n"
BGP = "router bgp 65001\n neighbor 192.0.2.1 remote-as 65002\n address-family ipv4 unicast\n  {}\n"
STATEMENTS = (
    "network 10.0.0.0/8 route-map M",
    "aggregate-address 10.0.0.0/8 route-map M",
    "redistribute static route-map M",
    "table-map M",
    "neighbor 192.0.2.1 route-map M in",
    "neighbor 192.0.2.1 default-originate route-map M",
)


def batches(running, intended):
    old, new = (parse(text, name="r1", frr_version="10.3") for text in (running, intended))
    return make_plan(old, new.router.model_copy(update={"ownership": "full"})).batches


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_map_that_something_names_already_comes_behind_the_end_of_the_delay(statement):
    bgp = BGP.format(statement)
    first, *more = batches(bgp, MAP + bgp)
    assert first == ("bgp route-map delay-timer 0", "bgp route-map delay-timer 5")
    assert any("route-map M permit 10" in batch for batch in more)


def test_the_delay_is_what_it_was():
    bgp = BGP.format(STATEMENTS[0])
    first, *_ = batches(f"bgp route-map delay-timer 60\n{bgp}", f"bgp route-map delay-timer 60\n{MAP}{bgp}")
    assert first == ("bgp route-map delay-timer 0", "bgp route-map delay-timer 60")


def test_nothing_is_ended_for_a_map_that_nothing_names_or_that_is_there():
    bgp = BGP.format(STATEMENTS[0])
    for running in (BGP.format("network 10.0.0.0/8"), f"{MAP}{bgp}", f"bgp route-map delay-timer 0\n{bgp}"):
        assert not any(
            line == "bgp route-map delay-timer 0"
            for batch in batches(running, f"{MAP} set metric 5\n{bgp}")
            for line in batch
        )
