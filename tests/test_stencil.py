from __future__ import annotations

from pathlib import Path
from textwrap import wrap

import pytest
from editions import LINKS, SITE, TEMPLATES, edition
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import RenderError
from digest.render import Renderer
from digest.render.stencil import Gap, Nested, Run, Stencil, hole, html_cuts, text_cuts, waiting, wrapped
from digest.wire import quoted, told


@settings(deadline=None, max_examples=120)
@given(
    st.lists(st.text(st.sampled_from("abc-é\u00a0 "), max_size=90), max_size=20).map(" ".join) | st.text(max_size=300)
)
def test_wrapping_is_that_of_the_standard_library_but_for_no_break_blanks(text: str) -> None:
    lines = "\n".join(wrap(text, 72, break_long_words=False, break_on_hyphens=False)).replace("\u00a0", " ")
    assert wrapped(text) == lines or not text.strip()


def test_a_filter_waits_for_the_words() -> None:
    text = f"{waiting('wrap', waiting('upper', hole('a')) + ' and ' + 'b ' * 40)}\n{waiting('upper', 'now')}\n"
    stencil = Stencil(text_cuts(text, ["a"]))
    first, second = (told(stencil.filled({"a": word})) for word in ("short", "long " * 9))
    assert first.startswith("SHORT and b b")
    assert second.startswith("LONG LONG")
    assert first.endswith("\nNOW\n")
    assert all(len(line) <= 72 for line in (first + second).splitlines())


def test_what_is_repeated_is_learnt_from_two_samples() -> None:
    names = [f"x.{number}.{name}" for number in (0, 1) for name in "ab"]
    text = (
        "before " + " and ".join(f"{hole(f'x.{n}.a')}={waiting('upper', hole(f'x.{n}.b'))}" for n in (0, 1)) + " after"
    )
    stencil = Stencil(text_cuts(text, names), repeated=["x", "absent"])

    def repeated(*values: str) -> str:
        each = [stencil.bodies["x"].filled({"x.0.a": one[0], "x.0.b": one[1]}) for one in values]
        between = stencil.between("x")
        return nested(stencil, {}, [part for one in each for part in (between, *one)][1:])

    assert repeated("ab") == "before a=B after"
    assert repeated("ab", "cd", "ef") == "before a=B and c=D and e=F after"


def test_html_is_escaped_and_cut_at_its_marks() -> None:
    marks = {"a": "x1x", "b": "x2x"}
    stencil = Stencil(html_cuts('<p title="x1x">x2x</p>', marks), nested=["b"])
    inner = Stencil(html_cuts("<i>x1x</i>", marks)).filled({"a": "&"})
    assert nested(stencil, {"a": "\"<'"}, [*inner, *inner]) == '<p title="&#34;&lt;&#39;"><i>&amp;</i><i>&amp;</i></p>'


def test_what_is_open_is_told_later_and_what_is_the_readers_own_has_a_number() -> None:
    names = ["a", "b", "address"]
    text = f"{waiting('wrap', hole('a') + ' ' + hole('b'))} {hole('address')} {hole('a')}."
    owns: list[Gap] = []
    (run,) = Stencil(text_cuts(text, names)).runs({"a": "one"}, ("b",), owns)
    assert isinstance(run, Run)
    assert run.size == len("  one.")
    assert [gap.once(gap.pick({"b": "two"})) for _, gap in run.joined().open] == [quoted("one two")]
    for whole in (run, run.joined()):
        assert [whole.parts[at] for at in whole.own] == [0]
        assert told(whole.filled({"b": "two"})) == "one two  one."
    opening, rest = run.parted(["b"])
    assert told(opening.filled({"b": "two"})) == "one two"
    assert told(rest.filled({})) == "  one."
    assert len(whole.parts) == 4, "what is told is one before the reader's own and one behind it"
    assert owns[0].tell({"address": "me"}) == "me"


def nested(stencil: Stencil, values: dict[str, str], parts: list[bytes]) -> str:
    runs = [parts if isinstance(run, Nested) else run.parts for run in stencil.runs(values, (), [])]
    return told([part for run in runs for part in run if isinstance(part, bytes)])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("mail.txt.j2", "{{ mail.title | title }}{% for card in cards %}{{ card }}{% endfor %}"),
        ("card.txt.j2", "{{ why | capitalize }}{{ card.title }}"),
        ("mail.txt.j2", "{% for card in cards %}{{ card }}{% endfor %}{% for card in cards %}{{ card }}{% endfor %}"),
    ],
)
def test_a_template_that_changes_what_is_not_there_yet_is_refused(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(RenderError, match=r"may be used on it|one by one"):
        Renderer([tmp_path, TEMPLATES], SITE).render(edition(), LINKS)
