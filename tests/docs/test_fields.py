"""The picture of pfSense's pages says what import does."""

from __future__ import annotations

from tests.docs.fields import PAGES, PICTURE, fields, picture


def test_the_picture_is_the_one_that_is_drawn_from_the_article():
    assert PICTURE.read_text() == picture()


def test_each_page_has_fields_in_the_picture_and_most_have_a_key():
    found = fields()
    assert {page for page, *_ in found} == set(PAGES.values())
    keys = {(page, key): path for page, key, _, path in found}
    assert keys["BGP", "asnum"] == "bgp.asn"
    assert keys["BGP > Neighbors", "updatesource"] == "bgp.neighbors.192.168.1.10.update_source"
    assert [key for (_, key), path in keys.items() if "stays" in path] == ["enable", "nexthop_action"]
