"""The subject's grammar: all wire forms of the knowledge file through the header decoder, and many more."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence_daemon.errors import BadRules
from evidence_daemon.mail.message import understand
from evidence_daemon.mail.subject import failed_examples, read_lines, read_subject
from evidence_daemon.model import Claim, IdCheck, Line, ReasonCode, SubjectFault, SubjectField
from evidence_daemon.rulebook import Policy, SubjectBook, SubjectRepair, parse

RULES = Path(__file__).parent.parent / "rules"
BOOK = SubjectBook.model_validate(tomllib.loads((RULES / "subject.toml").read_text(encoding="utf-8")))

CLAIM = "claim"
PERSON = "PEREZ LOPEZ ANA"
MOVIL = {Line.MOVIL}
CED = SubjectField.CEDULA
NOM = SubjectField.NOMBRES
LIN = SubjectField.LINEA
ALL = SubjectField.ASUNTO


def wired(value: bytes) -> tuple[str, ...]:
    """A Subject header as it stands on the wire → all subjects, as the mail room decodes them."""
    raw = b"From: ana@example.com\r\nSubject: " + value + b"\r\nMessage-ID: <1@example.com>\r\n\r\nhola\r\n"
    return understand(raw, our_addresses=frozenset()).subjects


# number, wire form, name, repairs
CLAIMS: list[tuple[int, bytes, str, set[str]]] = [
    (1, b"1710034065//PEREZ LOPEZ ANA MARIA//MOVIL", "PEREZ LOPEZ ANA MARIA", set()),
    (2, b"=?utf-8?B?MTcxMDAzNDA2NS8vUMOJUkVaIE7DmsORRVogQU5BLy9Nw5NWSUw=?=", "PÉREZ NÚÑEZ ANA", set()),
    (
        3,
        b"=?utf-8?Q?1710034065//P=C3=89REZ_?=\r\n =?utf-8?Q?N=C3=9A=C3=91EZ_ANA//MOVIL?=",
        "PÉREZ NÚÑEZ ANA",
        set(),
    ),
    (4, b"=?utf-8?Q?1710034065//N=C3=9A=C3?=\r\n =?utf-8?Q?=91EZ_ANA//MOVIL?=", "NÚÑEZ ANA", set()),
    (5, b"=?utf-8?Q?1710034065//P=C3=89REZ?=\r\n LOPEZ ANA//MOVIL", "PÉREZ LOPEZ ANA", set()),
    (6, b"1710034065//N\xda\xd1EZ PE\xd1A ANA//MOVIL", "NÚÑEZ PEÑA ANA", set()),
    (7, "1710034065//NÚÑEZ PEÑA ANA//MOVIL".encode(), "NÚÑEZ PEÑA ANA", set()),
    (8, b"=?x-unknown?Q?1710034065//N=DA=D1EZ_ANA//MOVIL?=", "NÚÑEZ ANA", set()),
    (9, b"=?utf-8?B?MTcxMDAzNDA2NS8vTlXMgU7Mg0VaIEFOQS8vTU9WSUw=?=", "NÚÑEZ ANA", set()),
    (10, b"1710034065//\r\n PEREZ LOPEZ ANA//MOVIL", PERSON, set()),
    (11, b"1710034065//PEREZ\r\n\tLOPEZ ANA//MOVIL", PERSON, set()),
    (12, b"1710034065 // PEREZ LOPEZ ANA // MOVIL ", PERSON, set()),
    (13, b"1710034065//perez lopez ana//movil", PERSON, set()),
    (14, "1710034065//Perez Lopez Ana//Móvil.".encode(), PERSON, set()),
    (15, b"RE: 1710034065//PEREZ LOPEZ ANA//MOVIL", PERSON, {"prefijo"}),
    (16, b"RV: RV: FW: 1710034065//PEREZ LOPEZ ANA//MOVIL", PERSON, {"prefijo"}),
    (17, b"Rm: 1710034065//PEREZ LOPEZ ANA//MOVIL", PERSON, {"prefijo"}),
    (18, b"[EXTERNO] RE[2]: 1710034065//PEREZ LOPEZ ANA//MOVIL", PERSON, {"prefijo"}),
    (19, b"=?utf-8?B?MTcxMDAzNDA2Ne+8j++8j1BFUkVaIExPUEVaIEFOQe+8j++8j01PVklM?=", PERSON, set()),
    (20, b"=?utf-8?B?MTcxMDAzNDA2NeKIleKIlVBFUkVaIExPUEVaIEFOQeKBhOKBhE1PVklM?=", PERSON, set()),
    (21, b"=?utf-8?B?MTcxMDAzNDA2NeKrvVBFUkVaIExPUEVaIEFOQeKrvU1PVklM?=", PERSON, set()),
    (22, b"=?utf-8?B?MTcxMDAzNDA2NcKgLy/CoFBFUkVa4oCLIExPUEVaIEFOQS8vTU9WSUzvu78=?=", PERSON, set()),
    (23, b"1710034065///PEREZ LOPEZ ANA//MOVIL", PERSON, {"barras_de_mas"}),
    (24, b"171003406-5//PEREZ LOPEZ ANA//MOVIL", PERSON, {"separadores"}),
    (25, b"17100\r\n 34065//PEREZ LOPEZ ANA//MOVIL", PERSON, {"separadores"}),
    (26, b"CEDULA: 1710034065//PEREZ LOPEZ ANA//MOVIL", PERSON, {"etiqueta"}),
    (27, b'"1710034065//PEREZ LOPEZ ANA//MOVIL"', PERSON, {"comillas"}),
    (29, b"1710034065/PEREZ LOPEZ ANA/MOVIL", PERSON, {"barra_simple"}),
    (30, rb"1710034065\\PEREZ LOPEZ ANA\\MOVIL", PERSON, {"otro_separador"}),
    (32, b"1710034065//PEREZ LOPEZ ANA//MOVIL//QUITO", PERSON, {"cuarto_campo"}),
    (33, b"PEREZ LOPEZ ANA//1710034065//MOVIL", PERSON, {"otro_orden"}),
    (43, b"1710034065//PEREZ//MOVIL", "PEREZ", {"nombre_de_una_palabra"}),
    (44, b"1710034065//PEREZ L0PEZ ANA//MOVIL", PERSON, {"digitos_en_nombre"}),
    (46, b"=?utf-8?B?MTcxMDAzNDA277yVLy9QRVJFWiBMT1BFWiBBTkEvL01PVklM?=", PERSON, set()),
]


@pytest.mark.parametrize(("case", "wire", "name", "repairs"), CLAIMS, ids=[str(case) for case, *_ in CLAIMS])
def test_a_wire_form_that_says_who_and_what_is_a_claim(case: int, wire: bytes, name: str, repairs: set[str]) -> None:
    subject = read_subject(wired(wire), BOOK)
    assert isinstance(subject, Claim), case
    assert subject.id_number.value == "1710034065"
    assert subject.id_number.check is IdCheck.OK
    assert (subject.name, subject.lines) == (name, MOVIL)
    assert {repair.name for repair in subject.repairs} == repairs


# number, wire form, the number as typed, repairs: other values than the usual one
NUMBERS: list[tuple[int, bytes, str, set[str]]] = [
    (37, b"710034065//PEREZ LOPEZ ANA//MOVIL", "710034065", {"cero_inicial"}),
    (38, b"926687856//PEREZ LOPEZ ANA//MOVIL", "926687856", {"cero_inicial"}),
    (39, b"1710034066//PEREZ LOPEZ ANA//MOVIL", "1710034066", set()),
    (40, b"9910034065//PEREZ LOPEZ ANA//MOVIL", "9910034065", set()),
    (41, b"1710034065001//PEREZ LOPEZ ANA//MOVIL", "1710034065001", {"ruc"}),
]


@pytest.mark.parametrize(("case", "wire", "value", "repairs"), NUMBERS, ids=[str(case) for case, *_ in NUMBERS])
def test_the_case_list_judges_a_number_so_none_is_refused_here(
    case: int, wire: bytes, value: str, repairs: set[str]
) -> None:
    subject = read_subject(wired(wire), BOOK)
    assert isinstance(subject, Claim), case
    assert subject.id_number.value == value
    assert {repair.name for repair in subject.repairs} == repairs


def test_28_a_single_slash_inside_a_line_separates_nothing() -> None:
    subject = read_subject(wired(b"1710034065//PEREZ LOPEZ ANA//TV/INTERNET"), BOOK)
    assert isinstance(subject, Claim)
    assert subject.lines == {Line.TELEVISION, Line.INTERNET_FIJO}
    assert subject.repairs == ()


FAULTS: list[tuple[int, bytes, ReasonCode, SubjectField, str]] = [
    (31, b"1710034065//PEREZ LOPEZ ANA", ReasonCode.ASUNTO_FORMATO, LIN, ""),
    (
        34,
        b"CEDULA//APELLIDOS Y NOMBRES//LINEA DE NEGOCIO",
        ReasonCode.ASUNTO_EJEMPLO_COPIADO,
        ALL,
        "CEDULA//APELLIDOS Y NOMBRES//LINEA DE NEGOCIO",
    ),
    (35, b"CEDULA//PEREZ LOPEZ ANA//MOVIL", ReasonCode.ASUNTO_FORMATO, CED, "CEDULA"),
    (36, b"//PEREZ LOPEZ ANA//MOVIL", ReasonCode.ASUNTO_FORMATO, CED, ""),
    (42, b"1710034065////MOVIL", ReasonCode.ASUNTO_FORMATO, NOM, ""),
    (45, b"1710034065//PEREZ LOPEZ ANA//AGUA POTABLE", ReasonCode.LINEA_NO_RECONOCIDA, LIN, "AGUA POTABLE"),
    (
        47,
        b"=?utf-8?B?2aHZp9mh2aDZoNmj2aTZoNmm2aUvL1BFUkVaIExPUEVaIEFOQS8vTU9WSUw=?=",
        ReasonCode.ASUNTO_FORMATO,
        CED,
        "١٧١٠٠٣٤٠٦٥",
    ),
    (
        48,
        b"1710034065//PEREZ LOPEZ ANA//MOVIL \r\nSubject: 0926687856//OTRA PERSONA MAS//FIJO",
        ReasonCode.ASUNTO_FORMATO,
        ALL,
        "1710034065//PEREZ LOPEZ ANA//MOVIL | 0926687856//OTRA PERSONA MAS//FIJO",
    ),
    (49, b"\r\nX-Nothing: 1", ReasonCode.ASUNTO_FORMATO, ALL, ""),
    (50, b"", ReasonCode.ASUNTO_FORMATO, ALL, ""),
    (51, b"RV:", ReasonCode.ASUNTO_FORMATO, ALL, ""),
]


@pytest.mark.parametrize(("case", "wire", "code", "at", "found"), FAULTS, ids=[str(case) for case, *_ in FAULTS])
def test_a_faulty_wire_form_is_pointed_at_by_position(
    case: int, wire: bytes, code: ReasonCode, at: SubjectField, found: str
) -> None:
    subject = read_subject(wired(wire), BOOK)
    assert isinstance(subject, SubjectFault), case
    assert (subject.code, subject.at, subject.found) == (code, at, found)
    assert subject.expected


def test_49_a_mail_without_a_subject_header_is_a_fault_of_the_whole() -> None:
    raw = b"From: ana@example.com\r\nMessage-ID: <1@example.com>\r\n\r\nhola\r\n"
    mail = understand(raw, our_addresses=frozenset())
    assert mail.subjects == ()
    subject = read_subject(mail.subjects, BOOK)
    assert isinstance(subject, SubjectFault)
    assert subject.at is ALL


VALID_WIRE = b"1710034065//PEREZ LOPEZ ANA//MOVIL"


@pytest.mark.parametrize(
    ("case", "subject", "headers"),
    [
        (52, b"=?utf-8?B?UmVzcHVlc3RhIGF1dG9tw6F0aWNhOiAxNzEwMDM0MDY1Ly9QRVJFWiBMT1BFWiBBTkEvL01PVklM?=", b""),
        (
            53,
            b"=?utf-8?B?QXV0b21hdGljIHJlcGx5OiBFdmlkZW5jaWEgcmVjaWJpZGEgMTcxMDAzNDA2NQ==?=",
            b"Auto-Submitted: auto-replied\r\n",
        ),
        (54, b"Undelivered Mail Returned to Sender", b"Return-Path: <>\r\nContent-Type: multipart/report\r\n"),
        (
            55,
            b"=?utf-8?B?TGXDrWRvOiAxNzEwMDM0MDY1Ly9QRVJFWiBMT1BFWiBBTkEvL01PVklM?=",
            b"Content-Type: multipart/report; report-type=disposition-notification\r\n",
        ),
        (56, VALID_WIRE, b"Auto-Submitted: auto-replied\r\n"),
    ],
)
def test_a_machine_that_quotes_our_subject_is_known_as_one(case: int, subject: bytes, headers: bytes) -> None:
    raw = b"From: ana@example.com\r\nSubject: " + subject + b"\r\n" + headers + b"\r\nestoy fuera\r\n"
    assert understand(raw, our_addresses=frozenset()).automatic is not None, case


# ── our own ──────────────────────────────────────────────────────────────────────────────────────

ID = "1700000019"
TV, NET, TEL, PACK = Line.TELEVISION, Line.INTERNET_FIJO, Line.TELEFONIA_FIJA, Line.PAQUETE

# subject, lines, repairs: all say PEREZ LOPEZ ANA, 1700000019
MORE_CLAIMS: list[tuple[str, set[Line], set[str]]] = [
    ("1700000019//PEREZ LOPEZ ANA//TELEVISIÓN", {TV}, set()),
    ("1700000019//PEREZ LOPEZ ANA//T.V.", {TV}, set()),
    ("1700000019//PEREZ LOPEZ ANA//CNT TV", {TV}, set()),
    ("1700000019//PEREZ LOPEZ ANA//televicion", {TV}, set()),
    ("1700000019//PEREZ LOPEZ ANA//AUDIO Y VIDEO", {TV}, set()),
    ("1700000019//PEREZ LOPEZ ANA//decodificador", {TV}, set()),
    ("1700000019//PEREZ LOPEZ ANA//INTERNET FIJO", {NET}, set()),
    ("1700000019//PEREZ LOPEZ ANA//FIJO INTERNET", {NET}, set()),
    ("1700000019//PEREZ LOPEZ ANA//SERVICIO DE INTERNET FIJO", {NET}, set()),
    ("1700000019//PEREZ LOPEZ ANA//Fast Boy", {NET}, set()),
    ("1700000019//PEREZ LOPEZ ANA//FIBRA ÓPTICA", {NET}, set()),
    ("1700000019//PEREZ LOPEZ ANA//Wi-Fi", {NET}, set()),
    ("1700000019//PEREZ LOPEZ ANA//TELEFONÍA FIJA", {TEL}, set()),
    ("1700000019//PEREZ LOPEZ ANA//TELÉFONO CONVENCIONAL", {TEL}, set()),
    ("1700000019//PEREZ LOPEZ ANA//PLAN DUAL", {TEL}, set()),
    ("1700000019//PEREZ LOPEZ ANA//BANDA ANCHA MOVIL", {Line.MOVIL}, set()),
    ("1700000019//PEREZ LOPEZ ANA//BANDA ANCHA", {NET}, set()),
    ("1700000019//PEREZ LOPEZ ANA//TELEFONO CELULAR", {Line.MOVIL}, set()),
    ("1700000019//PEREZ LOPEZ ANA//ENLACE DE DATOS", {Line.DATOS_CORPORATIVOS}, set()),
    ("1700000019//PEREZ LOPEZ ANA//TRIPLE PACK", {PACK}, set()),
    ("1700000019//PEREZ LOPEZ ANA//INTERNET Y TV", {NET, TV}, set()),
    ("1700000019//PEREZ LOPEZ ANA//TV + NET", {NET, TV}, set()),
    ("1700000019//PEREZ LOPEZ ANA//TELEFONIA, INTERNET", {NET, TEL}, set()),
    ("1700000019//PEREZ LOPEZ ANA//INTERNET Y FIJO", {NET, TEL}, set()),
    ("1700000019//PEREZ LOPEZ ANA//TELEFONO Y FIJO", {TEL}, set()),
    ("1700000019//PEREZ LOPEZ ANA//TELEVISON", {TV}, {"linea_con_error"}),
    ("1700000019//PEREZ LOPEZ ANA//INTRENET", {NET}, {"linea_con_error"}),
    ("1700000019//PEREZ LOPEZ ANA//INTERNET QUITO NORTE", {NET}, {"texto_de_mas"}),
    ("1700000019//PEREZ LOPEZ ANA//INTERNET//", {NET}, set()),
    ("1700000019//PEREZ LOPEZ ANA//INTERNET//TELEVISION", {NET, TV}, {"cuarto_campo"}),
    ("1700000019//PEREZ LOPEZ ANA//TELEFONIA FIJA//022345678", {TEL}, {"numero_de_servicio"}),
    ("1700000019//PEREZ LOPEZ ANA//INTERNET 12345", {NET}, {"numero_de_servicio"}),
    ("1700000019 / PEREZ LOPEZ ANA / TV/INTERNET", {NET, TV}, {"barra_simple"}),
    ("1700000019/PEREZ LOPEZ ANA//TV", {TV}, {"barra_simple"}),
    ("1700000019//PEREZ LOPEZ ANA/TV", {TV}, {"barra_simple"}),
    ("1700000019/ /PEREZ LOPEZ ANA/ /TV", {TV}, set()),
    ("1700000019////PEREZ LOPEZ ANA////TV", {TV}, {"barras_de_mas"}),
    (r"1700000019\PEREZ LOPEZ ANA\TV", {TV}, {"otro_separador"}),
    ("1700000019|PEREZ LOPEZ ANA|TV", {TV}, {"otro_separador"}),
    ("1700000019; PEREZ LOPEZ ANA; TV", {TV}, {"otro_separador"}),
    ("1700000019, PEREZ LOPEZ ANA, TV", {TV}, {"otro_separador"}),
    ("170000001-9 - PEREZ LOPEZ ANA - TV", {TV}, {"otro_separador", "separadores"}),
    ("1700000019_PEREZ LOPEZ ANA_TV", {TV}, {"otro_separador"}),
    ("1700000019 PEREZ LOPEZ ANA TV", {TV}, {"sin_separador"}),
    ("C.I. 1700000019 PEREZ LOPEZ ANA INTERNET FIJO", {NET}, {"sin_separador", "etiqueta"}),
    ("TV//PEREZ LOPEZ ANA//1700000019", {TV}, {"otro_orden"}),
    ("1700000019//TV//PEREZ LOPEZ ANA", {TV}, {"otro_orden"}),
    ("PEREZ LOPEZ ANA/1700000019/TV", {TV}, {"barra_simple", "otro_orden"}),
    ("ACTA DE ENTREGA 1700000019//PEREZ LOPEZ ANA//TV", {TV}, {"texto_de_mas"}),
    ("1700000019//NOMBRES: PEREZ LOPEZ ANA//TV", {TV}, {"etiqueta"}),
    ("1700000019//PEREZ LOPEZ ANA 0991234567//TV", {TV}, {"digitos_en_nombre"}),
    ("Asunto: 1700000019//PEREZ LOPEZ ANA//TV", {TV}, {"prefijo"}),
    ("***SPAM*** 1700000019//PEREZ LOPEZ ANA//TV", {TV}, {"prefijo"}),
    ("{Spam?} RV: 1700000019//PEREZ LOPEZ ANA//TV", {TV}, {"prefijo"}),
    ("Fwd: «1700000019//PEREZ LOPEZ ANA//TV»", {TV}, {"prefijo", "comillas"}),
    ("ENC: RES: 1700000019//PEREZ LOPEZ ANA//TV", {TV}, {"prefijo"}),
    ("Re: 1700000019//PEREZ LOPEZ ANA//TV (recibo EV-0000017-5)", {TV}, {"prefijo"}),
    ("C.I.1700000019//PEREZ LOPEZ ANA//TV", {TV}, {"etiqueta"}),
    ("CEDULA 170.000.001-9//PEREZ LOPEZ ANA//TV", {TV}, {"etiqueta", "separadores"}),
    ("1700000019.0//PEREZ LOPEZ ANA//TV", {TV}, {"cola_decimal"}),
    ("1700000019//  perez   lópez  ana.//tv", {TV}, set()),
]


@pytest.mark.parametrize(("text", "lines", "repairs"), MORE_CLAIMS)
def test_what_people_really_type_is_understood_and_each_guess_is_named(
    text: str, lines: set[Line], repairs: set[str]
) -> None:
    subject = read_subject((text,), BOOK)
    assert isinstance(subject, Claim), subject
    assert subject.id_number.value == ID
    assert subject.name.replace("Ó", "O") == PERSON
    assert subject.lines == lines
    assert {repair.name for repair in subject.repairs} == repairs


MORE_FAULTS: list[tuple[str, ReasonCode, SubjectField]] = [
    ("Acta de entrega", ReasonCode.ASUNTO_FORMATO, ALL),
    ("1700000019", ReasonCode.ASUNTO_FORMATO, ALL),
    ("1700000019 PEREZ LOPEZ ANA", ReasonCode.ASUNTO_FORMATO, ALL),
    ("1700000019//TELEVISION", ReasonCode.ASUNTO_FORMATO, NOM),
    ("1700000019//APELLIDOS Y NOMBRES//TV", ReasonCode.ASUNTO_FORMATO, NOM),
    ("1700000019//12345//TV", ReasonCode.ASUNTO_FORMATO, NOM),
    ("1700000019//PEREZ LOPEZ ANA//LINEA DE NEGOCIO", ReasonCode.LINEA_NO_RECONOCIDA, LIN),
    ("1700000019//PEREZ LOPEZ ANA//SERVICIO", ReasonCode.LINEA_NO_RECONOCIDA, LIN),
    ("1700000019//PEREZ LOPEZ ANA//", ReasonCode.ASUNTO_FORMATO, LIN),
    ("17000000//PEREZ LOPEZ ANA//TV", ReasonCode.CEDULA_INCOMPLETA, CED),
    ("17000000191//PEREZ LOPEZ ANA//TV", ReasonCode.CEDULA_INCOMPLETA, CED),
    ("022345678//PEREZ LOPEZ ANA//TV", ReasonCode.CEDULA_INCOMPLETA, CED),
    ("1716568499//GOYES BALSECA JUAN CARLOS//TELEVISIÓN", ReasonCode.ASUNTO_EJEMPLO_COPIADO, ALL),
    ("RV: 1716568499 // goyes balseca juan carlos // tv", ReasonCode.ASUNTO_EJEMPLO_COPIADO, ALL),
    ("Fwd: cedula // apellidos y nombres // línea de negocio", ReasonCode.ASUNTO_EJEMPLO_COPIADO, ALL),
]


@pytest.mark.parametrize(("text", "code", "at"), MORE_FAULTS)
def test_what_cannot_be_taken_is_named_and_pointed_at(text: str, code: ReasonCode, at: SubjectField) -> None:
    subject = read_subject((text,), BOOK)
    assert isinstance(subject, SubjectFault), subject
    assert (subject.code, subject.at) == (code, at)


def test_the_tables_hold_at_least_the_promised_number_of_own_cases() -> None:
    assert len(MORE_CLAIMS) + len(MORE_FAULTS) >= 60
    numbers = [case for case, *_ in CLAIMS] + [case for case, *_ in NUMBERS] + [case for case, *_ in FAULTS]
    assert sorted([*numbers, 28, 52, 53, 54, 55, 56]) == list(range(1, 57))


def test_a_fault_keeps_what_was_understood_for_the_search() -> None:
    subject = read_subject(("1700000019//PEREZ LOPEZ ANA//AGUA",), BOOK)
    assert isinstance(subject, SubjectFault)
    assert subject.id_number is not None
    assert (subject.id_number.value, subject.name) == (ID, PERSON)
    lone = read_subject(("mi acta, cédula 1700000019 gracias",), BOOK)
    assert lone.id_number is not None
    assert lone.id_number.value == ID


def test_the_number_of_the_example_with_another_name_is_a_claim() -> None:
    assert isinstance(read_subject(("1716568499//PEREZ LOPEZ ANA//TV",), BOOK), Claim)


def test_a_telephone_in_the_place_of_the_number_is_called_one() -> None:
    subject = read_subject(("022345678//PEREZ LOPEZ ANA//TV",), BOOK)
    assert isinstance(subject, SubjectFault)
    assert "teléfono" in subject.expected


def test_fijo_alone_is_ambiguous_and_names_both() -> None:
    subject = read_subject(("1700000019//PEREZ LOPEZ ANA//FIJO",), BOOK)
    assert isinstance(subject, Claim)
    assert subject.ambiguous_line
    assert subject.lines == {NET, TEL}


def test_a_passport_is_taken_as_it_is() -> None:
    subject = read_subject(("AB123456//SMITH JOHN//INTERNET",), BOOK)
    assert isinstance(subject, Claim)
    assert subject.id_number.value == "AB123456"


def test_two_equal_subject_headers_are_one() -> None:
    text = "1700000019//PEREZ LOPEZ ANA//TV"
    assert isinstance(read_subject((text, f" {text} "), BOOK), Claim)


def test_a_service_number_beside_the_line_is_kept() -> None:
    for text in ("1700000019//PEREZ LOPEZ ANA//TV//12345", "1700000019//PEREZ LOPEZ ANA//TV 12345"):
        subject = read_subject((text,), BOOK)
        assert isinstance(subject, Claim)
        assert subject.service_number == "12345"


def test_the_policy_of_the_book_decides_what_may_be_guessed() -> None:
    strict = BOOK.model_copy(update={"repairs": dict.fromkeys(SubjectRepair, Policy.ASK)})
    for text, at in [
        ("1700000019/PEREZ LOPEZ ANA/TV", ALL),
        ("900000027//PEREZ LOPEZ ANA//TV", CED),
        ("1700000019//PEREZ//TV", NOM),
        ("1700000019//PEREZ LOPEZ ANA//TELEVISON", LIN),
    ]:
        assert isinstance(read_subject((text,), BOOK), Claim)
        subject = read_subject((text,), strict)
        assert isinstance(subject, SubjectFault)
        assert subject.at is at
    loose = BOOK.model_copy(update={"repairs": dict.fromkeys(SubjectRepair, Policy.ACCEPT)})
    assert isinstance(read_subject(("1700000019//PEREZ LOPEZ ANA",), loose), Claim)


def test_a_guess_that_is_forbidden_is_no_alternative_either() -> None:
    strict = BOOK.model_copy(update={"repairs": {**BOOK.repairs, SubjectRepair.CEDULA_A_RUC: Policy.ASK}})
    subject = read_subject(("1700000019//PEREZ LOPEZ ANA//TV",), strict)
    assert isinstance(subject, Claim)
    assert subject.id_number.alternatives == ()


def test_repairs_that_need_confirmation_are_told_from_harmless_ones() -> None:
    harmless = read_subject(("RV: 170000001-9//PEREZ LOPEZ ANA//TV",), BOOK)
    guessed = read_subject(("RV: 1700000019/PEREZ LOPEZ ANA/TV",), BOOK)
    assert not BOOK.needs_confirmation(harmless.repairs)
    assert BOOK.needs_confirmation(guessed.repairs)


def test_the_examples_in_the_book_come_out_as_they_say() -> None:
    assert len(BOOK.examples) >= 8
    assert failed_examples(BOOK) == []


def test_an_example_that_is_wrong_is_told_with_what_came_out() -> None:
    wrong = BOOK.examples[0].model_copy(update={"gives": ReasonCode.ASUNTO_FORMATO})
    failures = failed_examples(BOOK.model_copy(update={"examples": (wrong,)}))
    assert len(failures) == 1
    assert "claim" in failures[0]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (('ruc = "accept"  ', 'ruc = "perhaps"  '), "ruc"),
        (("largo_inusual", "# largo_inusual"), "without a policy"),
        (('"TELEVISION", "TELEVICION"', '"TELEVISION", "INTERNET"'), "stands under"),
        (('"TELEVISION", "TELEVICION"', '"TELEVISION", "televisión"'), "capitals"),
        (("[lines]", "[lineas]"), "lineas"),
    ],
)
def test_a_faulty_subject_book_is_refused_with_a_reason(change: tuple[str, str], word: str) -> None:
    text = (RULES / "subject.toml").read_text(encoding="utf-8")
    assert change[0] in text
    with pytest.raises(BadRules) as refused:
        parse({"subject.toml": text.replace(*change, 1)})
    assert any("subject.toml:" in fault and word in fault for fault in refused.value.faults)


def test_a_text_names_its_lines() -> None:
    assert read_lines("Internet fijo y televisión", BOOK) == {NET, TV}
    assert read_lines("otra cosa", BOOK) == frozenset()


@given(st.text(max_size=300))
def test_any_subject_is_a_claim_or_a_fault_and_never_an_error(text: str) -> None:
    subject = read_subject((text,), BOOK)
    assert isinstance(subject, Claim | SubjectFault)


@given(
    st.lists(
        st.sampled_from(["//", "/", " ", "1700000019", "ANA", "PEREZ", "TV", "FIJO", "-", "9", "RV:", "|", "."]),
        max_size=14,
    )
)
def test_any_mix_of_the_right_pieces_never_invents_a_number(pieces: list[str]) -> None:
    text = "".join(pieces)
    subject = read_subject((text,), BOOK)
    if subject.id_number is not None:
        kept = [c for c in text if c.isdigit()]
        assert all(c in kept for c in subject.id_number.value if c.isdigit())
