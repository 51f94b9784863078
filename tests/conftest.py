"""Fixtures: real servers.  A test is skipped only where a server's program is really missing, and says so."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from house import tables_at_once
from planted import EAR
from servers import Dovecot, Missing, PostgreSQL, SmtpReceiver

from evidence_daemon import observe
from evidence_daemon.store import schema
from evidence_daemon.store.database import alembic_config, open_database

_users = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def _every_log_line_is_heard() -> Iterator[None]:
    with EAR.listening():
        yield


@pytest.fixture(scope="session", autouse=True)
def _new_houses_have_their_tables_at_once() -> Iterator[None]:
    with tables_at_once():
        yield


@pytest.fixture(autouse=True)
def _commands_leave_the_loggers_as_they_were() -> Iterator[None]:
    """A command that runs in this process sets up its log: what the tests after it listen to would be silenced."""
    root, names = logging.getLogger(), ("", "evidence_daemon", *observe.SILENT)
    levels, handlers = {name: logging.getLogger(name).level for name in names}, list(root.handlers)
    yield
    root.handlers = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture(autouse=True)
def _no_log_line_names_anybody() -> Iterator[None]:
    """Fails the test in which a log line held what was planted."""
    EAR.faults.clear()
    yield
    said, EAR.faults[:] = list(EAR.faults), []
    assert not said, "a log line tells more than it may:\n" + "\n".join(said[:10])


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """A running Dovecot for the whole session; give each test its own `mailbox_user`."""
    try:
        server = Dovecot()
    except Missing as missing:
        pytest.skip(f"no IMAP server to test with: {missing}")
    with server:
        yield server


@pytest.fixture
def mailbox_user() -> str:
    """A user whose mailbox nobody has used yet."""
    return f"buzon{next(_users)}"


@pytest.fixture
def smtp_receiver() -> Iterator[SmtpReceiver]:
    """A running SMTP receiver without TLS or login."""
    with SmtpReceiver() as server:
        yield server


@pytest.fixture(scope="session")
def _postgresql() -> Iterator[PostgreSQL]:
    try:
        server = PostgreSQL()
    except Missing as missing:
        pytest.skip(f"no PostgreSQL to test with: {missing}")
    with server:
        yield server


@pytest.fixture(scope="session")
def postgresql(_postgresql: PostgreSQL) -> Callable[[], str]:
    """Makes fresh, empty PostgreSQL databases: call it for a URL."""
    return _postgresql.database


@pytest.fixture(scope="session")
def postgresql_with_tables(_postgresql: PostgreSQL) -> Callable[[], str]:
    """Makes fresh PostgreSQL databases that have their tables already, and nothing in them."""
    like = _postgresql.database()
    with closing(open_database(like, Path())) as one, one.engine.begin() as connection:
        schema.upgrade(connection, alembic_config(connection))
    return partial(_postgresql.database, like)


LONGEST = (
    "test_kill", "test_walk", "test_sight", "test_cli", "test_messages", "test_review", "test_campaign",
    "test_campaigns", "test_cluster", "test_ivr", "test_wheel", "test_unattended", "test_logs", "test_history",
    "test_afar", "test_threads", "test_answering", "test_reader", "test_frame", "test_papers",
)  # fmt: skip
"""Files that take longest, longest first (measured).  A process takes a file at a time: were one of these the last, the
others would stand idle beside it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {name: at for at, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONGEST)))


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Coroutines run in a thread of their own: in the main one the browser of other tests keeps a loop running."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    coroutine = pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names})
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, coroutine).result()
    return True
