"""When a change of a policy counts: one bgpd, a neighbor for each kind of change, all changed at once."""

from __future__ import annotations

import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

import pytest

from frrgen.model.types import community_value
from frrgen.policy.sets.route import Route
from tests.lab import Lab, wait_for
from tests.lab.bgpd import Bgpd
from tests.lab.endpoint import Endpoint

US = "10.98.1.2"
DELAY = 3
BOTH, FIRST = {1, 2}, {1}
BY_LIST = "ip prefix-list A%n seq 5 permit 10.%n.1.0/24\nroute-map R%n permit 10\n match ip address prefix-list A%n"
BY_PATH = "bgp as-path access-list P%n seq 5 permit _65011_"
MAP, FILTER, DISTRIBUTE = "route-map R%n in", "filter-list P%n in", "distribute-list L%n in"


@dataclass(frozen=True)
class Change:
    """A policy, what it is attached by, and what is typed; `%n` is the number of the neighbor."""

    policy: str
    attached: str
    lines: tuple[str, ...]
    again: tuple[str, ...] = ()
    """What is typed next, long before the delay is over."""


CHANGES = {
    "an entry is added": Change(BY_LIST, MAP, ("route-map R%n permit 20",)),
    "an entry names another list": Change(
        BY_LIST + "\nip prefix-list B%n seq 5 permit 10.%n.0.0/16 le 24",
        MAP,
        ("route-map R%n permit 10", "match ip address prefix-list B%n"),
    ),
    "an entry loses its match": Change(
        BY_LIST, MAP, ("route-map R%n permit 10", "no match ip address prefix-list A%n")
    ),
    "an entry of the prefix list is added": Change(BY_LIST, MAP, ("ip prefix-list A%n seq 10 permit 10.%n.2.0/24",)),
    "an entry of the community list is added": Change(
        "bgp community-list standard C%n seq 5 permit 65001:1\nroute-map R%n permit 10\n match community C%n",
        MAP,
        ("bgp community-list standard C%n seq 10 permit 65001:2",),
    ),
    "an entry of the AS path list is added": Change(
        BY_PATH + "\nroute-map R%n permit 10\n match as-path P%n",
        MAP,
        ("bgp as-path access-list P%n seq 10 permit _65012_",),
    ),
    "an entry of the access list is added": Change(
        "access-list L%n seq 5 permit 10.%n.1.0/24\nroute-map R%n permit 10\n match ip address L%n",
        MAP,
        ("access-list L%n seq 10 permit 10.%n.2.0/24",),
    ),
    "an entry of a called map is added": Change(
        BY_LIST.replace("R%n", "S%n") + "\nroute-map R%n permit 10\n call S%n",
        MAP,
        ("route-map S%n permit 20",),
    ),
}
"""By a route map: the second route comes."""
UNNOTICED = {
    "an entry of the neighbor's prefix list": Change(
        "ip prefix-list A%n seq 5 permit 10.%n.1.0/24",
        "prefix-list A%n in",
        ("ip prefix-list A%n seq 10 permit 10.%n.2.0/24",),
    ),
    "an entry of the neighbor's filter list": Change(
        BY_PATH, FILTER, ("bgp as-path access-list P%n seq 10 permit _65012_",)
    ),
    "an entry of the neighbor's distribute list": Change(
        "access-list L%n seq 5 permit 10.%n.1.0/24", DISTRIBUTE, ("access-list L%n seq 10 permit 10.%n.2.0/24",)
    ),
}
"""Attached to the neighbor itself: the second route does not come."""
RESTORED = {
    "a prefix list": Change(
        BY_LIST, MAP, ("no ip prefix-list A%n",), ("ip prefix-list A%n seq 5 permit 10.%n.1.0/24",)
    ),
    "a map": Change(
        BY_LIST, MAP, ("no route-map R%n",), ("route-map R%n permit 10", "match ip address prefix-list A%n")
    ),
}
"""Gone and back within the delay."""
LOST = "a map that stays away"
EVERY = {**CHANGES, **UNNOTICED, **RESTORED, LOST: Change(BY_LIST, MAP, ("no route-map R%n",))}
NUMBERS = {name: number for number, name in enumerate(EVERY, 1)}


def address(name):
    return f"10.98.1.{10 + NUMBERS[name]}"


def numbered(name, lines):
    return [line.replace("%n", str(NUMBERS[name])) for line in lines]


def routes(name):
    return tuple(
        Route(
            ip_network(f"10.{NUMBERS[name]}.{one}.0/24"),
            as_path=f"65001 6501{one}",
            communities=frozenset({community_value(f"65001:{one}")}),
            next_hop=ip_address(address(name)),
        )
        for one in sorted(BOTH)
    )


