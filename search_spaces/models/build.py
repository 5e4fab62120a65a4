"""From an architecture to a torch model."""

from __future__ import annotations

from typing import TypeAlias

from search_spaces.candidate import Architecture, Family
from search_spaces.errors import SpaceError
from search_spaces.input_spec import InputSpec
from search_spaces.models.decoder import DecoderModel
from search_spaces.models.encoder import EncoderModel

Model: TypeAlias = EncoderModel | DecoderModel


def build_model(architecture: Architecture, input_spec: InputSpec, *, dropout: float = 0.1) -> Model:
    """Returns a freshly initialised model of `architecture` for `input_spec`, in training mode.

    Initial weights come from torch's global generator: seed it for a reproducible model.

    Raises:
        SpaceError: `dropout` is not in [0, 1), or the input spec is not one that the architecture's family reads.
    """
    if not 0.0 <= dropout < 1.0:
        raise SpaceError(f"dropout must be at least 0 and below 1, got {dropout!r}")
    input_spec.check_family(architecture.family)
    kind = DecoderModel if architecture.family is Family.DECODER else EncoderModel
    return kind(architecture, input_spec, dropout)


def build_encoder(architecture: Architecture, input_spec: InputSpec, *, dropout: float = 0.1) -> EncoderModel:
    """Returns what `build_model` does, for those who can use encoders alone.

    Raises:
        SpaceError: as `build_model`, or the architecture is a decoder.
    """
    model = build_model(architecture, input_spec, dropout=dropout)
    if not isinstance(model, EncoderModel):
        raise SpaceError(f"expected an encoder, got a {architecture.family.value}; give the architecture of an encoder")
    return model
