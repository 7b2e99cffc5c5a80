"""The connection to a cluster's API server: authentication, TLS, lists and watches as lines of JSON."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from socket import IPPROTO_TCP, SO_KEEPALIVE, SOL_SOCKET, TCP_KEEPCNT, TCP_KEEPIDLE, TCP_KEEPINTVL
from typing import Any, Final

import httpx2
from lightkube.config.client_adapter import user_auth, verify_cluster
from lightkube.config.kubeconfig import KubeConfig
from lightkube.core.exceptions import ConfigError
from pydantic_core import from_json
from yaml import YAMLError

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, cause

_TIMEOUT: Final = 30.0
"""Seconds that an answer takes at the most, and the beginning of a watch."""
_CONNECT: Final = 5.0
"""Seconds that a connection takes at the most, TLS included: a server may accept it and then say nothing."""
_GRACE: Final = 10.0
"""Seconds after the end of a watch in which the server must have ended it."""
_LONGEST_LINE: Final = 16 << 20
"""Octets of one event. The API server refuses objects over 3 MiB (etcd's 1.5 MiB, in JSON)."""
_KEEPALIVE: Final = (
    (SOL_SOCKET, SO_KEEPALIVE, 1),
    (IPPROTO_TCP, TCP_KEEPIDLE, 10),
    (IPPROTO_TCP, TCP_KEEPINTVL, 5),
    (IPPROTO_TCP, TCP_KEEPCNT, 3),
)
"""The kernel ends a connection whose other end is gone silently: after 25 s, and not at the end of the watch."""


OF_THE_OBJECT: Final = frozenset({400, 404, 409, 413, 422})
"""What the server answers to one write. With other errors the next write would not fare better."""


class ApiError(Exception):
    """The API server did not do what it was asked. `status` is HTTP's, 0 without an answer."""

    def __init__(
        self, text: str, status: int = 0, retry_after: float | None = None, causes: frozenset[str] = frozenset()
    ) -> None:
        super().__init__(text)
        self.status = status
        self.retry_after = retry_after
        """Seconds that the server wants us to wait."""
        self.causes = causes
        """The reasons of the causes in the server's Status, such as `FieldManagerConflict`."""


class GoneError(ApiError):
    """410: the version is too old to follow; all must be listed again."""


class BrokenLineError(ApiError):
    """The stream is no longer JSON in lines."""


class Api:
    """An API server. One connection for each watch, and those that lists need."""

    def __init__(self, kubeconfig: Path | None = None) -> None:
        """Find the server: the file, else the pod's service account, `$KUBECONFIG`, `~/.kube/config`.

        Raises InputError if there is none, or if it cannot be read.
        """
        try:
            config = (KubeConfig.from_file(kubeconfig) if kubeconfig is not None else KubeConfig.from_env()).get()
            if config is None or config.user is None:
                raise InputError(Finding(Code.FRR609, "the kubeconfig has no context with a user"))
            tls = verify_cluster(config.cluster, config.user, config.abs_file)
            auth = user_auth(config.user)
        except (ConfigError, OSError, ValueError, KeyError, TypeError, AttributeError, ssl.SSLError, YAMLError) as bad:
            reason = _reason(bad) if kubeconfig is None else f"{kubeconfig}: {_reason(bad)}"
            text = f"the API server of the cluster cannot be found: {reason}"
            raise InputError(Finding(Code.FRR609, text, hint="--kubeconfig FILE, or run it in a pod")) from bad
        self.server = str(config.cluster.server)
        self.namespace = config.namespace
        """The namespace of the pod, or of the kubeconfig's context."""
        self.answered = time.monotonic()
        """When the server last answered a request, or sent something on a watch, by the monotonic clock."""
        self._client = httpx2.AsyncClient(
            base_url=self.server,
            auth=auth,
            transport=httpx2.AsyncHTTPTransport(verify=tls, socket_options=_KEEPALIVE),
            timeout=httpx2.Timeout(_TIMEOUT, connect=_CONNECT),
            headers={"User-Agent": "frrgen-speaker"},
        )

    async def close(self) -> None:
        """End all connections."""
        await self._client.aclose()

    async def ask(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        content_type: str = "application/json",
    ) -> dict[str, Any]:
        """Send one request. Return the answer's JSON. Raises ApiError, GoneError for 410."""
        headers = {} if body is None else {"Content-Type": content_type}
        try:
            answer = await self._client.request(method, path, params=params, content=body, headers=headers)
        except (httpx2.HTTPError, httpx2.StreamError, ConfigError, OSError) as bad:
            raise ApiError(_text(bad)) from bad
        if not answer.is_success:
            raise _refused(answer)
        try:
            found = from_json(answer.content)
        except ValueError as bad:
            raise ApiError(f"the answer to {method} {path} is no JSON: {bad}") from bad
        if not isinstance(found, dict):
            raise ApiError(f"the answer to {method} {path} is no object")
        self.answered = time.monotonic()
        return found

    @contextlib.asynccontextmanager
    async def watch(
        self, path: str, params: Mapping[str, str], seconds: int
    ) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """Follow a list for some seconds. Entered once the server has agreed; the events end when the server ends them.

        Raises ApiError, GoneError for 410, BrokenLineError. A line that the end of the stream cuts off is left out.
        """
        asked = {**params, "watch": "true", "timeoutSeconds": str(seconds), "allowWatchBookmarks": "true"}
        timeout = httpx2.Timeout(_TIMEOUT, connect=_CONNECT, read=seconds + _GRACE)
        try:
            async with (
                asyncio.timeout(_TIMEOUT) as beginning,
                self._client.stream("GET", path, params=asked, timeout=timeout) as answer,
            ):
                if not answer.is_success:
                    await answer.aread()
                    raise _refused(answer)
                self.answered = time.monotonic()
                beginning.reschedule(None)
                async with contextlib.aclosing(answer.aiter_bytes()) as octets:
                    yield self._events(octets)
        except TimeoutError as bad:
            raise ApiError(f"the watch did not begin within {_TIMEOUT:g} s") from bad
        except (httpx2.HTTPError, httpx2.StreamError, ConfigError, OSError) as bad:
            raise ApiError(_text(bad)) from bad

    async def _events(self, octets: AsyncIterator[bytes]) -> AsyncIterator[dict[str, Any]]:
        async for line in _lines(octets):
            self.answered = time.monotonic()
            yield _event(line)


async def _lines(octets: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Split at newlines only. JSON may hold other characters that Python takes for the end of a line (U+0085)."""
    rest = bytearray()
    async for some in octets:
        rest += some
        if b"\n" in some:
            *whole, last = rest.split(b"\n")
            rest = last
            for line in whole:
                if line.strip():
                    yield bytes(line)
        elif len(rest) > _LONGEST_LINE:
            raise BrokenLineError(f"a line of the watch is longer than {_LONGEST_LINE} octets")


def _event(line: bytes) -> dict[str, Any]:
    try:
        event = from_json(line)
    except ValueError as bad:
        raise BrokenLineError(f"a line of the watch is no JSON: {bad}") from bad
    if not isinstance(event, dict) or not isinstance(event.get("object"), dict):
        raise BrokenLineError("a line of the watch is no event")
    if event.get("type") == "ERROR":
        status = event["object"]
        code = _number(status.get("code"))
        raise (GoneError if code == 410 else ApiError)(str(status.get("message") or "the watch failed"), code)
    return event


def _refused(answer: httpx2.Response) -> ApiError:
    status: Any = None
    with contextlib.suppress(ValueError):
        status = from_json(answer.content)
    status = status if isinstance(status, dict) else {}
    text = f"{answer.status_code} {answer.reason_phrase}"
    text += f": {status['message']}" if status.get("message") else ""
    details = status.get("details")
    causes = details.get("causes") if isinstance(details, dict) else None
    found = frozenset(str(one.get("reason")) for one in causes or () if isinstance(one, dict))
    retry = answer.headers.get("Retry-After", "")
    asked = float(retry) if retry.isascii() and retry.isdigit() else None
    return (GoneError if answer.status_code == 410 else ApiError)(text, answer.status_code, asked, found)


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _text(bad: Exception) -> str:
    return f"{type(bad).__name__}: {bad}" if str(bad) else type(bad).__name__


def _reason(bad: Exception) -> str:
    """Return why a kubeconfig names no server. A file of another kind fails where the client looks into it."""
    if isinstance(bad, OSError):
        return cause(bad)
    if isinstance(bad, (KeyError, TypeError, AttributeError, UnicodeDecodeError, YAMLError)):
        return "the file is no kubeconfig"
    return str(bad) or type(bad).__name__
