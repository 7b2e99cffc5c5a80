"""A neighbor that must be made anew keeps what the model lacks of it."""

from __future__ import annotations

from frrgen.lines.rule import Impact
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse

TEXT = """\
router bgp 65000
 neighbor G peer-group
 neighbor 10.0.0.1 remote-as 65001
 {}
 neighbor 10.0.0.1 path-attribute discard 77
 address-family ipv4 vpn
  neighbor 10.0.0.1 activate
  neighbor 10.0.0.1 route-map VPN in
  neighbor 10.0.0.9 activate
 exit-address-family
exit
"""


def test_lines_of_families_that_the_model_lacks_are_sent_again():
    running = parse(TEXT.format("!"))
    intended = parse(TEXT.format("neighbor 10.0.0.1 peer-group G")).router
    plan = make_plan(running, intended)
    anew = plan.commands.index("no neighbor 10.0.0.1")
    behind = plan.commands[anew:]
    assert "neighbor 10.0.0.1 path-attribute discard 77" in behind
    where = behind.index("address-family ipv4 vpn")
    assert behind[where + 1 : where + 4] == (
        "neighbor 10.0.0.1 activate",
        "neighbor 10.0.0.1 route-map VPN in",
        "exit-address-family",
    )
    (session,) = plan.sessions
    assert (session.neighbor, session.impact) == ("10.0.0.1", Impact.RESET)
    assert session.because[0] == "made again"


def test_a_neighbor_that_stays_gets_no_line_again():
    running = parse(TEXT.format("!"))
    plan = make_plan(running, parse(TEXT.format("neighbor 10.0.0.1 description x")).router)
    assert [line for line in plan.commands if line.startswith("neighbor")] == ["neighbor 10.0.0.1 description x"]
