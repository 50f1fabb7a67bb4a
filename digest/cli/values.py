"""What the value of an option may be that click does not know: a moment, a date, the file of settings."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click


def moment_of(text: str) -> datetime:
    """An ISO 8601 date and time with its offset; without one it is UTC. ValueError if it is none."""
    moment = datetime.fromisoformat(text.strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


class Moment(click.ParamType[datetime | Path]):
    """A moment, or `@FILE` for the one that stands in a file whenever it is asked for: a clock to be set by hand."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime | Path:
        if isinstance(value, datetime | Path):
            return value
        text = str(value)
        try:
            if text.startswith("@"):
                moment_of(Path(text[1:]).read_text(encoding="utf-8"))
                return Path(text[1:])
            return moment_of(text)
        except (OSError, ValueError):
            self.fail(f"{value!r} is not a moment; write it as 2026-06-01T07:00:00+02:00", param, ctx)


class Address(click.ParamType[str]):
    """An address however it is written, in the one form that it is kept in; what is none stays."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from digest.addresses import canonical  # its library takes a moment

        return canonical(str(value))


class Day(click.ParamType[date]):
    """A date, as YYYY-MM-DD."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a date; write it as 2026-06-01", param, ctx)


class SettingsFile(click.Path):
    """A path; of several in the environment variable there is no question."""

    def split_envvar_value(self, rv: str) -> list[str]:
        return [rv]
