"""The company's list of cases, brought in row by row, and the charges that go back to it.

The list mirrors billing: it says what is charged, invoiced, paid, in claim.  What *we* decided it cannot
change: an item that was accredited and a charge that was reversed or blocked are left alone, and a row that
contradicts them is told to a person.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from evidence_daemon.model import (
    DAEMON,
    CaseState,
    Cents,
    Charge,
    ChargeState,
    EntryKind,
    EquipmentType,
    ItemState,
    Line,
    Operation,
    Segment,
)
from evidence_daemon.store import audit
from evidence_daemon.store.caselist import MIRRORED, charge_of
from evidence_daemon.store.statements import among, of, run
from evidence_daemon.store.tables import CaseRow, ChargeRow, EntryRow, ImportRow, ItemRow, PhoneRow

_T = TypeVar("_T")
_PAGE = 5000
_WITHIN_REACH = frozenset({ChargeState.CARGADO, ChargeState.FACTURADO, ChargeState.EN_RECLAMO, ChargeState.PAGADO})
"""States of a charge that an acta would take back; nobody asks again once its equipment is accredited."""


@dataclass(frozen=True, slots=True)
class ListedItem:
    """A piece of equipment in a row; `natural_key` is what makes it the same one in the next list."""

    reference: str
    natural_key: str
    type: EquipmentType
    description: str
    serial: str
    serial_key: str
    mac: str
    mac_key: str


@dataclass(frozen=True, slots=True)
class ListedCharge:
    """A charge in a row; cents, `vat_rate` in basis points."""

    reference: str
    natural_key: str
    concept: str
    state: ChargeState
    base: Cents
    tax: Cents
    total: Cents
    vat_rate: int
    paid: Cents
    invoice: str


@dataclass(frozen=True, slots=True)
class ListedRow:
    """One sound row of the list.  Keys are in canonical form; phones are E.164."""

    line_number: int
    id_number: str
    holder: str
    line: Line
    service_number: str
    service_key: str
    email: str
    province: str
    phones: tuple[str, ...]
    claim_open: bool
    in_collection: bool
    withdrawn_on: date | None
    activated_on: date | None
    item: ListedItem | None
    charge: ListedCharge | None


class Fate(Enum):
    """What a row did."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(slots=True)
class Outcome:
    """What a row did, and what a person should know: `words` of a refusal, `notices` of the rest (Spanish)."""

    line_number: int
    fate: Fate = Fate.UNCHANGED
    words: str = ""
    notices: list[str] = field(default_factory=list)

    def did(self, fate: Fate) -> None:
        """A new thing outweighs a changed one."""
        if self.fate is Fate.UNCHANGED or fate is Fate.NEW:
            self.fate = fate


class Marks:
    """A set of row ids, one bit each: a million of them take 125 kB."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, number: int) -> None:
        place = number >> 3
        if place >= len(self._bits):
            self._bits.extend(bytes(place + 4096 - len(self._bits)))
        self._bits[place] |= 1 << (number & 7)

    def __contains__(self, number: int) -> bool:
        place = number >> 3
        return place < len(self._bits) and bool(self._bits[place] >> (number & 7) & 1)


@dataclass(slots=True)
class Seen:
    """Which rows of our tables this import has met."""

    cases: Marks = field(default_factory=Marks)
    items: Marks = field(default_factory=Marks)
    charges: Marks = field(default_factory=Marks)


@dataclass(slots=True)
class Brought:
    """What one batch did; `remember` it once its transaction is committed."""

    outcomes: list[Outcome]
    cases: set[int] = field(default_factory=set)
    items: set[int] = field(default_factory=set)
    charges: set[int] = field(default_factory=set)

    def remember(self, seen: Seen) -> None:
        for marks, ids in ((seen.cases, self.cases), (seen.items, self.items), (seen.charges, self.charges)):
            for number in ids:
                marks.add(number)


_CaseKey = tuple[str, Line, str]
_Holders = dict[str, dict[str, ChargeState]]
"""By the company's number of a charge, under which ID numbers it stands, and in which state."""


