"""What feeds say of themselves, in the reader's language: their titles and subtitles, and the page of all feeds."""

from __future__ import annotations

from dataclasses import dataclass

from digest.model import Paper, Site, StrandKind
from digest.render.language import Language, language
from digest.text import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """The words of the page of all feeds."""

    language: str
    direction: str
    title: str  # of the window
    heading: str
    how: str  # to use a feed
    all: str  # how to take all feeds at once, up to the link
    all_way: str
    all_end: str
    papers: str  # before the formats with an entry for each paper
    days: str
    by_topic: str
    by_author: str


def index(site: Site, tag: str) -> Index:
    words, name = language(tag), clean(site.name)
    line = words.gettext("To follow everything at once, take %(list)s into your reader.", list="\0")
    before, _, after = line.partition("\0")
    return Index(
        language=words.tag,
        direction=words.direction,
        title=words.gettext("Feeds · %(site)s", site=name),
        heading=words.gettext("Feeds of %(site)s", site=name),
        how=words.gettext(
            "A feed brings new papers to you, in a feed reader, a mail program or a chat. Copy the address of one of "
            "the links below into it. If it asks which format: Atom. Each list comes with an entry for each paper, or "
            "with one entry a day that holds the whole digest: choose one of the two."
        ),
        all=before,
        all_way=words.gettext("the list of all feeds (OPML)"),
        all_end=after,
        papers=words.gettext("each paper:"),
        days=words.gettext("one entry a day:"),
        by_topic=words.gettext("By topic"),
        by_author=words.gettext("By author"),
    )


def days_heading(tag: str) -> str:
    """Above the feeds of one entry a day, where they are listed."""
    return language(tag).gettext("One entry a day")


def days_title(title: str, tag: str) -> str:
    return language(tag).gettext("%(title)s (one entry a day)", title=title)


def strand_subtitle(kind: StrandKind, name: str, profile: str, tag: str) -> str:
    """`profile` is the title of the profile that has the topic, or follows the author."""
    words = language(tag)
    if kind is StrandKind.AUTHOR:
        return words.gettext("New papers by %(name)s.", name=name)
    return words.gettext(
        "The new papers of each day that say most to “%(name)s”, one of the topics of “%(title)s”.",
        name=name,
        title=profile,
    )


def withdrawn(paper: Paper, words: Language) -> str:
    return words.gettext("Withdrawn by its authors.") if paper.withdrawn else ""
