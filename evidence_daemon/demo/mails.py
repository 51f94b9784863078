"""Sample mails of every kind, each written in the habits of a foreign mail program.

The MIME is put together by hand, program by program: order of headers, style of boundaries, encoded-words
cut where that program cuts them, transfer encodings, names of files.  None of it goes through the
standard library's e-mail classes or this project's own composer, so that the reader is tested on what
others write.  The habits are described in the documents of the formats (RFC 2045-2047, 2231, 3464, 3834,
5322, 8601) and in the project's notes on real mails; no mail was copied.

`samples()` gives the same bytes at each call.  What each mail should lead to is written beside the
numbered copies of these mails under `tests/corpus/`.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from unicodedata import normalize

from evidence_daemon.demo.papers import Equipment, Form, Layout, Medium, Paper, draw, pages, photos
from evidence_daemon.demo.people import Account, people, stranger
from evidence_daemon.model import Direction, EquipmentType, Line

MAILBOX = "posventagec2@cnt.gob.ec"
BORDER = "mx.cnt.example"
"""The border server whose Authentication-Results the demo trusts (`answers.trusted_authserv_id`)."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A mail as it lies in the mailbox: a name fit for a file, what it is in one sentence, its bytes."""

    name: str
    says: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class File:
    """An attachment; `declared` is the type its sender claims, `name` may be empty."""

    content: bytes = field(repr=False)
    name: str
    declared: str


@dataclass(frozen=True, slots=True)
class Letter:
    """What a customer wrote, before a program made a mail of it.

    `subject` is Unicode; `raw_subject`, where it is given, is put into the header as it is (already
    encoded, folded or broken).  `border` is what our border server noted: "pass", "fail", or "" for a
    mail without its header.
    """

    key: str
    name: str
    address: str
    subject: str
    text: str
    files: tuple[File, ...] = ()
    raw_subject: bytes = b""
    border: str = "pass"
    extra: tuple[str, ...] = ()
    """Further header lines, on top."""

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.key.encode()).hexdigest()

    @property
    def at(self) -> datetime:
        """When it was sent: in September 2025, later than every certificate."""
        return datetime(2025, 9, 1, 13, 5, tzinfo=UTC) + timedelta(minutes=int(self.digest[:6], 16) % 40_000)


# ── encodings, as others write them ──────────────────────────────────────────────────────────────

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _when(at: datetime, hours: int = -5) -> str:
    """A Date header (RFC 5322 3.3) in Ecuador's time, or another offset in hours."""
    local = at + timedelta(hours=hours)
    day, month = _DAYS[local.weekday()], _MONTHS[local.month - 1]
    return f"{day}, {local.day} {month} {local.year} {local:%H:%M:%S} {hours * 100:+05d}"


def _b_word(text: str, charset: str = "UTF-8") -> str:
    return f"=?{charset}?B?{base64.b64encode(text.encode(charset)).decode()}?="


def _b_words(text: str, charset: str = "UTF-8", limit: int = 40) -> str:
    """B encoded-words of at most `limit` octets, cut between characters, folded (RFC 2047 2)."""
    words, rest = [], text
    while rest:
        cut = len(rest)
        while len(rest[:cut].encode(charset)) > limit:
            cut -= 1
        words.append(_b_word(rest[:cut], charset))
        rest = rest[cut:]
    return "\r\n ".join(words)


def _q_octets(octets: bytes) -> str:
    return "".join(
        chr(octet)
        if chr(octet).isascii() and (chr(octet).isalnum() or octet in b"/-.,")
        else "_"
        if octet == 0x20
        else f"={octet:02X}"
        for octet in octets
    )


def _q_words(text: str, charset: str, limit: int = 42) -> str:
    """Q encoded-words of at most `limit` characters of text each, folded."""
    pieces = [text[at : at + limit] for at in range(0, len(text), limit)]
    return "\r\n ".join(f"=?{charset}?Q?{_q_octets(piece.encode(charset))}?=" for piece in pieces)


def _quoted_printable(text: str, charset: str) -> str:
    """Lines of at most 76 characters with soft breaks (RFC 2045 6.7)."""
    lines = []
    for line in text.split("\n"):
        out, row = "", ""
        for octet in line.encode(charset):
            piece = chr(octet) if 32 <= octet < 127 and octet != 0x3D else f"={octet:02X}"
            if len(row) + len(piece) > 75:
                out += row + "=\r\n"
                row = ""
            row += piece
        lines.append(out + row)
    return "\r\n".join(lines)


def _base64(content: bytes, width: int = 76) -> str:
    coded = base64.b64encode(content).decode()
    return "\r\n".join(coded[at : at + width] for at in range(0, len(coded), width))


def _html(text: str) -> str:
    paragraphs = "".join(f"<p>{line}</p>" if line else "<p>&nbsp;</p>" for line in text.split("\n"))
    return f"<html><head></head><body>{paragraphs}</body></html>"


def _is_ascii(text: str) -> bool:
    return text.isascii()


# ── programs ─────────────────────────────────────────────────────────────────────────────────────


def _border(letter: Letter, helo: str) -> list[str]:
    """What our own servers put on top of every mail that comes in."""
    domain = letter.address.rpartition("@")[2]
    top = [f"Return-Path: <{letter.address}>"]
    if letter.border:
        top.append(
            f"Authentication-Results: {BORDER};\r\n\tdmarc={letter.border} (p=none) header.from={domain};\r\n"
            f"\tspf={letter.border} smtp.mailfrom={letter.address}"
        )
    top.append(
        f"Received: from {helo} ({helo} [192.0.2.{int(letter.digest[6:8], 16)}])\r\n"
        f"\tby {BORDER} (Postfix) with ESMTPS id {letter.digest[8:18].upper()}\r\n"
        f"\tfor <{MAILBOX}>; {_when(letter.at + timedelta(seconds=4))} (-05)"
    )
    return [*top, *letter.extra]


def _assemble(headers: list[str], body: str, raw_subject: bytes = b"") -> bytes:
    """Headers and body as one mail; the line "Subject: *" takes the raw subject's bytes."""
    head = "\r\n".join(headers).encode("utf-8")
    if raw_subject:
        head = head.replace(b"Subject: *", b"Subject: " + raw_subject)
    return head + b"\r\n\r\n" + body.encode("utf-8", "surrogateescape")


def _subject(letter: Letter, encoded: Callable[[str], str]) -> str:
    if letter.raw_subject:
        return "Subject: *"
    return f"Subject: {letter.subject if _is_ascii(letter.subject) else encoded(letter.subject)}"


