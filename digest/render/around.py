"""What stands around the cards, in whole sentences: subject, masthead, the day, why the reader gets it, ways out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from itertools import takewhile

from digest.model import Cadence, Edition, Item, Kept, Links, SectionKind, Site
from digest.render import days, mutes
from digest.render.language import Language, language
from digest.render.views import names_hidden, safe_url
from digest.render.wording import clip, counted, known_as, opening
from digest.text import clean

_SUBJECT = 60
_PREHEADER = (60, 90)
_TITLE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """What stands around the cards, in whole sentences of the reader's language. Empty means: show nothing."""

    language: str  # its tag
    direction: str  # ltr or rtl
    subject: str
    preheader: str
    masthead: str  # the publisher's line above the title
    title: str
    description: str
    date: str
    found: str  # "24 new papers from Hugging Face; 20 of them made the list."
    told: str  # what to know of the sources' days, in sentences
    since: str  # above the days since the last edition, where an edition makes up for several
    cut: str  # from when on papers count, where that is later
    held_back: str
    muted: str
    muted_more: str  # how many of them are not named
    left_out: str  # papers of this edition that did not fit into the mail
    left_out_way: str  # where they are, the words of a link to `archive` or `feed`
    because: str  # why the reader gets this, up to the address
    because_end: str  # and after it
    note: str  # the publisher's words at the foot
    address: str
    unsubscribe: str
    unsubscribe_way: str  # the words of each link, there if its address is
    preferences: str
    preferences_way: str
    archive: str
    archive_way: str
    feed: str
    feed_way: str
    help_way: str
    all_way: str  # to the page of all digests


def shell(edition: Edition, links: Links, shown: int, site: Site) -> Shell:
    """`shown` counts the items that have a card on this surface."""
    words, subscription = language(edition.subscription.language), edition.subscription
    texts, left_out = site.look.texts_in(words.tag), len(edition.items) - shown
    mine, archive, feed = own(subscription.address, links), safe_url(links.archive_url), safe_url(links.feed_url)
    because = (
        ("", "")
        if subscription.address is None
        else _because(subscription.cadence, edition.every_day, edition.title, words)
    )
    return Shell(
        language=words.tag,
        direction=words.direction,
        subject=subject(edition),
        preheader=preheader(edition),
        masthead=clean(texts.masthead),
        title=_title(edition.title),
        description=_title(edition.description),
        date=words.long_date(edition.date),
        found=counted(_day(edition, words)),
        told=counted(days.told(edition, words)),
        since=days.since(edition, words),
        cut=days.cut(edition, words),
        held_back=counted(_held_back(edition.held_back, bool(edition.missed), words)),
        muted=counted(_muted(edition, words)) if edition.muted else "",
        muted_more=counted(_muted_more(edition, words)),
        left_out=counted(_left_out(left_out, bool(archive or feed), words)) if left_out else "",
        left_out_way=_left_out_way(archive, feed, words) if left_out else "",
        because=because[0],
        because_end=because[1],
        note=clean(texts.footer),
        archive=archive,
        feed=feed,
        **mine,
        **_ways(mine["unsubscribe"] != "", mine["preferences"] != "", archive != "", feed != "", words),
        help_way=words.gettext("Help") if site.help_url else "",
        all_way=words.gettext("All digests") if site.url else "",
    )


@lru_cache(1_024)
def _ways(unsubscribe: bool, preferences: bool, archive: bool, feed: bool, words: Language) -> dict[str, str]:
    return {
        "unsubscribe_way": words.gettext("Unsubscribe") if unsubscribe else "",
        "preferences_way": words.gettext("Change topics or times") if preferences else "",
        "archive_way": words.gettext("View in browser") if archive else "",
        "feed_way": words.gettext("Feed") if feed else "",
    }


def opened(edition: Edition, links: Links) -> dict[str, str]:
    """What differs between the mails of one profile and day, besides their papers."""
    return {"subject": subject(edition), "preheader": preheader(edition), "archive": safe_url(links.archive_url)}


def own(address: str | None, links: Links) -> dict[str, str]:
    """What is a reader's own in a mail; all else is the same for all who get this selection."""
    return {
        "address": clean(address or ""),
        "unsubscribe": safe_url(links.unsubscribe_url) or safe_url(links.unsubscribe_mail),
        "preferences": safe_url(links.preferences_url),
    }


def offers(address: str | None, links: Links) -> tuple[bool, bool, bool]:
    """Which of a reader's own there are."""
    ways = safe_url(links.unsubscribe_url) or safe_url(links.unsubscribe_mail)
    return bool(address), ways != "", safe_url(links.preferences_url) != ""


@lru_cache(1_024)
def _because(cadence: Cadence, every_day: bool, title: str, words: Language) -> tuple[str, str]:
    """What stands before and after the address."""
    when = {
        Cadence.DAILY: words.gettext("on days with news"),
        Cadence.WEEKDAYS: words.gettext("on weekdays with news"),
        Cadence.WEEKLY: words.gettext("once a week"),
        Cadence.MONTHLY: words.gettext("once a month"),
        Cadence.WHEN_GOOD: words.gettext("when there is enough good news"),
    }[cadence]
    if every_day and cadence is Cadence.DAILY:
        when = words.gettext("every day")
    elif every_day and cadence is Cadence.WEEKDAYS:
        when = words.gettext("every weekday")
    line = words.gettext(
        "You receive this %(cadence)s, because %(address)s is subscribed to “%(title)s”.",
        cadence=when,
        address="\0",  # which no cleaned title has
        title=_title(title),
    )
    before, _, after = line.partition("\0")
    return before, after


