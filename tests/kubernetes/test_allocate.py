"""Which address a Service gets: never twice, never a reserved one, the same in whatever order they come."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frrgen.inventory.files import load
from frrgen.model.cluster import Pool
from frrgen.model.derive import derive
from frrgen.speaker.kubernetes.addresses import Intervals, reserved
from frrgen.speaker.kubernetes.allocate import CLASS, Outcome, Refusal, Rules, _may_share, allocate
from frrgen.speaker.kubernetes.objects import Ingress, LoadBalancer, Service, ServiceStatus, read_object
from tests.kubernetes.things import service
from tests.lab.speaking import inventory

POOLS = {
    "b": Pool(prefixes=["192.0.2.0/29", "2001:db8::/125"]),
    "a": Pool(prefixes=["198.51.100.8-198.51.100.11"]),
    "asked": Pool(prefixes=["203.0.113.0/30"], auto_assign=False),
}
NOTHING = Intervals([])


def made(name: str, *ips: str, annotations: dict[str, str] | None = None, age: int = 1, **spec) -> Service:
    data = service(name, *ips, lb_class=spec.pop("lb_class", CLASS), annotations=annotations)
    data["metadata"] |= {"creationTimestamp": f"2026-01-01T00:00:{age:02}Z", "labels": spec.pop("labels", {})}
    data["spec"] |= spec
    return read_object(Service, data)


def given_to(*services: Service, pools=POOLS, blocked=NOTHING, rules=None, namespaces=None) -> dict[str, list[str]]:
    outcomes = allocate(services, pools, blocked, rules, namespaces or {})
    return {name[1]: list(map(str, one.addresses)) or [str(one.refusal)] for name, one in outcomes.items()}


def test_the_lowest_free_address_of_the_first_pool_by_name_is_given_in_the_order_of_names():
    assert given_to(made("z"), made("m"), made("b")) == {
        "b": ["198.51.100.8"],
        "m": ["198.51.100.9"],
        "z": ["198.51.100.10"],
    }


def test_what_a_service_has_it_keeps_and_the_others_go_around_it():
    assert given_to(made("a"), made("z", "198.51.100.8")) == {"a": ["198.51.100.9"], "z": ["198.51.100.8"]}


def test_of_two_that_have_one_address_the_older_keeps_it():
    both = made("a", "198.51.100.8", age=2), made("z", "198.51.100.8", age=1)
    assert given_to(*both) == {"a": ["198.51.100.9"], "z": ["198.51.100.8"]}


def test_other_classes_are_served_by_others_and_what_they_have_is_theirs():
    other, none = made("other", "198.51.100.8", lb_class="x/y"), made("none", lb_class=None)
    assert given_to(other, none, made("a")) == {"a": ["198.51.100.9"]}
    assert given_to(other, none, rules=Rules(default_class=True)) == {"none": ["198.51.100.9"]}


@pytest.mark.parametrize(
    ("policy", "families", "addresses"),
    [
        ("SingleStack", ["IPv4"], ["198.51.100.8"]),
        ("SingleStack", ["IPv6"], ["2001:db8::"]),
        ("PreferDualStack", ["IPv4"], ["198.51.100.8"]),
        ("PreferDualStack", ["IPv4", "IPv6"], ["192.0.2.0", "2001:db8::"]),
        ("PreferDualStack", [], ["192.0.2.0", "2001:db8::"]),
        ("RequireDualStack", ["IPv6", "IPv4"], ["2001:db8::", "192.0.2.0"]),
        ("RequireDualStack", ["IPv6"], ["2001:db8::", "192.0.2.0"]),
    ],
)
def test_families_come_from_one_pool_in_the_services_order(policy, families, addresses):
    assert given_to(made("a", ipFamilyPolicy=policy, ipFamilies=families)) == {"a": addresses}


def test_a_service_that_prefers_two_takes_one_where_no_pool_has_both_and_one_that_requires_them_none():
    pools = {"a": POOLS["a"]}
    assert given_to(made("a", ipFamilyPolicy="PreferDualStack"), pools=pools) == {"a": ["198.51.100.8"]}
    assert given_to(made("a", ipFamilyPolicy="RequireDualStack"), pools=pools) == {"a": ["poolFull"]}


def test_the_second_family_is_added_and_the_first_stays():
    one = made("a", "192.0.2.3", ipFamilyPolicy="PreferDualStack", ipFamilies=["IPv4", "IPv6"])
    assert given_to(one) == {"a": ["192.0.2.3", "2001:db8::"]}


@pytest.mark.parametrize("prefix", ["metallb.io", "metallb.universe.tf"])
def test_the_annotations_of_metallb_are_read(prefix):
    asked = made(
        "a", annotations={f"{prefix}/loadBalancerIPs": "192.0.2.5,2001:db8::5"}, ipFamilyPolicy="PreferDualStack"
    )
    pool = made("b", annotations={f"{prefix}/address-pool": "asked"})
    assert given_to(asked, pool) == {"a": ["192.0.2.5", "2001:db8::5"], "b": ["203.0.113.0"]}


@pytest.mark.parametrize(
    ("annotations", "spec", "refusal"),
    [
        ({"metallb.io/loadBalancerIPs": "192.0.2.5"}, {"loadBalancerIP": "192.0.2.6"}, Refusal.TWO_REQUESTS),
        ({"metallb.io/loadBalancerIPs": "192.0.2"}, {}, Refusal.INVALID_REQUEST),
        ({"metallb.io/loadBalancerIPs": "192.0.2.2,192.0.2.5"}, {}, Refusal.INVALID_REQUEST),
        ({"metallb.io/loadBalancerIPs": "10.0.0.1"}, {}, Refusal.NOT_IN_POOL),
        ({"metallb.io/loadBalancerIPs": "192.0.2.5", "metallb.io/address-pool": "a"}, {}, Refusal.NOT_IN_POOL),
        ({"metallb.io/loadBalancerIPs": "192.0.2.7"}, {}, Refusal.RESERVED),
        ({"metallb.io/loadBalancerIPs": "192.0.2.1"}, {}, Refusal.TAKEN),
        ({"metallb.io/loadBalancerIPs": "2001:db8::1"}, {}, Refusal.FAMILY),
        ({"metallb.io/address-pool": "nowhere"}, {}, Refusal.NO_POOL),
        ({}, {"loadBalancerIP": "10.0.0.1"}, Refusal.NOT_IN_POOL),
    ],
)
def test_what_cannot_be_given_is_refused_with_the_reason(annotations, spec, refusal):
    there = made("there", "192.0.2.1")
    seven = int(ip_address("192.0.2.7"))
    found = given_to(there, made("a", annotations=annotations, **spec), blocked=Intervals([(4, seven, seven)]))
    assert found["a"] == [str(refusal)]


DUAL = {"p": Pool(prefixes=["10.0.0.0/24", "2001:db8::/120"])}


@pytest.mark.parametrize(
    ("spec", "pools", "addresses"),
    [
        ({"ipFamilyPolicy": "SingleStack", "ipFamilies": ["IPv4"]}, DUAL, ["10.0.0.9"]),
        ({"ipFamilyPolicy": "SingleStack", "ipFamilies": ["IPv6"]}, DUAL, ["2001:db8::9"]),
        ({"ipFamilyPolicy": "PreferDualStack"}, DUAL, ["10.0.0.9", "2001:db8::9"]),
        # a pool that lost a family, or the part with one of the addresses
        ({"ipFamilyPolicy": "PreferDualStack"}, {"p": Pool(prefixes=["10.0.0.0/24"])}, ["10.0.0.9"]),
        (
            {"ipFamilyPolicy": "PreferDualStack"},
            {"p": Pool(prefixes=["10.0.0.0/24", "2001:db8:1::/120"])},
            ["10.0.0.9", "2001:db8:1::"],
        ),
        (
            {"ipFamilyPolicy": "PreferDualStack"},
            {"p": Pool(prefixes=["10.0.0.0/29", "2001:db8::/120"])},
            ["10.0.0.0", "2001:db8::9"],
        ),
        ({"ipFamilyPolicy": "RequireDualStack"}, {"p": Pool(prefixes=["10.0.0.0/24"])}, ["10.0.0.9"]),
    ],
)
def test_of_two_addresses_the_one_that_still_fits_stays(spec, pools, addresses):
    one = made("a", "10.0.0.9", "2001:db8::9", **{"ipFamilies": ["IPv4", "IPv6"], **spec})
    assert given_to(one, pools=pools) == {"a": addresses}


def test_a_request_for_another_address_moves_a_service_that_has_one():
    assert given_to(made("a", "198.51.100.8", loadBalancerIP="192.0.2.4")) == {"a": ["192.0.2.4"]}


def test_pools_for_such_services_go_first_then_those_of_the_lowest_priority():
    pools = {
        "a": Pool(prefixes=["10.0.0.0/24"], priority=20),
        "b": Pool(prefixes=["10.0.1.0/24"], priority=10),
        "c": Pool(prefixes=["10.0.2.0/24"]),
        "d": Pool(prefixes=["10.0.3.0/24"], namespaces=["other"]),
        "e": Pool(prefixes=["10.0.4.0/24"], allocation_selectors=[{"match_labels": {"tier": "front"}}]),
    }
    assert given_to(made("a"), made("b", labels={"tier": "front"}), pools=pools) == {
        "a": ["10.0.1.0"],
        "b": ["10.0.4.0"],
    }


def test_a_pool_is_for_the_services_that_one_of_its_selectors_selects():
    asked = [
        {"match_labels": {"tier": "front", "zone": "a"}},
        {"match_expressions": [{"key": "tier", "operator": "NotIn", "values": ["front", "back"]}]},
    ]
    pools = {"p": Pool(prefixes=["10.0.0.0/24"]), "q": Pool(prefixes=["10.0.1.0/24"], allocation_selectors=asked)}
    labels = {
        "a": {"tier": "front", "zone": "a"},
        "b": {"tier": "front"},
        "c": {"tier": "edge"},
        "d": {"tier": "back"},
    }
    found = given_to(*(made(name, labels=own) for name, own in labels.items()), pools=pools)
    assert found == {"a": ["10.0.1.0"], "b": ["10.0.0.0"], "c": ["10.0.1.1"], "d": ["10.0.0.1"]}


FRONT = [{"match_labels": {"tier": "front"}}]
SOME = {
    "p": Pool(prefixes=["10.0.0.0/24"]),
    "q": Pool(prefixes=["10.0.1.0/24"], namespaces=["named"], namespace_selectors=FRONT),
}


def in_namespace(namespace: str, *ips: str, **more) -> Service:
    one = made(namespace, *ips, **more)
    return replace(one, metadata=replace(one.metadata, namespace=namespace))


def test_a_pool_is_for_the_namespaces_that_it_names_and_for_those_that_its_selectors_select():
    labels = {"chosen": {"tier": "front"}, "named": {}, "other": {"tier": "back"}}
    found = given_to(*map(in_namespace, labels), pools=SOME, namespaces=labels)
    assert found == {"chosen": ["10.0.1.0"], "named": ["10.0.1.1"], "other": ["10.0.0.0"]}
    asked = in_namespace("other", loadBalancerIP="10.0.1.7")
    assert given_to(asked, pools=SOME, namespaces=labels) == {"other": ["requestedNotInPool"]}


def test_a_pool_whose_selectors_select_no_namespace_is_for_none():
    pools = {"q": Pool(prefixes=["10.0.1.0/24"], namespace_selectors=FRONT)}
    assert given_to(in_namespace("other"), pools=pools, namespaces={"other": {}}) == {"other": ["noPool"]}


def test_a_service_of_an_unknown_namespace_waits_and_what_it_has_is_given_to_nobody():
    labels = {"other": {}}
    waits, holds = in_namespace("late"), in_namespace("later", "10.0.0.0")
    found = given_to(waits, holds, in_namespace("other"), pools=SOME, namespaces=labels)
    assert found == {"late": ["namespaceUnknown"], "later": ["namespaceUnknown"], "other": ["10.0.0.1"]}
    assert given_to(waits, pools={"p": SOME["p"]}) == {"late": ["10.0.0.0"]}


def test_addresses_that_old_devices_refuse_are_left_out_if_asked_for():
    pools = {"a": Pool(prefixes=["10.0.0.254-10.0.1.1"], avoid_buggy_ips=True)}
    assert given_to(*map(made, "abc"), pools=pools) == {"a": ["10.0.0.254"], "b": ["10.0.1.1"], "c": ["poolFull"]}


def test_a_large_reserved_range_is_stepped_over():
    pool = Pool(prefixes=["2001:db8::/32"], reserved=["2001:db8::/33"])
    blocked = Intervals([(6, int(one.network_address), int(one.broadcast_address)) for one in pool.reserved])
    assert given_to(made("a", ipFamilies=["IPv6"]), pools={"p": pool}, blocked=blocked) == {"a": ["2001:db8:8000::"]}


def test_services_with_one_key_and_other_ports_share_an_address():
    def shared(name, port, **more):
        return made(name, annotations={"metallb.io/allow-shared-ip": "k"}, ports=[{"port": port}], **more)

    local = {"externalTrafficPolicy": "Local", "selector": {"app": "x"}}
    assert given_to(shared("a", 80), shared("b", 443), shared("c", 80)) == {
        "a": ["198.51.100.8"],
        "b": ["198.51.100.8"],
        "c": ["198.51.100.9"],
    }
    assert given_to(shared("a", 80, **local), shared("b", 443, **local))["b"] == ["198.51.100.8"]
    assert given_to(shared("a", 80, **local), shared("b", 443))["b"] == ["198.51.100.9"]


def test_what_the_model_knows_to_be_a_nodes_or_a_routers_is_given_to_nobody(tmp_path):
    """metallb #772, #364: the gateway's address, and a node's."""
    net = inventory(tmp_path, pools="10.0.0.0/29", addresses="10.0.0.3", peering="address: 10.0.0.1")
    network = load(net).network
    pools = network.clusters["k8s"].pools
    blocked = reserved(network, derive(network).routers.values(), pools.values())
    found = given_to(*map(made, "abcdefgh"), pools=pools, blocked=blocked)
    assert not {"10.0.0.1", "10.0.0.3"} & {one for some in found.values() for one in some}
    assert sum(some != ["poolFull"] for some in found.values()) == 6


