"""What persons do at the desk, kept: acts (each form counts once), proposals, corrections."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from evidence_daemon.errors import RefusedTransition
from evidence_daemon.model import (
    ABOUT_ANSWERS,
    CaseId,
    EvidenceState,
    Lane,
    MailId,
    OutboxState,
    ReasonCode,
    ReplyKind,
    Settlement,
    receipt_number,
)
from evidence_daemon.store import audit
from evidence_daemon.store.history import Event, Judged, judged
from evidence_daemon.store.reviews import Review
from evidence_daemon.store.shapes import from_json
from evidence_daemon.store.statements import among, change_one, of, run
from evidence_daemon.store.tables import DecisionRow, EventRow, MailCaseRow, MailRow, OutboxRow, ReviewRow
from evidence_daemon.store.tables_desk import ActRow, CorrectionRow, ProposalRow, ProposalState

# ── acts ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Act:
    """Something that a person did with one form; `outcome` is the JSON of what he was told."""

    mail_id: MailId
    actor: str
    outcome: str
    at: datetime


def act_of(session: Session, key: str) -> Act | None:
    """What was done with this form already, or None."""
    row = run(session, _ACT, key=key).one_or_none()
    return Act(MailId(row.mail_id), row.actor, row.outcome, row.at) if row is not None else None


def last_act(session: Session, actor: str, since: datetime) -> Act | None:
    """What this person did last, not before that moment."""
    row = run(session, _LAST_ACT, actor=actor, since=since).first()
    return Act(MailId(row.mail_id), row.actor, row.outcome, row.at) if row is not None else None


def keep_act(session: Session, key: str, mail_id: MailId, actor: str, outcome: str, now: datetime) -> None:
    """Remember what was done with a form.  Raises the database's refusal when it was used a moment ago."""
    run(session, _KEEP_ACT, key=key, mail_id=mail_id, actor=actor, outcome=outcome, at=now)


# ── looking back ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Last:
    """The last decision on a mail; `second` is who approved it, case-folded, or ""."""

    id: int
    judged: Judged
    second: str


def last_decision(session: Session, mail_id: MailId) -> Last | None:
    """The decision that stands; None when there is none yet."""
    row = run(session, _LAST_DECISION, own=mail_id).one_or_none()
    if row is None:
        return None
    second = session.exec(
        select(ProposalRow.second)
        .where(
            col(ProposalRow.mail_id) == mail_id,
            col(ProposalRow.state) == ProposalState.APROBADA,
            col(ProposalRow.answered_at) == row.decided_at,
        )
        .limit(1)
    ).one_or_none()
    return Last(row.id, judged(session, mail_id, row.number)[0], second or "")


def last_event(session: Session, mail_id: MailId) -> Event | None:
    """The last that happened to a mail."""
    row = session.exec(
        select(EventRow).where(col(EventRow.mail_id) == mail_id).order_by(col(EventRow.id).desc()).limit(1)
    ).one_or_none()
    return Event(row.at, row.actor, row.action, row.detail) if row is not None else None


@dataclass(frozen=True, slots=True)
class Earlier:
    """Another mail of the same sender, or about the same cases, with what it was answered."""

    mail_id: MailId
    receipt: str
    received_at: datetime
    subject: str
    state: EvidenceState
    answers: tuple[tuple[ReplyKind, OutboxState, datetime | None], ...]


def earlier(session: Session, mail_id: MailId, limit: int = 20) -> tuple[Earlier, ...]:
    """What else this customer wrote, newest first, and what he was answered."""
    sender = run(session, _SENDER, own=mail_id).scalar_one_or_none() or ""
    his = {"sender": sender} if sender else {}
    rows = run(session, _EARLIER if sender else _EARLIER_OF_CASES, own=mail_id, most=limit, **his).all()
    answers: dict[int, list[tuple[ReplyKind, OutboxState, datetime | None]]] = {}
    if rows:
        for answer in run(session, _ANSWERED, mails=[row.id for row in rows]):
            answers.setdefault(answer.mail_id, []).append((answer.kind, answer.state, answer.sent_at))
    return tuple(
        Earlier(
            mail_id=MailId(row.id),
            receipt=receipt_number(MailId(row.id)),
            received_at=row.received_at,
            subject=row.subject,
            state=row.state,
            answers=tuple(answers.get(row.id, ())),
        )
        for row in rows
    )


