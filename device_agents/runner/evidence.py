"""What speaks for and against a measurement: its quality flags, and the reason to reject it.

It is rejected on outside evidence only, never on its value: the device throttled, or it changed while it was measured.
What disturbs a measurement from outside the device (others on the machine) is flagged and does not reject it.
"""

from __future__ import annotations

from dataclasses import dataclass

from device_agents.energy import EnergyPass
from device_agents.energy_plan import EnergyPlan
from device_agents.flags import Flag
from device_agents.procedure import PairedLatency
from device_agents.throttling import ThrottleWatch

_REASONS_NAMED = 3


@dataclass(frozen=True)
class Evidence:
    """What both passes found.

    Attributes:
        latency: of the latency pass.
        energy: of the energy pass; None without a sensor that measures.
        throttling: looked before and after each pass.
        plan: what the energy pass does not let pass.
        own_reference: no reference latency was given.
        meter_failed: the sensor did not answer.
    """

    latency: PairedLatency
    energy: EnergyPass | None
    throttling: ThrottleWatch
    plan: EnergyPlan
    own_reference: bool
    meter_failed: bool


def flags(evidence: Evidence) -> tuple[str, ...]:
    """Returns the quality flags, in their fixed order."""
    latency, energy, plan = evidence.latency, evidence.energy, evidence.plan
    difference = None if energy is None else energy.counter_difference
    raised = {
        Flag.CONTENDED: latency.contended or (energy is not None and energy.drift.contended),
        Flag.FEW_SAMPLES: latency.few_samples,
        Flag.UNSTEADY: not latency.steady or (energy is not None and not energy.warm_up.steady),
        Flag.OWN_REFERENCE: evidence.own_reference,
        Flag.IDLE_DIFFERS: energy is not None and energy.idle_differs(plan.idle_tolerance),
        Flag.METER_FAILED: evidence.meter_failed,
        Flag.COUNTER_DIFFERS: difference is not None and abs(difference) > plan.counter_tolerance,
        Flag.THROTTLED: bool(evidence.throttling.throttled),
        Flag.DRIFTED: energy is not None and energy.drift.exceeds(plan.drift_tolerance),
    }
    return tuple(flag.value for flag, holds in raised.items() if holds)


def rejection(evidence: Evidence) -> str:
    """Returns why the measurement is rejected, in one sentence; empty where it is not."""
    if evidence.throttling.throttled:
        named = evidence.throttling.reasons[:_REASONS_NAMED]
        return f"the device throttled ({', '.join(named)}); cool it or give it more power, and measure again"
    energy, most = evidence.energy, evidence.plan.drift_tolerance
    if energy is None or not energy.drift.exceeds(most):
        return ""
    known = {"time of a call": energy.drift.call_time, "power": energy.drift.power}
    changes = [f"{what} {change:+.1%}" for what, change in known.items() if change is not None and abs(change) > most]
    return (
        f"the device drifted from the first to the last window of the energy pass ({', '.join(changes)}; at most "
        f"{most:.0%} is allowed); let it come to rest and measure again"
    )
