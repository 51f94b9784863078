"""A copied house, or one restored from a backup, writes to nobody until a person has looked at it (listmonk #1801)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from living import START, Living, letter, living, text_of
from servers import SmtpReceiver

from evidence_daemon.alerts import Alerts, Signs
from evidence_daemon.app import House, open_house
from evidence_daemon.config import Config, load
from evidence_daemon.mail.smtp import Postman
from evidence_daemon.model import OutboxState, Withheld
from evidence_daemon.store import records
from evidence_daemon.store.database import open_database

ASKED = letter("0100000017//CEVALLOS LLUMIQUINGA LUCIA SOFIA//INTERNET")
PEOPLE = '[alerts]\nalert_to = "turno@cnt.example"'


def goes_to_work(house: House) -> None:
    """Hold the lease and look around, as every start of the daemon does; send what may be sent."""
    with house.daemon():
        pass


def sends(house: House, smtp: SmtpReceiver) -> int:
    before = len(smtp.received)
    postman = Postman(house.config.smtp, str)
    while house.pipeline.dispatch_one(postman):
        pass
    postman.close()
    return len(smtp.received) - before


@contextmanager
def at_work_elsewhere(one: Living, directory: Path) -> Iterator[House]:
    """A copy of the whole state directory, opened beside the original."""
    config = one.house.config
    shutil.copytree(config.state_directory, directory / "state")
    for name in ("config.toml", "imap_password"):
        shutil.copy2(config.state_directory.parent / name, directory / name)
    with open_house(load(directory / "config.toml"), clock=lambda: one.now[0] + timedelta(minutes=5)) as house:
        goes_to_work(house)
        yield house


def test_a_copy_of_the_database_sends_nothing_and_the_original_goes_on(tmp_path: Path) -> None:
    with living(tmp_path / "original", more=PEOPLE) as one:
        goes_to_work(one.house)
        mail_id = one.receives(ASKED)
        with at_work_elsewhere(one, tmp_path / "copy") as copy:
            assert not copy.pipeline.status().armed
            assert sends(copy, one.smtp) == 0
            with copy.database.reading() as session:
                (answer,) = records.explain(session, mail_id).answers
                assert (answer.state, answer.withheld) == (OutboxState.RETENIDO, Withheld.DESARMADO)
        assert one.status().armed
        assert len(one.sends()) == 1


def test_a_person_arms_the_copy_and_what_waited_leaves_only_when_he_lets_it(tmp_path: Path) -> None:
    with living(tmp_path / "original") as one:
        goes_to_work(one.house)
        one.receives(ASKED)
        with at_work_elsewhere(one, tmp_path / "copy") as copy:
            with copy.database.session() as session:
                records.set_armed(session, True)
            assert sends(copy, one.smtp) == 0
            goes_to_work(copy)
            assert copy.pipeline.status().armed, "it is at home here now"
            with copy.database.session() as session:
                assert records.release(session, actor="Ana", now=copy.pipeline.clock()) == 1
            assert sends(copy, one.smtp) == 1


def test_an_answer_of_unknown_fate_is_not_repeated_by_a_copy(tmp_path: Path) -> None:
    with living(tmp_path / "original") as one:
        goes_to_work(one.house)
        mail_id = one.receives(ASKED)
        with one.house.database.session() as session:
            assert records.claim_due(session, one.now[0]) is not None  # and there the original was copied
        with at_work_elsewhere(one, tmp_path / "copy") as copy:
            copy.pipeline.recover(starting=True)
            with copy.database.session() as session:
                records.set_armed(session, True)
            one.later(hours=2)
            assert sends(copy, one.smtp) == 0
            with copy.database.reading() as session:
                assert records.explain(session, mail_id).answers[0].state is OutboxState.RETENIDO


def test_a_database_put_back_from_a_backup_in_its_own_place_is_disarmed_too(tmp_path: Path) -> None:
    with living(tmp_path / "house") as one:
        config = one.house.config
        goes_to_work(one.house)
    file = config.state_directory / "evidence.db"
    shutil.copy2(file, tmp_path / "backup.db")
    with opened(config) as house:
        goes_to_work(house)
        assert house.pipeline.status().armed, "a restart is no restoration"
    file.unlink()
    shutil.copy2(tmp_path / "backup.db", file)
    with opened(config) as house:
        goes_to_work(house)
        assert not house.pipeline.status().armed


@contextmanager
def opened(config: Config) -> Iterator[House]:
    with open_house(config, clock=lambda: START) as house:
        yield house


def test_our_people_are_told_of_it_until_it_is_armed(tmp_path: Path) -> None:
    with living(tmp_path / "original", more=PEOPLE) as one:
        goes_to_work(one.house)
        with at_work_elsewhere(one, tmp_path / "copy") as copy:
            alerts = Alerts(copy.database, copy.config, copy.pipeline.clock)
            assert [cause.value for cause in alerts.look(Signs({}, 10**12))] == ["mudanza"]
            postman = Postman(copy.config.smtp, str)
            assert alerts.send_one(postman)
            postman.close()
            assert "copia o fue restaurada" in text_of(one.smtp.received[-1].raw)
            with copy.database.session() as session:
                records.set_armed(session, True)
                assert records.moved_at(session) is None


def test_every_postgresql_database_is_a_place_of_its_own(tmp_path: Path, postgresql: Callable[[], str]) -> None:
    one, other = (open_database(postgresql(), tmp_path) for _ in range(2))
    again = open_database(one.url, tmp_path)
    assert one.place() == again.place() != other.place()
    for database in (one, other, again):
        database.close()
