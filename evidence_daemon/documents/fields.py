"""What the papers say: pages → papers, each with its kind, direction, numbers, names, equipment.  Pure.

By labels, neighbourhood and the structure of tables, never by the places of one layout.  A value is only
what the page shows, nothing is ever completed or taken from elsewhere.  What a page says by itself stands in `leaf`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from evidence_daemon.cases.equipment import canonical_serial, plain
from evidence_daemon.cases.identity import same_id
from evidence_daemon.documents import attribution
from evidence_daemon.documents.inventory import names_equipment
from evidence_daemon.documents.issuers import ours
from evidence_daemon.documents.kinds import direction_of
from evidence_daemon.documents.labelled import LOOSE
from evidence_daemon.documents.layout import squeezed
from evidence_daemon.documents.leaf import OWN_PAPERS, SINGLE, Found, Leaf, is_ours_to_take, surest, tells_a_return
from evidence_daemon.model import (
    WITHOUT_SERIAL,
    Direction,
    DocumentKind,
    EquipmentLine,
    Field,
    Fields,
    Reading,
    Sha256,
    Signature,
    pages_of,
)
from evidence_daemon.rulebook import DocumentsBook


def read_papers(readings: Sequence[Reading], book: DocumentsBook) -> tuple[Fields, ...]:
    """One `Fields` for each paper among the attachments, in their order.

    Pages belong to the paper before them until one begins anew: another kind of paper, or an acta with
    another number, holder or equipment.  Photos of one acta are thereby its pages, and values that
    two of them show alike are proven.  The pages of fields are those of the mail (see `pages_of`).
    """
    papers: list[_Paper] = []
    seen: set[tuple[Sha256, int]] = set()
    for number, (document, page) in enumerate(pages_of(readings), start=1):
        if (document.sha256, page.number) in seen:
            continue  # the same file twice is one reading, and proves nothing
        seen.add((document.sha256, page.number))
        _add(papers, Leaf(document.sha256, replace(page, number=number), book))
    return tuple(_fields_of(paper, book) for paper in papers)


@dataclass(slots=True)
class _Paper:
    leaves: list[Leaf]
    kind: DocumentKind


def _add(papers: list[_Paper], leaf: Leaf) -> None:
    home = next((paper for paper in reversed(papers) if paper.kind not in OWN_PAPERS), None)
    if leaf.kind in OWN_PAPERS or home is None or not _belongs(home, leaf):
        papers.append(_Paper([leaf], leaf.kind))
        return
    home.leaves.append(leaf)
    if leaf.kind is DocumentKind.ACTA or (home.kind is DocumentKind.VACIO and leaf.kind is DocumentKind.OTRO):
        home.kind = leaf.kind


def _belongs(home: _Paper, leaf: Leaf) -> bool:
    """False where a page contradicts the paper before it: then it begins another one."""
    if leaf.kind is not DocumentKind.ACTA or home.kind is not DocumentKind.ACTA:
        return True
    for other in home.leaves:
        mine, its = leaf.found, other.found
        if other.kind is DocumentKind.ACTA and mine.number and its.number:
            if mine.number.value != its.number.value:
                return False
            continue  # its next page, whoever signs there
        if mine.id_number and its.id_number and not same_id(mine.id_number.value, its.id_number.value):
            return False
        serials = {canonical_serial(line.serial.value) for line in mine.equipment if line.serial}
        known = {canonical_serial(line.serial.value) for line in its.equipment if line.serial}
        if other.kind is DocumentKind.ACTA and serials and known and not serials & known and _dates_differ(mine, its):
            return False
    return True


def _dates_differ(one: Found, two: Found) -> bool:
    return one.date is not None and two.date is not None and one.date.value != two.date.value


def _fields_of(paper: _Paper, book: DocumentsBook) -> Fields:
    legible = [leaf for leaf in paper.leaves if leaf.kind is not DocumentKind.VACIO]
    sheets = [sheet for leaf in legible for sheet in leaf.sheets]
    telling = [sheet for leaf in legible if not leaf.beside for sheet in leaf.sheets]
    direction, ways = direction_of(telling, book.direction)
    mine, names = ours(sheets, book)
    found, doubts = _attributed(_of_pages(paper.leaves), paper.leaves, book)
    if any(leaf.crowded and not leaf.beside for leaf in legible):
        doubts = (*doubts, "una página tiene más palabras de las que se leen")
    if doubts and direction is Direction.DEVOLUCION:
        direction = Direction.DESCONOCIDA
    ways = (*ways, *(f"contra: {said}" for said in doubts))
    listed = any(map(is_ours_to_take, found.equipment)) or any(names_equipment(sheet, book) for sheet in telling)
    if direction is Direction.DEVOLUCION and found.equipment and not listed:
        direction, ways = Direction.DESCONOCIDA, (*ways, "contra: nada de lo que lista es equipo de un servicio")
    if direction is Direction.DEVOLUCION and _is_blank_form(found):
        direction, ways = Direction.DESCONOCIDA, (*ways, "contra: formulario sin llenar")
    # What says nothing (a company's banner beside the photo) is no part of the proof: elsewhere such pictures came from
    # customer after customer, and each but the first was suspected of using another's paper.
    speaking = [leaf for leaf in paper.leaves if leaf.says_something] or paper.leaves
    documents = tuple(dict.fromkeys(leaf.sha256 for leaf in speaking))
    because = tuple(dict.fromkeys(word for leaf in paper.leaves for word in leaf.because))
    kind = paper.kind
    if _is_untitled_acta(paper, direction, ways, found):
        kind, because = DocumentKind.ACTA, ("sin título: firmado por quien entrega y por quien recibe",)
    return Fields(
        documents=documents,
        kind=kind,
        direction=direction if kind is DocumentKind.ACTA else Direction.DESCONOCIDA,
        ours=mine,
        number=found.number,
        date=found.date,
        office=found.office,
        holder=found.holder,
        id_number=found.id_number,
        service_number=found.service_number,
        line=found.line,
        agent=found.agent,
        signature=found.signed.signature,
        received=found.signed.received,
        stamp=found.signed.stamp,
        signing_places=found.signed.signing_places,
        equipment=found.equipment,
        because=(*because, *(way[:_MOST_SHOWN] for way in ways), *names),
        masked=tuple(f"{mask.said} / {mask.seen or 'nada'}" for leaf in paper.leaves for mask in leaf.masked),
    )


_MOST_SHOWN = 90
"""Letters of a phrase that people are shown."""


def _is_blank_form(found: Found) -> bool:
    """Whether a form tells of nobody, no service and no equipment, and nobody signed it: it returns nothing yet.

    Where the place of the customer's signature is unclear, values may stand there and be unread.
    """
    told = (
        found.id_number,
        found.service_number,
        *(one for line in found.equipment for one in (line.serial, line.mac)),
    )
    return found.signed.signature is Signature.NO_HALLADA and not any(told)


def _is_untitled_acta(paper: _Paper, direction: Direction, ways: Sequence[str], found: Found) -> bool:
    """Whether a paper without any title says what an acta says: what was handed over, to us, signed by both.

    Clerks head theirs with the day, a greeting, or words that nobody has thought of.  Not what bears the title or the
    words of something else, nor what tells of one of the two acts alone: letters are received too, and claim much.
    """
    signed = found.signed
    told = [way for way in ways if not way.startswith("contra:")]
    return (
        paper.kind is DocumentKind.OTRO
        and not any(leaf.because or leaf.masked for leaf in paper.leaves)
        and tells_a_return(direction, found)
        and all(any(verbs.search(plain(way)) for way in told) for verbs in (_GIVEN, _TAKEN))
        and None not in (found.id_number, found.date, found.service_number)
        and signed.signature is Signature.HALLADA
        and Signature.HALLADA in {signed.received, signed.stamp}
    )


_GIVEN = re.compile(
    r"\b(ENTREG[AOU]|DEVUEL[VT]|DEVOL[VU]|REINTEGR|RESTITU|RETORN|RECUPERAD|RETIRAD|RECOG|DEJA|PUEST[OA]S? EN)"
)
_TAKEN = re.compile(r"\b(RECIB|RECEP|RETIRA|RECOG|RECUPER)")
"""Verbs of giving back, and of taking, among the words that tell a direction."""


def _of_pages(leaves: Sequence[Leaf]) -> Found:
    """The best of each field over the pages; what two pages say alike is proven."""
    whole = Found()
    for leaf in leaves:
        for name in SINGLE:
            one, two = getattr(whole, name), getattr(leaf.found, name)
            whole = replace(whole, **{name: _better(one, two)})  # type: ignore[arg-type]
        one, two = whole.signed, leaf.found.signed
        signed = replace(surest((one, two)), signing_places=(*one.signing_places, *two.signing_places))
        whole = replace(whole, signed=signed, equipment=_together(whole.equipment, leaf.found.equipment))
    return whole


def _attributed(found: Found, leaves: Sequence[Leaf], book: DocumentsBook) -> tuple[Found, tuple[str, ...]]:
    """What the pages say, with the proof of what may be another's withdrawn; and why a person must look, if so."""
    legible = [leaf for leaf in leaves if leaf.kind is not DocumentKind.VACIO and not leaf.beside]
    sheets = [sheet for leaf in legible for sheet in leaf.sheets]
    known = {name: {squeezed(field.value)} for name in SINGLE if (field := getattr(found, name)) is not None}
    known["equipment"] = {squeezed(one.value) for line in found.equipment for one in (line.serial, line.mac) if one}
    singles_found: dict[str, Any] = {
        name: attribution.attributed(
            name,
            getattr(found, name),
            sheets,
            book,
            frozenset().union(*(taken for other, taken in known.items() if other != name)),
        )
        for name in SINGLE
    }
    equipment = tuple(attribution.listed(line, sheets) for line in found.equipment)
    doubts = attribution.kept_back(sheets, book.direction) if found.equipment else ()
    if doubts:
        equipment = tuple(map(attribution.not_shown, equipment))
    if attribution.many_people(sheets, book):
        doubts = (*doubts, "nombra a varias personas")
    if attribution.another_customer(
        [leaf.found.id_number for leaf in legible], [leaf.found.holder for leaf in legible]
    ):
        doubts = (*doubts, "otra página es de otro cliente")
        singles_found = {name: attribution.withdrawn(field) for name, field in singles_found.items()}
        equipment = tuple(map(attribution.not_shown, equipment))
    return replace(found, equipment=equipment, **singles_found), doubts


