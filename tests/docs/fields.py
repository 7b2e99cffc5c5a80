"""The picture of which field of which page of pfSense becomes which key of the inventory.

Found by trying: each field that the article's configuration fills is emptied, and what is then read is compared.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from html import escape
from itertools import takewhile
from pathlib import Path
from typing import Any

from frrgen.platforms.pfsense.parse import parse
from frrgen.platforms.pfsense.schema import blank
from frrgen.platforms.pfsense.wanted import read_box

ROOT = Path(__file__).resolve().parents[2]
ARTICLE = ROOT / "tests/golden/pfsense/article.xml"
PICTURE = ROOT / "docs/pages-to-keys.svg"
PAGES = {
    "frr": "Global Settings",
    "frrbgp": "BGP",
    "frrbgpneighbors": "BGP > Neighbors",
    "frrglobalprefixes": "Global Settings > Prefix Lists",
    "frrglobalroutemaps": "Global Settings > Route Maps",
}
STAYS = "(stays on the box)"
LINE, LEFT, RIGHT, WIDTH = 22, 20, 470, 980


def flat(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield each value of nested data, behind its path; entries of lists stand under their number."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(inner, (*path, str(key)))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for inner in value:
            yield from flat(inner, (*path, str(inner["seq"])))
    else:
        yield path, str(value)


def named(value: str, changed: list[tuple[str, ...]], before: dict[tuple[str, ...], str]) -> str:
    """Return the key that a field stands for, of those that change with it."""
    if not changed:
        return STAYS
    shared = [steps[0] for steps in takewhile(lambda steps: len(set(steps)) == 1, zip(*changed, strict=False))]
    if value in shared and len(changed) > 1:
        return ".".join(shared[: shared.index(value) + 1])
    return ".".join(next((path for path in changed if before[path] == value), shared))


def fields() -> list[tuple[str, str, str, str]]:
    """Return page, field, its value, and the key of the inventory, of all that the article fills."""
    stored, _ = read_box(ARTICLE, name="home")

    def said(sections: Any) -> dict[tuple[str, ...], str]:
        router = parse(sections, stored.box, name="home").parsed.router
        return dict(flat(router.model_dump(mode="json", exclude_unset=True)))

    before = said(stored.sections)
    found = []
    for section, page in PAGES.items():
        for at, config in enumerate(stored.sections[section]):
            plain = blank(section)
            rows = config.get("row", [])
            own = {key: value for key, value in config.items() if key != "row"}
            places: list[tuple[tuple[Any, ...], str]] = [
                ((key,), value) for key, value in own.items() if value not in {plain.get(key), ""}
            ]
            places += [(("row", number, key), value) for number, row in enumerate(rows) for key, value in row.items()]
            for steps, value in places:
                sections = copy.deepcopy(stored.sections)
                held: Any = sections[section][at]
                for step in steps[:-1]:
                    held = held[step]
                held[steps[-1]] = plain.get(steps[-1], "") if len(steps) == 1 else ""
                after = said(sections)
                changed = [path for path in before if after.get(path) != before[path]]
                if steps[0] != "row" or value not in {"", "none"}:
                    shown = "…" if steps[-1] == "password" else value
                    found.append((page, str(steps[-1]), shown, named(value, changed, before)))
    return found


def picture() -> str:
    """Return the picture, as SVG."""
    lines, y, page = [], 0, ""
    for title, key, value, path in fields():
        if title != page:
            page, y = title, y + int(LINE * 1.6)
            lines.append(f'<text x="{LEFT}" y="{y}" font-weight="bold">Services &gt; FRR &gt; {escape(title)}</text>')
        y += LINE
        lines += [
            f'<rect x="{LEFT}" y="{y - 15}" width="330" height="20" rx="3" fill="#eef3f8" stroke="#9ab"/>',
            f'<text x="{LEFT + 8}" y="{y}">{escape(key)}: {escape(value)}</text>',
            f'<path d="M 352 {y - 5} H {RIGHT - 10}" stroke="#9ab" marker-end="url(#tip)"/>',
            f'<text x="{RIGHT}" y="{y}" fill="{"#888" if path == STAYS else "#064"}">{escape(path)}</text>',
        ]
    tip = '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    size = f'viewBox="0 0 {WIDTH} {y + LINE}" font-family="monospace" font-size="13"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>'
    frame = f'<rect width="{WIDTH}" height="{y + LINE}" fill="#fff"/>'
    return "\n".join(
        [head, frame, f'<defs>{tip}<path d="M 0 0 L 8 4 L 0 8 z" fill="#9ab"/></marker></defs>', *lines, "</svg>", ""]
    )
