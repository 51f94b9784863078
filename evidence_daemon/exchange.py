"""Files that come in and go out: the company's list of cases, and the charges that it must reverse.

The list is CSV, one row per charge (or per piece of equipment that is not charged yet); which heading is
which column stands in `rules/columns/cases.toml`.  It is read as a stream, in batches of one transaction
each; every faulty row is told with its line, column and what is wrong, and the good rows go in.  Reading
the same list again changes nothing.

What spreadsheets do to numbers (a lost leading zero, 1.7E+09) makes a row faulty: a guess here would let a
stranger's number stand in our books.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from pathlib import Path
from typing import TextIO, assert_never
from zoneinfo import ZoneInfo

import phonenumbers

from evidence_daemon.cases.equipment import canonical_mac, canonical_serial, equipment_type
from evidence_daemon.cases.identity import check_digit, read_id
from evidence_daemon.canonical import service_key
from evidence_daemon.errors import BadFile
from evidence_daemon.model import (
    Cents,
    Charge,
    ChargeState,
    EquipmentType,
    IdCheck,
    IdKind,
    Line,
    Segment,
)
from evidence_daemon.columns import CaseColumn, CaseColumns, ReversalValue, plain_heading
from evidence_daemon.columns import OutgoingForm as ReversalFile
from evidence_daemon.rulebook import RuleBook
from evidence_daemon.store import lists
from evidence_daemon.store.caselist import MIRRORED
from evidence_daemon.store.database import Database
from evidence_daemon.store.lists import Fate, ListedCharge, ListedItem, ListedRow, Reversal

ECUADOR = ZoneInfo("America/Guayaquil")

REQUIRED = (CaseColumn.ID_NUMBER, CaseColumn.HOLDER, CaseColumn.LINE, CaseColumn.SERVICE_NUMBER)
"""Columns without which there is no case."""

_BATCH = 500
_MOST_TOLD = 10_000
"""Faults that a report keeps; of a million wrong rows nobody reads more, and memory stays flat."""

_CHARGED = frozenset(ChargeState) - {ChargeState.PREVISTO, ChargeState.BLOQUEADO, ChargeState.QUITADO}
_KNOWN_RATES = (0, 500, 800, 1200, 1400, 1500)
"""Rates of Ecuador's VAT in basis points, for lists that leave the rate out."""


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with (or to be known of) a row: its line in the file, its heading, words in Spanish."""

    line: int
    column: str
    message: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What a list did to our tables, in rows.

    `vanished`: charges (or uncharged equipment) that were listed before and are not any more; they are
    kept and marked.  `rejected` are rows that did not go in, `notices` such that did but deserve a look;
    of each at most 10,000 are kept, `refused` counts all.
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


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written: lines and the sum of the amounts to reverse, in cents."""

    lines: int
    cents: Cents


Progress = Callable[[int, int], None]
"""Called with rows done and rows in all."""


# ── cases in ─────────────────────────────────────────────────────────────────────────────────────


def import_cases(
    database: Database,
    path: Path,
    book: RuleBook,
    *,
    progress: Progress = lambda _done, _total: None,
    now: datetime | None = None,
) -> ImportReport:
    """Bring in the company's list of cases (see this module).  `now` is the moment that the rows will bear.

    Raises `BadFile` when the file as a whole cannot be used: unreadable, empty, headings missing.  Faults of
    single rows are in the report.
    """
    started = datetime.now(UTC)
    with _opened(path) as (file, total):
        incoming = _Import(database, _Table(file, book.cases), now or started)
        for done in incoming.run():
            progress(done, total)
        progress(incoming.table.done, max(total, incoming.table.done))
    vanished = incoming.vanish()
    report = ImportReport(
        new=incoming.counts[Fate.NEW],
        changed=incoming.counts[Fate.CHANGED],
        unchanged=incoming.counts[Fate.UNCHANGED],
        vanished=vanished,
        refused=incoming.table.told.refused,
        rejected=tuple(incoming.table.told.rejected),
        notices=tuple(incoming.table.told.notices),
        ignored=incoming.table.ignored,
    )
    figures = {name: getattr(report, name) for name in ("new", "changed", "unchanged", "vanished", "refused")}
    database.transact(
        lambda session: lists.finish_import(session, path.name, figures, started=started, now=now or started)
    )
    return report


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


