"""One direction of one session: what FRR does with routes before, beside and behind route maps."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_address
from typing import Any, Final, NamedTuple

from frrgen.errors import Path
from frrgen.model.bgp import Bgp
from frrgen.model.neighbor import LocalAs, Neighbor
from frrgen.model.policy import Set
from frrgen.model.references import instance_refs
from frrgen.model.router import Router
from frrgen.model.types import FAMILIES, FAMILY_OF, Address
from frrgen.policy.frr.addresses import Same, has_foreign_hops
from frrgen.policy.frr.attached import Attached, Direction, maps_from
from frrgen.policy.sets.regex import UndecidedError

_DIRECTIONS: tuple[Direction, ...] = ("in", "out")

_UNSAID: Final = ("extcommunity", "interface", "rpki", "alias", "source_vrf", "ipv6_next_hop_blackhole")
"""Match clauses that ask for what a route alone does not tell."""
_NOBODY: Final = "192.0.2.1"


class Place(NamedTuple):
    """Where a route map is gone through, as far as its meaning depends on it."""

    direction: Direction
    external: bool
    origin: bool = False
    """Asked about routes that the router itself brings in, as `redistribute` does."""


class Session(Attached):
    """A neighbor in one direction, and what FRR does with routes beside its policy."""

    @staticmethod
    def find(router: Router, neighbor: str, direction: Direction) -> Session:
        """Find a neighbor in the main instance, or else in a VRF. Raises KeyError."""
        with suppress(ValueError):
            neighbor = str(ip_address(neighbor))
        for named in (True, False):
            for vrf, bgp in router.instances():
                if neighbor in bgp.neighbors or not named:
                    with suppress(KeyError):
                        return Session(router, neighbor, direction, vrf=vrf)
        raise KeyError(neighbor)

    @staticmethod
    def of_nobody(router: Router, place: Place) -> Session:
        """Return a session with nobody in particular, for questions about a route map alone."""
        remote = "external" if place.external else "internal"
        bgp = Bgp(asn=64512, neighbors={_NOBODY: Neighbor(remote_as=remote)})
        if router.bgp is not None:
            same = {"asn": router.bgp.asn, "default_local_preference": router.bgp.default_local_preference}
            bgp = bgp.model_copy(update=same)
        session = Session(router.model_copy(update={"bgp": bgp}), _NOBODY, place.direction)
        session.nobody, session.origin = True, place.origin
        session.foreign_hops = has_foreign_hops(Same(router))
        return session

    @property
    def place(self) -> Place:
        """Tell what a route map alone can know of the session."""
        return Place(self.direction, self.external)

    @staticmethod
    def places(router: Router) -> dict[str, list[Place]]:
        """Return the places of each route map; a map without a place counts as inbound of an eBGP neighbor."""
        found: dict[str, dict[Place, None]] = {name: {} for name in router.route_maps}
        for vrf, bgp in router.instances():
            for neighbor in bgp.neighbors:
                for direction in _DIRECTIONS:
                    session = Session(router, neighbor, direction, vrf=vrf)
                    for name in session.gone_through():
                        found[name][session.place] = None
            for family in FAMILIES:
                named = [ref[1] for _, ref in instance_refs(getattr(bgp, family))]
                for name in maps_from(router, named):
                    found[name][Place("in", external=True, origin=True)] = None
        return {name: list(places) or [Place("in", external=True)] for name, places in found.items()}

    @property
    def default_preference(self) -> int:
        """The local preference of what has none, inside of the AS."""
        said = self.bgp.default_local_preference
        return 100 if said is None else said

    @property
    def matched_preference(self) -> int:
        """What `match local-preference` takes an absent one for."""
        return 0 if self.external else self.default_preference

    @property
    def set_preference(self) -> int:
        """From where `set local-preference +N` counts if there is none."""
        # 8.4.4 and 10.3 count from 0, 10.7.1 from the default
        return 0 if self.external and self.version < (10, 7) else self.default_preference

    def moved_preference(self, value: int | None) -> int:
        """Return the local preference from which `set local-preference +N` counts."""
        return self.set_preference if value is None or (value == 0 and self.zero_is_none) else value

    @property
    def zero_is_none(self) -> bool:
        """Tell whether `set local-preference +N` takes 0 for none: 10.7.1 does."""
        return self.version >= (10, 7)

    def drops_med(self, version: int) -> bool:
        """Tell whether FRR drops a learned route's MED before the policy sets one; clauses still see it.

        `attribute-unchanged med` keeps the MED (seen on 8.4.4, 10.3 and 10.7.1).
        """
        kept = self.family_option(FAMILY_OF[version], "attribute_unchanged")
        return self.direction == "out" and self.external and "med" not in kept

    @property
    def rewrites_paths(self) -> bool:
        """Tell whether `set as-path exclude` does anything here: from FRR 9.1 on with eBGP neighbors alone."""
        return self.external or self.version < (9, 1)

    def hides_med(self, version: int) -> bool:
        """Tell whether clauses, too, do not see a learned route's MED: with 10.7.1 they do not, with 10.3 they do."""
        return self.drops_med(version) and self.version >= (10, 7)

    def matched_peer(self) -> Address | None:
        """Return the address that `match peer` and `match ip route-source` look at.

        Outbound FRR 8.4 asks about a stand-in of the update group, which has none. Raises UndecidedError where that
        has not been measured.
        """
        if self.nobody:
            raise UndecidedError("a route map alone does not tell which neighbor it is asked for")
        if self.direction == "in":
            return self.peer_address()
        if self.version >= (9,):
            raise UndecidedError("what `match peer` and `match ip route-source` do outbound has not been measured here")
        return None

    def as_peer(self, wanted: str) -> Address | str:
        """Return what a `match peer` clause names: an address, an interface or `local`."""
        try:
            return ip_address(wanted)
        except ValueError:
            if self.direction == "in" and self.peer_address() is None:
                why = f"match peer {wanted} on a neighbor without an address has not been measured"
                raise UndecidedError(why) from None
            return wanted

    def set_next_hop(self, sets: Set, version: int) -> Address | str | None:
        """Tell the next hop that an entry sets for routes of a version; a text if it is FRR's own; None: none.

        Raises UndecidedError for what has not been measured.
        """
        if version == 6:
            return self._ipv6_hop(sets)
        if sets.ip_next_hop == "peer-address":
            peer = self.peer_address()
            if self.direction == "out" or peer is None:
                return "peer-address"
            return peer if peer.version == version else None
        return None if sets.ip_next_hop == "unchanged" else sets.ip_next_hop

    def _ipv6_hop(self, sets: Set) -> Address | None:
        """Return the IPv6 next hop that an entry sets; `peer-address` of an IPv4 neighbor sets none.

        Raises UndecidedError for what has not been measured.
        """
        if not sets.ipv6_next_hop_peer_address:
            return sets.ipv6_next_hop_global
        peer = self.peer_address()
        if self.direction == "out" or peer is None or sets.ipv6_next_hop_global is not None:
            raise UndecidedError("what `set ipv6 next-hop peer-address` does here has not been measured")
        return peer if peer.version == 6 else None

    def beside(self, sets: Set, version: int) -> Address | None:
        """Return the IPv6 next hop that an entry sets on an IPv4 route (RFC 8950).

        Clauses do not see it, and an IPv4 address that is set before or behind outdoes it; outbound it counts only
        where the neighbor understands that. Raises UndecidedError where that cannot be told.
        """
        if version == 6 or not (sets.ipv6_next_hop_global or sets.ipv6_next_hop_peer_address):
            return None
        if self.direction == "in":
            return self._ipv6_hop(sets)
        if self.peer_address() is None or self.option("capability_extended_nexthop"):
            raise UndecidedError("whether IPv4 routes go out with an IPv6 next hop depends on the neighbor")
        return None

    def router_asn(self, peer_asn: int) -> int:
        """Return the AS number in the router's OPEN: `local-as`, or its confederation's, before its own."""
        local_as: LocalAs | None = self.option("local_as")
        if local_as is not None:
            return local_as.asn
        confederation = self.bgp.confederation
        if confederation is None or confederation.identifier is None:
            return self.bgp.asn
        return self.bgp.asn if peer_asn in {self.bgp.asn, *confederation.peers} else confederation.identifier

    @staticmethod
    def inactive(family: str) -> str:
        """Return why nothing is exchanged in a family."""
        return f"{family.replace('_', ' ')} is not activated on this session: nothing is exchanged"

    def without_map(self, family: str) -> tuple[bool, str, Path]:
        """Tell what becomes of a route that lists let pass, where no route map is attached."""
        if self.external and self.bgp.ebgp_requires_policy and not self.has_policy(family):
            word = "accepted" if self.direction == "in" else "announced"
            return False, f"no policy {self.direction} on an eBGP session: nothing is {word} (RFC 8212)", self.path
        return True, "default (nothing more is attached)", self.path

    @staticmethod
    def holder(kind: str, version: int) -> str:
        """Name the router's field that holds the lists of a kind of attachment."""
        v6 = "ipv6_" if version == 6 else ""
        return {"distribute_list": f"{v6}access_lists", "prefix_list": f"{v6}prefix_lists"}.get(kind, "as_path_lists")

    def settled(self, clause: str, value: Any) -> tuple[bool, str] | None:
        """Answer a match clause that every route answers alike, and say why; None: it depends on the route.

        Raises UndecidedError for what no route says.
        """
        words = clause.replace("_", " ")
        if clause in _UNSAID or (clause.startswith("ipv6_next_hop") and self.direction == "out"):
            raise UndecidedError(f"match {words} asks for what a route does not say")
        if clause == "probability":
            if value not in {0, 100}:
                raise UndecidedError("match probability is chance")
            return value == 100, f"probability {value} %"
        if clause.endswith("prefix_len"):
            return True, f"{words} {value}: FRR drops this clause without a message, so it matches"
        return self._source_protocol(value) if clause == "source_protocol" else None

    def _source_protocol(self, protocol: str) -> tuple[bool, str]:
        """Tell what `match source-protocol` does. Raises UndecidedError outbound from FRR 9 on."""
        if self.version < (9,):
            return True, "source protocol: FRR 8 drops this clause without a message, so it matches"
        if self.direction == "in" and not self.origin:
            return False, f"source protocol {protocol}: never matches an inbound route"
        raise UndecidedError("match source-protocol asks where the route comes from, unless it comes from a neighbor")

    @property
    def prepended_local_as(self) -> str:
        """What FRR puts in front of the AS path of what comes in (`local-as` without `no-prepend`)."""
        local = self.option("local_as")
        return "" if local is None or local.no_prepend or self.direction == "out" else str(local.asn)

    def weight(self, family: str) -> int:
        """Return the weight with which a route comes to the inbound policy."""
        return self.family_option(family, "weight") or 0 if self.direction == "in" else 0

    @property
    def adds_well_known(self) -> bool:
        """Tell whether FRR makes the local preference of a route with `graceful-shutdown` 0, behind any policy.

        It does so inbound, over eBGP (RFC 8326 section 4.2).
        """
        return self.direction == "in" and self.external

    @property
    def keeps_blackholes(self) -> bool:
        """Tell whether FRR adds `no-export` to a route with `blackhole`, behind any policy (RFC 7999).

        It does so inbound: 8.4.4 over eBGP, 10.3 and 10.7.1 over iBGP as well.
        """
        return self.direction == "in" and (self.external or self.version >= (10,))

    @property
    def graceful_shutdown_applies(self) -> bool:
        """Tell whether `bgp graceful-shutdown` changes what has passed, behind any policy.

        It gets the community and local preference 0 from an eBGP neighbor, the community to one, and local preference
        0 to an iBGP one.
        """
        return self.bgp.graceful_shutdown and (self.external or self.direction == "out")

    def deletes_last(self, wanted: bool) -> bool:  # noqa: FBT001
        """Tell whether communities are deleted behind those that the same entry sets, where the file says so.

        FRR 8.4 keeps the order of the lines until it is started again; from FRR 10 on it deletes first.
        """
        return wanted and self.version < (10,)
