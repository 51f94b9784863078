"""The number of the paper itself, under any of its many names.  Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import takewhile

from evidence_daemon.cases.equipment import plain
from evidence_daemon.cases.identity import read_id
from evidence_daemon.documents.dates import as_date
from evidence_daemon.documents.inventory import names_a_piece
from evidence_daemon.documents.labelled import (
    LOOSE,
    field_of,
    only,
    values,
)
from evidence_daemon.documents.layout import Hit, Sheet, Span, squeezed
from evidence_daemon.documents.services import AT_THE_HEAD, is_no_services, opens_its_label, speaks_of_a_service
from evidence_daemon.model import Field, IdCheck
from evidence_daemon.rulebook import NUMBER_SIGNS

_ACTA_NUMBER = re.compile(
    r"(?<![A-Z0-9/])((?:[A-Z]{1,5}[\-/ ]?)?[A-Z0-9]*(?:[\-/][A-Z0-9]+)*[0-9]{3,}(?:[\-/][A-Z0-9]+)*)(?![A-Z0-9/])"
)


def letters(text: str) -> str:
    """Capitals and digits of a text alone, as numbers are compared."""
    return re.sub(r"[^0-9A-Z]", "", plain(text))


def acta_number(sheet: Sheet, others: Collection[str] = (), *, known: bool = False) -> Field | None:
    """The acta's own number: behind "Acta No.", or behind a bare "No." at the head of the page.

    `others` are numbers of the holder, the service, the equipment; and what has a cédula's check digit is one.  Where
    the holder's and the service's are `known`, a label that says nothing may be its own.
    """
    best: tuple[float, Field] | None = None
    for value in values(sheet, "number"):
        caption = sheet.is_caption(value.hit)
        loose = value.hit.label in _LOOSE_NUMBERS and not (value.hit.label == "ACTA" and caption)
        if value.hit.label == "N" and sheet.span_of(value.hit).text.strip().upper() in {"N", "N:"}:
            continue  # a bare letter; with a degree sign or a point it means "number"
        cell = sheet.rows[value.hit.row][value.hit.cell]
        titled = value.hit.end == len(cell.words) and opens_its_label(sheet, value.hit, "number")
        long = len(cell.words) > 3 and not caption and not titled
        if loose and (value.span.box.y0 > 0.4 or (value.way != "tras" and (long or len(value.span.words) > 3))):
            continue
        if loose and (_tells_of_a_piece(sheet, value.hit) or _goes_with_another(sheet, value.hit)):
            continue
        first, whole = _acta_text(value.span), value.span
        if first is None:
            first, whole = _acta_text_in_two_lines(sheet, value.span)
        if first is not None and _boxes_go_on(sheet, Span(whole.words[: len(first)])):
            continue
        if first is None or as_date(first) or re.sub(r"\D", "", first) == "":
            continue
        anythings = is_anythings_number(value.hit, first) and not (known and not speaks_of_a_service(sheet, value.hit))
        if anythings and not is_no_services(sheet, value.hit, first):
            continue
        as_id = read_id(first) if re.fullmatch(r"\d{10}|\d{10}001", first) else None
        if letters(first) in others or (as_id is not None and as_id.check is IdCheck.OK):
            continue
        coded = value.hit.label == "FORM" and _CODE_OF_A_FORM.fullmatch(first) is not None
        other = coded or _OTHER_PAPERS.search(value.hit.label) is not None
        rank = loose + (value.way != "tras") + 2.5 * other
        if best is None or rank < best[0]:
            span = only(whole, re.sub(r"[^0-9A-Z]", "", first))
            short = len(letters(first)) < _SHORTEST_NUMBER or (
                whole is value.span and _goes_on(sheet, value.span, span)
            )
            others_own = rank >= _WEAK and not (value.hit.label.startswith("ORDEN") and not _names_its_number(sheet))
            part = LOOSE if short or others_own or anythings or value.hit.label == "CODIGO" else ""
            best = rank, field_of(sheet, first, span, f"{part}acta:{value.way}:{value.hit.label}")
    if best is None or best[0] >= _WEAK:
        its_own = _behind_its_name(sheet, others) or _behind_its_sign(sheet, others)
        return its_own or (best[1] if best else None) or _alone_at_the_head(sheet, others)
    return best[1]


_LOOSE_NUMBERS = frozenset({
    "NO", "NRO", "ACTA", "N", "NUMERO", "COMPROBANTE", "COMPROB", "CODIGO", "REFERENCIA", "FOLIO", "ORDENDETRABAJO",
    "DOCUMENTO", "REGISTRO", "NUM", "FICHA", "FORM", "GUIA", "OFICIO", "INFORME", "TICKET", "TRANSACCION", "ORDEN",
    "ANEXO", "CONSTANCIA", "CERTIFICADO", "OT", "HOJA",
})  # fmt: skip
"""Labels that are the paper's own number only near its head."""


