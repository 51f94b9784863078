"""The company's list of cases comes in, the charges to reverse go out."""

from __future__ import annotations

import csv
import gc
import io
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from office import Office, a_row, decide, mark

from evidence_daemon import rulebook
from evidence_daemon.errors import BadFile, BadRules
from evidence_daemon.exchange import ImportReport, cents_of, export_reversals, import_cases, segment
from evidence_daemon.model import (
    CaseId,
    Charge,
    ChargeId,
    ChargeState,
    EquipmentType,
    ItemState,
    Line,
    SearchKeys,
    Segment,
)
from evidence_daemon.rulebook import RuleBook
from evidence_daemon.store import records
from evidence_daemon.store.database import Database, open_database

RULES = Path(__file__).parent.parent / "rules"


def _texts() -> dict[str, str]:
    return {
        path.relative_to(RULES).as_posix(): path.read_text("utf-8")
        for path in sorted(RULES.rglob("*"))
        if path.suffix in {".toml", ".txt"}
    }


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return rulebook.parse(_texts())


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = open_database("", tmp_path / "state")
    found.migrate(armed=True)
    yield found
    found.close()


@pytest.fixture
def office(database: Database, book: RuleBook, tmp_path: Path) -> Office:
    return Office(database, book, tmp_path)


def figures(report: ImportReport) -> tuple[int, int, int, int, int]:
    return (report.new, report.changed, report.unchanged, report.vanished, report.refused)


def told(report: ImportReport) -> list[tuple[int, str, str]]:
    return [(fault.line, fault.column, fault.message) for fault in report.rejected]


# ── a good list ──────────────────────────────────────────────────────────────────────────────────


def test_a_row_becomes_a_case_with_its_item_and_its_charge(office: Office) -> None:
    report = office.bring(a_row())
    assert figures(report) == (1, 0, 0, 0, 0)
    assert report.notices == report.rejected == ()
    case = office.case()
    assert (case.holder, case.line, case.service_number) == ("PRUEBA NUÑEZ ANA MARÍA", Line.INTERNET_FIJO, "040010061")
    assert (case.activated_on, case.withdrawn_on) == (date(2018, 3, 1), date(2020, 5, 10))
    assert (case.claim_open, case.in_collection, case.unlisted) == (False, False, False)
    assert (case.email, case.segment) == ("ana@example.ec", Segment.CARGADO_SIN_PAGO_NI_RECLAMO)
    (item,) = case.items
    assert (item.type, item.serial, item.state) == (EquipmentType.ONT, "HWTC-C661499D", ItemState.PENDIENTE)
    (charge,) = case.charges
    assert (charge.item_id, charge.state, charge.invoice) == (item.id, ChargeState.FACTURADO, "001-002-000000123")
    assert (charge.base, charge.tax, charge.total, charge.vat_rate, charge.paid) == (9000, 1350, 10350, 1500, 0)
    with office.database.reading() as session:
        assert records.load_contact(session, case.id).phones == ("+593990000001", "+59322345678")


@pytest.mark.parametrize("serial", ["48575443C661499D", "hwtc c661499d"])
def test_a_serial_is_found_in_either_spelling(office: Office, serial: str) -> None:
    from evidence_daemon.cases.equipment import canonical_mac, canonical_serial

    office.bring(a_row())
    with office.database.reading() as session:
        for key in (canonical_serial(serial), canonical_mac("02-11-22-33-44-55")):
            assert len(records.find_cases(session, SearchKeys(serials=(key,)))) == 1


def test_a_service_number_is_found_in_the_form_of_the_search(office: Office) -> None:
    from evidence_daemon.canonical import service_key

    office.bring(a_row(NUMERO_SERVICIO="022345678", LINEA_NEGOCIO="TELEFONIA FIJA"))
    with office.database.reading() as session:
        for spelling in ("(02) 234-5678", "+593 2 2345678", "22345678"):
            assert len(records.find_cases(session, SearchKeys(service_numbers=(service_key(spelling),)))) == 1


@pytest.mark.parametrize(
    ("separator", "encoding"), [(";", "utf-8"), (",", "utf-8-sig"), ("\t", "cp1252"), ("|", "utf-8"), (";", "cp1252")]
)
def test_separator_and_encoding_are_found_out(office: Office, separator: str, encoding: str) -> None:
    report = office.bring(a_row(), separator=separator, encoding=encoding)
    assert figures(report) == (1, 0, 0, 0, 0)
    assert office.case().holder == "PRUEBA NUÑEZ ANA MARÍA"


