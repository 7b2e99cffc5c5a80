"""What a pfSense box has, and what it needs of a push that it can undo by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from frrgen.platforms.pfsense.host import HostFacts
from frrgen.platforms.pfsense.plan import waits_for
from frrgen.platforms.pfsense.schema import COVERED, Sections
from frrgen.platforms.pfsense.stored import digest
from frrgen.transport.base import Running


@dataclass(frozen=True)
class PfsenseRunning(Running):
    """What a box has: what FRR runs, the package's sections, and the facts that the package looks at beside them."""

    sections: Sections = field(default_factory=dict)
    """All sections of the package, also those that frrgen does not write."""
    box: HostFacts = field(default_factory=HostFacts)
    package: str = ""
    """The whole version of pfSense-pkg-frr, e.g. 2.1.2_1."""
    pfsense: str = ""
    frr_conf: str = ""
    """The file that the package generated last."""
    daemons: frozenset[str] = frozenset()
    """The FRR daemons that run."""
    hasync: bool = False
    """One box of a pair: but FRR's settings are not copied to the other."""
    carp: Mapping[str, str] = field(default_factory=dict)
    """A CARP address (`_vip…`) -> MASTER, BACKUP, INIT, or "" where pfSense does not know."""

    @property
    def would_run(self) -> str:
        """What FRR would run as the CARP master; "" where it runs, or is switched off."""
        return self.frr_conf if waits_for(self.sections, self.carp) else ""

    @cached_property
    def covered(self) -> Sections:
        """The sections that frrgen writes."""
        return {name: self.sections[name] for name in COVERED if name in self.sections}

    @cached_property
    def sections_digest(self) -> str:
        """Name what is in the sections that frrgen writes."""
        return digest(self.covered)

    @cached_property
    def digest(self) -> str:
        """Name what FRR runs, by which daemons, and what is in the sections."""
        parts = (super().digest, self.sections_digest, *sorted(self.daemons - {"watchfrr"}))
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Armed:
    """What a box needs of a push so that it can undo it by itself."""

    digest: str
    """Of the sections of the push."""
    after: tuple[str, ...]
    """Commands in FRR's exec mode, once the change was applied."""
    clear: tuple[str, ...]
    """Commands in FRR's exec mode, once it was undone."""
    summary: str
    seconds: int
    """In which the push must be confirmed."""
    entry: str
    """The line for the journal."""
