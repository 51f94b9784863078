"""What is held of a person, and forgetting it: files and texts go; ids, states and money facts stay.

A forgotten mail keeps its row and its hash, so that the same bytes are never taken for a new mail.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from evidence_daemon.errors import BadInput
from evidence_daemon.model import EvidenceState, MailId, Sha256, receipt_number
from evidence_daemon.store import audit
from evidence_daemon.store.tables import (
    CaseRow,
    DecisionRow,
    MailCaseRow,
    MailRow,
    OutboxRow,
    PhoneRow,
    ReadingRow,
    ReviewRow,
    Table,
)
from evidence_daemon.store.tables_outreach import AttemptRow
from evidence_daemon.store.tables_unattended import ForgottenRow, LegalHoldRow
from evidence_daemon.store.tables_whatsapp import CustomerMessageRow


class Class(StrEnum):
    """How long a mail's files and texts are kept; see [retention]."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNMATCHED = "unmatched"
    NOT_EVIDENCE = "not_evidence"


@dataclass(frozen=True, slots=True)
class Due:
    """A mail whose time is over."""

    mail_id: MailId
    receipt: str
    kind: Class
    since: datetime
    """Of its last decision."""


REQUESTED = "request of the person"
"""Why a mail was forgotten that must not come back: its hash says so."""


@dataclass(frozen=True, slots=True)
class Marks:
    """By what the copies of mails, and our answers to them, are found in a mailbox."""

    hashes: frozenset[str]
    sizes: frozenset[int]
    names: frozenset[str]
    """Message-IDs of the mails; a server may only estimate sizes."""
    answers: frozenset[str]
    """Message-IDs of our answers, which nobody else makes."""


def marks(session: Session, mails: Collection[MailId]) -> Marks:
    """Those of some mails; of one that is forgotten already, hash and size only."""
    rows = session.execute(
        sa.select(col(MailRow.sha256), col(MailRow.size), col(MailRow.message_id)).where(col(MailRow.id).in_(mails))
    ).all()
    answers = session.exec(select(OutboxRow.message_id).where(col(OutboxRow.mail_id).in_(mails)))
    return Marks(
        frozenset(row[0] for row in rows),
        frozenset(row[1] for row in rows),
        frozenset(row[2] for row in rows if row[2]),
        frozenset(filter(None, answers)),
    )


def by_request(session: Session, mails: Collection[MailId]) -> None:
    """What retention forgot before must not come back either."""
    session.exec(
        sa.update(ForgottenRow)
        .where(col(ForgottenRow.mail_id).in_(mails))
        .values(reason=REQUESTED)
        .execution_options(synchronize_session=False)
    )


def unwelcome(session: Session, mail_id: MailId) -> bool:
    """Whether a mail was forgotten by request: its bytes are not taken again."""
    reason = session.exec(select(ForgottenRow.reason).where(col(ForgottenRow.mail_id) == mail_id)).first()
    return reason == REQUESTED


_CLOSED = {
    EvidenceState.ACEPTADO: Class.ACCEPTED,
    EvidenceState.ACEPTADO_PARCIAL: Class.ACCEPTED,
    EvidenceState.RECHAZADO: Class.REFUSED,
    EvidenceState.DUPLICADO: Class.NOT_EVIDENCE,
    EvidenceState.DESCARTADO: Class.NOT_EVIDENCE,
}
"""States in which nobody waits for anything; a mail in any other is never forgotten by time."""
_PERSONAL = frozenset(
    {
        "holder",
        "name",
        "names",
        "email",
        "address",
        "phones",
        "phone",
        "text",
        "staff",
        "because",
        "summary",
        "province",
    }
    | {"typed", "found", "before_text", "signer", "organisation", "detail", "facts", "display", "sender", "subject"}
)
"""Keys of stored decisions under which words about a person stand; ids, codes and amounts have others."""
_RASTER = re.compile(r'"raster":"([0-9a-f]{64})"')


