"""The scalar types: each refuses what FRR refuses, and what would end or change a line.

A value of one of these types can be put into a configuration line as it is. They are also canonical:
two texts that mean the same to FRR become the same value (communities sorted, prefixes masked).
"""

import re
import warnings
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Annotated, Any, Final, Literal, NoReturn

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, TypeAdapter

from frrgen.model.parts import build_parts

Family = Literal["ipv4", "ipv6"]
Action = Literal["permit", "deny"]
Address = IPv4Address | IPv6Address
Prefix = IPv4Network | IPv6Network
FAMILIES: Final = ("ipv4_unicast", "ipv6_unicast")
"""The address families of an edge, as the model's fields name them."""
SESSION_FAMILIES: Final = (*FAMILIES, "l2vpn_evpn")
"""The address families of a neighbor. Policy is asked about the routes of an edge alone."""
FAMILY_OF: Final = {4: FAMILIES[0], 6: FAMILIES[1]}
"""The address family of an IP version."""

U32_MAX: Final = 4294967295
U16 = Annotated[int, Field(ge=0, le=65535)]
U32 = Annotated[int, Field(ge=0, le=U32_MAX)]
Seq = Annotated[int, Field(ge=1, le=U32_MAX)]
Seconds16 = Annotated[int, Field(ge=1, le=65535)]

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ADDRESS_LIKE = re.compile(r"[0-9]+(\.[0-9]+)+|[0-9a-fA-F]*:[0-9a-fA-F:.]*")
BLANKS: Final = re.compile("[ \t\x0b\x0c\r]+")
"""What FRR takes for the space between two words."""
_PIPE: Final = re.compile(r"\|[ \t\x0b\x0c\r]")

WELL_KNOWN: Final = {
    "internet": 0x00000000,
    "graceful-shutdown": 0xFFFF0000,
    "accept-own": 0xFFFF0001,
    "route-filter-translated-v4": 0xFFFF0002,
    "route-filter-v4": 0xFFFF0003,
    "route-filter-translated-v6": 0xFFFF0004,
    "route-filter-v6": 0xFFFF0005,
    "llgr-stale": 0xFFFF0006,
    "no-llgr": 0xFFFF0007,
    "accept-own-nexthop": 0xFFFF0008,
    "blackhole": 0xFFFF029A,
    "no-export": 0xFFFFFF01,
    "no-advertise": 0xFFFFFF02,
    "local-AS": 0xFFFFFF03,
    "no-peer": 0xFFFFFF04,
}
"""The names of RFC 1997 communities and their values, as FRR shows them."""
_WELL_KNOWN_NAMES: Final = {value: name for name, value in WELL_KNOWN.items()}


class Model(BaseModel):
    """The base of everything in the model: frozen, and closed to unknown keys.

    Start-up time counts: validators are built when first used, and the model's modules do without
    `from __future__ import annotations`, which pydantic would have to evaluate.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @classmethod
    def model_rebuild(cls, **how: Any) -> bool | None:
        """Build the validators of the parts before those of the whole, which takes them over."""
        build_parts(cls)
        return super().model_rebuild(**how)


def adapter(type_: Any) -> TypeAdapter[Any]:
    """Return the validator of a type that is no Model, built when first used."""
    return TypeAdapter(type_, config=ConfigDict(defer_build=True))


class PlacedError(ValueError):
    """What is wrong with a whole, and where inside of it."""

    def __init__(self, message: str, *path: str | int) -> None:
        super().__init__(message)
        self.path = path


def one_line(text: str) -> str:
    """Refuse whatever could end a configuration line, or be taken by vtysh as its output filter.

    Raises ValueError.
    """
    if found := _CONTROL.search(text):
        raise ValueError(f"control character U+{ord(found.group()):04X} would end or corrupt the line")
    try:
        text.encode()
    except UnicodeEncodeError as bad:
        raise ValueError("not valid Unicode text") from bad
    if _PIPE.search(text):
        raise ValueError("'|' before a blank is vtysh's output filter and would cut the line")
    return text


def _text(limit: int) -> AfterValidator:
    def check(text: str) -> str:
        squeezed = BLANKS.sub(" ", one_line(text)).strip(" ")
        if not squeezed:
            raise ValueError("must not be empty")
        if len(squeezed.encode()) > limit:
            raise ValueError(f"longer than {limit} bytes")
        return squeezed

    return AfterValidator(check)


def is_address(text: str) -> bool:
    """Tell whether a text is an IP address, and not a name."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def looks_like_address(text: str) -> bool:
    """Tell whether a text has the form of an IP address, right or wrong."""
    return _ADDRESS_LIKE.fullmatch(text) is not None


