"""The user's settings: TOML files -> frozen settings. Every check on what the user wrote is here.

A relative path is relative to the file it stands in. Secrets come from the environment, never from a file.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import timedelta
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import ValidationError

from digest import __version__
from digest.config.faults import checked, fault_of
from digest.config.readers import read_subscriptions
from digest.config.tables import (
    ConfigFile,
    DeliveryTable,
    DkimTable,
    FeedsTable,
    OperationsTable,
    PathsTable,
    ProfilesFile,
    ProfileTable,
    RankingTable,
    RetentionTable,
    ReturnsTable,
    SourceTable,
    SubscriptionTable,
    TopicTable,
    TransportTable,
)
from digest.config.values import Table, Terms
from digest.errors import ConfigError
from digest.model import Example, Profile, Site, Source, SourceKind, Subscription, Term, Topic, Wait

__all__ = ["DATABASE", "EXAMPLES", "TEMPLATES", "ConfigFile", "ProfileTable", "Settings", "load"]

PACKAGE = Path(__file__).parent.parent
DATABASE = "DIGEST_DATABASE"


def shipped(name: str, in_wheel: str) -> Path:
    """A folder that comes with the program: inside the package when installed, beside it in a checkout."""
    inside = PACKAGE / in_wheel
    return inside if inside.is_dir() else PACKAGE.parent / name


TEMPLATES = shipped("templates", "templates")
EXAMPLES = shipped("config", "config_files")


class Settings(Table):
    """Everything the user decided, checked; paths are absolute."""

    file: Path
    site: Site
    state: Path  # the folder of what the program keeps for itself
    database: str  # SQLAlchemy URL
    inbox: Path
    output: Path
    templates: tuple[Path, ...]  # the user's own first
    transport: TransportTable
    dkim: DkimTable  # with its domain
    delivery: DeliveryTable
    returns: ReturnsTable
    feeds: FeedsTable
    encoder: Path | None  # the folder of a sentence encoder
    operations: OperationsTable
    retention: RetentionTable
    sources: tuple[Source, ...]
    profiles: Mapping[str, Profile]
    subscriptions: tuple[Subscription, ...]
    roll: str  # a digest of the files that the subscriptions come from

    @property
    def give_up_after(self) -> timedelta:
        return timedelta(hours=self.delivery.give_up_after_hours)

    @property
    def hold(self) -> timedelta:
        return timedelta(minutes=self.delivery.hold_minutes)

    @property
    def retry_delays(self) -> tuple[timedelta, ...]:
        return tuple(timedelta(minutes=minutes) for minutes in self.delivery.retry_minutes)

    @property
    def agent(self) -> str:
        """The name this program goes by when it fetches, with whom to ask about it."""
        contact = self.site.reply_to or self.site.sender
        return (
            f"trending-papers-digest/{__version__} ({f'+{self.site.url}; ' if self.site.url else ''}mailto:{contact})"
        )


def load(path: Path) -> Settings:
    """Read digest.toml and the profiles it names.

    Raises ConfigError with every fault found: the file, the key, what is wrong and what to write instead.
    """
    path = path.absolute()
    tables = checked(ConfigFile, path)
    base = path.parent
    profiles_path = base / tables.paths.profiles
    profiles = _profiles(profiles_path)
    readers = tables.paths.subscriptions and _resolved(base, tables.paths.subscriptions)
    own = () if tables.paths.templates is None else (_resolved(base, tables.paths.templates),)
    transport = tables.transport.model_copy(
        update={
            "folder": _resolved(base, tables.transport.folder or tables.paths.output / "mail"),
            "ca_file": _resolved(base, tables.transport.ca_file) if tables.transport.ca_file else None,
        }
    )
    return Settings(
        file=path,
        site=_site(tables),
        state=_resolved(base, tables.paths.state),
        database=_database(base, tables.paths),
        inbox=_resolved(base, tables.paths.inbox),
        output=_resolved(base, tables.paths.output),
        templates=(*own, TEMPLATES),
        transport=transport,
        dkim=_dkim(path, tables),
        delivery=tables.delivery,
        returns=_returns(base, tables.returns),
        feeds=tables.feeds,
        encoder=_encoder(path, tables.ranking),
        operations=_operations(base, tables.operations),
        retention=tables.retention,
        sources=_sources(path, tables.source),
        profiles=profiles,
        subscriptions=_subscriptions(path, tables, profiles, readers),
        roll=_roll(path, profiles_path, *([readers] if readers else [])),
    )


def _resolved(base: Path, path: Path) -> Path:
    return (base / path.expanduser()).resolve()


def _roll(*files: Path) -> str:
    """Changes with the program's version too, which may have other defaults."""
    told = hashlib.sha256(f"{__version__} {[field.name for field in fields(Subscription)]}".encode())
    for file in files:
        told.update(hashlib.sha256(file.read_bytes()).digest())
    return told.hexdigest()


