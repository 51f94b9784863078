"""The walk: one mail, door to door.  Reads aloud like a recipe.

    take_in    store the bytes, then the row, then (last of all) touch the mailbox
    read       understand the mail, read its attachments, keep the readings
    judge      gather → match → decide → settle → apply, in one transaction
    dispatch   send what the judging transaction put into the outbox
    file away  move the mail in the mailbox, when everything else is done

Every step may be repeated: a crash between any two of them loses nothing and does nothing twice.
"""

from __future__ import annotations

import copy
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path

from evidence_daemon import observe
from evidence_daemon.cases import ledger
from evidence_daemon.cases.decision import decide
from evidence_daemon.cases.matching import search_keys
from evidence_daemon.cases.settlement import lapse, settle
from evidence_daemon.cases.signals import ways
from evidence_daemon.config import Config
from evidence_daemon.documents.provenance import origin_of
from evidence_daemon.documents.reader import Reader
from evidence_daemon.errors import Permanent
from evidence_daemon.gathering import Gatherer, answered_cases
from evidence_daemon.mail import authenticity, compose
from evidence_daemon.mail.bounces import Fate, read_report
from evidence_daemon.mail.keys import Keys
from evidence_daemon.mail.message import understand
from evidence_daemon.mail.opening import Opener
from evidence_daemon.mail.smtp import Accepted, NotSent, Postman, Refused, Uncertain
from evidence_daemon.mail.spool import MEMORY_BYTES
from evidence_daemon.mail.subject import read_subject
from evidence_daemon.model import (
    DAEMON,
    Arrival,
    Attachment,
    AutomaticKind,
    Case,
    Census,
    CopyKey,
    Decision,
    Document,
    Email,
    Engine,
    Evidence,
    Finding,
    FolderRole,
    Hold,
    Lane,
    MailId,
    Match,
    Origin,
    OutboxState,
    Partial,
    Reading,
    ReasonCode,
    Refiling,
    Reply,
    ReplyKind,
    Reverse,
    ReviewItem,
    Settlement,
    SignatureVerdict,
    Verdict,
    Withheld,
    receipt_number,
)
from evidence_daemon.rulebook import RuleBook
from evidence_daemon.store import (
    audit,
    brake,
    closing,
    judging,
    members,
    outreach,
    privacy,
    records,
    soundness,
)
from evidence_daemon.store.blobs import Blobs
from evidence_daemon.store.database import Database, Session
from evidence_daemon.workdays import ECUADOR, before_working_days, read_hours

log = logging.getLogger("evidence_daemon.pipeline")

RETRY_AFTER = (60, 300, 1800, 7200, 14400, 28800, 86400, 86400)
"""Seconds until an answer is tried again after the 1st, 2nd … refusal that may pass (about 48 h in all)."""
REJUDGED_DAYS = 30
"""How old a mail may be that is judged again after the case list has changed."""
UNCERTAIN_AFTER = 600
"""Seconds after which an answer whose fate is unknown is sent once more, byte by byte the same."""