def test_headings_may_be_written_otherwise_and_in_any_order(office: Office) -> None:
    text = "Apellidos y Nombres;cédula;Línea de negocio;Número de Servicio;EQUIPO;serie;Comentario\n"
    report = office.bring_text(text + "PRUEBA ANA;1700000019;Internet;40010061;Router;21530123;x\n")
    assert figures(report) == (1, 0, 0, 0, 0)
    assert report.ignored == ("Comentario",)
    case = office.case()
    assert (case.charges, case.items[0].type, case.segment) == ((), EquipmentType.MODEM_ROUTER, Segment.NO_CARGADO)


def test_rows_of_one_service_make_one_case_wherever_they_stand(office: Office) -> None:
    other = a_row(CEDULA_RUC="0900000027", SERIE="KN2077A1", MAC="")
    office.bring(
        a_row(),
        other,
        a_row(SERIE="KN2077A2", MAC="", TIPO_EQUIPO="DECODIFICADOR", CONCEPTO="Decodificador"),
        a_row(CONCEPTO="Instalación"),
    )
    case = office.case()
    assert [item.type for item in case.items] == [EquipmentType.ONT, EquipmentType.DECODIFICADOR]
    assert [(charge.concept, charge.item_id) for charge in case.charges] == [
        ("Equipo no devuelto", case.items[0].id),
        ("Decodificador", case.items[1].id),
        ("Instalación", case.items[0].id),
    ]


def test_two_services_of_one_holder_are_two_cases(office: Office) -> None:
    office.bring(a_row(), a_row(LINEA_NEGOCIO="TV", SERIE="KN1"), a_row(NUMERO_SERVICIO="40010062", SERIE="KN2"))
    assert sorted((case.line, case.service_number) for case in office.cases()) == [
        (Line.INTERNET_FIJO, "040010061"),
        (Line.INTERNET_FIJO, "40010062"),
        (Line.TELEVISION, "040010061"),
    ]


def test_a_row_without_equipment_is_a_lump_sum(office: Office) -> None:
    office.bring(a_row(ESTADO_CARGO="", BASE="", IVA="", TOTAL="", FACTURA=""), a_row(TIPO_EQUIPO="", SERIE="", MAC=""))
    case = office.case()
    assert (len(case.items), [charge.item_id for charge in case.charges]) == (1, [None])


def test_two_remote_controls_are_two_items_only_by_their_references(office: Office) -> None:
    remote = a_row(TIPO_EQUIPO="CONTROL REMOTO", DESCRIPCION_EQUIPO="", SERIE="", MAC="")
    report = office.bring(remote, remote)
    assert figures(report) == (1, 0, 0, 0, 1)
    assert told(report) == [
        (3, "REFERENCIA_CARGO", "este cargo ya consta en otra fila; si son dos, distíngalos con REFERENCIA_CARGO")
    ]
    one = remote | {"CEDULA_RUC": "0900000027", "REFERENCIA_EQUIPO": "E1"}
    assert figures(office.bring(remote, one, one | {"REFERENCIA_EQUIPO": "E2"}))[0] == 2
    assert len(office.case("0900000027").items) == len(office.case("0900000027").charges) == 2


def test_an_uncharged_item_named_twice_is_told(office: Office) -> None:
    row = a_row(ESTADO_CARGO="", BASE="", IVA="", TOTAL="", FACTURA="")
    report = office.bring(row, row)
    assert figures(report) == (1, 0, 0, 0, 1)
    assert report.rejected[0].column == "REFERENCIA_EQUIPO"


def test_a_claim_that_any_row_names_holds(office: Office) -> None:
    office.bring(a_row(RECLAMO_ABIERTO="SI"), a_row(CONCEPTO="Otro", COACTIVA="sí"))
    case = office.case()
    assert (case.claim_open, case.in_collection, case.segment) == (True, True, Segment.CARGADO_CON_RECLAMO)


# ── the same list again ──────────────────────────────────────────────────────────────────────────


def test_the_same_list_again_changes_nothing(office: Office) -> None:
    rows = [a_row(), a_row(CONCEPTO="Otro"), a_row(CEDULA_RUC="0900000027", RECLAMO_ABIERTO="SI")]
    assert figures(office.bring(*rows)) == (3, 0, 0, 0, 0)
    before = office.cases("1700000019", "0900000027")
    assert figures(office.bring(*rows)) == (0, 0, 3, 0, 0)
    assert office.cases("1700000019", "0900000027") == before


