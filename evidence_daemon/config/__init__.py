"""`config.toml` → one frozen `Config`; a wrong file is refused with all its faults at once.

Secrets never stand in the file: a setting `…_file` names a file that holds one, relative paths are looked for in
systemd's credentials directory first (`CREDENTIALS_DIRECTORY`), then beside the configuration, then in credentials/
there (so a command by hand finds what the units are given).  `example()` writes `config.example.toml` from these
classes; a test keeps them equal.
"""

from __future__ import annotations

import difflib
import inspect
import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field, PrivateAttr, ValidationError

from evidence_daemon.config.mail import AnyMailbox, MailboxConfig, MaildirConfig, OAuthConfig, SmtpConfig
from evidence_daemon.config.running import (
    AuditConfig,
    BackupConfig,
    BreakerConfig,
    HealthConfig,
    LogConfig,
    RetentionConfig,
    SignOnConfig,
    WebConfig,
)
from evidence_daemon.config.section import LOOPBACK, Section
from evidence_daemon.config.work import (
    AlertsConfig,
    AnswersConfig,
    BatchesConfig,
    CampaignsConfig,
    DaemonConfig,
    DatabaseConfig,
    DocumentsConfig,
    FilesConfig,
    ImportsConfig,
    IvrConfig,
    WhatsAppConfig,
)
from evidence_daemon.errors import BadConfig

__all__ = [
    "LOOPBACK",
    "AlertsConfig",
    "AnswersConfig",
    "AuditConfig",
    "BackupConfig",
    "BatchesConfig",
    "BreakerConfig",
    "CampaignsConfig",
    "Config",
    "DaemonConfig",
    "DatabaseConfig",
    "DocumentsConfig",
    "FilesConfig",
    "HealthConfig",
    "ImportsConfig",
    "IvrConfig",
    "LogConfig",
    "MailboxConfig",
    "MaildirConfig",
    "OAuthConfig",
    "RetentionConfig",
    "Section",
    "SignOnConfig",
    "SmtpConfig",
    "WebConfig",
    "WhatsAppConfig",
    "example",
    "load",
    "parse",
    "sections",
]


