"""A rule cannot forget what its line does to sessions."""

from __future__ import annotations

import pytest

from frrgen.lines.rule import Impact, LineRule, RuleTable


def test_a_table_refuses_a_rule_that_does_not_say_what_it_does_to_sessions():
    with pytest.raises(TypeError, match="aigp"):
        RuleTable(LineRule("aigp", "aigp"))


def test_a_table_may_say_it_for_all_its_rules():
    table = RuleTable(LineRule("a", "a"), LineRule("b", "b", impact=Impact.RESET), impact=Impact.NONE)
    assert [rule.impact_on((8, 4)) for rule in table.rules] == [Impact.NONE, Impact.RESET]
