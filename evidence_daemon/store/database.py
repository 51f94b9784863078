"""The database: opened, migrated, and one transaction at a time.

SQLite by default (one file in the state directory), PostgreSQL by URL; the code is the same.  The law is
the same as well: *a transaction acts as if it were alone*.  SQLite gets it from `BEGIN IMMEDIATE` (without
it 30 concurrent read-then-write transactions kept 6 of their effects, measured), PostgreSQL from
SERIALIZABLE, where a transaction that loses a race is refused and has to be run again: `transact` does so.

Never hold a transaction around OCR, IMAP or SMTP: on SQLite all writers wait for it.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import random
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from alembic.config import Config as AlembicConfig
from sqlalchemy.exc import DBAPIError, ResourceClosedError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import sessionmaker as make_sessionmaker
from sqlmodel import Session

from evidence_daemon.errors import BadConfig, BadInput, Temporary
from evidence_daemon.store import schema
from evidence_daemon.store.line import Line
from evidence_daemon.store.mails import found_instance

__all__ = ["Database", "Session", "file_system_of", "open_database", "refuse_network", "translated"]

_ABANDONED_SECONDS = 60
"""A transaction that is idle so long is a frozen process's: none of ours waits for anything but the database."""
MOVING = "evidence_moving"
"""The table that is there while a house moves in (`moving`)."""
PATIENCE_SECONDS = 30.0
"""How long a transaction waits for others before it gives up."""

SERVER_CONNECTION: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "options": "-c synchronous_commit=on",
}
"""What every connection to PostgreSQL asks for, the engine's too.

A silent server or a cut line is waited for a minute at most, where the kernel's own limit is two hours.  And a commit
is on the disk when it is answered, whatever the server, the database or the role is set to: with `off` its crash would
forget mails that were moved in the mailbox already.
"""

_NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "9p", "ceph", "lustre", "glusterfs", "gfs2", "ocfs2"}
    | {"fuse.sshfs", "fuse.glusterfs", "fuse.cephfs", "fuse.s3fs", "fuse.rclone", "davfs", "fuse.davfs2", "vboxsf"}
)
"""File systems on which SQLite's locks or its shared memory cannot be trusted (SQLite: "wal.html")."""

_PRAGMAS = (
    "busy_timeout=30000",
    "journal_mode=WAL",
    "synchronous=FULL",  # NORMAL may lose the last commits at a power cut: a mail already moved would be lost
    "foreign_keys=ON",
    "recursive_triggers=ON",  # lets the append-only triggers see INSERT OR REPLACE too
    "temp_store=MEMORY",
)

_READING = "evidence_reading"
_T = TypeVar("_T")
_GUARD: ContextVar[Callable[[Session], None] | None] = ContextVar("guard", default=None)