def due(session: Session, days: Mapping[Class, int], now: datetime) -> list[Due]:
    """Mails whose time is over, oldest first: none that is open, under legal hold, or forgotten already."""
    last = (
        select(col(DecisionRow.mail_id).label("mail_id"), sa.func.max(DecisionRow.decided_at).label("at"))
        .group_by(col(DecisionRow.mail_id))
        .subquery()
    )
    held = (
        select(MailCaseRow.mail_id)
        .join(CaseRow, col(CaseRow.id) == col(MailCaseRow.case_id))
        .join(LegalHoldRow, col(LegalHoldRow.id_number) == col(CaseRow.id_number))
        .where(col(LegalHoldRow.lifted_at).is_(None))
    )
    rows = session.execute(
        sa.select(
            col(MailRow.id),
            col(MailRow.state),
            sa.func.coalesce(last.c.at, col(MailRow.stored_at)),
            sa.exists(select(MailCaseRow.mail_id).where(col(MailCaseRow.mail_id) == col(MailRow.id))),
        )
        .outerjoin(last, last.c.mail_id == col(MailRow.id))
        .where(
            col(MailRow.state).in_(list(_CLOSED)),
            col(MailRow.id).not_in(select(ForgottenRow.mail_id)),
            col(MailRow.id).not_in(held),
            col(MailRow.id).not_in(select(ReviewRow.mail_id).where(col(ReviewRow.closed_at).is_(None))),
        )
        .order_by(col(MailRow.id))
    ).all()
    found = []
    for mail_id, state, since, has_case in rows:
        kind = _CLOSED[EvidenceState(state)]
        if kind is Class.REFUSED and not has_case:
            kind = Class.UNMATCHED
        if days[kind] and now - since > timedelta(days=days[kind]):
            found.append(Due(MailId(mail_id), receipt_number(MailId(mail_id)), kind, since))
    return found


def mails_of(session: Session, id_number: str) -> list[MailId]:
    """Every mail that is about a person: of his cases, answered under his number, or with it in the subject."""
    about = (
        select(MailCaseRow.mail_id)
        .join(CaseRow, col(CaseRow.id) == col(MailCaseRow.case_id))
        .where(col(CaseRow.id_number) == id_number)
        .union(
            select(OutboxRow.mail_id).where(col(OutboxRow.id_number) == id_number),
            select(MailRow.id).where(col(MailRow.subject).contains(id_number, autoescape=True)),
        )
    )
    return sorted(MailId(row[0]) for row in session.execute(about).all())


def open_among(session: Session, mails: Collection[MailId]) -> list[str]:
    """Receipts of those that are not decided to their end, or about which a person is asked."""
    asked = select(ReviewRow.mail_id).where(col(ReviewRow.closed_at).is_(None))
    rows = session.exec(
        select(MailRow.id).where(
            col(MailRow.id).in_(mails),
            sa.or_(col(MailRow.state).not_in(list(_CLOSED)), col(MailRow.id).in_(asked)),
        )
    )
    return [receipt_number(MailId(mail_id)) for mail_id in rows]


def held_because(session: Session, id_number: str) -> str:
    """Why nothing of this person may be forgotten; "" when it may."""
    return (
        session.exec(
            select(LegalHoldRow.because)
            .where(col(LegalHoldRow.id_number) == id_number, col(LegalHoldRow.lifted_at).is_(None))
            .limit(1)
        ).first()
        or ""
    )


def hold(session: Session, id_number: str, because: str, *, actor: str, now: datetime) -> None:
    """From now on nothing of this person is forgotten, by time or by request."""
    if held_because(session, id_number):
        raise BadInput("there is a legal hold on this number already")
    values = {"id_number": id_number, "because": because, "by": actor, "since": now, "lifted_by": ""}
    session.exec(sa.insert(LegalHoldRow).values(**values))
    audit.record(session, "legal hold", actor=actor, now=now, detail={"because": because})


def lift(session: Session, id_number: str, *, actor: str, now: datetime) -> None:
    """End the legal hold.  Raises `BadInput` when there is none."""
    lifted = session.exec(
        sa.update(LegalHoldRow)
        .where(col(LegalHoldRow.id_number) == id_number, col(LegalHoldRow.lifted_at).is_(None))
        .values(lifted_at=now, lifted_by=actor)
        .execution_options(synchronize_session=False)
    ).rowcount
    if not lifted:
        raise BadInput("there is no legal hold on this number")
    audit.record(session, "legal hold lifted", actor=actor, now=now)


def forget(session: Session, mail_id: MailId, reason: str, *, actor: str, now: datetime) -> list[Sha256]:
    """Take the texts of a mail away; the files that nobody else's row speaks of, to be removed after the commit."""
    digest = session.exec(select(MailRow.sha256).where(col(MailRow.id) == mail_id)).one()
    mine = _pictures(session, col(ReadingRow.mail_id) == mail_id)
    files = [Sha256(one) for one in (digest, *sorted(mine - _shared(session, mail_id, mine)))]
    for name in ("readings", "papers", "origins", "signatures", "corrections", "proposals", "mail_ways"):
        table = Table.metadata.tables[name]
        session.execute(sa.delete(table).where(table.c.mail_id == mail_id))
    _set(session, MailRow, col(MailRow.id) == mail_id, subject="", sender="", message_id="", trouble="")
    _set(session, OutboxRow, col(OutboxRow.mail_id) == mail_id, raw=b"", recipient="", response="")
    _set(session, ReviewRow, col(ReviewRow.mail_id) == mail_id, summary="")
    for row in session.exec(select(DecisionRow).where(col(DecisionRow.mail_id) == mail_id)).all():
        bodies = {name: _scrubbed(getattr(row, name)) for name in ("keys", "match", "decision", "settlement")}
        _set(session, DecisionRow, col(DecisionRow.id) == row.id, **bodies)
    values = {"mail_id": mail_id, "at": now, "by": actor, "reason": reason, "files": len(files)}
    session.exec(sa.insert(ForgottenRow).values(**values))
    audit.record(
        session, "forgotten", actor=actor, now=now, mail_id=mail_id, detail={"reason": reason, "files": len(files)}
    )
    return files


