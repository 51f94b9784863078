"""The store on SQLite and on PostgreSQL: the same laws on both."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import alembic.command
import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

import evidence_daemon.store.whatsapp  # noqa: F401  # its tables are emptied too
from evidence_daemon.cases import ledger
from evidence_daemon.errors import BadConfig, BadInput, Permanent, RefusedTransition, Temporary
from evidence_daemon.model import (
    DAEMON,
    Address,
    Arrival,
    AskMore,
    Attachment,
    Box,
    Case,
    CaseChange,
    CaseState,
    Census,
    ChargeChange,
    ChargeState,
    Claim,
    CopyKey,
    Decision,
    Direction,
    Discard,
    Document,
    DocumentKind,
    Email,
    Engine,
    EntryKind,
    EquipmentLine,
    EquipmentType,
    Escalate,
    Evidence,
    EvidenceState,
    Field,
    Fields,
    Finding,
    FolderRole,
    Grounds,
    Hold,
    IdCheck,
    IdKind,
    IdNumber,
    ItemChange,
    ItemFinding,
    ItemOutcome,
    ItemState,
    Lane,
    LedgerEntry,
    Line,
    MailId,
    ManyCases,
    NoCase,
    OneCase,
    Operation,
    OutboxState,
    Page,
    Partial,
    ReasonCode,
    Reject,
    Repair,
    Reply,
    ReplyKind,
    Reverse,
    ReviewItem,
    SearchKeys,
    Segment,
    Settlement,
    Sha256,
    Signal,
    SignalClass,
    Statement,
    Unreadable,
    Verdict,
    Withheld,
    Word,
    receipt_number,
)
from evidence_daemon.store import audit, lists, records
from evidence_daemon.store.database import (
    Database,
    Session,
    alembic_config,
    file_system_of,
    open_database,
    refuse_network,
)
from evidence_daemon.store.shapes import from_json, to_json
from evidence_daemon.store.tables import EntryRow, EventRow, InstanceRow, MailRow, OutboxRow, ReviewRow, Table, UseRow

NOW = datetime(2026, 3, 17, 15, 0, tzinfo=UTC)
LITE = "sqlite"
SERVER = "postgresql"

Opener = Callable[[], Database]


@pytest.fixture(scope="module")
def lite_original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, armed SQLite file to copy."""
    path = tmp_path_factory.mktemp("lite") / "evidence.db"
    database = open_database(f"sqlite:///{path}", path.parent)
    database.migrate(armed=True)
    database.close()
    return path


@pytest.fixture(scope="module")
def server_url(postgresql: Callable[[], str]) -> str:
    """One migrated, armed database on the server: making and dropping one for each test costs minutes."""
    url = postgresql()
    database = open_database(url, Path())
    database.migrate(armed=True)
    database.close()
    return url


def _emptied(url: str) -> str:
    """The same database with nothing but its instance row, armed; numbering starts anew."""
    tables = ", ".join(table for table in Table.metadata.tables if table != "instance")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # else the append-only triggers refuse
        connection.execute(f"TRUNCATE {tables} RESTART IDENTITY".encode())
        connection.execute("UPDATE instance SET armed = true, resumed_at = NULL")
        connection.execute("UPDATE instance SET intake_paused = '', sending_paused = ''")
    return url


@pytest.fixture(params=[LITE, SERVER])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens one and the same database, as several processes would: migrated with `database`, else new."""
    migrated = "database" in request.fixturenames
    if request.param == SERVER:
        url = _emptied(request.getfixturevalue("server_url")) if migrated else request.getfixturevalue("postgresql")()
    else:
        url = ""
        if migrated:
            shutil.copy(request.getfixturevalue("lite_original"), tmp_path / "evidence.db")
    opened: list[Database] = []

    def opens() -> Database:
        opened.append(open_database(url, tmp_path))
        return opened[-1]

    yield opens
    for database in opened:
        database.close()


@pytest.fixture
def database(opener: Opener) -> Database:
    """Migrated, armed, empty."""
    return opener()


@pytest.fixture
def own_database(opener: Opener) -> Database:
    """The same, for a test that bends the schema: nobody else uses it."""
    found = opener()
    found.migrate(armed=True)
    return found


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Database]:
    """For what is SQLite's alone."""
    found = open_database("", tmp_path)
    found.migrate(armed=True)
    yield found
    found.close()


# ── what the tests are made of ───────────────────────────────────────────────────────────────────


def a_copy(uid: int = 1, uidvalidity: int = 1700000000) -> CopyKey:
    return CopyKey("posventa", "INBOX", uidvalidity, uid)


def a_digest(number: int) -> Sha256:
    return Sha256(f"{number:064x}")


def store_mail(session: Session, number: int = 1, key: CopyKey | None = None) -> MailId:
    arrival = Arrival(key or a_copy(number), NOW - timedelta(minutes=5), 1000 + number, b"...")
    return records.receive(session, arrival, a_digest(number), now=NOW, respond_by=date(2026, 4, 1)).mail_id


def an_email(number: int = 1, sender: str = "Ana@example.ec", attachments: tuple[Sha256, ...] = ()) -> Email:
    return Email(
        sha256=a_digest(number),
        size=1000,
        message_id=f"<{number}@example.ec>",
        sender=Address("Ana", sender),
        reply_to=None,
        subjects=("1700000019//PRUEBA ANA//INTERNET",),
        sent_at=NOW,
        in_reply_to="",
        references=(),
        automatic=None,
        text="Adjunto el acta.",
        statements=frozenset({Statement.ENLACE}),
        labelled_ids=(),
        attachments=tuple(Attachment("acta.pdf", "application/pdf", b"%PDF", digest, "2") for digest in attachments),
        ignored=(),
        defects=(),
    )


def a_field(value: str) -> Field:
    return Field(value, value.lower(), 1, Box(0.1, 0.2, 0.3, 0.4), 0.93, Engine.TESSERACT, "etiqueta", proven=True)


def an_acta(file: Sha256, number: str = "", serials: tuple[str, ...] = ()) -> Fields:
    return Fields(
        documents=(file,),
        kind=DocumentKind.ACTA,
        direction=Direction.DEVOLUCION,
        ours=True,
        number=a_field(number) if number else None,
        date=a_field("2026-02-03"),
        equipment=tuple(EquipmentLine(EquipmentType.ONT, "ONT Huawei", a_field(serial)) for serial in serials),
        because=("título",),
    )


def evidence_of(mail: MailId, *papers: Fields, files: tuple[Sha256, ...] = ()) -> Evidence:
    number = IdNumber("1700000019", "1700000019", IdKind.CEDULA, IdCheck.OK)
    return Evidence(
        receipt=receipt_number(mail),
        received_at=NOW,
        email=an_email(int(mail), attachments=files or tuple(d for paper in papers for d in paper.documents)),
        subject=Claim("1700000019//PRUEBA ANA//INTERNET", number, "PRUEBA ANA", frozenset({Line.INTERNET_FIJO})),
        readings=(),
        papers=papers,
    )


def listed_row(
    number: int,
    serial: str,
    *,
    id_number: str = "1700000019",
    state: ChargeState = ChargeState.FACTURADO,
    email: str = "",
) -> lists.ListedRow:
    mac = f"02{sum(serial.encode()) + number:010X}"
    return lists.ListedRow(
        line_number=2,
        id_number=id_number,
        holder="PRUEBA ANA",
        line=Line.INTERNET_FIJO,
        service_number=f"0{number}",
        service_key=str(number),
        email=email,
        province="PICHINCHA",
        phones=("+593990000001",),
        claim_open=False,
        in_collection=False,
        withdrawn_on=date(2020, 5, 10),
        activated_on=date(2018, 1, 1),
        item=lists.ListedItem("", f"serie:{serial}", EquipmentType.ONT, "ONT", serial, serial, mac, mac),
        charge=lists.ListedCharge("", "EQUIPO", "Equipo no devuelto", state, 9000, 1350, 10350, 1500, 0, "001"),
    )


def list_case(
    session: Session, number: int = 1, *, serials: tuple[str, ...] = ("48575443AAAA0001",), **options: Any
) -> Case:
    """A case with one charge of 103.50 for each serial, brought in as the list is."""
    rows = [listed_row(number, serial, **options) for serial in serials]
    lists.bring_in(session, rows, lists.Seen(), segment=lambda *_: Segment.CARGADO_SIN_PAGO_NI_RECLAMO, now=NOW)
    return records.find_cases(session, SearchKeys(service_numbers=(str(number),)))[0]


def grounds(case: Case | None = None, actor: str = DAEMON) -> Grounds:
    items = (
        ()
        if case is None
        else tuple(
            ItemFinding(case.id, item.id, ItemOutcome.ACREDITAR, "la serie coincide", a_field(item.serial))
            for item in case.items
        )
    )
    return Grounds(
        findings=(Finding("todo-coincide", Verdict.REVERSE, (ReasonCode.ACEPTADO,), "Todo coincide.", decided=True),),
        reasons=(ReasonCode.ACEPTADO,),
        items=items,
        signals=(Signal("remitente-nuevo", SignalClass.WEAK, "primera vez"),),
        actor=actor,
    )


