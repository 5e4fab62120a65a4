from __future__ import annotations

from dataclasses import replace

import pytest

from device_agents.measurement import Provenance
from device_agents.meters.energy_range import UNAVAILABLE_ENERGY, EnergyRange
from protran.carbon.footprint import Footprint, Stage
from protran.carbon.intensity import country_intensity, own_intensity
from protran.cli.child_program import ProgramRun
from protran.cli.monitor_summary import GpuEnergy, MonitorSummary, format_grams

RUN = ProgramRun(0, None, wall_s=2.5, core_seconds=4.0, peak_rss_bytes=120_000_000, peak_rss_at_most=False)
READING = EnergyRange.reading(36.0, Provenance.MEASURED_COUNTER)
NOTHING = MonitorSummary(("true",), RUN, UNAVAILABLE_ENERGY, "no sensor", None)


def test_without_energy_and_grid_both_are_unavailable_with_the_reason() -> None:
    assert NOTHING.lines() == (
        "protran monitor: exit code 0, wall 2.5 s, 4 core-seconds, peak RSS 120 MB",
        "  energy  unavailable: no sensor",
        "  CO2e    unavailable: no grid named; --country DE or --grid-intensity G does",
    )


def test_a_reading_is_one_figure_with_its_provenance() -> None:
    footprint = Footprint({Stage.PROGRAM: READING}, own_intensity(100), 1.5)
    _, energy, carbon = replace(NOTHING, energy=READING, energy_source="RAPL", footprint=footprint).lines()
    assert energy == "  energy  36 J, measured-counter: RAPL"
    assert carbon == "  CO2e    1.5 mg, measured-counter: 100 g/kWh (own value), PUE 1.5"


def test_an_estimate_is_a_range_and_the_grid_has_place_and_year() -> None:
    guess = EnergyRange(3.2, 95.2, Provenance.ESTIMATED_GENERIC)
    footprint = Footprint({Stage.PROGRAM: guess}, country_intensity("DE"))
    _, energy, carbon = replace(NOTHING, energy=guess, energy_source="core-seconds", footprint=footprint).lines()
    assert energy == "  energy  3.2 J to 95.2 J, estimated-generic: core-seconds"
    assert carbon == "  CO2e    339 ug to 10.1 mg, estimated-generic: 380.95 g/kWh (Germany, 2023), PUE 1"


def test_a_grid_without_energy_has_no_grams() -> None:
    footprint = Footprint({Stage.PROGRAM: UNAVAILABLE_ENERGY}, own_intensity(100))
    assert replace(NOTHING, footprint=footprint).lines()[2] == "  CO2e    unavailable: no energy"


def test_a_signal_and_an_upper_bound_are_said() -> None:
    run = replace(RUN, exit_code=137, signal_name="SIGKILL", peak_rss_at_most=True)
    first = replace(NOTHING, run=run).lines()[0]
    assert first == "protran monitor: ended by SIGKILL, wall 2.5 s, 4 core-seconds, peak RSS at most 120 MB"


def test_the_json_holds_the_run_and_says_what_is_unavailable() -> None:
    told = NOTHING.to_json()
    assert told["command"] == ["true"]
    assert (told["exit_code"], told["wall_s"], told["core_seconds"], told["peak_rss_bytes"]) == (
        0,
        2.5,
        4.0,
        120_000_000,
    )
    assert told["energy"] == {"low_j": None, "high_j": None, "provenance": "unavailable", "source": "no sensor"}
    assert told["carbon"] is told["gpu"] is None


def test_the_gpus_alone_stand_beside_the_machine_and_are_added_to_nothing() -> None:
    footprint = Footprint({Stage.PROGRAM: READING}, own_intensity(100))
    summary = replace(NOTHING, energy=READING, energy_source="RAPL", gpu=GpuEnergy(READING, "NVML", footprint))
    assert summary.lines()[3:] == (
        "  GPU     36 J, measured-counter: NVML",
        "  GPU CO2e  1 mg, measured-counter: 100 g/kWh (own value), PUE 1",
    )
    told = summary.to_json()
    assert told["energy"]["high_j"] == 36.0
    assert (told["gpu"]["gpu_energy_j"], told["gpu"]["provenance"]) == (36.0, "measured-counter")
    assert told["gpu"]["carbon"]["total"]["high_g"] == pytest.approx(0.001)


def test_gpus_that_cannot_be_read_are_unavailable_with_the_reason() -> None:
    gpu = GpuEnergy(UNAVAILABLE_ENERGY, "no driver")
    assert replace(NOTHING, gpu=gpu).lines()[3:] == ("  GPU     unavailable: no driver",)
    assert gpu.to_json() == {"gpu_energy_j": None, "provenance": "unavailable", "source": "no driver", "carbon": None}


@pytest.mark.parametrize(
    ("grams", "shown"),
    [
        (0.0, "0 g"),
        (2e-8, "0.02 ug"),
        (1.234e-5, "12.3 ug"),
        (0.0009999, "1 mg"),
        (0.5, "500 mg"),
        (12.0, "12 g"),
        (4321.0, "4.32 kg"),
    ],
)
def test_grams_have_the_unit_of_their_size(grams: float, shown: str) -> None:
    assert format_grams(grams) == shown
