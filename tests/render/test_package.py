"""The frr.conf that pfSense's package makes of its sections."""

from __future__ import annotations

import copy
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frrgen.errors import InputError
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.pfsense.config_xml.read import read
from frrgen.platforms.pfsense.generator import frr_conf, unforeseen
from frrgen.platforms.pfsense.host import HostFacts
from frrgen.platforms.pfsense.php import (
    among,
    compare,
    cut,
    filled,
    ip_version,
    numeric,
    strcmp,
    subnet_version,
    within,
    word,
)
from frrgen.platforms.pfsense.schema import COVERED, SCHEMA, blank
from tests.examples import examples
from tests.pfsense import GOLDEN, needs_php, php, sections

GOLDENS = {path.stem: read(path.read_text(), path.name) for path in sorted((GOLDEN / "package").glob("*.xml"))}
FRR = {"frr": [blank("frr") | {"enable": "on"}]}


def test_the_article_becomes_what_was_measured():
    stored = read((GOLDEN / "article.xml").read_text())
    assert frr_conf(stored.sections, stored.box) == (GOLDEN / "article.conf").read_text()


def test_there_are_goldens():
    assert len(GOLDENS) > 35


@pytest.mark.parametrize("name", GOLDENS)
def test_a_golden_becomes_its_configuration(name):
    stored = GOLDENS[name]
    assert frr_conf(stored.sections, stored.box) == (GOLDEN / f"package/{name}.conf").read_text()


LAB = GOLDEN.parents[1] / "lab/pfsense/root"
NOT_IN_THE_LAB = {
    "accept-filter",  # networks of OSPF's interfaces
    "access-lists-that-stop-others",
    "access-lists",  # hosts, and what is no network
    "advanced-of-1",  # values out of range, here and below
    "advanced-of-2.0",
    "advanced-with-other-values",
    "as-paths-and-communities",
    "bfd",  # virtual addresses, disabled interfaces
    "faulty-bgp-without-a-number",
    "neighbors-in-address-families",  # a send-community that is empty
    "neighbors-that-lose-something",
    "prefix-lists-without-a-family",
    "route-maps-that-lose-something",
    "static-routes",  # gateways without an address
}
"""What the box of the lab does not do as the package does."""


@needs_php
def test_the_package_of_the_lab_which_was_written_apart_from_this_makes_the_same(tmp_path):
    (tmp_path / "config.inc").write_text("<?php")
    parts = ("etc/inc/util.inc", "etc/inc/interfaces.inc", "usr/local/pkg/frr.inc")
    code = f"""
    set_include_path({str(tmp_path)!r});
    {"".join(f"require {str(LAB / part)!r};" for part in parts)}
    $result = array();
    foreach ($data as $name => $text) {{
        $config = read_config_xml($text)['pfsense'];
        $config['interfaces'] = array_filter($config['interfaces'], fn($one) => isset($one['enable']));
        $g = array('frr_package' => $config['installedpackages']['package'][0]['version']);
        $result[$name] = empty(frr_single('frr')['enable']) ? '' : frr_conf_text();
    }}
    """
    names = [name for name in GOLDENS if name not in NOT_IN_THE_LAB]
    assert len(names) > 20
    made = php(code, {name: (GOLDEN / f"package/{name}.xml").read_text() for name in names})
    assert made == {name: (GOLDEN / f"package/{name}.conf").read_text() for name in names}


NOT_MODELLED = (
    "password ",
    "agentx",
    "bgp enforce-first-as",
    "no bgp enforce-first-as",
    "bgp default subgroup-pkt-queue-max 40",
    "distance 40 10.5.0.0/16 ACL4",
    "set metric-type type-",
    "echo-interval ",
    "ip protocol ",
    "ipv6 protocol ",
    "rpki cache 192.0.2.8 22 rtr ",
)
"""What the package can write and the model does not hold."""
REFUSED_BY_FRR = {
    # a multihop peer with an interface
    "bfd": ["peer 192.0.2.13 multihop local-address 192.0.2.3 interface vtnet1", "no shutdown"],
    # a member of a group with an AS of its own
    "neighbors": ["neighbor 192.0.2.10 remote-as 65002"],
    # tests/lab/test_pfsense_package.py shows it
    "members-before-their-group": [
        "neighbor 192.0.2.10 peer-group GROUP",
        "neighbor 192.0.2.10 activate",
        "no neighbor 192.0.2.10 send-community",
    ],
    "neighbors-that-lose-something": ["neighbor 192.0.2.12 activate", "no neighbor 192.0.2.12 send-community"],
}


