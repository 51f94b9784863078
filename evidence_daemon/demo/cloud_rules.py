"""What the Cloud API refuses, as far as campaigns meet it (for the sandbox; knows nothing of the driver).

Written from Meta's published description of the API: a message that its schema refuses is refused here with the path
of the fault.  The live API is laxer in three points, which many libraries use: `strict=False` lets them pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_MESSAGES = frozenset(
    {
        "text",
        "template",
        "image",
        "document",
        "audio",
        "video",
        "sticker",
        "location",
        "contacts",
        "interactive",
        "reaction",
    }
)
_PARTS = frozenset({"header", "body", "button"})
_NAME = re.compile(r"[a-z0-9_]{1,512}")
_HOLES = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True)
class Refusal:
    """An error answer."""

    code: int
    details: str
    status: int = 400
    subcode: int = 0
    retry_after: int = 0

    def body(self, trace: str) -> dict[str, Any]:
        """As the Graph API writes it."""
        error: dict[str, Any] = {
            "message": f"(#{self.code}) {TITLES.get(self.code, 'Invalid parameter')}",
            "type": "OAuthException",
            "code": self.code,
            "error_data": {"messaging_product": "whatsapp", "details": self.details},
            "fbtrace_id": trace,
        }
        if self.subcode:
            error["error_subcode"] = self.subcode
        return {"error": error}


TITLES: Mapping[int, str] = {
    4: "Application request limit reached",
    100: "Invalid parameter",
    131000: "Something went wrong",
    131008: "Required parameter is missing",
    131016: "Service unavailable",
    131026: "Message undeliverable",
    131047: "Re-engagement message",
    131048: "Spam rate limit hit",
    131049: "Meta chose not to deliver",
    131050: "User has stopped marketing messages",
    131056: "Pair rate limit hit",
    130429: "Rate limit hit",
    132000: "Template Param Count Mismatch",
    132001: "Template does not exist",
    132015: "Template is paused",
    132016: "Template is disabled",
    132018: "Template param format",
    190: "Invalid OAuth 2.0 Access Token",
}
UNKNOWN = Refusal(100, "Unsupported request: the object does not exist, or permissions are missing", subcode=33)


@dataclass
class Template:
    """A template of the account."""

    id: str
    name: str
    language: str
    category: str
    components: list[dict[str, Any]]
    status: str = "APPROVED"
    ttl: int = 0
    reason: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def holes(self) -> int:
        """How many values its body needs."""
        text = next((one.get("text", "") for one in self.components if one.get("type", "").upper() == "BODY"), "")
        return len(set(_HOLES.findall(text)))

    def told(self) -> dict[str, Any]:
        """As a list of templates shows it."""
        told: dict[str, Any] = {
            "id": self.id, "name": self.name, "language": self.language, "status": self.status,
            "category": self.category, "components": self.components,
        }  # fmt: skip
        if self.ttl:
            told["message_send_ttl_seconds"] = self.ttl
        if self.reason:
            told["rejected_reason"] = self.reason
        return told


def message_fault(body: object, templates: Mapping[tuple[str, str], Template], *, strict: bool) -> Refusal | None:
    """Why a message is refused, or None."""
    for path, what in _shape(body, strict=strict):
        missing = what == "is missing"
        return Refusal(131008 if missing else 100, f"{path} {what}")
    assert isinstance(body, dict)  # noqa: S101  # _shape saw it
    return _template_fault(body["template"], templates) if body["type"] == "template" else None


def _shape(body: object, *, strict: bool) -> Iterator[tuple[str, str]]:
    if not isinstance(body, dict):
        yield "body", "must be an object"
        return
    for name in ("messaging_product", "to", "type", *(["recipient_type"] if strict else [])):
        if not isinstance(body.get(name), str):
            yield name, "must be a string" if name in body else "is missing"
    if body.get("messaging_product") != "whatsapp":
        yield "messaging_product", "must be whatsapp"
    if body.get("recipient_type", "individual") not in ("individual", "group"):
        yield "recipient_type", "must be one of individual, group"
    kind = body.get("type")
    if kind not in _MESSAGES:
        yield "type", f"must be one of {', '.join(sorted(_MESSAGES))}"
    elif not isinstance(body.get(kind), dict):
        yield str(kind), "is missing"
    elif kind == "template":
        yield from _template_shape(body["template"], strict=strict)
    elif kind == "text":
        text = body["text"].get("body")
        if not isinstance(text, str) or not 1 <= len(text) <= 4096:
            yield "text.body", "must be a string of 1 to 4096 characters"
        yield from ((f"text.{name}", "is not known") for name in set(body["text"]) - {"body", "preview_url"})
    tracker = body.get("biz_opaque_callback_data", "")
    if not isinstance(tracker, str) or len(tracker) > 512:
        yield "biz_opaque_callback_data", "must be a string of at most 512 characters"


def _template_shape(template: Mapping[str, Any], *, strict: bool) -> Iterator[tuple[str, str]]:
    if not isinstance(template.get("name"), str):
        yield "template.name", "is missing"
    language = template.get("language")
    if not isinstance(language, dict) or not isinstance(language.get("code"), str):
        yield "template.language.code", "is missing"
    elif language.get("policy", None if strict else "deterministic") != "deterministic":
        yield "template.language.policy", "must be deterministic" if "policy" in language else "is missing"
    components = template.get("components", [])
    if not isinstance(components, list):
        yield "template.components", "must be an array"
        return
    for at, part in enumerate(components):
        kind = part.get("type") if isinstance(part, dict) else None
        if not isinstance(kind, str) or (kind if strict else kind.lower()) not in _PARTS:
            yield f"template.components[{at}].type", "must be one of header, body, button"
        elif not isinstance(part.get("parameters", []), list):
            yield f"template.components[{at}].parameters", "must be an array"


def _template_fault(asked: Mapping[str, Any], templates: Mapping[tuple[str, str], Template]) -> Refusal | None:
    name, language = asked["name"], asked["language"]["code"]
    found = templates.get((name, language))
    if found is None or found.status in ("PENDING", "REJECTED"):
        return Refusal(132001, f"template name ({name}) does not exist in {language}", status=404)
    if found.status in ("PAUSED", "DISABLED"):
        return Refusal(132015 if found.status == "PAUSED" else 132016, f"template ({name}) is {found.status.lower()}")
    given: list[Any] = []
    for part in asked.get("components", []):
        if part["type"].lower() == "body":
            given += part.get("parameters", [])
    if len(given) != found.holes:
        return Refusal(132000, f"body: number of localizable_params ({len(given)}) does not match ({found.holes})")
    for value in given:
        text = value.get("text") if isinstance(value, dict) and value.get("type") == "text" else None
        if not isinstance(text, str) or not text:
            return Refusal(131008, "a body parameter has no text")
        if re.search(r"[\n\t]| {5}", text):
            return Refusal(132018, "param text cannot have new-line/tab characters or more than 4 consecutive spaces")
    return None


def creation_fault(body: object, templates: Mapping[tuple[str, str], Template]) -> Refusal | None:
    """Why a new template is refused at once, or None; a reviewer may still reject it."""
    if not isinstance(body, dict):
        return Refusal(100, "body must be an object")
    name, ttl = body.get("name"), body.get("message_send_ttl_seconds", 30)
    body_text = ""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return Refusal(100, "name: lower case letters, digits and underscores")
    if (name, body.get("language")) in templates:
        return Refusal(100, "there is already content in this language for this template", subcode=2388024)
    if body.get("category") not in ("UTILITY", "MARKETING", "AUTHENTICATION"):
        return Refusal(100, "category must be one of UTILITY, MARKETING, AUTHENTICATION")
    if not isinstance(ttl, int) or not 30 <= ttl <= 43_200:
        return Refusal(100, "message_send_ttl_seconds must be between 30 and 43200")
    for part in body.get("components") or [{}]:
        kind = str(part.get("type", "")).upper()
        if kind not in ("HEADER", "BODY", "FOOTER", "BUTTONS"):
            return Refusal(100, "components: type must be one of HEADER, BODY, FOOTER, BUTTONS")
        if kind == "BODY":
            body_text = str(part.get("text", ""))
            examples = (part.get("example") or {}).get("body_text") or [[]]
            if len(examples[0]) != len(set(_HOLES.findall(body_text))):
                return Refusal(100, "body: an example for each variable is needed", subcode=2388043)
        if kind == "BUTTONS" and any(len(str(one.get("text", ""))) > 25 for one in part.get("buttons", [])):
            return Refusal(100, "a button's text has at most 25 characters")
    return _body_fault(body_text)


def _body_fault(text: str) -> Refusal | None:
    plain = text.strip()
    if not 1 <= len(plain) <= 1024:
        return Refusal(100, "body: 1 to 1024 characters")
    if re.match(r"\{\{\w+\}\}", plain) or re.search(r"\{\{\w+\}\}$", plain):
        return Refusal(100, "variables can't be at the start or end of the template", subcode=2388299)
    if re.search(r"\}\}\s*\{\{", plain):
        return Refusal(100, "two variables must not stand side by side", subcode=2388299)
    return None
