"""Random sections of the FRR package, as its pages could have stored them."""

from __future__ import annotations

from copy import deepcopy

from hypothesis import strategies as st

from frrgen.platforms.pfsense.host import HostFacts
from frrgen.platforms.pfsense.schema import SCHEMA, blank

BOX = HostFacts(
    interfaces={
        "lan": ("192.168.1.1", "fd00:1::1"),
        "wan": ("203.0.113.2",),
        "_vip5f3a1b2c3d4e5": ("192.168.1.254",),
    },
    devices={"lan": "vtnet1", "wan": "vtnet0"},
    gateways={"WANGW": "203.0.113.1", "GW6": "2001:db8::1"},
    lengths={"192.168.1.1": 24},
)
NAMES = ("A", "MetalLB_k8s", "to-upstream", "x.y")
PEERS4 = ("192.0.2.1", "192.168.1.10")
PEERS6 = ("2001:db8::9", "fd00:1::10")
GROUPS = ("cluster", "upstreams")


def number(low, high):
    return st.integers(low, high).map(str)


def maybe(values):
    return st.just("") | values


_INPUTS = {
    "routerid": maybe(st.sampled_from(["192.0.2.255", "10.0.0.1"])),
    "password": st.just(""),
    "descr": maybe(st.sampled_from(["a note", "MetalLB & <friends>", '50% "quoted"'])),
    "shutdownmessage": st.just(""),
    "asnum": number(1, 4294967295),
    "default_localpref": maybe(number(0, 4294967295)),
    "timers_coalesce": maybe(number(1, 4294967295)),
    "timers_routemapdelay": maybe(number(0, 600)),
    "routereflectorclusterid": maybe(st.sampled_from(["192.0.2.7"])),
    "maxmedadminvalue": maybe(number(0, 4294967294)),
    "confedas": st.just(""),
    "confedpeers": st.just(""),
    "writequanta": maybe(number(1, 64)),
    "grstalepathtime": maybe(number(1, 4095)),
    "grrestarttimetime": maybe(number(1, 4095)),
    "grselectdefertime": maybe(number(0, 3600)),
    "grribstaletime": maybe(number(1, 3600)),
    "timers_connect": maybe(number(1, 65535)),
    "weight": maybe(number(0, 65535)),
    "advertisementinterval": maybe(number(0, 600)),
    "maximumprefix_num": maybe(number(1, 4294967295)),
    "maximumprefixout_num": maybe(number(1, 4294967295)),
    "shutdownautortt": maybe(number(1, 65535)),
}


def _field(section, item):
    if item.type == "checkbox":
        return st.sampled_from(["", "on"])
    if item.type == "select":
        return st.sampled_from(item.values)
    if item.type == "select_source":
        return st.just(item.default)
    return _INPUTS.get(item.key, st.just(""))


@st.composite
def config(draw, section, **fixed):
    made = blank(section)
    for item in SCHEMA[section].fields:
        if item.type != "rows":
            made[item.key] = draw(fixed[item.key] if item.key in fixed else _field(section, item))
    made["row"] = draw(fixed["row"]) if "row" in fixed else made.get("row", [])
    if not SCHEMA[section].row:
        del made["row"]
    return made


def _numbered(row):
    """Rows with rising numbers, as the pages sort them."""
    return st.lists(row, min_size=1, max_size=4).map(
        lambda rows: [{"seq": str(5 * place), **one} for place, one in enumerate(rows, 1)]
    )


ACTION = st.sampled_from(["permit", "deny"])


