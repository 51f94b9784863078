"""How the judge searches: by index only, whatever the size of the list, on both databases' terms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from crowd import crowd_evidence, fill
from dossier import book

from evidence_daemon.cases.decision import decide
from evidence_daemon.gathering import matched
from evidence_daemon.model import MailId, OneCase, Page, Reverse
from evidence_daemon.store import judging
from evidence_daemon.store.database import Database, open_database

NOW = datetime(2021, 4, 20, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    directory = tmp_path_factory.mktemp("crowd")
    database = open_database("", directory)
    database.migrate()
    fill(directory / "evidence.db", 2000, NOW)
    yield database
    database.close()


def test_every_look_up_of_the_judge_goes_by_an_index(crowd: Database) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        asked.append((statement, parameters))

    with crowd.session() as session:
        page = Page(1, 10, 10, engine=_engine(), words=(), look="0123456789abcdef" * 4)
        judging.keep_looks(session, MailId(3), [_document(page)])
    sa.event.listen(crowd.engine, "before_cursor_execute", note)
    try:
        with crowd.reading() as session:
            evidence, found = matched(session, MailId(3), crowd_evidence(1234), book())
    finally:
        sa.event.remove(crowd.engine, "before_cursor_execute", note)
    assert isinstance(found, OneCase)
    looked = [(statement, parameters) for statement, parameters in asked if statement.lstrip().startswith("SELECT")]
    assert len(looked) >= 10
    with crowd.reading() as session:
        connection = session.connection()
        for statement, parameters in looked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            scanned = [re.match(r"SCAN (\w+)", row[3]) for row in plan]
            # What a limited look-up by index brought is gone through; a table never is.
            scans = [
                hit[1]
                for hit in scanned
                if hit and not hit[1].startswith("anon_") and hit[1] not in {"CONSTANT", "value"}
            ]  # "value": the list that is asked about
            assert not scans, f"{scans} in {statement}"
    assert evidence.held_alone == ()


def test_a_faultless_mail_in_the_crowd_is_accepted(crowd: Database) -> None:
    with crowd.reading() as session:
        evidence, found = matched(session, MailId(0), crowd_evidence(777), book())
    decision = decide(evidence, found, book(), NOW.date())
    assert isinstance(decision, Reverse), decision.grounds.findings[0]


def _engine() -> Any:
    from evidence_daemon.model import Engine

    return Engine.TESSERACT


def _document(page: Page) -> Any:
    from evidence_daemon.model import Document, Sha256

    return Document(Sha256("d" * 64), "a.jpg", "image/jpeg", (page,), 1)
