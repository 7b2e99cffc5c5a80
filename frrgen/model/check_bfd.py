"""Return where BFD is asked for with another router of the inventory that has no BFD for the session."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from frrgen.codes import Code
from frrgen.errors import Finding, Where
from frrgen.model.bgp import Bgp
from frrgen.model.neighbor import Neighbor, NeighborOptions
from frrgen.model.router import Router
from frrgen.model.types import Address, is_address


@dataclass(frozen=True)
class _End:
    """One end of a session that says its own address."""

    router: Router
    vrf: str | None
    bgp: Bgp
    peer: str
    neighbor: Neighbor

    @property
    def options(self) -> tuple[NeighborOptions, ...]:
        return self.bgp.with_group(self.neighbor)

    def expects(self, other: _End) -> bool:
        """Tell whether the other end has the AS number that this end wants."""
        wanted = next((one.remote_as for one in self.options if one.remote_as is not None), None)
        internal = self.bgp.asn == other.bgp.asn
        return wanted in (other.bgp.asn, "internal" if internal else "external")

    def may_speak_bfd(self, other: Address) -> bool:
        router = self.router
        raw = (*router.raw, *self.bgp.raw, *(line for vrf in router.vrfs.values() for line in vrf.raw))
        return (
            any(one.bfd is not None for one in self.options)
            or any(one.address == other for one in router.bfd_peers)
            or any("bfd" in line for line in raw)
        )


def check_bfd(routers: Mapping[str, Router]) -> Iterator[Finding]:
    """Yield the sessions with BFD whose other end has none.

    The other end is known where each end dials from the address (`update_source`) that the other has for its neighbor,
    both have the AS number that the other wants, and no third router has the same addresses.
    """
    found = [one for router in routers.values() for one in _ends(router)]
    times = Counter(addresses for addresses, _ in found)
    ends = {addresses: end for addresses, end in found if times[addresses] == 1}
    for (own, theirs), end in ends.items():
        other = ends.get((theirs, own))
        if other is None or other.router is end.router or not any(one.bfd is not None for one in end.options):
            continue
        if end.expects(other) and other.expects(end) and not other.may_speak_bfd(own):
            text = f"{other.router.name}, the other end, has no bfd for {other.peer}: BFD does not come up"
            vrf = () if end.vrf is None else ("vrfs", end.vrf)
            path = ("routers", end.router.name, *vrf, "bgp", "neighbors", end.peer)
            path = path if end.neighbor.bfd is None else (*path, "bfd")
            yield Finding(Code.FRR227, text, Where(path=path), "write `bfd: {}` there, too")


def _ends(router: Router) -> Iterator[tuple[tuple[Address, Address], _End]]:
    for vrf, bgp in router.instances():
        for peer, neighbor in bgp.neighbors.items():
            end = _End(router, vrf, bgp, peer, neighbor)
            source = next((one.update_source for one in end.options if one.update_source is not None), None)
            if source is not None and is_address(str(source)) and is_address(peer):
                yield (ip_address(str(source)), ip_address(peer)), end
