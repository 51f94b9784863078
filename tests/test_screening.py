"""What an attachment is, by its first bytes; every refusal has its reason."""

from __future__ import annotations

import pytest

from evidence_daemon.documents.screening import MAX_FILE_BYTES, Form, Readable, Refused, screen
from evidence_daemon.model import ReasonCode as R

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAIL = b"Return-Path: <a@b.ec>\nReceived: from x\n by y\nFrom: a@b.ec\nSubject: acta\n\nhola\n"


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
        (b"PK\x03\x04....word/document.xml", Form.ZIP, "application/zip"),
        (b"PK\x03\x04 stored: acta.pdf%PDF-1.4", Form.ZIP, "application/zip"),
        (MAIL + b"%PDF-1.4", Form.MAIL, "message/rfc822"),
        (b"\x78\x9f\x3e\x22\x01\x00", Form.TNEF, "application/ms-tnef"),
        (OLE + "__properties_version1.0".encode("utf-16-le"), Form.OUTLOOK, "application/vnd.ms-outlook"),
        (MAIL, Form.MAIL, "message/rfc822"),
        (MAIL.replace(b"\n", b"\r\n"), Form.MAIL, "message/rfc822"),
    ],
)
def test_a_readable_file_is_known_by_its_content(content: bytes, form: Form, media_type: str) -> None:
    assert screen(content) == Readable(form, media_type)


@pytest.mark.parametrize(
    ("content", "reason", "word"),
    [
        (b"", R.ADJUNTO_VACIO, "vacío"),
        (b"\x00" * 500, R.ADJUNTO_VACIO, "vacío"),
        (b"\xff\xd8\xff" + b"x" * MAX_FILE_BYTES, R.ADJUNTO_MUY_GRANDE, "bytes"),
        (b"Rar!\x1a\x07\x00", R.ADJUNTO_FORMATO, "RAR"),
        (b"7z\xbc\xaf\x27\x1c", R.ADJUNTO_FORMATO, "7z"),
        (OLE, R.ADJUNTO_FORMATO, "Office"),
        (OLE + "WordDocument".encode("utf-16-le"), R.ADJUNTO_FORMATO, "DOC"),
        (OLE + "Workbook".encode("utf-16-le"), R.ADJUNTO_FORMATO, "XLS"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), R.ADJUNTO_PROTEGIDO, "clave"),
        (b"II\x2b\x00\x08", R.ADJUNTO_FORMATO, "BigTIFF"),
        (b"{\\rtf1", R.ADJUNTO_FORMATO, "RTF"),
        (b"\xff\x0a", R.ADJUNTO_FORMATO, "JPEG XL"),
        (b"8BPS", R.ADJUNTO_FORMATO, "Photoshop"),
        (b"%!PS-Adobe", R.ADJUNTO_FORMATO, "PostScript"),
        (b"#!AMR\n", R.ADJUNTO_FORMATO, "audio"),
        (b"#!/bin/sh\n", R.ADJUNTO_BLOQUEADO, "programa"),
        (b"From: y no es un correo", R.ADJUNTO_FORMATO, "desconocido"),
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
