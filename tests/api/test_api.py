"""The public API: nine functions, and the examples of its page."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import frrgen
from frrgen.errors import FrrgenError
from frrgen.transaction.base import Outcome, State

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["check", "compare", "diff", "explain", "load", "parse", "push", "render", "verify"]


def test_nine_functions_are_public_and_each_is_typed_and_documented():
    assert frrgen.__all__ == NAMES
    for name in NAMES:
        function = getattr(frrgen, name)
        signature = inspect.signature(function)
        assert inspect.getdoc(function)
        assert signature.return_annotation is not inspect.Signature.empty
        assert all(one.annotation is not inspect.Parameter.empty for one in signature.parameters.values())


def test_a_function_shares_its_name_with_no_module():
    modules = {path.stem for path in (ROOT / "frrgen").iterdir()}
    assert "transaction" in modules
    assert modules.isdisjoint(NAMES)


def test_importing_frrgen_imports_no_model():
    code = "import frrgen, sys; print('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_the_package_says_that_it_is_typed():
    assert (ROOT / "frrgen/py.typed").is_file()


def test_the_examples_of_the_page_run(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs/api.md").read_text(), re.DOTALL)
    assert len(blocks) >= 5
    space: dict[str, typing.Any] = {}
    for block in blocks:
        exec(block, space)
    assert "router bgp 64512" in capsys.readouterr().out
    assert callable(space["approve"])


def test_the_page_names_every_function():
    page = (ROOT / "docs/api.md").read_text()
    assert sorted(re.findall(r"^\| `(\w+)\(", page, re.MULTILINE)) == NAMES


@pytest.fixture
def net():
    return frrgen.load(ROOT / "inventory")


def test_an_error_is_one_exception_with_findings_and_an_exit_code(net, tmp_path):
    for call in (
        lambda: frrgen.load(tmp_path / "none"),
        lambda: frrgen.render(net, "nobody"),
        lambda: frrgen.verify(net, ["nothing"]),
        lambda: frrgen.compare(net, "x", "y"),
        lambda: frrgen.explain(net, "edge1", "192.0.2.99", "in", "10.0.0.0/8"),
        lambda: frrgen.parse("<pfsense>"),
    ):
        with pytest.raises(FrrgenError) as raised:
            call()
        assert raised.value.findings
        assert raised.value.exit == 1


def test_a_password_is_hidden_unless_it_is_asked_for(tmp_path):
    (tmp_path / "routers").mkdir()
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/p").write_text("hunter2\n")
    text = "bgp: {asn: 65001, neighbors: {192.0.2.1: {remote_as: 65002, password: 'file:secrets/p'}}}\n"
    (tmp_path / "routers/r1.yaml").write_text(text)
    net = frrgen.load(tmp_path)
    assert "hunter2" not in frrgen.render(net, "r1")
    assert "hunter2" in frrgen.render(net, "r1", secrets=True)
    plan = frrgen.diff(net, "r1", "router bgp 65001\n")
    assert "hunter2" not in str(plan.to_json())


def test_a_push_hands_the_plan_to_who_approves(net, monkeypatch):
    plan = frrgen.diff(net, "edge1", "router bgp 64512\n")
    asked = []

    def pushed(self, router, source, options, *, approve, progress, stop):
        return Outcome(router.name, State.CONFIRMED if approve(plan) else State.DECLINED, plan)

    monkeypatch.setattr("frrgen.platforms.frr.platform.FrrPlatform.push", pushed)
    assert frrgen.push(net, "edge1", lambda plan: asked.append(plan) or False).state is State.DECLINED
    assert asked == [plan]
