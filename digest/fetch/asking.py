"""What is asked of a source: settings and days -> requests, an answer -> the request after it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import quote, urlencode

from lxml import etree

from digest.errors import FetchError
from digest.model import Source, SourceKind

ADDRESSES = {
    SourceKind.HF_DAILY: "https://huggingface.co/api/daily_papers",
    SourceKind.ARXIV_API: "https://export.arxiv.org/api/query",
    SourceKind.ARXIV_RSS: "https://rss.arxiv.org/rss",
    SourceKind.OAI_PMH: "https://oaipmh.arxiv.org/oai",
}
HF_LIMIT = 100  # the most that the API gives

# Days after which a day's list is taken not to change any more. Votes come in for two days; what was submitted to
# arXiv before a weekend or a holiday is announced, and so found, days later.
SETTLES = {SourceKind.HF_DAILY: 2, SourceKind.ARXIV_API: 6, SourceKind.OAI_PMH: 1, SourceKind.URL: 2}
# Control characters that XML does not allow and that abstracts hold all the same.
_NOT_XML = bytes(32 if byte < 32 and byte not in b"\t\n\r" else byte for byte in range(256))
AT_ONCE = 100  # papers that arXiv's API is asked for by their ids
MOST_BY_ID = 1000  # of them in one run: half a minute at arXiv's pace
FARTHEST = 31  # days that are caught up with after a pause; for more there is --from


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvest:
    """Where an OAI-PMH harvest stands: `page` is the next one, `token` what it is asked with; None for the first."""

    first: date
    last: date
    token: str | None = None
    page: int = 1
    catching_up: bool = False  # up to today, of one's own accord


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One address to ask. `label` names its dump; `day` is None where no single day is asked for."""

    label: str
    url: str
    day: date | None = None
    start: int = 0  # papers of the day in the pages before
    harvest: Harvest | None = None
    ids: tuple[str, ...] = ()  # of the papers that are asked for by their ids

    @property
    def key(self) -> str:
        """What its last answer is remembered by; a resumption token is another one in each harvest."""
        return self.label if self.harvest else self.url


class LostTokenError(FetchError):
    """The server no longer knows the resumption token."""


def has_days(source: Source) -> bool:
    """Whether it can be asked for past days; a feed knows the present only."""
    return source.kind is not SourceKind.ARXIV_RSS and (source.kind is not SourceKind.URL or "{day}" in source.url)


def whole(source: Source) -> bool:
    """Whether one answer is all of it, so that "not modified" says it all."""
    return source.kind not in (SourceKind.ARXIV_API, SourceKind.OAI_PMH)


def settled(source: Source, day: date, fetched: date) -> bool:
    """Whether what was fetched then is the last word on the day."""
    return fetched - day >= timedelta(days=SETTLES[source.kind])


def catch_up(source: Source, done: date | None, today: date) -> tuple[date, date]:
    """The days to ask for where none are given: what is not settled yet, and what was missed since `done`."""
    first = today - timedelta(days=SETTLES.get(source.kind, 0))
    return max(min(first, done or first), today - timedelta(days=FARTHEST)), today


def requests(source: Source, first: date, last: date, harvest: Harvest | None = None) -> Iterator[Request]:
    """The requests that need no answer to be known; `following` gives the others."""
    if source.kind is SourceKind.OAI_PMH:
        yield _harvest(source, harvest or Harvest(first=first, last=last))
    elif not has_days(source):
        yield Request(label=last.isoformat(), url=_feed(source))
    else:
        for number in range((last - first).days + 1):
            yield _of_day(source, first + timedelta(days=number), 0)


def requests_of(source: Source, ids: Sequence[str], today: date) -> Iterator[Request]:
    """The requests that ask arXiv's API for papers by their ids."""
    for start in range(0, len(ids), AT_ONCE):
        some = tuple(ids[start : start + AT_ONCE])
        url = _with(_address(source), id_list=",".join(some), max_results=AT_ONCE)
        yield Request(label=f"{today}-examples-p{start // AT_ONCE + 1:03}", url=url, ids=some)