_CODE_OF_A_FORM = re.compile(r"[A-Z]{1,4}[\-/ ]\d{1,4}")
"""What forms of one kind have in common ("Form. AC-378"), or the number of one: a doubt."""


def _tells_of_a_piece(sheet: Sheet, hit: Hit) -> bool:
    """Whether a number sign stands behind or under a piece of equipment: "Tarjeta de acceso" / "N.º 59388846"."""
    said = [cell.text for cell in sheet.rows[hit.row][: hit.cell]]
    if hit.start == 0:
        box = sheet.span_of(hit).box
        over = sheet.rows[hit.row - 1] if hit.row else ()
        said += [cell.text for cell in over if cell.box.x0 < box.x1 and box.x0 < cell.box.x1 and len(cell.words) <= 4]
    return hit.label in NUMBER_SIGNS and any(names_a_piece(text) for text in said)


def _goes_with_another(sheet: Sheet, hit: Hit) -> bool:
    """Whether a number sign is another thing's in a sentence, also over the end of its line: "con el contrato N.º"."""
    before = list(sheet.rows[hit.row][hit.cell].words[: hit.start])
    if hit.cell == 0 and sheet.reads_on(hit.row):
        before = [*sheet.rows[hit.row - 1][-1].words, *before]
    said = plain(" ".join(word.text for word in before))
    return hit.label in NUMBER_SIGNS and _ANOTHER.search(said) is not None and not _A_PAPER.match(said)


_ANOTHER = re.compile(
    r"\b(CONTRATO|LINEA|TELEF[A-Z]+|SERVICIO|CUENTA|ABONAD[OA]|SUSCRIPTORA?|INTERNET|TELEVISION|TV|FIJ[AO]|CEDULA"
    r"|CIUDADANIA|IDENTIDAD|RUC|FACTURA|SERIE|MEDIDOR)[ .:,]*$"
)
"""What is numbered by a sign behind it, and is no paper."""


_OF_ANYTHING = frozenset({
    "NUMERO", "DOCUMENTO", "NODOCUMENTO", "NRODOCUMENTO", "NUMDOCUMENTO",
    "NODEDOCUMENTO", "NRODEDOCUMENTO", "NDEDOCUMENTO", "NUMERODEDOCUMENTO", "NUMERODELDOCUMENTO",
})  # fmt: skip


def is_anythings_number(hit: Hit, text: str) -> bool:
    """Whether a number's label says nothing: "Número 022345678" is a service's, "Documento 1700000019" a person's."""
    bare = re.fullmatch(r"\d+" if hit.label == "NUMERO" else r"[A-Z]*\d+", text)
    return hit.label in _OF_ANYTHING and bare is not None


_OTHER_PAPERS = re.compile(r"TRAMITE|SOLICITUD|REQUERIMIENTO|GESTION|REFERENCIA|ORDEN|TURNO|TICKET|^OT$")
"""Labels of numbers of what led to the paper: they are its own where it has no other."""
_WEAK = 2.5


def _names_its_number(sheet: Sheet) -> bool:
    """Whether a page has a caption for its own number: then an order's is that of the order alone."""
    return any(hit.strong and _OWN_NUMBER.match(hit.label) for hit in sheet.hits_of("number"))


_OWN_NUMBER = re.compile(r"(N|NO|NRO|NUM|NUMERO)?(DE)?(ACTA|CONSTANCIA|CERTIFICADO|COMPROBANTE|BOLETA|RECIBO|NOTA)")


