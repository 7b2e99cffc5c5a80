"""The inventory's YAML and the model say the same."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import jsonschema
import yaml as pyyaml
from hypothesis import HealthCheck, given, settings

from frrgen.inventory.dump import dump
from frrgen.inventory.files import load
from frrgen.inventory.schema import schema
from tests.examples import examples
from tests.strategies import routers

SCHEMA = schema()
VALIDATOR = jsonschema.Draft202012Validator({**SCHEMA, "anyOf": None, "$ref": "#/$defs/Router"} | {"anyOf": [{}]})


def loaded(text: str):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "routers").mkdir()
        (Path(folder) / "routers/r1.yaml").write_text(text)
        return load(Path(folder)).network.routers["r1"]


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=examples(60))
@given(routers())
def test_what_is_dumped_loads_as_the_same_router(router):
    assert loaded(dump(router)) == router


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=examples(15))
@given(routers())
def test_the_schema_takes_what_is_dumped(router):
    errors = list(VALIDATOR.iter_errors(json.loads(json.dumps(pyyaml.safe_load(dump(router))))))
    assert not errors, errors[:2]
