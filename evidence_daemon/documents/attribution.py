"""Whether a value is the one that is meant: proof is withdrawn wherever another could be.  Pure.

That two engines read a number alike proves what it says, not whose it is.  Here nothing is chosen and nothing read:
what was found stays, but as a doubt, where the paper shows a rival for it, where its caption goes on, where it shares
its cell with another of its kind, and where words tell of equipment that was not handed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise

from rapidfuzz.distance.Levenshtein import distance

from evidence_daemon.cases.equipment import canonical_mac, is_misread_pon, is_pon_serial, plain, types_named
from evidence_daemon.cases.identity import read_id, same_id
from evidence_daemon.documents.agreement import one_place
from evidence_daemon.documents.dates import as_date
from evidence_daemon.documents.holder_ids import is_near_an_agent, issuers_rucs
from evidence_daemon.documents.issuers import own_ruc
from evidence_daemon.documents.kinds import outcomes, text_besides, without_harmless
from evidence_daemon.documents.labelled import LOOSE, Value, in_people_table, is_told_as_staff, values
from evidence_daemon.documents.layout import Sheet, Span, squeezed
from evidence_daemon.documents.paper_numbers import is_anythings_number
from evidence_daemon.documents.people import NO_PART_OF_A_NAME, own_name, person
from evidence_daemon.documents.services import services_on
from evidence_daemon.documents.signers import signing_top
from evidence_daemon.documents.ticks import refused
from evidence_daemon.model import Box, EquipmentLine, Field, IdCheck, Word
from evidence_daemon.rulebook import DirectionBook, DocumentsBook

_DOUBT, _NOT_SHOWN = 0.5, 0.3
"""Confidence that is left to a value that may be another's, and to the number of a piece that may not have come back
(lower: what equals the number on file counts from 0.4 on)."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A value of some kind that the paper shows, as far as its captions tell."""

    value: str
    page: int
    box: Box
    caption: str = ""
    """In capitals; "" where it has none."""


def withdrawn(field: Field | None, most: float = _DOUBT, rivals: Iterable[str] = ()) -> Field | None:
    """The value as a doubt: no further reading proves it.  What else could be meant is kept for people to see."""
    if field is None:
        return None
    rule = field.rule if field.rule.startswith(LOOSE) else f"{LOOSE}{field.rule}"
    others = tuple(dict.fromkeys((*field.rivals, *rivals)))
    return replace(field, proven=False, confidence=min(field.confidence, most), rule=rule, rivals=others)


def attributed(
    name: str, field: Field | None, sheets: Sequence[Sheet], book: DocumentsBook, taken: Collection[str] = ()
) -> Field | None:
    """A value of which a paper has one, as a doubt where something else on its pages could be meant.

    What is `taken` is known as a value of another kind, and no rival.
    """
    if field is None or field.box is None or name not in _CLAIMS:
        return field
    if name == "id_number" and any(field.value in issuers_rucs(sheet, book) for sheet in sheets):
        return None  # that of who issued the paper, as one of its readings tells
    claims = [claim for sheet in sheets for claim in _CLAIMS[name](sheet, book) if squeezed(claim.value) not in taken]
    mine = [claim.caption for claim in claims if _is(name, claim, field)]
    rivals = [claim for claim in claims if not _is(name, claim, field) and not _there(claim, field)]
    if any(map(_TELLS[name].search, mine)):
        rivals = [claim for claim in rivals if _TELLS[name].search(claim.caption)]
    if field.rule.startswith(_HIS_COLUMN):
        rivals = []
    longer = name == "holder" and _is_part_of_another(field, sheets)
    if rivals or longer or _goes_on(name, field, sheets) or _two_in_one(name, field, sheets):
        return withdrawn(field, rivals=[claim.value for claim in rivals])
    return field


_HIS_COLUMN = ("id:columna:", "holder:columna:")
"""Begins the rule of what stands in a table of people under the holder's own heading."""


_SIDEWAYS = "serie:columna"
"""Begins the rule of a number in a table that lies on its side: beside a serial may stand its MAC, under a caption that
was not read."""


