"""Random policies, of everything that the engine models, and random routes to try them on."""

from __future__ import annotations

import random
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from frrgen.model.types import community_text, community_value
from frrgen.policy.sets.route import Route

US = "10.99.0.2"
OUTER, INNER, FAR, NEAR = "10.99.0.1", "10.99.0.3", "10.99.0.4", "10.99.0.5"
"""Who announces, over eBGP and over iBGP, and who is announced to, over eBGP and over iBGP."""
AS_US, AS_OUTER, AS_FAR = 65001, 65002, 65003
HOPS = ("10.99.0.1", "10.99.0.7", "10.99.0.8")
HOPS6 = ("2001:db8:99::1", "2001:db8:99::7", "2001:db8:99::8")
ASNS = (65002, 65010, 65011, 165010, 65020, 4200000000, 23456)
COMMUNITIES = (
    "65002:1",
    "65002:2",
    "65002:10",
    "no-export",
    "no-advertise",
    "1:1",
    "65002:12",
    "blackhole",
    "0:7",
    "graceful-shutdown",
)
LARGE = ("65002:1:1", "65002:1:2", "65002:1:12", "4200000000:0:1", "1:1:1")


def offered(number: int, seed: int, *, internal: bool) -> tuple[Route, ...]:
    """Give routes of both families with different lengths and attributes; each prefix once."""
    rng = random.Random(f"{seed} {internal}")
    found: dict[IPv4Network | IPv6Network, Route] = {}
    top4, top6 = ("10.64.0.0/10", "2001:db8:8000::/33") if internal else ("10.0.0.0/10", "2001:db8::/33")
    while len(found) < number:
        top = ip_network(top4 if rng.random() < 0.7 else top6)
        length = rng.choice(
            [10, 12, 16, 20, 24, 25, 28, 31, 32] if top.version == 4 else [33, 40, 48, 56, 64, 127, 128]
        )
        # few different addresses, so that prefixes cover each other
        bits = rng.choice([4, 8, top.max_prefixlen - top.prefixlen])
        address = int(top.network_address) | rng.getrandbits(bits) << (top.max_prefixlen - top.prefixlen - bits)
        prefix = ip_network((address, length), strict=False)
        if length >= top.prefixlen:
            found[prefix] = _route(rng, prefix, internal=internal)
    return tuple(found.values())


def _route(rng: random.Random, prefix: IPv4Network | IPv6Network, *, internal: bool) -> Route:
    path = [str(rng.choice(ASNS)) for _ in range(rng.choice([0, 0, 1, 1, 2, 3]))]
    if rng.random() < 0.1:
        path.append("{" + ",".join(map(str, sorted(rng.sample([65010, 65011, 7, 65020], rng.randrange(1, 3))))) + "}")
    if rng.random() < 0.05:
        path.append(str(AS_US))
    return Route(
        prefix,
        as_path=" ".join(path if internal else [str(AS_OUTER), *path]),
        next_hop=ip_address(rng.choice(HOPS if prefix.version == 4 else HOPS6)),
        med=rng.choice([None, None, 0, 3, 5, 10, 4294967295]),
        local_preference=rng.choice([0, 7, 100, 200]) if internal else None,
        origin=rng.choice(["igp", "igp", "egp", "incomplete"]),
        communities=frozenset(community_value(text) for text in _some(rng, COMMUNITIES)),
        large_communities=frozenset(
            tuple(int(part) for part in text.split(":"))  # type: ignore[misc]
            for text in _some(rng, LARGE)
        ),
    )


def _some(rng: random.Random, values: tuple[str, ...]) -> list[str]:
    return rng.sample(values, rng.choice([0, 0, 0, 1, 1, 2, 3]))


REGEXES = (
    "65002:1", "^65002:1$", ".*", "no-export", "_65002:2_", "^$", "65535:65281", "^1:1 65002:1$", "65002:[0-9]+",
    "^(1:1|0:7)", "2$", "(_65002:1_.*_65002:2_)", "blackhole|no-advertise", "^[^n]*$", "65002:1.", ":1_",
)  # fmt: skip
LARGE_REGEXES = (
    "65002:1:1", "^65002:1:1$", ".*", "_65002:1:2_", "^$", "^1:1:1 65002:1:1$", ":0:", "65002:.*:12", "^4200000000:",
)  # fmt: skip
PATHS = (
    "_65010_", "^65002$", "65010", "^65002_65010_", "[16]65010", "(65010|65020)$", "^65002 ", ".*", "^$", "_65002$",
    "^65002(_65010)+$", "[{]", "_7_", "{65010,65011}", "^[0-9]+$", "^[0-9]+_[0-9]+$", "^(_65002)+_4200000000_",
    "6501[0-1]", "_23456$", "^[^{]*$", "65002 65010|65011$", "^.{5} ", "(_[0-9]+){3}", "_65001_", "^_65010", "^65077_",
)  # fmt: skip


