from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.ensemble import GradientBoostingRegressor

from surrogates.errors import SurrogateError
from surrogates.forest import RATE, Forest
from surrogates.outliers import gross_outliers
from surrogates.prediction import Prediction
from surrogates.trees import BoostedTrees
from surrogates.validation import score


def noisy_rows(count: int, seed: int, noise: float = 0.1):
    """One positive output of four features with relative noise."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(count, 4, generator=generator, dtype=torch.float64)
    truth = (1.0 + 2.0 * x[:, 1] + (3.0 * x[:, 2]).sin()).exp().unsqueeze(-1)
    return x, truth * (noise * torch.randn(count, 1, generator=generator, dtype=torch.float64)).exp(), truth


def fitted(count: int, seed: int = 0, noise: float = 0.1) -> BoostedTrees:
    surrogate = BoostedTrees()
    surrogate.fit(*noisy_rows(count, seed, noise)[:2])
    return surrogate


def test_a_forest_answers_as_the_trees_it_was_made_of():
    x, y, _ = noisy_rows(60, seed=0)
    models = [
        GradientBoostingRegressor(init="zero", learning_rate=RATE, n_estimators=7, random_state=seed, subsample=0.5)
        for seed in (0, 1)
    ]
    for model in models:
        model.fit(x.numpy(), y[:, 0].numpy())
    forest = Forest.of([[stage[0].tree_ for stage in model.estimators_] for model in models])
    x_new = noisy_rows(5000, seed=1)[0]
    expected = np.stack([model.predict(x_new.numpy()) for model in models])
    np.testing.assert_allclose(forest(x_new).numpy(), expected, rtol=1e-12)


def test_held_out_residuals_tell_a_noisy_output_from_a_quiet_one():
    x = noisy_rows(50, seed=9)[0]
    variances = []
    for noise in (0.0, 0.4):
        prediction = fitted(400, noise=noise).predict(x)
        variances.append((prediction.aleatoric_var / prediction.mean.square()).median().item())
    quiet, noisy = variances
    # The truth is expm1(0.4 ** 2) = 0.17; what the trees cannot follow comes on top.
    assert 0.12 < noisy < 0.27
    assert quiet < 0.1 * noisy


def test_ignorance_shrinks_with_more_rows():
    x = noisy_rows(100, seed=9)[0]
    few, many = (fitted(count).predict(x).epistemic_var.median() for count in (16, 400))
    assert many < 0.5 * few


@pytest.mark.parametrize(("count", "least"), [(8, 0.75), (32, 0.8)])
def test_ninety_percent_intervals_cover_about_ninety_percent(count, least):
    inside = []
    for seed in range(6):
        x, y, _ = noisy_rows(100, seed=100 + seed)
        inside.append(score(fitted(count, seed).predict(x), y)[0].coverage90)
    assert least < sum(inside) / len(inside) < 0.99


def test_a_gross_outlier_changes_predictions_little():
    x, y, _ = noisy_rows(40, seed=0)
    clean = BoostedTrees()
    clean.fit(x, y)
    y = y.clone()
    y[7] *= 1000.0
    spoiled = BoostedTrees()
    spoiled.fit(x, y)
    x_new, y_new, _ = noisy_rows(100, seed=1)
    before, after = (score(surrogate.predict(x_new), y_new)[0] for surrogate in (clean, spoiled))
    assert after.mape < 1.3 * before.mape
    assert after.width90 < 1.5 * before.width90


def test_only_the_value_that_is_far_from_its_neighbours_is_gross():
    x, y, _ = noisy_rows(40, seed=0)
    logs = y[:, 0].log()
    assert not gross_outliers(x, logs).any()
    logs[7] += 7.0
    assert gross_outliers(x, logs).nonzero().flatten().tolist() == [7]


def test_a_single_outlier_is_found_where_neighbours_are_only_asked_of_some_rows():
    x, y, _ = noisy_rows(4001, seed=0)
    logs = y[:, 0].log()
    logs[8] += 7.0
    assert gross_outliers(x, logs).nonzero().flatten().tolist() == [8]


def test_where_many_values_differ_from_their_neighbours_none_is_gross():
    x, y, _ = noisy_rows(40, seed=0)
    logs = y[:, 0].log()
    logs[::5] += 7.0
    assert not gross_outliers(x, logs).any()


def test_repeated_rows_do_not_make_the_others_gross():
    x, y, _ = noisy_rows(20, seed=0)
    repeated = torch.tensor([0] * 30 + list(range(20)))
    assert not gross_outliers(x[repeated], y[repeated, 0].log()).any()


def test_rows_with_less_noise_count_more():
    x = torch.tensor([0.0] * 4 + [1.0] * 4, dtype=torch.float64).unsqueeze(-1)
    y = torch.tensor([1, 2, 1, 2, 9, 9, 9, 9], dtype=torch.float64).unsqueeze(-1)
    y_var = torch.tensor([1e-6, 4, 1e-6, 4, 1e-6, 1e-6, 1e-6, 1e-6], dtype=torch.float64).unsqueeze(-1)
    trusted_low, trusted_high = BoostedTrees(), BoostedTrees()
    trusted_low.fit(x, y, y_var)
    trusted_high.fit(x, y, y_var[[1, 0, 3, 2, 4, 5, 6, 7]])
    assert trusted_low.predict(x[:1]).mean < trusted_high.predict(x[:1]).mean - 0.1


def test_known_noise_is_part_of_the_aleatoric_variance():
    x, y, truth = noisy_rows(60, seed=0, noise=0.3)
    surrogate = BoostedTrees()
    surrogate.fit(x, y, (0.3 * truth).square())
    prediction = surrogate.predict(x)
    assert 0.8 < (prediction.aleatoric_var / (0.3 * truth).square()).median() < 3.0


def test_another_seed_draws_other_bags():
    x, y, _ = noisy_rows(20, seed=0)
    other = BoostedTrees(seed=1)
    other.fit(x, y)
    assert not torch.equal(other.predict(x).mean, fitted(20).predict(x).mean)


def test_twenty_thousand_rows_are_fitted():
    x, y, truth = noisy_rows(20_000, seed=0)
    surrogate = BoostedTrees()
    surrogate.fit(x, y)
    relative = (surrogate.predict(x[:500]).mean - truth[:500]).abs() / truth[:500]
    assert relative.mean() < 0.1


def test_no_gradient_is_carried():
    x = noisy_rows(5, seed=1)[0].requires_grad_()
    assert not fitted(12).predict(x).mean.requires_grad


def test_an_output_may_be_negative_off_the_log_scale_only():
    x, y, _ = noisy_rows(12, seed=0)
    surrogate = BoostedTrees((False,))
    surrogate.fit(x, y - 20.0)
    assert (surrogate.predict(x).mean < 0).any()
    with pytest.raises(SurrogateError, match="log_outputs=False"):
        BoostedTrees().fit(x, y - 20.0)


def test_a_scale_for_another_number_of_outputs_is_refused():
    with pytest.raises(SurrogateError, match="one entry of log_outputs per output, got 2 for 1"):
        BoostedTrees((True, False)).fit(torch.zeros(3, 1), torch.ones(3, 1))


def test_leave_one_out_is_what_bags_say_that_have_not_seen_the_row():
    x, y, truth = noisy_rows(200, seed=0, noise=0.3)
    surrogate = BoostedTrees()
    surrogate.fit(x, y)
    unseen, seen = surrogate.leave_one_out(), surrogate.predict(x)
    judged = unseen.mean.isfinite().squeeze(-1)
    assert judged.double().mean() > 0.9
    errors = [(mean[judged] / y[judged]).log().square().mean().item() for mean in (unseen.mean, seen.mean)]
    assert errors[0] > 1.2 * errors[1]
    assert score(Prediction(*(part[judged] for part in _parts(unseen)), (True,)), truth[judged])[0].mape < 0.25


def test_leave_one_out_has_a_gap_where_a_value_is_missing_or_a_gross_outlier(tmp_path):
    x, y, _ = noisy_rows(40, seed=0)
    y[3], y[7] = torch.nan, 1000.0 * y[7]
    surrogate = BoostedTrees()
    surrogate.fit(x, y)
    unseen = surrogate.leave_one_out()
    assert unseen.mean[[3, 7]].isnan().all()
    surrogate.save(tmp_path)
    assert torch.equal(BoostedTrees.load(tmp_path).leave_one_out().mean.isnan(), unseen.mean.isnan())


def _parts(prediction: Prediction) -> tuple[torch.Tensor, ...]:
    return prediction.mean, prediction.aleatoric_var, prediction.epistemic_var
