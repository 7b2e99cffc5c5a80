"""UPDATEs say exactly what is to be said, in as few messages as there can be; an independent decoder agrees."""

from __future__ import annotations

import random
import struct
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frrgen.speaker.table.rib import AdjRibOut, Encoder, Written
from frrgen.speaker.table.table import BLOCK, AnnouncementTable, in_order
from frrgen.speaker.wire.attributes import Attributes, NotAnnounceableError, Origin, Writer
from frrgen.speaker.wire.capability import Agreed, Capabilities, GracefulRestart, agree, read_capabilities
from frrgen.speaker.wire.error import BgpError
from frrgen.speaker.wire.message import Open, Type, read_open
from frrgen.speaker.wire.packed_prefix import Family, Key
from frrgen.speaker.wire.update import Reader

BOTH = frozenset(Family)
WRITER = Writer(65001, 65002, IPv4Address("192.0.2.1"), IPv6Address("2001:db8::1"))
AGREED = Agreed(BOTH, True, False, True, True, False, frozenset(), frozenset(), hard_reset=False)  # noqa: FBT003


def table_of(routes):
    table = AnnouncementTable()
    for key, said in routes.items():
        table.change(key, said)
    return table


def prefixes(network, bits):
    made = st.builds(
        lambda number, length: network((number, length), strict=False),
        st.integers(0, 2**bits - 1),
        st.integers(0, bits),
    )
    return made.map(Key.of)


keys4, keys6 = prefixes(IPv4Network, 32), prefixes(IPv6Network, 128)
keys = keys4 | keys6
attributes = st.builds(
    Attributes,
    origin=st.sampled_from(Origin),
    prepend=st.integers(0, 3),
    med=st.none() | st.integers(0, 2**32 - 1),
    local_preference=st.none() | st.integers(0, 2**32 - 1),
    communities=st.lists(st.integers(0, 2**32 - 1), max_size=3).map(tuple),
    large_communities=st.lists(st.tuples(*[st.integers(0, 2**32 - 1)] * 3), max_size=2).map(tuple),
)


@given(keys)
def test_a_key_is_a_prefix(key):
    assert Key.of(Key.prefix(key)) == key
    assert Key.parse(str(Key.prefix(key))) == key


@given(st.dictionaries(keys, attributes, max_size=60), st.booleans(), st.booleans(), st.booleans())
def test_what_is_announced_and_withdrawn_is_what_the_peer_reads(routes, add_path, ibgp, extended):
    agreed = replace(AGREED, add_path=BOTH if add_path else frozenset(), extended_message=extended)
    encoder = Encoder(replace(WRITER, peer_asn=65001 if ibgp else 65002), agreed)
    reader = Reader(ibgp=ibgp, add_path=agreed.add_path)
    announced, withdrawn = [], []
    for octets in encoder.announce(table_of(routes).alike(list(routes))):
        assert len(octets) <= encoder.longest
        update = reader.read(octets[19:])
        assert (update.treated_as_withdraw, update.discarded) == (None, [])
        announced += [key for found in update.announced.values() for key in found]
    for octets in encoder.withdraw(routes):
        update = reader.read(octets[19:])
        withdrawn += [key for found in update.withdrawn.values() for key in found]
    assert sorted(announced) == sorted(withdrawn) == sorted(routes)


