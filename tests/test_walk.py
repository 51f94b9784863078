"""Every numbered mail walks the house, from a real IMAP mailbox to a real SMTP server, to its written end."""

from __future__ import annotations

import contextlib
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from house import CORPUS, load_config
from servers import Dovecot, SmtpReceiver

from evidence_daemon.app import House, open_house
from evidence_daemon.config import Config
from evidence_daemon.exchange import import_cases
from evidence_daemon.model import MailId
from evidence_daemon.store import records
from evidence_daemon.store.records import Story

NUMBERS = sorted(path.stem for path in CORPUS.glob("*.eml"))
REPEATS = [name for name in NUMBERS if name[:4] in {"0065", "0066", "0067"}]
"""They repeat earlier mails, so they arrive when those are settled."""
QUICK = [
    name
    for name in NUMBERS
    if name[:4] in {"0001", "0015", "0020", "0025", "0030", "0032", "0033", "0034", "0036", "0039", "0048", "0055"}
    or name[:4] in {"0057", "0060", "0063", "0064", "0065", "0068", "0069"}
]
"""One of each kind that needs no OCR, for the second database."""


@dataclass(frozen=True)
class Walked:
    """A corpus after its walk: the story of each mail by its name, and what left the house."""

    stories: dict[str, Story]
    cases: dict[str, tuple[str, Counter[str]]]
    config: Config
    dovecot: Dovecot
    user: str
    smtp: SmtpReceiver


@contextlib.contextmanager
def _walk(names: list[str], directory: Path, dovecot: Dovecot, user: str, url: str = "") -> Iterator[Walked]:
    with SmtpReceiver() as smtp:
        config = load_config(directory, dovecot, user, smtp, database_url=url, workers=2)
        first = [name for name in names if name not in REPEATS]
        then = [name for name in names if name in REPEATS]
        with open_house(config) as house:
            import_cases(house.database, CORPUS / "cases.csv", house.book)
            for batch in (first, then):
                dovecot.deliver(user, *((CORPUS / f"{name}.eml").read_bytes() for name in batch))
                with house.daemon() as daemon:
                    daemon.once()
            yield Walked(_stories(house, first + then), _cases(house), config, dovecot, user, smtp)


def _stories(house: House, names: list[str]) -> dict[str, Story]:
    with house.database.session() as session:
        return {name: records.explain(session, MailId(number)) for number, name in enumerate(names, 1)}


def _cases(house: House) -> dict[str, tuple[str, Counter[str]]]:
    with house.database.session() as session:
        return {
            case.service_number: (case.state.value, Counter(charge.state.value for charge in case.charges))
            for case in records.all_cases(session)
        }


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory, dovecot: Dovecot) -> Iterator[Walked]:
    with _walk(NUMBERS, tmp_path_factory.mktemp("walk"), dovecot, "corpus") as result:
        yield result


@pytest.fixture(scope="module")
def walked_on_postgresql(
    tmp_path_factory: pytest.TempPathFactory, dovecot: Dovecot, postgresql: Callable[[], str]
) -> Iterator[Walked]:
    with _walk(QUICK, tmp_path_factory.mktemp("walk-pg"), dovecot, "corpuspg", postgresql()) as result:
        yield result


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", NUMBERS)
def test_each_numbered_mail_ends_as_written_beside_it(walked: Walked, name: str) -> None:
    differences = _differences(walked, name)
    assert not differences, "\n".join(differences)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", QUICK)
def test_the_same_mails_end_the_same_on_postgresql(walked_on_postgresql: Walked, name: str) -> None:
    differences = _differences(walked_on_postgresql, name)
    assert not differences, "\n".join(differences)


