from __future__ import annotations

import pytest
import torch

from surrogates.adahessian import AdaHessian, hutchinson_diagonal
from surrogates.errors import SurrogateError


def leaf(*values: float):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def diagonal(value, inputs, seed: int = 0):
    (gradient,) = torch.autograd.grad(value, inputs, create_graph=True)
    return hutchinson_diagonal(gradient, inputs, torch.Generator().manual_seed(seed))


def test_one_product_gives_the_curvatures_of_a_separable_quadratic_exactly():
    curvatures, inputs = torch.tensor([1.0, -4.0, 9.0]).double(), leaf(0.3, 0.7, -2.0)
    assert diagonal(0.5 * (curvatures * inputs.square()).sum(), inputs).tolist() == curvatures.tolist()


def test_the_mean_of_many_products_is_the_diagonal_of_the_exact_hessian():
    root = torch.randn(4, 4, generator=torch.Generator().manual_seed(1)).double()
    hessian, inputs = root @ root.T, leaf(1.0, 2.0, 3.0, 4.0)
    estimates = torch.stack([diagonal(0.5 * inputs @ hessian @ inputs, inputs, seed) for seed in range(400)])
    error = estimates.std(0) / 400**0.5
    assert ((estimates.mean(0) - hessian.diagonal()).abs() < 4 * error).all()


def test_the_estimate_at_a_curved_function_is_that_of_its_exact_hessian():
    inputs = leaf(0.3, -0.8)
    exact = torch.autograd.functional.hessian(lambda at: at.sin().sum(), inputs.detach()).diagonal()
    assert torch.allclose(diagonal(inputs.sin().sum(), inputs), exact)


def test_a_straight_slope_has_no_curvature():
    inputs = leaf(1.0, 2.0)
    assert diagonal(3.0 * inputs.sum(), inputs).tolist() == [0.0, 0.0]


def test_a_whole_step_finds_the_minimum_of_a_quadratic_at_once_as_newton_does():
    inputs, goal = leaf(5.0, -3.0), torch.tensor([1.0, 2.0]).double()
    curvatures = torch.tensor([0.01, 100.0]).double()
    AdaHessian(inputs).step((curvatures * (inputs - goal).square()).sum(), rate=1.0)
    assert torch.allclose(inputs.detach(), goal, atol=1e-5)


def test_the_trajectory_is_that_of_the_published_recursion():
    inputs = leaf(2.0)
    optimiser = AdaHessian(inputs, decays=(0.5, 0.5))
    seen = []
    for _ in range(3):
        optimiser.step(inputs.pow(4).sum(), rate=0.1)
        seen.append(inputs.item())
    # By hand: slope 4 a^3, curvature 12 a^2, both averaged and divided by 1 - 0.5^t.
    a, slope, square, expected = 2.0, 0.0, 0.0, []
    for t in (1, 2, 3):
        slope, square = 0.5 * slope + 0.5 * 4 * a**3, 0.5 * square + 0.5 * (12 * a**2) ** 2
        a -= 0.1 * (slope / (1 - 0.5**t)) / (square / (1 - 0.5**t)) ** 0.5
        expected.append(a)
    assert expected[0] == pytest.approx(2.0 - 0.1 * 32 / 48)
    assert seen == pytest.approx(expected, rel=1e-8)


def test_without_power_the_steps_are_those_of_gradient_descent():
    inputs = leaf(3.0, 4.0)
    AdaHessian(inputs, power=0.0).step((torch.tensor([1.0, 100.0]) * inputs.square()).sum(), rate=0.001)
    assert inputs.tolist() == pytest.approx([3.0 - 0.006, 4.0 - 0.8])


def test_neighbours_of_a_block_share_the_mean_of_their_curvatures():
    inputs = leaf(1.0, 1.0, 1.0, 1.0)
    curvatures = torch.tensor([1.0, 3.0, -5.0, 15.0]).double()
    AdaHessian(inputs, block=2).step(0.5 * (curvatures * inputs.square()).sum(), rate=0.1)
    assert inputs.tolist() == pytest.approx([1 - 0.1 / 2, 1 - 0.3 / 2, 1 + 0.5 / 10, 1 - 1.5 / 10])


def test_the_gradient_is_given_back():
    inputs = leaf(1.5, -2.0)
    assert AdaHessian(inputs).step(inputs.square().sum(), rate=0.1).tolist() == [3.0, -4.0]


def test_directions_of_very_different_scale_are_descended_alike():
    inputs = leaf(1.0, 0.01)
    optimiser = AdaHessian(inputs, decays=(0.5, 0.9))
    for _ in range(100):
        optimiser.step(inputs[0].cosh() + (100 * inputs[1]).cosh(), rate=0.3)
        assert inputs[0].item() == pytest.approx(100 * inputs[1].item(), abs=1e-6)
    assert abs(inputs[0].item()) < 0.01


def test_inputs_without_gradients_are_refused():
    with pytest.raises(SurrogateError, match="a leaf that requires gradients"):
        AdaHessian(torch.zeros(3))


def test_blocks_that_leave_a_rest_are_refused():
    with pytest.raises(SurrogateError, match="blocks that divide 3 inputs, got 2"):
        AdaHessian(leaf(1.0, 2.0, 3.0), block=2)
