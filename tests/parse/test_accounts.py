"""Each line of a text is modelled, left over, or ignored; nothing is lost in silence."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.fates import lost
from frrgen.platforms.frr.parse.parser import account, parse
from frrgen.platforms.frr.render import render
from tests.examples import examples
from tests.strategies import routers

STRUCTURE = re.compile(r"\s*(exit.*|end|quit|[!#].*)?")
OPENS = re.compile(r" *(router bgp|route-map|vrf|bfd|rpki|peer|profile|address-family)\b")
ODD = [
    "99999999999999999999",
    "9" * 5000,
    "0",
    "-1",
    "²",
    "é",
    "a'b",
    "permit",
    "x|",
    "2001:db8::1",
    "10.0.0.0/33",
    "::/129",
    "default",
    "x" * 600,
]


def content(text):
    return {number for number, line in enumerate(text.split("\n"), 1) if not STRUCTURE.fullmatch(line)}


def fates(text):
    said = account(text, name="r1")
    numbers = [one.number for one in (*said.parsed.leftovers, *said.ignored)]
    return said, numbers


@settings(
    suppress_health_check=list(HealthCheck),
    deadline=None,
    max_examples=examples(80),
    phases=[Phase.explicit, Phase.generate],
)
@given(routers(), st.data())
def test_every_line_of_a_mangled_configuration_is_accounted_for(router, data):
    lines = render(router).split("\n")
    for _ in range(data.draw(st.integers(1, 4))):
        number = data.draw(st.integers(0, len(lines) - 1))
        words = lines[number].split(" ")
        match data.draw(st.sampled_from(["word", "swap", "double", "drop", "indent"])):
            case "word":
                words[data.draw(st.integers(0, len(words) - 1))] = data.draw(st.sampled_from(ODD))
                lines[number] = " ".join(words)
            case "swap":
                other = data.draw(st.integers(0, len(lines) - 1))
                lines[number], lines[other] = lines[other], lines[number]
            case "double":
                lines.insert(number, lines[number])
            case "drop":
                del lines[number]
                lines = lines or [""]
            case "indent":
                lines[number] = "  " + lines[number]
    text = "\n".join(lines)
    said, numbers = fates(text)
    assert content(text) == said.modelled | set(numbers)
    assert said.modelled.isdisjoint(numbers)
    assert len(numbers) == len(set(numbers))


@settings(
    suppress_health_check=list(HealthCheck),
    deadline=None,
    max_examples=examples(40),
    phases=[Phase.explicit, Phase.generate],
)
@given(routers(), st.data())
def test_a_mangled_value_costs_its_line_alone(router, data):
    text = render(router)
    lines = text.split("\n")
    number = data.draw(st.integers(0, len(lines) - 1))
    if STRUCTURE.fullmatch(lines[number]) or lines[number].startswith(
        ("router bgp", "route-map", "vrf ", "bfd", "rpki", " address-family", " set community", " set large-community")
    ):
        # what stands below depends on the line: the delete clause of an entry knows whether it stands behind its set
        return
    mangled = [*lines[:number], f"{lines[number]} \x01", *lines[number + 1 :]]
    left = parse("\n".join(mangled), name="r1")
    assert {one.number for one in left.leftovers} >= {number + 1}, lines[number]
    without = parse("\n".join([*lines[:number], "!", *lines[number + 1 :]]), name="r1")
    assert left.router == without.router, lines[number]


LOST = {
    "ip prefix-list A seq 5 permit 10.0.0.0/33": ("prefix_lists", "A"),
    "ip prefix-list A seq 99999999999999999999 permit any": ("prefix_lists", "A"),
    "ip prefix-list a'b seq 5 permit any": ("prefix_lists", "a'b"),
    "ip prefix-list A seq 5 permit 2001:db8::/32": ("prefix_lists", "A"),
    "bgp as-path access-list A permit [": ("as_path_lists", "A"),
    "bgp community-list standard A permit 1:99999": ("community_lists", "A"),
    "route-map M permit 99999": ("route_maps", "M"),
    "route-map M permit": ("route_maps", "M"),
    "router bgp 0": ("bgp",),
    "router bgp 65000 vrf a'b": ("vrfs", "a'b", "bgp"),
    "router bgp 65000\n neighbor 192.0.2.1 remote-as 0": ("bgp", "neighbors", "192.0.2.1"),
    "router bgp 65000\n neighbor 192.0.2.1 peer-group NONE": ("bgp", "neighbors", "192.0.2.1"),
    "router bgp 65000\n neighbor NONE remote-as 65001": ("bgp", "neighbors", "NONE"),
    "router bgp 65000\n neighbor way-too-long-for-linux interface remote-as external": (
        "bgp",
        "neighbors",
        "way-too-long-for-linux",
    ),
}


@pytest.mark.parametrize("text", LOST)
def test_the_loss_of_an_instance_a_neighbor_a_list_or_a_map_is_reported(text):
    base = "ip prefix-list B seq 5 permit any\nrouter bgp 65000 vrf red\n neighbor 192.0.2.9 remote-as 65009\nexit\n"
    left = parse(f"{base}{text}\n")
    assert list(lost(left.leftovers)) == [LOST[text]]
    assert set(left.router.prefix_lists) == {"B"}
    assert set(left.router.vrfs["red"].bgp.neighbors) == {"192.0.2.9"}


SAME = {
    "router bgp 65010 vrf default\n neighbor 192.0.2.2 remote-as 65020\n": (
        "router bgp 65010\n neighbor 192.0.2.2 remote-as 65020\n"
    ),
    "router bgp 1\n neigh 192.0.2.2 remote 2\n neigh 192.0.2.2 desc a b\n address ipv4\n  neig 192.0.2.2 soft in\n": (
        "router bgp 1\n neighbor 192.0.2.2 remote-as 2\n neighbor 192.0.2.2 description a b\n"
        " address-family ipv4 unicast\n  neighbor 192.0.2.2 soft-reconfiguration inbound\n"
    ),
    "router bgp 1\n bmp targets mon\n bmp stats\n !\n bgp router-id 10.1.0.32\n": (
        "router bgp 1\n bgp router-id 10.1.0.32\n bmp targets mon\n  bmp stats\n"
    ),
    "vrf default\n ip route 10.0.0.0/8 192.0.2.1\nexit-vrf\n": "ip route 10.0.0.0/8 192.0.2.1\n",
    "router bgp 1\n neighbor 192.0.2.2 remote-as 2\n no bgp default ipv4-unicast\n": (
        "router bgp 1\n no bgp default ipv4-unicast\n neighbor 192.0.2.2 remote-as 2\n"
        " address-family ipv4 unicast\n  neighbor 192.0.2.2 activate\n"
    ),
    "router bgp 1\n neighbor 192.0.2.2 remote-as 1\n neighbor 192.0.2.2 ebgp-multihop\n": (
        "router bgp 1\n neighbor 192.0.2.2 remote-as 1\n"
    ),
    "router bgp 1\n address-family ipv4\n  distance bgp 20 200 200\n": "router bgp 1\n",
    "frr version 7.3\nrouter bgp 1\n": (
        "router bgp 1\n no bgp ebgp-requires-policy\n no bgp network import-check\n no bgp suppress-duplicates\n"
        " no bgp hard-administrative-reset\n no bgp graceful-restart notification\n"
    ),
    "frr defaults datacenter\nrouter bgp 1\n": (
        "router bgp 1\n no bgp ebgp-requires-policy\n bgp log-neighbor-changes\n bgp default show-hostname\n"
        " bgp default show-nexthop-hostname\n bgp deterministic-med\n timers bgp 3 9\n"
    ),
}


@pytest.mark.parametrize("text", SAME)
def test_two_ways_to_say_the_same_need_no_plan(text):
    one, other = (parse(said, name="r1", frr_version="8.4") for said in (text, SAME[text]))
    for running, intended in ((one, other), (other, one)):
        plan = make_plan(running, intended.router.model_copy(update={"ownership": "full"}))
        assert plan.commands == () or "frr defaults" in text
    assert make_plan(one, one.router).commands == ()
