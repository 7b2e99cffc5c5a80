"""Packages of another Debian: fetched once, whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab import frr as frrs
from tests.lab.debian import UnavailableError, unpacked
from tests.lab.wanted import wanted

ROOT = Path(__file__).resolve().parents[2]
APT = """#!/bin/sh
echo "$@" >> "$LOG"
case "$*" in
    *indextargets*) ;;
    *--download-only*)
        [ -n "$FAILS" ] && echo "E: Unable to locate package $FAILS" >&2 && exit 100
        for word; do case "$word" in Dir::Cache=*) touch "${word#*=}/archives/one.deb" ;; esac; done ;;
esac
"""
DPKG = """#!/bin/sh
sleep 0.3
mkdir -p "$3/usr/lib/x86_64-linux-gnu"
touch "$3/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
"""


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """An archive that is none: apt-get writes down how it was called."""
    (tmp_path / "bin").mkdir()
    for name, text in (("apt-get", APT), ("dpkg", DPKG)):
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    monkeypatch.setenv("FAILS", "")
    monkeypatch.setenv("FRRGEN_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_several_processes_that_ask_at_once_have_it_fetched_once_and_find_all_of_it(archive):
    script = "from tests.lab.debian import unpacked; assert unpacked('trixie', 'x', 'x').loader.exists()"
    asking = [subprocess.Popen([sys.executable, "-c", script], cwd=ROOT) for _ in range(4)]
    assert [one.wait(60) for one in asking] == [0] * 4
    assert (archive / "log").read_text().count("--download-only") == 1


def test_what_cannot_be_fetched_leaves_nothing_behind_says_why_and_is_asked_for_again(archive, monkeypatch):
    monkeypatch.setenv("FAILS", "x")
    with pytest.raises(UnavailableError, match="Unable to locate package x"):
        unpacked("trixie", "x", "x")
    assert [one.name for one in (archive / "cache/trixie").iterdir()] == ["x.lock"]
    monkeypatch.setenv("FAILS", "")
    assert unpacked("trixie", "x", "x").loader.exists()


@pytest.mark.parametrize("required", [True, False])
def test_a_test_that_wants_it_is_skipped_with_the_reason_and_fails_where_the_lab_is_required(
    archive, monkeypatch, required
):
    monkeypatch.setenv("FAILS", "x")
    monkeypatch.setenv("FRRGEN_REQUIRE_LAB", "1" if required else "")
    with pytest.raises(pytest.fail.Exception if required else pytest.skip.Exception) as caught:
        wanted("x", lambda: unpacked("trixie", "x", "x"))
    assert str(caught.value) == "x cannot be had: E: Unable to locate package x"


@pytest.mark.parametrize(
    ("said", "versions"),
    [
        ("", ["8.4.4", "10.3", "10.7.1"]),
        ("8.4,forky", ["8.4.4", "10.7.1"]),
        ("10", ["10.3", "10.7.1"]),
        ("1", []),
    ],
)
def test_versions_are_chosen_by_how_they_begin_or_by_the_release(monkeypatch, said, versions):
    monkeypatch.setenv("FRRGEN_TEST_FRR", said)
    monkeypatch.setattr(frrs, "EVERY", tuple(frrs.Frr(release) for release in frrs.MEASURED))
    assert [str(one) for one in frrs.chosen()] == versions


def test_an_frr_is_newer_if_its_binary_says_so():
    one = frrs.Frr("trixie")
    one.__dict__["version"] = "10.3.1"
    assert one.newer
    one.__dict__["version"] = "10.3"
    assert not one.newer


def test_the_version_is_what_the_binary_says_and_mgmtd_is_the_first_daemon_from_frr_9_on(frr):
    assert frr.version.startswith(str(frr)) or frr.newer
    assert (frr.daemons[0] == "mgmtd") == (frr.numbers >= (9,))
    assert frr.of(("bgpd",)) == (("bgpd",) if frr.numbers < (9,) else ("mgmtd", "zebra", "bgpd"))