_FEWEST_BOXES = 5
"""Signs in a box each that make a number; fewer may be anything."""


def _acta_text(span: Span) -> str | None:
    """The number with which a text begins, in capitals; None where it begins with none."""
    boxed = list(takewhile(lambda word: re.fullmatch(r"[0-9A-Z]", plain(word.text).strip(".|")), span.words))
    if len(boxed) >= _FEWEST_BOXES:
        behind = span.words[len(boxed)].text if len(boxed) < len(span.words) else ""
        if _IS_MORE.match(behind) and not as_date(behind):
            return None  # it goes on where its boxes end
        joined = "".join(plain(word.text).strip(".|") for word in boxed)
        return joined if _ACTA_NUMBER.fullmatch(joined) else None
    first = plain(span.words[0].text).strip(".:;,# ")
    if first.endswith(("-", "/")) and len(span.words) > 1:
        first += plain(span.words[1].text).strip(".:# ")  # an engine broke it behind its dash
    if (
        not _ACTA_NUMBER.fullmatch(first)
        and len(span.words) > 1
        and squeezed(first) in {"N", "NO", "NRO", "NUMERO", ""}
    ):
        first = plain(span.words[1].text).strip(".:# ")
    return first if _ACTA_NUMBER.fullmatch(first) else None


_IS_MORE = re.compile(r"[\-–—/]|.*\d")


def _boxes_go_on(sheet: Sheet, number: Span) -> bool:
    """Whether more of a number in boxes stands close behind them, in whatever cell of its line."""
    words = number.words
    if len(words) < _FEWEST_BOXES or any(len(word.text.strip(".|")) > 1 for word in words):
        return False
    step = (words[-1].box.x0 - words[0].box.x0) / (len(words) - 1)
    edge, middle = words[-1].box.x1, (words[-1].box.y0 + words[-1].box.y1) / 2
    behind = [word for word in sheet.words if word.box.x0 >= edge and word.box.y0 <= middle <= word.box.y1]
    first = min(behind, key=lambda word: word.box.x0, default=None)
    near = first is not None and first.box.x0 - edge < _WIDEST_GAP * step
    return near and first is not None and _IS_MORE.match(first.text) is not None and not as_date(first.text)


_WIDEST_GAP = 2.5
"""Steps from box to box, within which what stands behind the last may still belong to the number."""


def _acta_text_in_two_lines(sheet: Sheet, span: Span) -> tuple[str | None, Span]:
    """A number that was broken behind a dash at the end of its line, and the words of both lines."""
    last = span.words[-1]
    if len(span.words) == 1 and last.text.endswith(("-", "/")):
        number = next(at for at, row in enumerate(sheet.rows) if any(last in cell.words for cell in row))
        alone = [row[0] for row in sheet.rows[number + 1 : number + 2] if len(row) == 1]  # of a title in the middle
        near = [cell for cell in alone if cell.box.y0 - span.box.y1 < 1.5 * sheet.line_height]
        # Or where its label begins: "Documento N.º CAC-" over "2025-43672".
        labelled = next(cell for cell in sheet.rows[number] if last in cell.words).box
        near += [cell for _, _, cell in sheet.below(labelled, rows=1, reach=2.2) if cell.box.x0 < span.box.x0]
        for under in (*near, *(cell for _, _, cell in sheet.below(span.box, rows=1, reach=1.5))):
            rest = plain(under.words[0].text).strip(".:# ")
            text = plain(last.text).strip(".:# ") + rest
            if (
                len(under.words) == 1
                and re.fullmatch(r"[0-9A-Z]{2,8}([\-/][0-9A-Z]{2,8})*", rest)
                and _ACTA_NUMBER.fullmatch(text)
            ):
                return text, Span((last, under.words[0]))
    return None, span


_ITS_NAME = re.compile(r"(CONSTANCIA|CERTIFICADO|RECIBO|BOLETA|NOTA)$")


