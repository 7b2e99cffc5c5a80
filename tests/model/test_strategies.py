"""Every field of the model is drawn by the strategies, or there is a reason why not."""

from __future__ import annotations

from typing import get_args, get_type_hints

from hypothesis import HealthCheck, Phase, given, seed, settings
from pydantic import BaseModel

from frrgen.model.evpn import Evpn
from frrgen.model.router import Router, StaticRoute, Vrf
from tests.strategies import LATEST, LEFT_OUT, LOGS, RPKIS, bgps, routers, static_routes, vrf_evpn, vrfs

ROUNDS = 8


def models(cls):
    """Return a model and those that it is made of."""
    found, todo = set(), [cls]
    while todo:
        one = todo.pop()
        if isinstance(one, type) and issubclass(one, BaseModel) and one not in found:
            found.add(one)
            hints = get_type_hints(one)
            todo += [hints[name] for name in one.model_fields if f"{one.__name__}.{name}" not in LEFT_OUT]
        todo += get_args(one)
    return found


def test_every_field_is_drawn_or_left_out_for_a_reason():
    drawn = set()

    def look(value):
        if isinstance(value, BaseModel):
            for name in value.model_fields_set:
                drawn.add((type(value).__name__, name))
                look(getattr(value, name))
        elif isinstance(value, dict | tuple | list):
            for one in value.values() if isinstance(value, dict) else value:
                look(one)

    fields = {(one.__name__, name) for one in models(Router) for name in one.model_fields}
    assert len(fields) > 250
    left_out = {(one, name) for one, name in fields if f"{one}.{name}" in LEFT_OUT}
    assert len(left_out) == len(LEFT_OUT)
    # what is drawn is chance: a field that several rounds do not draw is drawn by no strategy
    for number in range(ROUNDS):
        for strategy, examples in (
            (routers(LATEST), 40),
            (LOGS, 60),
            (RPKIS, 60),
            (bgps(LATEST), 150),
            (static_routes.map(lambda some: [StaticRoute.model_validate(one) for one in some]), 100),
            # a router of 40 has few VRFs, and few of those have EVPN: these parts of a router are drawn beside it
            (vrfs(LATEST).map(Vrf.model_validate), 40),
            (vrf_evpn().map(Evpn.model_validate), 60),
        ):

            @seed(number)
            @settings(
                max_examples=examples,
                deadline=None,
                database=None,
                derandomize=False,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(strategy)
            def collect(one):
                look(one)

            collect()
        if fields <= drawn | left_out:
            break
    assert sorted(fields - drawn - left_out) == []
    assert sorted(drawn & left_out) == []
    assert all(LEFT_OUT.values())
