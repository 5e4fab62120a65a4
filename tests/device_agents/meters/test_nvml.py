import pytest
from fake_sensors import FakeGpus, FakeNvml, NVMLError

from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters import nvml
from device_agents.meters.nvml import open_nvml


def test_energy_comes_from_the_counter_and_the_trace_from_samples(clock, poller, seen):
    library = FakeNvml(clock, 70.0)
    meter = open_nvml(library, clock, poller)
    library.nvmlDeviceGetPowerUsage = lambda gpu: 60_000  # disagrees with the counter
    reading = seen(meter, clock, 10.0)
    assert reading.energy_j == pytest.approx(700.0)
    assert reading.trace.peak_w() == pytest.approx(60.0)
    assert (meter.energy_provenance, meter.power_provenance) == (
        Provenance.MEASURED_COUNTER,
        Provenance.MEASURED_SAMPLED,
    )


def test_all_gpus_are_added_up_and_named(clock, poller, seen):
    meter = open_nvml(FakeNvml(clock, 70.0, 30.0), clock, poller)
    assert seen(meter, clock, 2.0).energy_j == pytest.approx(200.0)
    assert meter.name == "NVML of GPU 0 Tesla T4, GPU 1 Tesla T4"


def test_without_a_counter_power_is_sampled(clock, poller, seen):
    meter = open_nvml(FakeNvml(clock, 70.0, counts=False), clock, poller)
    assert seen(meter, clock, 2.0).energy_j == pytest.approx(140.0)
    assert meter.energy_provenance is Provenance.MEASURED_SAMPLED


def test_without_power_samples_there_is_energy_and_no_trace(clock, poller, seen):
    meter = open_nvml(FakeNvml(clock, 70.0, samples=False), clock, poller)
    reading = seen(meter, clock, 2.0)
    assert (reading.energy_j, reading.trace) == (pytest.approx(140.0), None)
    assert (meter.power_provenance, meter.bandwidth_hz) == (Provenance.UNAVAILABLE, None)


def test_a_driver_that_supports_neither_is_refused_and_let_go(clock):
    library = FakeNvml(clock, 70.0, counts=False, samples=False)
    with pytest.raises(DeviceError, match="tells neither energy nor power; on a Jetson use the meter hwmon"):
        open_nvml(library, clock)
    assert library.opened == 0


def test_a_driver_that_answers_0_to_everything_is_refused(clock):
    library = FakeNvml(clock, 0.0)
    library.nvmlDeviceGetTotalEnergyConsumption = lambda gpu: 0
    with pytest.raises(DeviceError, match="tells neither energy nor power"):
        open_nvml(library, clock)


def test_a_counter_that_stands_still_is_an_error_and_not_0_joules(clock, poller, seen):
    with pytest.raises(DeviceError, match="GPU 0: expected the energy counter to move"):
        seen(open_nvml(FakeNvml(clock, 0.0), clock, poller), clock, 2.0)


def test_a_gpu_that_falls_off_during_a_window_is_an_error(clock, poller):
    library = FakeNvml(clock, 70.0)
    meter = open_nvml(library, clock, poller)
    meter.begin()
    clock.sleep(1.0)

    def lost(gpu):
        raise NVMLError("GPU is lost")

    library.nvmlDeviceGetTotalEnergyConsumption = lost
    with pytest.raises(DeviceError, match=r"nvmlDeviceGetTotalEnergyConsumption failed \(GPU is lost\)"):
        meter.end()


def test_a_machine_without_gpus_is_refused(clock):
    with pytest.raises(DeviceError, match="at least one GPU, found none"):
        open_nvml(FakeNvml(clock), clock)


def test_the_library_is_let_go_once(clock):
    library = FakeNvml(clock, 70.0)
    meter = open_nvml(library, clock)
    assert library.opened == 1
    meter.close()
    meter.close()
    assert library.opened == 0


def test_without_the_library_the_command_that_installs_it_is_told(monkeypatch):
    def absent(name):
        raise ImportError(name)

    monkeypatch.setattr(nvml.importlib, "import_module", absent)
    with pytest.raises(DeviceError, match=r"pip install 'protran\[gpu\]'"):
        nvml.load_nvml()


def test_one_gpu_of_several_is_read_alone_and_named_so(clock, poller, seen):
    meter = open_nvml(FakeGpus(clock, 70.0, 30.0), clock, poller, ["GPU-00000001"])
    assert seen(meter, clock, 2.0).energy_j == pytest.approx(60.0)
    assert meter.name == "NVML of GPU 1 Tesla T4, the GPU alone"


def test_a_gpu_that_is_not_there_is_refused_with_those_that_are(clock):
    library = FakeGpus(clock, 70.0)
    with pytest.raises(DeviceError, match="one of the GPUs GPU-00000000, got GPU-7"):
        open_nvml(library, clock, gpus=["GPU-7"])
    assert library.opened == 0
