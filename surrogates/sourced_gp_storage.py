"""A device's outputs that hear sources as tensors and settings, inside the files of its surrogate."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from surrogates import storage
from surrogates.hetero_gp import HeteroscedasticGP
from surrogates.nested import packed_surrogate, unpacked_surrogate
from surrogates.sourced_gp_output import SourcedOutput


def packed_output(own: SourcedOutput | None) -> tuple[dict[str, Tensor], dict[str, Any] | None]:
    """Returns the tensors and the settings from which `unpacked_output` builds an equal one; none for None."""
    if own is None:
        return {}, None
    process, text = packed_surrogate(own.process)
    return {"process": process}, {"places": list(own.places), "weight": own.weight, "process": text}


def unpacked_output(tensors: storage.Tensors, settings: storage.Settings | None) -> SourcedOutput | None:
    """Returns what `packed_output` described.

    Raises:
        SurrogateError: its process is damaged.
    """
    if settings is None:
        return None
    process = unpacked_surrogate(HeteroscedasticGP, tensors["process"], settings["process"])
    return SourcedOutput(tuple(settings["places"]), process, settings["weight"])
