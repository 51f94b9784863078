"""What a paper is, and who hands over to whom.  Pure.

"Acta de entrega recepción" is the title of both directions: the acta of an installation carries the same
words and the same serial numbers as that of a return, so the direction is read from who gives and who
takes, and stays unknown when both are said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from operator import ne
from typing import Any

from rapidfuzz.distance.Levenshtein import distance

from evidence_daemon.cases.equipment import plain
from evidence_daemon.documents.layout import HEAD, Sheet, Span, squeezed
from evidence_daemon.documents.parties import parties
from evidence_daemon.documents.ticks import OUTCOMES, Choice, choice_on
from evidence_daemon.model import Box, Direction, DocumentKind, Engine
from evidence_daemon.rulebook import NUMBER_SIGNS, DirectionBook, DocumentsBook, KindBook, PhraseBook

_LEGIBLE_LETTERS = 25
"""Letters and digits, read with some confidence, below which a page counts as empty."""


def kind_of(sheet: Sheet, book: DocumentsBook) -> tuple[DocumentKind, tuple[str, ...]]:
    """What a page is, and the words that said so."""
    known: tuple[object, Any] = sheet.known.get("kind", (None, None))
    if known[0] is not book:
        known = sheet.known["kind"] = (book, _kind_of(sheet, book))
    told: tuple[DocumentKind, tuple[str, ...]] = known[1]
    return told


def _kind_of(sheet: Sheet, book: DocumentsBook) -> tuple[DocumentKind, tuple[str, ...]]:
    letters = sum(sum(map(str.isalnum, word.text)) for word in sheet.words if word.confidence >= 0.5)
    if letters < _LEGIBLE_LETTERS:
        return DocumentKind.VACIO, ()
    titles = ((rule.kind, _title(sheet, rule.titles, rule.patterns, rule.no_title)) for rule in book.kinds)
    titled = {kind: title for kind, title in titles if title}
    worded = {rule.kind: words for rule in book.kinds if len(words := _words(sheet, rule)) >= rule.enough}
    acta = titled.get(DocumentKind.ACTA)
    others = [kind for kind in (*titled, *worded) if kind is not DocumentKind.ACTA]
    if acta is None:
        for rule in book.kinds:
            if rule.kind in titled or rule.kind in worded:
                said = titled.get(rule.kind)
                return rule.kind, tuple(filter(None, (said, *worded.get(rule.kind, ()))))
        return DocumentKind.OTRO, ()
    # A paper that is titled as an acta and as something else, or begs for something, is a person's to judge.
    if others:
        against = tuple(filter(None, (titled.get(others[0]), *worded.get(others[0], ()))))
        return DocumentKind.OTRO, (acta, *against)
    return DocumentKind.ACTA, (acta,)


def kind_of_all(sheets: Sequence[Sheet], book: DocumentsBook) -> tuple[DocumentKind, tuple[str, ...]]:
    """What a page is by several readings: an acta by any of them, unless another says that it is something else."""
    told = [kind_of(sheet, book) for sheet in sheets]
    acta = next((words for kind, words in told if kind is DocumentKind.ACTA), None)
    against = next((one for one in told if one[0] is not DocumentKind.ACTA and one[1]), None)
    if acta is not None:
        return (DocumentKind.ACTA, acta) if against is None else (DocumentKind.OTRO, (*acta, *against[1]))
    if against is not None:
        return against
    return next((one for one in told if one[0] is not DocumentKind.VACIO), told[0])


def is_beside(sheets: Sequence[Sheet], book: DocumentsBook) -> bool:
    """True for a page that by its title says what holds in general, and nothing of what was handed over here.

    Not where a reading shows the title of another kind, nor where large letters run across it: those make it count.
    """
    untold = not any(kind_of(sheet, book)[1] or struck(sheet) for sheet in sheets)
    return untold and any(_title(sheet, book.direction.beside) for sheet in sheets)


def _title(sheet: Sheet, titles: Sequence[str], patterns: Sequence[str] = (), no_title: str = "") -> str:
    """A title: what a cell begins with that holds little else; at the head of the page also within it."""
    for number, row in enumerate(sheet.rows):
        for place, cell in enumerate(row):
            if cell.box.y0 > 0.66 or sheet.reads_on(number) or (no_title and re.match(no_title, plain(cell.text))):
                continue
            plain_line = not sheet.strong_hits_in(number, place)
            line = squeezed(cell.text)
            # One word in the size of the text beside a number is a label: "Solicitud 0012345".  What is written by hand
            # beside it may be taller.
            first = cell.words[0].box
            numbered = len(cell.words) == 2 and any(map(str.isdigit, cell.words[1].text))
            as_text = first.y1 - first.y0 < (_A_LITTLE_TALLER if numbered else 1.25) * sheet.line_height
            named = cell.words[: _length(cell)]
            # "ACTA DE RETIRO DE EQUIPOS" ¦ "Visita 123"
            stated = len(named) >= _STATED and Span(named).text.isupper()
            label = as_text and not stated and bool(re.search(r"\d", "".join(other.text for other in row)))
            # A value behind its label: "Motivo ¦ solicitud del abonado".
            labelled = place > 0 and bool(sheet.strong_hits_in(number, place - 1))
            wrapped = labelled and as_text and cell.text[:1].islower()
            small = wrapped or (as_text and len(cell.words) == 1 and not cell.text.isupper())
            said = not label and not small and len(named) <= _LONGEST_TITLE
            if said and cell.box.y0 < HEAD and any(re.match(one, part) for one in patterns for part in _parts(cell)):
                return cell.text
            for title in titles:
                wanted = squeezed(title)
                if wrapped or ((label or small) and " " not in title):
                    continue
                taken = _opens_with(line, wanted) if len(line) <= len(wanted) + 45 else 0
                if taken and line.startswith(_RESIGNS) and not wanted.startswith(_RESIGNS):
                    continue
                if taken and _ends_word(cell.text, taken):
                    return cell.text
                if (
                    plain_line
                    and cell.box.y0 < HEAD
                    and len(wanted) >= 14
                    and wanted in line
                    and len(line) <= len(wanted) + 35
                ):
                    return cell.text
    return ""


_RESIGNS = "RENUNCIA"
"""Of a service, a customer's reason: it looks like DENUNCIA misread, and denounces nobody."""


