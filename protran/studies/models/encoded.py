"""Documents as models read them: token ids of different lengths, their labels, and batches of similar lengths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from protran.studies.models.vocabulary import Tokens, Vocabulary
from protran.studies.texts import Documents, TextData

POOL = 32  # batches that are sorted by length together: less padding, still a random order


@dataclass(frozen=True)
class EncodedSet:
    """One set.

    Attributes:
        tokens: of each document.
        labels: multi-hot, `n x labels`.
    """

    tokens: tuple[Tokens, ...]
    labels: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.tokens)


@dataclass(frozen=True)
class EncodedTexts:
    """The three sets, for models of one vocabulary."""

    train: EncodedSet
    validation: EncodedSet
    test: EncodedSet
    multi_label: bool


def encode_texts(texts: TextData, vocabulary: Vocabulary, length: int) -> EncodedTexts:
    """Returns the three sets with at most `length` tokens a document."""

    def encoded(documents: Documents) -> EncodedSet:
        labels = documents.multi_hot(len(texts.label_names))
        return EncodedSet(vocabulary.encode(documents.texts, length), labels)

    return EncodedTexts(encoded(texts.train), encoded(texts.validation), encoded(texts.test), texts.multi_label)


def training_batches(
    tokens: Sequence[Tokens], size: int, generator: np.random.Generator
) -> list[npt.NDArray[np.int64]]:
    """Returns the places of all documents in batches of about `size`, similar lengths together, in random order."""
    order = generator.permutation(len(tokens))
    lengths = np.array([len(document) for document in tokens])
    batches: list[npt.NDArray[np.int64]] = []
    for start in range(0, len(order), size * POOL):
        pool = order[start : start + size * POOL]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        batches += np.array_split(pool, max(1, round(len(pool) / size)))
    return [batches[place] for place in generator.permutation(len(batches))]


def padded(tokens: Sequence[Tokens]) -> tuple[Tensor, Tensor]:
    """Returns ids and mask, both `batch x longest`; padding has the id 0 and is masked."""
    longest = max(len(document) for document in tokens)
    ids = torch.zeros(len(tokens), longest, dtype=torch.int64)
    mask = torch.zeros(len(tokens), longest, dtype=torch.bool)
    for row, document in enumerate(tokens):
        ids[row, : len(document)] = torch.from_numpy(document)
        mask[row, : len(document)] = True
    return ids, mask
