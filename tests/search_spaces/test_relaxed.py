"""Relaxed genes: the candidates' own at their points, differentiable everywhere."""

import dataclasses
import itertools
from dataclasses import fields

import numpy as np
import pytest
import torch
from example_spaces import EDGE, ENCODERS, SPACES

from search_spaces.cost import Cost, count
from search_spaces.encoding import Encoding
from search_spaces.errors import SpaceError
from search_spaces.genes import Genes, genes_of
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.relaxed import RelaxedSpace, interpolate
from search_spaces.sampling import SamplingMethod, sample

WINDOWS = InputSpec(InputKind.WINDOWS, length=151, classes=7, channels=3, patch=5)
TOKENS = InputSpec(InputKind.TOKENS, length=128, classes=2)
TEXT = InputSpec(InputKind.TEXT, length=64, classes=1000, vocabulary=1000)
EVERY = pytest.mark.parametrize("name", SPACES)


@EVERY
@pytest.mark.parametrize("precision", [torch.float64, torch.float32])
def test_genes_at_encoded_candidates_are_the_candidates_own(name, precision):
    space = SPACES[name]
    candidates = sample(space, 40, SamplingMethod.RANDOM, seed=1)
    points = torch.from_numpy(Encoding(space).encode_many(candidates)).to(precision)
    relaxed, exact = RelaxedSpace(space).genes(points), genes_of(candidates)
    for field in fields(Genes):
        values = getattr(exact, field.name)
        got = getattr(relaxed, field.name)[tuple(slice(0, size) for size in values.shape)]
        np.testing.assert_allclose(got.numpy(), values, rtol=1e-6, atol=1e-6, err_msg=field.name)


@pytest.mark.parametrize(
    ("name", "spec"),
    [*itertools.product(ENCODERS, [WINDOWS, TOKENS]), ("decoders", TEXT)],
)
def test_costs_at_encoded_candidates_are_the_counted_costs(name, spec):
    space = SPACES[name]
    candidates = sample(space, 40, SamplingMethod.RANDOM, seed=2)
    relaxed = RelaxedSpace(space).cost(torch.from_numpy(Encoding(space).encode_many(candidates)), spec)
    exact = count(genes_of(candidates), spec)
    for field in fields(Cost):
        got = getattr(relaxed, field.name).numpy()
        np.testing.assert_allclose(got, getattr(exact, field.name), rtol=1e-12, err_msg=field.name)


@EVERY
def test_every_cost_has_finite_gradients_everywhere(name):
    relaxed = RelaxedSpace(SPACES[name])
    torch.manual_seed(0)
    inside = torch.rand(20, len(relaxed.layout.names), dtype=torch.float64)
    corners = torch.stack((torch.zeros_like(inside[0]), torch.ones_like(inside[0])))
    points = torch.cat((inside, corners)).requires_grad_()
    cost = relaxed.cost(points, WINDOWS if name in ENCODERS else TEXT)
    for field in fields(Cost):
        value = getattr(cost, field.name)
        assert torch.isfinite(value).all()
        (gradient,) = torch.autograd.grad(value.sum(), points, retain_graph=True)
        assert torch.isfinite(gradient).all()


def test_every_gene_of_a_present_layer_moves_the_cost():
    relaxed = RelaxedSpace(EDGE)
    points = torch.full((1, len(relaxed.layout.names)), 0.37, dtype=torch.float64)
    points[..., relaxed.layout.depth] = 0.9
    points += torch.linspace(0.0, 0.05, points.shape[-1], dtype=torch.float64)
    points.requires_grad_()
    relaxed.cost(points, WINDOWS).macs.sum().backward()
    still = [name for name, slope in zip(relaxed.layout.names, points.grad[0].tolist(), strict=True) if slope == 0.0]
    assert still == ["deployment"]


@pytest.mark.parametrize("name", ["edge-small", "flexibert-v2", "compressed", "decoders"])
def test_gradients_of_genes_equal_finite_differences(name):
    """The width is left out: its floor passes gradients straight through, which finite differences do not see."""
    relaxed = RelaxedSpace(SPACES[name])
    torch.manual_seed(3)
    points = (0.05 + 0.9 * torch.rand(len(relaxed.layout.names), dtype=torch.float64)).requires_grad_()
    smooth = [field.name for field in fields(Genes) if field.name != "width"]

    def genes(z):
        return tuple(getattr(relaxed.genes(z), field) for field in smooth)

    assert torch.autograd.gradcheck(genes, (points,), fast_mode=True)


def test_gradients_of_costs_in_the_genes_equal_finite_differences():
    relaxed = RelaxedSpace(EDGE)
    torch.manual_seed(4)
    genes = relaxed.genes(torch.rand(2, len(relaxed.layout.names), dtype=torch.float64))
    names = ["hidden", "heads", "width", "head_counts", "feed_forward"]
    leaves = [getattr(genes, name).clone().requires_grad_() for name in names]

    def costs(*values):
        cost = count(dataclasses.replace(genes, **dict(zip(names, values, strict=True))), WINDOWS)
        # Scaled to about one: finite differences of numbers of a million lose all their digits.
        return tuple(getattr(cost, field) / 1e5 for field in ("parameters", "macs", "bytes_moved", "activation_bytes"))

    assert torch.autograd.gradcheck(costs, leaves, atol=1e-4, rtol=1e-3, fast_mode=True)


