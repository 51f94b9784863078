"""Raw bytes of a mail → an `Email`: who wrote, what, what may be evidence, and whether a machine wrote it.

The standard library's compat32 parser gives the tree, the bytes and the raw headers, once; header texts
are decoded here, because every ready decoder loses letters of Spanish names (blanks between encoded
words, an Ñ cut in two, raw 8-bit octets).  mail-parser reads addresses and date from the same message
object and is a second opinion on attachments: where it differs, that is noted and the tree wins.

Nothing here opens an attachment; what one is shows from its first bytes at most.
"""

from __future__ import annotations

import binascii
import email
import hashlib
import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import MessageError
from email.message import Message
from email.policy import compat32
from email.utils import getaddresses, parsedate_to_datetime

import mailparser

from evidence_daemon.cases.identity import read_id
from evidence_daemon.errors import Unparsable
from evidence_daemon.model import (
    Address,
    Attachment,
    Automatic,
    AutomaticKind,
    Email,
    IgnoredPart,
    Sha256,
    Statement,
)

LOOP_MARK = "X-Evidencia-Robot"
"""The header by which our own answers are known when they come back."""

_MAX_HEADER = 256 * 1024
_MAX_PARTS = 200
_MAX_DEPTH = 20
_MAX_TEXT = 100_000
_MAX_HTML = 400_000
_MAX_SUBJECT = 1_000
_MAX_NAME = 150
_SMALL_IMAGE = 15 * 1024
"""Bytes below which a picture cannot show a legible certificate: a logo or an icon."""
_LARGE_IMAGE = 100 * 1024
"""Bytes above which a picture inside the text is a pasted photo rather than a signature's logo."""


def understand(raw: bytes, *, our_addresses: frozenset[str], header_only: bool = False) -> Email:
    """A mail's bytes → the mail, understood.

    `our_addresses` are lower case.  With `header_only` (a mail above the size limit) `raw` is the header
    block alone; `size` and `sha256` are then those of that block.  Raises `Unparsable` when the bytes
    hold no header, or more header (256 KB), parts (200) or nesting (20) than a person's mail has.
    """
    message = _parsed(raw)
    headers = _Headers(message)
    defects: list[str] = []
    parts = _Parts() if header_only else _parts(message)
    report = message.get_content_type() == "multipart/report"
    taken, ignored = ([], _ignore_all(parts.leaves, "informe de un servidor de correo")) if report else _sort(parts)
    opinion = _second_opinion(message, defects)
    if opinion is not None and not header_only:
        defects += _disagreement(opinion, parts, taken)
    defects += _defects_of(message)
    sender = _address(headers, "from", opinion)
    if len(headers.all("from")) > 1:
        defects.append("varios encabezados From; se tomó el primero")
    subjects = tuple(_clean(header_text(value), _MAX_SUBJECT) for value in headers.octets("subject"))
    text = _body_text(parts.leaves, taken)
    return Email(
        sha256=Sha256(hashlib.sha256(raw).hexdigest()),
        size=len(raw),
        message_id=next(iter(_ids(headers.text("message-id"))), ""),
        sender=sender,
        reply_to=_address(headers, "reply-to", opinion),
        subjects=subjects,
        sent_at=_sent_at(headers, opinion),
        in_reply_to=next(iter(_ids(headers.text("in-reply-to"))), ""),
        references=_ids(headers.text("references"))[-50:],
        automatic=_automatic(headers, message, sender, our_addresses, subjects, evidence=bool(taken)),
        text=text,
        statements=_statements(text, subjects),
        labelled_ids=_labelled_ids(text),
        attachments=tuple(taken),
        ignored=tuple(ignored),
        defects=tuple(dict.fromkeys(_clean(defect, 300) for defect in defects)),
    )


# ── bytes to tree ────────────────────────────────────────────────────────────────────────────────


