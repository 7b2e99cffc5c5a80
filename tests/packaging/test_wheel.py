"""The wheel carries everything that `frrgen` needs, without the source tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_two_builds_are_the_same_byte_for_byte(tmp_path):
    wheels = []
    for name in ("first", "second"):
        # another clone, with other times of its files
        clone = tmp_path / name / "clone"
        shutil.copytree(ROOT, clone, ignore=shutil.ignore_patterns(".git", ".venv", ".tox", ".*_cache", "__pycache__"))
        for path in clone.rglob("*"):
            os.utime(path, (len(wheels) * 1000000, len(wheels) * 1000000), follow_symlinks=False)
        command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path / name, clone]
        subprocess.run(command, check=True, cwd=tmp_path)
        wheels.append(next((tmp_path / name).glob("frrgen-*.whl")).read_bytes())
    assert wheels[0] == wheels[1]


@pytest.mark.slow
def test_a_wheel_in_a_clean_environment_inits_checks_and_renders(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, ROOT], check=True, cwd=tmp_path
    )
    wheel = next(tmp_path.glob("frrgen-*.whl"))
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv/bin/python"
    subprocess.run([python, "-m", "pip", "install", "-q", wheel], check=True, cwd=tmp_path)
    frrgen = tmp_path / "venv/bin/frrgen"
    for args in (["init", "net"], ["-i", "net/inventory", "check"]):
        subprocess.run([frrgen, *args], check=True, cwd=tmp_path, capture_output=True)
    done = subprocess.run(
        [frrgen, "-i", "net/inventory", "render", "edge1"], check=True, cwd=tmp_path, capture_output=True, text=True
    )
    assert "router bgp 64512" in done.stdout
    code = "from frrgen.platforms.pfsense.ask import program; print(program('apply', 'mark', {}, ()))"
    done = subprocess.run([python, "-c", code], check=True, cwd=tmp_path, capture_output=True, text=True)
    assert "function frrgen_run" in done.stdout
