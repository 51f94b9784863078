"""`rules/*.toml` and `rules/replies/*.txt` → one frozen `RuleBook`, or all its faults at once.

Pure: texts in, values out.  A faulty book is refused whole (`BadRules`, each fault with file, line and
reason), so that a running daemon keeps the book it has.  The book's `edition` (a hash of all texts) is
stored with each decision.  Each book carries examples that are run here, when it is loaded.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from evidence_daemon.errors import BadRules


class _Book(BaseModel):
    """A table of a rule file: frozen, and every key must be known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# ── subject.toml ─────────────────────────────────────────────────────────────────────────────────


class SubjectBook(_Book):
    """Accepted words and forms of the subject."""


# ── documents.toml ───────────────────────────────────────────────────────────────────────────────


class DocumentsBook(_Book):
    """Kinds of papers: labels, words, required fields."""


# ── matching.toml ────────────────────────────────────────────────────────────────────────────────


class MatchingBook(_Book):
    """Tolerances of matching: names, dates."""


# ── decision.toml ────────────────────────────────────────────────────────────────────────────────


class DecisionBook(_Book):
    """Ordered rules: when → verdict, with the sentence for staff and examples."""


# ── reasons.toml and replies/*.txt ───────────────────────────────────────────────────────────────


class ReasonsBook(_Book):
    """What the customer reads for each reason, and what he must do."""


# ── the whole book ───────────────────────────────────────────────────────────────────────────────


class RuleBook(_Book):
    """All rules, and their `edition`: the first 12 hex digits of the SHA-256 of all texts."""

    edition: str
    subject: SubjectBook
    documents: DocumentsBook
    matching: MatchingBook
    decision: DecisionBook
    reasons: ReasonsBook
    replies: Mapping[str, str]


_B = TypeVar("_B", bound=_Book)


def parse(texts: Mapping[str, str]) -> RuleBook:
    """Read a rule book from its texts, by path below `rules/` ("subject.toml", "replies/aceptado.txt").

    Raises `BadRules` with all faults, each as "file:line: key: what is wrong".
    """
    faults: list[str] = []
    subject = _toml(texts, "subject.toml", SubjectBook, faults)
    documents = _toml(texts, "documents.toml", DocumentsBook, faults)
    matching = _toml(texts, "matching.toml", MatchingBook, faults)
    decision = _toml(texts, "decision.toml", DecisionBook, faults)
    reasons = _toml(texts, "reasons.toml", ReasonsBook, faults)
    replies = {
        name.removeprefix("replies/").removesuffix(".txt"): text
        for name, text in sorted(texts.items())
        if name.startswith("replies/") and name.endswith(".txt")
    }
    if subject and documents and matching and decision and reasons and not faults:
        return RuleBook(
            edition=_edition(texts),
            subject=subject,
            documents=documents,
            matching=matching,
            decision=decision,
            reasons=reasons,
            replies=replies,
        )
    raise BadRules(faults)


def _edition(texts: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for name, text in sorted(texts.items()):
        digest.update(f"{name}\0{text}\0".encode())
    return digest.hexdigest()[:12]


def _toml(texts: Mapping[str, str], name: str, book: type[_B], faults: list[str]) -> _B | None:
    if name not in texts:
        faults.append(f"{name}: the file is missing")
        return None
    try:
        table: dict[str, Any] = tomllib.loads(texts[name])
    except tomllib.TOMLDecodeError as fault:
        faults.append(f"{name}: not valid TOML: {fault}")
        return None
    try:
        return book.model_validate(table)
    except ValidationError as bad:
        for fault_ in bad.errors():
            path = ".".join(str(step) for step in fault_["loc"])
            line = _line_of(texts[name], [str(step) for step in fault_["loc"]])
            faults.append(f"{name}:{line}: {path}: {fault_['msg']}")
        return None


def _line_of(text: str, path: list[str]) -> int:
    """The line (from 1) in which a key most likely stands: good enough to open the editor at it."""
    lines = text.splitlines()
    at = 0
    for step in path:
        for number in range(at, len(lines)):
            if step in lines[number]:
                at = number
                break
    return at + 1