def _parsed(raw: bytes) -> Message:
    """The tree, or `Unparsable`."""
    end = re.search(rb"\r?\n\r?\n|\r\r", raw)
    if (end.start() if end else len(raw)) > _MAX_HEADER:
        raise Unparsable(f"el encabezado del correo pasa de {_MAX_HEADER // 1024} KB")
    try:
        message = email.message_from_bytes(raw, policy=compat32)
    except (RecursionError, MessageError, ValueError, LookupError, AttributeError, TypeError) as trouble:
        raise Unparsable(f"el correo no se puede separar en partes: {type(trouble).__name__}") from trouble
    if not message.keys():
        raise Unparsable("no es un correo: no tiene ningún encabezado")
    return message


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A part that holds no other parts."""

    place: str
    type: str
    name: str
    disposition: str
    content_id: str
    content: bytes
    charset: str


@dataclass(slots=True)
class _Parts:
    """The leaves of a mail, and the mails inside it."""

    leaves: list[_Leaf] = field(default_factory=list)
    mails: list[tuple[str, Message]] = field(default_factory=list)


def _parts(message: Message, place: str = "") -> _Parts:
    """All leaves in order, mails inside mails left closed.  Places count as in IMAP: "1", "2.1"."""
    parts = _Parts()
    waiting: list[tuple[Message, str, int]] = [(message, place, 0)]
    while waiting:
        part, at, depth = waiting.pop()
        if depth > _MAX_DEPTH:
            raise Unparsable(f"las partes del correo están anidadas más de {_MAX_DEPTH} veces")
        if len(parts.leaves) + len(parts.mails) + len(waiting) > _MAX_PARTS:
            raise Unparsable(f"el correo tiene más de {_MAX_PARTS} partes")
        children = part.get_payload() if part.is_multipart() else None
        if isinstance(children, list) and part.get_content_maintype() == "multipart":
            inner = [child for child in children if isinstance(child, Message)]
            for number in range(len(inner), 0, -1):
                waiting.append((inner[number - 1], f"{at}.{number}" if at else str(number), depth + 1))
        elif isinstance(children, list) and part.get_content_type() == "message/rfc822":
            if children and isinstance(children[0], Message):
                parts.mails.append((at or "1", _unwrapped(part, children[0])))
        else:
            parts.leaves.append(_leaf(part, at or "1"))
    return parts


def _unwrapped(part: Message, inner: Message) -> Message:
    """A mail inside a mail; some programs encode it in base64 although RFC 2046 5.2.1 forbids it."""
    body = inner.get_payload()
    if _Headers(part).text("content-transfer-encoding").lower() == "base64" and isinstance(body, str):
        try:
            return email.message_from_bytes(binascii.a2b_base64(body.encode("ascii", "replace")), policy=compat32)
        except (binascii.Error, MessageError, RecursionError, ValueError):
            return inner
    return inner


def _leaf(part: Message, place: str) -> _Leaf:
    headers = _Headers(part)
    # A header with 8-bit octets is no string to compat32: its parameters are read from a clean copy.
    view = Message()
    for name in ("content-type", "content-disposition", "content-transfer-encoding"):
        if values := headers.all(name):
            view[name] = values[0]
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        content = str(part).encode("utf-8", "surrogateescape") if part.is_multipart() else b""
    try:
        file_name = view.get_filename() or ""
        charset = view.get_content_charset() or ""
    except (ValueError, LookupError, TypeError, AttributeError):
        file_name = charset = ""  # parameters by RFC 2231 that contradict themselves
    file_name = re.split(r"[\\/]", _clean(header_text(file_name.encode("utf-8", "surrogateescape")), 1000))[-1]
    return _Leaf(
        place=place,
        type=view.get_content_type(),
        name=file_name[:_MAX_NAME],
        disposition=(view.get_content_disposition() or "").lower(),
        content_id=headers.text("content-id").strip(" <>"),
        content=content,
        charset=charset,
    )


# ── what may be evidence ─────────────────────────────────────────────────────────────────────────

_MAGIC = (
    (b"%PDF-", ".pdf"),
    (b"\xff\xd8\xff", ".jpg"),
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"II*\x00", ".tif"),
    (b"MM\x00*", ".tif"),
    (b"GIF8", ".gif"),
    (b"PK\x03\x04", ".zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ".ole"),
)
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif"})

_MACHINERY = {
    "application/pkcs7-signature": "firma digital del correo",
    "application/x-pkcs7-signature": "firma digital del correo",
    "application/pgp-signature": "firma digital del correo",
    "application/pgp-keys": "clave de cifrado",
    "application/pgp-encrypted": "aviso de cifrado",
    "application/ics": "invitación de calendario",
    "text/calendar": "invitación de calendario",
    "text/vcard": "tarjeta de contacto",
    "text/x-vcard": "tarjeta de contacto",
    "text/rfc822-headers": "encabezados de otro correo",
    "message/delivery-status": "aviso de entrega",
    "message/disposition-notification": "aviso de lectura",
    "message/feedback-report": "aviso de un servidor",
}
_LOGO = re.compile(
    r"(?:image\d{3}|logo|outlook-|firma|signature|icon|facebook|twitter|instagram|linkedin|whatsapp)", re.I
)
_BODY_NAME = re.compile(r"ATT\d{3,}\.(?:txt|html?|dat)", re.I)


def _sort(parts: _Parts, *, nested: bool = False) -> tuple[list[Attachment], list[IgnoredPart]]:
    """Leaves → candidates and what was left out, with the reason.

    A forwarded mail is opened, one level deep, only when the outer mail holds no candidate.  What is
    doubtful (a middling picture inside the text, a text file) counts only when there is nothing better.
    """
    shown = {cid for leaf in parts.leaves if leaf.type == "text/html" for cid in _cids(leaf.content)}
    taken: list[_Leaf] = []
    spare: list[tuple[_Leaf, str]] = []
    ignored: list[IgnoredPart] = []
    for leaf in parts.leaves:
        if because := _unfit(leaf, shown):
            if because != _BODY:
                ignored.append(_ignored(leaf, because))
        elif because := _doubtful(leaf, shown):
            spare.append((leaf, because))
        else:
            taken.append(leaf)
    attachments = [_attachment(leaf) for leaf in taken]
    if attachments or nested:
        ignored += [_mail_inside(place, mail) for place, mail in parts.mails]
    else:
        for place, mail in parts.mails:
            inner, inner_ignored = _sort(_parts(mail, place), nested=True)
            attachments += inner
            ignored += inner_ignored
    if not attachments:
        attachments = [_attachment(leaf) for leaf, _ in spare]
    else:
        ignored += [_ignored(leaf, because) for leaf, because in spare]
    return attachments, ignored


_BODY = "texto del correo"


def _unfit(leaf: _Leaf, shown: set[str]) -> str:
    """Why a leaf is no evidence; empty when it may be."""
    explicit = leaf.disposition == "attachment" or bool(leaf.name)
    if leaf.type in _MACHINERY:
        return _MACHINERY[leaf.type]
    if not leaf.content:
        return "" if explicit and not leaf.type.startswith("text/") else _BODY
    kind = _kind(leaf.content)
    if leaf.type.startswith(("text/", "multipart/", "message/")) and not kind:
        if leaf.disposition != "attachment" or _BODY_NAME.fullmatch(leaf.name):
            return _BODY
        return ""
    if (leaf.type.startswith("image/") or kind in (".jpg", ".png", ".gif")) and len(leaf.content) < _SMALL_IMAGE:
        if leaf.content_id in shown:
            return "imagen pequeña dentro del texto (logotipo o firma)"
        if leaf.disposition != "attachment" or _LOGO.match(leaf.name):
            return "imagen demasiado pequeña para ser un acta (logotipo o icono)"
    return ""


def _doubtful(leaf: _Leaf, shown: set[str]) -> str:
    """Why a leaf counts only when there is nothing better; empty when it counts by itself."""
    kind = _kind(leaf.content)
    if leaf.type.startswith("text/") and not kind:
        return "archivo de texto junto a otro adjunto"
    if leaf.type.startswith("image/") and leaf.content_id in shown and len(leaf.content) < _LARGE_IMAGE:
        return "imagen dentro del texto, junto a otro adjunto"
    return ""


def _kind(content: bytes) -> str:
    """File ending by the first bytes; empty when they are of no kind that could be a certificate."""
    if b"%PDF-" in content[:1024]:
        return ".pdf"
    if content[4:8] == b"ftyp" and content[8:12] in _HEIF_BRANDS:
        return ".heic"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return ".webp"
    return next((ending for magic, ending in _MAGIC if content.startswith(magic)), "")


def _attachment(leaf: _Leaf) -> Attachment:
    digest = hashlib.sha256(leaf.content).hexdigest()
    name = leaf.name or f"sin-nombre-{digest[:8]}{_kind(leaf.content)}"
    return Attachment(name, leaf.type, leaf.content, Sha256(digest), leaf.place)


def _ignored(leaf: _Leaf, because: str) -> IgnoredPart:
    return IgnoredPart(leaf.name, leaf.type, len(leaf.content), because)


def _ignore_all(leaves: Iterable[_Leaf], because: str) -> list[IgnoredPart]:
    return [_ignored(leaf, because) for leaf in leaves if not leaf.type.startswith("text/")]


def _mail_inside(place: str, mail: Message) -> IgnoredPart:
    subject = _clean(header_text(next(iter(_Headers(mail).octets("subject")), b"")), _MAX_NAME)
    return IgnoredPart(subject, "message/rfc822", 0, f"correo dentro del correo (parte {place})")


def _cids(content: bytes) -> set[str]:
    """The Content-IDs that an HTML body shows."""
    found = re.findall(rb"cid:([^\"'\s>)]{1,200})", content[:_MAX_HTML], re.I)
    return {html.unescape(cid.decode("utf-8", "replace")) for cid in found}


# ── headers ──────────────────────────────────────────────────────────────────────────────────────

_ENCODED_WORD = re.compile(r"=\?([^?\s]+)\?([bBqQ])\?([^?]*)\?=")


class _Headers:
    """Raw header values by lower-case name, in order."""

    def __init__(self, message: Message) -> None:
        self._values: dict[str, list[bytes]] = {}
        for name, value in message.raw_items():
            octets = str(value).encode("utf-8", "surrogateescape")
            self._values.setdefault(name.lower(), []).append(octets)

    def octets(self, name: str) -> list[bytes]:
        return self._values.get(name, [])

    def all(self, name: str) -> list[str]:
        """As text, unfolded, encoded words left as they are."""
        return [_unfolded(_octets_to_text(value)) for value in self.octets(name)]

    def text(self, name: str) -> str:
        """The first one, stripped; empty when there is none."""
        return next(iter(self.all(name)), "").strip()


def header_text(octets: bytes) -> str:
    """A header value as it stands on the wire → its text (RFC 2047), for people and for matching.

    Never raises: a charset that is unknown or fails is replaced by UTF-8, then cp1252, then latin-1.
    Blanks between two encoded words vanish (RFC 2047 6.2), neighbours of one charset are joined as
    octets before they are decoded, because programs cut an Ñ in two.
    """
    text = _unfolded(_octets_to_text(octets[:_MAX_HEADER]))
    out: list[str] = []
    pending = b""
    charset = ""
    at = 0
    for word in _ENCODED_WORD.finditer(text):
        between = text[at : word.start()]
        label = word[1].split("*")[0].lower()
        adjacent = at > 0 and not between.strip()
        if pending and not (adjacent and label == charset):
            out.append(_octets_to_text(pending, charset))
            pending = b""
        if not adjacent:
            out.append(between)
        pending += _word_octets(word[2], word[3])
        charset = label
        at = word.end()
    if pending:
        out.append(_octets_to_text(pending, charset))
    return "".join(out) + text[at:]


def _word_octets(encoding: str, payload: str) -> bytes:
    octets = payload.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(octets, header=True)
    kept = re.sub(rb"[^A-Za-z0-9+/]", b"", octets)
    if len(kept) % 4 == 1:
        kept = kept[:-1]
    return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))


def _octets_to_text(octets: bytes, charset: str = "") -> str:
    if charset in ("iso-8859-1", "latin-1", "latin1", "us-ascii"):
        charset = "cp1252"  # what programs that say so really write
    for name in (charset, "utf-8", "cp1252"):
        if name:
            try:
                return octets.decode(name)
            except (LookupError, ValueError):
                continue
    return octets.decode("latin-1")


def _unfolded(text: str) -> str:
    """Line breaks of folding vanish and the blank after them stays (RFC 5322 2.2.3)."""
    return re.sub(r"[\r\n]+", " ", re.sub(r"(?:\r\n|\r|\n)(?=[ \t])", "", text))


def _clean(text: str, limit: int) -> str:
    """One line without control, invisible or bidirectional characters, at most `limit` characters."""
    kept = []
    for c in text[: limit * 4]:
        category = unicodedata.category(c)
        if category in ("Cc", "Zl", "Zp", "Zs"):
            kept.append(" ")
        elif category not in ("Cf", "Cs"):
            kept.append(c)
    return " ".join("".join(kept).split())[:limit]


def _ids(text: str) -> tuple[str, ...]:
    """Message-IDs with their angle brackets; anything without them is none."""
    return tuple(re.findall(r"<[^<>\s]{1,500}>", text))


_ADDRESS = re.compile(r"[^\s<>@,;:\"\\()\[\]]{1,200}@[^\s<>@,;:\"\\()\[\]]{1,250}")


def _address(headers: _Headers, name: str, opinion: mailparser.MailParser | None) -> Address | None:
    """The first mailbox of an address header."""
    raw = headers.text(name)[:10_000]
    pairs = getaddresses([raw]) if raw else []
    if opinion is not None and (theirs := _theirs(opinion, name)):
        # Names come from our own decoder; the address from the parser that copes with broken syntax.
        own = {address: display for display, address in pairs}
        pairs = [(own.get(address, display), address) for display, address in theirs] + pairs
    for display, address in pairs:
        if _ADDRESS.fullmatch(address):
            local, _, domain = address.rpartition("@")
            shown = _clean(header_text(display.encode("utf-8", "surrogateescape")), _MAX_NAME)
            return Address(shown, f"{_clean(local, 200)}@{_clean(domain, 250).lower()}")
    return None


def _theirs(opinion: mailparser.MailParser, name: str) -> list[tuple[str, str]]:
    value = getattr(opinion, f"{name.replace('-', '_')}_", None)
    if not isinstance(value, list):
        return []
    return [(str(pair[0]), str(pair[1])) for pair in value if isinstance(pair, tuple) and len(pair) == 2]


def _sent_at(headers: _Headers, opinion: mailparser.MailParser | None) -> datetime | None:
    """The Date header in UTC; the sender's own word, for display only."""
    when: object = opinion.date if opinion is not None else None
    if not isinstance(when, datetime):
        try:
            when = parsedate_to_datetime(headers.text("date")[:200])
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    try:
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


