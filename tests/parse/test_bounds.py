"""What others wrote is read up to a bound, which is told, and which a variable of the environment moves."""

from __future__ import annotations

import pytest

from frrgen.cli import main
from frrgen.platforms.pfsense.config_xml.markup import outline

MIB = 1 << 20


@pytest.fixture
def small(monkeypatch, tmp_path):
    monkeypatch.setenv("FRRGEN_MAX_MIB", "1")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_frr_conf_is_bounded(small, capsys, monkeypatch):
    (small / "r1.conf").write_text("hostname r1\n" + "!\n" * (MIB // 2))
    assert main(["import", "frr", "r1.conf"]) == 1
    err = capsys.readouterr().err
    assert "error[FRR408]: r1.conf has more than 1 MiB" in err
    assert "FRRGEN_MAX_MIB=8" in err
    monkeypatch.setenv("FRRGEN_MAX_MIB", "8")
    assert main(["import", "frr", "r1.conf"]) == 0


def test_a_file_without_an_end_is_bounded(small, capsys):
    del small
    for words in (
        ["import", "frr", "/dev/zero"],
        ["import", "pfsense", "/dev/zero"],
        ["plan", "/dev/zero", "/dev/zero"],
    ):
        assert main(words) == 1
        assert "error[FRR408]: /dev/zero has more than 1 MiB" in capsys.readouterr().err


def test_a_file_of_the_inventory_is_bounded(small, capsys):
    (small / "routers").mkdir()
    (small / "routers/r1.yaml").write_text("#" * (MIB + 1))
    assert main(["-i", str(small), "check"]) == 1
    assert "error[FRR101]: the file has more than 1 MiB" in capsys.readouterr().err


@pytest.mark.parametrize(("element", "times"), [("<a></a>", 20_000), ("<a/>", 20_000), ("x", MIB)])
def test_a_config_xml_is_bounded_in_size_and_in_elements(small, capsys, element, times):
    (small / "box.xml").write_text(f"<pfsense><x>{element * times}</x></pfsense>")
    assert main(["import", "pfsense", "box.xml"]) == 1
    err = capsys.readouterr().err
    assert "error[FRR710]: more than 16384 elements" in err or "error[FRR408]" in err
    assert "FRRGEN_MAX_MIB=8" in err


def test_a_value_is_the_text_of_all_its_pieces():
    pieces = "x&amp;y\t\n&lt;<![CDATA[&amp;amp;]]>" * 3000
    (root,) = outline(f"<a>{pieces}</a>").roots
    assert root.value == "x&y<&amp;" * 3000
