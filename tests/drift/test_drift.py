"""What files say that nodes sent, and what a router's answers mean for it."""

from __future__ import annotations

import io
import json
from ipaddress import ip_address, ip_network

import jsonschema
import pytest
from rich.console import Console

from frrgen.cli import main
from frrgen.codes import Code
from frrgen.drift import sent
from frrgen.drift.compare import Stage, compare
from frrgen.drift.seen import ask
from frrgen.errors import DeviceError, Finding, InputError
from frrgen.inventory.files import load
from frrgen.model.derive import derive
from frrgen.speaker.plan import plan_node
from frrgen.transport.base import Running

CLUSTER = """\
asn: 65002
nodes: {n1: {addresses: [10.0.0.2]}, n2: {addresses: [10.0.0.3]}}
pools: {services: {prefixes: [10.1.0.0/16]}}
routers: {edge: {address: 10.0.0.1}}
"""
NODES = {"n1": "10.0.0.2", "n2": "10.0.0.3"}
PREFIX = "10.1.0.1/32"


@pytest.fixture
def net(tmp_path):
    folder = tmp_path / "net"
    (folder / "routers").mkdir(parents=True)
    (folder / "clusters").mkdir()
    (folder / "network.yaml").write_text("")
    (folder / "routers/edge.yaml").write_text("frr_version: 8.4\nbgp: {asn: 65001}\n")
    (folder / "clusters/k8s.yaml").write_text(CLUSTER)
    return folder


@pytest.fixture
def router(net):
    return derive(load(net).network).routers["edge"]


@pytest.fixture
def plans(net, router):
    network = load(net).network
    return {name: plan_node(network, {"edge": router}, name) for name in NODES}


def status(node, *prefixes, **more):
    session = {
        "router": "edge",
        "peer": "10.0.0.1",
        "state": "Established",
        "all_told": True,
        "last_error": "",
        "to_announce": list(prefixes),
        "adj_rib_out": len(prefixes),
        "held_back": [],
        "not_sayable": [],
    }
    services = [{"service": "default/web", "address": "10.1.0.1"}]
    about = {"cluster": "k8s", "node": node, "withheld": [], "services": services}
    return json.dumps({**about, "sessions": [{**session, **more}]})


class Device:
    """Answers as FRR 8.4 does."""

    def __init__(self, state="Established", paths=None, kernel=None, received=None):
        self.state, self.received = state, received
        self.paths = {node: {} for node in NODES} if paths is None else paths
        self.kernel = kernel

    def path(self, node):
        hops = [{"ip": NODES[node], "accessible": True, "used": True, "metric": 0}]
        peer = {"peerId": NODES[node], "type": "external"}
        base = {"aspath": {"string": "65002", "length": 1}, "origin": "IGP", "valid": True}
        return {**base, "multipath": True, "nexthops": hops, "peer": peer, **self.paths[node]}

    def show(self, commands, *, daemon="bgpd"):
        return "\n".join(self._one(one, daemon) for one in commands)

    def _one(self, command, daemon):
        who = next((node for node, address in NODES.items() if f" {address} " in command), None)
        if daemon == "zebra":
            hops = [{"ip": NODES[one], "active": True, "fib": True} for one in self.paths]
            route = {"protocol": "bgp", "selected": True, "installed": True, "nexthops": hops}
            return json.dumps({PREFIX: [route] if self.kernel is None else self.kernel})
        if command.endswith("received-routes json"):
            if self.received is None:
                return '{ "warning": "Inbound soft reconfiguration not enabled" }'
            return json.dumps({"receivedRoutes": dict.fromkeys(self.received)})
        if command.endswith("routes json"):
            return json.dumps({"routes": {PREFIX: [self.path(who)]} if who in self.paths else {}})
        if who is not None:
            return json.dumps({NODES[who]: {"bgpState": self.state, "lastResetDueTo": "Peer closed the session"}})
        return json.dumps({"prefix": PREFIX, "paths": [self.path(one) for one in self.paths]})


def followed(plans, router, device, *texts):
    nodes = sent.merged([one for text in texts for one in sent.read(text, "a file", plans)])
    peers = [peer for plan in plans.values() for peer in plan.peers]
    prefixes = {prefix for node in nodes.values() for one in node.sessions.values() for prefix in one.prefixes}
    return compare("edge", plans, nodes, ask(device, router, peers, prefixes))


