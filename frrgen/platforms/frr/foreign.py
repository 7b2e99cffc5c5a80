"""What a pfSense box may say and a router with FRR may not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from frrgen.codes import Code
from frrgen.errors import Finding
from frrgen.model.router import Router
from frrgen.model.types import CARP
from frrgen.platforms.base import ModelPath

_MOST_OCTETS: Final = 15
"""The longest name of an interface on Linux."""


def foreign_sources(router: Router, path: ModelPath) -> Iterator[Finding]:
    """Find sessions that come from a CARP address of pfSense: Linux has no interface with a name of that length."""
    for vrf, bgp in router.instances():
        place = (*path, "bgp") if vrf is None else (*path, "vrfs", vrf, "bgp")
        for kind, peers in (("peer_groups", bgp.peer_groups), ("neighbors", bgp.neighbors)):
            for name, one in peers.items():
                source = one.update_source or ""
                if len(source) > _MOST_OCTETS and CARP.fullmatch(source):
                    text = f"{source} is the name of a CARP address of pfSense, and {router.name} is no pfSense box"
                    hint = "write an address or an interface of the router"
                    yield Finding.at(Code.FRR111, text, (*place, kind, name, "update_source"), hint)
