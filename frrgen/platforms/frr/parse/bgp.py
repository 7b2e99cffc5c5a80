"""The lines of `router bgp` and of its address families -> the data of a BGP instance."""

from __future__ import annotations

import re
from functools import partial
from ipaddress import ip_address
from typing import Final

from frrgen.errors import Path
from frrgen.lines.rule import Data, RuleTable
from frrgen.model.types import FAMILIES, SESSION_FAMILIES, is_address, is_number
from frrgen.platforms.frr.grammar.bgp import FAMILY, INSTANCE, LISTEN
from frrgen.platforms.frr.grammar.entries import masked
from frrgen.platforms.frr.grammar.evpn import EVPN, OF_NEIGHBOR, VNI
from frrgen.platforms.frr.grammar.neighbor import NEIGHBOR, NEIGHBOR_FAMILY
from frrgen.platforms.frr.grammar.top import GLOBAL
from frrgen.platforms.frr.parse.beyond import opens
from frrgen.platforms.frr.parse.contexts import Context, lacked, opens_nothing
from frrgen.platforms.frr.parse.fates import Fates, Owner

_PEER: Final = re.compile(r"(no )?neighbor ([^ ]+) (.*)")
_MAKES: Final = re.compile(r"neighbor ([^ ]+) (?:remote-as|peer-group|interface)(?: .*)?")
_FAMILIES: Final = {family.replace("_", " "): family for family in SESSION_FAMILIES}
_EXCLUSIVE: Final = {"prefix-list": "distribute_list", "distribute-list": "prefix_list"}
_DEFAULT: Final = re.compile(r"(?:no )?bgp default ipv([46])-unicast")
_BESIDE: Final = {"ebgp-multihop": "ttl_security_hops", "ttl-security": "ebgp_multihop"}
_ONLY: Final = {
    rule.form.split("[")[0].split(" ")[0]: rule.only
    for table in (NEIGHBOR, NEIGHBOR_FAMILY)
    for rule in table.rules
    if rule.only
}
"""First words of options that FRR refuses for neighbors that are not internal, or not external."""
_TARGET: Final = re.compile("[0-9.]+:[0-9]+")
"""A route target that the model has: FRR 10 also takes `*:N` and `auto`."""
_VPN: Final = re.compile("(rd|label|rt|nexthop|route-map) vpn .+|(import|export) vpn")
"""What FRR refuses behind `import vrf`."""


