"""A session that stays up through a push has what it would have of a router that boots, or the plan says that it waits.

A usual run changes several options together. `FRRGEN_NEXT=N` tries N options singly (0: all), `FRRGEN_SEED` draws them,
`FRRGEN_PART=2/5` takes the second of five parts, `FRRGEN_ONLY=WORDS` those whose names have the words, `ONE|OTHER`.
"""

from __future__ import annotations

import contextlib
import os
import random
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from frrgen.platforms.frr.diff.build import build
from frrgen.platforms.frr.diff.work import Work
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.render import render
from tests.lab import LabError, wait_for
from tests.lab.changes import Case, cases, config
from tests.lab.live import PEERS, Live, model
from tests.lab.negotiated import differing, negotiated

NUMBER = int(os.environ.get("FRRGEN_NEXT", "-1"))
SEED = int(os.environ.get("FRRGEN_SEED", "1"))
PART, PARTS = (int(one) for one in os.environ.get("FRRGEN_PART", "1/1").split("/"))
ONLY = [words for words in os.environ.get("FRRGEN_ONLY", "").split("|") if words]
NOT_A_SESSIONS = {
    "v4 network": "routes of the instance",
    "v6 network": "routes of the instance",
    "aggregate-address": "routes of the instance",
    "redistribute": "routes of the instance",
    "distance": "routes of the instance",
    "table-map": "routes of the instance",
    "maximum-paths": "routes of the instance",
    "dampening": "routes of the instance",
    "nexthop prefer-global": "routes of the instance",
    "bgp shutdown": "no session is left",
    "bfd": "the peers of the lab speak none: whether a session then comes up depends on which of both was first (10.3)",
    "local-role": "FRR boots without the `strict-mode` that it has of a group when it runs",
    "confederation": "FRR does otherwise on a running router: the plan says so",
}
UNSEEN = {
    "dont_capability_negotiate": "the peers of the lab are as they are",
    "strict_capability_match": "it refuses sessions, and changes none",
    "bfd.strict_hold_time": "it delays a start",
    "tcp_keepalive": "only whether there is one",
    "oad": "it is a matter of attributes",
}
"""Fields that wait for the next session, though nothing of the session shows it."""


SEVERAL = Case(
    "several options",
    "late",
    "neighbor 10.0.0.11 timers 20 60 / neighbor 10.0.0.11 description new / neighbor 10.0.0.14 strict-capability-match"
    " / neighbor G override-capability / neighbor K timers 20 60 / neighbor 2001:db8::21 timers connect 9"
    " / bgp graceful-restart restart-time 90",
    None,
)


def chosen(version):
    if NUMBER < 0 and not ONLY:
        return [SEVERAL]
    places = {"bgp", "late", "v4", "v6"}
    found = [case for case in cases(version) if case.place in places]
    found = [case for case in found if not any(words in case.name for words in NOT_A_SESSIONS)]
    if ONLY:
        return [case for case in found if any(words in case.name for words in ONLY)][PART - 1 :: PARTS]
    found = found[PART - 1 :: PARTS]
    return random.Random(SEED).sample(found, NUMBER) if NUMBER > 0 else found


def written(version, case=None, text="!"):
    lines = {} if case is None else {case.place: text}
    return model(config(**lines), version)


@pytest.mark.sample("10.7")
def test_a_session_that_stays_has_what_a_boot_gives_it_or_the_plan_says_that_it_waits(lab, frr):
    live, twin = Live(lab, "edge"), Live(lab, "twin")
    base = written(frr.version)
    live.boot(render(base))
    assert len(live.dial_together(5)) == len(PEERS)
    bad, number = [], 0
    for case in chosen(frr.version):
        for text in filter(None, (case.one, case.other, "!")):
            number += 1
            said = [f"{case.name}, {text[:60]}: {one}" for one in step(live, twin, written(frr.version, case, text))]
            if said:
                print(*said, sep="\n", flush=True)
            bad += said
        if said or live.plan(base).commands:
            live.boot(render(base))
            live.dial_together()
    print(f"{number} changes", flush=True)
    assert number
    assert bad == []


def step(live, twin, target):
    """Push, and give what of the sessions is not as on a router that has booted, and is not told."""

    def boot():
        twin.boot(render(target))
        twin.dial_together()

    work = Work(parse(live.router.running_config(), name="edge", frr_version=target.frr_version), target)
    build(work)
    waits = {session: field for (_, field), sessions in work.record.waiting.items() for session in sessions}
    with ThreadPoolExecutor(1) as pool:
        booting = pool.submit(boot)
        up, plan = live.up(), live.plan(target)
        live.push(plan)
        booting.result()
    wait_for("sessions that stay up", lambda: steady(twin))
    stayed = live.up() & up & twin.up()
    found = differing(live, twin, stayed)
    for _ in range(20):
        if {one.named for one in found} <= waits.keys():
            break
        time.sleep(0.5)
        found = differing(live, twin, stayed & live.up())
    kept = ("neighbors that are there keep the families", "its sessions keep the capability")
    stuck = any(words in text for words in kept for text in plan.warnings)
    for one, unlike in found.items():
        if one.named not in waits and not stuck:
            yield f"{one.address} has not what a boot gives it, and the plan does not say so: {shown(unlike)}"
    fields = {field for (_, field), _ in work.record.waiting.items()}
    told = any("starts the next time" in text for text in plan.warnings)
    if fields and not told and any(one.named in waits for one in stayed):
        yield "the plan has no such sentence"
    if told and any(one.named in waits for one in stayed) and not found and not fields <= UNSEEN.keys():
        yield f"the plan says that sessions wait for {sorted(fields)}, and they have it"
    if any("until FRR starts again" in text for text in plan.warnings):
        live.boot(render(target))
    live.clear()
    wait_for("the sessions to end", lambda: not live.up())
    with contextlib.suppress(LabError):
        wait_for("the same sessions", lambda: all(map(steady, (live, twin))) and live.up() == twin.up())
    both = live.up() & twin.up()
    if lost := twin.up() - live.up():
        yield f"up after a boot, and not here: {[one.address for one in lost]}"
    for one, unlike in differing(live, twin, both).items():
        yield f"{one.address} has not what a boot gives it, even anew: {shown(unlike)}"


def steady(live):
    """Dial, and tell whether bgpd has each session that its other end has."""
    up = live.dial_together()
    return all(one.get("bgpState") == "Established" for one in negotiated(live, up).values())


def shown(unlike):
    return "; ".join(f"{key} {pair[0]} | {pair[1]}" for key, pair in [*unlike.items()][:4])