# ── second opinion and defects ───────────────────────────────────────────────────────────────────


def _second_opinion(message: Message, defects: list[str]) -> mailparser.MailParser | None:
    try:
        return mailparser.MailParser(message)
    except Exception as trouble:  # noqa: BLE001  foreign code on hostile input: 13 of 11,733 real mails crash it
        defects.append(f"mail-parser no pudo con este correo: {type(trouble).__name__}")
        return None


def _disagreement(opinion: mailparser.MailParser, parts: _Parts, taken: list[Attachment]) -> list[str]:
    """Attachments that only one of the two parsers sees, by their bytes."""
    theirs: dict[str, str] = {}
    for entry in opinion.attachments:
        if entry.get("binary"):
            try:
                content = binascii.a2b_base64(str(entry["payload"]).encode("ascii", "replace"))
            except (binascii.Error, KeyError):
                continue
            theirs[hashlib.sha256(content).hexdigest()] = str(entry.get("filename") or "sin nombre")
    seen = {hashlib.sha256(leaf.content).hexdigest() for leaf in parts.leaves} | {item.sha256 for item in taken}
    notes = [f"mail-parser no ve el adjunto {item.name}" for item in taken if item.sha256 not in theirs]
    if not parts.mails:
        notes += [f"mail-parser ve un adjunto más: {name}" for digest, name in theirs.items() if digest not in seen]
    return notes