class Changed:
    """A bgpd and its neighbors, before and after."""

    def __init__(self, lab):
        # with zebra: only of a route whose next hop is valid is it seen whether it was withdrawn
        self.us, peers = lab.router("us", daemons=("zebra", "bgpd")), lab.router("peers", daemons=())
        lab.link(self.us, peers, f"{US}/24", "10.98.1.1/24")
        peers.address("eth0", *(f"{address(name)}/24" for name in EVERY))
        policies = (line for name, change in EVERY.items() for line in numbered(name, change.policy.splitlines()))
        sessions = (
            f" neighbor {address(name)} remote-as 65001\n neighbor {address(name)} passive\n"
            f" address-family ipv4 unicast\n  neighbor {address(name)} {numbered(name, [change.attached])[0]}\n"
            " exit-address-family"
            for name, change in EVERY.items()
        )
        bgp = ["router bgp 65002", " no bgp ebgp-requires-policy", f" bgp route-map delay-timer {DELAY}", *sessions]
        self.us.start("\n".join([*policies, *bgp, ""]))
        with ThreadPoolExecutor(len(EVERY)) as pool:
            ends = [Endpoint(peers, address(name), US, 65001, routes=routes(name)) for name in EVERY]
            list(pool.map(Endpoint.dial, ends))
        self.bgpd = Bgpd(self.us)
        wait_for("the first routes", lambda: all(self.has(name) == FIRST for name in EVERY))
        wait_for("valid next hops", lambda: all(self.version(name) for name in EVERY))
        self.versions = {name: self.version(name) for name in EVERY}
        # the delay, begun anew by each line, is longer than it takes to type; to turn it off ends it at once
        self.us.vtysh("conf t", "router bgp 65002", "bgp route-map delay-timer 600")
        self.type(lambda change: change.lines)
        self.type(lambda change: change.again)
        self.us.vtysh("conf t", "router bgp 65002", "bgp route-map delay-timer 0", f"bgp route-map delay-timer {DELAY}")
        wait_for(
            "the changes", lambda: all(self.has(name) == BOTH for name in CHANGES) and not self.has(LOST), DELAY + 9
        )
        time.sleep(1)
        self.found = {name: self.has(name) for name in EVERY}
        self.later = {name: self.version(name) for name in EVERY}

    def type(self, part):
        lines = [line for name, change in EVERY.items() for line in ("end", "conf t", *numbered(name, part(change)))]
        said = self.us.vtysh(*lines)
        # FRR 10.7 notes that nothing was to be done
        assert not re.search("% (?!Configuration applied with notes)", said), said

    def has(self, name):
        """Tell which of a neighbor's routes are there: 1, 2."""
        paths = self.bgpd.paths()
        return {one for one in BOTH if f"10.{NUMBERS[name]}.{one}.0/24" in paths}

    def version(self, name):
        """Give the number that bgpd counts up whenever the first route changes; 0 if it is not there."""
        said = json.loads(self.bgpd.ask(f"show bgp ipv4 unicast 10.{NUMBERS[name]}.1.0/24 json") or "{}")
        return int(said.get("version", 0)) if any(path.get("bestpath") for path in said.get("paths", ())) else 0


@pytest.fixture(scope="module")
def changed(frr):
    with Lab(frr=frr) as lab:
        yield Changed(lab)


@pytest.mark.parametrize("name", CHANGES)
def test_what_a_map_asks_is_asked_again_without_being_told_to(changed, name):
    assert changed.found[name] == BOTH


@pytest.mark.parametrize("name", UNNOTICED)
def test_what_is_attached_to_the_neighbor_itself_is_asked_again_only_when_told_to(changed, name):
    # FRR 10.7 asks again by itself when an AS path list changes
    alone = name == "an entry of the neighbor's filter list" and changed.us.frr.numbers >= (10, 7)
    assert changed.found[name] == (BOTH if alone else FIRST)
    changed.us.vtysh(f"clear bgp {address(name)} soft in")
    wait_for("the second route", lambda: changed.has(name) == BOTH, every=0.05)


@pytest.mark.parametrize("name", RESTORED)
def test_what_goes_and_comes_back_within_the_delay_moves_no_route(changed, name):
    assert changed.found[name] == FIRST
    assert changed.later[name] == changed.versions[name]


def test_what_comes_back_after_the_delay_has_moved_its_routes(changed):
    assert changed.found[LOST] == set()
    changed.us.vtysh("conf t", *numbered(LOST, RESTORED["a map"].again))
    wait_for("the route", lambda: changed.version(LOST), DELAY + 9, every=0.1)
    assert changed.version(LOST) != changed.versions[LOST]


AFTER = """\
router bgp 65002
 no bgp ebgp-requires-policy
 neighbor 10.98.1.11 remote-as 65001
 neighbor 10.98.1.11 passive
 neighbor 10.98.1.12 remote-as 65001
 neighbor 10.98.1.12 passive
 address-family ipv4 unicast
  neighbor 10.98.1.11 route-map R1 in
  neighbor 10.98.1.12 route-map R1 in
 exit-address-family
exit
ip prefix-list A1 seq 5 permit 10.0.0.0/8 le 24
route-map R1 permit 10
 match ip address prefix-list A1
exit
"""


@pytest.mark.frr(before="10.7", reason="later the policy is there before the sessions, wherever it stands in the file")
def test_a_policy_behind_router_bgp_denies_everything_at_boot_until_a_refresh_which_a_deaf_peer_never_answers(lab):
    us, peers = lab.router("us", daemons=("bgpd",)), lab.router("peers", daemons=())
    lab.link(us, peers, f"{US}/24", "10.98.1.1/24")
    peers.address("eth0", "10.98.1.11/24", "10.98.1.12/24")
    first, second = "an entry is added", "an entry names another list"
    answers = threading.Event()
    asks = Endpoint(peers, address(first), US, 65001, routes=routes(first), answers=answers)
    deaf = Endpoint(peers, address(second), US, 65001, routes=routes(second), refreshes=False)
    with ThreadPoolExecutor(3) as pool:
        # they dial while bgpd starts: it asks again 5 s behind its configuration
        dialled = [pool.submit(one.dial) for one in (asks, deaf)]
        us.start(AFTER)
        for one in dialled:
            one.result()
    bgpd = Bgpd(us)
    wait_for("the updates", lambda: all(bgpd.updates(one.address) >= one.updates for one in (asks, deaf)), every=0.02)
    assert not bgpd.paths()
    answers.set()
    wait_for("the refresh", lambda: set(bgpd.paths()) == {str(one.prefix) for one in asks.routes}, every=0.1)
    time.sleep(1)
    assert set(bgpd.paths()) == {str(one.prefix) for one in asks.routes}