class _Told:
    """What is to be told of the rows, bounded."""

    def __init__(self) -> None:
        self.refused = 0
        self.rejected: list[RowFault] = []
        self.notices: list[RowFault] = []

    def refuse(self, faults: Sequence[RowFault]) -> None:
        self.refused += 1
        self.rejected += faults[: _MOST_TOLD - len(self.rejected)]

    def notice(self, faults: Iterable[RowFault]) -> None:
        self.notices += list(faults)[: _MOST_TOLD - len(self.notices)]


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
            if row is not None:
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
        told, heading = self.table.told, self.table.heading
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


# ── the file ─────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _opened(path: Path) -> Iterator[tuple[TextIO, int]]:
    """The file as text, and how many rows it seems to have.

    UTF-8 (with or without its mark) when all of it is, else Windows-1252, as spreadsheets here write it.
    """
    try:
        decoder = codecs.getincrementaldecoder("utf-8")("strict")
        encoding = "utf-8-sig"
        lines = 0
        with path.open("rb") as raw:
            start = raw.read(4)
            if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                raise BadFile(f"{path.name}: el archivo está en UTF-16; guárdelo como «CSV UTF-8»")
            if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
                raise BadFile(f"{path.name}: es un libro de Excel; guárdelo como «CSV UTF-8 (delimitado por comas)»")
            raw.seek(0)
            while chunk := raw.read(1 << 20):
                lines += chunk.count(b"\n")
                if encoding == "utf-8-sig":
                    try:
                        decoder.decode(chunk)
                    except UnicodeDecodeError:
                        encoding = "cp1252"
        with path.open(encoding=encoding, errors="replace", newline="") as file:
            yield file, lines
    except OSError as trouble:
        raise BadFile(f"{path}: no se puede leer: {trouble.strerror}") from trouble


class _Table:
    """The rows of a list, one by one: a `ListedRow`, or None for one that was told of instead."""

    def __init__(self, file: TextIO, book: CaseColumns) -> None:
        first = file.readline(1 << 16)
        if not first.strip():
            raise BadFile("el archivo está vacío: falta la fila de encabezados")
        separator = max(";,\t|", key=first.count)
        self._headings = [heading.strip() for heading in next(csv.reader([first], delimiter=separator))]
        self._places, self.ignored = _places(self._headings, book)
        self._reader = csv.reader(file, delimiter=separator)
        self._words = _Words(book)
        self.told = _Told()
        self.done = 0

    def heading(self, column: CaseColumn) -> str:
        """The heading that the file gives a column, or the column's own name where it has none."""
        place = self._places.get(column)
        return self._headings[place] if place is not None else column.value

    def __iter__(self) -> Iterator[ListedRow | None]:
        while True:
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as trouble:
                self.done += 1
                self.told.refuse([RowFault(self._reader.line_num + 1, "", f"la fila no se puede leer: {trouble}")])
                yield None
                continue
            if any(cell.strip() for cell in cells):
                self.done += 1
                yield self._row(self._reader.line_num + 1, cells)

    def _row(self, line_number: int, cells: list[str]) -> ListedRow | None:
        if len(cells) < len(self._headings) or any(cell.strip() for cell in cells[len(self._headings) :]):
            words = f"la fila tiene {len(cells)} celdas y los encabezados son {len(self._headings)}"
            self.told.refuse([RowFault(line_number, "", words)])
            return None
        values = {column: " ".join(cells[place].split()) for column, place in self._places.items()}
        reading = _RowReading(values, self._words)
        row = reading.row(line_number)
        told = [RowFault(line_number, self.heading(column), words) for column, words in reading.faults]
        if row is None or told:
            self.told.refuse(told)
            return None
        self.told.notice(RowFault(line_number, self.heading(column), words) for column, words in reading.notices)
        return row


