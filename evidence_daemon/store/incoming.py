"""Which lists were brought in: what bytes, when, by whom, and how well."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from evidence_daemon.store.tables_batches import IncomingFileRow

CASES, REGISTER, RESPONSE = "casos", "registro", "respuesta"
"""The kinds of list."""


@dataclass(frozen=True, slots=True)
class Brought:
    """A list that was brought in.  `refused` rows did not go in; -1: the file as a whole was refused."""

    kind: str
    name: str
    sha256: str
    at: datetime
    actor: str
    refused: int


def remember(session: Session, brought: Brought, counts: Mapping[str, int]) -> None:
    """Keep that a list was brought in."""
    session.exec(
        sa.insert(IncomingFileRow).values(
            kind=brought.kind,
            name=brought.name,
            sha256=brought.sha256,
            brought_at=brought.at,
            actor=brought.actor,
            refused=brought.refused,
            counts=json.dumps(dict(counts)),
        )
    )


def last(session: Session, kind: str) -> Brought | None:
    """The list of a kind that was brought in last, whole or in part; refused files do not count."""
    row = session.exec(
        select(IncomingFileRow)
        .where(col(IncomingFileRow.kind) == kind, col(IncomingFileRow.refused) >= 0)
        .order_by(col(IncomingFileRow.id).desc())
        .limit(1)
    ).first()
    return _brought(row) if row is not None else None


def faulty_since(session: Session, since: datetime) -> tuple[Brought, ...]:
    """Lists with refused rows, and files refused as a whole, brought after a moment."""
    rows = session.exec(
        select(IncomingFileRow)
        .where(col(IncomingFileRow.refused) != 0, col(IncomingFileRow.brought_at) > since)
        .order_by(col(IncomingFileRow.id))
        .limit(20)
    )
    return tuple(_brought(row) for row in rows)


def _brought(row: IncomingFileRow) -> Brought:
    return Brought(row.kind, row.name, row.sha256, row.brought_at, row.actor, row.refused)
