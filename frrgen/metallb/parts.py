"""What custom resources and the ConfigMap say alike: pools, timers and the names of routers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any

from pydantic import ValidationError

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Where
from frrgen.metallb.assemble import beyond, invalid
from frrgen.metallb.objects import BfdProfileSpec, addresses
from frrgen.metallb.read import Manifest
from frrgen.metallb.render import ROUTERS
from frrgen.model.cluster import Pool
from frrgen.model.neighbor import Timers
from frrgen.model.router import BfdProfile
from frrgen.model.types import Address, community_value

Names = Mapping[Address, str]
"""Routers by the addresses that nodes dial."""


def pool(  # noqa: PLR0917
    texts: tuple[str, ...],
    data: dict[str, Any],
    said: Sequence[tuple[Where, tuple[str, ...], int | None]],
    lengths: Sequence[tuple[int, int]],
    values: Mapping[str, str],
    where: Where,
) -> Pool:
    """Make a pool of its addresses and its BGP advertisements. Raises InputError."""
    try:
        made = Pool.model_validate({"prefixes": addresses(texts)})
    except ValidationError as bad:
        raise InputError(invalid(bad, where)) from None
    except ValueError as bad:
        raise InputError(Finding(Code.FRR621, str(bad), where)) from None
    data = {name: value for name, value in data.items() if value != Pool.model_fields[name].default}
    data |= {"prefixes": made.prefixes}
    data |= {} if said else {"protocol": "layer2"}
    if len({(communities, preference) for _, communities, preference in said}) > 1:
        text = "the advertisements of a pool carry different communities or local preferences"
        raise InputError(beyond(text, said[1][0], "write them alike, or a pool for each"))
    for place, communities, preference in said[:1]:
        told = [community(text, values, place) for text in communities]
        plain, large = [one for one in told if one.count(":") != 2], [one for one in told if one.count(":") == 2]
        data |= {"communities": plain} if plain else {}
        data |= {"large_communities": large} if large else {}
        data |= {} if preference is None else {"local_preference": preference}
    for number, key, version in ((0, "lengths", 4), (1, "ipv6_lengths", 6)):
        some = sorted({one[number] for one in lengths})
        own = [prefix for prefix in made.prefixes if prefix.version == version]
        if some and own:
            data[key] = (some[0], some[-1])
            if short := [prefix for prefix in own if prefix.prefixlen > some[0]]:
                text = f"the aggregation length {some[0]} is shorter than {short[0]} of the pool"
                raise InputError(Finding(Code.FRR621, text, said[0][0], "write a longer length"))
    try:
        return Pool.model_validate(data)
    except ValidationError as bad:
        raise InputError(invalid(bad, where)) from None


def community(text: str, values: Mapping[str, str], where: Where) -> str:
    """Return a community as the model has it: a name stands for its value. Raises InputError."""
    value = values.get(text, text)
    large = value.removeprefix("large:")
    try:
        if large == value:
            if ":" not in value:
                raise ValueError("a name that no Community has, nor AA:NN")  # noqa: TRY301
            community_value(value)
    except ValueError as bad:
        raise InputError(Finding(Code.FRR621, f"the community {text!r} is {bad}", where)) from None
    return large


def timers(hold: int | None, keepalive: int | None) -> Timers | None:
    """Return the timers. The time that is not said comes from the other: a hold time is three keepalive times."""
    if hold is None and keepalive is None:
        return None
    if hold is None:
        hold = 3 * (keepalive or 0)
    return Timers(keepalive=hold // 3 if keepalive is None or not hold else keepalive, hold=hold)


def bfd_profile(spec: BfdProfileSpec) -> BfdProfile:
    """Return a BFD profile of the model."""
    said = spec.model_dump(exclude_none=True, include=set(BfdProfileSpec.model_fields))
    echo = said.pop("echo_interval", None)
    return BfdProfile.model_validate(said | ({} if echo is None else {"echo_transmit_interval": echo}))


def named_routers(one: Manifest, names: Names) -> Names:
    """Return the routers by address: `names`, and those that frrgen wrote into a manifest. Raises InputError."""
    named = dict(names)
    for pair in filter(None, one.annotations.get(ROUTERS, "").split(",")):
        address, _, router = pair.partition("=")
        try:
            named.setdefault(ip_address(address), router)
        except ValueError:
            raise InputError(Finding(Code.FRR621, f"{ROUTERS} is ADDRESS=NAME, not {pair!r}", one.where)) from None
    return named


def router_name(text: str) -> str:
    """Return the nearest name that a router of an inventory may have."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", text)[:63].strip("._-") or "router"
