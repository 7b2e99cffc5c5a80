"""EVPN on real FRR: what is written is shown, a plan leads there and back, and resets the sessions that it names."""

from __future__ import annotations

import contextlib
import time
from functools import partial

import pytest

from frrgen.lines.rule import Impact
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.grammar.evpn import EVPN, NEIGHBOR_EVPN, VNI
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.render import render
from tests.lab.frr import numbers
from tests.lab.router import LabError, wait_for

EXTERNAL = (
    "activate",
    "route-map M in",
    "route-map M out",
    "next-hop-self",
    "next-hop-self force",
    "route-server-client",
    "soft-reconfiguration inbound",
    "allowas-in 2",
    "allowas-in origin",
    "attribute-unchanged as-path next-hop",
    "attribute-unchanged next-hop med",
    "soo 1:1",
)
INTERNAL = (
    "activate",
    "route-reflector-client",
    "soft-reconfiguration inbound",
    "next-hop-self force",
    "route-map M in",
)
SINCE_10 = ("maximum-prefix 100", "maximum-prefix 100 80 restart 5")
SINCE_10_4 = ("addpath-tx-all-paths", "addpath-tx-bestpath-per-AS", "disable-addpath-rx", "allowas-in route-map M 2")
INSTANCE = """
  advertise-all-vni
  advertise-default-gw
  advertise-svi-ip
  enable-resolve-overlay-index
  autort rfc8365-compatible
  flooding disable
  vni 100
   rd 10.0.0.1:100
   route-target import 1:1
   route-target import 1:2
   route-target export 1:1
   advertise-default-gw
   advertise-svi-ip
  exit-vni
  vni 200
  exit-vni
  advertise ipv4 unicast route-map M
  advertise ipv6 unicast gateway-ip
  default-originate ipv4
  default-originate ipv6
  rd 10.0.0.1:5
  route-target import 1:1
  route-target export 1:1"""
OTHER = """
  advertise-all-vni
  vni 100
   rd 10.0.0.1:101
   route-target export 1:3
  exit-vni
  vni 300
   rd 10.0.0.1:300
  exit-vni
  advertise ipv4 unicast
  advertise ipv6 unicast gateway-ip route-map M
  default-originate ipv6
  rd 10.0.0.1:6
  route-target import 1:2"""
VRF = """
  no advertise-pip
  advertise ipv4 unicast
  rd 10.0.0.1:7
  route-target import 1:7"""


def lines(version):
    later = SINCE_10 * (numbers(version) >= (10,)) + SINCE_10_4 * (numbers(version) >= (10, 4))
    return {65001: (*EXTERNAL, *later), 65000: (*INTERNAL, *later)}


def config(instance="", vrf="", neighbors=()):
    text = f"""frr defaults traditional
route-map M permit 10
exit
router bgp 65000
 bgp router-id 10.0.0.1
 no bgp ebgp-requires-policy
{{neighbors}}
 address-family l2vpn evpn{{family}}{instance}
 exit-address-family
exit
"""
    if vrf:
        text += "vrf red\nexit-vrf\nrouter bgp 65000 vrf red\n address-family l2vpn evpn"
        text += f"{vrf}\n exit-address-family\nexit\n"
    makes = [
        f" neighbor {peer} remote-as {asn}\n neighbor {peer} update-source {own}" for peer, own, asn, _ in neighbors
    ]
    family = [f"\n  neighbor {peer} {line}" for peer, *_, said in neighbors for line in said]
    return text.format(neighbors="\n".join(makes), family="".join(family))


def read(text, router):
    return parse(text, name="r1", frr_version=router.frr.version)


def test_every_line_of_the_grammar_is_tried():
    said = [line for asn in (65000, 65001) for line in lines("10.7")[asn]]
    neighbor = {path for line in said for path in NEIGHBOR_EVPN.read(line, {}) or ()}
    assert {rule.field for rule in NEIGHBOR_EVPN.rules} - neighbor == set()
    own = [line.strip() for line in (INSTANCE + VRF).splitlines()]
    for table in (EVPN, VNI):
        found = {path for line in own for path in table.read(line, {}) or ()}
        assert {rule.field for rule in table.rules} - found == set()


STEPS = {"nothing": ("", ""), "much": (INSTANCE, VRF), "other": (OTHER, ""), "one": ("\n  advertise-all-vni", VRF)}


