"""What FRR takes for a name, and what kills it: the model accepts the one and refuses the other."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from frrgen.model.types import BgpListName, GroupName, MapName, Name, ProfileName, VrfName
from frrgen.platforms.frr.parse.parser import parse

_PRINTABLE = [chr(code) for code in range(0x21, 0x7F)]
NAMES = [
    *(form.format(one) for one in _PRINTABLE if not one.isalnum() for form in ("{}", "{}b", "a{}", "a{}b")),
    *("é", "permit", "deny", "seq", "any", "in", "description", "default", "1a", "2001:db8::1-in", "65001@192.0.2.2-x"),
    *("x" * length for length in (36, 64, 128)),
]
KINDS = {
    "ip prefix-list {} seq 5 permit 10.0.0.0/8": (Name, "prefix_lists"),
    "ipv6 prefix-list {} seq 5 permit 2001:db8::/32": (Name, "ipv6_prefix_lists"),
    "access-list {} seq 5 permit 10.0.0.0/8": (Name, "access_lists"),
    "ipv6 access-list {} seq 5 permit 2001:db8::/32": (Name, "ipv6_access_lists"),
    "bgp as-path access-list {} seq 5 permit _1_": (BgpListName, "as_path_lists"),
    "bgp community-list standard {} seq 5 permit 1:1": (BgpListName, "community_lists"),
    "bgp large-community-list standard {} seq 5 permit 1:1:1": (BgpListName, "large_community_lists"),
    "bgp extcommunity-list standard {} seq 5 permit rt 1:1": (BgpListName, "extcommunity_lists"),
    "route-map {} permit 10": (MapName, "route_maps"),
    "bfd\n profile {}\n exit": (ProfileName, "bfd_profiles"),
    "vrf {}\n ip router-id 192.0.2.1\nexit-vrf": (VrfName, "vrfs"),
    "router bgp 65000\n neighbor {} peer-group\nexit": (GroupName, "peer_groups"),
}


def accepted(type_):
    adapter = TypeAdapter(type_)
    for name in NAMES:
        try:
            yield adapter.validate_python(name)
        except ValidationError:
            continue


@pytest.mark.parametrize("form", KINDS)
def test_frr_shows_each_name_that_the_model_accepts_and_lives(router, form):
    type_, field = KINDS[form]
    # FRR 8 takes what follows a `%` in the name of a list of its northbound layer for a format
    formatted = type_ is Name and router.frr.numbers < (9,)
    names = [name for name in accepted(type_) if not (formatted and "%" in name)]
    assert len(names) > 100
    router.restart("")
    router.load("\n".join([*(form.format(name) for name in names), "end", ""]))
    assert all(router.alive(daemon) for daemon in router.daemons)
    read = parse(router.running_config()).router
    shown = read.bgp.peer_groups if field == "peer_groups" else getattr(read, field)
    assert set(names) <= set(shown)