def _outlook(letter: Letter) -> bytes:
    """Outlook with Exchange: iso-8859-1 in Q, an HTML twin, thread headers, a logo in the signature."""
    server = f"{letter.digest[:12].upper()}.namprd10.prod.outlook.example"
    outer, inner, middle = (f"_{kind}_{letter.digest[:16].upper()}namp_" for kind in ("004", "000", "005"))
    headers = [
        *_border(letter, "mail-out.outlook.example"),
        f"From: {_q_words(letter.name, 'iso-8859-1')} <{letter.address}>",
        f'To: "{MAILBOX}" <{MAILBOX}>',
        _subject(letter, lambda words: _q_words(words, "iso-8859-1")),
        f"Thread-Topic: {letter.subject[:20] if _is_ascii(letter.subject) else 'acta'}",
        f"Thread-Index: AdcZ{letter.digest[:20]}==",
        f"Date: {_when(letter.at, 0)}",
        f"Message-ID: <{letter.digest[:24].upper()}@{server}>",
        "Accept-Language: es-EC, en-US",
        "Content-Language: es-EC",
        "X-MS-Has-Attach: yes" if letter.files else "X-MS-Has-Attach:",
        "X-MS-TNEF-Correlator:",
        "X-Auto-Response-Suppress: DR, OOF, AutoReply",
        f'Content-Type: multipart/mixed;\r\n\tboundary="{outer}"',
        "MIME-Version: 1.0",
    ]
    logo = f"image001.png@01DC2A{letter.digest[:2].upper()}.{letter.digest[2:10].upper()}"
    html = _html(letter.text).replace("</body>", f'<p><img src="cid:{logo}" alt="logo"></p></body>')
    latin = 'charset="iso-8859-1"\r\nContent-Transfer-Encoding: quoted-printable\r\n'
    body = [
        f"--{outer}",
        f'Content-Type: multipart/related;\r\n\tboundary="{middle}";\r\n\ttype="multipart/alternative"\r\n',
        f'--{middle}\r\nContent-Type: multipart/alternative;\r\n\tboundary="{inner}"\r\n',
        f"--{inner}\r\nContent-Type: text/plain; {latin}",
        _quoted_printable(letter.text, "iso-8859-1"),
        f"--{inner}\r\nContent-Type: text/html; {latin}",
        _quoted_printable(html, "iso-8859-1"),
        f"--{inner}--\r\n",
        f'--{middle}\r\nContent-Type: image/png; name="image001.png"\r\nContent-Description: image001.png\r\n'
        f'Content-Disposition: inline; filename="image001.png"; size={len(_logo())};\r\n'
        f"Content-ID: <{logo}>\r\nContent-Transfer-Encoding: base64\r\n",
        _base64(_logo()),
        f"--{middle}--\r\n",
    ]
    for file in letter.files:
        named = file.name if _is_ascii(file.name) else _q_words(file.name, "iso-8859-1")
        body += [
            f'--{outer}\r\nContent-Type: {file.declared}; name="{named}"\r\nContent-Description: {named}\r\n'
            f'Content-Disposition: attachment; filename="{named}"; size={len(file.content)};\r\n'
            f'\tcreation-date="{_when(letter.at, 0)[:-6]} GMT"\r\nContent-Transfer-Encoding: base64\r\n',
            _base64(file.content),
        ]
    return _assemble(headers, "\r\n".join([*body, f"--{outer}--\r\n"]), letter.raw_subject)


def _gmail(letter: Letter) -> bytes:
    """Gmail in the browser: MIME-Version first, UTF-8 in B, an attachment id for each file."""
    outer, inner = (f"000000000000{letter.digest[at : at + 16]}" for at in (0, 16))
    headers = [
        *_border(letter, "mail-ot1-f41.gmail.example"),
        "MIME-Version: 1.0",
        f"From: {letter.name if _is_ascii(letter.name) else _b_word(letter.name)} <{letter.address}>",
        f"Date: {_when(letter.at)}",
        f"Message-ID: <CAK{letter.digest[:30]}@mail.gmail.example>",
        _subject(letter, _b_words),
        f"To: {MAILBOX}",
        f'Content-Type: multipart/mixed; boundary="{outer}"',
    ]
    body = [
        f'--{outer}\r\nContent-Type: multipart/alternative; boundary="{inner}"\r\n',
        f'--{inner}\r\nContent-Type: text/plain; charset="UTF-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n',
        _quoted_printable(letter.text, "utf-8"),
        f'\r\n--{inner}\r\nContent-Type: text/html; charset="UTF-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n',
        _quoted_printable(f'<div dir="ltr">{_html(letter.text)[25:-14]}</div>', "utf-8"),
        f"\r\n--{inner}--",
    ]
    for number, file in enumerate(letter.files):
        named = file.name if _is_ascii(file.name) else _b_word(file.name)
        ident = f"f_{letter.digest[number : number + 10]}"
        body += [
            f'--{outer}\r\nContent-Type: {file.declared}; name="{named}"\r\n'
            f'Content-Disposition: attachment; filename="{named}"\r\n'
            f"Content-Transfer-Encoding: base64\r\nContent-ID: <{ident}>\r\nX-Attachment-Id: {ident}\r\n",
            _base64(file.content),
        ]
    return _assemble(headers, "\r\n".join([*body, f"--{outer}--\r\n"]), letter.raw_subject)


def _iphone(letter: Letter) -> bytes:
    """Mail on an iPhone: decomposed letters (NFD), photos inline between two pieces of text."""
    ident = letter.digest.upper()
    uuid = f"{ident[:8]}-{ident[8:12]}-{ident[12:16]}-{ident[16:20]}-{ident[20:32]}"
    outer = f"Apple-Mail-{uuid}"
    headers = [
        *_border(letter, "st43p00im-zteg10061901.me.example"),
        f"Content-Type: multipart/mixed; boundary={outer}",
        "Content-Transfer-Encoding: 7bit",
        f"From: {_q_words(normalize('NFD', letter.name), 'utf-8')} <{letter.address}>",
        "Mime-Version: 1.0 (1.0)",
        f"Date: {_when(letter.at)}",
        _subject(letter, lambda words: _q_words(normalize("NFD", words), "utf-8", 20)),
        f"Message-Id: <{uuid}@me.example>",
        f"To: {MAILBOX}",
        "X-Mailer: iPhone Mail (21G93)",
    ]
    body = []
    for file in letter.files:
        body += [
            f"\r\n--{outer}\r\nContent-Type: {file.declared};\r\n\tname={file.name};\r\n"
            f"\tx-apple-part-url={ident[:8]}\r\nContent-Disposition: inline;\r\n\tfilename={file.name}\r\n"
            "Content-Transfer-Encoding: base64\r\n",
            _base64(file.content),
        ]
    body += [
        f"--{outer}\r\nContent-Type: text/plain;\r\n\tcharset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n",
        _quoted_printable(f"{letter.text}\n\nEnviado desde mi iPhone", "utf-8"),
    ]
    return _assemble(headers, "\r\n".join([*body, f"--{outer}--\r\n"]), letter.raw_subject)


