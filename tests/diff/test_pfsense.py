"""What pfSense's package will do with FRR is said beforehand."""

from __future__ import annotations

import copy

import pytest

from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.pfsense.generator import frr_conf
from frrgen.platforms.pfsense.host import HostFacts
from frrgen.platforms.pfsense.plan import Effect, daemons, effect, enabled, plan_box
from frrgen.platforms.pfsense.push import plan_for_box
from frrgen.platforms.pfsense.rows import in_order, without_numbers
from frrgen.platforms.pfsense.running import PfsenseRunning
from frrgen.platforms.pfsense.schema import blank
from frrgen.transport.base import Session

BOX = HostFacts(interfaces={"lan": ("192.168.1.1",)})
BASE = {
    "frr": [{**blank("frr"), "enable": "on", "password": "s3cret"}],
    "frrbgp": [{**blank("frrbgp"), "enable": "on", "asnum": "64512"}],
    "frrbgpneighbors": [
        {**blank("frrbgpneighbors"), "peer": "192.168.1.10", "asnum": "64512"},
        {**blank("frrbgpneighbors"), "peer": "192.168.1.11", "asnum": "64513"},
    ],
}
ALL = frozenset({"mgmtd", "zebra", "staticd", "bgpd"})


def changed(section, **keys):
    found = copy.deepcopy(BASE)
    found.setdefault(section, [blank(section)])[0].update(keys)
    return found


def plan(new, *, old=BASE, version="8.4.4", up=ALL, more="", hasync=False):
    file = frr_conf(old, BOX)
    running = file.replace("line vty\n!\n", f"{more}end\n")
    return plan_box(
        "pf",
        running,
        frr_conf(new, BOX),
        old=old,
        new=new,
        generated=file,
        frr_version=version,
        up=up,
        hasync=hasync,
    )


def resets(planned):
    return {session.neighbor: session.because for session in planned.sessions if session.impact == "reset"}


@pytest.mark.parametrize(
    ("new", "up", "expected", "why"),
    [
        (BASE, ALL, Effect.RELOAD, ()),
        (changed("frrbgp", adjacencylog="on"), ALL, Effect.RELOAD, ()),
        (changed("frrbfd", enable="on"), ALL, Effect.RESTART, ("bfdd is switched on",)),
        (changed("frrbgp", enable=""), ALL, Effect.RESTART, ("bgpd is switched off",)),
        (changed("frr", enablesnmpagentx="on"), ALL, Effect.RESTART, ("SNMP changes",)),
        (changed("frrbgp", enablesnmpagentx="on"), ALL, Effect.RESTART, ("SNMP of BGP changes",)),
        (changed("frrbgp", enablerpki="on"), ALL, Effect.RESTART, ("RPKI changes",)),
        (changed("frr", carpstatusvid="_vip1"), ALL, Effect.RESTART, ("the CARP address that FRR follows changes",)),
        (BASE, ALL - {"bgpd"}, Effect.RESTART, ("bgpd is not running",)),
        (changed("frrospfd", enable="on"), ALL, Effect.RESTART, ("ospfd is switched on",)),
        (changed("frr", enable=""), ALL, Effect.STOP, ()),
    ],
)
def test_the_package_restarts_frr_when_its_daemons_or_their_flags_change(new, up, expected, why):
    assert effect(BASE, new, up) == (expected, why)


def test_frr_that_is_off_stays_off_or_is_started():
    off = changed("frr", enable="")
    assert not enabled(off)
    assert daemons(off, "10.3") == frozenset()
    assert effect(off, off, frozenset()) == (Effect.NONE, ())
    assert effect(off, BASE, frozenset()) == (Effect.RESTART, ("FRR is switched on",))


def test_nothing_to_do_is_nothing_to_do():
    planned = plan(BASE)
    assert planned.empty
    assert planned.summary == "Plan: nothing to do on pf."
    assert planned.to_json()["effect"] == "reload"


