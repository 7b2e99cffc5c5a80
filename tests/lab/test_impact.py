"""Every line of the grammar is set, changed and taken away on a router with sessions of every kind.

FRR takes it, nothing is left to plan, no session drops that the plan does not name, a soft clear brings nothing else.
`FRRGEN_CHANGES=N` tries N of them (0: all); `FRRGEN_ONLY=WORDS` those whose names have the words, `ONE|OTHER`.
"""

from __future__ import annotations

import os
import time

import pytest

from frrgen.lines.rule import Impact
from frrgen.platforms.frr.grammar import bgp, neighbor, policy
from frrgen.platforms.frr.render import render
from tests.lab.changes import cases, config, every_case
from tests.lab.live import PEERS, Live, model

NUMBER = int(os.environ.get("FRRGEN_CHANGES", "12"))
IN_VRF = int(os.environ.get("FRRGEN_CHANGES", "2"))
ONLY = [words for words in os.environ.get("FRRGEN_ONLY", "").split("|") if words]
TOLD_TOO_OFTEN = {
    "port 180": "FRR resets when it is set, and hardly when it changes",
}
NOT_HERE = {
    "match rpki valid": "the RPKI module is not loaded",
    "local-role provider": "FRR keeps `strict-mode` of a group for ever",
    "suppress-fib-pending": "what is announced follows what zebra has installed, whenever it says so",
    "max-med on-startup": "a boot is within its time, a running router is not",
    "set as-path replace as-path-access-list": "10.3 replaces in what comes first, and no more in what is sent again",
}


def chosen(version, most=NUMBER):
    found = [case for case in cases(version) if not ONLY or any(words in case.name for words in ONLY)]
    step = 1 if not most or ONLY else max(1, len(found) // most)
    return [case for case in found[::step] if not any(words in case.name for words in NOT_HERE)]


def test_every_line_of_the_grammar_is_tried():
    """A rule that no row says is a line that nobody has measured."""
    tables = (
        bgp.INSTANCE,
        neighbor.NEIGHBOR,
        neighbor.NEIGHBOR_FAMILY,
        bgp.FAMILY,
        policy.ENTRY,
        policy.MATCH,
        policy.SET,
    )
    wanted = {rule.field for table in tables for rule in table.rules if not rule.parse_only}
    said = set()
    for case in every_case():
        for text in filter(None, (case.one, case.other)):
            for line in text.split(" / "):
                body = line.strip().removeprefix("no ")
                words = body.split(" ", 2)
                body = words[2] if words[0] == "neighbor" else body
                for table in tables:
                    for shown in (body, f"no {body}"):
                        path = table.read(shown, {}) or ()
                        said |= {".".join(path[:length]) for length in range(1, len(path) + 1)}
    # they stand in every configuration of this test
    always = {"activate", "bestpath.compare_routerid"}
    left = {field for field in wanted - said - always if not field.startswith("vrf_leaking.")}
    assert left == set()


@pytest.mark.timeout(1200)
def test_each_change_alone_is_taken_at_once_told_and_in_effect(lab, frr):
    assert wrongs(Live(lab, "edge"), chosen(frr.version), frr.version) == []


@pytest.mark.timeout(1200)
@pytest.mark.sample("10.3")
def test_inside_a_vrf_it_is_the_same(lab, frr):
    # FRR refuses table-direct outside of the main instance: it answers that only the default instance can use it
    found = [
        case
        for case in chosen(frr.version, IN_VRF)
        if case.place not in {"top", "lists"} and "table-direct" not in case.name
    ]
    assert found
    assert wrongs(Live(lab, "edge", vrf="red"), found, frr.version) == []


def wrongs(live, cases, version):
    """Give what is not as it should be of every case."""

    def written(**lines):
        text = config(**lines)
        return model(
            text.replace("router bgp 65000\n", f"router bgp 65000 vrf {live.vrf}\n") if live.vrf else text, version
        )

    base = written()
    live.boot(render(base))
    assert len(live.dial()) == len(PEERS)
    bad = []
    for case in cases:
        for text in filter(None, (case.one, case.other, "!")):
            target = written(**{case.place: text})
            bad += [f"{case.name}, {text}: {one}" for one in wrong(live, target, case.name)]
        if live.plan(base).commands:
            live.boot(render(base))
        live.dial(seconds=5)
    return bad


def settled(live, up):
    """Wait until what is accepted and announced has not changed for 1.5 s, 15 s at the most, and give it."""
    found, since, end = None, time.monotonic(), time.monotonic() + 15
    while time.monotonic() < min(since + 1.5, end):
        now = live.heard(up), live.accepted()
        if now != found:
            found, since = now, time.monotonic()
        time.sleep(0.2)
    return found


def wrong(live, target, name):
    """Push, and give what is not as it should be."""
    live.dial(seconds=1.5)
    up = live.up()
    plan = live.plan(target)
    said = live.push(plan)
    told = {session.neighbor for session in plan.sessions if session.impact is Impact.RESET}
    if name in TOLD_TOO_OFTEN:
        time.sleep(0.6)
        dropped = up - live.up()
    else:
        dropped = live.dropped(plan, up, 0.6)
    if left := live.plan(target).commands:
        yield f"left to do: {left}; {said}"
    if denied := [one.address for one in dropped if one.named not in told]:
        yield f"dropped, and the plan does not say so: {denied}"
    if stayed := [one.address for one in up - dropped if one.named in told and name not in TOLD_TOO_OFTEN]:
        yield f"the plan says that they drop: {stayed}"
    if dead := [daemon for daemon in live.router.daemons if not live.router.alive(daemon)]:
        yield f"dead: {dead}"
    if not dropped:
        before = settled(live, up)
        live.clear("soft")
        if before != settled(live, up):
            yield "a soft clear brings something else"
