"""`make demo`: the main job on real routers.

    upstream (AS 64496) --- edge1 --- LAN 192.168.1.0/24 --- home, and the cluster's node microk8s-1

On the node runs frrgen's own speaker. edge1 is a router with FRR and sshd; frrgen reaches it as it would any other.
home stands in for a pfSense box: its FRR package is rebuilt in PHP, its FRR and sshd are real. The inventory is the
example's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from frrgen.platforms.pfsense.config_xml.write import merge
from frrgen.platforms.pfsense.schema import COVERED
from tests.lab import Lab, Router, wait_for
from tests.lab.pfsense import Pfsense
from tests.lab.router import die_with_parent

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
SOURCE = """\
announcements:
  - prefix: 192.168.10.1/32      # a service of the cluster
  - prefix: 192.168.99.0/24      # by mistake: it is in no pool
"""
EDGE = "hostname edge1\n"
NODE = "microk8s-1"


ROUTE = "*>i192.168.10.1/32"


def build(lab: Lab) -> Router:
    """Start the routers, and a node without FRR; edge1 and home have addresses and no BGP yet."""
    upstream, edge = (lab.router(name) for name in ("upstream", "edge1"))
    home = lab.add(Pfsense("home", lab.folder / "home", keep=lab.keep))
    node = lab.router(NODE, daemons=())
    lab.link(upstream, edge, "203.0.113.1/30", "203.0.113.2/30")
    lab.lan((edge, "192.168.1.2/24"), (home, "192.168.1.1/24"), (node, "192.168.1.10/24"))
    for router, config in ((upstream, UPSTREAM), (edge, EDGE), (home, unconfigured(BOX))):
        router.start(config)
    for router in (edge, home):
        lab.sshd(router)
    return edge


def unconfigured(path: Path) -> str:
    """Give a config.xml without anything of FRR but the package."""
    return merge(path.read_text(), {name: [] for name in COVERED})


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
    speaker: subprocess.Popen[bytes] | None = None
    try:
        print("Starting three routers and a node in network namespaces …", flush=True)
        edge = build(lab)
        node = lab.routers[NODE]
        config = str(lab.ssh_config())
        frrgen = shutil.which("frrgen") or "frrgen"
        show(frrgen, "check")
        show(frrgen, "render", "edge1")
        show(frrgen, "diff", "edge1", "--ssh-config", config, expect=2)
        show(frrgen, "push", "edge1", "--yes", "--ssh-config", config)
        show(frrgen, "diff", "edge1", "--ssh-config", config)
        print("\nThe same for the pfSense box, through its own PHP:", flush=True)
        show(frrgen, "render", "home", "--target", "frr")
        show(frrgen, "diff", "home", "--ssh-config", config, expect=2)
        show(frrgen, "push", "home", "--yes", "--ssh-config", config)
        show(frrgen, "diff", "home", "--ssh-config", config)
        source, admin = node.folder / "services.yaml", node.folder / "speaker.sock"
        source.write_text(SOURCE)
        print(f"\nThe services of {NODE}, in {source}:\n{SOURCE}", flush=True)
        speak = [frrgen, "speaker", "run", "--node", NODE, "--source", f"static:{source}", "--admin", str(admin)]
        speaker = begin(node, speak, keep=keep)
        print("\nWaiting for the sessions …", flush=True)
        sessions = ("203.0.113.1", "192.168.1.1", "192.168.1.10")
        wait_for("sessions of edge1", lambda: edge.established(*sessions), seconds=60)
        wait_for("the cluster's route", lambda: ROUTE in edge.vtysh("show bgp ipv4 unicast").replace(" ", ""))
        show(frrgen, "speaker", "status", "--admin", str(admin))
        show(frrgen, "verify", "--live", "--ssh-config", config)
        shown = edge.vtysh("show bgp ipv4 unicast")
        home = lab.routers["home"]
        wait_for("the cluster's route at home", lambda: "192.168.10.1/32" in home.vtysh("show bgp ipv4 unicast"))
        print(f"\nhome# show bgp ipv4 unicast\n{home.vtysh('show bgp ipv4 unicast')}", flush=True)
        for command in ("show bgp summary", "show bgp ipv4 unicast"):
            print(f"\nedge1# {command}\n{edge.vtysh(command)}", flush=True)
        good = ROUTE in shown.replace(" ", "") and "192.168.99.0" not in shown
    except BaseException:
        if speaker is not None:
            speaker.kill()
        lab.stop()
        raise
    if not good:
        speaker.kill()
        lab.stop()
        raise SystemExit("the demo failed: edge1 has another route than the cluster's service")
    print("edge1 has the service 192.168.10.1. 192.168.99.0/24 never left the node: the gate says which line drops it.")
    if keep:
        pids = " ".join(str(pid) for pid in (speaker.pid, *(router.holder for router in lab.routers.values())))
        print(f"\nThe lab is running. Log in:\n  ssh -F {config} edge1     (then: vtysh)")
        print(f"  ssh -F {config} home      (then: vtysh, or php)")
        print(
            f"Use frrgen on it:\n  {frrgen} diff edge1 --ssh-config {config}\n"
            f"  {frrgen} speaker status --admin {admin}\n"
            f"Change what the node announces: edit {source}\n"
            f"End it:\n  kill -9 {pids}; rm -r {lab.folder}"
        )
    else:
        speaker.terminate()
        speaker.wait(30)
        lab.stop()
        print("The lab is down.")


def begin(node: Router, command: list[str], *, keep: bool) -> subprocess.Popen[bytes]:
    """Run the speaker in the node's network; its log is in the node's folder."""
    print(f"\n(on {node.name}) $ {' '.join(command)} &", flush=True)
    return subprocess.Popen(
        ["nsenter", "-t", str(node.pid), "-n", "--", *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=(node.folder / "log/speaker.log").open("wb"),
        cwd=ROOT,
        preexec_fn=None if keep else die_with_parent,  # noqa: PLW1509
        start_new_session=keep,
    )


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("\ninterrupted: the lab is down", file=sys.stderr)
        sys.exit(130)
