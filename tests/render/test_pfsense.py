"""The model and the sections of pfSense's FRR package: what is written comes back, and nothing is lost in between."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from frrgen.codes import Severity
from frrgen.model.router import StaticRoute
from frrgen.model.types import FAMILIES
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import Parsed
from frrgen.platforms.frr.parse.parser import parse as parse_frr
from frrgen.platforms.pfsense.generator import frr_conf
from frrgen.platforms.pfsense.parse import parse
from frrgen.platforms.pfsense.render import sections as write
from frrgen.platforms.pfsense.render import written_with_findings
from frrgen.platforms.pfsense.schema import blank
from frrgen.platforms.pfsense.sections.neighbors import active_families
from frrgen.platforms.pfsense.stored import normal
from tests.boxes import BOX, boxes, sections
from tests.examples import examples


def differences(one, other):
    """What differs between sections, entry by entry and key by key."""
    found = []
    for name in {**normal(one), **normal(other)}:
        first, second = normal(one).get(name, []), normal(other).get(name, [])
        if len(first) != len(second):
            found.append((name, len(first), len(second)))
        for a, b in zip(first, second, strict=False):
            found += [(name, key, a.get(key), b.get(key)) for key in {**a, **b} if a.get(key) != b.get(key)]
    return found


@settings(max_examples=examples(30), deadline=None)
@given(boxes())
def test_what_the_pages_stored_is_written_back_as_it_was(stored):
    """A box that is imported and pushed again is not changed, whatever owns it."""
    read = parse(stored, BOX, name="home")
    assert not read.parsed.leftovers
    for ownership in ("managed", "full"):
        router = read.parsed.router.model_copy(update={"ownership": ownership})
        written, findings = written_with_findings(router, BOX, stored, read.kept)
        assert not [one for one in findings if one.severity is Severity.ERROR]
        assert differences(stored, written) == []


def edited(draw, stored):
    """Give a box that the pages did not store so, though the package reads it."""
    frr = stored["frr"][0]
    routes = [row for row in frr["row"] if row["routevalue"]]
    routes = [{"acceptfilter": "ON", **row} if draw(st.booleans()) else row for row in routes]
    routes += draw(st.sampled_from([[], [{"acceptfilter": "ON", "routevalue": "10.8.0.0/16", "routetarget": "none"}]]))
    frr["row"] = draw(st.permutations(routes)) or frr["row"]
    for one in stored["frrbgpneighbors"]:
        for key in draw(st.sets(st.sampled_from(["sendcommunity", "nexthopself", "bfd_peer", "descr"]))):
            one.pop(key, None)
        if draw(st.booleans()):
            one["routemap_in"] = "MISSING"
        if draw(st.booleans()):
            one["descr"] = "d" * 85
    for section in ("frrglobalprefixes", "frrglobalacls"):
        for one in stored[section]:
            if draw(st.booleans()):
                one["iptype"] = ""
    for section in ("frrbgpaspaths", "frrbgpcommunities", "frrglobalprefixes"):
        for one in stored[section]:
            one["row"] = list(draw(st.permutations(one["row"])))
    stored["frrbgpneighbors"] = list(draw(st.permutations(stored["frrbgpneighbors"])))
    return stored


@settings(max_examples=examples(100), deadline=None)
@given(st.data(), boxes(), st.sampled_from(["managed", "full"]))
def test_what_no_page_stored_so_is_written_back_as_it_was(data, stored, ownership):
    """Not a key moves, and nothing is refused that the box has already."""
    stored = edited(data.draw, stored)
    read = parse(stored, BOX, name="home")
    router = read.parsed.router.model_copy(update={"ownership": ownership})
    written = write(router, BOX, stored, read.kept, read.parsed.router)
    assert {**stored, **written} == stored


FILTERED = [
    {"acceptfilter": "ON", "routevalue": "10.8.0.0/16", "routetarget": "none"},
    {"acceptfilter": "ON", "nullroute": "ON", "routevalue": "10.9.0.0/16", "routetarget": "none"},
    {"routevalue": "10.1.0.0/16", "routetarget": "gw|WANGW"},
]


def with_routes(*routes, ownership="full"):
    """The rows of a box with accept filters when its routes become these."""
    stored = {"frr": [blank("frr") | {"enable": "on", "password": "x", "row": FILTERED}]}
    read = parse(stored, BOX, name="home")
    update = {"static_routes": tuple(map(StaticRoute.model_validate, routes)), "ownership": ownership}
    router = read.parsed.router.model_copy(update=update)
    return write(router, BOX, stored, read.kept, read.parsed.router)["frr"][0]["row"]


def test_an_accept_filter_stays_whatever_becomes_of_the_route_in_its_row():
    null = {"prefix": "10.9.0.0/16", "drop": "Null0"}
    via = {"prefix": "10.1.0.0/16", "via": BOX.gateways["WANGW"]}
    other = {"prefix": "10.9.0.0/16", "via": BOX.gateways["WANGW"]}
    assert with_routes(null, via) == FILTERED
    assert with_routes(null) == FILTERED[:2]
    assert with_routes(null, ownership="managed") == FILTERED
    alone = {"acceptfilter": "ON", "routevalue": "10.9.0.0/16", "routetarget": "none"}
    assert with_routes(via) == [FILTERED[0], alone, FILTERED[2]]
    changed = {"acceptfilter": "ON", "routevalue": "10.9.0.0/16", "routetarget": "gw|WANGW"}
    assert with_routes(other, via) == [FILTERED[0], changed, FILTERED[2]]


@settings(max_examples=examples(30), deadline=None)
@given(boxes())
def test_parse_is_the_inverse_of_render(stored):
    router = parse(stored, BOX, name="home").parsed.router
    written = write(router, BOX)
    assert parse(written, BOX, name="home").parsed.router == router
    assert write(router, BOX) == written


def with_activate(one, family, wanted):
    """Give a group as a box has it: nothing tells FRR that it is not activated."""
    part = getattr(one, family)
    return (
        one
        if part.activate is not False
        else one.model_copy(update={family: part.model_copy(update={"activate": wanted})})
    )


def said_itself(neighbor, bgp):
    """Let a member say itself what it has of a group that is not activated."""
    group = bgp.peer_groups.get(neighbor.peer_group or "")
    active = active_families(neighbor, bgp)
    for family in FAMILIES:
        if group is not None and getattr(group, family).activate is False:
            part = getattr(neighbor, family).model_copy(update={"activate": family in active})
            neighbor = neighbor.model_copy(update={family: part})
    return neighbor


def quoted(one):
    """Give the message of a shutdown as the package writes it, in quotes, which FRR takes for a part of it."""
    return one.model_copy(update={"shutdown_message": f'"{one.shutdown_message}"'}) if one.shutdown_message else one


def on_the_box(router):
    """Name what the box names otherwise: its interfaces by address and device, and the router's identifier."""
    bgp = router.bgp
    members = {}
    for peer, one in bgp.neighbors.items():
        members.setdefault(one.peer_group, set()).add(6 if ":" in peer else 4)

    def resolved(one, version):
        source = one.update_source
        if source not in BOX.interfaces:
            return one
        found = next((text for text in BOX.interfaces[source] if (":" in text) == (version == 6)), None)
        return one.model_copy(update={"update_source": found})

    groups = {name: resolved(quoted(one), min(members.get(name, {4}))) for name, one in bgp.peer_groups.items()}
    for family in FAMILIES:
        # the package has no line for a group that is not activated: each of its members says so
        groups = {name: with_activate(one, family, None) for name, one in groups.items()}
    neighbors = {
        peer: said_itself(resolved(quoted(one), 6 if ":" in peer else 4), bgp) for peer, one in bgp.neighbors.items()
    }
    changes = {
        "neighbors": neighbors,
        "peer_groups": groups,
        "router_id": bgp.router_id or router.router_id,
    }
    return router.model_copy(update={"bgp": bgp.model_copy(update=changes), "ownership": "full"} | on_devices(router))


