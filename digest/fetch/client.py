"""One request at a time: at the host's pace, with validators, retries, redirects and limits.

Never sleeps or tells the time by itself: both come with the clock it is given.
"""

from __future__ import annotations

import re
import ssl
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx
from protego import Protego

from digest.errors import FetchError, RefusedError
from digest.fetch.answer import Answer, Clock, shown
from digest.fetch.guard import GuardedBackend, GuardedTransport, Resolve, public, resolve
from digest.fetch.memory import Memory
from digest.model import Source

RETRY_DELAYS = (2.0, 8.0, 30.0)  # seconds before the second, third and fourth try
PATIENCE = 120.0  # a host that wants to be left alone for longer is asked again by a later run
MOST_REDIRECTS = 5
_ROBOTS = 500 * 2**10  # bytes of a robots.txt that RFC 9309 wants read
SLOWEST = 60.0  # seconds between two requests that a robots.txt may ask for

# Terms of use of arXiv's APIs: one request every three seconds over a single connection, all its hosts together.
ARXIV, ARXIV_INTERVAL = "arxiv.org", 3.0

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ABOUT_THE_HOST = frozenset({401, 403, 407})  # what it says of one address it will say of all
_GZIP = frozenset({"gzip", "x-gzip"})
_PIECE = 2**20  # unpacked bytes at once
_NET_TROUBLE = (httpx.TransportError, httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)
_PIECE_OF_A_REASON, _LONGEST_REASON = 4000, 200
_TAG = re.compile(r"<[^<>]{0,1000}>")
_PAGE = re.compile(rb"\s*<(?:!doctype\s+html|html)", re.IGNORECASE)
_RESET = re.compile(r"\bt=([0-9]{1,6})\b")  # of the RateLimit field that Hugging Face sends with a 429

Flaw = Callable[[bytes], str]


class _PassingError(FetchError):
    """May be over when asked again, at the soonest after `wait` seconds; `host` is the one that has it."""

    def __init__(self, message: str, host: str, wait: float = 0.0, *, reached: bool = True) -> None:
        super().__init__(message)
        self.host, self.wait, self.reached = host, wait, reached


class _NotLetInError(FetchError):
    """By a host that will say so of all its addresses, but for robots.txt, which may not be there."""


def lane(host: str) -> str:
    """Hosts of one lane share a pace."""
    return ARXIV if host == ARXIV or host.endswith(f".{ARXIV}") else host


