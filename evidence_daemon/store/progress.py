"""How far a campaign is: attempts by state, and customers from planned down to regularised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from evidence_daemon.model import CaseState, Channel, ContactState, EvidenceState
from evidence_daemon.store.outreach import WAITING
from evidence_daemon.store.tables import CaseRow, MailCaseRow, MailRow
from evidence_daemon.store.tables_outreach import AttemptRow

_S = ContactState


def counts(session: Session, campaign: int) -> dict[tuple[Channel, ContactState], int]:
    """Attempts by channel and state."""
    rows = session.execute(
        sa.select(col(AttemptRow.channel), col(AttemptRow.state), sa.func.count())
        .where(col(AttemptRow.campaign_id) == campaign)
        .group_by(col(AttemptRow.channel), col(AttemptRow.state))
    )
    return {(channel, state): count for channel, state, count in rows}


@dataclass(frozen=True, slots=True)
class Funnel:
    """Customers of a campaign, from planned down to the only number that matters."""

    planned: int
    contacted: int
    """An attempt was begun."""
    reached: int
    """Delivered, or somebody took up the call."""
    noticed: int
    """Read, or heard for the most part."""
    answered: int
    """Evidence of the case came after the first contact."""
    regularised: int
    """… and it was accepted."""


_TAKEN_UP = ("ESCUCHADO", "PARCIAL", "COLGO", "BAJA")
"""Results of a call that somebody took up, whatever followed it."""


def funnel(session: Session, campaign: int) -> Funnel:
    """Counted by case; each of the numbers is part of the one before, save that a contact need not be noticed."""
    reached = (_S.ENTREGADO, _S.LEIDO, _S.RESPONDIDO, _S.CONTESTADO)
    state, result = col(AttemptRow.state), col(AttemptRow.result)
    begun = col(AttemptRow.claimed_at).is_not(None)
    noticed = sa.or_(state.in_((_S.LEIDO, _S.RESPONDIDO)), result.in_(("ESCUCHADO", "BAJA")))

    def flag(condition: Any) -> Any:
        return sa.func.max(sa.case((condition, 1), else_=0))

    by_case = (
        sa.select(
            col(AttemptRow.case_id).label("case_id"),
            flag(begun).label("contacted"),
            flag(sa.or_(state.in_(reached), result.in_(_TAKEN_UP))).label("reached"),
            flag(noticed).label("noticed"),
            sa.func.min(AttemptRow.claimed_at).label("first"),
        )
        .where(col(AttemptRow.campaign_id) == campaign)
        .group_by(col(AttemptRow.case_id))
        .subquery()
    )
    wrote = sa.exists(
        sa.select(1)
        .select_from(MailCaseRow)
        .join(MailRow, col(MailRow.id) == col(MailCaseRow.mail_id))
        .where(
            col(MailCaseRow.case_id) == by_case.c.case_id,
            col(MailRow.stored_at) > by_case.c.first,
            col(MailRow.state).not_in((EvidenceState.DESCARTADO, EvidenceState.DUPLICADO)),
        )
    )
    accepted = (CaseState.ACREDITADO, CaseState.REGULARIZADO)
    row = session.execute(
        sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(by_case.c.contacted), 0),
            sa.func.coalesce(sa.func.sum(by_case.c.reached), 0),
            sa.func.coalesce(sa.func.sum(by_case.c.noticed), 0),
            sa.func.coalesce(sa.func.sum(sa.case((wrote, 1), else_=0)), 0),
            sa.func.coalesce(sa.func.sum(sa.case((sa.and_(wrote, col(CaseRow.state).in_(accepted)), 1), else_=0)), 0),
        )
        .select_from(by_case)
        .join(CaseRow, col(CaseRow.id) == by_case.c.case_id)
    ).one()
    return Funnel(*row)


def is_over(session: Session, campaign: int) -> bool:
    """Nothing of it is planned, held or waited for."""
    # A message whose answer was lost is waited for until its time is over; the call after it may still be planned.
    doubted = sa.and_(col(AttemptRow.state) == _S.DESCONOCIDO, col(AttemptRow.channel) == Channel.WHATSAPP)
    first = (
        sa.select(1)
        .select_from(AttemptRow)
        .where(
            col(AttemptRow.campaign_id) == campaign,
            sa.or_(col(AttemptRow.state).in_((*WAITING, _S.ENVIANDO, _S.ENVIADO)), doubted),
        )
        .limit(1)
    )
    return session.execute(first).first() is None
