"""Whether a host is the one that known_hosts knows."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

import paramiko
from paramiko.client import MissingHostKeyPolicy

from frrgen.codes import Code
from frrgen.errors import DeviceError, Finding
from frrgen.transport.known_hosts import Known
from frrgen.transport.target import Target


def fingerprint(key: paramiko.PKey) -> str:
    """Return a key's fingerprint as OpenSSH prints it: SHA256:…."""
    return f"{key.get_name()} {_fingerprint(key.asbytes())}"


def _fingerprint(sent: bytes) -> str:
    return "SHA256:" + base64.b64encode(hashlib.sha256(sent).digest()).decode().rstrip("=")


class AsKnown(MissingHostKeyPolicy):
    """Lets a host in that is known by its key; an unknown one is an error that says how to make it known."""

    def __init__(self, where: Target, keys: Known) -> None:
        self.where = where
        self.keys = keys

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        """Raise DeviceError unless the key is known."""
        del client, hostname
        where, sent = self.where, key.asbytes()
        if sent in self.keys.revoked:
            raise DeviceError(Finding(Code.FRR502, f"{where.shown}: THE HOST KEY IS REVOKED: {fingerprint(key)}"))
        if any(known == sent for _, known in self.keys.keys):
            return
        if others := [known for kind, known in self.keys.keys if kind == key.get_name()]:
            raise DeviceError(_changed_key(where, key, others))
        file = where.known_hosts[0] if where.known_hosts else "~/.ssh/known_hosts"
        scan = f"ssh-keyscan -t {key.get_name()} -p {where.port} {where.host} >> {file}"
        raise DeviceError(
            Finding(
                Code.FRR502,
                f"{where.shown}: the host key is not known: {fingerprint(key)}",
                hint=f"compare the fingerprint with the router's own (ssh-keygen -lf), then: {scan}",
            )
        )


def _changed_key(where: Target, key: paramiko.PKey, others: Sequence[bytes]) -> Finding:
    expected = ", ".join(_fingerprint(other) for other in others)
    return Finding(
        Code.FRR502,
        f"{where.shown}: THE HOST KEY HAS CHANGED: it is {fingerprint(key)}, "
        f"and known_hosts says {expected}; a third party may be listening in",
        hint=f"if the router was reinstalled: ssh-keygen -R '{where.known_as}', then log in once with ssh",
    )
