"""The keys by which hosts are known, as OpenSSH reads them (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

_RSA = ("rsa-sha2-512", "rsa-sha2-256")


@dataclass
class Known:
    """The keys of one host: pairs of a type and a key as it is sent."""

    keys: list[tuple[str, bytes]] = field(default_factory=list)
    revoked: set[bytes] = field(default_factory=set)

    def algorithms(self, offered: Iterable[str]) -> list[str]:
        """Order host key algorithms as OpenSSH does: those first that a key is known for."""
        known = {name for kind, _ in self.keys for name in (_RSA if kind == "ssh-rsa" else (kind,))}
        return sorted(offered, key=lambda name: name not in known)


def known(texts: Iterable[str], name: str, port: int = 22) -> Known:
    """Return the keys of a host in known_hosts files. Lines that are no entries are ignored.

    A host on another port than 22 is `[host]:port`, and if there is none of that name, `host`.
    """
    lines = [line for text in texts for line in _lines(text)]
    found = _of(lines, name if port == 22 else f"[{name}]:{port}")
    return found if found.keys or port == 22 else Known(_of(lines, name).keys, found.revoked)


def _of(lines: list[tuple[str, str, str, bytes]], name: str) -> Known:
    found = Known()
    for marker, hosts, kind, key in lines:
        if not _matches(hosts, name.lower()):
            continue
        if marker == "@revoked":
            found.revoked.add(key)
        elif not marker:
            found.keys.append((kind, key))
    return found


def _lines(text: str) -> Iterator[tuple[str, str, str, bytes]]:
    for line in text.splitlines():
        words = line.split()
        marker = words.pop(0) if words and words[0].startswith("@") else ""
        if len(words) < 3 or words[0].startswith("#"):
            continue
        try:
            yield marker, words[0], words[1], base64.b64decode(words[2], validate=True)
        except binascii.Error:
            continue


def _matches(hosts: str, name: str) -> bool:
    """Tell whether patterns match a name (and no pattern with `!` does), or its hash."""
    if hosts.startswith("|1|"):
        try:
            salt, digest = (base64.b64decode(part) for part in hosts.split("|")[2:4])
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(hmac.new(salt, name.encode(), hashlib.sha1).digest(), digest)
    found = False
    for pattern in hosts.lower().split(","):
        if fnmatchcase(name, pattern.removeprefix("!").replace("[", "[[]")):
            if pattern.startswith("!"):
                return False
            found = True
    return found
