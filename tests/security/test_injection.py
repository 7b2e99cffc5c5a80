"""No text of an inventory leaves its place: FRR's lines, the shell's words and PHP's text stay ours."""

from __future__ import annotations

import json
import re
import shlex
import subprocess

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from pydantic import SecretStr, ValidationError

from frrgen.errors import InputError
from frrgen.intended.inventory import Inventory
from frrgen.inventory.files import load
from frrgen.metallb.render import documents, metallb
from frrgen.metallb.sessions import sessions
from frrgen.model.router import Router
from frrgen.platforms.base import of
from frrgen.platforms.frr.device import _command
from frrgen.platforms.frr.diff.canonical import canonical
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.render import render
from frrgen.platforms.pfsense.ask import program
from tests.examples import examples
from tests.security.texts import held, replaced, texts
from tests.strategies import any_router as routers

HOSTILE = [
    "x\n!\nno router bgp",
    "x\r\nend",
    "x\x00y",
    "x\x1b[2Jy",
    "x\u2028no router bgp",
    "x\x85no router bgp",
    "$(touch /tmp/owned)",
    "`touch /tmp/owned`",
    "x; touch /tmp/owned",
    "x' ; touch /tmp/owned #",
    'x" ; touch /tmp/owned #',
    "x | sh",
    "x && reboot",
    "-oProxyCommand=id",
    "--help",
    "../../etc/passwd",
    "<?php system('id'); ?>",
    "'); system('id'); //",
    "]]><!ENTITY",
    "{{ 7 * 7 }}",
    "{% include '/etc/passwd' %}",
    "%s%n",
    "x ! y",
    "exit",
    "end",
    "configure terminal",
    "do show run",
]


ORDERS = {"raw", "raw_families", "command"}
"""Fields that hold orders by their nature: docs/threats.md says so."""
NETWORK = {"findings": {"FRR213": {"severity": "info", "reason": "known", "only": ["r1"]}}}
EDGE = {
    "description": "the edge",
    "platform": "frr",
    "ssh": {"host": "192.0.2.1", "user": "root", "identity_file": "~/.ssh/id", "password": "secret"},
    "checks": [{"prefix": "192.0.2.0/24"}, {"answers": "192.0.2.9"}],
    "prefix_lists": {"P": {"entries": [{"action": "permit", "seq": 5, "prefix": "10.0.0.0/8"}]}},
    "route_maps": {"M": {"entries": [{"action": "permit", "seq": 10}]}},
    "bfd_profiles": {"B": {}},
    "vrfs": {"blue": {"bgp": {"asn": 65001}}},
    "rpki": {"caches": [{"host": "rpki.example", "port": 323, "preference": 1, "source": "10.0.0.1"}]},
    "bgp": {
        "asn": 65001,
        "router_id": "10.0.0.1",
        "peer_groups": {"G": {"remote_as": 65009}},
        "neighbors": {"eth7": {"interface": True, "remote_as": 65007}},
        "ipv4_unicast": {"vrf_leaking": {"import_vrf": ["blue"], "import_vrf_route_map": "M"}},
        "l2vpn_evpn": {
            "advertise_all_vni": True,
            "vnis": {
                "10": {
                    "rd": "65001:10",
                    "route_targets_import": ["65001:10"],
                    "route_targets_export": ["65001:10"],
                }
            },
        },
    },
}
BOX = {
    "platform": "pfsense",
    "ha": {"peer": "fw2"},
    "pfsense": {
        "password": "secret",
        "interfaces": {"lan": ["10.0.0.3"], "_vip5f3c9d2e1a4b7": ["10.0.0.30"]},
        "gateways": {"WAN_GW": "198.51.100.1"},
        "carp_vip": "_vip5f3c9d2e1a4b7",
        "tcp_md5": [{"source": "10.0.0.3", "destination": "10.0.0.9", "password": "secret"}],
    },
    "bgp": {"asn": 65001, "router_id": "10.0.0.3", "neighbors": {"10.0.0.9": {"remote_as": 65001}}},
}
CLUSTER = {
    "asn": 65002,
    "password": "secret",
    "exports": ["0.0.0.0/0"],
    "nodes": {
        "node1": {
            "addresses": ["10.0.0.2", "2001:db8::2"],
            "router_id": "10.0.0.2",
            "labels": {"rack": "one"},
            "uplinks": {"r1": {"addresses": ["10.0.0.2", "2001:db8::2"], "device": "eth0"}},
        }
    },
    "nodes_from": {"file": "nodes/k8s.yaml", "selector": {"match_labels": {"role": "node"}}},
    "pools": {
        "services": {
            "prefixes": ["10.1.0.0/16", "2001:db8:1::/48"],
            "communities": ["65002:1"],
            "large_communities": ["65002:1:1"],
            "prefix_list": "SERVICES",
            "node_selectors": [{"match_expressions": [{"key": "rack", "operator": "In", "values": ["one"]}]}],
            "routers": ["r1"],
            "reserved": ["10.1.0.0/32"],
            "namespaces": ["default"],
        },
        "flat": {"prefixes": ["10.2.0.0/24"], "protocol": "layer2", "interfaces": ["eth0"]},
    },
    "routers": {
        "r1": {
            "address": "10.0.0.1",
            "ipv6_address": "2001:db8::1",
            "update_source": "lo",
            "password": "secret",
            "bfd_profile": "B",
            "peer_group": "K8S",
            "route_map_in": "K8S-IN",
            "route_map_out": "K8S-OUT",
        },
        "r2": {"address": "10.0.0.5", "vrf": "blue", "listen_range": ["10.0.0.0/24"]},
    },
}
FILES = {
    "network.yaml": NETWORK,
    "routers/r1.yaml": EDGE,
    "routers/r2.yaml": EDGE,
    "routers/fw1.yaml": BOX,
    "routers/fw2.yaml": BOX | {"ha": {"peer": "fw1"}},
    "clusters/k8s.yaml": CLUSTER,
    "nodes/k8s.yaml": {
        "kind": "List",
        "items": [
            {
                "kind": "Node",
                "metadata": {"name": "node2", "labels": {"role": "node"}},
                "status": {"addresses": [{"type": "InternalIP", "address": "10.0.0.4"}]},
            }
        ],
    },
}
"""A network with the texts that no drawn router has."""
RARE = {
    "name": "r1",
    "frr_version": "10.3",
    "static_routes": [{"prefix": "2001:db8:9::/48", "interface": "eth0", "source": "2001:db8:1::/48"}],
    "bgp": {"asn": 65001, "peer_groups": {"G": {"shutdown": True, "shutdown_message": "moved"}}},
}
"""Texts that few drawn routers have."""


