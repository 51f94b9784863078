"""How many rows of a case list come in per second, and whether memory stays flat.

    nice .venv/bin/python bench/lists.py 100000 1000000          # CSV
    nice .venv/bin/python bench/lists.py --xlsx 20000 100000     # a workbook with shared texts

Each size runs in a process of its own: peak memory is that process's (ru_maxrss).  Prints rows per second and the
ratio of the peaks; with --again also how long the same list takes when nothing changed.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

from evidence_daemon.app import read_rules
from evidence_daemon.exchange import import_cases
from evidence_daemon.store.database import open_database

RULES = Path(__file__).parent.parent / "rules"
HEADINGS = [
    "CEDULA_RUC",
    "TITULAR",
    "LINEA_NEGOCIO",
    "NUMERO_SERVICIO",
    "FECHA_RETIRO",
    "PROVINCIA",
    "CORREO",
    "TELEFONOS",
    "TIPO_EQUIPO",
    "SERIE",
    "MAC",
    "ESTADO_CARGO",
    "CONCEPTO",
    "BASE",
    "IVA",
    "TOTAL",
    "TARIFA_IVA",
    "FACTURA",
]


def rows(count: int) -> Iterator[list[str]]:
    """Two rows for each case: an ONT and a decoder, as in a package."""
    for number in range(count):
        case = number // 2
        mac = f"02{case & 0xFFFFFFFF:08X}{number & 1:02X}"
        yield [
            f"P{case:08d}",
            f"PRUEBA NUÑEZ ANA {case}",
            "INTERNET FIJO",
            f"4{case:08d}",
            "10-5-2020",
            "PICHINCHA",
            f"p{case}@correo.example",
            f"09{case % 90_000_000 + 10_000_000:08d}",
            "DECODIFICADOR" if number & 1 else "ONT",
            f"SR{number:09d}",
            mac,
            "FACTURADO",
            "EQUIPO NO DEVUELTO",
            "90.00",
            "13.50",
            "103.50",
            "15",
            f"001-002-{number:09d}",
        ]


def write_csv(path: Path, count: int) -> None:
    """A list as CSV."""
    with path.open("w", encoding="utf-8") as file:
        file.write(";".join(HEADINGS) + "\n")
        for row in rows(count):
            file.write(";".join(row) + "\n")


_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def write_xlsx(path: Path, count: int) -> None:
    """A list as Excel writes it: every text in the table of shared texts."""
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_TYPE}.sharedStrings+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="Casos" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
    }
    wide = len(HEADINGS)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        for name, text in parts.items():
            book.writestr(name, text)
        with book.open("xl/sharedStrings.xml", "w", force_zip64=True) as file:
            file.write(f'<sst xmlns="{_SHEET}">'.encode())
            for row in [HEADINGS, *()]:
                file.write("".join(f"<si><t>{text}</t></si>" for text in row).encode())
            for row in rows(count):
                file.write("".join(f"<si><t>{text}</t></si>" for text in row).encode())
            file.write(b"</sst>")
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as file:
            file.write(f'<worksheet xmlns="{_SHEET}"><sheetData>'.encode())
            for line in range(count + 1):
                cells = "".join(
                    f'<c r="{chr(65 + place)}{line + 1}" t="s"><v>{line * wide + place}</v></c>'
                    for place in range(wide)
                )
                file.write(f'<row r="{line + 1}">{cells}</row>'.encode())
            file.write(b"</sheetData></worksheet>")


def measure(path: Path, *, again: bool) -> None:
    """Bring one list into an empty database, in this process."""
    book = read_rules(RULES)
    with tempfile.TemporaryDirectory() as directory:
        database = open_database("", Path(directory))
        database.migrate()
        for turn in range(1 + again):
            began, used = time.perf_counter(), time.process_time()
            report = import_cases(database, path, book)
            cpu, took = time.process_time() - used, time.perf_counter() - began
            done = report.new + report.changed + report.unchanged
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            what = "again" if turn else "new"
            print(
                f"{done} {what} {took:.1f}s {cpu:.1f}s {done / cpu:.0f}/s {peak}MB {report.refused} refused", flush=True
            )
        database.close()


def main() -> None:
    """Measure each size in a process of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("sizes", nargs="*", type=int)
    parser.add_argument("--xlsx", action="store_true")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--file", type=Path)
    chosen = parser.parse_args()
    if chosen.file:
        measure(chosen.file, again=chosen.again)
        return
    peaks = []
    with tempfile.TemporaryDirectory() as directory:
        for size in chosen.sizes:
            path = Path(directory) / ("casos.xlsx" if chosen.xlsx else "casos.csv")
            (write_xlsx if chosen.xlsx else write_csv)(path, size)
            command = [sys.executable, __file__, "--file", str(path), *(["--again"] if chosen.again else [])]
            shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            print(f"{path.stat().st_size / 1e6:.0f} MB file, wall and CPU seconds, rows per CPU second, peak memory:")
            print(shown, end="", flush=True)
            peaks.append(int(shown.split("MB")[0].split()[-1]))
    if len(peaks) > 1:
        print(f"peak memory, largest to smallest list: {peaks[-1] / peaks[0]:.2f} times")


if __name__ == "__main__":
    main()
