"""A house moves from SQLite to a real PostgreSQL: killed on the way it arrives whole, once, and the old one is over."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from living import START, letter, living

from evidence_daemon.app import open_house
from evidence_daemon.config import load
from evidence_daemon.errors import BadInput
from evidence_daemon.model import Arrival, CopyKey, Sha256
from evidence_daemon.store import audit, moving, records, soundness
from evidence_daemon.store.database import Database, open_database

ASKED = "0100000017//CEVALLOS LLUMIQUINGA LUCIA SOFIA//INTERNET"
pytestmark = pytest.mark.timeout(300)  # some starts of programs, beside whatever else runs
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)

_MOVER = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from evidence_daemon.store import moving
from evidence_daemon.store.database import open_database

def move(left):
    source, target = open_database("", Path(sys.argv[1])), open_database(sys.argv[2], Path(sys.argv[1]))
    source.migrate(moving=True)
    target.migrate(moving=True)
    def progress(*_):
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
    moving.move(source, target, now=datetime(2026, 11, 29, 12, tzinfo=UTC), progress=progress, batch=40)

for line in sys.stdin:
    if not (pid := os.fork()):
        move(int(line))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""
"""Moves a house as often as it is told to, in a process of its own each time, killed at the n-th step of progress."""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """The state directory of an SQLite house that has worked: cases, mails, answers, an audit trail."""
    with living(tmp_path) as one:
        for number in range(3):
            one.receives(letter(ASKED, f"ana{number}@example.com", number, text="Adjunto el acta: áéñ 'x' \\ %"))
        one.sends()
        one.house.pipeline.recover(starting=True)
        return one.house.config.state_directory


def facts(database: Database) -> tuple[object, ...]:
    with database.reading() as session:
        counts = soundness.counts(session)
        status = records.status(session)
        return (
            {name: counts[name] for name in counts if name not in {"audit_events", "audit_seals", "homes"}},
            status.mails,
            status.outbox,
            status.armed,
            audit.verify(session),
        )


def test_a_move_that_is_killed_again_and_again_arrives_whole_and_the_old_house_is_over(
    house: Path, postgresql: Callable[[], str], tmp_path: Path
) -> None:
    url = postgresql()
    source, web = open_database("", house), open_database("", house)  # the other one is still open when it moves
    before = facts(source)
    left, killed = 30, 0
    command = [sys.executable, "-c", _MOVER, str(house), url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as mover:
        assert mover.stdin is not None
        assert mover.stdout is not None
        while True:
            mover.stdin.write(f"{left}\n")
            if not (status := int(mover.stdout.readline())):
                break
            assert status == -signal.SIGKILL
            killed, left = killed + 1, left + 60
            half = open_database(url, house)
            with pytest.raises(BadInput, match="moving into"):
                half.migrate()
            half.close()
    assert killed >= 2
    target = open_database(url, house)
    target.migrate()
    for now, then in zip(facts(target), before, strict=True):
        assert now == then
    assert before[3] is True, "it was armed, and is"

    # It is no copy: opening it does not disarm it, and new rows do not meet the old ones' numbers.
    with target.session() as session:
        assert not records.move_in(session, target.place(), NOW)
        arrival = Arrival(CopyKey("posventa", "INBOX", 1, 99), START, 5, b"nuevo")
        received = records.receive(session, arrival, Sha256("9" * 64), now=NOW, respond_by=NOW.date())
        assert received.new
        while audit.seal(session):
            pass
        assert audit.verify(session) == []

    with pytest.raises(BadInput, match="has moved to postgresql"):
        source.migrate()
    with pytest.raises(sa.exc.IntegrityError, match="has moved"), web.session() as session:
        records.set_armed(session, True, now=NOW)
    with pytest.raises(BadInput, match=r"set database\.url"):
        moving.move(source, target, now=NOW, progress=lambda *_: None)
    for database in (source, web, target):
        database.close()


def test_a_row_that_did_not_come_over_as_it_was_is_told_and_the_old_house_lives(
    house: Path, postgresql: Callable[[], str]
) -> None:
    source, target = open_database("", house), open_database(postgresql(), house)
    target.migrate(moving=True)

    def tamper(what: str, table: str, done: int, count: int) -> None:
        if what == "copy" and table == "cases" and done == count:
            with target.engine.begin() as connection:
                connection.execute(sa.text("UPDATE cases SET holder = 'OTRO' WHERE id = 7"))

    with pytest.raises(BadInput, match=r"cases: the row \('7',\) did not come over"):
        moving.move(source, target, now=NOW, progress=tamper)
    source.migrate()  # it opens: nothing was retired
    source.close()
    target.close()


def test_every_table_of_the_house_is_moved() -> None:
    """A module of tables that nobody imports would be left behind without a word."""
    here = Path(moving.__file__).parent
    modules = {path.stem for path in here.glob("tables_*.py")}
    assert modules == set(re.findall(r"^    (tables_\w+),$", (here / "all_tables.py").read_text(), re.M))


def test_only_an_empty_database_is_moved_into(house: Path, tmp_path: Path, postgresql: Callable[[], str]) -> None:
    source, target = open_database("", house), open_database(postgresql(), house)
    target.migrate()
    with target.session() as session:
        audit.record(session, "something", actor="persona:Ana", now=NOW)
    with pytest.raises(BadInput, match="not empty"):
        moving.move(source, target, now=NOW, progress=lambda *_: None)
    source.close()
    target.close()


def test_the_command_moves_files_too_and_says_what_to_set(
    house: Path, tmp_path: Path, postgresql: Callable[[], str]
) -> None:
    url, shared = postgresql(), tmp_path / "shared"
    command = [sys.executable, "-m", "evidence_daemon", "migrate", "--to", url, "--evidence", str(shared)]
    done = subprocess.run(
        [*command, "--config", str(house.parent / "config.toml")],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"COLUMNS": "200"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Moved and verified" in done.stdout
    path = house.parent / "config.toml"
    text = path.read_text().replace('url = ""', f'url = "{url}"')
    path.write_text(text.replace("[files]", f'[files]\nevidence = "{shared}"'))
    with open_house(load(path)) as moved, moved.database.reading() as session:
        assert all(moved.blobs.get(digest) for digest in soundness.referenced(session))
        assert records.status(session).armed
