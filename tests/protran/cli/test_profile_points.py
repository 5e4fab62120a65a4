from __future__ import annotations

import pytest

from device_agents.errors import RequestError
from device_agents.workload import Workload
from protran.cli.profile_points import Point, devices_of, input_specs_of, is_sweep, points_of, workloads_of
from protran.errors import InputError
from search_spaces.presets import BERT_INPUT


def test_points_are_the_product_device_by_device() -> None:
    points = points_of(["a", "b"], input_specs_of(BERT_INPUT, [64, 128]), workloads_of("inference", [1, 8], 1))
    assert [point.text for point in points[:4]] == [
        "a, length 64, batch 1",
        "a, length 64, batch 8",
        "a, length 128, batch 1",
        "a, length 128, batch 8",
    ]
    assert [point.device for point in points[4:]] == ["b"] * 4


@pytest.mark.parametrize(("lengths", "batches", "expected"), [([64, 128], None, True), (None, [1, 8], True)])
def test_several_lengths_or_batches_are_a_sweep(
    lengths: list[int] | None, batches: list[int] | None, expected: bool
) -> None:
    points = points_of(["a"], input_specs_of(BERT_INPUT, lengths), workloads_of("inference", batches, 1))
    assert is_sweep(points) is expected


def test_several_devices_are_no_sweep() -> None:
    assert not is_sweep([Point(name, BERT_INPUT, Workload()) for name in "ab"])


def test_without_options_the_models_own_input_is_measured_on_one_sequence_here() -> None:
    assert devices_of(None) == ["local"]
    assert input_specs_of(BERT_INPUT, None) == [BERT_INPUT]
    assert workloads_of("inference", None, 1) == [Workload()]


def test_every_batch_must_have_as_many_equal_parts() -> None:
    with pytest.raises(RequestError, match="must be a multiple"):
        workloads_of("training-step", [8, 9], 2)


def test_values_that_are_given_twice_are_refused() -> None:
    with pytest.raises(InputError, match=r"--length must differ, got 64, 64"):
        input_specs_of(BERT_INPUT, [64, 64])
    with pytest.raises(InputError, match=r"--batch must differ"):
        workloads_of("inference", [2, 2], 1)
