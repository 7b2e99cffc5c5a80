"""Neighbors that nobody names: those of a listen range."""

from __future__ import annotations

from ipaddress import ip_address

from frrgen.model.bgp import Bgp
from frrgen.model.neighbor import Neighbor, NeighborFamily, PeerGroup
from frrgen.model.router import Router


def as_dynamic(group: PeerGroup | None, router: Router, bgp: Bgp) -> PeerGroup | None:
    """Return a group as a dynamic neighbor has it.

    Before FRR 10.7 `no neighbor GROUP activate` of IPv4 unicast reaches no dynamic neighbor: the family is active by
    `bgp default ipv4-unicast`, and nothing that the group has in it applies (seen on 8.4.4 and 10.3, not on 10.7.1).
    """
    if group is None or router.version >= (10, 7) or not bgp.default_ipv4_unicast:
        return group
    if group.ipv4_unicast.activate is not False:
        return group
    return group.model_copy(update={"ipv4_unicast": NeighborFamily(activate=True)})


def dynamic_neighbor(bgp: Bgp, name: str) -> Neighbor:
    """Return what a neighbor is that nobody named, but whose address is in a listen range. Raises KeyError."""
    try:
        address = ip_address(name)
    except ValueError:
        raise KeyError(name) from None
    inside = [prefix for prefix in bgp.listen_ranges if prefix.version == address.version and address in prefix]
    if not inside:
        raise KeyError(name)
    return Neighbor(peer_group=bgp.listen_ranges[max(inside, key=lambda prefix: prefix.prefixlen)])
