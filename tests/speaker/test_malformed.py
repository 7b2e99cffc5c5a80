"""Whatever a peer sends: the right NOTIFICATION, or a session that stays up (RFC 4271 section 6, RFC 7606)."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frrgen.speaker.table.table import AnnouncementTable
from frrgen.speaker.wire.attributes import Attributes
from frrgen.speaker.wire.message import (
    KEEPALIVE,
    Refresh,
    Splitter,
    Type,
    message,
    write_route_refresh,
)
from frrgen.speaker.wire.packed_prefix import Family, Key
from frrgen.speaker.wire.update import Reader
from tests.fuzz.target import WRAPPED, one_input, seeds
from tests.speaker.talking import OPEN, SETTINGS, THEIRS, Bench, run

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

    # the messages were made by AS 65001 for AS 65002
    settings = replace(SETTINGS, local_asn=65002, peer_asn=65001)
    assert run(outcome(octets, established=case["phase"] == "established", settings=settings)) == expected


async def outcome(octets, *, established, settings=SETTINGS):
    """Send this when the session is established, or instead of OPEN, and tell what becomes of it."""
    made = AnnouncementTable()
    made.change(Key.parse("10.0.0.0/8"), Attributes(next_hop=IPv4Address("192.0.2.7")))
    async with Bench(settings, made) as bench:
        theirs = replace(OPEN, asn=settings.peer_asn, capabilities=replace(THEIRS, asn=settings.peer_asn))
        if established:
            talk = await bench.up(theirs)
            while (await talk.get(Type.UPDATE)) != b"\0\0\0\0":
                pass
            talk.send(octets)
        else:
            talk = await bench.talk()
            await talk.get(Type.OPEN)
            talk.send(octets + KEEPALIVE)
        # whether it still listens is seen from its answer
        talk.send(message(Type.UPDATE, b"\0\0\0\0") + write_route_refresh(Family.IPV4, Refresh.REQUEST))
        async with asyncio.timeout(30):
            while True:
                if talk.closed.is_set() and talk.messages.empty():
                    assert bench.peer.counters.last_error
                    return "closed"
                with contextlib.suppress(TimeoutError):
                    kind, body = await asyncio.wait_for(talk.messages.get(), 0.2)
                    if kind is Type.NOTIFICATION:
                        return f"{body[0]}/{body[1]}"
                    if kind is Type.UPDATE and len(body) > 4:
                        assert bench.peer.counters.established == 1
                        return STAYS


def update(attributes: bytes, nlri: bytes = b"") -> bytes:
    return b"\0\0" + len(attributes).to_bytes(2, "big") + attributes + nlri


GOOD = bytes.fromhex("4001010040020602010000fde94003040a000001")
TEN = bytes.fromhex("080a")


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        (bytes.fromhex("40010103") + GOOD[4:], "ORIGIN"),
        (bytes.fromhex("c0010100") + GOOD[4:], "flags"),
        (GOOD + bytes.fromhex("80110602010000fde9"), "AS4_PATH with flags"),
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
    [
        *("c01104deadbeef", "c0110402010000", "c01106020100000000", "c011020200", "c01106070100000001"),
        *("c00708000000000a000001", "c01208000000000a000001", "c01a03010003", "400601ff", "c00703000000"),
        *("800903000000", "c0280100", "801a0100", "c0120100"),
    ],
)
def test_an_attribute_that_can_be_left_out_is_left_out(extra):
    found = Reader().read(update(GOOD + bytes.fromhex(extra), TEN))
    assert found.announced == {Family.IPV4: [10 << 32 | 8]}
    assert found.discarded


def test_end_of_rib_of_both_families_is_known():
    assert Reader().read(b"\0\0\0\0").end_of_rib is Family.IPV4
    assert Reader().read(update(bytes.fromhex("800f03000201"))).end_of_rib is Family.IPV6


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255), st.binary(max_size=200))
def test_no_octets_do_anything_but_end_the_session_in_order(mode, agreed, step, octets):
    one_input(bytes([mode, agreed, step]) + octets)


SEEDS = list(seeds())


@given(st.sampled_from(SEEDS), st.data())
def test_nor_do_messages_that_are_almost_right(seed, data):
    octets = bytearray(seed)
    for _ in range(data.draw(st.integers(0, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    one_input(bytes(octets))


def test_the_seeds_reach_every_kind_of_end():
    """The fuzzer begins with inputs that establish sessions, end them, and are let live."""
    assert len(SEEDS) > 200
    assert {seed[0] for seed in SEEDS} == set(range(len(WRAPPED)))


@given(st.lists(st.binary(max_size=60), max_size=6), st.integers(1, 50))
def test_messages_are_the_same_however_they_arrive(bodies, size):
    octets = b"".join(message(Type.NOTIFICATION, b"\6\2" + body) for body in bodies)
    splitter = Splitter()
    found = [body for at in range(0, len(octets), size) for _, body in splitter.feed(octets[at : at + size])]
    assert found == [b"\6\2" + body for body in bodies]


def opening(parameters: bytes) -> bytes:
    """An OPEN of AS 65002 whose optional parameters, with their length, are these octets."""
    return message(Type.OPEN, bytes.fromhex("04fdea005a0a000001") + parameters)


def capabilities(*said: str) -> bytes:
    """An OPEN with the capabilities it needs, and these in hex before them."""
    octets = bytes.fromhex("".join(said) + "01040001000102004104" + "0000fdea")
    return opening(bytes([len(octets) + 2, 2, len(octets)]) + octets)


def said(attributes: str, nlri: bytes = b"") -> bytes:
    return message(Type.UPDATE, update(bytes.fromhex(attributes), nlri))


def reach(value: str) -> str:
    octets = bytes.fromhex(value)
    return GOOD.hex() + "800e" + bytes([len(octets)]).hex() + value


PATH = GOOD.hex()
SHAPES = {
    # OPEN
    "CVE-2022-40302 an extended parameter's header is cut": (opening(bytes.fromhex("ffff00020001")), "2/0"),
    "CVE-2022-43681 OPEN ends behind the length ff": (opening(b"\xff"), "2/0"),
    "CVE-2022-36440 the 4-octet AS capability is cut": (opening(bytes.fromhex("06020441020000")), "2/0"),
    "CVE-2023-31489 a short LLGR capability": (capabilities("470100"), STAYS),
    "CVE-2012-1820 an ORF capability of nonsense": (capabilities("0303ffffff"), STAYS),
    "CVE-2018-5381 capabilities without length": (capabilities("00000000ff00"), STAYS),
    "CVE-2018-5381 parameters without length": (opening(b"\4" + b"\2\0" * 2), STAYS),
    "VU#347067 an OPEN of capabilities nobody knows": (capabilities(*["fe06010203040506"] * 20), STAYS),
    "a graceful restart capability that is cut": (capabilities("400400780001"), "2/0"),
    # UPDATE: what is not ours, or can be left out
    "CVE-2023-38802 TUNNEL_ENCAP of nonsense": (said(PATH + "c0170400010003", TEN), STAYS),
    "CVE-2024-44070 a tunnel TLV longer than what remains": (said(PATH + "c017060001ffff0001", TEN), STAYS),
    "VU#347067 AIGP of nonsense": (said(PATH + "801a020000", TEN), STAYS),
    "VU#347067 attribute 28 of nonsense": (said(PATH + "c01c03ffffff", TEN), STAYS),
    "CVE-2023-31490 PREFIX_SID cut": (said(PATH + "c0280201ff", TEN), STAYS),
    "CVE-2024-31948 PREFIX_SID TLV longer than the attribute": (said(PATH + "c0280401ffff00", TEN), STAYS),
    "CVE-2019-5892 attribute 255": (said(PATH + "c0ff0401020304", TEN), STAYS),
    "CVE-2023-46753 an unknown attribute alone": (said("c06304deadbeef", TEN), STAYS),
    "CVE-2023-41358 no attributes, but NLRI": (said("", TEN), STAYS),
    "CVE-2023-47235 a withdrawal with half the attributes": (said("40010100800f03000201"), STAYS),
    "CVE-2023-47234 MP_UNREACH and NLRI without attributes": (said("800f03000201", TEN), STAYS),
    "CVE-2011-3327 an extended community of 7 octets": (said(PATH + "c01007" + "00" * 7, TEN), STAYS),
    "CVE-2010-1674 extended communities of none": (said(PATH + "c01000", TEN), STAYS),
    "CVE-2026-37461 an IPv6 extended community of 19 octets": (said(PATH + "c01913" + "00" * 19, TEN), STAYS),
    "CVE-2026-30405 NEXT_HOP of 3 octets": (said(PATH[:-14] + "4003030a0000", TEN), STAYS),
    "CVE-2026-41643 AS4_PATH of nonsense before AS_PATH": (said("c01103020500" + PATH, TEN), STAYS),
    "BIRD 2.0.8: OTC of 1024 octets": (said(PATH + "d0230400" + "00" * 1024, TEN), STAYS),
    "CVE-2023-4481 attributes of length 0": (said(PATH + "800400c00800c02000400500", TEN), STAYS),
    "CVE-2023-38283 an extended length of 0": (said(PATH + "d0080000", TEN), STAYS),
    # UPDATE: families that are not ours
    "CVE-2023-38406 flowspec NLRI of length 0": (said(reach("0001850000" + "00")), STAYS),
    "CVE-2026-37457 a flowspec operator beyond its end": (said(reach("0001850000" + "0303810680")), STAYS),
    "CVE-2026-5107 EVPN NLRI longer than the attribute": (said(reach("001946040a00000100" + "02ff00")), STAYS),
    "a family that was not agreed on, with nonsense": (said(reach("000201" + "10" + "20" + "00" * 15 + "00ff")), STAYS),
    "CVE-2026-37458 a martian next hop": (said(reach("000101" + "04" + "7f00000100" + "080a")), STAYS),
    # UPDATE: nothing can be found in it any more
    "CVE-2023-46752 MP_REACH that ends in its next hop": (said(reach("00010120" + "0a000001")), "3/9"),
    "GoBGP panics: MP_REACH of 3 octets": (said(PATH + "800e03000101"), "3/9"),
    "CVE-2026-37462 withdrawn routes beyond the message": (message(Type.UPDATE, b"\0\x20\0\0"), "3/1"),
    "attributes beyond the message": (message(Type.UPDATE, b"\0\0\xff\xff" + GOOD), "3/1"),
    # other messages
    "CVE-2022-37032 a CAPABILITY message": (message(6, bytes(4)), "1/3"),  # type: ignore[arg-type]
    "CVE-2024-31949 a dynamic capability without length": (message(6, bytes.fromhex("000100")), "1/3"),  # type: ignore[arg-type]
    "CVE-2023-41360 an ORF header read beyond the end": (message(Type.ROUTE_REFRESH, b"\0\1\0\1\1\x40"), STAYS),
    "a refresh of a family nobody has": (message(Type.ROUTE_REFRESH, b"\x40\4\0\x48"), STAYS),
    "GoBGP panics: a second OPEN": (OPEN.write(), "5/3"),
    "CVE-2019-16159 a text longer than the message": (message(Type.NOTIFICATION, b"\6\2\xffbye"), "closed"),
    "CVE-2022-37035 more behind a NOTIFICATION": (message(Type.NOTIFICATION, b"\6\4\0") + OPEN.write() * 3, "closed"),
}
"""Messages in the shape of what other speakers fell over, and what becomes of the session."""


@pytest.mark.parametrize("shape", SHAPES)
def test_what_others_fell_over_ends_the_session_by_the_rfc_or_not_at_all(shape):
    octets, expected = SHAPES[shape]
    assert run(outcome(octets, established=octets[18] != Type.OPEN or octets == OPEN.write())) == expected
