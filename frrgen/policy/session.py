"""One direction of one session: what is attached to it, and what FRR does before and beside route maps."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any, Literal

from frrgen.model.bgp import FAMILIES, Bgp, Neighbor, PeerGroup
from frrgen.model.router import Router
from frrgen.model.types import Address
from frrgen.policy.regex import UndecidedError

Direction = Literal["in", "out"]
_DIRECTIONS: tuple[Direction, ...] = ("in", "out")
Path = tuple[str, ...]
Rule = tuple[tuple[tuple[str, bool], ...], str]
"""Expressions that are found, or not, in the AS path of a route that is refused if all of that holds; and why."""


class Session:
    """A neighbor in one direction."""

    def __init__(self, router: Router, neighbor: str, direction: Direction, *, vrf: str | None = None) -> None:
        """Find the neighbor. Raises KeyError if there is none of that name."""
        bgp = router.bgp if vrf is None else router.vrfs[vrf].bgp
        if bgp is None:
            raise KeyError(neighbor)
        self.router = router
        self.bgp: Bgp = bgp
        self.name = neighbor
        self.direction: Direction = direction
        self.bgp_path: Path = ("bgp",) if vrf is None else ("vrfs", vrf, "bgp")
        self.path: Path = (*self.bgp_path, "neighbors", neighbor)
        self.neighbor: Neighbor = bgp.neighbors[neighbor]
        self.group: PeerGroup | None = bgp.peer_groups.get(self.neighbor.peer_group or "")
        self.remote = self.neighbor.remote_as or (self.group.remote_as if self.group is not None else None)
        self.external = self.remote not in ("internal", bgp.asn)
        self.version = router.version

    @staticmethod
    def of_map(router: Router, name: str) -> Session:
        """Find a session that a route map is attached to; if there is none, take an external one, inbound."""
        for vrf in (None, *router.vrfs):
            bgp = router.bgp if vrf is None else router.vrfs[vrf].bgp
            for neighbor in bgp.neighbors if bgp is not None else ():
                for direction in _DIRECTIONS:
                    session = Session(router, neighbor, direction, vrf=vrf)
                    if name in session.maps():
                        return session
        asn = router.bgp.asn if router.bgp is not None else 64512
        bgp = Bgp.model_validate({"asn": asn, "neighbors": {"192.0.2.1": {"remote_as": "external"}}})
        return Session(router.model_copy(update={"bgp": bgp}), "192.0.2.1", "in")

    @property
    def matched_preference(self) -> int:
        """What `match local-preference` takes an absent one for."""
        return 0 if self.external else 100

    @property
    def set_preference(self) -> int:
        """From where `set local-preference +N` counts if there is none."""
        return 0 if self.external and self.version < (10,) else 100

    def peer_address(self) -> Address | None:
        """Give the neighbor's address; None if it is an interface."""
        try:
            return ip_address(self.name)
        except ValueError:
            return None

    def option(self, name: str) -> Any:
        """Give an option of the neighbor, or of its group."""
        own = getattr(self.neighbor, name)
        return getattr(self.group, name, None) if own is None and self.group is not None else own

    def family_option(self, family: str, name: str) -> Any:
        """Give an option of an address family, of the neighbor or its group."""
        found = (getattr(getattr(one, family), name) for one in (self.neighbor, self.group) if one is not None)
        return next((value for value in found if value is not None), None)

    def attached(self, kind: str, family: str) -> tuple[str | None, Path]:
        """Find what is attached (route_map, prefix_list, …), on the neighbor or on its group, and where that stands."""
        fieldname = f"{kind}_{self.direction}"
        owners: list[tuple[Any, Path]] = [(self.neighbor, self.path)]
        if self.group is not None:
            owners.append((self.group, (*self.bgp_path, "peer_groups", self.neighbor.peer_group or "")))
        for one, path in owners:
            name = getattr(getattr(one, family), fieldname)
            if name is not None:
                return name, (*path, family, fieldname)
        return None, (*self.path, family)

    def maps(self) -> list[str]:
        """Give the names of the route maps that are attached, of both families."""
        found = (self.attached("route_map", family)[0] for family in ("ipv4_unicast", "ipv6_unicast"))
        return [name for name in found if name is not None]

    def active(self, family: str) -> bool:
        """Tell whether an address family is activated."""
        said = self.family_option(family, "activate")
        return bool(family == "ipv4_unicast" and self.bgp.default_ipv4_unicast if said is None else said)

    @staticmethod
    def inactive(family: str) -> str:
        """Say why nothing is exchanged in a family."""
        return f"{family.replace('_', ' ')} is not activated on this session: nothing is exchanged"

    @property
    def decisive(self) -> tuple[Any, ...]:
        """Give all of the session, beside lists and maps, that decides on routes: sessions alike in it are alike."""
        owners = [one for one in (self.neighbor, self.group) if one is not None]
        parts = [getattr(one, family) for one in owners for family in FAMILIES]
        bgp = self.bgp
        own = (bgp.asn, bgp.ebgp_requires_policy, bgp.default_ipv4_unicast)
        return self.direction, self.remote, self.option("enforce_first_as"), *own, *parts

    def has_policy(self, family: str) -> bool:
        """Tell whether anything is attached that counts as a policy (RFC 8212)."""
        kinds = ("distribute_list", "prefix_list", "filter_list", "route_map")
        return any(self.attached(kind, family)[0] for kind in kinds)

    def without_map(self, family: str) -> tuple[bool, str, Path]:
        """Tell what becomes of a route that lists let pass, where no route map is attached."""
        if self.external and self.bgp.ebgp_requires_policy and not self.has_policy(family):
            word = "accepted" if self.direction == "in" else "announced"
            return False, f"no policy {self.direction} on an eBGP session: nothing is {word} (RFC 8212)", self.path
        return True, "nothing more is attached: permitted", self.path

    @staticmethod
    def holder(kind: str, version: int) -> str:
        """Name the router's field that holds the lists of a kind of attachment."""
        v6 = "ipv6_" if version == 6 else ""
        return {"distribute_list": f"{v6}access_lists", "prefix_list": f"{v6}prefix_lists"}.get(kind, "as_path_lists")

    def source_protocol(self, protocol: str) -> tuple[bool, str]:
        """Tell what `match source-protocol` does. Raises UndecidedError outbound from FRR 9 on."""
        if self.version < (9,):
            return True, "source protocol: FRR 8 drops this clause without a word, so it matches"
        if self.direction == "in":
            return False, f"source protocol {protocol}: never matches an inbound route"
        raise UndecidedError("match source-protocol outbound asks where the route comes from")

    def path_rules(self, family: str) -> list[Rule]:
        """Give what FRR refuses of AS paths before any inbound policy (RFC 4271 section 9.1.2, RFC 7607)."""
        own = self.bgp.asn
        allowed = self.family_option(family, "allowas_in") or 0
        why = f"AS {own}, our own, is in the path"
        rules: list[Rule] = []
        if allowed == "origin":
            rules.append((((f"_{own}_", True), (f"_{own}[}}]?$", False)), why))
        else:
            rules.append((((f"_{own}_" + f"(.*_)?{own}_" * int(allowed), True),), why))
        rules.append(((("_0_", True),), "AS 0 is in the path (RFC 7607)"))
        first = self.option("enforce_first_as")
        enforced = self.version >= (9, 1) if first is None else first
        if enforced and self.external and isinstance(self.remote, int):
            why = f"the path does not begin with AS {self.remote} (enforce-first-as)"
            rules.append((((f"^[{{]?{self.remote}_", False),), why))
        return rules
