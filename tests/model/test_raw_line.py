"""What a raw line may be."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from frrgen.model.router import Router

LEAVING = [
    *("end", "exit", "quit", "ex", "exi", "q", "en", "enable", "disable", "configure terminal", "conf t", "configure"),
    *("exit-address-family", "exit-vrf", "do write", "do", "  do   show version", "do clear bgp *"),
]


@pytest.mark.parametrize("line", LEAVING)
def test_a_raw_line_does_not_leave_its_context(line):
    with pytest.raises(ValidationError, match="would leave its context"):
        Router(name="r1", raw=(line,))


@pytest.mark.parametrize(
    "line", ["domainname x", "enable password x", "configuration x", "exits", "no do", "debug bgp"]
)
def test_a_raw_line_that_only_begins_like_one_is_taken(line):
    assert Router(name="r1", raw=(line,)).raw == (line,)
