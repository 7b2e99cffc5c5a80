"""Reading FRR's own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.render import render, render_lines

GOLDENS = sorted((Path(__file__).parent.parent / "golden/frr").glob("frr-golden-*.conf"))


def test_there_are_goldens():
    assert len(GOLDENS) >= 2


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda path: path.stem)
def test_every_construct_is_understood_and_comes_back(golden):
    version = golden.stem.removeprefix("frr-golden-")
    parsed = parse(golden.read_text(), frr_version=version)
    assert parsed.leftovers == ()
    again = parse(render(parsed.router), frr_version=version)
    assert again.leftovers == ()
    assert again.router == parsed.router


def test_lines_that_the_model_lacks_are_left_over_with_their_context():
    text = "interface eth0\n ip address 10.0.0.1/24\nexit\nrouter bgp 65000\n bgp frobnicate\nexit\nfrobnicate\n"
    assert [str(leftover) for leftover in parse(text).leftovers] == [
        "interface eth0 / ip address 10.0.0.1/24",
        "router bgp 65000 / bgp frobnicate",
        "frobnicate",
    ]


def test_what_a_type_refuses_is_left_over_and_the_rest_is_kept():
    text = "router bgp 65000\n neighbor 192.0.2.1 remote-as 65001\n neighbor 192.0.2.1 timers 9 1\n"
    parsed = parse(text)
    assert [leftover.line for leftover in parsed.leftovers] == ["neighbor 192.0.2.1 timers 9 1"]
    assert parsed.router.bgp.neighbors["192.0.2.1"].remote_as == 65001


def test_separators_other_than_newline_do_not_end_a_line():
    parsed = parse("router bgp 65000\n neighbor 192.0.2.1 remote-as 1\n neighbor 192.0.2.1 description a\x0bshutdown\n")
    assert not parsed.router.bgp.neighbors["192.0.2.1"].shutdown


def test_each_rendered_line_knows_its_path_in_the_model():
    router = parse("router bgp 65000\n neighbor 192.0.2.1 remote-as 65001\n neighbor 192.0.2.1 passive\n").router
    lines = {line.text.strip(): line.path for line in render_lines(router)}
    assert lines["neighbor 192.0.2.1 passive"] == ("bgp", "neighbors", "192.0.2.1", "passive")
    assert [line.text for line in render_lines(router)] == render(router).split("\n")[:-1]


@pytest.mark.parametrize("family", ["", " address-family ipv4 unicast\n "])
def test_a_site_of_origin_on_a_group_is_left_alone_and_the_group_is_read(family):
    parsed = parse(
        f"router bgp 65001\n neighbor G peer-group\n neighbor G remote-as 65002\n{family} neighbor G soo 1:1\n"
    )
    assert [one.line for one in parsed.leftovers] == ["neighbor G soo 1:1"]
    assert parsed.router.bgp.peer_groups["G"].remote_as == 65002
