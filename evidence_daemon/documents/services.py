"""The service's number: behind its labels, in a sentence, or the only one on the page that looks like one.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import takewhile

from rapidfuzz.distance.Levenshtein import distance

from evidence_daemon.cases.equipment import plain
from evidence_daemon.cases.identity import read_id
from evidence_daemon.documents.dates import as_date
from evidence_daemon.documents.labelled import (
    LOOSE,
    Value,
    field_of,
    is_labelled,
    only,
    values,
)
from evidence_daemon.documents.layout import Hit, Sheet, Span, has_colon, spelled, squeezed
from evidence_daemon.model import Field, IdCheck, Word
from evidence_daemon.rulebook import DocumentsBook

_SERVICE = re.compile(r"(?<![0-9A-Z])(\(?0?[0-9]{1,3}\)?(?:[ .\-]{0,2}[0-9]{1,8}){1,4})(?![0-9A-Z])")
_STRICT_SERVICE = ("SERVICIO", "TELEFONIC", "CUENTA", "LOGIN", "INSTANCIA", "CODIGO", "ABONADO", "SIGNADO", "DECLIENTE")


def service_number_of(sheet: Sheet, book: DocumentsBook, taken: frozenset[str]) -> Field | None:
    """Labelled as the service's; "NUMERO" and "TELEFONO" alone count where nothing says it better."""
    found = [
        (not named, value.hit.label == "NUMERO", field.box.y0 if field.box else 0.0, field)
        for named, field, value in services_on(sheet, taken)
    ]
    if not found:
        named = _named_in_a_sentence(sheet, book, taken) or _behind_its_line(sheet, book, taken)
        return named or next(_of_contracts(sheet, taken), None) or _only_line_on(sheet, taken)
    found.sort(key=lambda one: one[:-1])
    best = found[0][-1]
    again = any(field.value == best.value and field.box != best.box for *_, field in found[1:])
    return replace(best, proven=True) if again else best


def _named_in_a_sentence(sheet: Sheet, book: DocumentsBook, taken: frozenset[str]) -> Field | None:
    """The only number that a sentence gives to a service: "servicio de Internet Fijo No. (06) 299-6619"."""
    lines = {squeezed(alias) for aliases in book.lines.values() for alias in aliases}
    found: dict[str, Span] = {}
    for number, row in enumerate(sheet.rows):
        words = [*row[0].words, *(sheet.rows[number + 1][0].words if sheet.reads_on(number + 1) else ())]
        for at, word in enumerate(words[: len(row[0].words)]):
            if squeezed(word.text) not in _OF_SERVICES:
                continue
            for stop in range(at + 1, min(at + _LONGEST_LINE, len(words))):
                said = [squeezed(one.text) for one in words[at + 1 : stop]]
                line = "".join(said[1:] if said[:1] == ["DE"] else said)
                signs = _sign_of_number(words[stop:])
                if not signs or not (line in lines or any(_is_misread(line, one) for one in lines)):
                    continue
                span = Span(tuple(words[stop + signs : stop + signs + _MOST_PARTS]))
                match = _SERVICE.match(spelled(plain(span.text).replace("–", "-"))) if span.words else None
                digits = re.sub(r"\D", "", match[1]) if match else ""
                mobile = len(digits) == 10 and digits.startswith("09")
                if match and 6 <= len(digits) <= 9 and digits not in taken and not mobile and not as_date(span.text):
                    here = stop + signs < len(row[0].words)
                    # A dash alone begins a cell, and so does what stands behind it.
                    beside = [word for cell in row[1:] for word in cell.words] if here else []
                    tail = " ".join(
                        word.text
                        for word in (
                            *row[0].words[stop + signs :],
                            *beside,
                            *words[max(stop + signs, len(row[0].words)) :],
                        )
                    ).replace("–", "-")
                    if _GOES_ON.match(spelled(plain(tail))[match.end() :]):
                        return None  # a number of which this is the beginning
                    found[digits] = only(span, digits)
    if len(found) != 1:
        return None
    ((digits, span),) = found.items()
    field = field_of(sheet, digits, span, "servicio:en una frase:SERVICIO")
    if len(span.words) == 1 or _LANDLINE.fullmatch(span.text.strip(".,;: ")):
        return field
    return replace(field, confidence=min(field.confidence, 0.5), rule=f"{LOOSE}{field.rule}")  # of words put together


def _is_misread(text: str, name: str) -> bool:
    """Whether the name of a line of business, if it is a long one, was read with a letter in eight wrong."""
    return len(text) == len(name) and distance(text, name) <= len(name) // _LETTERS_FOR_ONE


