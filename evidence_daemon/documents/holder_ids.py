"""The holder's number: whose of the numbers of people on a page it is.  Pure.

What looks like a digit is read as one where only digits can stand (and is then never proven).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import takewhile

from evidence_daemon.cases.equipment import plain
from evidence_daemon.cases.identity import read_id, same_id
from evidence_daemon.documents.agreement import one_place
from evidence_daemon.documents.issuers import own_ruc
from evidence_daemon.documents.kinds import kind_of
from evidence_daemon.documents.labelled import (
    DIGIT_FOR,
    LOOSE,
    Value,
    field_of,
    in_people_table,
    is_labelled,
    is_nobodys,
    is_told_as_staff,
    only,
    values,
)
from evidence_daemon.documents.layout import Hit, Sheet, Span
from evidence_daemon.documents.signers import signing_top, signs_for_the_company
from evidence_daemon.model import Box, DocumentKind, Field, IdCheck, IdKind
from evidence_daemon.rulebook import NUMBER_SIGNS, DocumentsBook

_SIGNERS = 0.62
"""Share of a page's height below which a number without its own heading is mostly a signer's."""
_SURE = 0.8
"""Confidence from which a number with a right check digit counts as proven."""

_ID = re.compile(r"(?<![0-9A-Z])(?<![A-Z][\-/])([0-9OQISZBLG!|][0-9OQISZBLG!| .\-]{7,28}[0-9OQISZBLG!|])(?![0-9A-Z])")
_FREE_CALL = re.compile(r"1[ \-]?800[ \-]\d{3}[ \-]?\d{3}")
"""A number to call for nothing has a cédula's digits, and some its check digit."""
_PASSPORT = re.compile(r"(?<![0-9A-Z])([A-Z]{1,3}[0-9]{5,9})(?![0-9A-Z])")
_LIKE_A_PASSPORT = re.compile(r"\W*([A-Z]{2}[0-9]{6,7})(?![0-9A-Z\-/])")
"""A foreigner's may stand where a cédula would; it may as well be something else's, or a cédula misread."""


_OF_AN_ACCOUNT = frozenset({"IDCLIENTE", "IDDELCLIENTE", "IDTITULAR", "IDDELTITULAR", "IDABONADO"})
"""Captions of a number that a system knows somebody by: his own, or that of an account."""


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
                return digits.translate(DIGIT_FOR), not digits.isdigit()
    return None


def _behind_kinds(sheet: Sheet) -> Iterator[Value]:
    """Behind "Número:" in a line that opens with two kinds of numbers or more: "[x] Cédula  [ ] RUC  Número: 1700…".

    Nothing else may stand before it: "Cédula  Testigo  Número: …" is another's, "Documento  Acta  Número: …" nobody's.
    """
    for number, row in enumerate(sheet.rows):
        kinds = next((at for at in range(len(row)) if not _is_a_kind(sheet, number, at)), len(row))
        if _FEWEST_KINDS <= kinds < len(row):
            sign, *rest = row[kinds].words
            if plain(sign.text).strip(".:°º") in NUMBER_SIGNS and rest:
                yield Value(Span(tuple(rest)), sheet.hits_in[number, 0][0], "elegido")


def _is_a_kind(sheet: Sheet, row: int, cell: int) -> bool:
    """Whether a cell holds the name of a kind of people's numbers, and nothing else but a box."""
    hits = [hit for hit in sheet.hits_in.get((row, cell), ()) if "id_number" in hit.fields and hit.label in _KINDS]
    words = sheet.rows[row][cell].words
    rest = [word for at, word in enumerate(words) if not any(hit.start <= at < hit.end for hit in hits)]
    return bool(hits) and all(len(re.sub(r"[^A-Z0-9]", "", plain(word.text))) <= 1 for word in rest)


_FEWEST_KINDS = 2
_KINDS = frozenset({"CEDULA", "RUC", "PASAPORTE", "CI"})


def _open_noughts(text: str) -> tuple[str, bool] | None:
    """The same where a nought was written open and read as a C, if the check digit says so: "06684295C9"."""
    closed = _digits(re.sub(r"(?<=[0-9])C(?=[0-9])", "0", plain(text), count=1), (10, 13))
    number = read_id(closed[0]) if closed is not None else None
    return (closed[0], True) if closed and number is not None and number.check is IdCheck.OK else None


def id_number_of(sheet: Sheet, book: DocumentsBook, signing: float) -> Field | None:
    """The holder's: labelled, not the company's, not the agent's; above the signatures where there is one."""
    found: list[tuple[float, tuple[int, int], Field]] = []
    issuers = issuers_rucs(sheet, book)
    titled = _title_top(sheet, book)
    tabled = [Value(span, hit, "columna") for span, hit in in_people_table(sheet, "id_number")]
    for value in tabled or (*values(sheet, "id_number"), *_behind_kinds(sheet)):
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
        span = only(value.span, text)
        check = read_id(text)
        valid = check is not None and check.check is IdCheck.OK
        an_account = value.hit.label in _OF_AN_ACCOUNT
        if an_account and not valid:
            continue
        # No person's number has such a third digit; others that begin so may be a cédula of Guayas, misread.
        a_phone = check is not None and check.kind is IdKind.TELEFONO and text[2] > "5"
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
            or a_phone
            or an_account
            or (number is None and not told)
            or _is_the_companys(sheet, value.hit)
            or is_nobodys(sheet, value.hit, text)
        ):  # whose number it is, or which, stays open, however well it is read
            field = replace(field, proven=False, confidence=min(field.confidence, 0.5), rule=f"{LOOSE}{field.rule}")
        # A bare "RUC" is as often that of who issued the paper.
        bare_ruc = 1.5 * (value.hit.label == "RUC" and len(text) == _RUC_DIGITS)
        at = (value.hit.row, value.hit.cell)  # of two in one line the left one, however little lower it was read
        found.append(
            (2 * low + 2 * near_agent + _AFTER_ALL * a_phone + 1.5 * an_account + (not valid) + bare_ruc, at, field)
        )
    if not found:
        return _only_id_on(sheet, book, signing)
    found.sort(key=lambda one: (one[0], one[1]))
    best = found[0][2]
    again = [f for _, _, f in found[1:] if same_id(f.value, best.value) and not one_place(f.box, best.box)]
    if again and not best.rule.startswith(LOOSE):
        best = replace(best, proven=True, confidence=max(best.confidence, *(field.confidence for field in again)))
    return best


_RUC_DIGITS = 13
_AFTER_ALL = 9
"""What puts a number behind all others."""


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
        if is_labelled(sheet, number, place - 1) or is_labelled(sheet, number, place)
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
