"""The editor's hold: editions that are made wait a while, the editor is shown them, and may stop or amend them.

If nobody acts they go out by themselves. Everything is decided in the store, so a crash in between loses nothing: at
the most the editor is shown the same twice, in mails with one Message-ID.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from digest.compose import without
from digest.errors import DeliveryError, PermanentDeliveryError
from digest.message import message_id
from digest.model import Delivery, Edition, Hold, HoldState, LastEdition, Message, OutboxState, Subscription
from digest.notices import build_notice
from digest.pipeline.deliver import make_message
from digest.pipeline.letters import Letters
from digest.pipeline.surfaces import take_down
from digest.pipeline.world import Apart, World
from digest.store import selection_key
from digest.text import counted

_MOST_PREVIEWS = 20  # of one run; the rest is named in them
_TO_DECIDE = timedelta(hours=1)


@dataclass(slots=True, kw_only=True)
class Selection:
    """Held editions of one profile that hold the same papers in the same order, the editor's to decide on together.

    Of the `editions` it has the ids, as there may be very many. They end at `until`, or later.
    """

    profile: str
    until: datetime
    state: HoldState
    editions: list[str] = field(default_factory=list)
    readers: int = 0

    def add(self, hold: Hold, edition: Edition) -> None:
        self.editions.append(edition.id)
        self.readers += edition.subscription.address is not None
        if hold.state is HoldState.NEW:
            self.state = HoldState.NEW


def selections(world: World, states: Collection[HoldState] = (HoldState.NEW, HoldState.TOLD)) -> list[Selection]:
    """What is held, by profile; those that end first come first within it."""
    found: dict[object, Selection] = {}
    for hold, edition in world.store.held(states):
        profile, papers = edition.subscription.profile, "\0".join(item.paper.id for item in edition.items)
        alike = profile, hold.state is HoldState.STOPPED, hashlib.sha256(papers.encode()).digest()
        if alike not in found:
            found[alike] = Selection(profile=profile, until=hold.until, state=hold.state)
        found[alike].add(hold, edition)
    return sorted(found.values(), key=lambda one: (one.profile, one.until, one.editions[0]))


def first_of(world: World, selection: Selection) -> Edition:
    """The others have the same papers."""
    first = world.store.edition(selection.editions[0])
    if first is None:
        raise PermanentDeliveryError(f"edition {selection.editions[0]} is not in the store any more")
    return first


# --- deciding ----------------------------------------------------------------------------------------------------


def chosen(world: World, name: str) -> list[str]:
    """The held editions that are meant by an edition's id, a profile or `all`."""
    return [one.id for _, one in world.store.held() if name in ("all", one.id, one.subscription.profile)]


def recall(world: World, name: str, now: datetime) -> tuple[frozenset[str], Mapping[OutboxState, int]]:
    """Hold again what is on its way out and has not left, so that the editor has an hour at least to decide.

    Returns the editions, and by state what became of the other messages of their profiles and dates.
    """
    profile = world.profiles.get(name)
    return world.store.recall(profile.first_name if profile else name, now + max(world.hold, _TO_DECIDE))


def stop(world: World, edition_ids: Collection[str]) -> frozenset[str]:
    """Never let these out; those that were held. Their pages are taken from the web."""
    return _stop(world, [one for _, one in world.store.held() if one.id in edition_ids])


def _stop(world: World, those: Collection[Edition], words: str = "") -> frozenset[str]:
    stopped = world.store.stop([one.id for one in those], words)
    _take_down(world, [one for one in those if one.id in stopped])
    return stopped


def _take_down(world: World, gone: Sequence[Edition]) -> None:
    """The readers' pages and the editor's of editions as they were, where none that may go out shows the same."""
    if gone:
        left = world.store.still_showing({selection_key(one) for one in gone})
        take_down(world, _with_previews(world, gone), _with_previews(world, left))


def _with_previews(world: World, those: Sequence[Edition]) -> list[Edition]:
    return [*those, *(_for_editor(one, world.editor) for one in those if world.editor)]


