"""Bar charts as geometry: `chart.html` draws them as SVG.  Each stands beside a table with the same figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

WIDTH, HEIGHT = 720, 220
_LEFT, _BOTTOM, _TOP = 62, 38, 10
_SERIES = ("", "second", "third")
_MOST_LABELS = 10


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle in the chart's own units, with the words that a pointer shows."""

    x: float
    y: float
    width: float
    height: float
    series: str
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Stacked bars; `ticks` are heights with their words, `labels` places under the axis, in lines."""

    title: str
    bars: tuple[Bar, ...]
    ticks: tuple[tuple[float, str], ...]
    labels: tuple[tuple[float, tuple[str, ...]], ...]
    legend: tuple[tuple[str, str], ...]
    """Series and what it means; () when there is one."""
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    foot: int = HEIGHT - _BOTTOM


def stacked(
    title: str,
    labels: Sequence[str],
    series: Sequence[tuple[str, Sequence[int]]],
    shown: Sequence[Sequence[str]],
    tick_words: Sequence[tuple[int, str]] = (),
) -> Chart:
    """A chart of at most three series (name, values); `shown` are the values in words, in the same shape.

    `tick_words` are the marks of the upright axis (`ticks_for` chooses where).
    """
    totals = [sum(values[at] for _name, values in series) for at in range(len(labels))]
    top = max([*totals, *(value for value, _words in tick_words), 1])
    room, tall = (WIDTH - _LEFT) / max(1, len(labels)), HEIGHT - _BOTTOM - _TOP
    bars = []
    for at, label in enumerate(labels):
        foot = float(HEIGHT - _BOTTOM)
        for number, (name, values) in enumerate(series):
            height = tall * values[at] / top
            if height:
                foot -= height
                words = f"{label}: {name} {shown[number][at]}" if len(series) > 1 else f"{label}: {shown[number][at]}"
                x, width = _LEFT + at * room + room * 0.12, max(1.0, room * 0.76)
                bars.append(Bar(round(x, 1), round(foot, 1), round(width, 1), round(height, 1), _SERIES[number], words))
    every = max(1, -(-len(labels) // _MOST_LABELS))
    return Chart(
        title=title,
        bars=tuple(bars),
        ticks=tuple((round(HEIGHT - _BOTTOM - tall * value / top, 1), words) for value, words in tick_words),
        labels=tuple(
            (round(_LEFT + (at + 0.5) * room, 1), _lines(label)) for at, label in enumerate(labels) if at % every == 0
        ),
        legend=tuple((_SERIES[number], name) for number, (name, _values) in enumerate(series))
        if len(series) > 1
        else (),
    )


def _lines(label: str) -> tuple[str, ...]:
    """A long label in two lines, parted at the blank nearest to its middle."""
    blanks = [at for at, letter in enumerate(label) if letter == " "]
    if len(label) < 12 or not blanks:
        return (label,)
    middle = min(blanks, key=lambda at: abs(at - len(label) // 2))
    return label[:middle], label[middle + 1 :]


def ticks_for(top: int) -> list[int]:
    """Round marks of an axis that begins at 0 and holds `top`: at most five steps of 1, 2 or 5 times a power of ten.

    >>> ticks_for(7), ticks_for(0), ticks_for(1234)
    ([0, 2, 4, 6, 8], [0, 1], [0, 500, 1000, 1500])
    """
    step = next(one * 10**power for power in count() for one in (1, 2, 5) if one * 10**power * 5 >= top)
    return list(range(0, max(top, 1) + step, step)) if top % step else list(range(0, max(top, 1) + 1, step))
