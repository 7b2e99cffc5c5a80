"""Pushes to a pfSense box over real SSH, through its PHP, to real FRR; and every fault that there is on the way."""

from __future__ import annotations

import contextlib
import copy
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from frrgen.codes import Code
from frrgen.errors import DeviceError, Exit, Finding, RolledBackError, UnknownStateError
from frrgen.model.router import Router
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.sessions import Bounds
from frrgen.platforms.pfsense.ask import NothingChangedError
from frrgen.platforms.pfsense.device import PfsenseDevice
from frrgen.platforms.pfsense.push import PfsensePush
from frrgen.platforms.pfsense.render import sections
from frrgen.platforms.pfsense.schema import blank, encode
from frrgen.transaction.base import State
from frrgen.transaction.fleet import each
from tests.lab import Lab, wait_for
from tests.lab.pfsense import ADMIN, OPERATOR, Pfsense
from tests.lab.pfsense.box import PASSWORD, lacking
from tests.lab.test_push_ends import let_time_run_out

pytestmark = [
    pytest.mark.sample("10.3"),
    pytest.mark.skipif(bool(lacking()), reason=f"the stand-in for pfSense needs {lacking()}"),
]
ARTICLE = (Path(__file__).parents[1] / "golden/pfsense/article.xml").read_text()
PEER = "192.168.1.10"
NODE = (
    "router bgp 64512\n bgp router-id 192.168.1.10\n neighbor 192.168.1.1 remote-as 64512\n"
    " neighbor 192.168.1.1 timers connect 1\n"
)
ROOT, TCSH = {"user": "root"}, {"user": OPERATOR, "sudo": True}


@pytest.fixture(scope="module")
def network(frr):
    with Lab(frr=frr) as lab:
        box, node = lab.add(Pfsense("pf", lab.folder / "pf", frr=lab.frr)), lab.router("node")
        lab.link(box, node, "192.168.1.1/24", f"{PEER}/24")
        node.start(NODE)
        lab.sshd(box, f"AllowUsers {OPERATOR}")
        yield lab, box


@pytest.fixture
def box(network):
    """The article's box, with its session up."""
    box = network[1]
    box.heal()
    box.start(ARTICLE)
    wait_for("the session", lambda: box.established(PEER), seconds=60)
    return box


@pytest.fixture
def package(box):
    """The package's PHP, which a test may break: it is as it was afterwards."""
    file = "/usr/local/pkg/frr.inc"
    box.run("cp", file, "/tmp/frr.inc")
    yield file
    box.run("cp", "/tmp/frr.inc", file)


@pytest.fixture
def lab(network):
    return network[0]


def device(lab, **ssh):
    return PfsenseDevice(Router(name="pf", ssh=ssh or {"user": ADMIN}), ssh_config=lab.ssh_config())


def changed(section="frrbgpneighbors", index=0, /, **keys):
    """Give what makes the wanted sections: those of the box, with some keys of an entry changed."""

    def wanted(running):
        new = copy.deepcopy(running.covered)
        new.setdefault(section, [blank(section)])[index].update(keys)
        return new

    return wanted


HELLO = changed(descr="hello")


def push(lab, wanted=HELLO, *, ssh=None, **options):
    one = device(lab, **(ssh or {}))
    try:
        return PfsensePush(one, wanted, **options).run()
    finally:
        one.close()


def facts(box):
    """What the box has of the change to HELLO, in config.xml, in frr.conf and in FRR: old, new or something else."""
    found = [
        {"MetalLB": "old", "hello": "new"}.get(text, text)
        for text in (
            box.sections()["frrbgpneighbors"][0]["descr"],
            _described(box.frr_conf),
            _described(box.running_config()),
        )
    ]
    return found[0] if len(set(found)) == 1 else tuple(found)


def _described(text):
    return next((line.split("description ")[1] for line in text.split("\n") if f"{PEER} description" in line), "")


# what goes well


@pytest.mark.parametrize("ssh", [ROOT, {"user": ADMIN}, TCSH], ids=["root", "admin's menu", "tcsh and sudo"])
def test_a_push_is_written_generated_loaded_and_read_back_for_each_login(lab, box, ssh):
    states = []
    outcome = push(lab, ssh=ssh, progress=states.append)
    assert outcome.state is State.CONFIRMED
    assert outcome.notes == ()
    assert states == [State.STAGED, State.CHECKED, State.ARMED, State.APPLIED, State.VERIFIED, State.CONFIRMED]
    assert facts(box) == "new"
    assert "frrgen: 0 to add, 1 to change, 0 to remove on pf." in box.config
    assert "config-1700000000.xml" in box.run("ls", "/cf/conf/backup").stdout.split()
    assert push(lab, ssh=ssh).state is State.UNCHANGED


