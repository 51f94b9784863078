"""Signatures of mails, as they were found when the mails came."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session, col

from evidence_daemon.model import MailId, MailSignature
from evidence_daemon.store.statements import of, run
from evidence_daemon.store.tables_mail import SignatureRow


def save_signatures(session: Session, mail_id: MailId, found: Sequence[MailSignature]) -> None:
    """Keep what was found of a mail's signatures; replaces what an earlier look kept."""
    session.exec(sa.delete(SignatureRow).where(col(SignatureRow.mail_id) == mail_id))
    for ordinal, signature in enumerate(found):
        values = {"domain": signature.domain, "verdict": signature.verdict, "detail": signature.detail}
        session.exec(sa.insert(SignatureRow).values(mail_id=mail_id, ordinal=ordinal, **values))


def load_signatures(session: Session, mail_id: MailId) -> tuple[MailSignature, ...]:
    """What `save_signatures` kept; nothing for an unsigned mail, or one that nobody looked at."""
    return tuple(MailSignature(row.domain, row.verdict, row.detail) for row in run(session, _FOUND, own=mail_id))


_FOUND = (
    sa.select(of(SignatureRow))
    .where(of(SignatureRow).c.mail_id == sa.bindparam("own"))
    .order_by(of(SignatureRow).c.ordinal)
)
"""Built once: building a statement costs more than running it."""
