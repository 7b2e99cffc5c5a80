"""The speaker's log: for people a line of text, for machines a JSON object a line, with fields to search for."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from time import monotonic
from typing import Final, Literal

LOG: Final = logging.getLogger("frrgen.speaker")
_USUAL: Final = frozenset(vars(logging.makeLogRecord({})))


class JsonFormatter(logging.Formatter):
    """Writes `time`, `level` and `message`, and what the record was given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **{name: value for name, value in vars(record).items() if name not in _USUAL},
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return json.dumps(fields, default=str)


def log_to_stderr(how: Literal["text", "json"]) -> None:
    """Send the log to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    plain = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    handler.setFormatter(JsonFormatter() if how == "json" else plain)
    logging.basicConfig(level=logging.INFO, handlers=[handler])


class Rarely:
    """Logs a line at most once a second, with how many were left out."""

    def __init__(self) -> None:
        self._next = 0.0
        self._left_out = 0

    def warning(self, text: str, *args: object) -> None:
        """Log, or count."""
        now = monotonic()
        if now < self._next:
            self._left_out += 1
            return
        LOG.warning("%s (and %d like it)", text % args, self._left_out)
        self._next, self._left_out = now + 1, 0
