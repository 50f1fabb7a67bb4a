"""What feeds say of themselves, in the reader's language: their titles and subtitles."""

from __future__ import annotations

from digest.model import Paper, StrandKind
from digest.render.language import Language, language


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
