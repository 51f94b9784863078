"""For agents with a customer on the line, or before them: how his case stands, what to say, and what he brings.

Everything is masked, nothing is shown of what customers sent, each look is counted and audited.  Questions are
posted, so that no identity number ends up in an address, a history or a log.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from evidence_daemon.canonical import service_key
from evidence_daemon.cases.identity import read_id
from evidence_daemon.errors import Permanent
from evidence_daemon.mail import counter
from evidence_daemon.model import (
    Arrival,
    Case,
    CaseId,
    EvidenceState,
    Item,
    ItemState,
    Line,
    MailId,
    ReasonCode,
    ReplyKind,
    SearchKeys,
    mail_of_receipt,
    receipt_number,
)
from evidence_daemon.observe import masked
from evidence_daemon.outreach import report
from evidence_daemon.outreach.report import Told
from evidence_daemon.rulebook import RuleBook, SubjectRepair
from evidence_daemon.speech import Row, Said, Speech, Standing, standing_of
from evidence_daemon.store import audit, lookup, records, users
from evidence_daemon.store.lookup import Came
from evidence_daemon.web.frame import In, Visit
from evidence_daemon.web.words import _, long_day

router = APIRouter()

MOST_CARDS = 12
"""Cases shown at once: whoever has more is a company, and a service number is needed."""
_MINUTE = timedelta(minutes=1)
_RECEIPT = re.compile(r"\s*(?:EV[\s-]*[\d\s-]{8,}|\d{7}\s*-\s*\d)\s*", re.I)
_SAME_PERSON = frozenset(
    name.value for name in (SubjectRepair.RUC_A_CEDULA, SubjectRepair.CEDULA_A_RUC, SubjectRepair.CERO_INICIAL)
)
"""Guesses that name the same person; no other number is ever tried for an agent."""
_OPEN = frozenset({EvidenceState.RECIBIDO, EvidenceState.PROCESADO, EvidenceState.EN_REVISION, EvidenceState.ESCALADO})
_ONCE = re.compile(r"(\d{9,11})-[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Card:
    """What an agent sees of a case."""

    case: Case
    standing: Standing
    holder: str
    """Masked."""
    id_number: str
    """Masked."""
    service_number: str
    """Masked."""
    pending: tuple[str, ...]
    """Equipment that is still owed, with the last four characters of its serial."""
    accredited: tuple[str, ...]
    came: tuple[Came, ...]
    campaign: tuple[Told, ...]
    """Calls and messages of campaigns that went out to him, oldest first."""
    receipt: str
    """Of the newest mail about it; "" when none came."""
    answer_by: str
    """The day by which he will be answered, read aloud; "" when nothing waits for an answer."""
    row: Row
    speech: Speech
    paragraphs: tuple[str, ...]


# ── looking up ───────────────────────────────────────────────────────────────────────────────────


@router.get("/consulta")
def ask(visit: In) -> Response:
    """The question."""
    return visit.page("lookup.html", **_blank(visit))


@router.post("/consulta")
def look_up(visit: In) -> Response:
    """The answer: a card for each case that is meant, with the speech that fits what the caller says."""
    asked = visit.field("pregunta")[:60]
    try:
        said = Said(visit.field("dice") or Said.NO_SABE)
    except ValueError:
        raise HTTPException(400) from None
    if not asked:
        return visit.page("lookup.html", **_blank(visit))
    _count(visit)
    rooms = visit.rooms
    by, keys, mails = _keys(asked)
    with rooms.database.reading() as session:
        if mails is not None:
            loose = lookup.came(session, [mails])
            ids = lookup.cases_of(session, mails)
            cases = records.load_cases(session, ids) if ids else ()
        else:
            loose, cases = (), records.find_cases(session, keys)
        cards = []
        for case in cases[:MOST_CARDS]:
            went_out = tuple(one for one in report.timeline(session, case.id) if one.attempt.claimed_at is not None)
            cards.append(_card(rooms.book, case, said, lookup.mails_about(session, case.id), went_out, visit))
    with rooms.database.session() as session:
        audit.record(
            session,
            "looked up",
            actor=visit.user.actor,
            now=rooms.now(),
            mail_id=mails if loose else None,
            case_id=cases[0].id if len(cases) == 1 else None,
            detail={"by": by, "cases": [case.id for case in cases[:MOST_CARDS]]},
        )
    nothing = rooms.book.speech.advise(said, None, rooms.pipeline.today()) if not cases and not loose else None
    values = _blank(visit) | {
        "asked": asked,
        "said": said,
        "cards": cards,
        "loose": loose if not cards else (),
        "nothing": nothing,
        "more": max(0, len(cases) - MOST_CARDS),
    }
    return visit.page("lookup.html", **values)


def _blank(visit: Visit) -> dict[str, Any]:
    return {
        "asked": "",
        "said": Said.NO_SABE,
        "all_said": list(Said),
        "cards": (),
        "loose": (),
        "nothing": None,
        "more": 0,
        "lines": [Line.INTERNET_FIJO, Line.TELEVISION, Line.TELEFONIA_FIJA],
        "once": _new_once(visit),
        "reason_words": partial(reason_words, visit.rooms.book),
        "origins": {counter.CAC: _("service centre"), counter.CALL: _("call"), counter.WHATSAPP: "WhatsApp"},
    }


def _count(visit: Visit) -> None:
    """One look more; raises 429 above the limit."""
    with visit.rooms.database.session() as session:
        allowed = users.attempt(
            session,
            f"lookup {visit.user.id}",
            limit=visit.rooms.web.lookups_per_minute,
            window=_MINUTE,
            now=visit.rooms.now(),
        )
        if not allowed:
            audit.record(session, "look-up refused", actor=visit.user.actor, now=visit.rooms.now())
    if not allowed:
        raise HTTPException(429)


def _keys(asked: str) -> tuple[str, SearchKeys, MailId | None]:
    """By what is asked, with what to search, and the mail when it is a receipt."""
    if _RECEIPT.fullmatch(asked):
        return "receipt", SearchKeys(), mail_of_receipt(asked) or MailId(-1)
    found = read_id(asked)
    forms = [found.value] if found is not None else []
    forms += [form for form, repair in found.alternatives if repair.name in _SAME_PERSON] if found is not None else []
    service = service_key(asked)
    return "number", SearchKeys(tuple(forms), (service,) if service else ()), None


def _card(
    book: RuleBook, case: Case, said: Said, came: tuple[Came, ...], campaign: tuple[Told, ...], visit: Visit
) -> Card:
    today = visit.rooms.pipeline.today()
    row, speech = book.speech.advise(said, case, today)
    waiting = [one.respond_by for one in came if one.state in _OPEN and one.respond_by]
    answer_by = min(waiting) if waiting else None
    by_when = answer_by or today + timedelta(days=book.decision.answers.answer_within_days)
    # The one that waits for us, not a later one that was answered: that is the number under which it is looked at.
    open_ = [one for one in came if one.state in _OPEN]
    receipt = (open_ or came)[0].receipt if came else ""
    facts = {"fecha": long_day(by_when), "recibo": receipt, "motivo": _motive(book, came), "caso": str(case.id)}
    pending = tuple(_equipment(item) for item in case.items if item.state is ItemState.PENDIENTE)
    return Card(
        case=case,
        standing=standing_of(case),
        holder=masked_name(case.holder),
        id_number=masked(case.id_number),
        service_number=masked(case.service_number),
        pending=pending,
        accredited=tuple(_equipment(item) for item in case.items if item.state is not ItemState.PENDIENTE),
        came=came,
        campaign=campaign,
        receipt=receipt,
        answer_by=long_day(answer_by),
        row=row,
        speech=speech,
        paragraphs=speech.read_aloud(facts),
    )


def masked_name(name: str) -> str:
    """A holder's name so that an agent can tell whether the caller's is that one, and no more.

    >>> masked_name("GOYES BALSECA JUAN")
    'GO*** BA*** JU**'
    """
    return " ".join(word[:2] + "*" * min(3, max(1, len(word) - 2)) for word in name.split())


def _equipment(item: Item) -> str:
    tail = item.serial[-4:] if len(item.serial) > 5 else ""
    return f"{item.description or item.type.value.replace('_', ' ').lower()}{f' …{tail}' if tail else ''}"


def _motive(book: RuleBook, came: tuple[Came, ...]) -> str:
    """What the customer was last asked for, as he read it, without what was filled in."""
    for mail in came:
        for told in reversed(mail.told):
            if told.kind is ReplyKind.SUBSANAR:
                return " ".join(filter(None, (reason_words(book, code) for code in told.reasons)))
    return ""


def reason_words(book: RuleBook, code: ReasonCode) -> str:
    """What a customer reads for a reason, and what he must do, without the facts of his own mail."""
    reason = book.reasons.reasons[code]
    text = re.sub(r"\[\[.*?\]\]", "", f"{reason.text} {reason.action}", flags=re.S)
    return " ".join(re.sub(r"\{.*?\}", "…", text).split())


# ── taking down ──────────────────────────────────────────────────────────────────────────────────


@router.post("/consulta/nota")
def note_no_acta(visit: In) -> Response:
    """He says that he returned it and has no acta: an evidence record (SIN_ACTA) for the back office."""
    office, city, day, items = (visit.field(name)[:200] for name in ("centro", "ciudad", "fecha", "equipos"))
    if not (office and city and items):
        return visit.go("/consulta", _("Office, city and equipment are needed.  Nothing was noted."), bad=True)
    text = "\n".join(
        (
            "NO TENGO EL ACTA.",
            f"Centro de atención: {office}",
            f"Ciudad: {city}",
            f"Fecha aproximada: {day or 'no recuerda'}",
            f"Equipos que dice que entregó: {items}",
            f"Anotado en una llamada por {visit.user.name}.",
        )
    )
    receipt = _take_down(visit, counter.CALL, text, ())
    return visit.go("/consulta", _("Noted.  Receipt number: %(receipt)s", receipt=receipt))


@router.get("/recepcion")
def counter_page(visit: In) -> Response:
    """Evidence brought in person."""
    return visit.page("counter.html", **_blank(visit), refused="")


@router.post("/recepcion")
def take_in(visit: In) -> Response:
    """The acta that a customer brings: the same reading, the same judge as a mail's."""
    files = visit.files("acta")
    if not files:
        return visit.page("counter.html", 400, **_blank(visit), refused=_("Choose or photograph the acta first."))
    if sum(len(content) for _name, content in files) > visit.rooms.web.max_upload_bytes:
        raise HTTPException(413)
    office = visit.field("centro")[:200]
    text = f"Documento recibido en el centro de atención {office}, por {visit.user.name}."
    receipt = _take_down(visit, counter.CAC, text, files)
    return visit.go("/recepcion", _("Received.  Receipt number: %(receipt)s", receipt=receipt))


