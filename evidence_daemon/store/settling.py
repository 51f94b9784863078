"""The one transaction that matters: `apply` writes a settlement, and the uses of evidence it rests on.

Each change of a state is a conditional update that names the state before; when the row is not in it any
more, somebody was faster and `RefusedTransition` is raised.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session, col, select

from evidence_daemon.canonical import acta_key, canonical_mac, canonical_serial
from evidence_daemon.errors import RefusedTransition
from evidence_daemon.model import (
    ABOUT_ANSWERS,
    DAEMON,
    CaseId,
    CaseState,
    Cents,
    ChargeState,
    Direction,
    DocumentKind,
    EntryKind,
    Evidence,
    EvidenceState,
    ItemState,
    Lane,
    LedgerEntry,
    MailId,
    Match,
    Reject,
    SearchKeys,
    Settlement,
    Use,
    receipt_number,
)
from evidence_daemon.store import audit, outreach
from evidence_daemon.store.outbox import (
    Outgoing,
    cancel_receipts,
    put_out,
)
from evidence_daemon.store.reviews import close_reviews, open_review
from evidence_daemon.store.shapes import VERDICTS, to_json
from evidence_daemon.store.statements import among, change_one, delete_of, insert_new, of, run
from evidence_daemon.store.tables import (
    CaseRow,
    ChargeRow,
    DecisionRow,
    EntryRow,
    ItemRow,
    MailCaseRow,
    MailRow,
    PaperRow,
    Table,
    UseRow,
)

# ── uses of evidence ─────────────────────────────────────────────────────────────────────────────


class Trace(StrEnum):
    """By what evidence is recognised when it turns up again: `Use.what`."""

    ADJUNTO = "adjunto"
    ACTA = "acta"
    SERIE = "serie"
    IMAGEN = "imagen"
    """A picture inside the files, byte for byte, in whatever wrapping."""


def traces(evidence: Evidence) -> tuple[tuple[Trace, str], ...]:
    """What evidence leaves behind, in canonical form: hashes of the acta's files, its number, the serials on it.

    With no acta among the papers every attachment counts (the same unreadable photo sent again).  Papers
    of an installation carry the very serials of the return, so they leave none.
    """
    actas = [paper for paper in evidence.papers if paper.kind is DocumentKind.ACTA]
    if actas:
        files = [digest for paper in actas for digest in paper.documents]
    else:
        files = [attachment.sha256 for attachment in evidence.email.attachments]
    found = [(Trace.ADJUNTO, str(digest)) for digest in files]
    found += [
        (Trace.IMAGEN, str(image)) for origin in evidence.origins if origin.sha256 in files for image in origin.images
    ]
    for paper in actas:
        if paper.direction is Direction.INSTALACION:
            continue
        if paper.number is not None:
            found.append((Trace.ACTA, acta_key(paper.number.value)))
        for line in paper.equipment:
            if line.serial is not None:
                found.append((Trace.SERIE, canonical_serial(line.serial.value)))
            if line.mac is not None:
                found.append((Trace.SERIE, canonical_mac(line.mac.value)))
    return tuple(dict.fromkeys((what, value) for what, value in found if value))


def with_uses(session: Session, mail_id: MailId, evidence: Evidence) -> Evidence:
    """The evidence with its `uses`: where else its files, acta number and serials stand.

    Uses stand while they are accepted, wait for a person, or were refused for good; a mail that was only
    asked for something leaves none, so that a customer may send the same file again with a better subject.
    """
    found: dict[Use, None] = {}
    wanted = traces(evidence)
    if wanted:
        asked = {"values": sorted({value for _what, value in wanted}), "own": mail_id}
        known = set(wanted)
        for row in run(session, _USES, **asked):
            what, value, other, case_id, accepted, denied = tuple(row)
            if (what, value) in known:
                whose = CaseId(case_id) if case_id is not None else None
                found[Use(what, value, receipt_number(MailId(other)), whose, accepted, bool(denied))] = None
    order = [what.value for what in Trace]
    return replace(evidence, uses=tuple(sorted(found, key=lambda use: order.index(use.what))))


_USE = of(UseRow)


_KINDS: list[sa.ColumnElement[str]] = [sa.literal_column(f"'{kind}'") for kind in Trace]
_TAKEN_BACK = sa.exists().where(
    of(DecisionRow).c.mail_id == _USE.c.mail_id,
    of(EntryRow).c.decision_id == of(DecisionRow).c.id,
    of(EntryRow).c.kind == EntryKind.CORRECCION,
)
# Only a person's final no leaves uses of a refused mail behind: who was merely asked leaves none.
_REFUSED = sa.exists().where(of(MailRow).c.id == _USE.c.mail_id, of(MailRow).c.state == EvidenceState.RECHAZADO)
_USES = (
    sa.select(
        *(_USE.c[name] for name in ("what", "value", "mail_id", "case_id", "accepted")),
        sa.or_(_REFUSED, _TAKEN_BACK).label("denied"),
    )
    .where(_USE.c.what.in_(_KINDS), among(_USE.c.value, "values"), _USE.c.mail_id != sa.bindparam("own"))
    .order_by(_USE.c.id + 0)  # by the number alone SQLite would rather walk the whole table in its order
    .limit(400)
)
_DECISIONS = sa.select(of(MailRow).c.decisions).where(of(MailRow).c.id == sa.bindparam("own"))


# ── settling ─────────────────────────────────────────────────────────────────────────────────────


def next_decision_number(session: Session, mail_id: MailId) -> int:
    """The number that the next decision on this mail gets, from 1."""
    return int(run(session, _DECISIONS, own=mail_id).scalar_one()) + 1


def apply(
    session: Session,
    mail_id: MailId,
    settlement: Settlement,
    *,
    found: Match,
    evidence: Evidence,
    follows: Collection[EvidenceState],
    edition: str,
    now: datetime,
    outgoing: Outgoing | None,
    keys: SearchKeys | None = None,
    number: int | None = None,
) -> int:
    """Write everything that a settlement changes; returns the id of the decision.

    All or nothing, in a savepoint of the caller's transaction: when `RefusedTransition` is raised (a state
    was not what the settlement thought, a charge has a live reversal, the evidence was accepted for
    another case a moment ago) nothing of it is written, and the caller may judge anew.

    `follows` are the states of the mail from which the ledger lets this decision be made.

    `number` makes it safe to repeat: when this mail has that decision already, nothing happens and its id
    is returned.  Without it the next number is taken.
    """
    taken = next_decision_number(session, mail_id) - 1
    if number is not None and number <= taken:
        return int(run(session, _NUMBERED, own=mail_id, number=number).scalar_one())
    if number is not None and number != taken + 1:
        raise RefusedTransition(f"{receipt_number(mail_id)} has {taken} decisions: the next cannot be number {number}")
    try:
        with session.begin_nested():
            return _apply(
                session,
                mail_id,
                settlement,
                found=found,
                evidence=evidence,
                keys=keys or SearchKeys(),
                follows=follows,
                edition=edition,
                now=now,
                outgoing=outgoing,
                taken=taken,
            )
    except sa.exc.IntegrityError as trouble:
        # The database's own last line: whatever gets here was a race, or a bug.  Either way nothing is written.
        words = f"{receipt_number(mail_id)}: the database refused the settlement: {trouble.orig}"
        raise RefusedTransition(words) from trouble


def _apply(
    session: Session,
    mail_id: MailId,
    settlement: Settlement,
    *,
    found: Match,
    evidence: Evidence,
    keys: SearchKeys,
    follows: Collection[EvidenceState],
    edition: str,
    now: datetime,
    outgoing: Outgoing | None,
    taken: int,
) -> int:
    decision = settlement.decision
    actor = decision.grounds.actor
    receipt = receipt_number(mail_id)
    change_one(
        session,
        _DECIDE,
        f"{receipt} was decided by somebody else at the same moment, or may not become {settlement.evidence_state} now",
        own=mail_id,
        taken=taken,
        follows=sorted(state.value for state in follows),
        decisions=taken + 1,
        state=settlement.evidence_state,
        folder=settlement.folder,
        edition=edition,
        limit=settlement.respond_by,
        shunted_at=None,
        stage="",
        trouble="",
    )
    decision_id = int(
        run(
            session,
            _KEEP_DECISION,
            mail_id=mail_id,
            number=taken + 1,
            verdict=VERDICTS[type(decision)],
            actor=actor,
            edition=edition,
            decided_at=now,
            keys=to_json(keys),
            match=to_json(found),
            decision=to_json(decision),
            settlement=to_json(settlement),
        ).scalar_one()
    )
    _change_states(session, settlement)
    outreach.decided(session, mail_id, settlement.evidence_state, [case.id for case in decision.cases], now)
    for entry in settlement.entries:
        enter(session, decision_id, entry, now)
    run(session, _FORGET_PAPERS, own=mail_id)
    for ordinal, paper in enumerate(evidence.papers):
        run(session, _KEEP_PAPER, mail_id=mail_id, ordinal=ordinal, body=to_json(paper))
    about_cases(session, mail_id, [case.id for case in decision.cases])
    _keep_uses(session, mail_id, settlement, evidence)
    if settlement.evidence_state in {EvidenceState.ACEPTADO, EvidenceState.ACEPTADO_PARCIAL}:
        _supersede(session, mail_id, [case.id for case in decision.cases], actor, now)
    close_reviews(session, mail_id, actor, now, frozenset(Lane) - ABOUT_ANSWERS)
    if settlement.review is not None:
        open_review(session, mail_id, settlement.review, now, signals=len(decision.grounds.signals))
    cancel_receipts(session, mail_id)
    if outgoing is not None and settlement.reply is not None:
        put_out(session, mail_id, decision_id, settlement.reply, outgoing, now=now)
    audit.record(
        session,
        "decided",
        actor=actor,
        now=now,
        mail_id=mail_id,
        case_id=decision.cases[0].id if len(decision.cases) == 1 else None,
        detail={
            "number": taken + 1,
            "verdict": VERDICTS[type(decision)].value,
            "edition": edition,
            "reasons": list(decision.grounds.reasons),
            "entries": [[entry.kind.value, entry.charge_id, entry.amount] for entry in settlement.entries],
            "reply": settlement.reply.kind.value if settlement.reply is not None else None,
        },
    )
    return decision_id


def about_cases(session: Session, mail_id: MailId, ids: Sequence[CaseId]) -> None:
    """The mail is about these cases."""
    run(session, _FORGET_CASES, own=mail_id)
    for case_id in dict.fromkeys(ids):
        run(session, _KEEP_CASE, mail_id=mail_id, case_id=case_id)


def _supersede(session: Session, mail_id: MailId, cases: Sequence[CaseId], actor: str, now: datetime) -> None:
    """Mails of these cases that were refused: what was wrong with them is of no account any more."""
    of_cases = select(MailCaseRow.mail_id).where(col(MailCaseRow.case_id).in_(cases))
    replaced = session.exec(
        sa.update(MailRow)
        .where(col(MailRow.id).in_(of_cases), col(MailRow.id) != mail_id, col(MailRow.state) == EvidenceState.RECHAZADO)
        .values(state=EvidenceState.SUSTITUIDO)
        .returning(col(MailRow.id))
        .execution_options(synchronize_session=False)
    ).scalars()
    for other in sorted(replaced):
        by = {"by": receipt_number(mail_id)}
        audit.record(session, "superseded", actor=actor, now=now, mail_id=MailId(other), detail=by)


def _change_states(session: Session, settlement: Settlement) -> None:
    """Each change names the state before; a row that is not in it was changed by somebody else."""
    steps: list[tuple[type[Table], str, int, CaseState | ItemState | ChargeState, CaseState | ItemState | ChargeState]]
    steps = [(CaseRow, "case", change.case_id, change.before, change.after) for change in settlement.cases]
    steps += [(ItemRow, "item", change.item_id, change.before, change.after) for change in settlement.items]
    steps += [(ChargeRow, "charge", change.charge_id, change.before, change.after) for change in settlement.charges]
    for table, word, row_id, before, after in steps:
        words = f"{word} {row_id} is not {before} any more: it cannot become {after}"
        change_one(session, _STEPS[table], words, row=row_id, before=before, state=after)


def enter(session: Session, decision_id: int, entry: LedgerEntry, now: datetime) -> None:
    """One line of the ledger, and the charge's `reversed` with it, which is what its lines add up to."""
    kinds = run(session, _KINDS_OF, charge=entry.charge_id).scalars().all()
    corrections = sum(kind is EntryKind.CORRECCION for kind in kinds)
    live = len(kinds) - corrections > corrections
    correcting = entry.kind is EntryKind.CORRECCION
    if correcting != live:
        raise RefusedTransition(
            f"charge {entry.charge_id} has no live reversal to correct"
            if correcting
            else f"charge {entry.charge_id} has a live reversal already: no value is reversed twice"
        )
    run(
        session,
        _KEEP_ENTRY,
        decision_id=decision_id,
        case_id=entry.case_id,
        charge_id=entry.charge_id,
        kind=entry.kind,
        operation=entry.operation,
        amount=entry.amount,
        turn=corrections + 1,
        cause=entry.cause,
        rule=entry.rule,
        entered_at=now,
    )
    change_one(
        session,
        _ADD_UP,
        f"charge {entry.charge_id} of case {entry.case_id}: {entry.amount} cents are more than there is to reverse",
        charge=entry.charge_id,
        case=entry.case_id,
        more=-entry.amount if correcting else entry.amount,
    )


