"""`make demo`: the main job on real routers.

    upstream (AS 64496) --- edge1 --- LAN 192.168.1.0/24 --- home, and the cluster's node microk8s-1

edge1 is a router with FRR and sshd; frrgen reaches it as it would any other. The inventory is the example's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.lab import Lab, Router, wait_for

ROOT = Path(__file__).resolve().parents[2]
UPSTREAM = """
ip route 0.0.0.0/0 blackhole
ip route 192.0.3.0/24 blackhole
router bgp 64496
 bgp router-id 203.0.113.1
 no bgp ebgp-requires-policy
 neighbor 203.0.113.2 remote-as 64512
 neighbor 203.0.113.2 timers connect 1
 address-family ipv4 unicast
  network 192.0.3.0/24
  network 0.0.0.0/0
 exit-address-family
"""
HOME = """
router bgp 64512
 bgp router-id 192.168.1.1
 neighbor 192.168.1.2 remote-as internal
 neighbor 192.168.1.2 timers connect 1
"""
NODE = """
ip route 192.168.10.1/32 blackhole
ip route 192.168.99.0/24 blackhole
router bgp 64512
 bgp router-id 192.168.1.10
 neighbor 192.168.1.2 remote-as internal
 neighbor 192.168.1.2 timers connect 1
 address-family ipv4 unicast
  network 192.168.10.1/32
  network 192.168.99.0/24
 exit-address-family
"""
EDGE = "hostname edge1\n"


def build(lab: Lab) -> Router:
    """Start the four routers; edge1 has addresses and no BGP yet."""
    upstream, edge, home, node = (lab.router(name) for name in ("upstream", "edge1", "home", "microk8s-1"))
    lab.link(upstream, edge, "203.0.113.1/30", "203.0.113.2/30")
    lab.lan((edge, "192.168.1.2/24"), (home, "192.168.1.1/24"), (node, "192.168.1.10/24"))
    for router, config in ((upstream, UPSTREAM), (edge, EDGE), (home, HOME), (node, NODE)):
        router.start(config)
    lab.sshd(edge)
    return edge


def show(*command: str, expect: int = 0) -> None:
    """Run a command as a user would, and show it; SystemExit if it does not end as expected."""
    print(f"\n\033[1m$ {' '.join(command)}\033[0m" if sys.stdout.isatty() else f"\n$ {' '.join(command)}", flush=True)
    done = subprocess.run(command, check=False, cwd=ROOT)
    print(f"(exit {done.returncode})", flush=True)
    if done.returncode != expect:
        raise SystemExit(f"the demo failed: expected exit {expect}")


def main() -> None:
    """Run the demo. KEEP=1 in the environment leaves the lab running."""
    keep = os.environ.get("KEEP") == "1"
    lab = Lab(keep=keep)
    try:
        print("Starting four FRR routers in network namespaces …", flush=True)
        edge = build(lab)
        config = str(lab.ssh_config())
        frrgen = shutil.which("frrgen") or "frrgen"
        show(frrgen, "check")
        show(frrgen, "render", "edge1")
        show(frrgen, "diff", "edge1", "--ssh-config", config, expect=2)
        show(frrgen, "push", "edge1", "--yes", "--ssh-config", config)
        show(frrgen, "diff", "edge1", "--ssh-config", config)
        print("\nWaiting for the sessions …", flush=True)
        sessions = ("203.0.113.1", "192.168.1.1", "192.168.1.10")
        wait_for("sessions of edge1", lambda: edge.established(*sessions), seconds=60)
        route = "*>i192.168.10.1/32"
        wait_for("the cluster's route", lambda: route in edge.vtysh("show bgp ipv4 unicast").replace(" ", ""))
        for command in ("show bgp summary", "show bgp ipv4 unicast"):
            print(f"\nedge1# {command}\n{edge.vtysh(command)}", flush=True)
        held_back = "192.168.99.0" not in edge.vtysh("show bgp ipv4 unicast")
    except BaseException:
        lab.stop()
        raise
    if not held_back:
        lab.stop()
        raise SystemExit("the demo failed: edge1 accepted a prefix outside the cluster's pool")
    print("edge1 has the service 192.168.10.1, and not 192.168.99.0/24, which the node announces too.")
    if keep:
        pids = " ".join(str(router.holder) for router in lab.routers.values())
        print(f"\nThe lab is running. Log in to edge1:\n  ssh -F {config} edge1     (then: vtysh)")
        print(
            f"Use frrgen on it:\n  {frrgen} diff edge1 --ssh-config {config}\n"
            f"End it:\n  kill -9 {pids}; rm -r {lab.folder}"
        )
    else:
        lab.stop()
        print("The lab is down.")


if __name__ == "__main__":
    main()