def test_the_width_is_whole_and_its_gradient_that_of_the_ratio():
    relaxed = RelaxedSpace(EDGE)
    torch.manual_seed(5)
    points = torch.rand(6, len(relaxed.layout.names), dtype=torch.float64).requires_grad_()
    genes = relaxed.genes(points)
    width = genes.width[:, 0]
    assert torch.equal(width, width.round())
    (through,) = torch.autograd.grad(width.sum(), points, retain_graph=True)
    (ratio,) = torch.autograd.grad((genes.hidden[:, 0] / genes.heads[:, 0]).sum(), points)
    torch.testing.assert_close(through, ratio)


def test_any_leading_shape_is_welcome_and_points_outside_the_cube_are_clipped():
    relaxed = RelaxedSpace(EDGE)
    torch.manual_seed(6)
    points = 3.0 * torch.rand(2, 3, len(relaxed.layout.names), dtype=torch.float64) - 1.0
    cost = relaxed.cost(points, WINDOWS)
    assert cost.macs.shape == (2, 3)
    torch.testing.assert_close(cost.macs[1, 2], relaxed.cost(points[1, 2].clamp(0.0, 1.0), WINDOWS).macs)


def test_points_of_another_dimension_are_refused():
    with pytest.raises(SpaceError, match="coordinates"):
        RelaxedSpace(EDGE).genes(torch.zeros(2, 3))


def test_interpolation_is_linear_between_choices():
    positions = torch.tensor([0.0, 0.25, 0.5, 0.75, 1.0], dtype=torch.float64)
    assert interpolate((2, 4, 10), positions).tolist() == [2.0, 3.0, 4.0, 7.0, 10.0]
    assert interpolate((5,), positions).tolist() == [5.0] * 5


@EVERY
def test_projected_points_are_those_of_candidates(name):
    encoding = Encoding(SPACES[name])
    torch.manual_seed(7)
    points = torch.rand(2, 10, encoding.dimension, dtype=torch.float64)
    projected = RelaxedSpace(SPACES[name]).projected(points)
    candidates = encoding.decode_many(points.reshape(20, -1).numpy())
    np.testing.assert_array_equal(projected.reshape(20, -1).numpy(), encoding.encode_many(candidates))


@EVERY
def test_the_cost_of_a_projected_point_is_the_counted_cost_of_its_candidate(name):
    relaxed, encoding = RelaxedSpace(SPACES[name]), Encoding(SPACES[name])
    torch.manual_seed(8)
    points = torch.rand(20, encoding.dimension, dtype=torch.float64)
    spec = WINDOWS if name in ENCODERS else TEXT
    found = relaxed.cost(relaxed.projected(points), spec)
    exact = count(genes_of(encoding.decode_many(points.numpy())), spec)
    for field in fields(Cost):
        got = getattr(found, field.name).numpy()
        np.testing.assert_allclose(got, getattr(exact, field.name), rtol=1e-12, err_msg=field.name)


def test_gradients_pass_straight_through_a_projection():
    relaxed = RelaxedSpace(SPACES["compressed"])
    torch.manual_seed(9)
    points = torch.rand(5, len(relaxed.layout.names), dtype=torch.float64, requires_grad=True)
    projected = relaxed.projected(points)
    (through,) = torch.autograd.grad(relaxed.cost(projected, WINDOWS).macs.sum(), points)
    valid = projected.detach().requires_grad_()
    (there,) = torch.autograd.grad(relaxed.cost(valid, WINDOWS).macs.sum(), valid)
    torch.testing.assert_close(through, there)
    assert (through != 0).any()


@EVERY
def test_genes_and_costs_are_never_negative_nor_more_than_there_is(name):
    relaxed, spec = RelaxedSpace(SPACES[name]), WINDOWS if name in ENCODERS else TEXT
    torch.manual_seed(11)
    points = torch.rand(2000, len(relaxed.layout.names), dtype=torch.float64)
    points[1000:] = points[1000:].round(decimals=1)
    genes = relaxed.genes(points)
    assert min(getattr(genes, field.name).min() for field in fields(Genes)) >= 0.0
    assert (genes.heads * genes.width <= genes.hidden + 1e-9).all()
    cost = relaxed.cost(points, spec)
    assert min(getattr(cost, field.name).min() for field in fields(Cost)) >= 0.0


def test_more_sparsity_costs_less_and_gradients_know_it():
    relaxed = RelaxedSpace(SPACES["compressed"])
    torch.manual_seed(10)
    points = torch.rand(1, len(relaxed.layout.names), dtype=torch.float64)
    points[..., relaxed.layout.depth] = 1.0
    points.requires_grad_()
    (slope,) = torch.autograd.grad(relaxed.cost(points, WINDOWS).macs.sum(), points)
    sparsities = [i for i, name in enumerate(relaxed.layout.names) if "sparsity" in name]
    assert len(sparsities) == 2 * max(SPACES["compressed"].layers)
    assert (slope[0, sparsities] <= 0).all()
    assert (slope[0, sparsities] < 0).any()