@pytest.mark.parametrize("name", [name for name in GOLDENS if not name.startswith("faulty-")])
def test_what_comes_out_is_understood_but_for_what_the_model_does_not_hold(name):
    leftovers = parse((GOLDEN / f"package/{name}.conf").read_text(), name="fw1").leftovers
    unknown = [leftover.line for leftover in leftovers if not leftover.line.startswith(NOT_MODELLED)]
    assert unknown == REFUSED_BY_FRR.get(name, [])


NO_EFFECT = {
    ("frr", "ignoreipsecrestart"),
    ("frr", "carpstatusvid"),
    ("frr", "pkgloglevel"),
    ("frr", "service_force_restart"),
    ("frrglobalraw", "frrrunning"),
    ("frrglobalraw", "row"),  # for setkey
    ("frrglobalroutemaps", "origin_action"),
    ("frrbgp", "enablesnmpagentx"),
    ("frrbgpaspaths", "descr"),
    ("frrbgpcommunities", "descr"),
    ("frrbfdpeers", "descr"),
    ("frrbfdprofiles", "descr"),
}
"""Fields that leave no trace in frr.conf."""


def test_every_field_has_an_effect_but_those_that_are_known_to_have_none():
    """In some golden the configuration changes when the field alone is put back to its default."""
    seen = set()
    for stored in GOLDENS.values():
        before = frr_conf(stored.sections, stored.box)
        for name in COVERED:
            for number, config in enumerate(stored.sections.get(name, ())):
                for key in SCHEMA[name].keys:
                    changed = copy.deepcopy(stored.sections)
                    changed[name][number][key] = blank(name)[key]
                    if changed[name][number] != config and frr_conf(changed, stored.box) != before:
                        seen.add((name, key))
    expected = {(name, key) for name in COVERED for key in SCHEMA[name].keys} - NO_EFFECT
    assert expected - seen == set()
    assert seen & NO_EFFECT == set()


def test_a_setting_that_names_nothing_of_the_configuration_changes_nothing():
    stored = GOLDENS["neighbors"]
    for name, key in NO_EFFECT - {("frrglobalraw", "row")}:
        changed = copy.deepcopy(stored.sections)
        changed.setdefault(name, [blank(name)])[0][key] = "on"
        before = copy.deepcopy(stored.sections)
        before.setdefault(name, [blank(name)])
        assert frr_conf(changed, stored.box) == frr_conf(before, stored.box)


@given(sections(), st.sampled_from(["1.0", "2.0", "2.1"]))
def test_whatever_is_stored_something_comes_out(drawn, package):
    drawn.pop("frrglobalraw", None)
    box = HostFacts(package, interfaces={"lan": ("192.0.2.1",)}, devices={"lan": "vtnet1"})
    assert frr_conf({**drawn, **FRR}, box).endswith("line vty\n!\n")
    assert unforeseen({**drawn, **FRR}, box) is not None


def test_without_rows_there_is_no_accept_filter_at_all():
    stored = GOLDENS["accept-filter"]
    without = {**stored.sections, "frr": [{**stored.sections["frr"][0], "row": []}]}
    assert "ACCEPTFILTER" not in frr_conf(without, stored.box)


def test_a_raw_configuration_that_is_not_base64_is_an_error():
    with pytest.raises(InputError, match="FRR704") as caught:
        frr_conf({**FRR, "frrglobalraw": [{"bgpd": "router bgp 1"}]}, HostFacts())
    assert caught.value.findings[0].where.path == ("frrglobalraw", "0", "bgpd")


