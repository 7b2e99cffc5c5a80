"""Whatever a router may say: pfSense's FRR runs it, or it is refused."""

from __future__ import annotations

import re
from ipaddress import IPv4Address

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from frrgen.codes import Severity
from frrgen.intended.inventory import Inventory
from frrgen.model.neighbor import NeighborFamily
from frrgen.model.router import BfdPeer, Router
from frrgen.model.types import FAMILIES
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import Parsed
from frrgen.platforms.frr.parse.parser import parse as parse_frr
from frrgen.platforms.pfsense.generator import frr_conf
from frrgen.platforms.pfsense.render import written_with_findings
from frrgen.platforms.pfsense.sections.neighbors import active_families
from frrgen.platforms.pfsense.sections.top import neighbor_profiles
from tests.boxes import BOX
from tests.examples import examples
from tests.render.test_pfsense import on_devices, on_the_box
from tests.strategies import routers


def as_data(value):
    """The data of a model, with text for keys, and only what was said."""
    if isinstance(value, BaseModel):
        return {name: as_data(getattr(value, name)) for name in value.model_fields_set}
    if isinstance(value, dict):
        return {str(key): as_data(one) for key, one in value.items()}
    return [as_data(one) for one in value] if isinstance(value, tuple | list) else value


def without(data, path):
    """Take away what a path leads to, or the innermost part on the way that is there; an entry goes by its number."""
    step, rest = path[0], path[1:]
    if isinstance(data, list):
        numbers = [str(one["seq"]) if isinstance(one, dict) and "seq" in one else str(n) for n, one in enumerate(data)]
        step = step if isinstance(step, int) else numbers.index(step) if step in numbers else None
    if step is None or (isinstance(data, dict) and step not in data) or not isinstance(data, dict | list):
        return False
    if not rest or not without(data[step], rest):
        del data[step]
    return True


def valid(data):
    """A router of the data, without what its types refuse since something has been taken away."""
    while True:
        try:
            return Router.model_validate(data)
        except ValidationError as bad:
            for one in reversed(bad.errors()):
                without(data, one["loc"])


def accepted(router, box):
    """The router without what is refused, and its sections: one part after the other goes."""
    data = as_data(router)
    for _ in range(300):
        made = valid(data)
        written, findings = written_with_findings(made, box)
        errors = [one for one in findings if one.severity is Severity.ERROR]
        if not errors:
            return made, written
        before = repr(data)
        for one in errors:
            without(data, one.where.path[2:])
        assert repr(data) != before, errors
    raise AssertionError(errors)


OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "shutdown_rtt": st.sampled_from([{"rtt": 5}, {"rtt": 5, "count": 3}]),
        "override_capability": st.booleans(),
        "capability_extended_nexthop": st.booleans(),
    },
)
LISTS = ("prefix_list_in", "prefix_list_out", "distribute_list_in", "distribute_list_out")
"""What a family names in lists of its own: names must differ between the families on pfSense."""


