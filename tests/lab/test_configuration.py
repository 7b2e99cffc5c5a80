"""What we write, real FRR takes; what it shows, we understand; and every plan leads where it says."""

from __future__ import annotations

import os
import random
import re
from itertools import permutations
from pathlib import Path

import pytest

from frrgen.errors import InputError
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.render import render
from tests.lab.drawn import SEED, drawn
from tests.lab.router import wait_for

GOLDEN = Path(__file__).parent.parent / "golden/frr"
GOLDENS = sorted({path.stem.rpartition("-")[0] for path in GOLDEN.glob("*.conf")})
DAEMONS = ("zebra", "bgpd", "staticd", "bfdd")


def read(router, text):
    """Read what a router is to have."""
    return parse(text, name="r1", frr_version=router.frr.version).router


def left_to_do(router, intended):
    return make_plan(parse(router.running_config(), name=intended.name), intended)


def test_there_are_goldens():
    assert GOLDENS


@pytest.mark.parametrize("golden", GOLDENS)
def test_a_golden_passes_vtysh_loads_and_leaves_nothing_to_plan(router, golden):
    router.restart("", options={"bgpd": ["-M", "rpki"]})
    text = (GOLDEN / f"{golden}-{router.frr}.conf").read_text()
    intended = read(router, text)
    (router.folder / "lib/golden.conf").write_text(render(intended))
    assert router.run("vtysh", "-C", "-f", "/var/lib/golden.conf").stdout == ""
    router.run("vtysh", "-f", "/var/lib/golden.conf", check=False)
    left = left_to_do(router, intended)
    assert left.commands == ()
    assert left.leftovers == ()


def test_from_any_router_to_any_other_the_plan_leads_there_and_frr_survives(router):
    """A chain of random routers: each is reached from the one before, by the plan alone."""
    options = {"bgpd": ["-M", "rpki"]}
    router.restart("", options=options)
    for number, intended in enumerate(drawn(router.frr.version, SEED, int(os.environ.get("FRRGEN_CHAIN", "60")))):
        try:
            plan = left_to_do(router, intended)
        except InputError:
            # refused, for it would kill FRR: it is reached by a start
            router.restart(render(intended), options=options)
            continue
        said = router.apply(plan.batches)
        dead = [daemon for daemon in DAEMONS if not router.alive(daemon)]
        assert not dead, f"number {number} of seed {SEED} kills {dead}"
        left = left_to_do(router, intended)
        assert (left.commands, left.leftovers) == ((), ()), f"number {number} of seed {SEED}: {said}"


def test_a_random_router_boots_from_what_is_rendered(router):
    for number, intended in enumerate(
        drawn(router.frr.version, SEED + 1, int(os.environ.get("FRRGEN_RENDERED", "15")))
    ):
        router.restart(render(intended), options={"bgpd": ["-M", "rpki"]})
        left = left_to_do(router, intended)
        assert left.commands == (), f"number {number} of seed {SEED + 1}"


LISTS = ("show ip prefix-list", "show ipv6 prefix-list", "show bgp as-path-access-list", "show bgp community-list")
COUNTED = re.compile(r" Invoked:? \d+.*|\(\d+ milliseconds.*|^hostname .*", re.MULTILINE)
"""What FRR counts, which is its past and not its configuration; and the name, which is the machine's."""


def blocks(text, begin):
    """Return the parts of a text, each from a line that begins a part, in any order."""
    found = [[]]
    for line in COUNTED.sub("", text).splitlines():
        if re.match(begin, line):
            found.append([])
        found[-1].append(line.rstrip())
    return sorted(found)


def shown(router):
    """Return what a router shows of its configuration, and of the policy that its daemons work with.

    The clauses of an entry stand in the order in which they were typed, which makes no difference to bgpd; an empty
    `bfd` stays where there was something in it.
    """
    text = router.vtysh("show running-config")
    for member, group in re.findall(r"(?m)^ neighbor (\S+) peer-group (\S+)$", text):
        if f"  neighbor {group} disable-addpath-rx" in text:
            # FRR 10 shows it of a member, too, that joined before the group had it
            text = text.replace(f"  neighbor {member} disable-addpath-rx\n", "")
    running = blocks(text, r"\S| profile | peer ")
    found = {"running": [one for one in running if one not in (["!"], ["exit"], ["bfd"], ["bfd", "exit"])]}
    for one in found["running"]:
        one[:] = [line for line in one if line not in {" !", "exit"}]
    maps = []
    for one in blocks(router.vtysh("show route-map"), r"route-map|[A-Z]+:"):
        entries = blocks("\n".join(one), r" +(permit|deny), sequence")
        maps.append((one[:1], sorted(sorted(entry) for entry in entries)))
    found["maps"] = sorted(maps)
    return found | {question: blocks(router.vtysh(question), r"\S") for question in LISTS}


