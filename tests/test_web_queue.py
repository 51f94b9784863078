"""The queue's and the items' pages over ASGI: lanes and search, deciding by plain forms, pictures and originals."""

from __future__ import annotations

import asyncio
import contextlib
import html
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path

import dossier
import pytest
from house import BORDER, CORPUS
from living import letter
from webhouse import Clock, Visitor, WebHouse, web_house

from evidence_daemon.demo.papers import Equipment, Form, Layout, Medium, Paper, draw
from evidence_daemon.errors import Temporary
from evidence_daemon.exchange import import_cases
from evidence_daemon.model import (
    Box,
    Direction,
    DocumentKind,
    Engine,
    EquipmentLine,
    EquipmentType,
    EvidenceState,
    Field,
    Fields,
    Lane,
    Line,
    MailId,
    Page,
    Role,
    Sha256,
    Signature,
    Verdict,
    Word,
    receipt_number,
)
from evidence_daemon.store import queue, records
from evidence_daemon.store.queue import SearchBy, Wanted
from evidence_daemon.web.frame import templates
from evidence_daemon.web.reads import Read, Sheet, values_read

pytestmark = pytest.mark.anyio

GOOD = "0100000017//CEVALLOS LLUMIQUINGA LUCIA SOFIA//INTERNET"
NO_ACTA = "No tengo el acta. Devolví el módem en el centro de Cuenca."
SISTER = "0057"
"""The mail of the corpus with a text PDF and the name of a sister: a person decides."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def opened(directory: Path) -> Iterator[WebHouse]:
    more = f'[answers]\ntrusted_authserv_id = "{BORDER}"\n'
    clock = Clock(datetime(2021, 3, 17, 15, 0, tzinfo=UTC))
    with web_house(directory, cases=False, more=more, clock=clock) as house:
        import_cases(house.house.database, CORPUS / "cases.csv", house.house.book)
        for role in Role:
            house.person(role.value, role)
        house.person("rosa", Role.APROBADOR)
        yield house


@pytest.fixture
def own(tmp_path: Path) -> Iterator[WebHouse]:
    """A house for one test."""
    yield from opened(tmp_path)


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebHouse]:
    """A house with one mail whose certificate was really read; tests only look at it."""
    for house in opened(tmp_path_factory.mktemp("read")):
        house.mail(next(CORPUS.glob(f"{SISTER}-*.eml")).read_bytes())
        yield house


def held(house: WebHouse, number: int = 1, sender: str = "ana@example.com", subject: str = GOOD) -> str:
    """The receipt of a mail that waits for a person."""
    mail_id = house.mail(letter(subject, sender, number, NO_ACTA))
    story = told(house, mail_id)
    assert story.mail.state is EvidenceState.EN_REVISION
    return story.mail.receipt


def told(house: WebHouse, mail_id: int = 1) -> records.Story:
    with house.house.database.reading() as session:
        return records.explain(session, MailId(mail_id))


def form_of(page: str) -> dict[str, str]:
    """The hidden fields of the decision's form."""
    start = page.index('id="decide"')
    block = page[start : page.index("</form>", start)]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', block))


@contextlib.asynccontextmanager
async def visitor(house: WebHouse, name: str) -> AsyncIterator[Visitor]:
    """Somebody who is logged in."""
    async with Visitor(house.house) as one:
        await one.log_in(name)
        yield one


# ── the queue ────────────────────────────────────────────────────────────────────────────────────


async def test_rows_are_oldest_first_with_the_reason_in_words_and_the_holder_masked(own: WebHouse) -> None:
    first = held(own)
    own.clock.turn(days=4)
    second = held(own, 2, "otro@example.com")
    async with visitor(own, "revisor") as rosa:
        page = (await rosa.see("/cola")).text
    assert page.index(first) < page.index(second)
    assert "SIN_ACTA" in page
    assert "CEVALLOS L. L. S." in page
    assert "LLUMIQUINGA" not in page
    assert "4 días · quedan 11 días" in page
    assert 'class="badge warn">4 días' in page


