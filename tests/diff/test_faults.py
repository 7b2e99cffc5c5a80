"""A plan says in words what FRR does wrong on the way."""

from __future__ import annotations

import pytest

from frrgen.errors import InputError
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse

BASE = """\
router bgp 65000
 neighbor G peer-group
 neighbor G remote-as 65001
 neighbor 10.0.0.1 remote-as 65001
 bgp listen range 10.0.1.0/24 peer-group G
 {}
 address-family ipv4 unicast
  aggregate-address 100.0.0.0/8
  {}
 exit-address-family
exit
"""


@pytest.mark.parametrize(
    ("line", "family", "words"),
    [
        ("bgp confederation identifier 64999", "!", "confederation"),
        ("neighbor 10.0.0.1 strict-capability-match", "!", "starts the next time"),
        ("neighbor 10.0.0.1 bfd\n neighbor 10.0.0.1 bfd strict hold-time 9", "!", "starts the next time"),
        ("bgp listen limit 99", "!", "those that are there stay"),
        ("bgp minimum-holdtime 30", "!", "those that are up stay"),
        (
            "!",
            "neighbor 10.0.0.1 prefix-list P out\n  neighbor 10.0.0.1 advertise-map M exist-map C",
            "whatever M permits",
        ),
        (
            "!",
            "neighbor 10.0.0.1 route-map O out\n  neighbor 10.0.0.1 advertise-map M non-exist-map C",
            "whatever M permits",
        ),
    ],
)
def test_a_fault_of_frr_is_a_warning_in_the_plan(line, family, words):
    before, after = parse(BASE.format("!", "!")), parse(BASE.format(line, family)).router
    (warning,) = make_plan(before, after).warnings
    assert words in warning
    assert make_plan(before, after).to_json()["warnings"] == [warning]


@pytest.mark.parametrize(
    ("line", "family"),
    [
        ("!", "neighbor 10.0.0.1 route-map M out\n  neighbor 10.0.0.1 advertise-map M exist-map C"),
        ("bgp listen limit 101", "!"),
    ],
)
def test_a_version_without_the_fault_gets_no_warning(line, family):
    before, after = parse(BASE.format("!", "!")), parse(BASE.format(line, family)).router
    assert make_plan(before, after).warnings == ()


def test_a_weight_that_a_group_has_no_more_is_taken_from_each_member():
    text = "router bgp 65000\n neighbor G peer-group\n neighbor G remote-as 65001\n neighbor 10.0.0.1 peer-group G\n"
    family = " address-family ipv4 unicast\n  neighbor G weight 10\n"
    commands = make_plan(parse(text + family), parse(text).router).commands
    assert [line for line in commands if "weight" in line] == [
        "no neighbor G weight",
        "neighbor 10.0.0.1 weight 10",
        "no neighbor 10.0.0.1 weight",
    ]


def test_dynamic_neighbors_keep_the_weight_of_their_group_and_the_plan_says_so():
    text = "router bgp 65000\n neighbor G peer-group\n neighbor G remote-as 65001\n"
    text += " bgp listen range 10.0.0.0/24 peer-group G\n"
    family = " address-family ipv4 unicast\n  neighbor G weight 10\n"
    (warning,) = make_plan(parse(text + family), parse(text).router).warnings
    assert "dynamic neighbors of G keep weight 10" in warning


@pytest.mark.parametrize(("version", "said"), [("8.4", 1), ("10.3", 1), ("10.7", 0)])
def test_dynamic_neighbors_whose_password_goes_are_locked_out_before_10_7_and_the_plan_says_so(version, said):
    text = "router bgp 65000\n neighbor G peer-group\n neighbor G remote-as 65001\n"
    text += " bgp listen range 10.0.0.0/24 peer-group G\n"
    before, after = (parse(text + more, frr_version=version) for more in (" neighbor G password secret\n", ""))
    found = [one for one in make_plan(before, after.router).warnings if "until FRR starts again" in one]
    assert len(found) == said


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (" neighbor G local-role peer\n", "", {"8.4": "keep local_role peer until FRR starts again"}),
        (
            "",
            " bgp graceful-restart\n",
            dict.fromkeys(("10.3", "10.7"), "keep the graceful_restart.mode that they have until FRR starts again"),
        ),
        (" neighbor G graceful-restart\n", " neighbor G graceful-restart\n bgp graceful-restart-disable\n", {}),
    ],
)
@pytest.mark.parametrize("version", ["8.4", "10.3", "10.7"])
def test_dynamic_neighbors_that_keep_what_they_had_are_named(before, after, said, version):
    text = "router bgp 65000\n neighbor G peer-group\n neighbor G remote-as 65001\n{}"
    text += " bgp listen range 10.0.0.0/24 peer-group G\n"
    there, wanted = (parse(text.format(lines), frr_version=version) for lines in (before, after))
    found = [one for one in make_plan(there, wanted.router).warnings if "until FRR starts again" in one]
    assert [one.split("dynamic neighbors of G ")[1] for one in found] == [one for one in (said.get(version),) if one]


@pytest.mark.parametrize(("version", "first"), [("8.4", ("no neighbor G local-as",)), ("10.3", ())])
def test_another_form_of_a_group_s_local_as_is_a_new_line_to_frr_8(version, first):
    text = "router bgp 65000\n neighbor G peer-group\n neighbor G remote-as 65001\n neighbor G local-as 64900{}\n"
    old, new = (parse(text.format(more), frr_version=version) for more in ("", " no-prepend"))
    commands = make_plan(old, new.router).commands
    assert commands[1:-1] == (*first, "neighbor G local-as 64900 no-prepend")


CONFEDERATION = "router bgp 65000\n{} neighbor 10.0.0.1 remote-as 65001\n{}"
MEMBERS = " bgp confederation identifier 64999\n bgp confederation peers 65001{}\n"


@pytest.mark.parametrize("new", [" bgp confederation identifier 64999\n", ""])
@pytest.mark.parametrize(
    ("version", "shut", "dies"),
    [("8.4", "", False), ("10.3", "", True), ("10.3", " neighbor 10.0.0.1 shutdown\n", False), ("10.7", "", False)],
)
def test_the_peers_of_a_confederation_change_only_beside_shut_sessions_on_10_3(new, version, shut, dies):
    old = CONFEDERATION.format(MEMBERS.format(""), shut)
    texts = [parse(text, frr_version=version) for text in (old, CONFEDERATION.format(new, shut))]
    if dies:
        with pytest.raises(InputError, match=r"FRR432.*confederation.*10\.0\.0\.1"):
            make_plan(texts[0], texts[1].router)
    else:
        assert make_plan(texts[0], texts[1].router).commands


def test_a_member_of_the_confederation_without_a_session_comes_and_goes():
    old, new = (CONFEDERATION.format(MEMBERS.format(more), "") for more in ("", " 65002"))
    assert make_plan(parse(old, frr_version="10.3"), parse(new, frr_version="10.3").router).commands
