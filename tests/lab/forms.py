"""Every command form that an FRR lists in a node, what stands for its placeholders, and how we read what it shows.

Each form gets a context of its own: a route map, or a BGP instance in a VRF. So one load answers for hundreds of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.render import render
from tests.lab.router import LabError, Router

EXTERNAL, INTERNAL, GROUP, OTHER = "192.0.2.1", "192.0.2.3", "G", "192.0.2.5"
_BGP: Final = (
    "neighbor G peer-group",
    f"neighbor {EXTERNAL} remote-as 65002",
    f"neighbor {INTERNAL} remote-as 65001",
)
NODES: Final = {
    "router bgp": ("router bgp 65001{vrf}",),
    "ipv4 unicast": ("router bgp 65001{vrf}", "address-family ipv4 unicast"),
    "ipv6 unicast": ("router bgp 65001{vrf}", "address-family ipv6 unicast"),
    "route-map": ("route-map {name} permit 10",),
}
"""The lines that lead into each node of which every VRF has its own."""
_SKIPPED: Final = re.compile(
    r"(no|show|do|exit|end|quit|list|find|output|write|debug|clear|terminal|configure|echo|log|copy|ping|traceroute|"
    r"enable|disable|mtrace|start-shell|ssh|telnet|who|banner|config|call|mgmt|XFRR_end_configuration|"
    r"exit-.*|address-family|route-map [A-Z].*|vnc|rfp|bmp|segment-routing)( .*)?"
)
"""Commands that configure nothing in the node, or lead into another one."""
_VALUES: Final = {
    "A.B.C.D": "192.0.2.9",
    "A.B.C.D/M": "198.51.100.0/24",
    "X:X::X:X": "2001:db8::9",
    "X:X::X:X/M": "2001:db8:5::/48",
    "ASN:NN_OR_IP-ADDRESS:NN": "65010:5",
    "RTLIST": "65010:7",
    "EXTCOMM_LIST_NAME": "E1",
    "ASNUM": "65010",
    "AA:NN": "65010:7",
    "AA:BB:CC": "65010:7:8",
    "ESI": "00:11:22:33:44:55:66:77:88:99",
    "X:X:X:X:X:X": "00:11:22:33:44:55",
    "PGNAME": "G",
    "PEER_GROUP": "G",
    "BANDWIDTH": "10",
    "INTERFACE": "eth0",
    "IFNAME": "eth0",
}
_INSTEAD: Final = {
    "set local-preference W1": "set local-preference +20",
    "set ipv6 next-hop local 2001:db8::9": "set ipv6 next-hop local fe80::9",
    "set extcommunity color 65010:7": "set extcommunity color 01:7",
}
"""Where a placeholder stands for something else than usually."""
_SPILLS: Final = re.compile("distance [0-9]+ [^ ]+/.*")
"""What FRR shows in every instance when one has it."""
_TOP: Final = ("bgp community alias 65010:77 A1", "vrf BASE", "exit")
_INSTANCES: Final = 12
"""So many instances of a form at most."""
_TOKEN: Final = re.compile(r"\.\.\.|[<>\[\]{}|]|![\[]|[^<>\[\]{}|\s]+?(?=\.\.\.)|[^<>\[\]{}|\s!]+|!")


class Instance(NamedTuple):
    """A form with something in the place of each placeholder."""

    form: str
    line: str


@dataclass
class Row:
    """How the instances of a form are read; `left` are those of which something is left over."""

    node: str
    form: str
    verdicts: dict[str, str] = field(default_factory=dict)

    @property
    def read(self) -> str:
        """Give one word for all: wrong, left over, partly, modelled, or why none was seen."""
        seen = set(self.verdicts.values()) - {"refused", "not shown"}
        if "wrong" in seen:
            return "wrong"
        if not seen:
            return "refused" if set(self.verdicts.values()) == {"refused"} else "not shown"
        return "partly" if len(seen) > 1 else seen.pop()

    @property
    def record(self) -> dict[str, Any]:
        """Give what the data of a version keeps of it."""
        bad = [line for line, verdict in self.verdicts.items() if verdict in {"wrong", "left over"}]
        return {"node": self.node, "form": self.form, "read": self.read, **({"left": bad} if bad else {})}


def forms(router: Router, node: str) -> list[str]:
    """Give the forms that an FRR lists in a node, without those that lead elsewhere."""
    enter = [line.format(vrf="", name="M") for line in NODES[node]]
    said = router.vtysh("configure terminal", *enter, "list")
    found = (" ".join(line.split()) for line in said.splitlines() if line.startswith("  "))
    return list(dict.fromkeys(one for one in found if not _SKIPPED.fullmatch(one.removeprefix("[no] "))))


def expanded(form: str) -> list[str]:
    """Give lines of a form: each choice once, each option with and without."""
    tokens = _TOKEN.findall(form.removeprefix("[no] ").replace("$", " $"))
    tokens = [token for token in tokens if not token.startswith("$")]
    sequences, rest = _alternatives(tokens)
    assert not rest, (form, rest)
    lines = [" ".join(words) for words in sequences]
    return list(dict.fromkeys(lines))[:_INSTANCES]


def _alternatives(tokens: Sequence[str]) -> tuple[list[list[str]], Sequence[str]]:
    """Read up to a closing bracket: every alternative, and the tokens that are left."""
    found: list[list[str]] = []
    current: list[list[str]] = [[]]
    while tokens and tokens[0] not in {">", "]", "}"}:
        token, tokens = tokens[0], tokens[1:]
        if token == "|":
            found, current = found + current, [[]]
            continue
        if token in {"<", "[", "{", "!["}:
            inner, tokens = _alternatives(tokens)
            tokens = tokens[1:]
            if token == "[":
                inner = [[], *inner]
        elif token in {"...", "!"}:
            continue
        else:
            inner = [[_word(token)]]
        # each alternative once, not every combination; an option behind each of what came before
        before, first = current, current[0]
        current = [had + inner[0] for had in before] + [first + other for other in inner[1:]]
        if token == "[" and len(inner) > 1:
            current += [had + inner[1] for had in before[1:]]
    return found + current, tokens


def _word(token: str) -> str:
    if token in _VALUES:
        return _VALUES[token]
    if span := re.fullmatch(r"\((-?\d+)-(\d+)\)", token):
        low, high = int(span[1]), int(span[2])
        return str(min(high, max(low, 20)))
    if token.endswith(("LIST", "NAME")) or re.fullmatch("[A-Z][A-Z0-9_-]+", token):
        return f"{token[0]}1"
    return token


def instances(found: Iterable[str]) -> Iterator[Instance]:
    """Give the instances of forms; a neighbor is the external one."""
    for form in found:
        for line in expanded(form):
            peer = "eth5" if form.startswith("neighbor WORD interface") else EXTERNAL
            known = re.sub(r"^neighbor [^ ]+", f"neighbor {peer}", line) if form != "neighbor WORD peer-group" else line
            yield Instance(form, _INSTEAD.get(known, known))


def _block(node: str, name: str, line: str) -> list[str]:
    enter = [one.format(vrf=f" vrf {name}", name=name) for one in NODES[node]]
    if node == "route-map":
        return [*enter, f" {line}", "exit"]
    # what an instance has by default counts for the neighbors behind it
    first = (line, *_BGP) if line.startswith("bgp default ") else (*_BGP, *enter[1:], line)
    inner = [f" {one}" for one in first]
    return [enter[0], *inner, *([" exit-address-family"] if len(enter) > 1 else []), "exit"]


def shown(text: str) -> dict[str, Counter[str]]:
    """Give the lines of each route map and BGP instance of a running configuration, by name."""
    found: dict[str, Counter[str]] = {}
    lines: Counter[str] = Counter()
    for line in text.splitlines():
        head = re.fullmatch(r"(?:router bgp 65001 vrf|route-map) ([^ ]+)(?: permit 10)?", line)
        if head:
            lines = found.setdefault(head[1], Counter())
        elif not line.startswith(" "):
            lines = Counter()
        elif not re.match(r"\s+(!|exit|address-family )", line):
            lines[line.strip()] += 1
    return found


def judge(router: Router, node: str, wanted: Sequence[Instance]) -> dict[Instance, str]:
    """Load each instance in a context of its own, read what is shown, load what is rendered, compare.

    Raises LabError if a daemon dies of it, or FRR shows none of them.
    """
    alone = [one for one in wanted if _SPILLS.fullmatch(one.line)]
    if alone and len(wanted) > 1:
        together = judge(router, node, [one for one in wanted if one not in alone])
        return together | {one: judge(router, node, [one])[one] for one in alone}
    verdicts: dict[Instance, str] = {}
    names = {f"F{number}": one for number, one in enumerate(wanted)}
    for name in _refused(router, node, names):
        verdicts[names.pop(name)] = "refused"
    _, first, _ = _tried(router, node, names)
    had = shown(first)
    base = Counter() if node == "route-map" else Counter(_BGP)
    parsed = parse(first, name="r1", frr_version=router.frr.version)
    left: dict[str, Counter[str]] = {}
    for leftover in parsed.leftovers:
        place = re.search(r"(?:vrf|route-map) ([^ ]+)", " ".join(leftover.context[:1]))
        lines = [one for one in (*leftover.context[1:], leftover.line) if not one.startswith("address-family ")]
        left.setdefault(place[1] if place else "", Counter()).update(lines)
    _, second = _loaded(router, render(parsed.router))
    again = shown(second)
    for name, one in names.items():
        lines, kept = had.get(name, Counter()), again.get(name, Counter())
        if lines == base:
            verdicts[one] = "not shown"
        elif kept - lines or (lines - kept and not left.get(name)):
            verdicts[one] = "wrong"
        else:
            verdicts[one] = "left over" if left.get(name) else "modelled"
    return verdicts


def _refused(router: Router, node: str, names: Mapping[str, Instance]) -> set[str]:
    """Find what FRR refuses: one such line takes its whole transaction with it, and FRR does not always name it."""
    try:
        said, _, refused = _tried(router, node, names)
    except LabError:
        said, refused = "failed", set()
    whole = not re.search("(?i)fail", said)
    if (whole and not refused) or not names:
        return refused
    if len(names) == 1:
        return set(names)
    if refused:
        return refused | _refused(router, node, {name: one for name, one in names.items() if name not in refused})
    middle = len(names) // 2
    items = list(names.items())
    return _refused(router, node, dict(items[:middle])) | _refused(router, node, dict(items[middle:]))


def _tried(router: Router, node: str, names: Mapping[str, Instance]) -> tuple[str, str, set[str]]:
    """Load instances: what vtysh says, what FRR then shows, and which of them vtysh names as refused."""
    text, starts = [*_TOP, *_block(node, "BASE", "")], {}
    for name, one in names.items():
        block = _block(node, name, one.line)
        starts |= {len(text) + offset + 1: name for offset in range(len(block))}
        text += block
    said, first = _loaded(router, "\n".join([*text, ""]))
    refused = {starts.get(int(number), "") for number in re.findall(r"line (\d+): ", said)} - {""}
    return said, first, refused


def _loaded(router: Router, text: str) -> tuple[str, str]:
    """Load a text into an FRR that is started anew: what vtysh says, and what FRR then shows."""
    router.restart("", options={"bgpd": ["-M", "rpki"]})
    said = router.load(text)
    dead = [daemon for daemon in router.daemons if not router.alive(daemon)]
    if dead:
        raise LabError(f"{dead} died: {said[-500:]}")
    return said, router.running_config()


def sweep(router: Router, node: str) -> list[Row]:
    """Judge every form of a node: those that are refused for an external neighbor for the others, too."""
    listed = forms(router, node)
    rows = {form: Row(node, form) for form in listed}
    waiting = list(instances(listed))
    for peer in (EXTERNAL, INTERNAL, GROUP):
        again = []
        asked = {
            one: Instance(one.form, one.line.replace(f"neighbor {EXTERNAL}", f"neighbor {peer}")) for one in waiting
        }
        verdicts = judge(router, node, list(asked.values()))
        for one, other in asked.items():
            rows[one.form].verdicts[one.line] = verdicts[other]
            if verdicts[other] == "refused" and one.line.startswith("neighbor "):
                again.append(one)
        waiting = again
        if not waiting:
            break
    return list(rows.values())