def _length(cell: Span) -> int:
    """The words of a cell before its number: "ACTA DE BIENES DEVUELTOS POR CLIENTES Nro. GA-2395"."""
    numbered = (
        at
        for at, (sign, number) in enumerate(pairwise(cell.words))
        if at and plain(sign.text).strip(".:°º") in NUMBER_SIGNS and any(map(str.isdigit, number.text))
    )
    return next(numbered, len(cell.words))


def _parts(cell: Span) -> list[str]:
    """What of a cell may be a title: the whole of it, or what stands behind "INGRESO A BODEGA:" and its like.

    Or a title in capitals before its subtitle: "KÁRDEX DE EQUIPOS: MOVIMIENTO DE DEVOLUCIÓN".
    """
    parts = list(map(plain, re.split(r":\s+", cell.text)))
    if len(parts) == 1:
        return parts
    if not cell.text.isupper():
        return []
    return parts[-1:] if _COMES_IN.match(parts[0]) else parts[:1] if _SUBTITLE.fullmatch(parts[1]) else []


_COMES_IN = re.compile(r"(RE)?INGRESO|RECEPCION|BAJA")
_SUBTITLE = re.compile(r"(MOVIMIENTO|REGISTRO|INGRESO) (DE|POR) (DEVOLUCION|RETIRO)")


_A_LITTLE_TALLER = 1.6
"""Heights of a line of a word with its number, that is no title: the second engine's boxes are taller."""
_STATED, _LONGEST_TITLE = 4, 9
"""Words in capitals from which on a cell is no label; and of a title at most."""


def _ends_word(text: str, length: int) -> bool:
    """True when the title ends where a word ends ("ACTA" is no title of "ACTAS ANTERIORES")."""
    built = ""
    for word in re.split(r"[\s\-–—.:,]+", text):
        built += squeezed(word)
        if len(built) >= length:
            return len(built) == length
    return False


