"""Who signs where, by the words of a paper: the captions of signatures at its foot, and the days in its stamps.  Pure.

A caption is known as forms print it (a label of the rules), else by the words it is made of, whatever their order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from rapidfuzz.distance.Levenshtein import distance

from evidence_daemon.cases.equipment import plain
from evidence_daemon.documents.layout import Hit, Lexicon, Sheet, Span, has_colon, squeezed
from evidence_daemon.model import Box, Signer
from evidence_daemon.rulebook import DocumentsBook, LabelsBook, SigningBook


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


def foot_of(sheet: Sheet) -> float:
    """Where the foot begins where no label tells: in the lower half of what is printed, below all that is listed.

    Many papers fill the upper half of a page only, and are signed there; a line at the very end is the page's.
    """
    heights = sorted({cell.box.y1 for row in sheet.rows for cell in row if cell.confidence >= SURE})
    gaps = (low for low, next_ in pairwise(heights) if next_ - low > _EMPTY_PAGE and low > _PRINTED)
    end = min(gaps, default=heights[-1] if heights else 1.0)
    listed = (sheet.span_of(hit).box.y1 for name in ("serial", "mac") for hit in sheet.hits_of(name))
    return min(NO_LABEL, max([end / 2, *(low for low in listed if low < end)]))


NO_LABEL = 0.45
"""Share of a page's height from which on somebody may sign where no label tells."""
_EMPTY_PAGE, _PRINTED = 0.25, 0.15
"""Shares of a page's height: that is empty under a paper that is shorter than its page, and that it has at least."""


@dataclass(frozen=True, slots=True)
class Caption:
    """Words that say who signs over, under or beside them."""

    row: int
    cell: int
    span: Span
    signer: Signer
    asks: bool
    """They ask for a signature wherever they stand: more than a name or an office."""
    bare: bool = False
    """A name of the customer alone ("Usuario"): a caption only together with one of the company's."""


def captions(sheet: Sheet, book: DocumentsBook, signing: float) -> tuple[Caption, ...]:
    """The captions of signatures at the foot, by labels as forms print them, else by the words they are made of."""
    known: tuple[object, Any] = sheet.known.get("captions", (None, ()))
    if known[0] is not book or known[1][0] != signing:  # every name and number at the foot asks for them
        known = sheet.known["captions"] = (book, (signing, tuple(_captions(sheet, book, signing))))
    told: tuple[Caption, ...] = known[1][1]
    return told


def _captions(sheet: Sheet, book: DocumentsBook, signing: float) -> Iterator[Caption]:
    bare: list[Caption] = []
    sure: list[Caption] = []
    for caption in _all_captions(sheet, book, signing):
        (bare if caption.bare else sure).append(caption)
    yield from sure
    companies = [caption for caption in sure if caption.signer is Signer.EMPRESA]
    for caption in bare:
        near = (abs(caption.span.box.y0 - other.span.box.y0) < _TOGETHER * sheet.line_height for other in companies)
        if any(near) and not _is_followed(sheet, caption, [*sure, *bare]):
            yield caption


def _all_captions(sheet: Sheet, book: DocumentsBook, signing: float) -> Iterator[Caption]:
    """All captions at the foot, with names of the customer that may be a label of anything."""
    labels: dict[tuple[int, int], list[Hit]] = {}
    for hit in (*_labels_at_the_foot(sheet, book.labels, signing), *sheet.hits_of("customer_signs")):
        labels.setdefault((hit.row, hit.cell), []).append(hit)
    for number, row in enumerate(sheet.rows):
        for place, cell in enumerate(row):
            if cell.box.y0 < signing - 0.01 or _is_answered(sheet, number, place) or _is_in_a_stamp(sheet, cell, book):
                continue
            here = [
                hit for hit in labels.get((number, place), ()) if hit.start == 0 and _signs_here(sheet, hit, signing)
            ]
            made = made_of(cell.text, book.signing)
            if made is None and not any("office" in hit.fields for hit in sheet.hits_in.get((number, place), ())):
                made = made_beside_a_name(cell.text, book.signing)
            if made is not None and not (made.bare and here):
                if made.signer is not None and not (made.signer is Signer.EMPRESA and _is_stamped(sheet, cell)):
                    yield Caption(number, place, cell, made.signer, made.asks, made.bare)
                continue
            for hit in here:
                company = "company" in hit.fields
                signer = Signer.EMPRESA if company else Signer.CLIENTE
                if company and _is_stamped(sheet, cell):
                    continue
                yield Caption(number, place, cell, signer, "signing" in hit.fields)


