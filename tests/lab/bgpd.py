"""Asks bgpd itself, over its own socket: a vtysh for each of hundreds of questions takes seconds."""

from __future__ import annotations

import json
import socket
from typing import Any

from tests.lab.router import Router


class Bgpd:
    """A connection to the bgpd of a router."""

    def __init__(self, router: Router) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(f"/proc/{router.pid}/root/run/frr/bgpd.vty")

    def ask(self, command: str) -> str:
        """Run one command; what it prints."""
        self.socket.sendall(command.encode() + b"\0")
        found = b""
        while found[-4:-1] != b"\0\0\0":
            more = self.socket.recv(1 << 20)
            if not more:
                raise ConnectionError("bgpd has gone")
            found += more
        return found[:-4].decode()

    def paths(self) -> dict[str, Any]:
        """Give the path of every route, by prefix."""
        found = {}
        for family in ("ipv4", "ipv6"):
            text = self.ask(f"show bgp {family} unicast json")
            for prefix in json.loads(text or "{}").get("routes", {}):
                paths = json.loads(self.ask(f"show bgp {family} unicast {prefix} json") or "{}").get("paths")
                if paths:
                    # it may have gone since the list of all was shown
                    found[prefix] = paths[0]
        return found

    def updates(self, neighbor: str) -> int:
        """Count the UPDATE messages that came from a neighbor."""
        said = json.loads(self.ask(f"show bgp neighbors {neighbor} json") or "{}").get(neighbor, {})
        return int(said.get("messageStats", {}).get("updatesRecv", 0))
