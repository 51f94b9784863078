"""One item of the queue: what was read beside what is on file, and everything that a person may do with it.

The page shows the very pixels that were read, never what the customer sent; that can only be downloaded.  Opening
a mail takes it before oneself; the form carries the question's token, its own key, and the name of the words that
were shown, so that nothing is decided twice, on an old view, or with an answer that nobody saw.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, HTTPException
from starlette.responses import PlainTextResponse, Response

from evidence_daemon.canonical import service_key
from evidence_daemon.cases.equipment import Likeness, same_serial
from evidence_daemon.cases.identity import same_id
from evidence_daemon.cases.names import NameMatch, compare
from evidence_daemon.documents.corrections import NAMES, SUBJECT
from evidence_daemon.errors import BadInput, Permanent, RefusedTransition
from evidence_daemon.model import (
    ABOUT_ANSWERS,
    Case,
    CaseId,
    ChargeId,
    Document,
    EvidenceState,
    Field,
    Fields,
    ItemFinding,
    ItemId,
    ItemOutcome,
    ItemState,
    Lane,
    MailId,
    ManyCases,
    NoCase,
    OneCase,
    Page,
    ReasonCode,
    Sha256,
    Unreadable,
    Verdict,
    mail_of_receipt,
)
from evidence_daemon.review import LEASE, Dossier, NotShown, Outcome, Preview, Ruling, TooLate
from evidence_daemon.rulebook import ReasonClass
from evidence_daemon.store import records
from evidence_daemon.store.shapes import from_json
from evidence_daemon.web.access import Permission
from evidence_daemon.web.frame import In, Visit
from evidence_daemon.web.queue import address_of, age, next_address, next_mail, wanted_of
from evidence_daemon.web.words import _, word

router = APIRouter()

ZOOMS = (50, 75, 100, 150, 200, 300)
SHOWN_FIRST = 9
"""Reasons that have a key of their own."""


# ── what the page shows ──────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page that was read: its place among all pages of the mail (from 1), and of which file."""

    number: int
    page: Page
    document: Document

    @property
    def raster(self) -> Sha256:
        """The picture that was read."""
        return self.page.raster or Sha256("")


@dataclass(frozen=True, slots=True)
class Read:
    """One value of a paper beside what is on file.  `kind`: "good", "bad", "warn" or "" where nothing compares.

    `sheet` is the page (from 1) on which its box lies; 0 when it has none.
    """

    path: str
    name: str
    field: Field | None
    expected: str
    says: str
    kind: str
    sheet: int = 0


def sheets_of(dossier: Dossier) -> list[Sheet]:
    """Every page that has a picture, in order."""
    pages = (
        (page, reading)
        for reading in dossier.story.readings
        if isinstance(reading, Document)
        for page in reading.pages
        if page.raster
    )
    return [Sheet(number, page, reading) for number, (page, reading) in enumerate(pages, start=1)]


def values_read(paper: Fields, number: int, cases: tuple[Case, ...], sheets: list[Sheet]) -> list[Read]:
    """What a paper says, value by value, beside what is on file for these cases."""
    place = _places(paper, sheets)
    found = []
    for name in NAMES:
        field: Field | None = getattr(paper, name)
        expected, says, kind = _compared(name, field, cases)
        found.append(Read(f"{number}.{name}", name, field, expected, says, kind, place(field)))
    items = [item for case in cases for item in case.items]
    for row, line in enumerate(paper.equipment):
        for name, value in (("serial", line.serial), ("mac", line.mac)):
            if value is None and name == "mac":
                continue
            path = f"{number}.equipment.{row}.{name}"
            expected, says, kind = _compared_equipment(value, [(item.serial, item.mac) for item in items])
            found.append(Read(path, name, value, expected, says, kind, place(value)))
    return found


def _places(paper: Fields, sheets: list[Sheet]) -> Any:
    """Where a field of this paper lies, as the number of a sheet: its pages count through the paper's files."""
    mine = [sheet.number for digest in paper.documents for sheet in sheets if sheet.document.sha256 == digest]

    def place(field: Field | None) -> int:
        if field is None or field.box is None or not mine:
            return 0
        return mine[min(max(field.page, 1), len(mine)) - 1]

    return place