def _samsung(letter: Letter) -> bytes:
    """The mail program of Samsung's phones: everything in base64, also the text."""
    outer = f"--_com.samsung.android.email_{int(letter.digest[:12], 16)}"
    inner = f"--_com.samsung.android.email_{int(letter.digest[12:24], 16)}"
    headers = [
        *_border(letter, "smtp.buzon.example"),
        f"Date: {_when(letter.at)}",
        _subject(letter, lambda words: _b_words(words, "UTF-8", 30)),
        "Importance: normal",
        f"From: {_b_word(letter.name)} <{letter.address}>",
        f"To: {MAILBOX}",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/mixed; boundary="{outer}"',
        f"Message-Id: <{letter.digest[:10]}.{letter.digest[10:18]}@{letter.address.rpartition('@')[2]}>",
    ]
    body = [
        f'--{outer}\r\nContent-Type: multipart/alternative; boundary="{inner}"\r\n',
        f"--{inner}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n",
        _base64(f"{letter.text}\n\nEnviado desde mi Galaxy\n".encode()),
        f"--{inner}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n",
        _base64(_html(letter.text).encode()),
        f"--{inner}--\r\n",
    ]
    for file in letter.files:
        body += [
            f'--{outer}\r\nContent-Type: {file.declared}; name="{_b_word(file.name)}"\r\n'
            f"Content-Transfer-Encoding: base64\r\n"
            f'Content-Disposition: attachment; filename="{_b_word(file.name)}"\r\n',
            _base64(file.content),
        ]
    return _assemble(headers, "\r\n".join([*body, f"--{outer}--\r\n"]), letter.raw_subject)


def _thunderbird(letter: Letter) -> bytes:
    """Thunderbird: plain text in 8bit, file names by RFC 2231, a boundary of dashes."""
    outer = f"------------{letter.digest[:24]}"
    headers = [
        *_border(letter, "smtp.hogar.example"),
        f"Message-ID: <{letter.digest[:8]}-{letter.digest[8:12]}-4{letter.digest[13:16]}@hogar.example>",
        f"Date: {_when(letter.at)}",
        "MIME-Version: 1.0",
        "User-Agent: Mozilla Thunderbird",
        "Content-Language: es-EC",
        f"To: {MAILBOX}",
        f"From: {letter.name if _is_ascii(letter.name) else _q_words(letter.name, 'UTF-8')} <{letter.address}>",
        _subject(letter, lambda words: _q_words(words, "UTF-8", 30)),
        f'Content-Type: multipart/mixed;\r\n boundary="{outer}"',
    ]
    body = [
        f"This is a multi-part message in MIME format.\r\n--{outer}",
        "Content-Type: text/plain; charset=UTF-8; format=flowed\r\nContent-Transfer-Encoding: 8bit\r\n",
        letter.text.replace("\n", "\r\n"),
    ]
    for file in letter.files:
        coded = "".join(
            chr(o) if (o < 128 and chr(o).isalnum()) or o in b".-_" else f"%{o:02X}" for o in file.name.encode()
        )
        body += [
            f"\r\n--{outer}\r\nContent-Type: {file.declared};\r\n name*=UTF-8''{coded}\r\n"
            f"Content-Disposition: attachment;\r\n filename*0*=UTF-8''{coded[:18]};\r\n filename*1*={coded[18:]}\r\n"
            "Content-Transfer-Encoding: base64\r\n",
            _base64(file.content, 72),
        ]
    return _assemble(headers, "\r\n".join([*body, f"--{outer}--\r\n"]), letter.raw_subject)


def _webmail(letter: Letter) -> bytes:
    """An old webmail of a local provider: latin-1 octets in headers and text as they were typed."""
    outer = f"=_{letter.digest[:32]}"
    headers = [
        *_border(letter, "webmail.andinet.example"),
        "MIME-Version: 1.0",
        f'Content-Type: multipart/mixed;\r\n boundary="{outer}"',
        f"Date: {_when(letter.at)}",
        f"From: {letter.address}",
        f"To: <{MAILBOX}>",
        "Subject: *",
        f"Message-ID: <{letter.digest[:32]}@webmail.andinet.example>",
        f"X-Sender: {letter.address}",
        "X-Mailer: Correo Web",
    ]
    body = [
        f"--{outer}\r\nContent-Transfer-Encoding: 8bit\r\nContent-Type: text/plain; charset=ISO-8859-1\r\n",
        # Octets above 127 go through as they are: the joining encodes surrogates back to them.
        letter.text.replace("\n", "\r\n").encode("latin-1").decode("utf-8", "surrogateescape"),
    ]
    for file in letter.files:
        body += [
            f"--{outer}\r\nContent-Transfer-Encoding: base64\r\nContent-Type: {file.declared};\r\n name={file.name}\r\n"
            f"Content-Disposition: attachment;\r\n filename={file.name};\r\n size={len(file.content)}\r\n",
            _base64(file.content),
        ]
    raw = letter.raw_subject or letter.subject.encode("latin-1")
    return _assemble(headers, "\r\n".join([*body, f"--{outer}--\r\n"]), raw)


def _scanner(letter: Letter) -> bytes:
    """An office scanner: no text, the PDF as application/octet-stream, names in capitals."""
    outer = f"KM_BOUNDARY_{letter.digest[:10]}"
    headers = [
        *_border(letter, "copiadora.papeleria.example"),
        f"From: {letter.address}",
        f"To: {MAILBOX}",
        _subject(letter, _b_word),
        f"Date: {_when(letter.at)}",
        f"Message-ID: <{letter.digest[:16].upper()}@copiadora>",
        "MIME-Version: 1.0",
        f'Content-Type: Multipart/Mixed;\r\n boundary="{outer}"',
        "X-Mailer: ESCANER",
    ]
    body = []
    for file in letter.files:
        named = f';\r\n name="{file.name}"' if file.name else ""
        body += [
            f"--{outer}\r\nContent-Type: {file.declared}{named}\r\nContent-Transfer-Encoding: BASE64\r\n",
            _base64(file.content, 64),
        ]
    return _assemble(headers, "\r\n".join([*body, f"--{outer}--\r\n"]), letter.raw_subject)


