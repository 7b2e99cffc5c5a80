"""Whatever a peer sends: the right NOTIFICATION, or a session that stays up (RFC 4271 section 6, RFC 7606)."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frrgen.speaker.error import BgpError
from frrgen.speaker.key import Family
from frrgen.speaker.message import (
    Splitter,
    Type,
    message,
    read_notification,
    read_open,
    read_route_refresh,
)
from frrgen.speaker.update import Reader
from tests.speaker.talking import OPEN, Bench, run

CASES = [json.loads(line) for line in (Path(__file__).parent / "data/bgp-malformed.jsonl").read_text().splitlines()]
STAYS = "stays up"
OUTCOMES = {
    "O1": "2/1",
    "O2": "2/6",
    "O8": "2/11",
    "O9": "2/0",
    "O11": "5/1",
    "O12": "1/1",
    "O13": "1/2",
    "O15": "1/3",
    "E1": "3/1",
    "E17": "3/2",
    "E24": "3/9",
    "E25": "3/5",
    "E35": "1/2",
    "E37": "1/2",
    "E39": "1/2",
    "E42": "1/1",
    "E43": "1/2",
}
"""What ends the session; all others must not."""


def test_there_are_cases():
    assert len(CASES) == 40
    assert OUTCOMES.keys() <= {case["case"].split()[0] for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_a_malformed_message_has_the_outcome_of_the_rfc(case):
    expected = OUTCOMES.get(case["case"].split()[0], STAYS)
    octets = bytes.fromhex(case["hex"])

    async def talk():
        # the messages were made by AS 65001 for AS 65002
        async with Bench(local_asn=65002, peer_asn=65001) as bench:
            if case["phase"] == "established":
                theirs = OPEN.__class__(
                    65001,
                    90,
                    OPEN.identifier,
                    OPEN.capabilities.__class__(asn=65001, families=frozenset({Family.IPV4})),
                )
                talk = await bench.up(theirs)
            else:
                talk = await bench.talk()
                await talk.get(Type.OPEN)
            talk.send(octets)
            if expected == STAYS:
                # a wrong route withdrawn later, and End-of-RIB: the session must still listen
                talk.send(message(Type.UPDATE, b"\0\0\0\0") * 2)
                await asyncio.sleep(0.05)
                assert bench.peer.session is not None, bench.peer.counters.last_error
                return STAYS
            body = await talk.get(Type.NOTIFICATION)
            return f"{body[0]}/{body[1]}" if body else "closed"

    assert run(talk()) == expected


def update(attributes: bytes, nlri: bytes = b"") -> bytes:
    return b"\0\0" + len(attributes).to_bytes(2, "big") + attributes + nlri


GOOD = bytes.fromhex("4001010040020602010000fde94003040a000001")
TEN = bytes.fromhex("080a")


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        (bytes.fromhex("40010103") + GOOD[4:], "ORIGIN"),
        (bytes.fromhex("c0010100") + GOOD[4:], "flags"),
        (GOOD[:4] + GOOD[13:], "AS_PATH"),
        (GOOD[:13], "NEXT_HOP"),
        (GOOD + bytes.fromhex("c00803fde900"), "COMMUNITIES"),
        (GOOD + bytes.fromhex("c008"), "cut short"),
        (GOOD + bytes.fromhex("c00810fde9"), "overruns"),
        (GOOD[:4] + bytes.fromhex("400206020100000000") + GOOD[13:], "AS_PATH"),
        (bytes.fromhex("4001010040020602010000fde9400304e0000001"), "NEXT_HOP"),
    ],
)
def test_an_error_in_an_attribute_withdraws_the_route_and_no_more(attributes, why):
    found = Reader().read(update(attributes, TEN))
    assert why in (found.treated_as_withdraw or "")
    assert (found.announced, found.withdrawn) == ({}, {Family.IPV4: [10 << 32 | 8]})


@pytest.mark.parametrize(
    "extra",
    ["c01104deadbeef", "400601ff", "c00703000000", "800903000000", "c0280100", "801a0100", "c0120100"],
)
def test_an_attribute_that_can_be_left_out_is_left_out(extra):
    found = Reader().read(update(GOOD + bytes.fromhex(extra), TEN))
    assert found.announced == {Family.IPV4: [10 << 32 | 8]}
    assert found.discarded


def test_end_of_rib_of_both_families_is_known():
    assert Reader().read(b"\0\0\0\0").end_of_rib is Family.IPV4
    assert Reader().read(update(bytes.fromhex("800f03000201"))).end_of_rib is Family.IPV6


def decode_everything(octets: bytes) -> None:
    """Read these octets in every way that a peer can make us."""
    splitter = Splitter()
    try:
        for kind, body in splitter.feed(octets):
            read(kind, body)
    except BgpError:
        pass
    for kind in Type:
        try:
            read(kind, octets)
        except BgpError:
            continue


def read(kind: Type, body: bytes) -> None:
    if kind is Type.OPEN and len(body) >= 10:
        read_open(body)
    elif kind is Type.UPDATE and len(body) >= 4:
        for asn4 in (True, False):
            Reader(asn4=asn4, ibgp=asn4, add_path=frozenset(Family) if asn4 else frozenset()).read(body)
    elif kind is Type.NOTIFICATION and len(body) >= 2:
        assert read_notification(body).meaning.isprintable()
    elif kind is Type.ROUTE_REFRESH and len(body) >= 4:
        read_route_refresh(body)


@given(st.binary(max_size=200))
def test_no_octets_raise_anything_but_our_error(octets):
    decode_everything(octets)
    decode_everything(message(Type.UPDATE, octets.ljust(4, b"\0")))


@given(st.sampled_from(CASES), st.data())
def test_nor_do_messages_that_are_almost_right(case, data):
    octets = bytearray.fromhex(case["hex"])
    for _ in range(data.draw(st.integers(0, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    decode_everything(bytes(octets))
    decode_everything(bytes(octets[19:]))


@given(st.lists(st.binary(max_size=60), max_size=6), st.integers(1, 50))
def test_messages_are_the_same_however_they_arrive(bodies, size):
    octets = b"".join(message(Type.NOTIFICATION, b"\6\2" + body) for body in bodies)
    splitter = Splitter()
    found = [body for at in range(0, len(octets), size) for _, body in splitter.feed(octets[at : at + size])]
    assert found == [b"\6\2" + body for body in bodies]
