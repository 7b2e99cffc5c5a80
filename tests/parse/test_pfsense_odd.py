"""Sections as no page would store them: what is not understood is named, and stays on the box as it is."""

from __future__ import annotations

import copy
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frrgen.platforms.pfsense.generator import frr_conf
from frrgen.platforms.pfsense.parse import parse
from frrgen.platforms.pfsense.render import sections, written_with_findings
from frrgen.platforms.pfsense.schema import blank, identity
from frrgen.platforms.pfsense.stored import normal
from tests.boxes import BOX, boxes
from tests.examples import examples

ODD = [
    *("", " ", "0", "on", "ON", "none", "None", "default", "GONE", " 5 ", "-1", "1e3", "9" * 20, "4294967296"),
    *("2001:0DB8:0:0:0:0:0:9", "192.0.2.1", "10.0.0.1/8", "10.0.0.0/33", "a b", "é", "IPv6", "ipv4", "no", "yes"),
    *("both", "65535:65536", "x\ny", "٣", "²"),
]


@st.composite
def odd(draw):
    """What pages stored, and then somebody changed by hand: keys missing, entries twice, words that are none."""
    found = copy.deepcopy(draw(boxes()))
    for _ in range(draw(st.integers(1, 6))):
        section = draw(st.sampled_from(sorted(name for name in found if found[name])))
        config = draw(st.sampled_from(found[section]))
        key = draw(st.sampled_from(sorted(config) or ["none"]))
        how = draw(st.integers(0, 9))
        if how == 0:
            config.pop(key, None)
        elif how == 1:
            found[section].append(copy.deepcopy(config))
        elif isinstance(config.get(key), list) and config[key]:
            row = draw(st.sampled_from(config[key]))
            inner = draw(st.sampled_from(sorted(row) or ["seq"]))
            if how < 5:
                row.pop(inner, None)
            else:
                row[inner] = draw(st.sampled_from(ODD))
        elif not isinstance(config.get(key), list):
            config[key] = draw(st.sampled_from(ODD))
    return found


GOES = {("frrglobalraw", ()), ("frrbfd", ())}
"""Of a box that is the inventory's alone, TCP-MD5 rows go that no neighbor needs, and a BFD that nothing uses."""


def entries(some):
    return Counter((section, identity(section, one)) for section, found in normal(some).items() for one in found)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(odd())
def test_nothing_of_a_box_is_lost_however_odd_it_is(stored):
    before = copy.deepcopy(stored)
    read = parse(stored, BOX, name="home")
    assert stored == before
    assert "s3cret" not in "".join(map(str, read.parsed.leftovers))
    for ownership in ("managed", "full"):
        router = read.parsed.router.model_copy(update={"ownership": ownership})
        written, _ = written_with_findings(router, BOX, stored, read.kept)
        lost = set(entries(stored) - entries(written))
        assert lost <= (GOES if ownership == "full" else set())


def neighbor(peer, **more):
    return blank("frrbgpneighbors") | {"peer": peer, "asnum": "65002", **more}


@pytest.mark.parametrize("ownership", ["managed", "full"])
def test_a_neighbor_that_is_there_twice_stays_twice_and_the_second_is_named(ownership):
    stored = {
        "frr": [blank("frr") | {"enable": "on", "password": "x"}],
        "frrbgp": [blank("frrbgp") | {"enable": "on", "asnum": "65001"}],
        "frrbgpneighbors": [neighbor("192.0.2.1", descr="one"), neighbor("192.0.2.1", descr="two")],
    }
    read = parse(stored, BOX, name="home")
    assert read.parsed.router.bgp.neighbors["192.0.2.1"].description == "one"
    assert [str(one) for one in read.parsed.leftovers] == [
        "frrbgpneighbors 192.0.2.1 / entry=once more, and not considered"
    ]
    router = read.parsed.router.model_copy(update={"ownership": ownership})
    written = sections(router, BOX, stored, read.kept)
    assert [one["descr"] for one in written["frrbgpneighbors"]] == ["one", "two"]


