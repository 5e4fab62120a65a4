"""Source devices as tensors and settings, inside the files of the surrogate that learns from them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from torch import Tensor

from surrogates import storage
from surrogates.hetero_gp import HeteroscedasticGP
from surrogates.nested import packed_surrogate, unpacked_surrogate
from surrogates.transfer_source import Consistency, SourceDevice


def packed_source(source: SourceDevice) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Returns the tensors and the settings from which `unpacked_source` builds an equal source."""
    tensors = {"x": source.x}
    settings: dict[str, Any] = {"name": source.name, "outputs": list(source.outputs), "surrogate": None}
    settings["consistency"] = [asdict(consistency) for consistency in source.consistency]
    if source.surrogate is not None:
        tensors["surrogate"], settings["surrogate"] = packed_surrogate(source.surrogate)
    return tensors, settings


def unpacked_source(tensors: storage.Tensors, settings: storage.Settings) -> SourceDevice:
    """Returns the source that `packed_source` described.

    Raises:
        SurrogateError: its surrogate is damaged.
    """
    own = settings["surrogate"]
    surrogate = None if own is None else unpacked_surrogate(HeteroscedasticGP, tensors["surrogate"], own)
    consistency = tuple(Consistency(**entry) for entry in settings["consistency"])
    return SourceDevice(settings["name"], tuple(settings["outputs"]), surrogate, consistency, tensors["x"])