def on_devices(router):
    """Name the interfaces of static routes as FRR does."""
    routes = (
        route if route.interface is None else route.model_copy(update={"interface": BOX.devices[route.interface]})
        for route in router.static_routes
    )
    return {"static_routes": tuple(routes)}


def without_repeated(router):
    """Leave out entries that say what an entry before them says, as bgpd does; the package's lines have no numbers."""
    lists = {}
    for kind in ("as_path_lists", "community_lists", "large_community_lists", "extcommunity_lists"):
        lists[kind] = {}
        for name, one in getattr(router, kind).items():
            said = {}
            for entry in one.entries:
                said.setdefault(repr(entry.model_copy(update={"seq": 0})), entry)
            numbered = enumerate(said.values(), 1)
            entries = tuple(entry.model_copy(update={"seq": 5 * number}) for number, entry in numbered)
            lists[kind][name] = one.model_copy(update={"entries": entries})
    return router.model_copy(update=lists)


@settings(max_examples=examples(30), deadline=None)
@given(sections())
def test_the_package_makes_of_the_sections_what_the_model_says(stored):
    """The model, written as sections, and these made into an frr.conf by the package: FRR reads the model again."""
    router = parse(stored, BOX, name="home").parsed.router
    read = parse_frr(frr_conf(write(router, BOX), BOX), name="home", frr_version="10.1")
    plan = make_plan(Parsed(read.router, ()), without_repeated(on_the_box(router)))
    # the options of a group stand in both families, where nobody may be active
    idle = re.compile(r"bgp\.peer_groups\.[^.]+\.ipv[46]_unicast\.")
    ignored = {one.path for one in plan.changes if one.path[-1] == "route_reflector_client"}
    left = [change for change in plan.changes if not idle.match(".".join(change.path)) and change.path not in ignored]
    assert left == []
    # FRR refuses a client that is no internal neighbor (FRR235)
    clients = {line.line for line in read.leftovers if line.line.endswith(" route-reflector-client")}
    assert {line.line.split()[0] for line in read.leftovers if line.line not in clients} <= {"password", "bgp", "no"}
    assert bool(clients) == bool(ignored)