def without_deleted(state):
    """Leave out the maps without an entry: FRR keeps the name of a deleted map, 10.3 for more than 20 seconds."""
    return {**state, "maps": [one for one in state["maps"] if len(one[1]) > 1]}


def test_a_router_that_was_pushed_to_shows_what_a_router_that_booted_shows(lab):
    """One goes from random router to random router by plans, the other boots from each of them."""
    pushed, booted = lab.router("pushed", daemons=DAEMONS), lab.router("booted", daemons=DAEMONS)
    options = {"bgpd": ["-M", "rpki"]}
    pushed.start("", options=options)
    booted.start("", options=options)
    for number, intended in enumerate(drawn(lab.frr.version, SEED + 2, int(os.environ.get("FRRGEN_BOOTED", "8")))):
        booted.restart(render(intended), options=options)
        try:
            pushed.apply(left_to_do(pushed, intended).batches)
        except InputError:
            pushed.restart(render(intended), options=options)
        there, wanted = without_deleted(shown(pushed)), without_deleted(shown(booted))
        for question, one in wanted.items():
            assert there[question] == one, f"{question}: number {number} of seed {SEED + 2}"


@pytest.mark.frr(since="10", before="10.7", reason="8.4.4 and 10.7.1 take it")
def test_a_change_of_graceful_shutdown_beside_a_summary_kills_frr_10_3_and_is_refused(router):
    text = (
        "router bgp 65001\n no bgp network import-check\n{} address-family ipv4 unicast\n  network 10.1.0.0/24\n"
        "  aggregate-address 10.0.0.0/8 summary-only\n"
    )
    router.restart(text.format(""))
    with pytest.raises(InputError, match="FRR432"):
        left_to_do(router, read(router, text.format(" bgp graceful-shutdown\n")))
    assert router.alive("bgpd")
    wait_for("the aggregate", lambda: "10.0.0.0/8" in router.vtysh("show bgp ipv4 unicast"))
    router.apply([["router bgp 65001", "bgp graceful-shutdown", "exit"]])
    wait_for("bgpd to die", lambda: not router.alive("bgpd"), 20)


def test_a_session_over_several_hops_and_one_with_ttl_security_may_turn_into_each_other(router):
    """bgpd refuses the one while the other is there."""
    router.restart("")
    text = "router bgp 65001\n neighbor 192.0.2.1 remote-as 65002\n neighbor 192.0.2.1 "
    one, other = (read(router, text + option) for option in ("ebgp-multihop 84", "ttl-security hops 87"))
    for intended in (one, other, one):
        router.apply(left_to_do(router, intended).batches)
        assert left_to_do(router, intended).commands == ()


def test_entries_that_call_may_turn_round_without_killing_frr(router):
    router.restart("")
    one = read(router, "route-map A permit 10\n call B\nroute-map A permit 20\nroute-map B permit 5\n")
    other = read(router, "route-map A permit 20\nroute-map B permit 5\n call A\n")
    for intended in (one, other, one, other):
        router.apply(left_to_do(router, intended).batches)
        assert all(router.alive(daemon) for daemon in DAEMONS)
        assert left_to_do(router, intended).commands == ()


