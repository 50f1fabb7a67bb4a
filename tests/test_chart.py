"""Charts: where things stand, and a picture that any browser can read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

import pytest
from editions import SITE, TEMPLATES
from lxml import etree

from digest.model import Chart, ChartLine
from digest.render import Renderer
from digest.render.chart import drawing

MONDAY = date(2026, 5, 25)
SVG = "{http://www.w3.org/2000/svg}"


def line(*values: float | None, name: str = "digest.toml") -> ChartLine:
    return ChartLine(name=name, values=values, mean=None)


def chart(*lines: ChartLine, days: int = 2, title: str = "Measure") -> Chart:
    dates = tuple(MONDAY + timedelta(days=number) for number in range(days))
    return Chart(title=title, subtitle="", unit="share", days=dates, lines=lines)


def test_days_run_from_the_left_edge_to_the_right_and_better_is_higher() -> None:
    drawn = drawing(chart(line(0.8, None, 1.0), days=3))
    (curve,) = drawn.curves
    assert curve.dots == ((drawn.left, drawn.bottom), (drawn.right, drawn.top))
    assert curve.points == f"{drawn.left:g},{drawn.bottom:g} {drawn.right:g},{drawn.top:g}"


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([0.97, 1.0], ["1.00", "0.99", "0.98", "0.97"]),
        ([0.985], ["1.00", "0.99", "0.98"]),
        ([0.62], ["1.00", "0.90", "0.80", "0.70", "0.60"]),
        ([0.0], ["1.00", "0.80", "0.60", "0.40", "0.20", "0.00"]),
        ([1.0], ["1.00", "0.99"]),
        ([], ["1.00", "0.80", "0.60", "0.40", "0.20", "0.00"]),
    ],
)
def test_the_grid_begins_below_the_lowest_value(values: Sequence[float], labels: Sequence[str]) -> None:
    drawn = drawing(chart(line(*values)))
    assert [row.label for row in drawn.rows] == labels
    assert (drawn.rows[0].at, drawn.rows[-1].at) == (drawn.top, drawn.bottom)


@pytest.mark.parametrize("days", [1, 2, 12, 13, 68, 700])
def test_dates_do_not_touch(days: int) -> None:
    columns = drawing(chart(line(), days=days)).columns
    assert columns[0].label == "25 May 2026"
    assert all(later.at - earlier.at >= 70 for earlier, later in pairwise(columns))
    assert len(columns) >= min(days, 6)


def test_the_picture_is_well_formed_whatever_the_names() -> None:
    hostile = '<script>&"\x00'
    drawn = Renderer([TEMPLATES], SITE).chart(chart(line(0.5, 0.6, name=hostile), line(None, None), title="<b>&"))
    root = etree.fromstring(drawn.encode())
    assert root.tag == f"{SVG}svg"
    assert not root.findall(f".//{SVG}script")
    assert len(root.findall(f".//{SVG}polyline")) == 2
    assert "<b>&" in (root.findtext(f"{SVG}title") or "")
