"""Every rule of `evaluate` has its counterpart in the proofs: whatever the session, and whatever the route."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from frrgen.model.types import community_value
from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.frr.alphabet import Alphabet, Policy
from frrgen.policy.frr.session import Session
from frrgen.policy.frr.symbolic import outcomes
from frrgen.policy.questions.compare import tried
from frrgen.policy.sets.communities import Other
from frrgen.policy.sets.paths import without
from frrgen.policy.sets.region import ABSENT
from tests.lab.policies import FAR, INNER, NEAR, OUTER, policy
from tests.policy.test_symbolic import ROUTES, routes, ways_of

VERSIONS = ("8.4", "10.3", "10.7")
NUMBERS = range(40)
INSTANCE = (
    "bgp allow-martian-nexthop",
    "bgp reject-as-sets",
    "bgp graceful-shutdown",
    "bgp default local-preference 107",
    "bgp route-reflector allow-outbound-policy",
    "no bgp ebgp-requires-policy",
    "bgp ebgp-requires-policy",
)
NEIGHBOR = (
    "local-as 65077",
    "local-as 65077 no-prepend",
    "local-as 65010 no-prepend replace-as",
    "enforce-first-as",
    "remote-as external",
    "update-source 10.99.0.2",
    "update-source 2001:db8:99::2",
    "capability extended-nexthop",
    "graceful-shutdown",
    "sender-as-path-loop-detection",
)
FAMILY = (
    "weight 7",
    "allowas-in 1",
    "allowas-in origin",
    "remove-private-AS",
    "remove-private-AS all replace-AS",
    "as-override",
    "default-originate",
    "attribute-unchanged med",
    "route-reflector-client",
    "route-server-client",
    "send-community large",
    "next-hop-self",
    "maximum-prefix 10",
)
LISTS = ("prefix-list NONE", "prefix-list GHOST", "distribute-list NONE", "filter-list NONE", "route-map GONE")
HOPS = (
    *("0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "169.254.1.1", "10.99.0.2"),
    *("::", "::1", "ff02::1", "fe80::1", "2001:db8:99::2", "::ffff:10.99.0.1"),
)
PREFIXES = ("0.0.0.0/0", "224.0.0.0/3", "239.0.0.0/8", "fe80::/10", "ff00::/8", "::ffff:10.0.0.0/104", "10.99.0.2/32")
PATHS = ("", "0", "65001", "65077", "65001 65001", "65010 65077", "{65001}", "65002 {65010,65077}", "7 65002", "65010")
KNOWN = ("no-export", "no-advertise", "local-AS", "blackhole", "graceful-shutdown", "internet", "no-peer")


def configured(rng, frr):
    """Write a random policy, and random options of its sessions."""
    text = policy(rng, list(ROUTES), frr)
    peers = {OUTER: "in", INNER: "in", FAR: "out", NEAR: "out"}
    more = [f" {one}" for one in rng.sample(INSTANCE, rng.choice([0, 1, 2]))]
    for peer in peers:
        more += [f" neighbor {peer} {one}" for one in rng.sample(NEIGHBOR, rng.choice([0, 0, 1, 2]))]
    for family in ("ipv4", "ipv6"):
        more.append(f" address-family {family} unicast")
        if rng.random() < 0.2:
            more.append(f"  aggregate-address {'10.0.0.0/12' if family == 'ipv4' else '2001:db8::/33'} summary-only")
        for peer, direction in peers.items():
            more += [f"  neighbor {peer} {one}" for one in rng.sample(FAMILY, rng.choice([0, 0, 1, 2]))]
            if rng.random() < 0.1:
                more.append(f"  no neighbor {peer} activate")
            if rng.random() < 0.15:
                more.append(f"  neighbor {peer} {rng.choice(LISTS)} {direction}")
            if rng.random() < 0.1:
                more += [f"  no neighbor {peer} {kind} {direction}" for kind in _attached(text, peer, direction)]
        more.append(" exit-address-family")
    return text.rpartition("exit\n")[0] + "\n".join([*more, "exit", ""])


def _attached(text, peer, direction):
    lines = (line.split() for line in text.splitlines())
    return {" ".join(words[2:4]) for words in lines if words[:2] == ["neighbor", peer] and words[-1:] == [direction]}


def odd(rng, family):
    """Give routes that differ from plain ones in what FRR asks beside the policy."""
    prefixes = [one for one in map(ip_network, PREFIXES) if one.version == family]
    hops = [one for one in map(ip_address, HOPS) if one.version == family]
    for route in routes(rng, family):
        changes = {}
        if rng.random() < 0.3:
            changes["next_hop"] = rng.choice(hops)
        if rng.random() < 0.1:
            changes["prefix"] = rng.choice(prefixes)
        if rng.random() < 0.4:
            front = rng.choice(["", "65002 ", "65002 ", "65001 "])
            changes["as_path"] = (front + rng.choice(PATHS)).strip()
        if rng.random() < 0.3:
            changes["communities"] = route.communities | {community_value(rng.choice(KNOWN))}
        yield replace(route, **changes)


def made_of(effects, route):
    """Do to one route what is said of all; None: that names what a Route does not hold."""
    number = {
        name: getattr(route, name)
        if (change := getattr(effects, name)) is None
        else change(ABSENT if getattr(route, name) is None else getattr(route, name))
        for name in ("med", "local_preference")
    }
    said = {
        name: getattr(route, name) if getattr(effects, name) is None else getattr(effects, name)
        for name in ("tag", "origin", "weight", "next_hop")
    }
    words = without(route.as_path.split(), effects.path.gone)
    path = " ".join([*map(str, effects.path.front), *words])
    return replace(route, **number, **said, as_path=path)


def compared(version, number):
    """Go through the routes of one policy; return how often which rule denied, beside lists and maps."""
    rng = random.Random(f"{version} {number}")
    numbers = tuple(map(int, version.split(".")))
    router = parse(configured(rng, numbers), name="r", frr_version=version).router
    seen = Counter()
    for side in ((OUTER, "in"), (INNER, "in"), (FAR, "out"), (NEAR, "out")):
        one = Policy(router, Session(router, *side))
        alphabet = Alphabet.of(one)
        for family in (4, 6):
            every = outcomes(one, family, alphabet)
            for route in odd(rng, family):
                ways = ways_of(every, route, alphabet)
                verdict = tried(one, route)
                assert len(ways) == 1, (side, route, [str(way.by) for way in ways])
                (way,) = ways
                told = (version, number, side, route, str(way.by), verdict.verdict, verdict.undecided)
                # of one route more can be told than of all at once
                assert way.verdict in {"undecided", verdict.verdict}, told
                if way.verdict == "permit" and not way.effects.path.more:
                    assert same(made_of(way.effects, route), verdict.route, way.effects), told
                last = verdict.trace[-1] if verdict.trace else None
                if way.verdict == "deny" and last is not None and last.route_map is None:
                    (reason,) = last.because
                    assert str(way.by) in str(reason), told
                    seen[str(way.by)] += 1
                elif way.verdict == "undecided":
                    seen["undecided"] += 1
                seen["all"] += 1
    return seen


def same(foretold, route, effects):
    """Compare what is said of all with what becomes of one; a text is a next hop that is not known here."""
    if isinstance(effects.next_hop, str):
        foretold = replace(foretold, next_hop=route.next_hop)
    for name in ("communities", "large_communities"):
        there = {atom: is_ for atom, is_ in getattr(effects, name) if not isinstance(atom, Other)}
        if any((atom in getattr(route, name)) is not is_ for atom, is_ in there.items()):
            return False
    return foretold == replace(
        route, communities=foretold.communities, large_communities=foretold.large_communities, weight=foretold.weight
    )


RULES = {
    "the address of no machine: bgpd ends the session": ("8.4", "10.3"),
    "the address of no machine: bgpd takes the route for withdrawn": ("10.7",),
    "the address of no machine: bgpd drops the route": VERSIONS,
    "the next hop is the router itself": VERSIONS,
    "our own, is in the path": VERSIONS,
    "our local one, is in the path": VERSIONS,
    "AS 0 is in the path": VERSIONS,
    "an AS_SET is in the path": VERSIONS,
    "the path does not begin with": VERSIONS,
    "it begins with a multicast address": VERSIONS,
    "it begins with a link-local address": VERSIONS,
    "it begins with an IPv4-mapped address": ("10.3", "10.7"),
    "is an address of the router itself": ("10.7",),
    "it has the community no-advertise": VERSIONS,
    "it has the community no-export": VERSIONS,
    "it has the community local-AS": VERSIONS,
    "is not activated on this session": VERSIONS,
    "nothing is accepted (RFC 8212)": VERSIONS,
    "nothing is announced (RFC 8212)": ("8.4", "10.3"),
    "is not defined: everything is denied": VERSIONS,
    "prefix list P": VERSIONS,
    "distribute list L": VERSIONS,
    "filter list A": VERSIONS,
}
"""What denies a route beside route maps, and the versions on which a draw here shows that."""


@pytest.mark.parametrize("version", VERSIONS)
def test_what_becomes_of_one_route_is_what_is_said_of_all_that_are_like_it(version):
    seen = sum((compared(version, number) for number in NUMBERS), Counter())
    wanted = {rule for rule, versions in RULES.items() if version in versions}
    assert {rule for rule in RULES if any(rule in reason for reason in seen)} == wanted
