"""Agents: what they see of a case, what they read aloud, what they take down."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import date
from email.message import EmailMessage
from pathlib import Path

import pytest
from house import BORDER
from living import letter
from webhouse import Visitor, WebHouse, web_house

from evidence_daemon.app import read_rules
from evidence_daemon.demo.papers import Form, Layout, Medium, draw
from evidence_daemon.demo.people import Account, people
from evidence_daemon.errors import BadRules
from evidence_daemon.mail import counter
from evidence_daemon.mail.message import understand
from evidence_daemon.mail.subject import read_subject
from evidence_daemon.model import (
    Claim,
    EvidenceState,
    Line,
    MailId,
    ReasonCode,
    Role,
    Statement,
    mail_of_receipt,
    receipt_number,
)
from evidence_daemon.rulebook import parse
from evidence_daemon.speech import Charged, Said, Situation, Standing
from evidence_daemon.store import records
from evidence_daemon.web.lookup import masked_name

ROOT = Path(__file__).parents[1]
BOOK = read_rules(ROOT / "rules")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[WebHouse]:
    """A house of its own: these tests write."""
    with web_house(tmp_path, web="lookups_per_minute = 100") as house:
        house.person("agente", Role.CONSULTA)
        yield house


def _account() -> Account:
    """Somebody with one case, nothing charged yet."""
    counts: dict[str, int] = {}
    for one in people():
        counts[one.id_number] = counts.get(one.id_number, 0) + 1
    return next(
        one
        for one in people()
        if counts[one.id_number] == 1 and one.line is Line.INTERNET_FIJO and one.state.value == "PREVISTO"
    )


async def _look(house: WebHouse, asked: str, said: str = "no_sabe") -> str:
    async with Visitor(house.house) as agent:
        await agent.log_in("agente")
        await agent.see("/consulta")
        response = await agent.submit("/consulta", pregunta=asked, dice=said)
    assert response.status_code == 200
    return response.text


def _once(page: str) -> str:
    return re.search(r'name="once" value="([^"]+)"', page)[1]  # type: ignore[index]


# ── speeches ─────────────────────────────────────────────────────────────────────────────────────

TABLE = [
    ("no_es_suyo", "abierto", "cargado", False, "ESCALAR_IDENTIDAD"),
    ("no_devolvio", "derivado", "cargado", False, "ESCALAR_AREA"),
    ("devolvio_con_acta", "sin_caso", "sin_cargo", False, "NO_CAMPANA"),
    ("no_devolvio", "regularizado", "cargado", False, "INFO_RESUELTO"),
    ("no_devolvio", "acreditado", "cargado", False, "INFO_ACREDITADO"),
    ("devolvio_con_acta", "en_revision", "cargado", False, "INFO_EN_REVISION"),
    ("devolvio_con_acta", "pendiente_cliente", "sin_cargo", False, "INFO_SUBSANAR"),
    ("devolvio_sin_acta", "parcial", "cargado", False, "S2"),
    ("no_devolvio", "parcial", "cargado", False, "S1"),
    ("devolvio_con_acta", "pagado", "pagado", False, "S2"),
    ("no_devolvio", "pagado", "pagado", False, "INFO_PAGADO"),
    ("devolvio_con_acta", "abierto", "cargado", False, "S2"),
    ("devolvio_sin_acta", "abierto", "cargado", False, "S2_SIN_ACTA"),
    ("no_devolvio", "abierto", "sin_cargo", True, "S1"),
    ("no_devolvio", "abierto", "sin_cargo", False, "S1"),
    ("no_devolvio", "abierto", "cargado", False, "S1"),
    ("perdido", "abierto", "cargado", False, "ESCALAR_PERSONA"),
    ("no_sabe", "abierto", "cargado", False, "S1"),
]
"""The eighteen rows of the business's table, in its order."""


@pytest.mark.parametrize(("said", "standing", "charged", "before", "speech"), TABLE)
def test_the_table_says_what_the_business_agreed(
    said: str, standing: str, charged: str, before: bool, speech: str
) -> None:
    here = Situation(said=Said(said), standing=Standing(standing), charged=Charged(charged), before_limit=before)
    row = BOOK.speech.row_for(here)
    assert row is not None
    assert row.speech == speech


