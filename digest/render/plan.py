"""How much of each paper a mail of limited size can tell. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

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
