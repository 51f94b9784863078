"""One attempt, from its claim to what follows it: the recipe between the database and a driver.

    claim      look once more (case, suppression, deadline, hours, caps, the day's key), commit ENVIANDO
    conclude   what the driver answered: taken, refused, not now, stopped, lost
    hear       what the provider reports later; statuses only move forward
    follow     the next try, the next telephone, the other channel, or the end
    recover    after a crash: what the provider knows of attempts that were claimed

Each is one piece of a transaction; nothing here waits or talks to a provider.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import assert_never

from evidence_daemon import observe
from evidence_daemon.model import (
    DAEMON,
    AttemptId,
    CampaignState,
    Channel,
    ContactState,
    Exclusion,
)
from evidence_daemon.outreach import audience, schedule, script
from evidence_daemon.outreach.audience import Plan, Way
from evidence_daemon.outreach.channel import (
    Accepted,
    Halted,
    Lost,
    Message,
    NeverSeen,
    Refused,
    Report,
    Sent,
    Throttled,
)
from evidence_daemon.outreach.schedule import Enough, Lane, OtherChannel, OtherPhone, Repeat
from evidence_daemon.store import audit, budget, outreach, reach, silence
from evidence_daemon.store.database import Session
from evidence_daemon.store.outreach import Attempt, Campaign
from evidence_daemon.store.reach import Candidate, Planned, Quiet
from evidence_daemon.store.silence import Suppression
from evidence_daemon.store.switches import switches
from evidence_daemon.workdays import Calendar

log = logging.getLogger("evidence_daemon.outreach")

_S = ContactState
_NETWORK_SAMPLE = 50
WORDS: Mapping[Exclusion, str] = {
    Exclusion.FUERA_DE_CAMPANA: "ya no es de esta campaña",
    Exclusion.PAGADO: "el valor fue pagado",
    Exclusion.EN_RECLAMO: "hay un reclamo abierto, o lo atiende otra área",
    Exclusion.RESUELTO: "el caso ya está resuelto",
    Exclusion.YA_RESPONDIO: "llegó un correo de este caso",
    Exclusion.BAJA: "pidió no recibir más mensajes",
    Exclusion.SIN_TELEFONO: "no tiene teléfono",
    Exclusion.TELEFONO_INVALIDO: "no tiene un teléfono al que se pueda llamar",
    Exclusion.FALTA_UN_DATO: "falta un dato del texto",
    Exclusion.CONTACTADO: "ya tuvo los contactos permitidos",
    Exclusion.OTRO_SERVICIO_DEL_CLIENTE: "se le contacta por otro servicio suyo",
    Exclusion.TELEFONO_REPETIDO: "su teléfono se usa para otro caso",
}


@dataclass(frozen=True, slots=True)
class Claimed:
    """What may leave now.  `looked_at`: how many rows that took; with none the channel may rest."""

    messages: tuple[Message, ...] = ()
    looked_at: int = 0
    turned_away: int | None = None
    """Messages of this channel, of all times, that the provider took and gave back later: too fast for it."""


class Contacts:
    """The recipe for one house.  `lanes` says how much each channel takes."""

    def __init__(self, calendar: Calendar, lanes: Mapping[Channel, Lane]) -> None:
        self.calendar, self.lanes = calendar, lanes

    # ── claim ────────────────────────────────────────────────────────────────────────────────────

    def claim(
        self, session: Session, channel: Channel, now: datetime, limit: int, rehearsal: Campaign | None = None
    ) -> Claimed:
        """Take up to `limit` attempts that may leave at `now`; they are ENVIANDO when this is committed."""
        stops = {} if rehearsal else silence.stopped(session)
        house = switches(session)
        closed = not rehearsal and (not house.armed or house.sending_paused)
        if closed or (channel.value, "") in stops:
            return Claimed()
        lane = self.lanes[channel]
        room = limit
        if channel is Channel.IVR and not rehearsal:
            room = min(room, lane.at_once - outreach.live(session, channel))
        if lane.per_day:
            counted = audience.lane_of(rehearsal, channel) if rehearsal else channel.value
            room = min(room, lane.per_day - budget.begun_in_a_day(session, counted, now))
        messages: list[Message] = []
        looked_at = 0
        for campaign in [rehearsal] if rehearsal else outreach.running(session):
            if room - len(messages) <= 0 or now < campaign.starts_at or not _unchanged(session, campaign):
                continue
            if rehearsal is None and missed_since(campaign, now) is not None:
                continue  # a machine that slept: its sender may wake first
            here = min(room - len(messages), _own_room(session, campaign, channel, now))
            if here <= 0:
                continue
            rows = outreach.due(session, campaign.id, channel, now, here)
            looked_at += len(rows)
            claimed = list(self._claim_rows(session, campaign, rows, now, stops))
            if claimed:
                _count(session, campaign, channel, now, len(claimed))
                self._count_once(session, campaign, channel, {one.attempt: one.phone for one in claimed}, now, -1)
            messages += claimed
        return Claimed(tuple(messages), looked_at, None if rehearsal else budget.counted(session, _given_back(channel)))

    def _count_once(
        self,
        session: Session,
        campaign: Campaign,
        channel: Channel,
        who: Mapping[AttemptId, str],
        at: datetime,
        by: int,
    ) -> None:
        """The budget of a day is of customers, not of contacts: who had one in 24 hours counts with his last alone."""
        if self.lanes[channel].per_day:
            only = campaign.id if campaign.rehearsal else None
            for before in budget.last_contacts(session, channel, who, at, rehearsal=only):
                budget.count_begun(session, audience.lane_of(campaign, channel), before, by)

    def _claim_rows(
        self,
        session: Session,
        campaign: Campaign,
        rows: Sequence[Attempt],
        now: datetime,
        stops: Mapping[tuple[str, str], str],
    ) -> Iterable[Message]:
        if not rows:
            return
        plan, scope = audience.read_plan(campaign.plan), audience.scope_of(campaign)
        cases = reach.cases_now(session, [row.case_id for row in rows])
        since = now.date() - timedelta(days=plan.book.limits.days)
        phones = {row.phone for row in rows}
        quiet = reach.quiet(session, cases.values(), since=since, scope=scope, more_phones=phones)
        for row in rows:
            found = self._look_again(plan, row, cases.get(row.case_id), quiet, now, stops)
            if isinstance(found, _Wait):
                outreach.change_attempt(session, row.id, [_S.PLANIFICADO], not_before=found.until)
            elif isinstance(found, Exclusion) and found is Exclusion.YA_RESPONDIO:
                outreach.change_attempt(session, row.id, [_S.PLANIFICADO], state=_S.RETENIDO, because=WORDS[found])
            elif isinstance(found, Exclusion | str):
                because = WORDS[found] if isinstance(found, Exclusion) else found
                outreach.change_attempt(
                    session, row.id, [_S.PLANIFICADO], state=_S.OMITIDO, because=because, ended_at=now
                )
            elif found is not None and (message := self._take(session, plan, row, found, scope, now)):
                yield message

    def _look_again(
        self,
        plan: Plan,
        row: Attempt,
        case: Candidate | None,
        quiet: Quiet,
        now: datetime,
        stops: Mapping[tuple[str, str], str],
    ) -> _Wait | _Go | Exclusion | str | None:
        """Whether a planned attempt may leave now, must wait, or is not needed any more."""
        if case is None:
            return "el caso ya no existe"
        if excluded := audience.why_not(case, quiet, plan):
            return excluded
        text = plan.book.scripts[row.script]
        if text.segment is not case.segment:
            return "el caso cambió de segmento"
        way = audience.way(case, quiet, plan, [row.channel])
        if not isinstance(way, Way):
            return way
        local = now.astimezone(schedule.zone_of(case.province)).date()
        if local >= plan.deadline:
            return "pasó la fecha límite"
        openings, spare = plan.openings(self.calendar), audience.spare(text)
        opens = openings.next_open(now, case.province, spare)
        if opens > now:
            return _Wait(opens)
        if (row.channel.value, row.script) in stops:
            return _Wait(now + timedelta(minutes=5))
        still = row.phone in case.phones and (row.phone, row.channel.value) not in quiet.wrong
        reachable = still and not quiet.is_suppressed(reach.phone_key(row.phone), row.channel)
        phone = row.phone if reachable else way.phone
        if audience.over_the_cap(case, phone, quiet, plan):
            return _Wait(openings.next_day(now, case.province))
        return _Go(case, phone, openings)

    def _take(self, session: Session, plan: Plan, row: Attempt, go: _Go, scope: str, now: datetime) -> Message | None:
        day = now.astimezone(schedule.zone_of(go.case.province)).date()
        whos = [scope + reach.customer_key(row.customer), scope + reach.phone_key(go.phone)]
        if not budget.take_day(session, whos, day, row.id):
            later = go.openings.next_day(now, go.case.province)
            outreach.change_attempt(session, row.id, [_S.PLANIFICADO], not_before=later)
            return None
        text, told = script.render(plan.book.scripts[row.script], audience.known(go.case, plan))
        claimed = outreach.change_attempt(
            session,
            row.id,
            [_S.PLANIFICADO],
            state=_S.ENVIANDO,
            phone=go.phone,
            claimed_at=now,
            because=None,
            text_hash=hashlib.sha256(text.encode()).hexdigest(),
        )
        if not claimed:
            return None
        if row.channel is Channel.IVR:
            return Message(row.id, go.phone, row.script, text)
        words = plan.book.scripts[row.script]
        return Message(row.id, go.phone, row.script, text, told, words.template, words.language)

    # ── what the driver answered ─────────────────────────────────────────────────────────────────

    def conclude(self, session: Session, name: AttemptId, sent: Sent, now: datetime) -> None:
        """Write down what became of handing one attempt over.  May be run again."""
        if isinstance(sent, Accepted):
            outreach.change_attempt(
                session, name, [_S.ENVIANDO, _S.DESCONOCIDO], state=_S.ENVIADO, sent_at=now,
                provider_id=sent.provider_id,
            )  # fmt: skip
            return
        attempt = outreach.attempt(session, name)
        if attempt is None:
            return
        match sent:
            case Refused():
                report = Report(
                    name, f"{name}:refused", now, _S.FALLIDO, sent.result or sent.code, sent.code, sent.because,
                    phone_is_wrong=sent.phone_is_wrong,
                )  # fmt: skip
                if sent.suppress:
                    self._leave_alone(session, attempt, attempt.channel.value, "el proveedor lo informa", now)
                self.hear(session, report, now)
            case Throttled():
                self._give_back(session, attempt, now + timedelta(seconds=max(sent.seconds, sent.again)), now)
            case Halted():
                self._give_back(session, attempt, now, now)
                which = attempt.script if sent.script_only else ""
                self._stop(session, attempt.channel, which, f"{sent.code}: {sent.because}", now)
            case Lost(because=why):
                outreach.change_attempt(session, name, [_S.ENVIANDO], state=_S.DESCONOCIDO, because=why)
            case _:
                assert_never(sent)

    def withdraw(self, session: Session, name: AttemptId, now: datetime) -> None:
        """It was claimed and not handed over: its customer answered meanwhile, or its turn is far away.  It waits."""
        attempt = outreach.attempt(session, name)
        if attempt is not None:
            self._give_back(session, attempt, now, now)
            outreach.refresh(session, [attempt.case_id], now)

    def _give_back(self, session: Session, attempt: Attempt, not_before: datetime, now: datetime) -> None:
        """The provider certainly does not have it: it is planned again, and the day's contact is not spent."""
        if not outreach.change_attempt(
            session,
            attempt.id,
            [_S.ENVIANDO, _S.DESCONOCIDO],
            state=_S.PLANIFICADO,
            not_before=not_before,
            claimed_at=None,
            stop_asked_at=None,
        ):
            return
        budget.give_day_back(session, attempt.id)
        campaign = outreach.load_campaign(session, attempt.campaign_id)
        claimed_at = attempt.claimed_at or now
        _count(session, campaign, attempt.channel, claimed_at, -1)
        self._count_once(session, campaign, attempt.channel, {attempt.id: attempt.phone}, claimed_at, 1)
        if campaign.state is CampaignState.CANCELADA:
            outreach.change_attempt(
                session, attempt.id, [_S.PLANIFICADO], state=_S.OMITIDO, because="la campaña se canceló", ended_at=now
            )

    def _stop(self, session: Session, channel: Channel, which: str, because: str, now: datetime) -> None:
        if silence.stop_channel(session, channel, which, because, now):
            log.error("channel %s %s is stopped: %s", channel.value, which, because)
            detail = {"channel": channel.value, "script": which, "because": because}
            audit.record(session, "contact channel stopped", actor=DAEMON, now=now, detail=detail)

    # ── what the provider reports ────────────────────────────────────────────────────────────────

    def hear(self, session: Session, report: Report, now: datetime) -> None:
        """Take in one report; a second telling, or one that would go back, changes nothing but the list of events."""
        attempt = outreach.attempt(session, report.attempt)
        if attempt is None:  # a test send, or another house's
            return
        result = report.result or report.state.value
        if not outreach.keep_event(session, attempt, report.event, report.at, report.state, result, report.code):
            return
        # a rehearsal teaches nothing about people; asked only where there is something to learn
        told = report.suppress or report.phone_is_wrong or report.slower or report.halt is not None
        learns = told or result == schedule.NETWORK
        rehearsed = learns and outreach.load_campaign(session, attempt.campaign_id).rehearsal
        if report.suppress and not rehearsed:
            proof = f"{attempt.id} {report.at:%Y-%m-%dT%H:%M:%SZ} {result}"
            self._leave_alone(session, attempt, attempt.channel.value if report.here_only else "", proof, now)
        if report.halt is not None and not rehearsed:
            which = attempt.script if report.halt.script_only else ""
            self._stop(session, attempt.channel, which, f"{report.halt.code}: {report.halt.because}", now)
        if report.slower and not rehearsed:  # whoever sends may be another process: he reads it with his next claim
            budget.count_begun(session, _given_back(attempt.channel), now, 1)
        if report.phone_is_wrong and not rehearsed:
            silence.mark_wrong(session, attempt.phone, attempt.channel, attempt.id, now)
        if not schedule.moves(attempt.state, report.state):
            return
        final = report.state in schedule.FINAL
        outreach.change_attempt(
            session,
            attempt.id,
            [attempt.state],
            state=report.state,
            result=result,
            code=report.code,
            because=report.because,
            seconds=report.seconds,
            sent_at=attempt.sent_at or now,
            provider_id=attempt.provider_id or report.provider_id or None,
            ended_at=report.at if final else attempt.ended_at,
        )
        if not report.rang:
            budget.give_day_back(session, attempt.id)
        if attempt.state in schedule.FINAL or attempt.state is _S.AGOTADO:
            self._take_back_later(session, attempt, now)  # it reached him after all
        elif final:
            self._follow(session, replace(attempt, state=report.state, result=result), report.at)
        if result == schedule.NETWORK and not rehearsed:
            self._brake(session, attempt, now)

    def _leave_alone(self, session: Session, attempt: Attempt, channel: str, proof: str, now: datetime) -> None:
        for who in (reach.customer_key(attempt.customer), reach.phone_key(attempt.phone)):
            wanted = Suppression(who, channel, "pidió no ser contactado", attempt.channel.value, proof, DAEMON, now)
            if silence.suppress(session, wanted):
                detail = {"attempt": attempt.id, "channel": channel or "todos"}
                audit.record(session, "suppressed", actor=DAEMON, now=now, case_id=attempt.case_id, detail=detail)

    def _take_back_later(self, session: Session, attempt: Attempt, now: datetime) -> None:
        for other in outreach.attempts_of_case(session, attempt.case_id, attempt.campaign_id):
            if other.id != attempt.id and other.not_before > (attempt.claimed_at or now):
                outreach.change_attempt(
                    session,
                    other.id,
                    outreach.WAITING,
                    state=_S.OMITIDO,
                    because="un intento anterior llegó después de todo",
                    ended_at=now,
                )

    def _brake(self, session: Session, attempt: Attempt, now: datetime) -> None:
        """When the network loses call after call it is not the customers' telephones: the channel stops."""
        plan = audience.read_plan(outreach.load_campaign(session, attempt.campaign_id).plan)
        lately = outreach.last_results(session, attempt.channel, _NETWORK_SAMPLE)
        lost = lately.count(schedule.NETWORK)
        if len(lately) == _NETWORK_SAMPLE and lost > plan.book.limits.network_share * len(lately):
            self._stop(session, attempt.channel, "", f"la red perdió {lost} de las últimas {len(lately)}", now)

    # ── what follows ─────────────────────────────────────────────────────────────────────────────

    def _follow(self, session: Session, attempt: Attempt, ended: datetime) -> None:
        """After a final result: plan the next attempt, or note that there is none."""
        if attempt.result in schedule.REACHED:
            return
        campaign = outreach.load_campaign(session, attempt.campaign_id)
        if campaign.state in (CampaignState.CANCELADA, CampaignState.TERMINADA):
            return
        case = reach.cases_now(session, [attempt.case_id]).get(attempt.case_id)
        if case is None:
            return
        plan = audience.read_plan(campaign.plan)
        before = outreach.attempts_of_case(session, attempt.case_id, attempt.campaign_id)
        here = [one for one in before if one.channel is attempt.channel and one.claimed_at is not None]
        lost = attempt.result == schedule.NETWORK
        tries = sum((one.result == schedule.NETWORK) is lost for one in here if one.phone == attempt.phone)
        rules = plan.book.after
        result = attempt.result if attempt.result in rules or attempt.result in schedule.REACHED else attempt.state
        step = schedule.what_follows(
            str(result), rules, tries=tries, ended=ended, openings=plan.openings(self.calendar), province=case.province
        )
        if isinstance(step, OtherPhone | OtherChannel):
            used = [one.phone for one in here] if isinstance(step, OtherPhone) else []
            tried = {one.channel for one in before}
            channels = [attempt.channel] if isinstance(step, OtherPhone) else []
            found = self._another(session, case, plan, channels, used) if channels else None
            if found is None:
                others = [channel for channel in plan.channels if channel not in tried]
                found = self._another(session, case, plan, others, [])
            if found is not None:
                self._plan_next(session, campaign, attempt, found, step.at, before)
                return
            step = Enough(without_success=True)
        match step:
            case Repeat(at=at):
                same = Way(attempt.channel, attempt.phone, attempt.script)
                self._plan_next(session, campaign, attempt, same, at, before)
            case Enough(without_success=True):
                outreach.change_attempt(session, attempt.id, [attempt.state], state=_S.AGOTADO)
            case Enough():
                pass
            case _:
                assert_never(step)

    def _another(
        self, session: Session, case: Candidate, plan: Plan, channels: Sequence[Channel], used: Sequence[str]
    ) -> Way | None:
        quiet = reach.quiet(session, [case], since=date.max)
        found = audience.way(case, quiet, plan, channels, used)
        return found if isinstance(found, Way) else None

    @staticmethod
    def _plan_next(
        session: Session, campaign: Campaign, last: Attempt, way: Way, at: datetime, before: Sequence[Attempt]
    ) -> None:
        number = 1 + max((one.number for one in before if one.channel is way.channel), default=0)
        following = Planned(
            id=audience.attempt_id(campaign, last.case_id, way.channel, number),
            campaign_id=campaign.id,
            case_id=last.case_id,
            channel=way.channel,
            number=number,
            customer=last.customer,
            phone=way.phone,
            script=way.script,
            not_before=at,
        )
        reach.plan_attempts(session, [following])
        outreach.refresh(session, [last.case_id], at)  # a case whose customer has answered waits

    # ── what was left open ───────────────────────────────────────────────────────────────────────

    def doubt(self, session: Session, channel: Channel, before: datetime) -> int:
        """After a crash: attempts that were claimed and never concluded are DESCONOCIDO; how many."""
        left = outreach.under_way(session, channel, [_S.ENVIANDO], before)
        for attempt in left:
            outreach.change_attempt(
                session, attempt.id, [_S.ENVIANDO], state=_S.DESCONOCIDO, because="el programa se detuvo al enviar"
            )
        return len(left)

    def recalled(self, session: Session, found: Mapping[AttemptId, Report | NeverSeen], now: datetime) -> None:
        """What the provider knew of attempts that were left open: it is believed, and nothing else is guessed."""
        for name, told in found.items():
            if isinstance(told, Report):
                if told.state is _S.ENVIADO:
                    outreach.change_attempt(session, name, [_S.DESCONOCIDO], state=_S.ENVIADO, sent_at=told.at)
                else:
                    self.hear(session, told, now)
            elif (attempt := outreach.attempt(session, name)) is not None and attempt.state is _S.DESCONOCIDO:
                self._give_back(session, attempt, now, now)

    def give_up_undelivered(self, session: Session, channel: Channel, now: datetime) -> int:
        """Messages that no telephone took in the time that is allowed, or of which nothing was ever heard: failed."""
        if channel is not Channel.WHATSAPP:
            return 0
        late = 0
        for attempt in outreach.under_way(session, channel, [_S.ENVIADO, _S.DESCONOCIDO], now - timedelta(hours=1)):
            plan = audience.read_plan(outreach.load_campaign(session, attempt.campaign_id).plan)
            if (attempt.claimed_at or now) + timedelta(hours=plan.book.limits.undelivered_hours) <= now:
                because = f"no se entregó en {plan.book.limits.undelivered_hours} horas"
                report = Report(attempt.id, f"{attempt.id}:late", now, _S.FALLIDO, "SIN_ENTREGA", because=because)
                self.hear(session, report, now)
                late += 1
        return late


