"""What the user may write: the tables of digest.toml and profiles.toml."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from digest.config.look import Language, LookTable
from digest.config.values import (
    Address,
    Category,
    Clock,
    Colour,
    Domain,
    Line,
    MonthDay,
    MutedWords,
    Name,
    Near,
    Phrases,
    Retained,
    Row,
    Selector,
    SourceUrl,
    Table,
    Terms,
    Url,
    Weekday,
    Words,
    Zone,
)
from digest.model import Cadence, SourceKind, Wait

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
    pages_days: Retained = 0
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
    pause_until: Near | None = None
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
    formerly: Name | None = None
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
