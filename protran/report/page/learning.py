"""Learning curves: what each training's epochs were like."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from protran.fidelity import Fidelity
from protran.ledger.evaluation import Evaluation
from protran.report.page.rounding import evenly, rounded

MOST_CURVES = 240
"""More lines than this say nothing more, and a page must stay small."""


def learning_curves(
    evaluations: Sequence[Evaluation], kinds: Mapping[Fidelity, str], first: Collection[str]
) -> dict[str, Any]:
    """Returns the curves of trainings that kept a history, at most `MOST_CURVES` of them.

    Args:
        evaluations: in the order in which they came.
        kinds: what trainings of each fidelity are for, for example ``short``.
        first: keys of candidates (as they are scored) whose curves are kept before others.
    """
    told = [evaluation for evaluation in evaluations if evaluation.details.get("history")]
    chosen = [evaluation for evaluation in told if evaluation.candidate.key in first]
    others = [evaluation for evaluation in told if evaluation.candidate.key not in first]
    kept = evenly(chosen, MOST_CURVES)
    kept += evenly(others, MOST_CURVES - len(kept))
    return {"of": len(told), "curves": [_curve(evaluation, kinds) for evaluation in kept]}


def _curve(evaluation: Evaluation, kinds: Mapping[Fidelity, str]) -> dict[str, Any]:
    history = evaluation.details["history"]
    accuracies = [epoch.get("validation_accuracy") for epoch in history]
    return {
        "key": evaluation.candidate.key,
        "kind": kinds.get(evaluation.fidelity, "other"),
        "seed": evaluation.seed,
        "best_epoch": evaluation.details.get("best_epoch"),
        "train_s": rounded(evaluation.train_s),
        "train_loss": [rounded(epoch.get("train_loss"), 4) for epoch in history],
        "validation_loss": [rounded(epoch.get("validation_loss"), 4) for epoch in history],
        "validation_error": [None if accuracy is None else rounded(1.0 - accuracy, 4) for accuracy in accuracies],
    }
