"""The page of one mail: what was read beside what is on file, what the rules say, and the forms for every act.

It shows the very pixels that were read, never what the customer sent; that can only be downloaded (`originals.py`).
Opening a mail takes it before oneself.  What the forms do stands in `deciding.py`.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, HTTPException
from starlette.responses import PlainTextResponse, Response

from evidence_daemon.documents.corrections import SUBJECT
from evidence_daemon.errors import BadInput, Permanent, RefusedTransition
from evidence_daemon.model import (
    ABOUT_ANSWERS,
    Case,
    CaseId,
    Document,
    EvidenceState,
    ItemFinding,
    ItemOutcome,
    ItemState,
    Lane,
    MailId,
    ManyCases,
    NoCase,
    OneCase,
    ReasonCode,
    Unreadable,
    Verdict,
    mail_of_receipt,
)
from evidence_daemon.review import LEASE, Dossier, Preview, Ruling
from evidence_daemon.rulebook import ReasonClass
from evidence_daemon.store.shapes import from_json
from evidence_daemon.web.access import Permission
from evidence_daemon.web.frame import In, Visit
from evidence_daemon.web.history import deed_words
from evidence_daemon.web.queue import address_of, age, next_mail, wanted_of
from evidence_daemon.web.reads import Sheet, boxes, sheets_of, signing_boxes, subject_read, values_read

router = APIRouter()

ZOOMS = (50, 75, 100, 150, 200, 300)
SHOWN_FIRST = 9
"""Reasons that have a key of their own."""


# ── pages ────────────────────────────────────────────────────────────────────────────────────────


@router.get("/cola/{receipt}")
def item(visit: In, receipt: str) -> Response:
    """All of one mail; whoever may decide takes it before himself."""
    takes = visit.may(Permission.DECIDE) and not visit.request.headers.get("Purpose")
    return show(visit, mail_of(receipt), takes=takes)


def _taken(visit: Visit, dossier: Dossier, case_id: CaseId | None) -> Dossier:
    """The mail, taken before oneself; who came by `next_address` has it since a moment ago."""
    question, now, mine = dossier.question, visit.rooms.now(), visit.user.actor
    if question is None or (question.holder(now) == mine and question.holder(now + LEASE * 0.9)):
        return dossier
    claimed = visit.rooms.desk.claim(question.mail_id, person=mine)
    if claimed is not None and claimed.token == question.token:
        return replace(dossier, question=claimed)
    # The form carries the new token: whoever sends it must have seen what it is about.
    return visit.rooms.desk.dossier(question.mail_id, case_id)


def show(
    visit: Visit,
    mail_id: MailId,
    *,
    status: int = 200,
    refused: str = "",
    seen: Preview | None = None,
    confirm: bool = False,
    looks: bool = True,
    takes: bool = False,
) -> Response:
    """The mail's page.  `looks` False: it was on the screen already, and nothing can be written now.

    `takes`: it is taken before oneself.
    """
    query = visit.request.query_params
    number = visit.number("caso") if visit.form else _number(query.get("caso", ""))
    case_id = CaseId(number) if number is not None else None
    try:
        dossier = visit.rooms.desk.dossier(mail_id, case_id)
        dossier = _taken(visit, dossier, case_id) if takes else dossier
    except Permanent:
        raise HTTPException(404) from None
    if looks:
        visit.record("viewed", mail_id=mail_id)
    way = visit.field("vuelta") if visit.form else visit.request.url.query
    wanted = wanted_of(dict(parse_qsl(way)), visit.user.actor)
    now, question = visit.rooms.now(), dossier.question
    sheets = sheets_of(dossier)
    number = min(max(_number(query.get("hoja", "")) or _first_sheet(dossier, sheets), 1), max(len(sheets), 1))
    reads = [
        (paper, values_read(paper, index, dossier.cases, sheets))
        for index, paper in enumerate(dossier.evidence.papers if dossier.evidence is not None else ())
    ]
    holder = question.holder(now) if question is not None else ""
    return visit.page(
        "item.html",
        status,
        d=dossier,
        mail=dossier.story.mail,
        question=question,
        email=dossier.evidence.email if dossier.evidence is not None else None,
        age=age(dossier.story.mail.received_at, dossier.story.mail.respond_by, now),
        sheets=sheets,
        sheet=sheets[number - 1] if sheets else None,
        turn=(_number(query.get("giro", "")) or 0) % 360 // 90 * 90,
        zoom=_nearest(_number(query.get("zoom", "")) or 100),
        zooms=ZOOMS,
        reads=reads,
        subject_reads=subject_read(dossier.evidence.subject, dossier.cases) if dossier.evidence is not None else [],
        all_reads=[read for _paper, mine in reads for read in mine],
        boxes=boxes,
        signing_boxes=signing_boxes,
        papers=[paper for paper, _mine in reads],
        deed_words=deed_words,
        items=_items(dossier),
        others=_other_cases(dossier),
        case_id=case_id,
        findings=_findings(dossier),
        reasons=(reasons := _reasons(visit, dossier)),
        reason_text=visit.rooms.book.reasons.reasons,
        form=_Form(visit, dossier, seen, reasons[1]),
        may_decide=visit.may(Permission.DECIDE) and question is not None and holder in {"", visit.user.actor},
        holder=holder if holder != visit.user.actor else "",
        open_answers=[review for review in dossier.story.reviews if review.lane in ABOUT_ANSWERS],
        may_close=dossier.story.mail.state
        not in {EvidenceState.EN_REVISION, EvidenceState.ESCALADO, EvidenceState.ERROR_TECNICO},
        waits_for_me=dossier.proposal is not None
        and visit.may(Permission.APPROVE)
        and dossier.proposal.first != visit.user.actor.casefold(),
        proposed=_proposed(visit, dossier),
        undoable=visit.rooms.desk.undoable(person=visit.user.actor),
        way=address_of(wanted),
        refused=refused,
        seen=seen,
        confirm=confirm,
        key=visit.field("clave") or secrets.token_urlsafe(16),
        here=lambda **more: _here(visit, receipt_of(dossier), more),
        Verdict=Verdict,
        unreadable=[one for one in dossier.story.readings if isinstance(one, Unreadable)],
        Lane=Lane,
        subject=dossier.evidence.subject.text if dossier.evidence is not None else dossier.story.mail.subject,
        SUBJECT=SUBJECT,
    )


def receipt_of(dossier: Dossier) -> str:
    """The mail's number."""
    return dossier.story.mail.receipt


