"""`evidence-daemon migrate`: from the SQLite file of one machine to PostgreSQL, for any number of workers."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from evidence_daemon import config as configuration
from evidence_daemon.app import evidence_of
from evidence_daemon.commands import DEFAULT_CONFIG, ConfigFile, told
from evidence_daemon.config import Config
from evidence_daemon.console import err, out
from evidence_daemon.errors import BadInput, Permanent
from evidence_daemon.store import moving, soundness
from evidence_daemon.store.blobs import Blobs
from evidence_daemon.store.database import Database, open_database
from evidence_daemon.store.lease import Lease


def migrate(
    to: Annotated[str, typer.Option("--to", metavar="URL", help="postgresql://user@host/name, an empty database.")],
    password_file: Annotated[
        str, typer.Option("--password-file", help="File that holds its password; default: as libpq finds it.")
    ] = "",
    evidence: Annotated[
        str,
        typer.Option(
            "--evidence", metavar="PLACE", help="Copy the evidence files too: s3://bucket/prefix, or a shared folder."
        ),
    ] = "",
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Move this house from SQLite to PostgreSQL for good: copied, verified row by row, and the old one is retired.

    Stop the daemon first.  Interrupted, it goes on where it was.  The house stays armed if it was: it is the same one.
    """
    with told():
        settings = configuration.load(config)
        if not to.startswith("postgresql"):
            raise BadInput("--to: write postgresql://user@host/name")
        password = settings.secret(password_file) if password_file else None
        with (
            closing(_opened(settings)) as source,
            Lease(source, "daemon", settings.state_directory),
            closing(open_database(to, settings.state_directory, password)) as target,
            Progress(
                TextColumn("{task.description:32}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=err
            ) as bars,
        ):
            source.migrate(moving=True)
            missing = _copy_files(settings, evidence, source, bars) if evidence else 0
            target.migrate(moving=True)
            moved = moving.move(source, target, now=datetime.now(UTC), progress=_shown(bars))
    out.print(
        f"Moved and verified: {sum(moved.rows.values())} rows in {len(moved.rows)} tables (SHA-256 of all "
        f"{moved.digest[:16]}…), the audit trail holds.  The old house is retired.",
        soft_wrap=True,
    )
    if missing:
        out.print(f"{missing} evidence files of which rows speak were missing before: see `doctor`.")
    out.print(
        "Now set in the configuration: database.url (and password_file)"
        + (f', files.evidence = "{evidence}"' if evidence else "")
        + "; then start `evidence-daemon worker`.  What was being walked is walked anew.",
        soft_wrap=True,
        markup=False,
    )


def _opened(settings: Config) -> Database:
    database = open_database(settings.database.url, settings.state_directory)
    if not database.lite:
        database.close()
        raise BadInput("database.url names a PostgreSQL server already: this moves a house from SQLite")
    if not Path(str(database.engine.url.database)).stat().st_size:
        database.close()
        raise BadInput("there is no house yet: set database.url, and start")
    return database


def _shown(bars: Progress) -> moving.Progress:
    tasks: dict[tuple[str, str], TaskID] = {}

    def show(what: str, table: str, done: int, count: int) -> None:
        key = (what, table)
        if key not in tasks:
            tasks[key] = bars.add_task(f"{what} {table}", total=max(count, 1))
        bars.update(tasks[key], completed=max(done, 1) if done >= count else done, visible=done < count or count > 1000)

    return show


def _copy_files(settings: Config, place: str, source: Database, bars: Progress) -> int:
    """Bring every evidence file over, checked against its hash on both sides; how many were missing."""
    here = evidence_of(settings)
    files = settings.files.model_copy(update={"evidence": place})
    there: Blobs = evidence_of(settings.model_copy(update={"files": files}))
    with source.reading() as session:
        wanted = list(soundness.referenced(session))
    task, missing = bars.add_task("copy evidence files", total=max(len(wanted), 1)), 0
    for digest in wanted:
        try:
            there.put(here.get(digest))
        except Permanent:
            missing += 1
        bars.advance(task)
    return missing
