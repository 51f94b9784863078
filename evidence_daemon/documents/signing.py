"""Where a paper is signed, and whether the customer and the company did.  Pure.

Only a person ever says that a signature is whose it should be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from evidence_daemon.cases.equipment import plain
from evidence_daemon.documents.layout import Sheet, Span, squeezed
from evidence_daemon.documents.signers import (
    SURE,
    Caption,
    captions,
    days_of_stamps,
    foot_of,
    stamps_in_text,
    tells_when,
)
from evidence_daemon.model import Box, Engine, Signature, Signer, SigningPlace, Word
from evidence_daemon.rulebook import DocumentsBook, SigningBook

_ROOM = 1.5
"""Heights of a line that a place must have for somebody to sign in it."""
_STROKE = 0.9
"""Heights of a line that strokes must have: what is lower is the rest of some print."""
_BESIDE = 3.0
"""Heights of a line by which the company's place may stand higher or lower than the customer's."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Who signed on a page, as `Fields` has it."""

    signature: Signature = Signature.DUDOSA
    received: Signature = Signature.DUDOSA
    stamp: Signature = Signature.DUDOSA
    signing_places: tuple[SigningPlace, ...] = ()


@dataclass(frozen=True, slots=True)
class _Room:
    """Where somebody may sign."""

    box: Box
    top: float
    """The height from which on strokes are no print beside it."""
    base: float = 1.0
    """The line that is signed on: the middle of strokes stands over it."""


def signed_on(sheet: Sheet, book: DocumentsBook, signing: float, holder: str, agent: str) -> Signed:
    """Ink where the customer and the company sign (by a caption, or a name under a line), and a stamp.

    That nobody signed for the company is said only beside a customer's signature that was found, and of a place
    beside his or with a caption that asks for a signature: at the foot of many forms stands the company's name.
    """
    askew = _is_askew(sheet)
    clear = sheet.engine is Engine.TEXTO or (sheet.confidence >= 0.75 and not askew)
    empty = Signature.NO_HALLADA if clear else Signature.DUDOSA
    foot = foot_of(sheet)
    below = min(signing, foot)
    said = list(captions(sheet, book, below))
    his = [caption for caption in said if caption.signer is Signer.CLIENTE]
    its = [caption for caption in said if caption.signer is Signer.EMPRESA]
    # What was read as the holder's name over the company's caption is the name of who received.
    taken = [room.box for room in _rooms_of(sheet, its, his, ())]
    named = [*_named(sheet, below, holder), *_named_behind(sheet, below, holder)]
    holders = [box for box in named if not any(_overlap(_room_above(sheet, box), room) > 0.3 for room in taken)]
    customers = _rooms_of(sheet, his, its, holders)
    companies = _rooms_of(sheet, its, his, _named(sheet, below, agent))
    if not any(_is_signed(sheet, room) for room in customers):
        customers += [room for caption in his if (room := _room_under_colon(sheet, caption, its)) is not None]
    if not any(_is_signed(sheet, room) for room in (*customers, *companies)):
        customers, companies = (
            [*rooms, *_rooms_of_headings(sheet, mine, others), *_rooms_of_rows(sheet, mine, others)]
            for rooms, mine, others in ((customers, his, its), (companies, its, his))
        )
    stamped = days_of_stamps(sheet, book.signing)
    found = not askew and any(_is_signed(sheet, room, stamped) for room in customers)
    near = any(_is_signed(sheet, room, stamped) for caption in his for room in _around_behind(sheet, caption))
    his_empty = Signature.DUDOSA if near else empty
    signature = Signature.HALLADA if found else his_empty if customers else Signature.DUDOSA
    companies = [room for room in companies if not any(_overlap(room.box, other.box) > 0.3 for other in customers)]
    marked = any(_is_signed(sheet, room) for room in companies)
    asked = [room.box for room in companies if _is_asked(sheet, room.box, customers, its)]
    bare = asked and found and not any(_is_marked_near(sheet, room, customers, stamped) for room in asked)
    received = Signature.HALLADA if marked else empty if bare else Signature.DUDOSA
    signed_at = min([signing, *(caption.span.box.y0 for caption in said)])
    third = [_room_above(sheet, _topmost(sheet, cell).box) for cell in _captions_of_others(sheet, below, book.signing)]
    stamps = list(_stamps(sheet, [*(room.box for room in customers), *third], signed_at))
    if sheet.engine is Engine.TEXTO:  # of a stamp that is text nothing is left as ink: its words tell
        top = min(signed_at, _STAMPED_FROM) - 8 * sheet.line_height
        stamps += [day for day in stamps_in_text(sheet, book.signing) if day.y0 > top]
    return Signed(
        signature,
        received,
        Signature.HALLADA if stamps else Signature.DUDOSA,
        (
            *_told(sheet, Signer.CLIENTE, customers, his_empty, stamped, askew=askew),
            *_told(sheet, Signer.EMPRESA, companies, empty, (), askew=askew),
            *(SigningPlace(Signer.SELLO, sheet.number, stamp, Signature.HALLADA) for stamp in stamps),
        ),
    )


