"""What a page does not yet show beyond doubt, so that it can be looked at again (see `sight`).  Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evidence_daemon.cases.equipment import canonical_mac, is_pon_serial, plain
from evidence_daemon.cases.identity import read_id
from evidence_daemon.documents.agreement import one_place
from evidence_daemon.documents.dates import as_date
from evidence_daemon.documents.issuers import ours, own_ruc
from evidence_daemon.documents.kinds import direction_of
from evidence_daemon.documents.layout import Sheet, Span
from evidence_daemon.documents.leaf import OWN_PAPERS, SINGLE, Found, Leaf, has_place, tells_a_return
from evidence_daemon.documents.looks import Wanted
from evidence_daemon.documents.signers import signing_top
from evidence_daemon.documents.ticks import choice_on, offered_on
from evidence_daemon.model import (
    WITHOUT_SERIAL,
    Box,
    Direction,
    DocumentKind,
    Engine,
    Field,
    IdCheck,
    Page,
    Sha256,
    Word,
)
from evidence_daemon.rulebook import DocumentsBook


def yields(words: Sequence[Word]) -> int:
    """How many kinds of values that prove themselves stand among these words, whatever is around them.

    0..5: a cédula or a person's RUC (check digit), a PON serial, another serial, a MAC, a date.  By this a
    text layer is believed, and one way of reading a picture is preferred to another; no labels are needed.
    """
    kinds = set()
    for word in words:
        text = word.text.strip(".,;:()")
        if canonical_mac(text) and re.search(r"[0-9]", text):
            kinds.add("mac")
        elif is_pon_serial(text):
            kinds.add("pon")
        elif as_date(text):
            kinds.add("date")
        elif re.fullmatch(r"\d{10}|\d{10}001", text):
            number = read_id(text)
            if number is not None and number.check is IdCheck.OK and (len(text) == 10 or text[2] not in "69"):
                kinds.add("id")
        elif re.fullmatch(r"(?=.*[A-Z])(?=(?:.*[0-9]){5})[A-Z0-9]{9,20}", text):
            kinds.add("serial")
    return len(kinds)


_ASKED = ("number", "date", "holder", "id_number", "service_number", "line", "agent")
_COMPARED = ("number", "date", "holder", "id_number", "service_number")
"""Of a text layer these are compared with its pixels, besides title, direction and equipment."""
_NEEDED = ("date", "holder", "id_number", "service_number")
"""What every acta has; where one is not found, lines that were read badly or not at all are looked for.  Many forms
bear no number: missing it alone is worth no search, but a look at what stands beside other numbers."""
_SIGNED_BELOW = 0.4
"""Share of a page's height above which nobody signs."""
_ENOUGH_LETTERS = 250
_WELL_READ = 0.85
"""Letters, and their mean confidence, from which a page that is no acta is believed to be none."""