def listed(line: EquipmentLine, sheets: Sequence[Sheet]) -> EquipmentLine:
    """A piece of equipment whose number is a doubt where its cell shows two of them, or letters close before it.

    So is one with a vendor's letters and no digits to base sixteen behind them: two engines misread it alike.
    Twelve bare digits to base sixteen that are all that a row shows may be its serial as well as its MAC, whatever
    column they are read in.
    """
    if line.serial is not None and (_two_in_one("serial", line.serial, sheets) or _begins_before(line.serial, sheets)):
        line = replace(line, serial=withdrawn(line.serial, _NOT_SHOWN))
    if line.serial is not None and is_misread_pon(line.serial.value):
        line = replace(line, serial=withdrawn(line.serial))
    sideways = line.serial is not None and line.serial.rule.startswith(_SIDEWAYS)
    if line.serial is not None and (line.mac is None or sideways) and _is_bare_mac(line.serial.value):
        line = replace(line, serial=withdrawn(line.serial))
    if line.serial is None and line.mac is not None and re.fullmatch(r"\w+", line.mac.raw.strip()):
        line = replace(line, mac=withdrawn(line.mac))
    return line


def _is_bare_mac(text: str) -> bool:
    return re.fullmatch(r"(?=.*[A-F])[0-9A-F]{12}", text) is not None and canonical_mac(text) != ""


def _begins_before(field: Field, sheets: Sequence[Sheet]) -> bool:
    """Whether a letter or two stand a blank before a number: its beginning, read apart from it."""
    return any(
        re.fullmatch(r"[A-Z]{1,2}", before.text)
        and word.box.x0 - before.box.x1 < _BLANK * sheet.line_height * sheet.aspect
        and one_place(word.box, field.box)
        for sheet in sheets
        if sheet.number == field.page
        for before, word in _unlabelled_pairs(sheet)
    )


def _unlabelled_pairs(sheet: Sheet) -> Iterator[tuple[Word, Word]]:
    """Words that follow one another in a cell, where the first is no part of a label."""
    for number, row in enumerate(sheet.rows):
        for place, cell in enumerate(row):
            labels = {at for hit in sheet.hits_in.get((number, place), ()) for at in range(hit.start, hit.end)}
            yield from (pair for at, pair in enumerate(pairwise(cell.words)) if at not in labels)


_BLANK = 0.8
"""Heights of a line between two words of one number at most."""


def not_shown(line: EquipmentLine) -> EquipmentLine:
    """A piece that may not have been handed over."""
    return replace(line, serial=withdrawn(line.serial, _NOT_SHOWN), mac=withdrawn(line.mac, _NOT_SHOWN))


# ── what else could be meant ─────────────────────────────────────────────────────────────────────


def _caption(sheet: Sheet, value: Value) -> str:
    """What stands before a value in its caption's cell, where that is no sentence: "CEDULA/RUC DEL TITULAR"."""
    words = [word for word in sheet.rows[value.hit.row][value.hit.cell].words if word not in value.span.words]
    return plain(Span(tuple(words)).text) if 0 < len(words) <= _LONGEST_CAPTION else value.hit.label


_LONGEST_CAPTION = 8
_SOMEBODY_ELSES = re.compile(
    r"\b(DELEGAD[OA]|REPRESENTANTE|AUTORIZAD[OA]|APODERAD[OA]|ASESORA?|TECNICO|FUNCIONARI[OA]|AGENTE|EJECUTIV[OA]"
    r"|RESPONSABLE|TESTIGO|CUSTODIO|GARANTE|CAJER[OA])\b"
)


def _ids(sheet: Sheet, book: DocumentsBook) -> Iterator[Claim]:
    """Numbers of people with a right check digit above the signatures, but for those said to be somebody else's."""
    signing, issuers = signing_top(sheet), issuers_rucs(sheet, book)
    captions = [(_caption(sheet, value), value.span) for value in values(sheet, "id_number")]
    for number, row in enumerate(sheet.rows):
        for place, cell in enumerate(row):
            beside = row[place - 1].text if place else ""
            others = len(cell.words) <= _LONGEST_CAPTION and _SOMEBODY_ELSES.search(plain(f"{beside} {cell.text}"))
            staffs = any(
                "id_number" not in hit.fields and hit.fields & {"agent", "other"}
                for at in (place - 1, place)
                for hit in sheet.strong_hits_in(number, at)
            )
            for word in cell.words:
                text = re.sub(r"\D*$|^\D*", "", word.text)
                known = read_id(text) if re.fullmatch(r"\d{10}|\d{10}001", text) else None
                if known is None or known.check is not IdCheck.OK or own_ruc(text, book.ours) or text in issuers:
                    continue
                near = is_near_an_agent(sheet, word.box)
                if word.box.y0 >= signing or others or staffs or near or is_told_as_staff(sheet, text, number):
                    continue
                caption = next((caption for caption, span in captions if word in span.words), "")
                yield Claim(text, sheet.number, word.box, caption)