def test_what_changed_is_brought_up_to_date(office: Office) -> None:
    office.bring(a_row(ESTADO_CARGO="CARGADO", FACTURA=""))
    report = office.bring(a_row(TELEFONOS="0990000002", RECLAMO_ABIERTO="SI", ESTADO_CARGO="EN RECLAMO"))
    assert figures(report) == (0, 1, 0, 0, 0)
    case = office.case()
    assert (case.charges[0].state, case.charges[0].invoice) == (ChargeState.EN_RECLAMO, "001-002-000000123")
    assert (case.claim_open, case.segment) == (True, Segment.CARGADO_CON_RECLAMO)
    with office.database.reading() as session:
        assert records.load_contact(session, case.id).phones == ("+593990000002",)


def test_a_claim_that_was_closed_is_closed(office: Office) -> None:
    office.bring(a_row(RECLAMO_ABIERTO="SI"))
    office.bring(a_row())
    assert not office.case().claim_open


def test_what_the_list_no_longer_has_is_kept_and_marked(office: Office) -> None:
    gone = a_row(CEDULA_RUC="0900000027", SERIE="X1", MAC="")
    office.bring(a_row(), gone)
    assert figures(office.bring(a_row())) == (0, 0, 1, 1, 0)
    case = office.case("0900000027")
    assert case.unlisted
    assert (len(case.items), len(case.charges)) == (1, 1)
    assert not office.case().unlisted
    assert figures(office.bring(a_row(), gone)) == (0, 1, 1, 0, 0)
    assert not office.case("0900000027").unlisted


def test_a_list_that_begins_to_carry_references_finds_its_old_rows(office: Office) -> None:
    office.bring(a_row())
    referred = a_row(REFERENCIA_EQUIPO="E1", REFERENCIA_CARGO="C1")
    assert figures(office.bring(referred)) == (0, 1, 0, 0, 0)
    assert figures(office.bring(referred | {"SERIE": "HWTC-00000001", "CONCEPTO": "Módem"})) == (0, 1, 0, 0, 0)
    case = office.case()
    assert ([item.serial for item in case.items], [c.concept for c in case.charges]) == (["HWTC-00000001"], ["Módem"])


@pytest.mark.parametrize(
    ("state", "cells", "notice"),
    [
        ("REVERSO_PENDIENTE", {}, ""),
        ("REVERSO_PENDIENTE", {"ESTADO_CARGO": "PAGADO"}, "espera su reverso"),
        ("REVERSO_PENDIENTE", {"BASE": "100", "IVA": "15", "TOTAL": "115"}, "la lista trae 115.00"),
        ("BLOQUEADO", {"ESTADO_CARGO": "PREVISTO"}, ""),
        ("BLOQUEADO", {}, "bloqueado por un acta aceptada"),
        ("REVERSADO", {}, "consta reversado"),
        ("REVERSADO", {"ESTADO_CARGO": "QUITADO"}, ""),
        ("DEVOLUCION_PENDIENTE", {"ESTADO_CARGO": "PAGADO"}, ""),
    ],
)
def test_what_was_decided_is_never_touched_and_a_contradiction_is_told(
    office: Office, state: str, cells: dict[str, str], notice: str
) -> None:
    office.bring(a_row())
    office.change("UPDATE items SET state = 'ACREDITADO_ACTA'")
    office.change("UPDATE charges SET state = :state, reversed = total", state=state)
    before = office.case()
    report = office.bring(a_row(DESCRIPCION_EQUIPO="otra cosa", CONCEPTO="Equipo no devuelto", **cells))
    after = office.case()
    assert (after.items, after.charges) == (before.items, before.charges)
    assert [notice in fault.message for fault in report.notices] == ([True] if notice else [])
    assert (report.new, report.refused) == (0, 0)


def test_a_decided_charge_that_billing_took_off_the_list_has_not_vanished(office: Office) -> None:
    office.bring(a_row(), a_row(CEDULA_RUC="0900000027", SERIE="X1"))
    office.change("UPDATE items SET state = 'ACREDITADO_ACTA'")
    office.change("UPDATE charges SET state = 'REVERSADO', reversed = total")
    assert figures(office.bring(a_row(CEDULA_RUC="0900000027", SERIE="X1", ESTADO_CARGO="QUITADO")))[3] == 0
    assert not office.case().unlisted


RESPELLED = {"SERIE": "ZTEG-0A1B2C3D", "MAC": ""}


