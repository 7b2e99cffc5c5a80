"""Which lines FRR takes in the main instance and refuses in a VRF: every form that it lists, tried in both.

A run of all tests draws some forms of each node; `FRRGEN_VRF=all` tries all of them, some 550 lines for each version.
"""

from __future__ import annotations

import os
import random
import re

import pytest

from frrgen.platforms.frr.parse.parser import parse
from tests.lab.forms import NODES, forms, instances

PEERS = ("neighbor G peer-group", "neighbor 192.0.2.1 remote-as 65002", "neighbor 192.0.2.3 remote-as 65001")
KILLS = re.compile("neighbor [^ ]+ path-attribute discard .*")
"""FRR 10.3 dies of its `no` with a number; frrgen sends it without."""
REFUSED = re.compile("redistribute table-direct .*")
"""What FRR refuses in a VRF, for IPv6."""
LACKED = re.compile("vrf-policy .*|sid export .*")
"""What FRR refuses in a VRF, and the model lacks."""
SAID = re.compile("(bgp|neighbor [^ ]+) graceful-restart")
"""What FRR 10.7 complains of in a VRF that the kernel does not have, and takes."""
BATCH = 25


def refused(router, node, lines, vrf):
    """Give the lines that FRR refuses in a node of the main instance, or of a VRF."""
    enter = [one.format(vrf=vrf, name="M") for one in NODES[node]]
    found = set()
    for first in range(0, len(lines), BATCH):
        text, at = ["bgp community alias 65010:77 A1", "vrf red", "exit", "router bgp 65001", "exit"], {}
        for line in lines[first : first + BATCH]:
            text += [enter[0], *PEERS, "exit", *enter]
            at[len(text) + 1] = line
            text += [line, *(["exit"] * len(enter)), *enter, f"no {line}", *(["exit"] * len(enter))]
        said = router.load("\n".join([*text, "end", ""]))
        assert router.alive("bgpd"), (node, vrf, lines[first : first + BATCH])
        found |= {at[int(number)] for number in re.findall(r"line (\d+): ", said) if int(number) in at}
    return found


@pytest.mark.parametrize("node", [node for node in NODES if node != "route-map"])
def test_what_frr_refuses_in_a_vrf_alone_is_not_read_there(router, node):
    router.restart("", options={"bgpd": ["-M", "rpki"]})
    listed = dict.fromkeys(one.line for one in instances(forms(router, node)))
    lines = [line for line in listed if not KILLS.fullmatch(line)]
    assert len(lines) > 150
    if os.environ.get("FRRGEN_VRF") != "all":
        dice = random.Random(os.environ.get("FRRGEN_SEED", f"{node} {router.frr}"))
        lines = [line for line in lines if REFUSED.fullmatch(line)] + dice.sample(lines, 20)
    alone = refused(router, node, lines, " vrf red") - refused(router, node, lines, "")
    alone = {line for line in alone if not LACKED.fullmatch(line) and not SAID.fullmatch(line)}
    known = {line for line in lines if REFUSED.fullmatch(line)} if node == "ipv6 unicast" else set()
    assert alone == known
    for line in known:
        enter = [one.format(vrf=" vrf red", name="M") for one in NODES[node]]
        (left,) = parse("\n".join([*enter, line]), frr_version=router.frr.version).leftovers
        assert left.why == f"FRR {router.frr.version} refuses it in a VRF"
