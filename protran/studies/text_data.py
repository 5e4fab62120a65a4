"""Finds a text data set by name or path. Those that ship with ProTran are listed here and nowhere else."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protran.studies.arxiv import OnEmpty, read_arxiv
from protran.studies.debtags import DebtagsOptions, load_debtags
from protran.studies.own_texts import OwnTextsOptions, load_own_texts
from protran.studies.own_texts_rows import ENDINGS, ending_of
from protran.studies.reuters import ReutersOptions, load_reuters
from protran.studies.text_options import build_options, fractions, user_path
from protran.studies.texts import TextData, TextsError


@dataclass(frozen=True, kw_only=True)
class ArxivOptions:
    """How arXiv's abstracts are read; `read_arxiv` describes and checks what is not checked here.

    Attributes:
        path: the file that the user has.
        top: how many categories are labels.
        limit: how many documents are kept at most; None for all.
        seed: equal seeds sample and split alike.
        on_empty: what happens to a paper without an abstract.
        validation: share of the documents that validation gets.
        test: share of the documents that the test set gets.
    """

    path: Path | None = None
    top: int = 20
    limit: int | None = None
    seed: int = 0
    on_empty: OnEmpty | str = OnEmpty.ERROR
    validation: float = 0.1
    test: float = 0.1


def _arxiv(options: Mapping[str, Any]) -> TextData:
    chosen = build_options(ArxivOptions, "arxiv", options)
    if chosen.path is None:
        raise TextsError("arxiv: expected the option path, got none; download arXiv's metadata, then give path=FILE")
    return read_arxiv(
        user_path("path", chosen.path),
        chosen.top,
        chosen.limit,
        chosen.seed,
        fractions=fractions(chosen.validation, chosen.test),
        on_empty=chosen.on_empty,
    )


def _debtags(options: Mapping[str, Any]) -> TextData:
    return load_debtags(build_options(DebtagsOptions, "debtags", options))


def _reuters(options: Mapping[str, Any]) -> TextData:
    return load_reuters(build_options(ReutersOptions, "reuters-r52", options))


_SOURCES: Mapping[str, Callable[[Mapping[str, Any]], TextData]] = {
    "arxiv": _arxiv,
    "debtags": _debtags,
    "reuters-r52": _reuters,
}


def text_sources() -> tuple[str, ...]:
    """Returns the names of the text data sets that ProTran knows how to get or to read."""
    return tuple(_SOURCES)


def load_texts(source: str | Path, options: Mapping[str, Any] | None = None) -> TextData:
    """Returns a text data set. Its `version` says whether it is the same as at another time.

    Args:
        source: a name of `text_sources`, or the path of a file that ends in .csv, .jsonl or .ndjson.
        options: fields of `ArxivOptions`, `DebtagsOptions`, `ReutersOptions`, or `OwnTextsOptions` for a file.

    Raises:
        TextsError: unknown name, an option that is unknown or out of range, or the data cannot be fetched or read.
    """
    name, given = str(source), dict(options or {})
    if name in _SOURCES:
        return _SOURCES[name](given)
    if ending_of(Path(name)) is None:
        near = difflib.get_close_matches(name, _SOURCES, n=1)
        hint = f"did you mean {near[0]}?" if near else "check the name"
        raise TextsError(
            f"expected texts from {', '.join(_SOURCES)}, or a file that ends in {', '.join(ENDINGS)}, got {name!r}; "
            f"{hint}"
        )
    return load_own_texts(user_path("texts", name), build_options(OwnTextsOptions, name, given))
