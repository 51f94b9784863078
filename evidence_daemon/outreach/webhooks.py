"""What the Cloud API tells by webhook, understood (pure); proves first that it comes from there.

The signature covers the raw bytes, in which the provider escapes everything beyond ASCII: whoever parses and writes
the body again has other bytes as soon as a María appears.  Nothing is keyed on a telephone number: a customer may
hide it.  What is not understood is `Unknown`, never an error: one odd change must not hide its neighbours.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import phonenumbers


def is_signed(raw: bytes, header: str, secret: str) -> bool:
    """Whether `X-Hub-Signature-256` is the HMAC-SHA256 of the raw bytes; compared in constant time."""
    expected = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"sha256={expected}".encode(), header.strip().lower().encode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class Status:
    """What became of a message of ours."""

    wamid: str
    status: str
    """sent, delivered, read, played or failed; others may come."""
    at: datetime
    tracker: str = ""
    """Our attempt's name, as we gave it along."""
    code: int = 0
    words: str = ""

    @property
    def event(self) -> str:
        """Its unique name: the same status told twice is the same event."""
        return f"{self.wamid}:{self.status}:{int(self.at.timestamp())}"


@dataclass(frozen=True, slots=True)
class Media:
    """A file that a customer sent."""

    id: str
    kind: str
    """MIME type, as told."""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Inbound:
    """What a customer wrote."""

    wamid: str
    sender: str
    """E.164, or the provider's name for somebody who hides his number."""
    at: datetime
    kind: str
    """text, button, interactive, image, document, audio, …"""
    text: str = ""
    about: str = ""
    """The message of ours that he quotes."""
    media: Media | None = None


@dataclass(frozen=True, slots=True)
class NumberChange:
    """A customer took another number."""

    wamid: str
    old: str
    new: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Preference:
    """A customer stops or resumes our messages in his settings."""

    sender: str
    value: str
    """stop or resume"""
    at: datetime


@dataclass(frozen=True, slots=True)
class TemplateNews:
    """The provider decided about a template; empty fields say nothing."""

    name: str
    language: str
    id: str = ""
    status: str = ""
    category: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something this program does not know."""

    what: str


Event = Status | Inbound | NumberChange | Preference | TemplateNews | Unknown


def read(body: str | bytes, now: datetime) -> list[Event]:
    """Everything that a webhook tells, in its order.  Raises `ValueError` for what is no webhook at all.

    `now` stands in for a moment that is not told.
    """
    told = json.loads(body)
    if not isinstance(told, dict) or not isinstance(told.get("entry"), list):
        raise ValueError("no entry")  # noqa: TRY004  # what is read is text
    found: list[Event] = []
    for entry in told["entry"]:
        for change in _list(_mapping(entry).get("changes")):
            name, value = str(_mapping(change).get("field", "")), _mapping(_mapping(change).get("value"))
            events = list(_read_change(name, value, now))
            found += events or [Unknown(name or "?")]
    return found


def _read_change(name: str, value: Mapping[str, Any], now: datetime) -> Iterator[Event]:
    match name:
        case "messages":
            yield from (_status(_mapping(one), now) for one in _list(value.get("statuses")))
            for one in _list(value.get("messages")):
                yield _message(_mapping(one), now)
        case "user_preferences":
            for one in map(_mapping, _list(value.get("user_preferences"))):
                sender = _phone(one.get("wa_id")) or str(one.get("user_id", ""))
                yield Preference(sender, str(one.get("value", "")), _moment(one.get("timestamp"), now))
        case "message_template_status_update":
            about = _mapping(value.get("rejection_info")).get("reason") or value.get("reason") or ""
            reason = "" if about == "NONE" else str(about)
            yield _template(value, status=str(value.get("event", "")), reason=reason)
        case "template_category_update" | "message_template_category_update":
            if value.get("new_category"):
                yield _template(value, category=str(value["new_category"]))
        case _:
            return


def _template(value: Mapping[str, Any], **news: str) -> TemplateNews:
    return TemplateNews(
        str(value.get("message_template_name", "")),
        str(value.get("message_template_language", "")),
        str(value.get("message_template_id", "")),
        **news,
    )


def _status(one: Mapping[str, Any], now: datetime) -> Event:
    wamid, status = one.get("id"), one.get("status")
    if not isinstance(wamid, str) or not isinstance(status, str):
        return Unknown("statuses")
    error = _mapping(next(iter(_list(one.get("errors"))), None))
    code = error.get("code", 0)
    words = _mapping(error.get("error_data")).get("details") or error.get("title") or ""
    return Status(
        wamid,
        status,
        _moment(one.get("timestamp"), now),
        str(one.get("biz_opaque_callback_data") or ""),
        code if isinstance(code, int) else 0,
        str(words)[:300],
    )


_MEDIA = ("image", "document", "audio", "video", "sticker", "voice")


def _message(one: Mapping[str, Any], now: datetime) -> Event:
    wamid, kind = one.get("id"), str(one.get("type", ""))
    sender = _phone(one.get("from")) or str(one.get("from_user_id") or one.get("from") or "")
    if not isinstance(wamid, str) or not sender:
        return Unknown("messages")
    at = _moment(one.get("timestamp"), now)
    part = _mapping(one.get(kind))
    if kind == "system":
        new = _phone(part.get("new_wa_id")) or _phone(part.get("wa_id"))
        if part.get("type") in ("user_changed_number", "customer_changed_number") and new:
            return NumberChange(wamid, sender, new, at)
        return Unknown(f"system {part.get('type', '')}")
    text = ""
    match kind:
        case "text":
            text = str(part.get("body", ""))
        case "button":
            text = str(part.get("text") or part.get("payload") or "")
        case "interactive":
            chosen = _mapping(part.get(str(part.get("type", ""))))
            text = str(chosen.get("title") or chosen.get("id") or "")
        case _:
            text = str(part.get("caption", ""))
    media = None
    if kind in _MEDIA and part.get("id"):
        media = Media(str(part["id"]), str(part.get("mime_type", "")), str(part.get("filename", "")))
    about = str(_mapping(one.get("context")).get("id") or "")
    return Inbound(wamid, sender, at, kind, text[:4096], about, media)


def _phone(found: object) -> str:
    """E.164 of the digits that a webhook tells; "" for anything else."""
    text = str(found or "").lstrip("+")
    if not (text.isascii() and text.isdigit() and 7 <= len(text) <= 15):
        return ""
    try:
        parsed = phonenumbers.parse(f"+{text}")
    except phonenumbers.NumberParseException:
        return ""
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def _moment(found: object, now: datetime) -> datetime:
    text = str(found or "")
    return datetime.fromtimestamp(int(text), UTC) if text.isdigit() and len(text) <= 11 else now


def _mapping(found: object) -> Mapping[str, Any]:
    return found if isinstance(found, dict) else {}


def _list(found: object) -> list[Any]:
    return found if isinstance(found, list) else []
