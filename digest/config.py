"""The user's settings: TOML files -> frozen settings. Every check on what the user wrote is here.

A relative path is relative to the file it stands in. Secrets come from the environment, never from a file.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from datetime import date, time, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from digest.errors import ConfigError
from digest.model import Cadence, Profile, Site, Subscription, Term, Topic

PACKAGE = Path(__file__).parent
DATABASE = "DIGEST_DATABASE"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def shipped(name: str, in_wheel: str) -> Path:
    """A folder that comes with the program: inside the package when installed, beside it in a checkout."""
    inside = PACKAGE / in_wheel
    return inside if inside.is_dir() else PACKAGE.parent / name


TEMPLATES = shipped("templates", "templates")
EXAMPLES = shipped("config", "config_files")


# --- what a value may be -----------------------------------------------------------------------------------


def _address(text: str) -> str:
    try:
        checked = validate_email(text, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(f"{error} Write a plain address such as reader@example.org") from None
    return checked.ascii_email or checked.normalized


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc or any(c.isspace() or c in "<>\"'" for c in text):
        raise ValueError("not a web address; write it whole, such as https://digest.example.org")
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


def _name(text: str) -> str:
    if not re.fullmatch("[a-z0-9][a-z0-9-]{0,40}", text):
        raise ValueError("not a profile's name; write at most 41 of a-z, 0-9 and -, such as small-models")
    return text


def _line(text: str) -> str:
    if re.search(r"[\x00-\x1f\x7f]", text):
        raise ValueError("has a line break or a control character; write it in one line")
    return text


def _colour(text: str) -> str:
    if not re.fullmatch("#[0-9a-fA-F]{6}", text):
        raise ValueError("not a colour; write it as #b5482f")
    return text


def _term(value: Any) -> Any:
    """A term is a text, or a table with a text and a weight."""
    if not isinstance(value, str | dict):
        raise ValueError('not a text; write "…" or { text = "…", weight = 2.0 }')
    return {"text": value} if isinstance(value, str) else value


Address = Annotated[str, AfterValidator(_address)]
Url = Annotated[str, AfterValidator(_url)]
Zone = Annotated[str, AfterValidator(_zone)]
Clock = Annotated[time, BeforeValidator(_clock)]
Weekday = Annotated[int, BeforeValidator(_weekday)]
Name = Annotated[str, AfterValidator(_name)]
Colour = Annotated[str, AfterValidator(_colour)]
Words = tuple[Annotated[str, Field(min_length=1, max_length=200)], ...]
Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_line)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Term(_Table):
    text: Annotated[str, Field(min_length=1, max_length=200)]
    weight: Annotated[float, Field(ge=-10, le=10)] = 1.0


Terms = tuple[Annotated[_Term, BeforeValidator(_term)], ...]


# --- the tables of digest.toml ---------------------------------------------------------------------------------


class SiteTable(_Table):
    """[site]: who publishes, and where the output folder is served."""

    name: Line = "Trending Papers"
    sender: Address = "digest@example.org"
    url: Url | None = None
    tag_date: date = date(2026, 1, 1)
    reply_to: Address | None = None
    bounce: Address | None = None
    unsubscribe_url: Url | None = None
    unsubscribe_mail: Address | None = None
    help_url: Url | None = None
    postal_address: Annotated[str, Field(max_length=300)] = ""
    accent: Colour = "#b5482f"


class PathsTable(_Table):
    """[paths]: where things lie; relative to digest.toml."""

    state: Path = Path("../state")
    database: str | None = None
    inbox: Path = Path("../inbox")
    output: Path = Path("../out")
    profiles: Path = Path("profiles.toml")
    templates: Path | None = None


class TransportTable(_Table):
    """[transport]: how messages leave. Login and password of the SMTP server come from the environment."""

    kind: Literal["directory", "maildir", "smtp"] = "directory"
    folder: Path | None = None
    host: str = "localhost"
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    timeout: Annotated[float, Field(gt=0, le=900)] = 60.0
    ca_file: Path | None = None


class DeliveryTable(_Table):
    """[delivery]: what is done about messages that do not get through."""

    after_crash: Literal["resend", "hold"] = "resend"
    retry_minutes: Annotated[tuple[Annotated[int, Field(ge=1, le=10_000)], ...], Field(min_length=1)] = (5, 15, 60, 240)
    give_up_after_hours: Annotated[int, Field(ge=1, le=10_000)] = 48


class FeedsTable(_Table):
    """[feeds]: when the profiles' feeds get their editions, and how much they hold."""

    at: Clock = time(6, 0)
    zone: Zone = "UTC"
    days: Annotated[int, Field(ge=1, le=366)] = 14
    entries: Annotated[int, Field(ge=1, le=500)] = 100


