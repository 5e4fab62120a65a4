"""Torch models of architectures."""

from search_spaces.models.encoder import EncoderModel, build_model
from search_spaces.models.inputs import example_input

__all__ = ["EncoderModel", "build_model", "example_input"]
