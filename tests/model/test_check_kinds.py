"""What cannot work on a session is found: options for the other kind of neighbor, addresses that nobody dials from."""

from __future__ import annotations

import pytest

from frrgen.model.check import check
from frrgen.model.cluster import Network
from frrgen.model.derive import derive


def found(version="10.3", **neighbors):
    named = {name.replace("_", "."): neighbor for name, neighbor in neighbors.items()}
    router = {"name": "r1", "frr_version": version, "bgp": {"asn": 65001, "neighbors": named}}
    network = Network.model_validate({"routers": {"r1": router}})
    places = [(one.code, one.where.path[5:]) for one in check(network, derive(network))]
    return [(code, path) for code, path in places if code in {"FRR235", "FRR225"}]


OPTIONS = (
    ({"local_role": "provider"}, ("local_role",), "8.4 10.3 10.7"),
    ({"local_as": {"asn": 65010}}, ("local_as",), "8.4"),
    ({"oad": True}, ("oad",), "10.3 10.7"),
    ({"ipv4_unicast": {"as_override": True}}, ("ipv4_unicast", "as_override"), "8.4 10.3 10.7"),
    ({"ipv6_unicast": {"remove_private_as": {}}}, ("ipv6_unicast", "remove_private_as"), "8.4 10.3 10.7"),
    ({"ipv6_unicast": {"remove_private_as": {"all": True}}}, (), ""),
)


@pytest.mark.parametrize(("option", "path", "versions"), OPTIONS, ids=str)
@pytest.mark.parametrize("version", ["8.4", "10.3", "10.7"])
@pytest.mark.parametrize("remote", [65001, "internal", 65002])
def test_an_option_of_an_internal_neighbor_that_frr_has_for_external_ones_is_an_error(
    option, path, versions, version, remote
):
    if "oad" in option and version == "8.4":
        pytest.skip("FRR 8.4 has no such option, which is another finding")
    wanted = [("FRR235", path)] if version in versions.split() and remote != 65002 else []
    assert found(version, **{"192_0_2_9": {"remote_as": remote, **option}}) == wanted


def test_a_neighbor_is_not_dialled_from_an_address_of_the_other_ip_version_and_not_the_router_itself():
    far = {"remote_as": 65002, "ebgp_multihop": 5}
    assert found(**{"192_0_2_9": {**far, "update_source": "192.0.2.1"}}) == []
    assert found(**{"192_0_2_9": {**far, "update_source": "lo"}}) == []
    assert found(**{"192_0_2_9": {**far, "update_source": "2001:db8::1"}}) == [("FRR225", ())]
    sourced = {**far, "update_source": "192.0.2.1"}
    assert found(**{"192_0_2_9": sourced, "192_0_2_1": far}) == [("FRR225", ())]


@pytest.mark.parametrize("kind", ["neighbors", "peer_groups"])
@pytest.mark.parametrize("own", [True, "force", False])
@pytest.mark.parametrize("words", [["next-hop"], ["as-path", "next-hop"], ["med"], []])
def test_two_fields_about_the_next_hop_in_evpn_of_which_frr_shows_one_are_an_error(kind, own, words):
    one = {"remote_as": 65002, "l2vpn_evpn": {"next_hop_self": own, "attribute_unchanged": words}}
    name = "192.0.2.1" if kind == "neighbors" else "G"
    router = {"name": "r1", "frr_version": "10.3", "bgp": {"asn": 65001, kind: {name: one}}}
    network = Network.model_validate({"routers": {"r1": router}})
    places = [each.where.path for each in check(network, derive(network)) if each.code == "FRR248"]
    wanted = ("routers", "r1", "bgp", kind, name, "l2vpn_evpn", "attribute_unchanged")
    assert places == [wanted] * bool(own and words == ["next-hop"])
