"""Each key of each page but the neighbors' own: the plan foretells what the package then does to FRR and to sessions.

The package restarts FRR, reloads it, or stops it; a session that is reset has another TCP connection behind the push.
CI tries a sample that a seed draws. `FRRGEN_PAGES=all` tries every key, `FRRGEN_PAGES=frrbgp,frrbfd` the keys of two
pages, `FRRGEN_PAGES=rpki_state` one key, and `FRRGEN_PART=1/3` a third of them.
"""

from __future__ import annotations

import copy
import os
import random
import shutil
from typing import Any, NamedTuple

import pytest

from frrgen.errors import FrrgenError
from frrgen.lines.rule import Impact
from frrgen.model.router import Router
from frrgen.platforms.pfsense.device import PfsenseDevice
from frrgen.platforms.pfsense.plan import Effect
from frrgen.platforms.pfsense.push import PfsensePush
from frrgen.platforms.pfsense.schema import COVERED, SCHEMA, blank
from frrgen.transaction.base import State
from tests.lab import Lab, wait_for
from tests.lab.peers import PassiveBird
from tests.lab.pfsense import ADMIN, Pfsense
from tests.lab.pfsense.box import lacking
from tests.lab.router import LabError
from tests.lab.test_pfsense import ARTICLE

pytestmark = [
    pytest.mark.sample("10.3"),
    pytest.mark.skipif(bool(lacking()), reason=f"the stand-in for pfSense needs {lacking()}"),
    pytest.mark.skipif(not (shutil.which("bird") or shutil.which("/usr/sbin/bird")), reason="it needs bird2"),
]
SAMPLE, SEED = 4, int(os.environ.get("FRRGEN_SEED", "1"))
CHOSEN = os.environ.get("FRRGEN_PAGES", "")
PACKAGE = os.environ.get("FRRGEN_PACKAGE", "2.1")
"""The series of the package: 2.0 or 2.1."""
BOX, LOCAL = "192.168.1.1", "64512"
PEERS = {"192.168.1.10": LOCAL, "192.168.1.11": "65001"}
VIRTUAL = """\
	<virtualip><vip><mode>carp</mode><interface>lan</interface><uniqid>5f3a</uniqid><vhid>1</vhid>
	<subnet>192.168.1.254</subnet><subnet_bits>24</subnet_bits></vip></virtualip>
	<installedpackages>"""
MAP, ON = "MetalLB_k8s", "on"
ENTRY = {"seq": "5", "action": "permit"}


class Case(NamedTuple):
    """Keys of the first entry of a page that change together; the entry has the keys of `base` before."""

    section: str
    keys: dict[str, Any]
    base: dict[str, Any] = {}
    with_: dict[str, list[dict[str, Any]]] = {}
    """Other sections that change with it."""

    def __str__(self) -> str:
        return f"{self.section} {' '.join(f'{key}={value}' for key, value in self.keys.items())}"


def entry(section: str, **keys: Any) -> dict[str, Any]:
    return {**blank(section), **keys}


CACHE = {
    "frrbgprpkicacheservers": [entry("frrbgprpkicacheservers", cacheserver="192.0.2.5", port="3323", preference="1")]
}


def bgp(**keys: Any) -> Case:
    return Case("frrbgp", keys)


def advanced(base: dict[str, Any] | None = None, /, **keys: Any) -> Case:
    return Case("frrbgpadvanced", keys, base or {})


def route_map(base: dict[str, Any] | None = None, /, **keys: Any) -> Case:
    return Case("frrglobalroutemaps", keys, base or {})


