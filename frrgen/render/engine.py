"""The one jinja2 Environment. A user's template folder comes before ours, so that it can extend or replace."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError

from frrgen.errors import InputError, error

_PACKAGE = Path(__file__).resolve().parent.parent


def template_folder() -> Path:
    """Give our templates' folder: inside the package when installed, beside it in a source tree."""
    inside = _PACKAGE / "templates"
    return inside if inside.is_dir() else _PACKAGE.parent / "templates"


@lru_cache
def environment(templates: Path | None = None) -> Environment:
    """Make the Environment. Plain text is rendered, not HTML; an undefined name is an error."""
    folders = [template_folder()] if templates is None else [templates, template_folder()]
    return Environment(
        loader=FileSystemLoader(folders),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def fill(name: str, templates: Path | None = None, /, **values: object) -> str:
    """Fill in a template. Raises InputError if the template is missing or wrong."""
    try:
        return environment(templates).get_template(name).render(**values)
    except TemplateError as bad:
        line = getattr(bad, "lineno", None)
        place = f"{getattr(bad, 'name', None) or name}{f':{line}' if line else ''}"
        raise InputError(error("FRR401", f"template {place}: {bad}")) from bad
