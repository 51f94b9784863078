"""The equipment that a paper lists: by the structure of its table, or line by line.  Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise, takewhile

from rapidfuzz.distance.Levenshtein import distance

from evidence_daemon.cases.equipment import (
    canonical_mac,
    equipment_type,
    is_pon_serial,
    label_form,
    plain,
    types_named,
)
from evidence_daemon.cases.identity import read_id
from evidence_daemon.documents.dates import as_date
from evidence_daemon.documents.labelled import LOOSE, above_of, below_of, field_of, left_of, next_line, right_of
from evidence_daemon.documents.layout import Hit, Sheet, Span, column_of, columns, has_colon, value_after
from evidence_daemon.model import WITHOUT_SERIAL, Box, Engine, EquipmentLine, EquipmentType, Field, IdCheck, Word
from evidence_daemon.rulebook import DocumentsBook

# ── equipment ────────────────────────────────────────────────────────────────────────────────────

_SERIAL = re.compile(r"[A-Z0-9][A-Z0-9\-]{4,22}[A-Z0-9]")
_HEADINGS = ("type", "brand", "model", "brand_model", "serial", "mac", "count", "state", "accessories")
_BOTH = "serial_mac"
"""One column for serials and MACs ("Serie / MAC"): only there the shape says which it is."""
_NOTHING = frozenset({"NA", "SN", "SINSERIE", "SINNUMERO", "NOAPLICA", "NINGUNO", "NINGUNA", ""})


def equipment_of(sheet: Sheet, book: DocumentsBook, signing: float) -> tuple[tuple[EquipmentLine, ...], frozenset[str]]:
    """Lines of equipment, by the page's table or line by line; and the numbers that they hold.

    Above the signatures, or where nothing stands there behind them: some forms are signed in the middle.
    """
    lines = _lines_above(sheet, book, signing)
    if signing < 1 and not any(line.serial or line.mac for line in lines):
        below = _lines_above(sheet, book, 2.0)
        lines = below if any(line.serial or line.mac for line in below) else lines
    numbers = frozenset(field.value for line in lines for field in (line.serial, line.mac) if field)
    return lines, numbers


def _lines_above(sheet: Sheet, book: DocumentsBook, signing: float) -> tuple[EquipmentLine, ...]:
    lines = _table(sheet, book, signing) or _sideways(sheet, signing)
    if not any(line.serial for line in lines) and (_by_piece(sheet) or not any(line.mac for line in lines)):
        # A sentence full of labels may look like headings: what holds no number is no better than the list.
        listed = _listed(sheet, book, signing)
        lines = listed if not lines or any(line.serial or line.mac for line in listed) else lines
    return lines


def _by_piece(sheet: Sheet) -> bool:
    """Whether captions come again for each piece, serials among them: then no row of captions heads a table."""
    heads = Counter(frozenset(found) for number in range(len(sheet.rows)) if (found := _heads(sheet, number)))
    rows = {hit.row for hit in sheet.hits_of("serial") if hit.start == 0}
    return max(heads.values(), default=0) > 1 and len(rows) > 1


def _table(sheet: Sheet, book: DocumentsBook, signing: float) -> tuple[EquipmentLine, ...]:
    """The lines of all tables of equipment: a paper for two services has two."""
    found: list[EquipmentLine] = []
    reached = -1
    for number in range(len(sheet.rows)):
        heads = _heads(sheet, number) if number > reached else {}
        if not heads:
            continue
        over = _over(sheet, number) if sheet.captions_below else []
        body = over or _body(sheet, number, signing)
        if not body:
            continue
        # Scribble under a table is no part of it, and must not move its columns.
        telling = [line for line in body if _tells(line)] or body
        lines: list[EquipmentLine] = []
        for heads_here, left, right in _side_by_side(sheet, number, heads):
            within = [_between(line, left, right) for line in (sheet.rows[number], *telling)]
            named = sorted([*heads_here.items(), *_other_heads(within[0], heads_here)], key=lambda head: head[1].x0)
            names, edges = columns(named, [word for line in within for cell in line for word in cell.words])
            rows = (_between(cells, left, right) for cells in body)
            here = [line for cells in rows if cells and (line := _row(sheet, cells, names, edges, book))]
            lines += [] if _is_copy(here, lines) else here
        if lines:
            found += lines
            reached = number if body is over else number + len(body)
    return tuple(found)


def _over(sheet: Sheet, number: int) -> list[tuple[Span, ...]]:
    """The rows of equipment that stand over their headings; specks between them and the headings are none."""
    found: list[tuple[Span, ...]] = []
    for at in range(number - 1, max(-1, number - _MOST_OVER), -1):
        row = sheet.rows[at]
        text = " ".join(cell.text for cell in row)
        if any(sheet.is_caption(hit) for cell in range(len(row)) for hit in sheet.strong_hits_in(at, cell)):
            break
        if _tells(row) if not found else equipment_type(text) is not None and len(row) > 1:
            found.insert(0, row)
        elif found or sum(map(str.isalnum, text)) > _SPECKS:
            break
    return found


_MOST_OVER, _SPECKS = 12, 3
"""Rows over headings that are looked at; letters of a row of specks at most."""


def _side_by_side(sheet: Sheet, number: int, heads: dict[str, Box]) -> tuple[tuple[dict[str, Box], float, float], ...]:
    """The tables that one row heads, each with where it begins and ends: headings that come again begin another."""
    first, again = _first_heads(sheet, number)
    starts = sorted(box.x0 for box in first.values())
    if not again or len(again) < 2 or again.keys() != first.keys():
        return ((heads, 0.0, 1.0),)
    middle = (max(box.x1 for box in first.values()) + min(box.x0 for box in again.values())) / 2
    if starts[-1] >= min(box.x0 for box in again.values()):
        return ((heads, 0.0, 1.0),)
    return ((first, 0.0, middle), (again, middle, 1.0))


def _first_heads(sheet: Sheet, number: int) -> tuple[dict[str, Box], dict[str, Box]]:
    """The headings of a row, each where it stands first, and where it stands for the second time."""
    found: tuple[dict[str, Box], dict[str, Box]] = {}, {}
    for hit in sheet.hits:
        if hit.row == number and hit.fields & set(_HEADINGS) and not _has_value(sheet, hit):
            name = next(name for name in _HEADINGS if name in hit.fields)
            found[name in found[0]].setdefault(name, sheet.span_of(hit).box)
    return found


def _between(line: Sequence[Span], left: float, right: float) -> tuple[Span, ...]:
    """What of a row stands between two places of it."""
    words = (tuple(w for w in cell.words if left <= (w.box.x0 + w.box.x1) / 2 < right) for cell in line)
    return tuple(Span(some) for some in words if some)


def _is_copy(lines: Sequence[EquipmentLine], before: Sequence[EquipmentLine]) -> bool:
    """Whether a table says what the one left of it says, if misread in a sign or two: the copy beside the original."""
    known = [line.serial.value for line in before if line.serial]
    serials = [line.serial.value for line in lines if line.serial]
    alike = all(min(distance(serial, one) for one in known) <= _MISREAD for serial in serials) if known else False
    return alike and [line.type for line in lines] == [line.type for line in before]


_MISREAD = 3
"""Signs in which two readings of one serial may differ."""


def _tells(line: Sequence[Span]) -> bool:
    """Whether a row names equipment, or shows what could be its number."""
    words = [word.text for cell in line for word in cell.words]
    return equipment_type(" ".join(words)) is not None or any(len(_tidy_serial(word)) >= 8 for word in words)


def _heads(sheet: Sheet, number: int) -> dict[str, Box]:
    """The headings of columns that a row holds; empty where it heads no table of equipment."""
    heads: dict[str, Box] = {}
    covered = 0
    if any(
        len(_tidy_serial(word.text)) >= _LIKE_A_SERIAL or _WRITTEN_MAC.fullmatch(_bare(word))
        for cell in sheet.rows[number]
        for word in cell.words
    ):
        return {}  # "ONT de serie ALCL…, dirección MAC" shows what the headings of a table announce
    for hit in sheet.hits:
        if hit.row != number:
            continue
        covered += hit.end - hit.start
        if hit.fields & set(_HEADINGS) and not _has_value(sheet, hit):
            name = next(name for name in _HEADINGS if name in hit.fields)
            cell = sheet.rows[number][hit.cell]
            if name == "mac" and "serial" in heads and hit.start and len(cell.words) <= 4 and _close(heads, sheet, hit):
                heads[_BOTH] = heads.pop("serial")  # "Serie / MAC": one column for both
                continue
            name = _BOTH if name == "serial" and "MAC" in hit.label else name
            heads.setdefault(name, sheet.span_of(hit).box)
    if not ({"serial", "mac", _BOTH} & heads.keys()) or len(heads) < 2:
        return {}
    # A sentence that speaks of series and marks holds more than their names.
    row = sheet.rows[number]
    apart = {hit.cell for hit in sheet.hits if hit.row == number and hit.fields & set(_HEADINGS)}
    columned = len(apart) >= 3 and all(len(cell.words) <= _LONGEST_HEADING for cell in row)
    return heads if columned or covered >= 0.5 * sum(len(cell.words) for cell in row) else {}


_LIKE_A_SERIAL = 9
"""Letters and digits from which on a number in a row is no word of its headings."""
_LONGEST_HEADING = 4
"""Words of a heading, or of several that stand close beside one another."""


def _close(heads: dict[str, Box], sheet: Sheet, hit: Hit) -> bool:
    """Whether the heading of serials stands in the same cell, a slash away."""
    serial, mac = heads["serial"], sheet.span_of(hit).box
    return (
        abs(serial.y0 - mac.y0) < sheet.line_height and 0 <= mac.x0 - serial.x1 < 2 * sheet.line_height * sheet.aspect
    )


def _sideways(sheet: Sheet, signing: float) -> tuple[EquipmentLine, ...]:
    """A table that lies on its side: its headings stand under one another, each piece of equipment in a column.

    Only where the row of serials shows two and more: one alone is a label with its value.
    """
    for hit in sheet.hits_of("serial"):
        serials = [word for word in _right_of_heading(sheet, hit) if len(_tidy_serial(word.text)) >= 8]
        if len(serials) < 2 or serials[0].box.y0 >= signing:
            continue
        rows = {
            name: [word for other in sheet.hits_of(name) for word in _right_of_heading(sheet, other)]
            for name in ("type", "brand", "model", "mac")
        }
        edges = [(one.box.x1 + two.box.x0) / 2 for one, two in pairwise(serials)]
        lines = []
        for place, word in enumerate(serials):
            column = {name: [w for w in words if column_of(w, edges) == place] for name, words in rows.items()}
            what = " ".join(w.text for w in column["type"])
            lines.append(
                EquipmentLine(
                    type=equipment_type(what) or EquipmentType.OTRO,
                    text=what[:120] or word.text,
                    serial=_serial_field(sheet, (word,), "columna"),
                    mac=_mac_field(sheet, column["mac"], "columna"),
                    brand=" ".join(w.text for w in column["brand"]),
                    model=" ".join(w.text for w in column["model"]),
                )
            )
        return tuple(lines)
    return ()


def _right_of_heading(sheet: Sheet, hit: Hit) -> list[Word]:
    """The words right of a label that fills its cell, with no other label between."""
    if not sheet.fills_its_cell(hit):
        return []
    row = sheet.rows[hit.row]
    stops = [other.cell for other in sheet.hits if other.row == hit.row and other.cell > hit.cell]
    named = [cell for cell in stops if any(sheet.fills_its_cell(one) for one in sheet.hits_in[hit.row, cell])]
    return [word for cell in row[hit.cell + 1 : min(named, default=len(row))] for word in cell.words]


def _has_value(sheet: Sheet, hit: Hit) -> bool:
    """A heading has a colon or a value behind it only in lists: "Serie: ZTEG…" heads no column."""
    cell = sheet.rows[hit.row][hit.cell]
    return has_colon(cell, hit)


def _other_heads(row: Sequence[Span], heads: dict[str, Box]) -> list[tuple[str, Box]]:
    """Headings that no label knows (an item number, a date): they bound their neighbours all the same."""
    known = list(heads.values())
    return [("", cell.box) for cell in row if not any(cell.box.x0 < box.x1 and box.x0 < cell.box.x1 for box in known)]


def _body(sheet: Sheet, header: int, signing: float) -> list[tuple[Span, ...]]:
    """Rows under a heading until the table ends: at a wide gap, at the next section, at the signatures."""
    body: list[tuple[Span, ...]] = []
    bottom = max(cell.box.y1 for cell in sheet.rows[header])
    for number in range(header + 1, len(sheet.rows)):
        row = sheet.rows[number]
        top = min(cell.box.y0 for cell in row)
        if top - bottom > 6 * sheet.line_height or top >= signing:
            break
        if any(
            hit.row == number
            and hit.strong
            and hit.start == 0
            and hit.fields & {"other", "signing", "date", "holder", "id_number"}
            and (hit.cell == 0 or has_colon(row[hit.cell], hit))  # "POR REVISAR" is what a column says
            for hit in sheet.hits
        ):
            break
        if sum(len(cell.words) for cell in row) > 14 or _heads(sheet, number) or _names_a_service(sheet, number):
            break  # a sentence, the next table, or what heads it
        body.append(row)
        bottom = max(cell.box.y1 for cell in row)
    return body


def _names_a_service(sheet: Sheet, number: int) -> bool:
    """Whether a row opens with a service and its colon ("SERVICIO 2: Televisión"): such is no line of a table."""
    return any(
        hit.row == number
        and (hit.cell, hit.start) == (0, 0)
        and hit.fields & {"service_number", "line"}
        and any(":" in word.text for word in sheet.rows[number][0].words[: hit.end + 1])
        for hit in sheet.hits
    )


def _row(
    sheet: Sheet, cells: Sequence[Span], names: Sequence[str], edges: Sequence[float], book: DocumentsBook
) -> EquipmentLine | None:
    by_column: dict[str, list[Word]] = {}
    for cell in cells:
        for word in cell.words:
            by_column.setdefault(names[column_of(word, edges)], []).append(word)
    text = " ".join(word.text for cell in cells for word in cell.words)
    serials, both = by_column.get("serial", ()), by_column.get(_BOTH, ())
    serial = _serial_field(sheet, serials or both, "tabla", models_on(sheet, book))
    mac = _mac_field(sheet, by_column.get("mac", ()), "tabla")
    if mac is None:
        # Under a caption of serials only what is written as a MAC (98:F5:…) is one: twelve digits are what it says.
        written = [word for word in serials if _WRITTEN_MAC.fullmatch(plain(word.text).strip(" ,;.()"))]
        mac = _mac_field(sheet, both or written, "tabla", anywhere=True)
        if serial is not None and mac is not None and canonical_mac(serial.value) == mac.value:
            serial = None
    what = " ".join(word.text for word in by_column.get("type", ()))
    kind = equipment_type(what) or equipment_type(text)
    if kind is None and serial is None and mac is None:
        return None
    if kind in WITHOUT_SERIAL and serial is not None and not what:
        kind = EquipmentType.OTRO
    described = " ".join(
        word.text for name in ("type", "brand", "model", "brand_model") for word in by_column.get(name, ())
    )
    brand, model = _brand_and_model(by_column, described, book)
    state, accessories = (" ".join(word.text for word in by_column.get(name, ())) for name in ("state", "accessories"))
    counted = re.fullmatch(r"\(?(\d{1,2})\)?", "".join(word.text for word in by_column.get("count", ())))
    return EquipmentLine(
        type=kind or EquipmentType.OTRO,
        text=(described or text)[:120],
        serial=serial,
        mac=mac,
        brand=brand,
        model=model,
        count=max(1, int(counted[1])) if counted else 1,
        state=state.strip("-–— ")[:60],
        accessories=accessories.strip("-–— ")[:60],
    )


_TELLING = frozenset(EquipmentType) - WITHOUT_SERIAL - {EquipmentType.TELEFONO, EquipmentType.OTRO}


def names_a_piece(text: str) -> bool:
    """Whether a text begins with a piece of equipment ("Teléfono" may be the label of a number)."""
    return any(at == 0 and kind in _TELLING for at, _, kind in types_named(text.split()))


def names_equipment(sheet: Sheet, book: DocumentsBook) -> bool:
    """Whether a page names a piece that has a number, or a vendor of such ("Teléfono" may be the label of a number)."""
    words = [word.text for word in sheet.words]
    return any(kind in _TELLING for _, _, kind in types_named(words)) or any(
        plain(word).strip(",.;:/") in book.words.brands for word in words
    )


def _brand_and_model(by_column: dict[str, list[Word]], text: str, book: DocumentsBook) -> tuple[str, str]:
    brand = " ".join(word.text for word in by_column.get("brand", ()))
    model = " ".join(word.text for word in by_column.get("model", ()))
    if brand or model:
        return brand.strip("-/ "), model.strip("-/ ")
    return _brand_in(text, book)


def _brand_in(text: str, book: DocumentsBook) -> tuple[str, str]:
    """(brand, model) in running text: a known brand, and what follows it up to a comma."""
    words = text.split()
    for at, word in enumerate(words):
        if plain(word).strip(",.;") in book.words.brands:
            rest = [] if word.endswith((",", ";")) else words[at + 1 : at + 3]
            return word.strip(",.;"), " ".join(rest).strip(",.;-")
    return "", ""


_LONGEST_MODEL = 9
_LIKE_A_MODEL = re.compile(r"[A-Z]{1,4}\d{3,4}[A-Z]{0,2}\d?")
"""As vendors name models ("HG8245H"), and too short for most serials: nobody can say which it is."""


def models_on(sheet: Sheet, book: DocumentsBook) -> frozenset[str]:
    """What a page tells as a model, and could pass for a serial.

    What stands behind a caption of models; and what stands behind a brand, where it is short or comes again (a serial
    may stand there as well).
    """
    told: list[Sequence[Word]] = []
    for hit in (*sheet.hits_of("model"), *sheet.hits_of("brand_model")):
        beside = next(right_of(sheet, hit), None) if sheet.fills_its_cell(hit) else None
        told += [span.words for span in (value_after(sheet, hit), beside) if span is not None]
    branded = [
        cell.words[at + 1 : at + 3]
        for row in sheet.rows
        for cell in row
        for at, word in enumerate(cell.words)
        if plain(word.text).strip(",.;:") in book.words.brands
    ]
    behind = [_first_number(words) for words in branded]
    found = {*map(_first_number, told), *(text for text in behind if len(text) <= _LONGEST_MODEL)}
    found |= {text for text in behind if behind.count(text) > 1}
    in_next_cell = [
        _tidy_serial(two.words[0].text)
        for row in sheet.rows
        for one, two in pairwise(row)
        if plain(one.words[-1].text).strip(",.;:") in book.words.brands
    ]
    found |= {text for text in in_next_cell if len(text) <= _LONGEST_MODEL and not text.isdigit()}
    return frozenset(text for text in found if text and not is_pon_serial(text))


def _first_number(words: Sequence[Word]) -> str:
    """The first word with a digit, where it could be a serial: "HG8245 2102213F97073330" has one model."""
    return _tidy_serial(next((word.text for word in words if re.search(r"\d", word.text)), ""))


def _serial_field(sheet: Sheet, words: Sequence[Word], way: str, models: frozenset[str] = frozenset()) -> Field | None:
    """A serial out of the words that stand where one is expected.

    One word that can be a serial is the serial; only where none can, several are one that was read in pieces.  What
    the page tells as a model is one only where nothing else can be, and is never proven.
    """
    shown = tuple(
        word for word in words if re.search(r"[0-9A-Za-z]", word.text) and not _IN_PAIRS.fullmatch(_bare(word))
    )
    for start in range(len(shown)):
        if grouped := _in_groups(shown[start:]):
            text = _tidy_serial("".join(_bare(word) for word in grouped))
            field = field_of(sheet, text, Span(grouped), f"serie:{way}")
            return replace(field, proven=is_pon_serial(text) and field.engine is Engine.TEXTO)
    whole = [Span((word,)) for word in shown if len(_tidy_serial(_PARTED_K.sub("K", word.text))) >= 8]
    whole.sort(key=lambda span: _tidy_serial(span.text) in models)
    for span in (*whole[:1], Span(shown)) if shown else ():
        said = "".join(word.text for word in span.words)
        text = _tidy_serial(_PARTED_K.sub("K", said))
        glued = _GLUED_PON.fullmatch(text)
        if glued is not None and glued[1] != text and is_pon_serial(glued[1]):
            return field_of(sheet, label_form(glued[1]), span, f"{LOOSE}serie:{way}")
        worded = len(span.words) > 1 and any(re.fullmatch(r"[A-Z]{5,}", _bare(word)) for word in span.words)
        if text and not worded and not _is_a_persons(sheet, span, text):  # "No entregado USD 75.00" is a remark
            # Few digits and no letter: as likely the number of a service as that of a box.
            doubtful = (
                re.fullmatch(r"\d{1,9}", text)
                or text in models
                or _LIKE_A_MODEL.fullmatch(text)
                or is_undecided(text)
                or _OF_A_TELEPHONE.fullmatch(text)
                or _CUT_PON.match(text)
                or _is_part(span, shown)
                or "<" in said
            )
            loose = LOOSE if doubtful else ""
            field = field_of(sheet, text, span, f"{loose}serie:{way}")
            # The form of a PON serial proves it only where no digit can be misread: a 6 read as E is hex too.
            return replace(field, proven=is_pon_serial(text) and field.engine is Engine.TEXTO)
    return None


def _is_a_persons(sheet: Sheet, span: Span, text: str) -> bool:
    """Whether a number is a cédula in a row that tells of somebody: "C.I. del delegado: 1700000019" under a list."""
    known = read_id(text) if re.fullmatch(r"\d{10}|\d{10}001", text) else None
    if known is None or known.check is not IdCheck.OK:
        return False
    rows = (row for row in sheet.rows if any(span.words[0] in cell.words for cell in row))
    return any(_SOMEBODYS.search(plain(" ".join(cell.text for cell in row))) for row in rows)


_SOMEBODYS = re.compile(r"\b(DELEGAD[OA]|CEDULA|C ?[.,]? ?[I1L]\b|REPRESENTANTE|AUTORIZAD[OA]|APODERAD[OA])")


def _bare(word: Word) -> str:
    return plain(word.text).strip(".,;:()[]|*'\"")


_FEWEST_BOXES = 8


def _in_groups(words: Sequence[Word]) -> tuple[Word, ...]:
    """The words that are one number printed with blanks: "ZTEG 3F32372F", "0170 7501 0985 7610"; () for others."""
    boxed = len(list(takewhile(lambda word: re.fullmatch(r"[0-9A-Z]", _bare(word)), words)))
    if boxed >= _FEWEST_BOXES and sum(_bare(word).isdigit() for word in words[:boxed]) >= 4:
        return tuple(words[:boxed])
    texts = [_bare(word) for word in words[:5]]
    if texts and re.fullmatch(r"[A-Z]{4}", texts[0]):
        for stop in range(2, min(5, len(texts) + 1)):
            if is_pon_serial("".join(texts[:stop])):
                return tuple(words[:stop])
    if fours := _in_fours(words[:_MOST_GROUPS]):
        return fours
    size = len(list(takewhile(lambda text: re.fullmatch(r"[0-9A-F]{4}", text), texts)))
    # What is shorter may be a number and something else; what goes on is cut off nowhere for sure.
    goes_on = size < len(texts) and re.fullmatch(r"[0-9A-F]{1,3}", texts[size]) and re.search(r"\d", texts[size])
    known = re.search(r"\d", texts[0]) if texts else None
    return tuple(words[:size]) if size in {4, 5} and known and not goes_on else ()


_MOST_GROUPS = 7


def _in_fours(words: Sequence[Word]) -> tuple[Word, ...]:
    """The words of a number in groups of four and a shorter rest, equally far apart: "XT5D 3725 1614 50"."""
    ends = next((at for at, word in enumerate(words, start=1) if word.text.endswith((",", ";", ".", ")"))), len(words))
    words = words[:ends]
    texts = [_bare(word) for word in words]
    size = len(list(takewhile(lambda text: re.fullmatch(r"[0-9A-Z]{4}", text), texts)))
    if size < 2 or not all(re.search(r"\d", text) for text in texts[1:size]):
        return ()
    gaps = [two.box.x0 - one.box.x1 for one, two in pairwise(words[:size])]
    rest = texts[size] if size < len(texts) else ""
    beside = bool(rest) and words[size].box.x0 - words[size - 1].box.x1 < 2 * max(*gaps, 0.001)
    goes_on = beside and re.fullmatch(r"(?=.*\d)[0-9A-Z]{1,3}", rest) is not None
    whole = tuple(words[: size + goes_on])
    if max(gaps) > 2.5 * max(min(gaps), 0.001) or sum(c.isdigit() for text in texts[: len(whole)] for c in text) < 5:
        return ()
    return whole if goes_on or size > 2 else ()


def _is_part(span: Span, shown: Sequence[Word]) -> bool:
    """Whether eight signs stand behind four that could be their vendor's, read badly: they are half of a number."""
    if len(span.words) != 1 or not re.fullmatch(r"[0-9A-F]{8}", _bare(span.words[0])):
        return False
    at = shown.index(span.words[0])
    return at > 0 and re.fullmatch(r"[0-9A-Z]{4}", _bare(shown[at - 1])) is not None


