"""How foreign mail programs write: the MIME of each, put together by hand.

Order of headers, style of boundaries, encoded-words cut where that program cuts them, transfer encodings,
names of files.  None of it goes through the standard library's e-mail classes or this project's own
composer, so that the reader is tested on what others write.  The habits are described in the documents of
the formats (RFC 2045-2047, 2231, 3464, 3834, 5322, 8551, 8601) and in the project's notes on real mails;
no mail was copied.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from unicodedata import normalize

from evidence_daemon.demo.papers import Form, Layout, Medium, Paper, draw
from evidence_daemon.model import Line

MAILBOX = "posventagec2@cnt.gob.ec"
BORDER = "mx.cnt.example"
"""The border server whose Authentication-Results the demo trusts (`answers.trusted_authserv_id`)."""


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


def when(at: datetime, hours: int = -5) -> str:
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
        f"\tfor <{MAILBOX}>; {when(letter.at + timedelta(seconds=4))} (-05)"
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


def outlook(letter: Letter) -> bytes:
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
        f"Date: {when(letter.at, 0)}",
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
            f'\tcreation-date="{when(letter.at, 0)[:-6]} GMT"\r\nContent-Transfer-Encoding: base64\r\n',
            _base64(file.content),
        ]
    return _assemble(headers, "\r\n".join([*body, f"--{outer}--\r\n"]), letter.raw_subject)


def gmail(letter: Letter) -> bytes:
    """Gmail in the browser: MIME-Version first, UTF-8 in B, an attachment id for each file."""
    outer, inner = (f"000000000000{letter.digest[at : at + 16]}" for at in (0, 16))
    headers = [
        *_border(letter, "mail-ot1-f41.gmail.example"),
        "MIME-Version: 1.0",
        f"From: {letter.name if _is_ascii(letter.name) else _b_word(letter.name)} <{letter.address}>",
        f"Date: {when(letter.at)}",
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


def iphone(letter: Letter) -> bytes:
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
        f"Date: {when(letter.at)}",
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


def samsung(letter: Letter) -> bytes:
    """The mail program of Samsung's phones: everything in base64, also the text."""
    outer = f"--_com.samsung.android.email_{int(letter.digest[:12], 16)}"
    inner = f"--_com.samsung.android.email_{int(letter.digest[12:24], 16)}"
    headers = [
        *_border(letter, "smtp.buzon.example"),
        f"Date: {when(letter.at)}",
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


def thunderbird(letter: Letter) -> bytes:
    """Thunderbird: plain text in 8bit, file names by RFC 2231, a boundary of dashes."""
    outer = f"------------{letter.digest[:24]}"
    headers = [
        *_border(letter, "smtp.hogar.example"),
        f"Message-ID: <{letter.digest[:8]}-{letter.digest[8:12]}-4{letter.digest[13:16]}@hogar.example>",
        f"Date: {when(letter.at)}",
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


def webmail(letter: Letter) -> bytes:
    """An old webmail of a local provider: latin-1 octets in headers and text as they were typed."""
    outer = f"=_{letter.digest[:32]}"
    headers = [
        *_border(letter, "webmail.andinet.example"),
        "MIME-Version: 1.0",
        f'Content-Type: multipart/mixed;\r\n boundary="{outer}"',
        f"Date: {when(letter.at)}",
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


def scanner(letter: Letter) -> bytes:
    """An office scanner: no text, the PDF as application/octet-stream, names in capitals."""
    outer = f"KM_BOUNDARY_{letter.digest[:10]}"
    headers = [
        *_border(letter, "copiadora.papeleria.example"),
        f"From: {letter.address}",
        f"To: {MAILBOX}",
        _subject(letter, _b_word),
        f"Date: {when(letter.at)}",
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


def bare(letter: Letter) -> bytes:
    """No multipart at all: the one file is the whole mail (a fax gateway)."""
    (file,) = letter.files
    headers = [
        *_border(letter, "fax.oficina.example"),
        f"From: {letter.name} <{letter.address}>",
        f"To: {MAILBOX}",
        _subject(letter, _b_words),
        f"Date: {when(letter.at)}",
        f"Message-ID: <{letter.digest[:20]}@fax.oficina.example>",
        "MIME-Version: 1.0",
        f'Content-Type: {file.declared}; name="{file.name}"',
        "Content-Transfer-Encoding: base64",
        f'Content-Disposition: attachment; filename="{file.name}"',
    ]
    return _assemble(headers, _base64(file.content) + "\r\n", letter.raw_subject)


def plain(letter: Letter) -> bytes:
    """A text without any attachment, from whatever writes such mails."""
    headers = [
        *_border(letter, "smtp.correo.example"),
        f"From: {_b_word(letter.name)} <{letter.address}>",
        f"To: {MAILBOX}",
        _subject(letter, _b_words),
        f"Date: {when(letter.at)}",
        f"Message-ID: <{letter.digest[:20]}@correo.example>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: base64",
    ]
    return _assemble(headers, _base64(letter.text.encode()) + "\r\n", letter.raw_subject)


def forwarded(letter: Letter, inner: bytes) -> bytes:
    """A mail that carries another mail as its attachment."""
    outer = f"----=_Part_{int(letter.digest[:8], 16)}"
    headers = [
        *_border(letter, "smtp.correo.example"),
        f"From: {_b_word(letter.name)} <{letter.address}>",
        f"To: {MAILBOX}",
        _subject(letter, _b_words),
        f"Date: {when(letter.at)}",
        f"Message-ID: <{letter.digest[:20]}@correo.example>",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/mixed; boundary="{outer}"',
    ]
    head = (
        f"--{outer}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n{letter.text}\r\n--{outer}\r\n"
        'Content-Type: message/rfc822\r\nContent-Disposition: attachment; filename="acta.eml"\r\n\r\n'
    )
    return b"".join((_assemble(headers, head), inner, f"\r\n--{outer}--\r\n".encode()))


def signed(letter: Letter) -> bytes:
    """A mail with a signature file (RFC 8551 3.5.3): the signature is no evidence."""
    whole = thunderbird(letter).decode("utf-8")
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


def bounce() -> bytes:
    """A report after RFC 3464, as a Spanish-speaking server writes it."""
    at = datetime(2025, 9, 3, 12, tzinfo=UTC)
    headers = [
        "Return-Path: <>",
        f"Received: by {BORDER} (Postfix) id 4XyZ00; {when(at)} (-05)",
        f"Date: {when(at)}",
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
        f"Reporting-MTA: dns; {BORDER}\r\nArrival-Date: {when(at)}\r\n\r\n"
        "Final-Recipient: rfc822; nadie@buzon.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 User unknown\r\n\r\n"
        f"--4XyZ01/{BORDER}\r\nContent-Description: Undelivered Message\r\nContent-Type: message/rfc822\r\n\r\n"
        f"From: {MAILBOX}\r\nTo: nadie@buzon.example\r\nSubject: Re: 0100000017//NADIE//INTERNET FIJO\r\n"
        "Message-ID: <desconocido@cnt.gob.ec>\r\nAuto-Submitted: auto-replied\r\n\r\nRecibimos su documento.\r\n\r\n"
        f"--4XyZ01/{BORDER}--\r\n"
    )
    return _assemble(headers, body)


@cache
def _logo() -> bytes:
    """A small picture as it stands in signatures."""
    picture = Paper(Layout.MODEM, "", "", "", Line.INTERNET_FIJO, date(2020, 1, 1))
    return draw(picture, Form(Medium.FLAT_PNG, dpi=20))
