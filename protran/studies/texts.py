"""The contract of a text data set: documents with one or several labels each, in three sets."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from protran.errors import InputError
from protran.tasks.splitting import SETS, Fractions

TENTHS = Fractions(0.1, 0.1)


class TextsError(InputError):
    """Texts cannot be used; the message says what was expected, what came, and what to do next."""


@dataclass(frozen=True)
class Documents:
    """One set of labelled documents.

    Attributes:
        texts: one a document.
        labels: for each document the numbers of its labels, ascending and distinct; the rows of a multi-hot matrix.
    """

    texts: tuple[str, ...]
    labels: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        if len(self.labels) != len(self.texts):
            raise TextsError(f"expected labels for {len(self.texts)} documents, got them for {len(self.labels)}")

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, places: Iterable[int]) -> Documents:
        """Returns the documents at `places`, in that order."""
        chosen = list(places)
        return Documents(tuple(self.texts[place] for place in chosen), tuple(self.labels[place] for place in chosen))

    def multi_hot(self, label_count: int) -> npt.NDArray[np.bool_]:
        """Returns the labels as `n x label_count`. Raises `TextsError` on a label number that is not below it."""
        matrix = np.zeros((len(self), label_count), dtype=np.bool_)
        for row, numbers in enumerate(self.labels):
            if numbers and not 0 <= min(numbers) <= max(numbers) < label_count:
                raise TextsError(f"expected label numbers from 0 to {label_count - 1}, got {max(numbers)}")
            matrix[row, list(numbers)] = True
        return matrix


@dataclass(frozen=True)
class TextData:
    """The three sets of a text data set. Choices are made on `validation`; `test` is only reported.

    Attributes:
        train: what models are fitted on.
        validation: early stopping and every selection.
        test: reported, never chosen by.
        label_names: names of the labels, in the order of their numbers.
        rows: how many rows the source has.
        left_out: why rows are in no set, with their number; nothing is left out silently.
        notes: sentences that a reader of the scores must know.
        multi_label: whether a document may have several labels or none; otherwise each has exactly one.
    """

    train: Documents
    validation: Documents
    test: Documents
    label_names: tuple[str, ...]
    rows: int
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    multi_label: bool = True

    def __post_init__(self) -> None:
        if self.multi_label:
            return
        for name, part in self.sets.items():
            for labels in part.labels:
                if len(labels) != 1:
                    raise TextsError(
                        f"expected one label a document, got {len(labels)} in the {name} set; read the data with "
                        f"several labels a document"
                    )

    @property
    def sets(self) -> Mapping[str, Documents]:
        """The three sets by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    @cached_property
    def version(self) -> str:
        """A hash of all that models see: texts, labels and their names, in their sets and order.

        Whatever changes it (the source, a reader, an option, the seed), a study must not go on with the new data.
        """
        digest = hashlib.sha256(json.dumps([self.multi_label, self.label_names]).encode("ascii"))
        for name, part in self.sets.items():
            for text, labels in zip(part.texts, part.labels, strict=True):
                digest.update(json.dumps([name, text, labels]).encode("ascii"))
        return digest.hexdigest()[:16]


def split_documents(documents: Documents, fractions: Fractions, seed: int) -> tuple[Documents, Documents, Documents]:
    """Returns training, validation and test documents, drawn at random; each in the order in which they came.

    Args:
        documents: all of them; equal texts must have been removed, or they would be in train and test.
        fractions: wanted sizes; each set gets at least one document.
        seed: equal seeds split alike.

    Raises:
        TextsError: fewer than three documents.
    """
    count = len(documents)
    if count < SETS:
        raise TextsError(f"expected at least {SETS} documents, one for each set, got {count}; give more")
    test = max(1, round(fractions.test * count))
    validation = max(1, round(fractions.validation * count))
    if test + validation >= count:
        test = validation = 1
    order = np.random.default_rng(seed).permutation(count)
    parts = (order[test + validation :], order[test : test + validation], order[:test])
    train, chosen, reported = (documents.take(sorted(part.tolist())) for part in parts)
    return train, chosen, reported


def draw_validation(documents: Documents, share: float, seed: int) -> tuple[Documents, Documents]:
    """Returns training and validation documents where the test set is given; each in the order in which they came.

    Drawn at random, but a document stays in training if its text comes more than once, which would be in both sets, or
    if it is the last one there with some label.

    Args:
        documents: all that are not for the test.
        share: of them that validation gets, at least one document.
        seed: equal seeds draw alike.

    Raises:
        TextsError: every document has to stay in training.
    """
    texts = Counter(documents.texts)
    left = Counter(label for labels in documents.labels for label in labels)
    wanted = max(1, round(share * len(documents)))
    drawn: set[int] = set()
    for place in np.random.default_rng(seed).permutation(len(documents)).tolist():
        labels = documents.labels[place]
        if len(drawn) < wanted and texts[documents.texts[place]] == 1 and all(left[label] > 1 for label in labels):
            drawn.add(place)
            left.subtract(labels)
    if not drawn or len(drawn) == len(documents):
        raise TextsError(
            f"expected documents for training and for validation, got {len(documents)} that cannot be parted (equal "
            f"texts, or one a label); give more"
        )
    rest = [place for place in range(len(documents)) if place not in drawn]
    return documents.take(rest), documents.take(sorted(drawn))


def absence_notes(train: Documents, validation: Documents, test: Documents, names: tuple[str, ...]) -> tuple[str, ...]:
    """Returns a sentence for each label that some set has no document of: its scores there mean nothing."""
    return tuple(
        f"No document with the label {name} is in the {place} set."
        for place, part in (("training", train), ("validation", validation), ("test", test))
        for number, name in enumerate(names)
        if number not in {label for numbers in part.labels for label in numbers}
    )
