"""From one configuration to another on a live router: nothing is refused, and nothing comes through on the way."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.render import render
from tests.lab.changes import config
from tests.lab.live import PEERS, Live, model

PAIRS = Path(__file__).parent / "transitions"
NAMES = sorted(path.name.removesuffix(".A.conf") for path in PAIRS.glob("*.A.conf"))


def test_there_are_pairs():
    assert len(NAMES) > 30


@pytest.mark.parametrize("ownership", ["full", "managed"])
def test_the_way_there_and_back_is_taken_at_once_and_leaves_nothing_to_plan(router, ownership):
    bad = []
    for name in NAMES:
        texts = [(PAIRS / f"{name}.{which}.conf").read_text() for which in "AB"]
        here, there = (model(text, router.frr.version).model_copy(update={"ownership": ownership}) for text in texts)
        router.restart(texts[0])
        for target in (there, here):
            plan = make_plan(parse(router.running_config(), name=target.name), target)
            said = "".join(router.load("\n".join([*batch, "end", ""])) for batch in plan.batches)
            left = make_plan(parse(router.running_config(), name=target.name), target)
            if left.commands:
                bad.append((name, plan.commands, said, left.commands))
    assert bad == []


def lists(kind, direction, *more):
    """Give the configuration in which a list of this kind alone filters a neighbor, two groups and an IPv6 neighbor."""
    names = {"distribute-list": ("B", "A6"), "prefix-list": ("P", "P6")}[kind]
    owners = ("G", "K", "10.0.0.11", "2001:db8::21")
    said = [f"neighbor {owner} {kind} {names[0]} {direction}" for owner in owners[:3]]
    said += [f"neighbor {owner} {line}" for owner in owners[:3] for line in more]
    text = config(v4=" / ".join(said), v6=f"neighbor {owners[3]} {kind} {names[1]} {direction}")
    for owner in owners:
        for name in ("IN", "OUT"):
            text = text.replace(f"neighbor {owner} route-map {name} ", f"neighbor {owner} route-map ALL ")
    return text


@pytest.mark.parametrize("more", [(), ("soft-reconfiguration inbound",)], ids=["plain", "soft"])
@pytest.mark.parametrize("direction", ["in", "out"])
def test_between_a_distribute_list_and_a_prefix_list_no_session_is_open_and_none_is_shut(lab, direction, more):
    """The peers offer forbidden routes all the time, and bgpd is asked all the time what it has accepted."""
    live = Live(lab, "edge")
    here, there = (model(lists(kind, direction, *more), lab.frr.version) for kind in ("distribute-list", "prefix-list"))
    live.boot(render(here))
    assert len(live.dial()) == len(PEERS)
    time.sleep(2)
    for target in (there, here, there, here):
        told, kept = live.heard(PEERS), set(live.accepted())
        live.listen()
        plan = live.plan(target)
        with live.insisting():
            live.push(plan)
            time.sleep(0.1)
        time.sleep(1.5)
        assert live.plan(target).commands == ()
        assert live.seen - kept - set(live.accepted()) == set()
        assert len(live.seen) > 20
        assert live.leaked(told) == {}
        assert live.lost(told) == {}
        assert len(live.up()) == len(PEERS)