def _holders(sheet: Sheet, book: DocumentsBook) -> Iterator[Claim]:
    """Names behind, beside or under a holder's captions above the signatures."""
    signing = signing_top(sheet)
    for value in values(sheet, "holder"):
        name, words = person(value.span), [plain(word.text).strip(".,:;") for word in value.span.words]
        equipment = any(types_named(words)) or not set(book.words.brands).isdisjoint(words)
        if not name or equipment or value.span.box.y0 >= signing or _SOMEBODY_ELSES.match(words[0]):
            continue
        if not own_name(name, book.ours):
            yield Claim(name, sheet.number, value.span.box, _caption(sheet, value))


def _services(sheet: Sheet, book: DocumentsBook) -> Iterator[Claim]:
    del book
    for _, field, value in services_on(sheet, frozenset()):
        if field.box is not None:
            yield Claim(field.value, sheet.number, field.box, _caption(sheet, value))


_ITS_OWN = r"ACTA|CONSTANCIA|CERTIFICADO|COMPROBANTE|HOJA|FORMULARIO|BOLETA|NOTA|DOCUMENTO"
_NUMBERED = re.compile(rf"\b({_ITS_OWN})[ :]*(?:N[°ºO.RUMEROo]*[ :.]*)?((?:[A-Z]{{2,5}}\d*-?)?\d[\d\-]{{4,}})")


def _numbers(sheet: Sheet, book: DocumentsBook) -> Iterator[Claim]:
    """What is captioned as a number of the paper, and what stands behind the paper's own name."""
    del book
    for value in values(sheet, "number"):
        for word in value.span.words[:2]:
            text = re.sub(r"[^0-9A-Z]", "", plain(word.text))
            told = not is_anythings_number(value.hit, text)
            if told and sum(map(str.isdigit, text)) >= 5 and not as_date(word.text):
                yield Claim(text, sheet.number, word.box, _caption(sheet, value))
    for row in sheet.rows:
        for cell in row:
            for found in _NUMBERED.finditer(plain(cell.text)):
                text = re.sub(r"[^0-9A-Z]", "", found[2])
                if not as_date(found[2]):
                    yield Claim(text, sheet.number, cell.box, found[1])


def _dates(sheet: Sheet, book: DocumentsBook) -> Iterator[Claim]:
    del book
    for value in values(sheet, "date"):
        if iso := as_date(value.span.text):
            yield Claim(iso, sheet.number, value.span.box, _caption(sheet, value))


_CLAIMS: dict[str, Callable[[Sheet, DocumentsBook], Iterator[Claim]]] = {
    "id_number": _ids,
    "holder": _holders,
    "service_number": _services,
    "number": _numbers,
    "date": _dates,
}
_HOLDERS = re.compile(r"TITULAR|ABONADO|CLIENTE|SUSCRIPTOR")
_TELLS = {
    "id_number": _HOLDERS,
    "holder": _HOLDERS,  # no USUARIO: such is mostly who sits at the system
    "service_number": re.compile(r"SERVICIO|TELEFONIC|CUENTA|INSTANCIA|ABONADO|CLIENTE|LOGIN|CONTRATADO|SIGNADO"),
    "number": re.compile(_ITS_OWN),
    "date": re.compile(r"ENTREGA|DEVOLUCION|RECEPCION|RETIRO|ACTA|SUSCRIPCION|FIRMA"),
}
"""Captions that tell which of several is meant; two of them are rivals all the same."""


def _is(name: str, claim: Claim, field: Field) -> bool:
    match name:
        case "id_number":
            return same_id(claim.value, field.value)
        case "holder":
            one, two = squeezed(claim.value), squeezed(field.value)
            return one in two or two in one or distance(one, two) <= max(len(one), len(two)) // 7
        case "service_number":
            return claim.value.lstrip("0").endswith(field.value.lstrip("0")[-7:])
        case "number":
            one, two = claim.value, re.sub(r"[^0-9A-Z]", "", plain(field.value))
            return one in two or two in one
        case _:
            return claim.value == field.value


def _there(claim: Claim, field: Field) -> bool:
    """Whether a claim is another reading of the very value."""
    return claim.page == field.page and one_place(claim.box, field.box)


# ── the value's own caption and cell ─────────────────────────────────────────────────────────────

_JOINS = frozenset({
    "N", "NO", "NRO", "NUM", "NUMERO", "DE", "DEL", "LA", "EL", "O", "Y", "RUC", "CI", "CC", "CEDULA", "PASAPORTE",
    "IDENTIDAD", "CIUDADANIA", "IDENTIFICACION", "CON", "ES",
})  # fmt: skip
"""Words of captions of numbers of people."""


