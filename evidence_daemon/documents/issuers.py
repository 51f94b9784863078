"""Whose a paper is: ours, a contractor's who works for us, or another company's.  Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evidence_daemon.cases.equipment import plain
from evidence_daemon.documents.kinds import alike, kind_of, without
from evidence_daemon.documents.layout import HEAD, Sheet, Span, squeezed
from evidence_daemon.model import DocumentKind
from evidence_daemon.rulebook import DocumentsBook, KindBook, OursBook


def ours(sheets: Sequence[Sheet], book: DocumentsBook) -> tuple[bool, tuple[str, ...]]:
    """Whether the paper names the company as its issuer, and nobody else; and what it names."""
    names, titles = book.ours, [rule for rule in book.kinds if rule.kind is DocumentKind.ACTA]
    mine: list[str] = []
    foreign: list[str] = []
    acting = next(filter(None, (_acting(sheet, book) for sheet in sheets)), "")
    for sheet in sheets:
        text = without(sheet.text, names.passing)
        page = squeezed(text)
        end = _head(sheet, titles)
        head = [
            cell for row in sheet.rows for cell in row if cell.box.y1 <= end and not _PLACE.search(plain(cell.text))
        ]
        mine += [ruc for ruc in names.rucs if ruc in re.sub(r"\D", "", " ".join(_numbers(sheet)))]
        mine += [name for name in names.names if _names(name, page, text)]
        mine += [cell.text for cell in head if squeezed(cell.text) in names.logos and cell.box.y1 < _LOGO]
        top = " ".join(cell.text for cell in head)
        foreign += [name for name in names.others if _named(name, top)]
        # A contractor's own number is no other issuer's; its paper is foreign all the same where it names another.
        if acting and not any(own_ruc(number, names) for number in _numbers(sheet)):
            foreign += [name for name in names.others if _named(name, _without_where_to(sheet.text, names))]
        for number in () if acting else _numbers(sheet):
            if len(number) == 13 and number.endswith("001") and number[2] in "69" and not own_ruc(number, names):
                foreign += [
                    number for cell in head if number in re.sub(r"\D", "", cell.text) and "RUC" in squeezed(cell.text)
                ]
        foreign += [name for name in names.others if re.search(_takes(name), sheet.text)]
    said = dict.fromkeys([*mine, *filter(None, [acting])])
    return bool(mine) and not foreign, (*said, *(f"otro: {name}" for name in dict.fromkeys(foreign)))


def _acting(sheet: Sheet, book: DocumentsBook) -> str:
    """The words by which who issued a paper, or receives by it, says that he works for the company; "" for none.

    Anywhere else they tell of somebody else: of the customer's trade, of whose the bill was, of who put up a pole.
    """
    return _issuer_acting(sheet, book) or _receiver_acting(sheet.text, book.ours)


def _issuer_acting(sheet: Sheet, book: DocumentsBook) -> str:
    """The same over the title or beside the issuer's tax number, before anything is said of the customer."""
    kind, words = kind_of(sheet, book)
    cells = [(number, cell) for number, row in enumerate(sheet.rows) for cell in row]
    title = next((cell.box.y0 for _, cell in cells if kind is DocumentKind.ACTA and cell.text == words[0]), _LOGO)
    for number, cell in cells:
        text = plain(cell.text)
        if cell.box.y1 > HEAD:
            break
        on = sheet.rows[number + 1][:1] if sheet.reads_on(number + 1) else ()
        said = without(" ".join([text, *(plain(one.text) for one in on)]), book.ours.passing)
        near = cell.box.y1 <= title or any(map(_has_a_ruc, sheet.rows[max(0, number - 1) : number + 2]))
        for phrase in book.ours.acting if near else ():
            for found in re.finditer(phrase.pattern, said):
                if not (_NO_ISSUER.search(said[: found.start()]) or _NO_MORE.match(said[found.end() :])):
                    return found[0]
        if _OF_THE_CUSTOMER.search(text):
            break
    return ""


def _has_a_ruc(row: Sequence[Span]) -> bool:
    return any(re.search(r"(?<!\d)\d{10}001(?!\d)", cell.text) for cell in row)


_NO_ISSUER = re.compile(
    r"\b(NO|NI|SIN|EX|ANTIGU[OA]S?|ANTERIOR(ES|MENTE)?|ANTES|FUE|FUIMOS|ERA|ERAMOS|HEMOS SIDO|DEJO|DEJAMOS|UNA?|"
    r"OTR[OA]S?|ALGUN|PROXIM[A-Z]+|PRONTO|FUTUR[OA]|SERA|SEREMOS|ASPIRANTE|POSTULANTE|COMPETENCIA|COMPETIDORA?|CLIENTE|"
    r"TITULAR|ABONADO|SUSCRIPTOR|USUARIO|OCUPACION|PROFESION|CARGO|FACTUR[A-Z]+|CONTRATO|PAGO|GARANTIA|RECLAMO)\b"
)
"""Words before a contractor that deny that it is one, or tell of another than who issued the paper."""
_NO_MORE = re.compile(r"[^¦]{0,25}\b(HASTA|NO|ANTERIORMENTE)\b")
_OF_THE_CUSTOMER = re.compile(
    r"(?<!AL )(?<!A )\b(CLIENTE|ABONADO|SUSCRIPTOR|USUARIO|TITULAR|APELLIDOS|NOMBRES|CEDULA|OCUPACION)\b"
)


def _receiver_acting(text: str, book: OursBook) -> str:
    """The same in the sentence that hands over: "al técnico, quien recibe a nombre de CNT EP los equipos"."""
    text = without(text, book.passing)
    for phrase in book.acting:
        for found in re.finditer(phrase.pattern, text):
            before = re.split(r"[.;:¦]", text[: found.start()][-120:])[-1]
            if _RECEIVES.search(before) or (_RECEIVER.search(before) and _VERB.match(found[0])):
                return found[0]
    return ""


