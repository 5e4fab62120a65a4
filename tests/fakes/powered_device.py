"""A device on a manual clock whose power follows what it does, and a meter that sees all of it."""

from device_agents.clock import ManualClock
from device_agents.measurement import Provenance
from device_agents.meters.base import Meter, PowerTrace, Reading
from device_agents.sampler import Subject


class PoweredDevice(ManualClock):
    """Draws `idle_w` while it sleeps and `busy_w` while it is called; both may be functions of the time.

    Args:
        call_s: CPU seconds of a call, or a function of the time that returns them.
        busy_w: watts during calls.
        idle_w: watts otherwise.
        stolen_s: wall seconds that others take from each call.
    """

    def __init__(self, call_s=0.02, busy_w=10.0, idle_w=4.0, stolen_s=0.0, period_s=0.1):
        super().__init__()
        self._call_s, self._busy_w, self._idle_w = map(_function, (call_s, busy_w, idle_w))
        self._stolen_s = _function(stolen_s)
        self._period_s = period_s
        self.calls = 0
        self.energy_j = 0.0
        self.samples = []  # (seconds, watts)

    def sleep(self, duration_s):
        end_s = self.wall_s() + duration_s
        while (left_s := end_s - self.wall_s()) > 1e-9:
            self._draw(self._idle_w(self.wall_s()), min(self._period_s, left_s), 0.0)

    def call(self):
        self.calls += 1
        now_s = self.wall_s()
        used_s = self._call_s(now_s)
        self._draw(self._busy_w(now_s), used_s + self._stolen_s(now_s), used_s)

    def subject(self, **options):
        return Subject(self.call, **options)

    def _draw(self, power_w, wall_s, cpu_s):
        began_s = self.wall_s()
        self.advance(wall_s=wall_s, cpu_s=cpu_s)
        self.energy_j += power_w * wall_s
        self.samples += [(began_s, power_w)]


class PoweredMeter(Meter):
    """Counts the joules of a device and samples its power.

    Args:
        device: the device.
        counted: what its counter shows, as a share of the truth.
        samples: whether it has power samples.
    """

    name = "counter of a fake device"
    power_provenance = Provenance.MEASURED_SAMPLED

    def __init__(self, device, *, counted=1.0, samples=True, provenance=Provenance.MEASURED_COUNTER):
        self._device, self._counted, self._samples = device, counted, samples
        self._provenance = provenance
        self._began = None

    @property
    def energy_provenance(self):
        return self._provenance

    @property
    def bandwidth_hz(self):
        return 5.0

    def begin(self):
        assert self._began is None
        self._began = (self._device.wall_s(), self._device.energy_j, len(self._device.samples))

    def end(self):
        (began_s, began_j, first), self._began = self._began, None
        duration_s = self._device.wall_s() - began_s
        energy_j = self._counted * (self._device.energy_j - began_j)
        samples = [(time_s - began_s, power_w) for time_s, power_w in self._device.samples[first:]]
        times, powers = zip(*samples, strict=True) if samples else ((), ())
        return Reading(duration_s, energy_j, PowerTrace(times, powers) if self._samples else None)


def _function(value):
    return value if callable(value) else lambda time_s: value
