"""The plan for a pfSense box: sections are written, the package makes an frr.conf of them and reloads or restarts FRR.

What FRR then runs is compared as on every router. What becomes of the sessions is not the same: the package loads by
frr-reload, which takes lines away before it puts their successors in, or restarts all of FRR.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from frrgen.errors import Path
from frrgen.lines.rule import Impact
from frrgen.model.bgp import AS_SETS_REJECTED
from frrgen.model.router import Router
from frrgen.platforms.frr.diff.changes import Change, Op
from frrgen.platforms.frr.diff.limits import Accepted
from frrgen.platforms.frr.diff.plan import Plan, SessionImpact, hide, make_plan, with_routes
from frrgen.platforms.frr.parse.fates import Leftover
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.pfsense.php import has
from frrgen.platforms.pfsense.rows import numbered_anew, without_numbers
from frrgen.platforms.pfsense.schema import Config, Sections
from frrgen.platforms.pfsense.stored import normal

_SWITCHES: Final = {
    "bgpd": "frrbgp",
    "bfdd": "frrbfd",
    "ospfd": "frrospfd",
    "ospf6d": "frrospf6d",
    "ripd": "frrripd",
}
"""Daemon -> the section whose `enable` starts it."""
_ALWAYS: Final = frozenset({"zebra", "staticd"})
_OF_BGPD: Final = ("as_path_lists", "community_lists", "large_community_lists", "extcommunity_lists")
"""What the package writes whether bgpd runs or not, and no other daemon takes."""
_MGMTD: Final = (9,)
_FLAGS: Final = {
    ("frr", "enablesnmpagentx"): "SNMP",
    ("frrbgp", "enablesnmpagentx"): "SNMP of BGP",
    ("frrbgp", "enablerpki"): "RPKI",
    ("frr", "carpstatusvid"): "the CARP address that FRR follows",
}
"""What else stands in the file whose change makes the package restart FRR."""
_MULTIHOP_KEPT: Final = (10, 3)
"""Until then frr-reload finds `ebgp-multihop` without a number missing every time, for FRR shows one."""
_BFD_TIMERS: Final = ("detect-multiplier ", "receive-interval ", "transmit-interval ")
_BFD_UNDOES: Final = (10,)
"""From then on bfdd takes `no detect-multiplier` and the like: FRR 8.4.4 does not, 10.3 does."""
_RESTART_TIME_RESETS: Final = (10,)
"""From then on `bgp graceful-restart restart-time 120`, not shown as it is the default, is sent again every time."""


class Effect(StrEnum):
    """What the package does when the sections have been written."""

    NONE = "nothing"
    RELOAD = "reload"
    RESTART = "restart"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class PfsensePlan(Plan):
    """A plan for a pfSense box. `commands` are what FRR alone would be sent; here nothing sends them."""

    writes: tuple[str, ...] = ()
    """The sections that are written."""
    effect: Effect = Effect.NONE
    because: tuple[str, ...] = ()
    """Why FRR is restarted."""
    notes: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        still = self.effect in {Effect.NONE, Effect.RELOAD}
        return still and not self.changes and not self.writes and not self.unfinished

    @property
    def summary(self) -> str:
        """One line for people."""
        text = super(PfsensePlan, self).summary  # a class with slots is made twice: plain super() means the first
        if self.empty:
            return text
        if self.writes and not self.changes:
            text = f"Plan: {', '.join(self.writes)} to write on {self.router}, which FRR does not see."
        does = {
            Effect.NONE: f"FRR does not run here: {', '.join(self.because) or 'it is switched off'}.",
            Effect.RELOAD: "The package reloads FRR.",
            Effect.RESTART: f"The package restarts all of FRR ({', '.join(self.because)}).",
            Effect.STOP: "The package stops FRR" + (f": {', '.join(self.because)}." if self.because else "."),
        }[self.effect]
        return " ".join([text, does, *self.notes])

    def to_json(self) -> dict[str, Any]:
        """Return the plan as JSON data, with passwords hidden."""
        data = super(PfsensePlan, self).to_json()
        data |= {"sections": list(self.writes), "effect": str(self.effect), "because": list(self.because)}
        return data | {"notes": list(self.notes), "summary": self.summary}


def enabled(sections: Sections) -> bool:
    """Tell whether FRR is switched on."""
    return has(_single(sections, "frr"), "enable")


def daemons(sections: Sections, frr_version: str) -> frozenset[str]:
    """Return the daemons that the package starts: before the others mgmtd, where FRR has it (since 9.0)."""
    if not enabled(sections):
        return frozenset()
    first = frozenset({"mgmtd"}) if _number(frr_version) >= _MGMTD else frozenset()
    return first | _ALWAYS | {name for name, section in _SWITCHES.items() if has(_single(sections, section), "enable")}


def waits_for(sections: Sections, carp: Mapping[str, str]) -> str:
    """Return the CARP address for whose mastery FRR waits; "" if FRR may run.

    `carp`: what each CARP address is on this box. The package's script starts FRR where the address is MASTER.
    """
    vip = _single(sections, "frr").get("carpstatusvid") or "none"
    return vip if enabled(sections) and carp.get(vip, "MASTER") != "MASTER" else ""


def effect(
    old: Sections,
    new: Sections,
    up: frozenset[str],
    *,
    frr_version: str = "",
    carp: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Effect, tuple[str, ...]]:
    """Tell what the package does when `new` is written over `old` while the daemons `up` run, and why.

    It reloads if the list of daemons and their flags are as they were and each of them runs. `carp`: what each CARP
    address is on this box.
    """
    if not enabled(new):
        return (Effect.STOP if enabled(old) or up & _ALWAYS else Effect.NONE), ()
    if vip := waits_for(new, carp):
        waits = f"the CARP address {vip} is {carp[vip] or 'unknown'} here"
        return (Effect.STOP if up & _ALWAYS else Effect.NONE), (waits,)
    if not enabled(old):
        return Effect.RESTART, ("FRR is switched on",)
    before, wanted = daemons(old, frr_version), daemons(new, frr_version)
    because = [f"{name} is switched on" for name in sorted(wanted - before)]
    because += [f"{name} is switched off" for name in sorted(before - wanted)]
    for (section, key), what in _FLAGS.items():
        if (_single(old, section).get(key) or "none") != (_single(new, section).get(key) or "none"):
            because.append(f"{what} changes")
    because += [f"{name} is not running" for name in sorted((wanted & before) - up)]
    return (Effect.RESTART if because else Effect.RELOAD), tuple(because)


def plan_box(
    name: str,
    text: str,
    frr_conf: str,
    *,
    old: Sections,
    new: Sections,
    generated: str,
    frr_version: str,
    up: frozenset[str],
    hasync: bool = False,
    carp: Mapping[str, str] = MappingProxyType({}),
    accepted: Accepted | None = None,
) -> PfsensePlan:
    """Plan the writing of sections over a box's `old` ones: FRR runs `text`, and the package then makes this frr.conf.

    A line that the model does not hold, and that the file `generated` last has too, is not new: FRR does not show what
    is its default. `up` are the daemons that run; `hasync`: the box is one of a pair, and nothing
    pushes to the other box; `carp`: what each CARP address is on this box; `accepted`: how many prefixes the
    established sessions bring, None: not known.
    """
    version = frr_version or None
    intended = parse(frr_conf, name=name, frr_version=version)
    running = numbered_anew(parse(text, name=name, frr_version=version), without_numbers(frr_conf))
    judged = intended.router.model_copy(
        update={"ownership": "full", "frr_version": version or running.router.frr_version}
        | ({} if "bgpd" in daemons(new, frr_version) else {key: {} for key in _OF_BGPD})
    )
    base = with_routes(make_plan(running, judged, accepted=accepted), running, judged)
    shown = {*_lines(running.leftovers), *_lines(parse(generated, name=name, frr_version=version).leftovers)}
    others = [Change(Op.ADD, _path(one), None, one.line, Impact.NONE) for one in _beyond(intended.leftovers, shown)]
    alone = _beyond(running.leftovers, _lines(intended.leftovers))
    does, because = effect(old, new, up, frr_version=frr_version, carp=carp)
    writes = tuple(section for section in dict.fromkeys([*old, *new]) if _differ(section, old, new))
    if does is Effect.NONE:
        others, base = [], make_plan(running, running.router)
    reloads = does is Effect.RELOAD and bool(base.changes or others or writes)
    sessions = base.sessions
    if does in {Effect.RESTART, Effect.STOP}:
        sessions = tuple(_all_reset(running.router, because or ("FRR stops",)))
    elif reloads:
        sessions = _with_reloads_own(sessions, running.router, new, running.router.version)
    values = {one.name: getattr(base, one.name) for one in fields(base)}
    values |= {"leftovers": tuple(map(str, alone)), "changes": (*base.changes, *others), "sessions": sessions}
    if does is not Effect.RELOAD:
        values["after"] = ()  # FRR restarts, or does not run
    changes = base.changes if reloads else ()
    notes = (
        *_stuck(changes, running.router.version),
        *_notes(changes, alone if reloads else (), hasync=hasync and bool(writes)),
    )
    return PfsensePlan(**values, writes=writes, effect=does, because=because, notes=notes)


def _number(frr_version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in frr_version.split(".") if part.isdecimal())


def _single(sections: Sections, name: str) -> Config:
    return next((config for config in sections.get(name, []) if config), {})


def _differ(name: str, old: Sections, new: Sections) -> bool:
    return normal({name: old.get(name, [])}) != normal({name: new.get(name, [])})


def _lines(leftovers: Iterable[Leftover]) -> set[Path]:
    return {(*one.context, one.line) for one in leftovers}


def _beyond(leftovers: Sequence[Leftover], known: set[Path]) -> list[Leftover]:
    """Return the lines that are not known. A hash of the master password says nothing about which one it is."""
    hashed = any(line[0].startswith("password 8 ") for line in known)
    return [
        one
        for one in leftovers
        if (*one.context, one.line) not in known
        and not one.line.startswith("password 8 ")
        and not (hashed and not one.context and one.line.startswith("password "))
    ]


def _path(one: Leftover) -> Path:
    return (*one.context, one.line.split(" ")[0])


def _all_reset(running: Router, because: tuple[str, ...]) -> Iterator[SessionImpact]:
    if running.bgp is not None:
        for neighbor in running.bgp.neighbors:
            yield SessionImpact(neighbor, None, Impact.RESET, because)


def _with_reloads_own(
    sessions: tuple[SessionImpact, ...], running: Router, new: Sections, version: tuple[int, ...]
) -> tuple[SessionImpact, ...]:
    """Add the sessions that frr-reload resets though their lines do not change."""
    here = set() if running.bgp is None else set(running.bgp.neighbors)
    found = {session.neighbor: session for session in sessions}
    reset: dict[str, str] = {}
    if version < _MULTIHOP_KEPT:
        multihop = (config for config in new.get("frrbgpneighbors", []) if config.get("ebgpmultihop") == "0")
        reset |= {config.get("peer", ""): "ebgp-multihop without a number" for config in multihop}
    if version >= _RESTART_TIME_RESETS and _single(new, "frrbgp").get("grrestarttimetime") == "120":
        reset |= dict.fromkeys(here, "graceful-restart restart-time 120")
    if version >= AS_SETS_REJECTED and _single(new, "frrbgpadvanced").get("rejcectassetasconfedset") == "on":
        # FRR hides its default, so the reload sends the line again, and the line ends every session
        reset |= dict.fromkeys(here, "bgp reject-as-sets")
    for neighbor, why in reset.items():
        before = found.get(neighbor)
        if neighbor in here and (before is None or before.impact is not Impact.RESET):
            found[neighbor] = SessionImpact(neighbor, None, Impact.RESET, (why, "with every reload"))
    return tuple(found[neighbor] for neighbor in sorted(found))


def _stuck(changes: Sequence[Change], version: tuple[int, ...]) -> Iterator[str]:
    """Tell which timers of BFD stay although they are taken away."""
    lines = {one.before for one in changes if one.path[0] in {"bfd_peers", "bfd_profiles"} and one.after is None}
    stuck = sorted(line for line in lines if line is not None and line.startswith(_BFD_TIMERS))
    if stuck and version < _BFD_UNDOES:
        yield (
            f"This FRR has no `no` for {', '.join(f'`{line}`' for line in stuck[:5])}: the line stays, and a push is "
            "undone. Write the default into the inventory (detect_multiplier: 3, the intervals: 300)."
        )


def _notes(changes: Sequence[Change], alone: Sequence[Leftover], *, hasync: bool) -> Iterator[str]:
    bared = sorted(
        {
            change.path[1]
            for change in changes
            if change.path[:1] == ("route_maps",) and "match" in change.path and change.before is not None
        }
    )
    if bared:
        yield (
            f"While it reloads, {', '.join(bared[:5])} {'is' if len(bared) == 1 else 'are'} for a moment without what "
            "changes in its matches."
        )
    if alone:
        yield f"The reload takes away what is not in the sections: {'; '.join(hide(one.line) for one in alone[:5])}."
    if hasync:
        yield "pfSense does not copy FRR's settings to the other box of the pair: push to both."
