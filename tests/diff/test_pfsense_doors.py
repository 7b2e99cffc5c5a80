"""What a pfSense box has beyond the inventory opens no door in silence: it goes, or the plan says what it lets in."""

from __future__ import annotations

import copy
import random

import pytest

from frrgen.model.cluster import Network
from frrgen.model.derive import derive
from frrgen.platforms.frr.parse.parser import Parsed
from frrgen.platforms.frr.parse.parser import parse as parse_frr
from frrgen.platforms.pfsense.dangling import as_generated
from frrgen.platforms.pfsense.generator import frr_conf
from frrgen.platforms.pfsense.plan import daemons, plan_box
from frrgen.platforms.pfsense.render import box_of, sections
from frrgen.platforms.pfsense.schema import blank
from frrgen.platforms.pfsense.wanted import Wanted
from frrgen.policy.questions.change import route_effects

PEER = "192.168.1.10"


def home(**router):
    own = {"name": "home", "platform": "pfsense", "bgp": {"asn": 64512}, **router}
    cluster = {
        "name": "k8s",
        "asn": 64512,
        "nodes": {"n1": {"addresses": [PEER]}},
        "pools": {"p": {"prefixes": ["192.168.10.0/24"], "communities": ["64512:1"]}},
        "routers": {"home": {}},
    }
    return derive(Network.model_validate({"routers": {"home": own}, "clusters": {"k8s": cluster}})).routers["home"]


def entry(**keys):
    return blank("frrglobalroutemaps") | {"name": "k8s-in", "action": "permit", "seq": "1", **keys}


def after(section, config, of_name):
    """Put a config right behind the first that has a name."""
    return lambda box: box[section].insert(
        next(i for i, one in enumerate(box[section]) if of_name in one.values()) + 1, config
    )


def row(section, name, row):
    return lambda box: next(one for one in box[section] if one["name"] == name)["row"].append(row)


def update(section, match, **keys):
    return lambda box: next(one for one in box[section] if match.items() <= one.items()).update(keys)


EVERYTHING = {"seq": "1", "action": "permit", "source": "", "any": "ON", "ge": "", "le": ""}
LIST = blank("frrglobalprefixes") | {"name": "k8s-p", "iptype": "IPv4", "row": [EVERYTHING]}
DOORS = {
    "an entry with a key that the model lacks": after(
        "frrglobalroutemaps", entry(nexthop_action="match-peer", nexthop_peer="none"), "k8s-in"
    ),
    "an entry with a number that the model refuses": after("frrglobalroutemaps", entry(seq="0"), "k8s-in"),
    "an entry with a number that FRR refuses": after("frrglobalroutemaps", entry(seq="70000"), "k8s-in"),
    "an entry with a value that the model refuses": after(
        "frrglobalroutemaps", entry(metric_action="set", metric_value="x"), "k8s-in"
    ),
    "an entry that stands there twice": after("frrglobalroutemaps", entry(seq="20", action="permit"), "k8s-in"),
    "a list that stands there twice": after("frrglobalprefixes", LIST, "k8s-p"),
    "a row that is not understood": row(
        "frrglobalprefixes", "k8s-p", {"seq": "1", "action": "permit", "source": "0.0.0.0/0", "ge": "0", "le": "32"}
    ),
    "a neighbor that stands there twice": after(
        "frrbgpneighbors", blank("frrbgpneighbors") | {"peer": PEER, "asnum": "64512", "routemap_in": "open"}, PEER
    ),
    "a clause that narrows the last deny": update(
        "frrglobalroutemaps", {"name": "k8s-in", "seq": "20"}, community_action="match", community_match="none"
    ),
}


@pytest.mark.parametrize("ownership", ["managed", "full"])
@pytest.mark.parametrize("door", DOORS, ids=str)
def test_what_is_left_alone_lets_nothing_in_that_the_plan_does_not_tell(door, ownership):
    router = home(ownership=ownership)
    box = box_of(router)
    there = sections(router, box)
    there["frrglobalroutemaps"].append(entry(name="open"))
    DOORS[door](there)
    wanted = Wanted(router)
    new = {**there, **wanted.over(copy.deepcopy(there), box)}
    old_conf, new_conf = frr_conf(there, box), frr_conf(new, box)
    version = router.frr_version
    plan = wanted.told(
        plan_box(
            "home",
            old_conf,
            new_conf,
            generated=old_conf,
            old=there,
            new=new,
            frr_version=version,
            up=daemons(there, version),
        )
    )
    foreseen = parse_frr(new_conf, name="home", frr_version=version)
    effects = route_effects(Parsed(as_generated(router), foreseen.leftovers), foreseen.router)
    open_ = [one for one in effects if one.permitted and one.neighbor == PEER]
    assert bool(open_) <= plan.astray, (open_, plan.leftovers)
    undecided = [one for one in effects if one.undecided and one.neighbor == PEER]
    assert bool(undecided) <= bool(plan.beyond), plan.leftovers
    assert not plan.empty or plan.beyond or not effects


