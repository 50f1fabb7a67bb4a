"""What tables are, and what a value in them may be: a web address, a colour, a time of day, a term."""

from __future__ import annotations

import re
from datetime import date, time
from functools import cache
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from digest.addresses import validated, validated_domain
from digest.cadence import FIRST_YEAR, LAST_YEAR, within_reach
from digest.words import run_together

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Row(BaseModel):
    """Settings by name, and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Table(Row):
    """A table of TOML, which tells numbers, texts and truth apart: "2" is no number, and neither is true."""

    @field_validator("*", mode="before")
    @classmethod
    def _as_written(cls, value: Any, field: ValidationInfo) -> Any:
        wanted = cls.model_fields[field.field_name or ""].annotation
        if wanted in (int, float) and isinstance(value, (str, bool)):
            raise ValueError("must be a number, written without quotes")
        return value


def _web_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc or any(c.isspace() or c in "<>\"'" for c in text):
        raise ValueError("not a web address; write it whole, such as https://digest.example.org")
    return text


def _line(text: str) -> str:
    if re.search(r"[\x00-\x1f\x7f]", text):
        raise ValueError("has a line break or a control character; write it in one line")
    return text


def _colour(text: str) -> str:
    if not re.fullmatch("#[0-9a-fA-F]{6}", text):
        raise ValueError("not a colour; write it as #b5482f")
    return text


def _near(day: date) -> date:
    if not within_reach(day):
        raise ValueError(
            f"not a day of the years {FIRST_YEAR} to {LAST_YEAR}; give a nearer one, or take the entry out"
        )
    return day


def _source_url(text: str) -> str:
    if "@" in urlsplit(_web_address(text)).netloc:
        raise ValueError("must not hold a login, as it is printed and logged; give the address without it")
    return text


def _category(text: str) -> str:
    if not re.fullmatch(r"[a-z-]{2,20}(\.[A-Za-z-]{2,20})?", text):
        raise ValueError("not a category of arXiv; write it as cs.CL")
    return text


@cache  # it is read from the disk, and there may be thousands of subscriptions
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(name: str) -> str:
    if name not in _zones():
        raise ValueError("not a time zone; write an IANA name such as Europe/Berlin or UTC")
    return name


def _clock(value: Any) -> time:
    try:
        at = value if isinstance(value, time) else time.fromisoformat(value)
    except (ValueError, TypeError):
        raise ValueError('not a time of day; write it as "07:00"') from None
    if at.tzinfo is not None:
        raise ValueError('must not have an offset; write it as "07:00" and set the zone with `zone`')
    return at


def _weekday(value: Any) -> int:
    if not isinstance(value, str) or value.lower() not in _WEEKDAYS:
        raise ValueError(f"not a weekday; write one of {', '.join(_WEEKDAYS)}")
    return _WEEKDAYS.index(value.lower())


def _month_day(value: Any) -> int:
    if value == "last":
        return 0
    if isinstance(value, bool) or not (isinstance(value, int) or re.fullmatch("[0-9]{1,2}", str(value))):
        raise ValueError('not a day of the month; write one from 1 to 28, or "last"')
    if not 1 <= int(value) <= 28:
        raise ValueError('not in every month; write a day from 1 to 28, or "last"')
    return int(value)


def _name(text: str) -> str:
    if not re.fullmatch("[a-z0-9][a-z0-9-]{0,40}", text):
        raise ValueError("not a plain name; write at most 41 of a-z, 0-9 and -, such as small-models")
    return text


def _selector(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", text):
        raise ValueError("not a selector; write a plain name in lower case such as r2026")
    return text


def _domain(text: str) -> str:
    try:
        return validated_domain(text)
    except ValueError:
        raise ValueError("not a domain; write a plain name such as example.net") from None


def _findable(text: str) -> str:
    """Signs do not count in words: "C++" would find, and as a mute hide, whatever has a lone "c"."""
    key = run_together(text)
    if len(key) < 2 and key.isascii():
        raise ValueError("has too few letters or digits to be found by; write a longer phrase")
    return text


def _term(value: Any) -> Any:
    """A term is a text, or a table with a text and a weight."""
    if not isinstance(value, str | dict):
        raise ValueError('not a text; write "…" or { text = "…", weight = 2.0 }')
    return {"text": value} if isinstance(value, str) else value


Url = Annotated[str, AfterValidator(_web_address)]
Colour = Annotated[str, AfterValidator(_colour)]
Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_line)]
Near = Annotated[date, AfterValidator(_near)]
Address = Annotated[str, AfterValidator(validated)]
SourceUrl = Annotated[str, AfterValidator(_source_url)]
Category = Annotated[str, AfterValidator(_category)]
Zone = Annotated[str, AfterValidator(_zone)]
Clock = Annotated[time, BeforeValidator(_clock)]
Weekday = Annotated[int, BeforeValidator(_weekday)]
MonthDay = Annotated[int, BeforeValidator(_month_day)]
Name = Annotated[str, AfterValidator(_name)]
Selector = Annotated[str, AfterValidator(_selector)]
Domain = Annotated[str, AfterValidator(_domain)]
Words = tuple[Annotated[str, Field(min_length=1, max_length=200)], ...]


def _retained(days: int) -> int:
    if 0 < days < _SHORTEST_RETENTION:
        raise ValueError(f"is too short for what is still at work; write at least {_SHORTEST_RETENTION}, or 0 for ever")
    return days


_SHORTEST_RETENTION = 60  # what is younger is still ranked with, looked up by bounces, or shown in feeds
Retained = Annotated[int, Field(ge=0, le=36_500), AfterValidator(_retained)]


class _Term(Table):
    text: Annotated[str, Field(min_length=1, max_length=200)]
    weight: Annotated[float, Field(ge=-10, le=10)] = 1.0


class _Phrase(_Term):
    text: Annotated[str, Field(max_length=200), AfterValidator(_findable)]


Terms = tuple[Annotated[_Term, BeforeValidator(_term)], ...]
Phrases = tuple[Annotated[_Phrase, BeforeValidator(_term)], ...]
MutedWords = tuple[Annotated[str, Field(max_length=200), AfterValidator(_findable)], ...]
