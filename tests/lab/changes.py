"""Every line of the grammar, twice with different values: what an operator can set, change and take away again.

`$` stands for the neighbor or group. A test holds this table to the grammar: no rule is without a row.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Final, NamedTuple

from frrgen.codes import Code
from frrgen.model.check_versions import check_versions
from frrgen.platforms.frr.parse.parser import Parsed, parse


class Row(NamedTuple):
    """One thing that can be said. Several lines are written with ` / ` between them."""

    one: str
    other: str | None = None
    """Another value; None: there is none."""
    only: str = ""
    """Kinds of sessions that can have it: e(xternal), i(nternal), 6, g(roup), d(ynamic); empty: all."""


INSTANCE: Final = (
    Row("bgp router-id 10.0.0.2", "bgp router-id 10.0.0.3"),
    Row("bgp log-neighbor-changes"),
    Row("no bgp default ipv4-unicast"),
    Row("bgp default shutdown"),
    Row("bgp default ipv6-unicast"),
    Row("bgp default ipv4-multicast", "bgp default l2vpn-evpn"),
    Row("bgp default dynamic-capability"),
    Row("bgp default link-local-capability"),
    Row("bgp default software-version-capability"),
    Row("bgp default software-version-capability latest-encoding"),
    Row("bgp default show-hostname"),
    Row("bgp default show-nexthop-hostname"),
    Row("no bgp ebgp-requires-policy"),
    Row("bgp network import-check"),
    Row("no bgp fast-external-failover"),
    Row("bgp fast-convergence"),
    Row("no bgp client-to-client reflection"),
    Row("no bgp suppress-duplicates"),
    Row("no bgp hard-administrative-reset"),
    Row("bgp reject-as-sets", "no bgp reject-as-sets"),
    Row("bgp graceful-shutdown"),
    Row("bgp disable-ebgp-connected-route-check"),
    Row("bgp suppress-fib-pending"),
    Row("bgp route-reflector allow-outbound-policy"),
    Row("bgp allow-martian-nexthop"),
    Row("bgp shutdown"),
    Row("bgp cluster-id 10.9.9.9", "bgp cluster-id 10.9.9.8"),
    Row("bgp confederation identifier 64999", "bgp confederation identifier 64998"),
    Row(
        "bgp confederation identifier 64999 / bgp confederation peers 65011",
        "bgp confederation identifier 64999 / bgp confederation peers 65012 65011",
    ),
    Row("bgp bestpath as-path confed"),
    Row("bgp bestpath as-path ignore"),
    Row("bgp bestpath as-path multipath-relax", "bgp bestpath as-path multipath-relax as-set"),
    Row("bgp bestpath med confed"),
    Row("bgp bestpath med missing-as-worst"),
    Row("bgp bestpath bandwidth ignore", "bgp bestpath bandwidth skip-missing"),
    Row("bgp bestpath peer-type multipath-relax"),
    Row("bgp always-compare-med"),
    Row("bgp deterministic-med"),
    Row("bgp graceful-restart", "bgp graceful-restart-disable"),
    Row("bgp graceful-restart restart-time 90", "bgp graceful-restart restart-time 91"),
    Row("bgp graceful-restart stalepath-time 90", "bgp graceful-restart stalepath-time 91"),
    Row("bgp graceful-restart rib-stale-time 90", "bgp graceful-restart rib-stale-time 91"),
    Row("bgp graceful-restart select-defer-time 90", "bgp graceful-restart select-defer-time 91"),
    Row("bgp graceful-restart preserve-fw-state"),
    Row("no bgp graceful-restart notification"),
    Row(
        "bgp long-lived-graceful-restart stale-time 90",
        "bgp long-lived-graceful-restart stale-time 91",
    ),
    Row("bgp default local-preference 150", "bgp default local-preference 160"),
    Row("bgp minimum-holdtime 10", "bgp minimum-holdtime 11"),
    Row("bgp listen limit 50", "bgp listen limit 51"),
    Row("bgp max-med on-startup 60", "bgp max-med on-startup 61 9"),
    Row("bgp max-med administrative", "bgp max-med administrative 77"),
    Row("timers bgp 20 60", "timers bgp 21 63"),
    Row("coalesce-time 500", "coalesce-time 600"),
    Row("update-delay 10", "update-delay 11 5"),
    Row("read-quanta 5", "read-quanta 6"),
    Row("write-quanta 5", "write-quanta 6"),
    Row("bgp conditional-advertisement timer 10", "bgp conditional-advertisement timer 11"),
    Row("bgp listen range 10.0.0.96/28 peer-group K", "bgp listen range 10.0.0.96/28 peer-group L"),
    Row("bgp suppress-fib-pending 500", "bgp suppress-fib-pending 600"),
    Row("bgp bestpath aigp"),
    Row("bgp bestpath use-imported-attributes"),
    Row("advertisement-delay 1", "advertisement-delay 2"),
    Row("bgp default-originate timer 5", "bgp default-originate timer 10"),
    Row("bgp default subgroup-pkt-queue-max 50", "bgp default subgroup-pkt-queue-max 60"),
    Row("bgp tcp-keepalive 10 5 3", "bgp tcp-keepalive 20 5 3"),
)

NEIGHBOR: Final = (
    Row("description one", "description two"),
    Row("bfd", "bfd profile B"),
    Row("bfd / bfd check-control-plane-failure"),
    Row("password other-secret", "password third-secret"),
    Row("ttl-security hops 1", "ttl-security hops 2", "e6gd"),
    Row("ebgp-multihop 2", "ebgp-multihop 3", "e6gd"),
    Row("disable-connected-check"),
    Row("passive"),
    Row("shutdown rtt 1000", "shutdown rtt 1000 count 3"),
    Row("shutdown", "shutdown message gone"),
    Row("update-source eth0", "update-source lo", "eigd"),
    Row("advertisement-interval 1", "advertisement-interval 2"),
    Row("timers 20 60", "timers 21 63"),
    Row("timers connect 20", "timers connect 30"),
    Row("timers delayopen 20", "timers delayopen 30"),
    Row("local-as 64900", "local-as 64900 no-prepend replace-as", "e6gd"),
    Row("local-role provider", "local-role peer strict-mode", "e6gd"),
    Row("tcp-mss 1000", "tcp-mss 1100"),
    Row("port 180", "port 181"),
    Row("solo"),
    Row("capability dynamic"),
    Row("capability extended-nexthop"),
    Row("dont-capability-negotiate"),
    Row("override-capability"),
    Row("strict-capability-match"),
    Row("enforce-first-as", "no enforce-first-as", "e6gd"),
    Row("graceful-restart", "graceful-restart-helper"),
    Row("graceful-restart-disable", "graceful-restart-helper"),
    Row("extended-optional-parameters"),
    Row("sender-as-path-loop-detection"),
    Row("disable-link-bw-encoding-ieee"),
    Row("graceful-shutdown"),
    Row("bfd / bfd strict hold-time 30", "bfd / bfd strict hold-time 40"),
    Row("local-as 64900 no-prepend replace-as", "local-as 64900 no-prepend replace-as dual-as", "e6gd"),
    Row("aigp"),
    Row("oad", None, "e6gd"),
    Row("rpki strict"),
    Row("capability link-local", "no capability link-local"),
    Row("capability software-version"),
    Row("capability software-version latest-encoding", "capability software-version"),
    Row("extended-link-bandwidth"),
    Row("send-nexthop-characteristics"),
    Row("local-link-id 5", "local-link-id 6"),
    Row("remote-link-id 5", "remote-link-id 6"),
    Row("path-attribute discard 26 99", "path-attribute discard 26"),
    Row("path-attribute treat-as-withdraw 26 99", "path-attribute treat-as-withdraw 26"),
)

FAMILY_OF_NEIGHBOR: Final = (
    Row("addpath-tx-all-paths", "addpath-tx-bestpath-per-AS"),
    Row("disable-addpath-rx"),
    Row("capability orf prefix-list send", "capability orf prefix-list both"),
    Row("route-reflector-client", None, "i"),
    Row("next-hop-self", "next-hop-self force"),
    Row("remove-private-AS", "remove-private-AS all replace-AS", "e6gd"),
    Row("as-override", None, "e6gd"),
    Row("!no send-community"),
    Row("!no send-community extended"),
    Row("!no send-community large"),
    Row("default-originate", "default-originate route-map ALL"),
    Row("soft-reconfiguration inbound"),
    Row("maximum-prefix 100", "maximum-prefix 100 80 warning-only"),
    Row("maximum-prefix 100 restart 5", "maximum-prefix 100 force"),
    Row("maximum-prefix-out 100", "maximum-prefix-out 101"),
    Row("route-server-client", None, "e6gd"),
    Row("nexthop-local unchanged", None, "6"),
    Row("allowas-in 2", "allowas-in origin"),
    Row("weight 10", "weight 20"),
    Row("soo 65000:1", "soo 65000:2", "ei6"),
    Row("distribute-list A{6} in", "prefix-list P{6} in"),
    Row("distribute-list A{6} out", "prefix-list P{6} out"),
    Row("filter-list OWN in", "filter-list ODD in"),
    Row("filter-list OWN out", "filter-list ODD out"),
    Row("route-map ALL in", "route-map NONE in"),
    Row("route-map ALL out", "route-map NONE out"),
    Row("unsuppress-map ALL", "unsuppress-map NONE"),
    Row("advertise-map OUT exist-map ALL", "advertise-map OUT non-exist-map NONE"),
    Row("attribute-unchanged as-path", "attribute-unchanged next-hop med"),
    Row("addpath-tx-best-selected 2", "addpath-tx-best-selected 3"),
    Row("addpath-tx-all-paths", "addpath-tx-best-selected 3"),
    Row("addpath-rx-paths-limit 2", "addpath-rx-paths-limit 3"),
    Row("dampening", "dampening 10 800 2100 50"),
    Row("send-community extended rpki"),
    Row("allowas-in route-map ALL 2", "allowas-in route-map SETS 2"),
    Row("!no activate"),
)

FAMILY: Final = (
    Row("network {p1}", "network {p1} route-map SETS"),
    Row("aggregate-address {aggregate}", "aggregate-address {aggregate} summary-only"),
    Row("aggregate-address {aggregate} as-set", "aggregate-address {aggregate} route-map SETS"),
    Row("aggregate-address {aggregate} origin egp", "aggregate-address {aggregate} matching-MED-only"),
    Row("aggregate-address {aggregate} suppress-map ALL"),
    Row("redistribute static", "redistribute static metric 5 route-map ALL"),
    Row("redistribute connected", "redistribute connected route-map SETS"),
    Row("distance bgp 30 210 210", "distance bgp 31 211 211"),
    Row("distance 30 {peers}", "distance 30 {peers} {access}"),
    Row("distance 31 {peers} {access}", "distance 32 {peers} {access}"),
    Row("maximum-paths 4", "maximum-paths 8"),
    Row("maximum-paths ibgp 4", "maximum-paths ibgp 4 equal-cluster-length"),
    Row("table-map ALL", "table-map SETS"),
    Row("bgp dampening 10 800 2100 50", "bgp dampening 11 800 2100 50"),
    Row("nexthop prefer-global", None, "6"),
    Row("redistribute table-direct 7", "redistribute table-direct 7 metric 5"),
)

TOP: Final = (
    Row("log syslog informational", "log syslog debugging"),
    Row("log syslog", "log syslog errors"),
    Row("log file /var/log/frr/x.log informational", "log file /var/log/frr/x.log debugging"),
    Row("log commands"),
    Row("log timestamp precision 3", "log timestamp precision 6"),
    Row("service password-encryption"),
    Row("no ip forwarding"),
    Row("no ipv6 forwarding"),
    Row("ip router-id 10.0.0.77", "ip router-id 10.0.0.78"),
    Row("ip nht resolve-via-default"),
    Row("ipv6 nht resolve-via-default"),
    Row("bgp route-map delay-timer 2", "bgp route-map delay-timer 0"),
    Row("bgp community alias 65000:1 one", "bgp community alias 65000:2 one"),
    Row("ip route 198.51.100.0/24 blackhole", "ip route 198.51.100.0/24 10.0.0.9"),
    Row("ip route 198.51.100.0/24 10.0.0.9", "ip route 198.51.100.0/24 10.0.0.8"),
    Row("ip route 198.51.100.0/24 10.0.0.9 tag 5 250", "ip route 198.51.100.0/24 10.0.0.9 tag 6 250"),
    Row("ip route 198.51.100.0/24 reject", "ip route 198.51.100.0/24 blackhole"),
    Row("ip route 198.51.100.0/24 Null0", "ip route 198.51.100.0/24 eth0"),
    Row("ip route 198.51.100.0/24 10.0.0.9 eth0", "ip route 198.51.100.0/24 10.0.0.9 eth0 onlink"),
    Row("ipv6 route 2001:db8:77::/48 blackhole", "ipv6 route 2001:db8:77::/48 2001:db8::9"),
    Row(
        "bfd /  profile Q /   detect-multiplier 5 /   receive-interval 400 /   transmit-interval 400",
        "bfd /  profile Q /   detect-multiplier 6 /   receive-interval 500 /   transmit-interval 500",
    ),
    Row(
        "bfd /  profile Q /   echo-mode /   passive-mode /   minimum-ttl 250 /   shutdown",
        "bfd /  profile Q /   echo transmit-interval 60 /   echo receive-interval 60",
    ),
    Row(
        "bfd /  peer 10.0.0.11 /   profile B",
        "bfd /  peer 10.0.0.11 /   detect-multiplier 6",
    ),
)

LISTS: Final = (
    Row("ip prefix-list MANY seq 7 deny 100.11.1.0/24", "ip prefix-list MANY seq 7 deny 100.11.2.0/24"),
    Row("ip prefix-list MANY description one", "ip prefix-list MANY description two"),
    Row("ip prefix-list SOME seq 3 deny 100.12.0.0/24", "ip prefix-list SOME seq 3 deny any"),
    Row("ipv6 prefix-list P6 seq 3 deny any", "ipv6 prefix-list P6 seq 3 permit any"),
)

ENTRY: Final = (
    Row("description one", "description two"),
    Row("call ALL", "call NONE"),
    Row("on-match next", "on-match goto 20"),
)

MATCH: Final = (
    Row("match ip address prefix-list P", "match ip address prefix-list SOME"),
    Row("match ip address prefix-len 24", "match ip address prefix-len 16"),
    Row("match ip address A", "match ip address B"),
    Row("match ipv6 address prefix-list P6"),
    Row("match ipv6 address prefix-len 48", "match ipv6 address prefix-len 64"),
    Row("match ipv6 address A6"),
    Row("match ip next-hop address 10.0.0.11", "match ip next-hop address 10.0.0.12"),
    Row("match ip next-hop prefix-list P", "match ip next-hop prefix-list HOPS"),
    Row("match ip next-hop prefix-len 24", "match ip next-hop prefix-len 32"),
    Row("match ip next-hop type blackhole"),
    Row("match ip next-hop A", "match ip next-hop B"),
    Row("match ipv6 next-hop address 2001:db8::21", "match ipv6 next-hop address 2001:db8::22"),
    Row("match ipv6 next-hop prefix-list P6"),
    Row("match ipv6 next-hop type blackhole"),
    Row("match ipv6 next-hop A6"),
    Row("match ip route-source prefix-list HOPS", "match ip route-source prefix-list P"),
    Row("match ip route-source A", "match ip route-source B"),
    Row("match as-path OWN", "match as-path ODD"),
    Row("match community C1", "match community C2 exact-match"),
    Row("match large-community L1", "match large-community L1 exact-match"),
    Row("match extcommunity E1"),
    Row("match local-preference 100", "match local-preference 50"),
    Row("match metric 10", "match metric 20"),
    Row("match tag 1", "match tag 2"),
    Row("match origin igp", "match origin egp"),
    Row("match peer 10.0.0.11", "match peer 10.0.0.12"),
    Row("match interface eth0", "match interface eth1"),
    Row("match source-protocol bgp", "match source-protocol static"),
    Row("match source-vrf red", "match source-vrf default"),
    Row("match probability 0", "match probability 100"),
    Row("match rpki valid", "match rpki invalid"),
    Row("match alias one"),
    Row("match as-path-count 1", "match as-path-count 2"),
    Row("match community-limit 1", "match community-limit 2"),
    Row("match extcommunity-limit 0", "match extcommunity-limit 1"),
    Row("match src-peer 10.0.0.11", "match src-peer 10.0.0.12"),
    Row("match rpki-extcommunity valid", "match rpki-extcommunity invalid"),
    Row("match tag untagged", "match tag 2"),
    Row("match script one", "match script two"),
    Row("match source-instance 1", "match source-instance 2"),
    Row("match vpn dataplane mpls", "match vpn dataplane srv6"),
)

SET: Final = (
    Row("set as-path prepend last-as 2", "set as-path prepend last-as 3"),
    Row("set as-path prepend 65000", "set as-path prepend 65000 65000"),
    Row("set as-path exclude 65011", "set as-path exclude 65012"),
    Row("set as-path replace any", "set as-path replace 65011"),
    Row("set comm-list C1 delete", "set comm-list C2 delete"),
    Row("set community 65000:77", "set community 65000:78 additive"),
    Row("set community none"),
    Row("set comm-list C1 delete / set community 65000:1 additive", "set comm-list C2 delete / set community 65000:2"),
    Row("set large-comm-list L1 delete"),
    Row("set large-community 65000:7:7", "set large-community 65000:7:8 additive"),
    Row("set large-community none"),
    Row("set extcommunity rt 65000:1", "set extcommunity rt 65000:2"),
    Row("set extcommunity soo 65000:1", "set extcommunity soo 65000:2"),
    Row("set extcommunity bandwidth 100", "set extcommunity bandwidth 200 non-transitive"),
    Row("set extcommunity none"),
    Row("set local-preference 200", "set local-preference +10"),
    Row("set metric 77", "set metric +5"),
    Row("set origin egp", "set origin incomplete"),
    Row("set weight 7", "set weight 8"),
    Row("set tag 7", "set tag 8"),
    Row("set distance 7", "set distance 8"),
    Row("set ip next-hop 10.0.0.9", "set ip next-hop peer-address"),
    Row("set ip next-hop unchanged"),
    Row("set ipv6 next-hop global 2001:db8::9", "set ipv6 next-hop peer-address"),
    Row("set ipv6 next-hop local fe80::9", "set ipv6 next-hop prefer-global"),
    Row("set src 10.0.0.1"),
    Row("set table 7", "set table 8"),
    Row("set aggregator as 65000 10.0.0.1", "set aggregator as 65000 10.0.0.2"),
    Row("set atomic-aggregate"),
    Row("set originator-id 10.0.0.1", "set originator-id 10.0.0.2"),
    Row("set label-index 7", "set label-index 8"),
    Row("set as-path exclude all", "set as-path exclude 65011"),
    Row("set as-path exclude as-path-access-list OWN", "set as-path exclude as-path-access-list ODD"),
    Row("set as-path replace as-path-access-list OWN", "set as-path replace as-path-access-list ODD 64999"),
    Row("set as-path replace any 64999", "set as-path replace 65011 64999"),
    Row("set extended-comm-list E1 delete"),
    Row("set extcommunity nt 65000:1", "set extcommunity nt 65000:2"),
    Row("set extcommunity color 00:7", "set extcommunity color 01:7"),
    Row("set metric igp", "set metric aigp"),
    Row("set min-metric 20", "set min-metric 30"),
    Row("set max-metric 20", "set max-metric 10"),
    Row("set aigp-metric 20", "set aigp-metric igp-metric"),
    Row("set tag untagged", "set tag 8"),
    Row("set sr-te color 20", "set sr-te color 30"),
    Row("set ipv4 vpn next-hop 10.0.0.9", "set ipv4 vpn next-hop 10.0.0.8"),
    Row("set ipv6 vpn next-hop 2001:db8::9", "set ipv6 vpn next-hop 2001:db8::8"),
    Row("set l3vpn next-hop encapsulation gre", "set l3vpn next-hop encapsulation gretap"),
)

_BASE: Final = """\
{top}
bgp route-map delay-timer 1
ip route 192.0.2.0/24 blackhole
bgp community alias 65000:3 one
ip prefix-list P seq 5 permit 100.11.0.0/24
ip prefix-list P seq 10 permit 100.12.1.0/24
ip prefix-list MANY seq 5 permit 100.0.0.0/8 ge 24 le 24
ip prefix-list SOME seq 5 permit 100.0.0.0/8 ge 24 le 24
ip prefix-list SOME seq 10 permit 203.0.113.0/24
ip prefix-list HOPS seq 5 permit 10.0.0.12/32
access-list A seq 5 permit 100.0.0.0/8
access-list B seq 5 permit 100.11.0.0/16
ipv6 prefix-list P6 seq 5 permit 2001:db8:21::/48
ipv6 access-list A6 seq 5 permit 2001:db8:21::/48
bgp as-path access-list OWN seq 5 permit ^650[0-9][0-9]$
bgp as-path access-list ODD seq 5 permit _65100$
bgp community-list standard C1 seq 5 permit 65000:1
bgp community-list standard C2 seq 5 permit 65000:2
bgp large-community-list standard L1 seq 5 permit 65000:1:1
bgp extcommunity-list standard E1 seq 5 permit rt 65000:1
{lists}
route-map IN permit 10
 match ip address prefix-list MANY
{entry_in}
exit
route-map IN permit 20
 match ipv6 address prefix-list P6
