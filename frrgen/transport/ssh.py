"""A login on a router over SSH, by paramiko: `run` runs a command there.

The jump hosts are dialled by us, for paramiko does not act on ProxyJump.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import re
import select
import shlex
import shutil
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

# invoke takes half the time that importing paramiko does; it is for `Match exec`, which we leave to OpenSSH
sys.modules.setdefault("invoke", None)  # type: ignore[arg-type]  # an ImportError, which paramiko expects
import paramiko  # noqa: E402

if sys.modules["invoke"] is None:
    del sys.modules["invoke"]

from frrgen import limits  # noqa: E402
from frrgen.codes import Code  # noqa: E402
from frrgen.errors import DeviceError, Finding, cause  # noqa: E402
from frrgen.model.router import Ssh  # noqa: E402
from frrgen.transport.host_key import AsKnown  # noqa: E402
from frrgen.transport.known_hosts import Known, known  # noqa: E402
from frrgen.transport.target import Target, expanded, from_config, target  # noqa: E402

logging.getLogger("paramiko").addHandler(logging.NullHandler())
# what goes wrong is raised; without a handler Python would print paramiko's own words about it, too

_LOG: Final = logging.getLogger(__name__)
_MAX_HOPS: Final = 8
_READ: Final = 1 << 16
_WEAK: Final = re.compile("cbc|md5|sha1-96|group1-sha1|group14-sha1|exchange-sha1|ssh-dss|ssh-rsa")
"""What OpenSSH's defaults refuse, for where there is no OpenSSH to ask."""
_RSA_SHA2: Final = ("rsa-sha2-512", "rsa-sha2-256")
_LAST_WORD: Final = 5.0
"""Seconds between the end of a command's output and its exit status."""


class Result(NamedTuple):
    """What a command left behind. Bytes that are no UTF-8 come back as they are (surrogateescape)."""

    status: int
    out: str
    err: str


