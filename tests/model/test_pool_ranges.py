"""Ranges of addresses in pools, as MetalLB writes them."""

from __future__ import annotations

from ipaddress import ip_address, ip_network, summarize_address_range

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from frrgen.model.cluster import Pool


@given(st.sampled_from([32, 128]), st.data())
def test_a_range_is_the_fewest_prefixes_that_hold_its_addresses_and_no_other(width, data):
    numbers = st.integers(2**31, 2**32 - 1) if width == 32 else st.integers(2**127, 2**127 + 10**6)
    first, last = (ip_address(number) for number in sorted((data.draw(numbers), data.draw(numbers))))
    assert Pool(prefixes=[f"{first}-{last}"]).prefixes == tuple(summarize_address_range(first, last))


def test_ranges_stand_among_prefixes():
    pool = Pool(prefixes=["198.51.100.0/24", "192.0.2.1 - 192.0.2.3", "2001:db8::/64"])
    assert pool.prefixes == tuple(map(ip_network, ["198.51.100.0/24", "192.0.2.1/32", "192.0.2.2/31", "2001:db8::/64"]))
    assert Pool.model_validate(pool.model_dump()) == pool


@pytest.mark.parametrize(
    "text", ["192.0.2.9-192.0.2.1", "192.0.2.1-2001:db8::1", "192.0.2.1-", "-", "a-b", "192.0.2.1-9.1"]
)
def test_what_is_no_range_is_an_error_at_its_entry(text):
    with pytest.raises(ValidationError) as caught:
        Pool(prefixes=["192.0.2.0-192.0.2.200", text])
    assert {error["loc"][:2] for error in caught.value.errors()} == {("prefixes", 1)}


@pytest.mark.parametrize("whole", ["0.0.0.0/0", "0.0.0.0-255.255.255.255", "::/0"])
def test_a_pool_may_be_everything(whole):
    assert [prefix.prefixlen for prefix in Pool(prefixes=[whole]).prefixes] == [0]
