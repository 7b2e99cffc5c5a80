"""`show route-map json` tells what the running configuration does not."""

from __future__ import annotations

import pytest

from frrgen.errors import DeviceError
from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.frr.show_route_map import Shown, contradictions, shown_maps


def answered(name, *rules, disabled=False):
    """What FRR 8.4.4, 10.3 and 10.7.1 say of one map, as far as it is read."""
    return {
        name: {
            "invoked": 0,
            "disabledOptimization": disabled,
            "rules": [{"sequenceNumber": seq, "type": action, "matchClauses": []} for seq, action in rules],
        }
    }


ANSWER = answered("N", (5, "permit"), disabled=True) | answered("RM", (10, "permit"), (20, "deny")) | answered("SUB")
CONFIG = """\
route-map N permit 5
no route-map N optimization
route-map RM permit 10
 call SUB
route-map RM deny 20
"""


def said(config):
    return [text for _, text in contradictions(parse(config, name="r").router, shown_maps(ANSWER))]


def test_maps_their_entries_and_their_optimiser_are_read():
    assert shown_maps(ANSWER) == {
        "N": Shown(optimised=False, entries=((5, "permit"),)),
        "RM": Shown(optimised=True, entries=((10, "permit"), (20, "deny"))),
        "SUB": Shown(optimised=True, entries=()),
    }


def test_an_empty_map_that_is_not_shown_is_found_with_who_calls_it():
    (text,) = said(CONFIG)
    assert text == (
        "bgpd keeps an empty map SUB that it does not show, and RM, which calls it, denies what comes to that call:"
        " `no route-map SUB` takes it away"
    )


def test_what_bgpd_has_otherwise_is_found():
    assert len(said(CONFIG + "route-map GONE permit 10\n")) == 2
    assert any("other entries of RM" in text for text in said(CONFIG.replace("deny 20", "permit 20")))
    assert any("optimiser of N is off" in text for text in said(CONFIG.replace("no route-map N optimization\n", "")))


def test_what_is_no_answer_of_bgpd_is_an_error():
    for answer in ({"A": {}}, {"A": None}, {"A": {"disabledOptimization": False, "rules": [1]}}):
        with pytest.raises(DeviceError):
            shown_maps(answer)