def test_a_dead_daemon_is_something_to_do_although_nothing_is_written():
    planned = plan(BASE, up=ALL - {"staticd"})
    assert not planned.empty
    assert planned.writes == ()
    assert resets(planned).keys() == {"192.168.1.10", "192.168.1.11"}


def test_a_restart_resets_every_session_and_says_why():
    planned = plan(changed("frrbfd", enable="on"))
    assert resets(planned) == dict.fromkeys(("192.168.1.10", "192.168.1.11"), ("bfdd is switched on",))
    assert planned.writes == ("frrbfd",)
    assert "restarts all of FRR (bfdd is switched on)" in planned.summary


def test_what_frr_does_not_see_is_written_all_the_same():
    planned = plan(changed("frr", pkgloglevel="1"))
    assert not planned.empty
    assert planned.changes == ()
    assert planned.summary.startswith("Plan: frr to write on pf, which FRR does not see.")


def test_a_changed_line_that_the_model_does_not_hold_is_a_change_and_its_password_is_hidden():
    planned = plan(changed("frr", password="n3w-secret"))
    assert [change.after for change in planned.changes] == ["password n3w-secret"]
    assert "n3w-secret" not in str(planned.to_json())
    assert "s3cret" not in planned.summary


def test_a_default_that_frr_does_not_show_is_no_change():
    advanced = {**BASE, "frrbgpadvanced": [blank("frrbgpadvanced")]}
    file = frr_conf(advanced, BOX)
    assert "bgp enforce-first-as" in file
    shown = file.replace(" bgp enforce-first-as\n", "")
    planned = plan_box("pf", shown, file, old=advanced, new=advanced, generated=file, frr_version="10.5", up=ALL)
    assert planned.empty
    assert planned.changes == ()


def test_multihop_without_a_number_resets_its_session_with_every_reload_before_frr_10_3():
    multihop = copy.deepcopy(BASE)
    multihop["frrbgpneighbors"][1]["ebgpmultihop"] = "0"
    new = copy.deepcopy(multihop)
    new["frrbgpneighbors"][0]["descr"] = "hello"
    assert resets(plan(new, old=multihop)).keys() == {"192.168.1.11"}
    assert resets(plan(new, old=multihop, version="10.3")) == {}


def test_a_restart_time_of_120_resets_all_sessions_with_every_reload_from_frr_10_on():
    old, new = changed("frrbgp", grrestarttimetime="120"), changed("frrbgp", grrestarttimetime="120")
    new["frrbgpneighbors"][0]["descr"] = "hello"
    assert resets(plan(new, old=old, version="10.5")).keys() == {"192.168.1.10", "192.168.1.11"}
    assert resets(plan(new, old=old)) == {}


def test_a_match_that_changes_is_open_for_a_moment_and_the_plan_says_so():
    def with_map(name):
        entry = {**blank("frrglobalroutemaps"), "name": "IN", "seq": "10", "action": "permit", "prefix_match": name}
        lists = [
            {
                **blank("frrglobalprefixes"),
                "name": one,
                "row": [{"seq": "1", "action": "permit", "source": "10.0.0.0/8", "ge": "", "le": ""}],
            }
            for one in ("A", "B")
        ]
        return {**BASE, "frrglobalprefixes": lists, "frrglobalroutemaps": [entry]}

    planned = plan(with_map("B"), old=with_map("A"))
    assert planned.notes == ("While it reloads, IN is for a moment without what changes in its matches.",)


def test_a_line_that_only_frr_has_is_shown_and_goes_with_the_next_reload():
    planned = plan(changed("frrbgp", adjacencylog="on"), more="frobnicate\n")
    assert planned.leftovers == ("frobnicate",)
    assert any("frobnicate" in note for note in planned.notes)
    assert plan(BASE, more="frobnicate\n").empty


def test_a_plan_for_a_box_of_a_pair_warns_that_the_other_box_gets_no_change():
    assert any("push to both" in note for note in plan(changed("frrbgp", adjacencylog="on"), hasync=True).notes)
    assert plan(BASE, hasync=True).notes == ()


