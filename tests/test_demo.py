"""The demo house: papers that say what they were told, invented people, foreign mails, two servers."""

from __future__ import annotations

import csv
import email
import io
import shutil
import smtplib
import time
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pdfplumber
import pikepdf
import pytesseract
import pytest
from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import LoginError
from PIL import Image, ImageOps

from evidence_daemon.demo import programs
from evidence_daemon.demo.mailhouse import FOLDERS, MailHouse
from evidence_daemon.demo.mails import MAX_MAIL_BYTES
from evidence_daemon.demo.papers import Form, Layout, Medium, Paper, draw, pages, photos
from evidence_daemon.demo.people import CASES, PAIRS, PAIRS_FROM, cedula, people, stranger, write_case_list
from evidence_daemon.model import (
    CaseState,
    ChargeState,
    Direction,
    EquipmentType,
    EvidenceState,
    FolderRole,
    Line,
    ReasonCode,
    ReplyKind,
    Verdict,
)

CORPUS = Path(__file__).parent / "corpus"
CERTIFICATES = [Layout.CARTA, Layout.COLUMNAS, Layout.MEMORANDO, Layout.RECIBO, Layout.RETIRO]
TEXT = Form(Medium.TEXT_PDF)


def words(pdf: bytes) -> str:
    with pdfplumber.open(io.BytesIO(pdf)) as document:
        return "\n".join(page.extract_text() for page in document.pages)


def squeezed(text: str) -> str:
    return "".join(text.split())


# ── papers ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("layout", CERTIFICATES)
def test_a_certificate_says_everything_it_was_told(layout: Layout) -> None:
    account = people()[24]
    said = squeezed(words(draw(account.paper(layout, number="CAC-7781"), TEXT)))
    wanted = [account.holder, account.id_number, account.service, "CAC-7781", "CNT"]
    wanted += [one.serial for one in account.equipment]
    assert [value for value in wanted if squeezed(value) not in said] == []


@pytest.mark.parametrize("layout", CERTIFICATES)
def test_the_two_directions_bear_the_same_serials_and_other_words(layout: Layout) -> None:
    account = people()[0]
    back = words(draw(account.paper(layout), TEXT)).casefold()
    there = words(draw(account.paper(layout, direction=Direction.INSTALACION), TEXT)).casefold()
    serial = account.equipment[0].serial.casefold()
    assert serial in back
    assert serial in there
    assert any(word in back for word in ("devol", "devuel", "retir", "baja"))
    assert not any(word in there for word in ("devolvió", "devolución", "devueltos", "retiro", "baja del"))
    assert any(word in there for word in ("instal", "comodato", "alta"))


def test_layouts_share_no_label_of_the_number() -> None:
    labels = ["C.I.", "Cédula de identidad", "cédula de ciudadanía No.", "CI/RUC", "Documento (C.I./RUC)"]
    account = people()[0]
    for layout, label in zip(CERTIFICATES, labels, strict=True):
        assert label in words(draw(account.paper(layout), TEXT)).replace("\n", " ")


@pytest.mark.parametrize("medium", list(Medium))
def test_the_same_paper_and_form_give_the_same_bytes(medium: Medium) -> None:
    paper = people()[3].paper(Layout.RECIBO)
    form = Form(medium, seed=5, dpi=100)
    assert draw(paper, form) == draw(paper, form)


def test_another_seed_gives_another_scan() -> None:
    paper = people()[3].paper(Layout.RECIBO)
    assert draw(paper, Form(Medium.SCAN_PDF, 1, dpi=100)) != draw(paper, Form(Medium.SCAN_PDF, 2, dpi=100))


def test_a_scan_holds_no_text_but_pixels() -> None:
    scan = draw(people()[0].paper(Layout.CARTA), Form(Medium.SCAN_PDF, dpi=150))
    with pdfplumber.open(io.BytesIO(scan)) as document:
        (page,) = document.pages
        assert page.extract_text() == ""
        assert len(page.images) == 1
        width, height = page.images[0]["srcsize"]
        assert abs(width - 8.5 * 150) <= 1
        assert abs(height - 11 * 150) <= 1


