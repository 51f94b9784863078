"""The values of which a paper has one: behind their labels, right of them or below them.  Pure.

What looks like a digit is read as one where only digits can stand (and is then never proven); nothing is
completed or taken from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from evidence_daemon.cases.equipment import plain
from evidence_daemon.cases.identity import read_id, same_id
from evidence_daemon.documents.agreement import one_place
from evidence_daemon.documents.dates import as_date, date_of
from evidence_daemon.documents.inventory import names_a_piece
from evidence_daemon.documents.issuers import own_ruc
from evidence_daemon.documents.kinds import kind_of
from evidence_daemon.documents.labelled import (
    LOOSE,
    Value,
    field_of,
    in_people_table,
    is_nobodys,
    is_told_as_staff,
    values,
)
from evidence_daemon.documents.layout import Hit, Sheet, Span, distance, has_colon, spelled, squeezed
from evidence_daemon.documents.people import agent_of, holder_of, office_of
from evidence_daemon.documents.signers import signing_top, signs_for_the_company
from evidence_daemon.model import Box, DocumentKind, Field, IdCheck, Line, Word
from evidence_daemon.rulebook import NUMBER_SIGNS, DocumentsBook

_SIGNERS = 0.62
"""Share of a page's height below which a number without its own heading is mostly a signer's."""
_SURE = 0.8
"""Confidence from which a number with a right check digit counts as proven."""


@dataclass(frozen=True, slots=True)
class Singles:
    """The values of which a paper has one."""

    number: Field | None = None
    date: Field | None = None
    office: Field | None = None
    holder: Field | None = None
    id_number: Field | None = None
    service_number: Field | None = None
    line: Field | None = None
    agent: Field | None = None


def singles(sheet: Sheet, book: DocumentsBook, signing: float, taken: frozenset[str]) -> Singles:
    """What stands behind the labels of a page; `taken` are numbers that belong to its equipment."""
    holders, service = id_number_of(sheet, book, signing), service_number_of(sheet, book, taken)
    others = {_letters(field.value) for field in (holders, service) if field is not None} | {*map(_letters, taken)}
    known = holders is not None and service is not None
    return Singles(
        number=acta_number(sheet, others, known=known),
        date=date_of(sheet),
        office=office_of(sheet, signing),
        holder=holder_of(sheet, book, signing),
        id_number=holders,
        service_number=service,
        line=line_of(sheet, book),
        agent=agent_of(sheet, signing),
    )


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────

_DIGIT_FOR = str.maketrans(
    {"O": "0", "Q": "0", "D": "0", "I": "1", "L": "1", "S": "5", "Z": "2", "B": "8", "G": "6", "!": "1", "|": "1"}
)
_ID = re.compile(r"(?<![0-9A-Z])(?<![A-Z][\-/])([0-9OQISZBLG!|][0-9OQISZBLG!| .\-]{7,28}[0-9OQISZBLG!|])(?![0-9A-Z])")
_FREE_CALL = re.compile(r"1[ \-]?800[ \-]\d{3}[ \-]?\d{3}")
"""A number to call for nothing has a cédula's digits, and some its check digit."""
_PASSPORT = re.compile(r"(?<![0-9A-Z])([A-Z]{1,3}[0-9]{5,9})(?![0-9A-Z])")
_LIKE_A_PASSPORT = re.compile(r"\W*([A-Z]{2}[0-9]{6,7})(?![0-9A-Z\-/])")
"""A foreigner's may stand where a cédula would; it may as well be something else's, or a cédula misread."""


def _digits(text: str, lengths: Iterable[int]) -> tuple[str, bool] | None:
    """(digits, whether letters were taken for digits) of the first number of an allowed length in a text."""
    for match in _ID.finditer(plain(text)):
        if _FREE_CALL.match(match[1]):
            continue
        piece = re.sub(r"[ .\-]", "", match[1])
        for candidate in (piece, *re.split(r"\s+", match[1])):
            digits = re.sub(r"[.\-]", "", candidate)
            # Over blanks only digits make one number ("B 0 1700000019" is not one of twelve), but in boxes of one each.
            letters = len(digits) - sum(c.isdigit() for c in digits)
            parted = candidate is piece and any(len(part) > 1 for part in match[1].split()) and " " in match[1].strip()
            if len(digits) in lengths and letters <= (0 if parted else 2):
                return digits.translate(_DIGIT_FOR), not digits.isdigit()
    return None


