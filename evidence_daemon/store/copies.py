"""A consistent copy of the database while it is at work, and the way back.

SQLite: its online backup API, in steps, so that writers wait for none of it.  PostgreSQL: `pg_dump` and
`pg_restore` of the server's own version, in its custom format.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from evidence_daemon.errors import BadInput, Temporary
from evidence_daemon.store.database import Database, open_database

LITE, SERVER = "evidence.db", "evidence.dump"
"""Names of a copy, by its kind."""
_PAGES = 2000
"""Pages of a step; between two steps writers go on."""


def copy(database: Database, directory: Path) -> Path:
    """Copy the whole database into `directory`, as of one moment; the file.  Raises `BadInput`, `Temporary`."""
    if database.lite:
        return _copy_lite(Path(str(database.engine.url.database)), directory / LITE)
    _postgresql("pg_dump", database.engine.url, "--format=custom", f"--file={directory / SERVER}")
    (directory / SERVER).chmod(0o600)
    return directory / SERVER


def put_back(copied: Path, url: str, state_directory: Path, password: str | None = None) -> None:
    """Make a database of a copy; there must be none yet.  Raises `BadInput` where there is one, or the kind differs."""
    if copied.name == LITE:
        if url and sa.make_url(url).get_backend_name() != "sqlite":
            raise BadInput("this backup is of an SQLite database, and database.url names a PostgreSQL server")
        target = Path(str(sa.make_url(url).database)) if url else state_directory / LITE
        if target.exists():
            raise BadInput(f"{target}: there is a database already; move it away first: nothing is ever overwritten")
        state_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _copy_lite(copied, target)
        return
    if not url or sa.make_url(url).get_backend_name() != "postgresql":
        raise BadInput("this backup is of a PostgreSQL database; set database.url to an empty one")
    parsed = sa.make_url(url).set(password=password) if password is not None else sa.make_url(url)
    database = open_database(url, state_directory, password)
    try:
        with database.reading() as session:
            if sa.inspect(session.connection()).get_table_names():
                raise BadInput("the database of database.url is not empty; make a new one (createdb) and name that")
    finally:
        database.close()
    _postgresql("pg_restore", parsed, "--no-owner", "--exit-on-error", "--single-transaction", str(copied))


@contextmanager
def tried(copied: Path, original: Database, directory: Path) -> Iterator[Database]:
    """A database made of a copy, for the block only: in `directory`, or beside the original on its server.

    Raises `BadInput` where the server's user may not make databases.
    """
    if copied.name == LITE:
        put_back(copied, "", directory)
        database = open_database("", directory)
        try:
            yield database
        finally:
            database.close()
        return
    name = f"evidence_trial_{os.getpid()}_{os.urandom(3).hex()}"
    trial = original.engine.url.set(database=name)
    with original.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        try:
            connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE template0')
        except sa.exc.DBAPIError as trouble:
            raise BadInput(
                "the backup cannot be proven: the user of the database may not make one to try it in "
                "(ALTER ROLE … CREATEDB)"
            ) from trouble
        try:
            _postgresql("pg_restore", trial, "--no-owner", "--exit-on-error", "--single-transaction", str(copied))
            database = open_database(trial.render_as_string(hide_password=False), directory)
            try:
                yield database
            finally:
                database.close()
        finally:
            connection.exec_driver_sql(f'DROP DATABASE "{name}"')


def _copy_lite(source: Path, target: Path) -> Path:
    os.close(os.open(target, os.O_CREAT | os.O_RDWR, 0o600))
    try:
        with (
            sqlite3.connect(f"file:{source}?mode=ro", uri=True) as read,
            sqlite3.connect(target) as write,
        ):
            read.backup(write, pages=_PAGES, sleep=0.005)
        read.close()
        write.close()
        with target.open("rb+") as file:
            os.fsync(file.fileno())
    except (sqlite3.Error, OSError) as trouble:
        target.unlink(missing_ok=True)
        raise Temporary(f"the database could not be copied: {trouble}") from trouble
    return target


def _postgresql(program: str, url: sa.URL, *arguments: str) -> None:
    """Run one of the server's own programs; the password goes by the environment, where no other user looks."""
    if shutil.which(program) is None:
        raise BadInput(f"{program} is not installed: apt-get install postgresql-client")
    told: dict[str, object] = {
        "PGHOST": url.host,
        "PGPORT": url.port,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
    }
    told |= {"PGHOST": told["PGHOST"] or url.query.get("host")}
    names = {name: str(value) for name, value in told.items() if value}
    done = subprocess.run(
        [program, "--dbname", str(url.database), "--no-password", *arguments]
        if program == "pg_restore"
        else [program, "--no-password", *arguments, str(url.database)],
        env=os.environ | names,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Temporary(f"{program}: {done.stderr.strip()[-1000:]}")
