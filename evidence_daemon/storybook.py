"""The story of one mail as one page of HTML: every rule, value and box, with the pictures of the papers.

The page stands alone and runs nothing: its policy allows its own style sheet (by its hash) and pictures that
lie in it, and nothing else.  Whatever a stranger wrote is escaped by the template engine.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from evidence_daemon.model import Box, Field, Fields, ManyCases, Match, NoCase, OneCase, Page, Unreadable, pages_of
from evidence_daemon.store.records import Judged, Story
from evidence_daemon.workdays import ECUADOR

Picture = Callable[[str], bytes | None]
"""A kept picture (PNG) by its hash, or None when it is no longer kept."""


@dataclass(frozen=True, slots=True)
class _Value:
    name: str
    field: Field
    number: int


@dataclass(frozen=True, slots=True)
class _Sheet:
    """One page with its picture and the boxes of the values that were read on it."""

    name: str
    page: Page
    source: str
    boxes: tuple[tuple[_Value, Box], ...]


_FIELDS = {
    "number": "número de acta",
    "date": "fecha",
    "office": "oficina",
    "holder": "titular",
    "id_number": "cédula o RUC",
    "service_number": "número de servicio",
    "line": "línea",
    "agent": "quien recibe",
}


def story_page(story: Story, picture: Picture) -> str:
    """The page as text, to be written as UTF-8.  `picture` hands over the pages' pictures."""
    values = [_values(paper) for paper in story.papers]
    numbered = [_Value(name, field, 0) for paper in values for name, field in paper]
    numbered = [_Value(value.name, value.field, number) for number, value in enumerate(numbered, start=1)]
    return _TEMPLATE.render(
        story=story,
        mail=story.mail,
        papers=list(zip(story.papers, _split(numbered, [len(paper) for paper in values]), strict=True)),
        sheets=list(_sheets(story, numbered, picture)),
        unread=[reading for reading in story.readings if isinstance(reading, Unreadable)],
        decisions=[(judged, _match(judged.match), _rules(judged)) for judged in story.decisions],
        style=_STYLE,
        style_hash=base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode(),
    )


def _values(paper: Fields) -> list[tuple[str, Field]]:
    found = [(words, getattr(paper, name)) for name, words in _FIELDS.items()]
    found += [("otro servicio", service) for service in paper.more_services]
    for line in paper.equipment:
        found += [(f"{line.type.value} serie", line.serial), (f"{line.type.value} MAC", line.mac)]
    return [(name, field) for name, field in found if field is not None]


def _split(values: list[_Value], sizes: Iterable[int]) -> Iterator[list[_Value]]:
    at = 0
    for size in sizes:
        yield values[at : at + size]
        at += size


def _sheets(story: Story, values: list[_Value], picture: Picture) -> Iterator[_Sheet]:
    pages = [(document.name, page) for document, page in pages_of(story.readings)]
    places: dict[int, list[tuple[_Value, Box]]] = {}
    for value in values:
        box = value.field.box
        if box is not None:
            places.setdefault(value.field.page - 1, []).append((value, box))
    for at, (name, page) in enumerate(pages):
        raw = picture(page.raster) if page.raster is not None else None
        source = f"data:image/png;base64,{base64.b64encode(raw).decode()}" if raw else ""
        yield _Sheet(name, page, source, tuple(places.get(at, ())))


def _match(found: Match) -> str:
    match found:
        case OneCase(case=case, because=because):
            return f"Caso {case.id} ({case.line.value} {case.service_number}): {'; '.join(because)}"
        case ManyCases(cases=cases, because=because):
            return f"Varios casos ({', '.join(str(case.id) for case in cases)}): {'; '.join(because)}"
        case NoCase(because=because):
            return f"Ningún caso: {'; '.join(because)}"


def _rules(judged: Judged) -> list[tuple[str, str, str, str]]:
    """Mark, rule, verdict, why: those that spoke in their order, then those that kept silent."""
    grounds = judged.settlement.decision.grounds
    rows = [
        ("decidió" if finding.decided else "también", finding.rule, finding.verdict.value, finding.staff)
        for finding in grounds.findings
    ]
    for silent in grounds.silent:
        why = [f"falta: {', '.join(silent.missing)}"] if silent.missing else []
        why += [f"lo impide: {', '.join(silent.barred)}"] if silent.barred else []
        rows.append(("calló", silent.rule, "", "; ".join(why)))
    return rows


def _kept(name: str) -> str:
    return (files("evidence_daemon") / name).read_text("utf-8")


_STYLE = _kept("storybook.css")
_ENVIRONMENT = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
_ENVIRONMENT.filters["moment"] = lambda at: at.astimezone(ECUADOR).strftime("%d-%m-%Y %H:%M:%S")
_TEMPLATE = _ENVIRONMENT.from_string(_kept("storybook.html"))
