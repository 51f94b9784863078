"""What webhooks tell is worked through: statuses, templates, and what customers write.

    webhook      → statuses to their attempts, templates to their campaigns, messages noted: one transaction
    BAJA         → left alone on every channel, in that same transaction
    anything else → taken in by the door of all mails, as evidence of origin WHATSAPP (a photo meets the same reader
                   and the same judge; words wait for a person), then answered once, within the provider's 24 hours

Each step may be repeated after a crash; only the answer is never sent again when its fate is unknown.
"""

from __future__ import annotations

import asyncio
import json
import logging
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar, assert_never

from evidence_daemon.campaignbook import CampaignBook
from evidence_daemon.errors import BadInput, Permanent, Temporary
from evidence_daemon.mail import counter
from evidence_daemon.model import DAEMON, Arrival, AttemptId, CaseId, Channel, ContactState, receipt_number
from evidence_daemon.outreach import audience, templates
from evidence_daemon.outreach.channel import Report
from evidence_daemon.outreach.cloud import Cloud, Done, Fault, NoAnswer, NotReached
from evidence_daemon.outreach.contact import Contacts
from evidence_daemon.outreach.webhooks import (
    Event,
    Inbound,
    Media,
    NumberChange,
    Preference,
    Status,
    TemplateNews,
    Unknown,
    read,
)
from evidence_daemon.outreach.whatsapp import failed, text_message
from evidence_daemon.store import audit, lookup, outreach, reach, records, silence, whatsapp
from evidence_daemon.store.database import Database, Session
from evidence_daemon.store.lease import Lease
from evidence_daemon.store.outreach import Attempt
from evidence_daemon.store.silence import Suppression
from evidence_daemon.store.switches import switches
from evidence_daemon.store.whatsapp import CustomerMessage
from evidence_daemon.workdays import ECUADOR

log = logging.getLogger("evidence_daemon.whatsapp")
_T = TypeVar("_T")

_TOGETHER = 8
"""Webhooks of one transaction: short enough that neither a mail nor a webhook that comes waits for it."""
_GIVES_WAY = 0.01, 100
"""Seconds for which it steps aside while webhooks come in, and how often in a row at most: they must be answered."""
_IDLE_SECONDS = 0.25
_WINDOW = timedelta(hours=24)
"""In which a free text may answer a customer."""
_KEPT = timedelta(days=8)
_LOOK_SECONDS = 3600.0
_RETRIES = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 3600))
_SILENT = frozenset({"reaction", "unsupported", "ephemeral", "request_welcome"})
"""Nothing that a person could act upon."""
_FILES = frozenset({"image", "document"})
_STATES: Mapping[str, ContactState] = {
    "sent": ContactState.ENVIADO,
    "delivered": ContactState.ENTREGADO,
    "read": ContactState.LEIDO,
    "played": ContactState.LEIDO,
}
_OTHER: Mapping[str, str] = {
    "audio": "un mensaje de voz", "voice": "un mensaje de voz", "video": "un video", "sticker": "una figura",
    "location": "una ubicación", "contacts": "un contacto", "order": "un pedido",
}  # fmt: skip


def fold(text: str) -> str:
    """A message as it is compared with the opt-out words.

    >>> fold("  No recibir MÁS! ")
    'no recibir mas'
    """
    plain = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in plain).split())