def _bare(letter: Letter) -> bytes:
    """No multipart at all: the one file is the whole mail (a fax gateway)."""
    (file,) = letter.files
    headers = [
        *_border(letter, "fax.oficina.example"),
        f"From: {letter.name} <{letter.address}>",
        f"To: {MAILBOX}",
        _subject(letter, _b_words),
        f"Date: {_when(letter.at)}",
        f"Message-ID: <{letter.digest[:20]}@fax.oficina.example>",
        "MIME-Version: 1.0",
        f'Content-Type: {file.declared}; name="{file.name}"',
        "Content-Transfer-Encoding: base64",
        f'Content-Disposition: attachment; filename="{file.name}"',
    ]
    return _assemble(headers, _base64(file.content) + "\r\n", letter.raw_subject)


def _plain(letter: Letter) -> bytes:
    """A text without any attachment, from whatever writes such mails."""
    headers = [
        *_border(letter, "smtp.correo.example"),
        f"From: {_b_word(letter.name)} <{letter.address}>",
        f"To: {MAILBOX}",
        _subject(letter, _b_words),
        f"Date: {_when(letter.at)}",
        f"Message-ID: <{letter.digest[:20]}@correo.example>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: base64",
    ]
    return _assemble(headers, _base64(letter.text.encode()) + "\r\n", letter.raw_subject)


def _forwarded(letter: Letter, inner: bytes) -> bytes:
    """A mail that carries another mail as its attachment."""
    outer = f"----=_Part_{int(letter.digest[:8], 16)}"
    headers = [
        *_border(letter, "smtp.correo.example"),
        f"From: {_b_word(letter.name)} <{letter.address}>",
        f"To: {MAILBOX}",
        _subject(letter, _b_words),
        f"Date: {_when(letter.at)}",
        f"Message-ID: <{letter.digest[:20]}@correo.example>",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/mixed; boundary="{outer}"',
    ]
    head = (
        f"--{outer}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n{letter.text}\r\n--{outer}\r\n"
        'Content-Type: message/rfc822\r\nContent-Disposition: attachment; filename="acta.eml"\r\n\r\n'
    )
    return b"".join((_assemble(headers, head), inner, f"\r\n--{outer}--\r\n".encode()))


def _signed(letter: Letter) -> bytes:
    """A mail with a signature file (RFC 8551 3.5.3): the signature is no evidence."""
    whole = _thunderbird(letter).decode("utf-8")
    head, _, body = whole.partition("\r\n\r\n")
    at = head.index("Content-Type: multipart/mixed")
    outer = f"----{letter.digest[:30].upper()}"
    wrapped = (
        f'{head[:at]}Content-Type: multipart/signed;\r\n protocol="application/pkcs7-signature"; micalg=sha-256;\r\n'
        f' boundary="{outer}"\r\n\r\nThis is a cryptographically signed message in MIME format.\r\n\r\n--{outer}\r\n'
        f"{head[at:]}\r\n\r\n{body}\r\n--{outer}\r\n"
        'Content-Type: application/pkcs7-signature; name="smime.p7s"\r\nContent-Transfer-Encoding: base64\r\n'
        'Content-Disposition: attachment; filename="smime.p7s"\r\n\r\n'
        f"{_base64(hashlib.sha512(letter.digest.encode()).digest() * 8)}\r\n--{outer}--\r\n"
    )
    return wrapped.encode()


@cache
def _logo() -> bytes:
    """A small picture as it stands in signatures."""
    picture = Paper(Layout.MODEM, "", "", "", Line.INTERNET_FIJO, date(2020, 1, 1))
    return draw(picture, Form(Medium.FLAT_PNG, dpi=20))


# ── the samples ──────────────────────────────────────────────────────────────────────────────────

_GREETING = (
    "Buenos días,\n\nAdjunto el acta de entrega de los equipos que ya devolví en sus oficinas. "
    "Solicito se retire el valor de mi factura.\n\nGracias."
)
_TEXT = Form(Medium.TEXT_PDF)


def _pdf(content: bytes, name: str = "acta.pdf") -> File:
    return File(content, name, "application/pdf")


def _jpeg(content: bytes, name: str = "IMG_0412.jpg") -> File:
    return File(content, name, "image/jpeg")


def _from(account: Account, key: str, *files: File, subject: str = "", text: str = _GREETING) -> Letter:
    address = account.email or f"{account.holder.split()[-1].lower()}.{account.service[-3:]}@buzon.example"
    address = normalize("NFD", address).encode("ascii", "ignore").decode()
    return Letter(key, account.holder.title(), address, subject or account.subject(), text, files)


@cache
def samples() -> tuple[Sample, ...]:
    """All sample mails, in the order in which they arrive.  The same bytes at each call.

    Drawing the papers takes some seconds of one processor.  Order matters: a resent certificate comes
    after the one it repeats.
    """
    made = (*_right(), *_subjects(), *_money(), *_faults(), *_people(), *_repeats(), *_machines())
    names = [sample.name for sample in made]
    if len(set(names)) != len(names):
        raise AssertionError("two samples of one name")
    return made


