"""Comments of an frr.conf are kept with the part that they stand above."""

from __future__ import annotations

from frrgen.platforms.frr.parse.remarks import remarks

TEXT = """\
! Current configuration:
! The edge of the network
!
frr defaults traditional
! Bogons
# of RFC 6890
ip prefix-list BOGONS seq 5 permit 10.0.0.0/8 le 32
! !!! ------
ipv6 prefix-list SIX seq 5 permit ::/0
! private
bgp community-list standard C permit 65000:1
!
! the instance
router bgp 65001
 neighbor G peer-group
 ! all of the fabric
 neighbor G remote-as external
 ! paid until 2027
 neighbor 192.0.2.1 remote-as 65002
 address-family ipv4 unicast
  ! what we own
  network 198.51.100.0/24
 exit-address-family
exit
! in the VRF
router bgp 65001 vrf red
 ! the neighbor of the VRF
 neighbor 192.0.2.1 remote-as 65003
exit
! letting in
route-map IN permit 10
 ! only these
 match ip address prefix-list BOGONS
exit
! to nowhere
ip route 192.0.2.0/24 blackhole
! the end
"""


def test_each_comment_is_about_the_part_below_it():
    assert remarks(TEXT) == {
        (): ("The edge of the network", "the end"),
        ("prefix_lists", "BOGONS"): ("Bogons", "of RFC 6890"),
        ("community_lists", "C"): ("private",),
        ("bgp",): ("the instance", "what we own"),
        ("bgp", "peer_groups", "G"): ("all of the fabric",),
        ("bgp", "neighbors", "192.0.2.1"): ("paid until 2027",),
        ("vrfs", "red", "bgp"): ("in the VRF",),
        ("vrfs", "red", "bgp", "neighbors", "192.0.2.1"): ("the neighbor of the VRF",),
        ("route_maps", "IN"): ("letting in", "only these"),
        ("static_routes",): ("to nowhere",),
    }


def test_lines_that_only_part_others_are_no_comments():
    assert remarks("!\n! ---\n#\n ! *****\nhostname r1\n!\nend\n") == {}
