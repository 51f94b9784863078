"""Real mails of other people's test sets through the whole intake; and what the log says of what passes through."""

from __future__ import annotations

import io
import logging
import os
import re
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from house import CORPUS as NUMBERED
from house import load_config
from living import Living, letter, living
from servers import PASSWORD, Dovecot, SmtpReceiver

from evidence_daemon import observe
from evidence_daemon.app import open_house
from evidence_daemon.errors import Permanent
from evidence_daemon.exchange import import_cases
from evidence_daemon.mail.message import understand
from evidence_daemon.store.mails import thread_key

CORPUS = Path(os.environ.get("EVIDENCE_TEST_DATA", Path(__file__).parent.parent.parent / "shared" / "data")) / "mails"
EVERY, SMALL = 15, 60_000
"""The quick run walks every so-many-th mail of those below so many bytes: large pictures take OCR its time."""


MOST_SECONDS = 2.0
"""For all of a walk but the reading of documents."""


def corpus() -> list[Path]:
    if not CORPUS.is_dir():
        pytest.skip(f"no public mails under {CORPUS} (set EVIDENCE_TEST_DATA)")
    return [path for path in sorted(CORPUS.rglob("*")) if path.is_file() and not path.name.startswith("LICENSE")]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Living]:
    with living(tmp_path / "house") as one:
        yield one


class Stopwatch:
    """The reader of a house, with the seconds that it took and our own work in them: OCR has limits of its own."""

    def __init__(self, one: Living) -> None:
        self._read, self.seconds, self.work = one.house.reader.read, 0.0, 0.0
        one.house.pipeline.reader = self  # type: ignore[assignment]

    def read(self, *arguments: Any) -> Any:
        began, worked = time.perf_counter(), time.process_time()
        try:
            return self._read(*arguments)
        finally:
            self.seconds += time.perf_counter() - began
            self.work += time.process_time() - worked


