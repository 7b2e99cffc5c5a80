"""What the journal on each router says about a push: who, when, what, and how it ended."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from frrgen.transport.base import owner


def entry(event: str, **facts: str) -> str:
    """Write one line: JSON, UTC time, and the digests and summary that the caller knows. Never a secret."""
    return json.dumps(
        {
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "by": owner(),
            "event": event,
            **facts,
        }
    )