def _keep_uses(session: Session, mail_id: MailId, settlement: Settlement, evidence: Evidence) -> None:
    """Replace the traces of this mail by those of its present state, and claim them when it is accepted.

    The claim settles a race: of two automatic acceptances of one acta for different cases the second is
    refused, and judged anew it sees the first.  A person may accept what the daemon may not.
    """
    decision = settlement.decision
    state = settlement.evidence_state
    accepted = state in {EvidenceState.ACEPTADO, EvidenceState.ACEPTADO_PARCIAL}
    if not accepted and _reversed_something(session, mail_id):
        return  # put back and decided otherwise: what was reversed still rests on these papers
    stands = accepted or isinstance(decision, Reject) or state in {EvidenceState.EN_REVISION, EvidenceState.ESCALADO}
    run(session, _FORGET_UNCLAIMED if accepted else _FORGET_USES, own=mail_id)
    if not stands:
        return
    ids: list[CaseId | None] = [case.id for case in decision.cases]
    for what, value in traces(evidence):
        for case_id in ids or [None]:
            row = {"mail_id": mail_id, "case_id": case_id, "what": what, "value": value, "accepted": accepted}
            run(session, _KEEP_USE, **row, claimed=False)
        if accepted:
            _claim(session, mail_id, ids, (what, value), actor=decision.grounds.actor)


