"""The speaker and four daemons that are not ours: each works with it as with any router, and outlasts the same mishaps.

One row is one test, one column one daemon of one Debian release, which the version of its FRR stands for. A daemon runs
through its whole column; the speaker is begun anew in each row. What a daemon cannot do is a skip that says why
(`Daemon.cannot`).
"""

from __future__ import annotations

import itertools
import signal
import time

import pytest

from tests.lab import wait_for
from tests.lab.frr import chosen
from tests.lab.network import Lab
from tests.lab.peers import Bird, Exabgp, Frr, Gobgp
from tests.lab.wanted import wanted
from tests.lab.world import World

DAEMONS = [Frr, Bird, Gobgp, Exabgp]
SIX = ", next_hop: '2001:db8::2'"
pytestmark = pytest.mark.interop


def named(daemon):
    return daemon.__name__.lower()


@pytest.fixture(scope="module", params=DAEMONS, ids=named)
def daemon(request, frr):
    """A kind of daemon, once it is there."""
    if request.param is Exabgp and frr != chosen()[0]:
        pytest.skip("ExaBGP comes from PyPI: it is the same beside every FRR")
    wanted(f"{named(request.param)} of Debian {frr.release}", lambda: request.param.program("", frr))
    return request.param


@pytest.fixture(scope="module")
def column(daemon, frr):
    with (
        Lab(frr=frr) as lab,
        World(lab, daemon, speak=False, peering="address: 10.0.0.1, maximum_prefix: 200000") as made,
    ):
        yield made


@pytest.fixture
def quiet(column):
    """Both hosts and the daemon; nobody speaks yet."""
    (column.node.folder / "source.yaml").unlink(missing_ok=True)
    (column.node.folder / "log/speaker.log").unlink(missing_ok=True)
    yield column
    column.daemon.signal(signal.SIGCONT)
    column.hush()
    # to ask for one route each would take as many commands
    wait_for("all withdrawn", lambda: column.daemon.count() == 0, 240)
    column.sees()


@pytest.fixture
def world(quiet):
    """The speaker and the daemon, with a session and one route."""
    quiet.speak()
    quiet.speaker.announce("10.1.0.1/32")
    quiet.speaker.up(30)
    quiet.sees("10.1.0.1/32")
    return quiet


def needs(world, what):
    if what in world.daemon.cannot:
        pytest.skip(world.daemon.cannot[what])


def test_routes_of_both_families_are_announced_changed_and_withdrawn_without_a_reset(world):
    world.speaker.announce("10.1.0.1/32", "10.2.0.0/24")
    found = world.sees("10.1.0.1/32", "10.2.0.0/24")
    assert found["10.1.0.1/32"] == {"next_hop": "10.0.0.2", "med": 0, "communities": ["64999:1"], "path": "65002"}
    world.speaker.announce("10.1.0.1/32", more=", med: 77, communities: [64999:2, 64999:3], prepend: 2")
    world.sees("10.1.0.1/32")
    wait_for("the new attributes", lambda: world.daemon.routes()["10.1.0.1/32"]["med"] == 77)
    changed = world.daemon.routes()["10.1.0.1/32"]
    assert (changed["communities"], changed["path"]) == (["64999:2", "64999:3"], "65002 65002 65002")
    new = world.speaker.source.with_suffix(".new")
    new.write_text(f"announcements:\n  - {{prefix: 10.1.0.1/32}}\n  - {{prefix: '2001:db8:1::1/128'{SIX}}}\n")
    new.rename(world.speaker.source)
    found = world.sees("10.1.0.1/32", "2001:db8:1::1/128")
    assert found["2001:db8:1::1/128"]["next_hop"] == "2001:db8::2"
    world.speaker.announce()
    world.sees()
    assert world.session()["established"] == 1, "no change may cost the session"


def test_a_refresh_is_answered(world):
    needs(world, "refresh")
    before = world.session()["octets_sent"]
    world.daemon.refresh()
    wait_for("the refresh", lambda: world.session()["refreshes"] >= 1)
    wait_for("the answer", lambda: world.session()["octets_sent"] > before)
    world.sees("10.1.0.1/32")
    assert world.session()["established"] == 1


def test_the_peer_keeps_routes_of_a_speaker_that_dies_and_drops_what_it_no_longer_has_at_end_of_rib(world):
    needs(world, "graceful restart")
    world.speaker.announce("10.1.0.1/32", "10.2.0.0/24")
    world.sees("10.1.0.1/32", "10.2.0.0/24")
    world.speaker.signal(signal.SIGKILL)
    world.speaker.process.wait(20)
    time.sleep(1)
    assert world.daemon.routes().keys() == {"10.1.0.1/32", "10.2.0.0/24"}, "they are kept"
    world.speaker.announce("10.1.0.1/32")
    world.speak()
    began = time.monotonic()
    while "10.2.0.0/24" in (found := world.daemon.routes()):
        assert "10.1.0.1/32" in found, "it must not be gone for a moment"
        assert time.monotonic() - began < 30
    world.sees("10.1.0.1/32")