def _defects_of(message: Message) -> Iterator[str]:
    """What the standard library found wrong, by its names."""
    try:
        for part in message.walk():
            for defect in part.defects:
                yield type(defect).__name__
    except RecursionError:
        yield "correos dentro de correos sin fin"


# ── text ─────────────────────────────────────────────────────────────────────────────────────────

_BREAKING = frozenset({"br", "p", "div", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "hr"})
_HIDDEN = ("script", "style", "title")


def _body_text(leaves: Iterable[_Leaf], taken: Iterable[Attachment]) -> str:
    """The body as plain text: the text parts, or the HTML parts rendered when those are blank."""
    places = {item.part for item in taken}
    bodies = [leaf for leaf in leaves if leaf.place not in places and leaf.disposition != "attachment"]
    plain = "\n".join(
        _octets_to_text(leaf.content[: _MAX_TEXT * 4], leaf.charset.lower())
        for leaf in bodies
        if leaf.type.startswith(("text/plain", "multipart/"))
    )
    rendered = "\n".join(
        html_text(_octets_to_text(leaf.content[:_MAX_HTML], leaf.charset.lower()))
        for leaf in bodies
        if leaf.type == "text/html"
    )
    if not plain.strip():
        plain = rendered
    elif _LINK.search(rendered) and not _LINK.search(plain):
        # A link hidden behind words stands in the HTML only.
        plain += "\n" + "\n".join(match[0] for match in _LINK.finditer(rendered))
    lines = re.split(r"\r\n|\r|\n", plain[: _MAX_TEXT * 2])
    return "\n".join(_clean(line, 5_000) for line in lines).strip()[:_MAX_TEXT]


