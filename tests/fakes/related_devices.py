"""Devices that agree with each other but for their speed, for tests of surrogates that learn from others."""

from __future__ import annotations

import torch


def measured(count: int, seed: int, noise: float = 0.02):
    """Features, and two outputs that bend with them: the second has nothing to do with the first."""
    draws = torch.Generator().manual_seed(seed)
    x = torch.rand(count, 4, generator=draws, dtype=torch.float64)
    logs = torch.stack([3.0 * (3.0 * x[:, 0]).sin() + 2.0 * x[:, 1] * x[:, 2], 2.0 * x[:, 3]], dim=-1)
    return x, (logs + noise * torch.randn(count, 2, generator=draws, dtype=torch.float64)).exp()


def new_device(count: int = 8):
    """A device three times as slow as the sources."""
    x, y = measured(count, seed=2)
    return x, 3.0 * y