@pytest.mark.timeout(600)
def test_every_mail_has_left_the_inbox_for_the_folder_of_its_outcome(walked: Walked) -> None:
    folders = walked.dovecot.folders(walked.user)
    assert folders.get("INBOX", []) == []
    wanted = Counter({"Procesados": 0, "Revision": 0, "Rechazados": 0})
    for story in walked.stories.values():
        assert story.decisions, story.mail.receipt
        wanted[story.decisions[-1].settlement.folder.value.capitalize()] += 1
    assert {name: len(mails) for name, mails in folders.items() if name in wanted} == dict(wanted)


@pytest.mark.timeout(600)
def test_what_was_sent_is_what_the_outbox_says_and_lies_in_the_sent_folder(walked: Walked) -> None:
    sent = [answer for story in walked.stories.values() for answer in story.answers if answer.state.value == "ENVIADO"]
    assert sent
    assert Counter(answer.message_id for answer in sent) == Counter(
        _message_id(received.raw) for received in walked.smtp.received
    )
    assert len(walked.dovecot.folders(walked.user)["Sent"]) == len(sent)


@pytest.mark.timeout(600)
def test_no_charge_is_reversed_above_its_total(walked: Walked) -> None:
    per_charge: Counter[int] = Counter()
    for story in walked.stories.values():
        for judged in story.decisions:
            for entry in judged.entries:
                per_charge[entry.charge_id] += 1
    assert per_charge and max(per_charge.values()) == 1


def _differences(walked: Walked, name: str) -> list[str]:
    """In words, every way in which a mail ended otherwise than its TOML says."""
    table = tomllib.loads((CORPUS / f"{name}.toml").read_text("utf-8"))
    expected: dict[str, Any] = table["expected"]
    story = walked.stories[name]
    if not story.decisions:
        return [f"not decided: {story.mail.state} {story.mail.trouble}"]
    judged = story.decisions[0]
    settlement = judged.settlement
    held = expected.get("may_hold", False) and judged.verdict.value == "hold"
    found = {
        "verdict": judged.verdict.value,
        "evidence": story.mail.state.value,
        "reply": settlement.reply.kind.value if settlement.reply and story.answers else "none",
        "folder": settlement.folder.value,
    }
    if held:
        expected = expected | {"verdict": "hold", "evidence": "EN_REVISION", "reply": "recibido", "folder": "REVISION"}
    wrong = []
    for key, value in found.items():
        right = expected[key] if isinstance(expected[key], list) else [expected[key]]
        if value not in right:
            wrong.append(f"{key}: {value}, expected {' or '.join(right)}")
    reasons = {reason.value for reason in settlement.decision.grounds.reasons}
    if not held:
        if missing := set(expected.get("reasons", ())) - reasons:
            wrong.append(f"reasons {sorted(reasons)} lack {sorted(missing)}")
        if (one_of := set(expected.get("one_of", ()))) and not one_of & reasons:
            wrong.append(f"reasons {sorted(reasons)} hold none of {sorted(one_of)}")
        wrong += _case_differences(walked, name, table.get("case", {}))
    if wrong:
        rule = next((finding.rule for finding in settlement.decision.grounds.findings if finding.decided), "-")
        wrong.append(f"decided by {rule}; match {type(judged.match).__name__}: {judged.match.because}")
    return wrong


def _case_differences(walked: Walked, name: str, cases: dict[str, Any]) -> list[str]:
    wrong = []
    for service, wanted in cases.items():
        if any(
            service in tomllib.loads((CORPUS / f"{later}.toml").read_text("utf-8")).get("case", {})
            for later in walked.stories
            if later > name
        ):
            continue  # a later mail changed it again: that one checks it
        state, charges = walked.cases[service]
        if state != wanted["state"]:
            wrong.append(f"case {service}: {state}, expected {wanted['state']}")
        if charges != Counter(wanted.get("charges", ())):
            wrong.append(f"case {service}: charges {sorted(charges)}, expected {wanted.get('charges', ())}")
    return wrong


def _message_id(raw: bytes) -> str:
    line = next(line for line in raw.splitlines() if line.lower().startswith(b"message-id:"))
    return line.split(b":", 1)[1].strip().decode()
