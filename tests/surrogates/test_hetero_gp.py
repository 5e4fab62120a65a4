from __future__ import annotations

import pytest
import torch

from surrogates import output_belief
from surrogates.errors import SurrogateError
from surrogates.hetero_gp import HeteroscedasticGP
from surrogates.validation import score

REPEATS = 5


def tensor(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def noisy_rows(count: int, seed: int):
    """Means of repeated measurements whose relative noise rises from 2 % to 20 % with the first feature."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(count, 4, generator=generator, dtype=torch.float64)
    truth = (1.0 + 2.0 * x[:, 1] + (3.0 * x[:, 2]).sin()).exp().unsqueeze(-1)
    relative = 0.02 * 10.0 ** x[:, :1]
    repeats = truth * (relative * torch.randn(count, REPEATS, generator=generator, dtype=torch.float64)).exp()
    y = repeats.mean(-1, keepdim=True)
    return x, y, repeats.var(-1, keepdim=True) / REPEATS, truth, relative.square() * truth.square() / REPEATS


def fitted(count: int, seed: int = 0) -> HeteroscedasticGP:
    surrogate = HeteroscedasticGP()
    surrogate.fit(*noisy_rows(count, seed)[:3])
    return surrogate


def test_the_aleatoric_variance_is_the_true_noise_and_stays_while_ignorance_shrinks():
    x, _, _, _, noise = noisy_rows(200, seed=1)
    few, many = fitted(16).predict(x), fitted(64).predict(x)
    for prediction in (few, many):
        assert 0.5 < (prediction.aleatoric_var / noise).median() < 3.0
    assert many.epistemic_var.median() < 0.4 * few.epistemic_var.median()
    assert (many.aleatoric_var / few.aleatoric_var).median() > 0.4


def test_noisy_regions_are_told_from_quiet_ones():
    quiet, noisy = torch.full((1, 4), 0.5).double(), torch.full((1, 4), 0.5).double()
    quiet[0, 0], noisy[0, 0] = 0.05, 0.95
    surrogate = fitted(64)
    ratio = surrogate.noise(noisy) / surrogate.noise(quiet)
    # The truth is 10 ** 1.8 = 63.
    assert 20 < ratio.item() < 200


@pytest.mark.parametrize(("count", "least", "widest"), [(8, 0.7, 4.0), (32, 0.82, 0.35)])
def test_ninety_percent_intervals_cover_about_ninety_percent(count, least, widest):
    inside, widths = [], []
    for seed in range(4):
        x, y, _, _, _ = noisy_rows(100, seed=100 + seed)
        (metrics,) = score(fitted(count, seed).predict(x), y)
        inside.append(metrics.coverage90)
        widths.append(metrics.width90)
    assert least < sum(inside) / len(inside) < 0.97
    # True noise alone would be 3.3 x .065 / sqrt(5) on average.
    assert sum(widths) / len(widths) < widest


def test_variances_that_are_stated_too_small_are_corrected_by_the_learned_rest():
    x, y, y_var, _, noise = noisy_rows(48, seed=0)
    surrogate = HeteroscedasticGP()
    surrogate.fit(x, y, y_var * 1e-6)
    assert 0.3 < (surrogate.predict(x).aleatoric_var / noise).median() < 4.0


def test_rows_with_less_noise_count_more():
    x = tensor(0, 1, 2, 3, 1.5, 1.5).unsqueeze(-1)
    y = tensor(1, 1, 1, 1, 1.2, 0.8).unsqueeze(-1)
    y_var = tensor(1e-6, 1e-6, 1e-6, 1e-6, 1e-6, 1.0).unsqueeze(-1)
    trusted_high, trusted_low = HeteroscedasticGP((False,)), HeteroscedasticGP((False,))
    trusted_high.fit(x, y, y_var)
    trusted_low.fit(x, y, y_var[[0, 1, 2, 3, 5, 4]])
    middle = tensor(1.5).unsqueeze(-1)
    assert trusted_high.predict(middle).mean > trusted_low.predict(middle).mean + 0.05


def test_unknown_variances_are_presumed_like_the_known_ones():
    x, y, y_var, _, noise = noisy_rows(48, seed=0)
    y_var[::2] = torch.nan
    surrogate = HeteroscedasticGP()
    surrogate.fit(x, y, y_var)
    assert 0.4 < (surrogate.predict(x).aleatoric_var / noise).median() < 2.5


def test_more_rows_than_features_are_not_needed():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(76, 30, generator=generator, dtype=torch.float64)
    y = (0.5 * x[:, :1] + 0.2 * x[:, 1:2]).exp()
    surrogate = HeteroscedasticGP()
    surrogate.fit(x[:16], y[:16])
    (metrics,) = score(surrogate.predict(x[16:]), y[16:])
    assert metrics.tau > 0.4
    assert metrics.coverage90 > 0.75


def test_leave_one_out_is_close_to_a_refit_without_the_row():
    x, y, y_var, _, _ = noisy_rows(24, seed=0)
    left_out = fitted(24).leave_one_out()
    rest = torch.arange(24) != 5
    refit = HeteroscedasticGP()
    refit.fit(x[rest], y[rest], y_var[rest])
    expected = refit.predict(x[5:6])
    assert left_out.mean[5].item() == pytest.approx(expected.mean.item(), rel=0.1)


def test_leave_one_out_has_a_gap_where_a_value_is_missing():
    x, y, y_var, _, _ = noisy_rows(10, seed=0)
    y[3] = torch.nan
    surrogate = HeteroscedasticGP()
    surrogate.fit(x, y, y_var)
    left_out = surrogate.leave_one_out()
    assert left_out.mean.shape == (10, 1)
    assert left_out.mean.isnan().squeeze(-1).nonzero().flatten().tolist() == [3]


def test_a_value_that_is_not_positive_on_the_log_scale_is_refused_and_allowed_off_it():
    x = tensor(0, 1, 2).unsqueeze(-1)
    y = tensor(1, -1, 2).unsqueeze(-1)
    with pytest.raises(SurrogateError, match="log_outputs=False"):
        HeteroscedasticGP().fit(x, y)
    surrogate = HeteroscedasticGP((False,))
    surrogate.fit(x, y)
    assert surrogate.predict(x).mean.isfinite().all()


def test_a_scale_for_another_number_of_outputs_is_refused():
    with pytest.raises(SurrogateError, match="one entry of log_outputs per output, got 2 for 1"):
        HeteroscedasticGP((True, False)).fit(torch.zeros(3, 1), torch.ones(3, 1))


def test_outputs_are_transformed_there_and_back():
    surrogate = HeteroscedasticGP((True, False))
    surrogate.fit(torch.arange(4.0).unsqueeze(-1), torch.arange(1.0, 9.0).reshape(4, 2))
    y = tensor(2.0, -3.0)
    transformed = surrogate.transform_outputs(y)
    assert torch.allclose(transformed, torch.stack([y[0].log(), y[1]]))
    assert torch.allclose(surrogate.untransform_outputs(transformed), y)


def test_predictions_agree_with_the_joint_belief():
    surrogate, x = fitted(12), noisy_rows(5, seed=3)[0]
    mean, covariance = surrogate.joint(x)
    variance = covariance[0].diagonal() + surrogate.noise(x)[:, 0]
    assert torch.allclose(surrogate.predict(x).mean[:, 0], (mean[0] + variance / 2).exp())
    assert torch.allclose(surrogate.covariance(x[:2], x[2:])[0], covariance[0, :2, 2:])


def test_a_damaged_number_on_disk_is_noticed(tmp_path):
    fitted(4).save(tmp_path)
    file = tmp_path / "surrogate.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 0x40
    file.write_bytes(data)
    with pytest.raises(SurrogateError, match="does not have the hash"):
        HeteroscedasticGP.load(tmp_path)


def test_few_rows_nearly_ignore_faint_columns():
    x, y, y_var, _, _ = noisy_rows(8, seed=0)
    surrogate = HeteroscedasticGP(faint=(3,))
    surrogate.fit(x, y, y_var)
    moved = x.clone()
    moved[:, 3] = 1.0 - moved[:, 3]
    plain = fitted(8)
    shift = [(s.predict(moved).mean / s.predict(x).mean).log().abs().mean().item() for s in (surrogate, plain)]
    assert shift[0] < 0.5 * shift[1]


def test_faint_columns_are_kept_on_disk(tmp_path):
    x, y, y_var, _, _ = noisy_rows(8, seed=0)
    surrogate = HeteroscedasticGP(faint=(3,))
    surrogate.fit(x, y, y_var)
    surrogate.save(tmp_path)
    loaded = HeteroscedasticGP.load(tmp_path)
    assert loaded.faint == (3,)
    assert torch.equal(loaded.predict(x).mean, surrogate.predict(x).mean)


def test_a_faint_column_that_is_not_there_is_refused():
    with pytest.raises(SurrogateError, match="faint columns from 0 to 3, got \\[4\\]"):
        HeteroscedasticGP(faint=(4,)).fit(*noisy_rows(8, seed=0)[:2])


def test_a_large_question_is_answered_as_its_parts_are():
    surrogate, x = fitted(12), noisy_rows(2500, seed=3)[0]
    whole = surrogate.predict(x).mean
    assert torch.allclose(whole, torch.cat([surrogate.predict(part).mean for part in x.split(700)]), rtol=1e-12)


def test_of_twenty_thousand_rows_evenly_spread_ones_are_used(monkeypatch):
    monkeypatch.setattr(output_belief, "MOST_ROWS", 40)
    x, y, y_var, truth, _ = noisy_rows(20_000, seed=0)
    surrogate = HeteroscedasticGP()
    surrogate.fit(x, y, y_var)
    used = surrogate.leave_one_out().mean.isfinite().all(-1).nonzero().squeeze(-1)
    assert torch.equal(used, torch.arange(0, 20_000, 500))
    few = HeteroscedasticGP()
    few.fit(x[used], y[used], y_var[used])
    mean = surrogate.predict(x[:100]).mean
    assert ((mean - truth[:100]) / truth[:100]).abs().mean() < 0.1
    assert ((mean - few.predict(x[:100]).mean) / mean).abs().mean() < 0.02  # features are scaled by all rows
