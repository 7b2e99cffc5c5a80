"""Pruning: what the model lacks is taken away in its own context, or stays and is shown."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse
from tests.diff.test_secrets import LINES, config
from tests.parse.test_beyond import NESTED

EMPTY = parse("").router.model_copy(update={"ownership": "full"})
MORE = [
    ("interface eth0", "description uplink"),
    ("router ospf", "ospf router-id 192.0.2.1"),
    ("pbr-map A seq 5", "match src-ip 192.0.2.0/24"),
    ("nexthop-group A", "nexthop 192.0.2.1"),
    ("l2vpn A type vpls\n member pseudowire x", "neighbor lsr-id 192.0.2.1"),
    ("router isis X", "area-password clear hunter2"),
    ("segment-routing\n traffic-eng\n  policy color 1 endpoint 192.0.2.1", "binding-sid 16"),
    ("mpls ldp\n address-family ipv4\n  interface eth0", "discovery hello holdtime 15"),
    ("", "debug bgp updates"),
    ("", "no agentx"),
    ("line vty", "exec-timeout 0 0"),
]


def pruned(text, intended=EMPTY):
    return make_plan(parse(text, name="r1"), intended, prune_leftovers=True)


def test_a_line_is_pruned_in_the_context_it_stands_in_and_what_cannot_be_stays_shown():
    plan = pruned(NESTED)
    assert plan.commands[1:] == (
        *("key chain K", "key 1", "no key-string hunter2", "exit", "key 2", "no cryptographic-algorithm md5"),
        *("exit", "exit", "mpls ldp", "no router-id 1.1.1.1", "no neighbor 192.0.2.7 password hunter2"),
        *("address-family ipv4", "no discovery transport-address 1.1.1.1", "interface eth0"),
        *("no discovery hello holdtime 5", "exit", "exit-address-family", "exit"),
    )
    assert plan.leftovers == (
        "frobnicate new / gadget a / ip route 10.0.0.0/8 192.0.2.1",
        "frobnicate new / router-id 9.9.9.9",
        "line vty / exec-timeout 0 0",
    )


@pytest.mark.parametrize("line", ["password x", "enable password x", "username u nopassword"])
def test_what_decides_who_may_log_in_is_never_pruned(line):
    plan = pruned(f"{line}\n")
    assert plan.empty
    assert plan.leftovers == (line,)


def test_another_address_family_is_pruned_inside_its_instance():
    text = "router bgp 65000\n{} address-family ipv6 unicast\n exit-address-family\nexit\n"
    block = " address-family ipv4 multicast\n  network 192.0.2.0/24\n exit-address-family\n"
    intended = parse(text.format(""), name="r1").router.model_copy(update={"ownership": "full"})
    assert pruned(text.format(block), intended).commands == (
        *("router bgp 65000", "address-family ipv4 multicast", "no network 192.0.2.0/24", "exit-address-family"),
        "exit",
    )


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("router bgp 65000\n address-family l2vpn evpn\n  advertise-all-vni\n", "no router bgp 65000"),
        ("vrf RED\n vni 10\n", "no vrf RED"),
        ("route-map A permit 10\n set frobnicate\n", "no route-map A"),
    ],
)
def test_what_goes_with_its_context_does_not_bring_that_back(text, gone):
    assert pruned(text).commands == (gone,)


def test_what_the_model_lacks_in_a_route_map_entry_stands_behind_a_change_of_its_action_under_the_new_one():
    running = parse("route-map A deny 10\n set frobnicate\nexit\n", name="r1")
    entries = "route-map A permit 10\nexit\n"
    intended = parse(entries, name="r1").router.model_copy(update={"ownership": "full"})
    kept = make_plan(running, intended)
    assert kept.commands == ("route-map A permit 10", "exit")
    assert kept.leftovers == ("route-map A permit 10 / set frobnicate",)
    # to enter it as `deny` would make it so again
    gone = make_plan(running, intended, prune_leftovers=True)
    assert gone.commands == ("route-map A permit 10", "no set frobnicate", "exit")


def says(path, lines):
    """Give what vtysh says of lines, without running them."""
    path.write_text("".join(f"{line}\n" for line in lines))
    return subprocess.run(["vtysh", "-C", "-f", path], capture_output=True, text=True, check=False).stdout


@pytest.mark.skipif(shutil.which("vtysh") is None, reason="FRR is not installed")
def test_every_line_that_is_pruned_is_pruned_as_frr_takes_it(tmp_path):
    held = []
    for context, line in (*LINES, *MORE):
        text = config(context, line)
        if "%" in says(tmp_path / "there.conf", text.split("\n")):
            continue
        plan = pruned(text)
        assert "%" not in says(tmp_path / "plan.conf", plan.commands), (text, plan.commands)
        assert plan.commands or plan.leftovers
        held.append(line)
    assert len(held) > 20
