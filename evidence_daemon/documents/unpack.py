"""What is wrapped, inside the sealed cell: an archive, an Office document, a mail, a winmail.dat → its parts.

Nothing is written, no name is ever a path: a part is bytes and a name for people.  Parts are as strange as
what they came in: each is screened and opened in a cell of its own.  Limits are counted while reading, for
what an archive says of itself may be a lie.

Sources: APPNOTE.TXT 6.3 (ZIP), ECMA-376 part 2 and ODF 1.3 part 2 (Office), MS-OXMSG, MS-OXTNEF, RFC 5322.
"""

from __future__ import annotations

import codecs
import contextlib
import encodings.aliases
import importlib
import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import olefile
from tnefparse import TNEF

from evidence_daemon.documents.sandbox import Frame, Lock
from evidence_daemon.documents.screening import (
    MAX_DEPTH,
    MAX_ENTRIES,
    MAX_FILE_BYTES,
    MAX_MAIL_BYTES,
    MAX_RATIO,
    Fault,
    Form,
    Readable,
    screen,
)
from evidence_daemon.errors import Unparsable
from evidence_daemon.mail.message import understand

LOCK = Lock.SEALED

_LOGO_BYTES = 15 * 1024
"""A picture below this cannot show a legible certificate: a logo or an icon (as in `mail.message`)."""
_MOST_OFFICE_ENTRIES = 5_000


@dataclass(frozen=True, slots=True)
class Part:
    """Something that was wrapped; `name` is for display only."""

    name: str
    content: bytes


class NotOpenedError(Exception):
    """Why nothing is taken out of it."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


_MAIL = b"""From: =?utf-8?Q?Jos=C3=A9?= <a@b.ec>
To: =?iso-8859-1?B?0Q==?= <c@d.ec>
Subject: =?windows-1252?Q?a=F1o?= =?utf-8?B?w7E=?=
Date: Mon, 01 Mar 2021 10:00:00 -0500
Message-ID: <1@b.ec>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: text/html; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

<p>Adjunto el acta, C=E9dula: 1700000019 <img src=3D"cid:1"></p>
--x
Content-Type: application/pdf; name*=utf-8''a%C3%B1o.pdf
Content-Disposition: attachment; filename*0*=utf-8''a%C3%B1; filename*1=o.pdf
Content-Transfer-Encoding: base64

