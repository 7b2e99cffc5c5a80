"""Options that have nothing to do with routes: with all of them at once, FRR accepts and announces the same.

The sets stand in frrgen/policy/frr/options.py, and no proof looks at these options. `FRRGEN_OPTIONS=40` boots so many
routers with drawn values, `FRRGEN_ONLY=WORDS` sets these alone (`a|b`), also those that the sets call undecided.
"""

from __future__ import annotations

import os
import random

import pytest

from frrgen.model.bgp import Bgp
from frrgen.model.instance_family import AddressFamily
from frrgen.model.neighbor import Neighbor, NeighborFamily, PeerGroup
from frrgen.platforms.frr.render import render
from frrgen.policy.frr import options
from tests.lab.live import PEERS, Live, settled
from tests.lab.mixed import refused
from tests.lab.sweep import base, owners, valued

NUMBER = int(os.environ.get("FRRGEN_OPTIONS", "1"))
SEED = int(os.environ.get("FRRGEN_SEED", "1"))
ONLY = frozenset(word for word in os.environ.get("FRRGEN_ONLY", "").split("|") if word)
NEITHER = {
    Bgp: options.INSTANCE_NEITHER,
    Neighbor: options.NEIGHBOR_NEITHER,
    PeerGroup: options.NEIGHBOR_NEITHER,
    NeighborFamily: options.FAMILY_NEITHER,
    AddressFamily: options.ADDRESS_FAMILY_NEITHER,
}
CHOICE = "the choice between routes that are let in, and so who hears which"
NOT_SET = {
    "bfd": "the peers speak no BFD: such a session goes and comes again",
    "shutdown": "no session",
    "shutdown_message": "no session",
    "shutdown_rtt": "no session",
    "default_shutdown": "no session",
    "password": "the peers know another secret",
    "port": "the peers listen at no port",
    "update_source": "the peers know one address",
    "ttl_security_hops": "the peers are next door",
    "minimum_holdtime": "no session",
    "maximum_prefix": "it ends the session",
    "listen_limit": "it keeps dynamic neighbors out",
    "listen_ranges": "it makes neighbors",
    "neighbors": "their options are tried",
    "peer_groups": "their options are tried",
    "l2vpn_evpn": "another family",
    "timers_delayopen": "sessions take longer",
    "extended_optional_parameters": "the peers do not read an OPEN of that form",
    "timers": "the peers say that they are alive every 20 seconds alone",
    "local_role_strict": "the peers say no role",
    "update_delay": "a boot waits",
    "bestpath": CHOICE,
    "maximum_paths": CHOICE,
    "maximum_paths_ibgp": CHOICE,
    "maximum_paths_ibgp_equal_cluster_length": CHOICE,
}
"""Options that are not set here: they decide whether there is a session, or which of several routes is the best."""


def candidates(version):
    """Give each option, with the object whose it is."""
    for owner in owners(version):
        for field in owner.fields:
            if field in ONLY or (not ONLY and field in NEITHER.get(owner.model, frozenset()) - NOT_SET.keys()):
                yield owner, field


def test_every_option_that_is_not_set_is_one_of_the_sets():
    assert NOT_SET.keys() <= frozenset().union(*NEITHER.values())


@pytest.mark.sample("10.3")
def test_options_that_have_nothing_to_do_with_routes_change_none(lab, frr):
    home, other = Live(lab, "home"), Live(lab, "other")
    dice = random.Random(SEED)
    home.boot(render(base(frr.version)))
    assert len(home.dial_together()) == len(PEERS)
    every = list(candidates(frr.version))
    bad = []
    for number in range(NUMBER):
        made, said = base(frr.version), []
        for owner, field in dice.sample(every, len(every)):
            with_it = valued(made, owner, field, dice)
            if with_it is not None and not refused(with_it):
                made = with_it
                said.append(f"{owner.path}.{field}")
        assert ONLY or len(said) > len(every) / 2
        other.boot(render(made))
        if missing := home.dial_together() ^ other.dial_together(8):
            bad.append(f"{number}: no session with {[one.address for one in missing]}")
        if differing := settled(home, other, home.up() & other.up(), 20):
            bad.append(f"{number}: {differing[:4]} of {len(differing)}")
    assert bad == []