class SubscriptionTable(_Table):
    """[[subscription]]: one reader."""

    address: Address
    profile: Name
    cadence: Cadence = Cadence.DAILY
    weekday: Weekday = 0
    at: Clock = time(7, 0)
    zone: Zone = "UTC"


class ConfigFile(_Table):
    site: SiteTable = SiteTable()
    paths: PathsTable = PathsTable()
    transport: TransportTable = TransportTable()
    delivery: DeliveryTable = DeliveryTable()
    feeds: FeedsTable = FeedsTable()
    subscription: tuple[SubscriptionTable, ...] = ()


# --- profiles.toml ---------------------------------------------------------------------------------------------


class TopicTable(_Table):
    """[[PROFILE.topic]]: one interest of a profile."""

    name: Line
    words: Terms = ()
    examples: Words = ()


class MuteTable(_Table):
    """[PROFILE.mute]: what never comes."""

    words: Words = ()
    authors: Words = ()
    organisations: Words = ()
    categories: Words = ()


class ProfileTable(_Table):
    """[PROFILE]: a named set of topics, follows, mutes and limits."""

    title: Line
    description: Annotated[str, Field(max_length=300)] = ""
    trend_weight: Annotated[float, Field(ge=0, le=1)] = 0.5
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    feed: bool = True
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


# --- the settings ------------------------------------------------------------------------------------------------


class Settings(_Table):
    """Everything the user decided, checked; paths are absolute."""

    file: Path
    site: Site
    state: Path  # the folder of what the program keeps for itself
    database: str  # SQLAlchemy URL
    inbox: Path
    output: Path
    templates: tuple[Path, ...]  # the user's own first
    transport: TransportTable
    delivery: DeliveryTable
    feeds: FeedsTable
    profiles: Mapping[str, Profile]
    subscriptions: tuple[Subscription, ...]

    @property
    def give_up_after(self) -> timedelta:
        return timedelta(hours=self.delivery.give_up_after_hours)

    @property
    def retry_delays(self) -> tuple[timedelta, ...]:
        return tuple(timedelta(minutes=minutes) for minutes in self.delivery.retry_minutes)


def load(path: Path) -> Settings:
    """Read digest.toml and the profiles it names.

    Raises ConfigError with every fault found: the file, the key, what is wrong and what to write instead.
    """
    path = path.absolute()
    tables = _checked(ConfigFile, path)
    base = path.parent
    profiles_path = base / tables.paths.profiles
    profiles = {name: _profile(name, table) for name, table in _checked(ProfilesFile, profiles_path).profiles.items()}
    own = () if tables.paths.templates is None else (_resolved(base, tables.paths.templates),)
    transport = tables.transport.model_copy(
        update={
            "folder": _resolved(base, tables.transport.folder or tables.paths.output / "mail"),
            "ca_file": _resolved(base, tables.transport.ca_file) if tables.transport.ca_file else None,
        }
    )
    return Settings(
        file=path,
        site=_site(tables.site),
        state=_resolved(base, tables.paths.state),
        database=_database(base, tables.paths),
        inbox=_resolved(base, tables.paths.inbox),
        output=_resolved(base, tables.paths.output),
        templates=(*own, TEMPLATES),
        transport=transport,
        delivery=tables.delivery,
        feeds=tables.feeds,
        profiles=profiles,
        subscriptions=_subscriptions(path, tables, profiles),
    )


def _resolved(base: Path, path: Path) -> Path:
    return (base / path.expanduser()).resolve()