@dataclass(frozen=True, slots=True)
class _Wait:
    """Not now, but then."""

    until: datetime


@dataclass(frozen=True, slots=True)
class _Go:
    """It may leave, to this telephone."""

    case: Candidate
    phone: str
    openings: schedule.Openings


def missed_since(campaign: Campaign, now: datetime) -> datetime | None:
    """Since when nobody looked after a campaign, where that is too long for it to go on by itself; else None."""
    since = max(filter(None, (campaign.beat_at, campaign.starts_at)))
    hours = audience.read_plan(campaign.plan).book.limits.misfire_hours
    return since if now - since > timedelta(hours=hours) else None


def _own_room(session: Session, campaign: Campaign, channel: Channel, now: datetime) -> int:
    """How many more contacts this campaign allows itself on a channel now."""
    own = audience.read_plan(campaign.plan).own_pace(channel)
    if own is None:
        return _UNBOUND
    (minute, day), lane = own, audience.own_lane(campaign, channel)
    room = minute - budget.begun_in_a_minute(session, lane, now) if minute else _UNBOUND
    return min(room, day - budget.begun_in_a_day(session, lane, now)) if day else room


_UNBOUND = 1_000_000


def _given_back(channel: Channel) -> str:
    """Under what is counted that the provider gave a message back for haste, after it had taken it."""
    return f"{channel}:slower"


def _count(session: Session, campaign: Campaign, channel: Channel, at: datetime, count: int) -> None:
    budget.count_begun(session, audience.lane_of(campaign, channel), at, count)
    if audience.read_plan(campaign.plan).own_pace(channel) is not None:
        budget.count_begun(session, audience.own_lane(campaign, channel), at, count)


def _unchanged(session: Session, campaign: Campaign) -> bool:
    """Whether a campaign still is what was approved; one that is not stops, and says so."""
    if campaign.rehearsal or audience.seal(campaign.plan) == campaign.approved_hash:
        return True
    because = "lo que está guardado no es lo que se aprobó"
    outreach.change_campaign(session, campaign, state=CampaignState.PAUSADA, because=because)
    observe.say(log, logging.ERROR, "campaign is not what was approved", campaign=campaign.id)
    return False