@pytest.mark.parametrize("version", ["2.8.1-RELEASE", "2.7.2-RELEASE", "2.6.0-RELEASE"])
def test_it_works_with_each_generation_of_pfsenses_functions(lab, box, version):
    box.run("sh", "-c", f"echo {version} > /etc/version")
    try:
        assert push(lab).state is State.CONFIRMED
        assert facts(box) == "new"
        gone = push(lab, lambda running: {**running.covered, "frrglobalroutemaps": []})
        assert gone.state is State.CONFIRMED
        assert "frrglobalroutemaps" not in box.config
        assert "route-map" not in box.running_config()
    finally:
        box.run("sh", "-c", "echo 2.8.1-RELEASE > /etc/version")


def test_a_box_that_wants_key_and_password_gets_both(lab):
    """sshdkeyonly=both."""
    box = Pfsense("pf2", lab.folder / "pf2", frr=lab.frr)
    lab.routers["pf2"] = box
    box.start(ARTICLE)
    lab.sshd(box, "PermitRootLogin yes", "PasswordAuthentication yes", "AuthenticationMethods publickey,password")
    one = PfsenseDevice(Router(name="pf2", ssh={"user": ADMIN, "password": PASSWORD}), ssh_config=lab.ssh_config())
    assert one.fetch().box.hostname == "pfSense"
    one.close()
    with pytest.raises(DeviceError) as caught:
        PfsenseDevice(Router(name="pf2", ssh={"user": ADMIN}), ssh_config=lab.ssh_config()).fetch()
    assert caught.value.findings[0].code == "FRR504"


def test_everything_else_in_config_xml_stays_and_sections_that_frrgen_does_not_write_too(lab, box):
    box.save("frrospfd", [blank("frrospfd")])
    before = box.config
    push(lab)
    after = box.config

    def rest(text):
        return text[: text.index("<revision>")].replace("hello", "MetalLB")

    assert rest(after) == rest(before)


def test_a_user_without_root_is_told_so(lab, box):
    with pytest.raises(DeviceError) as caught:
        push(lab, ssh={"user": OPERATOR})
    # an earlier push has left a lock that is root's; without it config.xml cannot be written
    assert caught.value.findings[0].code in {"FRR510", "FRR515"}
    assert "ssh.sudo" in str(caught.value)


def test_what_a_box_without_the_package_lacks_is_said(lab, box):
    box.run("mv", "/var/db/pkg-frr", "/var/db/pkg-gone")
    try:
        with pytest.raises(DeviceError) as caught:
            device(lab).fetch()
    finally:
        box.run("mv", "/var/db/pkg-gone", "/var/db/pkg-frr")
    assert caught.value.findings[0].code == "FRR744"


def test_a_package_that_writes_a_file_for_each_daemon_is_too_old(lab, box):
    box.run("sh", "-c", "echo 0.6.5_1 > /var/db/pkg-frr")
    try:
        with pytest.raises(DeviceError) as caught:
            push(lab)
    finally:
        box.run("sh", "-c", "echo 2.1.2_1 > /var/db/pkg-frr")
    assert caught.value.findings[0].code == "FRR707"


def test_no_password_is_in_a_command_line_the_journal_or_a_message(lab, box):
    secret = "Tr0ub4dor-3"
    seen, stop = set(), threading.Event()

    def look():
        while not stop.is_set():
            seen.update(box.run("ps", "axww", "-o", "command=").stdout.split("\n"))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        # the session cannot come back, for the other end has no password
        with pytest.raises((RolledBackError, UnknownStateError)) as caught:
            push(lab, changed(password=secret, password_type="frr"), bounds=Bounds(3), sleep=lambda _: time.sleep(0.01))
    finally:
        stop.set()
        watcher.join()
    assert any("php" in line for line in seen)
    assert not [line for line in seen if secret in line and "vtysh" not in line]
    assert secret not in str(caught.value)
    assert secret not in box.run("cat", "/var/db/frrgen/journal.jsonl").stdout
    modes = box.run("sh", "-c", "stat -c %a /var/db/frrgen /var/db/frrgen/*").stdout.split()
    assert set(modes) == {"700", "600"}


