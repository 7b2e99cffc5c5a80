"""What the package's pages refuse: nothing that is written is such, and no box of the tests holds such."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from frrgen.platforms.pfsense.pages import refusals
from frrgen.platforms.pfsense.schema import blank
from tests.boxes import boxes
from tests.render.test_pfsense_losses import BOX, accepted, pfsense_routers

SETTINGS = {"max_examples": 60, "deadline": None}
CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large]


def refused(sections):
    return [
        (name, key, why) for name, configs in sections.items() for one in configs for key, why in refusals(name, one)
    ]


@settings(**SETTINGS, suppress_health_check=CHECKS)
@given(boxes())
def test_a_page_saves_every_box_of_the_tests(box):
    assert refused(box) == []


@settings(**SETTINGS, suppress_health_check=CHECKS)
@given(pfsense_routers())
def test_a_page_saves_whatever_is_written(router):
    _, written = accepted(router, BOX)
    assert refused(written) == []


ROW = {"seq": "5", "action": "permit"}
ACL = {"type": "standard", "iptype": "IPv4", "name": "10"}


@pytest.mark.parametrize(
    ("section", "config", "key"),
    [
        ("frr", {"password": "a'b"}, "password"),
        ("frr", {"routerid": "2001:db8::1"}, "routerid"),
        ("frr", {"row": [{"routevalue": "192.0.2.1"}]}, "routevalue"),
        ("frrbgp", {"enable": "on"}, "asnum"),
        ("frrbgp", {"asnum": "x"}, "asnum"),
        ("frrbgp", {"rpkipollingperiod": "86401"}, "rpkipollingperiod"),
        ("frrglobalacls", {**ACL, "row": [{**ROW, "source": "192.0.2.1"}]}, "source"),
        ("frrglobalacls", {**ACL, "name": "100"}, "name"),
        ("frrglobalacls", {**ACL, "iptype": "IPv6"}, "iptype"),
        ("frrglobalacls", {**ACL, "type": "zebra"}, "name"),
        ("frrglobalacls", {**ACL, "row": [{**ROW, "source": "2001:db8::/32"}]}, "source"),
        ("frrglobalacls", {**ACL, "row": [{**ROW, "source": "10.0.0.0/8", "destinationany": "ON"}]}, "destination"),
        ("frrglobalprefixes", {"name": "a b"}, "name"),
        ("frrglobalprefixes", {"name": "ACCEPTFILTER"}, "name"),
        ("frrglobalprefixes", {"iptype": "IPv4", "name": "A", "row": [{**ROW, "any": "ON", "seq": ""}]}, "seq"),
        ("frrglobalprefixes", {"iptype": "IPv4", "name": "A", "row": [{**ROW, "any": "ON", "le": "1"}]}, "le"),
        ("frrglobalprefixes", {"name": "A", "row": [{**ROW, "any": "ON", "ge": "31", "le": "32"}]}, "le"),
        ("frrglobalroutemaps", {"name": "ACCEPTFILTER"}, "name"),
        ("frrbfdprofiles", {"name": "A", "minimumttl": "255"}, "minimumttl"),
        ("frrbgprpkicacheservers", {"port": "70000"}, "port"),
    ],
)
def test_a_page_refuses(section, config, key):
    assert [one for one, _ in refusals(section, {**blank(section), **config})] == [key]
