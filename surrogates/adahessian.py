"""AdaHessian for tensors of inputs: gradient steps divided by an estimate of the Hessian's diagonal.

Source: Z. Yao, A. Gholami, S. Shen, M. Mustafa, K. Keutzer, M. W. Mahoney, "ADAHESSIAN: An Adaptive Second Order
Optimizer for Machine Learning", 2021, arXiv:2006.00719, section 3 and algorithm 1.
"""

from __future__ import annotations

import torch
from torch import Tensor

from surrogates.errors import SurrogateError

SMALLEST_CURVATURE = 1e-8
"""Added to the denominator, so that a straight slope moves far rather than nowhere."""


def hutchinson_diagonal(gradient: Tensor, inputs: Tensor, draws: torch.Generator) -> Tensor:
    """Returns an unbiased estimate of the Hessian's diagonal, in the shape of `inputs`, from one product with it.

    Exact where the Hessian is diagonal; zero where the gradient does not depend on the inputs.

    Source: Yao et al. (above): the diagonal is the expected value of `z * (H z)`, each entry of `z` 1 or -1 at random.

    Args:
        gradient: of a scalar, with its own graph (`create_graph=True`).
        inputs: what the scalar was derived by.
        draws: gives the signs.
    """
    signs = torch.randint(2, inputs.shape, generator=draws).to(inputs.dtype) * 2 - 1
    if not gradient.requires_grad:
        return torch.zeros_like(inputs)
    (product,) = torch.autograd.grad(gradient, inputs, grad_outputs=signs, materialize_grads=True)
    return signs * product


class AdaHessian:
    """Moves a tensor of inputs downhill, in place; each step needs the value at the inputs as they are.

    Args:
        inputs: any shape, a leaf that requires gradients.
        seed: of the signs of the Hessian's estimates.
        decays: of the moving averages of the gradient and of the squared curvature.
        power: how far the curvature counts: 1 as Newton's method has it, 0 not at all.
        block: over as many neighbours along the last dimension the curvature is averaged.

    Raises:
        SurrogateError: the inputs require no gradients, or blocks do not fill the last dimension.
    """

    def __init__(
        self,
        inputs: Tensor,
        *,
        seed: int = 0,
        decays: tuple[float, float] = (0.9, 0.999),
        power: float = 1.0,
        block: int = 1,
    ) -> None:
        if not (inputs.is_leaf and inputs.requires_grad):
            raise SurrogateError("expected a leaf that requires gradients, got other inputs; detach them first")
        if block < 1 or inputs.shape[-1] % block:
            raise SurrogateError(f"expected blocks that divide {inputs.shape[-1]} inputs, got {block}; take 1")
        self._inputs = inputs
        self._draws = torch.Generator().manual_seed(seed)
        self._decays = decays
        self._power = power
        self._block = block
        self._slope = torch.zeros_like(inputs, requires_grad=False)
        self._curvature = torch.zeros_like(inputs, requires_grad=False)
        self._steps = 0

    def step(self, value: Tensor, rate: float) -> Tensor:
        """Moves the inputs against the gradient of the scalar `value` and returns that gradient, in their shape.

        Source: Yao et al. (above), algorithm 1; the curvature is the root of a bias-corrected moving mean square.

        Args:
            value: what to lower, computed from the inputs, twice differentiable.
            rate: share of a Newton step.
        """
        (gradient,) = torch.autograd.grad(value, self._inputs, create_graph=True)
        size = self._averaged(hutchinson_diagonal(gradient, self._inputs, self._draws).abs())
        gradient = gradient.detach()
        first, second = self._decays
        self._steps += 1
        self._slope.lerp_(gradient, 1.0 - first)
        self._curvature.lerp_(size.square(), 1.0 - second)
        slope = self._slope / (1.0 - first**self._steps)
        curvature = (self._curvature / (1.0 - second**self._steps)).sqrt() ** self._power
        with torch.no_grad():
            self._inputs -= rate * slope / (curvature + SMALLEST_CURVATURE)
        return gradient

    def _averaged(self, size: Tensor) -> Tensor:
        """Returns the curvature's size, averaged over blocks.

        Sizes rather than signed curvatures are averaged: opposite ones would cancel to a straight line.
        """
        if self._block == 1:
            return size
        blocks = size.reshape(-1, self._block)
        return blocks.mean(-1, keepdim=True).expand_as(blocks).reshape(size.shape)
