"""A user's own texts with labels, from a CSV or from JSON lines, split at random into three sets."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from protran.studies.own_texts_rows import LabelledText, read_labelled_texts
from protran.studies.text_options import flag, fractions, whole, word
from protran.studies.texts import Documents, TextData, TextsError, absence_notes, split_documents

MOST_LABELS = 1000  # distinct ones; more is a wrong column


@dataclass(frozen=True, kw_only=True)
class OwnTextsOptions:
    """How the file is read and split.

    Attributes:
        text: name of the column or key with the text.
        labels: name of the column or key with the labels.
        seed: equal seeds split alike.
        validation: share of the documents that validation gets.
        test: share of the documents that the test set gets.
        multi_label: whether a document may have several labels or none; None for what the file shows.
    """

    text: str = "text"
    labels: str = "labels"
    seed: int = 0
    validation: float = 0.1
    test: float = 0.2
    multi_label: bool | None = None

    def __post_init__(self) -> None:
        word("text", self.text)
        word("labels", self.labels)
        whole("seed", self.seed, 0)
        fractions(self.validation, self.test)
        if self.multi_label is not None:
            object.__setattr__(self, "multi_label", flag("multi_label", self.multi_label))


def load_own_texts(path: Path, options: OwnTextsOptions) -> TextData:
    """Returns the texts of a file; of equal texts the first is kept.

    Labels are numbered by how many documents have them; of equally common ones, the first by name.

    Raises:
        TextsError: the file cannot be read, a line is not in the layout, or there are too few documents or labels, or
            far too many labels, or a document has not one label although all should.
    """
    rows = 0
    kept: dict[str, LabelledText] = {}
    common: Counter[str] = Counter()
    for row in read_labelled_texts(path, options.text, options.labels):
        rows += 1
        if options.multi_label is False and len(row.labels) != 1:
            raise TextsError(
                f"{path}:{row.line}: expected one label a document, got {len(row.labels)}; repair the line, or leave "
                f"multi_label out"
            )
        if row.text not in kept:
            kept[row.text] = row
            common.update(row.labels)
        if len(common) > MOST_LABELS:
            raise TextsError(
                f"{path}:{row.line}: expected at most {MOST_LABELS} distinct labels, got more; name the right column "
                f"with labels="
            )
    if len(common) < 2:
        raise TextsError(
            f"{path}: expected at least two distinct labels, got {len(common)}; give documents of more kinds"
        )
    names = tuple(sorted(common, key=lambda name: (-common[name], name)))
    return _data(path, list(kept.values()), names, rows, options)


def _data(
    path: Path, kept: list[LabelledText], names: tuple[str, ...], rows: int, options: OwnTextsOptions
) -> TextData:
    numbers = {name: number for number, name in enumerate(names)}
    documents = Documents(
        tuple(row.text for row in kept), tuple(tuple(sorted(numbers[name] for name in row.labels)) for row in kept)
    )
    shares = fractions(options.validation, options.test)
    try:
        train, validation, test = split_documents(documents, shares, options.seed)
    except TextsError as error:
        raise TextsError(f"{path}: {error}") from error
    multi_label = options.multi_label
    if multi_label is None:
        multi_label = any(len(row.labels) != 1 for row in kept)
    unlabelled = sum(not row.labels for row in kept)
    return TextData(
        train,
        validation,
        test,
        label_names=names,
        rows=rows,
        left_out={"same text as a kept one": rows - len(kept)} if rows > len(kept) else {},
        notes=(
            *((f"{unlabelled} documents have no label.",) if unlabelled else ()),
            *absence_notes(train, validation, test, names),
        ),
        multi_label=multi_label,
    )
