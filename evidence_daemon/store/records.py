"""The door of this room: functions on a session, words of the field in and out.

A function never commits: the caller's transaction (`Database.session`, `Database.transact`, or the engine's)
decides what belongs together.  What is behind the door: `mails`, the case list (`caselist`), `settling`,
answers (`outbox`), the queue (`reviews`) and the history (`history`).
"""

from __future__ import annotations

from sqlmodel import Session

from evidence_daemon.store.caselist import (
    Contact,
    all_cases,
    find_cases,
    known_sender,
    load_case,
    load_cases,
    load_contact,
)
from evidence_daemon.store.history import Answer, Event, Judged, Status, Story, explain, status
from evidence_daemon.store.mails import (
    UNDECIDED,
    Mail,
    Received,
    all_mails,
    begin_attempt,
    filed,
    is_armed,
    known_uids,
    load_mail,
    load_papers,
    load_readings,
    next_walk,
    receive,
    save_readings,
    set_armed,
    shunt,
    to_file,
    tries,
    twin,
    unfinished,
    unshunt,
)
from evidence_daemon.store.outbox import (
    Letter,
    Outgoing,
    appended,
    claim_due,
    finish_send,
    recover_claims,
    release,
    to_append,
    unclaim,
)
from evidence_daemon.store.reviews import Review, close_review, open_reviews, review_of
from evidence_daemon.store.settling import Trace, apply, next_decision_number, traces, with_uses

__all__ = [
    "UNDECIDED",
    "Answer",
    "Contact",
    "Event",
    "Judged",
    "Letter",
    "Mail",
    "Outgoing",
    "Received",
    "Review",
    "Session",
    "Status",
    "Story",
    "Trace",
    "all_cases",
    "all_mails",
    "appended",
    "apply",
    "begin_attempt",
    "claim_due",
    "close_review",
    "explain",
    "filed",
    "find_cases",
    "finish_send",
    "is_armed",
    "known_sender",
    "known_uids",
    "load_case",
    "load_cases",
    "load_contact",
    "load_mail",
    "load_papers",
    "load_readings",
    "next_decision_number",
    "next_walk",
    "open_reviews",
    "receive",
    "recover_claims",
    "release",
    "review_of",
    "save_readings",
    "set_armed",
    "shunt",
    "status",
    "to_append",
    "to_file",
    "traces",
    "tries",
    "twin",
    "unclaim",
    "unfinished",
    "unshunt",
    "with_uses",
]