@pytest.mark.parametrize("elsewhere", [RESPELLED, {"NUMERO_SERVICIO": "040010099"}], ids=["equipment", "service"])
def test_a_charge_that_was_decided_does_not_come_back_under_other_equipment_or_service(
    office: Office, elsewhere: dict[str, str]
) -> None:
    office.bring(a_row(REFERENCIA_CARGO="CG-1"))
    office.change("UPDATE items SET state = 'ACREDITADO_ACTA'")
    office.change("UPDATE charges SET state = 'REVERSADO', reversed = total")
    report = office.bring(a_row(REFERENCIA_CARGO="CG-1", **elsewhere))
    assert "ya consta REVERSADO" in report.rejected[0].message
    assert [charge.state for case in office.cases() for charge in case.charges] == [ChargeState.REVERSADO]


@pytest.mark.parametrize("state", ["REVERSADO", "REVERSO_PENDIENTE", "REVERSO_EN_LOTE"])
def test_a_charge_that_was_decided_does_not_come_back_under_another_id_number(office: Office, state: str) -> None:
    office.bring(a_row(REFERENCIA_CARGO="CG-1"))
    office.change("UPDATE items SET state = 'ACREDITADO_ACTA'")
    office.change("UPDATE charges SET state = :state, reversed = total", state=state)
    for _again in range(2):
        report = office.bring(a_row(REFERENCIA_CARGO="CG-1", CEDULA_RUC="0900000027"), a_row(CEDULA_RUC="1710034065"))
        assert f"ya consta {state} con otra cédula" in report.rejected[0].message
    assert [charge.state for charge in office.case().charges] == [ChargeState(state)]
    assert not office.case("0900000027").charges


def test_a_charge_moves_to_another_id_number_once_the_list_has_it_there_alone(office: Office) -> None:
    here, there = a_row(REFERENCIA_CARGO="CG-1"), a_row(REFERENCIA_CARGO="CG-1", CEDULA_RUC="0900000027")
    for both in ([here, there], [there, here]):
        report = office.bring(*both)
        assert ["con otra cédula" in fault.message for fault in report.rejected] == [True]
        assert [len(case.charges) for case in office.cases()].count(1) == 1
    assert office.bring(there).refused == 1, "until this list it stood under the other number"
    assert office.bring(there).new == 1
    assert office.bring(there).unchanged == 1
    assert [charge.total for charge in office.case("0900000027").charges] == [office.case().charges[0].total]
    assert office.case().unlisted
    assert office.bring(here, there).refused == 1, "nor does it come back beside the new one"


def test_without_numbers_the_same_line_of_an_invoice_does_not_come_back_once_it_was_decided(office: Office) -> None:
    office.bring(a_row())
    office.change("UPDATE items SET state = 'ACREDITADO_ACTA'")
    office.change("UPDATE charges SET state = 'REVERSADO', reversed = total")
    assert office.bring(a_row(**RESPELLED)).refused == 1
    assert len(office.case().charges) == 1
    assert office.bring(a_row(**RESPELLED, FACTURA="001-002-000000999")).new == 1, "another invoice is another charge"


def test_a_charge_moves_with_its_equipment_when_the_list_spells_that_otherwise(office: Office) -> None:
    office.bring(a_row(REFERENCIA_CARGO="CG-1"))
    office.bring(a_row(REFERENCIA_CARGO="CG-1", **RESPELLED))
    case = office.case()
    (charge,) = case.charges
    assert charge.item_id == next(item.id for item in case.items if item.serial == RESPELLED["SERIE"])
    assert case.unlisted, "the first spelling is not listed any more: a person looks"
    again = office.bring(a_row(REFERENCIA_CARGO="CG-1", **RESPELLED))
    assert (again.new, again.changed, again.unchanged) == (0, 0, 1)


def test_one_number_on_two_charges_of_one_list_is_two_charges(office: Office) -> None:
    for _again in range(2):
        office.bring(a_row(REFERENCIA_CARGO="CG-1"), a_row(REFERENCIA_CARGO="CG-1", **RESPELLED))
        assert len(office.case().charges) == 2


def test_a_new_charge_on_accredited_equipment_is_told(office: Office) -> None:
    office.bring(a_row())
    office.change("UPDATE items SET state = 'ACREDITADO_ACTA'")
    report = office.bring(a_row(), a_row(CONCEPTO="Interés"))
    assert [fault.message.split(":")[0] for fault in report.notices] == [
        "el cargo está FACTURADO y su equipo ya consta acreditado",
        "cargo nuevo sobre un equipo que ya está ACREDITADO_ACTA",
    ]
    assert len(office.case().charges) == 2


