"""What we write is read by a decoder that is not ours: ExaBGP's, with what its own negotiation makes of both OPENs."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

from exabgp.bgp.message import EOR
from exabgp.bgp.message import Open as TheirOpen
from exabgp.bgp.message import Update as TheirUpdate
from exabgp.bgp.message.action import Action
from exabgp.bgp.message.direction import Direction
from exabgp.bgp.message.notification import Notification as TheirNotification
from exabgp.bgp.message.open.capability import Negotiated
from exabgp.bgp.neighbor import Neighbor
from exabgp.environment import getenv
from exabgp.logger import log
from hypothesis import given
from hypothesis import strategies as st

from frrgen.speaker.table.rib import Encoder
from frrgen.speaker.wire.attributes import AS_TRANS, Attributes, Origin, Writer
from frrgen.speaker.wire.capability import Capabilities, agree
from frrgen.speaker.wire.error import Cease
from frrgen.speaker.wire.message import Notification, Open
from frrgen.speaker.wire.packed_prefix import IPV6_BIT, Family, Key
from tests.speaker.test_rib import attributes, keys, table_of

BOTH = frozenset(Family)
log.init(getenv())
OURS, THEIRS = IPv4Address("192.0.2.1"), IPv4Address("192.0.2.2")
capable = st.builds(
    Capabilities,
    families=st.just(BOTH),
    extended_next_hop=st.booleans(),
    route_refresh=st.booleans(),
    enhanced_refresh=st.booleans(),
    extended_message=st.booleans(),
    add_path_send=st.just(BOTH) | st.just(frozenset()),
    add_path_receive=st.just(BOTH) | st.just(frozenset()),
)


def negotiated(received, sent):
    """Have ExaBGP read both OPENs and agree, as the side that receives."""
    found = Negotiated(Neighbor())
    found.sent(TheirOpen.unpack_message(sent.write()[19:], Direction.OUT, found))
    found.received(TheirOpen.unpack_message(received.write()[19:], Direction.IN, found))
    return found


@given(st.dictionaries(keys, attributes, max_size=30), capable, capable, st.tuples(*[st.booleans()] * 4))
def test_exabgp_reads_in_our_updates_what_we_meant_to_announce(routes, ours, theirs, how):
    asn4, ibgp, drained, old = how
    asn, peer_asn = (4200000001 if asn4 else 65001), 65001 if not asn4 and ibgp else 65002
    # one side may be old: it is told AS_TRANS, and finds our number in AS4_PATH
    ours, theirs = replace(ours, asn=asn if asn4 else None), replace(theirs, asn=peer_asn if asn4 and not old else None)
    agreed = agree(ours, theirs)
    reads = negotiated(Open(asn, 90, OURS, ours), Open(peer_asn, 90, THEIRS, theirs))
    assert (reads.asn4, reads.peer_as) == (agreed.asn4, AS_TRANS if asn4 and old else asn)
    writer = Writer(asn, peer_asn, OURS, IPv6Address("2001:db8::1"), asn4=agreed.asn4, graceful_shutdown=drained)
    encoder = Encoder(writer, agreed)
    announced = {}
    for octets in encoder.announce(table_of(routes).alike(list(routes))):
        update = TheirUpdate.unpack_message(octets[19:], Direction.IN, reads)
        for nlri in update.nlris:
            assert nlri.action == Action.ANNOUNCE
            hop = "2001:db8::1" if ":" in str(nlri.cidr.prefix()) else str(OURS)
            assert str(nlri.nexthop) == hop
            assert (str(nlri.path_info) != "") is (Family.IPV4 in agreed.add_path)
            announced[_key(nlri)] = _said(update.attributes)
    assert announced == {key: _expected(one, writer) for key, one in routes.items()}
    withdrawn = set()
    for octets in encoder.withdraw(routes):
        for nlri in TheirUpdate.unpack_message(octets[19:], Direction.IN, reads).nlris:
            assert nlri.action == Action.WITHDRAW
            withdrawn.add(_key(nlri))
    assert withdrawn == routes.keys()
    ends = [TheirUpdate.unpack_message(octets[19:], Direction.IN, reads) for octets in encoder.end_of_rib()]
    assert all(isinstance(one, EOR) for one in ends)
    assert {str(one.nlris[0].afi) for one in ends} == {"ipv4", "ipv6"}


def _key(nlri):
    prefix = nlri.cidr.prefix()
    key = Key.parse(prefix)
    assert bool(key & IPV6_BIT) is (":" in prefix)
    return key


def _said(found):
    """What ExaBGP found, as plain numbers: by the type of the attribute."""
    known = {
        1: lambda one: one.origin,
        2: lambda one: [int(asn) for part in one.aspath for asn in part],
        4: lambda one: one.med,
        5: lambda one: one.localpref,
        8: lambda one: sorted(int.from_bytes(value.community, "big") for value in one.communities),
        32: lambda one: sorted(value.large_community for value in one.communities),
    }
    return {number: known[number](found[number]) for number in found if number in known}


def _expected(one: Attributes, writer: Writer):
    communities = {*one.communities, *([0xFFFF0000] if writer.graceful_shutdown else [])}
    preference = 100 if one.local_preference is None else one.local_preference
    said = {
        1: Origin(one.origin).value,
        # an empty path is none to ExaBGP
        2: None if writer.ibgp else [writer.local_asn] * (1 + one.prepend),
        4: one.med,
        5: (0 if writer.graceful_shutdown else preference) if writer.ibgp else None,
        8: sorted(communities) or None,
        32: sorted(b"".join(part.to_bytes(4, "big") for part in large) for large in set(one.large_communities)) or None,
    }
    return {number: value for number, value in said.items() if value is not None}


@given(st.text(max_size=300), st.booleans())
def test_exabgp_reads_the_text_of_our_shutdown(text, hard):
    written = Notification.cease(Cease.ADMINISTRATIVE_SHUTDOWN, text, hard=hard).write()
    found = TheirNotification.unpack_message(written[19:], Direction.IN, None)
    assert (found.code, found.subcode) == (6, 9 if hard else 2)
    if not hard:
        said = text.encode()[:255].decode(errors="ignore")
        shown = found.data.decode(errors="replace")
        # ExaBGP reads up to 128 octets, as RFC 8203 had it; RFC 9003 allows 255
        if said and said.isprintable() and len(said.encode()) <= 128:
            assert said in shown