@st.composite
def pfsense_routers(draw):
    """A router that says what pfSense may take, more often than one that is drawn freely."""
    data = as_data(draw(routers())) | {"platform": "pfsense", "frr_version": "10.1"}
    data |= draw(
        st.fixed_dictionaries(
            {},
            optional={
                "log": st.sampled_from([{"syslog": True}, {"syslog": True, "syslog_level": "warnings"}]),
                "service_password_encryption": st.booleans(),
                "rpki": st.fixed_dictionaries(
                    {"caches": st.just([{"host": "192.0.2.9", "port": 323, "preference": 1}])},
                    optional={"polling_period": st.integers(1, 86400), "retry_interval": st.integers(1, 7200)},
                ),
            },
        )
    )
    for route in data.get("static_routes", []):
        if draw(st.booleans()):
            address = "203.0.113.1" if route["prefix"].version == 4 else "2001:db8::1"
            for key in ("via", "interface", "drop", "tag", "distance"):
                route.pop(key, None)
            route.update(draw(st.sampled_from([{"via": address}, {"interface": "lan"}, {"drop": "Null0"}])))
    bgp = data.get("bgp") or {}
    bgp |= draw(
        st.fixed_dictionaries(
            {},
            optional={
                "update_delay": st.sampled_from([{"maximum": 0}, {"maximum": 9}, {"maximum": 9, "establish_wait": 5}]),
                "shutdown": st.booleans(),
                "confederation": st.sampled_from([{"identifier": 7}, {"identifier": 7, "peers": [8, 9]}]),
            },
        )
        if bgp
        else st.just({})
    )
    for one in (*bgp.get("peer_groups", {}).values(), *bgp.get("neighbors", {}).values()):
        if one.get("update_source") is not None:
            one["update_source"] = draw(st.sampled_from(["lan", "wan", "192.168.1.1", "192.168.1.254"]))
        one.update(draw(OPTIONS))
        if draw(st.booleans()):
            one["ipv6_unicast"] = {key: value for key, value in one.get("ipv4_unicast", {}).items() if key not in LISTS}
    for peer, one in bgp.get("neighbors", {}).items():
        own, other = ("ipv6_unicast", "ipv4_unicast") if ":" in peer else ("ipv4_unicast", "ipv6_unicast")
        both = draw(st.booleans())
        one[own] = one.get(own, {}) | {"activate": True}
        one[other] = (one.get(other, {}) if both else {}) | {"activate": both}
        if both:
            one[own] = {key: value for key, value in one[own].items() if key not in LISTS}
        if not both and other == "ipv4_unicast":
            bgp["default_ipv4_unicast"] = False
    return valid(data)


def numbered_by_fives(router):
    """The package writes the entries of these lists without their numbers."""
    changes = {
        kind: {
            name: lst.model_copy(
                update={"entries": tuple(e.model_copy(update={"seq": 5 * n}) for n, e in enumerate(lst.entries, 1))}
            )
            for name, lst in getattr(router, kind).items()
        }
        for kind in ("as_path_lists", "community_lists")
    }
    return router.model_copy(update=changes)


def with_profiles_apart(router):
    """The package writes no profile on a neighbor: a BFD peer with the neighbor's address carries it."""
    bgp = router.bgp
    if bgp is None:
        return router
    profiles = neighbor_profiles(bgp)
    named = {str(peer.address) for peer in router.bfd_peers}
    peers = [BfdPeer(address=peer, profile=name) for peer, name in profiles.items() if peer not in named]

    def bare(one):
        return one if one.bfd is None else one.model_copy(update={"bfd": one.bfd.model_copy(update={"profile": None})})

    parts = {kind: {k: bare(one) for k, one in getattr(bgp, kind).items()} for kind in ("neighbors", "peer_groups")}
    return router.model_copy(update={"bgp": bgp.model_copy(update=parts), "bfd_peers": (*router.bfd_peers, *peers)})


def without_idle(router, made):
    """Take away a group's options in a family where none of its members is active: they do nothing."""
    if router.bgp is None:
        return router
    active = {
        (one.peer_group, family) for one in made.bgp.neighbors.values() for family in active_families(one, made.bgp)
    }
    groups = {
        name: group.model_copy(update={family: NeighborFamily() for family in FAMILIES if (name, family) not in active})
        for name, group in router.bgp.peer_groups.items()
    }
    return router.model_copy(update={"bgp": router.bgp.model_copy(update={"peer_groups": groups})})


BGPD_HOLDS = ("as_path_lists", "community_lists", "route_map_delay_timer")
"""What only bgpd holds: without it, nobody asks for it, and the package does not write it."""


def with_masks(router):
    """Give each host of a numbered list the wildcard that FRR then shows: no page saves an address without a length."""
    mask = IPv4Address("0.0.0.0")

    def masked(entry):
        pairs = (("source", "wildcard"), ("destination", "destination_wildcard"))
        hosts = [wildcard for name, wildcard in pairs if getattr(entry, name) not in {None, "any"}]
        return entry.model_copy(update={one: mask for one in hosts if getattr(entry, one) is None})

    lists = {
        name: one.model_copy(update={"entries": tuple(map(masked, one.entries))})
        for name, one in router.access_lists.items()
    }
    return router.model_copy(update={"access_lists": lists})