def _open_noughts(text: str) -> tuple[str, bool] | None:
    """The same where a nought was written open and read as a C, if the check digit says so: "06684295C9"."""
    closed = _digits(re.sub(r"(?<=[0-9])C(?=[0-9])", "0", plain(text), count=1), (10, 13))
    number = read_id(closed[0]) if closed is not None else None
    return (closed[0], True) if closed and number is not None and number.check is IdCheck.OK else None


def id_number_of(sheet: Sheet, book: DocumentsBook, signing: float) -> Field | None:
    """The holder's: labelled, not the company's, not the agent's; above the signatures where there is one."""
    found: list[tuple[float, float, Field]] = []
    issuers = issuers_rucs(sheet, book)
    titled = _title_top(sheet, book)
    tabled = [Value(span, hit, "columna") for span, hit in in_people_table(sheet, "id_number")]
    for value in tabled or values(sheet, "id_number"):
        number = _digits(value.span.text, (10, 13))
        guessed = _open_noughts(value.span.text) if number is None else None
        number = number or guessed
        told = "PAS" in value.hit.label  # …aporte
        passport = (_PASSPORT.search if told else _LIKE_A_PASSPORT.match)(plain(value.span.text))
        if number is None and passport is None:
            continue
        text, repaired = number if number is not None else (passport[1] if passport else "", False)
        if own_ruc(text, book.ours) or text in issuers:
            continue
        span = _only(value.span, text)
        check = read_id(text)
        valid = check is not None and check.check is IdCheck.OK
        field = field_of(sheet, text, span, f"id:{value.way}:{value.hit.label}")
        field = replace(field, proven=valid and not repaired and field.confidence >= _SURE)
        if signs_for_the_company(sheet, book, signing, span.box):
            continue
        staffs = is_told_as_staff(sheet, text, value.hit.row)
        low = span.box.y0 >= min(signing, _SIGNERS) or staffs or _of_several(sheet, value)
        near_agent = is_near_an_agent(sheet, span.box)
        # Over the title stands who issued the paper, unless something of the customer's stands before it.
        over = span.box.y1 <= titled and not _names_the_customer(sheet, value.hit)
        if (
            low
            or near_agent
            or guessed
            or over
            or (number is None and not told)
            or _is_the_companys(sheet, value.hit)
            or is_nobodys(sheet, value.hit, text)
        ):  # whose number it is, or which, stays open, however well it is read
            field = replace(field, proven=False, confidence=min(field.confidence, 0.5), rule=f"{LOOSE}{field.rule}")
        # A bare "RUC" is as often that of who issued the paper.
        bare_ruc = 1.5 * (value.hit.label == "RUC" and len(text) == _RUC_DIGITS)
        found.append((2 * low + 2 * near_agent + (not valid) + bare_ruc, span.box.y0, field))
    if not found:
        return _only_id_on(sheet, book, signing)
    found.sort(key=lambda one: (one[0], one[1]))
    best = found[0][2]
    again = [f for _, _, f in found[1:] if same_id(f.value, best.value) and not one_place(f.box, best.box)]
    if again and not best.rule.startswith(LOOSE):
        best = replace(best, proven=True, confidence=max(best.confidence, *(field.confidence for field in again)))
    return best


_RUC_DIGITS = 13


def is_near_an_agent(sheet: Sheet, box: Box) -> bool:
    """Whether a number stands behind a caption of the company's people in its line, or under it."""
    agents = [sheet.span_of(hit).box for hit in sheet.hits_of("agent") if hit.strong]
    return any(
        -0.5 * sheet.line_height <= box.y0 - agent.y0 < _NEAR_AGENT * sheet.line_height and agent.x0 < box.x1
        for agent in agents
    )


_NEAR_AGENT = 2.75
"""Heights of a line under a caption of the company's people, within which a number is theirs."""


