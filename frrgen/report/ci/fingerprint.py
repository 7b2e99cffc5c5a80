"""Names of problems that stay the same when other lines of a file change."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence

from frrgen.report.ci.problem import Problem


def fingerprints(problems: Sequence[Problem]) -> Iterator[str]:
    """Yield a name for each problem, no two the same: of its rule, file, path and text, without the line."""
    seen: Counter[str] = Counter()
    for one in problems:
        said = json.dumps([one.rule, one.file, one.where.path, one.case, one.text])
        number = seen[said]
        seen[said] += 1
        yield hashlib.sha256(f"{number} {said}".encode()).hexdigest()