exit
route-map OUT permit 10
 match ip address prefix-list SOME
{entry_out}
exit
route-map OUT permit 20
 match ipv6 address prefix-list P6
exit
route-map ALL permit 10
exit
route-map NONE deny 10
exit
route-map SETS permit 10
 set metric 42
exit
bfd
 profile B
 exit
exit
router bgp 65000
 bgp router-id 10.0.0.1
 no bgp network import-check
 bgp bestpath compare-routerid
 {bgp}
 neighbor G peer-group
 neighbor G remote-as 65031
 neighbor I peer-group
 neighbor I remote-as 65000
 neighbor K peer-group
 neighbor K remote-as 65065
 neighbor L peer-group
 neighbor L remote-as 65000
 neighbor 10.0.0.11 remote-as 65011
 neighbor 10.0.0.12 remote-as 65012
 neighbor 10.0.0.12 password lab-secret
 neighbor 10.0.0.13 remote-as 65000
 neighbor 10.0.0.14 remote-as 65000
 neighbor 2001:db8::21 remote-as 65021
 neighbor 10.0.0.31 peer-group G
 neighbor 10.0.0.32 peer-group I
 bgp listen range 10.0.0.64/28 peer-group K
 bgp listen range 10.0.0.80/28 peer-group L
 {late}
 address-family ipv4 unicast
  network 203.0.113.0/24
  neighbor G route-map IN in
  neighbor G route-map OUT out
  neighbor K route-map IN in
  neighbor K route-map OUT out
  neighbor 10.0.0.11 route-map IN in
  neighbor 10.0.0.11 route-map OUT out
  neighbor 10.0.0.12 prefix-list MANY in
  neighbor 10.0.0.12 route-map ALL in
  neighbor 10.0.0.12 route-map OUT out
  neighbor 10.0.0.14 route-reflector-client
  no neighbor 2001:db8::21 activate
  {v4}
 exit-address-family
 address-family ipv6 unicast
  network 2001:db8:ffff::/48
  neighbor 2001:db8::21 activate
  neighbor 2001:db8::21 route-map IN in
  neighbor 2001:db8::21 route-map OUT out
  neighbor 10.0.0.13 activate
  {v6}
 exit-address-family
