"""`python -m bench.scale [ROW…]`: what each verb costs at two sizes, and the exponent of growth between them.

An exponent of 1 is linear growth; a row whose exponent is over 1.15 is marked. ROW is a part of a row's name.
"""

from __future__ import annotations

import math
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from bench.configs import lists, maps
from bench.measure import FRRGEN, Cost, measure

TOO_STEEP: Final = 1.15
_GROUP: Final = "groups:\n  edge:\n    bgp: {log_neighbor_changes: true}\n"


@dataclass(frozen=True)
class Row:
    """A verb, the inventories that it is run on, and two sizes of them."""

    name: str
    make: Callable[[Path, int], None]
    sizes: tuple[int, int]
    arguments: tuple[str, ...]
    """`{beside}` stands for the folder in which the inventory is."""
    exits: tuple[int, ...] = (0, 2)

    def command(self, beside: Path) -> list[str]:
        """Return the words behind `frrgen` for an inventory in a folder."""
        return ["-i", str(beside / "inventory"), *(word.format(beside=beside) for word in self.arguments)]


def _router(number: int) -> str:
    """Return a realistic router: 20 neighbors, 30 lists of 20 lines and 10 route maps."""
    high, low = divmod(number, 250)
    lists = "".join(
        f"  L{one}:\n" + "".join(f"    - permit 10.{one}.{line}.0/24 le 32\n" for line in range(20))
        for one in range(30)
    )
    maps = "".join(
        f"  M{one}:\n"
        + "".join(
            f"    - {{action: permit, match: {{ip_address_prefix_list: L{3 * one + entry}}},"
            f" set: {{local_preference: {100 + entry}}}}}\n"
            for entry in range(3)
        )
        + "    - {action: deny}\n"
        for one in range(10)
    )
    neighbors = "".join(
        f"    172.20.{one}.2:\n      remote_as: {65000 + one}\n      ipv4_unicast:"
        f" {{route_map_in: M{one % 10}, route_map_out: M{(one + 1) % 10}, maximum_prefix: {{limit: 1000}}}}\n"
        for one in range(20)
    )
    return (
        f"groups: [edge]\nfrr_version: 8.4\nprefix_lists:\n{lists}route_maps:\n{maps}"
        f"bgp:\n  asn: 64500\n  router_id: 10.250.{high}.{low + 1}\n  neighbors:\n{neighbors}"
    )


def _network(folder: Path, **routers: str) -> None:
    (folder / "routers").mkdir(parents=True)
    (folder / "network.yaml").write_text(_GROUP)
    for name, text in routers.items():
        (folder / "routers" / f"{name}.yaml").write_text(text)


def fleet(folder: Path, size: int) -> None:
    """Write an inventory of so many realistic routers."""
    _network(folder, **{f"r{number}": _router(number) for number in range(size)})


def long_list(folder: Path, size: int) -> None:
    """Write a router with one prefix list of so many lines, in use."""
    lines = "".join(f"    - permit 10.{n >> 16}.{n >> 8 & 255}.{n & 255}/32\n" for n in range(size))
    _network(
        folder,
        r0="frr_version: 8.4\nprefix_lists:\n  LONG:\n"
        + lines
        + "bgp:\n  asn: 64500\n  router_id: 10.250.0.1\n  neighbors:\n    172.20.0.2:\n      remote_as: 65000\n"
        "      ipv4_unicast: {prefix_list_in: LONG, prefix_list_out: LONG, maximum_prefix: {limit: 1000000}}\n",
    )


def many_neighbors(folder: Path, size: int) -> None:
    """Write a router with so many neighbors, each with a route map."""
    neighbors = "".join(
        f"    172.20.{n >> 8}.{n & 255}:\n      remote_as: {65000 + n % 20}\n      ipv4_unicast:"
        " {route_map_in: M, route_map_out: M, maximum_prefix: {limit: 1000}}\n"
        for n in range(1, size + 1)
    )
    _network(
        folder,
        r0="frr_version: 8.4\nprefix_lists:\n  L: [permit 10.0.0.0/8 le 24]\nroute_maps:\n  M:\n"
        "    - {action: permit, match: {ip_address_prefix_list: L}}\n    - {action: deny}\n"
        f"bgp:\n  asn: 64500\n  router_id: 10.250.0.1\n  neighbors:\n{neighbors}",
    )


