"""Mails and their copies, from arrival to the door of the judge."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from evidence_daemon.errors import Permanent, Superseded
from evidence_daemon.model import (
    ABOUT_ANSWERS,
    DAEMON,
    Arrival,
    Census,
    CopyKey,
    Document,
    Email,
    EvidenceState,
    Fields,
    FolderRole,
    Lane,
    MailId,
    OutboxState,
    Reading,
    ReasonCode,
    Refiling,
    ReviewItem,
    Sha256,
    Unreadable,
    Vanished,
    receipt_number,
)
from evidence_daemon.store import audit
from evidence_daemon.store.reviews import close_reviews, open_review, person_actor
from evidence_daemon.store.shapes import from_json, to_json
from evidence_daemon.store.statements import change_one, count_rows, insert_new, of, run
from evidence_daemon.store.tables import (
    CopyRow,
    CountedFolderRow,
    InstanceRow,
    MailRow,
    OutboxRow,
    PaperRow,
    ReadingRow,
    ReviewRow,
    Table,
    VanishedRow,
)

UNDECIDED = (EvidenceState.RECIBIDO, EvidenceState.PROCESADO, EvidenceState.VALIDADO_AUTO)
"""States of a mail that has a walk before it."""


def found_instance(session: Session, *, armed: bool) -> None:
    """Give a new database its one instance row; an old one keeps what it has."""
    values = {
        "id": 1,
        "name": secrets.token_hex(8),
        "armed": armed,
        "created_at": sa.func.now(),
        "intake_paused": "",
        "sending_paused": "",
        "thread_key": secrets.token_hex(32),
    }
    insert_new(session, InstanceRow, values, ["id"])


def thread_key(session: Session) -> bytes:
    """The secret with which this house signs the Message-IDs of its answers."""
    return bytes.fromhex(run(session, _INSTANCE).one().thread_key)


def is_armed(session: Session) -> bool:
    """True when answers may be sent."""
    return bool(run(session, _INSTANCE).one().armed)


def set_armed(session: Session, armed: bool, *, actor: str = DAEMON, now: datetime | None = None) -> int:
    """Arm or disarm; returns how many answers are withheld.

    Arming sends nothing by itself: what was withheld may be old, so a person lets it go (`release`).
    """
    session.exec(sa.update(InstanceRow).values(armed=armed))
    audit.record(session, "armed" if armed else "disarmed", actor=actor, now=now or datetime.now(UTC))
    return count_rows(session, OutboxRow, col(OutboxRow.state) == OutboxState.RETENIDO)


@dataclass(frozen=True, slots=True)
class Received:
    """`new`: a mail never seen.  `returned`: a mail that was filed away and that somebody put back."""

    mail_id: MailId
    new: bool
    returned: bool = False


def known_uids(session: Session, account: str, folder: str, uidvalidity: int) -> set[int]:
    """The UIDs of a folder that have a journal row under this UIDVALIDITY."""
    rows = session.exec(
        select(CopyRow.uid).where(
            col(CopyRow.account) == account, col(CopyRow.folder) == folder, col(CopyRow.uidvalidity) == uidvalidity
        )
    )
    return set(rows)


def receive(
    session: Session, arrival: Arrival, digest: Sha256, *, now: datetime, respond_by: date | None = None
) -> Received:
    """Store the row of a mail whose bytes (of the whole mail, or its header when oversized) are in the blobs.

    The same bytes under another UID (second delivery, renumbered mailbox, put back by hand) only add a
    copy.  Running it again for the same copy changes nothing.
    """
    values = {
        "sha256": digest,
        "size": arrival.size,
        "oversized": arrival.oversized,
        "received_at": arrival.received_at,
        "stored_at": now,
        "state": EvidenceState.RECIBIDO,
        "respond_by": respond_by,
        "attempts": 0,
        "walk": 0,
        "walk_base": 0,
        "decisions": 0,
        "message_id": "",
        "sender": "",
        "subject": "",
        "content_identity": "",
        "edition": "",
        "stage": "",
        "trouble": "",
    }
    new = insert_new(session, MailRow, values, ["sha256"])
    mail_id = MailId(session.exec(select(MailRow.id).where(col(MailRow.sha256) == digest)).one())
    key = arrival.key
    returned = not new and bool(
        count_rows(
            session,
            CopyRow,
            col(CopyRow.mail_id) == mail_id,
            col(CopyRow.account) == key.account,
            col(CopyRow.folder) == key.folder,
            col(CopyRow.uidvalidity) == key.uidvalidity,
            col(CopyRow.uid) != key.uid,
            col(CopyRow.filed_at).is_not(None),
        )
    )
    copy = {
        "mail_id": mail_id,
        "account": key.account,
        "folder": key.folder,
        "uidvalidity": key.uidvalidity,
        "uid": key.uid,
        "seen_at": now,
    }
    added = insert_new(session, CopyRow, copy, ["account", "folder", "uidvalidity", "uid"])
    if added:
        audit.record(
            session,
            "received" if new else "copy seen",
            actor=DAEMON,
            now=now,
            mail_id=mail_id,
            detail={"folder": key.folder, "uidvalidity": key.uidvalidity, "uid": key.uid, "size": arrival.size},
        )
    return Received(mail_id, new, returned)


def count_folder(session: Session, census: Census, now: datetime) -> tuple[Vanished, ...]:
    """Account for every UID below `next_uid`; those that are neither listed nor in the journal, when new.

    The first census of a folder only sets the mark: what was there before us is not missing.  The mark
    stays below a mail that is listed and not yet stored, so that it is accounted for by a later census.
    """
    of_folder = {"account": census.account, "folder": census.folder, "uidvalidity": census.uidvalidity}

    def here(table: type[Any]) -> tuple[Any, ...]:
        return tuple(col(getattr(table, name)) == value for name, value in of_folder.items())

    if insert_new(
        session, CountedFolderRow, of_folder | {"counted_below": census.next_uid}, ["account", "folder", "uidvalidity"]
    ):
        return ()
    low = mark = session.exec(select(CountedFolderRow.counted_below).where(*here(CountedFolderRow))).one()
    if mark >= census.next_uid:
        return ()
    stored = set(session.exec(select(CopyRow.uid).where(*here(CopyRow), col(CopyRow.uid) >= low)))
    known = [(uid, uid) for uid in stored | census.listed if low <= uid < census.next_uid]
    known += session.exec(
        select(VanishedRow.first_uid, VanishedRow.last_uid).where(*here(VanishedRow), col(VanishedRow.last_uid) >= low)
    )
    vanished = []
    for first, last in (*sorted(known), (census.next_uid, census.next_uid)):
        if first > low:
            vanished.append(Vanished(low, first - 1))
        low = max(low, last + 1)
    for gap in vanished:
        row = of_folder | {"first_uid": gap.first_uid, "last_uid": gap.last_uid, "noticed_at": now}
        insert_new(session, VanishedRow, row, ["account", "folder", "uidvalidity", "first_uid"])
        audit.record(session, "vanished", actor=DAEMON, now=now, detail=of_folder | asdict(gap))
    waiting = min((uid for uid in census.listed - stored if uid >= mark), default=census.next_uid)
    session.exec(
        sa.update(CountedFolderRow)
        .where(*here(CountedFolderRow))
        .values(counted_below=min(waiting, census.next_uid))
        .execution_options(synchronize_session=False)
    )
    return tuple(vanished)


def to_file(session: Session, account: str, limit: int = 500) -> list[tuple[CopyKey, FolderRole]]:
    """Copies that are still in the inbox although their mail is settled, and where each belongs."""
    rows = session.exec(
        select(CopyRow, col(MailRow.folder))
        .join(MailRow, col(MailRow.id) == col(CopyRow.mail_id))
        .where(col(CopyRow.account) == account, col(CopyRow.filed_at).is_(None), col(MailRow.folder).is_not(None))
        .order_by(col(CopyRow.id))
        .limit(limit)
    )
    return [(CopyKey(copy.account, copy.folder, copy.uidvalidity, copy.uid), role) for copy, role in rows if role]


def filed(session: Session, keys: Iterable[CopyKey], now: datetime) -> None:
    """These copies are no longer in the inbox (moved by us, or by somebody else)."""
    for key in keys:
        role = select(MailRow.folder).where(col(MailRow.id) == col(CopyRow.mail_id)).scalar_subquery()
        session.exec(
            sa.update(CopyRow)
            .where(
                col(CopyRow.account) == key.account,
                col(CopyRow.folder) == key.folder,
                col(CopyRow.uidvalidity) == key.uidvalidity,
                col(CopyRow.uid) == key.uid,
                col(CopyRow.filed_at).is_(None),
            )
            .values(filed_at=now, filed_as=role)
            .execution_options(synchronize_session=False)
        )


def to_refile(session: Session, account: str, limit: int = 50) -> list[Refiling]:
    """Copies that were filed for a person, whose mail belongs elsewhere since one decided."""
    rows = session.exec(
        select(CopyRow.id, MailRow.message_id, MailRow.size, MailRow.folder)
        .join(MailRow, col(MailRow.id) == col(CopyRow.mail_id))
        .where(
            sa.text("mail_copies.filed_as = 'REVISION'"),  # the words of the index
            col(CopyRow.account) == account,
            col(MailRow.folder).is_not(None),
            col(MailRow.folder) != FolderRole.REVISION,
        )
        .order_by(col(CopyRow.id))
        .limit(limit)
    )
    return [
        Refiling(copy_id, message_id, size, FolderRole.REVISION, FolderRole(role))
        for copy_id, message_id, size, role in rows
        if role
    ]


def refiled(session: Session, moves: Iterable[Refiling], now: datetime) -> None:
    """These copies lie where they belong, or somebody else sees to them."""
    for move in moves:
        session.exec(
            sa.update(CopyRow)
            .where(col(CopyRow.id) == move.copy_id, col(CopyRow.filed_as) == move.lies_in)
            .values(filed_as=move.belongs_in, filed_at=now)
            .execution_options(synchronize_session=False)
        )


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as the store knows it."""

    id: MailId
    receipt: str
    sha256: Sha256
    size: int
    oversized: bool
    received_at: datetime
    state: EvidenceState
    folder: FolderRole | None
    read_at: datetime | None
    respond_by: date | None
    attempts: int
    walk: int
    decisions: int
    message_id: str
    sender: str
    subject: str
    edition: str
    stage: str
    trouble: str
    shunted: bool
    in_review: bool
    """A person is asked about it."""

    @property
    def decided(self) -> bool:
        """True when it has no walk before it."""
        return self.decisions > 0 and self.state not in UNDECIDED


