"""`config.toml` → one frozen `Config`; a wrong file is refused with all its faults at once.

Secrets never stand in the file: a setting `…_file` names a file that holds one, relative paths are
looked for in systemd's credentials directory first (`CREDENTIALS_DIRECTORY`), then beside the
configuration.  `example()` writes `config.example.toml` from these classes; a test keeps them equal.
"""

from __future__ import annotations

import difflib
import inspect
import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PrivateAttr,
    Tag,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from evidence_daemon.errors import BadConfig
from evidence_daemon.workdays import Calendar, read_dates, read_hours

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _safe(security: str, info: ValidationInfo) -> str:
    """Refuses plain text towards another machine; `host` stands before `security` in its section."""
    if security == "none" and info.data.get("host", "localhost") not in LOOPBACK:
        raise ValueError('security = "none" is accepted for loopback hosts only; use "tls" or "starttls"')
    return security


class _Mailbox(_Section):
    name: str = Field(
        "posventa",
        min_length=1,
        pattern=r"^[A-Za-z0-9._-]+$",
        description="Name of this mailbox in the journal, logs and status; never change it later.",
    )
    inbox: str = Field("INBOX", description="Folder that is polled.")
    processed_folder: str = Field("Procesados", description="Folder for mails that were decided.")
    review_folder: str = Field("Revision", description="Folder for mails that wait for a person.")
    rejected_folder: str = Field(
        "Rechazados", description="Folder for mails that were refused, discarded or are duplicates."
    )
    sent_folder: str = Field("Sent", description="Folder to which our answers are appended; empty: none.")
    poll_seconds: int = Field(30, ge=1, le=3600, description="Seconds between two polls.")
    max_mail_bytes: int = Field(
        40_000_000, ge=100_000, description="Bytes above which a mail's body is not fetched; the customer is told."
    )


class MailboxConfig(_Mailbox):
    """A mailbox that customers write to, read by IMAP.  Repeat the block for each mailbox."""

    kind: Literal["imap"] = Field("imap", description='"imap", or "maildir" (see below).')
    host: str = Field("imap.example.gob.ec", description="IMAP server.")
    port: int = Field(993, ge=1, le=65535, description="IMAP port: 993 for TLS, 143 for STARTTLS.")
    security: Literal["tls", "starttls", "none"] = Field(
        "tls", description='"tls", "starttls", or "none" (accepted for loopback hosts only).'
    )
    ca_file: str = Field(
        "", description="Certificate authorities (PEM) to trust instead of the system's; empty: the system's."
    )
    user: str = Field("posventagec2@cnt.gob.ec", description="Login name.")
    password_file: str = Field("imap_password", description="File that holds the password (not read with oauth).")
    oauth: str = Field("", description="Name of the [[oauth]] block to log in with; empty: by password.")
    oauth_mechanism: Literal["xoauth2", "oauthbearer"] = Field(
        "xoauth2", description='How the token is shown: "xoauth2" (Microsoft, Google) or "oauthbearer" (RFC 7628).'
    )
    idle: bool = Field(True, description="Use IMAP IDLE to notice new mail sooner, where the server has it.")
    connect_timeout_seconds: float = Field(15, gt=0, description="Seconds until a connection attempt is given up.")
    command_timeout_seconds: float = Field(60, gt=0, description="Seconds until any one IMAP command is given up.")
    connection_minutes: int = Field(60, ge=1, description="Minutes after which a connection is renewed.")

    @field_validator("security")
    @classmethod
    def _plain_text_only_on_loopback(cls, security: str, info: ValidationInfo) -> str:
        return _safe(security, info)


class MaildirConfig(_Mailbox):
    """A Maildir++ on this machine, for sites that deliver by procmail, fetchmail or LMTP."""

    kind: Literal["maildir"] = Field(description='"maildir".', examples=["maildir"])
    path: str = Field(
        min_length=1, description="Directory that holds new/, cur/ and tmp/.", examples=["/var/mail/posventa/Maildir"]
    )


