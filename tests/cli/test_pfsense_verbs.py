"""The verbs on a pfSense box's config.xml, offline: import, check, render, merge, explain, compare."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from frrgen.cli import main

GOLDEN = Path(__file__).parents[1] / "golden/pfsense"
ARTICLE = GOLDEN / "article.xml"
MASTER = "s3cret"


@pytest.fixture
def imported(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["import", "pfsense", str(ARTICLE), "--name", "home", "-o", "inventory"]) == 0
    capsys.readouterr()
    return tmp_path


def test_the_article_is_imported_and_what_says_nothing_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["import", "pfsense", str(ARTICLE), "-o", "inventory"]) == 0
    out, err = capsys.readouterr()
    assert "inventory/routers/pfSense.yaml" in out
    assert "frrglobalroutemaps MetalLB_k8s 1 / nexthop_action=match-peer" in err
    assert MASTER not in out + err
    assert Path("inventory/secrets/pfSense-pfsense").read_text() == f"{MASTER}\n"
    assert Path("inventory/secrets/pfSense-pfsense").stat().st_mode & 0o777 == 0o600
    assert "*" in Path("inventory/secrets/.gitignore").read_text().split("\n")


def test_fragments_name_no_box_so_the_router_is_named_after_the_file(imported, capsys):
    assert main(["render", "home", "--out", "."]) == 0
    capsys.readouterr()
    assert main(["import", "pfsense", "home.xml", "-o", "again"]) == 0
    assert "again/routers/home.yaml" in capsys.readouterr().out


def test_what_is_wrong_with_a_box_is_a_warning_of_the_import_that_succeeds(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    raw = "<frrglobalraw><config><bgpd>cm91dGVyIGJncCAxCg==</bgpd></config></frrglobalraw>\n"
    Path("box.xml").write_text(ARTICLE.read_text().replace("</installedpackages>", f"{raw}</installedpackages>"))
    assert main(["import", "pfsense", "box.xml"]) == 0
    err = capsys.readouterr().err
    assert "warning[FRR729]: a raw configuration replaces the part of bgpd" in err
    assert "error[" not in err


def test_check_names_the_articles_mistakes(imported, capsys):
    assert main(["check"]) == 0
    out = capsys.readouterr().out
    for mistake in (
        "FRR240",  # attached nowhere
        "FRR727",  # would drop every route
        "FRR726",  # no communities
        "FRR728",  # what an external neighbor would do
    ):
        assert mistake in out


def test_an_imported_box_merges_to_the_same_bytes(imported, capsys):
    assert main(["render", "home", "--merge", str(ARTICLE), "--out", "."]) == 0
    assert Path("home.config.xml").read_bytes() == ARTICLE.read_bytes()
    assert Path("home.config.xml").stat().st_mode & 0o777 == 0o600


BOXES = sorted(GOLDEN.rglob("*.xml"))
OFF = GOLDEN / "package/disabled.xml"


def test_there_are_boxes_to_import():
    assert len(BOXES) > 40
    assert OFF in BOXES


@pytest.mark.parametrize("box", BOXES, ids=lambda box: box.stem)
def test_an_imported_box_has_no_difference_and_merges_to_the_same_bytes(box, tmp_path, monkeypatch, capsys):
    """Whatever it has: what the model cannot say is left alone, as the import says."""
    monkeypatch.chdir(tmp_path)
    assert main(["import", "pfsense", str(box), "--name", "box", "-o", "inventory"]) == 0
    if box.stem == "rpki":
        # the FRR of package 2.1 takes nothing of such a file, so no difference can be told
        assert main(["diff", "box", "--running", str(box)]) == 1
        assert "FRR738" in capsys.readouterr().err
        package = Path("inventory/routers/box.yaml")
        package.write_text(package.read_text().replace('package: "2.1"', 'package: "2.0"'))
    assert main(["diff", "box", "--running", str(box)]) == 0, capsys.readouterr()
    assert main(["render", "box", "--merge", str(box), "--out", "."]) == 0
    assert Path("box.config.xml").read_bytes() == box.read_bytes()


def test_frr_that_is_off_stays_off_until_something_changes_and_then_the_diff_says_that_it_starts(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main(["import", "pfsense", str(OFF), "--name", "box", "-o", "inventory"]) == 0
    assert main(["diff", "box", "--running", str(OFF)]) == 0
    assert "frr / enable=off" in capsys.readouterr().out
    file = Path("inventory/routers/box.yaml")
    file.write_text(file.read_text().replace("asn: 65001", "asn: 65002"))
    assert main(["diff", "box", "--running", str(OFF)]) == 2
    out = capsys.readouterr().out
    assert "(FRR is switched on)" in out
    assert "enable=off" not in out


@pytest.mark.parametrize(
    "said", [("1.3_1", "1.0", "7.5"), ("2.0.2_3", "2.0", "9.1"), ("2.1.2_1", "2.1", "10.1")], ids="FRR {0[2]}".format
)
def test_import_reads_the_version_of_the_package_where_the_file_says_it(said, tmp_path, monkeypatch, capsys):
    version, package, frr = said
    monkeypatch.chdir(tmp_path)
    installed = f"<package><name>frr</name><version>{version}</version></package>"
    text = re.sub(r"(?s)<package>.*?</package>", "", ARTICLE.read_text())
    Path("box.xml").write_text(text.replace("<installedpackages>", f"<installedpackages>{installed}"))
    assert main(["import", "pfsense", "box.xml"]) == 0
    out, err = capsys.readouterr()
    assert f"package: '{package}'" in out.replace('"', "'")
    assert f"frr_version: '{frr}'" in out.replace('"', "'")
    assert "FRR708" not in err


def test_import_says_that_the_version_of_the_package_is_assumed_where_the_file_has_none(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("box.xml").write_text(re.sub(r"(?s)<package>.*?</package>", "", ARTICLE.read_text()))
    assert main(["import", "pfsense", "box.xml"]) == 0
    assert "warning[FRR708]: the file names no version of the FRR package: 2.1 with FRR 10.1 is assumed" in (
        capsys.readouterr().err
    )


@pytest.fixture
def dangling(tmp_path, monkeypatch, capsys):
    """Import a box whose neighbor, in its own AS, names a route map that is not there."""
    monkeypatch.chdir(tmp_path)
    text = ARTICLE.read_text().replace("<routemap_in>none<", "<routemap_in>MISSING<")
    assert "MISSING" in text
    Path("ibgp.xml").write_text(text)
    assert main(["import", "pfsense", "ibgp.xml", "--name", "box", "-o", "inventory"]) == 0
    assert "FRR731" in capsys.readouterr().err


def test_check_says_that_the_package_leaves_a_missing_route_map_out_and_lets_everything_in(dangling, capsys):
    assert main(["check"]) == 1
    out = capsys.readouterr().out
    assert (
        "the route map 'MISSING' is not defined: pfSense's package leaves the line out, and everything is let in" in out
    )
    assert "denies every route" not in out
    assert main(["diff", "box", "--running", "ibgp.xml"]) == 0


def test_explain_and_compare_judge_what_the_package_makes_of_a_missing_route_map(dangling, capsys):
    route = ["192.168.1.10", "in", "8.8.8.0/24"]
    for running in ([], ["--running", "ibgp.xml"]):
        assert main(["explain", "box", *route, *running]) == 0
        assert "8.8.8.0/24 from 192.168.1.10: permit" in capsys.readouterr().out
    main(["compare", "box:192.168.1.10:in", "ibgp.xml:192.168.1.10:in"])
    assert "They differ" not in capsys.readouterr().out


def test_what_the_box_has_not_already_is_refused_at_its_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["import", "pfsense", str(ARTICLE), "--name", "box", "-o", "inventory"]) == 0
    file = Path("inventory/routers/box.yaml")
    file.write_text(file.read_text().replace("remote_as: 64512", "remote_as: 64512\n      tcp_mss: 1400"))
    capsys.readouterr()
    assert main(["diff", "box", "--running", str(ARTICLE)]) == 1
    err = capsys.readouterr().err
    assert "error[FRR720]" in err
    assert "--> inventory/routers/box.yaml:" in err


def test_the_file_given_to_merge_is_never_written_over(imported, capsys):
    Path("home.config.xml").write_bytes(ARTICLE.read_bytes())
    before = Path("home.config.xml").stat()
    Path("config.xml").symlink_to("home.config.xml")
    for name in ("home.config.xml", "config.xml"):
        assert main(["render", "home", "--merge", name, "--out", "."]) == 1
        assert "error[FRR114]: home.config.xml is the file given to --merge" in capsys.readouterr().err
    assert Path("home.config.xml").stat().st_mtime_ns == before.st_mtime_ns
    assert Path("home.config.xml").read_bytes() == ARTICLE.read_bytes()


def test_a_config_xml_that_is_not_utf_8_is_refused_with_the_place(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("latin.xml").write_bytes("<pfsense>\n<x>Zürich</x></pfsense>".encode("latin-1"))
    assert main(["import", "pfsense", "latin.xml"]) == 1
    assert "error[FRR712]: not UTF-8 text\n  --> latin.xml:2:5\n" in capsys.readouterr().err


def test_a_whole_config_xml_is_never_printed(imported, capsys):
    assert main(["render", "home", "--merge", str(ARTICLE)]) == 1
    out, err = capsys.readouterr()
    assert (out, "FRR114" in err) == ("", True)


def test_fragments_are_shown_without_secrets_and_written_with_them(imported, capsys):
    assert main(["render", "home"]) == 0
    shown = capsys.readouterr().out
    assert "<password><![CDATA[hidden]]></password>" in shown
    assert main(["render", "home", "--out", "."]) == 0
    assert MASTER in Path("home.xml").read_text()


def test_the_articles_model_is_stored_as_the_pages_store_it(tmp_path, monkeypatch, capsys):
    """Written by hand, without the box: byte for byte what the article's reader has typed, route map and all."""
    folder = tmp_path / "inventory/routers"
    folder.mkdir(parents=True)
    (folder / "home.yaml").write_text(
        """\
platform: pfsense
pfsense: {password: env:MASTER}
prefix_lists:
  MetalLB_k8s: [seq 1 permit 192.168.10.0/24 ge 24 le 32]
route_maps:
  MetalLB_k8s:
    - {seq: 1, action: permit, match: {ip_address_prefix_list: MetalLB_k8s, source_protocol: bgp}}
bgp:
  asn: 64512
  network_import_check: false
  neighbors:
    192.168.1.10:
      remote_as: 64512
      description: MetalLB
      update_source: lan
      ipv4_unicast: {send_community: [extended, large]}
"""
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MASTER", MASTER)
    assert main(["render", "home", "--out", "."]) == 0
    written = sections_of(Path("home.xml").read_text())
    # its own spelling of "match nothing" is the only thing that the model has no words for
    wanted = {
        name: text.replace("<nexthop_action>match-peer<", "<nexthop_action>none<")
        for name, text in sections_of(ARTICLE.read_text()).items()
    }
    assert written == wanted
    assert len(written) == 5


def sections_of(xml):
    """The text of each section, by name."""
    return dict(re.findall(r"(?ms)^\t\t<(frr\w*)>\n(.*?)^\t\t</\1>", xml))


def test_the_preview_is_what_the_package_makes(imported, capsys):
    assert main(["render", "home", "--target", "frr"]) == 0
    out = capsys.readouterr().out
    assert "ip prefix-list MetalLB_k8s seq 1 permit 192.168.10.0/24 ge 24 le 32 \n" in out
    assert "neighbor 192.168.1.10 update-source 192.168.1.1" in out
    assert MASTER not in out


def test_explain_and_compare_read_a_config_xml(imported, capsys):
    assert main(["explain", "home", "192.168.1.10", "in", "10.0.0.0/8", "--running", str(ARTICLE)]) == 0
    assert "permit" in capsys.readouterr().out
    assert main(["compare", f"{ARTICLE}:MetalLB_k8s", f"{ARTICLE}:192.168.1.10:in"]) == 2
    assert main(["compare", f"{ARTICLE}:MetalLB_k8s", f"{ARTICLE}:MetalLB_k8s"]) == 0


@pytest.mark.parametrize("text", ["<pfsense>", "<a/>", "<pfsense><x>&e;</x></pfsense>", "<" * 1000, "<!DOCTYPE x>", ""])
def test_what_is_no_config_xml_is_refused_in_a_sentence(text, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("bad.xml").write_text(text)
    assert main(["import", "pfsense", "bad.xml"]) == 1
    err = capsys.readouterr().err
    assert "error[FRR7" in err
    assert "FRR199" not in err
    assert main(["explain", "home", "192.168.1.10", "in", "10.0.0.0/8", "--running", "bad.xml"]) == 1


def test_sections_are_not_made_of_a_router_that_is_no_pfsense_box(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("inventory/routers").mkdir(parents=True)
    Path("inventory/routers/edge.yaml").write_text("bgp: {asn: 65001}\n")
    assert main(["render", "edge", "--target", "pfsense"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "error[FRR115]: edge is no pfSense box" in err
