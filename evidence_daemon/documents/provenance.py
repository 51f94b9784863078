"""What a file tells of its own making: when, by what program, with what camera, how often saved; its pictures.

Pure, on bytes alone, and never a proof: whoever forges a file can forge this too, and harmless files are
edited all the time.  It only finds the careless.  Every search is linear in the file's size.
Sources: ISO 32000-1 7.5.6 (incremental updates), 14.3 (document information, XMP), 7.9.4 (dates); Exif 2.3;
PNG 11.3.4.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

from evidence_daemon.model import Origin, Sha256
from evidence_daemon.workdays import ECUADOR

_MOST_PICTURES = 40
_LEAST_PIXELS = 500_000
"""Smaller pictures in a PDF are logos and stamps, which every paper of one firm shares."""


def origin_of(content: bytes, digest: Sha256) -> Origin:
    """What the bytes of one attachment tell; an `Origin` that tells nothing where the type is another."""
    if b"%PDF" in content[:1024]:
        return _of_pdf(content, digest)
    if content.startswith(b"\xff\xd8\xff"):
        return _of_jpeg(content, digest)
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        software = re.search(rb"tEXtSoftware\x00([\x20-\x7e]{1,100})", content[:65536])
        return Origin(digest, images=(digest,), program=_text(software[1]) if software else "")
    return Origin(digest)


# ── PDF ──────────────────────────────────────────────────────────────────────────────────────────


def _of_pdf(content: bytes, digest: Sha256) -> Origin:
    endings = content.count(b"%%EOF")
    linear = 1 if b"/Linearized" in content[:2048] else 0  # written for the web in two parts: no update
    programs = [_named(content, name) for name in (b"Creator", b"Producer")]
    made, changed = (_pdf_date(content, name) for name in (b"CreationDate", b"ModDate"))
    return Origin(
        digest,
        images=tuple(dict.fromkeys(_pictures(content))),
        made_at=made or _xmp_date(content, b"CreateDate"),
        changed_at=changed or _xmp_date(content, b"ModifyDate"),
        program=" / ".join(dict.fromkeys(program for program in programs if program)),
        updates=max(0, endings - 1 - linear),
    )


def _named(content: bytes, name: bytes) -> str:
    found = re.findall(rb"/" + name + rb"\s{0,4}\(((?:[^()\\]|\\.){1,200})\)", content)
    if not found:
        found = re.findall(rb"<(?:xmp|pdf):(?:Creator|Producer)(?:Tool)?>([^<]{1,200})<", content)
    return _text(found[-1]) if found else ""


def _text(raw: bytes) -> str:
    raw = re.sub(rb"\\([0-7]{3})", lambda octal: bytes([int(octal[1], 8) & 255]), raw)
    text = raw[2:].decode("utf-16-be", "replace") if raw.startswith(b"\xfe\xff") else raw.decode("latin-1")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:100]


def _pdf_date(content: bytes, name: bytes) -> datetime | None:
    pattern = rb"/" + name + rb"\s{0,4}\(D:([0-9]{14})(?:([-+])([0-9]{2})'?([0-9]{2})|Z)?"
    found = list(re.finditer(pattern, content))
    if not found:
        return None
    digits, sign, hours, minutes = found[-1].groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == b"-" else 1)
    return _moment(digits.decode(), timezone(offset) if abs(offset) < timedelta(hours=24) else UTC)


def _xmp_date(content: bytes, name: bytes) -> datetime | None:
    found = re.search(rb"xmp:" + name + rb"(?:>|=\")([0-9T:+\-.]{19,32}Z?)", content)
    if not found:
        return None
    try:
        at = datetime.fromisoformat(found[1].decode().replace("Z", "+00:00"))
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=ECUADOR)


def _moment(digits: str, zone: timezone) -> datetime | None:
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=zone)
    except (ValueError, OverflowError):
        return None


def _pictures(content: bytes) -> Iterator[Sha256]:
    """Hashes of the JPEG and JPEG 2000 streams of a PDF that are large enough for a page."""
    count = 0
    for start in re.finditer(rb">>\s{0,4}stream\r?\n", content):
        head = content[max(0, start.start() - 1500) : start.start()]
        head = head[head.rfind(b"obj") + 1 :]
        width, height = re.search(rb"/Width\s+([0-9]{1,6})", head), re.search(rb"/Height\s+([0-9]{1,6})", head)
        if b"/Image" not in head or not (b"DCTDecode" in head or b"JPXDecode" in head) or not (width and height):
            continue
        if int(width[1]) * int(height[1]) < _LEAST_PIXELS:
            continue
        length = re.search(rb"/Length\s+([0-9]{1,10})(?!\s+[0-9]+\s+R)", head)
        end = start.end() + int(length[1]) if length else content.find(b"endstream", start.end())
        picture = content[start.end() : end]
        if not length:
            picture = picture.rstrip(b"\r\n")
        if picture:
            yield Sha256(hashlib.sha256(picture).hexdigest())
            count += 1
        if count >= _MOST_PICTURES:
            return


# ── photos ───────────────────────────────────────────────────────────────────────────────────────

_MAKE, _MODEL, _SOFTWARE, _CHANGED, _EXIF, _TAKEN = 0x010F, 0x0110, 0x0131, 0x0132, 0x8769, 0x9003


def _of_jpeg(content: bytes, digest: Sha256) -> Origin:
    tags = _exif(content)
    model, make = tags.get(_MODEL, ""), tags.get(_MAKE, "")
    device = model if model.lower().startswith(make.lower()) else f"{make} {model}".strip()
    return Origin(
        digest,
        images=(digest,),
        made_at=_photo_date(tags.get(_TAKEN, "")),
        changed_at=_photo_date(tags.get(_CHANGED, "")),
        program=tags.get(_SOFTWARE, ""),
        device=device,
    )


def _photo_date(text: str) -> datetime | None:
    try:
        return datetime.strptime(text.strip(), "%Y:%m:%d %H:%M:%S").replace(tzinfo=ECUADOR)
    except ValueError:
        return None


def _exif(content: bytes) -> dict[int, str]:
    """The texts of IFD0 and of the Exif directory; {} where there is none or it is damaged."""
    place = content.find(b"Exif\x00\x00", 0, 65536)
    if place < 0:
        return {}
    block = content[place + 6 : place + 6 + 65536]
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(block[:4])
    if order is None:
        return {}
    tags: dict[int, str] = {}
    waiting, seen = [4], set[int]()
    try:
        while waiting and len(seen) < 4:
            (at,) = struct.unpack_from(f"{order}I", block, waiting.pop())
            if at in seen:
                continue
            seen.add(at)
            (count,) = struct.unpack_from(f"{order}H", block, at)
            for number in range(min(count, 200)):
                entry = at + 2 + 12 * number
                tag, kind, size, value = struct.unpack_from(f"{order}HHII", block, entry)
                if tag == _EXIF:
                    waiting.append(entry + 8)
                elif kind == 2 and tag in {_MAKE, _MODEL, _SOFTWARE, _CHANGED, _TAKEN}:
                    start = entry + 8 if size <= 4 else value
                    tags[tag] = _text(block[start : start + min(size, 100)].split(b"\x00")[0])
    except struct.error:
        return tags
    return tags
