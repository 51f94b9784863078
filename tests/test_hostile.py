"""The reader against whatever is sent: containers through real cages, every limit, deadly files, the antivirus."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import time
import tomllib
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wrapped
from authority import COMPANY, certified, painted_over, signed
from cryptography.x509.oid import NameOID
from PIL import Image
from reportlab.pdfgen.canvas import Canvas
from wrapped import docx, eml, odt, outlook, winmail, zipped

from evidence_daemon.config import DocumentsConfig
from evidence_daemon.documents import reader as reader_module
from evidence_daemon.documents.antivirus import Clean, Found, NotLooked, read_answer, read_place
from evidence_daemon.documents.fields import read_papers
from evidence_daemon.documents.reader import Reader
from evidence_daemon.documents.sandbox import Cell, Frame, Limits
from evidence_daemon.documents.screening import MAX_DEPTH, MAX_FILE_BYTES, Form
from evidence_daemon.documents.tries import MOST_BEGINNINGS, Tries, TriesOfThisRun, is_deadly
from evidence_daemon.documents.unpack import NotOpenedError, unpack
from evidence_daemon.errors import Temporary
from evidence_daemon.model import Attachment, DigitalVerdict, Document, Reading, ReasonCode, Sha256, Unreadable
from evidence_daemon.rulebook import DocumentsBook
from evidence_daemon.store.database import Database, open_database
from evidence_daemon.store.reading import FORGOTTEN_AFTER, StoredTries

R = ReasonCode
ROOT = Path(__file__).parents[1]
BOOK = DocumentsBook.model_validate(tomllib.loads((ROOT / "rules" / "documents.toml").read_text()))


def attached(content: bytes, name: str = "acta") -> Attachment:
    return Attachment(name, "application/octet-stream", content, Sha256(hashlib.sha256(content).hexdigest()), "2")


def reader(tries: Tries | None = None, **settings: Any) -> Reader:
    config = DocumentsConfig(**settings)
    return Reader(config, lambda png: Sha256(hashlib.sha256(png).hexdigest()), BOOK, tries)


def read(*contents: bytes, **settings: Any) -> tuple[Reading, ...]:
    return reader(**settings).read([attached(content, f"f{n}") for n, content in enumerate(contents)])


def ends(readings: tuple[Reading, ...]) -> list[str]:
    return [one.reason.value if isinstance(one, Unreadable) else one.media_type for one in readings]


def blank(kind: str = "PNG", size: tuple[int, int] = (300, 400), shade: int = 255) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", size, shade).save(buffer, kind)
    return buffer.getvalue()


def lines(*texts: str) -> bytes:
    """A page of large clear print, as a picture."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(595, 420))
    canvas.setFont("Helvetica", 14)
    for at, text in enumerate(texts):
        canvas.drawString(50, 370 - 30 * at, text)
    canvas.save()
    import pypdfium2

    page = pypdfium2.PdfDocument(buffer.getvalue())[0].render(scale=2.5).to_pil()
    png = io.BytesIO()
    page.convert("L").save(png, "PNG")
    return png.getvalue()


# ── containers ───────────────────────────────────────────────────────────────────────────────────


def test_parts_are_read_like_attachments_and_named_by_their_way() -> None:
    inner = eml({"dentro.png": blank(shade=254)}, text="Reenvío.")
    content = zipped(
        {
            "uno.png": blank(),
            "carta.docx": docx({"a.png": blank(shade=253)}),
            "correo.eml": inner,
            "x.rar": b"Rar!\x1a\x07",
        }
    )
    readings = reader().read([attached(content, "todo.zip")])
    assert [one.name for one in readings] == [
        "todo.zip › uno.png", "todo.zip › carta.docx › a.png", "todo.zip › correo.eml › dentro.png", "todo.zip › x.rar",
    ]  # fmt: skip
    assert ends(readings) == ["image/png"] * 3 + [R.ADJUNTO_FORMATO]


