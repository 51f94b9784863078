"""Values that were misread, written anew by a person: what may stand in their place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from evidence_daemon.documents.corrections import SUBJECT, values_of
from evidence_daemon.errors import BadInput
from evidence_daemon.model import Evidence


def changes(evidence: Evidence, values: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """What really changes: path → (before, after).  Raises `BadInput` for a value that cannot be one."""
    read = values_of(evidence.papers)
    before = {path: field.value if field is not None else "" for path, field in read.items()}
    before[SUBJECT] = evidence.subject.text
    found = {}
    for path, typed in values.items():
        if path not in before:
            raise BadInput(f"{path}: no hay un valor así en estos papeles")
        after = _canonical(path, " ".join(typed.split()))
        if after != before[path]:
            found[path] = (before[path], after)
    return found


def _canonical(path: str, typed: str) -> str:
    if len(typed) > 300:
        raise BadInput("el valor es demasiado largo")
    kind = path.rpartition(".")[2]
    if kind == "date" and typed:
        try:
            return date.fromisoformat(typed).isoformat()
        except ValueError:
            raise BadInput("la fecha se escribe año-mes-día, por ejemplo 2021-03-08") from None
    if kind in {"serial", "mac", "id_number", "service_number"}:
        return "".join(c for c in typed.upper() if c.isalnum() or c in ":-")
    return typed
