"""What a person at a terminal sees more than a file does: links, where to read on, progress; and Ctrl-C."""

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
