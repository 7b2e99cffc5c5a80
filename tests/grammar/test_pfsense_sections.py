"""The sections of pfSense's FRR package."""

from __future__ import annotations

import copy
import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from frrgen.platforms.pfsense.host import series
from frrgen.platforms.pfsense.schema import COVERED, SCHEMA, blank, decode, encode
from frrgen.platforms.pfsense.stored import digest, from_php, normal
from tests.pfsense import GOLDEN, needs_php, php, sections, texts

DEFAULTS = etree.parse(GOLDEN / "gui-defaults.xml").find("installedpackages")
STORED = {element.tag: element for element in DEFAULTS if element.tag != "package"}
FILLED_IN = {
    "frr": {"enable": "on", "password": "PASSWORD"},
    "frrglobalacls": {"name": "ACL"},
    "frrglobalprefixes": {"name": "PL"},
    "frrglobalroutemaps": {"name": "RM", "action": "permit", "seq": "10"},
    "frrbgp": {"enable": "on", "asnum": "64512"},
    "frrbgpneighbors": {"peer": "192.0.2.1", "asnum": "64513"},
    "frrbgpaspaths": {"name": "ASP"},
    "frrbgpcommunities": {"name": "CL"},
    "frrbgprpkicacheservers": {"cacheserver": "192.0.2.9", "port": "323", "preference": "1"},
    "frrbfd": {"enable": "on"},
    "frrbfdprofiles": {"name": "P"},
    "frrbfdpeers": {"peer": "192.0.2.1"},
    "frrospfd": {"enable": "on", "defaultarea": "0.0.0.0"},
    "frrospfdareas": {"area": "0.0.0.0"},
    "frrospfdinterfaces": {"interface": "lan"},
    "frrospfdneighbors": {"neighbor": "192.0.2.1"},
    "frrospf6d": {"enable": "on", "defaultarea": "0.0.0.0"},
    "frrospfd6areas": {"area": "0.0.0.0"},
    "frrospf6dinterfaces": {"interface": "lan"},
    "frrripd": {"enable": "on"},
    "frrripdinterfaces": {"interface": "lan"},
    "frrripdneighbors": {"neighbor": "192.0.2.1"},
}
"""What the person who saved these pages typed."""


def test_the_schema_has_the_sections_that_the_package_has():
    assert set(SCHEMA) == set(STORED)
    assert set(COVERED) <= set(SCHEMA)


@pytest.mark.parametrize("name", STORED)
def test_a_blank_entry_is_what_the_page_stores_with_its_defaults(name):
    stored = STORED[name].find("config")
    expected = [(element.tag, element.text or "") for element in stored if element.tag != "row"]
    entry = blank(name) | FILLED_IN.get(name, {})
    assert [(key, value) for key, value in entry.items() if key != "row"] == expected
    assert list(entry) == [element.tag for element in stored]


@pytest.mark.parametrize("name", [name for name in STORED if STORED[name].find("config/row") is not None])
def test_a_blank_row_is_stored_where_rows_have_no_number(name):
    stored = {element.tag: element.text or "" for element in STORED[name].find("config/row")}
    assert [item.key for item in SCHEMA[name].row if item.type != "checkbox"] == list(stored)
    assert blank(name)["row"] == ([] if "seq" in stored else [stored])


def test_defaults_are_among_the_values_of_a_select():
    selects = [item for section in SCHEMA.values() for item in (*section.fields, *section.row) if item.type == "select"]
    assert len(selects) > 40
    assert all(item.default in item.values for item in selects)


def test_a_field_is_found_by_its_key():
    assert SCHEMA["frrglobalacls"]["type"].default == "zebra"
    assert SCHEMA["frrbgpneighbors"]["allowasin"].values[3:] == tuple(str(number) for number in range(1, 11))
    assert SCHEMA["frrripdinterfaces"]["sendversion"].values == ("2", "1", "1 2", "none")
    assert SCHEMA["frrbgpneighbors"]["peer"].required


@given(sections())
def test_what_is_normal_stays_as_it_is(drawn):
    assert normal(normal(drawn)) == normal(drawn)
    assert digest(normal(drawn)) == digest(drawn)


@given(sections())
def test_nothing_and_empty_are_the_same(drawn):
    emptied = copy.deepcopy(drawn) | {name: [{}, {"enable": ""}] for name in SCHEMA if name not in drawn}
    for configs in emptied.values():
        for config in configs:
            config["whatever"] = ""
            config.setdefault("row", []).append({"seq": ""})
    assert digest(emptied) == digest(drawn)


def test_an_empty_row_checkbox_that_php_tests_by_presence_is_ticked():
    def rows(**row):
        return digest({"frr": [{"row": [{"routevalue": "192.0.2.0/24", **row}]}]})

    assert rows(nullroute="") == rows(nullroute="ON") != rows()
    assert rows(any="") == rows() != rows(any="ON")


@pytest.mark.parametrize(("name", "key"), [("frr", "carpstatusvid"), ("frrbgpadvanced", "enforcefirstas")])
def test_an_empty_element_that_php_tests_by_presence_is_not_a_missing_one(name, key):
    stored = blank(name)
    assert digest({name: [stored | {key: ""}]}) != digest({name: [{k: v for k, v in stored.items() if k != key}]})