class InstanceReader:
    """Reads one BGP instance."""

    def __init__(self, owner: Owner, fates: Fates, top: Owner, version: tuple[int, ...]) -> None:
        """`top` is the router: a line of it stands in `router bgp`."""
        self.owner = owner
        self.version = version
        self.fates = fates
        self.top = top
        self.groups: Data = owner.data.setdefault("peer_groups", {})
        self.neighbors: Data = owner.data.setdefault("neighbors", {})

    def context(self) -> Context:
        """Return the context of `router bgp`."""
        return Context(self.owner.context, self.read, self.open, self.lost, itself=self.owner.lost)

    def lost(self, line: str) -> Path:
        """Return the neighbor or group that is lost with a line, or the instance."""
        if line == "bgp default ipv6-unicast":
            # each neighbor that is made would be active where the model does not know it
            return self.owner.lost
        made = _MAKES.fullmatch(line)
        return (*self.owner.lost, "neighbors", made[1]) if made else ()

    def open(self, line: str) -> Context | None:
        """Open an address family."""
        if line in {"address-family ipv4", "address-family ipv6"}:
            line = f"{line} unicast"
        family = _FAMILIES.get(line.removeprefix("address-family "))
        if family is not None and line.startswith("address-family "):
            enter, itself = (*self.owner.context, line), self.owner.lost
            opened = opens_nothing if family in FAMILIES else partial(self._open_vni, enter)
            return Context(enter, lambda inner: self._read_family(inner, family), opened, itself=itself)
        return lacked((*self.owner.context, line)) if opens(self.owner.context, line) else None

    def _open_vni(self, around: Path, line: str) -> Context | None:
        number = line.removeprefix("vni ")
        if not line.startswith("vni ") or not is_number(number):
            return None
        path: Path = ("l2vpn_evpn", "vnis", number)
        data = self.owner.data.setdefault("l2vpn_evpn", {}).setdefault("vnis", {}).setdefault(number, {})
        self._said(path, line)

        return Context(
            (*around, line),
            lambda inner: self._read_evpn(inner, VNI, data, path),
            opens_nothing,
            itself=self.owner.lost,
        )

    def _read_evpn(self, line: str, table: RuleTable, data: Data, owner: Path) -> bool:
        """Read a line of EVPN, or of a VNI: FRR 10 takes several route targets at once, and shows a line for each."""
        words = line.split(" ")
        if words[0] == "route-target" and len(words) > 2:
            ways = ("import", "export") if words[1] == "both" else (words[1],)
            lines = [f"route-target {way} {target}" for target in words[2:] for way in ways]
            if not all(_TARGET.fullmatch(target) for target in words[2:]):
                return False
        else:
            lines = [line]
        paths = [table.read(one, data) for one in lines]
        return all(path is not None and self._said((*owner, *path), line) for path in paths)

    def _table(self, table: RuleTable, line: str, owner: Owner | None = None) -> bool:
        owner = owner or self.owner
        path = table.read(line, owner.data)
        return path is not None and owner.said(path, line, self.fates.number)

    def _said(self, path: Path, line: str) -> bool:
        return self.owner.said(path, line, self.fates.number)

    def read(self, line: str) -> bool:
        """Read a line of `router bgp`."""
        peer = _PEER.fullmatch(line)
        if peer is not None:
            return self._neighbor(line, peer)
        if line.startswith("bgp route-map delay-timer "):
            return self._table(GLOBAL, line, self.top)
        last = line.rpartition(" ")[2]
        if line.startswith("bgp cluster-id ") and is_number(last) and int(last) < 1 << 32:
            line = f"bgp cluster-id {ip_address(int(last))}"
        if line.startswith("bgp bestpath med ") and len(line.split(" ")) == 5:
            words = line.split(" ")
            one, other = (self._table(INSTANCE, f"bgp bestpath med {word}") for word in words[3:])
            return one and other
        if line.startswith("bgp shutdown message "):
            # FRR does not show the message, so the model has none
            line = "bgp shutdown"
        if said := _DEFAULT.fullmatch(line):
            self._keep_active(f"ipv{said[1]}_unicast")
        if line.startswith("bgp listen range "):
            words = line.split(" ")
            words[3] = masked(words[3])
            if words[-1] not in self.groups or "remote_as" not in self.groups[words[-1]]:
                # FRR wants to know the AS of those who come
                return False
            return self._table(LISTEN, " ".join(words))
        # without an address family in the text, FRR means ipv4 unicast
        return self._table(INSTANCE, line.removesuffix(" no-as-set")) or self._read_family(line, "ipv4_unicast")

    def _keep_active(self, family: str) -> None:
        """Keep what is active of the neighbors that are there: the default counts where a neighbor is made."""
        default = self.owner.data.get(f"default_{family}", family == "ipv4_unicast")
        for one in (*self.groups.values(), *self.neighbors.values()):
            # a member is active where its group is
            if "peer_group" not in one:
                one.setdefault(family, {}).setdefault("activate", default)

    def _neighbor(self, line: str, match: re.Match[str]) -> bool:
        negated, peer, rest = match[1] or "", _canonical_address(match[2]), match[3]
        words = rest.split(" ")
        if not negated and rest == "peer-group":
            self.groups.setdefault(peer, {})
            return self._said(("peer_groups", peer), line)
        if not negated and words[0] == "interface" and peer not in self.groups:
            return self._interface(line, peer, words)
        if not negated and words[0] in {"remote-as", "peer-group"} and len(words) == 2:
            return self._make(line, peer, words)
        data: Data | None = self.groups.get(peer, self.neighbors.get(peer))
        if data is None:
            return False
        if not negated and rest in {"ebgp-multihop 1", "tcp-mss 0"}:
            # the one is the default; the other FRR 8.4 shows for a member whose group has an MSS
            return self.fates.ignore(line, "it is the default")
        if not negated and words[0] in {"ebgp-multihop", "oad"} and self._is_internal(data):
            return self.fates.ignore(line, f"over iBGP FRR has no {words[0]}")
        if not negated and _BESIDE.get(words[0]) in data:
            # FRR refuses the one beside the other
            return False
        if negated and rest == "capability extended-nexthop" and peer in self.neighbors and not is_address(peer):
            # an unnumbered neighbor cannot do without
            return False
        if not negated and words[0] == "bfd":
            data.setdefault("bfd", {})
            if len(words) == 4 and all(is_number(word) for word in words[1:]):
                return rest == "bfd 3 300 300" and self._said(("neighbors", peer, "bfd"), line)
        if not negated and words[0] == "update-source":
            rest = f"update-source {_canonical_address(words[-1])}"
        if not negated and self._refuses(words, data):
            return False
        owner_path = self._owner_path(peer)
        if (path := NEIGHBOR.read(negated + rest, data)) is not None:
            return self._said((*owner_path, *path), line)
        # without an address family in the text, FRR means ipv4 unicast
        return self._family_option(line, peer, data, negated + rest, "ipv4_unicast")

    def _owner_path(self, peer: str) -> Path:
        return ("peer_groups" if peer in self.groups else "neighbors", peer)

    def _make(self, line: str, peer: str, words: list[str]) -> bool:
        if words[0] == "peer-group" and (words[1] not in self.groups or peer in self.groups):
            # FRR wants the group first
            return False
        if peer not in self.groups and peer not in self.neighbors and not is_address(peer):
            # and an interface that is named as one
            return False
        data: Data = self.groups[peer] if peer in self.groups else self.neighbors.setdefault(peer, {})
        if words[0] == "peer-group" and not self._joins(peer, data, words[1]):
            return False
        of_group = self.groups.get(str(data.get("peer_group")), {}).get("remote_as")
        if words[0] == "remote-as" and of_group is not None and not self._may_differ(words[1], str(of_group)):
            return False
        data[words[0].replace("-", "_")] = words[1]
        if words[0] == "remote-as" and self._is_internal(data) and "ebgp_multihop" in data:
            self.owner.drop((*self._owner_path(peer), "ebgp_multihop"), self.fates)
        return self._said(self._owner_path(peer), line)

    def _joins(self, peer: str, data: Data, name: str) -> bool:
        """Make a neighbor a member of a group, as FRR does: active where the group is; False where FRR refuses it."""
        if data.get("peer_group", name) != name:
            return False
        own, of_group = data.get("remote_as"), self.groups[name].get("remote_as")
        if own is not None and of_group is not None and not self._may_differ(str(own), str(of_group), joins=True):
            return False
        for family in _FAMILIES.values():
            self.owner.drop(("neighbors", peer, family, "activate"), self.fates)
        return True

    def _may_differ(self, own: str, of_group: str, *, joins: bool = False) -> bool:
        """Tell whether FRR takes the AS of a member beside the one of its group."""
        if own == of_group:
            return True
        if self.version >= (10, 7):
            # FRR does, and the model lacks it: the group's counts there
            return False
        internal = [one in {"internal", str(self.owner.data.get("asn"))} for one in (own, of_group)]
        return joins and internal[0] == internal[1]

    def _refuses(self, words: list[str], data: Data) -> bool:
        """Tell whether FRR refuses an option for a neighbor of this AS."""
        remote = data.get("remote_as") or self.groups.get(str(data.get("peer_group")), {}).get("remote_as")
        if remote is None:
            return False
        if words[0] in _ONLY and not (words[0] == "remove-private-AS" and words[1:]):
            # with `all` or `replace-AS` FRR takes remove-private-AS over iBGP, too
            return (_ONLY[words[0]] == "internal") != self._is_internal(data)
        if words[0] == "local-as" and len(words) > 1:
            asn = str(self.owner.data.get("asn"))
            if words[1] == asn or (self.version < (9,) and words[1] == str(remote)):
                return True
            return self.version < (9,) and self._is_internal(data)
        return False

    def _interface(self, line: str, peer: str, words: list[str]) -> bool:
        if is_address(peer) and (len(words) != 2 or words[1] == "v6only"):
            # to FRR this is an unnumbered neighbor whose interface is called like an address
            return False
        data = self.neighbors.setdefault(peer, {})
        if is_address(peer):
            data["interface"] = words[-1]
            return self._said(("neighbors", peer), line)
        if "v6only" in words:
            data["v6only"] = True
        for word, name in (("remote-as", "remote_as"), ("peer-group", "peer_group")):
            if word in words[:-1]:
                data[name] = words[words.index(word) + 1]
        if data.get("peer_group", peer) not in {peer, *self.groups}:
            # FRR makes the neighbor, of no group
            del data["peer_group"]
            return False
        return self._said(("neighbors", peer), line)

    def _is_internal(self, data: Data) -> bool:
        group = self.groups.get(str(data.get("peer_group")), {})
        remote = data.get("remote_as") or group.get("remote_as")
        return remote == "internal" or (remote is not None and str(remote) == str(self.owner.data.get("asn")))

    def _family_option(self, line: str, peer: str, data: Data, rest: str, family: str) -> bool:
        own: Data = data.get(family, {})
        words = rest.split(" ")
        if self._refuses(words, data):
            return False
        if rest == "next-hop-self" and own.get("next_hop_self") == "force":
            return False
        if rest == "next-hop-self force" and own.get("next_hop_self") is True:
            # FRR keeps both, and the one that forces counts
            self.owner.drop((*self._owner_path(peer), family, "next_hop_self"), self.fates)
        beside = _EXCLUSIVE.get(words[0])
        if beside is not None and f"{beside}_{words[-1]}" in own:
            # a neighbor has a prefix list or a distribute list, not both
            return False
        if peer in self.groups and rest.startswith("soo "):
            # the model refuses it on a group
            return False
        data[family] = own
        path = OF_NEIGHBOR[family].read(rest, own)
        return path is not None and self._said((*self._owner_path(peer), family, *path), line)

    def _read_family(self, line: str, family: str) -> bool:
        peer = _PEER.fullmatch(line)
        if peer is not None:
            return self._neighbor_in_family(line, peer, family)
        words = line.split(" ")
        if words[0] in {"network", "aggregate-address"} and len(words) > 1:
            words = _with_mask(words)
            line = " ".join(words)
        data = self.owner.data.setdefault(family, {})
        if family not in FAMILIES:
            return self._read_evpn(line, EVPN, data, (family,))
        leaks = data.get("vrf_leaking", {})
        if _VPN.fullmatch(line) and "import_vrf" in leaks:
            return False
        if words[:3] == ["rt", "vpn", "both"]:
            leaking = data.setdefault("vrf_leaking", {})
            leaking["rt_import"] = leaking["rt_export"] = words[3:]
            return self._said((family, "vrf_leaking"), line)
        numbered = words[0] == "redistribute" and len(words) > 2 and words[1] in {"table", "table-direct", "ospf"}
        if numbered and is_number(words[2]):
            return self._redistribute_table(words, family)
        if words[:2] == ["bgp", "dampening"]:
            defaults = ["15", "750", "2000", "60"]
            if len(words) == 3:
                defaults[0] = words[2]
            line = f"bgp dampening {' '.join(defaults)}" if len(words) < 4 else line
        path = FAMILY.read(_reordered(line), data)
        return path is not None and self._said((family, *path), line)

    def _neighbor_in_family(self, line: str, match: re.Match[str], family: str) -> bool:
        name, rest = _canonical_address(match[2]), match[3]
        data = self.groups.get(name, self.neighbors.get(name))
        if data is None:
            return False
        if family not in FAMILIES:
            return self._family_option(line, name, data, (match[1] or "") + rest, family)
        if rest == "send-community standard" and match[1]:
            rest = "send-community"
        if rest in {"send-community all", "send-community both"}:
            words = ("standard", "extended", "large") if rest.endswith("all") else ("standard", "extended")
            said = data.setdefault(family, {}).get("send_community", ("standard", "extended", "large"))
            data[family]["send_community"] = (
                tuple(word for word in said if word not in words) if match[1] else tuple(dict.fromkeys((*said, *words)))
            )
            return self._said((*self._owner_path(name), family, "send_community"), line)
        if not match[1] and rest.split(" ")[0] == "send-community" and rest != "send-community extended rpki":
            word = rest.removeprefix("send-community").strip() or "standard"
            said = data.get(family, {}).get("send_community")
            if said is not None and word not in said:
                data[family]["send_community"] = (*said, word)
            return self._said((*self._owner_path(name), family, "send_community"), line)
        if rest == "next-hop-self all":
            rest = "next-hop-self force"
        return self._family_option(line, name, data, (match[1] or "") + rest, family)

    def _redistribute_table(self, words: list[str], family: str) -> bool:
        line = " ".join([words[0], f"{words[1]}\x00{words[2]}", *words[3:]])
        data: Data = {}
        if FAMILY.read(line, data) is None:
            return False
        ((key, value),) = data["redistribute"].items()
        key = key.replace("\x00", " ")
        self.owner.data.setdefault(family, {}).setdefault("redistribute", {})[key] = value
        return self._said((family, "redistribute", key), " ".join(words))


