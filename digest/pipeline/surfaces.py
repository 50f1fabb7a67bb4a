"""Editions become feeds and pages: files that any web server can serve."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from digest.files import write_whole
from digest.message import token, unsubscribe_links
from digest.model import Cadence, Edition, Links, Subscription
from digest.pipeline.archive import archive_folder, month_name, month_page, unwritten, write_front
from digest.pipeline.feeds import common_language, month_end, write_feeds
from digest.pipeline.streams import feed_path
from digest.pipeline.world import Apart, World, untold
from digest.store import selection_key
from digest.websub import ping


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


def take_down(world: World, gone: Sequence[Edition], left: Sequence[Edition]) -> None:
    """Remove the readers' pages of editions that no longer are, but for those that others have too."""
    paths = {page_path(world, one) for one in gone if one.subscription.address is not None}
    for path in sorted(paths - {page_path(world, one) for one in left}):
        (world.output / path).unlink(missing_ok=True)


def write_surfaces(world: World, apart: Apart = nullcontext, tell: Callable[[Path], None] = untold) -> None:
    """Write the feeds that changed, the pages of public editions, and what leads to them; tells what was written.

    Done on every run, from the store alone: a run that was killed before it came here is repaired by the next.
    """
    write_feeds(world, apart, tell)
    for subscription in world.subscriptions:
        if subscription.address is None:
            with apart(f"pages of {subscription.profile}"):
                for path in _write_pages(world, subscription):
                    tell(path)
    with apart("front page"):
        for path in write_front(world, common_language(world)):
            tell(path)


def _write_pages(world: World, subscription: Subscription) -> Iterator[Path]:
    """The public pages that are not there yet, oldest first; a page once written stays as it is.

    `index.html` is the newest page. It and the month's are written before the dated one, whose presence says that all
    are done.
    """
    folder, days = archive_folder(world, subscription), world.store.edition_days(subscription.id)
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    for month in unwritten(there, days):
        editions = world.store.editions_between(subscription.id, month, month_end(month))
        list_of_month = folder / month_name(month)
        if write_whole(list_of_month, month_page(world, subscription, month, days, editions)):
            yield list_of_month
        for edition in reversed(editions):
            path = world.output / page_path(world, edition)
            if path.name not in there:
                page = world.renderer.page(edition, links(world, edition)).encode()
                if edition.date == days[0]:
                    write_whole(path.with_name("index.html"), page)
                write_whole(path, page)
                yield path


def announce(world: World) -> tuple[str, ...]:
    """Tell the hub of the public feeds that changed; returns the addresses it took. What it did not is told next time.

    It is asked last and not waited for long: nothing depends on it.
    """
    owed = world.store.owed_pings()
    if not owed or not world.hub:
        return ()
    taken = ping(world.hub, owed)
    world.store.settle_pings(taken)
    return taken