def _value_of(name: str, field: Field, sheets: Sequence[Sheet]) -> Iterator[tuple[Sheet, Value]]:
    for sheet in sheets:
        if sheet.number == field.page:
            yield from ((sheet, v) for v in values(sheet, name) if field.box and _holds(v.span, field.box))


def _holds(span: Span, box: Box) -> bool:
    return any(one_place(word.box, box) for word in span.words)


def _goes_on(name: str, field: Field, sheets: Sequence[Sheet]) -> bool:
    """Whether words stand between a caption and its number: "C.C. custodio 17…", "Fecha de consulta: …".

    Or more of a name under it, where it or its caption begins, or more digits a blank behind a number.
    """
    if name == "holder":
        return any(_under(sheet, value) for sheet, value in _value_of(name, field, sheets))
    if name in {"number", "service_number"}:
        return any(_digits_follow(sheet, field) for sheet in sheets if sheet.number == field.page)
    if name not in {"id_number", "date"} or field.box is None:
        return False
    for _, value in _value_of(name, field, sheets):
        said = [plain(word.text).strip(".,:;()°º") for word in value.span.words]
        first = next((at for at, text in enumerate(said) if re.search(r"\d", text)), 0)
        before = [text for text in said[:first] if re.fullmatch(r"[A-Z]{2,}", text)]
        if name == "date":
            if before and before[0] in {"DE", "DEL"} and not re.search(r"LUGAR|CIUDAD", value.hit.label):
                return True
        elif any(text not in _JOINS for text in before) and len(before) <= 3:
            return True
    return False


def _digits_follow(sheet: Sheet, field: Field) -> bool:
    """Whether a reading shows a group of digits close behind a number, which may be the rest of it."""
    near = _BLANK * sheet.line_height * sheet.aspect
    return any(
        word.text.strip(".,;").isdigit() and word.box.x0 - before.box.x1 < near and one_place(before.box, field.box)
        for row in sheet.rows
        for cell in row
        for before, word in pairwise(cell.words)
        if squeezed(before.text) in squeezed(field.value) and squeezed(word.text) not in squeezed(field.value)
    )


def _is_part_of_another(field: Field, sheets: Sequence[Sheet]) -> bool:
    """Whether the paper shows the name elsewhere with more to it: then some of it was read apart, or not at all."""
    mine = field.value.split()
    for sheet in sheets:
        for cell in (cell for row in sheet.rows for cell in row if len(cell.words) > len(mine)):
            whole = [word for word in person(cell).split() if plain(word).strip(".") not in NO_PART_OF_A_NAME]
            parts = (whole[at : at + len(mine)] for at in range(len(whole) - len(mine) + 1))
            if len(whole) > len(mine) and not one_place(cell.box, field.box) and mine in parts:
                return True
    return False


def _under(sheet: Sheet, value: Value) -> bool:
    """Whether a word or two written like names stand close under a name, and are no caption."""
    cell, near = sheet.rows[value.hit.row][value.hit.cell].box, sheet.line_height * sheet.aspect
    for row, place, under in sheet.below(value.span.box if value.way != "tras" else cell, rows=1, reach=1.4):
        begins = min(abs(under.box.x0 - value.span.box.x0), abs(under.box.x0 - cell.x0)) < near
        named = len(under.words) <= 2 and all(re.fullmatch(r"[^\W\d_]{2,}", word.text) for word in under.words)
        alike = under.text.isupper() or (under.text.istitle() and value.span.text.istitle())
        if begins and named and alike and not sheet.hits_in.get((row, place)):
            return True
    return False


def _two_in_one(name: str, field: Field, sheets: Sequence[Sheet]) -> bool:
    """Whether a value is struck through, or its cell shows another of its kind: one of the two was corrected."""
    if field.box is None:
        return False
    for sheet in sheets:
        if sheet.number != field.page:
            continue
        if any(one_place(struck, field.box) for struck in sheet.struck):
            return True
        cells = [cell for row in sheet.rows for cell in row if _holds(cell, field.box)]
        if any(len(_kind_in(name, cell)) > 1 for cell in cells):
            return True
    return False


