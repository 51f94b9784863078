"""What the program says of itself: JSON, one canonical line per mail, nobody named; and the ear that hears it all."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from house import CORPUS, write_config
from planted import EAR, Ear
from servers import Dovecot, SmtpReceiver

from evidence_daemon import config as configuration
from evidence_daemon import observe
from evidence_daemon.app import open_house
from evidence_daemon.exchange import import_cases
from evidence_daemon.model import MailId, receipt_number


def test_a_round_says_one_canonical_line_of_each_mail_in_json_and_names_nobody(
    tmp_path: Path, dovecot: Dovecot, mailbox_user: str, smtp_receiver: SmtpReceiver
) -> None:
    path = write_config(tmp_path, dovecot, mailbox_user, smtp_receiver, more='[log]\nformat = "json"\n')
    mails = [next(CORPUS.glob(f"{number}-*.eml")) for number in ("0020", "0030", "0057")]  # no OCR in them
    dovecot.deliver(mailbox_user, *(mail.read_bytes() for mail in mails), b"\x00\xff no mail at all")
    with open_house(configuration.load(path)) as house:
        import_cases(house.database, CORPUS / "cases.csv", house.book)
    log = tmp_path / "log"
    with log.open("w") as file:
        command = [sys.executable, "-m", "evidence_daemon", "once", "--config", str(path)]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=file, check=False)
    assert done.returncode == 0, log.read_text("utf-8")
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    assert all({"at", "level", "logger", "event"} <= set(line) for line in lines)
    decided = [line for line in lines if line["logger"] == "evidence_daemon.mail" and line["event"] == "decided"]
    shunted = [line for line in lines if line["event"] == "shunted"]
    receipts = {receipt_number(MailId(number)) for number in range(1, len(mails) + 2)}
    assert sorted(line["receipt"] for line in decided + shunted) == sorted(receipts)
    EAR.read(log)


def test_a_house_may_also_log_in_words_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    record = logging.makeLogRecord({"name": "evidence_daemon.mail", "msg": "decided", "levelno": logging.INFO})
    record.levelname, record.facts = "INFO", {"receipt": "EV-0000001-8"}
    assert observe._Text().format(record).endswith("mail: decided receipt=EV-0000001-8")


@pytest.mark.parametrize(
    "line",
    [
        "mail from juana.perez@example.com taken",
        "looked for 0100000017",
        "customer 1710034065 again",
        "of CEVALLOS LLUMIQUINGA",
        "of Cevallos Llumiquinga Lucía",
        "called 0990000000",
        "token refresh-0123456789abcdef was refused",
        "login with una clave larga de prueba",
    ],
)
def test_the_ear_hears_what_must_not_be_said(line: str) -> None:
    ear = Ear()
    ear.hear(line, "test")
    assert len(ear.faults) == 1


@pytest.mark.parametrize(
    "line",
    [
        "decided receipt=EV-0000001-8 verdict=Reject",
        "mail of 40000000 bytes is above the limit",
        "answer to j…@example.com",
        "mails were gone from INBOX (UID 3:7) at 2021-03-17T15:00:00Z",
        "17******99 was looked up",
    ],
)
def test_the_ear_lets_pass_what_may_be_said(line: str) -> None:
    ear = Ear()
    ear.hear(line, "test")
    assert ear.faults == []


def test_the_ear_hears_records_with_their_facts_and_traces() -> None:
    ear = Ear()
    with ear.listening():
        try:
            int("n.º 0100000017")
        except ValueError:
            logging.getLogger("evidence_daemon.mail").exception("failed")
        observe.say(logging.getLogger("evidence_daemon.mail"), logging.INFO, "polled", who="0100000017")
    assert len(ear.faults) == 2
    EAR.faults.clear()  # or this very test would fail
