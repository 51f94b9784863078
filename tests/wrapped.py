"""Files that hold others, drawn byte by byte: archives, Office documents, mails, winmail.dat, Outlook messages.

And the malicious ones among them.  Nothing here is read from anywhere.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from email.message import EmailMessage
from itertools import pairwise

import numpy as np
from PIL import Image

Files = dict[str, bytes]


def zipped(files: Files, method: int = zipfile.ZIP_DEFLATED, level: int = 1) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method, compresslevel=level) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def docx(pictures: Files) -> bytes:
    fixed = {
        "[Content_Types].xml": b"<Types/>",
        "_rels/.rels": b"<Relationships/>",
        "word/document.xml": b"<w:document>Acta de entrega</w:document>",
    }
    return zipped(fixed | {f"word/media/{name}": content for name, content in pictures.items()})


def odt(pictures: Files, *, encrypted: bool = False) -> bytes:
    manifest = b"<manifest:encryption-data/>" if encrypted else b"<manifest:manifest/>"
    fixed = {
        "mimetype": b"application/vnd.oasis.opendocument.text",
        "content.xml": b"<office:document-content/>",
        "META-INF/manifest.xml": manifest,
    }
    return zipped(fixed | {f"Pictures/{name}": content for name, content in pictures.items()})


def eml(files: Files, text: str = "Adjunto el acta.") -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "ana@correo.example", "luis@correo.example", "acta"
    mail["Date"], mail["Message-ID"] = "Mon, 01 Mar 2021 10:00:00 -0500", "<1@correo.example>"
    mail.set_content(text)
    for name, content in files.items():
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


def winmail(files: Files, inner: bytes | None = None) -> bytes:
    """MS-OXTNEF: attributes with level, number, type, length, data and sum of the data; `inner` a winmail in it."""

    def attribute(level: int, number: int, data: bytes) -> bytes:
        head = struct.pack("<BII", level, number, len(data))
        return head + data + struct.pack("<H", sum(data) % 65536)

    parts = [struct.pack("<IH", 0x223E9F78, 1), attribute(1, 0x00089006, struct.pack("<I", 0x10000))]
    for name, content in files.items():
        parts += [
            attribute(2, 0x00069002, bytes(14)),
            attribute(2, 0x00018010, name.encode("cp1252") + b"\0"),
            attribute(2, 0x0006800F, content),
        ]
    if inner is not None:  # PR_ATTACH_DATA_OBJ that holds IID_IMessage and then another TNEF
        message = bytes.fromhex("0703020000000000c000000000000046") + inner
        padded = message + b"\0" * (-len(message) % 4)
        mapi = struct.pack("<IHHII", 1, 0x000D, 0x3701, 1, len(message)) + padded
        parts += [attribute(2, 0x00069002, bytes(14)), attribute(2, 0x00069005, mapi)]
    return b"".join(parts)


def outlook(files: Files, inner: Files | None = None) -> bytes:
    """MS-CFB with what MS-OXMSG asks of attachments; every stream has 4,096 bytes or more, so none is a mini stream.

    `inner`: attachments of a message that is attached itself.
    """
    tree: list[tuple[str, int, bytes, list[int]]] = [("Root Entry", 5, b"", [])]

    def add(parent: int, name: str, kind: int, content: bytes = b"") -> int:
        tree.append((name, kind, content, []))
        tree[parent][3].append(len(tree) - 1)
        return len(tree) - 1

    def attach(parent: int, attached: Files) -> None:
        for number, (name, content) in enumerate(attached.items()):
            folder = add(parent, f"__attach_version1.0_#{number:08X}", 1)
            add(folder, "__substg1.0_3707001F", 2, name.encode("utf-16-le").ljust(4096, b"\0"))
            add(folder, "__substg1.0_37010102", 2, content.ljust(4096, b"\0"))

    add(0, "__properties_version1.0", 2, bytes(4096))
    attach(0, files)
    if inner is not None:
        folder = add(0, f"__attach_version1.0_#{len(files):08X}", 1)
        attach(add(folder, "__substg1.0_3701000D", 1), inner)

    sectors: list[bytes] = []
    chains: list[int] = []  # the table of what follows each sector

    def put(content: bytes) -> int:
        first = len(sectors)
        pieces = [content[at : at + 512].ljust(512, b"\0") for at in range(0, len(content), 512)]
        sectors.extend(pieces)
        chains.extend([*range(first + 1, first + len(pieces)), 0xFFFFFFFE])
        return first

    starts = [put(content) if kind == 2 else 0xFFFFFFFE if kind == 5 else 0 for _, kind, content, _ in tree]
    right = [0xFFFFFFFF] * len(tree)
    for _, _, _, children in tree:
        for one, following in pairwise(children):
            right[one] = following
    entries = b""
    for at, (name, kind, content, children) in enumerate(tree):
        coded = name.encode("utf-16-le") + b"\0\0"
        entries += coded.ljust(64, b"\0") + struct.pack("<HBB", len(coded), kind, 1)
        entries += struct.pack("<III", 0xFFFFFFFF, right[at], children[0] if children else 0xFFFFFFFF)
        entries += bytes(36) + struct.pack("<IQ", starts[at], len(content))
    directory = put(entries.ljust(-(-len(entries) // 512) * 512, b"\0"))
    tables = -(-(len(chains) + 1) // 127)
    first_table = len(sectors)
    chains += [0xFFFFFFFD] * tables
    table = b"".join(struct.pack("<I", follows) for follows in chains).ljust(tables * 512, b"\xff")
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, tables, directory, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    places = [*range(first_table, first_table + tables)]
    header += b"".join(struct.pack("<I", place) for place in [*places, *[0xFFFFFFFF] * (109 - tables)])
    return header + b"".join(sectors) + table


def photo(seed: int, side: int = 120) -> bytes:
    """A picture too large for a logo, different for each seed."""
    grain = np.random.default_rng(seed).integers(0, 255, (side, side, 3)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(grain).save(buffer, "PNG")
    return buffer.getvalue()


# ── the malicious ────────────────────────────────────────────────────────────────────────────────


def bomb() -> bytes:
    """20 MB of nothing in 20 kB."""
    return zipped({"acta.bmp": bytes(20_000_000)}, level=9)


def lying_bomb() -> bytes:
    """Says that it holds 1,000 bytes, and holds 30 million."""
    data = zipped({"acta.bmp": bytes(30_000_000)})
    told = struct.pack("<I", 30_000_000)
    return data.replace(told, struct.pack("<I", 1000))


def overlapping() -> bytes:
    """Five hundred entries in the list, one in the file: each names the same bytes."""
    one = zipped({"a.bmp": np.random.default_rng(1).bytes(400_000)}, zipfile.ZIP_STORED)
    start = one.index(b"PK\x01\x02")
    end = one.index(b"PK\x05\x06")
    listed, entries = one[start:end], 40
    tail = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, entries, entries, len(listed) * entries, start, 0)
    return one[:start] + listed * entries + tail


def encrypted() -> bytes:
    """Marked as encrypted in both places that say so."""
    data = bytearray(zipped({"acta.pdf": b"%PDF-1.4 secret"}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def damaged() -> bytes:
    data = bytearray(zipped({"acta.pdf": b"%PDF-1.4 " + bytes(range(256)) * 40}))
    data[60:90] = b"\xff" * 30
    return bytes(data)


def crc_broken() -> bytes:
    content = b"%PDF-1.4 whole"
    data = zipped({"acta.pdf": content}, zipfile.ZIP_STORED)
    return data.replace(struct.pack("<I", zlib.crc32(content)), b"\x01\x02\x03\x04")
