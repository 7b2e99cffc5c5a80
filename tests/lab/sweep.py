"""Every field of the model, singly: set, given another value, and taken away again, where a session is that has it.

What a field is given is drawn by tests/strategies.py, so that a new field is tried without a word here. Where a field
names a list or a map, what it names is changed, too: routes that are there must get the new verdict.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from random import Random
from typing import Any, Final, NamedTuple, get_args, get_origin, get_type_hints

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from frrgen.model.bgp import LONGEST_STALE_TIME, Bestpath, Bgp, GracefulRestart, MaxMed
from frrgen.model.instance_family import AddressFamily as Family
from frrgen.model.instance_family import Aggregate, NetworkStatement, Redistribute
from frrgen.model.lists import (
    AccessList,
    AccessListEntry,
    AsPathListEntry,
    CommunityList,
    CommunityListEntry,
    ExtCommunityListEntry,
    LargeCommunityListEntry,
    PrefixList,
    PrefixListEntry,
)
from frrgen.model.neighbor import Neighbor, NeighborFamily, PeerGroup
from frrgen.model.policy import Match, RouteMapEntry, Set
from frrgen.model.references import direct_refs, entry_refs, instance_refs
from frrgen.model.router import BfdPeer, BfdProfile, Log, Router, StaticRoute
from frrgen.model.types import FAMILIES
from frrgen.platforms.frr.parse.parser import parse
from tests import strategies as drawn
from tests.lab.changes import config

Data = dict[str, Any]
Steps = tuple[Any, ...]

_POOLS: Final = """\
ip prefix-list P1 seq 5 permit 100.0.0.0/8 ge 24 le 24
ip prefix-list P1 seq 10 permit 203.0.113.0/24
ip prefix-list P2 seq 5 permit 100.11.0.0/16 le 24
ip prefix-list P2 seq 10 permit 10.0.0.0/28 le 32
ip prefix-list P-3 seq 5 deny 100.11.1.0/24
ip prefix-list P-3 seq 10 permit 0.0.0.0/0 le 32
ipv6 prefix-list P1 seq 5 permit 2001:db8:21::/48
ipv6 prefix-list Q6 seq 5 permit 2001:db8::/32 le 64
access-list A1 seq 5 permit 100.11.0.0/16
access-list 20 seq 5 permit 10.0.0.11/32
access-list 20 seq 10 permit 100.12.0.0/16
bgp as-path access-list AP1 seq 5 permit ^650[0-9][0-9]$
bgp as-path access-list AP2 seq 5 permit _65100$
bgp community-list 50 seq 5 permit 65000:3
bgp community alias 65000:2 ALIAS
route-map RM1 permit 10
 set metric 42
exit
route-map RM2 permit 10
 match ip address prefix-list P2
exit
route-map RM-3 permit 10
 match as-path AP1
exit
bfd
 profile FAST
 exit
 profile SLOW
  detect-multiplier 5
 exit
