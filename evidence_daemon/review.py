"""What a person may do with a held mail; the command line and the review desk both call this.

A person's verdict is a `Decision` like the daemon's and goes through the same `settle`: the same state
tables refuse what may not be, the same ledger takes the entries, the same outbox the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evidence_daemon.cases.settlement import settle
from evidence_daemon.errors import BadInput
from evidence_daemon.model import (
    AskMore,
    Case,
    CaseId,
    Decision,
    Discard,
    Escalate,
    Finding,
    Grounds,
    Hold,
    ItemFinding,
    ItemId,
    ItemOutcome,
    ItemState,
    MailId,
    ManyCases,
    Match,
    NoCase,
    OneCase,
    Partial,
    ReasonCode,
    Reject,
    Reverse,
    Settlement,
    Verdict,
)
from evidence_daemon.pipeline import Pipeline
from evidence_daemon.store import records


class Desk:
    """The acts of a reviewer, each one transaction."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    def settle(
        self,
        mail_id: MailId,
        verdict: Verdict,
        *,
        person: str,
        reasons: Sequence[ReasonCode] = (),
        case_id: CaseId | None = None,
        items: Sequence[ItemId] | None = None,
        note: str = "",
    ) -> Settlement:
        """Decide a held mail.

        `case_id` names the case where the daemon found none or several.  `items` are those accredited by
        a `reverse` or `partial`; None means all that are pending.  `reasons` are what the customer reads
        (mandatory to ask or to reject).  Raises `BadInput` when the verdict lacks what it needs, and
        `RefusedTransition` when the state tables do not allow it (somebody was faster).
        """
        pipeline = self._pipeline
        if not person.strip():
            raise BadInput("say who decides: a name is needed")
        if verdict in {Verdict.ASK, Verdict.REJECT} and not reasons:
            raise BadInput(
                f"to {verdict.value} a customer needs at least one reason code (see: evidence-daemon rules reasons)"
            )
        with pipeline.database.session() as session:
            mail = records.load_mail(session, mail_id)
            if not mail.in_review:
                raise BadInput(f"this mail does not wait for a person: its state is {mail.state.value}")
            evidence, found = pipeline.gather(session, mail_id)
            cases = self._cases(session, found, case_id)
            decision = _decision(verdict, cases, person.strip(), tuple(reasons), items, note)
            settlement = settle(decision, evidence, pipeline.book, pipeline.today())
            pipeline.apply(session, mail_id, settlement, evidence, found)
            return settlement

    def unshunt(self, mail_id: MailId, *, person: str) -> None:
        """Let a shunted mail be walked again from the beginning: the daemon's next reconcile finds it.

        Raises `BadInput` when it was not shunted.
        """
        pipeline = self._pipeline
        with pipeline.database.session() as session:
            if not records.load_mail(session, mail_id).shunted:
                raise BadInput("this mail was not shunted: there is nothing to walk again")
            records.unshunt(session, mail_id, person=person, now=pipeline.clock())

    @staticmethod
    def _cases(session: records.Session, found: Match, case_id: CaseId | None) -> tuple[Case, ...]:
        if case_id is not None:
            return (records.load_case(session, case_id),)
        match found:
            case OneCase(case=case):
                return (case,)
            case ManyCases(cases=cases, all_meant=True):
                return cases
            case ManyCases() | NoCase():
                return ()


def _decision(
    verdict: Verdict,
    cases: tuple[Case, ...],
    person: str,
    reasons: tuple[ReasonCode, ...],
    items: Sequence[ItemId] | None,
    note: str,
) -> Decision:
    actor = f"persona:{person}"
    finding = Finding(
        rule=actor, verdict=verdict, reasons=reasons, staff=note or "Decisión de una persona.", decided=True
    )

    def grounds(*findings: ItemFinding) -> Grounds:
        return Grounds(findings=(finding,), reasons=reasons, items=findings, actor=actor)

    match verdict:
        case Verdict.REVERSE | Verdict.PARTIAL:
            if not cases:
                raise BadInput("no single case belongs to this mail: name one with --case")
            return _accreditation(cases, items, grounds)
        case Verdict.ASK:
            return AskMore(cases, grounds())
        case Verdict.REJECT:
            return Reject(cases, grounds())
        case Verdict.HOLD:
            return Hold(cases, grounds())
        case Verdict.ESCALATE:
            return Escalate(cases, grounds())
        case Verdict.DISCARD:
            return Discard(cases, grounds())


def _accreditation(
    cases: tuple[Case, ...], items: Sequence[ItemId] | None, grounds: Callable[..., Grounds]
) -> Reverse | Partial:
    """Accredit the chosen pending items; whether that is all or a part follows from them."""
    pending = [(case, item) for case in cases for item in case.items if item.state is ItemState.PENDIENTE]
    known = {item.id for _case, item in pending}
    if items is not None and (strange := [str(item) for item in items if item not in known]):
        raise BadInput(f"not a pending item of this case: {', '.join(strange)}")
    chosen = known if items is None else set(items)
    if not chosen:
        raise BadInput("no pending item was chosen: there is nothing to accredit")
    findings = [
        ItemFinding(
            case_id=case.id,
            item_id=item.id,
            outcome=ItemOutcome.ACREDITAR if item.id in chosen else ItemOutcome.NO_CONSTA,
            because="decided by a person",
        )
        for case, item in pending
    ]
    kind = Reverse if chosen == known else Partial
    return kind(cases, grounds(*findings))
