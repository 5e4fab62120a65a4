"""The quality flags of a measurement."""

from __future__ import annotations

from enum import Enum


class Flag(str, Enum):
    """What a reader should know about a measurement. All but the last two leave it valid.

    CONTENDED: others used the machine during the pass; the ratio stands, absolute times lean on the reference.
    FEW_SAMPLES: the model is slow, so few samples were taken and the standard error is large.
    UNSTEADY: a model was still getting faster when its warm-up for one of the two passes ended.
    OWN_REFERENCE: no reference latency was given, so seconds lean on what the reference showed in this pass.
    IDLE_DIFFERS: idle power before and after the energy pass differ.
    METER_FAILED: the sensor did not answer; energy and power are unavailable.
    COUNTER_DIFFERS: the energy counter and the integral of the power samples differ by more than a tenth.
    THROTTLED: the device lowered its clock during the measurement: it was hot, or lacked power.
    DRIFTED: the device changed by more than 2 % between the first and the last window of the energy pass.
    """

    CONTENDED = "contended"
    FEW_SAMPLES = "few-samples"
    UNSTEADY = "unsteady"
    OWN_REFERENCE = "own-reference"
    IDLE_DIFFERS = "idle-differs"
    METER_FAILED = "meter-failed"
    COUNTER_DIFFERS = "counter-differs"
    THROTTLED = "throttled"
    DRIFTED = "drifted"
