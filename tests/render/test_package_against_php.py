"""Two writers of the package's frr.conf, ours in Python and the stand-in's in PHP, write the same."""

from __future__ import annotations

import base64
import json
import random
import shutil
import subprocess
from dataclasses import replace
from difflib import unified_diff
from pathlib import Path

import pytest

from frrgen.platforms.pfsense.generator import frr_conf
from frrgen.platforms.pfsense.host import HostFacts
from frrgen.platforms.pfsense.schema import COVERED, SCHEMA, encode

ROOT = Path(__file__).parents[1] / "lab/pfsense/root"
BOX = HostFacts(
    hostname="pf",
    domain="example.net",
    interfaces={"lan": ("192.168.1.1", "fd00:1::1"), "wan": ("203.0.113.2",), "_vip1": ("192.168.1.3",)},
    devices={"lan": "vtnet1", "wan": "vtnet0"},
    gateways={"GW": "203.0.113.1"},
)
pytestmark = pytest.mark.skipif(shutil.which("php") is None, reason="php-cli is not installed")

PREFIXES = ["10.0.0.0/8", "192.0.2.0/24", "198.51.100.7/32", "2001:db8::/32", "0.0.0.0/0"]
RANGES = {
    "subgrouppktqueuemax": (20, 100),
    "maxmedstartup": (5, 86400),
    "dampening_halflife": (1, 45),
    "detectmultiplier": (2, 255),
    "receiveinterval": (10, 60000),
    "transmitinterval": (10, 60000),
    "echointerval": (10, 60000),
    "ge": (25, 30),
    "le": (31, 32),
}
FIXED = {("frrglobalacls", "type"): "zebra", ("frrbgp", "asnum"): "64512"}
NAMES = {
    "frrglobalacls": ["ACL", "ACL6"],
    "frrglobalprefixes": ["PL", "PL6", "a.b"],
    "frrglobalroutemaps": ["RM", "OUT"],
    "frrbgpaspaths": ["ASP"],
    "frrbgpcommunities": ["CL", "7"],
    "frrbfdprofiles": ["FAST"],
}
_REFERS = {
    "acl": "frrglobalacls",
    "distribute": "frrglobalacls",
    "prefix": "frrglobalprefixes",
    "nexthop_pl": "frrglobalprefixes",
    "nexthop_acl": "frrglobalacls",
    "distanceadminacl": "frrglobalacls",
    "aspath": "frrbgpaspaths",
    "community_match": "frrbgpcommunities",
    "profile": "frrbfdprofiles",
}
VALUES = {
    "routerid": ["", "192.0.2.1"],
    "password": ["", "s3cret"],
    "descr": ["", "some words & more", "x" * 120],
    "carpstatusvid": ["none"],
    "routetarget": ["none", "gw|GW", "if|wan", "bgp|192.0.2.9"],
    "tcpsigsrc": [""],
    "frr": [""],
    "frrrunning": ["", encode("anything")],
    "asnum": ["64512", "internal"],
    "peer": ["192.0.2.10", "2001:db8::10", "GROUP"],
    "peergroup": ["none", "GROUP", "GONE"],
    "updatesource": ["default", "lan", "wan", "_vip1|192.168.1.3"],
    "bfd_peer": ["", "192.0.2.10"],
    "confedpeers": ["64513", "64513 64514"],
    "routereflectorclusterid": ["", "192.0.2.3", "77"],
    "shutdownmessage": ["", "out of order"],
    "nexthop_peer": ["none", "local", "unchanged", "peer-address", "192.0.2.10"],
    "aspath_value": ["3", "64512 64512"],
    "community_set": ["64512:1", "no-export 64512:2"],
    "cacheserver": ["192.0.2.9"],
    "exitaction": ["none", "next", "10"],
    "local_address": ["", "default", "192.168.1.1"],
    "interface": ["default", "lan", ""],
    "regex": ["_65000_", "^$"],
    "community": ["64512:1", "no-export"],
    "minimumttl": ["", "10"],
    "username": [""],
    "privkeypath": [""],
    "pubkeypath": [""],
    "action": ["permit", "deny"],
}


PREFIXED = {"source", "destination", "routevalue", "distributeroutevalue", "aggregateaddr", "distanceadminprefix"}


