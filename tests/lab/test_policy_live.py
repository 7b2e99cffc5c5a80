"""What becomes of a policy that is changed while it is in use: why the plan does more than the text asks for."""

from __future__ import annotations

import time
from ipaddress import ip_address, ip_network

import pytest

from frrgen.cli import main
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.frr.evaluate import evaluate
from frrgen.policy.sets.route import Route
from tests.lab import wait_for
from tests.lab.bgpd import Bgpd
from tests.lab.endpoint import Endpoint
from tests.lab.speaking import inventory, rendered

US, PEER = "10.98.1.2", "10.98.1.1"
ONE, TWO = "10.1.0.0/16", "10.2.0.0/16"
ROUTES = tuple(
    Route(ip_network(text), as_path="65001", next_hop=ip_address(PEER)) for text in (ONE, TWO, "10.1.1.1/32")
)
DELAY = 1
CONFIG = f"""\
ip prefix-list A seq 5 permit {ONE}
%(maps)s
router bgp 65002
 no bgp ebgp-requires-policy
 bgp route-map delay-timer {DELAY}
 neighbor {PEER} remote-as 65001
 neighbor {PEER} passive
 address-family ipv4 unicast
  neighbor {PEER} %(attached)s
"""
BY_MAP = {"maps": "route-map RM permit 10\n match ip address prefix-list A\nexit", "attached": "route-map RM in"}
BY_LIST = {"maps": "", "attached": "prefix-list A in"}


class Session:
    """A bgpd with a policy, and a peer that announces."""

    def __init__(self, lab, config, *, refreshes=True):
        self.us, peers = lab.router("us", daemons=("bgpd",)), lab.router("peers", daemons=())
        lab.link(self.us, peers, f"{US}/24", f"{PEER}/24")
        self.us.start(config)
        self.peer = Endpoint(peers, PEER, US, 65001, refreshes=refreshes, routes=ROUTES).dial()
        self.bgpd = Bgpd(self.us)

    def has(self, *prefixes):
        """Wait until exactly these routes are there."""
        wait_for(f"the routes {prefixes}", lambda: set(self.bgpd.paths()) == set(prefixes), every=0.05)
        return True

    def keeps(self, *prefixes):
        """Tell whether these routes are still the ones that are there, long after the delay."""
        time.sleep(DELAY + 1.5)
        return set(self.bgpd.paths()) == set(prefixes)


@pytest.fixture
def session(lab):
    return lambda config, **more: Session(lab, config, **more)


def test_a_list_of_a_map_is_asked_again_after_the_delay_by_a_route_refresh(session):
    one = session(CONFIG % BY_MAP)
    one.has(ONE)
    one.us.vtysh("conf t", f"ip prefix-list A seq 10 permit {TWO}")
    assert one.has(ONE, TWO)


def test_a_peer_that_ignores_the_refresh_leaves_stale_routes_behind(session):
    one = session(CONFIG % BY_MAP, refreshes=False)
    one.has(ONE)
    one.us.vtysh("conf t", f"ip prefix-list A seq 10 permit {TWO}")
    assert one.keeps(ONE)


def test_what_bgpd_has_kept_of_a_peer_it_asks_again_itself(session):
    kept = {**BY_MAP, "attached": f"route-map RM in\n  neighbor {PEER} soft-reconfiguration inbound"}
    one = session(CONFIG % kept, refreshes=False)
    one.has(ONE)
    one.us.vtysh("conf t", f"ip prefix-list A seq 10 permit {TWO}")
    assert one.has(ONE, TWO)


def test_a_list_that_is_attached_to_the_neighbor_is_not_asked_again(session):
    one = session(CONFIG % BY_LIST)
    one.has(ONE)
    one.us.vtysh("conf t", f"ip prefix-list A seq 10 permit {TWO}")
    assert one.keeps(ONE)
    one.us.vtysh(f"clear bgp {PEER} soft in")
    assert one.has(ONE, TWO)


def test_a_map_that_goes_while_it_is_attached_denies_everything(session):
    one = session(CONFIG % BY_MAP)
    one.has(ONE)
    one.us.vtysh("conf t", "no route-map RM")
    assert one.has()


def test_a_delay_of_0_turns_asking_again_off(session):
    one = session((CONFIG % BY_MAP).replace(f"delay-timer {DELAY}", "delay-timer 0"))
    one.has(ONE)
    one.us.vtysh("conf t", f"ip prefix-list A seq 10 permit {TWO}")
    assert one.keeps(ONE)


