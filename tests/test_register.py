"""The return register: what a line of it says of an acta."""

from __future__ import annotations

from datetime import date

import pytest
from dossier import SERIAL, TODAY, acta, line, registered

from evidence_daemon.canonical import canonical_serial
from evidence_daemon.cases.register import Voice, hear
from evidence_daemon.model import Direction, Fields, Register, RegisterEntry

HEX = canonical_serial(SERIAL)
OTHER = canonical_serial("ZTEGC3BA5A72")


@pytest.mark.parametrize(
    ("paper", "register", "voice"),
    [
        (acta(), registered(), Voice.CONFIRMA),
        (acta(number="ae-000.001"), registered(number="AE-000001"), Voice.CONFIRMA),
        (acta(line(serial="4857 5443 3F32 1126")), registered(), Voice.CONFIRMA),
        (acta(line(mac="02:8B:2C:F8:8D:9A")), registered(serials=("028B2CF88D9A",)), Voice.CONFIRMA),
        (acta(), registered(serials=()), Voice.CONFIRMA),
        (acta(), registered(day=None), Voice.CONFIRMA),
        (acta(office=None), registered(), Voice.CONFIRMA),
        (acta(office="Agencia Prueba Norte"), registered(), Voice.CONFIRMA),
        (acta(number=None), registered(), Voice.CONFIRMA),
        (acta(), registered(serials=(OTHER,)), Voice.CONTRADICE),
        (acta(), registered(day=date(2020, 5, 13)), Voice.CONTRADICE),
        (acta(), registered(office="Agencia Cuenca"), Voice.CONTRADICE),
        (acta(), registered(direction=Direction.INSTALACION), Voice.CONTRADICE),
        (acta(number="AE-000002"), registered(), Voice.CONTRADICE),
        (acta(number=None), registered(day=date(2020, 5, 13)), Voice.CALLA),
        (acta(number=None, date=None), registered(), Voice.CALLA),
        (acta(line()), registered(), Voice.CALLA),
        (acta(), Register(), Voice.CALLA),
        (acta(), Register(known_to=TODAY), Voice.CALLA),
        (acta(number=None, equipment=()), registered(number=""), Voice.CALLA),
    ],
)
def test_a_line_of_the_register_confirms_contradicts_or_keeps_silent(
    paper: Fields, register: Register, voice: Voice
) -> None:
    told = hear(paper, register)
    assert told.voice is voice
    assert told.because


def test_of_two_lines_with_one_number_the_one_that_fits_counts() -> None:
    wrong, right = registered(serials=(OTHER,)).entries[0], registered().entries[0]
    for entries in ((wrong, right), (right, wrong)):
        assert hear(acta(), Register(TODAY, entries)).voice is Voice.CONFIRMA


def test_the_because_names_the_acta_under_which_the_register_has_the_serial() -> None:
    told = hear(acta(number="AE-7"), Register(TODAY, (RegisterEntry("AE000001", "", (HEX,), None),)))
    assert "AE000001" in told.because
