"""The ways to mail: mailboxes, permissions to read and send, the submission server."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, ValidationInfo, field_validator, model_validator

from evidence_daemon.config.section import Section, https_beyond_loopback, safe


class _Mailbox(Section):
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
        return safe(security, info)


class MaildirConfig(_Mailbox):
    """A Maildir++ on this machine, for sites that deliver by procmail, fetchmail or LMTP."""

    kind: Literal["maildir"] = Field(description='"maildir".', examples=["maildir"])
    path: str = Field(
        min_length=1, description="Directory that holds new/, cur/ and tmp/.", examples=["/var/mail/posventa/Maildir"]
    )


class OAuthConfig(Section):
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
    def _https(cls, url: str) -> str:
        return https_beyond_loopback(url)

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


class SmtpConfig(Section):
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
        return safe(security, info)


def _kind(value: Any) -> str:
    """Which of the mailbox classes a table means; without a word it is IMAP."""
    return str(value.get("kind", "imap") if isinstance(value, dict) else value.kind)


AnyMailbox = Annotated[
    Annotated[MailboxConfig, Tag("imap")] | Annotated[MaildirConfig, Tag("maildir")],
    Discriminator(_kind, custom_error_type="kind", custom_error_message='kind: expected "imap" or "maildir"'),
]
