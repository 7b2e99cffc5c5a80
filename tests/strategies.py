"""Random models: whatever the types allow and FRR 8.4 accepts. Names come from small pools, so that references meet."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import Any

from hypothesis import strategies as st
from pydantic import ValidationError

from frrgen.model.bgp import AddressFamily, Aggregate, Bgp
from frrgen.model.neighbor import Neighbor, NeighborFamily, PeerGroup
from frrgen.model.policy import Match, RouteMap, RouteMapEntry, Set
from frrgen.model.router import Router

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
regexes = st.sampled_from(["^65001$", "_65010_", "^$", "(65001|65002)_", "[0-9]+", "^6500[1-3]_.*$"])


def data(required: dict[str, st.SearchStrategy[Any]] | None = None, **optional: st.SearchStrategy[Any]) -> Any:
    """Data of a model: the required fields, and any of the optional ones."""
    return st.fixed_dictionaries(required or {}, optional=optional)


def valid(model: Any, strategy: st.SearchStrategy[Data]) -> st.SearchStrategy[Any]:
    """Only what the model takes."""

    def build(values: Data) -> Any:
        try:
            return model.model_validate(values)
        except ValidationError:
            return None

    return strategy.map(build).filter(lambda made: made is not None)


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


matches = valid(
    Match,
    data(
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
    ),
)
deltas = st.builds("{}{}".format, st.sampled_from("+-"), st.integers(1, 1000))
sets = valid(
    Set,
    data(
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
        ip_next_hop=st.one_of(v4, st.sampled_from(["peer-address", "unchanged"])),
        ipv6_next_hop_global=v6,
        ipv6_next_hop_peer_address=flags,
        ipv6_next_hop_prefer_global=flags,
        src=v4.filter(lambda address: not address.startswith("127.")),
        table=st.integers(1, 4294967295),
        aggregator=st.fixed_dictionaries({"asn": asns, "address": v4}),
        atomic_aggregate=flags,
        originator_id=v4,
        label_index=st.integers(0, 1048560),
    ),
)


@st.composite
def route_maps(draw: st.DrawFn, callable_maps: tuple[str, ...] = ()) -> RouteMap:
    """A route map; it calls only maps that come before it, for a circle is refused."""
    numbers = sorted(draw(st.lists(st.integers(1, 50), min_size=1, max_size=4, unique=True)))
    entries = []
    for seq in numbers:
        action = draw(st.sampled_from(["permit", "deny"]))
        values: Data = {"seq": seq, "action": action, "match": draw(matches), "set": draw(sets)}
        if draw(flags):
            values["description"] = draw(descriptions)
        if callable_maps and draw(flags):
            values["call"] = draw(_one_of(callable_maps))
        if action == "permit" and draw(flags):
            values["on_match"] = draw(st.one_of(st.just("next"), st.integers(seq + 1, 65535)))
        entries.append(RouteMapEntry.model_validate(values))
    return RouteMap(entries=tuple(entries))


def neighbor_families(family: str, *, ibgp: bool) -> st.SearchStrategy[Any]:
    """What a neighbor does in a family."""
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
    return valid(
        NeighborFamily,
        data(
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
            maximum_prefix=data(
                {"limit": st.integers(1, 4294967295)},
                threshold=st.integers(1, 100),
                restart=st.integers(1, 65535),
                warning_only=flags,
                force=flags,
            ),
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
        ),
    )


timers = st.sampled_from([(0, 0), (3, 9), (10, 30), (60, 180), (20, 61)]).map(
    lambda pair: {"keepalive": pair[0], "hold": pair[1]}
)


def _options(*, ibgp: bool, group: bool) -> dict[str, st.SearchStrategy[Any]]:
    options: dict[str, st.SearchStrategy[Any]] = {
        "description": descriptions,
        "password": st.text("abcXYZ019!@$%^&*()-_=+,./<>", min_size=1, max_size=20).filter(
            lambda text: not text.startswith(("!", "#"))
        ),
        "timers": timers,
        "timers_connect": st.integers(1, 65535),
        "timers_delayopen": st.integers(1, 240),
        "advertisement_interval": st.integers(0, 600),
        "bfd": data(check_control_plane_failure=flags, profile=st.sampled_from(["FAST", "SLOW"])),
        "disable_connected_check": flags,
        "update_source": st.one_of(v4, st.just("lo")) if group else st.just("lo"),
        "passive": flags,
        "shutdown": flags,
        "tcp_mss": st.integers(1, 65535),
        "capability_dynamic": flags,
        "dont_capability_negotiate": flags,
        "graceful_restart": st.sampled_from(["restart", "helper", "disable"]),
        "ipv4_unicast": neighbor_families("ipv4_unicast", ibgp=ibgp),
        "ipv6_unicast": neighbor_families("ipv6_unicast", ibgp=ibgp),
    }
    if not ibgp:
        options |= {
            "ebgp_multihop": st.integers(2, 255),
            "ttl_security_hops": st.integers(1, 254),
            "local_as": st.sampled_from(
                [
                    {"asn": 64999},
                    {"asn": 64999, "no_prepend": True},
                    {"asn": 64998, "no_prepend": True, "replace_as": True},
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
    return options


@st.composite
def neighbors(draw: st.DrawFn, peer: str, groups: dict[str, PeerGroup]) -> Neighbor:
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
    values |= draw(valid(Neighbor, data(**_options(ibgp=ibgp, group=False)))).model_dump(exclude_unset=True)
    if group:
        # what a member repeats of its group, or contradicts, FRR folds away: members have only what groups never have
        keep = {"peer_group", "remote_as", "description", "shutdown", "timers_connect", "port"}
        values = {name: value for name, value in values.items() if name in keep}
    return Neighbor.model_validate(values)


group_options = _options(ibgp=False, group=True)


@st.composite
def peer_groups(draw: st.DrawFn) -> PeerGroup:
    """A peer group; with a remote AS of its own or without."""
    values = dict(draw(valid(PeerGroup, data(**group_options))).model_dump(exclude_unset=True))
    if draw(flags):
        values["remote_as"] = draw(st.sampled_from([65002, 65003, "external"]))
    values.pop("local_as", None)
    return PeerGroup.model_validate(values)


def families(version: int) -> st.SearchStrategy[Any]:
    """The instance's part of a family."""
    return valid(
        AddressFamily,
        data(
            networks=st.dictionaries(prefixes(version, 8), data(route_map=_one_of(MAPS)), max_size=3),
            aggregates=st.dictionaries(
                prefixes(version, 8, 31),  # of one address FRR refuses it
                valid(
                    Aggregate,
                    data(
                        as_set=flags,
                        summary_only=flags,
                        route_map=_one_of(MAPS),
                        origin=st.sampled_from(["egp", "igp", "incomplete"]),
                        suppress_map=_one_of(MAPS),
                    ),
                ),
                max_size=2,
            ),
            redistribute=st.dictionaries(
                st.sampled_from(["connected", "static", "kernel"]),
                data(metric=u32, route_map=_one_of(MAPS)),
                max_size=2,
            ),
            distance_bgp=st.just({"external": 21, "internal": 201, "local": 199}),
            maximum_paths=st.integers(1, 64),
            maximum_paths_ibgp=st.integers(1, 64),
            table_map=_one_of(MAPS),
            dampening=st.just({"half_life": 10, "reuse": 800, "suppress": 2500, "max_suppress": 40}),
        ),
    )


