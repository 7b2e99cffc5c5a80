"""Prometheus's own promtool reads the metrics, and the queries of the dashboard."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
import yaml

from frrgen.speaker.process.admin import metrics
from tests.lab.speaking import ROOT
from tests.speaker.talking import run
from tests.speaker.test_life import World, update

PROMTOOL = shutil.which("promtool")
pytestmark = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not there (Debian's package prometheus)")
MISNAMED = ("metallb_", "non-counter metrics should not have")
"""MetalLB's gauges end in `_total`, and dashboards ask for them so."""


def promtool(*words, text=""):
    return subprocess.run([str(PROMTOOL), *words], input=text, capture_output=True, text=True, check=False, timeout=60)


def test_promtool_finds_no_fault_in_the_metrics_but_metallbs_own_names(tmp_path):
    async def live():
        world = World(tmp_path)
        world.announce("10.1.0.1/32", "10.9.0.1/32")
        await world.speaker.reload()
        world.speaker.start()
        await update(await world.router())
        text = metrics(world.speaker)
        await world.speaker.drain()
        return text

    text = run(live())
    assert text.count("# TYPE") > 30
    done = promtool("check", "metrics", text=text)
    faults = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    assert [line for line in faults if not all(part in line for part in MISNAMED)] == []
    broken = promtool("check", "metrics", text='frrgen_speaker_ready{router="a"b"} 1\n')
    assert broken.returncode != 0


def test_promtool_reads_every_query_of_the_dashboard(tmp_path):
    board = json.loads((ROOT / "deploy/grafana/frrgen-speaker.json").read_text())
    queries = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(queries)]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = promtool("check", "rules", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(queries)} rules found" in done.stdout
