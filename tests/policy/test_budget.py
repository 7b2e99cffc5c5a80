"""A proof ends within its budget, whatever the shape of the policy, and says where it was."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frrgen.cli import main
from frrgen.cli.budget import Budget
from frrgen.errors import Exit
from frrgen.policy.sets.budget import SpentError

LISTS = {
    "communities": "bgp community-list standard C{n} seq 5 permit 65000:{n}",
    "pairs of communities": "bgp community-list standard C{n} seq 5 permit 65000:{n} 65001:{n}",
    "community expression": "bgp community-list expanded C{n} seq 5 permit 65000:[0-9]*{n}",
    "as-path": "bgp as-path access-list C{n} seq 5 permit _{m}_",
    "as-path expression": "bgp as-path access-list C{n} seq 5 permit ^{m}_([0-9]+_)*{n}$",
    "large-community": "bgp large-community-list standard C{n} seq 5 permit 65000:{n}:1",
}
SETS = ("metric {n}", "metric +{n}", "community 65001:{n} additive", "as-path prepend {m}", "comm-list C{n} delete", "")
WAYS = ("", "on-match next", "on-match goto {two}", "call M{n}")


@st.composite
def shapes(draw):
    """Many entries of one shape: a list asked about, something set, and a way on."""
    kind, what, way = (draw(st.sampled_from(tuple(some))) for some in (LISTS, SETS, WAYS))
    count = draw(st.sampled_from([3, 9, 40]))
    clause = next(word for word in ("large-community", "as-path", "community") if word in f"{kind} community")
    if what.startswith("comm-list") and clause != "community":
        what = ""
    lines = []
    for n in range(1, count + 1):
        values = {"n": n, "m": 64000 + n, "two": n + 3}
        lines += [LISTS[kind].format(**values), f"route-map M{n} permit 1", f" match {clause} C{n}", "exit"]
        lines += [f"route-map M permit {n}", f" match {clause} C{n}"]
        lines += [f" {word} {text}".rstrip().format(**values) for word, text in (("set", what), ("", way)) if text]
        lines.append("exit")
    return "\n".join([*lines, f"route-map M permit {count + 9}", "exit", ""])


@settings(derandomize=True, deadline=None, max_examples=10, database=None)
@given(shapes())
def test_each_shape_is_proven_or_undecided_at_a_named_place(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("shape")
    for name, one in (("a", text), ("b", text.replace("permit 65000:1", "permit 65009:1", 1))):
        (folder / f"{name}.conf").write_text(f"frr version 10.7.1\n{one}")
    status = main(["compare", f"{folder}/a.conf:M", f"{folder}/b.conf:M", "--budget", "0.1"])
    assert status in {Exit.OK, Exit.CHANGES}
    assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)


MANY = "".join(f"bgp community-list standard C seq {n} permit 65000:{n} 65001:{n}\n" for n in range(1, 400))


@pytest.mark.slow
def test_what_takes_too_long_is_undecided_and_names_the_entry(tmp_path, capsys):
    for name, more in (("a", ""), ("b", "bgp community-list standard C seq 500 permit 65002:1\n")):
        text = f"frr version 10.7.1\n{MANY}{more}route-map M permit 7\n match community C\nexit\n"
        (tmp_path / f"{name}.conf").write_text(text)
    assert main(["compare", f"{tmp_path}/a.conf:M", f"{tmp_path}/b.conf:M", "--budget", "0.5"]) == Exit.CHANGES
    said = capsys.readouterr().out
    assert said == "undecided: the budget of 0.5 seconds is spent at route-map M seq 7 (--budget)\n"
    assert main(["compare", f"{tmp_path}/a.conf:M", f"{tmp_path}/b.conf:M", "--budget", "60:5"]) == Exit.CHANGES
    assert "the budget of 5 MB is spent" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "x", "0", "-1", "60:0", "60:x", "nan", "inf"])
def test_a_budget_is_seconds_and_megabytes(text, capsys):
    with pytest.raises(SystemExit):
        main(["compare", "a:M", "b:M", f"--budget={text}"])
    assert "write SECONDS or SECONDS:MEGABYTES" in capsys.readouterr().err


def endless():
    with Budget(0.01).bounded():
        while True:
            pass


def test_a_budget_ends_once_and_leaves_the_timer_as_it_was():
    before = signal.getsignal(signal.SIGPROF)
    with pytest.raises(SpentError):
        endless()
    assert signal.getsignal(signal.SIGPROF) is before


class Lost:
    """Python drops what is raised while this object goes."""

    def __del__(self):
        while True:
            pass


def endless_behind_a_lost_error():
    with Budget(0.01).bounded():
        Lost()
        while True:
            pass


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_end_that_python_drops_comes_again():
    with pytest.raises(SpentError):
        endless_behind_a_lost_error()


WAITING = """
import os, signal
from frrgen.cli.budget import Budget
with Budget(60).bounded():
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPROF})
    os.kill(os.getpid(), signal.SIGPROF)
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGPROF})
print("alive")
"""


def test_a_signal_that_comes_behind_the_proof_does_not_end_the_process():
    done = subprocess.run([sys.executable, "-c", WAITING], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "alive\n")


def test_beside_the_main_thread_there_is_no_budget():
    done = []

    def prove():
        with Budget(0.01).bounded():
            done.append(1)

    one = threading.Thread(target=prove)
    one.start()
    one.join()
    assert done == [1]
