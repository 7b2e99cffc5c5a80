"""Where and how to log in to a router: what the inventory says, else what `~/.ssh/config` says.

OpenSSH itself is asked (`ssh -G`): Include, Match, tokens and ProxyJump then mean what they mean to `ssh`.
"""

from __future__ import annotations

import getpass
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from frrgen.codes import Code
from frrgen.errors import DeviceError, Finding
from frrgen.model.router import Ssh

_AGREED: Final = ("ciphers", "macs", "kexalgorithms", "hostkeyalgorithms", "pubkeyacceptedalgorithms")


@dataclass
class Target:
    """Where and how to log in."""

    host: str
    port: int = 22
    user: str = ""
    identity_files: list[str] = field(default_factory=list)
    identities_only: bool = False
    known_hosts: list[str] = field(default_factory=list)
    host_key_alias: str | None = None
    jumps: list[str] = field(default_factory=list)
    proxy_command: str | None = None
    algorithms: dict[str, list[str]] = field(default_factory=dict)
    """What may be agreed on, as `ssh -G` says it: `ciphers`, `macs` …; without OpenSSH what its defaults refuse not."""
    methods: frozenset[str] = frozenset({"publickey", "password", "keyboard-interactive"})

    @property
    def known_as(self) -> str:
        """The name under which known_hosts keeps the host's key."""
        name = self.host_key_alias or self.host
        return name if self.port == 22 or self.host_key_alias else f"[{name}]:{self.port}"

    @property
    def key_port(self) -> int:
        """The port under which known_hosts keeps the host's key: an alias has none."""
        return 22 if self.host_key_alias else self.port

    @property
    def shown(self) -> str:
        """The target for people."""
        return f"{self.user}@{self.host}" + ("" if self.port == 22 else f" port {self.port}")


def target(name: str, ssh: Ssh, config: Path | None = None) -> Target:
    """Return how to log in to a router: by the inventory, else by `~/.ssh/config` (or `config`).

    Raises DeviceError when there is a configuration but no OpenSSH client to read it.
    """
    found = from_config(ssh.host or name, ssh.user, ssh.port, config)
    if ssh.identity_file is not None:
        found.identity_files.insert(0, ssh.identity_file)
    return found


def from_config(host: str, user: str | None, port: int | None, config: Path | None) -> Target:
    """Return how to log in to a host by `~/.ssh/config` (or `config`). Raises DeviceError."""
    program = shutil.which("ssh")
    if program is None:
        if config is not None or Path("~/.ssh/config").expanduser().exists():
            raise DeviceError(
                Finding(
                    Code.FRR501,
                    "~/.ssh/config cannot be read without OpenSSH's client",
                    hint="install it: apt install openssh-client",
                )
            )
        keys = [str(path) for path in Path("~/.ssh").expanduser().glob("id_*") if path.suffix != ".pub"]
        return Target(host, port or 22, user or getpass.getuser(), keys, known_hosts=["~/.ssh/known_hosts"])
    args = [program, "-G"]
    args += ["-F", str(config)] if config is not None else []
    args += ["-l", user] if user is not None else []
    args += ["-p", str(port)] if port is not None else []
    try:
        done = subprocess.run([*args, "--", host], capture_output=True, text=True, timeout=30, check=True)
    except subprocess.CalledProcessError as bad:
        raise DeviceError(Finding(Code.FRR501, f"ssh cannot read its configuration: {bad.stderr.strip()}")) from bad
    except subprocess.TimeoutExpired as bad:
        raise DeviceError(Finding(Code.FRR501, "ssh -G does not answer: look at ~/.ssh/config")) from bad
    said: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        key, _, value = line.partition(" ")
        said.setdefault(key, []).append(value)

    def one(key: str) -> str | None:
        value = said.get(key, ["none"])[0]
        return None if value == "none" else value

    return Target(
        host=one("hostname") or host,
        port=int(one("port") or 22),
        user=one("user") or getpass.getuser(),
        identity_files=[] if said.get("identityfile") == ["none"] else said.get("identityfile", []),
        identities_only=one("identitiesonly") == "yes",
        known_hosts=[
            file for key in ("userknownhostsfile", "globalknownhostsfile") for file in (one(key) or "").split()
        ],
        host_key_alias=one("hostkeyalias"),
        jumps=(one("proxyjump") or "").split(",") if one("proxyjump") else [],
        proxy_command=one("proxycommand"),
        algorithms={key: said[key][0].split(",") for key in _AGREED if key in said},
        methods=_methods(said),
    )


_OFF: Final = (["no"], ["false"])
"""`ssh -G` shows `PubkeyAuthentication no` as false since OpenSSH 8.9."""


def _methods(said: dict[str, list[str]]) -> frozenset[str]:
    """Return the ways to log in that the configuration allows."""
    preferred = said.get("preferredauthentications")
    every = Target("").methods if preferred is None else frozenset(preferred[0].split(","))
    keys = (("publickey", "pubkey"), ("password", "password"), ("keyboard-interactive", "kbdinteractive"))
    return every - {method for method, key in keys if said.get(f"{key}authentication") in _OFF}


def expanded(command: str, where: Target, name: str) -> str:
    """Put what ProxyCommand's tokens stand for (ssh_config(5), TOKENS). Raises DeviceError for those that we lack."""
    known = {"%": "%", "h": where.host, "n": name, "p": str(where.port), "r": where.user, "u": getpass.getuser()}

    def value(token: re.Match[str]) -> str:
        if token[1] not in known:
            raise DeviceError(
                Finding(Code.FRR501, f"ProxyCommand: %{token[1]} is not known here", hint="%h %n %p %r %u")
            )
        return known[token[1]]

    return re.sub(r"%(.)", value, command)
