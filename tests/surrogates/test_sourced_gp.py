from __future__ import annotations

import json

import pytest
import torch
from related_devices import measured, new_device

from surrogates.errors import SurrogateError
from surrogates.hetero_gp import HeteroscedasticGP
from surrogates.sourced_gp import SourcedGP
from surrogates.storage import SETTINGS_FILE
from surrogates.transfer_source import SourceDevice


@pytest.fixture(scope="module")
def clean() -> SourceDevice:
    return SourceDevice.fit("gpu", *measured(60, seed=0))


@pytest.fixture(scope="module")
def contaminated() -> SourceDevice:
    x, y = measured(60, seed=1)
    y[::3, 0] *= 40.0
    return SourceDevice.fit("shared-cpu", x, y)


def error(surrogate) -> torch.Tensor:
    x, y = measured(200, seed=3)
    return (surrogate.predict(x).median.log() - (3.0 * y).log()).square().mean(0).sqrt()


def fitted(*sources: SourceDevice, count: int = 8) -> SourcedGP:
    surrogate = SourcedGP(sources)
    surrogate.fit(*new_device(count))
    return surrogate


@pytest.fixture(scope="module")
def helped(clean) -> SourcedGP:
    return fitted(clean)


def alone(count: int = 8) -> HeteroscedasticGP:
    surrogate = HeteroscedasticGP()
    surrogate.fit(*new_device(count))
    return surrogate


def test_a_source_helps_a_device_of_few_rows(helped):
    assert helped.sources_of(0) == ("gpu",)
    assert helped.weight_of(0) > 0.5
    assert error(helped)[0] < 0.5 * error(alone())[0]


def test_a_contaminated_source_is_named_and_changes_nothing(helped, clean, contaminated):
    with_it = fitted(clean, contaminated)
    first = [out for out in with_it.dropped if out.output == 0]
    assert [out.source for out in first] == ["shared-cpu"]
    assert first[0].reason.startswith("contaminated")
    x = measured(5, seed=4)[0]
    assert torch.equal(with_it.predict(x).mean[:, 0], helped.predict(x).mean[:, 0])


def test_a_source_that_predicts_unseen_rows_worse_is_dropped_with_the_figures():
    x, y = measured(120, seed=0)
    y[:, 1] *= (1.5 * (5.0 * x[:, 0]).sin()).exp()  # a habit of its own, on what the new device knows well by itself
    surrogate = fitted(SourceDevice.fit("odd", x, y), count=24)
    assert surrogate.sources_of(1) == ()
    assert surrogate.weight_of(1) == 0.0
    (reason,) = (out.reason for out in surrogate.dropped if out.output == 1)
    assert reason.startswith("does not help: leaving one row out, the typical relative error is 0.")
    points = measured(5, seed=4)[0]
    assert torch.equal(surrogate.predict(points).mean[:, 1], alone(24).predict(points).mean[:, 1])
    assert torch.equal(surrogate.joint(points)[1][1], alone(24).joint(points)[1][1])


def test_too_few_rows_to_judge_a_source_leave_it_out(clean):
    surrogate = fitted(clean, count=3)
    assert surrogate.sources_of(0) == ()
    assert "expected 4 rows of this device to judge it by, got 3" in surrogate.dropped[0].reason


def test_a_source_without_an_output_is_dropped_for_it():
    x, y = measured(60, seed=0)
    y[:, 1] = torch.nan
    surrogate = fitted(SourceDevice.fit("gpu", x, y))
    assert surrogate.sources_of(0) == ("gpu",)
    assert [(out.output, out.reason) for out in surrogate.dropped] == [(1, "it has no values of this output")]


def test_sources_whose_process_cannot_be_fitted_leave_the_device_to_itself(clean, monkeypatch):
    def refuse(self, *rows):
        raise SurrogateError("expected a positive definite covariance")

    surrogate = SourcedGP([clean])
    with monkeypatch.context() as patch:
        patch.setattr(
            "surrogates.sourced_gp_output.HeteroscedasticGP", type("Refusing", (HeteroscedasticGP,), {"fit": refuse})
        )
        surrogate.fit(*new_device())
    assert surrogate.sources_of(0) == ()
    assert [out.reason for out in surrogate.dropped] == ["expected a positive definite covariance"] * 2
    assert torch.equal(surrogate.predict(new_device()[0]).mean, alone().predict(new_device()[0]).mean)