def _places(headings: Sequence[str], book: CaseColumns) -> tuple[dict[CaseColumn, int], tuple[str, ...]]:
    """Where each column stands; and the headings that are nobody's.  Raises `BadFile` with all faults."""
    by_heading = {plain_heading(alias): column for column, aliases in book.columns.items() for alias in aliases}
    places: dict[CaseColumn, int] = {}
    ignored: list[str] = []
    faults: list[str] = []
    for place, heading in enumerate(headings):
        column = by_heading.get(plain_heading(heading))
        if column is None:
            if heading:
                ignored.append(heading)
        elif column in places:
            faults.append(f"los encabezados «{headings[places[column]]}» y «{heading}» dicen lo mismo: deje uno")
        else:
            places[column] = place
    for column in REQUIRED:
        if column not in places:
            words = f"falta la columna «{book.columns[column][0]}»"
            plain = {plain_heading(heading): heading for heading in ignored}
            names = [plain_heading(alias) for alias in book.columns[column]]
            near = next((close for name in names for close in difflib.get_close_matches(name, plain, 1, 0.75)), None)
            faults.append(words + (f"; ¿es «{plain[near]}»?" if near else ""))
    if faults:
        raise BadFile(faults)
    return places, tuple(ignored)


# ── one row ──────────────────────────────────────────────────────────────────────────────────────


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


_SPREADSHEET = re.compile(r"[0-9]+(?:[.,][0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_DATE = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})")
_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_MIDNIGHT = re.compile(r"[ T]0?0:00(?::00(?:\.0+)?)?$")
_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+")


