import numpy as np
import pytest

from protran.errors import InputError
from protran.training.normalisation import Normalisation

SIGNALS = np.random.default_rng(0).normal([[[1.0], [5.0], [-3.0], [0.0]]], [[[2.0], [0.5], [4.0], [1.0]]], (200, 4, 30))
SIGNALS = SIGNALS.astype(np.float32)


def test_every_channel_gets_mean_zero_and_deviation_one():
    normal = Normalisation.fit(SIGNALS).apply(SIGNALS)
    assert normal.dtype == np.float32
    assert normal.mean(axis=(0, 2)) == pytest.approx(np.zeros(4), abs=1e-4)
    assert normal.std(axis=(0, 2)) == pytest.approx(np.ones(4), rel=1e-4)


def test_axes_of_a_sensor_keep_their_zero_and_share_one_scale():
    fitted = Normalisation.fit(SIGNALS, axes=((0, 1, 2),))
    assert fitted.centre[:3] == (0.0, 0.0, 0.0)
    assert len(set(fitted.scale[:3])) == 1
    assert np.square(fitted.apply(SIGNALS)[:, :3]).mean() == pytest.approx(1.0, rel=1e-4)


def test_a_constant_channel_does_not_divide_by_zero():
    constant = np.full((5, 1, 10), 7.0, dtype=np.float32)
    assert np.array_equal(Normalisation.fit(constant).apply(constant), np.zeros_like(constant))


def test_json_gives_the_normalisation_again():
    fitted = Normalisation.fit(SIGNALS)
    assert Normalisation.from_json(fitted.to_json()) == fitted


@pytest.mark.parametrize(
    "payload", [[], {"centre": [0.0]}, {"centre": [0.0], "scale": []}, {"centre": [0.0], "scale": [0.0]}]
)
def test_what_is_no_normalisation_is_refused(payload):
    with pytest.raises(InputError, match="normalisation: expected"):
        Normalisation.from_json(payload)