def test_a_peer_that_restarts_is_told_again(world):
    world.daemon.restart()
    wait_for("a second session", lambda: world.session()["established"] >= 2, 60)
    world.sees("10.1.0.1/32", seconds=30)


def test_a_frozen_peer_is_given_up_by_the_hold_timer_and_found_again(world):
    world.daemon.signal(signal.SIGSTOP)
    wait_for("the end", lambda: world.session()["state"] != "Established", 20)
    wait_for("why", lambda: "hold timer expired" in world.speaker.log.read_text(), 20)
    world.daemon.signal(signal.SIGCONT)
    wait_for("a session again", lambda: world.session()["state"] == "Established", 60)
    world.sees("10.1.0.1/32")


def test_a_shutdown_with_a_text_is_read(world):
    needs(world, "a shutdown with a text")
    world.daemon.shut_down("maintenance")
    wait_for("the end", lambda: world.session()["state"] != "Established", 20)
    world.daemon.open_up()
    # what the state says the log may say a little later
    wait_for("why", lambda: ": down: " in world.speaker.log.read_text(), 20)
    ends = [line for line in world.speaker.log.read_text().splitlines() if ": down: " in line]
    assert "administrative shutdown" in ends[0]
    assert ends[0].rstrip(")").endswith(": maintenance")
    world.speaker.up(60)
    world.sees("10.1.0.1/32")


def test_our_shutdown_is_understood_with_its_text(world):
    world.hush()
    world.sees()
    wait_for("the text", lambda: "frrgen speaker on node stops" in world.daemon.heard(), 20)


def test_a_wrong_as_number_ends_in_a_few_attempts_a_minute(quiet):
    quiet.speak("--no-listen", asn=65009)
    wait_for("the refusal", lambda: "2/2" in quiet.session()["last_error"], 20)
    time.sleep(3)
    assert 1 <= quiet.speaker.log.read_text().count("2/2") <= 2
    assert quiet.session()["state"] != "Established"
    assert quiet.session()["established"] == 0


def test_when_both_dial_at_once_one_connection_stays_and_lasts(quiet):
    """Each is frozen while the other dials, so that two connections are open when both wake up; the daemon begins anew.

    Which one stays depends on who has come how far; `tests/speaker/test_session.py` has each case.
    """
    quiet.speak()
    quiet.speaker.announce("10.1.0.1/32")
    quiet.speaker.up(30)
    quiet.speaker.signal(signal.SIGSTOP)
    quiet.daemon.restart()
    wait_for("its connection in our queue", lambda: _waiting(quiet), 20)
    quiet.daemon.signal(signal.SIGSTOP)
    quiet.speaker.signal(signal.SIGCONT)
    wait_for("two connections", lambda: _connections(quiet) >= 2, 20)
    quiet.daemon.signal(signal.SIGCONT)
    quiet.speaker.up(30)
    quiet.sees("10.1.0.1/32")
    wait_for("one connection", lambda: _connections(quiet) == 1, 20)
    # ExaBGP may give up the one that we keep; they find together at the next attempt
    wait_for("a session that lasts", lambda: _lasts(quiet), 30)
    assert quiet.session()["established"] <= 3, quiet.speaker.log.read_text()


def _lasts(world):
    """Tell whether the session outlasts the hold time."""
    before = world.session()
    time.sleep(world.daemon.hold + 0.5)
    after = world.session()
    return before["state"] == after["state"] == "Established" and before["established"] == after["established"]


def _waiting(world):
    """Tell whether the daemon has dialled a speaker that does not take connections."""
    listening = world.node.run("ss", "-Htln").stdout.split()
    return listening[1] != "0"


def _connections(world):
    return len(world.node.run("ss", "-Htn", "state", "established").stdout.splitlines())


@pytest.mark.timeout(900)
def test_a_hundred_thousand_prefixes(world):
    numbers = itertools.product((1, 2), range(50_000))
    prefixes = "".join(f"      - 10.{net}.{n >> 8}.{n & 255}/32\n" for net, n in numbers)
    world.speaker.source.write_text(f"announcements:\n  - prefixes:\n{prefixes}")
    wait_for("100,000 prefixes", lambda: world.daemon.count() == 100_000, 120, 0.5)
    assert world.session()["established"] == 1


def test_md5_and_as_numbers_of_four_octets_and_no_session_with_another_password(lab, daemon):
    with World(lab, daemon, password="s3cret-of-lab", node_asn=4200000002, speak=False) as world:
        world.speak(asn=4200000002, secret="another")
        time.sleep(2)
        assert world.session()["established"] == 0
        world.hush()
        world.speak(asn=4200000002)
        world.speaker.announce("10.1.0.1/32")
        world.speaker.up(30)
        assert world.sees("10.1.0.1/32")["10.1.0.1/32"]["path"] == "4200000002"
        assert "s3cret" not in world.speaker.log.read_text()
