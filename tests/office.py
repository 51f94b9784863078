"""A list as the company sends it, and a database that it is brought into."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from evidence_daemon.exchange import ImportReport, import_cases
from evidence_daemon.model import Case, Charge, SearchKeys
from evidence_daemon.rulebook import RuleBook
from evidence_daemon.store import records
from evidence_daemon.store.database import Database

NOW = datetime(2026, 3, 17, 15, 0, tzinfo=UTC)

HEADINGS = {
    "CEDULA_RUC": "1700000019",
    "TITULAR": "PRUEBA NUÑEZ ANA MARÍA",
    "LINEA_NEGOCIO": "INTERNET FIJO",
    "NUMERO_SERVICIO": "040010061",
    "FECHA_ACTIVACION": "1-3-2018",
    "FECHA_RETIRO": "10-5-2020",
    "PROVINCIA": "PICHINCHA",
    "CORREO": "Ana@Example.ec",
    "TELEFONOS": "099 000 0001, (02) 234-5678",
    "RECLAMO_ABIERTO": "NO",
    "COACTIVA": "",
    "TIPO_EQUIPO": "ONT",
    "DESCRIPCION_EQUIPO": "Huawei HG8245Q2",
    "SERIE": "HWTC-C661499D",
    "MAC": "02:11:22:33:44:55",
    "REFERENCIA_EQUIPO": "",
    "ESTADO_CARGO": "FACTURADO",
    "CONCEPTO": "Equipo no devuelto",
    "BASE": "90,00",
    "IVA": "13,50",
    "TOTAL": "103.50",
    "TARIFA_IVA": "15",
    "PAGADO": "",
    "FACTURA": "001-002-000000123",
    "REFERENCIA_CARGO": "",
}


def a_row(**cells: str) -> dict[str, str]:
    return HEADINGS | cells


@dataclass
class Office:
    """Where a list is written and brought in."""

    database: Database
    book: RuleBook
    directory: Path
    progress: list[tuple[int, int]] = field(default_factory=list)

    def bring(
        self, *rows: dict[str, str], separator: str = ";", encoding: str = "utf-8", columns: list[str] | None = None
    ) -> ImportReport:
        text = io.StringIO()
        writer = csv.DictWriter(text, columns or list(HEADINGS), delimiter=separator, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
        return self.bring_text(text.getvalue(), encoding)

    def bring_text(self, text: str | bytes, encoding: str = "utf-8") -> ImportReport:
        path = self.directory / "casos.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return import_cases(self.database, path, self.book, progress=lambda *done: self.progress.append(done), now=NOW)

    def cases(self, *id_numbers: str) -> tuple[Case, ...]:
        with self.database.reading() as session:
            return records.find_cases(session, SearchKeys(id_numbers=id_numbers or ("1700000019",)))

    def case(self, id_number: str = "1700000019") -> Case:
        (found,) = self.cases(id_number)
        return found

    def change(self, statement: str, **values: object) -> None:
        with self.database.engine.begin() as connection:
            connection.execute(sa.text(statement), values)


def decide(office: Office) -> None:
    """What `records.apply` does, in as few words as the foreign keys allow."""
    office.change(
        "INSERT INTO mails (id, sha256, size, oversized, received_at, stored_at, state, attempts, walk, walk_base, "
        "decisions, message_id, sender, subject, content_identity, edition, stage, trouble) "
        "VALUES (1, 'x', 1, false, '2026-03-17', '2026-03-17', 'ACEPTADO', 0, 0, 0, 1, '', '', '', '', '', '', '')"
    )
    office.change(
        "INSERT INTO decisions (id, mail_id, number, verdict, actor, edition, decided_at, keys, match, decision, "
        "settlement) VALUES (1, 1, 1, 'reverse', 'daemon', '', '2026-03-17', '', '', '', '')"
    )


def mark(office: Office, charge: Charge) -> None:
    values = {"case": charge.case_id, "charge": charge.id, "amount": charge.total}
    office.change("UPDATE charges SET state = 'REVERSO_PENDIENTE', reversed = total WHERE id = :charge", **values)
    office.change(
        "INSERT INTO ledger (decision_id, case_id, charge_id, kind, operation, amount, turn, cause, rule, entered_at) "
        "VALUES (1, :case, :charge, 'REVERSO', 'NOTA_CREDITO', :amount, 1 + (SELECT count(*) FROM ledger "
        "WHERE charge_id = :charge AND kind = 'CORRECCION'), 'EV-0000001-8', 'todo', '2026-03-18 03:00:00')",
        **values,
    )
