"""Options that make no sense together: refused before any file is read or router dialled."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from frrgen.codes import Code
from frrgen.errors import Finding, InputError
from frrgen.platforms.files import STDIN
from frrgen.platforms.registry import PLATFORMS

_NOBODY: Final = "no router is asked"
_FILES: Final = {"diff": "a plan", "graph": "a picture", "report": "a page"}
"""What the verbs write that write one file."""


def refuse(args: argparse.Namespace) -> None:
    """Raise InputError for options that would be ignored, or could only fail later."""
    said = _OF_VERBS.get(args.verb, lambda _: iter(()))(args)
    findings = [Finding(Code.FRR114, text) for text in (*said, *_output(args), *_folders(args))]
    if findings:
        raise InputError(*findings)


def _output(args: argparse.Namespace) -> Iterator[str]:
    """Find a place to write to that cannot be written to."""
    target: Path | None = getattr(args, "output", None)
    if target is None or not target.exists():
        return
    if args.verb == "import" and not target.is_dir():
        yield f"-o {target}: this is a file, and an inventory is a folder"
    if args.verb in _FILES and target.is_dir():
        yield f"-o {target}: this is a folder, and {_FILES[args.verb]} is a file"


def _folders(args: argparse.Namespace) -> Iterator[str]:
    """Find what stands where a folder is named, and is none."""
    named = {"--out": "out", "-i": "inventory", "--templates": "templates", "DIR": "dir"}
    if args.verb == "import":
        named["-o"] = "output"
    for option, key in named.items():
        folder: Path | None = getattr(args, key, None)
        if folder is not None and str(folder) == STDIN:
            yield f"{option} -: a folder is wanted here, and not standard input or output"
        elif option in {"--out", "DIR"} and folder is not None and folder.exists() and not folder.is_dir():
            yield f"{option} {folder}: this is a file, and a folder is wanted here"


def _diff(args: argparse.Namespace) -> Iterator[str]:
    for option in ("running", "base"):
        if getattr(args, option) is not None and args.ssh_config is not None:
            yield f"--ssh-config does not go with --{option}: {_NOBODY}"
    if args.base is not None and args.running is not None:
        yield "--base does not go with --running: a router is compared with one or the other"
    if args.output is not None and str(args.output) == STDIN:
        yield "-o -: a file is wanted here; --format json writes the plan to standard output"
    if args.base is not None and args.output is not None:
        yield "-o does not go with --base: such a plan is not of what a router runs"


def _plan(args: argparse.Namespace) -> Iterator[str]:
    if str(args.running) == str(args.intended) == STDIN:
        yield "standard input can be only one of the two files"


def _explain(args: argparse.Namespace) -> Iterator[str]:
    if args.allow_unread and args.running is None:
        yield "--allow-unread goes with --running: the inventory is always understood"


def _verify(args: argparse.Namespace) -> Iterator[str]:
    if args.ssh_config is not None and not args.live:
        yield f"--ssh-config goes with --live: else {_NOBODY}"


def _upgrade_check(args: argparse.Namespace) -> Iterator[str]:
    if args.ssh_config is not None and all(one == STDIN or Path(one).is_file() for one in args.sources):
        yield f"--ssh-config goes with the name of a router: of files {_NOBODY}"


def _import(args: argparse.Namespace) -> Iterator[str]:
    logins = [file for file in args.files if file.startswith("ssh:")]
    if args.ssh_config is not None and not logins:
        yield f"--ssh-config goes with ssh:HOST: of files {_NOBODY}"
    if args.platform not in PLATFORMS and logins:
        yield f"{logins[0]}: manifests are files: write kubectl get -o yaml | frrgen import metallb -"
    if args.files.count(STDIN) > 1:
        yield "standard input can be only one of the files"


def _check(args: argparse.Namespace) -> Iterator[str]:
    if args.yes and not args.fix:
        yield "--yes goes with --fix"


def _looked(args: argparse.Namespace) -> Iterator[str]:
    if args.ssh_config is not None and not args.live:
        yield f"--ssh-config goes with --live: else {_NOBODY}"


def _status(args: argparse.Namespace) -> Iterator[str]:
    if args.watch is not None and args.format == "json":
        yield "--watch shows a table, and --format json writes once"
    if args.watch is not None and any(one.rpartition("=")[2] == STDIN for one in args.sent or ()):
        yield "--watch reads again and again, and standard input can be read once"


_OF_VERBS: Final = {
    "check": _check,
    "diff": _diff,
    "graph": _looked,
    "plan": _plan,
    "report": _looked,
    "status": _status,
    "explain": _explain,
    "verify": _verify,
    "upgrade-check": _upgrade_check,
    "import": _import,
}