def acceptance(mail: MailId, *cases: Case, actor: str = DAEMON) -> Settlement:
    """Every charge of the cases is marked for reversal, as `settle` does it."""
    charges = [charge for case in cases for charge in case.charges]
    return Settlement(
        decision=Reverse(cases, grounds(cases[0], actor)),
        evidence_state=EvidenceState.ACEPTADO,
        folder=FolderRole.PROCESADOS,
        cases=tuple(
            change
            for case in cases
            for change in (
                CaseChange(case.id, CaseState.ABIERTO, CaseState.EN_REVISION, "llegó el acta"),
                CaseChange(case.id, CaseState.EN_REVISION, CaseState.ACREDITADO, "todo acreditado"),
            )
        ),
        items=tuple(
            ItemChange(item.id, ItemState.PENDIENTE, ItemState.ACREDITADO_ACTA, "consta en el acta")
            for case in cases
            for item in case.items
        ),
        charges=tuple(
            ChargeChange(charge.id, charge.state, ChargeState.REVERSO_PENDIENTE, "acta aceptada") for charge in charges
        ),
        entries=tuple(
            LedgerEntry(
                charge.case_id,
                charge.id,
                EntryKind.REVERSO,
                Operation.NOTA_CREDITO,
                charge.total,
                receipt_number(mail),
                "todo-coincide",
            )
            for charge in charges
        ),
        reply=Reply(ReplyKind.ACEPTADO, (ReasonCode.ACEPTADO,), (("recibo", receipt_number(mail)),)),
        respond_by=date(2026, 4, 1),
    )


def holding(*cases: Case) -> Settlement:
    """Held for a person; the receipt waits ten minutes."""
    return Settlement(
        decision=Hold(cases, grounds()),
        evidence_state=EvidenceState.EN_REVISION,
        folder=FolderRole.REVISION,
        reply=Reply(ReplyKind.RECIBIDO, (), (), delay_seconds=600, cancel_on_decision=True),
        review=ReviewItem(Lane.REVISAR, (ReasonCode.CASO_AMBIGUO,), "Dos casos posibles"),
    )


def settle(
    session: Session,
    mail: MailId,
    settlement: Settlement,
    evidence: Evidence | None = None,
    *,
    answer: str = "ana@example.ec",
    number: int | None = None,
    marks: dict[str, str] | None = None,
) -> int:
    cases = settlement.decision.cases
    sent = records.next_decision_number(session, mail) if number is None else number
    name = f"<{mail}.{sent}@cnt.example>"
    outgoing = records.Outgoing(answer, name, b"From: ...\r\n\r\nHola", **(marks or {})) if answer else None
    return records.apply(
        session,
        mail,
        settlement,
        found=OneCase(cases[0], ("la cédula",)) if len(cases) == 1 else NoCase(("nada",)),
        evidence=evidence or evidence_of(mail),
        keys=SearchKeys(id_numbers=("1700000019",)),
        follows=ledger.evidence_before(settlement),
        edition="abc123",
        now=NOW,
        outgoing=outgoing if settlement.reply is not None else None,
        number=number,
    )


def count(session: Session, table: type[Table]) -> int:
    return int(session.exec(sa.select(sa.func.count()).select_from(table)).one()[0])  # type: ignore[call-overload]


def charges_of(database: Database, case: Case) -> list[tuple[ChargeState, int]]:
    with database.reading() as session:
        return [(charge.state, charge.reversed) for charge in records.load_case(session, case.id).charges]


# ── the database ─────────────────────────────────────────────────────────────────────────────────


def _shape(connection: sa.Connection, tables: set[str]) -> dict[str, Any]:
    """Columns, keys, indexes and checks, as the database itself tells them."""
    inspector = sa.inspect(connection)
    shape: dict[str, Any] = {}
    for table in sorted(tables):
        shape[table] = {
            "columns": [
                (column["name"], str(column["type"]), column["nullable"]) for column in inspector.get_columns(table)
            ],
            "primary": inspector.get_pk_constraint(table)["constrained_columns"],
            "foreign": sorted((key["name"], key["referred_table"]) for key in inspector.get_foreign_keys(table)),
            "unique": sorted(
                (key["name"], tuple(key["column_names"])) for key in inspector.get_unique_constraints(table)
            ),
            "checks": sorted((key["name"], key["sqltext"]) for key in inspector.get_check_constraints(table)),
            "indexes": sorted(
                (
                    index["name"],
                    tuple(index["column_names"]),
                    bool(index["unique"]),
                    sorted(f"{k}: {v}" for k, v in index.get("dialect_options", {}).items() if v is not None),
                )
                for index in inspector.get_indexes(table)
            ),
        }
    return shape


def test_the_migrations_make_exactly_what_the_models_say(
    database: Database, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    bare_url = "" if database.lite else request.getfixturevalue("postgresql")()
    bare = open_database(bare_url, tmp_path / "bare")
    with bare.engine.begin() as connection:
        Table.metadata.create_all(connection)
        wanted = _shape(connection, set(Table.metadata.tables))
    bare.close()
    with database.engine.connect() as connection:
        assert _shape(connection, set(Table.metadata.tables)) == wanted
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": _ours})
        assert compare_metadata(context, Table.metadata) == []


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or name in Table.metadata.tables


def test_every_constraint_has_a_name() -> None:
    nameless = [
        constraint
        for table in Table.metadata.tables.values()
        for constraint in table.constraints
        if not constraint.name
    ]
    assert nameless == []


def test_tables_of_the_durable_engine_are_left_alone(own_database: Database) -> None:
    with own_database.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE workflow_status (id integer)"))
    own_database.migrate()
    with own_database.engine.connect() as connection:
        assert sa.inspect(connection).has_table("workflow_status")


def test_migrating_twice_and_from_two_processes_at_once_is_harmless(opener: Opener) -> None:
    first, second = opener(), opener()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: one.migrate(armed=True), (first, second)))
    first.migrate(armed=False)
    with first.reading() as session:
        assert count(session, InstanceRow) == 1
        assert records.is_armed(session)


def test_an_older_database_keeps_its_rows_when_its_words_grow(opener: Opener) -> None:
    database = opener()
    with database.engine.begin() as connection:
        alembic.command.upgrade(alembic_config(connection), "0001")
        for statement in (
            "INSERT INTO instance (id, name, armed, created_at) VALUES (1, 'x', true, '2026-01-01 00:00:00+00')",
            "INSERT INTO mails (sha256, size, oversized, received_at, stored_at, state, attempts, walk, walk_base,"
            " decisions, message_id, sender, subject, content_identity, edition, stage, trouble) VALUES ('a', 1, false,"
            " '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00', 'RECHAZADO', 1, 0, 0, 1, '', '', '', '', '', '', '')",
            "INSERT INTO decisions (mail_id, number, verdict, actor, edition, decided_at, keys, match, decision,"
            " settlement) VALUES (1, 1, 'ask', 'daemon', '', '2026-01-01 00:00:00+00', '', '', '', '')",
            "INSERT INTO outbox (decision_id, mail_id, kind, recipient, message_id, raw, state, created_at,"
            " cancel_on_decision, attempts, doubts, response) VALUES (1, 1, 'subsanar', 'a@x', '<1>', '', 'RETENIDO',"
            " '2026-01-01 00:00:00+00', false, 0, 0, 'disarmed')",
            "INSERT INTO reviews (mail_id, lane, reasons, summary, opened_at, closed_by, version)"
            " VALUES (1, 'ENVIO_INCIERTO', '', 'x', '2026-01-01 00:00:00+00', '', 1)",
        ):
            connection.execute(sa.text(statement))
    database.migrate()
    with database.session() as session:
        assert records.is_armed(session)
        answer = session.exec(sa.select(OutboxRow)).scalar_one()  # type: ignore[call-overload]
        assert (answer.state, answer.withheld, answer.release_at) == (OutboxState.RETENIDO, Withheld.DESARMADO, None)
        assert [review.lane for review in records.open_reviews(session)] == [Lane.ENVIO_INCIERTO]
        session.execute(sa.update(ReviewRow).values(lane=Lane.LLAMAR))
        session.execute(sa.update(OutboxRow).values(kind=ReplyKind.RECORDATORIO))


def test_a_database_of_a_newer_program_is_refused_with_what_to_do(own_database: Database) -> None:
    with own_database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE evidence_schema SET version_num = '9999'"))
        connection.execute(sa.text("UPDATE instance SET lives_with = '9999'"))  # nobody older can live with it
    with pytest.raises(BadInput, match="newer version"):
        own_database.migrate()


def test_sqlite_is_set_up_to_survive_a_power_cut(lite: Database) -> None:
    with lite.engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30000}


def test_only_we_can_read_the_sqlite_file(lite: Database, tmp_path: Path) -> None:
    with lite.session() as session:
        store_mail(session)
    assert {path.stat().st_mode & 0o077 for path in tmp_path.glob("evidence.db*")} == {0}


MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
40 22 0:45 / /srv/with\\040blank rw,relatime shared:2 - nfs4 host:/export rw,vers=4.2
41 22 0:46 / /data rw - ext4 /dev/vdb rw
42 41 0:47 / /data/far rw - fuse.sshfs someone@host: rw
43 41 0:48 / /data/far/near rw - tmpfs none rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/evidence", "ext4"),
        ("/srv/with blank/evidence", "nfs4"),
        ("/srv/with blanket", "ext4"),
        ("/data", "ext4"),
        ("/data/far/x", "fuse.sshfs"),
        ("/data/far/near/x", "tmpfs"),
    ],
)
def test_the_file_system_under_a_path_is_the_one_of_its_nearest_mount(path: str, kind: str) -> None:
    assert file_system_of(Path(path), MOUNTS) == kind


