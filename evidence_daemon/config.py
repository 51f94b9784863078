"""`config.toml` → one frozen `Config`; a wrong file is refused with all its faults at once.

Secrets never stand in the file: a setting `…_file` names a file that holds one, relative paths are
looked for in systemd's credentials directory first (`CREDENTIALS_DIRECTORY`), then beside the
configuration.  `example()` writes `config.example.toml` from these classes; a test keeps them equal.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator

from evidence_daemon.errors import BadConfig


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MailboxConfig(_Section):
    """The mailbox that customers write to."""

    name: str = Field("posventa", description="Name of this mailbox in the journal, logs and status; never change it later.")
    host: str = Field("imap.example.gob.ec", description="IMAP server.")
    port: int = Field(993, ge=1, le=65535, description="IMAP port: 993 for TLS, 143 for STARTTLS.")
    security: Literal["tls", "starttls", "none"] = Field("tls", description='"tls", "starttls", or "none" (accepted for loopback hosts only).')
    ca_file: str = Field("", description="Certificate authorities (PEM) to trust instead of the system's; empty: the system's.")
    user: str = Field("posventagec2@cnt.gob.ec", description="Login name.")
    password_file: str = Field("imap_password", description="File that holds the password.")
    inbox: str = Field("INBOX", description="Folder that is polled.")
    processed_folder: str = Field("Procesados", description="Folder for mails that were decided.")
    review_folder: str = Field("Revision", description="Folder for mails that wait for a person.")
    rejected_folder: str = Field("Rechazados", description="Folder for mails that were refused, discarded or are duplicates.")
    sent_folder: str = Field("Sent", description="Folder to which our answers are appended; empty: none.")
    poll_seconds: int = Field(30, ge=1, le=3600, description="Seconds between two polls.")
    idle: bool = Field(True, description="Use IMAP IDLE to notice new mail sooner, where the server has it.")
    connect_timeout_seconds: float = Field(15, gt=0, description="Seconds until a connection attempt is given up.")
    command_timeout_seconds: float = Field(60, gt=0, description="Seconds until any one IMAP command is given up.")
    connection_minutes: int = Field(60, ge=1, description="Minutes after which a connection is renewed.")
    max_mail_bytes: int = Field(40_000_000, ge=100_000, description="Bytes above which a mail's body is not fetched; the customer is told.")


class SmtpConfig(_Section):
    """The submission server that sends our answers."""

    host: str = Field("smtp.example.gob.ec", description="SMTP submission server.")
    port: int = Field(587, ge=1, le=65535, description="Port: 587 for STARTTLS, 465 for TLS.")
    security: Literal["tls", "starttls", "none"] = Field("starttls", description='"tls", "starttls", or "none" (accepted for loopback hosts only).')
    ca_file: str = Field("", description="Certificate authorities (PEM) to trust instead of the system's; empty: the system's.")
    user: str = Field("", description="Login name; empty: no login.")
    password_file: str = Field("smtp_password", description="File that holds the password (read only when user is set).")
    from_address: str = Field("posventagec2@cnt.gob.ec", description="Our address: From of every answer, and where bounces come back.")
    from_name: str = Field("CNT Posventa", description="Our display name.")
    connect_timeout_seconds: float = Field(30, gt=0, description="Seconds until a connection attempt or an ordinary command is given up.")
    data_timeout_seconds: float = Field(600, gt=0, description="Seconds to wait for the answer to DATA (RFC 5321 4.5.3.2.6 asks for 600).")


class DatabaseConfig(_Section):
    """Where rows are kept."""

    url: str = Field("", description='"postgresql://user@host/name" for several workers; empty: an SQLite file under the state directory.')
    password_file: str = Field("", description="File that holds the PostgreSQL password; empty: as in the URL or the usual libpq places.")


class FilesConfig(_Section):
    """Where files are kept."""

    state_directory: str = Field("/var/lib/evidence-daemon", description="Directory for the database and the evidence files.")
    rules_directory: str = Field("", description="Directory of the rule book; empty: the one that came with the program.")


class DocumentsConfig(_Section):
    """Limits for reading attachments."""

    languages: str = Field("spa", description="Tesseract languages, joined by +.")
    max_pages: int = Field(10, ge=1, le=50, description="Pages of a document that are read.")
    max_attachments: int = Field(20, ge=1, description="Attachments of one mail that are read.")
    max_seconds: float = Field(90, gt=0, description="Wall-clock seconds for one document; then it is stopped and goes to a person.")
    max_memory_bytes: int = Field(2_000_000_000, ge=200_000_000, description="Address space of the locked child process.")
    require_landlock: bool = Field(False, description="Refuse to read documents where the kernel has no Landlock (seccomp is always required).")


class AnswersConfig(_Section):
    """How customers are answered."""

    acknowledge_after_seconds: int = Field(600, ge=0, description="Seconds after which a mail held for a person gets its receipt.")
    answer_within_days: int = Field(15, ge=1, description="Legal limit for the answer, in calendar days from reception.")
    correction_days: int = Field(10, ge=1, description="Working days that a customer has to send what is missing.")
    trusted_authserv_id: str = Field("", description="Name of our own border server in Authentication-Results; empty: nobody is trusted.")
    per_address_per_day: int = Field(5, ge=1, description="Answers to one address in 24 hours; more are withheld and shown.")


class DaemonConfig(_Section):
    """How the program runs."""

    armed: bool = Field(True, description="With a new database: true sends answers at once; false classifies everything and sends nothing until armed.")
    workers: int = Field(2, ge=1, le=64, description="Mails that are walked at the same time.")
    retries: int = Field(3, ge=1, le=10, description="Times that a mail is tried before it goes to a person.")
    reconcile_seconds: int = Field(60, ge=5, description="Seconds between two looks for mails that were left lying.")


class LogConfig(_Section):
    """What is logged, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description='"debug", "info", "warning" or "error".')
    format: Literal["text", "json"] = Field("text", description='"text" for people, "json" for collectors.')


class Config(_Section):
    """The whole configuration."""

    mailbox: MailboxConfig = Field(default_factory=MailboxConfig)
    smtp: SmtpConfig = Field(default_factory=SmtpConfig)
    database: DatabaseConfig = Field(default_factory=DatabaseConfig)
    files: FilesConfig = Field(default_factory=FilesConfig)
    documents: DocumentsConfig = Field(default_factory=DocumentsConfig)
    answers: AnswersConfig = Field(default_factory=AnswersConfig)
    daemon: DaemonConfig = Field(default_factory=DaemonConfig)
    log: LogConfig = Field(default_factory=LogConfig)
    _directory: Path = PrivateAttr(default=Path())
