from __future__ import annotations

import json

import pytest
import torch
from related_devices import measured, new_device

from surrogates.errors import SurrogateError
from surrogates.hetero_gp import HeteroscedasticGP
from surrogates.storage import SETTINGS_FILE
from surrogates.transfer import TransferSurrogate
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
    return (surrogate.predict(x).mean.log() - (3.0 * y).log()).square().mean(0).sqrt()


def fitted(*sources: SourceDevice) -> TransferSurrogate:
    surrogate = TransferSurrogate(sources)
    surrogate.fit(*new_device())
    return surrogate


def test_a_source_helps_a_device_of_few_rows(clean):
    alone = HeteroscedasticGP()
    alone.fit(*new_device())
    assert error(fitted(clean))[0] < 0.5 * error(alone)[0]


def test_a_contaminated_source_is_named_and_costs_nothing(clean, contaminated):
    with_it = fitted(clean, contaminated)
    assert [(out.source, out.output) for out in with_it.dropped] == [("shared-cpu", 0)]
    assert with_it.dropped[0].reason.startswith("contaminated")
    assert with_it.sources_of(0) == ("gpu",)
    assert with_it.sources_of(1) == ("gpu", "shared-cpu")  # its second output is sound
    assert error(with_it)[0] == pytest.approx(float(error(fitted(clean))[0]), rel=0.05)


def test_without_sources_it_is_a_gaussian_process():
    alone = HeteroscedasticGP()
    alone.fit(*new_device())
    x = measured(5, seed=3)[0]
    assert torch.equal(fitted().predict(x).mean, alone.predict(x).mean)
    assert fitted().sources_of(0) == ()


def test_gradients_pass_through_the_sources(clean):
    surrogate = fitted(clean)
    point = measured(1, seed=3)[0].requires_grad_()
    total = lambda at: surrogate.predict(at).mean.sum()  # noqa: E731
    (gradient,) = torch.autograd.grad(total(point), point)
    for feature in range(4):
        step = torch.zeros_like(point)
        step[0, feature] = 1e-4
        slope = (total(point + step) - total(point - step)) / 2e-4
        assert gradient[0, feature].item() == pytest.approx(slope.item(), rel=1e-4, abs=1e-6)


def test_save_and_load_keep_predictions_sources_and_reasons(clean, contaminated, tmp_path):
    surrogate = fitted(clean, contaminated)
    surrogate.save(tmp_path)
    loaded = TransferSurrogate.load(tmp_path)
    x = measured(9, seed=3)[0]
    before, after = surrogate.predict(x), loaded.predict(x)
    for part in ("mean", "aleatoric_var", "epistemic_var"):
        assert torch.equal(getattr(before, part), getattr(after, part))
    assert loaded.dropped == surrogate.dropped
    assert loaded.sources_of(0) == ("gpu",)
    loaded.fit(*new_device())
    assert torch.equal(loaded.predict(x).mean, before.mean)


def test_a_changed_nested_surrogate_is_refused(clean, tmp_path):
    fitted(clean).save(tmp_path)
    header = json.loads((tmp_path / SETTINGS_FILE).read_text())
    header["settings"]["alone"] = header["settings"]["alone"].replace("hetero-gp", "oracle")
    (tmp_path / SETTINGS_FILE).write_text(json.dumps(header))
    with pytest.raises(SurrogateError, match="does not have the hash"):
        TransferSurrogate.load(tmp_path)


def test_many_points_are_answered_in_parts(clean, monkeypatch):
    surrogate, x = fitted(clean), measured(7, seed=3)[0]
    whole = surrogate.predict(x)
    monkeypatch.setattr("surrogates.transfer.CHUNK", 3)
    assert torch.allclose(surrogate.predict(x).mean, whole.mean)
    assert surrogate.predict(x[:0]).mean.shape == (0, 2)


def test_a_source_with_other_features_is_refused(clean):
    x, y = new_device()
    with pytest.raises(SurrogateError, match=r"expected sources with 3 features .* got 4 of gpu"):
        TransferSurrogate([clean]).fit(x[:, :3], y)