@lru_cache(1_024)
def _held_back(number: int, named: bool, words: Language) -> str:
    if not number:
        return ""
    line = words.ngettext("%(count)s new paper did not fit", "%(count)s new papers did not fit", number)
    return words.gettext("%(line)s; just missed:", line=line) if named else line


def _muted(edition: Edition, words: Language) -> str:
    line = words.ngettext(
        "%(count)s paper hidden by this profile’s rules",
        "%(count)s papers hidden by this profile’s rules",
        edition.muted,
    )
    return words.gettext("%(line)s:", line=line) if names_hidden(edition) else line


def _muted_more(edition: Edition, words: Language) -> str:
    more = edition.muted - len(edition.hidden)
    return (
        words.ngettext("and %(count)s more", "and %(count)s more", more) if names_hidden(edition) and more > 0 else ""
    )


def _left_out(number: int, elsewhere: bool, words: Language) -> str:
    line = words.ngettext(
        "%(count)s more paper of this edition would not fit into a mail",
        "%(count)s more papers of this edition would not fit into a mail",
        number,
    )
    return words.gettext("%(line)s:", line=line) if elsewhere else f"{line}."


def _left_out_way(archive: str, feed: str, words: Language) -> str:
    if archive:
        return words.gettext("read the whole edition on the web")
    return words.gettext("the feed has them") if feed else ""


def subject(edition: Edition) -> str:
    """The top paper's title, how many more, and the day, which keeps subjects apart from day to day."""
    words = language(edition.subscription.language)
    titles = _titles(edition.items[:1], words)
    first = titles[0] if titles else words.gettext("No papers: %(title)s", title=clean(edition.title))
    return _subject[first, len(edition.items) - 1, edition.date, words]


def _told_subject(of: tuple[str, int, date, Language]) -> str:
    first, more, day, words = of
    others = words.ngettext("and %(count)s more", "and %(count)s more", more)
    tail = f" {others} · {words.short_date(day)}" if more > 0 else f" · {words.short_date(day)}"
    return clip(first, _SUBJECT - len(tail)) + tail


_subject = Kept(_told_subject, 4_096)


def preheader(edition: Edition) -> str:
    """What a mailbox shows after the subject: the next titles, then the counts, until there is enough to read."""
    least, most = _PREHEADER
    text = ""
    for part in _openings(edition, most):
        if part:
            text = f"{text} · {part}" if text else part
            if len(text) >= least:
                break
    return clip(text, most)


def _openings(edition: Edition, most: int) -> Iterator[str]:
    words = language(edition.subscription.language)
    yield from _titles(edition.items[1:3], words)
    yield _found(edition, words)
    if edition.items:
        yield opening(clean(edition.items[0].paper.abstract), most)
    yield clean(edition.description)


def _titles(items: Sequence[Item], words: Language) -> Sequence[str]:
    return [_title(item.paper.title) or words.gettext("Untitled") for item in items]


def _title(title: str) -> str:
    return clip(clean(title), _TITLE)


def _found(edition: Edition, words: Language) -> str:
    return _counted(edition.fresh, edition.sources, words) if edition.items else words.gettext("No new papers")


@lru_cache(1_024)
def _counted(fresh: int, those: tuple[str, ...], words: Language) -> str:
    sources = words.listed(list(dict.fromkeys(map(known_as, those))))
    if not sources:
        return words.ngettext("%(count)s new paper", "%(count)s new papers", fresh)
    return words.ngettext(
        "%(count)s new paper from %(sources)s", "%(count)s new papers from %(sources)s", fresh, sources=sources
    )


def _day(edition: Edition, words: Language) -> str:
    """How many papers were new, from where, how many of them are here, and how many beside them from earlier days."""
    found = _found(edition, words)
    total = len(edition.items) - risen(edition)
    line = _of_day(found, total, edition.fresh, edition.held_back, words)
    if not edition.overmuted or not edition.items:  # the reason of an empty day says it already
        return line
    return f"{line} {mutes.too_much(edition.muted, edition.fresh, words)}"


def risen(edition: Edition) -> int:
    """How many late risers there are; they stand last."""
    if not edition.items or not _is_risen(edition.items[-1]):
        return 0
    return sum(1 for _ in takewhile(_is_risen, reversed(edition.items)))


def _is_risen(item: Item) -> bool:
    return item.section.kind is SectionKind.RISEN


@lru_cache(1_024)
def _of_day(found: str, total: int, fresh: int, held_back: int, words: Language) -> str:
    older = max(0, total - (fresh - held_back))
    given = {
        "found": found,
        "chosen": words.number(total - older),
        "earlier": words.number(older),
        "total": words.number(total),
    }
    if held_back or total < fresh:
        if older:
            return words.gettext(
                "%(found)s; %(chosen)s of them made the list, with %(earlier)s from earlier days: %(total)s in all.",
                **given,
            )
        return words.gettext("%(found)s; %(chosen)s of them made the list.", **given)
    if older:
        return words.gettext("%(found)s, and %(earlier)s from earlier days: %(total)s in all.", **given)
    return f"{found}."


def feed_note(words: Language) -> str:
    """What a browser shows above a feed, as it may stand in a string of css."""
    note = words.gettext("This is a feed. Copy the address of this page into a feed reader to follow it.")
    return note.replace("\\", "").replace('"', "”")


def site_view(site: Site) -> dict[str, object]:
    """The publisher, the same for every mail: words, addresses and colours."""
    logo = site.look.logo
    return {
        "name": clean(site.name),
        "postal_address": clean(site.postal_address),
        "help_url": safe_url(site.help_url),
        "url": safe_url(site.url),
        "accent": site.accent,
        "light": site.look.light,
        "dark": site.look.dark,
        "logo": replace(logo, url=safe_url(logo.url), alt=clean(logo.alt)) if logo else None,
    }
