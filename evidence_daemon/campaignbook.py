"""What a campaign says, to whom, when and how often: `rules/campaigns/*.toml`.

Pure.  The texts are the company's, to the letter; what varies stands in braces.  A book that would reach people
outside the law's hours, or that puts personal data into a voice, is refused when it is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time
from enum import StrEnum
from functools import cached_property
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from evidence_daemon.model import Channel, Segment


class _Book(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Variable(StrEnum):
    """What may stand in braces."""

    NOMBRE = "nombre"
    """The holder's first given name."""
    SERVICIO = "servicio"
    NUMERO_SERVICIO = "numero_servicio"
    RETIRO = "retiro"
    """The day on which the service was given up, d-m-yyyy without padding."""
    LIMITE = "limite"
    """The campaign's last day, in words; the same for everybody."""


PERSONAL = frozenset(Variable) - {Variable.LIMITE}
"""Variables that tell of one person: never in a call, which anybody may answer."""

LAW_OPENS, LAW_CLOSES = time(7), time(20)
"""Ley Orgánica de Defensa del Consumidor, art. 49 (reform of February 2022)."""

_BRACES = re.compile(r"\{([^{}]*)\}")


class Script(_Book):
    """One text on one channel for one segment.  `example` is the deck's own sentence, which `text` must give."""

    channel: Channel
    segment: Segment
    text: str = Field(min_length=20)
    example: str
    listen_first: bool = False
    """A call: find out whether a machine answers, and say nothing to one."""
    template: str = Field("", pattern=r"^[a-z0-9_]{0,512}$")
    """A message: name of the template that the provider approved."""
    language: str = "es"
    ttl_seconds: int = Field(0, ge=0, le=43_200)
    """A message: how long the provider tries to deliver it; after that it is not shown any more."""
    buttons: tuple[str, ...] = ()

    @field_validator("text", "example")
    @classmethod
    def _one_block(cls, text: str) -> str:
        return text.strip("\n")

    @model_validator(mode="after")
    def _fit_for_its_channel(self) -> Self:
        known = {variable.value for variable in Variable}
        if unknown := set(_BRACES.findall(self.text)) - known:
            raise ValueError(f"unknown variables: {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
        if self.channel is Channel.IVR and (told := PERSONAL & set(self.variables)):
            raise ValueError(f"a call is answered by anybody: no personal data in voice ({', '.join(sorted(told))})")
        form = "(.+?)".join(re.escape(piece) for piece in re.split(_BRACES.pattern.replace("(", "(?:"), self.text))
        if not re.fullmatch(form, self.example, re.S):
            raise ValueError("the text does not give its example")
        if self.channel is Channel.WHATSAPP and not (self.template and self.ttl_seconds):
            raise ValueError("a message needs the name of its template and ttl_seconds")
        return self

    @cached_property
    def variables(self) -> tuple[Variable, ...]:
        """In the order in which they first stand in the text."""
        return tuple(dict.fromkeys(Variable(name) for name in _BRACES.findall(self.text)))

    def filled(self, values: Mapping[str, str]) -> str:
        """The text with its variables; raises `KeyError` for one without a value: nothing is sent with a hole."""
        return _BRACES.sub(lambda brace: values[brace[1]], self.text)


class Hours(_Book):
    """When people may be reached, in their own time zone, Monday to Friday."""

    opens: time
    closes: time
    noon: time
    local_holidays: Mapping[str, tuple[str, ...]] = {}
    """By province: month-day, each year."""

    @field_validator("local_holidays")
    @classmethod
    def _month_and_day(cls, found: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
        for days in found.values():
            for day in days:
                date.fromisoformat(f"2024-{day}")  # a leap year
        return found

    @model_validator(mode="after")
    def _within_the_law(self) -> Self:
        if self.opens < LAW_OPENS or self.closes > LAW_CLOSES:
            raise ValueError("the law allows 07:00 to 20:00 (Ley de Defensa del Consumidor, art. 49)")
        if not self.opens < self.noon < self.closes:
            raise ValueError("opens < noon < closes")
        return self


class Limits(_Book):
    """How much."""

    contacts: int = Field(ge=1)
    """Of one person, and of one telephone, over all campaigns …"""
    days: int = Field(ge=1, le=366)
    """… in so many days."""
    misfire_hours: int = Field(ge=1)
    undelivered_hours: int = Field(ge=1)
    network_share: float = Field(gt=0, le=1)


class SegmentPolicy(_Book):
    """How one segment is reached: the first of its channels that it can be, the others after a final result."""

    channels: tuple[Channel, ...] = Field(min_length=1)


class After(_Book):
    """What follows a result that did not reach the person."""

    tries: int = Field(1, ge=1, le=5)
    """On this channel, in all."""
    wait: Literal["minutes", "next_day", "other_half", "a_day"] = "next_day"
    then: Literal["give_up", "other_channel", "next_phone"] = "give_up"


class Slip(_Book):
    """A spelling that `lint` points at."""

    pattern: str
    because: str

    @field_validator("pattern")
    @classmethod
    def _is_a_pattern(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as bad:
            raise ValueError(f"not a regular expression: {bad}") from None
        return pattern


class Replies(_Book):
    """What a customer reads who answers a message; empty: nothing.  {mailbox} and {receipt} may stand in them."""

    words: str = ""
    """To words, or to a button such as «Ya entregué»."""
    evidence: str = ""
    """To a photo or a document."""

    @field_validator("words", "evidence")
    @classmethod
    def _only_known_braces(cls, text: str) -> str:
        if unknown := set(_BRACES.findall(text)) - {"mailbox", "receipt"}:
            raise ValueError(f"unknown in braces: {', '.join(sorted(unknown))}; known: mailbox, receipt")
        return " ".join(text.split())


class CampaignBook(_Book):
    """One campaign as the business wrote it; a campaign that runs is planned from it."""

    name: str
    legal_basis: str = Field(min_length=10)
    starts: date
    deadline: date
    mailbox: str
    url_hosts: frozenset[str]
    opt_out: tuple[str, ...]
    hours: Hours
    limits: Limits
    segments: Mapping[Segment, SegmentPolicy] = Field(min_length=1)
    after: Mapping[str, After]
    scripts: Mapping[str, Script] = Field(min_length=1)
    slips: tuple[Slip, ...] = ()
    replies: Replies = Replies()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        faults = []
        if self.deadline <= self.starts:
            faults.append("deadline must come after starts")
        for quiet in (Segment.CARGADO_PAGADO, Segment.CARGADO_CON_RECLAMO):
            if quiet in self.segments:
                faults.append(f"{quiet}: who paid or has a claim open is not reached by any campaign")
        for segment, policy in self.segments.items():
            for channel in policy.channels:
                found = [key for key, one in self.scripts.items() if (one.segment, one.channel) == (segment, channel)]
                if len(found) != 1:
                    faults.append(f"{segment} by {channel} needs exactly one script, found {len(found)}")
        faults += [
            f"scripts.{key}: a name is lower case" for key in self.scripts if not re.fullmatch(r"[a-z0-9-]+", key)
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def script_for(self, segment: Segment, channel: Channel) -> str | None:
        """The key of the script for a segment on a channel."""
        return next(
            (key for key, one in self.scripts.items() if (one.segment, one.channel) == (segment, channel)), None
        )