def _is_askew(sheet: Sheet) -> bool:
    """Whether the lines of a table lie among the strokes: those of a straight page are taken away before.

    Then print is among them too, and what stands over what cannot be told.
    """
    for ink in sheet.ink:
        wide, high = ink.x1 - ink.x0, ink.y1 - ink.y0
        if 0.5 < wide < 1 and high > 0.1 and sum(ink.holds_middle_of(word.box) for word in sheet.words) >= _IN_A_TABLE:
            return True
    return False


_IN_A_TABLE = 20
"""Words from which on what surrounds them is no scribble."""


def _told(
    sheet: Sheet, signer: Signer, rooms: Sequence[_Room], empty: Signature, stamped: Sequence[Box], *, askew: bool
) -> Iterator[SigningPlace]:
    for room in rooms:
        signed = not askew and _is_signed(sheet, room, stamped)
        yield SigningPlace(signer, sheet.number, room.box, Signature.HALLADA if signed else empty)


def _named(sheet: Sheet, signing: float, name: str) -> list[Box]:
    """Where a signer's name stands at the foot, below all that is listed: what was read out of a table is no name."""
    if not name:
        return []
    foot = max(signing - 0.01, _listed(sheet))
    return [
        _topmost(sheet, cell).box
        for row in sheet.rows
        for cell in row
        if cell.box.y0 >= foot and cell.confidence >= _NAME_READ and squeezed(cell.text) == squeezed(name)
    ]


def _named_behind(sheet: Sheet, signing: float, name: str) -> list[Box]:
    """The same of a customer behind what he did, or is beside one of ours: "Entregué: …", "Cliente: … ¦ Gestor: …"."""
    if not name:
        return []
    foot, found = max(signing - 0.01, _listed(sheet)), []
    for row in sheet.rows:
        for cell in row:
            did, colon, who = cell.text.rpartition(":")
            his = colon and _HANDS_OVER.fullmatch(plain(did)) and squeezed(who) == squeezed(name)
            if his and cell.box.y0 >= foot and cell.confidence >= _NAME_READ:
                found.append(_topmost(sheet, cell).box)
        pair = len(row) > 1 and _CUSTOMER.match(plain(row[0].text)) and _ONE_OF_OURS.match(plain(row[1].text))
        if pair and row[0].box.y0 > max(_LOWER_HALF, foot) and squeezed(row[0].text).endswith(squeezed(name)):
            found.append(row[0].box)
    return found


def _listed(sheet: Sheet) -> float:
    """Down to where equipment is listed."""
    return max((sheet.span_of(hit).box.y1 for name in ("serial", "mac") for hit in sheet.hits_of(name)), default=0.0)


