"""Looking back and around: the whole walk of one mail, and where everything stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from evidence_daemon.model import (
    CaseId,
    ChargeId,
    ChargeState,
    CopyKey,
    Decision,
    Fields,
    FolderRole,
    LedgerEntry,
    MailId,
    ManyCases,
    Match,
    NoCase,
    OneCase,
    OutboxState,
    Reading,
    ReplyKind,
    SearchKeys,
    Settlement,
    Verdict,
    Withheld,
)
from evidence_daemon.store.mails import UNDECIDED, Mail, load_mail, load_papers, load_readings
from evidence_daemon.store.outbox import by_hand
from evidence_daemon.store.reviews import Review, review_of
from evidence_daemon.store.shapes import VERDICTS, from_json
from evidence_daemon.store.statements import among, of, run
from evidence_daemon.store.switches import switches
from evidence_daemon.store.tables import (
    CaseRow,
    ChargeRow,
    CopyRow,
    DecisionRow,
    EntryRow,
    EventRow,
    MailRow,
    OutboxRow,
    ReviewRow,
    Table,
    VanishedRow,
)
from evidence_daemon.store.work import Work, at_work


@dataclass(frozen=True, slots=True)
class Status:
    """Where everything stands.  Keys of the tables are state names; ages are the oldest moments."""

    armed: bool
    intake_paused: str
    """Who paused the taking in of mail, and why; "" while it goes on."""
    sending_paused: str
    mails: dict[str, int]
    lanes: dict[str, int]
    outbox: dict[str, int]
    withheld: dict[str, int]
    """Answers that are kept back, by their reason."""
    charges: dict[str, int]
    cases: dict[str, int]
    oldest_unfinished: datetime | None
    oldest_review: datetime | None
    oldest_unsent: datetime | None
    next_respond_by: date | None
    """The nearest legal limit of a mail that waits for a person."""
    to_reverse: int
    """Cents in charges that wait in REVERSO_PENDIENTE."""
    vanished: int = 0
    """Mails that were gone from a mailbox before they were seen: another client, or a rule on the server."""
    not_sending: str = ""
    """Why no answer leaves now, as the house says that has the limits; "" when they do."""
    not_sending_until: datetime | None = None
    """When that passes by itself; None when a person must act."""
    cage: str = ""
    """How the processes that open documents are locked on this machine, in words."""
    work: Work | None = None
    """Who works, and on what."""

    @property
    def drained(self) -> bool:
        """Nothing is under way and nothing will begin: the intake is paused, every mail walked, none being sent."""
        walking = sum(count for state, count in self.mails.items() if state in UNDECIDED)
        still_to_send = 0 if self.sending_paused else self.outbox.get(OutboxState.EN_COLA, 0)
        sending = self.outbox.get(OutboxState.ENVIANDO, 0)
        return bool(self.intake_paused) and not walking + still_to_send + sending


def first_stored(session: Session) -> datetime | None:
    """When the first mail was taken in; None while there is none."""
    return session.exec(select(sa.func.min(MailRow.stored_at))).one()


def status(session: Session) -> Status:
    """Counts by state, and the ages of what waits."""
    waiting = (OutboxState.EN_COLA, OutboxState.ENVIANDO, OutboxState.INCIERTO)
    open_ = col(ReviewRow.closed_at).is_(None)
    standing = switches(session)
    return Status(
        armed=standing.armed,
        intake_paused=standing.intake_paused,
        sending_paused=standing.sending_paused,
        mails=_by(session, MailRow.state),
        lanes=_by(session, ReviewRow.lane, open_),
        outbox=_by(session, OutboxRow.state),
        withheld=_by(session, OutboxRow.withheld, col(OutboxRow.state) == OutboxState.RETENIDO),
        charges=_by(session, ChargeRow.state),
        cases=_by(session, CaseRow.state),
        oldest_unfinished=_least(session, MailRow.stored_at, col(MailRow.state).in_(UNDECIDED)),
        oldest_review=_least(session, ReviewRow.opened_at, open_),
        oldest_unsent=_least(
            session, OutboxRow.created_at, col(OutboxRow.state).in_(waiting), col(OutboxRow.due_at).is_not(None)
        ),
        next_respond_by=session.exec(
            select(sa.func.min(MailRow.respond_by))
            .join(ReviewRow, col(ReviewRow.mail_id) == col(MailRow.id))
            .where(open_)
        ).one(),
        to_reverse=int(
            session.exec(
                select(sa.func.coalesce(sa.func.sum(ChargeRow.reversed), 0)).where(
                    col(ChargeRow.state) == ChargeState.REVERSO_PENDIENTE
                )
            ).one()
        ),
        work=at_work(session),
        vanished=int(
            session.exec(
                select(sa.func.coalesce(sa.func.sum(VanishedRow.last_uid - VanishedRow.first_uid + 1), 0))
            ).one()
        ),
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """One decision with all that it rested on."""

    number: int
    verdict: Verdict
    actor: str
    edition: str
    decided_at: datetime
    keys: SearchKeys
    match: Match
    settlement: Settlement
    entries: tuple[LedgerEntry, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an answer."""

    id: int
    kind: ReplyKind
    to_address: str
    message_id: str
    state: OutboxState
    created_at: datetime
    due_at: datetime | None
    sent_at: datetime | None
    attempts: int
    response: str
    withheld: Withheld | None
    """Why it is kept back, or was until a person let it go."""
    release_at: datetime | None


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the audit trail; `detail` is JSON."""

    at: datetime
    actor: str
    action: str
    detail: str


@dataclass(frozen=True, slots=True)
class Story:
    """The whole walk of one mail."""

    mail: Mail
    copies: tuple[tuple[CopyKey, FolderRole | None], ...]
    """Each copy, and the folder into which it was filed."""
    readings: tuple[Reading, ...]
    papers: tuple[Fields, ...]
    decisions: tuple[Judged, ...]
    answers: tuple[Answer, ...]
    reviews: tuple[Review, ...]
    """What is still open."""
    events: tuple[Event, ...]
    by_hand: datetime | None = None
    """When an answer was seen that staff wrote to it by hand."""


def explain(session: Session, mail_id: MailId) -> Story:
    """Everything that is kept about one mail.  Raises `Permanent` when there is no such mail."""
    mail = load_mail(session, mail_id)
    copies = run(session, _COPIES, own=mail_id).all()
    answers = run(session, _ANSWERS, own=mail_id).all()
    events = run(session, _EVENTS, own=mail_id).all()
    return Story(
        mail=mail,
        copies=tuple((CopyKey(row.account, row.folder, row.uidvalidity, row.uid), row.filed_as) for row in copies),
        readings=load_readings(session, mail_id),
        papers=load_papers(session, mail_id),
        decisions=judged(session, mail_id),
        answers=tuple(
            Answer(
                id=row.id,
                kind=row.kind,
                to_address=row.recipient,
                message_id=row.message_id,
                state=row.state,
                created_at=row.created_at,
                due_at=row.due_at,
                sent_at=row.sent_at,
                attempts=row.attempts,
                response=row.response,
                withheld=row.withheld,
                release_at=row.release_at,
            )
            for row in answers
        ),
        reviews=tuple(review_of(session, mail_id)),
        events=tuple(Event(row.at, row.actor, row.action, row.detail) for row in events),
        by_hand=by_hand(session, mail_id),
    )


def decided_cases(session: Session, mail_id: MailId, number: int) -> tuple[CaseId, ...]:
    """The cases that a mail's `number`-th decision was about; none when there is no such decision."""
    text = session.exec(
        select(DecisionRow.decision).where(col(DecisionRow.mail_id) == mail_id, col(DecisionRow.number) == number)
    ).one_or_none()
    if text is None:
        return ()
    decision: Decision = from_json(text, *VERDICTS)
    return tuple(case.id for case in decision.cases)


