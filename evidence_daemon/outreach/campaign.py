"""What people do with campaigns: draft, look, approve (another person), start, pause, resume, cancel, leave alone.

Each act is one transaction with its person in the audit trail.  A draft freezes everything that will be said, to whom
and when; the approval is bound to the hash of that, and any change asks for a new one.
"""

from __future__ import annotations

import csv
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

import phonenumbers

from evidence_daemon.campaignbook import CampaignBook
from evidence_daemon.errors import BadFile, BadInput, RefusedTransition
from evidence_daemon.model import DAEMON, AttemptId, CampaignState, CaseId, Channel, ContactState, Segment
from evidence_daemon.outreach import audience, report, schedule, script
from evidence_daemon.outreach.audience import Plan, Preview, Stricter
from evidence_daemon.outreach.channel import Message, Sent
from evidence_daemon.outreach.report import LawCheck
from evidence_daemon.outreach.schedule import Lane
from evidence_daemon.rulebook import RuleBook
from evidence_daemon.store import audit, outreach, progress, reach, silence
from evidence_daemon.store.database import Database, Session
from evidence_daemon.store.outreach import Attempt, Campaign
from evidence_daemon.store.progress import Funnel
from evidence_daemon.store.silence import Suppression
from evidence_daemon.workdays import ECUADOR, Calendar

_C = CampaignState
_AS_THE_BOOK = Stricter()
_NOT_APPROVED = {"state": _C.BORRADOR, "approved_by": "", "approved_at": None, "approved_hash": ""}


@dataclass(frozen=True)
class Standing:
    """How a campaign stands."""

    campaign: Campaign
    counts: Mapping[tuple[Channel, ContactState], int]
    funnel: Funnel
    stopped: Mapping[tuple[str, str], str]
    """(channel, script or "") → why nothing leaves there."""
    next_at: datetime | None
    """When the next planned attempt may be made."""