class Pipeline:
    """The walk and its stations.  `enqueue` is set by the house once there is an engine.

    `keys` tells the keys of signing domains; None: signatures of mails are not looked at.
    """

    def __init__(
        self,
        *,
        database: Database,
        blobs: Blobs,
        reader: Reader,
        book: RuleBook,
        config: Config,
        clock: Callable[[], datetime],
        keys: Keys | None = None,
    ) -> None:
        self.database, self.blobs, self.reader, self.book, self.config, self.clock = (
            database,
            blobs,
            reader,
            book,
            config,
            clock,
        )
        self.enqueue: Callable[[Session, MailId, int], None] = lambda _session, _mail, _attempt: None
        self.calendar = config.answers.calendar
        self.hours = read_hours(config.answers.hours, self.calendar)
        self.mails = Opener(
            blobs,
            our_addresses=frozenset(
                {config.smtp.from_address.lower(), *(user.lower() for user in config.mailbox_users)}
            ),
            spool=config.state_directory / "evidence" / "spool",
            keys=keys,
            remembered=2 * config.daemon.workers,
        )
        self._turns = _Turns()
        self._gatherer = Gatherer(blobs, self.mails, config.answers.trusted_authserv_id)

    def under(self, book: RuleBook) -> Pipeline:
        """The same walk by another rule book."""
        other = copy.copy(self)
        other.book = book
        return other

    # ── intake ───────────────────────────────────────────────────────────────────────────────────

    def known_uids(self, account: str, folder: str) -> Callable[[int], set[int]]:
        """For a UIDVALIDITY, the UIDs of that folder that have a journal row."""

        def known(uidvalidity: int) -> set[int]:
            with self.database.reading() as session:
                return records.known_uids(session, account, folder, uidvalidity)

        return known

    def intake_paused(self) -> bool:
        """Whether a person paused the taking in of mail; it waits in the mailbox."""
        with self.database.reading() as session:
            return bool(records.switches(session).intake_paused)

    def take_in(self, arrival: Arrival) -> bool:
        """Store first: bytes on disk, then one commit of row and walk.  True when the mail is new.

        The same bytes under another UID (a second delivery, a renumbered mailbox) only add a copy; a mail that
        was filed away and that staff put back is walked anew.  What was forgotten at its sender's request is not taken.
        """
        if arrival.spool:
            digest = self.blobs.take(Path(arrival.spool))
        else:
            digest = self.blobs.put(arrival.header if arrival.raw is None else arrival.raw)
        named = self._named(self.blobs.head(digest, authenticity.MAX_HEADER))

        unwelcome = False

        def store(session: Session) -> bool:
            nonlocal unwelcome
            received = records.receive(session, arrival, digest, now=self.clock(), respond_by=self._due(arrival))
            unwelcome = not received.new and privacy.unwelcome(session, received.mail_id)
            if unwelcome:
                return False
            if received.new:
                self.enqueue(session, received.mail_id, 0)
            elif received.returned and (walk := records.reopen(session, received.mail_id, self.clock())) is not None:
                self.enqueue(session, received.mail_id, walk)
            if named is not None and (received.new or received.returned):
                known = replace(named, thread=answered_cases(session, named.email))
                cases = [case.id for case in records.find_cases(session, search_keys(known))]
                outreach.hold(session, received.mail_id, cases, self.clock())
            return received.new

        new = self.database.transact(store)
        if unwelcome:  # a copy of what its sender wanted forgotten: known by its hash, and not kept
            self.blobs.remove(digest)
        return new

    def _named(self, head: bytes) -> Evidence | None:
        """What the header of a mail tells of its cases: who has answered is not called or written to meanwhile."""
        block = head.partition(b"\r\n\r\n")[0].partition(b"\n\n")[0]
        try:
            email = understand(block, our_addresses=frozenset(), header_only=True)
        except Permanent:
            return None  # no mail; the walk will say so
        return Evidence("", self.clock(), email, read_subject(email.subjects, self.book.subject), (), ())

    def count(self, census: Census) -> None:
        """Account for every number of a folder after a sweep; mails that were gone before we saw them are told."""
        vanished = self.database.transact(lambda session: records.count_folder(session, census, self.clock()))
        if vanished:
            uids = ",".join(
                str(gap.first_uid) if gap.first_uid == gap.last_uid else f"{gap.first_uid}:{gap.last_uid}"
                for gap in vanished
            )
            log.warning(
                "%s: mails were gone from %s before they were seen (UID %s); another program, a person or a rule "
                "on the server takes them away",
                census.account,
                census.folder,
                uids,
            )

    def swept(self, account: str) -> None:
        """A mailbox was listed to its end just now."""
        self.database.transact(lambda session: members.swept(session, account, datetime.now(UTC)))

    def sweeps(self) -> dict[str, datetime]:
        """When each mailbox was last listed to its end, by whichever process."""
        with self.database.reading() as session:
            return members.sweeps(session)

    def missing(self) -> tuple[closing.Missing, ...]:
        """Mails that came in and are not in the books any more: nobody's hand should do that."""
        with self.database.reading() as session:
            return closing.missing(session)

    def sweep_garbage(self, rest: Callable[[], object]) -> int:
        """Remove evidence files that no row speaks of; how many.  `rest` waits for transactions under way."""
        return soundness.sweep_garbage(self.database, self.blobs, rest)

    def trail_faults(self) -> list[str]:
        """What is wrong with the chain of the audit trail, in words; nothing when it is whole."""
        with self.database.reading() as session:
            return audit.verify(session)

    # ── the walk ─────────────────────────────────────────────────────────────────────────────────

    def read(self, mail_id: MailId) -> None:
        """Understand the mail, read its attachments, and keep the readings.

        Raises `Permanent` for bytes in which there is no mail, and for a mail whose reading never came
        to an end in as many tries as are allowed (it may be what kills us).  One that was begun and never
        ended is read alone, or its neighbours would be counted as killers with it.  `Superseded` when another
        worker began to read it meanwhile.
        """
        with self.database.session() as session:
            mail = records.load_mail(session, mail_id)
            if mail.read_at is not None:
                return
        with self._turns.take(alone=mail.attempts > 0):
            attempt = self.database.transact(partial(records.begin_attempt, mail_id=mail_id))
            if attempt > self.config.daemon.retries:
                raise Permanent(f"reading was begun {attempt - 1} times and never came to an end")
            with self.mails.opened(mail) as (email, signatures):
                readings = self.reader.read(email.attachments, self._passwords(mail, email))
                origins = _origins(email.attachments[: self.config.documents.max_attachments], readings)

            def keep(session: Session) -> None:
                records.save_readings(session, mail_id, readings, email=email, now=self.clock(), attempt=attempt)
                judging.keep_origins(session, mail_id, origins)
                judging.keep_looks(session, mail_id, readings)
                found_on_arrival = records.load_signatures(session, mail_id)  # later their keys may be gone
                if all(one.verdict is SignatureVerdict.NO_COMPROBADA for one in found_on_arrival):
                    records.save_signatures(session, mail_id, signatures)
                if email.automatic is None and email.sender is not None:
                    typed = read_subject(email.subjects, self.book.subject).id_number
                    number = typed.value if typed is not None else ""
                    records.cancel_reminders(session, email.sender.address.lower(), number)

            self.database.transact(keep)

    def _passwords(self, mail: records.Mail, email: Email) -> list[str]:
        """What a protected file may be opened with: the numbers that the mail gives, and those of its cases."""
        subject = read_subject(email.subjects, self.book.subject)
        given = [subject.id_number.value] if subject.id_number is not None else []
        given += [other for other, _ in subject.id_number.alternatives] if subject.id_number is not None else []
        with self.database.reading() as session:
            thread = answered_cases(session, email)
            known = Evidence(mail.receipt, mail.received_at, email, subject, (), (), thread=thread)
            cases = records.find_cases(session, search_keys(known))
        numbers = [*given[:1], *(case.id_number for case in cases), *given[1:], *email.labelled_ids]
        return list(dict.fromkeys(number for number in numbers if number))

    def judge(self, session: Session, mail_id: MailId) -> str:
        """Gather, decide, apply: one transaction, committed by the caller.  Returns the verdict."""
        mail = records.load_mail(session, mail_id)
        if mail.decided:
            return "already decided"
        evidence, found = self.gather(session, mail_id)
        self._note_bounce(session, evidence)
        settlement = self._settlement(session, mail_id, evidence, found)
        if mail.decisions and self._stands(session, mail_id, settlement):
            return "stands"
        self.apply(session, mail_id, settlement, evidence, found)
        _canonical_line(evidence, found, settlement.decision, settlement, self.book.edition)
        return type(settlement.decision).__name__.lower()

    def _settlement(self, session: Session, mail_id: MailId, evidence: Evidence, found: Match) -> Settlement:
        """What the daemon makes of a mail now.  Who got his receipt is not sent another for the same mail."""
        decision = decide(evidence, found, self.book, self.today())
        settlement = settle(decision, evidence, self.book, self.today())
        if isinstance(decision, Reverse | Partial) and (why := self._held_back(session, mail_id, settlement)):
            settlement = settle(_held(decision, *why), evidence, self.book, self.today())
        receipt = settlement.reply is not None and settlement.reply.kind is ReplyKind.RECIBIDO
        if receipt and judging.receipt_left(session, mail_id):
            return replace(settlement, reply=None, unanswered_because="ya recibió su número de recibo")
        return settlement

    def _held_back(self, session: Session, mail_id: MailId, settlement: Settlement) -> tuple[str, str] | None:
        """Why a person must take this acceptance, as (rule, what staff reads); None when the daemon may."""
        if records.corrections_of(session, mail_id):
            return "corregido", "Una persona corrigió lo leído: una persona decide."
        if settlement.entries and (because := self._brake(session, settlement)):
            return "freno", f"El freno de reversos está puesto ({because}): una persona decide hasta que se lo quite."
        return None

    def _brake(self, session: Session, settlement: Settlement) -> str:
        """Why the daemon may not accredit this by itself: too much was in the last hour; "" when it may."""
        breaker = self.config.breaker
        limit = brake.Limit(breaker.reversals_per_hour, breaker.dollars_per_hour * 100)
        cents = sum(entry.amount for entry in settlement.entries)
        return brake.closes(session, len(settlement.entries), cents, limit, self.clock())

    def rejudge(self, days: int = REJUDGED_DAYS) -> list[MailId]:
        """Judge anew what the daemon held, or found no case for, in the last `days`: the case list has changed.

        To be called after an import.  Only a mail that would be decided otherwise is walked again, on what was
        read of it then, and at most once at a time; one that a person decided on, or took a value back of, never.
        Returns the mails whose walk was begun.
        """
        since = self.clock() - timedelta(days=days)
        with self.database.reading() as session:
            waiting = judging.rejudgeable(session, since)
        return [mail_id for mail_id in waiting if self.database.transact(partial(self._judge_again, mail_id))]

    def _judge_again(self, mail_id: MailId, session: Session) -> bool:
        try:
            evidence, found = self.gather(session, mail_id)
            anew = self._settlement(session, mail_id, evidence, found)
        except Permanent:  # its papers cannot be read any more, or a state forbids it: it stays as it is
            return False
        last = records.explain(session, mail_id).decisions[-1].settlement
        if _same(last, anew):
            return False
        walk = judging.judge_again(session, mail_id, self.clock())
        if walk is not None:
            self.enqueue(session, mail_id, walk)
        return walk is not None

    def _stands(self, session: Session, mail_id: MailId, anew: Settlement) -> bool:
        """Whether the last decision of a mail that was put back stays: then nothing is written, nobody answered again.

        It does when nothing would change; and when a person took it, or a value was reversed on it, and the new one
        accredits nothing more on the daemon's own account: then a person is asked what was meant.
        """
        decisions = records.explain(session, mail_id).decisions
        last = decisions[-1].settlement
        same = _same(last, anew)
        a_persons = any(judged.actor != DAEMON for judged in decisions)
        guarded = a_persons or (any(judged.entries for judged in decisions) and not anew.entries)
        if not (same or guarded):
            return False
        words = (
            "Lo devolvieron a la bandeja después de decidirse. Se juzgó de nuevo y la decisión anterior se mantiene."
        )
        ask = ReviewItem(Lane.REVISAR, (), words) if guarded else None
        now = self.clock()
        records.stand(session, mail_id, last.evidence_state, last.folder, now=now, review=ask)
        return True

    def note_by_hand(self, account: str, headers: Iterable[bytes]) -> int:
        """Mails of a Sent folder that are not ours: staff answered by hand; how many of our mails they answer."""
        known = 0
        for block in headers:
            try:
                sent = understand(block, our_addresses=frozenset(), header_only=True)
            except Permanent:
                continue
            if sent.automatic is None and sent.in_reply_to:
                note = partial(
                    records.note_by_hand,
                    account=account,
                    message_id=sent.message_id,
                    answers_to=sent.in_reply_to,
                    now=self.clock(),
                )
                known += len(self.database.transact(note))
        return known

    def _note_bounce(self, session: Session, evidence: Evidence) -> None:
        """When a mail server tells that an answer of ours did not arrive, a person is asked to call."""
        automatic = evidence.email.automatic
        if automatic is None or automatic.kind is not AutomaticKind.REBOTE:
            return
        report = read_report(self.blobs.head(evidence.email.sha256, MEMORY_BYTES))
        if report is not None and report.fate is Fate.FAILED:
            about = records.bounced(session, report.message_ids, report.words, now=self.clock())
            if about is not None:
                observe.say(
                    log, logging.WARNING, "bounced", answer_to=receipt_number(about), status=report.status or "-"
                )

    def gather(
        self, session: Session, mail_id: MailId, *, then: Sequence[Case] | None = None
    ) -> tuple[Evidence, Match]:
        """All that is known of a mail, and whose it is (`Gatherer.gather`), for this walk's rule book."""
        return self._gatherer.gather(session, mail_id, self.book, then=then)

    def apply(
        self,
        session: Session,
        mail_id: MailId,
        settlement: Settlement,
        evidence: Evidence,
        found: Match,
        *,
        text: str | None = None,
        delay_seconds: int = 0,
    ) -> int:
        """Write all that a settlement changes, with the answer rendered as it will be sent; the decision's id.

        A person may have written the answer's `text` anew, and it waits `delay_seconds` at least.
        """
        outgoing = self.outgoing(session, mail_id, settlement, evidence, text=text)
        if outgoing is not None:
            by = settlement.decision.grounds.actor if text is not None else ""
            outgoing = replace(outgoing, edited_by=by, delay_seconds=delay_seconds)
        judging.keep_ways(session, mail_id, ways(evidence, self.book), evidence.received_at)
        judging.keep_office_actas(session, mail_id, evidence, settlement.evidence_state)
        return records.apply(
            session,
            mail_id,
            settlement,
            found=found,
            evidence=evidence,
            follows=ledger.evidence_before(settlement),
            edition=self.book.edition,
            now=self.clock(),
            outgoing=outgoing,
        )

    def outgoing(
        self,
        session: Session,
        mail_id: MailId,
        settlement: Settlement,
        evidence: Evidence,
        *,
        text: str | None = None,
    ) -> records.Outgoing | None:
        """The answer of a settlement as bytes for one address, or None when there is none to send.

        `text` are a person's words instead of the rule book's.
        """
        if settlement.reply is None:
            return None
        number = records.next_decision_number(session, mail_id)
        outgoing = self._rendered(session, settlement.reply, evidence, number, settlement.decision.cases, text)
        oldest = self.clock() - timedelta(days=self.config.answers.max_age_days)
        by_daemon = settlement.decision.grounds.actor == DAEMON
        if outgoing is not None and by_daemon and evidence.received_at < oldest:
            return replace(outgoing, withheld=Withheld.ANTIGUO)
        return outgoing

    def _rendered(
        self,
        session: Session,
        reply: Reply,
        evidence: Evidence,
        number: int,
        cases: Sequence[Case],
        text: str | None = None,
    ) -> records.Outgoing | None:
        """An answer to the mail's `number`-th decision; None when its sender has no address to answer."""
        to = compose.answer_address(evidence.email)
        if to is None:
            return None
        smtp = self.config.smtp
        domain = smtp.from_address.rpartition("@")[2]
        message_id = compose.wire_message_id(evidence.receipt, reply.kind, number, domain, records.thread_key(session))
        raw = compose.compose(
            reply,
            evidence,
            self.book,
            from_address=smtp.from_address,
            from_name=smtp.from_name,
            message_id=message_id,
            at=self.clock(),
            text=text,
        )
        typed = evidence.subject.id_number
        return records.Outgoing(
            to_address=to.address,
            message_id=message_id,
            raw=raw,
            id_number=cases[0].id_number if cases else typed.value if typed is not None else "",
            topic=compose.topic(reply, evidence),
        )

    def shunt(self, session: Session, mail_id: MailId, stage: str, trouble: str) -> None:
        """Park a mail that cannot pass: a person sees it in the queue, with its story; nothing is lost."""
        records.shunt(session, mail_id, stage, trouble, now=self.clock())
        observe.say(observe.mails, logging.WARNING, "shunted", receipt=receipt_number(mail_id), stage=stage)

    # ── after the walk ───────────────────────────────────────────────────────────────────────────

    def dispatch_one(self, postman: Postman, still: Callable[[], bool] = lambda: True) -> bool:
        """Send the next due answer.  False when none is due, or nothing may be sent now.

        The claim is committed before the first byte leaves: a crash in between leaves the row ENVIANDO,
        which `recover` turns into INCIERTO.  `still`: whether sending is still ours after the claim, which a
        frozen process may have made long ago.
        """
        now = self.clock()
        if self.hours.next_open(now) > now:
            return False
        row = self.database.transact(lambda session: records.claim_due(session, now, self.limits))
        if row is None:
            return False
        if not still():
            self.database.transact(partial(records.unclaim, outbox_id=row.id, now=self.clock()))
            return False
        try:
            outcome = postman.send(row.raw, self.config.smtp.from_address, row.to_address)
        except Exception:
            # A refused login: nothing was sent, and it will pass.
            self.database.transact(partial(records.unclaim, outbox_id=row.id, now=self.clock()))
            raise
        now = self.clock()
        state, next_at = self._fate(outcome, row.attempts, now)
        finish = partial(
            records.finish_send, outbox_id=row.id, state=state, response=_words(outcome), now=now, next_at=next_at
        )
        self.database.transact(finish)  # a lost race here would make an answer that was sent look uncertain
        observe.say(
            log,
            logging.INFO,
            "answer",
            outbox=row.id,
            state=state.value,
            attempt=row.attempts,
            to=observe.masked_address(row.to_address),
        )
        return True

    @staticmethod
    def _fate(
        outcome: Accepted | Refused | NotSent | Uncertain, attempts: int, now: datetime
    ) -> tuple[OutboxState, datetime | None]:
        match outcome:
            case Accepted():
                return OutboxState.ENVIADO, None
            case Refused(permanent=True):
                return OutboxState.FALLIDO, None
            case Refused() | NotSent():
                if attempts > len(RETRY_AFTER):
                    return OutboxState.FALLIDO, None
                return OutboxState.EN_COLA, now + timedelta(seconds=RETRY_AFTER[attempts - 1])
            case Uncertain():
                return OutboxState.INCIERTO, now + timedelta(seconds=UNCERTAIN_AFTER)

    def lapse(self) -> int:
        """Customers who were asked and did not write in time: remind them once, wait no longer; how many lapsed.

        Nobody lapses while a mail is under way: it may be what he was asked for.  The caller sees to it that the
        mailboxes were swept first.
        """
        latest = before_working_days(self.today(), self.book.decision.answers.correction_days, self.calendar)
        cutoff = datetime.combine(latest + timedelta(days=1), time(), ECUADOR)
        with self.database.reading() as session:
            late = [] if records.unfinished(session, limit=1) else records.overdue(session, cutoff)
        for asked in late:
            self.database.transact(partial(self._lapse_one, asked))
        return len(late)

    def _lapse_one(self, asked: records.Asked, session: Session) -> None:
        story = records.explain(session, asked.mail_id)
        because = f"{story.mail.receipt}: venció el plazo para enviar lo que se pidió"
        cases = records.load_cases(session, asked.waiting)
        changes = [change for case in cases for change in lapse(case, because)]
        asking = story.decisions[-1].settlement.reply
        reminder = None
        if asked.remind and asking is not None:
            facts = dict(asking.facts) | {"fecha": asked.asked_at.astimezone(ECUADOR).date().isoformat()}
            reply = Reply(ReplyKind.RECORDATORIO, asking.reasons, tuple(facts.items()))
            evidence, _found = self.gather(session, asked.mail_id)
            outgoing = self._rendered(session, reply, evidence, story.decisions[-1].number, cases)
            reminder = (reply, outgoing) if outgoing is not None else None
        records.lapse(session, asked, changes, now=self.clock(), reminder=reminder)

    def to_file(self, account: str) -> list[tuple[CopyKey, FolderRole]]:
        """Copies in the inbox whose mail is settled, and where each belongs."""
        with self.database.reading() as session:
            return records.to_file(session, account)

    def filed(self, keys: Iterable[CopyKey]) -> None:
        """These copies are no longer in the inbox."""
        done = list(keys)
        self.database.transact(lambda session: records.filed(session, done, self.clock()))

    def to_refile(self, account: str) -> list[Refiling]:
        """Copies that lie in the folder of what waits for a person, since one has decided."""
        with self.database.reading() as session:
            return records.to_refile(session, account)

    def refiled(self, moves: Iterable[Refiling]) -> None:
        """These copies lie where they belong."""
        done = list(moves)
        self.database.transact(lambda session: records.refiled(session, done, self.clock()))

    def to_append(self, account: str) -> list[tuple[int, bytes]]:
        """Answers to this mailbox's mails that were sent and do not lie in its Sent folder yet."""
        with self.database.reading() as session:
            return records.to_append(session, account)

    def appended(self, outbox_id: int) -> None:
        """This answer lies in the Sent folder."""
        self.database.transact(lambda session: records.appended(session, outbox_id, self.clock()))

    def recover(self, *, starting: bool = False) -> None:
        """Answers whose sending was cut off become INCIERTO; new events of the audit trail are chained.

        `starting`: no other process can be sending now, so every open claim is a dead one's.
        """
        now, again = self.clock(), timedelta(seconds=UNCERTAIN_AFTER)
        age = timedelta(0) if starting else 2 * again
        self.database.transact(lambda s: records.recover_claims(s, now, again_after=again, older_than=age))
        if late := self.database.transact(lambda session: records.set_right(session, now)):
            log.warning("the clock was set back: %d answers that were put off to a day far away are due now", late)
        while self.database.transact(audit.seal):
            pass

    def reconcile(self, abandoned: Callable[[list[tuple[MailId, int]]], list[tuple[MailId, int]]]) -> list[MailId]:
        """Walk anew every unfinished mail for which no walk waits or runs; shunt it after the last try."""
        with self.database.reading() as session:
            unfinished = records.unfinished(session)
        return [
            mail_id
            for mail_id, _walk in abandoned(unfinished)
            if self.database.transact(partial(self._walk_again, mail_id))
        ]

    def _walk_again(self, mail_id: MailId, session: Session) -> bool:
        tries = records.tries(session, mail_id)
        if tries >= self.config.daemon.retries:
            self.shunt(session, mail_id, "walk", f"the walk was begun {tries} times and never ended")
            return False
        self.enqueue(session, mail_id, records.next_walk(session, mail_id))
        return True

    @property
    def limits(self) -> records.Limits:
        """How much may be sent, by the configuration."""
        answers, smtp = self.config.answers, self.config.smtp
        return records.Limits(
            per_address=answers.per_address_per_day,
            per_id_number=answers.per_id_number_per_day,
            same_topic=answers.same_answer_per_day,
            per_day=smtp.per_day,
            per_minute=smtp.per_minute,
            valve=answers.valve_per_15_minutes,
        )

    def status(self) -> records.Status:
        """Where everything stands, and why nothing is sent now, if so."""
        now = self.clock()
        with self.database.reading() as session:
            told = replace(records.status(session), cage=self.reader.cage())
            closed = records.sending_closed(session, now, self.limits)
        if closed is None and (opens := self.hours.next_open(now)) > now:
            closed = records.Closed("fuera de horario", opens)
        if closed is None:
            return told
        return replace(told, not_sending=closed.because, not_sending_until=closed.until)

    # ── small things ─────────────────────────────────────────────────────────────────────────────

    def today(self) -> date:
        """The date in Ecuador: the judge has no clock."""
        return self.clock().astimezone(ECUADOR).date()

    def _due(self, arrival: Arrival) -> date:
        received = arrival.received_at.astimezone(ECUADOR).date()
        return received + timedelta(days=self.book.decision.answers.answer_within_days)