def load_mail(session: Session, mail_id: MailId) -> Mail:
    """Raises `Permanent` when there is no such mail."""
    row = run(session, _MAIL, own=mail_id).one_or_none()
    if row is None:
        raise Permanent(f"there is no mail {receipt_number(mail_id)}")
    return Mail(
        id=mail_id,
        receipt=receipt_number(mail_id),
        sha256=Sha256(row.sha256),
        size=row.size,
        oversized=row.oversized,
        received_at=row.received_at,
        state=row.state,
        folder=row.folder,
        read_at=row.read_at,
        respond_by=row.respond_by,
        attempts=row.attempts,
        walk=row.walk,
        decisions=row.decisions,
        message_id=row.message_id,
        sender=row.sender,
        subject=row.subject,
        edition=row.edition,
        stage=row.stage,
        trouble=row.trouble,
        shunted=row.shunted_at is not None,
        in_review=bool(row.asked),
    )


def all_mails(session: Session) -> list[MailId]:
    """The ids of all mails, in the order in which they were stored."""
    return [MailId(number) for number in session.exec(select(MailRow.id).order_by(col(MailRow.id)))]


def begin_attempt(session: Session, mail_id: MailId) -> int:
    """Count that the reading of a mail begins, before it does; returns the count.

    Committed before the reading, it outlives a reading that kills the process: the poison counter.
    """
    return _bump(session, mail_id, MailRow.attempts)


