"""Every text of the model, with every character that vtysh, FRR or a shell treats specially, and every pair of them.

What FRR shows is what was asked, or the model refuses it.
"""

from __future__ import annotations

from itertools import product

import pytest
from pydantic import ValidationError

from frrgen.model.router import Router
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.render import render

SPECIAL = [*(chr(code) for code in range(0x20, 0x7F) if not chr(code).isalnum()), "\t", "\r", "\x1b", "é", "\u2028"]
TEXTS = [
    *(f"x{one}{other}y" for one, other in product(SPECIAL, repeat=2)),
    *(form.format(one) for one in SPECIAL for form in ("{}", "{}y", "x{}", "x {}", "{} y", "x {} y")),
]


def group(**options):
    return lambda name, text: {
        "bgp": {"asn": 65000, "peer_groups": {name: {"remote_as": 65001, **fill(options, text)}}}
    }


def fill(options, text):
    return {key: text if value is ... else value for key, value in options.items()}


def listed(kind, **entry):
    return lambda name, text: {
        kind: {name: {**entry.get("of", {}), "entries": [{"seq": 5, **fill(entry["has"], text)}]}}
    }


PERMIT = {"action": "permit"}
FIELDS = {
    "a description of a group": group(description=...),
    "a password": group(password=...),
    "an update source": group(update_source=...),
    "an as-path expression": listed("as_path_lists", has={**PERMIT, "regex": ...}),
    "a community expression": listed("community_lists", of={"kind": "expanded"}, has={**PERMIT, "regex": ...}),
    "a large-community expression": listed(
        "large_community_lists", of={"kind": "expanded"}, has={**PERMIT, "regex": ...}
    ),
    "a description of a prefix list": lambda name, text: {
        "prefix_lists": {name: {"description": text, "entries": [{"seq": 5, **PERMIT, "prefix": "10.0.0.0/8"}]}}
    },
    "a remark of an access list": lambda name, text: {
        "access_lists": {name: {"remark": text, "entries": [{"seq": 5, **PERMIT, "prefix": "10.0.0.0/8"}]}}
    },
    "a description of an entry": listed("route_maps", has={**PERMIT, "description": ...}),
}


SLOW = {"a description of an entry"}
"""Fields of which FRR 8 takes a long time for each line: a part of the texts is tried."""
KINDS = ("as_path_lists", "community_lists", "large_community_lists", "prefix_lists", "access_lists", "route_maps")


def merged(one, other):
    """Put two mappings together, key by key."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return other
    return {**one, **{key: merged(one[key], value) if key in one else value for key, value in other.items()}}


def accepted(make, texts):
    """Every text that the model takes in a field, in an object of its own, as (name, part of a router)."""
    for number, text in enumerate(texts):
        part = make(f"n{number}", text)
        try:
            Router.model_validate({"name": "r1", **part})
        except ValidationError:
            continue
        yield part


@pytest.mark.sample("8.4")
@pytest.mark.parametrize("field", FIELDS)
def test_frr_shows_what_was_asked_whatever_characters_are_in_it(router, field):
    data = {"name": "r1", "frr_version": router.frr.version}
    count = 0
    for part in accepted(FIELDS[field], TEXTS[::10] if field in SLOW else TEXTS):
        data, count = merged(data, part), count + 1
    assert count > (5 if field == "an as-path expression" else 100)
    wanted = Router.model_validate(data)
    router.restart("")
    router.load(render(wanted))
    assert all(router.alive(daemon) for daemon in router.daemons)
    shown = parse(router.running_config(), name="r1", frr_version=router.frr.version).router
    for kind in KINDS:
        want, have = getattr(wanted, kind), getattr(shown, kind)
        assert {name: (one, have.get(name)) for name, one in want.items() if have.get(name) != one} == {}
    if wanted.bgp is not None:
        want, have = wanted.bgp.peer_groups, shown.bgp.peer_groups
        assert {name: (one, have.get(name)) for name, one in want.items() if have.get(name) != one} == {}
