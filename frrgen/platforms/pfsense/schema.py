"""How pfSense's FRR package stores its settings: the one place that knows its sections, fields and defaults.

`Sections` have the shape of PHP's arrays, of their JSON, and of `<installedpackages>` in config.xml: values are as
stored, so the fields of type base64 hold base64 (`encode`, `decode`). The fields are those of the package's pages
(2.1).

A field is written `KEY` (a text), with a suffix for another type:

    KEY?        a checkbox: `on` or empty; in a row `ON` or absent
    KEY=a|b|c   one of these values: the first (or the one with a star) is the default; `0..16` is a range
    KEY@none    a reference to something else, and the word for no reference
    KEY%        a text area, stored as base64
    KEY^        a button, stored as an empty element
    ( ... )     the fields of a row, stored as `row`
    !           behind KEY: the page demands a value
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final, Literal

from frrgen.platforms.pfsense.php import ip_version

Config = dict[str, Any]
"""One `<config>`: key -> str, and under `row` a list of dict[str, str]. Keys in the order of the page."""
Sections = dict[str, list[Config]]
"""Section name -> its `<config>` entries, in order. A single section uses the first."""

FieldType = Literal["input", "checkbox", "select", "select_source", "base64", "button", "rows"]


@dataclass(frozen=True, slots=True)
class Field:
    """One element of a `<config>` or of a `<row>`."""

    key: str
    type: FieldType = "input"
    default: str = ""
    """What the page stores when nobody touched the field; "" in rows means that the element is absent if a checkbox."""
    values: tuple[str, ...] = ()
    """Of a select: a value that is not among them is silently replaced when somebody saves the page."""
    required: bool = False
    """The page refuses to save without a value."""
    fields: tuple[Field, ...] = ()
    """Of rows."""


@dataclass(frozen=True, slots=True)
class Section:
    """One page of the package."""

    name: str
    single: bool
    """The page edits one entry; otherwise it edits a list of them."""
    fields: tuple[Field, ...]
    """In the order of the page, which is the order of the elements."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys in the order of the page."""
        return tuple(item.key for item in self.fields)

    @property
    def row(self) -> tuple[Field, ...]:
        """The fields of a row; empty if the section has no rows."""
        return next((item.fields for item in self.fields if item.type == "rows"), ())

    def __getitem__(self, key: str) -> Field:
        return next(item for item in self.fields if item.key == key)