def save_readings(
    session: Session,
    mail_id: MailId,
    readings: Sequence[Reading],
    *,
    email: Email,
    now: datetime,
    papers: Sequence[Fields] = (),
    attempt: int | None = None,
) -> None:
    """Keep what was read of a mail and its facts for later look-ups; replaces what an earlier try kept.

    `attempt` is what `begin_attempt` gave.  Raises `Superseded` when another has begun, or ended, since: a worker
    that was frozen and thought dead must not change what has been judged meanwhile.
    """
    if attempt is not None:
        still = (
            sa.update(MailRow)
            .where(col(MailRow.id) == mail_id, col(MailRow.attempts) == attempt, col(MailRow.read_at).is_(None))
            .values(read_at=now)
            .execution_options(synchronize_session=False)
        )
        if session.exec(still).rowcount != 1:
            raise Superseded(f"{receipt_number(mail_id)} was taken over by another worker")
    for table in (ReadingRow, PaperRow):
        session.exec(sa.delete(table).where(col(table.mail_id) == mail_id))
    for ordinal, reading in enumerate(readings):
        session.exec(sa.insert(ReadingRow).values(mail_id=mail_id, ordinal=ordinal, body=to_json(reading)))
    for ordinal, paper in enumerate(papers):
        session.exec(sa.insert(PaperRow).values(mail_id=mail_id, ordinal=ordinal, body=to_json(paper)))
    change_one(
        session,
        sa.update(MailRow)
        .where(col(MailRow.id) == mail_id)
        .values(
            read_at=now,
            message_id=email.message_id,
            sender=email.sender.address.lower() if email.sender else "",
            subject=email.subjects[0] if email.subjects else "",
            content_identity=_content_identity(email),
        ),
        f"there is no mail {mail_id}",
    )


