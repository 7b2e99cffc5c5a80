"""`diff --base`: what a pull request changes on each router, without any router, and without touching the work tree."""

from __future__ import annotations

import json
import subprocess

import jsonschema
import pytest

from frrgen.cli import main

R1 = "bgp: {asn: 65001, router_id: 10.0.0.1, neighbors: {192.0.2.1: {remote_as: 65002, password: 'file:secrets/x'}}}\n"
R2 = "bgp: {asn: 65002, router_id: 10.0.0.2, neighbors: {192.0.2.2: {remote_as: 65001}}}\n"


def git(folder, *words):
    settings = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *settings, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repo(tmp_path, monkeypatch):
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
        monkeypatch.delenv(name, raising=False)
    routers = tmp_path / "deep/inventory/routers"
    routers.mkdir(parents=True)
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "note").write_text("x")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "before the inventory")
    (routers.parent / "network.yaml").write_text("{}\n")
    (routers / "r1.yaml").write_text(R1)
    (routers / "r2.yaml").write_text(R2)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "base")
    monkeypatch.chdir(tmp_path / "deep")
    return tmp_path


def diff(capsys, *args):
    status = main(["diff", *map(str, args)])
    return status, *capsys.readouterr()


def state(repo):
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in repo.rglob("*") if path.is_file()}


def test_a_tree_that_is_the_commit_changes_nothing(capsys, repo):
    assert diff(capsys, "--base", "HEAD") == (
        0,
        "Plan: nothing to do on r1.\nPlan: nothing to do on r2.\n",
        "",
    )


def test_a_shallow_clone_says_how_it_gets_the_commit(capsys, repo, monkeypatch):
    assert diff(capsys, "--base", "nope") == (
        1,
        "",
        "error[FRR403]: git rev-parse nope^{commit}: there is no such commit\n",
    )
    git(repo, "clone", "-q", "--depth", "1", f"file://{repo}", "shallow")
    monkeypatch.chdir(repo / "shallow/deep")
    status, out, told = diff(capsys, "--base", "HEAD~1")
    assert (status, out) == (1, "")
    assert told.splitlines() == [
        "error[FRR403]: git rev-parse HEAD~1^{commit}: there is no such commit",
        "   = hint: this clone is shallow: git fetch --unshallow; in CI fetch-depth: 0 (GitHub), GIT_DEPTH: 0 (GitLab)",
    ]


def test_each_routers_change_is_planned_with_its_sessions_and_routes(capsys, repo):
    routers = repo / "deep/inventory/routers"
    (routers / "r1.yaml").write_text(R1.replace("65002", "65003"))
    (routers / "r3.yaml").write_text(R2)
    (routers / "r2.yaml").unlink()
    before = state(repo)
    status, out, err = diff(capsys, "--base", "main")
    assert (status, err) == (2, "")
    assert "1 session will reset: 192.0.2.1 (remote-as)" in out
    assert "on r3. " in out
    assert "r2 is no longer in the inventory: frrgen leaves what it runs as it is\n" in out
    assert state(repo) == before
    found = json.loads(diff(capsys, "--base", "main", "--format", "json")[1])
    main(["schema", "diff"])
    jsonschema.validate(found, json.loads(capsys.readouterr().out))
    assert (found["removed"], [one["router"] for one in found["routers"]]) == (["r2"], ["r1", "r3"])
    comment = diff(capsys, "--base", "main", "--format", "markdown")[1]
    assert "### frrgen diff: 2 of 3 routers change\n" in comment
    assert "r2 is no longer in the inventory" in comment


def test_a_change_of_the_defaults_reaches_every_router(capsys, repo):
    (repo / "deep/inventory/network.yaml").write_text("defaults: {log: {syslog: true}}\n")
    status, out, _ = diff(capsys, "--base", "HEAD")
    assert status == 2
    assert out.count("log syslog") == 2


def test_before_the_inventory_a_router_ran_nothing(capsys, repo):
    status, out, _ = diff(capsys, "--base", "HEAD~1")
    assert (status, out.count("router bgp")) == (2, 2)


def test_a_router_that_only_changes_its_place_in_the_repository_is_new(capsys, repo):
    (repo / "other").mkdir()
    (repo / "deep/inventory").rename(repo / "other/inventory")
    assert diff(capsys, "-i", repo / "other/inventory", "--base", "HEAD")[0] == 2


@pytest.mark.parametrize("ref", ["nothing", "--output=x", "-h", "HEAD:note", "", "HEAD^{tree}"])
def test_what_is_no_commit_is_an_error(capsys, repo, ref):
    before = state(repo)
    status, out, err = diff(capsys, f"--base={ref}")
    assert (status, out, "error[FRR403]: git rev-parse" in err) == (1, "", True)
    assert state(repo) == before


def test_outside_of_a_repository_git_says_so(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "routers").mkdir()
    (tmp_path / "routers/r1.yaml").write_text(R1)
    status, _, err = diff(capsys, "-i", tmp_path, "--base", "HEAD")
    assert (status, "error[FRR403]: git" in err) == (1, True)


def test_a_mistake_in_the_commit_is_named_with_the_commit(capsys, repo):
    file = repo / "deep/inventory/routers/r1.yaml"
    file.write_text("fo: 1\n" + R1)
    git(repo, "commit", "-qam", "a mistake")
    file.write_text(R1)
    status, _, err = diff(capsys, "--base", "HEAD")
    assert status == 1
    assert "--> HEAD:inventory/routers/r1.yaml:1:1" in err


def test_attributes_of_the_repository_hide_no_file(capsys, repo):
    (repo / ".gitattributes").write_text("*.yaml export-ignore\n")
    git(repo, "add", ".")
    git(repo, "commit", "-qm", "attributes")
    assert diff(capsys, "--base", "HEAD")[0] == 0


@pytest.mark.parametrize("more", [["--running", "x"], ["--ssh-config", "x"], ["-o", "plan.json"]])
def test_base_goes_with_nothing_that_is_about_a_router(capsys, repo, more):
    status, _, err = diff(capsys, "--base", "HEAD", *more)
    assert (status, "error[FRR114]" in err) == (1, True)
