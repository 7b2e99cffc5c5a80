"""Each mistake of a small inventory is told once, with its code, at the line of the user that makes the mistake."""

from __future__ import annotations

import re

import pytest

from frrgen.cli import main

NODES = "  n1: {addresses: [192.0.2.11]}\n  n2: {addresses: [192.0.2.12]}\n"


def router(**lines: str) -> str:
    """Return a sound router's file; a keyword replaces a part or, as `more`, adds to the file."""
    return (
        f"frr_version: {lines.get('version', '10.3')}\n"
        "bgp:\n  asn: 65001\n  router_id: 192.0.2.1\n  ebgp_requires_policy: false\n"
        f"{lines.get('bgp', '  neighbors:' + chr(10) + '    192.0.2.9: {remote_as: 65009}' + chr(10))}"
        f"{lines.get('more', '')}"
    )


def neighbor(peer: str, options: str, more: str = "") -> dict[str, str]:
    """Return the files of a router whose one neighbor stands on line 7."""
    return {"routers/r1.yaml": router(bgp=f"  neighbors:\n    {peer}: {{{options}}}\n", more=more)}


def cluster(
    pool: str = "{prefixes: [198.51.100.0/24]}",
    nodes: str = NODES,
    routers: str = "  r1: {address: 192.0.2.1}\n",
    *,
    second: bool = False,
) -> dict[str, str]:
    """Return the files of a router and a cluster: nodes on lines 3 and 4, the pool on line 6, routers from line 8."""
    text = f"asn: 65010\nnodes:\n{nodes}pools:\n  a: {pool}\nrouters:\n{routers}"
    both = {"routers/r2.yaml": router().replace("router_id: 192.0.2.1", "router_id: 192.0.2.2")} if second else {}
    return {"routers/r1.yaml": router(), **both, "clusters/k.yaml": text}


def range_of(network: str) -> str:
    return f"  r1: {{address: 192.0.2.1, listen_range: [{network}]}}\n"


def prefixes(prefix: str, more: str = "") -> str:
    return f"{{prefixes: [{prefix}]{more}}}"


def ends(here: str, there: str, more: str = "", remote: str = "65001") -> dict[str, str]:
    """Return two routers with a session between them, with options at each end."""
    first = f"  neighbors:\n    192.0.2.2: {{remote_as: 65001, update_source: 192.0.2.1, {here}}}\n"
    second = f"  neighbors:\n    192.0.2.1: {{remote_as: {remote}, update_source: 192.0.2.2, {there}}}\n"
    other = router(bgp=second, more=more).replace("router_id: 192.0.2.1", "router_id: 192.0.2.2")
    return {"routers/r1.yaml": router(bgp=first), "routers/r2.yaml": other}


PFSENSE = """\
platform: pfsense
frr_version: 10.3
pfsense:
  interfaces: {lan: [192.0.2.2], _vip5f3a: [192.0.2.3]}
bgp:
  asn: 65001
  router_id: 192.0.2.2
  neighbors:
    192.0.2.9: {remote_as: 65001, update_source: SOURCE}
"""
POOL, ADDRESS = "clusters/k.yaml:6:17", "clusters/k.yaml:8:17"

