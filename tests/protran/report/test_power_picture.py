from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from device_agents.meters.base import PowerTrace
from protran.errors import InputError
from protran.report.power_history import PowerHistory
from protran.report.power_picture import caption, draw_power, moving_mean

TIMES_S = np.linspace(0.0, 6.0, 61)
HISTORY = PowerHistory(
    title="tiny on local",
    sensor="a sensor",
    bandwidth_hz=5.0,
    provenance="measured-sampled",
    samples=tuple((float(time_s), 5.0 if 2 <= time_s <= 4 else 2.0) for time_s in TIMES_S),
    phases=(("idle-before", 0.0, 1.9), ("busy", 2.0, 4.0), ("idle-after", 4.1, 6.0)),
    taken=61,
    peak_w=5.25,
    idle_w=2.05,
)


def drawn(history: PowerHistory, path: Path) -> str:
    with matplotlib.rc_context({"svg.fonttype": "none"}):  # letters, not their outlines
        return draw_power(history, path).read_text(encoding="utf-8")


def test_the_picture_names_the_sensor_the_windows_and_both_levels(tmp_path: Path) -> None:
    text = drawn(HISTORY, tmp_path / "p.svg")
    for words in ("tiny on local", "a sensor, bandwidth 5 Hz, 61 samples", "busy window", "idle window", "5.25 W"):
        assert words in text
    assert "idle (mean): 2.05 W" in text
    assert "1 s moving mean" in text


def test_levels_that_are_not_known_are_not_drawn(tmp_path: Path) -> None:
    text = drawn(replace(HISTORY, peak_w=None, idle_w=None), tmp_path / "p.svg")
    assert "mean of the windows" not in text
    assert "idle (mean)" not in text


def test_too_few_samples_have_no_moving_mean(tmp_path: Path) -> None:
    text = drawn(replace(HISTORY, samples=HISTORY.samples[::10], peak_w=None), tmp_path / "p.svg")
    assert "moving mean" not in text
    assert "samples" in text


def test_the_caption_says_what_was_left_out_and_why_a_measurement_does_not_count() -> None:
    thinned = replace(HISTORY, taken=9000, bandwidth_hz=None, remark="rejected: hot")
    assert caption(thinned) == "a sensor, bandwidth unknown, 61 of 9,000 samples; rejected: hot"


def test_the_moving_mean_of_a_ramp_is_the_ramp_and_its_maximum_is_the_peak_of_the_meters() -> None:
    times_s = np.linspace(0.0, 5.0, 51)
    ramp_w = 1 + 2 * times_s
    inside = (times_s >= 0.5) & (times_s <= 4.5)
    np.testing.assert_allclose(moving_mean(times_s, ramp_w, 1.0)[inside], ramp_w[inside])
    pulse_w = np.where((times_s > 2) & (times_s < 3), 8.0, 2.0)
    peak_w = PowerTrace(tuple(times_s), tuple(pulse_w)).peak_w(1.0)
    assert moving_mean(times_s, pulse_w, 1.0).max() == pytest.approx(peak_w, rel=0.02)


@pytest.mark.parametrize(("name", "words"), [("p.gif", r"must end in \.png"), ("no/p.png", "No such file")])
def test_a_picture_that_cannot_be_written_is_refused(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        draw_power(HISTORY, tmp_path / name)