def drop(world: World, paper_id: str) -> tuple[frozenset[str], frozenset[str]]:
    """Take a paper out of all held editions; those amended, and those stopped as nothing new is left in them.

    Pages that hold the paper are taken from the web.
    """
    letters, amended, before, empty = Letters(world), [], [], []
    found: dict[object, Edition | None] = {}  # by what is the same of many readers' editions
    for _, edition in world.store.held():
        if paper_id not in {item.paper.id for item in edition.items}:
            continue
        last = _before(world, edition)
        key = id(edition.items), last and last.made_at
        if key not in found:
            found[key] = without(edition, paper_id, last)
        if (left := found[key]) is None:
            empty.append(edition)
        else:
            before.append(edition)
            known = world.store.message_of(edition.id)
            left = replace(left, subscription=edition.subscription, made_at=edition.made_at)
            amended.append(letters.posting(left, left.made_at, known.message_id if known else ""))
    done = world.store.amend(amended, paper_id)
    _take_down(world, [one for one in before if one.id in done])
    return done, _stop(world, empty, "its last new paper was dropped")


def _before(world: World, edition: Edition) -> LastEdition | None:
    """What is stored of the subscription's date before the edition's."""
    dates = world.store.history(edition.subscription.id, 50)
    return next((one for one in dates if one.date < edition.date), None)


# --- showing -----------------------------------------------------------------------------------------------------


def tell_editor(world: World, now: datetime, apart: Apart = nullcontext) -> Iterator[Delivery]:
    """Send the editor a preview of each selection not shown yet; only what failed is returned, and tried again."""
    if world.editor is not None:
        with world.store.exclusive("tell-editor") as ours:  # several may deliver at once
            if ours:
                yield from _told(world, world.editor, now, apart)


def _told(world: World, editor: str, now: datetime, apart: Apart) -> Iterator[Delivery]:
    waiting = selections(world, (HoldState.NEW,))
    try:
        for selection in waiting[:_MOST_PREVIEWS]:
            with apart(f"preview of {selection.profile}"):
                message = preview_of(world, selection, editor, more=max(0, len(waiting) - _MOST_PREVIEWS))
                try:
                    world.transport.send(message)
                except DeliveryError as error:
                    yield Delivery(message_id=message.message_id, at=now, state=OutboxState.DEFERRED, reply=str(error))
                    return
                world.store.tell(selection.editions)
        world.store.tell([one for each in waiting[_MOST_PREVIEWS:] for one in each.editions])
    finally:
        if waiting:
            world.transport.close()


def preview_of(world: World, selection: Selection, editor: str, *, more: int = 0) -> Message:
    """The mail as a reader gets it, but with links that are the editor's own, inside of one that says what can be done.

    Its Message-ID is of what is shown, so that the same shown twice is one mail.
    """
    first = first_of(world, selection)
    shown = _for_editor(first, editor)
    seed = "\0".join(("hold", *selection.editions, *(item.paper.id for item in first.items)))
    preview = make_message(world, shown, editor, message_id(world.secret, seed, "preview", world.site.domain))
    return build_notice(
        world.site,
        recipient=editor,
        message_id=message_id(world.secret, seed, editor, world.site.domain),
        at=first.made_at,
        subject=f"To look at: {first.title}, {first.date}, goes out {selection.until:%H:%M} UTC",
        text=_words(selection, first, more),
        attached=preview,
    )


def _for_editor(edition: Edition, editor: str) -> Edition:
    profile = edition.subscription.profile
    cadence = edition.subscription.cadence
    own = Subscription(id=f"{profile}/{editor}", profile=profile, address=editor, cadence=cadence)
    return replace(edition, subscription=own)


def _words(selection: Selection, first: Edition, more: int) -> str:
    readers = selection.readers
    feed = " and the feed" if readers < len(selection.editions) else ""
    until = f"{selection.until:%Y-%m-%d %H:%M} UTC"
    lines = [
        f"The edition of {first.date} of “{first.title}” is held for you. It is attached as it will be mailed.",
        "",
        f"It goes to {counted(readers, 'reader')}{feed} at {until},",
        "by itself. Before that you can:",
        "",
        "  leave a paper out, in all that is held:",
        "      digest hold --drop PAPER",
        "  stop it:",
        f"      digest hold --stop {selection.profile}",
        "  let it go at once:",
        f"      digest hold --release {selection.profile}",
        "  and once it goes out, get back what has not left:",
        f"      digest hold --recall {selection.profile}",
        "",
        "Its papers:",
        "",
        *(f"  {rank:>3}  {item.paper.id}  {item.paper.title}" for rank, item in first.ranked),
    ]
    if more:
        lines += ["", f"{more} more selections are held and not shown by mail; `digest hold` lists them."]
    return "\n".join(lines) + "\n"
