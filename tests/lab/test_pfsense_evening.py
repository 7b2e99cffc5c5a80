"""The page "From the web pages to git, in an evening", command by command, on the stand-in."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from frrgen.cli import main
from tests.lab import Lab, wait_for
from tests.lab.pfsense import Pfsense, lacking
from tests.pfsense import GOLDEN

pytestmark = [
    pytest.mark.sample("10.3"),
    pytest.mark.skipif(bool(lacking()), reason=f"the stand-in for pfSense needs {lacking()}"),
    pytest.mark.skipif(shutil.which("git") is None, reason="it needs git"),
]
PAGE = (Path(__file__).parents[2] / "docs/from-web-pages.md").read_text()
FILE = Path("inventory/routers/home.yaml")
STEP = re.compile(
    r"^ {4,6}((?:frrgen|git) [^#\n]*?)(?: +# exit code (\d)[^\n]*)?$|^```yaml\n# (\S+)\n(.*?)^```",
    re.MULTILINE | re.DOTALL,
)
SAYS = (
    "description: the node` for `description: MetalLB",
    "Delete `prefix_lists:`",
    "changed the neighbor's description",
)
"""What a reader does by hand, each told by the words of the page."""


def parts():
    """Return the page's commands, (words, exit code), its files, (name, text), and what is done by hand, (words,)."""
    found = [
        (step.start(), (step[1], int(step[2] or 0)) if step[1] else (step[3], step[4])) for step in STEP.finditer(PAGE)
    ]
    found += [(PAGE.index(words), (words,)) for words in SAYS]
    return [one for _, one in sorted(found)]


def edited(words, box):
    """Do what the reader does by hand."""
    text = FILE.read_text()
    if words == SAYS[0]:
        assert "description: MetalLB" in text
        FILE.write_text(text.replace("description: MetalLB", "description: the node"))
    elif words == SAYS[1]:
        kept = re.sub(r"^(prefix_lists|route_maps):\n(?: .*\n)*", "", text, flags=re.MULTILINE)
        FILE.write_text(kept.split("  neighbors:\n")[0])
    else:
        neighbors = box.sections()["frrbgpneighbors"]
        neighbors[-1]["descr"] = "typed on the page"
        box.save("frrbgpneighbors", neighbors)
        box.settled()


def test_there_are_commands():
    assert len(parts()) > 30


def test_each_command_of_the_page_does_what_the_page_says(frr, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "A Reader")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "reader@example.org")
    with Lab(frr=frr) as lab:
        box, node = lab.add(Pfsense("home", lab.folder / "home", frr=lab.frr)), lab.router("node")
        lab.link(box, node, "192.168.1.1/24", "192.168.1.10/24")
        node.start(
            "router bgp 64512\n bgp router-id 192.168.1.10\n neighbor 192.168.1.1 remote-as 64512\n"
            " neighbor 192.168.1.1 timers connect 1\n"
        )
        lab.sshd(box)
        box.start((GOLDEN / "article.xml").read_text())
        wait_for("the session", lambda: box.established("192.168.1.10"), seconds=60)
        reached = ["--ssh-config", str(lab.ssh_config())]
        for step in parts():
            if len(step) == 1:
                edited(step[0], box)
                continue
            first, second = step
            if isinstance(second, str):
                Path(first).parent.mkdir(parents=True, exist_ok=True)
                Path(first).write_text(second)
                continue
            program, *words = shlex.split(first)
            offline = words[0] == "check" or (words[0] == "verify" and "--live" not in words)
            if program == "frrgen":
                code = main([*words, *([] if offline else reached)])
            else:
                code = subprocess.run([program, *words], check=False, capture_output=True).returncode
            assert code == second, (first, capsys.readouterr())
        assert "description k8s node1" in box.running_config()
        assert "frrgen: " in box.config