_PARTED_K = re.compile(r"(?<=\w)(?:K|\|)?<-?(?=\w)")
"""A K written by hand, its stem and its arms apart; no number holds such a sign."""
_GLUED_PON = re.compile(r"(?:SN|N)?([A-Z]{4}[0-9A-Z]{8})[G-Z]?")
"""A vendor's serial that stands close to its caption, or to a comma or a stroke of the pen read as a letter."""
_NEARLY_HEX = re.compile(r"(?=.*[OQI])[0-9A-FOQI]{8,}")


_LIKE_AN_S = re.compile(r"5\d{12}")
"""Thirteen digits of which the first may be the S of a maker whose serials have twelve digits behind it."""


def is_undecided(serial: str) -> bool:
    """Whether a serial would be a number in base sixteen but for an O, Q or I: nobody can say that it is no 0 or 1.

    Or but for an S in front.  However many engines agree: they see the same shape.
    """
    return not is_pon_serial(serial) and (_NEARLY_HEX.fullmatch(serial) or _LIKE_AN_S.fullmatch(serial)) is not None


def _tidy_serial(text: str) -> str:
    """Capitals, without what punctuation stood round it; "" for what can be no serial."""
    bare = re.sub(r"[\s._:,;]", "", plain(text)).strip("-/*'\"()[]|")
    if re.sub(r"[^A-Z]", "", bare) in _NOTHING and not re.search(r"\d", bare):
        return ""
    if is_pon_serial(bare):
        return label_form(bare)
    fewest = 1 if _OF_A_VENDOR.fullmatch(bare) else 3 if _OF_A_TELEPHONE.fullmatch(bare) else 4
    if not _SERIAL.fullmatch(bare) or sum(c.isdigit() for c in bare) < fewest or as_date(bare):
        return ""
    compact = bare.replace("-", "")
    return compact if 6 <= len(compact) <= 22 else ""


