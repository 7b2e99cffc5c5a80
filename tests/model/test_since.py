"""Each field says with which FRR it came: no field is taken for one of FRR 8.4 because its author forgot."""

from __future__ import annotations

from pathlib import Path

from frrgen.model.platform import PlatformOptions
from frrgen.model.router import Router
from frrgen.model.since import Since
from tests.model.test_strategies import models

OLD = Path(__file__).with_name("fields-8.4.txt")
"""The fields that FRR 8.4.4 has: its golden configuration, the sweep or tests/lab/test_since.py shows each."""


OURS = {
    "Router.checks": "what a push looks at",
    "Router.description": "for people",
    "Router.frr_version": "which FRR it is",
    "Router.ha": "the other box of a pair of pfSense",
    "Router.name": "the name of its file",
    "Router.ownership": "what a push removes",
    "Router.pfsense": "options of a platform",
    "Router.platform": "a folder of frrgen",
    "Router.ssh": "how a push logs in",
}
"""Fields that no line of FRR stands for, and what they are."""


def test_a_field_has_its_first_version_or_stands_among_those_of_frr_8_4():
    marked = {
        f"{one.__name__}.{name}": any(isinstance(mark, Since) and not mark.values for mark in field.metadata)
        for one in models(Router)
        if not issubclass(one, PlatformOptions)
        for name, field in one.model_fields.items()
    }
    assert sum(marked.values()) > 30
    assert OURS.keys() <= marked.keys()
    old = sorted(name for name, since in marked.items() if not since and name not in OURS)
    assert old == OLD.read_text().splitlines()
