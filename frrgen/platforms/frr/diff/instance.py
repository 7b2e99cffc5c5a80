"""What changes in one BGP instance: its options, its peer groups, its neighbors, its families."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from frrgen.errors import Path
from frrgen.lines.rule import Impact, Statement
from frrgen.model.bgp import Bgp
from frrgen.model.defaults import Profile, saying_defaults, with_defaults
from frrgen.model.evpn import Vni
from frrgen.model.neighbor import Neighbor, NeighborOptions, PeerGroup
from frrgen.model.types import FAMILIES, SESSION_FAMILIES
from frrgen.platforms.frr.diff.changes import Commands, Delta, Op, delta
from frrgen.platforms.frr.diff.record import Decides, Record, never
from frrgen.platforms.frr.diff.sessions import ConfiguredSession, dynamic, said_by, sessions
from frrgen.platforms.frr.diff.standin import StandIn, StandIns
from frrgen.platforms.frr.grammar.bgp import INSTANCE, LISTEN
from frrgen.platforms.frr.grammar.evpn import OF_INSTANCE
from frrgen.platforms.frr.grammar.layout import (
    Line,
    ObjectPart,
    family_part,
    group_part,
    is_unnumbered,
    neighbor_part,
    raw_blocks,
    starts_shut,
    vni_block,
    vni_context,
)

_AFTER_NEIGHBORS: Final = frozenset({"no bgp deterministic-med"})
"""FRR refuses it while a neighbor has addpath-tx-bestpath-per-AS."""

_HELPER: Final = "graceful-restart-helper"


class Instance:
    """The changes of one BGP instance."""

    def __init__(
        self,
        record: Record,
        commands: Commands,
        version: tuple[int, ...],
        *,
        vrf: str,
        old: Bgp | None,
        new: Bgp,
        standins: StandIns,
    ) -> None:
        self.record = record
        self.commands = commands
        self.version = version
        self.vrf = vrf
        self.old = Bgp(asn=new.asn) if old is None else old
        self.is_new = old is None
        self.new = new
        self.standins = standins
        self._gone_before: dict[str, set[str]] = {}
        self.anew: set[str] = set()
        """The neighbors and groups that are deleted and made again."""
        self.path: Path = ("vrfs", vrf, "bgp") if vrf else ("bgp",)
        self.enter = (f"router bgp {new.asn}{f' vrf {vrf}' if vrf else ''}",)

    def build(self, profile: Profile) -> None:
        """Find the changes and write the commands, in the order that is safe; `profile` is the running FRR's."""
        if self.is_new:
            self.old = saying_defaults(with_defaults(self.old, self.version, profile))
            self.record.change(Op.ADD, self.path, None, self.enter[0])
            self.commands.add(self.enter, [], always=True)
        late = self._instance_options()
        groups, neighbors = self._rebuilt()
        self.anew = groups | neighbors
        # FRR 10.3 deletes no group that a listen range is tied to
        tied = {prefix: group for prefix, group in self.old.listen_ranges.items() if group in groups}
        untied = delta(self._listen(self.old.model_copy(update={"listen_ranges": tied})), [], self.version)
        self.commands.add(self.enter, [*untied.first, *untied.last])
        for name, group in self.new.peer_groups.items():
            self._one(name, group, self.old.peer_groups.get(name), rebuild=name in groups)
        for peer, neighbor in self.new.neighbors.items():
            self._one(peer, neighbor, self.old.neighbors.get(peer), rebuild=peer in neighbors)
        listen = delta(self._listen(self.old), self._listen(self.new), self.version)
        self._take(listen)
        for prefix, dialled in self.old.listen_ranges.items():
            if self.new.listen_ranges.get(prefix) != dialled:
                self.record.session(self.vrf, dynamic(dialled), Impact.RESET, f"listen range {prefix} removed")
        kept = {prefix: group for prefix, group in self.old.listen_ranges.items() if prefix not in tied}
        left = self._listen(self.old.model_copy(update={"listen_ranges": kept}))
        listen = delta(left, self._listen(self.new), self.version)
        # FRR refuses a range that overlaps another
        self.commands.add(self.enter, [*listen.first, *listen.last, *listen.then])
        self._gone_vnis()
        for family in SESSION_FAMILIES:
            self._family(family)
        self._vnis()
        for peer, gone in self.old.neighbors.items():
            if peer not in self.new.neighbors:
                self._gone(neighbor_part(peer, gone, self.old, self.path, canonical=True), peer)
        for name, gone_group in self.old.peer_groups.items():
            if name not in self.new.peer_groups:
                self._gone(group_part(name, gone_group, self.path, canonical=True), None)
        self.commands.add(self.enter, late)
        for block in raw_blocks(self.new, self.path, self.enter[0]):
            self.commands.add_raw(block.enter, self.record.raw(block.enter, block.path, block.raw))

    def _take(
        self,
        found: Delta,
        neighbors: Iterable[str] = (),
        *,
        among: Iterable[ConfiguredSession] = (),
        fresh: bool = False,
        decides: Decides = never,
    ) -> None:
        impact = Impact.NONE if fresh or self.is_new else None
        self.record.take(found, vrf=self.vrf, neighbors=neighbors, among=among, impact=impact, decides=decides)

    def _member_decides(self, session: str, field: str) -> bool:
        """Tell whether a member has an option of its own, before and behind a change of its group."""
        return all(_says(bgp.neighbors.get(session), field) for bgp in (self.old, self.new))

    def _session_decides(self, session: str, field: str) -> bool:
        """Tell whether a neighbor or its group has an option, before and behind a change of the instance."""
        name = field.removeprefix("default_").removesuffix(".mode")
        return all(any(_says(one, name) for one in said_by(bgp, session)) for bgp in (self.old, self.new))

    def _instance_options(self) -> list[str]:
        """Return the lines that must wait until the neighbors are as intended."""
        old, new = (ObjectPart(self.path, INSTANCE.written(bgp, canonical=True)).lines for bgp in (self.old, self.new))
        found = delta(old, new, self.version)
        stay = {one.name for one in sessions(self.new)}
        self._take(found, among=[one for one in sessions(self.old) if one.name in stay], decides=self._session_decides)
        late = [line for line in found.last if line in _AFTER_NEIGHBORS]
        early = [line for line in found.last if line not in _AFTER_NEIGHBORS]
        self.commands.add(self.enter, [*found.first, *found.then, *early])
        return late

    def _listen(self, bgp: Bgp) -> list[Line]:
        return ObjectPart(self.path, LISTEN.written(bgp, canonical=True)).lines

    def _rebuilt(self) -> tuple[set[str], set[str]]:
        """Find what must be deleted and made again: FRR has no other way to change what makes a neighbor."""
        groups = {
            name
            for name, group in self.new.peer_groups.items()
            if name in self.old.peer_groups
            and (self.old.peer_groups[name].remote_as is None) != (group.remote_as is None)
        }
        neighbors = set()
        for peer, neighbor in self.new.neighbors.items():
            old = self.old.neighbors.get(peer)
            if old is None:
                continue
            if (
                neighbor.peer_group in groups
                or old.peer_group in groups
                or _makes(old, self.old, peer) != _makes(neighbor, self.new, peer)
                or self._restarts_otherwise(old, neighbor)
            ):
                neighbors.add(peer)
        return groups, neighbors

    def _restarts_otherwise(self, old: Neighbor, new: Neighbor) -> bool:
        """Tell whether a member must be made again to have the graceful restart that a router has that boots.

        What FRR 10 leaves of the mode of a group with its members depends on the lines that came before; either change
        resets the session (10.3, 10.7.1).
        """
        modes = [
            (None if (group := bgp.group_of(one)) is None else group.graceful_restart, one)
            for bgp, one in ((self.old, old), (self.new, new))
        ]
        was, now = ((group, one.graceful_restart) for group, one in modes)
        return self.version >= (10,) and was != now and any(group is not None for group, _ in modes)

    def _one(self, name: str, one: Neighbor | PeerGroup, old: Neighbor | PeerGroup | None, *, rebuild: bool) -> None:
        if old is not None and not rebuild and old == one and self._same_group(one):
            return
        owner: Path = ("neighbors" if isinstance(one, Neighbor) else "peer_groups", name)
        members = self._members(name, one)
        if rebuild:
            self.commands.add(self.enter, [f"no neighbor {name}"])
            for member in members:
                self.record.session(self.vrf, member, Impact.RESET, "made again")
            old = None
        elif old is None:
            members = []
        self._before_its_kind_changes(name, one, old)
        found = delta(self._lines(name, old, self.old), self._lines(name, one, self.new), self.version)
        if old is not None and self._helps_anyway(one, old):
            found.changes[:] = [
                (change._replace(impact=Impact.NONE), line) if line.rule.field == "graceful_restart" else (change, line)
                for change, line in found.changes
            ]
        decides = self._member_decides if isinstance(one, PeerGroup) else never
        self._take(found, members, fresh=old is None, decides=decides)
        if isinstance(one, PeerGroup) and self.version < (10,):
            # FRR 8.4 tells the members nothing of another form of the line that their group has
            again = [line.undo for change, line in found.changes if change.op is Op.MODIFY and _is_local_as(line)]
            found.first.extend(again)
        early = self._gone_before.get(name, set())
        for lines in (found.first, found.last):
            lines[:] = [line for line in lines if line not in early]
            if isinstance(one, Neighbor) and self.version >= (10,) and f"no neighbor {name} {_HELPER}" in lines:
                # what a member has from its group, though the group has lost it, goes only once it is its own
                lines.insert(lines.index(f"no neighbor {name} {_HELPER}"), f"neighbor {name} {_HELPER}")
        self.commands.add(self.enter, [*found.first, *found.then, *found.last])
        if old is None and isinstance(one, Neighbor) and starts_shut(one, self.new):
            self.commands.add(self.enter, [f"no neighbor {name} shutdown"])
        for family in SESSION_FAMILIES:
            was = [] if old is None else family_part(old, owner, family, self.path, canonical=True).lines
            now = family_part(one, owner, family, self.path, canonical=True).lines
            part = delta(was, now, self.version)
            self._take(part, members, fresh=old is None)
            enter = (*self.enter, f"address-family {family.replace('_', ' ')}")
            # a family comes alive only when its policy is there
            then = sorted(part.then, key=lambda line: line.endswith(" activate") and not line.startswith("no "))
            gone = self._gone_before.get(name, set())
            part.last[:] = [line for line in part.last if line not in gone]
            none = StandIn([], [])
            standin = none if old is None else self.standins.lines.get((self.vrf, name, family), none)
            hidden = [] if old is None or family in FAMILIES else _next_hop(name, one, old)
            self.commands.add(enter, [*standin.on, *part.first, *then, *part.last, *hidden, *standin.off])
            if isinstance(one, PeerGroup):
                self.commands.add(enter, self._lingering(name, family, part))

    def _helps_anyway(self, one: Neighbor | PeerGroup, old: Neighbor | PeerGroup) -> bool:
        """Tell whether a neighbor says that it is a helper, or no more, of an instance whose neighbors are helpers.

        That resets nothing (10.3, 10.7.1), and of a group or a member neither on 8.4.4.
        """
        alone = all(isinstance(each, Neighbor) and each.peer_group is None for each in (one, old))
        if self.version < (10,):
            groups = [bgp.group_of(one) for bgp in (self.old, self.new)]
            alone = all(group is None or group.graceful_restart in {None, "helper"} for group in groups)
        default = self.old.graceful_restart.mode is None and self.new.graceful_restart.mode is None
        return alone and default and {one.graceful_restart, old.graceful_restart} == {None, "helper"}

    def _lingering(self, group: str, family: str, found: Delta) -> list[str]:
        """Return the lines that take from members what FRR leaves with them when their group has it no more."""
        lines: list[str] = []
        for change, statement in found.changes:
            if change.op is not Op.REMOVE or not statement.rule.lingers:
                continue
            for peer, neighbor in self.new.neighbors.items():
                stays = peer in self.old.neighbors and neighbor.peer_group == group
                if stays and statement.rule.get(getattr(neighbor, family)) is None:
                    lines += [
                        text.replace(f"neighbor {group} ", f"neighbor {peer} ", 1)
                        for text in (statement.text, statement.undo)
                    ]
        return lines

    def _before_its_kind_changes(self, name: str, one: Neighbor | PeerGroup, old: Neighbor | PeerGroup | None) -> None:
        """Take away what FRR refuses to undo once a neighbor has turned from internal to external, or back."""
        if old is None:
            return
        was, will = (
            remote_as in {"internal", bgp.asn}
            for remote_as, bgp in ((old.remote_as, self.old), (one.remote_as, self.new))
        )
        if was == will:
            return
        kind: Path = ("neighbors" if isinstance(one, Neighbor) else "peer_groups", name)
        there = {self.enter: self._lines(name, old, self.old)} | {
            (*self.enter, f"address-family {family.replace('_', ' ')}"): family_part(
                old, kind, family, self.path, canonical=True
            ).lines
            for family in SESSION_FAMILIES
        }
        only = "internal" if was else "external"
        for enter, lines in there.items():
            gone = [line.statement.undo for line in lines if line.statement.rule.only == only]
            self._gone_before.setdefault(name, set()).update(gone)
            self.commands.add(enter, gone)

    def _same_group(self, one: Neighbor | PeerGroup) -> bool:
        """Tell whether the group still gives what a member's own lines depend on: a remote-as, or none."""
        if not isinstance(one, Neighbor) or one.peer_group is None:
            return True
        old, new = (bgp.peer_groups.get(one.peer_group) for bgp in (self.old, self.new))
        return (old is None or old.remote_as is None) == (new is None or new.remote_as is None)

    def _lines(self, name: str, one: Neighbor | PeerGroup | None, bgp: Bgp) -> list[Line]:
        if one is None:
            return []
        if isinstance(one, Neighbor):
            return neighbor_part(name, one, bgp, self.path, canonical=True).lines
        return group_part(name, one, self.path, canonical=True).lines

    def _members(self, name: str, one: Neighbor | PeerGroup) -> list[str]:
        if isinstance(one, Neighbor):
            return [name]
        members = [peer for peer, neighbor in self.old.neighbors.items() if neighbor.peer_group == name]
        if name in self.old.listen_ranges.values():
            members.append(dynamic(name))
        return members

    def _family(self, family: str) -> None:
        path, enter = (*self.path, family), (*self.enter, f"address-family {family.replace('_', ' ')}")
        families = getattr(self.old, family), getattr(self.new, family)
        old, new = (ObjectPart(path, OF_INSTANCE[family].written(one, canonical=True)).lines for one in families)
        found = delta(old, new, self.version)
        self._take(found)
        self.commands.add(enter, [*found.first, *found.then, *found.last, *self._stale_aggregates(new, found)])
        self.commands.add_raw(enter, self.record.raw(enter, path, families[1].raw))

    def _gone_vnis(self) -> None:
        """Take VNIs away while the instance still holds them: FRR refuses it behind `no advertise-all-vni`."""
        for number in self.old.l2vpn_evpn.vnis.keys() - self.new.l2vpn_evpn.vnis.keys():
            *enter, vni = vni_context(self.enter[0], number)
            self.record.change(Op.REMOVE, (*self.path, "l2vpn_evpn", "vnis", str(number)), vni, None)
            self.commands.add(tuple(enter), [f"no {vni}"])

    def _vnis(self) -> None:
        for number, vni in self.new.l2vpn_evpn.vnis.items():
            there = self.old.l2vpn_evpn.vnis.get(number)
            old, new = (
                vni_block(number, one, self.path, self.enter[0], canonical=True) for one in (there or Vni(), vni)
            )
            if there is None:
                self.record.change(Op.ADD, new.path, None, new.enter[-1])
                self.commands.add(new.enter, [], always=True)
            found = delta(old.lines, new.lines, self.version)
            self._take(found)
            self.commands.add(new.enter, [*found.first, *found.then, *found.last])
            self.commands.add_raw(new.enter, self.record.raw(new.enter, new.path, new.raw))

    def _stale_aggregates(self, lines: list[Line], found: Delta) -> list[str]:
        """Return the lines of aggregates that FRR must make again to announce them as `bgp graceful-shutdown` wants.

        The same line makes the aggregate again, and nothing is withdrawn meanwhile (8.4.4, 10.3, 10.7.1).
        """
        if self.is_new or self.old.graceful_shutdown == self.new.graceful_shutdown:
            return []
        texts = [line.statement.text for line in lines if line.statement.slot[0] == "aggregates"]
        return [text for text in texts if text not in found.then]

    def _gone(self, part: ObjectPart, peer: str | None) -> None:
        self.record.change(Op.REMOVE, part.owner, part.texts()[0], None, Impact.RESET)
        self.commands.add(self.enter, [f"no neighbor {part.owner[-1]}{'' if peer else ' peer-group'}"])
        if peer:
            self.record.session(self.vrf, peer, Impact.RESET, "removed")


