"""What the user may write: the tables of digest.toml and profiles.toml, and what each value may be."""

from __future__ import annotations

import re
from datetime import date, time
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from digest.addresses import validated, validated_domain
from digest.cadence import FIRST_YEAR, LAST_YEAR, within_reach
from digest.config.look import Language, LookTable
from digest.config.values import Colour, Line, Row, Table, Url, web_address
from digest.model import Cadence, SourceKind, Wait
from digest.words import run_together

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


# --- what a value may be -----------------------------------------------------------------------------------


def _near(day: date) -> date:
    if not within_reach(day):
        raise ValueError(
            f"not a day of the years {FIRST_YEAR} to {LAST_YEAR}; give a nearer one, or take the entry out"
        )
    return day


def _source_url(text: str) -> str:
    if "@" in urlsplit(web_address(text)).netloc:
        raise ValueError("must not hold a login, as it is printed and logged; give the address without it")
    return text


def _category(text: str) -> str:
    if not re.fullmatch(r"[a-z-]{2,20}(\.[A-Za-z-]{2,20})?", text):
        raise ValueError("not a category of arXiv; write it as cs.CL")
    return text


@cache  # the list of zones is read from the disk, and there may be thousands of subscriptions
def _is_zone(name: str) -> bool:
    return name in available_timezones()


def _zone(name: str) -> str:
    if not _is_zone(name):
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
    if not isinstance(value, str) or value.lower() not in WEEKDAYS:
        raise ValueError(f"not a weekday; write one of {', '.join(WEEKDAYS)}")
    return WEEKDAYS.index(value.lower())


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
    if 0 < days < SHORTEST_RETENTION:
        raise ValueError(f"is too short for what is still at work; write at least {SHORTEST_RETENTION}, or 0 for ever")
    return days


SHORTEST_RETENTION = 60  # what is younger is still ranked with, looked up by bounces, or shown in feeds
Retained = Annotated[int, Field(ge=0, le=36_500), AfterValidator(_retained)]


class _Term(Table):
    text: Annotated[str, Field(min_length=1, max_length=200)]
    weight: Annotated[float, Field(ge=-10, le=10)] = 1.0


class _Phrase(_Term):
    text: Annotated[str, Field(max_length=200), AfterValidator(_findable)]


Terms = tuple[Annotated[_Term, BeforeValidator(_term)], ...]
Phrases = tuple[Annotated[_Phrase, BeforeValidator(_term)], ...]
MutedWords = tuple[Annotated[str, Field(max_length=200), AfterValidator(_findable)], ...]


# --- the tables of digest.toml ---------------------------------------------------------------------------------


class SiteTable(Table):
    """[site]: who publishes, and where the output folder is served."""

    name: Line = "Trending Papers"
    sender: Address = "digest@example.org"
    url: Url | None = None
    tag_date: date = date(2026, 1, 1)
    reply_to: Address | None = None
    bounce: Address | None = None
    unsubscribe_url: Url | None = None
    unsubscribe_mail: Address | None = None
    preferences_url: Url | None = None
    help_url: Url | None = None
    postal_address: Annotated[str, Field(max_length=300)] = ""
    accent: Colour = "#b5482f"


class PathsTable(Table):
    """[paths]: where things lie; relative to digest.toml."""

    state: Path = Path("../state")
    database: str | None = None
    inbox: Path = Path("../inbox")
    output: Path = Path("../out")
    profiles: Path = Path("profiles.toml")
    templates: Path | None = None
    subscriptions: Path | None = None


class TransportTable(Table):
    """[transport]: how messages leave. Login and password of the SMTP server come from the environment."""

    kind: Literal["directory", "maildir", "smtp", "sendmail"] = "directory"
    folder: Path | None = None
    host: str = "localhost"
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    timeout: Annotated[float, Field(gt=0, le=900)] = 60.0
    ca_file: Path | None = None
    command: Annotated[tuple[Line, ...], Field(min_length=1)] = ("/usr/sbin/sendmail",)


class DomainTable(Table):
    """[[delivery.domain]]: what one domain of readers is spared. 0 is no limit."""

    name: Domain
    per_second: Annotated[float, Field(ge=0, le=10_000)] = 0
    connections: Annotated[int, Field(ge=0, le=100)] = 0
    messages_per_connection: Annotated[int, Field(ge=0, le=100_000)] = 0


class DkimTable(Table):
    """[dkim]: messages signed by the digest itself; usually the relay does that. Key files by selector."""

    domain: Domain | None = None
    keys: dict[Selector, Path] | None = None


class DeliveryTable(Table):
    """[delivery]: what is done about messages that do not get through."""

    after_crash: Literal["resend", "hold"] = "resend"
    retry_minutes: Annotated[tuple[Annotated[int, Field(ge=1, le=10_000)], ...], Field(min_length=1)] = (5, 15, 60, 240)
    give_up_after_hours: Annotated[int, Field(ge=1, le=10_000)] = 48
    connections: Annotated[int, Field(ge=1, le=100)] = 1
    messages_per_connection: Annotated[int, Field(ge=1, le=100_000)] = 100
    per_second: Annotated[float, Field(ge=0, le=10_000)] = 0
    domain: tuple[DomainTable, ...] = ()
    hold_minutes: Annotated[int, Field(ge=0, le=1440)] = 0
    editor: Address | None = None

    @model_validator(mode="after")
    def _held_before_given_up(self) -> Self:
        if self.hold_minutes >= 60 * self.give_up_after_hours:
            raise ValueError("hold_minutes is not less than give_up_after_hours; messages would be given up unsent")
        return self

    @model_validator(mode="after")
    def _one_of_each_domain(self) -> Self:
        names = [one.name for one in self.domain]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"domain: {twice} stands there twice; put its limits into one [[delivery.domain]]")
        return self


