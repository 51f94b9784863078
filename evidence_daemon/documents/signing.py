"""Where a paper is signed, and whether the customer did.  Pure.

Only a person ever says that a signature is whose it should be.
"""

from __future__ import annotations

from evidence_daemon.documents.layout import Hit, Sheet, Span, has_colon, squeezed
from evidence_daemon.model import Box, Engine, Signature


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


# ── signature ────────────────────────────────────────────────────────────────────────────────────


_ROOM = 1.5
"""Heights of a line that a place must have for somebody to sign in it."""
_STROKE = 0.9
"""Heights of a line that strokes must have: what is lower is the rest of some print."""


def signature_of(sheet: Sheet, signing: float, holder: str) -> tuple[Signature, tuple[Box, ...]]:
    """Ink over the places where the customer signs (his label, or his name under a line), and these places."""
    places = [
        _topmost(sheet, sheet.rows[hit.row][hit.cell]).box
        for hit in sheet.hits_of("customer_signs")
        if hit.start == 0 and _signs_here(sheet, hit, signing)
    ]
    if holder:
        names = [
            cell for row in sheet.rows for cell in row if cell.box.y0 > 0.4 and squeezed(cell.text) == squeezed(holder)
        ]
        places += [_topmost(sheet, cell).box for cell in names if cell.box.y0 >= min(signing, 0.5) - 0.01]
    rooms = [(_room_above(sheet, box), box.y0 - 0.3 * (box.y1 - box.y0)) for box in places]
    rooms = [(room, top) for room, top in rooms if room.y1 - room.y0 >= _ROOM * sheet.line_height]
    zones = tuple(room for room, _ in rooms)
    if not zones:
        return Signature.DUDOSA, ()
    strokes = [ink for ink in sheet.ink if ink.y1 - ink.y0 >= _STROKE * sheet.line_height]
    # What begins no higher than the label is print beside it ("f)"), read badly or not at all.
    if any(ink.y0 < top and _lies_in(ink, zone) for zone, top in rooms for ink in strokes):
        return Signature.HALLADA, zones
    clear = sheet.engine is Engine.TEXTO or sheet.confidence >= 0.75
    return Signature.NO_HALLADA if clear else Signature.DUDOSA, zones


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
    cell = sheet.rows[hit.row][hit.cell]
    return sheet.span_of(hit).box.y0 >= signing - 0.01 and len(cell.words) <= hit.end - hit.start + 1


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
