"""A loopback server that does as it is told, a clock that nobody waits for, and answers in the real shapes."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from urllib.parse import parse_qs, urlsplit

Reply = Callable[["Handler"], None]


@dataclass
class FakeClock:
    """Sleeping only moves its hands; each look at it may, too."""

    at: float = 1000.0
    step: float = 0.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        self.at += self.step
        return self.at

    def sleep(self, seconds: float, /) -> None:
        self.slept.append(round(seconds, 3))
        self.at += seconds


@dataclass
class Asked:
    """One request as the server saw it."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.server.asked.append(Asked(parts.path, query, {name.lower(): text for name, text in self.headers.items()}))
        replies = self.server.replies.get(parts.path, [status(404)])
        self.close_connection = True
        (replies.pop(0) if len(replies) > 1 else replies[0])(self)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def answer(self, code: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(code)
        for name, text in headers.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def write_forever(self, piece: bytes, pause: float = 0.0) -> None:
        """Until the other side has enough."""
        try:
            while not self.server.closing.wait(pause):
                self.wfile.write(piece)
        except OSError:
            pass


class Server(ThreadingTCPServer):
    """`replies` holds what each path answers, in order; the last one stays.

    No HTTPServer, as that asks a name server for its own name.
    """

    daemon_threads = True
    request_queue_size = 50

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.server_port: int = self.server_address[1]
        self.replies: dict[str, list[Reply]] = {}
        self.asked: list[Asked] = []
        self.closing = threading.Event()
        self.scheme = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a client that hangs up or distrusts us is part of the play

    def paths(self) -> list[str]:
        return [one.path for one in self.asked]


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[Server]:
    with Server() as server:
        if context:
            # Hands are shaken by the thread of each request: who never does would stop the server for good.
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
            server.scheme = "https"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            server.shutdown()
            thread.join()


# --- what a path may answer -----------------------------------------------------------------------------------


def body(content: bytes | str, **headers: str) -> Reply:
    """A good answer; `_` in the name of a header stands for `-`."""
    whole = content.encode() if isinstance(content, str) else content
    told = {name.replace("_", "-"): text for name, text in headers.items()}
    return lambda handler: handler.answer(200, {"Content-Length": str(len(whole)), **told}, whole)


def status(code: int, said: bytes = b"", **headers: str) -> Reply:
    told = {name.replace("_", "-"): text for name, text in headers.items()}
    return lambda handler: handler.answer(code, {"Content-Length": str(len(said)), **told}, said)


def validated(content: str, name: str, validator: str) -> Reply:
    """Answers 304 to who has it already."""
    wanted = {"ETag": "if-none-match", "Last-Modified": "if-modified-since"}[name]

    def reply(handler: Handler) -> None:
        has = handler.headers.get(wanted) == validator
        (status(304) if has else body(content, **{name: validator}))(handler)

    return reply


def by_query(name: str, answers: dict[str, Reply]) -> Reply:
    """Answers by a parameter of the address; the empty key where it is not given."""
    return lambda handler: answers[handler.server.asked[-1].query.get(name, "")](handler)


# --- answers in the real shapes -------------------------------------------------------------------------------


def hf_daily(*titles: str, day: str = "2026-06-01", votes: int = 3) -> str:
    return json.dumps(
        [
            {
                "paper": {
                    "id": f"2605.9{number:04}",
                    "title": title,
                    "summary": "An invented abstract.",
                    "authors": [{"name": "Ada Example"}],
                    "publishedAt": f"{day}T00:00:00.000Z",
                    "submittedOnDailyAt": f"{day}T08:00:00.000Z",
                    "upvotes": votes,
                },
                "title": title,
                "summary": "An invented abstract.",
                "publishedAt": f"{day}T00:00:00.000Z",
                "numComments": 1,
            }
            for number, title in enumerate(titles, start=1)
        ]
    )


def atom(total: int, start: int, *numbers: int) -> str:
    entries = "".join(
        f"<entry><id>http://arxiv.org/abs/2605.9{n:04}v1</id><updated>2026-05-31T10:00:00Z</updated>"
        f"<published>2026-05-31T10:00:00Z</published><title>Paper {n}</title><summary>Invented.</summary>"
        '<author><name>Ada Example</name></author><category term="cs.CL"/></entry>'
        for n in numbers
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        "<title>ArXiv Query</title><id>http://arxiv.org/api/Invented</id><updated>2026-06-02T00:00:00-04:00</updated>"
        '<opensearch:totalResults xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">'
        f'{total}</opensearch:totalResults><opensearch:startIndex xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">'
        f"{start}</opensearch:startIndex>{entries}</feed>"
    )


def oai(*numbers: int, token: str | None = None, error: str = "", at: str = "2026-06-02T12:00:00Z") -> str:
    records = "".join(
        f"<record><header><identifier>oai:arXiv.org:2605.9{n:04}</identifier><datestamp>2026-06-01</datestamp>"
        '<setSpec>cs</setSpec></header><metadata><arXiv xmlns="http://arxiv.org/OAI/arXiv/">'
        f"<id>2605.9{n:04}</id><created>2026-05-31</created><authors><author><keyname>Example</keyname>"
        f"<forenames>Ada</forenames></author></authors><title>Paper {n}</title><categories>cs.CL</categories>"
        "<abstract>Invented.</abstract></arXiv></metadata></record>"
        for n in numbers
    )
    more = "" if token is None else f'<resumptionToken cursor="0">{token}</resumptionToken>'
    inside = f'<error code="{error}">No.</error>' if error else f"<ListRecords>{records}{more}</ListRecords>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
        f'<responseDate>{at}</responseDate><request verb="ListRecords">http://oaipmh.arxiv.org/oai</request>'
        f"{inside}</OAI-PMH>"
    )


def rss(*numbers: int) -> str:
    items = "".join(
        f"<item><title>Paper {n}</title><link>https://arxiv.org/abs/2605.9{n:04}</link>"
        f"<description>arXiv:2605.9{n:04}v1 Announce Type: new \nAbstract: Invented.</description>"
        f"<guid isPermaLink='false'>oai:arXiv.org:2605.9{n:04}v1</guid><category>cs.CL</category>"
        "<pubDate>Tue, 02 Jun 2026 00:00:00 -0400</pubDate><arxiv:announce_type>new</arxiv:announce_type>"
        "<dc:creator>Ada Example</dc:creator></item>"
        for n in numbers
    )
    return (
        "<?xml version='1.0' encoding='UTF-8'?><rss xmlns:arxiv='http://arxiv.org/schemas/atom' "
        "xmlns:dc='http://purl.org/dc/elements/1.1/' version='2.0'><channel><title>cs.CL updates on arXiv.org</title>"
        "<link>http://rss.arxiv.org/rss/cs.CL</link><description>cs.CL updates on the arXiv.org e-print archive."
        f"</description><pubDate>Tue, 02 Jun 2026 00:00:00 -0400</pubDate>{items}</channel></rss>"
    )