def value(rng, section, field):
    """A value that the page would save."""
    if field.key == "seq":
        return str(rng.randint(1, 99))
    if field.key in PREFIXED:
        return rng.choice(PREFIXES)
    if field.key == "name":
        return rng.choice(NAMES[section])
    if (section, field.key) in FIXED:
        return FIXED[section, field.key]
    if field.key in VALUES:
        return rng.choice(VALUES[field.key])
    if field.type == "select":
        return rng.choice(field.values)
    if field.type == "select_source":
        kind = next((name for word, name in _REFERS.items() if field.key.startswith(word)), "frrglobalroutemaps")
        return rng.choice([field.default, *NAMES[kind], "GONE"] if field.default else [*NAMES[kind], "GONE"])
    if field.type == "checkbox":
        return rng.choice(["", "on"])
    low, high = RANGES.get(field.key, (1, 100))
    return rng.choice(["", str(low), str(high)])


def row(rng, section):
    found = {}
    for field in SCHEMA[section].row:
        if field.type != "checkbox":
            found[field.key] = value(rng, section, field)
        elif rng.random() < 0.3:
            found[field.key] = "ON"
    return found


def config(rng, section):
    return {
        field.key: [row(rng, section) for _ in range(rng.randint(1, 3))]
        if field.type == "rows"
        else value(rng, section, field)
        for field in SCHEMA[section].fields
        if field.type != "button"
    }


def entries(rng, section):
    """Peers and names stand once, but those of route maps, whose numbers differ; a list's name tells its family."""
    found = {}
    for number in range(1 if SCHEMA[section].single else rng.randint(1, 4)):
        one = config(rng, section)
        if "iptype" in one:
            six = one["name"].endswith("6")
            one["iptype"] = "IPv6" if six else "IPv4"
            for each in one["row"]:
                each["source"] = each["destination"] = "2001:db8::/32" if six else "10.0.0.0/8"
        if section == "frrglobalroutemaps":
            one["seq"] = str(10 * (number + 1))
            if one["aspath_action"] == "setprependlast":
                one["aspath_value"] = "3"
        found[one.get("peer") or (one.get("name"), one.get("seq"))] = one
    # a group stands before its members
    return sorted(found.values(), key=lambda one: one.get("peer", "GROUP") != "GROUP")


def sections(rng):
    found = {name: entries(rng, name) for name in COVERED if name == "frr" or rng.random() < 0.7}
    found["frr"][0]["enable"] = "on"
    return found


def by_php(many, package, folder):
    (folder / "config.inc").write_text(
        f"<?php\nrequire_once('{ROOT}/etc/inc/util.inc');\nrequire_once('{ROOT}/etc/inc/interfaces.inc');\n"
    )

    def whole(one):
        return {
            "system": {"hostname": BOX.hostname, "domain": BOX.domain},
            "interfaces": {
                name: {
                    "enable": "",
                    "if": BOX.devices[name],
                    "ipaddr": BOX.interfaces[name][0],
                    "ipaddrv6": next((one for one in BOX.interfaces[name] if ":" in one), ""),
                }
                for name in BOX.devices
            },
            "virtualip": {"vip": [{"uniqid": "1", "subnet": "192.168.1.3"}]},
            "gateways": {"gateway_item": [{"name": name, "gateway": to} for name, to in BOX.gateways.items()]},
            "installedpackages": {name: {"config": configs} for name, configs in one.items()},
        }

    data = base64.b64encode(json.dumps([whole(one) for one in many]).encode()).decode()
    code = (
        f"<?php\n$g['frr_package'] = '{package}';\nrequire_once('{ROOT}/usr/local/pkg/frr.inc');\n$found = array();\n"
        f"foreach (json_decode(base64_decode('{data}'), true) as $config) {{ $found[] = frr_conf_text(); }}\n"
        "echo json_encode($found);\n"
    )
    done = subprocess.run(
        ["php", "-d", f"include_path={folder}", "-d", "display_errors=stderr"],
        input=code,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return json.loads(done.stdout)


@pytest.mark.parametrize("package", ["2.0", "2.1"])
@pytest.mark.parametrize("seed", range(4))
def test_python_and_php_write_the_same_file(tmp_path, package, seed):
    rng = random.Random(seed)
    many = [sections(rng) for _ in range(100)]
    box = replace(BOX, package=package)
    texts = by_php(many, package, tmp_path)
    for one, text in zip(many, texts, strict=True):
        ours, theirs = frr_conf(one, box).split("\n"), text.split("\n")
        assert "\n".join(unified_diff(theirs, ours, "PHP", "Python", lineterm="", n=2)) == ""
    words = {" ".join(word for word in line.split() if word.isalpha()) for text in texts for line in text.split("\n")}
    assert len(words) > 150