# ── whose it is ──────────────────────────────────────────────────────────────────────────────────


def only_held_by(session: Session, mail_id: MailId, meant: Collection[CaseId]) -> tuple[CaseId, ...]:
    """Cases but those `meant` that this mail's decisions put in review, and for which no other mail waits."""
    held: dict[CaseId, None] = {}
    for text in run(session, _SETTLEMENTS, own=mail_id).scalars():
        settlement: Settlement = from_json(text, Settlement)
        held.update(dict.fromkeys(change.case_id for change in settlement.cases if change.case_id not in meant))
    if not held:
        return ()
    busy = session.exec(
        select(MailCaseRow.case_id)
        .join(ReviewRow, col(ReviewRow.mail_id) == col(MailCaseRow.mail_id))
        .where(
            col(MailCaseRow.case_id).in_(list(held)),
            col(MailCaseRow.mail_id) != mail_id,
            col(ReviewRow.closed_at).is_(None),
            col(ReviewRow.lane).not_in(ABOUT_ANSWERS),
        )
    ).all()
    return tuple(case_id for case_id in held if case_id not in set(busy))


# ── two people ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Proposal:
    """A decision that waits for a second person; `ruling` is JSON."""

    id: int
    mail_id: MailId
    lane: Lane
    reasons: tuple[ReasonCode, ...]
    summary: str
    ruling: str
    because: str
    first: str
    proposed_at: datetime


def propose(
    session: Session, question: Review, ruling: str, *, because: str, first: str, lane: Lane, now: datetime
) -> None:
    """Keep the decision of a first person; an older one about the same mail counts no more."""
    void_proposals(session, question.mail_id, now)
    session.exec(
        sa.insert(ProposalRow).values(
            mail_id=question.mail_id,
            lane=lane,
            reasons=" ".join(question.reasons),
            summary=question.summary,
            ruling=ruling,
            because=because,
            first=first,
            proposed_at=now,
            state=ProposalState.PENDIENTE,
            note="",
        )
    )
    audit.record(session, "proposed", actor=first, now=now, mail_id=question.mail_id, detail={"because": because})


def proposal_of(session: Session, mail_id: MailId) -> Proposal | None:
    """What waits for a second person about this mail, or None."""
    row = run(session, _PROPOSAL, own=mail_id).one_or_none()
    if row is None:
        return None
    return Proposal(
        id=row.id,
        mail_id=mail_id,
        lane=row.lane,
        reasons=tuple(ReasonCode(code) for code in row.reasons.split()),
        summary=row.summary,
        ruling=row.ruling,
        because=row.because,
        first=row.first,
        proposed_at=row.proposed_at,
    )


def answer_proposal(
    session: Session, proposal: Proposal, *, second: str, approved: bool, note: str, now: datetime
) -> None:
    """A second person says yes or no.

    Raises `RefusedTransition` when it does not wait any more, and when both are one person: the database refuses.
    """
    state = ProposalState.APROBADA if approved else ProposalState.DEVUELTA
    try:
        with session.begin_nested():
            change_one(
                session,
                sa.update(ProposalRow)
                .where(col(ProposalRow.id) == proposal.id, col(ProposalRow.state) == ProposalState.PENDIENTE)
                .values(state=state, second=second, answered_at=now, note=note),
                f"{receipt_number(proposal.mail_id)} does not wait for a second person any more",
            )
    except sa.exc.IntegrityError as refused:
        raise RefusedTransition("la segunda persona no puede ser la primera") from refused
    audit.record(
        session,
        "approved" if approved else "returned",
        actor=second,
        now=now,
        mail_id=proposal.mail_id,
        detail={"first": proposal.first},
    )


def void_proposals(session: Session, mail_id: MailId, now: datetime) -> None:
    """Something changed: what waited for a second person about this mail counts no more."""
    run(session, _VOID, own=mail_id, state=ProposalState.ANULADA, answered_at=now)