# properties

_ASKED = st.sampled_from(["192.0.2.1", "192.0.2.3", "198.51.100.9", "203.0.113.2", "10.9.9.9", "2001:db8::2", "x"])
_NOTES = st.fixed_dictionaries(
    {},
    optional={
        "metallb.io/allow-shared-ip": st.sampled_from(["k", "l"]),
        "metallb.io/loadBalancerIPs": _ASKED,
        "metallb.io/address-pool": st.sampled_from(["a", "b", "asked", "none"]),
    },
)


@st.composite
def _services(draw):
    names = draw(st.lists(st.sampled_from("abcdefghijkl"), unique=True, max_size=12))
    found = []
    for name in names:
        policy = draw(st.sampled_from(["SingleStack", "PreferDualStack", "RequireDualStack"]))
        spec = {
            "ipFamilyPolicy": policy,
            "ipFamilies": draw(st.sampled_from([["IPv4"], ["IPv6"], ["IPv4", "IPv6"], []])),
            "externalTrafficPolicy": draw(st.sampled_from(["Cluster", "Local"])),
            "ports": [{"port": draw(st.sampled_from([80, 443]))}],
            "selector": {"app": draw(st.sampled_from("xy"))},
            "lb_class": draw(st.sampled_from([CLASS, CLASS, CLASS, "other"])),
        }
        held = draw(st.lists(_ASKED, max_size=2))
        found.append(made(name, *held, annotations=draw(_NOTES), age=draw(st.integers(1, 3)), **spec))
    return found