def _right() -> tuple[Sample, ...]:
    """Mails that are right, from every program, in every form of paper."""
    who = people()
    many = replace(who[8].paper(Layout.RETIRO), holder=who[8].holder)
    raw_bytes = who[5].subject().encode("latin-1")
    return (
        Sample(
            "claim-with-text-pdf",
            "The plain right mail: Gmail, the deck's subject, the certificate as a text PDF.",
            _gmail(_from(who[0], "text-pdf", _pdf(draw(who[0].paper(Layout.CARTA), _TEXT)))),
        ),
        Sample(
            "outlook-scan-with-logo",
            "Outlook with an iso-8859-1 subject, a scanned form and the company logo in the signature.",
            _outlook(
                _from(
                    who[38],
                    "outlook",
                    _pdf(draw(who[38].paper(Layout.COLUMNAS), Form(Medium.SCAN_PDF, 2)), "ACTA CNT.pdf"),
                )
            ),
        ),
        Sample(
            "iphone-photo-turned",
            "A photo from an iPhone, held sideways (EXIF says so), the subject in decomposed letters; not charged yet.",
            _iphone(
                _from(
                    who[32],
                    "iphone",
                    _jpeg(draw(who[32].paper(Layout.RECIBO), Form(Medium.PHOTO_JPEG, 3, turned=90, exif=True))),
                )
            ),
        ),
        Sample(
            "samsung-two-photos-of-one-acta",
            "Two overlapping photos of one certificate from a Samsung phone: two decoders.",
            _samsung(
                _from(
                    who[24],
                    "samsung",
                    *(
                        _jpeg(photo, f"20250{number + 1}_Acta_devolución.jpg")
                        for number, photo in enumerate(photos(who[24].paper(Layout.COLUMNAS), 2, 4))
                    ),
                )
            ),
        ),
        Sample(
            "thunderbird-file-name-in-pieces",
            "Thunderbird: the file name in RFC 2231 pieces, 8bit text; a telephone fetched at home.",
            _thunderbird(
                _from(
                    who[44],
                    "thunderbird",
                    _pdf(draw(who[44].paper(Layout.RETIRO), _TEXT), "Hoja de retiro Cañar número 1.pdf"),
                )
            ),
        ),
        Sample(
            "webmail-raw-latin1-subject",
            "A provider's webmail that puts latin-1 octets into the Subject as they are.",
            _webmail(
                replace(
                    _from(who[5], "webmail", _pdf(draw(who[5].paper(Layout.MEMORANDO), _TEXT))), raw_subject=raw_bytes
                )
            ),
        ),
        Sample(
            "scanner-octet-stream-without-text",
            "An office scanner: application/octet-stream without a name, and no text at all.",
            _scanner(
                _from(
                    who[6],
                    "scanner",
                    File(
                        draw(who[6].paper(Layout.CARTA), Form(Medium.SCAN_PDF, 7, dpi=150)),
                        "",
                        "application/octet-stream",
                    ),
                )
            ),
        ),
        Sample(
            "scanner-that-says-auto-generated",
            "The same kind of scanner, marked Auto-Submitted: auto-generated; evidence, but nobody to answer.",
            _scanner(
                replace(
                    _from(
                        who[7],
                        "scanner-auto",
                        File(
                            draw(who[7].paper(Layout.CARTA), Form(Medium.SCAN_PDF, 8)),
                            "DOC0012.PDF",
                            "application/octet-stream",
                        ),
                    ),
                    extra=("Auto-Submitted: auto-generated",),
                )
            ),
        ),
        Sample(
            "three-photos-of-one-sheet",
            "Three photos of one sheet filled in at home, as PNG and JPEG, in one mail from Outlook.",
            _outlook(
                _from(
                    who[8],
                    "three",
                    *(_jpeg(photo, f"WhatsApp Image {number}.jpeg") for number, photo in enumerate(photos(many, 3, 9))),
                )
            ),
        ),
        Sample(
            "photo-as-png",
            "A photo of a memo saved as PNG.",
            _gmail(
                _from(
                    who[33],
                    "png",
                    File(
                        draw(who[33].paper(Layout.MEMORANDO), Form(Medium.FLAT_PNG, 10, dpi=110)),
                        "acta.png",
                        "image/png",
                    ),
                )
            ),
        ),
        Sample(
            "acta-behind-a-cover-page",
            "A PDF of two pages: the confirmation of the turn first, the certificate behind it.",
            _gmail(_from(who[9], "cover", _pdf(pages(who[9].paper(Layout.TURNO), who[9].paper(Layout.CARTA))))),
        ),
        Sample(
            "acta-with-other-papers",
            "The certificate together with a copy of the identity card and a picture of the modem.",
            _gmail(
                _from(
                    who[39],
                    "others",
                    _jpeg(draw(who[39].paper(Layout.CEDULA), Form(Medium.PHOTO_JPEG, 11)), "cedula.jpg"),
                    _pdf(draw(who[39].paper(Layout.COLUMNAS), _TEXT)),
                    _jpeg(draw(who[39].paper(Layout.MODEM), Form(Medium.PHOTO_JPEG, 12)), "modem.jpg"),
                )
            ),
        ),
        Sample(
            "whole-mail-is-the-pdf",
            "No multipart: the mail's only body is the PDF, as a fax gateway writes it.",
            _bare(_from(who[10], "bare", _pdf(draw(who[10].paper(Layout.RECIBO), _TEXT), "fax.pdf"))),
        ),
        Sample(
            "signed-mail",
            "A mail with an S/MIME signature, whose smime.p7s is no evidence.",
            _signed(_from(who[11], "smime", _pdf(draw(who[11].paper(Layout.MEMORANDO), _TEXT)))),
        ),
        Sample(
            "serial-printed-in-hex",
            "The certificate prints the optical terminal's serial as 16 hex digits, the case list as letters.",
            _gmail(_from(who[12], "hex", _pdf(draw(_in_hex(who[12].paper(Layout.COLUMNAS)), _TEXT)))),
        ),
        Sample(
            "honest-sender-without-proof",
            "Right in everything, but our border server left no word about the sender.",
            _gmail(replace(_from(who[15], "unproven", _pdf(draw(who[15].paper(Layout.CARTA), _TEXT))), border="")),
        ),
    )


def _in_hex(paper: Paper) -> Paper:
    """A GPON serial's four vendor letters written as the hex of their octets."""
    (one,) = paper.equipment
    return replace(paper, equipment=(replace(one, serial=one.serial[:4].encode().hex().upper() + one.serial[4:]),))