def _canonical_address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        return text


def _with_mask(words: list[str]) -> list[str]:
    """Write `network A.B.C.D mask M`, `A.B.C.D M` and classful `A.B.C.D` with a prefix length."""
    rest = words[2:]
    prefix = words[1]
    if "/" not in prefix:
        if rest[:1] == ["mask"] and len(rest) > 1:
            prefix, rest = f"{prefix}/{rest[1]}", rest[2:]
        elif rest and re.fullmatch(r"[0-9.]+", rest[0]):
            prefix, rest = f"{prefix}/{rest[0]}", rest[1:]
        elif is_number(first := prefix.split(".")[0]):
            prefix = f"{prefix}/{8 if int(first) < 128 else 16 if int(first) < 192 else 24}"
    return [words[0], masked(prefix), *rest]


_ORDERED: Final = {
    "aggregate-address": ("as-set", "summary-only", "route-map", "origin", "matching-MED-only", "suppress-map"),
    "redistribute": ("metric", "route-map"),
    "network": ("route-map", "label-index", "backdoor"),
}
_WITH_VALUE: Final = frozenset({"route-map", "origin", "suppress-map", "metric", "label-index"})


def _reordered(line: str) -> str:
    """Put the options of a line into the order in which FRR shows them."""
    words = line.split(" ")
    order = _ORDERED.get(words[0])
    if order is None or len(words) < 3:
        return line
    options: dict[str, str] = {}
    rest = iter(words[2:])
    for word in rest:
        if word not in order:
            return line
        options[word] = f"{word} {next(rest, '')}" if word in _WITH_VALUE else word
    return " ".join([*words[:2], *(options[word] for word in order if word in options)])