IN = {
    "prefix_lists": {"bogons": {"entries": [{"seq": 5, "action": "permit", "prefix": "10.0.0.0/8", "le": 32}]}},
    "route_maps": {
        "in": {
            "entries": [
                {"seq": 5, "action": "deny", "match": {"ip_address_prefix_list": "bogons"}},
                {"seq": 10, "action": "permit"},
            ]
        }
    },
}
NARROWED = {
    "a community list without a name": {"community_action": "match", "community_match": "none"},
    "an as-path list without a name": {"aspath_action": "match", "aspath_match": "none"},
    "a state of RPKI that FRR lacks": {"rpki_state": "odd"},
    "an access list that FRR cannot read": {"acl_match": "bad name"},
}


@pytest.mark.parametrize("narrowed", NARROWED, ids=str)
def test_a_clause_of_the_box_that_narrows_a_deny_of_the_inventory_is_reported(narrowed):
    neighbor = {"192.168.1.50": {"remote_as": 65001, "ipv4_unicast": {"route_map_in": "in"}}}
    router = home(**IN, bgp={"asn": 64512, "neighbors": neighbor})
    box = box_of(router)
    there = sections(router, box)
    update("frrglobalroutemaps", {"name": "in", "seq": "5"}, **NARROWED[narrowed])(there)
    wanted = Wanted(router)
    new = {**there, **wanted.over(copy.deepcopy(there), box)}
    version = router.frr_version
    conf = frr_conf(new, box)
    up = daemons(there, version)
    plan = plan_box("home", conf, conf, generated=conf, old=there, new=new, frr_version=version, up=up)
    told = wanted.told(plan)
    assert told.leftovers
    assert [one.neighbor for one in told.beyond] == ["192.168.1.50"]
    assert told.astray or told.warnings


def test_a_box_that_does_what_the_inventory_says_gets_no_warning():
    router = home()
    box = box_of(router)
    there = sections(router, box)
    there["frrglobalroutemaps"].append(entry(name="other", nexthop_action="match-peer", nexthop_peer="none"))
    wanted = Wanted(router)
    wanted.over(copy.deepcopy(there), box)
    conf = frr_conf(there, box)
    plan = plan_box(
        "home",
        conf,
        conf,
        generated=conf,
        old=there,
        new=there,
        frr_version=router.frr_version,
        up=daemons(there, router.frr_version),
    )
    told = wanted.told(plan)
    assert told.leftovers
    assert told.beyond == ()


def test_a_neighbor_that_the_inventory_does_not_name_is_reported():
    for ownership, expected in (("managed", ["192.168.1.99"]), ("full", [])):
        router = home(ownership=ownership)
        box = box_of(router)
        there = sections(router, box)
        there["frrbgpneighbors"].append(blank("frrbgpneighbors") | {"peer": "192.168.1.99", "asnum": "64512"})
        wanted = Wanted(router)
        written = wanted.over(copy.deepcopy(there), box)
        assert ["192.168.1.99" in one["peer"] for one in written["frrbgpneighbors"]].count(True) == len(expected)
        assert [one.split(":")[0] for one in wanted.leftovers] == [f"frrbgpneighbors {peer}" for peer in expected]


KEYS = (
    {},
    {"nexthop_action": "match-peer", "nexthop_peer": "none"},
    {"metric_action": "set", "metric_value": "x"},
    {"prefix_match": "k8s-p"},
    {"weight": "7"},
    {"call": "open"},
    {"exitaction": "next"},
)


@pytest.mark.parametrize("ownership", ["managed", "full"])
def test_entries_that_stand_twice_or_have_no_valid_action_are_settled_by_one_push(ownership):
    router = home(ownership=ownership)
    box = box_of(router)
    late = []
    for number in range(150):
        draw = random.Random(number)
        there = sections(router, box)
        maps = there["frrglobalroutemaps"]
        for _ in range(draw.randint(1, 3)):
            seq, action = draw.choice(["1", "10", "20", "30"]), draw.choice(["x", "", "permit", "deny"])
            maps.insert(draw.randint(0, len(maps)), entry(seq=seq, action=action, **draw.choice(KEYS)))
        once = {**there, **Wanted(router).over(copy.deepcopy(there), box)}
        twice = {**once, **Wanted(router).over(copy.deepcopy(once), box)}
        if once != twice:
            late.append((number, maps))
    assert late == []