@pytest.mark.parametrize(
    ("days", "words", "kind"), [(0, "hoy", ""), (3, "3 días", "warn"), (10, "10 días", "bad"), (15, "vence hoy", "bad")]
)
async def test_the_legal_clock_is_told_in_words_too(own: WebHouse, days: int, words: str, kind: str) -> None:
    held(own)
    own.clock.turn(days=days)
    async with visitor(own, "revisor") as rosa:
        page = (await rosa.see("/cola")).text
    badge = re.search(r'class="badge (\w*)">([^<]*)<', page[page.index("EV-0000001-8") :])
    assert badge is not None
    assert words in badge[2]
    assert badge[1] == kind


def test_a_search_finds_by_each_of_its_fields(read: WebHouse) -> None:
    story = told(read)
    (paper,) = story.papers
    case = story.decisions[-1].settlement.decision.cases[0]
    serial = next(line.serial.value for line in paper.equipment if line.serial)
    assert paper.number is not None
    today = read.house.pipeline.today()
    wanted = {
        SearchBy.CASO: str(case.id),
        SearchBy.CEDULA: case.id_number,
        SearchBy.SERIE: serial.lower(),
        SearchBy.ACTA: paper.number.value,
        SearchBy.REMITENTE: story.mail.sender[:8].upper(),
        SearchBy.RECIBO: "ev 0000001 8",
        SearchBy.TEXTO: case.holder.split()[0].lower(),
    }
    with read.house.database.reading() as session:
        for by, words in wanted.items():
            for how in (by, SearchBy.TODO):
                found = queue.rows(session, Wanted(words=words, by=how), today)
                assert [row.mail_id for row in found] == [story.mail.id], (how, words)
        for by in SearchBy:
            for nothing in ("ZZZ9999", "%", "_", "'; DROP TABLE mails; --"):
                assert queue.rows(session, Wanted(words=nothing, by=by), today) == [], (by, nothing)


def test_pages_go_on_from_the_last_row_and_none_is_skipped_or_repeated(own: WebHouse) -> None:
    receipts = []
    for number in range(7):
        receipts.append(held(own, number, f"c{number}@example.com"))
        own.clock.turn(minutes=number % 2)
    today, seen, after = own.house.pipeline.today(), [], ""
    with own.house.database.reading() as session:
        while rows := queue.rows(session, Wanted(), today, after=after, limit=3):
            seen += [row.receipt for row in rows]
            after = rows[-1].key
        assert queue.rows(session, Wanted(), today, after="nonsense", limit=3)
    assert seen == receipts


async def test_filters_live_in_the_address_and_counts_update_by_themselves(own: WebHouse) -> None:
    held(own)
    async with visitor(own, "revisor") as rosa:
        page = (await rosa.see("/cola?carril=REVISAR&motivo=SIN_ACTA&q=ana&campo=remitente")).text
        assert "EV-0000001-8" in page
        assert 'href="/cola/EV-0000001-8?carril=REVISAR&amp;q=ana&amp;campo=remitente&amp;motivo=SIN_ACTA"' in page
        assert "EV-0000001-8" not in (await rosa.see("/cola?motivo=NO_ES_ACTA")).text
        assert "EV-0000001-8" not in (await rosa.see("/cola?carril=SENALES")).text
        piece = (await rosa.get("/cola/cuentas?carril=REVISAR", headers={"HX-Request": "true"})).text
        assert 'hx-trigger="every 20s"' in piece
        assert "Por revisar <b>1</b>" in piece


async def test_those_asked_wait_for_the_customer_and_those_put_off_for_their_day(own: WebHouse) -> None:
    own.mail(letter(GOOD))
    receipt = held(own, 2, "b@example.com", "1300000015//X Y//INTERNET")
    async with visitor(own, "revisor") as rosa:
        waiting = (await rosa.see("/cola?carril=ESPERA")).text
        assert "EV-0000001-8" in waiting
        assert receipt not in waiting
        page = (await rosa.see(f"/cola/{receipt}")).text
        until = (own.clock().date()).replace(day=25).isoformat()
        await rosa.submit(f"/cola/{receipt}/posponer", dia=until, pregunta=form_of(page)["pregunta"])
        row = f'href="/cola/{receipt}'
        assert row not in (await rosa.see("/cola")).text
        assert row in (await rosa.see("/cola?pospuestos=1")).text
        own.clock.turn(days=9)
        await rosa.log_in("revisor")
        assert row in (await rosa.see("/cola")).text


# ── deciding by plain forms ──────────────────────────────────────────────────────────────────────


