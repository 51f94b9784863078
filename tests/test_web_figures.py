"""The supervisor's figures: counted right, on SQLite and on PostgreSQL, shown and taken along."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook
from webhouse import Clock, Visitor, WebHouse, web_house

from evidence_daemon.model import (
    DAEMON,
    Arrival,
    AttemptId,
    Channel,
    ContactState,
    CopyKey,
    EntryKind,
    EvidenceState,
    Lane,
    MailId,
    Operation,
    OutboxState,
    ReplyKind,
    Role,
    Verdict,
    receipt_number,
)
from evidence_daemon.store import figures, outreach, records
from evidence_daemon.store.database import Session
from evidence_daemon.store.figures import Period
from evidence_daemon.store.members import Member
from evidence_daemon.store.reach import Planned, plan_attempts
from evidence_daemon.store.tables import DecisionRow, EntryRow, MailRow, OutboxRow, ReviewRow
from evidence_daemon.store.work import at_work
from evidence_daemon.web import history, words
from evidence_daemon.web.charts import stacked, ticks_for
from evidence_daemon.web.history import DEEDS, deed_words
from evidence_daemon.web.supervisor import Sheet, as_csv, as_xlsx

NOON = datetime(2026, 11, 10, 17, 0, tzinfo=UTC)
"""12:00 in Ecuador."""
PERIOD = Period(date(2026, 11, 1), date(2026, 11, 30))


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WebHouse]:
    """A house with a month of history, written row by row."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql")()
    clock = Clock(NOON + timedelta(days=20))
    with web_house(tmp_path, more=f'[database]\nurl = "{url}"', clock=clock) as house:
        house.person("jefa", Role.SUPERVISOR)
        with house.house.database.session() as session:
            _month(session)
        yield house


def _mail(session: Session, received: datetime, state: EvidenceState = EvidenceState.ACEPTADO) -> int:
    number = session.exec(sa.select(sa.func.count()).select_from(MailRow)).scalar_one()  # type: ignore[call-overload]
    values = dict.fromkeys(("message_id", "sender", "subject", "content_identity", "edition", "stage", "trouble"), "")
    row = sa.insert(MailRow).values(
        **values,
        sha256=f"{number:064x}",
        size=1,
        oversized=False,
        received_at=received,
        stored_at=received,
        state=state,
        attempts=0,
        walk=0,
        walk_base=0,
        decisions=0,
        respond_by=(received + timedelta(days=15)).date(),
    )
    return int(session.exec(row.returning(sa.literal_column("id"))).scalar_one())  # type: ignore[call-overload]


def _decided(
    session: Session, mail: int, number: int, verdict: Verdict, at: datetime, actor: str = DAEMON, rule: str = "regla"
) -> int:
    findings = f'[{{"rule":"otra","decided":false}},{{"rule":"{rule}","decided":true}}]'
    row = sa.insert(DecisionRow).values(
        mail_id=mail,
        number=number,
        verdict=verdict,
        actor=actor,
        edition="x",
        decided_at=at,
        keys="{}",
        match="{}",
        decision=f'{{"grounds":{{"findings":{findings},"reasons":["SIN_ADJUNTO"]}}}}',
        settlement="{}",
    )
    return int(session.exec(row.returning(sa.literal_column("id"))).scalar_one())  # type: ignore[call-overload]


def _answered(session: Session, mail: int, decision: int, sent: datetime, kind: ReplyKind = ReplyKind.ACEPTADO) -> None:
    session.exec(  # type: ignore[call-overload]
        sa.insert(OutboxRow).values(
            decision_id=decision,
            mail_id=mail,
            kind=kind,
            recipient="x",
            message_id=f"<{decision}.{kind}>",
            raw=b"",
            state=OutboxState.ENVIADO,
            created_at=sent,
            cancel_on_decision=False,
            attempts=1,
            doubts=0,
            sent_at=sent,
            response="",
            id_number="",
            topic="",
        )
    )


