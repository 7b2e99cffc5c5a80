"""Configurations that people run, and what frrgen writes of them, do the same with routes.

Two routers stand beside each other, each with the neighbors that the file has: they accept the same routes, and tell
the same. `FRRGEN_CORPUS=60` tries more files.
"""

from __future__ import annotations

import os
import random
import re
import time
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, ip_address, ip_network

import pytest

from frrgen.model.types import FAMILIES, is_address
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.render import render
from frrgen.policy.sets.route import Route
from tests.lab import LabError, wait_for
from tests.lab.bgpd import Bgpd
from tests.lab.endpoint import Endpoint
from tests.lab.test_corpus import FILES, is_of

COUNT = int(os.environ.get("FRRGEN_CORPUS", "1"))
AT_MOST = 3
"""How many neighbors of a file announce."""
WIDE = 22
"""The length of their networks: a few have addresses that end in 255."""


def ends(bgp):
    """Give the neighbors that an endpoint can stand for: address, ours beside it, AS, secret."""
    taken = {*bgp.neighbors}
    found = []
    for peer, one in bgp.neighbors.items():
        group = bgp.peer_groups.get(one.peer_group or "")
        both = [part for part in (one, group) if part is not None]
        if not is_address(peer) or ":" in peer or any(part.update_source or part.shutdown for part in both):
            continue
        remote = next((part.remote_as for part in both if part.remote_as is not None), None)
        asn = {"internal": bgp.asn, "external": 64999, "auto": 64999}.get(remote, remote)
        secret = next((part.password.get_secret_value() for part in both if part.password is not None), "")
        net = IPv4Network(f"{peer}/{WIDE}", strict=False)
        ours = next(str(address) for address in net.hosts() if str(address) not in taken and str(address) != peer)
        active = any(bgp.activates(family, one, group) for family in FAMILIES)
        if active and asn is not None and not any(IPv4Address(other) in net for other, *_ in found):
            found.append((peer, ours, asn, secret))
    return found[:AT_MOST]


def offered(router, peer, asn, bgp):
    """Give routes that the lists of a file speak of, and others."""
    rng = random.Random(peer)
    prefixes = ["0.0.0.0/0", "10.0.0.0/8", "10.3.0.0/16", "198.51.100.0/24", "8.8.8.0/24", "203.0.113.128/25"]
    for lst in list(router.prefix_lists.values())[:12]:
        for entry in lst.entries[:3]:
            length = rng.randint(entry.ge or entry.prefix.prefixlen, entry.le or entry.ge or entry.prefix.prefixlen)
            prefixes.append(f"{entry.prefix.network_address}/{length}")
    head = "" if asn == bgp.asn else f"{asn} "
    return tuple(
        Route(
            ip_network(prefix),
            as_path=f"{head}{rng.choice(['', '64510', '64510 174'])}".strip(),
            next_hop=ip_address(peer),
            med=rng.choice([None, 5]),
            local_preference=100 if not head else None,
            communities=frozenset(rng.sample([0xFFFFFF01, (65000 << 16) + 1, 0xFFFF029A], rng.randint(0, 1))),
        )
        for prefix in dict.fromkeys(prefixes)
    )


def drawn(version):
    """Draw files of a version that have a neighbor to stand for."""
    files = []
    for file in FILES:
        text = file.read_text()
        read = parse(text, name="r1", frr_version=version).router
        if is_of(text, version) and read.bgp is not None and ends(read.bgp):
            files.append(file)
    random.Random(f"{version} {COUNT}").shuffle(files)
    return files[:COUNT]


class Stand:
    """A router with a configuration, and endpoints for its neighbors."""

    def __init__(self, lab, name, text, router, there):
        self.us, peers = lab.router(name, daemons=("zebra", "bgpd")), lab.router(f"{name}-peers", daemons=())
        (first, *others) = there
        lab.link(self.us, peers, f"{first[1]}/{WIDE}", f"{first[0]}/{WIDE}")
        for peer, ours, _, _ in others:
            self.us.address("eth0", f"{ours}/{WIDE}")
            peers.address("eth0", f"{peer}/{WIDE}")
        self.us.start(text, options={"bgpd": ["-n", "-M", "rpki"]})
        self.ends = {
            peer: Endpoint(peers, peer, ours, asn, routes=offered(router, peer, asn, router.bgp), password=secret)
            for peer, ours, asn, secret in there
        }
        self.up = set()
        for peer, end in self.ends.items():
            with suppress(LabError):
                end.dial(8)
                self.up.add(peer)
        self.bgpd = Bgpd(self.us)

    def told(self):
        """Give the routes that were accepted, and what each neighbor heard."""
        names = ("metric", "locPrf", "weight", "origin", "valid")
        accepted = {
            prefix: (
                *(path.get(name) for name in names),
                path["aspath"]["string"],
                path.get("community", {}).get("string"),
            )
            for prefix, path in self.bgpd.paths().items()
        }
        return accepted, {peer: dict(end.heard) for peer, end in self.ends.items()}


@pytest.mark.parametrize("number", range(COUNT))
def test_what_is_imported_accepts_and_announces_what_the_original_does(lab, number):
    version = lab.frr.version
    files = drawn(version)
    if number >= len(files):
        pytest.skip("no more files")
    # interfaces are of another program: their addresses would be connected routes of the original alone
    text = re.sub(r"(?m)^ +ipv?6? address .*\n", "", files[number].read_text())
    read = parse(text, name="r1", frr_version=version).router
    there = ends(read.bgp)
    one, other = (Stand(lab, name, config, read, there) for name, config in (("us", text), ("again", render(read))))
    assert one.up == other.up != set(), files[number].stem
    for stand in (one, other):
        wait_for("the routes to be heard", lambda at=stand: all(at.bgpd.updates(peer) for peer in at.up), 20)
    time.sleep(1)
    with suppress(LabError):
        wait_for("both the same", lambda: one.told() == other.told(), 20)
    assert one.told() == other.told(), files[number].stem