@dataclass(slots=True)
class _Known:
    """A case in our tables with all that hangs on it."""

    row: CaseRow
    phones: list[PhoneRow] = field(default_factory=list)
    items: list[ItemRow] = field(default_factory=list)
    charges: list[ChargeRow] = field(default_factory=list)


def bring_in(
    session: Session,
    rows: Sequence[ListedRow],
    seen: Seen,
    *,
    segment: Callable[[Sequence[Charge], bool], Segment],
    now: datetime,
) -> Brought:
    """Bring in a batch of rows; `seen` is what earlier batches of the same file met.

    `segment` derives a case's segment from its charges and whether a claim is open.
    """
    brought = Brought([Outcome(row.line_number) for row in rows])
    groups: dict[_CaseKey, list[tuple[ListedRow, Outcome]]] = {}
    for row, outcome in zip(rows, brought.outcomes, strict=True):
        groups.setdefault((row.id_number, row.line, row.service_key), []).append((row, outcome))
    known = _load(session, {key[0] for key in groups})
    for key, group in groups.items():
        case = known.get(key)
        if case is None:
            case = known[key] = _Known(_new_case(session, group[0][0], now))
            group[0][1].did(Fate.NEW)
    session.flush()  # ids for what hangs on the new cases
    for key, group in groups.items():
        case = known[key]
        again = case.row.id in seen.cases
        brought.cases.add(case.row.id)
        if _merge_case(session, case, [row for row, _ in group], again=again):
            group[0][1].did(Fate.CHANGED)
        for row, outcome in group:
            if row.holder.casefold() != case.row.holder.casefold():
                outcome.notices.append("otra fila del mismo servicio trae otro titular; quedó el primero")
        for row, outcome in group:
            _merge_item(session, case, row, outcome)
    session.flush()  # ids for the charges of new items
    charges: dict[int, ChargeRow] = {}
    before: dict[str, list[ChargeRow]] = {}
    for key, case in known.items():
        before.setdefault(key[0], []).extend(case.charges)
    holders = _holders(session, rows, before)
    for key, group in groups.items():
        case = known[key]
        for row, outcome in group:
            others = before.get(row.id_number, ())
            _merge_row(case, row, outcome, others=others, holders=holders, seen=seen, brought=brought, charges=charges)
        session.add_all(case.charges)
        found = segment([charge_of(charge) for charge in case.charges], case.row.claim_open)
        if _set(case.row, segment=found):
            group[0][1].did(Fate.CHANGED)
        if any(outcome.fate in {Fate.NEW, Fate.CHANGED} for _, outcome in group):
            case.row.updated_at = now
    session.flush()
    brought.charges = {charge.id for charge in charges.values()}
    return brought


def finish_import(
    session: Session, source: str, counts: Mapping[str, int], *, started: datetime, now: datetime
) -> None:
    """Keep that a list was brought in, with its counts."""
    session.exec(
        sa.insert(ImportRow).values(source=source, started_at=started, finished_at=now, counts=json.dumps(counts))
    )
    audit.record(session, "cases imported", actor=DAEMON, now=now, detail={"source": source, **counts})


def mark_vanished(
    session: Session, *, seen: Seen, after: tuple[int, int], now: datetime
) -> tuple[int, tuple[int, int]]:
    """Mark a page of undecided items and charges that the list no longer has.

    `after` is where the last page ended (item id, charge id), (0, 0) at first.  Returns how many rows of the
    list are gone (a charge, or an item without one) and where this page ended; it is the last page when
    that equals `after`.
    """
    items = session.exec(
        select(ItemRow.id)
        .where(col(ItemRow.id) > after[0], col(ItemRow.state) == ItemState.PENDIENTE)
        .order_by(col(ItemRow.id))
        .limit(_PAGE)
    ).all()
    charges = session.exec(
        select(ChargeRow.id)
        .where(col(ChargeRow.id) > after[1], col(ChargeRow.state).in_(MIRRORED))
        .order_by(col(ChargeRow.id))
        .limit(_PAGE)
    ).all()
    gone_items = [number for number in items if number not in seen.items]
    gone_charges = [number for number in charges if number not in seen.charges]
    charged: set[int | None] = set()
    for table, gone in ((ItemRow, gone_items), (ChargeRow, gone_charges)):
        for start in range(0, len(gone), 500):
            some = gone[start : start + 500]
            if table is ItemRow:
                charged |= set(session.exec(select(ChargeRow.item_id).where(col(ChargeRow.item_id).in_(some))))
            session.exec(
                sa.update(table)
                .where(col(table.id).in_(some), col(table.vanished_at).is_(None))
                .values(vanished_at=now)
                .execution_options(synchronize_session=False)
            )
    end = (items[-1] if items else after[0], charges[-1] if charges else after[1])
    return len(gone_charges) + sum(number not in charged for number in gone_items), end


