"""The parts of the documents that are drawn from the code: `make docs` draws them anew."""

from __future__ import annotations

import re
from pathlib import Path

from frrgen.cli.exits import MEANINGS, OF_VERBS
from frrgen.codes import Code
from frrgen.speaker.session.fsm import diagram, table
from tests.docs.commands import commands
from tests.docs.fields import PICTURE, picture
from tests.docs.lines import in_place, resets, shown
from tests.docs.reference import reference
from tests.docs.versions import cases

DOCS = Path(__file__).resolve().parents[2] / "docs"
SPEAKER = DOCS / "speaker.md"
DRAWN = (
    SPEAKER,
    *(DOCS / name for name in ("inventory.md", "versions.md", "findings/README.md", "exit-codes.md", "commands.md")),
)


def findings() -> str:
    """Return the list of all codes."""
    return "\n".join(["| code | |", "|---|---|", *(f"| [{code}]({code}.md) | {code.head} |" for code in Code)])


def exits() -> str:
    """Return the table of exit codes, with the verbs that end with them."""
    rows = [
        f"| {code:d} | {meaning} | {'every verb' if len(verbs) == len(OF_VERBS) else ', '.join(verbs)} |"
        for code, meaning in MEANINGS.items()
        for verbs in [[f"`{verb}`" for verb, codes in OF_VERBS.items() if code in codes]]
    ]
    return "\n".join(["| code | meaning | verbs |", "|---|---|---|", *rows])


PARTS = {
    "diagram": lambda: f"```mermaid\n{diagram()}```",
    "table": table,
    "reference": reference,
    "cases": cases,
    "resets": resets,
    "in_place": in_place,
    "shown": shown,
    "findings": findings,
    "exits": exits,
    "commands": commands,
}


def drawn(text: str) -> str:
    """Give a document with what stands between `<!-- draw X -->` and `<!-- end -->` drawn from the code."""
    return re.sub(
        r"(<!-- draw (\w+) -->\n).*?\n(<!-- end -->)",
        lambda found: f"{found[1]}{PARTS[found[2]]().rstrip()}\n{found[3]}",
        text,
        flags=re.DOTALL,
    )


if __name__ == "__main__":
    for path in DRAWN:
        path.write_text(drawn(path.read_text()))
    PICTURE.write_text(picture())
