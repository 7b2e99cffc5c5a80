"""Each measured policy on a real FRR again, from its startup configuration: what it accepts is what was measured.

`tests/policy/test_cases.py` holds `evaluate` against the same data.
"""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from frrgen.model.policy import Match
from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.frr.evaluate import evaluate
from tests.lab import wait_for
from tests.lab.bgpd import Bgpd
from tests.lab.cases import US, each
from tests.lab.endpoint import Endpoint
from tests.policy.cases import CASES, PEER, TOGETHER, accepted, measured, sent


@pytest.fixture(scope="module")
def found(frr):
    with each(frr) as seen:
        yield seen


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_frr_does_what_was_measured(found, frr, case):
    assert found[case["id"]] == measured(case, str(frr))


@pytest.mark.parametrize("name", TOGETHER)
def test_a_refused_line_takes_no_other_with_it_when_each_is_typed(lab, name):
    case = next(case for case in CASES if case["id"] == name)
    us, peers = lab.router("us", daemons=("bgpd",)), lab.router("peers", daemons=())
    lab.link(us, peers, f"{US}/24", f"{PEER}/24")
    us.start("")
    said = us.run("vtysh", stdin="\n".join(["configure", case["config"], "end", ""]), check=False).stdout
    assert said.count("% Configuration failed") == 1, said
    peer = Endpoint(peers, PEER, US, case["peer_as"], routes=tuple(sent(one) for one in case["sent"])).dial()
    bgpd, expected = Bgpd(us), accepted(case["accepted"])
    wait_for("the updates", lambda: bgpd.updates(PEER) >= peer.updates, every=0.02)
    wait_for("the routes", lambda: set(bgpd.paths()) == expected.keys(), every=0.05)
    running = parse(us.running_config(), name="d", frr_version=lab.frr.version)
    assert not running.leftovers
    for one in case["sent"]:
        verdict = evaluate(running.router, PEER, "in", sent(one)).verdict
        assert verdict == ("permit" if one["prefix"] in expected else "deny")


@pytest.mark.frr(before="10.7", reason="FRR 10.7 shows the clause")
def test_match_metric_0_kills_bgpd_when_its_configuration_is_shown(lab):
    """So the model has no such clause, and a file that has it is read as one that has more than we understand."""
    us = lab.router("us", daemons=("bgpd",))
    us.start(next(case for case in CASES if case["id"] == "C10")["config"])
    assert us.alive("bgpd")
    us.vtysh("show running-config")
    wait_for("the end of bgpd", lambda: not us.alive("bgpd"))
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        Match(metric=0)


EVERYTHING = {one["prefix"] for one in next(case for case in CASES if case["id"] == "P00")["sent"]}
INSIDE = {"10.0.0.0/8", "10.0.0.0/9", "10.1.0.0/16", "10.1.1.0/24", "10.1.1.1/32"}
BATFISH = {
    "an undefined inbound map is no policy": ("N01", EVERYTHING, None),
    "on-match next leaves a permit behind": ("F01", INSIDE, None),
    "goto a number that is not there denies": ("F05", set(), None),
    "goto past the end denies": ("F06", set(), None),
    "a call returns at once": ("F14", EVERYTHING, {"metric": "0"}),
    "ge 0 is every length": ("P12", EVERYTHING, None),
    "a neighbor's prefix list is no part of the policy": ("P03", EVERYTHING, None),
    "nobody requires a policy over eBGP": ("N05", EVERYTHING, None),
    "a neighbor's filter list is no part of the policy": ("N02", EVERYTHING, None),
    "a neighbor's distribute list is no part of the policy": ("N11", EVERYTHING, None),
    "an empty list permits nothing": ("R05b", set(), None),
}
"""What the model that Batfish (as of 2026-08) has of FRR says of a case: which routes pass, and with what."""


@pytest.mark.parametrize("what", BATFISH)
@pytest.mark.frr(before="9", reason="what FRR does with an empty list has changed since")
def test_head_to_head_frr_does_what_we_say_and_not_what_batfish_says(found, frr, what):
    name, passes, attributes = BATFISH[what]
    case = next(case for case in CASES if case["id"] == name)
    theirs = found[name]
    router = parse(case["config"], name="d", frr_version=frr.version).router
    ours = {one["prefix"] for one in case["sent"] if evaluate(router, PEER, "in", sent(one)).verdict == "permit"}
    assert ours == theirs.keys()
    alike = attributes is None or all(attributes.items() <= one.items() for one in theirs.values())
    assert theirs.keys() != passes or not alike