ROWS: dict[str, tuple[dict[str, str], str, str]] = {
    "pool-in-the-listen-range": (
        cluster(prefixes("192.0.2.64/26"), routers=range_of("192.0.2.0/24")),
        "FRR222",
        POOL,
    ),
    "pool-in-the-nodes-network": (cluster(prefixes("192.0.2.128/25")), "FRR222", POOL),
    "pool-around-the-nodes-network": (cluster(prefixes("192.0.0.0/16")), "FRR207", POOL),
    "pool-in-itself": (cluster(prefixes("198.51.100.0/24, 198.51.100.128/25")), "FRR111", "clusters/k.yaml:6:35"),
    "pool-behind-a-range": (
        cluster("{prefixes: [203.0.113.1-203.0.113.9, 192.0.2.64/27, 203.0.113.4/31]}"),
        "FRR111",
        "clusters/k.yaml:6:58",
    ),
    "pool-in-another": (
        cluster("{prefixes: [198.51.100.0/24]}\n  b:\n    prefixes:\n      - 203.0.113.0/24\n      - 198.51.100.7/32"),
        "FRR111",
        "clusters/k.yaml:10:9",
    ),
    "bfd-peer-twice": (
        {"routers/r1.yaml": router(more="bfd_peers:\n  - {address: 192.0.2.9}\n  - {address: 192.0.2.9}\n")},
        "FRR111",
        "routers/r1.yaml:10:5",
    ),
    "pool-is-a-node": (cluster(prefixes("192.0.2.11/32")), "FRR207", POOL),
    "pool-is-the-router": (cluster(prefixes("192.0.2.1/32")), "FRR207", POOL),
    "router-is-a-node": (cluster(routers="  r1: {address: 192.0.2.11}\n"), "FRR208", ADDRESS),
    "router-is-its-own-neighbor": (
        neighbor("192.0.2.5", "remote_as: 65001, update_source: 192.0.2.5"),
        "FRR225",
        "routers/r1.yaml:7:16",
    ),
    "address-of-the-other-version": (cluster(routers='  r1: {address: "2001:db8::1"}\n'), "FRR208", ADDRESS),
    "address-not-known": (
        cluster(nodes='  n1: {addresses: ["2001:db8:1::11"]}\n  n2: {addresses: ["2001:db8:1::12"]}\n'),
        "FRR219",
        "clusters/k.yaml:8:7",
    ),
    "address-multicast": (cluster(routers="  r1: {address: 224.0.0.5}\n"), "FRR208", ADDRESS),
    "node-with-two-addresses": (
        cluster(nodes=NODES.replace("192.0.2.11", "192.0.2.11, 192.0.2.13")),
        "FRR215",
        "clusters/k.yaml:3:19",
    ),
    "lengths-reversed": (
        cluster(prefixes("198.51.100.0/24", ", lengths: [32, 24]")),
        "FRR111",
        "clusters/k.yaml:6:45",
    ),
    "lengths-out-of-range": (
        cluster(prefixes("198.51.100.0/24", ", lengths: [24, 33]")),
        "FRR111",
        "clusters/k.yaml:6:45",
    ),
    "lengths-without-effect": (
        cluster(prefixes("198.51.100.0/24", ", ipv6_lengths: [64, 128]")),
        "FRR218",
        "clusters/k.yaml:6:50",
    ),
    "version-7.5": ({"routers/r1.yaml": router(version="7.5")}, "FRR223", "routers/r1.yaml:1:14"),
    "version-11": ({"routers/r1.yaml": router(version="11")}, "FRR223", "routers/r1.yaml:1:14"),
    "unknown-code": (
        {"routers/r1.yaml": router(), "network.yaml": "findings:\n  FRR999: {severity: info, reason: x}\n"},
        "FRR111",
        "network.yaml:2:11",
    ),
    "two-routers-with-one-address": (
        cluster(routers="  r1: {address: 192.0.2.1}\n  r2: {address: 192.0.2.1}\n", second=True),
        "FRR209",
        "clusters/k.yaml:9:17",
    ),
    "link-local-neighbor": (neighbor('"fe80::1"', "remote_as: 65002"), "FRR225", "routers/r1.yaml:7:16"),
    "loopback-neighbor": (neighbor("127.0.0.1", "remote_as: 65002"), "FRR225", "routers/r1.yaml:7:16"),
    "two-nodes-with-one-router-id": (
        cluster(nodes="".join(f"  n{n}: {{addresses: [192.0.2.1{n}], router_id: 192.0.2.99}}\n" for n in (1, 2))),
        "FRR216",
        "clusters/k.yaml:4:44",
    ),
    "bgp-without-a-neighbor": ({"routers/r1.yaml": router(bgp="")}, "FRR224", "routers/r1.yaml:3:3"),
    "neighbor-behind-a-host-route": (
        neighbor("10.9.0.9", "remote_as: 65009", "static_routes:\n  - {prefix: 10.9.0.9/32, via: 192.0.2.7}\n"),
        "FRR226",
        "routers/r1.yaml:7:15",
    ),
    "neighbor-behind-a-network": (
        neighbor("10.9.0.9", "remote_as: 65009", "static_routes:\n  - {prefix: 10.9.0.0/24, via: 192.0.2.7}\n"),
        "FRR226",
        "routers/r1.yaml:7:15",
    ),
    "bfd-at-one-end": (ends("bfd: {}", "passive: true"), "FRR227", "routers/r1.yaml:7:66"),
    "carp-address-as-source": (
        {"routers/r1.yaml": PFSENSE.replace("SOURCE", "192.0.2.3")},
        "FRR243",
        "routers/r1.yaml:9:50",
    ),
    "carp-name-as-source": (
        {"routers/r1.yaml": PFSENSE.replace("SOURCE", "_vip5f3a")},
        "FRR243",
        "routers/r1.yaml:9:50",
    ),
}
SOUND = {
    "bfd-at-both-ends": ends("bfd: {}", "bfd: {}"),
    "bfd-at-no-end": ends("passive: true", "passive: true"),
    "bfd-with-a-bfd-peer": ends("bfd: {}", "passive: true", "bfd_peers:\n  - {address: 192.0.2.1}\n"),
    "bfd-with-a-raw-line": ends("bfd: {}", "passive: true", "raw: [bfd]\n"),
    "bfd-with-another-as": ends("bfd: {}", "passive: true", remote="65003"),
    "cluster": cluster(),
    "range": cluster(prefixes("192.0.2.128/25"), routers=range_of("192.0.2.0/25")),
    "layer2": cluster(prefixes("192.0.2.128/25", ", protocol: layer2")),
    "neighbor": neighbor("192.0.2.9", "remote_as: 65009"),
    "summary": neighbor("10.9.0.9", "remote_as: 65009", "static_routes:\n  - {prefix: 10.0.0.0/8, via: 192.0.2.7}\n"),
    "own-interface": {"routers/r1.yaml": PFSENSE.replace("SOURCE", "lan")},
}
POLICY = {"FRR236", "FRR314", "FRR315", "FRR316", "FRR317", "FRR318", "FRR321", "FRR728"}
"""What a session without a policy has beside the mistake of a row."""


@pytest.fixture
def told(tmp_path, monkeypatch, capsys):
    """Return the code and the place of each finding of the files that is not about policies."""
    monkeypatch.chdir(tmp_path)

    def check(files: dict[str, str]) -> list[tuple[str, str]]:
        for name, text in files.items():
            path = tmp_path / "inventory" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        main(["check"])
        said = "".join(capsys.readouterr())
        codes = re.findall(r"(?m)^(?:error|warning|info)\[(FRR\d{3})\]: ", said)
        places = re.findall(r"(?m)^  --> inventory/(\S+)", said)
        return [one for one in zip(codes, places, strict=True) if one[0] not in POLICY]

    return check


@pytest.mark.parametrize(("files", "code", "place"), ROWS.values(), ids=ROWS)
def test_a_mistake_is_reported_once_at_the_line_that_makes_it(told, files, code, place):
    assert told(files) == [(code, place)]


@pytest.mark.parametrize("files", SOUND.values(), ids=SOUND)
def test_what_is_sound_has_no_finding(told, files):
    assert told(files) == []