class Config(Section):
    """The whole configuration."""

    mailboxes: tuple[AnyMailbox, ...] = (MailboxConfig(),)
    oauth: tuple[OAuthConfig, ...] = ()
    smtp: SmtpConfig = Field(default_factory=SmtpConfig)
    database: DatabaseConfig = Field(default_factory=DatabaseConfig)
    files: FilesConfig = Field(default_factory=FilesConfig)
    documents: DocumentsConfig = Field(default_factory=DocumentsConfig)
    answers: AnswersConfig = Field(default_factory=AnswersConfig)
    alerts: AlertsConfig = Field(default_factory=AlertsConfig)
    imports: ImportsConfig = Field(default_factory=ImportsConfig)
    batches: BatchesConfig = Field(default_factory=BatchesConfig)
    daemon: DaemonConfig = Field(default_factory=DaemonConfig)
    breaker: BreakerConfig = Field(default_factory=BreakerConfig)
    health: HealthConfig = Field(default_factory=HealthConfig)
    backup: BackupConfig = Field(default_factory=BackupConfig)
    audit: AuditConfig = Field(default_factory=AuditConfig)
    retention: RetentionConfig = Field(default_factory=RetentionConfig)
    web: WebConfig = Field(default_factory=WebConfig)
    sign_on: SignOnConfig = Field(default_factory=SignOnConfig)
    ivr: IvrConfig = Field(default_factory=IvrConfig)
    whatsapp: WhatsAppConfig = Field(default_factory=WhatsAppConfig)
    campaigns: CampaignsConfig = Field(default_factory=CampaignsConfig)
    log: LogConfig = Field(default_factory=LogConfig)
    _directory: Path = PrivateAttr(default=Path())

    def oauth_named(self, name: str) -> OAuthConfig:
        """The [[oauth]] block of that name.  Raises `BadConfig` when there is none."""
        for block in self.oauth:
            if block.name == name:
                return block
        raise BadConfig(f"there is no [[oauth]] block named {name!r}")

    @property
    def mailbox_users(self) -> frozenset[str]:
        """Login names of all mailboxes; where they are addresses, they are ours."""
        return frozenset(mailbox.user for mailbox in self.mailboxes if isinstance(mailbox, MailboxConfig))

    def path(self, setting: str) -> Path:
        """A path from a setting; a relative one counts from the configuration file's directory."""
        return self._directory / Path(setting).expanduser()

    @property
    def state_directory(self) -> Path:
        """Where the database and the evidence files live."""
        return self.path(self.files.state_directory)

    @property
    def needed_secrets(self) -> tuple[str, ...]:
        """The settings' names of all secret files that this configuration reads."""
        sftp, whatsapp = self.batches.delivery == "sftp", self.whatsapp
        wanted = [
            *((box.password_file, not box.oauth) for box in self.mailboxes if isinstance(box, MailboxConfig)),
            *((block.client_secret_file, True) for block in self.oauth),
            (self.smtp.password_file, bool(self.smtp.user) and not self.smtp.oauth),
            (self.database.password_file, True),
            (self.files.s3_secret_file, True),
            (self.sign_on.client_secret_file, bool(self.sign_on.issuer)),
            (self.ivr.secret_file, bool(self.ivr.host)),
            (whatsapp.token_file, bool(whatsapp.phone_number_id)),
            (whatsapp.app_secret_file, bool(whatsapp.listen_port)),
            (whatsapp.verify_token_file, bool(whatsapp.listen_port)),
            (self.batches.sftp_password_file, sftp and not self.batches.sftp_key_file),
        ]
        return tuple(sorted({setting for setting, needed in wanted if needed and setting}))

    def secret(self, setting: str) -> str:
        """The secret in the file that `setting` names, without its line end.

        Raises `BadConfig` when there is no such file, or others than its owner may read it.
        """
        places = [self.path(setting)]
        if not Path(setting).is_absolute():
            places.append(self.path("credentials") / setting)
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
    faults = []
    if "mailbox" in table:  # the short form for a house with one
        if "mailboxes" in table:
            faults.append(f"{_line_of(text, ['mailbox'])}: mailbox: there is [[mailboxes]] too; write all as that")
        one = table.pop("mailbox")
        table.setdefault("mailboxes", one)
    for name in _REPEATED:
        if isinstance(table.get(name), dict):
            table[name] = [table[name]]
    faults += _between_blocks(text, table)
    try:
        config = Config.model_validate(table)
    except ValidationError as bad:
        faults = [_fault(text, dict(fault)) for fault in bad.errors()] + faults
    if faults:
        raise BadConfig([f"{path}:{fault}" for fault in faults])
    config._directory = path.resolve().parent  # where the file lay is no setting of its own
    return config


def _between_blocks(text: str, table: dict[str, Any]) -> list[str]:
    """Faults that no block has alone: names given twice, names that nothing has."""
    faults = [] if table.get("mailboxes") != [] else [f"{_line_of(text, ['mailboxes'])}: mailboxes: there must be one"]
    names: dict[str, set[str]] = {}
    for section in _REPEATED:
        taken = names.setdefault(section, set())
        for number, block in enumerate(_blocks(table, section)):
            name = block.get("name", "posventa" if section == "mailboxes" else None)
            if isinstance(name, str) and name in taken:
                line = _line_of(text, [section, str(number), "name"])
                faults.append(f"{line}: {section}.{number}.name: another block has this name already (found {name!r})")
            elif isinstance(name, str):
                taken.add(name)
    users = [(["mailboxes", str(number)], block) for number, block in enumerate(_blocks(table, "mailboxes"))]
    users += [(["smtp"], block) for block in _blocks(table, "smtp")]
    for where, block in users:
        oauth = block.get("oauth")
        if isinstance(oauth, str) and oauth and oauth not in names["oauth"]:
            steps = [*where, "oauth"]
            where_it_stands = f"{_line_of(text, steps)}: {'.'.join(steps)}"
            faults.append(f"{where_it_stands}: there is no [[oauth]] block with this name (found {oauth!r})")
    return faults


