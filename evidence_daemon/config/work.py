"""The work itself: where things are kept, how papers are read, how people are answered, lists, batches, calls."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from evidence_daemon.config.section import Section, https_beyond_loopback, listed
from evidence_daemon.workdays import Calendar, read_dates, read_hours


class DatabaseConfig(Section):
    """Where rows are kept."""

    url: str = Field(
        "",
        description='"postgresql://user@host/name" for several workers; empty: an SQLite file in the state directory.',
    )
    password_file: str = Field(
        "", description="File that holds the PostgreSQL password; empty: as in the URL or the usual libpq places."
    )
    pool_size: int = Field(
        8,
        ge=2,
        le=100,
        description="PostgreSQL connections that a process keeps open for its work; it may open as many again for a "
        "moment, the engine keeps as many, and three more say that it lives.",
    )


class FilesConfig(Section):
    """Where files are kept."""

    state_directory: str = Field(
        "/var/lib/evidence-daemon", description="Directory for the database and the evidence files."
    )
    rules_directory: str = Field(
        "", description="Directory of the rule book; empty: the one that came with the program."
    )
    evidence: str = Field(
        "",
        description='Where evidence files lie: empty for a folder in the state directory, "s3://bucket/prefix", or a '
        "folder; with several machines a bucket, or a folder that all of them share.",
    )
    s3_endpoint: str = Field(
        "", description='Address of the S3-compatible server, e.g. "https://s3.example.gob.ec"; empty: Amazon\'s.'
    )
    s3_region: str = Field("", description="Region of the bucket; empty: us-east-1.")
    s3_secret_file: str = Field(
        "", description="File that holds KEY_ID:SECRET; empty: by the environment or the machine's own role."
    )


class DocumentsConfig(Section):
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
        return listed(self.signature_identities)


class AnswersConfig(Section):
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


class AlertsConfig(Section):
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
        wrong = [one for one in listed(text) if not re.fullmatch(r"[^\s@<>,]+@[^\s@<>,]+\.[^\s@<>,]+", one)]
        if wrong:
            raise ValueError(f"not an address: {', '.join(wrong)}")
        return text

    @property
    def alert_addresses(self) -> tuple[str, ...]:
        """`alert_to`, one by one."""
        return listed(self.alert_to)

    @property
    def digest_addresses(self) -> tuple[str, ...]:
        """`digest_to`, one by one."""
        return listed(self.digest_to)


class ImportsConfig(Section):
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


class BatchesConfig(Section):
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


Role = Literal["poll", "work", "dispatch", "clock", "campaigns", "web"]


class DaemonConfig(Section):
    """How the program runs."""

    roles: tuple[Role, ...] = Field(
        ("poll", "work", "dispatch", "clock", "campaigns"),
        description='What a process does on PostgreSQL: "poll" mailboxes, "work" (read, decide), "dispatch" answers, '
        '"clock" (reconcile, reminders, lists, closing), "campaigns" (their sending), "web".  On SQLite one does all.',
    )

    armed: bool = Field(
        False,
        description="Whether a new database starts armed.  False: everything is decided, nothing is sent until "
        "`evidence-daemon arm`.",
    )
    workers: int = Field(2, ge=1, le=64, description="Mails that one process walks at the same time.")
    retries: int = Field(3, ge=1, le=10, description="Times that a mail is tried before it goes to a person.")
    reconcile_seconds: int = Field(60, ge=5, description="Seconds between two looks for mails that were left lying.")


class IvrConfig(Section):
    """The Asterisk that places the campaign's calls; without a host there are no calls."""

    host: str = Field("", description='Its manager interface (AMI), e.g. "127.0.0.1"; empty: no calls.')
    call_files_directory: str = Field(
        "",
        description="Where no manager user is granted: the exchange's spool, e.g. "
        '"/var/spool/asterisk/outgoing"; used when host is empty.  '
        "A call that lives cannot be ended this way, nor a wrong number told from silence.",
    )
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


class WhatsAppConfig(Section):
    """The WhatsApp account of the campaign's messages (Cloud API); without a phone_number_id there are none."""

    phone_number_id: str = Field(
        "", pattern=r"^\d*$", description="The provider's number of our telephone, e.g. 106540352242922; empty: none."
    )
    business_account_id: str = Field(
        "", pattern=r"^\d*$", description="Number of the business account (WABA) that owns the templates."
    )
    token_file: str = Field("whatsapp_token", description="File that holds the access token of the API.")
    app_secret_file: str = Field(
        "whatsapp_app_secret", description="File that holds the app's secret, which signs every webhook."
    )
    verify_token_file: str = Field(
        "whatsapp_verify_token", description="File that holds the word with which the provider asks for our webhook."
    )
    api_url: str = Field(
        "https://graph.facebook.com",
        description="Where the API is; http only on this machine (`evidence-daemon sandbox whatsapp`).",
    )
    api_version: str = Field("v25.0", pattern=r"^v\d+\.\d+$", description="Version of the API.")
    per_second: float = Field(20, gt=0, le=1000, description="Messages that are handed over in a second at most.")
    per_day: int = Field(
        250,
        ge=0,
        description="Customers written to in any 24 hours at most: the provider's tier (250, 2000, 10000, 100000), "
        "less what others send from the same account; 0 is no limit.",
    )
    listen_address: str = Field("127.0.0.1", description="Where webhooks are heard; a proxy with TLS stands before it.")
    listen_port: int = Field(0, ge=0, le=65535, description="Port for webhooks, apart from the desk's; 0: none.")
    with_daemon: bool = Field(
        True, description="Listen in the daemon; false where `evidence-daemon whatsapp listen` runs by itself."
    )
    media_max_bytes: int = Field(
        16_000_000, ge=100_000, le=100_000_000, description="Bytes of a photo or paper that a customer sends, at most."
    )

    @field_validator("api_url")
    @classmethod
    def _kept_secret(cls, url: str) -> str:
        return https_beyond_loopback(url)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.phone_number_id and not self.business_account_id:
            raise ValueError("phone_number_id needs business_account_id too")
        if self.listen_port and not self.phone_number_id:
            raise ValueError("listen_port needs phone_number_id")
        return self


class CampaignsConfig(Section):
    """Campaigns: contacts of customers, planned and approved by two people."""

    test_phones: tuple[str, ...] = Field(
        (),
        description='Our own telephones, the only ones that a test send may reach, e.g. ["+593991234567"].',
    )
    calls_per_day: int = Field(0, ge=0, description="Customers called in any 24 hours at most; 0 is no limit.")
    dry_run: bool = Field(
        False,
        description="Channels that are not configured only write down whom they would reach (dry-run/*.csv in the "
        "state directory), for demonstrations: a campaign then says that it sent what nobody got.",
    )
