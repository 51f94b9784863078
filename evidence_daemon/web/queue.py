"""The queue's pages: lanes, search, rows in the order of the legal clock; rejecting several for one same reason.

What is wanted stands in the address, so that it can be sent to a colleague and kept as a bookmark.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException
from starlette.responses import RedirectResponse, Response

from evidence_daemon.errors import BadInput, RefusedTransition, Temporary
from evidence_daemon.model import Lane, MailId, ReasonCode, Verdict, mail_of_receipt, receipt_number
from evidence_daemon.review import Ruling
from evidence_daemon.rulebook import ReasonClass
from evidence_daemon.store import queue
from evidence_daemon.store.queue import SearchBy, Wanted
from evidence_daemon.web.frame import In, Visit
from evidence_daemon.web.words import _, ngettext
from evidence_daemon.workdays import ECUADOR

router = APIRouter()

PAGE = 25
LANES = (
    Lane.REVISAR,
    Lane.SENALES,
    Lane.CUATRO_OJOS,
    Lane.SIN_RESPUESTA,
    Lane.SIN_PROCESAR,
    Lane.ENVIO_INCIERTO,
    Lane.LLAMAR,
    Lane.DERIVADO,
)
"""In the order in which they are worked."""
AMBER_DAY, RED_DAY = 3, 10
"""From which day since the mail came its age is a warning, and an alarm."""


# ── what is wanted, and the address that says it ─────────────────────────────────────────────────


def wanted_of(query: Mapping[str, str], actor: str) -> Wanted:
    """What an address asks for; words that mean nothing are left out."""
    lane = query.get("carril", "")
    by, reason = query.get("campo", ""), query.get("motivo", "")
    return Wanted(
        lane=Lane(lane) if lane in set(Lane) else None,
        waiting=lane == "ESPERA",
        words=query.get("q", "")[:200],
        by=SearchBy(by) if by in set(SearchBy) else SearchBy.TODO,
        reason=ReasonCode(reason) if reason in set(ReasonCode) else None,
        mine=actor if query.get("mios") else "",
        postponed=bool(query.get("pospuestos")),
        decided=bool(query.get("decididos")),
    )


def address_of(wanted: Wanted, **more: str) -> str:
    """The other way round: the query of an address ("carril=REVISAR&q=…")."""
    lane = "ESPERA" if wanted.waiting else wanted.lane.value if wanted.lane is not None else ""
    values = {
        "carril": lane,
        "q": wanted.words,
        "campo": wanted.by.value if wanted.by is not SearchBy.TODO else "",
        "motivo": wanted.reason.value if wanted.reason is not None else "",
        "mios": "1" if wanted.mine else "",
        "pospuestos": "1" if wanted.postponed else "",
        "decididos": "1" if wanted.decided else "",
    } | more
    return urlencode({name: value for name, value in values.items() if value})


# ── what a row shows ─────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Age:
    """How long a mail waits, against the law: days, words, and how much it presses ("", "warn", "bad")."""

    days: int
    words: str
    kind: str


def age(received_at: datetime, respond_by: date | None, now: datetime) -> Age:
    """The legal clock of a mail: never by colour alone."""
    today = now.astimezone(ECUADOR).date()
    days = (today - received_at.astimezone(ECUADOR).date()).days
    kind = "bad" if days >= RED_DAY else "warn" if days >= AMBER_DAY else ""
    waits = ngettext("%(num)s day", "%(num)s days", days) if days else _("today")
    if respond_by is None:
        return Age(days, waits, kind)
    left = (respond_by - today).days
    if left < 0:
        return Age(days, f"{waits} · {ngettext('overdue by %(num)s day', 'overdue by %(num)s days', -left)}", "bad")
    if left == 0:
        return Age(days, f"{waits} · {_('due today')}", "bad")
    return Age(days, f"{waits} · {ngettext('%(num)s day left', '%(num)s days left', left)}", kind)


def masked_name(name: str) -> str:
    """A holder's name as a list may show it.

    >>> masked_name("GOYES BALSECA JUAN")
    'GOYES B. J.'
    """
    first, *others = name.split() or [""]
    return " ".join([first, *(f"{word[0]}." for word in others)])


# ── pages ────────────────────────────────────────────────────────────────────────────────────────


@router.get("/cola")
def queue_page(visit: In) -> Response:
    """One lane of the queue, or what a search found in all of them."""
    wanted = wanted_of(visit.request.query_params, visit.user.actor)
    after = visit.request.query_params.get("desde", "")
    today = visit.rooms.pipeline.today()
    with visit.rooms.database.reading() as session:
        rows = queue.rows(session, wanted, today, after=after, limit=PAGE + 1)
        waiting = queue.counts(session, today)
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    return visit.page(
        "queue.html",
        wanted=wanted,
        rows=rows,
        ages={row.id: age(row.received_at, row.respond_by, visit.rooms.now()) for row in rows},
        waiting=waiting,
        lanes=LANES,
        here=address_of(wanted),
        further=address_of(wanted, desde=rows[-1].key) if more else "",
        later=bool(after),
        address_of=address_of,
        wanted_lane=_wanted_lane,
        masked_name=masked_name,
        fields=list(SearchBy),
        reasons=list(visit.rooms.book.reasons.reasons),
        undoable=visit.rooms.desk.undoable(person=visit.user.actor),
        may_reject=bool(rows) and not wanted.decided and not wanted.waiting,
        for_all=_for_all(visit),
        key=secrets.token_urlsafe(16),
    )


def _wanted_lane(lane: Lane | None, *, waiting: bool = False) -> str:
    return address_of(Wanted(lane=lane, waiting=waiting))


def _for_all(visit: Visit) -> list[ReasonCode]:
    """Reasons for which several may be turned down at once: those that the customer himself can mend."""
    reasons = visit.rooms.book.reasons.reasons
    return [code for code, reason in reasons.items() if reason.class_ is ReasonClass.CUSTOMER]


@router.get("/cola/cuentas")
def queue_counts(visit: In) -> Response:
    """How much waits where: the lanes' line, which asks for itself every so often."""
    today = visit.rooms.pipeline.today()
    with visit.rooms.database.reading() as session:
        waiting = queue.counts(session, today)
    return visit.page(
        "queue_lanes.html",
        wanted=wanted_of(visit.request.query_params, visit.user.actor),
        waiting=waiting,
        lanes=LANES,
        wanted_lane=_wanted_lane,
        here=visit.request.url.query,
    )


