"""Each field of the model, set, changed and taken away alone on a live router, is in effect as on a router that boots.

Beside the router stand one that boots from the target, and one that keeps the configuration from which all start.
`FRRGEN_SWEEP=N` tries N fields (0: all), `FRRGEN_SEED` draws them and their values, `FRRGEN_PART=2/5` takes the second
of five parts, `FRRGEN_ONLY=WORDS` the fields whose names have the words.
"""

from __future__ import annotations

import os
import random
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import islice, pairwise

import pytest

from frrgen.errors import InputError
from frrgen.platforms.frr.render import render
from tests.lab import wait_for
from tests.lab.changes import config
from tests.lab.live import PEERS, Live, model, settled
from tests.lab.mixed import mixed
from tests.lab.sweep import NO_VALUE, NOT_COMPARED, base, cases, changes, untried

NUMBER = int(os.environ.get("FRRGEN_SWEEP", "3"))
MIXED = int(os.environ.get("FRRGEN_MIXED", "1"))
SEED = int(os.environ.get("FRRGEN_SEED", "1"))
ONLY = [words for words in os.environ.get("FRRGEN_ONLY", "").split("|") if words]
PART, PARTS = (int(one) for one in os.environ.get("FRRGEN_PART", "1/1").split("/"))


def test_every_field_of_the_model_is_tried_or_there_is_a_reason_why_not():
    assert untried() == set()
    assert all(NOT_COMPARED.values())


def chosen(version):
    found = [(owner, field) for owner, field in changes(version) if not ONLY or named(owner, field)]
    assert found
    found = found[PART - 1 :: PARTS]
    return found if not NUMBER or ONLY else random.Random(SEED).sample(found, min(NUMBER, len(found)))


def named(owner, field):
    return any(words in f"{owner.model.__name__}.{field} of {owner.path}" for words in ONLY)


def test_each_field_alone_is_in_effect_as_on_a_router_that_boots(lab, frr):
    live, home, *twins = (Live(lab, name) for name in ("edge", "home", "twin1", "twin2", "twin3", "twin4"))
    start = base(frr.version)
    for one in (live, home):
        one.boot(render(start))
        assert len(one.dial()) == len(PEERS)
    bad, number, there = [], 0, None
    with closing(beside(twins, home, start, walks(frr.version, bad))) as steps:
        for name, last, state, twin in steps:
            number += 1
            if last != there and live.plan(last).commands:
                # the case before has ended
                live.push(live.plan(last))
                if live.plan(last).commands:
                    live.boot(render(last))
                live.dial_together()
                time.sleep(1.5)
            said = [f"{name}: {wrong}" for wrong in step(live, twin, state)]
            bad, there = [*bad, *said], state
            if said:
                print(*said, sep="\n", flush=True)
                live.boot(render(state))
                live.dial_together()
    print(f"{number} changes", flush=True)
    assert bad == []


def test_from_router_to_router_what_is_accepted_and_announced_is_as_after_a_boot(lab, frr):
    """Many fields at once, where the sweep has each alone."""
    live, twin = Live(lab, "edge"), Live(lab, "twin")
    live.boot(render(base(frr.version)))
    assert len(live.dial_together()) == len(PEERS)
    bad, refused = [], 0
    for number, target in enumerate(islice(mixed(frr.version, SEED), MIXED)):
        twin.boot(render(target))
        try:
            wrong = [f"{number} of seed {SEED}: {one}" for one in step(live, twin, target)]
        except InputError as error:
            # it would kill FRR, or reset what must not be: it is reached by a start
            refused += 1
            print(f"{number} of seed {SEED} is refused: {error}", flush=True)
            live.boot(render(target))
            continue
        except OSError as error:
            wrong = [f"{number} of seed {SEED}: {error}, with {[one.router.dead() for one in (live, twin)]} dead"]
            print(*((one.router.folder / "log/bgpd.out").read_text()[-3000:] for one in (live, twin)), sep="\n")
        bad += wrong
        if wrong:
            print(*wrong, sep="\n", flush=True)
            live.boot(render(target))
            live.dial_together()
    print(f"{MIXED} routers, {refused} of them by a start", flush=True)
    assert bad == []


LINES = "aggregate-address 100.11.0.0/16 / aggregate-address 100.12.0.0/16 route-map SETS"
DENYING = "route-map SETS permit 10", "route-map SETS deny 10"


