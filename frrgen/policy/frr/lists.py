"""What a list says of a value: the first entry that matches decides; at the end is a deny."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

from frrgen.model.lists import (
    AccessList,
    AccessListEntry,
    AsPathList,
    CommunityList,
    LargeCommunityList,
    PrefixList,
    PrefixListEntry,
)
from frrgen.model.router import Router
from frrgen.model.types import Prefix, community_value, large_community_value
from frrgen.policy.sets.automaton import surely_found
from frrgen.policy.sets.route import Route

INTERNET = 0
"""The community 0:0."""
_PLAIN_INTERNET = (10,)
"""From this version on 0:0 is a community like any other (seen on 10.3 and 10.7.1; before, on 8.4.4, it is every route,
and its text is `internet`)."""
_ALL = 0xFFFFFFFF


def every_route(values: Iterable[int], version: tuple[int, ...]) -> bool:
    """Tell whether a line of a standard community list matches every route, whatever stands beside `internet`."""
    return version < _PLAIN_INTERNET and INTERNET in values


def internet_text(version: tuple[int, ...]) -> str:
    """Return the text that expanded lists see for the community 0:0."""
    return "internet" if version < _PLAIN_INTERNET else "0:0"


def _text(route: Route, version: tuple[int, ...]) -> str:
    words = route.community_string
    return words if INTERNET not in route.communities else words.replace("internet", internet_text(version), 1)


@dataclass(frozen=True, slots=True)
class ListAnswer:
    """The answer of a list: permit or not, and by which entry (None: the implicit deny)."""

    permit: bool
    seq: int | None


def _first(entries: Iterable[Any], matches: Any) -> ListAnswer:
    for entry in entries:
        if matches(entry):
            return ListAnswer(entry.action == "permit", entry.seq)
    return ListAnswer(permit=False, seq=None)


def prefix_list(lst: PrefixList, prefix: Prefix) -> ListAnswer:
    """Ask a prefix list (FRR: no ge and le is the exact length; only ge goes up to the longest)."""
    return _first(lst.entries, lambda entry: prefix_entry(entry, prefix))


def prefix_entry(entry: PrefixListEntry, prefix: Prefix) -> bool:
    """Tell whether an entry covers a prefix."""
    own = entry.prefix
    if own.version != prefix.version:
        return False
    low = own.prefixlen if entry.ge is None else entry.ge
    high = (own.max_prefixlen if entry.ge is not None else low) if entry.le is None else entry.le
    if not low <= prefix.prefixlen <= high:
        return False
    shift = own.max_prefixlen - own.prefixlen
    return int(prefix.network_address) >> shift == int(own.network_address) >> shift


def access_list(lst: AccessList, prefix: Prefix) -> ListAnswer:
    """Ask an access list: a prefix covers longer ones unless `exact`; a source is compared with the route's address."""
    return _first(lst.entries, lambda entry: _access_entry(entry, prefix))


def _access_entry(entry: AccessListEntry, prefix: Prefix) -> bool:
    if entry.prefix is not None:
        own = entry.prefix
        if own.version != prefix.version or own.prefixlen > prefix.prefixlen:
            return False
        if entry.exact and own.prefixlen != prefix.prefixlen:
            return False
        shift = own.max_prefixlen - own.prefixlen
        return int(prefix.network_address) >> shift == int(own.network_address) >> shift
    if prefix.version != 4 or entry.source is None:
        return False
    if not _wild(int(prefix.network_address), entry.source, entry.wildcard):
        return False
    # the extended form compares its destination with the route's mask
    return entry.destination is None or _wild(int(prefix.netmask), entry.destination, entry.destination_wildcard)


def _wild(value: int, wanted: Any, wildcard: IPv4Address | None) -> bool:
    if wanted == "any":
        return True
    cared = _ALL ^ (int(wildcard) if wildcard is not None else 0)
    return value & cared == int(wanted) & cared


def as_path_list(lst: AsPathList, route: Route) -> ListAnswer:
    """Ask an as-path list."""
    return _first(lst.entries, lambda entry: surely_found(entry.regex, route.as_path))


def excluded_by(router: Router, name: str, number: str) -> bool:
    """Tell whether `set as-path exclude as-path-access-list NAME` takes an AS number out, over eBGP.

    FRR 10.3 and 10.7.1 ask every line of the list, `deny` as well as `permit`, and of every list whose name comes
    behind its name.
    """
    if name not in router.as_path_lists:
        return False
    lines = (entry for other, lst in router.as_path_lists.items() if other >= name for entry in lst.entries)
    return any(surely_found(entry.regex, number) for entry in lines)


def community_list(lst: CommunityList, route: Route, version: tuple[int, ...], *, exact: bool) -> ListAnswer:
    """Ask a community list: all values of a line must be there; an expression sees the whole sorted string."""

    def matches(entry: Any) -> bool:
        if entry.regex is not None:
            if not route.communities and version >= (10,):
                return False
            return surely_found(entry.regex, _text(route, version))
        values = frozenset(community_value(text) for text in entry.communities)
        if every_route(values, version):
            return True
        return values == route.communities if exact else values <= route.communities

    return _first(lst.entries, matches)


def deleted_communities(lst: CommunityList, route: Route, version: tuple[int, ...]) -> frozenset[int]:
    """Find the communities that `set comm-list NAME delete` takes away: each is asked about alone."""

    def permitted(value: int) -> bool:
        alone = Route(route.prefix, communities=frozenset({value}))

        def matches(entry: Any) -> bool:
            if entry.regex is not None:
                return surely_found(entry.regex, _text(alone, version))
            values = {community_value(text) for text in entry.communities}
            return value in values or every_route(values, version)

        return _first(lst.entries, matches).permit

    return frozenset(value for value in route.communities if permitted(value))


def large_community_list(lst: LargeCommunityList, route: Route, version: tuple[int, ...], *, exact: bool) -> ListAnswer:
    """Ask a large-community list."""

    def matches(entry: Any) -> bool:
        if entry.regex is not None:
            if not route.large_communities and version >= (10,):
                return False
            return surely_found(entry.regex, route.large_community_string)
        values = frozenset(large_community_value(text) for text in entry.communities)
        return values == route.large_communities if exact else values <= route.large_communities

    return _first(lst.entries, matches)


def deleted_large_communities(lst: LargeCommunityList, route: Route) -> frozenset[tuple[int, int, int]]:
    """Find the large communities that `set large-comm-list NAME delete` takes away."""

    def permitted(value: tuple[int, int, int]) -> bool:
        alone = Route(route.prefix, large_communities=frozenset({value}))

        def matches(entry: Any) -> bool:
            if entry.regex is not None:
                return surely_found(entry.regex, alone.large_community_string)
            return value in {large_community_value(text) for text in entry.communities}

        return _first(lst.entries, matches).permit

    return frozenset(value for value in route.large_communities if permitted(value))