def _reversed_something(session: Session, mail_id: MailId) -> bool:
    """True while a reversal that this mail caused is live, i.e. no correction has taken it back."""
    return bool(run(session, _LIVE_OF_MAIL, own=mail_id).scalar_one())


def live_entries(session: Session, decision_id: int) -> int:
    """How many ledger entries of a decision no correction has taken back."""
    return int(run(session, _LIVE, of_decision=decision_id).scalar_one())


def people_accredited(session: Session, cases: Collection[CaseId], since: datetime) -> Cents:
    """Cents that people accredited to these cases since a moment, and that no correction has taken back."""
    if not cases:
        return Cents(0)
    asked = {"cases": [int(case) for case in cases], "since": since}
    return Cents(int(run(session, _BY_PEOPLE, **asked).scalar_one()))


def _claim(
    session: Session, mail_id: MailId, ids: Sequence[CaseId | None], trace: tuple[Trace, str], *, actor: str
) -> None:
    what, value = trace
    row = {
        "mail_id": mail_id,
        "case_id": ids[0] if ids else None,
        "what": what,
        "value": value,
        "accepted": True,
        "claimed": True,
    }
    if insert_new(session, UseRow, row, ["what", "value"], where=sa.text("claimed")):
        session.exec(
            sa.delete(UseRow).where(
                col(UseRow.mail_id) == mail_id,
                col(UseRow.what) == what,
                col(UseRow.value) == value,
                col(UseRow.case_id) == row["case_id"],
                col(UseRow.claimed).is_(False),
            )
        )
        return
    holder, case_id = session.exec(
        select(UseRow.mail_id, UseRow.case_id).where(
            col(UseRow.what) == what, col(UseRow.value) == value, col(UseRow.claimed)
        )
    ).one()
    if holder != mail_id and case_id not in ids and actor == DAEMON:
        raise RefusedTransition(
            f"{what.value} {value[:12]} was accepted for another case in {receipt_number(MailId(holder))} a moment ago"
        )


