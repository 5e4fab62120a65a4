from __future__ import annotations

from typing import Any

import pytest

from device_agents.errors import DeviceError
from device_agents.measurement import Measurement, MeasurementStatus
from device_agents.workload import Workload
from protran.cli.profile_points import Point
from protran.cli.profile_question import Question
from search_spaces.presets import preset

CANDIDATE, INPUT = preset("bert-tiny")
GOOD = Measurement("r", "d", MeasurementStatus.OK)


class FakeProfiler:
    """Answers for one device, or raises what is to come next."""

    def __init__(self, device: str) -> None:
        self.device, self.closed, self.failures = device, 0, list[BaseException]()
        self.asked: list[tuple[Workload, int, bool]] = []

    def measure(self, candidate: Any, input_spec: Any, workload: Workload, **options: Any) -> list[Measurement]:
        assert (candidate, input_spec) == (CANDIDATE, INPUT)
        self.asked.append((workload, options["repeats"], options["keep_trace"]))
        if self.failures:
            raise self.failures.pop()
        return [GOOD]

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def profilers(monkeypatch: pytest.MonkeyPatch) -> list[FakeProfiler]:
    """Those that were opened, in their order."""
    opened: list[FakeProfiler] = []

    def open_profiler(device: str) -> FakeProfiler:
        assert all(profiler.closed for profiler in opened)  # one at a time
        opened.append(FakeProfiler(device))
        return opened[-1]

    monkeypatch.setattr("protran.profiling.Profiler", open_profiler)
    return opened


def points(*devices: str, batches: tuple[int, ...] = (1, 2, 4)) -> tuple[Point, ...]:
    return tuple(Point(device, INPUT, Workload(batch_size=batch)) for device in devices for batch in batches)


def question(*devices: str) -> Question:
    return Question("bert-tiny", CANDIDATE, points(*devices), repeats=3)


def test_all_points_of_a_device_are_asked_of_one_profiler(profilers: list[FakeProfiler]) -> None:
    asked = question("local")
    with asked.opened() as ask:
        assert [ask(point, keep_trace=True) for point in asked.points] == [[GOOD]] * 3
    (profiler,) = profilers
    assert profiler.asked == [(Workload(batch_size=batch), 3, True) for batch in (1, 2, 4)]
    assert profiler.closed == 1


def test_one_device_is_let_go_before_the_next_begins(profilers: list[FakeProfiler]) -> None:
    asked = question("local", "sim:rpi4")
    with asked.opened() as ask:
        for point in asked.points:
            ask(point)
    assert [(profiler.device, len(profiler.asked), profiler.closed) for profiler in profilers] == [
        ("local", 3, 1),
        ("sim:rpi4", 3, 1),
    ]


def test_a_device_that_gave_no_answer_is_begun_with_anew(profilers: list[FakeProfiler]) -> None:
    first, second, _ = points("local")
    with question("local").opened() as ask:
        ask(first)
        profilers[0].failures.append(DeviceError("lost"))
        with pytest.raises(DeviceError, match="lost"):
            ask(first)
        assert ask(second) == [GOOD]
    assert [profiler.closed for profiler in profilers] == [1, 1]


def test_whatever_ends_it_the_device_is_let_go(profilers: list[FakeProfiler]) -> None:
    first, *_ = points("local")
    with pytest.raises(KeyboardInterrupt), question("local").opened() as ask:
        ask(first)
        profilers[0].failures.append(KeyboardInterrupt())
        ask(first)
    assert profilers[0].closed == 1


def test_nothing_starts_before_the_first_point(profilers: list[FakeProfiler]) -> None:
    with question("local").opened():
        assert profilers == []
    assert profilers == []


def test_an_accelerator_is_asked_for_when_the_profiler_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[str, dict[str, Any]]] = []

    def open_profiler(device: str, **chosen: Any) -> FakeProfiler:
        opened.append((device, chosen))
        return FakeProfiler(device)

    monkeypatch.setattr("protran.profiling.Profiler", open_profiler)
    asked = Question("bert-tiny", CANDIDATE, points("local"), repeats=3, accelerator="cuda:1")
    with asked.opened() as ask:
        ask(asked.points[0])
    assert opened == [("local", {"accelerator": "cuda:1"})]
