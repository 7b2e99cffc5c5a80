"""What operators change, singly and together, on a router with sessions of every kind and peers that offer too much.

Beside it stands a router that is booted from the target. `make fuzz-transitions N=... SEED=...` tries more and others.
"""

from __future__ import annotations

import os
import random
import time

from frrgen.platforms.frr.render import render
from tests.lab import wait_for
from tests.lab.changes import cases, config
from tests.lab.live import PEERS, Live, model, settled

NUMBER = int(os.environ.get("FRRGEN_TRANSITIONS", "4"))
SEED = int(os.environ.get("FRRGEN_SEED", "1"))
LEFT_OUT = (
    "match rpki",  # needs a module
    "local-role",  # FRR keeps `strict-mode` of a group
    "max-med on-startup",  # a boot is within its time, a running router is not
    "update-delay",  # a boot waits, a running router does not
    "bgp default shutdown",  # a boot shuts what is made then
    "graceful-restart",  # a boot keeps routes of a restart
    "probability",  # a die is thrown for each route
    "no bgp default ipv4-unicast",
    "password",
    "shutdown",
    "confederation",  # on a running router it is otherwise than after a boot
    "port 18",
    "activate",
    "multipath-relax",  # which path is best of equal ones depends on which came first
    "suppress-fib-pending",
    "dampening",
    "nht resolve",
    "capability extended-nexthop",  # what was learned first decides the next hop
    "timers delayopen",
    "advertise-map",  # its timer runs for a minute
    "addpath",
    "bfd",  # the peers of the lab speak none: whether a session then comes up depends on which of both was first (10.3)
    "v4 weight",  # dynamic neighbors keep what their group had
)


def changes(version):
    """Give the changes that an operator may make, as the lines of one place."""
    found = []
    for case in cases(version):
        if not any(words in case.name for words in LEFT_OUT):
            found += [(case.place, text) for text in (case.one, case.other) if text]
    return found


def drawn(dice, every):
    """Draw a configuration: some changes, at most one at a place."""
    chosen = dict(dice.sample(every, dice.choice((1, 1, 2, 3, 4))))
    return chosen, config(**chosen)


def test_there_are_many_kinds_of_changes(frr):
    assert len(changes(frr.version)) > 150


def test_a_push_leads_where_a_boot_leads_and_nothing_comes_through_on_the_way(lab, frr):
    live, twin = Live(lab, "edge"), Live(lab, "twin")
    every = changes(frr.version)
    dice = random.Random(SEED)
    live.boot(render(model(config(), frr.version)))
    assert len(live.dial()) == len(PEERS)
    time.sleep(2)
    bad = []
    for number in range(NUMBER):
        said, text = drawn(dice, every)
        target = model(text, frr.version)
        found = list(wrong(live, twin, target))
        bad += [f"{number} of seed {SEED}, {said}: {one}" for one in found]
        if found:
            print(bad[-len(found) :], flush=True)
            live.boot(render(target))
            live.dial()
            time.sleep(2)
    assert bad == []


def wrong(live, twin, target):
    """Push, and give what is not as it should be."""
    if len(live.up()) < len(PEERS):
        live.dial(seconds=3)
        time.sleep(2)
    up, kept, told = live.up(), set(live.accepted()), live.heard(PEERS)
    live.listen()
    plan = live.plan(target)
    with live.insisting():
        said = live.push(plan)
        time.sleep(0.3)
    time.sleep(1.5)
    dropped = up - live.up()
    yield from live.untold(target, plan, said, up)
    if any("until their sessions restart" in one for one in plan.warnings):
        live.clear()
        wait_for("the sessions to end", lambda: not live.up())
    live.dial(seconds=3)
    twin.boot(render(target))
    twin.dial(seconds=3)
    both = live.up() & twin.up()
    for one in PEERS:
        if one not in both:
            # what a boot cannot set up, such as a session with strict-capability-match, must not be compared
            live.ends[one].close()
            twin.ends[one].close()
    if differing := settled(live, twin, both, 6):
        yield f"not as after a boot: {differing[:3]}"
    if leaked := live.seen - kept - set(live.accepted()) - set(twin.accepted()):
        yield f"accepted for a moment: {sorted(leaked)[:5]}"
    if announced := live.leaked(told):
        yield f"announced for a moment: {announced}"
    gone = {peer: prefixes for peer, prefixes in live.lost(told).items() if not dropped}
    if gone:
        yield f"taken away for a moment: {gone}"
    if dead := [daemon for daemon in live.router.daemons if not live.router.alive(daemon)]:
        yield f"dead: {dead}"
