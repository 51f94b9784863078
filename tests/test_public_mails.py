"""Real mails of other people's test sets through the whole intake; and what the log says of what passes through."""

from __future__ import annotations

import io
import logging
import os
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from house import CORPUS as NUMBERED
from living import Living, letter, living
from servers import PASSWORD

from evidence_daemon import observe
from evidence_daemon.errors import Permanent
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
    """The reader of a house, with the seconds that it took: OCR has limits of its own, a document at a time."""

    def __init__(self, one: Living) -> None:
        self._read, self.seconds = one.house.reader.read, 0.0
        one.house.pipeline.reader = self  # type: ignore[assignment]

    def read(self, *arguments: Any) -> Any:
        began = time.perf_counter()
        try:
            return self._read(*arguments)
        finally:
            self.seconds += time.perf_counter() - began


def walked(one: Living, paths: list[Path]) -> Counter[str]:
    """How many came to which state; a mail that cannot pass is shunted, as the engine does it.

    All but the reading of documents must take less than two seconds a mail.
    """
    ends: Counter[str] = Counter()
    seconds = []
    watch = Stopwatch(one)
    for path in paths:
        raw = path.read_bytes()
        began = time.perf_counter()
        watch.seconds = 0.0
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
        seconds.append((time.perf_counter() - began - watch.seconds, watch.seconds, path.name))
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


# ── the log ──────────────────────────────────────────────────────────────────────────────────────

SECRET_TEXT = "la clave de la casa es murcielago"


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """The log of the program as `level = "debug"` makes it, to the letter; tracebacks too."""
    written = io.StringIO()
    root, levels = logging.getLogger(), {}
    handlers = list(root.handlers)
    for name in ("", "evidence_daemon", "apscheduler", "mailparser", "imapclient", "pdfminer", "PIL"):
        levels[name] = logging.getLogger(name).level
    with monkeypatch.context() as patch:
        patch.setattr("sys.stderr", written)
        observe.set_up_logging("debug", "text")
    yield written
    root.handlers = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


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


def test_a_failing_statement_is_told_without_what_was_in_it(here: Living) -> None:
    with pytest.raises(sa.exc.OperationalError) as trouble, here.house.database.session() as session:
        session.execute(sa.text("INSERT INTO no_such_table VALUES (:who)"), {"who": "juana.planted@correo.example"})
    assert "no_such_table" in str(trouble.value)
    assert "juana" not in str(trouble.value)
