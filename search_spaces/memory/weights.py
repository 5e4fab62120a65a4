"""The weights of a model, tensor by tensor, in the order in which torch lists them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from search_spaces.arithmetic import BERT_POSITIONS, BERT_TYPES, QUERYING
from search_spaces.candidate import Architecture, Family, HeadKind, Layer
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.memory.breakdown import Part, Place, Share
from search_spaces.traffic import BYTES


@dataclass(frozen=True)
class Weight:
    """One tensor of `numbers` weights; a constant (of Part.CONSTANTS) is not trained."""

    place: Place
    numbers: int


def parameters(architecture: Architecture, spec: InputSpec) -> list[Weight]:
    """Returns the trained tensors, in the order of `model.parameters()`."""
    layers = architecture.layers
    weights = list(_embedding(spec, layers[0].hidden))
    last = layers[-1].hidden
    for number, (layer, next_hidden) in enumerate(with_next_hidden(architecture), start=1):
        parts = _Parts(number, layer, architecture.bias)
        weights += parts.of_decoder() if architecture.family is Family.DECODER else parts.of_encoder(next_hidden)
    if spec.kind is InputKind.TEXT:
        return weights + _norm(None, last, architecture.bias)
    classifier = Place(None, Part.CLASSIFIER)
    if spec.kind is InputKind.TOKENS:
        weights += _linear(classifier, last, last)
    return weights + _linear(classifier, last, spec.classes)


def constants(architecture: Architecture, spec: InputSpec) -> list[Weight]:
    """Returns the constant matrices of Fourier heads (two per side) and cosine heads (one)."""
    length = spec.sequence_length
    weights = []
    for number, layer in enumerate(architecture.layers, start=1):
        for kind, matrices in ((HeadKind.FOURIER, 2), (HeadKind.COSINE, 1)):
            if kind in layer.heads:
                place = Place(number, Part.CONSTANTS)
                weights += [Weight(place, matrices * side * side) for side in (length, layer.head_width)]
    return weights


def weight_shares(architecture: Architecture, spec: InputSpec) -> tuple[Share, ...]:
    """Returns the bytes of parameters and constants in each place, in fp32."""
    totals: dict[Place, int] = {}
    for weight in parameters(architecture, spec) + constants(architecture, spec):
        totals[weight.place] = totals.get(weight.place, 0) + BYTES * weight.numbers
    return tuple(Share(place, size) for place, size in totals.items())


def with_next_hidden(architecture: Architecture) -> list[tuple[Layer, int]]:
    """Returns every layer with the hidden size of the layer after it; the last with its own."""
    layers = architecture.layers
    return [(layer, following.hidden) for layer, following in zip(layers, [*layers[1:], layers[-1]], strict=True)]


def projected_features(layer: Layer) -> int:
    """Returns the features of the layer's fused projection: values of all heads, queries and keys of some."""
    return layer.head_width * sum(3 if kind in QUERYING else 1 for kind in layer.heads)


def _linear(place: Place, inputs: int, outputs: int, bias: bool = True) -> list[Weight]:
    return [Weight(place, inputs * outputs), Weight(place, outputs)][: 2 if bias else 1]


def _norm(layer: int | None, hidden: int, bias: bool = True) -> list[Weight]:
    return [Weight(Place(layer, Part.NORM), hidden)] * (2 if bias else 1)


def _embedding(spec: InputSpec, hidden: int) -> list[Weight]:
    place = Place(None, Part.EMBEDDING)
    if spec.kind is InputKind.TEXT:
        return [Weight(place, spec.length * hidden), Weight(place, spec.vocabulary * hidden)]
    if spec.kind is InputKind.TOKENS:
        rows = [max(BERT_POSITIONS, spec.length), BERT_TYPES, spec.vocabulary]
    else:
        rows = [spec.sequence_length, spec.channels * spec.patch, 1]
    return [Weight(place, count * hidden) for count in rows] + _norm(None, hidden)


@dataclass(frozen=True)
class _Parts:
    """The weights of one layer, part by part."""

    number: int
    layer: Layer
    bias: bool

    def of_encoder(self, next_hidden: int) -> Iterator[Weight]:
        """Yields them in the order of an encoder layer that is followed by one of `next_hidden`."""
        hidden = self.layer.hidden
        yield from (*self._attention(), *self._norm(), *self._feed_forward(), *self._norm())
        if next_hidden != hidden:
            yield from _linear(Place(self.number, Part.TRANSITION), hidden, next_hidden)

    def of_decoder(self) -> Iterator[Weight]:
        """Yields them in the order of a decoder layer."""
        yield from (*self._norm(), *self._attention(), *self._norm(), *self._feed_forward())

    def _attention(self) -> Iterator[Weight]:
        layer, place = self.layer, Place(self.number, Part.ATTENTION)
        yield from _linear(place, layer.hidden, projected_features(layer), self.bias)
        for kind, count in layer.head_counts().items():
            for numbers in _head_parameters(kind, count, layer.head_width) if count else []:
                yield Weight(place, numbers)
        yield from _linear(place, len(layer.heads) * layer.head_width, layer.hidden, self.bias)

    def _norm(self) -> list[Weight]:
        return _norm(self.number, self.layer.hidden, self.bias)

    def _feed_forward(self) -> Iterator[Weight]:
        hidden = self.layer.hidden
        for inputs, outputs in pairwise([hidden, *self.layer.feed_forward, hidden]):
            yield from _linear(Place(self.number, Part.FEED_FORWARD), inputs, outputs, self.bias)


def _head_parameters(kind: HeadKind, count: int, width: int) -> list[int]:
    if kind is HeadKind.WEIGHTED_MULTIPLICATIVE:
        return [count * width * width]
    if kind.kernel is None:
        return []
    kernel = kind.kernel
    return [kernel * count * width, count * width * width, count * width, count * width * kernel, count * kernel]
