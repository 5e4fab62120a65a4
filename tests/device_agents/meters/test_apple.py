import platform
import sys

import pytest
from fake_apple import FakeApple

from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters import apple
from device_agents.meters.apple import open_apple

EVERY = {"cpu_total_mj": 3.0, "dram_mj": 1.0, "gpu_mj": 0.5, "gpu_sram_mj": 0.25, "ane_mj": 0.125}


@pytest.fixture
def mac(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")


def test_the_domains_are_added_up_and_no_core_counts_twice(clock, poller, seen):
    meter = open_apple(FakeApple(clock, **EVERY), clock, poller)
    assert seen(meter, clock, 4.0).energy_j == pytest.approx(4 * 4.875)
    assert meter.name == "Apple silicon (processor + memory + GPU + memory of the GPU + neural engine)"


def test_the_power_is_that_of_the_counters(clock, poller, seen):
    meter = open_apple(FakeApple(clock, cpu_total_mj=3.0), clock, poller)
    assert seen(meter, clock, 4.0).trace.peak_w() == pytest.approx(3.0)
    assert meter.power_provenance is Provenance.MEASURED_COUNTER


def test_a_domain_that_the_chip_does_not_tell_is_named_and_not_0(clock, poller, seen):
    meter = open_apple(FakeApple(clock, cpu_total_mj=3.0, gpu_mj=1.0), clock, poller)
    assert seen(meter, clock, 2.0).energy_j == pytest.approx(8.0)
    assert meter.name.endswith("(processor + GPU; not told: memory, memory of the GPU, neural engine)")


def test_a_gpu_that_sleeps_is_no_stale_sensor(clock, poller, seen):
    meter = open_apple(FakeApple(clock, cpu_total_mj=3.0, gpu_mj=0.0), clock, poller)
    assert seen(meter, clock, 5.0).energy_j == pytest.approx(15.0)


def test_a_chip_that_does_not_tell_the_processor_is_refused(clock):
    with pytest.raises(DeviceError, match="expected the energy of the processor, the chip tells that of GPU"):
        open_apple(FakeApple(clock, gpu_mj=1.0), clock)
    with pytest.raises(DeviceError, match="tells that of none"):
        open_apple(FakeApple(clock), clock)


def test_a_domain_that_falls_silent_during_a_window_is_an_error_and_not_0(clock, poller):
    library = FakeApple(clock, cpu_total_mj=3.0, dram_mj=1.0)
    meter = open_apple(library, clock, poller)
    meter.begin()
    clock.sleep(1.0)
    del library.watts["dram_mj"]
    with pytest.raises(DeviceError, match="the energy of memory is not told any more"):
        meter.end()


def test_counters_that_stand_still_are_an_error_and_not_0_joules(clock, poller, seen):
    with pytest.raises(DeviceError, match="expected the energy counter to move"):
        seen(open_apple(FakeApple(clock, cpu_total_mj=0.0), clock, poller), clock, 2.0)


def test_a_system_that_refuses_the_counters_is_one_sentence(clock):
    library = FakeApple(clock, cpu_total_mj=1.0)

    def refuse():
        raise RuntimeError("Failed to create IOReport subscription.")

    library.get_cumulative_energy = refuse
    with pytest.raises(DeviceError, match=r"do not answer \(Failed to create IOReport"):
        open_apple(library, clock)
    library.AppleEnergyMonitor = refuse
    with pytest.raises(DeviceError, match=r"cannot be opened \(Failed to create IOReport"):
        open_apple(library, clock)


def test_another_machine_is_told_that_it_is_none(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(DeviceError, match="reads Macs with an Apple processor, this is"):
        open_apple()


def test_a_mac_with_an_intel_processor_is_none(mac, monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert not apple.is_apple_silicon()


def test_without_the_library_the_command_that_installs_it_is_told(mac, monkeypatch):
    monkeypatch.setitem(sys.modules, "zeus_apple_silicon", None)
    with pytest.raises(DeviceError, match=r"pip install 'protran\[apple\]'"):
        open_apple()


def test_the_library_that_is_installed_is_used(mac, monkeypatch, clock):
    library = FakeApple(clock, cpu_total_mj=3.0)
    monkeypatch.setitem(sys.modules, "zeus_apple_silicon", library)
    assert open_apple(clock=clock).energy_provenance is Provenance.MEASURED_COUNTER