def _held(decision: Decision, rule: str, staff: str) -> Hold:
    """The same decision for a person to take."""
    reasons = (ReasonCode.ACTA_REQUIERE_VERIFICACION,)
    finding = Finding(rule, Verdict.HOLD, reasons, staff, decided=True)
    others = tuple(replace(one, decided=False) for one in decision.grounds.findings)
    return Hold(decision.cases, replace(decision.grounds, findings=(finding, *others), reasons=reasons))


def _origins(attachments: Sequence[Attachment], readings: Sequence[Reading]) -> tuple[Origin, ...]:
    """What the files of a mail tell of themselves, those that tell anything.

    The pictures in a paper of print are left out: the firm's letterhead lies in every one of them.
    """
    printed = {
        reading.sha256
        for reading in readings
        if isinstance(reading, Document) and all(page.engine is Engine.TEXTO for page in reading.pages)
    }
    told = []
    for attachment in attachments:
        content = Path(attachment.file).read_bytes() if attachment.file else attachment.content
        origin = origin_of(content, attachment.sha256)
        if origin.sha256 in printed:
            origin = replace(origin, images=())
        if origin != Origin(attachment.sha256):
            told.append(origin)
    return tuple(told)


def _same(last: Settlement, anew: Settlement) -> bool:
    """Whether a mail that is judged anew comes to the same end, and nothing more is reversed by it."""
    before, after = last.decision, anew.decision
    reply = (last.reply.kind, last.reply.reasons) if last.reply else None
    told = (anew.reply.kind, anew.reply.reasons) if anew.reply else None
    silent = isinstance(before, Hold) and isinstance(after, Hold) and anew.reply is None
    return (
        not anew.entries
        and type(before) is type(after)
        and before.grounds.reasons == after.grounds.reasons
        and {case.id for case in before.cases} == {case.id for case in after.cases}
        and (reply == told or silent)
    )


