"""Every act on one mail, each a form of its page: deciding, and opening the next; undoing, approving, correcting.

A form carries the question's token, its own key, and the name of the words that were shown, so that nothing is decided
twice, on an old view, or with an answer that nobody saw.  When the house is too busy to write, the form is shown again
as it was filled in.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from evidence_daemon.errors import BadInput, RefusedTransition, Temporary
from evidence_daemon.model import CaseId, ChargeId, ItemId, Lane, MailId, ReasonCode, Verdict
from evidence_daemon.review import NotShown, Outcome, Ruling, TooLate
from evidence_daemon.web.frame import In, Visit
from evidence_daemon.web.item import mail_of, show
from evidence_daemon.web.queue import busy, next_address, wanted_of
from evidence_daemon.web.words import _, word

router = APIRouter()


@router.post("/cola/{receipt}/vista")
def words_of_answer(visit: In, receipt: str) -> Response:
    """The exact words that would go out for what stands in the form."""
    mail_id = mail_of(receipt)
    refused, seen = "", None
    try:
        seen = visit.rooms.desk.preview(mail_id, _ruling(visit, text=None), person=visit.user.actor)
    except (BadInput, RefusedTransition) as trouble:
        refused = str(trouble)
    if visit.asks_for_piece:
        return visit.page("item_answer.html", seen=seen, refused=refused, text=seen.text if seen else "", confirm=False)
    return show(visit, mail_id, refused=refused, seen=seen, confirm=seen is not None)


@router.post("/cola/{receipt}/decidir")
def decide(visit: In, receipt: str) -> Response:
    """Decide, and open the next; what was not shown is shown first."""
    mail_id = mail_of(receipt)
    desk, person = visit.rooms.desk, visit.user.actor
    try:
        outcome = desk.decide(
            mail_id,
            _ruling(visit, text=visit.field("texto") or None),
            person=person,
            token=visit.field("pregunta"),
            key=visit.field("clave"),
            basis=visit.field("base") or "-",
        )
    except NotShown:
        seen = desk.preview(mail_id, _ruling(visit, text=None), person=person)
        return show(visit, mail_id, status=409, seen=seen, confirm=True)
    except TooLate as late:
        return _late(visit, mail_id, late)
    except Temporary:
        return _busy(visit, mail_id)
    except (BadInput, RefusedTransition) as trouble:
        return show(visit, mail_id, status=400 if isinstance(trouble, BadInput) else 409, refused=str(trouble))
    return _onward(visit, mail_id, outcome)


def _late(visit: Visit, mail_id: MailId, late: TooLate) -> Response:
    """Somebody was faster: he is told who did what, and sees how it stands."""
    return show(visit, mail_id, status=409, refused=str(late))


def _busy(visit: Visit, mail_id: MailId) -> Response:
    """Too many write at once: nothing was decided, and the form stands as he filled it in, to be sent again."""
    return show(visit, mail_id, status=503, refused=busy(), looks=False)


def _ruling(visit: Visit, text: str | None) -> Ruling:
    chosen = visit.field("verdict")
    if chosen not in {Verdict.REVERSE, Verdict.ASK, Verdict.REJECT, Verdict.ESCALATE, Verdict.DISCARD}:
        raise BadInput(_("Choose what you decide."))
    case = visit.number("caso")
    accredits = chosen == Verdict.REVERSE
    items = tuple(ItemId(one) for one in visit.numbers("equipo"))
    charges = tuple(ChargeId(one) for one in visit.numbers("cargo"))
    reasons = tuple(ReasonCode(code) for code in visit.fields("motivo") if code in set(ReasonCode))
    return Ruling(
        verdict=Verdict(chosen),
        reasons=() if accredits else reasons,
        case_id=CaseId(case) if case is not None else None,
        items=items if accredits else None,
        charges=charges if accredits and visit.field("por_cargo") else None,
        note=visit.field("nota")[:1000],
        text=text,
    )


def _onward(visit: Visit, mail_id: MailId, outcome: Outcome) -> Response:
    told = _said(outcome)
    if visit.field("luego") == "quedarse":
        return visit.go(f"/cola/{outcome.receipt}?{visit.field('vuelta')}", told)
    wanted = wanted_of(dict(parse_qsl(visit.field("vuelta"))), visit.user.actor)
    return visit.go(next_address(visit, wanted, mail_id), told)


def _said(outcome: Outcome) -> str:
    """What was done, in one sentence."""
    if outcome.repeated:
        return _("%(receipt)s: that form was sent already; nothing was done twice.", receipt=outcome.receipt)
    if outcome.proposed:
        return _(
            "%(receipt)s: a second person must approve it, for %(why)s.", receipt=outcome.receipt, why=outcome.proposed
        )
    return f"{outcome.receipt}: {word(outcome.state)}."


# ── other acts ───────────────────────────────────────────────────────────────────────────────────


@router.post("/cola/{receipt}/mantener")
def keep(visit: In, receipt: str) -> Response:
    """He is still at it: his claim is renewed."""
    question = visit.rooms.desk.claim(mail_of(receipt), person=visit.user.actor)
    mine = question is not None and question.holder(visit.rooms.now()) == visit.user.actor
    return Response(status_code=204 if mine else 409)


@router.post("/cola/{receipt}/soltar")
def let_go(visit: In, receipt: str) -> Response:
    """Give it back without a decision, and go on to the next."""
    mail_id = mail_of(receipt)
    visit.rooms.desk.let_go(mail_id, person=visit.user.actor)
    if visit.field("luego") == "siguiente":
        wanted = wanted_of(dict(parse_qsl(visit.field("vuelta"))), visit.user.actor)
        return visit.go(next_address(visit, wanted, mail_id))
    return visit.go(f"/cola?{visit.field('vuelta')}")


@router.post("/cola/{receipt}/deshacer")
def take_back(visit: In, receipt: str) -> Response:
    """Undo what one just decided; later, or another's, with a reason."""
    return _act(
        visit,
        receipt,
        lambda mail_id: visit.rooms.desk.take_back(
            mail_id, person=visit.user.actor, because=visit.field("porque"), key=visit.field("clave")
        ),
        _("%(receipt)s waits for a person again.", receipt=receipt),
    )


