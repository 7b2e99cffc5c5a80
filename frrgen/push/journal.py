"""What the journal on each router says about a push: who, when, what, and how it ended."""

from __future__ import annotations

import getpass
import json
import socket
from datetime import UTC, datetime


def entry(event: str, **facts: str) -> str:
    """Write one line: JSON, UTC time, and the digests and summary that the caller knows. Never a secret."""
    return json.dumps(
        {
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "by": f"{_user()}@{socket.gethostname()}",
            "event": event,
            **facts,
        }
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
