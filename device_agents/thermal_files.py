"""What the kernel's files tell of heat: temperatures, active cooling, clocks, and counts of throttle events."""

from __future__ import annotations

import re
from pathlib import Path

from device_agents.meters.sysfs import text_or_empty

THERMAL = "sys/class/thermal"
HWMON = "sys/class/hwmon"
CPU = "sys/devices/system/cpu"
CLOCK_SHARE = 0.95
"""A clock below this share of what its governor asked for was lowered by something else."""
_OF_PROCESSOR = re.compile(r"cpu|x86_pkg_temp|soc|^tj|core|processor", re.IGNORECASE)
_PROCESSOR_CHIPS = ("coretemp", "k10temp", "zenpower", "cpu_thermal")
_SLOWS_DOWN = re.compile(r"(thermal-)?(cpufreq|devfreq)|Processor$|intel_powerclamp$|.*throttle")
_BELIEVABLE_CELSIUS = (-40.0, 150.0)  # sensors that are off say -256 or 0 kelvin
_UNTELLING_DRIVERS = ("intel_pstate", "intel_cpufreq", "amd-pstate", "amd-pstate-epp", "cppc_cpufreq")
"""Their maximum is a boost, or the clock that they read of an idle core is a guess."""


def temperature_celsius(root: Path) -> float | None:
    """Returns the hottest temperature of the processor, or of anything else where no sensor is said to be its; or None.

    Source: https://docs.kernel.org/driver-api/thermal/sysfs-api.html (millidegrees Celsius)
    """
    zones = [(text_or_empty(zone / "type"), zone / "temp") for zone in (root / THERMAL).glob("thermal_zone*")]
    chips = [chip for chip in (root / HWMON).glob("hwmon*") if text_or_empty(chip / "name") in _PROCESSOR_CHIPS]
    of_processor = [path for kind, path in zones if _OF_PROCESSOR.search(kind)]
    of_processor += [path for chip in chips for path in chip.glob("temp*_input")]
    for paths in (of_processor, [path for _, path in zones]):
        found = [count / 1000 for path in paths if (count := whole_number(path)) is not None]
        low, high = _BELIEVABLE_CELSIUS
        believable = [celsius for celsius in found if low < celsius < high]
        if believable:
            return max(believable)
    return None


def active_cooling(root: Path) -> tuple[str, ...] | None:
    """Returns what slows processors down at this moment in order to cool them; None where nothing could say so.

    Fans cool without slowing anything down, so they are left out, as are radios, screens and plain settings.
    """
    states = [
        (kind, state)
        for device in sorted((root / THERMAL).glob("cooling_device*"))
        if _SLOWS_DOWN.match(kind := text_or_empty(device / "type"))
        and (state := whole_number(device / "cur_state")) is not None
    ]
    if not states:
        return None
    return tuple(dict.fromkeys(f"cooling by {kind} is active" for kind, state in states if state > 0))


def lowered_clocks(root: Path) -> tuple[str, ...] | None:
    """Returns the clocks below what a fixed governor asked for; None where the files cannot tell.

    A clock below its maximum proves nothing where the governor follows the load, nor where the maximum is a boost that
    not all cores can have at once: there only a cap that falls (`clock_caps_hz`) does.
    """
    told, lowered = False, []
    for policy in _policies(root):
        asked, now = whole_number(policy / "scaling_max_freq"), whole_number(policy / "scaling_cur_freq")
        if asked and now:
            told = True
            if now < CLOCK_SHARE * asked:
                lowered.append(f"the clock of {policy.name} is below what its governor asked for")
    return tuple(lowered) if told else None


def clock_caps_hz(root: Path) -> dict[str, float]:
    """Returns the highest clock that each group of cores may have now: thermal cooling lowers it."""
    caps = {policy.name: whole_number(policy / "scaling_max_freq") for policy in _all_policies(root)}
    return {name: 1000.0 * kilohertz for name, kilohertz in caps.items() if kilohertz}


def throttle_counts(root: Path) -> dict[str, int]:
    """Returns how often, since the start of the machine, each kind of throttling happened; empty where nobody counts.

    Source: https://docs.kernel.org/admin-guide/thermal/intel_thermal_throttle.html (x86); the `soctherm_oc` driver of
    NVIDIA's Jetson kernels (over-current).
    """
    counts: dict[str, int] = {}
    for kind in ("core", "package"):
        found = [whole_number(path) for path in (root / CPU).glob(f"cpu*/thermal_throttle/{kind}_throttle_count")]
        known = [count for count in found if count is not None]
        if known:
            counts[f"{kind} throttle count"] = sum(known)
    for chip in sorted((root / HWMON).glob("hwmon*")):
        if text_or_empty(chip / "name") == "soctherm_oc":
            for path in sorted(chip.glob("oc*_event_cnt")):
                count = whole_number(path)
                if count is not None:
                    counts[f"over-current count {path.name.partition('_')[0]}"] = count
    return counts


def whole_number(path: Path) -> int | None:
    """Returns the whole number that `path` holds; None where it is gone, closed or holds something else."""
    try:
        return int(text_or_empty(path))
    except ValueError:
        return None


def _all_policies(root: Path) -> list[Path]:
    return sorted((root / CPU / "cpufreq").glob("policy*"))


def _policies(root: Path) -> list[Path]:
    """Returns the groups of cores whose governor asks for their maximum always, and can have it.

    Reading a clock can take 10 ms per core on x86, where a boost is usual: that is not done.
    """
    if whole_number(root / CPU / "cpufreq/boost") == 1:
        return []
    return [
        policy
        for policy in _all_policies(root)
        if text_or_empty(policy / "scaling_governor") == "performance"
        and text_or_empty(policy / "scaling_driver") not in _UNTELLING_DRIVERS
    ]