exit
"""
_PLACES: Final = ("top", "lists", "entry_in", "entry_out", "bgp", "late", "v4", "v6")
INSIDE_OF: Final = {
    "top": (),
    "lists": (),
    "entry_in": ("route-map IN permit 10",),
    "entry_out": ("route-map OUT permit 10",),
    "bgp": ("router bgp 65000",),
    "late": ("router bgp 65000",),
    "v4": ("router bgp 65000", "address-family ipv4 unicast"),
    "v6": ("router bgp 65000", "address-family ipv6 unicast"),
}
"""The lines that lead to each place."""
_TARGETS: Final = {"e": ("10.0.0.11",), "i": ("10.0.0.14",), "6": ("2001:db8::21",), "g": ("G", "I"), "d": ("K", "L")}
_NAMES: Final = {
    "v4": {"p1": "100.200.0.0/16", "aggregate": "100.11.0.0/16", "peers": "10.0.0.0/24", "access": "A"},
    "v6": {"p1": "2001:db8:200::/48", "aggregate": "2001:db8:21::/47", "peers": "2001:db8::/64", "access": "A6"},
}
_INTERNAL: Final = {"I", "L"}


def config(**lines: str) -> str:
    """Give the configuration from which every change starts, with lines (` / ` between them) at one place or more."""
    said = {place: lines.get(place, "!").replace(" / ", "\n") for place in _PLACES}
    return _BASE.format(**said)


class Case(NamedTuple):
    """One row at one place."""

    name: str
    place: str
    one: str
    other: str | None


def cases(version: str, places: Collection[str] = _PLACES) -> list[Case]:
    """Return every row at every place where it can stand, without those that the version of FRR does not have."""
    return [case for case in every_case() if case.place in places and not _too_new(case, version)]


@cache
def read(text: str, version: str) -> Parsed:
    """Read a configuration of this table, once."""
    return parse(text, name="edge", frr_version=version)


def _too_new(case: Case, version: str) -> bool:
    texts = [config(**{case.place: text}) for text in (case.one, case.other) if text]
    found = [read(text, version) for text in texts]
    later = [read(text, "10.7.1") for text in texts]
    if any(one.leftovers and not new.leftovers for one, new in zip(found, later, strict=True)):
        return True
    return any(finding.code is Code.FRR234 for one in found for finding in check_versions(one.router, ()))


def every_case() -> list[Case]:
    """Return every row at every place where it can stand, whatever the version of FRR."""
    found = [Case(row.one, "late" if "listen range" in row.one else "bgp", row.one, row.other) for row in INSTANCE]
    for rows, families in ((NEIGHBOR, ("",)), (FAMILY_OF_NEIGHBOR, ("v4", "v6"))):
        for row in rows:
            for family in families:
                found += _of_neighbors(row, family)
    for row in FAMILY:
        for family in ("v6",) if row.only == "6" else ("v4", "v6"):
            made = [None if text is None else text.format(**_NAMES[family]) for text in (row.one, row.other)]
            found.append(Case(f"{family} {row.one}", family, made[0] or "", made[1]))
    found += [Case(row.one, "top", row.one, row.other) for row in TOP]
    found += [Case(row.one, "lists", row.one, row.other) for row in LISTS]
    for row in (*ENTRY, *MATCH, *SET):
        for place in ("entry_in", "entry_out"):
            found.append(Case(f"{place} {row.one}", place, row.one, row.other))
    return found


def _of_neighbors(row: Row, family: str) -> list[Case]:
    kinds = (row.only or "ei6gd") if family != "v6" else "".join(k for k in (row.only or "6i") if k in "6i")
    if family == "v4":
        kinds = kinds.replace("6", "")
    targets = [name for kind in kinds for name in _TARGETS[kind]]
    if row.only and "i" not in row.only:
        targets = [name for name in targets if name not in _INTERNAL]
    if family == "v6":
        targets = [{"10.0.0.14": "10.0.0.13"}.get(name, name) for name in targets]
    if not targets:
        return []

    def written(text: str | None) -> str | None:
        if text is None:
            return None
        text = text.replace("{6}", "6" if family == "v6" else "")
        lines = [
            f"no neighbor {name} {line[4:]}" if line.startswith("!no ") else f"neighbor {name} {line}"
            for name in targets
            for line in text.split(" / ")
        ]
        return " / ".join(lines)

    name = f"{family} {row.one}".strip()
    return [Case(name, family or "late", written(row.one) or "", written(row.other))]
