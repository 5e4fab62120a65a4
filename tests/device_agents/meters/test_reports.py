import pytest

from device_agents.meters.reports import SensorReport, SensorState, best_meter, energy_is_measurable
from device_agents.meters.spec import MeterKind, MeterSpec


def usable(*kinds):
    return [SensorReport(kind.value, SensorState.USABLE, "", meter=kind) for kind in kinds]


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([], MeterKind.NONE),
        ([MeterKind.BATTERY], MeterKind.BATTERY),
        ([MeterKind.BATTERY, MeterKind.RPI_PMIC], MeterKind.RPI_PMIC),
        ([MeterKind.BATTERY, MeterKind.APPLE], MeterKind.APPLE),
        ([MeterKind.ESTIMATE], MeterKind.NONE),
        ([MeterKind.BATTERY, MeterKind.RPI_PMIC, MeterKind.HWMON], MeterKind.HWMON),
        ([MeterKind.BATTERY, MeterKind.HWMON, MeterKind.RAPL], MeterKind.RAPL),
    ],
)
def test_the_finest_sensor_that_sees_the_processor_is_taken(kinds, expected):
    assert best_meter(usable(*kinds)) == MeterSpec(expected)


def test_a_gpu_counter_is_only_taken_for_work_on_the_gpu():
    found = usable(MeterKind.NVML, MeterKind.BATTERY)
    assert best_meter(found).kind is MeterKind.BATTERY
    assert best_meter(found, gpu=True).kind is MeterKind.NVML
    assert not energy_is_measurable(usable(MeterKind.NVML))


@pytest.mark.parametrize("state", [state for state in SensorState if state is not SensorState.USABLE])
def test_a_sensor_that_gives_no_figures_is_not_taken(state):
    found = [SensorReport("RAPL", state, "", meter=MeterKind.RAPL)]
    assert best_meter(found).kind is MeterKind.NONE
    assert not energy_is_measurable(found)


def test_work_on_the_gpu_is_never_measured_by_the_processors_counters():
    assert best_meter(usable(MeterKind.RAPL), gpu=True).kind is MeterKind.NONE
    assert best_meter(usable(MeterKind.RAPL, MeterKind.HWMON), gpu=True).kind is MeterKind.HWMON