def read_by_ocr(picture: Image.Image) -> str:
    if shutil.which("tesseract") is None:
        pytest.skip("tesseract is not installed: whether a person could read the picture is not tested")
    return squeezed(str(pytesseract.image_to_string(picture, lang="spa", config="--psm 3")))


def test_a_scan_and_a_light_photo_can_be_read() -> None:
    account = people()[0]
    scan = draw(account.paper(Layout.COLUMNAS), Form(Medium.SCAN_PDF, 3))
    with pdfplumber.open(io.BytesIO(scan)) as document:
        scanned = document.pages[0].to_image(resolution=200).original
    photo = Image.open(io.BytesIO(draw(account.paper(Layout.RECIBO), Form(Medium.PHOTO_JPEG, 3))))
    for picture in (scanned, photo):
        read = read_by_ocr(picture)
        assert account.id_number in read
        assert account.equipment[0].serial[-6:] in read


def test_the_hardest_photo_cannot_be_read() -> None:
    account = people()[0]
    photo = draw(account.paper(Layout.CARTA), Form(Medium.PHOTO_JPEG, 3, hardness=1))
    read = read_by_ocr(Image.open(io.BytesIO(photo)))
    assert account.id_number not in read
    assert account.equipment[0].serial not in read


def test_a_photo_held_sideways_is_turned_back_by_what_the_camera_noted() -> None:
    paper = people()[0].paper(Layout.CARTA)
    upright = Image.open(io.BytesIO(draw(paper, Form(Medium.PHOTO_JPEG, 3))))
    sideways = Image.open(io.BytesIO(draw(paper, Form(Medium.PHOTO_JPEG, 3, turned=90, exif=True))))
    assert upright.height > upright.width
    assert sideways.width > sideways.height
    mended = ImageOps.exif_transpose(sideways).convert("L").resize((30, 40))
    drift = [abs(a - b) for a, b in zip(mended.tobytes(), upright.convert("L").resize((30, 40)).tobytes(), strict=True)]
    assert sum(drift) / len(drift) < 4


def test_several_photos_together_show_the_whole_page() -> None:
    taken = photos(people()[24].paper(Layout.CARTA), 3, seed=1)
    assert len({*taken}) == 3
    assert all(Image.open(io.BytesIO(photo)).format == "JPEG" for photo in taken)


def test_a_protected_pdf_asks_for_its_password() -> None:
    locked = draw(people()[0].paper(Layout.CARTA), Form(Medium.PROTECTED_PDF))
    with pytest.raises(pikepdf.PasswordError):
        pikepdf.open(io.BytesIO(locked))


def test_papers_become_pages_of_one_file() -> None:
    account = people()[0]
    said = words(pages(account.paper(Layout.TURNO), account.paper(Layout.CARTA)))
    assert said.index("turno") < said.index("ACTA DE DEVOLUCIÓN")


@pytest.mark.parametrize(
    "layout",
    [Layout.FACTURA, Layout.COMPROBANTE, Layout.TURNO, Layout.CEDULA, Layout.CAMPANA, Layout.MODEM, Layout.BLANCO],
)
def test_other_papers_never_call_themselves_a_certificate_of_return(layout: Layout) -> None:
    said = words(draw(people()[0].paper(layout), TEXT)).casefold()
    assert "acta" not in said
    assert "devolución" not in said


def test_an_unsigned_paper_bears_neither_scrawl_nor_stamp() -> None:
    paper = people()[0].paper(Layout.CARTA)
    assert "RECIBIDO" in words(draw(paper, TEXT))
    assert "RECIBIDO" not in words(draw(replace(paper, signed=False), TEXT))


# ── people ───────────────────────────────────────────────────────────────────────────────────────