_OF_A_TELEPHONE = re.compile(r"[0-9](?!(?:[0-9A-Z]*[0-9]){3})[0-9A-Z]{9}")
"""One of three digits, the first of them in front: "0FEVDNN0M7".  Never proven: of its letters any may be a digit."""
_CUT_PON = re.compile(r"(48575443|5A544547|414C434C|46485454)(?![0-9A-F]{8}$)")
"""A PON serial in base sixteen that lacks a part of its number, or goes on."""
_OF_A_VENDOR = re.compile(r"ZTE(?!ZX)[0-9A-Z]{10,13}")
"""A decoder's serial, of which few signs may be digits: "ZTEMNXRA0DXZMY"; its models begin with ZX."""


def _mac_field(sheet: Sheet, words: Sequence[Word], way: str, *, anywhere: bool = False) -> Field | None:
    """A MAC; where any number could stand it must look like one: twelve bare digits are a card's number."""
    for span in (Span(tuple(words)), *(Span((word,)) for word in words)) if words else ():
        text = "".join(word.text for word in span.words).strip(" ,;.()")
        mac = canonical_mac(text) or _mended_mac(text, _MAC_WITH_LETTERS)
        if mac and re.search(r"\d", mac) and not (anywhere and re.fullmatch(r"\d+", text)):
            return field_of(sheet, mac, span, f"mac:{way}")
        if not anywhere and (mac := _mended_mac(text, _BARE_MAC)):
            return field_of(sheet, mac, span, f"{LOOSE}mac:{way}")
    return None