async def test_a_plain_form_shows_the_answer_first_and_decides_when_it_is_confirmed(own: WebHouse) -> None:
    receipt = held(own)
    following = held(own, 2, "otro@example.com")
    async with visitor(own, "revisor") as rosa:
        page = (await rosa.see(f"/cola/{receipt}")).text
        choice = form_of(page) | {"verdict": "ask", "motivo": "SIN_ADJUNTO"}
        shown = await rosa.post(f"/cola/{receipt}/decidir", data=choice)
        assert shown.status_code == 409
        assert "Su correo llegó sin el acta adjunta" in shown.text
        assert len(told(own).decisions) == 1, "nothing is sent that was not shown"
        words = re.search(r'<textarea id="texto"[^>]*>(.*?)</textarea>', shown.text, re.S)
        assert words is not None
        confirmed = choice | form_of(shown.text) | {"texto": html.unescape(words[1])}
        done = await rosa.post(f"/cola/{receipt}/decidir", data=confirmed)
        assert (done.status_code, done.headers["location"]) == (303, f"/cola/{following}")
        assert told(own).decisions[-1].verdict is Verdict.ASK
        again = await rosa.post(f"/cola/{receipt}/decidir", data=confirmed)
        assert again.status_code == 303
        assert len(told(own).decisions) == 2
        undo = (await rosa.see(f"/cola/{following}")).text
        assert f"/cola/{receipt}/deshacer" in undo
        await rosa.submit(f"/cola/{receipt}/deshacer")
        assert told(own).mail.state is EvidenceState.EN_REVISION


async def test_in_a_busy_house_the_form_stands_as_it_was_filled_in_and_decides_when_sent_again(own: WebHouse) -> None:
    receipt = held(own)
    held(own, 2, "otro@example.com")
    line = own.house.database.line
    assert line is not None
    async with visitor(own, "revisor") as rosa:
        form = form_of((await rosa.see(f"/cola/{receipt}")).text)
        basis = own.house.desk.preview(MailId(1), _ruling(Verdict.DISCARD), person="revisor").basis
        filled = form | {"verdict": "discard", "base": basis, "nota": "propaganda, sin duda"}
        line._patience = 0.05
        with line.turn():  # somebody writes, and does not come to an end
            busy = await rosa.post(f"/cola/{receipt}/decidir", data=filled)
            late = await rosa.post(f"/cola/{receipt}/posponer", data=form | {"dia": "2021-03-20"})
        line._patience = 30.0
        assert busy.status_code == 503
        assert "El sistema está ocupado y no se escribió nada" in busy.text
        assert "propaganda, sin duda" in busy.text
        assert late.status_code == 303
        assert len(told(own).decisions) == 1
        again = await rosa.post(f"/cola/{receipt}/decidir", data=filled | form_of(busy.text) | {"base": basis})
        assert again.status_code == 303
    assert told(own).decisions[-1].verdict is Verdict.DISCARD


