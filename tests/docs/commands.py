"""The reference of the command line, drawn from its parser; the manual page is made of it."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

from frrgen.cli.arguments import parser


def commands() -> str:
    """Return each verb with its usage and its options."""
    return "\n".join(_lines(parser(), "frrgen", 2)) + "\n"


def _lines(one: argparse.ArgumentParser, name: str, level: int) -> Iterator[str]:
    usage = re.sub(r"\s+", " ", one.format_usage().removeprefix("usage: ")).strip()
    yield from ("", f"{'#' * level} {name}", "")
    if one.description and name != "frrgen":
        yield from (_sentence(one.description[:1].upper() + one.description[1:]), "")
    yield from ("```text", usage, "```", "")
    inner: dict[str, argparse.ArgumentParser] = {}
    for action in one._actions:
        if isinstance(action, argparse._SubParsersAction):
            inner = action.choices
        elif not isinstance(action, argparse._HelpAction) and not (name != "frrgen" and _is_common(action)):
            yield f"- {_named(action)}" + (f": {_sentence(_help(one, action))}" if action.help else "")
    for verb, below in inner.items():
        yield from _lines(below, f"{name} {verb}", min(level + 1, 4))


def _named(action: argparse.Action) -> str:
    value = "" if action.nargs == 0 else str(action.metavar or f"{{{','.join(map(str, action.choices or ()))}}}")
    value = value if value != "{}" else action.dest.upper()
    if not action.option_strings:
        return f"`{value}`"
    return ", ".join(f"`{one} {value}`".replace(" `", "`") for one in action.option_strings)


def _help(one: argparse.ArgumentParser, action: argparse.Action) -> str:
    return one._get_formatter()._expand_help(action)


def _is_common(action: argparse.Action) -> bool:
    """Tell whether an option is every verb's: it is described once, at the top."""
    return bool({"--inventory", "--quiet", "--verbose"} & set(action.option_strings))


def _sentence(text: str) -> str:
    text = re.sub(r"\s+", " ", text).strip().replace("<", "&lt;")
    return text + ("" if text.endswith((".", ")")) else ".")
