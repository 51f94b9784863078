"""One form for each kind of number, and the same one for what is compared and for what is looked up."""

from __future__ import annotations

import pytest
from dossier import acta, evidence, line
from hypothesis import given
from hypothesis import strategies as st

from evidence_daemon.canonical import acta_key, canonical_mac, canonical_serial, series_of, service_key
from evidence_daemon.cases.matching import search_keys
from evidence_daemon.store.records import Trace, traces

SPELLINGS = ("HWTC3F321126", "hwtc-3f32-1126", "485754433F321126", "4857 5443 3F32 1126", "HWTC3F32II26")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_of_a_pon_serial_leaves_one_trace_and_it_is_the_key_of_the_search(spelling: str) -> None:
    given_ = evidence(acta(line(serial=spelling)))
    kept = [value for what, value in traces(given_) if what is Trace.SERIE]
    assert kept == list(search_keys(given_).serials) == ["485754433F321126"]


def test_a_mac_leaves_its_digits_and_a_group_address_nothing() -> None:
    given_ = evidence(acta(line(mac="02:8b:2c:f8:8d:9a"), line(mac="ff:ff:ff:ff:ff:ff")))
    assert [value for what, value in traces(given_) if what is Trace.SERIE] == ["028B2CF88D9A"]


@pytest.mark.parametrize(
    ("number", "series"),
    [
        ("UIO-2020-000123", ("UIO2020", 123)),
        ("AE 77", ("AE", 77)),
        ("000451", ("", 451)),
        ("N.º 12/2021", ("N12", 2021)),
        ("ACTA", None),
        ("12A", None),
        ("", None),
    ],
)
def test_the_number_of_an_acta_has_a_series_and_a_place_in_it(number: str, series: tuple[str, int] | None) -> None:
    assert series_of(number) == series


@given(st.text(max_size=40))
def test_a_canonical_form_is_its_own_canonical_form(text: str) -> None:
    for form in (canonical_serial, canonical_mac, service_key, acta_key):
        assert form(form(text)) == form(text)
