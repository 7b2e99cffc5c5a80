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
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml

from tests.kubernetes.apply import apply, own_update
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
    label_of,
    merge_patch,
    selector,
)
from tests.kubernetes.table import as_table

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
        body = json.dumps(answer).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **more}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {code} {HTTPStatus(code).phrase}\r\n{lines}\r\n".encode() + body)
        await writer.drain()

    # the API

    async def _work(self, request: Request) -> tuple[int, Any]:
        if (found := discovery(request.path)) is not None:
            return 200, found
        resource, namespace, name, subresource = route(request.path)
        store, at = self.store, (namespace, name)
        manager = request.params.get("fieldManager") or request.headers.get("user-agent", "unknown").split("/")[0]
        if request.method == "GET" and name:
            return 200, as_table(request.headers, resource, store.get(resource, at))
        if request.method == "GET":
            return 200, as_table(request.headers, resource, self._list(request, resource, namespace))
        code = 200
        if request.method == "POST":
            new = own_update(resource, None, request.json(), manager, subresource)
            code, found = 201, store.create(resource, namespace, new)
        elif request.method == "PUT":
            old = store.objects[resource].get(at)
            if old is None:
                store.get(resource, at)
            new = own_update(resource, old, request.json(), manager, subresource)
            found = store.replace(resource, at, new, subresource)
        elif request.method == "PATCH":
            code, found = self._patch(request, resource, at, subresource, manager)
        elif request.method == "DELETE":
            found = store.delete(resource, at)
        else:
            raise RefusedError(405, "MethodNotAllowed", "the server does not allow this method")
        await self.tell()
        return code, found

    def _patch(
        self, request: Request, resource: Resource, at: tuple[str, str], subresource: str, manager: str
    ) -> tuple[int, Object]:
        store, kind = self.store, request.headers.get("content-type", "")
        if kind.startswith("application/apply-patch"):
            if "fieldManager" not in request.params:
                raise RefusedError(400, "BadRequest", "fieldManager is required for apply patch")
            old = store.objects[resource].get(at)
            if old is None and subresource:
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
        asked = int(params.get("resourceVersion") or 0)
        if asked > store.version:
            message = f"Too large resource version: {asked}, current: {store.version}"
            cause = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
            raise RefusedError(504, "Timeout", message, {"causes": cause, "retryAfterSeconds": 1})
        if token := params.get("continue"):
            if self.faults.expire_pages or token not in self._pages or self._pages[token][0] < store.oldest:
                self.faults.expire_pages = False
                raise expired(self._pages.get(token, (0, []))[0], store.oldest)
            version, found = self._pages.pop(token)
        else:
            version, found = store.version, store.list(resource, namespace, self._selects(request))
        limit = int(params.get("limit") or 0) or len(found)
        metadata: Object = {"resourceVersion": str(version)}
        if len(found) > limit:
            token = base64.b64encode(f"{version}:{next(self._tokens)}".encode()).decode()
            self._pages[token] = (version, found[limit:])
            metadata |= {"continue": token, "remainingItemCount": len(found) - limit}
        items = [{name: value for name, value in one.items() if name not in {"kind", "apiVersion"}} for one in found]
        kind = f"{resource.kind}List"
        return {"kind": kind, "apiVersion": resource.api_version, "metadata": metadata, "items": items[:limit]}

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


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding") != "chunked":
        return await reader.readexactly(int(headers.get("content-length", 0)))
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


def route(path: str) -> tuple[Resource, str, str, str]:
    """Give what a path means: resource, namespace, name, subresource. Raises RefusedError."""
    for resource in RESOURCES:
        if not path.startswith(f"{resource.path}/"):
            continue
        words = path.removeprefix(f"{resource.path}/").split("/")
        namespace = ""
        if words[0] == "namespaces" and len(words) > 2 and resource.namespaced:
            namespace, words = words[1], words[2:]
        if words[0] == resource.plural and len(words) <= 3 and words[2:] in ([], ["status"]):
            return resource, namespace, *[*words[1:], "", ""][:2]  # type: ignore[return-value]
    raise RefusedError(404, "NotFound", "the server could not find the requested resource")


def discovery(path: str) -> Object | None:
    """Answer what kubectl asks about the server itself; None: that is no such question."""
    if path == "/version":
        return {"major": "1", "minor": "36", "gitVersion": "v1.36.2", "platform": "linux/amd64"}
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    groups = sorted({one.group for one in RESOURCES if one.group})
    if path == "/apis":
        versions = {name: {"groupVersion": f"{name}/v1", "version": "v1"} for name in groups}
        found = [{"name": name, "versions": [one], "preferredVersion": one} for name, one in versions.items()]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": found}
    own = [one for one in RESOURCES if one.path == path]
    if not own:
        return None
    verbs = ["create", "delete", "get", "list", "patch", "update", "watch"]
    resources = []
    for one in own:
        about = {"name": one.plural, "singularName": one.kind.lower(), "namespaced": one.namespaced, "kind": one.kind}
        resources.append({**about, "verbs": verbs, **({"shortNames": [one.short]} if one.short else {})})
        if one.status:
            resources.append({**about, "name": f"{one.plural}/status", "verbs": ["get", "patch", "update"]})
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": own[0].api_version,
        "resources": resources,
    }


def certificate(folder: Path) -> None:
    """Write a certificate authority and a certificate for the server."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)

    def made(name: str, key: Any, issuer: str, signed_by: Any, *, is_ca: bool) -> Any:
        builder = x509.CertificateBuilder().serial_number(x509.random_serial_number()).public_key(key.public_key())
        builder = builder.subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        builder = builder.issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
        builder = builder.add_extension(x509.BasicConstraints(is_ca, None), critical=True)
        addresses = [ip_address(one) for one in ("127.0.0.1", "192.168.1.9", "10.0.0.1", "10.0.0.2", "10.0.0.9")]
        names = x509.SubjectAlternativeName([x509.IPAddress(one) for one in addresses])
        builder = builder if is_ca else builder.add_extension(names, critical=False)
        own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signed_by.public_key())
        builder = builder.add_extension(own, critical=False).add_extension(signer, critical=False)
        # Python 3.13 asks for it of an authority (RFC 5280 section 4.2.1.3)
        uses = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
        others = ("key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
        allowed = {"key_cert_sign", "crl_sign"} if is_ca else {"digital_signature"}
        usage = x509.KeyUsage(**{one: one in allowed for one in (*uses, *others)})
        builder = builder.add_extension(usage, critical=True)
        return builder.sign(signed_by, hashes.SHA256())

    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca = made("fake CA", ca_key, "fake CA", ca_key, is_ca=True)
    server = made("kubernetes", key, "fake CA", ca_key, is_ca=False)
    pem = serialization.Encoding.PEM
    (folder / "ca.crt").write_bytes(ca.public_bytes(pem))
    (folder / "server.crt").write_bytes(server.public_bytes(pem))
    private = serialization.PrivateFormat.PKCS8
    (folder / "server.key").write_bytes(key.private_bytes(pem, private, serialization.NoEncryption()))


async def _main(address: str, folder: Path) -> None:
    host, _, port = address.rpartition(":")
    api = FakeApi(folder)
    await api.start(host, int(port))
    api.kubeconfig()
    for name in ("default", "kube-system"):
        api.store.create(RESOURCES[2], "", {"metadata": {"name": name}})
    (folder / "ready").touch()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], Path(sys.argv[2])))