def test_before_and_after_the_limit_agents_are_told_what_to_promise() -> None:
    minds = []
    for before in (True, False):
        here = Situation(said=Said.NO_DEVOLVIO, standing=Standing.ABIERTO, before_limit=before)
        minds.append(BOOK.speech.row_for(here).mind)  # type: ignore[union-attr]
    assert "hasta ese día" in minds[0]
    assert "No prometa" in minds[1]
    assert BOOK.speech.limit == date(2021, 3, 31)


def test_the_speeches_of_the_deck_stand_to_the_letter() -> None:
    brief = ROOT.parent / "shared" / "brief"
    if not brief.is_dir():
        pytest.skip("the deck does not lie beside the project")
    deck = " ".join(path.read_text("utf-8") for path in sorted(brief.iterdir()))
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", deck)
    plain = re.sub(r"[<>*]", "", plain)
    plain = re.sub(r"CCO\.\.\.|#|^- ", " ", plain, flags=re.M)
    plain = " ".join(plain.split())
    for name in ("S1", "S2"):
        speech = BOOK.speech.speech[name]
        assert speech.source.value == "mazo"
        for words in (*speech.headings, *speech.text):
            assert words in plain, words


def _texts() -> dict[str, str]:
    found = (path for path in (ROOT / "rules").rglob("*") if path.suffix in {".toml", ".txt"})
    return {path.relative_to(ROOT / "rules").as_posix(): path.read_text("utf-8") for path in found}


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ('speech = "INFO_RESUELTO"\n', 'speech = "NADA"\n', "rows name speeches that are not there: NADA"),
        ('name = "no_sabe"\nspeech = "S1"', 'name = "no_sabe"\nsaid = ["no_sabe"]\nspeech = "S1"', "no row for"),
        (
            '{ said = "no_devolvio", standing = "sin_caso" }',
            '{ said = "no_devolvio", standing = "abierto" }',
            "is decided by",
        ),
        ("hasta el {fecha}. No hace", "hasta el {dia}. No hace", "unknown blanks: dia"),
        ('name = "perdido"', 'name = "no_sabe"', "two rows have the same name"),
    ],
)
def test_a_table_that_leaves_an_agent_without_words_is_refused(before: str, after: str, fault: str) -> None:
    texts = _texts()
    assert before in texts["speech.toml"]
    texts["speech.toml"] = texts["speech.toml"].replace(before, after, 1)
    if "said = [" in after:
        # somebody who says that he lost it, with a value charged, would find no row
        texts["speech.toml"] = (
            texts["speech.toml"]
            .replace(
                '[[row]]\nname = "perdido"\nsaid = ["perdido"]',
                '[[row]]\nname = "perdido"\nsaid = ["perdido"]\ncharged = ["sin_cargo"]',
                1,
            )
            .replace('{ said = "perdido", standing = "abierto", charged = "cargado" },', "")
        )
    with pytest.raises(BadRules, match=fault):
        parse(texts)


def test_every_situation_has_its_speech() -> None:
    for said, standing, value, before in itertools.product(Said, Standing, Charged, (True, False)):
        assert BOOK.speech.row_for(Situation(said=said, standing=standing, charged=value, before_limit=before))


# ── looking up ───────────────────────────────────────────────────────────────────────────────────


async def test_a_case_is_found_by_number_service_or_receipt_and_masked(house: WebHouse) -> None:
    account = _account()
    for asked in (
        account.id_number,
        f" {account.id_number[:9]}-{account.id_number[9:]}",
        account.service,
        f"{account.id_number}001",
    ):
        page = await _look(house, asked)
        assert masked_name(account.holder) in page, asked
    for secret in (account.holder, account.id_number, *(one.serial for one in account.equipment if one.serial)):
        assert secret not in page.replace(f'value="{account.id_number}001"', "")
    assert "SPEECH CONTACT CENTER # 1" in page


async def test_the_receipt_told_is_that_of_the_mail_that_waits_not_of_a_later_one_that_was_answered(
    tmp_path: Path,
) -> None:
    account, border = _account(), f'[answers]\ntrusted_authserv_id = "{BORDER}"\n'
    subject = f"{account.id_number}//{account.holder}//INTERNET"
    with web_house(tmp_path, more=border) as house:
        house.person("agente", Role.CONSULTA)
        waits = house.mail(letter(subject, "ana@example.com", 1, "No tengo el acta. Devolví el módem en Cuenca."))
        asked = house.mail(letter(subject, "ana@example.com", 2, "Buenos días."))
        page = await _look(house, account.id_number)
    assert receipt_number(asked) in page
    read_aloud = re.search(r"número de recibo (EV-\d+-\d)", page)
    assert read_aloud is not None
    assert read_aloud[1] == receipt_number(waits)