def test_what_is_said_is_shown_and_each_plan_leads_there(router):
    router.restart("")
    for name in ("much", "other", "nothing", "much", "one", "other", "much", "nothing"):
        wanted = read(config(*STEPS[name]), router)
        assert wanted.leftovers == ()
        router.apply(make_plan(read(router.running_config(), router), wanted.router).batches)
        left = make_plan(read(router.running_config(), router), wanted.router)
        assert (name, left.commands, left.leftovers) == (name, (), ())
        assert router.alive("bgpd")
    router.restart(render(read(config(*STEPS["much"]), router).router))
    left = make_plan(read(router.running_config(), router), read(config(*STEPS["much"]), router).router)
    assert (left.commands, left.leftovers) == ((), ())


@pytest.fixture
def sessions(lab):
    """An edge, and a session for each line: to a router of another AS, and to one of its own."""
    edge, found = lab.router("edge"), []
    edge.start("")
    for net, (asn, said) in enumerate(lines(edge.frr.version).items(), start=1):
        other = lab.router(f"as{asn}")
        ours, theirs = ([f"10.{net}.{side}.{number + 1}" for number in range(len(said))] for side in (0, 1))
        lab.link(edge, other, f"{ours[0]}/16", f"{theirs[0]}/16")
        edge.address(f"eth{net - 1}", *(f"{one}/16" for one in ours[1:]))
        other.address("eth0", *(f"{one}/16" for one in theirs[1:]))
        peers = [(own, peer, 65000, ("activate",)) for own, peer in zip(ours, theirs, strict=True)]
        text = config(neighbors=peers).replace("router bgp 65000", f"router bgp {asn}")
        other.start(text.replace("router-id 10.0.0.1", "router-id 10.0.0.2"))
        found += [(peer, own, asn, line) for own, peer, line in zip(ours, theirs, said, strict=True)]
    return edge, found


@pytest.mark.sample("10.7")
def test_each_line_of_a_neighbor_resets_what_the_plan_says(sessions):
    edge, every = sessions
    before = [(peer, own, asn, () if line == "activate" else ("activate",)) for peer, own, asn, line in every]
    after = [(peer, own, asn, tuple(dict.fromkeys(("activate", line)))) for peer, own, asn, line in every]
    edge.restart(render(read(config(neighbors=before), edge).router))
    peers = {peer: line for peer, *_, line in every}
    for wanted in (after, before):
        wait_for("sessions that are up", lambda: edge.established(*peers), 40)
        time.sleep(1)
        was = ups(edge, peers)
        router = read(config(neighbors=wanted), edge).router
        plan = make_plan(read(edge.running_config(), edge), router)
        said = edge.apply(plan.batches)
        assert make_plan(read(edge.running_config(), edge), router).commands == (), said
        told = {one.neighbor for one in plan.sessions if one.impact is Impact.RESET}
        with contextlib.suppress(LabError):
            wait_for("who drops", partial(dropped_all, edge, told, was), 20)
        time.sleep(1.5)
        wait_for("sessions that are up again", lambda: edge.established(*peers), 40)
        now = ups(edge, peers)
        dropped = {peer for peer in peers if now[peer] > was[peer]}
        assert sorted((peers[peer], peer in told) for peer in dropped ^ told) == []


def dropped_all(router, told, was):
    """Tell whether each of these sessions has come up again since."""
    now = ups(router, told)
    return all(now[peer] > was[peer] for peer in told)


def ups(router, peers):
    """Give how often each session has come up."""
    known = router.bgp("neighbors")
    return {peer: known[peer]["connectionsEstablished"] for peer in peers}


@pytest.mark.sample("8.4")
@pytest.mark.parametrize("vrf", ["", " vrf red"])
@pytest.mark.parametrize("way", ["import", "export"])
def test_a_plan_says_that_frr_8_may_lose_a_target_that_was_typed_for_both_ways(router, vrf, way):
    enter = f"vrf red\nexit\nrouter bgp 65000\nexit\nrouter bgp 65000{vrf}\naddress-family l2vpn evpn\n"
    router.restart("")
    router.load(f"{enter}route-target both 1:1\nend\n")
    running = read(router.running_config(), router)
    other = {"import": "export", "export": "import"}[way]
    intended = parse(router.running_config().replace(f"  route-target {way} 1:1\n", ""), frr_version=router.frr.version)
    plan = make_plan(running, intended.router)
    warned = any("route-target both 1:1" in line for line in plan.warnings)
    router.apply(plan.batches)
    kept = router.alive("bgpd") and f"  route-target {other} 1:1\n" in router.running_config()
    assert warned == (not kept)