def html_text(markup: str) -> str:
    """HTML → plain text: blocks become lines, quotations get "> ", links show where they lead.

    Linear in the length of the text, which the standard library's parser is not (100,000 times "<a"
    take it 46 s).
    """
    lines: list[str] = []
    line: list[str] = []
    quoted = 0
    low = markup.lower()
    at = 0

    def end_line() -> None:
        if words := " ".join(html.unescape("".join(line)).split()):
            lines.append(("> " if quoted else "") + words)
        line.clear()

    while True:
        start = markup.find("<", at)
        line.append(markup[at : start if start >= 0 else len(markup)])
        if start < 0:
            break
        if low.startswith("<!--", start):
            end = markup.find("-->", start + 4)
            at = end + 3
        elif not re.match(r"[a-z/!?]", low[start + 1 : start + 2]):
            line.append("&lt;")
            at = start + 1
            continue
        else:
            end = markup.find(">", start)
            at = end + 1
            tag = re.match(r"/?[a-z0-9]*", low[start + 1 : start + 30])
            name = tag[0] if tag else ""
            if name in _HIDDEN:
                end = low.find(f"</{name}", at)
                at = end
            elif name.strip("/") == "blockquote":
                end_line()
                quoted = max(0, quoted + (-1 if name[0] == "/" else 1))
            elif name.strip("/") in _BREAKING:
                end_line()
            elif name in ("td", "th"):
                line.append(" ")
            elif name == "a" and (
                link := re.search(r"href\s*=\s*[\"']?\s*(https?:[^\"'\s>]+)", markup[start : start + 3000])
            ):
                line.append(f" {link[1]} ")
        if end < 0:
            break  # never closed: a browser shows nothing after it
    end_line()
    return "\n".join(lines)