def _database(base: Path, paths: PathsTable) -> str:
    """The URL from the environment, which may hold a password, else the settings', else a file in the state folder."""
    text = os.environ.get(DATABASE) or paths.database or str(paths.state / "digest.db")
    return text if "://" in text else f"sqlite:///{_resolved(base, Path(text))}"


_Kind = TypeVar("_Kind", bound=BaseModel)


def _checked(kind: type[_Kind], path: Path) -> _Kind:
    try:
        return kind.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file. Make a working folder with `digest init FOLDER`.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    except ValidationError as error:
        outer = 1 if kind is ProfilesFile else 0  # the name that holds the file's tables
        faults = "\n".join(f"{path}: {_fault({**fault, 'loc': fault['loc'][outer:]})}" for fault in error.errors())
        raise ConfigError(faults) from None


# Where the library's own words would not tell what to write instead.
_PLAIN = {
    "model_type": "must be a table, written as [NAME] with its settings below",
    "tuple_type": "must be a list, written in square brackets",
    "path_type": 'must be a path, written as "../folder"',
    "date_from_datetime_inexact": "must be a date, written as 2026-01-01",
}


def _fault(fault: Mapping[str, Any]) -> str:
    where = [str(part + 1 if isinstance(part, int) else part) for part in fault["loc"] if part != "[key]"]
    key = ".".join(where) or "the file"
    if fault["type"] == "extra_forbidden":
        return f"{key}: no such setting; see the commented example that `digest init` writes"
    if fault["type"] == "missing":
        return f"{key}: is missing and must be set"
    message = _PLAIN.get(fault["type"], str(fault["msg"])).removeprefix("Value error, ")
    return f"{key}: {message[0].lower()}{message[1:]} (found {fault['input']!r})"


def _site(table: SiteTable) -> Site:
    domain = table.sender.rpartition("@")[2]
    host = urlsplit(table.url).hostname if table.url else None
    return Site(
        name=table.name,
        sender=table.sender,
        authority=f"{host or domain},{table.tag_date.isoformat().removesuffix('-01').removesuffix('-01')}",
        list_domain=host or domain,
        url=table.url.rstrip("/") if table.url else None,
        reply_to=table.reply_to,
        bounce=table.bounce,
        unsubscribe_url=table.unsubscribe_url,
        unsubscribe_mail=table.unsubscribe_mail,
        help_url=table.help_url,
        postal_address=table.postal_address,
        accent=table.accent,
    )


def _terms(terms: Terms) -> tuple[Term, ...]:
    return tuple(Term(text=term.text, weight=term.weight) for term in terms)


def _profile(name: str, table: ProfileTable) -> Profile:
    return Profile(
        name=name,
        title=table.title,
        description=table.description,
        topics=tuple(
            Topic(name=topic.name, terms=_terms(topic.words), examples=topic.examples) for topic in table.topic
        ),
        authors=_terms(table.authors),
        organisations=_terms(table.organisations),
        categories=_terms(table.categories),
        muted_words=table.mute.words,
        muted_authors=table.mute.authors,
        muted_organisations=table.mute.organisations,
        muted_categories=table.mute.categories,
        trend_weight=table.trend_weight,
        limit=table.limit,
        feed=table.feed,
    )


def _subscriptions(path: Path, tables: ConfigFile, profiles: Mapping[str, Profile]) -> tuple[Subscription, ...]:
    """Readers and feeds; an id is `profile/address` or `feed/profile`, so that a new send time keeps the history."""
    found: dict[str, Subscription] = {}
    for number, table in enumerate(tables.subscription, start=1):
        if table.profile not in profiles:
            known = ", ".join(profiles) or "none"
            raise ConfigError(
                f"{path}: subscription.{number}.profile: no profile “{table.profile}”; there are: {known}"
            )
        key = f"{table.profile}/{table.address.lower()}"
        if key in found:
            raise ConfigError(f"{path}: subscription.{number}: {table.address} has “{table.profile}” already; drop one")
        found[key] = Subscription(id=key, **table.model_dump())
    for profile in profiles.values():
        if profile.feed:
            key = f"feed/{profile.name}"
            found[key] = Subscription(
                id=key, profile=profile.name, address=None, at=tables.feeds.at, zone=tables.feeds.zone
            )
    return tuple(found.values())