# ── merging ──────────────────────────────────────────────────────────────────────────────────────


def _load(session: Session, id_numbers: set[str]) -> dict[_CaseKey, _Known]:
    cases = session.exec(select(CaseRow).where(col(CaseRow.id_number).in_(id_numbers))).all()
    by_id = {row.id: _Known(row) for row in cases}
    if by_id:
        for phone in session.exec(
            select(PhoneRow).where(col(PhoneRow.case_id).in_(by_id)).order_by(col(PhoneRow.ordinal))
        ):
            by_id[phone.case_id].phones.append(phone)
        for item in session.exec(select(ItemRow).where(col(ItemRow.case_id).in_(by_id)).order_by(col(ItemRow.id))):
            by_id[item.case_id].items.append(item)
        for charge in session.exec(
            select(ChargeRow).where(col(ChargeRow.case_id).in_(by_id)).order_by(col(ChargeRow.id))
        ):
            by_id[charge.case_id].charges.append(charge)
    return {(known.row.id_number, known.row.line, known.row.service_key): known for known in by_id.values()}


def _new_case(session: Session, row: ListedRow, now: datetime) -> CaseRow:
    case = CaseRow(
        id_number=row.id_number,
        holder=row.holder,
        line=row.line,
        service_number=row.service_number,
        service_key=row.service_key,
        state=CaseState.ABIERTO,
        segment=Segment.NO_CARGADO,
        email=row.email,
        province=row.province,
        claim_open=row.claim_open,
        in_collection=row.in_collection,
        withdrawn_on=row.withdrawn_on,
        activated_on=row.activated_on,
        updated_at=now,
    )
    session.add(case)
    return case


def _merge_case(session: Session, case: _Known, rows: Sequence[ListedRow], *, again: bool) -> bool:
    """Bring a case up to its rows.  `again`: other rows of this file came before, which these only add to.

    A claim or a collection that any row names holds: it stops a reversal, so doubt counts.
    """
    first = rows[0]
    old = case.row
    changed = _set(
        old,
        holder=old.holder if again else first.holder,
        service_number=old.service_number if again else first.service_number,
        claim_open=any(row.claim_open for row in rows) or (again and old.claim_open),
        in_collection=any(row.in_collection for row in rows) or (again and old.in_collection),
        email=_first((row.email for row in rows), old.email if again else ""),
        province=_first((row.province for row in rows), old.province if again else ""),
        withdrawn_on=_first((row.withdrawn_on for row in rows), old.withdrawn_on if again else None),
        activated_on=_first((row.activated_on for row in rows), old.activated_on if again else None),
    )
    have = [phone.phone for phone in case.phones]
    wanted = list(dict.fromkeys([*(have if again else []), *(phone for row in rows for phone in row.phones)]))
    if have == wanted:
        return changed
    if case.phones:
        for phone in case.phones:
            session.delete(phone)
        session.flush()  # the same number may come back in another place
    case.phones = [PhoneRow(case_id=old.id, phone=phone, ordinal=place) for place, phone in enumerate(wanted)]
    session.add_all(case.phones)
    return True


