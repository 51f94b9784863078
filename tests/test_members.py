"""Who lives, whose turn it is, who takes over; what old programs may do beside a new schema.  On a real PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from dbos._dbos import _get_dbos_instance
from house import write_config
from servers import SmtpReceiver
from typer.testing import CliRunner

from evidence_daemon.cli import app
from evidence_daemon.errors import BadInput, Superseded, Temporary
from evidence_daemon.flow import Flow
from evidence_daemon.model import Arrival, CopyKey, Sha256
from evidence_daemon.store import database as databases
from evidence_daemon.store import members, records
from evidence_daemon.store.database import Database, open_database
from evidence_daemon.store.members import FencedOut, Member

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture
def database(postgresql_with_tables: Callable[[], str], tmp_path: Path) -> Iterator[Database]:
    one = open_database(postgresql_with_tables(), tmp_path)
    one.migrate()
    yield one
    one.close()


@contextmanager
def member(database: Database, name: str, **options: object) -> Iterator[Member]:
    """One that looks only when a test says so."""
    one = Member(database, name, engine_version="1", **options)  # type: ignore[arg-type]
    one.look()
    try:
        yield one
    finally:
        one.stop()


def say(database: Database, sql: str) -> None:
    with database.engine.begin() as connection:
        connection.execute(sa.text(sql))


def arm(database: Database) -> None:
    database.transact(lambda session: records.set_armed(session, True, now=NOW))


def is_armed(database: Database) -> bool:
    with database.reading() as session:
        return records.status(session).armed


def test_a_turn_is_one_s_until_he_ends_or_falls_silent_and_then_nothing_of_his_is_written(database: Database) -> None:
    with member(database, "one") as one, member(database, "two") as two:
        mine, his = one.turn("poll"), two.turn("poll")
        one.look()
        two.look()
        assert (mine.held(), his.held()) == (True, False)
        with database.guarded(his.fence), pytest.raises(FencedOut):
            arm(database)
        with database.guarded(mine.fence):
            arm(database)
        assert is_armed(database)
        database.transact(lambda session: records.set_armed(session, False, now=NOW))

        say(database, "UPDATE workers SET beat_at = beat_at - interval '31 seconds' WHERE executor = 'one'")
        two.look()
        assert his.held()
        with database.guarded(mine.fence), pytest.raises(FencedOut):
            arm(database)
        assert not is_armed(database), "he was fenced out before he knew it"
        one.look()
        assert not mine.held()
        his.hand_over()
        one.look()
        two.look()
        assert (mine.held(), his.held()) == (True, False), "who handed it over does not take it back at once"
    with database.reading() as session:
        assert members.workers(session) == []


def test_who_takes_a_turn_over_waits_for_a_transaction_that_was_begun_for_it(database: Database) -> None:
    with member(database, "one") as one, member(database, "two") as two:
        mine, his = one.turn("poll"), two.turn("poll")
        one.look()
        say(database, "UPDATE workers SET beat_at = beat_at - interval '31 seconds' WHERE executor = 'one'")
        with database.session() as session:
            mine.fence(session)
            with database.apart() as other:
                other.execute(sa.text("SET lock_timeout = '100ms'"))
                with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
                    other.execute(sa.text("UPDATE turns SET token = token + 1"))
        two.look()
        assert his.held()


def test_the_work_of_the_dead_is_taken_over_once_and_of_the_living_never(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(members, "_now", lambda: now[0])
    adopted: list[str] = []
    owners = {"one", "two", "dead", "three"}

    def adopt(dead: str) -> None:
        adopted.append(dead)
        owners.discard(dead)

    with (
        member(database, "one", owners=lambda: owners, adopt=adopted.append) as one,
        member(
            database, "two", owners=lambda: owners, adopt=lambda dead: [adopted.append(dead), owners.discard(dead)]
        ) as two,
        member(database, "three") as three,
    ):
        two.bury()
        one.bury()
        assert adopted == [], "seen free once is not dead"
        # As at a restart of the server: the lock of one who lives is free for a moment.
        three._drop()
        now[0] += 10
        two.bury()
        three.look()
        now[0] += 10
        two.bury()
        one.bury()
        assert adopted == ["dead"]


def test_one_that_holds_its_lock_and_is_silent_loses_its_session_and_takes_part_again_when_it_thaws(
    database: Database,
) -> None:
    with member(database, "frozen") as frozen, member(database, "awake") as awake:
        say(database, "UPDATE workers SET beat_at = beat_at - interval '61 seconds' WHERE executor = 'frozen'")
        with database.reading() as session:
            assert [one.alive for one in members.workers(session)] == [False, True]
        awake.look()
        with database.apart() as other:
            until = sa.text("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'evidence_daemon member'")
            for _ in range(200):
                if other.scalar(members._TRY, {"x": "frozen"}):
                    other.execute(members._FREE, {"x": "frozen"})
                    break
                other.execute(sa.text("SELECT pg_sleep(0.05)"))
            else:
                raise AssertionError(f"its session was not ended: {other.scalar(until)}")
        frozen.look()
        with database.reading() as session:
            assert [one.alive for one in members.workers(session)] == [True, True]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_readings_of_one_who_was_taken_over_are_not_kept(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    from test_store import an_email

    url = request.getfixturevalue("postgresql_with_tables")() if kind == "postgresql" else ""
    database = open_database(url, tmp_path)
    database.migrate()
    with database.session() as session:
        arrival = Arrival(CopyKey("posventa", "INBOX", 1, 1), NOW, 5, b"x")
        mail = records.receive(session, arrival, Sha256("a" * 64), now=NOW, respond_by=date(2026, 12, 10)).mail_id
        first = records.begin_attempt(session, mail)
        second = records.begin_attempt(session, mail)
    with pytest.raises(Superseded), database.session() as session:
        records.save_readings(session, mail, (), email=an_email(), now=NOW, attempt=first)
    with database.session() as session:
        records.save_readings(session, mail, (), email=an_email(), now=NOW, attempt=second)
    with pytest.raises(Superseded), database.session() as session:  # thawed after all was read
        records.save_readings(session, mail, (), email=an_email(), now=NOW, attempt=second)
    database.close()


def test_a_transaction_that_its_process_left_lying_is_ended_by_the_server(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or one that was frozen in it would keep the mail locked against who took it over."""
    monkeypatch.setattr(databases, "_ABANDONED_SECONDS", 1)
    hasty = open_database(database.url, tmp_path)
    with pytest.raises(Temporary), hasty.session() as session:
        records.set_armed(session, True, now=NOW)
        with database.apart() as other:
            other.execute(sa.text("UPDATE instance SET armed = false"))  # waits for the one that does nothing
        records.set_armed(session, True, now=NOW)
    assert not is_armed(database)
    hasty.close()


