from __future__ import annotations

import pytest
import torch

from surrogates.ensemble import MEMBERS, DeepEnsemble, Members, train
from surrogates.errors import SurrogateError
from surrogates.validation import score


def noisy_rows(count: int, seed: int, rise: float = 10.0):
    """One positive output of four features; its relative noise rises from 3 % by `rise` with the first feature."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(count, 4, generator=generator, dtype=torch.float64)
    truth = (1.0 + 2.0 * x[:, 1] + (3.0 * x[:, 2]).sin()).exp().unsqueeze(-1)
    noise = 0.03 * rise ** x[:, :1]
    return x, truth * (noise * torch.randn(count, 1, generator=generator, dtype=torch.float64)).exp(), truth, noise


def fitted(count: int, seed: int = 0, rise: float = 10.0) -> DeepEnsemble:
    surrogate = DeepEnsemble()
    surrogate.fit(*noisy_rows(count, seed, rise)[:2])
    return surrogate


def test_members_answer_as_networks_written_out_by_hand():
    members, x = Members(3, seed=1), torch.randn(4, 3, generator=torch.Generator().manual_seed(0)).double()
    mean, noise = members(x)
    assert mean.shape == noise.shape == (MEMBERS, 4)
    for i in range(MEMBERS):
        heads = torch.tanh(x @ members.hidden[i] + members.hidden_bias[i]) @ members.head[i] + members.head_bias[i]
        assert torch.allclose(mean[i], heads[:, 0] + x @ members.linear[i, :, 0])
        assert torch.allclose(noise[i], heads[:, 1].exp())


def test_the_mean_follows_a_curve_that_no_line_can():
    x, _, truth, _ = noisy_rows(200, seed=9)
    relative = (fitted(200).predict(x).mean - truth).abs() / truth
    # A line in the logarithm of this output is off by 32 %.
    assert relative.mean() < 0.08


def test_noisy_regions_are_told_from_quiet_ones_without_any_known_variance():
    quiet, noisy = torch.full((1, 4), 0.5).double(), torch.full((1, 4), 0.5).double()
    quiet[0, 0], noisy[0, 0] = 0.05, 0.95
    surrogate = fitted(400)
    relative = [
        (prediction.aleatoric_var / prediction.mean.square()).item()
        for prediction in (surrogate.predict(quiet), surrogate.predict(noisy))
    ]
    # The truth is 10 ** 1.8 = 63; the pull to the first weights flattens it.
    assert 5 < relative[1] / relative[0] < 200


def test_ignorance_shrinks_with_more_rows_while_noise_stays():
    x, _, truth, noise = noisy_rows(100, seed=9)
    few, many = fitted(16).predict(x), fitted(200).predict(x)
    assert many.epistemic_var.median() < 0.4 * few.epistemic_var.median()
    assert 0.5 < (many.aleatoric_var / (noise * truth).square()).median() < 2.5


def test_ignorance_grows_away_from_the_rows():
    x = noisy_rows(100, seed=9)[0]
    surrogate = fitted(100)
    near, far = (surrogate.predict(at) for at in (x, x + 3.0))
    relative = [(prediction.epistemic_var / prediction.mean.square()).median() for prediction in (near, far)]
    assert relative[1] > 10 * relative[0]


@pytest.mark.parametrize("count", [8, 32])
def test_ninety_percent_intervals_cover_more_than_seventy_percent(count):
    inside = []
    for seed in range(6):
        x, y, _, _ = noisy_rows(100, seed=100 + seed, rise=4.0)
        inside.append(score(fitted(count, seed, rise=4.0).predict(x), y)[0].coverage90)
    # About 78 % at 32 rows: the noise is judged on the rows that the members were trained on.
    assert 0.7 < sum(inside) / len(inside) < 0.99


def test_a_gross_outlier_changes_predictions_little():
    x, y, _, _ = noisy_rows(40, seed=0)
    clean = fitted(40)
    y[7] *= 1000.0
    spoiled = DeepEnsemble()
    spoiled.fit(x, y)
    x_new, y_new, _, _ = noisy_rows(100, seed=1)
    before, after = (score(surrogate.predict(x_new), y_new)[0] for surrogate in (clean, spoiled))
    assert after.mape < 1.3 * before.mape
    assert after.width90 < 1.5 * before.width90


def test_known_noise_is_not_learned_a_second_time():
    x, y, truth, noise = noisy_rows(100, seed=0)
    surrogate = DeepEnsemble()
    surrogate.fit(x, y, (noise * truth).square())
    prediction = surrogate.predict(x)
    assert 0.8 < (prediction.aleatoric_var / (noise * truth).square()).median() < 2.0


def test_the_seed_alone_decides_the_members():
    x, y = noisy_rows(20, seed=0)[:2]
    target, none = y[:, 0].log(), torch.zeros(20, dtype=torch.float64)
    first, again, other = (train(x, target, none, seed)(x)[0] for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)


def test_training_leaves_torch_the_threads_it_had():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        fitted(4)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_twenty_thousand_rows_are_fitted():
    x, y, truth, _ = noisy_rows(20_000, seed=0)
    surrogate = DeepEnsemble()
    surrogate.fit(x, y)
    relative = (surrogate.predict(x[:500]).mean - truth[:500]).abs() / truth[:500]
    assert relative.mean() < 0.05


def test_the_interval_carries_gradients_too():
    surrogate, x = fitted(12), noisy_rows(5, seed=1)[0].requires_grad_()
    (gradient,) = torch.autograd.grad(surrogate.predict(x).total_var.sum(), x)
    assert gradient.isfinite().all()
    assert (gradient != 0).any()


def test_an_output_may_be_negative_off_the_log_scale_only():
    x, y, _, _ = noisy_rows(12, seed=0)
    surrogate = DeepEnsemble((False,))
    surrogate.fit(x, y - 20.0)
    assert (surrogate.predict(x).mean < 0).any()
    with pytest.raises(SurrogateError, match="log_outputs=False"):
        DeepEnsemble().fit(x, y - 20.0)


def test_a_scale_for_another_number_of_outputs_is_refused():
    with pytest.raises(SurrogateError, match="one entry of log_outputs per output, got 2 for 1"):
        DeepEnsemble((True, False)).fit(torch.zeros(3, 1), torch.ones(3, 1))
