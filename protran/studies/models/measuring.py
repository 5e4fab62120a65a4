"""What times the forms: this machine without its power sensor, or any other device that ProTran knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from device_agents.agent import Agent
from device_agents.measurement import ProfileRequest
from protran.devices import LOCAL
from protran.profiling import LIMITS, Profiler
from protran.studies.models.pieces import Measure


@contextmanager
def measuring(device: str) -> Iterator[Measure]:
    """Gives what times one call of a model on a device.

    Energy is read while the test set is answered, not here: an energy pass would add a minute to each point.

    Raises:
        InputError: the device is not known, or not ready.
        DeviceError: the fleet's controller does not run.
    """
    if device == LOCAL:
        agent = Agent(LOCAL)
        try:
            yield lambda candidate, spec, workload: agent.profile(
                ProfileRequest(candidate, spec, workload, agent.identity), LIMITS
            )
        finally:
            agent.close()
    else:
        with Profiler(device) as profiler:
            yield lambda candidate, spec, workload: profiler.measure(candidate, spec, workload)[0]