_IN_PAIRS = re.compile(r"(?:[0-9A-Z]{2}[:\-]){5}[0-9A-Z]{2}")
"""Written as only a MAC is, however well it was read."""
_WRITTEN_MAC = re.compile(r"(?:[0-9A-Z]{2}[:\-]){5}[0-9A-Z]{2}|(?:[0-9A-Z]{4}\.){2}[0-9A-Z]{4}")
_MAC_WITH_LETTERS = re.compile(r"(?:[0-9A-FOQISZG]{2}[:\-]){5}[0-9A-FOQISZG]{2}")
_BARE_MAC = re.compile(r"(?:[0-9A-FOQILSZG]{2}[:\-.]?){5}[0-9A-FOQILSZG]{2}")
"""How it may also be written where a caption says what it is."""
_HEX_FOR = str.maketrans("OQILSZG", "0011526")


def _mended_mac(text: str, form: re.Pattern[str]) -> str:
    """A MAC in which one or two digits were read as letters that no MAC holds; "" for anything else."""
    bare = plain(text).replace(" ", "")
    odd = sum(c in "OQILSZG" for c in bare)
    return canonical_mac(bare.translate(_HEX_FOR)) if odd <= 2 and form.fullmatch(bare) else ""


def _listed(sheet: Sheet, book: DocumentsBook, signing: float) -> tuple[EquipmentLine, ...]:
    """Equipment named line by line or in prose: a type opens a piece, labels behind it fill it."""
    lines: list[EquipmentLine] = []
    taken: set[str] = set()
    beside_it: dict[int, tuple[Word, ...]] = {}
    models = models_on(sheet, book)
    for number, row in enumerate(sheet.rows):
        if min(cell.box.y0 for cell in row) >= signing:
            break
        for place, cell in enumerate(row):
            hits = [hit for hit in sheet.hits if hit.row == number and hit.cell == place]
            events: list[tuple[int, Hit | tuple[int, EquipmentType]]] = [
                (hit.start, hit) for hit in hits if hit.fields & {"serial", "mac"}
            ]
            if not any(hit.start == 0 and _labels_something_else(cell, hit) for hit in hits):
                events += [(at, (end, kind)) for at, end, kind in _types_in(cell, hits, book)]
            stops = [at for at, _ in sorted(events, key=lambda event: event[0])] + [len(cell.words)]
            for at, event in sorted(events, key=lambda event: event[0]):
                if isinstance(event, Hit):
                    _fill(lines, sheet, event, taken, models)
                else:
                    stop = next(stop for stop in stops if stop > at)
                    text = " ".join(word.text for word in cell.words[at:stop])
                    brand, model = _brand_in(text, book)
                    beside = row[place + 1].text if len(cell.words) == stop and place + 1 < len(row) else ""
                    if not brand and beside:
                        brand, model = _brand_in(beside, book)
                    if place == 0 and len(row) > 1 and len(row[-1].words) == 1:
                        beside_it[len(lines)] = tuple(c.words[0] for c in row[-2:] if len(c.words) == 1)
                    lines.append(EquipmentLine(event[1], text[:120], brand=brand, model=model))
    for at, words in beside_it.items():
        lines[at] = _with_what_stands_beside(sheet, lines[at], words, taken | models)
    return tuple(lines)


