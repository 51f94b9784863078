"""The day of a paper: as it is written, in boxes or in words, and where it stands.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise, takewhile

from evidence_daemon.cases.equipment import plain
from evidence_daemon.documents.labelled import LOOSE, Value, field_of, values
from evidence_daemon.documents.layout import Sheet, Span, spelled
from evidence_daemon.model import Field

_MONTHS = {
    name: number
    for number, names in enumerate(
        ("ENERO ENE JAN", "FEBRERO FEB", "MARZO MAR", "ABRIL ABR APR", "MAYO MAY", "JUNIO JUN", "JULIO JUL",
         "AGOSTO AGO AUG", "SEPTIEMBRE SEP SEPT SETIEMBRE SET", "OCTUBRE OCT", "NOVIEMBRE NOV", "DICIEMBRE DIC DEC"),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_MONTH = "(" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + ")"
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
_MONTHS |= {name: number for number, name in enumerate(_ROMAN, start=1)}
_DATES: tuple[tuple[re.Pattern[str], tuple[int, int, int]], ...] = (
    # Who writes "03" for the month writes "01" for the day: "2025-03-1" has lost a digit.
    (re.compile(r"(?<!\d)(20\d\d) ?[\-/.] ?(?!0\d ?[\-/.] ?\d(?!\d))(\d{1,2}) ?[\-/.] ?(\d{1,2})(?!\d)"), (1, 2, 3)),
    (re.compile(r"(?<!\d)(\d{1,2}) ?[\-/.] ?(\d{1,2}) ?[\-/.] ?(20\d\d)(?!\d)"), (3, 2, 1)),
    (re.compile(rf"(?<![\dA-Z])(\d{{1,2}}) ?[\-/. ]? ?{_MONTH}\.? ?[\-/. ]? ?(20\d\d)(?![\dA-Z])"), (3, 2, 1)),
    (
        re.compile(
            rf"(?<!\d)(\d{{1,2}})\)?(?:ER|RO)?(?: DIAS?)? DE(?:L MES DE)? {_MONTH}(?: DE| DEL)?(?: ANO)? (20\d\d)(?!\d)"
        ),
        (3, 2, 1),
    ),
    (re.compile(rf"{_MONTH} (\d{{1,2}}),? (?:DE |DEL )?(20\d\d)(?!\d)"), (3, 1, 2)),
    (re.compile(r"(?<!\d)(\d{1,2})[\-/](\d{1,2})[\-/](\d\d)(?!\d)"), (3, 2, 1)),
    (re.compile(rf"(?<!\d)(\d{{1,2}}) ?[\-/. ] ?{_MONTH}\.? ?[\-/.] ?(\d\d)(?!\d)"), (3, 2, 1)),
    (re.compile(rf"(?<!\d)(\d{{1,2}}) ?[\-/.] ?({'|'.join(_ROMAN)}) ?[\-/.] ?(20\d\d|\d\d)(?!\d)"), (3, 2, 1)),
)


_TO_29 = (
    "UNO DOS TRES CUATRO CINCO SEIS SIETE OCHO NUEVE DIEZ ONCE DOCE TRECE CATORCE QUINCE DIECISEIS DIECISIETE "
    "DIECIOCHO DIECINUEVE VEINTE VEINTIUNO VEINTIDOS VEINTITRES VEINTICUATRO VEINTICINCO VEINTISEIS VEINTISIETE"
    " VEINTIOCHO VEINTINUEVE"
)
_ONES = re.findall(r"\w+", _TO_29)
_IN_WORDS = {word: number for number, word in enumerate(_ONES, start=1)}
_IN_WORDS |= {"PRIMERO": 1, "PRIMER": 1, "UN": 1, "TREINTA": 30}
_IN_WORDS |= {f"DIEZ Y {word}": 10 + number for number, word in enumerate(_ONES[5:9], start=6)}
_IN_WORDS |= {
    f"{twenty} {word}": 20 + n for twenty in ("VEINTE Y", "VEINTI") for n, word in enumerate(_ONES[:9], start=1)
}
_IN_WORDS |= {f"TREINTA Y {word}": 30 + number for number, word in enumerate(_ONES[:9], start=1)} | {"TREINTA Y UN": 31}
_COUNTED = "(" + "|".join(sorted(_IN_WORDS, key=len, reverse=True)) + ")"
_WRITTEN_OUT = re.compile(
    rf"(?<! Y )(?<!PLAZO DE )\b{_COUNTED}(?: \((\d+)\))?(?: DIAS?)? (?:DE|DEL)(?: MES DE)? {_MONTH}"
    rf"(?: DE| DEL)?(?: ANO)? (?:DOS MIL {_COUNTED}|(20\d\d))\b"
)
"""As actas before a notary have it: "a los dieciocho (18) días del mes de agosto de dos mil veinticuatro"."""


def as_date(text: str) -> str:
    """ISO form of the first date in a text, or ""; also where words and figures of one day differ."""
    upper = plain(text)
    written = _WRITTEN_OUT.search(upper)
    if written is not None:
        word, figures, month_name, in_words, in_figures = written.groups()
        if figures and int(figures) != _IN_WORDS[word]:
            return ""
        upper = f"{_IN_WORDS[word]} DE {month_name} DE {in_figures or 2000 + _IN_WORDS[in_words]}"
    for pattern, (year, month, day) in _DATES:
        match = pattern.search(upper)
        if match is None:
            continue
        full = int(match[year]) if len(match[year]) == 4 else 2000 + int(match[year])
        at = _MONTHS.get(match[month], 0) or (int(match[month]) if match[month].isdigit() else 0)
        try:
            return date(full, at, int(match[day])).isoformat()
        except ValueError:
            continue
    return ""


_BOXED_DAY = re.compile(r"\bDIA\W*(\d{1,2})\W+MES\W*(\d{1,2}|[A-Z]{3,10})\W+ANO\W*(20\d\d)\b")
_OTHER_DAYS = re.compile(
    r"\b(CONTRATO (SUSCRITO|FIRMADO|CELEBRADO)|"
    r"VIGENCIA|VIGENTE|VALID[OA]|IMPRES[OA]|IMPRESION|VERSION|REVISION|EDICION|NACIMIENTO|CADUC[A-Z]+|APROBAD[OA])\b"
)
"""A form tells since when it is in use; that is no day on which anything was handed over."""


def _in_boxes(span: Span) -> str:
    """ISO form of eight digits that stand in a box each: a day of this century is one by one of its ends only."""
    digits = [word.text.strip(".|,") for word in span.words if re.search(r"[^\W_]", word.text)][:8]
    whole = re.fullmatch(r"\d{8}", digits[0]) if digits else None  # `combs` has put them together
    if not whole and (len(digits) < 8 or not all(re.fullmatch(r"\d", digit) for digit in digits)):
        return ""
    text = whole[0] if whole else "".join(digits)
    return as_date(f"{text[:2]}/{text[2:4]}/{text[4:]}") or as_date(f"{text[:4]}/{text[4:6]}/{text[6:]}")


def _in_columns(span: Span) -> str:
    """ISO form of day, month and year in a box each, behind a label of days; strokes between them are no words."""
    parts = re.fullmatch(r"(\d{1,2}) (\d{1,2}) (20\d\d)", spelled(_HINT.sub("", span.text)))
    return as_date("/".join(parts.groups())) if parts and not _lacks_a_digit(parts[1], parts[2]) else ""


_HINT = re.compile(r"^[(\[]?D{1,2}\W*M{1,2}\W*A{2,4}\W+", re.I)
"""What a form prints before the boxes: "(DD MM AAAA)"."""


def _lacks_a_digit(day: str, month: str) -> bool:
    """Whether a day or month has one digit beside one that is written with its nought: "1" of "1_", and "03"."""
    return len(day) != len(month) and month.isdigit() and (day.startswith("0") or month.startswith("0"))


def _at_day_month_year(sheet: Sheet) -> Field | None:
    """A date in three boxes under "DÍA", "MES" and "AÑO", or over them, whatever else stands in their line."""
    for number, row in enumerate(sheet.rows):
        said = [plain(cell.text).strip(".: ") for cell in row]
        at = next((at for at in range(len(said) - 2) if said[at : at + 3] == ["DIA", "MES", "ANO"]), None)
        if at is None:
            continue
        middles = [(cell.box.x0 + cell.box.x1) / 2 for cell in row]
        ends = [(one + two) / 2 for one, two in pairwise(middles)] + [1.0]
        starts = [0.0, *ends[:-1]]
        under = [row for row in sheet.rows[number + 1 :][:2] if any(re.search(r"\d", one.text) for one in row)]
        over = sheet.rows[max(0, number - 1) : number]
        for line, way in (*((line, "bajo") for line in under[:1]), *((line, "sobre") for line in over)):
            words = [word for cell in line for word in cell.words]
            left, right = row[at].box.x0, row[at + 2].box.x1
            near = [word for word in words if left - _BESIDE < (word.box.x0 + word.box.x1) / 2 < right + _BESIDE]
            # Boxes of one sign each are wider than their captions, which may stand under their first.
            numbers = list(takewhile(lambda word: re.fullmatch(r"[\d.|/-]+", word.text), near))
            for found, read in ((near, _in_boxes), (numbers, _in_columns)):
                iso = read(Span(tuple(found))) if found else ""
                # Of one digit alone only its column tells whether it is a day, a month or half of one.
                if iso and (read is _in_boxes or min(len(word.text.strip(".|/-")) for word in found) > 1):
                    return field_of(sheet, iso, Span(tuple(found)), f"fecha:{way} DIA MES ANO")
            parts = [
                [word for word in words if starts[place] <= (word.box.x0 + word.box.x1) / 2 < ends[place]]
                for place in range(at, at + 3)
            ]
            if not all(parts):
                continue
            day, month, year = ("".join(spelled(word.text) for word in part).strip(".|/_ ") for part in parts)
            year = re.sub(r"^20[_.]+", "20", year)  # a form may print the century before its boxes
            boxed = any(sum(len(word.text.strip(".|")) == 1 for word in part) > 1 for part in parts)
            lacking = _lacks_a_digit(day, month) or (boxed and (len(day) < 2 or len(month) < 2))
            iso = as_date(f"{day}/{month}/{year}") if re.fullmatch(r"20\d\d", year) and not lacking else ""
            if iso:
                span = Span(tuple(word for part in parts for word in part))
                return field_of(sheet, iso, span, f"fecha:{way} DIA MES ANO")
    return None


def _in_three_cells(sheet: Sheet) -> Field | None:
    """A date whose day, month and year stand in a cell each, with nothing before them, under "FECHA (DD MM AAAA)".

    Where the label was lost or misread, it is a doubt; under another's ("Activación DD/MM/AAAA") it is none.
    """
    for at, row in enumerate(sheet.rows):
        for cell in row:
            hint = _HINTS.search(plain(cell.text))
            if hint is None:
                continue
            label = re.sub(r"[^A-Z]", "", plain(cell.text)[: hint.start()])
            whole = label in _ITS_DAY
            if not whole and len(label) > _LOST:
                continue
            for line in sheet.rows[at + 1 : at + 1 + _ROWS_BELOW]:
                words = [word for under in line for word in under.words][:3]
                iso, sure = _in_columns(Span(tuple(words))), whole
                two = _DAY_AND_MONTH.match(" ".join(word.text for word in words))
                if two:
                    words, iso, sure = words[:2], as_date("/".join(two.groups())), False
                # What was lost of a label stood before the rest of it.
                if iso and -_BESIDE < cell.box.x0 - words[0].box.x0 < (_BESIDE if whole else _WIDE):
                    return field_of(sheet, iso, Span(tuple(words)), f"{'' if sure else LOOSE}fecha:tres casillas")
    return None


_DAY_AND_MONTH = re.compile(r"(\d\d)(\d\d) (20\d\d)\b")
_HINTS = re.compile(r"\bD{1,2}\W*M{1,2}\W*A{2,4}\b")
_ITS_DAY = frozenset({"FECHA", "FECHADEENTREGA", "FECHADEDEVOLUCION", "FECHADERECEPCION", "FECHADERETIRO"})
_LOST, _WIDE = 3, 0.1
"""Letters that may be left of a label of which nothing was read, and share of a page's width that it takes at most."""
_ROWS_BELOW = 3
"""Rows under a label that are looked at: specks of the boxes' edges may stand between."""


