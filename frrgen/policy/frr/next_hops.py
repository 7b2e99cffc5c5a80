"""Next hops for which bgpd refuses a route that comes in: before its policy, and behind it.

Each rule was seen on 8.4.4, 10.3 and 10.7.1, over eBGP and over iBGP (`tests/lab/test_policy_hops.py`).
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network
from typing import Final, NamedTuple

from frrgen.model.types import Address
from frrgen.policy.frr.session import Session
from frrgen.policy.sets import interval
from frrgen.policy.sets.interval import Intervals
from frrgen.policy.sets.region import next_hop_number

OWN_NEXT_HOP: Final = "the next hop is the router itself: bgpd drops the route even if the policy permits it"
NO_NEXT_HOP: Final = "the next hop is the address of no machine: bgpd drops the route even if the policy permits it"
ENDS_SESSION: Final = "the next hop is the address of no machine: bgpd ends the session over it (RFC 4271 section 6.3)"
WITHDRAWN: Final = "the next hop is the address of no machine: bgpd takes the route for withdrawn (RFC 7606)"


class HopRule(NamedTuple):
    """A route with one of these next hops is refused; and why."""

    hops: Intervals
    why: str


_NO_HOSTS: Final = tuple(map(IPv4Network, ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4")))
_RESERVED: Final = IPv4Network("240.0.0.0/4")
_NO_HOSTS_8: Final = tuple(map(IPv4Network, ("0.0.0.0/32", "224.0.0.0/3")))
_NO_HOSTS_V6: Final = tuple(map(IPv6Network, ("::/127", "ff00::/8")))


def refused_as_received(session: Session) -> tuple[HopRule, ...]:
    """Return the IPv4 next hops for which bgpd refuses a route before any policy, so that no `set` can save the route.

    `bgp allow-martian-nexthop` lets them in on every version.
    """
    if session.direction == "out" or session.bgp.allow_martian_nexthop:
        return ()
    return (HopRule(_no_hosts(session.version), ENDS_SESSION if session.version < (10, 7) else WITHDRAWN),)


def refused_behind_policy(session: Session) -> tuple[HopRule, ...]:
    """Return the next hops for which bgpd drops a route that the inbound policy has permitted.

    What the policy sets is what counts. `bgp allow-martian-nexthop` lets such routes in on 10.3 and 10.7.1, and not
    on 8.4.4.
    """
    if session.direction == "out" or (session.bgp.allow_martian_nexthop and session.version >= (10,)):
        return ()
    return _behind(session.version, session.own_addresses)


def refused_hop(rules: tuple[HopRule, ...], hop: Address | None) -> str | None:
    """Return why a route with a next hop is refused by these rules; None: it is not, or the next hop is not known."""
    if hop is None:
        return None
    number = next_hop_number(hop)
    return next((why for hops, why in rules if interval.contains(hops, number)), None)


@lru_cache(maxsize=64)
def _behind(version: tuple[int, ...], own: frozenset[Address]) -> tuple[HopRule, ...]:
    ours = interval.of_ranges((number, number + 1) for number in map(next_hop_number, own))
    nobody = _hops(*_NO_HOSTS_8) if version < (10,) else _no_hosts(version)
    return HopRule(ours, OWN_NEXT_HOP), HopRule(interval.union(nobody, _hops(*_NO_HOSTS_V6)), NO_NEXT_HOP)


def _no_hosts(version: tuple[int, ...]) -> Intervals:
    """Return the IPv4 addresses that an FRR takes for no host's: 240.0.0.0/4 until 10.3, and not on 10.7.1."""
    return _hops(*_NO_HOSTS, *([_RESERVED] if version < (10, 7) else []))


@lru_cache(maxsize=16)
def _hops(*blocks: IPv4Network | IPv6Network) -> Intervals:
    return interval.of_ranges(
        (next_hop_number(block.network_address), next_hop_number(block.broadcast_address) + 1) for block in blocks
    )