def _with_what_stands_beside(
    sheet: Sheet, line: EquipmentLine, words: Sequence[Word], known: Collection[str]
) -> EquipmentLine:
    """A piece with the number that stands alone at the end of its row, without a caption: a doubt.

    Behind it a MAC may stand, which has a form of its own.
    """
    *before, last = words
    if before and canonical_mac(last.text) and line.mac is None:
        line = replace(line, mac=field_of(sheet, canonical_mac(last.text), Span((last,)), f"{LOOSE}mac:al lado"))
        last = before[0]
    text = _tidy_serial(last.text)
    if line.serial or line.type in WITHOUT_SERIAL or text in known or canonical_mac(text):
        return line
    if len(text) < _LIKE_A_SERIAL or sum(map(str.isdigit, text)) < _FEWEST_DIGITS or _IS_SOMEBODYS.fullmatch(text):
        return line
    return replace(line, serial=field_of(sheet, text, Span((last,)), f"{LOOSE}serie:al lado"))


_IS_SOMEBODYS = re.compile(r"\d{10}(001)?|0[2-79]\d{7,8}")
"""Numbers of people, firms and telephones, by their form: without a caption none of them is a serial."""


_FEWEST_DIGITS = 5


def _labels_something_else(cell: Span, hit: Hit) -> bool:
    """True where a cell is the value of some other label: what is named in it was not handed over."""
    if hit.fields & {"type", "serial", "mac"} or (len(cell.words) > 8 and not has_colon(cell, hit)):
        return False
    if hit.label == "TELEFONO" and not has_colon(cell, hit) and cell.words[hit.end : hit.end + 1]:
        return any(c.isdigit() for c in cell.words[hit.end].text)  # "TELEFONO 022345678", not "TELEFONO INALAMBRICO"
    return True


