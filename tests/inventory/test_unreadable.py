"""A folder of the inventory that this user may not read is named, and is no fault of frrgen."""

from __future__ import annotations

from pathlib import Path

import pytest

from frrgen.cli import main


@pytest.mark.parametrize("kind", ["", "routers", "clusters"])
@pytest.mark.parametrize(
    "verb", ["check", "render", "diff", "verify", "graph", "render r1", "explain r1 10.0.0.1 in ::/0"]
)
def test_a_folder_that_may_not_be_read_is_named(kind, verb, tmp_path, monkeypatch, capsys):
    for name in ("routers", "clusters"):
        (tmp_path / name).mkdir()
    (tmp_path / "routers/r1.yaml").write_text("bgp: {asn: 65001}\n")
    real = Path.iterdir

    def iterdir(path):
        if path == tmp_path / kind:
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    assert main(["-i", str(tmp_path), *verb.split()]) == 1
    err = capsys.readouterr().err
    assert f"error[FRR101]: cannot be read: permission denied\n  --> {tmp_path / kind}\n" in err
    assert "FRR199" not in err