def _kind_in(name: str, cell: Span) -> set[str]:
    """The different values of a kind that a cell shows."""
    text = plain(cell.text)
    match name:
        case "id_number":
            side_by_side = re.search(r"(?<![0-9A-Z])(\d{10}(?:001)?)[^0-9A-Z]+(\d{10}(?:001)?)(?![0-9A-Z])", text)
            return set(side_by_side.groups()) if side_by_side else set()
        case "date":
            return {iso for found in _DAY.findall(text) if (iso := as_date(found))}
        case "serial":
            joined = re.sub(r"(?<![0-9A-Z])([0-9A-F]{4}|[A-Z]{4}) (?=[0-9A-F]{4})", r"\1", text)
            words = [re.sub(r"[^0-9A-Z]", "", word) for word in joined.split()]
            pairs = [pair for pair in pairwise(words) if all(map(_like_serial, pair))]  # a sentence has words between
            return {word for pair in pairs for word in pair}
        case _:
            return set()


_DAY = re.compile(r"\d{1,4}[\-/.]\w{1,10}[\-/.]\d{2,4}")


def _like_serial(word: str) -> bool:
    return is_pon_serial(word) or (
        len(word) >= 9 and sum(map(str.isdigit, word)) >= 6 and not canonical_mac(word) and not as_date(word)
    )


# ── what was not handed over, and to whom all belongs ────────────────────────────────────────────

_KEPT = re.compile(
    r"\b(PENDIENTES?|FALTAN?|FALTANTES?"
    r"|NO (SE |LO |LOS |FUE(RON)? )?(ENTREG|DEVUEL|DEVOL|PRESENT|RECIB|COINCID)[A-Z]*"
    r"|QUEDAN? (EN|CON)(?!( [A-Z]+){0,4} (CNT|EMPRESA|CORPORACION|BODEGA|OFICINA|CAC))|SE QUEDA"
    r"|CONSERVAN?|MANTIENEN?|RETIENE"
    r"|EN (SU |MI )?PODER(?! DE (LA )?(CNT|EMPRESA|CORPORACION))|POR (ENTREGAR|DEVOLVER)"
    r"|ANTERIOR(ES)?|ESPERAD[OA]S?|REEMPLAZAD[OA]S?|SEGUN SISTEMA)\b"
)
_NOTHING_KEPT = re.compile(
    r"\b(SALDOS?|VALOR(ES)?|PAGOS?|FACTURAS?|DEUDAS?|CARTERA|PLANILLAS?|MULTAS?)\b"
    r"|\b(NO|SIN|NADA|NINGUN[AO]?)( [A-Z]+){0,3} (PENDIENTES?|FALTANTES?|FALTA)\b"
)
_LONGEST_HEADING = 12
"""Words of a heading, a question or a row's remark at most; what is longer is the general text of a form."""


def kept_back(sheets: Sequence[Sheet], book: DirectionBook) -> tuple[str, ...]:
    """Words of headings, rows and answers that tell of equipment which was not handed over."""
    found: dict[str, None] = {}
    _, not_so = outcomes(sheets)
    for sheet in sheets:
        for said in without_harmless(text_besides(sheet, not_so), book).split("¦"):
            kept = _KEPT.search(said) if len(said.split()) <= _LONGEST_HEADING else None
            if kept and not _NOTHING_KEPT.search(said):
                found[f"no todo volvió: {kept[0]}"] = None
    if refused(sheets):
        found["equipos con la casilla NO, o sin marca"] = None
    return tuple(found)


_MANY = 3


def many_people(sheets: Sequence[Sheet], book: DocumentsBook) -> bool:
    """Whether pages bear the numbers of so many people that they are a list of customers, or nobody's paper alone."""
    for sheet in sheets:
        if any(in_people_table(sheet, "id_number")):
            continue  # its columns tell them apart
        numbers: list[str] = []
        for claim in _ids(sheet, book):
            if not any(same_id(claim.value, one) for one in numbers):
                numbers.append(claim.value)
        if len(numbers) >= _MANY:
            return True
    return False


def another_customer(ids: Sequence[Field | None], holders: Sequence[Field | None]) -> bool:
    """Whether two pages of one paper, each by its own captions, belong to different people."""
    numbers = [one for one in ids if one is not None and not one.rule.startswith(LOOSE) and _is_valid(one.value)]
    if any(not same_id(one.value, two.value) for one, two in combinations(numbers, 2)):
        return not any(same_id(one.value, two.value) for one, two in combinations(numbers, 2))
    named = [one for one in holders if one is not None and not one.rule.startswith(LOOSE)]
    return not numbers and any(
        not _is("holder", Claim(one.value, one.page, one.box or Box(0, 0, 0, 0)), two)
        for one, two in combinations(named, 2)
    )


def _is_valid(value: str) -> bool:
    number = read_id(value)
    return number is not None and number.check is IdCheck.OK