def _in_its_row(sheet: Sheet, value: Value) -> dict[str, Span]:
    """The different days that stand right of a label, each in a cell."""
    if value.way != "derecha":
        return {}
    return {iso: cell for cell in sheet.rows[value.hit.row][value.hit.cell + 1 :] if (iso := as_date(cell.text))}


def _of_the_return(sheet: Sheet, value: Value, columned: dict[str, Span]) -> Field:
    """Of several days in a row that which stands under a return; of which event each is only its heading tells."""
    middle = {iso: (cell.box.x0 + cell.box.x1) / 2 for iso, cell in columned.items()}
    heads = [
        cell
        for row in sheet.rows[max(0, value.hit.row - 2) : value.hit.row]
        for cell in row
        if _A_RETURN.match(plain(cell.text)) and len(cell.words) <= _LONGEST_HEADING
    ]
    under = {iso for head in heads for iso, at in middle.items() if head.box.x0 - _BESIDE < at < head.box.x1 + _BESIDE}
    iso = under.pop() if len(under) == 1 else next(iter(columned))
    return field_of(sheet, iso, columned[iso], f"{LOOSE}fecha:columna:{value.hit.label}")


_TODAY = re.compile(r"\b(?:HOY|(?:EN|CON) ESTA FECHA)\W+(.{6,30})")
_A_RETURN = re.compile(r"DEVOLUCION|RETIRO|RECEPCION|REINTEGRO|RESTITUCION")
_LONGEST_HEADING = 4