def _database(base: Path, paths: PathsTable) -> str:
    """The URL from the environment, which may hold a password, else the settings', else a file in the state folder."""
    text = os.environ.get(DATABASE) or paths.database or str(paths.state / "digest.db")
    return text if "://" in text else f"sqlite:///{_resolved(base, Path(text))}"


def _site(tables: ConfigFile) -> Site:
    table = tables.site
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
        preferences_url=table.preferences_url,
        help_url=table.help_url,
        postal_address=table.postal_address,
        accent=table.accent,
        look=tables.look.look(),
    )


def _returns(base: Path, table: ReturnsTable) -> ReturnsTable:
    """A path of a mailbox made absolute; an address of one is left as it is."""
    source = table.source
    if source and source != "-" and "://" not in source:
        source = str(_resolved(base, Path(source)))
    ca_file = _resolved(base, table.ca_file) if table.ca_file else None
    return table.model_copy(update={"source": source, "ca_file": ca_file})


def _dkim(path: Path, tables: ConfigFile) -> DkimTable:
    """A signature counts for DMARC only where its domain is the sender's or one above it."""
    sender = tables.site.sender.rpartition("@")[2].lower()
    domain = tables.dkim.domain or sender
    if not f".{sender}".endswith(f".{domain}"):
        raise ConfigError(
            f"{path}: dkim.domain: {domain} is not the domain of site.sender ({sender}) nor one above it, so that its "
            "signature would count for nothing; drop the setting, or send from that domain"
        )
    keys = {selector: _resolved(path.parent, file) for selector, file in (tables.dkim.keys or {}).items()}
    return DkimTable(domain=domain, keys=keys)


def _encoder(path: Path, table: RankingTable) -> Path | None:
    if table.encoder is None:
        return None
    folder = _resolved(path.parent, table.encoder)
    if not (folder / "modules.json").is_file():
        raise ConfigError(
            f"{path}: ranking.encoder: {folder} is not the folder of a sentence-transformers model: it has no "
            "modules.json; name such a folder, or drop the setting"
        )
    return folder


def _operations(base: Path, table: OperationsTable) -> OperationsTable:
    return table.model_copy(
        update={"metrics_file": _resolved(base, table.metrics_file) if table.metrics_file else None}
    )


def _terms(terms: Terms) -> tuple[Term, ...]:
    return tuple(Term(text=term.text, weight=term.weight) for term in terms)


def _library(files: Sequence[Path]) -> tuple[Example, ...]:
    if not files:
        return ()
    from digest.config.libraries import examples  # with all that reads bibliographies, which few have

    return examples(files)


def _topic(path: Path, table: TopicTable) -> Topic:
    library = _library([_resolved(path.parent, file) for file in table.library])
    return Topic(
        name=table.name,
        terms=_terms(table.words),
        examples=tuple(dict.fromkeys((*table.examples, *(one.name for one in library)))),
        library=library,
        share=table.share,
    )


def _profiles(path: Path) -> dict[str, Profile]:
    found = {name: _profile(path, name, table) for name, table in checked(ProfilesFile, path).profiles.items()}
    firsts = [one.first_name for one in found.values()]
    for name, one in found.items():
        if one.formerly and firsts.count(one.formerly) > 1:
            raise ConfigError(f"{path}: {name}.formerly: “{one.formerly}” is or was another profile too; drop one")
    return found


