"""The supervisor's page: what comes, what becomes of it, how fast, where people overrule the rules, what is reversed.

Every figure is a `Sheet`: the page shows it as a table (some with a chart beside), and it can be taken along as CSV
or XLSX.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from fastapi import APIRouter, HTTPException
from openpyxl import Workbook
from starlette.responses import Response

from evidence_daemon.model import EntryKind, MailId, ReasonCode, Verdict, receipt_number
from evidence_daemon.store import figures, outreach, progress
from evidence_daemon.store.database import Session
from evidence_daemon.store.figures import Period
from evidence_daemon.store.work import at_work
from evidence_daemon.web.charts import Chart, stacked, ticks_for
from evidence_daemon.web.frame import In, Visit
from evidence_daemon.web.words import _, day, money, percent, short_day, span, whole, word

router = APIRouter()

MOST_DAYS = 366
Cell = str | int | date
_Inert = TypeVar("_Inert", bound=str | int | float | date)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_REVERSED = (EntryKind.REVERSO, EntryKind.BLOQUEO, EntryKind.DEVOLUCION)
_STEPS = (timedelta(hours=1), timedelta(days=1), timedelta(days=3), timedelta(days=10), timedelta(days=15))
"""Up to the legal limit (Reglamento de abonados, art. 18)."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of figures.  `cents` are the columns (from 0) that hold money, in cents."""

    name: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    cents: frozenset[int] = frozenset()
    chart: Chart | None = None
    links: tuple[str, ...] = ()
    """Of each row: the page that its first cell names."""

    def shown(self, row: Sequence[Cell]) -> list[str]:
        """A row as people read it."""
        return [
            money(cell) if at in self.cents and isinstance(cell, int) else _shown(cell) for at, cell in enumerate(row)
        ]


