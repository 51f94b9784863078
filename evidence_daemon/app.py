"""The composition root: the only place that builds things.  `open_house(config)` is the whole program."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from evidence_daemon import rulebook
from evidence_daemon.config import Config, MailboxConfig, SmtpConfig
from evidence_daemon.daemon import Daemon
from evidence_daemon.documents.reader import Reader
from evidence_daemon.errors import BadRules
from evidence_daemon.flow import Flow
from evidence_daemon.mail.imap import Mailbox
from evidence_daemon.mail.smtp import Postman
from evidence_daemon.mail.subject import failed_examples
from evidence_daemon.pipeline import Pipeline
from evidence_daemon.review import Desk
from evidence_daemon.rulebook import RuleBook
from evidence_daemon.store.blobs import LocalBlobs
from evidence_daemon.store.database import Database, open_database
from evidence_daemon.store.lease import Lease


@dataclass(frozen=True)
class House:
    """Everything built, nothing running."""

    config: Config
    book: RuleBook
    database: Database
    blobs: LocalBlobs
    reader: Reader
    pipeline: Pipeline
    desk: Desk

    @contextmanager
    def daemon(self) -> Iterator[Daemon]:
        """The daemon of this house, not yet running.  Raises `BadInput` when another one runs here."""
        config = self.config
        mailbox_secret = _secret(config, config.mailbox.password_file)
        with Lease(self.database, "daemon", config.state_directory):
            daemon: Daemon | None = None
            flow = Flow(
                self.database,
                self.pipeline,
                workers=config.daemon.workers,
                retries=config.daemon.retries,
                settled=lambda: daemon.wake("dispatch") if daemon is not None else None,
            )
            self.pipeline.enqueue = flow.enqueue
            daemon = Daemon(
                pipeline=self.pipeline,
                flow=flow,
                mailbox=Mailbox(_placed(config, config.mailbox), mailbox_secret),
                lookout=Mailbox(_placed(config, config.mailbox), mailbox_secret) if config.mailbox.idle else None,
                postman=Postman(_placed(config, config.smtp), _secret(config, config.smtp.password_file)),
                poll_seconds=config.mailbox.poll_seconds,
                reconcile_seconds=config.daemon.reconcile_seconds,
            )
            yield daemon


@contextmanager
def open_house(config: Config, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Iterator[House]:
    """Build the house: read the rules, open and migrate the database.

    Raises `BadConfig` and `BadRules` with all their faults.
    """
    book = read_rules(rules_directory(config))
    config.state_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    password = config.secret(config.database.password_file) if config.database.password_file else None
    database = open_database(config.database.url, config.state_directory, password)
    try:
        database.migrate(armed=config.daemon.armed)
        blobs = LocalBlobs(config.state_directory / "evidence")
        reader = Reader(config.documents, blobs.put)
        pipeline = Pipeline(database=database, blobs=blobs, reader=reader, book=book, config=config, clock=clock)
        yield House(
            config=config,
            book=book,
            database=database,
            blobs=blobs,
            reader=reader,
            pipeline=pipeline,
            desk=Desk(pipeline),
        )
    finally:
        database.close()


def rules_directory(config: Config) -> Path:
    """Where the rule book lies: by setting, else the one that came with the program."""
    if config.files.rules_directory:
        return config.path(config.files.rules_directory)
    here = Path(__file__).resolve().parent
    inside = here / "rules"
    return inside if inside.is_dir() else here.parent / "rules"


def read_rules(directory: Path) -> RuleBook:
    """The rule book in a directory, with the examples of its subjects tried.

    Raises `BadRules` with all its faults.
    """
    if not directory.is_dir():
        raise BadRules(f"{directory}: there is no such directory of rules")
    texts = {}
    for path in sorted(directory.rglob("*")):
        if path.suffix in {".toml", ".txt"} and path.is_file():
            texts[path.relative_to(directory).as_posix()] = path.read_text("utf-8")
    book = rulebook.parse(texts)
    if faults := failed_examples(book.subject):  # the grammar stands above the book, so it is tried here
        raise BadRules(faults)
    return book


_Door = TypeVar("_Door", MailboxConfig, SmtpConfig)


def _placed(config: Config, section: _Door) -> _Door:
    """The section with its certificate file where the configuration means it."""
    return section.model_copy(update={"ca_file": str(config.path(section.ca_file))}) if section.ca_file else section


def _secret(config: Config, setting: str) -> Callable[[], str]:
    """Read when needed, so that a rotated password counts from the next login on."""
    return lambda: config.secret(setting)
