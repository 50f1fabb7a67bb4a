"""Where dumps come from: configured sources, and what fetching them brought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class SourceKind(StrEnum):
    """How a source is asked."""

    HF_DAILY = "hf-daily"
    ARXIV_API = "arxiv-api"
    ARXIV_RSS = "arxiv-rss"
    OAI_PMH = "oai-pmh"
    URL = "url"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One configured source. `url` is empty for the usual address of its kind; times without a unit are seconds."""

    name: str
    kind: SourceKind
    url: str = ""  # may hold {day}
    query: str = ""  # of the arXiv API
    categories: tuple[str, ...] = ()
    set: str = ""  # of OAI-PMH; empty for everything
    metadata: str = "arXiv"  # metadataPrefix of OAI-PMH
    page: int = 500  # papers in one answer of the arXiv API
    auto: bool = False  # fetched by every run, at most once in `every`
    every: timedelta = timedelta(hours=1)
    interval: float = 1.0  # least time between two requests to a host
    timeout: float = 30.0  # without a byte
    deadline: float = 300.0  # for a whole answer
    largest: int = 64 * 2**20  # bytes of an answer, unpacked
    allow_private: bool = False
    proxy: bool = False  # go through the proxy that the environment names
    robots: bool = True  # obey robots.txt; an API has rules of its own


class FetchState(StrEnum):
    """How a request ended."""

    WRITTEN = "written"
    SAME = "same"  # as last time: not modified, or the same papers again
    EMPTY = "empty"  # answered, but without a paper
    SETTLED = "settled"  # not asked: fetched when the day was long over
    PLANNED = "planned"  # not asked: a dry run
    LEFT_OUT = "left out"  # not asked: the source does not know past days, or that was enough for one run
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """One request and how it ended. `asked` is the day, the range and page, or the day it was asked on."""

    source: str
    asked: str
    url: str
    state: FetchState
    dump: str | None = None  # path of the file
    size: int = 0
    reason: str = ""
