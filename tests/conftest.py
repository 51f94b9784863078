"""Fixtures: real servers.  A test is skipped only where a server's program is really missing, and says so."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest
from servers import Dovecot, Missing, PostgreSQL, SmtpReceiver

_users = itertools.count(1)


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
def postgresql() -> Iterator[Callable[[], str]]:
    """Makes fresh, empty PostgreSQL databases: call it for a URL."""
    try:
        server = PostgreSQL()
    except Missing as missing:
        pytest.skip(f"no PostgreSQL to test with: {missing}")
    with server:
        yield server.database
