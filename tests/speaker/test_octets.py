"""The octets of each message, attribute and capability, written out from the RFCs, and their bounds from both sides."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest

from frrgen.speaker.wire.attributes import (
    Attributes,
    AttributeType,
    Flag,
    NotAnnounceableError,
    Origin,
    Writer,
    _attribute,
)
from frrgen.speaker.wire.capability import Agreed, Capabilities, GracefulRestart, agree, read_capabilities
from frrgen.speaker.wire.error import NAMES, BgpError, Cease, Code, name
from frrgen.speaker.wire.message import (
    KEEPALIVE,
    Notification,
    Open,
    Refresh,
    Splitter,
    Type,
    message,
    read_notification,
    read_open,
    read_route_refresh,
    write_route_refresh,
)
from frrgen.speaker.wire.packed_prefix import Family, Key, nlri, read_nlri
from frrgen.speaker.wire.update import Reader

V4, V6 = Family.IPV4, Family.IPV6
NEXT4, NEXT6 = IPv4Address("192.0.2.1"), IPv6Address("2001:db8::1")
EBGP = Writer(65001, 65002, NEXT4, NEXT6)
IBGP = Writer(65001, 65001, NEXT4, NEXT6)


def octets(text):
    return bytes.fromhex(text)


def refused(code, call, *args):
    with pytest.raises(BgpError) as caught:
        call(*args)
    assert (caught.value.code, caught.value.subcode) == code
    return caught.value


# numbers


def test_the_numbers_are_those_of_iana():
    assert [int(one) for one in Code] == [*range(1, 9)]
    assert [int(one) for one in Cease] == [*range(1, 11)]
    assert [int(one) for one in Type] == [1, 2, 3, 4, 5]
    assert [int(one) for one in Origin] == [0, 1, 2]
    assert [int(one) for one in Refresh] == [0, 1, 2]
    assert {int(one) for one in Flag} == {0x10, 0x20, 0x40, 0x80}
    assert [int(one) for one in AttributeType] == [*range(1, 11), 14, 15, 16, 17, 18, 25, 26, 32, 35, 40]
    assert (V4.value, V6.value) == ((1, 1), (2, 1))


def test_each_code_has_its_name():
    subcodes = {
        1: [1, 2, 3],
        2: [0, 1, 2, 3, 4, 6, 7, 11],
        3: [1, 2, 3, 4, 5, 6, 8, 9, 10, 11],
        4: [0],
        5: [0, 1, 2, 3],
        6: [*range(1, 11)],
        7: [1],
        8: [0],
    }
    assert list(NAMES) == [(code, subcode) for code, all_ in subcodes.items() for subcode in all_]
    assert name(2, 2) == "2/2 bad peer AS"
    assert name(5, 2) == "5/2 unexpected message in OpenConfirm"
    assert name(9, 9) == "9/9 unknown error"
    assert str(BgpError(6, 2, b"x", "why")) == "6/2 administrative shutdown: why"
    assert (BgpError(6).subcode, BgpError(6).data, str(BgpError(4))) == (0, b"", "4/0 hold timer expired")


# messages

MARKER = "ff" * 16


def test_a_keepalive_an_open_a_notification_and_a_refresh():
    assert octets(MARKER + "001304") == KEEPALIVE
    sent = Open(65001, 90, IPv4Address("192.0.2.9"), Capabilities())
    assert octets(MARKER + "001d01 04 fde9 005a c0000209 00") == sent.write()
    assert (
        octets(MARKER + "001d01 04 5ba0 005a c0000209 00")
        == Open(65536, 90, IPv4Address("192.0.2.9"), Capabilities()).write()
    )
    assert (
        octets(MARKER + "001d01 04 ffff 0000 c0000209 00")
        == Open(65535, 0, IPv4Address("192.0.2.9"), Capabilities()).write()
    )
    assert octets(MARKER + "001703 06 02 01 61") == Notification.cease(Cease.ADMINISTRATIVE_SHUTDOWN, "a").write()[:23]
    assert octets(MARKER + "001705 0002 00 01") == write_route_refresh(V6, Refresh.REQUEST)
    assert read_route_refresh(octets("0001 02 01")) == (V4, 2)
    assert read_route_refresh(octets("0001 00 85")) == (None, 0)
    assert read_route_refresh(octets("0001 00 01 00")) == (V4, 0)
    assert refused((7, 1), read_route_refresh, octets("0001 01 01 00")).data[:19] == octets(MARKER + "001805")
    refused((7, 1), read_route_refresh, octets("0001 02 01 00"))


@pytest.mark.parametrize(
    ("kind", "shortest"),
    [(Type.OPEN, 29), (Type.UPDATE, 23), (Type.NOTIFICATION, 21), (Type.KEEPALIVE, 19), (Type.ROUTE_REFRESH, 23)],
)
def test_the_lengths_of_messages(kind, shortest):
    def split(length, *, extended=False):
        splitter = Splitter()
        splitter.extended = extended
        return list(splitter.feed(message(kind, bytes(length - 19))))

    assert split(shortest) == [(kind, bytes(shortest - 19))]
    if shortest > 19:
        error = refused((1, 2), split, shortest - 1)
        assert error.data == (shortest - 1).to_bytes(2, "big")
    if kind is Type.KEEPALIVE:
        refused((1, 2), split, 20)
        return
    assert len(split(4096)) == 1
    refused((1, 2), split, 4097)
    if kind is Type.OPEN:
        refused((1, 2), lambda: split(4097, extended=True))
    else:
        assert len(split(4097, extended=True)) == len(split(65535, extended=True)) == 1


def test_a_header_is_checked_and_what_is_not_whole_waits():
    splitter = Splitter()
    assert list(splitter.feed(KEEPALIVE[:18])) == []
    assert list(splitter.feed(KEEPALIVE[18:] + KEEPALIVE + KEEPALIVE[:5])) == [(Type.KEEPALIVE, b"")] * 2
    assert list(splitter.feed(KEEPALIVE[5:])) == [(Type.KEEPALIVE, b"")]
    refused((1, 1), lambda: list(Splitter().feed(b"\xfe" + KEEPALIVE[1:])))
    refused((1, 1), lambda: list(Splitter().feed(KEEPALIVE[:15] + b"\0" + KEEPALIVE[16:])))
    assert refused((1, 2), lambda: list(Splitter().feed(octets(MARKER + "001204")))).data == octets("0012")
    for number in (0, 6):
        error = refused((1, 3), lambda number=number: list(Splitter().feed(octets(MARKER + f"0013 0{number}"))))
        assert error.data == bytes([number])


def test_the_fields_of_an_open_are_checked():
    good = "04 fde9 005a c0000209 00"
    assert read_open(octets(good)) == Open(65001, 90, IPv4Address("192.0.2.9"), read_capabilities(b"\0"))
    assert refused((2, 1), read_open, octets("05" + good[2:])).data == octets("0004")
    refused((2, 2), read_open, octets("04 0000 005a c0000209 00"))
    assert read_open(octets("04 0001 005a c0000209 00")).asn == 1
    for hold, ends in ((0, None), (1, (2, 6)), (2, (2, 6)), (3, None), (65535, None)):
        body = octets(f"04 fde9 {hold:04x} c0000209 00")
        if ends:
            refused(ends, read_open, body)
        else:
            assert read_open(body).hold_time == hold
    refused((2, 3), read_open, octets("04 fde9 005a 00000000 00"))
    assert read_open(octets("04 fde9 005a 00000001 00")).identifier == IPv4Address("0.0.0.1")
    four = "08 02 06 41 04"
    assert read_open(octets(f"04 5ba0 005a c0000209 {four} 00010000")).asn == 65536
    assert read_open(octets(f"04 fde9 005a c0000209 {four} 0000fde9")).asn == 65001
    refused((2, 2), read_open, octets(f"04 fdea 005a c0000209 {four} 0000fde9"))
    refused((2, 2), read_open, octets(f"04 5ba0 005a c0000209 {four} 00000000"))


def test_the_text_of_a_cease():
    assert Notification.cease(Cease.COLLISION, "text").data == b""
    long = Notification.cease(Cease.ADMINISTRATIVE_RESET, "é" * 200).data
    assert (long[0], len(long)) == (254, 255)
    assert Notification.cease(Cease.ADMINISTRATIVE_SHUTDOWN, "a" * 300).data == b"\xff" + b"a" * 255
    hard = Notification.cease(Cease.PEER_DECONFIGURED, "", hard=True)
    assert (hard.code, hard.subcode, hard.data) == (6, 9, octets("06 03"))
    assert hard.meaning == "6/9 hard reset (6/3 peer de-configured)"
    assert read_notification(octets("06 02 02 68 69 6a")).meaning == "6/2 administrative shutdown: hi"
    assert read_notification(octets("06 04 00")).meaning == "6/4 administrative reset"
    assert read_notification(octets("06 03 02 68 69")).meaning == "6/3 peer de-configured"
    assert read_notification(octets("06 09 06")).meaning == "6/9 hard reset"
    assert read_notification(octets("06 09 06 02 01 1b")).meaning.endswith("(6/2 administrative shutdown): \ufffd")
    assert len(Notification(6, 2, bytes(5000)).write()) == 4096


# capabilities

CAPABILITIES = [
    ("01 04 0001 00 01", Capabilities(families=frozenset({V4}))),
    ("01 04 0001 00 01 01 04 0002 00 01", Capabilities(families=frozenset({V4, V6}))),
    ("02 00", Capabilities(route_refresh=True)),
    ("05 06 0001 0001 0002", Capabilities(extended_next_hop=True)),
    ("06 00", Capabilities(extended_message=True)),
    ("09 01 00", Capabilities(role="provider")),
    ("09 01 01", Capabilities(role="rs-server")),
    ("09 01 02", Capabilities(role="rs-client")),
    ("09 01 03", Capabilities(role="customer")),
    ("09 01 04", Capabilities(role="peer")),
    ("40 02 4078", Capabilities(graceful_restart=GracefulRestart(120))),
    ("40 02 c078", Capabilities(graceful_restart=GracefulRestart(120, restarting=True))),
    ("40 02 0fff", Capabilities(graceful_restart=GracefulRestart(4095, notification=False))),
    (
        "40 0a 4078 0001 01 80 0002 01 00",
        Capabilities(graceful_restart=GracefulRestart(120, families=frozenset({V4}), forgotten=frozenset({V6}))),
    ),
    ("41 04 00010000", Capabilities(asn=65536)),
    ("45 04 0001 01 01", Capabilities(add_path_receive=frozenset({V4}))),
    ("45 04 0001 01 02", Capabilities(add_path_send=frozenset({V4}))),
    ("45 04 0002 01 03", Capabilities(add_path_send=frozenset({V6}), add_path_receive=frozenset({V6}))),
    ("46 00", Capabilities(enhanced_refresh=True)),
]


@pytest.mark.parametrize(("text", "capabilities"), CAPABILITIES)
def test_a_capability_is_written_and_read(text, capabilities):
    values = octets(text)
    assert capabilities.values() == values
    written = bytes([len(values) + 2, 2, len(values)]) + values
    assert capabilities.write() == written
    read = read_capabilities(written)
    assert read.values() == values if capabilities.families else read.values() == octets("01 04 0001 00 01") + values


@pytest.mark.parametrize(
    "text",
    [
        "",
        "01",
        "02 02",
        "03 02 02 01",
        "04 02 02 01 04",
        "05 02 03 01 01 00",
        "07 02 05 01 03 0001 00",
        "09 02 07 01 05 0001 00 01 00",
        "07 02 05 41 03 000001",
        "09 02 07 05 05 0001 0001 00",
        "05 02 03 40 01 40",
        "06 02 04 45 02 0001",
        "ff ff 00",
        "ff ff 0004 02 00 01 00 00",
    ],
)
def test_capabilities_that_are_cut_short_are_malformed(text):
    refused((2, 0), read_capabilities, octets(text))


def test_capabilities_beyond_ours_and_their_other_forms():
    assert read_capabilities(b"\0").families == {V4}
    assert read_capabilities(octets("04 02 02 80 00")).route_refresh
    refused((2, 4), read_capabilities, octets("02 01 00"))
    assert read_capabilities(octets("ff ff 0005 02 0002 46 00")).enhanced_refresh
    assert read_capabilities(octets("01 ff 0000")).families == {V4}
    assert read_capabilities(octets("04 02 02 ff 00")).families == {V4}
    assert read_capabilities(octets("08 02 06 01 04 0001 00 80")).families == frozenset()
    assert read_capabilities(octets("08 02 06 45 04 0001 80 03")).add_path_send == frozenset()
    # a role that nobody knows is no role; the same role twice is one role
    assert read_capabilities(octets("05 02 03 09 01 05")).role is None
    assert read_capabilities(octets("06 02 04 09 02 0003")).role is None
    assert read_capabilities(octets("08 02 06 09 01 03 09 01 03")).role == "customer"
    refused((2, 11), read_capabilities, octets("08 02 06 09 01 03 09 01 04"))


def test_a_session_may_use_what_both_sides_can():
    both = frozenset({V4, V6})
    every = Capabilities(
        asn=1,
        families=both,
        extended_next_hop=True,
        route_refresh=True,
        enhanced_refresh=True,
        extended_message=True,
        graceful_restart=GracefulRestart(1),
        add_path_send=both,
        add_path_receive=both,
    )
    none = Capabilities(None, frozenset({V4}))
    flags = ("asn4", "extended_next_hop", "route_refresh", "enhanced_refresh", "extended_message", "hard_reset")
    yes, no = dict.fromkeys(flags, True), dict.fromkeys(flags, False)
    assert agree(every, every) == Agreed(families=both, add_path=both, add_path_receive=both, **yes)
    bare = Agreed(families=frozenset({V4}), add_path=frozenset(), add_path_receive=frozenset(), **no)
    assert agree(every, none) == agree(none, every) == bare
    silent = Capabilities(families=both, graceful_restart=GracefulRestart(1, notification=False))
    assert not agree(every, silent).hard_reset
    assert not agree(silent, every).hard_reset
    sends = Capabilities(families=both, add_path_send=frozenset({V4}))
    receives = Capabilities(families=both, add_path_receive=frozenset({V4}))
    assert (agree(sends, receives).add_path, agree(sends, receives).add_path_receive) == ({V4}, frozenset())
    assert (agree(receives, sends).add_path, agree(receives, sends).add_path_receive) == (frozenset(), {V4})
    missing = Capabilities(families=frozenset({V6}))
    assert refused((2, 7), agree, missing, none).data == octets("01 04 0002 00 01")


@pytest.mark.parametrize("ours", ["provider", "customer", "rs-server", "rs-client", "peer", None])
@pytest.mark.parametrize("theirs", ["provider", "customer", "rs-server", "rs-client", "peer", None])
def test_roles_match_by_rfc_9234(ours, theirs):
    a, b = (Capabilities(families=frozenset({V4}), role=role) for role in (ours, theirs))
    pairs = [{"provider", "customer"}, {"rs-server", "rs-client"}, {"peer"}]
    if None in {ours, theirs} or {ours, theirs} in pairs:
        assert agree(a, b)
    else:
        refused((2, 11), agree, a, b)


# attributes that we write

BASE = "40 01 01 00"
PATH = "40 02 06 02 01 0000fde9"
HOP = "40 03 04 c0000201"


@pytest.mark.parametrize(
    ("writer", "attributes", "text"),
    [
        (EBGP, Attributes(), f"{BASE} {PATH} {HOP}"),
        (EBGP, Attributes(origin=Origin.INCOMPLETE), f"40 01 01 02 {PATH} {HOP}"),
        (EBGP, Attributes(prepend=2), f"{BASE} 40 02 0e 02 03 0000fde9 0000fde9 0000fde9 {HOP}"),
        (EBGP, Attributes(med=5), f"{BASE} {PATH} {HOP} 80 04 04 00000005"),
        (EBGP, Attributes(med=0), f"{BASE} {PATH} {HOP} 80 04 04 00000000"),
        (EBGP, Attributes(local_preference=200), f"{BASE} {PATH} {HOP}"),
        (IBGP, Attributes(), f"{BASE} 40 02 00 {HOP} 40 05 04 00000064"),
        (IBGP, Attributes(local_preference=0), f"{BASE} 40 02 00 {HOP} 40 05 04 00000000"),
        (EBGP, Attributes(communities=(2, 1, 2)), f"{BASE} {PATH} {HOP} c0 08 08 00000001 00000002"),
        (EBGP, Attributes(extended_communities=(2, 1)), f"{BASE} {PATH} {HOP} c0 10 10 {1:016x} {2:016x}"),
        (EBGP, Attributes(large_communities=((1, 2, 3),)), f"{BASE} {PATH} {HOP} c0 20 0c 00000001 00000002 00000003"),
        (EBGP, Attributes(next_hop=IPv4Address("198.51.100.7")), f"{BASE} {PATH} 40 03 04 c6336407"),
    ],
)
def test_the_attributes_of_an_ipv4_route(writer, attributes, text):
    assert writer.write(V4, attributes) == (octets(text), b"")


def test_a_writer_says_what_its_session_agreed_on():
    def written(**options):
        return Writer(65001, 65002, NEXT4, NEXT6, **options).write(V4, Attributes())[0]

    plain = octets(f"{BASE} {PATH} {HOP}")
    for role, told in (("provider", 1), ("peer", 1), ("rs-server", 1), ("customer", 0), ("rs-client", 0), (None, 0)):
        assert written(role=role) == plain + octets("c0 23 04 0000fde9") * told
    assert written(graceful_shutdown=True) == plain + octets("c0 08 04 ffff0000")
    assert Writer(65001, 65001, NEXT4, None, graceful_shutdown=True).write(V4, Attributes(local_preference=7))[
        0
    ] == octets(f"{BASE} 40 02 00 {HOP} 40 05 04 00000000 c0 08 04 ffff0000")
    assert written(asn4=False) == octets(f"{BASE} 40 02 04 02 01 fde9 {HOP}")
    big = Writer(65536, 1, NEXT4, None, asn4=False).write(V4, Attributes())[0]
    assert big == octets(f"{BASE} 40 02 04 02 01 5ba0 c0 11 06 02 01 00010000 {HOP}")
    assert Writer(65535, 1, NEXT4, None, asn4=False).write(V4, Attributes())[0] == octets(
        f"{BASE} 40 02 04 02 01 ffff {HOP}"
    )


def test_a_long_attribute_has_a_long_length():
    def communities(count):
        return EBGP.write(V4, Attributes(communities=tuple(range(count))))[0][len(octets(f"{BASE} {PATH} {HOP}")) :]

    assert communities(63)[:3] == octets("c0 08 fc")
    assert communities(64)[:4] == octets("d0 08 0100")
    path = Writer(1, 2, NEXT4, None, asn4=False).write(V4, Attributes(prepend=125))[0][4:]
    assert path[:3] == octets("40 02 fe")
    exactly = Writer(1, 2, NEXT4, None).write(V4, Attributes(prepend=62))[0][4:]
    assert exactly[:5] == octets("40 02 fe 02 3f")
    segments = Writer(1, 2, NEXT4, None).write(V4, Attributes(prepend=255))[0][4:]
    assert segments[:6] == octets("50 02 0404 02 ff")
    assert segments[6 + 255 * 4 :][:2] == octets("02 01")


def test_an_attribute_of_255_octets_has_a_short_length():
    assert _attribute(1, bytes(255))[:3] == octets("40 01 ff")
    assert _attribute(1, bytes(256))[:4] == octets("50 01 0100")


def test_an_ipv6_route_has_its_next_hop_in_mp_reach():
    attributes, reach = EBGP.write(V6, Attributes())
    assert attributes == octets(f"{BASE} {PATH}")
    assert reach == octets("0002 01 10") + NEXT6.packed + b"\0"
    over6 = Writer(65001, 65002, None, NEXT6, extended_next_hop=True)
    assert over6.write(V4, Attributes())[1] == octets("0001 01 10") + NEXT6.packed + b"\0"


@pytest.mark.parametrize(
    ("writer", "family", "hop", "words"),
    [
        (EBGP, V6, NEXT4, "there is an IPv4 address"),
        (Writer(1, 2, NEXT4, None), V6, None, "no IPv6 address of ours"),
        (Writer(1, 2, None, NEXT6), V4, None, "RFC 8950"),
        (Writer(1, 2, None, None, extended_next_hop=True), V4, None, "no address of ours"),
        (EBGP, V4, IPv4Address("127.0.0.1"), "cannot be a next hop"),
        (EBGP, V4, IPv4Address("224.0.0.1"), "cannot be a next hop"),
        (EBGP, V4, IPv4Address("0.0.0.0"), "cannot be a next hop"),
        (EBGP, V4, IPv4Address("240.0.0.1"), "cannot be a next hop"),
        (EBGP, V6, IPv6Address("ff02::1"), "cannot be a next hop"),
    ],
)
def test_a_next_hop_that_cannot_be_announced_is_refused(writer, family, hop, words):
    with pytest.raises(NotAnnounceableError, match=words):
        writer.write(family, Attributes(next_hop=hop))


# NLRI


@pytest.mark.parametrize(
    ("prefix", "text"),
    [
        ("0.0.0.0/0", "00"),
        ("128.0.0.0/1", "01 80"),
        ("10.0.0.0/8", "08 0a"),
        ("10.128.0.0/9", "09 0a80"),
        ("192.0.2.0/24", "18 c00002"),
        ("192.0.2.1/32", "20 c0000201"),
        ("::/0", "00"),
        ("2001:db8::/32", "20 20010db8"),
        ("2001:db8::1/128", "80 20010db8 00000000 00000000 00000001"),
    ],
)
def test_a_prefix_is_written_and_read(prefix, text):
    found = ip_network(prefix)
    key, family = Key.of(found), V4 if found.version == 4 else V6
    assert (Key.prefix(key), Key.family(key), Key.parse(prefix)) == (found, family, key)
    assert nlri(family, [key]) == [(len(octets(text)), octets(text))]
    assert nlri(family, [key], path_id=258) == [(4 + len(octets(text)), octets("00000102" + text))]
    assert read_nlri(family, octets(text)) == [key]
    assert read_nlri(family, octets("00000102" + text), add_path=True) == [key]
    if len(text) > 2:
        refused((3, 10), read_nlri, family, octets(text)[:-1])


def test_the_bounds_of_nlri():
    refused((3, 10), read_nlri, V4, octets("21 c000020100"))
    refused((3, 10), read_nlri, V6, b"\x81" + bytes(17))
    with pytest.raises(BgpError):
        read_nlri(V4, octets("00000001"), add_path=True)
    assert read_nlri(V4, octets("09 0aff")) == [Key.parse("10.128.0.0/9")]
    keys = [Key.parse(one) for one in ("10.0.0.0/8", "192.0.2.0/24", "11.0.0.0/8")]
    assert nlri(V4, keys) == [(2, octets("08 0a 08 0b")), (4, octets("18 c00002"))]
    assert (V4.bits, V6.bits, str(V4), str(V6)) == (32, 128, "ipv4_unicast", "ipv6_unicast")


# UPDATE as it is received

TEN = Key.parse("10.0.0.0/8")
GOOD = f"{BASE} {PATH} {HOP}"


def update(attributes="", announced="", withdrawn=""):
    parts = octets(attributes), octets(announced), octets(withdrawn)
    return len(parts[2]).to_bytes(2, "big") + parts[2] + len(parts[0]).to_bytes(2, "big") + parts[0] + parts[1]


def test_what_an_update_announces_and_withdraws():
    read = Reader().read
    assert read(update(GOOD, "08 0a")).announced == {V4: [TEN]}
    assert read(update("", "", "08 0a")).withdrawn == {V4: [TEN]}
    assert read(update()).end_of_rib is V4
    assert read(update("80 0f 03 0002 01")).end_of_rib is V6
    assert read(update("80 0f 03 0002 01", "", "08 0a")).end_of_rib is None
    assert read(update("80 0f 05 0002 01 08 20")).withdrawn == {V6: [Key.parse("2000::/8")]}
    reach = "80 0e 17 0002 01 10" + NEXT6.packed.hex() + "00 08 20"
    assert read(update(f"{BASE} {PATH} {reach}")).announced == {V6: [Key.parse("2000::/8")]}
    refused((3, 1), read, octets("0001 00"))
    refused((3, 1), read, octets("0000 0001"))


@pytest.mark.parametrize(
    ("attribute", "good"),
    [
        ("40 01 01 02", True),
        ("40 01 01 03", False),
        ("40 01 02 0000", False),
        ("40 02 00", True),
        ("40 02 06 01 01 00000001", True),
        ("40 02 06 04 01 00000001", True),
        ("40 02 06 05 01 00000001", False),
        ("40 02 06 00 01 00000001", False),
        ("40 02 02 02 00", False),
        ("40 02 01 02", False),
        ("40 02 05 02 01 000001", False),
        ("40 02 06 02 01 00000000", False),
        ("40 02 0a 02 02 00000001 00000000", False),
        ("40 02 0c 02 01 00000001 02 01 00000002", True),
        ("40 03 04 01000000", True),
        ("40 03 04 dfffffff", True),
        ("40 03 04 e0000001", False),
        ("40 03 04 00000001", False),
        ("40 03 04 7f000001", False),
        ("40 03 03 010101", False),
        ("80 04 04 00000000", True),
        ("80 04 03 000000", False),
        ("80 04 05 0000000000", False),
        ("40 05 04 00000000", True),
        ("40 05 05 0000000000", False),
        ("c0 08 04 00000000", True),
        ("c0 08 08 00000000 00000000", True),
        ("c0 08 05 0000000000", False),
        ("c0 08 00", False),
        ("80 09 04 00000000", True),
        ("80 09 05 0000000000", False),
        ("80 0a 04 00000000", True),
        ("80 0a 00", False),
        ("80 0a 06 000000000000", False),
        ("c0 10 08 0000000000000000", True),
        ("c0 10 00", False),
        ("c0 10 09 000000000000000000", False),
        ("c0 19 14 " + "00" * 20, True),
        ("c0 19 15 " + "00" * 21, False),
        ("c0 19 00", False),
        ("c0 20 0c " + "00" * 12, True),
        ("c0 20 0d " + "00" * 13, False),
        ("c0 20 00", False),
        ("c0 23 04 00000001", True),
        ("c0 23 05 0000000001", False),
        ("c0 fe 00", True),
        ("00 01 01 00", False),
        ("c0 01 01 00", False),
        ("00 04 04 00000000", False),
        ("c0 04 04 00000000", False),
        ("80 08 04 00000000", False),
        ("40 08 04 00000000", False),
        ("e0 08 04 00000000", True),
        ("d0 08 0004 00000000", True),
    ],
)
def test_a_malformed_attribute_withdraws_the_route(attribute, good):
    """RFC 7606 section 7; the session stays."""
    kind = octets(attribute)[1]
    others = {1: BASE, 2: PATH, 3: HOP, 5: "40 05 04 00000064"}
    rest = " ".join(text for number, text in others.items() if number != kind)
    found = Reader(ibgp=True).read(update(f"{rest} {attribute}", "08 0a"))
    assert found.announced == ({V4: [TEN]} if good else {})
    assert (found.treated_as_withdraw is None) == good
    assert found.withdrawn == ({} if good else {V4: [TEN]})


@pytest.mark.parametrize(
    ("attribute", "kept"),
    [
        ("40 06 00", []),
        ("40 06 01 00", ["malformed ATOMIC_AGGREGATE"]),
        ("c0 07 08 00000001 01020304", []),
        ("c0 07 08 00000000 01020304", ["malformed AGGREGATOR"]),
        ("c0 07 07 00000001 010203", ["malformed AGGREGATOR"]),
        ("c0 12 08 00000001 01020304", []),
        ("c0 12 09 00000001 01020304 00", ["malformed AS4_AGGREGATOR"]),
        ("c0 11 06 02 01 00000001", []),
        ("c0 11 05 02 01 000001", ["malformed AS4_PATH"]),
        ("80 1a 03 000000", []),
        ("80 1a 02 0000", ["malformed AIGP"]),
        ("c0 1a 03 000000", ["AIGP with flags 0xc0"]),
        ("c0 28 03 000000", []),
        ("c0 28 02 0000", ["malformed PREFIX_SID"]),
        ("40 05 03 000000", ["malformed LOCAL_PREF"]),
        ("80 09 03 000000", ["malformed ORIGINATOR_ID"]),
        ("80 0a 03 000000", ["malformed CLUSTER_LIST"]),
        (BASE, ["attribute 1 again"]),
    ],
)
def test_an_attribute_that_matters_little_is_discarded_and_the_route_stays(attribute, kept):
    found = Reader().read(update(f"{GOOD} {attribute}", "08 0a"))
    assert (found.announced, found.discarded) == ({V4: [TEN]}, kept)


def test_attributes_of_two_octet_sessions():
    read = Reader(asn4=False).read
    assert read(update(f"{BASE} 40 02 04 02 01 fde9 {HOP}", "08 0a")).announced == {V4: [TEN]}
    assert read(update(f"{BASE} {PATH} {HOP}", "08 0a")).announced == {}
    assert read(update(f"{BASE} 40 02 04 02 01 fde9 {HOP} c0 07 06 0001 01020304", "08 0a")).discarded == []
    assert read(update(f"{BASE} 40 02 04 02 01 fde9 {HOP} c0 07 08 00000001 01020304", "08 0a")).discarded


@pytest.mark.parametrize("lacks", [BASE, PATH, HOP])
def test_a_route_without_a_mandatory_attribute_is_withdrawn(lacks):
    found = Reader().read(update(GOOD.replace(lacks, ""), "08 0a"))
    assert found.treated_as_withdraw.startswith("no ")
    assert Reader(ibgp=True).read(update(GOOD, "08 0a")).treated_as_withdraw == "no LOCAL_PREF"


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ("40 fe 00", (3, 2)),
        ("80 0e 04 0002 01 00", (3, 9)),
        ("80 0e 05 0002 01 04 00", (3, 9)),
        ("80 0e 09 0002 01 04 01020304 00", (3, 9)),
        ("80 0e 0a 0001 01 05 0102030405 00", (3, 9)),
        ("80 0f 02 0002", (3, 9)),
        ("80 0f 04 0002 01", (3, 5)),
        ("80 0e 30 0002", (3, 5)),
        ("80 0f 03 0002 01 80 0f 03 0002 01", (3, 1)),
        ("80 0f 04 0001 01 21", (3, 10)),
    ],
)
def test_what_ends_a_session(attributes, code):
    refused(code, Reader().read, update(attributes))


def test_families_that_were_not_agreed_on_are_passed_over():
    only4 = Reader(families=frozenset({V4}))
    assert only4.read(update("80 0f 05 0002 01 08 20")).withdrawn == {}
    assert only4.read(update("80 0e 06 0002 01 01 00 00")).announced == {}
    assert Reader().read(update("80 0e 06 0001 85 01 00 00")).announced == {}
    hop = f"{BASE} {PATH} 80 0e 0b 0001 01 04 c0000201 00 08 0a"
    assert Reader().read(update(hop)).announced == {V4: [TEN]}
    for bad in ("::", "::1", "ff02::1"):
        reach = f"80 0e 17 0002 01 10 {IPv6Address(bad).packed.hex()} 00 08 20"
        assert Reader().read(update(f"{BASE} {PATH} {reach}")).announced == {}


def test_an_attribute_that_is_cut_short_is_a_fault():
    found = Reader().read(update(f"{GOOD} 40", "08 0a"))
    assert "cut short" in found.treated_as_withdraw
    found = Reader().read(update(f"{GOOD} 50 08 00", "08 0a"))
    assert "cut short" in found.treated_as_withdraw
    found = Reader().read(update(f"{GOOD} c0 08 05 00000000", "08 0a"))
    assert "attribute 8 overruns" in found.treated_as_withdraw