_QUANTITY = re.compile(r"UNA?|UNO|UN\(A\)|DOS|TRES|CUATRO|\d{1,2}")


def _types_in(cell: Span, hits: Sequence[Hit], book: DocumentsBook) -> Iterator[tuple[int, int, EquipmentType]]:
    """Types that a cell hands over: at its head (in a list), or in a sentence with number, brand or label."""
    filled = {hit.start for hit in hits if hit.fields & {"brand", "model", "serial", "mac"}}
    reached = 0
    for at, end, kind in _pieces_named(cell.words):
        if at < reached:
            continue
        listed = at <= 2 and len(cell.words) <= 16 and all(_is_bullet(word) for word in cell.words[:at])
        counted = at > 0 and _QUANTITY.fullmatch(plain(cell.words[at - 1].text)) is not None
        branded = any(plain(word.text).strip(",.;") in book.words.brands for word in cell.words[end : end + 2])
        if listed or counted or branded or filled & set(range(end, end + 3)):
            yield at, end, kind
            reached = end
            if listed and not counted:
                reached = min((start for start in filled if start >= end), default=len(cell.words))


def _pieces_named(words: Sequence[Word]) -> Iterator[tuple[int, int, EquipmentType]]:
    """Every piece that words name (`types_named`): "Módem óptico ONT" and "Repetidor WiFi" are one each.

    It is what it is called first, and an ONT rather than a modem; what has no number of its own stays a piece.
    """
    found: list[tuple[int, int, EquipmentType]] = []
    for at, end, kind in types_named([word.text for word in words]):
        if found and kind not in WITHOUT_SERIAL:
            first, last, called = found[-1]
            if at == last and called not in WITHOUT_SERIAL and not words[at - 1].text.endswith((",", ";", ".")):
                modem = called is EquipmentType.MODEM_ROUTER and kind is EquipmentType.ONT
                found[-1] = first, end, kind if modem else called
                continue
        found.append((at, end, kind))
    yield from found


