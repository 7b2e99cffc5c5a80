"""No secret is shown, in whichever line of whichever daemon it stands; text for people stays readable."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from frrgen.cli.plan import beyond_model
from frrgen.intended.policies import unread_policy
from frrgen.platforms.frr.diff.plan import hide, make_plan
from frrgen.platforms.frr.parse.parser import parse
from frrgen.report.console import show_plan

SECRET = "hunter2"
CONTEXTS = {
    "": [
        "password hunter2",
        "password 8 hunter2",
        "enable password hunter2",
        "enable password 8 hunter2",
        "enable secret hunter2",
        "username admin password hunter2",
        "username password password hunter2",
        "snmp-server community hunter2 RO",
        "snmp-server user u g auth md5 hunter2",
        "snmp community hunter2",
    ],
    "interface eth0": [
        "ip ospf message-digest-key 1 md5 hunter2",
        "ip ospf message-digest-key 1 md5 hunter2 192.0.2.1",
        "ip ospf authentication-key hunter2",
        "ip ospf authentication-key hunter2 192.0.2.1",
        "ipv6 ospf6 authentication key-id 5 hash-algo hmac-sha-256 key hunter2",
        "isis password clear hunter2",
        "isis password md5 hunter2",
        "openfabric password clear hunter2",
        "ip rip authentication string hunter2",
        "ip nhrp authentication hunter2",
        "nhrp authentication hunter2",
        "ip nhrp cisco-authentication hunter2",
    ],
    "key chain K\n key 1": ["key-string hunter2", "key-string a hunter2"],
    "key chain password\n key 1": ["key-string hunter2"],
    "router isis X": ["area-password clear hunter2", "domain-password md5 hunter2 authenticate snp send-only"],
    "router openfabric X": ["domain-password clear hunter2"],
    "router ospf": [
        "area 0.0.0.1 virtual-link 192.0.2.1 message-digest-key 1 md5 hunter2",
        "area 0.0.0.1 virtual-link 192.0.2.1 authentication-key hunter2",
        "area 0.0.0.1 virtual-link 192.0.2.1 authentication message-digest message-digest-key 1 md5 hunter2",
    ],
    "mpls ldp": ["neighbor 192.0.2.7 password hunter2"],
    "router bgp 65000\n address-family l2vpn evpn": ["neighbor 192.0.2.7 password hunter2"],
    "router msdp": ["msdp peer 192.0.2.7 password hunter2"],
    "segment-routing\n traffic-eng\n  pcep\n   pce X": ["tcp-md5-auth hunter2"],
}
LINES = [(context, line) for context, lines in CONTEXTS.items() for line in lines]
READABLE = [
    "neighbor 192.0.2.1 description password hunter2",
    "neighbor 192.0.2.1 description a / key-string hunter2",
    "neighbor password description the key-string hunter2 is old",
    "interface eth0 / description password hunter2",
    "ip prefix-list P description enable password hunter2",
    "access-list A remark key-string hunter2",
    "bgp shutdown message password hunter2",
    "neighbor G route-map password in",
    "no neighbor G password",
    "ip prefix-list password seq 5 permit 10.0.0.0/8",
    "route-map key-string permit 10",
    "bgp community-list standard password seq 5 permit 65000:1",
    "match community password exact-match",
    "call password",
    "service password-encryption",
    "ip ospf authentication message-digest",
    "ip rip authentication key-chain K",
    "ip authentication key-chain eigrp 1 K",
    "key chain K",
]


def config(context, line):
    """Write a line in its contexts, as FRR does."""
    inner = context.count("\n") + 1 if context else 0
    return f"{context}\n{' ' * inner}{line}\n" if context else f"{line}\n"


@pytest.mark.parametrize(("context", "line"), LINES)
def test_a_secret_that_the_model_lacks_is_shown_nowhere(context, line, capsys):
    text = config(context, line)
    running = parse(text)
    assert len(running.leftovers) == 1
    empty = parse("").router.model_copy(update={"ownership": "full"})
    shown = [hide(text), hide(str(running.leftovers[0])), hide(f"% Unknown command: {line}")]
    for prune in (False, True):
        plan = make_plan(running, empty, prune_leftovers=prune)
        show_plan(plan)
        shown += [json.dumps(plan.to_json()), *plan.shown_commands]
    shown += map(str, unread_policy(Path("frr.conf"), running.leftovers))
    shown += [str(beyond_model(parse(""), running)), *capsys.readouterr()]
    assert "<hidden>" in shown[0]
    assert not any(SECRET in one for one in shown), shown


@pytest.mark.parametrize("line", READABLE)
def test_what_only_sounds_like_a_secret_stays_readable(line):
    assert hide(line) == line
    assert hide(f"router bgp 65000 / {line}") == f"router bgp 65000 / {line}"


def test_a_secret_is_hidden_in_the_midst_of_many_lines():
    text = (
        "router bgp 1\n neighbor 192.0.2.1 description password a\n neighbor 192.0.2.1 password hunter2\n bgp shutdown"
    )
    assert hide(text) == text.replace("password hunter2", "password <hidden>")
