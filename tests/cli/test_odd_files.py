"""Every place where a verb takes a file or a folder, with everything odd that may stand there; and misspelt options."""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from frrgen.cli import main
from frrgen.cli.arguments import parser
from frrgen.cli.parser import Parser
from frrgen.errors import DeviceError, Finding
from frrgen.platforms import files
from tests.cli.test_cli import EXAMPLE

FILES = [
    "diff edge1 --running {}",
    "diff --running {}",
    "plan {} sound.conf",
    "plan sound.conf {}",
    "import frr {}",
    "import pfsense {}",
    "import metallb {}",
    "import frr sound.conf {} -o new",
    "explain edge1 203.0.113.1 in 10.0.0.0/8 --running {}",
    "compare {}:A sound.conf:A",
    "upgrade-check ./{} --to 10.3",
    "render home --merge {} --out new",
    "push ./{} --yes",
    "graph edge1 --running {} -o new.svg",
    "report edge1 --running {} -o new.html",
    "status microk8s --sent {}",
    "status microk8s --sent n={}",
    "speaker plan --services {}",
    "speaker plan --source static:{}",
    "speaker run --node microk8s-1 --source static:{}",
    "speaker run --node microk8s-1 --source kubernetes:observe --kubeconfig {}",
    "speaker status --admin {}",
    "speaker announce 10.0.0.0/8 --admin {}",
]
"""Where a file to read is named."""
FOLDERS = [
    *(
        f"-i {{}} {verb}"
        for verb in (
            "check",
            "check --fix",
            "render",
            "render --target metallb",
            "diff",
            "push edge1 --yes",
            "confirm edge1",
            "rollback edge1 --yes",
            "history edge1",
            "status",
            "status microk8s",
            "verify",
            "compare edge1:A edge1:B",
            "explain edge1 203.0.113.1 in 10.0.0.0/8",
            "graph",
            "report -o new.html",
            "upgrade-check edge1 --to 10.3",
            "speaker plan --node microk8s-1",
        )
    ),
    "render edge1 --templates {}",
]
"""Where a folder to read is named."""
WRITTEN_FILES = ["diff edge1 --running sound.conf -o {}", "graph -o {}", "report -o {}"]
WRITTEN_FOLDERS = [
    "init {}",
    "render edge1 --out {}",
    "render --target metallb --out {}",
    "import frr sound.conf -o {}",
    "import metallb manifests.yaml -o {}",
]
NAMES = [
    "render {}",
    "check {}",
    "diff {}",
    "push {} --yes",
    "confirm {}",
    "rollback {}",
    "history {}",
    "status {}",
    "verify {}",
    "graph {}",
    "report {}",
    "render --target metallb {}",
    "compare {} edge1:A",
    "explain {} 203.0.113.1 in 10.0.0.0/8",
    "rule {}",
    "schema {}",
    "completion {}",
    "upgrade-check {} --to 10.3",
    "speaker plan --node {}",
]
"""Where a name is wanted, and a new user may name a file."""
NO_FILE = ["missing", "none/missing", "folder", "text.txt/below", "circle", "x" * 300]
"""What cannot be read at all."""
NO_FOLDER = ["missing", "none/missing", "text.txt", "text.txt/below", "circle", "empty", "-"]
NO_TEXT = ["binary", "text.txt", "other.xml", "other.json", "other.yaml"]
"""What can be read, and is of no kind that any verb takes."""
ANY_TEXT = {"status microk8s --sent {}": {"other.json"}}
TAKES_EMPTY = {
    # an empty file is an empty configuration
    "diff edge1 --running {}",
    "plan {} sound.conf",
    "plan sound.conf {}",
    "import frr {}",
    "import frr sound.conf {} -o new",
    "upgrade-check ./{} --to 10.3",
    "graph edge1 --running {} -o new.svg",
    "report edge1 --running {} -o new.html",
}
ON_THE_PAGE = ["report edge1 --running {} -o new.html"]
"""The page says why; the terminal names the router."""
WORDS = re.compile(r"error\[FRR[0-9]{3}\]: [^\n]{8,}")
BARE = re.compile(r"Errno|errno|Traceback|FRR199|<class|object has no attribute|codec can't")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Go to a folder with an inventory and one file of every kind."""
    shutil.copytree(EXAMPLE, tmp_path / "inventory")
    (tmp_path / "folder").mkdir()
    made = {
        "sound.conf": b"frr version 8.4.4\nhostname edge1\nrouter bgp 64512\n",
        "empty": b"",
        "binary": bytes(range(256)) * 40,
        "text.txt": b"127.0.0.1 localhost\nhello world\n",
        "other.xml": b'<?xml version="1.0"?>\n<a>\n\t<b/>\n</a>\n',
        "other.json": b'{"a": [1, 2]}\n',
        "other.yaml": b"a: {b: c}\n",
        "manifests.yaml": b"kind: List\nitems: []\n",
    }
    for name, data in made.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "circle").symlink_to("circle")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBECONFIG", "")

    def nobody(shell, **_):
        raise DeviceError(Finding("FRR503", f"{shell.name} was dialled"))

    monkeypatch.setattr("frrgen.transport.ssh.Shell.connect", nobody)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    files._standard_input.cache_clear()
    yield
    files._standard_input.cache_clear()


def ended(capfd, words):
    """Run a command. Return its exit code and all that it says."""
    try:
        status = main(words)
    except SystemExit as end:
        status = end.code
    return status, "".join(capfd.readouterr())


def refused(capfd, words, named):
    """Hold a command to a clear error that names what was given."""
    status, said = ended(capfd, words)
    assert status == 1, said
    assert WORDS.search(said), said
    assert not BARE.search(said), said
    assert named[:80] in said, said


@pytest.mark.parametrize("odd", NO_FILE, ids=lambda odd: odd[:20])
@pytest.mark.parametrize("verb", FILES)
def test_what_cannot_be_read_is_named_with_the_reason(capfd, verb, odd):
    if verb in ON_THE_PAGE and odd == "folder":
        pytest.skip("a folder with files of routers may be named here")
    refused(capfd, verb.format(odd).split(), odd.removesuffix("/below"))


@pytest.mark.parametrize("odd", NO_TEXT)
@pytest.mark.parametrize("verb", [verb for verb in FILES if "--admin" not in verb])
def test_a_file_of_another_kind_is_no_input(capfd, verb, odd):
    words = verb.format(odd).split()
    if verb in ON_THE_PAGE:
        status, said = ended(capfd, words)
        assert (status, "could not be asked: edge1" in said, BARE.search(said)) == (1, True, None)
    elif verb == "diff --running {}":
        refused(capfd, words, "exactly one router")
    elif verb.startswith("compare"):
        refused(capfd, words, "")
    else:
        refused(capfd, words, "the file is no kubeconfig" if "--kubeconfig" in verb else odd)


@pytest.mark.parametrize("verb", [verb for verb in FILES if verb not in TAKES_EMPTY])
def test_an_empty_file_is_only_an_empty_configuration(capfd, verb):
    refused(capfd, verb.format("empty").split(), "")


@pytest.mark.parametrize("verb", sorted(TAKES_EMPTY))
def test_an_empty_configuration_is_no_error(capfd, verb):
    status, said = ended(capfd, verb.format("empty").split())
    assert (status in {0, 2}, BARE.search(said)) == (True, None), said


@pytest.mark.parametrize("odd", NO_FOLDER)
@pytest.mark.parametrize("verb", FOLDERS)
def test_what_is_no_folder_is_named(capfd, verb, odd):
    refused(capfd, verb.format(odd).split(), odd)


@pytest.mark.parametrize("odd", ["folder", "text.txt/below", "-"])
@pytest.mark.parametrize("verb", WRITTEN_FILES)
def test_no_file_is_written_where_none_can_stand(capfd, verb, odd):
    if odd == "-" and not verb.startswith("diff"):
        assert ended(capfd, verb.format(odd).split())[0] == 0
    else:
        refused(capfd, verb.format(odd).split(), odd)
    assert not Path("-").exists()


@pytest.mark.parametrize("odd", ["text.txt", "text.txt/below", "circle", "-"])
@pytest.mark.parametrize("verb", WRITTEN_FOLDERS)
def test_no_folder_is_made_where_none_can_stand(capfd, verb, odd):
    if verb == "import metallb manifests.yaml -o {}" and odd in {"circle", "text.txt/below"}:
        pytest.skip("the manifests are empty, which is told first")
    refused(capfd, verb.format(odd).split(), odd)
    assert not Path("-").exists()


@pytest.mark.parametrize("odd", ["missing", "none/missing", "folder", "binary", "circle", "-", "a b"])
@pytest.mark.parametrize("verb", NAMES)
def test_a_name_that_is_not_there_is_an_error_that_says_what_there_is(capfd, verb, odd):
    words = [odd if word == "{}" else word for word in verb.split()]
    if odd == "binary" and verb.startswith("upgrade-check"):
        # a file may stand there
        pytest.skip("a file is read there")
    if odd == "-" and verb.startswith("upgrade-check"):
        assert ended(capfd, words)[0] == 2
        return
    refused(capfd, words, odd)


def test_a_file_that_may_not_be_read_is_named_with_the_reason(tmp_path):
    (tmp_path / "locked").write_text("router bgp 1\n")
    (tmp_path / "locked").chmod(0)
    (tmp_path / "closed").mkdir(mode=0)
    verbs = [verb for verb in FILES if "compare" not in verb and verb != "diff --running {}"]
    commands = [verb.format("locked").split() for verb in verbs]
    commands += [verb.format("closed").split() for verb in (*FOLDERS, *WRITTEN_FOLDERS)]
    program = [sys.executable, "-c", _EACH, json.dumps(commands)]
    if os.geteuid() == 0:
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            pytest.skip("needs setpriv of util-linux, for root may read everything")
        kept = "-dac_override,-dac_read_search"
        program = [setpriv, "--inh-caps", kept, "--bounding-set", kept, *program]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    assert len(found) == len(commands) > 30
    for words, (status, said) in zip(commands, found, strict=True):
        told = words[0] == "report" or "permission denied" in said
        assert (words, status, told, BARE.search(said)) == (words, 1, True, None), said


_EACH = """
import contextlib, io, json, sys
from frrgen.cli import main
told = []
for words in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
        status = main(words)
    told.append((status, out.getvalue()))
print(json.dumps(told))
"""
"""A program that runs commands, and prints the exit code of each and what it says."""


def _parsers(words: argparse.ArgumentParser, name: tuple[str, ...] = ()):
    yield name, words
    for action in words._actions:
        if isinstance(action.choices, dict):
            for word, inner in action.choices.items():
                if isinstance(inner, Parser):
                    yield from _parsers(inner, (*name, word))


OPTIONS = [
    (name, option)
    for name, words in _parsers(parser())
    for option in words._option_string_actions
    if len(option) > 5 and name
]


@pytest.mark.parametrize(("name", "option"), OPTIONS, ids=lambda one: " ".join(one) if isinstance(one, tuple) else one)
def test_the_nearest_option_is_suggested_for_a_misspelt_one(capfd, name, option):
    misspelt = f"{option[:-3]}{option[-2:]}x"
    status, said = ended(capfd, [*name, misspelt])
    assert status == 1
    if "required" not in said:
        assert f"there is no option {misspelt}" in said
        assert f"did you mean '{option}'?" in said


def test_each_verb_has_options():
    assert len({name for name, _ in OPTIONS}) > 20
    assert len(OPTIONS) > 100
