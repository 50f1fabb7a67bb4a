"""Editions become feeds and pages: files that any web server can serve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from digest.compose import lasting
from digest.feed import atom
from digest.files import write_whole
from digest.message import token, unsubscribe_links
from digest.model import Cadence, Edition, Feed, FeedEntry, Item, Links, Profile
from digest.pipeline.world import World
from digest.render import place_line, why_line
from digest.store import Store, selection_key


def feed_path(profile: str) -> str:
    return f"feeds/{profile}.atom"


def page_path(world: World, edition: Edition) -> str:
    """A feed's page has a public name; a reader's cannot be guessed, and is that of all who are shown the same."""
    if edition.subscription.address is None:
        return f"archive/{edition.subscription.profile}/{edition.date}.html"
    shown_to = replace(edition.subscription.audience, cadence=Cadence.DAILY)
    return f"archive/{token(world.secret, f'page {selection_key(edition)} {shown_to}')}.html"


def links(world: World, edition: Edition) -> Links:
    """The addresses that an edition's mail and page point to; those on the site only where there is one."""
    site, profile = world.site, world.profiles.get(edition.subscription.profile)
    personal = unsubscribe_links(site, token(world.secret, edition.subscription.id))
    if site.url is None:
        return personal
    feed_url = f"{site.url}/{feed_path(profile.name)}" if profile and profile.feed else None
    return replace(personal, archive_url=f"{site.url}/{page_path(world, edition)}", feed_url=feed_url)


def write_surfaces(world: World) -> tuple[Path, ...]:
    """Write every profile's feed, and the pages of its editions in the feed's window; returns what changed.

    Done on every run, from the store alone: a run that was killed before it came here is repaired by the next.
    """
    style = world.output / "feeds" / "feed.css"
    written = [style] if write_whole(style, world.renderer.feed_css().encode()) else []
    for subscription in world.subscriptions:
        if subscription.address is None:
            editions = _in_window(world, world.store.editions(subscription.id, world.feed_days))
            written += _write_feed(world, world.profiles[subscription.profile], editions, subscription.language)
            written += _write_pages(world, editions)
    return tuple(written)


def _in_window(world: World, editions: Sequence[Edition]) -> Sequence[Edition]:
    """The editions of the last days, counted from the newest: a feed does not run empty while no dump comes in."""
    return [one for one in editions if one.date > editions[0].date - timedelta(days=world.feed_days)]


def _write_feed(world: World, profile: Profile, editions: Sequence[Edition], language: str) -> list[Path]:
    feed = Feed(
        name=profile.name,
        title=f"{world.site.name}: {profile.title}",
        subtitle=profile.description,
        path=feed_path(profile.name),
        entries=feed_entries(world.store, editions)[: world.feed_entries],
        language=language,
    )
    contents = {entry.paper.id: world.renderer.feed_entry(entry.paper, entry.why, language) for entry in feed.entries}
    path = world.output / feed.path
    return [path] if write_whole(path, atom(feed, world.site, contents)) else []


def _write_pages(world: World, editions: Sequence[Edition]) -> list[Path]:
    """The public pages that are not there yet, oldest first; a page once written stays as it is.

    `index.html` is the newest page. It is written before the dated one, whose presence says that both are done.
    """
    written = []
    for edition in reversed(editions):
        path = world.output / page_path(world, edition)
        if not path.exists():
            page = world.renderer.page(edition, links(world, edition)).encode()
            write_whole(path.with_name("index.html"), page)
            write_whole(path, page)
            written.append(path)
    return written


def feed_entries(store: Store, editions: Sequence[Edition]) -> tuple[FeedEntry, ...]:
    """Entries of newest-first editions, in their order; facts are the present ones, `updated` the last revision.

    Feed readers sort by time, so each paper of an edition is published a second before the one above it.
    """
    current = store.papers([item.paper.id for edition in editions for item in edition.items])
    entries = []
    for edition in editions:
        for item in edition.items:
            paper = current.get(item.paper.id, item.paper)
            published = edition.made_at - timedelta(seconds=item.rank - 1)
            entries.append(
                FeedEntry(
                    paper=paper,
                    why=_lasting_why(item, edition),
                    published=published,
                    updated=max(published, paper.revised_at or published),
                )
            )
    return tuple(entries)


def _lasting_why(item: Item, edition: Edition) -> str:
    reasons, tag = lasting(item.reasons), edition.subscription.language
    return why_line(reasons, tag) if reasons else place_line(item.rank, edition.date, tag)
