"""config.xml -> sections."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frrgen.codes import Severity
from frrgen.errors import InputError
from frrgen.platforms.pfsense.config_xml.read import read
from frrgen.platforms.pfsense.schema import SCHEMA, blank
from tests.pfsense import GOLDEN, needs_php, php

ARTICLE = (GOLDEN / "article.xml").read_text()
DEFAULTS = (GOLDEN / "gui-defaults.xml").read_text()


def packages(inside: str) -> str:
    return f"<pfsense><installedpackages>\n{inside}\n</installedpackages></pfsense>"


def found(text: str) -> list[tuple[str, int, str]]:
    with pytest.raises(InputError) as caught:
        read(text)
    return [(finding.code, finding.where.line, finding.message) for finding in caught.value.findings]


def test_the_article_is_read():
    stored = read(ARTICLE)
    assert not stored.findings
    assert list(stored.sections) == ["frr", "frrbgp", "frrbgpneighbors", "frrglobalprefixes", "frrglobalroutemaps"]
    (neighbor,) = stored.sections["frrbgpneighbors"]
    assert neighbor == blank("frrbgpneighbors") | {
        "peer": "192.168.1.10",
        "descr": "MetalLB",
        "asnum": "64512",
        "updatesource": "lan",
    }
    assert stored.sections["frrglobalprefixes"][0]["row"] == [
        {"seq": "1", "action": "permit", "source": "192.168.10.0/24", "ge": "24", "le": "32"}
    ]
    assert stored.sections["frr"][0]["password"] == "s3cret"


def test_the_defaults_of_every_page_are_read():
    stored = read(DEFAULTS)
    assert not stored.findings
    assert set(stored.sections) == set(SCHEMA)


def test_the_rest_of_the_box_is_read():
    text = """<?xml version="1.0"?>
<pfsense>
	<system><hostname>fw1</hostname><domain>example.net</domain></system>
	<interfaces>
		<wan><enable></enable><if>igb0</if><ipaddr>dhcp</ipaddr></wan>
		<lan><enable/><if>igb1</if><ipaddr>192.0.2.1</ipaddr><subnet>25</subnet><ipaddrv6>2001:db8::1</ipaddrv6>
			<subnetv6>64</subnetv6></lan>
		<opt1><if>igb2</if><ipaddr>198.51.100.1</ipaddr></opt1>
	</interfaces>
	<virtualip>
		<vip><mode>carp</mode><interface>lan</interface><uniqid>5f0</uniqid><subnet>192.0.2.9</subnet>
			<subnet_bits>25</subnet_bits></vip>
		<vip><mode>proxyarp</mode><uniqid>5f1</uniqid><subnet>192.0.2.10</subnet></vip>
	</virtualip>
	<openvpn><openvpn-server><vpnid>1</vpnid></openvpn-server><openvpn-client><vpnid>2</vpnid><disable/>
		</openvpn-client></openvpn>
	<gateways><gateway_item><name>UP</name><gateway>192.0.2.126</gateway></gateway_item>
		<gateway_item><name>WAN_DHCP</name><gateway>dynamic</gateway></gateway_item>
		<gateway_item><name>OFF</name><gateway>192.0.2.125</gateway><disabled></disabled></gateway_item></gateways>
	<installedpackages><package><name>frr</name><configurationfile>frr.xml</configurationfile><version>1.2_3</version>
		</package></installedpackages>
