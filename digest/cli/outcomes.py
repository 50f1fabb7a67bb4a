"""What the phases did, as tables for people and JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.markup import escape

from digest.addresses import readable
from digest.cli.screen import out
from digest.cli.tables import head, plain, set_aside, table, tail
from digest.masks import masked_in
from digest.model import Delivery, DumpReport, Edition, NoEdition, OutboxState, Subscription
from digest.pipeline.publish import Published


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


def published(made: Published, *, dry: bool = False, verbose: bool = False) -> None:
    """The editions, and why the others have none: those alike in one line, or with `verbose` each by itself."""

    def first(edition: Edition) -> str:
        return edition.items[0].paper.title if edition.items else "none"

    if made.editions:
        table(
            "would go to" if dry else "edition for", "date", "papers", "first paper",
            rows=(
                (_whom(one.subscription), one.date, len(one.items), head(first(one), 44))
                for one in made.editions[:_LISTED]
            ),
            right=("papers",),
        )  # fmt: skip
    if len(made.editions) > _LISTED:
        out.print(f"… and {len(made.editions) - _LISTED:,} more.")
    groups: dict[object, list[NoEdition]] = {}
    for number, none in enumerate(made.none):
        groups.setdefault(number if verbose else (none.date, none.told), []).append(none)
    for group in list(groups.values())[: None if verbose else _LISTED]:
        words = f"No edition for {_whoever(group)} of {group[0].date}: {group[0].told}."
        out.print(escape(words), soft_wrap=True)
    if not verbose and len(groups) > _LISTED:
        out.print("… and none for others, for other reasons; --verbose names all.")


_LISTED = 100  # with very many readers the rest is a number
_NAMED = 2  # of those who get nothing for the same reason


def _whoever(none: Sequence[NoEdition]) -> str:
    names = [_whom(one.subscription) for one in none]
    if len(names) > _NAMED + 1:
        names = [*names[:_NAMED], f"{len(names) - _NAMED:,} more"]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _whom(subscription: Subscription) -> str:
    return readable(subscription.address) if subscription.address else f"the feed {subscription.profile}"


def deliveries(found: Sequence[Delivery], trouble: str = "") -> None:
    """Every message that did not get through, how many did, and why no mail gets out if that is so."""
    sent = sum(one.state is OutboxState.SENT for one in found)
    rest = [one for one in found if one.state is not OutboxState.SENT]
    if rest:
        table("state", "reply", "next try", rows=((one.state.value, one.reply, one.next_at) for one in rest))
    if found or not trouble:
        out.print(f"{sent} of {len(found)} messages sent.")
    if trouble:
        out.print(f"[bold red]Mail does not get out:[/] {escape(masked_in(trouble))}.", soft_wrap=True)
