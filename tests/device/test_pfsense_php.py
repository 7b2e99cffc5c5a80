"""What Python and PHP both compute must be the same, whatever stands in config.xml."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frrgen.platforms.pfsense.rows import ranked
from frrgen.platforms.pfsense.schema import COVERED, EMPTY_COUNTS, SET_BY_PRESENCE
from frrgen.platforms.pfsense.stored import digest
from frrgen.platforms.templates import template_folder
from frrgen.transport.base import Running
from tests.examples import examples

FOLDER = template_folder() / "pfsense"
TEXTS = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(
    ["", "0", "on", "ON", "\x7f", "/", "\u2028"]
)
KEYS = st.sampled_from(["peer", "descr", "10", "9", "a.b", *EMPTY_COUNTS, *SET_BY_PRESENCE])
ROWS = st.lists(st.dictionaries(KEYS, TEXTS, max_size=3), max_size=3)
CONFIGS = st.dictionaries(KEYS, TEXTS, max_size=4) | st.builds(
    lambda config, rows: {**config, "row": rows}, st.dictionaries(KEYS, TEXTS, max_size=3), ROWS
)
SECTIONS = st.dictionaries(st.sampled_from(COVERED), st.lists(CONFIGS, max_size=3), max_size=4)

pytestmark = pytest.mark.skipif(shutil.which("php") is None, reason="php-cli is not installed")


def php(code, data, text="common"):
    text = (FOLDER / f"{text}.php").read_text()
    asked = base64.b64encode(json.dumps(data).encode()).decode()
    done = subprocess.run(
        ["php"],
        input=f"{text}\n$data = json_decode(base64_decode('{asked}'), true);\n{code}\n",
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@settings(max_examples=examples(25), deadline=None)
@given(st.lists(SECTIONS, min_size=10, max_size=60))
def test_php_and_python_name_the_same_sections_by_the_same_digest(many):
    code = "echo json_encode(array_map(fn($one) => frrgen_digest($one, $data['names']), $data['many']));"
    assert php(code, {"many": many, "names": COVERED}) == [digest(one) for one in many]


def test_php_and_python_name_the_same_configuration_by_the_same_digest():
    texts = [file.read_text() for file in sorted((Path(__file__).parents[1] / "golden").rglob("*.conf"))]
    texts += [
        "",
        "a\n b\n  c\n d\nexit\na\n b",
        "hostname x\n!\n ! y\nend\n  exit-vrf\nz  \n",
        "a\n\n\n b\n",
        " b\na\n",
    ]
    code = "echo json_encode(array_map('frrgen_plain', $data));"
    assert len(texts) > 20
    assert php(code, texts) == [Running(text, "").digest for text in texts]


def test_php_and_python_number_the_rows_of_lists_alike():
    heads = ("bgp as-path access-list P", "bgp community-list 7", "bgp community-list standard C", "ip prefix-list P")
    rows = [f"{head} seq {number} permit {at}" for at, head in enumerate(heads * 3) for number in (7, 900)]
    texts = ["", "\n".join(rows), "\n".join(["router bgp 1", " bgp community-list 7 seq 1 permit 1:1", *sorted(rows)])]
    assert php("echo json_encode(array_map('frrgen_ranked', $data));", texts, "rows") == list(map(ranked, texts))
    assert " seq 10 permit 0" in ranked(texts[1])
    assert ranked(ranked(texts[2])) == ranked(texts[2])


def test_the_keys_that_count_when_empty_are_the_same_in_both():
    found = php("echo json_encode(array(FRRGEN_EMPTY_COUNTS, FRRGEN_SET_BY_PRESENCE));", None)
    assert [set(one) for one in found] == [EMPTY_COUNTS, SET_BY_PRESENCE]


def test_there_are_texts_for_every_verb():
    verbs = {"fetch", "check", "apply", "watch", "keep", "kept", "arm", "extend", "disarm", "undo", "back", "run"}
    verbs |= {"order"}
    assert {file.stem for file in FOLDER.glob("*.php")} == verbs | {"common", "write", "rows"}


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.php")), ids=lambda file: file.name)
def test_every_text_for_php_compiles(file):
    assert subprocess.run(["php", "-l", str(file)], capture_output=True, check=False).returncode == 0