# faults: the old state or the new one, and the tool says which


def test_a_lock_that_another_push_holds_stops_this_one(lab, box):
    one, other = device(lab), device(lab, **TCSH)
    with one.lock(), pytest.raises(DeviceError) as caught, other.lock():
        pass
    assert caught.value.findings[0].code == "FRR512"
    with other.lock():
        pass
    one.close()
    other.close()


def test_a_write_that_is_under_way_is_not_joined(lab, box):
    holder = subprocess.Popen(box.inside("flock", "/tmp/frrgen.lock", "sleep", "600"))
    try:
        one = device(lab)
        running = one.fetch()
        with pytest.raises(NothingChangedError) as caught:
            one.apply(HELLO(running), running.sections_digest, "frrgen: test")
        one.close()
    finally:
        box.run("pkill", "-f", "^sleep 600$")
        holder.wait()
    assert caught.value.findings[0].code == "FRR512"
    assert facts(box) == "old"


def test_a_save_in_the_gui_between_plan_and_push_stops_the_push(lab, box):
    def approve(plan):
        box.save("frrbgpaspaths", [{**blank("frrbgpaspaths"), "name": "A"}])
        return True

    with pytest.raises(DeviceError) as caught:
        push(lab, approve=approve)
    assert caught.value.findings[0].code == "FRR521"
    assert facts(box) == "old"
    assert box.sections()["frrbgpaspaths"][0]["name"] == "A"


def test_a_save_in_the_gui_a_moment_before_the_write_is_not_overwritten(lab, box):
    def progress(state):
        if state is State.ARMED:
            box.save("frrbgpaspaths", [{**blank("frrbgpaspaths"), "name": "A"}])

    with pytest.raises(NothingChangedError) as caught:
        push(lab, progress=progress)
    assert caught.value.exit is Exit.ERROR
    assert caught.value.findings[0].code == "FRR521"
    assert facts(box) == "old"
    assert box.sections()["frrbgpaspaths"][0]["name"] == "A"


def test_write_config_that_returns_false_has_changed_nothing(lab, box):
    box.fault("write_config-false")
    with pytest.raises(NothingChangedError) as caught:
        push(lab)
    assert caught.value.findings[0].code == "FRR743"
    assert facts(box) == "old"


def test_write_config_that_cannot_write_returns_minus_one_and_has_changed_nothing(lab, box):
    box.run("mount", "-o", "remount,ro", "/cf/conf")
    with pytest.raises(NothingChangedError) as caught:
        push(lab)
    assert caught.value.findings[0].code == "FRR743"
    assert facts(box) == "old"


def test_write_config_that_throws_after_it_has_written_is_undone_and_said(lab, box):
    box.fault("write_config-throws")
    with pytest.raises(RolledBackError) as caught:
        push(lab)
    assert "TypeError: cleanup_backupcache()" in str(caught.value)
    assert caught.value.findings[-1].code == "FRR524"
    assert facts(box) == "old"


def test_a_fatal_error_of_php_before_anything_is_written_changes_nothing(lab, box, package):
    def progress(state):
        if state is State.ARMED:
            box.run("sh", "-c", f"echo 'function (' >> {package}")

    with pytest.raises(NothingChangedError) as caught:
        push(lab, progress=progress)
    assert caught.value.findings[0].code == "FRR740"
    assert "frr.inc:" in str(caught.value)
    box.run("cp", "/tmp/frr.inc", package)
    assert facts(box) == "old"


def test_a_fatal_error_of_php_after_the_write_is_undone(lab, box):
    box.fault("fatal-in-generate")
    with pytest.raises(RolledBackError) as caught:
        push(lab, sleep=lambda seconds: time.sleep(min(seconds, 0.5)))
    assert "Unsupported operand types" in str(caught.value)
    assert facts(box) == "old"


@pytest.mark.parametrize(
    "when", ["cut-before-write", "cut-before-generate", "cut-before-reload", "die-before-generate"]
)
def test_a_connection_that_is_lost_in_the_middle_ends_well_all_the_same(lab, box, when):
    box.fault(when, times=1)
    assert push(lab).state is State.CONFIRMED
    assert facts(box) == "new"


