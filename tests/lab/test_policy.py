"""Random policies on a real FRR that learns real routes: it does with each what `evaluate` says.

FRRGEN_POLICIES and FRRGEN_SEED make longer runs: `make fuzz-policy N=2000`.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from frrgen.diff.plan import make_plan
from frrgen.model.types import community_text, community_value
from frrgen.parse.frr import parse
from frrgen.policy.evaluate import evaluate
from frrgen.policy.route import Route
from tests.lab import Lab, LabError, wait_for

POLICIES = int(os.environ.get("FRRGEN_POLICIES", "60"))
SEED = int(os.environ.get("FRRGEN_SEED", "1"))
COMMUNITIES = ("65002:1", "65002:2", "65002:10", "no-export", "1:1")
SENDER, US = "10.99.0.1", "10.99.0.2"


def offered():
    """Forty routes with different lengths, paths, MEDs and communities."""
    rng = random.Random(7)
    found = {}
    for number in range(40):
        length = rng.choice([8, 12, 16, 20, 24, 28, 32])
        prefix = ip_network((0x0A000000 | rng.getrandbits(22) << 2, length), strict=False)
        path = " ".join(["65002", *rng.sample(["65010", "65020", "165010", "65002"], rng.randrange(3))])
        communities = frozenset(community_value(text) for text in rng.sample(COMMUNITIES, rng.randrange(4)))
        found[prefix] = Route(
            prefix, as_path=path, next_hop=ip_address(SENDER), med=number % 4 * 5, communities=communities
        )
    return list(found.values())


ROUTES = offered()


def sender_config():
    lines = [f"ip route {route.prefix} blackhole" for route in ROUTES]
    for number, route in enumerate(ROUTES):
        lines += [f"ip prefix-list R{number} seq 5 permit {route.prefix}"]
        lines += [f"route-map OUT permit {number + 1}", f" match ip address prefix-list R{number}"]
        more = route.as_path.split()[1:]
        lines += [f" set metric {route.med}"] + ([f" set as-path prepend {' '.join(more)}"] if more else [])
        if route.communities:
            lines.append(f" set community {' '.join(community_text(value) for value in route.communities)}")
        lines.append("exit")
    lines += [
        "router bgp 65002",
        " no bgp ebgp-requires-policy",
        f" neighbor {US} remote-as 65001",
        f" neighbor {US} timers connect 1",
        " address-family ipv4 unicast",
        "  redistribute static",
        f"  neighbor {US} route-map OUT out",
    ]
    return "\n".join([*lines, ""])


def one_of_a_kind(clauses):
    """A later clause of a kind would replace the one before."""
    return {
        " ".join(one.split(" ")[: 2 if one.startswith(("ip ", "as-path ")) else 1]): one for one in clauses
    }.values()


def policy(rng):
    """A random inbound policy: lists, maps that call and jump, clauses that set what later ones match."""
    text = []
    for name in ("PA", "PB"):
        for seq in range(5, 5 + 5 * rng.randrange(1, 4), 5):
            base = rng.choice(
                [ip_network("10.0.0.0/8"), ip_network("0.0.0.0/0"), rng.choice(ROUTES).prefix.supernet(4)]
            )
            ge = rng.choice(["", f" ge {rng.randrange(max(base.prefixlen, 1), 33)}"])
            le = rng.choice(["", f" le {rng.randrange(max(base.prefixlen, int(ge[4:] or 1)), 33)}"])
            line = f"{base}{ge}{le}"
            if not any(other.endswith(f" {line}") for other in text):
                text.append(f"ip prefix-list {name} seq {seq} {rng.choice(['permit', 'permit', 'deny'])} {line}")
    for name in ("CA", "CB"):
        for seq, number in ((5, 1), (10, 2)):
            values = " ".join(rng.sample(COMMUNITIES, number))
            text.append(f"bgp community-list standard {name} seq {seq} {rng.choice(['permit', 'deny'])} {values}")
    regex = rng.choice(["65002:1", "^65002:1$", ".*", "no-export", "_65002:2_", "^$"])
    text.append(f"bgp community-list expanded CX seq 5 permit {regex}")
    for name in ("AA", "AB"):
        regex = rng.choice(["_65010_", "^65002$", "65010", "^65002_65010_", "[16]65010", "(65010|65020)$", "^65002 "])
        text.append(f"bgp as-path access-list {name} seq 5 {rng.choice(['permit', 'permit', 'deny'])} {regex}")
        if rng.random() < 0.5:
            text.append(f"bgp as-path access-list {name} seq 10 permit .*")
    text.append(
        f"access-list LA seq 5 permit {rng.choice(ROUTES).prefix.supernet(4)}{rng.choice(['', ' exact-match'])}"
    )
    matches = [
        "ip address prefix-list PA",
        "ip address prefix-list PB",
        "ip address prefix-list NONE",
        "ip address LA",
        "community CA",
        "community CB exact-match",
        "community CX",
        "as-path AA",
        "as-path AB",
        "metric 5",
        "metric 10",
        "local-preference 7",
        f"peer {SENDER}",
        "origin incomplete",
        f"ip next-hop address {SENDER}",
    ]
    sets = [
        "metric 5",
        "metric +3",
        "metric -7",
        "local-preference 7",
        "local-preference +4",
        "weight 9",
        "community 65002:2",
        "community 1:1 additive",
        "community none",
        "comm-list CA delete",
        "as-path prepend 65077",
        "as-path exclude 65010",
        "origin egp",
        "ip next-hop 10.99.0.9",
    ]
    for name, callable_ in (("SUB", []), ("RM", ["SUB", "GONE"])):
        for seq in sorted(rng.sample(range(1, 40), rng.randrange(1, 5))):
            action = rng.choice(["permit", "permit", "permit", "deny"])
            text.append(f"route-map {name} {action} {seq}")
            chosen = {match.rpartition(" ")[0] + match[:8]: match for match in rng.sample(matches, rng.randrange(3))}
            kinds = {}
            for match in chosen.values():
                kinds[match.split(" ")[0] + match.split(" ")[1] * match.startswith("ip ")] = match
            text += [f" match {match}" for match in kinds.values()]
            ours = {
                one.split(" ")[0] + one.split(" ")[1] * one.startswith("as-path"): one for one in rng.sample(sets, 3)
            }
            text += [f" set {one}" for one in sorted(ours.values())]
            if callable_ and rng.random() < 0.4:
                text.append(f" call {rng.choice(callable_)}")
            if action == "permit" and rng.random() < 0.4:
                text.append(f" on-match {rng.choice(['next', f'goto {seq + rng.randrange(1, 15)}'])}")
            text.append("exit")
        text.append(f"no route-map {name} optimization")
    attached = [f"  neighbor {SENDER} route-map RM in"]
    if rng.random() < 0.3:
        attached.append(f"  neighbor {SENDER} prefix-list PB in")
    if rng.random() < 0.2:
        attached.append(f"  neighbor {SENDER} filter-list AB in")
    return "\n".join(
        [
            *text,
            "router bgp 65001",
            f" neighbor {SENDER} remote-as 65002",
            f" neighbor {SENDER} timers connect 1",
            " address-family ipv4 unicast",
            f"  neighbor {SENDER} soft-reconfiguration inbound",
            *attached,
            " exit-address-family",
            "exit",
            "",
        ]
    )


@pytest.fixture(scope="module")
def receiver():
    with Lab() as lab:
        sender, us = lab.router("sender"), lab.router("us")
        lab.link(sender, us, f"{SENDER}/24", f"{US}/24")
        sender.start(sender_config())
        us.start(f"router bgp 65001\n no bgp ebgp-requires-policy\n neighbor {SENDER} remote-as 65002\n")
        wait_for(
            "all routes", lambda: len(us.bgp("ipv4 unicast").get("routes", {})) == len(ROUTES), seconds=60, every=0.3
        )
        yield us


def learned(router):
    """Every route that it has, in detail: FRR 8.4 shows that one by one."""
    prefixes = sorted(router.bgp("ipv4 unicast").get("routes", {}))
    text = router.vtysh(*(f"show bgp ipv4 unicast {prefix} json" for prefix in prefixes)) if prefixes else ""
    decoder, position, found = json.JSONDecoder(), 0, {}
    for prefix in prefixes:
        one, position = decoder.raw_decode(text, text.index("{", position))
        if one.get("paths"):
            # it may have gone since the list of all was shown
            found[prefix] = one["paths"][0]
    return found


def said(path):
    """The attributes of a path as FRR shows it."""
    return (
        path.get("metric", 0),
        path.get("locPrf", 100),
        path.get("weight", 0),
        " ".join(sorted(path.get("community", {}).get("string", "").split())),
        path["aspath"]["string"].replace("Local", ""),
        path["origin"].lower(),
    )


def shown(route):
    """The attributes of a route, in the same form."""
    return (
        route.med or 0,
        100 if route.local_preference is None else route.local_preference,
        route.weight,
        " ".join(sorted(route.community_string.split())),
        route.as_path,
        route.origin,
    )


def test_real_frr_does_with_every_route_what_we_say(receiver):
    rng = random.Random(SEED)
    pairs = undecided = permitted = 0
    for number in range(POLICIES):
        text = policy(rng)
        intended = parse(text, name="us").router
        plan = make_plan(parse(receiver.running_config(), name="us"), intended)
        receiver.load("\n".join([*plan.commands, "end", ""]))
        assert make_plan(parse(receiver.running_config(), name="us"), intended).empty, text
        receiver.vtysh(f"clear bgp ipv4 unicast {SENDER} soft in")
        verdicts = {str(route.prefix): evaluate(intended, SENDER, "in", sent(route)) for route in ROUTES}
        expected = {prefix for prefix, one in verdicts.items() if one.verdict == "permit"}
        unsure = {prefix for prefix, one in verdicts.items() if one.verdict == "undecided"}

        def differences(verdicts=verdicts, expected=expected, unsure=unsure):
            routes = learned(receiver)
            found = dict.fromkeys(set(routes) - unsure ^ expected, "accepted or not")
            for prefix in expected & routes.keys():
                if (ours := shown(verdicts[prefix].route)) != (theirs := said(routes[prefix])):
                    found[prefix] = f"{ours} and not {theirs}"
            return found

        with contextlib.suppress(LabError):
            # FRR goes through its routes in the background
            wait_for("the verdicts", lambda differences=differences: not differences(), seconds=5, every=0.05)
        wrong = {prefix: (why, verdicts[prefix].trace) for prefix, why in differences().items()}
        assert not wrong, f"policy {number} of seed {SEED}: {dict(list(wrong.items())[:2])}\n{text}"
        pairs += len(ROUTES) - len(unsure)
        undecided += len(unsure)
        permitted += len(expected)
    assert pairs > 30 * POLICIES
    assert 0 < permitted < pairs
    print(f"{pairs} policy and route pairs agree, {undecided} undecided")


def sent(route):
    """The route as it arrives: `redistribute static` makes its origin incomplete."""
    return replace(route, origin="incomplete")
