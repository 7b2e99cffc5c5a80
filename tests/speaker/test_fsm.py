"""The state machine is whole: every event in every state; and the diagram in the docs is this table's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from frrgen.speaker.session.fsm import TABLE, Action, Event, State
from tests.docs.drawn import SPEAKER, drawn

ROOT = Path(__file__).resolve().parents[2]
CONNECTED = (State.OPEN_SENT, State.OPEN_CONFIRM, State.ESTABLISHED)


def test_every_state_and_event_has_a_row():
    assert len(TABLE) == len(State) * len(Event)


@pytest.mark.parametrize(("state", "event"), TABLE, ids=lambda one: one.name)
def test_the_end_of_a_connection_drops_it_and_only_an_open_one_hears_why(state, event):
    row = TABLE[state, event]
    if row.state is State.IDLE and state is not State.IDLE:
        assert row.actions[-1] is Action.DROP
        assert (Action.NOTIFY in row.actions) <= (state in CONNECTED)


@pytest.mark.parametrize("state", CONNECTED)
def test_a_lost_connection_and_a_notification_get_no_answer(state):
    for event in (Event.TCP_CONNECTION_FAILS, Event.NOTIF_MSG, Event.SEND_HOLD_TIMER_EXPIRES):
        assert TABLE[state, event].actions == (Action.DROP,)


@pytest.mark.parametrize(
    ("state", "event"),
    [
        (State.OPEN_SENT, Event.KEEPALIVE_MSG),
        (State.OPEN_SENT, Event.UPDATE_MSG),
        (State.OPEN_CONFIRM, Event.BGP_OPEN),
        (State.OPEN_CONFIRM, Event.UPDATE_MSG),
        (State.ESTABLISHED, Event.BGP_OPEN),
    ],
)
def test_a_message_at_the_wrong_time_is_an_error_of_the_state_machine(state, event):
    assert TABLE[state, event] == (State.IDLE, (Action.NOTIFY, Action.DROP))


def test_only_a_keepalive_in_openconfirm_makes_a_session():
    rows = [at for at, row in TABLE.items() if Action.ESTABLISH in row.actions]
    assert rows == [(State.OPEN_CONFIRM, Event.KEEPALIVE_MSG)]


def test_every_test_that_the_docs_name_is_there():
    named = set(re.findall(r"`(test_\w+)`", SPEAKER.read_text()))
    assert len(named) > 30
    known = "".join(path.read_text() for path in ROOT.glob("tests/**/test_*.py"))
    assert [name for name in named if f"def {name}(" not in known] == []


def test_the_diagram_in_the_docs_is_drawn_from_the_table():
    text = SPEAKER.read_text()
    assert text.count("<!-- draw ") == 2
    assert drawn(text) == text
