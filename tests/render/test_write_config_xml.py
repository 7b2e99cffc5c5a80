"""Sections -> config.xml."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frrgen.errors import InputError
from frrgen.platforms.pfsense.config_xml.read import read
from frrgen.platforms.pfsense.config_xml.write import fragments, merge
from frrgen.platforms.pfsense.schema import COVERED, SCHEMA, blank
from tests.examples import examples
from tests.pfsense import GOLDEN, needs_php, php, printable, sections, texts

FILES = {name: (GOLDEN / f"{name}.xml").read_text() for name in ("article", "gui-defaults")}
ARTICLE = FILES["article"]


def without_empty(drawn):
    """Leave out what is not stored: empty rows and empty lists of them."""
    return {
        name: [
            {key: value for key, value in config.items() if not isinstance(value, list) or value} for config in configs
        ]
        for name, configs in drawn.items()
        if configs
    }


@pytest.mark.parametrize("name", FILES)
def test_the_sections_of_a_file_are_written_as_pfsense_wrote_them(name):
    text = FILES[name]
    inside = text[text.index("\t\t<frr>") : text.index("\t</installedpackages>")]
    assert fragments(read(text).sections) == inside


@given(sections())
def test_what_is_written_is_read_back(drawn):
    text = fragments(drawn)
    assert read(text).sections == without_empty(drawn) if drawn else text == ""


@given(sections())
def test_what_is_read_is_written_the_same_again(drawn):
    text = fragments(drawn)
    assert not drawn or fragments(read(text).sections) == text


@needs_php
def test_php_writes_the_same_and_reads_it_back():
    """Many sections in one run of PHP, with texts in all alphabets where pfSense can hold them."""
    drawn: list = []

    @settings(max_examples=150, database=None)
    @given(sections(), texts(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), max_size=8)))
    def draw(one, beyond):
        for configs in one.values():
            for config in configs:
                if "descr" in config:
                    config["descr"] = beyond
        drawn.append(without_empty(one))

    draw()
    code = """
    $result = array_map(fn($one) => write_elements(array_map(fn($list) => ['config' => $list], $one), 2), $data);
    """
    assert php(code, drawn) == [fragments(one) for one in drawn]
    read_by_php = "$result = array_map(fn($one) => read_config_xml(\"<x>$one</x>\")['x'] ?: new stdClass(), $data);"
    back = php(read_by_php, [fragments(one) for one in drawn])
    assert [{name: value["config"] for name, value in one.items()} for one in back] == drawn
    assert len(drawn) > 100


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("descr", "two\nlines"),
        ("descr", "\x1b[31m"),
        ("descr", "\x7f"),
        ("descr", "\ud800"),
        ("descr", " blank"),
        ("asnum", "é"),
        ("asnum", "1\t"),
        ("Weight", "1"),
        ("a b", "1"),
    ],
)
def test_what_pfsense_could_not_store_is_an_error_that_names_the_place(key, value):
    with pytest.raises(InputError) as caught:
        fragments({"frrbgpneighbors": [blank("frrbgpneighbors"), {key: value}]})
    (finding,) = caught.value.findings
    assert finding.code == "FRR705"
    assert finding.where.path == ("frrbgpneighbors", "1", key)
    assert str(finding).isprintable() or "\n" in str(finding)


def test_all_that_cannot_be_stored_is_reported_at_once_and_no_secret():
    with pytest.raises(InputError) as caught:
        fragments({"frr": [{"password": "s3cret\n", "routerid": "é", "row": [{"routevalue": "\0"}]}]})
    assert [finding.where.path for finding in caught.value.findings] == [
        ("frr", "0", "password"),
        ("frr", "0", "routerid"),
        ("frr", "0", "row", "0", "routevalue"),
    ]
    assert "s3cret" not in str(caught.value)


def test_a_section_that_the_package_does_not_have_is_an_error():
    with pytest.raises(InputError, match="FRR705"):
        fragments({"frrglobalcommunitylists": [{"name": "x"}]})


def test_an_empty_section_is_not_written():
    assert fragments({"frr": [], "frrbfd": [{"enable": ""}]}) == (
        "\t\t<frrbfd>\n\t\t\t<config>\n\t\t\t\t<enable></enable>\n\t\t\t</config>\n\t\t</frrbfd>\n"
    )


STYLES = {
    "as pfSense writes it": str,
    "with CRLF": lambda text: text.replace("\n", "\r\n"),
    "with blanks": lambda text: text.replace("\t", "  "),
    "on one line": lambda text: text.replace("\n", "").replace("\t", ""),
    "with a declaration and a BOM": lambda text: "\ufeff" + text.replace('"1.0"', '"1.0" encoding="UTF-8"'),
}
styled = pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)


@styled
@pytest.mark.parametrize("name", FILES)
def test_merging_what_is_there_changes_no_byte(name, style):
    text = style(FILES[name])
    stored = read(text).sections
    assert merge(text, stored) == text
    assert merge(text, {**stored, "frrbfd": []}) == text or "frrbfd" in stored


@styled
@settings(max_examples=examples(30))
@given(drawn=sections())
def test_merging_replaces_those_sections_and_leaves_every_other_byte(style, drawn):
    text = style(ARTICLE)
    stored = read(text).sections
    merged = merge(text, drawn)
    assert read(merged).sections == stored | without_empty(drawn)
    assert merge(merged, drawn) == merged
    gone = {name: [] for name in SCHEMA}
    assert merge(merged, gone) == merge(text, gone)
    assert read(merged).box == read(text).box


@pytest.mark.parametrize("style", [STYLES[name] for name in STYLES if name != "on one line"])
@settings(max_examples=examples(30))
@given(drawn=sections())
def test_taking_back_what_was_merged_gives_the_same_bytes(style, drawn):
    text = style(ARTICLE)
    stored = read(text).sections
    merged = merge(text, drawn)
    assert merge(merged, {name: stored.get(name, []) for name in drawn}) == text


def test_a_changed_section_is_written_where_it_stood_and_as_the_file_is_written():
    text = FILES["gui-defaults"].replace("\n", "\r\n").replace("\t", "  ")
    merged = merge(text, {"frrbfd": [{"enable": ""}], "frrbfdprofiles": []})
    start = "    <frrbfd>\r\n      <config>\r\n        <enable>"
    expected = text.replace(f"{start}on<", f"{start}<")
    profiles = expected[expected.index("    <frrbfdprofiles>") : expected.index("    <frrbfdpeers>")]
    assert merged == expected.replace(profiles, "") != text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<pfsense><installedpackages/></pfsense>", "<installedpackages>\n{}\t</installedpackages></pfsense>"),
        ("<pfsense><installedpackages></installedpackages></pfsense>", "<installedpackages>{}</installedpackages>"),
        (
            "<pfsense>\n\t<INSTALLEDPACKAGES>\n\t</INSTALLEDPACKAGES>\n</pfsense>",
            "PACKAGES>\n{}\t</INSTALLEDPACKAGES>\n",
        ),
        (
            "<pfsense><installedpackages><package/></installedpackages></pfsense>",
            "<package/>{}</installedpackages>",
        ),
    ],
)
def test_a_new_section_is_added_at_the_end_of_the_packages(before, after):
    new = {"frrbfd": [{"enable": "on"}]}
    merged = merge(before, new)
    assert after.format(fragments(new) if "{}\t" in after else fragments(new).strip()) in merged
    assert read(merged).sections == new


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("<pfsense>\n", "FRR700", 2),
        ("<frr/>", "FRR706", 1),
        ("<pfsense/>", "FRR706", 1),
        ("<pfsense><installedpackages/>\n<installedpackages/></pfsense>", "FRR701", 2),
        ("<pfsense><installedpackages><frr/>\n<frr/></installedpackages></pfsense>", "FRR701", 2),
        ("<pfsense><installedpackages><frr>\n<item/></frr></installedpackages></pfsense>", "FRR706", 2),
    ],
)
def test_what_cannot_be_done_safely_is_refused(text, code, line):
    with pytest.raises(InputError) as caught:
        merge(text, {"frr": [{"enable": "on"}]})
    assert [(finding.code, finding.where.line) for finding in caught.value.findings] == [(code, line)]


@given(printable)
def test_the_texts_of_a_comment_in_between_do_not_disturb(text):
    comment = f"<!-- <frr> {text.replace('-', '')} -->"
    commented = ARTICLE.replace("\t\t<frrbgp>", f"\t\t{comment}<frrbgp>")
    merged = merge(commented, {"frrbgp": [{"enable": "on"}]})
    assert comment in merged
    assert read(merged).sections["frrbgp"] == [{"enable": "on"}]


def test_an_empty_entry_and_an_empty_row_are_empty_elements():
    text = fragments({"frr": [{}, {"row": [{}]}]}, depth=0)
    assert text == ("<frr>\n\t<config></config>\n\t<config>\n\t\t<row></row>\n\t</config>\n</frr>\n")
    assert not read(text).sections


def test_what_would_not_be_read_back_as_it_was_does_not_leave(monkeypatch):
    """A fault of ours, put in by hand: the edit is lost."""
    monkeypatch.setattr("frrgen.platforms.pfsense.config_xml.write._edited", lambda text, _: text)
    with pytest.raises(InputError, match="FRR706"):
        merge(ARTICLE, {"frrbgp": [{"enable": "on"}]})


def test_a_large_list_is_merged_whole():
    row = {"seq": "", "action": "permit", "source": "", "ge": "", "le": ""}
    rows = [row | {"seq": str(n), "source": f"10.{n >> 8 & 255}.{n & 255}.0/24"} for n in range(1, 50_001)]
    large = {"frrglobalprefixes": [blank("frrglobalprefixes") | {"name": "L", "row": rows}]}
    merged = merge(ARTICLE, large)
    assert read(merged).sections["frrglobalprefixes"][0]["row"] == rows


def test_everything_that_frrgen_writes_is_in_the_schema():
    assert set(COVERED) <= set(SCHEMA)


FORMS = ["caf&eacute;", "café", "caf&#233;", "caf&amp;eacute;", "Bob&apos;s", "Bob's", "Bob&#039;s", "a&nbsp;b", "日本"]


@pytest.mark.parametrize("form", FORMS)
def test_an_entry_that_stays_keeps_its_bytes(form):
    text = (GOLDEN / "article.xml").read_text().replace("<![CDATA[MetalLB]]>", f"<![CDATA[{form}]]>")
    assert form in text
    sections = read(text).sections
    (there,) = sections["frrbgpneighbors"]
    edited = {**there, "weight": "7"}
    merged = merge(text, {"frrbgpneighbors": [edited]})
    assert merged == text.replace("<weight></weight>", "<weight>7</weight>", 1)
    (again,) = read(merged).sections["frrbgpneighbors"]
    assert again == edited


def test_what_is_new_is_written_without_the_entities_of_html():
    text = (GOLDEN / "article.xml").read_text().replace("<![CDATA[MetalLB]]>", "<![CDATA[caf&eacute;]]>")
    (there,) = read(text).sections["frrbgpneighbors"]
    merged = merge(
        text,
        {
            "frrbgpneighbors": [
                there,
                {**there, "peer": "192.0.2.9"},
            ]
        },
    )
    assert merged.count("<![CDATA[caf&eacute;]]>") == 1
    assert merged.count("<![CDATA[café]]>") == 1
