"""What we write, real FRR takes; what it shows, we understand; and every plan leads where it says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from frrgen.diff.plan import make_plan
from frrgen.parse.frr import parse
from frrgen.render.frr import render
from tests.strategies import routers

GOLDENS = sorted((Path(__file__).parent.parent / "golden/frr").glob("*-8.4.4.conf"))
SEED = int(os.environ.get("FRRGEN_SEED", "1"))
DAEMONS = ("zebra", "bgpd", "staticd", "bfdd")


def apply(router, commands):
    return router.load("\n".join([*commands, "end", ""]))


def left_to_do(router, intended):
    return make_plan(parse(router.running_config(), name=intended.name), intended)


def test_there_are_goldens():
    assert GOLDENS


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda path: path.stem)
def test_a_golden_passes_vtysh_loads_and_leaves_nothing_to_plan(router, golden):
    router.restart("", options={"bgpd": ["-M", "rpki"]})
    intended = parse(golden.read_text(), name="r1").router
    (router.folder / "lib/golden.conf").write_text(render(intended))
    assert router.run("vtysh", "-C", "-f", "/var/lib/golden.conf").stdout == ""
    router.run("vtysh", "-f", "/var/lib/golden.conf", check=False)
    left = left_to_do(router, intended)
    assert left.commands == ()
    assert left.leftovers == ()


def generated(number, seed_):
    """Random routers, the same ones for a seed."""
    made = []

    @seed(seed_)
    @settings(
        max_examples=number,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(routers())
    def collect(one):
        made.append(one)

    collect()
    assert len(made) == number
    return made


def test_from_any_router_to_any_other_the_plan_leads_there_and_frr_survives(router):
    """A chain of random routers: each is reached from the one before, by the plan alone."""
    router.restart("")
    for number, intended in enumerate(generated(int(os.environ.get("FRRGEN_CHAIN", "60")), SEED)):
        plan = left_to_do(router, intended)
        said = apply(router, plan.commands)
        dead = [daemon for daemon in DAEMONS if not router.alive(daemon)]
        assert not dead, f"number {number} of seed {SEED} kills {dead}"
        left = left_to_do(router, intended)
        assert (left.commands, left.leftovers) == ((), ()), f"number {number} of seed {SEED}: {said}"


def test_a_random_router_boots_from_what_is_rendered(router):
    for number, intended in enumerate(generated(15, SEED + 1)):
        router.restart(render(intended))
        left = left_to_do(router, intended)
        assert left.commands == (), f"number {number} of seed {SEED + 1}"


def test_entries_that_call_may_turn_round_without_killing_frr(router):
    router.restart("")
    one = parse("route-map A permit 10\n call B\nroute-map A permit 20\nroute-map B permit 5\n", name="r1").router
    other = parse("route-map A permit 20\nroute-map B permit 5\n call A\n", name="r1").router
    for intended in (one, other, one, other):
        apply(router, left_to_do(router, intended).commands)
        assert all(router.alive(daemon) for daemon in DAEMONS)
        assert left_to_do(router, intended).commands == ()


@pytest.mark.parametrize(("old", "new"), [("-7", "+3"), ("+7", "3"), ("rtt", "5"), ("rtt", "+5"), ("5", "+3")])
def test_a_changed_metric_is_what_bgpd_works_with(router, old, new):
    """FRR 8.4.4 loses a metric that is overwritten by one of another kind, and still shows it as its configuration."""
    router.restart("")
    first, second = (parse(f"route-map A permit 10\n set metric {metric}\n", name="r1").router for metric in (old, new))
    for intended in (first, second):
        apply(router, left_to_do(router, intended).commands)
    assert f"metric {new}" in router.run("vtysh", "-d", "bgpd", "-c", "show route-map A").stdout
    assert left_to_do(router, second).commands == ()


ANY = {
    "ip prefix-list": ("any", "0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/8 le 24", "0.0.0.0/0 ge 8"),
    "ipv6 prefix-list": ("any", "::/0", "2001:db8::/32", "::/0 le 64"),
    "access-list": ("any", "10.0.0.0/8", "10.0.0.0/8 exact-match", "11.0.0.0/8 exact-match"),
    "ipv6 access-list": ("any", "2001:db8::/32", "2001:db8::/32 exact-match"),
}


@pytest.mark.parametrize("kind", ANY)
def test_an_entry_written_over_another_is_what_bgpd_works_with(router, kind):
    """FRR 8.4.4 keeps half of an `any` that is overwritten, and `exact-match`, and shows neither."""

    def of(forms):
        lines = [f"{kind} L{n} seq 5 permit {form}" for n, form in enumerate(forms)]
        return parse("\n".join([*lines, ""]), name="r1").router

    def shown():
        family, _, what = kind.rpartition(" ")
        return router.run("vtysh", "-d", "bgpd", "-c", f"show {family or 'ip'} {what}").stdout.splitlines()

    pairs = [(old, new) for old in ANY[kind] for new in ANY[kind]]
    router.restart("")
    for intended in (of(old for old, _ in pairs), of(new for _, new in pairs)):
        apply(router, left_to_do(router, intended).commands)
    edited = shown()
    router.restart("")
    apply(router, left_to_do(router, intended).commands)
    assert sorted(edited) == sorted(shown())
    assert len(edited) > len(pairs)
