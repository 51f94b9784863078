"""A report of a mail server → whose answer did not arrive, and why (RFC 3464, and what others write instead).

An answer is known again by its Message-ID: in the returned mail (`message/rfc822` or its headers alone), in
In-Reply-To or References, or somewhere in the text.  No envelope address of its own for each answer (VERP): many
submission servers refuse other senders than the account's.

What is found here is a claim: whoever saw an answer can write such a report.  So it only ever makes a
person call the customer; it is no evidence and changes no value.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import MessageError
from email.message import Message
from email.policy import compat32
from enum import StrEnum

_MOST = 400_000
"""Characters that are searched; a report is short, and the returned mail behind it does not matter."""
_MOST_PARTS = 50
_ID = re.compile(r"<[^<>\s@]{1,250}@[^<>\s@]{1,250}>")
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_TROUBLE = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?<![\d.\-])([45]\d\d)[ -](?=\D)")
_QUOTED = re.compile(rf"^[ \t>|]*(?:x-original-)?message-id:\s*({_ID.pattern})", re.I | re.M)
_STILL_TRYING = re.compile(
    r"will (?:continue to )?(?:re-?tr|be retried|keep trying)|still (?:being retried|trying)|has been delayed"
    r"|delivery delayed|not yet been delivered|warning: (?:could not send|message)"
    r"|no need to resend|do not need to re-?send"
    r"|se seguirá intentando|ha sido retrasad|se ha retrasado|temporalmente diferid",
    re.I,
)


class Fate(StrEnum):
    """What a report says of a mail."""

    FAILED = "failed"
    DELAYED = "delayed"
    ARRIVED = "arrived"
    """Delivered, relayed or expanded."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a mail server tells of one mail.

    `message_ids` are those that may be the reported mail's, the likeliest first.  `status` is the enhanced
    status code (RFC 3463), "" when none is given; `diagnostic` what the refusing server said, one line.
    """

    fate: Fate
    status: str
    diagnostic: str
    message_ids: tuple[str, ...]

    @property
    def words(self) -> str:
        """Status and diagnostic, for staff; at most 300 characters."""
        said = self.diagnostic if self.status in self.diagnostic else f"{self.status} {self.diagnostic}"
        return said.strip()[:300] or "sin detalle"


def read_report(raw: bytes) -> Report | None:
    """What a bounce or delay notice says; None for receipts of reading, complaints, and what is no mail at all.

    Only for mail that a machine wrote (`Email.automatic`): a person who quotes an answer reports nothing.
    """
    try:
        message = email.message_from_bytes(raw, policy=compat32)
        parts = list(_parts(message))
    except (RecursionError, MessageError, ValueError, LookupError, AttributeError, TypeError):
        return None
    if any(
        part.get_content_type() in ("message/disposition-notification", "message/feedback-report") for part in parts
    ):
        return None
    fields = [block for part in parts for block in _delivery_status(part)]
    text = "\n".join(_text(part) for part in parts if part.get_content_maintype() == "text")[:_MOST]
    status, diagnostic = _status(fields, text)
    return Report(_fate(fields, status, text), status, diagnostic, _message_ids(message, parts, raw))


def _parts(message: Message) -> Iterator[Message]:
    for number, part in enumerate(message.walk()):
        if number >= _MOST_PARTS:
            return
        yield part


def _delivery_status(part: Message) -> Iterator[Message]:
    """The blocks of fields of a `message/delivery-status`: one for the message, one for each recipient."""
    if part.get_content_type() not in ("message/delivery-status", "message/global-delivery-status"):
        return
    payload = part.get_payload()
    if isinstance(payload, list):
        yield from (block for block in payload if isinstance(block, Message))
    elif isinstance(payload, str):  # some programs encode it, which RFC 3464 2.1 forbids
        decoded = part.get_payload(decode=True)
        body = decoded.decode("utf-8", "replace") if isinstance(decoded, bytes) else payload
        yield from (email.message_from_string(block) for block in re.split(r"\r?\n\r?\n", body) if block.strip())


def _status(fields: list[Message], text: str) -> tuple[str, str]:
    """The status and the diagnostic of the recipient that fared worst."""
    worst, said = "", ""
    for block in fields:
        found = _STATUS.search(str(block.get("Status", "")))
        diagnostic = _line(re.sub(r"^\s*[\w.-]+\s*;", "", str(block.get("Diagnostic-Code", ""))))
        if found and found[1] > worst:
            worst, said = found[1], diagnostic
        said = said or diagnostic
    if not worst or re.fullmatch(r"[45]\.0\.0", worst):  # "other": the diagnostic often knows better
        finer = _TROUBLE.search(said) or (_TROUBLE.search(text) if not fields else None)
        worst = finer[1] if finer else worst
    if not said:
        line = next((line for line in text.splitlines() if _TROUBLE.search(line) or _CODE.search(line)), "")
        said = _line(line)
    if not worst and (code := _CODE.search(said)):
        worst = f"{code[1][0]}.0.0"
    return worst, said


def _fate(fields: list[Message], status: str, text: str) -> Fate:
    actions = {str(block.get("Action", "")).split("(")[0].strip().lower() for block in fields} - {""}
    if any(action.startswith("fail") for action in actions):
        return Fate.FAILED
    if "delayed" in actions:
        return Fate.DELAYED
    if actions & {"delivered", "relayed", "expanded"}:
        return Fate.ARRIVED
    if status.startswith("2"):
        return Fate.ARRIVED
    return Fate.DELAYED if _STILL_TRYING.search(text[:5000]) else Fate.FAILED


def _message_ids(message: Message, parts: list[Message], raw: bytes) -> tuple[str, ...]:
    """Every Message-ID that may be the reported mail's, without that of the report itself."""
    found: list[str] = []
    for part in parts:
        if part is not message and "message-id" in part:
            found += _ID.findall(str(part["message-id"]))
    for name in ("in-reply-to", "references", "x-failed-message-id", "x-original-message-id"):
        found += [known for value in message.get_all(name, []) for known in _ID.findall(str(value))]
    # Headers returned as text, mails quoted in a text, parts of unknown or broken types.
    written = [part for part in parts if part.get_content_maintype() == "text" and not part.is_multipart()]
    for text in (*map(_text, written), raw[:_MOST].decode("latin-1")):
        found += [match[1] for match in _QUOTED.finditer(text)]
    found += [known for part in written for known in _ID.findall(_text(part))]
    own = set(_ID.findall(str(message.get("message-id", ""))))
    return tuple(known for known in dict.fromkeys(found) if known not in own)[:50]


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return payload[:_MOST].decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:500]
