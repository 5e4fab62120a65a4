"""Candidates that may be proposed, each with its input row and kept once."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from protran.optimize.beliefs import InputMap
from search_spaces.candidate import Candidate


class Pool:
    """A growing set of distinct candidates with their input rows, without those that are taken.

    Args:
        inputs: computes the rows.
        taken: candidate keys that never enter.
    """

    def __init__(self, inputs: InputMap, taken: Iterable[str]) -> None:
        self._inputs = inputs
        self._barred = set(taken)
        self.candidates: list[Candidate] = []
        self.rows: Tensor = inputs.of_candidates([])

    def __len__(self) -> int:
        return len(self.candidates)

    def add(self, candidates: Iterable[Candidate]) -> Tensor:
        """Adds those that are new; returns their places."""
        new: list[Candidate] = []
        for candidate in candidates:
            key = candidate.key
            if key not in self._barred:
                self._barred.add(key)
                new.append(candidate)
        first = len(self.candidates)
        self.candidates.extend(new)
        self.rows = torch.cat([self.rows, self._inputs.of_candidates(new)])
        return torch.arange(first, len(self.candidates))
