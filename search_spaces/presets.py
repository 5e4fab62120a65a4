"""Well-known models by name."""

from __future__ import annotations

from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.errors import SpaceError
from search_spaces.input_spec import InputKind, InputSpec

# Layers, hidden size, heads, feed-forward size. Source: Turc et al., "Well-Read Students Learn Better"
# (arXiv:1908.08962), table 1: 4.4 and 11.2 million parameters.
_BERT = {
    "bert-mini": (4, 256, 4, 1024),
    "bert-tiny": (2, 128, 2, 512),
}
BERT_INPUT = InputSpec(InputKind.TOKENS, length=128, classes=2)
"""Sentences of 128 tokens of BERT's vocabulary, two classes: as GLUE's single-sentence tasks are run."""


def presets() -> tuple[str, ...]:
    """Returns the names of the presets."""
    return tuple(_BERT)


def preset(name: str) -> tuple[Candidate, InputSpec]:
    """Returns the candidate and the input spec of a well-known model.

    Raises:
        SpaceError: there is no preset of this name.
    """
    if name not in _BERT:
        raise SpaceError(f"no preset {name!r}: expected one of {', '.join(presets())}")
    depth, hidden, heads, size = _BERT[name]
    layer = Layer(hidden, (HeadKind.SCALED_DOT_PRODUCT,) * heads, (size,))
    return Candidate(Architecture((layer,) * depth)), BERT_INPUT
