from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from protran.cli.profile_sweep_table import print_sweep, sweep_remarks
from search_spaces.presets import preset

CANDIDATE, _ = preset("bert-tiny")


def point(batch: int, latency_s: float | None = 0.002, provenance: str = "simulated", **fields: Any) -> dict[str, Any]:
    value = {"value": latency_s, "stderr": 0.00002, "provenance": provenance, "unit": "s"}
    return {
        "device": "local",
        "input_spec": {"kind": "tokens", "length": 128},
        "workload": {"kind": "inference", "batch_size": batch, "micro_batches": 1},
        "values": {} if latency_s is None else {"latency_s": value},
        "measurements": [{"status": "ok", "flags": [], "reason": ""}],
        "status": "ok",
        "reason": "",
        **fields,
    }


def shown(points: list[dict[str, Any]], width: int = 160) -> str:
    written = io.StringIO()
    print_sweep(Console(file=written, width=width), CANDIDATE, points, 1)
    return written.getvalue()


def test_what_all_points_share_stands_above_the_table() -> None:
    lines = shown([point(1), point(8)]).splitlines()
    assert lines[1] == "tokens, inference, local, length 128; 2 points, each one measurement"
    assert [line.split()[0] for line in lines if line.strip()[:1].isdigit()][1:] == ["1", "8"]


def test_provenance_stands_below_values_that_do_not_share_it() -> None:
    assert shown([point(1), point(8)]).count("simulated") == 2  # the heads of latency, and of latency per sequence
    mixed = shown([point(1), point(8, provenance="measured-counter")])
    assert (mixed.count("simulated"), mixed.count("measured-counter")) == (2, 2)


def test_a_narrow_terminal_gets_errors_below_values_and_no_line_too_long() -> None:
    text = shown([point(1), point(8)], width=38)
    assert "2.000 ms" in text
    assert "± 0.020" in text
    assert max(map(len, text.splitlines()[2:8])) <= 38


def test_what_no_point_knows_is_said_to_be_unavailable() -> None:
    assert "Unavailable: core seconds, memory, energy, peak power." in shown([point(1), point(8)])


def test_the_points_that_bear_a_flag_are_named_and_all_of_them_in_two_words() -> None:
    hot = {"status": "ok", "flags": ["few-samples", "contended"], "reason": ""}
    slow = {"status": "ok", "flags": ["few-samples"], "reason": ""}
    told = sweep_remarks([point(1, measurements=[hot]), point(8, measurements=[slow])])
    assert told == ["flag contended: local, length 128, batch 1", "flag few-samples: all points"]


def test_what_is_missing_is_told_with_its_reason() -> None:
    lost = point(1, None, measurements=[], status="failed", reason="the runner was lost")
    rejected = {"status": "rejected", "flags": [], "reason": "hot"}
    partly = point(8, measurements=[rejected, {"status": "ok", "flags": [], "reason": ""}])
    assert sweep_remarks([lost, partly]) == [
        "local, length 128, batch 1: failed: the runner was lost",
        "local, length 128, batch 8: 1 of 2 measurements rejected: hot",
    ]
    assert "failed" in shown([lost, partly])
