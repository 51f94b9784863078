"""The same attempts as `cell_probe`, from a cell that may start programs."""

from __future__ import annotations

from evidence_daemon.documents.sandbox import Lock
from tests.cell_probe import answer, prepare

LOCK = Lock.READER

__all__ = ["LOCK", "answer", "prepare"]