def _word(limit: int, but: str = "") -> AfterValidator:
    """Take one word of at most `limit` bytes that may stand before others, without the characters in `but`."""

    def check(text: str) -> str:
        if not text or BLANKS.search(one_line(text)):
            raise ValueError("a name is one word, without blanks")
        if text.endswith("|"):
            raise ValueError("a name must not end in '|': before a blank it is vtysh's output filter")
        if found := next((one for one in but if one in text), None):
            raise ValueError(f"{found} in this name kills a daemon of FRR, or is refused by it")
        if len(text.encode()) > limit:
            raise ValueError(f"a name longer than {limit} bytes")
        return text

    return AfterValidator(check)


def _group_name(text: str) -> str:
    if is_address(text):
        raise ValueError("a peer group's name must not be an address")
    return text


def _vrf(text: str) -> str:
    if text == "default":
        raise ValueError("the VRF default is the router itself, not one of its vrfs")
    return text


def _interface(text: str) -> str:
    if text in {".", ".."}:
        raise ValueError(f"{text!r} is no interface")
    return text


def _peer(text: str) -> str:
    if looks_like_address(text):
        return str(ip_address(text))
    return _INTERFACE.validate_python(text)


def _source(text: str) -> str:
    return text if CARP.fullmatch(text) else _peer(text)


def _hostname(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?", text):
        raise ValueError("a host name is 1-63 letters, digits, '.', '_' and '-'")
    return text


def _host(text: str) -> str:
    return str(ip_address(text)) if looks_like_address(text) else _hostname(text)


def _asn(value: Any) -> Any:
    if isinstance(value, str) and (dotted := re.fullmatch(r"([0-9]{1,5})\.([0-9]{1,5})", value)):
        high, low = int(dotted[1]), int(dotted[2])
        if high > 65535 or low > 65535:
            raise ValueError("both halves of an asdot number are at most 65535 (RFC 5396)")
        return high << 16 | low
    if isinstance(value, bool | float):
        raise ValueError("an AS number is a whole number, or asdot written as text in quotes: '1.10'")  # noqa: TRY004
    return value


def community_value(text: str) -> int:
    """Return the 32-bit value of a community written as AA:NN or by its well-known name. Raises ValueError."""
    if text in WELL_KNOWN:
        return WELL_KNOWN[text]
    parts = text.split(":")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and int(part) <= 65535 for part in parts):
        raise ValueError("a community is AA:NN with both at most 65535, or a well-known name such as no-export")
    return int(parts[0]) << 16 | int(parts[1])


def community_text(value: int) -> str:
    """Write a 32-bit community value as FRR shows it."""
    return _WELL_KNOWN_NAMES.get(value) or f"{value >> 16}:{value & 0xFFFF}"


def _community(text: str) -> str:
    """Write a community as every version of FRR takes it: FRR 8 shows 0:0 as `internet`, a word that FRR 10 refuses."""
    return community_text(value) if (value := community_value(text)) else "0:0"


def large_community_value(text: str) -> tuple[int, int, int]:
    """Return the three 32-bit numbers of a large community AA:BB:CC (RFC 8092). Raises ValueError."""
    parts = text.split(":")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and int(part) <= U32_MAX for part in parts):
        raise ValueError("a large community is AA:BB:CC, each at most 4294967295 (RFC 8092)")
    first, second, third = (int(part) for part in parts)
    return first, second, third


def _large_community(text: str) -> str:
    return ":".join(str(part) for part in large_community_value(text))


def _extcommunity(text: str) -> str:
    found = re.fullmatch(r"(rt|soo) (\d{1,10}|\d{1,3}(?:\.\d{1,3}){3}):(\d{1,10})", text)
    if not found:
        raise ValueError("an extended community is 'rt ASN:NN' or 'soo ASN:NN' (or ADDRESS:NN)")
    kind, administrator, number = found.groups()
    if "." in administrator:
        administrator = str(IPv4Address(administrator))
        limit = 65535
    else:
        if int(administrator) > U32_MAX:
            raise ValueError("the AS number is larger than 4294967295")
        administrator = str(int(administrator))
        limit = U32_MAX if int(administrator) <= 65535 else 65535
    if int(number) > limit:
        raise ValueError(f"the number behind the colon is at most {limit} here")
    return f"{kind} {administrator}:{int(number)}"