def rows(tmp_path: Path) -> list[dict[str, str]]:
    write_case_list(tmp_path / "cases.csv")
    with (tmp_path / "cases.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def test_there_are_two_hundred_cases_and_no_serial_twice() -> None:
    accounts = people()
    assert len(accounts) == CASES == 200
    assert len({(one.id_number, one.service, one.line) for one in accounts}) == CASES
    serials = [piece.serial for one in accounts for piece in one.equipment if piece.serial]
    assert len(serials) == len(set(serials))


def test_invented_numbers_are_valid_and_of_low_sequence() -> None:
    assert cedula(24, 4) == "2400000044"
    for one in people():
        total = 0
        for place, digit in enumerate(one.id_number[:9]):
            weighed = int(digit) * (2, 1)[place % 2]
            total += weighed - 9 * (weighed > 9)
        assert (total + int(one.id_number[9])) % 10 == 0
        assert one.id_number[2:7] == "00000"
        assert all(piece.mac.startswith("02:") for piece in one.equipment if piece.mac)


def test_every_state_of_a_charge_that_arrives_from_billing_occurs() -> None:
    states = {one.state for one in people()}
    assert states == {
        ChargeState(name) for name in ("PREVISTO", "CARGADO", "FACTURADO", "PAGADO", "EN_RECLAMO", "EN_COBRO")
    }


def test_some_people_have_two_services() -> None:
    accounts = people()
    for place in range(PAIRS_FROM, PAIRS_FROM + 2 * PAIRS, 2):
        first, second = accounts[place : place + 2]
        assert first.id_number == second.id_number
        assert {first.line, second.line} == {Line.INTERNET_FIJO, Line.TELEVISION}


def test_a_stranger_is_in_no_case() -> None:
    known = {one.id_number for one in people()}
    assert all(stranger(number).id_number not in known for number in range(1, 10))


def test_the_list_adds_up_to_the_cent(tmp_path: Path) -> None:
    for row in rows(tmp_path):
        if row["TOTAL"]:
            base, tax, total = (Decimal(row[name].replace(",", ".")) for name in ("BASE", "IVA", "TOTAL"))
            assert base + tax == total
            assert tax == (base * int(row["TARIFA_IVA"]) / 100).quantize(Decimal("0.01"))
            assert bool(row["FACTURA"]) == (row["ESTADO_CARGO"] not in {"PREVISTO", "CARGADO"})
    ont = next(row for row in rows(tmp_path) if row["TIPO_EQUIPO"] == "ONT" and row["TARIFA_IVA"] == "12")
    assert ont["TOTAL"] == "100,80"


def test_a_lump_sum_stands_in_a_row_without_equipment(tmp_path: Path) -> None:
    account = next(one for one in people() if one.lump)
    mine = [row for row in rows(tmp_path) if row["NUMERO_SERVICIO"] == account.service]
    assert [bool(row["TOTAL"]) for row in mine] == [False] * len(account.equipment) + [True]
    assert mine[-1]["TIPO_EQUIPO"] == ""


def test_certificates_are_dated_after_the_service_was_given_up_and_before_any_mail() -> None:
    for one in people():
        assert one.activated < one.withdrawn < one.given_back < datetime(2025, 9, 1, tzinfo=UTC).date()


# ── mails and corpus ─────────────────────────────────────────────────────────────────────────────

MAILS = sorted(CORPUS.glob("*.eml"))


def expectation(mail: Path) -> dict[str, Any]:
    return tomllib.loads(mail.with_suffix(".toml").read_text(encoding="utf-8"))


def several(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_the_corpus_is_numbered_without_gaps_and_each_mail_has_its_expectation() -> None:
    assert len(MAILS) >= 40
    assert [int(mail.name[:4]) for mail in MAILS] == list(range(1, len(MAILS) + 1))
    assert {mail.stem for mail in MAILS} == {path.stem for path in CORPUS.glob("*.toml")}


@pytest.mark.parametrize("mail", MAILS, ids=lambda mail: mail.stem)
def test_an_expectation_uses_the_words_of_the_model_and_cases_of_the_list(mail: Path) -> None:
    wanted = expectation(mail)
    outcome = wanted["expected"]
    assert wanted["mail"].endswith(".")
    assert {Verdict(word) for word in several(outcome["verdict"])}
    assert {EvidenceState(word) for word in several(outcome["evidence"])}
    assert {FolderRole(word) for word in several(outcome["folder"])}
    assert all(ReasonCode(word) for word in [*outcome["reasons"], *outcome.get("one_of", [])])
    assert (outcome["reply"] == "none") == ("unanswered" in outcome)
    if outcome["reply"] != "none":
        assert ReplyKind(outcome["reply"])
    with (CORPUS / "cases.csv").open(encoding="utf-8", newline="") as file:
        listed = list(csv.DictReader(file, delimiter=";"))
    for service, case in wanted.get("case", {}).items():
        assert CaseState(case["state"])
        assert all(ChargeState(word) for word in case["charges"])
        assert len(case["charges"]) == sum(row["NUMERO_SERVICIO"] == service and row["TOTAL"] != "" for row in listed)


@pytest.mark.parametrize("mail", MAILS, ids=lambda mail: mail.stem)
def test_a_mail_is_what_a_mail_server_would_take(mail: Path) -> None:
    raw = mail.read_bytes()
    head = raw.partition(b"\r\n\r\n")[0]
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\r\nFrom: " in head
    assert b"\r\nDate: " in b"\r\n" + head
    parsed = email.message_from_bytes(raw)
    assert [part.defects for part in parsed.walk() if part.defects] == []
    for part in parsed.walk():
        if part.get_content_type() == "application/pdf" and len(part.get_payload(decode=True) or b"") > 300:
            assert bytes(part.get_payload(decode=True))[:5] == b"%PDF-"  # type: ignore[arg-type]


def test_one_mail_of_the_corpus_is_above_the_size_limit_and_the_others_are_well_below() -> None:
    big = [mail.name for mail in MAILS if mail.stat().st_size > MAX_MAIL_BYTES]
    assert [name[5:] for name in big] == ["too-big.eml"]
    assert max(mail.stat().st_size for mail in MAILS if mail.name not in big) < 0.8 * MAX_MAIL_BYTES


def test_the_first_case_list_of_the_corpus_is_the_demos_own(tmp_path: Path) -> None:
    write_case_list(tmp_path / "cases.csv")
    assert (tmp_path / "cases.csv").read_bytes() == (CORPUS / "cases.csv").read_bytes()


@pytest.mark.parametrize(
    ("program", "prefix"),
    [
        (programs.gmail, b"=?UTF-8?B?"),
        (programs.outlook, b"=?iso-8859-1?Q?"),
        (programs.iphone, b"=?utf-8?Q?"),
        (programs.samsung, b"=?UTF-8?B?"),
        (programs.thunderbird, b"=?UTF-8?Q?"),
    ],
)
def test_a_program_encodes_the_subject_in_its_own_way_and_loses_nothing(program: Any, prefix: bytes) -> None:
    subject = "0600000020//NÚÑEZ PEÑAFIEL ÓSCAR JESÚS//TELEFONÍA FIJA"
    file = programs.File(b"%PDF-1.4 acta", "Acta número 1.pdf", "application/pdf")
    raw = program(programs.Letter("k", "Óscar Núñez", "oscar@correo.example", subject, "Adjunto.\nGracias.", (file,)))
    parsed = email.message_from_bytes(raw)
    assert prefix in raw.partition(b"\r\n\r\n")[0]
    assert normalize("NFC", str(make_header(decode_header(parsed["Subject"])))) == subject
    contents = [part.get_payload(decode=True) for part in parsed.walk() if part.get_content_maintype() == "application"]
    assert contents == [b"%PDF-1.4 acta"]


def test_the_old_webmail_puts_its_octets_into_the_header_as_they_are() -> None:
    letter = programs.Letter("k", "x", "x@andinet.example", "0600000020//NÚÑEZ//TV", "Señores:", ())
    raw = programs.webmail(letter)
    assert "\r\nSubject: 0600000020//NÚÑEZ//TV\r\n".encode("latin-1") in raw
    assert "Señores".encode("latin-1") in raw


def test_the_borders_word_stands_above_anything_that_a_sender_may_have_forged() -> None:
    raw = next(mail for mail in MAILS if "fails-dmarc" in mail.name).read_bytes().decode()
    assert raw.index("dmarc=fail") < raw.index("dmarc=pass")
    unproven = next(mail for mail in MAILS if "without-proof" in mail.name).read_bytes()
    assert b"Authentication-Results" not in unproven


# ── the mail house ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def house(tmp_path: Path) -> Iterator[MailHouse]:
    with MailHouse.start(tmp_path) as running:
        yield running


class Mailbox(IMAPClient):  # type: ignore[misc]
    def __init__(self, house: MailHouse) -> None:
        super().__init__("127.0.0.1", house.imap_port, ssl=False, timeout=SocketTimeout(5, 10))
        self.login(house.user, house.password)


RAW = b"Subject: uno\r\nX-Raw: \xd1\xf1 tal cual\r\n\r\ncuerpo \xc3\x91\r\n\r\n"


def test_a_delivered_mail_is_fetched_octet_by_octet(house: MailHouse) -> None:
    uid = house.deliver(RAW)
    with Mailbox(house) as client:
        client.select_folder("INBOX")
        (answer,) = client.fetch(client.search("ALL"), ["BODY.PEEK[]", "RFC822.SIZE", "INTERNALDATE"]).items()
    assert answer[0] == uid
    assert answer[1][b"BODY[]"] == RAW
    assert answer[1][b"RFC822.SIZE"] == len(RAW)
    assert abs((datetime.now() - answer[1][b"INTERNALDATE"]).total_seconds()) < 60  # noqa: DTZ005 - as imapclient gives it


def test_the_house_has_the_folders_that_the_daemon_files_into_and_can_what_it_needs(house: MailHouse) -> None:
    with Mailbox(house) as client:
        assert {name for _, _, name in client.list_folders()} == {"INBOX", *FOLDERS}
        assert {b"IDLE", b"MOVE", b"UIDPLUS"} <= set(client.capabilities())


def test_a_move_outlasts_a_restart_under_the_same_uids(tmp_path: Path) -> None:
    with MailHouse.start(tmp_path) as house:
        first, second = house.deliver(RAW), house.deliver(b"Subject: dos\r\n\r\n")
        with Mailbox(house) as client:
            before = client.select_folder("INBOX")[b"UIDVALIDITY"]
            client.move([first], "Procesados")
            assert client.search("ALL") == [second]
    with MailHouse.start(tmp_path) as house, Mailbox(house) as client:
        inbox = client.select_folder("INBOX")
        assert (inbox[b"UIDVALIDITY"], inbox[b"UIDNEXT"]) == (before, second + 1)
        assert client.search("ALL") == [second]
        client.select_folder("Procesados")
        assert [answer[b"BODY[]"] for answer in client.fetch([1], ["BODY.PEEK[]"]).values()] == [RAW]
        assert house.deliver(RAW) == second + 1


def test_uids_are_not_used_again_when_the_last_mail_has_gone(tmp_path: Path) -> None:
    with MailHouse.start(tmp_path) as house:
        uid = house.deliver(RAW)
        with Mailbox(house) as client:
            client.select_folder("INBOX")
            client.move([uid], "Revision")
    with MailHouse.start(tmp_path) as house:
        assert house.deliver(RAW) == uid + 1


def test_sample_mails_are_not_delivered_twice_wherever_they_were_filed(tmp_path: Path) -> None:
    mails = [RAW, b"Subject: dos\n\ncon saltos de unix\n"]
    with MailHouse.start(tmp_path) as house:
        assert house.deliver_new(mails) == 2
        with Mailbox(house) as client:
            client.select_folder("INBOX")
            client.move([2], "Rechazados")
    with MailHouse.start(tmp_path) as house:
        assert house.deliver_new([*mails, b"Subject: tres\r\n\r\n"]) == 1


def test_new_mail_wakes_a_client_that_idles(house: MailHouse) -> None:
    with Mailbox(house) as client:
        client.select_folder("INBOX")
        client.idle()
        for number in range(1, 6):
            house.deliver(RAW)
            seen: list[Any] = []
            until = time.monotonic() + 5
            while (number, b"EXISTS") not in seen and time.monotonic() < until:
                seen += client.idle_check(timeout=1)
            assert (number, b"EXISTS") in seen
        client.idle_done()


def test_a_file_dropped_into_incoming_arrives(house: MailHouse) -> None:
    dropped = house.directory / "incoming" / "cualquiera.eml"
    dropped.write_bytes(b"Subject: a mano\n\nhola\n")
    until = time.monotonic() + 10
    while dropped.exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert house.folder("INBOX") == [b"Subject: a mano\r\n\r\nhola\r\n"]


def test_what_is_submitted_is_kept_and_what_is_for_us_is_delivered(house: MailHouse) -> None:
    answer = b"Subject: respuesta\r\n\r\n.punto al inicio\r\n"
    with smtplib.SMTP("127.0.0.1", house.smtp_port, timeout=10) as client:
        client.sendmail(house.user, ["cliente@correo.example", "otra@correo.example"], answer)
        client.sendmail("cliente@correo.example", [house.user], RAW)
    head = f"Return-Path: <{house.user}>\r\nDelivered-To: %s\r\n"
    assert house.sent() == [(head % to).encode() + answer for to in ("cliente@correo.example", "otra@correo.example")]
    assert house.folder("INBOX") == [b"Return-Path: <cliente@correo.example>\r\n" + RAW]


def test_an_append_to_sent_is_kept(house: MailHouse) -> None:
    with Mailbox(house) as client:
        assert b"APPENDUID" in client.append("Sent", RAW)
    assert house.folder("Sent") == [RAW]


def test_a_wrong_password_is_refused(house: MailHouse) -> None:
    with IMAPClient("127.0.0.1", house.imap_port, ssl=False, timeout=5) as client, pytest.raises(LoginError):
        client.login(house.user, "otra")


def test_a_folder_name_that_hides_a_path_is_refused(house: MailHouse) -> None:
    with Mailbox(house) as client:
        with pytest.raises(IMAPClient.Error):
            client.create_folder("../afuera")
        client.create_folder("Otra carpeta")
        with pytest.raises(IMAPClient.Error):
            client.delete_folder("Otra carpeta")
    assert not (house.directory / "afuera").exists()


def test_two_houses_stand_side_by_side(tmp_path: Path) -> None:
    with MailHouse.start(tmp_path / "a") as one, MailHouse.start(tmp_path / "b") as other:
        assert len({one.imap_port, one.smtp_port, other.imap_port, other.smtp_port}) == 4
        one.deliver(RAW)
        assert other.folder("INBOX") == []


def test_a_house_whose_directory_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        MailHouse.start(tmp_path / "file")


def test_stopping_twice_does_no_harm(tmp_path: Path) -> None:
    house = MailHouse.start(tmp_path)
    house.stop()
    house.stop()
    with pytest.raises(OSError, match="refused"):
        smtplib.SMTP("127.0.0.1", house.smtp_port, timeout=2)


def test_the_equipment_of_a_paper_is_that_of_the_case() -> None:
    account = people()[38]
    paper: Paper = account.paper(Layout.RETIRO)
    assert [one.type for one in paper.equipment] == [EquipmentType.MODEM_ROUTER, EquipmentType.FUENTE]
    assert paper.amount == (45_00 + 10_00) * 112 // 100
