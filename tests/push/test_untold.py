"""What bgpd does not tell of its sessions is never taken for "no session"."""

from __future__ import annotations

import pytest

from frrgen.errors import DeviceError
from frrgen.platforms.frr.sessions import Bounds, lost_sessions, refuse_untold
from frrgen.transport.base import Running, read_peers, read_sessions

TABLE = '{"ipv4Unicast": {"peers": {"192.0.2.1": {"state": "Established", "pfxRcd": 3}}}}'
ANSWER = '{"default":' + TABLE + "}"
NOTHING = ("{\n}\n", '{\n"default":{\n}\n}\n', '{\n"default":{\n}\n,\n"X":{\n}\n}\n')
"""What FRR 8.4.4, 10.3 and 10.7.1 answer without an instance, and without neighbors."""
MANGLED = (
    "",
    "{",
    "[]",
    "null",
    "% Unknown command",
    ANSWER[:-1],
    '{"default": []}',
    '{"default": {"ipv4Unicast": {}}}',
    '{"warning": "no"}',
    '{"default": {"ipv4Unicast": {"peers": {"192.0.2.1": {}}}}}',
)


def test_sessions_are_read_and_nothing_is_nothing():
    assert [(one.vrf, one.neighbor, one.state) for one in read_peers(ANSWER)] == [
        ("default", "192.0.2.1", "Established")
    ]
    assert all(read_sessions(text) == {} for text in NOTHING)


@pytest.mark.parametrize("text", MANGLED)
def test_an_answer_of_another_form_is_not_no_session(text):
    assert read_sessions(text) is None
    with pytest.raises(ValueError, match="does not show its sessions"):
        read_peers(text)
    told, untold = (Running("", "8.4.4", sessions=read_sessions(one)) for one in (ANSWER, text))
    assert lost_sessions(told, untold, Bounds())
    assert untold.accepted is None
    refuse_untold("r1", told, Bounds())
    with pytest.raises(DeviceError, match="which sessions are up"):
        refuse_untold("r1", untold, Bounds())
