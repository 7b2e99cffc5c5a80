"""Lines -> the contexts that they stand in, as FRR finds them: tried where they stand, then in the contexts around."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from frrgen.errors import Path
from frrgen.model.types import BLANKS
from frrgen.platforms.frr.grammar.policy import LISTS
from frrgen.platforms.frr.parse.beyond import ended_by, may_open, opens
from frrgen.platforms.frr.parse.fates import Fates
from frrgen.platforms.frr.parse.refusals import why_refused
from frrgen.platforms.frr.parse.words import MEASURED, in_full, is_measured

_ALWAYS: Final = re.compile(
    r"Building configuration\.\.\.|Current configuration:|"
    r"service integrated-vtysh-config|conf(i|ig|igu|igur|igure)?( t(e|er|erm|ermi|ermin|ermina|erminal)?)?|"
    r"ena(b|bl|ble)?"
)
"""Lines that say nothing to the model."""
_ENDS: Final = {"end": "end", **dict.fromkeys(("ex", "exi", "exit", "qu", "qui", "quit"), "exit")}
_EXITS: Final = re.compile(r"(address-family|vrf|vni|vnc|vrf-policy|link-params)( .*)?")
"""Contexts with an exit of their own, where `exi` may be either."""
_LISTED: Final = {kind.words: kind.field for kind in LISTS}
_ONLY_TOP: Final = (*(f"{kind.words} " for kind in LISTS), "ip route ", "ipv6 route ", "no route-map ")
"""What stands at the top level only, so that it ends a context whose commands are not known."""


@dataclass
class Context:
    """A context that is open: its enter line, what reads a line in it, what is called when a line opens one inside."""

    enter: Path
    read: Callable[[str], bool]
    open: Callable[[str], Context | None]
    lost: Callable[[str], Path] = lambda _: ()
    """What is lost with a line that is not read here."""
    itself: Path = ()
    """The part of the router that its lines say."""
    beyond: bool = False
    """Whether the model lacks it: none of its lines is read."""
    indent: int = 0
    """How far in its enter line stands."""
    inferred: bool = False
    """Whether only the indentation says that it is a context."""
    indented: bool = False
    """Whether its lines stand further in than its enter line."""


def reads_nothing(line: str) -> bool:
    """Read no line at all."""
    del line
    return False


def opens_nothing(line: str) -> Context | None:
    """Open no context inside."""
    del line
    return None


def lacked(enter: Path) -> Context:
    """Make a context that the model lacks, in which others may stand."""
    return Context(
        enter, reads_nothing, lambda line: lacked((*enter, line)) if opens(enter, line) else None, beyond=True
    )


class ContextReader:
    """Reads lines in their contexts."""

    def __init__(
        self,
        top: Context,
        fates: Fates,
        version: tuple[int, ...],
        short_cut: Callable[[str], bool],
        *,
        known: bool,
    ) -> None:
        """`short_cut` reads, or does not, a line of the top level as it is. `known`: whether the version was said."""
        self.known = known
        self.top = top
        self.fates = fates
        self.version = version
        self.short_cut = short_cut
        self.stack = [top]
        self.indent = 0
        self.last_left: int | None = None
        self.taken: dict[Path, list[str]] = {}
        """The lines that each context has read."""
        self.doubtful = False
        """Whether a line of the top level was left over, which may have opened a context."""
        self.ended = False
        """Whether an exit of the top level has ended the file: FRR reads nothing behind it."""

    def read(self, lines: Iterable[tuple[int, str]]) -> None:
        """Read every line, given with its number."""
        fates = self.fates
        for number, raw in lines:
            if not raw or raw == "!":
                continue
            fates.number = number
            if not self.ended and self.short_cut(raw):
                fates.modelled.add(number)
                del self.stack[1:]
                self.last_left = None
                continue
            words = raw.split() if raw.isascii() else BLANKS.split(raw.strip(" \t\x0b\x0c\r"))
            line = " ".join(words)
            if not line or line[0] in "!#":
                continue
            if self.ended:
                if not line.startswith(("exit", "end", "quit")):
                    fates.left((), line, self.top.lost(line))
                continue
            self.indent = len(raw) - len(raw.lstrip(" \t"))
            if line in {"ex", "exi"} and _EXITS.fullmatch((self.stack[-1].enter or ("",))[-1]):
                fates.ignore(line, "FRR takes it for either of two commands")
            elif line in _ENDS or line.startswith("exit-"):
                self._leave(_ENDS.get(line, line))
            elif _ALWAYS.fullmatch(line) and not self.stack[-1].beyond:
                fates.ignore(line, "it configures nothing")
            else:
                self._line(line)

    def _leave(self, line: str) -> None:
        stack = self.stack
        self.last_left = None
        if line == "end":
            del stack[1:]
        elif line == "exit":
            while stack[-1].inferred and self.indent < stack[-1].indent:
                stack.pop()
            self.ended = len(stack) == 1 and not self.doubtful
            self.doubtful = False
            del stack[max(1, len(stack) - 1) :]
        elif (depth := ended_by(line, [context.enter[-1] for context in stack[1:]])) is not None:
            del stack[depth + 1 :]

    def _line(self, line: str) -> None:
        self._infer()
        stack = self.stack
        if self.indent > stack[-1].indent:
            stack[-1].indented = True
        for depth in range(len(stack) - 1, -1, -1):
            context = stack[depth]
            if context.beyond and not is_measured(context.enter):
                if self._unmeasured(line, depth):
                    return
                continue
            if self._takes(line, depth):
                return
            if context.beyond and self.version[:2] > MEASURED and self.indent > context.indent:
                self._leave_over(line, depth)
                return
            full = in_full(context.enter, line, self.version)
            if full is not None:
                if full == line or not self._takes(full, depth):
                    self._leave_over(full, depth)
                return
        if _ALWAYS.fullmatch(line):
            self.fates.ignore(line, "it configures nothing")
            return
        self._unknown(line)

    def _takes(self, line: str, depth: int) -> bool:
        """Open what a line opens in a context, or read it there."""
        context = self.stack[depth]
        if self.known and why_refused(context.enter, line, self.version):
            return False
        if self._opened(line, depth):
            return True
        if context.read(line):
            self.fates.modelled.add(self.fates.number)
            self.taken.setdefault(context.enter, []).append(line)
            del self.stack[depth + 1 :]
            return True
        return False

    def _opened(self, line: str, depth: int) -> bool:
        inner = self.stack[depth].open(line)
        if inner is not None:
            inner.indent = self.indent
            self.stack[depth + 1 :] = [inner]
            self.fates.modelled.add(self.fates.number)
        return inner is not None

    def _unmeasured(self, line: str, depth: int) -> bool:
        """Keep a line in a context whose commands are not known; False if it stands further out."""
        context = self.stack[depth]
        if self.indent < context.indent or (context.indented and self.indent == context.indent):
            return False
        family = line.startswith("address-family ") and context.enter[-1].startswith("address-family ")
        if self.indent > context.indent and not family:
            pass
        elif not self.indent and (line.startswith(_ONLY_TOP) or _ALWAYS.fullmatch(line)):
            return False
        elif any(self._opened(line, outer) for outer in range(depth, -1, -1)):
            # nothing but words says where it ends
            return True
        if not self._opened(line, depth):
            self._leave_over(line, depth)
        return True

    def _infer(self) -> None:
        """Open the context that the line before must have opened, for this one stands further in."""
        indent, self.last_left = self.last_left, None
        if indent is None or self.indent <= indent:
            return
        before = self.fates.leftovers[-1]
        top = self.stack[-1]
        if before.context != top.enter or not (top.beyond or len(self.stack) == 1) or not may_open(before.line):
            return
        self.fates.leftovers.pop()
        self.fates.modelled.add(before.number)
        inner = lacked((*before.context, before.line))
        inner.indent, inner.inferred = indent, True
        self.stack.append(inner)

    def _unknown(self, line: str) -> None:
        """Leave over a line that no context has: FRR stays where it is, and only the indentation tells of a block."""
        depth = len(self.stack) - 1
        while depth and self.indent <= self.stack[depth].indent and (self.stack[depth].indented or not self.indent):
            depth -= 1
        self._leave_over(line, depth)

    def _leave_over(self, line: str, depth: int) -> None:
        context = self.stack[depth]
        del self.stack[depth + 1 :]
        why = why_refused(context.enter, line, self.version) if self.known else None
        self.fates.left(context.enter, line, context.lost(line) or self._undone(line, context), why=why or "")
        self.last_left = self.indent
        self.doubtful = self.doubtful or not depth

    def _undone(self, line: str, context: Context) -> Path:
        """Return the part of the router that has not what this line undoes; nothing where it undoes nothing."""
        if not line.startswith("no "):
            return ()
        body = line[3:]
        words = body.split(" ")
        depth = 3 if words[0] == "neighbor" else 2
        if not any(words[:depth] == one.split(" ")[:depth][: len(words)] for one in self.taken.get(context.enter, ())):
            return () if context.enter else _list_of(body)
        if words[0] == "neighbor" and len(words) > 1:
            return (*context.itself, "neighbors", words[1])
        return context.itself


def _list_of(line: str) -> Path:
    """Return the list, map or instance that a line begins with; nothing where it is none."""
    for head, field in _LISTED.items():
        if line.startswith(f"{head} "):
            name = next((word for word in line[len(head) :].split() if word not in {"standard", "expanded"}), "")
            return (field, name)
    words = line.split(" ")
    if words[0] == "route-map" and len(words) > 1:
        return ("route_maps", words[1])
    return ("bgp",) if line.startswith("router bgp") else ()
