from __future__ import annotations

import pytest
import torch

from surrogates.boshnas import Boshnas, ignorance_scale
from surrogates.errors import SurrogateError
from surrogates.input_search import ascend, optimistic
from surrogates.validation import score


def noisy_rows(count: int, seed: int):
    """One positive output of three features with 5 % of noise."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(count, 3, generator=generator, dtype=torch.float64)
    truth = (1.0 + 2.0 * x[:, :1] + (3.0 * x[:, 1:2]).sin()).exp()
    return x, truth * (0.05 * torch.randn(count, 1, generator=generator, dtype=torch.float64)).exp(), truth


@pytest.fixture(scope="module")
def fitted() -> Boshnas:
    surrogate = Boshnas()
    surrogate.fit(*noisy_rows(60, seed=0)[:2])
    return surrogate


def test_the_mean_follows_a_curve_that_no_line_can(fitted):
    x, _, truth = noisy_rows(100, seed=9)
    # A line in the logarithm of this output is off by about 25 %.
    assert ((fitted.predict(x).mean - truth).abs() / truth).mean() < 0.1


def test_the_ninety_percent_interval_is_neither_empty_nor_boundless(fitted):
    x, y, _ = noisy_rows(100, seed=9)
    metrics = score(fitted.predict(x), y)[0]
    assert 0.75 < metrics.coverage90 <= 1.0
    assert metrics.width90 < 0.8


def test_the_deviations_carry_gradients_to_the_features(fitted):
    x = noisy_rows(3, seed=1)[0].requires_grad_()
    for part in ("aleatoric_var", "epistemic_var"):
        value = lambda at, part=part: getattr(fitted.predict(at), part).sqrt()  # noqa: E731
        assert torch.autograd.gradcheck(value, (x,), rtol=1e-4)


def test_its_input_can_be_moved_to_where_it_promises_the_least(fitted):
    bounds = torch.tensor([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    acquisition = optimistic(fitted, boldness=0.0)
    summit = ascend(acquisition, bounds, steps=60)
    pool = noisy_rows(500, seed=3)[0]
    assert summit.values[0] >= acquisition(pool).max()


def test_the_scale_of_ignorance_is_what_the_errors_leave_after_the_noise():
    generator = torch.Generator().manual_seed(0)
    spread = torch.rand(4000, generator=generator, dtype=torch.float64) + 0.5
    noise = torch.rand(4000, generator=generator, dtype=torch.float64)
    errors = (noise + 3.0 * spread).sqrt() * torch.randn(4000, generator=generator, dtype=torch.float64)
    assert ignorance_scale(errors.square(), noise, spread) == pytest.approx(3.0, rel=0.15)


def test_errors_that_the_noise_explains_leave_next_to_no_ignorance():
    errors = torch.randn(4000, generator=torch.Generator().manual_seed(0)).double()
    assert ignorance_scale(errors.square(), 1.2 * torch.ones(4000).double(), torch.ones(4000).double()) < 0.01


def test_an_output_may_be_negative_off_the_log_scale_only():
    x, y, _ = noisy_rows(10, seed=0)
    surrogate = Boshnas((False,))
    surrogate.fit(x, y - 40.0)
    assert (surrogate.predict(x).mean < 0).any()
    with pytest.raises(SurrogateError, match="log_outputs=False"):
        Boshnas().fit(x, y - 40.0)


def test_more_rows_than_a_batch_are_fitted():
    x, y, truth = noisy_rows(300, seed=0)
    surrogate = Boshnas()
    surrogate.fit(x, y)
    assert ((surrogate.predict(x).mean - truth).abs() / truth).mean() < 0.1
