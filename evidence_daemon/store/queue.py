"""The queue as people look at it: rows of one lane, found and in order, page by page; how much waits where.

Oldest first by the day on which the mail came, for the legal clock begins there.  Pages go on from the last row
(by key), so that rows that come or go meanwhile are neither skipped nor shown twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum, StrEnum
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, select

from evidence_daemon.canonical import acta_key, canonical_mac, canonical_serial, plain, service_key
from evidence_daemon.model import (
    CaseId,
    Cents,
    ChargeState,
    EvidenceState,
    Lane,
    MailId,
    ReasonCode,
    Verdict,
    mail_of_receipt,
    receipt_number,
)
from evidence_daemon.store.caselist import bears
from evidence_daemon.store.statements import of, run
from evidence_daemon.store.tables import (
    CaseRow,
    ChargeRow,
    DecisionRow,
    ItemRow,
    MailCaseRow,
    MailRow,
    ReviewRow,
    UseRow,
)
from evidence_daemon.store.tables_desk import ProposalRow, ProposalState


class SearchBy(StrEnum):
    """What the words of a search are."""

    TODO = "todo"
    CASO = "caso"
    CEDULA = "cedula"
    SERIE = "serie"
    ACTA = "acta"
    REMITENTE = "remitente"
    RECIBO = "recibo"
    TEXTO = "texto"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: of a lane (None: all of them), or those that wait for the customer; found, and filtered.

    `mine` is an actor: what he has before him.  `postponed`: those put off to a later day, else they are hidden.
    `decided`: the history instead of what is open, newest first.
    """

    lane: Lane | None = None
    waiting: bool = False
    words: str = ""
    by: SearchBy = SearchBy.TODO
    reason: ReasonCode | None = None
    mine: str = ""
    postponed: bool = False
    decided: bool = False


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One row of the queue.  `amount` is what may still be reversed in its cases, in cents.

    `lane` is None for a mail that waits for the customer.  `holder` and `id_number` are whole: mask them.
    """

    id: int
    mail_id: MailId
    receipt: str
    lane: Lane | None
    reasons: tuple[ReasonCode, ...]
    summary: str
    received_at: datetime
    respond_by: date | None
    sender: str
    subject: str
    state: EvidenceState
    signals: int
    claimed_by: str
    claimed_until: datetime | None
    postponed_until: date | None
    proposed_by: str
    holder: str
    id_number: str
    cases: tuple[CaseId, ...]
    amount: Cents
    closed_by: str = ""
    token: str = ""
    """The question as it stands (`Review.token`)."""

    def held_by(self, now: datetime) -> str:
        """Who has it before him now, or ""."""
        return self.claimed_by if self.claimed_until is not None and self.claimed_until > now else ""

    @property
    def key(self) -> str:
        """Its place in the order: where the next page goes on."""
        return f"{self.received_at.timestamp():.6f}_{self.id}"


def rows(session: Session, wanted: Wanted, today: date, *, after: str = "", limit: int = 25) -> list[QueueRow]:
    """At most `limit` rows behind the place `after` (a `QueueRow.key`; "" for the beginning)."""
    if wanted.waiting:
        return _waiting(session, wanted, after, limit)
    chosen = _open(wanted, today)
    place = _place(after)
    order = [col(ReviewRow.received_at), col(ReviewRow.id)]
    if place is not None:
        here = sa.tuple_(col(ReviewRow.received_at), col(ReviewRow.id))
        there = sa.tuple_(sa.literal(place[0], ReviewRow.__table__.c.received_at.type), sa.literal(place[1]))  # type: ignore[attr-defined]
        chosen.append(here < there if wanted.decided else here > there)
    found = session.exec(
        select(ReviewRow, MailRow)
        .join(MailRow, col(MailRow.id) == col(ReviewRow.mail_id))
        .where(*chosen)
        .order_by(*(one.desc() if wanted.decided else one for one in order))
        .limit(limit)
        .execution_options(populate_existing=True)
    ).all()
    return _filled(session, [(review, mail) for review, mail in found])


def counts(session: Session, today: date) -> dict[str, int]:
    """How much waits in each lane now, by its name; "ESPERA" for the customer, "POSPUESTOS" for a later day."""
    later = sa.case((col(ReviewRow.postponed_until) > today, 1), else_=0)
    told: dict[str, int] = {"POSPUESTOS": 0}
    for lane, put_off, number in session.exec(
        select(ReviewRow.lane, later, sa.func.count()).where(col(ReviewRow.closed_at).is_(None)).group_by("lane", later)
    ):
        name = "POSPUESTOS" if put_off else Lane(lane).value
        told[name] = told.get(name, 0) + number
    told["ESPERA"] = session.exec(select(sa.func.count()).select_from(MailRow).where(*_asked())).one()
    return told


def next_one(
    session: Session, wanted: Wanted, today: date, *, actor: str, now: datetime, after: MailId | None = None
) -> MailId | None:
    """The next mail for this person: the oldest behind `after` that nobody else has before him, then from the top."""
    # What somebody looked for is not kept.
    build = _next if not wanted.words else _next.__wrapped__
    who = {"actor": actor, "first": actor.casefold(), "now": now, "today": today}
    found = None
    if after is None:
        found = run(session, build(wanted, _Place.ANY), **who).scalar()
    else:
        came = run(session, _RECEIVED_AT, own=after).scalar_one_or_none()
        if came is not None:
            found = run(session, build(wanted, _Place.BEHIND), **who, came=came, after=after).scalar()
        if found is None:
            found = run(session, build(wanted, _Place.NOT_THIS), **who, after=after).scalar()
    return MailId(found) if found is not None else None


class _Place(Enum):
    """Where the next one may stand: anywhere, behind one mail, or anywhere but there."""

    ANY = "any"
    BEHIND = "behind"
    NOT_THIS = "not this"


_RECEIVED_AT = sa.select(of(MailRow).c.received_at).where(of(MailRow).c.id == sa.bindparam("own"))


@lru_cache(maxsize=64)
def _next(wanted: Wanted, place: _Place) -> sa.Select[Any]:
    """The statement that finds the next one, kept because whoever works through a lane asks it each time."""
    row, proposal = of(ReviewRow).c, of(ProposalRow).c
    free = sa.or_(
        row.claimed_by.in_(("", sa.bindparam("actor"))),
        row.claimed_until.is_(None),
        row.claimed_until <= sa.bindparam("now"),
    )
    not_mine = ~sa.exists().where(
        proposal.mail_id == row.mail_id,
        proposal.state == ProposalState.PENDIENTE,
        proposal.first == sa.bindparam("first"),
    )
    came: sa.BindParameter[datetime] = sa.bindparam("came")
    after: sa.BindParameter[int] = sa.bindparam("after")
    there = {
        _Place.ANY: sa.true(),
        _Place.BEHIND: sa.or_(row.received_at > came, sa.and_(row.received_at == came, row.mail_id > after)),
        _Place.NOT_THIS: row.mail_id != after,
    }[place]
    chosen = [*_open(wanted, sa.bindparam("today", type_=sa.Date)), free, not_mine, there]
    return sa.select(row.mail_id).where(*chosen).order_by(row.received_at, row.id).limit(1)


# ── which ────────────────────────────────────────────────────────────────────────────────────────


def _open(wanted: Wanted, today: date | sa.BindParameter[date]) -> list[sa.ColumnElement[bool]]:
    closed = col(ReviewRow.closed_at)
    chosen: list[sa.ColumnElement[bool]] = [closed.is_not(None) if wanted.decided else closed.is_(None)]
    if wanted.lane is not None:
        chosen.append(col(ReviewRow.lane) == wanted.lane)
    if wanted.mine:
        chosen.append(col(ReviewRow.claimed_by) == wanted.mine)
    later = sa.and_(col(ReviewRow.postponed_until).is_not(None), col(ReviewRow.postponed_until) > today)
    if wanted.postponed:
        chosen.append(later)
    elif not wanted.decided and not wanted.words:
        chosen.append(sa.not_(later))
    if wanted.reason is not None:
        chosen.append(sa.literal(" ").concat(col(ReviewRow.reasons)).concat(" ").contains(f" {wanted.reason.value} "))
    if wanted.words.strip():
        chosen.append(_found(wanted, col(ReviewRow.mail_id), in_summary=col(ReviewRow.summary)))
    return chosen


def _asked() -> list[sa.ColumnElement[bool]]:
    """Mails whose sender was asked for something, while the time for it runs."""
    asked = sa.exists().where(
        col(DecisionRow.mail_id) == col(MailRow.id),
        col(DecisionRow.number) == col(MailRow.decisions),
        col(DecisionRow.verdict) == Verdict.ASK,
    )
    # The words of the index: a bound value would keep the database from using it.
    state = sa.text("mails.state = 'RECHAZADO' AND mails.lapsed_at IS NULL")
    return [state, asked]  # type: ignore[list-item]


def _found(wanted: Wanted, mail_id: Mapped[int], *, in_summary: Mapped[str] | None = None) -> sa.ColumnElement[bool]:
    """The words of a search as a condition on the mail."""
    words = " ".join(wanted.words.split())[:200]
    digits = re.sub(r"\D", "", words)

    def of_cases(*which: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
        cases = select(MailCaseRow.mail_id).join(CaseRow, col(CaseRow.id) == col(MailCaseRow.case_id)).where(*which)
        return mail_id.in_(cases)

    def of_mails(*which: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
        return mail_id.in_(select(MailRow.id).where(*which))

    def of_uses(what: str, *values: str) -> sa.ColumnElement[bool]:
        return mail_id.in_(select(UseRow.mail_id).where(col(UseRow.what) == what, col(UseRow.value).in_(values)))

    def number() -> list[sa.ColumnElement[bool]]:
        same_digits = col(MailRow.subject).contains(digits, autoescape=True)
        return [of_cases(col(CaseRow.id_number) == digits), of_mails(same_digits)] if len(digits) >= 6 else []

    def case() -> list[sa.ColumnElement[bool]]:
        service = service_key(words)
        named = [of_cases(col(CaseRow.service_key) == service)] if service else []
        if digits and digits == words and len(digits) < 10:
            named.append(of_cases(col(CaseRow.id) == int(digits)))
        return named

    def serial() -> list[sa.ColumnElement[bool]]:
        keys = [key for key in (canonical_serial(words), canonical_mac(words)) if key]
        serials, macs = (
            sa.and_(*bears(col(column), col(column).in_(keys))) for column in (ItemRow.serial_key, ItemRow.mac_key)
        )
        items = select(ItemRow.case_id).where(sa.or_(serials, macs))
        of_items = mail_id.in_(select(MailCaseRow.mail_id).where(col(MailCaseRow.case_id).in_(items)))
        return [of_items, of_uses("serie", *keys)] if keys else []

    def acta() -> list[sa.ColumnElement[bool]]:
        return [of_uses("acta", key)] if (key := acta_key(words)) else []

    def receipt() -> list[sa.ColumnElement[bool]]:
        mail = mail_of_receipt(words)
        return [mail_id == mail] if mail is not None else []

    def sender() -> list[sa.ColumnElement[bool]]:
        return [of_mails(col(MailRow.sender).icontains(words, autoescape=True))]

    def text() -> list[sa.ColumnElement[bool]]:
        pattern = _spelled_anyhow(words)
        anywhere = [
            of_mails(col(MailRow.subject).ilike(pattern, escape="/")),
            of_cases(col(CaseRow.holder).ilike(pattern, escape="/")),
        ]
        return [*anywhere, in_summary.ilike(pattern, escape="/")] if in_summary is not None else anywhere

    by = {
        SearchBy.CASO: case,
        SearchBy.CEDULA: number,
        SearchBy.SERIE: serial,
        SearchBy.ACTA: acta,
        SearchBy.REMITENTE: sender,
        SearchBy.RECIBO: receipt,
        SearchBy.TEXTO: text,
    }
    if wanted.by is not SearchBy.TODO:
        return sa.or_(sa.false(), *by[wanted.by]())
    return sa.or_(sa.false(), *(one for look in by.values() for one in look()))


def _spelled_anyhow(words: str) -> str:
    """A pattern for LIKE that finds words with or without accents: letters that may bear one stand for any letter.

    SQLite folds the case of ASCII only, so these must not be compared at all.

    >>> _spelled_anyhow("Espín 5%")
    '%_SP__ 5/%%'
    """
    letters = ("_" if c in "AEIOUN" else f"/{c}" if c in "%_/" else c for c in plain(words))
    return f"%{''.join(letters)}%"


def _place(after: str) -> tuple[datetime, int] | None:
    """The place that a `QueueRow.key` names; None for one that nobody wrote."""
    form = re.fullmatch(r"(\d{1,12}\.\d{6})_(\d{1,18})", after)
    if form is None:
        return None
    # From the two whole numbers: a float would lose a microsecond here and there.
    seconds, _, fraction = form[1].partition(".")
    moment = datetime.fromtimestamp(int(seconds), tz=UTC).replace(microsecond=int(fraction))
    return moment, int(form[2])


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


def _waiting(session: Session, wanted: Wanted, after: str, limit: int) -> list[QueueRow]:
    chosen = _asked()
    place = _place(after)
    if place is not None:
        here = sa.tuple_(col(MailRow.received_at), col(MailRow.id))
        there = sa.tuple_(sa.literal(place[0], MailRow.__table__.c.received_at.type), sa.literal(place[1]))  # type: ignore[attr-defined]
        chosen.append(here > there)
    if wanted.words.strip():
        chosen.append(_found(wanted, col(MailRow.id)))
    mails = session.exec(
        select(MailRow)
        .where(*chosen)
        .order_by(col(MailRow.received_at), col(MailRow.id))
        .limit(limit)
        .execution_options(populate_existing=True)
    ).all()
    return _filled(session, [(None, mail) for mail in mails])


def _filled(session: Session, found: Sequence[tuple[ReviewRow | None, MailRow]]) -> list[QueueRow]:
    """Rows with what stands elsewhere: whose they are, how much, who proposed.  Four queries for a page."""
    mails = [mail.id for _review, mail in found]
    cases: dict[int, list[tuple[CaseId, str, str]]] = {}
    for mail_id, case_id, holder, id_number in session.exec(
        select(MailCaseRow.mail_id, CaseRow.id, CaseRow.holder, CaseRow.id_number)
        .join(CaseRow, col(CaseRow.id) == col(MailCaseRow.case_id))
        .where(col(MailCaseRow.mail_id).in_(mails))
        .order_by(col(CaseRow.id))
    ):
        cases.setdefault(mail_id, []).append((CaseId(case_id), holder, id_number))
    ids = [case_id for held in cases.values() for case_id, _holder, _number in held]
    open_ = (
        ChargeState.PREVISTO,
        ChargeState.CARGADO,
        ChargeState.FACTURADO,
        ChargeState.EN_RECLAMO,
        ChargeState.PAGADO,
    )
    amounts = {
        case_id: int(amount)
        for case_id, amount in session.exec(
            select(ChargeRow.case_id, sa.func.sum(ChargeRow.total - ChargeRow.reversed))
            .where(col(ChargeRow.case_id).in_(ids), col(ChargeRow.state).in_(open_))
            .group_by(col(ChargeRow.case_id))
        )
    }
    proposed = session.exec(
        select(ProposalRow.mail_id, ProposalRow.first).where(
            col(ProposalRow.mail_id).in_(mails), col(ProposalRow.state) == ProposalState.PENDIENTE
        )
    )
    firsts = dict(proposed.all())
    return [
        QueueRow(
            id=review.id if review is not None else mail.id,
            mail_id=MailId(mail.id),
            receipt=receipt_number(MailId(mail.id)),
            lane=review.lane if review is not None else None,
            reasons=tuple(ReasonCode(code) for code in review.reasons.split()) if review is not None else (),
            summary=review.summary if review is not None else "",
            received_at=mail.received_at,
            respond_by=mail.respond_by,
            sender=mail.sender,
            subject=mail.subject,
            state=mail.state,
            signals=review.signals if review is not None else 0,
            claimed_by=review.claimed_by if review is not None else "",
            claimed_until=review.claimed_until if review is not None else None,
            postponed_until=review.postponed_until if review is not None else None,
            proposed_by=firsts.get(mail.id, ""),
            holder=next((holder for _case, holder, _number in cases.get(mail.id, ())), ""),
            id_number=next((number for _case, _holder, number in cases.get(mail.id, ())), ""),
            cases=tuple(case_id for case_id, _holder, _number in cases.get(mail.id, ())),
            amount=sum(amounts.get(case_id, 0) for case_id, _holder, _number in cases.get(mail.id, ())),
            closed_by=review.closed_by if review is not None else "",
            token=f"{review.id}.{review.version}" if review is not None else "",
        )
        for review, mail in found
    ]
