"""What the phases did, as tables for people and JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

from rich.markup import escape

from digest.addresses import readable
from digest.cli.screen import out
from digest.cli.spool import Rows, Spool
from digest.cli.tables import head, plain, set_aside, table, tail
from digest.masks import masked_in
from digest.model import Delivery, DumpReport, Edition, NoEdition, OutboxState, Subscription
from digest.pipeline.handover import Delivered
from digest.pipeline.publish import Published
from digest.pipeline.world import News


def report_json(report: DumpReport) -> dict[str, Any]:
    """The stable shape of `ingest --json`."""
    shape = plain(report)
    shape["sha256"] = shape.pop("digest")
    return {key: value for key, value in shape.items() if key != "error" or value is not None}


def _remarks(report: DumpReport) -> str:
    remarks = [*(["known"] if report.known else []), *report.marks]
    return f" ({', '.join(remarks)})" if remarks else ""


def reports(found: Sequence[DumpReport]) -> None:
    table(
        "dump", "as of", "new", "revised", "relisted", "unchanged", "gone", "rejected",
        rows=(
            (
                f"{tail(one.dump)}{_remarks(one)}",
                "not read" if one.error else one.as_of,
                one.new, one.revised, one.relisted, one.unchanged, one.gone, len(one.rejected) + one.more_rejected,
            )
            for one in found
        ),
        right=("as of", "new", "revised", "relisted", "unchanged", "gone", "rejected"),
    )  # fmt: skip
    for one in found:
        if one.error:
            what = "Set aside" if one.digest else "Not read"  # nothing is known of what could not even be opened
            out.print(f"[bold red]{what}:[/] {escape(set_aside(one.dump, one.error))}", soft_wrap=True)
        for rejected in one.rejected[:20]:
            where = f"{escape(one.dump)}, {escape(rejected.where)}"
            out.print(f"[yellow]Rejected:[/] {where}: {escape(rejected.reason)}", soft_wrap=True)


class Listed(ExitStack):
    """What the phases tell of readers, as far as it is listed for people: with very many the rest is a number.

    With `verbose` everyone who has no edition is named.
    """

    def __init__(self, *, verbose: bool = False) -> None:
        super().__init__()
        self._editions, self._deliveries = list[_Line](), list[_Line]()
        self._none: dict[tuple[date, str], _Group] = {}
        self._other_reasons = False
        self._each = self.enter_context(Spool()) if verbose else None

    def tell(self, news: News) -> None:
        match news:
            case Edition() if len(self._editions) < LISTED:
                first = news.items[0].paper.title if news.items else "none"
                self._editions.append((_whom(news.subscription), news.date, len(news.items), head(first, 44)))
            case NoEdition():
                self._without(news)
            case Delivery() if news.state is not OutboxState.SENT and len(self._deliveries) < LISTED:
                self._deliveries.append((news.state.value, news.reply, news.next_at))

    def _without(self, none: NoEdition) -> None:
        whom, key = _whom(none.subscription), (none.date, none.told)
        if self._each:
            self._each.write(f"{_no_edition(whom, *key)}\n")
        elif key in self._none or len(self._none) < LISTED:
            self._none.setdefault(key, _Group()).add(whom)
        else:
            self._other_reasons = True

    def published(self, made: Published, *, dry: bool = False) -> None:
        """The editions, and why the others have none: those alike in one line."""
        if self._editions:
            headings = "would go to" if dry else "edition for", "date", "papers", "first paper"
            table(*headings, rows=self._editions, right=("papers",))
        if made.editions > len(self._editions):
            out.print(f"… and {made.editions - len(self._editions):,} more.")
        for part in self._each.parts() if self._each else ():
            out.print(part, soft_wrap=True, markup=False, end="")
        for key, group in self._none.items():
            out.print(escape(_no_edition(group.names, *key)), soft_wrap=True)
        if self._other_reasons:
            out.print("… and none for others, for other reasons; --verbose names all.")

    def delivered(self, found: Delivered, trouble: str = "") -> None:
        """The messages that did not get through, how many did, and why no mail gets out if that is so."""
        sent = found.states[OutboxState.SENT]
        if self._deliveries:
            table("state", "reply", "next try", rows=self._deliveries)
        if (rest := found.number - sent) > len(self._deliveries):
            out.print(f"… and {rest - len(self._deliveries):,} more.")
        if found.number or not trouble:
            out.print(f"{sent} of {found.number} messages sent.")
        if trouble:
            out.print(f"[bold red]Mail does not get out:[/] {escape(masked_in(trouble))}.", soft_wrap=True)


class Told(ExitStack):
    """What the phases tell of readers, all of it, for programs."""

    def __init__(self) -> None:
        super().__init__()
        self._editions, self._none, self._written, self.deliveries = (self.enter_context(Rows()) for _ in range(4))

    def tell(self, news: News) -> None:
        match news:
            case Edition():
                self._editions.add(
                    {
                        "id": news.id,
                        "profile": news.subscription.profile,
                        "address": news.subscription.address,
                        "date": news.date,
                        "papers": [item.paper.id for item in news.items],
                    }
                )
            case NoEdition():
                row = {"subscription": news.subscription.id, "date": news.date, "reason": news.reason, "why": news.why}
                self._none.add(row)
            case Path():
                self._written.add(str(news))
            case Delivery():
                self.deliveries.add(news)

    @property
    def published(self) -> dict[str, Rows]:
        """The stable shape of `publish --json`."""
        return {"editions": self._editions, "none": self._none, "written": self._written}


_Line = tuple[object, ...]
LISTED = 100  # with very many readers the rest is a number
_NAMED = 2  # of those who get nothing for the same reason


class _Group:
    """Those who get nothing for the same reason."""

    def __init__(self) -> None:
        self._first, self._number = list[str](), 0

    def add(self, whom: str) -> None:
        self._number += 1
        if len(self._first) <= _NAMED:
            self._first.append(whom)

    @property
    def names(self) -> str:
        names = self._first
        if self._number > _NAMED + 1:
            names = [*names[:_NAMED], f"{self._number - _NAMED:,} more"]
        return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _no_edition(whom: str, day: date, reason: str) -> str:
    return f"No edition for {whom} of {day}: {reason}."


def _whom(subscription: Subscription) -> str:
    return readable(subscription.address) if subscription.address else f"the feed {subscription.profile}"
