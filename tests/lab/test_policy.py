"""Random policies on a real FRR that learns real routes: it does with each what `evaluate` says, in and out.

FRRGEN_POLICIES and FRRGEN_SEED make longer runs: `make fuzz-policy N=2000`.
"""

from __future__ import annotations

import os
import random
import time
from dataclasses import replace

import pytest

from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.frr.evaluate import evaluate
from tests.lab import Lab
from tests.lab.bgpd import Bgpd
from tests.lab.endpoint import Endpoint
from tests.lab.policies import (
    AS_FAR,
    AS_OUTER,
    AS_US,
    FAR,
    INNER,
    NEAR,
    OUTER,
    US,
    offered,
    policy,
    text_of,
)

POLICIES = int(os.environ.get("FRRGEN_POLICIES", "12"))
SEED = int(os.environ.get("FRRGEN_SEED", "1"))
ROUTES = {OUTER: offered(120, SEED, internal=False), INNER: offered(80, SEED, internal=True)}


@pytest.fixture(scope="module")
def us(frr):
    with Lab(frr=frr) as lab:
        us, peers = lab.router("us"), lab.router("peers", daemons=())
        lab.link(us, peers, f"{US}/24", f"{OUTER}/24", ("2001:db8:99::2/64", "2001:db8:99::1/64"))
        peers.address("eth0", *(f"10.99.0.{n}/24" for n in (3, 4, 5, 7, 8, 9)))
        peers.address("eth0", *(f"2001:db8:99::{n}/64" for n in (7, 8, 9)))
        # without installing: hundreds of routes that come and go keep zebra busy, and next hops uncertain
        first = policy(random.Random(0), [*ROUTES[OUTER], *ROUTES[INNER]], frr.numbers)
        us.start(first, options={"bgpd": ["-n"]})
        us.peers = {
            address: Endpoint(peers, address, US, asn, routes=ROUTES.get(address, ()))
            for address, asn in ((OUTER, AS_OUTER), (INNER, AS_US), (FAR, AS_FAR), (NEAR, AS_US))
        }
        for peer in us.peers.values():
            peer.dial()
        us.bgpd = Bgpd(us)
        yield us


def learned(path):
    """The attributes of a path as bgpd shows it."""
    return {
        "med": path.get("metric", 0),
        "preference": path.get("locPrf", 100),
        "weight": path.get("weight", 0),
        "communities": path.get("community", {}).get("string", ""),
        "large": path.get("largeCommunity", {}).get("string", ""),
        "path": path["aspath"]["string"].replace("Local", ""),
        "origin": path["origin"].lower(),
        "hop": next(one["ip"] for one in path["nexthops"] if one.get("scope") != "link-local"),
        "tag": path.get("tag", 0),
    }


def judged(route):
    """The attributes of a route that was let in, in the same form."""
    return {
        "med": route.med or 0,
        "preference": 100 if route.local_preference is None else route.local_preference,
        "weight": route.weight,
        "communities": text_of(route.communities),
        "large": route.large_community_string,
        "path": route.as_path,
        "origin": route.origin,
        "hop": str(route.next_hop),
        "tag": route.tag,
    }


def on_the_wire(verdict, neighbor, preference):
    """A route as a neighbor gets it: beside policy, FRR puts its AS in front, and drops what ends at the border."""
    route = verdict.route
    if neighbor == NEAR:
        return replace(route, local_preference=preference if route.local_preference is None else route.local_preference)
    says_med = any(text.startswith("set metric ") for step in verdict.trace for text in step.does)
    path = f"{AS_US} {route.as_path}".strip()
    return replace(route, as_path=path, local_preference=None, med=route.med if says_med else None)


def heard(route, like):
    """What a neighbor got, without what is not policy: a next hop that no policy sets."""
    if like.next_hop is None:
        route = replace(route, next_hop=None)
    return replace(route, tag=like.tag, weight=like.weight)


