"""Pure: who wrote a paper, where, in which category: what a profile follows, and all that it mutes."""

from __future__ import annotations

from collections.abc import Sequence

from digest.model import Paper, Profile, Reason
from digest.words import Phrases, phrase_key, plain, tokens

AUTHOR, ORGANISATION, CATEGORY = 250.0, 200.0, 80.0


def name_matches(followed: str, author: str) -> bool:
    """Whether two spellings can be of one person: the same surname, and first names equal or as initials.

    "Last, First" is read as First Last; accents, case, hyphens and middle names do not count.
    """
    ours, theirs = _name(followed), _name(author)
    if not ours or not theirs or ours[-1] != theirs[-1]:
        return False
    if len(ours) == 1 or len(theirs) == 1:
        return len(ours) == len(theirs)
    one, other = ours[0], theirs[0]
    return one == other or (min(len(one), len(other)) == 1 and one[0] == other[0])


def _name(name: str) -> list[str]:
    last, comma, first = name.partition(",")
    return tokens(f"{first} {last}" if comma else name)


def _same_place(followed: str, organisation: str) -> bool:
    return phrase_key(followed) != "" and phrase_key(followed) == phrase_key(organisation)


def _category_share(followed: str, categories: Sequence[str]) -> float:
    """1 for the primary category, 0.5 for a cross-list; "cs" follows all of cs.*."""
    wanted = plain(followed).strip().removesuffix(".*")
    for place, category in enumerate(map(plain, categories)):
        if category == wanted or category.startswith(f"{wanted}."):
            return 1.0 if place == 0 else 0.5
    return 0.0


def followed(paper: Paper, profile: Profile, factor: float) -> tuple[Reason, ...]:
    """What the profile follows of a paper's authors, place and categories."""
    found: list[tuple[str, str, float]] = []
    for author in profile.authors:
        names = [name for name in paper.authors if name_matches(author.text, name)]
        if names:
            found.append(("author", f"by {names[0]}", AUTHOR * author.weight))
    for place in profile.organisations:
        if paper.organisation and _same_place(place.text, paper.organisation):
            found.append(("organisation", f"from {paper.organisation}", ORGANISATION * place.weight))
    for category in profile.categories:
        share = _category_share(category.text, paper.categories)
        if share:
            found.append(("category", f"in {category.text}", CATEGORY * category.weight * share))
    reasons = (Reason(kind=kind, label=label, points=round(points * factor)) for kind, label, points in found)
    return tuple(reason for reason in reasons if reason.points)


def muted_by(paper: Paper, profile: Profile, phrases: Phrases) -> str | None:
    """The first rule that hides the paper; words are looked for in title, abstract and keywords."""
    found = {word for text in (paper.title, paper.abstract, *paper.keywords) for word in phrases.count(text)}
    if found:
        return f"muted word “{next(word for word in profile.muted_words if word in found)}”"
    for author in profile.muted_authors:
        if any(name_matches(author, name) for name in paper.authors):
            return f"muted author {author}"
    for account in profile.muted_submitters:
        if paper.submitter and plain(account).strip() == plain(paper.submitter).strip():
            return f"muted submitter {account}"
    for place in profile.muted_organisations:
        if paper.organisation and _same_place(place, paper.organisation):
            return f"muted organisation {place}"
    for category in profile.muted_categories:
        if _category_share(category, paper.categories):
            return f"muted category {category}"
    return None