def _blocks(table: dict[str, Any], section: str) -> list[dict[str, Any]]:
    found = table.get(section, [])
    return [block for block in (found if isinstance(found, list) else [found]) if isinstance(block, dict)]


def _fault(text: str, fault: dict[str, Any]) -> str:
    """One fault of pydantic's as "line: section.key: what is wrong, what is expected"."""
    steps = [str(step) for step in fault["loc"]]
    variant = steps.pop(2) if len(steps) > 2 and steps[0] == "mailboxes" else ""
    where = f"{_line_of(text, steps)}: {'.'.join(steps)}"
    if fault["type"] != "extra_forbidden":
        said = fault["msg"].removeprefix("Value error, ")
        shown = isinstance(fault["input"], str | int | float)  # not a whole block
        return f"{where}: {said} (found {fault['input']!r})" if shown else f"{where}: {said}"
    known = list(Config.model_fields)
    if len(steps) > 1:
        known = list(sections()[f"{steps[0]}:maildir" if variant == "maildir" else steps[0]].model_fields)
    near = difflib.get_close_matches(steps[-1], known, 1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; known here: {', '.join(known)}"
    return f"{where}: there is no such {'setting' if len(steps) > 1 else 'section'}{hint}"


def _line_of(text: str, steps: list[str]) -> int:
    """The line (from 1) of [section] and, below it, of the key; of the block when the key is not there."""
    wanted, rest = steps[0], steps[1:]
    number = int(rest.pop(0)) if rest and rest[0].isdigit() else 0
    section, begun, block = "", -1, 1
    for at, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("["):
            section = stripped.partition("#")[0].strip("[] ")
            section = wanted if (section, wanted) == ("mailbox", "mailboxes") else section
            begun += section == wanted
            if section == wanted and begun == number:
                if not rest:
                    return at
                block = at
        key = stripped.split("=")[0].strip()
        if rest and section == wanted and begun == number and key == rest[0]:
            return at
        if not rest and not section and key == wanted:
            return at
    return block


_REPEATED = ("mailboxes", "oauth")
"""Tables of which there may be several: [[mailboxes]]."""


def sections() -> dict[str, type[Section]]:
    """The tables of the configuration file by name, in their order; "name:variant" for another kind of one."""
    several: dict[str, type[Section]] = {
        "mailboxes": MailboxConfig,
        "mailboxes:maildir": MaildirConfig,
        "oauth": OAuthConfig,
    }
    return several | {
        name: info.annotation
        for name, info in Config.model_fields.items()
        if isinstance(info.annotation, type) and issubclass(info.annotation, Section)
    }


def example() -> str:
    """The commented example: each option with its meaning and default, as `config.example.toml` holds it."""
    lines = [
        "# Configuration of evidence_daemon.  Every setting is shown with its default.",
        "# Passwords are never written here: a setting …_file names the file that holds one (chmod 600).",
        "# Check a file with:  evidence-daemon config check --config FILE",
    ]
    for title, section in sections().items():
        name, _, variant = title.partition(":")
        optional = "#" if variant or name == "oauth" else ""  # not part of every house
        meaning = inspect.cleandoc(section.__doc__ or "").splitlines()
        lines += ["", *(f"# {line}" for line in meaning if line)]
        lines += [f"{optional}[[{name}]]" if name in _REPEATED else f"[{name}]"]
        for key, info in section.model_fields.items():
            value = info.examples[0] if info.examples else info.default
            lines += [f"# {info.description}", f"{optional}{key} = {_toml(value)}"]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'{value}'" if '"' in value else f'"{value}"'
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_toml, value))}]"
    return str(value)
