"""How often a file was opened in vain: the count that keeps a deadly document from being opened for ever.

A cell may die of a document, and a document might take the daemon along.  So the beginning of each try is
counted before it, where it outlives both (the daemon passes a counter that is kept in the database), and
taken back when the file was opened without harm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from evidence_daemon.model import Sha256

MOST_DEATHS = 2
"""Cells that may die of one file."""
MOST_BEGINNINGS = 3
"""Times that a file may be in hand when the daemon ends, unless the house allows a mail more tries: a restart in the
middle of a document is no crime."""


class Count(Protocol):
    """Of one file: tries begun that never came to an end, this one included, and cells that died of it."""

    @property
    def begun(self) -> int: ...
    @property
    def died(self) -> int: ...


def is_deadly(count: Count, beginnings: int = MOST_BEGINNINGS) -> bool:
    """Whether the file is not to be opened any more."""
    return count.died >= MOST_DEATHS or count.begun > beginnings


@dataclass(frozen=True, slots=True)
class Tried:
    """A `Count`."""

    begun: int
    died: int


class Tries(Protocol):
    """Counts by the file's hash.  Every call is kept before it returns."""

    def begin(self, file: Sha256) -> Count:
        """It will be opened now."""

    def died(self, file: Sha256, times: int) -> None:
        """The try that was begun ended with a dead cell; counts as so many deaths."""

    def ended(self, file: Sha256) -> None:
        """The try that was begun did no harm."""


class TriesOfThisRun:
    """Counts that end with the program: for benchmarks and tests."""

    def __init__(self) -> None:
        self._counts: dict[Sha256, Tried] = {}

    def begin(self, file: Sha256) -> Tried:
        before = self._counts.get(file, Tried(0, 0))
        self._counts[file] = replace(before, begun=before.begun + 1)
        return self._counts[file]

    def died(self, file: Sha256, times: int) -> None:
        before = self._counts.get(file, Tried(1, 0))
        self._counts[file] = Tried(max(0, before.begun - 1), before.died + times)

    def ended(self, file: Sha256) -> None:
        self._counts.pop(file, None)
