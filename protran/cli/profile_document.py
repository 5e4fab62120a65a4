"""What `protran profile --json` says of one point: the candidate, what a call is, means, and every measurement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from device_agents.measurement import Measurement, Value
    from protran.cli.profile_points import Point
    from search_spaces.candidate import Candidate

PER_SEQUENCE = ("latency_s", "core_seconds", "energy_j")


def counted(measurements: Sequence[Measurement]) -> list[Measurement]:
    """Returns those that a mean may count: neither failed nor rejected."""
    from device_agents.measurement import MeasurementStatus

    return [measurement for measurement in measurements if measurement.status is MeasurementStatus.OK]


def summarise(measurements: Sequence[Measurement]) -> dict[str, Value]:
    """Returns the mean of each quantity over the repeats; unavailable where one of them has none."""
    from device_agents.repeats import mean_of_repeats

    summary: dict[str, Value] = {}
    for name in dict.fromkeys(name for measurement in measurements for name in measurement.values):
        values = [measurement.values[name] for measurement in measurements if name in measurement.values]
        absent = [value for value in values if value.value is None]
        summary[name] = absent[0] if absent else mean_of_repeats(measurements, name) or values[0]
    return summary


def document_of(candidate: Candidate, point: Point, measurements: Sequence[Measurement]) -> dict[str, Any]:
    """Returns one point as a JSON object; its values are means over what counts, none where nothing does."""
    from protran.quantities import unit_of_value

    workload, summary = point.workload, summarise(counted(measurements))
    return {
        "key": candidate.key,
        **candidate.to_json(),
        "input_spec": point.input_spec.to_json(),
        "workload": {
            "kind": workload.kind.value,
            "batch_size": workload.batch_size,
            "micro_batches": workload.micro_batches,
        },
        "device": point.device,
        "values": {name: {**value.to_json(), "unit": unit_of_value(name)} for name, value in summary.items()},
        "per_sequence": {
            name: summary[name].value / workload.batch_size  # type: ignore[operator]  # guarded by the condition
            for name in PER_SEQUENCE
            if name in summary and summary[name].value is not None
        },
        "measurements": [measurement.to_json() for measurement in measurements],
    }
