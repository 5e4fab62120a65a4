"""What is believed of one measure of a new device, before its probes and after them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from device_agents.measurement import Provenance
from protran.features import FAINT_HARDWARE_COLUMNS, FeatureMap
from protran.fewshot.error import Error, expected_error, seen_error
from protran.fewshot.history import History, commonest
from protran.fewshot.measure_belief import NO_PROBE, NO_SENSOR, UNKNOWN, Expected, MeasureBelief
from protran.fewshot.sources import Source, source_weights, tensors_of, trusted
from surrogates.transfer import TransferSurrogate
from surrogates.transfer_source import SourceDevice, log_belief, rank_correlation

FEWEST_FITTED = 2
"""Rows of its own from which a device's surrogate can be fitted."""
FEWEST_RANKED = 4
MOST_PARTS = 20
"""More probes than this are left out in so many parts instead of one by one."""

Rows = tuple[Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class Evidence:
    """All that beliefs of one measure rest on.

    Attributes:
        features: the map from candidates to features.
        reference: `r x d`, hardware features of a sample of the space.
        earlier: what the device had measured apart from the probes.
        probed: the probes that were measured.
        checked: random candidates that were measured too: nothing learns from them, they only judge.
        sources: other devices.
    """

    features: FeatureMap
    reference: Tensor
    earlier: History
    probed: History
    checked: History
    sources: Sequence[Source]


def believe(measure: str, evidence: Evidence) -> MeasureBelief:
    """Returns what is believed of a measure before and after the probes.

    Nothing is said of a measure that no probe has: a device without a sensor has no expected error.
    """
    probed = evidence.probed.values(measure)
    if not probed and not evidence.probed.candidates:
        return MeasureBelief(measure, 0, None, reason=NO_PROBE)
    if not probed:
        return MeasureBelief(measure, 0, None, reason=NO_SENSOR)
    provenance = commonest(probed.values())
    own = tensors_of(evidence.features, evidence.probed, probed)
    earlier, checks = (
        _rows(evidence.features, history, measure, provenance) for history in (evidence.earlier, evidence.checked)
    )
    devices = [source.device for source in evidence.sources if source.device is not None]
    before = _before(evidence, devices, earlier, own, checks)
    rows = own if earlier is None else _joined(earlier, own)
    told = None if provenance is None else provenance.value
    if len(rows[0]) < FEWEST_FITTED:
        reason = f"expected {FEWEST_FITTED} probes with a value, got {len(rows[0])}; see what failed"
        return MeasureBelief(measure, len(probed), told, before, sources=_unused(evidence.sources), reason=reason)
    surrogate = _fitted(devices, rows)
    seen, space = _left_out(devices, rows, len(own[0])), _over(evidence, surrogate)
    after = Expected(_basis(surrogate), seen, space, _judged(partial(_medians, surrogate), checks))
    return MeasureBelief(measure, len(probed), told, before, after, _used(evidence, surrogate))


def _rows(features: FeatureMap, history: History, measure: str, provenance: Provenance | None) -> Rows | None:
    """Returns the rows of a history that have values of this provenance; None where there is none."""
    values = {key: value for key, value in history.values(measure).items() if value.provenance is provenance}
    return tensors_of(features, history, values) if values else None


def _joined(first: Rows, second: Rows) -> Rows:
    x, y, variances = (torch.cat(parts) for parts in zip(first, second, strict=True))
    return x, y, variances


def _before(
    evidence: Evidence, devices: Sequence[SourceDevice], rows: Rows | None, probes: Rows, checks: Rows | None
) -> Expected:
    """Returns what was to be expected without the probes: from rows of the device, else from its sources alone."""
    if rows is not None and len(rows[0]) >= FEWEST_FITTED:
        surrogate = _fitted(devices, rows)
        medians, space = partial(_medians, surrogate), _over(evidence, surrogate)
        return Expected(_basis(surrogate), _judged(medians, probes), space, _judged(medians, checks))
    kept = trusted(evidence.sources)
    if not kept:
        return UNKNOWN
    # How much slower than its sources the device is, nobody knows yet: of the whole space nothing is expected.
    medians = partial(_geometric_mean, kept)
    rank = _rank(medians(probes[0]), probes[1])
    return Expected("sources", _judged(medians, probes), None, _judged(medians, checks), rank)


def _fitted(devices: Sequence[SourceDevice], rows: Rows) -> TransferSurrogate:
    surrogate = TransferSurrogate(devices, FAINT_HARDWARE_COLUMNS)
    surrogate.fit(*rows)
    return surrogate


def _basis(surrogate: TransferSurrogate) -> str:
    return "sources and rows" if surrogate.sources_of(0) else "rows"


def _left_out(devices: Sequence[SourceDevice], rows: Rows, probes: int) -> Error | None:
    """Returns the error on each of the last `probes` rows, predicted from all rows but it (or its part)."""
    first, parts = len(rows[0]) - probes, min(probes, MOST_PARTS)
    if len(rows[0]) - math.ceil(probes / parts) < FEWEST_FITTED:
        return None
    guess = rows[1].clone()
    places = torch.arange(len(rows[0]))
    for part in range(parts):
        out = (places >= first) & ((places - first) % parts == part)
        surrogate = _fitted(devices, (rows[0][~out], rows[1][~out], rows[2][~out]))
        guess[out] = _medians(surrogate, rows[0][out]).unsqueeze(-1)
    return _error(guess[first:, 0], rows[1][first:])


def _medians(surrogate: TransferSurrogate, x: Tensor) -> Tensor:
    with torch.no_grad():
        return log_belief(surrogate.predict(x))[0][:, 0].exp()


def _geometric_mean(sources: Sequence[SourceDevice], x: Tensor) -> Tensor:
    with torch.no_grad():
        return torch.stack([source.answers(x)[0][0] for source in sources]).mean(0).exp()


def _judged(medians: Callable[[Tensor], Tensor], rows: Rows | None) -> Error | None:
    """Returns the error of predictions on rows that they were not learned from; None where there are none."""
    return None if rows is None else _error(medians(rows[0]), rows[1])


def _error(guess: Tensor, truth: Tensor) -> Error | None:
    return seen_error(guess.tolist(), truth[:, 0].tolist())


def _rank(guess: Tensor, truth: Tensor) -> float | None:
    """Returns Spearman's correlation; None where nothing varies or there are too few to tell."""
    if len(guess) < FEWEST_RANKED:
        return None
    rank = rank_correlation(guess, truth[:, 0])
    return None if math.isnan(rank) else rank


def _over(evidence: Evidence, surrogate: TransferSurrogate) -> Error:
    with torch.no_grad():
        _, aleatoric, epistemic = log_belief(surrogate.predict(evidence.reference))
    return expected_error((aleatoric + epistemic)[:, 0])


def _used(evidence: Evidence, surrogate: TransferSurrogate) -> tuple[dict[str, Any], ...]:
    """Returns what became of each source: its weight, or why it was dropped."""
    weights = dict(
        zip(
            (source.name for source in surrogate.sources),
            source_weights(surrogate, evidence.reference),
            strict=True,
        )
    )
    dropped = {entry.source: entry.reason for entry in surrogate.dropped}
    return tuple(
        _entry(source, source.fault or dropped.get(source.history.name, ""), weights.get(source.history.name))
        for source in evidence.sources
    )


def _unused(sources: Sequence[Source]) -> tuple[dict[str, Any], ...]:
    return tuple(
        _entry(source, source.fault or "the device has too few values to judge it by", None) for source in sources
    )


def _entry(source: Source, dropped: str, weight: float | None) -> dict[str, Any]:
    return {**source.to_json(), "used": not dropped, "weight": None if dropped else weight, "dropped": dropped or None}