def signs_for_the_company(sheet: Sheet, book: DocumentsBook, signing: float, box: Box) -> bool:
    """Whether a name or a number at the foot stands where somebody signs for the company: it is never the holder's.

    Where that place has no caption that could be read, it is beside the customer's: what stands in one line with
    something of his, and not in his columns.
    """
    if box.y0 < signing - 0.01:
        return False
    here = [
        caption
        for caption in captions(sheet, book, signing)
        if -sheet.line_height < box.y0 - caption.span.box.y0 < _UNDER_A_PLACE * sheet.line_height
    ]
    room = 2 * sheet.line_height * sheet.aspect
    over = [one for one in here if one.span.box.x0 - room < box.x1 and box.x0 < one.span.box.x1 + room]
    if over:
        return max(over, key=lambda one: one.span.box.y0).signer is Signer.EMPRESA
    his = [one.span.box for one in here if one.signer is Signer.CLIENTE]
    beside = [
        cell.box
        for row in sheet.rows
        for cell in row
        if abs(cell.box.y0 - box.y0) < sheet.line_height and re.search(r"\d{4}", cell.text) and cell.box.x1 < box.x0
    ]
    return any(place.x0 - room < cell.x1 and cell.x0 < place.x1 + room for place in his for cell in beside)


_UNDER_A_PLACE = 9.0
"""Heights of a line from who signs to the last that is written there, at most."""


_TOGETHER = 12.0
"""Heights of a line between the captions of the two signers, at most."""


def _is_followed(sheet: Sheet, caption: Caption, captions: Sequence[Caption]) -> bool:
    """Whether something that is no caption stands beside one, or it ends with a colon: then it asks for a value."""
    beside = sheet.rows[caption.row][caption.cell + 1 :][:1]
    known = {(other.row, other.cell) for other in captions}
    printed = any(cell.confidence >= SURE and any(map(str.isalnum, cell.text)) for cell in beside)
    return caption.span.text.rstrip().endswith(":") or (printed and (caption.row, caption.cell + 1) not in known)


_DAY = re.compile(r"\W*\d{1,2}[\W_]*([A-Z]{3,10}|\d{1,2})[\W_]*(20)?\d{2}\W*")
"""A day as stamps bear it, and nothing else."""
_MONTH = (
    "(ENE(RO)?|FEB(RERO)?|MAR(ZO)?|ABR(IL)?|MAYO?|JUN(IO)?|JUL(IO)?|AGO(STO)?|SEPT?(IEMBRE)?|SET(IEMBRE)?"
    "|OCT(UBRE)?|NOV(IEMBRE)?|DIC(IEMBRE)?)"
)
_WEEKDAY = "(LUNES|MARTES|MIERCOLES|JUEVES|VIERNES|SABADO|DOMINGO)"
_WHEN = re.compile(
    "|".join(
        (
            r"(?<!\d)\d{1,2} ?[-/.,_| ] ?(\d{1,2}|[IVX]{1,4}) ?[-/.,_| ] ?(20)?\d\d(?!\d)",  # 3/4/25, 12 V 2025
            rf"(?<!\d)\d{{1,2}}[\W_]*(DEL?\b[\W_]*)?{_MONTH}(?![A-Z])",  # 12 de mayo, 12-may
            r"(?<!\d)\d{1,2} ?DE [A-Z]{3,10}\b",  # the month misread
            rf"\b({_MONTH}|{_WEEKDAY})[\W_]*\d{{1,2}}(?!\d)",  # mayo 12, lunes 12
            r"(?<!\d)([01]?\d|2[0-3]) ?[:H] ?[0-5]\d(?!\d)",  # 15:30, 15h30
            r"(?<!\d)\d{1,2} ?([AP]\W?M|HORAS|HRS?|HS)\b",  # 3 p.m., 15 horas
        )
    )
)
_DAY_AND_MONTH = re.compile(r"\W*(0?[1-9]|[12]\d|3[01]) ?[-/] ?(0?[1-9]|1[0-2])\W*")


