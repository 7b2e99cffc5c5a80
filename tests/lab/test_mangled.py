"""Texts that people get wrong: abbreviations, undone lines, exits too many, options that FRR refuses.

What is read is what FRR has, or lines are left over; and what is written of it FRR takes as it is.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.render import render
from frrgen.transport.base import plain
from tests.lab import Lab
from tests.lab.test_corpus import DAEMONS, OPTIONS, loaded

FILES = sorted((Path(__file__).parent / "mangled").glob("*.conf"))
NAMES = [file.stem for file in FILES]


@pytest.fixture(scope="module")
def bench(frr):
    with Lab(frr=frr) as made:
        one = made.router("r1", daemons=DAEMONS)
        one.start("", options=OPTIONS)
        one.empty = (plain(one.running_config()), "traditional")
        yield one


def test_there_are_texts():
    assert len(FILES) >= 25


@pytest.mark.sample("8.4")
@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_what_is_read_is_what_frr_has_or_a_line_is_left_over(bench, file):
    version = bench.frr.version
    text = file.read_bytes().decode()
    _, original = loaded(bench, text)
    read = parse(text, name="r1", frr_version=version)
    plan = make_plan(
        parse(original, name="r1", frr_version=version), read.router.model_copy(update={"ownership": "full"})
    )
    assert plan.commands == () or read.leftovers
    said, _ = loaded(bench, render(read.router))
    assert said == []


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("exit-of-the-top", {("prefix_lists", "B"), ("bgp",)}),
        ("undone-in-the-file", {("prefix_lists", "A"), ("prefix_lists", "B"), ("route_maps", "A"), ("bgp",)}),
        ("short-words", {("prefix_lists", "A"), ("ipv6_prefix_lists", "A")}),
    ],
)
def test_what_is_lost_is_told_by_its_path(name, lost):
    text = next(file for file in FILES if file.stem == name).read_text()
    assert {one.lost for one in parse(text, name="r1").leftovers} >= lost