class OAuthConfig(_Section):
    """An application at Microsoft, Google or elsewhere that may read or send mail for us."""

    name: str = Field(
        min_length=1,
        pattern=r"^[A-Za-z0-9._-]+$",
        description="Name by which mailboxes and smtp refer to this block.",
        examples=["microsoft"],
    )
    provider: Literal["microsoft", "google", "other"] = Field(
        description='"microsoft", "google" or "other".', examples=["microsoft"]
    )
    grant: Literal["authorization_code", "client_credentials"] = Field(
        "authorization_code",
        description='"authorization_code" (a person consents once: `evidence-daemon mailbox authorize`) or '
        '"client_credentials" (Microsoft: an administrator consents).',
    )
    client_id: str = Field(
        min_length=1, description="Identity of the application.", examples=["00000000-0000-0000-0000-000000000000"]
    )
    client_secret_file: str = Field(
        "", description="File that holds the application's secret; empty: it has none (public client)."
    )
    tenant: str = Field("organizations", description="Microsoft: identity or domain of the organisation.")
    authorize_url: str = Field("", description="Other providers: where a person consents.")
    token_url: str = Field("", description="Other providers: where tokens are given out.")
    scope: str = Field("", description="What is asked for; empty: what IMAP and SMTP need at Microsoft or Google.")
    ca_file: str = Field(
        "", description="Certificate authorities (PEM) to trust instead of the system's; empty: the system's."
    )
    timeout_seconds: float = Field(20, gt=0, description="Seconds until a request for a token is given up.")

    @field_validator("authorize_url", "token_url")
    @classmethod
    def _https_beyond_loopback(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise ValueError("must begin with https://")
        return url

    @model_validator(mode="after")
    def _other_providers_name_their_addresses(self) -> Self:
        if self.provider == "other" and not self.token_url:
            raise ValueError('provider = "other" needs token_url')
        if self.provider == "other" and self.grant == "authorization_code" and not self.authorize_url:
            raise ValueError('provider = "other" with grant = "authorization_code" needs authorize_url')
        if self.provider == "google" and self.grant == "client_credentials":
            raise ValueError('Google has no grant = "client_credentials" for mailboxes; use "authorization_code"')
        if self.grant == "client_credentials" and not self.client_secret_file:
            raise ValueError('grant = "client_credentials" needs client_secret_file')
        return self


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
        "smtp_password", description="File that holds the password (read only when user is set, not with oauth)."
    )
    oauth: str = Field("", description="Name of the [[oauth]] block to log in with (XOAUTH2); empty: by password.")
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
    per_minute: int = Field(
        30, ge=0, description="The provider's own limit in a minute (Microsoft 365: 30); more wait.  0: no limit."
    )
    per_day: int = Field(
        2000,
        ge=0,
        description="The provider's own limit in 24 hours (Google Workspace: 2000, Microsoft 365: 10000); more wait.  "
        "0: no limit.",
    )

    @field_validator("security")
    @classmethod
    def _plain_text_only_on_loopback(cls, security: str, info: ValidationInfo) -> str:
        return _safe(security, info)