def test_after_a_lost_connection_what_does_not_load_is_undone_and_both_reasons_are_said(lab, box):
    box.fault("cut-before-generate", times=1)
    box.fault("reload-refused")
    with pytest.raises(RolledBackError) as caught:
        push(lab, sleep=lambda seconds: time.sleep(min(seconds, 0.5)))
    assert [finding.code for finding in caught.value.findings] == ["FRR505", "FRR522", "FRR524"]
    assert facts(box) == "old"


def test_a_box_that_cannot_be_reached_any_more_is_unknown_and_the_backup_is_named(lab, box):
    box.fault("cut-before-write", times=1)
    one = device(lab)

    def gone():
        raise DeviceError(Finding(Code.FRR503, "pf cannot be reached"))

    one.reconnect = gone
    with pytest.raises(UnknownStateError) as caught:
        PfsensePush(one, HELLO, sleep=lambda _: None).run()
    one.close()
    assert caught.value.exit is Exit.UNKNOWN
    assert "/var/db/frrgen/backup-" in str(caught.value)
    wait_for("the write that went on", lambda: facts(box) == "new")
    backup = json.loads(box.run("sh", "-c", "cat $(ls -t /var/db/frrgen/backup-*.json | head -n 1)").stdout)
    assert backup["frrbgpneighbors"][0]["descr"] == "MetalLB"


@pytest.mark.parametrize("folder", ["/cf/conf", "/var/etc/frr"])
def test_a_full_disk_is_found_before_anything_is_written(lab, box, folder):
    if folder != "/cf/conf":
        small = f"mount -t tmpfs -o size=200k tmpfs {folder}"
        box.run("sh", "-c", f"cp -p {folder}/frr.conf /tmp/; {small}; cp -p /tmp/frr.conf {folder}")
    box.run("sh", "-c", f"dd if=/dev/zero of={folder}/filler bs=1k", check=False)
    try:
        with pytest.raises(NothingChangedError) as caught:
            push(lab)
        assert caught.value.findings[0].code == "FRR742"
        assert facts(box) == "old"
    finally:
        box.run("rm", f"{folder}/filler")
        if folder != "/cf/conf":
            box.run("umount", folder)


def test_a_reload_that_is_refused_is_noticed_and_undone(lab, box):
    box.fault("reload-refused")
    with pytest.raises(RolledBackError) as caught:
        push(lab, sleep=lambda seconds: time.sleep(seconds / 10))
    assert caught.value.findings[0].code == "FRR522"
    assert "description hello" in str(caught.value)
    assert facts(box) == "old"


def test_a_slow_reload_is_waited_for(lab, box):
    box.fault("slow-reload")
    begun = time.monotonic()
    assert push(lab).state is State.CONFIRMED
    assert time.monotonic() - begun > 4
    assert facts(box) == "new"


def test_watchfrr_that_always_runs_is_not_taken_for_a_restart(lab, box):
    name = "watchfrr -d -r /usr/local/etc/rc.d/frr restart %s"
    watcher = subprocess.Popen(box.inside("bash", "-c", f"exec -a '{name}' sleep 600"))
    try:
        wait_for("watchfrr", lambda: "watchfrr" in box.run("ps", "axww", "-o", "command=").stdout)
        assert push(lab).state is State.CONFIRMED
    finally:
        box.run("pkill", "-f", "^watchfrr")
        watcher.wait()
    assert facts(box) == "new"


def test_a_configuration_that_vtysh_refuses_is_not_written(lab, box):
    before = box.config
    with pytest.raises(DeviceError) as caught:
        push(lab, changed(password="two words", password_type="frr"))
    assert caught.value.findings[0].code == "FRR513"
    assert "two words" not in str(caught.value)
    assert box.config == before
    assert facts(box) == "old"


def test_a_file_that_vtysh_takes_and_frr_reload_does_not_is_refused_where_frr_reload_will_load_it(lab, box):
    cut = box.frr_conf.replace("MetalLB", "B\udcc3")  # half a letter: the package cuts texts after 80 bytes
    one = device(lab)
    one.check(box.frr_conf, reload=True)
    one.check(cut, reload=False)
    with pytest.raises(DeviceError) as caught:
        one.check(cut, reload=True)
    one.close()
    assert caught.value.findings[0].code == "FRR750"
    assert "UnicodeDecodeError" in str(caught.value)
    assert not box.run("sh", "-c", "ls /tmp/frrgen??????", check=False).stdout  # nothing stays behind