def each_push_leads_where_a_boot_leads(lab, frr, texts):
    """Boot the first configuration, and push each of the others beside a router that boots from it."""
    live, twin = Live(lab, "edge"), Live(lab, "twin")
    live.boot(texts[0])
    live.dial_together()
    for text in texts[1:]:
        target = model(text, frr.version)
        twin.boot(render(target))
        assert list(step(live, twin, target)) == []


def test_aggregates_follow_graceful_shutdown_and_their_route_map(lab, frr):
    texts = [config(v4=LINES), config(v4=LINES, bgp="bgp graceful-shutdown"), config(v4=LINES)]
    texts += [texts[0].replace(*DENYING), texts[0]]
    each_push_leads_where_a_boot_leads(lab, frr, texts)


@pytest.mark.sample("8.4")
def test_routes_keep_the_alias_that_they_came_with_until_all_sessions_restart(lab, frr):
    heads = ["65000:1 one", "65000:2 one", "65000:2 one\nbgp community alias 65000:1 two"]
    texts = [config(top=f"bgp community alias {head}", entry_in="match alias one") for head in heads]
    texts = [text.replace("bgp community alias 65000:3 one\n", "") for text in texts]
    each_push_leads_where_a_boot_leads(lab, frr, texts)


def test_an_advertise_map_lets_out_what_the_route_map_denies_and_the_plan_says_so(lab, frr):
    """While its condition holds: at the latest when FRR looks the next time, and no shut session is against it."""
    live = Live(lab, "edge")
    live.boot(config(bgp="bgp conditional-advertisement timer 5"))
    live.dial_together()
    asked = "neighbor 10.0.0.11 advertise-map ALL exist-map ALL"
    target = model(config(bgp="bgp conditional-advertisement timer 5", v4=asked), frr.version)
    plan = live.plan(target)
    assert any("announces to 10.0.0.11" in text for text in plan.warnings)
    live.push(plan)
    wait_for("what OUT denies", lambda: "99.13.0.0/16" in live.heard(PEERS)["10.0.0.11"], 30)


def walks(version, bad):
    """Give each change of each case: its name, and the configurations before and behind it."""
    start = base(version)
    for owner, field in chosen(version):
        found = list(cases(version, owner, field, SEED))
        name = f"{owner.model.__name__}.{field} of {'.'.join(map(str, owner.path))}"
        if not found and name not in NO_VALUE:
            bad.append(f"{name}: no value can be given")
        for case in found:
            for number, (last, state) in enumerate(pairwise((start, *case.states, start))):
                if last != state:
                    yield f"{case.name}, change {number}", last, state


def beside(twins, home, start, changes):
    """Give each change with a router that has booted from where it leads: the next ones boot meanwhile."""
    free, waiting = list(twins), deque()

    def boot(twin, state):
        twin.boot(render(state))
        twin.dial_together()
        return twin

    with ThreadPoolExecutor(2) as pool:

        def ready():
            name, last, state, coming = waiting.popleft()
            return name, last, state, home if coming is None else coming.result()

        for name, last, state in changes:
            if state != start and not free:
                one = ready()
                yield one
                while one[3] is home:
                    one = ready()
                    yield one
                free.append(one[3])
            waiting.append((name, last, state, None if state == start else pool.submit(boot, free.pop(), state)))
        while waiting:
            yield ready()


def step(live, twin, target):
    """Push, and give what is not as on a router that has booted."""
    up = live.up()
    plan = live.plan(target)
    said = live.push(plan)
    time.sleep(0.1)
    yield from live.untold(target, plan, said, up)
    if any("until FRR starts again" in one for one in plan.warnings):
        live.boot(render(target))
    elif any("until their sessions restart" in one for one in plan.warnings):
        live.router.vtysh("clear bgp *")
        time.sleep(1)
    for _ in range(2):
        mine, theirs = live.dial_together(), twin.dial_together()
        if mine == theirs:
            break
        time.sleep(1)
    else:
        yield f"up: {[one.address for one in mine - theirs]} | {[one.address for one in theirs - mine]}"
    for one in PEERS:
        if one not in mine & theirs:
            # what one of both has heard through it must not be compared
            live.ends[one].close()
            twin.ends[one].close()
    if differing := settled(live, twin, mine & theirs, 8):
        yield f"not as after a boot: {differing[:3]}, of {plan.commands} {plan.after}"
    if dead := live.router.dead():
        yield f"dead: {dead}"
