"""Torch models of architectures."""

from search_spaces.models.build import Model, build_model
from search_spaces.models.decoder import DecoderModel
from search_spaces.models.encoder import EncoderModel
from search_spaces.models.inputs import example_input

__all__ = ["DecoderModel", "EncoderModel", "Model", "build_model", "example_input"]
