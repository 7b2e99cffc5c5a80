"""Prefixes that bgpd passes over before any policy: it asks about the first address alone, for every length.

That is `bgp_nlri_parse_ip` of FRR; which prefixes it takes was measured on 8.4.4, 10.3 and 10.7.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from ipaddress import ip_network
from typing import Final

from frrgen.model.types import Prefix
from frrgen.policy.sets.prefix_set import PrefixSet, union

_NO_ROUTES: Final = {4: (("multicast", "224.0.0.0/4"),), 6: (("link-local", "fe80::/10"), ("multicast", "ff00::/8"))}


_MAPPED: Final = ("IPv4-mapped", "::ffff:0:0/96")
"""Ignored from FRR 10 on, beside the others of IPv6."""


@cache
def ignored(version: int, frr: tuple[int, ...]) -> tuple[tuple[PrefixSet, str], ...]:
    """Return the prefixes of an IP version that an FRR ignores, and why."""
    kinds = (*_NO_ROUTES[version], *([_MAPPED] if version == 6 and frr >= (10,) else []))
    return tuple(
        (_beginning_in(ip_network(text)), f"it begins with {_article(kind)} {kind} address: bgpd ignores it")
        for kind, text in kinds
    )


def _article(word: str) -> str:
    return "an" if word[0] in "AEIO" else "a"


def _beginning_in(addresses: Prefix) -> PrefixSet:
    """Yield the prefixes whose first address is one of these: 224.0.0.0/3 is as much of 224.0.0.0/4 as 239.0.0.0/8."""

    def blocks() -> Iterator[PrefixSet]:
        yield PrefixSet.block(addresses, addresses.prefixlen, addresses.max_prefixlen)
        wider = addresses
        while wider.prefixlen and (wider := wider.supernet()).network_address == addresses.network_address:
            yield PrefixSet.block(wider)

    return union(addresses.version, blocks())
