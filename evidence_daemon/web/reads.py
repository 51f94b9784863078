"""What was read of a mail's papers beside what is on file, value by value, and where on its page each lies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from evidence_daemon.canonical import service_key
from evidence_daemon.cases.equipment import Likeness, same_serial
from evidence_daemon.cases.identity import same_id
from evidence_daemon.cases.names import NameMatch, compare
from evidence_daemon.documents.corrections import NAMES
from evidence_daemon.model import (
    Box,
    Case,
    Claim,
    Document,
    Engine,
    Field,
    Fields,
    Page,
    Sha256,
    SigningPlace,
    Subject,
    pages_of,
)
from evidence_daemon.review import Dossier
from evidence_daemon.web.words import _, word


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page that was read: its place among all pages of the mail (from 1), and of which file."""

    number: int
    page: Page
    document: Document

    @property
    def raster(self) -> Sha256:
        """The picture that was read."""
        return self.page.raster or Sha256("")


@dataclass(frozen=True, slots=True)
class Read:
    """One value of a paper beside what is on file.  `kind`: "good", "bad", "warn" or "" where nothing compares.

    `sheet` is the page (from 1) on which its box lies; 0 when it has none.  `beside` is what else its line of the
    table of equipment says, as written: "state" and "accessories", of those that it does say.
    """

    path: str
    name: str
    field: Field | None
    expected: str
    says: str
    kind: str
    sheet: int = 0
    beside: tuple[tuple[str, str], ...] = ()


def sheets_of(dossier: Dossier) -> list[Sheet]:
    """Every page that was read, in order."""
    pages = enumerate(pages_of(dossier.story.readings), start=1)
    return [Sheet(number, page, document) for number, (document, page) in pages]


def values_read(paper: Fields, number: int, cases: tuple[Case, ...], sheets: list[Sheet]) -> list[Read]:
    """What a paper says, value by value, beside what is on file for these cases."""
    numbers = {sheet.number for sheet in sheets}

    def place(field: Field | None) -> int:
        return field.page if field is not None and field.box is not None and field.page in numbers else 0

    found = []
    for name in NAMES:
        field: Field | None = getattr(paper, name)
        expected, says, kind = _compared(name, field, cases)
        found.append(Read(f"{number}.{name}", name, field, expected, says, kind, place(field)))
    items = [item for case in cases for item in case.items]
    for row, line in enumerate(paper.equipment):
        said = tuple((name, text) for name, text in (("state", line.state), ("accessories", line.accessories)) if text)
        for name, value, beside in (("serial", line.serial, said), ("mac", line.mac, ())):
            if value is None and name == "mac":
                continue
            path = f"{number}.equipment.{row}.{name}"
            expected, says, kind = _compared_equipment(value, [(item.serial, item.mac) for item in items])
            found.append(Read(path, name, value, expected, says, kind, place(value), beside))
    return found


def subject_read(subject: Subject, cases: tuple[Case, ...]) -> list[Read]:
    """What the subject says, part by part, beside what is on file; nothing of a part that it does not give."""
    number = subject.id_number.value if subject.id_number is not None else ""
    service = subject.service_number if isinstance(subject, Claim) else ""
    found = []
    for name, text in (("id_number", number), ("holder", subject.name), ("service_number", service)):
        if text:
            field = Field(text, text, 0, None, 1.0, Engine.TEXTO, "asunto")
            found.append(Read(f"asunto.{name}", name, field, *_compared(name, field, cases)))
    if subject.lines:
        text = ", ".join(word(line) for line in sorted(subject.lines))
        field = Field(text, text, 0, None, 1.0, Engine.TEXTO, "asunto")
        on_file = {case.line for case in cases}
        says, kind = (_("same"), "good") if on_file & subject.lines else (_("another one"), "bad")
        if not on_file:
            says, kind = _("no case to compare with"), ""
        expected = ", ".join(word(line) for line in sorted(on_file))
        found.append(Read("asunto.line", "line", field, expected, says, kind))
    return found


def _compared(name: str, field: Field | None, cases: tuple[Case, ...]) -> tuple[str, str, str]:
    """(what is on file, what that says, how good) of one value."""
    if name == "id_number":
        files = list(dict.fromkeys(case.id_number for case in cases))
        return _same(field, files, same_id)
    if name == "holder":
        files = list(dict.fromkeys(case.holder for case in cases))
        if field is None or not files:
            return _same(field, files, lambda a, b: a == b)
        best = min((compare(field.value, holder) for holder in files), key=_NAMES_BEST.index)
        kind = {NameMatch.COINCIDE: "good", NameMatch.NO_COINCIDE: "bad"}.get(best, "warn")
        return ", ".join(files), word(best), kind
    if name == "service_number":
        files = list(dict.fromkeys(case.service_number for case in cases))
        return _same(field, files, lambda a, b: service_key(a) == service_key(b))
    if name == "date" and field is not None:
        since = max((case.activated_on for case in cases if case.activated_on), default=None)
        if since is not None and field.value < since.isoformat():
            return since.isoformat(), _("before the service was activated"), "bad"
    return "", "" if field is not None else _("not read"), ""


_NAMES_BEST = (NameMatch.COINCIDE, NameMatch.PARCIAL, NameMatch.DUDA, NameMatch.NO_COINCIDE)


def _same(field: Field | None, files: list[str], same: Any) -> tuple[str, str, str]:
    expected = ", ".join(files)
    if field is None:
        return expected, _("not read"), "warn" if files else ""
    if not files:
        return "", _("no case to compare with"), ""
    if any(same(field.value, one) for one in files):
        return expected, _("same"), "good"
    return expected, _("another one"), "bad"


def _compared_equipment(field: Field | None, items: list[tuple[str, str]]) -> tuple[str, str, str]:
    known = [value for pair in items for value in pair if value]
    if field is None:
        return "", _("not read"), "warn"
    if not known:
        return "", _("no case to compare with"), ""
    likeness = {value: same_serial(field.value, value) for value in known}
    for wanted, says, kind in ((Likeness.SAME, _("same"), "good"), (Likeness.DOUBT, _("alike, in doubt"), "warn")):
        for value, found in likeness.items():
            if found is wanted:
                return value, says, kind
    return ", ".join(known), _("not on file"), "bad"


def boxes(reads: list[Read], sheet: Sheet) -> Iterator[tuple[Read, tuple[float, float, float, float]]]:
    """The values that lie on this page, with their boxes in its pixels: x, y, width, height, a little wider."""
    for read in reads:
        if read.field is not None and read.field.box is not None and read.sheet == sheet.number:
            yield read, _in_pixels(read.field.box, sheet.page)


def signing_boxes(
    papers: Iterable[Fields], sheet: Sheet
) -> Iterator[tuple[SigningPlace, tuple[float, float, float, float]]]:
    """Where signatures and stamps were looked for on this page, with their boxes in its pixels."""
    for paper in papers:
        yield from (
            (place, _in_pixels(place.box, sheet.page)) for place in paper.signing_places if place.page == sheet.number
        )


def _in_pixels(box: Box, page: Page) -> tuple[float, float, float, float]:
    pad = 0.004
    x0, y0 = max(0.0, box.x0 - pad) * page.width, max(0.0, box.y0 - pad) * page.height
    x1, y1 = min(1.0, box.x1 + pad) * page.width, min(1.0, box.y1 + pad) * page.height
    return round(x0, 1), round(y0, 1), round(x1 - x0, 1), round(y1 - y0, 1)