def judged(session: Session, mail_id: MailId, number: int | None = None) -> tuple[Judged, ...]:
    """The decisions on a mail in their order, or only its `number`-th."""
    asked = {"own": mail_id} if number is None else {"own": mail_id, "number": number}
    rows = run(session, _DECISIONS if number is None else _DECISION, **asked).all()
    entries: dict[int, list[LedgerEntry]] = {}
    for line in run(session, _ENTRIES, decisions=[row.id for row in rows]) if rows else ():
        entry = LedgerEntry(
            case_id=CaseId(line.case_id),
            charge_id=ChargeId(line.charge_id),
            kind=line.kind,
            operation=line.operation,
            amount=line.amount,
            cause=line.cause,
            rule=line.rule,
        )
        entries.setdefault(line.decision_id, []).append(entry)
    found = []
    for row in rows:
        decision: Decision = from_json(row.decision, *VERDICTS)
        matched: Match = from_json(row.match, OneCase, ManyCases, NoCase)
        found.append(
            Judged(
                number=row.number,
                verdict=row.verdict,
                actor=row.actor,
                edition=row.edition,
                decided_at=row.decided_at,
                keys=from_json(row.keys, SearchKeys),
                match=matched,
                settlement=replace(from_json(row.settlement, Settlement), decision=decision),
                entries=tuple(entries.get(row.id, ())),
            )
        )
    return tuple(found)


def _by(session: Session, column: Any, *conditions: Any) -> dict[str, int]:
    rows = session.exec(select(column, sa.func.count()).where(*conditions).group_by(column).order_by(column))
    return {value.value: count for value, count in rows}


def _least(session: Session, column: Any, *conditions: Any) -> datetime | None:
    found: datetime | None = session.exec(select(sa.func.min(column, type_=column.type)).where(*conditions)).one()
    return found


def _of_mail(table: type[Table]) -> sa.Select[Any]:
    return sa.select(of(table)).where(of(table).c.mail_id == sa.bindparam("own")).order_by(of(table).c.id)


_DECIDED, _ENTERED = of(DecisionRow), of(EntryRow)
_DECISIONS = sa.select(_DECIDED).where(_DECIDED.c.mail_id == sa.bindparam("own")).order_by(_DECIDED.c.number)
_DECISION = _DECISIONS.where(_DECIDED.c.number == sa.bindparam("number"))
_ENTRIES = sa.select(_ENTERED).where(among(_ENTERED.c.decision_id, "decisions")).order_by(_ENTERED.c.id)
_COPIES, _ANSWERS, _EVENTS = _of_mail(CopyRow), _of_mail(OutboxRow), _of_mail(EventRow)