def load_readings(session: Session, mail_id: MailId) -> tuple[Reading, ...]:
    """The readings that `save_readings` kept, in their order."""
    return tuple(_reading(body) for body in run(session, _READINGS, own=mail_id).scalars())


@lru_cache(128)
def _reading(body: str) -> Reading:
    """A mail at the desk is gathered several times; what was read of it does not change, and is long."""
    found: Reading = from_json(body, Document, Unreadable)
    return found


def load_papers(session: Session, mail_id: MailId) -> tuple[Fields, ...]:
    """The papers that `save_readings` or `apply` kept, in their order."""
    return tuple(from_json(body, Fields) for body in run(session, _PAPERS, own=mail_id).scalars())


def twin(session: Session, mail_id: MailId) -> MailId | None:
    """Another mail with the same content in other bytes (To and CCO, a list) that stands for it, or None.

    Same sender, Message-ID (or date), subject and attachments: the same mail twice, never answered twice.
    The one that stands came earlier, or was decided earlier (two are read side by side); it never is one
    that could not be processed, or one that is itself the twin.
    """
    found = run(session, _TWIN, own=mail_id).scalar_one()
    return MailId(found) if found is not None else None


def _content_identity(email: Email) -> str:
    if not email.message_id and email.sent_at is None:
        return ""  # nothing that two honest mails could not share
    parts = (
        email.sender.address.lower() if email.sender else "",
        email.message_id or (email.sent_at.isoformat() if email.sent_at else ""),
        " ".join(" ".join(email.subjects).upper().split()),
        *sorted(attachment.sha256 for attachment in email.attachments),
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def shunt(session: Session, mail_id: MailId, stage: str, trouble: str, *, now: datetime) -> None:
    """Park a mail that cannot pass: lane SIN_PROCESAR, with its story.

    Does nothing to a mail that is decided already (a late shunt after all went well).
    """
    row = session.exec(
        sa.update(MailRow)
        .where(
            col(MailRow.id) == mail_id,
            col(MailRow.state).in_((*UNDECIDED, EvidenceState.ERROR_TECNICO)),
        )
        .values(
            state=EvidenceState.ERROR_TECNICO,
            folder=FolderRole.REVISION,
            shunted_at=now,
            stage=stage,
            trouble=trouble,
        )
    )
    if row.rowcount != 1:
        return
    summary = trouble.strip().splitlines()[-1][:300] if trouble.strip() else "sin detalle"
    open_review(
        session,
        mail_id,
        ReviewItem(Lane.SIN_PROCESAR, (ReasonCode.ERROR_INTERNO,), f"No se pudo procesar ({stage}): {summary}"),
        now,
    )
    audit.record(session, "shunted", actor=DAEMON, now=now, mail_id=mail_id, detail={"stage": stage})


def unshunt(session: Session, mail_id: MailId, *, person: str, now: datetime) -> None:
    """Let a shunted mail be walked again from the beginning, with all its tries.

    Raises `RefusedTransition` when it is not shunted.
    """
    change_one(
        session,
        sa.update(MailRow)
        .where(col(MailRow.id) == mail_id, col(MailRow.state) == EvidenceState.ERROR_TECNICO)
        .values(
            state=EvidenceState.RECIBIDO,
            folder=None,
            shunted_at=None,
            stage="",
            trouble="",
            attempts=0,
            read_at=None,
            walk_base=MailRow.walk + 1,
        ),
        f"{receipt_number(mail_id)} is not shunted",
    )
    actor = person_actor(person)
    close_reviews(session, mail_id, actor, now, [Lane.SIN_PROCESAR])
    audit.record(session, "unshunted", actor=actor, now=now, mail_id=mail_id)


def reopen(session: Session, mail_id: MailId, now: datetime) -> int | None:
    """Let a mail that somebody put back into the inbox be walked anew; the number of that walk.

    What it was decided so far stands until it is decided otherwise.  None when it has a walk before it anyway.
    """
    walk = session.exec(
        sa.update(MailRow)
        .where(col(MailRow.id) == mail_id, col(MailRow.state).not_in(UNDECIDED))
        .values(
            state=EvidenceState.RECIBIDO,
            folder=None,
            shunted_at=None,
            stage="",
            trouble="",
            attempts=0,
            read_at=None,
            walk=MailRow.walk + 1,
            walk_base=MailRow.walk + 1,
        )
        .returning(col(MailRow.walk))
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if walk is None:
        return None
    close_reviews(session, mail_id, DAEMON, now, [Lane.SIN_PROCESAR])
    audit.record(session, "put back", actor=DAEMON, now=now, mail_id=mail_id)
    return int(walk)


def stand(
    session: Session,
    mail_id: MailId,
    state: EvidenceState,
    folder: FolderRole,
    *,
    now: datetime,
    review: ReviewItem | None = None,
) -> None:
    """A mail was judged anew and its last decision stands: back to where that left it, with a question if need be."""
    session.exec(
        sa.update(MailRow)
        .where(col(MailRow.id) == mail_id)
        .values(state=state, folder=folder if review is None else FolderRole.REVISION)
        .execution_options(synchronize_session=False)
    )
    if review is not None:
        open_review(session, mail_id, review, now)
    audit.record(session, "judged anew, stands", actor=DAEMON, now=now, mail_id=mail_id)


def unfinished(session: Session, limit: int = 1000) -> list[tuple[MailId, int]]:
    """Mails that are neither decided nor shunted, oldest first, each with the number of its present walk."""
    rows = session.exec(
        select(MailRow.id, MailRow.walk).where(col(MailRow.state).in_(UNDECIDED)).order_by(col(MailRow.id)).limit(limit)
    )
    return [(MailId(mail_id), walk) for mail_id, walk in rows]


def next_walk(session: Session, mail_id: MailId) -> int:
    """Begin another walk of a mail; returns its number, which no earlier walk of this mail has had."""
    return _bump(session, mail_id, MailRow.walk)


def tries(session: Session, mail_id: MailId) -> int:
    """How many walks were begun since the mail came, or since a person let it be walked again."""
    walk, base = session.exec(select(MailRow.walk, MailRow.walk_base).where(col(MailRow.id) == mail_id)).one()
    return int(walk) - int(base) + 1


def _bump(session: Session, mail_id: MailId, column: Any) -> int:
    changed = session.exec(
        sa.update(MailRow)
        .where(col(MailRow.id) == mail_id)
        .values({column: column + 1})
        .returning(column)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if changed is None:
        raise Permanent(f"there is no mail {receipt_number(mail_id)}")
    return int(changed)


# ── statements, built once ───────────────────────────────────────────────────────────────────────


def _mail() -> sa.Select[Any]:
    asked, mail = of(ReviewRow).c, of(MailRow)
    open_ = asked.mail_id == mail.c.id, asked.closed_at.is_(None), asked.lane.not_in(ABOUT_ANSWERS)
    return sa.select(mail, sa.exists().where(*open_).label("asked")).where(mail.c.id == sa.bindparam("own"))


def _twin() -> sa.Select[Any]:
    mine, other = of(MailRow).alias("mine").c, of(MailRow).alias("other").c
    return sa.select(sa.func.min(other.id)).where(
        mine.id == sa.bindparam("own"),
        mine.content_identity != "",
        other.content_identity == mine.content_identity,
        other.id != mine.id,
        sa.or_(other.id < mine.id, other.decisions > 0),
        other.state.not_in((EvidenceState.ERROR_TECNICO, EvidenceState.DUPLICADO)),
    )


def _bodies(table: type[Table]) -> sa.Select[Any]:
    rows = of(table).c
    return sa.select(rows.body).where(rows.mail_id == sa.bindparam("own")).order_by(rows.ordinal)


_INSTANCE = sa.select(of(InstanceRow).c.armed, of(InstanceRow).c.thread_key)
_MAIL, _TWIN, _READINGS, _PAPERS = _mail(), _twin(), _bodies(ReadingRow), _bodies(PaperRow)