@pytest.mark.parametrize(("fault", "said"), [("test-stumbles", "ValueError"), ("test-hangs", "no answer within 5 s")])
def test_what_frr_reload_does_not_get_through_is_not_written_and_nothing_secret_is_said(lab, box, fault, said):
    before = box.config
    box.fault(fault)
    with pytest.raises(DeviceError) as caught:
        push(lab, ssh={"user": ADMIN, "command_timeout": 15.0})
    assert caught.value.findings[0].code == "FRR750"
    assert said in str(caught.value)
    assert "Tr0ub4dor-3" not in str(caught.value)
    assert box.config == before
    assert facts(box) == "old"
    assert "frr-reload" not in box.run("ps", "axww", "-o", "command=").stdout


def test_an_frr_reload_that_fails_on_the_present_file_too_says_nothing_about_the_new_one(lab, box):
    box.fault("test-broken")
    assert push(lab).state is State.CONFIRMED
    assert facts(box) == "new"


def test_a_box_without_frr_reload_to_try_is_pushed_without(lab, box):
    program = "/usr/local/sbin/frr-reload.py"
    box.run("mv", program, f"{program}.gone")
    try:
        assert push(lab).state is State.CONFIRMED
    finally:
        box.run("mv", f"{program}.gone", program)
    assert facts(box) == "new"


def test_a_file_that_differs_from_the_prediction_undoes_the_push(lab, box, package):
    def progress(state):
        if state is State.ARMED:
            box.run("sed", "-i", "s/'frr defaults traditional'/'! x', &/", package)

    with pytest.raises(RolledBackError) as caught:
        push(lab, progress=progress)
    assert caught.value.findings[0].code == "FRR746"
    assert facts(box) == "old"


def test_a_reload_that_never_ends_leaves_the_state_unknown_and_says_what_it_waits_for(lab, box):
    box.fault("reload-hangs")
    try:
        with pytest.raises(UnknownStateError) as caught:
            push(lab, ssh={"user": ADMIN, "command_timeout": 20.0}, sleep=lambda seconds: time.sleep(seconds / 100))
    finally:
        box.run("pkill", "-f", "sbin/frr-reloa[d]")
    assert "FRR749" in {finding.code for finding in caught.value.findings}
    assert box.sections()["frrbgpneighbors"][0]["descr"] == "MetalLB"
    assert _described(box.running_config()) == "MetalLB"


def test_a_session_that_does_not_come_back_undoes_the_push(lab, box):
    with pytest.raises(RolledBackError) as caught:
        push(lab, changed(asnum="64999"), bounds=Bounds(4), sleep=lambda _: time.sleep(0.5))
    assert caught.value.findings[0].code == "FRR531"
    assert PEER in str(caught.value)
    assert facts(box) == "old"
    wait_for("the session", lambda: box.established(PEER), seconds=60)


def test_a_change_of_somebody_else_while_frr_reloads_is_not_rolled_over(lab, box):
    box.fault("reload-refused")

    def progress(state):
        if state is State.APPLIED:
            box.save("frrbgpaspaths", [{**blank("frrbgpaspaths"), "name": "A"}])

    with pytest.raises(UnknownStateError) as caught:
        push(lab, progress=progress)
    assert caught.value.findings[-1].code == "FRR747"
    assert caught.value.exit is Exit.UNKNOWN
    assert box.sections()["frrbgpaspaths"][0]["name"] == "A"
    assert box.sections()["frrbgpneighbors"][0]["descr"] == "hello"


def test_of_two_pushes_at_once_one_is_done_and_the_other_refused(lab, box):
    jobs = [
        ("A", lambda: push(lab, changed(descr="A"), ssh=ROOT)),
        ("B", lambda: push(lab, changed(descr="B"), ssh=TCSH)),
    ]
    outcomes = list(each(jobs, workers=2, go_on=True))
    done = [outcome for outcome in outcomes if outcome.state is State.CONFIRMED]
    refused = [outcome for outcome in outcomes if outcome.state is State.UNCHANGED]
    assert len(done) >= 1
    assert len(done) + len(refused) == 2
    assert all(finding.code in {"FRR512", "FRR521"} for outcome in refused for finding in outcome.findings)
    described = box.sections()["frrbgpneighbors"][0]["descr"]
    assert described in {"A", "B"}
    assert _described(box.running_config()) == described


# what stands in for the sections, and texts