def walked(one: Living, paths: list[Path]) -> Counter[str]:
    """How many came to which state; a mail that cannot pass is shunted, as the engine does it.

    All but the reading of documents must take less than two seconds a mail (of work: other programs may run).
    """
    ends: Counter[str] = Counter()
    seconds = []
    watch = Stopwatch(one)
    for path in paths:
        raw = path.read_bytes()
        began = time.process_time()
        watch.seconds = watch.work = 0.0
        mail_id = one.stores(raw)
        if one.story(mail_id).mail.decided:
            continue  # the same bytes under another name
        try:
            one.walks(mail_id)
        except Permanent as trouble:
            with one.house.database.session() as session:
                one.house.pipeline.shunt(session, mail_id, "read", str(trouble))
        except Exception:  # noqa: BLE001  # whatever it is, the mail that caused it must be told
            pytest.fail(f"{path.name}: {traceback.format_exc()}")
        seconds.append((time.process_time() - began - watch.work, watch.seconds, path.name))
        story = one.story(mail_id)
        assert story.decisions or story.mail.shunted, path.name
        ends[story.mail.state.value] += 1
    median = sorted(seconds)[len(seconds) // 2][0]
    longest, _, slow = max(seconds)
    _, reading, drawn = max(seconds, key=lambda times: times[1])
    print(  # noqa: T201
        f"{len(seconds)} mails: {dict(ends)}; without their documents: median {median:.3f} s, longest {longest:.2f} s "
        f"({slow}); documents of one mail: at most {reading:.1f} s ({drawn})"
    )
    assert longest < MOST_SECONDS, slow
    return ends


def test_a_sample_of_public_mails_comes_to_a_known_end(here: Living) -> None:
    ends = walked(here, [path for path in corpus() if path.stat().st_size < SMALL][::EVERY])
    assert ends["ERROR_TECNICO"] <= 1
    assert ends["ACEPTADO"] == ends["ACEPTADO_PARCIAL"] == 0


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_public_mail_comes_to_a_known_end(here: Living) -> None:
    paths = corpus()
    ends = walked(here, paths)
    assert ends["ERROR_TECNICO"] <= len(paths) * 0.01
    assert ends["ACEPTADO"] == ends["ACEPTADO_PARCIAL"] == 0


_SAYS_SO = re.compile(
    rb"^(?:content-type:\s*multipart/report|from:.*(?:mailer-daemon|postmaster|no-?reply|do-not-reply)"
    rb"|return-path:\s*<>|precedence:\s*(?:bulk|junk|list|auto_reply)|auto-submitted:\s*auto|list-[a-z]+:"
    rb"|subject:.*(?:deliver|returned|failure))",
    re.I | re.M,
)
"""The marks of a machine's mail, looked for in another way than the program does."""


def test_public_bounces_are_recognised_as_automatic_and_no_ordinary_mail_is_taken_for_one() -> None:
    bounces, automatic, ordinary, taken = 0, 0, 0, []
    for path in corpus():
        raw = path.read_bytes()
        try:
            written_by_a_machine = understand(raw, our_addresses=frozenset()).automatic is not None
        except Permanent:
            continue
        if "sisimai" in path.parent.name:
            bounces += 1
            automatic += written_by_a_machine
        elif not _SAYS_SO.search(raw[:20_000]):
            ordinary += 1
            taken += [path.name] if written_by_a_machine else []
    print(f"{automatic} of {bounces} bounces are recognised; {len(taken)} of {ordinary} ordinary mails taken")  # noqa: T201
    assert bounces > 400
    assert automatic >= 0.97 * bounces
    assert ordinary > 300
    assert taken == []


# ── the log ──────────────────────────────────────────────────────────────────────────────────────

SECRET_TEXT = "la clave de la casa es murcielago"


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """The log of the program as `level = "debug"` makes it, to the letter; tracebacks too."""
    written = io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr("sys.stderr", written)
        observe.set_up_logging("debug", "text")
    return written


def test_no_log_line_holds_what_a_customer_wrote_or_any_secret(here: Living, log: io.StringIO) -> None:
    good = "0100000017//CEVALLOS LLUMIQUINGA LUCIA SOFIA//INTERNET"
    here.receives(letter(good, "juana.planted@correo.example", text=SECRET_TEXT))
    here.receives(letter("0100000018 PLANTADO APELLIDO", "juana.planted@correo.example", 2, text=SECRET_TEXT))
    here.receives(next(NUMBERED.glob("0001-*.eml")).read_bytes())
    here.receives(next(NUMBERED.glob("0069-*.eml")).read_bytes())
    assert here.sends()
    with here.house.database.reading() as session:
        key = thread_key(session).hex()
    lines = log.getvalue().splitlines()
    assert any("decided" in line for line in lines), "the log was heard at all"
    people = ["0100000017", "0100000018", "CEVALLOS", "PLANTADO", "juana.planted"]
    planted = [*people, SECRET_TEXT, "murcielago", PASSWORD, key]
    told = [(word, line.split(":")[0]) for line in lines for word in planted if word.lower() in line.lower()]
    assert told == []


def test_at_debug_no_logger_of_the_program_or_of_any_library_holds_it_either(
    tmp_path: Path,
    dovecot: Dovecot,
    mailbox_user: str,
    smtp_receiver: SmtpReceiver,
    caplog: pytest.LogCaptureFixture,
    log: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A whole round of the daemon, by TLS, where somebody has set the root of all loggers to DEBUG."""
    logging.root.addHandler(caplog.handler)
    logging.root.setLevel(logging.DEBUG)
    # The engine's logger keeps to itself and is turned down by the program: here it speaks to the root, whole.
    engine = logging.getLogger("dbos")
    monkeypatch.setattr(engine, "level", logging.DEBUG)
    monkeypatch.setattr(engine, "propagate", True)
    monkeypatch.setattr(engine, "setLevel", lambda _level: None)
    monkeypatch.setattr(engine, "handlers", [logging.NullHandler()])
    engine.manager._clear_cache()  # type: ignore[attr-defined]
    sender = "juana.planted@correo.example"
    dovecot.deliver(
        mailbox_user,
        letter("0100000017//CEVALLOS LLUMIQUINGA LUCIA SOFIA//INTERNET", sender, text=SECRET_TEXT),
        letter("sin numero, PLANTADO", sender, 2, text=SECRET_TEXT),
        next(NUMBERED.glob("0001-*.eml")).read_bytes(),
    )
    with open_house(load_config(tmp_path / "house", dovecot, mailbox_user, smtp_receiver)) as house:
        import_cases(house.database, NUMBERED / "cases.csv", house.book)
        with house.daemon() as daemon:
            daemon.once(patience=60)
        with house.database.reading() as session:
            key = thread_key(session).hex()
    assert len(smtp_receiver.received) >= 2
    heard = {record.name.split(".")[0] for record in caplog.records}
    assert {"evidence_daemon", "dbos"} <= heard, heard
    assert "running" in log.getvalue() or "polled" in log.getvalue()
    spoken = [
        (record.name, f"{record.getMessage()} {vars(record).get('facts', '')} {record.exc_text or ''}")
        for record in caplog.records
        if record.name.split(".")[0] not in {"mail", "aiosmtpd", "asyncio"}  # the receiving server's own
    ]
    people = ["0100000017", "CEVALLOS", "PLANTADO", "juana.planted"]
    planted = [*people, SECRET_TEXT, "murcielago", PASSWORD, key, "Subject:"]
    assert [(name, word) for name, said in spoken for word in planted if word.lower() in said.lower()] == []


def test_a_failing_statement_is_told_without_what_was_in_it(here: Living) -> None:
    with pytest.raises(sa.exc.OperationalError) as trouble, here.house.database.session() as session:
        session.execute(sa.text("INSERT INTO no_such_table VALUES (:who)"), {"who": "juana.planted@correo.example"})
    assert "no_such_table" in str(trouble.value)
    assert "juana" not in str(trouble.value)
