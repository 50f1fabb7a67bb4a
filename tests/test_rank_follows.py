"""Followed and muted names, places, categories, accounts and words, in every form in which people write them."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make import order, paper, profile, ranking

from digest.model import Term
from digest.rank import name_matches

# --- follows -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("followed", "author", "same"),
    [
        ("Yann LeCun", "Yann LeCun", True),
        ("Yann LeCun", "Y. LeCun", True),
        ("Y. LeCun", "Yann LeCun", True),
        ("LeCun, Yann", "Yann A. LeCun", True),
        ("yann lecun", "LeCun, Y.", True),
        ("Yann Le Cun", "Yann LeCun", True),
        ("Łukasz Kaiser", "Lukasz Kaiser", True),
        ("Jürgen Schmidhuber", "Jurgen Schmidhuber", True),
        ("Søren Kierkegaard", "Soren Kierkegaard", True),
        ("Jean-Baptiste Alayrac", "J.-B. Alayrac", True),
        ("Li Fei-Fei", "Li Fei Fei", True),
        ("Fei-Fei Li", "Feifei Li", True),
        ("Li, Feifei", "Fei-Fei Li", True),
        ("GLM-5 Team", "GLM-5 Team", True),
        ("Plato", "Plato", True),
        ("Wei-Hong Li", "Wei Hong Li", True),
        ("Wei-Hong Li", "W. Li", True),
        ("Wei-Hong Li", "W.-H. Li", True),
        ("Jean-Pierre Serre", "JP Serre", True),
        ("Jean-Pierre Serre", "J.P. Serre", True),
        ("Serre, J-P", "Jean Pierre Serre", True),
        ("John Smith", "John Smith Jr.", True),
        ("Smith Jr., John", "J. Smith", True),
        ("Smith, John, III", "John Q. Smith", True),
        ("Klaus-Robert Müller", "Klaus-Robert Mueller", True),
        ("Jürgen Schmidhuber", "Juergen Schmidhuber", True),
        ("Jürgen Mu\u0308ller", "J. Mueller", True),
        ("S. Ben David", "Shai Ben-David", True),
        ("YANN LECUN", "Yann LeCun", True),
        ("Wei Li", "Wei-Hong Li", False),
        ("Jean Serre", "Jean-Pierre Serre", False),
        ("JP Serre", "Jean Serre", False),
        ("Thomas Muller", "Thomas Mueller", False),
        ("राम मोहन", "र. मोहन", True),
        ("राम मोहन", "रामन मोहन", False),
        ("XU Li", "Xavier Li", False),
        ("Yann LeCun", "Yoshua LeCun", False),
        ("Yann LeCun", "Yann Lecunski", False),
        ("Yann LeCun", "LeCun", False),
        ("LeCun", "Yann LeCun", False),
        ("Wei Wang", "Wei Zhang", False),
        ("Y. LeCun", "Z. LeCun", False),
        ("", "Yann LeCun", False),
        ("", "", False),
        ("Yann LeCun", "—", False),
    ],
)
def test_names(followed: str, author: str, same: bool) -> None:
    assert name_matches(followed, author) is same
    assert name_matches(author, followed) is same
    one = paper(authors=("Somebody Else", author))
    assert bool(ranking([one], profile(authors=(Term(text=followed),))).papers[0].score) is same
    assert bool(ranking([one], profile(muted_authors=(followed,))).hidden) is same


def test_follows_have_their_points() -> None:
    one = paper(authors=("Ada L.", "Grace Hopper"), organisation="Google DeepMind", categories=("cs.RO", "cs.LG"))
    who = profile(
        authors=(Term(text="Hopper, Grace"), Term(text="Ada L.", weight=-0.1)),
        organisations=(Term(text="google-deepmind", weight=0.5),),
        categories=(Term(text="cs.LG"),),
    )
    found = ranking([one], who).papers[0]
    assert {(reason.kind, reason.label): reason.points for reason in found.reasons} == {
        ("author", "by Grace Hopper"): 250,
        ("author", "by Ada L."): -25,
        ("organisation", "from Google DeepMind"): 100,
        ("category", "in cs.LG"): 40,
    }


@pytest.mark.parametrize(
    ("followed", "points"),
    [
        ("cs.RO", 80), ("CS.ro", 80), ("cs", 80), ("cs.*", 80), ("stat.ML", 40), ("stat", 40), ("cs.R", 0), ("c", 0),
        ("", 0), ("*", 0), (".", 0), ("cs.RO.x", 0), ("RO", 0), ("condmat", 40), ("cond-mat.Soft", 40),
    ],
)  # fmt: skip
def test_categories(followed: str, points: int) -> None:
    one = paper(categories=("cs.RO", "stat.ML", "cond-mat.soft"))
    assert ranking([one], profile(categories=(Term(text=followed),))).papers[0].score == points


# --- mutes -------------------------------------------------------------------------------------------------------

ONE = paper(
    title="Speech recognition surveys",
    abstract="Acoustic benchmarks across dialects, children and noise; confusion matrices.",
    authors=("Grace Hopper",),
    organisation="Some Lab",
    submitter="speech-bot",
    categories=("cs.SD", "eess.AS"),
    keywords=("audio",),
)


@pytest.mark.parametrize(
    ("mutes", "rule"),
    [
        ({"muted_words": ("survey",)}, "muted word “survey”"),
        ({"muted_words": ("Speech-Recognition",)}, "muted word “Speech-Recognition”"),
        ({"muted_words": ("dialect",)}, "muted word “dialect”"),
        ({"muted_words": ("nothing", "audio")}, "muted word “audio”"),
        ({"muted_words": ("surveys", "survey")}, "muted word “survey”"),
        ({"muted_words": ("confusion matrix",)}, "muted word “confusion matrix”"),
        ({"muted_words": ("the", "and")}, "muted word “and”"),
        ({"muted_words": ("noise", "dialect"), "muted_categories": ("cs",)}, "muted word “noise”"),
        ({"muted_authors": ("Hopper, G.",)}, "muted author Hopper, G."),
        ({"muted_submitters": ("Speech_Bot",)}, "muted submitter Speech_Bot"),
        ({"muted_organisations": ("some lab",)}, "muted organisation some lab"),
        ({"muted_categories": ("eess",)}, "muted category eess"),
    ],
)
def test_a_mute_hides_and_says_so(mutes: dict[str, tuple[str, ...]], rule: str) -> None:
    others = [paper(f"2606.0000{n}", title=title) for n, title in enumerate(["Robots", "Video", "Genes"], start=2)]
    found = ranking([*others, ONE], profile("speech", **mutes))
    assert [(each.paper.id, each.rule) for each in found.hidden] == [(ONE.id, rule)]
    assert len(found.papers) == 3


def test_every_rule_that_hides_a_paper_is_told() -> None:
    mutes = {"muted_words": ("noise", "dialect", "robot"), "muted_categories": ("cs", "eess")}
    (hidden,) = ranking([ONE], profile("speech", **mutes)).hidden
    rules = ("muted word “noise”", "muted word “dialect”", "muted category cs", "muted category eess")
    assert (hidden.rule, *hidden.also) == rules


@pytest.mark.parametrize(
    "mutes",
    [
        {"muted_words": ("surve", "bench", "rust", "—", "", "🤖", "C++")},
        {"muted_authors": ("Hopper", "Grace", "H. Hopper", "—", "")},
        {"muted_submitters": ("speech", "bot", "speech-bots", "", "—")},
        {"muted_organisations": ("Some", "Lab", "Some Other Lab", "", "—")},
        {"muted_categories": ("cs.S", "c", "AS", "cs.SD.x", "", "—", "*")},
    ],
)
def test_a_mute_hides_nothing_else(mutes: dict[str, tuple[str, ...]]) -> None:
    assert not ranking([ONE], profile(**mutes)).hidden
    assert not ranking([paper(title="—", organisation="—", submitter="🤖", authors=("—",))], profile(**mutes)).hidden


def test_an_account_of_signs_alone_is_muted_as_it_is() -> None:
    robot, other = paper("2606.1", submitter="🤖"), paper("2606.2", submitter="🦊")
    assert order(ranking([robot, other], profile(muted_submitters=("🤖",)))) == ["2606.2"]


def test_a_mute_does_not_reach_over_two_texts() -> None:
    one = paper(title="A small language", abstract="Models of it.", keywords=("video", "generation"))
    assert not ranking([one], profile(muted_words=("language model", "video generation"))).hidden


# --- a mute never lets a paper through -----------------------------------------------------------------------------

CASES = st.sampled_from([str, str.upper, str.lower, str.title, str.swapcase])
HYPHENS = st.sampled_from([" ", "-", "‐", "‑", "–", "_", " - ", "\u00ad", ""])
PLURALS = (
    "matrix/matrices hypothesis/hypotheses mouse/mice phenomenon/phenomena index/indices analysis/analyses hero/heroes "
    "vertex/vertices criterion/criteria woman/women child/children corpus/corpora quiz/quizzes bias/biases "
    "gpu/gpus api/apis lens/lenses bus/buses"
)
REGULAR = (
    "survey benchmark agent model query box class proxy image cache size movie virus robot dataset theory process "
    "approach llm vla sketch study key status"
)
IRREGULAR = dict(pair.split("/") for pair in PLURALS.split())


def plural(word: str) -> str:
    if word in IRREGULAR:
        return IRREGULAR[word]
    if word.endswith("y") and word[-2] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}{'es' if word.endswith(('s', 'x', 'ch', 'sh')) else 's'}"


@st.composite
def accented(draw: st.DrawFn, text: str) -> str:
    """With marks on some of its letters, composed or not."""
    marks = st.sampled_from(["", "", "\u0301", "\u0308", "\u0302", "\u0327"])
    marked = "".join(letter + (draw(marks) if letter.isalpha() else "") for letter in text)
    return unicodedata.normalize(draw(st.sampled_from(["NFC", "NFD"])), marked)


@st.composite
def spelling(draw: st.DrawFn, words: list[str], *, plurals: bool) -> str:
    """A phrase in some case, with some accents and hyphens, each word in the singular or the plural."""
    forms = [draw(st.sampled_from([word, plural(word)])) if plurals else word for word in words]
    # Of words run together only the last one can have a plural, and a regular one, that is told from other words.
    together = len(words) < 3 and forms[:-1] == words[:-1] and forms[-1] not in IRREGULAR.values()
    joint = draw(HYPHENS if together else HYPHENS.filter(bool))
    return draw(accented(draw(CASES)(joint.join(forms))))


PHRASES = st.lists(st.sampled_from([*IRREGULAR, *REGULAR.split()]), min_size=1, max_size=3, unique=True)
ASIDE = st.sampled_from(["", "A ", "“", "On the ", "(", "non-"])


@settings(max_examples=80, deadline=None)
@given(words=PHRASES, data=st.data())
def test_a_muted_word_in_any_form(words: list[str], data: st.DataObject) -> None:
    mute, said = (data.draw(spelling(words, plurals=True)) for _ in range(2))
    text = f"{data.draw(ASIDE)}{said}{data.draw(st.sampled_from(['', ': why', '.', '’s', ')', '-based']))}"
    where = data.draw(st.sampled_from(["title", "abstract", "keywords"]))
    one = replace(ONE, **{where: (text,) if where == "keywords" else text})
    assert ranking([one], profile("robot", muted_words=("rust", mute))).hidden, (mute, text)


NAMES = [["grace", "hopper"], ["jean", "baptiste", "alayrac"], ["fei", "fei", "li"], ["ines", "fukuda", "roth"]]


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(NAMES), data=st.data())
def test_a_muted_author_in_any_form(name: list[str], data: st.DataObject) -> None:
    *first, last = name
    written = st.sampled_from([" ".join(name), f"{'-'.join(first)} {last}", f"{last}, {' '.join(first)}"])
    short = st.sampled_from([f"{first[0][0]}. {last}", f"{last}, {first[0][0]}."])
    mute = data.draw(written.flatmap(accented)), data.draw(written | short)
    for one, other in [mute, mute[::-1]]:
        found = ranking([replace(ONE, authors=("Plato", data.draw(CASES)(one)))], profile(muted_authors=(other,)))
        assert found.hidden, (one, other)


@settings(max_examples=40, deadline=None)
@given(words=PHRASES, data=st.data())
def test_a_muted_place_in_any_form(words: list[str], data: st.DataObject) -> None:
    mute, said = (data.draw(spelling([*words[:-1], "lab"], plurals=False)) for _ in range(2))
    mute += data.draw(st.sampled_from(["", "s", "S"]))
    assert ranking([replace(ONE, organisation=said)], profile(muted_organisations=(mute,))).hidden, (mute, said)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_muted_account_in_any_form(data: st.DataObject) -> None:
    mute, said = (data.draw(spelling(["speech", "bot", "7"], plurals=False)) for _ in range(2))
    assert ranking([replace(ONE, submitter=said)], profile(muted_submitters=(mute,))).hidden, (mute, said)


@settings(max_examples=40, deadline=None)
@given(category=st.sampled_from(["cs.CL", "cond-mat.mes-hall", "q-bio.NC", "hep-th", "astro-ph"]), data=st.data())
def test_a_muted_category_in_any_form(category: str, data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([category, category.split(".")[0], f"{category.split('.')[0]}.*"]))
    mute = data.draw(accented(data.draw(CASES)(whole.replace("-", data.draw(HYPHENS)))))
    one = replace(ONE, categories=data.draw(st.sampled_from([(category,), ("math.CO", category)])))
    assert ranking([one], profile(muted_categories=(f" {mute} ",))).hidden, mute


def test_categories_are_told_apart() -> None:
    known = "cs.AI cs.CL cs.CV cs.LG cs.NE cs.RO cs.SD cs.SE cs.SY eess.AS eess.SY math.ST stat.ME stat.ML q-bio q-fin"
    papers = [paper(each, categories=(each,)) for each in known.split()]
    for one in known.split():
        assert [each.paper.id for each in ranking(papers, profile(muted_categories=(one,))).hidden] == [one]
