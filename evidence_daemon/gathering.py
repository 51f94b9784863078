"""All that is known of a mail, and whose it is: what the judge is given.  Reads only; changes nothing."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from evidence_daemon.canonical import acta_key
from evidence_daemon.cases.lot import SHOWN, lot
from evidence_daemon.cases.matching import match, returns, search_keys
from evidence_daemon.cases.register import labels_of
from evidence_daemon.cases.signals import cases_of, ways
from evidence_daemon.documents.corrections import SUBJECT, with_corrections
from evidence_daemon.documents.fields import read_papers
from evidence_daemon.mail import authenticity, compose
from evidence_daemon.mail.opening import Opener
from evidence_daemon.mail.subject import read_subject
from evidence_daemon.model import (
    Case,
    CaseId,
    Email,
    Evidence,
    Fields,
    MailId,
    Match,
    Reading,
    mail_of_receipt,
    receipt_number,
)
from evidence_daemon.rulebook import DocumentsBook, RuleBook
from evidence_daemon.store import judging, records, register
from evidence_daemon.store.blobs import Blobs
from evidence_daemon.store.database import Session


class Gatherer:
    """Gathers what the store, the mail's own bytes and its readings say.

    `border` is the name by which our own border server signs its Authentication-Results; "" trusts nobody's.
    """

    def __init__(self, blobs: Blobs, mails: Opener, border: str) -> None:
        self._blobs, self._mails, self._border = blobs, mails, border
        self._papers = _Papers()

    def gather(
        self, session: Session, mail_id: MailId, book: RuleBook, *, then: Sequence[Case] | None = None
    ) -> tuple[Evidence, Match]:
        """All that is known of a mail, and whose it is.  Changes nothing.

        `then` are cases as they stood when it was judged: with them it is gathered as of then, without what
        later mails left behind.
        """
        mail = records.load_mail(session, mail_id)
        email = self._mails.facts(mail)
        readings = records.load_readings(session, mail_id)
        header = self._blobs.head(mail.sha256, authenticity.MAX_HEADER)
        signatures = records.load_signatures(session, mail_id)
        twin = records.twin(session, mail_id)
        corrected = {one.what: (one.after, one.actor) for one in records.corrections_of(session, mail_id)}
        subjects = (corrected[SUBJECT][0],) if SUBJECT in corrected else email.subjects
        evidence = Evidence(
            receipt=receipt_number(mail_id),
            received_at=mail.received_at,
            email=email,
            subject=read_subject(subjects, book.subject),
            readings=readings,
            papers=with_corrections(self._papers.of(mail, readings, book.documents), corrected),
            known_sender=email.sender is not None and records.known_sender(session, email.sender.address),
            sender_proven=authenticity.sender_proven(header, self._border, signatures),
            sender_refuted=authenticity.sender_refuted(header, self._border),
            oversized=mail.oversized,
            thread=answered_cases(session, email),
            twin_of=receipt_number(twin) if twin is not None else "",
            origins=judging.load_origins(session, mail_id),
            lot=lot(records.thread_key(session), SHOWN, receipt_number(mail_id)),
        )
        return matched(session, mail_id, evidence, book, then=then)


def answered_cases(session: Session, email: Email) -> tuple[CaseId, ...]:
    """The cases of the decision whose answer this mail replies to; a mail with an unsigned reference has none."""
    nearest_first = tuple(filter(None, (email.in_reply_to, *reversed(email.references))))
    if not nearest_first:
        return ()
    found = compose.answered(nearest_first, records.thread_key(session))
    mail_id = mail_of_receipt(found[0]) if found is not None else None
    return records.decided_cases(session, mail_id, found[1]) if found is not None and mail_id is not None else ()


def matched(
    session: Session, mail_id: MailId, evidence: Evidence, book: RuleBook, *, then: Sequence[Case] | None = None
) -> tuple[Evidence, Match]:
    """Whose a mail is, and what other mails and the return register say of it.  Changes nothing; see `gather`."""
    evidence = records.with_uses(session, mail_id, evidence)
    cases = records.find_cases(session, search_keys(evidence))
    if then is not None:
        stood = {case.id for case in then}
        cases = (*then, *(case for case in cases if case.id not in stood))
    found = match(evidence, cases, book)
    limits = book.decision.signals
    meant = [case.id for case in cases_of(found)]
    numbers = [acta_key(acta.number.value) for acta in returns(evidence) if acta.number]
    labels = [label for acta in returns(evidence) for label in sorted(labels_of(acta))]
    at, hours = evidence.received_at, limits.rush_hours
    evidence = replace(
        evidence,
        register=register.look_up(session, numbers, labels),
        lookalikes=judging.lookalikes(session, mail_id, limits.lookalike_bits),
        rushes=judging.rushes(session, mail_id, ways(evidence, book), at, hours, meant),
        neighbours=judging.neighbours(session, mail_id, evidence.papers),
        held_alone=judging.held_alone(session, mail_id),
    )
    return _before(evidence, mail_id) if then is not None else evidence, found


def _before(evidence: Evidence, mail_id: MailId) -> Evidence:
    """The evidence without what later mails left behind."""

    def earlier(receipt: str) -> bool:
        other = mail_of_receipt(receipt)
        return other is not None and other < mail_id

    return replace(
        evidence,
        uses=tuple(use for use in evidence.uses if earlier(use.receipt)),
        lookalikes=tuple(alike for alike in evidence.lookalikes if earlier(alike.receipt)),
        neighbours=tuple(neighbour for neighbour in evidence.neighbours if earlier(neighbour.receipt)),
        held_alone=(),
    )


class _Papers:
    """The papers of the mails that were gathered last.

    Finding them in the words costs most of gathering, and a person's decision gathers the same mail several times.
    """

    def __init__(self, kept: int = 200) -> None:
        self._kept, self._lock = kept, threading.Lock()
        self._known: OrderedDict[tuple[MailId, datetime], tuple[DocumentsBook, tuple[Fields, ...]]] = OrderedDict()

    def of(self, mail: records.Mail, readings: Sequence[Reading], book: DocumentsBook) -> tuple[Fields, ...]:
        """The papers in a mail's readings, by this book; found anew when the mail was read anew."""
        if mail.read_at is None:
            return read_papers(readings, book)
        key = (mail.id, mail.read_at)
        with self._lock:
            known = self._known.get(key)
            if known is not None and known[0] is book:
                self._known.move_to_end(key)
                return known[1]
        papers = read_papers(readings, book)
        with self._lock:
            self._known[key] = (book, papers)
            while len(self._known) > self._kept:
                self._known.popitem(last=False)
        return papers