# ── faulty rows ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("cells", "column", "words"),
    [
        ({"CEDULA_RUC": ""}, "CEDULA_RUC", "falta"),
        ({"CEDULA_RUC": "no tiene"}, "CEDULA_RUC", "no es un número de cédula"),
        ({"CEDULA_RUC": "900000027"}, "CEDULA_RUC", "perdido su cero inicial"),
        ({"CEDULA_RUC": "900000027001"}, "CEDULA_RUC", "perdido su cero inicial"),
        ({"CEDULA_RUC": "900000027.0"}, "CEDULA_RUC", "perdido su cero inicial"),
        ({"CEDULA_RUC": "1,7E+09"}, "CEDULA_RUC", "la hoja de cálculo dañó el número"),
        ({"TITULAR": "  "}, "TITULAR", "falta"),
        ({"TITULAR": "NU\ufffdEZ"}, "TITULAR", "carácter ilegible"),
        ({"LINEA_NEGOCIO": ""}, "LINEA_NEGOCIO", "falta"),
        ({"LINEA_NEGOCIO": "MOVIL"}, "LINEA_NEGOCIO", "no es una línea de negocio de la lista"),
        ({"NUMERO_SERVICIO": ""}, "NUMERO_SERVICIO", "falta"),
        ({"NUMERO_SERVICIO": "000"}, "NUMERO_SERVICIO", "no es un número de servicio"),
        ({"NUMERO_SERVICIO": "4E+7"}, "NUMERO_SERVICIO", "la hoja de cálculo dañó"),
        ({"SERIE": "4.8575E+15"}, "SERIE", "la hoja de cálculo dañó"),
        ({"TIPO_EQUIPO": ""}, "TIPO_EQUIPO", "falta el tipo del equipo"),
        ({"ESTADO_CARGO": ""}, "ESTADO_CARGO", "falta el estado del cargo"),
        ({"ESTADO_CARGO": "REVERSADO"}, "ESTADO_CARGO", "no es un estado de cargo"),
        ({"BASE": ""}, "BASE", "falta el valor"),
        ({"BASE": "noventa"}, "BASE", "no es un valor en dólares"),
        ({"BASE": "-90"}, "BASE", "no es un valor en dólares"),
        ({"BASE": "1.200"}, "BASE", "no es un valor en dólares"),
        ({"TOTAL": "103.49"}, "TOTAL", "base 90.00 + IVA 13.50 no da el total 103.49"),
        ({"IVA": "10.80", "TOTAL": "100.80"}, "IVA", "el 15 % de 90.00 no es 10.80"),
        ({"TARIFA_IVA": "0.15"}, "TARIFA_IVA", "no es una tarifa en por ciento"),
        ({"TARIFA_IVA": "quince"}, "TARIFA_IVA", "no es una tarifa en por ciento"),
        ({"TARIFA_IVA": "", "IVA": "9", "TOTAL": "99"}, "TARIFA_IVA", "no corresponde a ninguna conocida"),
        ({"PAGADO": "103.50"}, "PAGADO", "está pagado por completo pero el estado del cargo es FACTURADO"),
        ({"FECHA_RETIRO": "31-2-2020"}, "FECHA_RETIRO", "no es una fecha"),
        ({"FECHA_RETIRO": "5/10/20"}, "FECHA_RETIRO", "no es una fecha"),
        ({"FECHA_RETIRO": "1-1-2010"}, "FECHA_RETIRO", "el retiro es anterior a la activación"),
        ({"RECLAMO_ABIERTO": "quizás"}, "RECLAMO_ABIERTO", "no es sí ni no"),
        (
            dict.fromkeys(("TIPO_EQUIPO", "SERIE", "MAC", "ESTADO_CARGO", "BASE", "IVA", "TOTAL", "FACTURA"), ""),
            "TIPO_EQUIPO",
            "la fila no trae equipo ni cargo",
        ),
    ],
)
def test_a_faulty_cell_is_told_with_its_line_and_column_and_the_good_rows_go_in(
    office: Office, cells: dict[str, str], column: str, words: str
) -> None:
    good = a_row(CEDULA_RUC="0100000033", SERIE="OTRA1", MAC="")
    report = office.bring(good, a_row(**cells), good | {"CONCEPTO": "Otro"})
    assert figures(report) == (2, 0, 0, 0, 1)
    assert [(line, where) for line, where, _ in told(report)] == [(3, column)]
    assert words in report.rejected[0].message
    assert office.cases("1700000019", "0900000027", "900000027", "900000027001") == ()
    assert len(office.case("0100000033").charges) == 2