def test_a_raw_configuration_stops_the_push_unless_it_is_to_be_given_up(lab, box):
    box.save("frrglobalraw", [{**blank("frrglobalraw"), "frr": encode(box.frr_conf), "frrrunning": encode("x")}])
    box.settled()
    with pytest.raises(DeviceError) as caught:
        push(lab)
    assert caught.value.findings[0].code == "FRR745"
    assert facts(box) == "old"
    assert push(lab, clear_raw=True).state is State.CONFIRMED
    assert facts(box) == "new"
    raw = box.sections()["frrglobalraw"][0]
    assert raw["frr"] == ""
    assert raw["frrrunning"] == encode("x")


@pytest.mark.parametrize("text", ["""it's "quoted" \\ `x` $HOME ; & <b> ]] > %s""", "a &amp; b", "&lt;!-- x"])
def test_a_description_with_signs_of_xml_shell_and_php_arrives_as_it_is(lab, box, text):
    assert push(lab, changed(descr=text)).state is State.CONFIRMED
    assert box.sections()["frrbgpneighbors"][0]["descr"] == text
    assert f" neighbor {PEER} description {text}\n" in box.running_config()


@pytest.mark.parametrize("text", ["line\nrouter bgp 1", "tab\there", "na\u00efve", "\u2028", "nul\0", "\x1b[2J"])
def test_a_character_that_config_xml_does_not_keep_is_refused_before_anything_is_written(lab, box, text):
    one = device(lab)
    running = one.fetch()
    with pytest.raises(NothingChangedError) as caught:
        one.apply(changed(descr=text)(running), running.sections_digest, "frrgen: test")
    one.close()
    assert caught.value.findings[0].code == "FRR741"
    assert facts(box) == "old"


def test_what_config_xml_does_not_give_back_as_it_was_written_is_taken_back(lab, box):
    box.fault("write_config-mangles", times=1)
    with pytest.raises(NothingChangedError) as caught:
        push(lab)
    assert caught.value.findings[0].code == "FRR743"
    assert "did not keep" in str(caught.value)
    assert facts(box) == "old"


def test_a_config_xml_that_cannot_be_read_any_more_is_put_back_by_pfsense_and_the_push_says_so(lab, box):
    """Up to 2.7.2 a letter beyond ASCII outside CDATA breaks it; frrgen lets one through that was there before."""
    box.run("sh", "-c", "echo 2.7.2-RELEASE > /etc/version")
    try:
        box.save("frrglobalprefixes", [{**box.sections()["frrglobalprefixes"][0], "descr": "B\u00fcro"}])
        box.settled()
        with pytest.raises(NothingChangedError) as caught:
            push(lab, changed("frrbgpaspaths", name="B\u00fcro"))
    finally:
        box.run("sh", "-c", "echo 2.8.1-RELEASE > /etc/version")
    assert caught.value.findings[0].code == "FRR743"
    assert facts(box) == "old"
    assert "frrbgpaspaths" not in box.sections()


def test_a_letter_beyond_ascii_that_somebody_has_typed_in_stays(lab, box):
    box.save("frrglobalprefixes", [{**copy.deepcopy(box.sections()["frrglobalprefixes"][0]), "descr": "B\u00fcro"}])
    box.settled()
    assert push(lab).state is State.CONFIRMED
    assert box.sections()["frrglobalprefixes"][0]["descr"] == "B\u00fcro"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_text_that_is_cut_off_on_its_way_does_nothing(lab, box, share):
    from frrgen.platforms.pfsense.ask import program
    from frrgen.platforms.pfsense.device import _CONFIG
    from frrgen.platforms.pfsense.schema import COVERED

    one = device(lab)
    running = one.fetch()
    request = {
        "names": COVERED,
        "sections": HELLO(running),
        "digest": running.sections_digest,
        "description": "x",
        "size": 0,
    }
    whole = program("apply", "mark", request, _CONFIG)
    for cut in (whole[: int(len(whole) * share)], whole[: whole.rindex("\n", 0, int(len(whole) * share))]):
        box.run("/usr/local/bin/php", "-q", stdin=cut, check=False)
        assert facts(box) == "old"
    one.close()


# what the package does to FRR


def test_enabling_a_daemon_restarts_all_of_frr_and_the_plan_says_so(lab, box):
    plans = []
    before = box.run("cat", "/run/frr/bgpd.pid").stdout

    def approve(plan):
        plans.append(plan)
        return True

    assert push(lab, changed("frrbfd", enable="on"), approve=approve).state is State.CONFIRMED
    assert plans[0].effect == "restart"
    assert "The package restarts all of FRR (bfdd is switched on)." in plans[0].summary
    assert [(session.neighbor, session.impact) for session in plans[0].sessions] == [(PEER, "reset")]
    assert box.run("cat", "/run/frr/bgpd.pid").stdout != before
    assert box.alive("bfdd")
    assert box.established(PEER)


