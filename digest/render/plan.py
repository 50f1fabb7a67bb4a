"""How much of each paper a mail of limited size can tell, and what a mail of passages comes to. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, pairwise

from digest.model import Passage
from digest.render.views import Detail

_STEPS = (Detail.FULL, Detail.SHORT, Detail.BRIEF)


def plan(sizes: Callable[[Detail], Sequence[int]], budget: int) -> tuple[Detail, ...]:
    """A detail for each paper, in order, so that the sum of sizes stays within the budget.

    The end of the list gives way first: its abstracts become shorter, then go, and only when all have gone are papers
    left out (the tuple is shorter then). `sizes` is asked for a detail only when it is needed.
    """
    for upper, lower in pairwise(_STEPS):
        heads = [0, *accumulate(sizes(upper))]
        count = len(heads) - 1
        if heads[-1] <= budget:
            return (upper,) * count
        tails = [0, *accumulate(reversed(sizes(lower)))][::-1]
        for kept in range(count - 1, -1, -1):
            if heads[kept] + tails[kept] <= budget:
                return (upper,) * kept + (lower,) * (count - kept)
    fitting = sum(size <= budget for size in accumulate(sizes(Detail.BRIEF)))
    return (Detail.BRIEF,) * fitting


def size(passages: Iterable[Passage], own: int) -> int:
    """Bytes of UTF-8; `own` is what each of the reader's own words may have."""
    passages = list(passages)
    words = [word for _, those in passages for word in those]
    told = [word for word in words if word.__class__ is str]
    forms = sum([form.size for form, _ in passages])
    return forms + len("".join(told).encode("utf-8", "replace")) + own * (len(words) - len(told))


def filled(passages: Iterable[Passage], own: Sequence[str]) -> str:
    """The plain text of passages."""
    parts: list[str] = []
    for form, words in passages:
        parts.append(form.literals[0])
        for word, literal in zip(words, form.literals[1:], strict=True):
            parts += (own[word] if isinstance(word, int) else word, literal)
    return "".join(parts)