class ReturnsTable(Table):
    """[returns]: the mailbox that bounces, complaints and unsubscribe mails come back to."""

    source: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    soft_bounces: Annotated[int, Field(ge=2, le=100)] = 5
    when_read: Literal["mark", "remove"] = "mark"
    ca_file: Path | None = None


class FeedsTable(Table):
    """[feeds]: when the profiles' feeds get their editions, how much they hold, and who else has one."""

    at: Clock = time(6, 0)
    zone: Zone = "UTC"
    days: Annotated[int, Field(ge=1, le=366)] = 14
    entries: Annotated[int, Field(ge=1, le=500)] = 100
    private: Literal["full", "recent", "none"] = "full"
    hub: Url | None = None


class RankingTable(Table):
    """[ranking]: what the ranking works with."""

    encoder: Path | None = None


class OperationsTable(Table):
    """[operations]: who is told how the program does."""

    log: Literal["text", "json"] = "text"
    metrics_file: Path | None = None
    metrics_port: Annotated[int, Field(ge=0, le=65535)] = 0
    heartbeat: Url | None = None
    heartbeat_timeout: Annotated[float, Field(gt=0, le=60)] = 5.0


class RetentionTable(Table):
    """[retention]: for how many days `digest prune` keeps what is not needed any more; 0 is for ever."""

    mails_days: Retained = 0
    editions_days: Retained = 0
    keep_archives: bool = True
    sightings_days: Retained = 0
    dumps_days: Retained = 0
    set_aside_days: Retained = 0


class SubscriptionTable(Row):
    """[[subscription]]: one reader."""

    address: Address
    profile: Name
    cadence: Cadence = Cadence.DAILY
    weekday: Weekday = 0
    day: MonthDay = 1
    good: Annotated[int, Field(ge=1, le=100)] = 5
    good_points: Annotated[int, Field(ge=0, le=100_000)] = 600
    within_days: Annotated[int, Field(ge=1, le=31)] = 14
    at: Clock = time(7, 0)
    zone: Zone = "UTC"
    language: Language = "en"
    pause_until: Annotated[date, AfterValidator(_near)] | None = None
    wait: Wait = Wait.NOW
    cut_off: Clock = time(10, 0)


class SourceTable(Table):
    """[[source]]: where `digest fetch` gets dumps from."""

    name: Name
    kind: SourceKind
    url: SourceUrl | None = None
    query: Annotated[str, Field(max_length=2000)] = ""
    categories: Annotated[tuple[Category, ...], Field(max_length=50)] = ()
    set: Annotated[str, Field(max_length=100)] = ""
    metadata: Literal["arXiv", "arXivRaw", "oai_dc"] = "arXiv"
    page: Annotated[int, Field(ge=1, le=2000)] = 500
    fetch: Literal["by-hand", "auto"] = "by-hand"
    every: Annotated[int, Field(ge=1, le=10_080)] = 60
    interval: Annotated[float, Field(ge=0, le=60)] = 1.0
    timeout: Annotated[float, Field(gt=0, le=900)] = 30.0
    deadline: Annotated[float, Field(gt=0, le=3600)] = 300.0
    largest: Annotated[int, Field(ge=1, le=512)] = 64
    allow_private: bool = False
    proxy: bool = False
    robots: bool = True


class ConfigFile(Table):
    site: SiteTable = SiteTable()
    paths: PathsTable = PathsTable()
    transport: TransportTable = TransportTable()
    dkim: DkimTable = DkimTable()
    delivery: DeliveryTable = DeliveryTable()
    returns: ReturnsTable = ReturnsTable()
    feeds: FeedsTable = FeedsTable()
    ranking: RankingTable = RankingTable()
    look: LookTable = LookTable()
    operations: OperationsTable = OperationsTable()
    retention: RetentionTable = RetentionTable()
    source: tuple[SourceTable, ...] = ()
    subscription: tuple[SubscriptionTable, ...] = ()


# --- profiles.toml ---------------------------------------------------------------------------------------------


class TopicTable(Table):
    """[[PROFILE.topic]]: one interest of a profile."""

    name: Line
    words: Phrases = ()
    examples: Words = ()
    library: tuple[Path, ...] = ()
    share: Annotated[float, Field(ge=0, le=1)] = 0.0


class MuteTable(Table):
    """[PROFILE.mute]: what never comes."""

    words: MutedWords = ()
    authors: Words = ()
    submitters: Words = ()
    organisations: Words = ()
    categories: Words = ()


class ProfileTable(Table):
    """[PROFILE]: a named set of topics, follows, mutes and limits."""

    title: Line
    description: Annotated[str, Field(max_length=300)] = ""
    trend_weight: Annotated[float, Field(ge=0, le=1)] = 0.5
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    explore: Annotated[int, Field(ge=0, le=100)] = 0
    late_risers: Annotated[int, Field(ge=0, le=20)] = 3
    fade_days: Annotated[int, Field(ge=1, le=36_500)] = 180
    empty: Literal["silent", "say"] = "silent"
    feed: bool = True
    language: Language = "en"
    authors: Terms = ()
    organisations: Terms = ()
    categories: Terms = ()
    topic: tuple[TopicTable, ...] = ()
    mute: MuteTable = MuteTable()


class ProfilesFile(BaseModel):
    """Any number of profiles by name."""

    model_config = ConfigDict(frozen=True)
    profiles: dict[Name, ProfileTable]

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, tables: Any) -> Any:
        return {"profiles": tables}
