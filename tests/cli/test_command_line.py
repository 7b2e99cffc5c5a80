"""The command line as new users meet it: where the inventory is, which words are near, what is refused."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from frrgen.cli import main
from frrgen.cli.arguments import parser
from frrgen.cli.exits import MEANINGS, OF_VERBS
from frrgen.errors import Exit, there_are
from frrgen.intended.inventory import Inventory
from frrgen.platforms import files
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse
from frrgen.transaction.base import Outcome, State
from tests.cli.test_cli import EXAMPLE, RUNNING, frrgen

ROOT = EXAMPLE.parent


def ended(capsys, *args):
    """Run a command, whether the parser or the verb ends it."""
    try:
        status = main([str(arg) for arg in args])
    except SystemExit as end:
        status = end.code
    out, err = capsys.readouterr()
    return status, out, err


@pytest.fixture
def stdin(monkeypatch):
    def give(text):
        files._standard_input.cache_clear()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    yield give
    files._standard_input.cache_clear()


def test_the_inventory_is_named_before_the_verb_or_behind_it(capsys):
    for args in (
        ("-i", EXAMPLE, "render", "edge1"),
        ("render", "-i", EXAMPLE, "edge1"),
        ("render", "edge1", "-i", EXAMPLE),
    ):
        assert frrgen(capsys, *args)[0] == 0
    assert frrgen(capsys, "-i", "/none", "check", "-i", EXAMPLE)[0] == 0


def test_the_environment_names_the_inventory_and_an_option_wins(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FRRGEN_INVENTORY", str(EXAMPLE))
    assert frrgen(capsys, "check")[0] == 0
    assert frrgen(capsys, "check", "-i", tmp_path / "none")[0] == 1
    monkeypatch.setenv("FRRGEN_INVENTORY", "")
    assert "error[FRR100]: there is no inventory in inventory" in frrgen(capsys, "check")[2]


@pytest.mark.parametrize("where", [".", "inventory", "inventory/routers", "other/deep"])
def test_the_inventory_is_found_from_inside_and_from_folders_beside_it(capsys, monkeypatch, tmp_path, where):
    frrgen(capsys, "init", tmp_path)
    (tmp_path / "other/deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / where)
    status, out, _ = frrgen(capsys, "check")
    assert (status, "2 routers checked" in out) == (0, True)


def test_the_common_file_may_be_network_yml_but_not_both(capsys, tmp_path):
    frrgen(capsys, "init", tmp_path)
    folder = tmp_path / "inventory"
    (folder / "network.yaml").rename(folder / "network.yml")
    assert frrgen(capsys, "-i", folder, "check")[0] == 0
    (folder / "network.yaml").write_text("{}\n")
    assert "error[FRR120]: network is in two files" in frrgen(capsys, "-i", folder, "check")[2]


def test_python_runs_the_package():
    done = subprocess.run([sys.executable, "-m", "frrgen", "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()[0]) == (0, "frrgen")


@pytest.mark.parametrize("args", ["--version", "--help", "diff --help"])
def test_what_the_parser_prints_is_not_lost_without_an_error(args):
    with Path("/dev/full").open("w") as full:
        words = [sys.executable, "-m", "frrgen", *args.split()]
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, "error[FRR402]" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("args", "hint"),
    [
        (("chekc",), "did you mean 'check'?"),
        (("-i", EXAMPLE, "rendr", "edge1"), "did you mean 'render'?"),
        (("-i", EXAMPLE, "render", "egde1"), "did you mean 'edge1'?"),
        (("-i", EXAMPLE, "explain", "edge1", "203.0.113.2", "in", "10.0.0.0/8"), "did you mean '203.0.113.1'?"),
        (("-i", EXAMPLE, "verify", "microk8"), "did you mean 'microk8s'?"),
        (("-i", EXAMPLE, "render", "--target", "metallb", "mikrok8s"), "did you mean 'microk8s'?"),
        (("-i", EXAMPLE, "compare", "edge1:MetalLB_k8", "edge1:MetalLB_k8s"), "did you mean 'MetalLB_k8s'?"),
        (("diff", "--format", "jsno"), "did you mean 'json'?"),
    ],
)
def test_the_nearest_word_is_suggested(capsys, args, hint):
    status, _, err = ended(capsys, *args)
    assert (status, hint in err) == (1, True), err


def test_a_list_in_a_hint_says_how_many_it_leaves_out():
    assert there_are([f"r{number}" for number in range(13)], "zzzzzzz").endswith("r8, r9 and 3 more")
    assert there_are([]) == "there are: none"


def test_render_without_names_is_of_every_router_and_cluster(capsys):
    assert frrgen(capsys, "-i", EXAMPLE, "render", "--target", "frr")[1].count("router bgp 64512") == 2
    _, all_, _ = frrgen(capsys, "-i", EXAMPLE, "render", "--target", "metallb")
    assert all_ == frrgen(capsys, "-i", EXAMPLE, "render", "--target", "metallb", "microk8s")[1] != ""


def test_a_folder_of_running_configurations_is_compared_router_by_router(capsys, tmp_path):
    frrgen(capsys, "-i", EXAMPLE, "render", "--target", "frr", "--out", tmp_path / "run")
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"edge1.conf", "home.conf"}
    (tmp_path / "run/edge1.conf").write_text(RUNNING)
    status, out, _ = frrgen(capsys, "-i", EXAMPLE, "diff", "--running", tmp_path / "run")
    assert (status, "nothing to do on home" in out, "on edge1. 1 session will reset" in out) == (2, True, True)
    (tmp_path / "run/home.conf").unlink()
    assert "error[FRR403]" in frrgen(capsys, "-i", EXAMPLE, "diff", "--running", tmp_path / "run")[2]
    (tmp_path / "run/edge1.xml").write_text("")
    assert "has two files of edge1" in frrgen(capsys, "-i", EXAMPLE, "diff", "edge1", "--running", tmp_path / "run")[2]


@pytest.mark.parametrize(
    "args",
    [
        "-i {example} diff edge1 --running -",
        "plan - {running}",
        "import frr - --name r1",
        "-i {example} explain edge1 203.0.113.1 in 10.0.0.0/8 --running -",
        "upgrade-check - --to 10.3",
    ],
)
def test_a_hyphen_is_standard_input(capsys, tmp_path, stdin, args):
    running = tmp_path / "r1.conf"
    running.write_text(RUNNING)
    words = args.format(example=EXAMPLE, running=running).split()
    expected = ended(capsys, *(str(running) if word == "-" else word for word in words))
    stdin(RUNNING)
    shown = ended(capsys, *words)
    assert shown[0] in {0, 2}
    assert [one.replace(str(running), "-") for one in expected[1:]] == list(shown[1:])


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ("diff edge1 --running F --ssh-config F", "--ssh-config does not go with --running"),
        ("diff edge1 -o .", "this is a folder, and a plan is a file"),
        ("plan - -", "standard input can be only one"),
        ("explain edge1 203.0.113.1 in 10.0.0.0/8 --allow-unread 3", "--allow-unread goes with --running"),
        ("verify --ssh-config F", "--ssh-config goes with --live"),
        ("upgrade-check network.yaml --to 10.3 --ssh-config F", "--ssh-config goes with the name of a router"),
        ("import frr F --ssh-config F", "--ssh-config goes with ssh:HOST"),
        ("import metallb ssh:h", "manifests are files"),
        ("import frr ssh:h -o network.yaml", "an inventory is a folder"),
        ("import frr - -", "standard input can be only one"),
        ("push edge1 --yes --raw", "--raw and --clear-raw are for pfSense boxes"),
        ("push edge1 --yes --clear-raw", "--raw and --clear-raw are for pfSense boxes"),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_router_is_dialled(capsys, monkeypatch, args, said):
    monkeypatch.setattr("frrgen.transport.ssh.Shell.connect", lambda *_: pytest.fail("dialled"))
    monkeypatch.chdir(EXAMPLE)
    status, out, err = ended(capsys, *args.split())
    assert (status, out, said in err) == (1, "", True), err


def test_quiet_leaves_the_summary_out_and_verbose_says_where_the_inventory_is(capsys):
    assert "checked" not in frrgen(capsys, "check", "-q", "-i", EXAMPLE)[1]
    done = subprocess.run(
        [sys.executable, "-m", "frrgen", "check", "-v"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == "inventory: inventory\n"


@pytest.mark.parametrize("options", [(), ("--yes",)])
def test_a_dry_run_of_a_reviewed_plan_applies_nothing(capsys, monkeypatch, tmp_path, options):
    (tmp_path / "run.conf").write_text(RUNNING)
    plan = tmp_path / "plan.json"
    frrgen(capsys, "-i", EXAMPLE, "diff", "edge1", "--running", tmp_path / "run.conf", "-o", plan)
    made = make_plan(parse(RUNNING, name="edge1"), Inventory(EXAMPLE).routers(["edge1"])[0])
    asked = []

    def push_to(router, args, approve, progress, stop, *, paired):
        monkeypatch.setattr(
            "frrgen.cli.reviewed.plan_digest", lambda _: json.loads(plan.read_text())["routers"][0]["digest"]
        )
        asked.append(approve(made))
        return Outcome(router.name, State.CONFIRMED if asked[-1] else State.DECLINED, made)

    monkeypatch.setattr("frrgen.cli.push.push_to", push_to)
    assert frrgen(capsys, "-i", EXAMPLE, "push", plan, "--dry-run", *options)[0] == 2
    assert frrgen(capsys, "-i", EXAMPLE, "push", plan, *options)[0] == 0
    assert asked == [False, True]


def test_every_exit_code_has_a_meaning_and_every_verb_its_codes():
    verbs = set(next(one.choices for one in parser()._actions if hasattr(one, "add_parser")))
    assert set(MEANINGS) == set(Exit)
    assert set(OF_VERBS) == verbs
    assert set().union(*OF_VERBS.values()) == set(Exit)


def test_the_page_of_exit_codes_has_these_numbers_for_good():
    page = (ROOT / "docs/exit-codes.md").read_text()
    numbers = [int(found) for found in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)]
    assert numbers == [0, 1, 2, 3, 4, 5, 130]


def test_a_plan_that_reads_like_a_router_is_told_how_to_be_written(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    Path("my plan").write_text("{}")
    status, _, err = frrgen(capsys, "-i", EXAMPLE, "push", "my plan", "--yes")
    assert (status, "hint: if the file is a plan: frrgen push './my plan'" in err) == (1, True)
    Path("edge1").write_text("a file of a router's name")
    assert "no router" not in frrgen(capsys, "-i", EXAMPLE, "push", "edge1")[2]


def test_an_argument_is_named_as_the_usage_writes_it():
    parts = [
        one
        for verb in next(one.choices for one in parser()._actions if hasattr(one, "add_parser")).values()
        for one in verb._actions
        if one.choices and not one.option_strings
    ]
    assert len(parts) > 3
    assert all(one.metavar for one in parts)