class _RowReading:
    """Reads the cells of one row; everything wrong is gathered in `faults`, doubts in `notices`."""

    def __init__(self, values: Mapping[CaseColumn, str], words: _Words) -> None:
        self._values, self._words = values, words
        self.faults: list[tuple[CaseColumn, str]] = []
        self.notices: list[tuple[CaseColumn, str]] = []

    def row(self, line_number: int) -> ListedRow | None:
        """The row, or None when it lacks what every row must have (then `faults` say why)."""
        for column, text in self._values.items():
            if "\ufffd" in text:
                self._fault(column, "tiene un carácter ilegible; guarde el archivo como «CSV UTF-8»")
        id_number = self._id_number()
        holder = self._needed(CaseColumn.HOLDER)
        line = self._line()
        service = self._needed(CaseColumn.SERVICE_NUMBER)
        service_canonical = service_key(service)
        if service:
            self._undamaged(CaseColumn.SERVICE_NUMBER)
            if not service_canonical:
                self._fault(CaseColumn.SERVICE_NUMBER, f"«{service}» no es un número de servicio")
        item = self._item()
        charge = self._charge()
        email, phones = self._email(), self._phones()
        claim_open, in_collection = self._flag(CaseColumn.CLAIM_OPEN), self._flag(CaseColumn.IN_COLLECTION)
        withdrawn_on, activated_on = self._date(CaseColumn.WITHDRAWN_ON), self._date(CaseColumn.ACTIVATED_ON)
        if activated_on and withdrawn_on and activated_on > withdrawn_on:
            self._fault(CaseColumn.WITHDRAWN_ON, "el retiro es anterior a la activación")
        if item is None and charge is None and not self.faults:
            self._fault(CaseColumn.EQUIPMENT_TYPE, "la fila no trae equipo ni cargo")
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
            province=self._cell(CaseColumn.PROVINCE),
            phones=phones,
            claim_open=claim_open,
            in_collection=in_collection,
            withdrawn_on=withdrawn_on,
            activated_on=activated_on,
            item=item,
            charge=charge,
        )

    # who

    def _id_number(self) -> str:
        text = self._needed(CaseColumn.ID_NUMBER)
        if not text or not self._undamaged(CaseColumn.ID_NUMBER):
            return ""
        number = read_id(text)
        if number is None:
            self._fault(CaseColumn.ID_NUMBER, f"«{text}» no es un número de cédula, RUC ni pasaporte")
            return ""
        if _lost_its_zero(number.value):
            words = f"«{text}» parece haber perdido su cero inicial: dé formato de texto a la columna"
            self._fault(CaseColumn.ID_NUMBER, words)
        elif number.check is not IdCheck.OK and number.kind is not IdKind.PASAPORTE:
            self.notices.append((CaseColumn.ID_NUMBER, f"el número no pasa su verificación: {number.because}"))
        return number.value

    def _line(self) -> Line | None:
        text = self._needed(CaseColumn.LINE)
        line = self._words.lines.get(plain_heading(text))
        if text and line is None:
            known = ", ".join(sorted({line.value for line in self._words.lines.values()}))
            self._fault(CaseColumn.LINE, f"«{text}» no es una línea de negocio de la lista ({known})")
        return line

    def _email(self) -> str:
        text = self._cell(CaseColumn.EMAIL).lower()
        if text and not _EMAIL.fullmatch(text):
            self.notices.append((CaseColumn.EMAIL, f"«{text}» no es un correo; no se guardó"))
            return ""
        return text

    def _phones(self) -> tuple[str, ...]:
        """E.164, in the order of the cell; what is no telephone of anywhere is told and left out."""
        found: dict[str, None] = {}
        for text in re.split(r"[,;/|]", self._cell(CaseColumn.PHONES)):
            if not text.strip():
                continue
            try:
                number = phonenumbers.parse(text, "EC")
            except phonenumbers.NumberParseException:
                number = None
            if number is None or not phonenumbers.is_valid_number(number):
                self.notices.append((CaseColumn.PHONES, f"«{text.strip()}» no es un teléfono; no se guardó"))
            else:
                found[phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)] = None
        return tuple(found)

    # what

    def _item(self) -> ListedItem | None:
        text = self._cell(CaseColumn.EQUIPMENT_TYPE)
        serial, mac = self._cell(CaseColumn.SERIAL), self._cell(CaseColumn.MAC)
        reference = self._cell(CaseColumn.ITEM_REFERENCE)
        if not text:
            if serial or mac or reference:
                self._fault(CaseColumn.EQUIPMENT_TYPE, "falta el tipo del equipo")
            return None
        kind = self._words.types.get(plain_heading(text)) or equipment_type(text)
        if kind is None:
            kind = EquipmentType.OTRO
            self.notices.append((CaseColumn.EQUIPMENT_TYPE, f"«{text}» no es un tipo conocido: quedó como OTRO"))
        self._undamaged(CaseColumn.SERIAL)
        mac_key = canonical_mac(mac)
        if mac and not mac_key:
            self.notices.append((CaseColumn.MAC, f"«{mac}» no es una dirección MAC"))
        serial_key = canonical_serial(serial)
        description = self._cell(CaseColumn.DESCRIPTION)
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
        text = self._cell(CaseColumn.CHARGE_STATE)
        amounts = (CaseColumn.BASE, CaseColumn.TAX, CaseColumn.TOTAL)
        if not text:
            if any(self._cell(column) for column in (*amounts, CaseColumn.PAID, CaseColumn.INVOICE)):
                self._fault(CaseColumn.CHARGE_STATE, "hay valores pero falta el estado del cargo")
            return None
        state = self._words.states.get(plain_heading(text))
        if state is None:
            known = ", ".join(sorted({state.value for state in self._words.states.values()}))
            self._fault(CaseColumn.CHARGE_STATE, f"«{text}» no es un estado de cargo ({known})")
            return None
        # A foreseen charge may still have no value; a made one must.
        needed = state is not ChargeState.PREVISTO or any(self._cell(column) for column in amounts)
        base = self._money(CaseColumn.BASE, needed=needed)
        tax = self._money(CaseColumn.TAX, needed=needed)
        total = self._money(CaseColumn.TOTAL, needed=False, otherwise=(base or 0) + (tax or 0))
        paid = self._money(CaseColumn.PAID, needed=False)
        if base is None or tax is None or total is None or paid is None:
            return None
        if base + tax != total:
            self._fault(CaseColumn.TOTAL, f"base {_usd(base)} + IVA {_usd(tax)} no da el total {_usd(total)}")
        if state is ChargeState.PAGADO and not self._cell(CaseColumn.PAID):
            paid = total
        if total and paid >= total and state in {ChargeState.PREVISTO, ChargeState.CARGADO, ChargeState.FACTURADO}:
            self._fault(CaseColumn.PAID, f"está pagado por completo pero el estado del cargo es {state}")
        concept = self._cell(CaseColumn.CONCEPT)
        return ListedCharge(
            reference=self._cell(CaseColumn.CHARGE_REFERENCE),
            natural_key=plain_heading(concept),
            concept=concept,
            state=state,
            base=base,
            tax=tax,
            total=total,
            vat_rate=self._vat_rate(base, tax),
            paid=paid,
            invoice=self._cell(CaseColumn.INVOICE),
        )

    def _money(self, column: CaseColumn, *, needed: bool, otherwise: Cents = 0) -> Cents | None:
        """Cents, exactly; None when it cannot be told (then there is a fault)."""
        text = self._cell(column)
        if not text:
            if needed:
                self._fault(column, "falta el valor")
                return None
            return otherwise
        cents = cents_of(text)
        if cents is None:
            self._fault(column, f"«{text}» no es un valor en dólares; escriba por ejemplo 103.50 o 103,50")
        return cents

    def _vat_rate(self, base: Cents, tax: Cents) -> int:
        """Basis points, and that the tax is what the rate makes of the base (a cent of rounding is forgiven)."""
        text = self._cell(CaseColumn.VAT_RATE).rstrip("% ").replace(",", ".")
        if not text:
            rate = next((rate for rate in _KNOWN_RATES if abs(_tax(base, rate) - tax) <= (base > 0)), None)
            if rate is None:
                self._fault(CaseColumn.VAT_RATE, "falta la tarifa y el IVA no corresponde a ninguna conocida")
            return rate or 0
        if not re.fullmatch(r"[0-9]{1,2}(?:\.[0-9]{1,2})?", text):
            self._fault(CaseColumn.VAT_RATE, f"«{text}» no es una tarifa en por ciento; escriba por ejemplo 15")
            return 0
        rate = int(Decimal(text) * 100)
        if 0 < rate < 100:
            self._fault(CaseColumn.VAT_RATE, f"«{text}» no es una tarifa en por ciento; escriba por ejemplo 15")
        elif abs(_tax(base, rate) - tax) > 1:
            self._fault(CaseColumn.TAX, f"el {text} % de {_usd(base)} no es {_usd(tax)}")
        return rate

    # cells

    def _cell(self, column: CaseColumn) -> str:
        return self._values.get(column, "")

    def _fault(self, column: CaseColumn, words: str) -> None:
        self.faults.append((column, words))

    def _needed(self, column: CaseColumn) -> str:
        text = self._cell(column)
        if not text:
            self._fault(column, "falta")
        return text

    def _undamaged(self, column: CaseColumn) -> bool:
        """False (and a fault) for what a spreadsheet made of a long number."""
        text = self._cell(column)
        if _SPREADSHEET.fullmatch(text):
            words = "la hoja de cálculo dañó el número; dé formato de texto a la columna y expórtela de nuevo"
            self._fault(column, f"«{text}»: {words}")
            return False
        return True

    def _flag(self, column: CaseColumn) -> bool:
        text = self._cell(column)
        found = self._words.flags.get(plain_heading(text)) if text else False
        if found is None:
            self._fault(column, f"«{text}»: escriba SI o NO")
        return bool(found)

    def _date(self, column: CaseColumn) -> date | None:
        """Day-month-year (as the deck writes it) or ISO."""
        text = _MIDNIGHT.sub("", self._cell(column))
        if not text:
            return None
        try:
            if found := _DATE.fullmatch(text):
                day = date(int(found[3]), int(found[2]), int(found[1]))
            elif found := _ISO_DATE.fullmatch(text):
                day = date(int(found[1]), int(found[2]), int(found[3]))
            else:
                day = None
        except ValueError:
            day = None
        if day is None or not 1980 <= day.year <= 2100:
            self._fault(column, f"«{text}» no es una fecha; escriba día-mes-año, por ejemplo 10-5-2020")
            return None
        return day