_SUBJECT = (
    r"(?<!CLIENTE )(?<!CLIENTE, )(?<!TITULAR )(?<!TITULAR, )(?<!ABONADO )(?<!ABONADO, )(?<!USUARIO )(?<!USUARIO, )"
    r"(?<!SUSCRIPTOR )(?<!SUSCRIPTOR, )\b(TECNIC[OA]|QUIEN|EST[EA]|SUSCRIT[OA]|CONTRATISTA|CUADRILLA|DELEGAD[OA]|"
    r"FUNCIONARI[OA])\b"
)
_OTHER_WORDS = r"(,? (?!(CLIENTE|TITULAR|ABONADO|SUSCRIPTOR|USUARIO|NO|NI|NUNCA|SIN)\b)[A-Z]+)"
_RECEIVING = r"(RECIBE|RECIBO|RETIRA|RETIRO|RECOGE|ACTUA|ACTUO|ACTUANDO|COMPARECE|TRABAJA|OPERA)"
_RECEIVER = re.compile(rf"{_SUBJECT}{_OTHER_WORDS}{{0,4}},? $")
_RECEIVES = re.compile(rf"{_SUBJECT}{_OTHER_WORDS}{{0,4}},? {_RECEIVING}{_OTHER_WORDS}{{0,4}},? $")
_VERB = re.compile(rf"{_RECEIVING}\b")


def _without_where_to(text: str, names: OursBook) -> str:
    """A page's text without the operators whom a customer goes to, and what is only called like one."""
    others = "|".join(re.escape(name) for name in names.others)
    return re.sub(rf"{_WHERE_TO}[ :¦(\"]*\b({others})\b", " ", re.sub(_NO_OPERATOR, " ", text))


_NO_OPERATOR = (
    r"\b(PRIMERA|SEGUNDA|TERCERA|CUARTA|QUINTA|SEXTA|\d+(RA|DA|TA|A|ERA)?\.?|[IVX]+|LA|ESTA|CADA|POR|NUEVA) ETAPA\b|"
    r"\bETAPA [#\dIVX]|\b(PUERTO|RIO|SAN|COLOR|AZUL|VERDE|GRIS|ROSADO|CIELO|AGUA|MONTE|CERRO) CLARO\b"
)
_WHERE_TO = (
    r"\b(((CAMBIO|CAMBI[AO]|CAMBIARSE|CAMBIARA|CAMBIANDO|MIGRA|MIGRO|MIGRAR|MIGRARA|MIGRACION|PORTA|PORTO|PORTARSE|"
    r"PORTABILIDAD|PORTACION|PASA|PASO|PASARSE|VA|FUE)( DE (OPERADORA?|EMPRESA|PROVEEDORA?|COMPANIA|SERVICIO))?"
    r" (A|AL|HACIA|CON|POR)( (LA|EL|OTRA|OTRO|UNA?))?( (OPERADORA?|EMPRESA|PROVEEDORA?|COMPANIA|COMPETENCIA))?)|"
    r"CAMBIO DE (OPERADORA?|EMPRESA|PROVEEDORA?|COMPANIA)|"
    r"(NUEV[OA] (OPERADORA?|EMPRESA|PROVEEDORA?|COMPANIA)|OPERADORA? (NUEV[OA]|DE DESTINO|RECEPTORA?)))"
)
"""Words before another operator's name that make it the one whom a customer goes to."""


_LOGO = 0.2
"""Share of a page, from the top, in which its issuer's logo stands."""
_PLACE = re.compile(r"\b(CAC|AGENCIA|OFICINA|SUCURSAL|PUNTO DE ATENCION|CENTRO DE ATENCION|DIRECCION)\b")
"""A place may be called like another operator ("CAC Puerto Claro")."""


def _head(sheet: Sheet, titles: Sequence[KindBook]) -> float:
    """Down to where the issuer is named: a few lines past the title, or the upper third of the page."""
    for cell in (cell for row in sheet.rows for cell in row):
        if any(squeezed(cell.text).startswith(squeezed(title)) for rule in titles for title in rule.titles):
            return min(HEAD, cell.box.y1 + 4 * sheet.line_height)
    return HEAD


def own_ruc(number: str, book: OursBook) -> bool:
    """True for the company's tax number, also misread in up to three digits: never a customer's."""
    return any(
        len(ruc) == len(number) and sum(a != b for a, b in zip(ruc, number, strict=True)) <= 3 for ruc in book.rucs
    )


def _numbers(sheet: Sheet) -> list[str]:
    return [digits for word in sheet.words if len(digits := re.sub(r"\D", "", word.text)) >= 10]


def _names(name: str, page: str, text: str) -> bool:
    wanted = squeezed(name)
    if len(wanted) < 12:
        return _named(name, text)
    return wanted in page or any(
        alike(page[at : at + len(wanted)], wanted) for at in range(len(page) - len(wanted) + 1) if page[at] == wanted[0]
    )


def _named(name: str, text: str) -> bool:
    words = r"[ .\-]{0,2}".join(map(re.escape, name.upper().split()))
    return re.search(rf"(?<![A-Z0-9]){words}(?![A-Z0-9])", text.upper()) is not None


def _takes(name: str) -> str:
    """Another operator as the one to whom things are handed over."""
    return r"\b(ENTREGA|DEVUELVE|RECIBE|RECIBI CONFORME)( A)?( LA EMPRESA)? " + re.escape(name) + r"\b"