async def test_what_was_decided_stands_though_the_next_mail_cannot_be_taken(
    own: WebHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = held(own)
    held(own, 2, "otro@example.com")
    async with visitor(own, "revisor") as rosa:
        form = form_of((await rosa.see(f"/cola/{receipt}")).text)
        basis = own.house.desk.preview(MailId(1), _ruling(Verdict.DISCARD), person="revisor").basis

        def busy(*_: object, **__: object) -> None:
            raise Temporary("others were writing")

        monkeypatch.setattr(type(own.house.desk), "claim_next", busy)
        done = await rosa.post(f"/cola/{receipt}/decidir", data=form | {"verdict": "discard", "base": basis})
        assert (done.status_code, done.headers["location"]) == (303, "/cola")
        assert f"{receipt}: descartado" in (await rosa.see("/cola")).text.lower().replace(receipt.lower(), receipt)
    assert told(own).decisions[-1].verdict is Verdict.DISCARD


async def test_of_many_who_go_on_at_once_each_gets_a_mail_of_his_own(own: WebHouse) -> None:
    receipts = {held(own, number, f"c{number}@example.com") for number in range(1, 13)}
    people = [Visitor(own.house) for _ in receipts]
    for number, person in enumerate(people):
        own.person(f"persona{number}", Role.REVISOR)
        await person.log_in(f"persona{number}")
    places = await asyncio.gather(*(person.get("/cola/siguiente") for person in people))
    for person in people:
        await person.aclose()
    assert {place.headers["location"].removeprefix("/cola/") for place in places} == receipts


async def test_an_item_shows_the_subject_part_by_part_beside_the_case(read: WebHouse) -> None:
    """The name that a person has to judge is the one in the subject: the acta's own may well be right."""
    async with visitor(read, "auditor") as one:
        page = (await one.see("/cola/EV-0000001-8")).text
    rows = dict(re.findall(r'data-read="asunto\.(\w+)"(.*?)</tr>', page, re.S))
    assert "igual" in rows["id_number"]
    assert "LUZ AURORA" in rows["holder"]
    assert 'class="badge warn">' in rows["holder"] or 'class="badge bad">' in rows["holder"]
    assert "Internet fijo" in rows["line"]


def test_what_another_reading_says_instead_is_shown_and_stays_words() -> None:
    field = Field("HWTC1", "HWTC1", 1, None, 0.5, Engine.TESSERACT, "serie:tabla", rivals=("HWTCI", "<script>"))
    row = (
        templates()
        .get_template("item_value.html")
        .module.value_row(  # type: ignore[attr-defined]
            Read("0.serial", "serial", field, "HWTC1", "igual", "good"), None, lambda **_: "/"
        )
    )
    assert "HWTCI" in row
    assert "<script>" not in row


def test_of_several_photos_each_a_file_the_one_that_shows_a_value_bears_its_box() -> None:
    left, right = Box(0.1, 0.1, 0.4, 0.15), Box(0.5, 0.5, 0.9, 0.55)

    def photo(number: int, text: str, box: Box) -> Sheet:
        digest = Sha256(f"{number:064x}")
        page = Page(1, 1000, 1000, Engine.TESSERACT, (Word(text, box, 0.9, 0),), raster=digest)
        return Sheet(number, page, replace(dossier.document(digest), pages=(page,)))

    sheets = [photo(1, "GOYES", left), photo(2, "HWTC3F321126", right)]
    serial = Field("HWTC3F321126", "HWTC3F321126", 2, right, 0.9, Engine.TESSERACT, "serie:tabla")
    holder = Field("GOYES ANA", "GOYES ANA", 1, left, 0.9, Engine.TESSERACT, "holder:debajo")
    paper = Fields(
        tuple(sheet.document.sha256 for sheet in sheets),
        DocumentKind.ACTA,
        Direction.DEVOLUCION,
        True,
        holder=holder,
        equipment=(EquipmentLine(EquipmentType.ONT, "ONT", serial=serial),),
    )
    lies = {one.name: one.sheet for one in values_read(paper, 0, (), sheets) if one.field}
    assert lies == {"holder": 1, "serial": 2}


def test_state_and_accessories_are_shown_as_written_and_stay_words() -> None:
    serial = Field("HWTC1", "HWTC1", 1, None, 0.5, Engine.TESSERACT, "serie:tabla")
    line = EquipmentLine(
        EquipmentType.ONT, "ONT", serial=serial, state="Pantalla <b>rota</b>", accessories="Cargador: Sí"
    )
    unread = EquipmentLine(EquipmentType.ONT, "ONT", state="Bueno")
    silent = EquipmentLine(EquipmentType.ONT, "ONT", serial=serial)
    paper = Fields((), DocumentKind.ACTA, Direction.DEVOLUCION, True, equipment=(line, unread, silent))
    reads = [one for one in values_read(paper, 0, (), []) if one.name == "serial"]
    row = templates().get_template("item_value.html").module.value_row  # type: ignore[attr-defined]
    both, alone, nothing = (row(one, None, lambda **_: "/") for one in reads)
    assert "estado: <bdi>Pantalla &lt;b&gt;rota&lt;/b&gt;</bdi>" in both
    assert "accesorios: <bdi>Cargador: Sí</bdi>" in both
    assert "estado: <bdi>Bueno</bdi>" in alone
    assert "accesorios" not in alone
    assert "line-says" not in nothing


async def test_the_state_that_a_paper_tells_of_the_equipment_stands_beside_its_serial(own: WebHouse) -> None:
    device = Equipment(EquipmentType.ONT, "Huawei", "HG8245Q2", "HWTC3F321126")
    paper = Paper(
        Layout.RETIRO,
        "CEVALLOS LLUMIQUINGA LUCÍA SOFÍA",
        "0100000017",
        "40010000",
        Line.INTERNET_FIJO,
        date(2021, 3, 8),
        (device,),
        number="000-778",
    )
    mail = EmailMessage()
    mail["Authentication-Results"] = f"{BORDER}; dmarc=pass header.from=example.com"
    mail["From"], mail["Subject"] = "ana@example.com", "0100000017//OTRA PERSONA//INTERNET"
    mail.set_content("Adjunto.")
    drawn = draw(paper, Form(Medium.TEXT_PDF))
    mail.add_attachment(drawn, maintype="application", subtype="pdf", filename="acta.pdf")
    own.mail(mail.as_bytes())
    async with visitor(own, "revisor") as rosa:
        page = (await rosa.see("/cola/EV-0000001-8")).text
    row = page[page.index('<tr id="read-0.equipment.0.serial"') :]
    row = row[: row.index("</tr>")]
    assert "HWTC3F321126" in row
    assert "estado: <bdi>Completo</bdi>" in row
    assert "accesorios" not in page


async def test_where_signatures_were_looked_for_is_drawn_on_the_page_with_what_was_found(read: WebHouse) -> None:
    (paper,) = told(read).papers
    assert (paper.signature, paper.received) == (Signature.HALLADA, Signature.HALLADA)
    async with visitor(read, "revisor") as rosa:
        page = (await rosa.see("/cola/EV-0000001-8")).text
    drawn = re.findall(r'<g class="signing (\w+)"><title>([^<]*)</title><rect x="([\d.]+)"', page)
    assert {(kind, said) for kind, said, _ in drawn} >= {
        ("good", "firma del cliente: hallada"),
        ("good", "firma de quien recibió: hallada"),
    }
    assert len({x for *_, x in drawn}) > 1
    assert "firma del cliente: hallada</span>" in page
    assert "firma de quien recibió: hallada</span>" in page


async def test_a_late_form_is_told_who_decided_what(own: WebHouse) -> None:
    receipt = held(own)
    async with visitor(own, "revisor") as late, visitor(own, "rosa") as rosa:
        old = form_of((await late.see(f"/cola/{receipt}")).text)
        own.clock.turn(minutes=6)
        new = form_of((await rosa.see(f"/cola/{receipt}")).text)
        seen = own.house.desk.preview
        basis = seen(MailId(1), _ruling(Verdict.DISCARD), person="rosa").basis
        ruling = {"verdict": "discard", "base": basis}
        assert (await rosa.post(f"/cola/{receipt}/decidir", data=new | ruling)).status_code == 303
        refused = await late.post(f"/cola/{receipt}/decidir", data=old | ruling)
        assert refused.status_code == 409
        assert "ya lo decidió rosa: descartar" in refused.text
    assert len(told(own).decisions) == 2


def _ruling(verdict: Verdict):  # type: ignore[no-untyped-def]
    from evidence_daemon.review import Ruling

    return Ruling(verdict)


async def test_who_has_it_in_hands_is_shown_and_the_other_cannot_decide(own: WebHouse) -> None:
    receipt = held(own)
    async with visitor(own, "rosa") as rosa, visitor(own, "revisor") as other:
        form = form_of((await rosa.see(f"/cola/{receipt}")).text)
        page = (await other.see(f"/cola/{receipt}")).text
        assert "rosa lo tiene en sus manos" in page
        assert 'id="decide"' not in page
        assert "rosa" in (await other.see("/cola")).text
        assert (await other.submit(f"/cola/{receipt}/mantener")).status_code == 409
        refused = await other.post(
            f"/cola/{receipt}/decidir", data=form | {"token": other.form_token, "verdict": "discard", "base": "x"}
        )
        assert refused.status_code == 409
        own.clock.turn(minutes=4)
        assert (await rosa.submit(f"/cola/{receipt}/mantener")).status_code == 204
        own.clock.turn(minutes=4)
        assert "rosa lo tiene" in (await other.see(f"/cola/{receipt}")).text
        own.clock.turn(minutes=2)
        assert 'id="decide"' in (await other.see(f"/cola/{receipt}")).text


async def test_two_people_by_forms(own: WebHouse) -> None:
    book = own.house.pipeline.book
    policy = book.decision.policy.model_copy(update={"four_eyes_cents": 1})
    own.house.pipeline.book = book.model_copy(update={"decision": book.decision.model_copy(update={"policy": policy})})
    receipt = held(own)
    async with visitor(own, "rosa") as rosa, visitor(own, "aprobador") as second:
        page = (await rosa.see(f"/cola/{receipt}")).text
        items = re.findall(r'name="equipo" value="(\d+)"', page)
        choice = form_of(page) | {"verdict": "reverse", "equipo": items}
        shown = await rosa.post(f"/cola/{receipt}/decidir", data=choice)
        assert "segunda persona" in shown.text
        await rosa.post(f"/cola/{receipt}/decidir", data=choice | form_of(shown.text) | {"equipo": items})
        assert not told(own).decisions[-1].entries
        own_view = (await rosa.see(f"/cola/{receipt}")).text
        assert "/aprobar" not in own_view
        assert (await rosa.submit(f"/cola/{receipt}/aprobar")).status_code == 409
        await rosa.submit(f"/cola/{receipt}/soltar")
        assert receipt in (await second.see("/cola?carril=CUATRO_OJOS")).text
        page = (await second.see(f"/cola/{receipt}")).text
        question = re.search(r'name="pregunta" value="([^"]+)"', page)
        assert question is not None
        await second.submit(f"/cola/{receipt}/aprobar", pregunta=question[1], clave="k")
    last = told(own).decisions[-1]
    assert last.verdict is Verdict.REVERSE
    assert last.entries


async def test_several_are_asked_for_one_same_reason_after_a_preview_and_nothing_is_ever_accepted_so(
    own: WebHouse,
) -> None:
    receipts = [held(own, number, f"c{number}@example.com") for number in range(3)]
    async with visitor(own, "revisor") as rosa:
        page = (await rosa.see("/cola")).text
        chosen = [html.unescape(one) for one in re.findall(r'name="elegido" value="([^"]+)"', page)][:2]
        assert (await rosa.submit("/cola/lote", elegido=chosen, motivo="ACEPTADO")).status_code == 303
        seen = await rosa.submit("/cola/lote", elegido=chosen, motivo="SIN_ADJUNTO", clave="k")
        assert seen.text.count("Su correo llegó sin el acta adjunta") == 2
        assert {told(own, number).mail.state for number in (1, 2, 3)} == {EvidenceState.EN_REVISION}
        own.house.desk.decide(MailId(2), _ruling(Verdict.DISCARD), person="rosa")
        confirmed = [html.unescape(one) for one in re.findall(r'name="elegido" value="([^"]+)"', seen.text)]
        done = await rosa.submit("/cola/lote", elegido=confirmed, motivo="SIN_ADJUNTO", clave="k", paso="confirmado")
        assert "ya lo decidió rosa" in done.text
    assert [told(own, number).mail.state for number in (1, 2, 3)] == [
        EvidenceState.RECHAZADO,
        EvidenceState.DESCARTADO,
        EvidenceState.EN_REVISION,
    ]
    assert receipts[2] == receipt_number(MailId(3))


async def test_a_misread_subject_is_corrected_on_the_page(own: WebHouse) -> None:
    receipt = held(own, subject="0100000071//CEVALLOS LUCIA//INTERNET")
    async with visitor(own, "revisor") as rosa:
        page = (await rosa.see(f"/cola/{receipt}")).text
        assert "no tiene un único caso" in page
        form = form_of(page)
        await rosa.post(f"/cola/{receipt}/corregir", data=form | {"valor:asunto": GOOD})
        page = (await rosa.see(f"/cola/{receipt}")).text
    assert "0100000017" in page
    assert "revisor corrigió" in page


async def test_a_question_about_an_answer_is_closed_by_who_saw_to_it(own: WebHouse) -> None:
    receipt = held(own)
    from evidence_daemon.model import ReviewItem
    from evidence_daemon.store.reviews import open_review

    with own.house.database.session() as session:
        open_review(session, MailId(1), ReviewItem(Lane.LLAMAR, (), "No llegó. Llame al cliente."), own.clock())
    async with visitor(own, "revisor") as rosa:
        assert "Llame al cliente" in (await rosa.see(f"/cola/{receipt}")).text
        await rosa.submit(f"/cola/{receipt}/hecho", carril="LLAMAR")
        assert "Llame al cliente" not in (await rosa.see(f"/cola/{receipt}")).text
        assert (await rosa.submit(f"/cola/{receipt}/hecho", carril="REVISAR")).status_code == 400


# ── the item ─────────────────────────────────────────────────────────────────────────────────────


async def test_an_item_shows_what_was_read_beside_what_is_on_file_and_every_rules_verdict(read: WebHouse) -> None:
    async with visitor(read, "revisor") as rosa:
        page = (await rosa.see("/cola/EV-0000001-8")).text
    story = told(read)
    (paper,) = story.papers
    assert paper.id_number is not None
    assert paper.id_number.value in page
    assert paper.id_number.rule in page
    assert 'id="box-0.id_number"' in page
    assert 'href="#read-0.id_number"' in page
    assert 'class="badge good">igual' in page
    for finding in story.decisions[-1].settlement.decision.grounds.findings:
        assert finding.rule in page
    assert "Lo que dijo cada regla" in page


async def test_the_picture_is_ours_and_belongs_to_this_mail(read: WebHouse) -> None:
    async with visitor(read, "revisor") as rosa, visitor(read, "consulta") as agent:
        page = (await rosa.see("/cola/EV-0000001-8")).text
        address = re.search(r"/cola/EV-0000001-8/pagina/[0-9a-f]{64}", page)
        assert address is not None
        picture = await rosa.get(address[0])
        assert picture.headers["content-type"] == "image/png"
        assert picture.headers["x-content-type-options"] == "nosniff"
        assert picture.content.startswith(b"\x89PNG")
        assert (await agent.get(address[0])).status_code == 403
        mail_itself = told(read).mail.sha256
        for wrong in (mail_itself, "0" * 64, "../../etc/passwd"):
            assert (await rosa.get(f"/cola/EV-0000001-8/pagina/{wrong}")).status_code == 404


async def test_originals_are_downloads_that_no_browser_opens_and_each_is_audited(read: WebHouse) -> None:
    async with visitor(read, "revisor") as rosa:
        for address, start in (("adjunto/1", b"%PDF"), ("correo", b"")):
            sent = await rosa.get(f"/cola/EV-0000001-8/{address}")
            assert sent.headers["content-type"] == "application/octet-stream"
            assert sent.headers["content-disposition"].startswith("attachment; filename=")
            assert "sandbox" in sent.headers["content-security-policy"]
            assert sent.headers["x-content-type-options"] == "nosniff"
            assert sent.content.startswith(start)
        for nothing in ("adjunto/0", "adjunto/99"):
            assert (await rosa.get(f"/cola/EV-0000001-8/{nothing}")).status_code == 404
    assert [event.actor for event in read.events() if event.action == "original downloaded"] == ["persona:revisor"] * 2


async def test_looking_is_audited_and_what_does_not_exist_is_not_found(read: WebHouse) -> None:
    async with visitor(read, "auditor") as auditor:
        page = (await auditor.see("/cola/EV-0000001-8")).text
        assert 'id="decide"' not in page, "an auditor looks"
        again = (await auditor.see("/cola/EV-0000001-8")).text
        assert "· visto</li>" in again, "the history of the item is told in Spanish"
        assert "· viewed" not in again
        for nothing in ("EV-0000009-1", "EV-0000001-9", "algo"):
            assert (await auditor.see(f"/cola/{nothing}")).status_code == 404
    assert [event.mail_id for event in read.events() if event.action == "viewed"]


async def test_hostile_words_are_shown_as_words(own: WebHouse) -> None:
    evil = '"><script>alert(1)</script>{{7*7}}'
    raw = (
        f"Authentication-Results: {BORDER}; dmarc=pass header.from=example.com\r\n"
        f"From: x@example.com\r\nSubject: 0100000017//{evil}//INTERNET\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n'
        f'{evil} NO TENGO ACTA\r\n--b\r\nContent-Type: image/svg+xml; name="a{evil}.svg"\r\n'
        f"Content-Disposition: attachment; filename*=UTF-8''%3Cscript%3Ealert(1)%3C/script%3E.svg\r\n\r\n"
        "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>\r\n--b--\r\n"
    ).encode()
    own.mail(raw)
    async with visitor(own, "revisor") as rosa:
        for path in ("/cola", "/cola/EV-0000001-8", "/cola?q=" + "%3Cscript%3Ealert(1)%3C/script%3E"):
            page = (await rosa.see(path)).text
            assert "<script>alert" not in page
            assert "onload='alert" not in page
            assert "49</" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in (await rosa.see("/cola/EV-0000001-8")).text
