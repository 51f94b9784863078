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

    name: str = Field(
        "posventa", description="Name of this mailbox in the journal, logs and status; never change it later."
    )
    host: str = Field("imap.example.gob.ec", description="IMAP server.")
    port: int = Field(993, ge=1, le=65535, description="IMAP port: 993 for TLS, 143 for STARTTLS.")
    security: Literal["tls", "starttls", "none"] = Field(
        "tls", description='"tls", "starttls", or "none" (accepted for loopback hosts only).'
    )
    ca_file: str = Field(
        "", description="Certificate authorities (PEM) to trust instead of the system's; empty: the system's."
    )
    user: str = Field("posventagec2@cnt.gob.ec", description="Login name.")
    password_file: str = Field("imap_password", description="File that holds the password.")
    inbox: str = Field("INBOX", description="Folder that is polled.")
    processed_folder: str = Field("Procesados", description="Folder for mails that were decided.")
    review_folder: str = Field("Revision", description="Folder for mails that wait for a person.")
    rejected_folder: str = Field(
        "Rechazados", description="Folder for mails that were refused, discarded or are duplicates."
    )
    sent_folder: str = Field("Sent", description="Folder to which our answers are appended; empty: none.")
    poll_seconds: int = Field(30, ge=1, le=3600, description="Seconds between two polls.")
    idle: bool = Field(True, description="Use IMAP IDLE to notice new mail sooner, where the server has it.")
    connect_timeout_seconds: float = Field(15, gt=0, description="Seconds until a connection attempt is given up.")
    command_timeout_seconds: float = Field(60, gt=0, description="Seconds until any one IMAP command is given up.")
    connection_minutes: int = Field(60, ge=1, description="Minutes after which a connection is renewed.")
    max_mail_bytes: int = Field(
        40_000_000, ge=100_000, description="Bytes above which a mail's body is not fetched; the customer is told."
    )


class SmtpConfig(_Section):
    """The submission server that sends our answers."""

    host: str = Field("smtp.example.gob.ec", description="SMTP submission server.")
    port: int = Field(587, ge=1, le=65535, description="Port: 587 for STARTTLS, 465 for TLS.")
    security: Literal["tls", "starttls", "none"] = Field(
        "starttls", description='"tls", "starttls", or "none" (accepted for loopback hosts only).'
    )
    ca_file: str = Field(
        "", description="Certificate authorities (PEM) to trust instead of the system's; empty: the system's."
    )
    user: str = Field("", description="Login name; empty: no login.")
    password_file: str = Field(
        "smtp_password", description="File that holds the password (read only when user is set)."
    )
    from_address: str = Field(
        "posventagec2@cnt.gob.ec", description="Our address: From of every answer, and where bounces come back."
    )
    from_name: str = Field("CNT Posventa", description="Our display name.")
    connect_timeout_seconds: float = Field(
        30, gt=0, description="Seconds until a connection attempt or an ordinary command is given up."
    )
    data_timeout_seconds: float = Field(
        600, gt=0, description="Seconds to wait for the answer to DATA (RFC 5321 4.5.3.2.6 asks for 600)."
    )


class DatabaseConfig(_Section):
    """Where rows are kept."""

    url: str = Field(
        "",
        description='"postgresql://user@host/name" for several workers; empty: an SQLite file under the state directory.',
    )
    password_file: str = Field(
        "", description="File that holds the PostgreSQL password; empty: as in the URL or the usual libpq places."
    )


class FilesConfig(_Section):
    """Where files are kept."""

    state_directory: str = Field(
        "/var/lib/evidence-daemon", description="Directory for the database and the evidence files."
    )
    rules_directory: str = Field(
        "", description="Directory of the rule book; empty: the one that came with the program."
    )


class DocumentsConfig(_Section):
    """Limits for reading attachments."""

    languages: str = Field("spa", description="Tesseract languages, joined by +.")
    max_pages: int = Field(10, ge=1, le=50, description="Pages of a document that are read.")
    max_attachments: int = Field(20, ge=1, description="Attachments of one mail that are read.")
    max_seconds: float = Field(
        90, gt=0, description="Wall-clock seconds for one document; then it is stopped and goes to a person."
    )
    max_memory_bytes: int = Field(
        2_000_000_000, ge=200_000_000, description="Address space of the locked child process."
    )
    require_landlock: bool = Field(
        False, description="Refuse to read documents where the kernel has no Landlock (seccomp is always required)."
    )


class AnswersConfig(_Section):
    """How customers are answered."""

    acknowledge_after_seconds: int = Field(
        600, ge=0, description="Seconds after which a mail held for a person gets its receipt."
    )
    answer_within_days: int = Field(
        15, ge=1, description="Legal limit for the answer, in calendar days from reception."
    )
    correction_days: int = Field(10, ge=1, description="Working days that a customer has to send what is missing.")
    trusted_authserv_id: str = Field(
        "", description="Name of our own border server in Authentication-Results; empty: nobody is trusted."
    )
    per_address_per_day: int = Field(
        5, ge=1, description="Answers to one address in 24 hours; more are withheld and shown."
    )