def test_rpki_is_another_flag_of_bgpd_and_restarts_frr(lab, box):
    def wanted(running):
        new = changed("frrbgp", enablerpki="on")(running)
        cache = {**blank("frrbgprpkicacheservers"), "cacheserver": "192.0.2.9", "port": "3323", "preference": "1"}
        return {**new, "frrbgprpkicacheservers": [cache]}

    if box.frr.numbers >= (10,):
        # it wants `rpki cache tcp`, which the package does not write
        with pytest.raises(DeviceError) as caught:
            push(lab, wanted)
        assert caught.value.findings[0].code == "FRR513"
        return
    outcome = push(lab, wanted)
    assert outcome.state is State.CONFIRMED
    assert outcome.plan.because == ("RPKI changes",)
    assert "rpki cache 192.0.2.9 3323 preference 1" in box.running_config()


def test_a_daemon_that_is_dead_means_a_restart(lab, box):
    box.run("sh", "-c", "kill -9 $(cat /run/frr/staticd.pid)")
    outcome = push(lab)
    assert outcome.state is State.CONFIRMED
    assert outcome.plan.effect == "restart"
    assert "staticd is not running" in outcome.plan.summary
    assert box.alive("staticd")


def test_frr_that_is_switched_off_is_switched_on_and_off_again(lab, box):
    outcome = push(lab, changed("frr", enable=""))
    assert outcome.state is State.CONFIRMED
    assert outcome.plan.effect == "stop"
    assert not box.alive("bgpd")
    hidden = push(lab)
    assert hidden.state is State.CONFIRMED
    assert hidden.plan.effect == "nothing"
    back = push(lab, changed("frr", enable="on"))
    assert back.state is State.CONFIRMED
    assert back.plan.effect == "restart"
    assert facts(box) == "new"


def test_lines_that_somebody_typed_into_vtysh_are_shown_as_what_the_package_will_take_away(lab, box):
    box.vtysh("configure terminal", "router bgp 64512", "neighbor 192.168.1.99 remote-as 64513")
    outcome = push(lab, lambda running: running.covered)
    assert any("192.168.1.99" in ".".join(change.path) for change in outcome.plan.changes)
    assert outcome.state is State.CONFIRMED
    assert "192.168.1.99" not in box.running_config()


def test_the_other_box_of_a_pair_is_remembered(lab, box):
    pair = "<hasync><synchronizetoip>192.168.1.3</synchronizetoip></hasync>"
    box.start(ARTICLE.replace("\t<interfaces>", f"{pair}\n\t<interfaces>"))
    outcome = push(lab)
    assert outcome.state is State.CONFIRMED
    assert any("push to both" in note for note in outcome.notes)
    assert "push to both" in outcome.plan.summary


def test_a_file_that_is_not_what_frrgen_expects_is_said_and_what_frr_runs_is_compared(lab, box):
    box.save("frrospfd", [{**blank("frrospfd"), "enable": "", "defaultarea": "0.0.0.0"}])
    box.run("sh", "-c", "echo '! a comment' >> /var/etc/frr/frr.conf")
    outcome = push(lab)
    assert outcome.state is State.CONFIRMED
    assert any("not what frrgen expects" in note for note in outcome.notes)


def test_a_model_is_pushed_as_sections_and_then_there_is_nothing_left_to_do(lab, box):
    text = (
        "ip prefix-list POOL seq 5 permit 192.168.10.0/24 ge 32\n"
        "route-map IN permit 10\n match ip address prefix-list POOL\n set local-preference 200\nexit\n"
        "route-map OUT deny 10\nexit\n"
        "router bgp 64512\n no bgp network import-check\n"
        f" neighbor {PEER} remote-as 64512\n neighbor {PEER} description microk8s-1\n"
        f" neighbor {PEER} update-source 192.168.1.1\n"
        " address-family ipv4 unicast\n"
        f"  neighbor {PEER} route-map IN in\n  neighbor {PEER} route-map OUT out\n"
        f"  neighbor {PEER} soft-reconfiguration inbound\n exit-address-family\n"
    )
    router = parse(text, name="pf", frr_version="8.4.4").router.model_copy(
        update={"platform": "pfsense", "ownership": "full"}
    )

    def wanted(running):
        return sections(router, running.box, running.covered)

    outcome = push(lab, wanted)
    assert outcome.state is State.CONFIRMED
    assert outcome.notes == ()
    running = box.running_config()
    assert f"neighbor {PEER} route-map IN in" in running
    assert "ip prefix-list POOL seq 5 permit 192.168.10.0/24 ge 32" in running
    assert "MetalLB_k8s" not in running
    assert box.established(PEER)
    again = push(lab, wanted)
    assert again.state is State.UNCHANGED
    assert again.plan.changes == ()


