"""Pure: the meaning of texts from a sentence encoder, set against papers at large. Knows no encoder, only `encode`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np

from digest.rank.background import FINE, Floats, Rows, units, whole
from digest.rank.corpus import Text

# Texts -> shape (texts, dimensions), a row for each text whatever else is asked for; rows of length 1.
Encode = Callable[[Sequence[str]], Floats]

# What a few papers have in common is not yet what all have: the mean and the covariance are shrunk as if so many more
# papers were in the sample, the former without meaning, the latter even in all directions.
CENTRAL, EVEN = 5, 30
AS_A_WHOLE = "the text as a whole"


def said(text: Text) -> str:
    """What the encoder is given."""
    return ". ".join(part for part in (text.title, text.abstract) if part)


class Encoded:
    """The meaning of a text as an encoder has it, less what papers mean on average.

    `sample` are papers at large, of which each text counts once: their mean is taken off, and their principal axes are
    the dimensions. Without any, meanings are the encoder's own.
    """

    def __init__(self, encode: Encode, sample: Iterable[Text]) -> None:
        self._encode = encode
        self._sample = sorted({said(text) for text in sample} - {""})  # sums come out the same in any order

    @cached_property
    def _frame(self) -> tuple[Floats, Floats, Floats]:
        """The centre, the axes, shape (dimensions, dimensions), and the variance along each."""
        size = len(self._sample)
        vectors = np.asarray(self._encode(self._sample or [""]), dtype=np.float64)[:size]
        centre = vectors.sum(axis=0) / (size + CENTRAL)
        around = units(vectors - centre)
        even = np.eye(len(centre)) / len(centre)
        spread, axes = np.linalg.eigh((around.T @ around + EVEN * even) / (size + EVEN))
        return centre, axes, spread

    @property
    def spread(self) -> Floats:
        return self._frame[2]

    def vectors(self, texts: Sequence[Text], rows: Rows | None = None) -> Floats:
        """Of the texts as such; what their words weigh does not matter."""
        centre, axes, _ = self._frame
        told = [said(text) for text in texts]
        around = np.asarray(self._encode(told), dtype=np.float64) - centre
        meant = np.array([bool(one) for one in told])
        return whole(np.where(meant[:, None], around, 0.0) @ axes)

    def shares(self, text: Text, weights: Floats) -> Mapping[str, float]:
        """All of it in one: an encoder does not tell what the single words add."""
        return {AS_A_WHOLE: float(self.vectors([text])[0] @ weights) / FINE}
