"""Fields that no golden configuration has, and that FRR 8.4 takes already: real FRR shows what was sent."""

from __future__ import annotations

from typing import get_args

from frrgen.model.bgp import DefaultFamily
from frrgen.platforms.frr.parse.parser import parse

DISTANCES = """\
access-list A1 seq 5 permit 100.11.0.0/16
ipv6 access-list A1 seq 5 permit 2001:db8::/32
router bgp 65000
 address-family ipv4 unicast
  distance 50 192.0.2.0/24
  distance 60 198.51.100.0/24 A1
 exit-address-family
 address-family ipv6 unicast
  distance 50 2001:db8::/32
  distance 60 2001:db8:1::/48 A1
 exit-address-family
exit
end
"""


def test_distances_of_neighbors_are_shown_as_they_were_sent(router):
    router.restart("")
    router.load(DISTANCES)
    shown, sent = (parse(text).router.bgp for text in (router.running_config(), DISTANCES))
    for family in ("ipv4_unicast", "ipv6_unicast"):
        assert len(getattr(sent, family).distances) == 2
        assert getattr(shown, family).distances == getattr(sent, family).distances


def test_each_default_address_family_is_shown_as_it_was_sent(router):
    families = get_args(DefaultFamily)
    assert len(families) > 5
    router.restart("")
    router.load(
        "\n".join(
            [
                "router bgp 65000",
                " no bgp default ipv4-unicast",
                *(f" bgp default {one}" for one in families),
                "exit",
                "end",
                "",
            ]
        )
    )
    assert set(parse(router.running_config()).router.bgp.default_families) == set(families)
