"""Words of the field ↔ JSON text, as kept in the tables.

The alternatives of a union may have equal fields (`Reverse`, `Hold` …), so each value is written with its
name under "is".  JSON, never pickle: whoever can write the database must not be able to run code.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter, ValidationError

from evidence_daemon.errors import Permanent
from evidence_daemon.model import AskMore, Discard, Escalate, Hold, Partial, Reject, Reverse, Verdict

_NAME = "is"

VERDICTS: dict[type[Any], Verdict] = {
    Reverse: Verdict.REVERSE,
    Partial: Verdict.PARTIAL,
    AskMore: Verdict.ASK,
    Reject: Verdict.REJECT,
    Hold: Verdict.HOLD,
    Escalate: Verdict.ESCALATE,
    Discard: Verdict.DISCARD,
}
"""Every kind of `Decision`, with its word."""


_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def to_json(value: object) -> str:
    """A value of `model` as JSON text with its name."""
    kind = type(value)
    body: dict[str, Any] = _adapter(kind).dump_python(value, mode="json")
    return json.dumps({_NAME: kind.__name__, **body}, ensure_ascii=False, separators=(",", ":"))


def from_json(text: str, *kinds: type[Any]) -> Any:
    """The value that `to_json` wrote, one of `kinds`.  Raises `Permanent` when it is none of them."""
    try:
        for kind in kinds:
            head = f'{{"{_NAME}":"{kind.__name__}"'
            if text.startswith(head):  # as `to_json` writes it: nothing needs to be taken out of it
                return _adapter(kind).validate_json("{" + text[len(head) :].removeprefix(","))
        body = json.loads(text)
        name = body.pop(_NAME)
        kind = {kind.__name__: kind for kind in kinds}[name]
        return _adapter(kind).validate_python(body)
    except (ValueError, TypeError, KeyError, AttributeError, ValidationError) as trouble:
        expected = " or ".join(kind.__name__ for kind in kinds)
        raise Permanent(f"a stored row cannot be read as {expected}: {trouble}") from trouble