def _subjects() -> tuple[Sample, ...]:
    """Subjects in every encoding and with every slip; the certificate is right each time."""
    who = people()

    def one(place: int, name: str, says: str, subject: str, program: Callable[[Letter], bytes] = _gmail) -> Sample:
        account = who[place]
        letter = _from(account, name, _pdf(draw(account.paper(Layout.CARTA), _TEXT)), subject=subject)
        return Sample(name, says, program(letter))

    def raw(place: int, name: str, says: str, subject: bytes) -> Sample:
        account = who[place]
        letter = _from(account, name, _pdf(draw(account.paper(Layout.RECIBO), _TEXT)))
        return Sample(name, says, _gmail(replace(letter, raw_subject=subject)))

    cut = who[16].subject()
    octets = cut.encode()
    middle = next(at for at, octet in enumerate(octets) if octet == 0xC3) + 1
    folded = normalize("NFD", who[17].subject()).encode("ascii", "ignore")
    inner = replace(
        _from(who[14], "inner", _pdf(draw(who[14].paper(Layout.MEMORANDO), _TEXT)), subject="acta de equipos"),
        border="",
    )
    return (
        raw(
            16,
            "accent-cut-between-two-encoded-words",
            "Two B encoded-words cut in the middle of an accented letter's octets.",
            b"=?utf-8?B?"
            + base64.b64encode(octets[:middle])
            + b"?=\r\n =?utf-8?B?"
            + base64.b64encode(octets[middle:])
            + b"?=",
        ),
        raw(
            17,
            "folded-behind-the-slashes",
            "A plain subject folded right behind the first double slash.",
            folded.replace(b"//", b"//\r\n ", 1),
        ),
        one(
            18,
            "forwarded-by-prefix-rv",
            "RV: RE: in front, from Outlook, forwarded by the customer to us.",
            f"RV: RE: {who[18].subject()}",
            _outlook,
        ),
        Sample(
            "forwarded-as-attachment",
            "The right subject outside, the mail with the certificate inside as message/rfc822.",
            _forwarded(_from(who[14], "outer", text="Reenvio el correo con el acta."), _gmail(inner)),
        ),
        one(19, "lower-case-with-blanks", "Lower case, blanks round the slashes, a final dot.", _loosely(who[19])),
        one(
            20,
            "look-alike-slashes",
            "Full-width slashes and a zero-width space from a telephone's keyboard.",
            who[20].subject().replace("//", "／／").replace(" ", "\u200b ", 1),
            _iphone,
        ),
        one(
            21,
            "single-slashes",
            "Single slashes; the certificate confirms who is meant.",
            who[21].subject().replace("//", "/"),
        ),
        one(
            22,
            "fields-in-another-order",
            "Name first, then number, then service; the certificate confirms who is meant.",
            f"{who[22].holder}//{who[22].id_number}//INTERNET FIJO",
        ),
        one(
            4,
            "nine-digits-zero-lost",
            "A cédula of Cotopaxi that lost its leading zero; the certificate shows all ten digits.",
            who[4].subject().removeprefix("0"),
        ),
        one(
            23,
            "ruc-instead-of-cedula",
            "The holder's RUC (cédula and 001) where the cédula is asked for; the certificate shows the cédula.",
            who[23].subject().replace("//", "001//", 1),
        ),
        one(
            34,
            "line-of-business-missing",
            "Two fields only; the certificate tells which service.",
            f"{who[34].id_number}//{who[34].holder}",
        ),
        one(
            45,
            "fijo-with-one-open-line",
            "FIJO may be Internet or telephone; this customer has one service only.",
            who[45].subject("FIJO"),
        ),
        Sample(
            "number-only-in-the-text",
            "A subject that says nothing; the text labels the number, the certificate shows the rest.",
            _gmail(
                _from(
                    who[35],
                    "labelled",
                    _pdf(draw(who[35].paper(Layout.CARTA), _TEXT)),
                    subject="acta cnt",
                    text=f"Buenas tardes, envío el acta.\n{who[35].holder}\nC.I.: {who[35].id_number}\n",
                )
            ),
        ),
    )


def _loosely(account: Account) -> str:
    return account.subject().lower().replace("//", " // ") + "."


def _money() -> tuple[Sample, ...]:
    """Right certificates of which not everything can simply be reversed."""
    who = people()
    internet, television = who[54], who[55]
    pack, pack_tv = who[56], who[57]
    partial = who[25].paper(Layout.CARTA)
    return (
        Sample(
            "two-services-two-actas",
            "INTERNET Y TV: one customer, two services, two certificates in one mail.",
            _gmail(
                _from(
                    internet,
                    "two",
                    _pdf(draw(internet.paper(Layout.CARTA), _TEXT), "internet.pdf"),
                    _pdf(draw(television.paper(Layout.COLUMNAS), _TEXT), "television.pdf"),
                    subject=internet.subject("INTERNET Y TV"),
                )
            ),
        ),
        Sample(
            "package-with-one-acta",
            "PAQUETE: one certificate with the equipment of both services.",
            _outlook(
                _from(
                    pack,
                    "pack",
                    _pdf(
                        draw(
                            replace(
                                pack.paper(Layout.RETIRO),
                                line=Line.PAQUETE,
                                equipment=(*pack.equipment, *pack_tv.equipment),
                            ),
                            _TEXT,
                        )
                    ),
                    subject=pack.subject("PAQUETE"),
                )
            ),
        ),
        Sample(
            "partial-return",
            "The certificate shows one of two decoders.",
            _gmail(_from(who[25], "partial", _pdf(draw(replace(partial, equipment=partial.equipment[:1]), _TEXT)))),
        ),
        Sample(
            "value-already-paid",
            "The value was charged and paid before the certificate came.",
            _gmail(_from(who[48], "paid", _pdf(draw(who[48].paper(Layout.COLUMNAS), _TEXT)))),
        ),
        Sample(
            "claim-is-open",
            "A formal claim on this case is open in another department.",
            _outlook(_from(who[50], "claim", _pdf(draw(who[50].paper(Layout.CARTA), _TEXT)))),
        ),
        Sample(
            "case-in-collection",
            "The case is in forced collection.",
            _gmail(_from(who[52], "collection", _pdf(draw(who[52].paper(Layout.MEMORANDO), _TEXT)))),
        ),
    )


