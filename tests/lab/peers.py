"""BGP daemons that are not ours, each as a router that our speaker speaks to: one interface to all of them.

Each comes from the Debian release that its host's FRR comes from.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from tests.lab.debian import unpacked
from tests.lab.frr import Frr as Installed
from tests.lab.router import Router, die_with_parent

ROUTER_ADDRESS, NODE_ADDRESS = "10.0.0.1", "10.0.0.2"


class Daemon:
    """One daemon in a namespace. Routes are prefix -> {next_hop, med, communities, path}."""

    def __init__(self, host: Router, *, asn: int = 65001, node_asn: int = 65002, password: str | None = None) -> None:
        self.host, self.asn, self.node_asn, self.password = host, asn, node_asn, password
        self.folder = host.folder / "peer"
        self.folder.mkdir(exist_ok=True)
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def command(self) -> list[str]:
        """Give the command line, once the configuration is written."""
        raise NotImplementedError

    def routes(self) -> dict[str, dict[str, Any]]:
        """Give what was learned."""
        raise NotImplementedError

    def start(self) -> None:
        """Start it, in the foreground."""
        self.process = subprocess.Popen(
            self.inside(*self.command()),
            stdin=subprocess.DEVNULL,
            stdout=(self.folder / "out").open("ab"),
            stderr=subprocess.STDOUT,
            env={**os.environ, **self.environ()},
            preexec_fn=die_with_parent,  # noqa: PLW1509
            cwd=self.folder,
        )

    packages: ClassVar[dict[str, str]] = {}
    """By Debian release: the package that the daemon is in."""

    @classmethod
    def program(cls, path: str, frr: Installed) -> list[str]:
        """Give the command line of a program of the daemon's package, beside an FRR; its arguments follow.

        UnavailableError if the package cannot be fetched.
        """
        package = cls.packages.get(frr.release)
        return [path] if frr.system or package is None else unpacked(frr.release, package, package).command(path)

    def environ(self) -> dict[str, str]:
        """Give what it wants in its environment."""
        return {}

    def inside(self, *command: str) -> list[str]:
        """Run in the host's network only: the files are ours."""
        return ["nsenter", "-t", str(self.host.pid), "-n", "--", *command]

    def ask(self, *command: str) -> str:
        """Run its client."""
        done = subprocess.run(self.inside(*command), capture_output=True, text=True, check=False, timeout=60)
        return done.stdout + done.stderr

    def signal(self, number: signal.Signals) -> None:
        """Signal it."""
        if self.process is not None:
            self.process.send_signal(number)

    def stop(self) -> None:
        """End it, however it is."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    hold: ClassVar[int] = 3
    """The hold time that the speaker asks for, in seconds."""
    cannot: ClassVar[dict[str, str]] = {}
    """What this daemon cannot do that others can, and why: the tests of it are left out with that reason."""

    def heard(self) -> str:
        """Give what it says of how sessions ended."""
        return (self.folder / "out").read_text()

    def refresh(self) -> None:
        """Have it ask for all routes again."""
        raise NotImplementedError

    def shut_down(self, text: str) -> None:
        """End the session by its administrator, with a text."""
        raise NotImplementedError

    def open_up(self) -> None:
        """Allow the session again."""
        raise NotImplementedError

    def restart(self) -> None:
        """End it and start it again."""
        self.stop()
        self.start()


class Bird(Daemon):
    """BIRD 2 and 3."""

    packages: ClassVar = {"bookworm": "bird2", "trixie": "bird2", "forky": "bird3"}

    def command(self) -> list[str]:
        password = f'password "{self.password}";' if self.password else ""
        (self.folder / "bird.conf").write_text(
            f"router id {ROUTER_ADDRESS};\nprotocol device {{}}\n"
            f"protocol bgp node {{ local {ROUTER_ADDRESS} as {self.asn}; neighbor {NODE_ADDRESS} as {self.node_asn};\n"
            f"  {password} hold time 9; connect retry time 1; connect delay time 1; error wait time 1, 2;\n"
            "  graceful restart on; enable extended messages on;\n"
            "  ipv4 { import all; export none; }; ipv6 { import all; export none; }; }\n"
        )
        files = ["-c", str(self.folder / "bird.conf"), "-s", str(self.folder / "ctl"), "-P", "bird.pid"]
        return [*self.program("/usr/sbin/bird", self.host.frr), "-f", *files]

    def birdc(self, *words: str) -> str:
        return self.ask(*self.program("/usr/sbin/birdc", self.host.frr), "-s", str(self.folder / "ctl"), *words)

    def routes(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        last: dict[str, Any] = {}
        for line in self.birdc("show", "route", "all").splitlines():
            if match := re.match(r"([0-9a-f.:]+/\d+)\s", line):
                last = found[match[1]] = {}
            elif match := re.match(r"\s+(?:BGP\.|bgp_)(\w+): (.*)", line):
                last[match[1]] = match[2]
        return {
            prefix: {
                "next_hop": one.get("next_hop", "").split()[0] if one.get("next_hop") else "",
                "med": int(one.get("med", 0)),
                "communities": [f"{a}:{b}" for a, b in re.findall(r"\((\d+),(\d+)\)", one.get("community", ""))],
                "path": one.get("as_path", one.get("path", "")),
            }
            for prefix, one in found.items()
        }

    def count(self) -> int:
        found = re.search(r"(\d+) of \d+ routes", self.birdc("show", "route", "count"))
        return int(found[1]) if found else 0

    def refresh(self) -> None:
        # BIRD 3 has another name for it
        if "reloading" not in self.birdc("reload", "in", "node"):
            self.birdc("reload", "filters", "in", "node")

    def shut_down(self, text: str) -> None:
        self.birdc("disable", "node", f'"{text}"')

    def open_up(self) -> None:
        self.birdc("enable", "node")

    def heard(self) -> str:
        return self.birdc("show", "protocols", "all", "node") + super().heard()


class PassiveBird(Bird):
    """BIRD, which waits at many addresses for one box."""

    def __init__(self, host: Router, box: str, sessions: Mapping[str, tuple[str, str]]) -> None:
        """Take the box's address, and for each address of BIRD its AS number and the box's."""
        self.box, self.sessions = box, sessions
        super().__init__(host)

    def command(self) -> list[str]:
        command = super().command()
        # BIRD has one session for an address and port at the other end: each has a port, to which it never connects
        sessions = (
            f"protocol bgp {{ local {peer} as {asn}; passive on; ipv4 {{ import all; export none; }};\n"
            f"  neighbor {self.box} port {number} as {other}; error wait time 1, 1; }}\n"
            for number, (peer, (asn, other)) in enumerate(self.sessions.items(), start=1000)
        )
        (self.folder / "bird.conf").write_text("router id 192.168.1.250;\nprotocol device {}\n" + "".join(sessions))
        return command


class Gobgp(Daemon):
    """GoBGP."""

    packages: ClassVar = dict.fromkeys(("bookworm", "trixie", "forky"), "gobgpd")
    # behind a collision GoBGP 4 answers for the first time after 5 s
    hold: ClassVar = 6
    cannot: ClassVar = {"refresh": "GoBGP applies a changed policy to what it keeps, and never asks"}

    def command(self) -> list[str]:
        password = f'auth-password = "{self.password}"' if self.password else ""
        families = "".join(
            f'  [[neighbors.afi-safis]]\n    [neighbors.afi-safis.config]\n      afi-safi-name = "{name}-unicast"\n'
            "    [neighbors.afi-safis.mp-graceful-restart.config]\n      enabled = true\n"
            for name in ("ipv4", "ipv6")
        )
        (self.folder / "gobgpd.toml").write_text(
            f'[global.config]\n  as = {self.asn}\n  router-id = "{ROUTER_ADDRESS}"\n'
            f'[[neighbors]]\n  [neighbors.config]\n    neighbor-address = "{NODE_ADDRESS}"\n'
            f"    peer-as = {self.node_asn}\n    {password}\n  [neighbors.timers.config]\n    hold-time = 9\n"
            f"    connect-retry = 1\n    idle-hold-time-after-reset = 1\n"
            f"  [neighbors.graceful-restart.config]\n    enabled = true\n    restart-time = 60\n{families}"
        )
        return [*self.program("/usr/bin/gobgpd", self.host.frr), "-t", "toml", "-f", str(self.folder / "gobgpd.toml")]

    def gobgp(self, *words: str) -> str:
        return self.ask(*self.program("/usr/bin/gobgp", self.host.frr), *words)

    def routes(self) -> dict[str, dict[str, Any]]:
        found = {}
        for family in ("ipv4", "ipv6"):
            text = self.gobgp("global", "rib", "-a", family, "-j")
            for prefix, paths in (json.loads(text) if text.startswith("{") else {}).items():
                said = {one["type"]: one for one in paths[0]["attrs"]}
                hop = said.get(3, said.get(14, {})).get("nexthop", "")
                found[prefix] = {
                    "next_hop": hop,
                    "med": said.get(4, {}).get("metric", 0),
                    "communities": [f"{one >> 16}:{one & 0xFFFF}" for one in said.get(8, {}).get("communities", [])],
                    "path": " ".join(str(asn) for part in said[2].get("as_paths", []) for asn in part["asns"]),
                }
        return found

    def count(self) -> int:
        found = re.search(r"Destination: (\d+)", self.gobgp("global", "rib", "summary"))
        return int(found[1]) if found else 0

    def shut_down(self, text: str) -> None:
        self.gobgp("neighbor", NODE_ADDRESS, "shutdown", "--reason", text)

    def open_up(self) -> None:
        self.gobgp("neighbor", NODE_ADDRESS, "enable")


class Exabgp(Daemon):
    """ExaBGP: what it receives goes to a program, as JSON."""

    cannot: ClassVar = {
        "graceful restart": "ExaBGP has no table in which it could keep routes: it passes on what it hears",
        "a shutdown with a text": "ExaBGP's teardown takes a code and no text",
    }

    def command(self) -> list[str]:
        password = f'md5-password "{self.password}";' if self.password else ""
        (self.folder / "received").touch()
        orders = self.folder / "orders"
        if not orders.exists():
            os.mkfifo(orders)
        # the program's output is what ExaBGP is to do; the pipe is held open at both ends
        (self.folder / "seen").write_text(f"cat <> {orders} &\nexec cat >> {self.folder}/received\n")
        (self.folder / "exabgp.conf").write_text(
            f"process seen {{ run /bin/sh {self.folder}/seen; encoder json; }}\n"
            f"neighbor {NODE_ADDRESS} {{ router-id {ROUTER_ADDRESS}; local-address {ROUTER_ADDRESS};\n"
            f"  local-as {self.asn}; peer-as {self.node_asn}; hold-time 9; {password}\n"
            "  family { ipv4 unicast; ipv6 unicast; } capability { route-refresh enable; graceful-restart 60; }\n"
            "  api { processes [ seen ]; receive { parsed; update; notification; } } }\n"
        )
        return [str(Path(sys.executable).with_name("exabgp")), "server", str(self.folder / "exabgp.conf")]

    packages: ClassVar[dict[str, str]] = {}
    """By Debian release: the package that the daemon is in."""

    @classmethod
    def program(cls, path: str, frr: Installed) -> list[str]:
        """Give the command line of a program of the daemon's package, beside an FRR; its arguments follow.

        UnavailableError if the package cannot be fetched.
        """
        package = cls.packages.get(frr.release)
        return [path] if frr.system or package is None else unpacked(frr.release, package, package).command(path)

    def environ(self) -> dict[str, str]:
        said = {"daemon_user": "root", "daemon_drop": "false", "api_cli": "false", "api_ack": "false"}
        said["tcp_bind"] = ROUTER_ADDRESS
        return {f"exabgp_{name}": value for name, value in said.items()}

    def refresh(self) -> None:
        with (self.folder / "orders").open("w") as file:
            file.write(f"neighbor {NODE_ADDRESS} announce route-refresh ipv4 unicast\n")

    def heard(self) -> str:
        return (self.folder / "received").read_text() + super().heard()

    def routes(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        # a line that is still being written is none yet
        whole, _, _ = (self.folder / "received").read_text().rpartition("\n")
        for line in whole.splitlines():
            if not line.startswith("{"):
                continue
            if '"down"' in line:
                # ExaBGP does not say that what it heard of an ended session holds no more
                found.clear()
            update = json.loads(line).get("neighbor", {}).get("message", {}).get("update", {})
            said = update.get("attribute", {})
            for hops in update.get("announce", {}).values():
                for hop, prefixes in hops.items():
                    for prefix in prefixes if isinstance(prefixes, list) else ():
                        found[prefix["nlri"]] = {
                            "next_hop": hop,
                            "med": said.get("med", 0),
                            "communities": [f"{a}:{b}" for a, b in said.get("community", [])],
                            "path": " ".join(str(asn) for part in _parts(said.get("as-path", [])) for asn in part),
                        }
            for prefixes in update.get("withdraw", {}).values():
                for prefix in prefixes:
                    found.pop(prefix["nlri"], None)
        return found

    def count(self) -> int:
        return len(self.routes())


def _parts(path: Any) -> list[list[int]]:
    if isinstance(path, dict):
        return [part["value"] for part in path.values()]
    return [path]


class Frr(Daemon):
    """FRR's bgpd, with the policy that frrgen renders."""

    config = ""

    def start(self) -> None:
        self.host.start(self.config)

    def stop(self) -> None:
        self.host.end_daemons()

    def routes(self) -> dict[str, dict[str, Any]]:
        found = {}
        for family in ("ipv4", "ipv6"):
            for prefix in self.host.bgp(family, "unicast").get("routes", {}):
                paths = self.host.bgp(family, "unicast", prefix).get("paths")
                if not paths:
                    continue  # it went between the two questions
                detail = paths[0]
                found[prefix] = {
                    "next_hop": next(one["ip"] for one in detail["nexthops"] if one.get("scope") != "link-local"),
                    "med": detail.get("metric", 0),
                    "communities": detail.get("community", {}).get("list", []),
                    "path": detail["aspath"]["string"],
                }
        return found

    def count(self) -> int:
        peers = self.host.bgp("ipv4", "unicast", "summary").get("peers", {})
        return int(peers.get(NODE_ADDRESS, {}).get("pfxRcd", 0))

    def refresh(self) -> None:
        self.host.vtysh(f"clear bgp {NODE_ADDRESS} soft in")

    def shut_down(self, text: str) -> None:
        self.host.vtysh("conf t", "router bgp 65001", f"neighbor {NODE_ADDRESS} shutdown message {text}")

    def open_up(self) -> None:
        self.host.vtysh("conf t", "router bgp 65001", f"no neighbor {NODE_ADDRESS} shutdown")

    def heard(self) -> str:
        return self.host.vtysh(f"show bgp neighbors {NODE_ADDRESS}", f"show bgp neighbors {NODE_ADDRESS} json")

    def signal(self, number: signal.Signals) -> None:
        self.host.run("sh", "-c", f"kill -{number.value} $(cat /run/frr/bgpd.pid)")
