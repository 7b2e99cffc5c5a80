"""The shape of the source: small modules, a platform in its own folder, and calls that go down through the layers."""

from __future__ import annotations

import argparse
import ast
import configparser
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Final

from frrgen.cli.devices import plan_of
from frrgen.intended.inventory import Inventory

ROOT: Final = Path(__file__).resolve().parents[2]
SOURCES: Final = {path: path.read_text() for path in sorted((ROOT / "frrgen").rglob("*.py"))}
MOST_LINES: Final = 430
LONGER: Final[dict[str, str]] = {}
"""Modules that may be longer, with the reason."""


def test_a_module_is_short_or_has_a_reason():
    assert len(SOURCES) > 200
    longer = {
        str(path.relative_to(ROOT)): count
        for path, text in SOURCES.items()
        if (count := len(text.splitlines())) > MOST_LINES
    }
    assert longer.keys() == LONGER.keys(), longer


def compared_with_a_platform(tree: ast.Module) -> Iterator[int]:
    """Yield the lines that compare a platform with a name, or match it."""
    for one in ast.walk(tree):
        match one:
            case ast.Compare(left=left, comparators=others):
                sides = [left, *others]
            case ast.Match(subject=subject):
                sides = [subject, ast.Constant("")]
            case _:
                continue
        names = {getattr(side, "attr", getattr(side, "id", "")) for side in sides}
        literal = any(isinstance(inner, ast.Constant) for side in sides for inner in ast.walk(side))
        if names & {"platform", "platform_name"} and literal:
            yield one.lineno


def test_no_line_asks_which_platform_a_router_has():
    asked = "if router.platform == 'pfsense':\n    pass\nmatch one.platform:\n    case 'frr':\n        pass\n"
    assert sorted(compared_with_a_platform(ast.parse(asked))) == [1, 3]
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path, text in SOURCES.items()
        for line in compared_with_a_platform(ast.parse(text))
    ]
    assert found == []


def test_only_its_own_folder_imports_pfsense():
    users = {
        str(path.relative_to(ROOT))
        for path, text in SOURCES.items()
        if "frrgen.platforms.pfsense" in text and "platforms/pfsense" not in str(path)
    }
    assert users == {"frrgen/platforms/registry.py"}


def layers() -> list[str]:
    """Return the packages of the contract of layers, the highest first."""
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")
    text = contracts["importlinter:contract:layers"]["layers"]
    return [name.strip() for line in text.splitlines() for name in line.replace(":", "|").split("|") if name.strip()]


def test_the_walk_of_a_plan_goes_down_through_the_layers(tmp_path):
    """Follow each call of `plan_of` from package to package: `docs/architecture.md` has the figures."""
    names = layers()
    assert len(names) > 20
    depth = {name: number for number, name in enumerate(names)}

    def package(frame: FrameType | None) -> str | None:
        module = "" if frame is None else frame.f_globals.get("__name__", "")
        return next(
            (name for name in sorted(names, key=len, reverse=True) if f"{module}.".startswith(f"{name}.")), None
        )

    inventory = Inventory(ROOT / "inventory")
    (router,) = inventory.routers(["edge1"])
    running = tmp_path / "running.conf"
    running.write_text("frr version 10.3\nrouter bgp 64512\n neighbor 192.0.2.1 remote-as 64513\n")
    args = argparse.Namespace(ssh_config=None, prune_leftovers=False, allow_unread=[], avoid=False, verb="diff")
    steps: set[tuple[str, str]] = set()

    def follow(frame: FrameType, event: str, arg: object) -> None:
        # a generator that is handed down is data: going on with it is no call
        if event == "call" and not frame.f_code.co_flags & inspect.CO_GENERATOR:
            callee, caller = package(frame), package(frame.f_back)
            if callee is not None and caller is not None and callee != caller:
                steps.add((caller, callee))

    sys.setprofile(follow)
    try:
        plan_of(inventory.resolved(router), args, running)
    finally:
        sys.setprofile(None)
    entered = {callee for _, callee in steps}
    climbs = {(caller, callee) for caller, callee in steps if depth[callee] < depth[caller]}
    page = (ROOT / "docs/architecture.md").read_text()
    assert f"enters {len(entered)} packages and never climbs back" in " ".join(page.split())
    assert not climbs
