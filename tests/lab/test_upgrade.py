"""What an upgrade changes of a configuration, asked of both FRRs."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from frrgen.model.check_versions import takes_next_hop
from frrgen.platforms.frr.device import complaints
from frrgen.platforms.frr.parse.refusals import BY_VERSION, OTHERS, why_refused
from frrgen.platforms.frr.upgrade import OTHERWISE


def refused(router, trap):
    router.restart("", options={"bgpd": ["-M", "rpki"]})
    return bool(complaints(router.load("\n".join([*trap.example.split(" / "), "end", ""]))))


@pytest.mark.parametrize("trap", [*BY_VERSION, *OTHERS], ids=lambda trap: trap.example)
def test_a_line_is_refused_by_the_versions_that_the_table_says(router, trap):
    *context, line = trap.example.rpartition(" / exit / ")[2].split(" / ")
    assert trap.line.fullmatch(line)
    told = why_refused(context, line, router.frr.numbers)
    assert refused(router, trap) == (told is not None)


@pytest.mark.parametrize("trap", OTHERWISE, ids=lambda trap: trap.example)
def test_a_line_that_means_something_else_is_taken_by_every_version(router, trap):
    assert trap.line.fullmatch(trap.example.split(" / ")[-1])
    assert not refused(router, trap)


HOPS = (
    "127.0.0.1",
    "127.255.1.2",
    "0.0.0.0",
    "0.0.0.1",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
)


def test_check_knows_which_next_hops_a_map_may_set(router):
    router.restart("")
    taken = {}
    for number, hop in enumerate(HOPS, 1):
        router.load(f"route-map A permit {number}\n set ip next-hop {hop}\nexit\nend\n")
        taken[hop] = f"set ip next-hop {hop}\n" in router.running_config()
    assert {hop: takes_next_hop(IPv4Address(hop), router.frr.numbers) for hop in HOPS} == taken


DEFAULTS = (
    ("neighbor 192.0.2.1 enforce-first-as", (9, 1)),
    ("bgp reject-as-sets", (10, 5)),
    ("ip nht resolve-via-default", (9, 1)),
    ("ipv6 nht resolve-via-default", (9, 1)),
)


@pytest.mark.parametrize(("line", "since"), DEFAULTS)
def test_what_is_on_by_default_is_shown_only_where_it_is_off(router, line, since):
    base = "router bgp 65001\n neighbor 192.0.2.1 remote-as 65002\n" if " nht " not in line else ""
    shown = []
    for said in (f"{base}{line}\n", f"{base}no {line}\n"):
        router.restart(said)
        shown.append(any(one.strip() in {line, f"no {line}"} for one in router.running_config().splitlines()))
    on = router.frr.numbers >= since
    assert shown == [not on, on]