@pytest.mark.frr(since="10", reason="FRR 8.4 does not exclude by a list")
def test_lists_of_ases_to_exclude_may_change_without_killing_frr(router):
    """Lists that grow, shrink, come and go under the clauses that name them, which change, too."""
    dice = random.Random(SEED)

    def drawn():
        sizes = {name: dice.randrange(4) for name in "LM"}
        lists = [
            f"bgp as-path access-list {name} seq {seq} permit _6501{digit}_\n"
            for name, size in sizes.items()
            for seq, digit in zip((5, 10, 15)[:size], dice.sample(range(9), size), strict=True)
        ]
        named = [f" set as-path exclude as-path-access-list {name}\n" for name, size in sizes.items() if size]
        clauses = ["", " set as-path exclude all\n", " set as-path exclude 65010\n", *named, *named]
        maps = [f"route-map {name} permit 10\n{dice.choice(clauses)}" for name in "ABC" if dice.random() < 0.8]
        return read(router, "".join(lists + maps))

    router.restart("")
    for number in range(40):
        intended = drawn()
        said = router.apply(left_to_do(router, intended).batches)
        assert router.alive("bgpd"), f"step {number} of seed {SEED}"
        assert left_to_do(router, intended).commands == (), f"step {number} of seed {SEED}: {said}"


CLAUSES = {
    "set community": ("none", "1:1", "2:2", "1:1 additive", "no-export"),
    "set large-community": ("none", "1:1:1", "2:2:2", "1:1:1 additive"),
    "set metric": ("5", "7", "+5", "-5", "rtt", "+rtt", "-rtt"),
    "set local-preference": ("5", "7", "+5", "-5"),
    "set as-path prepend": ("65001", "65001 65001", "last-as 2", "last-as 3"),
    "set as-path exclude": ("65001", "65002"),
    "set origin": ("igp", "egp", "incomplete"),
    "set ip next-hop": ("1.1.1.1", "1.1.1.2", "peer-address", "unchanged"),
    "set ipv6 next-hop global": ("2001:db8::1", "2001:db8::2"),
    "set weight": ("5", "6"),
    "set tag": ("5", "6"),
    "set distance": ("5", "6"),
    "set comm-list": ("A delete", "B delete"),
    "set large-comm-list": ("A delete", "B delete"),
    "set extcommunity rt": ("1:1", "2:2"),
    "set extcommunity soo": ("1:1", "2:2"),
    "set extcommunity bandwidth": ("10", "20", "cumulative", "num-multipaths", "10 non-transitive"),
    "set aggregator as": ("1 1.1.1.1", "2 2.2.2.2"),
    "set originator-id": ("1.1.1.1", "2.2.2.2"),
    "set label-index": ("5", "6"),
    "set table": ("5", "6"),
    "set src": ("1.1.1.1", "2.2.2.2"),
    "match ip address": ("A", "B", "prefix-list A", "prefix-list B"),
    "match ipv6 address": ("A", "B", "prefix-list A", "prefix-list B"),
    "match ip next-hop": ("A", "B", "prefix-list A", "prefix-list B", "address 1.1.1.1", "type blackhole"),
    "match ipv6 next-hop": ("prefix-list A", "prefix-list B", "address 2001:db8::1", "type blackhole"),
    "match ip route-source": ("A", "B", "prefix-list A"),
    "match as-path": ("A", "B"),
    "match community": ("A", "B", "A exact-match"),
    "match large-community": ("A", "B", "A exact-match"),
    "match extcommunity": ("A", "B"),
    "match local-preference": ("5", "6"),
    "match metric": ("5", "6"),
    "match tag": ("5", "6"),
    "match origin": ("igp", "egp"),
    "match peer": ("1.1.1.1", "local", "2001:db8::1"),
    "match interface": ("eth0", "eth1"),
    "match probability": ("5", "50"),
    "match rpki": ("valid", "invalid"),
    "match rpki-extcommunity": ("valid", "invalid"),
    "match source-vrf": ("A", "B"),
    "call": ("X", "Y"),
    "on-match": ("next", "goto 20", "goto 30"),
}

NEWER = {
    (9,): {
        "set metric": ("igp", "aigp"),
        "set aigp-metric": ("5", "6", "igp-metric"),
        "set as-path exclude": ("all",),
        "set as-path replace": ("any", "65001", "65002"),
    },
    (10,): {
        "set as-path exclude": ("as-path-access-list A", "as-path-access-list B"),
        "set as-path replace": ("any 65003", "as-path-access-list A", "as-path-access-list B 65003"),
        "set extended-comm-list": ("A delete", "B delete"),
        "set extcommunity nt": ("1:1", "2:2"),
        "set extcommunity color": ("00:5", "01:6"),
        "set min-metric": ("5", "6"),
        "set max-metric": ("5", "6"),
        "set tag": ("untagged",),
        "match tag": ("untagged",),
        "match community": ("A any",),
        "match community-limit": ("5", "6"),
        "match src-peer": ("1.1.1.1", "2.2.2.2"),
    },
    (10, 4): {"match as-path-count": ("5", "6"), "match extcommunity-limit": ("5", "6")},
}
"""What later versions have beside those."""


