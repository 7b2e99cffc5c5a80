"""Addresses and prefixes as people write them: as text. A number would be an address, too: 7 is 0.0.0.7."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import Annotated, Any, Final

from pydantic import BeforeValidator

from frrgen.model.types import Address, Prefix


def _written(value: Any) -> Any:
    """Refuse a number for an address or a prefix: `7` would be 0.0.0.7. Raises ValueError."""
    if isinstance(value, int):
        raise ValueError(f"a number is no address or prefix: write all of it, such as 192.0.2.{value % 256}")  # noqa: TRY004
    return value


_WRITTEN: Final = BeforeValidator(_written)
WrittenIPv4Address = Annotated[IPv4Address, _WRITTEN]
WrittenIPv6Address = Annotated[IPv6Address, _WRITTEN]
WrittenIPv6Network = Annotated[IPv6Network, _WRITTEN]
WrittenAddress = Annotated[Address, _WRITTEN]
WrittenPrefix = Annotated[Prefix, _WRITTEN]
