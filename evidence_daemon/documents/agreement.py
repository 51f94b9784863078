"""Several readings of one value: which to take, and whether it is proven.  Pure.

Two engines that say the same prove it.  Where they differ nothing is proven but what a check digit decides,
the other readings are kept as rivals, and a person sees them all.  Confidence alone never proves anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from statistics import fmean

from evidence_daemon.cases.equipment import (
    Likeness,
    canonical_mac,
    canonical_serial,
    folded,
    is_pon_serial,
    same_serial,
)
from evidence_daemon.cases.identity import read_id
from evidence_daemon.documents.labelled import LOOSE
from evidence_daemon.documents.layout import squeezed
from evidence_daemon.model import Box, Engine, Field, IdCheck, Word

Same = Callable[[str], str]
"""A value → the form in which two readings of it are compared."""

_TRUST = {Engine.TEXTO: 3, Engine.CODIGO: 2, Engine.RAPIDOCR: 1, Engine.TESSERACT: 0}
"""Whom to take where two differ and nothing proves either (measured: RapidOCR is right six times as often)."""


def alike_as(name: str) -> Same:
    """How the values of a field are compared."""
    return _SAME.get(name, str)


_SAME: dict[str, Same] = {
    "serial": canonical_serial,
    "mac": canonical_mac,
    "holder": squeezed,
    "agent": squeezed,
    "office": squeezed,
}


def agreed(
    name: str,
    readings: Sequence[Field | None],
    codes: Sequence[Word] = (),
    elsewhere: Collection[str] = (),
) -> Field | None:
    """One value out of the readings of several engines, in the order in which they looked; None where none saw any.

    A later look of an engine at the same place takes the place of its earlier one only where another engine
    agrees with it.  What a page's own text says otherwise is a doubt, however many engines agree.  Of readings that
    nothing else parts the one is taken that the page says in another place too (`elsewhere`, in the form in which
    they are compared); that proves nothing.
    """
    same = alike_as(name)
    seen = [field for field in readings if field is not None]
    if not seen:
        return None
    seen += [_by_code(name, field, code) for field in seen[:1] for code in codes if _names(name, code.text, field)]
    groups: dict[str, list[Field]] = {}
    for field in seen:
        groups.setdefault(same(field.value), []).append(field)
    best = max(groups.values(), key=lambda group: _rank(name, group, elsewhere))
    taken = max(best, key=lambda field: (_TRUST.get(field.engine, 0), field.confidence))
    others = tuple(dict.fromkeys(group[0].value for group in groups.values() if group is not best))
    engines = {field.engine for field in best}
    proven = (
        not taken.rule.startswith(LOOSE)
        and ((len(engines) >= 2 and _clearly_read(name, best)) or _by_itself(name, best, groups))
        and not any(_undecided(name, taken.value, group[0].value) for group in groups.values() if group is not best)
        and not any(field.engine is Engine.TEXTO for group in groups.values() if group is not best for field in group)
    )
    confidence = max(field.confidence for field in best)
    if others and not proven:
        confidence = min(confidence, 0.5)  # two readings that differ: neither may pass for sure
    return replace(taken, proven=proven, confidence=confidence, rivals=others)


_NAMES = frozenset({"holder", "agent"})
_CLEAR = 0.88
"""Mean confidence from which an engine has read a name clearly.  Of printed names nearly all are, in photos too; of
names written by hand few: there two engines take the same stroke for the same wrong letter."""
_CLEAR_SHAPES = 0.75
"""Mean of two engines' confidences from which they have told apart what looks alike (measured: of the numbers that both
misread alike all had less, of those that both read right one in twenty)."""


def _clearly_read(name: str, group: Sequence[Field]) -> bool:
    """Whether the agreement of two engines proves a value.

    A name has no form of its own, so each must be sure.  Where a sign of a number could as well be the one that looks
    like it, both must be sure together: what blurs it for one blurs it for the other.
    """
    surest: dict[Engine, float] = {}
    for field in group:
        surest[field.engine] = max(surest.get(field.engine, 0.0), field.confidence)
    best = sorted(surest.values())[-2:]
    if name in _NAMES:
        return best[0] >= _CLEAR
    alike = _LOOKS_ALIKE.get(name)
    return alike is None or not alike.search(group[0].value.upper()) or fmean(best) >= _CLEAR_SHAPES


_LOOKS_ALIKE = {
    "serial": re.compile(r"[0-9A-Z]{4}.*[80BDOQ5S2Z6G1I]"),  # a vendor's letters or digits begin it
    "mac": re.compile(r"[80BD]"),
    "number": re.compile(r"[OQDIZSGB](?=\d)|(?<=[A-Z])[012568]"),  # where its letters end and its digits begin
}
"""Signs whose look-alike would be as well formed where they stand."""


def _undecided(name: str, value: str, other: str) -> bool:
    """Whether another reading differs in nothing but what shapes cannot decide (0/O, 8/B …), or holds more at an end.

    Not where the form of the value decides and that of the other does not.
    """
    if name not in {"serial", "mac", "number", "service_number"}:
        return False
    one, two = folded(value), folded(other)
    alike = one == two and _well_formed(name, value) <= _well_formed(name, other)
    before = two[: len(two) - len(one)] if len(two) > len(one) and two.endswith(one) else ""
    return alike or (len(two) > len(one) and two.startswith(one)) or re.search(r"\d", before) is not None


def _by_itself(name: str, best: Sequence[Field], groups: dict[str, list[Field]]) -> bool:
    return any(field.proven for field in best) and not _rivalled(name, best, groups)


def _rank(
    name: str, group: Sequence[Field], elsewhere: Collection[str]
) -> tuple[bool, int, int, bool, int, int, float, int]:
    """What may be somebody else's goes last.

    Of two looks of one engine the surer one goes before, then the longer: it is less likely cut off.  Between engines
    confidence says nothing.
    """
    value = group[0].value
    return (
        not all(field.rule.startswith(LOOSE) for field in group),
        len({field.engine for field in group}),
        _well_formed(name, value),
        alike_as(name)(value) in elsewhere,
        max(_TRUST.get(field.engine, 0) for field in group),
        -_odd_letters(value) if name == "number" else 0,
        max(field.confidence for field in group),
        len(value),
    )


def _odd_letters(value: str) -> int:
    """How many letters that look like digits stand among nothing but digits: the O of "O132468"."""
    bare = re.sub(r"\W", "", value)
    odd = sum(c in "OQILSZBG" for c in bare)
    return odd if odd + sum(map(str.isdigit, bare)) == len(bare) else 0


def _rivalled(name: str, best: Sequence[Field], groups: dict[str, list[Field]]) -> bool:
    """Whether another reading is as well formed as the one that was taken."""
    mine = _well_formed(name, best[0].value)
    return any(_well_formed(name, group[0].value) >= mine for group in groups.values() if group is not best)


def _well_formed(name: str, value: str) -> int:
    """1 where the form of a value speaks for it: a check digit, a vendor's letters."""
    if name == "id_number":
        number = read_id(value)
        return int(number is not None and number.check is IdCheck.OK)
    if name == "serial":
        return int(is_pon_serial(value))
    return 0