@pytest.mark.parametrize(("version", "restarts"), [("8.4.4", False), ("9.1", True), ("10.3", True)])
def test_a_dead_mgmtd_makes_the_package_restart_frr_where_frr_has_mgmtd(version, restarts):
    planned = plan(BASE, version=version, up=ALL - {"mgmtd"})
    assert (planned.effect is Effect.RESTART) is restarts
    assert planned.because == (("mgmtd is not running",) if restarts else ())


@pytest.mark.parametrize(
    ("state", "up", "does"),
    [
        ("MASTER", ALL, Effect.RELOAD),
        ("BACKUP", frozenset(), Effect.NONE),
        ("INIT", frozenset(), Effect.NONE),
        ("", frozenset(), Effect.NONE),
        ("BACKUP", ALL, Effect.STOP),
        ("MASTER", frozenset(), Effect.RESTART),
    ],
)
def test_what_carp_makes_of_the_box_decides_whether_frr_runs_there(state, up, does):
    waits = {**BASE, "frr": [{**BASE["frr"][0], "carpstatusvid": "_vip5f3a"}]}
    assert effect(waits, waits, up, frr_version="10.3", carp={"_vip5f3a": state})[0] is does
    # an address that the box does not have as CARP: the package's script asks nothing of frrgen
    assert effect(waits, waits, ALL, frr_version="10.3")[0] is Effect.RELOAD


def test_lists_that_bgpd_alone_holds_are_not_missed_where_bgp_is_switched_off():
    lists = {
        "frrbgpaspaths": [
            {**blank("frrbgpaspaths"), "name": "P", "row": [{"seq": "5", "action": "permit", "regex": "^1_"}]}
        ],
    }
    on, off = {**BASE, **lists}, {**changed("frrbgp", enable=""), **lists}
    assert any("as-path" in (change.after or "") for change in plan(on).changes)
    assert not any("as-path" in (change.after or "") for change in plan(off).changes)


LISTS = {
    **BASE,
    "frrbgpaspaths": [{**blank("frrbgpaspaths"), "name": "P", "row": []}],
    "frrbgpcommunities": [{**blank("frrbgpcommunities"), "name": "C", "listtype": "standard", "row": []}],
}


def with_rows(*rows):
    new = copy.deepcopy(LISTS)
    for at, row in enumerate(rows, 1):
        new["frrbgpaspaths"][0]["row"].append({"seq": str(at), "action": "permit", "regex": f"^{row}_"})
        new["frrbgpcommunities"][0]["row"].append({"seq": str(at), "action": "permit", "community": f"64512:{row}"})
    return new


def shown(*rows):
    """Return both lists as FRR shows them, with numbers as frr-reload leaves them."""
    heads = (("bgp as-path access-list P", "^{}_"), ("bgp community-list standard C", "64512:{}"))
    return "".join(
        f"{head} seq {10 * at + 5} permit {value.format(row)}\n" for head, value in heads for at, row in enumerate(rows)
    )


def planned(new, running):
    file = frr_conf(new, BOX)
    text = "\n".join(line for line in file.split("\n") if " C permit" not in line and " P permit" not in line)
    text = text.replace("line vty", f"{running}line vty")
    return plan_box("pf", text, file, old=new, new=new, generated=file, frr_version="10.3", up=ALL)


def test_rows_with_other_numbers_in_the_same_order_are_no_change():
    assert planned(with_rows(1, 2, 3), shown(1, 2, 3)).empty


@pytest.mark.parametrize("runs", [(2, 1, 3), (1, 2), (1, 2, 3, 4), (1, 2, 4), (3, 2, 1)])
def test_rows_in_another_order_and_other_rows_are_a_change(runs):
    assert {change.path[0] for change in planned(with_rows(1, 2, 3), shown(*runs)).changes} == {
        "as_path_lists",
        "community_lists",
    }