@pytest.mark.parametrize("wrap", [zipped, docx, odt, eml, winmail, outlook], ids=lambda wrap: wrap.__name__)
def test_every_container_is_opened_through_the_cage(wrap: Callable[[dict[str, bytes]], bytes]) -> None:
    (reading,) = read(wrap({"ñandú acta.png": blank(size=(900, 1200))}))
    assert isinstance(reading, Document)
    assert reading.media_type == "image/png"
    assert reading.name.endswith("acta.png")


@pytest.mark.slow
def test_photos_in_an_archive_are_pages_of_one_paper() -> None:
    top = lines("CORPORACION NACIONAL DE TELECOMUNICACIONES CNT EP", "ACTA DE RETIRO DE EQUIPOS", "Cédula: 1700000019")
    middle = lines("Número de servicio: 022345678", "Fecha: 17/03/2021")
    bottom = lines("El cliente entrega los equipos:", "ONT Huawei, serie: HWTCC661499D")
    readings = read(zipped({"1.png": top, "2.png": middle, "3.png": bottom}))
    assert ends(readings) == ["image/png"] * 3
    (paper,) = read_papers(readings, BOOK)
    assert len(paper.documents) == 3
    assert paper.id_number is not None
    assert paper.id_number.value == "1700000019"


def test_the_cage_takes_out_what_would_come_out_without_it() -> None:
    """A module that were imported on its first use only would be missing after the lock."""
    beside = os.environ.get("EVIDENCE_TEST_DATA")
    folder = Path(beside) if beside else ROOT.parent / "shared" / "data"
    if not (folder / "mails").is_dir():
        pytest.skip("no public mails beside the project (../shared/data/mails, or EVIDENCE_TEST_DATA)")
    mails = [path for path in sorted((folder / "mails").rglob("*")) if path.is_file()][::12]
    files = [(path, Form.MAIL) for path in mails]
    files += [(path, Form.TNEF) for path in sorted((folder / "winmail").iterdir()) if "LICENSE" not in path.name]
    with Cell("evidence_daemon.documents.unpack", Limits(100, 1_500_000_000)) as cell:
        for path, form in files:
            content = path.read_bytes()
            *told, ending = cell.answers(Frame({"form": form.value, "zipped": False}, (content,)))
            try:
                parts = [(part.name, part.content) for part in unpack(content, form)]
                fault = None
            except NotOpenedError as refused:
                parts, fault = [], refused.fault
            assert ending.facts.get("refused") == fault, path.name
            assert [(frame.facts["name"], frame.blobs[0]) for frame in told] == parts, path.name


def test_the_same_file_wrapped_and_not_is_read_once() -> None:
    content = blank()
    readings = read(content, zipped({"otra.png": content}))
    assert ends(readings) == ["image/png"] * 2
    assert readings[0].sha256 == readings[1].sha256
    assert readings[1].name == "f1 › otra.png"


def test_a_name_in_an_archive_loses_what_would_fool_the_eye() -> None:
    (reading,) = read(zipped({"../..\u202egnp.exe\x07.png": blank()}))
    assert reading.name == "f0 › ..gnp.exe.png"


# ── every limit, its own outcome ─────────────────────────────────────────────────────────────────