class DatabaseConfig(_Section):
    """Where rows are kept."""

    url: str = Field(
        "",
        description='"postgresql://user@host/name" for several workers; empty: an SQLite file in the state directory.',
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
    max_mail_seconds: float = Field(
        600, gt=0, description="Wall-clock seconds for all documents of one mail; those that are left go to a person."
    )
    require_landlock: bool = Field(
        False, description="Refuse to read documents where the kernel has no Landlock (seccomp is always required)."
    )
    clamav: str = Field(
        "",
        description='Where ClamAV listens: "unix:/run/clamav/clamd.ctl" or "tcp:host:3310"; empty: files are not '
        "looked at for malware.",
    )
    clamav_seconds: float = Field(30, gt=0, description="Seconds until an answer of ClamAV is given up.")
    clamav_absent: Literal["hold", "go_on"] = Field(
        "hold",
        description='When ClamAV cannot look at a file: "hold" (a person decides) or "go_on" (it is opened in the cage '
        "all the same).",
    )
    signature_authorities: str = Field(
        "",
        description="Directory of certificates (PEM or DER) of the authorities whose digital signatures on PDFs are "
        "trusted; empty: signatures are shown, and none is a proof.",
    )
    signature_identities: str = Field(
        "1768152560001, CORPORACION NACIONAL DE TELECOMUNICACIONES CNT EP",
        description="RUC or registered names (organisation) in certificates with which the company signs, separated by "
        "commas.",
    )

    @field_validator("clamav")
    @classmethod
    def _a_place(cls, place: str) -> str:
        if place and not re.fullmatch(r"unix:/.+|tcp:(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}", place):
            raise ValueError('must be "unix:/path/of/the/socket" or "tcp:host:port"')
        return place

    @property
    def company_identities(self) -> tuple[str, ...]:
        """`signature_identities`, one by one."""
        return _listed(self.signature_identities)


class AnswersConfig(_Section):
    """How customers are answered."""

    trusted_authserv_id: str = Field(
        "", description="Name of our own border server in Authentication-Results; empty: nobody is trusted."
    )
    check_signatures: bool = Field(
        True,
        description="Check signatures of mails (DKIM) on arrival, with keys from the DNS; they count where the border "
        "server says nothing.  False where this machine may not ask the DNS.",
    )
    per_address_per_day: int = Field(
        5, ge=0, description="Answers to one address in 24 hours; what is above goes out when it allows.  0: no limit."
    )
    per_id_number_per_day: int = Field(
        10, ge=0, description="Answers about one identity number in 24 hours, whatever the address.  0: no limit."
    )
    same_answer_per_day: int = Field(
        1,
        ge=0,
        description="The very same answer (reasons, person, papers) to one address in 24 hours; a further one waits "
        "for a person: this is what ends a loop between two robots.  0: no limit.",
    )
    max_age_days: int = Field(
        15,
        ge=1,
        description="Days after reception beyond which a mail is decided but its answer waits for a person: an old "
        "mailbox must not write to thousands.",
    )
    hours: str = Field(
        "",
        description='When answers leave, in Ecuador\'s time, e.g. "lun-vie 08:00-17:30, sab 09:00-13:00"; the others '
        "wait.  Empty: always.",
    )
    more_holidays: str = Field(
        "",
        description="Holidays besides the national ones of Ecuador (a bridge by decree, the city's own day), e.g. "
        '"2026-12-31, 2027-01-04": no working day, and no hours.',
    )
    worked_holidays: str = Field(
        "", description="Days that are worked although they are national holidays or weekends, in the same form."
    )
    valve_per_15_minutes: int = Field(
        200,
        ge=0,
        description="Answers in 15 minutes at which all sending stops, with an alert, until "
        "`evidence-daemon resume`.  0: no valve.",
    )

    @field_validator("hours")
    @classmethod
    def _understood(cls, hours: str) -> str:
        read_hours(hours)
        return hours

    @field_validator("more_holidays", "worked_holidays")
    @classmethod
    def _dates(cls, text: str) -> str:
        read_dates(text)
        return text

    @property
    def calendar(self) -> Calendar:
        """The days that are worked here."""
        return Calendar(read_dates(self.more_holidays), read_dates(self.worked_holidays))


class AlertsConfig(_Section):
    """Mails to our own people; never to customers."""

    alert_to: str = Field(
        "", description="Who gets a mail at once when something needs a person; addresses, separated by commas."
    )
    digest_to: str = Field("", description="Who gets the digest of the day; addresses, separated by commas.")
    digest_hour: int = Field(7, ge=0, le=23, description="Hour of the digest, in Ecuador's time.")
    login_refused_minutes: int = Field(
        15, ge=0, description="Minutes that a login must have been refused before it is alerted."
    )
    unreachable_minutes: int = Field(
        60, ge=0, description="Minutes that a mail server, or any job, must have been in trouble before it is alerted."
    )
    disk_free_mb: int = Field(1000, ge=0, description="Free megabytes on the disk of the state directory to alert at.")

    @field_validator("alert_to", "digest_to")
    @classmethod
    def _addresses(cls, text: str) -> str:
        wrong = [one for one in _listed(text) if not re.fullmatch(r"[^\s@<>,]+@[^\s@<>,]+\.[^\s@<>,]+", one)]
        if wrong:
            raise ValueError(f"not an address: {', '.join(wrong)}")
        return text

    @property
    def alert_addresses(self) -> tuple[str, ...]:
        """`alert_to`, one by one."""
        return _listed(self.alert_to)

    @property
    def digest_addresses(self) -> tuple[str, ...]:
        """`digest_to`, one by one."""
        return _listed(self.digest_to)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in text.split(","))))


