"""What the papers of `sixth` are put together from: captions, boxes, bands, stamps, numbers that do not count.

Layouts and negatives both draw with these.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from reportlab.lib.colors import Color

from papers.form import short
from papers.pen import GREY, Pen
from papers.truth import CNT_RUC, Facts, Item

WHITE = Color(1, 1, 1)
NIGHT = Color(0.13, 0.15, 0.2)


def sense(f: Facts, back: str, out: str) -> str:
    """The words of a return, or those of an installation."""
    return back if f.returned else out


def ruc(f: Facts) -> str:
    """The company's own number."""
    return CNT_RUC if f.ours else "1791999822001"


def made(item: Item) -> str:
    return f"{item.brand} {item.model}".strip()


def told(item: Item, none: str) -> str:
    """The serial; `none` for a piece that has none, nothing on an empty form."""
    return item.serial or (none if item.word else "")


def slashed(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def mobile(pen: Pen) -> str:
    return f"09{pen.chance.randrange(6, 10)}{pen.chance.randrange(10**7):07d}"


def digits(pen: Pen, many: int) -> str:
    return f"{pen.chance.randrange(10 ** (many - 1), 10**many)}"


def clock(pen: Pen, joint: str = ":") -> str:
    """An hour at which offices are open."""
    return f"{pen.chance.randrange(8, 17):02d}{joint}{pen.chance.randrange(60):02d}"


def captioned(pen: Pen, x: float, label: str, words: str, *, to: float, size: float = 9.5, bold: bool = True) -> None:
    """A label and, behind it, its value, no farther than `to`."""
    at = pen.text(x, label, size, bold=bold) + 5
    pen.value(at, words, size, room=to - at)


def cells(pen: Pen, x: float, parts: Sequence[tuple[float, str, str]], *, tall: float = 27, size: float = 9.5) -> None:
    """A row of boxes, each with a small caption above its value: width, caption, value."""
    for wide, label, words in parts:
        pen.frame(x, pen.y - tall, wide, tall, thick=0.5)
        here = pen.y
        pen.y = here - 8
        pen.text(x + 3, label, 6.2, colour=GREY)
        pen.y = here - tall + 6
        pen.value(x + 4, words, size, room=wide - 8)
        pen.y = here
        x += wide
    pen.down(tall)


def band(pen: Pen, x: float, wide: float, words: str, *, fill: Color = NIGHT, size: float = 9, gap: float = 14) -> None:
    """A heading in white on a dark band."""
    pen.frame(x, pen.y - size * 1.75, wide, size * 1.75, fill=fill, thick=0)
    pen.down(size * 1.22)
    pen.text(x + 6, words, size, bold=True, colour=WHITE)
    pen.down(size * 0.53 + gap)


def sealed(pen: Pen, f: Facts, x: float, y: float, *words: str, round_: bool = False) -> None:
    """The office's rubber stamp, if it was used."""
    if f.stamped:
        done = sense(f, "RECIBIDO", "ATENDIDO")
        words = words or (short(f), f"RECIBIDO {f.day:%d-%m-%Y}", f.office)
        pen.stamp(x, y, [line.replace("RECIBIDO", done) for line in words], round_=round_)
