"""The words that go out: those of the rule book or a person's, and never any that the person did not see."""

from __future__ import annotations

import hashlib

from evidence_daemon.errors import BadInput
from evidence_daemon.mail import compose
from evidence_daemon.model import Evidence, Settlement
from evidence_daemon.review.ruling import NotShown
from evidence_daemon.rulebook import RuleBook

LONGEST_ANSWER = 10_000
"""Characters of an answer that a person wrote."""


def rule_books_words(settlement: Settlement, evidence: Evidence, book: RuleBook) -> str:
    """The answer as the rule book words it; "" when nobody is answered."""
    reply = settlement.reply
    return compose.answer_text(reply, evidence, book) if reply is not None else ""


def basis_of(text: str) -> str:
    """Names these words: what a form carries to tell which ones were shown."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def edited(ours: str, receipt: str, text: str | None, basis: str) -> str | None:
    """The words when a person wrote them; None for `ours`, those of the rule book.

    Raises `BadInput` for words that cannot be sent, and `NotShown` when `basis` names others than `ours`.
    """
    if basis and basis != basis_of(ours):
        raise NotShown("la respuesta que saldría no es la que se le mostró: revísela y confirme")
    if text is None or not ours:
        return None
    words = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").split("\n")).strip() + "\n"
    if words == ours:
        return None
    if receipt not in words:
        raise BadInput(f"la respuesta debe llevar el número de recibo {receipt}")
    if len(words) > LONGEST_ANSWER:
        raise BadInput(f"la respuesta es demasiado larga (más de {LONGEST_ANSWER} letras)")
    if any(ord(c) < 32 and c not in "\n\t" for c in words):
        raise BadInput("la respuesta tiene caracteres que no se pueden enviar")
    return words