def _month(session: Session) -> None:
    """Five mails: three settled by the daemon, one that a person took over, one that still waits, late."""
    midnight = datetime(2026, 11, 11, 4, 59, tzinfo=UTC)  # still the 10th in Ecuador
    for received in (NOON, midnight):
        mail = _mail(session, received)
        decision = _decided(session, mail, 1, Verdict.REVERSE, received + timedelta(minutes=5))
        _answered(session, mail, decision, received + timedelta(minutes=30))
    asked = _mail(session, NOON + timedelta(days=1), EvidenceState.RECHAZADO)
    decision = _decided(session, asked, 1, Verdict.ASK, NOON + timedelta(days=1))
    _answered(session, asked, decision, NOON + timedelta(days=17), ReplyKind.SUBSANAR)
    held = _mail(session, NOON + timedelta(days=1))
    first = _decided(session, held, 1, Verdict.HOLD, NOON + timedelta(days=1), rule="sin_firma")
    _answered(session, held, first, NOON + timedelta(days=1, minutes=10), ReplyKind.RECIBIDO)
    second = _decided(session, held, 2, Verdict.REVERSE, NOON + timedelta(days=2), actor="persona:ana")
    _answered(session, held, second, NOON + timedelta(days=2))
    for kind, amount in ((EntryKind.REVERSO, 10350), (EntryKind.CORRECCION, 350)):
        session.exec(  # type: ignore[call-overload]
            sa.insert(EntryRow).values(
                decision_id=second,
                case_id=1,
                charge_id=1,
                kind=kind,
                operation=Operation.NOTA_CREDITO,
                amount=amount,
                turn=1,
                cause="x",
                rule="x",
                entered_at=NOON + timedelta(days=2),
            )
        )
    old = _mail(session, NOON - timedelta(days=40), EvidenceState.EN_REVISION)
    session.exec(  # type: ignore[call-overload]
        sa.insert(ReviewRow).values(
            mail_id=old,
            lane=Lane.REVISAR,
            reasons="",
            summary="",
            opened_at=NOON - timedelta(days=40),
            closed_by="",
            version=1,
        )
    )


def test_everything_is_counted_on_the_day_it_has_in_ecuador(house: WebHouse) -> None:
    with house.house.database.reading() as session:
        assert figures.inflow(session, PERIOD) == {date(2026, 11, 10): 2, date(2026, 11, 11): 2}
        assert figures.inflow(session, Period(date(2026, 11, 11), date(2026, 11, 11))) == {date(2026, 11, 11): 2}
        assert figures.decisions(session, PERIOD) == {
            (Verdict.REVERSE, True): 2,
            (Verdict.REVERSE, False): 1,
            (Verdict.ASK, True): 1,
            (Verdict.HOLD, True): 1,
        }
        through = figures.straight_through(session, PERIOD)
        assert (through.settled, through.all, through.share) == (3, 4, 0.75)
        assert sorted(figures.answer_times(session, PERIOD)) == [
            timedelta(minutes=30),
            timedelta(minutes=30),
            timedelta(days=1),
            timedelta(days=16),
        ]
        [waits] = figures.waiting(session, date(2026, 11, 20))
        assert (waits.lane, waits.count, waits.late, waits.oldest) == (Lane.REVISAR, 1, 1, NOON - timedelta(days=40))
        [rule] = figures.overruled(session, PERIOD)
        assert (rule.rule, rule.verdict, rule.people) == ("sin_firma", Verdict.HOLD, ((Verdict.REVERSE, 1),))
        assert figures.refusals(session, PERIOD) == {"SIN_ADJUNTO": 1}
        assert figures.reversals(session, PERIOD) == {
            date(2026, 11, 12): {EntryKind.REVERSO: 10350, EntryKind.CORRECCION: 350}
        }
        empty = Period(date(2026, 1, 1), date(2026, 1, 2))
        assert figures.straight_through(session, empty).share is None
        assert figures.answer_times(session, empty) == []