def test_what_the_box_alone_knows_is_reported():
    neighbor = blank("frrbgpneighbors") | {"peer": "192.0.2.10", "updatesource": "wan"}
    stored = {
        "frr": [FRR["frr"][0] | {"row": [{"routevalue": "192.0.2.0/24", "routetarget": "gw|WAN_DHCP"}]}],
        "frrbgpneighbors": [neighbor, neighbor | {"updatesource": "lan"}],
        "frrospfd": [{"enable": "on"}],
    }
    box = HostFacts(interfaces={"wan": (), "lan": ("192.0.2.1",)}, gateways={"WAN_DHCP": ""})
    assert unforeseen(stored, box) == (
        "OSPF is enabled",
        "neighbor 192.0.2.10: the address of wan is not in the configuration",
        "route 192.0.2.0/24: the address of gateway WAN_DHCP is not in the configuration",
    )
    assert unforeseen({**stored, "frr": [blank("frr")]}, box) == ()
    assert unforeseen(GOLDENS["neighbors"].sections, GOLDENS["neighbors"].box) == ()


def test_a_long_list_is_written_whole():
    row = {"action": "permit", "ge": "", "le": "32"}
    rows = [row | {"seq": str(n), "source": f"10.{n >> 8 & 255}.{n & 255}.0/24"} for n in range(50_000, 0, -1)]
    stored = {**FRR, "frrglobalprefixes": [blank("frrglobalprefixes") | {"name": "L", "row": rows}]}
    lines = [line for line in frr_conf(stored, HostFacts()).splitlines() if line.startswith("ip prefix-list")]
    assert len(lines) == 50_000
    assert lines[0] == "ip prefix-list L seq 1 permit 10.0.1.0/24 le 32 "


TEXTS = st.one_of(
    st.sampled_from(
        [
            "",
            "0",
            "00",
            "01",
            "1",
            "1.0",
            "1e1",
            "10",
            " 1",
            "1 ",
            "+1",
            "-1",
            ".5",
            "1.",
            "0x1A",
            "A",
            "a",
            "none",
            "Z",
        ]
    ),
    st.text(string.printable, max_size=4),
)


@needs_php
def test_php_takes_texts_for_numbers_and_for_equal_as_we_say():
    from hypothesis import settings

    drawn: list = []

    @settings(max_examples=examples(400), database=None)
    @given(TEXTS, TEXTS)
    def draw(one, other):
        drawn.append([one, other])

    draw()
    code = """
    function within($value, $low, $high) {
        return (!preg_match('/[^0-9]/', $value) && $value >= $low && $value <= $high) ? $value : null;
    }
    $result = array_map(fn($pair) => [
        !empty($pair[0]), is_numeric($pair[0]), $pair[0] <=> $pair[1], in_array($pair[0], [$pair[1], 'x']),
        strcmp($pair[0], $pair[1]) <=> 0, substr($pair[0], 0, 2), (bool)within($pair[0], 0, 65535),
        (bool)within($pair[0], 1, 9),
    ], $data);
    """
    expected = [
        [
            filled(one),
            numeric(one),
            compare(one, other),
            among(one, frozenset([other, "x"])),
            strcmp(one, other),
            cut(one, 2),
            within(one, 0, 65535),
            within(one, 1, 9),
        ]
        for one, other in drawn
    ]
    assert [*zip(drawn, php(code, drawn), strict=True)] == [*zip(drawn, expected, strict=True)]


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("MetalLB_k8s", True),
        ("a", True),
        ("A-b.c_d", True),
        ("9", True),
        ("a.b.", True),
        ("a.", False),
        ("", False),
        ("-a", False),
        ("a-", False),
        ("a b", False),
        ("a..b", False),
        ("ä", False),
        ("a\n", False),
    ],
)
def test_a_word_is_what_pfsense_takes_for_a_host_name(name, good):
    assert word(name) is good


@pytest.mark.parametrize(
    ("text", "address", "subnet"),
    [
        ("192.0.2.1", 4, 0),
        ("192.0.2.1/24", 0, 4),
        ("192.0.2.1/33", 0, 0),
        ("192.0.2.01", 0, 0),
        ("2001:db8::1", 6, 0),
        ("2001:db8::1/64", 0, 6),
        ("2001:db8::/129", 0, 0),
        ("fe80::1%vtnet1", 6, 0),
        ("2001:db8::1%vtnet1", 0, 0),
        ("192.0.2.1%vtnet1", 0, 0),
        ("192.0.2.0/", 0, 0),
        ("/24", 0, 0),
        ("any", 0, 0),
        ("", 0, 0),
    ],
)
def test_an_address_and_a_subnet_are_what_pfsense_takes_for_them(text, address, subnet):
    assert (ip_version(text), subnet_version(text)) == (address, subnet)
