"""Files with configuration: read whatever their bytes are, and written for their owner alone."""

from __future__ import annotations

import os
from pathlib import Path

from frrgen.errors import InputError, error


def read_text(path: Path) -> str:
    """Return a configuration file's text; bytes that are not UTF-8 become lone surrogates. Raises InputError."""
    try:
        return path.read_bytes().decode(errors="surrogateescape")
    except OSError as bad:
        raise InputError(error("FRR403", f"{path} cannot be read: {bad.strerror}")) from bad


def write_private(path: Path, text: str) -> None:
    """Write a file that holds passwords: as a whole or not at all, 0600. Raises InputError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(text)
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    except OSError as bad:
        raise InputError(error("FRR402", f"{path} cannot be written: {bad.strerror}")) from bad


def is_xml(text: str) -> bool:
    """Return whether a text is XML, such as a config.xml or fragments of it."""
    return text.lstrip("\ufeff \t\r\n").startswith("<")