def sessions(folder: Path, size: int) -> None:
    """Write a router and a cluster of so many nodes."""
    nodes = "".join(f"  n{n}: {{addresses: [10.7.{n >> 8}.{n & 255}]}}\n" for n in range(1, size + 1))
    _network(folder, r0="frr_version: 8.4\nbgp:\n  asn: 64500\n  router_id: 10.7.200.1\n")
    (folder / "clusters").mkdir()
    (folder / "clusters" / "k8s.yaml").write_text(
        f"asn: 64512\nnodes:\n{nodes}pools:\n  services: {{prefixes: [192.168.10.0/24], lengths: [24, 32]}}\n"
        "routers: {r0: {address: 10.7.200.1}}\n"
    )


def clusters(folder: Path, size: int) -> None:
    """Write so many clusters of 50 nodes, each on ten routers."""
    _network(
        folder,
        **{f"r{n}": f"frr_version: 8.4\nbgp:\n  asn: 64500\n  router_id: 10.250.0.{n + 1}\n" for n in range(10)},
    )
    (folder / "clusters").mkdir()
    for cluster in range(size):
        nodes = "".join(f"  n{n}: {{addresses: [10.{10 + cluster}.0.{n}]}}\n" for n in range(1, 51))
        routers = "".join(f"  r{n}: {{address: 10.{10 + cluster}.0.{200 + n}}}\n" for n in range(10))
        (folder / "clusters" / f"k{cluster}.yaml").write_text(
            f"asn: {64600 + cluster}\nnodes:\n{nodes}pools:\n"
            f"  services: {{prefixes: [192.168.{cluster}.0/24], lengths: [24, 32]}}\nrouters:\n{routers}"
        )


def fleet_and_cluster(folder: Path, size: int) -> None:
    """Write a fleet, one router of which has a cluster."""
    fleet(folder, size)
    (folder / "clusters").mkdir()
    (folder / "clusters" / "k8s.yaml").write_text(
        "asn: 64512\nnodes: {n0: {addresses: [10.7.0.1]}}\n"
        "pools: {services: {prefixes: [192.168.10.0/24], lengths: [24, 32]}}\nrouters: {r7: {address: 10.7.200.1}}\n"
    )


def faulty(folder: Path, size: int) -> None:
    """Write a router with so many mistakes in one file."""
    lines = "".join(f"    - permit 10.{n >> 8}.{n & 255}.0/33\n" for n in range(size))
    _network(folder, r0=f"frr_version: 8.4\nprefix_lists:\n  WRONG:\n{lines}")


def fleet_and_running(folder: Path, size: int) -> None:
    """Write a fleet, and what one router of it runs."""
    fleet(folder, size)
    (folder.parent / "running.conf").write_text("frr version 8.4.4\nrouter bgp 64500\nexit\n")


def list_change(folder: Path, size: int) -> None:
    """Write two configurations of so many prefix-list lines, of which one in a hundred differs."""
    _change(folder, lists(size), lists(size, 0.01))


