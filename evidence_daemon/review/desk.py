"""The acts of a reviewer, each one transaction; what each rests on is checked in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from evidence_daemon.cases.decision import decide
from evidence_daemon.cases.matching import as_if
from evidence_daemon.cases.settlement import release, settle, take_back
from evidence_daemon.errors import BadInput, Permanent, RefusedTransition
from evidence_daemon.mail import compose
from evidence_daemon.model import (
    ABOUT_ANSWERS,
    Case,
    CaseChange,
    CaseId,
    Decision,
    Evidence,
    EvidenceState,
    Hold,
    ItemId,
    Lane,
    MailId,
    ManyCases,
    Match,
    NoCase,
    OneCase,
    ReasonCode,
    ReviewItem,
    Settlement,
    SignalClass,
    Verdict,
    receipt_number,
)
from evidence_daemon.pipeline import Pipeline
from evidence_daemon.review import answer, corrected
from evidence_daemon.review.ruling import (
    VERDICTS,
    Dossier,
    InHand,
    Outcome,
    Preview,
    Ruling,
    TooLate,
    actor_of,
    decision_of,
    name_of,
    staff_words,
    verdict_of,
)
from evidence_daemon.review.second import LATELY, why_two
from evidence_daemon.store import audit, queue, records
from evidence_daemon.store.queue import Wanted
from evidence_daemon.store.shapes import from_json, to_json

LEASE = timedelta(minutes=5)
"""How long a claim lasts without activity."""
UNDO = timedelta(seconds=60)
"""How long an answer waits for second thoughts of the person who decided."""
FURTHEST = timedelta(days=60)
"""How far a mail may be put off."""
LONGEST_NOTE = 1000
"""Characters of what a person writes for colleagues."""


class Desk:
    """The acts of a reviewer, each one transaction."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    # ── looking ──────────────────────────────────────────────────────────────────────────────────

    def dossier(self, mail_id: MailId, case_id: CaseId | None = None) -> Dossier:
        """All that is known of a mail, and what the rules say now.  `case_id`: as if it were about that case.

        Raises `Permanent` when there is no such mail.
        """
        pipeline = self._pipeline
        with pipeline.database.reading() as session:
            story = records.explain(session, mail_id)
            known = Dossier(
                story=story,
                question=next((asked for asked in story.reviews if asked.lane not in ABOUT_ANSWERS), None),
                proposal=records.proposal_of(session, mail_id),
                corrections=records.corrections_of(session, mail_id),
                earlier=records.earlier(session, mail_id),
            )
            try:
                evidence, found = pipeline.gather(session, mail_id)
            except (Permanent, OSError) as trouble:
                return replace(known, trouble=str(trouble))
            cases = self._cases(session, found, case_id)
        judged = decide(evidence, found, pipeline.book, pipeline.today())
        return replace(known, evidence=evidence, found=found, judged=judged, cases=cases)

    def preview(self, mail_id: MailId, ruling: Ruling, *, person: str) -> Preview:
        """What a ruling would do.  Writes nothing; raises as `decide` does for a ruling that lacks something."""
        with self._pipeline.database.reading() as session:
            evidence, _found, settlement, signals = self._settled(session, mail_id, ruling, actor_of(person))
            text = answer.rule_books_words(settlement, evidence, self._pipeline.book)
            to = compose.answer_address(evidence.email) if settlement.reply is not None else None
            return Preview(
                settlement=settlement,
                text=text,
                to_address=to.address if to is not None else "",
                second=self._why_two(session, settlement, signals, evidence.receipt),
                basis=answer.basis_of(text),
            )

    def undoable(self, *, person: str) -> tuple[MailId, Outcome] | None:
        """The decision that this person took last, while it can be undone without a reason."""
        now, actor = self._pipeline.clock(), actor_of(person)
        with self._pipeline.database.reading() as session:
            act = records.last_act(session, actor, now - UNDO)
            if act is None:
                return None
            outcome: Outcome = from_json(act.outcome, Outcome)
            decisions = records.load_mail(session, act.mail_id).decisions
        stands = decisions == outcome.number and outcome.verdict is not Verdict.HOLD
        if not stands or outcome.undo_until is None or outcome.undo_until < now:
            return None
        return act.mail_id, outcome

    # ── two people at one table ──────────────────────────────────────────────────────────────────

    def claim(self, mail_id: MailId, *, person: str) -> records.Review | None:
        """Take a mail before oneself, or keep it, for five minutes; the question as it stands then.

        Look at `holder`: somebody else may have it.  None when nothing is asked about it.
        """
        now = self._pipeline.clock()
        return self._pipeline.database.transact(
            lambda session: records.claim(session, mail_id, actor_of(person), now=now, until=now + LEASE)
        )

    def claim_next(self, wanted: Wanted, *, person: str, after: MailId | None = None) -> MailId | None:
        """Take the next mail of what is wanted before oneself; None when nothing is left.

        Found and taken in one transaction: of many who go on at the same moment each gets a mail of his own.
        """
        actor, today, now = actor_of(person), self._pipeline.today(), self._pipeline.clock()

        def act(session: records.Session) -> MailId | None:
            found = queue.next_one(session, wanted, today, actor=actor, now=now, after=after)
            if found is not None:
                records.claim(session, found, actor, now=now, until=now + LEASE)
            return found

        return self._pipeline.database.transact(act)

    def let_go(self, mail_id: MailId, *, person: str) -> None:
        """Give a mail back without a decision."""
        self._pipeline.database.transact(lambda session: records.let_go(session, mail_id, actor_of(person)))

    # ── deciding ─────────────────────────────────────────────────────────────────────────────────

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
    ) -> Outcome:
        """`decide` for those who have no form before them: the command line."""
        chosen = tuple(items) if items is not None else None
        ruling = Ruling(verdict, reasons=tuple(reasons), case_id=case_id, items=chosen, note=note)
        return self.decide(mail_id, ruling, person=person)

    def decide(
        self, mail_id: MailId, ruling: Ruling, *, person: str, token: str = "", key: str = "", basis: str = ""
    ) -> Outcome:
        """Decide a held mail, or propose it to a second person where one is not enough.

        `basis` names the words that the person saw (`Preview.basis`); without it, and with `ruling.text` None, the
        rule book's are sent.  Raises `BadInput` when the ruling lacks what it needs, `TooLate` and `InHand` as told
        above, `RefusedTransition` when the state tables do not allow it (another mail changed the case).
        """
        actor = actor_of(person)

        def act(session: records.Session) -> Outcome:
            question = self._question(session, mail_id, actor, token)
            self._stands_by_it(session, mail_id, ruling)
            evidence, found, settlement, signals = self._settled(session, mail_id, ruling, actor)
            ours = answer.rule_books_words(settlement, evidence, self._pipeline.book)
            text = answer.edited(ours, evidence.receipt, ruling.text, basis)
            second = self._why_two(session, settlement, signals, evidence.receipt)
            if second:
                self._propose(session, question, replace(ruling, text=text), actor, second)
                return Outcome(evidence.receipt, ruling.verdict, EvidenceState.EN_REVISION, proposed=second)
            return self._apply(session, mail_id, settlement, evidence, found, text)

        return self._once(mail_id, key, actor, act)

    def approve(self, mail_id: MailId, *, person: str, token: str = "", key: str = "") -> Outcome:
        """The second person agrees: the first one's decision is settled now, as things stand.

        Raises `RefusedTransition` when both are one person; that the database itself refuses.
        """
        actor = actor_of(person)

        def act(session: records.Session) -> Outcome:
            self._question(session, mail_id, actor, token)
            proposal = self._proposal(session, mail_id)
            ruling: Ruling = from_json(proposal.ruling, Ruling)
            second = f"Aprobado por {name_of(actor)}."
            ruling = replace(ruling, note=" ".join(filter(None, (ruling.note, second))))
            evidence, found, settlement, _signals = self._settled(session, mail_id, ruling, proposal.first)
            records.answer_proposal(
                session, proposal, second=actor.casefold(), approved=True, note="", now=self._pipeline.clock()
            )
            return self._apply(session, mail_id, settlement, evidence, found, ruling.text)

        return self._once(mail_id, key, actor, act)

    def send_back(self, mail_id: MailId, *, person: str, note: str, token: str = "", key: str = "") -> Outcome:
        """The second person does not agree, or the first one thinks again: the question stands as before.

        The second one says why (mandatory).
        """
        actor, note = actor_of(person), note.strip()[:LONGEST_NOTE]

        def act(session: records.Session) -> Outcome:
            question = self._question(session, mail_id, actor, token)
            proposal, now = self._proposal(session, mail_id), self._pipeline.clock()
            own = proposal.first == actor.casefold()
            if own:
                records.void_proposals(session, mail_id, now)
                audit.record(session, "proposal withdrawn", actor=actor, now=now, mail_id=mail_id)
            elif not note:
                raise BadInput("diga por qué no está de acuerdo")
            else:
                records.answer_proposal(session, proposal, second=actor.casefold(), approved=False, note=note, now=now)
            words = "" if own else f"Devuelto por {name_of(actor)}: {note} "
            self._ask(session, question, proposal.lane, proposal.reasons, words + proposal.summary)
            ruling: Ruling = from_json(proposal.ruling, Ruling)
            return Outcome(question.receipt, ruling.verdict, EvidenceState.EN_REVISION)

        return self._once(mail_id, key, actor, act)

    def take_back(self, mail_id: MailId, *, person: str, because: str = "", key: str = "") -> Outcome:
        """Undo the last decision: what it accredited is pending again, and a person is asked anew.

        For 60 s the person who decided needs no reason, and the customer never hears of it.  Later, or by another,
        it is a compensating decision with a reason; the customer is answered with the one that follows.  Raises
        `BadInput` without that reason, `RefusedTransition` when billing went on since.
        """
        actor, pipeline = actor_of(person), self._pipeline

        def act(session: records.Session) -> Outcome:
            now = pipeline.clock()
            last = records.last_decision(session, mail_id)
            if last is None or isinstance(last.judged.settlement.decision, Hold):
                raise BadInput(f"{receipt_number(mail_id)} no tiene una decisión que se pueda retomar")
            judged = last.judged
            in_time = now <= judged.decided_at + UNDO
            mine = actor.casefold() in {judged.actor.casefold(), last.second}
            stayed = records.take_back_answer(session, mail_id, last.id)
            reason = because.strip()[:LONGEST_NOTE]
            if not reason and not (in_time and mine and stayed):
                raise BadInput("ya no se puede deshacer sin más: escriba el motivo para retomar la decisión")
            evidence, found = pipeline.gather(session, mail_id)
            asked = records.last_question(session, mail_id)
            lane = asked.lane if asked is not None and asked.lane is not Lane.CUATRO_OJOS else Lane.REVISAR
            summary = f"Se retomó la decisión n.º {judged.number}" + (f": {reason}." if reason else ".")
            review = ReviewItem(
                lane, asked.reasons if asked else (), f"{summary} {asked.summary if asked else ''}".strip()
            )
            if records.live_entries(session, last.id) != len(judged.settlement.entries):
                words = "lo que esta decisión asentó ya se deshizo; lo que hoy consta es de otra"
                raise RefusedTransition(f"{receipt_number(mail_id)}: {words}")
            cases = records.load_cases(session, [case.id for case in judged.settlement.decision.cases])
            undone = take_back(
                judged.settlement, cases, review, evidence, actor=actor, because=reason or "Deshecho por quien decidió."
            )
            pipeline.apply(session, mail_id, undone, evidence, found)
            return Outcome(
                evidence.receipt,
                Verdict.HOLD,
                undone.evidence_state,
                number=judged.number + 1,
                charges=len(undone.charges),
                unanswered_because=undone.unanswered_because,
            )

        return self._once(mail_id, key, actor, act)

    # ── other acts ───────────────────────────────────────────────────────────────────────────────

    def correct(
        self, mail_id: MailId, values: Mapping[str, str], *, person: str, token: str = "", key: str = ""
    ) -> Outcome:
        """Write misread values anew ("asunto", "0.id_number" …) and let the rules judge the mail with them.

        Nothing is decided: the question tells what the rules say now.  What waited for a second person counts no
        more.  Raises `BadInput` when nothing changes or a value cannot be what it should.
        """
        actor, pipeline = actor_of(person), self._pipeline

        def act(session: records.Session) -> Outcome:
            question = self._question(session, mail_id, actor, token)
            evidence, _found = pipeline.gather(session, mail_id)
            changes = corrected.changes(evidence, values)
            if not changes:
                raise BadInput("no cambió ningún valor")
            records.correct(session, mail_id, changes, actor=actor, now=pipeline.clock())
            records.void_proposals(session, mail_id, pipeline.clock())
            evidence, found = pipeline.gather(session, mail_id)
            decision = decide(evidence, found, pipeline.book, pipeline.today())
            asked = settle(decision, evidence, pipeline.book, pipeline.today()).review
            says = f"Con lo que corrigió {name_of(actor)} las reglas dicen: {VERDICTS[verdict_of(decision)]}."
            lane = asked.lane if asked is not None else Lane.REVISAR
            summary = f"{says} {asked.summary if asked is not None else staff_words(decision)}".strip()
            self._ask(session, question, lane, decision.grounds.reasons, summary, keep_claim=True)
            records.about_cases(session, mail_id, [case.id for case in decision.cases])
            return Outcome(evidence.receipt, verdict_of(decision), EvidenceState.EN_REVISION)

        return self._once(mail_id, key, actor, act)

    def postpone(self, mail_id: MailId, until: date, *, person: str, token: str = "") -> None:
        """Look at it again on that day; the legal clock goes on.  Raises `BadInput` for a day that is not ahead."""
        actor, pipeline = actor_of(person), self._pipeline
        if until <= pipeline.today():
            raise BadInput("elija un día que esté por venir")
        if until > pipeline.today() + FURTHEST:
            raise BadInput(f"elija un día dentro de los próximos {FURTHEST.days}: lo que nadie ve se olvida")

        def act(session: records.Session) -> None:
            question = self._question(session, mail_id, actor, token)
            records.change_question(session, question, postponed_until=until, claimed_by="", claimed_until=None)
            detail = {"until": until.isoformat()}
            audit.record(session, "postponed", actor=actor, now=pipeline.clock(), mail_id=mail_id, detail=detail)

        pipeline.database.transact(act)

    def done(self, mail_id: MailId, lane: Lane, *, person: str) -> None:
        """Close a question that asks for no decision: the customer was called, the refund was seen to.

        Raises `BadInput` when it does ask for one, `RefusedTransition` when it is not open.
        """
        pipeline, actor = self._pipeline, actor_of(person)

        def act(session: records.Session) -> None:
            mail = records.load_mail(session, mail_id)
            if lane not in ABOUT_ANSWERS and mail.state in {EvidenceState.EN_REVISION, EvidenceState.ESCALADO}:
                raise BadInput(f"{lane.value} asks for a decision: use `queue settle`")
            if lane not in ABOUT_ANSWERS and mail.shunted:
                raise BadInput("this mail was never judged: let it be walked again, or decide on it")
            records.close_review(session, mail_id, lane, person=actor, now=pipeline.clock())

        pipeline.database.transact(act)

    def unshunt(self, mail_id: MailId, *, person: str) -> None:
        """Let a shunted mail be walked again from the beginning: the daemon's next reconcile finds it.

        Raises `BadInput` when it was not shunted.
        """
        pipeline = self._pipeline

        def act(session: records.Session) -> None:
            if not records.load_mail(session, mail_id).shunted:
                raise BadInput("this mail was not shunted: there is nothing to walk again")
            records.unshunt(session, mail_id, person=person, now=pipeline.clock())

        pipeline.database.transact(act)

    # ── what the acts share ──────────────────────────────────────────────────────────────────────

    def _once(self, mail_id: MailId, key: str, actor: str, act: Callable[[records.Session], Outcome]) -> Outcome:
        """Run an act in one transaction; the same form again gives the same outcome and does nothing."""

        def work(session: records.Session) -> Outcome:
            if key and (before := records.act_of(session, key)) is not None:
                if before.mail_id != mail_id or before.actor != actor:
                    raise BadInput("este formulario ya se usó para otra cosa: abra el correo otra vez")
                known: Outcome = from_json(before.outcome, Outcome)
                return replace(known, repeated=True)
            outcome = act(session)
            if key:
                records.keep_act(session, key, mail_id, actor, to_json(outcome), self._pipeline.clock())
            return outcome

        return self._pipeline.database.transact(work)

    def _question(self, session: records.Session, mail_id: MailId, actor: str, token: str) -> records.Review:
        """The open question that the person answers; see the head of this file for what is refused."""
        question = records.question_of(session, mail_id)
        if question is None or (token and token != question.token):
            if not token and question is None:
                state = records.load_mail(session, mail_id).state.value
                raise BadInput(f"this mail does not wait for a person: its state is {state}")
            raise TooLate(self._who_was_faster(session, mail_id, decided=question is None))
        holder = question.holder(self._pipeline.clock())
        if holder not in {"", actor}:
            raise InHand(f"{question.receipt} está en manos de {name_of(holder)}")
        return question

    @staticmethod
    def _stands_by_it(session: records.Session, mail_id: MailId, ruling: Ruling) -> None:
        """What was accepted is not refused on top of it: the question left open is about the money, or adds to it."""
        state = records.load_mail(session, mail_id).state
        adds = ruling.verdict in {Verdict.REVERSE, Verdict.PARTIAL}
        if state in {EvidenceState.ACEPTADO, EvidenceState.ACEPTADO_PARCIAL} and not adds:
            words = "ya se aceptó: retome primero esa decisión, o cierre la pregunta como atendida"
            raise BadInput(f"{receipt_number(mail_id)} {words}")

    @staticmethod
    def _who_was_faster(session: records.Session, mail_id: MailId, *, decided: bool) -> str:
        last = records.last_decision(session, mail_id)
        if decided and last is not None:
            judged = last.judged
            reasons = ", ".join(judged.settlement.decision.grounds.reasons)
            what = VERDICTS[judged.verdict] + (f" ({reasons})" if reasons else "")
            return f"{receipt_number(mail_id)} ya lo decidió {name_of(judged.actor)}: {what}"
        event = records.last_event(session, mail_id)
        who = f" ({name_of(event.actor)})" if event is not None else ""
        return f"{receipt_number(mail_id)} cambió mientras usted lo veía{who}: ábralo otra vez"

    @staticmethod
    def _proposal(session: records.Session, mail_id: MailId) -> records.Proposal:
        proposal = records.proposal_of(session, mail_id)
        if proposal is None:
            raise TooLate(f"{receipt_number(mail_id)} ya no espera a una segunda persona")
        return proposal

    def _settled(
        self, session: records.Session, mail_id: MailId, ruling: Ruling, actor: str
    ) -> tuple[Evidence, Match, Settlement, bool]:
        """The ruling, settled and not yet applied; and whether a strong signal speaks."""
        pipeline = self._pipeline
        if ruling.verdict in {Verdict.ASK, Verdict.REJECT} and not ruling.reasons:
            raise BadInput(
                "para pedir algo o rechazar elija al menos un motivo (códigos: evidence-daemon rules reasons)"
            )
        evidence, found = pipeline.gather(session, mail_id)
        today = pipeline.today()
        cases = self._cases(session, found, ruling.case_id)
        # What speaks against the papers depends on whose they shall be: of the case that the person names.
        named = as_if(found, cases[0], evidence) if ruling.case_id is not None else found
        judged = decide(evidence, named, pipeline.book, today).grounds
        decision = decision_of(ruling, cases, actor, judged)
        settlement = settle(decision, evidence, pipeline.book, today)
        freed = () if isinstance(decision, Hold) else self._freed(session, mail_id, decision, evidence)
        strong = any(signal.strength is SignalClass.STRONG for signal in judged.signals)
        return evidence, found, replace(settlement, cases=(*settlement.cases, *freed)), strong

    @staticmethod
    def _freed(
        session: records.Session, mail_id: MailId, decision: Decision, evidence: Evidence
    ) -> tuple[CaseChange, ...]:
        """The mail was held as if about other cases: they wait for it no longer."""
        meant = {case.id for case in decision.cases}
        others = records.load_cases(session, records.only_held_by(session, mail_id, meant))
        words = f"{evidence.receipt}: el correo trata de otro caso"
        return tuple(change for case in others for change in release(case, words))

    def _apply(
        self,
        session: records.Session,
        mail_id: MailId,
        settlement: Settlement,
        evidence: Evidence,
        found: Match,
        text: str | None,
    ) -> Outcome:
        pipeline, wait = self._pipeline, int(UNDO.total_seconds())
        records.void_proposals(session, mail_id, pipeline.clock())
        number = records.next_decision_number(session, mail_id)
        pipeline.apply(session, mail_id, settlement, evidence, found, text=text, delay_seconds=wait)
        return Outcome(
            receipt=evidence.receipt,
            verdict=verdict_of(settlement.decision),
            state=settlement.evidence_state,
            number=number,
            reply=settlement.reply.kind if settlement.reply is not None else None,
            unanswered_because=settlement.unanswered_because,
            charges=len(settlement.charges),
            undo_until=pipeline.clock() + UNDO,
        )

    def _why_two(self, session: records.Session, settlement: Settlement, strong_signal: bool, receipt: str) -> str:
        policy, secret = self._pipeline.book.decision.policy, records.thread_key(session)
        cases = {entry.case_id for entry in settlement.entries}
        lately = records.people_accredited(session, cases, self._pipeline.clock() - LATELY)
        return why_two(settlement, policy, strong_signal=strong_signal, lately=lately, receipt=receipt, secret=secret)

    def _propose(
        self, session: records.Session, question: records.Review, ruling: Ruling, actor: str, because: str
    ) -> None:
        waiting = records.proposal_of(session, question.mail_id)
        lane = waiting.lane if waiting is not None else question.lane
        records.propose(
            session,
            question,
            to_json(ruling),
            because=because,
            first=actor.casefold(),
            lane=lane,
            now=self._pipeline.clock(),
        )
        words = f"{name_of(actor)} decidió {VERDICTS[ruling.verdict]}; {because}: falta una segunda persona."
        self._ask(session, question, Lane.CUATRO_OJOS, question.reasons, words)

    @staticmethod
    def _ask(
        session: records.Session,
        question: records.Review,
        lane: Lane,
        reasons: Sequence[ReasonCode],
        summary: str,
        *,
        keep_claim: bool = False,
    ) -> None:
        """The question is another one now."""
        claim = {} if keep_claim else {"claimed_by": "", "claimed_until": None}
        records.change_question(
            session, question, lane=lane, reasons=" ".join(reasons), summary=summary, postponed_until=None, **claim
        )

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
