"""What would another rule book have said?  Judges stored evidence again and writes nothing.

Both books, the one in force and the other, see the same: the readings that were kept, and the cases as they
stood when the mail was decided.  So what differs comes from the rules and from nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import assert_never

from evidence_daemon.cases.decision import decide
from evidence_daemon.cases.settlement import settle
from evidence_daemon.errors import Permanent
from evidence_daemon.model import DAEMON, Case, Cents, MailId, ManyCases, Match, NoCase, OneCase, ReasonCode, Verdict
from evidence_daemon.pipeline import Pipeline
from evidence_daemon.store import judging, records
from evidence_daemon.store.database import Session
from evidence_daemon.store.shapes import VERDICTS
from evidence_daemon.workdays import ECUADOR


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one book says of a mail: the verdict, the rule that decided, what is reversed or blocked in cents."""

    verdict: Verdict
    rule: str
    reasons: tuple[ReasonCode, ...]
    cents: Cents


@dataclass(frozen=True, slots=True)
class Replayed:
    """One mail under both books, and what was decided on it in its time."""

    receipt: str
    received_at: datetime
    decided: Verdict
    by: str
    now: Outcome
    other: Outcome

    @property
    def changed(self) -> bool:
        """Whether the other book decides, reverses or tells the customer otherwise."""
        return (self.now.verdict, self.now.cents, self.now.reasons) != (
            self.other.verdict,
            self.other.cents,
            self.other.reasons,
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums of a replay; `moves` counts (verdict now, verdict under the other book)."""

    mails: int
    changed: int
    cents_now: Cents
    cents_other: Cents
    moves: tuple[tuple[Verdict, Verdict, int], ...]


def replay(
    pipeline: Pipeline,
    other: Pipeline,
    since: date,
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Iterator[Replayed]:
    """Every mail that was decided on or after `since` (a day in Ecuador), under the books of both pipelines.

    Mails whose papers cannot be read any more are left out.
    """
    start = datetime.combine(since, time(), ECUADOR)
    with pipeline.database.reading() as session:
        mails = judging.decided_since(session, start)
    for done, mail_id in enumerate(mails, start=1):
        with pipeline.database.reading() as session:
            try:
                yield _one(session, mail_id, pipeline, other)
            except Permanent:
                continue
            finally:
                progress(done, len(mails))


def tally(rows: Iterable[Replayed]) -> Tally:
    """Add up a replay."""
    rows = list(rows)
    moves = Counter((row.now.verdict, row.other.verdict) for row in rows if row.now.verdict is not row.other.verdict)
    return Tally(
        mails=len(rows),
        changed=sum(row.changed for row in rows),
        cents_now=sum(row.now.cents for row in rows),
        cents_other=sum(row.other.cents for row in rows),
        moves=tuple((now, other, count) for (now, other), count in sorted(moves.items())),
    )


def _one(session: Session, mail_id: MailId, pipeline: Pipeline, other: Pipeline) -> Replayed:
    story = records.explain(session, mail_id)
    judged = next((one for one in reversed(story.decisions) if one.actor == DAEMON), story.decisions[-1])
    last = story.decisions[-1]
    then, day = _cases(judged.match), judged.decided_at.astimezone(ECUADOR).date()
    return Replayed(
        receipt=story.mail.receipt,
        received_at=story.mail.received_at,
        decided=last.verdict,
        by=last.actor,
        now=_outcome(session, mail_id, pipeline, then, day),
        other=_outcome(session, mail_id, other, then, day),
    )


def _outcome(session: Session, mail_id: MailId, pipeline: Pipeline, then: Sequence[Case], day: date) -> Outcome:
    evidence, found = pipeline.gather(session, mail_id, then=then)
    decision = decide(evidence, found, pipeline.book, day)
    settlement = settle(decision, evidence, pipeline.book, day)
    rule = next((finding.rule for finding in decision.grounds.findings if finding.decided), "")
    return Outcome(
        verdict=VERDICTS[type(decision)],
        rule=rule,
        reasons=decision.grounds.reasons,
        cents=sum(entry.amount for entry in settlement.entries),
    )


def _cases(found: Match) -> tuple[Case, ...]:
    """All cases that a match knew of, as they stood then."""
    match found:
        case OneCase(case=case):
            return (case, *found.rivals, *found.strangers)
        case ManyCases(cases=cases):
            return (*cases, *found.rivals, *found.strangers)
        case NoCase():
            return ()
        case _:
            assert_never(found)