@pytest.fixture(scope="module")
def drawn():
    """Give routers that hold every text that FRR is told, and where."""
    found = {}

    @settings(
        suppress_health_check=list(HealthCheck),
        deadline=None,
        max_examples=90,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
    )
    @given(routers())
    def draw(router):
        for text, path in held(router):
            found.setdefault(text, (router, path))

    draw()
    rare = Router.model_validate(RARE)
    return {text: (rare, path) for text, path in held(rare)} | found


def written(folder, files):
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(json.dumps(data))
    return folder


def by_hand(folder):
    """Give the texts of the network, each with its file and place."""
    network = load(written(folder, FILES)).network
    parts = {
        "routers/r1.yaml": network.routers["r1"],
        "routers/fw1.yaml": network.routers["fw1"],
        "clusters/k8s.yaml": network.clusters["k8s"],
    }
    found = {text: (file, path) for file, model in parts.items() for text, path in held(model) if text[1] != "name"}
    for code, policy in network.findings.items():
        here = (("in", "findings"), ("in", code))
        found[("NetworkFile", "findings", "key")] = ("network.yaml", (*here[:1], ("key", code)))
        found |= {text: ("network.yaml", (*here, *path)) for text, path in held(policy)}
    return found


def test_every_text_of_the_schema_is_tried_here(drawn, tmp_path):
    tried = drawn.keys() | by_hand(tmp_path).keys()
    untried = {text for text in texts() - tried if text[1] not in ORDERS}
    # defaults and groups are parts of routers; a cluster's name is its file's
    assert {text[:2] for text in untried} == {
        ("NetworkFile", "defaults"),
        ("NetworkFile", "groups"),
        ("Cluster", "name"),
    }
    assert len(texts() & tried) > 200


def without_group(router):
    """Give the lines that name a peer group that there is not."""
    for _, bgp in router.instances():
        named = [(f"bgp listen range {prefix}", group) for prefix, group in bgp.listen_ranges.items()]
        named += [(f"neighbor {peer}", one.peer_group) for peer, one in bgp.neighbors.items()]
        named += [(f"neighbor {peer} interface", one.peer_group) for peer, one in bgp.neighbors.items()]
        yield from (f"{line} peer-group {group}" for line, group in named if group not in bgp.peer_groups)