def test_the_joint_belief_agrees_with_its_parts(helped):
    x = measured(6, seed=4)[0]
    mean, covariance = helped.joint(x)
    assert (mean.shape, covariance.shape) == ((2, 6), (2, 6, 6))
    torch.testing.assert_close(covariance, helped.covariance(x, x))
    torch.testing.assert_close(mean.T, helped.predict(x).median.log())
    epistemic = torch.log1p(helped.predict(x).epistemic_var / helped.predict(x).mean.square())
    torch.testing.assert_close(covariance.diagonal(dim1=-2, dim2=-1).T, epistemic)
    assert float(torch.linalg.eigvalsh(covariance).min()) > -1e-10


def test_joint_beliefs_at_several_sets_of_points_are_those_of_each(helped):
    x = measured(6, seed=4)[0].reshape(3, 2, 4)
    mean, covariance = helped.joint(x)
    first_mean, first_covariance = helped.joint(x[1])
    torch.testing.assert_close(mean[1], first_mean)
    torch.testing.assert_close(covariance[1], first_covariance)
    torch.testing.assert_close(helped.covariance(x, x)[2], helped.covariance(x[2], x[2]))


def test_the_moments_are_those_of_a_choice_between_two_processes(helped):
    own = helped._fitted.outputs[0]
    x = measured(5, seed=4)[0]
    inputs = own.inputs(x, helped._answers(x, own.places), 0)
    (with_mean, with_covariance), (mean, covariance) = own.process.joint(inputs), helped._fitted.alone.joint(x)
    weights = torch.tensor([1.0 - own.weight, own.weight], dtype=torch.float64)
    means = torch.stack([mean[0], with_mean[0]])
    second = torch.stack([covariance[0], with_covariance[0]]) + means.unsqueeze(-1) * means.unsqueeze(-2)
    expected = torch.einsum("k,kij->ij", weights, second) - torch.outer(weights @ means, weights @ means)
    torch.testing.assert_close(helped.joint(x)[1][0], expected)


def test_the_noise_is_that_of_a_measurement(helped):
    x = measured(5, seed=4)[0]
    prediction = helped.predict(x)
    squared = prediction.mean.square()
    aleatoric = torch.log1p(prediction.total_var / squared) - torch.log1p(prediction.epistemic_var / squared)
    torch.testing.assert_close(helped.noise(x), aleatoric)


def test_gradients_of_the_joint_belief_pass_through_the_sources(helped):
    point = measured(1, seed=4)[0].requires_grad_()
    total = lambda at: sum(part.sum() for part in helped.joint(at))  # noqa: E731
    (gradient,) = torch.autograd.grad(total(point), point)
    for feature in range(4):
        step = torch.zeros_like(point)
        step[0, feature] = 1e-5
        slope = (total(point + step) - total(point - step)) / 2e-5
        assert gradient[0, feature].item() == pytest.approx(slope.item(), rel=1e-3, abs=1e-6)


def test_sources_of_other_features_are_refused(clean):
    x, y = new_device()
    with pytest.raises(SurrogateError, match="expected sources with 3 features as the device's rows, got 4 of gpu"):
        SourcedGP([clean]).fit(x[:, :3], y)


def test_save_and_load_keep_sources_weights_and_reasons(clean, contaminated, tmp_path):
    surrogate = fitted(clean, contaminated)
    surrogate.save(tmp_path)
    loaded = SourcedGP.load(tmp_path)
    x = measured(5, seed=4)[0]
    assert torch.equal(loaded.joint(x)[1], surrogate.joint(x)[1])
    assert (loaded.dropped, loaded.sources_of(0), loaded.weight_of(0)) == (
        surrogate.dropped,
        surrogate.sources_of(0),
        surrogate.weight_of(0),
    )


def test_a_file_with_a_changed_weight_is_refused(helped, tmp_path):
    helped.save(tmp_path)
    text = json.loads((tmp_path / SETTINGS_FILE).read_text())
    text["settings"]["outputs"][0]["weight"] = 1.0
    (tmp_path / SETTINGS_FILE).write_text(json.dumps(text))
    with pytest.raises(SurrogateError, match="does not have the hash"):
        SourcedGP.load(tmp_path)