def test_another_map_on_the_neighbor_counts_at_once(session):
    # the delay is longer than the test
    text = (CONFIG % BY_MAP).replace(f"delay-timer {DELAY}", "delay-timer 600")
    one = session(text.replace("exit", "exit\nroute-map ALL permit 10\nexit"))
    one.has(ONE)
    one.us.vtysh("conf t", "router bgp 65002", "address-family ipv4 unicast", f"neighbor {PEER} route-map ALL in")
    assert one.has(ONE, TWO, "10.1.1.1/32")


CALLS = {
    "maps": "route-map SUB permit 10\nexit\nroute-map RM permit 10\n call SUB\nexit",
    "attached": "route-map RM in",
}


def test_a_called_map_that_was_emptied_entry_by_entry_denies_though_the_running_configuration_lacks_it(session):
    """The same text, loaded anew, permits: so frrgen takes such a map away as a whole."""
    one = session(CONFIG % CALLS)
    every = (ONE, TWO, "10.1.1.1/32")
    one.has(*every)
    one.us.vtysh("conf t", "no route-map SUB permit 10")
    assert one.has()
    running = one.us.running_config()
    assert "route-map SUB" not in running
    assert evaluate(parse(running, name="us").router, PEER, "in", ROUTES[0]).verdict == "permit"
    assert "route-map: SUB" in one.us.vtysh("show route-map")
    one.us.vtysh("conf t", "no route-map SUB")
    assert one.has(*every)


def test_the_plan_does_not_leave_an_emptied_map_behind(session):
    one = session(CONFIG % CALLS)
    one.has(ONE, TWO, "10.1.1.1/32")
    running = parse(one.us.running_config(), name="us")
    maps = {"RM": running.router.route_maps["RM"]}
    plan = make_plan(running, running.router.model_copy(update={"route_maps": maps}))
    one.us.apply(plan.batches)
    assert one.keeps(ONE, TWO, "10.1.1.1/32")
    # zebra of FRR 10 goes on showing the name; bgpd is who asks the map
    assert "route-map: SUB" not in one.us.vtysh("show route-map").partition("BGP:")[2]


OPTIMISED = {
    "maps": (
        "ip prefix-list D seq 5 permit 10.0.0.0/8\nip prefix-list D seq 10 permit 10.0.0.0/8 ge 16 le 32\n"
        "route-map RM deny 10\n match ip address prefix-list D\nexit\nroute-map RM permit 20\nexit"
    ),
    "attached": "route-map RM in",
}


@pytest.mark.frr(before="9", reason="later optimisers do not look at the first entry at all")
def test_the_optimiser_of_frr_8_admits_what_an_edited_list_denies_until_the_list_is_named_again(session):
    one = session(CONFIG % OPTIMISED)
    one.has()
    one.us.vtysh("conf t", "no ip prefix-list D seq 5")
    assert one.has(ONE, TWO, "10.1.1.1/32"), "the fault that the plan works around"
    router = parse(one.us.running_config(), name="us").router
    assert evaluate(router, PEER, "in", ROUTES[0]).verdict == "deny"
    match = "match ip address prefix-list D"
    one.us.vtysh("conf t", "route-map RM deny 10", match)
    assert one.keeps(ONE, TWO, "10.1.1.1/32"), "the same line again changes nothing"
    one.us.vtysh("conf t", "route-map RM deny 10", f"no {match}", match)
    assert one.has()


@pytest.mark.parametrize("optimised", [True, False], ids=["optimised", "as frrgen renders it for FRR 8"])
@pytest.mark.frr(before="9", reason="without the optimiser FRR 9 never looks at the first entry")
def test_after_a_plan_the_lists_mean_what_they_say(session, optimised):
    text = CONFIG % OPTIMISED
    if not optimised:
        text = text.replace("router bgp", "no route-map RM optimization\nrouter bgp")
    one = session(text)
    one.has()
    running = parse(one.us.running_config(), name="us")
    intended = parse(text.replace("ip prefix-list D seq 5 permit 10.0.0.0/8\n", ""), name="us").router
    plan = make_plan(running, intended)
    assert any("match ip address prefix-list D" in line for line in plan.commands) == optimised
    one.us.apply(plan.batches)
    assert one.keeps()


