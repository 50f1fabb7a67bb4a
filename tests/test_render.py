from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import date
from functools import cache
from html import unescape
from pathlib import Path
from random import Random
from typing import cast

import pytest
from editions import (
    BARE_SITE,
    LINKS,
    SITE,
    TEMPLATES,
    bare_paper,
    edition,
    hostile_edition,
    item,
    paper,
    sectioned_edition,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from digest.errors import RenderError
from digest.model import (
    Cadence,
    Edition,
    Item,
    Links,
    Reason,
    RibbonDay,
    Section,
    SectionKind,
    Subscription,
    Verdict,
    VerdictKind,
)
from digest.render import MAIL_LIMIT, Renderer, cards, premail, views
from digest.render import renderer as renderer_module
from digest.render.colour import contrast
from digest.render.wording import clip, opening
from digest.text import clean

LONG = "A sentence of middling length that says one thing about a model and nothing else. " * 25


@cache
def renderer() -> Renderer:
    """One for all tests, as in real life: what it keeps must never show in another mail."""
    return Renderer([TEMPLATES], SITE)


def parsed(html: str) -> lxml_html.HtmlElement:
    return lxml_html.document_fromstring(html)


def words(element: lxml_html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


# --- the mail -------------------------------------------------------------------------------------------

NOTHING_KNOWN = item(paper=bare_paper(), why="", votes=None, comments=None, rise=0)
EDITIONS = {
    "plain": (edition(), LINKS, SITE),
    "hostile": (hostile_edition(), LINKS, SITE),
    "sections": (sectioned_edition(), LINKS, SITE),
    "sparse": (
        edition(NOTHING_KNOWN, description="", fresh=1, held_back=0, muted=0, sources=()),
        Links(),
        BARE_SITE,
    ),
}


@pytest.mark.parametrize("name", EDITIONS)
def test_golden_mail_and_page(name: str, golden: Callable[[str, bytes], None]) -> None:
    one, links, site = EDITIONS[name]
    fresh = Renderer([TEMPLATES], site)
    rendered = fresh.render(one, links)
    golden(f"{name}.mail.html", rendered.html.encode())
    golden(f"{name}.mail.txt", rendered.text.encode())
    golden(f"{name}.page.html", fresh.page(one, links).encode())


def test_golden_feed_entry(golden: Callable[[str, bytes], None]) -> None:
    entries = [renderer().feed_entry(one.paper, one.why) for one in (*edition().items, *hostile_edition().items)]
    golden("feed_entries.html", "\n\n".join(entries).encode() + b"\n")


@pytest.mark.parametrize("name", EDITIONS)
def test_structure(name: str) -> None:
    one, links, site = EDITIONS[name]
    html = Renderer([TEMPLATES], site).render(one, links).html
    tree = parsed(html)
    assert html.startswith("<!DOCTYPE html>")
    assert len(tree.findall(".//h1")) == 1
    assert len(tree.findall(".//h2")) == len(one.items)
    assert all(table.get("role") == "presentation" for table in tree.iter("table"))
    assert {(e.get("lang"), e.get("dir")) for e in (tree, tree.find(".//*[@role='article']"))} == {("en", "ltr")}
    assert not tree.xpath("//img | //script | //form | //iframe | //link | //input | //svg")
    assert not re.search(r"#fff\b|#ffffff|#000\b|#000000", html, re.I)
    assert not re.search(r"\n[ \t]|[ \t]\n|  |\n\n", html)
    styles = "".join(tree.xpath("//style/text()"))
    assert len(styles.encode()) < 16_000
    assert "/*" not in styles
    assert "[data-ogsc] .title" in styles
    assert " !important" in styles
    assert not re.search(r"\S!important", styles)
    assert all(float(size) >= 14 for size in re.findall(r"font-size: ?([\d.]+)px", html))


@pytest.mark.parametrize("name", EDITIONS)
def test_every_link_is_safe_and_names_its_paper(name: str) -> None:
    one, links, site = EDITIONS[name]
    fresh = Renderer([TEMPLATES], site)
    for html in (fresh.render(one, links).html, fresh.page(one, links)):
        anchors = parsed(html).findall(".//a")
        assert all(re.match(r"https?://|mailto:", anchor.get("href")) for anchor in anchors)
        assert all(anchor.text_content().strip() for anchor in anchors)
        names = [anchor.get("aria-label") or words(anchor) for anchor in anchors]
        short = {"PDF", "Abstract", "Discussion", "Code", "Project page"}
        assert not short & set(names)


@pytest.mark.parametrize("name", EDITIONS)
def test_same_papers_in_the_same_order_in_html_text_and_page(name: str) -> None:
    one, links, site = EDITIONS[name]
    fresh = Renderer([TEMPLATES], site)
    rendered = fresh.render(one, links)
    titles = [clip(clean(each.paper.title), 300) for each in one.items]
    assert [words(h2) for h2 in parsed(rendered.html).iter("h2")] == titles
    assert [words(h2) for h2 in parsed(fresh.page(one, links)).iter("h2")] == titles
    flat = " ".join(rendered.text.split())
    places = [flat.find(f"{rank}. {title}") for rank, title in enumerate(titles, start=1)]
    assert places == sorted(places)
    assert -1 not in places
    urls = [line for line in rendered.text.split("\n") if line.startswith("http")]
    assert [url for url in urls if url in {each.paper.url for each in one.items}]


def test_a_heading_stands_where_a_section_begins_on_every_surface() -> None:
    one = sectioned_edition()
    rendered, page = renderer().render(one, LINKS), renderer().page(one, LINKS)
    headings = {
        1: "Small models · 2 of 5", 3: "Attention, and what can be done without it · 1 of 5",
        4: "Trending for everyone · 1 of 5", 5: "Further afield, outside these topics · 1 of 5", 6: "Late risers",
    }  # fmt: skip
    for tree in (parsed(rendered.html), parsed(page)):
        assert {heading.get("role") for heading in tree.iterfind(".//p[@class='section']")} == {"heading"}
        found: dict[int, str] = {}
        for heading in tree.iterfind(".//p[@class='section']"):
            found[int(words(heading.getnext().find(".//td[@class='rank']")))] = words(heading)
        assert found == headings
    for rank, heading in headings.items():
        assert f"\n{heading.upper()}\n\n{rank}. " in rendered.text


def test_a_single_section_has_no_heading() -> None:
    whole = Section(kind=SectionKind.TRENDING)
    one = edition(item(0, section=whole), item(1, section=whole))
    plain = edition(item(0), item(1))
    assert renderer().render(one, LINKS) == renderer().render(plain, LINKS)
    assert renderer().page(one, LINKS) == renderer().page(plain, LINKS)


def test_the_profiles_own_order_has_none_above_other_sections() -> None:
    html = renderer().render(edition(item(0), item(1, section=Section(kind=SectionKind.RISEN))), LINKS).html
    assert [words(heading) for heading in parsed(html).iterfind(".//p[@class='section']")] == ["Late risers"]


def test_one_that_just_missed_by_nothing_is_level() -> None:
    one = sectioned_edition()
    text = renderer().render(replace(one, missed=(replace(one.missed[0], short=0), *one.missed[1:])), LINKS).text
    told = " ".join(text.split())  # the note does not break
    assert " Level with the last one of “Small models” " in told and " 0 points" not in told


def test_papers_that_are_only_named_are_linked_with_what_kept_them_out() -> None:
    rendered, page = renderer().render(sectioned_edition(), LINKS), renderer().page(sectioned_edition(), LINKS)
    for tree in (parsed(rendered.html), parsed(page)):
        lines = [words(line) for line in tree.find(".//div[@class='ledger']").iter("p")]
        assert lines[0] == "4 new papers did not fit; just missed:"
        assert lines[2] == "Quiet Attention (7)13 points short of “Small models”"
        assert lines[4] == "8 papers hidden by this profile’s rules:"
        assert (
            lines[5]
            == "Gradient Gardening (9)Muted word “survey” and muted word “moss”, otherwise third in “Small models”"
        )
        assert lines[6].endswith(", otherwise no. 12 in “Trending for everyone”")
        assert lines[7].endswith("(11)Muted category cs.CV") and lines[8] == "and 5 more"
        links = [link.get("href") for link in tree.iterfind(".//p[@class='mention']/a")]
        assert links[0] == "https://arxiv.org/abs/2511.00006"
    line = "Quiet Attention (7)\n13 points short of “Small models”"
    assert f"\n{line}\nhttps://arxiv.org/abs/2511.00007\n" in rendered.text
    assert "\n\nand 5 more\n\n" in rendered.text


def test_of_a_list_without_sections_no_section_is_named() -> None:
    one, plain = sectioned_edition(), Section()
    missed, hidden = replace(one.missed[2], section=plain), replace(one.hidden[0], section=plain)
    told = " ".join(renderer().render(replace(one, missed=(missed,), hidden=(hidden,), muted=1), LINKS).text.split())
    assert " 25 points short https:" in told
    assert "“moss”, otherwise third https://arxiv.org/abs/2511.00009 You receive" in told, "and none are more"


def test_a_public_page_does_not_name_what_is_muted() -> None:
    public = replace(sectioned_edition(), subscription=Subscription(id="f", profile="slm", address=None))
    page = renderer().page(public, LINKS)
    assert "8\u00a0papers hidden by this profile’s rules" in page and "muted" not in page and ">and " not in page
    assert "13\u00a0points short" in page


def test_late_risers_are_not_counted_among_the_days_papers() -> None:
    one = edition(item(0), item(1, section=Section(kind=SectionKind.RISEN)), fresh=1, held_back=0, muted=0)
    assert (
        words(parsed(renderer().render(one, LINKS).html).find(".//p[@class='found']"))
        == "1 new paper from Hugging Face."
    )


def test_missing_parts_leave_no_holes() -> None:
    one, links, site = EDITIONS["sparse"]
    rendered = Renderer([TEMPLATES], site).render(one, links)
    card = parsed(rendered.html).find(".//table[@class='card']")
    assert [words(each) for each in card.iter("td")] == ["1", "Known by Its Title Only"]
    assert not card.xpath(".//p")
    assert not parsed(rendered.html).xpath("//p[not(normalize-space())]")
    assert "\n\n\n" not in rendered.text


def test_what_a_full_card_says() -> None:
    html = renderer().render(edition(item(0, comments=1)), LINKS).html
    card = words(parsed(html).find(".//table[@class='card']"))
    assert card.startswith("1 Pocket Reasoners: Teaching 2B Models to Think Before They Speak Mara Lindqvist")
    assert "Northlight Research 20 Nov 2025" in card
    assert "e.g. by completing a familiar pattern. We train" in card
    assert card.endswith(
        "Mentions reasoning · 24 times the usual votes 147 votes +12 since first listed 1 comment 1,240 stars "
        "Abstract PDF Discussion Code"
    )


@pytest.mark.parametrize(
    ("fresh", "held_back", "shown", "muted", "line"),
    [
        (2, 0, 2, 1, "2 new papers from Hugging Face."),
        (1, 0, 1, 1, "1 new paper from Hugging Face."),
        (9, 7, 2, 1, "9 new papers from Hugging Face; 2 of them made the list."),
        (1, 0, 3, 1, "1 new paper from Hugging Face, and 2 from earlier days: 3 in all."),
        (
            9,
            7,
            3,
            1,
            "9 new papers from Hugging Face; 2 of them made the list, with 1 from earlier days: 3 in all.",
        ),
        (2, 0, 2, 7, "2 new papers from Hugging Face. This profile’s rules hide 7 of 9, more than half."),
    ],
)
def test_the_days_line_adds_up(fresh: int, held_back: int, shown: int, muted: int, line: str) -> None:
    one = edition(*map(item, range(shown)), fresh=fresh, held_back=held_back, muted=muted)
    rendered = renderer().render(one, LINKS)
    assert words(parsed(rendered.html).find(".//p[@class='found']")) == line
    assert line in " ".join(rendered.text.split())
    assert words(parsed(renderer().page(one, LINKS)).find(".//p[@class='found']")) == line


def test_footer_says_why_and_offers_the_way_out() -> None:
    weekly = Subscription(id="s", profile="slm", address="<r&d>@example.net", cadence=Cadence.WEEKLY)
    rendered = renderer().render(edition(subscription=weekly), LINKS)
    footer = parsed(rendered.html).find(".//table[@class='footer']")
    assert "once a week, because <r&d>@example.net is subscribed to “Small models”." in words(footer)
    ways = {words(anchor): anchor.get("href") for anchor in footer.iter("a")}
    assert ways == {
        "Unsubscribe": LINKS.unsubscribe_url,
        "View in browser": LINKS.archive_url,
        "Feed": LINKS.feed_url,
        "Help": SITE.help_url,
    }
    assert SITE.postal_address in words(footer)
    assert f"\nUnsubscribe:\n{LINKS.unsubscribe_url}\n" in rendered.text
    by_mail = renderer().render(edition(), replace(LINKS, unsubscribe_url=None)).html
    assert f'href="{LINKS.unsubscribe_mail}"' in by_mail


def test_page_says_nothing_of_its_reader() -> None:
    page = renderer().page(edition(), LINKS)
    assert "ada.reader" not in page
    assert "nsubscribe" not in page
    assert LINKS.unsubscribe_url not in page
    assert parsed(page).find(".//link[@rel='alternate']").get("href") == LINKS.feed_url
    assert parsed(page).xpath("//meta[@name='robots']/@content") == ["noindex"]
    public = edition(subscription=Subscription(id="f", profile="slm", address=None))
    assert not parsed(renderer().page(public, LINKS)).xpath("//meta[@name='robots']")


def test_text_is_safe_for_terminals_and_wrapped() -> None:
    text = renderer().render(hostile_edition(), LINKS).text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert all(len(line) <= 72 for line in text.split("\n") if " " in line)
    assert not re.search(r"[ ]\n|  |\n\n\n", text)
    assert text.endswith("\n")


# --- any text at all ------------------------------------------------------------------------------------

ANY = st.text(st.characters(), max_size=200)


@settings(deadline=None, max_examples=60)
@given(title=ANY, abstract=ANY, names=st.lists(ANY, max_size=4), why=ANY, organisation=ANY)
def test_any_text_survives(title: str, abstract: str, names: list[str], why: str, organisation: str) -> None:
    one = paper(title=title, abstract=abstract, authors=tuple(names), organisation=organisation)
    here = edition(item(paper=one, why=why), title=organisation, description=abstract)
    rendered = renderer().render(here, LINKS)
    for html in (rendered.html, renderer().page(here, LINKS)):
        tree = parsed(html)
        # str.split takes more for white space than html does
        assert words(tree.find(".//h2")) == (clean(title) or "Untitled")
        assert [words(p) for p in tree.findall(".//p[@class='why']")] == ([clean(why)] if clean(why) else [])
        shown = [words(p) for p in tree.findall(".//p[@class='abstract']")]
        assert shown == ([opening(clean(abstract), 280)] if clean(abstract) else [])
        assert clip(clean(organisation), 80) in words(tree.find(".//p[@class='by']"))
        assert words(tree.find(".//h1")) == clean(organisation)
    assert rendered.html.encode().decode() == rendered.html
    assert clean(why) in " ".join(rendered.text.split())
    entry = lxml_html.fragment_fromstring(renderer().feed_entry(one, why), create_parent="div")
    assert clean(abstract) in words(entry)


# --- size -----------------------------------------------------------------------------------------------


def test_fifty_long_abstracts_fit() -> None:
    items = [item(number, paper=paper(number, abstract=LONG)) for number in range(50)]
    rendered = renderer().render(edition(*items), LINKS)
    assert len(LONG) > 2_000
    assert 85_000 < len(rendered.html.encode()) <= MAIL_LIMIT
    assert rendered.html.count("<h2") == 50
    assert "would not fit" not in rendered.html


def test_what_does_not_fit_is_counted_and_found_elsewhere() -> None:
    named = {"missed": sectioned_edition().missed, "hidden": sectioned_edition().hidden}
    items = [item(n, paper=paper(n, title=f"{n} " + "Lengthy " * 30, abstract=LONG)) for n in range(90)]
    for n in range(1, 90):
        items[n] = replace(items[n], section=Section(kind=SectionKind.TOPIC, topic=str((n + 1) // 9)))
    rendered = renderer().render(edition(*items, **named), LINKS)
    shown = rendered.html.count("<h2")
    assert len(rendered.html.encode()) <= MAIL_LIMIT
    assert 40 < shown < 90
    assert f"{90 - shown}\u00a0more papers of this edition would not fit" in rendered.html
    assert f"{90 - shown} more papers of this edition would not fit" in " ".join(rendered.text.split())
    assert f'<a href="{LINKS.archive_url}"' in rendered.html
    assert f"\n{shown}. " in rendered.text
    assert f"\n{shown + 1}. " not in rendered.text
    assert renderer().page(edition(*items), LINKS).count("<h2") == 90


# --- cost and repetition --------------------------------------------------------------------------------


def test_inlining_is_paid_once_for_all_recipients(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    real = premail.Inliner

    def counted(**options: object) -> object:
        runs.append(options)
        return real(**options)

    monkeypatch.setattr(premail, "Inliner", counted)
    fresh = Renderer([TEMPLATES], SITE)
    papers = [paper(number) for number in range(6)]
    seen = set()
    for reader in range(20):
        order = papers[reader % 6 :] + papers[: reader % 6]
        items = [item(0, paper=one, why=f"Because {reader}") for one in order]
        one = edition(*items, subscription=Subscription(id=f"s{reader}", profile="slm", address=f"r{reader}@x.org"))
        seen.add(fresh.render(one, replace(LINKS, unsubscribe_url=f"https://x.org/{reader}")).html)
    assert len(runs) == 6 + 1
    assert len(seen) == 20


def test_what_is_kept_does_not_show_in_another_mail() -> None:
    one, other, old, known = (
        item(0, votes=1, why="A"),
        item(0, votes=2, why=""),
        item(1, fresh=False),
        item(2, before=1),
    )
    topic = replace(item(3), section=Section(kind=SectionKind.TOPIC, topic="Kites"))
    lists = [(one,), (other,), (topic,), (one, topic), (one, other), (one, old), (old,), (other, one), (one, known)]
    warm = Renderer([TEMPLATES], SITE)
    for items in (*lists, *reversed(lists)):
        assert warm.render(edition(*items), LINKS) == Renderer([TEMPLATES], SITE).render(edition(*items), LINKS)


def test_whatever_an_edition_says_is_said_in_its_own_mail_alone() -> None:
    """Beside one that differs in a single thing, for a warm renderer as for a fresh one."""
    base, of_sections = edition(), sectioned_edition()
    given = {
        "title": "Other", "description": "Other.", "date": date(2025, 11, 23), "items": base.items[1:], "fresh": 30,
        "held_back": 0, "muted": 0, "sources": ("arxiv",), "missed": of_sections.missed, "hidden": of_sections.hidden,
        "ribbon": (RibbonDay(date=date(2025, 11, 20), new=3, title="Old"),), "cut": date(2025, 11, 1),
        "every_day": True,
        "verdicts": (Verdict(source="arxiv", date=date(2025, 11, 20), kind=VerdictKind.STALE, evidence="old"),),
    }  # fmt: skip
    quiet = {"subscription", "made_at", "strands"}  # of the first see below; a mail's words have nothing of the others
    assert given.keys() | quiet == {field.name for field in fields(Edition)}
    each = [replace(base, **{name: value}) for name, value in given.items()]
    each += [
        replace(base, subscription=replace(base.subscription, **{name: value}))
        for name, value in {"language": "de", "cadence": Cadence.WEEKLY, "address": "bo@example.net"}.items()
    ]
    warm = Renderer([TEMPLATES], SITE)
    for one in (base, *each, base):
        told = warm.render(one, LINKS)
        assert told == Renderer([TEMPLATES], SITE).render(one, LINKS)
        assert one is base or told != warm.render(base, LINKS)


@pytest.mark.parametrize("room", [6, 4_096])
def test_cards_that_are_kept_are_those_of_their_items(room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In lists that share some of their items and papers, in two languages, while others are made and forgotten."""
    monkeypatch.setattr(cards, "_KEPT", room)
    random, warm = Random(room), Renderer([TEMPLATES], SITE)
    papers, sections = [paper(0), paper(1)], [one.section for one in sectioned_edition().items[1:]]

    def any_item() -> Item:
        one = random.choice([*papers, paper(2, title=f"Of a day, {random.random()}")])
        why = random.choice(["", "A reason", f"Said once, {random.random()}", "理由" * 40])
        fresh, before = random.choice([(True, None), (False, None), (False, 1), (False, 2)])
        section = random.choice([Section(), Section(), Section(), *sections])
        votes = random.choice([3, 4])
        return item(0, paper=one, votes=votes, why=why, fresh=fresh, before=before, section=section)

    shared = [any_item() for _ in range(6)]
    for _ in range(80):
        plain = random.random() < 0.5
        items = [random.choice([*shared, any_item()]) for _ in range(random.randint(1, 5))]
        if plain:
            items = [replace(one, fresh=True, before=None, section=Section()) for one in items]
        own = Subscription(id="x", profile="slm", address="a@b.example", language=random.choice(["en", "de"]))
        one = edition(*items, subscription=own)
        assert warm.render(one, LINKS) == Renderer([TEMPLATES], SITE).render(one, LINKS)


@pytest.mark.parametrize("room", [6, 4_096])
def test_what_is_kept_is_of_nothing_that_is_gone(room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An item or a paper that is made later may have the identity of one that is forgotten."""
    monkeypatch.setattr(cards, "_KEPT", room)
    warm = Renderer([TEMPLATES], SITE)
    for number in range(60):
        work = paper(0, title=f"Kites {number // 2}")
        text = warm.render(edition(item(0, paper=work, why=f"Told {number}")), LINKS).text
        assert f"Kites {number // 2}\n" in text and f"Told {number}" in text
        text = warm.render(edition(item(0, paper=work, why=f"Told again {number}")), LINKS).text
        assert f"Kites {number // 2}\n" in text and f"Told again {number}" in text


# --- colours --------------------------------------------------------------------------------------------


def _declared(css: str) -> dict[str, str]:
    pairs = (declaration.partition(":")[::2] for declaration in css.split(";") if ":" in declaration)
    return {name.strip(): value.replace("!important", "").strip() for name, value in pairs}


def _pairs_of_colours(html: str, kept: str) -> set[tuple[str, str]]:
    """Every (text colour, background) in which words stand, `kept` rules winning over inline styles."""
    tree = parsed(html)
    styles = {element: _declared(element.get("style") or "") for element in tree.iter()}
    for selectors, declarations in re.findall(r"([^{}]+)\{([^{}]*)\}", kept):
        for selector in selectors.split(","):
            for element in tree.cssselect(selector.strip()):
                styles[element] |= _declared(declarations)
    pairs = set()
    for element in tree.find("body").iter("h1", "h2", "p", "a", "td", "b", "em", "span", "div"):
        if element.text and element.text.strip() and "display" not in styles[element]:
            line = [element, *element.iterancestors()]
            colour = next(styles[e]["color"] for e in line if "color" in styles[e])
            background = next(styles[e]["background-color"] for e in line if "background-color" in styles[e])
            pairs.add((colour, background))
    return pairs


@pytest.mark.parametrize("accent", ["#b5482f", "#1f5f8b", "#ffee00", "#101010"])
def test_words_are_readable_in_both_schemes(accent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renderer_module, "MAIL_LIMIT", 18_000)  # so that cards of all kinds and all notes are there
    html = (
        Renderer([TEMPLATES], replace(SITE, accent=accent))
        .render(edition(*map(item, range(9)), *sectioned_edition().items, missed=sectioned_edition().missed), LINKS)
        .html
    )
    assert "would not fit" in html
    css = "".join(parsed(html).xpath("//head/style/text()"))
    kept = re.search(r"@media \(prefers-color-scheme: dark\) \{(.*?\})\s*\}", css, re.S)
    assert kept
    for dark in (False, True):
        pairs = _pairs_of_colours(html, kept[1] if dark else "")
        assert len(pairs) >= 5
        assert {pair: contrast(*pair) for pair in pairs if contrast(*pair) < 4.5} == {}
        backgrounds = {background for _, background in pairs}
        assert all((contrast(background, "#000000") < 3) is dark for background in backgrounds)


# --- templates ------------------------------------------------------------------------------------------


def test_check_names_every_shipped_template() -> None:
    shipped = {path.name for path in TEMPLATES.iterdir()} - {"feed.css"}
    assert set(renderer().check()) == shipped


def test_the_operators_template_overrides_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "card.html.j2").write_text("<p><b>{{ rank }}</b> {{ card.title }} – {{ why }}</p>")
    html = Renderer([tmp_path, TEMPLATES], SITE).render(edition(item(1)), LINKS).html
    assert "<p><b>1</b> Quiet Attention – Follows Tobias Okafor</p>" in html


@pytest.mark.parametrize(
    "order", [("why", "moved", "rank", "heading", "share", "change"), tuple(views.Place.__annotations__)]
)
def test_an_operators_card_may_tell_its_words_in_any_order(tmp_path: Path, order: Sequence[str]) -> None:
    (tmp_path / "card.html.j2").write_text(f"<p>[{'|'.join(f'{{{{ {name} }}}}' for name in order)}]</p>")
    (tmp_path / "card.txt.j2").write_text(f"[{'|'.join(f'{{{{ {name} }}}}' for name in order)}]\n")
    warm, sections = Renderer([tmp_path, TEMPLATES], SITE), sectioned_edition().items
    marked = [replace(one, fresh=number % 3 > 0, before=number % 4 or None) for number, one in enumerate(sections)]
    for items in (sections, sections[1:], sections[2:], marked, [*sections[1:2], *sections[3:]], marked[:4]):
        one = edition(*items)
        told = [
            f"[{'|'.join(cast('dict[str, str]', place)[name] for name in order)}]" for place in views.places(one, SITE)
        ]
        rendered = warm.render(one, LINKS)
        assert re.findall(r"^\[.*\]$", rendered.text, re.MULTILINE) == told
        assert [unescape(card) for card in re.findall(r"<p[^>]*>(\[.*\])</p>", rendered.html)] == told


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("card.html.j2", "{% if %}", "template card.html.j2, line 1"),
        ("card.html.j2", "{{ card.nosuch }}", "template card.html.j2: .*nosuch"),
        ("mail.html.j2", "{{ nosuch }}", "template mail.html.j2: 'nosuch' is undefined"),
        ("mail.css", "{{ site.accent | readable('red') }}", "colour 'red' cannot be used"),
        ("mail.txt.j2", "{% include 'nosuch.j2' %}", "template nosuch.j2 is in none of"),
        ("card.txt.j2", "{{ rank.nosuch() }}", "template card.txt.j2"),
        ("page.html.j2", "{{ 1 / 0 }}", "template page.html.j2: division by zero"),
        ("feed_entry.html.j2", "\udcff", "template feed_entry.html.j2"),
    ],
)
def test_a_wrong_template_is_a_render_error(tmp_path: Path, name: str, content: str, says: str) -> None:
    (tmp_path / name).write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(RenderError, match=says):
        Renderer([tmp_path, TEMPLATES], SITE).check()


def test_a_missing_folder_is_a_render_error(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="is in none of"):
        Renderer([tmp_path / "nowhere"], SITE).check()


def test_an_accent_that_is_no_colour_is_a_render_error() -> None:
    with pytest.raises(RenderError, match="#rrggbb"):
        Renderer([TEMPLATES], replace(SITE, accent="red")).check()


def test_the_score_stands_behind_the_why_and_is_the_sum_of_its_reasons() -> None:
    reasons = (Reason(kind="votes", label="9 votes", points=1230), Reason(kind="age", label="2 days old", points=-30))
    trending = item(2, why="Seen by all", reasons=reasons, section=Section(kind=SectionKind.TRENDING))
    made = edition(item(0, why="Trending by votes", reasons=reasons), item(1), trending)
    rendered = renderer().render(made, LINKS)
    for surface in (rendered.html, rendered.text, renderer().page(made, LINKS)):
        plain = surface.replace("\u00a0", " ")
        assert plain.count("Trending by votes · 1,200 points") == 1
        assert plain.count(" points") == 1, "none without reasons, none where they do not order the list"


def test_the_ribbon_of_missed_days_is_told_escaped_on_every_surface() -> None:
    hostile = "<script>alert(1)</script>\r\nBcc: x@example.org \u202e" + "word " * 100
    weekend = (Verdict(source="lab", date=date(2025, 11, 2), kind=VerdictKind.WEEKEND, evidence="no list"),)
    days = (
        RibbonDay(date=date(2025, 10, 31), new=0),
        RibbonDay(date=date(2025, 11, 1), new=0),
        RibbonDay(date=date(2025, 11, 2), new=0, verdicts=weekend),
        RibbonDay(date=date(2025, 11, 19), new=1204, title=hostile, url="https://example.org/a?b&c"),
        RibbonDay(date=date(2025, 11, 20), new=0),
        RibbonDay(date=date(2025, 11, 21), new=1, title="{{ site.name }}", url="javascript:alert(1)"),
    )
    one = edition(ribbon=days, cut=date(2025, 10, 18))
    rendered, page = renderer().render(one, LINKS), renderer().page(one, LINKS)
    for text in (rendered.html, page):
        assert "&lt;script&gt;alert(1)&lt;/script&gt; Bcc: x@example.org word" in text
        lines = [words(line) for line in parsed(text).iterfind(".//table[@class='days']")]
        assert lines[:2] == ["Fri 31 Oct – Sat 1 Nov nothing new", "Sun 2 Nov weekend of lab"]
        assert lines[3:] == ["Thu 20 Nov nothing new", "Fri 21 Nov 1 new paper, first “{{ site.name }}”"]
        links = [link.get("href") for link in parsed(text).iterfind(".//td[@class='came']/a")]
        assert links == ["https://example.org/a?b&c"]
    for text in (rendered.html.replace("\u00a0", " "), page.replace("\u00a0", " "), rendered.text):
        assert "1,204 new papers, first “" in text and "1 new paper, first “" in text and "{{ site.name }}" in text
        assert "Papers from before 18 Oct are left out." in text
        assert "\u202e" not in text
    assert "What came since" not in renderer().render(edition(), LINKS).text


def test_what_keeps_frames_keeps_neither_links_nor_readers(tmp_path: Path) -> None:
    """Not even where a template tells them in one breath, or with the words of why."""
    text, card = ((TEMPLATES / name).read_text() for name in ("mail.txt.j2", "card.txt.j2"))
    (tmp_path / "mail.txt.j2").write_text(text + '{{ (mail.address ~ " reads " ~ mail.archive) | wrap }}\n')
    (tmp_path / "card.txt.j2").write_text(card + "{{ (rank ~ why) | wrap }}\n")
    templates = [tmp_path, TEMPLATES]
    shared, one = Renderer(templates, SITE), edition()
    unsafe = replace(LINKS, archive_url="javascript:alert(1)", unsubscribe_url="javascript:alert(2)")
    for number in range(3):
        mine = replace(one.subscription, address=f"reader.{number}@example.net")
        items = tuple(replace(item, why=f"{item.why} {number}") for item in one.items)
        made = replace(one, subscription=mine, items=items)
        archive = replace(LINKS, archive_url=f"https://example.org/{number}.html")
        no_way = replace(LINKS, unsubscribe_url="javascript:alert(2)", unsubscribe_mail=None)
        for links in (archive, LINKS, unsafe, no_way, Links()):
            assert shared.render(made, links) == Renderer(templates, SITE).render(made, links)
        text = shared.render(made, replace(LINKS, archive_url=f"https://example.org/{number}")).text
        assert f"reader.{number}@example.net reads https://example.org/{number}\n" in text
        assert f"1{items[0].why[:20]}" in text