def issuers_rucs(sheet: Sheet, book: DocumentsBook) -> frozenset[str]:
    """Tax numbers of who issued or printed a paper: behind a bare "RUC" over its title, or one far from the customer.

    Not those that stand behind one of the customer's captions as well.
    """
    titled, signing = _title_top(sheet, book), signing_top(sheet)
    issuers: set[str] = set()
    his: set[str] = set()
    for value in values(sheet, "id_number"):
        number = _digits(value.span.text, (_RUC_DIGITS,))
        if number is None:
            continue
        box = sheet.span_of(value.hit).box
        bare = value.hit.label == "RUC"
        if bare and box.y0 >= signing:
            continue  # a signer's
        if bare and (box.y1 <= titled or not _follows_the_customer(sheet, value.hit)):
            issuers.add(number[0])
        else:
            his.add(number[0])
    return frozenset(issuers - his)


def _title_top(sheet: Sheet, book: DocumentsBook) -> float:
    """Where the title of an acta begins; 0 for a page without one."""
    kind, words = kind_of(sheet, book)
    if kind is not DocumentKind.ACTA:
        return 0.0
    return next((cell.box.y0 for row in sheet.rows for cell in row if cell.text == words[0]), 0.0)


def _follows_the_customer(sheet: Sheet, hit: Hit) -> bool:
    """Whether a caption of the customer's name or number stands before a label in its line, or close above it.

    Not where one of the company's side stands between: "Contratista: REDES DEL AUSTRO   RUC: ...".
    """
    before = [
        other
        for other in sheet.hits
        if other.strong
        and other.fields & {"holder", "id_number"}
        and other.label != "RUC"
        and hit.row - _NEAR_ROWS <= other.row
        and (other.row, other.cell, other.start) < (hit.row, hit.cell, hit.start)
    ]
    if not before:
        return _is_borne(sheet, hit)
    names = [other for other in before if "holder" in other.fields] or before
    last = max(names, key=lambda other: (other.row, other.cell, other.start))
    return not _tells_of_the_company(sheet, (last.row, last.cell, last.end), hit)


def _is_borne(sheet: Sheet, hit: Hit) -> bool:
    """Whether a sentence gives a number to the customer whom it names: "que el cliente LUIS PAZ, portador de RUC …"."""
    above = sheet.rows[hit.row - 1][0].text if sheet.reads_on(hit.row) else ""
    here = " ".join(word.text for word in sheet.rows[hit.row][hit.cell].words[: hit.start])
    return _BORNE.search(plain(f"{above} {here}")) is not None


_BORNE = re.compile(
    r"\b(CLIENTE|TITULAR|ABONAD[OA]|SUSCRIPTORA?|USUARI[OA]|COMODATARI[OA])\b(?!.*\b(TECNIC|ASESOR|FUNCIONARI|AGENTE|POR\b))"
    r"[^:;]{5,90}\b(PORTADORA?|POSEEDORA?|IDENTIFICAD[OA]|CON)( DEL?| CON| EL| SU)*\W*$"
)


def _names_the_customer(sheet: Sheet, hit: Hit) -> bool:
    """Whether a label says that it is the customer's, or a caption of his name stands close before it."""
    said = plain(sheet.rows[hit.row][hit.cell].text)
    holder = any(
        other.strong
        and "holder" in other.fields
        and hit.row - _NEAR_ROWS <= other.row
        and (other.row, other.cell, other.start) < (hit.row, hit.cell, hit.start)
        for other in sheet.hits
    )
    return (holder and _follows_the_customer(sheet, hit)) or _OF_THE_CUSTOMER.search(said) is not None


def _is_the_companys(sheet: Sheet, hit: Hit) -> bool:
    """Whether a caption of the company's side stands before a label in its line or the one above it."""
    own = sheet.rows[hit.row][hit.cell].words[hit.start : hit.start + 6]
    if _OF_THE_CUSTOMER.search(plain(" ".join(word.text for word in own))):
        return False
    names = [
        (other.row, other.cell, other.end)
        for other in sheet.hits
        if other.strong
        and "holder" in other.fields
        and hit.row - 1 <= other.row
        and (other.row, other.cell, other.start) < (hit.row, hit.cell, hit.start)
    ]
    return _tells_of_the_company(sheet, max(names, default=(hit.row - 1, 0, 0)), hit)


