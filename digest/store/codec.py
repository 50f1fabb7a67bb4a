"""Rows from and to the nouns of the model. Does not know about SQL."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from datetime import date
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
from sqlalchemy import Date

from digest.model import (
    Bounce,
    Consequence,
    Delivery,
    DumpReport,
    Edition,
    Facts,
    Feedback,
    FieldChange,
    LastEdition,
    Link,
    Listing,
    Mark,
    Opinion,
    OutboxItem,
    OutboxState,
    Paper,
    Rejected,
    ReturnKind,
    Suppression,
)
from digest.store.schema import papers

if TYPE_CHECKING:
    from sqlalchemy import Row

AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"

FACTS = tuple(field.name for field in fields(Facts))
PAPER = tuple(field.name for field in fields(Paper))
COUNTS = ("entries", "new", "revised", "relisted", "unchanged", "gone")

# So many of a listing's rejected entries are kept with it, and the number of the others.
MOST_REJECTED = 1000

# In the order of the table's columns: the id, the facts, the rest; the origins are the last.
_PAPER_COLUMNS = tuple(column.name for column in papers.columns)[:-1]
paper_values: Callable[[Paper], tuple[Any, ...]] = attrgetter(*_PAPER_COLUMNS)
_FACTS_AT = slice(_PAPER_COLUMNS.index(FACTS[0]), _PAPER_COLUMNS.index(FACTS[-1]) + 1)
_SILENT = (None, "", ())


def paper(row: AnyRow) -> Paper:
    """A row that has the paper's columns, and perhaps others."""
    return Paper(**{name: row._mapping[name] for name in PAPER})


def paper_row(paper: Paper, names: Iterable[str] = PAPER) -> dict[str, object]:
    return {name: getattr(paper, name) for name in names}


def said(values: Sequence[Any]) -> tuple[str, ...]:
    """Of a paper's values the facts that its source says something of; False and 0 are something."""
    return tuple([name for name, value in zip(FACTS, values[_FACTS_AT], strict=True) if value or value not in _SILENT])


def words(value: object) -> str:
    """A field's value as a reader of its history sees it; empty where there was none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (tuple, list)):
        return ", ".join(map(str, value))
    return value.isoformat() if isinstance(value, date) else str(value)


def link_row(link: Link) -> tuple[str, str, int, str]:
    one, other = sorted((link.paper_id, link.other_id))
    return one, other, link.likeness, link.why


def field_changes_json(changes: Iterable[FieldChange]) -> list[dict[str, object]]:
    """Without the new values, which the paper has."""
    return [{"field": each.field, "old": _plain(each.old), "notable": each.notable} for each in changes]


def field_changes(stored: Iterable[dict[str, Any]]) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(field=row["field"], old=_typed(row["field"], row["old"]), new=None, notable=row["notable"])
        for row in stored
    )


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _typed(field: str, value: Any) -> object:
    """The value as the paper's field has it: JSON knows neither dates nor tuples."""
    if isinstance(value, list):
        return tuple(value)
    return date.fromisoformat(value) if value and isinstance(papers.c[field].type, Date) else value


def rejected_json(listing: Listing) -> list[dict[str, str]]:
    return [{"where": bad.where, "reason": bad.reason} for bad in listing.rejected]


def report(row: AnyRow) -> DumpReport:
    """A row of listings, with the counts of when it was recorded."""
    return DumpReport(
        dump=row.dump,
        digest=row.digest,
        format=row.format,
        source=row.source,
        as_of=row.as_of,
        marks=tuple(map(Mark, row.marks)),
        rejected=tuple(Rejected(**bad) for bad in row.rejected),
        more_rejected=row.more_rejected,
        **{name: row._mapping[name] for name in COUNTS},
    )


def address_key(address: str) -> str:
    """One address in any case of letters."""
    return address.strip().lower()


def feedback(row: AnyRow) -> Feedback:
    return Feedback(address=row.address, paper_id=row.paper_id, opinion=Opinion(row.opinion), at=row.at)


def feedback_row(given: Feedback) -> dict[str, object]:
    row = {field.name: getattr(given, field.name) for field in fields(Feedback)}
    return row | {"address": address_key(given.address)}


def freeze(edition: Edition) -> str:
    return msgspec.json.encode(edition).decode()


def thaw(content: str) -> Edition:
    return _edition.decode(content)


_edition = msgspec.json.Decoder(Edition)


def last_edition(row: AnyRow) -> LastEdition:
    return LastEdition(date=row.date, made_at=row.made_at, reason=row.reason)


def pack(message: bytes) -> bytes:
    return zlib.compress(message)


def outbox_item(row: AnyRow) -> OutboxItem:
    """A row of the outbox; the message is there if the column was asked for."""
    columns = dict(row._mapping)
    packed = columns.get("message")
    return OutboxItem(
        **columns | {"state": OutboxState(row.state), "message": None if packed is None else zlib.decompress(packed)}
    )


def outbox_row(item: OutboxItem) -> dict[str, object]:
    row = {field.name: getattr(item, field.name) for field in fields(OutboxItem)}
    return row | {"message": None if item.message is None else pack(item.message)}


def delivery(row: AnyRow) -> Delivery:
    columns = {name: value for name, value in row._mapping.items() if name != "id"}
    return Delivery(**columns | {"state": OutboxState(row.state)})


def delivery_row(delivery: Delivery) -> dict[str, object]:
    return {field.name: getattr(delivery, field.name) for field in fields(Delivery)}


def suppression(row: AnyRow) -> Suppression:
    return Suppression(**{field.name: row._mapping[field.name] for field in fields(Suppression)})


def suppression_key(address: str, subscription_id: str | None = None) -> str:
    """A colon cannot be in an address that can be mailed."""
    return f"subscription:{subscription_id}" if subscription_id else address_key(address)


def bounce(row: AnyRow) -> Bounce:
    columns = {field.name: row._mapping[field.name] for field in fields(Bounce)}
    return Bounce(**columns | {"kind": ReturnKind(row.kind), "consequence": Consequence(row.consequence)})


def bounce_row(bounce: Bounce) -> dict[str, object]:
    row: dict[str, object] = {field.name: getattr(bounce, field.name) for field in fields(Bounce)}
    return row | {"address_key": address_key(bounce.address) if bounce.address else None}