_HANDS_OVER = re.compile(r"(ENTREGUE|DEVOLVI)( CONFORME)?")
_CUSTOMER = re.compile(r"(EL )?(CLIENTE|ABONAD[OA]|TITULAR|SUSCRIPTORA?)\b")
_ONE_OF_OURS = re.compile(r"(EL )?(AGENTE|ASESORA?|GESTORA?|SERVIDORA?|FUNCIONARI[OA]|TECNIC[OA]|EJECUTIV[OA])\b")
"""What stands before a name under the line on which one signs."""
_LOWER_HALF = 0.5
"""Share of a page's height: over it two names beside one another are a form's data."""
_NAME_READ = 0.4
"""Confidence of a name under a line at least: what noise is read as has less."""


def _rooms_of(sheet: Sheet, mine: Sequence[Caption], others: Sequence[Caption], named: Sequence[Box]) -> list[_Room]:
    """The rooms of one signer."""
    under = {caption: _room_of_pair(sheet, caption, others) for caption in mine}
    headings = {
        caption for caption, room in under.items() if room and room.box.y1 - room.box.y0 >= _HEADS * sheet.line_height
    }
    over = [_topmost(sheet, caption.span).box for caption in mine if caption not in headings]
    rooms = [*_rooms(sheet, [*over, *named]), *filter(None, under.values())]
    return [*rooms, *filter(None, (_room_beside(sheet, caption) for caption in mine))]


def _room_under_colon(sheet: Sheet, caption: Caption, others: Sequence[Caption]) -> _Room | None:
    """The room under a caption that ends with a colon, alone in its line, where strokes are: "Firma del cliente:".

    Under it may stand the other's caption: then his strokes stand over that, unless there are some under it as well.
    """
    row = sheet.rows[caption.row]
    if len(row) != 1 or not row[0].text.rstrip(". _").endswith(":"):
        return None
    room = _down_to_print(sheet, row[0].box)
    if room is None or not _is_signed(sheet, room):
        return None
    below = [other for other in others if 0 <= other.span.box.y0 - room.box.y1 < sheet.line_height]
    signed = [under for other in below if (under := _down_to_print(sheet, other.span.box)) and _is_signed(sheet, under)]
    return room if len(signed) == len(below) else None


def _down_to_print(sheet: Sheet, head: Box) -> _Room | None:
    """The room under some words, as wide as the page behind where they begin, down to the next print."""
    left, bottom = max(0.0, head.x0 - _ONE_EDGE), head.y1 + 8 * sheet.line_height
    for row in sheet.rows:
        for cell in row:
            long = sum(map(str.isalnum, cell.text)) >= 6 or ":" in cell.text  # a label, however short
            if long and cell.confidence >= SURE and cell.box.y0 >= head.y1 and cell.box.x1 > left:
                bottom = min(bottom, cell.box.y0)
    bottom = min(1.0, bottom)
    return _Room(Box(left, head.y1, 1.0, bottom), bottom) if bottom - head.y1 >= _ROOM * sheet.line_height else None


_HEADS = 3.0
"""Heights of a line from which on the room under a caption is where one signs: the caption heads a box."""


def _rooms(sheet: Sheet, places: Sequence[Box]) -> list[_Room]:
    """The room over each place that has enough of it."""
    rooms = [_Room(_room_above(sheet, box), box.y0 - 0.3 * (box.y1 - box.y0)) for box in dict.fromkeys(places)]
    return [room for room in rooms if room.box.y1 - room.box.y0 >= _ROOM * sheet.line_height]


_BOX_HIGH = 12.0
"""Heights of a line of a box to sign in, from its heading to what stands under the rule."""
_UNDER_THE_RULE = re.compile(r"\W*(FIRMA|NOMBRES?|F|C\W?[IC])\b\W*")


def _column(sheet: Sheet, caption: Caption, others: Sequence[Caption]) -> tuple[float, float] | None:
    """From where to where a signer's box reaches beside another's; None where no other one signs beside him."""
    row, head = sheet.rows[caption.row], caption.span.box
    beside = {other.cell for other in others if other.row == caption.row and other.cell != caption.cell}
    if not beside:
        return None
    middle = (head.x0 + head.x1) / 2
    half = min(abs(middle - (row[at].box.x0 + row[at].box.x1) / 2) for at in beside) / 2
    return middle - half, middle + half


