"""What the settings of the package may refer to: a line whose reference does not exist is silently left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from frrgen.platforms.pfsense.host import HostFacts
from frrgen.platforms.pfsense.php import Entry, among, ip_version
from frrgen.platforms.pfsense.schema import Sections

WELL_KNOWN: Final = ("internet", "no-export", "no-advertise", "local-as")
"""Communities that the package takes by name."""


@dataclass(frozen=True)
class Settings:
    """The sections as PHP sees them, with the names that a selection would offer."""

    sections: Sections
    box: HostFacts

    def all(self, section: str) -> list[Entry]:
        """Return the entries of a section."""
        return [Entry(config) for config in self.sections.get(section, ()) if config]

    def first(self, section: str) -> Entry:
        """Return the entry of a single section; empty if there is none."""
        return next(iter(self.all(section)), Entry())

    def _names(self, section: str, *more: str, key: str = "name") -> frozenset[str]:
        return frozenset((*more, *(entry[key] for entry in self.all(section))))

    def _lists(self, section: str, *families: str) -> frozenset[str]:
        found = (entry["name"] for entry in self.all(section) if entry["iptype"].lower() in families)
        return frozenset(("none", *found))

    @cached_property
    def access_lists(self) -> frozenset[str]:
        """Of both families."""
        return self._lists("frrglobalacls", "ipv4", "ipv6")

    @cached_property
    def prefix_lists(self) -> frozenset[str]:
        """Of both families."""
        return self._lists("frrglobalprefixes", "ipv4", "ipv6")

    @cached_property
    def prefix_lists_of(self) -> Mapping[str, frozenset[str]]:
        """The IPv4 (`ip`) and the IPv6 (`ipv6`) ones; `none` is in both."""
        return {
            "ip": self._lists("frrglobalprefixes", "ipv4"),
            "ipv6": self._lists("frrglobalprefixes", "ipv6"),
        }

    @cached_property
    def route_maps(self) -> frozenset[str]:
        """Names of route maps, those that are never written too."""
        return self._names("frrglobalroutemaps", "none")

    @cached_property
    def exits(self) -> frozenset[str]:
        """The numbers of all entries of all route maps."""
        return self._names("frrglobalroutemaps", "none", "next", key="seq")

    @cached_property
    def as_paths(self) -> frozenset[str]:
        """Names of as-path lists."""
        return self._names("frrbgpaspaths", "none")

    @cached_property
    def communities(self) -> frozenset[str]:
        """Names of community lists, and the communities known by name."""
        return self._names("frrbgpcommunities", "none", *WELL_KNOWN)

    @cached_property
    def _peers(self) -> frozenset[str]:
        return self._names("frrbgpneighbors", key="peer")

    @cached_property
    def groups(self) -> frozenset[str]:
        """Neighbors that are no address."""
        return frozenset(("none", *(peer for peer in self._peers if not ip_version(peer))))

    @cached_property
    def next_hops(self) -> frozenset[str]:
        """Neighbors that are an address, and the words of the selection."""
        return frozenset(("none", "local", "unchanged", "peer-address", *filter(ip_version, self._peers)))

    def source(self, choice: str, family: str) -> str:
        """Find the address that an update source has now, of the family `ipv4` or `ipv6`; "" if it has none.

        An interface is chosen by its name, a virtual address as `_vipID|ADDRESS`.
        """
        name, _, address = choice.partition("|")
        addresses = self.box.interfaces.get(name, ())
        if name.startswith("_vip"):
            return address if address in addresses else ""
        wanted = 6 if family == "ipv6" else 4
        return "" if "|" in choice else next((one for one in addresses if ip_version(one) == wanted), "")

    @cached_property
    def addresses(self) -> frozenset[str]:
        """All addresses of the box."""
        return frozenset(address for addresses in self.box.interfaces.values() for address in addresses)


def chosen(value: str, names: Collection[str]) -> bool:
    """Tell whether a selection leads to something: it is offered, and is not `none`."""
    return value != "none" and among(value, names)