def _better(one: Field | None, two: Field | None) -> Field | None:
    if one is None or two is None:
        return one or two
    if one.value == two.value:
        best = max(one, two, key=lambda field: field.confidence)
        return replace(best, proven=not best.rule.startswith(LOOSE), rivals=())
    if one.proven != two.proven:
        return one if one.proven else two
    # Two unproven readings that differ: neither may pass for sure.
    best = max(one, two, key=lambda field: field.confidence)
    return best if one.proven else replace(best, confidence=min(best.confidence, 0.5))


def _together(one: tuple[EquipmentLine, ...], two: tuple[EquipmentLine, ...]) -> tuple[EquipmentLine, ...]:
    if not one or not two:
        return one or two
    known = {canonical_serial(line.serial.value): at for at, line in enumerate(one) if line.serial}
    merged = list(one)
    for line in two:
        key = canonical_serial(line.serial.value) if line.serial else ""
        if key in known and line.serial:
            old = merged[known[key]]
            merged[known[key]] = replace(old, serial=_better(old.serial, line.serial), mac=_better(old.mac, line.mac))
            continue
        bare = [at for at, old in enumerate(merged) if old.type is line.type and not old.serial and not old.mac]
        if bare and (line.serial or line.mac) and line.type not in WITHOUT_SERIAL:
            merged[bare[0]] = line  # one photo shows the piece, the other its number
        elif line.serial or line.mac or not any(line.type is old.type for old in one):
            merged.append(line)
    return tuple(merged)
