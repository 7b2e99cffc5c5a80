"""The copy of a list stays what the API server says, whatever happens on the way; no error takes an object away."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager

import pytest

pytest.importorskip("lightkube", reason="needs lightkube (pip install 'frrgen[kubernetes]')")

from frrgen.errors import InputError
from frrgen.speaker.kubernetes import api as api_module
from frrgen.speaker.kubernetes import reflector as module
from frrgen.speaker.kubernetes.api import Api, ApiError
from frrgen.speaker.kubernetes.objects import Service
from frrgen.speaker.kubernetes.reflector import Kind, Reflector
from tests.examples import part
from tests.kubernetes.server import FakeApi
from tests.kubernetes.store import RESOURCES
from tests.kubernetes.things import service, until
from tests.speaker.talking import run

SERVICES = RESOURCES[0]
PATH = "/api/v1/services"
WITHOUT_USER = """\
current-context: c
clusters: [{name: a, cluster: {server: 'https://h'}}]
contexts: [{name: c, context: {cluster: a}}]
"""
WITHOUT_CA = """\
current-context: c
clusters: [{name: a, cluster: {server: 'https://h', certificate-authority: /none}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: c, context: {cluster: a, user: u}}]
"""


class Following:
    """A reflector, and what it told."""

    def __init__(self, fake, api, **more):
        self.fake, self.api = fake, api
        self.told: list[tuple[str, bool]] = []
        self.held: dict[str, Service] = {}
        self.reflector = Reflector(api, Kind(PATH, Service, **more), self._changed)

    def _changed(self, name, one):
        self.told.append((name[1], one is not None))
        if one is None:
            del self.held[name[1]]
        else:
            self.held[name[1]] = one

    async def put(self, name, *ips, **more):
        store, at = self.fake.store, ("default", name)
        if at not in store.objects[SERVICES]:
            store.create(SERVICES, "default", service(name, **more))
        if ips:
            store.replace(SERVICES, at, {**store.get(SERVICES, at), "status": service(name, *ips)["status"]}, "status")
        await self.fake.tell()

    async def delete(self, name):
        self.fake.store.delete(SERVICES, ("default", name))
        await self.fake.tell()

    async def same(self, seconds=20):
        """Wait until the copy is what the server has."""

        def versions(objects):
            return {one["metadata"]["name"]: one["metadata"]["resourceVersion"] for one in objects.values()}

        await until(
            f"the copy is as the server says ({self.reflector.problem})",
            lambda: (
                {name: one.metadata.resource_version for name, one in self.held.items()}
                == versions(self.fake.store.objects[SERVICES])
            ),
            seconds,
        )


@asynccontextmanager
async def following(folder, names=("a", "b"), **more):
    fake = FakeApi(folder / "api")
    for name in names:
        fake.store.create(SERVICES, "default", service(name))
    await fake.start()
    api = Api(fake.kubeconfig())
    found = Following(fake, api, **more)
    task = asyncio.create_task(found.reflector.run())
    try:
        yield found
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await api.close()
        await fake.stop()


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    """Wait a tenth of the usual time."""
    monkeypatch.setattr(module, "_FIRST_WAIT", 0.02)
    monkeypatch.setattr(module, "_LONGEST_WAIT", 0.2)


def test_what_is_there_is_listed_and_what_changes_is_reported(tmp_path):
    async def scenario():
        async with following(tmp_path) as one:
            await one.reflector.synced.wait()
            assert set(one.held) == {"a", "b"}
            await one.put("c", "10.1.0.1")
            await one.same()
            assert one.held["c"].status.load_balancer.ingress[0].ip == "10.1.0.1"
            await one.delete("a")
            await one.same()
            assert one.reflector.lists == 1

    run(scenario())


def test_a_long_list_is_read_page_by_page_and_from_its_start_if_a_page_is_too_old(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_PAGE", 7)

    async def scenario():
        async with following(tmp_path, [f"s{number}" for number in range(30)]) as one:
            one.fake.faults.expire_pages = True
            await one.same()
            assert len(one.held) == 30
            assert sum("limit=7" in request for request in one.fake.requests) > 5
            assert one.reflector.lists == 1

    run(scenario())


@pytest.mark.parametrize("fault", ["compacted", "restarted", "status"])
def test_a_version_that_is_too_old_is_followed_by_a_list_that_tells_what_went_meanwhile(tmp_path, fault):
    async def scenario():
        async with following(tmp_path) as one:
            await one.reflector.synced.wait()
            await one.fake.stop()
            one.fake.store.delete(SERVICES, ("default", "a"))
            one.fake.store.create(SERVICES, "default", service("c"))
            if fault == "status":
                one.fake.faults.answer = [(410, {})]
            else:
                one.fake.store.compact()
            await one.fake.start()
            await one.same()
            assert ("a", False) in one.told
            assert one.reflector.lists == 2

    run(scenario())


def test_an_object_that_was_deleted_and_created_unseen_is_another_object(tmp_path):
    async def scenario():
        async with following(tmp_path) as one:
            await one.reflector.synced.wait()
            before = one.held["a"].metadata.uid
            await one.fake.stop()
            one.fake.store.delete(SERVICES, ("default", "a"))
            one.fake.store.create(SERVICES, "default", service("a"))
            one.fake.store.compact()
            await one.fake.start()
            await one.same()
            assert one.held["a"].metadata.uid != before

    run(scenario())


@pytest.mark.parametrize("status", part([401, 403, 429, 500, 503, 504]))
def test_no_error_of_the_server_takes_an_object_away(tmp_path, status):
    async def scenario():
        async with following(tmp_path) as one:
            await one.reflector.synced.wait()
            one.fake.faults.answer = [(status, {})] * 12
            await one.fake.stop()
            await one.fake.start()
            await until("it is said", lambda: str(status) in one.reflector.problem)
            assert one.reflector.age > 0
            assert set(one.held) == {"a", "b"}
            await one.put("c")
            await one.same()
            assert one.reflector.problem == ""
            assert not [name for name, there in one.told if not there]

    run(scenario())


def test_a_server_that_is_gone_for_a_while_is_tried_until_it_is_back(tmp_path):
    async def scenario():
        async with following(tmp_path) as one:
            await one.reflector.synced.wait()
            await one.fake.stop()
            await until("it is said", lambda: one.reflector.problem)
            await asyncio.sleep(0.3)
            one.fake.store.create(SERVICES, "default", service("c"))
            await one.fake.start()
            await one.same()
            assert [name for name, there in one.told if not there] == []

    run(scenario())


def test_a_server_that_asks_to_wait_is_not_asked_again_before(tmp_path):
    async def scenario():
        async with following(tmp_path) as one:
            one.fake.faults.answer = [(429, {"Retry-After": "1"})]
            loop = asyncio.get_running_loop()
            began = loop.time()
            await one.reflector.synced.wait()
            assert loop.time() - began > 0.9 or len(one.fake.faults.answer) == 1

    run(scenario())


def test_a_line_that_is_cut_off_loses_nothing(tmp_path):
    async def scenario():
        async with following(tmp_path) as one:
            await one.reflector.synced.wait()
            await until("a watch", lambda: one.fake.watches)
            one.fake.faults.cut_line = True
            await one.put("c", "10.1.0.1")
            await one.same()
            assert one.reflector.lists == 1

    run(scenario())


def test_a_line_that_is_no_json_makes_a_list(tmp_path):
    async def scenario():
        async with following(tmp_path) as one:
            await one.reflector.synced.wait()
            await until("a watch", lambda: one.fake.watches)
            one.fake.faults.garbage = True
            await one.put("c")
            await until("a list", lambda: one.reflector.lists == 2)
            await one.same()

    run(scenario())


def test_characters_that_python_takes_for_the_end_of_a_line_are_none(tmp_path):
    async def scenario():
        async with following(tmp_path) as one:
            await one.reflector.synced.wait()
            await one.put("c", annotations={"note": "one\x85two\u2028three\x0bfour"})
            await one.same()
            assert one.held["c"].metadata.annotations["note"].startswith("one\x85two")
            assert one.reflector.lists == 1

    run(scenario())


def test_missed_deletes_are_found_by_the_next_list(tmp_path, monkeypatch):
    async def scenario():
        async with following(tmp_path) as one:
            await one.reflector.synced.wait()
            one.fake.faults.forget_deletes = True
            await one.delete("a")
            await one.put("c")
            await until("the rest is told", lambda: "c" in one.held)
            assert "a" in one.held
            monkeypatch.setattr(module, "_RELIST", 0)
            await one.fake.stop()
            await one.fake.start()
            await one.same()

    run(scenario())


def test_watches_that_end_at_once_are_not_begun_in_a_hot_loop(tmp_path):
    async def scenario():
        async with following(tmp_path) as one:
            one.fake.faults.watch_ends = True
            await one.reflector.synced.wait()
            loop = asyncio.get_running_loop()
            began = loop.time()
            await until("some watches", lambda: one.fake.watches > 8)
            assert loop.time() - began > 0.1, "they are not begun as fast as they end"
            one.fake.faults.watch_ends = False
            await one.put("c")
            await one.same()

    run(scenario())


def test_a_connection_that_says_nothing_any_more_is_given_up_behind_the_end_of_the_watch(tmp_path, monkeypatch):
    monkeypatch.setattr(module.random, "randint", lambda *_: 1)
    monkeypatch.setattr(api_module, "_GRACE", 0.2)

    async def scenario():
        async with following(tmp_path) as one:
            await one.reflector.synced.wait()
            await until("a watch", lambda: one.fake.watches)
            one.fake.faults.silent = True
            await one.put("c")
            await until("it is given up", lambda: "ReadTimeout" in one.reflector.problem)
            assert set(one.held) == {"a", "b"}
            one.fake.faults.silent = False
            await one.same()

    run(scenario())


def test_a_watch_that_does_not_begin_is_given_up_and_begun_again(tmp_path, monkeypatch):
    monkeypatch.setattr(api_module, "_TIMEOUT", 0.5)

    async def scenario():
        async with following(tmp_path) as one:
            one.fake.faults.mute = True
            await one.reflector.synced.wait()
            await until("it is given up", lambda: "did not begin" in one.reflector.problem)
            one.fake.faults.mute = False
            await one.put("c")
            await one.same()

    run(scenario())


def test_a_server_that_accepts_a_connection_and_says_nothing_is_given_up_and_tried_again(tmp_path, monkeypatch):
    monkeypatch.setattr(api_module, "_CONNECT", 0.3)

    async def scenario():
        async with following(tmp_path) as one:
            await one.reflector.synced.wait()
            await one.fake.stop()
            with socket.create_server(("127.0.0.1", one.fake.port)):
                await until("it is given up", lambda: "ConnectTimeout" in one.reflector.problem)
            await one.fake.start()
            await one.put("c")
            await one.same()

    run(scenario())


def test_what_brings_the_copy_forward_ends_the_row_of_failures(tmp_path):
    """Failures far apart are not one row: each is followed by the first wait, and not by a longer one."""

    async def scenario():
        async with following(tmp_path) as one:
            await one.reflector.synced.wait()
            for number in range(5):
                await until("a watch", lambda: not one.reflector.problem)
                await one.put(f"s{number}")
                await one.same()
                assert one.reflector._backoff.failures == 0
                await one.fake.stop()
                await until("it is noticed", lambda: one.reflector.problem)
                await one.fake.start()

    run(scenario())


def test_the_kernel_looks_whether_the_other_end_is_still_there(tmp_path):
    async def scenario():
        async with following(tmp_path) as one:
            await until("a watch", lambda: one.fake.watches)
            (connection, *_) = one.api._client._transport._pool.connections
            own = connection._connection._network_stream.get_extra_info("socket")
            assert own.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert own.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 10

    run(scenario())


def test_bookmarks_keep_the_version_young(tmp_path):
    async def scenario():
        async with following(tmp_path) as one:
            one.fake.bookmark_seconds = 0.05
            await one.reflector.synced.wait()
            one.fake.store.create(RESOURCES[3], "default", {"metadata": {"name": "other"}})
            await until("a bookmark", lambda: one.reflector._version == str(one.fake.store.version))
            one.fake.store.oldest = one.fake.store.version
            await one.fake.stop()
            await one.fake.start()
            await one.put("c")
            await one.same()
            assert one.reflector.lists == 1

    run(scenario())


def test_a_token_that_was_changed_on_the_disk_is_read_again(tmp_path):
    async def scenario():
        fake = FakeApi(tmp_path / "api", token="first")
        token = tmp_path / "token"
        token.write_text("first\n")
        fake.store.create(SERVICES, "default", service("a"))
        await fake.start()
        api = Api(fake.kubeconfig(token))
        try:
            assert len((await api.ask("GET", PATH))["items"]) == 1
            fake.tokens = {"second"}
            token.write_text("second\n")
            assert len((await api.ask("GET", PATH))["items"]) == 1
            fake.tokens = {"third"}
            with pytest.raises(ApiError) as bad:
                await api.ask("GET", PATH)
            assert bad.value.status == 401
        finally:
            await api.close()
            await fake.stop()

    run(scenario())


def test_an_object_that_cannot_be_read_stays_as_it_was_and_others_go_on(tmp_path):
    async def scenario():
        async with following(tmp_path) as one:
            await one.put("a", "10.1.0.1")
            await one.same()
            odd = {**one.fake.store.get(SERVICES, ("default", "a")), "spec": {"type": 7}}
            one.fake.store._stamp(SERVICES, odd, "MODIFIED", one.fake.store.get(SERVICES, ("default", "a")))
            await one.put("c")
            await until("the other", lambda: "c" in one.held)
            assert one.held["a"].status.load_balancer.ingress[0].ip == "10.1.0.1"
            assert one.reflector.unread.startswith("default/a: spec.type")
            one.fake.store.compact()
            await one.fake.stop()
            await one.fake.start()
            await until("a list", lambda: one.reflector.lists == 2)
            assert "a" in one.held
            await one.delete("a")
            await one.same()
            assert one.reflector.unread == ""

    run(scenario())


def test_selectors_are_asked_of_the_server(tmp_path):
    async def scenario():
        async with following(tmp_path, field_selector="metadata.name=b") as one:
            await one.reflector.synced.wait()
            await one.put("c")
            await one.put("b", "10.1.0.1")
            await until("b changed", lambda: one.held["b"].status.load_balancer.ingress)
            assert set(one.held) == {"b"}

    run(scenario())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "{}",
        "clusters: [{name: a}]\ncontexts: []\n",
        "current-context: x\nclusters: []\ncontexts: []\n",
        WITHOUT_USER,
        WITHOUT_CA,
    ],
)
def test_a_kubeconfig_of_any_form_is_read_or_refused(tmp_path, text):
    (tmp_path / "kubeconfig").write_text(text)
    with pytest.raises(InputError, match="FRR609"):
        Api(tmp_path / "kubeconfig")
