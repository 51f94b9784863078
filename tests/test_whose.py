"""Who is meant, from the number that somebody typed to the verdict: RUC, passports, old cards, repairs, neutral words.

`test_identity` has the spellings; here the whole road is walked.  Sources: knowledge of the field, section 1.
"""

# ruff: noqa: E501  (rows of tables)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from dossier import (
    CEDULA,
    DECO,
    HOLDER,
    OTHER_CEDULA,
    acta,
    book,
    case,
    charge,
    claim,
    evidence,
    field,
    item,
    judge,
    line,
    without_attachment,
)

from evidence_daemon.mail.compose import answer_text
from evidence_daemon.mail.subject import read_subject
from evidence_daemon.model import (
    Case,
    CaseId,
    Claim,
    Evidence,
    IdCheck,
    IdKind,
    Line,
    ReasonCode,
    Subject,
    SubjectFault,
)
from evidence_daemon.rulebook import Policy, SubjectRepair

COMPANY_RUC, PUBLIC_RUC, NATURAL_RUC = "1793213150001", "1768152560001", CEDULA + "001"
PASSPORT, OLD_CARD = "AB123456", "E0012345"
COMPANY = "COMERCIAL ANDINA DEL SUR S.A."


def read(subject: str) -> Subject:
    return read_subject((subject,), book().subject)


def sent(subject: str, **of_acta: object) -> Evidence:
    """A mail with this subject, typed as it is, and an acta."""
    return evidence(acta(**of_acta), subject=read(subject))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("typed", "held", "holder", "on_acta"),
    [
        (CEDULA, CEDULA, HOLDER, CEDULA),
        (NATURAL_RUC, NATURAL_RUC, HOLDER, NATURAL_RUC),
        (COMPANY_RUC, COMPANY_RUC, COMPANY, COMPANY_RUC),  # fails modulo 11, as active companies do
        (PUBLIC_RUC, PUBLIC_RUC, "EMPRESA PUBLICA DE PRUEBA EP", PUBLIC_RUC),
        (PASSPORT, PASSPORT, "SMITH JOHN PAUL", PASSPORT),
        ("ab-123456", PASSPORT, "SMITH JOHN PAUL", "AB 123456"),
        (OLD_CARD, OLD_CARD, "OKORO GRACE", OLD_CARD),
        ("1716568499", "1716568499", "MORA PAZ ANA LUCIA", "1716568499"),  # its check digit is wrong; it is on file
        ("2222222222", "2222222222", "MORA PAZ ANA LUCIA", "2222222222"),
        ("1790034065", "1790034065", "MORA PAZ ANA LUCIA", "1790034065"),  # third digit 9
    ],
)
def test_a_number_that_is_on_file_is_right_whatever_sort_it_is_and_its_check_says(
    typed: str, held: str, holder: str, on_acta: str
) -> None:
    given = sent(f"{typed}//{holder}//INTERNET", id_number=on_acta, holder=holder)
    judged = judge(given, [case(id_number=held, holder=holder)])
    assert (judged.verdict, judged.rule) == ("Reverse", "aceptar")