def map_change(folder: Path, size: int) -> None:
    """Write two configurations of so many route maps of 20 lines, of which one in a hundred differs."""
    _change(folder, maps(size, 4), maps(size, 4, changed=size // 100))


def _change(folder: Path, running: str, intended: str) -> None:
    (folder.parent / "running.conf").write_text(running)
    (folder.parent / "intended.conf").write_text(intended)


def long_map(folder: Path, size: int) -> None:
    """Write a configuration with a route map of so many entries, each with a list of its own."""
    lines = [f"ip prefix-list L{n} seq 5 permit 10.{n >> 8}.{n & 255}.0/24 le 32" for n in range(size)]
    text = ["frr version 8.4.4", *lines]
    for n in range(size):
        text += [f"route-map M permit {n + 1}", f" match ip address prefix-list L{n}", f" set metric {n}", "exit"]
    text += ["router bgp 64500", " neighbor 172.20.0.2 remote-as 65000", " address-family ipv4 unicast"]
    text += ["  neighbor 172.20.0.2 route-map M in", " exit-address-family", "exit", ""]
    (folder.parent / "map.conf").write_text("\n".join(text))


def static_file(folder: Path, size: int) -> None:
    """Write a router, a node, and a file of so many prefixes that the node announces."""
    sessions(folder, 1)
    cluster = folder / "clusters" / "k8s.yaml"
    pool = "{prefixes: [100.64.0.0/10], lengths: [32, 32]}"
    text = cluster.read_text().replace("{prefixes: [192.168.10.0/24], lengths: [24, 32]}", pool)
    cluster.write_text(text.replace("10.7.200.1}}", "10.7.200.1, maximum_prefix: 5000000}}"))
    first = int(IPv4Address("100.64.0.0"))
    with (folder.parent / "routes.txt").open("w") as file:
        file.writelines(f"{IPv4Address(first + n)}/32\n" for n in range(size))
    (folder.parent / "source.yaml").write_text("announcements:\n  - prefix_file: routes.txt\n")


_RUNNING: Final = "{beside}/running.conf"
_SIDE: Final = "{beside}/map.conf:172.20.0.2:in"

ROWS: Final = (
    Row("render one router of a fleet", fleet, (100, 1000), ("render", "r7")),
    Row("check one router of a fleet", fleet, (100, 1000), ("check", "r7")),
    Row("diff one router of a fleet", fleet_and_running, (100, 1000), ("diff", "r7", "--running", _RUNNING)),
    Row("check a fleet", fleet, (300, 1000), ("check",)),
    Row("render a fleet", fleet, (100, 1000), ("render",)),
    Row("plan a change of list lines", list_change, (10_000, 50_000), ("plan", _RUNNING, "{beside}/intended.conf")),
    Row("plan a change of route maps", map_change, (200, 1000), ("plan", _RUNNING, "{beside}/intended.conf")),
    Row("compare a long route map with itself", long_map, (100, 500), ("compare", _SIDE, _SIDE)),
    Row(
        "speaker plan of a static file",
        static_file,
        (100_000, 1_000_000),
        ("speaker", "plan", "--source", "static:{beside}/source.yaml"),
    ),
    Row("check a list of lines", long_list, (10_000, 50_000), ("check",)),
    Row("check a router of neighbors", many_neighbors, (500, 2000), ("check",)),
    Row("verify a cluster beside a fleet", fleet_and_cluster, (100, 1000), ("verify",)),
    Row("verify sessions", sessions, (1000, 5000), ("verify",)),
    Row("speaker plan of sessions", sessions, (1000, 5000), ("speaker", "plan")),
    Row("verify clusters of 50 nodes on 10 routers", clusters, (3, 10), ("verify",)),
    Row("place findings", faulty, (1000, 4000), ("check",), exits=(1,)),
)


def measured(row: Row, size: int) -> Cost:
    """Return what a row costs at a size."""
    with tempfile.TemporaryDirectory() as folder:
        row.make(Path(folder) / "inventory", size)
        return measure([*FRRGEN, *row.command(Path(folder))], accept=row.exits)


def main(wanted: list[str]) -> None:
    """Print the rows whose name has a wanted word, or every row."""
    print(f"{'':<46} {'size':>7} {'CPU':>8} {'MiB':>6} {'size':>7} {'CPU':>8} {'MiB':>6}  exponent")
    for row in ROWS:
        if wanted and not any(word in row.name for word in wanted):
            continue
        small, large = (measured(row, size) for size in row.sizes)
        exponent = math.log(large.cpu / small.cpu) / math.log(row.sizes[1] / row.sizes[0])
        steep = "  STEEP" if exponent > TOO_STEEP else ""
        print(
            f"{row.name:<46} {row.sizes[0]:7} {small.cpu:6.2f} s {small.memory:6.0f}"
            f" {row.sizes[1]:7} {large.cpu:6.2f} s {large.memory:6.0f}  {exponent:.2f}{steep}",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
