"""A page and a pen: print, fill-ins (printed, typed or by hand), tables, bar codes, signatures, stamps.

What the form says is *print*; what somebody filled in goes through `value`, and only that changes when
a form is filled in by hand.  Lengths are points, the origin is the lower left corner as in PDF; `y` falls
as lines are written.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from reportlab.graphics import renderPDF
from reportlab.graphics.barcode import code128
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import Color, black
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

_FONTS = Path("/usr/share/fonts/truetype")
_FILES = {
    "sans": ("liberation/LiberationSans-Regular.ttf", "liberation/LiberationSans-Bold.ttf"),
    "serif": ("liberation/LiberationSerif-Regular.ttf", "liberation/LiberationSerif-Bold.ttf"),
    "mono": ("liberation/LiberationMono-Regular.ttf", "liberation/LiberationMono-Bold.ttf"),
    "wide": ("dejavu/DejaVuSans.ttf", "dejavu/DejaVuSans-Bold.ttf"),
    "condensed": ("roboto/unhinted/RobotoCondensed-Regular.ttf", "roboto/unhinted/RobotoCondensed-Bold.ttf"),
    "narrow": ("liberation/LiberationSansNarrow-Regular.ttf", "liberation/LiberationSansNarrow-Bold.ttf"),
    "office": ("crosextra/Carlito-Regular.ttf", "crosextra/Carlito-Bold.ttf"),
    "book": ("cmu/cmunrm.ttf", "cmu/cmunbx.ttf"),
    "ticket": ("cmu/cmuntt.ttf", "cmu/cmuntb.ttf"),
    "typewriter": ("gnutypewriter/GNUTypewriter.ttf", "gnutypewriter/GNUTypewriter.ttf"),
    "needles": ("dotgothic16/DotGothic16-Regular.ttf", "dotgothic16/DotGothic16-Regular.ttf"),
    "modern": ("oxygen/Oxygen-Sans.ttf", "oxygen/Oxygen-Sans-Bold.ttf"),
    "humanist": ("cmu/cmunss.ttf", "cmu/cmunsx.ttf"),
    "bookish": ("dejavu/DejaVuSerifCondensed.ttf", "dejavu/DejaVuSerifCondensed-Bold.ttf"),
    "grotesque": ("roboto/unhinted/RobotoTTF/Roboto-Regular.ttf", "roboto/unhinted/RobotoTTF/Roboto-Bold.ttf"),
    "terminal": ("oxygen/OxygenMono-Regular.ttf", "oxygen/OxygenMono-Regular.ttf"),
    "plainmono": ("dejavu/DejaVuSansMono.ttf", "dejavu/DejaVuSansMono-Bold.ttf"),
    "concrete": ("cmu/cmunorm.ttf", "cmu/cmunobx.ttf"),
    "hand-breip": ("breip/Breip.ttf", "breip/Breip.ttf"),
    "hand-steve": ("sjfonts/SteveHand.ttf", "sjfonts/SteveHand.ttf"),
    "hand-delphine": ("sjfonts/Delphine.ttf", "sjfonts/Delphine.ttf"),
    "hand-daniel": ("fifthhorseman/dkg.ttf", "fifthhorseman/dkg.ttf"),
}
PACKAGES = (
    *("fonts-dejavu-core", "fonts-liberation", "fonts-roboto-unhinted", "fonts-crosextra-carlito", "fonts-cmu"),
    *("fonts-gnutypewriter", "fonts-dotgothic16", "fonts-oxygen", "fonts-breip", "fonts-sjfonts"),
    "fonts-dkg-handwriting",
)
"""Debian packages that hold the fonts."""
HANDS = {False: ("hand-breip", "hand-steve"), True: ("hand-delphine", "hand-daniel")}
"""Handwritings, by whether they are held out (unseen)."""
_HAND_SIZE = {"hand-breip": 1.5, "hand-steve": 1.08, "hand-delphine": 1.6, "hand-daniel": 1.12}
"""What makes each hand's letters as high as those of print of the same size, and a little higher."""

BLUE_PEN = Color(0.08, 0.12, 0.5)
BLACK_PEN = Color(0.1, 0.1, 0.13)
CARBON = Color(0.22, 0.18, 0.5)
GREY = Color(0.45, 0.45, 0.47)


def missing_fonts() -> list[str]:
    """Font files that are not installed, empty when all papers can be drawn."""
    return sorted({name for pair in _FILES.values() for name in pair if not (_FONTS / name).exists()})


@cache
def _face(name: str, bold: bool = False) -> str:
    key = f"{name}{'-bold' if bold else ''}"
    pdfmetrics.registerFont(TTFont(key, str(_FONTS / _FILES[name][bold])))
    return key


