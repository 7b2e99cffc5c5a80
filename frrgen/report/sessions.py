"""The table of sessions: in columns everywhere, in colour on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from frrgen.errors import visible
from frrgen.report.console import console
from frrgen.transport.base import UP, Peer

if TYPE_CHECKING:
    from rich.table import Table

_HEAD: Final = ("router", "neighbor", "family", "state", "for", "received", "accepted", "sent", "flaps", "description")
_NUMBERS: Final = frozenset({"for", "received", "accepted", "sent", "flaps"})
_FAMILIES: Final = {"ipv4Unicast": "ipv4", "ipv6Unicast": "ipv6"}


def show(sessions: Sequence[tuple[str, Peer]]) -> None:
    """Print the table of sessions, each with its router."""
    rich = console(sys.stdout)
    if rich is not None:
        rich.print(table(sessions))
        return
    rows = [_HEAD, *(_row(router, peer) for router, peer in sessions)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            cell.rjust(width) if name in _NUMBERS else cell.ljust(width)
            for name, cell, width in zip(_HEAD, row, widths, strict=True)
        )
        print("  ".join(cells).rstrip())


def _row(router: str, peer: Peer) -> tuple[str, ...]:
    neighbor = peer.neighbor if peer.vrf == "default" else f"{peer.neighbor} vrf {peer.vrf}"
    state = "up" if peer.state == UP else peer.state
    return (
        router,
        visible(neighbor, 60),
        _FAMILIES.get(peer.family, peer.family),
        visible(state, 30),
        lasted(peer.seconds),
        "" if peer.received is None else str(peer.received),
        str(peer.accepted),
        str(peer.sent),
        str(peer.flaps),
        visible(peer.description, 40),
    )


def table(sessions: Sequence[tuple[str, Peer]], title: str | None = None) -> Table:
    """Return the table of sessions for a terminal with colour."""
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name in _HEAD:
        drawn.add_column(name, justify="right" if name in _NUMBERS else "left", no_wrap=name != "description")
    for router, peer in sessions:
        style = "" if peer.state == UP else "bold red"
        drawn.add_row(*map(Text, _row(router, peer)), style=style)
    return drawn


def lasted(seconds: int) -> str:
    """Write a time in its two largest units: `3d 4h`; "" for none."""
    if not seconds:
        return ""
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count or parts:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2])