def test_all_faults_of_all_rows_are_told_at_once(office: Office) -> None:
    report = office.bring(a_row(CEDULA_RUC="", BASE="x"), a_row(), a_row(LINEA_NEGOCIO="", FECHA_RETIRO="ayer"))
    assert [(line, column) for line, column, _ in told(report)] == [
        (2, "CEDULA_RUC"),
        (2, "BASE"),
        (4, "LINEA_NEGOCIO"),
        (4, "FECHA_RETIRO"),
    ]
    assert report.refused == 2


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"CEDULA_RUC": "1700000018"}, "CEDULA_RUC"),
        ({"TELEFONOS": "12, 0990000001"}, "TELEFONOS"),
        ({"CORREO": "ana arroba example"}, "CORREO"),
        ({"TIPO_EQUIPO": "Cosa rara"}, "TIPO_EQUIPO"),
        ({"MAC": "01:00:5E:00:00:01"}, "MAC"),
    ],
)
def test_a_doubtful_cell_goes_in_and_is_told(office: Office, cells: dict[str, str], column: str) -> None:
    report = office.bring(a_row(**cells))
    assert figures(report) == (1, 0, 0, 0, 0)
    assert [(fault.line, fault.column) for fault in report.notices] == [(2, column)]


def test_a_passport_is_an_id_like_any_other(office: Office) -> None:
    assert office.bring(a_row(CEDULA_RUC="AB123456")).notices == ()
    assert office.case("AB123456").holder.startswith("PRUEBA")


def test_another_holder_on_the_same_service_is_told_and_the_first_stays(office: Office) -> None:
    report = office.bring(a_row(), a_row(TITULAR="OTRA PERSONA", CONCEPTO="Otro"))
    assert (report.new, [fault.line for fault in report.notices]) == (2, [3])
    assert office.case().holder == "PRUEBA NUÑEZ ANA MARÍA"


def test_rows_of_another_width_and_unreadable_rows_do_not_stop_the_rest(office: Office) -> None:
    sound = "0100000033;PRUEBA B;INTERNET;111;ONT;S1\n"
    huge = "1700000019;" + "A" * 200_000 + ";INTERNET;1;ONT;S2\n"
    text = "CEDULA;TITULAR;LINEA;NUMERO_SERVICIO;TIPO_EQUIPO;SERIE\n0900000027;CORTA\n"
    report = office.bring_text(text + huge + "\n;;;;;\n" + sound)
    assert figures(report) == (1, 0, 0, 0, 2)
    assert [fault.line for fault in report.rejected] == [2, 3]
    assert "2 celdas y los encabezados son 6" in report.rejected[0].message
    assert len(office.cases("0100000033")) == 1


def test_a_byte_of_another_encoding_makes_the_file_windows_1252(office: Office) -> None:
    row = "1700000019;NU\xd1EZ \x80 ANA;INTERNET;1;ONT;S1\n".encode("latin-1")
    office.bring_text(b"CEDULA;TITULAR;LINEA;NUMERO_SERVICIO;TIPO_EQUIPO;SERIE\n" + row)
    assert office.case().holder == "NUÑEZ € ANA"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "vacío"),
        (b"\n\n", "vacío"),
        (b"PK\x03\x04 zip", "libro de Excel está dañado"),
        (b"\xd0\xcf\x11\xe0 old", "libro de Excel antiguo"),
        (b"CEDULA;TITULAR;LINEA\n", "falta la columna «NUMERO_SERVICIO»"),
        (b"CEDULLA;TITULAR;LINEA;NUMERO_SERVICIO\n", "¿es «CEDULLA»?"),
        (b"CEDULA;RUC;TITULAR;LINEA;NUMERO_SERVICIO\n", "«CEDULA» y «RUC» dicen lo mismo"),
        (b"garbage", "falta la columna «CEDULA_RUC»"),
    ],
)
def test_a_file_that_cannot_be_used_as_a_whole_is_refused_in_words(office: Office, content: bytes, words: str) -> None:
    with pytest.raises(BadFile, match=words.replace("?", r"\?")):
        office.bring_text(content)


def test_a_file_that_cannot_be_opened_is_refused_in_words(office: Office) -> None:
    with pytest.raises(BadFile, match="no se puede leer"):
        import_cases(office.database, office.directory / "none.csv", office.book)


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("90", 9000),
        ("90.00", 9000),
        ("90,00", 9000),
        ("90.5", 9050),
        ("$ 103.50", 10350),
        ("USD 7", 700),
        ("1.234,56", 123456),
        ("1,234.56", 123456),
        ("1.234.567,8", 123456780),
        ("0", 0),
        ("90.0000", 9000),
        ("1.234", None),
        ("1,200", None),
        ("90.005", None),
        ("-1", None),
        ("", None),
        ("1e3", None),
        ("1,23,456", None),
        ("13.500000000000002", None),
        ("٩٠", None),
    ],
)
def test_money_is_exact_or_refused(text: str, cents: int | None) -> None:
    assert cents_of(text) == cents


