"""Where a paper is signed, and whether the customer and the company did.  Pure.

Only a person ever says that a signature is whose it should be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from evidence_daemon.cases.equipment import plain
from evidence_daemon.documents.layout import Hit, Lexicon, Sheet, Span, has_colon, squeezed
from evidence_daemon.model import Box, Engine, Signature, Signer, SigningPlace
from evidence_daemon.rulebook import LabelsBook


def signing_top(sheet: Sheet) -> float:
    """Where the signatures begin (fraction of the height): below, names and numbers are the signers'."""
    listed = max((row[0].box.y0 for at, row in enumerate(sheet.rows) if _heads_equipment(sheet, at)), default=0.0)
    tops = [
        sheet.span_of(hit).box.y0
        for hit in sheet.hits_of("signing")
        # A bare "Firma" over the list of equipment is a row of a table of people.
        if hit.start == 0 and not (hit.label == "FIRMA" and sheet.span_of(hit).box.y1 < listed)
    ]
    tops = [top for top in tops if top > 0.3]
    for hit in sheet.hits_of("customer_signs"):
        cell = sheet.rows[hit.row][hit.cell]
        if sheet.fills_its_cell(hit) and not has_colon(cell, hit) and cell.box.y0 > 0.45:
            tops.append(cell.box.y0)
    return min(tops, default=2.0)


def _heads_equipment(sheet: Sheet, row: int) -> bool:
    """Whether a row is made of headings of a list of equipment."""
    cells = (sheet.hits_in.get((row, cell), ()) for cell in range(len(sheet.rows[row])))
    here = [hit for hits in cells for hit in hits if sheet.is_caption(hit)]
    named = {name for hit in here for name in hit.fields & {"type", "serial", "mac", "brand", "model"}}
    return len(named) >= 3


# ── signatures and stamp ─────────────────────────────────────────────────────────────────────────


_ROOM = 1.5
"""Heights of a line that a place must have for somebody to sign in it."""
_STROKE = 0.9
"""Heights of a line that strokes must have: what is lower is the rest of some print."""
_NO_LABEL = 0.45
"""Share of a page's height from which on somebody may sign where no label tells."""
_BESIDE = 3.0
"""Heights of a line by which the company's place may stand higher or lower than the customer's."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Who signed on a page, as `Fields` has it."""

    signature: Signature = Signature.DUDOSA
    received: Signature = Signature.DUDOSA
    stamp: Signature = Signature.DUDOSA
    signing_places: tuple[SigningPlace, ...] = ()


def signed_on(sheet: Sheet, book: LabelsBook, signing: float, holder: str, agent: str) -> Signed:
    """Ink over the places where the customer and the company sign (a label, or a name under a line), and a stamp.

    That nobody signed for the company is said only beside a customer's signature that was found, and of a place
    beside his or with a label that asks for a signature: at the foot of many forms stands the company's name.
    """
    clear = sheet.engine is Engine.TEXTO or sheet.confidence >= 0.75
    empty = Signature.NO_HALLADA if clear else Signature.DUDOSA
    signing = min(signing, _NO_LABEL)
    labels = list(_labels_at_the_foot(sheet, book, signing))
    his = [*sheet.hits_of("customer_signs"), *(hit for hit in labels if "customer" in hit.fields)]
    its = [hit for hit in labels if "company" in hit.fields]
    customers = [*_rooms(sheet, _places(sheet, his, signing, holder)), *_rooms_under(sheet, his, its)]
    found = any(_is_signed(sheet, *room) for room in customers)
    signature = Signature.HALLADA if found else empty if customers else Signature.DUDOSA
    companies = [
        room
        for room in (*_rooms(sheet, _places(sheet, its, signing, agent)), *_rooms_under(sheet, its, his))
        if not any(_overlap(room[0], other) > 0.3 for other, _ in customers)
    ]
    marked = any(_is_signed(sheet, *room) for room in companies)
    asked = [room for room, _ in companies if _is_asked(sheet, room, customers, its)]
    bare = asked and found and not any(_is_marked_near(sheet, room, customers) for room in asked)
    received = Signature.HALLADA if marked else empty if bare else Signature.DUDOSA
    stamps = list(_stamps(sheet, [room for room, _ in customers], signing))
    return Signed(
        signature,
        received,
        Signature.HALLADA if stamps else Signature.DUDOSA,
        (
            *_told(sheet, Signer.CLIENTE, customers, empty),
            *_told(sheet, Signer.EMPRESA, companies, empty),
            *(SigningPlace(Signer.SELLO, sheet.number, stamp, Signature.HALLADA) for stamp in stamps),
        ),
    )


def _told(sheet: Sheet, signer: Signer, rooms: Sequence[tuple[Box, float]], empty: Signature) -> Iterator[SigningPlace]:
    for room, top in rooms:
        found = Signature.HALLADA if _is_signed(sheet, room, top) else empty
        yield SigningPlace(signer, sheet.number, room, found)