def _faults() -> tuple[Sample, ...]:
    """Mails that the customer can mend."""
    who = people()
    whole = draw(who[29].paper(Layout.CARTA), _TEXT)
    return (
        Sample(
            "no-attachment",
            "The right subject and no file.",
            _plain(_from(who[26], "none", text="Adjunto el acta de entrega.")),
        ),
        Sample(
            "link-instead-of-file",
            "A link into a cloud instead of the file.",
            _plain(
                _from(who[27], "link", text="Les comparto el acta:\nhttps://drive.google.com/file/d/1x0x0x0/view\n")
            ),
        ),
        Sample(
            "example-copied",
            "The subject is the deck's example, letter by letter, without a file.",
            _plain(
                _from(
                    stranger(1), "example", subject="1716568499//GOYES BALSECA JUAN CARLOS//TELEVISIÓN", text="Mi acta."
                )
            ),
        ),
        Sample(
            "installation-acta",
            "The certificate of installation, with the right serial: the customer received the equipment.",
            _gmail(
                _from(
                    who[28],
                    "installation",
                    _pdf(draw(who[28].paper(Layout.CARTA, direction=Direction.INSTALACION), _TEXT)),
                )
            ),
        ),
        Sample(
            "invoice-instead-of-acta",
            "The invoice with the charge.",
            _outlook(_from(who[36], "invoice", _pdf(draw(who[36].paper(Layout.FACTURA), _TEXT), "factura.pdf"))),
        ),
        Sample(
            "payment-receipt-instead-of-acta",
            "A photo of a receipt of payment.",
            _samsung(
                _from(who[37], "receipt", _jpeg(draw(who[37].paper(Layout.COMPROBANTE), Form(Medium.PHOTO_JPEG, 13))))
            ),
        ),
        Sample(
            "turn-confirmation-instead-of-acta",
            "The confirmation of a turn to hand the equipment in.",
            _gmail(_from(who[40], "turn", _pdf(draw(who[40].paper(Layout.TURNO), _TEXT), "turno.pdf"))),
        ),
        Sample(
            "another-operators-acta",
            "A certificate of return of another operator.",
            _gmail(
                _from(
                    who[41],
                    "operator",
                    _pdf(
                        draw(
                            replace(
                                who[41].paper(Layout.CARTA),
                                company="ANDINET TELECOMUNICACIONES S.A.",
                                office="Agencia Norte",
                                equipment=(Equipment(EquipmentType.ONT, "ZTE", "F609", "ZTEG0A0B0C0D"),),
                                service="77001122",
                            ),
                            _TEXT,
                        )
                    ),
                )
            ),
        ),
        Sample(
            "campaign-screenshot",
            "A screenshot of the campaign's message.",
            _iphone(
                _from(
                    who[42],
                    "campaign",
                    File(
                        draw(who[42].paper(Layout.CAMPANA), Form(Medium.FLAT_PNG, dpi=110)), "IMG_0007.PNG", "image/png"
                    ),
                )
            ),
        ),
        Sample(
            "photo-of-the-modem",
            "A picture of the box itself.",
            _iphone(_from(who[43], "modem", _jpeg(draw(who[43].paper(Layout.MODEM), Form(Medium.PHOTO_JPEG, 14))))),
        ),
        Sample(
            "unreadable-photo",
            "The right certificate, but so blurred that nobody can read it.",
            _samsung(
                _from(
                    who[30],
                    "blurred",
                    _jpeg(draw(who[30].paper(Layout.CARTA), Form(Medium.PHOTO_JPEG, 15, hardness=1))),
                )
            ),
        ),
        Sample(
            "blank-page",
            "The empty back of the sheet was scanned.",
            _scanner(
                _from(
                    who[31],
                    "blank",
                    _pdf(draw(who[31].paper(Layout.BLANCO), Form(Medium.SCAN_PDF, 16, dpi=100)), "SCN.PDF"),
                )
            ),
        ),
        Sample(
            "protected-pdf",
            "A PDF that asks for a password.",
            _gmail(_from(who[46], "protected", _pdf(draw(who[46].paper(Layout.CARTA), Form(Medium.PROTECTED_PDF))))),
        ),
        Sample(
            "damaged-pdf",
            "A PDF of which only the first bytes arrived.",
            _gmail(_from(who[29], "damaged", _pdf(whole[:300]))),
        ),
        Sample(
            "empty-file",
            "A file of no bytes.",
            _outlook(_from(who[47], "empty", _pdf(b""))),
        ),
        Sample(
            "program-as-attachment",
            "A Windows program that calls itself a PDF.",
            _gmail(
                _from(
                    who[13],
                    "exe",
                    File(b"MZ\x90\x00\x03\x00\x00\x00" + bytes(1024), "acta.pdf.exe", "application/x-msdownload"),
                )
            ),
        ),
        Sample(
            "word-document",
            "A document of a word processor, which is not among the formats that are read.",
            _outlook(
                _from(
                    who[1],
                    "word",
                    File(
                        _word_document(),
                        "Acta.docx",
                        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                    ),
                )
            ),
        ),
        Sample(
            "too-big",
            "A mail above the size limit (the limit is set low for it): only its header is fetched.",
            _gmail(
                _from(
                    who[2], "big", _jpeg(draw(who[2].paper(Layout.CARTA), Form(Medium.PHOTO_JPEG, 17))), text="Mi acta."
                )
            ),
        ),
    )


