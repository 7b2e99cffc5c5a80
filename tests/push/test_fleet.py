"""Pushes in turn: the second box of a pair waits for the first."""

from __future__ import annotations

import threading

import pytest

from frrgen.codes import Code
from frrgen.errors import DeviceError, Finding, RolledBackError
from frrgen.transaction.base import Outcome, State
from frrgen.transaction.fleet import each


def run(first, workers):
    """Run two jobs in turn, and return what was begun, and how each ended."""
    begun: list[str] = []
    done = threading.Event()

    def one():
        begun.append("one")
        done.wait(0.05)
        if isinstance(first, BaseException):
            raise first
        return Outcome("one", first)

    def two():
        begun.append("two")
        return Outcome("two", State.CONFIRMED)

    jobs = [("one", one), ("two", two)]
    return begun, {outcome.router: outcome for outcome in each(jobs, workers=workers, after={"two": "one"})}


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("state", [State.CONFIRMED, State.UNCHANGED])
def test_the_second_begins_when_the_first_is_confirmed_or_has_nothing_to_do(state, workers):
    begun, ended = run(state, workers)
    assert begun == ["one", "two"]
    assert ended["two"].state is State.CONFIRMED


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize(
    "end",
    [
        State.DECLINED,
        State.WAITING,
        State.INTERRUPTED,
        KeyboardInterrupt(),
        ValueError("a fault of ours"),
        DeviceError(Finding(Code.FRR503, "one: no answer")),
        RolledBackError(Finding(Code.FRR524, "one: rolled back")),
    ],
    ids=str,
)
def test_the_second_is_not_begun_if_the_first_ends_otherwise(end, workers):
    begun, ended = run(end, workers)
    assert begun == ["one"]
    assert ended["two"].state is State.UNCHANGED
    assert [one.code for one in ended["two"].findings] == [Code.FRR527]