@st.composite
def prefix_row(draw, family):
    everything = draw(st.integers(0, 9)) == 0
    action = draw(ACTION)
    if everything:
        return {"action": action, "source": "", "any": "ON", "ge": "", "le": ""}
    longest = 32 if family == "IPv4" else 128
    length = draw(st.sampled_from([8, 16, 24, 32]))
    source = {8: "10.0.0.0/8", 16: "172.16.0.0/16", 24: "192.168.10.0/24", 32: "192.0.2.1/32"}[length]
    if family == "IPv6":
        source = {8: "2000::/8", 16: "2001::/16", 24: "2001:d00::/24", 32: "2001:db8::/32"}[length]
    ge = draw(maybe(st.integers(max(length, 1), longest).map(str)))
    low = int(ge) + 2 if ge else length
    le = draw(maybe(st.integers(low, longest).map(str))) if low <= longest else ""
    return {"action": action, "source": source, "ge": ge, "le": le}


@st.composite
def access_row(draw, family):
    row = {"action": draw(ACTION)}
    if draw(st.booleans()):
        return {**row, "source": "", "sourceany": "ON", "destination": ""}
    source = "10.0.0.0/8" if family == "IPv4" else "2001:db8::/32"
    exact = {"exactmatch": "ON"} if draw(st.booleans()) else {}
    return {**row, "source": source, "destination": "", **exact}


@st.composite
def lists(draw, section, make):
    return [draw(make(name)) for name in draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=3))]


def _list_of(section, row_of, **more):
    @st.composite
    def make(draw, name):
        family = draw(st.sampled_from(["IPv4", "IPv6"]))
        fixed = {key: st.just(value) for key, value in more.items()}
        return draw(config(section, name=st.just(name), iptype=st.just(family), row=_numbered(row_of(family)), **fixed))

    return make


def _names(configs, family=None):
    return ["none", *(one["name"] for one in configs if family is None or one.get("iptype") == family)]


@st.composite
def community_list(draw, name):
    kind = draw(st.sampled_from(["standard", "expanded"]))
    text = ["64512:1", "no-export 64512:2", "65535:666"] if kind == "standard" else ["64512:.*", "^64512:1$"]
    rows = _numbered(st.builds(dict, action=ACTION, community=st.sampled_from(text)))
    return draw(config("frrbgpcommunities", name=st.just(name), listtype=st.just(kind), row=rows))


@st.composite
def as_path_list(draw, name):
    rows = _numbered(st.builds(dict, action=ACTION, regex=st.sampled_from(["_65000_", "^$", "^65001_"])))
    return draw(config("frrbgpaspaths", name=st.just(name), row=rows))


@st.composite
def route_map_entry(draw, name, seq, found):
    prefixes = _names(found["frrglobalprefixes"])
    v4 = _names(found["frrglobalprefixes"], "IPv4")
    match = draw(st.sampled_from(prefixes))
    access = ["none"]
    if match == "none" or match in v4:
        access += _names(found["frrglobalacls"], "IPv4")[1:]
    ways = {
        "nexthop_action": [
            {"nexthop_action": "none"},
            {"nexthop_action": "match-peer", "nexthop_peer": "local"},
            {"nexthop_action": "match-peer", "nexthop_peer": PEERS4[0]},
            {"nexthop_action": "set", "nexthop_peer": "peer-address"},
            *({"nexthop_action": "match-pl", "nexthop_pl": one} for one in v4[1:]),
        ],
        "metric_action": [
            {"metric_action": "none"},
            {"metric_action": "match", "metric_value": "7"},
            {"metric_action": "set", "metric_value": "+5"},
        ],
        "localpref_action": [
            {"localpref_action": "none"},
            {"localpref_action": "match", "localpref_value": "100"},
            {"localpref_action": "set", "localpref_value": "200"},
        ],
        "aspath_action": [
            {"aspath_action": "none"},
            {"aspath_action": "setprepend", "aspath_value": "64512 64512"},
            {"aspath_action": "setexclude", "aspath_value": "65001"},
            {"aspath_action": "setprependlast", "aspath_value": "3"},
            *({"aspath_action": "match", "aspath_match": one} for one in _names(found["frrbgpaspaths"])[1:]),
        ],
        "community_action": [
            {"community_action": "none"},
            {"community_action": "set", "community_set": "64512:1 no-export", "community_additive": "on"},
            *(
                {"community_action": word, "community_match": one}
                for one in _names(found["frrbgpcommunities"])[1:]
                for word in ("match", "matchexact")
            ),
        ],
        "tag_action": [
            {"tag_action": "none"},
            {"tag_action": "match", "tag_value": "7"},
            {"tag_action": "set", "tag_value": "9"},
        ],
    }
    made = blank("frrglobalroutemaps") | {
        "name": name,
        "seq": str(seq),
        "action": draw(ACTION),
        "descr": draw(_INPUTS["descr"]),
        "prefix_match": match,
        "acl_match": draw(st.sampled_from(access)),
        "weight": draw(maybe(number(0, 4294967295))),
        "origin_value": draw(st.sampled_from(["none", "igp", "egp", "incomplete"])),
        "source_proto": draw(st.sampled_from(["none", "bgp", "static"])),
    }
    for some in ways.values():
        made |= draw(st.sampled_from(some))
    if made["action"] == "permit":
        made["exitaction"] = draw(st.sampled_from(["none", "next"]))
    return made


