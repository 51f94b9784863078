"""Case lists, houses and drivers to test campaigns with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from living import Living, living

from evidence_daemon.exchange import import_cases
from evidence_daemon.model import AttemptId, CaseId, Channel
from evidence_daemon.outreach.campaign import Campaigns
from evidence_daemon.outreach.channel import Accepted, Message, NeverSeen, Report, Sent
from evidence_daemon.outreach.contact import Contacts
from evidence_daemon.outreach.dry_run import DryRun
from evidence_daemon.outreach.engine import Engine
from evidence_daemon.outreach.ivr import Ivr, Line
from evidence_daemon.outreach.prompts import prompt
from evidence_daemon.outreach.schedule import Lane
from evidence_daemon.store import outreach
from evidence_daemon.store.database import open_database
from evidence_daemon.store.outreach import Attempt, Campaign
from evidence_daemon.workdays import NATIONAL

NAME = "recuperacion-equipos"
_HEADINGS = (
    "CEDULA_RUC;TITULAR;LINEA_NEGOCIO;NUMERO_SERVICIO;FECHA_RETIRO;PROVINCIA;TELEFONOS;RECLAMO_ABIERTO;COACTIVA;"
    "TIPO_EQUIPO;SERIE;ESTADO_CARGO;CONCEPTO;BASE;IVA;TOTAL;TARIFA_IVA;FACTURA"
)


@dataclass
class Owed:
    """One case of a list; `number` makes service, serial and invoice its own."""

    number: int
    id_number: str = ""
    holder: str = "GOYES BALSECA JUAN CARLOS"
    line: str = "INTERNET FIJO"
    withdrawn: str = "10-5-2020"
    province: str = "Pichincha"
    phones: str = "-"
    charge: str = "FACTURADO"
    claim: bool = False

    def row(self) -> str:
        phones = f"09870{self.number:05d}" if self.phones == "-" else self.phones
        return ";".join(
            (
                self.id_number or f"P{self.number:07d}", self.holder, self.line, f"4{self.number:07d}", self.withdrawn,
                self.province, phones, "SI" if self.claim else "NO", "NO", "ONT", f"HWTC{self.number:08X}", self.charge,
                "ONT NO DEVUELTO", "90,00", "10,80", "100,80", "12",
                "" if self.charge == "PREVISTO" else f"001-002-{self.number:09d}",
            )
        )  # fmt: skip


@dataclass
class Field:
    """A living house with a list and what campaigns need; its clock is `one.now`."""

    one: Living
    contacts: Contacts
    acts: Campaigns

    def planned(
        self,
        *,
        deadline: date = date(2021, 3, 31),
        channels: Sequence[Channel] = (),
        rehearsal: bool = False,
        plan_all: bool = True,
    ) -> Campaign:
        """A campaign that two people let go, with its list planned."""
        draft = self.acts.draft(NAME, person="Ana", deadline=deadline, channels=channels, rehearsal=rehearsal)
        if not rehearsal:
            self.acts.approve(draft.id, person="Berta")
            self.acts.start(draft.id, person="Ana")
            while plan_all and self.plan_some(draft.id):
                pass
        return self.load(draft.id)

    def plan_some(self, number: int) -> int:
        from evidence_daemon.outreach import audience

        with self.one.house.database.session() as session:
            campaign = outreach.load_campaign(session, number)
            return audience.plan_some(session, campaign, self.contacts.calendar, self.one.now[0])

    def load(self, number: int) -> Campaign:
        with self.one.house.database.reading() as session:
            return outreach.load_campaign(session, number)

    def claims(self, channel: Channel = Channel.WHATSAPP, limit: int = 100) -> tuple[Message, ...]:
        """What leaves now; somebody looks after the campaigns, as the engine does each minute."""
        found: list[Message] = []
        with self.one.house.database.session() as session:
            for campaign in outreach.running(session):
                outreach.change_campaign(session, campaign, beat_at=self.one.now[0])
        while True:
            with self.one.house.database.session() as session:
                claimed = self.contacts.claim(session, channel, self.one.now[0], limit - len(found))
            found += claimed.messages
            if not claimed.looked_at or len(found) >= limit:
                return tuple(found)

    def answers(self, name: AttemptId, sent: Sent) -> None:
        with self.one.house.database.session() as session:
            self.contacts.conclude(session, name, sent, self.one.now[0])

    def hears(self, report: Report) -> None:
        with self.one.house.database.session() as session:
            self.contacts.hear(session, report, self.one.now[0])

    def attempt(self, name: AttemptId) -> Attempt:
        with self.one.house.database.reading() as session:
            found = outreach.attempt(session, name)
        assert found is not None
        return found

    def attempts(self, campaign: int) -> list[Attempt]:
        with self.one.house.database.reading() as session:
            return list(outreach.attempts_of_campaign(session, campaign))

    def of_case(self, number: int) -> list[Attempt]:
        """The attempts about the list's `number`-th case (from 1)."""
        with self.one.house.database.reading() as session:
            return outreach.attempts_of_case(session, CaseId(number))