class Database:
    """An open database.  Thread-safe; sessions are not.

    `url` is the SQLAlchemy URL with its password, for whoever else must open the same database; `lite` is
    True for SQLite, where those of this process who write stand in a `line`.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.lite = engine.dialect.name == "sqlite"
        self.url = engine.url.render_as_string(hide_password=False)
        self.sessionmaker: make_sessionmaker[Session] = make_sessionmaker(
            bind=engine, class_=Session, expire_on_commit=False
        )
        self.line = Line(PATIENCE_SECONDS) if self.lite else None
        options: dict[str, Any] = {_READING: True}
        if not self.lite:
            options |= {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
        self._reading = engine.execution_options(**options)
        # Beside the pool: what must be held, or said, while all of the pool is in use.
        self._apart: sa.Engine | None = None

    def apart(self) -> sa.Connection:
        """A connection of its own beside the pool, which commits each statement; PostgreSQL only, the caller closes it.

        Raises `Temporary` when the server cannot be reached.
        """
        if self._apart is None:
            self._apart = sa.create_engine(
                self.engine.url,
                isolation_level="AUTOCOMMIT",
                hide_parameters=True,
                poolclass=sa.NullPool,
                connect_args=SERVER_CONNECTION | {"application_name": "evidence_daemon member"},
            )
        with translated():
            return self._apart.connect()

    @staticmethod
    @contextmanager
    def guarded(guard: Callable[[Session], None]) -> Iterator[None]:
        """In the block every writing transaction of this thread begins with `guard`, which may refuse it."""
        before = _GUARD.set(guard)
        try:
            yield
        finally:
            _GUARD.reset(before)

    def migrate(self, *, armed: bool = False, moving: bool = False) -> None:
        """Bring the schema up to date; a new database gets its instance row, `armed` or not.

        One transaction, behind a lock: two processes may start at once.  Raises `BadInput` when a newer
        program has been here that this one cannot live with, when an older one that could not live with the new
        schema is at work now, for a house that has moved away or (unless `moving`) is just moving in; `Temporary`
        when the database cannot be reached.
        """
        # PostgreSQL takes the snapshot before it waits for the lock, so not SERIALIZABLE here.
        engine = self.engine if self.lite else self.engine.execution_options(isolation_level="READ COMMITTED")
        with translated(), engine.begin() as connection:
            if not self.lite:
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('evidence_daemon migrate'))"))
            config = alembic_config(connection)
            schema.upgrade(connection, config)
            if not moving and sa.inspect(connection).has_table(MOVING):
                raise BadInput("a house is moving into this database; run `evidence-daemon migrate` again to its end")
            retired = connection.execute(sa.text("SELECT retired_to FROM instance")).scalar_one_or_none()
            if retired and not moving:
                raise BadInput(f"this house has moved to {retired}: set database.url to it")
            if retired or sa.inspect(connection).has_table(MOVING):
                return
            found_instance(Session(connection), armed=armed)
            schema.note_floor(connection, config)

    def check_schema(self) -> None:
        """Raise `BadInput` unless the schema is this program's: for a database that may not be changed."""
        with translated(), self._reading.connect() as connection:
            config = alembic_config(connection)
            known, found = schema.newest(config), schema.current(connection)
            if schema.is_newer_and_livable(connection, config):
                return
        if found != known:
            raise BadInput(
                f"the database has version {found or 'none'} of the schema and this program needs {known}: "
                "start the daemon once, it brings it up to date"
            )

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction: committed at the end of the block, rolled back when it raises.

        Raises `Temporary` when the database is busy for 30 s, gone, out of space, or (PostgreSQL) when
        this transaction lost a race; `transact` is for work that should then simply be done again.
        """
        turn = self.line.turn() if self.line is not None else contextlib.nullcontext()
        with translated(), turn, self.sessionmaker() as session, session.begin():
            if (guard := _GUARD.get()) is not None:
                guard(session)
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that only reads, on one snapshot: it neither waits for writers nor keeps them waiting."""
        with translated(), Session(self._reading) as session, session.begin():
            yield session

    def transact(self, work: Callable[[Session], _T]) -> _T:
        """Run `work` in one transaction and return what it returns; run it again when it lost a race.

        `work` must have no effect but on its session.  Raises `Temporary` after 30 s of trying.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        pause = 0.005
        while True:
            try:
                with self.session() as session:
                    return work(session)
            except _LostRace:
                if time.monotonic() > deadline:
                    raise
                # Jitter: two that collided should not collide again.
                time.sleep(random.uniform(0, pause))  # noqa: S311
                pause = min(pause * 2, 0.25)

    def place(self) -> str:
        """Where this database lies: another text for every copy and every restored backup.

        SQLite: the machine and the file (which is another when it was written anew, even in the same place);
        PostgreSQL: the server and the database.  Raises `Temporary` when the database cannot be reached.
        """
        if self.lite:
            machine = Path("/etc/machine-id")
            host = machine.read_text("ascii", "replace").strip() if machine.is_file() else ""
            facts = f"sqlite:{host}:{_incarnation(Path(str(self.engine.url.database)))}"
        else:
            with self.reading() as session:
                server, number = (
                    session.connection()
                    .exec_driver_sql(
                        "SELECT (SELECT system_identifier FROM pg_control_system()), oid "
                        "FROM pg_database WHERE datname = current_database()"
                    )
                    .one()
                )
            facts = f"postgresql:{server}:{number}"
        return hashlib.sha256(f"evidence_daemon:{facts}".encode()).hexdigest()

    def close(self) -> None:
        """Let all connections go."""
        self.engine.dispose()


class _LostRace(Temporary):
    """Another transaction changed what this one had read: do it again."""


def _incarnation(path: Path) -> str:
    """What tells a file from every other, one under the same name later too: its inode, and when it was born.

    Asked without opening it: closing a database file behind SQLite's back drops SQLite's locks (fcntl(2)).  Where
    the file system or the C library knows no birth times, the inode must do.
    """
    words = ctypes.create_string_buffer(256)  # struct statx, linux/stat.h
    born = (0, 0)
    with contextlib.suppress(AttributeError):
        refused = ctypes.CDLL(None).statx(_AT_FDCWD, os.fsencode(path), 0, _STATX_BTIME, words)
        if not refused and struct.unpack_from("=I", words, 0)[0] & _STATX_BTIME:
            born = struct.unpack_from("=qI", words, _STX_BTIME_AT)
    return f"{path.stat().st_ino}.{born[0]}.{born[1]}"


_AT_FDCWD, _STATX_BTIME, _STX_BTIME_AT = -100, 0x800, 0x50


def open_database(
    url: str,
    state_directory: Path,
    password: str | None = None,
    *,
    read_only: bool = False,
    connections: int = 8,
) -> Database:
    """Open a database; nothing is created in it yet (`Database.migrate` does that).

    `url` is "postgresql://user@host/name", "sqlite:////path/to/file", or "" for `evidence.db` in the state
    directory, which is made when it is missing.  `password` wins over one in the URL.  `connections` are
    those that are kept open to a server; as many again may be for a moment.  `read_only` makes the
    database itself refuse every change.

    Raises `BadConfig` for a URL that is neither, and for an SQLite file on a network file system; `BadInput` for
    a file that is not there and may not be made.
    """
    try:
        parsed = sa.make_url(url) if url else sa.URL.create("sqlite", database=str(state_directory / "evidence.db"))
    except sa.exc.ArgumentError as trouble:
        raise BadConfig(
            'database.url: not understood; write "postgresql://user@host/name", or leave it empty for SQLite'
        ) from trouble
    match parsed.get_backend_name():
        case "sqlite":
            return Database(_open_sqlite(parsed, read_only=read_only))
        case "postgresql":
            return Database(_open_postgresql(parsed, password, read_only=read_only, connections=connections))
        case other:
            raise BadConfig(f'database.url: "{other}" is not supported; write "postgresql://…", or leave it empty')


def _open_sqlite(url: sa.URL, *, read_only: bool) -> sa.Engine:
    if not url.database or url.database == ":memory:":
        raise BadConfig("database.url: the SQLite database must be a file: mail has to survive a power cut")
    path = Path(url.database).absolute()
    if read_only and not path.is_file():
        raise BadInput(f"{path}: there is no database yet")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    refuse_network(path, Path("/proc/self/mountinfo").read_text("utf-8", "replace"))
    # Personal data: for us alone.  SQLite gives its -wal and -shm files the same mode.
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    # hide_parameters: the words of an exception reach the log, and parameters are what customers wrote.
    engine = sa.create_engine(
        url.set(database=str(path)), connect_args={"timeout": PATIENCE_SECONDS}, hide_parameters=True
    )

    @sa.event.listens_for(engine, "connect")
    def _(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in (*_PRAGMAS, *(("query_only=ON",) if read_only else ())):
            connection.execute(f"PRAGMA {pragma}").close()

    @sa.event.listens_for(engine, "begin")
    def _(connection: sa.Connection) -> None:
        # Python's module begins a transaction by itself only before a change, not before a read, and
        # SQLAlchemy switches that habit on again with any `isolation_level` option.
        connection.connection.isolation_level = None  # type: ignore[attr-defined]
        if connection.get_execution_options().get(_READING):  # takes no lock yet, so it cannot be refused
            connection.connection.dbapi_connection.execute("BEGIN").close()  # type: ignore[union-attr]
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _open_postgresql(url: sa.URL, password: str | None, *, read_only: bool, connections: int) -> sa.Engine:
    url = url.set(drivername="postgresql+psycopg")
    if password is not None:
        url = url.set(password=password)
    # A process that is frozen in the middle of a transaction must not hold its rows against who took over.
    options = f"{SERVER_CONNECTION['options']} -c idle_in_transaction_session_timeout={_ABANDONED_SECONDS * 1000}"
    if read_only:
        options += " -c default_transaction_read_only=on"
    return sa.create_engine(
        url,
        isolation_level="SERIALIZABLE",
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=connections,
        max_overflow=connections,
        pool_timeout=PATIENCE_SECONDS,
        connect_args=SERVER_CONNECTION | {"options": options},
    )


def refuse_network(path: Path, mountinfo: str) -> None:
    """Raise `BadConfig` when `path` lies on a network file system, by the text of `/proc/self/mountinfo`."""
    kind = file_system_of(path, mountinfo)
    if kind in _NETWORK:
        raise BadConfig(
            f"{path.parent}: this is a network file system ({kind}), on which SQLite loses data; "
            "set files.state_directory to a local disk, or database.url to a PostgreSQL server"
        )


def file_system_of(path: Path, mountinfo: str) -> str:
    """The type of the file system under `path`, by the text of `/proc/self/mountinfo` (proc(5)); "" when not found.

    >>> file_system_of(Path("/srv/x"), "37 36 0:50 / /srv rw shared:1 - nfs4 a:/b rw")
    'nfs4'
    """
    found, longest = "", -1
    real = str(path.resolve())
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        fields, types = left.split(), right.split()
        if len(fields) < 5 or not types:
            continue
        point = fields[4].encode("utf-8").decode("unicode_escape")  # a blank is written \040
        inside = real == point or real.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= longest:  # a later mount on the same point covers the earlier one
            found, longest = types[0], len(point)
    return found


def alembic_config(connection: sa.Connection) -> AlembicConfig:
    """Alembic's settings for the migrations inside this package, on an open connection."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@contextmanager
