"""Papers by what people call them: ids and addresses in any spelling, titles."""

from __future__ import annotations

from digest.diff import identity_keys
from digest.errors import ConfigError
from digest.model import Facts, Paper
from digest.store import Store
from digest.text import arxiv_id, doi


def keys_of(reference: str, title: str) -> tuple[str, ...]:
    number = arxiv_id(reference)
    return identity_keys(Facts(title=title, arxiv_id=number[0] if number else None, doi=doi(reference)))


def fitting(store: Store, reference: str) -> tuple[Paper, ...]:
    """As `find_papers`, else by some words of a title. ConfigError where there is none."""
    found = find_papers(store, reference) or store.search_titles(reference)
    if not found:
        raise ConfigError(f"{reference}: no such paper is known. Give an arXiv id, a title or some words of one.")
    return found


def find_papers(store: Store, reference: str) -> tuple[Paper, ...]:
    """Papers by id, by arXiv id or DOI in any spelling, or by title."""
    if reference in (by_id := store.papers([reference])):
        return (by_id[reference],)
    return store.by_keys(keys_of(reference, reference))