def left_over(router):
    """What FRR would do otherwise than the part of a router that is not refused says."""
    made, written = accepted(router, BOX)
    # FRR 10 refuses the package's lines for RPKI caches, which a finding of its own tells (FRR738)
    text = re.sub("^( rpki cache) (?!tcp|ssh)", r"\1 tcp ", frr_conf(written, BOX), flags=re.MULTILINE)
    read = parse_frr(text, name=made.name, frr_version="10.1")
    wanted = on_the_box(made) if made.bgp is not None else made.model_copy(update=on_devices(made))
    wanted = with_masks(with_profiles_apart(numbered_by_fives(wanted)))
    plan = make_plan(Parsed(without_idle(read.router, made), ()), without_idle(wanted, made))
    changes = [one for one in plan.changes if made.bgp is not None or one.path[0] not in BGPD_HOLDS]
    return made, text, read, changes


@settings(
    max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(pfsense_routers())
def test_what_pfsense_does_not_run_is_refused(router):
    _, _, read, changes = left_over(router)
    assert changes == []
    assert {line.line for line in read.leftovers} <= {"bgp enforce-first-as"}


def refused(data):
    """The findings that a router is refused with, as (code, path)."""
    router = Router.model_validate({"name": "home", "platform": "pfsense", **data})
    found = written_with_findings(router, BOX)[1]
    return {(one.code, ".".join(one.where.path[2:])) for one in found if one.severity is Severity.ERROR}


def bgp(**neighbor):
    return {"bgp": {"asn": 65001, "neighbors": {"192.0.2.1": {"remote_as": 65002, **neighbor}}}}


ENTRY = {"seq": 10, "action": "permit"}


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (bgp(ipv4_unicast={"route_map_in": "GONE"}), "bgp.neighbors.192.0.2.1.ipv4_unicast.route_map_in"),
        (bgp(peer_group="GONE"), "bgp.neighbors.192.0.2.1.peer_group"),
        (
            {"route_maps": {"M": {"entries": [{**ENTRY, "match": {"as_path": "GONE"}}]}}},
            "route_maps.M.entries.10.match.as_path",
        ),
        ({"route_maps": {"M": {"entries": [{**ENTRY, "on_match": 15}]}}}, "route_maps.M.entries.10.on_match"),
        (bgp(update_source="opt7"), "bgp.neighbors.192.0.2.1.update_source"),
        (bgp(update_source="fd00:1::2"), "bgp.neighbors.192.0.2.1.update_source"),
        (bgp(description="0"), "bgp.neighbors.192.0.2.1.description"),
        ({"prefix_lists": {"P": {"description": "empty", "entries": []}}}, "prefix_lists.P.description"),
        ({"ipv6_access_lists": {"A": {"entries": []}}}, "ipv6_access_lists.A"),
        ({"static_routes": [{"prefix": "10.0.0.0/8", "interface": "eth7"}]}, "static_routes.0.interface"),
    ],
)
def test_a_line_that_the_package_leaves_out_is_refused(data, path):
    assert path in {place for _, place in refused(data)}


def test_a_group_with_members_of_both_families_names_no_interface_to_come_from():
    """The package takes one address of an interface for all of them."""
    data = {
        "asn": 65001,
        "peer_groups": {"G": {"remote_as": 65002, "update_source": "lan"}},
        "neighbors": {"192.0.2.1": {"peer_group": "G"}, "2001:db8::1": {"peer_group": "G"}},
    }
    assert ("FRR720", "bgp.peer_groups.G.update_source") in refused({"bgp": data})
    data["neighbors"] = {"2001:db8::1": {"peer_group": "G", "ipv6_unicast": {"activate": True}}}
    data["default_ipv4_unicast"] = False
    router = Router.model_validate({"name": "home", "platform": "pfsense", "bgp": data})
    assert " neighbor G update-source fd00:1::1\n" in frr_conf(written_with_findings(router, BOX)[0], BOX)


def test_check_names_what_is_not_there_once(tmp_path):
    (tmp_path / "routers").mkdir()
    text = "platform: pfsense\nbgp:\n  asn: 65001\n  neighbors:\n    192.0.2.1:\n      remote_as: 65002\n"
    (tmp_path / "routers" / "home.yaml").write_text(f"{text}      ipv4_unicast:\n        route_map_in: GONE\n")
    found = [one for one in Inventory(tmp_path).findings if "GONE" in one.message]
    assert [(one.code, one.where.line, one.where.column) for one in found] == [("FRR210", 8, 23)]
