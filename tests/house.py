"""A house to test with: configuration for real servers on loopback, the same program as in production."""

from __future__ import annotations

import atexit
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import sqlalchemy as sa
from alembic.config import Config
from servers import PASSWORD, Dovecot, SmtpReceiver

from evidence_daemon import config as configuration
from evidence_daemon.store import schema
from evidence_daemon.store.database import alembic_config, open_database

CORPUS = Path(__file__).parent / "corpus"
BORDER = "mx.cnt.example"


@cache
def without_lots() -> Path:
    """The rule book as it stands, but that nothing is drawn by lot: no test may fail because its mail was chosen."""
    directory = Path(tempfile.mkdtemp(prefix="rules-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    shutil.copytree(
        CORPUS.parents[1] / "rules", directory / "rules", ignore=shutil.ignore_patterns("*.py", "__pycache__")
    )
    book = directory / "rules" / "decision.toml"
    text, drawn = re.subn(r"(?m)^(four_eyes_share|sampled_share) = .*$", r"\1 = 0.0", book.read_text("utf-8"))
    assert drawn == 2
    book.write_text(text, "utf-8")
    return directory / "rules"


@contextmanager
def tables_at_once() -> Iterator[None]:
    """In the block the migrations run once; each new SQLite database gets the very tables that they made then.

    Half a second of CPU for each house that a test makes is saved.  Databases that hold something are migrated as ever.
    """
    really, made = schema.upgrade, []

    def upgrade(connection: sa.Connection, config: Config) -> None:
        ours = alembic_config(connection).get_main_option("script_location")
        if connection.dialect.name != "sqlite" or config.get_main_option("script_location") != ours:
            return really(connection, config)
        if schema.current(connection) is not None or sa.inspect(connection).has_table("evidence_schema"):
            return really(connection, config)
        if not made:
            made.extend(_tables())
        for statement in made:
            connection.exec_driver_sql(statement)
        return None

    def _tables() -> list[str]:
        with tempfile.TemporaryDirectory() as directory:
            first = open_database("", Path(directory))
            with first.engine.begin() as connection:
                really(connection, alembic_config(connection))
            first.close()
            with closing(sqlite3.connect(Path(directory) / "evidence.db")) as file:
                return [line for line in file.iterdump() if not line.startswith(("BEGIN TRANSACTION", "COMMIT"))]

    with mock.patch.object(schema, "upgrade", upgrade):
        yield


def write_config(
    directory: Path,
    dovecot: Dovecot,
    user: str,
    smtp: SmtpReceiver | SimpleNamespace,
    *,
    database_url: str = "",
    workers: int = 1,
    retries: int = 3,
    poll_seconds: int = 1,
    same_answer_per_day: int = 0,
    check_signatures: bool = False,
    answers: str = "",
    files: str = "",
    more: str = "",
) -> Path:
    """Write `config.toml` (and its secret) into `directory`; returns its path.

    Signatures are not checked: a test must not ask the DNS of whatever machine it runs on.
    """
    directory.mkdir(parents=True, exist_ok=True)
    secret = directory / "imap_password"
    secret.touch(mode=0o600)
    secret.write_text(PASSWORD, "utf-8")
    path = directory / "config.toml"
    path.write_text(
        f"""
[[mailboxes]]
name = "posventa"
host = "localhost"
port = {dovecot.tls_port}
security = "tls"
ca_file = "{dovecot.ca}"
user = "{user}"
password_file = "imap_password"
poll_seconds = {poll_seconds}
max_mail_bytes = 500000

[smtp]
host = "127.0.0.1"
port = {smtp.port}
security = "none"
from_address = "posventagec2@cnt.gob.ec"
per_minute = 0

[database]
url = "{database_url}"

[files]
state_directory = "state"
rules_directory = "{without_lots()}"
{files}

[answers]
trusted_authserv_id = "{BORDER}"
per_address_per_day = 50
per_id_number_per_day = 0
same_answer_per_day = {same_answer_per_day}
check_signatures = {str(check_signatures).lower()}
{answers}

[daemon]
armed = true
workers = {workers}
retries = {retries}
reconcile_seconds = 5

[health]
port = 0

[backup]
directory = "backups"
stale_hours = 0

[audit]
anchor_directory = "anchors"
{more}
""",
        "utf-8",
    )
    return path


def load_config(*arguments: object, **options: object) -> configuration.Config:
    """`write_config`, read back."""
    return configuration.load(write_config(*arguments, **options))  # type: ignore[arg-type]