def _is_bullet(word: Word) -> bool:
    return re.fullmatch(r"[^\w]*(\d{1,2}|[IVX]{1,4}|)[^\w]*|UNA?|UN\(A\)", plain(word.text)) is not None


def _ways(sheet: Sheet, hit: Hit) -> tuple[Callable[[Sheet, Hit], Iterator[Span]], ...]:
    """Where the number of a label stands that nothing follows in its cell."""
    if sheet.captions_below and sheet.is_caption(hit):
        return (above_of,)
    if sheet.captions_behind and sheet.is_caption(hit):
        return (left_of,)
    # In a sentence what stands below a word is another part of the sentence.
    prose = hit.start > 0 and len(sheet.rows[hit.row][hit.cell].words) > _SENTENCE
    return (_wrapped,) if prose else (right_of, below_of)


_SENTENCE = 5
"""Words from which on a cell is a sentence."""


def _wrapped(sheet: Sheet, hit: Hit) -> Iterator[Span]:
    """The line that a sentence goes on in, under a hanging indent: "… dirección MAC" / "32:59:57:2D:D5:E8"."""
    words = sheet.rows[hit.row][hit.cell].words
    if hit.end != len(words) or hit.row + 1 >= len(sheet.rows):
        return
    under = sheet.rows[hit.row + 1][0]
    box, room = sheet.span_of(hit).box, 2 * sheet.line_height
    if words[0].box.x0 <= under.box.x0 < box.x0 and under.box.y0 - box.y1 < room:
        yield under


