"""Where FRR refuses two options beside each other, the plan takes the old option away before it adds the new one."""

from __future__ import annotations

import pytest

from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.grammar import bgp as grammar
from frrgen.platforms.frr.parse.parser import parse

NEIGHBOR = "router bgp 65000\n neighbor 192.0.2.1 remote-as 65001\n"
FAMILY = f"{NEIGHBOR} address-family ipv4 unicast\n"
VRF = "router bgp 65000 vrf red\n address-family ipv4 unicast\n"
PAIRS = [
    (NEIGHBOR, " neighbor 192.0.2.1 ttl-security hops 2", " neighbor 192.0.2.1 ebgp-multihop 5"),
    (FAMILY, "  neighbor 192.0.2.1 distribute-list D in", "  neighbor 192.0.2.1 prefix-list P in"),
    (FAMILY, "  neighbor 192.0.2.1 distribute-list D out", "  neighbor 192.0.2.1 prefix-list P out"),
    (FAMILY, "  neighbor 192.0.2.1 addpath-tx-best-selected 2", "  neighbor 192.0.2.1 addpath-tx-all-paths"),
    (FAMILY, "  neighbor 192.0.2.1 addpath-tx-best-selected 2", "  neighbor 192.0.2.1 addpath-tx-bestpath-per-AS"),
    (VRF, "  import vrf blue", "  rd vpn export 65000:1"),
    (VRF, "  import vrf blue", "  label vpn export auto"),
    (VRF, "  import vrf blue", "  rt vpn import 65000:1"),
    (VRF, "  import vrf blue", "  rt vpn export 65000:1"),
    (VRF, "  import vrf blue", "  export vpn"),
    (VRF, "  import vrf blue", "  import vpn"),
    ("route-map M permit 10\n", " set as-path prepend 65001", " set as-path prepend last-as 2"),
]
"""A context, and two lines of it of which FRR takes one at a time."""


@pytest.mark.parametrize(("context", "one", "other"), PAIRS)
@pytest.mark.parametrize("turned", [False, True], ids=["forth", "back"])
def test_the_option_that_goes_is_undone_before_the_option_that_comes_is_set(context, one, other, turned):
    old, new = (other, one) if turned else (one, other)
    plan = make_plan(parse(f"{context}{old}\n"), parse(f"{context}{new}\n").router)
    commands = [line.strip() for line in plan.commands]
    undone = next(at for at, line in enumerate(commands) if line.startswith("no ") and _undoes(line, old))
    assert undone < commands.index(new.strip()), commands


def _undoes(undo: str, line: str) -> bool:
    """Tell whether a line undoes another: FRR takes some without their value."""
    return line.strip().startswith(undo.removeprefix("no "))


def test_the_grammar_names_options_that_exclude_each_other_from_both_sides():
    tables = [table for table in vars(grammar).values() if hasattr(table, "rules")]
    assert tables
    for table in tables:
        pairs = {(rule.field, other) for rule in table.rules for other in rule.excludes}
        assert {(one, other) for one, other in pairs if (other, one) not in pairs} == set()
