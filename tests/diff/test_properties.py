"""What must hold of rendering, reading and planning, over the whole model."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, Phase, given, reject, settings

from frrgen.errors import InputError
from frrgen.lines.rule import Impact
from frrgen.platforms.frr.diff.canonical import canonical
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.pair import parse_pair
from frrgen.platforms.frr.parse.parser import Parsed, parse
from frrgen.platforms.frr.render import render
from tests.examples import examples
from tests.strategies import any_router as routers

# no shrinking: a whole router shrinks for minutes, and the seed is printed
thorough = settings(
    suppress_health_check=list(HealthCheck),
    deadline=None,
    max_examples=examples(60),
    print_blob=True,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


@thorough
@given(routers())
def test_what_is_rendered_is_read_back(router):
    parsed = parse(render(router), name=router.name, frr_version=router.frr_version)
    assert parsed.leftovers == ()
    again = canonical(parsed.router.model_copy(update={"ownership": router.ownership}))
    assert again == canonical(router)


@thorough
@given(routers())
def test_a_router_differs_from_itself_in_nothing(router):
    assert make_plan(Parsed(router, ()), router).empty
    assert make_plan(parse(render(router), name="r1", frr_version=router.frr_version), router).commands == ()


def planned(one, other):
    """Plan a change; one that is refused, for FRR dies of it, is no example."""
    try:
        return make_plan(Parsed(one, ()), other)
    except InputError:
        reject()


@thorough
@given(routers(), routers())
def test_the_plan_of_two_texts_is_the_plan_of_what_they_say(one, other):
    version = one.frr_version
    running, intended = parse_pair(render(one), render(other), name="r1", frr_version=version)
    try:
        short = make_plan(running, intended.router.model_copy(update={"ownership": "full"}))
    except InputError:
        # FRR dies of the change
        reject()
    whole = make_plan(
        parse(render(one), name="r1", frr_version=version),
        parse(render(other), name="r1", frr_version=version).router.model_copy(update={"ownership": "full"}),
    )
    assert short.commands == whole.commands
    assert short.sessions == whole.sessions


@thorough
@given(routers(), routers())
def test_no_plan_shows_a_password_or_deletes_a_neighbor_that_stays(one, other):
    plan = planned(one, other)
    secrets = [
        peer.password.get_secret_value()
        for router in (one, other)
        if router.bgp is not None
        for peer in (*router.bgp.neighbors.values(), *router.bgp.peer_groups.values())
        if peer.password is not None
    ]
    shown = json.dumps(plan.to_json())
    assert not any(f"password {secret}" in shown for secret in secrets if not "<hidden>".startswith(secret))
    assert not any(" remote-as " in line for line in plan.commands if line.startswith("no neighbor"))
    reset = {session.neighbor for session in plan.sessions if session.impact is Impact.RESET}
    old = set(one.bgp.neighbors) if one.bgp is not None else set()
    new = set(other.bgp.neighbors) if other.bgp is not None else set()
    assert old - new <= reset


@thorough
@given(routers(), routers())
def test_references_are_made_after_what_they_name_and_removed_before_it(one, other):
    commands = list(planned(one, other).commands)
    for name in ("RM1", "RM2", "RM-3"):

        def lines(start, part, word=name):
            return [n for n, line in enumerate(commands) if line.startswith(start) and f"{part} {word} " in f"{line} "]

        made, gone = lines("route-map ", "route-map"), lines("no route-map ", "no route-map")
        attached, detached = lines("neighbor ", " route-map"), lines("no neighbor ", " route-map")
        assert not made or not attached or made[0] < attached[0]
        if name not in other.route_maps:
            assert not gone or not detached or detached[-1] < gone[-1]