def _extcommunity_key(text: str) -> tuple[int, int, str]:
    kind, value = text.split(" ")
    administrator, number = value.split(":")
    # FRR sorts the eight octets: type (2-octet AS 0, IPv4 1, 4-octet AS 2), subtype (rt 2, soo 3), value.
    if "." in administrator:
        first, admin = 1, int(IPv4Address(administrator))
    else:
        first, admin = (0 if int(administrator) <= 65535 else 2), int(administrator)
    return first, 2 if kind == "rt" else 3, f"{admin:010d}{int(number):010d}"


def _extcommunity_value(text: str) -> str:
    return _extcommunity(f"rt {text}").removeprefix("rt ")


def _sorted_values(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(values), key=lambda value: _extcommunity_key(f"rt {value}")))


def _sorted_communities(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(values), key=community_value))


def _sorted_large(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(values), key=large_community_value))


def _sorted_ext(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(values), key=_extcommunity_key))


def _not_empty(values: tuple[str, ...]) -> tuple[str, ...]:
    return values or _fail("must not be empty")


_BRACES: Final = re.compile(
    r"(?>\\.|\[\^?\]?(?>\[:[a-z]+:\]|[^\]])*\]|[^{\\\[]|\{(?>[0-9]{1,5}(?>,[0-9]{0,5})?|,[0-9]{1,5})\})*", re.DOTALL
)
"""An expression in which each brace that opens belongs to a number of repeats: FRR refuses the line of any other."""


def _regex(text: str) -> str:
    if not one_line(text).strip() or text != BLANKS.sub(" ", text).strip(" "):
        raise ValueError("a regular expression must not be empty, nor begin, end or double its blanks")
    if len(text) > 512:
        raise ValueError("a regular expression longer than 512 characters")
    try:
        # Python warns of `[[`, which FRR takes
        with warnings.catch_warnings(action="ignore"):
            re.compile(text.replace("_", "(?:[,{}() ]|^|$)"))
    except re.error as bad:
        raise ValueError(f"not a regular expression: {bad}") from bad
    if _BRACES.fullmatch(text) is None:
        raise ValueError("not a regular expression: '{' begins a number of repeats; as a character it is \\{ or [{]")
    return text


def _as_path_regex(text: str) -> str:
    if found := re.search(r"[^0-9_^|\[\],{}() $*+.?\\-]", text):
        raise ValueError(f"{found.group()!r} cannot be in a regular expression over AS paths: FRR refuses it")
    return text


