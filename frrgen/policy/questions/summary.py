"""What a session's policy lets through, in words and as the exact set of prefixes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from frrgen.model.types import community_text
from frrgen.policy.frr.alphabet import Alphabet, Policy
from frrgen.policy.frr.effects import Effects, Number
from frrgen.policy.frr.symbolic import By, Outcome, outcomes
from frrgen.policy.questions.describe import attributes, described, told
from frrgen.policy.sets.communities import Cube, Other
from frrgen.policy.sets.prefix_set import PrefixSet, union
from frrgen.policy.sets.regex import UndecidedError
from frrgen.policy.sets.region import Granted, Region, add, simplified


@dataclass(frozen=True, slots=True)
class Way:
    """A way through a policy."""

    by: str
    """The entry that permits, or what else lets the route pass."""
    routes: str
    """Which routes go it."""
    does: tuple[str, ...]
    """What becomes of them."""
    cases: tuple[str, ...] = ()
    """What becomes of some of them instead."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A policy as a whole, for routes of an IP version."""

    ways: tuple[Way, ...]
    admitted: PrefixSet
    """Each prefix with a route that passes."""
    refused_by: tuple[str, ...]
    undecided: tuple[tuple[str, str], ...]
    """Why frrgen does not know what becomes of some routes, and which prefixes they have."""


def summary(policy: Policy, version: int) -> Summary:
    """Return what a policy does with every route of an IP version."""
    everything = PrefixSet.everything(version)
    try:
        found = outcomes(policy, version, Alphabet.of(policy))
    except UndecidedError as why:
        return Summary((), PrefixSet(version), (), ((str(why), described(everything)),))
    granted = policy.granted(version)
    permitted: dict[tuple[By, Effects], Region] = {}
    doubtful: dict[str, list[PrefixSet]] = {}
    for one in found:
        if one.verdict == "permit":
            into = permitted.setdefault((one.by, one.effects), {})
            for box, prefixes in one.region.items():
                add(into, box, prefixes)
        elif one.verdict == "undecided":
            doubtful.setdefault(str(one.by), []).extend(one.region.values())
    by_entry: dict[By, dict[Effects, Region]] = {}
    for (by, effects), region in permitted.items():
        by_entry.setdefault(by, {})[effects] = region
    return Summary(
        tuple(_way(by, regions, granted) for by, regions in by_entry.items()),
        union(version, _prefixes(found)),
        tuple(dict.fromkeys(str(one.by) for one in found if one.verdict == "deny")),
        tuple((why, described(union(version, sets))) for why, sets in doubtful.items()),
    )


def _way(by: By, regions: dict[Effects, Region], granted: Granted) -> Way:
    """Tell of an entry what becomes of most routes, and where other things become of some."""
    whole: Region = {}
    for region in regions.values():
        for box, prefixes in region.items():
            add(whole, box, prefixes)
    usual = min(regions, key=lambda effects: _wanted(regions[effects]))
    cases = (
        f"{_asked(region, granted) or told(region, granted)}: {', '.join(changes(effects)) or 'as they came'}"
        for effects, region in regions.items()
        if effects != usual
    )
    return Way(str(by), told(simplified(whole), granted), tuple(changes(usual)), tuple(cases))


def _wanted(region: Region) -> int:
    """Count the communities that routes must have: what asks for one is the exception."""
    return max(sum(there for _, there in (*box.communities, *box.large_communities)) for box in region)


def _asked(region: Region, granted: Granted) -> str:
    """Return what a region asks of attributes, where that is one thing."""
    if len(region) > 1:
        return ""
    (box,) = region
    return attributes(granted.unsaid(box))


def _prefixes(found: Iterable[Outcome]) -> Iterator[PrefixSet]:
    return (prefixes for one in found if one.verdict == "permit" for prefixes in one.region.values())


def changes(effects: Effects) -> Iterator[str]:
    """Yield in words what a policy makes of a route's attributes."""
    for name, number in (("MED", effects.med), ("local preference", effects.local_preference)):
        if number is not None:
            yield f"{name} {_number(number)}"
    for name, value in (
        ("weight", effects.weight or None),
        ("tag", effects.tag),
        ("origin", effects.origin),
        ("next hop", effects.next_hop),
    ):
        if value is not None:
            yield f"{name} becomes {value}"
    if effects.path.gone:
        yield f"AS path without {', '.join(map(str, sorted(effects.path.gone)))}"
    if effects.path.front:
        yield f"AS path begins with {' '.join(map(str, effects.path.front))}"
    for what, words in effects.path.more:
        yield f"AS path: {what} {words}"
    yield from _communities("community", effects.communities)
    yield from _communities("large community", effects.large_communities)
    for name, words in effects.more:
        yield f"{name.replace('_', ' ')} becomes {words}"


def _number(number: Number) -> str:
    if number.low == number.high:
        return f"becomes {number.low}"
    bounds = f", at least {number.low}" if number.low else ""
    return f"moves by {number.delta:+}{bounds}"


def _communities(noun: str, cube: Cube) -> Iterator[str]:
    named = {
        there: sorted(_text(atom) for atom, is_ in cube if is_ is there and not isinstance(atom, Other))
        for there in (True, False)
    }
    others_go = any(isinstance(atom, Other) and not is_ for atom, is_ in cube)
    if named[True]:
        yield f"{noun} {', '.join(named[True])}{' and no other' if others_go else ' is there'}"
    elif others_go:
        yield f"every {noun} goes" if not named[False] else f"{noun} {', '.join(named[False])} and others go"
        return
    if named[False] and not others_go:
        yield f"{noun} {', '.join(named[False])} goes"


def _text(value: object) -> str:
    if isinstance(value, int):
        return community_text(value)
    return ":".join(map(str, value)) if isinstance(value, tuple) else str(value)
