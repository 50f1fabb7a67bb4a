"""A figure over some days, to be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartLine:
    """One value a day, None where there is none; `mean` over all days is told beside the name."""

    name: str
    values: Sequence[float | None]
    mean: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Lines over the same days, the one to compare with last. Values are shares, 0 to 1."""

    title: str
    subtitle: str
    unit: str
    days: Sequence[date]
    lines: Sequence[ChartLine]
