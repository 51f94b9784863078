"""Who gives and who takes by the captions of a paper: "Cliente entrega", "Recibe: CNT EP", two columns.  Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from evidence_daemon.cases.equipment import plain
from evidence_daemon.documents.layout import Hit, Lexicon, Sheet, Span, squeezed
from evidence_daemon.model import Word
from evidence_daemon.rulebook import DirectionBook, PhraseBook


def parties(sheet: Sheet, book: DirectionBook, offered: Span | None = None) -> list[tuple[str, bool]]:
    """(what was said, True for a return): a verb of giving or taking with the party before, beside or below it.

    What stands in a line of boxes (`offered`) is not said.
    """
    hits = list(_party_lexicon(book).hits(sheet.rows))
    page = sheet.text
    harmless = [phrase for phrase in book.harmless if re.search(phrase.needs, page)]
    verbs = [
        hit
        for hit in hits
        if hit.fields & {"gives", "takes"}
        and len(_cell(sheet, hit).words) <= _LONGEST_CAPTION
        and not _says_nothing(plain(_cell(sheet, hit).text), _bare_word(sheet.span_of(hit).words[0]), harmless)
    ]
    said = [told for verb in verbs if (told := _party_of(sheet, verb, hits, offered)) is not None]
    return [*said, *_heads_of_columns(sheet, verbs, hits)]


def _says_nothing(caption: str, verb: str, harmless: Sequence[PhraseBook]) -> bool:
    """Whether a caption is the name of a paper, or its verb is a part of what the rules hold for harmless."""
    if _RECEIPT.match(caption) or _OF_THE_PAPER.search(caption):
        return True
    return any(verb in found[0] for phrase in harmless if (found := re.search(phrase.pattern, caption)))


def _party_of(sheet: Sheet, verb: Hit, hits: Sequence[Hit], offered: Span | None) -> tuple[str, bool] | None:
    cell = _cell(sheet, verb)
    if offered is not None and set(cell.words) <= set(offered.words):
        return None
    beside = [h for h in hits if (h.row, h.cell) == (verb.row, verb.cell) and _is_party(h)]
    before = [h for h in beside if h.end <= verb.start and h.start <= 1]
    if before and not any(h.start >= verb.end for h in beside) and not _UNDONE & set(map(_bare_word, cell.words)):
        return _of_subject(sheet, verb, before)
    asked = next((at for at, word in enumerate(cell.words) if _bare_word(word) not in _ASKS_TO_SIGN), 0)
    if verb.start > max(1, asked):
        return None
    party = next((h for h in beside if h.start >= verb.end), None)
    if party is not None and squeezed("Y") in {squeezed(w.text) for w in cell.words[verb.end : party.start]}:
        return None  # "devuelve y la empresa los recibe": another does something else
    if party is None and not before and len(cell.words) <= verb.end - verb.start + 2:
        for row, place, under in sheet.below(sheet.span_of(verb).box, rows=1, reach=2.2):
            if len(under.words) <= 6:
                party = next(
                    (h for h in hits if (h.row, h.cell) == (row, place) and h.start <= 1 and _is_party(h)), party
                )
    if party is None:
        return None
    here = sheet.rows[party.row][party.cell].words[max(0, party.start - 3) : party.start]
    if "company" in party.fields and "EN" in {squeezed(word.text) for word in here}:
        return None  # "devuelve en la oficina CAC Sur": a place, nobody who gives
    gives, customer = "gives" in verb.fields, "customer" in party.fields
    if (party.row, party.cell) == (verb.row, verb.cell) and party.start > 0:
        led = [squeezed(word.text) for word in cell.words[: party.start]]
        nearest = led[-2] if led[-1] in {"IA", "EI"} and len(led) > 1 else led[-1]
        if nearest in ({"AI", "A"} if gives else {"DEI", "DE"}):  # "recibí del cliente", "entrega al cliente"
            customer = not customer
    return _told(sheet, verb, party, customer=customer)


def _of_subject(sheet: Sheet, verb: Hit, before: Sequence[Hit]) -> tuple[str, bool] | None:
    """The same of a party that stands before its verb: "Cliente entrega", "CNT EP (recibe)", "Titular: entregué …"."""
    cell, first, last = _cell(sheet, verb), before[0], before[-1]
    subject = {field for h in before for field in h.fields & {"customer", "company"}}
    if "takes" in verb.fields and all(h.label in _FIELD_HANDS for h in before):
        return None  # a technician receives what he shall put up, too
    after = plain(Span(cell.words[verb.end :]).text) if verb.end < len(cell.words) else ""
    if after and sheet.span_of(verb).text[-1:] not in _ENDS_A_CAPTION and not _GOODS.match(after):
        return None  # "asesor que recibe la solicitud"
    ahead, between = (
        set(map(_bare_word, words)) for words in (cell.words[: first.start], cell.words[last.end : verb.start])
    )
    if len(subject) != 1 or not between <= _LEADS_ON or ahead & _TO_WHOM:
        return None
    return _told(sheet, verb, last, customer=subject == {"customer"})


def _told(sheet: Sheet, verb: Hit, party: Hit, *, customer: bool) -> tuple[str, bool]:
    return f"{sheet.span_of(verb).text} / {sheet.span_of(party).text}", ("gives" in verb.fields) == customer


def _heads_of_columns(sheet: Sheet, verbs: Sequence[Hit], hits: Sequence[Hit]) -> list[tuple[str, bool]]:
    """The same of two columns headed by nothing but a verb each ("ENTREGA ¦ RECIBE"), by the party named in each."""
    said = []
    alone = [verb for verb in verbs if verb.start == 0 and len(_cell(sheet, verb).words) <= verb.end + 1]
    for one, two in pairwise(alone):
        if one.row != two.row or one.fields & two.fields or len(sheet.rows[one.row]) != 2:
            continue
        middle = _cell(sheet, two).box.x0 - sheet.line_height
        columns: tuple[set[str], set[str]] = (set(), set())
        named: dict[int, Hit] = {}
        for row in range(one.row + 1, min(one.row + 1 + _DEEPEST_COLUMN, len(sheet.rows))):
            for hit in hits:
                if hit.row == row and _is_party(hit) and hit.start <= 1 and len(_cell(sheet, hit).words) <= 6:
                    side = int(_cell(sheet, hit).box.x0 >= middle)
                    columns[side].update(hit.fields & {"customer", "company"})
                    named.setdefault(side, hit)
        if {"customer"} in columns and {"company"} in columns:
            said += [
                _told(sheet, verb, named[side], customer=columns[side] == {"customer"})
                for side, verb in enumerate((one, two))
            ]
    return said


_RECEIPT = re.compile(r"RECIBO (POR|DE)( LOS?| LAS?| UNA?)? (EQUIP|BIEN|TERMINAL|MODEM|ROUTER|ONT\b|DECO|APARATO)")
"""A paper by this name; nobody says there that he receives."""
_OF_THE_PAPER = re.compile(r"\bRECIB[A-Z]+ (EL |LA |UNA? |SU |MI )?(ORIGINAL|COPIA|EJEMPLAR)\b")
"""What is received is the paper itself: who handed the equipment over signs for it."""
_ASKS_TO_SIGN = frozenset({"", "FIRMA", "Y", "SELLO", "DE", "NOMBRE"})
"""Words of a caption before who signs: "Firma de quien entrega (cliente)"."""
_FIELD_HANDS = frozenset({"TECNICO", "CONTRATISTA", "CUADRILLA"})
"""Who puts equipment up, and takes it for that."""
_TO_WHOM = frozenset({"AL", "A", "DEL", "DE", "PARA"})
_LEADS_ON = frozenset({"", "QUE", "LO", "LOS", "LAS", "EP"})
"""Words between a party and what it does."""
_ENDS_A_CAPTION = frozenset(":),;")
"""Signs behind a verb after which a name stands."""
_GOODS = re.compile(
    r"(CONFORME|((EL|LOS|LA|LAS|UNA?|DICHOS|ESTOS|SUS?) )?(EQUIP|BIEN|TERMINAL|MODEM|ROUTER|ONT\b|DECO|APARATO))"
)
_LONGEST_CAPTION, _DEEPEST_COLUMN = 8, 4
"""Words of a caption that names a verb; rows under the heads of two columns in which its party is named."""
_UNDONE = frozenset({"NO", "NI", "NUNCA", "SI", "DEBE", "DEBERA", "PUEDE", "PODRA", "PARA", "AL"})
"""Words that make a caption tell of what was not done, or not yet, or to whom."""


def _bare_word(word: Word) -> str:
    return re.sub(r"[^A-Z]", "", plain(word.text))


def _cell(sheet: Sheet, hit: Hit) -> Span:
    return sheet.rows[hit.row][hit.cell]


def _is_party(hit: Hit) -> bool:
    return bool(hit.fields & {"customer", "company"})


@lru_cache(maxsize=4)
def _lexicon_of(
    customer: tuple[str, ...], company: tuple[str, ...], gives: tuple[str, ...], takes: tuple[str, ...]
) -> Lexicon:
    return Lexicon({"customer": customer, "company": company, "gives": gives, "takes": takes})


def _party_lexicon(book: DirectionBook) -> Lexicon:
    return _lexicon_of(book.customer, book.company, book.gives, book.takes)