async def test_a_number_that_names_nobody_tells_nothing(house: WebHouse) -> None:
    page = await _look(house, "0102030405", "devolvio_con_acta")
    assert "Ningún caso tiene ese número" in page
    assert "no encuentro un caso" in page


async def test_what_the_caller_says_chooses_the_speech(house: WebHouse) -> None:
    account = _account()
    assert "posventagec2@cnt.gob.ec" in await _look(house, account.id_number, "devolvio_con_acta")
    assert "Vamos a buscar el registro" in await _look(house, account.id_number, "devolvio_sin_acta")
    assert "Pase la llamada" in await _look(house, account.id_number, "no_es_suyo")


async def test_hostile_words_come_back_as_words(house: WebHouse) -> None:
    page = await _look(house, '"><script>alert(1)</script>')
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


async def test_each_look_up_is_in_the_history_by_case_and_never_by_number(house: WebHouse) -> None:
    account = _account()
    await _look(house, account.id_number)
    event = next(event for event in reversed(house.events()) if event.action == "looked up")
    assert event.actor == "persona:agente"
    assert event.case_id is not None
    assert account.id_number not in event.detail


async def test_an_agent_who_looks_up_without_end_is_stopped(tmp_path: Path) -> None:
    with web_house(tmp_path, web="lookups_per_minute = 3") as house:
        house.person("agente", Role.CONSULTA)
        async with Visitor(house.house) as agent:
            await agent.log_in("agente")
            await agent.see("/consulta")
            got = [(await agent.submit("/consulta", pregunta=f"01020304{n:02d}")).status_code for n in range(5)]
            house.clock.turn(seconds=61)
            again = await agent.submit("/consulta", pregunta="0102030405")
    assert got == [200, 200, 200, 429, 429]
    assert again.status_code == 200


# ── taking down ──────────────────────────────────────────────────────────────────────────────────


def _walk(house: WebHouse, mail_id: MailId) -> None:
    house.house.pipeline.read(mail_id)
    with house.house.database.session() as session:
        house.house.pipeline.judge(session, mail_id)


def _decided(story: records.Story) -> list[str]:
    findings = story.decisions[-1].settlement.decision.grounds.findings
    return [finding.rule for finding in findings if finding.decided]


def _receipt(page: str) -> MailId:
    found = mail_of_receipt(re.search(r"EV-\d{7}-\d", page)[0])  # type: ignore[index]
    assert found is not None
    return found


async def test_he_says_that_he_has_no_acta_and_the_back_office_is_asked(house: WebHouse) -> None:
    account = _account()
    async with Visitor(house.house) as agent:
        await agent.log_in("agente")
        await agent.see("/consulta")
        page = (await agent.submit("/consulta", pregunta=account.id_number, dice="devolvio_sin_acta")).text
        case = re.search(r'name="caso" value="(\d+)"', page)[1]  # type: ignore[index]
        form = {"caso": case, "once": _once(page), "centro": "CAC Iñaquito", "ciudad": "Quito", "fecha": "mayo de 2020"}
        first = await agent.submit("/consulta/nota", **form, equipos="un módem")
        assert first.status_code == 303
        mail_id = _receipt((await agent.get("/consulta")).text)
        await agent.submit("/consulta/nota", **form, equipos="un módem")  # pressed twice
    with house.house.database.reading() as session:
        assert records.all_mails(session) == [mail_id]
    _walk(house, mail_id)
    with house.house.database.reading() as session:
        story = records.explain(session, mail_id)
    assert story.mail.state is EvidenceState.EN_REVISION
    assert ReasonCode.SIN_ACTA in story.reviews[0].reasons
    assert story.copies[0][0].account == counter.CALL
    assert story.answers == ()
    shown = await _look(house, account.id_number, "devolvio_sin_acta")
    assert story.mail.receipt in shown
    assert "No hace falta que lo envíe otra vez" in shown, "now his case is under review"
    assert story.mail.receipt in await _look(house, story.mail.receipt)