async def test_the_page_shows_them_and_takes_them_along(house: WebHouse) -> None:
    kinds = (EntryKind.REVERSO, EntryKind.BLOQUEO, EntryKind.DEVOLUCION, EntryKind.CORRECCION)
    async with Visitor(house.house) as boss:
        await boss.log_in("jefa")
        page = (await boss.get("/panel")).text
        for shown in ("75%", "$100,00", "4 respondidos, 1 fuera de plazo", "sin_firma", "<svg", "Por revisar"):
            assert shown in page.replace("\xa0", ""), shown
        assert "Nada en este período." in (await boss.get("/panel?desde=2026-01-01&hasta=2026-01-02")).text
        for wrong in ("desde=ayer", "desde=2026-02-01&hasta=2026-01-01", "desde=2020-01-01&hasta=2026-01-01"):
            assert (await boss.get(f"/panel?{wrong}")).status_code == 400
        file = await boss.get("/panel/reversos.csv?desde=2026-11-01&hasta=2026-11-30")
        assert file.headers["content-disposition"] == 'attachment; filename="reversos-2026-11-01-2026-11-30.csv"'
        rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig")), delimiter=";"))
        assert rows == [
            ["Día", *(words.word(kind) for kind in kinds)],
            ["2026-11-12", "103,50", "0,00", "0,00", "3,50"],
        ]
        book = load_workbook(io.BytesIO((await boss.get("/panel/reversos.xlsx?desde=2026-11-01")).content))
        assert book.active.cell(2, 2).value == 103.5  # type: ignore[union-attr]
        assert (await boss.get("/panel/nada.csv")).status_code == 404
        assert (await boss.get("/panel/reversos.exe")).status_code == 404
    assert [event.action for event in house.events()].count("figures exported") == 2


async def test_the_auditor_reads_who_did_what(tmp_path: Path) -> None:
    with web_house(tmp_path, cases=False) as house:
        house.person("audi", Role.AUDITOR)
        house.person("jefa", Role.SUPERVISOR)
        async with Visitor(house.house) as boss, Visitor(house.house) as auditor:
            await boss.log_in("jefa")
            await auditor.log_in("audi")
            everything = (await auditor.get("/registro")).text
            assert everything.count('<td data-label="Cuándo">') == len(house.events())
            logins = (await auditor.get("/registro?quien=jefa&que=login")).text
            assert logins.count('<td data-label="Cuándo">') == 1
            assert "ingreso" in logins
            assert "No hay nada" in (await auditor.get("/registro?recibo=EV-0000001-9")).text
            assert (await auditor.get("/registro?antes=ayer")).status_code == 400
            for _ in range(101):
                await boss.submit("/cuenta/atajos", shortcuts="1")
            first = (await auditor.get("/registro")).text
            older = re.search(r'href="(/registro[^"]*antes=[0-9]+)"', first)[1]  # type: ignore[index]
            assert "usuario agregado" in (await auditor.get(older.replace("&amp;", "&"))).text


def test_every_deed_that_can_be_chosen_has_its_spanish() -> None:
    assert [one for one in DEEDS if deed_words(one) == one] == []


def test_every_deed_that_is_written_down_can_be_chosen() -> None:
    written = re.compile(r'\brecord\(\s*(?:session,\s*)?"([a-z][a-z ,-]*)"')
    sources = Path(history.__file__).parents[1].rglob("*.py")
    found = {deed for source in sources for deed in written.findall(source.read_text("utf-8"))}
    assert len(found) > 40
    assert found - set(DEEDS) == set()


