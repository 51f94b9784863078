"""`kill -9` between any two steps loses nothing and does nothing twice; with a real daemon, Dovecot and SMTP server.

Each stage of the walk is killed wherever something lasting has just happened, once after the other, in one house:
what an earlier death left behind is what the next start has to cope with.  The slow tests do so at every arrow, and
give each one a house of its own too.
"""

from __future__ import annotations

import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faults.killed_between_steps import ARROWS
from faults.scene import LATER, MAILS, Outcome, Scene, Workshop
from servers import NEVER, Dovecot, Fault, SmtpReceiver

from evidence_daemon.model import EvidenceState, Lane, OutboxState

STAGES = {
    "intake": list(ARROWS)[:7],
    "reading and judging": list(ARROWS)[7:16],
    "answering": list(ARROWS)[16:21],
    "filing away": [*list(ARROWS)[24:], *list(ARROWS)[21:24]],
}
"""What each step needs must be left by those before it: a poll moves mails first, then keeps copies of answers."""
AS_BEFORE = {
    "before the bytes are stored",
    "before the row is committed",
    "before row and walk are committed",
    "before a try is counted",
    "when the papers are read",
    "before the readings are committed",
    "when a mail is judged",
    "before the claim is committed",
    "before an answer is put into the Sent folder",
    "before the move is committed",
}
"""Nothing lasting has happened since the step before these: dying there is like dying at the arrow ahead of them."""
assert ARROWS.keys() >= AS_BEFORE
CUT_OFF = {"when an answer is claimed", "before the server's 250 is noted", "before the answer's fate is committed"}
"""Here nobody can know whether the answer arrived: it waits ten minutes and is sent once more."""
TWICE = CUT_OFF - {"when an answer is claimed"}
"""The one ambiguous window: the server has taken the answer, and we have not written it down."""

pytestmark = pytest.mark.timeout(300)  # many starts of a program, beside whatever else the machine does

Build = Callable[..., Scene]


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    with Workshop() as running:
        yield running


@pytest.fixture
def build(
    tmp_path: Path, dovecot: Dovecot, mailbox_user: str, smtp_receiver: SmtpReceiver, workshop: Workshop
) -> Iterator[Build]:
    """Builds the one house of a test."""
    built: list[Scene] = []

    def house(*mails: str, workers: int = 1, retries: int = 10) -> Scene:
        scene = Scene(
            tmp_path, dovecot, mailbox_user, smtp_receiver, workshop, mails or MAILS, workers=workers, retries=retries
        )
        built.append(scene)
        return scene

    yield house
    for scene in built:
        scene.database.close()


@pytest.fixture(scope="module")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory, dovecot: Dovecot, workshop: Workshop
) -> tuple[Outcome, Outcome]:
    """How it ends when nobody is killed: at once, and ten minutes later."""
    with (
        SmtpReceiver() as smtp,
        Scene(tmp_path_factory.mktemp("undisturbed"), dovecot, "undisturbed", smtp, workshop) as scene,
    ):
        scene.settles(plain=True)
        now = scene.outcome()
        scene.settles(ahead=LATER)
        later = scene.outcome()
    for outcome in (now, later):
        assert set(outcome.letters.values()) == {1}
        assert set(outcome.copies.values()) == {1}
        assert "INBOX" not in outcome.folders
        assert any(entries for _state, _copies, ((_verdict, _reasons, entries),), *_ in outcome.mails.values())
    assert len(later.letters) == len(now.letters) + 1
    return now, later


def _assert_nothing_lost_or_doubled(scene: Scene, undisturbed: tuple[Outcome, Outcome], *arrows: str) -> None:
    """Settle the house with the plain program, and compare; what is uncertain is settled ten minutes later."""
    now, later = undisturbed
    scene.settles()
    outcome = scene.outcome()
    assert scene.uncertain() >= len(CUT_OFF.intersection(arrows))
    assert outcome.repeated == [], "what is uncertain must wait"
    if scene.uncertain():
        scene.settles(ahead=LATER)
        outcome, now = scene.outcome(), later
    assert outcome.differences(now) == []
    # A kill may also cut off what another thread is sending at that moment, hence not "==".
    assert len(outcome.repeated) >= len(TWICE.intersection(arrows))
    assert max(outcome.letters.values()) <= 2
    assert set(outcome.copies.values()) == {1}, "once in the Sent folder"


def _await_letter(smtp: SmtpReceiver) -> None:
    """Wait until the server has taken a mail, whatever it has told the sender."""
    end = time.monotonic() + 30
    while not smtp.received:
        assert time.monotonic() < end, "no answer was sent"
        time.sleep(0.02)


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["lasting", "every"])
@pytest.mark.parametrize("stage", STAGES)
def test_a_house_that_is_killed_at_every_step_of_a_stage_ends_like_one_that_never_was(
    stage: str, build: Build, undisturbed: tuple[Outcome, Outcome], *, every: bool
) -> None:
    scene = build()
    arrows = [arrow for arrow in STAGES[stage] if every or arrow not in AS_BEFORE]
    for arrow in arrows:
        assert scene.dies("--arrow", arrow, "--passing", "1"), f"never came to: {arrow}\n{scene.log()[-3000:]}"
    _assert_nothing_lost_or_doubled(scene, undisturbed, *arrows)
    assert scene.drafts() == []


