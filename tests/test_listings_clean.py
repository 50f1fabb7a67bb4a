"""Clean text: what goes, what becomes readable, and that nothing else changes."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linear import linear

from digest.listings import clean, latex

CONVERTED = [
    (r"$\textit{SKIntern}$: Maps", "SKIntern: Maps"),
    ("G$^2$RPO-A: Maps", "G²RPO-A: Maps"),
    ("MedS$^3$", "MedS³"),
    ("LLaVA-$φ$", "LLaVA-φ"),
    ("ALR^2: un^2CLIP, DR^{3}-Eval", "ALR²: un²CLIP, DR³-Eval"),
    (r"$\nabla^2$DFT", "∇²DFT"),
    ("O(n^4), 10^{-3}, HumanEval^{+}", "O(n⁴), 10⁻³, HumanEval⁺"),
    ("π_0, π_{0.5}, G_{stack}", "π₀, π_0.5, G_stack"),
    (r"360^circ and $5^\circ$", "360° and 5°"),
    (r"AutoCoder \textsc{AIEV-Instruct} \textbf{a \emph{b}}", "AutoCoder AIEV-Instruct a b"),
    (r"\underline{R}ecall {\em collapse} {\it vs.}", "Recall collapse vs."),
    (r"3.6\% of R\&D, a\_b, \#1, \$5", "3.6% of R&D, a_b, #1, $5"),
    (r"$O(n \log n)$, $x \leq y$, $\mathcal{O}(n^2)$, $\frac{1}{2}$, $90%$", "O(n log n), x ≤ y, O(n²), 1/2, 90%"),
    (r"(0.6 \pm 0.1) \(9.6\times\) p\approx0.4 \textgreater 96\%", "(0.6 ± 0.1) 9.6× p≈0.4 > 96%"),
    (
        r"RTX~5090, 1/4~pass, Claude~Haiku~4.5, (i)~the, Fig.~2, large~$\lambda_0$~values, a~\cite{b}",
        r"RTX 5090, 1/4 pass, Claude Haiku 4.5, (i) the, Fig. 2, large λ₀ values, a~\cite{b}",
    ),
    (r"16\,FPS vs.\ 14{,}056 at N{=}4", "16 FPS vs. 14,056 at N=4"),
    (r"na\"ive na{\"i}ve \"Ust\"un It\^o Bolet\'{\i}n Apur\'imac", "naïve naïve Üstün Itô Boletín Apurímac"),
    (r"Sa\v{s}a Ji\v r\'\i Erd\H{o}s Fran\c{c}ois \.Zak Mi\l{}osz", "Saša Jiří Erdős François Żak Miłosz"),
    ("``quoted'' and ``it's''", "“quoted” and “it's”"),
    ("https://x.org/a_b{https://x.org/a_b}.", "https://x.org/a_b."),
    ("https://x.org/a}{https://x.org/a}", "https://x.org/a"),
    ("at https://x.org/a/{https://x.org/a/}", "at https://x.org/a/"),
    ("see https://x.org/a{here}.", "see https://x.org/a (here)."),
    (r"\url{https://x.org/a\_b} x\footnote{https://y.org}", "https://x.org/a_b x (https://y.org)"),
    (r"$\textsf{RP}=\textsf{NP}$, $25\degree$, $D(Q\|p)$, $\mathbb R^n$", "RP=NP, 25°, D(Q‖p), ℝⁿ"),
    (r"$\tildeΘ(\tilde O(n))$, $N(\mathbfθ, 1)\cdotsπ$", "Θ̃(Õ(n)), N(θ, 1)⋯π"),
    (r"45{\deg}C, {\gamma}-rays, $F_{\beta}$, $e^{\varepsilon}n$", "45°C, γ-rays, F_β, e^εn"),
    ("$1/2$, $B-L$, $(n-k)$, $CCZ$", "1/2, B-L, (n-k), CCZ"),
]


@pytest.mark.parametrize(("raw", "text"), CONVERTED)
def test_latex_becomes_readable(raw: str, text: str) -> None:
    assert clean.text(raw) == text


@pytest.mark.parametrize(
    "text",
    [
        "cost $3 and $4",
        "in $200k or between $5-$10, US$5 vs CA$7",
        "$HOME/$USER and $5K and A$",
        "$",
        "100% of # & ~ < > {braces} {x}",
        r"\method and \mone and \InfR~ aims (\eg this)",
        r'delimiters like "\n\n", \t, \d+ and C:\users\new',
        r"doesn\'t they\'re \"Attention\" is",
        r"at least \1.49M",
        r"\u{1F600} and \b{word} and \'{\foo}",
        r"\today \cite{foo} \input{/etc/passwd} \text{open",
        "z_{t+1} and ε^{-1/2} and $z_{t+1}$ and 10^26",
        r"$\frac{a+b}{c}$ and $\unknown{x}$",
        r"$\sqrt[3]{x}$ and {\unknown} and $3/$15",
        "snake_case_name, file_3, cat.n.01, `first-try' and a `code`",
        "https://x.org/a_b_c/d_1?e=f%20g#h_2",
        "a--b --- c, x^* and ^§",
        "z~2.5, ~5%, 12~20%, 80%~90%, 1M~4M and 10ms~2s, x~N(0,1), 5月~6月, ~/bin, https://x.org/~ada/a_b~c",
        "Zero-shot: 中文, العربية, Ελληνικά, 👩 Åse",
    ],
)
def test_what_is_not_latex_stays_as_it_was(text: str) -> None:
    assert clean.text(text) == text


@given(st.text("h\\\\${^_`tps:/}aé'\" n01()", max_size=40))
def test_latex_is_found_wherever_it_begins(text: str) -> None:
    everywhere = latex._FRAGMENT.sub(latex._converted, text)
    assert "".join(latex._pieces(text)) == everywhere


@given(st.text("aZ9 .,()+=<>|[]/*!?:;@-\\{}$%&#~^_`'\"\n\tβ²\u2009", max_size=12))
def test_the_library_is_not_asked_where_it_would_change_nothing(text: str) -> None:
    assert latex._SPECIAL.search(text) or latex._library.latex_to_text(text).strip() == text.strip()


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("  wrapped\n  title\u00a0and\ttabs\x0b ", "wrapped title and tabs"),
        ("A\u030ase", "Åse"),
        ("a\x00b\x1bc\x7fd\x9be", "abcde"),
        ("a\ud800b\ufffec\uffffd\U0001ffffe\ufdd0f", "abcdef"),
        ("\u202eevil\u2066\u200f text\u061c", "evil text"),
        ("zero\u200bwidth\ufeff soft\u00adhyphen\u2060 tag\U000e0041", "zerowidth softhyphen tag"),
        ("\u200b\u00a0\u2028", ""),
        ("a\u200cb\u200dc 中\u200d文", "abc 中文"),
        ("\u200cمی \u200dA می\u200c\u200d", "می A می"),
        ("می\u200b\u200c\u200d\u200cخواهم", "می\u200cخواهم"),
        ("\U0001f469\u200d \u200d\U0001f469 \U0001f469\u200da", "\U0001f469 \U0001f469 \U0001f469a"),
    ],
)
def test_what_was_never_meant_to_be_seen_goes(raw: str, text: str) -> None:
    assert clean.text(raw) == text


@pytest.mark.parametrize(
    "text",
    [
        "نمی\u200cخواهم: خانهٔ\u200cما",  # Persian
        "۱۴۰۵ ه\u200d.ش",  # the Hijri year's heh
        "\u0915\u094d\u200d\u0937 \u0915\u094d\u200c\u0937 \u0930\u094d\u200d\u092f",  # Hindi, Marathi
        "\u09b0\u200d\u09cd\u09af\u09be\u09ac",  # Bengali, before the virama
        "\u0d05\u0d35\u0d28\u0d4d\u200d \u0d28\u0d3e\u0d1f\u0d4d\u200c",  # Malayalam, at the ends of words
        "\u0dc1\u0dca\u200d\u0dbb\u0dd3",  # Sinhala
        "\U0001f469\U0001f3fd\u200d\U0001f52c",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f\u200d\U0001f308",
    ],
)
def test_joiners_stay_where_words_and_emoji_look_otherwise_by_them(text: str) -> None:
    assert clean.text(text) == text
    assert clean.text(f"\u200b{text}\n") == text
    assert clean.text(text.replace(" ", "\u200b ")) == text


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("\\${}^_%&#~`'\"abcvil 0123()[]-")), max_size=120))
def test_any_text_comes_out_clean(raw: str) -> None:
    text = clean.text(raw)
    text.encode()
    assert text == " ".join(text.split())
    assert text == unicodedata.normalize("NFC", text)
    assert not {"Cc", "Cs", "Zl", "Zp"} & set(map(unicodedata.category, text))


@settings(max_examples=120, deadline=None)
@given(st.text(alphabet="abc XYZ019.,;:!?-()[]%&#<>/@*+='\"", max_size=200))
def test_ordinary_text_is_only_folded(raw: str) -> None:
    assert clean.text(raw) == " ".join(raw.split())


@pytest.mark.parametrize(
    "piece",
    [
        "\\v{",
        "\\a{b} ",
        "{" * 9,
        "$x ",
        "$x$",
        "`` ",
        "``a'' ",
        "^{",
        "\\(",
        "https://x{",
        "_{a",
        "\\'a",
        "\u200b",
        "ا\u200d",
    ],
)
@linear()
def test_hostile_text_costs_no_more_than_its_length(piece: str) -> None:
    clean.text(piece * 20_000)


@pytest.mark.parametrize(
    ("value", "address"),
    [
        (" https://example.org/a_b ", "https://example.org/a_b"),
        ("HTTP://example.org", "HTTP://example.org"),
        ("https://example.org?q=1", "https://example.org?q=1"),
        ("javascript:alert(1)", None),
        ("ftp://example.org", None),
        ("https://", None),
        ("https://exa mple.org", None),
        ('https://example.org/"onload="', None),
        ("https://example.org/\u202egpj", None),
        ("https://example.org/" + "a" * 2000, None),
        (7, None),
        (None, None),
    ],
)
def test_links(value: object, address: str | None) -> None:
    assert clean.link(value) == address


@pytest.mark.parametrize(
    ("value", "number"),
    [
        *((0, 0), (12, 12), ("12", 12), (" 12 ", 12), (-1, None), (True, None), (1.0, None), ("1.09k", None)),
        *((None, None), (10**30, None), ("9" * 5000, None), ("²", None), ("", None), ([], None)),
    ],
)
def test_counts(value: object, number: int | None) -> None:
    assert clean.count(value) == number


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (r"Mi{\l}osz \'Swierk", "Miłosz Świerk"),
        (r"{\L}ukasz Mi\l osz", "Łukasz Miłosz"),
        (r"\'Sw. Gra\v{s} \v{S}", "Św. Graš Š"),
        (r"Na\"\i f {\"\i} \"{\i} D\'{\i}az", "Naïf ï ï Díaz"),
        (r"\v Zi\v zek, \v{C}\'apek", "Žižek, Čápek"),
        (r"S\o ren Gau\ss{} Wei{\ss}e \O ystein", "Søren Gauß Weiße Øystein"),
        (r"\.Zaneta \u{G}\"ul \k{E}wa \c{S}en", "Żaneta Ğül Ęwa Şen"),
        (r"\'Nowak \=Aria \^Sam \`Ela \~Nu", "Ńowak Āria Ŝam Èla Ñu"),
        (r"A.~Bo {van der Berg} {{\'E}}va", "A. Bo van der Berg Éva"),
        (r"A. O\'Garra, D\'Angelo", "A. O'Garra, D'Angelo"),
        ("Kite Team,", "Kite Team"),
        ("Ines Fukuda-Roth*", "Ines Fukuda-Roth"),
        ("M$^3$ Team", "M³ Team"),
        (r"Rodr\'{iguez", r"Rodr\'{iguez"),
    ],
)
def test_latex_of_names(raw: str, name: str) -> None:
    assert clean.names([raw]) == (name,)


def test_quotation_marks_of_running_text_are_no_accents() -> None:
    assert clean.text(r"the \'Small\' model isn\'t 'Simple'") == r"the \'Small\' model isn\'t 'Simple'"
    assert clean.text(r"Wei{\ss}e's $k$-means of Mi{\l}osz, {\AA}ngstr\"om") == "Weiße's k-means of Miłosz, Ångström"


@pytest.mark.parametrize(
    ("raw", "both"),
    [
        ("Plain  text\n here", ("Plain text here", None)),
        ("A\u030ase\x00 \u200bx", ("Åse x", None)),
        ("$\\textit{Kern}$:\n  a  \x00map", ("Kern: a map", "$\\textit{Kern}$: a map")),
        ("cost $3 and $4", ("cost $3 and $4", None)),
        ("$\\unknown{x}$ y", ("$\\unknown{x}$ y", None)),
        (r"3.6\% of A\, B", ("3.6% of A B", r"3.6\% of A\, B")),
        (r"\% " * 30, ("% " * 19 + "%…", r"\% " * 12 + r"\%…")),
        (None, ("", None)),
        (7, ("", None)),
    ],
)
def test_latex_is_kept_beside_what_became_of_it(raw: object, both: tuple[str, str | None]) -> None:
    assert clean.both(raw, 40) == both


_PIECES = st.sampled_from(["ab", " ", "  ", "\n", "\t", "\0", "$x^2$", "{", "é", "\xa0", "\x85", "\ud800", "\u200b"])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.none() | st.lists(_PIECES, max_size=12).map("".join), max_size=5))
def test_many_at_once_become_what_each_becomes_alone(values: list[object]) -> None:
    assert clean.each(values, 9) == [clean.both(value, 9) for value in values]


def test_names_are_kept_once_and_in_order() -> None:
    assert clean.names(["B", " A\u00a0C ", "B", "", 7, None, "A C", "x" * 500, ":", "*"]) == ("B", "A C")
    assert clean.names(["Per Lindahl\nIda Roth", "Per Lindahl", "Per Lindahl"]) == (
        "Per Lindahl Ida Roth",
        "Per Lindahl",
    )
    assert clean.names(["Per Lindahl; Ida Roth", "J&ouml;rg Moss"]) == ("Per Lindahl", "Ida Roth", "J&ouml;rg Moss")
    assert clean.terms(["cs.LG", "~5% of C++", "cs.LG", 7]) == ("cs.LG", "~5% of C++")
