"""The schema's versions: who brings it up to date, and which programs can live with it.

A migration says `lives_with_older = True` when programs of the revision before it go on beside it (it only adds what
they do not know); else it is refused while such a program works on this database: stop the workers, and start the new
ones.  `instance.lives_with` keeps the oldest revision whose programs can live with the present schema, so that an old
worker that starts again in the middle of a rolling restart knows whether it may.
"""

from __future__ import annotations

import itertools
from functools import cache

import alembic.command
import sqlalchemy as sa
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory

from evidence_daemon.errors import BadInput


def current(connection: sa.Connection) -> str | None:
    """The revision of the database; None for a new one."""
    return MigrationContext.configure(connection, opts={"version_table": "evidence_schema"}).get_current_revision()


def upgrade(connection: sa.Connection, config: Config) -> None:
    """Bring the schema up to date.  Raises `BadInput` where that may not be."""
    chain = _chain(config)
    found, known = current(connection), [script.revision for script in chain]
    if found is not None and found not in known:
        if is_newer_and_livable(connection, config):
            return
        raise BadInput(
            f"the database was last used by a newer version of this program (its schema is {found}); "
            "install that version, or restore a backup made before the upgrade"
        )
    pending = chain[: known.index(found)] if found is not None else chain
    if found is not None and any(not _lives_with_older(script) for script in pending):
        from evidence_daemon.store.members import living  # noqa: PLC0415  # it stands on this room's database

        if alive := living(connection):
            raise BadInput(
                "the new version changes the database so that older workers cannot go on; stop these first, then start "
                f"again: {', '.join(alive)}"
            )
    if pending:
        alembic.command.upgrade(config, "head")


def note_floor(connection: sa.Connection, config: Config) -> None:
    """Write down the oldest revision whose programs can live with the present schema, where it is ours."""
    chain = _chain(config)
    if current(connection) == chain[0].revision:
        words = {"floor": _floor(chain)}
        connection.execute(sa.text("UPDATE instance SET lives_with = :floor WHERE lives_with <> :floor"), words)


def is_newer_and_livable(connection: sa.Connection, config: Config) -> bool:
    """Whether a newer program has been here, and says that ours can go on beside it."""
    known = [script.revision for script in _chain(config)]
    if current(connection) in {None, *known}:
        return False
    columns = {column["name"] for column in sa.inspect(connection).get_columns("instance")}
    if "lives_with" not in columns:
        return False
    floor = connection.execute(sa.text("SELECT lives_with FROM instance")).scalar_one_or_none()
    return bool(floor) and floor in known


def newest(config: Config) -> str:
    """The revision that this program works with."""
    return str(_chain(config)[0].revision)


def _chain(config: Config) -> list[Script]:
    """The migrations, the newest first."""
    return _read(config.get_main_option("script_location") or "")


@cache
def _read(location: str) -> list[Script]:
    """They are programs: reading them once is enough."""
    return list(ScriptDirectory(location).walk_revisions())


def _lives_with_older(script: Script) -> bool:
    return bool(getattr(script.module, "lives_with_older", False))


def _floor(chain: list[Script]) -> str:
    """The oldest revision whose programs can live with the newest."""
    for script, older in itertools.pairwise(chain):
        if not _lives_with_older(script):
            return str(script.revision)
        if older is chain[-1]:
            return str(older.revision)
    return str(chain[0].revision)
