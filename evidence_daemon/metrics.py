"""Numbers for a monitor (Prometheus): read from the database when asked, so that they are true after a restart too.

Labels are words of closed lists (states, verdicts, lanes, mailboxes of the configuration): never a customer's.
`NAMES` is the one list; the alert rules, the dashboard and the manual are checked against it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from evidence_daemon import __version__
from evidence_daemon.backup import newest
from evidence_daemon.documents.lock import landlock_abi
from evidence_daemon.equation import Closing
from evidence_daemon.errors import EvidenceDaemonError
from evidence_daemon.model import EvidenceState, Lane, OutboxState
from evidence_daemon.pipeline import Pipeline
from evidence_daemon.store import audit, brake, figures, history

NAMES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "evidence_build_info": ("The program's version and the rules' edition; always 1.", ("version", "rules")),
    "evidence_working": ("1 while the daemon's jobs move.", ()),
    "evidence_database_up": ("1 while the database answers.", ()),
    "evidence_armed": ("1 while answers are sent.", ()),
    "evidence_paused": ("1 while paused: intake, sending, or accepting (the circuit breaker).", ("what",)),
    "evidence_mails": ("Mails by state.", ("state",)),
    "evidence_queue_open": ("Questions that wait for a person, by lane.", ("lane",)),
    "evidence_queue_oldest_seconds": ("Age of the oldest question.", ()),
    "evidence_unfinished_oldest_seconds": ("Age of the oldest mail that is neither decided nor shunted.", ()),
    "evidence_outbox": ("Answers by state.", ("state",)),
    "evidence_outbox_oldest_seconds": ("Age of the oldest answer that should leave.", ()),
    "evidence_decisions_total": (
        "Decisions by verdict, and whether a person or the daemon took them.",
        ("verdict", "by"),
    ),
    "evidence_reversed_dollars_total": ("Value marked for reversal, in USD, by a person or the daemon.", ("by",)),
    "evidence_vanished_mails_total": ("Mails that were gone from a mailbox before they were seen.", ()),
    "evidence_sweep_timestamp_seconds": ("When a mailbox was last listed to its end.", ("mailbox",)),
    "evidence_job_failures": ("How often in a row a job failed.", ("job",)),
    "evidence_disk_free_bytes": ("Free bytes on the disk of the state directory.", ()),
    "evidence_sandbox_landlock": ("Landlock's version under this unit; 0: none.", ()),
    "evidence_audit_sealed": ("Number of the audit trail's last seal.", ()),
    "evidence_closing_difference": (
        "Mails without a row (unknown) or without an outcome for hours (stuck), at the last closing count.",
        ("mailbox", "what"),
    ),
    "evidence_closing_timestamp_seconds": ("When mailboxes and books were last compared; 0: not since the start.", ()),
    "evidence_workers": ("Processes on this database, by whether they have beaten lately.", ("alive",)),
    "evidence_turn_held": ("1 where this process has that turn (a mailbox, dispatch, the clock).", ("turn",)),
    "evidence_walks": ("Mails without a decision: in a worker's hand, or waiting for one.", ("where",)),
    "evidence_dead_letters": ("Mails that could not be processed (50 at most).", ()),
    "evidence_backup_timestamp_seconds": ("When the last proven backup was made; 0: never.", ()),
}
"""Every metric: what it says, and its labels."""


class Metrics:
    """Asked for, it reads; `working`, `swept`, `failures`, `closings` and `turns` come from the running daemon."""

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        working: Callable[[], bool],
        swept: Callable[[], Mapping[str, datetime]],
        failures: Callable[[], Mapping[str, int]],
        closings: Callable[[], tuple[tuple[Closing, ...], datetime | None]],
        turns: Callable[[], Mapping[str, bool]],
        backups: Path,
    ) -> None:
        self._turns = turns
        self._pipeline, self._working, self._swept, self._failures = pipeline, working, swept, failures
        self._closings, self._backups = closings, backups
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def text(self) -> bytes:
        """All of them in Prometheus' text format."""
        return generate_latest(self._registry)

    def describe(self) -> Iterable[Metric]:
        """Nothing is read when it is registered."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Every metric of `NAMES`; those of the database are left out while it does not answer."""
        families = {name: _family(name, *told) for name, told in NAMES.items()}

        def put(name: str, value: float, *labels: str) -> None:
            families[name].add_metric(labels, float(value))

        put("evidence_build_info", 1, __version__, self._pipeline.book.edition)
        put("evidence_working", self._working())
        put("evidence_sandbox_landlock", landlock_abi())
        put("evidence_disk_free_bytes", shutil.disk_usage(self._pipeline.config.state_directory).free)
        for account, at in self._swept().items():
            put("evidence_sweep_timestamp_seconds", at.timestamp(), account)
        for job, count in self._failures().items():
            put("evidence_job_failures", count, job)
        closings, closed_at = self._closings()
        put("evidence_closing_timestamp_seconds", closed_at.timestamp() if closed_at else 0)
        for one in closings:
            put("evidence_closing_difference", len(one.unknown), one.account, "unknown")
            put("evidence_closing_difference", len(one.books.stuck), one.account, "stuck")
        for turn, held in self._turns().items():
            put("evidence_turn_held", held, turn)
        made = newest(self._backups)
        put("evidence_backup_timestamp_seconds", made.timestamp() if made else 0)
        try:
            self._of_database(put)
            put("evidence_database_up", 1)
        except EvidenceDaemonError:
            put("evidence_database_up", 0)
        return families.values()

    def _of_database(self, put: Callable[..., None]) -> None:
        now = self._pipeline.clock()
        with self._pipeline.database.reading() as session:
            status = history.status(session)
            accepting = brake.closed(session)
            decided, dollars = figures.ever_decided(session), figures.ever_reversed(session)
            head = audit.head(session, now)
        put("evidence_armed", status.armed)
        for what, told in (
            ("intake", status.intake_paused),
            ("sending", status.sending_paused),
            ("accepting", accepting),
        ):
            put("evidence_paused", bool(told), what)
        for state in EvidenceState:
            put("evidence_mails", status.mails.get(state, 0), state.value)
        for lane in Lane:
            put("evidence_queue_open", status.lanes.get(lane, 0), lane.value)
        for sent in OutboxState:
            put("evidence_outbox", status.outbox.get(sent, 0), sent.value)
        for name, oldest in (
            ("evidence_queue_oldest_seconds", status.oldest_review),
            ("evidence_unfinished_oldest_seconds", status.oldest_unfinished),
            ("evidence_outbox_oldest_seconds", status.oldest_unsent),
        ):
            put(name, max(0.0, (now - oldest).total_seconds()) if oldest else 0)
        for (verdict, by_daemon), count in decided.items():
            put("evidence_decisions_total", count, verdict.value, "daemon" if by_daemon else "person")
        for by_daemon, cents in dollars.items():
            put("evidence_reversed_dollars_total", cents / 100, "daemon" if by_daemon else "person")
        put("evidence_vanished_mails_total", status.vanished)
        if status.work is not None:
            for alive in (True, False):
                put("evidence_workers", sum(one.alive is alive for one in status.work.workers), str(alive).lower())
            put("evidence_walks", status.work.in_hand, "in_hand")
            put("evidence_walks", status.work.waiting, "waiting")
            put("evidence_dead_letters", len(status.work.dead))
        put("evidence_audit_sealed", head.number if head else 0)


def _family(name: str, says: str, labels: tuple[str, ...]) -> GaugeMetricFamily | CounterMetricFamily:
    if name.endswith("_total"):
        return CounterMetricFamily(name.removesuffix("_total"), says, labels=labels)
    return GaugeMetricFamily(name, says, labels=labels)
