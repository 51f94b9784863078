"""What people do with single charges after the decision: take back, try again, do by hand, refund.

Nothing is deleted: a correction is an entry that takes back the one before, with a reason.  What waits for billing
one person takes back; what billing reversed, only two people together; money that was paid goes back, or does not,
by two people as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from evidence_daemon.cases import ledger
from evidence_daemon.cases.settlement import restated
from evidence_daemon.columns import ReversalValue
from evidence_daemon.errors import BadInput
from evidence_daemon.exchange import forms, reversals
from evidence_daemon.exchange.batches import actor_of, reason_of
from evidence_daemon.model import CaseId, ChargeState, ItemState, RefundChoice
from evidence_daemon.rulebook import RuleBook
from evidence_daemon.store import audit, batches, opposites, records, refunds, reviews
from evidence_daemon.store.batches import ExportedFile
from evidence_daemon.store.database import Database, Session
from evidence_daemon.store.lists import Reversal
from evidence_daemon.store.opposites import LiveEntry, Wish
from evidence_daemon.store.refunds import Refund

REFUNDS = "devoluciones"
"""Under this word the lists of refunds are kept."""


@dataclass(frozen=True)
class Corrections:
    """The acts; each raises `BadInput` for what cannot be asked, `RefusedTransition` for what may not be."""

    database: Database
    book: RuleBook
    clock: Callable[[], datetime]

    # ── reversals ────────────────────────────────────────────────────────────────────────────────

    def take_back(self, charge_id: int, *, person: str, because: str, false_acta: bool = False) -> ChargeState:
        """Take a reversal back that waits for billing (REVERSO_PENDIENTE); the state in which the charge stands then.

        `false_acta`: the equipment counts as pending again.
        """
        actor, now, reason = actor_of(person), self.clock(), reason_of(because)

        def work(session: Session) -> ChargeState:
            entry = opposites.live_entry(session, charge_id)
            after = ledger.undone(entry.state, entry.operation)
            ledger.charge_step(entry.state, after, by_person=True)
            if false_acta:
                ledger.item_step(ItemState.ACREDITADO_ACTA, ItemState.PENDIENTE, by_person=True)
            opposites.take_back(session, entry, after, actor=actor, now=now, item_too=false_acta)
            self._tell(session, "reversal taken back", entry.case_id, actor, now, charge=charge_id, because=reason)
            self._restate(session, entry.case_id, f"reverso anulado: {reason}", actor, now)
            self._ask(session, entry, reason, now)
            return after

        return self.database.transact(work)

    def try_again(self, charge_id: int, *, person: str) -> None:
        """A reversal that billing could not apply waits for a batch again (its cause was mended)."""
        self._step(charge_id, ChargeState.REVERSO_FALLIDO, ChargeState.REVERSO_PENDIENTE, person, "reversal retried")

    def by_hand(self, charge_id: int, *, person: str, because: str) -> None:
        """Billing does it by hand, outside the batches."""
        reason = reason_of(because)
        self._step(charge_id, ChargeState.REVERSO_FALLIDO, ChargeState.MANUAL, person, "reversal by hand", reason)

    def done_by_hand(self, charge_id: int, *, person: str, note: str) -> None:
        """Billing did it by hand; `note` is the number of the credit note or of the order."""
        reason = reason_of(note)
        self._step(charge_id, ChargeState.MANUAL, ChargeState.REVERSADO, person, "reversal done by hand", reason)

    def propose_opposite(self, charge_id: int, *, person: str, because: str, false_acta: bool = False) -> Wish:
        """Ask that a value which billing reversed be charged again; a second person approves it."""
        actor, now, reason = actor_of(person), self.clock(), reason_of(because)

        def work(session: Session) -> Wish:
            entry = opposites.live_entry(session, charge_id)
            if entry.state is not ChargeState.REVERSADO:
                raise BadInput(f"charge {charge_id} is {entry.state}: two people are needed for REVERSADO only")
            after = ledger.undone(entry.state, entry.operation)
            ledger.opposite_step(entry.state, after)
            wish = opposites.propose(session, entry, after, item_too=false_acta, reason=reason, actor=actor, now=now)
            self._tell(session, "opposite proposed", entry.case_id, actor, now, charge=charge_id, because=reason)
            return wish

        return self.database.transact(work)

    def approve_opposite(self, wish_id: int, *, person: str) -> ChargeState:
        """The second person: the opposite entry is written, and the charge is charged again."""
        actor, now = actor_of(person), self.clock()

        def work(session: Session) -> ChargeState:
            wish = opposites.load(session, wish_id)
            _another(wish.proposed_by, actor)
            entry = opposites.live_entry(session, wish.charge_id)
            if entry.id != wish.entry_id:
                raise BadInput(f"charge {wish.charge_id} was reversed anew since: propose it again")
            ledger.opposite_step(entry.state, wish.after)
            opposites.approve(session, wish, actor=actor, now=now)
            opposites.take_back(session, entry, wish.after, actor=actor, now=now, item_too=wish.item_too)
            self._tell(session, "opposite approved", entry.case_id, actor, now, charge=wish.charge_id, wish=wish.id)
            self._restate(session, entry.case_id, f"asiento opuesto: {wish.reason}", actor, now)
            self._ask(session, entry, wish.reason, now)
            return wish.after

        return self.database.transact(work)

    def withdraw_opposite(self, wish_id: int, *, person: str) -> None:
        """Give the wish up."""
        actor, now = actor_of(person), self.clock()

        def work(session: Session) -> None:
            wish = opposites.load(session, wish_id)
            opposites.withdraw(session, wish, now=now)
            self._tell(session, "opposite withdrawn", None, actor, now, charge=wish.charge_id, wish=wish.id)

        self.database.transact(work)

    def waiting_opposites(self) -> tuple[Wish, ...]:
        """What waits for a second person."""
        with self.database.reading() as session:
            return opposites.waiting(session)

    # ── refunds ──────────────────────────────────────────────────────────────────────────────────

    def open_refunds(self) -> tuple[tuple[Reversal, Refund | None], ...]:
        """Paid values that a person decides on, oldest first, with what was decided so far."""
        with self.database.reading() as session:
            return refunds.open_refunds(session)

    def decide_refund(self, charge_id: int, choice: RefundChoice, *, person: str, because: str) -> Refund:
        """Money back, a balance in the customer's favour, or neither; a second person approves it."""
        actor, now, reason = actor_of(person), self.clock(), reason_of(because)

        def work(session: Session) -> Refund:
            entry = opposites.live_entry(session, charge_id)
            if entry.state is not ChargeState.DEVOLUCION_PENDIENTE:
                raise BadInput(f"charge {charge_id} is {entry.state}: there is no refund to decide on")
            refund = refunds.decide(session, entry, choice, reason=reason, actor=actor, now=now)
            self._tell(session, "refund decided", entry.case_id, actor, now, charge=charge_id, choice=choice.value)
            return refund

        return self.database.transact(work)

    def approve_refund(self, charge_id: int, *, person: str) -> ChargeState:
        """The second person; the charge goes to DEVUELTO, SALDO_A_FAVOR, or (no refund) back to PAGADO."""
        actor, now = actor_of(person), self.clock()

        def work(session: Session) -> ChargeState:
            entry = opposites.live_entry(session, charge_id)
            refund = refunds.of_entry(session, entry)
            _another(refund.proposed_by, actor)
            refunds.approve(session, refund, actor=actor, now=now)
            if refund.choice is RefundChoice.NO_PROCEDE:
                after = ledger.undone(entry.state, entry.operation)
                ledger.charge_step(entry.state, after, by_person=True)
                opposites.take_back(session, entry, after, actor=actor, now=now, item_too=False)
            else:
                after = ChargeState(refund.choice.value)
                ledger.charge_step(entry.state, after)
                batches.change_charge(session, charge_id, entry.state, after)
            self._tell(session, "refund approved", entry.case_id, actor, now, charge=charge_id, state=after.value)
            self._restate(session, entry.case_id, f"devolución: {refund.reason}", actor, now)
            return after

        return self.database.transact(work)

    def withdraw_refund(self, charge_id: int, *, person: str) -> None:
        """Give up what was decided and not yet approved."""
        actor, now = actor_of(person), self.clock()

        def work(session: Session) -> None:
            refund = refunds.of_entry(session, opposites.live_entry(session, charge_id))
            refunds.withdraw(session, refund, now=now)
            self._tell(session, "refund withdrawn", CaseId(refund.case_id), actor, now, charge=charge_id)

        self.database.transact(work)

    def export_refunds(self, *, person: str, again: int | None = None) -> tuple[int, tuple[ExportedFile, ...]]:
        """The list for the treasury of what was approved since the last one, with its number.

        `again` names a list that was handed over before: the very same bytes.
        """
        actor, now = actor_of(person), self.clock()

        def work(session: Session) -> tuple[int, tuple[ExportedFile, ...]]:
            if again is not None:
                files = batches.kept_files(session, REFUNDS, again)
                if not files:
                    raise BadInput(f"there is no list of refunds {again}")
                return again, files
            rows = refunds.to_hand_over(session)
            if not rows:
                raise BadInput("no refund was approved since the last list")
            number = refunds.number_list(session, [refund for _, refund in rows])
            columns, name = self.book.refunds, f"devoluciones-{number:06d}"
            cells = [reversals.cells(reversal, columns, _of_refund(refund)) for reversal, refund in rows]
            heads = reversals.headings(columns)
            files = (
                forms.csv_file(name, columns.file, heads, cells),
                forms.xlsx_file(name, f"Devoluciones {number}", heads, cells, at=now),
            )
            batches.keep_files(session, REFUNDS, number, files)
            total = sum(refund.amount for _, refund in rows)
            self._tell(session, "refunds exported", None, actor, now, list=number, lines=len(rows), cents=total)
            return number, files

        return self.database.transact(work)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────

    def _step(
        self, charge_id: int, before: ChargeState, after: ChargeState, person: str, action: str, reason: str = ""
    ) -> None:
        actor, now = actor_of(person), self.clock()
        ledger.charge_step(before, after, by_person=True)

        def work(session: Session) -> None:
            entry = opposites.live_entry(session, charge_id)
            if entry.state is not before:
                raise BadInput(f"charge {charge_id} is {entry.state}, not {before}")
            batches.change_charge(session, charge_id, before, after)
            self._tell(session, action, entry.case_id, actor, now, charge=charge_id, because=reason)
            self._restate(session, entry.case_id, action, actor, now)

        self.database.transact(work)

    @staticmethod
    def _tell(
        session: Session, action: str, case_id: CaseId | None, actor: str, now: datetime, **detail: object
    ) -> None:
        audit.record(session, action, actor=actor, now=now, case_id=case_id, detail=detail)

    @staticmethod
    def _ask(session: Session, entry: LiveEntry, reason: str, now: datetime) -> None:
        """The customer was told that it was accepted, and is charged again: a person tells him."""
        mail_id = opposites.told_the_customer(session, entry)
        if mail_id is not None:
            words = f"El cargo {entry.charge_id} vuelve a cobrarse ({reason.rstrip('.')}) y se había respondido que se"
            reviews.ask_too(session, mail_id, f"{words} aceptó: avise al cliente y cierre la pregunta.", now)

    @staticmethod
    def _restate(session: Session, case_id: CaseId, because: str, actor: str, now: datetime) -> None:
        changes = restated(records.load_case(session, case_id), because, by_person=True)
        batches.change_cases(session, changes)
        for change in changes:
            detail = {"before": change.before.value, "after": change.after.value}
            audit.record(session, "case changed", actor=actor, now=now, case_id=case_id, detail=detail)


def _another(first: str, second: str) -> None:
    if first.casefold() == second.casefold():
        raise BadInput("you proposed this yourself: another person approves it")


def _of_refund(refund: Refund) -> dict[ReversalValue, forms.Cell]:
    return {
        ReversalValue.CHOICE: refund.choice.value,
        ReversalValue.DECIDED_BY: refund.proposed_by.removeprefix("persona:"),
        ReversalValue.APPROVED_BY: refund.approved_by.removeprefix("persona:"),
    }
