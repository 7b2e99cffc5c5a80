"""The peers of a confederation change on a live router: it comes to what a start comes to, and bgpd survives."""

from __future__ import annotations

import pytest

from frrgen.errors import InputError
from frrgen.platforms.frr.render import render
from tests.lab import wait_for
from tests.lab.changes import config
from tests.lab.live import PEERS, Live, model, settled

PEERS_OF = "bgp confederation identifier 64999 / bgp confederation peers "
SHUT = "neighbor 10.0.0.12 shutdown"


def test_the_peers_of_a_confederation_change_and_where_bgpd_would_die_behind_a_shut_session(lab, frr):
    live, twin = Live(lab, "edge"), Live(lab, "twin")
    here, there = f"{PEERS_OF}65011", f"{PEERS_OF}65012 65011"
    live.boot(render(model(config(bgp=here), frr.version)))
    assert len(live.dial()) == len(PEERS)
    target = model(config(bgp=there), frr.version)
    steps = [target]
    if (10,) <= frr.numbers < (10, 7):
        with pytest.raises(InputError, match="FRR432"):
            live.plan(target)
        steps = [model(config(bgp=text, late=SHUT), frr.version) for text in (here, there)] + steps
    for step in steps:
        live.push(live.plan(step))
        if step is steps[0] and step is not target:
            wait_for("the session is shut", lambda: all(one.address != "10.0.0.12" for one in live.up()))
    assert live.router.alive("bgpd")
    assert live.plan(target).commands == ()
    twin.boot(render(target))
    assert len(live.dial()) == len(twin.dial()) == len(PEERS)
    assert settled(live, twin, set(PEERS), 20) == []
