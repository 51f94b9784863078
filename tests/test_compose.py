"""The answers: bytes that every mail program reads back, and texts that a customer understands."""

from __future__ import annotations

import email
import email.policy
import re
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence_daemon.errors import BadRules, Permanent
from evidence_daemon.mail.compose import answer_address, answer_html, answer_text, compose, wire_message_id
from evidence_daemon.mail.message import header_text, understand
from evidence_daemon.mail.subject import read_subject
from evidence_daemon.model import AutomaticKind, Evidence, MailId, ReasonCode, Reply, ReplyKind, receipt_number
from evidence_daemon.rulebook import ReasonsBook, RuleBook, SubjectBook, parse

RULES = Path(__file__).parent.parent / "rules"
SUBJECT = SubjectBook.model_validate(tomllib.loads((RULES / "subject.toml").read_text(encoding="utf-8")))
REASONS = ReasonsBook.model_validate(tomllib.loads((RULES / "reasons.toml").read_text(encoding="utf-8")))
REPLIES = {path.stem: path.read_text(encoding="utf-8") for path in sorted((RULES / "replies").glob("*.txt"))}
# The rooms of documents, matching and decision are not asked here: a book of our own parts is enough.
BOOK = RuleBook.model_construct(edition="test", subject=SUBJECT, reasons=REASONS, replies=REPLIES)
AT = datetime(2021, 3, 18, 15, 0, tzinfo=UTC)
GOOD = "1700000019//PEREZ LOPEZ ANA//TELEVISIÓN"
RECEIPT = receipt_number(MailId(17))
FACTS = (
    ("recibo", RECEIPT),
    ("fecha", "2021-03-31"),
    ("equipos", "un control remoto"),
    ("equipos_aceptados", "un decodificador"),
    ("valores", "se_reversan"),
    ("max_mb", "40"),
    ("servicio", "televisión"),
)


def evidence(subject: str = GOOD, headers: str = "") -> Evidence:
    raw = f"From: Ana <ana@example.com>\r\nMessage-ID: <m1@example.com>\r\n{headers}Subject: {subject}\r\n\r\nhola"
    mail = understand(raw.encode(), our_addresses=frozenset())
    return Evidence(RECEIPT, AT, mail, read_subject(mail.subjects, SUBJECT), (), ())


def written(reply: Reply, case: Evidence | None = None) -> bytes:
    return compose(
        reply,
        case or evidence(),
        BOOK,
        from_address="posventa@example.org",
        from_name="CNT Atención",
        message_id=wire_message_id(RECEIPT, reply.kind, 1, "example.org"),
        at=AT,
    )


ASK = Reply(ReplyKind.SUBSANAR, (ReasonCode.SIN_ADJUNTO,), FACTS)


# ── bytes ────────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_is_seven_bit_with_crlf_and_short_lines() -> None:
    raw = written(ASK)
    assert b"\r\n\r\n" in raw
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78