@st.composite
def neighbor(draw, peer, found, group="none"):
    maps = st.sampled_from(_names(found["frrglobalroutemaps"]))
    address = peer[:1].isdigit() or ":" in peer
    family = "IPv6" if ":" in peer else "IPv4"
    both = draw(st.sampled_from(["", "on"])) if address else ""
    lists = ["none"] if both or not address else _names(found["frrglobalprefixes"], family)
    acls = ["none"] if both or not address else _names(found["frrglobalacls"], family)
    filters = {}
    for direction in ("in", "out"):
        if draw(st.booleans()):
            filters[f"prefixfilter_{direction}"] = st.sampled_from(lists)
        else:
            filters[f"distribute_{direction}"] = st.sampled_from(acls)
    timers = draw(st.sampled_from([("", ""), ("30", "90"), ("0", "0")]))
    originate = draw(st.sampled_from(["no", "yes" if both else family.lower()]))
    made = draw(
        config(
            "frrbgpneighbors",
            peer=st.just(peer),
            peergroup=st.just(group),
            password_type=st.just("none"),
            asnum=st.just("64999"),
            updatesource_type=st.just("ipv6" if ":" in peer else "ipv4"),
            updatesource=st.sampled_from(
                ["default", "lan", "_vip5f3a1b2c3d4e5|192.168.1.254"]
                if family == "IPv4" and address
                else ["default", "lan"]
            ),
            bothaf=st.just(both),
            defaultoriginate=st.just(originate),
            timers_keepalive=st.just(timers[0]),
            timers_holdtime=st.just(timers[1]),
            routemap_in=maps,
            routemap_out=maps,
            unsuppressmap=maps,
            aspathfilter_in=st.sampled_from(_names(found["frrbgpaspaths"])),
            bfdenable=st.just(""),
            bfd_check_control_plane_failure=st.just(""),
            capability_orf=st.just("disabled")
            if both or not address or family == "IPv6"
            else st.sampled_from(["disabled", "send"]),
            enforcemultihop=st.just(""),
            **filters,
        )
    )
    if made["addpathtxallpaths"] and made["addpathtxbestpathperas"]:
        made["addpathtxallpaths"] = ""
    if not made["attributeunchanged"] or not any(made[f"attributeunchanged_{x}"] for x in ("aspath", "med", "nexthop")):
        made |= {f"attributeunchanged{x}": "" for x in ("", "_aspath", "_med", "_nexthop")}
    if not made["removeprivateas"]:
        made |= {"removeprivateas_all": "", "removeprivateas_replace": ""}
    if not made["localas_num"]:
        made |= {"localas_noprepend": "", "localas_replaceas": ""}
    if not made["maximumprefix_num"]:
        made |= {"maximumprefix_warnonly": ""}
    return made


