"""What a start of FRR loses of the file that it has saved."""

from __future__ import annotations

from frrgen.codes import Code
from frrgen.platforms.frr.diff.traps import traps
from frrgen.platforms.frr.parse.parser import parse

TEXT = """bgp community alias 65000:9 THERE
route-map R permit 10
 match alias THERE
exit
route-map R permit 20
 match alias NOTHING
exit
"""


GROUP = """router bgp 65001
 neighbor G peer-group
 neighbor G remote-as 65002
 neighbor 192.0.2.1 peer-group G
exit
"""


def codes(text, router):
    return [one.code for one in traps(parse(text, name="r1", frr_version=router.frr.version).router)]


def clauses(router):
    return [line.strip() for line in router.running_config().splitlines() if "match alias" in line]


def test_a_start_refuses_an_alias_that_is_not_there_yet_and_check_tells_of_the_saved_file(router):
    router.restart(TEXT)
    assert clauses(router) == ["match alias THERE"]
    saved = router.running_config()
    told = codes(saved, router)
    router.restart(saved)
    assert clauses(router) == ([] if Code.FRR246 in told else ["match alias THERE"])
    assert (Code.FRR246 in told) is not router.frr.version.startswith("8.")


def test_a_start_forgets_the_strict_mode_of_a_group_and_check_tells_of_it(router):
    router.restart(GROUP)
    late = "router bgp 65001\n neighbor G local-role customer strict-mode\nexit\n"
    router.load(f"{late.replace(' neighbor', ' no neighbor')}{late}")
    saved = router.running_config()
    assert "neighbor G local-role customer strict-mode" in saved
    assert Code.FRR247 in codes(saved, router)
    router.restart(saved)
    assert "neighbor G local-role customer\n" in router.running_config()
