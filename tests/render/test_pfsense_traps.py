"""The traps of pfSense's FRR package, one by one, and how frrgen stays out of each.

`TRAPS` numbers them; what the tests say in front is that number.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from frrgen.codes import Severity
from frrgen.errors import InputError
from frrgen.model.platform import Pfsense
from frrgen.model.router import Router
from frrgen.platforms.pfsense.host import HostFacts
from frrgen.platforms.pfsense.parse import parse
from frrgen.platforms.pfsense.platform import PFSENSE
from frrgen.platforms.pfsense.render import sections as write
from frrgen.platforms.pfsense.schema import COVERED, SCHEMA
from frrgen.platforms.pfsense.surprises import traps
from tests.boxes import BOX, sections
from tests.examples import examples

TRAPS: Final = {
    1: (
        "A key that is missing is not its default: a route map without acl_match makes FRR refuse the whole file.",
        "test_every_key_of_a_section_is_written_in_the_order_of_its_page",
        "test_a_route_map_without_a_key_for_its_access_list_is_named",
        "test_an_ipv6_access_list_in_a_route_map_is_refused",
    ),
    2: (
        "A tick is `on` or empty; one of a row is `ON` or absent, for an empty one counts as set.",
        "test_checkboxes_are_on_or_empty_and_those_of_rows_are_on_in_capitals_or_absent",
        "grammar/test_pfsense_sections.py::test_an_empty_row_checkbox_that_php_tests_by_presence_is_ticked",
    ),
    3: (
        "An empty CARP VIP is not none: FRR is never started.",
        "test_the_carp_vip_is_none_or_a_vip_and_never_empty",
        "test_the_carp_vip_of_a_box_is_left_alone",
    ),
    4: (
        "A list whose family is spelled in another way is left out.",
        "test_the_family_of_a_list_is_spelled_as_the_package_compares_it",
    ),
    5: (
        "A name that is no host name is left out, and lists of two families under one name are taken for each other.",
        "test_a_name_that_pfsense_leaves_out_is_refused",
        "test_two_lists_of_one_name_are_refused_though_their_families_differ",
    ),
    6: (
        "A line that refers to what is not there is left out.",
        "test_a_reference_that_would_be_left_out_is_refused",
        "render/test_pfsense_losses.py::test_a_line_that_the_package_leaves_out_is_refused",
    ),
    7: (
        "Neighbors are written as stored: a group after its member is refused by FRR; route maps are sorted by saving.",
        "test_peer_groups_come_before_their_members_and_route_maps_are_sorted",
        "test_both_a_group_and_its_member_have_an_as_number",
        "lab/test_pfsense_package.py::test_members_before_their_group_are_refused_when_they_are_loaded",
    ),
    8: ("A neighbor that is an interface becomes a peer group.", "test_an_unnumbered_neighbor_is_refused"),
    9: (
        "A neighbor that is saved takes the first BFD peer of all, and one with the default address may be skipped.",
        "test_bfd_of_a_neighbor_has_a_bfd_peer_that_carries_its_profile",
        "test_a_bfd_peer_with_an_interface_does_not_name_the_default_address",
    ),
    10: (
        "An empty tick for the first AS number switches its check off.",
        "test_first_as_is_enforced_unless_the_model_says_otherwise",
    ),
    11: (
        "One timer alone does nothing, and multihop of 0 is one without a number.",
        "test_both_timers_are_written_or_none_and_multihop_without_a_number_is_read",
    ),
    12: (
        "A key that the page does not know is dropped by saving, and a description is cut.",
        "test_every_key_of_a_section_is_written_in_the_order_of_its_page",
        "test_a_description_that_would_be_cut_or_changed_is_refused",
    ),
    13: (
        "Missing, empty and without entries are the same, so that a section without entries goes.",
        "test_a_section_without_entries_is_taken_away_as_a_whole",
        "grammar/test_pfsense_sections.py::test_nothing_and_empty_are_the_same",
    ),
    14: (
        "A section that stands there twice makes all of config.xml unreadable.",
        "render/test_write_config_xml.py::test_what_cannot_be_done_safely_is_refused",
        "render/test_write_config_xml.py::test_merging_replaces_those_sections_and_leaves_every_other_byte",
    ),
    15: (
        "Saving a page replaces what it does not know: nothing may change when somebody saves each of them.",
        "test_saving_every_page_changes_nothing",
        "render/test_pfsense.py::test_what_the_pages_stored_is_written_back_as_it_was",
    ),
    16: (
        "Some fields have no effect at all.",
        "test_every_key_of_a_section_is_written_in_the_order_of_its_page",
        "render/test_package.py::test_every_field_has_an_effect_but_those_that_are_known_to_have_none",
    ),
    17: (
        "FRR refuses a file for a password with a blank, and the package does not say so.",
        "test_a_password_with_a_blank_is_refused",
        "lab/test_pfsense.py::test_a_configuration_that_vtysh_refuses_is_not_written",
    ),
}
"""Number -> the trap, and the tests that show how it is avoided: those of this file, or below tests/."""
BASE = {"name": "home", "platform": "pfsense", "pfsense": {"password": "s3cret"}}


def router(**parts):
    return Router.model_validate({**BASE, **parts})


def bgp(**parts):
    return router(bgp={"asn": 64512, **parts})


def codes(bad):
    return [one.code for one in bad.value.findings]


@cache
def named_in(file):
    """Name the tests of a file, without importing it."""
    return {node.name for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef)}


def test_there_are_seventeen_traps():
    assert list(TRAPS) == list(range(1, 18))


@pytest.mark.parametrize("number", TRAPS)
def test_a_trap_has_tests_that_exist(number):
    _, *tests = TRAPS[number]
    assert tests
    for one in tests:
        file, _, name = one.rpartition("::")
        assert name.startswith("test_")
        assert name in named_in(Path(__file__).parents[1] / file if file else Path(__file__))


@settings(max_examples=examples(30), deadline=None)
@given(sections())
def test_every_key_of_a_section_is_written_in_the_order_of_its_page(stored):
    """1, 12 and 16: a missing acl_match makes FRR refuse the whole file; unknown keys are dropped by the next save."""
    for name, configs in write(parse(stored, BOX).parsed.router, BOX).items():
        for config in configs:
            wanted = [key for key in SCHEMA[name].keys if key != "row" or "row" in config]
            assert list(config) == wanted
            assert config.get("origin_action", "none") == "none"


def test_a_route_map_without_a_key_for_its_access_list_is_named():
    """1."""
    entry = {"name": "M", "seq": "1", "action": "permit"}
    assert list(traps({"frrglobalroutemaps": [entry]})) == []
    found = list(traps({"frrglobalroutemaps": [{**entry, "prefix_match": "none"}]}))
    assert found[0].where.path == ("frrglobalroutemaps", "M", "1")
    assert [(one.code, one.severity, "acl_match" in one.message) for one in found] == [("FRR738", Severity.ERROR, True)]


@pytest.mark.parametrize(
    ("stored", "place"),
    [
        ({"frrglobalroutemaps": [{"name": "M", "seq": "0", "action": "permit"}]}, ("frrglobalroutemaps", "M")),
        ({"frrbgp": [{"enable": "on", "asnum": "4294967296"}]}, ("frrbgp", "asnum")),
        ({"frrbgp": [{"enable": "on", "asnum": ""}]}, ("frrbgp", "asnum")),
        (
            {
                "frrglobalprefixes": [
                    {
                        "name": "P",
                        "iptype": "IPv4",
                        "row": [{"seq": "5", "action": "permit", "source": "10.0.0.0/8", "le": "33"}],
                    }
                ]
            },
            ("frrglobalprefixes", "P"),
        ),
        (
            {
                "frrglobalacls": [
                    {
                        "name": "A",
                        "type": "zebra",
                        "iptype": "IPv4",
                        "row": [{"seq": "x", "action": "permit", "sourceany": "on"}],
                    }
                ]
            },
            ("frrglobalacls", "A"),
        ),
        ({"frrglobalroutemaps": [{"name": "M", "seq": "65535", "action": "permit"}]}, None),
        ({"frrbgp": [{"enable": "", "asnum": "4294967296"}]}, None),
    ],
)
def test_a_number_that_the_package_writes_and_frr_refuses_is_an_error(stored, place):
    found = [(one.code, one.where.path, one.severity) for one in traps(stored)]
    assert found == ([("FRR738", place, Severity.ERROR)] if place else [])


def test_an_ipv6_access_list_in_a_route_map_is_refused():
    """1: the package writes the line of IPv4 for it."""
    lists = {"A": {"entries": [{"seq": 5, "action": "permit", "prefix": "2001:db8::/32"}]}}
    entry = {"seq": 1, "action": "permit", "match": {"ipv6_address": "A"}}
    with pytest.raises(InputError) as bad:
        write(router(ipv6_access_lists=lists, route_maps={"M": {"entries": [entry]}}), BOX)
    assert codes(bad) == ["FRR720"]


@settings(max_examples=examples(30), deadline=None)
@given(sections())
def test_checkboxes_are_on_or_empty_and_those_of_rows_are_on_in_capitals_or_absent(stored):
    """2: PHP takes an empty element of a row for ticked."""
    for name, configs in write(parse(stored, BOX).parsed.router, BOX).items():
        ticks = {item.key for item in SCHEMA[name].fields if item.type == "checkbox"}
        row_ticks = {item.key for item in SCHEMA[name].row if item.type == "checkbox"}
        for config in configs:
            assert {config[key] for key in ticks} <= {"on", ""}
            for row in config.get("row", []):
                assert all(row[key] == "ON" for key in row_ticks & row.keys())


def test_the_carp_vip_is_none_or_a_vip_and_never_empty():
    """3: an empty one ends the script before FRR is started."""
    assert write(bgp(), BOX)["frr"][0]["carpstatusvid"] == "none"
    vip = router(pfsense={"password": "x", "carp_vip": "_vip5f3a1b2c3d4e5"})
    assert write(vip, BOX)["frr"][0]["carpstatusvid"] == "_vip5f3a1b2c3d4e5"
    assert [one.code for one in traps({"frr": [{"carpstatusvid": ""}]})] == ["FRR730"]


CACHES = {
    "frrbgp": [{"enable": "on", "asnum": "65001", "enablerpki": "on"}],
    "frrbgprpkicacheservers": [{"cacheserver": "192.0.2.5", "port": "3323", "preference": "1"}],
}


def test_caches_of_rpki_that_frr_10_refuses_are_named_at_import_and_at_check():
    named = [("FRR738", ("frrbgprpkicacheservers", "192.0.2.5"))]
    assert [(one.code, one.where.path) for one in traps(CACHES, HostFacts(package="2.1"))] == named
    assert list(traps(CACHES, HostFacts(package="2.0"))) == []
    off = {**CACHES, "frrbgp": [{**CACHES["frrbgp"][0], "enable": ""}]}
    assert list(traps(off, HostFacts(package="2.1"))) == []
    replaced = traps({**CACHES, "frrglobalraw": [{"frr": "x"}]}, HostFacts(package="2.1"))
    assert [one.code for one in replaced] == ["FRR729"]
    made = router(bgp={"asn": 65001}, rpki={"caches": [{"host": "192.0.2.5", "port": 323, "preference": 1}]})
    for package, refused in (("2.1", True), ("2.0", False)):
        one = made.model_copy(update={"pfsense": Pfsense(package=package)})
        found = [(each.code, each.where.path) for each in PFSENSE.lint(one, ("routers", "home"))]
        assert found == [("FRR738", ("routers", "home", "rpki"))] * refused
    assert list(PFSENSE.lint(made.model_copy(update={"pfsense": Pfsense(raw=True)}), ())) == []


@pytest.mark.parametrize(
    ("peer", "keys", "told"),
    [
        ("10.50.0.247", {}, True),
        ("192.168.1.9", {}, False),
        ("fd00:1::9", {}, False),
        ("fd00:2::9", {}, True),
        ("10.50.0.247", {"asnum": "64512"}, False),
        ("10.50.0.247", {"asnum": "internal"}, False),
        ("10.50.0.247", {"ebgpmultihop": "0"}, False),
        ("10.50.0.247", {"peergroup": "far"}, False),
        ("near", {}, False),
    ],
)
def test_an_external_neighbor_on_no_network_of_the_box_is_named(peer, keys, told):
    lengths = {"192.168.1.1": 24, "fd00:1::1": 64}
    box = HostFacts(interfaces={"lan": tuple(lengths)}, lengths=lengths)
    group = {"peer": "far", "asnum": "64522", "ebgpmultihop": "2"}
    there = {
        "frrbgp": [{"enable": "on", "asnum": "64512"}],
        "frrbgpneighbors": [group, {"peer": peer, "asnum": "64522", **keys}],
    }
    assert ("FRR226" in [one.code for one in traps(there, box)]) is told
    assert not any(one.code == "FRR226" for one in traps(there))  # nothing is known of the box's networks


def test_the_carp_vip_of_a_box_is_left_alone():
    there = {"frr": [{"enable": "on", "carpstatusvid": "_vip5f3a1b2c3d4e5", "password": "theirs"}]}
    written = write(router(pfsense=None), BOX, there)["frr"][0]
    assert (written["carpstatusvid"], written["password"]) == ("_vip5f3a1b2c3d4e5", "theirs")


def test_the_family_of_a_list_is_spelled_as_the_package_compares_it():
    """4: without iptype in this spelling the list is left out."""
    lists = {"A": {"entries": [{"seq": 5, "action": "permit", "prefix": "10.0.0.0/8"}]}}
    six = {"B": {"entries": [{"seq": 5, "action": "permit", "prefix": "2001:db8::/32"}]}}
    written = write(router(prefix_lists=lists, ipv6_prefix_lists=six), BOX)
    assert [one["iptype"] for one in written["frrglobalprefixes"]] == ["IPv4", "IPv6"]


@pytest.mark.parametrize("name", ["x-", "x.", "x..y", "x-.y"])
def test_a_name_that_pfsense_leaves_out_is_refused(name):
    """5: is_hostname() decides."""
    with pytest.raises(InputError) as bad:
        write(router(route_maps={name: {"entries": [{"seq": 1, "action": "permit"}]}}), BOX)
    assert codes(bad) == ["FRR721"]


@pytest.mark.parametrize("kind", ["prefix_lists", "access_lists"])
def test_two_lists_of_one_name_are_refused_though_their_families_differ(kind):
    """5: the package looks a list up by its name alone."""
    four, six = (
        {"A": {"entries": [{"seq": 5, "action": "permit", "prefix": one}]}} for one in ("10.0.0.0/8", "2001:db8::/32")
    )
    with pytest.raises(InputError) as bad:
        write(router(**{kind: four, f"ipv6_{kind}": six}), BOX)
    assert codes(bad) == ["FRR732"]


def test_a_reference_that_would_be_left_out_is_refused():
    """6: a neighbor in a route map must be configured."""
    entry = {"seq": 1, "action": "permit", "match": {"peer": "192.0.2.1"}}
    with pytest.raises(InputError) as bad:
        write(router(bgp={"asn": 1}, route_maps={"M": {"entries": [entry]}}), BOX)
    assert codes(bad) == ["FRR737"]
    found = list(traps({"frrbgpneighbors": [{"peer": "192.0.2.1", "routemap_in": "GONE"}]}))
    assert [one.code for one in found] == ["FRR731"]
    assert "GONE" in found[0].message


def test_peer_groups_come_before_their_members_and_route_maps_are_sorted():
    """7: the package writes neighbors as stored, and its page sorts route maps when it is saved."""
    maps = {name: {"entries": [{"seq": seq, "action": "permit"} for seq in (20, 3)]} for name in ("Z", "A")}
    written = write(
        router(
            route_maps=maps,
            bgp={"asn": 1, "neighbors": {"192.0.2.1": {"peer_group": "G"}}, "peer_groups": {"G": {"remote_as": 2}}},
        ),
        BOX,
    )
    assert [one["peer"] for one in written["frrbgpneighbors"]] == ["G", "192.0.2.1"]
    assert [(one["name"], one["seq"]) for one in written["frrglobalroutemaps"]] == [
        ("A", "3"),
        ("A", "20"),
        ("Z", "3"),
        ("Z", "20"),
    ]


def test_both_a_group_and_its_member_have_an_as_number():
    """7: the pages demand one of each; what is none is stored for a group without, and not written."""
    group = {"peer_groups": {"G": {"remote_as": 2}, "H": {}}}
    neighbors = {"192.0.2.1": {"peer_group": "G"}, "192.0.2.2": {"peer_group": "H", "remote_as": 3}}
    written = write(bgp(neighbors=neighbors, **group), BOX)["frrbgpneighbors"]
    assert {one["peer"]: one["asnum"] for one in written} == {
        "G": "2",
        "H": "none",
        "192.0.2.1": "2",
        "192.0.2.2": "3",
    }


def test_an_unnumbered_neighbor_is_refused():
    """8: it would become a peer group."""
    with pytest.raises(InputError) as bad:
        write(bgp(neighbors={"eth0": {"remote_as": "external"}}), BOX)
    assert codes(bad) == ["FRR720"]


def test_bfd_of_a_neighbor_has_a_bfd_peer_that_carries_its_profile():
    """9: the package has no profile on a neighbor; a later save would take the first BFD peer of all."""
    neighbors = {"192.0.2.1": {"remote_as": 2, "bfd": {"profile": "fast"}}, "192.0.2.2": {"remote_as": 2, "bfd": {}}}
    made = bgp(neighbors=neighbors).model_copy(update={"bfd_profiles": router(bfd_profiles={"fast": {}}).bfd_profiles})
    written = write(made, BOX)
    peers = {one["peer"]: one for one in written["frrbfdpeers"]}
    assert {name: one["profile"] for name, one in peers.items()} == {"192.0.2.1": "fast", "192.0.2.2": "none"}
    assert {one["local_address"] for one in peers.values()} == {""}
    assert {one["peer"]: one["bfd_peer"] for one in written["frrbgpneighbors"]} == dict(zip(peers, peers, strict=True))
    assert written["frrbfd"] == [{"enable": "on"}]
    assert parse(written, BOX, name="home").parsed.router == made


def test_a_bfd_peer_with_an_interface_does_not_name_the_default_address():
    """9."""
    written = write(router(bfd_peers=[{"address": "192.168.1.10", "interface": "lan"}]), BOX)["frrbfdpeers"]
    assert [(one["interface"], one["local_address"]) for one in written] == [("lan", "")]


def test_first_as_is_enforced_unless_the_model_says_otherwise():
    """10: an empty element switches it off on package 2.1."""
    assert write(bgp(network_import_check=True), BOX)["frrbgpadvanced"][0]["enforcefirstas"] == "on"
    off = bgp().model_copy(update={"pfsense": router(pfsense={"enforce_first_as": False}).pfsense})
    assert write(off, BOX)["frrbgpadvanced"][0]["enforcefirstas"] == ""


def test_both_timers_are_written_or_none_and_multihop_without_a_number_is_read():
    """11."""
    written = write(bgp(neighbors={"192.0.2.1": {"remote_as": 2, "timers": {"keepalive": 3, "hold": 9}}}), BOX)
    one = written["frrbgpneighbors"][0]
    assert (one["timers_keepalive"], one["timers_holdtime"], one["ebgpmultihop"]) == ("3", "9", "")
    read = parse({**written, "frrbgpneighbors": [one | {"ebgpmultihop": "0"}]}, BOX).parsed.router
    assert read.bgp is not None
    assert read.bgp.neighbors["192.0.2.1"].ebgp_multihop == 255


@pytest.mark.parametrize("text", ["x" * 81, "\u00e9" * 41])
def test_a_description_that_would_be_cut_or_changed_is_refused(text):
    """12."""
    with pytest.raises(InputError) as bad:
        write(bgp(neighbors={"192.0.2.1": {"remote_as": 2, "description": text}}), BOX)
    assert codes(bad) == ["FRR724"]


def test_a_section_without_entries_is_taken_away_as_a_whole():
    """13."""
    there = write(
        router(prefix_lists={"A": {"entries": [{"seq": 5, "action": "permit", "prefix": "10.0.0.0/8"}]}}), BOX
    )
    gone = write(router(ownership="full"), BOX, there)
    assert gone["frrglobalprefixes"] == []
    assert set(gone) <= set(COVERED)


def saved(fields, config):
    """What a page stores of an entry when somebody opens and saves it."""
    found = {}
    for item in fields:
        value = config.get(item.key, "")
        if item.type == "rows":
            if item.key in config:
                found[item.key] = [saved(item.fields, row) for row in value]
        elif item.type == "select":
            found[item.key] = value if value in item.values else item.values[0]
        elif item.type == "select_source":
            found[item.key] = value or item.default
        elif item.type != "checkbox":
            found[item.key] = value.strip()
        elif item.key in config:
            found[item.key] = value
    return found


@settings(max_examples=examples(30), deadline=None)
@given(sections())
def test_saving_every_page_changes_nothing(stored):
    """15: but for peers of BFD, whose profile and address the page itself spoils."""
    for name, configs in write(parse(stored, BOX).parsed.router, BOX).items():
        assert name == "frrbfdpeers" or [saved(SCHEMA[name].fields, config) for config in configs] == configs


@pytest.mark.parametrize(
    "parts",
    [
        {"bgp": {"asn": 1, "neighbors": {"192.0.2.1": {"remote_as": 2, "password": "a b"}}}},
        {"pfsense": {"password": "a b"}},
    ],
)
def test_a_password_with_a_blank_is_refused(parts):
    """17."""
    with pytest.raises(ValidationError, match="without a blank"):
        router(**parts)


def test_a_box_that_is_only_managed_keeps_what_the_model_does_not_name():
    mine = {"MINE": {"entries": [{"seq": 5, "action": "permit", "prefix": "10.0.0.0/8"}]}}
    theirs = {"THEIRS": {"entries": [{"seq": 5, "action": "permit", "prefix": "10.0.0.0/8"}]}}
    there = write(router(prefix_lists=theirs), BOX)
    assert [one["name"] for one in write(router(prefix_lists=mine), BOX, there)["frrglobalprefixes"]] == [
        "THEIRS",
        "MINE",
    ]


def test_what_the_model_lacks_stays_in_an_entry_that_it_owns():
    entry = {"seq": 1, "action": "permit", "set": {"weight": 5}}
    made = router(route_maps={"M": {"entries": [entry]}})
    there = write(made, BOX)
    there["frrglobalroutemaps"][0] |= {"metric_action": "settype1", "metric_value": "7"}
    read = parse(there, BOX, name="home")
    assert [str(one) for one in read.parsed.leftovers] == ["frrglobalroutemaps M 1 / metric_action=settype1"]
    changed = router(ownership="full", route_maps={"M": {"entries": [{**entry, "set": {"weight": 6}}]}})
    written = write(changed, BOX, there, read.kept)["frrglobalroutemaps"][0]
    assert (written["weight"], written["metric_action"], written["metric_value"]) == ("6", "settype1", "7")


def test_well_known_communities_are_written_as_the_package_lets_them_through():
    """The line of a name that it does not know is left out."""
    sets = {"community": {"communities": ["graceful-shutdown", "no-export", "local-AS", "64512:1"]}}
    made = router(route_maps={"M": {"entries": [{"seq": 1, "action": "permit", "set": sets}]}})
    written = write(made, BOX)
    stored = written["frrglobalroutemaps"][0]["community_set"].split()
    assert set(stored) == {"65535:0", "no-export", "65535:65283", "64512:1"}
    assert parse(written, BOX, name="home").parsed.router == made


def test_secrets_are_never_shown_among_what_was_not_understood():
    config = {"peer": "192.0.2.1", "asnum": "1", "password": "hunter2", "password_type": "none"}
    there = {"frr": [{"enable": "on"}], "frrbgp": [{"enable": "on", "asnum": "1"}], "frrbgpneighbors": [config]}
    read = parse(there, BOX)
    assert read.parsed.leftovers
    assert "hunter2" not in str(read.parsed.leftovers)
    bad = parse({**there, "frrbgpneighbors": [config | {"password": "two words", "password_type": "both"}]}, BOX)
    assert "two words" not in str(bad.parsed.leftovers)


def test_reading_never_raises_and_loses_nothing():
    junk = {"peer": "\n", "asnum": "x", "weight": "many", "timers_keepalive": "1", "timers_holdtime": "-", "row": []}
    there = {
        "frr": [{"enable": "on", "row": [{"routevalue": "nonsense", "routetarget": "gw|GONE"}]}],
        "frrbgp": [{"enable": "on", "asnum": "all", "routerid": "nine"}],
        "frrbgpneighbors": [junk, junk | {"peer": "192.0.2.1"}],
        "frrglobalprefixes": [
            {"name": "a'b", "iptype": "IPv4", "row": [{"seq": "5", "action": "permit", "source": "?"}]}
        ],
        "frrglobalroutemaps": [{"name": "M", "seq": "99999999", "action": "maybe"}],
        "frrbfdpeers": [{"peer": "nobody"}],
        "frrbgprpkicacheservers": [{"cacheserver": "x", "port": "0", "preference": "1"}],
    }
    read = parse(there, BOX)
    assert len(read.parsed.leftovers) >= 6
    kept = write(read.parsed.router, BOX, there, read.kept)
    for name in ("frrbgpneighbors", "frrglobalprefixes", "frrglobalroutemaps", "frrbfdpeers"):
        assert kept[name] == there[name]


def test_bfd_that_the_box_has_switched_off_stays_off_and_stored():
    """Read as wanted it would be switched on by the next push, which restarts all of FRR."""
    made = bgp(neighbors={"192.0.2.1": {"remote_as": 2, "bfd": {}}})
    there = write(made, BOX) | {"frrbfd": [{"enable": ""}]}
    read = parse(there, BOX, name="home")
    assert read.parsed.router.bgp is not None
    assert read.parsed.router.bgp.neighbors["192.0.2.1"].bfd is None
    assert len(read.parsed.leftovers) == 2
    for ownership in ("managed", "full"):
        router_ = read.parsed.router.model_copy(update={"ownership": ownership})
        assert write(router_, BOX, there, read.kept) == there


def test_full_ownership_takes_tcp_md5_and_bfd_away_that_the_model_does_not_name():
    pair = {"source": "192.0.2.9", "destination": "192.0.2.1", "password": "x1"}
    made = {"bfd_profiles": {"P": {"detect_multiplier": 5}}, "bgp": {"asn": 64512}}
    there = write(router(**made).model_copy(update={"pfsense": md5(pair)}), BOX)
    there["frrglobalraw"][0]["frrrunning"] = "IQ=="
    assert (there["frrbfd"], len(there["frrglobalraw"])) == ([{"enable": "on"}], 1)
    managed, full = (write(bgp().model_copy(update={"ownership": one}), BOX, there) for one in ("managed", "full"))
    assert (managed["frrbfd"], managed["frrglobalraw"]) == (there["frrbfd"], there["frrglobalraw"])
    assert full["frrbfd"] == [{"enable": ""}]
    assert full["frrglobalraw"] == [{**there["frrglobalraw"][0], "row": [dict.fromkeys(ROW, "")]}]


ROW = ("tcpsigsrc", "tcpsigdst", "tcpsigpw")


def md5(pair):
    return Pfsense.model_validate({**BASE["pfsense"], "tcp_md5": [pair]})


def test_the_bfd_daemon_stays_for_another_protocol_and_for_a_peer_that_is_not_understood():
    there = write(bgp(), BOX) | {"frrbfd": [{"enable": "on"}]}
    mine = bgp().model_copy(update={"ownership": "full"})
    others = there | {"frrospfdinterfaces": [{"interface": "lan", "bfdenable": "on"}]}
    assert write(mine, BOX, others)["frrbfd"] == there["frrbfd"]
    kept = {("frrbfdpeers", ("192.0.2.1",)): {"interface": [{}]}}
    assert write(mine, BOX, there, kept)["frrbfd"] == there["frrbfd"]


def test_frr_that_the_box_has_switched_off_is_named_and_only_bgp_or_full_ownership_turns_it_on():
    there = write(router(), BOX)
    there["frr"][0]["enable"] = ""
    read = parse(there, BOX, name="home")
    assert [str(one) for one in read.parsed.leftovers] == ["frr / enable=off"]
    routers = {"managed": router(), "full": router(ownership="full"), "bgp": bgp()}
    written = {name: write(one, BOX, there, read.kept)["frr"][0]["enable"] for name, one in routers.items()}
    assert written == {"managed": "", "full": "on", "bgp": "on"}


def test_a_peer_group_without_members_that_says_nothing_sends_communities_as_frr_does():
    """The page's own default would switch them off."""
    written = write(bgp(peer_groups={"G": {"remote_as": 2}}), BOX)["frrbgpneighbors"]
    assert written[0]["sendcommunity"] == "enabled"
