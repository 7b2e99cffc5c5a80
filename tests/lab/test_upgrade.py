"""What an upgrade changes of a configuration, asked of both FRRs."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from frrgen.model.check_versions import takes_next_hop
from frrgen.platforms.frr.device import complaints
from frrgen.platforms.frr.parse.refusals import BY_VERSION, OTHERS, why_refused
from frrgen.platforms.frr.upgrade import OTHERWISE, upgrade
from tests.lab.changes import config
from tests.lab.frr import MEASURED, numbers
from tests.lab.lines import rows


def refused(router, trap):
    router.restart("", options={"bgpd": ["-M", "rpki"]})
    return bool(complaints(router.load("\n".join([*trap.example.split(" / "), "end", ""]))))


@pytest.mark.parametrize("trap", [*BY_VERSION, *OTHERS], ids=lambda trap: trap.example)
def test_a_line_is_refused_by_the_versions_that_the_table_says(router, trap):
    *context, line = trap.example.rpartition(" / exit / ")[2].split(" / ")
    assert trap.line.fullmatch(line)
    told = why_refused(context, line, router.frr.numbers)
    assert refused(router, trap) == (told is not None)


@pytest.mark.parametrize("trap", OTHERWISE, ids=lambda trap: trap.example)
def test_a_line_that_means_something_else_is_taken_by_every_version(router, trap):
    assert trap.line.fullmatch(trap.example.split(" / ")[-1])
    assert not refused(router, trap)


HOPS = (
    "127.0.0.1",
    "127.255.1.2",
    "0.0.0.0",
    "0.0.0.1",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
)


HOPS6 = (
    "::",
    "::1",
    "::2",
    "::192.0.2.1",
    "::ffff:192.0.2.1",
    "2001:db8::1",
    "fe80::1",
    "febf::1",
    "fec0::1",
    "ff02::1",
)
CLAUSES = [
    *(("ip next-hop", hop) for hop in HOPS),
    *(("ipv6 next-hop global", hop) for hop in HOPS6),
    *(("ipv6 next-hop local", hop) for hop in HOPS6),
]


def test_check_knows_which_next_hops_a_map_may_set(router):
    router.restart("")
    for number, (clause, hop) in enumerate(CLAUSES, 1):
        router.load(f"route-map A permit {number}\n set {clause} {hop}\nexit\nend\n")
    shown = router.running_config()
    taken = {one for one in CLAUSES if f" set {' '.join(one)}\n" in shown}
    version = router.frr.numbers
    foretold = {one for one in CLAUSES if takes_next_hop(ip_address(one[1]), version, local=one[0].endswith("local"))}
    assert foretold == taken


DEFAULTS = (
    ("neighbor 192.0.2.1 enforce-first-as", (9, 1)),
    ("bgp reject-as-sets", (10, 5)),
    ("ip nht resolve-via-default", (9, 1)),
    ("ipv6 nht resolve-via-default", (9, 1)),
)


@pytest.mark.parametrize(("line", "since"), DEFAULTS)
def test_what_is_on_by_default_is_shown_only_where_it_is_off(router, line, since):
    base = "router bgp 65001\n neighbor 192.0.2.1 remote-as 65002\n" if " nht " not in line else ""
    shown = []
    for said in (f"{base}{line}\n", f"{base}no {line}\n"):
        router.restart(said)
        shown.append(any(one.strip() in {line, f"no {line}"} for one in router.running_config().splitlines()))
    on = router.frr.numbers >= since
    assert shown == [not on, on]


HARMLESS = {
    "solo": "8.4.4 shows it of neighbors alone: it is about who shares an update group, not about routes",
    "nht resolve-via-default": "on by default from FRR 9.1 on, and hidden",
    "bgp reject-as-sets": "on by default on 10.7.1, and hidden",
    "bgp always-compare-med": "10.7.1 shows use-underlays-nexthop-weight beside it, of itself",
    "bgp deterministic-med": "10.7.1 shows use-underlays-nexthop-weight beside it, of itself",
    "bgp default-originate timer": "10.3 shows it never",
    "addpath-tx-bestpath-per-AS": "it brings bgp deterministic-med",
    "local-role peer strict-mode": "10.3 and 10.7.1 show it of members of a group, too",
    "capability software-version": "how a session is set up",
}
"""Lines of which a later version shows something else, and routes fare as before: why."""
STEPS = [(old, new) for old in MEASURED.values() for new in MEASURED.values() if numbers(old) < numbers(new)]


@pytest.mark.parametrize(("old", "new"), STEPS)
def test_upgrade_check_tells_of_each_line_that_a_later_version_refuses_or_shows_otherwise(old, new):
    """The lines are those of the model, each loaded alone into both versions (`python -m tests.lab.lines`)."""
    later = {row["line"]: row for row in rows(new)}
    base = told(config(), old, new)
    untold, otherwise = [], 0
    for row in rows(old):
        place = row["line"].partition(":")[0]
        for text, shown, refused in (("one", "shown", "refused"), ("other", "other shown", "other refused")):
            before, after = ((one.get(shown), one.get(refused, False)) for one in (row, later[row["line"]]))
            if before == after or before[1] or any(words in row[text] for words in HARMLESS):
                continue
            otherwise += 1
            if told(config(**{place: row[text]}), old, new) <= base:
                untold.append((row[text], before, after))
    assert untold == []
    assert otherwise or old != "8.4.4"


def told(text, old, new):
    return {one.message for one in upgrade(text, "edge", numbers(old), numbers(new))}
