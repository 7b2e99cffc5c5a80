"""Random models: whatever the types allow and FRR accepts. Names come from small pools, so that references meet.

What FRR says of a field beyond its type is written by hand; the strategies of other fields come from their types, so
that a new field is drawn without a word here. tests/model/test_strategies.py holds that no field is missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Le
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from frrgen.model.bgp import Bestpath, Bgp, DefaultFamily, GracefulRestart, MaxMed
from frrgen.model.evpn import Evpn, Vni
from frrgen.model.instance_family import AddressFamily, Aggregate, NetworkStatement
from frrgen.model.neighbor import Bfd, EvpnNeighbor, MaximumPrefix, Neighbor, NeighborFamily, PeerGroup
from frrgen.model.policy import Match, RouteMap, RouteMapEntry, Set
from frrgen.model.router import BfdPeer, BfdProfile, Log, Router, Rpki
from frrgen.model.since import Since

Data = dict[str, Any]
flags = st.booleans()
u32 = st.integers(0, 4294967295)
asns = st.one_of(st.integers(1, 65535), st.integers(65536, 4294967295)).filter(lambda asn: asn not in {23456, 65001})
words = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_:/!#'\"?\\$%&()é", min_size=1, max_size=12)
descriptions = st.lists(words, min_size=1, max_size=3).map(" ".join)
PREFIX_LISTS, PREFIX6_LISTS = ("P1", "P2", "P-3"), ("P1", "Q6")
ACCESS_LISTS, ACCESS6_LISTS = ("A1", "20"), ("A6",)
AS_PATHS, COMMUNITY_LISTS, LARGE_LISTS, EXT_LISTS = ("AP1", "AP2"), ("C1", "C2", "50"), ("L1",), ("E1",)
MAPS, GROUPS = ("RM1", "RM2", "RM-3"), ("G1", "G2")
V4_PEERS, V6_PEERS, IFACE_PEERS = ("192.0.2.1", "192.0.2.2", "198.51.100.9"), ("2001:db8::1", "2001:db8::2"), ("eth1",)
v4 = st.integers(0x0B000000, 0xDF000000).map(
    lambda number: f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.1"
)
v6 = st.integers(1, 0xFFFF).map(lambda number: f"2001:db8::{number:x}")
communities = st.lists(
    st.one_of(
        st.builds("{}:{}".format, st.integers(0, 65535), st.integers(0, 65535)),
        st.sampled_from(["no-export", "no-advertise", "blackhole", "graceful-shutdown", "local-AS"]),
    ).filter(lambda text: text != "0:0"),
    min_size=1,
    max_size=3,
)
larges = st.lists(st.builds("{}:{}:{}".format, u32, u32, u32), min_size=1, max_size=2)
rts = st.one_of(
    st.builds("{}:{}".format, st.integers(1, 65535), u32),
    st.builds("{}:{}".format, st.integers(65536, 4294967295), st.integers(0, 65535)),
    st.builds("{}:{}".format, v4, st.integers(0, 65535)),
)
LATEST: Final = "10.7"
VRFS: Final = ("red", "blue")
LEFT_OUT: Final = {
    "Router.description": "a note: no line of FRR",
    "Router.platform": "tests/boxes.py draws boxes of pfSense",
    "Router.pfsense": "tests/boxes.py draws boxes of pfSense",
    "Router.ssh": "how the router is reached: no line of FRR",
    "Router.checks": "what is asked behind a push: no line of FRR",
    "Router.ha": "the other box of a pair: tests/model/test_pairs.py",
    "Router.defaults": "FRR takes it from its startup file alone: tests/lab/test_defaults.py",
    "Router.raw": "a line that stands as it is: tests/model/test_raw_line.py",
    "Vrf.raw": "a line that stands as it is",
    "Bgp.raw": "a line that stands as it is",
    "Bgp.raw_families": "lines that stand as they are",
    "Evpn.raw": "a line that stands as it is",
    "Vni.raw": "a line that stands as it is",
    "AddressFamily.raw": "a line that stands as it is",
    "RouteMapEntry.raw": "a line that stands as it is",
    "ExtCommunityMatch.mode": "of FRR 10.7 alone",
    "RouteMap.optimization": "without it FRR 9 and 10 skip the first entry: tests/lab/test_policy_rules.py",
    "Neighbor.interface": "of a link-local neighbor: tests/parse/test_contexts.py",
    "Neighbor.v6only": "of an unnumbered neighbor",
    "PeerGroup.solo": "FRR shows none of a group: FRR237",
    "PeerGroup.local_as": "what a member has of it depends on the member's own AS",
    "PeerGroup.port": "FRR 8.4 shows none of a group",
    "PeerGroup.local_role": "FRR 8.4 keeps the role of a group for ever",
    "PeerGroup.local_role_strict": "FRR 8.4 keeps the role of a group for ever",
}
"""The fields that nothing here draws, and why."""
regexes = st.sampled_from(["^65001$", "_65010_", "^$", "(65001|65002)_", "[0-9]+", "^6500[1-3]_.*$"])


def data(required: dict[str, st.SearchStrategy[Any]] | None = None, **optional: st.SearchStrategy[Any]) -> Any:
    """Data of a model: the required fields, and any of the optional ones."""
    return st.fixed_dictionaries(required or {}, optional=optional)


def fields(**strategies: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    """Strategies by their field."""
    return strategies


def valid(model: Any, strategy: st.SearchStrategy[Data]) -> st.SearchStrategy[Any]:
    """Build a model of as many of the fields as can stand together."""

    def build(values: Data) -> Any:
        made = _made(model, values)
        if made is not None:
            return made
        required = {name: one for name, one in values.items() if model.model_fields[name].is_required()}
        kept, made = dict(required), _made(model, required)
        # twice: a field may need one that comes behind it
        for name, value in (*values.items(), *values.items()):
            if (more := _made(model, {**kept, name: value})) is not None:
                kept, made = {**kept, name: value}, more
        return made

    return strategy.map(build).filter(lambda made: made is not None)


def valid_data(model: Any, required: Data, strategy: st.SearchStrategy[Data]) -> st.SearchStrategy[Data]:
    """As many of the fields as can stand together beside what is required."""
    made = valid(model, strategy.map(lambda values: {**required, **values}))
    return made.map(lambda one: {name: getattr(one, name) for name in one.model_fields_set})


def _made(model: Any, values: Data) -> Any:
    try:
        return model.model_validate(values)
    except ValidationError:
        return None


def _has(version: str, metadata: Iterable[Any], value: Any = None) -> bool:
    """Tell whether a version of FRR has a field, or a value of it."""
    numbers = tuple(map(int, version.split(".")))
    for since in metadata:
        if isinstance(since, Since) and numbers < since.version and (not since.values or value in since.values):
            return False
    return True


def of_type(hint: Any, version: str, metadata: tuple[Any, ...] = ()) -> st.SearchStrategy[Any]:
    """Derive a strategy from a type. Raises LookupError for a type of which more must be known."""
    if get_origin(hint) is Annotated:
        return of_type(hint.__origin__, version, (*metadata, *hint.__metadata__))
    if get_origin(hint) in {Union, UnionType}:
        return st.one_of(*(of_type(one, version, metadata) for one in get_args(hint) if one is not NoneType))
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    if get_origin(hint) is tuple and get_args(hint)[1:] == (...,):
        return st.lists(of_type(get_args(hint)[0], version), min_size=1, max_size=2, unique=True)
    if get_origin(hint) is tuple:
        return st.tuples(*(of_type(one, version) for one in get_args(hint)))
    if hint is bool:
        return flags
    if hint is IPv4Address:
        return v4
    if hint is IPv6Address:
        return v6
    if hint is int:
        bounds = [one for field in metadata for one in (field.metadata if isinstance(field, FieldInfo) else [field])]
        least = next((one.ge for one in bounds if isinstance(one, Ge)), None)
        most = next((one.le for one in bounds if isinstance(one, Le)), None)
        if least is None or most is None:
            raise LookupError(f"{hint} without bounds")
        return st.integers(least, most)
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return whole(hint, version)
    raise LookupError(hint)


def rest(
    model: type[BaseModel], version: str, given: Iterable[str] = (), **by_hand: st.SearchStrategy[Any]
) -> dict[str, st.SearchStrategy[Any]]:
    """Return strategies of the fields that are not given, as far as a version of FRR has them."""
    found: dict[str, st.SearchStrategy[Any]] = {}
    hints = get_type_hints(model, include_extras=True)
    for name in model.model_fields:
        path = f"{model.__name__}.{name}"
        metadata = getattr(hints[name], "__metadata__", ())
        if name in given or path in LEFT_OUT or not _has(version, metadata):
            continue
        strategy = by_hand.get(name, POOLS.get(name))
        if strategy is None:
            strategy = of_type(hints[name], version)
        if any(isinstance(one, Since) and one.values for one in metadata):
            strategy = strategy.filter(lambda value, known=metadata: _has(version, known, value))
        found[name] = strategy
    return found


def whole(model: type[BaseModel], version: str, **by_hand: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy of a model, derived from the types of its fields."""
    found = rest(model, version, **by_hand)
    needed = {name: one for name, one in found.items() if model.model_fields[name].is_required()}
    return valid(model, data(needed, **{name: one for name, one in found.items() if name not in needed}))


