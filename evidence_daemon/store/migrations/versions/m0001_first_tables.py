"""The first tables, and the triggers that guard what is append-only.

Written out in full, apart from the models: what was released must not change when they do.  Constraints are
named by the convention in `tables`.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    """Create everything."""
    _tables()
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(sa.text(statement))


# A reversal is live until it is corrected.  The indexes uq_ledger_reversal and uq_ledger_correction allow
# one of each per turn; the triggers allow a turn only after the one before was corrected.  Together: no
# charge is ever reversed twice, whoever writes.
_REVERSED = """
  SELECT 1 FROM ledger WHERE charge_id = NEW.charge_id AND turn = NEW.turn AND kind <> 'CORRECCION'"""
_CORRECTIONS = """
  SELECT count(*) FROM ledger WHERE charge_id = NEW.charge_id AND kind = 'CORRECCION'"""
_APPEND_ONLY = ("ledger", "audit_events", "audit_seals")

_SQLITE = [
    *(
        f"""CREATE TRIGGER {table}_no_{deed} BEFORE {deed.upper()} ON {table}
        BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"""
        for table in _APPEND_ONLY
        for deed in ("update", "delete")
    ),
    # INSERT OR REPLACE deletes without a delete trigger (unless a connection asks for it), so an insert
    # must not meet a row with its keys.
    *(
        f"""CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
        WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})
        BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"""  # noqa: S608  # constants
        for table, same in (
            ("ledger", "id = NEW.id"),
            ("audit_events", "id = NEW.id"),
            (
                "audit_seals",
                "id = NEW.id OR event_id = NEW.event_id OR previous_hash = NEW.previous_hash",
            ),
        )
    ),
    f"""CREATE TRIGGER ledger_turn BEFORE INSERT ON ledger
    WHEN (NEW.kind = 'CORRECCION' AND NOT (EXISTS ({_REVERSED}) AND NEW.turn = 1 + ({_CORRECTIONS})))
      OR (NEW.kind <> 'CORRECCION' AND (EXISTS ({_REVERSED}) OR NEW.turn <> 1 + ({_CORRECTIONS})))
    BEGIN SELECT RAISE(ABORT, 'ledger: at most one live reversal for a charge'); END""",
]

_POSTGRESQL = [
    """CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
    END $$""",
    *(
        f"""CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION append_only()"""
        for table in _APPEND_ONLY
    ),
    f"""CREATE FUNCTION ledger_turn() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF (NEW.kind = 'CORRECCION' AND NOT (EXISTS ({_REVERSED}) AND NEW.turn = 1 + ({_CORRECTIONS})))
        OR (NEW.kind <> 'CORRECCION' AND (EXISTS ({_REVERSED}) OR NEW.turn <> 1 + ({_CORRECTIONS})))
      THEN
        RAISE EXCEPTION 'ledger: at most one live reversal for a charge'
          USING ERRCODE = 'integrity_constraint_violation';
      END IF;
      RETURN NEW;
    END $$""",
    """CREATE TRIGGER ledger_turn BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION ledger_turn()""",
]


def _tables() -> None:
    op.create_table(
        "audit_events",
        sa.Column("id", _ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("mail_id", _ID, nullable=True),
        sa.Column("case_id", _ID, nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_events_case_id"), "audit_events", ["case_id"], unique=False)
    op.create_index(op.f("ix_audit_events_mail_id"), "audit_events", ["mail_id"], unique=False)
    op.create_table(
        "cases",
        sa.Column("id", _ID, nullable=False),
        sa.Column("id_number", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column(
            "line",
            _words("line", "INTERNET_FIJO", "TELEVISION", "TELEFONIA_FIJA", "PAQUETE", "DATOS_CORPORATIVOS", "MOVIL"),
            nullable=False,
        ),
        sa.Column("service_number", sa.Text(), nullable=False),
        sa.Column("service_key", sa.Text(), nullable=False),
        sa.Column(
            "state",
            _words(
                "casestate",
                "ABIERTO",
                "EN_REVISION",
                "PENDIENTE_CLIENTE",
                "PARCIAL",
                "ACREDITADO",
                "REGULARIZADO",
                "PAGADO",
                "ESCALADO",
                "ANULADO",
            ),
            nullable=False,
        ),
        sa.Column(
            "segment",
            _words("segment", "NO_CARGADO", "CARGADO_SIN_PAGO_NI_RECLAMO", "CARGADO_PAGADO", "CARGADO_CON_RECLAMO"),
            nullable=False,
        ),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("activated_on", sa.Date(), nullable=True),
        sa.Column("claim_open", sa.Boolean(), nullable=False),
        sa.Column("in_collection", sa.Boolean(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("province", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("id_number", "line", "service_key", name=op.f("uq_cases_id_number_line_service_key")),
    )
    op.create_index(op.f("ix_cases_email"), "cases", ["email"], unique=False)
    op.create_index(op.f("ix_cases_service_key"), "cases", ["service_key"], unique=False)
    op.create_table(
        "imports",
        sa.Column("id", _ID, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_table(
        "instance",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("armed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_instance_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instance")),
    )
    op.create_table(
        "mails",
        sa.Column("id", _ID, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("oversized", sa.Boolean(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            _words(
                "evidencestate",
                "RECIBIDO",
                "PROCESADO",
                "DESCARTADO",
                "DUPLICADO",
                "VALIDADO_AUTO",
                "EN_REVISION",
                "ACEPTADO",
                "ACEPTADO_PARCIAL",
                "RECHAZADO",
                "ESCALADO",
                "SUSTITUIDO",
                "ERROR_TECNICO",
            ),
            nullable=False,
        ),
        sa.Column("folder", _words("folderrole", "PROCESADOS", "REVISION", "RECHAZADOS"), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("walk", sa.Integer(), nullable=False),
        sa.Column("walk_base", sa.Integer(), nullable=False),
        sa.Column("decisions", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("content_identity", sa.Text(), nullable=False),
        sa.Column("respond_by", sa.Date(), nullable=True),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("shunted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
        sa.UniqueConstraint("sha256", name=op.f("uq_mails_sha256")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_mails_content_identity"), "mails", ["content_identity"], unique=False)
    op.create_index(op.f("ix_mails_message_id"), "mails", ["message_id"], unique=False)
    op.create_index(op.f("ix_mails_sender"), "mails", ["sender"], unique=False)
    op.create_index("ix_mails_state", "mails", ["state"], unique=False)
    op.create_table(
        "audit_seals",
        sa.Column("id", _ID, nullable=False),
        sa.Column("event_id", _ID, nullable=False),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["audit_events.id"], name=op.f("fk_audit_seals_event_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_seals")),
        sa.UniqueConstraint("event_id", name=op.f("uq_audit_seals_event_id")),
        sa.UniqueConstraint("previous_hash", name=op.f("uq_audit_seals_previous_hash")),
    )
    op.create_table(
        "decisions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("mail_id", _ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "verdict",
            _words("verdict", "reverse", "partial", "ask", "reject", "hold", "escalate", "discard"),
            nullable=False,
        ),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("keys", sa.Text(), nullable=False),
        sa.Column("match", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("settlement", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_decisions_mail_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
        sa.UniqueConstraint("mail_id", "number", name=op.f("uq_decisions_mail_id_number")),
    )
    op.create_table(
        "evidence_uses",
        sa.Column("id", _ID, nullable=False),
        sa.Column("mail_id", _ID, nullable=False),
        sa.Column("case_id", _ID, nullable=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("claimed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_evidence_uses_case_id")),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_evidence_uses_mail_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_uses")),
    )
    op.create_index(op.f("ix_evidence_uses_mail_id"), "evidence_uses", ["mail_id"], unique=False)
    op.create_index("ix_evidence_uses_trace", "evidence_uses", ["what", "value"], unique=False)
    op.create_index(
        "uq_evidence_uses_claimed",
        "evidence_uses",
        ["what", "value"],
        unique=True,
        sqlite_where=sa.text("claimed"),
        postgresql_where=sa.text("claimed"),
    )
    op.create_table(
        "items",
        sa.Column("id", _ID, nullable=False),
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("natural_key", sa.Text(), nullable=False),
        sa.Column(
            "type",
            _words(
                "equipmenttype",
                "ONT",
                "MODEM_ROUTER",
                "DECODIFICADOR",
                "SMARTCARD",
                "REPETIDOR",
                "TELEFONO",
                "LNB",
                "ANTENA",
                "CONTROL_REMOTO",
                "FUENTE",
                "CABLE",
                "SPLITTER",
                "ROSETA",
                "OTRO",
            ),
            nullable=False,
        ),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("serial_key", sa.Text(), nullable=False),
        sa.Column("mac", sa.Text(), nullable=False),
        sa.Column("mac_key", sa.Text(), nullable=False),
        sa.Column(
            "state",
            _words("itemstate", "PENDIENTE", "ACREDITADO_ACTA", "DEVUELTO_CAC", "PAGADO", "EXONERADO"),
            nullable=False,
        ),
        sa.Column("vanished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_items_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_items")),
        sa.UniqueConstraint("case_id", "natural_key", "reference", name=op.f("uq_items_case_id_natural_key_reference")),
    )
    op.create_index(op.f("ix_items_case_id"), "items", ["case_id"], unique=False)
    op.create_index(op.f("ix_items_mac_key"), "items", ["mac_key"], unique=False)
    op.create_index(op.f("ix_items_serial_key"), "items", ["serial_key"], unique=False)
    op.create_table(
        "mail_cases",
        sa.Column("mail_id", _ID, nullable=False),
        sa.Column("case_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_mail_cases_case_id")),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_mail_cases_mail_id")),
        sa.PrimaryKeyConstraint("mail_id", "case_id", name=op.f("pk_mail_cases")),
    )
    op.create_index(op.f("ix_mail_cases_case_id"), "mail_cases", ["case_id"], unique=False)
    op.create_table(
        "mail_copies",
        sa.Column("id", _ID, nullable=False),
        sa.Column("mail_id", _ID, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uid", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filed_as", _words("folderrole", "PROCESADOS", "REVISION", "RECHAZADOS"), nullable=True),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_mail_copies_mail_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_copies")),
        sa.UniqueConstraint(
            "account", "folder", "uidvalidity", "uid", name=op.f("uq_mail_copies_account_folder_uidvalidity_uid")
        ),
    )
    op.create_index(op.f("ix_mail_copies_mail_id"), "mail_copies", ["mail_id"], unique=False)
    op.create_index("ix_mail_copies_to_file", "mail_copies", ["account", "filed_at"], unique=False)
    op.create_table(
        "papers",
        sa.Column("mail_id", _ID, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_papers_mail_id")),
        sa.PrimaryKeyConstraint("mail_id", "ordinal", name=op.f("pk_papers")),
    )
    op.create_table(
        "phones",
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_phones_case_id")),
        sa.PrimaryKeyConstraint("case_id", "phone", name=op.f("pk_phones")),
    )
    op.create_table(
        "readings",
        sa.Column("mail_id", _ID, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_readings_mail_id")),
        sa.PrimaryKeyConstraint("mail_id", "ordinal", name=op.f("pk_readings")),
    )
    op.create_table(
        "reviews",
        sa.Column("id", _ID, nullable=False),
        sa.Column("mail_id", _ID, nullable=False),
        sa.Column(
            "lane",
            _words(
                "lane",
                "REVISAR",
                "SIN_PROCESAR",
                "SIN_RESPUESTA",
                "SENALES",
                "CUATRO_OJOS",
                "DERIVADO",
                "ENVIO_INCIERTO",
            ),
            nullable=False,
        ),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_reviews_mail_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    op.create_index("ix_reviews_lane", "reviews", ["closed_at", "lane", "opened_at"], unique=False)
    op.create_index(
        "uq_reviews_open",
        "reviews",
        ["mail_id", "lane"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "charges",
        sa.Column("id", _ID, nullable=False),
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("item_id", _ID, nullable=True),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("natural_key", sa.Text(), nullable=False),
        sa.Column("concept", sa.Text(), nullable=False),
        sa.Column(
            "state",
            _words(
                "chargestate",
                "PREVISTO",
                "BLOQUEADO",
                "CARGADO",
                "QUITADO",
                "FACTURADO",
                "PAGADO",
                "EN_RECLAMO",
                "EN_COBRO",
                "REVERSO_PENDIENTE",
                "REVERSO_EN_LOTE",
                "REVERSADO",
                "REVERSO_FALLIDO",
                "MANUAL",
                "DEVOLUCION_PENDIENTE",
                "DEVUELTO",
                "SALDO_A_FAVOR",
            ),
            nullable=False,
        ),
        sa.Column("base", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tax", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("total", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("vat_rate", sa.Integer(), nullable=False),
        sa.Column("reversed", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("paid", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("invoice", sa.Text(), nullable=False),
        sa.Column("vanished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("base >= 0 AND tax >= 0 AND paid >= 0 AND vat_rate >= 0", name=op.f("ck_charges_positive")),
        sa.CheckConstraint("reversed >= 0 AND reversed <= total", name=op.f("ck_charges_reversed")),
        sa.CheckConstraint("total = base + tax", name=op.f("ck_charges_total")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_charges_case_id")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_charges_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charges")),
        sa.UniqueConstraint(
            "case_id",
            "item_id",
            "natural_key",
            "reference",
            name=op.f("uq_charges_case_id_item_id_natural_key_reference"),
        ),
    )
    op.create_index(op.f("ix_charges_case_id"), "charges", ["case_id"], unique=False)
    op.create_index("ix_charges_state", "charges", ["state"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", _ID, nullable=False),
        sa.Column("decision_id", _ID, nullable=False),
        sa.Column("mail_id", _ID, nullable=False),
        sa.Column(
            "kind",
            _words(
                "replykind",
                "aceptado",
                "aceptado-parcial",
                "subsanar",
                "rechazado",
                "recibido",
                "derivado",
                "informacion",
            ),
            nullable=False,
        ),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column(
            "state",
            _words(
                "outboxstate",
                "EN_COLA",
                "ENVIANDO",
                "ENVIADO",
                "FALLIDO",
                "INCIERTO",
                "REBOTADO",
                "ANULADO",
                "RETENIDO",
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_on_decision", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("doubts", sa.Integer(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("response", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_outbox_decision_id")),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_outbox_mail_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("decision_id", "kind", name=op.f("uq_outbox_decision_id_kind")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_id")),
    )
    op.create_index("ix_outbox_due", "outbox", ["state", "due_at"], unique=False)
    op.create_index(op.f("ix_outbox_mail_id"), "outbox", ["mail_id"], unique=False)
    op.create_index("ix_outbox_recipient", "outbox", ["recipient", "created_at"], unique=False)
    op.create_table(
        "ledger",
        sa.Column("id", _ID, nullable=False),
        sa.Column("decision_id", _ID, nullable=False),
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("charge_id", _ID, nullable=False),
        sa.Column("kind", _words("entrykind", "BLOQUEO", "REVERSO", "DEVOLUCION", "CORRECCION"), nullable=False),
        sa.Column("operation", _words("operation", "QUITAR_CARGO", "NOTA_CREDITO", "NINGUNA"), nullable=False),
        sa.Column("amount", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_ledger_amount")),
        sa.CheckConstraint("turn >= 1", name=op.f("ck_ledger_turn")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_ledger_case_id")),
        sa.ForeignKeyConstraint(["charge_id"], ["charges.id"], name=op.f("fk_ledger_charge_id")),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_ledger_decision_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_ledger_case_id"), "ledger", ["case_id"], unique=False)
    op.create_index(op.f("ix_ledger_decision_id"), "ledger", ["decision_id"], unique=False)
    op.create_index(
        "uq_ledger_correction",
        "ledger",
        ["charge_id", "turn"],
        unique=True,
        sqlite_where=sa.text("kind = 'CORRECCION'"),
        postgresql_where=sa.text("kind = 'CORRECCION'"),
    )
    op.create_index(
        "uq_ledger_reversal",
        "ledger",
        ["charge_id", "turn"],
        unique=True,
        sqlite_where=sa.text("kind <> 'CORRECCION'"),
        postgresql_where=sa.text("kind <> 'CORRECCION'"),
    )
