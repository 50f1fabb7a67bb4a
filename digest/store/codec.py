"""Rows from and to the nouns of the model. Does not know about SQL."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, datetime
from functools import lru_cache
from itertools import chain, zip_longest
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

import msgspec
from sqlalchemy import Date

from digest.model import (
    Bounce,
    Consequence,
    Delivery,
    Destination,
    DumpReport,
    Edition,
    Encoding,
    Facts,
    Feedback,
    FieldChange,
    Fragment,
    Joined,
    LastEdition,
    Letter,
    Link,
    Listing,
    Mark,
    Opinion,
    OutboxItem,
    OutboxState,
    Paper,
    Piece,
    Rejected,
    ReturnKind,
    Span,
    Subscription,
    Suppression,
)
from digest.model.made import taker
from digest.store.schema import papers

if TYPE_CHECKING:
    from sqlalchemy import Row

AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"
Blob: TypeAlias = bytes | Piece

FACTS = tuple(field.name for field in fields(Facts))
PAPER = tuple(field.name for field in fields(Paper))
REST = ""  # in a paper's origins: the facts that are not named there; of a new paper all
COUNTS = ("entries", "new", "revised", "relisted", "unchanged", "gone")

_KEPT_THAWED = 64  # selections in memory, which readers of one profile have one after the other

# So many of a listing's rejected entries are kept with it, and the number of the others.
MOST_REJECTED = 1000

# Of papers: the values of each column but the last, which has the origins.
paper_columns = taker([column.name for column in papers.columns][:-1])


def paper(row: AnyRow) -> Paper:
    """A row that has the paper's columns, and perhaps others."""
    return Paper(**{name: row._mapping[name] for name in PAPER})


def paper_row(paper: Paper, names: Iterable[str] = PAPER) -> dict[str, object]:
    return {name: getattr(paper, name) for name in names}


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


class _Own(TypedDict):
    subscription: Subscription
    made_at: datetime


_OWN = tuple(_Own.__annotations__)


def thaw(content: str, selection: bytes | None = None) -> Edition:
    """From the whole, or from what is an edition's own and what it shares, packed: in memory they share it too."""
    return _edition.decode(content) if selection is None else replace(_shared(selection), **_own.decode(content))


@lru_cache(_KEPT_THAWED)
def _shared(selection: bytes) -> Edition:
    nobodys = {"subscription": Subscription(id="", profile="", address=None), "made_at": datetime.min}
    return _edition.decode(msgspec.json.encode(nobodys)[:-1] + b"," + zlib.decompress(selection)[1:])


class _Listed(msgspec.Struct):
    """What is read of an item."""

    paper: _Named


class _Named(msgspec.Struct):
    id: str


class _List(msgspec.Struct):
    items: tuple[_Listed, ...]


def ranks(content: str, selection: bytes | None) -> dict[str, int]:
    """By their ids the ranks of an edition's papers; the rest of it, most of it abstracts, is passed over."""
    items = _list.decode(content if selection is None else zlib.decompress(selection)).items
    return {one.paper.id: rank for rank, one in enumerate(items, start=1)}


def subscription(content: str) -> Subscription:
    """Whose edition it is, from the whole of it or from what is its own."""
    return _own.decode(content)["subscription"]


_edition = msgspec.json.Decoder(Edition)
_own = msgspec.json.Decoder(_Own)
_list = msgspec.json.Decoder(_List)
_SHARED = tuple(field.name for field in fields(Edition) if field.name not in _OWN)


def freeze_apart(edition: Edition) -> tuple[str, str, bytes]:
    """What is an edition's own; and, after its digest, what it shares with all of the same selection and date."""
    own = msgspec.json.encode({name: getattr(edition, name) for name in _OWN}).decode()
    beside = msgspec.json.encode([getattr(edition, name) for name in _BESIDE])
    key = tuple(map(id, edition.items)), beside, _of_edition(edition)
    if (found := _frozen.get(key)) is None:
        shared = msgspec.json.encode({name: getattr(edition, name) for name in _SHARED})
        if len(_frozen) >= _KEPT_FROZEN:
            _frozen.clear()
        found = _frozen[key] = edition, digest_of(shared), shared
    return own, *found[1:]


# By the identities of items, which readers of one day share: their words take ten times as long. The edition is kept
# too, so that what an identity tells stays alive.
_frozen: dict[object, tuple[Edition, str, bytes]] = {}
_KEPT_FROZEN = 512
_BESIDE = ("missed", "hidden", "strands", "ribbon", "verdicts")
_of_edition = attrgetter(*(name for name in _SHARED if name not in ("items", *_BESIDE)))


