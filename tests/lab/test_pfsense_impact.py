"""What a plan for a pfSense box foretells of each kind of change is what the package then does to the sessions.

A session was kept if it is up, by the TCP connection that it had: FRR's counters begin anew with a neighbor.
"""

from __future__ import annotations

import copy
import shutil
from typing import Any, NamedTuple

import pytest

from frrgen.lines.rule import Impact
from frrgen.model.router import Router
from frrgen.platforms.pfsense.device import PfsenseDevice
from frrgen.platforms.pfsense.plan import Effect
from frrgen.platforms.pfsense.push import PfsensePush
from frrgen.platforms.pfsense.schema import SCHEMA, blank
from frrgen.transaction.base import State
from tests.lab import Lab, wait_for
from tests.lab.peers import PassiveBird
from tests.lab.pfsense import ADMIN, Pfsense
from tests.lab.pfsense.box import lacking
from tests.lab.test_pfsense import ARTICLE

pytestmark = [
    pytest.mark.sample("10.3"),
    pytest.mark.skipif(bool(lacking()), reason=f"the stand-in for pfSense needs {lacking()}"),
    pytest.mark.skipif(not (shutil.which("bird") or shutil.which("/usr/sbin/bird")), reason="it needs bird2"),
]
BOX = "192.168.1.1"
LOCAL, REMOTE, OTHER = "64512", "65001", "65099"
ON = "on"
MAP = "MetalLB_k8s"
QUICK = {"timers_connect": "1"}
ENTRY = {"seq": "5", "action": "permit"}


class Case(NamedTuple):
    """A change of one neighbor: of these keys, where it has those of `base`."""

    keys: dict[str, str]
    asn: str = LOCAL
    base: dict[str, str] = {}


def ebgp(base: dict[str, str] | None = None, /, **keys: str) -> Case:
    return Case(keys, REMOTE, base or {})


def ibgp(base: dict[str, str] | None = None, /, **keys: str) -> Case:
    return Case(keys, LOCAL, base or {})


NEIGHBOR = [
    ibgp(descr="x"),
    ibgp(peergroup="G"),
    ibgp(asnum="internal"),
    ebgp(asnum="external"),
    ibgp(password="x", password_type="both"),
    ibgp(shutdown=ON),
    ibgp(shutdown=ON, shutdownmessage="x"),
    ibgp(shutdownautortt="1000", shutdownautokeepalive="3"),
    ibgp(updatesource="default"),
    ibgp(updatesource="192.168.1.1"),
    ibgp(bothaf=ON),
    ibgp(defaultoriginate="ipv4"),
    ibgp({"defaultoriginate": "ipv4"}, defaultoriginateroutemap=MAP),
    ibgp(sendcommunity="enabled"),
    ibgp(nexthopself="enabled"),
    ibgp(nexthopself="force"),
    ibgp(softreconfigurationinbound=ON),
    ibgp(timers_keepalive="10", timers_holdtime="30"),
    ibgp(timers_connect="5"),
    ibgp(distribute_in="ACL"),
    ibgp(distribute_out="ACL"),
    ibgp(prefixfilter_in=MAP),
    ibgp(prefixfilter_out=MAP),
    ibgp({"distribute_in": "ACL"}, distribute_in="none", prefixfilter_in=MAP),
    ibgp(aspathfilter_in="PATHS"),
    ibgp(aspathfilter_out="PATHS"),
    ibgp(routemap_in=MAP),
    ebgp(routemap_in=MAP),
    ibgp(routemap_out=MAP),
    ebgp(routemap_out=MAP),
    ibgp(unsuppressmap=MAP),
    ibgp(bfdenable=ON),
    ibgp({"bfdenable": ON}, bfd_check_control_plane_failure=ON),
    ibgp(grmode="restart"),
    ibgp(grmode="helper"),
    ibgp(grmode="disable"),
    ibgp({"grmode": "restart"}, grmode="helper"),
    ibgp(weight="5"),
    ibgp(passive=ON),
    ibgp(addpathtxallpaths=ON),
    ibgp(addpathtxbestpathperas=ON),
    ibgp(advertisementinterval="5"),
    ibgp(allowasin="enabled"),
    ibgp(allowasin="2"),
    ebgp(asoverride=ON),
    ebgp(attributeunchanged=ON),
    ebgp(attributeunchanged=ON, attributeunchanged_aspath=ON),
    ebgp(attributeunchanged=ON, attributeunchanged_med=ON),
    ebgp(attributeunchanged=ON, attributeunchanged_nexthop=ON),
    ibgp(capability=ON),
    ibgp(capability_nexthop=ON),
    ibgp(capability_orf="both"),
    ibgp({"capability_orf": "both"}, capability_orf="send"),
    ibgp(dontcapabilitynegotiate=ON),
    ibgp(overridecapability=ON),
    ebgp(ttlsecurityhops="1"),
    ebgp(disableconnectedcheck=ON),
    ebgp(enforcemultihop=ON),
    ebgp(ebgpmultihop="2"),
    ebgp({"ebgpmultihop": "2"}, ebgpmultihop="3"),
    ebgp(ebgpmultihop="0"),
    ebgp(localas_num=OTHER),
    ebgp({"localas_num": OTHER}, localas_noprepend=ON),
    ebgp({"localas_num": OTHER}, localas_noprepend=ON, localas_replaceas=ON),
    ibgp(maximumprefix_num="100"),
    ibgp({"maximumprefix_num": "100"}, maximumprefix_threshold="50"),
    ibgp({"maximumprefix_num": "100"}, maximumprefix_warnonly=ON),
    ibgp({"maximumprefix_num": "100"}, maximumprefix_restart="5"),
    ibgp(maximumprefixout_num="100"),
    ebgp(removeprivateas=ON),
    ebgp({"removeprivateas": ON}, removeprivateas_all=ON),
    ebgp({"removeprivateas": ON}, removeprivateas_all=ON, removeprivateas_replace=ON),
    ibgp(routeclient_reflector=ON),
    ebgp(routeclient_server=ON),
    ibgp(solo=ON),
]
PEERS = [f"192.168.1.{number}" for number in range(11, 11 + len(NEIGHBOR))]
NOT_TRIED = {
    "peer": "it names the neighbor: another one is another session",
    "updatesource_type": "it says which address of the source is taken, and each has one",
    "bfd_peer": "it names the row of the BFD page that the GUI shows; the package makes no line of it",
}


