"""Batches: frozen, approved by somebody else, handed over byte for byte, answered line by line."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dossier
import openpyxl
import pdfplumber
import pytest
import sqlalchemy as sa
from office import Office, a_row, decide, mark

from evidence_daemon.errors import BadInput, RefusedTransition
from evidence_daemon.exchange import Batches, Corrections, ResponseReport, import_response
from evidence_daemon.exchange.told import harmless
from evidence_daemon.model import BatchState, ChargeState, LineResult, RefundChoice
from evidence_daemon.store import batches as store
from evidence_daemon.store.batches import ExportedFile
from evidence_daemon.store.database import Database, open_database

NOW = datetime(2026, 3, 17, 15, 0, tzinfo=UTC)
PEOPLE = ("1700000019", "0900000027", "0100000033")


@dataclass
class Accounts(Office):
    """An office with three charges that wait: two invoiced, one not yet."""

    now: datetime = NOW
    batches: Batches = field(init=False)
    corrections: Corrections = field(init=False)

    def __post_init__(self) -> None:
        self.batches = Batches(self.database, self.book, lambda: self.now)
        self.corrections = Corrections(self.database, self.book, lambda: self.now)
        self.bring(
            a_row(CORREO="", TITULAR="=HYPERLINK(0) PRUEBA"),
            a_row(CEDULA_RUC=PEOPLE[1], SERIE="X1", MAC=""),
            a_row(CEDULA_RUC=PEOPLE[2], SERIE="X2", MAC="", BASE="33.33", IVA="5.00", TOTAL="38.33"),
        )
        self.change("UPDATE items SET state = 'ACREDITADO_ACTA'")
        self.change("UPDATE cases SET state = 'ACREDITADO'")
        decide(self)
        for person in PEOPLE:
            mark(self, self.case(person).charges[0])

    def charge(self, place: int = 0) -> int:
        return self.case(PEOPLE[place]).charges[0].id

    def state(self, place: int = 0) -> ChargeState:
        return self.case(PEOPLE[place]).charges[0].state

    def exported(self) -> tuple[int, tuple[ExportedFile, ...]]:
        """A batch that went the whole way to billing."""
        number = self.batches.draft(person="Ana").id
        self.batches.close(number, person="Ana")
        self.batches.approve(number, person="Berta")
        return number, self.batches.export(number, person="Ana")[1]

    def answer(self, *rows: str, headings: str = "ID_LOTE;ID_ASIENTO;RESULTADO;MOTIVO;NUMERO_NOTA") -> ResponseReport:
        path = self.directory / "respuesta.csv"
        path.write_text("\n".join([headings, *rows]) + "\n", "utf-8")
        return import_response(self.database, path, self.book, actor="persona:Ana", now=self.now)

    def actions(self) -> list[str]:
        with self.database.engine.connect() as connection:
            return list(connection.execute(sa.text("SELECT action FROM audit_events ORDER BY id")).scalars())


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    database = open_database("", tmp_path / "state")
    database.migrate(armed=True)
    yield Accounts(database, dossier.book(), tmp_path)
    database.close()


def table(files: tuple[ExportedFile, ...]) -> list[dict[str, str]]:
    content = next(file.content for file in files if file.form == "csv")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


# ── to billing ───────────────────────────────────────────────────────────────────────────────────


def test_a_draft_takes_what_waits_and_nothing_twice(accounts: Accounts) -> None:
    first = accounts.batches.draft(person="Ana", most=2)
    second = accounts.batches.draft(person="Ana")
    assert [len(accounts.batches.show(one.id)[1]) for one in (first, second)] == [2, 1]
    assert {accounts.state(place) for place in range(3)} == {ChargeState.REVERSO_EN_LOTE}
    with pytest.raises(BadInput, match="nothing to put into a batch"):
        accounts.batches.draft(person="Ana")


def test_closing_freezes_lines_totals_and_hash(accounts: Accounts) -> None:
    number = accounts.batches.draft(person="Ana").id
    closed = accounts.batches.close(number, person="Ana")
    assert (closed.state, closed.lines, closed.base, closed.tax, closed.total) == (
        BatchState.CERRADO,
        3,
        9000 + 9000 + 3333,
        1350 + 1350 + 500,
        10350 + 10350 + 3833,
    )
    assert re.fullmatch(r"[0-9a-f]{64}", closed.sha256)
    with pytest.raises(RefusedTransition, match="CERRADO, not BORRADOR"):
        accounts.batches.drop(number, accounts.charge(), person="Ana")


def test_a_charge_can_be_taken_out_of_a_draft(accounts: Accounts) -> None:
    number = accounts.batches.draft(person="Ana").id
    accounts.batches.drop(number, accounts.charge(1), person="Ana")
    assert accounts.state(1) is ChargeState.REVERSO_PENDIENTE
    assert accounts.batches.close(number, person="Ana").lines == 2


@pytest.mark.parametrize("person", ["Ana", "ana", " ANA ", "Carla"])
def test_who_drew_up_or_closed_a_batch_does_not_approve_it(accounts: Accounts, person: str) -> None:
    number = accounts.batches.draft(person="Carla").id
    accounts.batches.close(number, person="Ana")
    with pytest.raises(BadInput, match="another person"):
        accounts.batches.approve(number, person=person)
    assert accounts.batches.approve(number, person="Berta").state is BatchState.APROBADO


def test_the_database_itself_wants_a_second_person(accounts: Accounts) -> None:
    number = accounts.batches.draft(person="Ana").id
    accounts.batches.close(number, person="Ana")
    for statement in (
        "UPDATE batches SET state = 'APROBADO'",
        "UPDATE batches SET state = 'APROBADO', approved_by = 'persona:ANA'",
    ):
        with pytest.raises(sa.exc.IntegrityError):
            accounts.change(statement)


def test_a_batch_whose_lines_were_changed_behind_its_back_goes_nowhere(accounts: Accounts) -> None:
    number = accounts.batches.draft(person="Ana").id
    accounts.batches.close(number, person="Ana")
    accounts.change("UPDATE batch_lines SET base = base + 1, amount = amount + 1 WHERE ordinal = 1")
    with pytest.raises(RefusedTransition, match="not those that were closed"):
        accounts.batches.approve(number, person="Berta")


def test_a_batch_sent_back_is_a_draft_again_and_an_annulled_one_frees_its_charges(accounts: Accounts) -> None:
    number = accounts.batches.draft(person="Ana").id
    accounts.batches.close(number, person="Ana")
    assert accounts.batches.send_back(number, person="Berta", because="falta uno").state is BatchState.BORRADOR
    accounts.batches.close(number, person="Ana")
    accounts.batches.approve(number, person="Berta")
    with pytest.raises(BadInput, match="say why"):
        accounts.batches.annul(number, person="Ana", because=" ")
    accounts.batches.annul(number, person="Ana", because="se repite mañana")
    assert {accounts.state(place) for place in range(3)} == {ChargeState.REVERSO_PENDIENTE}
    assert accounts.batches.draft(person="Ana").id == number + 1
    assert len(accounts.batches.show(number + 1)[1]) == 3


def test_what_was_exported_is_not_annulled_any_more(accounts: Accounts) -> None:
    number, _ = accounts.exported()
    with pytest.raises(RefusedTransition, match="EXPORTADO a ANULADO"):
        accounts.batches.annul(number, person="Ana", because="tarde")


def test_the_same_batch_gives_the_same_bytes_even_under_another_column_map(accounts: Accounts) -> None:
    number, files = accounts.exported()
    accounts.now += timedelta(days=3)
    accounts.change("UPDATE cases SET holder = 'OTRA PERSONA'")
    texts = dossier.texts()
    texts["columns/reversals.toml"] = texts["columns/reversals.toml"].replace("ID_LOTE", "LOTE")
    later = Batches(accounts.database, dossier.parse(texts), lambda: accounts.now)
    assert later.export(number, person="Berta")[1] == files
    assert accounts.actions().count("batch exported") == 1


def test_the_files_are_made_of_their_values_alone(accounts: Accounts) -> None:
    number, files = accounts.exported()
    with accounts.database.reading() as session:
        batch, lines = store.load(session, number), store.lines_of(session, number)
    assert accounts.batches._files(batch, lines) == files


def test_the_files_say_what_the_lines_say(accounts: Accounts) -> None:
    number, files = accounts.exported()
    rows = table(files)
    assert [row["ID_LOTE"] for row in rows] == [str(number)] * 3
    assert [row["VALOR_A_REVERSAR"] for row in rows] == ["103.50", "103.50", "38.33"]
    assert {row["OPERACION"] for row in rows} == {"NOTA_CREDITO"}
    book = openpyxl.load_workbook(io.BytesIO(next(file.content for file in files if file.form == "xlsx")))
    sheet = book.active
    assert sheet is not None
    heads = [str(cell.value) for cell in sheet[1]]
    first = dict(zip(heads, sheet[2], strict=True))
    assert (first["CEDULA_RUC"].value, first["CEDULA_RUC"].number_format) == ("1700000019", "@")
    assert (first["VALOR_A_REVERSAR"].value, first["VALOR_A_REVERSAR"].number_format) == (103.5, "#,##0.00")
    assert first["FECHA"].value == datetime(2026, 3, 17)  # noqa: DTZ001


def test_a_formula_in_a_name_is_only_text(accounts: Accounts) -> None:
    _, files = accounts.exported()
    assert table(files)[0]["TITULAR"] == "'=HYPERLINK(0) PRUEBA"
    packed = next(file.content for file in files if file.form == "xlsx")
    with zipfile.ZipFile(io.BytesIO(packed)) as book:
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+CMD|' /C calc'!A0", "'+CMD|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3", "'-2+3"),
        ("\t=1", "'\t=1"),
        ("-12.50", "-12.50"),
        ("+593990000001", "+593990000001"),
        ("PRUEBA ANA", "PRUEBA ANA"),
        ("", ""),
    ],
)
def test_text_that_a_spreadsheet_would_run_is_made_harmless(text: str, shown: str) -> None:
    assert harmless(text) == shown


def test_the_cover_sheet_shows_totals_people_and_hashes(accounts: Accounts) -> None:
    number, files = accounts.exported()
    cover = next(file for file in files if file.form == "pdf")
    with pdfplumber.open(io.BytesIO(cover.content)) as pdf:
        assert len(pdf.pages) == 1
        text = pdf.pages[0].extract_text()
    assert f"Lote de reversos N.º {number}" in text
    assert "245,33" in text
    assert "Berta, 17-03-2026 10:00" in text
    for file in files[:2]:
        assert file.sha256 in text.replace("\n", "")


# ── back from billing ────────────────────────────────────────────────────────────────────────────


def test_an_answer_is_taken_line_by_line_and_reconciles_the_batch(accounts: Accounts) -> None:
    number, files = accounts.exported()
    entries = [row["ID_ASIENTO"] for row in table(files)]
    said = accounts.answer(f"{number};{entries[0]};APLICADO;;001-001-000000001")
    assert (said.applied, said.failed, said.reconciled) == (1, 0, ())
    assert accounts.batches.show(number)[0].state is BatchState.APLICADO_PARCIAL
    assert accounts.case(PEOPLE[0]).state == "REGULARIZADO"
    said = accounts.answer(
        f"{number};{entries[1]};FALLIDO;FACTURA_CONSUMIDOR_FINAL;", f"{number};{entries[2]};OK;;001-001-000000002"
    )
    assert (said.applied, said.failed, said.reconciled) == (1, 1, (number,))
    assert [accounts.state(place) for place in range(3)] == ["REVERSADO", "REVERSO_FALLIDO", "REVERSADO"]
    assert accounts.case(PEOPLE[1]).state == "ACREDITADO"
    batch, lines = accounts.batches.show(number)
    assert batch.state is BatchState.CONCILIADO
    assert [line.note_number for line in lines] == ["001-001-000000001", "", "001-001-000000002"]
    assert lines[1].reason == "FACTURA_CONSUMIDOR_FINAL"


def test_the_same_answer_again_changes_nothing(accounts: Accounts) -> None:
    number, files = accounts.exported()
    rows = [f"{number};{row['ID_ASIENTO']};APLICADO;;001-001-00000000{n}" for n, row in enumerate(table(files))]
    assert accounts.answer(*rows).applied == 3
    before = accounts.batches.show(number)
    again = accounts.answer(*rows)
    assert (again.applied, again.unchanged, again.refused) == (0, 3, 0)
    assert accounts.batches.show(number) == before


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("{n};99999;APLICADO;;001-001-000000001", "ID_ASIENTO", "ningún lote tiene este asiento"),
        ("77;{e};APLICADO;;001-001-000000001", "ID_ASIENTO", "ningún lote tiene este asiento"),
        ("{n};{e};QUIZAS;;", "RESULTADO", "no es un resultado"),
        ("{n};{e};FALLIDO;;", "MOTIVO", "falta el motivo"),
        ("{n};{e};APLICADO;;", "NUMERO_NOTA", "falta el número de la nota"),
        ("{n};1.0E+3;APLICADO;;x", "ID_ASIENTO", "no es un número"),
        ("{n};;APLICADO;;x", "ID_ASIENTO", "falta"),
        ("{n};{e}", "", "celdas"),
    ],
)
def test_a_line_that_cannot_be_is_told_and_changes_nothing(
    accounts: Accounts, row: str, column: str, words: str
) -> None:
    number, files = accounts.exported()
    said = accounts.answer(row.format(n=number, e=table(files)[0]["ID_ASIENTO"]))
    assert (said.applied, said.failed, said.refused) == (0, 0, 1)
    assert (said.rejected[0].line, said.rejected[0].column) == (2, column)
    assert words in said.rejected[0].message
    assert accounts.state() is ChargeState.REVERSO_EN_LOTE


def test_an_amount_that_is_not_the_line_s_own_is_refused(accounts: Accounts) -> None:
    number, files = accounts.exported()
    entry = table(files)[0]["ID_ASIENTO"]
    headings = "ID_LOTE;ID_ASIENTO;RESULTADO;NUMERO_NOTA;VALOR_REVERSADO"
    said = accounts.answer(f"{number};{entry};APLICADO;001-001-000000001;103.49", headings=headings)
    assert (said.refused, said.rejected[0].expected) == (1, "103.50")
    assert accounts.answer(f"{number};{entry};APLICADO;001-001-000000001;103,50", headings=headings).applied == 1


def test_an_answer_that_contradicts_an_earlier_one_is_left_to_a_person(accounts: Accounts) -> None:
    number, files = accounts.exported()
    entry = table(files)[0]["ID_ASIENTO"]
    accounts.answer(f"{number};{entry};APLICADO;;001-001-000000001")
    said = accounts.answer(f"{number};{entry};FALLIDO;siempre no;")
    assert (said.refused, accounts.state()) == (1, ChargeState.REVERSADO)
    assert "ya consta APLICADO" in said.rejected[0].message


def test_a_batch_that_was_not_exported_expects_no_answer(accounts: Accounts) -> None:
    number = accounts.batches.draft(person="Ana").id
    entry = accounts.batches.show(number)[1][0].entry_id
    said = accounts.answer(f"{number};{entry};APLICADO;;001-001-000000001")
    assert "no se espera su respuesta" in said.rejected[0].message
    assert accounts.state() is ChargeState.REVERSO_EN_LOTE


def test_what_failed_goes_out_again_under_the_same_entry_in_a_new_batch(accounts: Accounts) -> None:
    number, files = accounts.exported()
    entry = table(files)[0]["ID_ASIENTO"]
    accounts.answer(*(f"{number};{row['ID_ASIENTO']};FALLIDO;caído;" for row in table(files)))
    accounts.corrections.try_again(accounts.charge(), person="Ana")
    second, again = accounts.exported()
    assert [row["ID_ASIENTO"] for row in table(again)] == [entry]
    said = accounts.answer(f"{entry};APLICADO;001-001-000000005", headings="ID_ASIENTO;RESULTADO;NUMERO_NOTA")
    assert (said.applied, said.reconciled) == (1, (second,))


def test_an_old_answer_without_batch_says_nothing_of_the_batch_that_followed(accounts: Accounts) -> None:
    _number, files = accounts.exported()
    headings = "ID_ASIENTO;RESULTADO;MOTIVO"
    rows = [f"{row['ID_ASIENTO']};FALLIDO;caído" for row in table(files)]
    accounts.answer(*rows, headings=headings)
    accounts.corrections.try_again(accounts.charge(), person="Ana")
    accounts.exported()
    said = accounts.answer(*rows, headings=headings)
    assert (said.failed, said.unchanged, said.refused) == (0, 2, 1)
    assert said.rejected[0].expected == "el número del lote"
    assert accounts.state() is ChargeState.REVERSO_EN_LOTE


# ── single charges ───────────────────────────────────────────────────────────────────────────────


def test_what_waits_is_taken_back_with_a_reason_and_can_be_reversed_anew(accounts: Accounts) -> None:
    after = accounts.corrections.take_back(accounts.charge(), person="Ana", because="acta falsa", false_acta=True)
    assert after is ChargeState.FACTURADO
    case = accounts.case(PEOPLE[0])
    assert (case.charges[0].reversed, case.items[0].state, case.state) == (0, "PENDIENTE", "ABIERTO")
    mark(accounts, case.charges[0])
    assert accounts.case(PEOPLE[0]).charges[0].reversed == 10350


def test_what_billing_reversed_is_charged_again_by_two_people_only(accounts: Accounts) -> None:
    number, files = accounts.exported()
    accounts.answer(*(f"{number};{row['ID_ASIENTO']};APLICADO;;001-001-000000001" for row in table(files)))
    with pytest.raises(RefusedTransition):
        accounts.corrections.take_back(accounts.charge(), person="Ana", because="acta falsa")
    wish = accounts.corrections.propose_opposite(accounts.charge(), person="Ana", because="acta falsa")
    with pytest.raises(BadInput, match="another person"):
        accounts.corrections.approve_opposite(wish.id, person=" ana")
    with pytest.raises(BadInput, match="proposed already"):
        accounts.corrections.propose_opposite(accounts.charge(), person="Carla", because="otra vez")
    assert accounts.state() is ChargeState.REVERSADO
    assert accounts.corrections.approve_opposite(wish.id, person="Berta") is ChargeState.FACTURADO
    case = accounts.case(PEOPLE[0])
    assert (case.charges[0].reversed, case.state) == (0, "ACREDITADO")
    assert accounts.corrections.waiting_opposites() == ()


def test_what_billing_cannot_do_is_done_by_hand(accounts: Accounts) -> None:
    number, files = accounts.exported()
    accounts.answer(*(f"{number};{row['ID_ASIENTO']};FALLIDO;consumidor final;" for row in table(files)))
    accounts.corrections.by_hand(accounts.charge(), person="Ana", because="consumidor final")
    accounts.corrections.done_by_hand(accounts.charge(), person="Ana", note="001-001-000000077")
    assert (accounts.state(), accounts.case(PEOPLE[0]).state) == (ChargeState.REVERSADO, "REGULARIZADO")


# ── refunds ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def paid(accounts: Accounts) -> Accounts:
    accounts.corrections.take_back(accounts.charge(), person="Ana", because="se pagó")
    refunded(accounts, turn=2)
    return accounts


def refunded(accounts: Accounts, *, turn: int) -> None:
    """The first charge was paid, and waits for what becomes of the money."""
    accounts.change(
        "INSERT INTO ledger (decision_id, case_id, charge_id, kind, operation, amount, turn, cause, rule, entered_at) "
        "SELECT 1, case_id, id, 'DEVOLUCION', 'NINGUNA', total, :turn, 'EV-0000001-8', 'todo', '2026-03-18' "
        "FROM charges WHERE id = :charge",
        charge=accounts.charge(),
        turn=turn,
    )
    accounts.change(
        "UPDATE charges SET state = 'DEVOLUCION_PENDIENTE', reversed = total WHERE id = :charge",
        charge=accounts.charge(),
    )


@pytest.mark.parametrize(
    ("choice", "after", "reversed_cents"),
    [
        (RefundChoice.DEVUELTO, ChargeState.DEVUELTO, 10350),
        (RefundChoice.SALDO_A_FAVOR, ChargeState.SALDO_A_FAVOR, 10350),
        (RefundChoice.NO_PROCEDE, ChargeState.PAGADO, 0),
    ],
)
def test_a_refund_is_decided_by_one_and_approved_by_another(
    paid: Accounts, choice: RefundChoice, after: ChargeState, reversed_cents: int
) -> None:
    charge = paid.charge()
    paid.corrections.decide_refund(charge, choice, person="Ana", because="pagó en marzo")
    with pytest.raises(BadInput, match="another person"):
        paid.corrections.approve_refund(charge, person="ANA")
    assert paid.state() is ChargeState.DEVOLUCION_PENDIENTE
    assert paid.corrections.approve_refund(charge, person="Berta") is after
    assert (paid.state(), paid.case(PEOPLE[0]).charges[0].reversed) == (after, reversed_cents)
    assert paid.corrections.open_refunds() == ()


def test_a_refund_can_be_decided_anew_while_nobody_approved_it(paid: Accounts) -> None:
    charge = paid.charge()
    paid.corrections.decide_refund(charge, RefundChoice.DEVUELTO, person="Ana", because="x")
    with pytest.raises(BadInput, match="decided already"):
        paid.corrections.decide_refund(charge, RefundChoice.SALDO_A_FAVOR, person="Berta", because="y")
    paid.corrections.withdraw_refund(charge, person="Ana")
    paid.corrections.decide_refund(charge, RefundChoice.SALDO_A_FAVOR, person="Berta", because="y")
    ((value, decided),) = paid.corrections.open_refunds()
    assert (value.amount, decided and decided.choice) == (10350, RefundChoice.SALDO_A_FAVOR)


def test_what_was_decided_on_a_value_that_was_taken_back_does_not_count_for_the_next_one(paid: Accounts) -> None:
    charge = paid.charge()
    paid.corrections.decide_refund(charge, RefundChoice.DEVUELTO, person="Ana", because="x")
    paid.corrections.take_back(charge, person="Berta", because="acta falsa")
    refunded(paid, turn=3)
    with pytest.raises(BadInput, match="nothing was decided"):
        paid.corrections.approve_refund(charge, person="Berta")
    paid.corrections.decide_refund(charge, RefundChoice.SALDO_A_FAVOR, person="Ana", because="y")
    paid.corrections.approve_refund(charge, person="Berta")
    (row,) = table(paid.corrections.export_refunds(person="Carla")[1])
    assert row["DECISION"] == "SALDO_A_FAVOR"


def test_approved_refunds_go_out_in_one_list_once(paid: Accounts) -> None:
    paid.corrections.decide_refund(paid.charge(), RefundChoice.DEVUELTO, person="Ana", because="x")
    with pytest.raises(BadInput, match="no refund was approved"):
        paid.corrections.export_refunds(person="Carla")
    paid.corrections.approve_refund(paid.charge(), person="Berta")
    number, files = paid.corrections.export_refunds(person="Carla")
    (row,) = table(files)
    assert (row["DECISION"], row["VALOR_A_DEVOLVER"], row["DECIDIO"], row["APROBO"]) == (
        "DEVUELTO",
        "103.50",
        "Ana",
        "Berta",
    )
    with pytest.raises(BadInput, match="no refund was approved"):
        paid.corrections.export_refunds(person="Carla")
    assert paid.corrections.export_refunds(person="Carla", again=number) == (number, files)


# ── everywhere ───────────────────────────────────────────────────────────────────────────────────


def test_every_act_stands_in_the_audit_trail_with_its_person(accounts: Accounts) -> None:
    number, files = accounts.exported()
    accounts.answer(*(f"{number};{row['ID_ASIENTO']};APLICADO;;001-001-000000001" for row in table(files)))
    acts = ["batch drafted", "batch closed", "batch approved", "batch exported"]
    assert [action for action in accounts.actions() if action.startswith("batch")][:4] == acts
    assert accounts.actions()[-1] == "batch response imported"
    with accounts.database.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT actor, detail FROM audit_events WHERE action LIKE 'batch%'")).all()
    assert {actor for actor, _ in rows} == {"persona:Ana", "persona:Berta"}
    assert not any("PRUEBA" in detail or "1700000019" in detail for _, detail in rows), "no personal data"


def test_nobody_acts_without_a_name(accounts: Accounts) -> None:
    with pytest.raises(BadInput, match="a name is needed"):
        accounts.batches.draft(person="  ")


def test_batches_work_on_a_server_too(postgresql: Callable[[], str], tmp_path: Path) -> None:
    database: Database = open_database(postgresql(), tmp_path)
    database.migrate(armed=True)
    accounts = Accounts(database, dossier.book(), tmp_path)
    number, files = accounts.exported()
    said = accounts.answer(*(f"{number};{row['ID_ASIENTO']};APLICADO;;001-001-000000001" for row in table(files)))
    assert (said.applied, said.reconciled) == (3, (number,))
    assert accounts.batches.export(number, person="Berta")[1] == files
    wish = accounts.corrections.propose_opposite(accounts.charge(), person="Ana", because="x")
    accounts.corrections.approve_opposite(wish.id, person="Berta")
    assert [line.result for line in accounts.batches.show(number)[1]] == [LineResult.APLICADO] * 3
    database.close()


# ── by the command line ──────────────────────────────────────────────────────────────────────────


def test_a_batch_goes_to_billing_and_back_by_commands(accounts: Accounts) -> None:
    from typer.testing import CliRunner

    from evidence_daemon.cli import app

    config = accounts.directory / "config.toml"
    config.write_text(
        '[files]\nstate_directory = "state"\n[batches]\ndelivery = "folder"\nfolder = "salida"\n', "utf-8"
    )

    def does(*words: str, status: int = 0) -> str:
        done = CliRunner().invoke(app, [*words, "--config", str(config)])
        assert done.exit_code == status, done.output
        return " ".join(done.output.split())  # lines are wrapped

    assert "BORRADOR" in does("batches", "draft", "--as", "Ana")
    assert "CERRADO" in does("batches", "close", "1", "--as", "Ana")
    assert "another person" in does("batches", "approve", "1", "--as", "ana", status=1)
    assert "APROBADO" in does("batches", "approve", "1", "--as", "Berta")
    assert "entregado en" in does("batches", "export", "1", "--as", "Ana")
    out = accounts.directory / "salida"
    assert {path.name for path in out.iterdir()} == {"lote-000001.csv", "lote-000001.xlsx", "lote-000001-caratula.pdf"}
    before = (out / "lote-000001.xlsx").read_bytes()
    does("batches", "export", "1", "--as", "Berta", "--out", str(accounts.directory / "otra"))
    assert (accounts.directory / "otra" / "lote-000001.xlsx").read_bytes() == before
    said = accounts.directory / "respuesta.csv"
    said.write_text("ID_ASIENTO;RESULTADO;MOTIVO;NUMERO_NOTA\n1;APLICADO;;001-001-000000001\n9;APLICADO;;x\n", "utf-8")
    told = does("batches", "response", str(said), "--as", "Ana", status=65)
    assert "1 applied, 0 failed, 0 known already, 1 refused" in told
    assert (accounts.directory / "respuesta.csv.errores.csv").exists()
    assert "001-001-000000001" in does("batches", "show", "1")
    assert "APLICADO_PARCIAL" in does("batches", "list")
    charge = str(accounts.charge())
    assert "approve-undo 1" in does("reversals", "undo", charge, "--as", "Ana", "--because", "acta falsa")
    assert "FACTURADO" in does("reversals", "approve-undo", "1", "--as", "Berta")
    does("refunds", "list")
    assert "has no entry" in does("refunds", "decide", charge, "DEVUELTO", "--as", "Ana", "--because", "x", status=1)