async def test_an_acta_brought_to_the_counter_meets_the_same_judge_as_a_mail(house: WebHouse, tmp_path: Path) -> None:
    account = _account()
    acta = draw(account.paper(Layout.CARTA, number="000-777"), Form(Medium.TEXT_PDF, seed=3))
    async with Visitor(house.house) as agent:
        await agent.log_in("agente")
        page = await agent.see("/recepcion")
        response = await agent.post(
            "/recepcion",
            data={
                "token": agent.form_token,
                "once": _once(page.text),
                "cedula": account.id_number,
                "nombres": account.holder,
                "linea": account.line.value,
                "centro": "CAC Iñaquito",
                "correo": "cliente@example.ec",
            },
            files={"acta": ("../../acta <script>.pdf", acta, "text/html")},
        )
        assert response.status_code == 303, response.text
        mail_id = _receipt((await agent.get("/recepcion")).text)
    _walk(house, mail_id)
    with house.house.database.reading() as session:
        story = records.explain(session, mail_id)
    letter = EmailMessage()
    letter["From"], letter["Subject"], letter["Message-ID"] = "cliente@example.ec", account.subject(), "<1@example.ec>"
    letter.set_content("Adjunto el acta.")
    letter.add_attachment(acta, maintype="application", subtype="pdf", filename="acta.pdf")
    with web_house(tmp_path / "other") as other:
        by_mail = other.mail(letter.as_bytes())
        with other.house.database.reading() as session:
            twin = records.explain(session, by_mail)
    assert story.mail.state is twin.mail.state
    assert _decided(story) == _decided(twin)
    assert story.papers == twin.papers
    assert [answer.to_address for answer in story.answers] == ["cliente@example.ec"]
    assert story.copies[0][0].account == counter.CAC
    assert story.mail.receipt in await _look(house, account.id_number)


async def test_the_counter_says_what_is_missing(house: WebHouse) -> None:
    async with Visitor(house.house) as agent:
        await agent.log_in("agente")
        page = await agent.see("/recepcion")
        known = {"once": _once(page.text), "cedula": "1710034065", "nombres": "PEREZ ANA", "linea": "TELEVISION"}
        assert "Primero elija" in (await agent.submit("/recepcion", **known)).text
        note = {"centro": "X", "ciudad": "Y", "equipos": "Z"}
        for wrong in ({"correo": "no es"}, {"linea": "NADA"}, {"once": "1"}, {"caso": "999999"}, {"nombres": ""}):
            status = (await agent.submit("/consulta/nota", **{**known, **note, **wrong})).status_code
            assert status in {400, 404}, wrong
        await agent.submit("/consulta/nota", **known)
        assert "No se anotó nada" in (await agent.get("/consulta")).text
    with house.house.database.reading() as session:
        assert records.all_mails(session) == []


def test_what_is_written_down_is_byte_for_byte_the_same_and_understood() -> None:
    from datetime import UTC, datetime

    at = datetime(2026, 11, 22, tzinfo=UTC)
    subject = counter.claim("1710034065", "NÚÑEZ / PEÑA ANA", Line.INTERNET_FIJO, "22345678")
    files = [("acta.pdf", b"%PDF-1.4 nada"), ("foto", b"\xff\xd8\xff\xe0nada"), ("x\r\ny", b"algo")]
    first, second = (
        counter.written_down(subject, "NO TENGO EL ACTA.", once="1-a", at=at, answer_to="a@example.ec", files=files)
        for _ in range(2)
    )
    assert first == second
    email = understand(first, our_addresses=frozenset())
    claim = read_subject(email.subjects, BOOK.subject)
    assert isinstance(claim, Claim)
    assert (claim.id_number.value, claim.name, claim.service_number) == ("1710034065", "NÚÑEZ PEÑA ANA", "22345678")
    assert Statement.NO_TENGO_ACTA in email.statements
    assert [attachment.content for attachment in email.attachments] == [content for _name, content in files]
    assert email.sender is not None
    assert email.sender.address == "a@example.ec"
    assert understand(counter.written_down(subject, "x", once="1-a", at=at), our_addresses=frozenset()).sender is None


def test_no_mailbox_can_be_called_like_an_origin() -> None:
    from evidence_daemon import config
    from evidence_daemon.errors import BadConfig

    for origin in (counter.CAC, counter.CALL):
        with pytest.raises(BadConfig):
            config.parse(f'[[mailboxes]]\nname = "{origin}"\n', Path("x.toml"))


@pytest.mark.parametrize(
    ("name", "masked"), [("GOYES BALSECA JUAN CARLOS", "GO*** BA*** JU** CA***"), ("LI", "LI*"), ("", "")]
)
def test_a_name_is_masked(name: str, masked: str) -> None:
    assert masked_name(name) == masked
