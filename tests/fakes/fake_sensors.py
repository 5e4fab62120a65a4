"""Sensors of a machine that is not there: files that follow the power, a GPU library, and time in small steps."""

from types import SimpleNamespace

from device_agents.clock import ManualClock
from device_agents.meters.poller import Poller

PMIC = """\
 3V7_WL_SW_A current(0)=0.50000000A
  VDD_CORE_A current(7)=2.00000000A
 3V7_WL_SW_V volt(8)=4.00000000V
  VDD_CORE_V volt(15)=1.00000000V
     EXT5V_V volt(24)=5.15232000V
      BATT_V volt(25)=0.00000000V
"""
PMIC_W = 4.0


class SteppedClock(ManualClock):
    """Sleeps in small steps; after each, the world moves on and whoever polls looks."""

    def __init__(self, step_s=0.125):
        super().__init__()
        self.step_s = step_s
        self.each_step = []

    def sleep(self, duration_s):
        for _ in range(round(duration_s / self.step_s)):
            super().sleep(self.step_s)
            for call in list(self.each_step):
                call()


class SteppedPoller(Poller):
    """Looks once per step of the clock, and like the real one says at the stop what failed."""

    def __init__(self, clock):
        self._clock = clock
        self._look = None
        self._failure = None

    def start(self, look):
        self._look, self._failure = look, None
        self._clock.each_step.append(self._guarded)

    def stop(self):
        if self._look is None:
            return
        self._look = None
        self._clock.each_step.remove(self._guarded)
        if self._failure is not None:
            raise self._failure

    def _guarded(self):
        if self._failure is None:
            try:
                self._look()
            except Exception as error:
                self._failure = error


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{value}\n")


class CounterFile:
    """A file with a count of micro-units that follows a power and wraps at a range."""

    def __init__(self, path, clock, watts, start=1_000_000, wraps_at=None, per_joule=1e6):
        self.path, self.watts, self.value = path, watts, start
        self._wraps_at, self._per_joule, self._clock = wraps_at, per_joule, clock
        write(path, start)
        clock.each_step.append(self._move)

    def _move(self):
        self.value += round(self.watts * self._clock.step_s * self._per_joule)
        if self._wraps_at is not None:
            self.value %= self._wraps_at
        write(self.path, self.value)


def rapl_package(root, clock, watts, number=0, start=1_000_000, range_uj=262_143_328_850):
    """Makes the zone of one package and returns its counter."""
    zone = root / f"sys/class/powercap/intel-rapl:{number}"
    write(zone / "name", f"package-{number}")
    write(zone / "max_energy_range_uj", range_uj)
    return CounterFile(zone / "energy_uj", clock, watts, start, range_uj)


def chip(root, name, number=0, **files):
    """Makes a chip of the hwmon class and returns its folder."""
    folder = root / f"sys/class/hwmon/hwmon{number}"
    write(folder / "name", name)
    for file, value in files.items():
        write(folder / file, value)
    return folder


def battery(root, name="BAT0", **files):
    """Makes a battery that discharges, unless `status` says otherwise, and returns its folder."""
    folder = root / "sys/class/power_supply" / name
    for file, value in {"type": "Battery", "status": "Discharging", **files}.items():
        write(folder / file, value)
    return folder


class NVMLError(Exception):
    """What `pynvml` raises."""


class FakeNvml:
    """`pynvml` with GPUs of constant power, in watts; None for a GPU whose power is not supported."""

    NVMLError = NVMLError

    def __init__(self, clock, *watts, counts=True, samples=True):
        self.clock, self.watts = clock, list(watts)
        self.counts, self.samples = counts, samples
        self.opened = 0

    def nvmlInit(self):
        self.opened += 1

    def nvmlShutdown(self):
        self.opened -= 1

    def nvmlDeviceGetCount(self):
        return len(self.watts)

    def nvmlDeviceGetHandleByIndex(self, index):
        return index

    def nvmlDeviceGetName(self, gpu):
        return "Tesla T4"

    def nvmlDeviceGetTotalEnergyConsumption(self, gpu):
        if not self.counts:
            raise NVMLError("Not Supported")
        return 5_000_000 + round(1e3 * self.watts[gpu] * self.clock.wall_s())

    def nvmlDeviceGetPowerUsage(self, gpu):
        if not self.samples:
            raise NVMLError("Not Supported")
        return round(1e3 * self.watts[gpu])


class FakeGpus(FakeNvml):
    """The same with what else is asked of GPUs: their UUIDs, memory, driver, heat, and why their clock is low."""

    def __init__(self, clock, *watts, reasons=0, celsius=41, **options):
        super().__init__(clock, *watts, **options)
        self.reasons, self.celsius = reasons, celsius

    def nvmlSystemGetDriverVersion(self):
        return b"550.54.14"

    def nvmlDeviceGetUUID(self, gpu):
        return f"GPU-0000000{gpu}"

    def nvmlDeviceGetHandleByUUID(self, uuid):
        for gpu in range(len(self.watts)):
            if self.nvmlDeviceGetUUID(gpu) == uuid:
                return gpu
        raise NVMLError("Not Found")

    def nvmlDeviceGetMemoryInfo(self, gpu):
        return SimpleNamespace(total=16 * 10**9)

    def nvmlDeviceGetCurrentClocksEventReasons(self, gpu):
        return self.reasons

    def nvmlDeviceGetTemperature(self, gpu, sensor):
        return self.celsius