CASES = [
    *(
        Case("frr", keys)
        for keys in (
            {"enable": ""},
            {"routerid": "192.168.1.7"},
            {"password": "other"},
            {"passwordencrypt": ON},
            {"ignoreipsecrestart": ON},
            {"carpstatusvid": "_vip5f3a"},
            {"logging": ON},
            {"pkgloglevel": "1"},
            {"nht": "both"},
            {"row": [{"nullroute": "ON", "routevalue": "10.77.0.0/16", "routetarget": "none"}]},
            {"row": [{"routevalue": "10.77.0.0/16", "routetarget": "bgp|192.168.1.10"}]},
        )
    ),
    Case("frrglobalraw", {"row": [{"tcpsigsrc": BOX, "tcpsigdst": "192.168.1.99", "tcpsigpw": "x"}]}),
    bgp(enable=""),
    bgp(adjacencylog=ON),
    bgp(asnum="64513"),
    bgp(routerid="192.168.1.2"),
    bgp(timers_keepalive="20", timers_holdtime="60"),
    bgp(timers_updatedelay="5"),
    bgp(timers_updatedelay="5", timers_peerwait="3"),
    bgp(nodefipv4unicast=ON),
    bgp(shutdown=ON),
    bgp(shutdown=ON, shutdownmessage="x"),
    bgp(grglobaldisable=ON),
    bgp(disablepreservefwstate=ON),
    bgp(grstalepathtime="200"),
    bgp(grrestarttimetime="200"),
    bgp(grselectdefertime="200"),
    bgp(grribstaletime="200"),
    bgp(gsenable=ON),
    bgp(enablerpki=ON),
    bgp(rpkipollingperiod="300", rpkiexpireinterval="900", rpkiretryinterval="100"),
    Case("frrbgp", {"enablerpki": ON}, {}, CACHE),
    *(bgp(**{f"redistribute{one}": "ipv4"}) for one in ("connected", "static", "kernel", "ospf", "ospf6", "rip")),
    bgp(row=[{"distributeroutevalue": "10.88.0.0/16", "distributeroutemap": "none"}]),
    bgp(row=[{"distributeroutevalue": "10.88.0.0/16", "distributeroutemap": MAP}]),
    advanced(default_localpref="200"),
    advanced(tablemap=MAP),
    advanced(timers_coalesce="1000"),
    advanced(timers_routemapdelay="10"),
    advanced(dampening_halflife="10"),
    advanced(
        dampening_halflife="10", dampening_reuse="800", dampening_suppress="2000", dampening_suppressduration="40"
    ),
    advanced(fastexternalfailover=ON),
    advanced(networkimportcheck=ON),
    advanced(rejcectassetasconfedset=ON),
    advanced(routereflectorallowoutboundpolicy=ON),
    advanced(routereflectorclusterid="192.168.1.7"),
    advanced(routereflectorclienttoclient=ON),
    advanced(row=[{"aggregateaddr": "10.0.0.0/8"}]),
    advanced(row=[{"aggregateaddr": "10.0.0.0/8", "aggregateasset": "ON", "aggregatesummaryonly": "ON"}]),
    advanced(meddeterministic=ON),
    advanced(medalwayscompare=ON),
    advanced(maxmedadmin=ON),
    advanced(maxmedadmin=ON, maxmedadminvalue="100"),
    advanced(maxmedstartup="60"),
    advanced(maxmedstartup="60", maxmedstartupvalue="100"),
    advanced(confedas="65100"),
    advanced(confedas="65100", confedpeers="65001"),
    advanced(distanceadmin="30", distanceadminprefix="10.0.0.0/8"),
    advanced(distanceadmin="30", distanceadminprefix="10.0.0.0/8", distanceadminacl="ACL"),
    advanced(bgpdistanceext="30", bgpdistanceint="150", bgpdistancelocal="210"),
    advanced(bgpbestpathasconfed=ON),
    advanced(bgpbestpathasignore=ON),
    advanced(bgpbestpathasmulti=ON),
    advanced({"bgpbestpathasmulti": ON}, bgpbestpathasmultigenasset=ON),
    advanced(bgpbestpathcomparerouterid=ON),
    advanced(bgpbestpathmedconfed=ON),
    advanced(bgpbestpathmedmissing=ON),
    advanced(disableebgpconnectedroutecheck=ON),
    advanced({"enforcefirstas": ON}, enforcefirstas=""),
    advanced(disableebgprequirepolicy=ON),
    advanced(subgrouppktqueuemax="50"),
    advanced(writequanta="20"),
    Case("frrglobalacls", {"row": [{**ENTRY, "action": "deny", "source": "192.168.10.0/24"}]}),
    Case("frrglobalacls", {"descr": "x"}),
    Case("frrglobalprefixes", {"row": [{**ENTRY, "source": "192.168.20.0/24"}]}),
    Case("frrglobalprefixes", {"row": [{**ENTRY, "source": "192.168.10.0/24", "ge": "26", "le": "30"}]}),
    Case("frrglobalprefixes", {"row": [{**ENTRY, "any": "ON", "source": ""}], "descr": "x"}),
    Case("frrbgpaspaths", {"row": [{**ENTRY, "regex": "^65002_"}], "descr": "x"}),
    Case("frrbgpcommunities", {"row": [{**ENTRY, "community": "64512:2"}], "descr": "x"}),
    route_map(descr="x", action="deny"),
    route_map(seq="20"),
    route_map(call="OTHER"),
    route_map(exitaction="next"),
    route_map(acl_match="ACL", prefix_match="none"),
    route_map(prefix_match="none"),
    route_map(nexthop_action="match-pl", nexthop_pl=MAP),
    route_map(nexthop_action="match-acl", nexthop_acl="ACL"),
    route_map(nexthop_action="set", nexthop_peer="192.168.1.11"),
    route_map(metric_action="set", metric_value="7"),
    route_map(weight="7"),
    route_map(localpref_action="set", localpref_value="7"),
    route_map(aspath_action="match", aspath_match="PATHS"),
    route_map(aspath_action="setprepend", aspath_value="64512 64512"),
    route_map(community_action="match", community_match="COMMUNITIES"),
    route_map(community_action="set", community_set="64512:7", community_additive=ON),
    route_map(origin_action="set", origin_value="egp"),
    route_map(source_proto="bgp"),
    route_map(tag_action="set", tag_value="7"),
    route_map(rpki_state="valid"),
    Case("frrbfd", {"enable": ""}),
    Case(
        "frrbfdprofiles", {"detectmultiplier": "5", "receiveinterval": "100", "transmitinterval": "100", "descr": "x"}
    ),
    Case("frrbfdprofiles", {"passive": ON, "minimumttl": "5", "shutdown": ON}),
    Case("frrbfdprofiles", {"echomode": ON, "echointerval": "100"}),
    Case("frrbfdpeers", {"profile": "P", "descr": "x"}),
    Case("frrbfdpeers", {"detectmultiplier": "5", "receiveinterval": "100", "transmitinterval": "100"}),
    Case("frrbfdpeers", {"shutdown": ON}),
]
NOT_TRIED = {
    ("frr", "enablesnmpagentx"): "Debian's FRR is built without it here, and bgpd does not start with its module",
    ("frrbgp", "enablesnmpagentx"): "as for the page Global Settings",
    ("frr", "service_force_restart"): "a button",
    ("frrglobalraw", "frr"): "it replaces all: tests/lab/test_pfsense_raw.py",
    ("frrglobalraw", "frrrunning"): "a note of the page",
    ("frrglobalacls", "type"): "another type is another list: its names have no number in common",
    ("frrglobalacls", "iptype"): "another list",
    ("frrglobalprefixes", "iptype"): "another list",
    ("frrbgpcommunities", "listtype"): "another list",
    ("frrbfdpeers", "interface"): "another session of BFD",
    ("frrbfdpeers", "local_address"): "another session of BFD",
    ("frrbfdpeers", "multihop"): "another session of BFD",
    ("frrbfdpeers", "echointerval"): "as in a profile",
    ("frrbfdpeers", "echomode"): "as in a profile",
    **{(name, key): "it names the entry" for name in COVERED for key in ("name", "peer") if key in SCHEMA[name].keys},
    **{("frrbgprpkicacheservers", key): "tried with enablerpki" for key in SCHEMA["frrbgprpkicacheservers"].keys},
}


