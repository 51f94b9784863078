"""What a person wrote anew where a paper was misread, laid over what was read.

A corrected value is a reviewer's word: certain, proven, and named as his (`Engine.PERSONA`, rule = the person), at
the place on the page where the wrong one was read.  An empty value takes the field away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from evidence_daemon.model import Engine, EquipmentLine, Field, Fields

SUBJECT = "asunto"
"""The one correction that is of the mail, not of a paper."""
NAMES = ("number", "date", "office", "holder", "id_number", "service_number", "agent")
"""Fields of a paper that can be written anew; of its equipment `serial` and `mac`."""


def with_corrections(papers: Sequence[Fields], values: Mapping[str, tuple[str, str]]) -> tuple[Fields, ...]:
    """The papers with corrected values: "0.id_number" → (new value, actor), "0.equipment.1.serial" → … .

    A path that leads nowhere (the paper was read anew meanwhile) changes nothing.
    """
    return tuple(_paper(paper, f"{number}.", values) for number, paper in enumerate(papers))


def values_of(papers: Sequence[Fields]) -> dict[str, Field | None]:
    """Every value of the papers that can be corrected, by its path; None where nothing was read."""
    found: dict[str, Field | None] = {}
    for number, paper in enumerate(papers):
        found |= {f"{number}.{name}": getattr(paper, name) for name in NAMES}
        for row, line in enumerate(paper.equipment):
            found |= {f"{number}.equipment.{row}.serial": line.serial, f"{number}.equipment.{row}.mac": line.mac}
    return found


def _paper(paper: Fields, prefix: str, values: Mapping[str, tuple[str, str]]) -> Fields:
    changes: dict[str, object] = {
        name: _field(getattr(paper, name), *values[prefix + name]) for name in NAMES if prefix + name in values
    }
    equipment = tuple(_line(line, f"{prefix}equipment.{row}.", values) for row, line in enumerate(paper.equipment))
    if equipment != paper.equipment:
        changes["equipment"] = equipment
    return replace(paper, **changes) if changes else paper  # type: ignore[arg-type]


def _line(line: EquipmentLine, prefix: str, values: Mapping[str, tuple[str, str]]) -> EquipmentLine:
    changes = {
        name: _field(getattr(line, name), *values[prefix + name])
        for name in ("serial", "mac")
        if prefix + name in values
    }
    return replace(line, **changes) if changes else line  # type: ignore[arg-type]


def _field(read: Field | None, value: str, actor: str) -> Field | None:
    if not value:
        return None
    return Field(
        value=value,
        raw=value,
        page=read.page if read is not None else 1,
        box=read.box if read is not None else None,
        confidence=1.0,
        engine=Engine.PERSONA,
        rule=actor,
        proven=True,
    )
