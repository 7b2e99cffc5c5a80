"""Attempts become rarer: doubling from a second, the faster and the longer where one side said no."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frrgen.speaker.session.backoff import LONGEST, LONGEST_REFUSED, IdleHold
from frrgen.speaker.wire.error import Cease, Code
from frrgen.speaker.wire.message import Notification

REFUSED = Notification(Code.OPEN, 2)
COLLISION = Notification.cease(Cease.COLLISION)
NO_FAMILY = Notification(Code.OPEN, 7)


@pytest.mark.parametrize(
    ("ends", "waits"),
    [
        ([(None, None)] * 9, [1, 2, 4, 8, 16, 32, 60, 60, 60]),
        ([(REFUSED, None)] * 5, [4, 32, 256, 300, 300]),
        ([(COLLISION, None)] * 3, [1, 1, 1]),
        # the same subcode, but no collision
        ([(NO_FAMILY, None)] * 2, [4, 32]),
        ([(None, 1.0)] * 4, [1, 2, 4, 8]),
        ([(None, None), (None, None), (None, 60.0), (None, None)], [1, 2, 1, 1]),
        ([(REFUSED, None), (None, None)], [4, 8]),
    ],
)
def test_the_wait_follows_from_how_the_last_attempts_ended(ends, waits):
    idle, found = IdleHold(), []
    for notification, lasted in ends:
        idle.ended(notification, lasted)
        found.append(idle.seconds())
    assert found == waits


def test_a_shorter_connect_retry_time_is_the_longest_wait_unless_the_router_refused():
    idle = IdleHold(longest=5)
    for _ in range(9):
        idle.ended(None, None)
    assert idle.seconds() == 5
    idle.ended(REFUSED, None)
    assert idle.seconds() == LONGEST_REFUSED


@given(
    st.lists(
        st.tuples(st.sampled_from([None, REFUSED, COLLISION, NO_FAMILY]), st.none() | st.floats(0, 1e6)), min_size=1
    ),
    st.floats(0, 1e6),
)
def test_nobody_is_asked_more_than_once_a_second_or_forgotten(ends, longest):
    idle = IdleHold(longest)
    for notification, lasted in ends:
        idle.ended(notification, lasted)
        assert 1 <= idle.seconds() <= (LONGEST_REFUSED if idle.refused else LONGEST)