_QUOTE_STARTS = re.compile(
    r"^(?:>|-{3,} ?(?:mensaje|original|forwarded|reenviado|message)|_{10,}$|(?:de|from): .*@"
    r"|(?:el|on|em|le) .{4,200}(?:escribi[oó]|wrote|escreveu|a écrit)\s*:)",
    re.I,
)


def _own_words(text: str) -> str:
    """What the sender wrote himself: everything above the first quotation, without quoted lines."""
    kept: list[str] = []
    lines = text.split("\n")
    for number, line in enumerate(lines):
        stripped = line.strip()
        if stripped.startswith(">"):
            continue
        # "El lun, 3 may 2021 a las 9:15, CNT <…>" and "escribió:" may stand on two lines.
        both = stripped + " " + (lines[number + 1].strip() if number + 1 < len(lines) else "")
        if _QUOTE_STARTS.match(stripped) or re.match(r"(?:el|on) .{4,200}(?:escribió|wrote)\s*:$", both, re.I):
            break
        kept.append(stripped)
    return "\n".join(kept)


_PAPER = r"(?:ACTA|ACTAS|DOCUMENTO|DOCUMENTOS|COMPROBANTE|RESPALDO|PAPEL|PAPELES|CERTIFICADO|CONSTANCIA)"
_ARTICLE = r"(?:(?:EL|LA|LAS|LOS|UN|UNA|MI|ESE|ESA|ESTE|ESTA|DICHA|DICHO|NINGUN|NINGUNA|NADA DE|COPIA DE(?:L| LA)?) )*"
_NO_ACTA = re.compile(
    rf"\b(?:(?:YA )?NO (?:TENGO|CUENTO CON|POSEO|DISPONGO DE|CONSERVO|ENCUENTRO|GUARDE) {_ARTICLE}{_PAPER}\b"
    rf"|(?:NO|NUNCA) (?:ME|NOS) (?:DIERON|ENTREGARON|DEJARON|EMITIERON) {_ARTICLE}{_PAPER}\b"
    rf"|(?:SE (?:ME|NOS) )?(?:PERDI|PERDIO|EXTRAVIE|EXTRAVIO|BOTE) {_ARTICLE}{_PAPER}\b)"
)
_SERVICE = r"(?:SERVICIO|SERVICIOS|CONTRATO|CONTRATOS|CONTRATACION|LINEA)"
_NOT_MINE = re.compile(
    r"\b(?:(?:NUNCA|JAMAS) (?:LO |LOS |LA |LE |LES |HE |YO )*(?:CONTRATE|CONTRATADO|CONTRATAMOS|SOLICITE|SOLICITADO|"
    r"FIRME|FIRMADO)\b(?! (?:EL |LA |UN |UNA |NINGUN |NINGUNA )?(?:ACTA|DOCUMENTO|COMPROBANTE|RESPALDO))"
    r"|YO NO CONTRATE|NO (?:HE )?CONTRAT(?:E|ADO) (?:NADA|NINGUN|ESE|ESTE|ESOS|ESTOS|EL|LOS|CON)\b"
    rf"|NO RECONOZCO {_ARTICLE}{_SERVICE}\b"
    rf"|NUNCA (?:HE )?(?:TUVE|TENIDO) {_ARTICLE}(?:{_SERVICE}|INTERNET|TELEVISION|TELEFONO|CNT)\b"
    rf"|(?:ESE|ESTE|EL|LA|ESA|ESTA) {_SERVICE} NO (?:ES|ERA) (?:MIO|MIA)\b"
    r"|NUNCA (?:HE SIDO|FUI) CLIENTE|NO (?:SOY|FUI|HE SIDO) CLIENTE"
    r"|SUPLANTACION|SUPLANTARON|USURPACION|ROBO DE (?:MI )?IDENTIDAD|(?:USARON|UTILIZARON) MIS DATOS)"
)
_WANTS_A_PERSON = re.compile(
    r"\b(?:QUIERO (?:UNA )?REVISION|UNA PERSONA (?:LO |LA |ME |MI )*(?:CASO )?(?:REVISE|REVISAR|ATIENDA)"
    r"|(?:REVISE|REVISEN|ATIENDA) (?:MI CASO |POR )*UNA PERSONA|HABLAR CON (?:UNA PERSONA|UNA? ASESORA?|ALGUIEN)"
    r"|NO ESTOY DE ACUERDO)\b"
)
_LINK = re.compile(
    r"https?://(?:[\w-]+\.)*(?:drive\.google\.com|docs\.google\.com|photos\.google\.com|photos\.app\.goo\.gl|1drv\.ms"
    r"|onedrive\.live\.com|sharepoint\.com|dropbox\.com|we\.tl|wetransfer\.com|mega\.nz|icloud\.com|mediafire\.com"
    r"|box\.com|amazon\.com/photos|terabox\.com)/[^\s<>\"']{0,300}",
    re.I,
)
_LABELLED = re.compile(
    r"(?:C[ÉE]DULA(?:\s+DE\s+(?:IDENTIDAD|CIUDADAN[IÍ]A))?|\bC\.?\s?I\b\.?|\bC\.?\s?C\b\.?|\bR\.?U\.?C\b\.?|\bDNI\b"
    r"|IDENTIFICACI[OÓ]N|PASAPORTE)(?:\s*/\s*RUC)?[\s:.=#-]*(?:(?:ES|N(?:[ÚU]MERO|RO|[°º]|O\b)?\.?)[\s:.=#-]*){0,2}"
    r"([0-9](?:[.\-]?[0-9]){7,13}|[0-9](?:[ .\-]?[0-9]){9})(?![0-9])",
    re.I,
)


