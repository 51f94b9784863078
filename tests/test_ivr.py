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
from evidence_daemon.errors import BadFile, LoginRefused, Temporary
from evidence_daemon.model import AttemptId, ContactState
from evidence_daemon.outreach.call_file import CallFiles
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
        ivr, begun = driver(lab), datetime.now(UTC)
        await ivr.open()
        await ivr.send(message(name, LISTENS))
        await ivr.send(message(name, LISTENS))
        told = (await until_told(ivr, 1))[name]
        for _ in range(60):  # the exchange writes its record after it has told us
            recalled = (await ivr.recall([name], begun))[name]
            if isinstance(recalled, Report) and recalled.result == told.result:
                break  # that of the second order, which was refused, may be there before
            await asyncio.sleep(0.25)
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


# ── by call files, without the manager interface ─────────────────────────────────────────────────


def filing(lab: Lab, *, cdr: bool = True) -> CallFiles:
    def sound(text: str) -> tuple[str, float]:
        made = prompt(text, lab.sounds)
        return str(made.path.with_suffix("")), made.seconds

    listens = frozenset({"cargados"})
    line = Line("", 0, "", "", ring_seconds=2, listen_first=listens, cdr=lab.cdr if cdr else None)
    return CallFiles(line, lab.place / "spool" / "outgoing", sound)


FILED = {
    BUSY: (ContactState.OCUPADO, "OCUPADO"),
    UNKNOWN: (ContactState.NO_CONTESTA, "NO_CONTESTA"),  # the CDR cannot tell a wrong number from silence
    REJECTS: (ContactState.NO_CONTESTA, "NO_CONTESTA"),
    TRUNK_FULL: (ContactState.FALLIDO, "RED"),
    RINGS_OUT: (ContactState.NO_CONTESTA, "NO_CONTESTA"),
    PRESSES_9: (ContactState.CONTESTADO, "BAJA"),
    HANGS_UP: (ContactState.CONTESTADO, "PARCIAL"),
    LISTENS: (ContactState.CONTESTADO, "ESCUCHADO"),
    MACHINE: (ContactState.BUZON, "BUZON"),
}


def test_call_files_are_placed_once_told_by_the_cdr_and_found_again_after_a_crash(lab: Lab) -> None:
    async def play() -> dict[str, Report]:
        calls, told = filing(lab), dict[str, Report]()
        await calls.open()
        try:
            for tail in FILED:
                one = message(f"efile-{tail}-i1", tail, "cargados" if tail == MACHINE else "sin-cargo")
                assert isinstance(await calls.send(one), Accepted)
                assert isinstance(await calls.send(one), Accepted), "it lies there already"
            async with asyncio.timeout(90):
                async for report in calls.reports():
                    assert report.attempt not in told, "told once"
                    told[report.attempt] = report
                    if len(told) == len(FILED):
                        break
        finally:
            await calls.close()
        return told

    told = asyncio.run(play())
    assert {name.split("-")[1]: (one.state, one.result) for name, one in told.items()} == FILED
    assert told[f"efile-{PRESSES_9}-i1"].suppress
    with lab.cdr.open(encoding="utf-8", newline="") as rows:
        placed = [row[0] for row in csv.reader(rows) if row and row[0].startswith("efile-")]
    assert sorted(placed) == sorted(told), "one call for each file"

    async def after_a_crash() -> dict[AttemptId, Report | NeverSeen]:
        names = [AttemptId(name) for name in (*told, "efile-nunca-i1")]
        return dict(await filing(lab).recall(names, datetime.now(UTC) - timedelta(minutes=10)))

    found = asyncio.run(after_a_crash())
    assert isinstance(found.pop(AttemptId("efile-nunca-i1")), NeverSeen)
    assert {name: (one.state, one.result) for name, one in found.items() if isinstance(one, Report)} == {
        name: (one.state, one.result) for name, one in told.items()
    }

    async def without_a_cdr() -> dict[AttemptId, Report | NeverSeen]:
        return dict(await filing(lab, cdr=False).recall([AttemptId(name) for name in told], datetime.now(UTC)))

    for name, one in asyncio.run(without_a_cdr()).items():
        answered = told[name].state in (ContactState.CONTESTADO, ContactState.BUZON)
        assert isinstance(one, Report)
        assert (one.state is ContactState.CONTESTADO) is answered, "the archived file knows whether somebody answered"


def test_a_call_file_is_never_half_seen_taken_back_before_it_began_and_refused_without_a_spool(tmp_path: Path) -> None:
    spool = tmp_path / "outgoing"
    line = Line("", 0, "", "", caller_id='"CNT" <1800100100>\nApplication: System')
    calls = CallFiles(line, spool, lambda _text: ("/sonidos/x", 1.0))
    one = message("ecola-1-i1", LISTENS)

    async def play() -> list[Report]:
        with pytest.raises(BadFile):
            await calls.open()
        spool.mkdir()
        await calls.open()
        try:
            assert isinstance(await calls.send(one), Accepted)
            (found,) = spool.iterdir()
            text = found.read_text("ascii")
            assert "MaxRetries: 0\n" in text
            assert "Archive: yes\n" in text
            assert "\nApplication" not in text, "no value begins a line of its own"
            assert list((tmp_path / "tmp").iterdir()) == []
            assert await calls.hang_up(one.attempt)
            assert not await calls.hang_up(one.attempt)
            assert isinstance((await calls.recall([one.attempt], datetime.now(UTC)))[one.attempt], NeverSeen)
            await calls.send(one)
            with found.open("a", encoding="ascii") as begun:
                begun.write("\nStartRetry: 1 1 (1)\n")
            assert not await calls.hang_up(one.attempt), "it lives"
        finally:
            await calls.close()
        return [report async for report in calls.reports()]

    (taken_back,) = asyncio.run(play())
    assert (taken_back.result, taken_back.rang) == ("DETENIDO", False)
