"""A plan names the sessions that keep an old value until they start the next time, and no others."""

from __future__ import annotations

import pytest

from frrgen.lines.rule import Impact
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse

BASE = """\
router bgp 65000
 neighbor G peer-group
 neighbor G remote-as 65001
 neighbor 10.0.0.1 remote-as 65001
 neighbor 10.0.0.2 peer-group G
 neighbor 10.0.0.3 peer-group G
 neighbor 10.0.0.3 timers 5 15
 bgp listen range 10.0.1.0/24 peer-group G
 {}
exit
"""


def planned(before, after, version="8.4.4"):
    there, wanted = (parse(BASE.format(lines), frr_version=version) for lines in (before, after))
    return make_plan(there, wanted.router)


def waiting(plan):
    """Give the fields that wait, each with the sessions named."""
    words = " is in effect when the session starts the next time"
    texts = [text.removesuffix(words).split(": ", 1)[1] for text in plan.warnings if text.endswith(words)]
    return dict(text.split(" of ", 1) for text in texts)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("!", "neighbor 10.0.0.1 timers 20 60", {"timers": "10.0.0.1"}),
        ("neighbor 10.0.0.1 timers 20 60", "neighbor 10.0.0.1 timers 21 63", {"timers": "10.0.0.1"}),
        ("neighbor 10.0.0.1 timers 20 60", "!", {"timers": "10.0.0.1"}),
        ("!", "neighbor G timers 20 60", {"timers": "10.0.0.2, dynamic neighbors of G"}),
        ("!", "timers bgp 20 60", {"timers": "10.0.0.1, 10.0.0.2, dynamic neighbors of G"}),
        ("neighbor G timers 9 27", "neighbor G timers 9 27\n timers bgp 20 60", {"timers": "10.0.0.1"}),
        (
            "!",
            "bgp graceful-restart restart-time 9",
            {"graceful_restart.restart_time": "10.0.0.1, 10.0.0.2, 10.0.0.3 and 1 more"},
        ),
        ("!", "neighbor 10.0.0.1 description new", {}),
        ("!", "neighbor 10.0.0.1 timers 20 60\n neighbor 10.0.0.1 passive", {}),
        ("!", "neighbor 10.0.0.9 remote-as 65009\n neighbor 10.0.0.9 timers 20 60", {}),
    ],
)
def test_a_plan_names_the_sessions_that_keep_the_old_value(before, after, said):
    assert waiting(planned(before, after)) == said


@pytest.mark.parametrize(("version", "impact"), [("8.4.4", Impact.NEXT), ("10.3", Impact.RESET)])
def test_graceful_restart_waits_where_frr_resets_nothing_for_it(version, impact):
    plan = planned("!", "neighbor 10.0.0.1 graceful-restart", version)
    assert [change.impact for change in plan.changes] == [impact]
    assert waiting(plan) == ({"graceful_restart": "10.0.0.1"} if impact is Impact.NEXT else {})


def test_what_waits_is_in_the_json_of_the_change_and_resets_no_session():
    said = planned("!", "neighbor 10.0.0.1 timers 20 60").to_json()
    assert [change["impact"] for change in said["changes"]] == ["next"]
    assert said["sessions"] == []
    assert "No session will reset" in said["summary"]
