"""Runs the measured policies on a real FRR: `python -m tests.lab.cases 10.3` writes down what that one does.

The file names of each case what was accepted; the policies and the routes are in the files of FRR 8.4.4.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import Queue

from tests.lab.bgpd import Bgpd
from tests.lab.endpoint import Endpoint
from tests.lab.frr import EVERY
from tests.lab.network import Lab
from tests.lab.router import LabError, wait_for
from tests.policy.cases import CASES, FOLDER, PEER, measured, sent

US = "10.98.1.2"
BESIDE = 8
"""So many routers at once: what takes time is to wait for sessions."""
ALIKE = {"metric": "0", "weight": "0"}
"""What a route has of which the data says nothing."""


def got(path):
    """A path as bgpd shows it, with the names of the data."""
    return {
        "metric": str(path.get("metric", 0)),
        "weight": str(path.get("weight", 0)),
        "locPrf": str(path.get("locPrf", 100)),
        "comm": path.get("community", {}).get("string", ""),
        "large": path.get("largeCommunity", {}).get("string", ""),
        "path": path["aspath"]["string"].replace("Local", ""),
        "nh": next(one["ip"] for one in path["nexthops"] if one.get("scope") != "link-local"),
    }


def tried(us, peers, case, expected):
    """Let one bgpd have the policy and the routes, and give what it has."""
    us.restart(case["config"])
    peer = Endpoint(peers, PEER, US, case["peer_as"], routes=tuple(sent(one) for one in case["sent"])).dial()
    bgpd = Bgpd(us)
    names = {name for one in expected.values() for name in one} | ALIKE.keys()
    found = {}

    def as_measured():
        nonlocal found
        found = {
            prefix: {name: value for name, value in got(path).items() if name in expected.get(prefix, names)}
            for prefix, path in bgpd.paths().items()
        }
        return found == expected

    try:
        wait_for("the updates", lambda: bgpd.updates(PEER) >= peer.updates, every=0.02)
        wait_for("what was measured", as_measured, seconds=20, every=0.05)
    except LabError:
        pass
    finally:
        peer.close()
    return found


@contextmanager
def each(frr):
    """Give what an FRR does with each case, by its name; an error for one that could not be tried."""
    with Lab(frr=frr) as lab:
        free = Queue()
        for number in range(BESIDE):
            us, peers = lab.router(f"us{number}", daemons=("bgpd",)), lab.router(f"peers{number}", daemons=())
            lab.link(us, peers, f"{US}/24", f"{PEER}/24", ("2001:db8:98::2/64", "2001:db8:98::1/64"))
            us.start("")
            free.put((us, peers))

        def run(case):
            us, peers = free.get()
            try:
                return tried(us, peers, case, measured(case, str(frr)))
            except LabError as bad:
                return bad
            finally:
                free.put((us, peers))

        with ThreadPoolExecutor(BESIDE) as pool:
            yield dict(zip((case["id"] for case in CASES), pool.map(run, CASES), strict=True))


def main(version):
    """Write what a version does with each case."""
    frr = next(one for one in EVERY if str(one) == version)
    with each(frr) as found:
        lines = []
        for name, routes in found.items():
            if isinstance(routes, LabError):
                sys.exit(f"{name}: {routes}")
            said = {prefix: dict(one.items() - ALIKE.items()) for prefix, one in sorted(routes.items())}
            lines.append(json.dumps({"id": name, "accepted": said}, sort_keys=True))
        (FOLDER / f"frr-policy-cases-{version}.jsonl").write_text("\n".join([*lines, ""]))


if __name__ == "__main__":
    main(*sys.argv[1:])
