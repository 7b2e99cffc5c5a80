"""Plans that were written by `diff -o plan.json` and reviewed: `push plan.json` does what they say, or nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from frrgen.codes import Code
from frrgen.errors import DeviceError, Finding, InputError, Where
from frrgen.platforms.files import read_text
from frrgen.platforms.frr.diff.plan import Plan


class Reviewed:
    """Plans by the names of their routers."""

    def __init__(self, plans: dict[str, dict[str, Any]]) -> None:
        self._plans = plans

    @property
    def routers(self) -> list[str]:
        """The routers that there is a plan for."""
        return list(self._plans)

    @property
    def avoids(self) -> bool:
        """Whether the plans were made with `--avoid`."""
        return any(plan.get("avoid") is True for plan in self._plans.values())

    @classmethod
    def read(cls, words: Sequence[str]) -> Self | None:
        """Read the file that stands where a router could; None if routers are named. Raises InputError."""
        files = [word for word in words if word.endswith(".json") or "/" in word]
        if not files:
            return None
        if len(words) > 1:
            raise InputError(Finding(Code.FRR114, "a file of plans goes alone", hint="frrgen push plan.json"))
        where = Where(files[0])
        try:
            said = json.loads(read_text(Path(files[0])))
        except (ValueError, RecursionError) as bad:
            raise InputError(Finding(Code.FRR118, f"this is not a plan: {bad}", where)) from bad
        plans = said.get("routers") if isinstance(said, dict) else None
        if (
            not isinstance(plans, list)
            or not plans
            or not all(isinstance(plan, dict) and isinstance(plan.get("router"), str) for plan in plans)
        ):
            raise InputError(
                Finding(Code.FRR118, "this is not a plan", where, hint="frrgen diff -o plan.json writes them")
            )
        if broken := [plan["router"] for plan in plans if "digest" not in plan]:
            text = f"this plan is incomplete: {', '.join(broken)}"
            raise InputError(Finding(Code.FRR118, text, where, hint="frrgen diff -o plan.json writes them"))
        return cls({plan["router"]: plan for plan in plans})

    def approve(self, plan: Plan) -> bool:
        """Approve of a plan that is the one that was reviewed. Raises DeviceError."""
        if self._plans[plan.router]["digest"] != plan_digest(plan):
            raise DeviceError(
                Finding(
                    Code.FRR532,
                    f"{plan.router}: the router or the inventory has changed since the plan was made; nothing was done",
                    hint="frrgen diff -o plan.json makes a new plan",
                )
            )
        return True


def plan_digest(plan: Plan) -> str:
    """Name a plan by all that it does, and by what it was made of. Its secrets are left out: the name may be shown."""
    said = {key: value for key, value in plan.to_json().items() if key != "routes"}
    return hashlib.sha256(json.dumps([said, plan.basis], sort_keys=True).encode()).hexdigest()
