"""`diff` of many routers over SSH, beside threads of paramiko that only fetch what runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from bench.measure import FRRGEN, Cost, measure
from bench.scale import fleet
from tests.lab import Lab

ROUTERS: Final = 100
_THREADS: Final = 10
_PEER: Final = f"""
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
import paramiko
port, key = int(sys.argv[1]), sys.argv[2]
def fetch(_):
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    client.connect("127.0.0.1", port, "root", key_filename=key, look_for_keys=False, allow_agent=False)
    _, out, _ = client.exec_command("vtysh -c 'show running-config'")
    text = out.read()
    client.close()
    return len(text)
with ThreadPoolExecutor({_THREADS}) as pool:
    assert all(pool.map(fetch, range({ROUTERS})))
"""
"""Every login is a login of its own, as the routers of a fleet are routers of their own."""


def fetch_costs(lab: Lab) -> tuple[Cost, Cost]:
    """Return what `diff` of 100 routers costs, and what it costs to fetch their configurations alone.

    One FRR stands for all of them, for it is the client that is measured.
    """
    router = lab.router("fetch")
    folder = lab.folder / "fleet"
    fleet(folder, ROUTERS)
    router.start(_rendered(folder))
    router.vtysh("write memory")
    sshd = lab.sshd(router)
    config = lab.folder / "ssh_config.fetch"
    config.write_text(lab.ssh_config().read_text().replace("Host fetch\n", "Host r*\n"))
    ours = measure([*FRRGEN, "-i", str(folder), "diff", "--ssh-config", str(config)])
    theirs = measure([sys.executable, "-c", _PEER, str(sshd.port), str(lab.key)])
    return ours, theirs


def _rendered(folder: Path) -> str:
    command = [*FRRGEN, "-i", str(folder), "render", "r0"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