def wanted(page: Page, book: DocumentsBook) -> Wanted:
    """What a page does not yet show beyond doubt, so that it can be looked at again."""
    leaf = Leaf(Sha256(""), page, book)
    sheet, found = leaf.sheets[0], leaf.found
    worth = yields(page.words)
    seen_whole = any(not witness.regions for witness in page.witnesses if witness.engine is not Engine.CODIGO)
    if leaf.kind in OWN_PAPERS:
        return Wanted(leaf.kind, worth=worth)
    direction, _ = direction_of(leaf.sheets, book.direction)
    # What may pass for an acta without any title is looked at as closely as one.
    untitled = leaf.kind is DocumentKind.OTRO and not leaf.because and tells_a_return(direction, found)
    if leaf.kind is not DocumentKind.ACTA and not untitled:
        letters = sum(sum(map(str.isalnum, word.text)) for word in page.words)
        # What says that it is something else besides an acta stays so, however often it is looked at.
        believed = bool(leaf.because) or (
            letters >= _ENOUGH_LETTERS and sheet.confidence >= _WELL_READ and not _tells_of_equipment(sheet)
        )
        poorly = not believed and not seen_whole and _is_poorly_read(page)
        return Wanted(leaf.kind, missing=not believed and not seen_whole, poorly=poorly, worth=worth)
    singles_found = [getattr(found, name) for name in _ASKED]
    numbers = [field for line in found.equipment for field in (line.serial, line.mac)]
    serials = [line.serial for line in found.equipment if line.type not in WITHOUT_SERIAL]
    values = [field for field in (*singles_found, *numbers) if field is not None and field.box is not None]
    if page.engine is Engine.TEXTO:
        keys = [getattr(found, name) for name in _COMPARED]
        shown = [field for field in (*keys, *numbers) if field and field.box]
        places = [place for field in shown for place in _lines_of(field, sheet)] + _telling(sheet, leaf.because, book)
    else:
        places = [field.box for field in values if not field.proven]
    missing = (
        any(getattr(found, name) is None for name in _NEEDED)
        or not serials
        or any(serial is None for serial in serials)
        or direction is Direction.DESCONOCIDA
        or not ours(leaf.sheets, book)[0]
    )
    open_as_a_whole = page.engine is not Engine.TEXTO and not seen_whole
    return Wanted(
        DocumentKind.ACTA,
        places=_apart([_roomy(place, sheet) for place in places if place is not None]),
        disputed=tuple(_roomy(field.box, sheet) for field in values if field.rivals and not field.proven and field.box)
        or tuple(mask.place for mask in leaf.masked),
        captions=_captions(sheet, found) if open_as_a_whole else (),
        poorly=open_as_a_whole and bool(missing or places) and _is_poorly_read(page),
        unclaimed=_unclaimed(sheet, found, book) if open_as_a_whole else (),
        offered=max(map(offered_on, leaf.sheets), key=len, default=()) if not page.tickboxes else (),
        missing=(missing or untitled) and not seen_whole,  # its title may be there, and unread
        unsigned=None if seen_whole or has_place(found.signed) else _SIGNED_BELOW,
        worth=worth,
        untitled=untitled,
    )


_UNSURE, _MANY_UNSURE = 0.6, 0.25
"""Confidence below which a number was read unsurely, and the share of such from which a page is worth a whole look:
what was filled in by hand, or photographed badly, has more (measured on papers; of printed ones few have)."""
_OF_A_NUMBER = 4
"""Digits."""


def _is_poorly_read(page: Page) -> bool:
    """Whether many of the numbers on a page were read unsurely, or none was."""
    numbers = [word.confidence for word in page.words if sum(map(str.isdigit, word.text)) >= _OF_A_NUMBER]
    return sum(sure < _UNSURE for sure in numbers) >= _MANY_UNSURE * len(numbers)


def _lines_of(field: Field, sheet: Sheet) -> list[Box]:
    """Where a value stands, line by line: what is broken over two lines is no strip that an engine could read."""
    box = field.box
    if box is None or box.y1 - box.y0 < _TWO_LINES * sheet.line_height:
        return [] if box is None else [box]
    said = set(field.raw.split())
    rows = [
        [w for cell in row for w in cell.words if w.text in said and _covered(w.box, box) > 0.5] for row in sheet.rows
    ]
    return [Span(tuple(row)).box for row in rows if row] or [box]


_TWO_LINES = 1.8

_MOST_CAPTIONS = 8
_MOST_UNCLAIMED = 10
_LIKE_A_NUMBER = re.compile(r"(?=(?:.*[0-9]){3}|(?=.*[0-9])(?:.*[0-9A-Z]){10})(?=(?:.*[0-9A-Z]){6})[^a-zñáéíóú]+")
"""Three digits among six capitals and digits at least, or one among ten: as numbers look, read well or badly."""


def _unclaimed(sheet: Sheet, found: Found, book: DocumentsBook) -> tuple[Box, ...]:
    """Where numbers stand that are no field's, while one that a paper has is missing: it may have been misread."""
    equipment = [line for line in found.equipment if line.type not in WITHOUT_SERIAL]
    macs = [line.mac is None for line in equipment] if sheet.hits_of("mac") else []
    singles_found = [getattr(found, name) for name in ("number", "date", "id_number", "service_number")]
    if all(singles_found) and all(line.serial for line in equipment) and equipment and not any(macs):
        return ()
    taken = [field.box for field in singles_found if field is not None]
    taken += [field.box for line in equipment for field in (line.serial, line.mac) if field is not None]
    signing = signing_top(sheet)
    places = [
        word.box
        for row in sheet.rows
        for cell in row
        for word in cell.words
        if word.box.y0 < signing
        and _LIKE_A_NUMBER.fullmatch(word.text)
        and not own_ruc(re.sub(r"\D", "", word.text), book.ours)
        and not any(one_place(word.box, box) for box in taken)
    ]
    return tuple(_roomy(place, sheet) for place in places[:_MOST_UNCLAIMED])