_SINGLE: Final = "."
_FIELDS: Final = {
    "frr.": """
        enable? routerid password! passwordencrypt? ignoreipsecrestart? carpstatusvid@none logging?
        pkgloglevel=0|1 enablesnmpagentx? ( acceptfilter? nullroute? routevalue routetarget@none )
        nht=none|ipv4|ipv6|both service_force_restart^
    """,
    "frrglobalraw.": """
        ( tcpsigsrc tcpsigdst tcpsigpw tcpsigbidir? ) frr% frrrunning%
    """,
    "frrglobalacls": """
        type!=standard|extended|*zebra iptype!=IPv4|IPv6 name! descr ( seq action=deny|permit source sourceany?
        destination destinationany? exactmatch? )
    """,
    "frrglobalprefixes": """
        iptype!=IPv4|IPv6 name! descr ( seq action=deny|permit source any? ge le )
    """,
    "frrglobalroutemaps": """
        name! descr action!=deny|permit seq! call@none exitaction@none acl_match@none prefix_match@none
        nexthop_action=none|match-peer|match-acl|match-pl|set nexthop_peer@none nexthop_acl@none nexthop_pl@none
        metric_action=none|match|set|settype1|settype2 metric_value weight localpref_action=none|match|set
        localpref_value aspath_action=none|match|setexclude|setprepend|setprependlast aspath_match@none
        aspath_value community_action=none|match|matchexact|set community_match@none community_set
        community_additive? origin_action=none|match|set origin_value=none|egp|igp|incomplete
        source_proto=none|bgp|ospf|ospf6|connected|kernel|static|system|rip|ripng|isis tag_action=none|match|set
        tag_value rpki_state=none|notfound|invalid|valid
    """,
    "frrbgp.": """
        enable? adjacencylog? asnum routerid timers_keepalive timers_holdtime timers_updatedelay timers_peerwait
        nodefipv4unicast? enablesnmpagentx? enablerpki? shutdown? shutdownmessage grglobaldisable?
        disablepreservefwstate? grstalepathtime grrestarttimetime grselectdefertime grribstaletime gsenable?
        rpkipollingperiod rpkiexpireinterval rpkiretryinterval redistributeconnected@no redistributestatic@no
        redistributekernel@no redistributeospf@no redistributeospf6@no redistributerip@no ( distributeroutevalue
        distributeroutemap@none )
    """,
    "frrbgpadvanced.": """
        default_localpref tablemap@none timers_coalesce timers_routemapdelay dampening_halflife dampening_reuse
        dampening_suppress dampening_suppressduration fastexternalfailover? networkimportcheck?
        rejcectassetasconfedset? routereflectorallowoutboundpolicy? routereflectorclusterid
        routereflectorclienttoclient? ( aggregateaddr aggregateasset? aggregatesummaryonly? ) meddeterministic?
        medalwayscompare? maxmedadmin? maxmedadminvalue maxmedstartup maxmedstartupvalue confedas confedpeers
        distanceadmin distanceadminprefix distanceadminacl@none bgpdistanceext bgpdistanceint bgpdistancelocal
        bgpbestpathasconfed? bgpbestpathasignore? bgpbestpathasmulti? bgpbestpathasmultigenasset?
        bgpbestpathcomparerouterid? bgpbestpathmedconfed? bgpbestpathmedmissing? disableebgpconnectedroutecheck?
        enforcefirstas?=on disableebgprequirepolicy? subgrouppktqueuemax writequanta
    """,
    "frrbgpneighbors": """
        peer! descr peergroup@none password password_type=none|both|both-bidir|frr|setkey|setkey-bidir shutdown?
        shutdownmessage shutdownautortt shutdownautokeepalive asnum! updatesource_type!=ipv4|ipv6
        updatesource!@default bothaf? defaultoriginate=no|ipv4|ipv6|yes defaultoriginateroutemap@none
        sendcommunity=disabled|enabled|standard|extended|both nexthopself=disabled|enabled|force
        softreconfigurationinbound? timers_keepalive timers_holdtime timers_connect distribute_in@none
        distribute_out@none prefixfilter_in@none prefixfilter_out@none aspathfilter_in@none
        aspathfilter_out@none routemap_in@none routemap_out@none unsuppressmap@none bfdenable?
        bfd_check_control_plane_failure? bfd_peer@ grmode=default|restart|helper|disable weight passive?
        addpathtxallpaths? addpathtxbestpathperas? advertisementinterval allowasin=disabled|enabled|origin|1..10
        asoverride? attributeunchanged? attributeunchanged_aspath? attributeunchanged_med?
        attributeunchanged_nexthop? capability? capability_nexthop? capability_orf=disabled|send|receive|both
        dontcapabilitynegotiate? overridecapability? ttlsecurityhops disableconnectedcheck? ebgpmultihop
        enforcemultihop? localas_num localas_noprepend? localas_replaceas? maximumprefix_num
        maximumprefix_threshold maximumprefix_warnonly? maximumprefix_restart maximumprefixout_num
        removeprivateas? removeprivateas_all? removeprivateas_replace? routeclient_reflector?
        routeclient_server? solo?
    """,
    "frrbgpaspaths": """
        name! descr ( seq action=deny|permit regex )
    """,
    "frrbgpcommunities": """
        name! descr listtype!=standard|expanded ( seq action=deny|permit community! )
    """,
    "frrbgprpkicacheservers": """
        cacheserver! port! preference! username privkeypath pubkeypath
    """,
    "frrbfd.": """
        enable?
    """,
    "frrbfdprofiles": """
        name! descr shutdown? passive? detectmultiplier receiveinterval transmitinterval echointerval minimumttl
        echomode?
    """,
    "frrbfdpeers": """
        peer! descr profile@none multihop? shutdown? interface@default local_address@default detectmultiplier
        receiveinterval transmitinterval echointerval echomode?
    """,
    "frrospfd.": """
        enable? adjacencylog? routerid spfholdtime spfdelay enablesnmpagentx? defaultarea
        defaultareatype=none|stub|nosum|nssa|nssanosum ( routevalue routearea ) redistributeconnectedsubnets?
        redistributeconnectedsubnets_metric redistributeconnectedsubnets_metrictype
        redistributeconnectedsubnets_routemap@none redistributeconnectedsubnets_distlist@none
        redistributekernel? redistributekernel_metric redistributekernel_metrictype
        redistributekernel_routemap@none redistributekernel_distlist@none redistributebgp?
        redistributebgp_metric redistributebgp_metrictype redistributebgp_routemap@none
        redistributebgp_distlist@none redistributerip? redistributerip_metric redistributerip_metrictype
        redistributerip_routemap@none redistributerip_distlist@none redistributestatic?
        redistributestatic_metric redistributestatic_metrictype redistributestatic_routemap@none
        redistributestatic_distlist@none redistributedefaultroute? redistributedefaultroute_always?
        redistributedefaultroute_metric redistributedefaultroute_metrictype
        redistributedefaultroute_routemap@none rfc1583? opaquelsa? referencebandwidth max_metric_administrative?
        max_metric_startup max_metric_shutdown writemultiplier abrtype=cisco|ibm|shortcut|standard
    """,
    "frrospf6d.": """
        enable? adjacencylog? routerid updatefib=none|stub spfholdtime spfdelay enablesnmpagentx? defaultarea
        defaultareatype=none|stub|nosum ( routevalue routearea routecost ) redistributeconnectedsubnets?
        redistributeconnectedsubnets_routemap@none redistributekernel? redistributekernel_routemap@none
        redistributebgp? redistributebgp_routemap@none redistributestatic? redistributestatic_routemap@none
        exportlist@none importlist@none filterlist_out@none filterlist_in@none referencebandwidth distance
        distance_external distance_interarea distance_intraarea
    """,
    "frrospfd6areas": """
        area! descr type=none|stub|nosum ( rangeprefix rangenotadvertise? rangecost ) exportlist@none
        importlist@none filterlist_out@none filterlist_in@none
    """,
    "frrospf6dinterfaces": """
        interface!@ descr networktype=|broadcast|point-to-point passive? mtuignore? interfacearea instanceid
        metric routerpriorityelections hellointervalinseconds deadtimer retransmitinterval bfdenable?
    """,
    "frrospfdareas": """
        area! descr type=none|stub|nosum|nssa|nssanosum defaultcost shortcut=default|enable|disable
        authtype=|digest|simple ( rangeprefix rangenotadvertise? rangecost subprefix ) exportlist@none
        importlist@none filterlist_out@none filterlist_in@none
    """,
    "frrospfdinterfaces": """
        interface!@ descr networktype=|broadcast|non-broadcast|point-to-multipoint|point-to-point passive?
        mtuignore? metric interfacearea acceptfilter? authtype=|digest|simple|null password
        routerpriorityelections retransmitinterval hellointervalinseconds deadtimer minimalhello bfdenable?
    """,
    "frrospfdneighbors": """
        neighbor! descr priority pollinginterval
    """,
    "frrripd.": """
        enable? ( routevalue ) redistributeconnectedsubnets? redistributeconnectedsubnets_metric=0..16
        redistributeconnectedsubnets_routemap@none redistributeconnectedsubnets_distlist@none
        redistributekernel? redistributekernel_metric=0..16 redistributekernel_routemap@none
        redistributekernel_distlist@none redistributebgp? redistributebgp_metric=0..16
        redistributebgp_routemap@none redistributebgp_distlist@none redistributeospf?
        redistributeospf_metric=0..16 redistributeospf_routemap@none redistributeospf_distlist@none
        redistributestatic? redistributestatic_metric=0..16 redistributestatic_routemap@none
        redistributestatic_distlist@none redistributedefaultroute? ripversion=2|1 inoffsetlist@none
        inmetricvalue=0..16 outoffsetlist@none outmetricvalue=0..16
    """,
    "frrripdinterfaces": """
        interface!@ descr passive? authtype=|digest|simple password splithorizon=none|splithorizon|reversepoison
        sendbroadcast? sendversion=2|1|1~2|none receiveversion=2|1|1~2|none
    """,
    "frrripdneighbors": """
        neighbor! descr
    """,
}

