"""Each key of each page with the word 0, which PHP takes for nothing: both halves see what the package sees."""

from __future__ import annotations

import copy
import json
import re
import shutil
from dataclasses import replace

import pytest

from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import Parsed
from frrgen.platforms.frr.parse.parser import parse as parse_frr
from frrgen.platforms.pfsense.dangling import as_generated
from frrgen.platforms.pfsense.generator import frr_conf
from frrgen.platforms.pfsense.pages import refusals
from frrgen.platforms.pfsense.parse import parse
from frrgen.platforms.pfsense.schema import SCHEMA
from tests.boxes import BOX
from tests.pfsense import GOLDEN
from tests.render.test_package_against_php import BOX as PHP_BOX
from tests.render.test_package_against_php import by_php
from tests.render.test_pfsense import on_devices, on_the_box, without_repeated
from tests.render.test_pfsense_losses import numbered_by_fives, with_masks, with_profiles_apart

FULL = json.loads((GOLDEN / "full.json").read_text())
"""A box that has something on every page."""
INTERNAL = ("bgp", "neighbors", "2001:db8::9", "ebgp_multihop")
"""FRR drops it of an internal neighbor."""


def of_idle_group(key, path):
    """Tell whether a group says this in a family where it has no member: the package writes it in both."""
    return key in {"peer", "peergroup"} and path[:2] == ("bgp", "peer_groups")


NOT_IN_THE_STAND_IN = {
    ("frr", "enable"): "the file is not there then",
    ("frrbgp", "asnum"): "the package writes the rest of BGP without `router bgp` (FRR738)",
    ("frrglobalacls", "iptype"): "a list of no family",
    ("frrglobalprefixes", "iptype"): "a list of no family",
}


def with_zeros():
    """Yield the place of each zero, and the box with it."""
    for section, entries in FULL.items():
        for number, entry in enumerate(entries):
            for key in SCHEMA[section].keys:
                if key != "row":
                    box = copy.deepcopy(FULL)
                    box[section][number][key] = "0"
                    yield (section, number, key), box
            for place in range(len(entry.get("row", []))):
                for field in SCHEMA[section].row:
                    box = copy.deepcopy(FULL)
                    box[section][number]["row"][place][field.key] = "0"
                    yield (section, number, f"row.{place}.{field.key}"), box


def differences(stored):
    """Return what FRR would do otherwise than the model says, and what is left over."""
    # FRR 10 refuses the package's lines for RPKI caches, which a finding of its own tells (FRR738)
    text = re.sub("^( rpki cache) ", r"\1 tcp ", frr_conf(stored, BOX), flags=re.MULTILINE)
    seen = parse_frr(text, name="home", frr_version="10.1").router
    read = parse(stored, BOX, name="home").parsed
    said = as_generated(read.router)
    said = on_the_box(said) if said.bgp is not None else said.model_copy(update=on_devices(said))
    said = with_masks(with_profiles_apart(numbered_by_fives(without_repeated(said))))
    peers = (one.model_copy(update={"interface": BOX.devices.get(one.interface)}) for one in said.bfd_peers)
    plan = make_plan(Parsed(seen, ()), said.model_copy(update={"hostname": seen.hostname, "bfd_peers": tuple(peers)}))
    return {one.path for one in plan.changes}, set(map(str, read.leftovers))


def test_the_model_says_what_the_package_makes_of_a_zero_or_leaves_the_key_over():
    known, left_over = differences(FULL)
    assert known == set()
    wrong, tried = [], 0
    for (section, number, key), stored in with_zeros():
        changes, left = differences(stored)
        changes = {path for path in changes if path != INTERNAL and not of_idle_group(key, path)}
        tried += 1
        if changes and left <= left_over:
            wrong.append((section, number, key, sorted(changes)[:3]))
    assert wrong == []
    assert tried > 600


@pytest.mark.skipif(shutil.which("php") is None, reason="php-cli is not installed")
@pytest.mark.parametrize("package", ["2.0", "2.1"])
def test_the_package_writes_of_a_zero_what_is_foreseen(tmp_path, package):
    places, boxes = zip(*with_zeros(), strict=True)
    box = replace(PHP_BOX, package=package)
    texts = by_php(boxes, package, tmp_path)
    wrong = {place for place, one, text in zip(places, boxes, texts, strict=True) if frr_conf(one, box) != text}
    assert {place for place in wrong if place[::2] not in NOT_IN_THE_STAND_IN} == set()


@pytest.mark.parametrize("section", ["frrglobalacls", "frrglobalprefixes", "frrglobalroutemaps"])
def test_no_page_takes_the_name_zero(section):
    entry = FULL[section][0] | {"name": "0"}
    assert [key for key, _ in refusals(section, entry) if key == "name"]