class Shell:
    """A login on a router. Not for several threads at once."""

    def __init__(self, name: str, ssh: Ssh, *, config: Path | None = None) -> None:
        self.name = name
        self.ssh = ssh
        self._config = config
        self._clients: list[paramiko.SSHClient] = []

    def connect(self, *, beside: bool = False) -> None:
        """Log in, over the jump hosts if there are any. `beside`: and stay logged in as before. Raises DeviceError."""
        if not beside:
            self.close()
        kept = len(self._clients)
        try:
            where = target(self.name, self.ssh, self._config)
            _LOG.info("%s: logging in to %s", self.name, where.shown)
            sock = self._through_jumps(where, 0)
            password = self.ssh.password.get_secret_value() if self.ssh.password is not None else None
            self._login(where, sock, password)
        except DeviceError as bad:
            self._close_beyond(kept)
            raise DeviceError(*(self._named(one) for one in bad.findings)) from bad
        except BaseException:
            self._close_beyond(kept)
            raise

    def _named(self, one: Finding) -> Finding:
        """Return the finding with the router's name: the address alone may be a jump host's."""
        return one if one.message.startswith(f"{self.name}: ") else replace(one, message=f"{self.name}: {one.message}")

    def _through_jumps(self, where: Target, depth: int) -> paramiko.Channel | paramiko.ProxyCommand | None:
        if depth > _MAX_HOPS:
            raise DeviceError(Finding(Code.FRR503, f"{self.name}: ProxyJump goes in circles"))
        if where.proxy_command is not None and not where.jumps:
            return self._by_command(expanded(where.proxy_command, where, self.ssh.host or self.name))
        sock: paramiko.Channel | paramiko.ProxyCommand | None = None
        hops = [self._hop(jump) for jump in where.jumps]
        for number, hop in enumerate(hops):
            if sock is None:
                sock = self._through_jumps(hop, depth + 1)
            client = self._login(hop, sock, None)
            following = hops[number + 1] if number + 1 < len(hops) else where
            transport = client.get_transport()
            if transport is None:
                raise DeviceError(Finding(Code.FRR503, f"{hop.shown}: the connection is gone"))
            try:
                sock = transport.open_channel(
                    "direct-tcpip",
                    (following.host, following.port),
                    ("127.0.0.1", 0),
                    timeout=self.ssh.connect_timeout,
                )
            except (paramiko.SSHException, OSError) as bad:
                raise DeviceError(
                    Finding(Code.FRR503, f"{hop.shown} cannot reach {following.shown}: {_reason(bad)}")
                ) from bad
        return sock

    def _by_command(self, command: str) -> paramiko.ProxyCommand:
        words = [word for word in shlex.split(command) if word != "exec"]
        if not words or shutil.which(words[0]) is None:
            raise DeviceError(Finding(Code.FRR503, f"ProxyCommand: there is no program {''.join(words[:1])!r}"))
        # by a shell, as OpenSSH does it
        return paramiko.ProxyCommand("sh -c " + shlex.quote("exec " + command.removeprefix("exec ")))

    def _hop(self, jump: str) -> Target:
        user, _, rest = jump.rpartition("@")
        host, port = rest, None
        if rest.startswith("["):
            host, _, tail = rest[1:].partition("]")
            port = tail.removeprefix(":") or None
        elif rest.count(":") == 1:
            host, _, port = rest.partition(":")
        return from_config(host, user or None, int(port) if port else None, self._config)

    def _login(
        self, where: Target, sock: paramiko.Channel | paramiko.ProxyCommand | None, password: str | None
    ) -> paramiko.SSHClient:
        client = paramiko.SSHClient()
        self._clients.append(client)
        keys = known(_texts(where.known_hosts), where.host_key_alias or where.host, where.key_port)
        client.set_missing_host_key_policy(AsKnown(where, keys))
        limit = self.ssh.connect_timeout
        by_key = "publickey" in where.methods
        files = [str(path) for file in where.identity_files if by_key and (path := Path(file).expanduser()).exists()]
        try:
            client.connect(
                where.host,
                port=where.port,
                username=where.user,
                password=password if where.methods & {"password", "keyboard-interactive"} else None,
                key_filename=files,  # type: ignore[arg-type]  # a list is as good, says paramiko's manual
                timeout=limit,
                banner_timeout=limit,
                auth_timeout=limit,
                channel_timeout=limit,
                allow_agent=by_key and not where.identities_only,
                look_for_keys=False,
                disabled_algorithms={"pubkeys": _refused(where)},
                transport_factory=functools.partial(_transport, where, keys),
                sock=sock or _dial(where, limit),
            )
        except DeviceError:
            raise
        except (paramiko.SSHException, OSError, EOFError) as bad:
            if isinstance(bad, paramiko.AuthenticationException) or _agreed_and_alive(client):
                raise DeviceError(_not_let_in(where, files, bad)) from bad
            raise DeviceError(Finding(Code.FRR503, f"{where.shown} cannot be reached: {_reason(bad)}")) from bad
        return client

    @contextlib.contextmanager
    def open(self, command: str) -> Iterator[paramiko.Channel]:
        """Start a command and give its channel; it is closed when the block ends."""
        if not self._clients:
            self.connect()
        try:
            transport = self._clients[-1].get_transport()
            if transport is None or not transport.is_active():
                raise DeviceError(Finding(Code.FRR505, f"{self.name}: the connection was lost"))
            channel = transport.open_session(timeout=self.ssh.connect_timeout)
            with channel:
                channel.exec_command(self.wrapped(command))
                yield channel
        except (paramiko.SSHException, OSError, EOFError) as bad:
            raise DeviceError(Finding(Code.FRR505, f"{self.name}: the connection was lost: {_reason(bad)}")) from bad

    @contextlib.contextmanager
    def hold(self, command: str, stdin: str = "", *, seconds: float) -> Iterator[None]:
        """Run a command that says `locked`, within `seconds`, and keeps a lock until its input ends; or says `busy`.

        The lock is the router's kernel's: it falls when the connection does.
        """
        with self.open(command) as channel:
            channel.settimeout(self.ssh.connect_timeout + seconds)
            try:
                channel.sendall(stdin.encode())
                said = _answer(channel)
            except TimeoutError as bad:
                raise DeviceError(Finding(Code.FRR507, f"{self.name}: no answer while waiting for the lock")) from bad
            if busy := re.search(r"^busy(.*)$", said, re.MULTILINE):
                by = f" ({busy[1].strip()})" if busy[1].strip() else ""
                raise DeviceError(
                    Finding(Code.FRR512, f"{self.name}: another push is under way{by}", hint="wait until it has ended")
                )
            if not said.endswith("locked"):
                rest = channel.recv_stderr(4096).decode(errors="replace").strip()
                hint = "log in as root, or set ssh.sudo" if "Permission denied" in f"{said} {rest}" else None
                raise DeviceError(
                    Finding(Code.FRR515, f"{self.name}: cannot lock: {said} {rest}"[:500].rstrip(), hint=hint)
                )
            try:
                yield
            finally:
                with contextlib.suppress(OSError, EOFError):
                    channel.shutdown_write()
                    channel.status_event.wait(self.ssh.connect_timeout)

    def wrapped(self, command: str) -> str:
        """Return the command for the router's login shell: run by a POSIX shell, as root if sudo is asked for."""
        script = f"sh -c {shlex.quote(command)}"
        return f"sudo -n -- {script}" if self.ssh.sudo else script

    def run(self, command: str, stdin: str = "", *, seconds: float | None = None) -> Result:
        """Run a POSIX shell command and wait for its end. Raises DeviceError when it takes longer than `seconds`."""
        limit = self.ssh.command_timeout if seconds is None else seconds
        with self.open(command) as channel:
            return self._talk(channel, stdin.encode(errors="surrogateescape"), limit)

    def _talk(self, channel: paramiko.Channel, stdin: bytes, limit: float) -> Result:
        end = time.monotonic() + limit
        threading.Thread(target=_send, args=(channel, stdin), daemon=True).start()
        out, err = bytearray(), bytearray()
        while True:
            ended = channel.eof_received or channel.closed
            while channel.recv_ready():
                out += channel.recv(_READ)
            while channel.recv_stderr_ready():
                err += channel.recv_stderr(_READ)
            if ended:
                break
            if len(out) + len(err) > limits.most_bytes():
                text, hint = limits.too_large("an answer")
                raise DeviceError(Finding(Code.FRR506, f"{self.name}: {text}", hint=hint))
            if time.monotonic() > end:
                raise DeviceError(Finding(Code.FRR507, f"{self.name}: no answer within {limit:g} s"))
            select.select([channel], [], [], min(1.0, max(0.0, end - time.monotonic())))
        channel.status_event.wait(_LAST_WORD)
        if not channel.exit_status_ready() or channel.exit_status < 0:
            raise DeviceError(Finding(Code.FRR505, f"{self.name}: the connection was lost while a command ran"))
        return Result(channel.exit_status, _text(out), _text(err))

    def close(self) -> None:
        """Log out."""
        self._close_beyond(0)

    def _close_beyond(self, kept: int) -> None:
        for client in reversed(self._clients[kept:]):
            client.close()
        del self._clients[kept:]


