"""What an operator works with: backups and figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup as its file tells: `rows` by table; `schema` is the database's revision."""

    form: str  # "copy", of an SQLite database, or "portable"
    schema: str
    made_at: datetime | None
    rows: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of the metrics; those of one name differ in their labels. Moments are seconds since 1970."""

    name: str
    about: str
    value: float
    labels: dict[str, str] = field(default_factory=dict)