_BESIDE = 0.04
"""Share of a page's width by which the boxes of a date may reach over its captions."""


def _with_the_year_below(sheet: Sheet, span: Span) -> Span | None:
    """A date that goes on in the next line: "23 de febrero de" / "2026"; None for anything else."""
    if re.search(rf"\d{{1,2}} ?(DE )?{_MONTH}", plain(span.text)) is None:
        return None
    for _, _, under in sheet.below(span.box, rows=1, reach=1.6):
        words = under.words[: 2 if plain(under.words[0].text) in {"DE", "DEL"} else 1]
        if as_date(Span((*span.words, *words)).text):
            return Span((*span.words, *words))
    return None


def _over_the_end_of_a_line(sheet: Sheet) -> Iterator[tuple[Span, str]]:
    """The paper's day that a sentence begins in one line and ends in the next: "con fecha 14 de / octubre de 2024"."""
    for number, row in enumerate(sheet.rows[:-1]):
        if sheet.reads_on(number + 1) and _BEGINS_A_DAY.search(plain(row[-1].text)):
            words = (*row[-1].words[-_OF_A_DAY:], *sheet.rows[number + 1][0].words[:_OF_A_DAY])
            if iso := as_date(" ".join(word.text for word in words)):
                yield Span(words), iso


_BEGINS_A_DAY = re.compile(r"\b(CON|EN|HOY|ESTA) FECHA,? (HOY )?\d{1,2}( DE( [A-Z]+( DE)?)?)?$")
_OF_A_DAY = 4
"""Words that a day has on one side of the end of a line at most: "14 de octubre de"."""