def _merge_item(session: Session, case: _Known, row: ListedRow, outcome: Outcome) -> None:
    listed = row.item
    if listed is None or (listed.reference == "" and not listed.natural_key):
        return
    item = _same(case.items, listed)
    if item is None:
        if case.row.state in {CaseState.ACREDITADO, CaseState.REGULARIZADO, CaseState.PAGADO}:
            outcome.notices.append(f"equipo nuevo en un caso que ya está {case.row.state}")
        item = ItemRow(
            case_id=case.row.id,
            reference=listed.reference,
            natural_key=listed.natural_key,
            type=listed.type,
            description=listed.description,
            serial=listed.serial,
            serial_key=listed.serial_key,
            mac=listed.mac,
            mac_key=listed.mac_key,
            state=ItemState.PENDIENTE,
        )
        session.add(item)
        case.items.append(item)
        outcome.did(Fate.NEW)
    elif item.state is ItemState.PENDIENTE and _set(
        item,
        reference=listed.reference or item.reference,
        natural_key=listed.natural_key,
        type=listed.type,
        description=listed.description,
        serial=listed.serial,
        serial_key=listed.serial_key,
        mac=listed.mac,
        mac_key=listed.mac_key,
        vanished_at=None,
    ):
        outcome.did(Fate.CHANGED)


def _merge_row(
    case: _Known,
    row: ListedRow,
    outcome: Outcome,
    *,
    others: Sequence[ChargeRow],
    holders: _Holders,
    seen: Seen,
    brought: Brought,
    charges: dict[int, ChargeRow],
) -> None:
    """The charge of a row; and whether the row says something that no other row of the file has said.

    `others` are the charges of the holder that were there before, `holders` those of anybody.  `charges` are those that
    the batch has met so far, by object: new ones have no id yet.
    """
    item = _same(case.items, row.item) if row.item is not None else None
    if row.charge is None:
        if item is not None and (item.id in brought.items or item.id in seen.items):
            outcome.fate = Fate.REFUSED
            outcome.words = "este equipo ya consta en otra fila; si son dos, distíngalos con REFERENCIA_EQUIPO"
        elif item is not None:
            brought.items.add(item.id)
        return
    item_id = item.id if item is not None else None
    charge = _same([charge for charge in case.charges if charge.item_id == item_id], row.charge)
    if charge is not None and (id(charge) in charges or (charge.id is not None and charge.id in seen.charges)):
        outcome.fate = Fate.REFUSED
        outcome.words = "este cargo ya consta en otra fila; si son dos, distíngalos con REFERENCIA_CARGO"
        return
    if charge is None or (charge.vanished_at is not None and charge.state in MIRRORED):
        stranger = _stranger(row.charge.reference, row.id_number, holders)
        if stranger is not None:
            outcome.fate = Fate.REFUSED
            outcome.words = _ANOTHERS[stranger not in MIRRORED].format(state=stranger)
            return
    elsewhere = None if charge is not None else _elsewhere(others, row.charge, seen=seen, charges=charges)
    if elsewhere is not None and elsewhere.state not in MIRRORED:
        outcome.fate = Fate.REFUSED
        words = "con otro equipo o servicio; si son dos, distíngalos con REFERENCIA_CARGO"
        outcome.words = f"este cargo ya consta {elsewhere.state} {words}"
        return
    if elsewhere is not None and elsewhere.case_id != case.row.id:
        outcome.notices.append("este cargo constaba en otro servicio del titular, que la lista ya no trae así")
        elsewhere = None
    if elsewhere is not None:  # the list tells its equipment otherwise now: it is one charge all the same
        elsewhere.item_id = item_id
        outcome.did(Fate.CHANGED)
        charge = elsewhere
    if item is not None:
        brought.items.add(item.id)
    if charge is None:
        if item is not None and item.state is not ItemState.PENDIENTE:
            outcome.notices.append(f"cargo nuevo sobre un equipo que ya está {item.state}: revise con facturación")
        listed = row.charge
        charge = ChargeRow(
            case_id=case.row.id,
            item_id=item_id,
            reference=listed.reference,
            natural_key=listed.natural_key,
            concept=listed.concept,
            state=listed.state,
            base=listed.base,
            tax=listed.tax,
            total=listed.total,
            vat_rate=listed.vat_rate,
            reversed=0,
            paid=listed.paid,
            invoice=listed.invoice,
        )
        case.charges.append(charge)
        outcome.did(Fate.NEW)
    else:
        _merge_charge(charge, row.charge, outcome)
        accredited = item is not None and item.state is ItemState.ACREDITADO_ACTA
        if accredited and charge.state in _WITHIN_REACH:
            words = f"el cargo está {charge.state} y su equipo ya consta acreditado: una persona debe revisarlo"
            outcome.notices.append(words)
    charges[id(charge)] = charge
    if charge.reference:
        holders.setdefault(charge.reference, {})[row.id_number] = charge.state