class DaemonConfig(_Section):
    """How the program runs."""

    armed: bool = Field(
        False,
        description="Whether a new database starts armed.  False: everything is decided, nothing is sent until "
        "`evidence-daemon arm`.",
    )
    workers: int = Field(2, ge=1, le=64, description="Mails that are walked at the same time.")
    retries: int = Field(3, ge=1, le=10, description="Times that a mail is tried before it goes to a person.")
    reconcile_seconds: int = Field(60, ge=5, description="Seconds between two looks for mails that were left lying.")


class LogConfig(_Section):
    """What is logged, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description='"debug", "info", "warning" or "error".'
    )
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

    @field_validator("mailbox", "smtp")
    @classmethod
    def _plain_text_only_on_loopback(cls, section: Any) -> Any:
        if section.security == "none" and section.host not in {"127.0.0.1", "localhost", "::1"}:
            raise ValueError('security = "none" is accepted for loopback hosts only; use "tls" or "starttls"')
        return section

    def path(self, setting: str) -> Path:
        """A path from a setting; a relative one counts from the configuration file's directory."""
        return self._directory / Path(setting).expanduser()

    @property
    def state_directory(self) -> Path:
        """Where the database and the evidence files live."""
        return self.path(self.files.state_directory)

    def secret(self, setting: str) -> str:
        """The secret in the file that `setting` names, without its line end.

        Raises `BadConfig` when there is no such file, or others than its owner may read it.
        """
        places = [self.path(setting)]
        if (directory := os.environ.get("CREDENTIALS_DIRECTORY")) and not Path(setting).is_absolute():
            places.insert(0, Path(directory) / setting)
        for place in places:
            if place.is_file():
                if place.stat().st_mode & 0o007:
                    raise BadConfig(f"{place}: anybody on this machine may read this secret; run: chmod 600 {place}")
                return place.read_text("utf-8").rstrip("\r\n")
        raise BadConfig(f"the secret file {setting!r} was not found; looked in: {', '.join(map(str, places))}")


def load(path: Path) -> Config:
    """Read and check a configuration file.  Raises `BadConfig` with every fault that it has."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as trouble:
        raise BadConfig(f"{path}: cannot be read: {trouble}") from trouble
    return parse(text, path)


def parse(text: str, path: Path) -> Config:
    """Like `load`, from the text; `path` gives relative paths their directory and messages their name."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise BadConfig(f"{path}: not valid TOML: {fault}") from fault
    try:
        config = Config.model_validate(table)
    except ValidationError as bad:
        raise BadConfig([f"{path}:{_fault(text, dict(fault))}" for fault in bad.errors()]) from bad
    config._directory = path.resolve().parent  # where the file lay is no setting of its own
    return config


def _fault(text: str, fault: dict[str, Any]) -> str:
    """One fault of pydantic's as "line: section.key: what is wrong, what is expected"."""
    steps = [str(step) for step in fault["loc"]]
    where = f"{_line_of(text, steps)}: {'.'.join(steps)}"
    if fault["type"] != "extra_forbidden":
        return f"{where}: {fault['msg']} (found {fault['input']!r})" if len(steps) > 1 else f"{where}: {fault['msg']}"
    known = list(Config.model_fields)
    if len(steps) > 1:
        known = list(sections()[steps[0]].model_fields)
    near = difflib.get_close_matches(steps[-1], known, 1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; known here: {', '.join(known)}"
    return f"{where}: there is no such {'setting' if len(steps) > 1 else 'section'}{hint}"


def _line_of(text: str, steps: list[str]) -> int:
    """The line (from 1) of [section] and, below it, of the key."""
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("["):
            section = stripped.strip("[] ")
            if len(steps) == 1 and section == steps[0]:
                return number
        key = stripped.split("=")[0].strip()
        if len(steps) > 1 and section == steps[0] and key == steps[1]:
            return number
        if len(steps) == 1 and not section and key == steps[0]:
            return number
    return 1


def sections() -> dict[str, type[_Section]]:
    """The tables of the configuration file by name, in their order."""
    return {
        name: info.annotation
        for name, info in Config.model_fields.items()
        if isinstance(info.annotation, type) and issubclass(info.annotation, _Section)
    }


def example() -> str:
    """The commented example: each option with its meaning and default, as `config.example.toml` holds it."""
    lines = [
        "# Configuration of evidence_daemon.  Every setting is shown with its default.",
        "# Passwords are never written here: a setting …_file names the file that holds one (chmod 600).",
        "# Check a file with:  evidence-daemon config check --config FILE",
    ]
    for name, section in sections().items():
        lines += ["", f"# {(section.__doc__ or '').strip()}", f"[{name}]"]
        for key, info in section.model_fields.items():
            lines += [f"# {info.description}", f"{key} = {_toml(info.default)}"]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)
