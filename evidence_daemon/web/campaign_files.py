"""A campaign's attempts, on pages and as files, with the check of every day against the law."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException
from openpyxl import Workbook
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response, StreamingResponse

from evidence_daemon.model import Channel, ContactState
from evidence_daemon.outreach import audience, report
from evidence_daemon.outreach.report import LawCheck
from evidence_daemon.store import contact_pages, outreach
from evidence_daemon.web.campaigns import board, found
from evidence_daemon.web.frame import In, Visit
from evidence_daemon.web.supervisor import XLSX, inert
from evidence_daemon.web.words import _

router = APIRouter()

PAGE = 50
"""Attempts on a page."""
_CSV = "text/csv; charset=utf-8"
_LAW_HEADS = ("dia", "contactos", "fuera de horario", "dos veces en un dia")


@router.get("/campanas/{campaign_id}/intentos")
def attempts(visit: In, campaign_id: int, canal: str = "", estado: str = "", desde: str = "") -> Response:
    """Attempts of a campaign, by channel and state; `desde` is the last one that was shown."""
    campaign = found(visit, campaign_id)
    try:
        channel = Channel(canal) if canal else None
        state = ContactState(estado) if estado else None
    except ValueError:
        raise HTTPException(400) from None
    with visit.rooms.database.reading() as session:
        rows = contact_pages.attempts(session, campaign, channel=channel, state=state, after=desde[:40], limit=PAGE)
    query = urlencode({"canal": canal, "estado": estado, "desde": rows[-1].id}) if len(rows) == PAGE else ""
    return visit.page(
        "campaign_attempts.html",
        campaign=campaign,
        plan=audience.read_plan(campaign.plan),
        rows=[(one, report.masked(one.phone)) for one in rows],
        channel=channel,
        state=state,
        all_channels=list(Channel),
        all_states=list(ContactState),
        more=f"/campanas/{campaign_id}/intentos?{query}" if query else "",
        law=law(visit, campaign_id),
    )


def law(visit: Visit, number: int) -> LawCheck:
    """The check of every day, from the board."""
    acts = visit.rooms.outbound.acts()
    check: LawCheck = board(visit).get(("law", number), lambda: acts.check_law(number), seconds=2.0)
    return check


@router.get("/campanas/{campaign_id}/intentos.{kind}")
def take_along(visit: In, campaign_id: int, kind: str) -> Response:
    """Every attempt as CSV or XLSX, telephones masked; the workbook has the law's check on a second sheet."""
    campaign = found(visit, campaign_id)
    if kind not in {"csv", "xlsx"}:
        raise HTTPException(404)
    visit.record("campaign exported", campaign=campaign_id, kind=kind)
    name = f"campana-{campaign.id}-intentos.{kind}"
    if kind == "csv":
        return StreamingResponse(
            _csv(report.HEADINGS, _rows(visit, campaign_id)), media_type=_CSV, headers=_as_file(name)
        )
    place = Path(tempfile.mkdtemp(prefix="evidence-export-")) / name
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("Attempts"))
    sheet.append(list(report.HEADINGS))
    for row in _rows(visit, campaign_id):
        sheet.append([inert(cell) for cell in row])
    second = book.create_sheet(_("Law check"))
    for line in _law_lines(visit.rooms.outbound.acts().check_law(campaign_id)):
        second.append(line)
    book.save(place)
    return FileResponse(place, media_type=XLSX, headers=_as_file(name), background=BackgroundTask(_forget, place))


@router.get("/campanas/{campaign_id}/ley.{kind}")
def law_along(visit: In, campaign_id: int, kind: str) -> Response:
    """The law's check, a line for each day."""
    campaign = found(visit, campaign_id)
    if kind != "csv":
        raise HTTPException(404)
    visit.record("campaign exported", campaign=campaign_id, kind="ley")
    lines = _law_lines(visit.rooms.outbound.acts().check_law(campaign_id))
    return StreamingResponse(
        _csv(lines[0], lines[1:]), media_type=_CSV, headers=_as_file(f"campana-{campaign.id}-ley.csv")
    )


@router.get("/campanas/{campaign_id}/plazo.ics")
def deadline(visit: In, campaign_id: int) -> Response:
    """The campaign's last day for a calendar (RFC 5545)."""
    campaign = found(visit, campaign_id)
    plan = audience.read_plan(campaign.plan)
    lines = (
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//CNT//evidencias//ES", "BEGIN:VEVENT",
        f"UID:{campaign.wire}@evidencias", f"DTSTAMP:{campaign.created_at:%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{plan.deadline:%Y%m%d}", f"SUMMARY:{_('Last day')}: {_ics(plan.book.name)}",
        "END:VEVENT", "END:VCALENDAR", "",
    )  # fmt: skip
    return Response("\r\n".join(lines), media_type="text/calendar; charset=utf-8", headers=_as_file("plazo.ics"))


def _ics(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _rows(visit: Visit, number: int) -> Iterator[list[str | int | float]]:
    with visit.rooms.database.reading() as session:
        for one in outreach.attempts_of_campaign(session, number):
            yield report.exported(one)


def _law_lines(check: LawCheck) -> list[list[str | int]]:
    lines: list[list[str | int]] = [list(_LAW_HEADS)]
    lines += [[day.day.isoformat(), day.contacts, day.outside, day.twice] for day in check.days]
    lines.append(["total", check.contacts, len(check.outside), len(check.twice)])
    return lines


def _csv(heads: Sequence[object], rows: Iterable[Sequence[str | int | float]]) -> Iterator[bytes]:
    """As spreadsheets here read it (semicolons, UTF-8 with a mark), a piece at a time."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    text.write("\ufeff")
    writer.writerow(heads)
    for row in rows:
        writer.writerow([inert(cell) for cell in row])
        if text.tell() > 60_000:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _as_file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _forget(place: Path) -> None:
    place.unlink(missing_ok=True)
    place.parent.rmdir()