async def test_campaigns_stand_on_the_panel_and_in_the_look_up_but_rehearsals_do_not(tmp_path: Path) -> None:
    with web_house(tmp_path) as house:
        house.person("jefa", Role.SUPERVISOR)
        now = house.clock()
        plan = house.house.campaigns.plan_of("recuperacion-equipos").model_dump_json()
        with house.house.database.session() as session:
            case = records.all_cases(session)[0]
            for name, rehearsal, when in (("Marzo", False, now), ("Ensayo", True, now)):
                campaign = outreach.add_campaign(
                    session,
                    wire=f"w{name}",
                    name=name,
                    plan=plan,
                    author="jefa",
                    starts_at=when,
                    rehearsal=rehearsal,
                    now=now,
                )
                attempt = AttemptId(f"{campaign.id}-{name}")
                phone = "+593990000000"
                planned = Planned(
                    attempt,
                    campaign.id,
                    case.id,
                    Channel.WHATSAPP,
                    1,
                    "c:x",
                    phone,
                    "WA-1",
                    now,
                )
                plan_attempts(session, [planned])
                outreach.change_attempt(
                    session, attempt, [ContactState.PLANIFICADO], state=ContactState.ENTREGADO, claimed_at=now
                )
        async with Visitor(house.house) as boss:
            await boss.log_in("jefa")
            panel = (await boss.get("/panel")).text
            assert "Marzo" in panel
            assert 'href="/campanas/1"' in panel
            assert "Ensayo" not in panel
            await boss.see("/consulta")
            page = (await boss.submit("/consulta", pregunta=case.service_number)).text
    assert page.count("WhatsApp") == 1
    assert "entregado" in page


def test_no_word_becomes_a_formula() -> None:
    sheet = Sheet("x", "X", ("a", "b"), (("=2+3", 5), ("@SUM(1)", -5)), frozenset({1}))
    assert as_csv(sheet).decode("utf-8-sig").splitlines() == ["a;b", "'=2+3;0,05", "'@SUM(1);-0,05"]
    page = load_workbook(io.BytesIO(as_xlsx(sheet))).active
    assert [cell.data_type for cell in page["A"]] == ["s", "s", "s"]  # type: ignore[index]


def test_bars_are_as_high_as_their_figures() -> None:
    chart = stacked("x", ["a", "b"], [("uno", [1, 2]), ("dos", [0, 2])], [["1", "2"], ["0", "2"]], [(0, "0"), (4, "4")])
    heights = [bar.height for bar in chart.bars]
    assert heights[1] == pytest.approx(2 * heights[0], abs=0.2)
    assert heights[1] == heights[2]
    assert chart.bars[2].y == pytest.approx(chart.bars[1].y - chart.bars[2].height, abs=0.2)
    assert chart.ticks[0][0] == chart.foot
    assert chart.bars[1].words == "b: uno 2"
    assert stacked("leer", [], [("x", [])], [[]]).bars == ()


@pytest.mark.parametrize(
    ("top", "ticks"),
    [(0, [0, 1]), (1, [0, 1]), (5, [0, 1, 2, 3, 4, 5]), (7, [0, 2, 4, 6, 8]), (1234, [0, 500, 1000, 1500])],
)
def test_axes_have_round_marks(top: int, ticks: list[int]) -> None:
    assert ticks_for(top) == ticks


async def test_the_supervisor_sees_who_works_and_lets_what_could_not_be_processed_be_walked_again(
    house: WebHouse,
) -> None:
    member = Member(house.house.database, "worker-a", roles=["work"], holding=lambda: [1])
    member.look()
    raw = b"From: ana@example.com\r\nSubject: x\r\n\r\n"
    house.house.pipeline.take_in(Arrival(CopyKey("posventa", "INBOX", 7, 1), NOON, len(raw), raw))
    with house.house.database.reading() as session:
        mail_id = MailId(max(int(one) for one in records.all_mails(session)))
    house.house.database.transact(
        lambda session: records.shunt(session, mail_id, "read", "Traceback\nValueError: <nada>", now=NOON)
    )
    receipt = receipt_number(mail_id)
    visitor = Visitor(house.house)
    await visitor.log_in("jefa")
    page = (await visitor.see("/panel")).text
    assert "worker-a" in page
    assert "read: ValueError: &lt;nada&gt;" in page
    await visitor.submit(f"/cola/{receipt}/reprocesar", vuelta="lane=SIN_PROCESAR")
    with house.house.database.reading() as session:
        assert at_work(session).dead == ()
        assert records.load_mail(session, mail_id).state is EvidenceState.RECIBIDO
    assert house.events()[-1].actor == "persona:jefa"
    assert receipt not in re.sub(r"(?s).*id=.procesos.", "", (await visitor.see("/panel")).text)
    member.stop()