def _here(visit: Visit, receipt: str, more: Mapping[str, object]) -> str:
    """This page with something else in its address: another sheet, turned, larger, as if about another case."""
    if visit.form:
        query = dict(parse_qsl(visit.field("vuelta")))
    else:
        query = dict(visit.request.query_params)
    query |= {name: str(value) for name, value in more.items()}
    return f"/cola/{receipt}?{urlencode(query)}"


def _first_sheet(dossier: Dossier, sheets: list[Sheet]) -> int:
    """The page that matters: the first on which a value was found."""
    if dossier.evidence is None:
        return 1
    for paper in dossier.evidence.papers:
        for read in values_read(paper, 0, (), sheets):
            if read.sheet:
                return read.sheet
    return 1


def _items(dossier: Dossier) -> list[tuple[Case, Any, ItemFinding | None]]:
    """Every item of the cases with what the rules say of it."""
    findings = {one.item_id: one for one in dossier.judged.grounds.items} if dossier.judged is not None else {}
    return [(case, item, findings.get(item.id)) for case in dossier.cases for item in case.items]


def _other_cases(dossier: Dossier) -> list[Case]:
    """Cases that may be meant instead."""
    match dossier.found:
        case OneCase(case=case, rivals=rivals, strangers=strangers):
            known = (case, *rivals, *strangers)
        case ManyCases(cases=cases, rivals=rivals, strangers=strangers):
            known = (*cases, *rivals, *strangers)
        case NoCase() | None:
            known = ()
    here = {case.id for case in dossier.cases}
    return [case for case in dict.fromkeys(known) if case.id not in here]


def _findings(dossier: Dossier) -> Any:
    """Every rule's verdict as it is now; of a mail that cannot be read, as it was stored."""
    return dossier.judged.grounds if dossier.judged is not None else None