def stays_a_text(plain, place, text):
    try:
        hostile = Router.model_validate(replaced(plain, place, text))
        made = render(hostile)
    except (ValidationError, InputError):
        return
    assert all(line.isprintable() for line in made.split("\n")), place
    # read back it is the same router: no line is more, and none belongs elsewhere
    parsed = parse(made, name=hostile.name, frr_version=hostile.frr_version)
    if parsed.leftovers:
        assert {left.line for left in parsed.leftovers} <= set(without_group(hostile)), place
        return
    again = canonical(parsed.router.model_copy(update={"ownership": hostile.ownership}))
    assert again == canonical(hostile), (place, text)


def some_of(number, most):
    """Give some of the hostile texts to a place, other ones to the next."""
    return [HOSTILE[(number * most + one) % len(HOSTILE)] for one in range(min(most, len(HOSTILE)))]


def test_a_text_with_orders_in_it_is_refused_or_stays_a_text(drawn):
    told_frr = [one for text, one in drawn.items() if text[1] not in ORDERS]
    assert len(told_frr) > 120
    for number, (router, place) in enumerate(told_frr):
        for text in some_of(number, examples(6)):
            stays_a_text(plain(router), place, text)


def plain(router):
    return json.loads(router.model_dump_json(exclude_defaults=True)) | {"name": router.name}


def told(folder):
    """Give all that is made of a network: what each router is told, and what Kubernetes is."""
    inventory = Inventory(folder)
    inventory.refuse_errors(inventory.loaded.network.routers)
    for router in inventory.routers([]):
        box = of(router)
        yield router, box.frr_conf(router, None), box.render(router, templates=None, secrets=True)
    for cluster in inventory.loaded.network.clusters.values():
        peers = list(sessions(cluster, inventory.generated.routers, []))
        yield (
            None,
            documents(metallb(cluster, peers, inventory.generated.routers, SecretStr.get_secret_value), ["k"]),
            "",
        )


def test_a_text_of_a_network_with_orders_in_it_is_refused_or_stays_a_text(tmp_path):
    found = by_hand(tmp_path / "first")
    shape = lines_of(told(tmp_path / "first"))
    tried = 0
    for number, ((owner, field, _), (file, place)) in enumerate(found.items()):
        for text in some_of(number, examples(3)) if field not in ORDERS else ():
            tried += 1
            folder = written(tmp_path / str(tried), FILES | {file: replaced(FILES[file], place, text)})
            try:
                made = list(told(folder))
            except InputError:
                continue
            for router, conf, more in made:
                assert all(line.isprintable() for line in (conf + more).expandtabs().split("\n")), (place, text)
                if router is None:
                    assert all(isinstance(one, dict) for one in yaml.safe_load_all(conf)), (place, text)
                elif router.platform == "frr":
                    read = parse(conf, name=router.name, frr_version=router.frr_version)
                    assert read.leftovers == (), (place, text)
            if owner not in {"Selector", "Requirement"}:  # these choose nodes
                assert lines_of(made) == shape, (place, text)
    assert tried > 200


def lines_of(made):
    return [(conf.count("\n"), more.count("\n")) for _, conf, more in made]


@pytest.mark.parametrize("text", [one for one in HOSTILE if "\x00" not in one])
def test_a_word_for_the_shell_is_one_word(text):
    words = shlex.split(_command("verb", text))
    assert words[-1] == text
    done = subprocess.run(["sh", "-c", f"printf '%s' {shlex.quote(text)}"], capture_output=True, check=True)
    assert done.stdout == text.encode()


@pytest.mark.parametrize("text", HOSTILE)
def test_the_made_holds_nothing_of_the_inventory_but_base64(text):
    harmless = program("apply", "mark", {"x": "y"}, ())
    made = program("apply", "mark", {"x": text}, ())
    changed = [line for line, old in zip(made.split("\n"), harmless.split("\n"), strict=True) if line != old]
    assert len(changed) == 1
    assert re.fullmatch(r"frrgen_main\('[A-Za-z0-9+/=]+'\);", changed[0])


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("field", ["host", "user"])
def test_a_login_takes_no_option_and_no_order(field, text):
    try:
        ssh = Router.model_validate({"name": "r1", "ssh": {field: text}}).ssh
    except ValidationError:
        return
    said = getattr(ssh, field)
    assert not set(said) & set(" '\"`$;|&<>\n\r\x00/")