class Conversation:
    """Works through what the listener kept.  `take_in` is the door of all mails, `books` the campaigns' rules now."""

    def __init__(
        self,
        database: Database,
        contacts: Contacts,
        cloud: Cloud,
        *,
        take_in: Callable[[Arrival], bool],
        books: Callable[[], Sequence[CampaignBook]],
        clock: Callable[[], datetime],
        leases: Path,
        most_bytes: int = 16_000_000,
    ) -> None:
        self._database, self._contacts, self._cloud, self._clock = database, contacts, cloud, clock
        self._take_in, self._books, self._leases, self._most_bytes = take_in, books, leases, most_bytes
        self._hand: ThreadPoolExecutor | None = None
        self.busy: Callable[[], bool] = lambda: False
        """Whether webhooks come in that are not kept yet: this work steps aside."""

    async def run(self) -> None:
        """Until it is cancelled; one at a time, whatever else runs."""
        while True:
            try:
                with Lease(self._database, "whatsapp-inbox", self._leases), ThreadPoolExecutor(1, "inbox") as hand:
                    self._hand = hand
                    async with self._cloud:
                        await asyncio.gather(self._work(), self._look())
            except BadInput as taken:
                log.info("another process works the webhooks through: %s", taken)
            except (Temporary, OSError) as trouble:
                log.warning("webhooks wait: %s", trouble)
            except Exception:
                log.exception("working webhooks through failed")
            await asyncio.sleep(5)

    async def _do(self, work: Callable[[Session], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._hand, self._database.transact, work)

    async def _work(self) -> None:
        pause, most = _GIVES_WAY
        while True:
            for _turn in range(most):
                if not self.busy():
                    break
                await asyncio.sleep(pause)
            if not await self.round():
                await asyncio.sleep(_IDLE_SECONDS)

    async def _look(self) -> None:
        """Each hour: how the templates stand (a webhook may be lost), and what is old enough to forget."""
        watch = templates.Templates(self._database, self._cloud, self._clock)
        while True:
            try:
                await watch.look()
                await self._do(lambda session: whatsapp.forget(session, self._clock() - _KEPT))
            except (BadInput, Temporary) as trouble:
                log.warning("the templates could not be looked at: %s", trouble)
            await asyncio.sleep(_LOOK_SECONDS)

    async def round(self) -> int:
        """Work through what waits now; how much that was."""
        kept = await self._do(lambda session: whatsapp.waiting(session, _TOGETHER))
        if kept:
            try:
                await self._do(partial(self._understand, kept))
            except Temporary:
                raise
            except Exception:
                log.exception("webhooks are worked through one by one")
                for one in kept:
                    await self._alone(one)
        now = self._clock()
        open_ = await self._do(lambda session: whatsapp.open_messages(session, now))
        for message in open_:
            await self._answer(message)
        return len(kept) + len(open_)

    # ── webhooks ─────────────────────────────────────────────────────────────────────────────────

    async def _alone(self, one: tuple[int, str]) -> None:
        try:
            await self._do(partial(self._understand, [one]))
        except Temporary:
            raise
        except Exception as fault:
            log.exception("a webhook could not be worked through; it is kept")
            trouble = f"{type(fault).__name__}: {fault}"[:300]
            await self._do(lambda session: whatsapp.worked_through(session, [one[0]], self._clock(), trouble))

    def _understand(self, kept: Sequence[tuple[int, str]], session: Session) -> None:
        now, done = self._clock(), []
        for number, body in kept:
            try:
                events = read(body, now)
            except ValueError as fault:
                log.warning("a webhook is not understood: %s", fault)
                whatsapp.worked_through(session, [number], now, f"{type(fault).__name__}: {fault}"[:300])
                continue
            for event in events:
                self._take(session, event, now)
            done.append(number)
        whatsapp.worked_through(session, done, now)

    def _take(self, session: Session, event: Event, now: datetime) -> None:
        match event:
            case Status():
                self._status(session, event, now)
            case Inbound():
                self._message(session, event, now)
            case NumberChange():
                self._moved(session, event, now)
            case Preference():
                self._preference(session, event, now)
            case TemplateNews():
                templates.take(session, event, now)
            case Unknown(what=what):
                log.debug("a webhook tells something that is not used: %s", what)
            case _:
                assert_never(event)

    def _status(self, session: Session, status: Status, now: datetime) -> None:
        name = AttemptId(status.tracker)
        if not name:  # an answer of ours has none, a message of ours always
            found = whatsapp.attempt_written_to(session, "", status.wamid)
            name = found.id if found is not None else name
        if status.status == "failed":
            report = failed(name, status.event, status.at, status.code, status.words, status.wamid)
        elif (state := _STATES.get(status.status)) is not None:
            report = Report(name, status.event, status.at, state, provider_id=status.wamid)
        else:
            return
        self._contacts.hear(session, report, now)  # which knows no test, none of our answers, and no other house's

    def _message(self, session: Session, message: Inbound, now: datetime) -> None:
        attempt = whatsapp.attempt_written_to(session, message.sender, message.about)
        # who was never written to is known by his telephone alone; what he is answered tells nothing of any case
        about = attempt.case_id if attempt else whatsapp.case_of_phone(session, message.sender)
        noted = CustomerMessage(
            message.wamid, message.sender, message.at, message.kind, json.dumps(asdict(message), default=str),
            attempt.id if attempt else None, about,
        )  # fmt: skip
        if not whatsapp.take_message(session, noted, now):
            return
        words = message.kind in ("text", "button", "interactive") and fold(message.text) in self._opt_out(
            session, attempt
        )
        if attempt is not None:
            result = "BAJA" if words else "RESPONDIDO"
            report = Report(attempt.id, message.wamid, message.at, ContactState.RESPONDIDO, result, suppress=words)
            self._contacts.hear(session, report, now)
        if words and self._left_alone(session, message, attempt, now):
            whatsapp.change_message(session, message.wamid, handled_at=now, outcome="BAJA", body="")
        elif message.kind in _SILENT:
            whatsapp.change_message(session, message.wamid, handled_at=now, outcome="NADA", body="")

    def _left_alone(self, session: Session, message: Inbound, attempt: Attempt | None, now: datetime) -> bool:
        """Whether it is certain whom to leave alone; else a person looks."""
        if message.sender.startswith("+"):
            proof = f"{message.wamid} {message.at:%Y-%m-%dT%H:%M:%SZ} {fold(message.text)}"
            self._suppress(session, reach.phone_key(message.sender), "", proof, now)
            return True
        return attempt is not None

    def _suppress(self, session: Session, who: str, channel: str, proof: str, now: datetime) -> None:
        wanted = Suppression(who, channel, "pidió no ser contactado", Channel.WHATSAPP.value, proof, DAEMON, now)
        if silence.suppress(session, wanted):
            audit.record(session, "suppressed", actor=DAEMON, now=now, detail={"channel": channel or "todos"})

    def _opt_out(self, session: Session, attempt: Attempt | None) -> frozenset[str]:
        return frozenset(fold(word) for word in self._book(session, attempt).opt_out)

    def _book(self, session: Session, attempt: Attempt | None) -> CampaignBook:
        if attempt is not None:
            return audience.read_plan(outreach.load_campaign(session, attempt.campaign_id).plan).book
        return self._books()[0]

    def _moved(self, session: Session, change: NumberChange, now: datetime) -> None:
        """The old number is nobody's here any more; who wished to be left alone is left alone on the new one too."""
        attempt = whatsapp.attempt_written_to(session, change.old, "")
        about = attempt.case_id if attempt else None
        noted = CustomerMessage(
            change.wamid, change.old, change.at, "system", "", attempt.id if attempt else None, about
        )
        if not whatsapp.take_message(session, noted, now):
            return
        whatsapp.change_message(session, change.wamid, handled_at=now, outcome="NUMERO_CAMBIADO")
        name = attempt.id if attempt else AttemptId(change.wamid)
        silence.mark_wrong(session, change.old, Channel.WHATSAPP, name, now)
        old = reach.phone_key(change.old)
        for one in list(silence.suppressions(session, who=old)):
            self._suppress(session, reach.phone_key(change.new), one.channel, f"{change.wamid}: antes {old[2:]}", now)
        detail = {"attempt": name, "origin": "WHATSAPP"}
        audit.record(session, "telephone changed", actor=DAEMON, now=now, case_id=about, detail=detail)

    def _preference(self, session: Session, wish: Preference, now: datetime) -> None:
        if not wish.sender.startswith("+"):
            return
        who = reach.phone_key(wish.sender)
        if wish.value == "stop":
            proof = f"ajustes de WhatsApp, {wish.at:%Y-%m-%dT%H:%M:%SZ}"
            self._suppress(session, who, Channel.WHATSAPP.value, proof, now)
        elif wish.value == "resume" and any(
            (one.channel, one.source) == (Channel.WHATSAPP, Channel.WHATSAPP)
            for one in silence.suppressions(session, who)
        ):  # what he told us in other words stands
            silence.lift(session, who, Channel.WHATSAPP.value, actor=DAEMON, now=now)

    # ── what a customer wrote ────────────────────────────────────────────────────────────────────

    async def _answer(self, message: CustomerMessage) -> None:
        """Take one message in, and answer it."""
        said = _said(message)
        files: list[tuple[str, bytes]] = []
        note = _OTHER.get(message.kind, "")
        if message.kind in _FILES and said.media is not None:
            try:
                _kind, content = await self._cloud.media(said.media.id, self._most_bytes)
                files = [(said.media.name, content)]
            except BadInput as gone:
                note = f"un archivo que no se pudo recibir ({gone})"
            except Temporary as trouble:
                if message.tries < len(_RETRIES):
                    later = self._clock() + _RETRIES[message.tries]
                    tries = message.tries + 1
                    await self._do(
                        lambda session: whatsapp.change_message(session, message.wamid, tries=tries, due_at=later)
                    )
                    return
                note = f"un archivo que no se pudo recibir ({trouble})"
        receipt = await self._taken_down(message, said, files, note)
        outcome = "EVIDENCIA" if files else "TAREA"
        await self._reply(message, outcome, receipt)

    async def _taken_down(
        self, message: CustomerMessage, said: Inbound, files: Sequence[tuple[str, bytes]], note: str
    ) -> str:
        """Into the house by the door of all mails, once; its receipt number."""
        subject = await self._do(partial(_subject, message.case_id))
        local = message.sent_at.astimezone(ECUADOR)
        lines = [f"Mensaje de WhatsApp de {message.sender}, {local:%d-%m-%Y %H:%M}."]
        lines += [said.text] if said.text else []
        lines += [f"Envió {note}."] if note else []
        raw = counter.written_down(
            subject or f"Mensaje de WhatsApp {message.wamid[-12:]}",
            "\n".join(lines),
            once=message.wamid,
            at=message.sent_at,
            files=files,
        )
        key = counter.copy_key(counter.WHATSAPP, "whatsapp", message.wamid)
        now = self._clock()
        loop = asyncio.get_running_loop()
        new = await loop.run_in_executor(self._hand, self._take_in, Arrival(key, now, len(raw), raw))

        def note_down(session: Session) -> str:
            mail = lookup.mail_of_copy(session, key)
            if new:
                detail = {"origin": counter.WHATSAPP, "files": len(files)}
                audit.record(session, "taken down", actor=DAEMON, now=now, mail_id=mail, detail=detail)
            return receipt_number(mail)

        return await self._do(note_down)

    async def _reply(self, message: CustomerMessage, outcome: str, receipt: str) -> None:
        """One fixed text in 24 hours, or none; committed before it is sent, and never sent twice."""
        now = self._clock()

        def claim(session: Session) -> str:
            attempt = outreach.attempt(session, message.attempt_id) if message.attempt_id else None
            book, house = self._book(session, attempt), switches(session)
            words = book.replies.evidence if outcome == "EVIDENCIA" else book.replies.words
            late = now - message.sent_at >= _WINDOW
            had = whatsapp.replied_since(session, message.sender, now - _WINDOW)
            silent = not words or late or had or not house.armed or bool(house.sending_paused)
            state = message.reply_state and "DESCONOCIDO"  # a crash came between
            if not silent and not state:
                state = "ENVIANDO"
            whatsapp.change_message(session, message.wamid, reply_state=state, outcome=outcome)
            return "" if silent or state != "ENVIANDO" else words.format(mailbox=book.mailbox, receipt=receipt)

        text = await self._do(claim)
        values: dict[str, object] = {"handled_at": now, "body": ""}
        if text:
            answer = await self._cloud.send(text_message(message.sender, text, f"respuesta-{receipt}"))
            match answer:
                case Done(body=body):
                    sent: Mapping[str, object] = next(iter(body.get("messages") or [{}]), {})
                    values |= {"reply_state": "ENVIADO", "reply_id": str(sent.get("id", ""))}
                case Fault() | NotReached():
                    log.error("an answer to %s was refused: %s", receipt, answer)
                    values["reply_state"] = "FALLIDO"
                case NoAnswer():
                    values["reply_state"] = "DESCONOCIDO"
                case _:
                    assert_never(answer)
        await self._do(lambda session: whatsapp.change_message(session, message.wamid, **values))


def _subject(case_id: CaseId | None, session: Session) -> str:
    """The subject that the customer of a case would have written."""
    if case_id is None:
        return ""
    try:
        case = records.load_case(session, case_id)
    except Permanent:
        return ""
    return counter.claim(case.id_number, case.holder, case.line, case.service_number)


def _said(message: CustomerMessage) -> Inbound:
    told = json.loads(message.body)
    media = told.get("media")
    return Inbound(
        message.wamid, message.sender, message.sent_at, message.kind, told.get("text", ""), told.get("about", ""),
        Media(**media) if media else None,
    )  # fmt: skip
