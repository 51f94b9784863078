from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evidence_daemon.errors import BadInput
from evidence_daemon.store.database import open_database
from evidence_daemon.store.lease import Lease


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return ""
    databases: Callable[[], str] = request.getfixturevalue("postgresql")
    return databases()


def test_only_one_holds_it_and_the_next_may_when_the_first_lets_go(url: str, tmp_path: Path) -> None:
    one, other = open_database(url, tmp_path), open_database(url, tmp_path)
    try:
        for _ in range(2):  # a session that went back into a pool would keep the lock
            with (
                Lease(one, "daemon", tmp_path),
                pytest.raises(BadInput, match="already works"),
                Lease(other, "daemon", tmp_path),
            ):
                pass
            with Lease(other, "daemon", tmp_path):
                pass
    finally:
        one.close()
        other.close()
