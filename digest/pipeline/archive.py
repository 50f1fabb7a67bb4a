"""What leads to the public editions: the front page of all, and a page for each profile and month.

Only public editions are named. A month's page is written before those it leads to, whose presence says that all are
done.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

from digest.files import write_whole
from digest.model import Edition, EditionLine, MonthPage, Shelf, Subscription
from digest.pipeline.world import World
from digest.render import WRITTEN_HERE

_LATEST, _MONTHS = 5, 12  # of a profile, on the front page
_MANY = 20  # profiles, of which the front page has the latest edition and month alone


def archive_folder(world: World, subscription: Subscription) -> Path:
    return world.output / "archive" / subscription.profile


def unwritten(there: Collection[str], days: Sequence[date]) -> list[date]:
    """The months, oldest first, of which a page is to be written; `there` are the names of the files that are.

    A month that is new changes the page of the one before it.
    """
    months = sorted({day.replace(day=1) for day in days})
    new = {month for month in months if month_name(month) not in there}
    lacking = {day.replace(day=1) for day in days if f"{day}.html" not in there}
    beside = {before for before, month in pairwise(months) if month in new}
    return sorted(new | lacking | beside)


def month_name(month: date) -> str:
    return f"{month:%Y-%m}.html"


def month_page(
    world: World, subscription: Subscription, month: date, days: Sequence[date], editions: Sequence[Edition]
) -> bytes:
    """`days` are those of all editions, `editions` those of the month, the newest first."""
    months = sorted({day.replace(day=1) for day in days})
    place = months.index(month)
    page = MonthPage(
        profile=subscription.profile,
        title=world.profiles[subscription.profile].title,
        month=month,
        editions=tuple(map(_line, editions)),
        earlier=months[place - 1] if place else None,
        later=months[place + 1] if place + 1 < len(months) else None,
    )
    return world.renderer.month_page(page, subscription.language).encode()


def write_front(world: World, language: str) -> Iterator[Path]:
    """The page that the site begins with, unless the publisher has another there."""
    path = world.output / "index.html"
    if path.exists() and WRITTEN_HERE.encode() not in path.read_bytes():
        return
    public = [one for one in world.subscriptions if one.address is None]
    few, months = (_LATEST, _MONTHS) if len(public) <= _MANY else (1, 1)
    shelves = [_shelf(world, one, few, months) for one in public]
    if write_whole(path, world.renderer.front_page(shelves, language).encode()):
        yield path


def _shelf(world: World, subscription: Subscription, few: int, months: int) -> Shelf:
    profile, days = world.profiles[subscription.profile], world.store.edition_days(subscription.id)
    return Shelf(
        profile=profile.name,
        title=profile.title,
        description=profile.description,
        latest=tuple(map(_line, world.store.editions(subscription.id, few))),
        months=tuple(sorted({day.replace(day=1) for day in days}, reverse=True)[:months]),
    )


def _line(edition: Edition) -> EditionLine:
    first = edition.items[0].paper.title if edition.items else ""
    return EditionLine(date=edition.date, first=first, papers=len(edition.items))