class ImportsConfig(_Section):
    """Lists that come in by themselves: a folder in which the billing system drops them."""

    directory: str = Field("", description="The watched folder; empty: none.  Taken files go to hechos/ and fallidos/.")
    cases_pattern: str = Field("casos*", description="File names of lists of cases, with * and ?.")
    register_pattern: str = Field("registro*", description="File names of the return register; empty: none.")
    response_pattern: str = Field("respuesta*", description="File names of billing's answers; empty: none.")
    quiet_seconds: int = Field(
        120, ge=0, description="Seconds without a change after which a file is whole; NAME.ok says so at once."
    )
    stale_hours: int = Field(
        0, ge=0, description="Hours without a list of cases after which our own people are alerted.  0: never."
    )


class BatchesConfig(_Section):
    """Batches of reversals on their way to billing."""

    most_lines: int = Field(5000, ge=1, le=100_000, description="Lines of a batch, at most.")
    delivery: Literal["none", "folder", "sftp"] = Field(
        "none", description='How the files of a batch are handed over: "none" (by hand), "folder" or "sftp".'
    )
    folder: str = Field("lotes", description='Folder for delivery = "folder".')
    sftp_host: str = Field("sftp.example.gob.ec", description="SFTP server.")
    sftp_port: int = Field(22, ge=1, le=65535, description="SFTP port.")
    sftp_user: str = Field("evidencias", description="Login name there.")
    sftp_host_key: str = Field(
        "", description='Public key of the server ("ssh-ed25519 AAAA…"); with any other key nothing is sent.'
    )
    sftp_key_file: str = Field("", description="File that holds our private key; empty: log in by password.")
    sftp_password_file: str = Field("sftp_password", description="File that holds the password.")
    sftp_folder: str = Field("", description="Folder on the server.")
    response_days: int = Field(
        5, ge=0, description="Working days after which a batch without an answer is alerted.  0: never."
    )

    @model_validator(mode="after")
    def _pinned(self) -> Self:
        if self.delivery == "sftp" and not self.sftp_host_key:
            raise ValueError('delivery = "sftp" needs sftp_host_key: the public key of the server')
        return self


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


class WebConfig(_Section):
    """The review desk, the agents' look-up and the supervisor's page, in a browser."""

    with_daemon: bool = Field(False, description="Whether `evidence-daemon run` opens it; else: `evidence-daemon web`.")
    address: str = Field("127.0.0.1", min_length=1, description="Address on which it listens.")
    port: int = Field(8080, ge=0, le=65535, description="Port on which it listens; 0: any free one.")
    public_url: str = Field(
        "",
        description='How people reach it, e.g. "https://evidencias.example.gob.ec", behind a proxy that has the '
        "certificate; empty: by its own address and port.",
    )
    tls_certificate_file: str = Field("", description="Certificate chain (PEM), to serve https itself; empty: http.")
    tls_key_file: str = Field("", description="Private key (PEM) of that certificate.")
    plain_beyond_loopback: bool = Field(
        False, description="Listen beyond loopback without TLS: only where a proxy on the way has it."
    )
    trusted_proxies: str = Field(
        "127.0.0.1", description="Proxies whose word on the visitor's address is taken; addresses, separated by commas."
    )
    idle_minutes: int = Field(30, ge=1, le=720, description="Minutes without activity after which a session ends.")
    session_hours: int = Field(10, ge=1, le=24, description="Hours after which a session ends in any case.")
    login_tries: int = Field(5, ge=1, description="Failed logins in 15 minutes after which a user has to wait.")
    address_tries: int = Field(50, ge=1, description="Failed logins in 15 minutes after which an address has to wait.")
    lookups_per_minute: int = Field(20, ge=1, description="Look-ups of one agent in a minute.")
    max_upload_bytes: int = Field(25_000_000, ge=100_000, description="Bytes of the files that a CAC hands in at once.")

    @field_validator("public_url")
    @classmethod
    def _bare_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"}):
            raise ValueError('write "https://name" or "https://name:port", without a path')
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("must begin with https://")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _no_passwords_in_clear_text(self) -> Self:
        if bool(self.tls_certificate_file) != bool(self.tls_key_file):
            raise ValueError("tls_certificate_file and tls_key_file belong together")
        if self.address not in LOOPBACK and not self.tls_certificate_file and not self.plain_beyond_loopback:
            raise ValueError(
                f"listening on {self.address} without TLS would show passwords to the network: set "
                "tls_certificate_file and tls_key_file, listen on 127.0.0.1 behind a proxy, or set "
                "plain_beyond_loopback"
            )
        return self

    @property
    def https(self) -> bool:
        """Whether browsers come by https."""
        return bool(self.tls_certificate_file) or self.public_url.startswith("https://")