def entry(section: str, **keys: Any) -> dict[str, Any]:
    return {**blank(section), **keys}


def base_sections(covered: dict[str, Any]) -> dict[str, Any]:
    """Give the article's sections, with a neighbor for each case, and lists to refer to."""
    group = entry("frrbgpneighbors", peer="G", asnum="none")
    neighbors = [
        entry(
            "frrbgpneighbors",
            peer=peer,
            asnum=case.asn,
            updatesource="lan",
            updatesource_type="ipv4",
            **QUICK,
            **case.base,
        )
        for peer, case in zip(PEERS, NEIGHBOR, strict=True)
    ]
    return {
        **copy.deepcopy(covered),
        "frrbgpneighbors": [group, *neighbors],
        "frrglobalacls": [entry("frrglobalacls", name="ACL", row=[{**ENTRY, "source": "192.168.10.0/24"}])],
        "frrbgpaspaths": [entry("frrbgpaspaths", name="PATHS", row=[{**ENTRY, "regex": "^65001_"}])],
        "frrbgpcommunities": [entry("frrbgpcommunities", name="COMMUNITIES", row=[{**ENTRY, "community": "64512:1"}])],
        # FRR 8.4 turns it on itself beside addpath-tx-bestpath-per-AS, and frr-reload cannot turn it off again
        "frrbgpadvanced": [entry("frrbgpadvanced", meddeterministic=ON)],
        "frrbfd": [entry("frrbfd", enable=ON)],
    }


@pytest.fixture(scope="module")
def device(frr):
    """Give the box, all of its sessions up, by its device, and the sections that it has."""
    with Lab(frr=frr) as lab:
        box, node = lab.add(Pfsense("pf", lab.folder / "pf", frr=lab.frr)), lab.router("node", daemons=())
        lab.link(box, node, f"{BOX}/24", f"{PEERS[0]}/24")
        node.address("eth0", *(f"{peer}/24" for peer in PEERS[1:]))
        lab.sshd(box)
        box.start(ARTICLE)
        peers = PassiveBird(
            node,
            BOX,
            {peer: (case.asn, case.base.get("localas_num", LOCAL)) for peer, case in zip(PEERS, NEIGHBOR, strict=True)},
        )
        one = PfsenseDevice(Router(name="pf", ssh={"user": ADMIN}), ssh_config=lab.ssh_config())
        try:
            yield box, one
        finally:
            one.close()
            peers.stop()


@pytest.fixture
def base(device):
    """The sections with which each test begins. Whether what it does to them can come back is not asked."""
    box, one = device
    sections = base_sections(one.fetch().covered)
    PfsensePush(one, lambda _: sections, bounds=None).run()
    wait_for("all sessions", lambda: box.established(*PEERS), seconds=60)
    return sections


def connections(box):
    """Give what tells one session from the next, of those that are up."""
    return {
        peer: (said["portLocal"], said["portForeign"])
        for peer, said in box.bgp("neighbors").items()
        if said["bgpState"] == "Established"
    }


def compare(device, sections):
    """Push what bgpd is not restarted for; give the sessions that the plan resets, and those that were reset."""
    box, one = device
    pid = box.run("cat", "/run/frr/bgpd.pid").stdout
    before = connections(box)
    outcome = PfsensePush(one, lambda _: sections, bounds=None).run()
    after = connections(box)
    assert outcome.state is State.CONFIRMED
    plan = outcome.plan
    foretold = {session.neighbor for session in plan.sessions if session.impact is Impact.RESET}
    seen = {peer for peer, connection in before.items() if after.get(peer) != connection}
    assert plan.effect is Effect.RELOAD
    assert box.run("cat", "/run/frr/bgpd.pid").stdout == pid
    return foretold & before.keys(), seen


def of(peers):
    """Give what is changed at these peers."""
    return [NEIGHBOR[PEERS.index(peer)] for peer in sorted(peers)]


def test_each_change_of_a_neighbor_and_its_undoing_resets_the_session_exactly_if_the_plan_says_so(device, base):
    new = copy.deepcopy(base)
    for neighbor, case in zip(new["frrbgpneighbors"][1:], NEIGHBOR, strict=True):
        neighbor.update(case.keys)
    foretold, seen = compare(device, new)
    assert (of(foretold - seen), of(seen - foretold)) == ([], [])
    assert PEERS[0] not in seen
    assert seen
    foretold, seen = compare(device, base)
    assert (of(foretold - seen), of(seen - foretold)) == ([], [])


def test_each_key_of_the_neighbors_page_is_tried_or_has_a_reason():
    tried = {key for case in NEIGHBOR for key in case.keys}
    assert tried.isdisjoint(NOT_TRIED)
    assert tried | NOT_TRIED.keys() == set(SCHEMA["frrbgpneighbors"].keys)
