"""What a reference to a password leads to is the first line of a regular file, and is read in bounded time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from frrgen.errors import InputError
from frrgen.inventory.secrets import resolve
from frrgen.model.router import Router


def password(path, folder):
    neighbors = {"192.0.2.1": {"remote_as": 65002, "password": f"file:{path}"}}
    router = Router.model_validate({"name": "r1", "bgp": {"asn": 65001, "neighbors": neighbors}})
    return resolve(router, folder, {}).bgp.neighbors["192.0.2.1"].password.get_secret_value()


def test_the_first_line_of_a_file_is_the_password(tmp_path):
    (tmp_path / "pw").write_text("first\nsecond\n")
    assert password("pw", tmp_path) == "first"


def test_what_never_ends_or_never_begins_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "long").write_bytes(b"x" * 200_000)
    for path in ("/dev/zero", "/dev/null", tmp_path / "pipe", tmp_path, tmp_path / "long"):
        with pytest.raises(InputError, match=r"FRR12[12]") as bad:
            password(path, tmp_path)
        assert "xxxx" not in str(bad.value)


def test_a_link_to_a_file_is_followed_as_kubernetes_mounts_secrets(tmp_path):
    (tmp_path / "data").write_text("geheim")
    Path(tmp_path / "pw").symlink_to("data")
    assert password("pw", tmp_path) == "geheim"
