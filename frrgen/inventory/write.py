"""Writing files: new files, all of them or none; and a file in the place of another, as a whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, cause


def write_new(files: Mapping[Path, str], folder: Path) -> list[Path]:
    """Write files, named from `folder` on; those under a folder `secrets` are for the owner's eyes only.

    Raises InputError: FRR130 if one is already there, FRR402 if one cannot be written; then none of them is.
    """
    there = [path for path in files if (folder / path).exists()]
    if there:
        raise InputError(
            *(Finding(Code.FRR130, f"{folder / path} exists already; nothing was written") for path in there)
        )
    made: list[Path] = []
    target = folder
    try:
        for path, text in files.items():
            target = folder / path
            secret = "secrets" in path.parts
            for parent in (*reversed(target.parents[1:]), target.parent):
                if not parent.exists():
                    parent.mkdir(mode=0o700 if secret and parent == target.parent else 0o777)
                    made.append(parent)
            handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if secret else 0o666)
            made.append(target)
            with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(text)
    except BaseException as bad:
        for path in reversed(made):
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink()
        if isinstance(bad, OSError):
            raise InputError(Finding(Code.FRR402, f"{target} cannot be written: {cause(bad, target)}")) from bad
        raise
    return [folder / path for path in files]


def replace_file(path: Path, data: bytes, *, keep_mode: bool = False) -> None:
    """Write a file as a whole or not at all, 0600 or with the mode that it has. Raises OSError.

    The draft is a new file with a name that nobody can foresee: no link of another user is followed.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        if keep_mode:
            shutil.copymode(path, draft)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
