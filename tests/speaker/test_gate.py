"""The gate says of each prefix what the router's policy does with it: proven once, and the same as judging it alone."""

from __future__ import annotations

import random
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from types import SimpleNamespace

import pytest

from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.frr.alphabet import Alphabet
from frrgen.policy.frr.session import Session
from frrgen.policy.sets.regex import UndecidedError
from frrgen.speaker.process.announcer import Announcer
from frrgen.speaker.session.group import Group
from frrgen.speaker.table.gate import Gate, Proof, Proofs
from frrgen.speaker.table.rib import AdjRibOut
from frrgen.speaker.table.table import AnnouncementTable
from frrgen.speaker.wire.attributes import Attributes, Writer
from frrgen.speaker.wire.packed_prefix import Family, Key
from tests.examples import part
from tests.lab.policies import FAR, offered, policy
from tests.lab.policies import OUTER as SENDER

ROUTES = [route for route in offered(60, 7, internal=False) if route.prefix.version == 4]
VALUES = [1 << 16 | 1, 65002 << 16 | 1, 65002 << 16 | 10]
WRITER = Writer(65002, 65001, IPv4Address(SENDER), IPv6Address("2001:db8::2"))


def gate(text, mode="enforce"):
    router = parse(text, name="r").router
    return Gate(Session(router, SENDER, "in"), WRITER, mode)


@pytest.mark.parametrize("number", part(range(40)))
def test_what_is_ruled_of_all_holds_for_each(number):
    rng = random.Random(number)
    one = gate(policy(rng, list(offered(60, 7, internal=False))))
    said = [
        Attributes(med=med, communities=tuple(rng.sample(VALUES, n)), prepend=n)
        for med, n in ((None, 0), (5, 1), (10, 2))
    ]
    table = AnnouncementTable()
    for route in ROUTES:
        table.change(Key.of(route.prefix), rng.choice(said))
    rib = AdjRibOut(table)
    one.judge(rib, list(table))
    for key in table:
        attributes = table.get(key)
        verdict = one.verdict(key, attributes).verdict
        ruling = one.ruling(Family.IPV4, attributes)
        if verdict == "undecided" or ruling.undecided:
            continue
        assert (key in rib.held) == (verdict == "deny"), (Key.prefix(key), attributes)
        assert (ruling.reason(Family.IPV4, key) is None) == (verdict == "permit")


POLICY = f"""\
ip prefix-list P seq 5 deny 10.9.0.0/16 le 32
ip prefix-list P seq 10 permit 10.0.0.0/8 ge 24 le 32
route-map IN permit 10
 match ip address prefix-list P
router bgp 65001
 neighbor {SENDER} remote-as 65002
 address-family ipv4 unicast
  neighbor {SENDER} route-map IN in
"""


def filled(*prefixes, **more):
    table = AnnouncementTable()
    one = Attributes(**more)
    for prefix in prefixes:
        table.change(Key.parse(prefix), one)
    return AdjRibOut(table)


def test_what_comes_and_goes_is_held_back_and_let_go():
    one, rib = gate(POLICY), filled("10.1.0.0/24", "10.9.1.0/24", "10.0.0.0/16")
    one.judge(rib, list(rib.table))
    assert {str(Key.prefix(key)) for key in rib.held} == {"10.9.1.0/24", "10.0.0.0/16"}
    assert (len(rib), Key.parse("10.1.0.0/24") in rib) == (1, True)
    rib.table.change(Key.parse("10.9.1.0/24"), None)
    one.judge(rib, [Key.parse("10.9.1.0/24")])
    assert {str(Key.prefix(key)) for key in rib.held} == {"10.0.0.0/16"}


def test_whether_all_that_a_router_admits_fits_into_its_maximum_is_counted():
    """A /30 with all that is in it is 7 prefixes; if they do not fit, two sets of them may be one too many together."""
    policy = (
        "ip prefix-list P permit 10.0.0.0/30 le 32\nroute-map IN permit 10\n match ip address prefix-list P\n"
        "router bgp 65002\n neighbor {0} remote-as 65001\n address-family ipv4 unicast\n"
        "  neighbor {0} route-map IN in\n  neighbor {0} maximum-prefix {1}\n exit-address-family\n"
    )
    for limit in (6, 7):
        one = gate(policy.format(SENDER, limit))
        assert (one.fits(Family.IPV4), one.fits(Family.IPV6)) == (limit == 7, True)
        assert gate(policy.format(SENDER, limit), "off").fits(Family.IPV4)
    assert gate(policy.format(SENDER, "6 warning-only")).fits(Family.IPV4), "the session goes on"