SIGNING_LABELS = frozenset({"company_signs", "customer_signs_alone"})
"""Labels that are looked for at the foot only: among values these words would end them ("CNT-2024-000123")."""


def _labels_at_the_foot(sheet: Sheet, book: LabelsBook, signing: float) -> Iterator[Hit]:
    """Where somebody signs for the company, and words that are the customer's place where they stand alone."""
    foot = [row if row[0].box.y1 >= signing else () for row in sheet.rows]
    for hit in _lexicon_of(book).hits(foot):
        alone = hit.end - hit.start == len(sheet.rows[hit.row][hit.cell].words)
        if "company" in hit.fields or (alone and "customer" in hit.fields):
            yield hit


@lru_cache(maxsize=4)
def _lexicon_of(book: LabelsBook) -> Lexicon:
    return Lexicon({"company": book.company_signs, "customer": book.customer_signs_alone, "signing": book.signing})


def _places(sheet: Sheet, labels: Iterable[Hit], signing: float, name: str) -> list[Box]:
    """What stands under the rules on which somebody signs: his label, or his name."""
    places = [
        _topmost(sheet, sheet.rows[hit.row][hit.cell]).box
        for hit in labels
        if hit.start == 0 and _signs_here(sheet, hit, signing)
    ]
    if name:
        names = [
            cell for row in sheet.rows for cell in row if cell.box.y0 > 0.4 and squeezed(cell.text) == squeezed(name)
        ]
        places += [_topmost(sheet, cell).box for cell in names if cell.box.y0 >= min(signing, 0.5) - 0.01]
    return places


def _rooms(sheet: Sheet, places: Sequence[Box]) -> list[tuple[Box, float]]:
    """The room over each place that has enough of it, and the height from which on strokes are no print beside it."""
    rooms = [(_room_above(sheet, box), box.y0 - 0.3 * (box.y1 - box.y0)) for box in dict.fromkeys(places)]
    return [(room, top) for room, top in rooms if room.y1 - room.y0 >= _ROOM * sheet.line_height]


_BOX_HIGH = 12.0
"""Heights of a line of a box to sign in, from its heading to what stands under the rule."""
_UNDER_THE_RULE = re.compile(r"\W*(FIRMA|NOMBRES?|F)\b")


def _rooms_under(sheet: Sheet, mine: Sequence[Hit], others: Sequence[Hit]) -> list[tuple[Box, float]]:
    """The room of a box whose heading says who signs in it, beside another's box: "CLIENTE QUE ENTREGA" … "Firma".

    Only side by side, and down to what stands under the rule: of captions below one another the room under one is the
    next one's.
    """
    rooms = []
    for hit in mine:
        row = sheet.rows[hit.row]
        beside = {other.cell for other in others if other.row == hit.row and other.cell != hit.cell}
        if hit.start or not beside:
            continue
        head = row[hit.cell].box
        middle = (head.x0 + head.x1) / 2
        half = min(abs(middle - (row[at].box.x0 + row[at].box.x1) / 2) for at in beside) / 2
        for under in sheet.rows[hit.row + 1 :]:
            here = next((cell for cell in under if abs((cell.box.x0 + cell.box.x1) / 2 - middle) < half), None)
            if under[0].box.y0 - head.y1 > _BOX_HIGH * sheet.line_height:
                break
            if here is not None and _UNDER_THE_RULE.match(plain(here.text)):
                room = Box(max(0.0, middle - half), head.y1, min(1.0, middle + half), here.box.y0)
                if room.y1 - room.y0 >= _ROOM * sheet.line_height:
                    rooms.append((room, here.box.y0 - 0.3 * (here.box.y1 - here.box.y0)))
                break
    return rooms


def _is_signed(sheet: Sheet, room: Box, top: float) -> bool:
    strokes = (ink for ink in sheet.ink if ink.y1 - ink.y0 >= _STROKE * sheet.line_height)
    # What begins no higher than the label is print beside it ("f)"), read badly or not at all.
    return any(ink.y0 < top and _lies_in(ink, room) and not _is_print(sheet, ink) for ink in strokes)


def _is_print(sheet: Sheet, ink: Box) -> bool:
    """Whether strokes are a line of print, read unsurely, as where a shadow lies: no scribble has three words."""
    for cell in (cell for row in sheet.rows for cell in row):
        if len(cell.words) >= 3 and sum(map(str.isalnum, cell.text)) >= _LETTERS_OF_A_SENTENCE:
            covered = sum(_overlap(ink, word.box) for word in cell.words)
            if covered > _MOSTLY:
                return True
    return False


_LETTERS_OF_A_SENTENCE = 12
"""Letters and digits from which three words or more are a line of print."""


def _is_asked(sheet: Sheet, room: Box, customers: Sequence[tuple[Box, float]], labels: Sequence[Hit]) -> bool:
    """Whether somebody of the company is to sign in a room: beside the customer's, or over words that ask for it."""
    if any(abs(room.y1 - other.y1) < _BESIDE * sheet.line_height for other, _ in customers):
        return True
    return any("signing" in hit.fields and _meets(sheet, hit, room) for hit in labels)


