"""One concrete route, as BGP carries it to or from a neighbor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from frrgen.model.types import Address, Prefix, community_text


@dataclass(frozen=True, slots=True)
class Route:
    """A route and its attributes; None: the attribute is not there."""

    prefix: Prefix
    as_path: str = ""
    """As FRR shows it: `65001 65002 {65010,65011}`; empty for a route of the AS itself."""
    next_hop: Address | None = None
    med: int | None = None
    local_preference: int | None = None
    origin: str = "igp"
    communities: frozenset[int] = frozenset()
    large_communities: frozenset[tuple[int, int, int]] = frozenset()
    weight: int = 0
    tag: int = 0
    rpki: Literal["valid", "invalid", "notfound"] | None = None
    """What the router's RPKI caches say of it (RFC 6811); None: not known."""

    @property
    def community_string(self) -> str:
        """The communities as expanded lists see them: sorted by value, well-known ones by name."""
        return " ".join(community_text(value) for value in sorted(self.communities))

    @property
    def large_community_string(self) -> str:
        """The large communities, sorted."""
        return " ".join(f"{a}:{b}:{c}" for a, b, c in sorted(self.large_communities))

    def to_json(self) -> dict[str, Any]:
        """Return the route as JSON data."""
        return {
            "prefix": str(self.prefix),
            "local_preference": self.local_preference,
            "med": self.med,
            "communities": self.community_string.split(),
            "large_communities": self.large_community_string.split(),
            "as_path": self.as_path,
            "next_hop": None if self.next_hop is None else str(self.next_hop),
            "weight": self.weight,
            "tag": self.tag,
            "origin": self.origin,
            **({} if self.rpki is None else {"rpki": self.rpki}),
        }
