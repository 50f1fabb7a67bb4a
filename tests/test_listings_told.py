"""What all formats do alike, one paper written in each: LaTeX in titles and abstracts, names of authors, remarks."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

import pytest

from digest.listings import FORMATS, dump_of, read_listing, told
from digest.model import Facts

NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)
RULE = "-" * 78
ABSTRACT = "We gain 5\\% on $\\textit{Kern}$ where a < b & c, as this invented text goes on and on."
PLAIN_ABSTRACT = "We gain 5% on Kern where a < b & c, as this invented text goes on and on."
DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'


def mail(title: str, names: list[str]) -> str:
    return (
        f"{RULE}\nreceived from  Tue  2 Jun 26 18:00:00 GMT  to  Wed  3 Jun 26 18:00:00 GMT\n{RULE}\n"
        + months(title, names)[: -len(RULE) - 4]
        + f"\\\\\n  {ABSTRACT}\n\\\\ ( https://arxiv.org/abs/2606.90001 ,  12kb)\n{RULE}\n"
    )


def months(title: str, names: list[str]) -> str:
    head = f"\\\\\narXiv:2606.90001\nDate: Tue, 2 Jun 2026 18:02:02 GMT   (12kb)\n\nTitle: {title}\n"
    return f"{head}Authors: {', '.join(names)}\nCategories: cs.AI\n\\\\\n{RULE}\n"


def tags(name: str, *texts: str) -> str:
    return "".join(f"<{name}>{escape(text)}</{name}>" for text in texts)


def atom(title: str, names: list[str]) -> str:
    entry = tags("id", "http://arxiv.org/abs/2606.90001v1") + tags("title", title) + tags("summary", ABSTRACT)
    authors = "".join(f"<author>{tags('name', name)}</author>" for name in names)
    head = tags("id", "https://arxiv.org/api/x")
    return f"<feed xmlns='http://www.w3.org/2005/Atom'>{head}<entry>{entry}{authors}</entry></feed>"


def announcements(title: str, names: list[str]) -> str:
    entry = tags("id", "oai:arXiv.org:2606.90001v1") + tags("title", title) + tags("dc:creator", ", ".join(names))
    entry += tags("summary", f"arXiv:2606.90001v1 Announce Type: new \nAbstract: {ABSTRACT}")
    head = tags("id", "http://rss.arxiv.org/atom/cs.AI")
    return f"<feed xmlns='http://www.w3.org/2005/Atom' {DC}>{head}<entry>{entry}</entry></feed>"


def oai(title: str, names: list[str]) -> str:
    authors = "".join(f"<author>{tags('keyname', name)}</author>" for name in names)
    inside = tags("id", "2606.90001") + tags("title", title) + tags("abstract", ABSTRACT)
    metadata = f"<arXiv xmlns='http://arxiv.org/OAI/arXiv/'>{inside}<authors>{authors}</authors></arXiv>"
    return oai_record(metadata)


def oai_dc(title: str, names: list[str]) -> str:
    inside = tags("dc:title", title) + tags("dc:creator", *names) + tags("dc:description", ABSTRACT)
    return oai_record(f"<oai_dc:dc xmlns:oai_dc='x' {DC}>{inside}</oai_dc:dc>")


def oai_record(metadata: str) -> str:
    header = tags("identifier", "oai:arXiv.org:2606.90001")
    return f"<record><header>{header}</header><metadata>{metadata}</metadata></record>"


def biorxiv(title: str, names: list[str]) -> str:
    item = tags("title", title) + tags("description", ABSTRACT) + tags("dc:creator", *names)
    channel = f"<channel>{tags('link', 'http://biorxiv.org')}</channel>"
    return f"<rdf:RDF xmlns:rdf='x' xmlns='http://purl.org/rss/1.0/' {DC}>{channel}<item>{item}</item></rdf:RDF>"


def feed(title: str, names: list[str]) -> str:
    markup = f"<p>{html.escape(ABSTRACT, quote=False)}</p>"
    item = tags("title", title) + tags("description", markup) + tags("dc:creator", *names)
    return f"<rss version='2.0' {DC}><channel>{tags('link', 'https://example.org')}<item>{item}</item></channel></rss>"


def json_feed(title: str, names: list[str]) -> str:
    item = {"id": "1", "title": title, "content_text": ABSTRACT, "authors": [{"name": name} for name in names]}
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [item]})


def snapshot(title: str, names: list[str]) -> str:
    parts = [[name, "", ""] for name in names]
    return json.dumps(
        {"id": "2606.90001", "title": title, "abstract": f"  {ABSTRACT}\n", "authors_parsed": parts, "versions": []}
    )


def arxiv_jsonl(title: str, names: list[str]) -> str:
    return json.dumps({"id": "2606.90001", "abs": "x", "title": title, "summary": ABSTRACT, "authors": names})


def own(title: str, names: list[str]) -> str:
    return json.dumps({"title": title, "abstract": ABSTRACT, "authors": names})


def record(title: str, names: list[str]) -> dict[str, object]:
    authors = [{"name": name, "hidden": False} for name in names]
    return {"paper": {"id": "2606.90001", "title": title, "summary": ABSTRACT, "authors": authors}, "title": title}


def hf_json(title: str, names: list[str]) -> str:
    return json.dumps([record(title, names)])


def hf_repr(title: str, names: list[str]) -> str:
    return json.dumps([repr(record(title, names))])


def hf_html(title: str, names: list[str]) -> str:
    props = json.dumps({"dailyPapers": [record(title, names)], "date": "2026-06-01"})
    return (
        f'<html><div class="SVELTE_HYDRATER contents" data-props={quoteattr(props, {chr(34): "&quot;"})}></div></html>'
    )


def hf_rss(title: str, names: list[str]) -> str:
    inside = f"<p><b>Authors:</b> {', '.join(names)}</p><p><b>Upvotes:</b> 3</p><p><b>Summary:</b> {ABSTRACT}</p>"
    item = f"<item><title>{escape(title)}</title><description>{escape(inside)}</description></item>"
    return f"<rss><channel><link>https://huggingface.co/papers</link>{item}</channel></rss>"


def hf_scrape_a(title: str, names: list[str]) -> str:
    long = f"{ABSTRACT} {'More of it is invented. ' * 40}".strip()
    details = {"title": title, "abstract": long}
    return json.dumps([{"title": title, "paper_url": "x", "stars": "0", "authors": names, "details": details}])


def hf_scrape_b(title: str, names: list[str]) -> str:
    return json.dumps({"date": "2026-06-01", "papers": [{"title": title, "abstract": ABSTRACT, "authors": names}]})


BANNER = "Get trending papers in your email inbox!\n\n"


def hf_text(title: str, names: list[str]) -> str:
    return f"{BANNER}Subscribe\n\n{title}\n\n{ABSTRACT}\n\n  • {len(names)} authors\n·\nJun 1\n"


def hf_marked(title: str, names: list[str]) -> str:
    address = "https://huggingface.co/papers/2606.90001"
    block = f"[- {len(names)} authors]({address})\n\n·\n\nJun 1\n"
    return f"{BANNER}### [{title}]({address})\n\n[{ABSTRACT}]({address})\n\n{block}"


Writer = Callable[[str, list[str]], str]
FORMS: dict[Writer, str] = {
    mail: "arxiv-mail",
    months: "arxiv-months",
    atom: "arxiv-atom",
    announcements: "arxiv-feed",
    oai: "arxiv-oai",
    oai_dc: "arxiv-oai",
    biorxiv: "biorxiv",
    feed: "feed",
    json_feed: "json-feed",
    snapshot: "arxiv-snapshot",
    arxiv_jsonl: "arxiv-jsonl",
    own: "own-jsonl",
    hf_json: "hf-json",
    hf_repr: "hf-json",
    hf_html: "hf-html",
    hf_rss: "hf-rss",
    hf_scrape_a: "hf-scrape-a",
    hf_scrape_b: "hf-scrape-b",
    hf_text: "hf-text",
    hf_marked: "hf-text",
}
NAMELESS = {hf_text, hf_marked}  # tell the number of authors alone
RUN_TOGETHER = [mail, months, announcements]
each_form = pytest.mark.parametrize("write", FORMS, ids=lambda write: write.__name__)


def facts(write: Writer, title: str = "A Title", names: list[str] | None = None) -> Facts:
    listing = read_listing(dump_of("a dump", write(title, names or ["Ines Fukuda-Roth"]).encode()), now=NOW)
    assert listing.format == FORMS[write]
    assert (len(listing.entries), listing.rejected) == (1, ())
    return listing.entries[0].facts


def test_every_format_is_here() -> None:
    assert {form.name for form in FORMATS} == set(FORMS.values())


@each_form
@pytest.mark.parametrize(
    ("written", "title"),
    [
        (r"$\textit{SKIntern}$: Maps", "SKIntern: Maps"),
        ("G$^2$RPO-A: Maps", "G²RPO-A: Maps"),
        ("MedS$^3$: Maps", "MedS³: Maps"),
        ("LLaVA-$φ$: Maps", "LLaVA-φ: Maps"),
        (r"Mi{\l}osz's \"Uber-Maps & <Moss>", "Miłosz's Über-Maps & <Moss>"),
    ],
)
def test_titles_with_latex(write: Writer, written: str, title: str) -> None:
    told = facts(write, written)
    assert (told.title, told.latex_title) == (title, written)


@each_form
def test_a_title_without_latex_stands_alone(write: Writer) -> None:
    told = facts(write, "This&That: <10B Models for $3 and $4")
    assert (told.title, told.latex_title) == ("This&That: <10B Models for $3 and $4", None)


@each_form
def test_abstracts_with_latex(write: Writer) -> None:
    told = facts(write)
    if write is months:
        assert (told.abstract, told.latex_abstract) == ("", None)
    else:
        assert told.abstract.startswith(PLAIN_ABSTRACT)
        assert told.latex_abstract is not None
        assert told.latex_abstract.startswith(ABSTRACT)


def authors(write: Writer, names: list[str]) -> tuple[tuple[str, ...], int | None]:
    told = facts(write, names=names)
    return told.authors, told.author_count


@each_form
def test_six_hundred_and_sixty_four_authors(write: Writer) -> None:
    names = [f"Ines Fern Nr{number}" for number in range(664)]
    found, count = authors(write, names)
    assert found == (() if write in NAMELESS else tuple(names))
    assert count == (None if write in (hf_scrape_a, hf_scrape_b) else 664)


@pytest.mark.parametrize("write", [form for form in FORMS if form not in NAMELESS], ids=lambda write: write.__name__)
def test_the_same_author_twice_and_a_team(write: Writer) -> None:
    found, _ = authors(write, ["Ines Fukuda-Roth", "Kite Team", "Per Lindahl", "Ines Fukuda-Roth"])
    assert found == ("Ines Fukuda-Roth", "Kite Team", "Per Lindahl")


@pytest.mark.parametrize("write", [form for form in FORMS if form not in NAMELESS], ids=lambda write: write.__name__)
def test_names_with_latex(write: Writer) -> None:
    found, _ = authors(write, [r"Mi{\l}osz \'Swierk", r"Sa\v{s}a D\'{\i}az", 'Na\\"\\i f Gau{\\ss}'])
    assert found == ("Miłosz Świerk", "Saša Díaz", "Naïf Gauß")


@pytest.mark.parametrize("write", RUN_TOGETHER, ids=lambda write: write.__name__)
@pytest.mark.parametrize(
    "written",
    [
        "A. One and B. Two",
        "A. One (1 and 2), and B. Two (2) ((1) Here, There, (2) Nowhere)",
        "A. One (Here),\n  B. Two (There and Nowhere)",
        "A. One, B. Two,",
    ],
)
def test_and_and_affiliations(write: Writer, written: str) -> None:
    assert authors(write, [written]) == (("A. One", "B. Two"), 2)


@pytest.mark.parametrize("write", [oai_dc, biorxiv, feed], ids=lambda write: write.__name__)
def test_surname_first(write: Writer) -> None:
    assert authors(write, ["One, A. B.", "van Two, Bo", "Kite Collaboration"])[0] == (
        "A. B. One",
        "Bo van Two",
        "Kite Collaboration",
    )


def test_many_papers_words_are_those_of_each_alone() -> None:
    rows = [
        ("Kites", "They fly.", "12 pages", "Kites 3"),
        ("Kites$^2$\n  again", "This paper has been withdrawn by its authors.", None, ""),
        ("Ropes", "As $x^2$ shows.", "Withdrawn.", None),
    ]
    alone = [told.words(one, abstract=two, comment=three, journal_ref=four) for one, two, three, four in rows]
    assert [one["withdrawn"] for one in alone] == [None, True, True]
    together = told.each(*zip(*rows, strict=True))
    assert [dict(zip(together, row, strict=True)) for row in zip(*together.values(), strict=True)] == alone
