"""What the campaign engine and the drivers of its channels promise each other.

The engine commits an attempt as ENVIANDO before it calls `send`; whatever a driver answers is the only thing it may
conclude from.  A driver never repeats a message by itself, knows nothing of cases, and reports what it hears later
by the attempt's own name.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from evidence_daemon.model import AttemptId, Channel, ContactState


@dataclass(frozen=True, slots=True)
class Message:
    """One attempt, as a driver needs it."""

    attempt: AttemptId
    phone: str
    """E.164, e.g. +593987654321."""
    script: str
    """Key of the script in the campaign's book; the driver knows its template or sound file by it."""
    text: str
    """As the customer reads or hears it."""
    values: Mapping[str, str] = field(default_factory=dict)
    """Variables in the order of the script; empty for calls: no personal data in voice."""
    template: str = ""
    """A message: name of the template that the provider approved, as the campaign froze it …"""
    language: str = ""
    """… and its language."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has it."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A final no to this one message, from before anybody could have seen or heard it."""

    code: str
    because: str
    """In Spanish, for staff."""
    suppress: bool = False
    """The person asked not to be reached here again."""
    phone_is_wrong: bool = False
    result: str = ""
    """One word for what follows, e.g. SIN_WHATSAPP; the code when empty."""


@dataclass(frozen=True, slots=True)
class Throttled:
    """Not now: the provider asks for a slower pace; this message was certainly not taken."""

    code: str
    seconds: float
    """To wait before the next message on this channel."""
    again: float = 0.0
    """To wait before this message itself is handed over again; at least `seconds`."""
    alone: bool = False
    """Only this message waits (its customer's turn, the provider's own trouble); the channel keeps its pace."""


@dataclass(frozen=True, slots=True)
class Halted:
    """The channel or the script cannot be used until a person acts; this message was certainly not taken."""

    code: str
    because: str
    script_only: bool = False
    """Only this script is stopped; others may go on."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The answer never came: it may have been taken."""

    because: str


Sent = Accepted | Refused | Throttled | Halted | Lost


@dataclass(frozen=True, slots=True)
class Report:
    """What became of an attempt, told later (a status webhook, a call event).  May come twice, late, out of order."""

    attempt: AttemptId
    event: str
    """Unique name of the event at its source: a second report of the same event changes nothing."""
    at: datetime
    state: ContactState
    result: str = ""
    """One word finer than the state, e.g. ESCUCHADO, PARCIAL, NUMERO_INVALIDO, RED."""
    code: str = ""
    """The provider's own code: Q.850 cause, Cloud API error."""
    because: str = ""
    seconds: float = 0.0
    """Of speech that were heard."""
    rang: bool = True
    """False where nobody can have noticed anything: the day's one contact is not spent."""
    phone_is_wrong: bool = False
    suppress: bool = False
    """The person asked not to be reached here again (key 9, BAJA)."""
    here_only: bool = False
    """… on this channel alone; the others may go on."""
    provider_id: str = ""
    """The provider's own name of the message, where the report tells it."""
    slower: bool = False
    """It also tells that the provider asks for a slower pace on this channel."""
    halt: Halted | None = None
    """It also tells that the channel or the script cannot be used until a person acts."""


@dataclass(frozen=True, slots=True)
class NeverSeen:
    """The provider provably never had this attempt: it may be made again."""


class Driver(Protocol):
    """One channel."""

    channel: Channel

    async def open(self) -> None:
        """Connect; raises Temporary when the provider cannot be reached, BadConfig for a wrong setting."""

    async def close(self) -> None:
        """Let go; live calls play on."""

    async def send(self, message: Message) -> Sent:
        """Hand one message over, once.  Never raises for the provider's sake."""

    async def hang_up(self, attempt: AttemptId) -> bool:
        """End a live call at once; False where there is none, or nothing can be called back (a message)."""

    def reports(self) -> AsyncIterator[Report]:
        """What is heard, as it comes, until the driver is closed."""

    async def recall(self, attempts: Sequence[AttemptId], since: datetime) -> Mapping[AttemptId, Report | NeverSeen]:
        """After a crash: what the provider knows of attempts that were claimed since then.

        Attempts missing from the answer stay unknown.
        """