@router.post("/cola/{receipt}/aprobar")
def approve(visit: In, receipt: str) -> Response:
    """The second person agrees."""
    mail_id = mail_of(receipt)
    try:
        outcome = visit.rooms.desk.approve(
            mail_id, person=visit.user.actor, token=visit.field("pregunta"), key=visit.field("clave")
        )
    except TooLate as late:
        return _late(visit, mail_id, late)
    except Temporary:
        return _busy(visit, mail_id)
    return _onward(visit, mail_id, outcome)


@router.post("/cola/{receipt}/devolver")
def send_back(visit: In, receipt: str) -> Response:
    """The second person does not agree, or the first one thinks again."""
    return _act(
        visit,
        receipt,
        lambda mail_id: visit.rooms.desk.send_back(
            mail_id,
            person=visit.user.actor,
            note=visit.field("nota"),
            token=visit.field("pregunta"),
            key=visit.field("clave"),
        ),
        _("%(receipt)s was sent back.", receipt=receipt),
    )


@router.post("/cola/{receipt}/corregir")
def correct(visit: In, receipt: str) -> Response:
    """Write misread values anew and let the rules judge with them."""
    values = {
        name.removeprefix("valor:"): text
        for name, text in visit.form.multi_items()
        if name.startswith("valor:") and isinstance(text, str)
    }
    return _act(
        visit,
        receipt,
        lambda mail_id: visit.rooms.desk.correct(
            mail_id, values, person=visit.user.actor, token=visit.field("pregunta"), key=visit.field("clave")
        ),
        _("Corrected, and judged anew."),
    )


@router.post("/cola/{receipt}/posponer")
def postpone(visit: In, receipt: str) -> Response:
    """Put it off to a day."""
    mail_id = mail_of(receipt)
    try:
        until = date.fromisoformat(visit.field("dia"))
    except ValueError:
        return visit.go(f"/cola/{receipt}?{visit.field('vuelta')}", _("Choose a day."), bad=True)
    try:
        visit.rooms.desk.postpone(mail_id, until, person=visit.user.actor, token=visit.field("pregunta"))
    except (BadInput, RefusedTransition) as trouble:
        return visit.go(f"/cola/{receipt}?{visit.field('vuelta')}", str(trouble), bad=True)
    except Temporary:
        return visit.go(f"/cola/{receipt}?{visit.field('vuelta')}", busy(), bad=True)
    wanted = wanted_of(dict(parse_qsl(visit.field("vuelta"))), visit.user.actor)
    return visit.go(next_address(visit, wanted, mail_id), _("%(receipt)s was put off.", receipt=receipt))


@router.post("/cola/{receipt}/hecho")
def done(visit: In, receipt: str) -> Response:
    """Close a question that asks for no decision."""
    lane = visit.field("carril")
    if lane not in set(Lane):
        raise HTTPException(400)
    mail_id = mail_of(receipt)
    visit.rooms.desk.done(mail_id, Lane(lane), person=visit.user.actor)
    return visit.go(f"/cola?{visit.field('vuelta')}", _("%(receipt)s: done.", receipt=receipt))


@router.post("/cola/{receipt}/reprocesar")
def walk_again(visit: In, receipt: str) -> Response:
    """Let a mail that could not be processed be walked again."""
    visit.rooms.desk.unshunt(mail_of(receipt), person=visit.user.actor)
    return visit.go(f"/cola?{visit.field('vuelta')}", _("%(receipt)s will be processed again.", receipt=receipt))


def _act(visit: Visit, receipt: str, act: Any, told: str) -> Response:
    """Do it and come back to the mail, which says what was done, or why not."""
    path = f"/cola/{receipt}?{visit.field('vuelta')}"
    try:
        act(mail_of(receipt))
    except (BadInput, RefusedTransition) as trouble:
        return visit.go(path, str(trouble), bad=True)
    except Temporary:
        return visit.go(path, busy(), bad=True)
    return visit.go(path, told)