_CHARGE = Charge(ChargeId(1), CaseId(1), None, "", ChargeState.FACTURADO, 9000, 1350, 10350, 1500)


@pytest.mark.parametrize(
    ("charges", "claim_open", "wanted"),
    [
        ((), False, Segment.NO_CARGADO),
        (({"state": ChargeState.PREVISTO},), True, Segment.NO_CARGADO),
        (({"state": ChargeState.BLOQUEADO}, {"state": ChargeState.QUITADO}), False, Segment.NO_CARGADO),
        (({},), False, Segment.CARGADO_SIN_PAGO_NI_RECLAMO),
        (({"state": ChargeState.PREVISTO}, {"state": ChargeState.CARGADO}), False, Segment.CARGADO_SIN_PAGO_NI_RECLAMO),
        (({"paid": 1},), False, Segment.CARGADO_PAGADO),
        (({"state": ChargeState.PAGADO}, {}), False, Segment.CARGADO_PAGADO),
        (({},), True, Segment.CARGADO_CON_RECLAMO),
        (({"state": ChargeState.EN_RECLAMO}, {"state": ChargeState.PAGADO}), False, Segment.CARGADO_CON_RECLAMO),
        (({"state": ChargeState.EN_COBRO},), False, Segment.CARGADO_CON_RECLAMO),
    ],
)
def test_the_segment_looks_at_charge_payment_and_claim_apart(
    charges: tuple[dict[str, Any], ...], claim_open: bool, wanted: Segment
) -> None:
    assert segment([replace(_CHARGE, **changes) for changes in charges], claim_open) is wanted


def test_a_column_map_in_which_a_heading_means_two_things_is_refused() -> None:
    texts = _texts()
    texts["columns/cases.toml"] = texts["columns/cases.toml"].replace('["MAC",', '["MAC", "Serie",')
    with pytest.raises(BadRules, match=r"columns/cases\.toml.*SERIE"):
        rulebook.parse(texts)


# ── large lists ──────────────────────────────────────────────────────────────────────────────────


def _many(count: int) -> Iterator[str]:
    yield "CEDULA;TITULAR;LINEA;NUMERO_SERVICIO;TIPO_EQUIPO;SERIE;ESTADO_CARGO;CONCEPTO;BASE;IVA\n"
    for number in range(count):
        yield f"P{number:07d};PRUEBA ANA;INTERNET;{number + 1};ONT;S{number:07d};FACTURADO;EQUIPO;90;13.50\n"


def test_a_long_list_is_streamed_with_progress_and_flat_memory(office: Office) -> None:
    small, large = office.directory / "small.csv", office.directory / "large.csv"
    small.write_text("".join(_many(550)), "utf-8")
    large.write_text("".join(_many(2200)), "utf-8")
    import_cases(office.database, small, office.book)
    peaks = []
    for path in (small, large):
        gc.collect()
        tracemalloc.start()
        report = import_cases(office.database, path, office.book, progress=lambda *done: office.progress.append(done))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert figures(report) == (1650, 0, 550, 0, 0)
    assert peaks[1] < peaks[0] * 2, "four times the rows; what there is more of is garbage not yet collected"
    assert office.progress[-1][0] == 2200
    done = [rows for rows, _ in office.progress[2:]]
    assert done == sorted(done)
    assert len(done) >= 4


def test_a_hopeless_list_keeps_a_bounded_report(office: Office) -> None:
    lines = ["CEDULA;TITULAR;LINEA;NUMERO_SERVICIO\n", *(";A;INTERNET;1\n" for _ in range(10_050))]
    report = office.bring_text("".join(lines))
    assert (report.refused, len(report.rejected)) == (10_050, 10_000)


# ── out ──────────────────────────────────────────────────────────────────────────────────────────