def test_both_boxes_of_a_pair_are_pushed_by_one_command(lab, box):
    """As the fleet does it: two routers, two outcomes."""
    other = Pfsense("pf3", lab.folder / "pf3", frr=lab.frr)
    lab.routers["pf3"] = other
    other.start(ARTICLE)
    lab.sshd(other)

    def job(name):
        one = PfsenseDevice(Router(name=name, ssh={"user": ADMIN}), ssh_config=lab.ssh_config())
        try:
            return PfsensePush(one, HELLO).run()
        finally:
            one.close()

    outcomes = list(each([(name, lambda name=name: job(name)) for name in ("pf", "pf3")], workers=2))
    assert [finding for outcome in outcomes for finding in outcome.findings] == []
    assert {outcome.router: outcome.state for outcome in outcomes} == {"pf": State.CONFIRMED, "pf3": State.CONFIRMED}
    assert facts(box) == facts(other) == "new"


RESETS = {
    "description": ({"descr": "x"}, False),
    "route map": ({"routemap_in": "MetalLB_k8s"}, False),
    "timers": ({"timers_keepalive": "10", "timers_holdtime": "30"}, False),
    "soft reconfiguration": ({"softreconfigurationinbound": "on"}, False),
    "update source": ({"updatesource": "default"}, True),
    "remote AS in other words": ({"asnum": "internal"}, True),
    "passive": ({"passive": "on"}, True),
    "router id": ({"routerid": "192.168.1.77"}, True),
    "joins a group": ({"peergroup": "G", "asnum": ""}, True),
}


@pytest.mark.parametrize("what", RESETS)
def test_the_sessions_that_the_plan_resets_are_those_that_are_reset(lab, box, what):
    keys, expected = RESETS[what]
    node = lab.routers["node"]
    before = dropped(node)
    make = changed("frr" if "routerid" in keys else "frrbgpneighbors", **keys)

    def wanted(running):
        new = make(running)
        if "peergroup" in keys:
            new["frrbgpneighbors"].insert(0, {**blank("frrbgpneighbors"), "peer": "G", "asnum": "64512"})
        return new

    outcome = push(lab, wanted)
    assert outcome.state is State.CONFIRMED
    predicted = any(session.impact == "reset" for session in outcome.plan.sessions)
    assert predicted == (dropped(node) > before)
    assert predicted == expected


def dropped(node):
    """How often the other end has lost the session. (The box forgets it when frr-reload makes the neighbor anew.)"""
    return node.bgp("neighbors 192.168.1.1")["192.168.1.1"]["connectionsDropped"]


def test_a_box_undoes_a_push_by_itself_when_frrgen_is_killed_in_the_middle(lab, box):
    one = device(lab)
    before = one.fetch()
    one.close()
    script = (
        "import os, sys; from pathlib import Path; from tests.lab import test_pfsense as here\n"
        "class Lab:\n    def ssh_config(self): return Path(sys.argv[1])\n"
        "die = lambda now: os.kill(os.getpid(), 9) if now is here.State.APPLIED else None\n"
        "one = here.device(Lab())\n"
        "here.PfsensePush(one, here.changed(descr='killed'), progress=die).run()"
    )
    done = subprocess.run([sys.executable, "-c", script, str(lab.ssh_config())], check=False)
    assert done.returncode == -9

    def undone():
        with contextlib.closing(device(lab)) as looking:
            now = looking.fetch()
            return now.pending is None and now.digest == before.digest

    let_time_run_out(box, "/var/db/frrgen/armed")
    wait_for("the way back", undone, 60, every=1)
    assert '"rolled back"' in box.run("tail", "-n", "1", "/var/db/frrgen/journal.jsonl").stdout
    assert "armed" not in box.run("ls", "/var/db/frrgen").stdout
