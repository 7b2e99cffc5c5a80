"""Going back to what a router ran before an earlier push."""

from __future__ import annotations

from dataclasses import dataclass, field

from frrgen.platforms.frr.diff.plan import Plan, hide
from frrgen.platforms.frr.parse.parser import Parsed, parse
from frrgen.platforms.frr.push import Transaction, way_back
from frrgen.transport.base import Running, plain


@dataclass
class Restore(Transaction):
    """A push of what ran before an earlier push, lines that the model lacks included."""

    text: str = field(default="", kw_only=True)

    def _plan(self, running: Running) -> Plan:
        return way_back(
            parse(running.text, name=self.device.name, frr_version=running.frr_version),
            self._foreseen(),
            avoid=self.avoid,
        )

    def _foreseen(self) -> Parsed:
        return parse(self.text, name=self.device.name)

    def _differences(self, now: Running) -> list[str]:
        wanted, runs = set(plain(self.text)), set(plain(now.text))
        found = [f"lost: {_text(line)}" for line in wanted - runs] + [f"new: {_text(line)}" for line in runs - wanted]
        return sorted(found)


def _text(line: bytes) -> str:
    return hide(line.decode(errors="surrogateescape"))
