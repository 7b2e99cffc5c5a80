"""Reading two configurations at once passes over what is alike, and finds what reading each alone would."""

from __future__ import annotations

import pytest

from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.pair import parse_pair
from frrgen.platforms.frr.parse.parser import parse

LIST = "".join(f"ip prefix-list L seq {seq} permit 10.{seq}.0.0/16\n" for seq in range(5, 255, 5))
PATHS = "".join(f"bgp as-path access-list A seq {seq} permit ^{seq // 10}$\n" for seq in range(10, 300, 5))
MAP = "route-map M permit 10\n match as-path A\nexit\n"
CASES = {
    "the entries of an as-path list that differ may share an expression with one that does not": (
        PATHS + "bgp as-path access-list A seq 500 deny ^7$\n" + MAP,
        PATHS + MAP,
    ),
    "an entry without a number comes behind all that have one": (
        LIST,
        LIST + "ip prefix-list L permit 11.0.0.0/8\n",
    ),
    "of a number given twice the later line counts": (
        LIST + "ip prefix-list L seq 5 permit 12.0.0.0/8\n",
        "ip prefix-list L seq 5 permit 12.0.0.0/8\n" + LIST,
    ),
    "a number given twice in one text only": (
        LIST,
        "ip prefix-list L seq 5 permit 12.0.0.0/8\n" + LIST,
    ),
    "a map that calls one that is new is read": (
        "route-map A permit 10\n call B\nexit\nroute-map C permit 10\nexit\n",
        "route-map A permit 10\n call B\nexit\nroute-map B deny 10\nexit\nroute-map C permit 10\nexit\n",
    ),
    "what follows the last route map is no part of it": (
        "route-map A permit 10\n match tag 5\nexit\n!\nrouter bgp 65001\n neighbor 10.0.0.1 remote-as 65002\nexit\n",
        "route-map A permit 10\n match tag 5\nexit\n!\nrouter bgp 65001\n neighbor 10.0.0.1 remote-as 65003\nexit\n",
    ),
    "route maps without exit end where something else begins": (
        "route-map A permit 10\n match tag 5\nroute-map A permit 20\nip prefix-list L seq 5 permit any\nend\n",
        "route-map A permit 10\n match tag 5\nroute-map A permit 20\nip prefix-list L seq 5 deny any\nend\n",
    ),
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.replace(" ", "-"))
def test_a_pair_is_planned_as_two_single_texts_are(case: str) -> None:
    running, intended = CASES[case]
    alone = make_plan(parse(running), parse(intended).router)
    first, second = parse_pair(running, intended)
    assert make_plan(first, second.router).commands == alone.commands


def test_lines_that_are_left_over_keep_their_numbers() -> None:
    running, _ = parse_pair(LIST + "frobnicate\n", LIST + "ip prefix-list L seq 999 deny any\n")
    assert [leftover.number for leftover in running.leftovers] == [LIST.count("\n") + 1]
