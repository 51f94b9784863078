"""The list of pending cases: looked up, and brought in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

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
from evidence_daemon.store.statements import among, of
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


def _search() -> sa.Select[Any]:
    """Everything that can name a case, in one statement: things first, then persons."""
    cases, items = of(CaseRow).c, of(ItemRow).c
    arms = (
        sa.select(cases.id).where(among(cases.service_key, "services")),
        sa.select(items.case_id).where(*bears(items.serial_key, among(items.serial_key, "serials"))),
        sa.select(items.case_id).where(*bears(items.mac_key, among(items.mac_key, "serials"))),
        sa.select(cases.id).where(among(cases.id, "named")),
        sa.select(cases.id).where(among(cases.id_number, "numbers")),
    )
    ranked = [
        sa.select(arm.limit(MOST_CASES).subquery(), sa.literal(rank).label("rank")) for rank, arm in enumerate(arms)
    ]
    together = sa.union_all(*ranked).subquery()
    return sa.select(together.c[0]).order_by(together.c.rank)


def find_cases(session: Session, keys: SearchKeys) -> tuple[Case, ...]:
    """The cases (in any state) that a number, a service or a serial names; index look-ups only.

    At most `MOST_CASES`; those named by a service number or a serial come first, for they are the ones
    that a customer with hundreds of lines means.
    """
    if not (keys.id_numbers or keys.service_numbers or keys.serials or keys.cases):
        return ()
    session.flush()
    asked = {
        "services": keys.service_numbers,
        "serials": keys.serials,
        "named": [int(case) for case in keys.cases],
        "numbers": keys.id_numbers,
    }
    found: dict[int, None] = dict.fromkeys(session.connection().execute(_SEARCH, asked).scalars())
    return load_cases(session, list(found)[:MOST_CASES])


def bears(column: Any, borne: sa.ColumnElement[bool]) -> tuple[sa.ColumnElement[bool], ...]:
    """A condition on a serial's or a MAC's column, in the form of its partial index.

    A list without MACs holds a million empty ones: an index over them all would be taken for a bad one as soon as
    somebody lets SQLite gather statistics, and each mail would search the whole table.
    """
    return (borne, column != sa.literal_column("''"))


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
    session.flush()
    wanted, base = {"ids": [int(number) for number in ids]}, session.connection()
    cases = base.execute(_CASES, wanted).all()
    items: dict[int, list[Item]] = {}
    unlisted: set[int] = set()
    for row in base.execute(_ITEMS, wanted):
        item = Item(ItemId(row.id), CaseId(row.case_id), row.type, row.description, row.serial, row.mac, row.state)
        items.setdefault(row.case_id, []).append(item)
        if row.vanished_at is not None and row.state is ItemState.PENDIENTE:
            unlisted.add(row.case_id)
    charges: dict[int, list[Charge]] = {}
    for line in base.execute(_CHARGES, wanted):
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


def charge_of(row: ChargeRow | sa.Row[Any]) -> Charge:
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
    session.flush()
    return bool(session.connection().execute(_KNOWN, {"address": address}).scalar_one())


_SEARCH = _search()
_CASES = sa.select(of(CaseRow)).where(among(of(CaseRow).c.id, "ids")).order_by(of(CaseRow).c.id)
_ITEMS = sa.select(of(ItemRow)).where(among(of(ItemRow).c.case_id, "ids")).order_by(of(ItemRow).c.id)
_CHARGES = sa.select(of(ChargeRow)).where(among(of(ChargeRow).c.case_id, "ids")).order_by(of(ChargeRow).c.id)
_KNOWN = sa.select(
    sa.or_(
        sa.exists().where(of(CaseRow).c.email == sa.bindparam("address")),
        sa.exists().where(
            of(MailRow).c.sender == sa.bindparam("address"),
            of(MailRow).c.state.in_((EvidenceState.ACEPTADO, EvidenceState.ACEPTADO_PARCIAL)),
        ),
    )
)
