"""The options of a router that only its platform has."""

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticKnownError

from frrgen.model.types import (
    Address,
    Model,
    Password,
)
from frrgen.model.written import WrittenAddress
from frrgen.platforms.registry import PLATFORMS


def _several(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else (value,)


Addresses = Annotated[
    tuple[Address, ...], BeforeValidator(_several, json_schema_input_type=Address | tuple[Address, ...])
]


FRR_OF_PACKAGE: Final = {"1.0": "7.5", "2.0": "9.1", "2.1": "10.1"}
"""The FRR that each version of pfSense's package brings."""


def _known_platform(name: Any) -> Any:
    if name not in PLATFORMS:
        raise PydanticKnownError("literal_error", {"expected": " or ".join(map(repr, PLATFORMS))})
    return name


PlatformName = Annotated[str, BeforeValidator(_known_platform), WithJsonSchema({"enum": list(PLATFORMS)})]
"""The name of a platform, out of the registry."""


class TcpMd5(Model):
    """Addresses between which pfSense's kernel signs TCP, given by hand (`setkey`)."""

    source: WrittenAddress
    """The address of one end."""
    destination: WrittenAddress
    """The address of the other end."""
    password: Password
    """The password: `env:NAME` or `file:PATH`."""


class PlatformOptions(Model):
    """What a platform adds to a router: a field of Router with the platform's name."""

    @property
    def by_family(self) -> bool:
        """Whether a neighbor has options for each address family.

        Else it has one set of them for both families, and is always active in the family of its address.
        """
        return True

    @property
    def listens(self) -> bool:
        """Whether neighbors may come by listen range."""
        return True

    @property
    def narrow_bounds(self) -> bool:
        """Whether an entry of a prefix list may have any bounds; else `le` must be two beyond `ge`."""
        return True

    def known_addresses(self, interface: str | None) -> tuple[Address, ...]:
        """Return the addresses of an interface, or of all (None), as far as the router's file names them."""
        del interface
        return ()

    @classmethod
    def frr_version(cls, options: Any) -> str | None:
        """Return the FRR that the platform brings with these options; None: the inventory says it."""
        del options
        return None


class Pfsense(PlatformOptions):
    """What only a pfSense box has."""

    package: Literal["1.0", "2.0", "2.1"] | None = None
    """The FRR package; None: ask the box, or 2.1 without one."""
    password: Password | None = None
    """The FRR master password, required by the package; None: leave it as it is on the box."""
    interfaces: dict[str, Addresses] = {}
    """What `update_source` may name: `lan`, `wan`, `optN`, `_vip…` -> address or addresses. Else asked of the box."""
    gateways: dict[str, WrittenAddress] = {}
    """What static routes may lead to: the name of a gateway -> its address. Else asked of the box."""
    carp_vip: str | None = Field(default=None, pattern=r"^(none|_vip[0-9a-z]{1,32})$")
    """FRR runs only while this CARP VIP is master; None: leave it as it is on the box."""
    enforce_first_as: bool = True
    """`bgp enforce-first-as` of the whole instance."""
    tcp_md5: tuple[TcpMd5, ...] = ()
    raw: bool = False
    """Write the router as the text of the package's page Raw Config, which may say all that FRR can."""

    @property
    def by_family(self) -> bool:
        """Whether a neighbor has options for each address family: only in a raw configuration."""
        return self.raw

    @property
    def listens(self) -> bool:
        """Whether neighbors may come by listen range: only in a raw configuration."""
        return self.raw

    @property
    def narrow_bounds(self) -> bool:
        """Whether an entry of a prefix list may have any bounds: only in a raw configuration."""
        return self.raw

    def known_addresses(self, interface: str | None) -> tuple[Address, ...]:
        """Return the addresses of an interface, or of all (None), as far as the router's file names them."""
        if interface is not None:
            return self.interfaces.get(interface, ())
        return tuple(address for some in self.interfaces.values() for address in some)

    @classmethod
    def frr_version(cls, options: Any) -> str | None:
        """Return the FRR of the package, which is 2.1 where the inventory does not say."""
        package = options.get("package") if isinstance(options, dict) else getattr(options, "package", None)
        return FRR_OF_PACKAGE.get(str(package or "2.1"), "10.1")