def following(source: Source, request: Request, body: bytes) -> Request | None:
    """The request for what an answer left out, None if it is whole. LostTokenError, FetchError for broken XML."""
    if source.kind is SourceKind.ARXIV_API and request.day:
        total, here = _counted(request, body)
        start = request.start + here
        return _of_day(source, request.day, start) if start < total else None
    if request.harvest:
        root = _parsed(request, body)
        if any(error.get("code") == "badResumptionToken" for error in root.iterchildren("{*}error")):
            raise LostTokenError(f"{request.url}: the server no longer knows its resumption token")
        token = _text(root, "resumptionToken")
        step = replace(request.harvest, token=token, page=request.harvest.page + 1)
        return _harvest(source, step) if token else None
    return None


def vain(source: Source, request: Request, body: bytes) -> str:
    """What is wrong with an answer that may be right when asked again; empty if nothing is."""
    if source.kind is SourceKind.ARXIV_API:
        total, here = _counted(request, body)
        if not here and request.start < total:
            return f"an empty page, though {total} papers are announced"  # as arXiv does under load
    return ""


def _of_day(source: Source, day: date, start: int) -> Request:
    address = _address(source).replace("{day}", day.isoformat())
    label = day.isoformat()
    if source.kind is SourceKind.HF_DAILY:
        address = _with(address, date=label, limit=HF_LIMIT)
    elif source.kind is SourceKind.ARXIV_API:
        label += f"-p{start // source.page + 1:03}"
        wanted = [
            f"({text})" for text in (source.query, " OR ".join(f"cat:{one}" for one in source.categories)) if text
        ]
        wanted.append(f"submittedDate:[{day:%Y%m%d}0000 TO {day:%Y%m%d}2359]")
        address = _with(
            address,
            search_query=" AND ".join(wanted),
            start=start,
            max_results=source.page,
            sortBy="submittedDate",
            sortOrder="ascending",
        )
    return Request(label=label, url=address, day=day, start=start)


def _feed(source: Source) -> str:
    if source.kind is SourceKind.ARXIV_RSS:
        return f"{_address(source).rstrip('/')}/{quote('+'.join(source.categories), safe='+')}"
    return _address(source)


def _harvest(source: Source, harvest: Harvest) -> Request:
    """The token is an exclusive argument (OAI-PMH 2.0, 3.5)."""
    days = {"from": harvest.first.isoformat(), "until": harvest.last.isoformat()}
    chosen = {"set": source.set} if source.set else {}
    wanted = (
        {"resumptionToken": harvest.token} if harvest.token else {"metadataPrefix": source.metadata, **days, **chosen}
    )
    return Request(
        label=f"{harvest.first}_{harvest.last}-p{harvest.page:04}",
        url=_with(_address(source), verb="ListRecords", **wanted),
        harvest=harvest,
    )


def _address(source: Source) -> str:
    return source.url or ADDRESSES[source.kind]


def _with(address: str, **wanted: object) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(wanted)}"


def _counted(request: Request, body: bytes) -> tuple[int, int]:
    """How many papers the whole of it has, and this answer."""
    root = _parsed(request, body)
    total = _text(root, "totalResults")
    return int(total) if total.isdecimal() and len(total) < 10 else 0, sum(1 for _ in root.iterchildren("{*}entry"))


def _parsed(request: Request, body: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(body.translate(_NOT_XML), parser)
    except (etree.XMLSyntaxError, ValueError):
        start = body[:60].decode("utf-8", "replace")
        raise FetchError(
            f"{request.url}: answered “{start}”, which is no whole XML; ask again later, or with --again"
        ) from None


def _text(root: etree._Element, name: str) -> str:
    found = next(root.iter(f"{{*}}{name}"), None)
    return (found.text or "").strip() if found is not None else ""
