"""Calls on a real Asterisk: eight ends, a daemon that dies, a call that is stopped."""

from __future__ import annotations

import asyncio
import csv
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asterisk_lab import (
    BUSY,
    HANGS_UP,
    LISTENS,
    MACHINE,
    PRESSES_9,
    REJECTS,
    RINGS_OUT,
    SECRET,
    TRUNK_FULL,
    UNKNOWN,
    Lab,
    NoLab,
)
from typer.testing import CliRunner

from evidence_daemon.cli import app
from evidence_daemon.errors import LoginRefused, Temporary
from evidence_daemon.model import AttemptId, ContactState
from evidence_daemon.outreach.channel import Accepted, Message, NeverSeen, Report, Throttled
from evidence_daemon.outreach.ivr import CAUSES, Ivr, Line, answered, unanswered
from evidence_daemon.outreach.prompts import prompt

SHORT = "CNT informa: tienes pendiente la entrega."


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    try:
        with Lab(tmp_path_factory.mktemp("asterisk")) as lab:
            yield lab
    except NoLab as why:
        pytest.skip(str(why))


def driver(lab: Lab, secret: str = SECRET) -> Ivr:
    def sound(text: str) -> tuple[str, float]:
        made = prompt(text, lab.sounds)
        return str(made.path.with_suffix("")), made.seconds

    line = Line(
        "127.0.0.1", lab.port, "dialer", secret, ring_seconds=2, listen_first=frozenset({"cargados"}), cdr=lab.cdr
    )
    return Ivr(line, sound)


def message(name: str, tail: str, script: str = "sin-cargo") -> Message:
    text = SHORT * 5 if tail == HANGS_UP else SHORT
    return Message(AttemptId(name), f"+5939876543{tail}", script, text)


async def until_told(ivr: Ivr, how_many: int, seconds: float = 40) -> dict[AttemptId, Report]:
    told: dict[AttemptId, Report] = {}

    async def listen() -> None:
        async for report in ivr.reports():
            told[report.attempt] = report
            if len(told) == how_many:
                return

    await asyncio.wait_for(listen(), seconds)
    return told


ENDS = [
    (LISTENS, ContactState.CONTESTADO, "ESCUCHADO"),
    (HANGS_UP, ContactState.CONTESTADO, "PARCIAL"),
    (PRESSES_9, ContactState.CONTESTADO, "BAJA"),
    (MACHINE, ContactState.BUZON, "BUZON"),
    (BUSY, ContactState.OCUPADO, "OCUPADO"),
    (UNKNOWN, ContactState.FALLIDO, "NUMERO_INVALIDO"),
    (REJECTS, ContactState.NO_CONTESTA, "RECHAZADA"),
    (TRUNK_FULL, ContactState.FALLIDO, "RED"),
    (RINGS_OUT, ContactState.NO_CONTESTA, "NO_CONTESTA"),
]


def test_each_end_of_a_call_is_told_apart_and_the_exchange_remembers_it_for_a_daemon_that_died(lab: Lab) -> None:
    async def go() -> tuple[dict[AttemptId, Report], dict[AttemptId, Report | NeverSeen]]:
        ivr, began = driver(lab), datetime.now(UTC)
        await ivr.open()
        for tail, _state, _result in ENDS:
            # the machine is only listened for where the script asks for it
            sent = await ivr.send(message(f"fin-{tail}", tail, "cargados" if tail == MACHINE else "sin-cargo"))
            assert sent == Accepted(f"fin-{tail}")
        told = await until_told(ivr, len(ENDS))
        await ivr.close()
        later = driver(lab)  # another process, which heard nothing
        await later.open()
        names = [AttemptId(f"fin-{tail}") for tail, *_ in ENDS]
        recalled = dict(await later.recall([*names, AttemptId("nunca")], began - timedelta(seconds=5)))
        await later.close()
        return told, recalled

    told, recalled = asyncio.run(go())
    assert [
        (name, told[AttemptId(f"fin-{name}")].state, told[AttemptId(f"fin-{name}")].result) for name, *_ in ENDS
    ] == ENDS
    assert told[AttemptId(f"fin-{PRESSES_9}")].suppress
    assert told[AttemptId(f"fin-{UNKNOWN}")].phone_is_wrong
    assert not told[AttemptId(f"fin-{TRUNK_FULL}")].rang
    assert told[AttemptId(f"fin-{MACHINE}")].seconds == 0, "nothing is left on a machine"
    assert isinstance(recalled.pop(AttemptId("nunca")), NeverSeen)
    for name, state, _result in ENDS:
        found = recalled[AttemptId(f"fin-{name}")]
        assert isinstance(found, Report)
        if state in (ContactState.CONTESTADO, ContactState.BUZON, ContactState.OCUPADO):
            assert (found.state, found.result) == (state, told[found.attempt].result)


def test_a_call_that_plays_is_hung_up_within_a_second(lab: Lab) -> None:
    async def go() -> tuple[float, Report]:
        ivr = driver(lab)
        await ivr.open()
        await ivr.send(message("colgar", LISTENS))
        for _ in range(100):
            if "evidence-daemon" in lab.command("core show channels concise") and "Up" in lab.command(
                "core show channels"
            ):
                break
            await asyncio.sleep(0.1)
        began = time.monotonic()
        assert await ivr.hang_up(AttemptId("colgar"))
        told = await until_told(ivr, 1, 5)
        took = time.monotonic() - began
        await ivr.close()
        return took, told[AttemptId("colgar")]

    took, report = asyncio.run(go())
    assert took < 1
    assert report.state is ContactState.CONTESTADO
    assert report.result in ("PARCIAL", "COLGO")