# ── corrections ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Correction:
    """A value that a person wrote anew: `what` is "asunto" or a field such as "0.id_number"."""

    what: str
    before: str
    after: str
    actor: str
    at: datetime


def correct(
    session: Session, mail_id: MailId, changes: Mapping[str, tuple[str, str]], *, actor: str, now: datetime
) -> None:
    """Keep corrected values: what → (before, after)."""
    for what, (before, after) in changes.items():
        values = {"mail_id": mail_id, "what": what, "before": before, "after": after, "actor": actor, "at": now}
        session.exec(sa.insert(CorrectionRow).values(**values))
    # Which fields, not their values: the trail holds no personal data.
    audit.record(session, "corrected", actor=actor, now=now, mail_id=mail_id, detail={"what": sorted(changes)})


def corrections_of(session: Session, mail_id: MailId) -> tuple[Correction, ...]:
    """The corrections that count, the latest of each value."""
    rows = run(session, _CORRECTIONS, own=mail_id)
    latest = {row.what: Correction(row.what, row.before, row.after, row.actor, row.at) for row in rows}
    return tuple(latest.values())


# ── statements, built once ───────────────────────────────────────────────────────────────────────

_ACTS, _CORRECTED, _PROPOSED = of(ActRow), of(CorrectionRow), of(ProposalRow)
_KEEP_ACT = sa.insert(_ACTS)
_ACT = sa.select(_ACTS).where(_ACTS.c.key == sa.bindparam("key"))
_LAST_ACT = (
    sa.select(_ACTS)
    .where(_ACTS.c.actor == sa.bindparam("actor"), _ACTS.c.at >= sa.bindparam("since"))
    .order_by(_ACTS.c.at.desc())
    .limit(1)
)
_CORRECTIONS = sa.select(_CORRECTED).where(_CORRECTED.c.mail_id == sa.bindparam("own")).order_by(_CORRECTED.c.id)
_PROPOSAL = sa.select(_PROPOSED).where(
    _PROPOSED.c.mail_id == sa.bindparam("own"), _PROPOSED.c.state == ProposalState.PENDIENTE
)
_VOID = sa.update(_PROPOSED).where(
    _PROPOSED.c.mail_id == sa.bindparam("own"), _PROPOSED.c.state == ProposalState.PENDIENTE
)
_DECIDED, _MAILS, _SENT = of(DecisionRow), of(MailRow), of(OutboxRow)
_SETTLEMENTS = sa.select(_DECIDED.c.settlement).where(_DECIDED.c.mail_id == sa.bindparam("own"))
_LAST_DECISION = (
    sa.select(_DECIDED.c.id, _DECIDED.c.number, _DECIDED.c.decided_at)
    .where(_DECIDED.c.mail_id == sa.bindparam("own"))
    .order_by(_DECIDED.c.number.desc())
    .limit(1)
)
_SENDER = sa.select(_MAILS.c.sender).where(_MAILS.c.id == sa.bindparam("own"))
_ANSWERED = (
    sa.select(_SENT.c.mail_id, _SENT.c.kind, _SENT.c.state, _SENT.c.sent_at)
    .where(among(_SENT.c.mail_id, "mails"))
    .order_by(_SENT.c.id)
)


def _earlier(*by_him: sa.ColumnElement[bool]) -> sa.Select[Any]:
    mine, theirs = of(MailCaseRow).alias("mine"), of(MailCaseRow).alias("theirs")
    of_cases = (
        sa.select(theirs.c.mail_id)
        .join_from(theirs, mine, mine.c.case_id == theirs.c.case_id)
        .where(mine.c.mail_id == sa.bindparam("own"))
    )
    return (
        sa.select(_MAILS.c.id, _MAILS.c.received_at, _MAILS.c.subject, _MAILS.c.state)
        .where(_MAILS.c.id != sa.bindparam("own"), sa.or_(*by_him, _MAILS.c.id.in_(of_cases)))
        .order_by(_MAILS.c.id.desc())
        .limit(sa.bindparam("most"))
    )


_EARLIER, _EARLIER_OF_CASES = _earlier(_MAILS.c.sender == sa.bindparam("sender")), _earlier()