def test_charges_that_wait_are_written_for_billing(office: Office) -> None:
    office.bring(a_row(), a_row(CONCEPTO="Otro"), a_row(CEDULA_RUC="0900000027", SERIE="X1", TIPO_EQUIPO="DECO"))
    decide(office)
    mark(office, office.case().charges[0])
    mark(office, office.case("0900000027").charges[0])
    path = office.directory / "reversos.csv"
    report = export_reversals(office.database, path, office.book)
    assert (report.lines, report.cents) == (2, 20700)
    assert path.read_bytes().startswith(b"\xef\xbb\xbfID_LOTE;ID_ASIENTO;FECHA;")
    with path.open(encoding="utf-8-sig", newline="") as file:
        first, second = list(csv.DictReader(file, delimiter=";"))
    assert first | {"ID_ASIENTO": "1"} == {
        "ID_LOTE": "",
        "ID_ASIENTO": "1",
        "FECHA": "2026-03-17",
        "OPERACION": "NOTA_CREDITO",
        "CEDULA_RUC": "1700000019",
        "TITULAR": "PRUEBA NUÑEZ ANA MARÍA",
        "LINEA_NEGOCIO": "INTERNET_FIJO",
        "NUMERO_SERVICIO": "040010061",
        "TIPO_EQUIPO": "ONT",
        "SERIE": "HWTC-C661499D",
        "CONCEPTO": "Equipo no devuelto",
        "FACTURA": "001-002-000000123",
        "REFERENCIA_CARGO": "",
        "BASE": "90.00",
        "IVA": "13.50",
        "TARIFA_IVA": "15",
        "TOTAL": "103.50",
        "VALOR_A_REVERSAR": "103.50",
        "RECIBO": "EV-0000001-8",
    }
    assert second["TIPO_EQUIPO"] == "DECODIFICADOR"
    before = path.read_bytes()
    export_reversals(office.database, path, office.book)
    assert path.read_bytes() == before
    assert path.stat().st_mode & 0o077 == 0, "personal data"


def test_a_corrected_reversal_is_written_once_with_its_new_entry(office: Office) -> None:
    office.bring(a_row())
    decide(office)
    charge = office.case().charges[0]
    mark(office, charge)
    office.change(
        "INSERT INTO ledger (decision_id, case_id, charge_id, kind, operation, amount, turn, cause, rule, entered_at) "
        "SELECT decision_id, case_id, charge_id, 'CORRECCION', operation, amount, turn, cause, rule, entered_at "
        "FROM ledger"
    )
    mark(office, charge)
    out = io.StringIO()
    assert export_reversals(office.database, out, office.book).lines == 1
    assert out.getvalue().splitlines()[1].startswith(";3;")


def test_nothing_to_reverse_is_a_file_with_headings(office: Office) -> None:
    out = io.StringIO()
    report = export_reversals(office.database, out, office.book)
    assert (report.lines, report.cents, len(out.getvalue().splitlines())) == (0, 0, 1)


def test_the_form_of_the_file_follows_its_map(office: Office, book: RuleBook) -> None:
    texts = _texts()
    texts["columns/reversals.toml"] = (
        '[file]\nseparator = ","\nencoding = "cp1252"\ndecimal = ","\n'
        '[[column]]\nheading = "Valor"\nvalue = "amount"\n[[column]]\nheading = "Tarifa"\nvalue = "vat_rate"\n'
    )
    office.bring(a_row())
    decide(office)
    mark(office, office.case().charges[0])
    out = io.StringIO()
    export_reversals(office.database, out, rulebook.parse(texts))
    assert out.getvalue().splitlines() == ["Valor,Tarifa", '"103,50",15']


def test_a_file_that_cannot_be_written_is_said_so_and_leaves_no_draft(office: Office) -> None:
    directory = office.directory / "here.csv"
    directory.mkdir()
    with pytest.raises(BadFile, match="no se puede escribir"):
        export_reversals(office.database, directory, office.book)
    assert not list(office.directory.glob(".here*"))


def test_the_list_comes_in_and_goes_out_on_a_server_too(
    postgresql: Callable[[], str], book: RuleBook, tmp_path: Path
) -> None:
    database = open_database(postgresql(), tmp_path)
    database.migrate()
    office = Office(database, book, tmp_path)
    rows = [a_row(), a_row(CONCEPTO="Otro"), a_row(CEDULA_RUC="0900000027", SERIE="X1"), a_row(BASE="x")]
    assert figures(office.bring(*rows)) == (3, 0, 0, 0, 1)
    assert figures(office.bring(*rows[1:])) == (0, 0, 2, 1, 1)
    assert office.case().unlisted
    out = io.StringIO()
    assert export_reversals(database, out, book).lines == 0
    with database.reading() as session:
        assert records.status(session).cases == {"ABIERTO": 2}
    office.bring(a_row(REFERENCIA_CARGO="CG-1"))
    assert office.bring(a_row(REFERENCIA_CARGO="CG-1", CEDULA_RUC="0900000027")).refused == 1
    database.close()
