"""Which options FRR takes for external neighbors alone: `check` finds each on an internal neighbor (FRR235)."""

from __future__ import annotations

from frrgen.model.check import check
from frrgen.model.cluster import Network
from frrgen.model.derive import derive

OPTIONS = {
    "local-role provider": {"local_role": "provider"},
    "local-as 65010": {"local_as": {"asn": 65010}},
    "oad": {"oad": True},
    "as-override": {"ipv4_unicast": {"as_override": True}},
    "remove-private-AS": {"ipv4_unicast": {"remove_private_as": {}}},
    "remove-private-AS all": {"ipv4_unicast": {"remove_private_as": {"all": True}}},
    "remove-private-AS replace-AS": {"ipv4_unicast": {"remove_private_as": {"replace": True}}},
    "remove-private-AS all replace-AS": {"ipv4_unicast": {"remove_private_as": {"all": True, "replace": True}}},
    "ebgp-multihop 3": {"ebgp_multihop": 3},
}


def test_check_finds_each_option_of_an_internal_neighbor_that_frr_does_not_have(router):
    taken, known = {}, {}
    peers = {f"192.0.2.{number}": line for number, line in enumerate(OPTIONS, 9)}
    router.restart("".join(["router bgp 65001\n", *(f" neighbor {peer} remote-as 65001\n" for peer in peers)]))
    # what is refused ends no `vtysh -f`
    router.load("".join(["router bgp 65001\n", *(f" neighbor {peer} {line}\n" for peer, line in peers.items())]))
    shown = router.running_config()
    for peer, line in peers.items():
        taken[line] = f"neighbor {peer} {line}\n" in shown
        bgp = {"asn": 65001, "neighbors": {peer: {"remote_as": 65001, **OPTIONS[line]}}}
        made = {"name": "r1", "frr_version": router.frr.version, "bgp": bgp}
        network = Network.model_validate({"routers": {"r1": made}})
        known[line] = {"FRR234", "FRR235"}.isdisjoint(one.code for one in check(network, derive(network)))
    assert taken == known
