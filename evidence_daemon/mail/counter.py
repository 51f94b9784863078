"""Evidence that came by no mail: an acta brought to a service centre, a customer who calls and has none.

It is written down as a mail of its own, so that it passes the same rooms and meets the same judge.  Where it came
from stands in the journal (the copy's account), never in the mail: whatever is in a mail, a stranger can write too.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from evidence_daemon.model import CopyKey, Line

CAC = "origen:cac"
"""Account of what was brought to a service centre.  No mailbox can be called so: a colon is no part of their names."""
CALL = "origen:llamada"
"""Account of what was said on the telephone."""
WHATSAPP = "origen:whatsapp"
"""Account of what customers wrote or photographed in answer to our messages."""

_MAGIC = ((b"%PDF-", "application", "pdf"), (b"\xff\xd8\xff", "image", "jpeg"), (b"\x89PNG", "image", "png"))
_ADDRESS = re.compile(r"[^\s@<>,;\"()\\]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


def is_address(text: str) -> bool:
    """Whether an answer can be sent there."""
    return bool(_ADDRESS.fullmatch(text)) and len(text) < 255


def claim(id_number: str, name: str, line: Line, service_number: str = "") -> str:
    """The subject that a customer would have written: CEDULA//APELLIDOS Y NOMBRES//LINEA DE NEGOCIO."""
    fields = [id_number, name, line.value.replace("_", " "), service_number]
    return "//".join(" ".join(field.replace("/", " ").split()) for field in fields if field.strip())


def written_down(
    subject: str, text: str, *, once: str, at: datetime, answer_to: str = "", files: Sequence[tuple[str, bytes]] = ()
) -> bytes:
    """The mail, byte for byte the same for the same arguments.

    `once` names the form that was filled in: the same one sent twice is the same mail.  `answer_to` is where the
    customer wants his answer; without one nobody is written to.  `files` are names (for display) and contents.
    """
    digest = hashlib.sha256(f"{once}\0{subject}".encode()).hexdigest()
    mail = EmailMessage(policy=SMTP.clone(max_line_length=200))
    if answer_to:
        mail["From"] = answer_to
    mail["Subject"] = subject
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{digest[:32]}@ventanilla.invalid>"
    mail.set_content(text)
    for number, (name, content) in enumerate(files, start=1):
        kinds = ((main, sub) for start, main, sub in _MAGIC if content.startswith(start))
        main, sub = next(kinds, ("application", "octet-stream"))
        plain = "".join(c for c in name.replace("\\", "/").rpartition("/")[2] if c.isprintable())[-100:]
        mail.add_attachment(content, maintype=main, subtype=sub, filename=plain or f"acta-{number}")
    if mail.is_multipart():
        mail.set_boundary(f"=_{digest[:32]}")
    return mail.as_bytes()


def copy_key(account: str, person: str, once: str) -> CopyKey:
    """Its place in the journal: under the person who took it down, by a number made from the form."""
    return CopyKey(account, person, 1, int(hashlib.sha256(once.encode()).hexdigest()[:15], 16))