def _room_of_pair(sheet: Sheet, caption: Caption, others: Sequence[Caption]) -> _Room | None:
    """The room under a caption that stands beside another's with room under it too: boxes come in pairs."""
    beside = [other for other in others if other.row == caption.row and _room_under(sheet, other, [caption])]
    return _room_under(sheet, caption, others) if beside else None


def _room_under(sheet: Sheet, caption: Caption, others: Sequence[Caption]) -> _Room | None:
    """The room of a box whose heading says who signs in it, beside another's box: "CLIENTE QUE ENTREGA" … "Firma".

    Only side by side, and down to what stands under the rule (what is to be written there, a name, a number): of
    captions below one another the room under one is the next one's.
    """
    column = _column(sheet, caption, others)
    if column is None:
        return None
    left, right = column
    head = caption.span.box
    for under in sheet.rows[caption.row + 1 :]:
        if under[0].box.y0 - head.y1 > _BOX_HIGH * sheet.line_height:
            return None
        here = _closes(under, left, right)
        if here is not None and here.y0 > head.y1:
            room = Box(max(0.0, left), head.y1, min(1.0, right), here.y0)
            high = room.y1 - room.y0 >= _ROOM * sheet.line_height
            return _Room(room, here.y0 - 0.3 * (here.y1 - here.y0)) if high else None
    return None


def _closes(row: Sequence[Span], left: float, right: float) -> Box | None:
    """What stands in a column of a row that stands under a rule: what is to be written there, a name, a number.

    Word by word: names that were written up to the next box are one cell with what stands there.
    """
    for cell in row:
        for word in cell.words:
            told = _UNDER_THE_RULE.match(plain(word.text))
            if told and left < (word.box.x0 + word.box.x1) / 2 < right:
                return word.box
        inside = left < (cell.box.x0 + cell.box.x1) / 2 < right
        if inside and cell.confidence >= SURE and (_is_name(cell) or re.search(r"\b\d{10}\b", cell.text)):
            return cell.box
    return None


_NAME = re.compile(r"[^\W\d_]{2,}( [^\W\d_]{2,}){1,5}")


def _is_name(cell: Span) -> bool:
    """Whether a cell may be a person's name: two words of letters or more, each with a capital."""
    whole = _NAME.fullmatch(cell.text) is not None
    return whole and sum(map(str.isalpha, cell.text)) >= 8 and all(word.text[0].isupper() for word in cell.words)


_BEHIND = 0.14
"""Share of the page's width behind a caption in which a signature begins: what lies farther may be anybody's."""


def _room_beside(sheet: Sheet, caption: Caption) -> _Room | None:
    """The room behind "Firma del cliente:", up to what stands next in its line: one signs on the caption's own line.

    It is narrow, as strokes farther off may be anybody's; what is written behind a caption in the line before is that
    one's.
    """
    if not _is_signed_behind(caption):
        return None
    box = caption.span.box
    around = _behind(sheet, caption)
    above = [
        cell.box.y1
        for row in sheet.rows
        for cell in row
        if cell.confidence >= SURE
        and cell.box.y1 <= box.y0
        and cell.box.x0 < around.x1
        and (cell.box.x1 > box.x1 or (":" in cell.text and cell.box.x1 > box.x0))
    ]
    room = Box(box.x1, max([around.y0, *above]), min(around.x1, box.x1 + _BEHIND), around.y1)
    return _Room(room, box.y1, base=box.y1)


def _around_behind(sheet: Sheet, caption: Caption) -> Iterator[_Room]:
    """Where strokes behind a caption may be a signature or anybody's: far from it, or as low as the next line."""
    if _is_signed_behind(caption):
        yield _Room(_behind(sheet, caption), caption.span.box.y1)