def test_a_neighbor_in_the_long_form_of_its_address_is_one_neighbor():
    stored = {
        "frr": [blank("frr") | {"enable": "on", "password": "x"}],
        "frrbgp": [blank("frrbgp") | {"enable": "on", "asnum": "65001"}],
        "frrbgpneighbors": [neighbor("2001:0DB8:0:0:0:0:0:9", descr="long")],
    }
    read = parse(stored, BOX, name="home")
    assert list(read.parsed.router.bgp.neighbors) == ["2001:db8::9"]
    written = sections(read.parsed.router, BOX, stored, read.kept)
    assert [one["peer"] for one in written["frrbgpneighbors"]] == ["2001:0DB8:0:0:0:0:0:9"]
    assert frr_conf({**stored, **written}, BOX) == frr_conf(stored, BOX)


def test_a_router_without_bgp_turns_it_off_where_it_owns_the_box_and_forgets_nothing():
    stored = {
        "frr": [blank("frr") | {"enable": "on", "password": "x"}],
        "frrbgp": [blank("frrbgp") | {"enable": "on", "asnum": "65001"}],
        "frrbgpneighbors": [neighbor("192.0.2.1")],
    }
    read = parse(stored, BOX, name="home")
    for ownership, enable in (("managed", "on"), ("full", "")):
        router = read.parsed.router.model_copy(update={"ownership": ownership, "bgp": None})
        written = sections(router, BOX, stored, read.kept)
        assert written["frrbgp"] == [stored["frrbgp"][0] | {"enable": enable}]
        assert written["frrbgpneighbors"] == stored["frrbgpneighbors"]


def test_bgp_that_is_off_stays_stored_and_off():
    stored = {
        "frr": [blank("frr") | {"enable": "on", "password": "x"}],
        "frrbgp": [blank("frrbgp") | {"asnum": "65001"}],
        "frrbgpneighbors": [neighbor("192.0.2.1")],
    }
    read = parse(stored, BOX, name="home")
    router = read.parsed.router.model_copy(update={"ownership": "full"})
    assert normal(sections(router, BOX, stored, read.kept)) == normal(stored)


def test_a_list_with_a_digit_for_a_name_that_is_no_number_is_left_over():
    stored = {"frrbgpcommunities": [blank("frrbgpcommunities") | {"name": "²", "row": [{"seq": "²"}]}]}
    read = parse(stored, BOX, name="home")
    assert set(read.parsed.router.community_lists) == set()
    assert [str(one) for one in read.parsed.leftovers] == ["frrbgpcommunities ² / name=²"]


@pytest.mark.parametrize("ownership", ["managed", "full"])
def test_entries_without_the_key_that_names_them_stay_as_they_are(ownership):
    stored = {
        "frr": [blank("frr") | {"enable": "on", "password": "x"}],
        "frrbgp": [blank("frrbgp") | {"enable": "on", "asnum": "65001"}],
        "frrglobalroutemaps": [{"action": "permit"}, {"name": "M", "seq": "9" * 5000, "action": "deny"}],
        "frrbgpneighbors": [{"descr": "who?"}],
        "frrbgpcommunities": [
            {"name": "9" * 5000, "row": [{"seq": "9" * 5000, "action": "permit", "community": "1:1"}]}
        ],
        "frrglobalacls": [{"name": "9" * 5000, "row": [{"seq": "1", "action": "permit", "source": "10.0.0.0/8"}]}],
        "frrbfdpeers": [{"profile": "fast"}],
        "frrbfd": [{"enable": "on"}],
    }
    read = parse(stored, BOX, name="home")
    router = read.parsed.router.model_copy(update={"ownership": ownership})
    written, _ = written_with_findings(router, BOX, stored, read.kept)
    assert not entries(stored) - entries(written)
