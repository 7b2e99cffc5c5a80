"""The names of the formats of CI systems."""

from typing import Final

NAMES: Final = ("junit", "sarif", "github", "gitlab", "markdown")
"""What `--format` takes beside text and json; each is a module of `frrgen.report.ci` with a function of its name."""