def _dial(where: Target, seconds: float) -> socket.socket:
    """Connect. Small messages go at once: Nagle's algorithm and late acknowledgements cost 40 ms a step."""
    sock = socket.create_connection((where.host, where.port), timeout=seconds)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _agreed_and_alive(client: paramiko.SSHClient) -> bool:
    """Tell whether the connection stands, so that only the login can have failed.

    Of several ways to read a key file paramiko raises the last failure, not that of the login.
    """
    made = client.get_transport()
    return made is not None and made.is_active() and made.initial_kex_done


def _not_let_in(where: Target, files: Sequence[str], bad: BaseException) -> Finding:
    hint = "load the key into ssh-agent, or name a key with ssh.identity_file"
    if str(bad) == "No authentication methods available":
        return Finding(Code.FRR504, f"{where.shown}: there is no key and no password to log in with", hint=hint)
    agent = "" if where.identities_only else ", agent"
    why = str(bad) if isinstance(bad, paramiko.AuthenticationException) else "Authentication failed."
    return Finding(
        Code.FRR504,
        f"{where.shown} refuses the login ({', '.join(files) or 'no key file'}{agent}): {why}",
        hint=hint,
    )


class _Transport(paramiko.Transport):
    """A connection that signs with keys of accepted algorithms only; paramiko asks that of RSA keys alone."""

    refused: Sequence[str] = ()

    def auth_publickey(self, username: str, key: paramiko.PKey, event: threading.Event | None = None) -> list[str]:
        """Log in with a key. Raises AuthenticationException."""
        if key.get_name() in self.refused:
            raise paramiko.AuthenticationException(f"PubkeyAcceptedAlgorithms has no {key.get_name()}")
        return super().auth_publickey(username, key, event)


