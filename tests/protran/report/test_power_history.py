from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from device_agents.measurement import Measurement, MeasurementStatus
from protran.errors import InputError
from protran.report.power_history import PowerHistory, history_of, write_numbers

HISTORY = PowerHistory(
    title="tiny on local",
    sensor="a sensor",
    bandwidth_hz=5.0,
    provenance="measured-sampled",
    samples=((0.0, 2.0), (1.0, 2.1), (3.0, 5.0), (4.0, 6.0), (5.0, 2.2)),
    phases=(("idle-before", 0.0, 1.0), ("busy", 2.0, 4.0), ("idle-after", 4.5, 5.0)),
    taken=5,
    peak_w=5.8,
    idle_w=2.05,
)


def test_a_csv_file_has_a_row_for_each_sample_with_its_phase(tmp_path: Path) -> None:
    with write_numbers(HISTORY, tmp_path / "h.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["time_s", "power_w", "phase"]
    assert rows[1:] == [
        ["0.0", "2.0", "idle-before"],
        ["1.0", "2.1", "idle-before"],
        ["3.0", "5.0", "busy"],
        ["4.0", "6.0", "busy"],
        ["5.0", "2.2", "idle-after"],
    ]


def test_a_json_file_has_the_samples_the_phases_and_the_sensor(tmp_path: Path) -> None:
    told = json.loads(write_numbers(HISTORY, tmp_path / "h.json").read_text())
    assert (told["time_s"], told["power_w"]) == ([0.0, 1.0, 3.0, 4.0, 5.0], [2.0, 2.1, 5.0, 6.0, 2.2])
    assert told["phases"][1] == {"name": "busy", "start_s": 2.0, "end_s": 4.0}
    assert (told["sensor"], told["bandwidth_hz"], told["samples_taken"]) == ("a sensor", 5.0, 5)


def test_pieces_end_where_phases_do() -> None:
    assert [len(piece) for piece in HISTORY.runs()] == [2, 2, 1]


def test_a_moment_at_a_border_belongs_to_the_later_phase_and_one_in_a_gap_to_none() -> None:
    touching = replace(HISTORY, phases=(("idle-before", 0.0, 1.0), ("busy", 1.0, 2.0)))
    assert touching.place_at(1.0) == 1
    assert HISTORY.place_at(1.5) is None


def test_a_measurement_says_what_its_sensor_was_and_why_it_does_not_count() -> None:
    found = history_of(
        Measurement(
            "r",
            "d",
            MeasurementStatus.REJECTED,
            reason="hot",
            details={"sensor_bandwidth_hz": 25.0, "power_trace_samples": 9000.0},
            meter="a sensor",
            power_trace=HISTORY.samples,
            power_phases=HISTORY.phases,
        ),
        "tiny",
    )
    assert (found.sensor, found.bandwidth_hz, found.taken, found.remark) == ("a sensor", 25.0, 9000, "rejected: hot")
    assert (found.peak_w, found.idle_w, found.provenance) == (None, None, "")


@pytest.mark.parametrize(("name", "words"), [("h.txt", r"end in \.csv or \.json"), ("no/h.csv", "No such file")])
def test_numbers_that_cannot_be_written_are_refused(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        write_numbers(HISTORY, tmp_path / name)
