"""A version without its last number is the first of its releases: both do the same, in each engine."""

from __future__ import annotations

import pytest

from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.frr.alphabet import Alphabet, Policy
from frrgen.policy.frr.evaluate import judge
from frrgen.policy.frr.outbound import behind_policy
from frrgen.policy.frr.session import Session
from frrgen.policy.frr.symbolic import merged, outcomes
from frrgen.policy.sets.regex import UndecidedError
from tests.policy.cases import CASES, PEER, sent

RELEASES = (
    ("8.4", "8.4.4"),
    ("9", "9.0.1"),
    ("9.1", "9.1.2"),
    ("10", "10.0.1"),
    ("10.3", "10.3.1"),
    ("10.7", "10.7.1"),
)


def everything(case, version):
    """Return what becomes of the routes of a case, of each alone and of all together, in and out."""
    router = parse(case["config"], name="d", frr_version=version).router
    found = [judge(Session(router, PEER, "in"), sent(one)) for one in case["sent"]]
    for direction in ("in", "out"):
        session = Session(router, PEER, direction)
        policy = Policy(router, session)
        found += [behind_policy(session, family) for family in ("ipv4_unicast", "ipv6_unicast")]
        for family in (4, 6):
            try:
                every = merged(outcomes(policy, family, Alphabet.of(policy)))
            except UndecidedError as why:
                every = [str(why)]
            found.append(every)
    return found


@pytest.mark.parametrize(("short", "release"), RELEASES)
def test_a_version_does_what_its_first_release_does(short, release):
    assert len(CASES) > 140
    differing = [case["id"] for case in CASES if everything(case, short) != everything(case, release)]
    assert differing == []