COVERED: Final = (
    "frr",
    "frrglobalraw",
    "frrglobalacls",
    "frrglobalprefixes",
    "frrglobalroutemaps",
    "frrbgp",
    "frrbgpadvanced",
    "frrbgpneighbors",
    "frrbgpaspaths",
    "frrbgpcommunities",
    "frrbgprpkicacheservers",
    "frrbfd",
    "frrbfdpeers",
    "frrbfdprofiles",
)
"""The sections that frrgen writes. It reads the others and leaves them alone."""

RAW_KEYS: Final = ("frr", "bgpd", "ospfd", "ospf6d", "ripd", "bfdd")
"""Keys of frrglobalraw that replace all (`frr`) or one part of what the package would make of the sections.

Only `frr` is still on the page; a save of the page deletes the others. (`zebra` and `staticd` have no effect.)"""

SET_BY_PRESENCE: Final = frozenset({"acceptfilter", "exactmatch", "nullroute"})
"""Row checkboxes that PHP tests with isset(): even an empty element counts as ticked."""

EMPTY_COUNTS: Final = frozenset({"carpstatusvid", "enforcefirstas"})
"""Keys that PHP tests by presence: empty is not the same as missing (no CARP status is then ever right; and FRR 10
enforces the first AS unless the element is there and empty)."""

