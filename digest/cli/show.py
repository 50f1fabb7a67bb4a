"""The command that tells all of a paper: show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from rich.markup import escape

from digest.cli import tables
from digest.cli.codes import DONE
from digest.cli.context import Context
from digest.cli.screen import out, required
from digest.model import Link, Origin, Paper, Revision, Sighting
from digest.pipeline.references import fitting
from digest.store import Store


def show_command(context: Context, paper: str, as_json: bool) -> int:
    with context.store() as store:
        one = the_paper(store, paper)
        known = _History(
            keys=store.keys(one.id),
            sightings=store.sightings([one.id])[one.id],
            origins=store.origins(one.id),
            revisions=store.revisions(one.id),
            links=store.links(one.id),
        )
    if as_json:
        tables.print_json(_json(one, known))
    else:
        _say(one, known)
    return DONE


def the_paper(store: Store, reference: str) -> Paper:
    """The one paper that is meant; a ConfigError, after a list of them, if there are several."""
    found = fitting(store, reference)
    if len(found) > 1:
        tables.table("id", "title", rows=((one.id, one.title) for one in found))
        required(False, f"{reference}: several papers fit; give the id of one, or more words of its title.")
    return found[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _History:
    """What is known of a paper besides what it is."""

    keys: Sequence[str]
    sightings: Sequence[Sighting]
    origins: Mapping[str, Origin]
    revisions: Sequence[Revision]
    links: Sequence[Link]


def _json(one: Paper, known: _History) -> dict[str, Any]:
    """The stable shape of `show --json`."""
    addresses = {"url": one.url, "pdf_url": one.pdf_url, "listing_url": one.listing_url}
    return {**tables.plain(one), **addresses, **tables.plain(known)}


def _say(one: Paper, known: _History) -> None:
    out.print(f"[bold]{escape(one.title)}[/]\n{escape(one.url)}  ({escape(one.id)}; {escape(', '.join(known.keys))})")
    tables.table(
        "field", "value", "from", "of",
        rows=(
            (name, _value(getattr(one, name)), tables.tail(origin.dump, 40), origin.as_of)
            for name, origin in known.origins.items()
        ),
    )  # fmt: skip
    tables.table(
        "listed by", "on", "position", "votes", "comments",
        rows=((s.source, s.date, f"{s.position} of {s.listed}", s.votes, s.comments) for s in known.sightings),
        right=("position", "votes", "comments"),
    )  # fmt: skip
    if known.revisions:
        tables.table(
            "revised", "field", "was", "is", rows=((r.at, r.field, *_differing(r.old, r.new)) for r in known.revisions)
        )
    if known.links:
        tables.table(
            "can be the same as", "likeness", "by", rows=((x.other_id, x.likeness, x.why) for x in known.links)
        )


def _differing(was: str, now: str) -> tuple[str, str]:
    """Of two long texts what is about their first difference."""
    same = sum(1 for _ in takewhile(lambda two: two[0] == two[1], zip(was, now, strict=False)))
    begin = max(0, same - 30) if max(len(was), len(now)) > 100 else 0
    one, other = (tables.head("…" * (begin > 0) + text[begin:], 100) for text in (was, now))
    return one, other


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value[:8])) + (f" and {len(value) - 8} more" if len(value) > 8 else "")
    return tables.head(str(value), 300)
