"""The company's own return register: which acta, at which office, on which day, with which serials."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from evidence_daemon.model import Direction, Register, RegisterEntry
from evidence_daemon.store.lists import Fate
from evidence_daemon.store.tables_batches import RegisterRow, RegisterSerialRow

_MOST = 100
"""Entries that one look-up returns: a serial that stands in more is no serial."""


@dataclass(frozen=True, slots=True)
class RegisteredActa:
    """One acta as the register has it; `natural_key` makes it the same one in the next file."""

    natural_key: str
    acta: str
    acta_key: str
    office: str
    day: date | None
    direction: Direction
    serials: tuple[str, ...]


def look_up(session: Session, actas: Collection[str], serials: Collection[str]) -> Register:
    """What the register says of these acta numbers and serials, both in canonical form; index look-ups only."""
    known_to = session.exec(select(sa.func.max(RegisterRow.day))).one()
    if known_to is None and session.exec(select(RegisterRow.id).limit(1)).first() is None:
        return Register()
    ids: dict[int, None] = {}
    if actas := [acta for acta in actas if acta]:
        ids.update(
            dict.fromkeys(session.exec(select(RegisterRow.id).where(col(RegisterRow.acta_key).in_(actas)).limit(_MOST)))
        )
    if serials := [serial for serial in serials if serial]:
        by_serial = select(RegisterSerialRow.entry_id).where(col(RegisterSerialRow.serial_key).in_(serials))
        ids.update(dict.fromkeys(session.exec(by_serial.distinct().limit(_MOST))))
    if not ids:
        return Register(known_to)
    rows = session.exec(select(RegisterRow).where(col(RegisterRow.id).in_(ids)).order_by(col(RegisterRow.id))).all()
    shown: dict[int, list[str]] = {}
    for entry_id, serial in session.exec(
        select(RegisterSerialRow.entry_id, RegisterSerialRow.serial_key)
        .where(col(RegisterSerialRow.entry_id).in_(ids))
        .order_by(col(RegisterSerialRow.entry_id), col(RegisterSerialRow.serial_key))
    ):
        shown.setdefault(entry_id, []).append(serial)
    return Register(
        known_to,
        tuple(
            RegisterEntry(row.acta_key, row.office, tuple(shown.get(row.id, ())), row.day, row.direction)
            for row in rows
        ),
    )


def bring_in(session: Session, actas: Sequence[RegisteredActa], *, now: datetime) -> list[Fate]:
    """Bring in a batch of actas (each natural key once); what each did.  Serials are added, never taken away."""
    keys = [acta.natural_key for acta in actas]
    known = {
        row.natural_key: row for row in session.exec(select(RegisterRow).where(col(RegisterRow.natural_key).in_(keys)))
    }
    fates = []
    for acta in actas:
        values: dict[str, Any] = {"acta": acta.acta, "acta_key": acta.acta_key, "office": acta.office, "day": acta.day}
        values["direction"] = acta.direction
        row = known.get(acta.natural_key)
        fate = Fate.UNCHANGED
        if row is None:
            row = RegisterRow(natural_key=acta.natural_key, updated_at=now, **values)
            session.add(row)
            session.flush()
            fate = Fate.NEW
        elif any(getattr(row, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(row, name, value)
            row.updated_at = now
            fate = Fate.CHANGED
        have = set(session.exec(select(RegisterSerialRow.serial_key).where(col(RegisterSerialRow.entry_id) == row.id)))
        for serial in dict.fromkeys(acta.serials):
            if serial not in have:
                session.add(RegisterSerialRow(entry_id=row.id, serial_key=serial))
                fate = fate if fate is Fate.NEW else Fate.CHANGED
        fates.append(fate)
    session.flush()
    return fates
