"""What the journal on each router says about a push: who, when, what, and how it ended."""

from __future__ import annotations

import json

from frrgen.transport.base import now, owner


def entry(event: str, **facts: str) -> str:
    """Write one line: JSON, UTC time, and the digests and summary that the caller knows. Never a secret."""
    return json.dumps(
        {
            "time": now(),
            "by": owner(),
            "event": event,
            **facts,
        }
    )
