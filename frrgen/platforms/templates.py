"""The one jinja2 Environment: a user's templates come before ours.

Ours are there as `frrgen/NAME`, too: so one can replace a template, or extend it under its own name.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from frrgen.codes import Code
from frrgen.errors import Finding, InputError
from frrgen.inventory.folder import listed

if TYPE_CHECKING:
    from jinja2 import Environment

_FAULTS: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What an expression in a template may end in."""
_PACKAGE = Path(__file__).resolve().parent.parent


def template_folder() -> Path:
    """Return our templates' folder: inside the package when installed, beside it in a source tree."""
    inside = _PACKAGE / "templates"
    return inside if inside.is_dir() else _PACKAGE.parent / "templates"


@lru_cache
def environment(templates: Path | None = None) -> Environment:
    """Make the Environment. Plain text is rendered, not HTML; an undefined name is an error.

    Raises InputError if there is no such folder.
    """
    from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined

    if templates is not None and not templates.is_dir():
        raise InputError(Finding(Code.FRR401, f"there is no folder of templates {templates}"))
    if templates is not None:
        # jinja takes a folder that it may not read for one without templates
        listed(templates)
    ours = FileSystemLoader(template_folder())
    users = [] if templates is None else [FileSystemLoader(templates)]
    return Environment(
        loader=ChoiceLoader([*users, ours, PrefixLoader({"frrgen": ours})]),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def fill(name: str, templates: Path | None = None, /, **values: object) -> str:
    """Fill in a template. Raises InputError if the template is missing or wrong."""
    from jinja2 import TemplateError

    try:
        return environment(templates).get_template(name).render(**values)
    except RecursionError as bad:
        hint = f'ours is called "frrgen/{name}"'
        raise InputError(Finding(Code.FRR401, f"template {name} extends or includes itself", hint=hint)) from bad
    except (TemplateError, *_FAULTS) as bad:
        if templates is None:
            raise
        line = getattr(bad, "lineno", None)
        place = f"{getattr(bad, 'name', None) or name}{f':{line}' if line else ''}"
        raise InputError(Finding(Code.FRR401, f"template {place}: {bad}")) from bad
