"""Random changes of training windows that leave their class alone, a batch at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from protran.training.recipe import Recipe


def augment(
    windows: Tensor, recipe: Recipe, axes: Sequence[tuple[int, int, int]], generator: torch.Generator
) -> Tensor:
    """Returns changed copies of normalised windows: turned sensors, another strength, noise, a blanked stretch.

    Args:
        windows: `batch x channels x length`, float32, normalised so that a sensor's axes share one scale.
        recipe: how strong each change is; 0 leaves it out.
        axes: channel triples that form the axes of a sensor; only these are turned.
        generator: the source of every random number.
    """
    batch, _, length = windows.shape
    result = windows
    if recipe.rotation_degrees and axes:
        result = _rotate(result, recipe.rotation_degrees, axes, generator)
    if recipe.scaling:
        result = result * torch.exp(recipe.scaling * torch.randn(batch, 1, 1, generator=generator))
    if recipe.jitter:
        result = result + recipe.jitter * torch.randn(windows.shape, generator=generator)
    if recipe.masking:
        extent = torch.rand(batch, 1, generator=generator) * recipe.masking * length
        start = torch.rand(batch, 1, generator=generator) * (length - extent)
        place = torch.arange(length)[None, :]
        result = result.masked_fill(((place >= start) & (place < start + extent))[:, None, :], 0.0)
    return result


def _rotate(
    windows: Tensor, degrees: float, axes: Sequence[tuple[int, int, int]], generator: torch.Generator
) -> Tensor:
    rotation = _rotations(len(windows), degrees, generator)
    result = windows.clone()
    for triple in axes:
        channels = list(triple)
        result[:, channels] = torch.bmm(rotation, windows[:, channels])
    return result


def _rotations(count: int, degrees: float, generator: torch.Generator) -> Tensor:
    """Returns `count x 3 x 3` rotations about uniform axes by normal angles.

    Source: Rodrigues' formula, ``I + sin(a) K + (1 - cos(a)) K K`` with K the cross-product matrix of the axis.
    """
    axis = torch.randn(count, 3, generator=generator)
    axis = axis / axis.norm(dim=1, keepdim=True).clamp_min(1e-12)
    angle = (degrees * math.pi / 180 * torch.randn(count, generator=generator))[:, None, None]
    x, y, z = axis.unbind(1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=1).view(count, 3, 3)
    return torch.eye(3) + torch.sin(angle) * cross + (1 - torch.cos(angle)) * (cross @ cross)
