import functools
import sys
from types import SimpleNamespace

import pytest
from fake_sensors import FakeNvml, SteppedClock, SteppedPoller

from device_agents.errors import DeviceError
from device_agents.meters.nvml import open_nvml
from device_agents.zeus_check import cross_check


class FakeGpus:
    """What `zeus.device.get_gpus` returns: counters of constant power, in millijoules."""

    def __init__(self, clock, *watts, counts=True):
        self.clock, self.watts, self.counts = clock, watts, counts

    def __len__(self):
        return len(self.watts)

    def supports_get_total_energy_consumption(self, index):
        return self.counts

    def get_total_energy_consumption(self, index):
        return 7_000 + round(1e3 * self.watts[index] * self.clock.wall_s())


@pytest.fixture
def clock():
    return SteppedClock()


@pytest.fixture
def check(clock, monkeypatch):
    """Runs the check over ten seconds, where we see 70 and 30 W."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    nvml = FakeNvml(clock, 70.0, 30.0)

    def run(gpus, seconds=10.0):
        ours = functools.partial(open_nvml, nvml, poller=SteppedPoller(clock))
        try:
            return cross_check(
                lambda: clock.sleep(seconds), library=SimpleNamespace(get_gpus=gpus), open_meter=ours, clock=clock
            )
        finally:
            assert nvml.opened == 0

    return run


def test_both_energies_and_their_ratio_are_told(check, clock):
    found = check(lambda: FakeGpus(clock, 60.0, 20.0))
    assert (found.ours_j, found.zeus_j) == (pytest.approx(1000.0), pytest.approx(800.0))
    assert found.ratio == pytest.approx(1.25)
    assert found.to_json() == {
        "ours_j": found.ours_j,
        "zeus_j": found.zeus_j,
        "ratio": found.ratio,
        "duration_s": 10.0,
        "meter": "NVML of GPU 0 Tesla T4, GPU 1 Tesla T4",
    }


def test_zeus_that_finds_no_gpu_is_one_sentence(check):
    def nothing():
        raise RuntimeError("NVML and AMDSMI unavailable.")

    with pytest.raises(DeviceError, match=r"Zeus found no GPU that it can read \(NVML and AMDSMI unavailable"):
        check(nothing)


def test_zeus_with_an_empty_list_of_gpus_is_one_sentence(check, clock):
    with pytest.raises(DeviceError, match="Zeus found no GPU that it can read; run `nvidia-smi`"):
        check(lambda: FakeGpus(clock))


def test_gpus_without_a_counter_are_refused(check, clock):
    with pytest.raises(DeviceError, match="Volta or later"):
        check(lambda: FakeGpus(clock, 70.0, 30.0, counts=False))


def test_a_counter_of_zeus_that_stands_still_gives_no_ratio(check, clock):
    with pytest.raises(DeviceError, match=r"expected energy from both, .* and Zeus 0 J in 10 s"):
        check(lambda: FakeGpus(clock, 0.0, 0.0))


def test_a_window_that_is_too_short_for_our_counter_gives_no_ratio(check, clock):
    with pytest.raises(DeviceError, match="read none and Zeus"):
        check(lambda: FakeGpus(clock, 70.0, 30.0), seconds=0.0)


def test_a_gpu_that_zeus_loses_is_one_sentence(check, clock):
    gpus = FakeGpus(clock, 70.0, 30.0)

    def lost(index):
        raise RuntimeError("GPU is lost")

    gpus.get_total_energy_consumption = lost
    with pytest.raises(DeviceError, match=r"Zeus cannot read the energy of a GPU \(GPU is lost"):
        check(lambda: gpus)


def test_gpus_that_are_hidden_from_zeus_are_refused(check, clock, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    with pytest.raises(DeviceError, match="expected CUDA_VISIBLE_DEVICES unset, got '0'"):
        check(lambda: FakeGpus(clock, 70.0))


def test_without_zeus_the_command_that_installs_it_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "zeus", None)
    with pytest.raises(DeviceError, match=r"pip install 'protran\[zeus\]'"):
        cross_check(lambda: None)


def test_zeus_that_is_installed_is_read_through_its_device_layer(monkeypatch, clock, check):
    module = SimpleNamespace(get_gpus=lambda: FakeGpus(clock, 70.0, 30.0))
    monkeypatch.setitem(sys.modules, "zeus", SimpleNamespace(device=module))
    monkeypatch.setitem(sys.modules, "zeus.device", module)
    ours = functools.partial(open_nvml, FakeNvml(clock, 70.0, 30.0), poller=SteppedPoller(clock))
    assert cross_check(lambda: clock.sleep(10.0), open_meter=ours, clock=clock).ratio == pytest.approx(1.0)


def test_without_an_nvidia_gpu_our_meter_says_so(clock, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    library = SimpleNamespace(get_gpus=lambda: FakeGpus(clock, 70.0))
    ours = functools.partial(open_nvml, FakeNvml(clock))
    with pytest.raises(DeviceError, match="at least one GPU, found none"):
        cross_check(lambda: None, library=library, open_meter=ours, clock=clock)