_LETTERS_FOR_ONE = 8
_GOES_ON = re.compile(r"[.:]? *[(\-/]? *\d|,? *(Y|E)? *\d{6}")
_OF_SERVICES = frozenset({squeezed("SERVICIO"), squeezed("LINEA"), squeezed("CUENTA")})
_LONGEST_LINE, _MOST_PARTS = 7, 3
"""Words from the word "servicio" to its number, and words of such a number at most."""
_NUMBER_SIGN = re.compile(r"(N(O|RO|UM|UMERO)?[.°º*?”“\"'’´`^%£&®©]*|N\.[0-9O]|#)[:]?")
"""The degree sign of "N.°" is read as whatever small stands high, or as a digit."""
_BEFORE_A_SIGN = frozenset({"CON", "EI", "SIGNADO", "ASIGNADO", "IDENTIFICADO", "DE"})


def _sign_of_number(words: Sequence[Word]) -> int:
    """How many words say that a number follows: "No.", "con el número"; 0 where none does."""
    for at, word in enumerate(words[:4]):
        if _NUMBER_SIGN.fullmatch(plain(word.text)):
            return at + 1
        if squeezed(word.text.strip(",")) not in _BEFORE_A_SIGN:
            return 0
    return 0


def _behind_its_line(sheet: Sheet, book: DocumentsBook, taken: frozenset[str]) -> Field | None:
    """The only number that stands behind the name of a line of business: "TELEVISIÓN 31899280"."""
    found: dict[str, Span] = {}
    for cell in (cell for row in sheet.rows for cell in row):
        digits = re.sub(r"[ .\-()]", "", cell.words[-1].text)
        if len(cell.words) > 1 and re.fullmatch(r"\d{7,9}", digits) and digits not in taken:
            said = squeezed(" ".join(word.text for word in cell.words[:-1]))
            if any(said == squeezed(alias) for aliases in book.lines.values() for alias in aliases):
                found[digits] = Span(cell.words[-1:])
    if len(found) != 1:
        return None
    ((digits, span),) = found.items()
    return field_of(sheet, digits, span, "servicio:tras su línea")


def services_on(sheet: Sheet, taken: frozenset[str]) -> Iterator[tuple[bool, Field, Value]]:
    """Every number that may be a service's: whether its label says so, the number, and how it stands to the label."""
    for shown in values(sheet, "service_number"):
        if any(word.text.endswith(":") for word in sheet.span_of(shown.hit).words[:-1]):
            continue  # "Servicio: Televisión" is a label with its value
        colon = has_colon(sheet.rows[shown.hit.row][shown.hit.cell], shown.hit)
        of_person = "holder" in shown.hit.fields
        heads = shown.way == "debajo" and _stands_among_labels(sheet, shown.hit)
        if of_person and not (shown.way == "tras" or (shown.way == "derecha" and colon) or heads):
            continue  # under "Suscriptor" stands who signs, and his cédula
        value, broken = _with_the_next_line(sheet, shown)
        digits, span = _number_in(sheet, value, taken)
        if not digits or (of_person and not _OF_A_SUBSCRIBER.fullmatch(digits)):
            continue
        named = any(word in value.hit.label for word in _STRICT_SERVICE) and value.hit.label not in {
            "SERVICIO",
            "CUENTA",
        }
        if not named and not _is_its_own(sheet, value, digits):
            continue
        # "Número" alone may be that of anything: a service must be spoken of near by.
        of_service = named or speaks_of_a_service(sheet, value.hit)
        telephone = value.hit.label.startswith(("TEL", "TLF"))
        anybodys = telephone and (_LOCAL.fullmatch(digits) or _is_an_offices(sheet, value.hit))
        doubtful = anybodys or (len(digits) == 10 and not named) or not _is_written(value.span, digits)
        loose = "" if of_service and not broken and not doubtful else LOOSE
        yield named, field_of(sheet, digits, span, f"{loose}servicio:{value.way}:{value.hit.label}"), value


def _is_an_offices(sheet: Sheet, hit: Hit) -> bool:
    """Whether a telephone stands in its line behind an office, somebody of the company, or help: it may be theirs."""
    row = sheet.rows[hit.row]
    before = [cell.text for cell in row[: hit.cell]] + [word.text for word in row[hit.cell].words[: hit.start]]
    return _OF_AN_OFFICE.search(plain(" ".join(before))) is not None


_OF_AN_OFFICE = re.compile(
    r"\b(AGENCIA|OFICINA|CAC|SUCURSAL|ASESORA?|AGENTE|FUNCIONARI[OA]|TECNICO|ATENDIDO|SOPORTE|CONTACTO|AYUDA|CALL|CENTRO)\b"
)


