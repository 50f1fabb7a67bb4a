"""A chart as places on a canvas: where lines, ticks and labels stand. Pure arithmetic; the template draws."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from textwrap import wrap

from digest.model import Chart, ChartLine
from digest.text import clean

WIDTH, LEFT, RIGHT = 960.0, 64.0, 24.0
LEGEND_ROW, LINE, PLOT, FOOT = 24.0, 20.0, 300.0, 64.0  # heights
_HEAD = 56.0
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2)  # between two lines of the grid
_MOST_TICKS = 7
_DATE_WIDTH = 72.0
_SUBTITLE = 125  # characters a line


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A line with its dots; `number` tells its colour, `mean` is words."""

    number: int
    name: str
    mean: str
    legend: float
    points: str
    dots: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    title: str
    subtitle: tuple[Tick, ...]  # its lines
    unit: str
    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    rows: tuple[Tick, ...]
    columns: tuple[Tick, ...]
    curves: tuple[Curve, ...]


def drawing(chart: Chart) -> Drawing:
    """Days run from left to right; the values' axis begins below the lowest one and ends at 1."""
    subtitle = wrap(clean(chart.subtitle), _SUBTITLE, break_on_hyphens=False)
    legend = _HEAD + LINE * len(subtitle) + 8
    top = legend + LEGEND_ROW * len(chart.lines) + 28
    lowest, step = _scale([value for line in chart.lines for value in line.values if value is not None])
    days = max(1, len(chart.days) - 1)

    def across(place: int) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * place / days, 1)

    def down(value: float) -> float:
        return round(top + PLOT * (1 - value) / (1 - lowest), 1)

    return Drawing(
        title=clean(chart.title),
        subtitle=tuple(Tick(at=_HEAD + LINE * number, label=line) for number, line in enumerate(subtitle)),
        unit=chart.unit,
        width=WIDTH,
        height=top + PLOT + FOOT,
        left=LEFT,
        right=WIDTH - RIGHT,
        top=top,
        bottom=top + PLOT,
        rows=tuple(
            Tick(at=down(value), label=f"{value:.2f}")
            for number in range(12)
            if (value := 1 - number * step) >= lowest - 1e-9
        ),
        columns=tuple(Tick(at=across(place), label=label) for place, label in _dates(chart.days)),
        curves=tuple(
            _curve(number, line, [(across(place), down(value)) for place, value in _known(line)], legend)
            for number, line in enumerate(chart.lines)
        ),
    )


def _known(line: ChartLine) -> Iterator[tuple[int, float]]:
    yield from ((place, value) for place, value in enumerate(line.values) if value is not None)


def _curve(number: int, line: ChartLine, dots: Sequence[tuple[float, float]], legend: float) -> Curve:
    return Curve(
        number=number,
        name=clean(line.name),
        mean="no day can be judged" if line.mean is None else f"mean {line.mean:.3f}",
        legend=legend + LEGEND_ROW * number,
        points=" ".join(f"{x:g},{y:g}" for x, y in dots),
        dots=tuple(dots),
    )


def _scale(values: Sequence[float]) -> tuple[float, float]:
    """The lower end of the axis, and the step of its grid."""
    lowest = min(values, default=0.0)
    step = next((one for one in _STEPS if (1 - lowest) / one <= _MOST_TICKS), _STEPS[-1])
    return max(0.0, min(1 - step, math.floor(lowest / step + 1e-9) * step)), step


def _dates(days: Sequence[date]) -> Iterator[tuple[int, str]]:
    """So many that their names do not touch; from four days' steps on they are Mondays. The first has the year."""
    step = max(1, math.ceil(len(days) * _DATE_WIDTH / (WIDTH - LEFT - RIGHT)))
    weekly = step > 3
    first = next((place for place, day in enumerate(days) if day.weekday() == 0), 0) if weekly else 0
    for place in range(first, len(days), 7 * math.ceil(step / 7) if weekly else step):
        yield place, f"{days[place].day} {days[place]:{'%b %Y' if place == first else '%b'}}"