def _take_down(visit: Visit, account: str, text: str, files: Sequence[tuple[str, bytes]]) -> str:
    """Into the house by the door of all mails; returns the receipt number.  The same form twice is one record."""
    once = visit.field("once")
    if not (made := _ONCE.fullmatch(once)):
        raise HTTPException(400)
    at = datetime.fromtimestamp(int(made[1]), UTC)
    answer_to = visit.field("correo")
    if answer_to and not counter.is_address(answer_to):
        raise HTTPException(400)
    rooms = visit.rooms
    raw = counter.written_down(_subject(visit), text, once=once, at=at, answer_to=answer_to, files=files)
    key = counter.copy_key(account, visit.user.name, once)
    rooms.pipeline.take_in(Arrival(key, rooms.now(), len(raw), raw))
    with rooms.database.session() as session:
        mail_id = lookup.mail_of_copy(session, key)
        audit.record(
            session,
            "taken down",
            actor=visit.user.actor,
            now=rooms.now(),
            mail_id=mail_id,
            detail={"origin": account, "files": len(files)},
        )
    return receipt_number(mail_id)


def _subject(visit: Visit) -> str:
    """Who and what it is about: the case that was looked up, or what the agent typed."""
    if (case_id := visit.number("caso")) is not None:
        try:
            with visit.rooms.database.reading() as session:
                case = records.load_case(session, CaseId(case_id))
        except Permanent:
            raise HTTPException(404) from None
        return counter.claim(case.id_number, case.holder, case.line, case.service_number)
    id_number, name = visit.field("cedula")[:30], visit.field("nombres")[:120]
    try:
        line = Line(visit.field("linea"))
    except ValueError:
        raise HTTPException(400) from None
    if not (id_number and name):
        raise HTTPException(400)
    return counter.claim(id_number, name, line, visit.field("servicio")[:30])


def _new_once(visit: Visit) -> str:
    """A name for the form that is shown now: when it was shown, and something nobody else has."""
    return f"{int(visit.rooms.now().timestamp())}-{secrets.token_hex(8)}"