def _behind_its_name(sheet: Sheet, others: Collection[str]) -> Field | None:
    """The number that stands behind the name of the paper, alone in its cell with it: "CONSTANCIA RE-0661402"."""
    for cell in (cell for row in sheet.rows for cell in row):
        if cell.box.y0 >= AT_THE_HEAD or len(cell.words) != 2 or not _ITS_NAME.match(plain(cell.words[0].text)):
            continue
        first = _acta_text(Span(cell.words[1:]))
        if first is not None and re.search(r"[\-/]|[A-Z]\d", first) and letters(first) not in others:
            return field_of(sheet, first, Span(cell.words[1:]), f"acta:tras:{plain(cell.words[0].text)}")
    return None


def _behind_its_sign(sheet: Sheet, others: Collection[str]) -> Field | None:
    """The only number at the head of a page that has nothing but a number sign before it: "#90508-2024"."""
    found = [
        (first, cell)
        for row in sheet.rows
        for cell in row
        if cell.box.y0 < AT_THE_HEAD and len(cell.words) <= 2 and cell.text.startswith("#")
        if (first := _acta_text(cell)) is not None and letters(first) not in others and not as_date(first)
    ]
    if len(found) != 1:
        return None
    ((first, cell),) = found
    return field_of(sheet, first, cell, "acta:tras #")


def _alone_at_the_head(sheet: Sheet, others: Collection[str]) -> Field | None:
    """The only number at the head of a page in the form of a paper's, by itself or after what the paper is called.

    "DEV-62255-2026" beside the title, "Comprobante de cierre CC03593758"; a form's own code stands there too, so it
    stays a doubt.
    """
    found: dict[str, tuple[str, Span]] = {}
    for cell in (cell for row in sheet.rows for cell in row if cell.box.y0 < AT_THE_HEAD):
        titled = _A_PAPER.match(plain(cell.text)) is not None
        if len(cell.words) > 1 and not titled:
            continue
        last = Span(cell.words[-1:])
        first, span = _acta_text(last), last
        if first is None:
            first, span = _acta_text_in_two_lines(sheet, last)
        if first is None or letters(first) in others or as_date(first):
            continue
        lettered = re.match(r"(?!N[OR]{0,2}\W?\d)[A-Z]+(\W[A-Z]+)*\W?\d", first)
        if not lettered and not (titled and len(cell.words) >= _A_TITLE):
            continue
        if sum(map(str.isdigit, first)) >= (_FEWEST_DIGITS if lettered else _FEWEST_ALONE):
            found[letters(first)] = first, span
    if len(found) != 1:
        return None
    ((first, span),) = found.values()
    return field_of(sheet, first, span, f"{LOOSE}acta:sola al inicio")


_FEWEST_DIGITS, _FEWEST_ALONE, _A_TITLE = 5, 6, 4
"""Digits of such a number beside letters, and without any; words of a title that a bare number stands behind."""
_A_PAPER = re.compile(
    r"(ASUNTO: *)?(ACTA|CONSTANCIA|CERTIFICA[A-Z]+|COMPROBANTE|RECIBO|BOLETA|NOTA|HOJA|FICHA|GUIA|INFORME|REPORTE"
    r"|OFICIO|EXPEDIENTE|REGISTRO|CONTROL|VALE|VOLANTE|PARTE|TARJETA|PRECINTO|GESTION|RECEPCION|DEVOLUCION|RETIRO)\b[^\d:]*[A-Z]"
)


_SHORTEST_NUMBER = 5
"""Letters and digits of the number of a paper below which it is as likely the beginning of one."""


def _goes_on(sheet: Sheet, box: Span, value: Span) -> bool:
    """Whether more of a number, or ink that nobody read, stands close behind what was read of it."""
    behind = next((word for word in box.words if word.box.x0 >= value.box.x1), None)
    if behind is not None and re.search(r"\d", behind.text) and not as_date(behind.text):
        return True
    reach = 1.5 * sheet.line_height * sheet.aspect
    middle, high = (value.box.y0 + value.box.y1) / 2, 2.5 * (value.box.y1 - value.box.y0)
    return any(
        abs(ink.x0 - value.box.x1) < reach and ink.y0 <= middle <= ink.y1 and ink.y1 - ink.y0 < high
        for ink in sheet.ink
        if ink.x1 > value.box.x1
    )