@pytest.mark.parametrize(("lengths", "most"), [((32,), 1.0), ((24, 32), 1.01), (tuple(range(8, 33)), 1.01)])
def test_updates_are_packed_to_the_limit(lengths, most):
    """The least number there can be follows from the octets that have to be said."""
    made = sorted(
        {Key.of(IPv4Network((n << 12 & 0xFFFFFFFF, lengths[n % len(lengths)]), strict=False)) for n in range(50_000)}
    )
    routes = dict.fromkeys(made, Attributes())
    found = list(Encoder(WRITER, AGREED).announce(table_of(routes).alike(made)))
    head = 19 + 4 + 20
    octets = sum(1 + ((key & 0xFF) + 7) // 8 for key in made)
    least = -(-octets // (4096 - head))
    assert least <= len(found) <= least * most + 1


def test_a_million_withdrawals_are_not_one_message():
    made = [Key.of(IPv4Network((n << 8, 24))) for n in range(14_000)]
    found = list(Encoder(WRITER, AGREED).withdraw(made))
    assert all(len(one) <= 4096 for one in found)
    assert sum(len(Reader().read(one[19:]).withdrawn[Family.IPV4]) for one in found) == 14_000


def test_local_preference_is_for_internal_peers_and_never_0_unless_asked():
    external, _ = WRITER.write(Family.IPV4, Attributes(local_preference=200))
    internal, _ = replace(WRITER, peer_asn=65001).write(Family.IPV4, Attributes())
    assert bytes.fromhex("400504") not in external
    assert bytes.fromhex("40050400000064") in internal


def test_graceful_shutdown_says_so_in_a_community_and_to_internal_peers_by_preference():
    octets, _ = replace(WRITER, peer_asn=65001, graceful_shutdown=True).write(Family.IPV4, Attributes())
    assert bytes.fromhex("c00804ffff0000") in octets
    assert bytes.fromhex("40050400000000") in octets


def test_communities_beyond_255_octets_are_written_with_a_long_length():
    said = Attributes(communities=tuple(range(1, 101)), next_hop=IPv4Address("192.0.2.1"))
    octets, _ = WRITER.write(Family.IPV4, said)
    assert bytes([0xD0, 8]) + (400).to_bytes(2, "big") + b"\0\0\0\1" in octets
    assert Reader().read(b"\0\0" + len(octets).to_bytes(2, "big") + octets + b"\x08\x0a").discarded == []


def test_a_peer_of_two_octets_gets_as_trans_and_as4_path():
    octets, _ = replace(WRITER, local_asn=4200000000, asn4=False).write(Family.IPV4, Attributes(prepend=1))
    assert bytes.fromhex("40020602025ba05ba0") in octets
    assert bytes.fromhex("c0110a0202fa56ea00fa56ea00") in octets


def test_an_ipv4_route_over_ipv6_needs_rfc_8950_and_is_refused_with_a_reason_otherwise():
    six = replace(WRITER, next_hop_ipv4=None)
    with pytest.raises(NotAnnounceableError, match="RFC 8950"):
        six.write(Family.IPV4, Attributes())
    octets, reach = replace(six, extended_next_hop=True).write(Family.IPV4, Attributes())
    assert reach == struct.pack("!HBB", 1, 1, 16) + IPv6Address("2001:db8::1").packed + b"\0"
    assert b"\x40\x03\x04" not in octets
    encoder = Encoder(six, AGREED)
    routes = {Key.parse("10.0.0.0/8"): Attributes(), Key.parse("2001:db8::/48"): Attributes()}
    assert len(list(encoder.announce(table_of(routes).alike(list(routes))))) == 1
    assert encoder.refused.keys() == {Key.parse("10.0.0.0/8")}


def test_attributes_that_fill_a_message_are_refused_and_do_not_go_round_for_ever():
    encoder = Encoder(WRITER, AGREED)
    routes = {Key.parse("10.0.0.0/8"): Attributes(communities=tuple(range(1100)))}
    assert list(encoder.announce(table_of(routes).alike(list(routes)))) == []
    assert "do not fit" in encoder.refused[Key.parse("10.0.0.0/8")]


def test_scapy_reads_what_we_write():
    bgp = pytest.importorskip("scapy.contrib.bgp")
    one = Attributes(med=7, communities=(65001 << 16 | 5,), large_communities=((1, 2, 3),))
    routes = {Key.parse(text): one for text in ("10.1.0.0/16", "10.2.3.0/24")}
    bgp.bgp_module_conf.use_2_bytes_asn = False
    (octets,) = Encoder(WRITER, AGREED).announce(table_of(routes).alike(list(routes)))
    update = bgp.BGP(octets)[bgp.BGPUpdate]
    assert {str(one.prefix) for one in update.nlri} == {"10.1.0.0/16", "10.2.3.0/24"}
    found = {attribute.type_code: attribute.attribute for attribute in update.path_attr}
    assert found.keys() >= {1, 2, 3, 4, 8}
    assert found[2].segments[0].segment_value == [65001]
    assert found[3].next_hop == "192.0.2.1"
    assert found[4].med == 7
    assert bytes(found[8]) == struct.pack("!I", 65001 << 16 | 5)
    opened = Open(65001, 90, IPv4Address("192.0.2.1"), Capabilities(asn=65001, families=BOTH, route_refresh=True))
    said = bgp.BGP(opened.write())[bgp.BGPOpen]
    assert (said.version, said.my_as, said.hold_time, said.bgp_id) == (4, 65001, 90, "192.0.2.1")
    assert {one.param_value.code for one in said.opt_params} >= {1}


capabilities = st.builds(
    Capabilities,
    asn=st.none() | st.integers(1, 2**32 - 1),
    families=st.sets(st.sampled_from(Family), min_size=1).map(frozenset),
    extended_next_hop=st.booleans(),
    route_refresh=st.booleans(),
    enhanced_refresh=st.booleans(),
    extended_message=st.booleans(),
    graceful_restart=st.none()
    | st.builds(
        GracefulRestart,
        st.integers(0, 4095),
        st.booleans(),
        st.booleans(),
        st.sets(st.sampled_from(Family)).map(frozenset),
    ),
    add_path_send=st.sets(st.sampled_from(Family)).map(frozenset),
    add_path_receive=st.sets(st.sampled_from(Family)).map(frozenset),
    role=st.sampled_from([None, "provider", "rs-server", "rs-client", "customer", "peer"]),
)


@given(capabilities, st.sampled_from([0, 3, 90, 65535]))
def test_open_is_read_as_it_was_written(said, hold_time):
    asn = 65001 if said.asn is None else said.asn
    made = Open(asn, hold_time, IPv4Address("192.0.2.1"), said)
    assert read_open(made.write()[19:]) == made


def test_what_openers_say_beyond_our_knowledge_is_passed_over():
    """A capability that nobody knows (RFC 5492), and the long-lived restart of RFC 9494."""
    said = Capabilities(asn=65001, families=BOTH)
    more = said.values() + bytes([254, 3, 1, 2, 3]) + bytes([71, 7, 0, 1, 1, 0x80, 0, 0, 60])
    assert read_capabilities(bytes([len(more) + 2, 2, len(more)]) + more) == said


@pytest.mark.parametrize("length", [1, 10, 255])
def test_the_long_form_of_optional_parameters_is_known_by_its_type_alone(length):
    """The short length beside it says nothing then (RFC 9072 section 2), unless it is 0."""
    said = Capabilities(asn=65001, families=BOTH)
    long = struct.pack("!BH", 2, len(said.values())) + said.values()
    head = struct.pack("!BBH", length, 255, len(long))
    assert read_capabilities(head + long) == said
    with pytest.raises(BgpError):
        read_capabilities(b"\0" + head[1:] + long)


def test_capabilities_beyond_255_octets_take_the_form_of_rfc_9072():
    long = b"".join(bytes([2, 6, 128 + n % 100, 4, 1, 2, 3, 4]) for n in range(40))
    assert (
        read_capabilities(
            struct.pack("!BBH", 255, 255, len(long) // 8 * 9)
            + b"".join(long[at : at + 1] + b"\0" + long[at + 1 : at + 8] for at in range(0, len(long), 8))
        ).asn
        is None
    )


@pytest.mark.parametrize(
    ("ours", "theirs", "code"),
    [
        ("provider", "customer", None),
        ("provider", "provider", (2, 11)),
        ("peer", "customer", (2, 11)),
        (None, "peer", None),
    ],
)
def test_roles_must_match(ours, theirs, code):
    one, other = (Capabilities(asn=1, families=BOTH, role=role) for role in (ours, theirs))
    if code is None:
        agree(one, other)
        return
    with pytest.raises(BgpError) as bad:
        agree(one, other)
    assert (bad.value.code, bad.value.subcode) == code


ROUTES = st.dictionaries(keys, st.sampled_from([Attributes(med=n) for n in range(3)]), max_size=30)


@given(ROUTES, ROUTES)
def test_a_table_says_which_keys_changed_and_no_other(before, after):
    table = AnnouncementTable()
    assert sorted(chain(*table.become(table_of(before)))) == sorted(before)
    assert (list(table), len(table)) == (sorted(before), len(before))
    changed = list(chain(*table.become(table_of(after))))
    assert sorted(changed) == sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    assert {key: table.get(key) for key in table} == after
    assert list(table.become(table_of(dict(after)))) == []
    known = {key: said for (said, _), keys in as_pairs(table, list(after)) for key in keys}
    assert known == after


def as_pairs(table, keys):
    return [((said, family), keys) for (_, family), (said, keys) in table.alike(keys).items()]


@pytest.mark.parametrize("seed", range(20))
def test_a_table_of_many_blocks_is_a_map(seed):
    """Filled by runs, then changed one by one: it holds what a dict would."""
    rng = random.Random(seed)
    changes = [(rng.randrange(9 * BLOCK), rng.random() < 0.5) for _ in range(5000)]
    said = [Attributes(med=n) for n in range(2)]
    table, known = AnnouncementTable(), {}
    for start in rng.sample(range(0, 8 * BLOCK, BLOCK // 4), 12):
        run = [Key.of(IPv4Network((n << 8, 24))) for n in range(start, start + rng.choice([3, BLOCK // 4, BLOCK]))]
        again = table.columns[Family.IPV4].fill(run, said[0])
        assert sorted(again) == sorted(known.keys() & set(run))
        known.update(dict.fromkeys(run, said[0]))
    for number, there in changes:
        key = Key.of(IPv4Network((number << 8, 24)))
        wanted = said[1] if there else None
        assert table.change(key, wanted) == (known.get(key) != wanted)
        known.pop(key, None) if wanted is None else known.update({key: wanted})
    assert (list(table), len(table)) == (sorted(known), len(known))
    asked = [*rng.sample(sorted(known), len(known) // 2), Key.parse("250.0.0.0/8")]
    assert {key: one for (one, _), some in as_pairs(table, asked) for key in some} == {
        key: known[key] for key in asked if key in known
    }


@given(st.lists(st.integers(0, 100_000)), st.integers(1, 5))
def test_keys_come_in_order_however_many_parts_they_are_sorted_in(numbers, times):
    made = [Key.of(IPv4Network((n << 8, 24))) for n in numbers * times]
    assert list(in_order(made, Family.IPV4)) == sorted(made)


def whole(written):
    pieces = []
    while (piece := written.piece(len(pieces))) is not None:
        pieces.append(piece)
    return b"".join(pieces)


def test_sessions_that_read_a_table_in_turn_read_the_same_and_it_is_written_once():
    said = [Attributes(med=n) for n in range(3)]
    table = table_of({Key.of(IPv4Network((n << 8, 24))): said[n % 3] for n in range(30_000)})
    rib = AdjRibOut(table)
    written = Written(rib, encoder := Encoder(WRITER, AGREED), [Family.IPV4])
    calls = []
    announce = encoder.announce_alike
    encoder.announce_alike = lambda *args: calls.append(1) or announce(*args)
    one, other = [], []
    for number in range(1000):
        one.append(written.piece(number))
        if number % 2:
            other.append(written.piece(number // 2))
        if one[-1] is None:
            break
    first = len(calls)
    again = whole(written)
    assert b"".join(one[:-1]) == again
    assert len(calls) == first
    assert len(again) > 30_000 * 4


def test_what_changes_while_a_table_is_read_is_left_out_of_it():
    said = Attributes()
    made = [Key.of(IPv4Network((n << 8, 24))) for n in range(4 * BLOCK)]
    table = table_of(dict.fromkeys(made, said))
    written = Written(AdjRibOut(table), Encoder(WRITER, AGREED), [Family.IPV4])
    written.piece(0)
    new = Key.parse("200.0.0.0/24")
    table.change(new, said)
    table.change(made[-1], None)
    written.changed.update({new, made[-1]})
    octets = whole(written)
    seen = set()
    while octets:
        length = int.from_bytes(octets[16:18], "big")
        seen.update(Reader().read(octets[19:length]).announced[Family.IPV4])
        octets = octets[length:]
    assert seen == set(made[:-1])


def test_types_are_those_of_the_rfc():
    assert [kind.value for kind in Type] == [1, 2, 3, 4, 5]