@st.composite
def sections(draw):
    """All that a box may have, and that the model can say."""
    found = {
        "frr": [
            draw(
                config(
                    "frr",
                    password=st.just("s3cret"),
                    carpstatusvid=st.just("none"),
                    enable=st.just("on"),
                    ignoreipsecrestart=st.just(""),
                    enablesnmpagentx=st.just(""),
                    row=_routes(),
                )
            )
        ]
    }
    found["frrglobalprefixes"] = draw(lists("frrglobalprefixes", _list_of("frrglobalprefixes", prefix_row)))
    found["frrglobalacls"] = draw(lists("frrglobalacls", _list_of("frrglobalacls", access_row, type="zebra")))
    found["frrbgpaspaths"] = draw(lists("frrbgpaspaths", as_path_list))
    found["frrbgpcommunities"] = draw(lists("frrbgpcommunities", community_list))
    found["frrglobalroutemaps"] = [
        draw(route_map_entry(name, seq, found))
        for name in sorted(draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=2)))
        for seq in draw(st.lists(st.integers(1, 65535), unique=True, min_size=1, max_size=3).map(sorted))
    ]
    timers = draw(st.sampled_from([("", ""), ("30", "90")]))
    found["frrbgp"] = [
        draw(
            config(
                "frrbgp",
                enable=st.just("on"),
                enablerpki=st.just(""),
                enablesnmpagentx=st.just(""),
                timers_keepalive=st.just(timers[0]),
                timers_holdtime=st.just(timers[1]),
                row=_networks(found),
                **{
                    f"redistribute{word}": st.sampled_from(["no", "ipv4", "ipv6", "yes"])
                    for word in ("connected", "static", "kernel")
                },
            )
        )
    ]
    found["frrbgpadvanced"] = [
        draw(
            config(
                "frrbgpadvanced",
                bgpbestpathasmultigenasset=st.just(""),
                maxmedadminvalue=st.just(""),
                row=_aggregates(),
            )
        )
    ]
    if any("aggregateasset" in row for row in found["frrbgpadvanced"][0]["row"]):
        found["frrbgpadvanced"][0]["rejcectassetasconfedset"] = ""
    groups = draw(st.lists(st.sampled_from(GROUPS), unique=True, max_size=2))
    found["frrbgpneighbors"] = [draw(neighbor(name, found)) for name in groups]
    for peer in [PEERS4[0], *draw(st.lists(st.sampled_from([*PEERS4[1:], *PEERS6]), unique=True, max_size=2))]:
        found["frrbgpneighbors"].append(draw(neighbor(peer, found, draw(st.sampled_from(["none", *groups])))))
    return found


def _routes():
    row = st.sampled_from(
        [
            {"nullroute": "ON", "routevalue": "198.51.100.0/24", "routetarget": "none"},
            {"routevalue": "10.1.0.0/16", "routetarget": "gw|WANGW"},
            {"routevalue": "2001:db8:1::/48", "routetarget": "gw|GW6"},
            {"routevalue": "10.2.0.0/16", "routetarget": "if|lan"},
        ]
    )
    rows = st.lists(row, unique_by=str, max_size=3)
    return rows.map(lambda some: some or [{"routevalue": "", "routetarget": "none"}])


def _networks(found):
    names = st.sampled_from(_names(found["frrglobalroutemaps"]))
    rows = st.lists(st.sampled_from(["198.51.100.0/24", "2001:db8:2::/48"]), unique=True).flatmap(
        lambda some: st.tuples(
            *(
                st.fixed_dictionaries({"distributeroutevalue": st.just(one), "distributeroutemap": names})
                for one in sorted(some)
            )
        )
    )
    return rows.map(lambda some: list(some) or [{"distributeroutevalue": "", "distributeroutemap": "none"}])