LANES = {Channel.IVR: Lane(20, 10), Channel.WHATSAPP: Lane(20, 20)}


@contextmanager
def campaigning(
    directory: Path, *owed: Owed, lanes: Mapping[Channel, Lane] = LANES, **options: object
) -> Iterator[Field]:
    """A house on 17 March 2021, 10:00, with a list."""
    with living(directory, cases=False, **options) as one:
        path = directory / "list.csv"
        path.write_text("\n".join([_HEADINGS, *(case.row() for case in owed)]) + "\n", "utf-8")
        assert import_cases(one.house.database, path, one.house.book).new == len({case.number for case in owed})
        house = one.house
        contacts = Contacts(house.pipeline.calendar, lanes)
        acts = Campaigns(house.database, house.book, house.pipeline.clock, house.pipeline.calendar, lanes)
        yield Field(one, contacts, acts)


@dataclass
class Recorder:
    """A driver that counts what it was given, and answers as it is told to."""

    channel: Channel
    answer: Callable[[Message], Sent] = lambda message: Accepted(f"p-{message.attempt}")
    report: Callable[[Message], Report | None] = lambda _message: None
    clock: Callable[[], datetime] | None = None
    given: list[Message] = field(default_factory=list)
    ended: list[AttemptId] = field(default_factory=list)

    async def open(self) -> None:
        self._told: asyncio.Queue[Report | None] = asyncio.Queue()

    async def close(self) -> None:
        self._told.put_nowait(None)

    async def send(self, message: Message) -> Sent:
        self.given.append(message)
        if (report := self.report(message)) is not None:
            self._told.put_nowait(report)
        return self.answer(message)

    async def hang_up(self, attempt: AttemptId) -> bool:
        self.ended.append(attempt)
        return True

    async def reports(self) -> AsyncIterator[Report]:
        while (report := await self._told.get()) is not None:
            yield report

    async def recall(self, attempts: Sequence[AttemptId], since: datetime) -> Mapping[AttemptId, Report | NeverSeen]:
        return {}


def send_until_killed(state: Path, path: Path) -> None:
    """A process of its own that sends what is planned, by the driver that only writes lines."""
    lanes = {channel: Lane(100, 1000) for channel in Channel}
    drivers = {Channel.WHATSAPP: DryRun(Channel.WHATSAPP, path, _at_half_past_ten)}
    contacts = Contacts(NATIONAL, lanes)
    Engine(open_database("", state), contacts, drivers, _at_half_past_ten, state).run()


def _at_half_past_ten() -> datetime:
    return datetime(2021, 3, 17, 15, 30, tzinfo=UTC)


def call_until_killed(state: Path, lab: tuple[int, str, Path, Path]) -> None:
    """The same with real calls on the laboratory's exchange: port, secret, sounds, CDR."""
    port, secret, sounds, cdr = lab

    def sound(_text: str) -> tuple[str, float]:
        made = prompt("CNT informa.", sounds)
        return str(made.path.with_suffix("")), made.seconds

    line = Line("127.0.0.1", port, "dialer", secret, ring_seconds=2, cdr=cdr)
    lanes = {channel: Lane(20, 100) for channel in Channel}
    contacts = Contacts(NATIONAL, lanes)
    Engine(open_database("", state), contacts, {Channel.IVR: Ivr(line, sound)}, _at_half_past_ten, state).run()
