"""The world goes away and comes back: no mail is lost, nobody is answered twice, no value is marked twice.

What is asked at the end is the same each time (`all_is_well`): every mail has one row and one decision, and every
customer exactly one answer.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from house import load_config
from living import Living, letter, living
from servers import Dovecot, Missing, PostgreSQL, SmtpReceiver
from test_faults import ASKED, fill, small_disk

from evidence_daemon.app import House, open_house, open_mailbox
from evidence_daemon.errors import EvidenceDaemonError, Temporary
from evidence_daemon.model import MailId, OutboxState
from evidence_daemon.store import audit, records, soundness

__all__ = ["small_disk"]  # a fixture


def walked(one: Living) -> None:
    """Whatever is neither decided nor under way goes on, as the daemon's jobs let it: trouble is tried again later."""
    one.house.pipeline.recover()
    with one.house.database.reading() as session:
        unfinished = [mail_id for mail_id, _walk in records.unfinished(session)]
    for mail_id in unfinished:
        one.walks(mail_id)


def all_is_well(one: Living, senders: list[str]) -> None:
    """Every mail one row and one decision; every sender one answer; books, trail and files whole."""
    database = one.house.database
    with database.reading() as session:
        mails = records.all_mails(session)
        assert audit.verify(session) == []
        missing = [digest for digest in soundness.referenced(session) if not one.house.blobs.path(digest).is_file()]
    assert soundness.integrity(database) == []
    assert missing == []
    assert len(mails) == len(senders)
    for mail_id in mails:
        story = one.story(mail_id)
        assert len(story.decisions) == 1, story
        assert [answer.state for answer in story.answers] == [OutboxState.ENVIADO]
    went = Counter(to for mail in one.smtp.received for to in mail.recipients)
    assert went == Counter(senders)


def all_sent(one: Living) -> None:
    """Until the outbox is empty, an hour after the other."""
    for _ in range(60):
        one.house.pipeline.recover()  # each minute, in a daemon
        one.sends()
        if not any(one.status().outbox.get(state) for state in (OutboxState.EN_COLA, OutboxState.ENVIANDO)):
            return
        one.later(minutes=30)
    raise AssertionError(one.status())


# ── the disk ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("leave", [0, pytest.param(60_000, marks=pytest.mark.slow)])
def test_a_disk_that_fills_up_between_intake_and_answer_only_delays(small_disk: Path, leave: int) -> None:
    with living(small_disk / "house") as one:
        senders = [f"c{number}@example.com" for number in range(4)]
        mails = [one.stores(letter(ASKED, sender, number)) for number, sender in enumerate(senders)]
        one.walks(mails[0])
        filler = fill(small_disk, leave)
        for mail_id in mails[1:]:
            with contextlib.suppress(EvidenceDaemonError):  # what still fits may go through
                one.walks(mail_id)
        with contextlib.suppress(EvidenceDaemonError):
            one.sends()
        filler.unlink()
        walked(one)
        all_sent(one)
        all_is_well(one, senders)


def test_a_file_system_that_turns_read_only_is_told_and_nothing_is_taken_from_the_mailbox(
    small_disk: Path, dovecot: Dovecot, mailbox_user: str, smtp_receiver: SmtpReceiver
) -> None:
    """As the kernel does with a disk that fails."""

    def remount(how: str) -> None:
        house.database.engine.dispose()  # `mount` refuses while a file is open for writing; the kernel asks nobody
        subprocess.run(["mount", "-o", f"remount,{how}", str(small_disk)], check=True)

    def sweep() -> None:
        config = house.config
        with closing(open_mailbox(config, config.mailboxes[0], small_disk)) as mailbox:
            for arrival in mailbox.arrivals(house.pipeline.known_uids(mailbox.account, mailbox.inbox)):
                house.pipeline.take_in(arrival)

    dovecot.deliver(mailbox_user, *(letter(ASKED, f"c{number}@example.com", number) for number in range(3)))
    with open_house(load_config(small_disk, dovecot, mailbox_user, smtp_receiver)) as house:
        sweep()
        dovecot.deliver(mailbox_user, letter(ASKED, "nueva@example.com", 9))
        remount("ro")
        try:
            with pytest.raises(Temporary):
                sweep()
            assert any("database" in lack for lack in house.unready())
            assert len(dovecot.folders(mailbox_user)["INBOX"]) == 4
        finally:
            remount("rw")
        assert not any("database" in lack for lack in house.unready())
        sweep()
        assert len(stored(house)) == 4


