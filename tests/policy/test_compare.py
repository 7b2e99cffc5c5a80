"""The constructs that another model of FRR gets wrong, and what a comparison says of them: as real FRR does."""

from __future__ import annotations

import pytest

from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.frr.alphabet import Policy
from frrgen.policy.frr.session import Session
from frrgen.policy.questions.compare import compare
from frrgen.policy.questions.describe import described

PEER = "192.0.2.1"
SESSION = f"router bgp 65001\n neighbor {PEER} remote-as 65002\n"
FAMILY = f" address-family ipv4 unicast\n  neighbor {PEER} route-map IN in\n exit-address-family\n"
LIST = "ip prefix-list TEN seq 5 permit 10.0.0.0/8 le 32\n"
DENY = "route-map IN deny 10\n"
PERMIT = "route-map IN permit 10\n"
TEN = f"{LIST}route-map IN permit 10\n match ip address prefix-list TEN\n"
"""Stand for: nothing; everything; 10.0.0.0/8 and all in it."""


def policy(text, version="8.4"):
    router = parse(text, name="r", frr_version=version).router
    return Policy(router, Session(router, PEER, "in"))


def differences(one, other, version="8.4"):
    result = compare(policy(one + SESSION + FAMILY, version), policy(other + SESSION + FAMILY, version), (4,))
    assert not result.undecided
    return result.differences


NEXT = f"{LIST}route-map IN permit 10\n on-match next\nroute-map IN permit 20\n match ip address prefix-list TEN\n"
GOTO = f"{LIST}route-map IN permit 10\n on-match goto 15\nroute-map IN {{}}\n match ip address prefix-list TEN\n"
CALL = f"{LIST}route-map SUB permit 10\nroute-map IN permit 10\n call SUB\n on-match next\n{{}}"


@pytest.mark.parametrize(
    ("what", "same_as"),
    [
        ("", DENY),
        (NEXT, TEN),
        (GOTO.format("permit 20"), TEN),
        (GOTO.format("permit 12"), PERMIT),
        (CALL.format("route-map IN permit 20\n match ip address prefix-list TEN\n"), TEN),
        (
            "ip prefix-list ALL seq 5 permit 0.0.0.0/0 ge 0\n" + PERMIT + " match ip address prefix-list ALL\n",
            "ip prefix-list ALL seq 5 permit 0.0.0.0/0\n" + PERMIT + " match ip address prefix-list ALL\n",
        ),
    ],
    ids=[
        "an undefined map denies all",
        "on-match next and nothing later matches: deny",
        "goto a missing entry goes to the next higher one",
        "goto past the end permits",
        "after a call the exit policy still applies",
        "0.0.0.0/0 ge 0 is the default route alone",
    ],
)
def test_what_batfish_gets_wrong_about_frr(what, same_as):
    assert differences(what, same_as) == ()


def test_a_list_on_the_neighbor_counts_and_so_does_a_missing_policy():
    listed = LIST + SESSION + FAMILY.replace("route-map IN in", "prefix-list TEN in")
    assert compare(policy(listed), policy(TEN + SESSION + FAMILY), (4,)).equal
    assert compare(policy(SESSION), policy(DENY + SESSION + FAMILY), (4,)).equal
    assert not compare(policy("no bgp ebgp-requires-policy".join([SESSION + " ", "\n"])), policy(SESSION), (4,)).equal


def test_a_difference_names_a_route_both_ends_of_it_and_the_whole_class():
    (one,) = differences(TEN, TEN.replace("/8 le 32", "/8 le 24"))
    assert (one.a.verdict, one.b.verdict) == ("permit", "deny")
    assert described(one.prefixes) == "10.0.0.0/8 ge 25 le 32"
    assert one.route.prefix.prefixlen == 25


def test_an_attribute_that_was_already_so_is_no_difference():
    """Only routes without that metric differ."""
    (one,) = differences(PERMIT + " set metric 7\n", PERMIT)
    assert one.route.med != 7
    assert differences(PERMIT + " set metric 7\n set metric 7\n", PERMIT + " set metric 7\n") == ()


def test_the_same_text_means_another_thing_to_another_version():
    text = PERMIT + " match source-protocol bgp\n"
    result = compare(policy(text + SESSION + FAMILY, "8.4"), policy(text + SESSION + FAMILY, "10.1"), (4,))
    assert {(one.a.verdict, one.b.verdict) for one in result.differences} == {("permit", "deny")}


def test_order_of_two_entries_with_the_same_verdict_is_no_difference():
    one = f"{LIST}{PERMIT} match metric 5\nroute-map IN permit 20\n match ip address prefix-list TEN\n"
    other = f"{LIST}{PERMIT} match ip address prefix-list TEN\nroute-map IN permit 20\n match metric 5\n"
    assert differences(one, other) == ()


def test_chance_is_not_compared():
    result = compare(policy(PERMIT + " match probability 50\n" + SESSION + FAMILY), policy(PERMIT + SESSION + FAMILY))
    assert result.undecided
    assert not result.equal