def _is_signed_behind(caption: Caption) -> bool:
    text = caption.span.text.rstrip()
    return text.endswith(":") and _FIRMA.search(plain(text)) is not None


def _behind(sheet: Sheet, caption: Caption) -> Box:
    """What lies behind a caption up to what stands next in its line."""
    box = caption.span.box
    after = [cell.box.x0 for cell in sheet.rows[caption.row][caption.cell + 1 :] if cell.confidence >= SURE]
    right = min([*after, box.x1 + 2 * _HALF, 1.0])
    return Box(box.x1, max(0.0, box.y0 - 3 * sheet.line_height), right, box.y1 + 0.5 * (box.y1 - box.y0))


def _rooms_of_headings(sheet: Sheet, mine: Sequence[Caption], others: Sequence[Caption]) -> Iterator[_Room]:
    """The rooms under captions side by side with nothing under them, where there are strokes under each.

    They are asked for only where there is no stroke over any caption: then these head boxes.
    """
    for caption in mine:
        beside = [other for other in others if other.row == caption.row]
        here = _open_under(sheet, caption, others)
        there = [room for other in beside if (room := _open_under(sheet, other, [caption])) is not None]
        if here is not None and _is_signed(sheet, here) and any(_is_signed(sheet, room) for room in there):
            yield here


def _open_under(sheet: Sheet, caption: Caption, others: Sequence[Caption]) -> _Room | None:
    """The room under a caption beside another, down to the next print or the end of the page."""
    column = _column(sheet, caption, others)
    if column is None:
        return None
    left, right = max(0.0, column[0]), min(1.0, column[1])
    head = caption.span.box
    bottom = min(1.0, head.y1 + 8 * sheet.line_height)
    for row in sheet.rows:
        for cell in row:
            print_ = cell.confidence >= SURE and sum(map(str.isalnum, cell.text)) >= 6
            if print_ and cell.box.y0 >= head.y1 and cell.box.x0 < right and cell.box.x1 > left:
                bottom = min(bottom, cell.box.y0)
    high = bottom - head.y1 >= _ROOM * sheet.line_height
    return _Room(Box(left, head.y1, right, bottom), bottom) if high else None


def _rooms_of_rows(sheet: Sheet, mine: Sequence[Caption], others: Sequence[Caption]) -> Iterator[_Room]:
    """The rooms behind captions at one left edge, one under the other, where there are strokes behind each.

    A table with a row for each signer, behind the caption or in a column that says "Firma"; or one row with a cell for
    each, behind "Firma del cliente" and "Firma CNT".  Asked for only where there is no stroke over any caption.
    """
    for caption in mine:
        box = caption.span.box
        stacked = [
            other
            for other in others
            if abs(other.span.box.x0 - box.x0) < _ONE_EDGE
            and _ROOM * sheet.line_height < abs(other.span.box.y0 - box.y0) < _BOX_HIGH * sheet.line_height
        ]
        beside = [other for other in others if other.row == caption.row and _FIRMA.search(plain(other.span.text))]
        pairs = [*stacked, *(beside if _FIRMA.search(plain(caption.span.text)) else ())]
        here = _row_behind(sheet, caption, pairs)
        there = (_row_behind(sheet, other, [caption]) for other in pairs)
        if here is not None and _is_signed(sheet, here) and any(room and _is_signed(sheet, room) for room in there):
            yield here


_FIRMA = re.compile(r"\bFIRMA")
_ONE_EDGE, _WIDE = 0.02, 0.1
"""Shares of a page's width: by which captions of one column differ, and that a row has for somebody to sign in."""
_ROW_HIGH = 3.0
"""Heights of a line of a row that has a cell for each signer."""