@dataclass(frozen=True, slots=True)
class Ink:
    """How fill-ins are made: in which face and colour, and how far they slip off their place (points)."""

    face: str = ""
    """Empty: the layout's own."""
    colour: Color = black
    slip: float = 0.0

    @property
    def by_hand(self) -> bool:
        return self.face.startswith("hand-")


Part = str | tuple[str]
"""A piece of running text: print, or (in a tuple) something filled in."""


class Pen:
    """One page under the pen.  `chance` decides on everything that a hand does differently each time."""

    def __init__(self, size: tuple[float, float], face: str, chance: Random, ink: Ink) -> None:
        self._out = io.BytesIO()
        # invariant: no clock in the file, so that the same seed gives the same bytes.
        self.canvas = Canvas(self._out, pagesize=size, invariant=1, pageCompression=1)
        self.canvas.setCreator("Sistema comercial")
        self.width, self.height = size
        self.face = face
        self.chance = chance
        self.ink = ink
        self.left = 50.0
        self.y = self.height - 50

    def done(self) -> bytes:
        """The PDF."""
        self.canvas.showPage()
        self.canvas.save()
        return self._out.getvalue()

    def turn_page(self) -> None:
        self.canvas.showPage()
        self.y = self.height - 60

    # ── print ────────────────────────────────────────────────────────────────────────────────────

    def text(
        self,
        x: float,
        words: str,
        size: float = 10,
        *,
        bold: bool = False,
        colour: Color = black,
        align: str = "left",
        face: str = "",
    ) -> float:
        """Print `words` at `x` on the current line; returns where they end."""
        font = _face(face or self.face, bold)
        self.canvas.setFillColor(colour)
        self.canvas.setFont(font, size)
        wide = pdfmetrics.stringWidth(words, font, size)
        at = x if align == "left" else x - wide if align == "right" else x - wide / 2
        self.canvas.drawString(at, self.y, words)
        return float(at + wide)

    def middle(self, words: str, size: float = 10, *, bold: bool = False, colour: Color = black) -> None:
        """A centred line; goes down by one and a half lines."""
        self.text(self.width / 2, words, size, bold=bold, colour=colour, align="middle")
        self.y -= size * 1.5

    def down(self, points: float) -> None:
        self.y -= points

    def rule(self, x0: float, x1: float, *, thick: float = 0.6, dots: bool = False, colour: Color = black) -> None:
        self.canvas.saveState()
        self.canvas.setStrokeColor(colour)
        self.canvas.setLineWidth(thick)
        if dots:
            self.canvas.setDash(0.7, 2)
        self.canvas.line(x0, self.y, x1, self.y)
        self.canvas.restoreState()

    def frame(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: Color | None = None,
        thick: float = 0.7,
        round_: float = 0,
    ) -> None:
        """A rectangle with its lower left corner at (x, y)."""
        self.canvas.saveState()
        self.canvas.setLineWidth(thick)
        self.canvas.setStrokeColor(Color(0.2, 0.2, 0.22))
        if fill is not None:
            self.canvas.setFillColor(fill)
        if round_:
            self.canvas.roundRect(x, y, width, height, round_, fill=int(fill is not None), stroke=int(thick > 0))
        else:
            self.canvas.rect(x, y, width, height, fill=int(fill is not None), stroke=int(thick > 0))
        self.canvas.restoreState()

    # ── what is filled in ────────────────────────────────────────────────────────────────────────

    def value(self, x: float, words: str, size: float = 10, *, room: float = 0, bold: bool = False) -> float:
        """Fill in `words` from `x` on; no wider than `room` points if given.  Returns where they end."""
        size = self._fitting(words, size, room, bold)
        slip_x, slip_y = (self.chance.uniform(-self.ink.slip, self.ink.slip) for _ in range(2))
        if self.ink.by_hand:
            return self._by_hand(x + slip_x, self.y + slip_y, words, size)
        self.canvas.setFillColor(self.ink.colour)
        font = _face(self.ink.face or self.face, bold)
        self.canvas.setFont(font, size)
        self.canvas.drawString(x + slip_x, self.y + slip_y, words)
        return float(x + slip_x + pdfmetrics.stringWidth(words, font, size))

    def value_middle(self, words: str, size: float = 10, *, bold: bool = False) -> None:
        """Something filled in, centred; goes down by one and a half lines."""
        self.value(self.width / 2 - self._wide(words, size, bold=bold) / 2, words, size, bold=bold)
        self.y -= size * 1.5

    def comb(self, x: float, words: str, cells: int, cell: float = 15, size: float = 11) -> float:
        """A box for every character, as pre-printed forms have them."""
        for place in range(cells):
            self.frame(x + place * cell, self.y - 4, cell, size + 7, thick=0.5)
        for place, letter in enumerate(words):
            self.value(x + place * cell + cell * 0.24, letter, size)
        return x + cells * cell

    def _wide(self, words: str, size: float, *, bold: bool) -> float:
        if self.ink.by_hand:
            face = self.ink.face
            return float(pdfmetrics.stringWidth(words, _face(face), size * _HAND_SIZE[face])) * 1.08
        return float(pdfmetrics.stringWidth(words, _face(self.ink.face or self.face, bold), size))

    def _fitting(self, words: str, size: float, room: float, bold: bool) -> float:
        wide = self._wide(words, size, bold=bold)
        return size if not room or wide <= room else size * room / wide

    def _by_hand(self, x: float, y: float, words: str, size: float) -> float:
        """Every letter a little turned, higher or lower, wider or closer than the one before."""
        font = _face(self.ink.face)
        size *= _HAND_SIZE[self.ink.face]
        climb = self.chance.uniform(-0.008, 0.012)
        at = x
        for letter in words:
            own = size * self.chance.uniform(0.95, 1.06)
            self.canvas.saveState()
            self.canvas.translate(at, y + (at - x) * climb + self.chance.uniform(-0.45, 0.45))
            self.canvas.rotate(self.chance.uniform(-3.5, 3.5))
            self.canvas.setFillColor(self.ink.colour)
            self.canvas.setFont(font, own)
            self.canvas.drawString(0, 0, letter)
            self.canvas.restoreState()
            at += pdfmetrics.stringWidth(letter, font, size) * self.chance.uniform(1.02, 1.09)
        return float(at)

    # ── running text and tables ──────────────────────────────────────────────────────────────────

    def prose(
        self,
        parts: Sequence[Part],
        size: float = 10.5,
        *,
        x: float = 0,
        width: float = 0,
        leading: float = 1.45,
        underline: bool = False,
        bold_values: bool = False,
    ) -> None:
        """A paragraph; what stands in tuples is filled in, and underlined if wanted."""
        x = x or self.left
        end = x + (width or self.width - 2 * self.left)
        if self.ink.by_hand:
            leading = max(leading, 1.9)
        words = [
            (word, not isinstance(part, str))
            for part in parts
            for word in (part if isinstance(part, str) else part[0]).split()
        ]
        at, gap = x, size * 0.28
        for place, (word, filled) in enumerate(words):
            wide = (
                self._wide(word, size, bold=bold_values)
                if filled
                else float(pdfmetrics.stringWidth(word, _face(self.face), size))
            )
            tight = not filled and word[0] in ",.;)"
            if at + wide > end:
                at, tight = x, True
                self.y -= size * leading
            if not tight and place:
                at += gap * (2 if filled and self.ink.by_hand else 1)
            begin = at
            at = self.value(at, word, size, bold=bold_values) if filled else self.text(at, word, size)
            if filled and underline:
                here, self.y = self.y, self.y - 2
                self.rule(begin, at, thick=0.5)
                self.y = here
        self.y -= size * leading + 6

    def table(
        self,
        heads: Sequence[str],
        rows: Sequence[Sequence[str]],
        widths: Sequence[float],
        *,
        size: float = 9,
        x: float = 0,
        shade: Color | None = None,
        rules: bool = True,
        pitch: float = 2.0,
        printed: frozenset[int] = frozenset(),
    ) -> None:
        """Heads above, rows below, all cells framed if `rules`; columns in `printed` are not filled in."""
        x = x or self.left
        pitch = max(pitch, 2.5) if self.ink.by_hand else pitch
        for number, row in enumerate([heads, *rows]):
            tall = size * (2.0 if number == 0 else pitch)
            at, self.y = x, self.y - tall
            for place, (words, width) in enumerate(zip(row, widths, strict=True)):
                if rules:
                    self.frame(at, self.y, width, tall, fill=shade if number == 0 else None, thick=0.5)
                self.y += size * 0.65
                if number == 0:
                    self.text(at + 3, words, size * 0.95, bold=True)
                elif place in printed:
                    self.text(at + 3, words, size)
                else:
                    self.value(at + 3, words, size, room=width - 6)
                self.y -= size * 0.65
                at += width
            if not rules:
                self.rule(x, at, thick=0.4 if number else 1)
        self.y -= 12

    # ── codes, signatures, stamps ────────────────────────────────────────────────────────────────

    def bars(self, x: float, words: str, *, height: float = 20, unit: float = 0.8) -> None:
        """A Code 128 with its lower left corner at (x, y)."""
        code128.Code128(words, barHeight=height, barWidth=unit, quiet=False).drawOn(self.canvas, x, self.y)

    def qr(self, x: float, words: str, side: float = 60) -> None:
        """A QR code with its lower left corner at (x, y)."""
        widget = QrCodeWidget(words)
        x0, y0, x1, y1 = widget.getBounds()
        drawing = Drawing(side, side, transform=[side / (x1 - x0), 0, 0, side / (y1 - y0), 0, 0])
        drawing.add(widget)
        renderPDF.draw(drawing, self.canvas, x, self.y)

    def signature(
        self, x: float, width: float, signed: bool, under: Sequence[Part], *, size: float = 8, rule: bool = True
    ) -> None:
        """A rule to sign on, signed if it was; under it lines of print and, in tuples, of what was filled in."""
        if rule:
            self.rule(x, x + width)
        if signed:
            self.scrawl(x + width * 0.2, self.y + 2, width * 0.55)
        above = self.y
        for part in under:
            self.y -= size * (1.5 if self.ink.by_hand else 1.3)
            words = part if isinstance(part, str) else part[0]
            if isinstance(part, str) or not self.ink.by_hand:
                wide = pdfmetrics.stringWidth(words, _face(self.face), size)
                self.text(x + width / 2, words, size * min(1, (width + 40) / max(1, wide)), align="middle")
            else:
                room = width + 20
                self.value(x + width / 2 - min(room, self._wide(words, size, bold=False)) / 2, words, size, room=room)
        self.y = above

    def scrawl(self, x: float, y: float, width: float) -> None:
        """A signature: a few loops, a flourish under them."""
        path = self.canvas.beginPath()
        loops = self.chance.randint(4, 7)
        step, tall = width / loops, self.chance.uniform(16, 26)
        path.moveTo(x, y + self.chance.uniform(0, 6))
        for loop in range(loops):
            at, up = x + step * loop, tall * self.chance.uniform(0.35, 1.0) * (1.2 if loop == 0 else 0.8)
            path.curveTo(
                at + step * self.chance.uniform(0.1, 0.9),
                y + up,
                at + step * 1.2,
                y + up,
                at + step * 0.8,
                y + tall * 0.2,
            )
            path.curveTo(at + step * 0.5, y - 5, at + step * 0.9, y - 3, at + step, y + self.chance.uniform(0, 6))
        if self.chance.random() < 0.7:
            path.curveTo(x + width * 1.2, y + 8, x + width * 0.6, y - 9, x + self.chance.uniform(0, 20), y - 4)
        self.canvas.saveState()
        self.canvas.setStrokeColor(self.chance.choice((BLUE_PEN, BLUE_PEN, BLACK_PEN)))
        self.canvas.setLineWidth(self.chance.uniform(0.8, 1.4))
        self.canvas.setLineCap(1)
        self.canvas.drawPath(path)
        self.canvas.restoreState()

    def stamp(
        self, x: float, y: float, words: Sequence[str], *, round_: bool = True, colour: Color | None = None
    ) -> None:
        """A rubber stamp centred at (x, y), never quite straight."""
        colour = colour or self.chance.choice((Color(0.2, 0.15, 0.55, alpha=0.65), Color(0.6, 0.1, 0.15, alpha=0.6)))
        canvas = self.canvas
        canvas.saveState()
        canvas.translate(x, y)
        canvas.rotate(self.chance.uniform(-13, 13))
        canvas.setStrokeColor(colour)
        canvas.setFillColor(colour)
        canvas.setLineWidth(1.4)
        if round_:
            canvas.circle(0, 0, 36)
            canvas.circle(0, 0, 32)
        else:
            canvas.rect(-52, -24, 104, 46)
        for place, line in enumerate(words):
            canvas.setFont(_face("sans", True), 6.5 if place else 8)
            canvas.drawCentredString(0, 12 - 10 * place, line[: 15 if round_ else 22])
        canvas.restoreState()

    def logo(
        self, x: float, y: float, ours: bool, *, name: str = "", size: float = 22, colour: Color | None = None
    ) -> None:
        """Letters with an arc, as telephone companies like them; ours or another company's."""
        canvas = self.canvas
        canvas.saveState()
        ink = colour or (Color(0.0, 0.36, 0.62) if ours else Color(0.8, 0.1, 0.1))
        canvas.setFillColor(ink)
        canvas.setStrokeColor(ink)
        canvas.setFont(_face("modern", True), size)
        canvas.drawString(x, y, "cnt" if ours else name.rsplit(" - ", maxsplit=1)[-1].title())
        canvas.setLineWidth(size / 9)
        canvas.arc(x - 4, y - size * 0.2, x + size * 1.4, y + size * 1.15, 25, 110)
        canvas.restoreState()