def test_a_foreign_parser_reads_back_what_was_written() -> None:
    reply = replace(ASK, reasons=(ReasonCode.ADJUNTO_ILEGIBLE,))
    message = email.message_from_bytes(written(reply), policy=email.policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    text = body.get_content().replace("\r\n", "\n")
    assert text == answer_text(reply, evidence(), BOOK)
    assert "¿" not in text[:1]
    assert message["Subject"] == f"Re: {GOOD}"
    assert message["From"] == "CNT Atención <posventa@example.org>"


def test_the_headers_stop_every_machine_from_answering_and_us_from_reading_ourselves() -> None:
    raw = written(ASK)
    message = email.message_from_bytes(raw)
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["In-Reply-To"] == "<m1@example.com>"
    assert message["References"] == "<m1@example.com>"
    assert message["Message-ID"] == "<ev-0000017-4.subsanar.1@example.org>"
    assert message["Date"] == "Thu, 18 Mar 2021 10:00:00 -0500"
    assert message.get_all("To") == ["ana@example.com"]
    assert message["Cc"] is None
    back = understand(raw, our_addresses=frozenset())
    assert back.automatic is not None
    assert back.automatic.kind is AutomaticKind.PROPIO


class Page(HTMLParser):
    """The words, elements and links of a page; every element must be closed in its order."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.elements: set[str] = set()
        self.links: list[str] = []
        self.open: list[str] = []
        self.attributes: set[str] = set()
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "background", "action")]
        if tag not in ("meta", "br", "wbr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "title" not in self.open:
            self.words += data.split()


@pytest.mark.parametrize("kind", list(ReplyKind))
@pytest.mark.parametrize("code", list(ReasonCode))
def test_the_page_says_the_same_words_as_the_text_and_loads_nothing(kind: ReplyKind, code: ReasonCode) -> None:
    message = email.message_from_bytes(written(Reply(kind, (code,), FACTS)), policy=email.policy.default)
    assert message.get_content_type() == "multipart/alternative"
    plain, page = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert page is not None
    shown = Page(page.get_content())
    text = plain.get_content()
    assert "".join(shown.words) == "".join(re.sub(r"(?m)^- ", "", text).split())
    assert shown.elements <= {
        "html",
        "head",
        "meta",
        "title",
        "body",
        "div",
        "p",
        "ul",
        "li",
        "br",
        "strong",
        "a",
        "span",
        "wbr",
    }
    assert shown.links
    assert all(link == "tel:1800100100" for link in shown.links)
    assert shown.attributes <= {"lang", "charset", "name", "content", "style", "href"}
    assert shown.open == []


def test_the_page_sets_off_what_to_copy_and_what_to_do() -> None:
    page = answer_html(answer_text(ASK, evidence(), BOOK))
    assert "CEDULA//APELLIDOSYNOMBRES//LINEADENEGOCIO" in "".join(Page(page).words)
    assert page.count("<wbr>") == 2
    assert "<strong>Qué debe hacer:</strong>" in page
    assert f">{RECEIPT}</strong>" in page


def test_what_a_stranger_wrote_is_no_markup() -> None:
    page = answer_html(answer_text(ASK, evidence("<img src=x onerror=alert(1)>&amp;//A//B"), BOOK))
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;&amp;amp;" in page


def test_the_same_reply_gives_the_same_bytes() -> None:
    assert written(ASK) == written(ASK)


def test_references_keep_the_last_ten_ids_and_only_clean_ones() -> None:
    ids = " ".join(f"<r{n}@example.com>" for n in range(30)) + " <bad\u00e9@example.com>"
    raw = written(ASK, evidence(headers=f"References: {ids}\r\n"))
    references = str(email.message_from_bytes(raw, policy=email.policy.default)["References"]).split()
    assert len(references) == 10
    assert references[-2:] == ["<r29@example.com>", "<m1@example.com>"]


NAMES = ["ÓSCAR", "JESÚS", "MUÑOZ", "NÚÑEZ", "PEÑA", "MARÍA", "JOSÉ", "ANA", "DE", "LA", "CRUZ", "ÍÑIGO", "GÜIRACOCHA"]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(NAMES), min_size=2, max_size=9))
def test_no_folded_subject_loses_a_blank_between_names(names: list[str]) -> None:
    subject = f"1700000019//{' '.join(names)}//TELEVISIÓN"
    raw = written(ASK, evidence(subject))
    block = raw.split(b"\r\n\r\n")[0]
    found = re.search(rb"Subject: ([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", block)
    assert found is not None
    assert header_text(found[1]) == f"Re: {subject}"
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert str(parsed["Subject"]) == f"Re: {subject}"


@given(st.text(max_size=200))
def test_no_subject_of_a_stranger_can_add_a_header(text: str) -> None:
    case = evidence()
    case = replace(case, email=replace(case.email, subjects=(text,)))
    message = email.message_from_bytes(written(ASK, case))
    assert sorted(message.keys()) == sorted(email.message_from_bytes(written(ASK)).keys())
    assert message.get_all("To") == ["ana@example.com"]


@pytest.mark.parametrize(
    "subject", ["=?utf-8?Q?hola?= 1//x", "a" * 900, "Visite http://x.example.com ya", "WWW.GANE.RU"]
)
def test_odd_and_advertising_subjects_are_repeated_safely_or_not_at_all(subject: str) -> None:
    case = evidence()
    case = replace(case, email=replace(case.email, subjects=(subject,)))
    raw = written(ASK, case)
    shown = str(email.message_from_bytes(raw, policy=email.policy.default)["Subject"])
    assert "http" not in shown.lower()
    assert "www" not in shown.lower()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78
    if subject.startswith("=?"):
        assert shown == f"Re: {subject}"


# ── where it goes ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ("From: Ana <ana@example.com>", "ana@example.com"),
        ("From: ana@example.com\r\nReply-To: casa@mail.example.com", "casa@mail.example.com"),
        ("From: ana@example.com\r\nReply-To: ladron@other.com", "ana@example.com"),
        ("From: ana@uno.gob.ec\r\nReply-To: eva@dos.gob.ec", "ana@uno.gob.ec"),
        ("From: no-reply@example.com\r\nReply-To: ana@example.com", "ana@example.com"),
        ("From: no-reply@example.com", None),
        ("From: MAILER-DAEMON@example.com", None),
        ("From: ana@localhost", None),
        ("From: áná@example.com", None),
        ("Reply-To: ana@example.com", None),
        ("From: undisclosed-recipients:;", None),
    ],
)
def test_the_answer_goes_to_the_sender_or_his_own_organisation(headers: str, address: str | None) -> None:
    mail = understand(f"{headers}\r\nTo: todos@lista.example\r\nSubject: x\r\n\r\n".encode(), our_addresses=frozenset())
    found = answer_address(mail)
    assert (found.address if found else None) == address


def test_without_an_address_there_is_no_answer_but_an_error() -> None:
    case = evidence()
    with pytest.raises(Permanent):
        written(ASK, replace(case, email=replace(case.email, sender=None)))


def test_a_message_id_is_made_from_the_decision_alone() -> None:
    assert wire_message_id("EV-0000017-4", "aceptado-parcial", 2, "CNT.gob.ec") == (
        "<ev-0000017-4.aceptado-parcial.2@cnt.gob.ec>"
    )
    assert wire_message_id("EV-1 <x>", "a", 1, "b>\r\n.ec") == "<ev-1-x-.a.1@b.ec>"


# ── texts ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", list(ReplyKind))
@pytest.mark.parametrize("facts", [FACTS, ()], ids=["all facts", "no facts"])
@pytest.mark.parametrize("code", [None, *ReasonCode])
def test_every_answer_is_whole_with_and_without_facts(
    kind: ReplyKind, facts: tuple[tuple[str, str], ...], code: ReasonCode | None
) -> None:
    for subject in (GOOD, "acta", "", "17000000//PEREZ LOPEZ ANA//TV"):
        text = answer_text(Reply(kind, (code,) if code else (), facts), evidence(subject), BOOK)
        assert RECEIPT in text
        assert not re.search(r"[{}]|\[\[|\]\]|None|  \.|: \.|\n\n\n", text)
        assert "1800-100-100" in text
        assert not re.search(r"\b(?:tú|tu|tus|te)\b", text, re.I)


@pytest.mark.parametrize("kind", [ReplyKind.SUBSANAR, ReplyKind.RECHAZADO, ReplyKind.ACEPTADO_PARCIAL])
def test_where_a_resend_is_asked_the_form_of_the_deck_is_shown(kind: ReplyKind) -> None:
    assert "CEDULA//APELLIDOS Y NOMBRES//LINEA DE NEGOCIO" in answer_text(Reply(kind, (), FACTS), evidence(), BOOK)


def test_a_final_no_names_the_review_by_a_person_and_arcotel() -> None:
    text = answer_text(Reply(ReplyKind.RECHAZADO, (ReasonCode.NO_ES_ACTA,), FACTS), evidence(), BOOK)
    assert "ARCOTEL" in text
    assert "persona" in text


def test_the_customer_reads_two_reasons_at_most_and_the_worst_first() -> None:
    reasons = (ReasonCode.LINEA_NO_RECONOCIDA, ReasonCode.ADJUNTO_ILEGIBLE, ReasonCode.SIN_ADJUNTO)
    text = answer_text(Reply(ReplyKind.SUBSANAR, reasons, FACTS), evidence(), BOOK)
    first = text.index(REASONS.reasons[ReasonCode.SIN_ADJUNTO].text)
    second = text.index(REASONS.reasons[ReasonCode.ADJUNTO_ILEGIBLE].text)
    assert first < second
    assert "No reconocimos el servicio" not in text
    assert "1. " in text


def test_neutral_reasons_read_alike_and_are_told_once() -> None:
    neutral = [code for code, reason in REASONS.reasons.items() if reason.neutral]
    assert set(neutral) == {ReasonCode.CASO_NO_ENCONTRADO, ReasonCode.NOMBRE_NO_COINCIDE, ReasonCode.LINEA_NO_COINCIDE}
    texts = {answer_text(Reply(ReplyKind.SUBSANAR, (code,), FACTS), evidence(), BOOK) for code in neutral}
    texts.add(answer_text(Reply(ReplyKind.SUBSANAR, tuple(neutral), FACTS), evidence(), BOOK))
    assert len(texts) == 1


def test_a_receipt_tells_nothing_that_a_person_has_yet_to_decide() -> None:
    plain = answer_text(Reply(ReplyKind.RECIBIDO, (), FACTS), evidence(), BOOK)
    suspicions = (ReasonCode.ACTA_YA_USADA, ReasonCode.NOMBRE_NO_COINCIDE, ReasonCode.SIN_ADJUNTO)
    assert answer_text(Reply(ReplyKind.RECIBIDO, suspicions, FACTS), evidence(), BOOK) == plain
    assert "centro de atención" in answer_text(
        Reply(ReplyKind.RECIBIDO, (ReasonCode.SIN_ACTA,), FACTS), evidence(), BOOK
    )
    assert "miércoles 31 de marzo de 2021" in plain


def test_without_a_date_the_legal_limit_is_told() -> None:
    text = answer_text(Reply(ReplyKind.RECIBIDO, (), ()), evidence(), BOOK)
    assert "viernes 2 de abril de 2021" in text  # 18 March and fifteen days


def test_the_wrong_field_is_named_by_its_place_with_what_stood_there() -> None:
    reply = Reply(ReplyKind.SUBSANAR, (ReasonCode.LINEA_NO_RECONOCIDA,), ())
    text = answer_text(reply, evidence("1700000019//PEREZ LOPEZ ANA//AGUA POTABLE"), BOOK)
    assert "tercer lugar (línea de negocio) leímos «AGUA POTABLE»" in text


def test_a_link_in_a_faulty_subject_is_not_repeated_in_the_text() -> None:
    facts = (("asunto_indicado", "el asunto dice «http://x.example.com»"),)
    text = answer_text(
        Reply(ReplyKind.SUBSANAR, (ReasonCode.ASUNTO_FORMATO,), facts), evidence("http://x.example.com"), BOOK
    )
    assert "http" not in text


def test_no_candidate_number_is_ever_told() -> None:
    case = evidence("900000027//PEREZ LOPEZ ANA//TV")
    for code in ReasonCode:
        text = answer_text(Reply(ReplyKind.SUBSANAR, (code,), FACTS), case, BOOK)
        assert "0900000027" not in text


def test_the_greeting_uses_the_name_of_a_good_subject_only() -> None:
    assert "Estimado/a cliente Perez Lopez Ana:" in answer_text(ASK, evidence(), BOOK)
    assert "Estimado/a cliente:" in answer_text(ASK, evidence("Perez Ana"), BOOK)
    spam = evidence("1700000019//GANE DINERO EN WWW.X.RU//TV")
    assert "WWW" not in answer_text(ASK, spam, BOOK).upper().split("ASUNTO QUE")[0]


@pytest.mark.parametrize(
    ("valores", "words"),
    [
        ("no_se_generan", "No se generarán valores"),
        ("se_reversan", "solicitado la reversión"),
        ("pagados", "devolución o un saldo a su favor"),
    ],
)
def test_what_happens_to_the_money_is_said_without_a_date(valores: str, words: str) -> None:
    facts = (("valores", valores), ("equipos_aceptados", "un módem"))
    assert words in answer_text(Reply(ReplyKind.ACEPTADO, (), facts), evidence(), BOOK)


def test_a_fact_that_holds_braces_is_printed_as_it_is() -> None:
    facts = (("equipos_aceptados", "un {motivos} [[raro]]"),)
    assert "un {motivos} [[raro]]" in answer_text(Reply(ReplyKind.ACEPTADO, (), facts), evidence(), BOOK)


def test_no_text_accuses_anybody() -> None:
    words = re.compile(r"fals|fraud|alterad|adulterad|menti|sospech|estaf", re.I)
    for code, reason in REASONS.reasons.items():
        assert not words.search(reason.text + reason.action), code
    for name, text in REPLIES.items():
        assert not words.search(text), name


# ── the book ─────────────────────────────────────────────────────────────────────────────────────

TEXTS = {"reasons.toml": (RULES / "reasons.toml").read_text(encoding="utf-8")} | {
    f"replies/{name}.txt": text for name, text in REPLIES.items()
}


def faults(texts: dict[str, str]) -> list[str]:
    with pytest.raises(BadRules) as refused:
        parse(texts)
    return [fault for fault in refused.value.faults if fault.startswith(("reasons", "replies"))]


def test_the_books_own_texts_have_no_faults() -> None:
    assert faults(TEXTS) == []


@pytest.mark.parametrize(
    ("file", "before", "after", "word"),
    [
        ("replies/subsanar.txt", "{saludo}", "{saluto}", "replies/subsanar.txt:1: {saluto} is no known placeholder"),
        ("replies/aceptado.txt", "[[{valores}\n\n]]", "{valores}", "replies/aceptado.txt:7: {valores} may be missing"),
        ("replies/recibido.txt", "{recibo}", "17", "receipt number"),
        ("replies/derivado.txt", "{saludo}", "{saludo", "brace"),
        ("replies/derivado.txt", "]]", "", "[[ without ]]"),
        ("reasons.toml", "[[ ({max_mb} MB)]]", " ({max_mb} MB)", "{max_mb} may be missing"),
        ("reasons.toml", "[reasons.SIN_ADJUNTO]", "[reasons.SIN_ADJUNTOS]", "SIN_ADJUNTO"),
        ("reasons.toml", 'pagados = "', 'pagadas = "', "pagad"),
        ("reasons.toml", "Verifique el número de cédula", "Verifique su cédula", "one and the same text"),
        ("reasons.toml", 'class = "E"', 'class = "X"', "class"),
    ],
)
def test_a_faulty_text_is_refused_with_file_and_reason(file: str, before: str, after: str, word: str) -> None:
    assert before in TEXTS[file]
    found = faults({**TEXTS, file: TEXTS[file].replace(before, after, 1)})
    assert any(word in fault for fault in found), found


def test_a_missing_and_a_surplus_template_are_told() -> None:
    texts = {**TEXTS, "replies/saludo.txt": "{recibo}"}
    del texts["replies/subsanar.txt"]
    found = faults(texts)
    assert any("replies/subsanar.txt: the file is missing" in fault for fault in found)
    assert any("replies/saludo.txt" in fault for fault in found)


def test_a_long_identifier_stays_on_the_line_of_its_header() -> None:
    long_id = f"<ev-0000032-3.aceptado-parcial.1.{'0' * 24}@posventa.telecomunicaciones.example.gob.ec>"
    case = evidence(headers=f"In-Reply-To: {long_id}\r\n")
    raw = compose(
        ASK, case, BOOK, from_address="posventa@example.org", from_name="CNT Atención", message_id=long_id, at=AT
    )
    assert f"\r\nMessage-ID: {long_id}\r\n".encode() in raw
