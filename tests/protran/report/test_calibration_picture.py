from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from protran.errors import InputError
from protran.report.calibration_picture import draw_calibration

ERROR = {"median": 0.1, "low": 0.05, "high": 0.4, "count": 8}
NARROW = {"median": 0.0, "low": None, "high": None, "count": 3}


def measure(name: str, status: str, **errors: Any) -> dict[str, Any]:
    before = {"on_probes": errors.get("before"), "over_space": None}
    return {
        "name": name,
        "status": status,
        "before": before,
        "after": {"leave_one_out": errors.get("after"), "over_space": errors.get("after")},
    }


@pytest.fixture
def document() -> dict[str, Any]:
    return {
        "device": "pi",
        "space": "edge$small",
        "probes": {"measured": 8},
        "checks": {"chosen": 0},
        "measures": [
            measure("latency_s", "calibrated", before=ERROR, after=NARROW),
            measure("energy_j", "unavailable"),
            {"name": "memory_bytes", "status": "counted"},
        ],
    }


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_a_calibration_is_drawn(document: dict[str, Any], tmp_path: Path, suffix: str) -> None:
    path = draw_calibration(document, tmp_path / f"errors{suffix}")
    assert path.stat().st_size > 5_000


def test_what_is_unavailable_is_said_and_what_is_counted_left_out(document: dict[str, Any], tmp_path: Path) -> None:
    text = draw_calibration(document, tmp_path / "errors.svg").read_text()
    for words, there in (("unavailable", True), ("latency_s", True), ("memory_bytes", False)):
        assert (f"<!-- {words} -->" in text) is there


def test_random_candidates_that_only_judge_are_drawn_instead_of_the_probes(
    document: dict[str, Any], tmp_path: Path
) -> None:
    document["checks"] = {"chosen": 4}
    for name in ("before", "after"):
        for told in document["measures"][:2]:
            told[name]["on_checks"] = ERROR
    text = draw_calibration(document, tmp_path / "errors.svg").read_text()
    assert "on random candidates" in text
    assert "on the probes" not in text


def test_nothing_measured_is_drawn_too(document: dict[str, Any], tmp_path: Path) -> None:
    document["measures"] = [measure("latency_s", "not measured")]
    assert "not measured" in draw_calibration(document, tmp_path / "errors.svg").read_text()


def test_another_suffix_or_an_absent_folder_is_refused(document: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a picture must end in \.png"):
        draw_calibration(document, tmp_path / "errors.gif")
    with pytest.raises(InputError, match="cannot write the picture"):
        draw_calibration(document, tmp_path / "absent" / "errors.png")