def date_of(sheet: Sheet) -> Field | None:
    """Behind a label; else the only date that the page names, or the first of its upper half."""
    for row in sheet.rows:
        boxed = _BOXED_DAY.search(plain(" ".join(cell.text for cell in row)))
        iso = as_date(f"{boxed[1]}/{boxed[2]}/{boxed[3]}") if boxed else ""
        if iso:
            span = Span(tuple(word for cell in row for word in cell.words if re.search(r"\d", word.text))[:3])
            return field_of(sheet, iso, span, "fecha:en casillas")
    in_boxes = _at_day_month_year(sheet)
    if in_boxes is not None:
        return in_boxes
    for value in values(sheet, "date"):
        if len(columned := _in_its_row(sheet, value)) > 1:
            return _of_the_return(sheet, value, columned)
        iso = as_date(value.span.text) or _in_boxes(value.span) or _in_columns(value.span)
        if iso:
            # Eight digits that stand together may be any number's.
            loose = LOOSE if re.fullmatch(r"\d{8}", value.span.words[0].text.strip(".|,")) else ""
            return field_of(sheet, iso, value.span, f"{loose}fecha:{value.way}:{value.hit.label}")
        longer = _with_the_year_below(sheet, value.span)
        if longer is not None:
            return field_of(sheet, as_date(longer.text), longer, f"fecha:dos líneas:{value.hit.label}")
    boxes = _in_three_cells(sheet)
    if boxes is not None:
        return boxes
    for cell in (cell for row in sheet.rows for cell in row):
        today = _TODAY.search(plain(cell.text))
        iso = as_date(today[1]) if today else ""
        if iso:
            return field_of(sheet, iso, cell, f"{LOOSE}fecha:hoy")
    free = [
        (cell, iso)
        for row in sheet.rows
        for cell in row
        if (iso := as_date(cell.text)) and not _OTHER_DAYS.search(plain(cell.text))
    ] or list(_over_the_end_of_a_line(sheet))
    if not free:
        return None
    cell, iso = free[0]
    if len({found for _, found in free}) > 1 and cell.box.y0 > 0.5:
        return None
    return field_of(sheet, iso, cell, f"{LOOSE}fecha:en el texto")
