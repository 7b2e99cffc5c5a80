"""`--profile` shows where a run's time went, and changes nothing else."""

from __future__ import annotations

import re

from frrgen.cli import main


def test_a_profile_stands_on_standard_error_and_names_modules_and_no_path(tmp_path, capsys):
    assert main(["init", str(tmp_path / "net")]) == 0
    capsys.readouterr()
    assert main(["-i", str(tmp_path / "net/inventory"), "check"]) == 0
    plain = capsys.readouterr()
    assert main(["-i", str(tmp_path / "net/inventory"), "--profile", "check"]) == 0
    profiled = capsys.readouterr()
    assert profiled.out == plain.out
    assert re.search(r"profile: [0-9.]+ s, [0-9.]+ s of CPU", profiled.err)
    assert re.search(r"profile: +[0-9.]+ s  frrgen\.", profiled.err)
    assert "/" not in profiled.err


def test_a_run_that_fails_is_profiled_too(tmp_path, capsys):
    assert main(["-i", str(tmp_path / "none"), "--profile", "check"]) == 1
    assert "error[FRR100]" in (err := capsys.readouterr().err)
    assert "profile: " in err