def _aggregates():
    row = st.builds(
        lambda flags: {"aggregateaddr": "198.51.100.0/22", **dict.fromkeys(flags, "ON")},
        st.sets(st.sampled_from(["aggregateasset", "aggregatesummaryonly"])),
    )
    return st.lists(row, max_size=1).map(lambda some: some or [{"aggregateaddr": ""}])


TIMERS = {
    "detectmultiplier": maybe(number(2, 255)),
    "receiveinterval": maybe(number(10, 60000)),
    "transmitinterval": maybe(number(10, 60000)),
    "echointerval": maybe(number(10, 60000)),
}


@st.composite
def boxes(draw):
    """What a box may have besides: BFD, RPKI, access lists with a number, TCP MD5 by hand."""
    found = draw(sections())
    names = draw(st.lists(st.sampled_from(["fast", "slow"]), unique=True, max_size=2))
    found["frrbfdprofiles"] = [
        draw(config("frrbfdprofiles", name=st.just(name), minimumttl=maybe(number(1, 254)), **TIMERS)) for name in names
    ]
    found["frrbfdpeers"] = []
    for one in found["frrbgpneighbors"]:
        if (":" in one["peer"] or one["peer"][:1].isdigit()) and draw(st.booleans()):
            one |= {"bfdenable": "on", "bfd_peer": one["peer"]}
            profile = draw(st.sampled_from(["none", *names]))
            made = blank("frrbfdpeers") | {"peer": one["peer"], "profile": profile, "local_address": ""}
            found["frrbfdpeers"].append(made)
    if draw(st.booleans()):
        timers = {} if draw(st.booleans()) else TIMERS
        peer = {"peer": st.just("192.0.2.77"), "profile": st.just("none"), "multihop": st.just("")}
        places = st.sampled_from([("default", ""), ("lan", "192.168.1.1"), ("lan", "")])
        interface, local = draw(places)
        peer |= {"interface": st.just(interface), "local_address": st.just(local), "descr": st.just("")}
        found["frrbfdpeers"].append(draw(config("frrbfdpeers", **peer, **timers)))
    if found["frrbfdprofiles"] or found["frrbfdpeers"]:
        found["frrbfd"] = [{"enable": "on"}]
    if draw(st.booleans()):
        found["frrbgp"][0] |= {"enablerpki": "on", "rpkipollingperiod": draw(maybe(number(1, 86400)))}
        cache = {"cacheserver": "192.0.2.9", "port": "323", "preference": "1"}
        found["frrbgprpkicacheservers"] = [blank("frrbgprpkicacheservers") | cache]
    numbered = st.lists(st.sampled_from(_NUMBERED_LISTS), unique_by=str, max_size=2)
    found["frrglobalacls"] += draw(numbered.map(deepcopy))
    if draw(st.booleans()):
        pair = {"tcpsigsrc": "192.0.2.1", "tcpsigdst": "192.0.2.2", "tcpsigpw": "s3cret"}
        found["frrglobalraw"] = [blank("frrglobalraw") | {"row": [pair]}]
    return found


_NUMBERED_LISTS = [
    blank("frrglobalacls")
    | {
        "type": "standard",
        "name": "10",
        "row": [
            {"seq": "5", "action": "permit", "source": "10.0.0.0/8", "destination": ""},
            {"seq": "10", "action": "deny", "source": "192.0.2.1/32", "destination": ""},
            {"seq": "15", "action": "permit", "source": "", "sourceany": "ON", "destination": ""},
        ],
    },
    blank("frrglobalacls")
    | {
        "type": "extended",
        "name": "2000",
        "row": [
            {"seq": "5", "action": "permit", "source": "10.0.0.0/8", "destination": "192.0.2.1/32"},
            {"seq": "10", "action": "deny", "source": "", "sourceany": "ON", "destination": "10.1.0.0/16"},
            {"seq": "15", "action": "permit", "source": "10.2.0.1/32", "destination": "", "destinationany": "ON"},
        ],
    },
]