@st.composite
def bgps(draw: st.DrawFn) -> Bgp:
    """A BGP instance."""
    groups = draw(st.dictionaries(_one_of(GROUPS), peer_groups(), max_size=2))
    peers = draw(st.lists(_one_of((*V4_PEERS, *V6_PEERS)), unique=True, max_size=4))
    values = draw(
        data(
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
            bestpath=data(
                as_path_confed=flags,
                as_path_ignore=flags,
                multipath_relax=flags,
                compare_routerid=flags,
                med_confed=flags,
                med_missing_as_worst=flags,
                bandwidth=st.sampled_from(["ignore", "skip-missing", "default-weight-for-missing"]),
                peer_type_multipath_relax=flags,
                always_compare_med=flags,
                deterministic_med=flags,
            ),
            graceful_restart=data(
                restart_time=st.integers(0, 4095),
                stalepath_time=st.integers(1, 4095),
                rib_stale_time=st.integers(1, 3600),
                select_defer_time=st.integers(0, 3600),
                mode=st.sampled_from(["restart", "disable"]),
                preserve_fw_state=flags,
                notification=flags,
                long_lived_stale_time=st.integers(1, 16777215),
            ),
            timers=timers,
            default_local_preference=u32,
            minimum_holdtime=st.integers(1, 65535),
            listen_limit=st.integers(1, 65535),
            coalesce_time=u32,
            read_quanta=st.integers(1, 10),
            write_quanta=st.integers(1, 64),
            conditional_advertisement_timer=st.integers(5, 240),
            max_med=data({"on_startup": st.integers(5, 86400)}, on_startup_med=u32),
            ipv4_unicast=families(4),
            ipv6_unicast=families(6),
        )
    )
    values |= {
        "asn": 65001,
        "peer_groups": groups,
        "neighbors": {peer: draw(neighbors(peer, groups)) for peer in peers},
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
        data({"prefix": prefixes(6, 8), "via": v6}, tag=st.integers(1, 4294967295)),
        data({"prefix": prefixes(4, 8), "interface": st.just("eth7")}),
    ),
    max_size=3,
    unique_by=lambda route: route["prefix"],
)


@st.composite
def routers(draw: st.DrawFn) -> Router:
    """A whole router, for FRR 8.4."""
    maps: dict[str, RouteMap] = {}
    for name in draw(st.lists(_one_of(MAPS), unique=True, max_size=3)):
        maps[name] = draw(route_maps(tuple(maps)))
    kinds = draw(flags)
    values: Data = {
        "name": "r1",
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
        "bfd_profiles": draw(
            some(
                ("FAST", "SLOW"),
                data(
                    detect_multiplier=st.integers(2, 255),
                    transmit_interval=st.integers(10, 60000),
                    receive_interval=st.integers(10, 60000),
                    echo_mode=flags,
                    passive_mode=flags,
                    minimum_ttl=st.integers(1, 254),
                    shutdown=flags,
                ),
            )
        ),
    }
    values |= draw(
        data(
            router_id=v4,
            ip_nht_resolve_via_default=flags,
            ipv6_nht_resolve_via_default=flags,
            route_map_delay_timer=st.integers(0, 600),
        )
    )
    if draw(st.integers(0, 9)):
        values["bgp"] = draw(bgps())
    return Router.model_validate(values)