@given(sections(), st.sampled_from(sorted(SCHEMA)))
def test_the_digest_tells_what_matters(drawn, name):
    assert digest(drawn | {name: [*drawn.get(name, []), {"descr": "one more"}]}) != digest(drawn)


def test_the_order_of_entries_counts_and_that_of_keys_does_not():
    one, two = {"peer": "192.0.2.1", "asnum": "1"}, {"peer": "192.0.2.2", "asnum": "2"}
    assert digest({"frrbgpneighbors": [one, two]}) != digest({"frrbgpneighbors": [two, one]})
    assert digest({"frrbgpneighbors": [dict(reversed(one.items()))]}) == digest({"frrbgpneighbors": [one]})


def test_the_digest_is_of_the_json_that_is_documented():
    text = '{"frrbgp":[{"asnum":"64512","shutdownmessage":"a/b \\u00e9\\ud83d\\ude00 \\"\\\\\\t\x7f"}]}'
    stored = {"frrbgp": [{"shutdownmessage": 'a/b é😀 "\\\t\x7f', "asnum": "64512", "routerid": ""}]}
    assert digest(stored) == hashlib.sha256(text.encode()).hexdigest()


@needs_php
def test_php_computes_the_same_digest():
    """Many sections in one run of PHP, after the rules in the docstring of `digest`."""
    drawn: list = []

    @settings(max_examples=100, database=None)
    @given(sections(texts(st.text(st.characters(exclude_categories=["Cs"]), max_size=10))))
    def draw(one):
        drawn.append(one)

    draw()
    code = """
    function clean($value, $in_row) {
        if (!is_array($value)) { return $value; }
        $kept = [];
        foreach ($value as $key => $item) {
            if ($in_row && in_array($key, ['acceptfilter', 'exactmatch', 'nullroute'], true)) { $item = 'ON'; }
            $item = clean($item, $in_row || $key === 'row');
            if (in_array($key, ['carpstatusvid', 'enforcefirstas'], true) || $item !== '' && $item !== []) {
                $kept[$key] = $item;
            }
        }
        if (array_is_list($value)) { return array_values($kept); }
        ksort($kept, SORT_STRING);
        return $kept;
    }
    $result = array_map(
        fn($one) => hash('sha256', json_encode((object)clean($one, false), JSON_UNESCAPED_SLASHES)), $data);
    """
    assert php(code, drawn) == [digest(one) for one in drawn]
    assert len({json.dumps(one) for one in drawn}) > 50


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r")))
def test_a_text_area_is_read_as_it_was_written_but_trimmed(text):
    assert decode(encode(text)) == text.strip(" \n\t\v\0")
    assert encode(decode(encode(text))) == encode(text)


def test_a_text_area_is_stored_as_a_browser_sends_it():
    assert encode("router bgp 1\n!\n") == "cm91dGVyIGJncCAxDQoh"
    assert decode("cm91dGVyIGJncCAxDQoh") == "router bgp 1\n!"
    assert encode("") == ""


@pytest.mark.parametrize("stored", ["router bgp 1", "=", "YQ", "/w==", "é"])
def test_a_text_area_that_is_not_base64_is_a_value_error(stored):
    with pytest.raises(ValueError, match=r"."):
        decode(stored)


@given(sections())
def test_sections_are_taken_from_php_as_they_are(drawn):
    assert from_php(drawn) == drawn
    assert from_php(json.loads(json.dumps(drawn))) == drawn


def test_what_php_holds_beside_texts_is_taken_as_php_writes_it():
    held = {
        "frr": {"0": {"enable": True, "routerid": None, "logging": False, "row": ["", {"routevalue": 7}]}, "2": ""},
        "frrbgp": "",
        "frrbgpneighbors": [[], {"weight": 10, "row": {"0": {"seq": 1}, "3": {"seq": 2}}}],
    }
    assert from_php(held) == {
        "frr": [{"enable": "1", "routerid": "", "logging": "", "row": [{"routevalue": "7"}]}],
        "frrbgp": [],
        "frrbgpneighbors": [{"weight": "10", "row": [{"seq": "1"}, {"seq": "2"}]}],
    }
    assert digest(held) == digest(from_php(held))
    assert from_php([]) == from_php("") == from_php(None) == {}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_a_box_says_becomes_sections(said):
    for configs in from_php(said).values():
        for config in configs:
            for value in config.values():
                rows = value if isinstance(value, list) else [{"": value}]
                assert all(isinstance(text, str) for row in rows for text in row.values())


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("2.1.2_1", "2.1"),
        ("2.1", "2.1"),
        ("2.2", "2.1"),
        ("3", "2.1"),
        ("2.0.2_7", "2.0"),
        ("1.3_2", "1.0"),
        ("1.0", "1.0"),
        ("0.6.5", None),
        ("", None),
        ("x", None),
    ],
)
def test_a_version_belongs_to_the_newest_series_that_is_not_newer(version, expected):
    assert series(version) == expected
