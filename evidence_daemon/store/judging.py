"""The judge's memory across mails: what files told, pages that look alike, ways by which mails came, actas by office.

All look-ups go by index, so that they cost the same among a hundred mails and a million.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from evidence_daemon.canonical import plain, series_of
from evidence_daemon.model import (
    ABOUT_ANSWERS,
    DAEMON,
    CaseId,
    Direction,
    Document,
    DocumentKind,
    Engine,
    Evidence,
    EvidenceState,
    Fields,
    Lookalike,
    MailId,
    Neighbour,
    Origin,
    OutboxState,
    Reading,
    ReplyKind,
    Rush,
    Verdict,
    receipt_number,
)
from evidence_daemon.store import audit
from evidence_daemon.store.shapes import from_json, to_json
from evidence_daemon.store.statements import among, count_rows, delete_of, of, run
from evidence_daemon.store.tables import DecisionRow, EntryRow, MailCaseRow, MailRow, OutboxRow, ReviewRow
from evidence_daemon.store.tables_desk import CorrectionRow, ProposalRow, ProposalState
from evidence_daemon.store.tables_judging import BandRow, LookRow, OfficeActaRow, OriginRow, WayRow

_BANDS = 16
"""A hash of 256 bits in bands of 16 bits: two that differ in d bits share at least 16 - d of them."""
MOST_BITS = _BANDS - 1
"""In how many bits two pictures may differ and still be found."""

_STANDING = (
    EvidenceState.ACEPTADO,
    EvidenceState.ACEPTADO_PARCIAL,
    EvidenceState.EN_REVISION,
    EvidenceState.ESCALADO,
)


def keep_origins(session: Session, mail_id: MailId, origins: Iterable[Origin]) -> None:
    """Keep what the files of a mail tell of themselves; replaces what an earlier reading kept."""
    session.exec(sa.delete(OriginRow).where(col(OriginRow.mail_id) == mail_id))
    for ordinal, origin in enumerate(origins):
        session.exec(sa.insert(OriginRow).values(mail_id=mail_id, ordinal=ordinal, body=to_json(origin)))


def load_origins(session: Session, mail_id: MailId) -> tuple[Origin, ...]:
    """What `keep_origins` kept, in its order."""
    session.flush()
    rows = session.connection().execute(_ORIGINS, {"own": mail_id}).scalars()
    return tuple(from_json(body, Origin) for body in rows)


# ── judging again ────────────────────────────────────────────────────────────────────────────────


def rejudgeable(session: Session, since: datetime) -> list[MailId]:
    """Mails since then that the daemon alone held, or asked about for want of a case, and reversed nothing on.

    Where a person corrected a value, or proposed a decision to a second one, persons have it in hand.
    """
    corrected = sa.exists().where(col(CorrectionRow.mail_id) == col(MailRow.id))
    proposed = sa.exists().where(
        col(ProposalRow.mail_id) == col(MailRow.id), col(ProposalRow.state) == ProposalState.PENDIENTE
    )
    by_person = sa.exists().where(col(DecisionRow.mail_id) == col(MailRow.id), col(DecisionRow.actor) != DAEMON)
    entered = (
        sa.exists()
        .where(col(DecisionRow.mail_id) == col(MailRow.id))
        .where(col(EntryRow.decision_id) == col(DecisionRow.id))
    )
    last = sa.exists().where(
        col(DecisionRow.mail_id) == col(MailRow.id),
        col(DecisionRow.number) == col(MailRow.decisions),
        sa.or_(
            col(DecisionRow.verdict) == Verdict.HOLD,
            # Asked, and whoever he is no case was found: JSON names the match first.
            sa.and_(col(DecisionRow.verdict) == Verdict.ASK, col(DecisionRow.match).startswith('{"is":"NoCase"')),
        ),
    )
    rows = session.exec(
        select(MailRow.id)
        .where(
            col(MailRow.state).in_((EvidenceState.EN_REVISION, EvidenceState.RECHAZADO)),
            col(MailRow.received_at) >= since,
            last,
            ~by_person,
            ~entered,
            ~corrected,
            ~proposed,
        )
        .order_by(col(MailRow.id))
    )
    return [MailId(number) for number in rows]


def decided_since(session: Session, since: datetime) -> list[MailId]:
    """Mails that were decided at `since` or later, in the order in which they came."""
    rows = session.exec(
        select(DecisionRow.mail_id)
        .where(col(DecisionRow.decided_at) >= since)
        .group_by(col(DecisionRow.mail_id))
        .order_by(col(DecisionRow.mail_id))
    )
    return [MailId(number) for number in rows]


def judge_again(session: Session, mail_id: MailId, now: datetime) -> int | None:
    """Put a decided mail before the judge again, on what was read of it; the number of its walk.

    None when it has a walk before it anyway, or was decided otherwise meanwhile.
    """
    walk = session.exec(
        sa.update(MailRow)
        .where(
            col(MailRow.id) == mail_id,
            col(MailRow.state).in_((EvidenceState.EN_REVISION, EvidenceState.RECHAZADO)),
            col(MailRow.read_at).is_not(None),
        )
        .values(state=EvidenceState.PROCESADO, walk=MailRow.walk + 1, walk_base=MailRow.walk + 1)
        .returning(col(MailRow.walk))
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if walk is None:
        return None
    audit.record(session, "judged again", actor=DAEMON, now=now, mail_id=mail_id)
    return int(walk)


def receipt_left(session: Session, mail_id: MailId) -> bool:
    """Whether a receipt of this mail has left, or may have: then no second one is sent."""
    still_here = (OutboxState.ANULADO, OutboxState.EN_COLA, OutboxState.RETENIDO)
    return bool(
        count_rows(
            session,
            OutboxRow,
            col(OutboxRow.mail_id) == mail_id,
            col(OutboxRow.kind) == ReplyKind.RECIBIDO,
            col(OutboxRow.state).not_in(still_here),
        )
    )


def held_alone(session: Session, mail_id: MailId) -> tuple[CaseId, ...]:
    """The cases that a person is asked about for this mail's sake alone."""
    rows = session.connection().execute(_HELD, {"own": mail_id}).all()
    return tuple(CaseId(row.case_id) for row in rows if not row.others)