def selection_key(edition: Edition) -> str:
    """The same for all editions of one date that show the same: subscription and moment do not count."""
    return freeze_apart(edition)[1]


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def subscription_json(subscription: Subscription) -> str:
    return msgspec.json.encode(subscription).decode()


def on_roll(content: str) -> Subscription:
    return _subscription.decode(content)


_subscription = msgspec.json.Decoder(Subscription)


def last_edition(row: AnyRow) -> LastEdition:
    return LastEdition(date=row.date, made_at=row.made_at, reason=row.reason)


def outbox_item(row: AnyRow) -> OutboxItem:
    columns = {name: value for name, value in row._mapping.items() if name != "domain"}
    told = {"state": OutboxState(row.state), "own": tuple(row.own or ())}
    return OutboxItem(**columns | told | {name: columns[name] or "" for name in ("letter", "sha256")})


def outbox_row(item: OutboxItem) -> dict[str, object]:
    row = {field.name: getattr(item, field.name) for field in fields(OutboxItem)}
    return row | {"domain": item.domain} | {name: row[name] or None for name in ("letter", "sha256")}


# --- letters: a name, spans and the digests of pieces. A span is an encoding and its parts: bytes, the number of a
# literal of all those pieces, or, from -1 downwards, of the reader's own. An earlier version's have no digests; their
# spans are of lines, each a piece's digest or nil and what fills the gaps between its literals.


@lru_cache(512)
def letter_blobs(letter: Letter) -> tuple[str, Mapping[str, Blob]]:
    """The letter's digest, and by digest all that is to be stored for it."""
    pieces = list(
        dict.fromkeys(
            [one.piece for span in letter.spans for one in span.parts if isinstance(one, Joined) and one.piece]
        )
    )
    numbers = {one: number for number, one in enumerate(chain.from_iterable([piece.literals for piece in pieces]))}
    spans = [
        (span.encoding, [numbers.get(one, one) if isinstance(one, bytes) else ~one for one in _apart(span.parts)])
        for span in letter.spans
    ]
    content = msgspec.msgpack.encode((letter.name, spans, [piece.digest for piece in pieces]))
    digest = digest_of(content)
    return digest, {piece.digest.hex(): piece for piece in pieces} | {digest: content}


def blob(told: Blob) -> bytes:
    """As it is stored. Most pieces are stored already, so that they need not be written out again for each letter."""
    return msgspec.msgpack.encode(told.literals) if isinstance(told, Piece) else told


def _apart(parts: Iterable[Fragment]) -> Iterator[Fragment]:
    for one in parts:
        if isinstance(one, Joined):
            yield from one.parts
        else:
            yield one


def piece_digests(content: bytes) -> list[bytes]:
    """Of all the pieces of a letter."""
    _, spans, *digests = msgspec.msgpack.decode(content)
    return digests[0] if digests else [line[0] for _, lines in spans for line in lines if line[0] is not None]


def letter(content: bytes, pieces: Mapping[bytes, Piece]) -> Letter:
    name, spans, *digests = msgspec.msgpack.decode(content)
    if digests:
        literals = [one for digest in digests[0] for one in pieces[digest].literals]
        told = [(encoding, [_part(one, literals) for one in parts]) for encoding, parts in spans]
    else:
        told = [
            (encoding, [part for digest, *fills in lines for part in _line(pieces.get(digest), fills)])
            for encoding, lines in spans
        ]
    return Letter(
        name,
        tuple([
            Span(Encoding(encoding), parts, [at for at, one in enumerate(parts) if isinstance(one, int)])
            for encoding, parts in told
        ]),
    )  # fmt: skip


def _part(stored: Fragment, literals: Sequence[bytes]) -> Fragment:
    if isinstance(stored, bytes):
        return stored
    return literals[stored] if stored >= 0 else ~stored


def _line(piece: Piece | None, fills: Iterable[Fragment]) -> Iterator[Fragment]:
    """An earlier version's: literals, and what fills the gaps between them."""
    if piece is None:
        yield from fills
        return
    for literal, fill in zip_longest(piece.literals, fills, fillvalue=b""):
        yield from (literal, fill)


def literals(content: bytes) -> tuple[bytes, ...]:
    return msgspec.msgpack.decode(content, type=tuple[bytes, ...])


def delivery(row: AnyRow) -> Delivery:
    columns = {name: value for name, value in row._mapping.items() if name != "id"}
    return Delivery(**columns | {"state": OutboxState(row.state)})


def delivery_row(delivery: Delivery) -> dict[str, object]:
    return {name: getattr(delivery, name) for name in ("message_id", "at", "state", "reply", "next_at")}


def destination(row: AnyRow) -> Destination:
    return Destination(**row._mapping)


def destination_row(destination: Destination) -> dict[str, object]:
    return {field.name: getattr(destination, field.name) for field in fields(Destination)}


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
