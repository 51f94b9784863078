"""The company's list of cases comes in: CSV or XLSX, one row per charge (or piece of equipment not charged yet).

It is read as a stream, in batches of one transaction each; every faulty row is told, and the good rows go in.
Reading the same list again changes nothing.  What was decided here it cannot change (`store/lists.py`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from pathlib import Path

import phonenumbers

from evidence_daemon.canonical import canonical_mac, canonical_serial, service_key
from evidence_daemon.cases.equipment import equipment_type
from evidence_daemon.columns import CaseColumn, CaseColumns, plain_heading
from evidence_daemon.errors import BadFile
from evidence_daemon.exchange.cells import Cells, usd
from evidence_daemon.exchange.sheets import Row, Sheet, opened
from evidence_daemon.exchange.told import RowFault, Told
from evidence_daemon.model import DAEMON, Cents, Charge, ChargeState, EquipmentType, Line, Segment
from evidence_daemon.rulebook import RuleBook
from evidence_daemon.store import incoming, lists
from evidence_daemon.store.caselist import MIRRORED
from evidence_daemon.store.database import Database, Session
from evidence_daemon.store.lists import Fate, ListedCharge, ListedItem, ListedRow

REQUIRED = (CaseColumn.ID_NUMBER, CaseColumn.HOLDER, CaseColumn.LINE, CaseColumn.SERVICE_NUMBER)
"""Columns without which there is no case."""

_PERSONAL = frozenset(
    {
        CaseColumn.ID_NUMBER,
        CaseColumn.HOLDER,
        CaseColumn.SERVICE_NUMBER,
        CaseColumn.EMAIL,
        CaseColumn.PHONES,
        CaseColumn.SERIAL,
        CaseColumn.MAC,
        CaseColumn.INVOICE,
    }
)
_BATCH = 500
_CHARGED = frozenset(ChargeState) - {ChargeState.PREVISTO, ChargeState.BLOQUEADO, ChargeState.QUITADO}
_KNOWN_RATES = (0, 500, 800, 1200, 1400, 1500)
"""Rates of Ecuador's VAT in basis points, for lists that leave the rate out."""
_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+")


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What a list did to our tables, in rows.

    `vanished`: charges (or uncharged equipment) that were listed before and are not any more; they are
    kept and marked.  `rejected` are rows that did not go in, `notices` such that did but deserve a look;
    of each at most 10,000 are kept here (the file of faults has all), `refused` counts all.
    """

    new: int
    changed: int
    unchanged: int
    vanished: int
    refused: int
    rejected: tuple[RowFault, ...]
    notices: tuple[RowFault, ...]
    ignored: tuple[str, ...]
    """Headings that the column map does not know."""

    @property
    def figures(self) -> dict[str, int]:
        """The counts, by name."""
        return {name: getattr(self, name) for name in ("new", "changed", "unchanged", "vanished", "refused")}


Progress = Callable[[int, int], None]
"""Called with rows done and rows in all."""


def import_cases(
    database: Database,
    path: Path,
    book: RuleBook,
    *,
    progress: Progress = lambda _done, _total: None,
    now: datetime | None = None,
    faults_to: Path | None = None,
    actor: str = DAEMON,
) -> ImportReport:
    """Bring in the company's list of cases (see this module).

    `now` is the moment that the rows will bear.  `faults_to` names the file that gets every fault.  Raises
    `BadFile` when the file as a whole cannot be used: unreadable, empty, headings missing.
    """
    started = datetime.now(UTC)
    digest = file_hash(path)
    with opened(path, book.cases.columns, REQUIRED) as sheet, Told(path.name, faults_to) as told:
        coming = _Import(database, _Table(sheet, book.cases, told), now or started)
        for done in coming.run():
            progress(done, sheet.total)
        progress(coming.table.done, max(sheet.total, coming.table.done))
        vanished = coming.vanish()
    report = ImportReport(
        new=coming.counts[Fate.NEW],
        changed=coming.counts[Fate.CHANGED],
        unchanged=coming.counts[Fate.UNCHANGED],
        vanished=vanished,
        refused=told.refused,
        rejected=tuple(told.rejected),
        notices=tuple(told.notices),
        ignored=sheet.ignored,
    )

    def finish(session: Session) -> None:
        lists.finish_import(session, path.name, report.figures, started=started, now=now or started)
        brought = incoming.Brought(incoming.CASES, path.name, digest, now or started, actor, told.refused)
        incoming.remember(session, brought, report.figures)

    database.transact(finish)
    return report


def file_hash(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal.  Raises `BadFile` when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as trouble:
        raise BadFile(f"{path}: no se puede leer: {trouble.strerror}") from trouble


def segment(charges: Sequence[Charge], claim_open: bool) -> Segment:
    """The campaign segment: payment and claim are looked at apart, and a claim outweighs a payment.

    Source: the deck's two segments, and the two that follow from them (charged and paid, charged in claim).
    """
    charged = [charge for charge in charges if charge.state in _CHARGED]
    if not charged:
        return Segment.NO_CARGADO
    if claim_open or any(charge.state in {ChargeState.EN_RECLAMO, ChargeState.EN_COBRO} for charge in charged):
        return Segment.CARGADO_CON_RECLAMO
    if any(charge.state is ChargeState.PAGADO or charge.paid > 0 for charge in charged):
        return Segment.CARGADO_PAGADO
    return Segment.CARGADO_SIN_PAGO_NI_RECLAMO


class _Import:
    """One list on its way in."""

    def __init__(self, database: Database, table: _Table, now: datetime) -> None:
        self.table = table
        self.counts = dict.fromkeys(Fate, 0)
        self._database, self._now = database, now
        self._seen = lists.Seen()

    def run(self) -> Iterator[int]:
        """Bring in all rows; yields how many are done, after each batch."""
        batch: list[ListedRow] = []
        for row in self.table:
            batch.append(row)
            if len(batch) >= _BATCH:
                self._bring_in(batch)
                batch = []
                yield self.table.done
        self._bring_in(batch)

    def _bring_in(self, batch: Sequence[ListedRow]) -> None:
        if not batch:
            return
        brought = self._database.transact(
            lambda session: lists.bring_in(session, batch, self._seen, segment=segment, now=self._now)
        )
        brought.remember(self._seen)
        told, heading = self.table.told, self.table.sheet.heading
        for row, outcome in zip(batch, brought.outcomes, strict=True):
            self.counts[outcome.fate] += 1
            if outcome.fate is Fate.REFUSED:
                column = CaseColumn.CHARGE_REFERENCE if row.charge is not None else CaseColumn.ITEM_REFERENCE
                told.refuse([RowFault(row.line_number, heading(column), outcome.words)])
            told.notice(RowFault(row.line_number, "", words) for words in outcome.notices)

    def vanish(self) -> int:
        """Mark what the list no longer has; how many rows that is."""
        vanished, after = 0, (0, 0)
        while True:
            page = partial(lists.mark_vanished, seen=self._seen, after=after, now=self._now)
            gone, end = self._database.transact(page)
            vanished += gone
            if end == after:
                return vanished
            after = end


class _Table:
    """The sound rows of a list, one by one; the others are told."""

    def __init__(self, sheet: Sheet[CaseColumn], book: CaseColumns, told: Told) -> None:
        self.sheet, self.told, self.done = sheet, told, 0
        self._words = _Words(book)
        self._headings = {column: sheet.heading(column) for column in CaseColumn}

    def __iter__(self) -> Iterator[ListedRow]:
        for row in self.sheet:
            self.done += 1
            found = self._row(row)
            if found is not None:
                yield found

    def _row(self, row: Row[CaseColumn]) -> ListedRow | None:
        if row.trouble:
            self.told.refuse([RowFault(row.line, "", row.trouble)])
            return None
        reading = _RowReading(row.cells, self._words)
        found = reading.row(row.line)
        faults, notices = reading.told(row.line, self._headings)
        if found is None or faults:
            self.told.refuse(faults)
            return None
        self.told.notice(notices)
        return found


class _Words:
    """The words that the list may use, by their plain form."""

    def __init__(self, book: CaseColumns) -> None:
        self.lines: dict[str, Line] = {plain_heading(line): line for line in book.lines}
        for line, aliases in book.lines.items():
            self.lines.update({plain_heading(alias): line for alias in aliases})
        self.states: dict[str, ChargeState] = {plain_heading(state): state for state in MIRRORED}
        for state, aliases in book.charge_states.items():
            self.states.update({plain_heading(alias): state for alias in aliases})
        self.flags = {plain_heading(word): True for word in book.flags.yes}
        self.flags |= {plain_heading(word): False for word in book.flags.no}
        self.types = {plain_heading(kind): kind for kind in EquipmentType}
        self.known_lines = ", ".join(sorted({line.value for line in self.lines.values()}))
        self.known_states = ", ".join(sorted({state.value for state in self.states.values()}))


class _RowReading(Cells[CaseColumn]):
    """One row of the case list."""

    def __init__(self, values: Mapping[CaseColumn, str], words: _Words) -> None:
        super().__init__(values, _PERSONAL)
        self._words = words

    def row(self, line_number: int) -> ListedRow | None:
        """The row, or None when it lacks what every row must have (then `faults` say why)."""
        id_number = self.id_number(CaseColumn.ID_NUMBER)
        holder = self.needed(CaseColumn.HOLDER, "apellidos y nombres, o razón social")
        line = self._line()
        service = self.needed(CaseColumn.SERVICE_NUMBER, "el número del servicio")
        service_canonical = service_key(service)
        if service:
            self.undamaged(CaseColumn.SERVICE_NUMBER)
            if not service_canonical:
                self.fault(CaseColumn.SERVICE_NUMBER, "no es un número de servicio", "letras o dígitos, no sólo ceros")
        item = self._item()
        charge = self._charge()
        email, phones = self._email(), self._phones()
        claim_open, in_collection = self._yes(CaseColumn.CLAIM_OPEN), self._yes(CaseColumn.IN_COLLECTION)
        activated_on, withdrawn_on = self._days()
        if item is None and charge is None and not self.faults:
            self.fault(CaseColumn.EQUIPMENT_TYPE, "la fila no trae equipo ni cargo", "un equipo, un cargo o ambos")
        if line is None or self.faults:
            return None
        return ListedRow(
            line_number=line_number,
            id_number=id_number,
            holder=holder,
            line=line,
            service_number=service,
            service_key=service_canonical,
            email=email,
            province=self.cell(CaseColumn.PROVINCE),
            phones=phones,
            claim_open=claim_open,
            in_collection=in_collection,
            withdrawn_on=withdrawn_on,
            activated_on=activated_on,
            item=item,
            charge=charge,
        )

    def _days(self) -> tuple[date | None, date | None]:
        activated, withdrawn = self.day(CaseColumn.ACTIVATED_ON), self.day(CaseColumn.WITHDRAWN_ON)
        if activated and withdrawn and activated > withdrawn:
            self.fault(CaseColumn.WITHDRAWN_ON, "el retiro es anterior a la activación", "una fecha posterior")
        return activated, withdrawn

    def _yes(self, column: CaseColumn) -> bool:
        return self.flag(column, self._words.flags, plain_heading(self.cell(column)))

    def _line(self) -> Line | None:
        text = self.needed(CaseColumn.LINE, self._words.known_lines)
        line = self._words.lines.get(plain_heading(text))
        if text and line is None:
            self.fault(CaseColumn.LINE, "no es una línea de negocio de la lista", self._words.known_lines)
        return line

    def _email(self) -> str:
        text = self.cell(CaseColumn.EMAIL).lower()
        if text and not _EMAIL.fullmatch(text):
            self.notice(CaseColumn.EMAIL, "no es un correo; no se guardó", "nombre@dominio")
            return ""
        return text

    def _phones(self) -> tuple[str, ...]:
        """E.164, in the order of the cell; what is no telephone of anywhere is told and left out."""
        found: dict[str, None] = {}
        for text in re.split(r"[,;/|]", self.cell(CaseColumn.PHONES)):
            if not text.strip():
                continue
            try:
                number = phonenumbers.parse(text, "EC")
            except phonenumbers.NumberParseException:
                number = None
            if number is None or not phonenumbers.is_valid_number(number):
                self.notice(CaseColumn.PHONES, "tiene algo que no es un teléfono; no se guardó", "09XXXXXXXX")
            else:
                found[phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)] = None
        return tuple(found)

    def _item(self) -> ListedItem | None:
        text = self.cell(CaseColumn.EQUIPMENT_TYPE)
        serial, mac = self.cell(CaseColumn.SERIAL), self.cell(CaseColumn.MAC)
        reference = self.cell(CaseColumn.ITEM_REFERENCE)
        if not text:
            if serial or mac or reference:
                known = ", ".join(EquipmentType)
                self.fault(CaseColumn.EQUIPMENT_TYPE, "falta el tipo del equipo", known)
            return None
        kind = self._words.types.get(plain_heading(text)) or equipment_type(text)
        if kind is None:
            kind = EquipmentType.OTRO
            self.notice(CaseColumn.EQUIPMENT_TYPE, "no es un tipo conocido: quedó como OTRO", ", ".join(EquipmentType))
        self.undamaged(CaseColumn.SERIAL)
        mac_key = canonical_mac(mac)
        if mac and not mac_key:
            self.notice(CaseColumn.MAC, "no es una dirección MAC", "12 cifras hexadecimales")
        serial_key = canonical_serial(serial)
        description = self.cell(CaseColumn.DESCRIPTION)
        return ListedItem(
            reference=reference,
            natural_key=(
                f"serie:{serial_key}"
                if serial_key
                else f"mac:{mac_key}"
                if mac_key
                else f"tipo:{kind}:{plain_heading(description)}"
            ),
            type=kind,
            description=description,
            serial=serial,
            serial_key=serial_key,
            mac=mac,
            mac_key=mac_key,
        )

    def _charge(self) -> ListedCharge | None:
        text = self.cell(CaseColumn.CHARGE_STATE)
        amounts = (CaseColumn.BASE, CaseColumn.TAX, CaseColumn.TOTAL)
        if not text:
            if any(self.cell(column) for column in (*amounts, CaseColumn.PAID, CaseColumn.INVOICE)):
                self.fault(
                    CaseColumn.CHARGE_STATE, "hay valores pero falta el estado del cargo", self._words.known_states
                )
            return None
        state = self._words.states.get(plain_heading(text))
        if state is None:
            self.fault(CaseColumn.CHARGE_STATE, "no es un estado de cargo", self._words.known_states)
            return None
        # A foreseen charge may still have no value; a made one must.
        needed = state is not ChargeState.PREVISTO or any(self.cell(column) for column in amounts)
        base = self.money(CaseColumn.BASE, needed=needed)
        tax = self.money(CaseColumn.TAX, needed=needed)
        total = self.money(CaseColumn.TOTAL, needed=False, otherwise=(base or 0) + (tax or 0))
        paid = self.money(CaseColumn.PAID, needed=False)
        if base is None or tax is None or total is None or paid is None:
            return None
        if base + tax != total:
            self.fault(
                CaseColumn.TOTAL, f"base {usd(base)} + IVA {usd(tax)} no da el total {usd(total)}", usd(base + tax)
            )
        if state is ChargeState.PAGADO and not self.cell(CaseColumn.PAID):
            paid = total
        if total and paid >= total and state in {ChargeState.PREVISTO, ChargeState.CARGADO, ChargeState.FACTURADO}:
            self.fault(
                CaseColumn.PAID, f"está pagado por completo pero el estado del cargo es {state}", ChargeState.PAGADO
            )
        concept = self.cell(CaseColumn.CONCEPT)
        return ListedCharge(
            reference=self.cell(CaseColumn.CHARGE_REFERENCE),
            natural_key=plain_heading(concept),
            concept=concept,
            state=state,
            base=base,
            tax=tax,
            total=total,
            vat_rate=self._vat_rate(base, tax),
            paid=paid,
            invoice=self.cell(CaseColumn.INVOICE),
        )

    def _vat_rate(self, base: Cents, tax: Cents) -> int:
        """Basis points, and that the tax is what the rate makes of the base (a cent of rounding is forgiven)."""
        text = self.cell(CaseColumn.VAT_RATE).rstrip("% ").replace(",", ".")
        if not text:
            rate = next((rate for rate in _KNOWN_RATES if abs(_tax(base, rate) - tax) <= (base > 0)), None)
            if rate is None and not self.spoilt(CaseColumn.VAT_RATE):
                words = "falta la tarifa y el IVA no corresponde a ninguna conocida"
                self.fault(CaseColumn.VAT_RATE, words, "la tarifa en por ciento, por ejemplo 15")
            return rate or 0
        rate = int(Decimal(text) * 100) if re.fullmatch(r"[0-9]{1,2}(?:\.[0-9]{1,2})?", text) else -1
        if rate < 0 or 0 < rate < 100:
            self.fault(CaseColumn.VAT_RATE, "no es una tarifa en por ciento", "por ejemplo 15")
            return 0
        if abs(_tax(base, rate) - tax) > 1:
            words = f"el {text} % de {usd(base)} no es {usd(tax)}"
            self.fault(CaseColumn.TAX, words, usd(_tax(base, rate)))
        return rate


def _tax(base: Cents, rate: int) -> int:
    return int((Decimal(base) * rate / 10_000).quantize(Decimal(1), ROUND_HALF_UP))
