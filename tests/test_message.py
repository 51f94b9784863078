"""Mails of every shape → what was sent, what may be evidence, and whether a machine sent it."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence_daemon.errors import Unparsable
from evidence_daemon.mail.message import header_text, html_text, understand
from evidence_daemon.model import AutomaticKind, Email, Statement

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n" + bytes(range(256)) * 8
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)) * 480  # 123 KB: a phone photo
MIDDLING = JPEG[: 40 * 1024]
LOGO = b"\x89PNG\r\n\x1a\n" + bytes(3000)
PDF64 = base64.encodebytes(PDF)
HEADERS = (
    b"From: Ana Perez <ana@example.com>\r\nTo: posventa@example.org\r\nSubject: x\r\nMessage-ID: <1@example.com>\r\n"
)


def read(raw: bytes, ours: frozenset[str] = frozenset()) -> Email:
    return understand(raw, our_addresses=ours)


def b64(content: bytes) -> bytes:
    return base64.encodebytes(content).replace(b"\n", b"\r\n")


def leaf(headers: str, content: bytes) -> bytes:
    return headers.encode() + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b64(content)


def text_part(text: str = "Adjunto el acta.", kind: str = "plain") -> bytes:
    return f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n".encode()


def multi(kind: str, *parts: bytes, boundary: str = "==b") -> bytes:
    body = b"".join(f"--{boundary}\r\n".encode() + part + b"\r\n" for part in parts)
    return (
        f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode()
        + body
        + f"--{boundary}--\r\n".encode()
    )


def mail(body: bytes, extra: bytes = b"") -> bytes:
    return HEADERS + extra + b"MIME-Version: 1.0\r\n" + body


def shas(found: Email) -> list[str]:
    return [item.sha256 for item in found.attachments]


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# ── header decoder ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("wire", "text"),
    [
        (b"=?utf-8?Q?N=C3=9A=C3?=\r\n =?utf-8?Q?=91EZ?=", "NÚÑEZ"),
        (b"=?utf-8?Q?P=C3=89REZ?=\r\n LOPEZ", "PÉREZ LOPEZ"),
        (b"N\xda\xd1EZ PE\xd1A", "NÚÑEZ PEÑA"),
        ("NÚÑEZ".encode(), "NÚÑEZ"),
        (b"=?x-unknown?Q?N=DA=D1EZ?=", "NÚÑEZ"),
        (b"=?iso-8859-1?B?UOlyZXo=?= =?iso-8859-1?Q?_Ana?=", "Pérez Ana"),
        (b"=?utf-8*es?Q?P=C3=A9rez?=", "Pérez"),
        (b"=?UTF-8?B?UMOpcmV6?=", "Pérez"),
        (b"=?utf-8?B?UMOpcmV6IA?= x", "Pérez  x"),
        (b"=?windows-1252?Q?=93acta=94?=", "“acta”"),
        (b"=?zip?Q?abc?=", "abc"),
        (b"=?utf-8?Q?a?= b =?utf-8?Q?c?=", "a b c"),
        (b"a =?not encoded", "a =?not encoded"),
        (b"=?utf-8?Q??=", ""),
        (b"=?utf-8?Q?a?==?utf-8?Q?b?=", "ab"),
        (b"", ""),
    ],
)
def test_a_header_is_decoded_without_losing_a_letter_or_a_blank(wire: bytes, text: str) -> None:
    assert header_text(wire) == text


@given(st.binary(max_size=400))
def test_any_octets_decode_to_some_text(octets: bytes) -> None:
    assert isinstance(header_text(octets), str)


def test_twenty_thousand_encoded_words_take_no_time() -> None:
    began = time.perf_counter()
    header_text(b" ".join([b"=?utf-8?Q?N=C3=9A?="] * 20_000))
    assert time.perf_counter() - began < 2


# ── candidates, by the habits of mail programs ───────────────────────────────────────────────────

GMAIL = multi(
    "mixed",
    multi("alternative", text_part(), text_part("<div dir=ltr>Adjunto</div>", "html"), boundary="==alt"),
    leaf('Content-Type: application/pdf; name="acta.pdf"\r\nContent-Disposition: attachment; filename="acta.pdf"', PDF),
)
OUTLOOK = multi(
    "mixed",
    multi(
        "related",
        text_part('<p>Hola</p><img src="cid:image001.png@01D7">', "html"),
        leaf('Content-Type: image/png; name="image001.png"\r\nContent-ID: <image001.png@01D7>', LOGO),
        boundary="==rel",
    ),
    leaf('Content-Type: image/jpeg; name="IMG_1.jpg"\r\nContent-Disposition: attachment; filename="IMG_1.jpg"', JPEG),
)
IPHONE = multi(
    "mixed",
    text_part(""),
    leaf("Content-Type: image/jpeg; name=IMG_0007.jpeg\r\nContent-Disposition: inline; filename=IMG_0007.jpeg", JPEG),
    text_part("Enviado desde mi iPhone"),
)
CASES: list[tuple[str, bytes, list[bytes], int]] = [
    ("gmail", GMAIL, [PDF], 0),
    ("outlook with a logo", OUTLOOK, [JPEG], 1),
    ("iphone inline photo", IPHONE, [JPEG], 0),
    ("a nameless pdf", multi("mixed", text_part(), leaf("Content-Type: application/pdf", PDF)), [PDF], 0),
    ("a nameless photo", multi("mixed", text_part(), leaf("Content-Type: image/jpeg", JPEG)), [JPEG], 0),
    (
        "a pdf called octet-stream",
        multi("mixed", text_part(), leaf("Content-Type: application/octet-stream", PDF)),
        [PDF],
        0,
    ),
    ("a pdf called text", multi("mixed", text_part(), leaf("Content-Type: text/plain", PDF)), [PDF], 0),
    ("the whole mail is a pdf", leaf("Content-Type: application/pdf", PDF), [PDF], 0),
    ("the whole mail is a pdf without a type", leaf("X-Scanner: 1", PDF), [PDF], 0),
    (
        "a photo pasted into the text",
        multi(
            "related",
            text_part('<img src="cid:f@1">', "html"),
            leaf("Content-Type: image/jpeg\r\nContent-ID: <f@1>", JPEG),
        ),
        [JPEG],
        0,
    ),
    (
        "a middling picture in the text and nothing else",
        multi(
            "related",
            text_part('<img src="cid:f@1">', "html"),
            leaf("Content-Type: image/jpeg\r\nContent-ID: <f@1>", MIDDLING),
        ),
        [MIDDLING],
        0,
    ),
    (
        "a middling picture in the text beside a pdf",
        multi(
            "related",
            text_part('<img src="cid:f@1">', "html"),
            leaf("Content-Type: image/jpeg\r\nContent-ID: <f@1>", MIDDLING),
            leaf("Content-Type: application/pdf", PDF),
        ),
        [PDF],
        1,
    ),
    (
        "two photos",
        multi("mixed", leaf("Content-Type: image/jpeg", JPEG), leaf("Content-Type: image/jpeg", JPEG + b"2")),
        [JPEG, JPEG + b"2"],
        0,
    ),
    (
        "only a logo",
        multi("mixed", text_part(), leaf("Content-Type: image/png\r\nContent-Disposition: inline", LOGO)),
        [],
        1,
    ),
    (
        "a small picture sent on purpose",
        multi("mixed", leaf('Content-Type: image/png\r\nContent-Disposition: attachment; filename="acta.png"', LOGO)),
        [LOGO],
        0,
    ),
    (
        "an empty attachment",
        multi("mixed", leaf('Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="a.pdf"', b"")),
        [b""],
        0,
    ),
    (
        "signature, calendar and card",
        multi(
            "mixed",
            leaf("Content-Type: application/pkcs7-signature; name=smime.p7s", b"x" * 900),
            leaf("Content-Type: text/calendar; name=i.ics", b"BEGIN:VCALENDAR"),
            leaf("Content-Type: text/vcard; name=a.vcf\r\nContent-Disposition: attachment", b"BEGIN:VCARD"),
        ),
        [],
        3,
    ),
    (
        "a text file alone",
        multi(
            "mixed",
            text_part(),
            leaf("Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt", b"acta"),
        ),
        [b"acta"],
        0,
    ),
    (
        "a text file beside a pdf",
        multi(
            "mixed",
            leaf("Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt", b"acta"),
            leaf("Content-Type: application/pdf", PDF),
        ),
        [PDF],
        1,
    ),
    (
        "exchange's continued body",
        multi(
            "mixed",
            leaf("Content-Type: application/pdf", PDF),
            leaf("Content-Type: text/plain\r\nContent-Disposition: attachment; filename=ATT00001.txt", b"hola"),
        ),
        [PDF],
        0,
    ),
    ("nothing", text_part("No tengo nada que adjuntar"), [], 0),
]


@pytest.mark.parametrize(("body", "expected", "ignored"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_candidates_are_the_bytes_that_were_sent(body: bytes, expected: list[bytes], ignored: int) -> None:
    found = read(mail(body))
    assert shas(found) == [sha(content) for content in expected]
    assert [item.content for item in found.attachments] == expected
    assert len(found.ignored) == ignored
    assert all(part.because for part in found.ignored)


@pytest.mark.parametrize(
    "magic",
    [
        b"%PDF-1.7",
        b"\n\n%PDF-1.7",
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"II*\x00",
        b"MM\x00*",
        b"\x00\x00\x00\x18ftypheic",
        b"PK\x03\x04",
    ],
)
def test_bytes_that_look_like_evidence_count_under_any_label(magic: bytes) -> None:
    content = magic + bytes(20_000)
    assert shas(read(mail(leaf("Content-Type: text/plain", content)))) == [sha(content)]


def test_a_forwarded_mail_is_opened_one_level_when_there_is_nothing_else() -> None:
    inner = mail(multi("mixed", text_part(), leaf("Content-Type: application/pdf", PDF), boundary="==in"))
    forwarded = multi("mixed", text_part(), b"Content-Type: message/rfc822\r\n\r\n" + inner)
    found = read(mail(forwarded))
    assert shas(found) == [sha(PDF)]
    assert found.attachments[0].part == "2.2"
    beside = multi("mixed", leaf("Content-Type: image/jpeg", JPEG), b"Content-Type: message/rfc822\r\n\r\n" + inner)
    found = read(mail(beside))
    assert shas(found) == [sha(JPEG)]
    assert [part.declared_type for part in found.ignored] == ["message/rfc822"]


def test_a_mail_inside_a_forwarded_mail_stays_closed_but_is_told() -> None:
    inmost = mail(leaf("Content-Type: application/pdf", PDF))
    inner = mail(multi("mixed", text_part(), b"Content-Type: message/rfc822\r\n\r\n" + inmost, boundary="==1"))
    found = read(mail(multi("mixed", b"Content-Type: message/rfc822\r\n\r\n" + inner, boundary="==0")))
    assert found.attachments == ()
    assert [part.declared_type for part in found.ignored] == ["message/rfc822"]


def test_a_forwarded_mail_in_base64_is_opened_although_the_rfc_forbids_it() -> None:
    inner = mail(leaf("Content-Type: application/pdf", PDF))
    assert shas(read(mail(multi("mixed", leaf("Content-Type: message/rfc822", inner))))) == [sha(PDF)]


def test_the_attachments_of_a_bounce_are_never_evidence() -> None:
    inner = mail(leaf("Content-Type: application/pdf", PDF))
    report = multi(
        "report",
        text_part(),
        b"Content-Type: message/rfc822\r\n\r\n" + inner,
        leaf("Content-Type: application/pdf", PDF),
    )
    found = read(mail(report))
    assert found.attachments == ()
    assert found.automatic is not None
    assert found.automatic.kind is AutomaticKind.REBOTE


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (b'Content-Disposition: attachment; filename="../../etc/acta.pdf"', "acta.pdf"),
        (b'Content-Disposition: attachment; filename="C:\\temp\\acta.pdf"', "acta.pdf"),
        ('Content-Disposition: attachment; filename="acta\u202efdp.exe"'.encode(), "actafdp.exe"),
        (b'Content-Disposition: attachment; filename="acta N\xba 5 \xd1.pdf"', "acta Nº 5 Ñ.pdf"),
        (b"Content-Disposition: attachment; filename*=utf-8''acta%20N%C3%9A%C3%91EZ.pdf", "acta NÚÑEZ.pdf"),
        (b'Content-Disposition: attachment; filename="=?utf-8?Q?N=C3=9A=C3=91EZ.pdf?="', "NÚÑEZ.pdf"),
        (b"Content-Disposition: attachment; filename*0=ac; filename*1=ta.pdf", "acta.pdf"),
    ],
)
def test_a_file_name_is_for_display_only(header: bytes, name: str) -> None:
    raw = (
        HEADERS
        + b"Content-Type: application/pdf\r\n"
        + header
        + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + b64(PDF)
    )
    assert [item.name for item in read(raw).attachments] == [name]


def test_a_nameless_attachment_gets_the_same_name_every_time() -> None:
    raw = mail(leaf("Content-Type: application/pdf", PDF))
    names = {read(raw).attachments[0].name for _ in range(3)}
    assert names == {f"sin-nombre-{sha(PDF)[:8]}.pdf"}


def test_where_mail_parser_sees_less_that_is_noted_and_the_tree_wins() -> None:
    found = read(mail(multi("mixed", text_part(), leaf("Content-Type: application/pdf", PDF))))
    assert shas(found) == [sha(PDF)]
    assert any("mail-parser no ve" in defect for defect in found.defects)


def test_a_crash_of_mail_parser_is_noted_and_nothing_is_lost() -> None:
    # A boundary that never starts: AttributeError in mail-parser 4.8.
    raw = HEADERS + b"Content-Type: multipart/mixed\r\n\r\nhola, soy Ana\r\n"
    found = read(raw)
    assert found.sender is not None
    assert "hola, soy Ana" in found.text
    assert any("mail-parser no pudo" in defect or "Boundary" in defect for defect in found.defects)


def test_a_mail_that_was_cut_off_says_so() -> None:
    whole = mail(GMAIL)
    found = read(whole[: len(whole) - 200])
    assert "CloseBoundaryNotFoundDefect" in found.defects


# ── limits ───────────────────────────────────────────────────────────────────────────────────────


def nested(depth: int) -> bytes:
    body = text_part()
    for level in range(depth):
        body = multi("mixed", body, boundary=f"b{level}")
    return mail(body)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n\r\n",
        b"\x00\xff\x00" * 50,
        HEADERS + b"X-Long: " + b"a" * 300_000 + b"\r\n\r\nhola",
        nested(25),
        nested(2_000),
        mail(multi("mixed", *[text_part("x")] * 300)),
        mail(multi("mixed", *[b""] * 20_000)),
    ],
    ids=["nothing", "blank", "noise", "header", "deep", "abyss", "parts", "myriad"],
)
def test_what_no_person_sends_goes_to_quarantine_in_time(raw: bytes) -> None:
    began = time.perf_counter()
    with pytest.raises(Unparsable):
        read(raw)
    assert time.perf_counter() - began < 5


def test_what_a_person_may_send_stays_within_the_limits() -> None:
    assert read(nested(19)).text
    assert read(mail(multi("mixed", *[text_part("x")] * 150))).text


@pytest.mark.parametrize(
    "markup",
    ["<" * 200_000, "<a" * 100_000, "<!--" * 50_000, "<a x='" * 30_000, "<script>" * 50_000, "<p>a" * 50_000],
)
def test_hostile_html_is_rendered_in_linear_time(markup: str) -> None:
    began = time.perf_counter()
    html_text(markup)
    assert time.perf_counter() - began < 3


@given(st.binary(max_size=600))
def test_random_bytes_are_a_mail_or_unparsable(raw: bytes) -> None:
    with contextlib.suppress(Unparsable):
        assert read(raw).sha256 == sha(raw)


@given(st.data())
def test_a_damaged_mail_never_raises_anything_else(data: st.DataObject) -> None:
    raw = bytearray(mail(OUTLOOK)[:3_000])
    for _ in range(data.draw(st.integers(1, 12))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Unparsable):
        read(bytes(raw))


# ── addresses, ids, dates ────────────────────────────────────────────────────────────────────────


def test_sender_names_and_addresses_are_decoded() -> None:
    raw = (
        b"From: =?iso-8859-1?Q?N=FA=F1ez=2C_Ana?= <Ana.Nunez@Example.COM>\r\nReply-To: otra@example.com\r\n"
        b"Message-ID: <abc@x>\r\nIn-Reply-To: <q@y>\r\nReferences: <p@y>\r\n <q@y>\r\n"
        b"Date: Thu, 18 Mar 2021 10:00:00 -0500\r\nSubject: a\r\n\r\nhola"
    )
    found = read(raw)
    assert found.sender is not None
    assert (found.sender.name, found.sender.address) == ("Núñez, Ana", "Ana.Nunez@example.com")
    assert found.reply_to is not None
    assert found.reply_to.address == "otra@example.com"
    assert (found.message_id, found.in_reply_to, found.references) == ("<abc@x>", "<q@y>", ("<p@y>", "<q@y>"))
    assert found.sent_at is not None
    assert found.sent_at.isoformat() == "2021-03-18T15:00:00+00:00"


@pytest.mark.parametrize("value", [b"", b"nobody", b"<>", b"Ana <ana@>", b"\xff\xfe", b"undisclosed-recipients:;"])
def test_a_broken_from_is_no_sender_and_no_crash(value: bytes) -> None:
    assert read(b"From: " + value + b"\r\nSubject: a\r\nReply-To: <>\r\nDate: ayer\r\n\r\nhola").sender is None


def test_every_subject_header_is_kept() -> None:
    raw = b"From: a@b.ec\r\nSubject: uno\r\nsubject: =?utf-8?Q?d=C3=B3s?=\r\n\r\n"
    assert read(raw).subjects == ("uno", "dós")


def test_subjects_are_free_of_control_and_invisible_characters() -> None:
    raw = b"From: a@b.ec\r\nSubject: =?utf-8?Q?a=0D=0ABcc=3A_x_=E2=80=AEb=00?=\r\n\r\n"
    (subject,) = read(raw).subjects
    assert subject == "a Bcc: x b"


def test_of_a_mail_too_big_the_header_alone_is_understood() -> None:
    raw = HEADERS + b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n'
    found = understand(raw, our_addresses=frozenset(), header_only=True)
    assert found.sender is not None
    assert (found.attachments, found.text, found.subjects) == ((), "", ("x",))


# ── text ─────────────────────────────────────────────────────────────────────────────────────────


def test_plain_text_is_preferred_and_html_is_rendered_when_there_is_none() -> None:
    assert read(mail(GMAIL)).text == "Adjunto el acta."
    page = "<style>p{}</style><p>Buenos d&iacute;as,</p><div>C.I.: 1700000019<br>gracias</div>"
    found = read(mail(text_part(page, "html")))
    assert found.text == "Buenos días,\nC.I.: 1700000019\ngracias"
    assert found.labelled_ids == ("1700000019",)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Mi cédula es 1700000019", ("1700000019",)),
        ("C.I. 170000001-9, teléfono 0991234567", ("1700000019",)),
        ("CI: 1700000019 y RUC 1700000019001", ("1700000019", "1700000019001")),
        ("cédula de ciudadanía No. 170 000 0019", ("1700000019",)),
        ("llámeme al 0991234567", ()),
        ("1700000019", ()),
        ("serie 1700000019 cédula", ()),
    ],
)
def test_only_labelled_numbers_are_taken_from_the_body(text: str, ids: tuple[str, ...]) -> None:
    assert read(mail(text_part(text))).labelled_ids == ids


STATEMENTS: list[tuple[str, set[Statement]]] = [
    ("NO TENGO ACTA", {Statement.NO_TENGO_ACTA}),
    ("Buenas tardes, yo no tengo el acta porque no me dieron.", {Statement.NO_TENGO_ACTA}),
    ("entregué en Quito y nunca me dieron ningún documento", {Statement.NO_TENGO_ACTA}),
    ("Se me perdió el acta", {Statement.NO_TENGO_ACTA}),
    ("no cuento con el acta", {Statement.NO_TENGO_ACTA}),
    ("Nunca contraté ese servicio", {Statement.NO_RECONOCE_SERVICIO}),
    ("No reconozco ese contrato", {Statement.NO_RECONOCE_SERVICIO}),
    ("yo nunca he sido cliente de CNT", {Statement.NO_RECONOCE_SERVICIO}),
    ("nunca tuve internet con ustedes", {Statement.NO_RECONOCE_SERVICIO}),
    ("esto es una suplantación de identidad", {Statement.NO_RECONOCE_SERVICIO}),
    ("El acta está en https://drive.google.com/file/d/1AbC/view", {Statement.ENLACE}),
    ("https://1drv.ms/b/s!Aabc", {Statement.ENLACE}),
    ("Quiero una revisión por favor", {Statement.PIDE_PERSONA}),
    ("No estoy de acuerdo, quiero hablar con un asesor", {Statement.PIDE_PERSONA}),
    ("Adjunto el acta de entrega de los equipos", set()),
    ("no reconozco ese valor porque sí entregué", set()),
    ("nunca tuve problemas con el servicio", set()),
    ("visite https://www.cnt.com.ec/ por favor", set()),
    ("no tengo actualizado mi correo", set()),
]


@pytest.mark.parametrize(("text", "said"), STATEMENTS)
def test_what_the_customer_says_in_his_own_words_is_heard(text: str, said: set[Statement]) -> None:
    assert read(mail(text_part(text))).statements == said


@pytest.mark.parametrize(
    "quoted",
    [
        "Gracias\n> responda con las palabras: NO TENGO ACTA",
        "Gracias\nEl jue, 18 mar 2021 a las 10:00, CNT <p@example.org> escribió:\nresponda: NO TENGO ACTA",
        "Gracias\nEl jue, 18 mar 2021 a las 10:00, CNT Posventa\n<p@example.org> escribió:\nNO TENGO ACTA",
        "Gracias\n-----Mensaje original-----\nNO TENGO ACTA",
        "Gracias\nDe: CNT <p@example.org>\nEnviado: jueves\nNO TENGO ACTA",
        "Gracias\nOn Thu, 18 Mar 2021, CNT wrote:\nNO TENGO ACTA",
    ],
)
def test_our_own_words_in_his_quotation_are_not_his(quoted: str) -> None:
    assert read(mail(text_part(quoted))).statements == frozenset()


def test_a_quotation_in_html_is_not_his_either() -> None:
    page = "<div>Gracias</div><blockquote><p>responda: NO TENGO ACTA</p></blockquote>"
    assert read(mail(text_part(page, "html"))).statements == frozenset()


def test_a_link_behind_words_is_seen_although_the_plain_text_hides_it() -> None:
    page = '<p>Aquí <a href="https://drive.google.com/file/d/1AbC/view">el acta</a></p>'
    body = multi("alternative", text_part("Aquí el acta"), text_part(page, "html"))
    assert read(mail(body)).statements == {Statement.ENLACE}


# ── machines ─────────────────────────────────────────────────────────────────────────────────────

OURS = frozenset({"posventa@example.org"})
MACHINES: list[tuple[bytes, AutomaticKind | None]] = [
    (b"Auto-Submitted: auto-replied\r\n", AutomaticKind.RESPUESTA_AUTOMATICA),
    (b"Auto-Submitted: auto-generated\r\n", AutomaticKind.GENERADO),
    (b"Auto-Submitted: auto-generated (scan)\r\n", AutomaticKind.GENERADO),
    (b"Auto-Submitted: no\r\n", None),
    (b"Auto-Submitted: No; reason=x\r\n", None),
    (b"X-Auto-Response-Suppress: All\r\n", None),
    (b"List-Id: <l.example.com>\r\nList-Unsubscribe: <mailto:x@example.com>\r\n", None),
    (b"Precedence: list\r\n", None),
    (b"Precedence: bulk\r\n", AutomaticKind.GENERADO),
    (b"Precedence: bulk\r\nList-Id: <l.example.com>\r\n", AutomaticKind.GENERADO),
    (b"Precedence: bulk\r\nList-Post: <mailto:l@example.com>\r\n", None),
    (b"Precedence: bulk\r\nSender: owner-l@example.com\r\n", None),
    (b"Precedence: junk\r\n", AutomaticKind.GENERADO),
    (b"Precedence: auto_reply\r\n", AutomaticKind.RESPUESTA_AUTOMATICA),
    (b"X-Autoreply: yes\r\n", AutomaticKind.RESPUESTA_AUTOMATICA),
    (b"X-Autorespond: x\r\n", AutomaticKind.RESPUESTA_AUTOMATICA),
    (b"X-Failed-Recipients: a@example.com\r\n", AutomaticKind.REBOTE),
    (b"Return-Path: <>\r\n", AutomaticKind.REBOTE),
    (b"Return-Path: <ana@example.com>\r\n", None),
    (b"Content-Type: multipart/report; report-type=delivery-status\r\n", AutomaticKind.REBOTE),
    (b"X-Evidencia-Robot: EV-0000001-8\r\n", AutomaticKind.PROPIO),
    (b"X-Evidencia-Robot: EV-0000001-8\r\nAuto-Submitted: auto-replied\r\n", AutomaticKind.PROPIO),
    (b"", None),
]


@pytest.mark.parametrize(("extra", "kind"), MACHINES)
def test_a_machine_is_known_by_its_headers_and_a_person_is_not_taken_for_one(
    extra: bytes, kind: AutomaticKind | None
) -> None:
    found = read(HEADERS + extra + b"\r\nhola", OURS)
    assert (found.automatic.kind if found.automatic else None) is kind


@pytest.mark.parametrize(
    ("sender", "kind"),
    [
        ("MAILER-DAEMON@mx.example.com", AutomaticKind.REBOTE),
        ("postmaster@example.com", AutomaticKind.REBOTE),
        ("no-reply@example.com", AutomaticKind.GENERADO),
        ("noreply@example.com", AutomaticKind.GENERADO),
        ("Posventa@example.org", AutomaticKind.PROPIO),
        ("normando@example.com", None),
    ],
)
def test_a_machine_is_known_by_its_address(sender: str, kind: AutomaticKind | None) -> None:
    found = read(f"From: {sender}\r\nSubject: x\r\n\r\nhola".encode(), OURS)
    assert (found.automatic.kind if found.automatic else None) is kind


@pytest.mark.parametrize(
    "subject",
    [
        "Respuesta automática: hola",
        "Automatic reply: x",
        "Fuera de la oficina",
        "Undeliverable: x",
        "No se puede entregar: x",
        "Leído: x",
        "Aceptado: reunión",
    ],
)
def test_words_of_the_subject_count_only_where_there_is_no_evidence(subject: str) -> None:
    head = f"From: ana@example.com\r\nSubject: {subject}\r\n".encode()
    assert read(head + b"\r\nhola").automatic is not None
    assert read(head + leaf("Content-Type: application/pdf", PDF)).automatic is None


def test_a_scanner_that_writes_with_an_empty_return_path_is_no_bounce() -> None:
    found = read(mail(leaf("Content-Type: application/pdf", PDF), b"Return-Path: <>\r\n"))
    assert found.automatic is not None
    assert found.automatic.kind is AutomaticKind.GENERADO
    assert shas(found) == [sha(PDF)]


# ── real mails of other people ───────────────────────────────────────────────────────────────────

CORPUS = Path(os.environ.get("EVIDENCE_TEST_DATA", Path(__file__).parent.parent.parent / "shared" / "data")) / "mails"


def corpus() -> list[Path]:
    if not CORPUS.is_dir():
        pytest.skip(f"no public mails under {CORPUS} (set EVIDENCE_TEST_DATA)")
    return [path for path in sorted(CORPUS.rglob("*")) if path.is_file() and not path.name.startswith("LICENSE")]


def test_every_public_mail_has_an_outcome_in_time_and_few_are_quarantined() -> None:
    paths = corpus()
    quarantined = 0
    for path in paths:
        began = time.perf_counter()
        try:
            read(path.read_bytes())
        except Unparsable:
            quarantined += 1
        assert time.perf_counter() - began < 2, path.name
    assert quarantined <= len(paths) * 0.01
