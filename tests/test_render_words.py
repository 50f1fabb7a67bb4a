from __future__ import annotations

import pytest
from editions import edition, hostile_edition, item, paper
from hypothesis import given
from hypothesis import strategies as st

from digest.listings import FORMATS
from digest.render.around import preheader, subject
from digest.render.colour import contrast, readable
from digest.render.language import language
from digest.render.plan import plan
from digest.render.views import Detail, safe_url
from digest.render.wording import authors, clip, known_as, opening
from digest.text import clean

# --- words ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("one two", 7, "one two"),
        ("one two three", 12, "one two…"),
        ("one two three", 8, "one two…"),
        ("one, two", 6, "one…"),
        ("abcdefghij", 5, "abcd…"),
        ("a bcdefghijkl", 8, "a bcdef…"),
        ("a bcdef-ghijkl", 10, "a bcdef…"),
    ],
)
def test_clip(text: str, limit: int, cut: str) -> None:
    assert clip(text, limit) == cut
    assert len(cut) <= limit


def test_readers_know_the_sources_of_our_formats_by_other_names() -> None:
    sources = {getattr(one, "source", "own") for one in FORMATS} - {"own"}
    assert {known_as(source) for source in sources} == {"Hugging Face", "arXiv", "bioRxiv"}
    assert known_as("lab.example.org") == "lab.example.org"


@given(st.text(), st.integers(2, 40))
def test_clip_never_exceeds_its_limit(text: str, limit: int) -> None:
    assert len(clip(clean(text), limit)) <= limit


@pytest.mark.parametrize(
    ("text", "limit", "sentences"),
    [
        ("One. Two. Three.", 10, "One. Two."),
        ("One, e.g. this. Two.", 16, "One, e.g. this."),
        ("By J. Doe et al. in 2020. Next.", 26, "By J. Doe et al. in 2020."),
        ("See Fig. 3 for it. More.", 20, "See Fig. 3 for it."),
        ("It costs 1.5 units. Next one here.", 20, "It costs 1.5 units."),
        ('He said "no." Then left.', 14, 'He said "no."'),
        ("Really?! Yes.", 9, "Really?!"),
        ("長い文です。次の文です。", 7, "長い文です。"),
        ("A first sentence a bit too long. B.", 28, "A first sentence a bit too long."),
        ("A first sentence that is far too long for the room there is.", 24, "A first sentence that…"),
        ("no end", 20, "no end"),
        ("One. Two. Three.", 40, "One. Two."),
        ("The answer is no. Next.", 18, "The answer is no."),
        ("It is no. 5 of them. Next.", 20, "It is no. 5 of them."),
        ("It holds, w.l.o.g. Next. More.", 24, "It holds, w.l.o.g. Next."),
        ("Wir sehen z.B. Hunde. Dann Katzen. Mehr.", 34, "Wir sehen z.B. Hunde. Dann Katzen."),
        ("هل هذا صحيح؟ نعم. ثم", 17, "هل هذا صحيح؟ نعم."),
        ("यह पहला है। यह दूसरा है। और", 24, "यह पहला है। यह दूसरा है।"),
        ("効果は１．５倍です。次です。また", 15, "効果は１．５倍です。次です。"),
        ("", 20, ""),
    ],
)
def test_opening_ends_with_a_sentence(text: str, limit: int, sentences: str) -> None:
    assert opening(text, limit) == sentences


@pytest.mark.parametrize(
    ("names", "total", "line"),
    [
        ((), None, ""),
        ((), 21, "21 authors"),
        ((), 1, "1 author"),
        (("A",), None, "A"),
        (("A", "B", "C"), 3, "A, B, C"),
        (("A", "B", "C", "D"), None, "A, B, C + 1 more"),
        (("A", "B"), 12, "A, B + 10 more"),
    ],
)
def test_authors(names: tuple[str, ...], total: int | None, line: str) -> None:
    assert authors(paper(authors=names, author_count=total), language("en")) == line


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://example.org/a?b=c&d#e", "https://example.org/a?b=c&d#e"),
        ("http://example.org/ü \"'<>", "http://example.org/%C3%BC%20%22'%3C%3E"),
        ("mailto:a@example.org?subject=x", "mailto:a@example.org?subject=x"),
        ("HTTPS://EXAMPLE.ORG/", "HTTPS://EXAMPLE.ORG/"),
        ("javascript:alert(1)", ""),
        ("java\nscript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//example.org/", ""),
        ("https:///x", ""),
        ("https://[bad/", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_safe_url(url: str | None, safe: str) -> None:
    assert safe_url(url) == safe


# --- subject and preheader ------------------------------------------------------------------------------


def test_subject_leads_with_the_top_paper_and_ends_with_the_day() -> None:
    assert subject(edition(item(1))) == "Quiet Attention · 21 Nov"
    assert subject(edition()) == "Pocket Reasoners: Teaching 2B Models to… and 5 more · 21 Nov"


@given(st.text(), st.integers(1, 60))
def test_subject_is_short_and_one_line(title: str, number: int) -> None:
    line = subject(edition(*(item(0, paper=paper(title=title)) for _ in range(number))))
    assert line.endswith(" · 21 Nov")
    assert len(line) <= 60
    assert line == clean(line)


def test_preheader_adds_to_the_subject() -> None:
    assert preheader(edition()).startswith("Quiet Attention · A Thousand Tiny Teachers")
    assert preheader(edition(item(1))).startswith("5 new papers from Hugging Face · Most attention heads")
    for one in (edition(), edition(item(0)), edition(item(1), item(2)), hostile_edition()):
        assert 60 <= len(preheader(one)) <= 90


# --- colours and sizes ---


def test_contrast_is_the_wcags() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@given(st.integers(0, 0xFFFFFF), st.sampled_from(["#fffdf9", "#201d1a", "#f2eee6", "#161412"]))
def test_any_accent_becomes_readable(colour: int, background: str) -> None:
    accent = f"#{colour:06x}"
    shown = readable(accent, background)
    assert contrast(shown, background) >= 4.5
    assert shown == accent or contrast(accent, background) < 4.5


def test_plan_lets_the_end_of_the_list_give_way_first() -> None:
    full, short, brief = Detail.FULL, Detail.SHORT, Detail.BRIEF
    sizes = {full: [10, 10, 10], short: [6, 6, 6], brief: [2, 2, 2]}
    expected = {
        30: (full, full, full), 29: (full, full, short), 22: (full, short, short), 18: (short, short, short),
        17: (short, short, brief), 10: (short, brief, brief), 6: (brief, brief, brief), 5: (brief, brief), 1: (),
    }  # fmt: skip
    assert {budget: plan(sizes.__getitem__, budget) for budget in expected} == expected


def test_plan_asks_only_for_what_it_needs() -> None:
    asked: list[Detail] = []

    def sizes(detail: Detail) -> list[int]:
        asked.append(detail)
        return [10]

    assert plan(sizes, 10) == (Detail.FULL,)
    assert asked == [Detail.FULL]
