"""Rows of lists on a pfSense box that change: FRR then has what it would boot, in the same order."""

from __future__ import annotations

import contextlib
import copy
import os
import re

import pytest

from frrgen.errors import RolledBackError
from frrgen.model.router import Check, Router
from frrgen.platforms.frr.sessions import Bounds
from frrgen.platforms.pfsense.device import PfsenseDevice
from frrgen.platforms.pfsense.push import PfsensePush
from frrgen.platforms.pfsense.schema import blank
from frrgen.transaction.base import State
from tests.lab import Lab
from tests.lab.pfsense import ADMIN, Pfsense
from tests.lab.pfsense.box import lacking
from tests.lab.test_pfsense import ARTICLE

pytestmark = [
    pytest.mark.sample("10.3"),
    pytest.mark.skipif(bool(lacking()), reason=f"the stand-in for pfSense needs {lacking()}"),
]
LISTS = {
    "as path": ("frrbgpaspaths", {"name": "PATHS"}, "regex", ["^65001_", "^65002_", "^65003_", "^65004_"]),
    "community": (
        "frrbgpcommunities",
        {"name": "COMMUNITIES", "listtype": "standard"},
        "community",
        ["64512:1", "64512:2", "64512:3 64512:33", "64512:4"],
    ),
    "numbered community": (
        "frrbgpcommunities",
        {"name": "7", "listtype": "standard"},
        "community",
        ["64512:1", "64512:2", "64512:3", "64512:4"],
    ),
    "expanded community": (
        "frrbgpcommunities",
        {"name": "EXPANDED", "listtype": "expanded"},
        "community",
        ["64512:1.", "64512:2.", "64512:3.", "64512:4."],
    ),
    "prefix": (
        "frrglobalprefixes",
        {"name": "PREFIXES", "iptype": "IPv4"},
        "source",
        ["10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16", "10.4.0.0/16"],
    ),
    "IPv6 prefix": (
        "frrglobalprefixes",
        {"name": "PREFIXES6", "iptype": "IPv6"},
        "source",
        ["2001:db8:1::/48", "2001:db8:2::/48", "2001:db8:3::/48", "2001:db8:4::/48"],
    ),
    "access": (
        "frrglobalacls",
        {"name": "ACCESS", "iptype": "IPv4", "type": "zebra"},
        "source",
        ["10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16", "10.4.0.0/16"],
    ),
}
A, B, C, D = range(4)
P, N = "permit", "deny"
BEFORE = [(P, A), (N, B), (P, C)]
CHANGES = {
    "appended": [(P, A), (N, B), (P, C), (N, D)],
    "first edited": [(P, D), (N, B), (P, C)],
    "middle edited": [(P, A), (N, D), (P, C)],
    "last edited": [(P, A), (N, B), (P, D)],
    "inserted first": [(P, D), (P, A), (N, B), (P, C)],
    "inserted in the middle": [(P, A), (P, D), (N, B), (P, C)],
    "first removed": [(N, B), (P, C)],
    "middle removed": [(P, A), (P, C)],
    "moved up": [(P, C), (P, A), (N, B)],
    "moved down": [(N, B), (P, C), (P, A)],
    "turned": [(P, C), (N, B), (P, A)],
    "action": [(P, A), (P, B), (P, C)],
    "first action": [(N, A), (N, B), (P, C)],
    "all new": [(N, D)],
    "both": [(P, A), (N, A), (P, C)],
    "gone": [],
}


SAMPLE = {"inserted in the middle", "first edited"}
ALL = os.environ.get("FRRGEN_LISTS") == "all"


def rows(kind, picked):
    *_, key, values = LISTS[kind]
    return [{"seq": str(5 * at), "action": action, key: values[index]} for at, (action, index) in enumerate(picked, 1)]


def filled(covered, picked):
    """Return the sections with these rows in each of the lists, and no other lists."""
    new = {**copy.deepcopy(covered), **{section: [] for section, *_ in LISTS.values()}, "frrglobalroutemaps": []}
    for kind, (section, keys, *_) in LISTS.items() if picked else ():
        new[section].append({**blank(section), **keys, "row": rows(kind, picked)})
    return new


def lists_of(box):
    """Return the rows of each list that FRR shows, in its order, without their numbers."""
    found = {}
    for line in box.running_config().split("\n"):
        if row := re.fullmatch(r"(\S*(?: as-path)? ?\w+-list(?: standard| expanded)? \S+) seq \d+ (.*)", line):
            found.setdefault(row[1], []).append(row[2])
    return found


def restarted(box):
    box.run("sh", "-c", "/usr/local/etc/rc.d/frr.sh restart >/dev/null 2>&1 </dev/null", check=False)
    box.settled()
    return lists_of(box)


@pytest.fixture(scope="module")
def device(frr):
    with Lab(frr=frr) as lab:
        package = "2.0.2_7" if lab.frr.numbers < (9,) else "2.1.2_1"
        box = lab.add(Pfsense("pf", lab.folder / "pf", frr=lab.frr, package=package))
        lab.link(box, lab.router("other", daemons=()), "192.168.1.1/24", "192.168.1.10/24")
        lab.sshd(box)
        box.start(ARTICLE)
        router = Router(name="pf", ssh={"user": ADMIN})
        with contextlib.closing(PfsenseDevice(router, ssh_config=lab.ssh_config())) as one:
            yield box, one, filled(one.fetch().covered, BEFORE)


def push(one, sections, **options):
    return PfsensePush(one, lambda _: sections, bounds=None, **options).run().state


@pytest.mark.parametrize("change", CHANGES if ALL else sorted(SAMPLE))
def test_rows_that_change_stand_in_frr_as_they_would_after_a_start_on_the_way_back_too(device, change):
    box, one, before = device
    after = filled(before, CHANGES[change])
    push(one, before)
    old = lists_of(box)
    assert len(old) == len(LISTS)
    assert push(one, after, confirm_within=60) is State.WAITING
    new = lists_of(box)
    one.undo("a test")
    assert one.fetch().pending is None
    assert lists_of(box) == old
    with pytest.raises(RolledBackError):
        PfsensePush(one, lambda _: after, bounds=Bounds(0), checks=(Check(command="false"),)).run()
    assert lists_of(box) == old
    assert push(one, after) is State.CONFIRMED
    assert push(one, after) is State.UNCHANGED
    assert lists_of(box) == new
    assert restarted(box) == new
    assert push(one, after) is State.UNCHANGED
    assert push(one, before) is State.CONFIRMED
    assert lists_of(box) == old


def test_another_order_that_somebodys_save_has_left_is_shown_and_put_right(device):
    box, one, before = device
    push(one, before)
    moved = filled(before, CHANGES["inserted first"])
    for section in {section for section, *_ in LISTS.values()}:
        box.save(section, moved[section], generate=False)
    box.generate()
    box.settled()
    plan = PfsensePush(one, lambda _: moved, bounds=None).foresee()
    assert plan.changes
    assert plan.writes == ()
    assert push(one, moved) is State.CONFIRMED
    assert restarted(box) == lists_of(box)
    assert push(one, moved) is State.UNCHANGED