_FIELD: Final = re.compile(
    r"(?P<key>\w+)(?P<required>!?)(?:(?P<check>\?)(?:=(?P<ticked>on))?|=(?P<values>.*)|@(?P<nothing>\w*)|(?P<base64>%)|(?P<button>\^))?"
)


def _read_fields(words: Iterator[str]) -> Iterator[Field]:
    for word in words:
        if word == "(":
            yield Field("row", "rows", fields=tuple(_read_fields(words)))
        elif word == ")":
            return
        else:
            yield _read_field(word)


def _read_field(word: str) -> Field:
    match = _FIELD.fullmatch(word)
    if match is None:
        raise ValueError(word)
    key, required = match["key"], bool(match["required"])
    if match["check"]:
        return Field(key, "checkbox", match["ticked"] or "", required=required)
    if match["values"] is not None:
        words = [value for part in match["values"].split("|") for value in _values(part)]
        values = tuple(value.removeprefix("*") for value in words)
        default = next((value[1:] for value in words if value.startswith("*")), values[0])
        return Field(key, "select", default, values, required)
    if match["nothing"] is not None:
        return Field(key, "select_source", match["nothing"], required=required)
    return Field(key, "base64" if match["base64"] else "button" if match["button"] else "input", required=required)


def _values(part: str) -> list[str]:
    low, dots, high = part.partition("..")
    return [str(number) for number in range(int(low), int(high) + 1)] if dots else [part.replace("~", " ")]


SCHEMA: Final[Mapping[str, Section]] = {
    name.rstrip(_SINGLE): Section(name.rstrip(_SINGLE), name.endswith(_SINGLE), tuple(_read_fields(iter(text.split()))))
    for name, text in _FIELDS.items()
}
"""All sections of the package, those of OSPF and RIP too, which frrgen only reads."""


def blank(section: str) -> Config:
    """Make one entry as the page stores it when nothing was filled in: every key, in order, with its default.

    Where a page stores one blank row although there is none, `row` holds it; where its rows are numbered, they are
    demanded, and `row` is empty.
    """
    return {item.key: _blank_rows(item) if item.type == "rows" else item.default for item in SCHEMA[section].fields}


def _blank_rows(rows: Field) -> list[dict[str, str]]:
    if any(item.key == "seq" for item in rows.fields):
        return []
    return [{item.key: item.default for item in rows.fields if item.type != "checkbox"}]


def encode(text: str) -> str:
    r"""Store a text as a base64 field does: trimmed, lines ended by CRLF (what a browser sends); "" stays "".

    PHP takes every \r away when it reads the field.
    """
    lines = text.replace("\r", "").strip(" \n\t\v\0")
    return base64.b64encode(lines.replace("\n", "\r\n").encode()).decode("ascii")


def decode(stored: str) -> str:
    """Read the text of a base64 field as PHP does, without CR. Raises ValueError if it is not base64 or not UTF-8."""
    try:
        return base64.b64decode("".join(stored.split()), validate=True).decode("utf-8").replace("\r", "")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from error


Identity = tuple[str, ...]
_IDENTITY: Final[dict[str, tuple[str, ...]]] = {
    "frrbgpneighbors": ("peer",),
    "frrglobalroutemaps": ("name", "seq"),
    "frrbgprpkicacheservers": ("cacheserver", "port"),
    "frrbfdpeers": ("peer",),
}
"""By what an entry of a section is known; others have a name."""


def identity(section: str, config: Config) -> Identity:
    """Name an entry within its section, an address in its shortest form."""
    if SCHEMA[section].single:
        return ()
    return tuple(spelt(config.get(key, "")) for key in _IDENTITY.get(section, ("name",)))


def spelt(text: str) -> str:
    """Write a name without blanks around it, and an address in its shortest form."""
    return str(ip_address(text)) if ip_version(text) else text.strip()


def twice(sections: Sections) -> Iterator[tuple[str, Identity]]:
    """Find what is stored more than once under one name, where it can be only once."""
    for section in COVERED:
        seen: set[Identity] = set()
        for config in filter(None, sections.get(section, [])):
            key = identity(section, config)
            if key in seen:
                yield section, key
            seen.add(key)


def first_ones(sections: Sections) -> Sections:
    """Leave out what is stored more than once under one name, but the first."""
    return {
        section: list({identity(section, config): config for config in reversed(configs) if config}.values())[::-1]
        if section in COVERED
        else configs
        for section, configs in sections.items()
    }
