"""The results of an evaluation as a JSON object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from protran.evaluate.evaluation import METRICS, Result
from protran.evaluate.sources import summaries
from protran.evaluate.summary import Summary


def document(table: str, results: Sequence[Result]) -> dict[str, Any]:
    """Returns ``{"table", "results": [{"model", "target", "train", "test", "repeats", "metrics"}]}``.

    `train` and `test` are numbers of rows; each metric is ``{"median", "q1", "q3"}`` over the repeats. Where other
    devices were asked, ``"sources"`` says what was made of each (`SourceSummary`), over the repeats that asked them.
    An entry of `auto` has ``"weights": {name: {"median", "q1", "q3"}}``, those of its members.
    """
    return {"table": table, "results": [_entry(result) for result in results]}


def _entry(result: Result) -> dict[str, Any]:
    entry = {
        "model": result.model,
        "target": result.target,
        "train": result.train,
        "test": result.test,
        "repeats": result.repeats,
        "metrics": {name: result.summary(name).to_json() for name in METRICS},
    }
    if result.weights:
        entry["weights"] = {name: Summary.of(own).to_json() for name, own in result.weights_by_member().items()}
    if result.uses:
        entry["sources"] = [summary.to_json() for summary in summaries(result.uses)]
    return entry