def _reach(sheet: Sheet, caption: Caption) -> tuple[float, float]:
    """From where to where one may sign in a caption's row: behind it, or in the column that "Firma" heads.

    Where there is such a column, names and numbers are written into the others.
    """
    behind = caption.span.box.x1, 1.0
    for row in reversed(sheet.rows[: caption.row]):
        if caption.span.box.y0 - row[0].box.y0 > _BOX_HIGH * sheet.line_height:
            return behind
        words = [word for cell in row for word in cell.words]  # headings close to one another are one cell
        for before, word in pairwise(words):
            if len(row) >= 2 and len(words) <= _HEADINGS and _SIGN_HERE.fullmatch(plain(word.text)):
                after = (cell.box.x0 for cell in row if cell.box.x0 > word.box.x1)
                return before.box.x1, min(after, default=1.0)
    return behind


_SIGN_HERE = re.compile(r"\W*FIRMAS?\W*")
_HEADINGS = 8
"""Words in a row of headings of a table of signers at most."""


def _row_behind(sheet: Sheet, caption: Caption, pairs: Sequence[Caption]) -> _Room | None:
    """The room in a caption's row up to the next print, which reaches half way to the caption of another."""
    if not pairs:
        return None
    left, end = _reach(sheet, caption)
    box = caption.span.box
    middle = (box.y0 + box.y1) / 2
    apart = (abs((other.span.box.y0 + other.span.box.y1) / 2 - middle) for other in pairs if other.row != caption.row)
    half = min(apart, default=_ROW_HIGH * sheet.line_height) / 2
    right = min(
        (
            cell.box.x0
            for row in sheet.rows
            for cell in row
            if left + _WIDE < cell.box.x0 < end
            and cell.confidence >= SURE
            and sum(map(str.isalnum, cell.text)) >= 6
            and abs((cell.box.y0 + cell.box.y1) / 2 - middle) < half
        ),
        default=end,
    )
    room = Box(left, max(0.0, middle - half), right, min(1.0, middle + half))
    return _Room(room, room.y1) if right - left >= _WIDE else None


def _is_signed(sheet: Sheet, room: _Room, stamped: Sequence[Box] = ()) -> bool:
    """Whether strokes lie in a room, other than a stamp that bears one of these days."""
    strokes = (
        ink
        for ink in sheet.ink
        if ink.y1 - ink.y0 >= _STROKE * sheet.line_height and not any(ink.holds_middle_of(day) for day in stamped)
    )
    # What begins no higher than the label is print beside it ("f)"), read badly or not at all.
    drawn = [
        ink
        for ink in strokes
        if ink.y0 < room.top and (ink.y0 + ink.y1) / 2 < room.base and _lies_in(ink, room.box, _NARROWEST)
    ]
    drawn = [ink for ink in drawn if not _is_print(sheet, ink)]
    return any(_lies_in(ink, room.box, _NARROW) for ink in drawn) or _is_in_pieces(sheet, drawn)


_NARROW, _NARROWEST = 0.04, 0.025
"""Shares of a page's width that a signature has at least in its room, and a piece of one."""
_CUT = 0.6
"""Widths of the smaller piece by which the two pieces of a signature are apart at most; ticks stand farther apart."""
_PIECE = 1.3
"""Heights of a line that each piece of a signature has at least."""


def _is_in_pieces(sheet: Sheet, strokes: Sequence[Box]) -> bool:
    """Whether two strokes beside one another are one signature that was cut, as where a rule was taken out of it.

    Between a mark and the next one, as in boxes to tick, stand words.
    """
    high = sorted((ink for ink in strokes if ink.y1 - ink.y0 >= _PIECE * sheet.line_height), key=lambda ink: ink.x0)
    for one, two in pairwise(high):
        whole = Box(one.x0, min(one.y0, two.y0), two.x1, max(one.y1, two.y1))
        level = min(one.y1, two.y1) - max(one.y0, two.y0) > 0.5 * min(one.y1 - one.y0, two.y1 - two.y0)
        near = two.x0 - one.x1 < _CUT * min(one.x1 - one.x0, two.x1 - two.x0)
        if level and near and not any(whole.holds_middle_of(word.box) for word in sheet.words):
            return True
    return False