@st.composite
def prefixes(draw: st.DrawFn, version: int = 4, shortest: int = 0, longest: int = 0) -> str:
    """A prefix without host bits."""
    width = 32 if version == 4 else 128
    length = draw(st.integers(shortest, longest or (32 if version == 4 else 64)))
    number = draw(st.integers(0, 2**width - 1)) >> (width - length) << (width - length)
    return str((IPv4Network if version == 4 else IPv6Network)((number, length)))


@st.composite
def prefix_entries(draw: st.DrawFn, version: int = 4) -> Data:
    """An entry of a prefix list, without its number."""
    prefix = draw(prefixes(version))
    length, longest = int(prefix.split("/")[1]), 32 if version == 4 else 128
    low = max(length, 1)
    bounds = draw(st.sampled_from(["", "ge", "le", "ge le"]))
    found: Data = {"action": draw(st.sampled_from(["permit", "deny"])), "prefix": prefix}
    ge = draw(st.integers(low, longest)) if "ge" in bounds else None
    if ge is not None:
        found["ge"] = ge
    if "le" in bounds:
        found["le"] = draw(st.integers(ge or low, longest))
    return found


def numbered(entries: st.SearchStrategy[Data], distinct: Any) -> st.SearchStrategy[list[Data]]:
    """Some entries with numbers of their own; FRR silently drops a value that a list already has."""

    @st.composite
    def make(draw: st.DrawFn) -> list[Data]:
        values = draw(st.lists(entries, min_size=1, max_size=4, unique_by=distinct))
        numbers = draw(st.lists(st.integers(1, 60), min_size=len(values), max_size=len(values), unique=True))
        return [{**value, "seq": seq} for value, seq in zip(values, numbers, strict=True)]

    return make()