def test_sqlite_on_a_network_file_system_is_refused() -> None:
    with pytest.raises(BadConfig, match="network file system"):
        refuse_network(Path("/srv/with blank/evidence.db"), MOUNTS)
    refuse_network(Path("/data/evidence.db"), MOUNTS)


@pytest.mark.parametrize("url", ["mysql://u@h/n", "nonsense", "sqlite://", "sqlite:///:memory:"])
def test_a_url_that_cannot_work_is_refused_in_words(url: str, tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"database\.url"):
        open_database(url, tmp_path)


def test_a_server_that_is_not_there_is_temporary(tmp_path: Path) -> None:
    database = open_database("postgresql://u@127.0.0.1:1/none", tmp_path)
    with pytest.raises(Temporary, match="cannot be reached"), database.session() as session:
        records.is_armed(session)
    database.close()


def test_a_connection_that_the_server_cuts_is_temporary_and_the_next_one_works(
    postgresql: Callable[[], str], tmp_path: Path
) -> None:
    database = open_database(postgresql(), tmp_path)
    database.migrate()
    with pytest.raises(Temporary), database.session() as session:
        session.exec(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))  # type: ignore[call-overload]
    with database.reading() as session:
        assert records.status(session).mails == {}
    database.close()


def test_the_password_of_a_file_wins_over_the_url(tmp_path: Path) -> None:
    database = open_database("postgresql://u:old@127.0.0.1:1/none", tmp_path, "n€w")
    assert sa.make_url(database.url).password == "n€w"
    database.close()


def test_a_database_that_stays_busy_is_temporary(lite: Database, tmp_path: Path) -> None:
    hog = sqlite3.connect(tmp_path / "evidence.db", isolation_level=None)
    hog.execute("BEGIN IMMEDIATE")
    with lite.engine.connect() as connection:  # the pool's one connection: the next session gets it
        connection.connection.driver_connection.execute("PRAGMA busy_timeout=20")  # type: ignore[union-attr]
    with pytest.raises(Temporary, match="busy"), lite.session() as session:
        store_mail(session)
    hog.close()
    with lite.session() as session:
        assert store_mail(session) == 1


def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises(KeyError), database.session() as session:
        store_mail(session)
        raise KeyError
    with database.reading() as session:
        assert count(session, MailRow) == 0


def test_times_come_back_aware_and_in_utc(database: Database) -> None:
    here = datetime(2026, 3, 17, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    with database.session() as session:
        mail = records.receive(session, Arrival(a_copy(), here, 1, b"x"), a_digest(1), now=NOW).mail_id
    with database.reading() as session:
        found = records.load_mail(session, mail).received_at
    assert found == here
    assert found.tzinfo is UTC


def test_a_time_without_zone_is_refused(database: Database) -> None:
    naive = Arrival(a_copy(), datetime(2026, 3, 17, 12, 0), 1, b"x")  # noqa: DTZ001
    with pytest.raises(sa.exc.StatementError, match="no time zone"), database.session() as session:
        records.receive(session, naive, a_digest(1), now=NOW)


def test_thirty_transactions_that_read_and_then_write_lose_nothing(database: Database) -> None:
    with database.session() as session:
        mail = store_mail(session)

    def add_one(_: int) -> None:
        def work(session: Session) -> None:
            row = session.get_one(MailRow, mail)
            row.attempts += 1

        database.transact(work)

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(add_one, range(30)))
    with database.reading() as session:
        assert records.load_mail(session, mail).attempts == 30


def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    with database.session() as session:
        store_mail(session)
    with database.session() as writer:
        store_mail(writer, 2)
        with database.reading() as reader:
            assert count(reader, MailRow) == 1


# ── intake ───────────────────────────────────────────────────────────────────────────────────────


def test_a_mail_is_taken_in_once_whatever_the_number_of_its_copies(database: Database) -> None:
    arrival = Arrival(a_copy(1), NOW, 10, b"x")
    with database.session() as session:
        first = records.receive(session, arrival, a_digest(1), now=NOW)
        again = records.receive(session, arrival, a_digest(1), now=NOW)
        renumbered = records.receive(session, replace(arrival, key=a_copy(7, 99)), a_digest(1), now=NOW)
        other = records.receive(session, replace(arrival, key=a_copy(2)), a_digest(2), now=NOW)
    assert (first.new, again.new, renumbered.new, other.new) == (True, False, False, True)
    assert first.mail_id == again.mail_id == renumbered.mail_id != other.mail_id
    with database.reading() as session:
        assert records.known_uids(session, "posventa", "INBOX", 1700000000) == {1, 2}
        assert records.known_uids(session, "posventa", "INBOX", 99) == {7}
        assert records.known_uids(session, "otro", "INBOX", 99) == set()


def test_two_processes_that_take_in_the_same_mail_make_one_row(opener: Opener, database: Database) -> None:
    other = opener()
    arrival = Arrival(a_copy(1), NOW, 10, b"x")

    def take_in(where: Database) -> records.Received:
        return where.transact(lambda session: records.receive(session, arrival, a_digest(1), now=NOW))

    with ThreadPoolExecutor(2) as pool:
        received = list(pool.map(take_in, (database, other)))
    assert sorted(one.new for one in received) == [False, True]
    assert received[0].mail_id == received[1].mail_id


def test_a_mail_that_staff_put_back_into_the_inbox_is_told_from_a_renumbered_one(database: Database) -> None:
    arrival = Arrival(a_copy(1), NOW, 10, b"x")
    with database.session() as session:
        mail = records.receive(session, arrival, a_digest(1), now=NOW).mail_id
        settle(session, mail, holding())
        records.filed(session, [a_copy(1)], NOW)
        moved = records.receive(session, replace(arrival, key=a_copy(5)), a_digest(1), now=NOW)
        restored = records.receive(session, replace(arrival, key=a_copy(1, 77)), a_digest(1), now=NOW)
    assert (moved.returned, restored.returned) == (True, False)


def test_only_settled_mails_are_filed_away_each_copy_once(database: Database) -> None:
    with database.session() as session:
        decided, waiting = store_mail(session, 1), store_mail(session, 2)
        records.receive(session, Arrival(a_copy(9), NOW, 10, b"x"), a_digest(1), now=NOW)
        settle(session, decided, holding())
        assert records.to_file(session, "posventa") == [
            (a_copy(1), FolderRole.REVISION),
            (a_copy(9), FolderRole.REVISION),
        ]
        records.filed(session, [a_copy(1)], NOW)
        records.filed(session, [a_copy(1)], NOW + timedelta(hours=1))
        assert records.to_file(session, "posventa") == [(a_copy(9), FolderRole.REVISION)]
        assert records.to_file(session, "otro") == []
        assert records.explain(session, decided).copies == ((a_copy(1), FolderRole.REVISION), (a_copy(9), None))
        assert records.load_mail(session, waiting).folder is None


def test_an_oversized_mail_keeps_its_true_size(database: Database) -> None:
    arrival = Arrival(a_copy(), NOW, 60_000_000_000, None, b"Subject: x\r\n\r\n")
    with database.session() as session:
        mail = records.load_mail(session, records.receive(session, arrival, a_digest(1), now=NOW).mail_id)
    assert (mail.oversized, mail.size) == (True, 60_000_000_000)


# ── the walk ─────────────────────────────────────────────────────────────────────────────────────


def test_what_was_read_comes_back_as_it_was(database: Database) -> None:
    word = Word("MÓDEM «ñ»", Box(0.1, 0.2, 0.3, 0.4), 0.8125, 3)
    document = Document(
        a_digest(5),
        "acta.pdf",
        "application/pdf",
        (Page(1, 1240, 1754, Engine.TEXTO, (word,), a_digest(6), 90),),
        2,
        (("ocr", 0.5),),
    )
    unreadable = Unreadable(a_digest(7), "x.pdf", ReasonCode.ADJUNTO_PROTEGIDO, "tiene contraseña")
    with database.session() as session:
        mail = store_mail(session)
        records.save_readings(session, mail, (unreadable,), email=an_email(), now=NOW)
        records.save_readings(session, mail, (document, unreadable), email=an_email(), now=NOW)
    with database.reading() as session:
        assert records.load_readings(session, mail) == (document, unreadable)
        found = records.load_mail(session, mail)
    assert (found.read_at, found.sender, found.message_id) == (NOW, "ana@example.ec", "<1@example.ec>")


def test_attempts_are_counted_across_processes(database: Database, opener: Opener) -> None:
    with database.session() as session:
        mail = store_mail(session)
    for expected, where in enumerate((database, opener(), database), start=1):
        with where.session() as session:
            assert records.begin_attempt(session, mail) == expected


def test_the_same_mail_in_other_bytes_is_found_as_a_twin(database: Database) -> None:
    with database.session() as session:
        first, second, third = (store_mail(session, number) for number in (1, 2, 3))
        for mail in (first, second):
            records.save_readings(session, mail, (), email=an_email(1, attachments=(a_digest(9),)), now=NOW)
        records.save_readings(session, third, (), email=an_email(1, attachments=(a_digest(8),)), now=NOW)
        assert records.twin(session, second) == first
        assert records.twin(session, first) is None
        assert records.twin(session, third) is None, "one Message-ID, but another attachment"