def cents_of(text: str) -> Cents | None:
    """A value in USD as written ("90.00", "90,00", "$ 1.234,56") → cents, exactly; None when it is none.

    What may be read in two ways is none: "1.234" (a thousand, or tenths of a cent?), negative values, and
    more than two decimals that are not zeros.

    >>> cents_of("103,5"), cents_of("1,234.50"), cents_of("1.234")
    (10350, 123450, None)
    """
    bare = re.sub(r"^(?:USD|US\$|\$)\s*|\s*(?:USD|\$)$", "", text.strip().upper()).replace(" ", "")
    if found := re.fullmatch(r"([0-9]+)(?:[.,](?:([0-9]{1,2})|([0-9]{2})0{2,}))?", bare):
        whole, part = found[1], found[2] or found[3] or ""
    elif (found := re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{3})+),([0-9]{1,2})", bare)) or (
        found := re.fullmatch(r"([0-9]{1,3}(?:,[0-9]{3})+)\.([0-9]{1,2})", bare)
    ):
        whole, part = re.sub(r"[.,]", "", found[1]), found[2]
    else:
        return None
    return int(Decimal(f"{whole}.{part or 0}") * 100)


def _tax(base: Cents, rate: int) -> Cents:
    return int((Decimal(base) * rate / 10_000).quantize(Decimal(1), ROUND_HALF_UP))


