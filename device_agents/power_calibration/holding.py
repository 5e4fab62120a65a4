"""Holds one plateau: starts its loads, waits, and says how busy the machine was."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from device_agents.clock import Clock, SystemClock
from device_agents.environment import available_memory_bytes
from device_agents.errors import DeviceError
from device_agents.power_calibration import load
from device_agents.power_calibration.load import LoadKind
from device_agents.power_calibration.machine_load import children_cpu_s, machine_busy_s
from device_agents.power_calibration.plateau import Plateau

STEP_S = 0.5
_GRACE_S = 60.0  # a load ends by itself this long after its plateau, whatever became of us
_COPIED_BYTES = 64 * 1024**2
"""Each array of a memory-bound load: two per core are larger than the last cache of nearly every processor."""
_MEMORY_SHARE = 0.25


class Load(Protocol):
    """A running load; `subprocess.Popen` is one."""

    def poll(self) -> int | None:
        """Returns its exit code; None while it runs."""

    def kill(self) -> None:
        """Ends it."""

    def wait(self) -> int:
        """Returns its exit code once it has ended."""


@dataclass(frozen=True)
class Held:
    """A plateau that was held.

    Attributes:
        plateau: what the machine did.
        began_utc_s: when, in seconds since 1970.
        duration_s: how long, on a monotonic clock.
        busy_cores: cores that its loads kept busy, on average.
        other_busy_cores: cores that anything else kept busy; None where the machine does not say.
    """

    plateau: Plateau
    began_utc_s: float
    duration_s: float
    busy_cores: float
    other_busy_cores: float | None


@dataclass(frozen=True)
class Machine:
    """What a plateau is held on and timed by; tests put their own in place of each.

    Attributes:
        cores: numbers of the cores to use.
        clock: what times the plateau.
        start: starts a load of a kind on a core for at most so many seconds.
        children_cpu_s: returns the processor time of ended loads.
        machine_busy_s: returns that of the whole machine; None where unknown.
        utc_s: returns the time of day, to find the plateau in a plug meter's log.
    """

    cores: Sequence[int]
    clock: Clock
    start: Callable[[LoadKind, int, float], Load]
    children_cpu_s: Callable[[], float] = children_cpu_s
    machine_busy_s: Callable[[], float | None] = machine_busy_s
    utc_s: Callable[[], float] = time.time


def this_machine(cores: Sequence[int]) -> Machine:
    """Returns this machine with its real loads.

    Raises:
        DeviceError: there are no cores.
    """
    if not cores:
        raise DeviceError("expected at least one core to load, got none")
    copied_bytes = _copied_bytes(len(cores), available_memory_bytes())
    return Machine(cores, SystemClock(), lambda kind, core, seconds: _start(kind, core, seconds, copied_bytes))


def hold(
    plateau: Plateau, duration_s: float, machine: Machine, observe: Callable[[float], None] = lambda elapsed_s: None
) -> Held:
    """Holds `plateau` for `duration_s` seconds. However that ends, no load of it is left.

    Args:
        plateau: what the machine shall do.
        duration_s: for how long.
        machine: the machine.
        observe: is told every half second how many seconds have passed.

    Raises:
        DeviceError: a load ended too soon.
    """
    clock = machine.clock
    used_s, busy_s = machine.children_cpu_s(), machine.machine_busy_s()
    running: list[Load] = []
    began_utc_s, began_s = machine.utc_s(), clock.wall_s()
    try:
        for kind, core in _loads_of(plateau, machine.cores):
            running.append(machine.start(kind, core, duration_s + _GRACE_S))
        while (elapsed_s := clock.wall_s() - began_s) < duration_s:
            clock.sleep(min(STEP_S, duration_s - elapsed_s))
            observe(min(duration_s, clock.wall_s() - began_s))
            _check_alive(plateau, running)
        elapsed_s = clock.wall_s() - began_s
    finally:
        for process in running:
            process.kill()
        for process in running:
            process.wait()
    ours = (machine.children_cpu_s() - used_s) / elapsed_s
    busy_later_s = machine.machine_busy_s()
    others = None
    if busy_s is not None and busy_later_s is not None:
        others = max(0.0, (busy_later_s - busy_s) / elapsed_s - ours)
    return Held(plateau, began_utc_s, elapsed_s, ours, others)


def _loads_of(plateau: Plateau, cores: Sequence[int]) -> list[tuple[LoadKind, int]]:
    kind = LoadKind.MEMORY if plateau is Plateau.MEMORY_BOUND else LoadKind.COMPUTE
    if plateau is Plateau.IDLE:
        return []
    # The last core: the first ones often serve interrupts as well.
    return [(kind, core) for core in (cores[-1:] if plateau is Plateau.ONE_CORE else cores)]


def _check_alive(plateau: Plateau, running: Sequence[Load]) -> None:
    for process in running:
        code = process.poll()
        if code is not None:
            raise DeviceError(
                f"{plateau.value}: expected a load that runs to the end, it ended with {code}; is memory short, or may "
                "this user not choose the core?"
            )


def _copied_bytes(cores: int, available_bytes: int | None) -> int:
    if available_bytes is None:
        return _COPIED_BYTES
    return min(_COPIED_BYTES, int(_MEMORY_SHARE * available_bytes) // (2 * cores))


def _start(kind: LoadKind, core: int, seconds: float, copied_bytes: int) -> Load:
    words = (kind.value, str(core), f"{seconds:g}", str(copied_bytes))
    command = [sys.executable, "-I", load.__file__, *words]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
