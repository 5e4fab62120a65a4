from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import pytest
from matplotlib.image import imread

from protran.errors import InputError
from protran.report.sweep_picture import draw_sweep, lines_of


def point(batch: int, length: int = 128, device: str = "local", **values: float) -> dict[str, Any]:
    units = {"latency_s": "s", "energy_j": "J", "memory_bytes": "B", "core_seconds": "s", "peak_power_w": "W"}
    return {
        "device": device,
        "input_spec": {"length": length},
        "workload": {"batch_size": batch},
        "values": {
            name: {"value": number, "stderr": number / 50, "provenance": "simulated", "unit": units[name]}
            for name, number in values.items()
        },
    }


def drawn(points: list[dict[str, Any]], path: Path) -> str:
    with matplotlib.rc_context({"svg.fonttype": "none"}):  # letters, not their outlines
        return draw_sweep("tiny", points, path).read_text(encoding="utf-8")


def test_there_is_a_line_for_each_length_and_device_from_left_to_right() -> None:
    points = [point(batch, length, device) for device in "ab" for length in (64, 32) for batch in (8, 1)]
    lines = lines_of(points)
    assert list(lines) == ["a, length 64", "a, length 32", "b, length 64", "b, length 32"]
    assert [item["workload"]["batch_size"] for item in lines["a, length 64"]] == [1, 8]


def test_where_only_the_length_differs_it_is_the_horizontal_axis() -> None:
    lines = lines_of([point(1, 64), point(1, 32)])
    assert [item["input_spec"]["length"] for item in lines["local"]] == [32, 64]


def test_the_picture_names_its_lines_quantities_and_sizes(tmp_path: Path) -> None:
    points = [point(batch, latency_s=0.001 * batch, energy_j=0.002 * batch, memory_bytes=1e6) for batch in (1, 8)]
    text = drawn(points, tmp_path / "s.svg")
    for words in ("latency per sequence [ms]", "energy per sequence [mJ]", "memory [MB]", "simulated", "length 128"):
        assert words in text
    assert "batch size" in text
    assert ">8<" in text
    assert "bars: ± 1 standard error" in text


@pytest.mark.parametrize("known", range(1, 6))
def test_any_number_of_quantities_can_be_drawn(tmp_path: Path, known: int) -> None:
    names = ("latency_s", "core_seconds", "energy_j", "peak_power_w", "memory_bytes")[:known]
    points = [point(batch, **dict.fromkeys(names, 0.5 * batch)) for batch in (1, 100)]
    assert imread(draw_sweep("tiny", points, tmp_path / "s.png", dpi=40)).shape[1] > 300


def test_points_that_failed_are_left_out_and_a_quantity_may_be_known_of_some(tmp_path: Path) -> None:
    points = [point(1, latency_s=0.001), point(4, latency_s=0.002, energy_j=0.1), point(64)]
    text = drawn(points, tmp_path / "s.svg")
    assert ">4<" in text
    assert ">64<" not in text


def test_nothing_but_failures_cannot_be_drawn(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least one point with values, got none"):
        draw_sweep("tiny", [point(1)], tmp_path / "s.png")


@pytest.mark.parametrize(("name", "words"), [("s.gif", r"must end in \.png"), ("no/s.png", "is no folder")])
def test_a_picture_that_cannot_be_written_is_refused(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        draw_sweep("tiny", [point(1, latency_s=1.0)], tmp_path / name)
