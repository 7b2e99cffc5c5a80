"""How far work has come that takes longer than two seconds: a line on a terminal, gone at its end."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Final, TypeVar

from frrgen.platforms.files import STDIN

PATIENCE: Final = 2.0
"""Seconds that work may take before its progress is shown."""
Step = Callable[[int], None]
_T = TypeVar("_T")


@contextmanager
def working(args: argparse.Namespace, what: str, total: int = 0) -> Iterator[Step]:
    """Tell on stderr, if it is a terminal, how far work has come that takes longer than two seconds.

    Yields the function that counts the finished parts. With -q, and with JSON for another program, it stays silent.
    A verb prints nothing inside of it.
    """
    if not sys.stderr.isatty() or _silent(args):
        yield _nothing
        return
    from frrgen.report.console import console

    rich = console(sys.stderr)
    if rich is None:
        yield _nothing
        return
    from rich.live import Live
    from rich.spinner import Spinner
    from rich.text import Text

    done = 0
    line = Spinner("dots", Text(f"{what} …"))
    # what goes to stdout may go to a file: it is not for rich to print
    shown = Live(line, console=rich, refresh_per_second=12.5, transient=True, redirect_stdout=False)
    timer = Timer(PATIENCE, shown.start)
    timer.daemon = True

    def step(count: int) -> None:
        nonlocal done
        done += count
        line.update(text=Text(f"{what}: {done} of {total}"))

    timer.start()
    try:
        yield step
    finally:
        timer.cancel()
        timer.join()
        shown.stop()


def counted(things: Iterable[_T], step: Step) -> Iterator[_T]:
    """Yield things, and count each when the next is asked for."""
    for one in things:
        yield one
        step(1)


def _silent(args: argparse.Namespace) -> bool:
    if args.quiet or (getattr(args, "format", None) == "json" and not sys.stdout.isatty()):
        return True
    # who types a file into the terminal is not disturbed
    words = [*getattr(args, "files", ()), *(getattr(args, name, None) for name in ("running", "a", "b"))]
    typed = any(str(word).partition(":")[0] == STDIN for word in words)
    return typed and sys.stdin is not None and sys.stdin.isatty()


def _nothing(_: int) -> None:
    """Count nothing."""
