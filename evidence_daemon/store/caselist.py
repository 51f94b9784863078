"""The list of pending cases: looked up, and brought in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from evidence_daemon.errors import Permanent
from evidence_daemon.model import (
    Case,
    CaseId,
    Charge,
    ChargeId,
    ChargeState,
    EvidenceState,
    Item,
    ItemId,
    ItemState,
    SearchKeys,
)
from evidence_daemon.store.statements import count_rows
from evidence_daemon.store.tables import CaseRow, ChargeRow, ItemRow, MailRow, PhoneRow

MIRRORED = frozenset(
    {
        ChargeState.PREVISTO,
        ChargeState.CARGADO,
        ChargeState.QUITADO,
        ChargeState.FACTURADO,
        ChargeState.PAGADO,
        ChargeState.EN_RECLAMO,
        ChargeState.EN_COBRO,
    }
)
"""States of a charge that are billing's to say; in any other it was decided here."""

MOST_CASES = 200
"""Cases that one search returns at most; a person with more is a company, and a service number is needed."""


def find_cases(session: Session, keys: SearchKeys) -> tuple[Case, ...]:
    """The cases (in any state) that a number, a service or a serial names; index look-ups only.

    At most `MOST_CASES`; those named by a service number or a serial come first, for they are the ones
    that a customer with hundreds of lines means.
    """
    by_thing: list[SelectOfScalar[int]] = []
    if keys.service_numbers:
        by_thing.append(select(CaseRow.id).where(col(CaseRow.service_key).in_(keys.service_numbers)))
    if keys.serials:
        by_thing.append(select(ItemRow.case_id).where(col(ItemRow.serial_key).in_(keys.serials)))
        by_thing.append(select(ItemRow.case_id).where(col(ItemRow.mac_key).in_(keys.serials)))
    if keys.cases:
        by_thing.append(select(CaseRow.id).where(col(CaseRow.id).in_(keys.cases)))
    by_person = [select(CaseRow.id).where(col(CaseRow.id_number).in_(keys.id_numbers))] if keys.id_numbers else []
    found: dict[int, None] = {}
    for query in (*by_thing, *by_person):
        if len(found) < MOST_CASES:
            found.update(dict.fromkeys(session.exec(query.limit(MOST_CASES))))
    return load_cases(session, list(found)[:MOST_CASES])


def all_cases(session: Session) -> tuple[Case, ...]:
    """Every case.  For small houses (demo, tests): the whole list is in memory at once."""
    return load_cases(session, session.exec(select(CaseRow.id).order_by(col(CaseRow.id))).all())


def load_case(session: Session, case_id: CaseId) -> Case:
    """Raises `Permanent` when there is no such case."""
    found = load_cases(session, [case_id])
    if not found:
        raise Permanent(f"there is no case {case_id}")
    return found[0]


def load_cases(session: Session, ids: Collection[int]) -> tuple[Case, ...]:
    """The cases with these ids, by id, with their items and charges."""
    if not ids:
        return ()
    fresh = {"populate_existing": True}
    cases = session.exec(
        select(CaseRow).where(col(CaseRow.id).in_(ids)).order_by(col(CaseRow.id)).execution_options(**fresh)
    ).all()
    items: dict[int, list[Item]] = {}
    unlisted: set[int] = set()
    for row in session.exec(
        select(ItemRow).where(col(ItemRow.case_id).in_(ids)).order_by(col(ItemRow.id)).execution_options(**fresh)
    ):
        item = Item(ItemId(row.id), CaseId(row.case_id), row.type, row.description, row.serial, row.mac, row.state)
        items.setdefault(row.case_id, []).append(item)
        if row.vanished_at is not None and row.state is ItemState.PENDIENTE:
            unlisted.add(row.case_id)
    charges: dict[int, list[Charge]] = {}
    for line in session.exec(
        select(ChargeRow).where(col(ChargeRow.case_id).in_(ids)).order_by(col(ChargeRow.id)).execution_options(**fresh)
    ):
        charges.setdefault(line.case_id, []).append(charge_of(line))
        if line.vanished_at is not None and line.state in MIRRORED:
            unlisted.add(line.case_id)
    return tuple(
        Case(
            id=CaseId(row.id),
            id_number=row.id_number,
            holder=row.holder,
            line=row.line,
            service_number=row.service_number,
            state=row.state,
            segment=row.segment,
            items=tuple(items.get(row.id, ())),
            charges=tuple(charges.get(row.id, ())),
            withdrawn_on=row.withdrawn_on,
            activated_on=row.activated_on,
            claim_open=row.claim_open,
            in_collection=row.in_collection,
            email=row.email,
            unlisted=row.id in unlisted,
        )
        for row in cases
    )


def charge_of(row: ChargeRow) -> Charge:
    """A row of `charges` as the word of the field."""
    return Charge(
        id=ChargeId(row.id),
        case_id=CaseId(row.case_id),
        item_id=ItemId(row.item_id) if row.item_id is not None else None,
        concept=row.concept,
        state=row.state,
        base=row.base,
        tax=row.tax,
        total=row.total,
        vat_rate=row.vat_rate,
        reversed=row.reversed,
        paid=row.paid,
        invoice=row.invoice,
    )


def load_contact(session: Session, case_id: CaseId) -> Contact:
    """How the holder of a case is reached.  Raises `Permanent` when there is no such case."""
    row = session.exec(select(CaseRow.email, CaseRow.province).where(col(CaseRow.id) == case_id)).one_or_none()
    if row is None:
        raise Permanent(f"there is no case {case_id}")
    phones = session.exec(
        select(PhoneRow.phone).where(col(PhoneRow.case_id) == case_id).order_by(col(PhoneRow.ordinal))
    )
    return Contact(case_id, tuple(phones), row[0], row[1])


@dataclass(frozen=True, slots=True)
class Contact:
    """How the holder of a case is reached; `phones` are E.164 ("+593…"), best first."""

    case_id: CaseId
    phones: tuple[str, ...]
    email: str
    province: str


def known_sender(session: Session, address: str) -> bool:
    """True when this address stands in the case list, or wrote a mail that was accepted."""
    address = address.strip().lower()
    if not address:
        return False
    accepted = (EvidenceState.ACEPTADO, EvidenceState.ACEPTADO_PARCIAL)
    return bool(
        count_rows(session, CaseRow, col(CaseRow.email) == address)
        or count_rows(session, MailRow, col(MailRow.sender) == address, col(MailRow.state).in_(accepted))
    )