class _Writer:
    """Writes one random policy."""

    def __init__(self, rng: random.Random, routes: list[Route], frr: tuple[int, ...]) -> None:
        self.rng = rng
        self.frr = frr
        self.routes = routes
        self.prefixes = {version: [one.prefix for one in routes if one.prefix.version == version] for version in (4, 6)}
        self.text: list[str] = []
        self.edges = [f"10.99.0.{n}" for n in range(1, 9)]

    def lists(self) -> None:
        rng, text = self.rng, self.text
        for name in ("PA", "PB", "PC"):
            self._lines(f"ip prefix-list {name}", rng.randrange(1, 6), lambda: self._prefix(4))
            self._lines(f"ipv6 prefix-list {name}", rng.randrange(1, 6), lambda: self._prefix(6))
        self._lines(
            "ip prefix-list HOP",
            2,
            lambda: f"{ip_network((f'10.99.0.{rng.randrange(8)}', rng.choice([29, 30, 31, 32])), strict=False)} le 32",
        )
        self._lines("ipv6 prefix-list HOP", 2, lambda: f"2001:db8:99::{rng.choice([0, 4, 8])}/126 le 128")
        self._lines("ipv6 access-list H6", 2, lambda: f"2001:db8:99::{rng.choice([0, 7, 8])}/128")
        for name in ("LA", "LB"):
            self._lines(f"access-list {name}", rng.randrange(1, 4), lambda: self._access(4))
            self._lines(f"ipv6 access-list {name}", rng.randrange(1, 4), lambda: self._access(6))
        self._lines(
            "access-list 10", 2, lambda: rng.choice([f"10.{rng.randrange(64)}.0.0 0.0.255.255", "any", "host 10.0.0.0"])
        )
        sources = iter((f"10.{rng.randrange(64)}.0.0 0.0.255.255", rng.choice(["any", "10.0.0.0 0.63.255.255"])))
        self._lines("access-list 110", 2, lambda: self._extended(next(sources)))
        for name in ("CA", "CB"):
            self._lines(f"bgp community-list standard {name}", 2, lambda: " ".join(self._values(COMMUNITIES)))
            self._lines(f"bgp large-community-list standard {name}", 2, lambda: " ".join(self._values(LARGE)))
        self._lines("bgp community-list expanded CX", 2, lambda: rng.choice(REGEXES))
        self._lines("bgp large-community-list expanded CX", 2, lambda: rng.choice(LARGE_REGEXES))
        for name in ("AA", "AB", "AC"):
            self._lines(f"bgp as-path access-list {name}", rng.randrange(1, 4), lambda: rng.choice(PATHS))
        text.append("ip prefix-list ALL seq 5 permit any")

    def _lines(self, head, number, value) -> None:
        said = set()
        for seq in range(5, 5 + 5 * number, 5):
            line = value()
            # FRR 8.4 leaves a value out that a list has already, and overlooks `exact-match`
            value_ = line.removesuffix(" exact-match")
            if value_ not in said:
                self.text.append(f"{head} seq {seq} {self.rng.choice(['permit', 'permit', 'deny'])} {line}")
            said.add(value_)

    def _values(self, values):
        return sorted(self.rng.sample(values, self.rng.choice([1, 1, 2])))

    def _prefix(self, version):
        rng, width = self.rng, 32 if version == 4 else 128
        own = rng.choice(self.prefixes[version])
        base = rng.choice(
            [
                own,
                own.supernet(new_prefix=rng.randrange(own.prefixlen + 1)),
                ip_network("0.0.0.0/0" if version == 4 else "::/0"),
            ]
        )
        ge = rng.choice([None, rng.randrange(max(base.prefixlen, 1), width + 1)])
        le = rng.choice([None, rng.randrange(max(base.prefixlen, ge or 1), width + 1)])
        line = f"{base}{'' if ge is None else f' ge {ge}'}{'' if le is None else f' le {le}'}"
        return "any" if line in {"0.0.0.0/0 le 32", "::/0 le 128"} else line

    def _access(self, version):
        own = self.rng.choice(self.prefixes[version])
        base = own.supernet(new_prefix=self.rng.randrange(1, own.prefixlen + 1))
        return self.rng.choice([f"{base}", f"{base} exact-match", f"{own}", "any"])

    def _extended(self, source):
        mask = self.rng.choice(["host 255.255.255.0", "any", "255.255.0.0 0.0.255.255", "255.255.255.0 0.0.0.254"])
        return f"ip {source} {mask}"

    def matches(self):
        rng = self.rng
        return {
            "ip address": lambda: rng.choice(["LA", "LB", "NONE", "10", "110"]),
            "ip address prefix-list": lambda: rng.choice(["PA", "PB", "PC", "PA", "PB", "NONE"]),
            "ip address prefix-len": lambda: str(rng.randrange(33)),
            "ipv6 address": lambda: rng.choice(["LA", "LB", "NONE"]),
            "ipv6 address prefix-list": lambda: rng.choice(["PA", "PB", "PC", "NONE"]),
            "ip next-hop": lambda: rng.choice(["LA", "LB"]),
            "ip next-hop address": lambda: rng.choice(HOPS),
            "ip next-hop prefix-list": lambda: "HOP",
            "ipv6 next-hop": lambda: rng.choice(["H6", "LA", "NONE"]),
            "ipv6 next-hop address": lambda: rng.choice([*HOPS6, "::"]),
            "ipv6 next-hop prefix-list": lambda: rng.choice(["HOP", "HOP", "PA", "NONE"]),
            "ip route-source prefix-list": lambda: rng.choice(["HOP", "HOP", "PA", "NONE"]),
            "as-path": lambda: rng.choice(["AA", "AB", "AC", "AA", "NONE"]),
            "community": lambda: rng.choice(["CA", "CB", "CX", "CX", "CA exact-match", "CB exact-match", "NONE"]),
            "large-community": lambda: rng.choice(["CA", "CB", "CX", "CX", "CA exact-match", "NONE"]),
            "local-preference": lambda: rng.choice(["0", "7", "100", "11", "107"]),
            "metric": lambda: rng.choice(["3", "5", "10", "8", "4294967295"]),
            "origin": lambda: rng.choice(["igp", "egp", "incomplete"]),
            "peer": lambda: rng.choice([OUTER, INNER, FAR, NEAR]),
            "tag": lambda: "5",
            "source-protocol": lambda: "bgp",
            "probability": lambda: rng.choice(["0", "100"]),
        }

    def sets(self):
        rng = self.rng
        return {
            "metric": lambda: rng.choice(["0", "5", "+3", "-7", "-4", "+4294967295", "10"]),
            "local-preference": lambda: rng.choice(["7", "+4", "-3", "200", "+4294967295", "0"]),
            "weight": lambda: rng.choice(["0", "9", "65535"]),
            "tag": lambda: rng.choice(["5", "6"]),
            "origin": lambda: rng.choice(["igp", "egp", "incomplete"]),
            "community": lambda: rng.choice([
                "none", "65002:2", "1:1 65002:10", "1:1 additive", "65002:2 65002:12 additive", "no-export additive",
                "graceful-shutdown additive",
            ]),
            "comm-list": lambda: f"{rng.choice(['CA', 'CB', 'CX', 'NONE'])} delete",
            "large-community": lambda: rng.choice(["none", "65002:1:2", "1:1:1 additive", "65002:1:1 65002:1:12"]),
            "large-comm-list": lambda: f"{rng.choice(['CA', 'CB', 'CX', 'NONE'])} delete",
            "as-path prepend": lambda: rng.choice(["65077", "65077 65010", "last-as 2", "65002 65002 65002"]),
            "as-path exclude": lambda: rng.choice(["65010", "65010 65002", "65020", *self.newer_excludes()]),
            "ip next-hop": lambda: rng.choice(["10.99.0.7", "10.99.0.9", "peer-address", "unchanged"]),
            "ipv6 next-hop global": lambda: rng.choice(["2001:db8:99::7", "2001:db8:99::9"]),
            "atomic-aggregate": lambda: "",
            "distance": lambda: "30",
        }  # fmt: skip

    def newer_excludes(self):
        # 10.7.1 dies of a list that is not there
        heads = [f"bgp as-path access-list {name} seq " for name in ("AA", "AB", "AC")]
        there = [head for head in heads if any(line.startswith(head) and "t {" not in line for line in self.text)]
        lists = [f"as-path-access-list {head.split()[3]}" for head in there]
        return [] if self.frr < (10,) else ["all", *lists]

    def map(self, name, callable_) -> None:
        rng, text = self.rng, self.text
        matches, sets = self.matches(), self.sets()
        for seq in sorted(rng.sample(range(1, 40), rng.randrange(1, 6))):
            action = rng.choice(["permit", "permit", "permit", "deny"])
            text.append(f"route-map {name} {action} {seq}")
            # a denial of everything makes the rest of the map dull
            number = rng.choice([1, 1, 1, 2]) if action == "deny" else rng.choice([0, 1, 1, 1, 2])
            for kind in rng.sample(list(matches), number):
                text.append(f" match {kind} {matches[kind]()}")
            chosen = rng.sample(list(sets), rng.choice([0, 1, 2, 3]))
            text += [f" set {kind} {sets[kind]()}".rstrip() for kind in sorted(chosen)]
            if callable_ and rng.random() < 0.35:
                text.append(f" call {rng.choice(callable_)}")
            if action == "permit" and rng.random() < 0.4:
                text.append(f" on-match {rng.choice(['next', f'goto {seq + rng.randrange(1, 15)}'])}")
            text.append("exit")
        if rng.random() < 0.5:
            text += [f"route-map {name} permit 50", "exit"]
        if self.frr < (9,):
            # FRR 8 leaks with it; from FRR 9 on the first entry is never looked at without it
            text.append(f"no route-map {name} optimization")

    def attached(self, peer, direction, family) -> list[str]:
        rng, lines = self.rng, []
        if rng.random() < 0.9:
            name = "MIN" if direction == "in" else "MOUT"
            name = rng.choice([name] * 12 + ["SUBA", "GONE"])
            lines.append(f"route-map {name} {direction}")
        if rng.random() < 0.25:
            lines.append(f"prefix-list {rng.choice(['PA', 'PB', 'PC', 'PC', 'ALL', 'NONE'])} {direction}")
        elif rng.random() < 0.15:
            lists = ["LA", "LB", "NONE"] + (["10", "110"] if family == "ipv4" else [])
            lines.append(f"distribute-list {rng.choice(lists)} {direction}")
        if rng.random() < 0.15:
            lines.append(f"filter-list {rng.choice(['AA', 'AB', 'AC', 'NONE'])} {direction}")
        return [f"  neighbor {peer} {line}" for line in lines]

    def write(self) -> str:
        rng = self.rng
        self.lists()
        self.map("SUBA", [])
        self.map("SUBB", ["SUBA", "GONE"])
        self.map("MIN", ["SUBA", "SUBB", "GONE"])
        self.map("MOUT", ["SUBA", "SUBB", "GONE"])
        lines = [f"router bgp {AS_US}"]
        if rng.random() < 0.7:
            lines.append(" no bgp ebgp-requires-policy")
        for peer, asn in ((OUTER, AS_OUTER), (INNER, AS_US), (FAR, AS_FAR), (NEAR, AS_US)):
            lines += [f" neighbor {peer} remote-as {asn}", f" neighbor {peer} timers connect 1"]
            lines.append(f" neighbor {peer} passive")
        if rng.random() < 0.1:
            lines.append(f" neighbor {OUTER} enforce-first-as")
        if rng.random() < 0.3:
            lines.append(f" bgp default local-preference {rng.choice([7, 11, 107])}")
        for family in ("ipv4", "ipv6"):
            lines.append(f" address-family {family} unicast")
            for peer in (OUTER, INNER, FAR, NEAR):
                lines.append(f"  neighbor {peer} activate")
            for peer in (OUTER, INNER):
                lines.append(f"  neighbor {peer} soft-reconfiguration inbound")
                lines += self.attached(peer, "in", family)
                if rng.random() < 0.1:
                    lines.append(f"  neighbor {peer} allowas-in {rng.choice(['1', '2', 'origin'])}")
            for peer in (FAR, NEAR):
                lines += self.attached(peer, "out", family)
            lines.append(" exit-address-family")
        return "\n".join([*self.text, *lines, "exit", ""])


def policy(rng: random.Random, routes: list[Route], frr: tuple[int, ...] = (8, 4)) -> str:
    """Write a random policy: lists of all kinds, maps that call and jump, clauses that set what later ones match."""
    return _Writer(rng, routes, frr).write()


def text_of(communities: frozenset[int]) -> str:
    """Show communities as FRR sorts them."""
    return " ".join(community_text(value) for value in sorted(communities))