def _compared(name: str, field: Field | None, cases: tuple[Case, ...]) -> tuple[str, str, str]:
    """(what is on file, what that says, how good) of one value."""
    if name == "id_number":
        files = list(dict.fromkeys(case.id_number for case in cases))
        return _same(field, files, same_id)
    if name == "holder":
        files = list(dict.fromkeys(case.holder for case in cases))
        if field is None or not files:
            return _same(field, files, lambda a, b: a == b)
        best = min((compare(field.value, holder) for holder in files), key=_NAMES_BEST.index)
        kind = {NameMatch.COINCIDE: "good", NameMatch.NO_COINCIDE: "bad"}.get(best, "warn")
        return ", ".join(files), word(best), kind
    if name == "service_number":
        files = list(dict.fromkeys(case.service_number for case in cases))
        return _same(field, files, lambda a, b: service_key(a) == service_key(b))
    if name == "date" and field is not None:
        since = max((case.activated_on for case in cases if case.activated_on), default=None)
        if since is not None and field.value < since.isoformat():
            return since.isoformat(), _("before the service was activated"), "bad"
    return "", "" if field is not None else _("not read"), ""


_NAMES_BEST = (NameMatch.COINCIDE, NameMatch.PARCIAL, NameMatch.DUDA, NameMatch.NO_COINCIDE)


def _same(field: Field | None, files: list[str], same: Any) -> tuple[str, str, str]:
    expected = ", ".join(files)
    if field is None:
        return expected, _("not read"), "warn" if files else ""
    if not files:
        return "", _("no case to compare with"), ""
    if any(same(field.value, one) for one in files):
        return expected, _("same"), "good"
    return expected, _("another one"), "bad"


def _compared_equipment(field: Field | None, items: list[tuple[str, str]]) -> tuple[str, str, str]:
    known = [value for pair in items for value in pair if value]
    if field is None:
        return "", _("not read"), "warn"
    if not known:
        return "", _("no case to compare with"), ""
    likeness = {value: same_serial(field.value, value) for value in known}
    for wanted, says, kind in ((Likeness.SAME, _("same"), "good"), (Likeness.DOUBT, _("alike, in doubt"), "warn")):
        for value, found in likeness.items():
            if found is wanted:
                return value, says, kind
    return ", ".join(known), _("not on file"), "bad"


def boxes(reads: list[Read], sheet: Sheet) -> Iterator[tuple[Read, tuple[float, float, float, float]]]:
    """The values that lie on this page, with their boxes in its pixels: x, y, width, height, a little wider."""
    for read in reads:
        if read.field is None or read.field.box is None or read.sheet != sheet.number:
            continue
        box, width, height = read.field.box, sheet.page.width, sheet.page.height
        pad = 0.004
        x0, y0 = max(0.0, box.x0 - pad), max(0.0, box.y0 - pad)
        x1, y1 = min(1.0, box.x1 + pad), min(1.0, box.y1 + pad)
        yield (
            read,
            (round(x0 * width, 1), round(y0 * height, 1), round((x1 - x0) * width, 1), round((y1 - y0) * height, 1)),
        )


# ── pages ────────────────────────────────────────────────────────────────────────────────────────


@router.get("/cola/{receipt}")
def item(visit: In, receipt: str) -> Response:
    """All of one mail; whoever may decide takes it before himself."""
    mail_id = _mail(receipt)
    if visit.may(Permission.DECIDE) and not visit.request.headers.get("Purpose"):
        _take(visit, mail_id)
    return _show(visit, mail_id)


def _take(visit: Visit, mail_id: MailId) -> None:
    """Take it before oneself; who came by `next_address` has it since a moment ago."""
    with visit.rooms.database.reading() as session:
        question = records.question_of(session, mail_id)
    now, mine = visit.rooms.now(), visit.user.actor
    if question is not None and not (question.holder(now) == mine and question.holder(now + LEASE * 0.9)):
        visit.rooms.desk.claim(mail_id, person=mine)


