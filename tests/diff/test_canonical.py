"""What FRR shows alike is no difference."""

from __future__ import annotations

from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse


def test_a_written_default_and_an_omitted_default_are_no_difference():
    head = "frr defaults datacenter\nrouter bgp 1\n"
    texts = [head, f"{head} timers bgp 3 9\n"]
    for running, intended in (texts, texts[::-1]):
        assert make_plan(parse(running, name="r"), parse(intended, name="r").router).changes == ()


def test_a_vrf_that_is_imported_has_the_instance_that_frr_makes_for_it():
    text = "router bgp 1\n address-family ipv4 unicast\n  import vrf red\n exit-address-family\n"
    intended = parse(text, name="r").router.model_copy(update={"ownership": "full"})
    assert make_plan(parse(f"{text}exit\nrouter bgp 1 vrf red\nexit\n", name="r"), intended).changes == ()
