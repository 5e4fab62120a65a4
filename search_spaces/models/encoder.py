"""The whole model: embedding, encoder layers, classifier."""

from __future__ import annotations

from torch import Tensor, nn

from search_spaces.candidate import Architecture
from search_spaces.errors import SpaceError
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.models.classifier import classifier
from search_spaces.models.inputs import embedding
from search_spaces.models.layers import EncoderLayer


class EncoderModel(nn.Module):
    """An encoder of mixed layers with a classifier.

    Shorter inputs than the input spec's length are welcome, longer ones are refused.
    """

    def __init__(self, architecture: Architecture, input_spec: InputSpec, dropout: float) -> None:
        super().__init__()
        self.input_spec = input_spec
        layers = architecture.layers
        following = [*(layer.hidden for layer in layers[1:]), None]
        self.embedding = embedding(input_spec, layers[0].hidden, dropout)
        self.layers = nn.ModuleList(
            EncoderLayer(layer, next_hidden, input_spec.sequence_length, dropout)
            for layer, next_hidden in zip(layers, following, strict=True)
        )
        self.classifier = classifier(input_spec, layers[-1].hidden, dropout)

    def forward(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """Returns logits `batch x classes`.

        Args:
            inputs: token ids int64 `batch x length`, or windows float32 `batch x channels x length`.
            mask: `batch x positions` bool, true where a position (token or patch) is kept; None keeps all. Every
                example needs at least one kept position.

        Raises:
            SpaceError: the inputs are not of the input spec's shape.
        """
        return self.classifier(self.states(inputs, mask), mask)  # type: ignore[no-any-return]

    def states(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """Returns the last layer's states `batch x positions x hidden`, before the classifier; see `forward`."""
        self._check(inputs)
        states: Tensor = self.embedding(inputs)
        for layer in self.layers:
            states = layer(states, mask)
        return states

    def _check(self, inputs: Tensor) -> None:
        spec = self.input_spec
        tokens = spec.kind is InputKind.TOKENS
        fits = inputs.dim() == 2 if tokens else inputs.dim() == 3 and inputs.shape[1] == spec.channels
        if not fits or inputs.shape[-1] > spec.length:
            expected = "batch x length" if tokens else f"batch x {spec.channels} channels x length"
            raise SpaceError(f"expected inputs {expected} of length up to {spec.length}, got {tuple(inputs.shape)}")