def _word_document() -> bytes:
    """The least that is taken for a document of a word processor."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, text in (
            ("[Content_Types].xml", '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'),
            ("word/document.xml", "<document>ACTA DE DEVOLUCION</document>"),
        ):
            file.writestr(zipfile.ZipInfo(name, (2020, 8, 14, 10, 0, 0)), text)
    return out.getvalue()


def _people() -> tuple[Sample, ...]:
    """Mails that are about somebody else, or about nobody whom the list knows."""
    who = people()
    lost, other = stranger(2), stranger(3)
    sister = who[3].holder.rsplit(" ", 2)[0] + " LUZ AURORA"
    unlike = who[58].paper(Layout.CARTA)
    forged = (
        f"Received: from cliente.example by relay.buzon.example; {_when(datetime(2025, 9, 2, 1, tzinfo=UTC))}",
        f"Authentication-Results: {BORDER}; dmarc=pass header.from=correo.example",
    )
    wrong = who[60].id_number[:9] + str((int(who[60].id_number[9]) + 3) % 10)
    return (
        Sample(
            "no-acta-to-send",
            "The customer returned the equipment and was given no certificate.",
            _plain(
                _from(
                    who[49],
                    "noacta",
                    text="NO TENGO ACTA. Entregué el equipo en el CAC de Ambato en julio de 2020, sin que me dieran papel.",
                )
            ),
        ),
        Sample(
            "never-had-the-service",
            "The sender says that he never contracted the service.",
            _plain(
                _from(
                    who[51],
                    "never",
                    text="Yo nunca contraté ese servicio con ustedes, no es mío. Exijo una explicación.",
                )
            ),
        ),
        Sample(
            "acta-of-another-holder",
            "The subject names one customer, the certificate another who has a case too.",
            _gmail(_from(who[53], "other-holder", _pdf(draw(who[63].paper(Layout.COLUMNAS), _TEXT)))),
        ),
        Sample(
            "name-of-a-sister",
            "The right number and certificate; the subject bears the name of somebody else of the family.",
            _gmail(
                _from(
                    who[3],
                    "sister",
                    _pdf(draw(who[3].paper(Layout.CARTA), _TEXT)),
                    subject=f"{who[3].id_number}//{sister}//INTERNET FIJO",
                )
            ),
        ),
        Sample(
            "other-equipment-on-the-acta",
            "Right holder and service, but the serial is not the one on file.",
            _gmail(
                _from(
                    who[58],
                    "unlike",
                    _pdf(
                        draw(
                            replace(
                                unlike,
                                equipment=(
                                    Equipment(EquipmentType.ONT, "ZTE", "F660", "ZTEG0F1E2D3C", "02:00:5E:00:53:07"),
                                ),
                            ),
                            _TEXT,
                        )
                    ),
                )
            ),
        ),
        Sample(
            "sender-fails-dmarc",
            "A right certificate, but the sender fails DMARC; a forged pass stands below our own header.",
            _gmail(
                replace(
                    _from(who[59], "dmarc", _pdf(draw(who[59].paper(Layout.CARTA), _TEXT))), border="fail", extra=forged
                )
            ),
        ),
        Sample(
            "nobody-on-the-list-with-acta",
            "A valid certificate of ours of somebody who has no case.",
            _gmail(_from(lost, "lost", _pdf(draw(lost.paper(Layout.CARTA), _TEXT)))),
        ),
        Sample(
            "nobody-on-the-list-without-acta",
            "A well-formed subject of somebody who has no case, with the campaign's screenshot.",
            _gmail(
                _from(
                    other,
                    "unknown",
                    File(draw(other.paper(Layout.CAMPANA), Form(Medium.FLAT_PNG, dpi=110)), "captura.png", "image/png"),
                )
            ),
        ),
        Sample(
            "wrong-check-digit",
            "A cédula whose check digit is wrong and that nobody has; no file.",
            _plain(
                _from(
                    stranger(4),
                    "digit",
                    subject=f"{wrong}//{stranger(4).holder}//INTERNET",
                    text="Envío lo solicitado.",
                )
            ),
        ),
        Sample(
            "mobile-line",
            "A mobile service, which is no part of the campaign.",
            _plain(_from(stranger(5), "mobile", subject=stranger(5).subject("MOVIL"), text="Devolví mi chip.")),
        ),
        Sample(
            "stranger-with-wrong-subject",
            "No format, no file, and nothing that proves the sender: answering would be backscatter.",
            _plain(
                replace(_from(stranger(6), "spam", subject="Consulta", text="Hola, quiero información."), border="")
            ),
        ),
    )


def _repeats() -> tuple[Sample, ...]:
    """Mails that come after one of `_right`."""
    who = people()
    again = draw(who[0].paper(Layout.CARTA), _TEXT)
    return (
        Sample(
            "same-acta-sent-again",
            "The first sample's customer sends the same file again, in a new mail.",
            _outlook(
                _from(who[0], "again", _pdf(again, "acta (1).pdf"), text="Reenvío mi acta porque no tengo respuesta.")
            ),
        ),
        Sample(
            "photo-after-acceptance",
            "A customer whose certificate was accepted sends a photo of it, too.",
            _samsung(_from(who[38], "after", _jpeg(draw(who[38].paper(Layout.COLUMNAS), Form(Medium.PHOTO_JPEG, 18))))),
        ),
        Sample(
            "acta-of-the-first-customer-again",
            "Another customer sends the very file that was accepted for the first one.",
            _gmail(_from(who[61], "stolen", _pdf(again))),
        ),
    )


def _machines() -> tuple[Sample, ...]:
    """Mails that no person wrote, or that must not be answered."""
    who = people()
    return (
        Sample(
            "out-of-office",
            "An absence notice that quotes our subject.",
            _plain(
                replace(
                    _from(
                        who[62],
                        "absent",
                        subject=f"Respuesta automática: {who[62].subject()}",
                        text="Estaré fuera de la oficina hasta el lunes.",
                    ),
                    extra=("Auto-Submitted: auto-replied", "X-Auto-Response-Suppress: All", "Precedence: auto_reply"),
                )
            ),
        ),
        Sample("bounce-of-an-answer", "A delivery report on one of our answers.", _bounce()),
        Sample(
            "our-own-answer-comes-back",
            "A loop: an answer of ours, sent back to us by a forwarding rule.",
            _plain(
                replace(
                    _from(who[62], "loop", subject=f"Re: {who[62].subject()}", text="Recibimos su documento."),
                    name="CNT Posventa",
                    address=MAILBOX,
                    extra=("Auto-Submitted: auto-replied", "X-Auto-Response-Suppress: All"),
                )
            ),
        ),
        Sample(
            "newsletter",
            "A newsletter with the marks of a mailing list.",
            _plain(
                replace(
                    _from(
                        stranger(7),
                        "news",
                        subject="Ofertas de septiembre",
                        text="Compre hoy.\nhttps://tienda.example/ofertas",
                    ),
                    name="Tienda Ejemplo",
                    address="boletin@tienda.example",
                    extra=(
                        "Precedence: bulk",
                        "List-Id: <boletin.tienda.example>",
                        "List-Unsubscribe: <https://tienda.example/baja>",
                    ),
                )
            ),
        ),
    )


def _bounce() -> bytes:
    """A report after RFC 3464, as a Spanish-speaking server writes it."""
    at = datetime(2025, 9, 3, 12, tzinfo=UTC)
    headers = [
        "Return-Path: <>",
        f"Received: by {BORDER} (Postfix) id 4XyZ00; {_when(at)} (-05)",
        f"Date: {_when(at)}",
        f"From: MAILER-DAEMON@{BORDER} (Mail Delivery System)",
        "Subject: Undelivered Mail Returned to Sender",
        f"To: {MAILBOX}",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary="4XyZ01/{BORDER}"',
        f"Message-Id: <20250903120000.4XyZ01@{BORDER}>",
    ]
    body = (
        f"This is a MIME-encapsulated message.\r\n\r\n--4XyZ01/{BORDER}\r\nContent-Description: Notification\r\n"
        "Content-Type: text/plain; charset=us-ascii\r\n\r\n"
        "<nadie@buzon.example>: host mx.buzon.example said: 550 5.1.1 User unknown\r\n\r\n"
        f"--4XyZ01/{BORDER}\r\nContent-Description: Delivery report\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; {BORDER}\r\nArrival-Date: {_when(at)}\r\n\r\n"
        "Final-Recipient: rfc822; nadie@buzon.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 User unknown\r\n\r\n"
        f"--4XyZ01/{BORDER}\r\nContent-Description: Undelivered Message\r\nContent-Type: message/rfc822\r\n\r\n"
        f"From: {MAILBOX}\r\nTo: nadie@buzon.example\r\nSubject: Re: 0100000017//NADIE//INTERNET FIJO\r\n"
        "Message-ID: <desconocido@cnt.gob.ec>\r\nAuto-Submitted: auto-replied\r\n\r\nRecibimos su documento.\r\n\r\n"
        f"--4XyZ01/{BORDER}--\r\n"
    )
    return _assemble(headers, body)