def _tells_of_the_company(sheet: Sheet, start: tuple[int, int, int], hit: Hit) -> bool:
    """Whether a caption of the company's side stands between a place (row, cell, word) and a label, in its columns."""
    box = sheet.span_of(hit).box
    for row in range(max(0, start[0]), hit.row + 1):
        for place, cell in enumerate(sheet.rows[row]):
            if (row, place) < start[:2] or (row, place) > (hit.row, hit.cell) or cell.box.x0 > box.x1:
                continue
            first = start[2] if (row, place) == start[:2] else 0
            stop = hit.start if (row, place) == (hit.row, hit.cell) else len(cell.words)
            if _COMPANYS_SIDE.search(plain(" ".join(word.text for word in cell.words[first:stop]))):
                return True
    return False


_OF_THE_CUSTOMER = re.compile(r"\b(CLIENTE|TITULAR|ABONADO|SUSCRIPTOR|USUARIO)\b")
_COMPANYS_SIDE = re.compile(
    r"(^|\bDEL? (LA )?|: *)(((SUB ?)?CONTRATISTA|INSTALADORA?|PROVEEDORA?|CUADRILLA|IMPRENTA|EMISORA?|DISTRIBUIDORA?|"
    r"EJECUTORA?)\b|(EMPRESA|COMPANIA|TECNIC[OA])"
    r"( ?:(?! (LA )?CNT\b)|$| (CONTRATISTA|INSTALADORA|EJECUTORA|RESPONSABLE|PRESTADORA|EMISORA)))"
)
"""Captions of who works for the company, or printed the paper; "EMPRESA ELECTRICA" may be a customer's name."""
_NEAR_ROWS = 4
"""Rows over a tax number within which a caption of the customer's may be its."""


def _of_several(sheet: Sheet, value: Value) -> bool:
    """Whether more numbers stand right of one, as in a row of a table whose columns are people, none known as his."""
    if value.way != "derecha":
        return False
    row = sheet.rows[value.hit.row][value.hit.cell + 2 :]
    beside = takewhile(lambda cell: not re.search(r"[A-Z]{2}", plain(cell.text)), row)  # a label's is something else
    return any(_digits(cell.text, (10, 13)) is not None for cell in beside)


def _only_id_on(sheet: Sheet, book: DocumentsBook, signing: float) -> Field | None:
    """The only number on the page with a right check digit, where no label names one; whose it is stays open."""
    found: dict[str, Span] = {}
    issuers = issuers_rucs(sheet, book)
    others = {
        word
        for number, row in enumerate(sheet.rows)
        for place, cell in enumerate(row)
        if _is_labelled(sheet, number, place - 1) or _is_labelled(sheet, number, place)
        for word in cell.words
    }
    for word in sheet.words:
        if word in others or signs_for_the_company(sheet, book, signing, word.box):
            continue  # a representative's, an agent's
        text = word.text.strip(".,;:()")
        number = read_id(text) if re.fullmatch(r"\d{10}|\d{10}001", text) else None
        company = len(text) == 13 and text[2] in "69"
        own = own_ruc(text, book.ours) or text in issuers
        if number is not None and number.check is IdCheck.OK and not company and not own:
            found[text] = Span((word,))
    if len(found) != 1:
        return None
    ((text, span),) = found.items()
    field = field_of(sheet, text, span, f"{LOOSE}id:único en la página")
    return replace(field, confidence=min(field.confidence, 0.5))


def _only(span: Span, value: str) -> Span:
    """The words of a span that make up a value: its box should frame the number and nothing else."""
    for size in range(1, len(span.words) + 1):
        for start in range(len(span.words) - size + 1):
            words = span.words[start : start + size]
            built = re.sub(r"[^0-9A-Z]", "", plain("".join(word.text for word in words)))
            if value in built or value in built.translate(_DIGIT_FOR):
                return Span(words)
    return span


_SERVICE = re.compile(r"(?<![0-9A-Z])(\(?0?[0-9]{1,3}\)?(?:[ .\-]{0,2}[0-9]{1,8}){1,4})(?![0-9A-Z])")
_STRICT_SERVICE = ("SERVICIO", "TELEFONIC", "CUENTA", "LOGIN", "INSTANCIA", "CODIGO", "ABONADO", "SIGNADO", "DECLIENTE")