class Client:
    """`now` is the moment it was made; later ones are told by the clock."""

    def __init__(self, agent: str, memory: Memory, now: datetime, clock: Clock, resolve: Resolve = resolve) -> None:
        self._agent, self._memory, self._now, self._clock, self._resolve = agent, memory, now, clock, resolve
        self._began = clock.monotonic()
        self._robots: dict[tuple[str, str, int | None], Protego] = {}
        self._cut_off = False  # the last host could not be reached however often: there may be no network

    def get(self, source: Source, url: str, validators: Mapping[str, str], flaw: Flaw = lambda _: "") -> Answer:
        """What the address answers. `flaw` tells what is wrong with an answer that should be asked for again.

        Where one host after the other cannot be reached, only the first is waited for.
        Raises RefusedError, or FetchError when the source is not to be asked on in this run.
        """
        delays = iter(RETRY_DELAYS)
        while True:
            try:
                answer = self._followed(source, url, validators)
                if answer.body is not None and (wrong := flaw(answer.body)):
                    raise _PassingError(f"{url}: answered {wrong}", _host(url))
                self._cut_off = False
                return answer
            except _PassingError as trouble:
                cut_off = self._cut_off and not trouble.reached
                delay = None if cut_off else next(delays, None)
                self._rest(trouble.host, max(delay or 0.0, trouble.wait))
                if delay is None:
                    self._cut_off = not trouble.reached
                    tries = "nor was there one before" if cut_off else f"tried {len(RETRY_DELAYS) + 1} times"
                    raise FetchError(f"{trouble}; {tries}, a later run tries again") from None

    def obey_robots(self, source: Source, url: str) -> None:
        """RefusedError if robots.txt keeps this program from the address. RFC 9309: none there means all is allowed."""
        origin = _origin(url)
        if origin not in self._robots:
            try:
                body = self.get(source, urljoin(url, "/robots.txt"), {}).body or b""
            except (RefusedError, _NotLetInError):  # as storage in clouds answers 403 for what is not there
                body = b""
            self._robots[origin] = Protego.parse(body[:_ROBOTS].decode("utf-8-sig", "replace"))
        if not self._robots[origin].can_fetch(url, self._agent):
            raise RefusedError(
                f"{url}: robots.txt of the host keeps programs away; ask its owner, or take another source"
            )

    # --- pace ------------------------------------------------------------------------------------------------------

    def _moment(self) -> datetime:
        return self._now + timedelta(seconds=self._clock.monotonic() - self._began)

    def _rest(self, host: str, seconds: float) -> None:
        self._memory.rest(lane(host), self._moment(), seconds)

    def _await_turn(self, source: Source, url: str) -> None:
        """Wait until the host may be asked, and let it rest from then on for its interval."""
        host = _host(url)
        wait = self._memory.resting(lane(host), self._moment())
        if wait > PATIENCE:
            until = self._moment() + timedelta(seconds=wait)
            raise FetchError(
                f"{url}: {host} asks to be left alone until {until:%Y-%m-%d %H:%M} UTC; a later run tries again"
            )
        if wait > 0:
            self._clock.sleep(wait)
        self._rest(host, max(source.interval, self._floor(url)))

    def _floor(self, url: str) -> float:
        if lane(_host(url)) == ARXIV:
            return ARXIV_INTERVAL
        robots = self._robots.get(_origin(url))
        asked = (robots.crawl_delay(self._agent) if robots else None) or 0.0
        return min(asked, SLOWEST) if asked > 0 else 0.0  # people write "nan" too

    # --- one exchange ------------------------------------------------------------------------------------------------

    def _followed(self, source: Source, url: str, validators: Mapping[str, str]) -> Answer:
        here = url
        for _ in range(MOST_REDIRECTS + 1):
            self._await_turn(source, here)
            found = self._exchange(source, url, here, validators)
            if isinstance(found, Answer):
                return found
            here = _next_hop(here, found)
        raise FetchError(f"{url}: redirected more than {MOST_REDIRECTS} times; check the address of the source")

    def _exchange(self, source: Source, asked: str, url: str, validators: Mapping[str, str]) -> Answer | str:
        """The answer, or where it redirects to. `url` is what the source was `asked`, or where that redirected to."""
        deadline = self._clock.monotonic() + source.deadline

        def left() -> float:
            return deadline - self._clock.monotonic()

        headers = {"User-Agent": self._agent, "Accept-Encoding": "gzip", **validators}
        try:
            with self._open(source, asked, url, left) as client, client.stream("GET", url, headers=headers) as response:
                if response.status_code in _REDIRECTS:
                    return str(response.headers.get("location", ""))
                if response.status_code == HTTPStatus.NOT_MODIFIED and validators:
                    return Answer(body=None, **_validators(response))
                self._check_status(url, response)
                return Answer(body=_body(url, response, source.largest, left), **_validators(response))
        except _NET_TROUBLE as error:
            reached = not isinstance(error, httpx.ConnectError | httpcore.ConnectError)
            raise _PassingError(f"{url}: {_words(error)}", _host(url), reached=reached) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise FetchError(f"{url}: cannot be read ({shown(str(error))}); check the address of the source") from None

    def _open(self, source: Source, asked: str, url: str, left: Callable[[], float]) -> httpx.Client:
        """Through a proxy only where the source and the environment say so, see `_by_proxy`.

        A private address is for the source's own host alone: who answers there does not choose what else is asked.
        """
        own = _origin(url) == _origin(asked)
        remedy = _IF_YOURS if own else f"{asked} redirects there, and `allow_private` does not hold for redirects"
        if source.proxy and (proxy := _proxy(url)):
            if not own:
                self._judge(url, remedy)
            return self._by_proxy(proxy, source.timeout)
        backend = GuardedBackend(source.allow_private and own, remedy, left, self._resolve)
        transport = GuardedTransport(self._context, backend)
        return httpx.Client(transport=transport, timeout=source.timeout, trust_env=False, follow_redirects=False)

    def _judge(self, url: str, remedy: str) -> None:
        """FetchError for a private address; a name that only the proxy can resolve is the proxy's to refuse."""
        with suppress(httpcore.ConnectError):
            public(_host(url), self._resolve(_host(url), 0), remedy)

    def _by_proxy(self, proxy: str, timeout: float) -> httpx.Client:
        try:
            return httpx.Client(
                proxy=proxy, verify=self._context, timeout=timeout, trust_env=False, follow_redirects=False
            )
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            why = type(error).__name__ if "@" in proxy else shown(str(error))  # the words may hold a part of its login
            raise FetchError(f"the proxy that the environment names cannot be used: {why}") from None

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return httpx.create_ssl_context()

    def _check_status(self, url: str, response: httpx.Response) -> None:
        status = response.status_code
        if 200 <= status < 300 and status not in (HTTPStatus.NO_CONTENT, HTTPStatus.PARTIAL_CONTENT):
            return
        said = f"{url}: answered {status} {shown(response.reason_phrase)}".rstrip()
        if status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS) or status >= 500:
            raise _PassingError(said, _host(url), self._retry_after(response.headers))
        if status in _ABOUT_THE_HOST:
            raise _NotLetInError(f"{said}; the host does not let this program in: see its terms, or ask its owner")
        raise RefusedError(f"{said}{_reason(response)}; check the address and the settings of the source")

    def _retry_after(self, headers: httpx.Headers) -> float:
        """Seconds to wait, by Retry-After in either form (RFC 9110, 10.2.3); a date by the server's clock if told."""
        text = headers.get("retry-after", "").strip()
        if text.isdecimal():
            return float(text[:9])
        if until := _http_date(text):
            return max(0.0, (until - (_http_date(headers.get("date", "")) or self._moment())).total_seconds())
        reset = _RESET.search(headers.get("ratelimit", ""))
        return float(reset[1]) if reset else 0.0


