"""What is wrapped: every container gives out its parts, and every bad one is refused by its own name."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import wrapped
from wrapped import docx, eml, odt, outlook, photo, winmail, zipped

from evidence_daemon.documents.screening import (
    CONTAINERS,
    MAX_ENTRIES,
    MAX_FILE_BYTES,
    REFUSALS,
    Fault,
    Form,
    Readable,
    screen,
)
from evidence_daemon.documents.unpack import NotOpenedError, Part, unpack
from evidence_daemon.model import ReasonCode

ONE, TWO, THREE = photo(1), photo(2), photo(3)
LOGO = photo(4, side=20)
PDF = b"%PDF-1.4\n" + b"acta " * 1000


def parts_of(content: bytes) -> list[tuple[str, bytes]]:
    screened = screen(content)
    assert isinstance(screened, Readable)
    assert screened.form in CONTAINERS
    return [(part.name, part.content) for part in unpack(content, screened.form)]


def fault_of(content: bytes, *, zipped_already: bool = False) -> Fault:
    screened = screen(content)
    assert isinstance(screened, Readable)
    with pytest.raises(NotOpenedError) as refused:
        unpack(content, screened.form, zipped=zipped_already)
    return refused.value.fault


def packable(size: int) -> bytes:
    """Shrinks to a fifth or so: no bomb."""
    return np.random.default_rng(1).integers(0, 3, size, np.uint8).tobytes()


# ── what comes out ───────────────────────────────────────────────────────────────────────────────


def test_an_archive_gives_its_files_in_order_without_what_systems_add() -> None:
    content = zipped({
        "fotos/IMG_1.png": ONE, "fotos/IMG_2.png": TWO, "__MACOSX/fotos/._IMG_1.png": b"x", "fotos/.DS_Store": b"x",
        "Thumbs.db": b"x", "acta.pdf": PDF,
    })  # fmt: skip
    assert parts_of(content) == [("IMG_1.png", ONE), ("IMG_2.png", TWO), ("acta.pdf", PDF)]


def test_a_name_in_an_archive_is_no_path() -> None:
    content = zipped({"../../etc/cron.d/evil.png": ONE, "C:\\Windows\\two.png": TWO, "/srv/three.png": THREE})
    assert [name for name, _ in parts_of(content)] == ["evil.png", "two.png", "three.png"]


@pytest.mark.parametrize("make", [docx, odt])
def test_of_an_office_document_the_pictures_come_out_in_their_order_and_logos_do_not(make: object) -> None:
    content = make(
        {"image10.png": TWO, "image2.png": ONE, "image1.png": LOGO, "image3.emf": b"\x01\x00\x00\x00" * 9000}
    )  # type: ignore[operator]
    assert parts_of(content) == [("image2.png", ONE), ("image10.png", TWO)]


def test_a_small_picture_alone_in_a_document_is_taken_after_all() -> None:
    assert parts_of(docx({"image1.png": LOGO})) == [("image1.png", LOGO)]


def test_a_saved_mail_gives_its_attachments() -> None:
    assert parts_of(eml({"acta.pdf": PDF, "foto.png": ONE})) == [("acta.pdf", PDF), ("foto.png", ONE)]


def test_winmail_dat_gives_its_attachments_with_those_of_a_mail_inside_it() -> None:
    content = winmail({"acta.pdf": PDF, "año.png": ONE}, inner=winmail({"otra.png": TWO}))
    assert parts_of(content) == [("acta.pdf", PDF), ("año.png", ONE), ("otra.png", TWO)]


def test_an_outlook_message_gives_its_attachments_with_those_of_a_message_inside_it() -> None:
    content = outlook({"acta señal.pdf": PDF, "foto.png": ONE}, inner={"otra.png": TWO})
    assert parts_of(content) == [("acta señal.pdf", PDF), ("foto.png", ONE), ("otra.png", TWO)]


def test_real_winmail_files_give_what_is_in_them_or_say_why_not() -> None:
    folder = Path(__file__).parents[2] / "shared" / "data" / "winmail"
    if not folder.is_dir():
        pytest.skip("no winmail samples beside the project (../shared/data/winmail)")
    files = [path for path in sorted(folder.iterdir()) if "LICENSE" not in path.name]
    opened: dict[str, tuple[Part, ...]] = {}
    for path in files:
        try:
            opened[path.name] = unpack(path.read_bytes(), Form.TNEF)
        except NotOpenedError as refused:
            assert refused.fault in REFUSALS
    assert len(files) == 21
    assert len(opened) == 15
    assert sum(map(len, opened.values())) >= 25


# ── what is refused ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (wrapped.encrypted(), Fault.PROTECTED),
        (odt({"a.png": ONE}, encrypted=True), Fault.PROTECTED),
        (wrapped.damaged(), Fault.DAMAGED),
        (wrapped.crc_broken(), Fault.DAMAGED),
        (zipped({"a.png": ONE})[:9000], Fault.DAMAGED),
        (outlook({"acta.pdf": PDF})[:-600], Fault.DAMAGED),
        (b"\x78\x9f\x3e\x22" + b"\xff" * 60, Fault.NOTHING_INSIDE),
        (zipped({f"{n}.png": b"%d" % n for n in range(MAX_ENTRIES + 1)}), Fault.TOO_MANY),
        (outlook({f"{n}.png": b"%d" % n for n in range(MAX_ENTRIES + 1)}), Fault.TOO_MANY),
        (wrapped.bomb(), Fault.BOMB),
        (wrapped.lying_bomb(), Fault.DAMAGED),
        (wrapped.overlapping(), Fault.BOMB),
        (zipped({"app/AndroidManifest.xml": b"x", "META-INF/MANIFEST.MF": b"x"}), Fault.PROGRAM),
        (docx({}), Fault.NO_PICTURES),
        (docx({"image1.emf": b"\x01\x00\x00\x00" * 9000}), Fault.NO_PICTURES),
        (zipped({}), Fault.NOTHING_INSIDE),
        (zipped({"fotos/": b"", "__MACOSX/._a": b"x"}), Fault.NOTHING_INSIDE),
        (eml({}), Fault.NOTHING_INSIDE),
        (winmail({}), Fault.NOTHING_INSIDE),
        (outlook({}), Fault.NOTHING_INSIDE),
    ],
    ids=lambda value: value.value if isinstance(value, Fault) else "file",
)
def test_a_bad_container_is_refused_by_its_own_name(content: bytes, fault: Fault) -> None:
    assert fault_of(content) is fault


def test_an_archive_within_an_archive_is_not_opened_but_a_document_is() -> None:
    assert fault_of(zipped({"a.png": ONE}), zipped_already=True) is Fault.NESTED
    assert [part.name for part in unpack(docx({"a.png": ONE}), Form.ZIP, zipped=True)] == ["a.png"]


def test_a_part_that_is_larger_than_a_file_may_be_is_too_big() -> None:
    assert fault_of(zipped({"a.bin": packable(MAX_FILE_BYTES + 1)})) is Fault.TOO_BIG


def test_parts_that_are_too_much_together_are_too_big() -> None:
    piece = packable(21_000_000)
    assert fault_of(zipped({f"{n}.bin": piece for n in range(3)})) is Fault.TOO_BIG


def test_an_unknown_compression_is_named() -> None:
    content = bytearray(zipped({"acta.pdf": PDF}))
    content[8:10] = struct.pack("<H", 98)
    at = content.index(b"PK\x01\x02")
    content[at + 10 : at + 12] = struct.pack("<H", 98)
    assert fault_of(bytes(content)) is Fault.UNKNOWN_METHOD


def test_every_fault_has_a_reason_and_words_of_its_own() -> None:
    assert set(REFUSALS) == set(Fault)
    assert len({(refused.reason, refused.detail) for refused in REFUSALS.values()}) == len(Fault)
    assert all(refused.reason.value.startswith("ADJUNTO_") for refused in REFUSALS.values())
    assert REFUSALS[Fault.PROTECTED].reason is ReasonCode.ADJUNTO_PROTEGIDO
