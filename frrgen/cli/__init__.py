"""The command line: one module per verb; arguments in, exit codes out."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence

from frrgen.cli.output import outlive_readers, output_fault, unwritable
from frrgen.codes import Code
from frrgen.errors import Exit, Finding, FrrgenError, cause


def main(argv: Sequence[str] | None = None) -> int:
    """Run a verb and give its exit code. What goes wrong is printed; never a traceback."""
    # a model is many objects and few circles: looking for those again and again costs a tenth of a run
    gc.set_threshold(200_000, 20)
    try:
        return _guarded(argv)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return int(Exit.INTERRUPTED)


def _guarded(argv: Sequence[str] | None) -> int:
    """Run a verb and give its exit code. Raises KeyboardInterrupt at Ctrl-C."""
    from frrgen.cli.arguments import parser
    from frrgen.cli.place import inventory
    from frrgen.cli.refused import refuse
    from frrgen.cli.told import read_on, tell

    if sys.stdout is None:
        # closed, as by `>&-`: known before anything is done
        print(unwritable("it is closed"), file=sys.stderr)
        return int(Exit.ERROR)
    outlive_readers()
    quiet = False
    try:
        words = parser()
        if "_ARGCOMPLETE" in os.environ:
            from frrgen.cli.completion import complete

            complete(words)
        args = words.parse_args(argv)
        quiet = args.quiet
        args.inventory = inventory(args.inventory, os.environ)
        if args.verbose:
            _say_more(args)
        refuse(args)
        status = int(_run(args))
        sys.stdout.flush()
    except FrrgenError as bad:
        tell(bad.findings, sys.stderr)
        return int(bad.exit)
    except Exception as fault:
        if (why := output_fault(fault)) is not None:
            print(unwritable(why), file=sys.stderr)
            return int(Exit.ERROR)
        if os.environ.get("FRRGEN_TRACEBACK"):
            raise
        if isinstance(fault, OSError) and fault.filename is not None:
            # such as a name that is too long: wherever it is met, it is the file's fault
            tell([Finding(Code.FRR403, f"{fault.filename} cannot be read: {cause(fault)}")], sys.stderr)
            return int(Exit.ERROR)
        print(
            f"error[FRR199]: a fault of frrgen itself: {type(fault).__name__}; nothing more was done\n"
            "   = hint: please report it, with what FRRGEN_TRACEBACK=1 shows",
            file=sys.stderr,
        )
        return int(Exit.ERROR)
    finally:
        read_on(quiet=quiet)
    return status


def _run(args: argparse.Namespace) -> Exit:
    if not args.profile:
        return Exit(args.run(args))
    from frrgen.cli.profile import profiled

    with profiled():
        return Exit(args.run(args))


def _say_more(args: argparse.Namespace) -> None:
    """Write on stderr what is read and dialled."""
    import logging

    logging.basicConfig(format="%(message)s", stream=sys.stderr)
    log = logging.getLogger("frrgen")
    log.setLevel(logging.INFO)
    log.info("inventory: %s", args.inventory)