@pytest.mark.slow
@pytest.mark.parametrize("arrow", ARROWS)
def test_a_house_that_is_killed_once_in_the_middle_ends_like_one_that_never_was(
    arrow: str, build: Build, undisturbed: tuple[Outcome, Outcome]
) -> None:
    scene = build()
    assert scene.dies("--arrow", arrow), scene.log()[-3000:]
    _assert_nothing_lost_or_doubled(scene, undisturbed, arrow)


def test_a_house_that_is_killed_at_random_instants_ends_like_one_that_never_was(
    build: Build, undisturbed: tuple[Outcome, Outcome]
) -> None:
    scene = build()
    seed = random.randrange(10**6)
    sys.stdout.write(f"seed {seed}\n")
    chance = random.Random(seed)
    for _ in range(4):
        scene.killed_after(chance.uniform(0, 2))
    _assert_nothing_lost_or_doubled(scene, undisturbed)


def test_an_answer_whose_acknowledgement_never_came_is_sent_once_more_byte_by_byte(build: Build) -> None:
    scene = build("0036-no-attachment")
    scene.smtp.faults.append(Fault(at="DOT", delay=NEVER, keep=True))
    with scene.process("--ahead", "0") as daemon:
        _await_letter(scene.smtp)
        daemon.send_signal(signal.SIGKILL)
        assert daemon.wait(30) == -signal.SIGKILL
    scene.settles()
    (answer,) = scene.story("0036-no-attachment").answers
    assert answer.state is OutboxState.INCIERTO
    assert len(scene.smtp.received) == 1
    scene.settles(ahead=LATER)
    (answer,) = scene.story("0036-no-attachment").answers
    assert answer.state is OutboxState.ENVIADO
    first, second = scene.smtp.received
    assert first.raw == second.raw
    assert first.recipients == second.recipients


# ── asked to stop ────────────────────────────────────────────────────────────────────────────────


def test_sigterm_in_the_middle_of_work_stops_within_a_minute_and_the_next_start_finishes(
    build: Build,
) -> None:
    scene = build(MAILS[0], "0036-no-attachment", "0037-link-instead-of-file")
    with scene.process("--dawdle", "3") as daemon:
        scene.await_words("a reading has begun", daemon)
        scene.end(daemon)
    assert not scene.at_rest()
    scene.settles()
    outcome = scene.outcome()
    assert [state for state, *_ in outcome.mails.values()] == ["ACEPTADO", "RECHAZADO", "RECHAZADO"]
    assert list(outcome.letters.values()) == [1, 1, 1]


def test_sigterm_just_after_the_start_is_heard(build: Build) -> None:
    scene = build("0068-out-of-office")
    for pause in (0.0, 0.1):
        with scene.running("--ahead", "0") as daemon:
            time.sleep(pause)
            scene.end(daemon)


def test_a_silent_smtp_server_does_not_hold_up_the_end(build: Build) -> None:
    scene = build("0036-no-attachment")
    scene.smtp.faults.append(Fault(at="DOT", delay=NEVER, keep=True))
    with scene.process("--patience", "3") as daemon:
        _await_letter(scene.smtp)
        scene.end(daemon)
    assert "left as in a crash" in scene.log()
    scene.settles()
    (answer,) = scene.story("0036-no-attachment").answers
    assert answer.state is OutboxState.INCIERTO
    assert len(scene.smtp.received) == 1


# ── one at a time ────────────────────────────────────────────────────────────────────────────────


def test_a_second_daemon_on_the_same_house_says_so_and_stops(build: Build) -> None:
    scene = build("0068-out-of-office")
    with scene.running("--ahead", "0") as first:
        second = scene.command("run")
        assert second.returncode == 1
        assert f"another evidence-daemon (process {first.pid}) already works in" in second.stderr
        assert "Traceback" not in second.stderr
        assert first.poll() is None


# ── poison ───────────────────────────────────────────────────────────────────────────────────────


def test_a_mail_that_kills_its_reader_is_shunted_and_its_neighbours_finish(build: Build) -> None:
    poison, *neighbours = MAILS[0], "0032-partial-return", "0036-no-attachment"
    scene = build(poison, *neighbours, workers=2, retries=2)
    deaths = 0
    while scene.dies("--poison", scene.paper(poison)):
        deaths += 1
        assert deaths <= 2, scene.log()[-3000:]
    assert deaths == 2
    story = scene.story(poison)
    assert story.mail.state is EvidenceState.ERROR_TECNICO
    assert story.mail.shunted
    assert [review.lane for review in story.reviews] == [Lane.SIN_PROCESAR]
    assert "2 times" in story.mail.trouble
    assert not story.answers
    assert scene.outcome().folders["Revision"].count(poison) == 1
    for neighbour in neighbours:
        assert scene.story(neighbour).decisions, neighbour

    done = scene.command("queue", "unshunt", story.mail.receipt, "--as", "Ana")
    assert done.returncode == 0, done.stderr
    scene.settles()
    story = scene.story(poison)
    assert story.mail.state is EvidenceState.ACEPTADO
    assert len(story.decisions) == 1
    assert not story.reviews