def test_a_call_that_lives_when_the_daemon_comes_back_is_adopted_and_told_when_it_ends(lab: Lab) -> None:
    async def go() -> tuple[Report | NeverSeen, Report]:
        first = driver(lab)
        await first.open()
        await first.send(message("adoptada", LISTENS))
        await asyncio.sleep(1)
        await first.close()
        second = driver(lab)
        await second.open()
        known = await second.recall([AttemptId("adoptada")], datetime.now(UTC) - timedelta(minutes=1))
        told = await until_told(second, 1)
        await second.close()
        return known[AttemptId("adoptada")], told[AttemptId("adoptada")]

    known, told = asyncio.run(go())
    assert isinstance(known, Report)
    assert known.state is ContactState.ENVIADO
    assert (told.state, told.result) == (ContactState.CONTESTADO, "ESCUCHADO")


def test_one_name_never_rings_twice(lab: Lab) -> None:
    name = AttemptId("doble")

    async def go() -> tuple[Report, Report | NeverSeen]:
        ivr = driver(lab)
        await ivr.open()
        await ivr.send(message(name, LISTENS))
        await ivr.send(message(name, LISTENS))
        told = (await until_told(ivr, 1))[name]
        recalled = (await ivr.recall([name], datetime.now(UTC)))[name]
        await ivr.close()
        return told, recalled

    told, recalled = asyncio.run(go())
    assert told.result == "ESCUCHADO"
    assert isinstance(recalled, Report)
    rows = [row for row in csv.reader(lab.cdr.read_text().splitlines()) if "doble" in row]
    assert len({row[5] for row in rows if row[14] == "ANSWERED"}) == 1, "one channel, however many rows it leaves"
    assert {row[14] for row in rows} <= {"ANSWERED", "FAILED"}
    assert recalled.result == "ESCUCHADO"


def test_a_wrong_secret_is_refused_and_a_silent_exchange_is_temporary(lab: Lab) -> None:
    async def go() -> None:
        with pytest.raises(LoginRefused, match="dialer"):
            await driver(lab, "otro").open()
        nobody = Ivr(Line("127.0.0.1", 9, "dialer", SECRET), lambda _text: ("x", 1.0))
        with pytest.raises(Temporary, match="does not answer"):
            await nobody.open()
        assert await nobody.send(message("nadie", LISTENS)) == Throttled("AMI", 5.0)

    asyncio.run(go())


def test_an_exchange_that_dies_and_comes_back_is_found_again(lab: Lab) -> None:
    async def go() -> Report:
        ivr = driver(lab)
        await ivr.open()
        await asyncio.to_thread(lab.stop)
        await asyncio.sleep(0.2)
        assert await ivr.send(message("corte", LISTENS)) == Throttled("AMI", 5.0)
        await asyncio.to_thread(lab.start)
        for _ in range(100):
            if isinstance(await ivr.send(message("vuelta", BUSY)), Accepted):
                break
            await asyncio.sleep(0.2)
        told = await until_told(ivr, 1)
        await ivr.close()
        return told[AttemptId("vuelta")]

    assert asyncio.run(go()).result == "OCUPADO"


@pytest.mark.parametrize(
    ("machine", "heard", "whole", "digit", "state", "result"),
    [
        ("", 20, 21, "", ContactState.CONTESTADO, "ESCUCHADO"),
        ("HUMAN", 12, 21, "", ContactState.CONTESTADO, "PARCIAL"),
        ("NOTSURE", 21, 21, "", ContactState.CONTESTADO, "ESCUCHADO"),
        ("MACHINE", 0, 21, "", ContactState.BUZON, "BUZON"),
        ("", 3, 21, "9", ContactState.CONTESTADO, "BAJA"),
        ("", 0, 21, "", ContactState.CONTESTADO, "COLGO"),
    ],
)
def test_what_an_answered_call_came_to(
    machine: str, heard: float, whole: float, digit: str, state: ContactState, result: str
) -> None:
    assert answered(machine, heard, whole, digit) == (state, result)


def test_a_cause_that_nobody_listed_is_the_networks_trouble_and_ringing_is_never_forgotten() -> None:
    assert 127 not in CAUSES
    assert unanswered(127, rang=False).result == "RED"
    assert not unanswered(34, rang=False).rang
    assert unanswered(34, rang=True).rang, "who heard it ring was contacted"


def test_the_dialplan_is_installed_once_however_often_it_is_asked_for_and_the_exchange_is_found_to_know_it(
    lab: Lab, tmp_path: Path
) -> None:
    (tmp_path / "extensions.conf").write_text("[default]\nexten => 1,1,Hangup()\n")
    for _ in range(2):
        done = CliRunner().invoke(app, ["ivr", "install-dialplan", "--to", str(tmp_path)])
        assert done.exit_code == 0, done.output
    plan = (tmp_path / "extensions.conf").read_text()
    assert plan == "[default]\nexten => 1,1,Hangup()\n\n#include evidence-daemon.conf\n"
    assert "[evidence-daemon-end]" in (tmp_path / "evidence-daemon.conf").read_text()

    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "secret").chmod(0o600)
    file = tmp_path / "config.toml"
    file.write_text(f'[ivr]\nhost = "127.0.0.1"\nport = {lab.port}\nuser = "dialer"\nsecret_file = "secret"\n')
    done = CliRunner().invoke(app, ["ivr", "check", "--config", str(file)])
    assert done.exit_code == 0, done.output
