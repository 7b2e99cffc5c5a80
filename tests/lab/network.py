"""A network of lab routers: links between them, an sshd for each, and keys to log in with."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from tests.lab.frr import SYSTEM, Frr
from tests.lab.router import USER, LabError, Router, die_with_parent, missing, wait_for

R = TypeVar("R", bound=Router)


@dataclass(frozen=True)
class Sshd:
    """How to log in to a router."""

    port: int
    process: subprocess.Popen[bytes]
    address: str = "127.0.0.1"


class Lab:
    """Some routers, taken down together. With `keep` they outlive this process until `stop` is called.

    `frr` is what they run; a router may be given another one.
    """

    def __init__(self, folder: Path | None = None, *, frr: Frr = SYSTEM, keep: bool = False) -> None:
        if lacking := missing():
            raise LabError(f"the lab needs {lacking}")
        self._made = folder is None
        self.folder = Path(tempfile.mkdtemp(prefix="frrgen-lab-")) if folder is None else folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        self.frr = frr
        self.keep = keep
        self.routers: dict[str, Router] = {}
        self.sshds: dict[str, Sshd] = {}
        self._ports: list[socket.socket] = []
        self._interfaces: dict[str, itertools.count[int]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, bad: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def router(self, name: str, *, frr: Frr | None = None, daemons: tuple[str, ...] | None = None) -> Router:
        """Make a router; its daemons are not started yet. Without `daemons` it has all of them."""
        return self.add(Router(name, self.folder / name, keep=self.keep, frr=frr or self.frr, daemons=daemons))

    def add(self, router: R) -> R:
        """Take in a router that was made otherwise."""
        self.routers[router.name] = router
        self._interfaces[router.name] = itertools.count()
        return router

    def link(self, one: Router, other: Router, address: str, other_address: str, *more: tuple[str, str]) -> None:
        """Join two routers by a veth pair, eth0, eth1 … on each; `more` are further pairs of addresses."""
        names = [f"eth{next(self._interfaces[router.name])}" for router in (one, other)]
        command = f"ip link add name {names[0]} netns {one.pid} type veth peer name {names[1]} netns {other.pid}"
        subprocess.run(command.split(), check=True, capture_output=True)
        pairs = [(address, other_address), *more]
        one.address(names[0], *(pair[0] for pair in pairs))
        other.address(names[1], *(pair[1] for pair in pairs))

    def lan(self, *members: tuple[Router, str]) -> None:
        """Join routers by a bridge, each with an address on it."""
        switch = self.router(f"lan{sum(name.startswith('lan') for name in self.routers)}", daemons=())
        switch.run(*["ip", "link", "add", "name", "br0", "type", "bridge"])
        switch.run(*["ip", "link", "set", "br0", "up"])
        for number, (router, address) in enumerate(members):
            name = f"eth{next(self._interfaces[router.name])}"
            command = f"ip link add name {name} netns {router.pid} type veth peer name p{number} netns {switch.pid}"
            subprocess.run(command.split(), check=True, capture_output=True)
            switch.run(*f"ip link set p{number} master br0 up".split())
            router.address(name, address)

    def ssh_config(self) -> Path:
        """Write a configuration for ssh, with a Host for each router that has an sshd."""
        text = "".join(
            f"Host {name}\n  HostName 127.0.0.1\n  Port {sshd.port}\n  User root\n  IdentityFile {self.key}\n"
            f"  IdentitiesOnly yes\n  UserKnownHostsFile {self.known_hosts}\n"
            for name, sshd in self.sshds.items()
        )
        path = self.folder / "ssh_config"
        # two threads may ask at once, and none may read half a file
        beside = path.with_name(f"ssh_config.{threading.get_ident()}")
        beside.write_text(text)
        beside.replace(path)
        return path

    @property
    def key(self) -> Path:
        """The private key that every router lets in, made when first asked for."""
        key = self.folder / "id_ed25519"
        if not key.exists():
            _keygen(key)
        return key

    @property
    def known_hosts(self) -> Path:
        """The host keys of all routers, as OpenSSH writes them."""
        return self.folder / "known_hosts"

    def sshd(self, router: Router, *options: str) -> Sshd:
        """Start an sshd inside the router, on a port of the loopback."""
        host_key = router.folder / "host_key"
        if not host_key.exists():
            _keygen(host_key)
        authorized = router.folder / "authorized_keys"
        shutil.copy(self.key.with_suffix(".pub"), authorized)
        held, port = _reserved()
        self._ports.append(held)
        config = router.folder / "sshd_config"
        config.write_text(
            "\n".join(
                [
                    *options,
                    "ListenAddress 127.0.0.1",
                    f"Port {port}",
                    f"HostKey {host_key}",
                    f"AuthorizedKeysFile {authorized}",
                    "StrictModes no",
                    "PermitRootLogin prohibit-password",
                    "PasswordAuthentication no",
                    "KbdInteractiveAuthentication no",
                    "UsePAM no",
                    "PidFile none",
                    "Subsystem sftp internal-sftp",
                    f"AllowUsers root {USER}",
                    "AllowTcpForwarding yes",
                    "MaxStartups 200",
                    "",
                ]
            )
        )
        program = shutil.which("sshd") or "/usr/sbin/sshd"
        process = subprocess.Popen(
            router.inside(program, "-D", "-e", "-f", str(config), network=False),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(router.folder / "log/sshd.err").open("ab"),
            preexec_fn=None if self.keep else die_with_parent,  # noqa: PLW1509
            start_new_session=self.keep,
        )
        wait_for(f"sshd of {router.name}", lambda: _listens(port) or process.poll() is not None, every=0.02)
        if process.poll() is not None:
            raise LabError(f"sshd of {router.name}: {(router.folder / 'log/sshd.err').read_text()}")
        found = Sshd(port, process)
        self.sshds[router.name] = found
        public = host_key.with_suffix(".pub").read_text().split()
        with self.known_hosts.open("a") as file:
            file.write(f"[127.0.0.1]:{port} {public[0]} {public[1]}\n")
        return found

    def end_logins(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """End the processes of sshd that serve a login, or stop them; the one that listens stays."""
        for listener in _children(self.sshds[name].process.pid):
            for session in _children(listener):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(session, number)

    def stop(self) -> None:
        """Take everything down."""
        for router in self.routers.values():
            router.stop()
        for sshd in self.sshds.values():
            sshd.process.kill()
            sshd.process.wait()
        for held in self._ports:
            held.close()
        if self._made:
            shutil.rmtree(self.folder, ignore_errors=True)


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _keygen(path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "frrgen-lab", "-f", str(path)], check=True)


def _reserved() -> tuple[socket.socket, int]:
    """Reserve a port: give the socket that keeps others away, and the port, on which sshd may listen all the same."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    return held, held.getsockname()[1]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
