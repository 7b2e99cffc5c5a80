"""The numbers that check refuses on a pfSense box are those that FRR refuses."""

from __future__ import annotations

from frrgen.platforms.pfsense.ranges import RANGES, refused

U32 = 4294967295
LINES = {
    "route-map M permit {}": (0, 1, 65535, 65536, "1.5"),
    "route-map M deny {}": (0, 1, 65535, 65536),
    "access-list A seq {} permit 192.0.2.0/24": (0, 1, U32, U32 + 1, "x"),
    "ipv6 access-list A seq {} permit 2001:db8::/32": (0, 1, U32, U32 + 1),
    "ip prefix-list P seq {} permit 10.0.0.0/8": (0, 1, U32, U32 + 1, "-1"),
    "ipv6 prefix-list P seq {} permit 2001:db8::/32": (0, 1, U32, U32 + 1),
    "ip prefix-list P seq 5 permit 10.0.0.0/8 ge {}": (9, 32, 33),
    "ip prefix-list P permit 10.0.0.0/8 ge 9 le {}": (9, 32, 33),
    "ip prefix-list P deny 10.0.0.0/8 le {}": (9, 32, 33),
    "ipv6 prefix-list P permit 2001:db8::/32 ge {}": (33, 128, 129),
    "ipv6 prefix-list P permit 2001:db8::/32 le {}": (33, 128, 129),
    " neighbor 192.0.2.1 shutdown rtt {} count 1": (0, 1, 65535, 65536),
    " neighbor 192.0.2.1 shutdown rtt 9 count {}": (0, 1, 255, 256),
}


def test_check_refuses_the_numbers_that_frr_refuses(router):
    assert len(LINES) > len(RANGES)
    found, told = {}, {}
    around = "router bgp 65001\n neighbor 192.0.2.1 remote-as 65002\n"
    for line in (form.format(value) for form, values in LINES.items() for value in values):
        text = f"{around}{line}\nexit\n" if line.startswith(" ") else f"{line}\n"
        found[line] = "Unknown command" in router.load(text)
        told[line] = bool(list(refused(line)))
    found["none"] = "Unknown command" in router.load(" no bgp network import-check\n")
    assert found.pop("none")
    assert found == told
    assert sum(found.values()) > 20
