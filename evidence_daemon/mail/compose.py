"""A `Reply` → the bytes of the answer, complete, ready for SMTP.

The same reply gives the same bytes: they are stored in the transaction that decides, and a resend after
a lost answer must be identical.  The subject is folded by `email.header.Header`: CPython 3.11's own
generator loses blanks between encoded words in 2.7 % of accented Spanish subjects.
"""

from __future__ import annotations

import hashlib
import hmac
import html
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta, timezone
from email.charset import QP, Charset
from email.header import Header
from email.message import Message
from email.policy import Compat32
from email.utils import format_datetime, formataddr

from babel.dates import format_date

from evidence_daemon.errors import Permanent
from evidence_daemon.mail.authenticity import organisational_domain
from evidence_daemon.mail.message import LOOP_MARK
from evidence_daemon.model import (
    Address,
    Claim,
    Email,
    Evidence,
    ReasonCode,
    Reply,
    ReplyKind,
    SubjectFault,
    SubjectField,
)
from evidence_daemon.rulebook import ReasonClass, ReasonsBook, ReasonText, RuleBook

_ECUADOR = timezone(timedelta(hours=-5))
"""Mainland Ecuador, which has no summer time (Galápagos is one hour behind)."""

_ANSWER_DAYS = 15
"""Calendar days of the law, where the judge set no date (Reglamento de abonados, art. 18)."""

_PLACES = {
    SubjectField.ASUNTO: "",
    SubjectField.CEDULA: "En el primer lugar (cédula)",
    SubjectField.NOMBRES: "En el segundo lugar (apellidos y nombres)",
    SubjectField.LINEA: "En el tercer lugar (línea de negocio)",
}

_NO_REPLY = re.compile(
    r"no-?_?\.?(?:reply|responder|contestar|responda)\b|do-?not-?reply\b|mailer-?daemon|postmaster", re.I
)


def compose(
    reply: Reply,
    evidence: Evidence,
    book: RuleBook,
    *,
    from_address: str,
    from_name: str,
    message_id: str,
    at: datetime,
    text: str | None = None,
) -> bytes:
    """The answer as RFC 5322 bytes with CRLF: the same text plain and as HTML, in quoted-printable UTF-8.

    `text` are a person's words instead of the rule book's.

    `at` is aware and becomes the Date; `message_id` comes from `wire_message_id`.  The To is one address
    only, without a name: a mail that reached us by blind copy stays secret, and nothing that the sender
    chose is shown to others.  Raises `Permanent` when the mail has no address that can be answered.
    """
    recipient = answer_address(evidence.email)
    if recipient is None:
        raise Permanent("el correo no tiene una dirección a la que se pueda responder")
    message: Message[str | Header, str | Header] = Message()
    message["From"] = formataddr((from_name, from_address))
    message["To"] = recipient.address
    message["Subject"] = _header("Subject", f"Re: {_echo(evidence) or 'su correo a CNT'}")
    message["Date"] = format_datetime(at.astimezone(_ECUADOR))
    message["Message-ID"] = message_id
    if original := _safe_id(evidence.email.message_id):
        message["In-Reply-To"] = original
        earlier = [known for known in map(_safe_id, evidence.email.references) if known not in ("", original)]
        message["References"] = _header("References", " ".join([*earlier[-9:], original]))
    message["Auto-Submitted"] = "auto-replied"
    message["X-Auto-Response-Suppress"] = "All"
    message[LOOP_MARK] = evidence.receipt
    message["Content-Language"] = "es"
    message["MIME-Version"] = "1.0"
    text = answer_text(reply, evidence, book) if text is None else text
    # Not the library's own, which is drawn by lot: a resend must be the same bytes.
    boundary = f"=_{hashlib.sha256(message_id.encode()).hexdigest()[:32]}"
    message.add_header("Content-Type", "multipart/alternative", boundary=boundary)
    message.attach(_body("text/plain", text))
    message.attach(_body("text/html", answer_html(text)))
    return message.as_bytes(policy=_WIRE)


class _Wire(Compat32):
    """As on the wire; identifiers stay on the line of their header: simple readers look for them there."""

    def fold(self, name: str, value: str) -> str:
        if name in {"Message-ID", "In-Reply-To"} and len(value) < 900:
            return f"{name}: {value}{self.linesep}"
        return super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode("ascii", "surrogateescape")


