"""What a person at a terminal sees more than a file does: links, where to read on; and Ctrl-C."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys

import pytest

from frrgen.cli import main
from frrgen.cli.arguments import parser
from tests.cli.test_cli import EXAMPLE

START = [sys.executable, "-c", "from frrgen.cli import main; raise SystemExit(main())"]
LINK = re.compile("\x1b]8;;(file://[^\x1b]*)\x1b\\\\(FRR[0-9]+)\x1b]8;;\x1b\\\\")


def at_terminal(*args, env=None, answer=b""):
    """Run frrgen at a terminal; give the exit code, and all that it shows."""
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", **(env or {})}
    words = [*START, "-i", str(EXAMPLE), *map(str, args)]
    begun = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    os.write(master, answer)
    shown = b""
    while select.select([master], [], [], 60)[0]:
        try:
            more = os.read(master, 4096)
        except OSError:
            break
        if not more:
            break
        shown += more
    os.close(master)
    return begun.wait(timeout=60), shown.decode().replace("\r\n", "\n")


@pytest.fixture
def undefined(tmp_path):
    (tmp_path / "routers").mkdir()
    neighbor = {"remote_as": 2, "ipv4_unicast": {"route_map_in": "NONE"}}
    router = {"bgp": {"asn": 1, "neighbors": {"192.0.2.1": neighbor, "192.0.2.2": neighbor}}}
    (tmp_path / "routers/r1.yaml").write_text(json.dumps(router))
    return tmp_path


def test_a_code_links_to_its_page_on_a_terminal(undefined):
    _, shown = at_terminal("-i", undefined, "check")
    links = LINK.findall(shown)
    assert {code for _, code in links} >= {"FRR210"}
    for address, code in links:
        assert address.endswith(f"/{code}.md")


def test_the_end_says_once_for_each_code_where_to_read_on(undefined):
    _, shown = at_terminal("-i", undefined, "check")
    assert shown.count("frrgen rule FRR210") == 1
    assert shown.splitlines()[-1].startswith("What to do: frrgen rule FRR")
    assert "What to do" not in at_terminal("-q", "-i", undefined, "check")[1]


def test_an_error_that_ends_a_verb_does_so_too():
    code, shown = at_terminal("render", "nowhere")
    assert (code, LINK.findall(shown)[0][1]) == (1, "FRR108")
    assert shown.splitlines()[-1] == "What to do: frrgen rule FRR108"


def test_no_order_to_a_terminal_is_in_a_file_or_on_a_dumb_terminal(undefined, capsys):
    main(["-i", str(undefined), "check"])
    out, err = capsys.readouterr()
    assert not set("\x1b") & set(out + err)
    assert "What to do" not in out + err
    assert "\x1b]8" not in at_terminal("-i", undefined, "check", env={"TERM": "dumb"})[1]


VERBS = {
    "init": ["net"],
    "check": [],
    "render": [],
    "diff": ["edge1", "--running", "edge1.conf"],
    "push": ["edge1", "--yes"],
    "confirm": ["edge1"],
    "rollback": ["edge1", "--yes"],
    "history": ["edge1"],
    "status": ["edge1"],
    "plan": ["edge1.conf", "edge1.conf"],
    "upgrade-check": ["edge1.conf", "--to", "10.3"],
    "explain": ["edge1", "203.0.113.1", "in", "198.51.100.0/24"],
    "compare": ["edge1:203.0.113.1:in", "edge1:192.168.1.10:in"],
    "verify": [],
    "graph": ["--format", "dot"],
    "report": ["-o", "-"],
    "import": ["frr", "edge1.conf"],
    "speaker": ["plan", "--node", "microk8s-1"],
    "completion": ["bash"],
    "rule": [],
    "schema": [],
}
CALLS = (5, 4_000, 30_000)
"""Behind so many calls of our functions Ctrl-C comes."""


def interrupted(words, calls, log):
    """Run frrgen in a child of ours, with Ctrl-C at a call; give its exit code, and all that it wrote."""
    child = os.fork()
    if not child:
        left = calls
        with log.open("wb") as file:
            for stream in (1, 2):
                os.dup2(file.fileno(), stream)
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False, buffering=1)  # noqa: SIM115

        def count(frame, event, _):
            nonlocal left
            if event == "call" and "/frrgen/" in frame.f_code.co_filename:
                left -= 1
                if left == 0:
                    sys.setprofile(None)
                    raise KeyboardInterrupt

        code = 99
        try:
            sys.setprofile(count)
            code = main(words)
        except BaseException as bad:  # noqa: BLE001
            print("escaped:", repr(bad), file=sys.stderr)
        finally:
            sys.setprofile(None)
            sys.stdout.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), log.read_text()


@pytest.mark.parametrize("verb", VERBS)
def test_ctrl_c_ends_every_verb_at_once_without_a_traceback(verb, tmp_path, monkeypatch):
    main(["-i", str(EXAMPLE), "render", "edge1", "--out", str(tmp_path)])
    config = tmp_path / "ssh_config"
    config.write_text("Host *\n HostName 127.0.0.1\n Port 1\n")
    dials = verb in {"push", "confirm", "rollback", "history", "status"}
    words = ["-i", str(EXAMPLE), verb, *VERBS[verb], *(["--ssh-config", str(config)] if dials else [])]
    monkeypatch.chdir(tmp_path)
    ends = [interrupted(words, calls, tmp_path / "log") for calls in CALLS]
    assert ends[0][0] == 130, ends[0]
    for code, said in ends:
        assert "Traceback" not in said
        assert "escaped:" not in said
        assert (code == 130) == said.endswith("interrupted\n"), said[-500:]
    if verb == "init":
        assert not (tmp_path / "net").exists() or ends[-1][0] != 130


def test_every_verb_is_interrupted_here():
    assert set(VERBS) == set(next(one.choices for one in parser()._actions if hasattr(one, "add_parser")))