def test_warn_sends_and_says_so_and_off_does_not_ask():
    one, rib = gate(POLICY, "warn"), filled("10.9.1.0/24")
    rib.enforce = False
    one.judge(rib, list(rib.table))
    assert (rib.held, len(rib.dropped), len(rib)) == ({}, 1, 1)
    one, rib = gate(POLICY, "off"), filled("10.9.1.0/24")
    one.judge(rib, list(rib.table))
    assert rib.dropped == {}


def test_an_ipv6_prefix_that_the_session_does_not_carry_is_held_back():
    one, rib = gate(POLICY), filled("2001:db8::/48")
    one.judge(rib, list(rib.table))
    assert "not activated" in next(iter(rib.held.values())).reason


def test_what_cannot_be_decided_is_announced_and_named():
    one, rib = gate(POLICY.replace(" match ip", " match probability 50\n match ip")), filled("10.1.0.0/24")
    one.judge(rib, list(rib.table))
    assert rib.held == {}
    assert any("probability" in why for why in one.undecided)


UNSURE = f"""\
ip prefix-list P seq 5 permit 10.1.0.0/16 ge 24 le 32
route-map IN permit 10
 match ip address prefix-list P
route-map IN permit 20
 match probability 50
router bgp 65001
 neighbor {SENDER} remote-as 65002
 address-family ipv4 unicast
  neighbor {SENDER} route-map IN in
  neighbor {SENDER} maximum-prefix 2
"""


def test_what_cannot_be_decided_takes_no_room_of_what_the_router_has_for_certain():
    one, rib = gate(UNSURE), filled("10.9.0.0/24", "10.9.1.0/24", "10.9.2.0/24")
    doubtful = list(rib.table)
    one.judge(rib, doubtful)
    assert len(rib.held) == 1, "while there is room they are announced"
    certain = [Key.parse(text) for text in ("10.1.0.0/24", "10.1.1.0/24", "10.1.2.0/24")]
    for number, key in enumerate(certain):
        rib.table.change(key, Attributes())
        moved = one.judge(rib, [key])
        assert (key in rib.held) == (number == 2)
        assert len(moved & set(doubtful)) == (1 if number < 2 else 0), "withdrawn, to make room"
    assert all(key in rib.held for key in doubtful)
    rib.table.change(certain[0], None)
    assert one.judge(rib, [certain[0]]) == {certain[2]}, "though the doubtful have waited for longer"
    rib.table.change(certain[1], None)
    assert len(one.judge(rib, [certain[1]]) & set(doubtful)) == 1
    assert rib.admitted(Family.IPV4) == 2


def test_a_router_takes_no_prefix_of_which_nobody_can_tell():
    announcer = Announcer(None, Gate.steps)
    group = Group(AdjRibOut(announcer.table), gate(UNSURE))
    announcer.peers = [SimpleNamespace(settings=SimpleNamespace(router="edge"), group=group)]
    answers = {text: announcer.answers(Key.parse(text), Attributes()) for text in ("10.1.0.0/24", "10.9.0.0/24")}
    assert answers == {"10.1.0.0/24": {"edge": ""}, "10.9.0.0/24": {"edge": None}}


def test_a_proof_is_made_once_for_a_hundred_thousand_prefixes():
    one = gate(POLICY)
    rib = filled()
    attributes = Attributes()
    keys = [Key.of(IPv4Network((10 << 24 | n, 32))) for n in range(100_000)]
    rib.table.columns[Family.IPV4].fill(keys, attributes)
    judged = []
    one._judge = lambda *args, ask=one._judge: judged.append(args) or ask(*args)
    one.judge(rib, keys)
    assert (len(judged), rib.held) == (1, {})


