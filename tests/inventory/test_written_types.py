"""Values that YAML takes for something else than their author: no text changes on its way, no address is a number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from frrgen.cli import main
from frrgen.errors import InputError
from frrgen.inventory.dump import data_of, dump
from frrgen.inventory.shorthand import expand
from frrgen.inventory.validate import validate
from frrgen.inventory.yaml import YamlNode, read
from frrgen.model.cluster import Cluster
from frrgen.model.router import Router
from frrgen.platforms.frr.parse.parser import parse

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests/golden/frr/frr-golden-10.7.1.conf"
NUMBERS = ["7", "-7", "+7"]
DISPUTED = ["010", "-07", "0x10", "0o17"]
TEXTS = [
    "1e3",
    "1.5",
    "no",
    "yes",
    "Off",
    "true",
    "True",
    "FALSE",
    "1:30",
    "12:30:45",
    "2024-01-01",
    ".5",
    "1_000",
    "0b1",
    "=",
    "y",
]
"""Plain scalars that YAML 1.1, 1.2, or a person, may take for numbers, times, dates, truths and text."""


def _router() -> tuple[type, YamlNode]:
    node = read(dump(parse(GOLDEN.read_text(), name="r").router).encode(), "r.yaml")
    assert expand(node) == []
    return Router, node


def _cluster() -> tuple[type, YamlNode]:
    return Cluster, read((ROOT / "inventory/clusters/microk8s.yaml").read_bytes(), "c.yaml")


def leaves(node: YamlNode, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], YamlNode]]:
    if isinstance(node.value, dict):
        for key, inner in node.value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(node.value, list):
        for number, inner in enumerate(node.value):
            yield from leaves(inner, (*path, number))
    else:
        yield path, node


def fields(root: YamlNode) -> Iterator[tuple[tuple[Any, ...], YamlNode]]:
    """Yield one leaf of each field."""
    seen = set()
    for path, node in leaves(root):
        field = tuple(step for step in path if isinstance(step, str) and re.fullmatch("[a-z][a-z_0-9]*", step))
        if field not in seen:
            seen.add(field)
            yield path, node


def at(data: Any, path: tuple[Any, ...]) -> Any:
    try:
        for step in path:
            data = data[step]
    except (KeyError, IndexError, TypeError):
        return None
    return data


@pytest.mark.parametrize("made", [_router, _cluster])
def test_no_text_changes_on_its_way_and_no_address_is_a_number(made):
    kind, root = made()
    before = data_of(validate(kind, YamlNode({**root.value, "name": YamlNode("r", root.where)}, root.where), ()))
    found = list(fields(root))
    root.value["name"] = YamlNode("r", root.where)
    taken = 0
    for path, node in found:
        old, node.value = node.value, None
        for written in (*NUMBERS, *TEXTS):
            said = read(f"x: {written}".encode(), "x.yaml").value["x"]
            node.value, node.written = said.value, said.written
            try:
                value = at(data_of(validate(kind, root, ())), path)
            except InputError:
                continue
            taken += 1
            was = at(before, path)
            if isinstance(value, str):
                assert value == written, path
            if isinstance(was, str) and re.fullmatch(r"[0-9.]+(/[0-9]+)?|[0-9a-f:]*::?[0-9a-f:]*(/[0-9]+)?", was):
                assert not re.fullmatch(r"0\.0\.0\.[0-9]+(/32)?|::[0-9]+(/128)?", str(value)), path
        node.value = old
    assert len(found) > (100 if kind is Router else 8)
    assert taken > (300 if kind is Router else 10)


@pytest.mark.parametrize("written", DISPUTED)
@pytest.mark.parametrize("field", ["hostname", "bgp: {asn", "log: {syslog_level", "static_routes"])
def test_a_number_that_readers_of_yaml_disagree_on_is_refused_with_both_ways_to_write_it(
    tmp_path, capsys, field, written
):
    (tmp_path / "routers").mkdir()
    (tmp_path / "routers/r1.yaml").write_text(f"{field}: {written}" + "}" * field.count("{") + "\n")
    assert main(["-i", str(tmp_path), "check"]) == 1
    err = capsys.readouterr().err
    assert f"error[FRR104]: readers of YAML disagree on what {written} is\n  --> {tmp_path}/routers/r1.yaml:1:" in err
    assert f"or '{written}' in quotes for the text" in err


def test_a_quoted_number_with_a_zero_in_front_is_text(tmp_path, capsys):
    (tmp_path / "routers").mkdir()
    (tmp_path / "routers/r1.yaml").write_text("hostname: '010'\n")
    assert main(["-i", str(tmp_path), "render", "r1"]) == 0
    assert "hostname 010\n" in capsys.readouterr().out


@pytest.mark.parametrize("written", ["7", "0", "167772161"])
@pytest.mark.parametrize(
    "text",
    [
        "static_routes: [{{prefix: 192.0.2.0/24, via: {}}}]",
        "static_routes: [{{prefix: {}, via: 192.0.2.1}}]",
        "router_id: {}",
        "bgp: {{asn: 1, router_id: {}}}",
        "bgp: {{asn: 1, cluster_id: {}}}",
        "rpki: {{caches: [{{host: rpki.example, port: 1, preference: 1, source: {}}}]}}",
        "route_maps: {{M: {{entries: [{{action: permit, set: {{ip_next_hop: {}}}}}]}}}}",
        "prefix_lists: {{P: {{entries: [{{action: permit, prefix: {}}}]}}}}",
    ],
)
def test_an_address_is_not_made_of_a_number(tmp_path, capsys, text, written):
    (tmp_path / "routers").mkdir()
    (tmp_path / "routers/r1.yaml").write_text(text.format(written) + "\n")
    assert main(["-i", str(tmp_path), "check"]) == 1
    assert "a number is no address or prefix: write all of it, such as 192.0.2." in capsys.readouterr().err


@pytest.mark.parametrize(("written", "line"), [("+10", "+10"), ("-10", "-10"), ("10", "10"), ("'+10'", "+10")])
def test_a_signed_preference_is_a_change_of_it(tmp_path, capsys, written, line):
    (tmp_path / "routers").mkdir()
    sets = f"{{local_preference: {written}, metric: {written}}}"
    text = f"route_maps: {{M: {{entries: [{{action: permit, set: {sets}}}]}}}}\n"
    (tmp_path / "routers/r1.yaml").write_text(text)
    assert main(["-i", str(tmp_path), "render", "r1"]) == 0
    out = capsys.readouterr().out
    assert f" set local-preference {line}\n" in out
    assert f" set metric {line}\n" in out


@pytest.mark.parametrize("written", ["true", "True", "TRUE", "false", "False", "FALSE"])
def test_a_truth_keeps_its_spelling_in_a_text_and_its_meaning_in_a_switch(tmp_path, capsys, written):
    (tmp_path / "routers").mkdir()
    family = f"{{next_hop_self: {written}}}"
    neighbor = f"{{remote_as: 2, description: {written}, passive: {written}, ipv4_unicast: {family}}}"
    (tmp_path / "routers/r1.yaml").write_text(f"bgp: {{asn: 1, neighbors: {{192.0.2.1: {neighbor}}}}}\n")
    assert main(["-i", str(tmp_path), "render", "r1"]) == 0
    out = capsys.readouterr().out
    assert f" neighbor 192.0.2.1 description {written}\n" in out
    for switch in ("passive", "next-hop-self"):
        assert (f" neighbor 192.0.2.1 {switch}\n" in out) is (written.lower() == "true")