def _is_print(sheet: Sheet, ink: Box) -> bool:
    """Whether strokes are a line of print, a number, a day or an hour, read unsurely, as in a shadow or by hand.

    No scribble has three words, nor so many digits: "C.I. 1700000019" or "12/05/2025" over a caption is no signature.
    """
    return any(_is_written(words) and _is_covered(ink, words) for row in sheet.rows for words in _writings(row))


def _writings(row: Sequence[Span]) -> Iterator[tuple[Word, ...]]:
    """The cells of a row, and cells of digits side by side: gaps part a day written by hand as they part cells."""
    for cell in row:
        yield cell.words
    for digits, cells in groupby(row, lambda cell: not any(map(str.isalpha, cell.text))):
        if digits:
            yield tuple(word for cell in cells for word in cell.words)


def _is_covered(ink: Box, words: Sequence[Word]) -> bool:
    """Whether strokes are mostly what these words were read out of, the gaps between them included."""
    boxes = [word.box for word in words if _overlap(ink, word.box) > 0]
    if not boxes:
        return False
    left, right = min(box.x0 for box in boxes), max(box.x1 for box in boxes)
    whole = Box(left, min(box.y0 for box in boxes), right, max(box.y1 for box in boxes))
    return _overlap(ink, whole) > _MOSTLY


def _is_written(words: Sequence[Word]) -> bool:
    text = " ".join(word.text for word in words)
    line = len(words) >= 3 and sum(map(str.isalnum, text)) >= _LETTERS_OF_A_SENTENCE
    return line or re.search(r"\d{6}", re.sub(r"[\W_]", "", text)) is not None or tells_when(text)


_LETTERS_OF_A_SENTENCE = 12
"""Letters and digits from which three words or more are a line of print."""


def _is_asked(sheet: Sheet, room: Box, customers: Sequence[_Room], captions: Sequence[Caption]) -> bool:
    """Whether somebody of the company is to sign in a room: beside the customer's, or over words that ask for it."""
    if any(abs(room.y1 - other.box.y1) < _BESIDE * sheet.line_height for other in customers):
        return True
    return any(caption.asks and _meets(sheet, caption.span.box, room) for caption in captions)


_UNDER = 8.0
"""Heights of a line within which one signs under words that stand at the top of a box."""


def _is_marked_near(sheet: Sheet, room: Box, customers: Sequence[_Room], stamped: Sequence[Box]) -> bool:
    """Whether ink reaches into a room or under it that is not the customer's alone, or the words of a stamp do.

    Of a stamp that can be read nothing is left but its frame, and not even that where it is straight.
    """
    over = Box(room.x0, room.y1 - _UNDER * sheet.line_height, room.x1, room.y1)
    if any(over.holds_middle_of(day) for day in stamped):
        return True
    near = Box(room.x0, room.y0, room.x1, room.y1 + _UNDER * sheet.line_height)
    strokes = [ink for ink in sheet.ink if ink.y1 - ink.y0 >= _STROKE * sheet.line_height and _overlap(ink, near) > 0]
    return any(not _is_in_one(ink, customers) for ink in strokes)


def _is_in_one(ink: Box, customers: Sequence[_Room]) -> bool:
    return any(_overlap(ink, room.box) > _MOSTLY for room in customers)


_MOSTLY = 0.5
"""Share of strokes that lies in the customer's place, from which on they are his."""


def _meets(sheet: Sheet, box: Box, room: Box) -> bool:
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
    """Ink near where one signs, or below, as large and as broad as a stamp, that lies in no place of the customer's.

    On the paper, as far as its print tells where that ends: the pattern of a carpet round it has such pieces too.
    """
    top = min(signing, _STAMPED_FROM) - 8 * sheet.line_height
    left, right, bottom = _printed_on(sheet)
    for ink in sheet.ink:
        wide, high = ink.x1 - ink.x0, ink.y1 - ink.y0
        if (
            (ink.y0 + ink.y1) / 2 < top
            or not left <= (ink.x0 + ink.x1) / 2 <= right
            or ink.y0 > bottom
            or high < _STAMP_HIGH * sheet.line_height
            or not _STAMP_WIDE[0] <= wide <= _STAMP_WIDE[1]
        ):
            continue
        shaped = _STAMP_SHAPE[0] <= wide / (high * sheet.aspect) <= _STAMP_SHAPE[1]
        if shaped and not any(_lies_in(ink, room) for room in customers):
            yield ink


