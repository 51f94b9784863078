"""Identity numbers in every spelling: the exact value first, guesses only as named alternatives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence_daemon.cases.identity import check_digit, read_id, same_id
from evidence_daemon.model import IdCheck, IdKind

# Synthetic numbers with very low sequences; the RUCs of bodies are public ones.
VALID = ["1700000019", "0900000027", "0100000033", "2400000044", "3000000053", "0960000065"]


@pytest.mark.parametrize("cedula", VALID)
def test_a_valid_cedula_is_read_as_it_stands(cedula: str) -> None:
    number = read_id(cedula)
    assert number is not None
    assert (number.value, number.kind, number.check, number.repairs) == (cedula, IdKind.CEDULA, IdCheck.OK, ())


@pytest.mark.parametrize(
    ("typed", "repairs"),
    [
        ("170000001-9", ["separadores"]),
        ("170.000.001-9", ["separadores"]),
        ("170 000 0019", ["separadores"]),
        ("170000001–9", ["separadores"]),
        ("170000001_9", ["separadores"]),
        ("1700000019.", ["separadores"]),
        ("CEDULA: 1700000019", ["etiqueta"]),
        ("cédula 1700000019", ["etiqueta"]),
        ("Cédula de identidad N° 1700000019", ["etiqueta"]),
        ("C.I. 1700000019", ["etiqueta"]),
        ("CI1700000019", ["etiqueta"]),
        ("C.C. No. 1700000019", ["etiqueta"]),
        ("Mi número de cédula es 1700000019", ["etiqueta"]),
        ("Nº 1700000019", ["etiqueta"]),
        ("cedula/ruc 170000001-9", ["etiqueta", "separadores"]),
        ("１７００００００１９", []),
        ("17\u200b00000019", []),
    ],
)
def test_labels_and_separators_are_taken_off_and_named(typed: str, repairs: list[str]) -> None:
    number = read_id(typed)
    assert number is not None
    assert number.value == "1700000019"
    assert [repair.name for repair in number.repairs] == repairs


def test_nine_digits_keep_their_value_and_get_the_lost_zero_as_an_alternative() -> None:
    number = read_id("900000027")
    assert number is not None
    assert (number.value, number.kind, number.check) == ("900000027", IdKind.CEDULA, IdCheck.MAL_FORMADO)
    assert number.alternatives[0][0] == "0900000027"
    assert number.alternatives[0][1].name == "cero_inicial"


def test_a_spreadsheet_tail_is_dropped_and_never_joined_to_the_digits() -> None:
    number = read_id("1700000019.0")
    assert number is not None
    assert number.value == "1700000019"
    assert [repair.name for repair in number.repairs] == ["cola_decimal"]
    lost = read_id("900000027.0")
    assert lost is not None
    assert lost.value == "900000027"
    assert {form: repair.name for form, repair in lost.alternatives}["0900000027"] == "cero_inicial"


def test_nine_digits_with_a_tail_could_be_two_people_so_both_are_only_guesses() -> None:
    number = read_id("170000001.0")
    assert number is not None
    assert number.value == "170000001"
    assert {"0170000001", "1700000010"} <= {form for form, _ in number.alternatives}


@pytest.mark.parametrize("typed", ["17OOOOOO19", "I700000019", "l700000019"])
def test_letters_for_digits_are_an_alternative_and_never_the_value(typed: str) -> None:
    number = read_id(typed if typed != "17OOOOOO19" else "17OOO00019")
    assert number is not None
    assert number.value != "1700000019"
    assert number.check is IdCheck.MAL_FORMADO
    assert number.alternatives[0][0] == "1700000019"
    assert number.alternatives[0][1].name == "letras_por_digitos"


def test_more_than_three_letters_are_no_slip() -> None:
    number = read_id("17OOOOOO19")
    assert number is None or number.alternatives == ()


def test_a_natural_ruc_offers_its_cedula_and_a_cedula_its_ruc() -> None:
    ruc = read_id("1700000019001")
    assert ruc is not None
    assert (ruc.kind, ruc.check) == (IdKind.RUC, IdCheck.OK)
    assert [(form, repair.name) for form, repair in ruc.alternatives] == [("1700000019", "ruc_a_cedula")]
    cedula = read_id("1700000019")
    assert cedula is not None
    assert [(form, repair.name) for form, repair in cedula.alternatives] == [("1700000019001", "cedula_a_ruc")]


@pytest.mark.parametrize("ruc", ["1793213150001", "1793189906001", "0993366721001", "0993370026001", "0993381661001"])
def test_active_companies_that_fail_modulo_eleven_are_not_doubted(ruc: str) -> None:
    number = read_id(ruc)
    assert number is not None
    assert (number.kind, number.check) == (IdKind.RUC, IdCheck.OK)


def test_the_public_ruc_of_the_company_passes_and_offers_no_cedula() -> None:
    number = read_id("1768152560001")
    assert number is not None
    assert (number.check, number.alternatives) == (IdCheck.OK, ())


@pytest.mark.parametrize(
    ("typed", "kind", "check", "word"),
    [
        ("1716568499", IdKind.CEDULA, IdCheck.DUDOSO, "verificador"),
        ("9910034065", IdKind.CEDULA, IdCheck.DUDOSO, "provincia"),
        ("1790034065", IdKind.CEDULA, IdCheck.DUDOSO, "tercer"),
        ("2222222222", IdKind.CEDULA, IdCheck.DUDOSO, "repetido"),
        ("1700000019000", IdKind.RUC, IdCheck.DUDOSO, "000"),
        ("0991234567", IdKind.TELEFONO, IdCheck.DUDOSO, "celular"),
        ("022345678", IdKind.TELEFONO, IdCheck.MAL_FORMADO, "fijo"),
        ("593991234567", IdKind.TELEFONO, IdCheck.MAL_FORMADO, "país"),
        ("900000027001", IdKind.RUC, IdCheck.MAL_FORMADO, "12"),
        ("17000000", IdKind.DESCONOCIDO, IdCheck.MAL_FORMADO, "8"),
        ("17000000191", IdKind.DESCONOCIDO, IdCheck.MAL_FORMADO, "11"),
        ("AB123456", IdKind.PASAPORTE, IdCheck.OK, ""),
    ],
)
def test_the_check_explains_and_never_rejects(typed: str, kind: IdKind, check: IdCheck, word: str) -> None:
    number = read_id(typed)
    assert number is not None
    assert (number.value, number.kind, number.check) == (typed, kind, check)
    assert word in number.because


def test_the_third_digit_six_of_real_cedulas_is_no_doubt() -> None:
    number = read_id("0960000065")
    assert number is not None
    assert number.check is IdCheck.OK


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "CEDULA",
        "PEREZ LOPEZ ANA",
        "MOVIL",
        "123",
        "١٧١٠٠٣٤٠٦٥",
        "INTERNET 12345",
        "-/.",
        "ABCDE",
        "TURNO 123456",
    ],
)
def test_words_and_foreign_digits_are_no_number(typed: str) -> None:
    assert read_id(typed) is None


def test_the_example_of_the_deck_should_end_in_six() -> None:
    assert check_digit("171656849") == "6"


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("1700000019", "170000001-9", True),
        ("1700000019", "1700000019001", True),
        ("1700000019001", "1700000019002", True),
        ("900000027", "0900000027", True),
        ("0960000065", "0960000065001", True),
        ("1700000019", "1700000027", False),
        ("1700000019", "1700000019000", False),
        ("1793213150001", "1793213150", False),
        ("AB123456", "ab-123456", True),
        ("", "", False),
        ("ANA", "ANA", False),
        ("17OO000019", "1700000019", False),
    ],
)
def test_same_id_knows_one_person_under_two_numbers(a: str, b: str, same: bool) -> None:
    assert same_id(a, b) is same
    assert same_id(b, a) is same


@given(st.text(max_size=60))
def test_any_text_is_read_without_an_error_and_never_invents_digits(text: str) -> None:
    number = read_id(text)
    if number is not None:
        assert 5 <= len(number.value) <= 20
        assert all(form != number.value for form, _ in number.alternatives)
        assert same_id(text, text)


@given(st.integers(0, 9), st.integers(0, 8))
def test_one_wrong_digit_is_always_noticed_by_the_check(digit: int, place: int) -> None:
    right = "1700000019"
    wrong = right[:place] + str(digit) + right[place + 1 :]
    number = read_id(wrong)
    assert number is not None
    assert (number.check is IdCheck.OK) is (wrong == right)
