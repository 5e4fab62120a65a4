"""The surrogates that can be evaluated, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from protran.errors import InputError
from protran.features import FAINT_HARDWARE_COLUMNS
from surrogates.base import Surrogate
from surrogates.boshnas import Boshnas
from surrogates.ensemble import DeepEnsemble
from surrogates.hetero_gp import HeteroscedasticGP
from surrogates.transfer import TransferSurrogate
from surrogates.trees import BoostedTrees

AUTO = "auto"
"""Stands for the model that the selector picks."""


def _hardware_gp() -> HeteroscedasticGP:
    """Returns a process that expects little of the mix of operations beside the sizes."""
    return HeteroscedasticGP(faint=FAINT_HARDWARE_COLUMNS)


MODELS: dict[str, Callable[[], Surrogate]] = {
    "gp": _hardware_gp,
    "trees": BoostedTrees,
    "ensemble": DeepEnsemble,
    "boshnas": Boshnas,
    "transfer": TransferSurrogate,
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