def _prefix_key(entry: Data) -> tuple[Any, ...]:
    length = int(entry["prefix"].split("/")[1])
    longest = 128 if ":" in entry["prefix"] else 32
    ge, le = entry.get("ge"), entry.get("le")
    return entry["action"], entry["prefix"], ge or length, le or (longest if ge else length)


def _key(entry: Data) -> str:
    return repr(sorted((name, value) for name, value in entry.items()))


def _action(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Data]:
    return st.fixed_dictionaries({"action": st.sampled_from(["permit", "deny"]), **fields})


def prefix_lists(version: int) -> st.SearchStrategy[Data]:
    return data({"entries": numbered(prefix_entries(version), _prefix_key)}, description=descriptions)


access_v4 = st.one_of(
    _action(prefix=prefixes(4, 1), exact=flags),
    _action(source=v4),
    _action(source=v4.map(lambda a: a[: a.rindex(".")] + ".0"), wildcard=st.sampled_from(["0.0.0.255", "0.0.0.127"])),
    _action(source=v4, destination=v4),
    _action(source=v4, destination=st.just("192.0.2.0"), destination_wildcard=st.just("0.0.0.255")),
)


def _access_key(entry: Data) -> str:
    # behind an entry with exact-match FRR leaves out the same without
    return _key({name: value for name, value in entry.items() if name != "exact"})


access_lists = data({"entries": numbered(access_v4, _access_key)}, remark=descriptions)
access6_lists = data(
    {"entries": numbered(_action(prefix=prefixes(6, 1), exact=flags), _access_key)}, remark=descriptions
)
as_path_lists = data({"entries": numbered(_action(regex=regexes), _key)})


def _communities(values: st.SearchStrategy[list[str]]) -> st.SearchStrategy[Data]:
    def key(entry: Data) -> str:
        return repr((entry["action"], sorted(set(entry["communities"]))))

    return st.fixed_dictionaries({"entries": numbered(_action(communities=values), key)})


def _expanded() -> st.SearchStrategy[Data]:
    texts = st.one_of(regexes, st.sampled_from(["65000:.*", "^65000:1( |$)", "no-export"]))
    return st.fixed_dictionaries({"kind": st.just("expanded"), "entries": numbered(_action(regex=texts), _key)})


ext_values = st.lists(st.builds("{} {}".format, st.sampled_from(["rt", "soo"]), rts), min_size=1, max_size=2)


