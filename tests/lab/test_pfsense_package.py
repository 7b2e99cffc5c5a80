"""What pfSense's package would write, real FRR takes, and shows again as it was foreseen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse
from tests.pfsense import GOLDEN

FILES = [GOLDEN / "article.conf", *sorted((GOLDEN / "package").glob("*.conf"))]
FAULTY = [path for path in FILES if path.name.startswith("faulty-")]
SHOWN_OTHERWISE = {"bfd-echo-interval", "members-before-their-group"}
"""A word that FRR replaces by two others, and what it refuses only when it is loaded."""
GOOD = [path for path in FILES if path not in FAULTY and path.read_text() and path.stem not in SHOWN_OTHERWISE]


def text_for_8(path: Path) -> str:
    """Leave out what only FRR 10 knows."""
    return re.sub(r".*enforce-first-as\n", "", path.read_text())


def check(router, text: str) -> str:
    (router.folder / "lib/golden.conf").write_text(text)
    done = router.run("vtysh", "-C", "-f", "/var/lib/golden.conf", check=False)
    return done.stdout + done.stderr


def test_there_are_files():
    assert len(FAULTY) > 5
    assert len(GOOD) > 25


@pytest.mark.parametrize("path", FAULTY, ids=lambda path: path.stem)
def test_what_is_faulty_frr_refuses(router, path):
    assert re.search(r"line \d+: % ", check(router, text_for_8(path)))


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_the_rest_passes_vtysh_loads_and_is_shown_as_it_was_foreseen(router, path, frr):
    router.restart("", options={"bgpd": ["-M", "rpki"]})
    text = text_for_8(path)
    if "rpki cache " in text and frr.numbers >= (10,):
        # FRR 10 wants `rpki cache tcp`: frrgen refuses the section of package 2.1
        assert "Unknown command" in check(router, text)
        return
    assert check(router, text) == ""
    router.run("vtysh", "-f", "/var/lib/golden.conf", check=False)
    foreseen = parse(text, name="fw1", frr_version=frr.version).router
    plan = make_plan(parse(router.running_config(), name="fw1"), foreseen)
    assert plan.commands == ()


def test_an_echo_interval_is_shown_by_its_newer_names(router):
    path = GOLDEN / "package/bfd-echo-interval.conf"
    router.restart(path.read_text())
    assert router.running_config().count("echo transmit-interval") == 2


def test_members_before_their_group_are_refused_when_they_are_loaded(router):
    router.restart("")
    path = GOLDEN / "package/members-before-their-group.conf"
    assert check(router, path.read_text()) == ""
    said = router.run("vtysh", "-f", "/var/lib/golden.conf", check=False)
    assert "peer-group" in said.stdout + said.stderr
    assert "peer-group GROUP" not in router.running_config()
