"""What turns an input into the first layer's states: BERT's embeddings for tokens, GPT-2's for text, patches."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.models.layers import NORM_EPSILON

BERT_POSITIONS = 512  # positions of published BERT weights, which ours must be able to load
BERT_TYPES = 2
INITIAL_DEVIATION = 0.02  # BERT's and GPT-2's, for embeddings


class TokenEmbedding(nn.Module):
    """Word + position + type embedding, then layer norm.

    Source: Devlin et al., "BERT" (arXiv:1810.04805), figure 2. Every token is of type 0.
    """

    def __init__(self, spec: InputSpec, hidden: int, dropout: float) -> None:
        super().__init__()
        self.words = nn.Embedding(spec.vocabulary, hidden)
        self.positions = nn.Parameter(torch.empty(max(BERT_POSITIONS, spec.length), hidden))
        self.types = nn.Parameter(torch.empty(BERT_TYPES, hidden))
        self.norm = nn.LayerNorm(hidden, eps=NORM_EPSILON)
        self.dropout = nn.Dropout(dropout)
        for table in (self.words.weight, self.positions, self.types):
            nn.init.normal_(table, std=INITIAL_DEVIATION)

    def forward(self, tokens: Tensor) -> Tensor:
        """Returns states `batch x length x hidden` for token ids `batch x length`."""
        states = self.words(tokens) + self.positions[: tokens.shape[1]] + self.types[0]
        return self.dropout(self.norm(states))  # type: ignore[no-any-return]


class PatchEmbedding(nn.Module):
    """Convolution over non-overlapping patches of all channels + learned positions, then layer norm.

    Samples after the last whole patch are dropped.
    """

    def __init__(self, spec: InputSpec, hidden: int, dropout: float) -> None:
        super().__init__()
        self.patches = nn.Conv1d(spec.channels, hidden, kernel_size=spec.patch, stride=spec.patch)
        self.positions = nn.Parameter(torch.empty(spec.sequence_length, hidden))
        self.norm = nn.LayerNorm(hidden, eps=NORM_EPSILON)
        self.dropout = nn.Dropout(dropout)
        nn.init.normal_(self.positions, std=INITIAL_DEVIATION)

    def forward(self, windows: Tensor) -> Tensor:
        """Returns states `batch x positions x hidden` for windows `batch x channels x samples`."""
        patches = self.patches(windows).transpose(1, 2)
        return self.dropout(self.norm(patches + self.positions[: patches.shape[1]]))  # type: ignore[no-any-return]


class TextEmbedding(nn.Module):
    """Word + position embedding, as many positions as the input spec's length.

    Source: Radford et al., "Language Models are Unsupervised Multitask Learners" (2019), and its code.
    """

    def __init__(self, spec: InputSpec, hidden: int, dropout: float) -> None:
        super().__init__()
        self.words = nn.Embedding(spec.vocabulary, hidden)
        self.positions = nn.Parameter(torch.empty(spec.length, hidden))
        self.dropout = nn.Dropout(dropout)
        for table in (self.words.weight, self.positions):
            nn.init.normal_(table, std=INITIAL_DEVIATION)

    def forward(self, tokens: Tensor) -> Tensor:
        """Returns states `batch x length x hidden` for token ids `batch x length`."""
        return self.dropout(self.words(tokens) + self.positions[: tokens.shape[1]])  # type: ignore[no-any-return]


def embedding(spec: InputSpec, hidden: int, dropout: float) -> nn.Module:
    """Returns the module that embeds inputs of `spec` into states of size `hidden`; for text see `TextEmbedding`."""
    if spec.kind is InputKind.TOKENS:
        return TokenEmbedding(spec, hidden, dropout)
    return PatchEmbedding(spec, hidden, dropout)


def example_input(input_spec: InputSpec, batch_size: int, seed: int) -> Tensor:
    """Returns a random input of full length: the same for the same seed.

    Token ids are int64, `batch x length`, for tokens and for text; windows are standard normal float32,
    `batch x channels x length`.
    """
    generator = torch.Generator().manual_seed(seed)
    if input_spec.kind is not InputKind.WINDOWS:
        return torch.randint(input_spec.vocabulary, (batch_size, input_spec.length), generator=generator)
    return torch.randn(batch_size, input_spec.channels, input_spec.length, generator=generator)
