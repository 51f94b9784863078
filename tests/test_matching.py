"""Matching: by what cases are searched, and which of those found is meant."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from dossier import (
    CEDULA,
    DECO,
    OTHER_CEDULA,
    SERIAL,
    acta,
    book,
    case,
    claim,
    email,
    evidence,
    field,
    item,
    line,
    looked_up,
    number,
    without_attachment,
)

from evidence_daemon.canonical import service_key
from evidence_daemon.cases.matching import Tie, match, search_keys, tie
from evidence_daemon.model import (
    Case,
    CaseId,
    CaseState,
    Evidence,
    Line,
    ManyCases,
    Match,
    NoCase,
    OneCase,
    ReasonCode,
    SubjectFault,
    SubjectField,
)
from evidence_daemon.rulebook import Policy

TV = {"line": Line.TELEVISION, "service_number": "40020000"}
FAULT = SubjectFault("acta", ReasonCode.ASUNTO_FORMATO, SubjectField.ASUNTO, "acta", "CEDULA//…")


def tv(number: int = 2, serial: str = "ZTEEQ7C8M220870", **more: object) -> Case:
    return case(number, items=[item(number, DECO, serial, case=number)], **{**TV, **more})


def found(given: Evidence, *cases: Case) -> Match:
    outcomes = [match(given, list(order), book()) for order in itertools.permutations(looked_up(given, cases))]
    assert all(outcome == outcomes[0] for outcome in outcomes), "the outcome depends on the order of the cases"
    return outcomes[0]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("022345678", "22345678"),
        ("(02) 234-5678", "22345678"),
        ("593 2 2345678", "22345678"),
        ("+593 (0)2 2345678", "22345678"),
        ("22345678", "22345678"),
        ("40010000", "40010000"),
        ("0012345", "12345"),
        ("int-00123a", "INT00123A"),
        ("593220012345", "593220012345"),
        ("", ""),
        ("—", ""),
    ],
)
def test_a_service_number_has_one_form_in_all_spellings(text: str, key: str) -> None:
    assert service_key(text) == key
    assert service_key(service_key(text)) == service_key(text)


def test_keys_come_most_trusted_first_and_once() -> None:
    paper = acta(
        line(serial="hwtc-3F321126", mac="02:8b:2c:f8:8d:9a"), id_number=OTHER_CEDULA, service_number="0040010000"
    )
    given = evidence(paper, email=email(labelled_ids=(CEDULA, "2400000044")), subject=claim(service_number="40010000"))
    keys = search_keys(given)
    assert keys.id_numbers[:2] == (CEDULA, CEDULA + "001")
    assert keys.id_numbers.index(OTHER_CEDULA) < keys.id_numbers.index("2400000044")
    assert len(set(keys.id_numbers)) == len(keys.id_numbers)
    assert keys.service_numbers == ("40010000",)
    assert keys.serials == ("485754433F321126", "028B2CF88D9A")


def test_the_exact_number_finds_the_case_without_any_guess() -> None:
    outcome = found(evidence(), case(), tv(9, id_number=OTHER_CEDULA))
    assert isinstance(outcome, OneCase)
    assert (outcome.case.id, outcome.repaired, outcome.rivals, outcome.strangers) == (1, (), (), ())
    assert outcome.because == ("por el número del asunto", "por la línea de negocio del asunto")


def test_a_number_in_the_case_list_is_right_whatever_its_check_digit_says() -> None:
    outcome = found(evidence(subject=claim("1716568499")), case(id_number="1716568499"))
    assert isinstance(outcome, OneCase) and outcome.repaired == ()


@pytest.mark.parametrize(
    ("typed", "held", "repair"),
    [
        ("900000027", "0900000027", "cero_inicial"),
        ("17000000I9", CEDULA, "letras_por_digitos"),
    ],
)
def test_a_guess_that_found_the_case_is_named(typed: str, held: str, repair: str) -> None:
    outcome = found(without_attachment(subject=claim(typed)), case(id_number=held))
    assert isinstance(outcome, OneCase)
    assert [guess.name for guess in outcome.repaired] == [repair]


def test_a_ruc_of_the_person_is_the_person() -> None:
    outcome = found(without_attachment(subject=claim(CEDULA + "001")), case())
    assert isinstance(outcome, OneCase) and outcome.case.id == 1


def test_without_a_number_in_the_subject_the_papers_find_the_case_by_a_guess_that_is_named() -> None:
    outcome = found(evidence(subject=FAULT), case())
    assert isinstance(outcome, OneCase)
    assert [guess.name for guess in outcome.repaired] == ["numero_del_acta"]


def test_the_papers_do_not_outvote_a_number_of_the_subject_that_has_a_case() -> None:
    mine, theirs = (
        case(),
        case(2, id_number=OTHER_CEDULA, items=[item(2, serial="ZTEGC3BA5A72", case=2)], service_number="5"),
    )
    paper = acta(line(serial="ZTEGC3BA5A72"), id_number=OTHER_CEDULA, service_number="5")
    outcome = found(evidence(paper), mine, theirs)
    assert isinstance(outcome, OneCase) and outcome.case.id == 1
    assert [stranger.id for stranger in outcome.strangers] == [2]


def test_a_labelled_number_in_the_text_is_the_last_number_to_be_tried() -> None:
    outcome = found(without_attachment(subject=FAULT, mail={"labelled_ids": (CEDULA,)}), case())
    assert isinstance(outcome, OneCase)
    assert [guess.name for guess in outcome.repaired] == ["numero_del_correo"]


def test_equipment_alone_only_points_at_a_case() -> None:
    outcome = found(evidence(acta(id_number=None, service_number=None), subject=FAULT), case())
    assert isinstance(outcome, OneCase)
    assert [guess.name for guess in outcome.repaired] == ["por_equipo_o_servicio"]


def test_the_name_never_selects_a_case() -> None:
    given = without_attachment(subject=claim(OTHER_CEDULA))
    assert isinstance(match(given, [case()], book()), NoCase)


def test_nobody_is_found_by_nothing() -> None:
    outcome = found(without_attachment(subject=FAULT), case())
    assert isinstance(outcome, NoCase) and outcome.because


def test_two_holders_on_the_papers_are_left_to_a_person() -> None:
    papers = (
        acta(),
        acta(id_number=OTHER_CEDULA, number="AE-2", service_number="9", equipment=(line(serial="X1Y2Z3W4"),)),
    )
    outcome = found(evidence(*papers, subject=FAULT), case(), case(2, id_number=OTHER_CEDULA, service_number="9"))
    assert isinstance(outcome, ManyCases) and not outcome.all_meant


def test_the_line_chooses_among_the_services_of_one_holder() -> None:
    outcome = found(without_attachment(subject=claim(CEDULA, "X", Line.TELEVISION)), case(), tv())
    assert isinstance(outcome, OneCase) and outcome.case.id == 2
    assert [rival.id for rival in outcome.rivals] == [1]


def test_several_lines_mean_one_case_each() -> None:
    outcome = found(without_attachment(subject=claim(CEDULA, "X", Line.TELEVISION, Line.INTERNET_FIJO)), case(), tv())
    assert isinstance(outcome, ManyCases) and outcome.all_meant
    assert {one.id for one in outcome.cases} == {1, 2}


def test_a_package_means_what_the_customer_really_has_and_still_owes() -> None:
    package = without_attachment(subject=claim(CEDULA, "X", Line.PAQUETE))
    both = found(package, case(), tv())
    assert isinstance(both, ManyCases) and both.all_meant
    one = found(package, case(), tv(state=CaseState.REGULARIZADO))
    assert isinstance(one, OneCase) and one.case.id == 1


def test_fijo_is_the_only_open_line_or_the_one_on_the_acta() -> None:
    phone = case(3, items=[item(3, serial="", case=3)], line=Line.TELEFONIA_FIJA, service_number="022345678")
    fijo = claim(CEDULA, "X", Line.INTERNET_FIJO, Line.TELEFONIA_FIJA, ambiguous_line=True)
    only = found(without_attachment(subject=fijo), case(), replace(phone, state=CaseState.ACREDITADO))
    assert isinstance(only, OneCase) and only.case.id == 1
    shown = found(evidence(acta(service_number="(02) 234-5678", equipment=(line(),)), subject=fijo), case(), phone)
    assert isinstance(shown, OneCase) and shown.case.id == 3
    neither = found(without_attachment(subject=fijo), case(), phone)
    assert isinstance(neither, ManyCases) and not neither.all_meant


def test_two_services_of_one_line_are_told_apart_by_number_or_equipment_else_not_at_all() -> None:
    second = case(2, items=[item(2, serial="ZTEGC3BA5A72", case=2)], service_number="40030000")
    by_number = found(without_attachment(subject=claim(service_number="0040030000")), case(), second)
    assert isinstance(by_number, OneCase) and by_number.case.id == 2
    by_serial = found(evidence(acta(line(serial="ZTEGC3BA5A72"), service_number=None)), case(), second)
    assert isinstance(by_serial, OneCase) and by_serial.case.id == 2
    unknown = found(without_attachment(), case(), second)
    assert isinstance(unknown, ManyCases) and not unknown.all_meant


def test_what_the_acta_shows_wins_over_what_is_open_for_he_may_be_asking_again() -> None:
    settled = case(
        2, items=[item(2, serial="ZTEGC3BA5A72", case=2)], service_number="40030000", state=CaseState.ACREDITADO
    )
    outcome = found(evidence(acta(line(serial="ZTEGC3BA5A72"), service_number=None)), case(), settled)
    assert isinstance(outcome, OneCase) and outcome.case.id == 2


def test_a_line_that_the_holder_does_not_have_is_a_guess_that_is_named() -> None:
    outcome = found(without_attachment(subject=claim(CEDULA, "X", Line.TELEVISION)), case())
    assert isinstance(outcome, OneCase)
    assert [(guess.name, guess.before, guess.after) for guess in outcome.repaired] == [
        ("linea_del_caso", "TELEVISION", "INTERNET_FIJO")
    ]


def test_an_annulled_case_is_not_meant_where_there_is_another() -> None:
    outcome = found(without_attachment(), case(state=CaseState.ANULADO), case(2, service_number="40030000"))
    assert isinstance(outcome, OneCase) and outcome.case.id == 2


@pytest.mark.parametrize(
    ("paper", "wanted"),
    [
        (acta(), Tie.EQUAL),
        (acta(id_number=CEDULA + "001", service_number=None), Tie.EQUAL),
        (acta(id_number=None), Tie.EQUAL),
        (acta(id_number=None, service_number=None), Tie.SILENT),
        (acta(id_number=None, service_number="999"), Tie.SILENT),
        (acta(id_number=OTHER_CEDULA), Tie.CONTRADICTS),
        (acta(id_number=field(OTHER_CEDULA, 0.3), service_number=None), Tie.SILENT),
        (acta(id_number=field(OTHER_CEDULA, 0.3)), Tie.EQUAL),
        (acta(id_number=field(OTHER_CEDULA, 0.3, proven=True)), Tie.CONTRADICTS),
        # Of several numbers on the paper none is his; or one is.
        (acta(id_number=replace(field(OTHER_CEDULA, 0.3), rivals=("1710034065",))), Tie.SILENT),
        (acta(id_number=replace(field(OTHER_CEDULA, 0.3), rivals=("1710034065", CEDULA))), Tie.EQUAL),
    ],
)
def test_a_number_on_paper_is_equal_contradicts_or_says_nothing(paper: object, wanted: Tie) -> None:
    assert tie(paper, case(), book()) is wanted  # type: ignore[arg-type]


def test_a_guess_that_the_book_wants_asked_about_is_not_made() -> None:
    rules = book()
    strict = rules.model_copy(
        update={
            "subject": rules.subject.model_copy(update={"repairs": dict.fromkeys(rules.subject.repairs, Policy.ASK)})
        }
    )
    given = without_attachment(subject=replace(claim(), id_number=number("900000027")))
    cases = [case(id_number="0900000027", items=[item(serial=SERIAL)])]
    assert isinstance(match(given, cases, rules), OneCase)
    assert isinstance(match(given, cases, strict), NoCase)


def test_a_reply_to_our_answer_finds_the_case_of_that_answer_whatever_its_subject() -> None:
    outcome = found(without_attachment(subject=FAULT, thread=(CaseId(2),)), case(), tv())
    assert isinstance(outcome, OneCase) and outcome.case.id == 2
    assert [guess.name for guess in outcome.repaired] == ["por_el_hilo"]
    assert "por el hilo" in outcome.because[0]


def test_the_number_of_the_subject_and_what_the_acta_shows_go_before_the_thread() -> None:
    by_line = found(without_attachment(thread=(CaseId(2),)), case(), tv())
    assert isinstance(by_line, OneCase) and by_line.case.id == 1, "the subject names another line of the same holder"
    by_paper = found(evidence(acta(), subject=FAULT, thread=(CaseId(2),)), case(), tv())
    assert isinstance(by_paper, OneCase) and by_paper.case.id == 1, "the acta shows another service of the same holder"


def test_a_thread_whose_case_is_gone_finds_nothing() -> None:
    assert isinstance(found(without_attachment(subject=FAULT, thread=(CaseId(9),)), case()), NoCase)
