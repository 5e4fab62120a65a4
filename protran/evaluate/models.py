"""The surrogates that can be evaluated, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from protran.errors import InputError
from surrogates.base import Surrogate
from surrogates.ensemble import DeepEnsemble
from surrogates.hetero_gp import HeteroscedasticGP
from surrogates.trees import BoostedTrees

AUTO = "auto"
"""Stands for the model that the selector picks."""

MODELS: dict[str, Callable[[], Surrogate]] = {
    "gp": HeteroscedasticGP,
    "trees": BoostedTrees,
    "ensemble": DeepEnsemble,
}


def check_models(names: Sequence[str]) -> tuple[str, ...]:
    """Returns the names, each once.

    Raises:
        InputError: there is none, or one is unknown.
    """
    unknown = [name for name in names if name != AUTO and name not in MODELS]
    if unknown or not names:
        raise InputError(
            f"expected models among {', '.join((AUTO, *MODELS))}, got {unknown[0] if unknown else 'none'!r}"
        )
    return tuple(dict.fromkeys(names))