def test_rows_that_frr_reload_left_in_another_order_are_written_in_that_of_the_file():
    file = frr_conf(with_rows(1, 2, 3), BOX)
    heads = without_numbers(file)
    assert heads == {"bgp as-path access-list P", "bgp community-list standard C"}
    assert in_order(parse(shown(1, 2, 3)), parse(file), heads) == ""
    assert in_order(parse(""), parse(file), heads) == ""
    assert in_order(parse(shown(2, 3, 1)), parse(file), heads).split("\n") == [
        *(f"bgp as-path access-list P seq {5 * at} permit ^{at}_" for at in (1, 2, 3)),
        *(f"bgp community-list standard C seq {5 * at} permit 64512:{at}" for at in (1, 2, 3)),
    ]


def test_a_list_that_a_raw_text_numbers_is_compared_with_its_numbers():
    assert (
        without_numbers("bgp as-path access-list A seq 7 permit ^1_\nbgp as-path access-list A permit ^2_\n") == set()
    )


@pytest.mark.parametrize(
    ("section", "keys", "version", "reset"),
    [
        ("frrbgpadvanced", {"rejcectassetasconfedset": "on"}, "10.7.1", True),
        ("frrbgpadvanced", {"rejcectassetasconfedset": "on"}, "10.3", False),
        ("frrbgp", {"grrestarttimetime": "120"}, "10.3", True),
        ("frrbgp", {"grrestarttimetime": "120"}, "8.4.4", False),
    ],
)
def test_a_line_that_frr_hides_and_the_reload_sends_again_ends_the_sessions_each_time(section, keys, version, reset):
    old = changed(section, **keys)
    new = copy.deepcopy(old)
    new["frrbgpneighbors"][0]["descr"] = "another"
    file = frr_conf(old, BOX)
    hidden = [line for line in file.splitlines() if "reject-as-sets" not in line and "restart-time" not in line]
    text = "\n".join(hidden).replace("line vty\n!\n", "end\n") if reset else file
    found = plan_box("pf", text, frr_conf(new, BOX), old=old, new=new, generated=file, frr_version=version, up=ALL)
    assert (set(resets(found)) == {"192.168.1.10", "192.168.1.11"}) == reset


@pytest.mark.parametrize(
    ("brings", "reset", "words"),
    [(200, True, "for it brings 200"), (50, False, ""), (None, False, "if it brings more than 100")],
)
def test_a_limit_below_what_a_session_brings_now_resets_it_and_the_plan_says_so(brings, reset, words):
    sessions = {} if brings is None else {("default", "ipv4Unicast", "192.168.1.10"): Session(up=True, accepted=brings)}
    file = frr_conf(BASE, BOX)
    running = PfsenseRunning(
        file.replace("line vty\n!\n", "end\n"),
        "8.4.4",
        sessions=sessions,
        sections=BASE,
        box=BOX,
        frr_conf=file,
        daemons=ALL,
    )
    new = changed("frrbgpneighbors", maximumprefix_num="100")
    made = plan_for_box("pf", running, new, frr_conf(new, BOX))
    assert resets(made) == ({"192.168.1.10": ("maximum-prefix 100",)} if reset else {})
    assert any(words in text for text in made.warnings) == bool(words)


@pytest.mark.parametrize(("version", "told"), [("8.4.4", True), ("10.3", False)])
def test_a_timer_of_bfd_that_frr_8_does_not_take_away_is_named_before_the_push(version, told):
    peer = blank("frrbfdpeers") | {"peer": "192.0.2.77", "local_address": ""}
    old = {**BASE, "frrbfd": [{"enable": "on"}], "frrbfdpeers": [peer | {"detectmultiplier": "5"}]}
    found = plan({**old, "frrbfdpeers": [peer]}, old=old, version=version, up=ALL | {"bfdd"})
    assert found.effect is Effect.RELOAD
    assert any("`detect-multiplier 5`" in note and "detect_multiplier: 3" in note for note in found.notes) is told
    assert not plan({**old, "frrbfdpeers": []}, old=old, version=version, up=ALL | {"bfdd"}).notes
