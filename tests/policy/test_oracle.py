"""`show route-map` as FRR 8.4.4 prints it tells what the running configuration does not."""

from __future__ import annotations

from frrgen.parse.frr import parse
from frrgen.policy.oracle import Shown, contradictions, shown_maps

TEXT = """\
ZEBRA:
route-map: OLD Invoked: 0 Optimization: enabled Processed Change: true
BGP:
route-map: N Invoked: 0 Optimization: disabled Processed Change: true
 permit, sequence 5 Invoked 0
  Match clauses:
  Set clauses:
  Call clause:
  Action:
    Exit routemap
route-map: RM Invoked: 0 Optimization: enabled Processed Change: true
 permit, sequence 10 Invoked 0
  Match clauses:
  Set clauses:
  Call clause:
    Call SUB
  Action:
    Exit routemap
 deny, sequence 20 Invoked 7
route-map: SUB Invoked: 0 Optimization: enabled Processed Change: true

"""
CONFIG = """\
route-map N permit 5
no route-map N optimization
route-map RM permit 10
 call SUB
route-map RM deny 20
"""


def said(config):
    return [text for _, text in contradictions(parse(config, name="r").router, shown_maps(TEXT))]


def test_maps_their_entries_and_their_optimiser_are_read():
    assert shown_maps(TEXT) == {
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


def test_garbage_says_nothing():
    assert shown_maps("") == {}
    assert shown_maps("permit, sequence 5\n\x00\nroute-map:") == {}
