"""Which feeds there are, what they are called and where they lie. Addresses and ids never change once given.

A stream is a run of editions that becomes a feed of papers, a feed of days, and the archives of both:

    feeds/PROFILE.atom                      each paper of the profile's editions
    feeds/PROFILE/editions.atom             each edition
    feeds/PROFILE/2026-05.atom              a month of the first, feeds/PROFILE/editions-2026-05.atom of the second
    feeds/PROFILE/topic/NAME.atom           the same for a topic, in feeds/PROFILE/author/… for an author
    feeds/private/TOKEN/digest.atom         the same for a reader
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from digest.message import token
from digest.model import Edition, FeedGroup, FeedLine, Profile, StrandKind, Subscription
from digest.pipeline.world import World
from digest.render import strand_subtitle

PUBLIC_FORMATS = (("Atom", "atom"), ("RSS", "rss"), ("JSON", "json"))
PRIVATE_FORMATS = PUBLIC_FORMATS[:1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """`name` is the end of its permanent id, `base` its path without the ending; `kind` is None for all of it."""

    name: str
    title: str
    subtitle: str
    base: str
    page: str
    language: str
    kind: StrandKind | None = None
    strand: str = ""
    private: bool = False

    @property
    def days(self) -> str:
        return f"{self.base}/editions"

    @property
    def formats(self) -> tuple[tuple[str, str], ...]:
        return PRIVATE_FORMATS if self.private else PUBLIC_FORMATS

    def archive(self, month: date, *, of_days: bool) -> str:
        return f"{self.base}/{'editions-' if of_days else ''}{month:%Y-%m}.atom"

    def month_of(self, path: str) -> date | None:
        """The first day of the month that this file of the stream archives; None if it archives nothing of it."""
        match = re.fullmatch(rf"{re.escape(self.base)}/(?:editions-)?(\d{{4}})-(\d\d)\.atom(?:\.gz)?", path)
        return date(int(match[1]), int(match[2]), 1) if match else None

    def editions(self, editions: Iterable[Edition]) -> tuple[Edition, ...]:
        """The editions as this stream has them; those without a paper for it are left out."""
        if self.kind is None:
            return tuple(editions)
        return tuple(
            replace(one, items=strand.items, strands=(), fresh=len(strand.items), held_back=0, muted=0)
            for one in editions
            for strand in one.strands
            if strand.kind is self.kind and strand.name == self.strand
        )


def feed_path(profile: str) -> str:
    return f"feeds/{profile}.atom"


def streams(world: World, subscription: Subscription, generations: Mapping[str, int]) -> tuple[Stream, ...]:
    """Those of a subscription: one of a reader, several of a profile."""
    profile = world.profiles[subscription.profile]
    if subscription.address is None:
        return tuple(_public(world, profile, subscription.language))
    return (_private(world, profile, subscription, generations.get(subscription.id, 0)),)


def _public(world: World, profile: Profile, tag: str) -> Iterator[Stream]:
    title, page = f"{world.site.name}: {profile.title}", f"archive/{profile.name}/"
    yield Stream(
        name=profile.name,
        title=title,
        subtitle=profile.description,
        base=f"feeds/{profile.name}",
        page=page,
        language=tag,
    )
    taken: set[str] = set()
    for kind, name in (
        *((StrandKind.TOPIC, topic.name) for topic in profile.topics),
        *((StrandKind.AUTHOR, author.text) for author in profile.authors if author.weight > 0),
    ):
        own = f"{profile.name}/{kind}/{slug(name)}"
        if own not in taken:
            taken.add(own)
            yield Stream(
                name=own,
                title=f"{title} – {name}",
                subtitle=strand_subtitle(kind, name, profile.title, tag),
                base=f"feeds/{own}",
                page="feeds/",
                language=tag,
                kind=kind,
                strand=name,
            )


def _private(world: World, profile: Profile, subscription: Subscription, generation: int) -> Stream:
    """Nothing in it tells the address, and its permanent id does not tell its token."""
    own = token(world.secret, f"feed\0{generation}\0{subscription.id}")
    return Stream(
        name=f"private/{token(world.secret, f'feed{chr(0)}{subscription.id}')}",
        title=f"{world.site.name}: {profile.title}",
        subtitle=profile.description,
        base=f"{private_folder(own)}/digest",
        page="",
        language=subscription.language,
        private=True,
    )


def private_folder(own: str) -> str:
    return f"feeds/private/{own}"


def slug(name: str) -> str:
    """A name as a part of an address: the same for the same name in any case, another for any other name."""
    plain = name.casefold()
    if re.fullmatch("[a-z0-9]+( [a-z0-9]+)*", plain) and len(plain) <= 60:
        return plain.replace(" ", "-")
    ascii_only = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    readable = "-".join(re.findall("[a-z0-9]+", ascii_only))[:40].strip("-")
    mark = hashlib.sha256(plain.encode("utf-8", "backslashreplace")).hexdigest()[:8]
    return f"{readable}--{mark}" if readable else f"-{mark}"


def feed_groups(world: World) -> tuple[FeedGroup, ...]:
    """The public feeds, for the index and the OPML; files are relative to the folder of all feeds."""
    found = []
    for subscription in world.subscriptions:
        if subscription.address is None:
            own, *others = streams(world, subscription, {})
            found.append(
                FeedGroup(
                    own=line(own, world.profiles[subscription.profile].title),
                    topics=_lines(others, StrandKind.TOPIC),
                    authors=_lines(others, StrandKind.AUTHOR),
                )
            )
    return tuple(found)


def _lines(those: Sequence[Stream], kind: StrandKind) -> tuple[FeedLine, ...]:
    return tuple(line(one, one.strand) for one in those if one.kind is kind)


def line(stream: Stream, name: str = "") -> FeedLine:
    def files(base: str) -> tuple[tuple[str, str], ...]:
        return tuple((label, f"{base}.{ending}".removeprefix("feeds/")) for label, ending in stream.formats)

    papers, days = files(stream.base), files(stream.days)
    return FeedLine(title=stream.title, name=name, subtitle=stream.subtitle, papers=papers, days=days)