@dataclass(frozen=True)
class Campaigns:
    """The acts.  Each raises `BadInput` for what cannot be asked, `RefusedTransition` when somebody was faster.

    `sound` gives the SHA-256 of the file that a call with a text plays; None where there are no calls.  `templates`
    tells what keeps a plan's messages from leaving; None where no provider is asked.
    """

    database: Database
    book: RuleBook
    clock: Callable[[], datetime]
    calendar: Calendar
    lanes: Mapping[Channel, Lane]
    sound: Callable[[str], str] | None = None
    templates: Callable[[Session, Plan], Sequence[str]] | None = None

    # ── before it runs ───────────────────────────────────────────────────────────────────────────

    def draft(
        self,
        name: str,
        *,
        person: str,
        deadline: date | None = None,
        starts: date | None = None,
        segments: Sequence[Segment] = (),
        channels: Sequence[Channel] = (),
        stricter: Stricter = _AS_THE_BOOK,
        rehearsal: bool = False,
        submit: bool = True,
    ) -> Campaign:
        """A new draft from the rule book's campaign `name`, which is also what it is called.

        `submit` lays it before a second person at once; else its author still writes on it.
        """
        author, now = actor(person), self.clock()
        plan = self.plan_of(name, deadline=deadline, segments=segments, channels=channels, stricter=stricter)
        starts_at = self._first_moment(plan, starts, now)

        def work(session: Session) -> Campaign:
            found = outreach.add_campaign(
                session,
                wire=secrets.token_hex(4),
                name=name,
                rehearsal=rehearsal,
                plan=plan.model_dump_json(),
                author=author,
                starts_at=starts_at,
                now=now,
                submitted=submit,
            )
            return self._noted(session, found, "campaign drafted", author, {"hash": audience.seal(found.plan)})

        return self.database.transact(work)

    @staticmethod
    def _first_moment(plan: Plan, starts: date | None, now: datetime) -> datetime:
        today = now.astimezone(ECUADOR).date()
        if plan.deadline <= today:
            raise BadInput(f"la fecha límite ({plan.deadline}) ya pasó: indique otra")
        first = starts or max(plan.book.starts, today)
        if first >= plan.deadline:
            raise BadInput("la campaña debe empezar antes de su fecha límite")
        return max(datetime.combine(first, time(), ECUADOR), now)

    def plan_of(
        self,
        name: str,
        *,
        deadline: date | None = None,
        segments: Sequence[Segment] = (),
        channels: Sequence[Channel] = (),
        stricter: Stricter = _AS_THE_BOOK,
    ) -> Plan:
        """What a draft of this campaign would freeze now."""
        book = audience.narrowed(self.rules(name), stricter)
        chosen = tuple(segments) or tuple(book.segments)
        if unknown := set(chosen) - set(book.segments):
            raise BadInput(f"la campaña no tiene textos para {', '.join(sorted(unknown))}")
        ways = tuple(channels) or tuple(dict.fromkeys(one.channel for one in book.scripts.values()))
        last = deadline or book.deadline
        return Plan(
            book=book,
            deadline=last,
            segments=chosen,
            channels=ways,
            more_holidays=tuple(sorted(self.calendar.more)),
            worked_holidays=tuple(sorted(self.calendar.worked)),
            limits=tuple(
                (channel, lane.per_second, lane.at_once, lane.per_day) for channel, lane in self.lanes.items()
            ),
            sounds=self._sounds(book, last) if Channel.IVR in ways else {},
            closed=tuple(sorted(set(stricter.closed))),
            pace=tuple(sorted(stricter.pace)),
        )

    def rules(self, name: str) -> CampaignBook:
        """The book of a campaign."""
        if name not in self.book.campaigns:
            raise BadInput(f"there is no campaign {name!r}; known: {', '.join(self.book.campaigns) or 'none'}")
        return self.book.campaigns[name]

    def _sounds(self, book: CampaignBook, deadline: date) -> dict[str, str]:
        if self.sound is None:
            return {}
        values = script.sample(deadline)
        spoken = {key: one for key, one in book.scripts.items() if one.channel is Channel.IVR}
        return {key: self.sound(script.render(one, values)[0]) for key, one in spoken.items()}

    def preview(self, plan: Plan) -> Preview:
        """Who would be reached now, and why others would not; the numbers add up to the list."""
        with self.database.reading() as session:
            return audience.preview(session, plan, self.clock())

    def lint(self, plan: Plan) -> tuple[script.Finding, ...]:
        """What is noticed in the texts."""
        return script.lint(plan.book, plan.deadline)

    def rehearsal_of(self, number: int, *, person: str) -> Campaign:
        """A rehearsal of exactly what a campaign froze, let go; whoever asked for it runs it, one at a time."""
        who, now = actor(person), self.clock()

        def work(session: Session) -> Campaign:
            if busy := outreach.running(session, rehearsal=True):
                raise BadInput(f"ya hay un ensayo en curso ({busy[0].id}): espere a que termine, o cancélelo")
            campaign = self._load(session, number)
            copy = outreach.add_campaign(
                session,
                wire=secrets.token_hex(4),
                name=campaign.name,
                rehearsal=True,
                plan=campaign.plan,
                author=who,
                starts_at=max(campaign.starts_at, now),
                now=now,
            )
            values = {"started_at": now, "beat_at": now}
            return self._to(session, copy, _C.EN_CURSO, "campaign rehearsed", who, {"of": number}, **values)

        return self.database.transact(work)

    def approve(self, number: int, *, person: str, seen: str = "") -> Campaign:
        """Approve a draft as it is; never by its author.  `seen` is the hash that the person was shown."""
        approver, now = actor(person), self.clock()

        def work(session: Session) -> Campaign:
            campaign = self._load(session, number)
            if approver.lower() == campaign.author.lower():
                raise BadInput("quien redactó la campaña no la aprueba: hace falta otra persona")
            plan, seal = audience.read_plan(campaign.plan), audience.seal(campaign.plan)
            if campaign.submitted_at is None:
                raise BadInput("quien la redacta todavía no la presenta para aprobación")
            if seen and not seal.startswith(seen):
                raise BadInput("la campaña cambió desde que usted la vio")
            if errors := [one for one in script.lint(plan.book, plan.deadline) if one.error]:
                raise BadInput([f"{one.script}: {one.sentence} {one.at}".strip() for one in errors])
            values = {"approved_by": approver, "approved_at": now, "approved_hash": seal}
            return self._to(session, campaign, _C.APROBADA, "campaign approved", approver, {"hash": seal}, **values)

        return self.database.transact(work)

    def submit(self, number: int, *, person: str) -> Campaign:
        """Lay a draft before a second person."""
        return self._laid(number, person, self.clock(), "campaign submitted", {})

    def send_back(self, number: int, *, person: str, because: str) -> Campaign:
        """Give a draft back to its author, with what is to be mended; an approved one too, before it is started."""
        return self._laid(number, person, None, "campaign sent back", {"because": because}, because=because)

    def _laid(
        self,
        number: int,
        person: str,
        at: datetime | None,
        action: str,
        detail: Mapping[str, object],
        because: str = "",
    ) -> Campaign:
        who = actor(person)

        def work(session: Session) -> Campaign:
            campaign = self._load(session, number)
            if campaign.state is not _C.BORRADOR and not (at is None and campaign.state is _C.APROBADA):
                raise BadInput(f"la campaña {number} está {campaign.state}: ya no se presenta ni se devuelve")
            outreach.change_campaign(session, campaign, submitted_at=at, because=because, **_NOT_APPROVED)
            return self._noted(session, self._load(session, number), action, who, detail)

        return self.database.transact(work)

    def change(
        self,
        number: int,
        *,
        person: str,
        deadline: date,
        starts: date | None = None,
        segments: Sequence[Segment] = (),
        channels: Sequence[Channel] = (),
        stricter: Stricter | None = None,
    ) -> Campaign:
        """Take the texts and settings of today, with what is given changed: a draft again, to be approved anew.

        Without `stricter`, the hours and limits stay as strict as they were.
        """
        author, now = actor(person), self.clock()

        def work(session: Session) -> Campaign:
            campaign = self._load(session, number)
            if campaign.state not in (_C.BORRADOR, _C.APROBADA):
                raise BadInput(f"la campaña {number} está {campaign.state}: ya no se cambia")
            old = audience.read_plan(campaign.plan)
            plan = self.plan_of(
                campaign.name,
                deadline=deadline,
                segments=segments or old.segments,
                channels=channels or old.channels,
                stricter=stricter or audience.strictness(old),
            )
            first = self._first_moment(plan, starts or campaign.starts_at.astimezone(ECUADOR).date(), now)
            values = {"plan": plan.model_dump_json(), "author": author, "starts_at": first, "submitted_at": None}
            outreach.change_campaign(session, campaign, **values, **_NOT_APPROVED)
            detail = {"hash": audience.seal(plan.model_dump_json())}
            return self._noted(session, self._load(session, number), "campaign changed", author, detail)

        return self.database.transact(work)

    # ── while it runs ────────────────────────────────────────────────────────────────────────────

    def start(self, number: int, *, person: str) -> Campaign:
        """Let an approved campaign go; nothing leaves before its day and outside of the hours."""
        who, now = actor(person), self.clock()

        def work(session: Session) -> Campaign:
            campaign = self._load(session, number)
            if not campaign.rehearsal:
                if campaign.state is not _C.APROBADA:
                    raise BadInput(f"la campaña {number} está {campaign.state}: primero la aprueba otra persona")
                if audience.seal(campaign.plan) != campaign.approved_hash:
                    raise BadInput("lo que está guardado no es lo que se aprobó")
                self._same_sounds(audience.read_plan(campaign.plan))
                self._templates_stand(session, campaign)
            values = {"started_at": now, "beat_at": now, "because": ""}
            return self._to(session, campaign, _C.EN_CURSO, "campaign started", who, {}, **values)

        return self.database.transact(work)

    def _same_sounds(self, plan: Plan) -> None:
        if plan.sounds and self._sounds(plan.book, plan.deadline) != plan.sounds:
            raise BadInput("una grabación cambió después de la aprobación: hace falta una nueva")

    def _templates_stand(self, session: Session, campaign: Campaign) -> None:
        plan = audience.read_plan(campaign.plan)
        if self.templates is not None and (faults := self.templates(session, plan)):
            raise BadInput([*faults, "vea «evidence-daemon whatsapp templates status»"])

    def pause(self, number: int, *, person: str, because: str) -> Campaign:
        """Nothing more leaves; what lives plays on."""
        who = actor(person)
        return self.database.transact(
            lambda session: self._to(
                session,
                self._load(session, number),
                _C.PAUSADA,
                "campaign paused",
                who,
                {"because": because},
                because=because,
            )
        )

    def resume(self, number: int, *, person: str) -> Campaign:
        """Let it go on; channels and scripts that were stopped go on too."""
        who, now = actor(person), self.clock()

        def work(session: Session) -> Campaign:
            campaign = self._load(session, number)
            if not campaign.rehearsal:
                self._templates_stand(session, campaign)
            for channel in audience.read_plan(campaign.plan).channels:
                silence.resume_channel(session, channel)
            if campaign.state is _C.EN_CURSO:
                return self._noted(session, campaign, "contact channels resumed", who, {})
            return self._to(session, campaign, _C.EN_CURSO, "campaign resumed", who, {}, beat_at=now, because="")

        return self.database.transact(work)

    def cancel(self, number: int, *, person: str, because: str) -> Campaign:
        """Give it up: what waits will not be made, live calls are ended; what was sent stays sent."""
        return self._give_up(number, actor(person), because)

    def abandon(self, number: int, because: str) -> Campaign:
        """The same by the program itself: a rehearsal that nobody runs any more would keep the next from beginning."""
        return self._give_up(number, DAEMON, because)

    def _give_up(self, number: int, who: str, because: str) -> Campaign:
        now = self.clock()

        def work(session: Session) -> Campaign:
            campaign = self._load(session, number)
            detail = {"because": because}
            done = self._to(session, campaign, _C.CANCELADA, "campaign cancelled", who, detail, because=because)
            outreach.stop_live(session, number, now)
            return done

        cancelled = self.database.transact(work)
        words = f"la campaña se canceló: {because}"
        while self.database.transact(lambda session: outreach.cancel_waiting(session, number, words, now)):
            pass
        return cancelled

    def load(self, number: int) -> Campaign:
        """One campaign."""
        with self.database.reading() as session:
            return self._load(session, number)

    def _load(self, session: Session, number: int) -> Campaign:
        return outreach.load_campaign(session, number)

    def _to(
        self,
        session: Session,
        campaign: Campaign,
        state: CampaignState,
        action: str,
        who: str,
        detail: Mapping[str, object],
        **values: object,
    ) -> Campaign:
        if state not in schedule.MAY_FOLLOW[campaign.state]:
            raise RefusedTransition(f"la campaña {campaign.id} está {campaign.state}: no puede pasar a {state}")
        outreach.change_campaign(session, campaign, state=state, **values)
        return self._noted(session, self._load(session, campaign.id), action, who, detail)

    def _noted(
        self, session: Session, campaign: Campaign, action: str, who: str, detail: Mapping[str, object]
    ) -> Campaign:
        audit.record(session, action, actor=who, now=self.clock(), detail={"campaign": campaign.id, **detail})
        return campaign

    # ── how it stands ────────────────────────────────────────────────────────────────────────────

    def all(self) -> list[Campaign]:
        """Newest first."""
        with self.database.reading() as session:
            return outreach.all_campaigns(session)

    def standing(self, number: int) -> Standing:
        """Counts by channel and state, and the funnel down to what counts."""
        with self.database.reading() as session:
            return Standing(
                campaign=self._load(session, number),
                counts=progress.counts(session, number),
                funnel=progress.funnel(session, number),
                stopped=silence.stopped(session),
                next_at=outreach.next_due(session, number),
            )

    def timeline(self, case_id: CaseId) -> list[Attempt]:
        """Everything that was tried and is planned about one case, oldest first."""
        with self.database.reading() as session:
            return outreach.attempts_of_case(session, case_id)

    def check_law(self, number: int) -> LawCheck:
        """Look at every contact of a campaign again, by what was written down, not by the keys that prevented it."""
        with self.database.reading() as session:
            return report.check_law(session, self._load(session, number), self.calendar)

    def export(self, number: int, path: Path) -> int:
        """Every attempt as CSV, telephones masked, with the hash of what was said; how many lines."""
        lines = 0
        try:
            with self.database.reading() as session, path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(report.HEADINGS)
                for one in outreach.attempts_of_campaign(session, number):
                    writer.writerow(report.exported(one))
                    lines += 1
        except OSError as fault:
            raise BadFile(f"{path}: cannot be written ({fault.strerror})") from fault
        return lines

    # ── who is left alone ────────────────────────────────────────────────────────────────────────

    def suppress(
        self, whom: str, *, person: str, reason: str, channel: Channel | None = None, source: str = "cli"
    ) -> bool:
        """Leave a customer (identity number) or a telephone alone; False when that stood already."""
        who, by, now = whom_of(whom), actor(person), self.clock()
        wanted = Suppression(who, channel.value if channel else "", reason, source, "", by, now)

        def work(session: Session) -> bool:
            new = silence.suppress(session, wanted)
            if new:
                detail = {"channel": wanted.channel or "todos", "source": source}
                audit.record(session, "suppressed", actor=by, now=now, detail=detail)
            return new

        return self.database.transact(work)

    def lift(self, whom: str, *, person: str, channel: Channel | None = None, because: str = "") -> bool:
        """He may be reached again; False when nothing kept him from it."""
        by, now, who, which = actor(person), self.clock(), whom_of(whom), channel.value if channel else ""

        def work(session: Session) -> bool:
            done = silence.lift(session, who, which, actor=by, now=now)
            if done:
                detail = {"channel": which or "todos", "because": because}
                audit.record(session, "suppression lifted", actor=by, now=now, detail=detail)
            return done

        return self.database.transact(work)

    def suppress_list(self, lines: Iterable[str], *, person: str, source: str) -> tuple[int, list[str]]:
        """A list, one customer or telephone in a line: how many are new, and the lines that name nobody.

        A second column may name the channel; without one, it is every channel.
        """
        new, faults = 0, []
        for number, line in enumerate(lines, start=1):
            cells = [cell.strip().strip('"') for cell in line.replace(",", ";").split(";")]
            text, which = cells[0], next((one for one in Channel if one.value in cells[1:2]), None)
            if not text or (number == 1 and not any(sign.isdigit() for sign in text)):
                continue  # a heading
            try:
                new += self.suppress(text, person=person, reason="lista", source=source, channel=which)
            except BadInput as fault:
                faults.append(f"{number}: {fault}")
        return new, faults

    def suppressions(self) -> list[Suppression]:
        """All that stand."""
        with self.database.reading() as session:
            return list(silence.suppressions(session))

    def note_test(self, message: Message, sent: Sent, *, person: str) -> None:
        """A test was sent: it stands in the history."""
        detail = {"attempt": message.attempt, "script": message.script, "to": message.phone[-4:]}
        with self.database.session() as session:
            audit.record(
                session,
                "campaign test sent",
                actor=actor(person),
                now=self.clock(),
                detail=detail | {"answer": type(sent).__name__},
            )

    def test_message(self, plan: Plan, key: str, phone: str, allowed: Sequence[str]) -> Message:
        """The deck's example as a test to one of our own telephones; it is in no statistics and no day.

        Raises `BadInput` for a telephone that is not on the list of our own.
        """
        number = e164(phone)
        if number not in {e164(one) for one in allowed}:
            raise BadInput(f"{phone} no es de los teléfonos propios (campaigns.test_phones)")
        if key not in plan.book.scripts:
            raise BadInput(f"no hay guion {key!r}; hay: {', '.join(plan.book.scripts)}")
        words = plan.book.scripts[key]
        text, told = script.render(words, script.sample(plan.deadline))
        name = AttemptId(f"prueba-{secrets.token_hex(6)}")
        values = {} if words.channel is Channel.IVR else told
        return Message(name, number, key, text, values, words.template, words.language)


def e164(phone: str) -> str:
    """A telephone as it is kept; `BadInput` when it is none."""
    try:
        number = phonenumbers.parse(phone, "EC")
    except phonenumbers.NumberParseException:
        raise BadInput(f"{phone!r} no es un teléfono") from None
    if not phonenumbers.is_valid_number(number):
        raise BadInput(f"{phone!r} no es un teléfono")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def whom_of(text: str) -> str:
    """Somebody as the list of suppressions names him: a telephone with + or of a mobile's form, else a number.

    Ten digits that begin with 09 are both a mobile and a cédula of Guayas: write the telephone with +593.
    """
    plain = text.strip()
    if plain.startswith("+"):
        return reach.phone_key(e164(plain))
    if not plain.isalnum() or not any(sign.isdigit() for sign in plain):
        raise BadInput(f"{text!r}: escriba una cédula, o un teléfono con +593")
    return reach.customer_key(plain.upper())


def actor(person: str) -> str:
    """The actor of a person, as it stands in the history.  Raises `BadInput` without a name."""
    name = " ".join(person.split())
    if not name:
        raise BadInput("say who decides: a name is needed")
    return f"persona:{name}"
