"""The audit trail's anchors: the head of the chain, written where whoever changes the database does not reach.

A chain shows every change of what is in it, but not that its end was cut off.  A head that was written elsewhere
yesterday does: one line of JSON a day in a file (best on another machine), the same line in the journal, and in the
digest mail.
"""

from __future__ import annotations

import json
import logging
import os
from datetime import datetime
from pathlib import Path

from evidence_daemon import observe
from evidence_daemon.errors import BadFile, BadInput
from evidence_daemon.store import audit
from evidence_daemon.store.audit import Anchor
from evidence_daemon.store.database import Database

log = logging.getLogger("evidence_daemon.audit")

FILE = "anchors.jsonl"


def drop(database: Database, directory: Path, now: datetime) -> Anchor | None:
    """Seal what has no seal yet, and write the head of the chain outside; None while there is nothing.

    Raises `BadInput` where the directory cannot be written; the head is in the journal all the same.
    """
    while database.transact(audit.seal):
        pass
    with database.reading() as session:
        anchor = audit.head(session, now)
    if anchor is None:
        return None
    observe.say(log, logging.INFO, "audit anchor", number=anchor.number, last_event=anchor.event_id, hash=anchor.hash)
    line = {"number": anchor.number, "event_id": anchor.event_id, "hash": anchor.hash, "at": anchor.at.isoformat()}
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(directory / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as trouble:
        raise BadInput(
            f"{directory / FILE}: the anchor could not be written: {trouble.strerror}; set audit.anchor_directory to a "
            "directory that the service's user may write, best on another machine"
        ) from trouble
    return anchor


def read(directory: Path) -> tuple[Anchor, ...]:
    """The anchors that were written, oldest first; none where there is no file.  Raises `BadFile`."""
    path = directory / FILE
    if not path.is_file():
        return ()
    found = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            told = json.loads(line)
            at = datetime.fromisoformat(told["at"])
            found.append(Anchor(int(told["number"]), int(told["event_id"]), str(told["hash"]), at))
        except (ValueError, KeyError, TypeError) as fault:
            raise BadFile(f"{path}:{number}: no anchor: {fault}") from fault
    return tuple(found)


def verify(database: Database, directory: Path) -> list[str]:
    """What is wrong with the audit trail, by itself and against its anchors; nothing when all is well."""
    anchors = read(directory)
    with database.reading() as session:
        return audit.verify(session, anchors)