JVBERi0xLjQK
--x--
"""


def prepare() -> None:
    """Use whatever is imported on its first use: decoders of letters, of which mails and Outlook know many."""
    for name in sorted(set(encodings.aliases.aliases.values())):
        with contextlib.suppress(LookupError):
            codecs.lookup(name)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writing:
        writing.writestr("a.txt", "a")
    unpack(archive.getvalue(), Form.ZIP)
    unpack(_MAIL, Form.MAIL)
    importlib.import_module("email.generator")  # which messages import when they are put together again
    warnings.simplefilter("ignore")  # a cell's words go to nobody


def answer(request: Frame) -> Iterator[Frame]:
    """A container in the first blob → a frame a part (`name`, its bytes as blob), then the last.

    Asked: `form`, and `zipped`: it came out of an archive itself.  The last frame has `refused` (a `Fault`)
    when nothing is taken out.
    """
    try:
        parts = unpack(request.blobs[0], Form(request.facts["form"]), zipped=bool(request.facts["zipped"]))
    except NotOpenedError as refusal:
        yield Frame({"last": True, "refused": refusal.fault.value})
        return
    for part in parts:
        yield Frame({"name": part.name}, (part.content,))
    yield Frame({"last": True})


def unpack(content: bytes, form: Form, *, zipped: bool = False) -> tuple[Part, ...]:
    """The parts of a container, in its order; at least one.  Raises `NotOpenedError`.

    `zipped` says that it came out of an archive: an archive within an archive is not opened.
    """
    try:
        parts = _OPENERS[form](content, zipped)
    except (NotOpenedError, MemoryError):
        raise
    except Exception as bad:  # parsers raise whatever they stumble over
        raise NotOpenedError(Fault.DAMAGED) from bad
    if not parts:
        raise NotOpenedError(Fault.NOTHING_INSIDE)
    if len(parts) > MAX_ENTRIES:
        raise NotOpenedError(Fault.TOO_MANY)
    if sum(len(part.content) for part in parts) > MAX_MAIL_BYTES or any(
        len(part.content) > MAX_FILE_BYTES for part in parts
    ):
        raise NotOpenedError(Fault.TOO_BIG)
    return parts


# ── archives and Office documents ────────────────────────────────────────────────────────────────

_JUNK = re.compile(r"(?:^|/)(?:__MACOSX/|\.DS_Store$|Thumbs\.db$|desktop\.ini$|\._)", re.I)
_OFFICE_PICTURES = re.compile(r"(?:word|xl|ppt)/media/[^/]+|Pictures/[^/]+|media/[^/]+")
_PROGRAMS = frozenset({"AndroidManifest.xml", "META-INF/MANIFEST.MF"})


def _archive(content: bytes, zipped: bool) -> tuple[Part, ...]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, RecursionError) as bad:
        raise NotOpenedError(Fault.DAMAGED) from bad
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    names = {entry.filename for entry in entries}
    if names & _PROGRAMS:
        raise NotOpenedError(Fault.PROGRAM)
    if any(entry.flag_bits & 1 for entry in entries):
        raise NotOpenedError(Fault.PROTECTED)
    if office := _is_office(archive, names):
        wanted = [entry for entry in entries if _OFFICE_PICTURES.fullmatch(entry.filename)]
        wanted.sort(key=lambda entry: [int(n) if n.isdigit() else n for n in re.split(r"(\d+)", entry.filename)])
    elif zipped:
        raise NotOpenedError(Fault.NESTED)
    else:
        wanted = [entry for entry in entries if not _JUNK.search(entry.filename)]
    if len(entries) > _MOST_OFFICE_ENTRIES or len(wanted) > MAX_ENTRIES:
        raise NotOpenedError(Fault.TOO_MANY)
    _no_bomb(content, wanted)
    parts = tuple(Part(_name(entry.filename), _entry(archive, entry)) for entry in wanted)
    if not office:
        return parts
    pictures = _without_logos([part for part in parts if _is_picture(part)])
    if not pictures:
        raise NotOpenedError(Fault.NO_PICTURES)
    return pictures


def _is_office(archive: zipfile.ZipFile, names: set[str]) -> bool:
    """DOCX, XLSX, PPTX by their list of types; ODT and its kind by their first entry."""
    if "META-INF/manifest.xml" in names and "mimetype" in names:
        with archive.open("META-INF/manifest.xml") as manifest:
            if b"encryption-data" in manifest.read(1_000_000):
                raise NotOpenedError(Fault.PROTECTED)
        return True
    return "[Content_Types].xml" in names


def _no_bomb(content: bytes, entries: Sequence[zipfile.ZipInfo]) -> None:
    """By what the archive says; what it really holds is counted while reading."""
    if sum(entry.file_size for entry in entries) > MAX_MAIL_BYTES or any(
        entry.file_size > MAX_FILE_BYTES for entry in entries
    ):
        raise NotOpenedError(Fault.BOMB if any(map(_is_swollen, entries)) else Fault.TOO_BIG)
    if any(map(_is_swollen, entries)):
        raise NotOpenedError(Fault.BOMB)
    # Entries that share bytes: a small file that is large many times over (the "better zip bomb").
    if sum(entry.compress_size for entry in entries) > len(content):
        raise NotOpenedError(Fault.BOMB)
    placed = sorted(entries, key=lambda entry: entry.header_offset)
    for one, following in pairwise(placed):
        if one.header_offset + one.compress_size > following.header_offset:
            raise NotOpenedError(Fault.BOMB)


def _is_swollen(entry: zipfile.ZipInfo) -> bool:
    return entry.file_size > 1_000_000 and entry.file_size > MAX_RATIO * max(1, entry.compress_size)


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(entry) as stream:
            content = stream.read(MAX_FILE_BYTES + 1)
    except NotImplementedError as bad:
        raise NotOpenedError(Fault.UNKNOWN_METHOD) from bad
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as bad:
        raise NotOpenedError(Fault.DAMAGED) from bad
    if len(content) > MAX_FILE_BYTES:
        raise NotOpenedError(Fault.BOMB)
    return content


# ── mails ────────────────────────────────────────────────────────────────────────────────────────


def _mail(content: bytes, zipped: bool) -> tuple[Part, ...]:
    """Its attachments as those of any mail: text, logos and machinery left out."""
    del zipped
    try:
        email = understand(content, our_addresses=frozenset())
    except Unparsable as bad:
        raise NotOpenedError(Fault.DAMAGED) from bad
    return tuple(Part(_name(attachment.name), attachment.content) for attachment in email.attachments)


def _winmail(content: bytes, zipped: bool) -> tuple[Part, ...]:
    """Outlook's own wrapping of attachments (application/ms-tnef), mails inside it included."""
    del zipped
    return _without_logos(_tnef_parts(TNEF(content, do_checksum=False), 0))


