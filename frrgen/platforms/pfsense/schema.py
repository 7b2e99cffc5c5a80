"""How pfSense's FRR package stores its settings: the one place that knows its sections, fields and defaults.

`Sections` have the shape of PHP's arrays, of their JSON, and of `<installedpackages>` in config.xml: values are as
stored, so the fields of type base64 hold base64 (`encode`, `decode`). The fields are those of the package's pages
(2.1).

A field is written `KEY` (a text), with a suffix for another type:

    KEY?        a checkbox: `on` or empty; in a row `ON` or absent
    KEY=a|b|c   one of these values, of which the first (or the one with a star) is the default; `0..16` is a range
    KEY@none    a reference to something else, and what stands for nothing
    KEY%        a text area, stored as base64
    KEY^        a button, stored as an empty element
    ( ... )     the fields of a row, stored as `row`
    !           behind KEY: the page demands a value
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class HostFacts:
    """What else than the sections decides the configuration that the package makes of them: the rest of config.xml."""

    package: str = "2.1"
    """Major and minor version of pfSense-pkg-frr: "1.0" (FRR 7), "2.0" (FRR 9) or "2.1" (FRR 10)."""
    hostname: str = "pfSense"
    domain: str = "home.arpa"
    interfaces: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """lan, wan, optN, ovpns1, _vipID … that are enabled -> their addresses, without lengths; () where not known."""
    devices: Mapping[str, str] = field(default_factory=dict)
    """lan, wan, optN … -> the device, e.g. vtnet1."""
    gateways: Mapping[str, str] = field(default_factory=dict)
    """Name of a gateway -> its address; "" where it is not known (DHCP)."""
    lengths: Mapping[str, int] = field(default_factory=dict)
    """Address of an interface -> its prefix length."""


SERIES: Final = ("1.0", "2.0", "2.1")
"""The series of the package that write one frr.conf; 0.6 and older wrote a file for each daemon."""


def series(version: str) -> str | None:
    """Tell the series of a version as `pkg query %v pfSense-pkg-frr` says it (2.1.2_1); None if older than all."""
    match = re.match(r"(\d{1,9})(?:\.(\d{1,9}))?", version)
    found = (int(match[1]), int(match[2] or 0)) if match else (0, 0)
    return next((name for name in reversed(SERIES) if found >= tuple(map(int, name.split(".")))), None)


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


def blank_row(section: str) -> dict[str, str]:
    """Make one row as the page stores it when nothing was filled in: its checkboxes are absent."""
    return {item.key: item.default for item in SCHEMA[section].row if item.type != "checkbox"}


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


def normal(sections: Sections) -> Sections:
    """Bring sections into the form in which two are equal exactly when pfSense makes no difference between them.

    An empty value (but of EMPTY_COUNTS), a missing key, an empty row, an empty entry and a missing section are all the
    same; a row checkbox of SET_BY_PRESENCE is `ON` however it is stored. The order of entries and of rows counts.
    """
    found = {}
    for name, configs in from_php(sections).items():
        entries = [entry for config in configs if (entry := _normal_config(config))]
        if entries:
            found[name] = entries
    return found


def _normal_config(config: Config) -> Config:
    entry: Config = {}
    for key, value in config.items():
        if isinstance(value, list):
            value = [row for item in value if (row := _normal_row(item))]  # noqa: PLW2901
        if value or key in EMPTY_COUNTS:
            entry[key] = value
    return entry


def _normal_row(row: Mapping[str, str]) -> dict[str, str]:
    return {
        key: "ON" if key in SET_BY_PRESENCE else value for key, value in row.items() if value or key in SET_BY_PRESENCE
    }


def from_php(data: object) -> Sections:
    """Make sections of what PHP's JSON of them says, whatever its arrays hold.

    Numbers become texts as PHP writes them; a list with gaps is a list; an entry or a row that is none ("" for an empty
    element) is left out, as is what is no section at all.
    """
    sections = data if isinstance(data, dict) else {}
    return {
        str(name): [_entry(config) for config in _elements(configs) if isinstance(config, dict)]
        for name, configs in sections.items()
    }


def _entry(config: dict[str, Any]) -> Config:
    return {
        key: [{name: _text(one) for name, one in row.items()} for row in _elements(value) if isinstance(row, dict)]
        if isinstance(value, list | dict)
        else _text(value)
        for key, value in config.items()
    }


def _elements(value: object) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _text(value: object) -> str:
    """Write a value as PHP's (string) does."""
    if isinstance(value, str):
        return value
    return "" if value is None or value is False else "1" if value is True else str(value)


def digest(sections: Sections) -> str:
    r"""Compute the SHA-256 (hexadecimal, lower case) of the canonical JSON of `normal(sections)`.

    PHP computes the same of its arrays: take `''` and empty arrays away (but the keys of EMPTY_COUNTS; and in rows
    those of SET_BY_PRESENCE become `'ON'` first), sort all keys (`ksort(…, SORT_STRING)`), and
    `hash('sha256', json_encode((object)$sections, JSON_UNESCAPED_SLASHES))`: no blanks, ASCII, `\u00e9` in lower case.
    """
    text = json.dumps(normal(sections), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(_BEYOND_ASCII.sub(_escaped, text).encode("ascii")).hexdigest()


_BEYOND_ASCII: Final = re.compile(r"[^\x00-\x7f]")
"""Python's own ensure_ascii escapes DEL too, PHP does not."""


def _escaped(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1]


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
