"""GitLab's code quality report, a list of issues."""

from __future__ import annotations

import json
from typing import Final

from frrgen.codes import Severity
from frrgen.report.ci.fingerprint import fingerprints
from frrgen.report.ci.problem import Result

_SEVERITIES: Final = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.INFO: "info"}
_INVENTORY: Final = "inventory"
"""A place for problems without a file: GitLab shows no issue without."""


def gitlab(result: Result) -> str:
    """Return the report."""
    issues = [
        {
            "description": one.message,
            "check_name": one.rule,
            "fingerprint": mark,
            "severity": _SEVERITIES[one.severity],
            "location": {"path": one.file or _INVENTORY, "lines": {"begin": one.where.line or 1}},
        }
        for one, mark in zip(result.problems, fingerprints(result.problems), strict=True)
    ]
    return json.dumps(issues, indent=2) + "\n"