# ── statements, built once ───────────────────────────────────────────────────────────────────────


def _stands() -> tuple[sa.ColumnElement[bool], ...]:
    """That an entry accredits, and that no correction has taken it back."""
    entry, taken_back = of(EntryRow).c, of(EntryRow).alias("taken_back").c
    corrected = sa.exists().where(
        taken_back.charge_id == entry.charge_id,
        taken_back.turn == entry.turn,
        taken_back.kind == EntryKind.CORRECCION,
    )
    return entry.kind != EntryKind.CORRECCION, ~corrected


def _step(table: type[Table]) -> sa.Update:
    row = of(table).c
    return sa.update(of(table)).where(row.id == sa.bindparam("row"), row.state == sa.bindparam("before"))


def _add_up() -> sa.Update:
    charge, more = of(ChargeRow).c, sa.bindparam("more", type_=sa.Integer)
    return (
        sa.update(of(ChargeRow))
        .where(
            charge.id == sa.bindparam("charge"),
            charge.case_id == sa.bindparam("case"),
            charge.reversed + more <= charge.total,
            charge.reversed + more >= 0,
        )
        .values(reversed=charge.reversed + more)
    )


_OWN: sa.BindParameter[int] = sa.bindparam("own")
_DECIDE = (
    sa.update(of(MailRow))
    .where(
        of(MailRow).c.id == _OWN,
        of(MailRow).c.decisions == sa.bindparam("taken"),
        among(of(MailRow).c.state, "follows"),
    )
    .values(respond_by=sa.func.coalesce(sa.bindparam("limit", type_=sa.Date), of(MailRow).c.respond_by))
)
_KEEP_DECISION = sa.insert(of(DecisionRow)).returning(of(DecisionRow).c.id)
_NUMBERED = sa.select(of(DecisionRow).c.id).where(
    of(DecisionRow).c.mail_id == _OWN, of(DecisionRow).c.number == sa.bindparam("number")
)
_STEPS: dict[type[Table], sa.Update] = {table: _step(table) for table in (CaseRow, ItemRow, ChargeRow)}
_KINDS_OF = sa.select(of(EntryRow).c.kind).where(of(EntryRow).c.charge_id == sa.bindparam("charge"))
_KEEP_ENTRY, _ADD_UP = sa.insert(of(EntryRow)), _add_up()
_FORGET_PAPERS, _KEEP_PAPER = delete_of(PaperRow), sa.insert(of(PaperRow))
_FORGET_CASES, _KEEP_CASE = delete_of(MailCaseRow), sa.insert(of(MailCaseRow))
_FORGET_USES, _KEEP_USE = delete_of(UseRow), sa.insert(of(UseRow))
_FORGET_UNCLAIMED = _FORGET_USES.where(_USE.c.claimed.is_(False))
_OF_THE_MAIL = sa.select(of(DecisionRow).c.id).where(of(DecisionRow).c.mail_id == _OWN)
_COUNT = sa.select(sa.func.count()).select_from(of(EntryRow)).where(*_stands())
_LIVE_OF_MAIL = _COUNT.where(of(EntryRow).c.decision_id.in_(_OF_THE_MAIL))
_LIVE = _COUNT.where(of(EntryRow).c.decision_id == sa.bindparam("of_decision"))
_BY_PEOPLE = (
    sa.select(sa.func.coalesce(sa.func.sum(of(EntryRow).c.amount), 0))
    .join_from(of(EntryRow), of(DecisionRow), of(DecisionRow).c.id == of(EntryRow).c.decision_id)
    .where(
        among(of(EntryRow).c.case_id, "cases"),
        of(DecisionRow).c.actor != DAEMON,
        of(EntryRow).c.entered_at > sa.bindparam("since"),
        *_stands(),
    )
)
