"""Words of texts: plain, stemmed, and those that tell papers apart."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from digest.words import phrase_keys, plain, terms, tokens


@settings(max_examples=60)
@given(st.text(max_size=60))
def test_any_text_at_all(text: str) -> None:
    assert all(token == plain(token) and token for token in tokens(text))
    for term in terms(text):
        assert term.strip() == term


def test_terms_leave_stop_words_out_and_pair_what_is_left() -> None:
    assert terms("The models of a small world") == ["model", "small", "world", "model small", "small world"]
    assert terms("We show that our") == []


def test_marks_part_no_word() -> None:
    assert list(map(len, tokens("हिन्दी में अनुवाद"))) == [3, 1, 4]
    assert tokens("葛\U000e0100城 tra\u034fnsformers Zu\u0308rich") == ["葛城", "transformers", "zurich"]


def test_joiners_make_no_other_word_of_a_word() -> None:
    assert tokens("می\u200cخواهم") == tokens("میخواهم") == ["میخواهم"]
    assert phrase_keys("داده\u200cها") == phrase_keys("دادهها")
