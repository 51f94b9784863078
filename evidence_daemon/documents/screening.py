"""What an attachment is, by its first bytes; and what is refused before anything opens it.  Pure.

Names and declared types are not believed.  Limits: 25 MB a file, 60 MB a mail (measured on real mail:
honest scans and photos stay far below).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evidence_daemon.model import ReasonCode

MAX_FILE_BYTES = 25_000_000
MAX_MAIL_BYTES = 60_000_000


class Form(StrEnum):
    """Which parser takes it."""

    PDF = "PDF"
    IMAGE = "IMAGE"


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
_OTHERS = (
    (b"PK\x03\x04", "un archivo ZIP o de Office (DOCX, XLSX, ODT)"),
    (b"PK\x05\x06", "un archivo ZIP vacío"),
    (b"Rar!\x1a\x07", "un archivo RAR"),
    (b"7z\xbc\xaf\x27\x1c", "un archivo 7z"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "un archivo de Office antiguo o protegido (DOC, XLS, MSG)"),
    (b"\x78\x9f\x3e\x22", "un archivo winmail.dat"),
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
        return Refused(ReasonCode.ADJUNTO_DANADO, "el archivo está vacío")
    if len(content) > MAX_FILE_BYTES:
        return Refused(ReasonCode.ADJUNTO_MUY_GRANDE, f"el archivo tiene {len(content)} bytes")
    if content.startswith(_PROGRAMS):
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
    # Readers accept a PDF whose header comes late (Adobe's implementation notes: the first 1,024 bytes).
    if b"%PDF-" in content[:1024]:
        return Readable(Form.PDF, "application/pdf")
    for magic, what in _OTHERS:
        if content.startswith(magic):
            return Refused(ReasonCode.ADJUNTO_FORMATO, what)
    start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<", b"<!doctype")):
        return Refused(ReasonCode.ADJUNTO_FORMATO, "un archivo HTML, XML o SVG")
    return Refused(ReasonCode.ADJUNTO_FORMATO, "un formato desconocido")
