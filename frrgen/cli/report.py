"""`frrgen report`: one web page about the network."""

from __future__ import annotations

import argparse
import sys

from frrgen.cli.common import count
from frrgen.cli.graph import laid_out, title, write_out
from frrgen.cli.looked import look
from frrgen.cli.working import working
from frrgen.codes import Severity
from frrgen.errors import Exit, InputError
from frrgen.report.dot import titled
from frrgen.report.page import page
from frrgen.report.picture import NodeKind, picture
from frrgen.transport.base import now


def run(args: argparse.Namespace) -> Exit:
    """Write it; exit 1 if the inventory has an error, or a router could not be asked."""
    looked = look(args, policies=True, findings=True)
    wrong = any(one.severity is Severity.ERROR for one in looked.findings)
    shown = picture(looked.view)
    numbers = {router.name: number for number, router in enumerate(looked.view.routers)}
    links = {node.id: f"#r{numbers[node.lines[0]]}" for node in shown.nodes if node.kind is NodeKind.ROUTER}
    svg, missing = "", ""
    with working(args, "drawing"):
        try:
            svg = titled(laid_out(shown), shown, title=title(shown), links=links)
        except InputError as bad:
            missing = bad.findings[0].message
            print(f"the page has no picture: {missing}", file=sys.stderr)
        text = page(
            looked.view,
            looked.findings,
            time=now(),
            judged=not wrong,
            picture=svg,
            picture_parts=len(shown.nodes) + len(shown.edges),
            no_picture=f"No picture: {missing}.",
        )
    write_out(text, args.output)
    failed = [name for name, one in (looked.view.observed or {}).items() if one.plan is None]
    if not args.quiet and str(args.output) != "-":
        size = f"{count(len(looked.view.routers), 'router')}, {_size(len(text.encode()))}"
        print(f"{args.output}: {size}", file=sys.stderr)
    if failed:
        shown_names = ", ".join(failed[:10]) + (f" and {len(failed) - 10} more" if len(failed) > 10 else "")
        print(f"not known, for they could not be asked: {shown_names}; the page says why", file=sys.stderr)
    return Exit.ERROR if failed or wrong else Exit.OK


def _size(octets: int) -> str:
    """Write a file's size for people."""
    return f"{octets / 1e6:.1f} MB" if octets >= 1e6 else f"{octets / 1e3:.0f} kB"