def tells_when(text: str) -> bool:
    """Whether words name a day, with its year or without, or an hour.

    >>> [tells_when(text) for text in ("Quito, 12 de mayo", "a las 15h30", "Mayo")]
    [True, True, False]
    """
    said = plain(text)
    return bool(_WHEN.search(said) or _DAY_AND_MONTH.fullmatch(said) or _DAY.fullmatch(said))


_STAMP_LINES = 5.0
"""Heights of a line from the company's name in a stamp to the day in it."""


def _is_stamped(sheet: Sheet, cell: Span) -> bool:
    """Whether words stand in a stamp, over its day: "CNT EP / AGENCIA LOJA / RECIBIDO / 11 JUL 2025"."""
    return any(_is_day_under(sheet, cell, under) for row in sheet.rows for under in row)


def _is_day_under(sheet: Sheet, cell: Span, under: Span) -> bool:
    box, day = cell.box, under.box
    shared = min(box.x1, day.x1) - max(box.x0, day.x0)
    close = 0 < day.y0 - box.y0 < _STAMP_LINES * sheet.line_height
    return close and shared > 0.5 * min(box.x1 - box.x0, day.x1 - day.x0) and bool(_DAY.fullmatch(plain(under.text)))


def _is_in_a_stamp(sheet: Sheet, cell: Span, book: DocumentsBook) -> bool:
    """Whether one word stands right under the day of a stamp: "CNT EP / CAC LOJA / 11 JUL 2025 / RECIBIDO"."""
    box = cell.box
    return len(cell.words) == 1 and any(
        0 < box.y0 - day.y0 < _NEXT_LINE * sheet.line_height
        and min(box.x1, day.x1) - max(box.x0, day.x0) > 0.5 * (box.x1 - box.x0)
        for day in days_of_stamps(sheet, book.signing)
    )


_NEXT_LINE = 2.5
"""Heights of a line from a line of a stamp to the next at most: stamps are put aslant."""


def days_of_stamps(sheet: Sheet, book: SigningBook) -> tuple[Box, ...]:
    """Where a day stands under words of the company, as in a stamp, with the place or RECIBIDO over or under it.

    A form's own day under the company's name has neither.
    """
    known: tuple[object, Any] = sheet.known.get("stamps", (None, None))
    if known[0] is not book:
        cells = [cell for row in sheet.rows for cell in row]
        days = [cell for cell in cells if _DAY.fullmatch(plain(cell.text))]
        known = sheet.known["stamps"] = (book, tuple(day.box for day in days if _is_stamps(sheet, day, cells, book)))
    boxes: tuple[Box, ...] = known[1]
    return boxes


def stamps_in_text(sheet: Sheet, book: SigningBook) -> Iterator[Box]:
    """Days of stamps that cannot be a form's own words: RECIBIDO alone in its line, the month in letters.

    All stand in the middle under one another.  A form's own place and day ("CNT EP", "Agencia Norte", "12/05/2025") are
    no stamp.
    """
    days = days_of_stamps(sheet, book)
    cells = [cell for row in sheet.rows for cell in row]
    for day in (cell for cell in cells if cell.box in days and re.search(r"[A-Z]{3}", plain(cell.text))):
        middle = (day.box.x0 + day.box.x1) / 2
        yield from (
            day.box
            for cell in cells
            if plain(cell.text) == "RECIBIDO"
            and abs(cell.box.y0 - day.box.y0) < _STAMP_LINES * sheet.line_height
            and abs((cell.box.x0 + cell.box.x1) / 2 - middle) < _STAMP_MIDDLE
        )


_STAMP_MIDDLE = 0.03
"""Share of the page's width by which the middles of a stamp's lines differ at most."""