def clauses(version):
    """Return the forms of each clause that a version has."""
    found = dict(CLAUSES)
    for since, more in NEWER.items():
        for name, forms in more.items() if version >= since else ():
            found[name] = (*found.get(name, ()), *forms)
    return found


def test_a_clause_written_over_another_is_what_bgpd_works_with(router):
    """Every form of every clause after every other one: FRR 8.4.4 loses some of them, and does not show it."""
    pairs = [
        (name, *pair) for name, forms in clauses(router.frr.numbers).items() for pair in permutations((*forms, None), 2)
    ]

    def of(which):
        entries = [
            f"route-map M{number} permit 10\n" + ("" if pair[which] is None else f" {pair[0]} {pair[which]}\n")
            for number, pair in enumerate(pairs)
        ]
        more = "route-map M{0} permit 20\nroute-map M{0} permit 30\n"
        return read(router, "".join(one + more.format(n) for n, one in enumerate(entries)))

    def shown():
        text = router.run("vtysh", "-d", "bgpd", "-c", "show route-map").stdout
        maps = re.split(r"(?m)^route-map: ", re.sub(r" Invoked.*", "", text))[1:]
        return {one.split()[0]: one for one in maps}

    def reach(intended):
        router.apply(left_to_do(router, intended).batches)
        assert left_to_do(router, intended).commands == ()
        return shown()

    router.restart("", options={"bgpd": ["-M", "rpki"]})
    reach(of(1))
    edited = reach(of(2))
    router.restart("", options={"bgpd": ["-M", "rpki"]})
    fresh = reach(of(2))
    assert len(fresh) == len(pairs) > 500
    assert [pairs[int(name[1:])] for name in fresh if edited[name] != fresh[name]] == []


ANY = {
    "ip prefix-list": ("any", "0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/8 le 24", "0.0.0.0/0 ge 8"),
    "ipv6 prefix-list": ("any", "::/0", "2001:db8::/32", "::/0 le 64"),
    "access-list": (
        "any",
        "10.0.0.0/8",
        "10.0.0.0/8 exact-match",
        "11.0.0.0/8 exact-match",
        "192.0.2.1",
        "192.0.2.0 0.0.0.255",
        "ip any any",
        "ip any host 198.51.100.1",
        "ip host 192.0.2.1 any",
        "ip host 192.0.2.1 host 198.51.100.1",
        "ip 192.0.2.0 0.0.0.255 198.51.100.0 0.0.0.255",
    ),
    "ipv6 access-list": ("any", "2001:db8::/32", "2001:db8::/32 exact-match"),
}


@pytest.mark.parametrize("kind", ANY)
def test_an_entry_written_over_another_is_what_bgpd_works_with(router, kind):
    """FRR 8.4.4 keeps half of an `any`, and `exact-match`; each version keeps wildcards and destinations."""

    def of(forms):
        lines = [f"{kind} L{n} seq 5 permit {form}" for n, form in enumerate(forms)]
        return read(router, "\n".join([*lines, ""]))

    def shown():
        family, _, what = kind.rpartition(" ")
        return router.run("vtysh", "-d", "bgpd", "-c", f"show {family or 'ip'} {what}").stdout.splitlines()

    pairs = [(old, new) for old in ANY[kind] for new in ANY[kind]]
    router.restart("")
    for intended in (of(old for old, _ in pairs), of(new for _, new in pairs)):
        router.apply(left_to_do(router, intended).batches)
    edited = shown()
    router.restart("")
    router.apply(left_to_do(router, intended).batches)
    assert sorted(edited) == sorted(shown())
    assert len(edited) > len(pairs)


def test_a_vrf_without_options_is_planned_once_at_most(router):
    router.restart("")
    for text in ("vrf red\nexit-vrf\n", "vrf red\nexit-vrf\nrouter bgp 65001 vrf red\nexit\n"):
        intended = read(router, text)
        router.apply(left_to_do(router, intended).batches)
        assert left_to_do(router, intended).commands == ()
