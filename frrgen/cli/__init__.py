"""The command line: one module per verb; arguments in, exit codes out."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

from frrgen.errors import Exit, FrrgenError


def main(argv: Sequence[str] | None = None) -> int:
    """Run a verb and give its exit code. What goes wrong is printed; never a traceback."""
    # a model is many objects and few circles: looking for those again and again costs a tenth of a run
    gc.set_threshold(200_000, 20)
    from frrgen.cli.arguments import parser

    try:
        args = parser().parse_args(argv)
        status = int(args.run(args))
        sys.stdout.flush()
    except FrrgenError as bad:
        print(bad, file=sys.stderr)
        return int(bad.exit)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # whoever read our output has gone, as `| head` does: not our failure
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(Exit.OK)
    except Exception as fault:
        if os.environ.get("FRRGEN_TRACEBACK"):
            raise
        print(
            f"error[FRR199]: a fault of frrgen itself: {type(fault).__name__}; nothing more was done\n"
            "   = hint: please report it, with what FRRGEN_TRACEBACK=1 shows",
            file=sys.stderr,
        )
        return int(Exit.ERROR)
    return status
