"""Every field that names a list, a map, a profile or a group is checked, and a plan keeps what is still named."""

from __future__ import annotations

from typing import Union, get_args, get_origin, get_type_hints

import pytest
from pydantic import BaseModel

from frrgen.codes import Code
from frrgen.model.check import check
from frrgen.model.cluster import Network
from frrgen.model.derive import derive
from frrgen.model.platform import Pfsense
from frrgen.model.router import Router, Ssh
from frrgen.model.types import BgpListName, GroupName, LeakedVrf, MapName, Name, ProfileName, VrfName
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.render import render

NAMES = (BgpListName, GroupName, LeakedVrf, MapName, Name, ProfileName, VrfName)
MADE_ELSEWHERE = {"import_vrf", "source_vrf", "nexthop_vrf", "script", "vrf"}
"""Fields that name a VRF, which the kernel has, or a script on the disk, whether the inventory names it or not."""
ENTRIES = {"entries": [{"seq": 10, "action": "permit"}]}
REQUIRED = {
    "RouteMapEntry": {"seq": 10, "action": "permit"},
    "StaticRoute": {"prefix": "198.51.100.0/24", "drop": "blackhole"},
    "AdvertiseMap": {"route_map": "THERE", "condition": "exist-map", "condition_map": "THERE"},
    "Distance": {"distance": 20},
    "BfdPeer": {"address": "192.0.2.1"},
    "Bgp": {"asn": 65001, "router_id": "192.0.2.9"},
    "Neighbor": {"remote_as": 65002},
    "PeerGroup": {"remote_as": 65002},
    "Router": {"name": "r1", "frr_version": "10.7", "ownership": "full", "route_maps": {"THERE": ENTRIES}},
}
BESIDE = {"allowas_in_map": {"allowas_in": 3}}
"""What a field needs beside itself."""
KEYS = {
    "advertise": "ipv4",
    "neighbors": "192.0.2.1",
    "peer_groups": "G",
    "vrfs": "red",
    "redistribute": "static",
    "route_maps": "M",
}
"""A key of a dict; of others it is a prefix."""
DEFINED = """\
bgp community alias 65000:1 NAMED
ip prefix-list NAMED seq 5 permit 10.0.0.0/8
ipv6 prefix-list NAMED seq 5 permit 2001:db8::/32
access-list NAMED seq 5 permit 10.0.0.0/8
ipv6 access-list NAMED seq 5 permit 2001:db8::/32
bgp as-path access-list NAMED seq 5 permit _1_
bgp community-list standard NAMED seq 5 permit 65000:1
bgp large-community-list standard NAMED seq 5 permit 65000:1:1
bgp extcommunity-list standard NAMED seq 5 permit rt 65000:1
route-map NAMED permit 10
exit
bfd
 profile NAMED
  detect-multiplier 5
 exit
exit
router bgp 65001
 neighbor NAMED peer-group
 neighbor NAMED remote-as 65002
exit
"""
"""One of each kind of thing that a field can name."""
THINGS = parse(DEFINED, name="r1", frr_version="10.7").router
KINDS = [field for field in Router.model_fields if isinstance(one := getattr(THINGS, field), dict) and "NAMED" in one]


def kinds(hint):
    """Return the parts of a type: of a union, its members."""
    if hint in NAMES:
        return [hint]
    if get_origin(hint) is Union or type(hint).__name__ == "UnionType":
        return [kind for one in get_args(hint) for kind in kinds(one)]
    if hasattr(hint, "__metadata__"):
        return kinds(hint.__origin__)
    return [hint]


def places(cls: type[BaseModel], path=()):
    """Return the path of each field that holds a name, from a model on."""
    for field, hint in get_type_hints(cls, include_extras=True).items():
        if field not in cls.model_fields or (cls is Router and field.endswith("_lists")):
            continue
        for kind in kinds(hint):
            step = (*path, (cls, field))
            if kind in NAMES:
                yield step, "it"
            elif get_origin(kind) in {tuple, dict}:
                inner = get_args(kind)[0 if get_origin(kind) is tuple else 1]
                for one in kinds(inner):
                    if one in NAMES:
                        yield step, get_origin(kind).__name__
                    elif isinstance(one, type) and issubclass(one, BaseModel):
                        yield from places(one, step)
            elif isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in {Ssh, Pfsense}:
                yield from places(kind, step)


def data_at(path, name, how, *, v6=False):
    """Return the data of a router in which the field at a path holds a name, and the path as findings write it."""
    (cls, field), *rest = path
    v6 = v6 or field in {"ipv6_unicast", "ipv6_prefix_lists"}
    inner, steps = data_at(rest, name, how, v6=v6) if rest else (name, ())
    hint = get_type_hints(cls, include_extras=True)[field]
    around = next((get_origin(kind) for kind in kinds(hint) if get_origin(kind) in {dict, tuple}), None)
    value, key = inner, ()
    if around is dict:
        key = (KEYS.get(field, "2001:db8::/32" if v6 else "10.0.0.0/8"),)
        value = {key[0]: inner}
    elif around is tuple:
        key = (str(inner.get("seq", 0)),) if rest else ()
        value = [inner]
    data = REQUIRED.get(cls.__name__, {}) | BESIDE.get(field, {})
    held = data.get(field)
    data = {**data, field: {**held, **value} if isinstance(held, dict) and around is dict else value}
    return data, (field, *key, *steps)


EVERY = [(path, how) for path, how in places(Router) if path[-1][1] not in MADE_ELSEWHERE]
IDS = [".".join(field for _, field in path) for path, _ in EVERY]


def found(router):
    network = Network.model_validate({"routers": {"r1": router}})
    return [tuple(one.where.path[2:]) for one in check(network, derive(network)) if one.code is Code.FRR210]


def test_there_are_many_such_fields():
    assert len(EVERY) > 80


@pytest.mark.parametrize(("path", "how"), EVERY, ids=IDS)
def test_a_name_of_nothing_is_found_where_it_stands(path, how):
    data, steps = data_at(path, "NOTHING", how)
    told = found(Router.model_validate(data))
    assert [place for place in told if steps[: len(place)] == place and len(steps) - len(place) < 2], (steps, told)


@pytest.mark.parametrize(("path", "how"), EVERY, ids=IDS)
def test_a_plan_makes_what_is_named_first_and_removes_it_last(path, how):
    if path[-1][1] in {"peer_group", "listen_ranges"}:
        pytest.skip("a group and its members are the instance's own: tests/lab/test_transitions.py")
    data, _ = data_at(path, "NAMED", how)
    both = None
    for kind in KINDS:
        held = {**data, kind: {**data.get(kind, {}), "NAMED": getattr(THINGS, kind)["NAMED"]}}
        if not found(router := Router.model_validate(held)):
            both = router
    assert both is not None
    neither = Router.model_validate({name: REQUIRED["Router"][name] for name in REQUIRED["Router"]})
    for old, new in ((neither, both), (both, neither)):
        commands = make_plan(parse(render(old), name="r1", frr_version="10.7"), new).commands
        naming = [number for number, line in enumerate(commands) if "NAMED" in line.split()]
        assert naming
        if new is neither:
            assert commands[naming[-1]].startswith("no "), commands
            rest = commands[naming[-1] :]
            assert not any(line.startswith(("no router", "no neighbor")) for line in rest), commands
        elif path[-1][1] != "call":
            # maps and their calls are one transaction, in any order
            assert not commands[naming[0]].startswith(("match", "set", "neighbor")), commands