UNDOES_BFD = (10,)
"""Before FRR 10 bfdd has no `no detect-multiplier` and the like: frr-reload cannot take such lines away (8.4.4)."""


def base_sections(covered: dict[str, Any]) -> dict[str, Any]:
    """Return the article's sections with two neighbors, an internal and an external one, and everything to refer to."""
    neighbors = [
        entry(
            "frrbgpneighbors",
            peer=peer,
            asnum=asn,
            updatesource="lan",
            updatesource_type="ipv4",
            timers_connect="1",
            routemap_in=MAP,
            sendcommunity="both",
        )
        for peer, asn in PEERS.items()
    ]
    maps = [
        entry("frrglobalroutemaps", name=MAP, seq="1", action="permit", acl_match="none", prefix_match=MAP),
        entry("frrglobalroutemaps", name="OTHER", seq="1", action="permit", acl_match="none", prefix_match="none"),
    ]
    return {
        **copy.deepcopy(covered),
        "frrbgpneighbors": neighbors,
        "frrglobalroutemaps": maps,
        "frrglobalraw": [entry("frrglobalraw")],
        "frrglobalacls": [
            entry(
                "frrglobalacls", type="zebra", iptype="IPv4", name="ACL", row=[{**ENTRY, "source": "192.168.10.0/24"}]
            )
        ],
        "frrbgpaspaths": [entry("frrbgpaspaths", name="PATHS", row=[{**ENTRY, "regex": "^65001_"}])],
        "frrbgpcommunities": [
            entry("frrbgpcommunities", name="COMMUNITIES", listtype="standard", row=[{**ENTRY, "community": "64512:1"}])
        ],
        "frrbgpadvanced": [entry("frrbgpadvanced", enforcefirstas=ON)],
        "frrbfd": [entry("frrbfd", enable=ON)],
        "frrbfdprofiles": [entry("frrbfdprofiles", name="P")],
        "frrbfdpeers": [entry("frrbfdpeers", peer="192.168.1.99")],
    }


