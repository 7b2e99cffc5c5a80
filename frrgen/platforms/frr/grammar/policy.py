"""How FRR writes lists and route maps."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from frrgen.lines.form import text_of
from frrgen.lines.kinds import DeleteRule, PairRule
from frrgen.lines.rule import Data, Impact, LineRule, RuleTable, WordsRule
from frrgen.model.lists import AccessListEntry, PrefixListEntry
from frrgen.model.router import Router
from frrgen.model.types import is_number


class AdditiveRule(LineRule):
    """`set community A B [additive]` or `none`."""

    def body(self, value: Any, key: str = "") -> str:
        """Write the communities, `additive` last."""
        return super().body(value.communities, key) + (" additive" if value.additive else "")

    def read(self, match: re.Match[str], data: Data) -> None:
        """Read the communities in any order."""
        words = match["value"].split()
        values = [word for word in words if word != "additive"]
        data[self.field] = {
            "communities": "none" if values == ["none"] else values,
            "additive": "additive" in words,
        }


_MATCH: Final = (
    ("ip_address_prefix_list", "ip address prefix-list {}"),
    ("ip_address_prefix_len", "ip address prefix-len {}"),
    ("ip_address", "ip address {}"),
    ("ipv6_address_prefix_list", "ipv6 address prefix-list {}"),
    ("ipv6_address_prefix_len", "ipv6 address prefix-len {}"),
    ("ipv6_address", "ipv6 address {}"),
    ("ip_next_hop_address", "ip next-hop address {}"),
    ("ip_next_hop_prefix_list", "ip next-hop prefix-list {}"),
    ("ip_next_hop_prefix_len", "ip next-hop prefix-len {}"),
    ("ip_next_hop_blackhole", "ip next-hop type blackhole"),
    ("ip_next_hop", "ip next-hop {}"),
    ("ipv6_next_hop_address", "ipv6 next-hop address {}"),
    ("ipv6_next_hop_prefix_list", "ipv6 next-hop prefix-list {}"),
    ("ipv6_next_hop_blackhole", "ipv6 next-hop type blackhole"),
    ("ipv6_next_hop", "ipv6 next-hop {}"),
    ("ip_route_source_prefix_list", "ip route-source prefix-list {}"),
    ("ip_route_source", "ip route-source {}"),
    ("as_path", "as-path {}"),
    ("community", "community {name}[ {mode}]"),
    ("large_community", "large-community {name}[ {mode}]"),
    ("extcommunity", "extcommunity {name}[ {mode}]"),
    ("local_preference", "local-preference {}"),
    ("metric", "metric {}"),
    ("tag", "tag {}"),
    ("origin", "origin {}"),
    ("peer", "peer {}"),
    ("interface", "interface {}"),
    ("source_protocol", "source-protocol {}"),
    ("source_vrf", "source-vrf {}"),
    ("probability", "probability {}"),
    ("rpki", "rpki {}"),
    ("alias", "alias {}"),
    ("as_path_count", "as-path-count {}"),
    ("community_limit", "community-limit {}"),
    ("extcommunity_limit", "extcommunity-limit {}"),
    ("src_peer", "src-peer {}"),
    ("rpki_extcommunity", "rpki-extcommunity {}"),
    ("script", "script {}"),
    ("source_instance", "source-instance {}"),
    ("vpn_dataplane", "vpn dataplane {}"),
)

ENTRY: Final = RuleTable(
    LineRule("description", "description {*}", undo="description"),
    LineRule("call", "call {}", undo="call"),
    LineRule("on_match", "on-match next", const="next"),
    LineRule("on_match", "on-match goto {}", undo="on-match goto", but="next"),
    LineRule("on_match", "continue {}", parse_only=True),
    impact=Impact.NONE,
)
"""Lines of a route-map entry that are neither match nor set."""

MATCH: Final = RuleTable(
    *(
        LineRule(
            field,
            f"match {form}",
            undo="match probability" if field == "probability" else None,
            stays=field == "rpki_extcommunity",
        )
        for field, form in _MATCH
    ),
    impact=Impact.NONE,
)

_EXCLUDING: Final = ("as_path_exclude", "as_path_exclude_all", "as_path_exclude_list")

SET: Final = RuleTable(
    LineRule(
        "as_path_prepend_last_as",
        "set as-path prepend last-as {}",
        undo="set as-path prepend",
        excludes=("as_path_prepend",),
    ),
    WordsRule(
        "as_path_prepend",
        "set as-path prepend {*}",
        undo="set as-path prepend",
        excludes=("as_path_prepend_last_as",),
    ),
    LineRule("as_path_exclude_all", "set as-path exclude all", undo_first=True, excludes=_EXCLUDING),
    LineRule(
        "as_path_exclude_list", "set as-path exclude as-path-access-list {}", undo_first=True, excludes=_EXCLUDING
    ),
    WordsRule("as_path_exclude", "set as-path exclude {*}", undo="set as-path exclude", excludes=_EXCLUDING),
    PairRule(
        "as_path_replace_list",
        "set as-path replace as-path-access-list {}",
        other="as_path_replace_with",
        other_form=" {}",
        undo_first=True,
        excludes=("as_path_replace",),
    ),
    PairRule(
        "as_path_replace",
        "set as-path replace {}",
        other="as_path_replace_with",
        other_form=" {}",
        undo="set as-path replace",
        excludes=("as_path_replace_list",),
    ),
    LineRule("extended_comm_list_delete", "set extended-comm-list {} delete", undo_first=True),
    DeleteRule("comm_list_delete", "set comm-list {} delete", behind="community"),
    AdditiveRule("community", "set community {*}", undo="set community"),
    DeleteRule("comm_list_delete", "set comm-list {} delete", behind="community", last=True),
    DeleteRule("large_comm_list_delete", "set large-comm-list {} delete", behind="large_community"),
    AdditiveRule("large_community", "set large-community {*}", undo="set large-community"),
    DeleteRule("large_comm_list_delete", "set large-comm-list {} delete", behind="large_community", last=True),
    WordsRule("extcommunity_rt", "set extcommunity rt {*}", undo="set extcommunity rt"),
    WordsRule("extcommunity_soo", "set extcommunity soo {*}", undo="set extcommunity soo"),
    LineRule(
        "extcommunity_bandwidth",
        "set extcommunity bandwidth {value}[ non-transitive?non_transitive]",
        undo="set extcommunity bandwidth",
    ),
    WordsRule("extcommunity_nt", "set extcommunity nt {*}"),
    WordsRule("extcommunity_color", "set extcommunity color {*}", undo="set extcommunity color"),
    LineRule("extcommunity_none", "set extcommunity none"),
    LineRule("local_preference", "set local-preference {}", undo="set local-preference"),
    LineRule("metric", "set metric {}", undo="set metric"),
    LineRule("min_metric", "set min-metric {}", undo="set min-metric"),
    LineRule("max_metric", "set max-metric {}", undo="set max-metric"),
    LineRule("aigp_metric", "set aigp-metric {}", undo="set aigp-metric"),
    LineRule("origin", "set origin {}", undo="set origin"),
    LineRule("weight", "set weight {}", undo="set weight"),
    LineRule("tag", "set tag {}", undo="set tag"),
    LineRule("distance", "set distance {}", undo="set distance"),
    LineRule("ip_next_hop", "set ip next-hop {}", undo_first=True),
    LineRule("ipv6_next_hop_global", "set ipv6 next-hop global {}", undo_first=True),
    LineRule("ipv6_next_hop_local", "set ipv6 next-hop local {}", undo_first=True),
    LineRule("ipv6_next_hop_peer_address", "set ipv6 next-hop peer-address"),
    LineRule("ipv6_next_hop_prefer_global", "set ipv6 next-hop prefer-global"),
    LineRule("src", "set src {}", undo="set src"),
    LineRule("table", "set table {}", undo="set table"),
    LineRule("aggregator", "set aggregator as {asn} {address}", undo="set aggregator as"),
    LineRule("atomic_aggregate", "set atomic-aggregate"),
    LineRule("originator_id", "set originator-id {}", undo="set originator-id"),
    LineRule("label_index", "set label-index {}", undo="set label-index"),
    LineRule("sr_te_color", "set sr-te color {}", undo="set sr-te color"),
    LineRule("ipv4_vpn_next_hop", "set ipv4 vpn next-hop {}", undo="set ipv4 vpn next-hop"),
    LineRule("ipv6_vpn_next_hop", "set ipv6 vpn next-hop {}", undo="set ipv6 vpn next-hop"),
    LineRule("l3vpn_encapsulation", "set l3vpn next-hop encapsulation {}"),
    impact=Impact.NONE,
)


def _prefix_entry(entry: PrefixListEntry) -> str:
    prefix, ge, le = entry.prefix, entry.ge, entry.le
    if not prefix.prefixlen and ge is None and le == prefix.max_prefixlen:
        return "any"
    return f"{prefix}{'' if ge is None else f' ge {ge}'}{'' if le is None else f' le {le}'}"


def _access_term(address: object, wildcard: object, *, extended: bool) -> str:
    if address == "any" or wildcard is not None:
        return f"{address}" if wildcard is None else f"{address} {wildcard}"
    return f"host {address}" if extended else str(address)


def _access_entry(entry: AccessListEntry) -> str:
    if entry.prefix is not None:
        if not entry.prefix.prefixlen and not entry.exact:
            return "any"
        return f"{entry.prefix}{' exact-match' if entry.exact else ''}"
    if entry.destination is None:
        return _access_term(entry.source, entry.wildcard, extended=False)
    source = _access_term(entry.source, entry.wildcard, extended=True)
    return f"ip {source} {_access_term(entry.destination, entry.destination_wildcard, extended=True)}"


def _regex_or_communities(entry: Any) -> str:
    return entry.regex if entry.communities is None else text_of(entry.communities)


class ListKind(NamedTuple):
    """A kind of list: where it is in the model, and how its lines begin."""

    field: str
    """The field of Router."""
    words: str
    value: Callable[[Any], str]
    """What an entry permits or denies."""
    northbound: bool
    """Whether FRR takes contiguous lines as one transaction."""
    typed: bool = False
    """The words are followed by standard or expanded."""
    note: str = ""
    """The keyword of its description."""
    undo_by_seq: bool = False
    """`no … seq N` is enough to remove an entry."""

    def of(self, router: Router) -> Mapping[str, Any]:
        """Return the router's lists of this kind."""
        return getattr(router, self.field)  # type: ignore[no-any-return]

    def head(self, name: str, lst: Any) -> str:
        """Write how every line of the list begins."""
        if self.typed and not is_number(name):
            return f"{self.words} {lst.kind} {name}"
        return f"{self.words} {name}"

    def entry(self, head: str, entry: Any) -> str:
        """Write an entry."""
        return f"{head} seq {entry.seq} {entry.action} {self.value(entry)}"

    def undo_entry(self, head: str, entry: Any) -> str:
        """Write the line that removes an entry."""
        return f"no {head} seq {entry.seq}" if self.undo_by_seq else f"no {self.entry(head, entry)}"

    def note_of(self, lst: Any) -> str | None:
        """Return the list's description."""
        return getattr(lst, self.note, None) if self.note else None


LISTS: Final = (
    ListKind("as_path_lists", "bgp as-path access-list", lambda entry: str(entry.regex), northbound=False),
    ListKind("community_lists", "bgp community-list", _regex_or_communities, northbound=False, typed=True),
    ListKind("large_community_lists", "bgp large-community-list", _regex_or_communities, northbound=False, typed=True),
    ListKind("extcommunity_lists", "bgp extcommunity-list", _regex_or_communities, northbound=False, typed=True),
    ListKind("prefix_lists", "ip prefix-list", _prefix_entry, northbound=True, note="description", undo_by_seq=True),
    ListKind(
        "ipv6_prefix_lists", "ipv6 prefix-list", _prefix_entry, northbound=True, note="description", undo_by_seq=True
    ),
    ListKind("access_lists", "access-list", _access_entry, northbound=True, note="remark"),
    ListKind("ipv6_access_lists", "ipv6 access-list", _access_entry, northbound=True, note="remark"),
)
"""In the order in which they are written: what bgpd alone knows, then what is one transaction with the route maps."""