def _tnef_parts(wrapped: TNEF, depth: int) -> list[Part]:
    parts: list[Part] = []
    for attachment in wrapped.attachments:
        inner = getattr(attachment, "embed", None)
        if inner is not None:
            if depth < MAX_DEPTH:
                parts += _tnef_parts(inner, depth + 1)
            continue
        data = attachment.data
        if isinstance(data, bytes) and data:
            parts.append(Part(_name(_tnef_name(attachment)), data))
    return parts


def _tnef_name(attachment: object) -> str:
    for give in ("long_filename", "name", "_name"):  # the library decodes names as UTF-8, Outlook writes others
        try:
            told = getattr(attachment, give)
            told = told() if callable(told) else told
        except (UnicodeDecodeError, AttributeError):
            continue
        if isinstance(told, bytes):
            told = told.decode("cp1252", "replace")
        if isinstance(told, str) and told.strip("\0 "):
            return told
    return ""


_ATTACHMENT = "__attach_version1.0_#"
_DATA, _INNER_MAIL = "__substg1.0_37010102", "__substg1.0_3701000D"
_LONG_NAMES = ("__substg1.0_3707001F", "__substg1.0_3704001F", "__substg1.0_3707001E", "__substg1.0_3704001E")


def _outlook(content: bytes, zipped: bool) -> tuple[Part, ...]:
    """A saved Outlook message: a small file system whose folders are attachments (MS-OXMSG 2.2.2)."""
    del zipped
    with olefile.OleFileIO(io.BytesIO(content)) as ole:
        return _without_logos(_outlook_parts(ole, ()))


def _outlook_parts(ole: olefile.OleFileIO, above: tuple[str, ...]) -> list[Part]:
    depth = len(above) // 2
    folders = sorted(
        {
            path[len(above)]
            for path in ole.listdir(streams=True, storages=True)
            if tuple(path[: len(above)]) == above
            and len(path) > len(above)
            and path[len(above)].startswith(_ATTACHMENT)
        }
    )
    parts: list[Part] = []
    for folder in folders[: MAX_ENTRIES + 1]:
        here = (*above, folder)
        if ole.exists([*here, _DATA]):
            if ole.get_size([*here, _DATA]) > MAX_FILE_BYTES:
                raise NotOpenedError(Fault.TOO_BIG)
            parts.append(Part(_name(_outlook_name(ole, here)), ole.openstream([*here, _DATA]).read()))
        elif ole.exists([*here, _INNER_MAIL]) and depth < MAX_DEPTH:
            parts += _outlook_parts(ole, (*here, _INNER_MAIL))
    return [part for part in parts if part.content]


def _outlook_name(ole: olefile.OleFileIO, folder: tuple[str, ...]) -> str:
    for stream in _LONG_NAMES:
        if ole.exists([*folder, stream]):
            encoding = "utf-16-le" if stream.endswith("001F") else "cp1252"
            return str(ole.openstream([*folder, stream]).read(1000).decode(encoding, "replace"))
    return ""


# ── small things ─────────────────────────────────────────────────────────────────────────────────


def _is_picture(part: Part) -> bool:
    screened = screen(part.content)
    return isinstance(screened, Readable) and screened.form is Form.IMAGE


def _without_logos(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Small pictures are left out where something else is there."""
    large = tuple(part for part in parts if len(part.content) >= _LOGO_BYTES or not _is_picture(part))
    return large or tuple(parts)


def _name(told: str) -> str:
    """The last step of whatever path it was; the reader cleans it for display."""
    return re.split(r"[\\/]", told.replace("\0", ""))[-1][:150]


_OPENERS = {Form.ZIP: _archive, Form.MAIL: _mail, Form.TNEF: _winmail, Form.OUTLOOK: _outlook}
"""Which function opens which kind of container."""