# ── pages that look alike ────────────────────────────────────────────────────────────────────────


def keep_looks(session: Session, mail_id: MailId, readings: Sequence[Reading]) -> None:
    """Keep how the pages of a mail look that are pictures; pages of print of one form all look alike."""
    mine = select(LookRow.id).where(col(LookRow.mail_id) == mail_id)
    session.exec(sa.delete(BandRow).where(col(BandRow.look_id).in_(mine)))
    session.exec(sa.delete(LookRow).where(col(LookRow.mail_id) == mail_id))
    pages = [page for reading in readings if isinstance(reading, Document) for page in reading.pages]
    for number, page in enumerate(pages, start=1):
        if page.engine is Engine.TEXTO or not page.look:
            continue
        insert = sa.insert(LookRow).values(mail_id=mail_id, page=number, hash=page.look).returning(col(LookRow.id))
        look_id = session.exec(insert).scalar_one()
        rows = [{"band": band, "value": value, "look_id": look_id} for band, value in _bands(page.look)]
        session.exec(sa.insert(BandRow), params=rows)


def lookalikes(session: Session, mail_id: MailId, bits: int) -> tuple[Lookalike, ...]:
    """Pages of other mails that differ in at most `bits` bits (of 256) from a page of this one, nearest first.

    Of mails whose papers stand: accepted, waiting for a person, or handed over.
    """
    found: dict[tuple[int, int, int | None], Lookalike] = {}
    for look in session.connection().execute(_LOOKS, {"own": mail_id}).all():
        same_bands = sa.or_(
            *(sa.and_(col(BandRow.band) == band, col(BandRow.value) == value) for band, value in _bands(look.hash))
        )
        near = session.exec(
            select(BandRow.look_id)
            .where(same_bands)
            .group_by(col(BandRow.look_id))
            .having(sa.func.count() >= max(1, _BANDS - bits))
            .limit(500)
        ).all()
        rows = session.exec(
            select(LookRow, MailCaseRow.case_id)
            .join(MailRow, col(MailRow.id) == col(LookRow.mail_id))
            .outerjoin(MailCaseRow, col(MailCaseRow.mail_id) == col(LookRow.mail_id))
            .where(col(LookRow.id).in_(near), col(LookRow.mail_id) != mail_id, col(MailRow.state).in_(_STANDING))
            .order_by(col(LookRow.id))
            .limit(200)
        )
        for other, case_id in rows:
            distance = (int(look.hash, 16) ^ int(other.hash, 16)).bit_count()
            if distance <= bits:
                case = CaseId(case_id) if case_id is not None else None
                alike = Lookalike(look.page, receipt_number(MailId(other.mail_id)), case, distance)
                found.setdefault((look.page, other.mail_id, case_id), alike)
    return tuple(sorted(found.values(), key=lambda alike: (alike.distance, alike.receipt)))


