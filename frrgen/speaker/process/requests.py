"""What the admin socket is asked for: status, or to announce and withdraw prefixes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from frrgen.codes import Code
from frrgen.errors import Finding, InputError
from frrgen.inventory.yaml import read
from frrgen.speaker.process.sources.admin import AdminSource
from frrgen.speaker.process.status import status
from frrgen.speaker.wire.packed_prefix import Key

if TYPE_CHECKING:
    from frrgen.speaker.process.speaker import Speaker
    from frrgen.speaker.session.peer import Peer


async def answer(speaker: Speaker, request: bytes) -> dict[str, Any]:
    """Return the status for an empty request; else do what the request asks, and return each router's verdict.

    A request is `{"announce": {...}}` with the keys of an announcement, or `{"withdraw": {"prefixes": [...]}}`.
    What is wrong with a request is returned as `errors`.
    """
    if not request.strip():
        return await status(speaker)
    try:
        return {"prefixes": await _done(speaker, request)}
    except InputError as bad:
        return {"errors": [str(one) for one in bad.findings]}


async def _done(speaker: Speaker, request: bytes) -> list[dict[str, Any]]:
    """Do what is asked, and return what became of each prefix. Raises InputError, and changes nothing."""
    source = speaker.announcer.source
    if not isinstance(source, AdminSource):
        hint = "frrgen speaker run --source admin"
        raise InputError(Finding(Code.FRR607, "this speaker has another source than its admin socket", hint=hint))
    found = read(request, "the request").value
    if len(found) != 1 or not found.keys() <= {"announce", "withdraw"}:
        raise InputError(Finding(Code.FRR607, "a request is announce or withdraw"))
    if "announce" in found:
        return _verdicts(speaker, await source.announce(found["announce"]))
    return [{"prefix": str(Key.prefix(key)), "sessions": []} for key in await source.withdraw(found["withdraw"])]


def _verdicts(speaker: Speaker, keys: Iterable[int]) -> list[dict[str, Any]]:
    return [
        {
            "prefix": str(Key.prefix(key)),
            "sessions": [
                {
                    "router": peer.settings.router,
                    "peer": str(peer.settings.address),
                    "state": str(peer.state),
                    "held_back": key in peer.group.rib.held,
                    "why": _why(speaker, key, peer),
                }
                for peer in speaker.peers
            ],
        }
        for key in keys
    ]


def _why(speaker: Speaker, key: int, peer: Peer) -> str:
    if Key.family(key) not in peer.families:
        return f"the session has no {Key.family(key)}"
    return speaker.announcer.why_dropped(peer.group, key)