def _of_contracts(sheet: Sheet, taken: frozenset[str]) -> Iterator[Field]:
    """Numbers of contracts: many forms print the one number of a service under this name, others have one for each.

    They stay doubts.
    """
    for value in values(sheet, "contract"):
        alone = value.way == "debajo" and not _stands_among_labels(sheet, value.hit)
        digits, span = _number_in(sheet, value, taken)
        if digits and not alone and not _may_be_a_persons(digits):
            yield field_of(sheet, digits, span, f"{LOOSE}servicio:{value.way}:{value.hit.label}")


def _number_in(sheet: Sheet, value: Value, taken: frozenset[str]) -> tuple[str, Span]:
    """What stands behind a label as a service's number does: its digits without the country's ("": none), and where."""
    text = _AREA_BY_HAND.sub(r"0\1", spelled(plain(value.span.text).replace("–", "-")))
    match = _SERVICE.search(text)
    if match is None or _OF_ANOTHER.search(text[: match.start()]) or _is_letterhead(sheet, value.hit.row):
        return "", value.span
    written = re.sub(r"\D", "", match[1])
    abroad = written.startswith("593") and len(written) in (11, 12)
    digits = f"0{written[3:]}" if abroad else written
    if not 6 <= len(digits) <= 10 or digits in taken or as_date(match[1]):
        return "", value.span
    return digits, only(value.span, written) if _is_written(value.span, written) else value.span


_AREA_BY_HAND = re.compile(r"\(?\b[COQDU]([2-7])\)?[ \-]?(?=\d{3}[ \-]?\d{4}\b)")
"""The code of an area whose nought, written by hand, was read as the letter that it looks like: "(C7) 393-6129"."""


def _is_written(span: Span, digits: str) -> bool:
    """Whether all digits of a number were read as digits, behind the country's or not."""
    read = re.sub(r"\D", "", span.text)
    return digits in read or f"593{digits[1:]}" in read


def _is_its_own(sheet: Sheet, value: Value, digits: str) -> bool:
    """Whether a number is that of a label which may be another's: ten digits are a cédula or a mobile phone.

    "Devolución por cancelación de servicio" labels nothing that stands beside or below it.
    """
    beside = value.way in {"derecha", "debajo"}
    if _may_be_a_persons(digits) or is_no_services(sheet, value.hit, digits):
        return False
    cell = sheet.rows[value.hit.row][value.hit.cell]
    if len(digits) == 10 and not has_colon(cell, value.hit) and not sheet.fills_its_cell(value.hit):
        return False
    return not beside or opens_its_label(sheet, value.hit)


def is_no_services(sheet: Sheet, hit: Hit, digits: str) -> bool:
    """Whether "Número" at the head of a page has a number behind it that is no telephone's and no service's."""
    alone = hit.label == "NUMERO" and sheet.span_of(hit).box.y0 < AT_THE_HEAD
    return alone and not re.fullmatch(r"0\d{8,9}", digits) and not speaks_of_a_service(sheet, hit)


AT_THE_HEAD = 0.25
"""Share of a page's height down to which the paper's own number stands."""


def _may_be_a_persons(digits: str) -> bool:
    """Whether ten digits are a cédula or a mobile phone; a contract has as many now and then."""
    as_id = read_id(digits) if len(digits) == 10 else None
    return as_id is not None and (digits.startswith("09") or as_id.check is IdCheck.OK)


_LOCAL = re.compile(r"[2-7]\d{6}")
"""A telephone without its area: that was read apart, or is written nowhere."""
_OF_EIGHT = re.compile(r"(?!20\d\d[01]\d[0-3]\d|[0-3]\d[01]\d20\d\d)[1-9]\d{7}")  # and no day
_OF_A_SUBSCRIBER = re.compile(rf"\d{{6,7}}|0[2-7]\d{{7}}|{_OF_EIGHT.pattern}")
"""A service's number behind a label that may be a person's: no cédula or mobile phone, with all their digits or without
one, and no day."""


def _stands_among_labels(sheet: Sheet, hit: Hit) -> bool:
    """Whether other cells of its row are labels too: a row of headings, with the values under it."""
    others = (at for at in range(len(sheet.rows[hit.row])) if at != hit.cell)
    return any(sheet.strong_hits_in(hit.row, at) for at in others)


def _with_the_next_line(sheet: Sheet, value: Value) -> tuple[Value, bool]:
    """A number that a sentence breaks at the end of its line, and whether it does: "la línea 07" / "886 9902"."""
    words, row = value.span.words, value.hit.row
    ends = words[-1] is sheet.rows[row][-1].words[-1] and re.fullmatch(r"\(?0?[2-7]\)?", value.span.text)
    if value.way != "tras" or not ends or not sheet.reads_on(row + 1):
        return value, False
    behind = sheet.rows[row + 1][0].words[:2]
    rest = tuple(takewhile(lambda word: re.fullmatch(r"[\d\-]+[.,]?", word.text), behind))
    return replace(value, span=Span((*words, *rest))), bool(rest)


