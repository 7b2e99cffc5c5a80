"""What PHP and pfSense take for filled in, for a number, for equal, for an address.

The package tests its settings with these, and lines appear or are left out by their quirks: zero is no number, for a
function that returns the number it checked is asked whether it returned anything.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final


class Entry(dict[str, Any]):
    """A `<config>` or `<row>`: what is missing reads as empty, as PHP's null does in every test the package makes."""

    def __missing__(self, key: str) -> str:
        return ""

    @property
    def rows(self) -> list[Entry]:
        """Its rows."""
        return [Entry(row) for row in self.get("row", ())]


def filled(value: str) -> bool:
    """Tell whether PHP's empty() says no: "0" is empty too."""
    return value not in {"", "0"}


def has(config: Mapping[str, Any], key: str) -> bool:
    """Tell whether a config or a row has a text that PHP's empty() says no to."""
    return filled(config.get(key, ""))


def originates(choice: str, family: str) -> bool:
    """Tell whether the package originates a default route in `ipv4` or `ipv6`: any part of `ipv4 unicast` says so."""
    return filled(choice) and (choice == "yes" or choice in f"{family} unicast")


def within(value: str, low: int, high: int) -> bool:
    """Tell whether frr_validate_intrange() returns something true: digits in the range, but never "0"."""
    return value.isascii() and value.isdigit() and len(value) < 20 and low <= int(value) <= high and value != "0"


def unsigned(value: str, low: int = 0) -> bool:
    """Tell whether frr_validate_ulong() says yes: up to 4294967295, but never "0"."""
    return within(value, low, 4294967295)


def as_number(value: str) -> bool:
    """Tell whether frr_validate_asnum() says yes."""
    return unsigned(value, 1)


_NUMERIC: Final = re.compile(r"[ \t\n\r\v\f]*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?[ \t\n\r\v\f]*", re.ASCII)


def numeric(value: str) -> bool:
    """Tell whether is_numeric() says yes."""
    return _NUMERIC.fullmatch(value) is not None


def compare(one: str, other: str) -> int:
    """Compare two texts as PHP's `<=>` does: as numbers if both are."""
    if numeric(one) and numeric(other):
        first, second = float(one), float(other)
        return (first > second) - (first < second)
    return strcmp(one, other)


def strcmp(one: str, other: str) -> int:
    """Compare two texts byte by byte."""
    first, second = one.encode(errors="surrogatepass"), other.encode(errors="surrogatepass")
    return (first > second) - (first < second)


def among(value: str, names: Collection[str]) -> bool:
    """Tell whether in_array() finds the value: numbers are equal however they are written."""
    return value in names or (numeric(value) and any(numeric(name) and compare(value, name) == 0 for name in names))


_HOSTNAME: Final = re.compile(
    r"(?:(?:[a-z_0-9]|[a-z_0-9][a-z_0-9-]*[a-z_0-9])\.)*(?:[a-z_0-9]|[a-z_0-9][a-z_0-9-]*[a-z_0-9.])",
    re.IGNORECASE | re.ASCII,
)


def word(name: str) -> bool:
    """Tell whether is_hostname() takes a name; route maps and peer groups with another name are silently left out."""
    return _HOSTNAME.fullmatch(name) is not None and not (name.endswith(".") and name.count(".") == 1)


@lru_cache(maxsize=1 << 17)
def address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address as is_ipaddr() does; a link-local one may name its interface."""
    bare, percent, zone = text.partition("%")
    if "/" in zone:
        return None
    try:
        found = ip_address(bare)
    except ValueError:
        return None
    return None if percent and not (found.version == 6 and found.is_link_local) else found


def ip_version(text: str) -> int:
    """Return 4 or 6 for an address, 0 for anything else."""
    found = address(text)
    return 0 if found is None else found.version


def subnet_version(text: str) -> int:
    """Return 4 or 6 for what is_subnet() takes: an address, a slash and a length; host bits may be set."""
    host, slash, bits = text.partition("/")
    found = 0 if "%" in host else ip_version(host)
    number = int(bits) if slash and bits.isascii() and bits.isdigit() and len(bits) <= 3 else 999
    return found if number <= (32 if found == 4 else 128) else 0


def cut(text: str, length: int) -> str:
    """Cut a text as substr() does: by bytes."""
    return text.encode(errors="surrogatepass")[:length].decode(errors="ignore")