@router.get("/panel")
def panel(visit: In, desde: str = "", hasta: str = "") -> Response:
    """All figures of a period; the last thirty days when none is chosen."""
    period = _period(visit, desde, hasta)
    with visit.rooms.database.reading() as session:
        sheets = [make(session, period) for make in SHEETS.values()]
        waits = figures.waiting(session, visit.rooms.pipeline.today())
        through = figures.straight_through(session, period)
        times = sorted(figures.answer_times(session, period))
        came = sum(figures.inflow(session, period).values())
        entered = figures.reversals(session, period)
        work = at_work(session)
    reversed_ = sum(kinds.get(kind, 0) for kinds in entered.values() for kind in _REVERSED)
    reversed_ -= sum(kinds.get(EntryKind.CORRECCION, 0) for kinds in entered.values())
    return visit.page(
        "panel.html",
        period=period,
        sheets=sheets,
        waits=waits,
        work=work,
        receipt_of=lambda mail: receipt_number(MailId(mail)),
        came=came,
        through=percent(through.share) if through.share is not None else "–",
        first_decided=through.all,
        median=span(times[len(times) // 2].total_seconds()) if times else "–",
        answered=len(times),
        late=sum(1 for one in times if one > _STEPS[-1]),
        reversed=reversed_,
    )


@router.get("/panel/{name}.{kind}")
def take_along(visit: In, name: str, kind: str, desde: str = "", hasta: str = "") -> Response:
    """One table as a file: `kind` is csv or xlsx."""
    period = _period(visit, desde, hasta)
    if name not in SHEETS or kind not in {"csv", "xlsx"}:
        raise HTTPException(404)
    with visit.rooms.database.reading() as session:
        sheet = SHEETS[name](session, period)
    visit.record("figures exported", table=name, rows=len(sheet.rows), kind=kind)
    file = f"{name}-{period.first}-{period.last}.{kind}"
    content, media = (as_csv(sheet), "text/csv; charset=utf-8") if kind == "csv" else (as_xlsx(sheet), XLSX)
    return Response(content, media_type=media, headers={"Content-Disposition": f'attachment; filename="{file}"'})


def as_csv(sheet: Sheet) -> bytes:
    """As spreadsheets here read it: semicolons, decimal comma, UTF-8 with a mark."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(sheet.heads)
    for row in sheet.rows:
        writer.writerow(
            f"{cell / 100:.2f}".replace(".", ",") if at in sheet.cents and isinstance(cell, int) else inert(cell)
            for at, cell in enumerate(row)
        )
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(sheet: Sheet) -> bytes:
    """As a workbook of one sheet; numbers are numbers, words never formulas."""
    book = Workbook(write_only=True)
    page = book.create_sheet(sheet.title[:31])
    page.append(list(sheet.heads))
    for row in sheet.rows:
        page.append(
            [cell / 100 if at in sheet.cents and isinstance(cell, int) else inert(cell) for at, cell in enumerate(row)]
        )
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def inert(cell: _Inert) -> _Inert | str:
    """A text that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell


def _shown(cell: Cell) -> str:
    if isinstance(cell, date):
        return day(cell)
    return whole(cell) if isinstance(cell, int) else cell


def _period(visit: Visit, first: str, last: str) -> Period:
    today = visit.rooms.pipeline.today()
    try:
        ends = date.fromisoformat(last) if last else today
        begins = date.fromisoformat(first) if first else ends - timedelta(days=29)
    except ValueError:
        raise HTTPException(400) from None
    if not (date(2000, 1, 1) <= begins <= ends <= date(2100, 1, 1)) or (ends - begins).days >= MOST_DAYS:
        raise HTTPException(400)
    return Period(begins, ends)


# ── the tables ───────────────────────────────────────────────────────────────────────────────────


def _inflow(session: Session, period: Period) -> Sheet:
    counts = figures.inflow(session, period)
    values = [counts.get(one, 0) for one in period.days]
    title = _("Mails received by day")
    chart = _daily(title, period, [(_("Mails"), values)], whole)
    rows = tuple((one, counts[one]) for one in period.days if one in counts)
    return Sheet("entradas", title, (_("Day"), _("Mails")), rows, chart=chart)


def _decisions(session: Session, period: Period) -> Sheet:
    counts = figures.decisions(session, period)
    daemon = [counts.get((verdict, True), 0) for verdict in Verdict]
    people = [counts.get((verdict, False), 0) for verdict in Verdict]
    title = _("Decisions by kind and by whom")
    names = [word(verdict) for verdict in Verdict]
    series = [(_("Daemon"), daemon), (_("People"), people)]
    chart = _chart(title, names, series, whole)
    rows = tuple((word(verdict), daemon[at], people[at]) for at, verdict in enumerate(Verdict))
    return Sheet("decisiones", title, (_("Decision"), _("Daemon"), _("People")), rows, chart=chart)


def _times(session: Session, period: Period) -> Sheet:
    times = figures.answer_times(session, period)
    counts, before = [], timedelta(-1)
    for step in _STEPS:
        counts.append(sum(1 for one in times if before < one <= step))
        before = step
    counts.append(sum(1 for one in times if one > before))
    names = [_("up to 1 hour"), _("up to 1 day"), _("up to 3 days"), _("up to 10 days"), _("up to 15 days"), _("late")]
    title = _("Time from reception to the answer")
    chart = _chart(title, names, [(_("Mails"), counts)], whole)
    rows: tuple[tuple[Cell, ...], ...] = tuple(zip(names, counts, strict=True))
    return Sheet("tiempos", title, (_("Time"), _("Mails")), rows, chart=chart)


def _reversed(session: Session, period: Period) -> Sheet:
    by_day = figures.reversals(session, period)
    title = _("Values reversed by day")
    kinds = (*_REVERSED, EntryKind.CORRECCION)
    series = [(word(kind), [by_day.get(one, {}).get(kind, 0) for one in period.days]) for kind in _REVERSED]
    chart = _daily(title, period, series, money)
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (one, *(by_day[one].get(kind, 0) for kind in kinds)) for one in period.days if one in by_day
    )
    heads = (_("Day"), *(word(kind) for kind in kinds))
    return Sheet("reversos", title, heads, rows, frozenset(range(1, len(heads))), chart)


def _overruled(session: Session, period: Period) -> Sheet:
    rows = tuple(
        (
            one.rule,
            word(one.verdict),
            one.times,
            ", ".join(f"{word(verdict)} {whole(count)}" for verdict, count in one.people),
        )
        for one in figures.overruled(session, period)
    )
    heads = (_("Rule"), _("The daemon said"), _("Times"), _("People decided"))
    return Sheet("reglas", _("What people decided after each rule"), heads, rows)


def _refusals(session: Session, period: Period) -> Sheet:
    counts = figures.refusals(session, period)
    known = {code.value for code in ReasonCode}
    rows = tuple((code, count) for code, count in counts.most_common() if code in known)
    return Sheet("motivos", _("Reasons of what was asked or refused"), (_("Reason"), _("Times")), rows)


def _campaigns(session: Session, _period: Period) -> Sheet:
    """Whole campaigns, whatever the period: how far each has come."""
    rows: list[tuple[Cell, ...]] = []
    pages = []
    for one in outreach.all_campaigns(session):
        if not one.rehearsal:
            far = progress.funnel(session, one.id)
            steps = (far.planned, far.contacted, far.reached, far.noticed, far.answered, far.regularised)
            rows.append((one.name, word(one.state), *steps))
            pages.append(f"/campanas/{one.id}")
    steps_said = (_("Planned"), _("Contacted"), _("Reached"), _("Noticed"), _("Wrote"), _("Regularised"))
    heads = (_("Campaign"), _("State"), *steps_said)
    return Sheet("campanas", _("Campaigns"), heads, tuple(rows), links=tuple(pages))


SHEETS: dict[str, Callable[[Session, Period], Sheet]] = {
    "entradas": _inflow,
    "decisiones": _decisions,
    "tiempos": _times,
    "reversos": _reversed,
    "reglas": _overruled,
    "motivos": _refusals,
    "campanas": _campaigns,
}
"""Every table by its name in addresses and files."""


def _daily(title: str, period: Period, series: list[tuple[str, list[int]]], say: Callable[[int], str]) -> Chart:
    return _chart(title, [short_day(one) for one in period.days], series, say)


def _chart(title: str, labels: list[str], series: list[tuple[str, list[int]]], say: Callable[[int], str]) -> Chart:
    top = max((sum(values[at] for _name, values in series) for at in range(len(labels))), default=0)
    shown = [[say(value) for value in values] for _name, values in series]
    return stacked(title, labels, series, shown, [(value, say(value)) for value in ticks_for(top)])