def translated() -> Iterator[None]:
    """What the driver says → what we do: lost race, busy, gone or full are `Temporary`; the rest is a bug."""
    try:
        yield
    except PoolTimeout as trouble:
        raise Temporary(f"no database connection became free in {PATIENCE_SECONDS:.0f} s") from trouble
    except ResourceClosedError as trouble:
        raise Temporary(f"the database connection was lost: {trouble}") from trouble
    except DBAPIError as trouble:
        found = _trouble(trouble)
        if found is None:
            raise
        raise found from trouble


_LITE_TROUBLE = {
    "SQLITE_BUSY": "the database was busy for 30 s",
    "SQLITE_LOCKED": "the database was locked",
    "SQLITE_FULL": "no space is left on the disk of the database",
    "SQLITE_IOERR": "the disk of the database gave an error",
    "SQLITE_READONLY": "the database file is read-only",
    "SQLITE_CANTOPEN": "the database file cannot be opened",
}
_STATE_TROUBLE = {
    "08": "the database connection was lost",  # by class, PostgreSQL appendix A
    "53": "the database server is short of resources",
    "57": "the database server is shutting down or cancelled the query",
    "58": "the database server had an input or output error",
}


def _trouble(trouble: DBAPIError) -> Temporary | None:
    original = trouble.orig
    name = getattr(original, "sqlite_errorname", "") or ""
    for prefix, words in _LITE_TROUBLE.items():
        if name.startswith(prefix):
            return Temporary(f"{words} ({original})")
    state = getattr(original, "sqlstate", "") or ""
    if state in {"40001", "40P01"}:  # serialization failure, deadlock
        return _LostRace("another transaction changed the same rows first")
    for prefix, words in _STATE_TROUBLE.items():
        if state.startswith(prefix):
            return Temporary(f"{words} ({state})")
    if trouble.connection_invalidated or (not state and not name and isinstance(trouble, sa.exc.OperationalError)):
        # psycopg has no state for a server that it could not reach at all.
        first = str(original).strip().splitlines()
        return Temporary(f"the database cannot be reached: {first[0] if first else 'connection lost'}")
    return None
