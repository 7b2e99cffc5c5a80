"""`make demo`: the main job on real routers.

    upstream (AS 64496) --- edge1 --- LAN 192.168.1.0/24 --- home, and the cluster's nodes microk8s-1 to microk8s-3

On each node runs frrgen's own speaker, beside the API server of our tests. edge1 is a router with FRR and sshd; frrgen
reaches it as it would any other. home stands in for a pfSense box: its FRR package is rebuilt in PHP, its FRR and sshd
are real. The inventory is the example's, with two more nodes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

from frrgen.platforms.pfsense.config_xml.write import merge
from frrgen.platforms.pfsense.schema import COVERED
from tests.lab import Lab, Router
from tests.lab.demo_cluster import API, NODES, Cluster, inventory, tell
from tests.lab.pfsense import Pfsense

ROOT = Path(__file__).resolve().parents[2]
BOX = ROOT / "tests/golden/pfsense/article.xml"
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
EDGE = "hostname edge1\n"


def build(lab: Lab) -> Router:
    """Start the routers, and nodes without FRR; edge1 and home have addresses and no BGP yet."""
    upstream, edge = (lab.router(name) for name in ("upstream", "edge1"))
    home = lab.add(Pfsense("home", lab.folder / "home", keep=lab.keep))
    others = [(lab.router(name, daemons=()), f"{address}/24") for name, address in NODES.items()]
    others.append((lab.router("api", daemons=()), f"{API}/24"))
    lab.link(upstream, edge, "203.0.113.1/30", "203.0.113.2/30")
    lab.lan((edge, "192.168.1.2/24"), (home, "192.168.1.1/24"), *others)
    for router, config in ((upstream, UPSTREAM), (edge, EDGE), (home, unconfigured(BOX))):
        router.start(config)
    for router in (edge, home):
        lab.sshd(router)
    return edge


def unconfigured(path: Path) -> str:
    """Give a config.xml without anything of FRR but the package."""
    return merge(path.read_text(), {name: [] for name in COVERED})


def show(*command: str, expect: int = 0, cwd: Path = ROOT) -> None:
    """Run a command as a user would, and show it; SystemExit if it does not end as expected."""
    print(f"\n\033[1m$ {' '.join(command)}\033[0m" if sys.stdout.isatty() else f"\n$ {' '.join(command)}", flush=True)
    done = subprocess.run(command, check=False, cwd=cwd)
    print(f"(exit {done.returncode})", flush=True)
    if done.returncode != expect:
        raise SystemExit(f"the demo failed: expected exit {expect}")


def main() -> None:
    """Run the demo. KEEP=1 in the environment leaves the lab running."""
    if shutil.which("kubectl") is None:
        raise SystemExit("the demo needs kubectl: apt-get install kubernetes-client")
    keep = os.environ.get("KEEP") == "1"
    lab = Lab(keep=keep)
    cluster: Cluster | None = None
    try:
        print("Starting three routers, three nodes and an API server in network namespaces …", flush=True)
        edge = build(lab)
        config = str(lab.ssh_config())
        frrgen = shutil.which("frrgen") or "frrgen"
        net = inventory(lab.folder / "network")
        run = partial(show, cwd=net)
        run(frrgen, "check")
        run(frrgen, "render", "edge1")
        run(frrgen, "diff", "edge1", "--ssh-config", config, expect=2)
        run(frrgen, "push", "edge1", "--yes", "--ssh-config", config)
        run(frrgen, "diff", "edge1", "--ssh-config", config)
        print("\nThe same for the pfSense box, through its own PHP:", flush=True)
        run(frrgen, "render", "home", "--target", "frr")
        run(frrgen, "diff", "home", "--ssh-config", config, expect=2)
        run(frrgen, "push", "home", "--yes", "--ssh-config", config)
        run(frrgen, "diff", "home", "--ssh-config", config)
        cluster = Cluster(lab, lab.routers["api"], net, frrgen, run, keep)
        tell(cluster, edge, lab.routers["home"], lab.routers["upstream"])
        run(frrgen, "verify", "--live", "--ssh-config", config)
    except BaseException:
        if cluster is not None:
            cluster.end()
        lab.stop()
        raise
    if keep:
        pids = " ".join(
            str(pid) for pid in (*(one.pid for one in cluster.running), *(r.holder for r in lab.routers.values()))
        )
        print(f"\nThe lab is running. Log in:\n  ssh -F {config} edge1     (then: vtysh)")
        print(f"  ssh -F {config} home      (then: vtysh, or php)")
        print(
            f"Use frrgen on it, in {net}:\n  {frrgen} diff edge1 --ssh-config {config}\n"
            f"  {frrgen} speaker status --admin {cluster.admin('microk8s-1')}\n"
            f"Use the cluster:\n  nsenter -t {cluster.host.pid} -n "
            f"kubectl --kubeconfig {cluster.kubeconfig} get services\n"
            f"End it:\n  kill -9 {pids}; rm -r {lab.folder}"
        )
    else:
        cluster.end()
        lab.stop()
        print("The lab is down.")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("\ninterrupted: the lab is down", file=sys.stderr)
        sys.exit(130)