class SignOnConfig(_Section):
    """Single sign-on (OpenID Connect) for the web house; users are still added, and get their role, there."""

    issuer: str = Field("", description='The provider, e.g. "https://login.example.gob.ec"; empty: no single sign-on.')
    name: str = Field("CNT", description="What its button on the login page says.")
    client_id: str = Field("", description="Identity of this application at the provider.")
    client_secret_file: str = Field("sign_on_secret", description="File that holds the application's secret.")
    claim: str = Field(
        "preferred_username", description="The claim that names our user when he first comes in; later `sub` does."
    )
    ca_file: str = Field(
        "", description="Certificate authorities (PEM) to trust instead of the system's; empty: the system's."
    )
    timeout_seconds: float = Field(10, gt=0, description="Seconds until a request to the provider is given up.")

    @field_validator("issuer")
    @classmethod
    def _https_beyond_loopback(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise ValueError("must begin with https://")
        return url.rstrip("/")


class HealthConfig(_Section):
    """What watches the daemon: /healthz, /readyz and /metrics on a port of their own, and a ping after each round."""

    address: str = Field("127.0.0.1", min_length=1, description="Address of /healthz, /readyz and /metrics.")
    port: int = Field(9464, ge=0, le=65535, description="Port of /healthz, /readyz and /metrics; 0: none.")
    ping_url: str = Field(
        "",
        description="Address that is asked for (HTTP GET) after each complete round, for a watch that alerts when the "
        'pings stop, e.g. "https://hc.example.gob.ec/ping/…"; /fail is added when a round failed.  Empty: none.',
    )
    ping_seconds: int = Field(60, ge=15, description="Seconds between two pings, at least.")

    @field_validator("ping_url")
    @classmethod
    def _an_address(cls, url: str) -> str:
        if url and (urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname):
            raise ValueError("must begin with https:// or http://")
        return url.rstrip("/")


class BreakerConfig(_Section):
    """The circuit breaker: above these the daemon accredits nothing by itself, until a person lets it go on."""

    reversals_per_hour: int = Field(
        500, ge=0, description="Charges that the daemon may mark for reversal by itself in an hour.  0: no limit."
    )
    dollars_per_hour: int = Field(
        50_000, ge=0, description="USD that the daemon may mark for reversal by itself in an hour.  0: no limit."
    )


class BackupConfig(_Section):
    """Backups: the database and the evidence files, each tried by restoring it."""

    directory: str = Field(
        "/var/backups/evidence-daemon", description="Directory of the backups; on another disk, better another machine."
    )
    keep: int = Field(14, ge=1, description="Backups that are kept; older ones are removed after a new one was proven.")
    stale_hours: int = Field(
        26, ge=0, description="Hours without a proven backup after which our own people are alerted.  0: never."
    )


class AuditConfig(_Section):
    """The audit trail's anchors: the head of its chain, written where whoever changes the database does not reach."""

    anchor_directory: str = Field(
        "/var/backups/evidence-daemon/anchors",
        description="Directory of anchors.jsonl, to which the head of the chain is appended daily; best on another "
        "machine.",
    )


class RetentionConfig(_Section):
    """How long files and texts of mails are kept, in days after the last decision; rows, ids and money facts stay.

    0 keeps a class for ever.
    """

    accepted_days: int = Field(
        2555, ge=0, description="Days for mails on which a value was accredited (accounting: seven years)."
    )
    refused_days: int = Field(365, ge=0, description="Days for mails that were refused.")
    unmatched_days: int = Field(180, ge=0, description="Days for mails that belong to no case.")
    not_evidence_days: int = Field(
        90, ge=0, description="Days for discarded mails and for papers that are no certificate (third parties' papers)."
    )


class IvrConfig(_Section):
    """The Asterisk that places the campaign's calls; without a host there are no calls."""

    host: str = Field("", description='Its manager interface (AMI), e.g. "127.0.0.1"; empty: no calls.')
    port: int = Field(5038, ge=1, le=65535, description="Port of the manager interface.")
    user: str = Field("evidence-daemon", description="User of the manager interface (manager.conf).")
    secret_file: str = Field("ami_secret", description="File that holds that user's secret.")
    dial: str = Field(
        "PJSIP/{number}@trunk", description="How a number is dialled; {number} stands for it, `trunk` for your trunk."
    )
    caller_id: str = Field(
        '"CNT" <1800100100>', description="What the called person sees; one registered number, never changed about."
    )
    national: bool = Field(True, description="Dial 0987654321 rather than +593987654321.")
    ring_seconds: float = Field(30, gt=0, le=120, description="Seconds until nobody answers.")
    calls_per_second: float = Field(2, gt=0, le=100, description="Calls that are begun in a second at most.")
    channels: int = Field(30, ge=1, description="Calls that live at one time at most.")
    sounds_directory: str = Field(
        "/var/lib/asterisk/sounds/evidence-daemon",
        description="Where the sound files lie; Asterisk must be able to read them under the same path.",
    )
    cdr_file: str = Field(
        "/var/log/asterisk/cdr-csv/Master.csv",
        description="Where Asterisk writes its calls down (cdr_csv with loguniqueid and loguserfield); found there, "
        "a call that ended while the daemon was down is never placed twice. Empty: such calls stay DESCONOCIDO.",
    )

    @field_validator("dial")
    @classmethod
    def _names_the_number(cls, dial: str) -> str:
        if "{number}" not in dial:
            raise ValueError("must hold {number}")
        return dial


class CampaignsConfig(_Section):
    """Campaigns: contacts of customers, planned and approved by two people."""

    test_phones: tuple[str, ...] = Field(
        (),
        description='Our own telephones, the only ones that a test send may reach, e.g. ["+593991234567"].',
    )
    whatsapp_per_second: float = Field(
        20, gt=0, le=1000, description="Messages that are handed over in a second at most."
    )
    whatsapp_per_day: int = Field(
        250,
        ge=0,
        description="Customers written to in any 24 hours at most: the provider's tier (250, 2000, 10000, 100000); "
        "0 is no limit.",
    )
    calls_per_day: int = Field(0, ge=0, description="Customers called in any 24 hours at most; 0 is no limit.")


class LogConfig(_Section):
    """What is logged, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description='"debug", "info", "warning" or "error".'
    )
    format: Literal["text", "json"] = Field("text", description='"text" for people, "json" for collectors.')


def _kind(value: Any) -> str:
    """Which of the mailbox classes a table means; without a word it is IMAP."""
    return str(value.get("kind", "imap") if isinstance(value, dict) else value.kind)


AnyMailbox = Annotated[
    Annotated[MailboxConfig, Tag("imap")] | Annotated[MaildirConfig, Tag("maildir")],
    Discriminator(_kind, custom_error_type="kind", custom_error_message='kind: expected "imap" or "maildir"'),
]


class Config(_Section):
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


def sections() -> dict[str, type[_Section]]:
    """The tables of the configuration file by name, in their order; "name:variant" for another kind of one."""
    several: dict[str, type[_Section]] = {
        "mailboxes": MailboxConfig,
        "mailboxes:maildir": MaildirConfig,
        "oauth": OAuthConfig,
    }
    return several | {
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
