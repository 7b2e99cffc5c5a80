"""Completion of a command line by argcomplete: names of routers, clusters, neighbors and route maps of the inventory.

Files are listed and read as YAML, without the model: an answer has to come at once.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from frrgen.cli.place import inventory
from frrgen.codes import Code
from frrgen.errors import Exit, FrrgenError

if TYPE_CHECKING:
    from frrgen.inventory.yaml import YamlNode

_SUFFIXES: Final = frozenset({".yaml", ".yml"})


def run(args: argparse.Namespace) -> Exit:
    """Print what a shell has to read for completion."""
    from argcomplete.shell_integration import shellcode

    print(shellcode(["frrgen"], shell=args.shell))
    return Exit.OK


def complete(parser: argparse.ArgumentParser) -> None:
    """Answer the shell that asks for words, and end; return if no shell asks."""
    import argcomplete

    for action in _actions(parser):
        if completer := _COMPLETERS.get(str(action.metavar)):
            action.completer = completer  # type: ignore[attr-defined]
    argcomplete.autocomplete(parser, always_complete_options=False)


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:  # noqa: SLF001  # argparse has no other way to them
        yield action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for inner in action.choices.values():
                yield from _actions(inner)


def _folder(args: argparse.Namespace) -> Path:
    return inventory(getattr(args, "inventory", None), os.environ)


def _names(kind: str) -> Callable[..., list[str]]:
    def names(parsed_args: argparse.Namespace, **_: Any) -> list[str]:
        try:
            found = (_folder(parsed_args) / kind).iterdir()
            return sorted(path.stem for path in found if path.suffix in _SUFFIXES)
        except OSError:
            return []

    return names


_ROUTERS: Final = _names("routers")
_CLUSTERS: Final = _names("clusters")


def _read(path: Path) -> YamlNode | None:
    from frrgen.inventory.yaml import read

    try:
        return read(path.read_bytes(), str(path))
    except (OSError, FrrgenError):
        return None


def _keys(node: YamlNode | None, *steps: str) -> list[str]:
    """Return the keys of a mapping inside a file, as they are written."""
    for step in steps:
        node = node.value.get(step) if node is not None and isinstance(node.value, dict) else None
    return list(node.value) if node is not None and isinstance(node.value, dict) else []


def _file(args: argparse.Namespace, kind: str, name: str) -> YamlNode | None:
    return next(
        (found for suffix in _SUFFIXES if (found := _read(_folder(args) / kind / f"{name}{suffix}")) is not None), None
    )


def _neighbors(parsed_args: argparse.Namespace, **_: Any) -> list[str]:
    """Return the neighbors of a router's file, and the nodes of clusters that name the router."""
    router = str(getattr(parsed_args, "router", ""))
    found = _keys(_file(parsed_args, "routers", router), "bgp", "neighbors")
    for name in _CLUSTERS(parsed_args):
        node = _file(parsed_args, "clusters", name)
        if node is not None and router in _keys(node, "routers"):
            found += _addresses(node)
    return list(dict.fromkeys(found))


def _addresses(cluster: YamlNode) -> Iterator[str]:
    nodes = cluster.value.get("nodes")
    for one in nodes.value.values() if nodes is not None and isinstance(nodes.value, dict) else ():
        addresses = one.value.get("addresses") if isinstance(one.value, dict) else one
        values = addresses.value if addresses is not None and isinstance(addresses.value, list) else ()
        yield from (str(address.value) for address in values)


def _policies(prefix: str, parsed_args: argparse.Namespace, **_: Any) -> Iterable[str]:
    """Return `ROUTER:` for each router, and `ROUTER:ROUTE-MAP` behind the name of one."""
    router, behind, _rest = prefix.partition(":")
    if not behind:
        return [f"{name}:" for name in _ROUTERS(parsed_args)]
    return [f"{router}:{name}" for name in _keys(_file(parsed_args, "routers", router), "route_maps")]


def _codes(**_: Any) -> list[str]:
    return list(Code)


_COMPLETERS: Final[dict[str, Callable[..., Iterable[str]]]] = {
    "ROUTER": _ROUTERS,
    "ROUTER|CLUSTER": lambda **said: [*_ROUTERS(**said), *_CLUSTERS(**said)],
    "ROUTER|plan.json": _ROUTERS,
    "ROUTER|FILE.conf": _ROUTERS,
    "CLUSTER": _CLUSTERS,
    "NEIGHBOR": _neighbors,
    "A": _policies,
    "B": _policies,
    "CODE": _codes,
}
"""How an argument is shown -> the words that may stand there."""
