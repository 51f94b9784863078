"""What an attachment is, by its first bytes; every refusal has its reason."""

from __future__ import annotations

import pytest

from evidence_daemon.documents.screening import MAX_FILE_BYTES, Form, Readable, Refused, screen
from evidence_daemon.model import ReasonCode as R


@pytest.mark.parametrize(
    ("content", "form", "media_type"),
    [
        (b"%PDF-1.7\n...", Form.PDF, "application/pdf"),
        (b"\x00junk before\r\n" * 20 + b"%PDF-1.4", Form.PDF, "application/pdf"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", Form.IMAGE, "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n....", Form.IMAGE, "image/png"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", Form.IMAGE, "image/webp"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", Form.IMAGE, "image/heic"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00avifmif1", Form.IMAGE, "image/heic"),
        (b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00", Form.IMAGE, "image/avif"),
        (b"II*\x00\x08\x00\x00\x00", Form.IMAGE, "image/tiff"),
        (b"BM\x36\x00\x00\x00", Form.IMAGE, "image/bmp"),
        (b"GIF89a....", Form.IMAGE, "image/gif"),
    ],
)
def test_a_readable_file_is_known_by_its_content(content: bytes, form: Form, media_type: str) -> None:
    assert screen(content) == Readable(form, media_type)


@pytest.mark.parametrize(
    ("content", "reason", "word"),
    [
        (b"", R.ADJUNTO_DANADO, "vacío"),
        (b"\x00" * 500, R.ADJUNTO_DANADO, "vacío"),
        (b"\xff\xd8\xff" + b"x" * MAX_FILE_BYTES, R.ADJUNTO_MUY_GRANDE, "bytes"),
        (b"PK\x03\x04....word/document.xml", R.ADJUNTO_FORMATO, "ZIP"),
        (b"Rar!\x1a\x07\x00", R.ADJUNTO_FORMATO, "RAR"),
        (b"7z\xbc\xaf\x27\x1c", R.ADJUNTO_FORMATO, "7z"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", R.ADJUNTO_FORMATO, "Office"),
        (b"MZ\x90\x00", R.ADJUNTO_BLOQUEADO, "programa"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isom", R.ADJUNTO_FORMATO, "video"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'>", R.ADJUNTO_FORMATO, "SVG"),
        (b"\xef\xbb\xbf  <!DOCTYPE html><html>", R.ADJUNTO_FORMATO, "HTML"),
        (b"hola, adjunto mi acta", R.ADJUNTO_FORMATO, "desconocido"),
    ],
)
def test_what_is_not_opened_has_its_reason(content: bytes, reason: R, word: str) -> None:
    refused = screen(content)
    assert isinstance(refused, Refused)
    assert refused.reason is reason
    assert word in refused.detail
