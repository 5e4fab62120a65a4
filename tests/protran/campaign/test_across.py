from __future__ import annotations

import math

import pytest

from device_agents.measurement import UNAVAILABLE, Provenance, Value
from protran.campaign.across import Across, objectives_across, way_of, with_values_across
from protran.errors import InputError
from protran.front import FrontCandidate, pareto_front
from protran.objectives import objectives_for
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer

DEVICES = ["pi", "gpu"]
OBJECTIVES = objectives_for(["error", "latency", "memory"], DEVICES)


def member(size: int, pi_s: float | None, gpu_s: float | None, *, error: float = 0.1, gpu=None) -> FrontCandidate:
    def value(number: float | None, source: Provenance) -> Value:
        return UNAVAILABLE if number is None else Value(number, number / 10, source)

    counter = Provenance.MEASURED_COUNTER
    return FrontCandidate(
        Candidate(Architecture((Layer(8, (HeadKind.FOURIER,), (size,)),))),
        {
            "error": Value(error, 0.0, Provenance.SCORED),
            "memory_bytes": Value(1.0, 0.0, Provenance.EXACT),
            "latency_s@pi": value(pi_s, counter),
            "latency_s@gpu": value(gpu_s, gpu or counter),
        },
    )


def across(known: list[FrontCandidate], how: Across) -> list[FrontCandidate]:
    return with_values_across(known, OBJECTIVES, DEVICES, how)


def test_one_objective_stands_for_a_quantity_on_all_devices() -> None:
    names = [objective.name for objective in objectives_across(OBJECTIVES, Across.WORST)]
    assert names == ["error", "latency_s@worst", "memory_bytes"]


def test_the_worst_is_the_largest_with_its_own_error() -> None:
    value = across([member(1, 0.3, 0.1)], Across.WORST)[0].values["latency_s@worst"]
    assert (value.value, value.stderr) == (0.3, pytest.approx(0.03))


def test_the_mean_counts_devices_alike_and_its_error_is_that_of_independent_values() -> None:
    value = across([member(1, 0.3, 0.1)], Across.MEAN)[0].values["latency_s@mean"]
    assert value.value == pytest.approx(0.2)
    assert value.stderr == pytest.approx(math.hypot(0.03, 0.01) / 2)


def test_what_one_device_did_not_measure_is_not_known_over_all() -> None:
    assert "latency_s@mean" not in across([member(1, 0.3, None)], Across.MEAN)[0].values


def test_a_value_over_all_devices_is_trusted_as_its_least_trusted_part() -> None:
    value = across([member(1, 0.3, 0.1, gpu=Provenance.SIMULATED)], Across.WORST)[0].values["latency_s@worst"]
    assert value.provenance is Provenance.SIMULATED


def test_the_front_over_all_devices_holds_who_is_good_on_all() -> None:
    quick_on_pi, quick_on_gpu, good = member(1, 0.1, 0.5), member(2, 0.5, 0.1), member(3, 0.2, 0.2)
    for how in Across:
        known = across([quick_on_pi, quick_on_gpu, good], how)
        front = pareto_front(known, objectives_across(OBJECTIVES, how))
        assert [item.candidate for item in front.candidates] == [good.candidate]


def test_one_device_alone_cannot_be_looked_across() -> None:
    with pytest.raises(InputError, match=r"two or more devices to look across, got pi alone"):
        with_values_across([], OBJECTIVES, ["pi"], Across.MEAN)


def test_a_device_that_is_called_as_the_way_is_not_mistaken_for_it() -> None:
    with pytest.raises(InputError, match=r"called 'worst' itself"):
        with_values_across([], OBJECTIVES, ["pi", "worst"], Across.WORST)


def test_objectives_tell_how_they_look_across() -> None:
    for how in Across:
        assert way_of(objectives_across(OBJECTIVES, how), DEVICES) is how
    assert way_of(OBJECTIVES, DEVICES) is None
    assert way_of(objectives_for(["latency"], ["worst", "pi"]), ["worst", "pi"]) is None
