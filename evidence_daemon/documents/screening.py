"""What an attachment is, by its bytes; and what is refused before anything opens it.  Pure.

Names and declared types are not believed.  Limits: 25 MB a file, 60 MB a mail (measured on real mail:
honest scans and photos stay far below); what is wrapped counts like what is not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from evidence_daemon.model import ReasonCode

MAX_FILE_BYTES = 25_000_000
MAX_MAIL_BYTES = 60_000_000
MAX_ENTRIES = 50
"""Parts of one container."""
MAX_RATIO = 250
"""How many times larger than packed a part may be: the emptiest scan as BMP shrinks to a hundredth, a bomb to a
thousandth."""
MAX_DEPTH = 3
"""Containers within one another: a mail in a mail that holds an archive."""


class Form(StrEnum):
    """Which parser takes it."""

    PDF = "PDF"
    IMAGE = "IMAGE"
    ZIP = "ZIP"
    """An archive, or what Office writes."""
    MAIL = "MAIL"
    """A mail saved as a file (.eml)."""
    TNEF = "TNEF"
    """winmail.dat."""
    OUTLOOK = "OUTLOOK"
    """A message saved by Outlook (.msg)."""


CONTAINERS = frozenset({Form.ZIP, Form.MAIL, Form.TNEF, Form.OUTLOOK})
"""What holds other files."""


@dataclass(frozen=True, slots=True)
class Readable:
    """May be opened, in the cage."""

    form: Form
    media_type: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Is not opened; `detail` is for staff."""

    reason: ReasonCode
    detail: str


class Fault(StrEnum):
    """Why a cell takes nothing out of a file."""

    PROTECTED = "PROTECTED"
    DAMAGED = "DAMAGED"
    TOO_BIG = "TOO_BIG"
    TOO_MANY = "TOO_MANY"
    BOMB = "BOMB"
    NESTED = "NESTED"
    PROGRAM = "PROGRAM"
    UNKNOWN_METHOD = "UNKNOWN_METHOD"
    NO_PICTURES = "NO_PICTURES"
    NOTHING_INSIDE = "NOTHING_INSIDE"


TOO_DEEP = Refused(ReasonCode.ADJUNTO_FORMATO, "archivos dentro de archivos, más hondo de lo que se abre")
REFUSALS: Mapping[Fault, Refused] = {
    Fault.PROTECTED: Refused(ReasonCode.ADJUNTO_PROTEGIDO, "el archivo pide una clave"),
    Fault.DAMAGED: Refused(ReasonCode.ADJUNTO_DANADO, "el archivo está dañado o incompleto"),
    Fault.TOO_BIG: Refused(ReasonCode.ADJUNTO_MUY_GRANDE, "lo que trae dentro pasa del tamaño que se lee"),
    Fault.TOO_MANY: Refused(ReasonCode.ADJUNTO_MUY_GRANDE, f"trae dentro más de {MAX_ENTRIES} archivos"),
    Fault.BOMB: Refused(ReasonCode.ADJUNTO_BLOQUEADO, "está hecho para crecer sin medida al abrirse"),
    Fault.NESTED: Refused(ReasonCode.ADJUNTO_FORMATO, "un archivo ZIP dentro de otro"),
    Fault.PROGRAM: Refused(ReasonCode.ADJUNTO_BLOQUEADO, "un programa"),
    Fault.UNKNOWN_METHOD: Refused(ReasonCode.ADJUNTO_FORMATO, "un ZIP con una compresión que no se abre"),
    Fault.NO_PICTURES: Refused(ReasonCode.ADJUNTO_FORMATO, "un documento de Office sin ninguna imagen"),
    Fault.NOTHING_INSIDE: Refused(ReasonCode.ADJUNTO_FORMATO, "no trae ningún archivo dentro"),
}
"""What each of them is called for customers and staff."""