def _lost_its_zero(value: str) -> bool:
    """A cédula (9 digits) or RUC (12) that is right once its zero is put back: provinces 01 to 09."""
    if not value.isdecimal() or value[0] == "0":
        return False
    if len(value) == 12 and value.endswith("001"):
        value = value[:9]
    return len(value) == 9 and check_digit("0" + value[:8]) == value[8]


def _usd(cents: Cents) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


# ── reversals out ────────────────────────────────────────────────────────────────────────────────


def export_reversals(database: Database, target: Path | TextIO, book: RuleBook) -> ExportReport:
    """Write every charge that waits in REVERSO_PENDIENTE as CSV (columns: `rules/columns/reversals.toml`).

    A path is written beside itself first and then renamed: nobody ever reads half a file.  The same charges
    give the same bytes.  Raises `BadFile` when it cannot be written.
    """
    if not isinstance(target, Path):
        return _write_reversals(database, target, book)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # personal data
        with os.fdopen(handle, "w", encoding=book.reversals.file.encoding, errors="replace", newline="") as file:
            report = _write_reversals(database, file, book)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except OSError as trouble:
        raise BadFile(f"{target}: no se puede escribir: {trouble.strerror}") from trouble
    finally:
        draft.unlink(missing_ok=True)
    return report


def _write_reversals(database: Database, file: TextIO, book: RuleBook) -> ExportReport:
    form = book.reversals
    writer = csv.writer(file, delimiter=form.file.separator)
    writer.writerow([column.heading for column in form.column])
    lines = cents = 0
    with database.reading() as session:
        for reversal in lists.pending_reversals(session):
            writer.writerow([_shown(reversal, column.value, form.file) for column in form.column])
            lines += 1
            cents += reversal.amount
    return ExportReport(lines, cents)


def _shown(reversal: Reversal, value: ReversalValue, form: ReversalFile) -> str:
    match value:
        case ReversalValue.ENTRY:
            return str(reversal.entry_id)
        case ReversalValue.DATE:
            return reversal.entered_at.astimezone(ECUADOR).date().isoformat()
        case ReversalValue.CASE:
            return str(reversal.case_id)
        case ReversalValue.CHARGE:
            return str(reversal.charge_id)
        case ReversalValue.BATCH | ReversalValue.ORDINAL | ReversalValue.CHOICE | ReversalValue.DECIDED_BY | ReversalValue.APPROVED_BY:
            return ''
        case ReversalValue.BASE | ReversalValue.TAX | ReversalValue.TOTAL | ReversalValue.AMOUNT:
            return _usd(getattr(reversal, value.value)).replace(".", form.decimal)
        case ReversalValue.VAT_RATE:
            return f"{Decimal(reversal.vat_rate) / 100:f}".replace(".", form.decimal)
        case (
            ReversalValue.OPERATION
            | ReversalValue.ID_NUMBER
            | ReversalValue.HOLDER
            | ReversalValue.LINE
            | ReversalValue.SERVICE_NUMBER
            | ReversalValue.EQUIPMENT_TYPE
            | ReversalValue.DESCRIPTION
            | ReversalValue.SERIAL
            | ReversalValue.CHARGE_REFERENCE
            | ReversalValue.CONCEPT
            | ReversalValue.INVOICE
            | ReversalValue.RECEIPT
            | ReversalValue.RULE
        ):
            return str(getattr(reversal, value.value) or "")
        case _:
            assert_never(value)
