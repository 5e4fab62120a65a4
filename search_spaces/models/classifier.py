"""What turns the last layer's states into logits: BERT's pooler for tokens, the mean over positions for windows."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from search_spaces.input_spec import InputKind, InputSpec


class FirstTokenClassifier(nn.Module):
    """BERT's pooler (dense + tanh on the first token), dropout, linear classifier."""

    def __init__(self, hidden: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.pooler = nn.Linear(hidden, hidden)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(hidden, classes)

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        """Returns logits `batch x classes`; the first position is taken whatever the mask says."""
        pooled = torch.tanh(self.pooler(states[:, 0]))
        return self.output(self.dropout(pooled))  # type: ignore[no-any-return]


class MeanClassifier(nn.Module):
    """Mean over the kept positions, dropout, linear classifier."""

    def __init__(self, hidden: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(hidden, classes)

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        """Returns logits `batch x classes`; an example without a kept position is classified from zeros."""
        if mask is None:
            pooled = states.mean(1)
        else:
            kept = mask.unsqueeze(-1)
            pooled = states.masked_fill(~kept, 0.0).sum(1) / kept.sum(1).clamp(min=1)
        return self.output(self.dropout(pooled))  # type: ignore[no-any-return]


def classifier(spec: InputSpec, hidden: int, dropout: float) -> nn.Module:
    """Returns the module that classifies states of size `hidden` for `spec`."""
    kind = FirstTokenClassifier if spec.kind is InputKind.TOKENS else MeanClassifier
    return kind(hidden, spec.classes, dropout)