def _password(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if is_reference(text):
        one_line(text)
        return secret
    if not re.fullmatch(r"[!-~]{1,80}", text):
        raise ValueError("a password is 1-80 printable ASCII characters without a blank (TCP MD5, RFC 2385)")
    return secret


def is_reference(text: str) -> bool:
    """Tell whether a password is a reference (`env:NAME`, `file:PATH`) rather than the password itself."""
    return text.startswith(("env:", "file:")) and len(text) > 5


_LEAVES: Final = re.compile(
    r"e|en|end|ex|exi|exit(-.*)?|qu?|qui|quit|ena(b|bl|ble)?|disa(b|bl|ble)?|conf(i|ig|igu|igur|igure)?( .*)?|do( .*)?"
)
"""What leaves the context it stands in, or configuration altogether, as short as vtysh takes it."""


def _raw_line(text: str) -> str:
    line = BLANKS.sub(" ", one_line(text)).strip(" ") or _fail("must not be empty")
    if _LEAVES.fullmatch(line):
        raise ValueError(f"{line!r} would leave its context: write only lines that belong into it")
    return line


def _fail(message: str) -> NoReturn:
    raise ValueError(message)


def is_number(text: str) -> bool:
    """Tell whether a text is a number as FRR reads one: of the digits 0 to 9, and not endlessly long."""
    return text.isascii() and text.isdigit() and len(text) < 20


def number_text(value: Any) -> Any:
    """Take a whole number for its digits."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _address_text(value: Any) -> Any:
    """Take an address, or a whole number, for its text."""
    return str(value) if isinstance(value, Address) else number_text(value)


_NUMBER_TEXT: Final = BeforeValidator(number_text, json_schema_input_type=str | int)
_ADDRESS_TEXT: Final = BeforeValidator(_address_text, json_schema_input_type=str | int)


def _other_family(value: str) -> str:
    if value.startswith("l2vpn evpn"):
        raise ValueError("the model has it: say it in l2vpn_evpn, and lines that it lacks in raw there")
    if not re.fullmatch(r"ipv[46] (vpn|labeled-unicast|multicast|flowspec|encap)", value):
        raise ValueError("FRR has no such address family beside those of the model")
    return value


Asn = Annotated[int, BeforeValidator(_asn), Field(ge=1, le=U32_MAX)]
"""An AS number, 1-4294967295; asdot may be written as text ('1.10', RFC 5396)."""
RemoteAs = Annotated[Literal["internal", "external", "auto"] | Asn, Field(union_mode="left_to_right")]
Name = Annotated[str, _NUMBER_TEXT, _word(128, "'")]
"""The name of a prefix list or access list: a word of at most 128 bytes; `'` in it kills FRR 8.4."""
MapName = Annotated[str, _NUMBER_TEXT, _word(500, "'")]
"""The name of a route map: a word of at most 500 bytes without `'`."""
BgpListName = Annotated[str, _NUMBER_TEXT, _word(500)]
"""The name of a list that bgpd alone knows, or of a community alias: any word of at most 500 bytes."""
ProfileName = Annotated[str, _NUMBER_TEXT, _word(64, "'")]
"""The name of a BFD profile: a word of at most 64 bytes without `'`."""
VrfName = Annotated[str, _NUMBER_TEXT, _word(36, "'\""), AfterValidator(_vrf)]
"""The name of a VRF: a word of at most 36 bytes; `"` in it kills zebra of FRR 10."""
LeakedVrf = Annotated[str, _NUMBER_TEXT, _word(36, "'\"")]
"""The name of a VRF from which routes are imported: `default` is the router itself."""
GroupName = Annotated[str, _NUMBER_TEXT, _word(500), AfterValidator(_group_name)]
"""The name of a peer group: any word that is no address."""
Interface = Annotated[str, _word(15, "/:"), AfterValidator(_interface)]
"""The name of an interface, as Linux has them: a word of at most 15 bytes without `/` and `:`."""
_INTERFACE: TypeAdapter[str] = adapter(Interface)
PeerName = Annotated[str, _ADDRESS_TEXT, AfterValidator(_peer)]
"""An address in canonical text, or the name of an interface."""
CARP: Final = re.compile(r"_vip[0-9a-z]{1,32}")
"""The name of a CARP address of pfSense: `_vip` and PHP's `uniqid()`, 17 bytes and so too long for an interface."""
SourceName = Annotated[str, _ADDRESS_TEXT, AfterValidator(_source)]
"""Where sessions come from: an address, the name of an interface, or on a pfSense box that of a CARP address."""
Hostname = Annotated[str, AfterValidator(_hostname)]
PeerHost = Annotated[str, _ADDRESS_TEXT, AfterValidator(_host)]
"""An address in canonical text, or a host name."""
Description = Annotated[str, _text(200)]
"""One line of at most 200 bytes; runs of blanks become one, as FRR does."""
FileName = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f]{1,4096}$")]
"""The path of a file, without control characters."""
ShutdownMessage = Annotated[str, _text(255)]
"""At most 255 bytes of UTF-8 (RFC 9003)."""
Community = Annotated[str, BeforeValidator(str), AfterValidator(_community)]
AnyCommunities = Annotated[tuple[Community, ...], AfterValidator(_sorted_communities)]
"""Perhaps none."""
Communities = Annotated[AnyCommunities, AfterValidator(_not_empty)]
LargeCommunity = Annotated[str, AfterValidator(_large_community)]
AnyLargeCommunities = Annotated[tuple[LargeCommunity, ...], AfterValidator(_sorted_large)]
"""Perhaps none."""
LargeCommunities = Annotated[AnyLargeCommunities, AfterValidator(_not_empty)]
ExtCommunity = Annotated[str, AfterValidator(_extcommunity)]
ExtCommunities = Annotated[tuple[ExtCommunity, ...], AfterValidator(_not_empty), AfterValidator(_sorted_ext)]
ExtCommunityValues = Annotated[
    tuple[Annotated[str, AfterValidator(_extcommunity_value)], ...],
    AfterValidator(_not_empty),
    AfterValidator(_sorted_values),
]
"""Extended communities whose kind is known: ASN:NN or ADDRESS:NN."""
Regex = Annotated[str, AfterValidator(_regex)]
"""A POSIX extended regular expression, where `_` stands for a delimiter."""
AsPathRegex = Annotated[Regex, AfterValidator(_as_path_regex)]
"""A regular expression over the text of an AS path."""
Password = Annotated[SecretStr, AfterValidator(_password)]
"""A TCP MD5 password, or where it is: `env:NAME`, `file:PATH`. Never printed."""
RawLine = Annotated[str, AfterValidator(_raw_line)]
"""A line that the model lacks, sent as it is."""
OtherFamily = Annotated[str, AfterValidator(_other_family)]
"""An address family of `router bgp` that the model lacks: `ipv4 vpn`."""