def _is_stamps(sheet: Sheet, day: Span, cells: Sequence[Span], book: SigningBook) -> bool:
    over = [cell for cell in cells if _is_day_under(sheet, cell, day)]
    company = any((told := made_of(cell.text, book)) and told.signer is Signer.EMPRESA for cell in over)
    return company and any(
        _STAMPED.search(plain(cell.text))
        for cell in cells
        if abs(cell.box.y0 - day.box.y0) < _STAMP_LINES * sheet.line_height
        and min(cell.box.x1, day.box.x1) > max(cell.box.x0, day.box.x0)
    )


_STAMPED = re.compile(r"\b(RECIBID|ENTREGAD|CAC|AGENCIA|OFICINA|BODEGA|ATENCION|DESPACHAD|PROCESAD|PAZ Y SALVO)")
"""Words of a stamp beside the company's name and the day."""


def _is_answered(sheet: Sheet, row: int, cell: int) -> bool:
    """Whether a value stands beside what looks like a caption, over what is handed over: a row of the form.

    "Entregado por ¦ MORALES PAZ JUANA" names somebody; nobody signs there.
    """
    if cell + 1 >= len(sheet.rows[row]):
        return False
    beside = sheet.rows[row][cell + 1]
    value = beside.confidence >= SURE and (len(beside.words) >= 2 or bool(re.search(r"\d{6}", beside.text)))
    listed = (hit for name in ("serial", "mac") for hit in sheet.hits_of(name))
    below = any(sheet.span_of(hit).box.y0 > beside.box.y1 for hit in listed)
    return value and below and (row, cell + 1) not in sheet.hits_in


@dataclass(frozen=True, slots=True)
class Made:
    """What the words of a caption say: who signs (None: nobody of the two alone), and that it asks for a signature."""

    signer: Signer | None
    asks: bool
    bare: bool = False
    """Nothing but a name of the customer, which may be a label of anything."""


@lru_cache(maxsize=10_000)
def made_of(text: str, book: SigningBook) -> Made | None:
    """What a caption says that is made of nothing but words of signing; None where words alone do not tell.

    Who gives back signs as the customer, who takes for the company; a customer who takes or a company that gives is
    another handing over.  A name's or a number's own caption ("Nombre de quien entrega") asks for no signature.  Over
    "Entrega a" signs whom it is given to, and "Fecha de entrega" names the handing over, not who hands over.

    >>> book = SigningBook(customer=("CLIENTE",), gives=("ENTREGA",), around=("O", "QUIEN"), ink=("FIRMA",))
    >>> made_of("Firma: cliente o quien entrega", book)
    Made(signer=<Signer.CLIENTE: 'CLIENTE'>, asks=True, bare=False)
    >>> made_of("Entrega el lunes", book) is None
    True
    """
    # Forms number their boxes: "402 Servidor que recibe".
    words = re.findall(r"[A-Z0-9]+", re.sub(r"^\W*\d{1,3}\b|(?<=[A-Z])\([AO]S?\)", "", plain(text)))
    if not 0 < len(words) <= _LONGEST_CAPTION:
        return None
    meant = tuple(_meant(squeezed(word), book) for word in words)
    phrases, longest = _phrases_of(book)
    said: set[str] = set()
    at = 0
    while at < len(meant):
        ends = range(min(len(meant), at + longest), at, -1)
        end = next((end for end in ends if meant[at:end] in phrases), None)
        if end is None:
            return None
        name = phrases[meant[at:end]]
        # "Entregué los equipos" says who signs; "Equipos entregados" and "Entrega de equipos" head a list or a paper.
        if name == "things" and (not {"gives", "takes"} & said or meant[at - 1] in _OF_THINGS):
            return None
        said.add(_role(name, meant[:at], meant[at:end], meant[end:], given="gives" in said))
        at = end
    his, its = {"customer", "gives"} & said, {"company", "takes"} & said
    asks = bool(said & {"ink", "gives", "takes"})
    if (his and its) or "to" in said or ("data" in said and "ink" not in said):
        return Made(None, False)
    if "event" in said and not his and not its:
        return Made(None, False)
    return Made(Signer.CLIENTE if his else Signer.EMPRESA, asks, bare=not asks and not its) if his or its else None


