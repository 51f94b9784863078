"""A set of papers: which ones, in which wear, written into a folder with their truth.

`plan` says what a set holds, `make` draws one of its papers into files.  A set is fixed by its size, its
seed and what it is limited to; a paper does not depend on which others are drawn.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random

from papers.fifth import FIFTH
from papers.fifth_negatives import FIFTH_NEGATIVES
from papers.form import Layout
from papers.fourth import FOURTH
from papers.fourth_negatives import FOURTH_NEGATIVES
from papers.fresh import FRESH
from papers.fresh_negatives import FRESH_NEGATIVES
from papers.later import LATER
from papers.later_negatives import LATER_NEGATIVES
from papers.negatives import NEGATIVES, Drawn
from papers.sixth import SIXTH
from papers.sixth_negatives import SIXTH_NEGATIVES
from papers.truth import Truth, with_second_service
from papers.unseen import UNSEEN
from papers.visible import VISIBLE
from papers.wear import FRESH_WEAR, LATER_WEAR, SIXTH_WEAR, WEAR

LAYOUTS = {layout.name: layout for layout in VISIBLE + UNSEEN + FRESH + LATER + FOURTH + FIFTH + SIXTH}
BY_HAND = {"manuscrito_escaneo": "escaneo200", "manuscrito_foto": "foto_ligera"}
"""Forms filled in by hand, and how they are captured."""
TWO_PAGES = {"dos_paginas": "escaneo200"}
"""The certificate and a page of conditions, in one file."""
CLASSES = (*WEAR, *FRESH_WEAR, *LATER_WEAR, *BY_HAND, *TWO_PAGES, *SIXTH_WEAR)
_WAYS = WEAR | FRESH_WEAR | LATER_WEAR | SIXTH_WEAR
_OTHERS = NEGATIVES | FRESH_NEGATIVES | LATER_NEGATIVES | FOURTH_NEGATIVES | FIFTH_NEGATIVES | SIXTH_NEGATIVES
_NEGATIVE_WEAR = ("pdf", "escaneo200", "foto_ligera", "foto_media", "fax", "captura")
_NEGATIVE_SHARE = 4
"""Every so-manieth paper is a negative."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a set is drawn from: layouts, wears that it leaves out unless asked for, papers that prove nothing."""

    layouts: tuple[Layout, ...]
    without: Collection[str]
    negatives: Mapping[str, tuple[Callable[[Layout, int], Drawn], int]]


_HELD_OUT = FRESH_WEAR | LATER_WEAR | SIXTH_WEAR
SETS = {
    "visible": Choice(VISIBLE, _HELD_OUT, NEGATIVES),
    "unseen": Choice(UNSEEN, _HELD_OUT, NEGATIVES),
    "all": Choice(VISIBLE + UNSEEN, _HELD_OUT, NEGATIVES),
    "fresh": Choice(FRESH, LATER_WEAR | SIXTH_WEAR, NEGATIVES | FRESH_NEGATIVES),
    "later": Choice(LATER, SIXTH_WEAR, LATER_NEGATIVES),
    "fourth": Choice(FOURTH, SIXTH_WEAR, FOURTH_NEGATIVES),
    "fifth": Choice(FIFTH, SIXTH_WEAR, FIFTH_NEGATIVES),
    "sixth": Choice(SIXTH, (), SIXTH_NEGATIVES),
}
"""By the names under which they are asked for; `all` is what its authors know or have known for long."""


@dataclass(frozen=True, slots=True)
class Order:
    """A paper to draw: `kind` is `acta` or a negative's name."""

    number: int
    kind: str
    layout: str
    wear: str
    seed: int


def plan(size: int, *, only: str = "all", classes: Collection[str] = (), seed: int = 0) -> list[Order]:
    """`size` papers; `classes` limits them (with `negativo` for negatives).

    `only` is one of `SETS`: visible, unseen, all (of these two), fresh, later, fourth, fifth, sixth (all held out).

    Layouts and classes come in turn, so that any beginning of the list is a fair mixture.
    Raises `ValueError` for an unknown word.
    """
    unknown = {*classes} - {*CLASSES, "negativo"} or {only} - SETS.keys()
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    chosen = SETS[only]
    wears = [name for name in CLASSES if name in classes or (not classes and name not in chosen.without)]
    negatives = not classes or "negativo" in classes
    actas = _actas(chosen.layouts, wears, seed)
    others = _negatives(chosen.layouts, seed, chosen.negatives)
    orders = []
    for number in range(size):
        negative = negatives and (not wears or number % _NEGATIVE_SHARE == _NEGATIVE_SHARE - 1)
        kind, layout, wear = next(others if negative else actas)
        orders.append(Order(number, kind, layout.name, wear, seed * 100_003 + number))
    return orders


def _actas(layouts: tuple[Layout, ...], wears: list[str], seed: int) -> Iterator[tuple[str, Layout, str]]:
    """All pairs of layout and wear, again and again; a form that is never filled in by hand leaves those out."""
    chance = Random(seed)
    shift = chance.randrange(97)
    for step in count():
        for place, wear in enumerate(wears):
            layout = layouts[(step + place * 3 + shift) % len(layouts)]
            if layout.by_hand or wear not in BY_HAND:
                yield "acta", layout, wear
            else:
                able = [one for one in layouts if one.by_hand]
                yield "acta", able[(step + place + shift) % len(able)], wear


def _negatives(
    layouts: tuple[Layout, ...], seed: int, kinds: Mapping[str, tuple[Callable[[Layout, int], Drawn], int]]
) -> Iterator[tuple[str, Layout, str]]:
    chance = Random(seed + 1)
    names = [name for name, (_, often) in kinds.items() for _ in range(often)]
    for step in count():
        chance.shuffle(names)
        for place, name in enumerate(names):
            yield (
                name,
                layouts[(step * 5 + place) % len(layouts)],
                _NEGATIVE_WEAR[(step + place * 7) % len(_NEGATIVE_WEAR)],
            )


def make(order: Order, folder: Path) -> Truth:
    """Draw one paper into `folder`; gives its truth."""
    drawn = _acta(order) if order.kind == "acta" else _OTHERS[order.kind][0](LAYOUTS[order.layout], order.seed)
    way = _WAYS[(BY_HAND | TWO_PAGES).get(order.wear, order.wear)]
    names = []
    for place, (ending, content) in enumerate(way(drawn.pdf, order.seed, drawn.tint)):
        names.append(f"{order.number:04d}{chr(ord('a') + place)}{ending}")
        (folder / names[-1]).write_bytes(content)
    return Truth(
        files=tuple(names),
        kind=order.kind,
        layout=drawn.layout,
        wear=order.wear,
        unseen=drawn.unseen,
        accept=order.kind == "acta",
        facts=drawn.facts,
    )


def _acta(order: Order) -> Drawn:
    layout = LAYOUTS[order.layout]
    chance = Random(order.seed)
    one = layout.invent(chance)
    if layout.two_services:
        one = with_second_service(one, chance)
    one = one.without(layout.omits)
    pdf = layout.pdf(one, order.seed, by_hand=order.wear in BY_HAND, pages=2 if order.wear in TWO_PAGES else 1)
    return Drawn(pdf, layout.name, one, layout.tint, layout.unseen)


def write_truth(truths: Iterable[Truth], folder: Path) -> None:
    """`truth.jsonl` of a folder, in the order given."""
    lines = [json.dumps(truth.row(), ensure_ascii=False) for truth in truths]
    (folder / "truth.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
