"""Column maps: `rules/columns/*.toml` as values.  Which heading is which column, coming in and going out.

Pure.  A map is checked when the rule book is loaded: every column that we read has a heading, and no heading or
word means two things.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from evidence_daemon.model import ChargeState, Direction, Line, LineResult


class _Map(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


@lru_cache(maxsize=4096)  # a list repeats its words in every row
def plain_heading(text: str) -> str:
    """A heading or a word of a cell as it is compared: letters and digits only, without accents or case.

    >>> plain_heading("Línea de_negocio ")
    'LINEADENEGOCIO'
    """
    bare = unicodedata.normalize("NFKD", text).upper()
    return "".join(c for c in bare if c.isalnum())


def _one_meaning(table: str, groups: Iterable[Iterable[str]]) -> None:
    seen: set[str] = set()
    for group in groups:
        plain = {plain_heading(word) for word in group}
        if twice := seen & plain:
            raise ValueError(f"[{table}] means two things by: {', '.join(sorted(twice))}")
        seen |= plain


def _all_named(named: Collection[StrEnum], known: type[StrEnum]) -> None:
    missing = [column.value for column in known if column not in named]
    if missing:
        raise ValueError(f"[columns] names no heading for: {', '.join(missing)}")


# ── in: the list of cases ────────────────────────────────────────────────────────────────────────


class CaseColumn(StrEnum):
    """What a column of the case list may hold."""

    ID_NUMBER = "id_number"
    HOLDER = "holder"
    LINE = "line"
    SERVICE_NUMBER = "service_number"
    ACTIVATED_ON = "activated_on"
    WITHDRAWN_ON = "withdrawn_on"
    PROVINCE = "province"
    EMAIL = "email"
    PHONES = "phones"
    CLAIM_OPEN = "claim_open"
    IN_COLLECTION = "in_collection"
    EQUIPMENT_TYPE = "equipment_type"
    DESCRIPTION = "description"
    SERIAL = "serial"
    MAC = "mac"
    ITEM_REFERENCE = "item_reference"
    CHARGE_STATE = "charge_state"
    CONCEPT = "concept"
    BASE = "base"
    TAX = "tax"
    TOTAL = "total"
    VAT_RATE = "vat_rate"
    PAID = "paid"
    INVOICE = "invoice"
    CHARGE_REFERENCE = "charge_reference"


class Flags(_Map):
    """Words that mean yes and no."""

    yes: tuple[str, ...]
    no: tuple[str, ...]


class CaseColumns(_Map):
    """`columns/cases.toml`: headings of the case list, and words in its cells."""

    columns: Mapping[CaseColumn, tuple[str, ...]]
    lines: Mapping[Line, tuple[str, ...]]
    charge_states: Mapping[ChargeState, tuple[str, ...]]
    flags: Flags

    @model_validator(mode="after")
    def _unambiguous(self) -> Self:
        _all_named({column for column, names in self.columns.items() if names}, CaseColumn)
        _one_meaning("columns", self.columns.values())
        _one_meaning("lines", self.lines.values())
        _one_meaning("charge_states", self.charge_states.values())
        _one_meaning("flags", [self.flags.yes, self.flags.no])
        return self


# ── in: the return register ──────────────────────────────────────────────────────────────────────


class RegisterColumn(StrEnum):
    """What a column of the return register may hold."""

    ACTA = "acta"
    OFFICE = "office"
    DAY = "day"
    SERIALS = "serials"
    MAC = "mac"
    DIRECTION = "direction"


class RegisterColumns(_Map):
    """`columns/register.toml`: headings of the return register, and words that tell who gave to whom."""

    columns: Mapping[RegisterColumn, tuple[str, ...]]
    directions: Mapping[Direction, tuple[str, ...]]

    @model_validator(mode="after")
    def _unambiguous(self) -> Self:
        _all_named({column for column, names in self.columns.items() if names}, RegisterColumn)
        _one_meaning("columns", self.columns.values())
        _one_meaning("directions", self.directions.values())
        return self


# ── in: what billing answers ─────────────────────────────────────────────────────────────────────


class ResponseColumn(StrEnum):
    """What a column of billing's answer to a batch may hold."""

    BATCH = "batch"
    ENTRY = "entry"
    RESULT = "result"
    REASON = "reason"
    NOTE_NUMBER = "note_number"
    NOTE_DATE = "note_date"
    NOTE_KEY = "note_key"
    AMOUNT = "amount"


class ResponseColumns(_Map):
    """`columns/responses.toml`: headings of billing's answer, and words for applied and failed."""

    columns: Mapping[ResponseColumn, tuple[str, ...]]
    results: Mapping[LineResult, tuple[str, ...]]

    @model_validator(mode="after")
    def _unambiguous(self) -> Self:
        _all_named({column for column, names in self.columns.items() if names}, ResponseColumn)
        _one_meaning("columns", self.columns.values())
        _one_meaning("results", self.results.values())
        for result in (LineResult.APLICADO, LineResult.FALLIDO):
            if not self.results.get(result):
                raise ValueError(f"[results] has no word for {result.value}")
        return self


# ── out ──────────────────────────────────────────────────────────────────────────────────────────


class ReversalValue(StrEnum):
    """What a column of the reversals file may hold; `amount` is what the ledger reverses, in USD."""

    BATCH = "batch"
    ORDINAL = "ordinal"
    ENTRY = "entry"
    DATE = "date"
    OPERATION = "operation"
    CASE = "case"
    ID_NUMBER = "id_number"
    HOLDER = "holder"
    LINE = "line"
    SERVICE_NUMBER = "service_number"
    EQUIPMENT_TYPE = "equipment_type"
    DESCRIPTION = "description"
    SERIAL = "serial"
    CHARGE = "charge"
    CHARGE_REFERENCE = "charge_reference"
    CONCEPT = "concept"
    INVOICE = "invoice"
    BASE = "base"
    TAX = "tax"
    VAT_RATE = "vat_rate"
    TOTAL = "total"
    AMOUNT = "amount"
    RECEIPT = "receipt"
    RULE = "rule"
    CHOICE = "choice"
    """In the list of refunds: what was decided."""
    DECIDED_BY = "decided_by"
    APPROVED_BY = "approved_by"


class OutgoingForm(_Map):
    """How a file that goes out is written."""

    separator: Literal[";", ",", "\t"]
    encoding: Literal["utf-8-sig", "utf-8", "cp1252"]
    decimal: Literal[".", ","]


class OutgoingColumn(_Map):
    """One column of a file that goes out."""

    heading: str = Field(min_length=1)
    value: ReversalValue


class OutgoingColumns(_Map):
    """`columns/reversals.toml` (for billing) and `columns/refunds.toml` (for the treasury)."""

    file: OutgoingForm
    column: tuple[OutgoingColumn, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _headings_differ(self) -> Self:
        _one_meaning("column", [[column.heading] for column in self.column])
        return self