def _transport(where: Target, keys: Known, sock: socket.socket, **options: Any) -> paramiko.Transport:
    """Make a transport that agrees on nothing that OpenSSH would refuse, and orders as it does."""
    made = _Transport(sock, **options)
    made.refused = _refused(where)
    offered = made.get_security_options()
    for key, attribute in (("ciphers", "ciphers"), ("macs", "digests"), ("kexalgorithms", "kex")):
        setattr(offered, attribute, _agreed(where, key, getattr(offered, attribute)))
    offered.key_types = keys.algorithms(_agreed(where, "hostkeyalgorithms", offered.key_types))
    return made


def _agreed(where: Target, key: str, ours: Sequence[str]) -> list[str]:
    """Return the algorithms that we have and may use, in the configuration's order. Raises DeviceError if none."""
    if key not in where.algorithms:
        return [name for name in ours if not _WEAK.search(name)]
    found = [name for name in where.algorithms[key] if name in ours]
    if not found:
        allowed = ", ".join(where.algorithms[key])
        raise DeviceError(
            Finding(Code.FRR503, f"{where.shown}: of the {key} in ~/.ssh/config ({allowed}) none is known here")
        )
    return found


def _refused(where: Target) -> list[str]:
    """Return the algorithms of our own keys that the configuration does not accept."""
    allowed = where.algorithms.get("pubkeyacceptedalgorithms")
    every = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", *_RSA_SHA2)
    return [] if allowed is None else [name for name in every if name not in allowed]


def _texts(files: Sequence[str]) -> Iterator[str]:
    """Return what is in the known_hosts files. Raises DeviceError."""
    for file in files:
        path = Path(file).expanduser()
        if not path.exists():
            continue
        try:
            yield path.read_text(errors="replace")
        except OSError as bad:
            raise DeviceError(Finding(Code.FRR501, f"{path} cannot be read: {cause(bad, path)}")) from bad


def _answer(channel: paramiko.Channel) -> str:
    """Read up to a line `locked` or `busy`: a login shell may have its own words first."""
    said = ""
    while not re.search(r"^(locked|busy.*)\r?\n", said, re.MULTILINE) and len(said) < _READ:
        data = channel.recv(4096)
        if not data:
            break
        said += data.decode(errors="replace")
    return said.strip()


def _send(channel: paramiko.Channel, stdin: bytes) -> None:
    with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
        channel.settimeout(None)
        channel.sendall(stdin)
        channel.shutdown_write()


def _text(data: bytearray) -> str:
    return data.decode(errors="surrogateescape")


def _reason(bad: BaseException) -> str:
    """Return in plain words why a connection or a login failed."""
    if isinstance(bad, socket.gaierror):
        again = bad.errno == socket.EAI_AGAIN
        return "its name cannot be looked up: no name server answers" if again else "there is no host of this name"
    return cause(bad) if isinstance(bad, OSError) else str(bad).strip() or type(bad).__name__
