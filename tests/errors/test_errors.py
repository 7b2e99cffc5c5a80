"""One file a mistake, and beside it exactly what `frrgen check` says of it.

A case is `cases/NAME.yaml`: routers/r1.yaml, or the files that `# file: PATH` lines begin. `cases/NAME.txt` holds what
is printed, the exit code first. FRRGEN_REGENERATE=1 writes them anew: read every one before you believe it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from frrgen.cli import main

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
SOUND = b"bgp: {asn: 65001}\n"


def lay_out(case: Path, folder: Path) -> None:
    parts = re.split(rb"(?m)^# file: (\S+)\n", case.read_bytes())
    files = {"routers/r1.yaml": parts[0]} if len(parts) == 1 else {}
    files |= {name.decode(): text for name, text in zip(parts[1::2], parts[2::2], strict=True)}
    if not any(name.startswith("routers/") for name in files):
        files["routers/r1.yaml"] = SOUND
    for name, text in files.items():
        path = folder / "inventory" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)


def test_there_are_enough_mistakes():
    assert len(CASES) >= 40


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_a_mistake_gets_exactly_this_answer(case, tmp_path, monkeypatch, capsys):
    lay_out(case, tmp_path)
    monkeypatch.chdir(tmp_path)
    status = main(["check"])
    out, err = capsys.readouterr()
    said = f"exit {status}\n{out}{err}"
    expected = case.with_suffix(".txt")
    if os.environ.get("FRRGEN_REGENERATE"):
        expected.write_text(said)
    assert said == expected.read_text()
    assert "FRR199" not in said
    assert "Traceback" not in said
    assert "hunter2" not in said
    assert re.search(r"(error|warning)\[FRR\d{3}\]: ", said)
    assert re.search(r"  --> inventory/\S+", said)
