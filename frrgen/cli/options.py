"""The options that several verbs share."""

from __future__ import annotations

import argparse
from pathlib import Path

from frrgen.cli.ci_formats import NAMES as CI_FORMATS
from frrgen.cli.parser import budget, positive


def everywhere(words: argparse.ArgumentParser, default: str | None) -> None:
    """Add the options that stand before a verb or behind it; behind it there is no default, which would win."""
    help_ = "default: $FRRGEN_INVENTORY, else the nearest inventory of this folder and those above"
    words.add_argument("-i", "--inventory", type=Path, default=default, metavar="DIR", help=help_)
    switch: str | bool = default or False
    words.add_argument("-q", "--quiet", action="store_true", default=switch, help="no progress and no summaries")
    words.add_argument("-v", "--verbose", action="store_true", default=switch, help="say what is read and dialled")


def routers_options(verb: argparse.ArgumentParser, number: str) -> None:
    """Add names of routers."""
    verb.add_argument(
        "routers", nargs=number, metavar="ROUTER", help="names of routers" + (", default: all" * (number == "*"))
    )


def plan_format_options(verb: argparse.ArgumentParser) -> None:
    """Add the formats of a plan."""
    verb.add_argument("--format", choices=["text", "json", "commands"], default="text")


def budget_option(verb: argparse.ArgumentParser) -> None:
    """Add what each proof may use."""
    verb.add_argument(
        "--budget",
        type=budget,
        default="60:300",
        metavar="SECONDS[:MB]",
        help="what one proof may take, default: 60:300; beyond it the answer is undecided, and names the entry",
    )


def report_format_options(verb: argparse.ArgumentParser, *more: str) -> None:
    """Add the formats of a report, with those of CI systems."""
    forms = ["text", "json", *more, *CI_FORMATS]
    help_ = "github: annotations; gitlab: code quality; markdown: a comment for a pull request"
    verb.add_argument("--format", choices=forms, default="text", help=help_)


def templates_options(verb: argparse.ArgumentParser) -> None:
    """Add a folder of templates."""
    verb.add_argument("--templates", type=Path, metavar="DIR", help="templates that extend or replace ours")


def device_options(verb: argparse.ArgumentParser) -> None:
    """Add the options of verbs that log in to routers."""
    verb.add_argument("--ssh-config", type=Path, metavar="FILE", help="instead of ~/.ssh/config")
    verb.add_argument("--parallel", type=positive, default=16, metavar="N", help="routers at a time, default 16")


def unread_options(verb: argparse.ArgumentParser) -> None:
    """Add what lets a verb go on over what it cannot read."""
    help_ = "go on although this was not understood: as the error names it, or the number of a line"
    verb.add_argument("--allow-unread", action="append", default=[], metavar="WHAT", help=help_)


def prune_options(verb: argparse.ArgumentParser) -> None:
    """Add the removal of lines that the model lacks."""
    verb.add_argument("--prune-leftovers", action="store_true", help="also remove running lines that the model lacks")


def avoid_option(verb: argparse.ArgumentParser) -> None:
    """Add what prefers a restart of sessions to what FRR else does wrong."""
    help_ = "restart sessions that would keep an old value, and shut those beside which FRR would do wrong"
    verb.add_argument("--avoid", action="store_true", help=help_)


def looked_options(verb: argparse.ArgumentParser) -> None:
    """Add what is looked at: some routers, and perhaps what they run."""
    routers_options(verb, "*")
    observed = verb.add_mutually_exclusive_group()
    observed.add_argument(
        "--running",
        type=Path,
        metavar="FILE|DIR",
        help="show, too, what differs from running configurations in a folder, named as render --out names them",
    )
    observed.add_argument("--live", action="store_true", help="show, too, what differs from what the routers run")
    device_options(verb)
