"""The contexts of FRR that the model lacks: which line opens one, and where one that is open ends.

No line of such a context is read, whatever it says: `neighbor 192.0.2.7 route-map EV in` means one thing in
`address-family ipv4 unicast` and another one here. FRR's words open and end a context; where they are not known, for
the context is newer than this table, the indentation in which FRR shows its configuration does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_INSIDE: Final = tuple(
    (re.compile(parent), re.compile(child))
    for parent, child in (
        (
            "",
            r"interface [^ ]+( vrf [^ ]+)?|router .+|key chain [^ ]+|pbr-map [^ ]+ seq [0-9]+|nexthop-group [^ ]+",
        ),
        ("", r"segment-routing|mpls ldp|l2vpn [^ ]+ type vpls|pseudowire [^ ]+|line vty"),
        ("interface .+", "link-params"),
        ("key chain .+", "key [0-9]+"),
        ("mpls ldp", "address-family ipv[46]"),
        ("address-family ipv[46]", "interface [^ ]+"),
        ("l2vpn .+ vpls", "member pseudowire [^ ]+"),
        ("segment-routing", "traffic-eng|srv6"),
        ("traffic-eng", "segment-list [^ ]+|policy color .+|pcep"),
        ("policy .+", "candidate-path .+ dynamic"),
        ("pcep", "pce-config [^ ]+|pce [^ ]+|pcc"),
        ("srv6", "locators|encapsulation"),
        ("locators", "locator [^ ]+"),
        ("router bgp .+", r"address-family .+|vnc (defaults|nve-group .+|l2-group .+)"),
        ("router bgp .+", "vrf-policy [^ ]+|bmp targets [^ ]+|segment-routing srv6"),
        ("address-family l2vpn evpn", "vni [0-9]+"),
        ("router isis .+", "flex-algo [0-9]+"),
        ("vrf .+", "rpki"),
    )
)
_ALONE: Final = re.compile(
    r"(no|debug|ip|ipv6|bgp|log|service|access-list|description|remark|neighbor|hostname|domainname|password|enable|"
    r"username|agentx|end|exit.*|quit)( .*)?"
)
"""Lines that open no context, however far in the next one stands."""


def opens(around: Sequence[str], line: str) -> bool:
    """Tell whether a line, in the contexts around it, opens one of FRR's that the model may lack."""
    parent = around[-1] if around else ""
    return any(outer.fullmatch(parent) and inner.fullmatch(line) for outer, inner in _INSIDE)


def may_open(line: str) -> bool:
    """Tell whether a line opens a context if the next line stands further in."""
    return _ALONE.fullmatch(line) is None


def is_known(context: Sequence[str]) -> bool:
    """Tell whether FRR has these contexts in each other, as far as this is known."""
    return all(
        opens(context[:depth], line) or re.match("(router bgp|vrf|route-map) |bfd$|rpki$|(profile|peer) ", line)
        for depth, line in enumerate(context)
    )


def ended_by(line: str, enters: Sequence[str]) -> int | None:
    """Return which of the open contexts, the outermost first, a line like `exit-address-family` ends; None: none."""
    word = line.removeprefix("exit-")
    return next((depth for depth in range(len(enters) - 1, -1, -1) if f"{enters[depth]} ".startswith(f"{word} ")), None)