def _printed_on(sheet: Sheet) -> tuple[float, float, float]:
    """How far left, right and down a stamp may stand: both margins as wide as the narrower, and some lines of room."""
    sure = [cell.box for row in sheet.rows for cell in row if cell.confidence >= SURE and len(cell.text) >= _A_WORD]
    if not sure:
        return 0.0, 1.0, 1.0
    margin = max(0.0, min(*(box.x0 for box in sure), 1 - max(box.x1 for box in sure)) - _BEYOND_PRINT)
    return margin, 1 - margin, max(box.y1 for box in sure) + _ROOM_BELOW * sheet.line_height


_A_WORD, _BEYOND_PRINT, _ROOM_BELOW = 4, 0.02, 10
"""Letters of a cell that tells where there is paper; share of the width, and heights of a line, beyond its print."""


def _captions_of_others(sheet: Sheet, below: float, book: SigningBook) -> Iterator[Span]:
    """Captions at the foot that name somebody who is neither customer nor company: "TESTIGO (vecino)"."""
    for row in sheet.rows:
        for cell in row:
            words = set(re.findall(r"[A-Z]+", plain(cell.text)))
            if cell.box.y0 >= below and words & set(book.others) and not words & set(book.customer):
                yield cell


_STAMPED_FROM = 0.6
"""Share of a page's height from which on a stamp may be put wherever one signs."""


def _topmost(sheet: Sheet, cell: Span) -> Span:
    """The first of the short lines close over one another that tell who signs ("ENTREGA", "Nombre:")."""
    for row in reversed(sheet.rows):
        for over in row:
            gap = cell.box.y0 - over.box.y1
            beside = over.box.x0 < cell.box.x1 and cell.box.x0 < over.box.x1
            # Between a name and the caption under it there may be the rule that he signs on.
            name = _is_name(over)
            near = 1.6 * max(sheet.line_height, over.box.y1 - over.box.y0) if name else 0.9 * sheet.line_height
            close = over.box.y0 < cell.box.y0 and gap < near and len(over.words) <= 5
            print_ = over.confidence >= SURE and sum(map(str.isalnum, over.text)) >= 5  # no scribble
            if beside and close and print_:
                cell = over
    return cell


_HALF = 0.14
"""Half the width of a signature's room at least (share of the page's)."""


def _room_above(sheet: Sheet, label: Box) -> Box:
    """From the text above down to the label, and as wide as a signature is."""
    middle, half = (label.x0 + label.x1) / 2, max(_HALF, 0.75 * (label.x1 - label.x0))
    top = max(0.0, label.y0 - 8 * sheet.line_height)
    for row in sheet.rows:
        for cell in row:
            # What was read out of a scribble is no text: it is short and unsure.
            if cell.confidence < SURE or sum(map(str.isalnum, cell.text)) < 6:
                continue
            if cell.box.y1 <= label.y0 and cell.box.x0 < middle + half and cell.box.x1 > middle - half:
                top = max(top, cell.box.y1)
    return Box(middle - half, top, middle + half, label.y0 + 0.3 * (label.y1 - label.y0))


def _lies_in(ink: Box, room: Box, least: float = _NARROW) -> bool:
    width = min(ink.x1, room.x1) - max(ink.x0, room.x0)
    height = min(ink.y1, room.y1) - max(ink.y0, room.y0)
    if width <= 0 or height <= 0 or width < least:
        return False
    return width * height >= 0.35 * (ink.x1 - ink.x0) * (ink.y1 - ink.y0)