def _names(name: str, text: str, field: Field) -> bool:
    """Whether a bar code holds this value, or one that could be it."""
    match name:
        case "serial":
            return same_serial(text, field.value) is not Likeness.DIFFERENT
        case "mac":
            return bool(canonical_mac(text)) and same_serial(text, field.value) is not Likeness.DIFFERENT
        case "number" | "id_number" | "service_number":
            return squeezed(text) == squeezed(field.value)
        case _:
            return False


def _by_code(name: str, field: Field, code: Word) -> Field:
    value = canonical_mac(code.text) if name == "mac" else code.text.upper() if name == "serial" else field.value
    return replace(field, value=value, raw=code.text, box=code.box, confidence=1.0, engine=Engine.CODIGO, rule="código")


def one_place(one: Box | None, two: Box | None) -> bool:
    """Whether two readings stand in the same place: on one line, over one another for a good part."""
    if one is None or two is None:
        return False
    high = min(one.y1, two.y1) - max(one.y0, two.y0)
    wide = min(one.x1, two.x1) - max(one.x0, two.x0)
    return high > 0.4 * min(one.y1 - one.y0, two.y1 - two.y0) and wide > 0.4 * min(one.x1 - one.x0, two.x1 - two.x0)


def unproven(fields: Iterable[Field | None]) -> list[Field]:
    """Those that only one engine has read."""
    return [field for field in fields if field is not None and not field.proven]
