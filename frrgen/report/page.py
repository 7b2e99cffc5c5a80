"""One web page about a network, for a browser alone: no file beside it, nothing from the net."""

from __future__ import annotations

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from hashlib import sha256
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from frrgen import __version__
from frrgen.codes import Severity
from frrgen.errors import Finding
from frrgen.platforms.templates import template_folder
from frrgen.report.dot import STYLE
from frrgen.report.view import NetworkView, Observed

MOST_EAGER: Final = 150
"""A picture of more parts is drawn when somebody asks for it."""
_STATES: Final = {
    "same": "run what is intended",
    "drift": "differ",
    "reset": "have sessions that will reset",
    "unknown": "could not be asked",
}
_UNSAFE: Final = {ord(one): f"\\u{ord(one):04x}" for one in "<>&\u2028\u2029"}
"""What could end a script, or begin one, is written so that JSON alone understands it."""


def page(
    view: NetworkView,
    findings: Sequence[Finding],
    *,
    time: str,
    judged: bool,
    picture: str = "",
    picture_parts: int = 0,
    no_picture: str = "",
) -> str:
    """Return the page. `picture`: an SVG element; `judged`: whether policies were looked at."""
    style, script = _part("page.css") + STYLE, _part("page.js")
    names = {router.name for router in view.routers}
    of_router: dict[str, list[Finding]] = {name: [] for name in names}
    general: list[Finding] = []
    for one in findings:
        path = one.where.path
        (of_router[path[1]] if path[:1] == ("routers",) and path[1] in names else general).append(one)
    sessions = sum(len(router.sessions) for router in view.routers)
    states = None if view.observed is None else Counter(one.state for one in view.observed.values())
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            title=_title(view),
            counts=f"{_count(len(view.routers), 'router')}, {_count(sessions, 'session')}, "
            f"{_count(len(view.clusters), 'cluster')}, {_count(_errors(findings), 'error')} and "
            f"{_count(sum(one.severity is Severity.WARNING for one in findings), 'warning')}",
            version=__version__,
            time=time,
            states=None
            if states is None
            else [({"name": name, "words": words}, states[name]) for name, words in _STATES.items() if states[name]],
            picture=picture,
            eager=picture_parts <= MOST_EAGER,
            picture_size=f"{picture_parts} parts",
            no_picture=no_picture,
            clusters=view.clusters,
            codes=_codes(findings),
            general=[str(one) for one in general],
            style=style,
            script=script,
            style_digest=_digest(style),
            script_digest=_digest(script),
            data=as_json(_data(view, of_router, judged=judged)),
        )
    )


def as_json(data: Any) -> str:
    """Write data so that it can stand inside of a script element, whatever is in it."""
    return json.dumps(data, separators=(",", ":")).translate(_UNSAFE)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(template_folder() / "report"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _part(name: str) -> str:
    return (template_folder() / "report" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()


def _title(view: NetworkView) -> str:
    if len(view.routers) <= 3:
        return "Network of " + ", ".join(router.name for router in view.routers) if view.routers else "Network"
    return f"Network of {len(view.routers)} routers"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"


def _errors(findings: Sequence[Finding]) -> int:
    return sum(one.severity is Severity.ERROR for one in findings)


def _codes(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    order = list(Severity)
    counts = Counter((order.index(one.severity), one.code) for one in findings)
    return [
        {"code": str(code), "severity": order[place].value, "head": code.head, "count": count}
        for (place, code), count in sorted(counts.items())
    ]


def _data(view: NetworkView, findings: Mapping[str, Sequence[Finding]], *, judged: bool) -> dict[str, Any]:
    observed = view.observed or {}
    return {
        "deep": judged,
        "policies": [asdict(policy) for policy in view.policies],
        "routers": [
            {
                **asdict(router),
                "findings": [{"severity": one.severity.value, "text": str(one)} for one in findings[router.name]],
                "observed": _observed(observed[router.name]) if router.name in observed else None,
            }
            for router in view.routers
        ],
    }


def _observed(seen: Observed) -> dict[str, Any]:
    return {
        "state": seen.state,
        "error": seen.error,
        "plan": seen.plan,
        "routes": list(seen.routes),
        "sessions": None
        if seen.sessions is None
        else {f"{vrf} {neighbor}": up for (vrf, neighbor), up in seen.sessions.items()},
    }
