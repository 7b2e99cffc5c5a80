"""Every command form that a version of FRR lists is read as the data of that version says.

A form that a newer FRR adds is told by name: it is none of the rows. `FRRGEN_WRITE_FORMS=1` writes the data anew.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from tests.lab.forms import NODES, sweep

DATA = Path(__file__).parent / "read_forms"
FILES = sorted(DATA.glob("*.jsonl"))
BEYOND = re.compile(r".*\bsid\b.*|.*encapsulation-srv6.*|.*labeled-unicast.*|match (evpn|mac) .*|set evpn .*")
"""Forms of SRv6, EVPN and labeled unicast, which an edge does not set: they alone may be left over."""


def rows(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_there_is_data():
    assert len(FILES) == 3
    assert all(len(rows(file)) > 300 for file in FILES)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_only_what_no_edge_sets_is_left_over_and_nothing_is_read_wrongly(file):
    bad = [row["form"] for row in rows(file) if row["read"] in {"left over", "partly", "wrong"}]
    assert bad
    assert [form for form in bad if not BEYOND.fullmatch(form)] == []


@pytest.mark.parametrize("node", NODES)
def test_each_form_that_frr_lists_is_read_as_its_row_says(router, node):
    file = DATA / f"{router.frr}.jsonl"
    found = [row.record for row in sweep(router, node)]
    kept = rows(file) if file.exists() else []
    if os.environ.get("FRRGEN_WRITE_FORMS"):
        others = [row for row in kept if row["node"] != node]
        order = list(NODES)
        lines = sorted([*others, *found], key=lambda row: order.index(row["node"]))
        file.write_text("".join(f"{json.dumps(row)}\n" for row in lines))
        return
    expected = {row["form"]: row for row in kept if row["node"] == node}
    seen = {row["form"]: row for row in found}
    assert sorted(seen.keys() - expected.keys()) == [], "forms that are new"
    assert sorted(expected.keys() - seen.keys()) == [], "forms that are gone"
    assert [row for form, row in seen.items() if row != expected[form]] == []
