"""What a node announces of a cluster's Services, and why it does not announce the others."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frrgen.speaker.kubernetes.announce import EXCLUDE, Announcements, Reason, Rules
from frrgen.speaker.kubernetes.objects import ClusterNode, EndpointSlice, Service, read_object
from frrgen.speaker.plan import PoolRange
from frrgen.speaker.wire.attributes import GRACEFUL_SHUTDOWN, Attributes
from frrgen.speaker.wire.packed_prefix import Key
from tests.kubernetes.things import endpoint, endpoint_slice, node, service

POOL = Attributes(communities=(64999 << 16 | 1,))
HERE = endpoint("node")
THERE = endpoint("other")


def pool(prefix: str, longest: int | None = None, said: Attributes = POOL) -> PoolRange:
    network = ip_network(prefix)
    first = Key.of(network) & ~0xFF
    end = first + (1 << (network.max_prefixlen - network.prefixlen + 8))
    return PoolRange(first, end, network.prefixlen, longest or network.max_prefixlen, said)


POOLS = (pool("10.1.0.0/16"), pool("10.2.0.0/24", 24), pool("2001:db8::/64"))


def announcements(rules: Rules | None = None) -> Announcements:
    found = Announcements("node", rules or Rules())
    found.have_pools(POOLS)
    return found


def put(found: Announcements, *objects: dict) -> None:
    for one in objects:
        if "addressType" in one:
            read = read_object(EndpointSlice, one)
            found.endpoint_slice(read.name, read)
        elif one["metadata"].get("namespace"):
            taken = read_object(Service, one)
            found.service(taken.name, taken)
        else:
            own = read_object(ClusterNode, one)
            found.cluster_node(own.name, own)


def announced(*objects: dict, rules: Rules | None = None) -> dict[str, Attributes]:
    found = announcements(rules)
    put(found, *objects)
    found.settle()
    return {str(Key.prefix(key)): said for key, said in found.announced().items()}


def why(*objects: dict, rules: Rules | None = None) -> list[Reason | None]:
    found = announcements(rules)
    put(found, *objects)
    assert not found.settle()
    return [one.reason for verdicts in found.verdicts.values() for one in verdicts]


def test_the_addresses_in_the_status_are_announced_with_what_their_pool_says():
    both = announced(
        service("web", "10.1.0.1", "2001:db8::1"),
        endpoint_slice("web", THERE),
        endpoint_slice("web", THERE, family="IPv6"),
    )
    assert both == {"10.1.0.1/32": POOL, "2001:db8::1/128": POOL}


def test_a_pool_with_a_longest_length_announces_the_prefix_around_the_address_once():
    found = announcements()
    put(found, service("a", "10.2.0.7"), service("b", "10.2.0.9"), endpoint_slice("a", HERE), endpoint_slice("b", HERE))
    assert list(map(str, map(Key.prefix, found.settle()))) == ["10.2.0.0/24"]
    found.service(("default", "a"), None)
    assert found.settle() == {Key.parse("10.2.0.0/24"): POOL}
    found.service(("default", "b"), None)
    assert found.settle() == {Key.parse("10.2.0.0/24"): None}


@pytest.mark.parametrize(
    ("objects", "reason"),
    [
        ([service("web")], Reason.NO_IP),
        ([service("web", "10.1.0.x")], Reason.INVALID_IP),
        ([service("web", "fe80::1%eth0")], Reason.NOT_IN_POOL),
        ([service("web", "10.3.0.1"), endpoint_slice("web", HERE)], Reason.NOT_IN_POOL),
        ([service("web", "10.1.0.1", ip_mode="Proxy"), endpoint_slice("web", HERE)], Reason.PROXY),
        ([service("web", "10.1.0.1")], Reason.NO_ENDPOINTS),
        ([service("web", "10.1.0.1"), endpoint_slice("web", HERE, namespace="other")], Reason.NO_ENDPOINTS),
        ([service("web", "10.1.0.1"), endpoint_slice("web", HERE, family="IPv6")], Reason.NO_ENDPOINTS),
        ([service("web", "10.1.0.1"), endpoint_slice("web", endpoint("node", ready=False))], Reason.NO_ENDPOINTS),
        ([service("web", "10.1.0.1", policy="Local"), endpoint_slice("web", THERE)], Reason.NO_LOCAL_ENDPOINTS),
        (
            [service("web", "10.1.0.1", annotations={"frrgen.io/med": "many"}), endpoint_slice("web", HERE)],
            Reason.INVALID_ANNOTATION,
        ),
    ],
)
def test_what_is_not_announced_has_its_reason(objects, reason):
    assert why(*objects) == [reason]


@pytest.mark.parametrize("kind", ["ClusterIP", "NodePort", "ExternalName"])
def test_other_types_of_service_are_nobodys_business(kind):
    assert why(service("web", "10.1.0.1", kind=kind), endpoint_slice("web", HERE)) == []


def test_the_class_chooses_services_and_without_a_choice_all_are_meant():
    some = [service("a", "10.1.0.1"), service("b", "10.1.0.2", lb_class="x/y"), service("c", "10.1.0.3", lb_class="z")]
    some += [endpoint_slice(name, HERE) for name in "abc"]
    assert len(announced(*some)) == 3
    assert list(announced(*some, rules=Rules(classes=frozenset({"x/y"})))) == ["10.1.0.2/32"]
    assert list(announced(*some, rules=Rules(classes=frozenset({""})))) == ["10.1.0.1/32"]


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (node(conditions=[{"type": "NetworkUnavailable", "status": "True"}]), Reason.NETWORK_UNAVAILABLE),
        (node(labels={EXCLUDE: ""}), Reason.EXCLUDED),
        (node(annotations={"frrgen.io/drain": "withdraw"}), Reason.DRAINED),
    ],
)
def test_a_node_that_is_out_announces_nothing_and_again_when_it_is_back(state, reason):
    found = announcements()
    put(found, service("web", "10.1.0.1"), endpoint_slice("web", HERE), state)
    assert not found.settle()
    assert found.verdicts["default", "web"][0].reason is reason
    put(found, node())
    assert len(found.settle()) == 1
    found.cluster_node(("", "node"), None)
    assert not found.settle()


def test_another_nodes_state_decides_nothing_here():
    assert announced(service("web", "10.1.0.1"), endpoint_slice("web", HERE), node("other", labels={EXCLUDE: ""}))


def test_the_exclude_label_can_be_passed_over():
    objects = (service("web", "10.1.0.1"), endpoint_slice("web", HERE), node(labels={EXCLUDE: "true"}))
    assert announced(*objects, rules=Rules(heed_exclude_label=False))


@pytest.mark.parametrize(
    ("state", "rules"),
    [
        (node(annotations={"frrgen.io/drain": "true"}), Rules()),
        (node(unschedulable=True), Rules(drain_on_cordon=True)),
        (node(taints=[{"key": "leaving"}]), Rules(drain_on_taints=frozenset({"leaving"}))),
    ],
)
def test_a_node_that_is_being_emptied_asks_routers_to_prefer_others(state, rules):
    (said,) = announced(service("web", "10.1.0.1"), endpoint_slice("web", HERE), state, rules=rules).values()
    assert (GRACEFUL_SHUTDOWN in said.communities, said.local_preference) == (True, 0)
    assert POOL.communities[0] in said.communities


@pytest.mark.parametrize("state", [node(unschedulable=True), node(taints=[{"key": "leaving"}])])
def test_a_cordon_or_a_taint_means_nothing_unless_asked_for(state):
    assert announced(service("web", "10.1.0.1"), endpoint_slice("web", HERE), state) == {"10.1.0.1/32": POOL}


def test_a_pod_that_ends_keeps_its_route_while_it_serves_and_routers_prefer_a_node_with_a_ready_one():
    web, found = service("web", "10.1.0.1", policy="Local"), announcements()
    ending = endpoint("node", ready=False, serving=True, terminating=True)
    (key,) = (Key.parse("10.1.0.1/32"),)
    put(found, web, endpoint_slice("web", HERE))
    assert found.settle() == {key: POOL}
    # the last one anywhere: nobody else could be preferred
    put(found, endpoint_slice("web", ending))
    assert found.settle() == {key: POOL}
    put(found, endpoint_slice("web", ending, THERE))
    assert GRACEFUL_SHUTDOWN in found.settle()[key].communities
    put(found, endpoint_slice("web", THERE))
    assert found.settle() == {key: None}


def test_a_ready_pod_beside_one_that_ends_is_announced_as_usual():
    ending = endpoint("node", ready=False, serving=True, terminating=True)
    web = service("web", "10.1.0.1", policy="Local")
    assert announced(web, endpoint_slice("web", ending, HERE, THERE)) == {"10.1.0.1/32": POOL}


def test_endpoints_in_several_slices_count_together():
    web = service("web", "10.1.0.1", policy="Local")
    found = announcements()
    put(found, web, endpoint_slice("web", THERE), endpoint_slice("web", HERE, number=2))
    assert len(found.settle()) == 1
    found.endpoint_slice(("default", "web-ipv4-2"), None)
    assert list(found.settle().values()) == [None]


def test_annotations_say_more_than_the_pool():
    said = {"communities": "64512:7, no-export", "med": "5", "local-preference": "50", "large-communities": "1:2:3"}
    web = service("web", "10.1.0.1", annotations={f"frrgen.io/{name}": text for name, text in said.items()})
    (found,) = announced(web, endpoint_slice("web", HERE)).values()
    assert found.communities == (64512 << 16 | 7, 0xFFFFFF01)
    assert (found.med, found.local_preference, found.large_communities) == (5, 50, ((1, 2, 3),))


@pytest.mark.parametrize("text", ["-1", "1.5", "4294967296", "²", "", "9" * 5000])
@pytest.mark.parametrize("name", ["med", "prepend", "communities", "large-communities", "local-preference"])
def test_an_annotation_of_any_text_is_read_or_refused(name, text):
    web = service("web", "10.1.0.1", annotations={f"frrgen.io/{name}": text})
    found = announcements()
    put(found, web, endpoint_slice("web", HERE))
    found.settle()
    (verdict,) = found.verdicts["default", "web"]
    empty = text == "" and "communities" in name
    assert (verdict.reason is None) is empty
    assert empty or f"frrgen.io/{name}" in verdict.detail


def test_two_services_of_one_address_are_announced_while_one_of_them_is():
    found = announcements()
    put(found, service("a", "10.1.0.1"), service("b", "10.1.0.1"), endpoint_slice("a", HERE), endpoint_slice("b", HERE))
    assert len(found.settle()) == 1
    put(found, endpoint_slice("a"))
    assert list(found.settle().values()) == [POOL]
    put(found, endpoint_slice("b"))
    assert list(found.settle().values()) == [None]


def test_other_pools_are_asked_about_everything_again():
    found = announcements()
    put(found, service("web", "10.3.0.1"), service("old", "10.1.0.1"))
    put(found, endpoint_slice("web", HERE), endpoint_slice("old", HERE))
    found.settle()
    found.have_pools((pool("10.3.0.0/16"),))
    assert found.settle() == {Key.parse("10.1.0.1/32"): None, Key.parse("10.3.0.1/32"): POOL}


# whatever happens in whatever order

_NAMES = ("a", "b", "c")
_ENDPOINTS = st.lists(
    st.builds(
        endpoint,
        st.sampled_from(["node", "other"]),
        ready=st.sampled_from([True, False, None]),
        serving=st.booleans(),
    ),
    max_size=3,
)
_IPS = st.lists(
    st.sampled_from(["10.1.0.1", "10.1.0.2", "10.2.0.3", "10.2.0.4", "2001:db8::1", "10.9.0.1"]), max_size=2
)


def _services(name: str) -> st.SearchStrategy:
    annotations = st.sampled_from([{}, {"frrgen.io/med": "5"}, {"frrgen.io/med": "x"}])
    policies = st.sampled_from(["Cluster", "Local"])
    return st.builds(
        lambda ips, policy, said: service(name, *ips, policy=policy, annotations=said), _IPS, policies, annotations
    )


_CHANGES = st.one_of(
    st.sampled_from(_NAMES).flatmap(
        lambda name: st.tuples(st.just("service"), st.just(name), st.none() | _services(name))
    ),
    st.tuples(
        st.just("slice"),
        st.sampled_from(_NAMES),
        st.none() | _ENDPOINTS,
    ),
    st.tuples(
        st.just("node"),
        st.just("node"),
        st.sampled_from([None, node(), node(labels={EXCLUDE: ""}), node(annotations={"frrgen.io/drain": "yes"})]),
    ),
    st.just(("settle", "", None)),
)


def _do(found: Announcements, change: tuple) -> None:
    what, name, one = change
    if what == "service":
        found.service(("default", name), None if one is None else read_object(Service, one))
    elif what == "slice":
        read = None if one is None else read_object(EndpointSlice, endpoint_slice(name, *one))
        found.endpoint_slice(("default", f"{name}-ipv4-1"), read)
    elif what == "node":
        found.cluster_node(("", "node"), None if one is None else read_object(ClusterNode, one))


@settings(max_examples=200, deadline=None)
@given(st.lists(_CHANGES, max_size=25))
def test_step_by_step_it_becomes_what_it_would_be_all_at_once(changes):
    stepwise, held = announcements(), {}
    for change in changes:
        _do(stepwise, change)
        if change[0] == "settle":
            held.update(stepwise.settle())
    held.update(stepwise.settle())
    last = {change[:2]: change for change in changes if change[0] != "settle"}
    at_once = announcements()
    for change in sorted(last.values(), key=lambda one: one[:2], reverse=True):
        _do(at_once, change)
    at_once.settle()
    assert {key: said for key, said in held.items() if said is not None} == at_once.announced() == stepwise.announced()
    assert stepwise.verdicts == at_once.verdicts
