"""A cluster's node in a namespace of its own, on which the speaker runs as a user would run it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from frrgen.errors import DeviceError
from frrgen.speaker.process.admin import ask_status
from tests.lab.router import Router, die_with_parent, wait_for

FRRGEN = [sys.executable, "-c", "import sys; from frrgen.cli import main; sys.exit(main())"]
ROOT = Path(__file__).resolve().parents[2]
CLUSTER = """\
asn: {asn}
nodes:
  node: {{addresses: [{addresses}]{node}}}
pools:
  services: {{prefixes: [{pools}], communities: [64999:1]}}
routers:
  edge: {{{peering}}}
timers: {{keepalive: 1, hold: {hold}}}
timers_connect: 1
{more}
"""
ROUTER = """\
bgp:
  asn: 65001
  router_id: 10.0.0.1
"""


def inventory(
    folder: Path,
    *,
    asn: int = 65002,
    addresses: str = "10.0.0.2",
    pools: str = "10.1.0.0/16, 10.2.0.0/16",
    peering: str = "address: 10.0.0.1",
    more: str = "",
    node: str = "",
    router: str = ROUTER,
    frr_version: str = "8.4.4",
    hold: int = 3,
) -> Path:
    """Write the network of one router, edge, and one node."""
    (folder / "routers").mkdir(parents=True, exist_ok=True)
    (folder / "clusters").mkdir(exist_ok=True)
    (folder / "network.yaml").write_text("")
    (folder / "routers/edge.yaml").write_text(f"frr_version: {frr_version}\n{router}")
    text = CLUSTER.format(asn=asn, addresses=addresses, pools=pools, peering=peering, more=more, node=node, hold=hold)
    (folder / "clusters/k8s.yaml").write_text(text)
    return folder


def rendered(net: Path, router: str = "edge") -> str:
    """Give the configuration of the router."""
    done = subprocess.run(
        [*FRRGEN, "-i", str(net), "render", router], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return done.stdout


class Speaking:
    """A running speaker."""

    def __init__(
        self, host: Router, net: Path, *options: str, environ: dict[str, str] | None = None, source: str | None = None
    ) -> None:
        self.host, self.net = host, net
        self.source = host.folder / "source.yaml"
        self.admin = host.folder / "admin.sock"
        if not self.source.exists():
            self.announce()
        self.log = host.folder / "log/speaker.log"
        source = source or f"static:{self.source}"
        command = ["-i", str(net), "speaker", "run", "--source", source, "--admin", str(self.admin)]
        self.process = subprocess.Popen(
            ["nsenter", "-t", str(host.pid), "-n", "--", *FRRGEN, *command, *options],
            env={**os.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self.log.open("ab"),
            preexec_fn=die_with_parent,  # noqa: PLW1509
            cwd=ROOT,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def announce(self, *prefixes: str, more: str = "") -> None:
        """Replace the source, at once."""
        lines = "".join(f"  - {{prefix: {prefix}{more}}}\n" for prefix in prefixes)
        new = self.source.with_suffix(".new")
        new.write_text(f"announcements:\n{lines}" if prefixes else "announcements: []\n")
        new.rename(self.source)

    def status(self) -> dict[str, Any]:
        """Ask it, as `speaker status` does; {} if it does not answer."""
        try:
            return ask_status(self.admin)
        except DeviceError:
            return {}

    def up(self, seconds: float = 20) -> dict[str, Any]:
        """Wait until every session is established, and give the status."""

        def all_up() -> dict[str, Any] | None:
            status = self.status()
            sessions = status.get("sessions", [])
            return status if sessions and all(one["state"] == "Established" for one in sessions) else None

        return wait_for(f"sessions ({self.log.read_text()[-800:]})", all_up, seconds)  # type: ignore[return-value]

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)