def _words(sheet: Sheet, rule: KindBook) -> tuple[str, ...]:
    if rule.unless and re.search(rule.unless, sheet.text):
        return ()
    page = squeezed(sheet.text)
    return tuple(word for word in rule.words if squeezed(word) in page)


@lru_cache(maxsize=20_000)
def _opens_with(line: str, wanted: str) -> int:
    """How many letters of a line are a title, as printed or slightly misread; 0: it does not begin with it."""
    if wanted[:3] not in line[:6] and wanted[-5:] not in line[: len(wanted) + 2]:
        return 0  # the long comparison is for few lines
    forgiven = 0 if len(wanted) < 6 else 1 if len(wanted) < 14 else 2
    lengths = sorted(range(len(wanted) - forgiven, len(wanted) + forgiven + 1), key=lambda n: abs(n - len(wanted)))
    return next((n for n in lengths if 0 < n <= len(line) and distance(line[:n], wanted) <= forgiven), 0)


def alike(piece: str, wanted: str) -> bool:
    """Whether letters are a wanted text but for few misread: none of five, one of thirteen, two of more."""
    if len(piece) != len(wanted):
        return False
    forgiven = 0 if len(wanted) < 6 else 1 if len(wanted) < 14 else 2
    return sum(a != b for a, b in zip(piece, wanted, strict=True)) <= forgiven


# ── direction ────────────────────────────────────────────────────────────────────────────────────


def direction_of(sheets: Sequence[Sheet], book: DirectionBook) -> tuple[Direction, tuple[str, ...]]:
    """Who hands over to whom, and the words that said so (those against it are marked with "contra:").

    Open, whatever is said for it, where a paper says that nothing changed hands, denies it, or is struck through.
    """
    returns: dict[str, bool] = {}
    installs: dict[str, bool] = {}
    doubts: dict[str, None] = {}
    chosen: dict[Engine, Choice] = {}
    drawn: set[Choice] = set()
    ended, not_so = outcomes(sheets)
    for sheet in sheets:
        boxes = choice_on(sheet)
        offered = None if boxes is None else boxes.line
        if boxes is not None and boxes.drawn:
            drawn.add(boxes.choice)
        elif boxes is not None and boxes.mark is not None:
            chosen[sheet.read_by(Span((boxes.mark,)))] = boxes.choice
        elif boxes is not None and sheet.mended is None:
            chosen[sheet.engine] = boxes.choice
        whole = without_harmless(sheet.text, book)
        text = whole if offered is None else without_harmless(sheet.text_without(offered.words), book)
        if sheet.number in not_so:
            whole = without_harmless(text_besides(sheet, not_so), book)
        if sheet.engine is Engine.TEXTO and sheet.stamps:  # what was written over the print of a text layer
            whole = f"{whole} ¦ {without(plain(' ¦ '.join(sheet.stamps)), book.harmless, sheet.text)}"
        for phrases, found in ((book.returns, returns), (book.installs, installs)):
            for phrase in phrases:
                told = re.finditer(phrase.pattern, text)
                match = next((one for one in told if found is installs or not _is_general(text, one)), None)
                if match is None:
                    continue
                told_so = match[0].lstrip("¦ ")
                if _DENIED.search(text[: match.start()][-30:].rpartition("¦")[2] + match[0]):
                    doubts[told_so] = None
                elif re.search(phrase.needs, text):
                    found[told_so] = found.get(told_so, False) or phrase.strong
        for said, back in parties(sheet, book, offered):
            (returns if back else installs)[said] = True
        doubts |= dict.fromkeys(match[0][:80] for one in book.doubts if (match := re.search(one.pattern, whole)))
        doubts |= dict.fromkeys(f"sello: {word}" for word in _void_stamps(sheet, book))
        doubts |= dict.fromkeys(f"a través de la hoja: {word}" for word in _void_afar(sheet, book))
        if struck(sheet):
            doubts["letras o rayas grandes a través de la hoja"] = None
    if Choice.OTHER in ended or ended == {Choice.OPEN}:
        doubts["casillas: no se ve que la visita o la orden se haya cumplido"] = None
    if drawn:
        if drawn == {Choice.RETURN}:
            returns["casilla marcada: devolución"] = True
        elif drawn == {Choice.OTHER}:
            installs["casilla marcada: otra cosa"] = True
        else:
            doubts["casillas de las que no se ve cuál está marcada"] = None
    elif chosen:
        # Boxes offer what was not done too: their words count where two engines see the same one ticked.
        if set(chosen.values()) == {Choice.RETURN} and len(chosen) > 1:
            returns["casilla marcada: devolución"] = True
        elif Choice.OTHER in chosen.values() and Choice.RETURN not in chosen.values():
            installs["casilla marcada: otra cosa"] = True
        elif Choice.OTHER in chosen.values() or not any(map(_TITLED.match, returns)):
            doubts["casillas de las que no se ve cuál está marcada"] = None
    strong_return, strong_install = any(returns.values()), any(installs.values())
    if doubts and not (strong_install and not strong_return):
        against = (*doubts, *installs) if returns else tuple(doubts)
        return Direction.DESCONOCIDA, (*returns, *(f"contra: {said}" for said in against))
    if strong_return and not strong_install and len(installs) < 2:
        return Direction.DEVOLUCION, (*returns, *(f"contra: {said}" for said in installs))
    if strong_install and not strong_return:
        return Direction.INSTALACION, (*installs, *(f"contra: {said}" for said in returns))
    if not strong_return and not strong_install and len(returns) >= 2 and not installs:
        return Direction.DEVOLUCION, tuple(returns)
    return Direction.DESCONOCIDA, (*returns, *(f"contra: {said}" for said in installs))


