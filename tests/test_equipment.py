"""Equipment: types by the words people use, serials and MACs in one form, doubt where characters are confused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence_daemon.cases.equipment import (
    Likeness,
    canonical_mac,
    canonical_serial,
    equipment_type,
    folded,
    is_pon_serial,
    label_form,
    same_serial,
    types_named,
)
from evidence_daemon.model import EquipmentType as T


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("ONT", T.ONT),
        ("módem óptico", T.ONT),
        ("MÓDEM ADSL", T.MODEM_ROUTER),
        ("Router wifi", T.MODEM_ROUTER),
        ("Fast Boy", T.MODEM_ROUTER),
        ("DECODIFICADOR HD", T.DECODIFICADOR),
        ("DEC0DIFICAD0R", T.DECODIFICADOR),
        ("deco", T.DECODIFICADOR),
        ("TARJETA SMART CARD", T.SMARTCARD),
        ("tarjeta de acceso", T.SMARTCARD),
        ("Extensor mesh", T.REPETIDOR),
        ("TELÉFONO INALÁMBRICO", T.TELEFONO),
        ("LNB", T.LNB),
        ("Antena parabólica", T.ANTENA),
        ("Control remoto de decodificador", T.CONTROL_REMOTO),
        ("Decodificador con control remoto", T.DECODIFICADOR),
        ("Fuente de poder ONT", T.FUENTE),
        ("Cargador", T.FUENTE),
        ("Cable HDMI", T.CABLE),
        ("Splitter", T.SPLITTER),
        ("Roseta óptica", T.ROSETA),
    ],
)
def test_a_type_is_known_by_its_alias(words: str, kind: T) -> None:
    assert equipment_type(words) is kind


@pytest.mark.parametrize("words", ["", "Entrega sin caja original", "CONTRATO", "Av. Quito N85-77", "MONTE"])
def test_words_that_name_no_equipment_have_no_type(words: str) -> None:
    assert equipment_type(words) is None


def test_every_type_of_a_sentence_is_found_with_its_place() -> None:
    words = ["un", "modem", "marca", "ZTE", "y", "dos", "controles", "remotos"]
    assert types_named(words) == [(1, 2, T.MODEM_ROUTER), (6, 8, T.CONTROL_REMOTO)]


def test_a_pon_serial_is_the_same_in_letters_and_in_hex() -> None:
    assert canonical_serial("HWTC-C661499D") == canonical_serial("48575443c661499d") == "48575443C661499D"
    assert label_form("48575443C661499D") == "HWTCC661499D"


def test_a_letter_that_cannot_be_hex_is_the_digit_it_looks_like() -> None:
    assert same_serial("ZTEGC3BAOA72", "ZTEGC3BA0A72") is Likeness.SAME
    assert same_serial("ZTEGC3BASA72", "ZTEGC3BA5A72") is Likeness.SAME


def test_a_serial_of_another_maker_keeps_its_letters() -> None:
    assert canonical_serial("T7D7112C4308Z307") == "T7D7112C4308Z307"
    assert canonical_serial("2102064E33448397") == "2102064E33448397"


@pytest.mark.parametrize(
    ("one", "two", "likeness"),
    [
        ("T7D7112C43082307", "t7d7-112c-4308-2307", Likeness.SAME),
        ("T7D7112C43082307", "T7D7112C4308Z307", Likeness.DOUBT),
        ("HWTCC661499D", "HWTCCE61499D", Likeness.DOUBT),
        ("ZTEGB260E8DA", "ZTEG8260E8DA", Likeness.DOUBT),
        ("SKW56K54712851", "SKW56K5471285", Likeness.DOUBT),
        ("54712851", "SKW56K54712851", Likeness.DOUBT),
        ("ZTEEQ7C8M220870", "ZTERLE88M459857", Likeness.DIFFERENT),
        ("98:F5:37:10:4F:9C", "98F537104F9C", Likeness.SAME),
        ("98F537104F9C", "98F537184F9C", Likeness.DOUBT),
        ("1234", "34", Likeness.DIFFERENT),
        ("", "", Likeness.DIFFERENT),
        ("", "ZTEGC3BA5A72", Likeness.DIFFERENT),
    ],
)
def test_serials_that_could_be_misread_are_in_doubt_never_equal(one: str, two: str, likeness: Likeness) -> None:
    assert same_serial(one, two) is likeness
    assert same_serial(two, one) is likeness


@pytest.mark.parametrize("printed", ["98-F5-37-10-4F-9C", "98:f5:37:10:4f:9c", "98F5.3710.4F9C", "98 F5 37 10 4F 9C"])
def test_a_mac_has_one_form(printed: str) -> None:
    assert canonical_mac(printed) == "98F537104F9C"


@pytest.mark.parametrize(
    "printed", ["", "98F537104F9", "98F537104F9G", "00:00:00:00:00:00", "01:00:5E:00:00:01", "---"]
)
def test_what_is_no_address_of_one_device_is_no_mac(printed: str) -> None:
    assert canonical_mac(printed) == ""


def test_only_a_known_vendor_with_hex_digits_is_a_pon_serial() -> None:
    assert is_pon_serial("HWTCC661499D")
    assert is_pon_serial("48575443C661499D")
    assert not is_pon_serial("ABCDC661499D")
    assert not is_pon_serial("HWTCC661499X")


_CHARACTERS = st.text(alphabet="0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=6, max_size=18)


@given(_CHARACTERS)
def test_a_serial_is_always_itself(serial: str) -> None:
    assert same_serial(serial, serial.lower()) is Likeness.SAME
    assert canonical_serial(canonical_serial(serial)) == canonical_serial(serial)


@given(_CHARACTERS, st.integers(0, 17), st.sampled_from("0123456789ABCDEFGHJKMNPRTUWXY"))
def test_one_changed_character_never_makes_two_serials_equal(serial: str, place: int, other: str) -> None:
    place %= len(serial)
    changed = serial[:place] + other + serial[place + 1 :]
    if label_form(changed) != label_form(serial):
        assert same_serial(serial, changed) is not Likeness.SAME


@given(_CHARACTERS)
def test_what_is_folded_alike_is_at_least_in_doubt(serial: str) -> None:
    mistaken = serial.translate(str.maketrans("0158", "OISB"))
    assert folded(mistaken) == folded(serial) or label_form(mistaken) != mistaken
    assert same_serial(serial, mistaken) is not Likeness.DIFFERENT