exit
"""
"""What the names that the strategies draw stand for."""

_TELLING: Final[dict[str, st.SearchStrategy[Any]]] = {
    "Match.metric": st.sampled_from([10, 20]),
    "Match.local_preference": st.sampled_from([100, 50]),
    "Match.peer": st.sampled_from(["10.0.0.11", "10.0.0.12"]),
    "Match.src_peer": st.sampled_from(["10.0.0.11", "10.0.0.12"]),
    "Match.ip_next_hop_address": st.sampled_from(["10.0.0.11", "10.0.0.12"]),
    "Match.ip_address_prefix_len": st.sampled_from([16, 24]),
    "Match.ipv6_address_prefix_len": st.sampled_from([48, 64]),
    "Match.as_path_count": st.sampled_from([0, 1]),
    "Match.community_limit": st.sampled_from([1, 2]),
    "Match.interface": st.sampled_from(["eth0", "lo"]),
    "Match.probability": st.sampled_from([0, 100]),
    "Set.as_path_exclude": st.sampled_from([(65011,), (65100,)]),
    "Set.as_path_replace": st.sampled_from([65011, "any"]),
    "Neighbor.update_source": st.just("eth0"),
    "StaticRoute.via": st.sampled_from(["10.0.0.11", "10.0.0.12"]),
    "Bgp.default_local_preference": st.sampled_from([50, 150]),
    "MaximumPrefix.limit": st.sampled_from([900, 1000]),
    "NeighborFamily.maximum_prefix": st.sampled_from([{"limit": 900}, {"limit": 1000}]),
    "NeighborFamily.maximum_prefix_out": st.sampled_from([900, 1000]),
    "Bgp.minimum_holdtime": st.sampled_from([60, 90]),
    "Bgp.coalesce_time": st.sampled_from([20, 40]),
    "Neighbor.advertisement_interval": st.sampled_from([1, 2]),
}
"""Values with which a field makes a difference to the routes that the peers offer, where hardly any other does."""

NO_VALUE: Final = {
    "StaticRoute.drop of static_routes.0": "a route that is dropped has no next hop, and this one has",
    "BfdPeer.minimum_ttl of bfd_peers.0": "for peers over several hops alone, and this one is not",
    "NetworkStatement.backdoor of bgp.ipv6_unicast.networks.2001:db8:ffff::/48": "IPv4 has it alone",
    **{f"NeighborFamily.soo of bgp.peer_groups.{group}.ipv4_unicast": "it kills bgpd of FRR 8.4" for group in "GIK"},
}
"""Fields of the start that can have no other value, and why."""
NOT_COMPARED: Final = {
    "Router.name": "no line of FRR",
    "Router.frr_version": "which FRR runs is no change",
    "Router.ownership": "no line of FRR",
    "Router.vrfs": "no peer is in a VRF: tests/lab/test_impact.py tries the lines of an instance",
    "Router.bgp": "the whole instance",
    "Router.rpki": "a module that is not loaded",
    "Router.hostname": "changes names in `show` alone",
    "Match.rpki": "a module that is not loaded",
    "Match.rpki_extcommunity": "a module that is not loaded",
    "Bgp.asn": "another instance",
    "Bgp.listen_ranges": "given by where the peers are: tests/lab/test_transitions.py",
    "Bgp.peer_groups": "its fields are tried",
    "Bgp.neighbors": "its fields are tried",
    "Bgp.default_shutdown": "a boot shuts what is made then",
    "Bgp.default_ipv4_unicast": "a boot activates what is made then; planned by each neighbor's own line",
    "Bgp.update_delay": "a boot waits, a running router does not",
    "Bgp.suppress_fib_pending": "what is announced follows what zebra has installed, whenever it says so",
    "Bgp.suppress_fib_pending_delay": "the same",
    "Bgp.confederation": "FRR does otherwise on a running router: the plan says so",
    "Bgp.advertisement_delay": "a boot waits, a running router does not",
    "MaxMed.on_startup": "a boot is within its time, a running router is not",
    "MaxMed.on_startup_med": "the same",
    "GracefulRestart.mode": "a boot keeps routes of a restart",
    "Bestpath.multipath_relax": "which of equal paths is best depends on which came first",
    "Bestpath.multipath_relax_as_set": "the same",
    "AddressFamily.vrf_leaking": "no peer is in a VRF",
    "AddressFamily.dampening": "a running router remembers how often a route has come",
    "NeighborFamily.dampening": "a running router remembers how often a route has come",
    "NeighborFamily.advertise_map": "its timer runs for a minute",
    "NeighborFamily.activate": "the sessions compared are those that are there",
    "Neighbor.dont_capability_negotiate": "what a session has is settled when it starts: the plan says so",
    "Neighbor.oad": "what a session has is settled when it starts: the plan says so",
    "Neighbor.local_role_strict": "what a session has is settled when it starts",
    "Neighbor.strict_capability_match": "what a session has is settled when it starts",
    "Bfd.strict_hold_time": "what a session has is settled when it starts",
    "Bgp.listen_limit": "sessions that are there stay, whatever their number",
    "Neighbor.remote_as": "another neighbor",
    "Neighbor.peer_group": "another neighbor",
    "PeerGroup.remote_as": "other neighbors",
    "PeerGroup.graceful_restart": "FRR 8.4 loses it behind lines of members",
    "RouteMapEntry.seq": "another entry",
    "PrefixList.entries": "its fields are tried",
    "AccessListEntry.source": "another form: tests/lab/test_configuration.py",
    "AccessListEntry.wildcard": "another form: tests/lab/test_configuration.py",
    "AccessListEntry.destination": "another form: tests/lab/test_configuration.py",
    "AccessListEntry.destination_wildcard": "another form: tests/lab/test_configuration.py",
    "CommunityList.kind": "another list",
    "CommunityListEntry.regex": "another kind of list",
    "LargeCommunityListEntry.regex": "another kind of list",
    "ExtCommunityListEntry.regex": "another kind of list",
    "StaticRoute.prefix": "another route",
    "StaticRoute.label": "the kernel of the lab has no MPLS",
    "StaticRoute.source": "of IPv6 routes with an interface",
    "PrefixListEntry.seq": "another entry",
    "AccessListEntry.seq": "another entry",
    "AsPathListEntry.seq": "another entry",
    "CommunityListEntry.seq": "another entry",
    "LargeCommunityListEntry.seq": "another entry",
    "ExtCommunityListEntry.seq": "another entry",
}
"""The fields that are not compared with a router that boots, and why."""


class Owner(NamedTuple):
    """An object whose fields are tried."""

    model: type[BaseModel]
    path: Steps
    fields: Mapping[str, st.SearchStrategy[Any]]
    needs: tuple[tuple[Steps, Any], ...] = ()
    """What is there meanwhile, by its path."""


class Case(NamedTuple):
    """Configurations that come one behind the other; each is one change away from the one before."""

    name: str
    states: tuple[Router, ...]


@cache
def base(version: str) -> Router:
    """Return the configuration from which every change starts."""
    parsed = parse(config(lists=_POOLS.strip(), bgp="coalesce-time 10"), name="edge", frr_version=version)
    assert parsed.leftovers == ()
    return parsed.router.model_copy(update={"frr_version": version, "ownership": "full"})


def untried() -> set[str]:
    """Return each field of what a router is made of, `Model.field`, that no change tries and no reason leaves out."""
    every = list(owners(drawn.LATEST))
    owned = {owner.model for owner in every}
    tried = {f"{owner.model.__name__}.{field}" for owner in every for field in owner.fields}
    tried |= {f"Neighbor.{path.partition('.')[2]}" for path in tried if path.startswith("PeerGroup.")}
    left: set[str] = set()
    for model in owned:
        hints = get_type_hints(model)
        for field in model.model_fields:
            paths = {f"{model.__name__}.{field}", f"{_kin(model)}.{field}"}
            known = tried | NOT_COMPARED.keys() | drawn.LEFT_OUT.keys()
            if not paths & known and not any(one in owned for one in _models(hints[field])):
                left |= paths
    return left


def _models(hint: Any) -> Iterator[type[BaseModel]]:
    """Give the models that a type is made of, and those of their fields."""
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        yield hint
        for one in get_type_hints(hint).values():
            yield from _models(one)
    for one in get_args(hint):
        yield from _models(one)


def owners(version: str) -> Iterator[Owner]:
    """Give every object of a router whose fields are tried, with their values."""
    rest = drawn.rest
    bgp: Steps = ("bgp",)
    top = {
        "router_id": drawn.v4,
        "community_aliases": st.sampled_from([{"ALIAS": "65000:1"}, {"ALIAS": "65000:3"}]),
        "route_map_delay_timer": st.sampled_from([0, 2]),
        "bfd_profiles": st.just({"FAST": {"detect_multiplier": 9}, "SLOW": {}, "B": {}}),
        "static_routes": st.just(({"prefix": "192.0.2.0/24", "drop": "reject"},)),
        "bfd_peers": st.just(({"address": "10.0.0.11"},)),
    }
    yield Owner(Router, (), {**top, **{name: st.booleans() for name in _SWITCHES}})
    yield Owner(Log, ("log",), rest(Log, version))
    leads = rest(StaticRoute, version, given=("prefix", "source"), interface=st.just("eth0"))
    gateway = ((("static_routes",), [{"prefix": "192.0.2.0/24", "via": "10.0.0.9"}]),)
    yield Owner(StaticRoute, ("static_routes", 0), leads, gateway)
    yield Owner(BfdProfile, ("bfd_profiles", "B"), rest(BfdProfile, version))
    yield Owner(BfdPeer, ("bfd_peers", 0), rest(BfdPeer, version), ((("bfd_peers",), [{"address": "10.0.0.99"}]),))
    instance = drawn.instance_fields(version)
    yield Owner(Bgp, bgp, {name: one for name, one in instance.items() if name not in _INSIDE})
    yield Owner(Bestpath, (*bgp, "bestpath"), rest(Bestpath, version))
    restarts = rest(GracefulRestart, version, long_lived_stale_time=st.integers(1, LONGEST_STALE_TIME))
    yield Owner(GracefulRestart, (*bgp, "graceful_restart"), restarts)
    yield Owner(MaxMed, (*bgp, "max_med"), rest(MaxMed, version))
    for number, family in enumerate(FAMILIES):
        path = (*bgp, family)
        inside = {"4": ("203.0.113.0/24", "100.11.0.0/16"), "6": ("2001:db8:ffff::/48", "2001:db8:20::/47")}
        network, aggregate = inside["46"[number]]
        yield Owner(Family, path, drawn.family_fields((4, 6)[number], version))
        yield Owner(NetworkStatement, (*path, "networks", network), rest(NetworkStatement, version, route_map=_MAPS))
        yield Owner(
            Aggregate,
            (*path, "aggregates", aggregate),
            rest(Aggregate, version, route_map=_MAPS, suppress_map=_MAPS),
            (((*path, "aggregates", aggregate), {}),),
        )
        static = (*path, "redistribute", "static")
        yield Owner(Redistribute, static, rest(Redistribute, version, route_map=_MAPS), ((static, {}),))
    external, internal = ("10.0.0.11", "2001:db8::21"), ("10.0.0.14",)
    for peers, ibgp in ((external, False), (internal, True)):
        for peer in peers:
            found = drawn.neighbor_fields(version, ibgp=ibgp, group=False)
            yield Owner(Neighbor, (*bgp, "neighbors", peer), _without_families(found))
            family = FAMILIES[":" in peer]
            yield Owner(
                NeighborFamily,
                (*bgp, "neighbors", peer, family),
                drawn.neighbor_family_fields(family, version, ibgp=ibgp),
            )
    for group, ibgp in (("G", False), ("I", True), ("K", False)):
        found = drawn.neighbor_fields(version, ibgp=ibgp, group=True)
        yield Owner(PeerGroup, (*bgp, "peer_groups", group), _without_families(found))
        path = (*bgp, "peer_groups", group, FAMILIES[0])
        yield Owner(NeighborFamily, path, drawn.neighbor_family_fields(FAMILIES[0], version, ibgp=ibgp))
    for name in ("IN", "OUT"):
        path = ("route_maps", name, "entries", 0)
        entry = {
            "action": st.sampled_from(["deny", "permit"]),
            "description": drawn.descriptions,
            "call": st.sampled_from(["RM1", "RM2"]),
            "on_match": st.sampled_from(["next", 20]),
        }
        yield Owner(RouteMapEntry, path, entry)
        yield Owner(Match, (*path, "match"), drawn.match_fields(version))
        yield Owner(Set, (*path, "set"), drawn.set_fields(version))
    yield from _list_owners(version)


def _list_owners(version: str) -> Iterator[Owner]:
    """Give the lists and their first entries, each where an entry of the map IN asks for it."""
    actions = st.sampled_from(["permit", "deny"])
    asked = ("route_maps", "IN", "entries", 0)
    for field, name, clause, model, entry, values in (
        (
            "prefix_lists",
            "P1",
            {"ip_address_prefix_list": "P1"},
            PrefixList,
            PrefixListEntry,
            {
                "prefix": st.sampled_from(["100.0.0.0/9", "100.11.0.0/16"]),
                "ge": st.just(23),
                "le": st.just(25),
            },
        ),
        (
            "access_lists",
            "A1",
            {"ip_address": "A1"},
            AccessList,
            AccessListEntry,
            {"prefix": st.sampled_from(["100.0.0.0/9", "100.12.0.0/16"]), "exact": st.booleans()},
        ),
        ("as_path_lists", "AP1", {"as_path": "AP1"}, None, AsPathListEntry, {"regex": drawn.regexes}),
        (
            "community_lists",
            "C1",
            {"community": {"name": "C1"}},
            CommunityList,
            CommunityListEntry,
            {"communities": st.sampled_from([("65000:2",), ("65000:3",)])},
        ),
        (
            "large_community_lists",
            "L1",
            {"large_community": {"name": "L1"}},
            None,
            LargeCommunityListEntry,
            {"communities": st.sampled_from([("65000:1:2",), ("65000:1:3",)])},
        ),
        (
            "extcommunity_lists",
            "E1",
            {"extcommunity": {"name": "E1"}},
            None,
            ExtCommunityListEntry,
            {"communities": st.sampled_from([("rt 65000:2",), ("rt 65000:3",)])},
        ),
    ):
        needs = (((*asked, "match"), clause),)
        if model is PrefixList:
            yield Owner(model, (field, name), {"description": drawn.descriptions}, needs)
        if model is AccessList:
            yield Owner(model, (field, name), {"remark": drawn.descriptions}, needs)
        yield Owner(entry, (field, name, "entries", 0), {"action": actions, **values}, needs)


_SWITCHES: Final = (
    "service_password_encryption",
    "ip_forwarding",
    "ipv6_forwarding",
    "ip_nht_resolve_via_default",
    "ipv6_nht_resolve_via_default",
)
_INSIDE: Final = {"bestpath", "graceful_restart", "max_med", *FAMILIES}
_MAPS: Final = st.sampled_from(drawn.MAPS)


def _without_families(found: Mapping[str, st.SearchStrategy[Any]]) -> Data:
    return {name: one for name, one in found.items() if name not in FAMILIES}


def changes(version: str) -> list[tuple[Owner, str]]:
    """Return every field that a version of FRR has, with the object whose it is."""
    return [
        (owner, field)
        for owner in owners(version)
        for field in owner.fields
        if not {f"{owner.model.__name__}.{field}", f"{_kin(owner.model)}.{field}"} & NOT_COMPARED.keys()
    ]


def cases(version: str, owner: Owner, field: str, number: int = 1) -> Iterator[Case]:
    """Give the changes of one field, of what it names, and of the fields of its value; `number` draws other values."""
    start = base(version)
    telling = _TELLING.get(f"{_kin(owner.model)}.{field}", owner.fields[field])
    yield from _of_field(start, owner, field, telling, number)
    for inner in _inner(owner, field, telling, version, number):
        for leaf, values in inner.fields.items():
            if f"{inner.model.__name__}.{leaf}" not in NOT_COMPARED:
                yield from _of_field(start, inner, leaf, values, number)


def valued(router: Router, owner: Owner, field: str, dice: Random) -> Router | None:
    """Return a router with a drawn value of a field; None if the field cannot have it beside the others."""
    telling = _TELLING.get(f"{_kin(owner.model)}.{field}", owner.fields[field])
    values = draws(telling, f"{owner.model.__name__}.{field}")
    return _with(router, owner, {field: _plain(dice.choice(values))}) if values else None


def _inner(owner: Owner, field: str, strategy: Any, version: str, number: int) -> Iterator[Owner]:
    """Give the object that is the value of a field, with what it must have."""
    for one in _kinds(get_type_hints(owner.model)[field]):
        values = [_plain(value) for value in draws(strategy, f"{owner.model.__name__}.{field} {number}")]
        values = [value for value in values if isinstance(value, dict)]
        required = {name for name, info in one.model_fields.items() if info.is_required()}
        if values and required < one.model_fields.keys():
            path = (*owner.path, field)
            needed = {name: value for name, value in values[0].items() if name in required}
            fields = drawn.rest(one, version, given=required, route_map=_MAPS)
            yield Owner(one, path, fields, (*owner.needs, (path, needed)))


def _kinds(hint: Any) -> Iterator[type[BaseModel]]:
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        yield hint
    for one in () if get_origin(hint) in {dict, tuple} else get_args(hint):
        yield from _kinds(one)


def _kin(model: type[BaseModel]) -> str:
    return "Neighbor" if model is PeerGroup else model.__name__


def _of_field(start: Router, owner: Owner, field: str, strategy: st.SearchStrategy[Any], number: int) -> Iterator[Case]:
    path = f"{owner.model.__name__}.{field}"
    name = f"{path} of {'.'.join(map(str, owner.path[1:]))}"
    bare = _with(start, owner, {})
    found: list[Router] = []
    before = bare
    for value in draws(strategy, f"{name} {number}"):
        for beside in ({}, *_companions(owner, field, number)):
            without = _with(start, owner, beside)
            made = None if without is None else _with(start, owner, {**beside, field: _plain(value)})
            if made is None or made == without or made in found or (found and without != before):
                continue
            before = without
            found.append(made)
            break
        if len(found) == 2:
            break
    if found and before is not None:
        yield Case(name, (before, *found, before))
        yield from _of_names(name, before, found[0])


def _of_names(name: str, before: Router, made: Router) -> Iterator[Case]:
    """Give the changes of what the field names."""
    for kind, named in sorted(_refs(made) - _refs(before)):
        there = getattr(made, kind).get(named)
        if there is None or not hasattr(there, "entries") or not there.entries:
            continue
        states = [made]
        for entries in _edited(kind, there.entries):
            edited = there.model_copy(update={"entries": entries})
            states.append(made.model_copy(update={kind: {**getattr(made, kind), named: edited}}))
        yield Case(f"{name}, {kind} {named}", (*states, made))


def _edited(kind: str, entries: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    first = entries[0]
    turned = first.model_copy(update={"action": "deny" if first.action == "permit" else "permit"})
    yield (turned, *entries[1:])
    if kind == "route_maps":
        tagged = first.model_copy(update={"set": Set.model_validate({"metric": 99})})
        yield (tagged, *entries[1:])


def _refs(router: Router) -> set[tuple[str, str]]:
    found = {ref for one in router.route_maps.values() for entry in one.entries for ref in entry_refs(entry)}
    if router.bgp is not None:
        for family in FAMILIES:
            for one in (*router.bgp.neighbors.values(), *router.bgp.peer_groups.values()):
                found |= {ref for _, ref in direct_refs(getattr(one, family), family)}
            found |= {ref for _, ref in instance_refs(getattr(router.bgp, family))}
    return found


def _companions(owner: Owner, field: str, number: int) -> Iterator[Data]:
    """Give values of the other fields, for a field that cannot stand alone."""
    for other, strategy in owner.fields.items():
        if other != field:
            for value in draws(strategy, f"{other} beside {field} {number}", most=2):
                yield {other: _plain(value)}


def _with(start: Router, owner: Owner, values: Data) -> Router | None:
    data = deepcopy(start.model_dump(exclude_unset=True))
    for path, value in owner.needs:
        _at(data, path[:-1])[path[-1]] = deepcopy(value)
    place = _at(data, owner.path)
    place.update(values)
    try:
        return Router.model_validate(data)
    except ValidationError:
        return None


def _at(data: Any, path: Steps) -> Any:
    """Return what stands at a path; dicts on the way are made, and keys are found by their text."""
    for step in path:
        if isinstance(data, list | tuple):
            data = data[step]
            continue
        key = next((one for one in data if str(one) == step), step)
        if isinstance(data.get(key), tuple):
            data[key] = list(data[key])
        data = data.setdefault(key, {})
    return data


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_unset=True)
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


@cache
def _draws(strategy: st.SearchStrategy[Any], name: str, most: int) -> tuple[Any, ...]:
    found: list[Any] = []

    @seed(zlib.crc32(name.encode()))
    @settings(
        max_examples=most,
        deadline=None,
        database=None,
        derandomize=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(one: Any) -> None:
        if one not in found:
            found.append(one)

    collect()
    return tuple(found)


def draws(strategy: st.SearchStrategy[Any], name: str, most: int = 12) -> tuple[Any, ...]:
    """Draw values, the same for the same name each time."""
    if strategy.is_empty:
        return ()
    return _draws(strategy, name, most)
