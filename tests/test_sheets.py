"""What offices and spreadsheets do to a list: workbooks, titles, merged headings, floats, formulas, encodings."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import dossier
import openpyxl
import pytest
from office import HEADINGS, NOW, Office, a_row

from evidence_daemon.columns import RegisterColumn
from evidence_daemon.errors import BadFile
from evidence_daemon.exchange import import_cases, import_register
from evidence_daemon.exchange.cells import date_of
from evidence_daemon.exchange.sheets import Spoilt, opened
from evidence_daemon.model import Direction, Register
from evidence_daemon.store import register
from evidence_daemon.store.database import open_database

COLUMNS = dossier.book().returns.columns


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    database = open_database("", tmp_path / "state")
    database.migrate(armed=True)
    yield Office(database, dossier.book(), tmp_path)
    database.close()


def workbook(path: Path, *rows: list[Any], formats: dict[str, str] | None = None) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for place, form in (formats or {}).items():
        sheet[place].number_format = form
    book.save(path)
    return path


def read(path: Path) -> list[dict[str, str]]:
    with opened(path, COLUMNS, (RegisterColumn.ACTA,)) as sheet:
        return [{column.value: text for column, text in row.cells.items()} for row in sheet]


def first_cell(path: Path) -> str:
    return read(path)[0]["acta"]


HEADS = ["NUMERO_ACTA", "CAC", "FECHA"]


# ── workbooks ────────────────────────────────────────────────────────────────────────────────────


def test_a_workbook_of_cases_comes_in_like_the_same_list_as_csv(office: Office) -> None:
    row = a_row()
    path = workbook(office.directory / "casos.xlsx", list(HEADINGS), list(row.values()))
    report = import_cases(office.database, path, office.book, now=NOW)
    assert (report.new, report.refused, report.notices) == (1, 0, ())
    from_workbook = office.case()
    again = office.bring(row)
    assert (again.unchanged, again.new, again.changed) == (1, 0, 0)
    assert office.case() == from_workbook


def test_numbers_and_dates_of_a_workbook_are_what_the_sheet_shows(office: Office) -> None:
    row = a_row(CEDULA_RUC="", MAC="", TELEFONOS="") | {
        "BASE": 90,
        "IVA": 13.500000000000002,
        "TOTAL": 103.5,
        "TARIFA_IVA": 0.15,
        "FECHA_RETIRO": datetime(2020, 5, 10),  # noqa: DTZ001  # as openpyxl gives it
        "NUMERO_SERVICIO": 40010061,
        "RECLAMO_ABIERTO": False,
        "CEDULA_RUC": 900000027,
    }
    heads = list(HEADINGS)
    letter = openpyxl.utils.get_column_letter
    formats = {f"{letter(heads.index('TARIFA_IVA') + 1)}2": "0%", f"{letter(heads.index('CEDULA_RUC') + 1)}2": "0" * 10}
    path = workbook(office.directory / "casos.xlsx", heads, [row[head] for head in heads], formats=formats)
    report = import_cases(office.database, path, office.book, now=NOW)
    assert (report.rejected, report.new) == ((), 1)
    case = office.case("0900000027")
    (charge,) = case.charges
    assert (charge.base, charge.tax, charge.total, charge.vat_rate) == (9000, 1350, 10350, 1500)
    assert (case.withdrawn_on, case.service_number, case.claim_open) == (date(2020, 5, 10), "40010061", False)


def test_a_cedula_that_lost_its_zero_in_a_workbook_is_told(office: Office) -> None:
    heads = list(HEADINGS)
    row = [*(a_row() | {"CEDULA_RUC": 900000027}).values()]
    report = import_cases(office.database, workbook(office.directory / "c.xlsx", heads, row), office.book, now=NOW)
    assert [(fault.line, fault.column, fault.value) for fault in report.rejected] == [(2, "CEDULA_RUC", "90*****27")]


def test_a_long_serial_that_was_kept_as_a_number_is_told(tmp_path: Path) -> None:
    text = first_cell(workbook(tmp_path / "r.xlsx", HEADS, [4857544312345678901, "CAC", "x"]))
    assert isinstance(text, Spoilt)
    assert "15 cifras" in text.because


def test_a_formula_counts_with_the_value_that_was_saved_and_never_without(tmp_path: Path) -> None:
    path = workbook(tmp_path / "r.xlsx", HEADS, ["AE-1", "CAC", "x"], ['="AE-"&2', "CAC", "x"])
    without = read(path)
    assert without[0]["acta"] == "AE-1"
    assert isinstance(without[1]["acta"], Spoilt)
    import zipfile

    parts = {}
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    start = sheet.index("<f>")
    begin, end = sheet.rindex("<c ", 0, start), sheet.index("</c>", start) + 4
    saved = '<c r="A3" t="str"><f>"AE-"&amp;2</f><v>AE-2</v></c>'
    parts["xl/worksheets/sheet1.xml"] = (sheet[:begin] + saved + sheet[end:]).encode()
    with zipfile.ZipFile(path, "w") as book:
        for name, content in parts.items():
            book.writestr(name, content)
    assert [row["acta"] for row in read(path)] == ["AE-1", "AE-2"]


def test_an_error_in_a_cell_is_no_text(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADS)
    sheet.append(["#N/A", "CAC", "x"])
    sheet["A2"].data_type = "e"
    book.save(tmp_path / "r.xlsx")
    assert isinstance(first_cell(tmp_path / "r.xlsx"), Spoilt)


def test_titles_above_and_merged_headings_are_seen_through(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["LISTADO DE ACTAS DEVUELTAS", None, None])
    sheet.merge_cells("A1:C1")
    sheet.append([])
    sheet.append(["NUMERO_ACTA", "ENTREGA", None])
    sheet.append([None, "CAC", "FECHA"])
    sheet.merge_cells("A3:A4")
    sheet.merge_cells("B3:C3")
    sheet.append(["AE-1", "CAC Norte", "1-2-2021"])
    book.save(tmp_path / "r.xlsx")
    assert read(tmp_path / "r.xlsx") == [{"acta": "AE-1", "office": "CAC Norte", "day": "1-2-2021"}]


def test_a_hidden_sheet_is_not_read_and_said_so(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Portada"])
    hidden = book.create_sheet("Datos")
    hidden.append(HEADS)
    hidden.append(["AE-1", "CAC", "x"])
    hidden.sheet_state = "hidden"
    book.save(tmp_path / "r.xlsx")
    with pytest.raises(BadFile, match="«Datos» está oculta"):
        read(tmp_path / "r.xlsx")
    hidden.sheet_state = "visible"
    book.save(tmp_path / "r.xlsx")
    assert first_cell(tmp_path / "r.xlsx") == "AE-1"
    more = book.create_sheet("Datos 2")
    more.append(HEADS)
    book.save(tmp_path / "r.xlsx")
    with pytest.raises(BadFile, match="deje una sola"):
        read(tmp_path / "r.xlsx")


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"PK\x03\x04" + b"x" * 500])
def test_a_broken_workbook_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "r.xlsx").write_bytes(content)
    with pytest.raises(BadFile, match="dañado"):
        read(tmp_path / "r.xlsx")


def test_a_workbook_that_holds_the_rows_in_its_shared_texts_is_read_too(tmp_path: Path) -> None:
    import sys

    sys.path.insert(0, str(Path(__file__).parent.parent / "bench"))
    try:
        import lists as bench
    finally:
        sys.path.pop(0)
    bench.write_xlsx(tmp_path / "casos.xlsx", 30)
    bench.write_csv(tmp_path / "casos.csv", 30)
    database = open_database("", tmp_path / "state")
    database.migrate()
    first = import_cases(database, tmp_path / "casos.xlsx", dossier.book(), now=NOW)
    second = import_cases(database, tmp_path / "casos.csv", dossier.book(), now=NOW)
    database.close()
    assert (first.new, first.refused, second.unchanged) == (30, 0, 30)


# ── text files ───────────────────────────────────────────────────────────────────────────────────


def test_excel_s_own_hint_names_the_separator(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("sep=|\nNUMERO_ACTA|CAC|FECHA\nAE;1|CAC, Norte|x\n", "utf-8")
    assert read(tmp_path / "r.csv")[0] == {"acta": "AE;1", "office": "CAC, Norte", "day": "x"}


def test_utf_16_is_read(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_bytes("NUMERO_ACTA\tCAC\tFECHA\nAE-1\tÑuñoa\tx\n".encode("utf-16"))
    assert read(tmp_path / "r.csv")[0]["office"] == "Ñuñoa"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("10-5-2020", date(2020, 5, 10)),
        ("10/05/2020", date(2020, 5, 10)),
        ("10.5.2020", date(2020, 5, 10)),
        ("10/may/2020", date(2020, 5, 10)),
        ("10-MAYO-2020", date(2020, 5, 10)),
        ("10 de mayo de 2020", date(2020, 5, 10)),
        ("1 de septiembre de 2020", date(2020, 9, 1)),
        ("2020-05-10", date(2020, 5, 10)),
        ("2020/5/10", date(2020, 5, 10)),
        ("20200510", date(2020, 5, 10)),
        ("5/10/20", None),
        ("31-2-2020", None),
        ("2020510", None),
        ("13/13/2020", None),
        ("ayer", None),
        ("43961", None),
    ],
)
def test_dates_are_read_as_people_here_write_them(text: str, wanted: date | None) -> None:
    assert date_of(text) == wanted


# ── the report ───────────────────────────────────────────────────────────────────────────────────


def test_every_fault_stands_in_one_file_with_its_place_and_masked(office: Office) -> None:
    path, faults = office.directory / "casos.csv", office.directory / "casos.csv.errores.csv"
    lines = ["CEDULA;TITULAR;LINEA;NUMERO_SERVICIO\n", *("17165684;A;INTERNET;0000\n" for _ in range(10_050))]
    path.write_text("".join(lines), "utf-8")
    report = import_cases(office.database, path, office.book, now=NOW, faults_to=faults)
    assert (report.refused, len(report.rejected)) == (10_050, 10_000)
    with faults.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert len({row["LINEA"] for row in rows}) == 10_050, "all of them, however many"
    assert rows[0] == {
        "ARCHIVO": "casos.csv",
        "LINEA": "2",
        "COLUMNA": "NUMERO_SERVICIO",
        "VALOR": "****",
        "PROBLEMA": "no es un número de servicio",
        "SE_ESPERABA": "letras o dígitos, no sólo ceros",
        "GRAVEDAD": "ERROR",
    }
    assert "17165684" not in faults.read_text("utf-8-sig")
    assert faults.stat().st_mode & 0o077 == 0


def test_a_list_without_fault_leaves_no_report(office: Office) -> None:
    path, faults = office.directory / "casos.csv", office.directory / "faults.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(HEADINGS), delimiter=";")
        writer.writeheader()
        writer.writerow(a_row())
    import_cases(office.database, path, office.book, now=NOW, faults_to=faults)
    assert not faults.exists()


# ── the return register ──────────────────────────────────────────────────────────────────────────


def bring_register(office: Office, *rows: str, headings: str = "ACTA;CAC;FECHA;SERIE;MAC;TIPO") -> Any:
    path = office.directory / "registro.csv"
    path.write_text("\n".join([headings, *rows]) + "\n", "utf-8")
    return import_register(office.database, path, office.book, now=NOW)


def look(office: Office, *actas: str, serials: tuple[str, ...] = ()) -> Register:
    with office.database.reading() as session:
        return register.look_up(session, actas, serials)


def test_the_register_is_found_by_acta_and_by_serial(office: Office) -> None:
    report = bring_register(
        office,
        "AE-000.001;CAC Norte;12-5-2020;HWTC-C661499D / KN2077;;DEVOLUCION",
        "ae 000001;CAC NORTE;12-5-2020;RPT1;02:11:22:33:44:55;Retiro",
        "AE-2;CAC Sur;1-6-2020;HWTC-C661499D;;Instalación",
    )
    assert (report.new, report.refused) == (2, 0)
    found = look(office, "AE000001")
    (entry,) = found.entries
    assert (found.known_to, entry.office, entry.day, entry.direction) == (
        date(2020, 6, 1),
        "CAC NORTE" if entry.office.isupper() else "CAC Norte",
        date(2020, 5, 12),
        Direction.DEVOLUCION,
    )
    assert set(entry.serials) == {"48575443C661499D", "KN2077", "RPT1", "021122334455"}
    assert [one.number for one in look(office, serials=("48575443C661499D",)).entries] == ["AE000001", "AE2"]
    assert look(office, "AE9").entries == ()


def test_no_register_says_nothing(office: Office) -> None:
    assert look(office, "AE1") == Register()


def test_the_register_only_grows(office: Office) -> None:
    bring_register(office, "AE-1;CAC;1-5-2020;S1;;", "AE-2;CAC;1-5-2020;S2;;")
    report = bring_register(office, "AE-1;CAC;1-5-2020;S1;;", "AE-2;CAC;2-5-2020;S3;;", "AE-3;CAC;3-5-2020;;;")
    assert (report.new, report.changed, report.unchanged, report.vanished) == (1, 1, 1, 0)
    (entry,) = look(office, "AE2").entries
    assert (entry.serials, entry.day) == (("S2", "S3"), date(2020, 5, 2))


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (";CAC;1-5-2020;;;", "ACTA", "falta"),
        ("---;CAC;1-5-2020;;;", "ACTA", "no tiene letras ni dígitos"),
        ("AE-1;;1-5-2020;;;", "CAC", "falta"),
        ("AE-1;CAC;;;;", "FECHA", "falta"),
        ("AE-1;CAC;1-5-2030;;;", "FECHA", "futura"),
        ("AE-1;CAC;1-5-2020;4.8E+15;;", "SERIE", "dañó"),
    ],
)
def test_a_faulty_row_of_the_register_is_told(office: Office, row: str, column: str, words: str) -> None:
    report = bring_register(office, row)
    assert (report.new, report.refused, report.rejected[0].column) == (0, 1, column)
    assert words in report.rejected[0].message