def _fill(lines: list[EquipmentLine], sheet: Sheet, hit: Hit, taken: set[str], models: frozenset[str]) -> None:
    """Give the piece that was opened last its number; a number without a piece is one of an unknown type."""
    value = value_after(sheet, hit) or next_line(sheet, hit)
    value = value or next((span for way in _ways(sheet, hit) for span in way(sheet, hit)), None)
    if value is None:
        return
    way = f"lista:{hit.label}"
    if "mac" in hit.fields:
        mac = next(
            filter(None, (_mac_field(sheet, value.words[:n], way) for n in range(1, min(7, len(value.words)) + 1))),
            None,
        )
        if mac is None or mac.value in taken:
            return
        taken.add(mac.value)
        if lines and lines[-1].mac is None:
            lines[-1] = replace(lines[-1], mac=mac)
        else:
            lines.append(EquipmentLine(EquipmentType.OTRO, mac.raw, mac=mac))
        return
    groups = next(filter(None, (_in_groups(value.words[start:]) for start in range(4))), ())
    pieces = (groups, value.words[:1], value.words[:2])
    serial = next(filter(None, (_serial_field(sheet, words, way, models) for words in pieces if words)), None)
    if serial is None or serial.value in taken:
        return
    taken.add(serial.value)
    if lines and lines[-1].serial is None and lines[-1].type not in WITHOUT_SERIAL:
        lines[-1] = replace(lines[-1], serial=serial)
    else:
        lines.append(EquipmentLine(EquipmentType.OTRO, serial.raw, serial=serial))
