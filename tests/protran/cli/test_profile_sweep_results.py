from __future__ import annotations

from collections.abc import Sequence

import pytest

from device_agents.errors import DeviceError
from device_agents.measurement import Measurement, MeasurementStatus, Provenance, Value
from device_agents.workload import Workload
from protran.cli.profile_points import Point
from protran.cli.profile_sweep_results import run_sweep
from search_spaces.presets import preset

CANDIDATE, SPEC = preset("bert-tiny")
POINTS = [Point("local", SPEC, Workload(batch_size=batch)) for batch in (1, 2, 4)]
GOOD = Measurement("r", "d", MeasurementStatus.OK, {"latency_s": Value(0.002, 0.0001, Provenance.MEASURED_COUNTER)})
REJECTED = Measurement("r", "d", MeasurementStatus.REJECTED, reason="hot")


def nobody(done: int, point: Point) -> None:
    """Watches nothing."""


def test_every_point_is_measured_in_order_and_the_observer_is_told_before_each() -> None:
    told: list[tuple[int, int]] = []
    sweep = run_sweep(POINTS, lambda point: [GOOD], lambda done, point: told.append((done, point.workload.batch_size)))
    assert told == [(0, 1), (1, 2), (2, 4)]
    assert [result.status for result in sweep.results] == ["ok"] * 3
    assert not sweep.interrupted


def test_a_point_whose_device_gives_no_answer_is_a_row_and_the_others_go_on() -> None:
    def measure(point: Point) -> Sequence[Measurement]:
        if point.workload.batch_size == 2:
            raise DeviceError("the runner\nwas lost")
        return [GOOD]

    sweep = run_sweep(POINTS, measure, nobody)
    assert [(result.status, result.reason) for result in sweep.results] == [
        ("ok", ""),
        ("failed", "the runner was lost"),
        ("ok", ""),
    ]


def test_a_point_counts_where_any_repeat_does() -> None:
    answers = iter([[REJECTED, GOOD], [GOOD, REJECTED], [REJECTED, REJECTED]])
    sweep = run_sweep(POINTS, lambda point: next(answers), nobody)
    assert [(result.status, result.reason) for result in sweep.results] == [("ok", ""), ("ok", ""), ("rejected", "hot")]


def test_an_interrupt_keeps_what_was_measured() -> None:
    def measure(point: Point) -> Sequence[Measurement]:
        if point.workload.batch_size == 4:
            raise KeyboardInterrupt
        return [GOOD]

    sweep = run_sweep(POINTS, measure, nobody)
    assert (len(sweep.results), sweep.planned, sweep.interrupted) == (2, 3, True)
    told = sweep.to_json(CANDIDATE)
    assert (len(told["points"]), told["planned"], told["interrupted"]) == (2, 3, True)


def test_an_interrupt_before_anything_was_measured_is_an_interrupt() -> None:
    def measure(point: Point) -> Sequence[Measurement]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_sweep(POINTS, measure, nobody)