@pytest.mark.parametrize(
    ("typed", "held", "repair"),
    [
        ("900000027", OTHER_CEDULA, SubjectRepair.CERO_INICIAL),
        ("17OO0000I9", CEDULA, SubjectRepair.LETRAS_POR_DIGITOS),
        (NATURAL_RUC, CEDULA, SubjectRepair.RUC_A_CEDULA),
        (CEDULA, NATURAL_RUC, SubjectRepair.CEDULA_A_RUC),
        (CEDULA + ".0", CEDULA, SubjectRepair.COLA_DECIMAL),
    ],
)
def test_a_repaired_number_is_accepted_only_when_one_case_the_name_and_the_acta_confirm_it(
    typed: str, held: str, repair: SubjectRepair
) -> None:
    """Section 1.5, rule 4."""
    assert book().subject.repairs[repair] is Policy.ACCEPT_IF_CONFIRMED
    mine = case(id_number=held)
    good = sent(f"{typed}//{HOLDER}//INTERNET", id_number=held)
    judged = judge(good, [mine])
    assert judged.verdict == "Reverse"
    assert isinstance(good.subject, Claim)
    named = {*(r.name for r in judged.found.repaired), *(r.name for r in good.subject.id_number.repairs)}  # type: ignore[union-attr]
    assert repair in named
    by_serial = sent(f"{typed}//{HOLDER}//INTERNET", id_number=None)
    assert judge(by_serial, [mine]).verdict == "Reverse", "a serial of the case confirms as well as the number"
    for spoilt, on_file in (
        (sent(f"{typed}//GOYES JUAN//INTERNET", id_number=held), [mine]),  # the name only in part
        (sent(f"{typed}//GOYES BALSECA LUIS//INTERNET", id_number=held), [mine]),  # a brother's
        (
            sent(
                f"{typed}//{HOLDER}//INTERNET",
                id_number=None,
                service_number=None,
                equipment=(line(serial="QQ11WW22"),),
            ),
            [mine],
        ),
    ):
        assert judge(spoilt, on_file).settlement.entries == ()
    twin = replace(mine, id=CaseId(2), service_number="40099", items=(), charges=())
    silent = sent(f"{typed}//{HOLDER}//INTERNET", id_number=held, service_number=None, equipment=(line(),))
    assert judge(silent, [mine, twin]).settlement.entries == (), "two cases, and nothing tells which"


def test_a_repair_that_the_book_wants_asked_is_not_made() -> None:
    subject = book().subject
    strict = book().model_copy(
        update={
            "subject": subject.model_copy(
                update={"repairs": {**subject.repairs, SubjectRepair.CERO_INICIAL: Policy.ASK}}
            )
        }
    )
    typed = read_subject((f"900000027//{HOLDER}//INTERNET",), strict.subject)
    assert isinstance(typed, SubjectFault)
    assert typed.code is ReasonCode.CEDULA_INCOMPLETA


@pytest.mark.parametrize(
    ("typed", "kind", "reason"),
    [
        ("1700000018", IdKind.CEDULA, "CEDULA_INVALIDA"),
        ("900000028", IdKind.CEDULA, "CEDULA_INCOMPLETA"),
    ],
)
def test_the_check_explains_a_miss(typed: str, kind: IdKind, reason: str) -> None:
    given = evidence(acta(id_number=None, service_number=None, date=None), subject=claim(typed))
    assert given.subject.id_number is not None
    assert given.subject.id_number.kind is kind
    assert given.subject.id_number.check is not IdCheck.OK
    judged = judge(given, [])
    assert judged.verdict == "AskMore"
    assert judged.reasons[0] == reason


def test_the_deck_s_example_copied_is_told_so_and_its_number_alone_is_a_claim() -> None:
    copied = read("1716568499//GOYES BALSECA JUAN CARLOS//TELEVISIÓN")
    assert isinstance(copied, SubjectFault)
    assert copied.code is ReasonCode.ASUNTO_EJEMPLO_COPIADO
    judged = judge(evidence(subject=copied), [case(id_number="1716568499")])
    assert (judged.verdict, judged.reasons[0]) == ("AskMore", "ASUNTO_EJEMPLO_COPIADO")
    assert isinstance(read("1716568499//MORA PAZ ANA LUCIA//TELEVISIÓN"), Claim)
    for spelling in (
        "RV: 1716568499 // Goyes Balseca Juan Carlos // Televisión",
        "171656849-9//GOYES BALSECA JUAN CARLOS//TV",
    ):
        fault = read(spelling)
        assert isinstance(fault, SubjectFault)
        assert fault.code is ReasonCode.ASUNTO_EJEMPLO_COPIADO


# ── neutral words ────────────────────────────────────────────────────────────────────────────────


def answer(given: Evidence, cases: Sequence[Case]) -> str:
    reply = judge(given, cases).settlement.reply
    return "" if reply is None else answer_text(reply, given, book())


@pytest.mark.parametrize("other", [OTHER_CEDULA, "1793213150001", "AB999999"])
def test_a_stranger_cannot_learn_whether_a_number_owes_anything(other: str) -> None:
    """The same words whether nobody has the number, somebody of another name, or of another line."""
    given = without_attachment(subject=claim(other, "MORA PAZ ANA LUCIA"))
    nobody = answer(given, [])
    assert nobody
    assert answer(given, [case(id_number=other)]) == nobody
    assert answer(given, [case(id_number=other, line=Line.TELEVISION)]) == nobody
    assert answer(given, [case(id_number=other, charges=[charge(base=999999, tax=0)])]) == nobody


