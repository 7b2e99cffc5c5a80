"""Each key of each page with the word 0, which PHP takes for nothing: both halves see what the package sees."""

from __future__ import annotations

import copy
import hashlib
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
from frrgen.platforms.pfsense.php import ip_version, subnet_version
from frrgen.platforms.pfsense.raw import raw_keys
from frrgen.platforms.pfsense.schema import SCHEMA
from tests.boxes import BOX
from tests.pfsense import GOLDEN
from tests.render.test_package_against_php import BOX as PHP_BOX
from tests.render.test_package_against_php import by_php
from tests.render.test_pfsense import on_devices, on_the_box, without_repeated
from tests.render.test_pfsense_losses import numbered_by_fives, with_masks, with_profiles_apart

FULL = json.loads((GOLDEN / "full.json").read_text())
"""A box that has something on every page."""
BY_PHP = json.loads((GOLDEN / "by-php.json").read_text())
"""Digests of the frr.conf files that the package's own PHP wrote of the box with each word, by word and section."""
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


def with_zeros(word="0"):
    """Yield the place of each zero, or of another word, and the box with it."""
    for section, entries in FULL.items():
        for number, entry in enumerate(entries):
            for key in SCHEMA[section].keys:
                if key != "row":
                    box = copy.deepcopy(FULL)
                    box[section][number][key] = word
                    yield (section, number, key), box
            for place in range(len(entry.get("row", []))):
                for field in SCHEMA[section].row:
                    box = copy.deepcopy(FULL)
                    box[section][number]["row"][place][field.key] = word
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


def digests(texts_and_sections):
    """Return a digest of all files of a section, for each section."""
    found = {}
    for section, text in texts_and_sections:
        found.setdefault(section, hashlib.sha256()).update(text.encode() + b"\0")
    return {section: one.hexdigest()[:16] for section, one in found.items()}


@pytest.mark.parametrize("word", BY_PHP)
def test_the_file_of_an_odd_word_is_the_file_that_the_package_wrote(word):
    """The package itself is no part of this project: what changes full.json needs its PHP again."""
    box = replace(PHP_BOX, package="2.0")
    boxes = ((place, stored) for place, stored in with_zeros(word) if place[::2] != ("frrglobalraw", "frr"))
    ours = digests((place[0], frr_conf(stored, box)) for place, stored in boxes)
    wrong = [section for section, one in ours.items() if BY_PHP[word].get(section) != one]
    assert wrong == []
    assert len(ours) > 10


@pytest.mark.parametrize(("key", "text"), [("frr", ""), ("bgpd", "line vty\n!\n"), ("bfdd", "line vty\n!\n")])
def test_a_raw_configuration_of_blanks_is_an_empty_one_and_a_zero_is_none(key, text):
    said = frr_conf(FULL | {"frrglobalraw": [{key: " "}]}, PHP_BOX)
    assert said == text or (said.endswith(text) and {"bgpd": "router bgp", "bfdd": "\nbfd\n"}.get(key, "!") not in said)
    assert raw_keys({"frrglobalraw": [{key: "0"}]}) == ()
    assert frr_conf(FULL | {"frrglobalraw": [{key: "0"}]}, PHP_BOX) == frr_conf(FULL | {"frrglobalraw": []}, PHP_BOX)


def test_an_ipv6_source_of_a_numbered_list_has_the_wildcard_of_ipv4():
    """The lines are those of the package, and FRR refuses them; no page takes such a list."""
    rows = [
        {"seq": "5", "action": "permit", "source": source} for source in ("2001:db8::/32", "2000::/3", "fd00::1/64")
    ]
    stored = FULL | {"frrglobalacls": [{"type": "standard", "iptype": "IPv4", "name": "10", "row": rows}]}
    lines = [line for line in frr_conf(stored, PHP_BOX).split("\n") if line.startswith("access-list 10 ")]
    assert [line.rpartition("permit ")[2] for line in lines] == [
        "2001:db8:: 0.0.0.0",
        "2000:: 31.255.255.255",
        "fd00:: 0.0.0.0",
    ]


@pytest.mark.parametrize("text", ["fe80::1%lan/64", "fe80::%em0/10"])
def test_a_prefix_with_a_zone_is_no_prefix_to_the_package(text):
    assert subnet_version(text) == 0
    assert ip_version(text) == 0