def _show(
    visit: Visit,
    mail_id: MailId,
    *,
    status: int = 200,
    refused: str = "",
    seen: Preview | None = None,
    confirm: bool = False,
) -> Response:
    query = visit.request.query_params
    case_id = visit.number("caso") if visit.form else _number(query.get("caso", ""))
    try:
        dossier = visit.rooms.desk.dossier(mail_id, CaseId(case_id) if case_id is not None else None)
    except Permanent:
        raise HTTPException(404) from None
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
        all_reads=[read for _paper, mine in reads for read in mine],
        boxes=boxes,
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
            self.items = {int(one) for one in visit.fields("equipo") if one.isdecimal()}
            self.charges = {int(one) for one in visit.fields("cargo") if one.isdecimal()}
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
    following = next_mail(visit, wanted, _mail(receipt))
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


# ── pictures and originals ───────────────────────────────────────────────────────────────────────


@router.get("/cola/{receipt}/pagina/{raster}")
def picture(visit: In, receipt: str, raster: str) -> Response:
    """A page as it was read: our own picture, and only one that belongs to this mail."""
    mail_id = _mail(receipt)
    with visit.rooms.database.reading() as session:
        known = {
            page.raster
            for reading in records.load_readings(session, mail_id)
            if isinstance(reading, Document)
            for page in reading.pages
        }
    if raster not in known:
        raise HTTPException(404)
    try:
        content = visit.rooms.pipeline.blobs.get(Sha256(raster))
    except OSError:
        raise HTTPException(404) from None
    # Its name is its content, so a browser may keep it while the session lasts.
    return Response(content, media_type="image/png", headers={"Cache-Control": "private, max-age=3600, immutable"})


@router.get("/cola/{receipt}/adjunto/{number}")
def original(visit: In, receipt: str, number: int) -> Response:
    """What the customer sent, as a download that no browser opens by itself."""
    mail_id = _mail(receipt)
    with visit.rooms.database.reading() as session:
        mail = records.load_mail(session, mail_id)
    with visit.rooms.pipeline.mails.opened(mail) as (email, _signatures):
        if not 1 <= number <= len(email.attachments):
            raise HTTPException(404)
        attachment = email.attachments[number - 1]
        content = Path(attachment.file).read_bytes() if attachment.file else attachment.content
    visit.record("original downloaded", mail_id=mail_id, attachment=number)
    return _download(content, f"{receipt}-{number}{_suffix(attachment.name)}")


@router.get("/cola/{receipt}/correo")
def whole_mail(visit: In, receipt: str) -> Response:
    """The mail itself, byte by byte, as a download."""
    mail_id = _mail(receipt)
    with visit.rooms.database.reading() as session:
        mail = records.load_mail(session, mail_id)
    visit.record("original downloaded", mail_id=mail_id, attachment=0)
    return _download(visit.rooms.pipeline.blobs.get(mail.sha256), f"{receipt}.eml")


def _download(content: bytes, name: str) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "private, no-store",
    }
    return Response(content, media_type="application/octet-stream", headers=headers)


def _suffix(name: str) -> str:
    """The end of a file's name, if it is one that helps: ours, not the sender's."""
    found = re.search(r"\.(pdf|jpe?g|png|heic|heif|webp|tiff?|gif|bmp|docx|odt|zip)$", name.lower())
    return found[0] if found else ".bin"


# ── deciding ─────────────────────────────────────────────────────────────────────────────────────


@router.post("/cola/{receipt}/vista")
def words_of_answer(visit: In, receipt: str) -> Response:
    """The exact words that would go out for what stands in the form."""
    mail_id = _mail(receipt)
    refused, seen = "", None
    try:
        seen = visit.rooms.desk.preview(mail_id, _ruling(visit, text=None), person=visit.user.actor)
    except (BadInput, RefusedTransition) as trouble:
        refused = str(trouble)
    if visit.asks_for_piece:
        return visit.page("item_answer.html", seen=seen, refused=refused, text=seen.text if seen else "", confirm=False)
    return _show(visit, mail_id, refused=refused, seen=seen, confirm=seen is not None)


