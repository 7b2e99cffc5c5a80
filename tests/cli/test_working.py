"""What a terminal shows of work that takes long: a line on stderr, gone at the end, and nothing anywhere else."""

from __future__ import annotations

import argparse
import io
import json
import os
import pty
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from frrgen.cli import main, working
from tests.cli.test_cli import EXAMPLE

VERBS = {
    "check": [],
    "diff": ["edge1", "--running", "edge1.conf"],
    "verify": [],
    "render": ["edge1", "--out", "out"],
    "compare": ["edge1:203.0.113.1:in", "edge1:192.168.1.10:in"],
    "import": ["frr", "edge1.conf", "-o", "net"],
    "graph": ["--format", "dot"],
    "report": ["-o", "page.html"],
}
"""Verbs that may take long without asking a router."""
SHOWS_CURSOR = "\x1b[?25h"
CLEARS_LINE = "\x1b[2K"


class Now:
    """A timer whose time has come when it starts."""

    daemon = False

    def __init__(self, _, call):
        self.start = call

    def cancel(self):
        """Come too late."""

    def join(self):
        """Be done already."""


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


@contextmanager
def terminal(monkeypatch):
    """Make stderr a terminal where nothing is waited for; give what closes the terminal and returns what it showed."""
    master, slave = pty.openpty()
    shown = []

    def read():
        try:
            while more := os.read(master, 4096):
                shown.append(more)
        except OSError:
            # the other side is closed
            pass

    reader = threading.Thread(target=read)
    reader.start()
    stream = os.fdopen(slave, "w", encoding="utf-8")

    def end():
        stream.close()
        reader.join()
        return b"".join(shown).decode()

    try:
        monkeypatch.setattr(sys, "stderr", stream)
        monkeypatch.setattr(working, "Timer", Now)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.delenv("NO_COLOR", raising=False)
        yield end
    finally:
        monkeypatch.undo()
        end()
        os.close(master)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    main(["-i", str(EXAMPLE), "render", "edge1", "--out", str(tmp_path)])
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def at_terminal(folder, capsys):
    """Run a verb with stderr at a terminal; give stdout, and what the terminal showed."""

    def run(verb, *more):
        capsys.readouterr()
        with pytest.MonkeyPatch.context() as patch, terminal(patch) as end:
            main(["-i", str(EXAMPLE), verb, *VERBS[verb], *more])
            shown = end()
        return capsys.readouterr().out, shown

    return run


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_that_takes_long_says_what_it_does_and_leaves_nothing_behind(verb, at_terminal):
    out, shown = at_terminal(verb)
    assert "…" in shown
    assert "…" not in out
    assert "\x1b" not in out
    last = shown.rindex("…")
    # the cursor is back, and the line is empty
    assert SHOWS_CURSOR in shown[last:]
    assert CLEARS_LINE in shown[last:]


@pytest.mark.parametrize("verb", VERBS)
def test_q_shows_no_progress(verb, at_terminal):
    assert "\x1b[?25l" not in at_terminal(verb, "-q")[1]


@pytest.mark.parametrize("verb", ["check", "diff", "verify", "compare"])
def test_json_for_another_program_comes_without_progress(verb, at_terminal):
    out, shown = at_terminal(verb, "--format", "json")
    assert json.loads(out)["version"] == 1
    assert "\x1b[?25l" not in shown


def test_what_is_done_is_counted(monkeypatch):
    with terminal(monkeypatch) as end:
        with working.working(argparse.Namespace(quiet=False), "reading", 3) as step:
            assert list(working.counted([7, 8], step)) == [7, 8]
        shown = end()
    assert "reading: 2 of 3" in shown


def test_a_text_with_the_marks_of_rich_in_it_is_shown_as_it_is(monkeypatch):
    with terminal(monkeypatch) as end:
        with working.working(argparse.Namespace(quiet=False), "reading [/bold]"):
            pass
        shown = end()
    assert "reading [/bold] …" in shown


def test_what_is_printed_meanwhile_reaches_its_file(tmp_path, monkeypatch):
    with terminal(monkeypatch) as end, (tmp_path / "out").open("w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        with working.working(argparse.Namespace(quiet=False), "reading"):
            print("kept")
        shown = end()
    assert (tmp_path / "out").read_text() == "kept\n"
    assert "kept" not in shown


@pytest.mark.parametrize("words", [{"files": ["-"]}, {"running": "-"}, {"a": "-:IN"}, {"b": "-:IN"}])
def test_who_types_a_file_into_the_terminal_is_not_disturbed(words, monkeypatch):
    with terminal(monkeypatch) as end:
        monkeypatch.setattr(sys, "stdin", Terminal())
        with working.working(argparse.Namespace(quiet=False, **words), "reading"):
            pass
        assert end() == ""


def test_short_work_shows_nothing(monkeypatch):
    class Never(Now):
        """A timer that is stopped before its time comes."""

        def __init__(self, seconds, call):
            assert seconds == working.PATIENCE
            super().__init__(seconds, lambda: None)

    with terminal(monkeypatch) as end:
        monkeypatch.setattr(working, "Timer", Never)
        with working.working(argparse.Namespace(quiet=False), "reading", 3) as step:
            step(1)
        assert end() == ""


def test_without_a_terminal_rich_is_not_even_read():
    words = ["-i", str(EXAMPLE), "check"]
    code = f"import sys; from frrgen.cli import main; main({words!r}); sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0