@router.get("/cola/siguiente")
def next_item(visit: In) -> Response:
    """To the oldest mail of what is wanted that nobody else has before him."""
    wanted = wanted_of(visit.request.query_params, visit.user.actor)
    return RedirectResponse(next_address(visit, wanted, None), 303)


def next_mail(visit: Visit, wanted: Wanted, after: MailId | None) -> MailId | None:
    """The mail to open after this one; None when nothing is left."""
    with visit.rooms.database.reading() as session:
        return queue.next_one(
            session,
            wanted,
            visit.rooms.pipeline.today(),
            actor=visit.user.actor,
            now=visit.rooms.now(),
            after=after,
        )


def next_address(visit: Visit, wanted: Wanted, after: MailId | None) -> str:
    """Where one goes on: the next mail, taken before oneself at once, or the queue when nothing is left.

    The queue as well when none can be taken now: what was decided just before is decided all the same.
    """
    query = address_of(wanted)
    tail = f"?{query}" if query else ""
    try:
        following = visit.rooms.desk.claim_next(wanted, person=visit.user.actor, after=after)
    except Temporary:
        following = None
    return f"/cola/{receipt_number(following)}{tail}" if following is not None else f"/cola{tail}"


# ── several at once: only to turn down, for one same reason ──────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Turned:
    """One of several: the words that he would get, or why it is not turned down."""

    receipt: str
    token: str
    to_address: str = ""
    text: str = ""
    basis: str = ""
    trouble: str = ""
    done: bool = False


@router.post("/cola/lote")
def turn_down(visit: In) -> Response:
    """Turn several down for one same reason: first what each would get, then, confirmed, mail by mail.

    Nothing is ever accepted this way.
    """
    back = visit.field("vuelta")
    reason = visit.field("motivo")
    if reason not in set(_for_all(visit)):
        return visit.go(f"/cola?{back}", _("Choose the reason that all of them share."), bad=True)
    chosen = [tuple(f"{one}||".split("|")[:3]) for one in visit.fields("elegido")][:PAGE]
    if not chosen:
        return visit.go(f"/cola?{back}", _("Choose at least one."), bad=True)
    ruling = Ruling(Verdict.ASK, reasons=(ReasonCode(reason),))
    key, confirmed = visit.field("clave"), visit.field("paso") == "confirmado"
    turned = [
        _turned(visit, ruling, receipt, token, basis, f"{key}:{receipt}" if confirmed else "")
        for receipt, token, basis in chosen
    ]
    return visit.page(
        "queue_batch.html",
        turned=turned,
        reason=ReasonCode(reason),
        told_reason=visit.rooms.book.reasons.reasons[ReasonCode(reason)],
        confirmed=confirmed,
        back=back,
        key=key or secrets.token_urlsafe(16),
    )


def _turned(visit: Visit, ruling: Ruling, receipt: str, token: str, basis: str, key: str) -> Turned:
    mail_id = mail_of_receipt(receipt)
    if mail_id is None:
        raise HTTPException(404)
    desk, person = visit.rooms.desk, visit.user.actor
    try:
        if key:
            desk.decide(mail_id, ruling, person=person, token=token, key=key, basis=basis or "-")
            return Turned(receipt, token, done=True)
        seen = desk.preview(mail_id, ruling, person=person)
        silent = _("Nobody would be answered: %(why)s", why=seen.settlement.unanswered_because)
        return Turned(receipt, token, seen.to_address, seen.text or silent, seen.basis)
    except (BadInput, RefusedTransition) as trouble:
        return Turned(receipt, token, trouble=str(trouble))
    except Temporary:
        return Turned(receipt, token, trouble=busy())


def busy() -> str:
    """What is said when others wrote for longer than one can wait."""
    return _("The house is busy, and nothing was written.  Send it again.")