def _reasons(visit: Visit, dossier: Dossier) -> tuple[list[ReasonCode], list[ReasonCode]]:
    """The reasons to choose from: the likely ones first, which have a key each, then all others."""
    book = visit.rooms.book.reasons.reasons
    usable = [code for code, text in book.items() if text.class_ is not ReasonClass.INFORMATION]
    likely = [*(dossier.question.reasons if dossier.question is not None else ()), *_COMMON]
    first = [code for code in dict.fromkeys(likely) if code in usable][:SHOWN_FIRST]
    return first, [code for code in book if code not in first and code not in _NOT_SAID]


_COMMON = (
    ReasonCode.ADJUNTO_ILEGIBLE,
    ReasonCode.NO_ES_ACTA,
    ReasonCode.ACTA_INCOMPLETA,
    ReasonCode.EQUIPO_NO_COINCIDE,
    ReasonCode.ACTA_OTRO_TITULAR,
    ReasonCode.SIN_ADJUNTO,
    ReasonCode.ACTA_SIN_FIRMA,
    ReasonCode.NOMBRE_NO_COINCIDE,
    ReasonCode.SIN_ACTA,
)
_NOT_SAID = {ReasonCode.RECIBIDO, ReasonCode.ACEPTADO, ReasonCode.ERROR_INTERNO}


class _Form:
    """What stands in the form: what was posted; else, in a new one, what the rules would accredit."""

    def __init__(self, visit: Visit, dossier: Dossier, seen: Preview | None, others: list[ReasonCode]) -> None:
        self.verdict = visit.field("verdict")
        self.note = visit.field("nota")
        shown = {one.item_id: one.outcome for one in dossier.judged.grounds.items} if dossier.judged else {}
        if visit.form:
            self.items = set(visit.numbers("equipo"))
            self.charges = set(visit.numbers("cargo"))
            self.reasons = set(visit.fields("motivo"))
        else:
            self.items = {
                item.id
                for case in dossier.cases
                for item in case.items
                if shown.get(item.id) is ItemOutcome.ACREDITAR and item.state is ItemState.PENDIENTE
            }
            self.charges = set()
            self.reasons = set()
        self.other_reasons = bool(self.reasons & {code.value for code in others})
        self.text = visit.field("texto") if visit.form and seen is None else seen.text if seen is not None else ""
        self.basis = seen.basis if seen is not None else visit.field("base")


def _proposed(visit: Visit, dossier: Dossier) -> tuple[Ruling, Preview] | None:
    """What the first person decided, as it would be settled now."""
    if dossier.proposal is None:
        return None
    ruling: Ruling = from_json(dossier.proposal.ruling, Ruling)
    try:
        return ruling, visit.rooms.desk.preview(dossier.story.mail.id, ruling, person=dossier.proposal.first)
    except (BadInput, RefusedTransition):
        return None


@router.get("/cola/{receipt}/preparar")
def prepare_next(visit: In, receipt: str) -> Response:
    """While a mail is looked at, the one behind it is made ready; the addresses of its pictures, one a line."""
    wanted = wanted_of(visit.request.query_params, visit.user.actor)
    following = next_mail(visit, wanted, mail_of(receipt))
    if following is None:
        return PlainTextResponse("")
    try:
        with visit.rooms.database.reading() as session:
            evidence, _found = visit.rooms.pipeline.gather(session, following)
    except (Permanent, OSError):
        return PlainTextResponse("")
    rasters = [
        page.raster
        for reading in evidence.readings
        if isinstance(reading, Document)
        for page in reading.pages
        if page.raster
    ]
    return PlainTextResponse("\n".join(f"/cola/{evidence.receipt}/pagina/{raster}" for raster in rasters[:2]))


# ── small things ─────────────────────────────────────────────────────────────────────────────────


def mail_of(receipt: str) -> MailId:
    """The mail that an address names.  Raises `HTTPException` 404 for what is no receipt's number."""
    mail_id = mail_of_receipt(receipt)
    if mail_id is None:
        raise HTTPException(404)
    return mail_id


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 12 else None


def _nearest(zoom: int) -> int:
    return min(ZOOMS, key=lambda one: abs(one - zoom))
