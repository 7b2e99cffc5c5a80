"""Intended vs running -> a Plan: what changes, in which order it is safe, and what it does to each session."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from frrgen.lines.rule import Impact
from frrgen.model.router import Router
from frrgen.platforms.frr.diff.avoid import avoid as avoid_faults
from frrgen.platforms.frr.diff.build import build
from frrgen.platforms.frr.diff.changes import Change, Op
from frrgen.platforms.frr.diff.faults import faults, refuse_deaths
from frrgen.platforms.frr.diff.limits import Accepted, limits
from frrgen.platforms.frr.diff.owned import with_unowned
from frrgen.platforms.frr.diff.traps import traps
from frrgen.platforms.frr.diff.work import Work
from frrgen.platforms.frr.parse.fates import Leftover
from frrgen.platforms.frr.parse.parser import Parsed
from frrgen.policy.frr.partial_entries import unread_entries
from frrgen.policy.frr.partial_sessions import unread_sessions

if TYPE_CHECKING:
    from frrgen.policy.questions.change import RouteEffect

_SECRETS: Final = (
    "password",
    "(?:isis|openfabric) password(?: clear| md5)?",
    "(?:area|domain)-password(?: clear| md5)?",
    "secret",
    "passphrase",
    "key-string",
    "authentication-key",
    "message-digest-key [0-9]+(?: md5)?",
    "hash-algo [^ ]+ key",
    "rip authentication string",
    "nhrp authentication",
    "cisco-authentication",
    "tcp-md5-auth",
    "snmp(?:-server)? (?:community|user|host)",
)
"""What stands before a secret in FRR: lines of every daemon, for what the model lacks is shown, too."""
_NAMED: Final = (
    "neighbor|username|route-map|call|[a-z-]*-map|[a-z-]*-list(?: standard| expanded)?|peer-group|profile|vrf|"
    "interface|key chain|key-chain|keychain|as-path|(?:large-|ext)?community"
)
"""What stands before a name, which may be one of the words above."""
_WORDS: Final = re.compile(rf"(?<![^ ])(?:(?P<before>{'|'.join(_SECRETS)}) .+|(?:{_NAMED}) [^ ]+)")
_FREE: Final = re.compile(
    r"(?:^|/ |: ) *(?:no )?(?:neighbor [^ ]+ |bgp |(?:(?:ip|ipv6) prefix-list|(?:ipv6 )?access-list) [^ ]+ )?"
    r"(?:description|remark|shutdown message) "
)
"""What stands before text for people."""
_BOUNDARY: Final = "! a new batch: what follows needs a `vtysh -f` of its own, once what stands before is done"
"""What stands between batches where they are shown as one text: to FRR 10 a file is one transaction."""
_HINT: Final = re.compile("passw|secret|passph|key|authentication|md5|snmp")


def hide(text: str) -> str:
    """Hide the secrets in configuration text: what follows the words before one, up to the end of the line."""
    if _HINT.search(text) is None:
        return text
    return "\n".join(map(_hide_line, text.split("\n")))


def _hide_line(line: str) -> str:
    free = _FREE.search(line)
    said = len(line) if free is None else free.end()
    return (
        _WORDS.sub(lambda found: f"{found['before']} <hidden>" if found["before"] else found[0], line[:said])
        + (line[said:])
    )


@dataclass(frozen=True, slots=True)
class SessionImpact:
    """What a plan does to one session."""

    neighbor: str
    vrf: str | None
    impact: Impact
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a change of one router does. `batches` hold real passwords: show `shown_commands`."""

    router: str
    changes: tuple[Change, ...]
    sessions: tuple[SessionImpact, ...]
    batches: tuple[tuple[str, ...], ...]
    """The lines to send. A batch is one file for `vtysh -f`; it is done before the next begins."""
    after: tuple[str, ...]
    """What must follow in exec mode, and ends no session that is up."""
    leftovers: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    """What FRR does wrong on the way, in any order of the lines, and what the lines do not show."""
    over_limit: bool | None = False
    """Whether a new maximum-prefix shuts a session down at once; None: that depends on what neighbors bring."""
    unfinished: tuple[str, ...] = ()
    """What an earlier change of the router has left to be done."""
    restarts: tuple[str, ...] = ()
    """The clears that end sessions, behind all else: they would keep an old value."""
    reopened: tuple[str, ...] = ()
    """The lines that open the sessions that the plan shuts, for the way back from the middle of the change."""
    avoid: bool = False
    """Whether the plan restarts or shuts sessions rather than have FRR do wrong (`--avoid`)."""
    basis: str = ""
    """Names what the plan was made of: what ran, and what is intended, but for their passwords."""
    routes: tuple[RouteEffect, ...] | None = None
    """What becomes of the routes of each session; None: not asked, see `with_routes`."""
    beyond: tuple[RouteEffect, ...] = ()
    """What FRR does otherwise than the inventory says, when all is done, because of what is left alone."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.changes and not self.unfinished

    @property
    def astray(self) -> bool:
        """Whether it is certain that what is left alone lets other routes through than the inventory says."""
        return any(one.permitted or one.denied or one.altered for one in self.beyond)

    @property
    def commands(self) -> tuple[str, ...]:
        """The lines of all batches."""
        return tuple(line for batch in self.batches for line in batch)

    @property
    def shown_commands(self) -> tuple[str, ...]:
        """The lines of all batches, with passwords hidden, and a comment where a batch ends before another."""
        shown: list[str] = []
        for batch in self.batches:
            shown += [_BOUNDARY] if shown else []
            shown += [hide(line) for line in batch]
        return tuple(shown)

    @property
    def summary(self) -> str:
        """One line for people."""
        if self.empty:
            but = ", though FRR does otherwise than the inventory says" if self.astray else ""
            return f"Plan: nothing to do on {self.router}{but}."
        resets = [session for session in self.sessions if session.impact is Impact.RESET]
        if not self.changes:
            text = f"Plan: nothing to change on {self.router}, and to finish: {'; '.join(self.unfinished)}."
            return f"{text} {_resets(resets)}" if resets else text
        adds, edits, removals = (sum(change.op is op for change in self.changes) for op in Op)
        text = f"Plan: {adds} to add, {edits} to change, {removals} to remove on {self.router}."
        return f"{text} {_resets(resets) if resets else self.no_reset}"

    @property
    def no_reset(self) -> str:
        """The sentence for a plan that names no session that resets."""
        but = ", unless one brings more than its new maximum_prefix" if self.over_limit is None else ""
        return f"No session will reset{but}."

    def to_json(self) -> dict[str, Any]:
        """Return the plan as JSON data, with passwords hidden."""
        return {
            "router": self.router,
            "changes": [
                {
                    "op": str(change.op),
                    "path": ".".join(change.path),
                    "before": None if change.before is None else hide(change.before),
                    "after": None if change.after is None else hide(change.after),
                    "impact": str(change.impact),
                }
                for change in self.changes
            ],
            "sessions": [
                {
                    "neighbor": session.neighbor,
                    "vrf": session.vrf,
                    "impact": str(session.impact),
                    "because": ", ".join(session.because),
                }
                for session in self.sessions
            ],
            **({} if self.routes is None else {"routes": [effect.to_json() for effect in self.routes]}),
            "commands": list(self.shown_commands),
            "after": [*self.after, *self.restarts],
            **({"avoid": True} if self.avoid else {}),
            "warnings": list(self.warnings),
            "leftovers": [hide(line) for line in self.leftovers],
            **({"beyond": [effect.to_json() for effect in self.beyond]} if self.beyond else {}),
            **({"unfinished": list(self.unfinished)} if self.unfinished else {}),
            "summary": self.summary,
        }


def _resets(sessions: Sequence[SessionImpact]) -> str:
    """Return the sentence about the sessions that reset."""
    named = ", ".join(f"{session.neighbor} ({', '.join(session.because)})" for session in sessions[:5])
    more = f", and {len(sessions) - 5} more" if len(sessions) > 5 else ""
    return f"{len(sessions)} session{'s' if len(sessions) > 1 else ''} will reset: {named}{more}."


def make_plan(
    running: Parsed,
    intended: Router,
    *,
    prune_leftovers: bool = False,
    accepted: Accepted | None = None,
    avoid: bool = False,
) -> Plan:
    """Plan the change of what runs into what is intended. References to passwords must be resolved before.

    `prune_leftovers` also removes the running lines that the model does not hold. `accepted` is how many prefixes
    the established sessions bring; None: not known. `avoid`: restart or shut sessions rather than have FRR do wrong.
    """
    work = Work(running, intended, prune_leftovers=prune_leftovers)
    refuse_deaths(work.old, work.new, shut=avoid)
    build(work)
    restarts = avoid_faults(work) if avoid else ()
    lower = tuple(limits(work.old, work.new, accepted))
    for one in lower:
        if one.brings is not None:
            work.record.session(one.vrf, one.session, Impact.RESET, f"maximum-prefix {one.limit.limit}")
    sessions = tuple(
        SessionImpact(neighbor, vrf or None, impact, tuple(dict.fromkeys(because)))
        for (vrf, neighbor), (impact, because) in sorted(work.record.sessions.items())
    )
    return Plan(
        router=intended.name,
        changes=tuple(work.record.changes),
        sessions=sessions,
        batches=tuple(tuple(batch.lines()) for batch in work.batches),
        after=tuple(work.after),
        restarts=restarts,
        reopened=tuple(work.reopened.lines()),
        avoid=avoid,
        over_limit=None if any(one.brings is None for one in lower) else bool(lower),
        warnings=(
            *faults(work.old, work.new, avoided=avoid),
            *_late(work),
            *map(str, lower),
            *_kept_in_maps(work.leftovers, intended),
            *_kept_of_sessions(work.leftovers, intended),
        ),
        leftovers=tuple(str(leftover) for leftover in work.leftovers),
    )


def _late(work: Work) -> Iterator[str]:
    """Tell what sessions that stay up have only when they start the next time."""
    for vrf, text in work.record.late():
        bgp = work.new.bgp_of(vrf or None)
        if bgp is not None:
            yield f"router bgp {bgp.asn}{f' of vrf {vrf}' if vrf else ''}: {text}"


def _kept_in_maps(leftovers: Iterable[Leftover], intended: Router) -> Iterator[str]:
    """Tell of lines that stay in an entry that is intended: with them it may let other routes through."""
    for (name, seq), lines in unread_entries(leftovers).items():
        entries = intended.route_maps[name].entries if name in intended.route_maps else ()
        raw = next((entry.raw for entry in entries if entry.seq == seq), None)
        if raw is None:
            continue
        left = [line for line in lines if line.partition(": ")[2] not in raw]
        if left:
            shown = "; ".join(hide(line) for line in left[:3]) + ("; …" if left[3:] else "")
            yield f"what route map {name} seq {seq} lets through is not known: it keeps {shown}"


def _kept_of_sessions(leftovers: Iterable[Leftover], intended: Router) -> Iterator[str]:
    """Tell of lines that stay of neighbors and groups that are intended: what comes by them is not known."""
    bgps = dict(intended.instances())
    kept = [
        f"{name}: {line}"
        for (vrf, name), lines in unread_sessions(leftovers).items()
        if (bgp := bgps.get(vrf)) is not None and (name in bgp.neighbors or name in bgp.peer_groups)
        for line in lines
    ]
    if kept:
        shown = "; ".join(kept[:3]) + (f"; and {len(kept) - 3} more" if kept[3:] else "")
        yield f"what these sessions admit beside is not known, for lines stay that are not understood: {shown}"


def with_trap(plan: Plan, intended: Router) -> Plan:
    """Add to a plan what FRR reads otherwise of the file that is saved behind it."""
    found = [f"{one.message}; {one.hint}" for one in traps(intended)]
    return replace(plan, warnings=(*plan.warnings, *found)) if found else plan


def with_routes(plan: Plan, running: Parsed, intended: Router) -> Plan:
    """Add to a plan what it does to routes."""
    from frrgen.policy.questions.change import route_effects

    return replace(
        plan, routes=() if plan.empty else tuple(route_effects(running, with_unowned(running.router, intended)))
    )
