"""What changed between two rule books, in words (Spanish): for whoever signs the change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from evidence_daemon.rulebook import DecisionBook, Rule, RuleBook


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: in which file, of what, and what it is, as a sentence."""

    file: str
    what: str
    words: str


_FILES: Mapping[str, str] = {
    "subject": "subject.toml",
    "documents": "documents.toml",
    "matching": "matching.toml",
    "decision": "decision.toml",
    "reasons": "reasons.toml",
    "replies": "replies/",
    "cases": "columns/cases.toml",
    "reversals": "columns/reversals.toml",
}


def changes(before: RuleBook, after: RuleBook) -> tuple[Change, ...]:
    """Every difference that can change what the program does or says; examples and comments are none."""
    found: list[Change] = []
    for name in type(before).model_fields:
        if name == "edition":
            continue
        file = _FILES.get(name, name)
        one, two = getattr(before, name), getattr(after, name)
        if isinstance(one, DecisionBook) and isinstance(two, DecisionBook):
            found += _decision(file, one, two)
        else:
            found += [Change(file, path, words) for path, words in _values("", one, two)]
    return tuple(found)


# ── the decision rules ───────────────────────────────────────────────────────────────────────────


def _decision(file: str, before: DecisionBook, after: DecisionBook) -> Iterator[Change]:
    for part in ("policy", "answers", "signals"):
        for path, words in _values(part, getattr(before, part), getattr(after, part)):
            yield Change(file, path, words)
    old, new = {rule.name: rule for rule in before.rule}, {rule.name: rule for rule in after.rule}
    for name, rule in old.items():
        if name not in new:
            yield Change(file, f"regla {name}", f"se quita (decía: {rule.verdict.value})")
    for name, rule in new.items():
        if name not in old:
            yield Change(file, f"regla {name}", f"es nueva: {_told(rule)}")
        else:
            for words in _rule(old[name], rule):
                yield Change(file, f"regla {name}", words)
    yield from _order(file, [name for name in old if name in new], [name for name in new if name in old])


def _told(rule: Rule) -> str:
    when = f"cuando {', '.join(sorted(rule.when))}" if rule.when else "siempre"
    unless = f", salvo {', '.join(sorted(rule.unless))}" if rule.unless else ""
    reasons = f", motivos {', '.join(rule.reasons)}" if rule.reasons else ""
    return f"{when}{unless}: {rule.verdict.value}{reasons}"


def _rule(before: Rule, after: Rule) -> Iterator[str]:
    if before.verdict is not after.verdict:
        yield f"decide {after.verdict.value} en lugar de {before.verdict.value}"
    for word, one, two in (("cuando", before.when, after.when), ("salvo", before.unless, after.unless)):
        if added := sorted(two - one):
            yield f"exige además ({word}): {', '.join(added)}"
        if removed := sorted(one - two):
            yield f"ya no exige ({word}): {', '.join(removed)}"
    if before.reasons != after.reasons:
        yield f"motivos {', '.join(after.reasons) or 'ninguno'} en lugar de {', '.join(before.reasons) or 'ninguno'}"
    if before.reasons_from != after.reasons_from:
        yield f"toma motivos de {after.reasons_from or 'nada'} en lugar de {before.reasons_from or 'nada'}"
    if before.staff != after.staff:
        yield f"al personal dice «{after.staff}» en lugar de «{before.staff}»"


def _order(file: str, before: list[str], after: list[str]) -> Iterator[Change]:
    """The fewest rules that were moved; the first that applies decides, so the order counts."""
    kept = _longest_common(before, after)
    for name in after:
        if name not in kept:
            place = after.index(name)
            where = f"después de {after[place - 1]}" if place else "al principio"
            yield Change(file, f"regla {name}", f"se mueve: ahora va {where}")


def _longest_common(one: list[str], two: list[str]) -> set[str]:
    """The longest run of names (not necessarily neighbours) that stand in the same order in both."""
    best: list[list[list[str]]] = [[[] for _ in range(len(two) + 1)] for _ in range(len(one) + 1)]
    for i, a in enumerate(one):
        for j, b in enumerate(two):
            longer = max(best[i][j + 1], best[i + 1][j], key=len)
            best[i + 1][j + 1] = [*best[i][j], a] if a == b and len(best[i][j]) + 1 >= len(longer) else longer
    return set(best[-1][-1])


# ── any other values ─────────────────────────────────────────────────────────────────────────────


def _values(path: str, one: Any, two: Any) -> Iterator[tuple[str, str]]:
    """Differences of two values of one shape: the path to each, and the words for it."""
    if one == two:
        return
    if isinstance(one, BaseModel) and isinstance(two, BaseModel):
        for name in type(one).model_fields:
            if name != "examples":
                yield from _values(f"{path}.{name}".lstrip("."), getattr(one, name), getattr(two, name))
    elif isinstance(one, Mapping) and isinstance(two, Mapping):
        for key in [*one, *(key for key in two if key not in one)]:
            here = f"{path}.{_plain(key)}".lstrip(".")
            if key not in two:
                yield here, f"se quita (era {_plain(one[key])})"
            elif key not in one:
                yield here, f"es nuevo: {_plain(two[key])}"
            else:
                yield from _values(here, one[key], two[key])
    elif isinstance(one, (tuple, frozenset)) and isinstance(two, (tuple, frozenset)):
        added = [_plain(value) for value in two if value not in one]
        removed = [_plain(value) for value in one if value not in two]
        if isinstance(one, frozenset):
            added, removed = sorted(added), sorted(removed)
        if added:
            yield path, f"se añade {', '.join(added)}"
        if removed:
            yield path, f"se quita {', '.join(removed)}"
        if not added and not removed:
            yield path, "cambia de orden"
    else:
        yield path, f"{_plain(two)} en lugar de {_plain(one)}"


def _plain(value: Any) -> str:
    match value:
        case bool():
            return "sí" if value else "no"
        case BaseModel():
            told = value.model_dump(mode="json", exclude_defaults=True, exclude={"examples"})
            return ", ".join(f"{name} {part}" for name, part in told.items())
        case str():
            words = " ".join(str(value).split())
            return f"«{words[:157]}…»" if len(words) > 160 else f"«{words}»" if " " in words else words
        case tuple() | frozenset():
            return ", ".join(_plain(part) for part in value) or "nada"
        case None:
            return "nada"
        case _:
            return str(value)