def test_no_answer_ever_names_a_candidate_number() -> None:
    given = without_attachment(subject=claim("900000027"))
    for cases in ([], [case(id_number=OTHER_CEDULA)]):
        words = answer(given, cases)
        assert OTHER_CEDULA not in words
    wrong = evidence(acta(id_number=OTHER_CEDULA), subject=claim(CEDULA))
    assert OTHER_CEDULA not in answer(wrong, [case(), case(2, id_number=OTHER_CEDULA, service_number="4002")])


def test_the_three_neutral_reasons_read_alike() -> None:
    texts = {
        (reason.text, reason.action)
        for code, reason in book().reasons.reasons.items()
        if code in {ReasonCode.CASO_NO_ENCONTRADO, ReasonCode.NOMBRE_NO_COINCIDE, ReasonCode.LINEA_NO_COINCIDE}
    }
    assert len(texts) == 1


# ── lines and services ───────────────────────────────────────────────────────────────────────────

TV = case(2, items=[item(2, DECO, "ZTEEQ7C8M220870", case=2)], line=Line.TELEVISION, service_number="40020000", charges=[charge(2, of=2, case=2)])  # fmt: skip
PHONE = case(3, items=[item(3, case=3, serial="A1B2C3D4E5")], line=Line.TELEFONIA_FIJA, service_number="022345678", charges=[charge(3, of=3, case=3)])  # fmt: skip
BOTH_LINES = (line(serial="HWTC3F321126"), line(DECO, "ZTEEQ7C8M220870"))


@pytest.mark.parametrize("words", ["INTERNET Y TV", "TV + NET", "INTERNET/TV", "INTERNET, TELEVISION", "PACK", "COMBO"])
def test_several_lines_in_one_subject_and_packages_credit_each_case(words: str) -> None:
    given = evidence(acta(*BOTH_LINES), subject=read(f"{CEDULA}//{HOLDER}//{words}"))
    judged = judge(given, [case(), TV])
    assert judged.verdict == "Reverse"
    assert {entry.case_id for entry in judged.settlement.entries} == {1, 2}


def test_two_actas_in_one_mail_credit_a_case_each() -> None:
    papers = (acta(), acta(line(DECO, "ZTEEQ7C8M220870"), number="AE-2", service_number="40020000"))
    judged = judge(evidence(*papers, subject=read(f"{CEDULA}//{HOLDER}//INTERNET Y TV")), [case(), TV])
    assert judged.verdict == "Reverse"
    assert {entry.case_id for entry in judged.settlement.entries} == {1, 2}


def test_fijo_takes_the_only_fixed_line_there_is_and_asks_where_both_are() -> None:
    fijo = read(f"{CEDULA}//{HOLDER}//FIJO")
    alone = evidence(acta(line(serial="A1B2C3D4E5"), service_number="022345678"), subject=fijo)
    assert judge(alone, [PHONE]).verdict == "Reverse"
    assert judge(alone, [PHONE, case()]).verdict == "Reverse", "the acta shows which"
    silent = evidence(acta(line(), service_number=None), subject=fijo)
    assert judge(silent, [PHONE, case()]).rule in {"caso_ambiguo", "varios_casos"}


@pytest.mark.parametrize("spelling", ["022345678", "(02) 234-5678", "593 2 2345678", "2345678", "22345678"])
def test_a_telephone_line_is_known_in_the_spellings_of_its_number(spelling: str) -> None:
    given = evidence(
        acta(line(serial="A1B2C3D4E5"), id_number=None, service_number=field(spelling)),
        subject=read(f"{CEDULA}//{HOLDER}//TELEFONIA"),
    )
    wanted = "Hold" if spelling == "2345678" else "Reverse"  # without its area code it is another line's
    assert judge(given, [PHONE]).verdict == wanted


def test_movil_is_answered_as_out_of_this_campaign() -> None:
    judged = judge(without_attachment(subject=read(f"{CEDULA}//{HOLDER}//BANDA ANCHA MOVIL")), [])
    assert "SERVICIO_FUERA_DE_CAMPANA" in judged.reasons