def _bands(digits: str) -> list[tuple[int, int]]:
    return [(band, int(digits[4 * band : 4 * band + 4], 16)) for band in range(_BANDS)]


# ── ways ─────────────────────────────────────────────────────────────────────────────────────────


def keep_ways(session: Session, mail_id: MailId, ways: Iterable[tuple[str, str]], at: datetime) -> None:
    """Keep by which ways a mail came, and when; replaces what was kept of it."""
    run(session, _FORGET_WAYS, own=mail_id)
    for way, who in ways:
        run(session, _KEEP_WAY, mail_id=mail_id, way=way, who=who, at=at)


def rushes(
    session: Session,
    mail_id: MailId,
    ways: Iterable[tuple[str, str]],
    at: datetime,
    hours: int,
    meant: Iterable[CaseId],
) -> tuple[Rush, ...]:
    """How many cases other than those `meant` came by the same ways in the `hours` up to `at`."""
    pairs = list(ways)
    if not pairs:
        return ()
    asked = {
        "ways": sorted({way for way, _who in pairs}),
        "whos": sorted({who for _way, who in pairs}),
        "since": at - timedelta(hours=hours),
        "until": at,
        "own": mail_id,
        "meant": [int(case) for case in meant],
    }
    counted = {(row.way, row.who): row.cases for row in session.connection().execute(_RUSHES, asked)}
    return tuple(Rush(way, who, counted[way, who], hours) for way, who in pairs if (way, who) in counted)


# ── actas by office ──────────────────────────────────────────────────────────────────────────────


def keep_office_actas(session: Session, mail_id: MailId, evidence: Evidence, state: EvidenceState) -> None:
    """Keep the place of an accepted mail's actas among those of their office; of any other mail, none."""
    run(session, _FORGET_OFFICE_ACTAS, own=mail_id)
    if state not in {EvidenceState.ACEPTADO, EvidenceState.ACEPTADO_PARCIAL}:
        return
    rows = {}
    for paper in evidence.papers:
        placed = _place(paper)
        if placed is not None:
            office, series, place, number, day = placed
            rows[number] = {
                "mail_id": mail_id,
                "number": number,
                "office": office,
                "series": series,
                "place": place,
                "day": day,
            }
    for row in rows.values():
        run(session, _KEEP_OFFICE_ACTA, **row)


def neighbours(session: Session, mail_id: MailId, papers: Iterable[Fields]) -> tuple[Neighbour, ...]:
    """Of each acta the accepted ones of the same office and series, the two next lower and the two next higher."""
    found: dict[Neighbour, None] = {}
    for placed in map(_place, papers):
        if placed is None:
            continue
        office, series, place, _number, _day = placed
        asked = {"office": office, "series": series, "place": place, "own": mail_id}
        for row in session.connection().execute(_NEIGHBOURS, asked):
            found[Neighbour(receipt_number(MailId(row.mail_id)), row.number, row.day)] = None
    return tuple(found)