def forget_contacts(session: Session, id_number: str) -> None:
    """Addresses and telephones of a person's cases go; that he asked not to be called stays."""
    cases = select(CaseRow.id).where(col(CaseRow.id_number) == id_number)
    _set(session, CustomerMessageRow, _written_by(session, id_number), sender="", body="")
    session.exec(sa.delete(PhoneRow).where(col(PhoneRow.case_id).in_(cases)))
    _set(session, AttemptRow, col(AttemptRow.case_id).in_(cases), phone="")
    _set(session, CaseRow, col(CaseRow.id_number) == id_number, email="")


def everything(session: Session, id_number: str, mails: Collection[MailId]) -> dict[str, list[dict[str, Any]]]:
    """All rows that speak of a person, by table: of his cases, his mails, and under his number."""
    cases = list(session.exec(select(CaseRow.id).where(col(CaseRow.id_number) == id_number)))
    found: dict[str, list[dict[str, Any]]] = {}
    for name, table in sorted(Table.metadata.tables.items()):
        columns, wanted = table.c, list[sa.ColumnElement[bool]]()
        wanted += [columns.case_id.in_(cases)] if "case_id" in columns else []
        wanted += [columns.mail_id.in_(mails)] if "mail_id" in columns else []
        wanted += [columns.id_number == id_number] if "id_number" in columns else []
        wanted += [columns.id.in_(mails)] if name == "mails" else []
        wanted += [_written_by(session, id_number)] if name == CustomerMessageRow.__tablename__ else []
        if wanted:
            rows = session.execute(sa.select(table).where(sa.or_(*wanted))).mappings()
            if told := [{key: _plain(value) for key, value in row.items()} for row in rows]:
                found[name] = told
    return found


def _written_by(session: Session, id_number: str) -> sa.ColumnElement[bool]:
    """What a person wrote by WhatsApp: about a case of his, or about none from a telephone that only he has or had."""
    cases = sa.select(col(CaseRow.id)).where(col(CaseRow.id_number) == id_number)
    phones = set(session.exec(select(PhoneRow.phone).where(col(PhoneRow.case_id).in_(cases))))
    phones |= set(session.exec(select(AttemptRow.phone).where(col(AttemptRow.case_id).in_(cases))))
    shared = session.exec(
        select(PhoneRow.phone).where(col(PhoneRow.phone).in_(phones), col(PhoneRow.case_id).not_in(cases))
    )
    mine = phones - set(shared) - {""}
    row = CustomerMessageRow
    return sa.or_(col(row.case_id).in_(cases), sa.and_(col(row.case_id).is_(None), col(row.sender).in_(mine)))


def _pictures(session: Session, *which: Any) -> set[str]:
    bodies = session.exec(select(ReadingRow.body).where(*which).execution_options(yield_per=200))
    return {digest for body in bodies for digest in _RASTER.findall(body)}


def _shared(session: Session, mail_id: MailId, mine: set[str]) -> set[str]:
    """Those of a mail's pictures that another mail's reading names too."""
    return {
        digest
        for digest in mine
        if session.exec(
            select(ReadingRow.mail_id)
            .where(col(ReadingRow.mail_id) != mail_id, col(ReadingRow.body).contains(digest))
            .limit(1)
        ).first()
        is not None
    }


def _set(session: Session, table: type[Table], which: Any, **values: object) -> None:
    session.exec(sa.update(table).where(which).values(**values).execution_options(synchronize_session=False))


def _scrubbed(text: str) -> str:
    """Stored JSON without the words about a person, in a form that still reads back."""
    return json.dumps(_without(json.loads(text)), ensure_ascii=False, separators=(",", ":"))


def _without(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _without(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [] if key in _PERSONAL else [_without(one) for one in value]
    return "" if key in _PERSONAL and isinstance(value, str) else value


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return base64.b64encode(value).decode()
    return value if isinstance(value, str | int | float | bool | type(None)) else str(value)