def test_the_oracle_on_a_live_router_says_what_we_say(lab):
    from frrgen.policy.frr.lists import prefix_list

    us = lab.router("us", daemons=("bgpd",))
    us.start("ip prefix-list A seq 5 deny 10.1.0.0/16\nip prefix-list A seq 10 permit 10.0.0.0/8 ge 12 le 24\n")
    lst = parse(us.running_config(), name="us").router.prefix_lists["A"]
    for text in ("10.1.0.0/16", "10.1.0.0/17", "10.0.0.0/8", "10.16.0.0/12", "10.2.3.0/25"):
        said = us.vtysh(f"debug prefix-list A match {text}")
        assert ("permit" in said.lower()) == prefix_list(lst, ip_network(text)).permit, said


def test_bgpd_shows_which_of_its_routes_a_list_or_a_map_permits(session):
    every = {"maps": BY_MAP["maps"] + "\nroute-map ALL permit 10\nexit", "attached": "route-map ALL in"}
    one = session(CONFIG % every)
    one.has(ONE, TWO, "10.1.1.1/32")
    for asked in ("prefix-list A", "route-map RM"):
        shown = one.us.vtysh(f"show bgp ipv4 unicast {asked}")
        assert ONE in shown
        assert TWO not in shown


@pytest.mark.parametrize("line", ["on-match goto 10", "match metric 0"])
def test_a_refused_line_of_a_file_is_told_by_its_text_and_not_by_the_return_code(lab, line):
    if line == "match metric 0" and lab.frr.numbers >= (10, 7):
        pytest.skip("FRR 10.7 takes it")
    us = lab.router("us", daemons=("bgpd",))
    us.start("")
    file = us.folder / "lib/lines.conf"
    file.write_text(f"route-map RM permit 20\n {line}\nend\n")
    done = us.run("vtysh", "-f", "/var/lib/lines.conf", check=False)
    assert any(said.startswith("% ") for said in done.stdout.splitlines())
    # from FRR 10 on it tells what mgmtd refuses, and nothing else
    assert done.returncode == 0 or (lab.frr.numbers >= (10,) and "mgmtd" in done.stdout + done.stderr)


def test_verify_live_asks_bgpd_itself(lab, tmp_path, capsys):
    edge = lab.router("edge")
    lab.sshd(edge)
    net = inventory(tmp_path / "net", pools="10.1.0.0/24", frr_version=lab.frr.version)
    edge.start(rendered(net))
    command = ["-i", str(net), "verify", "--live", "--ssh-config", str(lab.ssh_config())]
    assert main(command) == 0, capsys.readouterr()
    out = capsys.readouterr().out
    assert "bgpd itself says the same of" in out
    assert "route maps of its configuration, and no other" in out
    # a map of which every entry was taken away is shown nowhere, and denies what calls it
    edge.vtysh("conf t", "route-map SUB permit 10")
    edge.vtysh("conf t", "no route-map SUB permit 10")
    assert "SUB" not in edge.running_config()
    assert main(command) == 2
    assert "bgpd keeps an empty map SUB that it does not show" in capsys.readouterr().out


@pytest.mark.parametrize("asn", [65001, 65002], ids=["ibgp", "ebgp"])
def test_every_node_that_announces_a_prefix_carries_its_traffic_though_nothing_is_said_of_multipath(lab, asn):
    us = lab.router("us")
    nodes = [lab.router(f"node{n}", daemons=()) for n in range(3)]
    for n, node in enumerate(nodes):
        lab.link(us, node, f"192.0.2.{16 * n + 1}/28", f"192.0.2.{16 * n + 2}/28")
    peers = "".join(
        f" neighbor 192.0.2.{16 * n + 2} remote-as 65001\n neighbor 192.0.2.{16 * n + 2} passive\n" for n in range(3)
    )
    us.start(f"router bgp {asn}\n no bgp ebgp-requires-policy\n{peers}")
    for n, node in enumerate(nodes):
        address = f"192.0.2.{16 * n + 2}"
        inside = {"as_path": "", "local_preference": 100} if asn == 65001 else {"as_path": "65001"}
        route = Route(ip_network(ONE), next_hop=ip_address(address), **inside)
        Endpoint(node, address, f"192.0.2.{16 * n + 1}", 65001, routes=(route,)).dial()
    wait_for("the paths", lambda: us.vtysh(f"show ip route {ONE}").count(", via ") == 3, 20)