def _one_of(names: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.sampled_from(names)


ratios = st.builds("{}:{}".format, st.integers(1, 65535), st.integers(0, 65535))
_DROPPED: Final = st.lists(st.sampled_from([26, 99, 128]), min_size=1, max_size=2, unique=True)
POOLS: Final[dict[str, st.SearchStrategy[Any]]] = {
    "alias": st.just("ALIAS"),
    "allowas_in_map": _one_of(MAPS),
    "as_path_exclude_list": _one_of(AS_PATHS),
    "as_path_replace_list": _one_of(AS_PATHS),
    "discarded_attributes": _DROPPED,
    "extended_comm_list_delete": _one_of(EXT_LISTS),
    "extcommunity_nt": st.lists(rts, min_size=1, max_size=1),
    "extcommunity_color": st.lists(
        st.builds("{}:{}".format, st.sampled_from(["00", "01"]), st.integers(1, 1000)), min_size=1, max_size=2
    ),
    "import_vrf": st.lists(_one_of(VRFS), min_size=1, unique=True),
    "import_vrf_route_map": _one_of(MAPS),
    "ip_route_source": _one_of(ACCESS_LISTS),
    "ip_route_source_prefix_list": _one_of(PREFIX_LISTS),
    "ipv6_next_hop": _one_of(ACCESS6_LISTS),
    "ipv6_next_hop_local": st.just("fe80::9"),
    "ipv6_next_hop_prefix_list": _one_of(PREFIX6_LISTS),
    "label": st.sampled_from(["16", "16/17"]),
    "metric": st.one_of(u32, st.builds("{}{}".format, st.sampled_from("+-"), st.integers(1, 1000))),
    "nexthop_export": v4,
    "profile": st.sampled_from(["FAST", "SLOW"]),
    "redirect_import": st.lists(ratios, min_size=1, max_size=2, unique=True),
    "route_map_export": _one_of(MAPS),
    "route_map_import": _one_of(MAPS),
    "script": st.just("SCRIPT"),
    "rd_export": ratios,
    "rt_export": st.lists(ratios, min_size=1, max_size=2, unique=True),
    "rt_import": st.lists(ratios, min_size=1, max_size=2, unique=True),
    "shutdown_message": descriptions,
    "source_vrf": _one_of(VRFS),
    "src_peer": st.one_of(v4, v6),
    "vrf": _one_of(VRFS),
    "withdrawing_attributes": _DROPPED,
    "nexthop_vrf": _one_of(VRFS),
    "interface": st.just("eth7"),
    "file": st.just("/var/log/frr/frr.log"),
    "hostname": st.just("edge"),
    "host": v4,
    "local_address": v4,
}
"""Names that a field takes, and texts of which the type does not say enough."""


def match_fields(version: str) -> dict[str, st.SearchStrategy[Any]]:
    """Return the strategies of the match clauses of an entry, by field."""
    return {**MATCHES, **rest(Match, version, MATCHES)}


@cache
def matches(version: str) -> st.SearchStrategy[Match]:
    """The match clauses of an entry."""
    return valid(Match, data(**match_fields(version)))


MATCHES: Final[dict[str, st.SearchStrategy[Any]]] = fields(
    ip_address=_one_of(ACCESS_LISTS),
    ip_address_prefix_list=_one_of((*PREFIX_LISTS, "UNDEFINED")),
    ipv6_address=_one_of(ACCESS6_LISTS),
    ipv6_address_prefix_list=_one_of(PREFIX6_LISTS),
    ip_next_hop=_one_of(ACCESS_LISTS),
    ip_next_hop_address=v4,
    ip_next_hop_prefix_list=_one_of(PREFIX_LISTS),
    ipv6_next_hop_address=v6,
    as_path=_one_of(AS_PATHS),
    community=st.fixed_dictionaries({"name": _one_of(COMMUNITY_LISTS)}, optional={"mode": st.just("exact-match")}),
    large_community=st.fixed_dictionaries({"name": _one_of(LARGE_LISTS)}),
    extcommunity=st.fixed_dictionaries({"name": _one_of(EXT_LISTS)}),
    local_preference=u32,
    metric=st.integers(1, 4294967295),
    tag=st.integers(1, 4294967295),
    origin=st.sampled_from(["egp", "igp", "incomplete"]),
    peer=st.one_of(v4, v6, st.just("local")),
    interface=st.sampled_from(["eth0", "lo"]),
    source_protocol=st.sampled_from(["bgp", "connected", "static"]),
    probability=st.integers(0, 100),
)
deltas = st.builds("{}{}".format, st.sampled_from("+-"), st.integers(1, 1000))
SETS: Final[dict[str, st.SearchStrategy[Any]]] = fields(
    as_path_prepend=st.lists(asns, min_size=1, max_size=3),
    as_path_exclude=st.lists(asns, min_size=1, max_size=3, unique=True),
    comm_list_delete=_one_of(COMMUNITY_LISTS),
    community=st.one_of(
        st.fixed_dictionaries({"communities": communities, "additive": flags}),
        st.just({"communities": "none"}),
    ),
    large_comm_list_delete=_one_of(LARGE_LISTS),
    large_community=st.one_of(
        st.fixed_dictionaries({"communities": larges, "additive": flags}),
        st.just({"communities": "none"}),
    ),
    extcommunity_rt=st.lists(rts, min_size=1, max_size=2),
    extcommunity_soo=st.lists(rts, min_size=1, max_size=1),
    local_preference=st.one_of(u32, deltas),
    metric=st.one_of(u32, deltas, st.sampled_from(["rtt", "+rtt", "-rtt"])),
    origin=st.sampled_from(["egp", "igp", "incomplete"]),
    weight=u32,
    tag=st.integers(1, 4294967295),
    distance=st.integers(1, 255),
    # 10.7.1 refuses a loopback address, and all of the transaction with it
    ip_next_hop=st.one_of(
        v4.filter(lambda address: not address.startswith("127.")), st.sampled_from(["peer-address", "unchanged"])
    ),
    ipv6_next_hop_global=v6,
    ipv6_next_hop_peer_address=flags,
    ipv6_next_hop_prefer_global=flags,
    src=v4.filter(lambda address: not address.startswith("127.")),
    table=st.integers(1, 4294967295),
    aggregator=st.fixed_dictionaries({"asn": asns, "address": v4}),
    atomic_aggregate=flags,
    originator_id=v4,
    label_index=st.integers(0, 1048560),
)


def set_fields(version: str) -> dict[str, st.SearchStrategy[Any]]:
    """Return the strategies of the set clauses of an entry, by field."""
    return {**SETS, **rest(Set, version, SETS)}


@cache
def sets(version: str) -> st.SearchStrategy[Set]:
    """The set clauses of an entry."""
    return valid(Set, data(**set_fields(version)))


@st.composite
def route_maps(draw: st.DrawFn, version: str, callable_maps: tuple[str, ...] = ()) -> RouteMap:
    """A route map; it calls only maps that come before it, for a circle is refused."""
    numbers = sorted(draw(st.lists(st.integers(1, 50), min_size=1, max_size=4, unique=True)))
    entries = []
    for seq in numbers:
        action = draw(st.sampled_from(["permit", "deny"]))
        values: Data = {"seq": seq, "action": action, "match": draw(matches(version)), "set": draw(sets(version))}
        if draw(flags):
            values["description"] = draw(descriptions)
        if callable_maps and draw(flags):
            values["call"] = draw(_one_of(callable_maps))
        if action == "permit" and draw(flags):
            values["on_match"] = draw(st.one_of(st.just("next"), st.integers(seq + 1, 65535)))
        entries.append(RouteMapEntry.model_validate(values))
    return RouteMap(entries=tuple(entries))


@cache
def neighbor_families(family: str, version: str, *, ibgp: bool) -> st.SearchStrategy[Any]:
    """What a neighbor does in a family."""
    return valid(NeighborFamily, data(**neighbor_family_fields(family, version, ibgp=ibgp)))


def neighbor_family_fields(family: str, version: str, *, ibgp: bool) -> dict[str, st.SearchStrategy[Any]]:
    """Return the strategies of what a neighbor does in a family, by field."""
    v4_family = family == "ipv4_unicast"
    lists = PREFIX_LISTS if v4_family else PREFIX6_LISTS
    access = ACCESS_LISTS if v4_family else ACCESS6_LISTS
    extra: dict[str, st.SearchStrategy[Any]] = {} if v4_family else {"nexthop_local_unchanged": flags}
    if ibgp:
        extra["route_reflector_client"] = flags
    else:
        extra |= {
            "remove_private_as": st.fixed_dictionaries({"all": flags, "replace": flags}),
            "as_override": flags,
        }
    known: dict[str, st.SearchStrategy[Any]] = fields(
        activate=flags,
        route_map_in=_one_of(MAPS),
        route_map_out=_one_of(MAPS),
        prefix_list_in=_one_of(lists),
        prefix_list_out=_one_of(lists),
        filter_list_in=_one_of(AS_PATHS),
        filter_list_out=_one_of(AS_PATHS),
        distribute_list_in=_one_of(access),
        distribute_list_out=_one_of(access),
        unsuppress_map=_one_of(MAPS),
        advertise_map=st.fixed_dictionaries(
            {
                "route_map": _one_of(MAPS),
                "condition": st.sampled_from(["exist-map", "non-exist-map"]),
                "condition_map": _one_of(MAPS),
            }
        ),
        next_hop_self=st.sampled_from([True, "force"]),
        soft_reconfiguration_inbound=flags,
        maximum_prefix=whole(MaximumPrefix, version),
        maximum_prefix_out=st.integers(1, 4294967295),
        default_originate=data(route_map=_one_of(MAPS)),
        send_community=st.lists(st.sampled_from(["standard", "extended", "large"]), unique=True).map(
            lambda some: [word for word in ("standard", "extended", "large") if word in some]
        ),
        addpath_tx=st.sampled_from(["all-paths", "bestpath-per-AS"]),
        disable_addpath_rx=flags,
        allowas_in=st.one_of(st.integers(1, 10), st.just("origin")),
        attribute_unchanged=st.lists(st.sampled_from(["as-path", "next-hop", "med"]), unique=True).map(
            lambda some: [word for word in ("as-path", "next-hop", "med") if word in some]
        ),
        capability_orf=st.sampled_from(["send", "receive", "both"]),
        soo=st.builds("{}:{}".format, st.integers(1, 65535), st.integers(0, 65535)),
        weight=st.integers(0, 65535),
        **extra,
    )
    elsewhere = {"nexthop_local_unchanged", "route_reflector_client", "remove_private_as", "as_override"}
    elsewhere |= {"route_server_client"} if ibgp else set()
    return {**known, **rest(NeighborFamily, version, {*known, *elsewhere})}


@cache
def evpn_neighbors(version: str, *, ibgp: bool, group: bool) -> st.SearchStrategy[Any]:
    """What a neighbor does in EVPN."""
    known = fields(
        route_map_in=_one_of(MAPS), route_map_out=_one_of(MAPS), soo=rts, maximum_prefix=whole(MaximumPrefix, version)
    )
    drawn = {**known, **rest(EvpnNeighbor, version, known)}
    for name in {"route_server_client" if ibgp else "route_reflector_client", *(["soo"] if group else [])}:
        del drawn[name]
    if not _has(version, (Since((10,)),)):
        del drawn["maximum_prefix"]
    return valid(EvpnNeighbor, data(**drawn))


timers = st.sampled_from([(0, 0), (3, 9), (10, 30), (60, 180), (20, 61)]).map(
    lambda pair: {"keepalive": pair[0], "hold": pair[1]}
)


@cache
def neighbor_fields(version: str, *, ibgp: bool, group: bool) -> dict[str, st.SearchStrategy[Any]]:
    """Return the strategies of a neighbor or a group, by field."""
    options: dict[str, st.SearchStrategy[Any]] = {
        "description": descriptions,
        "password": st.text("abcXYZ019!@$%^&*()-_=+,./<>", min_size=1, max_size=20).filter(
            lambda text: not text.startswith(("!", "#"))
        ),
        "timers": timers,
        "timers_connect": st.integers(1, 65535),
        "timers_delayopen": st.integers(1, 240),
        "advertisement_interval": st.integers(0, 600),
        "bfd": whole(Bfd, version),
        "disable_connected_check": flags,
        "update_source": st.one_of(v4, st.just("lo")) if group else st.just("lo"),
        "passive": flags,
        "shutdown": st.sampled_from([True, True, False]),
        "tcp_mss": st.integers(1, 65535),
        "capability_dynamic": flags,
        "dont_capability_negotiate": flags,
        "graceful_restart": st.sampled_from(["restart", "helper", "disable"]),
        "ipv4_unicast": neighbor_families("ipv4_unicast", version, ibgp=ibgp),
        "ipv6_unicast": neighbor_families("ipv6_unicast", version, ibgp=ibgp),
        "l2vpn_evpn": evpn_neighbors(version, ibgp=ibgp, group=group),
    }
    dual = _has(version, (Since((10, 1)),))
    if not ibgp:
        options |= {
            "ebgp_multihop": st.integers(2, 255),
            "ttl_security_hops": st.integers(1, 254),
            "local_as": st.sampled_from(
                [
                    {"asn": 64999},
                    {"asn": 64999, "no_prepend": True},
                    {"asn": 64998, "no_prepend": True, "replace_as": True},
                    *([{"asn": 64998, "no_prepend": True, "replace_as": True, "dual_as": True}] if dual else []),
                ]
            ),
            "enforce_first_as": flags,
        }
    if not group:
        options |= {
            "port": st.integers(0, 65535),
            "solo": flags,
            "sender_as_path_loop_detection": flags,
            "disable_link_bw_encoding_ieee": flags,
            "extended_optional_parameters": flags,
        }
        if not ibgp:
            options |= {
                "local_role": st.sampled_from(["provider", "rs-server", "rs-client", "customer", "peer"]),
                "local_role_strict": flags,
            }
    cls = PeerGroup if group else Neighbor
    external = {"ebgp_multihop", "ttl_security_hops", "local_as", "enforce_first_as", "oad", "local_role"}
    given = {*options, *external, "local_role_strict", "remote_as", "peer_group"}
    return options | rest(cls, version, given) | ({} if ibgp or not _has(version, (Since((10,)),)) else {"oad": flags})


@st.composite
def neighbors(draw: st.DrawFn, peer: str, groups: dict[str, PeerGroup], version: str) -> Neighbor:
    """A neighbor, perhaps in a group."""
    ibgp = draw(flags)
    group = draw(st.sampled_from(["", *groups]))
    values: Data = {}
    if group:
        values["peer_group"] = group
        ibgp = groups[group].remote_as == 65001
    if not group or groups[group].remote_as is None:
        values["remote_as"] = "internal" if ibgp else draw(st.one_of(asns, st.just("external")))
    if group and groups[group].remote_as is None:
        ibgp = False
        values["remote_as"] = draw(asns)
    values |= draw(valid(Neighbor, data(**neighbor_fields(version, ibgp=ibgp, group=False)))).model_dump(
        exclude_unset=True
    )
    if group:
        # what a member repeats of its group, or contradicts, FRR folds away: members have only what groups never have
        keep = {"peer_group", "remote_as", "description", "shutdown", "timers_connect", "port"}
        values = {name: value for name, value in values.items() if name in keep}
    return Neighbor.model_validate(values)


@st.composite
def peer_groups(draw: st.DrawFn, version: str) -> PeerGroup:
    """A peer group; with a remote AS of its own or without."""
    values = dict(
        draw(valid(PeerGroup, data(**neighbor_fields(version, ibgp=False, group=True)))).model_dump(exclude_unset=True)
    )
    if draw(flags):
        values["remote_as"] = draw(st.sampled_from([65002, 65003, "external"]))
    else:
        # of external sessions alone
        values.pop("oad", None)
    values.pop("local_as", None)
    return PeerGroup.model_validate(values)


@cache
def families(family: int, version: str) -> st.SearchStrategy[Any]:
    """The instance's part of a family."""
    return valid(AddressFamily, data(**family_fields(family, version)))


def family_fields(family: int, version: str) -> dict[str, st.SearchStrategy[Any]]:
    """Return the strategies of the instance's part of a family, by field."""
    known: dict[str, st.SearchStrategy[Any]] = fields(
        networks=st.dictionaries(
            prefixes(family, 8), whole(NetworkStatement, version, route_map=_one_of(MAPS)), max_size=3
        ),
        aggregates=st.dictionaries(
            prefixes(family, 8, 31),  # of one address FRR refuses it
            whole(Aggregate, version, route_map=_one_of(MAPS), suppress_map=_one_of(MAPS)),
            max_size=2,
        ),
        redistribute=st.dictionaries(
            st.sampled_from(["connected", "static", "kernel"]),
            data(metric=u32, route_map=_one_of(MAPS)),
            max_size=2,
        ),
        distances=st.dictionaries(
            prefixes(family, 8),
            data(
                {"distance": st.integers(1, 255)}, access_list=_one_of(ACCESS_LISTS if family == 4 else ACCESS6_LISTS)
            ),
            max_size=2,
        ),
        distance_bgp=st.just({"external": 21, "internal": 201, "local": 199}),
        maximum_paths=st.integers(1, 64),
        maximum_paths_ibgp=st.integers(1, 64),
        table_map=_one_of(MAPS),
        dampening=st.just({"half_life": 10, "reuse": 800, "suppress": 2500, "max_suppress": 40}),
    )
    elsewhere = {"nexthop_prefer_global"} if family == 4 else set()
    return {**known, **rest(AddressFamily, version, {*known, *elsewhere})}


_FAMILIES: Final = tuple(one for one in get_args(DefaultFamily) if "labeled" not in one)
_PEERS: Final = {"asn", "peer_groups", "neighbors", "listen_ranges"}


@cache
def _instances(version: str) -> st.SearchStrategy[Data]:
    """The options of a BGP instance."""
    return valid_data(Bgp, {"asn": 65001}, data(**instance_fields(version)))


def instance_fields(version: str) -> dict[str, st.SearchStrategy[Any]]:
    """Return the strategies of the options of a BGP instance, by field."""
    known: dict[str, st.SearchStrategy[Any]] = fields(
        router_id=v4,
        default_ipv4_unicast=flags,
        ebgp_requires_policy=flags,
        network_import_check=flags,
        log_neighbor_changes=flags,
        fast_external_failover=flags,
        fast_convergence=flags,
        client_to_client_reflection=flags,
        suppress_duplicates=flags,
        hard_administrative_reset=flags,
        reject_as_sets=flags,
        graceful_shutdown=flags,
        disable_ebgp_connected_route_check=flags,
        default_shutdown=flags,
        show_hostname=flags,
        show_nexthop_hostname=flags,
        allow_outbound_policy=flags,
        allow_martian_nexthop=flags,
        cluster_id=v4,
        bestpath=whole(Bestpath, version),
        # FRR refuses a neighbor of two families that say the same, and a default activates both
        default_families=st.lists(st.sampled_from(_FAMILIES), min_size=1, max_size=2, unique=True),
        graceful_restart=whole(GracefulRestart, version, long_lived_stale_time=st.integers(1, 16777215)),
        timers=timers,
        default_local_preference=u32,
        minimum_holdtime=st.integers(1, 65535),
        listen_limit=st.integers(1, 65535),
        coalesce_time=u32,
        read_quanta=st.integers(1, 10),
        write_quanta=st.integers(1, 64),
        conditional_advertisement_timer=st.integers(5, 240),
        max_med=whole(MaxMed, version),
        confederation=data({"identifier": asns}, peers=st.lists(asns, min_size=1, max_size=2, unique=True)),
        ipv4_unicast=families(4, version),
        ipv6_unicast=families(6, version),
        l2vpn_evpn=valid(Evpn, data(**{**evpn_fields(), **rest(Evpn, version, {"advertise_pip", *evpn_fields()})})),
    )
    return {**known, **rest(Bgp, version, {*known, *_PEERS})}


def evpn_fields() -> dict[str, st.SearchStrategy[Any]]:
    """Return the strategies of an instance's EVPN that no type tells, by field."""
    targets = st.lists(rts, min_size=1, max_size=2, unique=True)
    vni = whole(Vni, LATEST, rd=rts, route_targets_import=targets, route_targets_export=targets)
    return fields(
        advertise=st.dictionaries(
            st.sampled_from(["ipv4", "ipv6"]), data(gateway_ip=flags, route_map=_one_of(MAPS)), max_size=2
        ),
        rd=rts,
        route_targets_import=targets,
        route_targets_export=targets,
        vnis=st.dictionaries(st.integers(1, 16777215), vni, max_size=2),
    )


@cache
def vrf_evpn() -> st.SearchStrategy[Any]:
    """EVPN of a VRF, which holds no VNIs."""
    known = evpn_fields()
    known.pop("vnis")
    return data(advertise_pip=flags, flooding=flags, **known)


@st.composite
def bgps(draw: st.DrawFn, version: str, *, small: bool = False) -> Bgp:
    """A BGP instance; a small one has no groups, and one neighbor at most."""
    groups = draw(st.dictionaries(_one_of(GROUPS), peer_groups(version), max_size=0 if small else 2))
    peers = draw(st.lists(_one_of((*V4_PEERS, *V6_PEERS)), unique=True, max_size=1 if small else 4))
    values = dict(draw(_instances(version)))
    if small and values.pop("l2vpn_evpn", None) is not None:
        values["l2vpn_evpn"] = draw(vrf_evpn())
    values |= {
        "asn": 65001,
        "peer_groups": groups,
        "neighbors": {peer: draw(neighbors(peer, groups, version)) for peer in peers},
    }
    external = [name for name, group in groups.items() if group.remote_as is not None]
    if external and draw(flags):
        values["listen_ranges"] = {draw(prefixes(4, 8)): draw(st.sampled_from(external))}
    aggregates = [
        aggregate
        for family in ("ipv4_unicast", "ipv6_unicast")
        if family in values
        for aggregate in values[family].aggregates.values()
    ]
    if values.get("confederation") is not None and values["confederation"].identifier is not None:
        # FRR does not know its AS
        for peer, one in values["neighbors"].items():
            if one.remote_as == "internal":
                values["neighbors"][peer] = one.model_copy(update={"remote_as": 65001})
    if any(aggregate.as_set for aggregate in aggregates):
        values.pop("reject_as_sets", None)
    return Bgp.model_validate(values)


def some(names: tuple[str, ...], values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A dict of some of the names."""
    return st.dictionaries(_one_of(names), values, max_size=len(names))


static_routes = st.lists(
    st.one_of(
        data({"prefix": prefixes(4, 8), "via": v4}, tag=st.integers(1, 4294967295), distance=st.integers(1, 255)),
        data(
            {"prefix": prefixes(4, 8), "drop": st.sampled_from(["blackhole", "reject", "Null0"])},
            distance=st.integers(1, 255),
        ),
        data(
            {"prefix": prefixes(6, 8), "via": v6},
            tag=st.integers(1, 4294967295),
            table=st.integers(1, 4294967295),
            label=st.sampled_from(["16", "16/17"]),
            color=st.integers(1, 4_294_967_295),
            nexthop_vrf=_one_of(VRFS),
        ),
        data({"prefix": prefixes(6, 8), "via": v6, "interface": st.just("eth7")}, onlink=flags, source=prefixes(6, 8)),
        data({"prefix": prefixes(4, 8), "interface": st.just("eth7")}),
    ),
    max_size=3,
    unique_by=lambda route: route["prefix"],
)


LOGS: Final = whole(Log, LATEST)
RPKIS: Final = whole(Rpki, LATEST, polling_period=st.integers(1, 7200))


@cache
def bfd_profiles(version: str) -> st.SearchStrategy[Any]:
    """A BFD profile."""
    return whole(BfdProfile, version)


def _apart(peers: list[BfdPeer]) -> list[BfdPeer]:
    """Leave out the peers that FRR refuses beside others."""
    return [peer for number, peer in enumerate(peers) if not any(peer.excludes(one) for one in peers[:number])]


@cache
def bfd_peers(version: str) -> st.SearchStrategy[Any]:
    """A BFD peer, one hop away or several."""
    several = data(
        {"address": v4, "multihop": st.just(value=True), "local_address": v4},
        profile=POOLS["profile"],
        minimum_ttl=st.integers(1, 254),
    )
    return st.one_of(whole(BfdPeer, version), several.map(BfdPeer.model_validate))


@cache
def vrfs(version: str) -> st.SearchStrategy[Data]:
    """A VRF, with a BGP instance of its own or without."""
    return data(router_id=v4, static_routes=static_routes, bgp=bgps(version, small=True))


def _without_alias(route_map: RouteMap) -> RouteMap:
    """Leave out the clauses that name an alias: FRR refuses one that is not there."""
    entries = []
    for entry in route_map.entries:
        said = {name: getattr(entry.match, name) for name in entry.match.model_fields_set - {"alias"}}
        entries.append(entry.model_copy(update={"match": Match.model_validate(said)}))
    return route_map.model_copy(update={"entries": tuple(entries)})


@st.composite
def routers(draw: st.DrawFn, version: str = "8.4") -> Router:
    """A whole router, for a version of FRR."""
    aliases = draw(some(("ALIAS",), st.sampled_from(["65000:1", "65000:1:1"])))
    maps: dict[str, RouteMap] = {}
    for name in draw(st.lists(_one_of(MAPS), unique=True, max_size=3)):
        drawn = draw(route_maps(version, tuple(maps)))
        maps[name] = drawn if aliases else _without_alias(drawn)
    kinds = draw(flags)
    values: Data = {
        "name": "r1",
        "frr_version": version,
        "ownership": "full",
        "prefix_lists": draw(some(PREFIX_LISTS, prefix_lists(4))),
        "ipv6_prefix_lists": draw(some(PREFIX6_LISTS, prefix_lists(6))),
        "access_lists": draw(some(ACCESS_LISTS, access_lists)),
        "ipv6_access_lists": draw(some(ACCESS6_LISTS, access6_lists)),
        "as_path_lists": draw(some(AS_PATHS, as_path_lists)),
        "community_lists": draw(some(("C1", "50"), _communities(communities)))
        | draw(some(("C2",), _expanded() if kinds else _communities(communities))),
        "large_community_lists": draw(some(LARGE_LISTS, _expanded() if kinds else _communities(larges))),
        "extcommunity_lists": draw(some(EXT_LISTS, _expanded() if kinds else _communities(ext_values))),
        "route_maps": maps,
        "static_routes": draw(static_routes),
        "bfd_profiles": draw(some(("FAST", "SLOW"), bfd_profiles(version))),
        "bfd_peers": draw(st.lists(bfd_peers(version), max_size=2).map(_apart)),
        "community_aliases": aliases,
        "vrfs": draw(some(VRFS, vrfs(version))) if not draw(st.integers(0, 3)) else {},
    }
    values |= draw(
        data(
            router_id=v4,
            ip_nht_resolve_via_default=flags,
            ipv6_nht_resolve_via_default=flags,
            route_map_delay_timer=st.integers(0, 600),
            hostname=st.just("edge"),
            ip_forwarding=flags,
            ipv6_forwarding=flags,
            service_password_encryption=flags,
            log=LOGS,
            rpki=RPKIS,
        )
    )
    if draw(st.integers(0, 9)):
        values["bgp"] = draw(bgps(version))
    return Router.model_validate(values)


def any_router() -> st.SearchStrategy[Router]:
    """A whole router, for one version of FRR or another."""
    return st.one_of(routers("8.4"), routers("10.3"), routers(LATEST))