def service_number_of(sheet: Sheet, book: DocumentsBook, taken: frozenset[str]) -> Field | None:
    """Labelled as the service's; "NUMERO" and "TELEFONO" alone count where nothing says it better."""
    found = [
        (not named, value.hit.label == CONTRACT, field.box.y0 if field.box else 0.0, field)
        for named, field, value in services_on(sheet, taken)
    ]
    if not found:
        named = _named_in_a_sentence(sheet, book, taken) or _behind_its_line(sheet, book, taken)
        return named or _only_line_on(sheet, taken)
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
                    found[digits] = _only(span, digits)
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
        text = spelled(plain(value.span.text).replace("–", "-"))
        match = _SERVICE.search(text)
        if match is None or _OF_ANOTHER.search(text[: match.start()]) or _is_letterhead(sheet, value.hit.row):
            continue
        digits = re.sub(r"\D", "", match[1])
        if digits.startswith("593") and len(digits) in (11, 12):
            digits = "0" + digits[3:]
        longest = _LONGEST_OF_PERSON if of_person else 10
        if not 6 <= len(digits) <= longest or digits in taken or as_date(match[1]):
            continue
        named = any(word in value.hit.label for word in _STRICT_SERVICE) and value.hit.label not in {
            "SERVICIO",
            "CUENTA",
        }
        if not named and value.way in {"derecha", "debajo"} and not _opens_its_label(sheet, value.hit):
            continue  # "Devolución por cancelación de servicio" labels nothing that stands beside or below it
        if value.hit.label == CONTRACT and value.hit.start:
            continue  # in a sentence it is the contract's: "titular del servicio de internet, contrato 1937834"
        mobile = len(digits) == 10 and digits.startswith("09")
        if (len(digits) == 10 and not named) or (mobile and not named):
            continue  # ten digits behind a loose label are a cédula or a mobile phone
        span = _only(value.span, digits[1:] if match[1].strip().startswith("593") else digits)
        # "Número" alone may be that of anything: a service must be spoken of near by.
        of_service = value.hit.label != CONTRACT and (named or _speaks_of_a_service(sheet, value.hit))
        loose = "" if of_service and not broken else LOOSE
        yield named, field_of(sheet, digits, span, f"{loose}servicio:{value.way}:{value.hit.label}"), value


CONTRACT = "CONTRATO"
"""Of a contract and of its service many forms print the one number under this name; others have one for each."""
_LONGEST_OF_PERSON = 9
"""Digits of a service's number behind a label that may be a person's: ten are his cédula."""


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


def _opens_its_label(sheet: Sheet, hit: Hit, field: str = "service_number") -> bool:
    """Whether a label begins its cell, has a colon, or ends one that begins as such: "Instancia de servicio"."""
    first = [other for other in sheet.hits_of(field) if (other.row, other.cell) == (hit.row, hit.cell)]
    return hit.strong or any(other.start == 0 for other in first)


_SERVICE_WORDS = re.compile(r"\b(SERVICIO|LINEA|TELEF[A-Z]*|TELF|CUENTA|ABONADO|SUSCRIPTOR|INTERNET|TELEVISION)\b")


def _speaks_of_a_service(sheet: Sheet, hit: Hit) -> bool:
    """Whether the row of a label, or the one before it, names a service."""
    rows = sheet.rows[max(0, hit.row - 1) : hit.row + 1]
    return _SERVICE_WORDS.search(plain(" ".join(cell.text for row in rows for cell in row))) is not None


_LANDLINE = re.compile(r"\(?0[2-7]\)?[ \-]?\d{3}[ \-]?\d{4}")


def _only_line_on(sheet: Sheet, taken: frozenset[str]) -> Field | None:
    """The only number on the page in the form of a service's, where no label names one; it stays a doubt.

    A fixed line's, else one of eight digits, as television and the internet have them.
    """
    return _only_one_like(sheet, taken, _LANDLINE) or _only_one_like(sheet, taken, _OF_EIGHT)


_OF_EIGHT = re.compile(r"(?!20\d\d[01]\d[0-3]\d|[0-3]\d[01]\d20\d\d)[1-9]\d{7}")  # and no day


