"""A fake kube-apiserver: TLS, HTTP/1.1, lists, watches, patches, as a real one answered when it was measured.

`python -m tests.kubernetes.server ADDR:PORT FOLDER` runs it for a cluster of the lab; FOLDER/kubeconfig tells how to
reach it.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import ssl
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml

from tests.kubernetes.apply import apply, own_update
from tests.kubernetes.certificates import certificate
from tests.kubernetes.paths import discovery, route
from tests.kubernetes.rules import NOT_READY
from tests.kubernetes.store import (
    RESOURCES,
    STRATEGIC,
    Event,
    Object,
    RefusedError,
    Resource,
    Store,
    expired,
    field_of,
    invalid,
    label_of,
    merge_patch,
    selector,
)
from tests.kubernetes.table import as_table

NAMESPACES = RESOURCES[2]
TOKEN = "a-token-of-the-tests"


@dataclass
class Faults:
    """What goes wrong. Each test sets what it needs."""

    answer: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """Answers for the next requests: HTTP status and headers."""
    only: Callable[[str], bool] = lambda _target: True
    """To which targets `answer` applies."""
    mute: bool = False
    """The headers of the next watches are not sent."""
    silent: bool = False
    """Watches say nothing more, and stay open: a link that is dead in one direction."""
    cut_line: bool = False
    """The next event is sent by half, then the connection ends."""
    garbage: bool = False
    """The next event is followed by a line that is no JSON."""
    watch_ends: bool = False
    """Watches end at once."""
    expire_pages: bool = False
    """The next `continue` is too old."""
    forget_deletes: bool = False
    """Watches do not tell what is deleted."""


CREATED_BY_PUT = {"Service", "Lease", "Event", "Node"}
"""Kinds that an update makes if there is none."""
SHOWN_WHEN_DELETED = {"Service", "Namespace", "Pod"}
"""Kinds whose deletion is answered with the object; with others it is a Status."""
VERSION_NEEDED = {"Lease"}
"""Kinds whose update must say of which version it is."""


class Request:
    """What was asked."""

    def __init__(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        self.method, self.headers, self.body = method, headers, body
        parts = urlsplit(target)
        self.path, self.target = parts.path.rstrip("/"), target
        self.params = dict(parse_qsl(parts.query, keep_blank_values=True))

    def json(self) -> Object:
        return yaml.safe_load(self.body) if "yaml" in self.headers.get("content-type", "") else json.loads(self.body)


class FakeApi:
    """The server."""

    def __init__(self, folder: Path, token: str = TOKEN) -> None:
        self.store = Store()
        self.faults = Faults()
        self.tokens = {token}
        self.requests: list[str] = []
        self.forbidden: Callable[[str, str], bool] = lambda _verb, _path: False
        self.bookmark_seconds = 60.0
        self.folder = folder
        self.port = 0
        self.host = "127.0.0.1"
        for name in ("default", "kube-system"):
            self.store.create(NAMESPACES, "", {"metadata": {"name": name}})
        self._server: asyncio.Server | None = None
        self._pages: dict[str, tuple[int, list[Object]]] = {}
        self._tokens = itertools.count()
        self._open: set[asyncio.StreamWriter] = set()
        certificate(folder)

    # its life

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; on the same port as before, if it listened before."""
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.folder / "server.crt", self.folder / "server.key")
        self.host = host
        self._server = await asyncio.start_server(self._serve, host, self.port or port, ssl=tls, limit=1 << 22)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """End all connections, and listen no more."""
        if self._server is not None:
            loop = asyncio.get_running_loop()
            for listener in self._server.sockets:
                loop.remove_reader(listener.fileno())
            # asyncio forgets what it has accepted and not yet begun to serve when it is closed, and leaves it open
            await asyncio.sleep(0)
            self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await asyncio.sleep(0)

    @property
    def watches(self) -> int:
        return sum("watch=true" in one for one in self.requests)

    def kubeconfig(self, token_file: Path | None = None) -> Path:
        """Write a kubeconfig."""
        path = self.folder / "kubeconfig"
        user = {"tokenFile": str(token_file)} if token_file is not None else {"token": next(iter(self.tokens))}
        cluster = {"server": f"https://{self.host}:{self.port}", "certificate-authority": str(self.folder / "ca.crt")}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "fake",
            "clusters": [{"name": "fake", "cluster": cluster}],
            "users": [{"name": "user", "user": user}],
            "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "user"}}],
        }
        path.write_text(yaml.safe_dump(config))
        return path

    async def tell(self) -> None:
        """Wake the watches after a change of the store."""
        async with self.store.changed:
            self.store.changed.notify_all()

    # HTTP

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, TimeoutError):
                while await self._one(reader, writer):
                    pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        line = await reader.readline()
        if not line.strip():
            return False
        method, target, _ = line.decode().split()
        headers = {}
        while (line := await reader.readline()).strip():
            name, _, value = line.decode().partition(":")
            headers[name.strip().lower()] = value.strip()
        body = await _body(reader, headers)
        request = Request(method, target, headers, body)
        self.requests.append(f"{method} {target}")
        try:
            if self.faults.answer and self.faults.only(target):
                code, more = self.faults.answer.pop(0)
                status = RefusedError(code, HTTPStatus(code).phrase.replace(" ", ""), "as the test wants it").status()
                await self._answer(writer, code, status, more)
                return True
            self._let_in(request)
            if request.params.get("watch") in {"true", "1"}:
                await self._watch(request, writer)
                return False
            code, answer = await self._work(request)
        except RefusedError as bad:
            code, answer = bad.code, bad.status()
        await self._answer(writer, code, answer, {})
        return True

    def _let_in(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self.tokens:
            raise RefusedError(401, "Unauthorized", "Unauthorized")
        if self.forbidden(request.method, request.path):
            raise RefusedError(403, "Forbidden", f'{request.path} is forbidden: User "test" cannot do that')

    async def _answer(self, writer: asyncio.StreamWriter, code: int, answer: Any, more: dict[str, str]) -> None:
        # a server that has too many requests answers before it makes a Status
        plain = code == HTTPStatus.TOO_MANY_REQUESTS
        body = b"Too many requests, please try again later." if plain else json.dumps(answer).encode()
        kind = "text/plain; charset=utf-8" if plain else "application/json"
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), **more}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {code} {HTTPStatus(code).phrase}\r\n{lines}\r\n".encode() + body)
        await writer.drain()

    # the API

    async def _work(self, request: Request) -> tuple[int, Any]:
        if (found := discovery(request.path)) is not None:
            return 200, found
        resource, namespace, name, subresource = route(request.path)
        store, at = self.store, (namespace, name)
        if request.method in {"POST", "PUT"} and subresource != "eviction":
            self._written(request, resource, namespace, name)
        manager = request.params.get("fieldManager") or request.headers.get("user-agent", "unknown").split("/")[0]
        if subresource == "eviction":
            store.delete(resource, at, _grace(request, store.get(resource, at)))
            await self.tell()
            return 201, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
        if request.method == "GET" and name:
            return 200, as_table(request.headers, resource, store.get(resource, at))
        if request.method == "GET":
            return 200, as_table(request.headers, resource, self._list(request, resource, namespace))
        code = 200
        if request.method == "POST":
            new = own_update(resource, None, request.json(), manager, subresource)
            if resource.kind == "Node":
                new.setdefault("spec", {}).setdefault("taints", []).append(NOT_READY)
            code, found = 201, store.create(resource, namespace, new)
        elif request.method == "PUT":
            old = store.objects[resource].get(at)
            if old is None and (subresource or resource.kind not in CREATED_BY_PUT):
                store.get(resource, at)
            if old is None:
                new = own_update(resource, None, request.json(), manager, subresource)
                code, found = 201, store.create(resource, namespace, new)
                await self.tell()
                return code, found
            if resource.kind in VERSION_NEEDED and not request.json()["metadata"].get("resourceVersion"):
                raise invalid(
                    resource, name, ("metadata.resourceVersion", "Invalid", "must be specified for an update")
                )
            new = own_update(resource, old, request.json(), manager, subresource)
            found = store.replace(resource, at, new, subresource)
        elif request.method == "PATCH":
            code, found = self._patch(request, resource, at, subresource, manager)
        elif request.method == "DELETE":
            found = store.delete(resource, at, _grace(request, store.get(resource, at)))
            if resource.kind not in SHOWN_WHEN_DELETED:
                about = {"name": name, "kind": resource.plural, "uid": found["metadata"]["uid"]}
                found = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": about}
        else:
            raise RefusedError(405, "MethodNotAllowed", "the server does not allow this method")
        await self.tell()
        return code, found

    def _written(self, request: Request, resource: Resource, namespace: str, name: str) -> None:
        """Refuse an object that is none, or that stands at another path than its own."""
        try:
            asked = request.json()
        except ValueError as bad:
            raise RefusedError(400, "BadRequest", f"the object provided is unrecognized: {bad}") from bad
        metadata = asked.get("metadata") if isinstance(asked, dict) else None
        if not isinstance(metadata, dict):
            raise RefusedError(400, "BadRequest", "the object provided is unrecognized")
        said = asked.get("apiVersion", resource.api_version), asked.get("kind", resource.kind)
        if said != (resource.api_version, resource.kind):
            message = f'{said[1]} in version "{said[0]}" cannot be handled as a {resource.kind}'
            raise RefusedError(400, "BadRequest", message)
        spec = asked.get("spec")
        if isinstance(spec, dict) and not isinstance(spec.get("ports", []), list):
            raise RefusedError(400, "BadRequest", f"{resource.kind} cannot be handled: json: cannot unmarshal ports")
        if metadata.get("namespace", namespace) != namespace:
            message = "the namespace of the provided object does not match the namespace sent on the request"
            raise RefusedError(400, "BadRequest", message)
        if name and metadata.get("name", name) != name:
            message = f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})"
            raise RefusedError(400, "BadRequest", message)
        if resource.namespaced:
            self.store.get(NAMESPACES, ("", namespace))

    def _patch(
        self, request: Request, resource: Resource, at: tuple[str, str], subresource: str, manager: str
    ) -> tuple[int, Object]:
        store, kind = self.store, request.headers.get("content-type", "")
        if kind.startswith("application/apply-patch"):
            if "fieldManager" not in request.params:
                cause = ("fieldManager", "Required", "Required value: is required for apply patch")
                raise invalid(resource, at[1], cause)
            asked = request.json()
            if (asked.get("apiVersion"), asked.get("kind")) != (resource.api_version, resource.kind):
                raise RefusedError(400, "BadRequest", "invalid object type")
            if "managedFields" in asked.get("metadata", {}):
                raise RefusedError(400, "BadRequest", "metadata.managedFields must be nil")
            old = store.objects[resource].get(at)
            if old is None and resource.kind not in CREATED_BY_PUT:
                store.get(resource, at)
            new = apply(
                resource,
                old,
                request.json(),
                manager=manager,
                subresource=subresource,
                force=request.params.get("force") == "true",
            )
            if old is None:
                return 201, store.create(resource, at[0], new)
            return 200, store.replace(resource, at, new, subresource)
        old = store.get(resource, at)
        keys = STRATEGIC if kind.startswith("application/strategic") else None
        if keys is None and not kind.startswith("application/merge-patch"):
            raise RefusedError(
                415, "UnsupportedMediaType", f"the body of the request was in an unknown format - {kind}"
            )
        patched = merge_patch(old, request.json(), keys)
        new = own_update(resource, old, patched, manager, subresource)
        return 200, store.replace(resource, at, new, subresource)

    def _selects(self, request: Request) -> Callable[[Object], bool]:
        labels = selector(request.params.get("labelSelector", ""), label_of)
        fields = selector(request.params.get("fieldSelector", ""), field_of)
        return lambda one: labels(one) and fields(one)

    def _list(self, request: Request, resource: Resource, namespace: str) -> Object:
        store, params = self.store, request.params
        try:
            asked, limit = int(params.get("resourceVersion") or 0), int(params.get("limit") or 0)
        except ValueError as bad:
            raise RefusedError(400, "BadRequest", str(bad)) from bad
        if asked > store.version:
            message = f"Too large resource version: {asked}, current: {store.version}"
            cause = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
            raise RefusedError(504, "Timeout", message, {"causes": cause, "retryAfterSeconds": 1})
        if token := params.get("continue"):
            if token not in self._pages and not self.faults.expire_pages and not token.endswith("="):
                raise RefusedError(400, "BadRequest", "invalid continue token")
            if self.faults.expire_pages or token not in self._pages or self._pages[token][0] < store.oldest:
                self.faults.expire_pages = False
                raise expired(self._pages.get(token, (0, []))[0], store.oldest)
            version, found = self._pages.pop(token)
        else:
            version, found = store.version, store.list(resource, namespace, self._selects(request))
        limit = limit or len(found)
        metadata: Object = {"resourceVersion": str(version)}
        if len(found) > limit:
            token = base64.b64encode(f"{version}:{next(self._tokens)}".encode()).decode()
            self._pages[token] = (version, found[limit:])
            metadata |= {"continue": token, "remainingItemCount": len(found) - limit}
        items = [
            {name: value for name, value in one.items() if name not in {"kind", "apiVersion"}} for one in found[:limit]
        ]
        kind = f"{resource.kind}List"
        return {"kind": kind, "apiVersion": resource.api_version, "metadata": metadata, "items": items}

    async def _watch(self, request: Request, writer: asyncio.StreamWriter) -> None:
        resource, namespace, _, _ = route(request.path)
        while self.faults.mute and not writer.is_closing():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(float(request.params.get("timeoutSeconds") or 1800)):
                await self._stream(request, resource, namespace, writer)
        if request.params.get("allowWatchBookmarks") == "true" and not self.faults.watch_ends:
            await self._line(writer, "BOOKMARK", self._bookmark(resource))
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    def _bookmark(self, resource: Resource) -> Object:
        empty: Object = {"spec": {}, "status": {"loadBalancer": {}}} if resource.kind == "Service" else {}
        metadata = {"resourceVersion": str(self.store.version), "creationTimestamp": None}
        return {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata, **empty}

    async def _stream(self, request: Request, resource: Resource, namespace: str, writer: Any) -> None:
        store, selects = self.store, self._selects(request)
        version = int(request.params.get("resourceVersion") or 0)
        if version == 0:
            version = store.version
            for one in store.list(resource, namespace, selects):
                await self._line(writer, "ADDED", one)
        told = asyncio.get_running_loop().time()
        while not self.faults.watch_ends:
            try:
                for event in store.since(resource, version):
                    version = event.version
                    if not namespace or event.object["metadata"].get("namespace") == namespace:
                        await self._tell(writer, event, selects)
                version = max(version, store.oldest)
            except RefusedError as bad:
                await self._line(writer, "ERROR", bad.status())
                return
            if asyncio.get_running_loop().time() - told > self.bookmark_seconds:
                told = asyncio.get_running_loop().time()
                await self._line(writer, "BOOKMARK", self._bookmark(resource))
            async with store.changed:
                with contextlib.suppress(TimeoutError):
                    # a change between the look and this wait is seen soon
                    await asyncio.wait_for(store.changed.wait(), 0.02)
            if writer.is_closing():
                raise ConnectionError

    async def _tell(self, writer: asyncio.StreamWriter, event: Event, selects: Callable[[Object], bool]) -> None:
        """Tell a change as the selectors see it: what no longer fits is deleted, what fits now is added."""
        before = event.before is not None and selects(event.before)
        now = event.type != "DELETED" and selects(event.object)
        if before and not now and not self.faults.forget_deletes:
            await self._line(writer, "DELETED", event.object)
        elif now:
            await self._line(writer, "MODIFIED" if before else "ADDED", event.object)

    async def _line(self, writer: asyncio.StreamWriter, kind: str, one: Object) -> None:
        while self.faults.silent:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        line = json.dumps({"type": kind, "object": one}, ensure_ascii=False).encode() + b"\n"
        if self.faults.cut_line:
            self.faults.cut_line = False
            line = line[: len(line) // 2]
            writer.write(b"%x\r\n%s\r\n" % (len(line), line))
            await writer.drain()
            raise ConnectionError
        if self.faults.garbage:
            self.faults.garbage = False
            line += b'{"type": "MODI\n'
        writer.write(b"%x\r\n%s\r\n" % (len(line), line))
        await writer.drain()


def _grace(request: Request, one: Object) -> int:
    """Give the seconds that a pod has to end; 0: it is gone at once."""
    if one["kind"] != "Pod" or not one["spec"].get("nodeName"):
        return 0
    options = request.json() if request.body else {}
    options = options.get("deleteOptions", options) or {}
    asked = request.params.get("gracePeriodSeconds", options.get("gracePeriodSeconds"))
    return int(one["spec"].get("terminationGracePeriodSeconds", 30) if asked is None else asked)


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding") != "chunked":
        return await reader.readexactly(int(headers.get("content-length", 0)))
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


async def _main(address: str, folder: Path) -> None:
    host, _, port = address.rpartition(":")
    api = FakeApi(folder)
    await api.start(host, int(port))
    api.kubeconfig()
    (folder / "ready").touch()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], Path(sys.argv[2])))