class _Turns:
    """Whose turn it is to be read: ordinary mails side by side, a suspect alone, and before the ordinary ones."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._reading = self._suspects = 0

    @contextmanager
    def take(self, *, alone: bool) -> Iterator[None]:
        """Wait for a turn, and hold it for the block."""
        with self._changed:
            self._suspects += alone
            self._changed.wait_for(lambda: not (self._reading if alone else self._suspects))
            self._reading += 1
        try:
            yield
        finally:
            with self._changed:
                self._reading -= 1
                self._suspects -= alone
                self._changed.notify_all()


def _words(outcome: Accepted | Refused | NotSent | Uncertain) -> str:
    match outcome:
        case Accepted(response=words) | Refused(response=words):
            return words
        case NotSent(detail=words) | Uncertain(detail=words):
            return words


def _canonical_line(evidence: Evidence, found: Match, decision: Decision, settlement: Settlement, edition: str) -> None:
    grounds = decision.grounds
    observe.say(
        observe.mails,
        logging.INFO,
        "decided",
        receipt=evidence.receipt,
        verdict=type(decision).__name__.lower(),
        rule=next((finding.rule for finding in grounds.findings if finding.decided), "-"),
        reasons=",".join(grounds.reasons) or "-",
        match=type(found).__name__,
        papers=len(evidence.papers),
        charges=len(settlement.charges),
        cents=sum(entry.amount for entry in settlement.entries),
        reply=settlement.reply.kind.value if settlement.reply else "none",
        rules=edition,
    )
