"""Measurements and the requests that they answer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from device_agents.errors import RequestError
from device_agents.workload import Workload
from search_spaces.candidate import Candidate
from search_spaces.canonical import stable_key
from search_spaces.input_spec import InputSpec

REQUEST_VERSION = 1
PROCEDURE_VERSION = 3
"""Version of the way things are measured; a change makes old requests unequal to new ones.

3: the energy pass warms up before its first window; what throttled or drifted is rejected.
"""


class Provenance(str, Enum):
    """Where a value comes from. A column of a front never mixes provenances unless the user says so."""

    MEASURED_COUNTER = "measured-counter"
    MEASURED_SAMPLED = "measured-sampled"
    ESTIMATED_CALIBRATED = "estimated-calibrated"
    ESTIMATED_GENERIC = "estimated-generic"
    SIMULATED = "simulated"
    IMPORTED = "imported"
    PREDICTED = "predicted"
    EXACT = "exact"
    SCORED = "scored"
    UNAVAILABLE = "unavailable"


class MeasurementStatus(str, Enum):
    """What became of a request: values, a failure of the candidate or device, or values that failed their checks.

    Rejected values are kept so that one can look at them; they say nothing against the candidate: a repeat may be ok.
    """

    OK = "ok"
    FAILED = "failed"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Value:
    """One number with its standard error and its provenance; `value` is None exactly where it is unavailable."""

    value: float | None
    stderr: float | None
    provenance: Provenance

    def __post_init__(self) -> None:
        if (self.value is None) != (self.provenance is Provenance.UNAVAILABLE):
            raise RequestError(
                f"a value is absent exactly where it is unavailable, got {self.value!r} ({self.provenance.value})"
            )
        for number in (self.value, self.stderr):
            if number is not None and not math.isfinite(number):
                raise RequestError(f"a measured value must be finite, got {number!r}")

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"value", "stderr", "provenance"}``."""
        return {"value": self.value, "stderr": self.stderr, "provenance": self.provenance.value}

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> Value:
        """Returns the value that `to_json` wrote."""
        return cls(payload["value"], payload["stderr"], Provenance(payload["provenance"]))


UNAVAILABLE = Value(None, None, Provenance.UNAVAILABLE)


@dataclass(frozen=True)
class ProfileRequest:
    """One question to one device; it is answered exactly once, and a repeat is a new request.

    Attributes:
        candidate: what to build.
        input_spec: what it reads.
        workload: what to time.
        device_identity: the stable identity of the device that answers.
        repeat: 0 for the first measurement, 1 for the first repeat, and so on.
    """

    candidate: Candidate
    input_spec: InputSpec
    workload: Workload
    device_identity: str
    repeat: int = 0

    @property
    def request_id(self) -> str:
        """The measurement request id of DESIGN.md's identity rule."""
        payload = {
            "candidate": self.candidate.key,
            "input_spec": self.input_spec.key,
            "workload": self.workload.key,
            "device": self.device_identity,
            "procedure": PROCEDURE_VERSION,
            "repeat": self.repeat,
        }
        return stable_key("request", REQUEST_VERSION, payload)

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object from which `from_json` builds the same request."""
        return {
            "candidate": self.candidate.to_json(),
            "input_spec": self.input_spec.to_json(),
            "workload": self.workload.to_json(),
            "device_identity": self.device_identity,
            "repeat": self.repeat,
        }

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> ProfileRequest:
        """Returns the request that `to_json` wrote."""
        return cls(
            Candidate.from_json(payload["candidate"]),
            InputSpec.from_json(payload["input_spec"]),
            Workload.from_json(payload["workload"]),
            payload["device_identity"],
            payload["repeat"],
        )


@dataclass(frozen=True)
class Measurement:
    """The answer to one request: values per call of the workload, in SI units.

    Attributes:
        request_id: the request that this answers.
        device_identity: the device that answered.
        status: ok, failed or rejected.
        values: by quantity: `latency_s`, `latency_ratio` (candidate / reference of its size), `core_seconds`,
            `energy_j`, `peak_power_w`, `memory_bytes` (counted weights + activations), `peak_rss_bytes` (above the
            runtime's own), `peak_cuda_bytes` (the same on a GPU that runs the models).
        flags: quality flags, for example `contended`.
        reason: one sentence, for what is not ok.
        blocks: per quantity the block values behind the mean, so that noise can be modelled later.
        details: numbers about the measurement itself (iterations, clean share, reference latency, wall seconds).
        started_at: UTC time stamp, ISO 8601.
        meter: the sensor behind energy and power, and what it covers; empty without one.
        power_trace: (seconds since the first idle window began, watts); empty where it was not kept.
        power_phases: (`idle-before`, `busy` or `idle-after`, start, end), on the time of the trace; empty without it.
    """

    request_id: str
    device_identity: str
    status: MeasurementStatus
    values: Mapping[str, Value] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    reason: str = ""
    blocks: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    details: Mapping[str, float] = field(default_factory=dict)
    started_at: str = ""
    meter: str = ""
    power_trace: tuple[tuple[float, float], ...] = ()
    power_phases: tuple[tuple[str, float, float], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object from which `from_json` builds the same; empty fields of the sensor are left out."""
        of_meter = {
            "meter": self.meter,
            "power_trace": [list(point) for point in self.power_trace],
            "power_phases": [list(phase) for phase in self.power_phases],
        }
        return {
            "request_id": self.request_id,
            "device_identity": self.device_identity,
            "status": self.status.value,
            "values": {name: value.to_json() for name, value in self.values.items()},
            "flags": list(self.flags),
            "reason": self.reason,
            "blocks": {name: list(block) for name, block in self.blocks.items()},
            "details": dict(self.details),
            "started_at": self.started_at,
            **{name: value for name, value in of_meter.items() if value},
        }

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> Measurement:
        """Returns the measurement that `to_json` wrote."""
        return cls(
            request_id=payload["request_id"],
            device_identity=payload["device_identity"],
            status=MeasurementStatus(payload["status"]),
            values={name: Value.from_json(value) for name, value in payload["values"].items()},
            flags=tuple(payload["flags"]),
            reason=payload["reason"],
            blocks={name: tuple(block) for name, block in payload["blocks"].items()},
            details=dict(payload["details"]),
            started_at=payload["started_at"],
            meter=payload.get("meter", ""),
            power_trace=tuple((time_s, power_w) for time_s, power_w in payload.get("power_trace", ())),
            power_phases=tuple((name, start_s, end_s) for name, start_s, end_s in payload.get("power_phases", ())),
        )