def _captions(sheet: Sheet, found: Found) -> tuple[Box, ...]:
    """Over and under each number that is no field's, while the paper's, the holder's or the service's is missing.

    Forms print captions in letters half as high as what is filled in, too small for an engine that reads a page.  Over
    names too, while the holder's is missing.
    """
    if found.id_number and found.service_number and found.number and found.holder:
        return ()
    taken = [field for name in SINGLE if (field := getattr(found, name)) is not None]
    taken += [field for line in found.equipment for field in (line.serial, line.mac) if field is not None]
    places: list[Box] = []
    for row in sheet.rows:
        for cell in row:
            digits = sum(map(str.isdigit, cell.text))
            number = 6 <= digits <= 14 and len(cell.words) <= 3 and cell.box.y0 < 0.7
            name = not found.holder and not digits and 3 <= len(cell.words) <= 5 and cell.box.y0 < _SIGNED_BELOW
            if not number and not (name and cell.text.isupper()):
                continue
            if any(one_place(cell.box, field.box) for field in taken):
                continue
            box, high = cell.box, cell.box.y1 - cell.box.y0
            left, right = max(0.0, box.x0 - high * sheet.aspect), min(1.0, box.x1 + 4 * high * sheet.aspect)
            places.append(Box(left, max(0.0, box.y0 - 1.4 * high), right, max(0.001, box.y0 - 0.2 * high)))
            places.append(Box(left, min(0.998, box.y1 + 0.2 * high), right, min(1.0, box.y1 + 1.3 * high)))
    return tuple(places[: 2 * _MOST_CAPTIONS])


def _tells_of_equipment(sheet: Sheet) -> bool:
    """Whether a page without a title of an acta is about equipment all the same: then the title may be unread."""
    return bool(sheet.hits_of("serial") or sheet.hits_of("mac")) or re.search(r"\bEQUIPOS?\b", sheet.text) is not None


def _telling(sheet: Sheet, titles: Sequence[str], book: DocumentsBook) -> list[Box]:
    """Where a page says what it is and who hands over to whom."""
    cells = [cell for row in sheet.rows for cell in row]
    told = [cell.box for cell in cells if cell.text in titles]
    chosen = choice_on(sheet)
    told += [chosen.ticked] if chosen is not None and chosen.ticked is not None else []
    signing = signing_top(sheet)
    for cell in (cell for cell in cells if cell.box.y1 < signing):
        text = plain(cell.text)
        for found in filter(None, (re.search(phrase.pattern, text) for phrase in book.direction.returns)):
            start, stop = text[: found.start()].count(" "), text[: found.end()].count(" ") + 1
            told.append(Span(cell.words[start:stop] or cell.words).box)
    return told[:_MAX_TELLING]


def _apart(places: Sequence[Box]) -> tuple[Box, ...]:
    """Without those that lie in another for the most part: nothing is to be read twice in one look."""
    kept: list[Box] = []
    for place in sorted(places, key=lambda box: (box.x0 - box.x1) * (box.y1 - box.y0)):
        if not any(_covered(place, other) > 0.5 for other in kept):
            kept.append(place)
    return tuple(kept)


def _covered(place: Box, other: Box) -> float:
    wide = min(place.x1, other.x1) - max(place.x0, other.x0)
    high = min(place.y1, other.y1) - max(place.y0, other.y0)
    area = (place.x1 - place.x0) * (place.y1 - place.y0)
    return max(0.0, wide) * max(0.0, high) / area if area > 0 else 1.0


_MAX_TELLING = 5


def _roomy(box: Box, sheet: Sheet) -> Box:
    """A place with some room round it, so that no letter at its edge is cut."""
    high = box.y1 - box.y0
    up, side = 0.3 * high, 0.5 * high * sheet.aspect
    return Box(max(0.0, box.x0 - side), max(0.0, box.y0 - up), min(1.0, box.x1 + side), min(1.0, box.y1 + up))