def _place(paper: Fields) -> tuple[str, str, int, str, date] | None:
    """Office, series, place, number and day of an acta of return that tells them all."""
    if paper.kind is not DocumentKind.ACTA or paper.direction is not Direction.DEVOLUCION:
        return None
    if paper.number is None or paper.office is None or paper.date is None:
        return None
    series = series_of(paper.number.value)
    try:
        day = date.fromisoformat(paper.date.value)
    except ValueError:
        return None
    return (plain(paper.office.value), *series, paper.number.value, day) if series else None


# ── statements, built once: building one costs more than running it ──────────────────────────────


def _rushes() -> sa.Select[Any]:
    way, case = of(WayRow).c, of(MailCaseRow).c
    return (
        sa.select(way.way, way.who, sa.func.count(sa.distinct(case.case_id)).label("cases"))
        .join_from(of(WayRow), of(MailCaseRow), case.mail_id == way.mail_id)
        .where(
            among(way.way, "ways"),
            among(way.who, "whos"),
            way.at > sa.bindparam("since"),
            way.at <= sa.bindparam("until"),
            way.mail_id != sa.bindparam("own"),
            ~among(case.case_id, "meant"),
        )
        .group_by(way.way, way.who)
    )


def _neighbours() -> sa.CompoundSelect[Any]:
    acta = of(OfficeActaRow).c
    here = (
        acta.office == sa.bindparam("office"),
        acta.series == sa.bindparam("series"),
        acta.mail_id != sa.bindparam("own"),
    )
    lower = sa.select(of(OfficeActaRow)).where(*here, acta.place < sa.bindparam("place")).order_by(acta.place.desc())
    higher = sa.select(of(OfficeActaRow)).where(*here, acta.place > sa.bindparam("place")).order_by(acta.place)
    return sa.union_all(sa.select(lower.limit(2).subquery()), sa.select(higher.limit(2).subquery()))


def _held() -> sa.Select[Any]:
    """The cases of a mail that waits for a person, and whether another mail of the case does too."""
    mine, theirs = of(MailCaseRow).alias("mine"), of(MailCaseRow).alias("theirs")
    ours, others = of(ReviewRow).alias("ours"), of(ReviewRow).alias("others")
    waiting = sa.exists().where(
        theirs.c.case_id == mine.c.case_id,
        theirs.c.mail_id != mine.c.mail_id,
        others.c.mail_id == theirs.c.mail_id,
        others.c.closed_at.is_(None),
        others.c.lane.not_in(ABOUT_ANSWERS),
    )
    open_ = sa.exists().where(
        ours.c.mail_id == mine.c.mail_id, ours.c.closed_at.is_(None), ours.c.lane.not_in(ABOUT_ANSWERS)
    )
    return sa.select(mine.c.case_id, waiting.label("others")).where(mine.c.mail_id == sa.bindparam("own"), open_)


_ORIGIN = of(OriginRow).c
_ORIGINS = sa.select(_ORIGIN.body).where(_ORIGIN.mail_id == sa.bindparam("own")).order_by(_ORIGIN.ordinal)
_FORGET_WAYS, _KEEP_WAY = delete_of(WayRow), sa.insert(of(WayRow))
_FORGET_OFFICE_ACTAS, _KEEP_OFFICE_ACTA = delete_of(OfficeActaRow), sa.insert(of(OfficeActaRow))
_RUSHES, _NEIGHBOURS, _HELD = _rushes(), _neighbours(), _held()
_LOOKS = sa.select(of(LookRow)).where(of(LookRow).c.mail_id == sa.bindparam("own")).order_by(of(LookRow).c.page)
