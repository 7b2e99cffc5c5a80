"""Options that FRR refuses beside each other take each other's place in one push."""

from __future__ import annotations

from frrgen.platforms.frr.device import complaints
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse
from tests.diff.test_excludes import PAIRS, VRF


def apply(router, text):
    """Push a configuration; return what vtysh complains of, and what a second plan would do."""
    wanted = parse(text, name="r1").router
    said = complaints(router.apply(make_plan(parse(router.running_config(), name="r1"), wanted).batches))
    return said, make_plan(parse(router.running_config(), name="r1"), wanted).commands


def test_each_of_two_options_takes_the_place_of_the_other(router):
    pairs = [pair for pair in PAIRS if "best-selected" not in pair[1] or router.frr.numbers >= (10,)]
    for context, one, other in pairs:
        for line in (one, other, one, "", other, ""):
            assert apply(router, f"{context}{line}\n") == ([], ()), line


def test_a_route_map_of_import_vrf_goes_again(router):
    for line in ("  import vrf route-map M\n  import vrf blue\n", "  import vrf blue\n", ""):
        assert apply(router, f"route-map M permit 10\n{VRF}{line}") == ([], ()), line