def _statements(text: str, subjects: Iterable[str]) -> frozenset[Statement]:
    """What the sender says in his own words; our own quoted answer says "NO TENGO ACTA" too."""
    words = " ".join([*subjects, _own_words(text)])
    decomposed = unicodedata.normalize("NFD", words.upper())
    folded = "".join(c for c in decomposed if unicodedata.category(c) != "Mn")
    folded = " ".join(re.sub(r"[^A-Z0-9]+", " ", folded).split())
    said = {
        Statement.NO_TENGO_ACTA: _NO_ACTA.search(folded),
        Statement.NO_RECONOCE_SERVICIO: _NOT_MINE.search(folded),
        Statement.PIDE_PERSONA: _WANTS_A_PERSON.search(folded),
        Statement.ENLACE: _LINK.search(words),
    }
    return frozenset(statement for statement, found in said.items() if found)


def _labelled_ids(text: str) -> tuple[str, ...]:
    """Numbers that the text itself calls cédula, C.I., RUC …: unlabelled ones are too often telephones."""
    plain = unicodedata.normalize("NFKC", text)
    numbers = (read_id(match[1]) for match in _LABELLED.finditer(plain))
    return tuple(dict.fromkeys(number.value for number in numbers if number))[:10]


# ── written by a machine? ────────────────────────────────────────────────────────────────────────

