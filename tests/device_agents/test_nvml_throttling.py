import pytest
from fake_sensors import FakeGpus, NVMLError

from device_agents.clock import ManualClock
from device_agents.errors import DeviceError
from device_agents.nvml_throttling import gpu_throttling, machine_with_gpu
from device_agents.throttling import UNKNOWN_THROTTLING, Throttling

UUID = "GPU-00000000"


def gpu(**options):
    return FakeGpus(ManualClock(), 70.0, **options)


@pytest.mark.parametrize(("bits", "words"), [(0x20, "driver"), (0x40, "heat"), (0x80, "power supply"), (0x64, "heat")])
def test_heat_and_a_power_brake_throttle(bits, words):
    library = gpu(reasons=bits)
    found = gpu_throttling(UUID, lambda: library)
    assert found.throttled is True
    assert words in " ".join(found.reasons)
    assert library.opened == 0


@pytest.mark.parametrize("bits", [0x0, 0x1, 0x2, 0x4, 0x8, 0x10, 0x100])
def test_an_idle_gpu_its_power_limit_and_settings_do_not(bits):
    found = gpu_throttling(UUID, lambda: gpu(reasons=bits))
    assert (found.throttled, found.reasons, found.temperature_celsius) == (False, (), 41.0)


def test_an_older_library_is_asked_by_the_older_name():
    class Older(FakeGpus):
        nvmlDeviceGetCurrentClocksEventReasons = property()  # raises AttributeError

        def nvmlDeviceGetCurrentClocksThrottleReasons(self, gpu):
            return 0x40

    assert gpu_throttling(UUID, lambda: Older(ManualClock(), 70.0)).throttled is True


def test_a_driver_that_says_nothing_leaves_it_unknown_and_not_cool():
    library = gpu()

    def unsupported(*arguments):
        raise NVMLError("Not Supported")

    library.nvmlDeviceGetCurrentClocksEventReasons = library.nvmlDeviceGetTemperature = unsupported
    assert gpu_throttling(UUID, lambda: library) == UNKNOWN_THROTTLING


def test_a_gpu_or_library_that_is_gone_leaves_it_unknown():
    def absent():
        raise DeviceError("not installed")

    library = gpu()
    assert gpu_throttling("GPU-other", lambda: library) == gpu_throttling(UUID, absent) == UNKNOWN_THROTTLING
    assert library.opened == 0


@pytest.mark.parametrize(
    ("machine", "bits", "throttled"), [(None, 0, False), (False, 0x40, True), (True, 0, True), (False, 0, False)]
)
def test_machine_and_gpu_both_count_and_the_temperature_is_the_gpus(machine, bits, throttled):
    reasons = ("the machine",) if machine else ()
    found = machine_with_gpu(UUID, lambda: Throttling(machine, reasons, 60.0, {"count": 1}), lambda: gpu(reasons=bits))
    assert (found.throttled, found.temperature_celsius, found.counts) == (throttled, 41.0, {"count": 1})
    assert found.reasons[: len(reasons)] == reasons


def test_where_the_gpu_has_no_uuid_the_machines_files_speak():
    seen = Throttling(True, ("heat",), 60.0)
    assert machine_with_gpu("", lambda: seen) == seen