def png_of_size(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x00\x00\x00\x00"
    data = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def jpeg_of_size(width: int, height: int) -> bytes:
    """A picture of sixteen pixels that says that it has more."""
    out = io.BytesIO()
    Image.new("L", (4, 4)).save(out, "JPEG")
    head, _, rest = out.getvalue().partition(b"\xff\xc0")
    return head + b"\xff\xc0" + rest[:3] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + rest[7:]


def deep(levels: int) -> bytes:
    content = blank()
    for _ in range(levels):
        content = eml({"sigue.eml": content})
    return content


def nested_flate() -> bytes:
    """A page whose content is three deflated streams within one another: ten gigabytes of blanks."""
    inner = zlib.compress(zlib.compress(b" " * 10_000_000, 9) * 1000, 9)
    content = zlib.compress(inner, 9)
    return (
        b"%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R>>endobj\n4 0 obj<</Filter"
        b"[/FlateDecode/FlateDecode/FlateDecode]/Length %d>>stream\n%s\nendstream endobj\ntrailer<</Root 1 0 R>>"
    ) % (len(content), content)


def pages(count: int) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(150, 150))
    for _ in range(count):
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "reason", "words"),
    [
        (lambda: b"\xff\xd8\xff" + bytes(MAX_FILE_BYTES), R.ADJUNTO_MUY_GRANDE, "bytes"),
        (lambda: png_of_size(60_000, 60_000), R.ADJUNTO_MUY_GRANDE, "píxeles"),
        (lambda: jpeg_of_size(20_000, 20_000), R.ADJUNTO_MUY_GRANDE, "píxeles"),
        (lambda: pages(0), R.ADJUNTO_DANADO, "dañado"),
        (lambda: zipped({f"{n}.png": b"x%d" % n for n in range(51)}), R.ADJUNTO_MUY_GRANDE, "más de 50"),
        (wrapped.bomb, R.ADJUNTO_BLOQUEADO, "crecer"),
        (wrapped.encrypted, R.ADJUNTO_PROTEGIDO, "clave"),
        (lambda: zipped({"a.zip": zipped({"b.png": blank()})}), R.ADJUNTO_FORMATO, "dentro de otro"),
        (lambda: deep(MAX_DEPTH + 1), R.ADJUNTO_FORMATO, "más hondo"),
        (lambda: docx({}), R.ADJUNTO_FORMATO, "sin ninguna imagen"),
        (lambda: zipped({}), R.ADJUNTO_FORMATO, "ningún archivo"),
        (wrapped.damaged, R.ADJUNTO_DANADO, "dañado"),
        (lambda: zipped({"META-INF/MANIFEST.MF": b"x"}), R.ADJUNTO_BLOQUEADO, "programa"),
        (lambda: b"", R.ADJUNTO_VACIO, "vacío"),
        (lambda: zipped({"acta.pdf": b"\0" * 100}), R.ADJUNTO_VACIO, "vacío"),
    ],
)
def test_what_exceeds_a_limit_ends_with_its_own_reason(content: Callable[[], bytes], reason: R, words: str) -> None:
    (reading,) = read(content())
    assert isinstance(reading, Unreadable)
    assert (reading.reason, words in reading.detail) == (reason, True), reading


def test_a_depth_that_is_allowed_is_read() -> None:
    assert ends(read(deep(MAX_DEPTH))) == ["image/png"]


def test_files_above_the_number_of_a_mail_are_told_one_by_one_wrapped_or_not() -> None:
    several = zipped({f"{n}.png": blank(shade=200 + n) for n in range(3)})
    assert ends(read(several, blank(), max_attachments=2)) == ["image/png"] * 2 + [R.ADJUNTO_MUY_GRANDE] * 2


def test_bytes_above_those_of_a_mail_are_told() -> None:
    large = [np.random.default_rng(seed).bytes(24_000_000) for seed in range(3)]
    assert ends(read(*large)) == [R.ADJUNTO_FORMATO] * 2 + [R.ADJUNTO_MUY_GRANDE]


def test_containers_above_their_number_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "_MOST_CONTAINERS", 2)
    content = [zipped({"a.bin": b"%d" % n}) for n in range(3)]
    left = reader_module._Left(20, time.monotonic() + 60, containers=2)
    one = reader()
    told = [end for item in content for end in ends(one._walk(attached(item), (), left, ()))]
    assert told == [R.ADJUNTO_FORMATO, R.ADJUNTO_FORMATO, R.ADJUNTO_MUY_GRANDE]


def test_pages_above_those_of_a_document_are_counted_and_not_read() -> None:
    (reading,) = read(pages(12), max_pages=2)
    assert isinstance(reading, Document)
    assert (len(reading.pages), reading.total_pages) == (2, 12)


def test_pictures_of_one_tiff_above_their_number_are_counted_and_not_read() -> None:
    out = io.BytesIO()
    frames = [Image.new("1", (60, 80), 1) for _ in range(12)]
    frames[0].save(out, "TIFF", save_all=True, append_images=frames[1:])
    (reading,) = read(out.getvalue(), max_pages=20)
    assert isinstance(reading, Document)
    assert (len(reading.pages), reading.total_pages) == (10, 12)


