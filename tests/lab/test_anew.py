"""A neighbor that must be made anew keeps its lines of families that the model lacks, and one reset is told."""

from __future__ import annotations

import pytest

from frrgen.lines.rule import Impact
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse

TEXT = """\
route-map M permit 10
exit
router bgp 65000{vrf}
 neighbor G peer-group
 neighbor 10.0.0.11 remote-as 65011
 {group}
 address-family ipv4 unicast
  neighbor 10.0.0.11 route-map M in
 exit-address-family
 address-family ipv4 multicast
  neighbor 10.0.0.11 activate
  neighbor 10.0.0.11 route-map M in
  neighbor 10.0.0.11 weight 7
 exit-address-family
exit
"""


@pytest.mark.parametrize("vrf", ["", " vrf red"])
def test_a_neighbor_that_joins_and_leaves_a_group_keeps_its_lines_of_other_families(router, vrf):
    texts = [TEXT.format(vrf=vrf, group=group) for group in ("!", "neighbor 10.0.0.11 peer-group G")]
    version = router.frr.version
    router.restart(texts[0])
    for text in (texts[1], texts[0]):
        running = parse(router.running_config(), name="r1", frr_version=version)
        kept = {str(one).partition(": ")[2] for one in running.leftovers}
        assert kept
        plan = make_plan(running, parse(text, name="r1", frr_version=version).router)
        (session,) = plan.sessions
        assert (session.neighbor, session.impact, session.because[0]) == ("10.0.0.11", Impact.RESET, "made again")
        router.apply(plan.batches)
        now = parse(router.running_config(), name="r1", frr_version=version)
        assert {str(one).partition(": ")[2] for one in now.leftovers} == kept
        assert make_plan(now, parse(text, name="r1", frr_version=version).router).commands == ()
