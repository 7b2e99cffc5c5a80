"""What imported routers share stands once, in defaults and groups, and merged again says what each router had."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frrgen.inventory.adopt import NETWORK, adopt_all, files_of
from frrgen.inventory.files import load
from frrgen.inventory.share import share
from frrgen.inventory.write import write_new
from frrgen.model.router import Router
from tests.examples import examples
from tests.strategies import any_router

LISTS = {"prefix_lists": {"A": ["permit 192.0.2.0/24", "deny any"]}}


def merged(base, top):
    if not isinstance(base, dict) or not isinstance(top, dict):
        return top
    return {**base, **{key: merged(base[key], value) if key in base else value for key, value in top.items()}}


def again(shared, name):
    data = shared.defaults
    for group in shared.files[name].get("groups", ()):
        data = merged(data, shared.groups[group].data)
    return merged(data, {key: value for key, value in shared.files[name].items() if key != "groups"})


values = st.one_of(st.none(), st.booleans(), st.integers(0, 2), st.lists(st.integers(0, 2), max_size=2))
parts = st.dictionaries(
    st.sampled_from(["a", "bgp", "ssh", "description", "host"]),
    st.one_of(values, st.dictionaries(st.sampled_from(["x", "host", "neighbors"]), st.one_of(values, st.just({})))),
)


@given(st.lists(st.one_of(parts, st.fixed_dictionaries({"bgp": st.dictionaries(st.sampled_from("xy"), parts)}))))
def test_what_is_moved_is_there_again_when_the_layers_are_merged(datas):
    routers = {f"r{number}": data for number, data in enumerate(datas)}
    shared = share(routers)
    assert {name: again(shared, name) for name in routers} == routers


def test_what_all_have_is_a_default_and_what_some_have_is_a_group_with_their_common_name():
    routers = {name: {"log": {"syslog": True}} for name in ("leaf1", "leaf2", "leaf-3", "spine1")}
    for name in ("leaf1", "leaf2", "leaf-3"):
        routers[name] |= LISTS
    shared = share(routers)
    assert shared.defaults == {"log": {"syslog": True}}
    assert {name: group.members for name, group in shared.groups.items()} == {"leaf": ("leaf1", "leaf2", "leaf-3")}
    assert shared.groups["leaf"].data == LISTS
    assert shared.files["leaf1"] == {"groups": ["leaf"]}
    assert shared.files["spine1"] == {}


def test_names_addresses_and_neighbors_stay_with_their_router():
    own = {
        "description": "x",
        "hostname": "r",
        "ssh": {"host": "192.0.2.1", "user": "root"},
        "bgp": {"asn": 65001, "router_id": "192.0.2.1", "neighbors": {"192.0.2.2": {"remote_as": 65001}}},
    }
    shared = share({"r1": own, "r2": own})
    assert shared.defaults == {"ssh": {"user": "root"}, "bgp": {"asn": 65001}}
    assert shared.files["r1"] == {
        "description": "x",
        "hostname": "r",
        "ssh": {"host": "192.0.2.1"},
        "bgp": {"router_id": "192.0.2.1", "neighbors": {"192.0.2.2": {"remote_as": 65001}}},
    }


def test_a_group_of_a_line_or_two_is_not_made():
    assert share({"r1": {"a": 1}, "r2": {"a": 1}, "r3": {}}).groups == {}


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=examples(10))
@given(st.lists(any_router(), min_size=1, max_size=2), st.booleans())
def test_the_files_of_routers_say_these_routers(tmp_path_factory, found, twice):
    routers = [one.model_copy(update={"name": f"r{number}"}) for number, one in enumerate(found)]
    routers += [routers[0].model_copy(update={"name": "r9"})] if twice else []
    folder = tmp_path_factory.mktemp("net")
    adopted = adopt_all(routers, folder)
    texts = files_of(adopted, folder)
    write_new({path: text for path, text in texts.items() if "secrets" not in path.parts}, folder)
    there = load(folder).network.routers
    assert [there[one.router.name] for one in adopted] == [one.router for one in adopted]
    if twice and len(routers[0].model_fields_set) > 3:
        assert NETWORK in texts, "routers that are alike share something"


def test_an_inventory_that_is_there_keeps_its_network_yaml(tmp_path):
    adopted = adopt_all([Router(name=name, hostname="r", ip_forwarding=True) for name in ("r1", "r2")], tmp_path)
    assert NETWORK in files_of(adopted, tmp_path)
    assert NETWORK not in files_of(adopted, tmp_path, alone=True)
    for name in ("network.yaml", "network.yml"):
        (tmp_path / name).write_text("{}\n")
        assert NETWORK not in files_of(adopted, tmp_path)
        (tmp_path / name).unlink()
