from __future__ import annotations

import pytest
import torch

from surrogates.active import expected_relative_error
from surrogates.error_bound import relative_error_bound
from surrogates.errors import SurrogateError
from surrogates.hetero_gp import HeteroscedasticGP
from surrogates.prediction import Prediction


def points(count: int, seed: int) -> torch.Tensor:
    return torch.rand(count, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


class Level:
    """A belief of mean 2 and deviation 0.2 whose errors are the same everywhere, or unrelated between points."""

    def __init__(self, shared: bool) -> None:
        self.shared = shared

    def covariance(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        same = torch.ones(len(first), len(second)) if self.shared else torch.eye(len(first), len(second))
        return 0.04 * same.double().unsqueeze(0)

    def noise(self, x: torch.Tensor) -> torch.Tensor:
        return torch.zeros(len(x), 1)

    def predict(self, x: torch.Tensor) -> Prediction:
        ones = torch.ones(len(x), 1, dtype=torch.float64)
        return Prediction(2.0 * ones, 0.0 * ones, 0.04 * ones)


def test_where_all_is_wrong_alike_the_bound_is_a_quantile_of_one_normal_variable():
    bound = relative_error_bound(Level(shared=True), points(40, 0), confidence=0.95)
    assert bound.item() == pytest.approx(1.96 * 0.1, rel=0.1)


def test_where_errors_are_unrelated_they_average_out_and_the_bound_is_near_the_expected_error():
    belief, reference = Level(shared=False), points(400, 0)
    expected = expected_relative_error(belief, reference).item()
    assert expected < relative_error_bound(belief, reference).item() < 1.1 * expected


def test_more_confidence_needs_a_larger_bound():
    reference = points(40, 0)
    low, high = (relative_error_bound(Level(shared=True), reference, confidence=c).item() for c in (0.5, 0.99))
    assert low < high


def test_the_same_belief_has_the_same_bound():
    reference = points(40, 0)
    first, second = (relative_error_bound(Level(shared=True), reference) for _ in range(2))
    assert torch.equal(first, second)


def test_the_bound_of_a_process_holds_in_most_worlds():
    reference, held = points(60, 1), 0
    for seed in range(8):
        generator = torch.Generator().manual_seed(seed)
        slope = torch.randn(2, generator=generator, dtype=torch.float64)
        x = torch.rand(10, 2, generator=generator, dtype=torch.float64)
        y = (x @ slope + 0.05 * torch.randn(10, generator=generator, dtype=torch.float64)).exp().unsqueeze(-1)
        surrogate = HeteroscedasticGP()
        surrogate.fit(x, y)
        truth = (reference @ slope).exp()
        error = ((surrogate.predict(reference).mean.squeeze(-1) - truth) / truth).abs().mean()
        held += int(error <= relative_error_bound(surrogate, reference).squeeze())
    assert held >= 7


def test_points_that_are_there_twice_do_no_harm():
    reference = points(10, 0).repeat(2, 1)
    surrogate = HeteroscedasticGP()
    x = points(6, 2)
    surrogate.fit(x, x.sum(-1, keepdim=True).exp())
    assert relative_error_bound(surrogate, reference).isfinite().all()


@pytest.mark.parametrize("confidence", [0.0, 1.0])
def test_a_confidence_that_is_no_probability_is_refused(confidence: float):
    with pytest.raises(SurrogateError, match="between 0 and 1"):
        relative_error_bound(Level(shared=True), points(4, 0), confidence=confidence)
