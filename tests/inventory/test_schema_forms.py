"""The published schema takes every form that the loader takes: what an editor marks as wrong is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml as pyyaml

from frrgen.errors import InputError
from frrgen.inventory.dump import dump
from frrgen.inventory.files import load
from frrgen.inventory.schema import schema
from frrgen.platforms.frr.parse.parser import parse

SCHEMA = {**schema(), "anyOf": [{"$ref": "#/$defs/Router"}]}
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
GOLDEN = Path(__file__).resolve().parents[1] / "golden/frr/frr-golden-10.7.1.conf"
KEY = re.compile("[a-z_]+")


def forms(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the other forms in which a person may write a value, each with its name."""
    if isinstance(value, bool):
        yield from ((f"as {form!r}", form) for form in ("true", "false", "yes", "Off", "1", 1))
    elif isinstance(value, int):
        yield "quoted", str(value)
        yield "asdot", f"{value >> 16}.{value & 65535}"
        yield "listed", [value]
    elif isinstance(value, str):
        yield "listed", [value]
        yield "as a number", 7
    elif isinstance(value, list):
        if all(isinstance(one, str | int) for one in value):
            yield "as words", " ".join(map(str, value))
        if len(value) == 1:
            yield "alone", value[0]
    yield "empty", None


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield each value inside of a value, with the way to it."""
    if path:
        yield path, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*path, key))


def changed(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return the whole with another value at a place."""
    if not path:
        return value
    step, *rest = path
    if isinstance(whole, dict):
        return {**whole, step: changed(whole[step], tuple(rest), value)}
    return [*whole[:step], changed(whole[step], tuple(rest), value), *whole[step + 1 :]]


@pytest.fixture
def takes(tmp_path):
    """Tell whether the loader takes a router."""
    (tmp_path / "routers").mkdir()

    def load_it(router):
        (tmp_path / "routers/r1.yaml").write_text(json.dumps(router))
        try:
            load(tmp_path)
        except InputError:
            return False
        return True

    return load_it


def test_whatever_form_of_a_value_the_loader_takes_the_schema_takes_too(takes):
    router = parse(GOLDEN.read_text(), name="r1", frr_version="10.7.1").router
    whole = json.loads(json.dumps(pyyaml.safe_load(dump(router))))
    assert takes(whole)
    tried, taken, wrong = set(), 0, []
    for path, value in places(whole):
        kind = tuple(step if isinstance(step, str) and KEY.fullmatch(step) else "*" for step in path)
        for name, form in forms(value):
            if (kind, name) in tried:
                continue
            tried.add((kind, name))
            other = changed({path[0]: whole[path[0]]}, path, form)
            if takes(other):
                taken += 1
                if not VALIDATOR.is_valid(other):
                    wrong.append((".".join(map(str, path)), name, form))
    assert taken > 100
    assert wrong == []


@pytest.mark.parametrize("text", ["asn: 1.10", "asn: '1.10'", "asn: 65551.1", "asn: '65001'", "asn: 65001"])
def test_an_as_number_is_taken_as_an_editor_reads_it(text, tmp_path):
    (tmp_path / "routers").mkdir()
    (tmp_path / "routers/r1.yaml").write_text(f"bgp: {{{text}}}\n")
    try:
        load(tmp_path)
    except InputError:
        return
    assert VALIDATOR.is_valid({"bgp": pyyaml.safe_load(text)})


@pytest.mark.parametrize("bgp", [{"asn": "x"}, {"asn": 0}, {"asn": 1, "fast_external_failover": "maybe"}])
def test_the_schema_still_refuses_what_is_wrong(bgp, takes):
    assert not takes({"bgp": bgp})
    assert not VALIDATOR.is_valid({"bgp": bgp})


@pytest.mark.parametrize("said", [None, ["lo"], {"name": "lo"}])
def test_what_is_no_word_becomes_no_name(said, takes):
    """A list became the interface `['lo']`, and nothing the host `None`."""
    assert not takes({"rpki": {"caches": [{"host": said, "port": 1, "preference": 1}]}})
    peer = {"action": "permit", "match": {"peer": said}}
    assert said is None or not takes({"route_maps": {"A": [peer]}})


def test_an_empty_entry_of_a_list_is_an_error(takes):
    assert takes({"prefix_lists": {"P": ["permit 192.0.2.0/24"]}})
    assert not takes({"prefix_lists": {"P": ["permit 192.0.2.0/24", None]}})
