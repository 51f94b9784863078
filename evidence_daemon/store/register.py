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
from evidence_daemon.store.statements import among, of
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
    session.flush()
    base = session.connection()
    asked = {"actas": [acta for acta in actas if acta], "serials": [serial for serial in serials if serial]}
    rows = base.execute(_FOUND, asked).all()  # at least one, that of the whole register
    found: dict[int, tuple[sa.Row[Any], list[str]]] = {}
    for row in rows:
        if row.id is not None:
            _entry, shown = found.setdefault(row.id, (row, []))
            if row.serial_key is not None:
                shown.append(row.serial_key)
    return Register(
        rows[0].known_to,
        tuple(
            RegisterEntry(row.acta_key, row.office, tuple(shown), row.day, row.direction)
            for row, shown in found.values()
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


_ENTRIES, _SERIALS = of(RegisterRow), of(RegisterSerialRow)


def _found() -> sa.Select[Any]:
    """How far the register is known, and the entries that bear one of the numbers or serials.

    Each with all its serials, a row for each; one row of nothing but the date where none bears any.
    """
    by_acta = sa.select(_ENTRIES.c.id).where(among(_ENTRIES.c.acta_key, "actas"))
    by_serial = sa.select(_SERIALS.c.entry_id).where(among(_SERIALS.c.serial_key, "serials"))
    ids = sa.union(sa.select(by_acta.limit(_MOST).subquery()), sa.select(by_serial.limit(_MOST).subquery()))
    whole = sa.select(sa.func.max(_ENTRIES.c.day).label("known_to")).subquery()
    return (
        sa.select(whole.c.known_to, _ENTRIES, _SERIALS.c.serial_key)
        .join_from(whole, _ENTRIES, _ENTRIES.c.id.in_(ids), isouter=True)
        .join(_SERIALS, _SERIALS.c.entry_id == _ENTRIES.c.id, isouter=True)
        .order_by(_ENTRIES.c.id, _SERIALS.c.serial_key)
    )


_FOUND = _found()
