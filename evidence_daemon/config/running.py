"""Running it: the web house, who may come in, what watches, what is kept and for how long."""

from __future__ import annotations

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from evidence_daemon.config.section import LOOPBACK, Section, https_beyond_loopback


class WebConfig(Section):
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


class SignOnConfig(Section):
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
    def _https(cls, url: str) -> str:
        return https_beyond_loopback(url).rstrip("/")


class HealthConfig(Section):
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


class BreakerConfig(Section):
    """The circuit breaker: above these the daemon accredits nothing by itself, until a person lets it go on."""

    reversals_per_hour: int = Field(
        500, ge=0, description="Charges that the daemon may mark for reversal by itself in an hour.  0: no limit."
    )
    dollars_per_hour: int = Field(
        50_000, ge=0, description="USD that the daemon may mark for reversal by itself in an hour.  0: no limit."
    )


class BackupConfig(Section):
    """Backups: the database and the evidence files, each tried by restoring it."""

    directory: str = Field(
        "/var/backups/evidence-daemon", description="Directory of the backups; on another disk, better another machine."
    )
    keep: int = Field(14, ge=1, description="Backups that are kept; older ones are removed after a new one was proven.")
    stale_hours: int = Field(
        26, ge=0, description="Hours without a proven backup after which our own people are alerted.  0: never."
    )


class AuditConfig(Section):
    """The audit trail's anchors: the head of its chain, written where whoever changes the database does not reach."""

    anchor_directory: str = Field(
        "/var/backups/evidence-daemon/anchors",
        description="Directory of anchors.jsonl, to which the head of the chain is appended daily; best on another "
        "machine.",
    )


class RetentionConfig(Section):
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


class LogConfig(Section):
    """What is logged, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description='"debug", "info", "warning" or "error".'
    )
    format: Literal["text", "json"] = Field("text", description='"text" for people, "json" for collectors.')