_UNDER = 8.0
"""Heights of a line within which one signs under words that stand at the top of a box."""


def _is_marked_near(sheet: Sheet, room: Box, customers: Sequence[tuple[Box, float]]) -> bool:
    """Whether ink reaches into a room or under it that is not the customer's alone."""
    near = Box(room.x0, room.y0, room.x1, room.y1 + _UNDER * sheet.line_height)
    strokes = [ink for ink in sheet.ink if ink.y1 - ink.y0 >= _STROKE * sheet.line_height and _overlap(ink, near) > 0]
    return any(not _is_in_one(ink, customers) for ink in strokes)


def _is_in_one(ink: Box, customers: Sequence[tuple[Box, float]]) -> bool:
    return any(_overlap(ink, room) > _MOSTLY for room, _ in customers)


_MOSTLY = 0.5
"""Share of strokes that lies in the customer's place, from which on they are his."""


def _meets(sheet: Sheet, hit: Hit, room: Box) -> bool:
    box = sheet.span_of(hit).box
    return box.x0 < room.x1 and room.x0 < box.x1 and abs(box.y0 - room.y1) < _BESIDE * sheet.line_height


def _overlap(one: Box, two: Box) -> float:
    wide, high = min(one.x1, two.x1) - max(one.x0, two.x0), min(one.y1, two.y1) - max(one.y0, two.y0)
    area = (one.x1 - one.x0) * (one.y1 - one.y0)
    return max(0.0, wide) * max(0.0, high) / area if area > 0 else 0.0


_STAMP_HIGH = 2.8
"""Heights of a line of a stamp at least."""
_STAMP_SHAPE = (0.5, 5.0)
"""How many times as wide as high."""
_STAMP_WIDE = (0.06, 0.45)
"""Share of the page's width."""


def _stamps(sheet: Sheet, customers: Sequence[Box], signing: float) -> Iterator[Box]:
    """Ink at the foot of a page that is as large and as broad as a stamp and lies in no place of the customer's."""
    foot = min(signing, 0.6) - 8 * sheet.line_height
    for ink in sheet.ink:
        wide, high = ink.x1 - ink.x0, ink.y1 - ink.y0
        if (
            (ink.y0 + ink.y1) / 2 < foot
            or high < _STAMP_HIGH * sheet.line_height
            or not _STAMP_WIDE[0] <= wide <= _STAMP_WIDE[1]
        ):
            continue
        shaped = _STAMP_SHAPE[0] <= wide / (high * sheet.aspect) <= _STAMP_SHAPE[1]
        if shaped and not any(_lies_in(ink, room) for room in customers):
            yield ink


def _topmost(sheet: Sheet, cell: Span) -> Span:
    """The first of the short lines close over one another that tell who signs ("ENTREGA", "Nombre:")."""
    for row in reversed(sheet.rows):
        for over in row:
            gap = cell.box.y0 - over.box.y1
            beside = over.box.x0 < cell.box.x1 and cell.box.x0 < over.box.x1
            close = over.box.y0 < cell.box.y0 and gap < 0.9 * sheet.line_height and len(over.words) <= 5
            print_ = over.confidence >= 0.7 and sum(map(str.isalnum, over.text)) >= 5  # no scribble
            if beside and close and print_:
                cell = over
    return cell


def _signs_here(sheet: Sheet, hit: Hit, signing: float) -> bool:
    """Whether a label stands at the foot, and alone in its cell but for a word, or the company's name."""
    more = len(sheet.rows[hit.row][hit.cell].words) - (hit.end - hit.start)
    return sheet.span_of(hit).box.y0 >= signing - 0.01 and more <= (3 if "company" in hit.fields else 1)


def _room_above(sheet: Sheet, label: Box) -> Box:
    """From the text above down to the label, and as wide as a signature is."""
    middle, half = (label.x0 + label.x1) / 2, max(0.14, 0.75 * (label.x1 - label.x0))
    top = max(0.0, label.y0 - 8 * sheet.line_height)
    for row in sheet.rows:
        for cell in row:
            # What was read out of a scribble is no text: it is short and unsure.
            if cell.confidence < 0.7 or sum(map(str.isalnum, cell.text)) < 6:
                continue
            if cell.box.y1 <= label.y0 and cell.box.x0 < middle + half and cell.box.x1 > middle - half:
                top = max(top, cell.box.y1)
    return Box(middle - half, top, middle + half, label.y0 + 0.3 * (label.y1 - label.y0))


def _lies_in(ink: Box, room: Box) -> bool:
    width = min(ink.x1, room.x1) - max(ink.x0, room.x0)
    height = min(ink.y1, room.y1) - max(ink.y0, room.y0)
    if width <= 0 or height <= 0 or width < 0.04:
        return False
    return width * height >= 0.35 * (ink.x1 - ink.x0) * (ink.y1 - ink.y0)
