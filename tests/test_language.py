"""Languages: whole catalogues, the same values in every one, and what mails, pages and feeds say in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from editions import LINKS, SITE, TEMPLATES, edition, item, paper, sectioned_edition
from lxml import html as lxml_html

from digest.errors import RenderError
from digest.model import (
    DARK,
    LIGHT,
    Cadence,
    Edition,
    Item,
    Links,
    Logo,
    Look,
    Muted,
    Reason,
    RibbonDay,
    Section,
    SectionKind,
    Subscription,
    Texts,
    Verdict,
    VerdictKind,
    worded,
)
from digest.render import Renderer, language, languages, late_line, place_line, views, why_line
from digest.render.language import CATALOGUES
from digest.render.language import language as in_language

PACKAGE = Path(language.__file__ or "").parents[1]
KEYWORDS = {"gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "worded": None}
PLACES = re.compile(r"%\((\w+)\)s|\{\}")
OTHERS = [tag for tag in languages() if tag != "en"]


@cache
def renderer() -> Renderer:
    return Renderer([TEMPLATES], SITE)


def in_german(one: Edition) -> Edition:
    return replace(one, subscription=replace(one.subscription, language="de"))


# --- catalogues ------------------------------------------------------------------------------------------------


def wanted() -> Iterator[tuple[str | None, tuple[str, ...]]]:
    """Every message of the program with its context, as `make messages` finds them."""
    for _, _, message, _, context in extract_from_dir(PACKAGE, [("**.py", "python")], keywords=KEYWORDS):
        yield context, (message,) if isinstance(message, str) else tuple(message)


def catalogue(tag: str) -> Catalog:
    with (CATALOGUES / f"{tag}.po").open("rb") as file:
        return read_po(file, locale=tag)


@pytest.mark.parametrize("tag", OTHERS)
def test_a_catalogue_is_whole_and_has_nothing_else(tag: str) -> None:
    there = {(one.context, one.id if isinstance(one.id, tuple) else (one.id,)): one for one in catalogue(tag) if one.id}
    assert set(there) == set(wanted()), "run `make messages` and translate what is new"
    assert not catalogue(tag).obsolete
    for (_, message), one in there.items():
        said = one.string if isinstance(one.string, tuple) else (one.string,)
        assert all(said) and not one.fuzzy, f"{message} is not translated"
        for words in said:
            known = set(PLACES.findall(" ".join(message))) | ({"place"} if "nth" in str(message) else set())
            assert set(PLACES.findall(words)) <= known, words
            assert words.count("{}") == message[0].count("{}"), words
            assert "%" not in PLACES.sub("", words)


def test_an_unknown_language_is_told_with_those_there_are() -> None:
    with pytest.raises(RenderError, match=r"no language 'xx'; there are: en, de"):
        in_language("xx")


# --- words -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "long", "short", "number", "some", "one"),
    [
        ("en", "Thursday, 29 February 2024", "29 Feb", "1,204", "a, b and c", "1 vote"),
        ("de", "Donnerstag, 29. Februar 2024", "29. Feb.", "1.204", "a, b und c", "1 Stimme"),
    ],
)
def test_dates_numbers_lists_and_plurals(tag: str, long: str, short: str, number: str, some: str, one: str) -> None:
    words, day = in_language(tag), date(2024, 2, 29)
    assert (words.long_date(day), words.short_date(day)) == (long, short)
    assert words.number(1204) == number
    assert (words.listed(["a", "b", "c"]), words.listed(["a"]), words.listed([])) == (some, "a", "")
    assert words.ngettext("%(count)s vote", "%(count)s votes", 1) == one


@pytest.mark.parametrize(
    ("reasons", "english", "german"),
    [
        ([("votes", ())], "", ""),
        (
            [("votes", worded("{} votes where {} are usual", "11", "6"))],
            "More votes than usual",
            "Mehr Stimmen als üblich",
        ),
        (
            [("votes", worded("{} votes where {} are usual", "12", "6"))],
            "Twice the usual votes",
            "Doppelt so viele Stimmen wie üblich",
        ),
        (
            [("risen", worded("{} votes more since it was shown on {}", "1204", "2026-06-01"))],
            "1,204 votes more since it was shown on 1 June",
            "1.204 Stimmen mehr, seit es am 1. Juni gezeigt wurde",
        ),
        (
            [("risen", worded("{} votes more since it was first listed", "56"))],
            "Rising since it was first listed",
            "Seit dem ersten Erscheinen im Aufstieg",
        ),
        (
            [
                ("author", worded("by {}", "Ada")),
                ("rise", ()),
                ("votes", worded("{} votes where {} are usual", "1204", "6")),
            ],
            "By Ada · 200 times the usual votes · trending by a quick rise",
            "Von Ada · 200-mal so viele Stimmen wie üblich · im Trend durch raschen Anstieg",
        ),
        ([("word", worded("“{}” in the title", "100 {}%"))], "“100 {}%” in the title", "„100 {}%“ im Titel"),
    ],
)
def test_why_lines(reasons: list[tuple[str, tuple[str, ...]]], english: str, german: str) -> None:
    told = [Reason.of(kind, 5, said or ("",)) for kind, said in reasons]
    assert (why_line(told, "en"), why_line(told, "de")) == (english, german)


def test_reasons_of_editions_stored_before_keep_their_words() -> None:
    assert why_line([Reason(kind="word", label="“a” in the title", points=5)], "de") == "“a” in the title"


def test_a_feeds_line_without_reasons_tells_the_place() -> None:
    assert place_line(2, date(2026, 6, 2), "en") == "No. 2 of 2026-06-02"
    assert place_line(2, date(2026, 6, 2), "de") == "Nr. 2 vom 2026-06-02"


# --- surfaces --------------------------------------------------------------------------------------------------


def test_a_german_mail_is_german_to_the_last_word() -> None:
    one = in_german(sectioned_edition())
    plain = (replace(each, why="", paper=replace(each.paper, abstract="")) for each in one.items)
    one = replace(one, items=tuple(plain), description="")
    rendered, page = renderer().render(one, LINKS), renderer().page(one, LINKS)
    for html in (rendered.html, page):
        tree = lxml_html.document_fromstring(html)
        assert {element.get("lang") for element in tree.xpath("//*[@lang]")} == {"de"}
        text = " ".join(tree.text_content().split())
        for words in ("Freitag, 21. November 2025", "9 neue Paper von Hugging Face, davon 5 in dieser", "147 Stimmen",
                      "1.240 Sterne", "Was alle lesen · 1 von 5", "13 Punkte fehlten für „Small models“",
                      "Zusammenfassung"):  # fmt: skip
            assert words in text
    assert rendered.subject == "Pocket Reasoners: Teaching 2B… und 5 weitere · 21. Nov."
    for surface in (rendered.html, rendered.text):
        assert (
            "Stummgeschaltetes Wort „survey“ und stummgeschaltetes Wort „moss“; sonst Platz 3 in „Small models“"
            in " ".join(surface.split())
        )
        assert "weil ada.reader@example.net „Small models“ abonniert hat." in " ".join(surface.split())
        english = r"\b(votes?|papers? (from|of)|Unsubscribe|why|points?|comments?|Feb|Abstract|more)\b"
        assert not re.search(english, re.sub(r"<style.*?</style>|<[^>]*>", " ", surface, flags=re.S), re.I)


def test_languages_do_not_mix_in_what_is_kept() -> None:
    one, warm = sectioned_edition(), Renderer([TEMPLATES], SITE)
    for each in (one, in_german(one), one):
        assert warm.render(each, LINKS) == Renderer([TEMPLATES], SITE).render(each, LINKS)


def test_the_days_that_an_edition_makes_up_for_are_german() -> None:
    days = (
        RibbonDay(date=date(2025, 11, 18), new=1204, title="A title"),
        *(RibbonDay(date=date(2025, 11, number), new=0) for number in (19, 20, 21)),
    )
    one = in_german(edition(ribbon=days, cut=date(2025, 10, 18)))
    page = " ".join(lxml_html.document_fromstring(renderer().page(one, LINKS)).text_content().split())
    for surface in (renderer().render(one, LINKS).text, page):
        assert "Was seit der letzten Ausgabe erschien, Tag für Tag:" in surface
        assert "Ältere Paper als vom 18. Okt. fehlen." in surface
        assert "Di. 18. Nov." in surface and "1.204 neue Paper, zuvorderst „A title“" in surface
        assert "Mi. 19. – Fr. 21. Nov." in surface and "nichts Neues" in surface


def test_the_sources_days_are_told_in_german() -> None:
    day = date(2025, 11, 21)
    said = (worded("{} papers", "1204"), worded("only {}"), worded("Fridays have about {}", "4900"))
    rested = (
        worded("{} lists no new papers on weekends", "arXiv"),
        worded("{} papers", "20"),
        worded("{} all the same"),
    )
    verdicts = (
        Verdict.of("", day, VerdictKind.QUIET, (worded("no new paper came in"),)),
        Verdict.of("hf-daily", day, VerdictKind.PARTIAL, said),
        Verdict.of("arxiv", day, VerdictKind.WEEKEND, rested),
        Verdict(source="lab", date=day, kind=VerdictKind.BROKEN, evidence="not valid JSON."),
    )
    assert verdicts[1].evidence == "only 1,204 papers; Fridays have about 4,900"
    one = edition(items=(), fresh=0, held_back=0, muted=0, verdicts=verdicts)
    for each in (one, in_german(one)):
        told = renderer().render(each, LINKS)
        page, text = renderer().page(each, LINKS).replace("\u00a0", " "), " ".join(told.text.split())
        for line in SAID[each.subscription.language]:
            assert line in text and line in page
    assert told.subject == "Keine Paper: Small models · 21. Nov."
    assert "Keine neuen Paper. Es kam kein neues Paper." in text


SAID = {
    "en": (
        "No new paper came in. Hugging Face’s list of 21 November may lack papers: only 1,204 papers; Fridays have "
        "about 4,900.",
        "arxiv’s list of 21 November falls on a weekend: arXiv lists no new papers on weekends; 20 papers all the "
        "same.",
        "lab’s list of 21 November could not be used: not valid JSON.",
    ),
    "de": (
        "Die Liste von Hugging Face vom 21. November ist vielleicht nicht vollständig: nur 1.204 Paper; freitags sind "
        "es etwa 4.900.",
        "arxiv hat am 21. November Wochenende: arXiv listet am Wochenende keine neuen Paper; 20 Paper waren es",
        "Die Liste von lab vom 21. November war nicht zu gebrauchen: not valid JSON.",
    ),
}


@pytest.mark.parametrize("kind", VerdictKind)
def test_a_verdict_reads_in_english_as_the_operator_reads_it(kind: VerdictKind) -> None:
    one = Verdict(source="hf", date=date(2026, 6, 2), kind=kind, evidence="so it is")
    if kind not in (VerdictKind.MUTED, VerdictKind.SHOWN):
        told = edition(verdicts=(one,))
        assert one.sentence in renderer().render(told, LINKS).text
        assert f"<p>{one.sentence}</p>" in renderer().feed_edition(told).replace("\u00a0", " ")


def test_late_papers_say_so() -> None:
    day = date(2026, 6, 2)
    for tag, words in (("en", "Late from yesterday"), ("de", "Nachzügler von gestern")):
        assert why_line([], tag, late_line(date(2026, 6, 1), day, tag)) == words
    assert late_line(date(2026, 5, 29), day, "de") == "Nachzügler vom 29. Mai"


@pytest.mark.parametrize("cadence", Cadence)
def test_every_cadence_is_told_in_words(cadence: Cadence) -> None:
    reader = Subscription(id="a", profile="p", address="a@example.org", cadence=cadence)
    assert "is subscribed to" in " ".join(renderer().render(edition(subscription=reader), LINKS).text.split())


def test_feed_entries_and_the_feeds_own_words() -> None:
    many = paper(2, authors=tuple("ABCDEF"))
    assert "A, B, C + 3 weitere" in renderer().feed_entry(many, "", "de")
    css = renderer().feed_css()
    assert 'content: "This is a feed.' in css and 'feed:lang(de)::before { content: "Dies ist ein Feed.' in css


# --- rank and its change ---------------------------------------------------------------------------------------


def place_of(one: Item, *others: Item) -> views.Place:
    return views.places(edition(one, *others), SITE)[0]


@pytest.mark.parametrize(
    ("rank", "before", "change", "moved"),
    [
        (2, 5, "▲3", "up 3 places"), (2, 3, "▲1", "up 1 place"), (4, 2, "▼2", "down 2 places"),
        (2, 2, "=", "same place as before"), (2, None, "", ""),
    ],
)  # fmt: skip
def test_the_change_of_a_rank(rank: int, before: int | None, change: str, moved: str) -> None:
    *_, found = views.places(edition(*(item(n, before=n) for n in range(1, rank)), item(before=before)), SITE)
    assert (found["change"], found["moved"]) == (change, moved)


def test_new_papers_are_marked_where_there_are_others() -> None:
    assert place_of(item(0), item(1))["change"] == ""
    assert place_of(item(0), item(1, fresh=False))["change"] == "new"
    assert place_of(item(1, fresh=False), item(0))["change"] == ""


def test_a_late_riser_tells_where_it_stood_and_no_change() -> None:
    found = place_of(item(0, before=3, section=Section(kind=SectionKind.RISEN), why="5 votes more"))
    assert (found["change"], found["why"]) == ("", "5\u00a0votes more\u00a0· no.\u00a03\u00a0then")


def test_a_change_is_heard_and_in_the_text() -> None:
    rendered = renderer().render(edition(item(1, before=4), item(2, before=1)), LINKS)
    marks = lxml_html.document_fromstring(rendered.html).xpath("//span[@role='img']")
    assert [(mark.text, mark.get("aria-label")) for mark in marks] == [("▲3", "up 3 places"), ("▼1", "down 1 place")]
    assert "\nup 3 places · 64 votes" in rendered.text


# --- the publisher's own words -----------------------------------------------------------------------------------


def test_the_publishers_texts_stand_in_their_language_only() -> None:
    texts = Texts(language="de", masthead="Aus dem Labor", footer="Bis <morgen>", trending="Für alle", risen="Später")
    own = Renderer([TEMPLATES], replace(SITE, look=Look(texts=(texts,))))
    german, english = own.render(in_german(sectioned_edition()), LINKS), own.render(sectioned_edition(), LINKS)
    for words in ("Aus dem Labor", "Für alle", "Später"):
        assert words in german.html and words not in english.html
        assert words.lower() in german.text.lower()
    assert "Bis &lt;morgen&gt;" in german.html and "Trending for everyone" in english.html


def test_preferences_are_offered_where_there_are_any() -> None:
    one = replace(LINKS, preferences_url="https://digest.example.org/p/k7Q")
    assert "Change topics or times:\nhttps://digest.example.org/p/k7Q\n" in renderer().render(edition(), one).text
    assert "Change topics" not in renderer().render(edition(), LINKS).text


def test_a_rule_of_an_edition_stored_before_keeps_its_words() -> None:
    odd = edition(hidden=(Muted(paper=paper(1), rule="some other rule"),))
    assert views.hidden(in_german(odd), SITE)[0].note == "Some other rule"
    assert not views.hidden(replace(odd, subscription=Subscription(id="f", profile="slm", address=None)), SITE)


def test_every_template_is_tried_in_every_language(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    real = Renderer.render

    def noted(self: Renderer, one: Edition, links: Links) -> object:
        drawn.append(one.subscription.language)
        return real(self, one, links)

    monkeypatch.setattr(Renderer, "render", noted)
    renderer().check()
    assert set(drawn) == set(languages())


def test_a_logo_stands_in_place_of_the_name_and_reads_without_pictures() -> None:
    logo = Logo(url="https://example.org/l.png?a=1&b=2", alt="The <Reading> Group", width=180, height=40)
    own = Renderer([TEMPLATES], replace(SITE, look=Look(logo=logo)))
    for html in (own.render(edition(), LINKS).html, own.page(edition(), LINKS)):
        (picture,) = lxml_html.document_fromstring(html).xpath("//img")
        assert (picture.get("src"), picture.get("alt")) == (logo.url, logo.alt)
        assert (picture.get("width"), picture.get("height")) == ("180", "40")
    assert "<img" not in renderer().render(edition(), LINKS).html
    assert own.render(edition(), LINKS).text == renderer().render(edition(), LINKS).text


def test_other_colours_are_taken_in_both_schemes() -> None:
    light, dark = replace(LIGHT, sheet="#f0f4f8", ink="#102030"), replace(DARK, sheet="#182430", accent="#70c0ff")
    html = Renderer([TEMPLATES], replace(SITE, look=Look(light=light, dark=dark))).render(edition(), LINKS).html
    assert "background-color:#f0f4f8" in html and "#fffdf9" not in html
    kept = html.split("prefers-color-scheme: dark")[1]
    assert "#182430" in kept and kept.count("#70c0ff") >= 2
