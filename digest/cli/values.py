"""What the value of an option may be that click does not know: a moment, a date, the file of settings."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from digest.cadence import FIRST_YEAR, LAST_YEAR, within_reach


def moment_of(text: str) -> datetime:
    """An ISO 8601 date and time with its offset; without one it is UTC. ValueError says what to write instead."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text!r} is not a moment; write it as 2026-06-01T07:00:00+02:00") from None
    if not within_reach(moment):
        raise ValueError(f"{text!r} is not in the years {FIRST_YEAR} to {LAST_YEAR}")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def moment_in(path: Path) -> datetime:
    """The moment that stands in a file. ValueError, with what to do, if there is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"@{path}: cannot be read ({error.strerror}); write a moment into this file") from None
    except UnicodeDecodeError:
        text = "the content"
    try:
        return moment_of(text)
    except ValueError as error:
        raise ValueError(f"@{path}: {error}") from None


class Moment(click.ParamType[datetime | Path]):
    """A moment, or `@FILE` for the one that stands in a file whenever it is asked for: a clock to be set by hand."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime | Path:
        if isinstance(value, datetime | Path):
            return value
        text = str(value)
        try:
            if text.startswith("@"):
                moment_in(Path(text[1:]))
                return Path(text[1:])
            return moment_of(text)
        except ValueError as error:
            self.fail(str(error), param, ctx)


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
            day = date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a date; write it as 2026-06-01", param, ctx)
        if not within_reach(day):
            self.fail(f"{value} is not in the years {FIRST_YEAR} to {LAST_YEAR}", param, ctx)
        return day


class SettingsFile(click.Path):
    """A path; of several in the environment variable there is no question."""

    def split_envvar_value(self, rv: str) -> list[str]:
        return [rv]
