"""Those who write stand in line: first come, first served, and nobody waits for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import select

from evidence_daemon.errors import Temporary
from evidence_daemon.store.database import open_database
from evidence_daemon.store.line import Line
from evidence_daemon.store.statements import among, of, run
from evidence_daemon.store.tables import EventRow

LONG = 60.0
"""Seconds that no test ever waits, on however busy a machine."""


def in_background(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_turns_come_in_the_order_in_which_they_were_asked_for() -> None:
    told: list[tuple[float, float]] = []
    line, order, threads = Line(LONG, lambda waited, held: told.append((waited, held))), [], []
    with line.turn():
        for number in range(8):

            def take(mine: int = number) -> None:
                with line.turn():
                    order.append(mine)

            threads.append(in_background(take))
            while len(line._waiting) <= number:
                threading.Event().wait(0.001)
    for thread in threads:
        thread.join(LONG)
    assert order == list(range(8))
    assert len(told) == 9


def test_whoever_waits_too_long_is_told_and_the_line_goes_on_without_him() -> None:
    line, told = Line(0.05), []

    def ask() -> None:
        with pytest.raises(Temporary, match="others were writing") as refused, line.turn():
            pass
        told.append(refused.value)

    with line.turn():
        in_background(ask).join(LONG)
        assert len(told) == 1
        assert not line._waiting
    with line.turn():
        pass


def test_who_would_wait_for_himself_is_told_at_once() -> None:
    line = Line(LONG)
    with line.turn(), pytest.raises(RuntimeError, match="inside another"), line.turn():
        pass


def test_a_turn_ends_when_its_work_fails() -> None:
    line = Line(0.05)
    with pytest.raises(ZeroDivisionError), line.turn():
        raise ZeroDivisionError
    with line.turn():
        pass


def test_many_writers_at_once_all_get_their_turn(tmp_path: Path) -> None:
    database = open_database("", tmp_path)
    database.migrate()
    add = sa.insert(EventRow).values(at=sa.func.now(), actor="x", action="y", detail="{}")

    def write() -> None:
        for _ in range(5):
            with database.session() as session:
                session.exec(add)

    threads = [in_background(write) for _ in range(20)]
    for thread in threads:
        thread.join(LONG)
    with database.reading() as session:
        count = session.exec(select(sa.func.count()).select_from(EventRow).where(EventRow.actor == "x")).one()
    database.close()
    assert count == 100


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return ""
    databases: Callable[[], str] = request.getfixturevalue("postgresql")
    return databases()


def test_a_list_is_one_parameter_on_both_databases(url: str, tmp_path: Path) -> None:
    database = open_database(url, tmp_path)
    database.migrate()
    events = of(EventRow).c
    words = sa.select(events.detail).where(among(events.action, "words")).order_by(events.detail)
    others = sa.select(events.detail).where(~among(events.id, "ids"), events.actor == "x")
    with database.session() as session:
        for number, word in enumerate(("uno", 'd"os', "tres")):
            session.exec(
                sa.insert(EventRow).values(
                    id=2**40 + number, at=sa.func.now(), actor="x", action=word, detail=str(number)
                )
            )
        assert list(run(session, words, words=["uno", 'd"os', "nada"]).scalars()) == ["0", "1"]
        assert list(run(session, words, words=[]).scalars()) == []
        assert list(run(session, words, words={f"n{n}": 0 for n in range(40_000)}).scalars()) == []
        assert list(run(session, others, ids=[2**40, 2**40 + 1]).scalars()) == ["2"]
    database.close()