_ANOTHERS = {
    True: "este cargo ya consta {state} con otra cédula o RUC: no entra otra vez; avise a facturación",
    False: "este cargo consta {state} con otra cédula o RUC; entrará con la siguiente lista si esta ya no lo trae así",
}
"""Words for a charge that stands under another ID number, by whether it was decided there."""


def _holders(session: Session, rows: Iterable[ListedRow], before: Mapping[str, Sequence[ChargeRow]]) -> _Holders:
    """Who has the charges of a batch that stand (listed, or decided), by number; one look-up.

    Not looked for: those that the holder of the row has already, which is all of them in most lists.
    """
    own = {
        (id_number, charge.reference)
        for id_number, charges in before.items()
        for charge in charges
        if charge.vanished_at is None or charge.state not in MIRRORED
    }
    wanted = {
        row.charge.reference
        for row in rows
        if row.charge is not None and row.charge.reference and (row.id_number, row.charge.reference) not in own
    }
    found: _Holders = {}
    for one in run(session, _BY_NUMBER, numbers=sorted(wanted)) if wanted else ():
        if one.vanished_at is None or one.state not in MIRRORED:
            of_number = found.setdefault(one.reference, {})
            if one.id_number not in of_number or one.state not in MIRRORED:
                of_number[one.id_number] = one.state
    return found


def _stranger(reference: str, id_number: str, holders: _Holders) -> ChargeState | None:
    """The state of a charge under another ID number; what was decided comes first."""
    states = [state for holder, state in holders.get(reference, {}).items() if holder != id_number]
    return min(states, key=lambda state: state in MIRRORED, default=None)


_BY_NUMBER = (
    sa.select(*(of(ChargeRow).c[name] for name in ("reference", "state", "vanished_at")), of(CaseRow).c.id_number)
    .join_from(of(ChargeRow), of(CaseRow), of(CaseRow).c.id == of(ChargeRow).c.case_id)
    .where(among(of(ChargeRow).c.reference, "numbers"))
)


def _elsewhere(
    others: Iterable[ChargeRow], listed: ListedCharge, *, seen: Seen, charges: Mapping[int, ChargeRow]
) -> ChargeRow | None:
    """The charge of the holder that this is, though it hung on something else when it came before.

    The company's own number says so; without one, of what was decided, the same line of the same invoice.  None when
    this file has both: then they are two.  What was decided comes first.
    """
    same = [
        charge
        for charge in others
        if (_same_number(charge, listed) or (charge.state not in MIRRORED and _same_line(charge, listed)))
        and id(charge) not in charges
        and charge.id not in seen.charges
    ]
    return min(same, key=lambda charge: charge.state in MIRRORED, default=None)


def _same_number(charge: ChargeRow, listed: ListedCharge) -> bool:
    return bool(listed.reference) and charge.reference == listed.reference


def _same_line(charge: ChargeRow, listed: ListedCharge) -> bool:
    unnumbered = not (charge.reference and listed.reference)
    lines = ((one.invoice, one.natural_key, one.total) for one in (charge, listed))
    return unnumbered and bool(listed.invoice) and len(set(lines)) == 1


def _merge_charge(charge: ChargeRow, listed: ListedCharge, outcome: Outcome) -> None:
    if charge.state not in MIRRORED:
        if notice := _contradiction(charge, listed):
            outcome.notices.append(notice)
        return
    if _set(
        charge,
        reference=listed.reference or charge.reference,
        natural_key=listed.natural_key,
        concept=listed.concept,
        state=listed.state,
        base=listed.base,
        tax=listed.tax,
        total=listed.total,
        vat_rate=listed.vat_rate,
        paid=listed.paid,
        invoice=listed.invoice,
        vanished_at=None,
    ):
        outcome.did(Fate.CHANGED)