def test_pages_above_those_of_a_mail_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    one = reader()
    left = reader_module._Left(20, time.monotonic() + 60, pages=3)
    told = [one._walk(attached(content), (), left, ()) for content in (pages(2), blank(), blank(shade=1))]
    assert [end for readings in told for end in ends(readings)] == [
        "application/pdf", "image/png", R.ADJUNTO_MUY_GRANDE,
    ]  # fmt: skip


def test_seconds_above_those_of_a_document_send_it_to_a_person() -> None:
    (reading,) = read(pages(10), max_seconds=0.05)
    assert isinstance(reading, Unreadable)
    assert (reading.reason, "not done in time" in reading.detail) == (R.ERROR_INTERNO, True)


def test_seconds_above_those_of_a_mail_send_the_rest_to_a_person() -> None:
    first, second = read(blank(), blank(shade=1), max_mail_seconds=0.000001)
    assert isinstance(second, Unreadable)
    assert (second.reason, "más tiempo" in second.detail) == (R.ERROR_INTERNO, True)
    assert isinstance(first, Unreadable)


def test_memory_above_what_is_allowed_ends_the_cell_and_not_the_daemon() -> None:
    began = time.monotonic()
    (reading,) = read(nested_flate(), max_memory_bytes=900_000_000, max_seconds=40)
    assert time.monotonic() - began < 60
    assert isinstance(reading, Document) or reading.reason in {R.ERROR_INTERNO, R.ADJUNTO_DANADO}


@pytest.mark.parametrize(
    "save",
    [
        lambda out: Image.new("CMYK", (800, 600)).save(out, "JPEG"),
        lambda out: Image.fromarray(np.full((600, 800), 60_000, np.uint16)).save(out, "PNG"),
        lambda out: Image.new("RGBA", (800, 600), (255, 255, 255, 0)).save(out, "PNG"),
        lambda out: Image.new("P", (800, 600)).save(out, "GIF"),
        lambda out: Image.new("1", (800, 600), 1).save(out, "TIFF", compression="group4"),
        lambda out: Image.fromarray(np.full((600, 800), 60_000, np.uint16)).save(out, "TIFF"),
        lambda out: Image.new("L", (800, 600), 255).save(out, "JPEG2000"),
    ],
    ids=["CMYK", "16-bit PNG", "alpha", "palette", "fax", "16-bit TIFF", "grey JPEG 2000"],
)
def test_odd_pictures_are_opened(save: Callable[[io.BytesIO], None]) -> None:
    buffer = io.BytesIO()
    save(buffer)
    (reading,) = read(buffer.getvalue())
    assert isinstance(reading, Document), reading


# ── signatures through the reader ────────────────────────────────────────────────────────────────


def test_a_signed_pdf_is_read_with_its_signature_and_an_altered_one_with_its_alteration(tmp_path: Path) -> None:
    authority = certified({NameOID.COMMON_NAME: "AC DE PRUEBA"})
    (tmp_path / "ac.pem").write_bytes(authority.pem)
    content = signed(pages(1), certified(COMPANY, authority), authority)
    good, bad = read(content, painted_over(content), signature_authorities=str(tmp_path))
    assert isinstance(good, Document)
    assert isinstance(bad, Document)
    assert [one.proof for one in good.signatures] == [True]
    assert [one.verdict for one in bad.signatures] == [DigitalVerdict.ALTERADA]


# ── what kills its reader ────────────────────────────────────────────────────────────────────────


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database("", tmp_path, None)
    opened.migrate()
    yield opened
    opened.close()


def now() -> datetime:
    return datetime(2021, 4, 20, 12, tzinfo=UTC)


@pytest.fixture
def deadly(monkeypatch: pytest.MonkeyPatch) -> None:
    """PDFs are given to a parser that ends without a word."""
    monkeypatch.setitem(reader_module._PARSERS, reader_module.Form.PDF, "tests.cell_probe")