def test_mails_without_message_id_and_date_are_nobodys_twins(database: Database) -> None:
    bare = replace(an_email(), message_id="", sent_at=None)
    with database.session() as session:
        for number in (1, 2):
            records.save_readings(session, store_mail(session, number), (), email=bare, now=NOW)
        assert records.twin(session, MailId(2)) is None


def test_a_shunted_mail_waits_for_a_person_and_can_be_walked_again(database: Database) -> None:
    with database.session() as session:
        mail, other = store_mail(session, 1), store_mail(session, 2)
        for _ in range(3):
            records.begin_attempt(session, mail)
        assert records.next_walk(session, mail) == 1
        assert records.tries(session, mail) == 2
        records.shunt(session, mail, "read", "Traceback ...\nValueError: roto", now=NOW)
        assert records.unfinished(session) == [(other, 0)]
        (review,) = records.open_reviews(session)
        assert (review.lane, review.receipt) == (Lane.SIN_PROCESAR, receipt_number(mail))
        assert "ValueError: roto" in review.summary
        assert records.to_file(session, "posventa") == [(a_copy(1), FolderRole.REVISION)]
        records.unshunt(session, mail, person="Rosa", now=NOW)
        found = records.load_mail(session, mail)
        assert (found.state, found.attempts, found.shunted) == (EvidenceState.RECIBIDO, 0, False)
        assert records.open_reviews(session) == []
        assert records.unfinished(session) == [(mail, 1), (other, 0)]
        assert records.next_walk(session, mail) == 2, "the engine knows finished walks by their number"
        assert records.tries(session, mail) == 1
        with pytest.raises(RefusedTransition):
            records.unshunt(session, mail, person="Rosa", now=NOW)


def test_a_late_shunt_does_not_touch_a_decided_mail(database: Database) -> None:
    with database.session() as session:
        mail = store_mail(session)
        settle(session, mail, holding())
        records.shunt(session, mail, "judge", "late", now=NOW)
        assert records.load_mail(session, mail).state is EvidenceState.EN_REVISION


def test_a_mail_that_is_not_there_is_said_so(database: Database) -> None:
    with database.reading() as session, pytest.raises(Permanent, match="EV-0000099"):
        records.load_mail(session, MailId(99))


# ── look-ups ─────────────────────────────────────────────────────────────────────────────────────


def test_a_case_is_found_by_number_service_serial_or_mac(database: Database) -> None:
    with database.session() as session:
        one = list_case(session, 11, serials=("AAA1", "AAA2"))
        two = list_case(session, 22, id_number="0900000027", serials=("BBB1",))
        for keys, wanted in (
            (SearchKeys(id_numbers=("1700000019",)), (one,)),
            (SearchKeys(service_numbers=("22",)), (two,)),
            (SearchKeys(serials=("AAA2",)), (one,)),
            (SearchKeys(serials=(one.items[1].mac,)), (one,)),
            (SearchKeys(id_numbers=("1700000019",), serials=("BBB1",)), (one, two)),
            (SearchKeys(id_numbers=("170000001",), service_numbers=("2",), serials=("AAA",)), ()),
            (SearchKeys(), ()),
        ):
            assert records.find_cases(session, keys) == wanted


def test_a_company_with_hundreds_of_lines_is_found_by_the_service_that_is_meant(database: Database) -> None:
    with database.session() as session:
        company = [listed_row(number, f"S{number}", id_number="1790000000001") for number in range(1, 206)]
        lists.bring_in(session, company, lists.Seen(), segment=lambda *_: Segment.NO_CARGADO, now=NOW)
        keys = SearchKeys(id_numbers=("1790000000001",), service_numbers=("204",))
        found = records.find_cases(session, keys)
    assert len(found) == 200
    assert "0204" in {case.service_number for case in found}


def test_look_ups_use_indexes_only(lite: Database) -> None:
    seen: list[tuple[str, Any]] = []
    with lite.session() as session:
        list_case(session)
        mail = store_mail(session)

        @sa.event.listens_for(lite.engine, "before_cursor_execute")
        def _(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
            seen.append((statement, parameters))

        records.find_cases(session, SearchKeys(("1700000019",), ("1",), ("48575443AAAA0001",)))
        records.known_sender(session, "ana@example.ec")
        records.with_uses(session, mail, evidence_of(mail, an_acta(a_digest(5), "77", ("AAA1",))))
        records.claim_due(session, NOW)
        statements = list(seen)
        assert len(statements) > 8
        tables = set(SQLModel.metadata.tables)
        for statement, parameters in statements:
            plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            scans = [row[3] for row in plan if row[3].startswith("SCAN") and row[3].split()[1] in tables - {"instance"}]
            assert not scans, statement


def test_a_sender_is_known_from_the_list_or_from_an_accepted_mail(database: Database) -> None:
    with database.session() as session:
        case = list_case(session, email="lista@example.ec")
        mail = store_mail(session)
        records.save_readings(session, mail, (), email=an_email(), now=NOW)
        assert records.known_sender(session, "LISTA@example.ec")
        assert not records.known_sender(session, "ana@example.ec")
        settle(session, mail, acceptance(mail, case))
        assert records.known_sender(session, "ana@example.ec")
        assert not records.known_sender(session, "")


def test_the_contact_of_a_case_comes_with_its_phones(database: Database) -> None:
    with database.session() as session:
        case = list_case(session, email="lista@example.ec")
        contact = records.load_contact(session, case.id)
    assert (contact.phones, contact.email, contact.province) == (("+593990000001",), "lista@example.ec", "PICHINCHA")


# ── settling ─────────────────────────────────────────────────────────────────────────────────────


def test_a_settlement_is_written_whole_and_explained_whole(database: Database) -> None:
    with database.session() as session:
        case = list_case(session, serials=("AAA1", "AAA2"))
        mail = store_mail(session)
        evidence = evidence_of(mail, an_acta(a_digest(5), "UIO-77", ("AAA1", "AAA2")))
        settlement = acceptance(mail, case)
        settle(session, mail, settlement, evidence)
    with database.reading() as session:
        after = records.load_case(session, case.id)
        story = records.explain(session, mail)
        totals = records.status(session)
    assert after.state is CaseState.ACREDITADO
    assert {item.state for item in after.items} == {ItemState.ACREDITADO_ACTA}
    assert [(c.state, c.reversed) for c in after.charges] == [(ChargeState.REVERSO_PENDIENTE, 10350)] * 2
    (judged,) = story.decisions
    assert judged.settlement == settlement
    assert judged.match == OneCase(case, ("la cédula",))
    assert judged.entries == settlement.entries
    assert (judged.verdict, judged.actor, judged.edition) == (Verdict.REVERSE, DAEMON, "abc123")
    assert story.papers == evidence.papers
    (answer,) = story.answers
    assert (answer.state, answer.due_at, answer.kind) == (OutboxState.EN_COLA, NOW, ReplyKind.ACEPTADO)
    assert [event.action for event in story.events] == ["received", "decided"]
    assert story.mail.decided
    assert not story.mail.in_review
    assert totals.charges == {"REVERSO_PENDIENTE": 2}
    assert totals.to_reverse == 20700
    assert totals.mails == {"ACEPTADO": 1}


def test_a_settlement_repeated_under_its_number_changes_nothing(database: Database) -> None:
    with database.session() as session:
        case = list_case(session)
        mail = store_mail(session)
        first = settle(session, mail, acceptance(mail, case), number=1)
    with database.session() as session:
        assert settle(session, mail, acceptance(mail, case), number=1) == first
        assert (count(session, EntryRow), count(session, OutboxRow)) == (1, 1)
        with pytest.raises(RefusedTransition, match="number 3"):
            settle(session, mail, acceptance(mail, case), number=3)


@pytest.mark.parametrize("what", ["case", "item", "charge"])
def test_a_state_that_changed_meanwhile_refuses_the_whole_settlement(database: Database, what: str) -> None:
    with database.session() as session:
        case = list_case(session)
        mail = store_mail(session)
        session.exec(
            sa.text(  # type: ignore[call-overload]
                {
                    "case": "UPDATE cases SET state = 'ESCALADO'",
                    "item": "UPDATE items SET state = 'DEVUELTO_CAC'",
                    "charge": "UPDATE charges SET state = 'EN_COBRO'",
                }[what]
            )
        )
        before = records.load_case(session, case.id)
        with pytest.raises(RefusedTransition, match=what):
            settle(session, mail, acceptance(mail, case))
        # The caller may go on in the same transaction, e.g. judge anew.
        assert records.load_case(session, case.id) == before
        assert records.load_mail(session, mail).decisions == 0
        assert (count(session, EntryRow), count(session, OutboxRow)) == (0, 0)
        settle(session, mail, holding(before))
    with database.reading() as session:
        assert records.load_mail(session, mail).state is EvidenceState.EN_REVISION


def test_of_two_that_reverse_one_charge_at_the_same_moment_one_wins(opener: Opener, database: Database) -> None:
    other = opener()
    with database.session() as session:
        case = list_case(session)
        mails = store_mail(session, 1), store_mail(session, 2)
    together = threading.Barrier(2)

    def accept(where: Database, mail: MailId) -> bool:
        together.wait()
        try:
            where.transact(lambda session: settle(session, mail, acceptance(mail, case)))
        except RefusedTransition:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        won = list(pool.map(accept, (database, other), mails))
    assert sorted(won) == [False, True]
    assert charges_of(database, case) == [(ChargeState.REVERSO_PENDIENTE, 10350)]
    with database.reading() as session:
        assert count(session, EntryRow) == 1


def test_two_workers_that_judge_the_same_mail_decide_it_once(opener: Opener, database: Database) -> None:
    other = opener()
    with database.session() as session:
        mail = store_mail(session)
    together = threading.Barrier(2)

    def hold(where: Database) -> int:
        together.wait()
        return where.transact(lambda session: settle(session, mail, holding(), number=1))

    with ThreadPoolExecutor(2) as pool:
        decisions = set(pool.map(hold, (database, other)))
    assert len(decisions) == 1
    with database.reading() as session:
        assert (count(session, OutboxRow), count(session, ReviewRow)) == (1, 1)


def _reversal(case: Case, kind: EntryKind, mail: MailId, amount: int = 10350) -> Settlement:
    charge = case.charges[0]
    entry = LedgerEntry(case.id, charge.id, kind, Operation.NOTA_CREDITO, amount, receipt_number(mail), "persona")
    return Settlement(
        decision=Partial((case,), grounds(actor="persona:Rosa")),
        evidence_state=EvidenceState.ACEPTADO_PARCIAL,
        folder=FolderRole.PROCESADOS,
        entries=(entry,),
    )


def test_a_charge_is_reversed_again_only_after_a_correction(database: Database) -> None:
    with database.session() as session:
        case = list_case(session)
        mail = store_mail(session)
        with pytest.raises(RefusedTransition, match="no live reversal"):
            settle(session, mail, _reversal(case, EntryKind.CORRECCION, mail))
        settle(session, mail, _reversal(case, EntryKind.REVERSO, mail))
        with pytest.raises(RefusedTransition, match="live reversal already"):
            settle(session, mail, _reversal(case, EntryKind.DEVOLUCION, mail))
        settle(session, mail, _reversal(case, EntryKind.CORRECCION, mail))
        assert records.load_case(session, case.id).charges[0].reversed == 0
        settle(session, mail, _reversal(case, EntryKind.REVERSO, mail))
        assert records.load_case(session, case.id).charges[0].reversed == 10350
        turns = session.exec(sa.select(EntryRow.kind, EntryRow.turn).order_by(EntryRow.id)).all()  # type: ignore[call-overload]
    assert [tuple(row) for row in turns] == [(EntryKind.REVERSO, 1), (EntryKind.CORRECCION, 1), (EntryKind.REVERSO, 2)]


def test_no_more_than_the_total_is_ever_reversed(database: Database) -> None:
    with database.session() as session:
        case = list_case(session)
        mail = store_mail(session)
        with pytest.raises(RefusedTransition, match="more than there is to reverse"):
            settle(session, mail, _reversal(case, EntryKind.REVERSO, mail, 10351))
        assert count(session, EntryRow) == 0


_INSERT = (
    "INSERT INTO ledger (decision_id, case_id, charge_id, kind, operation, amount, turn, cause, rule, entered_at) "
    "SELECT decision_id, case_id, charge_id, {kind}, operation, amount, {turn}, cause, rule, entered_at FROM ledger "
)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET amount = 1",
        "DELETE FROM ledger",
        _INSERT.format(kind="'REVERSO'", turn=1),
        _INSERT.format(kind="'REVERSO'", turn=2),
        _INSERT.format(kind="'BLOQUEO'", turn=7),
        _INSERT.format(kind="'CORRECCION'", turn=2),
        "UPDATE audit_events SET actor = 'nobody'",
        "DELETE FROM audit_events",
        "UPDATE audit_seals SET hash = ''",
        "DELETE FROM audit_seals",
    ],
)
def test_the_database_itself_refuses_to_bend_the_ledger_and_the_audit(database: Database, statement: str) -> None:
    with database.session() as session:
        case = list_case(session)
        mail = store_mail(session)
        settle(session, mail, acceptance(mail, case))
        audit.seal(session)
    with pytest.raises(sa.exc.IntegrityError), database.engine.begin() as connection:
        connection.execute(sa.text(statement))


