"""One question to the PHP of a pfSense box: a text on standard input, answered by one marked line of JSON.

`exec php` with the text on standard input works the same for admin (whose login shell is a menu), for root, for users
of tcsh and through sudo, and leaves nothing on a command line. The PHP is `templates/pfsense/*.php`.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from frrgen.codes import Code
from frrgen.errors import DeviceError, Finding
from frrgen.platforms.pfsense.answers import (
    Answer,
    Failed,
)
from frrgen.platforms.templates import template_folder
from frrgen.transport.base import GoneError
from frrgen.transport.ssh import Shell

_PHP: Final = "exec /usr/local/bin/php -q"
_BESIDE: Final = {"apply": ("write",), "back": ("write", "rows"), "order": ("rows",)}
"""The texts that a verb needs beside `common`."""
_KINDS: Final = {
    "busy": (Code.FRR512, "wait until it has ended"),
    "conflict": (Code.FRR521, "run the push again to see the plan as it is now"),
    "root": (Code.FRR510, "log in as admin or root, or set ssh.sudo"),
    "refused": (Code.FRR741, None),
    "room": (Code.FRR742, "free some space, then push again"),
    "gone": (Code.FRR528, "frrgen diff shows where the box stands"),
    "write": (Code.FRR743, "Status > System Logs on the box may say why"),
}
"""Why nothing was changed -> our code and a hint."""


_A = TypeVar("_A", bound=Answer)


class NothingChangedError(DeviceError):
    """The box refused, and is as it was."""


def ask(shell: Shell, verb: str, request: Mapping[str, Any], answer: type[_A], *, load: tuple[str, ...] = ()) -> _A:
    """Return what a verb of `templates/pfsense` answers.

    Raises NothingChangedError where the box refused before it did anything, GoneError for a push that does not wait
    any more, and DeviceError where it is not known what was done.
    """
    mark = f"frrgen-{secrets.token_hex(8)}"
    done = shell.run(_PHP, program(verb, mark, request, load))
    text = next((line for line in done.out.split("\n") if line.startswith(f"{mark} ")), None)
    if text is None:
        said = [line.strip() for line in f"{done.err}\n{done.out}".split("\n") if line.strip()]
        shown = "; ".join(said[-3:])[:300] or f"status {done.status}"
        raise DeviceError(Finding(Code.FRR740, f"{shell.name}: no answer from PHP: {shown}", hint=_hint(shown)))
    text = text.removeprefix(mark).strip()
    try:
        if text.startswith('{"ok":true'):
            return answer.model_validate_json(text)
        failed = Failed.model_validate_json(text)
    except ValidationError as bad:
        raise DeviceError(
            Finding(Code.FRR740, f"{shell.name}: an unexpected answer to {verb}: {bad.errors()[0]['msg']}")
        ) from bad
    if failed.kind in _KINDS:
        code, hint = _KINDS[failed.kind]
        kind = GoneError if failed.kind == "gone" else NothingChangedError
        raise kind(Finding(code, f"{shell.name}: {failed.error}; nothing was changed", hint=hint))
    found = Finding(Code.FRR740, f"{shell.name}: PHP failed on the box: {failed.error}", hint=_hint(failed.error))
    raise (NothingChangedError if failed.stage == "begun" else DeviceError)(found)


def program(verb: str, mark: str, request: Mapping[str, Any], load: tuple[str, ...]) -> str:
    """Return the whole text for PHP. Its last line starts it: without that line nothing is done."""
    folder = template_folder() / "pfsense"
    names = ("common", *_BESIDE.get(verb, ()), verb)
    parts = [(folder / f"{name}.php").read_text().removeprefix("<?php\n") for name in names]
    loads = "".join(f"require_once('{name}');\n" for name in load)
    asked = to_base64(json.dumps(request))
    return f"<?php\n{''.join(parts)}frrgen_begin('{mark}');\n{loads}frrgen_main('{asked}');\n"


def to_base64(text: str) -> str:
    """Return a text as the box takes it: bytes that are not UTF-8 stay as they are."""
    return base64.b64encode(text.encode(errors="surrogateescape")).decode()


def to_text(data: bytes) -> str:
    """Return the bytes of a box as a text: bytes that are not UTF-8 stay as they are."""
    return data.decode(errors="surrogateescape")


def _hint(said: str) -> str | None:
    if "not found" in said or "No such file" in said:
        return "is this a pfSense box with the FRR package?"
    if "password is required" in said or "sudo:" in said:
        return "sudo must work without a password for this user (sudo -n): package sudo"
    if "Permission denied" in said:
        return "config.xml takes root: log in as admin or root, or set ssh.sudo"
    return None
