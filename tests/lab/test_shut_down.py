"""The sessions of an instance that was shut down come back: behind a push, and behind the way back from it.

bgpd 8.4.4 leaves them idle behind `no bgp shutdown`, until they are cleared.
"""

from __future__ import annotations

import copy

import pytest

from frrgen.errors import RolledBackError
from frrgen.model.router import Check, Router
from frrgen.platforms.frr.device import FrrDevice
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.push import Transaction
from frrgen.platforms.frr.sessions import Bounds
from frrgen.platforms.pfsense.device import PfsenseDevice
from frrgen.platforms.pfsense.push import PfsensePush
from frrgen.transaction.base import State
from tests.lab import wait_for
from tests.lab.pfsense import ADMIN, Pfsense
from tests.lab.pfsense.box import lacking
from tests.lab.test_pfsense import ARTICLE

BOX, PEER = "192.168.1.1", "192.168.1.10"
BASE = f"router bgp 64512\n neighbor {PEER} remote-as 64512\n neighbor {PEER} timers connect 1\n"
FAILS = (Check(command="false"),)
BOUNDS = Bounds(seconds=0)


def with_node(lab, box):
    node = lab.router("node")
    lab.link(box, node, f"{BOX}/24", f"{PEER}/24")
    node.start(f"router bgp 64512\n neighbor {BOX} remote-as 64512\n neighbor {BOX} passive\n")
    lab.sshd(box)


def up(box):
    wait_for("the session", lambda: box.established(PEER), 60)


def comes_back(box, push, armed):
    """Push the shutdown and its end, then the shutdown twice more: with a check that fails, and undone by the box."""
    up(box)
    assert push(shut=True).state is State.CONFIRMED
    assert not box.established(PEER)
    assert push(shut=False).state is State.CONFIRMED
    up(box)
    with pytest.raises(RolledBackError):
        push(shut=True, checks=FAILS)
    up(box)
    assert push(shut=True, confirm_within=1).state is State.WAITING
    wait_for("the way back", lambda: not armed(), 60)
    up(box)


@pytest.mark.sample("8.4")
def test_sessions_of_a_router_come_back_behind_a_shutdown_and_behind_the_way_back_from_one(lab):
    router = lab.router("r1")
    with_node(lab, router)
    router.start(BASE)
    router.vtysh("write")

    def push(*, shut, checks=(), **options):
        text = BASE + " bgp shutdown\n" * shut
        wanted = parse(text, name="r1").router.model_copy(update={"checks": checks})
        device = FrrDevice(Router(name="r1"), ssh_config=lab.ssh_config())
        try:
            return Transaction(device, wanted, bounds=BOUNDS, **options).run()
        finally:
            device.close()

    comes_back(router, push, lambda: router.run("test", "-e", "/var/lib/frrgen/armed", check=False).returncode == 0)


@pytest.mark.sample("8.4")
@pytest.mark.skipif(bool(lacking()), reason=f"the stand-in for pfSense needs {lacking()}")
def test_sessions_of_a_box_come_back_behind_a_shutdown_and_behind_the_way_back_from_one(lab):
    package = "2.0.2_7" if lab.frr.numbers < (10,) else "2.1.2_1"
    box = lab.add(Pfsense("pf", lab.folder / "pf", frr=lab.frr, package=package))
    with_node(lab, box)
    box.start(ARTICLE)
    device = PfsenseDevice(Router(name="pf", ssh={"user": ADMIN}), ssh_config=lab.ssh_config())
    plain = device.fetch().covered

    def push(*, shut, checks=(), **options):
        sections = copy.deepcopy(plain)
        sections["frrbgp"][0]["shutdown"] = "on" * shut
        return PfsensePush(device, lambda _: sections, bounds=BOUNDS, checks=checks, **options).run()

    try:
        comes_back(box, push, lambda: box.run("test", "-e", "/var/db/frrgen/armed", check=False).returncode == 0)
    finally:
        device.close()