</pfsense>"""
    box = read(text).box
    assert (box.hostname, box.domain, box.package) == ("fw1", "example.net", "1.0")
    assert box.interfaces == {
        "wan": (),
        "lan": ("192.0.2.1", "2001:db8::1"),
        "_vip5f0": ("192.0.2.9",),
        "ovpns1": (),
    }
    assert box.devices == {"lo0": "lo0", "wan": "igb0", "lan": "igb1", "ovpns1": "ovpns1"}
    assert box.gateways == {"UP": "192.0.2.126", "WAN_DHCP": ""}
    assert box.lengths == {"192.0.2.1": 25, "2001:db8::1": 64, "192.0.2.9": 25}


def test_fragments_and_installedpackages_are_read_like_a_whole_file():
    sections = read(ARTICLE).sections
    start, end = ARTICLE.index("\t\t<frr>"), ARTICLE.index("\t</installedpackages>")
    inside = ARTICLE[start:end]
    assert read(inside).sections == sections
    assert read(f"<?xml version='1.0'?>\n<!-- mine -->\n{inside}").sections == sections
    assert read(f"<installedpackages>\n{inside}</installedpackages>").sections == sections


def test_a_place_is_the_line_and_column_of_an_entry():
    text = (
        "<?xml version='1.0'?>\n<frrbgpneighbors>\n  <config/>\n  <config>\n<peer>a</peer></config></frrbgpneighbors>"
    )
    stored = read(text, "box.xml")
    assert stored.sections == {"frrbgpneighbors": [{"peer": "a"}]}
    assert str(stored.places["frrbgpneighbors", 0]) == "box.xml:4:3"


def test_a_line_number_does_not_end_at_65535():
    text = packages("<frr><config>" + "\n" * 70000 + "<x/></config></frr>")
    (finding,) = read(text).findings
    assert (finding.code, finding.where.line) == ("FRR702", 70002)


@pytest.mark.parametrize(
    ("stored", "value"),
    [
        ("<![CDATA[a &amp; b]]>", "a & b"),
        ("<![CDATA[a &amp;amp; b]]>", "a &amp; b"),
        (
            "<![CDATA[&lt;b&gt; &#039;x&#039; &eacute; &nosuch; &#xe9; &#1; &#99999999; & &amp]]>",
            "<b> 'x' é &nosuch; é &#1; &#99999999; & &amp",
        ),
        ("a &amp; b", "a & b"),
        ("a &amp;amp; b", "a &amp; b"),
        ("&quot;&#39;&#x27;", "\"''"),
        ("\n\t a b\t\n", " a b"),
        ("\n\t  \n", ""),
        ("x<!-- no -->y<?no?><![CDATA[&gt;z]]>", "xy>z"),
        ("a\r\nb\rc\nd", "abc\nd"),
        ("<![CDATA[a\r\nb\r]]>", "a\r\nb"),
    ],
)
class TestTexts:
    def test_are_read_as_pfsense_reads_them(self, stored, value):
        text = f"<frrbgpneighbors><config><DESCR>{stored}</DESCR></config></frrbgpneighbors>"
        assert read(text).sections["frrbgpneighbors"] == [{"descr": value}] or value == ""

    @needs_php
    def test_are_read_by_php_the_same(self, stored, value):
        assert php("$result = read_config_xml($data)['descr'];", f"<descr>{stored}</descr>") == value


def test_an_apostrophe_is_read_in_either_spelling():
    """HTML 4.01, which PHP's decoder takes by default, has no &apos;: a later writer of pfSense's may."""
    text = "<frrbgpneighbors><config><descr><![CDATA[&#039;a&apos;]]></descr></config></frrbgpneighbors>"
    assert read(text).sections["frrbgpneighbors"] == [{"descr": "'a'"}]


@pytest.mark.parametrize("name", ["article", "gui-defaults"])
@needs_php
def test_php_reads_the_same_sections(name):
    text = (GOLDEN / f"{name}.xml").read_text()
    read_by_php = php("$result = read_config_xml($data)['pfsense']['installedpackages'];", text)
    stored = {key: value["config"] for key, value in read_by_php.items() if key.startswith("frr")}
    assert len(stored) >= 5
    assert read(text).sections == stored


@pytest.mark.parametrize(
    ("text", "code", "line", "message"),
    [
        ("", "FRR713", 0, "there is no element in it"),
        ("<pfsense>\n<frr>\n</pfsense>", "FRR700", 3, "not XML"),
        ("<pfsense>\n&nbsp;</pfsense>", "FRR700", 2, "not XML"),
        (
            "<!DOCTYPE pfsense SYSTEM 'http://198.51.100.1/x'><pfsense/>",
            "FRR700",
            1,
            "a DOCTYPE, which pfSense never writes",
        ),
        (
            "<?xml version='1.0'?>\n<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/x'>]>\n<a>&b;</a>",
            "FRR700",
            2,
            "not XML",
        ),
        ("<?xml version='1.0' encoding='iso-8859-1'?><pfsense>é</pfsense>", "FRR712", 1, "frrgen reads UTF-8"),
        ("<pfsense>\n\x01</pfsense>", "FRR700", 2, "a character that XML does not allow"),
        ("<pfsense>\n\ud800</pfsense>", "FRR712", 2, "a lone surrogate"),
        ("<a>" * 300 + "</a>" * 300, "FRR700", 1, "not XML"),
        ("<frr>" + "x" * 11_000_000 + "</frr>", "FRR700", 1, "not XML"),
        ("\n<opnsense></opnsense>", "FRR713", 2, "neither <pfsense> nor a section"),
        ("<frr><config>\nx<enable/></config></frr>", "FRR709", 1, "<config> has text beside its elements"),
    ],
)
def test_what_is_not_xml_of_pfsense_is_an_error_with_its_line(text, code, line, message):
    ((found_code, at, said),) = found(text)
    assert (found_code, at) == (code, line)
    assert message in said


def test_an_encrypted_backup_is_reported_as_encrypted():
    text = "---- BEGIN config.xml ----\nU2FsdGVkX18x\n---- END config.xml ----\n"
    assert found(text) == [("FRR711", 1, "this backup is encrypted")]


def test_a_file_beyond_all_measure_is_refused():
    assert found("<a>" + " " * 64 * 1024 * 1024 + "</a>")[0][0] == "FRR710"


def test_what_stands_twice_is_an_error_and_all_are_reported_at_once():
    text = packages(
        "<frr/>\n<FRR/>\n<frrbgp><config><asnum>1</asnum>\n<ASNUM>1</ASNUM><row><a/>\n<a/></row></config></frrbgp>"
    )
    assert [(code, line) for code, line, _ in found(text)] == [("FRR701", 3), ("FRR701", 5), ("FRR701", 6)]
    assert found("<pfsense><installedpackages/>\n<installedpackages/></pfsense>")[0][:2] == ("FRR701", 2)


@pytest.mark.parametrize(
    "inside",
    [
        "<frr>\nx</frr>",
        "<frr>\n<item><enable>on</enable></item></frr>",
        "<frr>\n<config>on</config></frr>",
        "<frr><config>\n<row>10</row></config></frr>",
        "<frr><config>\n<enable><b/></enable></config></frr>",
        "<frr><config><row>\n<routevalue><b/></routevalue></row></config></frr>",
    ],
)
def test_what_has_another_shape_is_left_out_and_reported(inside):
    stored = read(packages(inside))
    assert not stored.sections
    assert {(finding.code, finding.severity) for finding in stored.findings} == {("FRR703", Severity.ERROR)}
    assert stored.findings[0].where.line in {2, 3}


def test_what_the_package_does_not_know_is_kept_and_reported():
    text = "<frrglobalcommunitylists><config><name>x</name></config></frrglobalcommunitylists>\n"
    text += "<frrbgpneighbors><config><peer>a</peer>\n<listenrange>b</listenrange>\n"
    text += "<maximumprefix_force>on</maximumprefix_force></config></frrbgpneighbors>"
    stored = read(text)
    assert stored.sections["frrbgpneighbors"][0]["listenrange"] == "b"
    assert "frrglobalcommunitylists" in stored.sections
    assert [(finding.code, finding.where.line) for finding in stored.findings] == [
        ("FRR702", 1),
        ("FRR702", 3),
        ("FRR702", 4),
    ]
    assert {finding.severity for finding in stored.findings} == {Severity.WARNING}


def test_a_text_area_that_is_not_base64_is_reported():
    (finding,) = read("<frrglobalraw><config><frr>router bgp 1</frr></config></frrglobalraw>").findings
    assert (finding.code, finding.severity) == ("FRR704", Severity.ERROR)


def test_a_package_that_writes_a_file_for_each_daemon_is_reported():
    text = packages("<package><configurationfile>frr.xml</configurationfile><version>0.6.5_1</version></package>")
    assert [finding.code for finding in read(text).findings] == ["FRR707"]


@st.composite
def damaged(draw: st.DrawFn) -> str:
    text = ARTICLE
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 40)))
        bits = st.sampled_from(["<", ">", "/>", "</config>", "<config>", "<![CDATA[", "]]>", "<!--", "&", "&#0;", "\0"])
        text = text[:start] + draw(st.one_of(bits, st.text(max_size=3), st.just(text[start:end] * 2))) + text[end:]
    return text


@given(st.one_of(st.text(), damaged(), st.text("<>&/![]CDATA-?='\"ab# \n;").map(lambda text: f"<frr>{text}</frr>")))
def test_whatever_is_read_nothing_but_our_errors_comes(text):
    try:
        findings = read(text, "box.xml").findings
    except InputError as fault:
        findings = fault.findings
    assert all(finding.where.file == "box.xml" for finding in findings)