@router.post("/cola/{receipt}/decidir")
def decide(visit: In, receipt: str) -> Response:
    """Decide, and open the next; what was not shown is shown first."""
    mail_id = _mail(receipt)
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
        return _show(visit, mail_id, status=409, seen=seen, confirm=True)
    except TooLate as late:
        return _late(visit, mail_id, late)
    except (BadInput, RefusedTransition) as trouble:
        return _show(visit, mail_id, status=400 if isinstance(trouble, BadInput) else 409, refused=str(trouble))
    return _onward(visit, mail_id, outcome)


def _late(visit: Visit, mail_id: MailId, late: TooLate) -> Response:
    """Somebody was faster: he is told who did what, and sees how it stands."""
    return _show(visit, mail_id, status=409, refused=str(late))


def _ruling(visit: Visit, text: str | None) -> Ruling:
    chosen = visit.field("verdict")
    if chosen not in {Verdict.REVERSE, Verdict.ASK, Verdict.REJECT, Verdict.ESCALATE, Verdict.DISCARD}:
        raise BadInput(_("Choose what you decide."))
    case = visit.number("caso")
    accredits = chosen == Verdict.REVERSE
    items = tuple(ItemId(int(one)) for one in visit.fields("equipo") if one.isdecimal())
    charges = tuple(ChargeId(int(one)) for one in visit.fields("cargo") if one.isdecimal())
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
    question = visit.rooms.desk.claim(_mail(receipt), person=visit.user.actor)
    mine = question is not None and question.holder(visit.rooms.now()) == visit.user.actor
    return Response(status_code=204 if mine else 409)


@router.post("/cola/{receipt}/soltar")
def let_go(visit: In, receipt: str) -> Response:
    """Give it back without a decision, and go on to the next."""
    mail_id = _mail(receipt)
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
    mail_id = _mail(receipt)
    try:
        outcome = visit.rooms.desk.approve(
            mail_id, person=visit.user.actor, token=visit.field("pregunta"), key=visit.field("clave")
        )
    except TooLate as late:
        return _late(visit, mail_id, late)
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
    mail_id = _mail(receipt)
    try:
        until = date.fromisoformat(visit.field("dia"))
    except ValueError:
        return visit.go(f"/cola/{receipt}?{visit.field('vuelta')}", _("Choose a day."), bad=True)
    try:
        visit.rooms.desk.postpone(mail_id, until, person=visit.user.actor, token=visit.field("pregunta"))
    except (BadInput, TooLate) as trouble:
        return visit.go(f"/cola/{receipt}?{visit.field('vuelta')}", str(trouble), bad=True)
    wanted = wanted_of(dict(parse_qsl(visit.field("vuelta"))), visit.user.actor)
    return visit.go(next_address(visit, wanted, mail_id), _("%(receipt)s was put off.", receipt=receipt))


@router.post("/cola/{receipt}/hecho")
def done(visit: In, receipt: str) -> Response:
    """Close a question that asks for no decision."""
    lane = visit.field("carril")
    if lane not in set(Lane):
        raise HTTPException(400)
    mail_id = _mail(receipt)
    visit.rooms.desk.done(mail_id, Lane(lane), person=visit.user.actor)
    return visit.go(f"/cola?{visit.field('vuelta')}", _("%(receipt)s: done.", receipt=receipt))


@router.post("/cola/{receipt}/reprocesar")
def walk_again(visit: In, receipt: str) -> Response:
    """Let a mail that could not be processed be walked again."""
    visit.rooms.desk.unshunt(_mail(receipt), person=visit.user.actor)
    return visit.go(f"/cola?{visit.field('vuelta')}", _("%(receipt)s will be processed again.", receipt=receipt))


def _act(visit: Visit, receipt: str, act: Any, told: str) -> Response:
    """Do it and come back to the mail, which says what was done, or why not."""
    path = f"/cola/{receipt}?{visit.field('vuelta')}"
    try:
        act(_mail(receipt))
    except (BadInput, RefusedTransition) as trouble:
        return visit.go(path, str(trouble), bad=True)
    return visit.go(path, told)


# ── small things ─────────────────────────────────────────────────────────────────────────────────


def _mail(receipt: str) -> MailId:
    mail_id = mail_of_receipt(receipt)
    if mail_id is None:
        raise HTTPException(404)
    return mail_id


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 12 else None


def _nearest(zoom: int) -> int:
    return min(ZOOMS, key=lambda one: abs(one - zoom))