def _only_one_like(sheet: Sheet, taken: frozenset[str], form: re.Pattern[str]) -> Field | None:
    found: dict[str, Span] = {}
    for number, row in enumerate(sheet.rows):
        for place, cell in enumerate(row):
            # What stands behind a label belongs to it: a contact's telephone, a reference.
            if len(cell.words) > 3 or sheet.strong_hits_in(number, place) or not form.fullmatch(cell.text):
                continue
            digits = re.sub(r"\D", "", cell.text)
            labelled = _is_labelled(sheet, number, place - 1)
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
        if sheet.is_caption(hit) or _is_labelled(sheet, number, at)
    )


def _is_labelled(sheet: Sheet, row: int, cell: int) -> bool:
    return cell >= 0 and any(hit.fields & {"other", "agent"} for hit in sheet.strong_hits_in(row, cell))


_ACTA_NUMBER = re.compile(
    r"(?<![A-Z0-9/])((?:[A-Z]{1,5}[\-/ ]?)?[A-Z0-9]*(?:[\-/][A-Z0-9]+)*[0-9]{3,}(?:[\-/][A-Z0-9]+)*)(?![A-Z0-9/])"
)


def _letters(text: str) -> str:
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
        titled = value.hit.end == len(cell.words) and _opens_its_label(sheet, value.hit, "number")
        long = len(cell.words) > 3 and not caption and not titled
        if loose and (value.span.box.y0 > 0.4 or (value.way != "tras" and (long or len(value.span.words) > 3))):
            continue
        if loose and _tells_of_a_piece(sheet, value.hit):
            continue
        first, whole = _acta_text(value.span), value.span
        if first is None:
            first, whole = _acta_text_in_two_lines(sheet, value.span)
        if first is not None and _boxes_go_on(sheet, Span(whole.words[: len(first)])):
            continue
        if first is None or as_date(first) or re.sub(r"\D", "", first) == "":
            continue
        if is_anythings_number(value.hit, first) and not (known and not _speaks_of_a_service(sheet, value.hit)):
            continue
        as_id = read_id(first) if re.fullmatch(r"\d{10}|\d{10}001", first) else None
        if _letters(first) in others or (as_id is not None and as_id.check is IdCheck.OK):
            continue
        rank = loose + (value.way != "tras") + 2.5 * (_OTHER_PAPERS.search(value.hit.label) is not None)
        if best is None or rank < best[0]:
            span = _only(whole, re.sub(r"[^0-9A-Z]", "", first))
            short = len(_letters(first)) < _SHORTEST_NUMBER or (
                whole is value.span and _goes_on(sheet, value.span, span)
            )
            others_own = rank >= _WEAK and not (value.hit.label.startswith("ORDEN") and not _names_its_number(sheet))
            part = LOOSE if short or others_own else ""
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


def _tells_of_a_piece(sheet: Sheet, hit: Hit) -> bool:
    """Whether a number sign stands behind or under a piece of equipment: "Tarjeta de acceso" / "N.º 59388846"."""
    said = [cell.text for cell in sheet.rows[hit.row][: hit.cell]]
    if hit.start == 0:
        box = sheet.span_of(hit).box
        over = sheet.rows[hit.row - 1] if hit.row else ()
        said += [cell.text for cell in over if cell.box.x0 < box.x1 and box.x0 < cell.box.x1 and len(cell.words) <= 4]
    return hit.label in NUMBER_SIGNS and any(names_a_piece(text) for text in said)


_OF_ANYTHING = frozenset({
    "NUMERO", "DOCUMENTO", "NODOCUMENTO", "NRODOCUMENTO", "NUMDOCUMENTO",
    "NODEDOCUMENTO", "NRODEDOCUMENTO", "NDEDOCUMENTO", "NUMERODEDOCUMENTO", "NUMERODELDOCUMENTO",
})  # fmt: skip


def is_anythings_number(hit: Hit, text: str) -> bool:
    """Whether a number's label says nothing: "Número 022345678" is a service's, "Documento 1700000019" a person's."""
    bare = re.fullmatch(r"\d+" if hit.label == "NUMERO" else r"[A-Z]*\d+", text)
    return hit.label in _OF_ANYTHING and bare is not None


