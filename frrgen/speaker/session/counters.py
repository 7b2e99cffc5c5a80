"""What a session counts."""

from dataclasses import dataclass


@dataclass
class Counters:
    """What a session has seen."""

    established: int = 0
    octets_sent: int = 0
    updates_sent: int = 0
    prefixes_received: int = 0
    """Announced to us, and dropped: we learn nothing."""
    updates_malformed: int = 0
    refreshes: int = 0
    last_error: str = ""
    up_since: float = 0.0
    retry_at: float = 0.0