@pytest.fixture(scope="module")
def device(frr):
    with Lab(frr=frr) as lab:
        version = {"2.0": "2.0.2_7", "2.1": "2.1.2_1"}[PACKAGE]
        box = lab.add(Pfsense("pf", lab.folder / "pf", frr=lab.frr, package=version))
        node = lab.router("node", daemons=())
        first, *others = PEERS
        lab.link(box, node, f"{BOX}/24", f"{first}/24")
        node.address("eth0", *(f"{peer}/24" for peer in others))
        lab.sshd(box)
        box.run("sh", "-c", "echo MASTER > /var/db/carp-_vip5f3a")
        box.start(ARTICLE.replace("\t<installedpackages>", VIRTUAL))
        peers = PassiveBird(node, BOX, {peer: (asn, LOCAL) for peer, asn in PEERS.items()})
        one = PfsenseDevice(Router(name="pf", ssh={"user": ADMIN}), ssh_config=lab.ssh_config())
        try:
            yield box, one
        finally:
            one.close()
            peers.stop()


def connections(box):
    """Return what tells one session from the next, of those that are up; nothing while bgpd does not run."""
    try:
        neighbors = box.bgp("neighbors")
    except (LabError, ValueError):
        return {}
    return {
        peer: (said["portLocal"], said["portForeign"])
        for peer, said in neighbors.items()
        if isinstance(said, dict) and said.get("bgpState") == "Established"
    }


def bgpd(box):
    return box.run("sh", "-c", "cat /run/frr/bgpd.pid", check=False).stdout


def compare(device, sections):
    """Push sections, and return the differences between what was foretold and what was seen."""
    box, one = device
    before, pid = connections(box), bgpd(box)
    outcome = PfsensePush(one, lambda _: sections, bounds=None).run()
    assert outcome.state is State.CONFIRMED
    plan, after = outcome.plan, connections(box)
    found = []
    if (plan.effect in {Effect.RESTART, Effect.STOP}) != (bgpd(box) != pid):
        found.append(f"{plan.effect} was foretold, and bgpd is {'another' if bgpd(box) != pid else 'the same'}")
    foretold = {session.neighbor for session in plan.sessions if session.impact is Impact.RESET} & before.keys()
    seen = {peer for peer, connection in before.items() if after.get(peer) != connection}
    found += [f"{peer} was to be reset, and was not" for peer in sorted(foretold - seen)]
    return found + [f"{peer} was reset, and was not to be" for peer in sorted(seen - foretold)]


def drawn(version):
    """Return the cases to be tried on an FRR version."""
    if CHOSEN:
        pages = CHOSEN.split(",")
        chosen = [case for case in CASES if CHOSEN == "all" or case.section in pages or CHOSEN in case.keys]
        if version < UNDOES_BFD:
            chosen = [case for case in chosen if case.keys.keys().isdisjoint({"detectmultiplier", "echointerval"})]
        part, of = (int(number) for number in os.environ.get("FRRGEN_PART", "1/1").split("/"))
        return chosen[part - 1 :: of]
    return random.Random(SEED).sample(CASES, SAMPLE)


def test_each_key_of_each_page_does_to_frr_and_to_sessions_what_the_plan_foretells(device):
    box, one = device
    plain = base_sections(one.fetch().covered)
    wrong = []
    for case in drawn(box.frr.numbers):
        base = copy.deepcopy(plain)
        base[case.section][0].update(case.base)
        PfsensePush(one, lambda _, base=base: base, bounds=None).run()
        wait_for(f"sessions before {case}", lambda: box.established(*PEERS), seconds=60)
        new = {**copy.deepcopy(base), **copy.deepcopy(case.with_)}
        new[case.section][0].update(case.keys)
        try:
            wrong += [f"{case}: {what}" for what in compare(device, new)]
            wrong += [f"{case}, back: {what}" for what in compare(device, base)]
        except FrrgenError as bad:
            # FRR 10 refuses a cache of RPKI before anything is done; bgpd without RPKI refuses `match rpki`, or FRR 10
            # takes it for `match rpki-extcommunity`, and the push is undone
            if (bad.findings[0].code, *case.keys) not in {("FRR513", "enablerpki"), ("FRR522", "rpki_state")}:
                wrong.append(f"{case}: {bad.findings[0].message}")
                box.heal()
        print(f"{case}: {len(wrong)} wrong so far", *wrong[-1:], flush=True)
    assert wrong == []


def test_each_key_of_each_page_is_tried_or_has_a_reason():
    tried = {(case.section, key) for case in CASES for key in case.keys}
    assert tried.isdisjoint(NOT_TRIED)
    known = {(name, key) for name in COVERED if name != "frrbgpneighbors" for key in SCHEMA[name].keys}
    assert known - tried - NOT_TRIED.keys() == set()
