"""The verdict on a Service's route: the condition `frrgen.io/RouterAccepts`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from frrgen.speaker.kubernetes.announce import Reason, Verdict
from frrgen.speaker.table.gate import Answers
from frrgen.speaker.wire.packed_prefix import Key

TYPE: Final = "frrgen.io/RouterAccepts"
"""The type of the condition."""
_ACCEPTED: Final = "routersAccept"
_REJECTED: Final = "routerRejects"
_LONGEST: Final = 1000
"""Characters of a message: an Event takes 1,024."""
_OF_THE_SERVICE: Final = {
    Reason.NO_IP: "no controller has given it an address",
    Reason.INVALID_IP: "the address cannot be read",
    Reason.PROXY: "packets arrive with a node's address (ipMode: Proxy)",
    Reason.NOT_IN_POOL: "the address is in no pool that is announced by BGP",
    Reason.NO_ADVERTISEMENT: "no pool around the address is announced for such Services",
    Reason.INVALID_ANNOTATION: "an annotation cannot be read",
}
"""The reasons that are the same on each node, in words."""


@dataclass(frozen=True)
class Acceptance:
    """The condition, without its time."""

    accepted: bool
    reason: str
    """A word, as conditions want it: MetalLB's where MetalLB has the rule."""
    message: str

    @property
    def status(self) -> str:
        """The condition's status: `True` or `False`."""
        return str(self.accepted)


def acceptance(verdicts: Sequence[Verdict], ask: Answers, refusal: str = "") -> Acceptance | None:
    """Return the condition of a Service; None: its addresses are not ours, or not every router's answer is known.

    Whether pods answer, and on which node, is not asked: a route that is not there for want of pods is accepted.
    `refusal` is why our own allocation gave no address.
    """
    if not verdicts or any(one.reason is Reason.OTHER_CLASS for one in verdicts):
        return None
    wrong: list[tuple[str, str]] = []
    fine: list[str] = []
    unknown = False
    for one in verdicts:
        if one.reason in _OF_THE_SERVICE:
            text = refusal if one.reason is Reason.NO_IP and refusal else _OF_THE_SERVICE[one.reason]
            detail = f" ({one.detail})" if one.detail else ""
            wrong.append((str(one.reason), f"{one.address}: {text}{detail}".removeprefix(": ")))
            continue
        prefix, answers = str(Key.prefix(one.key)), ask(one.key, one.said)
        wrong += [(_REJECTED, f"{router} drops {prefix}: {why}") for router, why in answers.items() if why]
        if not answers or None in answers.values():
            unknown = True
        elif not any(answers.values()):
            fine.append(f"{prefix}: taken by {', '.join(answers)}")
    if wrong:
        return Acceptance(accepted=False, reason=wrong[0][0], message=_short("\n".join(text for _, text in wrong)))
    if unknown:
        return None
    return Acceptance(accepted=True, reason=_ACCEPTED, message=_short("\n".join(fine)))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 2]} …"
