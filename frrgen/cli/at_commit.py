"""The inventory as it was at a commit, without touching the user's files: git hands out its objects."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, cause, visible
from frrgen.intended.inventory import Inventory
from frrgen.model.router import Router
from frrgen.platforms.base import of
from frrgen.platforms.files import write_private

_LINK: Final = "120000"
_FILES: Final = ("100644", "100755", _LINK)
"""The modes of what is read; a submodule is not."""


@contextmanager
def running_at(ref: str, folder: Path, routers: Sequence[Router]) -> Iterator[tuple[dict[str, Path], list[str]]]:
    """Yield files with what each router runs if it runs what its inventory said at a commit.

    A router that was not there runs nothing. The list names the routers that are there no more. Passwords stay
    references. Raises InputError.
    """
    with tempfile.TemporaryDirectory(prefix="frrgen-base-") as name:
        at, texts = Path(name, "inventory"), Path(name, "texts")
        _extract(ref, folder, at)
        before = _routers(ref, folder, at)
        files = {router.name: texts / f"{number}.conf" for number, router in enumerate(routers)}
        for router in routers:
            was = before.get(router.name)
            write_private(files[router.name], "" if was is None else of(was).frr_conf(was))
        yield files, sorted(set(before) - {router.name for router in routers})


def _routers(ref: str, folder: Path, at: Path) -> dict[str, Router]:
    """Read the routers of the commit; none, if there was no inventory yet."""
    if not (at / "routers").is_dir():
        return {}
    try:
        return dict(Inventory(at).derived.routers)
    except InputError as bad:
        raise InputError(*(_at_ref(one, ref, folder, at) for one in bad.findings)) from None


def _at_ref(one: Finding, ref: str, folder: Path, at: Path) -> Finding:
    """Name the file as git does: REF:FILE."""
    file = one.where.file
    if file and Path(file).is_relative_to(at):
        file = f"{ref}:{folder / Path(file).relative_to(at)}"
    return replace(one, where=one.where._replace(file=file))


def _extract(ref: str, folder: Path, target: Path) -> None:
    """Write the files of the inventory at a commit into a folder. Raises InputError."""
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").decode().strip()
    listed = _git(folder, "ls-tree", "-r", "-z", commit, ".")
    entries = [one.split(b"\t", 1) for one in listed.split(b"\0") if one]
    for head, path in entries:
        mode, _, blob = head.decode().split()[:3]
        if mode not in _FILES:
            continue
        file = target / os.fsdecode(path)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        content = _git(folder, "cat-file", "blob", blob)
        if mode == _LINK:
            file.symlink_to(os.fsdecode(content))
        else:
            file.write_bytes(content)


def _git(folder: Path, *words: str) -> bytes:
    """Return what the git program prints. Raises InputError."""
    # no lock, no refreshed index: nothing of the user's is written
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(["git", *words], cwd=folder, env=environment, capture_output=True, check=False)
    except OSError as bad:
        raise InputError(Finding(Code.FRR403, f"git cannot be run in {folder}: {cause(bad)}")) from bad
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().removeprefix("fatal: ")
        hint = None
        if not said:
            said, hint = "there is no such commit", _whole(folder)
        raise InputError(Finding(Code.FRR403, f"git {words[0]} {visible(words[-1])}: {visible(said)}", hint=hint))
    return done.stdout


def _whole(folder: Path) -> str | None:
    """Return how a shallow clone gets the commits that it lacks. Raises InputError."""
    if _git(folder, "rev-parse", "--is-shallow-repository").strip() != b"true":
        return None
    return "this clone is shallow: git fetch --unshallow; in CI fetch-depth: 0 (GitHub), GIT_DEPTH: 0 (GitLab)"
