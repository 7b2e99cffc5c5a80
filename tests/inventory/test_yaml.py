"""YAML as we read it: scalars of YAML 1.2, and a place for everything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frrgen.errors import InputError
from frrgen.inventory.files import load
from frrgen.inventory.yaml import YamlNode, read
from frrgen.model.router import Router


def plain(text):
    return read(text.encode(), "f.yaml").value["x"].value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("65000:10", "65000:10"),
        ("1.10", "1.10"),
        ("8.4", "8.4"),
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("true", True),
        ("False", False),
        ("'true'", "true"),
        ("+10", "+10"),
        ("-1", -1),
        ("1_000", "1_000"),
        ("1e3", "1e3"),
        (".inf", ".inf"),
        ("2026-11-24", "2026-11-24"),
        ("12:30:45", "12:30:45"),
        ("~", None),
        ("", None),
        ("null", None),
        ("'65000'", "65000"),
        ("9" * 50, "9" * 50),
    ],
)
def test_a_scalar_is_what_yaml_1_2_says(text, value):
    found = plain(f"x: {text}")
    assert found == value
    assert type(found) is type(value)


def test_every_value_and_key_has_its_place():
    node = read(b"a:\n  b: 1\n  c:\n    - d\n    - e: 2\n", "f.yaml")
    inner = node.value["a"].value
    assert (inner["b"].where.line, inner["b"].where.column, inner["b"].key.column) == (2, 6, 3)
    assert inner["c"].value[1].value["e"].where.line == 5


def test_asdot_needs_no_quotes(tmp_path):
    (tmp_path / "routers").mkdir()
    (tmp_path / "routers/r1.yaml").write_text("bgp: {asn: 1.10}\n")
    assert load(tmp_path).network.routers["r1"].bgp.asn == 65546


def test_layers_merge_key_by_key_and_lists_replace(tmp_path):
    (tmp_path / "routers").mkdir()
    (tmp_path / "network.yaml").write_text(
        "defaults: {bgp: {asn: 65001, router_id: 192.0.2.1}, raw: [a]}\n"
        "groups: {one: {bgp: {router_id: 192.0.2.2, listen_limit: 5}}, two: {bgp: {listen_limit: 6}, raw: [b, c]}}\n"
    )
    (tmp_path / "routers/r1.yaml").write_text("groups: [one, two]\nbgp: {read_quanta: 3}\n")
    loaded = load(tmp_path)
    router = loaded.network.routers["r1"]
    assert isinstance(router, Router)
    bgp = router.bgp
    assert (bgp.asn, str(bgp.router_id), bgp.listen_limit, bgp.read_quanta) == (65001, "192.0.2.2", 6, 3)
    assert router.raw == ("b", "c")
    assert loaded.where(("routers", "r1", "bgp", "listen_limit")).file.endswith("network.yaml")
    assert loaded.where(("routers", "r1", "bgp", "read_quanta")).file.endswith("r1.yaml")


SIGNS = "ab:-{}[]&*!|>'\"#%@`?, \n\t0~<\\"


@given(st.one_of(st.binary(max_size=200), st.text(alphabet=SIGNS, max_size=60).map(str.encode)))
def test_whatever_the_bytes_they_are_a_mapping_or_findings(data):
    findings = []
    try:
        found = read(data, "f.yaml")
    except InputError as bad:
        found, findings = None, bad.findings
    assert (found is None) == bool(findings)
    assert all(finding.where.file == "f.yaml" for finding in findings)
    assert found is None or (isinstance(found, YamlNode) and isinstance(found.value, dict))


def test_a_quote_that_is_not_closed_is_named_where_it_begins():
    with pytest.raises(InputError) as raised:
        read(b'a: 1\nb: "open\nc: 2\nd: 3\n', "f.yaml")
    (finding,) = raised.value.findings
    assert (finding.code, finding.where.line, finding.where.column) == ("FRR102", 2, 4)