ALIKE = (SENDER, "10.99.0.7", "10.99.0.8", "10.99.0.9", "10.99.0.254")
"""Neighbors that differ in nothing but the address, from which they announce as the next hop, too."""


def gates_alike(number, proofs):
    """Yield gates of a router with a random policy: of neighbors that differ in their address alone, and of one."""
    lines = []
    for line in policy(random.Random(number), list(offered(60, 7, internal=False))).splitlines():
        own = f"neighbor {SENDER} " in line
        lines += [line.replace(SENDER, one) for one in ALIKE] if own else [line]
    # one next hop is the router itself
    lines.insert(lines.index(f" neighbor {FAR} passive"), f" neighbor {FAR} update-source {ALIKE[-1]}")
    router = parse("\n".join(lines), name="r").router
    for one, hop in [*zip(ALIKE, ALIKE, strict=True), *((SENDER, other) for other in ALIKE[1:])]:
        writer = replace(WRITER, next_hop_ipv4=IPv4Address(hop))
        yield Gate(Session(router, one, "in"), writer, proofs=proofs())


def steps(one, key, attributes):
    """Return what a verdict's steps are, with the neighbor's own path called so."""
    own, verdict = one.session.path, one.verdict(key, attributes)

    def called(path):
        return ("own", *path[len(own) :]) if path[: len(own)] == own else path

    return verdict.undecided, [(s.route_map, s.seq, s.why, *map(called, (s.path, *s.asked))) for s in verdict.trace]


def test_gates_that_share_their_proofs_rule_as_each_does_alone():
    shared = 0
    for number in range(20):
        together = Proofs()
        for one, alone in zip(gates_alike(number, lambda one=together: one), gates_alike(number, Proofs), strict=True):
            for said in (Attributes(), Attributes(med=5, communities=tuple(VALUES[:1]))):
                assert one.ruling(Family.IPV4, said) == alone.ruling(Family.IPV4, said), (number, one.session.name)
        kept = sum(len(proof.rulings) for proof in together.found.values() if isinstance(proof, Proof))
        shared += 4 * len(ALIKE) - 2 - kept
    assert shared > 20


def test_a_policy_that_asks_for_the_next_hop_rules_of_each_next_hop_on_its_own():
    proofs, text = Proofs(), POLICY.replace(" match ip", " match ip next-hop address 10.99.0.8\n match ip")
    session, denied = gate(text).session, []
    for hop in ALIKE:
        one = Gate(session, replace(WRITER, next_hop_ipv4=IPv4Address(hop)), proofs=proofs)
        denied.append(one.ruling(Family.IPV4, Attributes()).reason(Family.IPV4, Key.parse("10.1.0.0/24")) is not None)
    assert denied == [True, True, False, True, True]


def test_gates_of_which_all_that_is_asked_is_equal_take_equal_steps():
    found, alike = {}, 0
    for number in range(20):
        for one in gates_alike(number, Proofs):
            for route in ROUTES[:10]:
                for said in (Attributes(), Attributes(med=5, communities=tuple(VALUES[:1]))):
                    key = Key.of(route.prefix)
                    asked, took = one.asked(key, said), steps(one, key, said)
                    alike += asked in found
                    assert found.setdefault(asked, took) == took, (number, one.session.name, route.prefix)
    assert alike > 300


def test_sessions_share_a_table_only_if_all_that_decides_is_the_same():
    assert gate(POLICY).key == gate(POLICY + "ip prefix-list OTHER seq 5 permit any\n").key
    assert gate(POLICY).key != gate(POLICY.replace("le 32", "le 30")).key
    other = Gate(gate(POLICY).session, replace(WRITER, next_hop_ipv4=IPv4Address("10.0.0.9")))
    assert gate(POLICY).key != other.key


def test_a_policy_with_too_much_to_tell_apart_holds_nothing_back_and_stops_nothing(monkeypatch):
    def too_much(*_args, **_more):
        raise UndecidedError("too much")

    monkeypatch.setattr(Alphabet, "of", too_much)
    one, rib = gate(POLICY), filled("10.9.1.0/24")
    one.prove()
    one.judge(rib, list(rib.table))
    assert (rib.held, list(one.undecided)) == ({}, ["too much"])
