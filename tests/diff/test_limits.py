"""A plan tells which sessions a lower maximum-prefix shuts down at once."""

from __future__ import annotations

import pytest

from frrgen.lines.rule import Impact
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.push import plan_for
from frrgen.transport.base import Running, read_sessions

TEXT = """\
frr version 8.4.4
router bgp 65000{}
 neighbor G peer-group
 neighbor G remote-as 65001
 neighbor 10.0.0.1 remote-as 65001
 neighbor 10.0.0.2 peer-group G
 neighbor eth0 interface remote-as 65001
 bgp listen range 10.0.1.0/24 peer-group G
 address-family ipv4 unicast
  {}
 exit-address-family
exit
"""


def plan(old, new, vrf="", **accepted):
    head = f" vrf {vrf}" if vrf else ""
    texts = [TEXT.format(head, one) for one in (old, new)]
    known = {(vrf, "ipv4_unicast", peer.replace("_", ".")): count for peer, count in accepted.items()}
    return make_plan(parse(texts[0]), parse(texts[1]).router, accepted=known or None)


def resets(made):
    return {one.neighbor for one in made.sessions if one.impact is Impact.RESET}


ONE, GROUP = "neighbor 10.0.0.1 maximum-prefix ", "neighbor G maximum-prefix "
PEER = {"10_0_0_1": 50}


@pytest.mark.parametrize("vrf", ["", "red"])
@pytest.mark.parametrize("old", ["!", f"{ONE}100", f"{ONE}40 80 warning-only"])
def test_a_session_that_brings_more_than_its_new_limit_is_shut_down(old, vrf):
    made = plan(old, f"{ONE}49", vrf, **PEER)
    assert resets(made) == {"10.0.0.1"}
    assert "1 session will reset: 10.0.0.1 (maximum-prefix 49)" in made.summary
    (warning,) = made.warnings
    assert "down until it is cleared for it brings 50 prefixes" in warning
    assert ("vrf red" in warning) == bool(vrf)


@pytest.mark.parametrize("new", [f"{ONE}50", f"{ONE}9 80 warning-only", f"{ONE}50 force"])
def test_a_session_within_its_new_limit_or_that_is_only_warned_of_stays(new):
    made = plan(f"{ONE}100", new, **PEER)
    assert resets(made) == set()
    assert made.warnings == () or "force" in new


@pytest.mark.parametrize("new", [f"{ONE}100", f"{ONE}200 90", "!"])
def test_a_limit_that_is_not_lower_shuts_nothing_down(new):
    assert plan(f"{ONE}100", new).warnings == ()


def test_where_nobody_knows_what_a_session_brings_the_plan_says_on_what_it_depends():
    made = plan("!", f"{ONE}100 restart 5")
    assert resets(made) == set()
    assert made.summary.endswith("No session will reset, unless one brings more than its new maximum_prefix.")
    (warning,) = made.warnings
    assert warning == (
        "maximum_prefix shuts 10.0.0.1 (ipv4 unicast) down for 5 min if it brings more than 100 prefixes"
    )


def test_what_policy_denies_counts_where_the_limit_says_so():
    made = plan("!", f"{ONE}60 force", **PEER)
    assert resets(made) == set()
    assert "unless one brings more" in made.summary
    (warning,) = made.warnings
    assert "those that policy denies among them" in warning


def test_the_limit_of_a_group_is_that_of_its_members_and_of_those_that_come_by_listen_range():
    made = plan("!", f"{GROUP}10", **{"10_0_0_2": 11, "10_0_1_7": 12, "10_0_0_1": 99, "eth0": 99})
    assert resets(made) == {"10.0.0.2", "dynamic neighbors of G"}
    assert resets(plan("!", f"{GROUP}11", **{"10_0_0_2": 11, "10_0_1_7": 12})) == {"dynamic neighbors of G"}
    own = "neighbor 10.0.0.2 maximum-prefix 20\n  "
    assert resets(plan(own, f"{own}{GROUP}10", **{"10_0_0_2": 11, "10_0_1_7": 5})) == set()


def test_what_a_router_says_of_its_sessions_decides():
    said = (
        '{"default": {"ipv4Unicast": {"peers": {'
        '"10.0.0.1": {"state": "Established", "pfxRcd": 50}, "10.0.0.2": {"state": "Active", "pfxRcd": 0}}}}}'
    )
    running = Running(TEXT.format("", "!"), "8.4.4", sessions=read_sessions(said))
    both = f"{ONE}49\n  {GROUP}1"
    made = plan_for(running, parse(TEXT.format("", both), name="r1").router, routes=False)
    assert resets(made) == {"10.0.0.1"}
    assert Running("", "8.4.4").accepted is None