def _next_hop(name: str, one: Neighbor | PeerGroup, old: Neighbor | PeerGroup) -> list[str]:
    """Return the line that says in EVPN whether FRR lets the next hop be, where a change may have touched that.

    FRR does so by default and hides it: `next-hop-self` ends it, `route-server-client` and the undoing of
    `next-hop-self` bring it, and `attribute-unchanged` says all of it (8.4.4, 10.3, 10.7.1).
    """
    new, was = (
        (part.next_hop_self, part.route_server_client, part.attribute_unchanged)
        for part in (one.l2vpn_evpn, old.l2vpn_evpn)
    )
    if new == was or (isinstance(one, Neighbor) and one.peer_group is not None and not new[-1]):
        return []
    kept = not one.l2vpn_evpn.next_hop_self or one.l2vpn_evpn.route_server_client
    words = one.l2vpn_evpn.attribute_unchanged or (("next-hop",) if kept else ())
    return [f"neighbor {name} attribute-unchanged {' '.join(words)}"] if words else []


def _is_local_as(line: Statement) -> bool:
    return line.rule.field == "local_as"


def _makes(neighbor: Neighbor, bgp: Bgp, peer: str) -> tuple[object, ...]:
    """Return what cannot change on a neighbor: its group, and for an unnumbered neighbor all that makes it."""
    group = bgp.group_of(neighbor)
    from_group = group is not None and group.remote_as is not None
    unnumbered = (neighbor.remote_as, neighbor.v6only) if is_unnumbered(peer) else ()
    return neighbor.peer_group, from_group, neighbor.interface, *unnumbered


def _says(one: NeighborOptions | None, field: str) -> bool:
    return getattr(one, field, None) not in {None, False}
