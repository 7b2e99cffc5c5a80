"""The parts of the documents that are drawn from the code: `make docs` draws them anew."""

from __future__ import annotations

import re
from pathlib import Path

from frrgen.speaker.fsm import diagram, table

SPEAKER = Path(__file__).resolve().parents[2] / "docs/speaker.md"
PARTS = {"diagram": lambda: f"```mermaid\n{diagram()}```", "table": table}


def drawn(text: str) -> str:
    """Give a document with what stands between `<!-- draw X -->` and `<!-- end -->` drawn from the code."""
    return re.sub(
        r"(<!-- draw (\w+) -->\n).*?\n(<!-- end -->)",
        lambda found: f"{found[1]}{PARTS[found[2]]().rstrip()}\n{found[3]}",
        text,
        flags=re.DOTALL,
    )


if __name__ == "__main__":
    SPEAKER.write_text(drawn(SPEAKER.read_text()))
