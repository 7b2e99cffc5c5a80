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
        with pytest.raises(InputError, match=r"FRR12[123]") as bad:
            password(path, tmp_path)
        assert "xxxx" not in str(bad.value)


def test_a_link_to_a_file_is_followed_as_kubernetes_mounts_secrets(tmp_path):
    (tmp_path / "data").write_text("geheim")
    Path(tmp_path / "pw").symlink_to("data")
    assert password("pw", tmp_path) == "geheim"


def looked_up(reference, folder, environ):
    neighbors = {"192.0.2.1": {"remote_as": 65002, "password": reference}}
    router = Router.model_validate({"name": "r1", "bgp": {"asn": 65001, "neighbors": neighbors}})
    return resolve(router, folder, environ).bgp.neighbors["192.0.2.1"].password.get_secret_value()


@pytest.fixture
def folders(tmp_path):
    for name in ("inventory/secrets", "outside"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "pw").write_text("geheim")
    (tmp_path / "inventory/link").symlink_to(tmp_path / "outside/pw")
    (tmp_path / "inventory/up").symlink_to(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "path", ["../outside/pw", "secrets/../../outside/pw", "link", "up/outside/pw", "{}/outside/pw"]
)
def test_a_file_outside_of_the_inventory_is_read_only_where_the_operator_allows_it(folders, path):
    reference = f"file:{path.format(folders)}"
    with pytest.raises(InputError, match="FRR123") as bad:
        looked_up(reference, folders / "inventory", {})
    assert "geheim" not in str(bad.value)
    allowed = {"FRRGEN_SECRETS": f"env:X file:{folders}/outside/*"}
    assert looked_up(reference, folders / "inventory", allowed) == "geheim"


def test_where_the_operator_names_references_no_other_is_read(folders):
    environ = {"BGP_PW": "geheim", "TOKEN": "token", "FRRGEN_SECRETS": "env:BGP_* file:secrets/*"}
    assert looked_up("env:BGP_PW", folders / "inventory", environ) == "geheim"
    assert looked_up("file:secrets/pw", folders / "inventory", environ) == "geheim"
    (folders / "inventory/other").write_text("geheim")
    for reference in ("env:TOKEN", "env:FRRGEN_SECRETS", "file:other", "file:secrets/../other", "file:link"):
        with pytest.raises(InputError, match="FRR123"):
            looked_up(reference, folders / "inventory", environ)
    environ["FRRGEN_SECRETS"] = ""
    with pytest.raises(InputError, match="FRR123"):
        looked_up("env:BGP_PW", folders / "inventory", environ)