def _profile(path: Path, name: str, table: ProfileTable) -> Profile:
    if (shares := math.fsum(topic.share for topic in table.topic)) > 1 + 1e-9:
        raise ConfigError(f"{path}: {name}.topic: the shares are {shares:g} together; make them at most 1")
    names = [topic.name for topic in table.topic]
    if twice := next((one for one in names if names.count(one) > 1), None):
        raise ConfigError(f"{path}: {name}.topic: two topics have the name “{twice}”; rename one, or make them one")
    if table.explore > table.limit:
        raise ConfigError(f"{path}: {name}.explore: is more than the limit of {table.limit} papers; lower it")
    return Profile(
        name=name,
        title=table.title,
        formerly=table.formerly,
        description=table.description,
        topics=tuple(_topic(path, topic) for topic in table.topic),
        authors=_terms(table.authors),
        organisations=_terms(table.organisations),
        categories=_terms(table.categories),
        muted_words=table.mute.words,
        muted_authors=table.mute.authors,
        muted_submitters=table.mute.submitters,
        muted_organisations=table.mute.organisations,
        muted_categories=table.mute.categories,
        trend_weight=table.trend_weight,
        limit=table.limit,
        explore=table.explore,
        late_risers=table.late_risers,
        fade_days=table.fade_days,
        feed=table.feed,
        language=table.language,
        says_empty=table.empty == "say",
    )


# What each kind of source takes beside what all take, and what it must have one of.
_TAKES = {
    SourceKind.HF_DAILY: ({"url"}, set()),
    SourceKind.ARXIV_API: ({"url", "query", "categories", "page"}, {"query", "categories"}),
    SourceKind.ARXIV_RSS: ({"url", "categories"}, {"categories"}),
    SourceKind.OAI_PMH: ({"url", "set", "metadata"}, set()),
    SourceKind.URL: ({"url", "robots"}, {"url"}),
}
_OF_SOME_KINDS = {name for takes, _ in _TAKES.values() for name in takes}


def _sources(path: Path, tables: Sequence[SourceTable]) -> tuple[Source, ...]:
    found: dict[str, Source] = {}
    for number, table in enumerate(tables, start=1):
        takes, needs = _TAKES[table.kind]
        given = {name for name in _OF_SOME_KINDS & table.model_fields_set if getattr(table, name)}
        for name in sorted(given - takes):
            raise ConfigError(f"{path}: source.{number}.{name}: is of no use to the kind {table.kind}; drop it")
        if needs and not given & needs:
            wanted = " or ".join(f"`{name}`" for name in sorted(needs))
            raise ConfigError(f"{path}: source.{number}: the kind {table.kind} needs {wanted}")
        if table.name in found:
            raise ConfigError(f"{path}: source.{number}.name: there is a source “{table.name}” already; choose another")
        found[table.name] = Source(
            **table.model_dump(exclude={"url", "fetch", "every", "largest"}),
            url=table.url or "",
            auto=table.fetch == "auto",
            every=timedelta(minutes=table.every),
            largest=table.largest * 2**20,
        )
    return tuple(found.values())


def _subscriptions(
    path: Path, tables: ConfigFile, profiles: Mapping[str, Profile], readers: Path | None
) -> tuple[Subscription, ...]:
    """Readers and feeds."""
    found: dict[str, Subscription] = {}
    rows = ((f"{path}: subscription.{number}", table) for number, table in enumerate(tables.subscription, start=1))
    for where, table in chain(rows, _of_file(readers)):
        if table.profile not in profiles:
            known = ", ".join(profiles) or "none"
            raise ConfigError(f"{where}.profile: no profile “{table.profile}”; there are: {known}")
        key = profiles[table.profile].subscription_id(table.address)
        if key in found:
            raise ConfigError(f"{where}: {table.address} has “{table.profile}” already; drop one")
        if table.wait is Wait.FINAL and table.cut_off <= table.at:
            raise ConfigError(
                f"{where}.cut_off: {table.cut_off:%H:%M} is not after {table.at:%H:%M}, when the edition begins to "
                "wait; write a later time of the day"
            )
        found[key] = Subscription(id=key, **dict(table))
    for profile in profiles.values():
        if profile.feed:
            key = f"feed/{profile.name}"
            found[key] = Subscription(
                id=key,
                profile=profile.name,
                address=None,
                at=tables.feeds.at,
                zone=tables.feeds.zone,
                language=profile.language,
            )
    return tuple(found.values())


def _of_file(path: Path | None) -> Iterator[tuple[str, SubscriptionTable]]:
    """The readers of the CSV file with where each stands. Faults are told by line, the first of them at once."""
    faults = []
    for where, row in read_subscriptions(path) if path else ():
        try:
            yield where, SubscriptionTable.model_validate(row)
        except ValidationError as error:
            faults += [f"{where}: {fault_of(fault)}" for fault in error.errors()]
        if len(faults) >= _TOLD:
            break
    if faults:
        raise ConfigError("\n".join(faults))


_TOLD = 20