def outcomes(sheets: Sequence[Sheet]) -> tuple[set[Choice], dict[int, list[Box]]]:
    """How visits or orders ended by their ticked boxes; by page, where the words stand of what did not come about.

    Boxes are seen in the pixels, or stand in a text layer; of what an engine read as boxes nobody can be sure.
    """
    ended: set[Choice] = set()
    not_so: dict[int, list[Box]] = {}
    for sheet in sheets:
        outcome = choice_on(sheet, OUTCOMES)
        if outcome is None or not outcome.boxed:
            continue
        sure = outcome.drawn or sheet.engine is Engine.TEXTO
        ended.add(outcome.choice if sure else Choice.OPEN)
        if sure and outcome.choice is Choice.RETURN:
            not_so.setdefault(sheet.number, []).extend(word.box for word in outcome.unticked)
    return ended, not_so


def text_besides(sheet: Sheet, not_so: Mapping[int, Sequence[Box]]) -> str:
    """A page's text without the words of what did not come about (see `outcomes`)."""
    places = not_so.get(sheet.number, ())
    words = (word for row in sheet.rows for cell in row for word in cell.words)
    return sheet.text_without({word for word in words if any(place.holds_middle_of(word.box) for place in places)})


def without(text: str, phrases: Sequence[PhraseBook], page: str = "") -> str:
    """A text without what phrases find, each only where it, or the page that it is of, shows what they need."""
    for phrase in phrases:
        if re.search(phrase.needs, page or text):
            text = re.sub(phrase.pattern, " ", text)
    return text


def without_harmless(text: str, book: DirectionBook) -> str:
    """A page's text without what only sounds like a doubt, or like the customer's part."""
    return without(text, book.harmless)


_TITLED = re.compile(r"(ACTA|CONSTANCIA|CERTIFICADO|COMPROBANTE|HOJA|FORMULARIO|BOLETA|NOTA|REGISTRO|INFORME|RECIBO)\b")
"""A paper that is called a return says so whatever its boxes say."""


