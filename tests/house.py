"""A house to test with: configuration for real servers on loopback, the same program as in production."""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
from functools import cache
from pathlib import Path
from types import SimpleNamespace

from servers import PASSWORD, Dovecot, SmtpReceiver

from evidence_daemon import config as configuration

CORPUS = Path(__file__).parent / "corpus"
BORDER = "mx.cnt.example"


@cache
def without_lots() -> Path:
    """The rule book as it stands, but that nothing is drawn by lot: no test may fail because its mail was chosen."""
    directory = Path(tempfile.mkdtemp(prefix="rules-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    shutil.copytree(
        CORPUS.parents[1] / "rules", directory / "rules", ignore=shutil.ignore_patterns("*.py", "__pycache__")
    )
    book = directory / "rules" / "decision.toml"
    text, drawn = re.subn(r"(?m)^(four_eyes_share|sampled_share) = .*$", r"\1 = 0.0", book.read_text("utf-8"))
    assert drawn == 2
    book.write_text(text, "utf-8")
    return directory / "rules"


def write_config(
    directory: Path,
    dovecot: Dovecot,
    user: str,
    smtp: SmtpReceiver | SimpleNamespace,
    *,
    database_url: str = "",
    workers: int = 1,
    retries: int = 3,
    poll_seconds: int = 1,
    same_answer_per_day: int = 0,
    check_signatures: bool = False,
    answers: str = "",
    files: str = "",
    more: str = "",
) -> Path:
    """Write `config.toml` (and its secret) into `directory`; returns its path.

    Signatures are not checked: a test must not ask the DNS of whatever machine it runs on.
    """
    directory.mkdir(parents=True, exist_ok=True)
    secret = directory / "imap_password"
    secret.touch(mode=0o600)
    secret.write_text(PASSWORD, "utf-8")
    path = directory / "config.toml"
    path.write_text(
        f"""
[[mailboxes]]
name = "posventa"
host = "localhost"
port = {dovecot.tls_port}
security = "tls"
ca_file = "{dovecot.ca}"
user = "{user}"
password_file = "imap_password"
poll_seconds = {poll_seconds}
max_mail_bytes = 500000

[smtp]
host = "127.0.0.1"
port = {smtp.port}
security = "none"
from_address = "posventagec2@cnt.gob.ec"
per_minute = 0

[database]
url = "{database_url}"

[files]
state_directory = "state"
rules_directory = "{without_lots()}"
{files}

[answers]
trusted_authserv_id = "{BORDER}"
per_address_per_day = 50
per_id_number_per_day = 0
same_answer_per_day = {same_answer_per_day}
check_signatures = {str(check_signatures).lower()}
{answers}

[daemon]
armed = true
workers = {workers}
retries = {retries}
reconcile_seconds = 5

[health]
port = 0

[backup]
directory = "backups"
stale_hours = 0

[audit]
anchor_directory = "anchors"
{more}
""",
        "utf-8",
    )
    return path


def load_config(*arguments: object, **options: object) -> configuration.Config:
    """`write_config`, read back."""
    return configuration.load(write_config(*arguments, **options))  # type: ignore[arg-type]
