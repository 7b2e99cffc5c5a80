"""The speaker's log: for people a line of text, for machines a JSON object a line, with fields to search for."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from queue import Full, Queue
from threading import Thread
from typing import Final, Literal

LOG: Final = logging.getLogger("frrgen.speaker")
_KEPT: Final = 10_000
_FLUSH: Final = 1.0
"""Seconds that the end waits for somebody who reads the log."""
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


class Behind(logging.Handler):
    """Hands lines to a thread that writes them to stderr: who does not read the log does not stop the speaker.

    Some lines are kept until they are read; those beyond are lost.
    """

    def __init__(self, begin: Callable[[], object]) -> None:
        super().__init__()
        self._begin = begin
        self._lines: Queue[str] = Queue(_KEPT)
        Thread(target=self._write, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """See logging.Handler."""
        with suppress(Full):
            self._lines.put_nowait(self.format(record))

    def _write(self) -> None:
        self._begin()
        # past Python's buffers, whose lock would be held where nobody reads, and asked for at the end of the process
        while True:
            octets = f"{self._lines.get()}\n".encode(errors="backslashreplace")
            with suppress(OSError):
                while octets:
                    octets = octets[os.write(sys.stderr.fileno(), octets) :]
            self._lines.task_done()

    def flush(self) -> None:
        """Wait a moment until all is written."""
        end = time.monotonic() + _FLUSH
        while self._lines.unfinished_tasks and time.monotonic() < end:
            time.sleep(0.01)


def log_to_stderr(how: Literal["text", "json"], begin: Callable[[], object] = bool) -> None:
    """Send the log to stderr, by a thread that calls `begin` first."""
    handler = Behind(begin)
    plain = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    handler.setFormatter(JsonFormatter() if how == "json" else plain)
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def flush() -> None:
    """Have all that was logged written, before this program is another one."""
    for handler in logging.getLogger().handlers:
        handler.flush()


class Rarely:
    """Logs a line at most once a second, with how many were left out."""

    def __init__(self) -> None:
        self._next = 0.0
        self._left_out = 0

    def warning(self, text: str, *args: object) -> None:
        """Log, or count."""
        now = time.monotonic()
        if now < self._next:
            self._left_out += 1
            return
        LOG.warning("%s (and %d like it)", text % args, self._left_out)
        self._next, self._left_out = now + 1, 0