_BLOCKED = Intervals(
    [(4, int(ip_address("192.0.2.3")), int(ip_address("192.0.2.4"))), (6, 0x20010DB8 << 96, 0x20010DB8 << 96)]
)


def _as_status(one: Service, outcome: Outcome) -> Service:
    ingress = tuple(Ingress(ip=str(address)) for address in outcome.addresses)
    return replace(one, status=ServiceStatus(load_balancer=LoadBalancer(ingress=ingress)))


@settings(max_examples=300, deadline=None)
@given(_services(), st.randoms(use_true_random=False))
def test_no_address_is_given_twice_or_is_reserved_and_the_order_decides_nothing(services, chance):
    outcomes = allocate(services, POOLS, _BLOCKED)
    by_name = {one.name: one for one in services}
    holders: dict = {}
    for name, outcome in outcomes.items():
        assert (outcome.refusal is None) or outcome.detail or outcome.refusal is Refusal.TWO_REQUESTS
        for address in outcome.addresses:
            assert address not in _BLOCKED
            assert any(
                address in prefix for prefix in POOLS[outcome.pool].prefixes if prefix.version == address.version
            )
            assert all(_may_share(by_name[name], by_name[other]) for other in holders.get(address, ()))
            holders.setdefault(address, []).append(name)
    theirs = {
        ip for one in services if one.name not in outcomes for ip in (i.ip for i in one.status.load_balancer.ingress)
    }
    for address in holders:
        assert str(address) not in theirs or any(_may_share(by_name[holders[address][0]], one) for one in services)
    mixed = list(services)
    chance.shuffle(mixed)
    assert allocate(mixed, POOLS, _BLOCKED) == outcomes


@settings(max_examples=200, deadline=None)
@given(_services(), _services())
def test_nobody_is_moved_by_a_restart_or_by_somebody_new(services, more):
    first = allocate(services, POOLS, _BLOCKED)
    held = [_as_status(one, first[one.name]) if one.name in first else one for one in services]
    again = allocate(held, POOLS, _BLOCKED)
    for name, outcome in first.items():
        assert set(outcome.addresses) <= set(again[name].addresses)
    new = [one for one in more if one.name not in first and one.spec.load_balancer_class == CLASS]
    pending = [_as_status(one, Outcome()) for one in new]
    beside = allocate([*held, *pending], POOLS, _BLOCKED)
    for name, outcome in first.items():
        assert set(outcome.addresses) <= set(beside[name].addresses)