def both(plans, router, device):
    return followed(plans, router, device, status("n1", PREFIX), status("n2", PREFIX))


def reasons(found):
    (row,) = found.rows
    return {one.node: (one.stage, one.why) for one in row.hidden}


def test_what_every_node_sent_and_the_kernel_has_does_not_drift(plans, router):
    found = both(plans, router, Device())
    (row,) = found.rows
    assert not found.drifts
    assert (row.services, row.reached[Stage.INSTALLED], row.hidden) == (("default/web",), ["n1", "n2"], [])


BEST = {"multipath": False, "bestpath": {"overall": True}}


@pytest.mark.parametrize(
    ("device", "stage", "why"),
    [
        (Device(paths={"n1": {}}), Stage.ACCEPTED, "though the policy that runs admits it"),
        (Device(paths={"n1": {}}, received=[]), Stage.RECEIVED, "did not receive"),
        (Device(paths={"n1": {}}, state="Active"), Stage.RECEIVED, "the session is Active (Peer closed the session)"),
        (Device(paths={"n1": BEST, "n2": {"multipath": False}}), Stage.BEST, "no ECMP: maximum-paths is not set"),
        (Device(paths={"n1": BEST, "n2": {"multipath": False, "locPrf": 50}}), Stage.BEST, "preference 50 against 100"),
        (Device(paths={"n1": BEST, "n2": {"multipath": False, "metric": 9}}), Stage.BEST, "MED 9 against 0"),
        (
            Device(paths={"n1": BEST, "n2": {"multipath": False, "aspath": {"string": "65002 65002", "length": 2}}}),
            Stage.BEST,
            "AS path length 2 against 1",
        ),
        (
            Device(
                paths={"n1": {}, "n2": {"valid": False, "multipath": False, "nexthops": [{"ip": "10.0.0.3"}]}},
            ),
            Stage.BEST,
            "next hop 10.0.0.3 is not reachable",
        ),
        (Device(kernel=[]), Stage.INSTALLED, "zebra has no route"),
        (Device(kernel=[{"protocol": "bgp", "selected": True}]), Stage.INSTALLED, "the kernel did not take"),
        (
            Device(kernel=[{"protocol": "static", "selected": True, "distance": 1}]),
            Stage.INSTALLED,
            "a route of static is preferred (distance 1)",
        ),
    ],
)
def test_the_first_stage_that_is_not_reached_is_named_with_the_reason(plans, router, device, stage, why):
    found = both(plans, router, device)
    assert found.drifts
    told = reasons(found)["n2"]
    assert told[0] is stage
    assert why in told[1]


def test_a_line_that_drops_is_named(plans, router):
    own = router.prefix_lists["k8s-services"]
    other = own.entries[0].model_copy(update={"prefix": ip_network("10.9.0.0/16")})
    lists = {"k8s-services": own.model_copy(update={"entries": (other,)})}
    found = both(plans, router.model_copy(update={"prefix_lists": lists}), Device(paths={}))
    assert reasons(found)["n1"] == (Stage.ACCEPTED, "dropped by route-map k8s-in seq 20")
    assert "k8s-services" in found.rows[0].hidden[0].lines[0]


QUESTIONS = {
    "bgpd": ("neighbors 10.0.0.2 json", " routes json", "received-routes json", f"unicast {PREFIX} json"),
    "zebra": (f"route vrf default {PREFIX} json",),
}
MANGLED = ("", "{", "[]", "null", "% Unknown command", '{"other": 1}', '{"routes": 7}', '{"paths": null}', "{} {}")


@pytest.mark.parametrize("answer", MANGLED)
@pytest.mark.parametrize("question", [question for asked in QUESTIONS.values() for question in asked])
def test_an_answer_of_another_form_is_an_error(plans, router, question, answer):
    class Mangled(Device):
        asked = False

        def _one(self, command, daemon):
            if not command.endswith(question) or (question == " routes json" and "received" in command):
                return super()._one(command, daemon)
            self.asked = True
            return answer

    device = Mangled()
    with pytest.raises(DeviceError) as raised:
        both(plans, router, device)
    assert device.asked
    assert raised.value.findings[0].code == "FRR516"