_OTHER_PAPERS = re.compile(r"TRAMITE|SOLICITUD|REQUERIMIENTO|GESTION|REFERENCIA|ORDEN|TURNO|TICKET")
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
        if cell.box.y0 >= _AT_THE_HEAD or len(cell.words) != 2 or not _ITS_NAME.match(plain(cell.words[0].text)):
            continue
        first = _acta_text(Span(cell.words[1:]))
        if first is not None and re.search(r"[\-/]|[A-Z]\d", first) and _letters(first) not in others:
            return field_of(sheet, first, Span(cell.words[1:]), f"acta:tras:{plain(cell.words[0].text)}")
    return None


def _behind_its_sign(sheet: Sheet, others: Collection[str]) -> Field | None:
    """The only number at the head of a page that has nothing but a number sign before it: "#90508-2024"."""
    found = [
        (first, cell)
        for row in sheet.rows
        for cell in row
        if cell.box.y0 < _AT_THE_HEAD and len(cell.words) <= 2 and cell.text.startswith("#")
        if (first := _acta_text(cell)) is not None and _letters(first) not in others and not as_date(first)
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
    for row in sheet.rows:
        for cell in row:
            named = len(cell.words) == 1 or _A_PAPER.match(plain(cell.text))
            first = _acta_text(Span(cell.words[-1:])) if named and cell.box.y0 < _AT_THE_HEAD else None
            lettered = (
                first is not None
                and re.match(r"(?!N[OR]{0,2}\W?\d)[A-Z]+(\W[A-Z]+)*\W?\d", first)
                and sum(map(str.isdigit, first)) >= 5
            )
            if first is not None and lettered and _letters(first) not in others and not as_date(first):
                found[_letters(first)] = first, Span(cell.words[-1:])
    if len(found) != 1:
        return None
    ((first, span),) = found.values()
    return field_of(sheet, first, span, f"{LOOSE}acta:sola al inicio")


_A_PAPER = re.compile(
    r"(ASUNTO: *)?(ACTA|CONSTANCIA|CERTIFICA[A-Z]+|COMPROBANTE|RECIBO|BOLETA|NOTA|HOJA|FICHA|GUIA|INFORME|REPORTE"
    r"|OFICIO|EXPEDIENTE|REGISTRO|CONTROL|VALE|VOLANTE|PARTE|TARJETA|PRECINTO|GESTION|RECEPCION|DEVOLUCION|RETIRO)\b[^\d:]*[A-Z]"
)


_AT_THE_HEAD = 0.25


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


# ── line of business ─────────────────────────────────────────────────────────────────────────────


def line_of(sheet: Sheet, book: DocumentsBook) -> Field | None:
    """The only line that stands behind its label; of several that are printed, the one that is ticked."""
    for value in values(sheet, "line"):
        cells = sheet.rows[value.hit.row][value.hit.cell + 1 :] if value.way == "tras" else ()
        named = [found for span in (value.span, *cells) for found in _lines_in(span, book)]
        if len(value.span.words) <= 8 and len({line for line, _ in named}) == 1:
            return field_of(sheet, named[0][0].value, value.span, f"linea:{value.way}:{value.hit.label}")
        ticked = {line for line, before in named if before and before.text.upper() in book.words.marks}
        if len(ticked) == 1:
            return field_of(sheet, ticked.pop().value, value.span, f"linea:marcada:{value.hit.label}")
    return None


def _lines_in(span: Span, book: DocumentsBook) -> list[tuple[Line, Word | None]]:
    """Lines named in a text, each with the word before it (which may be a tick)."""
    words = [squeezed(word.text) for word in span.words]
    found: list[tuple[Line, Word | None]] = []
    aliases = sorted(
        ((line, alias.split()) for line, all_ in book.lines.items() for alias in all_), key=lambda a: -len(a[1])
    )
    at = 0
    while at < len(words):
        for line, alias in aliases:
            if words[at : at + len(alias)] == [squeezed(word) for word in alias]:
                found.append((line, span.words[at - 1] if at else None))
                at += len(alias) - 1
                break
        at += 1
    return found