def _is_letterhead(sheet: Sheet, row: int) -> bool:
    """Whether a row tells where the company is found: a telephone beside its page or, at an edge, its street."""
    text = plain(" ".join(cell.text for cell in sheet.rows[row]))
    at_edge = not 0.12 < sheet.rows[row][0].box.y0 < 0.85
    return bool(_ADDRESS.search(text)) or (at_edge and bool(_STREET.search(text)))


_ADDRESS = re.compile(r"\bW{3}\b|\.(GOB|COM|EC)\b|\bPBX\b|\bCALL ?CENTER\b|\b1 ?800\b|\b(CONTACTO|ATENCION) AL 100\b")
_STREET = re.compile(r"\b(AV|AVENIDA|CALLE|EDIFICIO|ESQUINA)\b")
_OF_ANOTHER = re.compile(r"\b(ORDEN|CEDULA|FACTURA|TRAMITE|SOLICITUD|TICKET|RUC|CONTRATO|TURNO|ACTA)\b")
"""Words between a service's label and a number that make it another's: "servicio de TV No. de contrato 47357"."""


def opens_its_label(sheet: Sheet, hit: Hit, field: str = "service_number") -> bool:
    """Whether a label begins its cell, has a colon, or ends one that begins as such: "Instancia de servicio"."""
    first = [other for other in sheet.hits_of(field) if (other.row, other.cell) == (hit.row, hit.cell)]
    return hit.strong or any(other.start == 0 for other in first)


_SERVICE_WORDS = re.compile(
    r"\b(SERVICIO|LINEA|TELEF[A-Z]*|TELF|CUENTA|INTERNET|TELEVISION)\b|\b(ABONADO|SUSCRIPTOR)[ .]+(N|NO|NUM|NRO)\b"
)


def speaks_of_a_service(sheet: Sheet, hit: Hit) -> bool:
    """Whether the row of a label, or the one before it, names a service."""
    rows = sheet.rows[max(0, hit.row - 1) : hit.row + 1]
    return _SERVICE_WORDS.search(plain(" ¦ ".join(cell.text for row in rows for cell in row))) is not None


_LANDLINE = re.compile(r"\(?0[2-7]\)?[ \-]?\d{3}[ \-]?\d{4}")


def _only_line_on(sheet: Sheet, taken: frozenset[str]) -> Field | None:
    """The only number on the page in the form of a service's, where no label names one; it stays a doubt.

    A fixed line's, else one of eight digits, as television and the internet have them.
    """
    return _only_one_like(sheet, taken, _LANDLINE) or _only_one_like(sheet, taken, _OF_EIGHT)


def _only_one_like(sheet: Sheet, taken: frozenset[str], form: re.Pattern[str]) -> Field | None:
    found: dict[str, Span] = {}
    for number, row in enumerate(sheet.rows):
        for place, cell in enumerate(row):
            # What stands behind a label belongs to it: a contact's telephone, a reference.
            if len(cell.words) > 3 or sheet.strong_hits_in(number, place) or not form.fullmatch(cell.text):
                continue
            digits = re.sub(r"\D", "", cell.text)
            labelled = is_labelled(sheet, number, place - 1)
            if form is _OF_EIGHT:  # it may be anything's
                labelled = labelled or _is_captioned(sheet, number, place)
            if digits not in taken and not labelled:
                found[digits] = cell
    if len(found) != 1:
        return None
    ((digits, cell),) = found.items()
    field = field_of(sheet, digits, cell, f"{LOOSE}servicio:único en la página")
    return replace(field, confidence=min(field.confidence, 0.5))


def _is_captioned(sheet: Sheet, row: int, place: int) -> bool:
    """Whether a number stands beside or under a caption of something else than a service."""
    box = sheet.rows[row][place].box
    over = [
        (number, at)
        for number in range(max(0, row - 2), row)
        for at, cell in enumerate(sheet.rows[number])
        if cell.box.x0 < box.x1 and box.x0 < cell.box.x1 and box.y0 - cell.box.y1 < 2 * sheet.line_height
    ]
    return any(
        not hit.fields & {"service_number", "line"}
        for number, at in ((row, place - 1), *over)
        for hit in sheet.strong_hits_in(number, at)
        if sheet.is_caption(hit) or is_labelled(sheet, number, at)
    )