_WIRE = _Wire(linesep="\r\n", mangle_from_=False)


def notice(
    subject: str, text: str, *, from_address: str, from_name: str, to: str, message_id: str, at: datetime
) -> bytes:
    """A mail to one of our own people, as bytes with CRLF; marked so that no machine answers it, ours neither."""
    message = _body("text/plain", text)
    message["From"] = formataddr((from_name, from_address))
    message["To"] = to
    message["Subject"] = _header("Subject", subject)  # type: ignore[assignment]
    message["Date"] = format_datetime(at.astimezone(_ECUADOR))
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message[LOOP_MARK] = "aviso"
    message["MIME-Version"] = "1.0"
    return message.as_bytes(policy=_WIRE)


def _body(kind: str, text: str) -> Message[str, str]:
    part: Message[str, str] = Message()
    part["Content-Type"] = f'{kind}; charset="utf-8"'
    charset = Charset("utf-8")
    charset.body_encoding = QP
    part.set_payload(text, charset)
    return part


def answer_text(reply: Reply, evidence: Evidence, book: RuleBook) -> str:
    """The body of the answer: its template, filled.  What is in `[[ ]]` vanishes when a fact is missing."""
    facts = _facts(reply, evidence, book.reasons, book.subject.form)
    facts["motivos"] = _reasons(reply, facts, book.reasons)
    text = _filled(book.replies[reply.kind.value], facts)
    lines = [line.rstrip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


_FONT = "font-family:Arial,Helvetica,sans-serif"
_PAGE = (
    '<!DOCTYPE html>\n<html lang="es">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>CNT</title>\n</head>\n'
    f'<body style="margin:0;padding:16px;background-color:#ffffff;color:#1a1a1a;{_FONT};font-size:16px;'
    'line-height:1.5;overflow-wrap:break-word">\n<div style="max-width:36em;margin:0 auto">\n'
)
_SAMPLE = (
    "margin:0 0 16px;padding:12px;background-color:#f0f3f7;border-left:4px solid #0b5cab;"
    "font-family:'Courier New',monospace;font-size:15px;font-weight:bold"
)


def answer_html(text: str) -> str:
    """The text of an answer as a page for any mail program: the same words, nothing to load, no link but tel.

    Paragraphs, lists ("- "), samples to copy (indented), and what must be done in bold.  Styles stand at each
    element, for mail programs drop style sheets.
    """
    blocks = []
    for block in re.split(r"\n{2,}", text.strip()):
        lines = block.split("\n")
        if all(line.startswith("- ") for line in lines):
            items = "\n".join(f'<li style="margin:0 0 8px">{_inline(line[2:])}</li>' for line in lines)
            blocks.append(f'<ul style="margin:0 0 16px;padding-left:24px">\n{items}\n</ul>')
        elif all(line.startswith("  ") for line in lines):
            blocks.append(f'<p style="{_SAMPLE}">{"<br>".join(_sample(line.strip()) for line in lines)}</p>')
        else:
            blocks.append(f'<p style="margin:0 0 16px">{"<br>".join(map(_inline, lines))}</p>')
    return _PAGE + "\n".join(blocks) + "\n</div>\n</body>\n</html>\n"


def _sample(line: str) -> str:
    """A form to copy: on a narrow screen it breaks behind its bars only."""
    fields = re.findall(r".+?(?://|$)", html.escape(line))
    return "<wbr>".join(f'<span style="white-space:nowrap">{field}</span>' for field in fields)


def _inline(line: str) -> str:
    """One line, escaped, with what must be done and the receipt in bold and telephones to touch."""
    words = html.escape(line)
    words = re.sub(r"^(?:\d\. )?(Qué (?:debe|puede) hacer[^:]*:|Motivo:)", r"<strong>\g<0></strong>", words)
    words = re.sub(r"\bEV-\d{7,}-\d\b", r'<strong style="white-space:nowrap">\g<0></strong>', words)
    return re.sub(
        r"\b1800-\d{3}-\d{3}\b",
        lambda call: f'<a href="tel:{call[0].replace("-", "")}" style="white-space:nowrap">{call[0]}</a>',
        words,
    )


def answer_address(email: Email) -> Address | None:
    """Where the answer goes: Reply-To if it is of the same organisation as From, else From.

    None when neither can be answered (absent, outside ASCII, a no-reply address).
    """
    sender = email.sender
    if sender is None:
        return None
    home = organisational_domain(sender.address.rpartition("@")[2])
    other = email.reply_to
    if other and organisational_domain(other.address.rpartition("@")[2]) == home and _answerable(other):
        return other
    return sender if _answerable(sender) else None


def wire_message_id(receipt: str, kind: str, number: int, domain: str, key: bytes = b"") -> str:
    """The Message-ID of an answer, made from the decision: a resend bears the same.

    With a `key` it is signed, so that a reply to the answer proves which decision it replies to (`answered`).

    >>> wire_message_id("EV-0000017-4", "subsanar", 1, "cnt.gob.ec")
    '<ev-0000017-4.subsanar.1@cnt.gob.ec>'
    """
    local = re.sub(r"[^a-z0-9.\-]+", "-", f"{receipt}.{kind}.{number}".lower())
    seal = f".{_seal(local, key)}" if key else ""
    return f"<{local}{seal}@{re.sub(r'[^a-z0-9.-]+', '', domain.lower()) or 'localhost'}>"


def answered(message_ids: Iterable[str], key: bytes) -> tuple[str, int] | None:
    """Which decision of ours a mail replies to: receipt and number, by the first Message-ID that we signed.

    `message_ids` are its In-Reply-To and References, the nearest first.  One that nobody signed, or another
    house, or with another number than we wrote, is a stranger's and says nothing.
    """
    for message_id in message_ids:
        form = _SIGNED.fullmatch(message_id.strip().lower())
        if form and hmac.compare_digest(form["seal"], _seal(form["local"], key)):
            return form["receipt"].upper(), int(form["number"])
    return None


_SIGNED = re.compile(
    r"<(?P<local>(?P<receipt>ev-[0-9]{7,18}-[0-9])\.[a-z\-]{1,30}\.(?P<number>[0-9]{1,6}))\.(?P<seal>[0-9a-f]{24})@[^<>@\s]{1,255}>",
    re.ASCII,
)


def _seal(local: str, key: bytes) -> str:
    """96 bits of HMAC-SHA-256 (RFC 2104): the local part stays below the 64 octets of RFC 5321 4.5.3.1.1."""
    return hmac.new(key, local.encode(), hashlib.sha256).hexdigest()[:24]


def topic(reply: Reply, evidence: Evidence) -> str:
    """A digest of what is said about what: two answers of one topic tell one address the same twice.

    The same kind and reasons, about the same person and lines, to the same papers (or none).  A customer
    who sends a better photo asks anew; a robot that answers us never does.
    """
    claim = evidence.subject if isinstance(evidence.subject, Claim) else None
    parts = (
        reply.kind,
        " ".join(reply.reasons),
        claim.id_number.value if claim else "",
        " ".join(sorted(claim.lines)) if claim else "",
        *sorted(attachment.sha256 for attachment in evidence.email.attachments),
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


# ── facts ────────────────────────────────────────────────────────────────────────────────────────


def _facts(reply: Reply, evidence: Evidence, book: ReasonsBook, form: str) -> dict[str, str]:
    """What the placeholders stand for; a missing fact is absent, never empty."""
    facts = {name: _one_line(value) for name, value in reply.facts if value.strip()}
    facts.setdefault("recibo", evidence.receipt)
    day = facts.get("fecha") or (evidence.received_at.astimezone(_ECUADOR).date() + timedelta(_ANSWER_DAYS)).isoformat()
    facts["fecha"] = _spoken_date(day)
    if "valores" in facts:
        sentences: Mapping[str, str] = {str(name): text for name, text in book.values.items()}
        facts["valores"] = sentences.get(facts["valores"], facts["valores"])
    facts.pop("asunto_indicado", None)  # said here, in words that are safe to send
    if wrong := _wrong_field(evidence):
        facts["asunto_indicado"] = wrong
    name = _holder_name(evidence)
    if name:
        facts["nombre"] = name
    facts["saludo"] = f"Estimado/a cliente {name}:" if name else "Estimado/a cliente:"
    facts["formato_asunto"] = form
    facts["asunto_original"] = f"«{echo}»" if (echo := _echo(evidence)) else "(sin asunto)"
    return facts


def _reasons(reply: Reply, facts: Mapping[str, str], book: ReasonsBook) -> str:
    """The worst reasons as the customer reads them: at most `shown`, numbered when there are several."""
    texts: list[tuple[str, str]] = []
    for code in book.worst_first(reply.reasons):
        reason = book.reasons[code]
        pair = (_filled(reason.text, facts), _filled(reason.action, facts))
        if _may_be_read(reply.kind, code, reason) and pair not in texts:  # neutral reasons share their words
            texts.append(pair)
    shown = texts[: book.shown]
    paragraphs = []
    for number, (text, action) in enumerate(shown, 1):
        head = f"{number}. {text}" if len(shown) > 1 else text
        paragraphs.append(f"{head}\nQué debe hacer: {action}" if action else head)
    return "\n\n".join(paragraphs)


def _may_be_read(kind: ReplyKind, code: ReasonCode, reason: ReasonText) -> bool:
    """What a person still decides on is not told before: a receipt and a referral name only what they may."""
    if code in (ReasonCode.RECIBIDO, ReasonCode.ACEPTADO):
        return False  # the template itself says so
    if kind is ReplyKind.RECIBIDO:
        return reason.while_held
    if kind is ReplyKind.DERIVADO:
        return reason.class_ is ReasonClass.ESCALATE
    return True


def _filled(template: str, facts: Mapping[str, str]) -> str:
    """The template with its placeholders filled, in one pass: a fact that holds braces stays as it is."""

    def fill(piece: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda found: facts.get(found[1], ""), piece)

    def optional(found: re.Match[str]) -> str:
        return found[0] if all(facts.get(name) for name in re.findall(r"\{(\w+)\}", found[1])) else ""

    kept = re.sub(r"\[\[(.*?)\]\]", optional, template, flags=re.S)
    return fill(kept.replace("[[", "").replace("]]", ""))


def _spoken_date(day: str) -> str:
    """ISO → "miércoles 31 de marzo de 2021"; anything else stays as it came."""
    try:
        return str(format_date(date.fromisoformat(day[:10]), "EEEE d 'de' MMMM 'de' y", locale="es_EC"))
    except ValueError:
        return day


def _wrong_field(evidence: Evidence) -> str:
    """What stood where in a faulty subject, in the sender's own words."""
    fault = evidence.subject
    if not isinstance(fault, SubjectFault):
        return ""
    found = _printable(fault.found)
    place = _PLACES[fault.at]
    if not place:
        return "" if found else "Su correo llegó sin asunto."
    read = f"leímos «{found}»" if found else "no encontramos ningún dato"
    return f"{place} {read}; allí va {fault.expected}."


def _holder_name(evidence: Evidence) -> str:
    """The name to greet by: as the sender wrote it in a good subject, letters only."""
    subject = evidence.subject
    if (
        not isinstance(subject, Claim)
        or len(subject.name) > 60
        or re.search(r"[^\w .'\-]|[0-9_]|WWW|\.\w{2,}", subject.name)
    ):
        return ""
    return subject.name.title()


def _echo(evidence: Evidence) -> str:
    """The sender's subject as it may be repeated; empty when it holds a link or nothing."""
    subject = next(iter(evidence.email.subjects), "")
    return re.sub(r"^(?:(?:re|rv|fw|fwd|rm)\s*:\s*)+", "", _printable(subject), flags=re.I)


def _printable(text: str) -> str:
    """One short line that carries no link: an answer must be no vehicle for a stranger's advertisement."""
    line = _one_line(text)
    if re.search(r"https?:|www\.|\w@\w|[a-z0-9-]\.(?:com|net|org|info|ru|cn|io|me|ly|ec|co)\b", line, re.I):
        return ""
    return line if len(line) <= 120 else line[:119] + "…"


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


# ── headers ──────────────────────────────────────────────────────────────────────────────────────


def _header(name: str, text: str) -> Header:
    """Folded so that every decoder gives back the same text."""
    plain = text.isascii() and "=?" not in text
    return Header(text, "us-ascii" if plain else "utf-8", header_name=name)


def _safe_id(message_id: str) -> str:
    """A Message-ID that may stand in our header, or nothing."""
    return message_id if re.fullmatch(r"<[!-~]{1,250}>", message_id) else ""


def _answerable(address: Address) -> bool:
    local, _, domain = address.address.rpartition("@")
    well_formed = re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)+", address.address)
    return bool(well_formed and domain and not _NO_REPLY.match(local))
