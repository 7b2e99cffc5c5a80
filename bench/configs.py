"""Configurations of the sizes that matter, always the same."""

from __future__ import annotations

import random


def lists(lines: int, changed: float = 0.0, *, each: int = 500) -> str:
    """Prefix lists of `each` lines, and route maps that name them. `changed`: this part of the lines is another.

    FRR 8.4 takes a time to load a list that grows with the square of its length: of 50,000 lines 75 s in lists of 10,
    and 20 minutes in lists of 500.
    """
    rng = random.Random(1)
    text = ["frr version 8.4.4", "frr defaults traditional"]
    names = [f"L{n}" for n in range(max(1, lines // each))]
    for number in range(lines):
        name, seq = names[number // each % len(names)], number % each * 5 + 5
        prefix = f"10.{number >> 8 & 255}.{number & 255}.0/24" if number < 65536 else f"11.0.{number & 255}.0/24"
        other = rng.random() < changed
        if other and rng.random() < 0.5:
            continue
        text.append(f"ip prefix-list {name} seq {seq} permit {prefix}{' le 32' if other else ''}")
    for number, name in enumerate(names[:100]):
        text += [f"route-map M{number} permit 10", f" match ip address prefix-list {name}", "exit"]
    return "\n".join([*text, "router bgp 65001", " neighbor 10.0.0.1 remote-as 65002", "exit", "end", ""])


def maps(count: int, entries: int, preference: int = 100, changed: int = 0) -> str:
    """Route maps of some entries each; in the first `changed` of them one `match` is another."""
    text = ["frr version 8.4.4", "frr defaults traditional"]
    text += [f"ip prefix-list {name} seq 5 permit 10.{number}.0.0/16" for number, name in enumerate(("P", "Q"))]
    for number in range(count):
        for entry in range(1, entries + 1):
            name = "Q" if number < changed and entry == 1 else "P"
            text += [f"route-map M{number} permit {entry * 10}", f" match ip address prefix-list {name}"]
            text += [
                f" match tag {entry}",
                f" set local-preference {preference + entry}",
                f" set metric {number}",
                "exit",
            ]
        text.append(f"no route-map M{number} optimization")
    return "\n".join([*text, "router bgp 65001", " neighbor 10.0.0.1 remote-as 65002", "exit", "end", ""])


def neighbors(count: int, word: str, policy: str) -> str:
    """A router with a policy on its one real neighbor, and others that are shut down and described."""
    text = ["ip prefix-list ONE seq 5 permit 10.1.1.0/24", "ip prefix-list TWO seq 5 permit 10.1.2.0/24"]
    text += ["route-map IN permit 10", f" match ip address prefix-list {policy}", "exit"]
    text += ["no route-map IN optimization", "router bgp 65001"]
    text += [" neighbor 10.0.0.1 remote-as 65002", " neighbor 10.0.0.1 timers connect 1"]
    for number in range(count):
        peer = f"10.9.{number}.1"
        text += [
            f" neighbor {peer} remote-as 65003",
            f" neighbor {peer} description {word}",
            f" neighbor {peer} shutdown",
        ]
    text += [" address-family ipv4 unicast", "  neighbor 10.0.0.1 route-map IN in", " exit-address-family", "exit"]
    return "\n".join([*text, "end", ""])