def test_a_commit_is_on_the_disk_when_it_is_answered_whatever_the_server_is_set_to(
    database: Database, tmp_path: Path
) -> None:
    """On the engine's connections, and on those beside the pool, too."""
    say(database, f'ALTER DATABASE "{database.engine.url.database}" SET synchronous_commit = off')
    again = open_database(database.url, tmp_path)
    flow = Flow(again, None, workers=1, retries=1, executor="durable", work=False)  # type: ignore[arg-type]
    flow.start()
    try:
        engines = (again.engine, _get_dbos_instance()._sys_db.engine)
        with engines[0].connect() as ours, engines[1].connect() as engine, again.apart() as apart:
            asked = sa.text("SHOW synchronous_commit")
            assert [one.scalar(asked) for one in (ours, engine, apart)] == ["on"] * 3
    finally:
        flow.stop(1)
        again.close()


# ── upgrades ─────────────────────────────────────────────────────────────────────────────────────

_NEXT = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "9001", {head!r}, None, None
{mark}
def upgrade():
    op.add_column("instance", sa.Column("novelty", sa.Text(), server_default="", nullable=False))
"""


@contextmanager
def newer_program(directory: Path, monkeypatch: pytest.MonkeyPatch, mark: str) -> Iterator[None]:
    """In the block this is a program with one more migration."""
    here = Path(databases.__file__).parent / "migrations"
    there = directory / "migrations"
    shutil.copytree(here, there)
    old = databases.alembic_config

    def config(connection: sa.Connection) -> object:
        made = old(connection)
        made.set_main_option("script_location", str(there))
        return made

    from alembic.script import ScriptDirectory

    with open_database("", directory / "some").engine.connect() as connection:
        head = ScriptDirectory.from_config(old(connection)).get_current_head()
    (there / "versions" / "m9001_next.py").write_text(_NEXT.format(head=head, mark=mark))
    with monkeypatch.context() as patch:
        patch.setattr(databases, "alembic_config", config)
        yield


def test_a_schema_that_old_workers_cannot_live_with_waits_until_they_are_gone(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with newer_program(tmp_path, monkeypatch, ""):
        with member(database, "worker-of-before"), pytest.raises(BadInput, match=r"worker-of-before .version"):
            database.migrate()
        database.migrate()
    for old_program in (database.migrate, database.check_schema):
        with pytest.raises(BadInput, match=r"newer version|needs"):
            old_program()


def test_a_schema_that_only_adds_comes_in_beside_old_workers_and_those_may_start_again(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with member(database, "worker-of-before"):
        with newer_program(tmp_path, monkeypatch, "lives_with_older = True"):
            database.migrate()
        database.migrate()
        database.check_schema()
        arm(database)


# ── the command ──────────────────────────────────────────────────────────────────────────────────


def test_sqlite_has_no_workers_and_an_unknown_role_is_named(
    tmp_path: Path, smtp_receiver: SmtpReceiver, database: Database
) -> None:
    from types import SimpleNamespace

    nowhere = SimpleNamespace(tls_port=1, ca="")
    path = write_config(tmp_path / "lite", nowhere, "nadie", smtp_receiver)  # type: ignore[arg-type]
    refused = CliRunner().invoke(app, ["worker", "--config", str(path)])
    assert refused.exit_code == 1
    assert "PostgreSQL" in refused.output
    path = write_config(tmp_path / "big", nowhere, "nadie", smtp_receiver, database_url=database.url)  # type: ignore[arg-type]
    refused = CliRunner().invoke(app, ["worker", "--config", str(path), "--role", "cook"])
    assert refused.exit_code == 1
    assert "cook" in refused.output