_IMAGES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"\x00\x00\x00\x0cjP  ", "image/jp2"),
    (b"\xff\x4f\xff\x51", "image/j2c"),
)
_BRANDS = {b"avif": "image/avif", b"avis": "image/avif"} | dict.fromkeys(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "image/heic"
)
_CONTAINERS = (
    (b"PK\x03\x04", Form.ZIP, "application/zip"),
    (b"PK\x05\x06", Form.ZIP, "application/zip"),
    (b"\x78\x9f\x3e\x22", Form.TNEF, "application/ms-tnef"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHERS = (
    (b"Rar!\x1a\x07", "un archivo RAR"),
    (b"7z\xbc\xaf\x27\x1c", "un archivo 7z"),
    (b"BZh", "un archivo BZIP2"),
    (b"\xfd7zXZ\x00", "un archivo XZ"),
    (b"II\x2b\x00", "una imagen BigTIFF"),
    (b"MM\x00\x2b", "una imagen BigTIFF"),
    (b"II\xbc\x01", "una imagen JPEG XR"),
    (b"\xff\x0a", "una imagen JPEG XL"),
    (b"\x00\x00\x00\x0cJXL ", "una imagen JPEG XL"),
    (b"8BPS", "una imagen de Photoshop"),
    (b"%!PS", "un archivo PostScript"),
    (b"\x00\x00\x01\x00", "un icono"),
    (b"\xd7\xcd\xc6\x9a", "un dibujo WMF"),
    (b"AC10", "un plano de AutoCAD"),
    (b"#!AMR", "un audio"),
    (b"\x1aE\xdf\xa3", "un video"),
    (b"\x1f\x8b", "un archivo GZIP"),
    (b"{\\rtf", "un archivo RTF"),
    (b"OggS", "un audio"),
    (b"ID3", "un audio"),
    (b"RIFF", "un audio o un video"),
)
_PROGRAMS = (b"MZ", b"\x7fELF", b"#!")
"""Nobody sends his certificate in these: they are blocked, not merely of a wrong type."""


def screen(content: bytes) -> Readable | Refused:
    """Which parser may open these bytes, or why none does."""
    if not content.strip(b"\x00 \t\r\n"):
        return Refused(ReasonCode.ADJUNTO_VACIO, "el archivo está vacío")
    if len(content) > MAX_FILE_BYTES:
        return Refused(ReasonCode.ADJUNTO_MUY_GRANDE, f"el archivo tiene {len(content)} bytes")
    if content.startswith(_PROGRAMS) and not content.startswith(b"#!AMR"):
        return Refused(ReasonCode.ADJUNTO_BLOQUEADO, "un programa")
    for magic, media_type in _IMAGES:
        if content.startswith(magic):
            return Readable(Form.IMAGE, media_type)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return Readable(Form.IMAGE, "image/webp")
    if content[4:8] == b"ftyp":
        brands = [content[8:12], *(content[at : at + 4] for at in range(16, min(64, len(content)), 4))]
        for brand in brands:
            if brand in _BRANDS:
                return Readable(Form.IMAGE, _BRANDS[brand])
        return Refused(ReasonCode.ADJUNTO_FORMATO, "un video")
    if content.startswith(b"%PDF-"):
        return Readable(Form.PDF, "application/pdf")
    for magic, form, media_type in _CONTAINERS:
        if content.startswith(magic):
            return Readable(form, media_type)
    if content.startswith(_OLE):
        return _compound(content)
    if _is_mail(content):
        return Readable(Form.MAIL, "message/rfc822")
    # Readers accept a PDF whose header comes late (Adobe's implementation notes: the first 1,024 bytes), but an
    # archive may begin with a PDF.
    if b"%PDF-" in content[:1024]:
        return Readable(Form.PDF, "application/pdf")
    for magic, what in _OTHERS:
        if content.startswith(magic):
            return Refused(ReasonCode.ADJUNTO_FORMATO, what)
    start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<", b"<!doctype")):
        return Refused(ReasonCode.ADJUNTO_FORMATO, "un archivo HTML, XML o SVG")
    return Refused(ReasonCode.ADJUNTO_FORMATO, "un formato desconocido")


def _compound(content: bytes) -> Readable | Refused:
    """Outlook's and old Office's file systems, told apart by the names of what lies in them (UTF-16)."""

    def holds(name: str) -> bool:
        return name.encode("utf-16-le") in content

    if holds("__properties_version1.0"):
        return Readable(Form.OUTLOOK, "application/vnd.ms-outlook")
    if holds("EncryptedPackage"):
        return Refused(ReasonCode.ADJUNTO_PROTEGIDO, "un documento de Office que pide una clave")
    for name, what in _COMPOUNDS:
        if holds(name):
            return Refused(ReasonCode.ADJUNTO_FORMATO, what)
    return Refused(ReasonCode.ADJUNTO_FORMATO, "un archivo de Office antiguo")


_COMPOUNDS = (
    ("WordDocument", "un documento de Word antiguo (DOC)"),
    ("Workbook", "una hoja de Excel antigua (XLS)"),
    ("PowerPoint Document", "una presentación antigua (PPT)"),
)
_HEADER = re.compile(rb"([A-Za-z][A-Za-z0-9-]{1,40}):[^\r\n]*(?:\r\n|\r|\n)(?:[ \t][^\r\n]*(?:\r\n|\r|\n))*")
_OF_MAILS = frozenset(
    b"from to subject date message-id mime-version received return-path delivered-to content-type x-mailer".split()
)


def _is_mail(content: bytes) -> bool:
    """It begins with headers, and three of them are such as mails have (RFC 5322 3.6)."""
    at, known = 0, set()
    for _ in range(60):
        header = _HEADER.match(content, at, at + 20_000)
        if header is None:
            break
        at = header.end()
        known |= {header[1].lower()} & _OF_MAILS
    return len(known) >= 3