def _contradiction(charge: ChargeRow, listed: ListedCharge) -> str:
    """Words for a row that says other than what was decided; "" when it only lags behind."""
    if charge.total != listed.total:
        return f"el cargo ya está {charge.state} por {charge.total / 100:.2f} y la lista trae {listed.total / 100:.2f}"
    if charge.state is ChargeState.BLOQUEADO and listed.state is not ChargeState.PREVISTO:
        return f"el cargo fue bloqueado por un acta aceptada y la lista lo trae {listed.state}: avise a facturación"
    if charge.state is ChargeState.REVERSADO and listed.state is not ChargeState.QUITADO:
        return f"el cargo consta reversado y la lista lo trae {listed.state}: avise a facturación"
    waiting = {ChargeState.REVERSO_PENDIENTE, ChargeState.REVERSO_EN_LOTE}
    if charge.state in waiting and listed.state in {ChargeState.PAGADO, ChargeState.EN_COBRO}:
        return f"el cargo espera su reverso y la lista lo trae {listed.state}: una persona debe revisarlo"
    return ""


def _same(rows: Sequence[Any], listed: ListedItem | ListedCharge) -> Any:
    """The row that a listed thing is: by the company's own reference, else by its natural key.

    A row that was listed without reference before is found by its key and gets the reference.
    """
    if listed.reference:
        for row in rows:
            if row.reference == listed.reference:
                return row
    for row in rows:
        if row.natural_key == listed.natural_key and (not row.reference or not listed.reference):
            return row
    return None


def _set(row: Any, **values: object) -> bool:
    """Set what differs; whether anything did."""
    changed = False
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
            changed = True
    return changed


def _first(values: Iterable[_T], otherwise: _T) -> _T:
    return otherwise or next((value for value in values if value), otherwise)


# ── what goes back ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Reversal:
    """A charge that waits for billing, with the ledger entry that says so; cents, `vat_rate` in basis points."""

    entry_id: int
    entered_at: datetime
    operation: Operation
    amount: Cents
    receipt: str
    rule: str
    case_id: int
    id_number: str
    holder: str
    line: Line
    service_number: str
    equipment_type: EquipmentType | None
    description: str
    serial: str
    charge_id: int
    charge_reference: str
    concept: str
    invoice: str
    base: Cents
    tax: Cents
    vat_rate: int
    total: Cents


def pending_reversals(session: Session) -> Iterator[Reversal]:
    """Charges in REVERSO_PENDIENTE with their live entry, in the order in which they were entered."""
    return standing(session, ChargeState.REVERSO_PENDIENTE, EntryKind.REVERSO)


def standing(session: Session, state: ChargeState, kind: EntryKind) -> Iterator[Reversal]:
    """Charges in a state with their live entry of a kind, in the order in which they were entered."""
    undone = aliased(EntryRow)
    rows = session.exec(
        select(EntryRow, ChargeRow, CaseRow, ItemRow)
        .join(ChargeRow, col(ChargeRow.id) == col(EntryRow.charge_id))
        .join(CaseRow, col(CaseRow.id) == col(ChargeRow.case_id))
        .outerjoin(ItemRow, col(ItemRow.id) == col(ChargeRow.item_id))
        .where(
            col(ChargeRow.state) == state,
            col(EntryRow.kind) == kind,
            ~sa.exists().where(
                col(undone.charge_id) == col(EntryRow.charge_id),
                col(undone.turn) == col(EntryRow.turn),
                col(undone.kind) == EntryKind.CORRECCION,
            ),
        )
        .order_by(col(EntryRow.id))
        .execution_options(yield_per=1000)
    )
    for entry, charge, case, item in rows:
        yield Reversal(
            entry_id=entry.id,
            entered_at=entry.entered_at,
            operation=entry.operation,
            amount=entry.amount,
            receipt=entry.cause,
            rule=entry.rule,
            case_id=case.id,
            id_number=case.id_number,
            holder=case.holder,
            line=case.line,
            service_number=case.service_number,
            equipment_type=item.type if item is not None else None,
            description=item.description if item is not None else "",
            serial=item.serial if item is not None else "",
            charge_id=charge.id,
            charge_reference=charge.reference,
            concept=charge.concept,
            invoice=charge.invoice,
            base=charge.base,
            tax=charge.tax,
            vat_rate=charge.vat_rate,
            total=charge.total,
        )