# ── the clock ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "jump",
    [
        timedelta(days=400),
        pytest.param(timedelta(days=-400), marks=pytest.mark.slow),
        timedelta(hours=-3),
        pytest.param(timedelta(hours=25), marks=pytest.mark.slow),
    ],
)
def test_a_clock_that_jumps_loses_nothing_and_repeats_nothing(tmp_path: Path, jump: timedelta) -> None:
    """A machine that woke with a dead battery, and time that was set right again afterwards."""
    with living(tmp_path) as one:
        senders = [f"c{number}@example.com" for number in range(4)]
        first = one.stores(letter(ASKED, senders[0], 0))
        one.receives(letter(ASKED, senders[1], 1))  # its answer waits in the outbox
        one.later(seconds=jump.total_seconds())
        one.walks(first)
        one.receives(letter(ASKED, senders[2], 2))
        one.house.pipeline.recover()
        one.sends()
        one.later(seconds=-jump.total_seconds())
        one.receives(letter(ASKED, senders[3], 3))
        one.house.pipeline.recover()
        with one.house.database.session() as session:  # a mail of 400 days ago is answered when a person lets it be
            held = records.release(session, actor="persona:ana", now=one.now[0])
        assert held == (1 if jump.days >= 400 else 0)
        all_sent(one)
        one.later(days=2)
        assert one.sends() == []
        all_is_well(one, senders)


# ── the database ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def server() -> Iterator[PostgreSQL]:
    """A PostgreSQL of this test's own, to stop and to start."""
    try:
        one = PostgreSQL()
    except Missing as missing:
        pytest.skip(f"no PostgreSQL to test with: {missing}")
    with one:
        yield one


def test_a_database_that_goes_away_and_comes_back_loses_nothing(tmp_path: Path, server: PostgreSQL) -> None:
    """Killed before the row, before the decision, and between the decision and the answer."""
    senders = [f"c{number}@example.com" for number in range(4)]
    raws = [letter(ASKED, sender, number) for number, sender in enumerate(senders)]

    def away(act: Callable[[], object]) -> None:
        server.kill()
        with pytest.raises(Temporary):
            act()
        server.start()

    with living(tmp_path, database_url=server.database()) as one:
        one.receives(raws[0])
        away(lambda: one.stores(raws[1]))
        second = one.stores(raws[1])
        away(lambda: one.walks(second))
        one.walks(second)
        third = one.receives(raws[2])
        away(one.sends)
        assert one.story(third).answers[0].state is OutboxState.EN_COLA
        one.house.pipeline.recover()
        one.receives(raws[3])
        all_sent(one)
        all_is_well(one, senders)


# ── the mail servers ─────────────────────────────────────────────────────────────────────────────


def test_an_smtp_server_that_is_gone_for_an_hour_gets_each_answer_once(tmp_path: Path) -> None:
    senders = [f"c{number}@example.com" for number in range(3)]
    with living(tmp_path) as one:
        one.receives(letter(ASKED, senders[0], 0))
        one.smtp.kill()
        for minute in range(0, 60, 5):
            assert one.sends() == []
            if minute == 20:
                one.receives(letter(ASKED, senders[1], 1))
            one.later(minutes=5)
        one.smtp.start()
        one.receives(letter(ASKED, senders[2], 2))
        all_sent(one)
        one.later(days=2)
        assert one.sends() == []
        all_is_well(one, senders)


def test_an_imap_server_that_is_gone_for_an_hour_hands_over_each_mail_once(
    tmp_path: Path, smtp_receiver: SmtpReceiver
) -> None:
    """It dies in the middle of a sweep, too; what came in meanwhile is there when it is back."""
    mails = [letter(ASKED, f"c{number}@example.com", number, "x" * 20_000) for number in range(6)]
    try:
        server = Dovecot()
    except Missing as missing:
        pytest.skip(f"no IMAP server to test with: {missing}")
    with server, open_house(load_config(tmp_path, server, "ida", smtp_receiver)) as house:
        server.deliver("ida", *mails[:3])
        with house.daemon() as daemon:
            (door,) = daemon.doors
            with closing(door.mailbox):
                arrivals = door.mailbox.arrivals(house.pipeline.known_uids("posventa", "INBOX"))
                assert house.pipeline.take_in(next(arrivals))
                server.kill()
                with contextlib.suppress(Temporary):  # what came with the first may be at hand already
                    for arrival in arrivals:
                        house.pipeline.take_in(arrival)
                for _ in range(12):  # an hour of tries, each in its turn
                    with pytest.raises(Temporary):
                        daemon.poll(door)
                server.deliver("ida", *mails[3:])
                server.start()
                daemon.poll(door)
                daemon.poll(door)
        assert stored(house) == set(mails)
        with house.database.reading() as session:
            assert len(records.all_mails(session)) == len(mails)
            copies = session.connection().exec_driver_sql("SELECT count(*) FROM mail_copies").scalar_one()
        assert copies == len(mails)


def stored(house: House) -> set[bytes]:
    with house.database.reading() as session:
        digests = [records.load_mail(session, MailId(mail_id)).sha256 for mail_id in records.all_mails(session)]
    return {house.blobs.get(digest) for digest in digests}