def test_a_stranger_with_the_sqlite_shell_cannot_replace_entries(lite: Database, tmp_path: Path) -> None:
    with lite.session() as session:
        case = list_case(session)
        mail = store_mail(session)
        settle(session, mail, acceptance(mail, case))
        audit.seal(session)
    shell = sqlite3.connect(tmp_path / "evidence.db")  # without our pragmas
    for table in ("ledger", "audit_events", "audit_seals"):
        with pytest.raises(sqlite3.IntegrityError):
            shell.execute(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")  # noqa: S608
        with pytest.raises(sqlite3.IntegrityError):
            shell.execute(f"UPDATE OR REPLACE {table} SET id = id + 1")  # noqa: S608
    shell.close()


def test_the_server_refuses_to_empty_the_ledger(postgresql: Callable[[], str], tmp_path: Path) -> None:
    database = open_database(postgresql(), tmp_path)
    database.migrate()
    with pytest.raises(sa.exc.IntegrityError), database.engine.begin() as connection:
        connection.execute(sa.text("TRUNCATE ledger CASCADE"))
    database.close()


def test_of_two_acceptances_of_one_acta_for_different_cases_one_wins(opener: Opener, database: Database) -> None:
    other = opener()
    with database.session() as session:
        cases = list_case(session, 1), list_case(session, 2, id_number="0900000027", serials=("BBB1",))
        mails = store_mail(session, 1), store_mail(session, 2)
    together = threading.Barrier(2)

    def accept(where: Database, mail: MailId, case: Case) -> bool:
        paper = an_acta(a_digest(50 + mail), "UIO-77")
        together.wait()
        try:
            where.transact(lambda session: settle(session, mail, acceptance(mail, case), evidence_of(mail, paper)))
        except RefusedTransition:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        won = list(pool.map(accept, (database, other), mails, cases))
    assert sorted(won) == [False, True]
    with database.reading() as session:
        states = [records.load_case(session, case.id).charges[0].state for case in cases]
    assert sorted(states) == [ChargeState.FACTURADO, ChargeState.REVERSO_PENDIENTE]


def test_a_person_may_accept_an_acta_that_another_case_holds(database: Database) -> None:
    with database.session() as session:
        one, two = list_case(session, 1), list_case(session, 2, id_number="0900000027", serials=("BBB1",))
        first, second = store_mail(session, 1), store_mail(session, 2)
        paper = an_acta(a_digest(50), "UIO-77")
        settle(session, first, acceptance(first, one), evidence_of(first, paper))
        with pytest.raises(RefusedTransition, match="accepted for another case"):
            settle(session, second, acceptance(second, two), evidence_of(second, paper))
        settle(session, second, acceptance(second, two, actor="persona:Rosa"), evidence_of(second, paper))
        assert count(session, EntryRow) == 2


def test_one_acta_may_serve_several_cases_of_one_mail(database: Database) -> None:
    with database.session() as session:
        cases = list_case(session, 1), list_case(session, 2, serials=("BBB1",))
        mail, other = store_mail(session, 1), store_mail(session, 2)
        paper = an_acta(a_digest(50), "UIO-77", ("48575443AAAA0001", "BBB1"))
        settle(session, mail, acceptance(mail, *cases), evidence_of(mail, paper))
        uses = records.with_uses(session, other, evidence_of(other, paper)).uses
    assert {(use.what, use.case_id, use.accepted) for use in uses} == {
        (what, case.id, True) for what in ("adjunto", "acta", "serie") for case in cases
    }


def test_evidence_that_stands_is_seen_by_later_mails_and_evidence_that_fell_is_not(database: Database) -> None:
    paper = an_acta(a_digest(50), "UIO-77")
    with database.session() as session:
        case = list_case(session)
        held, later = store_mail(session, 1), store_mail(session, 2)
        fresh = evidence_of(later, paper)
        assert records.with_uses(session, later, fresh).uses == ()
        settle(session, held, holding(case), evidence_of(held, paper))
        uses = records.with_uses(session, later, fresh).uses
        assert {(use.what, use.receipt, use.case_id, use.accepted) for use in uses} == {
            (what, receipt_number(held), case.id, False) for what in ("adjunto", "acta")
        }
        assert records.with_uses(session, held, evidence_of(held, paper)).uses == (), "not one's own"
        asked = Settlement(AskMore((case,), grounds()), EvidenceState.RECHAZADO, FolderRole.RECHAZADOS)
        settle(session, held, asked, evidence_of(held, paper))
        assert records.with_uses(session, later, fresh).uses == ()
        refused = Settlement(Reject((case,), grounds()), EvidenceState.RECHAZADO, FolderRole.RECHAZADOS)
        settle(session, held, refused, evidence_of(held, paper))
        assert len(records.with_uses(session, later, fresh).uses) == 2


def test_an_unreadable_photo_sent_again_is_recognised_by_its_file(database: Database) -> None:
    with database.session() as session:
        held, later = store_mail(session, 1), store_mail(session, 2)
        settle(session, held, holding(), evidence_of(held, files=(a_digest(60),)))
        uses = records.with_uses(session, later, evidence_of(later, files=(a_digest(60),))).uses
    assert [(use.what, use.value, use.case_id) for use in uses] == [("adjunto", a_digest(60), None)]


def test_the_serials_of_an_installation_are_no_trace(database: Database) -> None:
    paper = replace(an_acta(a_digest(50), "UIO-77", ("AAA1",)), direction=Direction.INSTALACION)
    assert records.traces(evidence_of(MailId(1), paper)) == ((records.Trace.ADJUNTO, a_digest(50)),)


def test_a_person_who_takes_an_acceptance_back_frees_its_acta(database: Database) -> None:
    paper = an_acta(a_digest(50), "UIO-77")
    with database.session() as session:
        one, two = list_case(session, 1), list_case(session, 2, id_number="0900000027", serials=("BBB1",))
        first, second = store_mail(session, 1), store_mail(session, 2)
        reversal = acceptance(first, one)
        settle(session, first, reversal, evidence_of(first, paper))
        taken_back = tuple(
            replace(entry, kind=EntryKind.CORRECCION, operation=Operation.NINGUNA) for entry in reversal.entries
        )
        undone = replace(
            holding(one), entries=taken_back, decision=Hold((one,), replace(grounds(), actor="persona:ana"))
        )
        settle(session, first, undone, evidence_of(first, paper))
        settle(session, second, acceptance(second, two), evidence_of(second, paper))
        claimed = session.exec(sa.select(UseRow.mail_id).where(sa.text("claimed"))).all()  # type: ignore[call-overload]
    assert {row[0] for row in claimed} == {second}


def test_a_message_id_is_never_given_twice(database: Database) -> None:
    with database.session() as session:
        mails = store_mail(session, 1), store_mail(session, 2)
        same = records.Outgoing("ana@example.ec", "<one@cnt.example>", b"x")
        for mail, refused in zip(mails, (False, True), strict=True):
            arguments: dict[str, Any] = {
                "found": NoCase(()),
                "evidence": evidence_of(mail),
                "follows": ledger.evidence_before(holding()),
                "edition": "",
                "now": NOW,
                "outgoing": same,
            }
            if refused:
                with pytest.raises(RefusedTransition, match="refused the settlement"):
                    records.apply(session, mail, holding(), **arguments)
            else:
                records.apply(session, mail, holding(), **arguments)
        assert records.load_mail(session, mails[1]).decisions == 0


@pytest.mark.parametrize("kind", [Reverse, Partial, AskMore, Reject, Hold, Escalate, Discard])
def test_every_decision_comes_back_as_the_kind_it_was(kind: type[Decision]) -> None:
    decision = kind((), grounds())
    found = from_json(to_json(decision), Reverse, Partial, AskMore, Reject, Hold, Escalate, Discard)
    assert type(found) is kind
    assert found == decision


def test_every_match_comes_back_as_it_was(lite: Database) -> None:
    with lite.session() as session:
        case = list_case(session)
    for found in (
        OneCase(case, ("por la cédula",), (Repair("cero", "1", "01"),), (case,)),
        ManyCases((case, case), ("dos",), all_meant=True),
        NoCase(("nada",)),
    ):
        assert from_json(to_json(found), OneCase, ManyCases, NoCase) == found


def test_a_row_that_cannot_be_read_says_what_it_should_have_been() -> None:
    for text in ("", "[]", '{"is":"Hold"}', '{"is":"Page"}', '{"is":"NoCase"}'):
        with pytest.raises(Permanent, match="OneCase or NoCase"):
            from_json(text, OneCase, NoCase)


# ── the outbox ───────────────────────────────────────────────────────────────────────────────────


def put_out(database: Database, number: int = 1, to: str = "ana@example.ec", **marks: str) -> MailId:
    with database.session() as session:
        mail = store_mail(session, number)
        immediate = replace(holding(), reply=Reply(ReplyKind.SUBSANAR, (), ()))
        settle(session, mail, immediate, answer=to, marks=marks)
    return mail


def claim(database: Database, now: datetime = NOW, **options: Any) -> records.Letter | None:
    with database.session() as session:
        return records.claim_due(session, now, **options)


def claimed(database: Database, now: datetime = NOW) -> records.Letter:
    letter = claim(database, now)
    assert letter is not None
    return letter


def finish(database: Database, letter: records.Letter, state: OutboxState, **options: Any) -> None:
    with database.session() as session:
        records.finish_send(session, letter.id, state, "250 ok", **{"now": NOW} | options)


def outbox(database: Database) -> dict[str, int]:
    with database.reading() as session:
        return records.status(session).outbox


def test_a_decision_before_ten_minutes_makes_the_receipt_needless(database: Database) -> None:
    with database.session() as session:
        case = list_case(session)
        mail = store_mail(session)
        settle(session, mail, holding(case))
        assert records.claim_due(session, NOW + timedelta(seconds=599)) is None
        assert [review.lane for review in records.open_reviews(session)] == [Lane.REVISAR]
        settle(session, mail, acceptance(mail, case, actor="persona:Rosa"))
        story = records.explain(session, mail)
        assert [(answer.kind, answer.state) for answer in story.answers] == [
            (ReplyKind.RECIBIDO, OutboxState.ANULADO),
            (ReplyKind.ACEPTADO, OutboxState.EN_COLA),
        ]
        assert records.open_reviews(session) == []
        letter = records.claim_due(session, NOW + timedelta(hours=1))
        assert letter is not None
        assert letter.kind is ReplyKind.ACEPTADO
        assert records.claim_due(session, NOW + timedelta(hours=1)) is None


def test_a_receipt_goes_out_when_no_decision_comes(database: Database) -> None:
    with database.session() as session:
        settle(session, store_mail(session), holding())
    assert claimed(database, NOW + timedelta(seconds=600)).kind is ReplyKind.RECIBIDO


def test_many_senders_at_once_claim_each_answer_once(opener: Opener, database: Database) -> None:
    for number in range(1, 13):
        put_out(database, number, f"c{number}@example.ec")
    places = [database, opener(), opener()]

    def work(where: Database) -> list[int]:
        mine = []
        while letter := where.transact(lambda session: records.claim_due(session, NOW)):
            mine.append(letter.id)
        return mine

    with ThreadPoolExecutor(3) as pool:
        taken = [number for mine in pool.map(work, places) for number in mine]
    assert sorted(taken) == list(range(1, 13))
    assert outbox(database) == {"ENVIANDO": 12}


def test_a_disarmed_house_decides_and_sends_nothing_until_a_person_lets_it(opener: Opener) -> None:
    database = opener()
    database.migrate(armed=False)
    put_out(database)
    assert outbox(database) == {"RETENIDO": 1}
    assert claim(database) is None
    with database.session() as session:
        assert records.set_armed(session, True, actor="persona:Rosa", now=NOW) == 1
    assert claim(database) is None, "what was withheld may be old"
    with database.session() as session:
        assert records.release(session, actor="persona:Rosa", now=NOW) == 1
    assert claim(database) is not None
    put_out(database, 2)
    with database.session() as session:
        records.set_armed(session, False)
    assert claim(database) is None


def test_an_answer_can_be_withheld_with_its_reason(database: Database) -> None:
    with database.session() as session:
        mail = store_mail(session)
        outgoing = records.Outgoing("ana@example.ec", "<1@x>", b"x", withheld=Withheld.ANTIGUO)
        records.apply(
            session,
            mail,
            holding(),
            found=NoCase(()),
            evidence=evidence_of(mail),
            follows=ledger.evidence_before(holding()),
            edition="",
            now=NOW,
            outgoing=outgoing,
        )
        (answer,) = records.explain(session, mail).answers
    assert (answer.state, answer.withheld) == (OutboxState.RETENIDO, Withheld.ANTIGUO)
    with database.reading() as session:
        assert records.status(session).withheld == {"ANTIGUO": 1}


def test_one_address_gets_no_more_than_its_share_in_a_day(database: Database) -> None:
    for number in range(1, 4):
        put_out(database, number)
    put_out(database, 4, "otro@example.ec")
    limits = records.Limits(per_address=2)
    sent = []
    while letter := claim(database, NOW, limits=limits):
        finish(database, letter, OutboxState.ENVIADO)
        sent.append(letter.to_address)
    assert sorted(sent) == ["ana@example.ec", "ana@example.ec", "otro@example.ec"]
    assert outbox(database) == {"ENVIADO": 3, "RETENIDO": 1}
    assert claim(database, NOW + timedelta(hours=23), limits=limits) is None
    with database.reading() as session:
        assert records.status(session).withheld == {"POR_DIRECCION": 1}
        (answer,) = records.explain(session, MailId(3)).answers
        assert (answer.withheld, answer.release_at) == (Withheld.POR_DIRECCION, NOW + timedelta(hours=24))
    assert claim(database, NOW + timedelta(hours=24), limits=limits) is not None, "it goes out by itself"


def test_one_person_gets_no_more_than_his_share_whatever_the_address(database: Database) -> None:
    for number in range(1, 4):
        put_out(database, number, f"pariente{number}@example.ec", id_number="1700000019")
    put_out(database, 4, id_number="1700000027")
    put_out(database, 5, id_number="")
    limits = records.Limits(per_id_number=2)
    while letter := claim(database, limits=limits):
        finish(database, letter, OutboxState.ENVIADO)
    assert outbox(database) == {"ENVIADO": 4, "RETENIDO": 1}
    with database.reading() as session:
        assert records.status(session).withheld == {"POR_CEDULA": 1}


def test_the_same_answer_to_the_same_address_waits_for_a_person_whose_word_is_last(database: Database) -> None:
    for number in range(1, 4):
        put_out(database, number, topic="sin adjunto")
    put_out(database, 4, topic="ilegible")
    put_out(database, 5, "otro@example.ec", topic="sin adjunto")
    limits = records.Limits(same_topic=1, per_address=3)
    while letter := claim(database, limits=limits):
        finish(database, letter, OutboxState.ENVIADO)
    assert outbox(database) == {"ENVIADO": 3, "RETENIDO": 2}
    assert claim(database, NOW + timedelta(days=30), limits=limits) is None, "not by itself"
    with database.session() as session:
        assert records.status(session).withheld == {"REPETIDA": 2}
        records.release(session, actor="persona:Rosa", now=NOW)
    sent = 0
    while letter := claim(database, limits=limits):
        finish(database, letter, OutboxState.ENVIADO)
        sent += 1
    assert sent == 2


def test_what_was_withheld_while_disarmed_still_meets_the_caps(database: Database) -> None:
    with database.session() as session:
        records.set_armed(session, False)
    for number in range(1, 4):
        put_out(database, number, topic="x")
    with database.session() as session:
        records.set_armed(session, True)
        records.release(session, actor="persona:Rosa", now=NOW)
    limits = records.Limits(same_topic=1)
    assert claim(database, limits=limits) is not None
    assert claim(database, limits=limits) is None
    assert outbox(database) == {"ENVIANDO": 1, "RETENIDO": 2}


def closed(database: Database, now: datetime, limits: records.Limits) -> records.Closed | None:
    with database.reading() as session:
        return records.sending_closed(session, now, limits)


@pytest.mark.parametrize(
    ("limits", "window"),
    [
        (records.Limits(per_minute=2), timedelta(seconds=60)),
        (records.Limits(per_day=2), timedelta(hours=24)),
    ],
)
def test_the_provider_s_quota_makes_answers_wait_and_is_told(
    database: Database, limits: records.Limits, window: timedelta
) -> None:
    for number in range(1, 4):
        put_out(database, number)
    assert closed(database, NOW, limits) is None
    for _ in range(2):
        letter = claim(database, limits=limits)
        assert letter is not None
        finish(database, letter, OutboxState.ENVIADO)
    assert claim(database, NOW + timedelta(seconds=1), limits=limits) is None
    assert outbox(database) == {"ENVIADO": 2, "EN_COLA": 1}
    told = closed(database, NOW + timedelta(seconds=1), limits)
    assert told is not None
    assert told.until == NOW + window
    assert "cupo del proveedor" in told.because
    assert claim(database, NOW + window, limits=limits) is not None


def test_the_valve_stops_a_flood_until_a_person_resumes(database: Database) -> None:
    for number in range(1, 8):
        put_out(database, number, f"{number}@example.ec")
    limits = records.Limits(valve=3)

    def sends(at: datetime) -> int:
        sent = 0
        while letter := claim(database, at, limits=limits):
            finish(database, letter, OutboxState.ENVIADO, now=at)
            sent += 1
        return sent

    assert sends(NOW) == 3
    assert sends(NOW + timedelta(days=1)) == 0, "it does not open by itself"
    told = closed(database, NOW, limits)
    assert told is not None
    assert records.VALVE in told.because
    assert told.until is None
    with database.session() as session:
        assert records.status(session).sending_paused.startswith("daemon: válvula")
        records.resume(session, intake=False, sending=True, actor="persona:Rosa", now=NOW + timedelta(seconds=5))
    assert sends(NOW + timedelta(seconds=10)) == 3, "what went before does not count again"
    assert sends(NOW + timedelta(minutes=30)) == 0, "but what went since does"


def test_a_steady_flow_below_the_valve_is_never_stopped(database: Database) -> None:
    for number in range(1, 8):
        put_out(database, number, f"{number}@example.ec")
    for turn in range(7):
        letter = claim(database, NOW + turn * timedelta(minutes=6), limits=records.Limits(valve=3))
        assert letter is not None, (turn, outbox(database), closed(database, NOW, records.NO_LIMITS))
        finish(database, letter, OutboxState.ENVIADO)


def test_a_pause_stops_sending_or_intake_and_tells_who_and_why(database: Database) -> None:
    put_out(database)
    with database.session() as session:
        records.pause(session, intake=True, sending=True, actor="persona:Rosa", now=NOW, because="mantenimiento")
        records.pause(session, intake=True, sending=True, actor="persona:Eva", now=NOW)
        told = records.status(session)
    assert (told.intake_paused, told.sending_paused) == ("persona:Rosa: mantenimiento",) * 2
    assert told.drained
    assert claim(database) is None
    with database.session() as session:
        records.resume(session, intake=False, sending=True, actor="persona:Eva", now=NOW)
        assert not records.status(session).drained, "one answer waits to be sent"
        assert records.switches(session).intake_paused
    finish(database, claimed(database), OutboxState.ENVIADO)
    with database.session() as session:
        assert records.status(session).drained
        store_mail(session, 2)
        assert not records.status(session).drained, "it has a walk before it"


def test_a_refusal_that_may_pass_is_tried_again_at_its_time(database: Database) -> None:
    put_out(database)
    first = claimed(database)
    finish(database, first, OutboxState.EN_COLA, next_at=NOW + timedelta(seconds=60))
    assert claim(database, NOW + timedelta(seconds=59)) is None
    second = claimed(database, NOW + timedelta(seconds=60))
    assert (second.attempts, second.raw, second.message_id) == (2, first.raw, first.message_id)


def test_a_lost_answer_is_sent_once_more_and_then_shown_to_a_person(database: Database) -> None:
    mail = put_out(database)
    later = NOW + timedelta(seconds=600)
    finish(database, claimed(database), OutboxState.INCIERTO, next_at=later)
    assert claim(database, later - timedelta(seconds=1)) is None
    finish(database, claimed(database, later), OutboxState.INCIERTO, now=later, next_at=later + timedelta(seconds=600))
    assert claim(database, later + timedelta(days=30)) is None
    with database.reading() as session:
        assert Lane.ENVIO_INCIERTO in {review.lane for review in records.review_of(session, mail)}
    assert outbox(database) == {"INCIERTO": 1}


def test_a_sending_that_was_cut_off_is_treated_as_a_lost_answer(database: Database) -> None:
    put_out(database)
    claimed(database)
    soon, late = NOW + timedelta(minutes=10), NOW + timedelta(minutes=21)
    with database.session() as session:
        assert records.recover_claims(session, soon, again_after=timedelta(seconds=600)) == 0, "it may be at work"
        assert records.recover_claims(session, late, again_after=timedelta(seconds=600)) == 1
    assert claimed(database, late).attempts == 2


def test_at_start_a_cut_off_sending_waits_ten_minutes_from_its_claim(database: Database) -> None:
    put_out(database)
    claimed(database)
    start = NOW + timedelta(minutes=2)
    with database.session() as session:
        records.recover_claims(session, start, again_after=timedelta(seconds=600), older_than=timedelta())
    assert claim(database, NOW + timedelta(seconds=599)) is None
    assert claim(database, NOW + timedelta(seconds=600)) is not None


def test_the_answer_of_a_sender_thought_dead_is_still_believed(database: Database) -> None:
    put_out(database)
    letter = claimed(database)
    late = NOW + timedelta(minutes=21)
    with database.session() as session:
        records.recover_claims(session, late, again_after=timedelta(hours=1))
    finish(database, letter, OutboxState.ENVIADO)
    assert outbox(database) == {"ENVIADO": 1}
    assert claim(database, late + timedelta(days=1)) is None


def test_an_answer_that_was_not_claimed_cannot_be_finished(database: Database) -> None:
    put_out(database)
    letter = claimed(database)
    finish(database, letter, OutboxState.ENVIADO)
    with pytest.raises(RefusedTransition):
        finish(database, letter, OutboxState.FALLIDO)


def test_an_unused_claim_goes_back_without_counting(database: Database) -> None:
    put_out(database)
    letter = claimed(database)
    with database.session() as session:
        records.unclaim(session, letter.id, NOW)
    assert claimed(database).attempts == 1


def test_a_lost_answer_whose_second_sending_could_not_begin_stays_uncertain(database: Database) -> None:
    put_out(database)
    finish(database, claimed(database), OutboxState.INCIERTO, next_at=NOW)
    letter = claimed(database)
    with database.session() as session:
        records.unclaim(session, letter.id, NOW)
    assert outbox(database) == {"INCIERTO": 1}


def test_an_answer_that_failed_for_good_is_a_call_for_a_person(database: Database) -> None:
    mail = put_out(database)
    finish(database, claimed(database), OutboxState.FALLIDO)
    with database.session() as session:
        (review,) = [one for one in records.review_of(session, mail) if one.lane is Lane.LLAMAR]
        assert "no pudo enviarse" in review.summary
        records.close_review(session, mail, Lane.LLAMAR, person="Rosa", now=NOW)
        with pytest.raises(RefusedTransition):
            records.close_review(session, mail, Lane.LLAMAR, person="Rosa", now=NOW)


def test_sent_answers_are_appended_once(database: Database) -> None:
    put_out(database)
    letter = claimed(database)
    with database.session() as session:
        assert records.to_append(session) == []
    finish(database, letter, OutboxState.ENVIADO)
    with database.session() as session:
        assert records.to_append(session) == [(letter.id, letter.raw)]
        records.appended(session, letter.id, NOW)
        assert records.to_append(session) == []


def bounce(database: Database, *message_ids: str, words: str = "5.1.1 no such user") -> MailId | None:
    with database.session() as session:
        return records.bounced(session, message_ids, words, now=NOW)


def test_a_bounced_answer_is_shown_to_a_person_who_calls_and_no_decision_hides_it(database: Database) -> None:
    with database.session() as session:
        case = list_case(session)
        mail = store_mail(session)
        settle(session, mail, replace(holding(case), reply=Reply(ReplyKind.SUBSANAR, (), ())))
    finish(database, claimed(database), OutboxState.ENVIADO)
    assert bounce(database, "<foreign@x>", f"<{mail}.1@cnt.example>") == mail
    assert bounce(database, f"<{mail}.1@cnt.example>") == mail, "the same report again"
    assert outbox(database) == {"REBOTADO": 1}
    with database.session() as session:
        settle(session, mail, acceptance(mail, records.load_case(session, case.id), actor="persona:Rosa"), answer="")
        (review,) = records.review_of(session, mail)
        assert (review.lane, review.version) == (Lane.LLAMAR, 1)
        assert "5.1.1 no such user" in review.summary
        assert f"Casos: {case.id}." in review.summary
        assert not records.load_mail(session, mail).in_review
        story = records.explain(session, mail)
        assert story.answers[0].response == "5.1.1 no such user"
        assert [event.action for event in story.events].count("answer bounced") == 1
        assert records.to_append(session), "it was sent all the same"


def test_a_bounce_of_a_mail_that_we_never_sent_changes_nothing(database: Database) -> None:
    mail = put_out(database)
    assert bounce(database, "<foreign@x>") is None
    assert bounce(database, f"<{mail}.1@cnt.example>") == mail, "not sent yet: somebody guessed its name"
    assert outbox(database) == {"EN_COLA": 1}
    with database.reading() as session:
        assert Lane.LLAMAR not in {review.lane for review in records.review_of(session, mail)}


def test_a_bounce_that_is_faster_than_the_server_s_yes_wins(database: Database) -> None:
    mail = put_out(database)
    letter = claimed(database)
    assert bounce(database, f"<{mail}.1@cnt.example>") == mail
    finish(database, letter, OutboxState.ENVIADO)
    assert outbox(database) == {"REBOTADO": 1}


def test_a_bounce_settles_an_uncertain_answer_which_is_not_sent_again(database: Database) -> None:
    mail = put_out(database)
    finish(database, claimed(database), OutboxState.INCIERTO, next_at=NOW + timedelta(seconds=600))
    assert bounce(database, f"<{mail}.1@cnt.example>") == mail
    assert claim(database, NOW + timedelta(days=1)) is None


# ── the queue, the history, the audit ────────────────────────────────────────────────────────────


def test_the_queue_is_oldest_first_and_by_lane(database: Database) -> None:
    with database.session() as session:
        first, second, third = (store_mail(session, number) for number in (1, 2, 3))
        records.shunt(session, third, "read", "x", now=NOW + timedelta(hours=1))
        settle(session, second, holding())
        settle(session, first, replace(holding(), review=ReviewItem(Lane.SENALES, (), "Señales")))
        assert [review.mail_id for review in records.open_reviews(session)] == [second, first, third]
        assert [review.mail_id for review in records.open_reviews(session, Lane.SENALES)] == [first]
        (review,) = records.review_of(session, second)
        assert review.reasons == (ReasonCode.CASO_AMBIGUO,)
        assert review.respond_by == date(2026, 4, 1)
        assert records.load_mail(session, second).in_review


def test_a_question_asked_again_gets_a_new_version(database: Database) -> None:
    with database.session() as session:
        mail = store_mail(session)
        records.shunt(session, mail, "read", "uno", now=NOW)
        records.shunt(session, mail, "read", "dos", now=NOW)
        (review,) = records.review_of(session, mail)
    assert (review.version, review.summary.endswith("dos")) == (2, True)


def test_the_status_tells_ages_and_the_nearest_limit(database: Database) -> None:
    with database.session() as session:
        store_mail(session, 1)
        settle(session, store_mail(session, 2), holding())
        status = records.status(session)
    assert status.mails == {"EN_REVISION": 1, "RECIBIDO": 1}
    assert status.lanes == {"REVISAR": 1}
    assert status.outbox == {"EN_COLA": 1}
    assert (status.oldest_unfinished, status.oldest_review, status.oldest_unsent) == (NOW, NOW, NOW)
    assert status.next_respond_by == date(2026, 4, 1)
    assert status.armed


def test_the_seal_chain_holds_and_shows_what_was_tampered_with(own_database: Database) -> None:
    with own_database.session() as session:
        for number in range(1, 6):
            store_mail(session, number)
        assert audit.seal(session, 3) == 3
    with own_database.session() as session:
        assert audit.seal(session) == 2
        assert audit.seal(session) == 0
        assert audit.verify(session) == []
    with own_database.engine.begin() as connection:
        names = "audit_events_no_update" if own_database.lite else "audit_events_append_only ON audit_events"
        connection.execute(sa.text(f"DROP TRIGGER {names}"))
        connection.execute(sa.text("UPDATE audit_events SET actor = 'nobody' WHERE id = 2"))
    with own_database.reading() as session:
        assert audit.verify(session) == ["event 2 was changed after it was sealed"]


def test_two_that_seal_at_once_do_not_fork_the_chain(opener: Opener, database: Database) -> None:
    other = opener()
    with database.session() as session:
        for number in range(1, 21):
            store_mail(session, number)
    together = threading.Barrier(2)

    def seal(where: Database) -> int:
        together.wait()
        return where.transact(audit.seal)

    with ThreadPoolExecutor(2) as pool:
        sealed = list(pool.map(seal, (database, other)))
    assert sum(sealed) == 20
    with database.reading() as session:
        assert audit.verify(session) == []


def test_the_audit_holds_no_personal_data(database: Database) -> None:
    with database.session() as session:
        case = list_case(session, email="lista@example.ec")
        mail = store_mail(session)
        records.save_readings(session, mail, (), email=an_email(), now=NOW)
        settle(session, mail, acceptance(mail, case))
        texts = [f"{row[0].action} {row[0].detail}" for row in session.exec(sa.select(EventRow))]  # type: ignore[call-overload]
    assert len(texts) == 2
    for private in ("1700000019", "PRUEBA", "example.ec", "48575443"):
        assert not [text for text in texts if private in text]


# ── numbers of a folder ──────────────────────────────────────────────────────────────────────────


def a_census(next_uid: int, *listed: int, uidvalidity: int = 7) -> Census:
    return Census("posventa", "INBOX", uidvalidity, next_uid, frozenset(listed))


def counted(database: Database, census: Census) -> list[tuple[int, int]]:
    with database.session() as session:
        return [(gap.first_uid, gap.last_uid) for gap in records.count_folder(session, census, NOW)]


def stored(database: Database, *uids: int) -> None:
    with database.session() as session:
        for uid in uids:
            store_mail(session, uid, CopyKey("posventa", "INBOX", 7, uid))


def test_every_number_is_a_row_a_listed_mail_or_one_that_vanished_told_once(database: Database) -> None:
    """Elsewhere mails vanished from every view; here a number that nobody has is told."""
    stored(database, 3)
    assert counted(database, a_census(10, 3, 8)) == []  # the first look: what was before us is not missing
    stored(database, 8, 11, 12)
    assert counted(database, a_census(13, 8, 12)) == [(10, 10)]
    assert counted(database, a_census(13, 8, 12)) == []
    assert counted(database, a_census(20, 15)) == [(13, 14), (16, 19)]  # 15 is there and not stored yet
    assert counted(database, a_census(20, 15)) == []
    assert counted(database, a_census(22)) == [(15, 15), (20, 21)]  # 15 went before it was stored
    stored(database, 22)
    assert counted(database, a_census(23)) == []
    assert counted(database, a_census(5, uidvalidity=8)) == []  # numbered anew: a first look again
    with database.session() as session:
        assert records.status(session).vanished == 1 + 2 + 4 + 1 + 2


def test_a_leap_of_numbers_is_one_row(database: Database) -> None:
    assert counted(database, a_census(1)) == []
    assert counted(database, a_census(4_000_000_000)) == [(1, 3_999_999_999)]
    with database.session() as session:
        assert records.status(session).vanished == 3_999_999_999


def test_an_answer_belongs_to_the_sent_folder_of_the_mailbox_that_its_mail_first_came_to(database: Database) -> None:
    with database.session() as session:
        case = list_case(session)
        mail = store_mail(session, 1, CopyKey("quejas", "INBOX", 7, 1))
        assert store_mail(session, 1, CopyKey("posventa", "INBOX", 7, 9)) == mail
        settle(session, mail, acceptance(mail, case))
    letter = claimed(database)
    finish(database, letter, OutboxState.ENVIADO)
    with database.session() as session:
        assert records.to_append(session, "posventa") == []
        assert records.to_append(session, "quejas") == [(letter.id, letter.raw)]