def _void_stamps(sheet: Sheet, book: DirectionBook) -> Iterator[str]:
    """Words of stamps by which a paper holds no more, in a line or two.

    A long word also where print or the frame took a letter off an end, or added one before it.  "Sin pendientes" and
    "pendiente: ninguno" say the contrary.
    """
    lines = [list(filter(None, map(squeezed, line.split()))) for line in sheet.stamps]
    for words in (*lines, *([*one, *two] for one, two in pairwise(lines))):
        for one in book.void:
            void = tuple(map(squeezed, one.split()))
            for at in range(len(words) - len(void) + 1):
                if not all(map(_is_the_word, words[at:], void)):
                    continue
                beside = {*words[max(0, at - 1) : at], *words[at + len(void) : at + len(void) + 1]}
                numbered = len(void) > 1 and any(map(str.isdigit, "".join(words[at + len(void) :][:1])))
                if not numbered and _NOT_SO.isdisjoint(beside):
                    yield one
        if len(words) >= _SPELLED and all(len(word) == 1 for word in words):
            yield from (one for one in book.void if squeezed(one) == "".join(words))


def _is_the_word(word: str, wanted: str) -> bool:
    if word == wanted or len(wanted) < _LONG_WORD or not -2 <= len(word) - len(wanted) <= 1 or word in _HONEST:
        return word == wanted
    return word in {wanted[1:], wanted[:-1], wanted[1:-1]} or word[1:] == wanted or _but_for_one(word, wanted)


def _but_for_one(word: str, wanted: str) -> bool:
    return len(word) == len(wanted) and sum(map(ne, word, wanted)) == 1


def _void_afar(sheet: Sheet, book: DirectionBook) -> Iterator[str]:
    """Words written across papers that hold no more, among what was read from afar.

    Whole but for a letter, a long one but for two, or the most of it: letters drawn as outlines, or by hand over print,
    are read no better than that (see `afar`).
    """
    said = {squeezed(word) for line in sheet.afar for word in (line, *line.split())} - _HONEST
    yield from (one for one in book.across if any(_is_most_of(word, squeezed(one)) for word in said))


def _is_most_of(word: str, void: str) -> bool:
    long = min(len(word), len(void)) >= _LONG_VOID
    if distance(word, void) <= (2 if long else 1):
        return True
    if not max(_SHORTEST_PART, _PART * len(void)) <= len(word) <= len(void):
        return False
    forgiven = int(len(word) > _SHORTEST_PART)  # of BORJA and BERRA each is a part of BORRADOR but for a letter
    lengths = range(len(word) - forgiven, len(word) + forgiven + 1)
    return any(distance(word, void[at : at + n]) <= forgiven for n in lengths for at in range(len(void) - n + 1))


_LONG_VOID, _PART, _SHORTEST_PART = 8, 0.6, 5
"""Letters of a word of which two may be misread; share of a word that was read at least, and letters."""
_LONG_WORD, _SPELLED = 7, 4
"""Letters from which on a word is known without one at an end, or with one misread; and of one that is spelled."""
_HONEST = frozenset(map(squeezed, ("DELEGADO", "DELEGADA", "NUESTRA", "MAESTRA", "PORTADOR", "CORREDOR")))
"""Words of stamps and captions that another letter would make void."""
_NOT_SO = frozenset(map(squeezed, ("SIN", "NO", "NI", "NINGUNO", "NINGUNA", "COPIA")))


def struck(sheet: Sheet) -> bool:
    """Whether large letters run across a page from side to side."""
    return any(ink.x0 <= 0 and ink.x1 >= 1 for ink in sheet.ink)


_DENIED = re.compile(
    r"\b(NO|NUNCA|JAMAS|TAMPOCO|NI|SIN|NINGUN|DEBE|DEBERA|PODRA|PUEDE)( [A-Z]+){0,2} "
    r"(ENTREG|DEVUEL|DEVOL|RETIR|RECIB|HACE|PROCED)[A-Z]*\b|"
    r"\b(SER|SERAN?|SERIAN?|SEAN?|FUERE|FUEREN|FUESEN?)( [A-Z]+(MENTE)?)?,? "
    r"(ENTREGAD|DEVUELT|RETIRAD|RECIBID|REINTEGRAD|RETORNAD|RESTITUID)[OA]S?\b"
)
"""A verb of handing over that is denied, demanded, allowed or yet to come ("serán devueltos", "a ser devueltos"); a
bare number ("No. 12") has no such verb behind it."""


