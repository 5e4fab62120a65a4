"""The constant matrices of the Fourier and cosine heads.

Matrices rather than FFT calls: they export to every runtime, and at the widths and lengths of edge models a small
matrix product is faster than an FFT. All are orthonormal (energy-preserving): the unscaled Fourier transform of 30 x 16
values is 22 times larger than the values, and would drown the other heads of its layer and the residual.

Source: Lee-Thorp et al., "FNet: Mixing Tokens with Fourier Transforms" (arXiv:2105.03824), for the real part of the
2-D Fourier transform as a mixing operation; type II of the discrete cosine transform as in `scipy.fft.dct`.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def _angles(size: int) -> Tensor:
    """Returns 2 pi i j / size, `size x size` float64; i j is reduced modulo size, so that large sizes stay exact."""
    index = torch.arange(size, dtype=torch.int64)
    return torch.remainder(index[:, None] * index[None, :], size).to(torch.float64) * (2.0 * math.pi / size)


def fourier_over_sequence(length: int) -> Tensor:
    """Returns cosines and sines over the sequence, `length x 2 x length`: row i holds cos(2 pi i j/N), then sin."""
    angles = _angles(length)
    return (torch.stack((angles.cos(), angles.sin()), dim=1) / math.sqrt(length)).to(torch.float32)


def fourier_over_width(width: int) -> Tensor:
    """Returns cosines and negated sines over the width, `width x 2 x width`, to match `fourier_over_sequence`.

    With both, Re(F_N V F_w) = C_N V C_w - S_N V S_w; each matrix is symmetric.
    """
    angles = _angles(width)
    return (torch.stack((angles.cos(), -angles.sin()), dim=1) / math.sqrt(width)).to(torch.float32)


def cosine_basis(size: int) -> Tensor:
    """Returns the orthonormal matrix D of the discrete cosine transform (type II), `size x size`: y = D x."""
    frequency = torch.arange(size, dtype=torch.float64)[:, None]
    position = torch.arange(size, dtype=torch.float64)[None, :]
    basis = torch.cos(math.pi * frequency * (2.0 * position + 1.0) / (2.0 * size)) * math.sqrt(2.0 / size)
    basis[0] /= math.sqrt(2.0)
    return basis.to(torch.float32)
