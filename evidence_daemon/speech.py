"""What the contact centre says: `rules/speech.toml`, a table from what the caller says and how his case stands.

Pure.  The table is the deck's two speeches and the proposals of the business around them; the first row that fits
decides.  When the book is loaded every combination must find a row, every row must decide its own examples, and the
speeches of the deck must be there; so an agent is never left without a word.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from evidence_daemon.model import Case, CaseState, ChargeState


class Said(StrEnum):
    """What the caller says."""

    DEVOLVIO_CON_ACTA = "devolvio_con_acta"
    DEVOLVIO_SIN_ACTA = "devolvio_sin_acta"
    NO_DEVOLVIO = "no_devolvio"
    PERDIDO = "perdido"
    """Lost, stolen or damaged."""
    NO_ES_SUYO = "no_es_suyo"
    """He never had the service."""
    NO_SABE = "no_sabe"


class Standing(StrEnum):
    """How a case stands, as far as it changes what is said."""

    SIN_CASO = "sin_caso"
    DERIVADO = "derivado"
    """Another department decides: open claim, forced collection, escalated."""
    REGULARIZADO = "regularizado"
    ACREDITADO = "acreditado"
    EN_REVISION = "en_revision"
    PENDIENTE_CLIENTE = "pendiente_cliente"
    PARCIAL = "parcial"
    PAGADO = "pagado"
    ABIERTO = "abierto"
    ANULADO = "anulado"


class Charged(StrEnum):
    """Whether the value was charged."""

    SIN_CARGO = "sin_cargo"
    CARGADO = "cargado"
    PAGADO = "pagado"


_CASE = {
    CaseState.ABIERTO: Standing.ABIERTO,
    CaseState.EN_REVISION: Standing.EN_REVISION,
    CaseState.PENDIENTE_CLIENTE: Standing.PENDIENTE_CLIENTE,
    CaseState.PARCIAL: Standing.PARCIAL,
    CaseState.ACREDITADO: Standing.ACREDITADO,
    CaseState.REGULARIZADO: Standing.REGULARIZADO,
    CaseState.PAGADO: Standing.PAGADO,
    CaseState.ESCALADO: Standing.DERIVADO,
    CaseState.ANULADO: Standing.ANULADO,
}
_ELSEWHERE = frozenset({ChargeState.EN_RECLAMO, ChargeState.EN_COBRO})
_PAID = frozenset(
    {ChargeState.PAGADO, ChargeState.DEVOLUCION_PENDIENTE, ChargeState.DEVUELTO, ChargeState.SALDO_A_FAVOR}
)
_NOT_CHARGED = frozenset({ChargeState.PREVISTO, ChargeState.BLOQUEADO, ChargeState.QUITADO})


def standing_of(case: Case | None) -> Standing:
    """How a case stands; None is a number that names no case."""
    if case is None:
        return Standing.SIN_CASO
    if case.claim_open or case.in_collection or any(charge.state in _ELSEWHERE for charge in case.charges):
        return Standing.DERIVADO
    return _CASE[case.state]


def charged(case: Case | None) -> Charged:
    """Whether anything of a case was charged, or paid."""
    states = {charge.state for charge in case.charges} if case is not None else set()
    if states & _PAID:
        return Charged.PAGADO
    return Charged.CARGADO if states - _NOT_CHARGED else Charged.SIN_CARGO


BLANKS = frozenset({"fecha", "recibo", "motivo", "caso"})
"""What may be filled into a speech."""


class _Book(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(StrEnum):
    """Where a speech comes from."""

    MAZO = "mazo"
    """The company's deck, to the letter: not to be changed."""
    PROPUESTA = "propuesta"
    """Ours, until the company approves it."""


class Speech(_Book):
    """What the agent does and reads.  `headings` and `text` of the deck's are the deck's own words.

    `BLANKS` in braces are filled where they are known.
    """

    title: str
    source: Source = Source.PROPUESTA
    headings: tuple[str, ...] = ()
    text: tuple[str, ...] = Field(min_length=1)
    person: bool = False
    """The call is passed on to a person who may decide."""

    @model_validator(mode="after")
    def _known_blanks(self) -> Self:
        if unknown := {name for text in self.text for name in re.findall(r"\{(.*?)\}", text)} - BLANKS:
            raise ValueError(f"unknown blanks: {', '.join(sorted(unknown))}; known: {', '.join(sorted(BLANKS))}")
        return self

    def read_aloud(self, facts: Mapping[str, str]) -> tuple[str, ...]:
        """The paragraphs with their blanks filled; one whose blank is not known is left out."""
        return tuple(
            re.sub(r"\{(.*?)\}", lambda blank: facts[blank[1]], text)
            for text in self.text
            if all(facts.get(name) for name in re.findall(r"\{(.*?)\}", text))
        )


class Situation(_Book):
    """One combination: an example of a row, or what is asked of the table."""

    said: Said
    standing: Standing
    charged: Charged = Charged.SIN_CARGO
    before_limit: bool = False


class Row(_Book):
    """Fits when all that it names fits; what it does not name may be anything.  `mind` is for the agent's eyes."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    said: frozenset[Said] = frozenset()
    standing: frozenset[Standing] = frozenset()
    charged: frozenset[Charged] = frozenset()
    before_limit: bool | None = None
    speech: str
    mind: str = ""
    examples: tuple[Situation, ...] = Field(min_length=1)

    def fits(self, here: Situation) -> bool:
        """Whether this row speaks of that situation."""
        return (
            (not self.said or here.said in self.said)
            and (not self.standing or here.standing in self.standing)
            and (not self.charged or here.charged in self.charged)
            and (self.before_limit is None or here.before_limit is self.before_limit)
        )


class SpeechBook(_Book):
    """The speeches by name, and the table that chooses one."""

    limit: date
    """The last day on which returning the equipment kept the value from being charged."""
    speech: Mapping[str, Speech]
    row: tuple[Row, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        faults = []
        if unknown := {row.speech for row in self.row} - set(self.speech):
            faults.append(f"rows name speeches that are not there: {', '.join(sorted(unknown))}")
        if unused := set(self.speech) - {row.speech for row in self.row}:
            faults.append(f"no row leads to: {', '.join(sorted(unused))}")
        if len({row.name for row in self.row}) < len(self.row):
            faults.append("two rows have the same name")
        for row in self.row:
            faults += [
                f"row {row.name}: its example is decided by {found.name if (found := self.row_for(one)) else 'no row'}"
                for one in row.examples
                if self.row_for(one) is not row
            ]
        for said, standing, value, before in itertools.product(Said, Standing, Charged, (True, False)):
            here = Situation(said=said, standing=standing, charged=value, before_limit=before)
            if self.row_for(here) is None:
                faults.append(f"no row for {said.value}, {standing.value}, {value.value}")
                break
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def row_for(self, here: Situation) -> Row | None:
        """The first row that fits."""
        return next((row for row in self.row if row.fits(here)), None)

    def advise(self, said: Said, case: Case | None, today: date) -> tuple[Row, Speech]:
        """What is said to somebody who says that about this case."""
        here = Situation(said=said, standing=standing_of(case), charged=charged(case), before_limit=today <= self.limit)
        row = self.row_for(here)
        assert row is not None, "the book was checked when it was loaded"  # noqa: S101
        return row, self.speech[row.speech]