def _reason(response: httpx.Response) -> str:
    """What an API says of why it refuses, without its markup; nothing of a web page."""
    try:
        start = next(_pieces(response), b"")[:_PIECE_OF_A_REASON]
    except _NET_TROUBLE:
        return ""
    words = " ".join(_TAG.sub(" ", start.decode("utf-8", "ignore")).split())[:_LONGEST_REASON]
    return f" (“{shown(words)}”)" if words.isprintable() and words and not _PAGE.match(start) else ""


def _validators(response: httpx.Response) -> dict[str, str]:
    """What it may be asked by the next time, as far as it can be said in a request."""
    told = {"etag": response.headers.get("etag", ""), "modified": response.headers.get("last-modified", "")}
    return {name: text for name, text in told.items() if text.isascii() and len(text) <= 1000}


def _http_date(text: str) -> datetime | None:
    try:
        return datetime.strptime(text.strip(), "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    except ValueError:
        return None


def _origin(url: str) -> tuple[str, str, int | None]:
    """As the library that connects reads it."""
    parts = httpx.URL(url)
    return parts.scheme, parts.host, parts.port


def _proxy(url: str) -> str:
    """The proxy that the environment names for the address; empty where it names none, or NO_PROXY the host."""
    named = getproxies()
    proxy = "" if proxy_bypass(_host(url)) else named.get(urlsplit(url).scheme) or named.get("all", "")
    return proxy if "://" in proxy or not proxy else f"http://{proxy}"


_IF_YOURS = "set `allow_private = true` for the source if it is yours"


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _words(error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException | httpcore.TimeoutException):
        kind = "no whole answer in time"
    elif isinstance(error, httpx.ProtocolError | httpcore.ProtocolError):
        kind = "an answer that breaks off or is garbled"
    else:
        kind = "no connection"
    return f"{kind} ({shown(str(error)) or type(error).__name__})"


def _next_hop(url: str, location: str) -> str:
    schemes = ("https",) if url.startswith("https:") else ("http", "https")
    try:
        target = urljoin(url, location)
        fit = bool(location) and urlsplit(target).scheme in schemes and bool(_host(target))
    except ValueError:
        fit = False
    if not fit:
        raise FetchError(f"{url}: redirects to “{shown(location)}”, where this program does not go; check the address")
    return target


def _body(url: str, response: httpx.Response, largest: int, left: Callable[[], float]) -> bytes:
    """The answer unpacked. FetchError as soon as it is too large, httpx.ReadTimeout when it takes too long."""
    too_large = f"{url}: larger than {largest} bytes; if that is right, raise `largest` of the source"
    coding = response.headers.get("content-encoding", "").strip().lower()
    if coding not in _GZIP | {"", "identity"}:
        raise FetchError(f"{url}: packed in a way that was not asked for; tell its owner")
    declared = response.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:18]) > largest:
        raise FetchError(too_large)
    parts, size = [], 0
    for part in _pieces(response):
        parts.append(part)
        size += len(part)
        if size > largest:
            raise FetchError(too_large)
        if left() <= 0:
            raise httpx.ReadTimeout("took longer than its `deadline`")
    return b"".join(parts)


def _pieces(response: httpx.Response) -> Iterator[bytes]:
    packed = response.headers.get("content-encoding", "").strip().lower() in _GZIP
    return _unpacked(response.iter_raw()) if packed else response.iter_raw()


def _unpacked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """What is in gzip, all members of it (RFC 1952, 2.2). httpx reads but the first, and takes a cut one for whole."""
    member = None
    try:
        for rest in pieces:
            while rest:
                member = member or zlib.decompressobj(16 + zlib.MAX_WBITS)
                yield member.decompress(rest, _PIECE)
                rest, member = (member.unused_data, None) if member.eof else (member.unconsumed_tail, member)
    except zlib.error as error:
        raise httpx.RemoteProtocolError(str(error)) from None
    if member:
        raise httpx.RemoteProtocolError("gzip without its end")
