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
BEYOND = re.compile(
    r"vrf-policy|sid|route-map vpn|encapsulation-srv6|bgp labeled-unicast|match (evpn|mac|vpn|script|source-instance)|"
    r"set (evpn|l3vpn|sr-te|ipv[46] vpn|<ipv4\|ipv6> vpn)|bgp default <|nexthop vpn|label vpn|rt redirect|"
    r".*route-target.*redirect|redistribute <"
)
"""Forms of VNC, SRv6, EVPN, VPNs, other families and scripts, which an edge does not set."""


def rows(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_there_is_data():
    assert len(FILES) == 3
    assert all(len(rows(file)) > 300 for file in FILES)


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
