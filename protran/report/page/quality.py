"""How good the measurements are: what became of each, their flags, and the reasons of those that do not count."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from device_agents.flags import Flag
from device_agents.measurement import Measurement, MeasurementStatus
from protran.ledger.evaluation import EvaluationStatus
from protran.ledger.records import CampaignRow
from protran.report.page.rounding import rounded

MOST_REMARKABLE = 200
FLAG_WORDS: Mapping[str, str] = {
    Flag.CONTENDED.value: "others used the machine meanwhile; ratios stand, absolute times lean on the reference",
    Flag.FEW_SAMPLES.value: "the model is slow, so few samples were taken and the standard error is large",
    Flag.UNSTEADY.value: "a model was still getting faster when its warm-up ended",
    Flag.OWN_REFERENCE.value: "no reference latency was known, so seconds lean on what this pass showed",
    Flag.IDLE_DIFFERS.value: "idle power before and after differ",
    Flag.METER_FAILED.value: "the sensor did not answer: no energy and no power",
    Flag.COUNTER_DIFFERS.value: "energy counter and power samples differ by more than a tenth",
    Flag.THROTTLED.value: "the device lowered its clock: it was hot, or lacked power",
    Flag.DRIFTED.value: "the device changed by more than 2 % within the measurement",
}


def quality_of(rows: Sequence[CampaignRow], names: Mapping[str, str]) -> dict[str, Any]:
    """Returns what is to be known before one trusts the figures.

    Args:
        rows: a campaign's answers.
        names: device identity -> name.
    """
    measured = [(row, row.measurement) for row in rows if row.measurement is not None]
    remarkable = [
        _remark(row, measurement, names) for row, measurement in measured if measurement.flags or not row.ok
    ] + [_failed_training(row) for row in rows if row.evaluation is not None and not row.ok]
    flags = dict.fromkeys(flag for _, measurement in measured for flag in measurement.flags)
    return {
        "devices": [_device(identity, name, measured) for identity, name in names.items()],
        "trainings": _trainings(rows),
        "flags": [{"flag": flag, "words": FLAG_WORDS.get(flag, "")} for flag in flags],
        "remarkable": remarkable[:MOST_REMARKABLE],
        "remarkable_of": len(remarkable),
    }


def _device(identity: str, name: str, measured: Sequence[tuple[CampaignRow, Measurement]]) -> dict[str, Any]:
    own = [(row, measurement) for row, measurement in measured if measurement.device_identity == identity]
    statuses = Counter(measurement.status for _, measurement in own)
    sources: dict[str, Counter[str]] = {}
    for _, measurement in own:
        for quantity, value in measurement.values.items():
            sources.setdefault(quantity, Counter())[value.provenance.value] += 1
    shares = [m.details["clean_share"] for _, m in own if "clean_share" in m.details]
    return {
        "name": name,
        "measurements": len(own),
        "ok": statuses[MeasurementStatus.OK],
        "rejected": statuses[MeasurementStatus.REJECTED],
        "failed": statuses[MeasurementStatus.FAILED],
        "reused": sum(row.reused for row, _ in own),
        "flags": dict(Counter(flag for _, measurement in own for flag in measurement.flags)),
        "clean_share": rounded(statistics.median(shares), 4) if shares else None,
        "meter": next((m.meter for _, m in own if m.meter), None),
        "provenances": [{"quantity": quantity, "counts": dict(counts)} for quantity, counts in sources.items()],
    }


def _trainings(rows: Sequence[CampaignRow]) -> dict[str, int]:
    told = [row for row in rows if row.evaluation is not None]
    return {
        "evaluations": len(told),
        "ok": sum(row.ok for row in told),
        "failed": sum(not row.ok for row in told),
        "reused": sum(row.reused for row in told),
    }


def _remark(row: CampaignRow, measurement: Measurement, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "key": row.candidate.key,
        "what": f"profile on {names.get(measurement.device_identity, measurement.device_identity)}",
        "status": measurement.status.value,
        "flags": list(measurement.flags),
        "reason": measurement.reason,
        "started_at": measurement.started_at,
    }


def _failed_training(row: CampaignRow) -> dict[str, Any]:
    evaluation = row.evaluation
    return {
        "key": row.candidate.key,
        "what": "training",
        "status": EvaluationStatus.FAILED.value,
        "flags": [],
        "reason": "" if evaluation is None else evaluation.reason,
        "started_at": "" if evaluation is None else evaluation.started_at,
    }
