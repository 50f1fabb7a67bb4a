"""Fetching: against a server on loopback that behaves and misbehaves, with a clock that nobody waits for."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpcore
import pytest
import trustme
from conftest import Place
from sources import (
    FakeClock,
    Handler,
    Reply,
    Server,
    atom,
    body,
    by_query,
    hf_daily,
    oai,
    rss,
    serving,
    status,
    validated,
)

from digest.errors import FetchError, RefusedError
from digest.fetch import Harvest, Memory, catch_up, requests, settled
from digest.fetch.client import Client
from digest.fetch.guard import is_public
from digest.model import Fetched, FetchState, Source, SourceKind
from digest.pipeline.fetch import Fetching, Span, fetch

NOW = datetime(2026, 6, 2, 12, tzinfo=UTC)
TODAY = NOW.date()
PAPERS = hf_daily("Small models", "Large models")


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as one:
        yield one


def source(server: Server | None = None, **told: Any) -> Source:
    usual = {
        "name": "here",
        "kind": SourceKind.URL,
        "interval": 0.0,
        "allow_private": True,
        "robots": False,
        "timeout": 10.0,
    }
    return Source(**usual | ({"url": f"{server.url}/feed"} if server else {}) | told)


class Desk:
    """A working folder to fetch into; what it knows lasts from one fetch to the next."""

    def __init__(self, folder: Path) -> None:
        self.inbox, self.memory, self.clock = folder / "inbox", folder / "state" / "fetch.json", FakeClock()

    def fetching(self, *sources: Source) -> Fetching:
        return Fetching(sources=sources, memory=self.memory, agent="digest/1", inbox=self.inbox, clock=self.clock)

    def fetch(self, *sources: Source, now: datetime = NOW, **span: Any) -> list[Fetched]:
        return list(fetch(self.fetching(*sources), now, Span(**span)))

    def dumps(self) -> list[str]:
        return sorted(path.name for path in self.inbox.rglob("*") if path.is_file())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def states(found: list[Fetched]) -> list[str]:
    return [one.state.value for one in found]


def only(found: list[Fetched]) -> Fetched:
    (one,) = found
    return one


def days(first: str, last: str) -> tuple[date, date]:
    return date.fromisoformat(first), date.fromisoformat(last)


# --- what is asked --------------------------------------------------------------------------------------------


def asked_for(kind: SourceKind, **told: Any) -> list[tuple[str, str, dict[str, str]]]:
    """Label, address without its query, and the query of each request for two days."""
    made = requests(Source(name="x", kind=kind, **told), date(2026, 6, 1), date(2026, 6, 2))
    parts = [(one.label, urlsplit(one.url)) for one in made]
    return [
        (label, f"{url.scheme}://{url.netloc}{url.path}", {name: text[0] for name, text in parse_qs(url.query).items()})
        for label, url in parts
    ]


def test_hugging_face_is_asked_day_by_day() -> None:
    address = "https://huggingface.co/api/daily_papers"
    assert asked_for(SourceKind.HF_DAILY) == [
        (day, address, {"date": day, "limit": "100"}) for day in ("2026-06-01", "2026-06-02")
    ]


def test_arxiv_is_asked_by_day_of_submission() -> None:
    found = asked_for(SourceKind.ARXIV_API, query="all:agent OR all:tool", categories=("cs.CL", "cs.LG"), page=50)
    assert [label for label, _, _ in found] == ["2026-06-01-p001", "2026-06-02-p001"]
    assert found[0][1:] == (
        "https://export.arxiv.org/api/query",
        {
            "search_query": "(all:agent OR all:tool) AND (cat:cs.CL OR cat:cs.LG)"
            " AND submittedDate:[202606010000 TO 202606012359]",
            "start": "0",
            "max_results": "50",
            "sortBy": "submittedDate",
            "sortOrder": "ascending",
        },
    )


def test_feeds_are_asked_for_the_present() -> None:
    assert asked_for(SourceKind.ARXIV_RSS, categories=("cs.CL", "cs.LG")) == [
        ("2026-06-02", "https://rss.arxiv.org/rss/cs.CL+cs.LG", {})
    ]
    assert asked_for(SourceKind.URL, url="https://a.example/feed") == [("2026-06-02", "https://a.example/feed", {})]


def test_an_address_may_hold_the_day() -> None:
    found = asked_for(SourceKind.URL, url="https://a.example/{day}.json")
    assert [url for _, url, _ in found] == ["https://a.example/2026-06-01.json", "https://a.example/2026-06-02.json"]


def test_a_harvest_is_asked_by_range_and_goes_on_by_token_alone() -> None:
    one = Source(name="x", kind=SourceKind.OAI_PMH, set="cs", url="https://a.example/oai?v=2")
    (first,) = requests(one, date(2026, 6, 1), date(2026, 6, 2))
    assert first.url == (
        "https://a.example/oai?v=2&verb=ListRecords&metadataPrefix=arXiv&from=2026-06-01&until=2026-06-02&set=cs"
    )
    begun = Harvest(first=date(2026, 6, 1), last=date(2026, 6, 2), token="a|b", page=2)
    (second,) = requests(one, date(2026, 6, 1), date(2026, 6, 2), begun)
    assert (second.label, second.url) == (
        "2026-06-01_2026-06-02-p0002",
        "https://a.example/oai?v=2&verb=ListRecords&resumptionToken=a%7Cb",
    )


@pytest.mark.parametrize(
    ("done", "first"),
    [(None, "2026-05-31"), ("2026-06-02", "2026-05-31"), ("2026-05-20", "2026-05-20"), ("2026-01-01", "2026-05-02")],
)
def test_catching_up(done: str | None, first: str) -> None:
    daily = Source(name="x", kind=SourceKind.HF_DAILY)
    had = date.fromisoformat(done) if done else None
    assert catch_up(daily, had, TODAY) == (date.fromisoformat(first), TODAY)


def test_a_day_settles() -> None:
    daily, search = (Source(name="x", kind=kind) for kind in (SourceKind.HF_DAILY, SourceKind.ARXIV_API))
    assert [settled(daily, date(2026, 6, 1), date(2026, 6, day)) for day in (1, 2, 3)] == [False, False, True]
    assert not settled(search, date(2026, 6, 1), date(2026, 6, 6))


# --- dumps ----------------------------------------------------------------------------------------------------


def test_an_answer_is_kept_byte_for_byte(server: Server, desk: Desk) -> None:
    server.replies["/feed"] = [body(PAPERS + " \n")]
    one = only(desk.fetch(source(server)))
    assert (one.state, one.size) == (FetchState.WRITTEN, len(PAPERS) + 2)
    assert one.dump == str(desk.inbox / "here" / "2026-06-02.at-20260602T120000Z.json")
    assert Path(one.dump).read_text() == PAPERS + " \n"
    assert server.asked[0].headers["user-agent"] == "digest/1"


def test_a_packed_answer_is_unpacked(server: Server, desk: Desk) -> None:
    server.replies["/feed"] = [body(gzip.compress(PAPERS.encode()), Content_Encoding="gzip")]
    assert Path(only(desk.fetch(source(server))).dump or "").read_text() == PAPERS


def test_a_range_makes_a_dump_a_day_and_a_settled_day_is_not_asked_again(server: Server, desk: Desk) -> None:
    answers = {f"2026-05-{day}": body(hf_daily("Models", day=f"2026-05-{day}")) for day in (29, 30, 31)}
    answers |= {f"2026-06-0{day}": body(hf_daily("Models", day=f"2026-06-0{day}")) for day in (1, 2)}
    server.replies["/api"] = [by_query("date", answers)]
    daily = source(kind=SourceKind.HF_DAILY, url=f"{server.url}/api")
    span = {"days": days("2026-05-29", "2026-06-02")}
    assert states(desk.fetch(daily, **span)) == ["written"] * 5
    assert [name.partition(".at-")[0] for name in desk.dumps()] == sorted(answers)
    assert states(desk.fetch(daily, **span)) == ["settled"] * 3 + ["same"] * 2
    assert len(server.asked) == 7
    assert states(desk.fetch(daily, **span, again=True)) == ["same"] * 5
    assert len(desk.dumps()) == 5


def test_a_day_that_changes_keeps_every_version(server: Server, desk: Desk) -> None:
    server.replies["/feed"] = [body(PAPERS), body(hf_daily("Small models", votes=9))]
    assert states(desk.fetch(source(server)) + desk.fetch(source(server))) == ["written"] * 2
    assert desk.dumps() == ["2026-06-02.at-20260602T120000Z-2.json", "2026-06-02.at-20260602T120000Z.json"]


def test_a_removed_dump_is_fetched_anew(server: Server, desk: Desk) -> None:
    server.replies["/feed"] = [validated(PAPERS, "ETag", '"1"')]
    Path(only(desk.fetch(source(server))).dump or "").unlink()
    assert only(desk.fetch(source(server))).state is FetchState.WRITTEN


@pytest.mark.parametrize(("name", "validator"), [("ETag", 'W/"1"'), ("Last-Modified", "Mon, 01 Jun 2026 10:00:00 GMT")])
def test_what_did_not_change_is_not_sent_again(server: Server, desk: Desk, name: str, validator: str) -> None:
    server.replies["/feed"] = [validated(PAPERS, name, validator)]
    first, second = only(desk.fetch(source(server))), only(desk.fetch(source(server), now=NOW + timedelta(hours=1)))
    assert (first.state, second.state, second.size) == (FetchState.WRITTEN, FetchState.SAME, 0)
    assert only(desk.fetch(source(server), again=True)).size == len(PAPERS), "again asks for all of it"
    assert len(desk.dumps()) == 1


@pytest.mark.parametrize("validator", ['"\xff"', '"' + "x" * 2000 + '"'], ids=["not ASCII", "too long"])
def test_a_validator_that_cannot_be_said_is_not_said(server: Server, desk: Desk, validator: str) -> None:
    server.replies["/feed"] = [body(PAPERS, ETag=validator)]
    assert states(desk.fetch(source(server)) + desk.fetch(source(server))) == ["written", "same"]
    assert "if-none-match" not in server.asked[1].headers


def test_a_new_validator_for_the_same_bytes_is_learned(server: Server, desk: Desk) -> None:
    server.replies["/feed"] = [body(PAPERS, ETag='"1"'), body(PAPERS, ETag='"2"'), validated(PAPERS, "ETag", '"2"')]
    assert [only(desk.fetch(source(server))).size for _ in range(3)] == [len(PAPERS), len(PAPERS), 0]


@pytest.mark.parametrize("content", ["1", '{"status": "no_data", "date": "2026-06-01"}', "[]"])
def test_a_day_without_papers_is_no_dump(server: Server, desk: Desk, content: str) -> None:
    server.replies["/api"] = [body(content)]
    daily = source(kind=SourceKind.HF_DAILY, url=f"{server.url}/api")
    found = desk.fetch(daily, days=days("2026-05-30", "2026-05-31"))
    assert states(found) == ["empty", "empty"]
    assert desk.dumps() == []
    assert states(desk.fetch(daily, days=days("2026-05-30", "2026-05-31"))) == ["settled"] * 2


def test_an_empty_feed_is_no_dump(server: Server, desk: Desk) -> None:
    server.replies["/rss/cs.CL"] = [body(rss()), body(rss(1))]
    feed = source(kind=SourceKind.ARXIV_RSS, url=f"{server.url}/rss", categories=("cs.CL",))
    assert states(desk.fetch(feed) + desk.fetch(feed) + desk.fetch(feed)) == ["empty", "written", "same"]


def test_a_feed_knows_no_past(server: Server, desk: Desk) -> None:
    one = only(desk.fetch(source(server), days=days("2026-05-01", "2026-05-02")))
    assert (one.state, server.asked) == (FetchState.LEFT_OUT, [])
    assert "the present only" in one.reason


def test_a_dry_run_asks_nobody(server: Server, desk: Desk) -> None:
    found = desk.fetch(source(server), source(name="b", kind=SourceKind.HF_DAILY), dry=True)
    assert states(found) == ["planned"] * 4
    assert (server.asked, desk.memory.exists()) == ([], False)


def test_past_days_are_caught_up_with(server: Server, desk: Desk) -> None:
    server.replies["/api"] = [body("[]")]
    daily = source(kind=SourceKind.HF_DAILY, url=f"{server.url}/api")
    desk.fetch(daily)
    found = desk.fetch(daily, now=NOW + timedelta(days=5))
    assert [one.asked for one in found] == [f"2026-06-0{day}" for day in range(2, 8)]


def test_a_fault_is_caught_up_with_as_well(server: Server, desk: Desk) -> None:
    server.replies["/api"] = [body("[]"), status(404), body("[]")]
    daily = source(kind=SourceKind.HF_DAILY, url=f"{server.url}/api")
    assert states(desk.fetch(daily)) == ["empty", "failed", "empty"], "one refused day does not stop the others"
    found = desk.fetch(daily, now=NOW + timedelta(days=1))
    assert found[0].asked == "2026-06-01"


# --- arXiv's API ----------------------------------------------------------------------------------------------


def search(server: Server, *replies: Reply) -> Source:
    server.replies["/query"] = list(replies)
    return source(kind=SourceKind.ARXIV_API, url=f"{server.url}/query", categories=("cs.CL",), page=2)


def test_a_search_is_paged_through(server: Server, desk: Desk) -> None:
    answers = {"0": body(atom(5, 0, 1, 2)), "2": body(atom(5, 2, 3, 4)), "4": body(atom(5, 4, 5))}
    found = desk.fetch(search(server, by_query("start", answers)), days=days("2026-05-20", "2026-05-20"))
    assert [(one.asked, one.state.value) for one in found] == [
        (f"2026-05-20-p00{page}", "written") for page in (1, 2, 3)
    ]
    assert states(desk.fetch(search(server), days=days("2026-05-20", "2026-05-20"))) == ["settled"]


def test_a_day_whose_pages_were_not_all_had_is_asked_again(server: Server, desk: Desk) -> None:
    whole = search(server, body(atom(3, 0, 1, 2)), status(404))
    assert states(desk.fetch(whole, days=days("2026-05-20", "2026-05-20"))) == ["written", "failed"]
    rest = search(server, body(atom(3, 0, 1, 2)), body(atom(3, 2, 3)))
    assert states(desk.fetch(rest, days=days("2026-05-20", "2026-05-20"))) == ["same", "written"]


def test_an_empty_page_in_the_middle_is_asked_for_again(server: Server, desk: Desk) -> None:
    flaky = search(server, body(atom(2, 0)), body(atom(2, 0, 1, 2)))
    assert states(desk.fetch(flaky, days=days("2026-05-20", "2026-05-20"))) == ["written"]
    assert desk.clock.slept == [2]


# --- OAI-PMH --------------------------------------------------------------------------------------------------


def harvest(server: Server, answers: dict[str, Reply]) -> Source:
    server.replies["/oai"] = [by_query("resumptionToken", answers)]
    return source(kind=SourceKind.OAI_PMH, url=f"{server.url}/oai")


PAGES = {
    "": body(oai(1, 2, token="t|2")),
    "t|2": body(oai(3, token="t&3".replace("&", "&amp;"))),
    "t&3": body(oai(4, token="")),
}


def tokens(server: Server) -> list[str]:
    return [one.query.get("resumptionToken", "") for one in server.asked]


def test_a_harvest_over_three_pages(server: Server, desk: Desk) -> None:
    found = desk.fetch(harvest(server, PAGES))
    assert [(one.asked, one.state.value) for one in found] == [
        (f"2026-06-01_2026-06-02-p000{page}", "written") for page in (1, 2, 3)
    ]
    assert tokens(server) == ["", "t|2", "t&3"]
    assert set(server.asked[1].query) == {"verb", "resumptionToken"}


def test_a_folder_that_cannot_be_written_is_of_its_source_alone(server: Server, desk: Desk) -> None:
    server.replies["/feed"] = [body(PAPERS)] * 2
    desk.inbox.mkdir()
    (desk.inbox / "here").write_text("in the place of a folder")
    failed, written = desk.fetch(source(server), source(server, name="there"))
    assert (failed.state, written.state) == (FetchState.FAILED, FetchState.WRITTEN)
    assert str(desk.inbox / "here") in failed.reason
    assert json.loads(desk.memory.read_text())["sources"]["here"]["tried"], "and is not asked again at once"


def test_the_same_records_at_another_moment_are_no_new_dump(server: Server, desk: Desk) -> None:
    desk.fetch(harvest(server, PAGES))
    later = {"": body(oai(1, 2, token="u", at="2026-06-02T13:00:00Z")), "u": body(oai(3, 9, token=""))}
    assert states(desk.fetch(harvest(server, later))) == ["same", "written"]


def test_an_interrupted_harvest_goes_on_where_it_was(server: Server, desk: Desk) -> None:
    broken = harvest(server, PAGES | {"t|2": status(403)})
    assert states(desk.fetch(broken)) == ["written", "failed"]
    found = desk.fetch(harvest(server, PAGES), now=NOW + timedelta(days=3))
    assert [one.asked for one in found] == ["2026-06-01_2026-06-02-p0002", "2026-06-01_2026-06-02-p0003"]
    assert tokens(server) == ["", "t|2", "t|2", "t&3"]
    after = desk.fetch(harvest(server, PAGES), now=NOW + timedelta(days=3))
    assert after[0].asked == "2026-06-02_2026-06-05-p0001", "and then on from its last day"


def test_a_harvest_that_is_killed_goes_on_where_it_was(server: Server, desk: Desk) -> None:
    going = fetch(desk.fetching(harvest(server, PAGES)), NOW)
    assert next(going).asked.endswith("p0001")
    going.close()  # type: ignore[attr-defined]
    assert [one.asked[-5:] for one in desk.fetch(harvest(server, PAGES))] == ["p0002", "p0003"]


def test_other_days_or_again_begin_a_harvest_anew(server: Server, desk: Desk) -> None:
    desk.fetch(harvest(server, PAGES | {"t|2": status(403)}))
    assert desk.fetch(harvest(server, PAGES), again=True)[0].asked.endswith("p0001")
    desk.fetch(harvest(server, PAGES | {"t|2": status(403)}), again=True)
    found = desk.fetch(harvest(server, PAGES), days=days("2026-05-01", "2026-05-02"))
    assert found[0].asked == "2026-05-01_2026-05-02-p0001"


def test_a_lost_token_begins_the_harvest_once_more(server: Server, desk: Desk) -> None:
    desk.fetch(harvest(server, PAGES | {"t|2": status(403)}))
    lost = {
        "": body(oai(1, 2, token="new")),
        "t|2": body(oai(error="badResumptionToken")),
        "new": body(oai(3, token="")),
    }
    found = desk.fetch(harvest(server, lost), now=NOW + timedelta(days=3))
    assert [(one.asked, one.state.value) for one in found] == [
        ("2026-06-01_2026-06-02-p0001", "same"),
        ("2026-06-01_2026-06-02-p0002", "written"),
    ]


def test_a_token_that_is_lost_each_time_is_given_up(server: Server, desk: Desk) -> None:
    lost = {"": body(oai(1, token="new")), "new": body(oai(error="badResumptionToken"))}
    found = desk.fetch(harvest(server, lost))
    assert states(found) == ["written", "same", "failed"]
    assert "no longer knows its resumption token" in found[-1].reason


def test_a_harvest_in_a_circle_ends(server: Server, desk: Desk) -> None:
    found = desk.fetch(
        harvest(server, {"": body(oai(1, token="a")), "a": body(oai(2, token="b")), "b": body(oai(3, token="a"))})
    )
    assert states(found) == ["written"] * 3 + ["failed"]
    assert "in a circle" in found[-1].reason
    assert desk.fetch(harvest(server, PAGES))[0].asked.endswith("p0001"), "and is not gone on with"


def test_no_records_is_no_fault(server: Server, desk: Desk) -> None:
    assert states(desk.fetch(harvest(server, {"": body(oai(error="noRecordsMatch"))}))) == ["empty"]


def test_a_control_character_does_not_end_a_harvest(server: Server, desk: Desk) -> None:
    pages = PAGES | {"": body(oai(1, 2, token="t|2").replace("Invented.", "Inv\x0bented."))}
    assert states(desk.fetch(harvest(server, pages))) == ["written"] * 3


def test_a_cut_page_of_a_harvest_is_asked_for_again(server: Server, desk: Desk) -> None:
    desk.fetch(harvest(server, PAGES | {"t|2": body(oai(3, token="t")[:-30])}))
    assert [one.asked[-5:] for one in desk.fetch(harvest(server, PAGES))] == ["p0002", "p0003"]


def test_entities_are_not_resolved(server: Server, desk: Desk) -> None:
    secret = desk.inbox.parent / "secret"
    secret.write_text("t|2")
    start = f'<!DOCTYPE OAI-PMH [<!ENTITY x SYSTEM "{secret.as_uri()}">]><OAI-PMH'
    page = oai(1, token="&x;").replace("<OAI-PMH", start, 1)
    assert states(desk.fetch(harvest(server, PAGES | {"": body(page)}))) == ["failed"]
    assert tokens(server) == [""]


def test_another_error_of_the_server_is_reported(server: Server, desk: Desk) -> None:
    one = only(desk.fetch(harvest(server, {"": body(oai(error="cannotDisseminateFormat"))})))
    assert one.state is FetchState.FAILED and "arXiv answered “No.”" in one.reason
    assert desk.dumps() == []


def test_flow_control_by_503(server: Server, desk: Desk) -> None:
    harvested = harvest(server, PAGES)
    server.replies["/oai"].insert(0, status(503, Retry_After="20"))
    assert states(desk.fetch(harvested)) == ["written"] * 3
    assert desk.clock.slept == [20]


# --- manners --------------------------------------------------------------------------------------------------


def test_requests_to_a_host_keep_their_distance(server: Server, desk: Desk) -> None:
    desk.fetch(source(server, name="a", interval=7.0), source(server, name="b", interval=7.0))
    assert desk.clock.slept == [7]


def test_the_distance_is_kept_from_one_run_to_the_next(server: Server, desk: Desk) -> None:
    server.replies["/feed"] = [body(PAPERS)]
    desk.fetch(source(server, interval=7.0))
    desk.fetch(source(server, interval=7.0), now=NOW + timedelta(seconds=3))
    assert desk.clock.slept == [4]


def test_the_hosts_of_arxiv_share_three_seconds(server: Server, tmp_path: Path) -> None:
    server.replies["/feed"] = [body(PAPERS)]
    clock = FakeClock()
    client = client_at(tmp_path, clock, lambda host, port: ["127.0.0.1"])
    for host in ("export.arxiv.org", "rss.arxiv.org", "arxiv.org", "notarxiv.org"):
        client.get(source(), f"http://{host}:{server.server_port}/feed", {})
    assert clock.slept == [3, 3]


@pytest.mark.parametrize(
    ("headers", "slept"),
    [
        ({"Retry_After": "17"}, 17),
        ({"Retry_After": "Tue, 02 Jun 2026 12:00:30 GMT", "Date": "Tue, 02 Jun 2026 12:00:00 GMT"}, 30),
        ({"Retry_After": "Tue, 02 Jun 2026 11:00:00 GMT", "Date": "Tue, 02 Jun 2026 12:00:00 GMT"}, 2),
        ({"Retry_After": "soon"}, 2),
        ({"RateLimit": '"api";r=0;t=55'}, 55),
        ({}, 2),
    ],
)
def test_too_many_requests(server: Server, desk: Desk, headers: dict[str, str], slept: float) -> None:
    def reply(handler: Handler) -> None:  # without the Date of the server's own
        handler.send_response_only(429)
        for name, text in {"Content-Length": "0", **headers}.items():
            handler.send_header(name.replace("_", "-"), text)
        handler.end_headers()

    server.replies["/feed"] = [reply, body(PAPERS)]
    assert only(desk.fetch(source(server))).state is FetchState.WRITTEN
    assert desk.clock.slept == [slept]


def test_a_date_to_retry_after_is_read_by_our_clock_where_the_server_tells_no_time(server: Server, desk: Desk) -> None:
    def reply(handler: Handler) -> None:
        handler.send_response_only(503)
        handler.send_header("Content-Length", "0")
        handler.send_header("Retry-After", "Tue, 02 Jun 2026 12:00:45 GMT")
        handler.end_headers()

    server.replies["/feed"] = [reply, body(PAPERS)]
    desk.fetch(source(server))
    assert desk.clock.slept == [45]


def test_a_long_rest_is_left_to_a_later_run(server: Server, desk: Desk) -> None:
    server.replies["/feed"] = [status(429, Retry_After="3600"), body(PAPERS)]
    one = only(desk.fetch(source(server)))
    assert one.state is FetchState.FAILED
    assert "asks to be left alone until 2026-06-02 13:00 UTC; a later run tries again" in one.reason
    assert states(desk.fetch(source(server), now=NOW + timedelta(minutes=30))) == ["failed"]
    assert (len(server.asked), desk.clock.slept) == (1, []), "nobody is asked before then"
    assert states(desk.fetch(source(server), now=NOW + timedelta(minutes=61))) == ["written"]


def test_a_fault_of_the_server_passes(server: Server, desk: Desk) -> None:
    server.replies["/feed"] = [status(500), status(502), body(PAPERS)]
    assert only(desk.fetch(source(server))).state is FetchState.WRITTEN
    assert desk.clock.slept == [2, 8]


def test_a_fault_that_stays_is_given_up_and_others_are_asked(server: Server, desk: Desk) -> None:
    server.replies |= {"/feed": [status(500)], "/other": [body(PAPERS)]}
    found = desk.fetch(source(server), source(name="b", url=f"{server.url}/other"))
    assert states(found) == ["failed", "written"]
    assert "answered 500 Internal Server Error; tried 4 times" in found[0].reason
    assert desk.clock.slept == [2, 8, 30]


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (status(404), "answered 404 Not Found; check the address"),
        (status(400, b'{"error": "Invalid date"}'), 'Bad Request (“{"error": "Invalid date"}”); check'),
        (status(400, gzip.compress(b"<feed>\n<id>x</id> No such id"), Content_Encoding="gzip"), "(“x No such id”)"),
        (status(404, b"<!doctype html><style>a{b}</style>"), "Not Found; check"),
        (status(404, b"\x8b\x01\x02"), "Not Found; check"),
        (status(404, Content_Length="9"), "Not Found; check"),
        (status(403, b"Keep out."), "answered 403 Forbidden; the host does not let this program in"),
    ],
)
def test_a_refusal_is_not_asked_again(server: Server, desk: Desk, reply: Reply, told: str) -> None:
    server.replies["/feed"] = [reply]
    one = only(desk.fetch(source(server)))
    assert one.state is FetchState.FAILED and told in one.reason and one.url in one.reason
    assert (len(server.asked), desk.clock.slept, desk.dumps()) == (1, [], [])


def test_robots_are_obeyed_for_any_address_but_not_for_an_api(server: Server, desk: Desk) -> None:
    server.replies["/robots.txt"] = [body("User-agent: *\nDisallow: /feed\n")]
    server.replies |= {"/feed": [body(PAPERS)], "/open": [body(PAPERS)]}
    closed = only(desk.fetch(source(server, robots=True)))
    assert (closed.state, server.paths()) == (FetchState.FAILED, ["/robots.txt"])
    assert "robots.txt" in closed.reason
    assert states(desk.fetch(source(url=f"{server.url}/open", robots=True))) == ["written"]
    api = source(name="api", kind=SourceKind.HF_DAILY, url=f"{server.url}/feed", robots=True)
    assert states(desk.fetch(api, days=(TODAY, TODAY))) == ["written"]


def test_no_robots_file_lets_all_in_and_one_may_ask_for_time(server: Server, desk: Desk) -> None:
    server.replies |= {"/feed": [body(PAPERS)], "/robots.txt": [status(403)]}
    assert states(desk.fetch(source(server, robots=True))) == ["written"]
    server.replies["/robots.txt"] = [body("User-agent: *\nCrawl-delay: 15\n")]
    desk.fetch(source(url=f"{server.url}/feed?{{day}}", robots=True))
    assert desk.clock.slept == [15, 15], "between the days, not after the rules themselves"


def test_the_longest_rule_of_a_robots_file_counts(server: Server, desk: Desk) -> None:
    lines = "User-agent: digest", "Disallow: /*.xml$", "Disallow: /", "Allow: /*/open", "Crawl-delay: nan"
    server.replies["/robots.txt"] = [body("\ufeff" + "\r\n".join((*lines, "User-agent: *", "Disallow:")))]
    told = {"/a/open": "written", "/a/open.xml.gz": "written", "/a/b.xml": "failed", "/b": "failed"}
    server.replies |= {path: [body(PAPERS)] for path in told}
    for path, state in told.items():
        assert states(desk.fetch(source(url=f"{server.url}{path}", robots=True))) == [state], path
    assert desk.clock.slept == []


# --- misbehaviour ---------------------------------------------------------------------------------------------


def failing(desk: Desk, one: Source) -> str:
    found = only(desk.fetch(one))
    assert (found.state, desk.dumps()) == (FetchState.FAILED, [])
    return found.reason


def test_a_body_without_end(server: Server, desk: Desk) -> None:
    def reply(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.write_forever(b" " * 4096)

    server.replies["/feed"] = [reply]
    assert "larger than 65536 bytes; if that is right, raise `largest`" in failing(desk, source(server, largest=65536))
    assert len(server.asked) == 1


def test_a_size_that_is_announced_is_not_waited_for(server: Server, desk: Desk) -> None:
    server.replies["/feed"] = [lambda handler: handler.answer(200, {"Content-Length": "99999999"}, b"")]
    assert "larger than 65536 bytes" in failing(desk, source(server, largest=65536))


def test_a_gzip_bomb(server: Server, desk: Desk) -> None:
    bomb = gzip.compress(b" " * 2**24)
    assert len(bomb) < 65536
    server.replies["/feed"] = [body(bomb, Content_Encoding="gzip")]
    assert "larger than 65536 bytes" in failing(desk, source(server, largest=65536))


@pytest.mark.parametrize("coding", ["gzip, gzip", "zstd", "br", "deflate"])
def test_a_coding_that_was_not_asked_for(server: Server, desk: Desk, coding: str) -> None:
    server.replies["/feed"] = [body(b"\x00", Content_Encoding=coding)]
    assert "packed in a way that was not asked for" in failing(desk, source(server))


def test_a_coding_that_is_a_lie(server: Server, desk: Desk) -> None:
    server.replies["/feed"] = [body(PAPERS, Content_Encoding="gzip")]
    assert "breaks off or is garbled" in failing(desk, source(server))


def test_a_packed_answer_is_had_whole_or_asked_for_again(server: Server, desk: Desk) -> None:
    members = gzip.compress(PAPERS[:100].encode()) + gzip.compress(PAPERS[100:].encode())
    cut, wrong = members[:-20], members[:-8] + bytes(8)
    server.replies["/feed"] = [body(one, Content_Encoding="gzip") for one in (cut, wrong, members)]
    path = only(desk.fetch(source(server))).dump
    assert path and Path(path).read_text() == PAPERS
    assert desk.clock.slept == [2, 8]


def test_without_a_network_only_the_first_host_is_waited_for(server: Server, desk: Desk) -> None:
    """As where a laptop is offline: the mails of what is there already do not wait for each source in turn."""
    server.replies["/feed"] = [body(PAPERS)]
    first, second, last = (source(name=name, url="http://127.0.0.1:1/feed") for name in ("a", "b", "z"))
    found = desk.fetch(first, second, source(server), last)
    assert states(found) == ["failed", "failed", "written", "failed"]
    assert [("tried 4 times" in one.reason, "nor was there one before" in one.reason) for one in found] == [
        (True, False), (False, True), (False, False), (True, False),
    ]  # fmt: skip
    assert sum(desk.clock.slept) == 2 * (2 + 8 + 30)


def test_headers_that_do_not_come(server: Server, desk: Desk) -> None:
    server.replies["/feed"] = [lambda handler: handler.server.closing.wait() and None]
    assert "no whole answer in time" in failing(desk, source(server, timeout=0.05))
    assert desk.clock.slept == [2, 8, 30]


@pytest.mark.parametrize("piece", [b"X-More: and more\r\n", b" "], ids=["headers", "body"])
def test_an_answer_that_trickles(server: Server, desk: Desk, piece: bytes) -> None:
    def reply(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + (b"\r\n" if piece == b" " else b""))
        handler.write_forever(piece, pause=0.001)  # so that not all that a header may have is there at once

    server.replies["/feed"] = [reply]
    desk.clock.step = 1.0  # a second passes at each look at the clock
    assert "took longer than its `deadline`" in failing(desk, source(server, deadline=8.0))


def test_a_length_that_is_too_long(server: Server, desk: Desk) -> None:
    length = {"Content-Length": str(len(PAPERS) + 9)}
    server.replies["/feed"] = [lambda handler: handler.answer(200, length, PAPERS.encode()), body(PAPERS)]
    assert only(desk.fetch(source(server))).state is FetchState.WRITTEN
    assert (len(server.asked), desk.clock.slept) == (2, [2])


def test_a_length_that_is_too_short(server: Server, desk: Desk) -> None:
    length = {"Content-Length": str(len(PAPERS) - 9)}
    server.replies["/feed"] = [lambda handler: handler.answer(200, length, PAPERS.encode())]
    assert "fetch it again" in failing(desk, source(server))


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nContent-", b"SSH-2.0-OpenSSH\r\n"])
def test_a_connection_that_is_cut(server: Server, desk: Desk, sent: bytes) -> None:
    server.replies["/feed"] = [lambda handler: handler.wfile.write(sent) and None]
    assert "breaks off or is garbled" in failing(desk, source(server))
    assert len(server.asked) == 4


def test_nobody_there(desk: Desk) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))  # and does not listen; a port let go may be another's by now
        assert "no connection" in failing(desk, source(url=f"http://127.0.0.1:{mute.getsockname()[1]}/feed"))


def test_a_redirect_is_followed(server: Server, desk: Desk) -> None:
    server.replies |= {"/feed": [status(302, Location="/there")], "/there": [body(PAPERS)]}
    assert only(desk.fetch(source(server))).state is FetchState.WRITTEN


def test_a_redirect_loop(server: Server, desk: Desk) -> None:
    server.replies["/feed"] = [status(301, Location="/feed")]
    assert "redirected more than 5 times" in failing(desk, source(server))
    assert len(server.asked) == 6


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://a.example/", "http://[", ""])
def test_a_redirect_to_where_nothing_is_fetched(server: Server, desk: Desk, target: str) -> None:
    server.replies["/feed"] = [status(302, Location=target)]
    assert "where this program does not go" in failing(desk, source(server))


def test_an_error_page_with_status_200(server: Server, desk: Desk) -> None:
    page = "<!DOCTYPE html><html><head><title>Sorry</title></head><body>Back soon\x1b[2J</body></html>"
    server.replies["/feed"] = [body(page)]
    for one in (source(server), source(kind=SourceKind.HF_DAILY, url=f"{server.url}/feed")):
        found = desk.fetch(one, days=(TODAY, TODAY))
        assert states(found) == ["failed"] and f"{server.url}/feed" in found[0].reason
        assert found[0].reason.isprintable()
    for kind, told in ((SourceKind.OAI_PMH, {}), (SourceKind.ARXIV_API, {"categories": ("cs.CL",)})):
        found = desk.fetch(source(kind=kind, url=f"{server.url}/feed", **told), days=(TODAY, TODAY))
        assert states(found) == ["failed"] and found[0].reason.isprintable()
    assert desk.dumps() == []


def test_a_cut_answer_is_no_dump(server: Server, desk: Desk) -> None:
    server.replies["/feed"] = [body(PAPERS[:-20])]
    assert "fetch it again" in failing(desk, source(server))


# --- addresses ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("fec0::1", False),
        ("ff0e::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.215.14", True),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::5db8:d70e", True),
        ("2002:7f00:1::", False),
        ("2001:0:7f00:1::", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


def client_at(folder: Path, clock: FakeClock, resolve: Any) -> Client:
    return Client("digest/1", Memory(folder / "fetch.json", NOW), NOW, clock, resolve)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"])
def test_no_private_address_is_asked(server: Server, desk: Desk, host: str) -> None:
    reason = failing(desk, source(url=f"http://{host}:{server.server_port}/feed", allow_private=False))
    assert "not on the open internet" in reason or "cannot be resolved" in reason
    assert server.asked == []


def test_a_redirect_to_a_private_address(server: Server, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.fetch.guard.is_public", lambda address: address == "127.0.0.1")
    server.replies["/feed"] = [status(302, Location=f"http://127.0.0.2:{server.server_port}/inside")]
    reason = failing(desk, source(server, allow_private=False))
    assert f"127.0.0.2, which is not on the open internet; {server.url}/feed redirects there" in reason
    assert server.paths() == ["/feed"]


@pytest.mark.parametrize("target", ["169.254.169.254", "127.0.0.2:{port}", "localhost:{port}", "127.0.0.1:{other}"])
def test_what_is_allowed_of_a_private_source_is_not_of_where_it_redirects_to(
    server: Server, desk: Desk, target: str
) -> None:
    with serving() as other:
        where = target.format(port=server.server_port, other=other.server_port)
        server.replies["/feed"] = [status(302, Location="/there")]
        server.replies["/there"] = [status(302, Location=f"http://{where}/feed")]
        reason = failing(desk, source(server))
    assert f"{server.url}/feed redirects there, and `allow_private` does not hold for redirects" in reason
    assert (server.paths(), other.paths()) == (["/feed", "/there"], [])


def test_a_name_is_resolved_once_and_that_address_is_asked(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digest.fetch.guard.is_public", lambda address: address == "127.0.0.1")
    server.replies["/feed"] = [body(PAPERS)]
    answers = [["10.0.0.1", "127.0.0.1"], ["10.0.0.1"]]  # the second answer comes too late to be of use
    client = client_at(tmp_path, FakeClock(), lambda host, port: answers.pop(0))
    found = client.get(source(allow_private=False), f"http://papers.example:{server.server_port}/feed", {})
    assert (found.body or b"").decode() == PAPERS
    assert server.asked[0].headers["host"] == f"papers.example:{server.server_port}"
    assert len(answers) == 1
    with pytest.raises(FetchError, match=r"papers.example is at 10.0.0.1, which is not on the open internet"):
        client.get(source(allow_private=False), f"http://papers.example:{server.server_port}/feed", {})


def test_the_next_address_is_tried_where_nobody_answers_at_the_first(server: Server, tmp_path: Path) -> None:
    server.replies["/feed"] = [body(PAPERS)]
    client = client_at(tmp_path, FakeClock(), lambda host, port: ["127.0.0.9", "127.0.0.1"])
    assert client.get(source(), f"http://papers.example:{server.server_port}/feed", {}).body


def test_certificates_are_checked_for_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("papers.example").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with serving(context) as server:
        server.replies["/feed"] = [body(PAPERS)]
        server.replies["/down"] = [status(302, Location="http://papers.example/feed")]
        client = client_at(tmp_path, FakeClock(), lambda host, port: ["127.0.0.1"])
        assert client.get(source(), f"https://papers.example:{server.server_port}/feed", {}).body
        with pytest.raises(FetchError, match="certificate verify failed"):
            client.get(source(), f"https://others.example:{server.server_port}/feed", {})
        with pytest.raises(FetchError, match="where this program does not go"):
            client.get(source(), f"https://papers.example:{server.server_port}/down", {})


def test_a_proxy_of_the_environment_is_used_only_if_the_source_says_so(
    server: Server, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.replies["/feed"] = [body(PAPERS)]
    with serving() as proxy:
        proxy.replies["/feed"] = [body(hf_daily("By proxy"))]
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("no_proxy", "")
        desk.fetch(source(server))
        assert (len(server.asked), len(proxy.asked)) == (1, 0)
        found = only(desk.fetch(source(name="b", url="http://papers.example/feed", proxy=True)))
        assert "By proxy" in Path(found.dump or "").read_text()
        assert proxy.asked[0].headers["host"] == "papers.example"


def only_the_proxy_knows(host: str, port: int) -> list[str]:
    raise httpcore.ConnectError(f"the name {host} cannot be resolved")


def test_a_proxy_leads_to_no_private_address_that_can_be_told(
    server: Server, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = f"http://localhost:{server.server_port}/feed"
    by_proxy = source(url="http://papers.example/feed", proxy=True, allow_private=False)
    with serving() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        proxy.replies["/feed"] = [status(302, Location=inside)]
        for unproxied in ("", "localhost, inside.example"):
            monkeypatch.setenv("no_proxy", unproxied)
            assert "papers.example/feed redirects there" in failing(desk, by_proxy)
        assert len(proxy.asked) == 2
        assert "set `allow_private = true`" in failing(desk, replace(by_proxy, url=inside)), "as without a proxy"
        proxy.replies["/feed"] = [status(302, Location="http://other.example/there")]
        proxy.replies["/there"] = [body(PAPERS)]
        client = client_at(desk.inbox, FakeClock(), only_the_proxy_knows)
        assert client.get(by_proxy, by_proxy.url, {}).body == PAPERS.encode()
    assert server.asked == []
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:9")
    assert "the proxy that the environment names cannot be used" in failing(desk, by_proxy)
    for login in ("ada:s3cret/1", "ada:s3cret", "s3cret"):
        monkeypatch.setenv("http_proxy", f"socks9://{login}@127.0.0.1:9")
        assert "s3cret" not in failing(desk, by_proxy)


def test_a_key_in_an_address_is_not_repeated(server: Server, desk: Desk) -> None:
    """Neither in what is told nor in what is stored, which editions may tell to readers."""
    server.replies["/feed"] = [status(400, b"The key s3cret/1 is not known.")]
    found = only(desk.fetch(source(url=f"{server.url}/feed?key=s3cret%2F1&page=2")))
    assert (found.state, server.asked[-1].query["key"]) == (FetchState.FAILED, "s3cret/1")
    assert f"{server.url}/feed?key=***&page=2: answered 400" in found.reason
    assert "The key *** is not known." in found.reason
    assert "s3cret" not in found.url + found.reason


# --- memory ---------------------------------------------------------------------------------------------------


def test_a_broken_memory_is_put_aside(server: Server, desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    server.replies["/feed"] = [body(PAPERS)]
    desk.memory.parent.mkdir()
    for broken in ("{", "[]", '{"rests": {}, "sources": {"here": {}}}'):
        desk.memory.write_text(broken)
        desk.fetch(source(server))
        assert desk.memory.with_name("fetch.json.broken").read_text() == broken
    assert "fetch_memory_unreadable" in caplog.text


def test_memory_forgets_old_answers(server: Server, desk: Desk) -> None:
    server.replies["/feed"] = [body(PAPERS)]
    desk.fetch(source(server))
    assert PAPERS not in desk.memory.read_text()
    desk.fetch(source(name="b", url=f"{server.url}/feed"), now=NOW + timedelta(days=90))
    assert json.loads(desk.memory.read_text())["sources"]["here"]["known"] == {}


def test_a_rest_of_a_rehearsed_future_does_not_bind(server: Server, desk: Desk) -> None:
    server.replies["/feed"] = [body(PAPERS)]
    desk.fetch(source(server, interval=60.0), now=NOW + timedelta(days=30))
    assert states(desk.fetch(source(server))) == ["same"]
    assert desk.clock.slept == []


def test_errors_tell_what_may_still_be_asked(server: Server, tmp_path: Path) -> None:
    server.replies["/feed"] = [status(401)]
    client = client_at(tmp_path, FakeClock(), lambda host, port: ["127.0.0.1"])
    with pytest.raises(RefusedError):
        client.get(source(), f"{server.url}/none", {})
    with pytest.raises(FetchError) as raised:
        client.get(source(), f"{server.url}/feed", {})
    assert not isinstance(raised.value, RefusedError)


# --- the command and the run ----------------------------------------------------------------------------------


def configure(place: Place, text: str) -> None:
    """Put sources in the place of the one that is shipped."""
    before, _, rest = place.config.read_text().partition("[[source]]\nname")
    readers = rest[rest.index("# One table a reader") :]
    place.config.write_text(f"{before}{text}\n{readers}")


def table(server: Server, name: str, path: str, more: str = "") -> str:
    return (
        f'[[source]]\nname = "{name}"\nkind = "url"\nurl = "{server.url}{path}"\n'
        f"allow_private = true\ninterval = 0\nrobots = false\n{more}\n"
    )


def test_the_command_fetches_and_the_run_takes_it_in(server: Server, place: Place) -> None:
    server.replies |= {"/a": [body(PAPERS)], "/b": [status(404, X="\x1b[2J")]}
    configure(place, table(server, "good", "/a") + table(server, "bad", "/b"))
    ran = place.run("fetch", "good")
    assert (ran.code, server.paths()) == (0, ["/a"])
    assert "written" in ran.out and "1 dump written" in ran.out
    assert server.asked[0].headers["user-agent"].endswith("(+https://digest.example.org; mailto:help@example.org)")
    assert place.run("fetch", "good").code == 4
    both = place.run("fetch", "--json")
    assert both.code == 1
    told = json.loads(both.out)
    assert [(one["source"], one["state"]) for one in told] == [("good", "same"), ("bad", "failed")]
    assert ended(place) == (False, "1 of 2 sources failed")
    ran = place.run("run")
    assert (ran.code, len(server.asked)) == (6, 4), (
        "a source did not answer, and a run asks no source that is fetched by hand"
    )
    assert len(place.mails()) == 4


def test_a_dry_run_of_the_command(server: Server, place: Place) -> None:
    configure(place, table(server, "good", "/a"))
    ran = place.run("fetch", "--dry-run")
    assert (ran.code, server.asked) == (0, [])
    assert "planned" in ran.out


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("nobody",), "no source “nobody”; there are: good"),
        (("--from", "2026-06-03"), "--from 2026-06-03 has not come yet; today is 2026-06-02"),
        (("--from", "2026-06-02", "--to", "2026-06-01"), "turn them round"),
    ],
)
def test_mistakes_of_the_command(server: Server, place: Place, args: tuple[str, ...], told: str) -> None:
    configure(place, table(server, "good", "/a"))
    ran = place.run("fetch", *args)
    assert (ran.code, server.asked) == (2, [])
    assert told in ran.err


def test_without_sources_the_command_says_what_to_do(place: Place) -> None:
    configure(place, "")
    ran = place.run("fetch")
    assert ran.code == 2 and "add a [[source]]" in ran.err


def test_the_command_asks_for_the_days_given(server: Server, place: Place) -> None:
    configure(place, table(server, "days", "/{day}.json"))
    server.replies |= {f"/2026-05-0{day}.json": [body(PAPERS)] for day in (1, 2)}
    assert place.run("fetch", "--from", "2026-05-01", "--to", "2026-05-02").code == 0
    assert place.run("fetch", "--to", "2026-05-02").code == 4
    assert server.paths() == ["/2026-05-01.json", "/2026-05-02.json"]


def test_a_run_fetches_what_is_automatic_at_most_so_often(server: Server, place: Place) -> None:
    server.replies["/a"] = [body(PAPERS), body(hf_daily("Newer models"))]
    configure(place, table(server, "auto", "/a", 'fetch = "auto"\nevery = 30') + table(server, "hand", "/b"))
    ran = place.run("run", now="2026-06-02T20:00:00+00:00")
    assert ran.code == 0 and "auto" in ran.out
    assert len(place.mails()) == 4
    place.run("run", now="2026-06-02T20:29:00+00:00")
    assert server.paths() == ["/a"]
    told = json.loads(place.run("run", "--json", now="2026-06-02T20:30:00+00:00").out)
    assert [one["state"] for one in told["fetched"]] == ["written"]
    assert server.paths() == ["/a", "/a"]


def test_a_run_goes_on_where_a_source_fails(server: Server, stocked: Place) -> None:
    configure(stocked, table(server, "auto", "/none", 'fetch = "auto"'))
    ran = stocked.run("run")
    assert ran.code == 1 and "answered 404" in ran.out
    assert len(stocked.mails()) == 4
    assert ended(stocked) == (False, "1 of 1 source failed")
    assert "1 of 1 source failed" in stocked.run("status").out
    assert 'last_success_timestamp_seconds{phase="fetch"}' not in stocked.run("metrics").out
    server.replies["/none"] = [body("[]")]
    stocked.run("fetch")
    assert ended(stocked) == (True, "")


def ended(place: Place) -> tuple[bool, str]:
    """How the last fetch did, as status tells it."""
    last = json.loads(place.run("status", "--json").out)["phases"]["fetch"]
    return last["ended_well"], last["outcome"]


def test_examples_that_no_dump_has_told_are_asked_for_by_their_ids(server: Server, place: Place) -> None:
    profiles = place.folder / "config" / "profiles.toml"
    names = '["arXiv:2605.90002v3", "2401.90007", "A title of some paper"]'
    profiles.write_text(
        f'{profiles.read_text()}\n[mine]\ntitle = "Mine"\ntopic = [{{ name = "a", examples = {names} }}]\n'
    )
    more = f'kind = "arxiv-api"\nurl = "{server.url}/query"\ncategories = ["cs.CL"]\nfetch = "auto"'
    usual = "allow_private = true\ninterval = 0"
    configure(place, f'[[source]]\nname = "search"\n{more}\n{usual}\n')
    both, none = "2401.90007,2605.90002", body(atom(0, 0))
    server.replies["/query"] = [by_query("id_list", {"": none, both: body(atom(1, 0, 2)), "2401.90007": none})]

    def asked_for_ids() -> list[str]:
        asked = [one.query["id_list"] for one in server.asked if "id_list" in one.query]
        server.asked.clear()
        return asked

    assert "examples-p001" in place.run("fetch", "--dry-run").out and asked_for_ids() == []
    assert (
        "(`digest fetch` asks arXiv for its own): mine: arXiv:2605.90002v3; mine: 2401.90007" in place.run("doctor").out
    )
    assert place.run("fetch").code == 0
    assert asked_for_ids() == [both]
    assert [path.name for path in (place.folder / "inbox" / "search").iterdir()] == [
        "2026-06-02-examples-p001.at-20260602T200000Z.xml"
    ]
    place.run("fetch")
    assert asked_for_ids() == [], "not twice on a day, whether arXiv knows them or not"
    place.run("run")
    assert asked_for_ids() == []
    assert "its own): mine: 2401.90007" in place.run("doctor").out
    place.run("run", now="2026-06-03T20:00:00+00:00")
    assert asked_for_ids() == ["2401.90007"], "what a dump has told is not asked for"
    place.run("fetch", "--again", now="2026-06-03T20:00:00+00:00")
    assert asked_for_ids() == ["2401.90007"]


def test_many_examples_are_asked_for_by_hundreds(server: Server, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [f"2605.9{number:04}" for number in range(201)]
    server.replies["/query"] = [body(atom(0, 0))]
    one, two = (source(name=name, kind=SourceKind.ARXIV_API, url=f"{server.url}/query") for name in "ab")
    wanted = replace(desk.fetching(source(server), one, two), examples=lambda: ids)

    def asked_for(*, again: bool = False) -> tuple[list[list[str]], list[str]]:
        server.asked.clear()
        found = list(fetch(wanted, NOW, Span(days=(TODAY, TODAY), again=again)))
        asked = [each.query["id_list"].split(",") for each in server.asked if "id_list" in each.query]
        return asked, [each.reason for each in found if each.state is FetchState.LEFT_OUT]

    assert asked_for() == ([ids[:100], ids[100:200], ids[200:]], []), "of one source only"
    monkeypatch.setattr("digest.pipeline.fetch.MOST_BY_ID", 100)
    ids += [f"2606.9{number:04}" for number in range(150)]
    left = "{} more examples are known by their arXiv ids alone; the next fetch asks for them"
    assert asked_for() == ([ids[201:301]], [left.format(50)])
    assert asked_for(again=True) == ([[*ids[301:], *ids[:50]]], [left.format(251)]), "first those not asked yet"
    assert asked_for() == ([], [])


def test_only_one_process_fetches(server: Server, place: Place) -> None:
    from digest.config import load
    from digest.store import Store

    configure(place, table(server, "auto", "/a", 'fetch = "auto"'))
    store = Store.open(load(place.config).database)
    try:
        with store.exclusive("fetch") as ours:
            assert ours
            ran = place.run("fetch")
            assert (ran.code, server.asked) == (4, []) and "Another process is fetching" in ran.err
            place.run("run")
            assert server.asked == []
    finally:
        store.close()


def test_a_rehearsed_future_does_not_hold_up_the_present(server: Server, place: Place) -> None:
    server.replies["/a"] = [body(PAPERS)]
    configure(place, table(server, "auto", "/a", 'fetch = "auto"'))
    for now in ("2026-06-05T20:00:00+00:00", "2026-06-02T20:00:00+00:00"):
        place.run("run", now=now)
    assert server.paths() == ["/a", "/a"]
