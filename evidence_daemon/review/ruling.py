"""The words of the desk: what a person decides, and how that becomes a `Decision` like the daemon's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from evidence_daemon.errors import BadInput, RefusedTransition
from evidence_daemon.model import (
    DAEMON,
    AskMore,
    Case,
    CaseId,
    ChargeId,
    Decision,
    Discard,
    Escalate,
    Evidence,
    EvidenceState,
    Finding,
    Grounds,
    Hold,
    ItemFinding,
    ItemId,
    ItemOutcome,
    ItemState,
    Match,
    Partial,
    ReasonCode,
    Reject,
    ReplyKind,
    Reverse,
    Settlement,
    Verdict,
)
from evidence_daemon.store import records
from evidence_daemon.store.reviews import person_actor


class TooLate(RefusedTransition):
    """The question is not the one that the person answers: who did what meanwhile stands in the words."""


class NotShown(TooLate):
    """The answer that would go out is not the one that the person saw."""


class InHand(RefusedTransition):
    """Somebody else has the mail before him."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a person decides.

    `case_id` names the case where the daemon found none, several, or the wrong one.  Of a `reverse` or `partial`,
    `items` are those accredited, `charges` those of cases that list no equipment; None means all that are pending.
    `reasons` are what the customer reads, `text` the answer where the person wrote it anew, `note` is for staff.
    """

    verdict: Verdict
    reasons: tuple[ReasonCode, ...] = ()
    case_id: CaseId | None = None
    items: tuple[ItemId, ...] | None = None
    charges: tuple[ChargeId, ...] | None = None
    note: str = ""
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an act came to.  `proposed` (Spanish) says why a second person must approve: nothing changed yet.

    `number` is that of the decision, `charges` how many it changed, `repeated` that this form was sent before.
    """

    receipt: str
    verdict: Verdict
    state: EvidenceState
    number: int = 0
    proposed: str = ""
    reply: ReplyKind | None = None
    unanswered_because: str = ""
    charges: int = 0
    undo_until: datetime | None = None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What a ruling would do, and the exact words of the answer; `text` is "" when nobody is answered.

    `second` (Spanish) says why a second person would be needed, or is "".  `basis` names these words: a form that was
    made with others has not shown them.
    """

    settlement: Settlement
    text: str
    to_address: str
    second: str
    basis: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that a person needs to decide on a mail.

    `evidence` and what follows from it are None when not even the mail can be read; `trouble` says why then.
    `judged` is what the rules say now, with the corrections.
    """

    story: records.Story
    question: records.Review | None
    proposal: records.Proposal | None
    corrections: tuple[records.Correction, ...]
    earlier: tuple[records.Earlier, ...]
    evidence: Evidence | None = None
    found: Match | None = None
    judged: Decision | None = None
    cases: tuple[Case, ...] = ()
    trouble: str = ""


# ── words ────────────────────────────────────────────────────────────────────────────────────────

VERDICTS: Mapping[Verdict, str] = {
    Verdict.REVERSE: "acreditar todo",
    Verdict.PARTIAL: "acreditar una parte",
    Verdict.ASK: "pedir que lo subsane",
    Verdict.REJECT: "rechazar",
    Verdict.HOLD: "que lo vea una persona",
    Verdict.ESCALATE: "derivar a otra área",
    Verdict.DISCARD: "descartar",
}
"""What a person decides, as the next one reads it."""

_KINDS: Mapping[type[Decision], Verdict] = {
    Reverse: Verdict.REVERSE,
    Partial: Verdict.PARTIAL,
    AskMore: Verdict.ASK,
    Reject: Verdict.REJECT,
    Hold: Verdict.HOLD,
    Escalate: Verdict.ESCALATE,
    Discard: Verdict.DISCARD,
}


def verdict_of(decision: Decision) -> Verdict:
    """Its word."""
    return _KINDS[type(decision)]


def staff_words(decision: Decision) -> str:
    """What the deciding rule tells staff."""
    return next((finding.staff for finding in decision.grounds.findings if finding.decided), "")


def actor_of(person: str) -> str:
    """How a person is named in the history.  Raises `BadInput` without a name."""
    name = person.removeprefix("persona:").strip()
    if not name:
        raise BadInput("say who decides: a name is needed")
    return person_actor(name)


def name_of(actor: str) -> str:
    """How an actor is named to people."""
    return "el sistema" if actor == DAEMON else actor.removeprefix("persona:")


# ── a ruling becomes a decision ──────────────────────────────────────────────────────────────────


def decision_of(ruling: Ruling, cases: tuple[Case, ...], actor: str, judged: Grounds) -> Decision:
    """The ruling as the judge would have said it; `judged` are the grounds that the rules give now.

    Raises `BadInput` when it lacks a case, or an item that can be accredited.
    """
    finding = Finding(
        rule=actor,
        verdict=ruling.verdict,
        reasons=ruling.reasons,
        staff=ruling.note or "Decisión de una persona.",
        decided=True,
    )
    grounds = Grounds(
        findings=(finding,),
        reasons=ruling.reasons,
        signals=judged.signals,
        actor=actor,
        case_shown=judged.case_shown,
    )
    match ruling.verdict:
        case Verdict.REVERSE | Verdict.PARTIAL:
            if not cases:
                raise BadInput("ningún caso es el único de este correo: elija uno (en la consola: --case)")
            return _accreditation(cases, ruling, grounds)
        case Verdict.ASK:
            return AskMore(cases, grounds)
        case Verdict.REJECT:
            return Reject(cases, grounds)
        case Verdict.HOLD:
            return Hold(cases, grounds)
        case Verdict.ESCALATE:
            return Escalate(cases, grounds)
        case Verdict.DISCARD:
            return Discard(cases, grounds)


def _accreditation(cases: tuple[Case, ...], ruling: Ruling, grounds: Grounds) -> Reverse | Partial:
    """Accredit the chosen pending items (charges, where a case lists none); whether that is all follows from them."""
    pending = [(case, item) for case in cases for item in case.items if item.state is ItemState.PENDIENTE]
    known = {item.id for _case, item in pending}
    chosen = known if ruling.items is None else set(ruling.items)
    if strange := [str(item) for item in chosen - known]:
        raise BadInput(f"no es un equipo pendiente de este caso: {', '.join(strange)}")
    loose = {charge.id for case in cases if not case.items for charge in case.charges}
    picked = loose if ruling.charges is None else set(ruling.charges)
    if strange := [str(charge) for charge in picked - loose]:
        raise BadInput(f"no es un valor sin equipo de este caso: {', '.join(strange)}")
    if not chosen and not picked:
        raise BadInput("no eligió ningún equipo pendiente: no hay qué acreditar")
    findings = tuple(
        ItemFinding(
            case_id=case.id,
            item_id=item.id,
            outcome=ItemOutcome.ACREDITAR if item.id in chosen else ItemOutcome.NO_CONSTA,
            because="decided by a person",
        )
        for case, item in pending
    )
    kind = Reverse if chosen == known and picked == loose else Partial
    return kind(cases, replace(grounds, items=findings, charges=tuple(sorted(picked)) if loose else None))