@pytest.mark.usefixtures("deadly")
def test_a_file_that_killed_two_cells_is_not_opened_again_not_even_by_another_daemon(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = attached(pages(1))
    (first,) = reader(StoredTries(database, now)).read([content])
    assert isinstance(first, Unreadable)
    assert first.reason is R.ERROR_INTERNO
    monkeypatch.setattr(reader_module, "Cell", None)  # whoever opened it now would break
    (again,) = reader(StoredTries(database, now)).read([content])
    assert isinstance(again, Unreadable)
    assert (again.reason, "no se abre más" in again.detail) == (R.ERROR_INTERNO, True)


@pytest.mark.parametrize("kept", [False, True])
def test_a_file_that_takes_the_daemon_along_is_opened_a_bounded_number_of_times(
    database: Database, *, kept: bool
) -> None:
    tries: Tries = StoredTries(database, now) if kept else TriesOfThisRun()
    file = Sha256("a" * 64)
    deaths = [is_deadly(tries.begin(file)) for _ in range(MOST_BEGINNINGS + 1)]  # and the daemon is gone each time
    assert deaths == [False] * MOST_BEGINNINGS + [True]


@pytest.mark.parametrize("kept", [False, True])
def test_a_file_that_is_read_without_harm_has_a_clean_name(database: Database, *, kept: bool) -> None:
    tries: Tries = StoredTries(database, now) if kept else TriesOfThisRun()
    file, other = Sha256("a" * 64), Sha256("b" * 64)
    tries.begin(file)
    tries.died(file, 1)
    tries.begin(other)
    assert not is_deadly(tries.begin(file))
    tries.ended(file)
    count = tries.begin(file)
    assert (count.begun, count.died) == (1, 0)
    tries.died(file, 2)
    assert is_deadly(tries.begin(file))


def test_deaths_are_forgotten_after_a_while(database: Database) -> None:
    file, at = Sha256("a" * 64), now()
    tries = StoredTries(database, lambda: at)
    tries.begin(file)
    tries.died(file, 2)
    assert is_deadly(tries.begin(file))
    at += FORGOTTEN_AFTER + timedelta(minutes=1)
    assert not is_deadly(tries.begin(file))


def test_a_house_without_a_cage_reads_later_and_holds_nothing_against_the_file(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(reader_module._PARSERS, reader_module.Form.PDF, "tests.no_such_work")
    tries = StoredTries(database, now)
    with pytest.raises(Temporary, match="no_such_work"):
        reader(tries).read([attached(pages(1))])
    count = tries.begin(attached(pages(1)).sha256)
    assert (count.begun, count.died) == (1, 0)


# ── the antivirus ────────────────────────────────────────────────────────────────────────────────

MALWARE = b"%PDF-1.4 this is the invented evil of a test: 6f1d9c2e"


@pytest.fixture(scope="module")
def clamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real clamd with a database of one line, which knows our own invented malware."""
    program = shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin")
    if program is None:
        pytest.skip("no clamd on this machine (apt-get install clamav-daemon)")
    folder = tmp_path_factory.mktemp("clamd")
    folder.chmod(0o755)
    (folder / "own.ndb").write_text(f"Invented.Evil:0:*:{MALWARE[10:].hex()}\n")
    socket = folder / "clamd.ctl"
    settings = folder / "clamd.conf"
    settings.write_text(
        f"LocalSocket {socket}\nDatabaseDirectory {folder}\nForeground yes\nStreamMaxLength 1M\nMaxThreads 2\n"
        "OfficialDatabaseOnly no\nAlertEncrypted no\nSelfCheck 3600\nConcurrentDatabaseReload no\n"
    )
    with subprocess.Popen(
        [program, "--config-file", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as running:
        until = time.monotonic() + 60
        while not socket.exists() and time.monotonic() < until and running.poll() is None:
            time.sleep(0.05)
        if not socket.exists():
            running.kill()
            said = running.stderr.read().decode() if running.stderr else ""
            raise RuntimeError(f"clamd did not start: {said[-500:]}")
        yield f"unix:{socket}"
        running.kill()


def test_what_the_antivirus_finds_is_never_opened(clamd: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    whole = Reader._tried
    monkeypatch.setattr(Reader, "_tried", lambda self, file, work: opened.append(file.name) or whole(self, file, work))
    infected, inside, clean = read(MALWARE, zipped({"acta.pdf": MALWARE}), blank(), clamav=clamd)
    for one in (infected, inside):
        assert isinstance(one, Unreadable)
        assert (one.reason, one.malware) == (R.ADJUNTO_BLOQUEADO, "Invented.Evil.UNOFFICIAL")
    assert isinstance(clean, Document)
    assert opened == ["f2"]


@pytest.mark.parametrize(("absent", "expected"), [("hold", R.ERROR_INTERNO.value), ("go_on", "image/png")])
def test_without_an_antivirus_a_file_is_held_or_opened_as_the_setting_says(
    tmp_path: Path, absent: str, expected: str
) -> None:
    assert ends(read(blank(), clamav=f"unix:{tmp_path}/nobody", clamav_absent=absent)) == [expected]


def test_a_file_that_is_too_long_for_the_antivirus_was_not_looked_at(clamd: str) -> None:
    large = blank("BMP", (2000, 1500))
    assert len(large) > 1_000_000
    assert ends(read(large, clamav=clamd)) == [R.ERROR_INTERNO]
    assert ends(read(large, clamav=clamd, clamav_absent="go_on")) == ["image/bmp"]


@pytest.mark.parametrize(
    ("answer", "opinion"),
    [
        (b"stream: OK\0", Clean()),
        (b"stream: Eicar-Signature FOUND\0", Found("Eicar-Signature")),
        (b"INSTREAM size limit exceeded. ERROR\0", NotLooked("INSTREAM size limit exceeded. ERROR")),
        (b"", NotLooked("closed the connection without a word")),
        (b"stream: OK and more", NotLooked("stream: OK and more")),
    ],
)
def test_only_a_clear_word_of_the_antivirus_is_taken(answer: bytes, opinion: object) -> None:
    assert read_answer(answer) == opinion


def test_where_the_antivirus_listens_is_a_path_or_a_host_with_its_port() -> None:
    assert read_place("unix:/run/clamav/clamd.ctl") == "/run/clamav/clamd.ctl"
    assert read_place("tcp:127.0.0.1:3310") == ("127.0.0.1", 3310)
    assert read_place("tcp:[::1]:3310") == ("::1", 3310)
    for wrong in ("", "clamd", "unix:relative", "tcp:host", "tcp:host:port"):
        with pytest.raises(ValueError, match="must be"):
            read_place(wrong)


# ── corpora of others ────────────────────────────────────────────────────────────────────────────


def _bench() -> Any:
    sys.path.insert(0, str(ROOT / "bench"))
    import hostile

    beside = os.environ.get("EVIDENCE_TEST_DATA")
    folder = Path(beside) if beside else hostile.BESIDE
    if not (folder / "hostile").is_dir():
        pytest.skip("no hostile corpora beside the project (../shared/data/hostile, or EVIDENCE_TEST_DATA)")
    return hostile, hostile.corpus([folder / "hostile", folder / "winmail"])


def test_a_sample_of_hostile_files_ends_with_named_outcomes() -> None:
    hostile, files = _bench()
    for outcome in hostile.through_the_reader(files[7::60]):
        assert outcome.seconds < hostile.MOST_SECONDS
        assert outcome.wall < hostile.WALL_SECONDS + 5
        assert outcome.named


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_every_hostile_file_ends_with_a_named_outcome_in_bounded_time_and_memory() -> None:
    hostile, files = _bench()
    held: list[int] = []
    for outcome in hostile.through_the_reader(files):
        held.append(hostile.memory())
        print(f"{outcome.seconds:6.1f} s  {outcome.path.name[:60]:<60}  {outcome.named}")  # noqa: T201  # the table
        assert outcome.seconds < hostile.MOST_SECONDS, outcome.path.name
        assert outcome.wall < hostile.WALL_SECONDS + 5, outcome.path.name
        assert outcome.named
    assert len(held) == len(files)
    assert hostile.growth(held) < hostile.MOST_GROWTH
