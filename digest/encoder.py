"""Texts -> vectors, by a sentence encoder in a folder of this machine; sentence-transformers comes in by this door.

Never asks the network. Does not know what the vectors are for.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from digest.errors import ConfigError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

REMEMBERED = 16_384  # texts with their vectors: some 60 MB


class Encoder:
    """A model that is loaded when first asked for. It remembers the texts of late: nothing else here is as slow."""

    def __init__(self, folder: Path) -> None:
        """ConfigError where sentence-transformers is not installed."""
        self._folder = folder
        self._vector = lru_cache(REMEMBERED)(self._computed)
        if find_spec("sentence_transformers") is None:
            raise ConfigError(
                f"ranking.encoder: {folder} needs sentence-transformers, which is not installed; "
                "install the digest with its extra `embeddings`, or drop the setting"
            )

    def encode(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Shape (texts, dimensions), rows of length 1; what is too long for the model is cut.

        A text's vector is the same whatever else is asked for: each goes alone, through one thread, as float32 sums
        depend on how they are cut up. On CPUs of another make they may differ in the seventh digit. ConfigError if the
        model cannot be loaded.
        """
        vectors = np.zeros((len(texts), len(self._vector(""))))
        for row, text in enumerate(texts):
            vectors[row] = self._vector(text)
        return vectors

    def check(self) -> str:
        """One line for the doctor. ConfigError if the model cannot be loaded."""
        return f"{self._folder}: vectors of {len(self._vector(''))} numbers"

    def _computed(self, text: str) -> NDArray[np.float32]:
        (vector,) = self._model.encode([text], normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vector)

    @cached_property
    def _model(self) -> SentenceTransformer:
        os.environ["HF_HUB_OFFLINE"] = "1"  # read when its library is imported
        try:
            import torch
            from sentence_transformers import SentenceTransformer
            from transformers.utils.logging import disable_progress_bar

            logging.getLogger("sentence_transformers").setLevel(logging.WARNING)
            disable_progress_bar()
            torch.set_num_threads(1)
            return SentenceTransformer(str(self._folder), device="cpu", local_files_only=True)
        except Exception as error:  # whatever three libraries make of a damaged file
            raise ConfigError(
                f"ranking.encoder: the model in {self._folder} cannot be loaded: {error}. Name the folder of a "
                "sentence-transformers model, with its modules.json, or drop the setting"
            ) from error
