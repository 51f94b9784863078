"""The company's own return register comes in: one row per acta or per piece of equipment, CSV or XLSX.

It only ever grows: an acta that a later file leaves out is still known, for offices send month by month.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from evidence_daemon.canonical import acta_key, canonical_mac, canonical_serial
from evidence_daemon.columns import RegisterColumn, RegisterColumns, plain_heading
from evidence_daemon.exchange.caselist import ImportReport, Progress, file_hash
from evidence_daemon.exchange.cells import Cells
from evidence_daemon.exchange.sheets import opened
from evidence_daemon.exchange.told import RowFault, Told
from evidence_daemon.model import DAEMON, Direction
from evidence_daemon.rulebook import RuleBook
from evidence_daemon.store import audit, incoming, register
from evidence_daemon.store.database import Database, Session
from evidence_daemon.store.lists import Fate
from evidence_daemon.store.register import RegisteredActa

REQUIRED = (RegisterColumn.ACTA, RegisterColumn.OFFICE, RegisterColumn.DAY)
"""Columns without which a register proves nothing."""
_PERSONAL = frozenset({RegisterColumn.SERIALS, RegisterColumn.MAC})
_BATCH = 500


def import_register(
    database: Database,
    path: Path,
    book: RuleBook,
    *,
    progress: Progress = lambda _done, _total: None,
    now: datetime | None = None,
    faults_to: Path | None = None,
    actor: str = DAEMON,
) -> ImportReport:
    """Bring in the return register; counts are actas as rows name them, `vanished` is always 0.

    Raises `BadFile` when the file as a whole cannot be used.
    """
    moment = now or datetime.now(UTC)
    digest = file_hash(path)
    counts = dict.fromkeys(Fate, 0)
    with opened(path, book.returns.columns, REQUIRED) as sheet, Told(path.name, faults_to) as told:
        headings = {column: sheet.heading(column) for column in RegisterColumn}
        directions = _directions(book.returns)
        batch: dict[str, RegisteredActa] = {}
        done = 0

        def bring(actas: list[RegisteredActa]) -> None:
            for fate in database.transact(lambda session: register.bring_in(session, actas, now=moment)):
                counts[fate] += 1

        for done, row in enumerate(sheet, start=1):
            if row.trouble:
                told.refuse([RowFault(row.line, "", row.trouble)])
                continue
            reading = _RowReading(row.cells, directions, today=moment.date())
            acta = reading.acta()
            faults, notices = reading.told(row.line, headings)
            if acta is None or faults:
                told.refuse(faults)
                continue
            told.notice(notices)
            same = batch.get(acta.natural_key)
            if same is not None and same.day == acta.day and same.direction is acta.direction:
                acta = _joined(same, acta)
            elif same is not None:
                words = "la misma acta ya consta en otra fila con otra fecha o movimiento"
                told.refuse([RowFault(row.line, headings[RegisterColumn.ACTA], words)])
                continue
            elif len(batch) >= _BATCH:
                bring(list(batch.values()))
                batch = {}
                progress(done, sheet.total)
            batch[acta.natural_key] = acta
        bring(list(batch.values()))
        progress(done, max(done, sheet.total))
    report = ImportReport(
        new=counts[Fate.NEW],
        changed=counts[Fate.CHANGED],
        unchanged=counts[Fate.UNCHANGED],
        vanished=0,
        refused=told.refused,
        rejected=tuple(told.rejected),
        notices=tuple(told.notices),
        ignored=sheet.ignored,
    )

    def finish(session: Session) -> None:
        brought = incoming.Brought(incoming.REGISTER, path.name, digest, moment, actor, told.refused)
        incoming.remember(session, brought, report.figures)
        audit.record(
            session, "register imported", actor=actor, now=moment, detail={"source": path.name, **report.figures}
        )

    database.transact(finish)
    return report


def _joined(one: RegisteredActa, other: RegisteredActa) -> RegisteredActa:
    serials = tuple(dict.fromkeys([*one.serials, *other.serials]))
    return RegisteredActa(one.natural_key, one.acta, one.acta_key, one.office, one.day, one.direction, serials)


def _directions(book: RegisterColumns) -> dict[str, Direction]:
    words = {plain_heading(direction): direction for direction in Direction}
    for direction, aliases in book.directions.items():
        words.update({plain_heading(alias): direction for alias in aliases})
    return words


class _RowReading(Cells[RegisterColumn]):
    """One row of the register."""

    def __init__(
        self, values: Mapping[RegisterColumn, str], directions: Mapping[str, Direction], *, today: date
    ) -> None:
        super().__init__(values, _PERSONAL)
        self._directions, self._today = directions, today

    def acta(self) -> RegisteredActa | None:
        """The acta of this row, or None when something needed is missing (then `faults` say what)."""
        number = self.needed(RegisterColumn.ACTA, "el número del acta")
        key = acta_key(number)
        if number and not key:
            self.fault(RegisterColumn.ACTA, "no tiene letras ni dígitos", "el número del acta")
        self.undamaged(RegisterColumn.ACTA)
        office = self.needed(RegisterColumn.OFFICE, "la oficina que recibió los equipos")
        day = self.day(RegisterColumn.DAY)
        if day is None:
            self.needed(RegisterColumn.DAY, "la fecha de entrega")
        elif day > self._today:
            self.fault(RegisterColumn.DAY, "es una fecha futura", f"hasta {self._today:%d-%m-%Y}")
        text = plain_heading(self.cell(RegisterColumn.DIRECTION))
        direction = self._directions.get(text) if text else Direction.DEVOLUCION
        if direction is None:
            self.notice(RegisterColumn.DIRECTION, "no se reconoce; no servirá de prueba", "DEVOLUCION o INSTALACION")
            direction = Direction.DESCONOCIDA
        self.undamaged(RegisterColumn.SERIALS)
        if self.faults:
            return None
        return RegisteredActa(
            natural_key=f"{key}|{plain_heading(office)}",
            acta=number,
            acta_key=key,
            office=office,
            day=day,
            direction=direction,
            serials=self._serials(),
        )

    def _serials(self) -> tuple[str, ...]:
        found = [canonical_serial(text) for text in re.split(r"[,;/|]", self.cell(RegisterColumn.SERIALS))]
        for text in re.split(r"[,;/|]", self.cell(RegisterColumn.MAC)):
            mac = canonical_mac(text)
            if text.strip() and not mac:
                self.notice(RegisterColumn.MAC, "no es una dirección MAC", "12 cifras hexadecimales")
            found.append(mac)
        return tuple(dict.fromkeys(key for key in found if key))
