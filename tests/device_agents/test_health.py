import subprocess
import sys

from fake_sensors import write

from device_agents import raspberry_flags
from device_agents.health import device_health

UNKNOWN = {
    "load": None,
    "available_memory_bytes": None,
    "throttled": None,
    "reasons": [],
    "temperature_celsius": None,
}


def test_health_is_load_free_memory_and_heat(tmp_path):
    write(tmp_path / "proc/loadavg", "1.25 0.50 0.10 1/100 999\n")
    write(tmp_path / "proc/meminfo", "MemTotal: 2000 kB\nMemAvailable: 1000 kB\n")
    write(tmp_path / "sys/class/thermal/thermal_zone0/type", "cpu-thermal")
    write(tmp_path / "sys/class/thermal/thermal_zone0/temp", 81_500)
    write(tmp_path / "sys/class/thermal/cooling_device0/type", "thermal-cpufreq-0")
    write(tmp_path / "sys/class/thermal/cooling_device0/cur_state", 2)
    assert device_health(tmp_path) == {
        "load": 1.25,
        "available_memory_bytes": 1_024_000,
        "throttled": True,
        "reasons": ["cooling by thermal-cpufreq-0 is active"],
        "temperature_celsius": 81.5,
    }


def test_what_a_machine_does_not_tell_is_unknown(tmp_path):
    assert device_health(tmp_path) == UNKNOWN


def test_no_program_is_started_to_learn_it(tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(raspberry_flags, "ask_firmware", lambda: started.append("vcgencmd") or "throttled=0x1")
    write(tmp_path / "proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4\0")
    assert device_health(tmp_path) == UNKNOWN
    assert not started


def test_health_needs_neither_torch_nor_ray_nor_numpy():
    code = "import device_agents.health, sys; print(sorted({'torch', 'ray', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
