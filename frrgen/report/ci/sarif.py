"""SARIF 2.1.0 (OASIS), as code scanning of GitHub and others reads it."""

from __future__ import annotations

import json
from pathlib import Path, PurePath
from typing import Any, Final
from urllib.parse import quote

from frrgen import __version__
from frrgen.codes import Code, Severity
from frrgen.findings import page
from frrgen.report.ci.fingerprint import fingerprints
from frrgen.report.ci.problem import RULES, Problem, Result

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def sarif(result: Result) -> str:
    """Return the log: one run, with the page of each rule that has a result."""
    names = list(dict.fromkeys(one.rule for one in result.problems))
    run = {
        "tool": {"driver": {"name": "frrgen", "version": __version__, "rules": [_rule(name) for name in names]}},
        "columnKind": "unicodeCodePoints",
        "automationDetails": {"id": f"frrgen/{result.verb}/"},
        "results": [
            _result(one, names.index(one.rule), mark)
            for one, mark in zip(result.problems, fingerprints(result.problems), strict=True)
        ],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(name: str) -> dict[str, Any]:
    if name in RULES:
        return {"id": name, "shortDescription": {"text": RULES[name]}}
    code = Code[name]
    text = page(code)
    return {
        "id": name,
        "shortDescription": {"text": code.head},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": _LEVELS[code.severity]},
    }


def _result(problem: Problem, index: int, mark: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "ruleId": problem.rule,
        "ruleIndex": index,
        "level": _LEVELS[problem.severity],
        "message": {"text": problem.message},
        "partialFingerprints": {"frrgen/v1": mark},
    }
    location: dict[str, Any] = {}
    if problem.file:
        location["physicalLocation"] = {"artifactLocation": {"uri": _uri(problem.file)}}
        if problem.where.line:
            region = {"startLine": problem.where.line}
            column = {"startColumn": problem.where.column} if problem.where.column else {}
            location["physicalLocation"]["region"] = region | column
    if problem.where.path:
        location["logicalLocations"] = [{"fullyQualifiedName": ".".join(problem.where.path)}]
    return made | ({"locations": [location]} if location else {})


def _uri(file: str) -> str:
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(PurePath(file).as_posix(), errors="surrogateescape")
