"""What the tests of pfSense's half share: PHP as the judge, and sections of every shape."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from frrgen.platforms.pfsense.schema import SCHEMA, SET_BY_PRESENCE, Sections

GOLDEN = Path(__file__).parent / "golden/pfsense"

needs_php = pytest.mark.skipif(
    shutil.which("php") is None and not os.environ.get("FRRGEN_REQUIRE_LAB"), reason="needs php"
)


def php(code: str, data: Any) -> Any:
    """Run PHP with `$data` as given, and the functions of pfsense.php; what it returns is `$result`."""
    frame = f"require {str(Path(__file__).with_suffix('.php'))!r}; "
    frame += "$data = json_decode(stream_get_contents(STDIN), true, 64, JSON_THROW_ON_ERROR);"
    answer = "echo json_encode($result, JSON_THROW_ON_ERROR);"
    run = subprocess.run(
        ["php", "-d", "display_errors=stderr", "-r", f"{frame}\n{code}\n{answer}"],
        input=json.dumps(data),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout)


printable = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S", "Z")), max_size=30)
"""What a field may hold: no control characters."""


def texts(characters: st.SearchStrategy[str] = printable) -> st.SearchStrategy[str]:
    """Texts that are hard on XML."""
    nasty = st.sampled_from(
        ["&", "<", ">", '"', "'", "]]>", "&amp;", "&#39;", "&lt;b&gt;", "<![CDATA[", "&nbsp;", "]]"]
    )
    return st.lists(st.one_of(characters, nasty), max_size=4).map("".join).map(str.strip)


@st.composite
def sections(draw: st.DrawFn, values: st.SearchStrategy[str] | None = None) -> Sections:
    """Draw sections: any value in any field, as the page would store it."""
    values = texts() if values is None else values
    found: Sections = {}
    for name in draw(st.lists(st.sampled_from(sorted(SCHEMA)), unique=True, max_size=4)):
        section = SCHEMA[name]
        found[name] = []
        for _ in range(draw(st.integers(1, 1 if section.single else 3))):
            entry: dict[str, Any] = {}
            for item in section.fields:
                if item.type == "rows":
                    entry[item.key] = draw(st.lists(rows(name, values), min_size=1, max_size=3))
                elif item.type in {"checkbox", "select", "select_source"}:
                    entry[item.key] = draw(st.sampled_from([item.default, "on", "", *item.values[-1:]]))
                else:
                    entry[item.key] = draw(values) if draw(st.booleans()) else item.default
            found[name].append(entry)
    return found


def rows(name: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, str]]:
    """Draw one row."""
    fields = SCHEMA[name].row
    needed = {item.key: values for item in fields if item.type != "checkbox"}
    ticked = {
        item.key: st.sampled_from(["ON", ""] if item.key in SET_BY_PRESENCE else ["ON"])
        for item in fields
        if item.type == "checkbox"
    }
    return st.fixed_dictionaries(needed, optional=ticked)
