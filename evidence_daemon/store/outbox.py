"""Answers on their way: put out by the deciding transaction, claimed, sent, and what became of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from evidence_daemon.model import (
    DAEMON,
    CaseId,
    Lane,
    MailId,
    OutboxState,
    Reply,
    ReplyKind,
    ReviewItem,
    Withheld,
    receipt_number,
)
from evidence_daemon.store import audit
from evidence_daemon.store.mails import is_armed
from evidence_daemon.store.reviews import open_review
from evidence_daemon.store.statements import change_one, count_rows, insert_new, of, run
from evidence_daemon.store.switches import pause, switches
from evidence_daemon.store.tables import CopyRow, HandAnswerRow, MailCaseRow, MailRow, OutboxRow

_PUT_OUT = sa.insert(of(OutboxRow))
_HAND, _MAILS, _SENT = of(HandAnswerRow), of(MailRow).c, of(OutboxRow).c
_BY_HAND = (
    sa.select(_HAND.c.seen_at)
    .join_from(_HAND, of(MailRow), _MAILS.message_id == _HAND.c.answers_to)
    .where(_MAILS.id == sa.bindparam("own"), _MAILS.message_id != "")
    .order_by(_HAND.c.id)
    .limit(1)
)
_CANCEL_RECEIPTS = sa.update(of(OutboxRow)).where(
    _SENT.mail_id == sa.bindparam("own"),
    _SENT.cancel_on_decision,
    _SENT.state.in_((OutboxState.EN_COLA, OutboxState.RETENIDO)),
)
_REACHED = (OutboxState.ENVIADO, OutboxState.ENVIANDO, OutboxState.INCIERTO, OutboxState.REBOTADO)
"""States of an answer that counts against the daily limit of its address: it may have arrived."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An answer as it will be sent: the bytes, the one address, the fixed Message-ID.

    `id_number` is the person that it is about, `topic` what it says of what (both "" when unknown): the
    caps count by them.  `withheld` keeps it back (RETENIDO) until a person lets it go.
    """

    to_address: str
    message_id: str
    raw: bytes
    id_number: str = ""
    topic: str = ""
    withheld: Withheld | None = None
    edited_by: str = ""
    """The person who changed its words."""
    delay_seconds: int = 0
    """How long it waits at least, so that a person can take the decision back."""


def put_out(
    session: Session, mail_id: MailId, decision_id: int, reply: Reply, outgoing: Outgoing, *, now: datetime
) -> None:
    """Put an answer out, in the transaction of the decision that it tells of."""
    withheld = outgoing.withheld or (None if is_armed(session) else Withheld.DESARMADO)
    if withheld is None and by_hand(session, mail_id) is not None:
        withheld = Withheld.A_MANO
    run(
        session,
        _PUT_OUT,
        decision_id=decision_id,
        mail_id=mail_id,
        kind=reply.kind,
        recipient=outgoing.to_address,
        message_id=outgoing.message_id,
        raw=outgoing.raw,
        state=OutboxState.RETENIDO if withheld else OutboxState.EN_COLA,
        created_at=now,
        due_at=now + timedelta(seconds=max(reply.delay_seconds, outgoing.delay_seconds)),
        cancel_on_decision=reply.cancel_on_decision,
        attempts=0,
        doubts=0,
        response="",
        id_number=outgoing.id_number,
        topic=outgoing.topic,
        withheld=withheld,
        edited_by=outgoing.edited_by,
    )


def by_hand(session: Session, mail_id: MailId) -> datetime | None:
    """When an answer to this mail was seen that staff wrote by hand; None when there is none."""
    found: datetime | None = run(session, _BY_HAND, own=mail_id).scalar_one_or_none()
    return found


def note_by_hand(session: Session, account: str, message_id: str, answers_to: str, *, now: datetime) -> list[MailId]:
    """Staff answered by hand the mail with this Message-ID: what we have not sent yet waits for a person.

    Returns the mails meant, when that is news; none when none is known yet (the answer is remembered).
    """
    values = {"account": account, "message_id": message_id, "answers_to": answers_to, "seen_at": now}
    if not answers_to or not insert_new(session, HandAnswerRow, values, ["message_id", "answers_to"]):
        return []
    meant = [MailId(one) for one in session.exec(select(MailRow.id).where(col(MailRow.message_id) == answers_to))]
    for mail_id in meant:
        kept = session.exec(
            sa.update(OutboxRow)
            .where(
                col(OutboxRow.mail_id) == mail_id,
                col(OutboxRow.state) == OutboxState.EN_COLA,
                col(OutboxRow.doubts) == 0,  # whatever was tried surely did not arrive
            )
            .values(state=OutboxState.RETENIDO, withheld=Withheld.A_MANO, release_at=None)
            .execution_options(synchronize_session=False)
        ).rowcount
        audit.record(session, "answered by hand", actor=DAEMON, now=now, mail_id=mail_id, detail={"withheld": kept})
    return meant


def cancel_receipts(session: Session, mail_id: MailId) -> None:
    """A decision came: the receipt that was to go out without one is not needed any more."""
    run(session, _CANCEL_RECEIPTS, own=mail_id, state=OutboxState.ANULADO, due_at=None)


def cancel_reminders(session: Session, address: str, id_number: str) -> int:
    """The customer wrote: a reminder that waits for its hour is not needed any more; returns how many.

    `address` is his in lower case, `id_number` the person that he writes about; "" when unknown.
    """
    his = [sa.func.lower(col(OutboxRow.recipient)) == address] if address else []
    his += [col(OutboxRow.id_number) == id_number] if id_number else []
    if not his:
        return 0
    return session.exec(
        sa.update(OutboxRow)
        .where(
            col(OutboxRow.kind) == ReplyKind.RECORDATORIO,
            col(OutboxRow.state).in_((OutboxState.EN_COLA, OutboxState.RETENIDO)),
            col(OutboxRow.doubts) == 0,  # whatever was tried surely did not arrive
            sa.or_(*his),
        )
        .values(state=OutboxState.ANULADO, due_at=None, release_at=None)
        .execution_options(synchronize_session=False)
    ).rowcount


def take_back_answer(session: Session, mail_id: MailId, decision_id: int) -> bool:
    """The decision is taken back: its answer does not go out.  False when it left, is leaving, or may have arrived."""
    mine = (col(OutboxRow.mail_id) == mail_id, col(OutboxRow.decision_id) == decision_id)
    session.exec(
        sa.update(OutboxRow)
        .where(
            *mine,
            col(OutboxRow.doubts) == 0,  # whatever was tried surely did not arrive
            col(OutboxRow.state).in_((OutboxState.EN_COLA, OutboxState.RETENIDO)),
        )
        .values(state=OutboxState.ANULADO, due_at=None, release_at=None)
        .execution_options(synchronize_session=False)
    )
    return not count_rows(session, OutboxRow, *mine, col(OutboxRow.state) != OutboxState.ANULADO)


@dataclass(frozen=True, slots=True)
class Letter:
    """An answer that was claimed for sending: `attempts` counts this one."""

    id: int
    mail_id: MailId
    kind: ReplyKind
    to_address: str
    message_id: str
    raw: bytes
    attempts: int


@dataclass(frozen=True, slots=True)
class Limits:
    """How many answers may leave; 0 is no limit.

    In 24 hours: to one address, about one identity number, of one topic to one address, and (the provider's
    own quota) in all.  `per_minute`: in 60 seconds in all.  `valve`: in 15 minutes in all; above it
    something is wrong, and the sending stops until a person resumes it.
    """

    per_address: int = 0
    per_id_number: int = 0
    same_topic: int = 0
    per_day: int = 0
    per_minute: int = 0
    valve: int = 0


NO_LIMITS = Limits()
DAY = timedelta(hours=24)
AHEAD = timedelta(minutes=10)
"""A row of a moment further ahead was written while the clock was wrong; less is what two machines differ by."""
FARTHEST = timedelta(days=7)
"""Nothing is put off for longer: a day after the last try, over a long weekend."""
VALVE_WINDOW = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Closed:
    """Why nothing is sent now (Spanish), and when that passes by itself; None when a person must act."""

    because: str
    until: datetime | None = None


def sending_closed(session: Session, now: datetime, limits: Limits = NO_LIMITS) -> Closed | None:
    """What keeps every answer of this house back now; None when the next one may leave."""
    standing = switches(session)
    if not standing.armed:
        return Closed("desarmado")
    if standing.sending_paused:
        return Closed(f"en pausa ({standing.sending_paused})")
    for limit, window, words in (
        (limits.per_minute, timedelta(seconds=60), "por minuto"),
        (limits.per_day, DAY, "en 24 horas"),
    ):
        if until := _full_until(session, now, limit, window):
            return Closed(f"cupo del proveedor: {limit} respuestas {words}", until)
    return None


def claim_due(session: Session, now: datetime, limits: Limits = NO_LIMITS) -> Letter | None:
    """Claim the answer that is due longest, or None when none is due or nothing may be sent (`sending_closed`).

    It becomes ENVIANDO; commit that before the first byte leaves.  One that is above a cap becomes RETENIDO
    instead, with its reason, and goes out by itself when the cap allows; a repeated one when a person lets it.
    """
    if sending_closed(session, now, limits) is not None:
        return None
    session.exec(
        sa.update(OutboxRow)
        .where(col(OutboxRow.state) == OutboxState.RETENIDO, col(OutboxRow.release_at) <= now)
        .values(state=OutboxState.EN_COLA, withheld=None, release_at=None)
        .execution_options(synchronize_session=False)
    )
    while True:
        row = session.exec(
            select(OutboxRow)
            .where(col(OutboxRow.state).in_((OutboxState.EN_COLA, OutboxState.INCIERTO)), col(OutboxRow.due_at) <= now)
            .order_by(col(OutboxRow.due_at), col(OutboxRow.id))
            .limit(1)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        ).one_or_none()
        if row is None:
            return None
        if _valve_closes(session, now, limits.valve):
            return None
        this = (
            sa.update(OutboxRow)
            .where(col(OutboxRow.id) == row.id, col(OutboxRow.state) == row.state)
            .execution_options(synchronize_session=False)
        )
        if (cap := _capped(session, row, now, limits)) is not None:
            withheld, until = cap
            session.exec(this.values(state=OutboxState.RETENIDO, withheld=withheld, release_at=until))
            continue
        claimed = session.exec(this.values(state=OutboxState.ENVIANDO, attempts=OutboxRow.attempts + 1, claimed_at=now))
        if claimed.rowcount == 1:
            return Letter(
                id=row.id,
                mail_id=MailId(row.mail_id),
                kind=row.kind,
                to_address=row.recipient,
                message_id=row.message_id,
                raw=row.raw,
                attempts=row.attempts + 1,
            )


_BY_CAP = (Withheld.POR_DIRECCION, Withheld.POR_CEDULA, Withheld.REPETIDA)


def _capped(session: Session, row: OutboxRow, now: datetime, limits: Limits) -> tuple[Withheld, datetime | None] | None:
    """Which cap this answer is above, and when that passes by itself.

    One that was sent before (INCIERTO) is sent again; one that a person let go in spite of a cap goes.
    """
    if row.state is not OutboxState.EN_COLA or row.withheld in _BY_CAP:
        return None
    other = col(OutboxRow.id) != row.id
    to_him = col(OutboxRow.recipient) == row.recipient
    reached = col(OutboxRow.state).in_(_REACHED)
    if row.topic and _full_until(
        session, now, limits.same_topic, DAY, other, reached, to_him, col(OutboxRow.topic) == row.topic
    ):
        return Withheld.REPETIDA, None
    if until := _full_until(session, now, limits.per_address, DAY, other, reached, to_him):
        return Withheld.POR_DIRECCION, until
    about_him = col(OutboxRow.id_number) == row.id_number
    if row.id_number and (until := _full_until(session, now, limits.per_id_number, DAY, other, reached, about_him)):
        return Withheld.POR_CEDULA, until
    return None


def _full_until(
    session: Session, now: datetime, limit: int, window: timedelta, *which: sa.ColumnElement[bool]
) -> datetime | None:
    """When fewer than `limit` of these answers will lie within the window; None when that is so now."""
    if not limit:
        return None
    decisive = session.exec(
        select(OutboxRow.claimed_at)
        .where(col(OutboxRow.claimed_at) > now - window, *which)
        .order_by(col(OutboxRow.claimed_at).desc())
        .offset(limit - 1)
        .limit(1)
    ).first()
    return decisive + window if decisive is not None else None


def _valve_closes(session: Session, now: datetime, valve: int) -> bool:
    """Pause the sending when more leaves than ever should: a loop, a wrong rule, a restored backup."""
    since = max(now - VALVE_WINDOW, switches(session).resumed_at or now - VALVE_WINDOW)
    if not valve or count_rows(session, OutboxRow, col(OutboxRow.claimed_at) > since) < valve:
        return False
    words = f"{VALVE}: {valve} respuestas en {VALVE_WINDOW.seconds // 60} minutos"
    pause(session, intake=False, sending=True, actor=DAEMON, now=now, because=words)
    return True


VALVE = "válvula"
"""How the reason of a pause begins that nobody asked for."""


def unclaim(session: Session, outbox_id: int, now: datetime) -> None:
    """Give a claim back unused: nothing was sent (a refused login), and the try does not count."""
    back = sa.case((col(OutboxRow.doubts) > 0, OutboxState.INCIERTO.value), else_=OutboxState.EN_COLA.value)
    session.exec(
        sa.update(OutboxRow)
        .where(col(OutboxRow.id) == outbox_id, col(OutboxRow.state) == OutboxState.ENVIANDO)
        .values(state=back, attempts=OutboxRow.attempts - 1, claimed_at=None, due_at=now)
        .execution_options(synchronize_session=False)
    )


def finish_send(
    session: Session,
    outbox_id: int,
    state: OutboxState,
    response: str,
    *,
    now: datetime,
    next_at: datetime | None = None,
) -> None:
    """Write what became of a claimed answer.

    INCIERTO is sent once more at `next_at`, byte by byte the same; the second time nothing is repeated and
    a person sees it.  What is FALLIDO will not arrive: a person calls.

    Raises `RefusedTransition` when it was not claimed.
    """
    row = session.exec(
        select(OutboxRow).where(col(OutboxRow.id) == outbox_id).execution_options(populate_existing=True)
    ).one()
    if row.state is OutboxState.REBOTADO:
        return  # its bounce was faster than the server's yes
    doubts = row.doubts + (1 if state is OutboxState.INCIERTO else 0)
    change_one(
        session,
        sa.update(OutboxRow)
        .where(
            col(OutboxRow.id) == outbox_id,
            # INCIERTO: a thread that was thought dead comes back with the answer after all.
            col(OutboxRow.state).in_((OutboxState.ENVIANDO, OutboxState.INCIERTO)),
            col(OutboxRow.attempts) == row.attempts,
        )
        .values(
            state=state,
            response=response[:1000],
            doubts=doubts,
            due_at=None if doubts > 1 else next_at,
            sent_at=now if state is OutboxState.ENVIADO else None,
        )
        .execution_options(synchronize_session=False),
        f"answer {outbox_id} was not being sent",
    )
    mail_id = MailId(row.mail_id)
    if state is OutboxState.FALLIDO:
        lane, summary = Lane.LLAMAR, f"La respuesta no pudo enviarse; llame al cliente: {response[:200]}"
    elif state is OutboxState.INCIERTO and doubts > 1:
        lane = Lane.ENVIO_INCIERTO
        summary = "No se sabe si la respuesta llegó: se envió dos veces y el servidor no confirmó ninguna."
    else:
        lane, summary = None, ""
    if lane is not None:
        open_review(session, mail_id, ReviewItem(lane, (), summary), now)
    if state in {OutboxState.ENVIADO, OutboxState.FALLIDO, OutboxState.INCIERTO}:
        detail = {"outbox": outbox_id, "state": state.value, "attempt": row.attempts}
        audit.record(session, "answered", actor=DAEMON, now=now, mail_id=mail_id, detail=detail)


_MAY_BOUNCE = (OutboxState.ENVIADO, OutboxState.ENVIANDO, OutboxState.INCIERTO)


def bounced(session: Session, message_ids: Sequence[str], words: str, *, now: datetime) -> MailId | None:
    """A mail server says that one of these is a mail of ours that did not arrive; the mail that it answered.

    The answer becomes REBOTADO, is not sent again, and a person is asked to call the customer.  None when
    we sent no such mail.  Saying it twice changes nothing.
    """
    rows = session.exec(
        select(OutboxRow).where(col(OutboxRow.message_id).in_(message_ids)).execution_options(populate_existing=True)
    ).all()
    row = min(rows, key=lambda row: message_ids.index(row.message_id), default=None)
    if row is None:
        return None
    mail_id = MailId(row.mail_id)
    changed = session.exec(
        sa.update(OutboxRow)
        .where(col(OutboxRow.id) == row.id, col(OutboxRow.state).in_(_MAY_BOUNCE))
        .values(
            state=OutboxState.REBOTADO,
            response=words[:1000],
            due_at=None,
            sent_at=sa.func.coalesce(OutboxRow.sent_at, OutboxRow.claimed_at),
        )
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount == 1:
        cases = session.exec(select(MailCaseRow.case_id).where(col(MailCaseRow.mail_id) == mail_id)).all()
        about = f" Casos: {', '.join(map(str, cases))}." if cases else ""
        summary = f"La respuesta «{row.kind}» no llegó ({words[:200]}). Llame al cliente.{about}"
        open_review(session, mail_id, ReviewItem(Lane.LLAMAR, (), summary), now)
        audit.record(
            session,
            "answer bounced",
            actor=DAEMON,
            now=now,
            mail_id=mail_id,
            case_id=CaseId(cases[0]) if len(cases) == 1 else None,
            detail={"outbox": row.id, "kind": row.kind.value},
        )
    return mail_id


def recover_claims(
    session: Session,
    now: datetime,
    *,
    again_after: timedelta,
    older_than: timedelta = timedelta(minutes=20),
) -> int:
    """Answers whose sending was cut off (still ENVIANDO, claimed `older_than` ago) become INCIERTO; how many.

    The same rule as for a lost answer: once more, `again_after` the claim, then a person.  At start, when no
    other process can be sending, `older_than` may be zero; later it must exceed the longest SMTP dialogue
    (600 s for the answer to DATA alone, RFC 5321 4.5.3.2.6).
    """
    rows = session.exec(
        select(OutboxRow.id, OutboxRow.claimed_at).where(
            col(OutboxRow.state) == OutboxState.ENVIANDO,
            sa.or_(col(OutboxRow.claimed_at) <= now - older_than, col(OutboxRow.claimed_at) > now + AHEAD),
        )
    ).all()
    for outbox_id, claimed_at in rows:
        next_at = min(claimed_at or now, now) + again_after
        finish_send(session, outbox_id, OutboxState.INCIERTO, "el envío se interrumpió", now=now, next_at=next_at)
    return len(rows)


def set_right(session: Session, now: datetime) -> int:
    """After the clock was wrong and was set back: answers that were put off to a day that is far are due now; how many.

    Without it an answer of an hour in which the clock stood in next year would wait for that year.
    """
    far = sa.or_(col(OutboxRow.created_at) > now + AHEAD, col(OutboxRow.due_at) > now + FARTHEST)
    return session.exec(
        sa.update(OutboxRow)
        .where(
            col(OutboxRow.state).in_([OutboxState.EN_COLA, OutboxState.INCIERTO]),
            col(OutboxRow.due_at) > now + AHEAD,
            far,
        )
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    ).rowcount


@dataclass(frozen=True, slots=True)
class Held:
    """An answer that is kept back; it goes out by itself at `release_at`, if there is one."""

    id: int
    mail_id: MailId
    receipt: str
    kind: ReplyKind
    to_address: str
    withheld: Withheld
    created_at: datetime
    release_at: datetime | None


def withheld(session: Session, limit: int = 500) -> list[Held]:
    """What is kept back, oldest first."""
    rows = session.exec(
        select(OutboxRow)
        .where(col(OutboxRow.state) == OutboxState.RETENIDO)
        .order_by(col(OutboxRow.created_at), col(OutboxRow.id))
        .limit(limit)
    )
    return [
        Held(
            id=row.id,
            mail_id=MailId(row.mail_id),
            receipt=receipt_number(MailId(row.mail_id)),
            kind=row.kind,
            to_address=row.recipient,
            withheld=row.withheld or Withheld.DESARMADO,
            created_at=row.created_at,
            release_at=row.release_at,
        )
        for row in rows
    ]


def release(session: Session, *, actor: str, now: datetime, outbox_ids: Collection[int] | None = None) -> int:
    """Let withheld answers go (all, or these); returns how many."""
    chosen = sa.update(OutboxRow).where(col(OutboxRow.state) == OutboxState.RETENIDO)
    if outbox_ids is not None:
        chosen = chosen.where(col(OutboxRow.id).in_(outbox_ids))
    # `withheld` stays: it tells that a person let it go in spite of that.
    freed = session.exec(
        chosen.values(state=OutboxState.EN_COLA, release_at=None).execution_options(synchronize_session=False)
    ).rowcount
    audit.record(session, "answers released", actor=actor, now=now, detail={"count": freed})
    return freed


def to_append(session: Session, account: str | None = None, limit: int = 50) -> list[tuple[int, bytes]]:
    """Answers that were sent and do not lie in the mailbox's Sent folder yet: (id, bytes).

    With `account` only those that belong there: an answer goes to the mailbox that its mail first came to.
    """
    chosen = select(OutboxRow.id, OutboxRow.raw).where(
        col(OutboxRow.state).in_((OutboxState.ENVIADO, OutboxState.REBOTADO)),
        col(OutboxRow.sent_at).is_not(None),
        col(OutboxRow.appended_at).is_(None),
    )
    if account is not None:
        first_copy = (
            select(CopyRow.account)
            .where(col(CopyRow.mail_id) == col(OutboxRow.mail_id))
            .order_by(col(CopyRow.id))
            .limit(1)
            .scalar_subquery()
        )
        chosen = chosen.where(first_copy == account)
    rows = session.exec(chosen.order_by(col(OutboxRow.id)).limit(limit))
    return [(int(outbox_id), raw) for outbox_id, raw in rows]


def appended(session: Session, outbox_id: int, now: datetime) -> None:
    """This answer lies in the Sent folder."""
    session.exec(sa.update(OutboxRow).where(col(OutboxRow.id) == outbox_id).values(appended_at=now))