class Trial:
    """One policy, what we say of it, and in what bgpd differs."""

    def __init__(self, us, text):
        self.us = us
        self.intended = parse(text, name="us", frr_version=us.frr.version).router
        self.verdicts = {
            str(route.prefix): evaluate(self.intended, peer, "in", route)
            for peer, routes in ROUTES.items()
            for route in routes
        }
        self.out = {}
        for peer, routes in ROUTES.items():
            for route in routes:
                came = self.verdicts[str(route.prefix)]
                if came.verdict != "permit":
                    continue
                # what came by iBGP goes to no iBGP neighbor (RFC 4456)
                for to in (FAR,) if peer == INNER else (FAR, NEAR):
                    self.out[str(route.prefix), to] = came.route, evaluate(self.intended, to, "out", came.route)

    def apply(self):
        running = self.us.running_config()
        plan = make_plan(parse(running, name="us"), self.intended)
        self.before, self.commands = running, plan.commands
        printed = self.us.apply(plan.batches)
        left = make_plan(parse(self.us.running_config(), name="us"), self.intended)
        assert left.empty, f"{printed}\nstill to do: {left.commands}"
        self.us.vtysh("clear bgp ipv4 unicast * soft", "clear bgp ipv6 unicast * soft")

    def differences(self):
        found = {}
        paths = self.us.bgpd.paths()
        for prefix, verdict in self.verdicts.items():
            if verdict.verdict == "undecided":
                continue
            if (verdict.verdict == "permit") != (prefix in paths):
                found[prefix] = f"{verdict.verdict}, and bgpd has it {'' if prefix in paths else 'not'}", verdict.trace
            elif prefix in paths and (ours := judged(verdict.route)) != (theirs := learned(paths[prefix])):
                unlike = {key: (ours[key], theirs[key]) for key in ours if ours[key] != theirs[key]}
                found[prefix] = f"we say, and bgpd: {unlike}", verdict.trace
        for (prefix, to), (given, verdict) in self.out.items():
            if verdict.verdict == "undecided" or "bestpath" not in paths.get(prefix, ()):
                continue  # only best paths are announced, and which are is not policy
            got = self.us.peers[to].heard.get(given.prefix)
            if (verdict.verdict == "permit") != (got is not None):
                found[prefix, to] = f"{verdict.verdict}, and {got}", given, verdict.trace
            elif got is not None:
                preference = self.intended.bgp.default_local_preference
                ours = on_the_wire(verdict, to, 100 if preference is None else preference)
                if verdict.route.next_hop == given.next_hop:
                    ours = replace(ours, next_hop=None)
                theirs = heard(got, ours)
                if ours != theirs:
                    found[prefix, to] = f"we say {ours}, and it got {theirs}", given, verdict.trace
        return found


@pytest.mark.sample("8.4")
def test_real_frr_does_with_every_route_what_we_say(us):
    rng = random.Random(SEED)
    counts = dict.fromkeys(("pairs", "undecided", "permitted", "announced"), 0)
    for number in range(POLICIES):
        text = policy(rng, [*ROUTES[OUTER], *ROUTES[INNER]], us.frr.numbers)
        trial = Trial(us, text)
        trial.apply()
        wrong, until = trial.differences(), time.monotonic() + 20
        while wrong and time.monotonic() < until:
            # FRR goes through its routes in the background
            time.sleep(0.05)
            wrong = trial.differences()
        assert not wrong, f"policy {number} of seed {SEED}: {dict(list(wrong.items())[:2])}\n{text}"
        all_ = [*trial.verdicts.values(), *(verdict for _, verdict in trial.out.values())]
        unsure = sum(one.verdict == "undecided" for one in all_)
        counts["undecided"] += unsure
        counts["pairs"] += len(all_) - unsure
        counts["permitted"] += sum(one.verdict == "permit" for one in trial.verdicts.values())
        counts["announced"] += sum(verdict.verdict == "permit" for _, verdict in trial.out.values())
    assert counts["pairs"] > 150 * POLICIES
    assert counts["permitted"]
    assert counts["announced"]
    print(f"seed {SEED}, {POLICIES} policies: {counts}")