def _is_general(text: str, match: re.Match[str]) -> bool:
    """Whether a phrase tells what holds under a condition or some day, or of something else than equipment."""
    if _TITLED.match(match[0].lstrip("¦ ")):
        return False
    before = re.split(r"[.;:¦]", text[: match.start()][-80:])[-1]
    after = re.split(r"[.;¦]", text[match.end() :][:60], maxsplit=1)[0]
    condition = _CONDITION.search(before) or _CONDITION.search(match[0])
    return bool(condition or _SOME_DAY.match(after) or any(_NO_GOODS.finditer(match[0] + after)))


_CONDITION = re.compile(
    r"\b(SI|CUANDO|HASTA QUE|SIEMPRE QUE|UNA VEZ QUE|MIENTRAS|EN CASO( DE)? QUE|CASO DE QUE|SALVO QUE|A MENOS QUE) "
    r"(EL|LA|LOS|LAS|UN|UNA|ALGUN|ALGUNO|EST[AEO]S?|DICH[OA]S|SE|SU|SUS|TODOS|EQUIPOS?|CLIENTE|ABONADO|TITULAR|USUARIO|"
    r"SON|ES|SEAN?|FUE|FUEREN?)\b|"
    r"\b(EN CASO|CASO) DE (BAJA|CANCELACION|TERMINACION|RETIRO|DANO|MORA|TRASLADO|CESE)\b|"
    r"\b(A|PARA) LA (BAJA|CANCELACION|TERMINACION)\b|\bAL (FINALIZAR|TERMINAR|VENCER|CONCLUIR)\b|\bCONCLUIDO\b|"
    r"\bMANANA\b|\bDENTRO DE\b|\bEL PROXIMO\b|\bSE (OBLIGA|COMPROMETE)\b|\bACEPTA QUE\b|\b(ACUERDA|INCUMPLIO)\b|"
    r"\b(ALEGA|RECLAMA|AFIRMA|INDICA QUE|INFORMO QUE|DENUNCIA|SE QUEJA|NO CONSTA)\b"
)
_SOME_DAY = re.compile(
    r"( [A-Z]+,?){0,4},? (AL? (LA )?(TERMINO|TERMINAR|TERMINARSE|TERMINACION|FINALIZAR|FINALIZACION|VENCER|CONCLUIR|"
    r"CONCLUSION|VENCIMIENTO|FIN)"
    r"( DEL?)?|EN (EL )?CASO( DE)?|CUANDO|SI (EL|LA|LOS|LAS|SE|EST[AEO]S?))\b"
)
_NO_GOODS = re.compile(
    r"\b(ENTREG|DEVUEL|DEVOL|RECIB|RECEPT)[A-Z]*( (EL|LA|LOS|LAS|UN|UNA|SU|SUS|MI|MIS|DEL?|PARTE|AL?|CLIENTE|ABONADO|"
    r"SUSCRIPTOR|USUARIO|TITULAR|CNT|EP|EMPRESA|CORPORACION|OPERADORA|CONFORME|PRESENTE|RESPECTIV[OA]|"
    r"CORRESPONDIENTE|PRIMER|TOTAL)){0,7} "
    r"(PAGOS?|CHEQUES?|COBROS?|VALOR(ES)?|DINERO|EFECTIVO|CUOTAS?|ABONO|MENSUALIDAD(ES)?|USD|SOLICITUD(ES)?|RECLAMOS?|"
    r"QUEJAS?|DENUNCIAS?|DECLARACION(ES)?|OFICIOS?|ESCRITOS?|CARTAS?|NOTIFICACION(ES)?|PEDIDOS?|PETICION(ES)?|"
    r"REQUERIMIENTOS?|TRAMITES?|LLAMADAS?|TURNOS?|DOCUMENTOS|DOCUMENTACION|COPIAS?|DATOS|FACTURAS?|"
    r"CONTRATO|INFORMACION|SENAL|CAPACITACION|(?<=LA )FIRMA)\b"
)
