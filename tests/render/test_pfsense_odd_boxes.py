"""An odd box is imported as it is, changed where the inventory wants a change, and then has nothing left to do."""

from __future__ import annotations

import pytest

from frrgen.model.cluster import Network
from frrgen.model.derive import derive
from frrgen.platforms.pfsense.config_xml.write import merge
from frrgen.platforms.pfsense.wanted import Wanted, intended_sections, plan_config_xml, read_box
from frrgen.policy.questions.verify import verify
from tests.odd_boxes import ARTICLE, ODD

CLUSTER = {
    "name": "k8s",
    "asn": 64512,
    "nodes": {"n1": {"addresses": ["192.168.1.30"]}},
    "pools": {"p": {"prefixes": ["192.168.30.0/24"]}},
    "routers": {"home": {}},
}


def test_there_are_odd_boxes():
    assert len(ODD) > 80
    assert all(edit(ARTICLE) != ARTICLE for edit in ODD.values())


def read(path, text):
    path.write_bytes(text.encode())
    stored, read = read_box(path, name="home")
    return stored, read.parsed.router


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_an_odd_box_keeps_every_byte_until_the_inventory_wants_a_change_and_settles_with_it(odd, tmp_path):
    path = tmp_path / "config.xml"
    text = ODD[odd](ARTICLE)
    stored, router = read(path, text)
    plan = plan_config_xml(router, path, Wanted(router))
    assert plan.empty, plan.summary
    assert merge(text, intended_sections(router, stored)) == text
    if router.bgp is None:
        return
    network = Network.model_validate({"routers": {"home": router}, "clusters": {"k8s": CLUSTER}})
    derived = derive(network)
    wanted = derived.routers["home"]
    assert [one.text for found in verify(network, derived, ["k8s"]) for one in found.problems] == []
    assert not plan_config_xml(wanted, path, Wanted(wanted)).empty
    merged = merge(text, intended_sections(wanted, stored))
    path.write_bytes(merged.encode())
    again = plan_config_xml(wanted, path, Wanted(wanted))
    assert again.empty, again.summary
    assert not again.astray