def made_beside_a_name(text: str, book: SigningBook) -> Made | None:
    """What a caption says that a person's name stands in: "Recibe: Rosa Vélez", "Luis Paz (titular)", "Luis Paz – CNT".

    "Cliente: Luis Paz" is a row of any form; so is who received, which asks for no signature by itself.

    >>> book = SigningBook(customer=("TITULAR",), takes=("RECIBE",))
    >>> made_beside_a_name("Recibe: Rosa Vélez", book)
    Made(signer=<Signer.EMPRESA: 'EMPRESA'>, asks=False, bare=False)
    >>> made_beside_a_name("Titular: Rosa Vélez", book) is None
    True
    """
    found = _BESIDE_A_NAME.fullmatch(text.strip())
    if found is None:
        return None
    first, last = found["first"].strip(), (found["last"] or found["hint"] or found["dashed"]).strip()
    if _is_person(last, book) and (made := made_of(first, book)) is not None:
        return Made(made.signer, asks=False) if made.signer is Signer.EMPRESA else None
    return made_of(last, book) if _is_person(first, book) else None


_BESIDE_A_NAME = re.compile(
    r"(?P<first>[^:(]+?)(\((?P<hint>[^)]+)\)|:\s*(?P<last>[^:(]+)(\([^)]+\))?|\s+[–—-]\s+(?P<dashed>[^:(]+))"
)
_PERSON = re.compile(r"[^\W\d_]{2,}( [^\W\d_]{2,}){1,6}")


def _is_person(text: str, book: SigningBook) -> bool:
    """Whether words may be a person's name: at least two, the first and the last with a capital, and no caption."""
    words = text.split()
    capital = bool(words) and words[0][0].isupper() and words[-1][0].isupper()
    return capital and _PERSON.fullmatch(text) is not None and made_of(text, book) is None


_TO = frozenset({(squeezed("A"),), (squeezed("AL"),)})
_CONFORMING = squeezed("CONFORMIDAD")
_TIME = frozenset(map(squeezed, ("FECHA", "HORA")))
_OF = frozenset(map(squeezed, ("DE", "DEL", "LA", "EL")))
_OF_THINGS = frozenset(map(squeezed, ("DE", "DEL")))


def _role(name: str, before: tuple[str, ...], here: tuple[str, ...], after: tuple[str, ...], *, given: bool) -> str:
    """What a phrase stands for where it stands: "to" whom it is given, or the "event" that has a day or an hour."""
    if given and here in _TO and after[:1] != (_CONFORMING,):
        return "to"
    if name in {"gives", "takes"} and before[-1:] and before[-1] in _OF:
        of = next((word for word in reversed(before) if word not in _OF), "")
        return "event" if of in _TIME else name
    return name


_LONGEST_CAPTION = 10
"""Words."""
_MISREAD = 6
"""Letters from which on one of a word may be misread."""


@lru_cache(maxsize=4)
def _phrases_of(book: SigningBook) -> tuple[dict[tuple[str, ...], str], int]:
    """What each phrase stands for, and the words of the longest: "atención al cliente" is the company's."""
    names = ("customer", "company", "gives", "takes", "ink", "data", "things", "around")
    phrases = {tuple(map(squeezed, said.split())): name for name in names for said in getattr(book, name)}
    return phrases, max(map(len, phrases), default=0)


@lru_cache(maxsize=10_000)
def _meant(word: str, book: SigningBook) -> str:
    """The word of captions from which a longer word differs in one letter; itself where there is none."""
    known = {one for phrase in _phrases_of(book)[0] for one in phrase}
    if word in known or len(word) < _MISREAD:
        return word
    near = (one for one in known if len(one) >= _MISREAD and abs(len(one) - len(word)) <= 1)
    return min((one for one in near if distance(one, word) <= 1), default=word)


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


SURE = 0.7
"""Confidence of print at least: what is read out of a scribble has less."""


def _signs_here(sheet: Sheet, hit: Hit, signing: float) -> bool:
    """Whether a label stands at the foot, and alone in its cell but for a word, or the company's name."""
    more = len(sheet.rows[hit.row][hit.cell].words) - (hit.end - hit.start)
    return sheet.span_of(hit).box.y0 >= signing - 0.01 and more <= (3 if "company" in hit.fields else 1)