_REPORTERS = re.compile(r"(?:mailer-?daemon|post_?master|mdaemon|mail-?delivery|bounces?)\b", re.I)
_NO_REPLY = re.compile(r"(?:no-?_?\.?(?:reply|responder|contestar|responda)|do-?not-?reply)\b", re.I)
_SUBJECT_WORDS = (
    (
        AutomaticKind.RESPUESTA_AUTOMATICA,
        re.compile(
            r"(?:respuesta autom[aá]tica|automatic reply|auto(?:matische)?[ -]?(?:reply|response|respuesta|antwort)"
            r"|auto:|resposta autom[aá]tica|fuera de (?:la )?oficina|out of (?:the )?office|ausente|estoy de vacaciones"
            r"|acept(?:ado|ada):|accepted:|rechazad[oa]:|declined:|provisional:|tentative:)",
            re.I,
        ),
    ),
    (
        AutomaticKind.REBOTE,
        re.compile(
            r"(?:undeliver|no se puede entregar|no se pudo entregar|mail delivery (?:failed|failure|system|status)"
            r"|delivery (?:status notification|failure|has failed|report|notification)|failure notice|returned mail"
            r"|mail (?:system error|could not be delivered)|non ?delivery|message not delivered|mensaje no entregado"
            r"|le[ií]do:|read:|no le[ií]do:|not read:|devuelto:)",
            re.I,
        ),
    ),
)


def _automatic(
    headers: _Headers,
    message: Message,
    sender: Address | None,
    our_addresses: frozenset[str],
    subjects: tuple[str, ...],
    *,
    evidence: bool,
) -> Automatic | None:
    """The first sign that a machine wrote this, or None.

    `X-Auto-Response-Suppress` and `List-*` are no signs (ordinary mail carries them), and
    `Auto-Submitted: no` says the contrary.  A mail with evidence inside is never a bounce by its empty
    return path alone, and its subject's words are not asked: office scanners write like machines.
    """
    local = sender.address.rpartition("@")[0] if sender else ""
    precedence = headers.text("precedence").lower()
    submitted = headers.text("auto-submitted").lower().split(";")[0].strip()
    null_path = any(re.fullmatch(r"\s*<\s*>\s*", value) for value in headers.all("return-path"))
    reply_marks = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-autoreply-from", "x-mail-autoreply")
    if headers.all(LOOP_MARK.lower()):
        return Automatic(AutomaticKind.PROPIO, f"lleva nuestra marca {LOOP_MARK}")
    if sender and sender.address.lower() in our_addresses:
        return Automatic(AutomaticKind.PROPIO, "viene de nuestra propia dirección")
    if message.get_content_type() == "multipart/report":
        return Automatic(AutomaticKind.REBOTE, "es un informe (multipart/report)")
    if headers.all("x-failed-recipients"):
        return Automatic(AutomaticKind.REBOTE, "trae X-Failed-Recipients")
    if submitted and submitted != "no":
        replied = submitted.startswith("auto-replied")
        kind = AutomaticKind.RESPUESTA_AUTOMATICA if replied else AutomaticKind.GENERADO
        if _REPORTERS.match(local):
            kind = AutomaticKind.REBOTE
        return Automatic(kind, f"dice Auto-Submitted: {_clean(submitted, 60)}")
    if _REPORTERS.match(local):
        return Automatic(AutomaticKind.REBOTE, "lo envía un servidor de correo")
    if any(value.strip().lower() not in ("", "no", "false") for name in reply_marks for value in headers.all(name)):
        return Automatic(AutomaticKind.RESPUESTA_AUTOMATICA, "trae una marca de respuesta automática")
    if precedence == "auto_reply":
        return Automatic(AutomaticKind.RESPUESTA_AUTOMATICA, "dice Precedence: auto_reply")
    if null_path:
        kind = AutomaticKind.GENERADO if evidence else AutomaticKind.REBOTE
        return Automatic(kind, "su remitente de sobre está vacío (Return-Path: <>)")
    if _NO_REPLY.search(local):
        return Automatic(AutomaticKind.GENERADO, "su dirección no admite respuestas")
    if precedence == "junk" or (precedence == "bulk" and not _through_a_list(headers)):
        return Automatic(AutomaticKind.GENERADO, f"dice Precedence: {precedence}")
    if not evidence:
        for kind, words in _SUBJECT_WORDS:
            if any(words.match(subject) for subject in subjects):
                return Automatic(kind, "su asunto es de un aviso automático")
    return None


def _through_a_list(headers: _Headers) -> bool:
    """Sent on by a list that people write to, whatever Precedence it adds; a newsletter has no List-Post."""
    marks = ("list-post", "mailing-list", "x-mailing-list")
    sender = re.search(r"(?:\bowner-[^@\s]+|-bounces?)@", headers.text("sender"), re.I)
    return bool(sender) or any(headers.all(mark) for mark in marks)
