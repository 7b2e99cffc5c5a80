"""A file with passwords is written for its owner alone, as a whole, and never through somebody's link."""

from __future__ import annotations

import os

import pytest

from frrgen.errors import InputError
from frrgen.platforms.files import write_private


def test_a_private_file_is_for_its_owner_alone_and_leaves_no_draft(tmp_path):
    write_private(tmp_path / "new/frr.conf", "password geheim\n")
    assert (tmp_path / "new/frr.conf").stat().st_mode & 0o777 == 0o600
    assert [one.name for one in (tmp_path / "new").iterdir()] == ["frr.conf"]


def test_a_link_in_the_place_of_the_file_is_replaced_and_not_followed(tmp_path):
    (tmp_path / "elsewhere").write_text("theirs")
    (tmp_path / "frr.conf").symlink_to("elsewhere")
    write_private(tmp_path / "frr.conf", "ours")
    assert ((tmp_path / "elsewhere").read_text(), (tmp_path / "frr.conf").read_text()) == ("theirs", "ours")
    assert not (tmp_path / "frr.conf").is_symlink()


def test_a_link_planted_where_a_draft_could_be_is_not_followed(tmp_path):
    (tmp_path / "elsewhere").write_text("theirs")
    (tmp_path / f".frr.conf.{os.getpid()}").symlink_to("elsewhere")
    write_private(tmp_path / "frr.conf", "ours")
    assert (tmp_path / "elsewhere").read_text() == "theirs"


def test_a_file_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path):
    (tmp_path / "frr.conf").mkdir()
    with pytest.raises(InputError, match="FRR402"):
        write_private(tmp_path / "frr.conf", "ours")
    assert [one.name for one in tmp_path.iterdir()] == ["frr.conf"]