def test_a_drained_node_is_hidden_and_no_drift(plans, router):
    marked = {"multipath": False, "locPrf": 0, "community": {"string": "gracefulShutdown"}}
    found = both(plans, router, Device(paths={"n1": BEST, "n2": marked}))
    assert not found.drifts
    assert reasons(found)["n2"] == (Stage.BEST, "the node is drained (GRACEFUL_SHUTDOWN)")


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"state": "Idle", "last_error": "the router says Bad Peer AS"}, "the node says: the router says Bad Peer AS"),
        ({"all_told": False}, "the node says: not everything is sent yet"),
        ({"adj_rib_out": 2000}, "not all that the node sent is known"),
    ],
)
def test_what_is_not_known_is_never_agreement(plans, router, more, problem):
    found = followed(plans, router, Device(), status("n1", PREFIX), status("n2", PREFIX, **more))
    assert (found.drifts, found.sessions[1].problem) == (True, problem)


def test_a_node_that_nobody_asked_is_not_known(plans, router):
    found = followed(plans, router, Device(), status("n1", PREFIX))
    assert (found.drifts, found.sessions[1].problem) == (True, "what the node sent is not known")


def test_a_prefix_that_is_held_back_or_that_nobody_sends_any_more_is_reported(plans, router):
    held = {"held_back": [{"prefix": PREFIX, "why": "route-map k8s-in seq 20"}]}
    found = followed(plans, router, Device(), status("n1", **held), status("n2"))
    assert reasons(found) == {
        "n1": (Stage.SENT, "held back: route-map k8s-in seq 20"),
        "n2": (Stage.SENT, "the router has it, and the node does not send it"),
    }


METRICS = """\
# HELP metallb_bgp_session_up BGP session state (1 is up, 0 is down)
# TYPE metallb_bgp_session_up gauge
metallb_bgp_session_up{peer="10.0.0.1:179"} 1
# TYPE metallb_speaker_announced gauge
metallb_speaker_announced{ip="10.1.0.1",node="n1",protocol="bgp",service="default/web"} 1
metallb_speaker_announced{ip="10.9.0.1",node="n1",protocol="layer2",service="default/other"} 1
"""


def test_metallbs_metrics_tell_what_its_speaker_sent(plans):
    (node,) = sent.read(METRICS, "a file", plans)
    (peer,) = plans["n1"].peers
    assert (node.name, node.on(peer).prefixes, node.on(peer).state) == ("n1", {ip_network(PREFIX)}, "Established")
    assert node.services == {ip_address("10.1.0.1"): "default/web"}
    (down,) = sent.read(METRICS.replace("} 1\n# TYPE", "} 0\n# TYPE"), "a file", plans)
    assert down.on(peer).state == "MetalLB says that the session is down"


def test_frrs_advertised_routes_tell_what_a_pod_of_frr_k8s_sent(plans):
    text = json.dumps({"advertisedRoutes": {PREFIX: {}}, "totalPrefixCounter": 1})
    (node,) = sent.read(text, "a file", plans, said="n2@edge")
    assert node.on(plans["n2"].peers[0]).prefixes == {ip_network(PREFIX)}


@pytest.mark.parametrize("text", ["", "[]", "{", "{}", "hello", '{"node": "n1", "sessions": [{}], "cluster": "k8s"}'])
def test_what_is_no_answer_of_a_node_is_refused(plans, text):
    with pytest.raises(InputError, match="FRR613"):
        sent.read(text, "a file", plans)


def test_another_clusters_answer_and_an_unknown_node_are_refused(plans):
    for text in (status("n9"), status("n1").replace("k8s", "other")):
        with pytest.raises(InputError, match="FRR613"):
            sent.read(text, "a file", plans)


def test_a_router_that_cannot_be_reached_is_an_error_and_the_json_is_as_its_schema_says(net, tmp_path, capsys):
    file = tmp_path / "n1.json"
    file.write_text(status("n1", PREFIX))
    config = tmp_path / "config"
    config.write_text("Host edge\n  HostName 127.0.0.1\n  Port 1\n")
    words = ["-i", str(net), "status", "k8s", "--sent", str(file), "--ssh-config", str(config), "--format", "json"]
    code = main(words)
    told = json.loads(capsys.readouterr().out)
    assert main(["schema", "status"]) == 0
    jsonschema.validate(told, json.loads(capsys.readouterr().out))
    assert (code != 0, told["drift"], told["routers"][0]["router"]) == (True, True, "edge")
    assert main(["-i", str(net), "status", "k8s", "edge"]) == 1
    assert main(["-i", str(net), "status", "--sent", str(file)]) == 1


