"""The parser of the command line: what argparse does otherwise than users need."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from frrgen.codes import Code
from frrgen.errors import Exit, Finding, did_you_mean, there_are

if TYPE_CHECKING:
    from frrgen.cli.budget import Budget


class Parser(argparse.ArgumentParser):
    """Ends with 1 for wrong arguments, suggests words, and never loses what it prints."""

    def error(self, message: str, near: str | None = None) -> NoReturn:
        """Return what is wrong with the arguments: an error is 1, for 2 means that there are changes."""
        self.print_usage(sys.stderr)
        hint = f"{near} else: {self.prog} --help" if near is not None else f"{self.prog} --help"
        self.exit(Exit.ERROR, f"{Finding(Code.FRR114, message, hint=hint)}\n")

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Return the arguments. For an unknown option suggest the nearest of the verb."""
        found, unknown = self.parse_known_args(args, namespace)
        if unknown:
            self.innermost(found).error_of_unknown([str(one) for one in unknown])
        return found

    def innermost(self, found: argparse.Namespace) -> Parser:
        """Return the parser of the verb, and of the word behind it, that was chosen."""
        for action in self._actions:
            chosen = getattr(found, action.dest, None)
            inner = action.choices.get(chosen) if isinstance(action.choices, dict) else None
            if isinstance(inner, Parser):
                return inner.innermost(found)
        return self

    def error_of_unknown(self, words: Sequence[str]) -> NoReturn:
        """End with the words that nothing takes, and with the nearest option."""
        known = [one for one in self._option_string_actions if one.startswith("--")]
        options = [word.partition("=")[0] for word in words if word.startswith("-") and word != "-"]
        near = did_you_mean(options[0], known) if options else None
        what = f"there is no option {options[0]}" if options else f"nothing takes {' '.join(map(repr, words))}"
        self.error(f"{self.prog.partition(' ')[2] or self.prog}: {what}", near)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Suggest the nearest of the words that may stand here."""
        choices: Iterable[Any] | None = action.choices
        known = [str(one) for one in choices or ()]
        if choices is not None and value not in known:
            raise argparse.ArgumentError(action, f"{value!r} is not known here; {there_are(known, str(value), 20)}")

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print help or the version at once. Raises OSError, which argparse would keep to itself."""
        if file is sys.stdout:
            print(message, end="", flush=True)
        else:
            super()._print_message(message, file)


def positive(text: str) -> int:
    """Return a number of at least 1. Raises ArgumentTypeError."""
    number = whole(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of at least 1")
    return number


def whole(text: str) -> int:
    """Return a whole number. Raises ArgumentTypeError."""
    try:
        return int(text)
    except ValueError as bad:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from bad


def budget(text: str) -> Budget:
    """Return what a proof may use, SECONDS or SECONDS:MEGABYTES. Raises ArgumentTypeError."""
    from frrgen.cli.budget import Budget

    seconds, _, megabytes = text.partition(":")
    try:
        found = Budget(float(seconds), *([int(megabytes)] if megabytes else []))
    except ValueError:
        found = Budget(0)
    if not 0 < found.seconds < 1e6 or not 0 < found.megabytes < 1e6:
        raise argparse.ArgumentTypeError("write SECONDS or SECONDS:MEGABYTES, such as 60:300")
    return found


def percent(text: str) -> float:
    """Return a percentage from 0 to 100. Raises ArgumentTypeError."""
    return _between(text, 100, "percentage from 0 to 100")


def an_hour(text: str) -> float:
    """Return a time from 0 to 3600 seconds. Raises ArgumentTypeError."""
    return _between(text, 3600, "time from 0 to 3600 seconds")


def _between(text: str, most: float, noun: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 <= number <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is no {noun}")
    return number


def version(text: str) -> str:
    """Return a version of FRR, such as 10.3. Raises ArgumentTypeError."""
    if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3}){0,2}", text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no version, such as 10.3")
    return text
