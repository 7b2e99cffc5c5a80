"""The lines of `address-family l2vpn evpn`: the instance's, its VNIs', its neighbors'.

Measured on FRR 8.4.4, 10.3 and 10.7.1: tests/lab/test_evpn.py, and tests/lab/test_impact.py for the neighbors.
"""

from __future__ import annotations

from typing import Final

from frrgen.lines.kinds import EachRule, ItemRule, PresentRule
from frrgen.lines.rule import Impact, LineRule, RuleTable
from frrgen.model.neighbor import EvpnNeighbor
from frrgen.model.types import FAMILIES, SESSION_FAMILIES
from frrgen.platforms.frr.grammar.bgp import FAMILY
from frrgen.platforms.frr.grammar.neighbor import NEIGHBOR_FAMILY

NEIGHBOR_EVPN: Final = RuleTable(*(rule for rule in NEIGHBOR_FAMILY.rules if rule.field in EvpnNeighbor.model_fields))
"""Lines behind `neighbor X `: FRR has some of another family's here, and they are the same."""

_TARGETS: Final = (
    EachRule("route_targets_import", "route-target import {}"),
    EachRule("route_targets_export", "route-target export {}"),
)

EVPN: Final = RuleTable(
    LineRule("advertise_all_vni", "advertise-all-vni"),
    LineRule("advertise_default_gw", "advertise-default-gw"),
    LineRule("advertise_svi_ip", "advertise-svi-ip"),
    LineRule("advertise_pip", "advertise-pip", const=False, negative=True),
    LineRule("enable_resolve_overlay_index", "enable-resolve-overlay-index"),
    LineRule("autort_rfc8365", "autort rfc8365-compatible"),
    LineRule("flooding", "flooding disable", const=False),
    ItemRule(
        "advertise",
        "advertise {key} unicast[ gateway-ip?gateway_ip][ route-map {route_map}]",
        undo="advertise {key} unicast",
    ),
    *(PresentRule("default_originate", f"default-originate {word}", word=word) for word in ("ipv4", "ipv6")),
    LineRule("rd", "rd {}"),
    *_TARGETS,
    impact=Impact.NONE,
)
"""Lines of the instance."""

VNI: Final = RuleTable(
    LineRule("rd", "rd {}"),
    *_TARGETS,
    LineRule("advertise_default_gw", "advertise-default-gw"),
    LineRule("advertise_svi_ip", "advertise-svi-ip"),
    impact=Impact.NONE,
)
"""Lines of `vni N`."""

OF_INSTANCE: Final = {family: FAMILY if family in FAMILIES else EVPN for family in SESSION_FAMILIES}
"""The lines of an instance in each address family."""
OF_NEIGHBOR: Final = {family: NEIGHBOR_FAMILY if family in FAMILIES else NEIGHBOR_EVPN for family in SESSION_FAMILIES}
"""The lines of a neighbor in each address family."""