class Answering(Device):
    """A login to a router that runs what the inventory says."""

    text = ""

    def fetch(self):
        return Running(self.text, "8.4.4")

    def close(self):
        self.closed = True


@pytest.fixture
def watched(net, tmp_path, capsys, monkeypatch):
    """Return a function that watches until the looks are over, and what it printed with its logins."""
    files = [tmp_path / f"{node}.json" for node in NODES]
    for file, node in zip(files, NODES, strict=True):
        file.write_text(status(node, PREFIX))
    assert main(["-i", str(net), "render", "edge"]) == 0
    Answering.text = capsys.readouterr().out
    logins = []

    class Platform:
        def keeper(self, router, source):
            logins.append(Answering())
            return logins[-1]

    monkeypatch.setattr("frrgen.cli.drift.of", lambda _: Platform())

    def watch(*between):
        steps = iter(between)

        def sleep(seconds):
            assert seconds == 7
            if (step := next(steps, None)) is None:
                raise KeyboardInterrupt
            step(files, logins)

        monkeypatch.setattr("frrgen.cli.drift.time.sleep", sleep)
        code = main(["-i", str(net), "status", "k8s", "--watch", "7", "--sent", *map(str, files)])
        return code, capsys.readouterr(), logins

    return watch


AGREES = "k8s and edge: 2 sessions, 1 of 1 prefix by every node in the kernel\n"


def test_a_cluster_is_watched_over_one_login_until_ctrl_c(watched):
    def drop(files, logins):
        del logins[0].paths["n2"]

    code, said, logins = watched(lambda *_: None, drop)
    assert (code, said.err) == (130, "interrupted\n")
    assert said.out.count(AGREES) == 2
    last = said.out.rpartition(AGREES)[2]
    assert "0 of 1 prefix by every node" in last
    assert "n2: not accepted: " in last
    assert [one.closed for one in logins] == [True]


def test_a_look_that_fails_is_shown_and_the_next_one_is_right_again(watched):
    def spoil(files, logins):
        files[0].write_text("{")

    def mend(files, logins):
        files[0].write_text(status("n1", PREFIX))

    code, said, _ = watched(spoil, mend)
    first, _, rest = said.out.partition(AGREES)
    assert (code, said.err, "error" in first) == (130, "interrupted\n", False)
    assert "error[FRR613]" in rest.partition(AGREES)[0]
    assert AGREES in rest


def test_a_router_that_is_lost_is_an_error_of_that_look_and_is_logged_into_again(watched, monkeypatch):
    def lose(files, logins):
        logins[0].fetch = lost

    def lost():
        raise DeviceError(Finding(Code.FRR501, "edge: the connection is lost"))

    code, said, logins = watched(lose, lambda *_: None)
    assert (code, len(logins), logins[0].closed) == (130, 2, True)
    shown = said.out.partition(AGREES)[2].partition(AGREES)
    assert "edge: the connection is lost" in shown[0]
    assert shown[1] == AGREES


@pytest.mark.parametrize("sent_by", ["-", "n1=-", "n1@edge=-"])
def test_standard_input_cannot_be_watched(net, capsys, sent_by):
    assert main(["-i", str(net), "status", "k8s", "--watch", "--sent", sent_by]) == 1
    assert "standard input can be read once" in capsys.readouterr().err


def test_on_a_terminal_each_look_takes_the_place_of_the_last_one(watched, monkeypatch):
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=100, height=30)
    monkeypatch.setattr("frrgen.report.console.console", lambda _: terminal)
    code, said, _ = watched(lambda *_: None)
    assert (code, said.out, said.err) == (130, "", "interrupted\n")
    assert screen.getvalue().count(AGREES.strip()) >= 2
    assert "\x1b[1A" in screen.getvalue(), "the cursor goes up to the first line"
    assert screen.getvalue().rstrip("\n").endswith("\x1b[?25h"), "the cursor is shown again"
