"""Which form of which model to take: the most accurate, the most efficient, the best balance, each with its reason."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from protran.studies.models.figures import FormFigures
from protran.units import Unit, format_value

Z_95 = 1.959963984540054
EFFICIENCIES = (
    ("inference_efficiency_per_kg", "accuracy / kg CO2e of 1,000 documents"),
    ("inference_accuracy_per_core_hour", "accuracy per core-hour of 1,000 documents, as no CO2e is known"),
)
"""What efficiency is judged by: the first of these that any form has."""


@dataclass(frozen=True)
class Recommendation:
    """One choice.

    Attributes:
        purpose: `most accurate`, `most efficient` or `best balance`.
        choice: label of a form of a model.
        reason: a sentence.
        ties: labels of others that the error bars do not tell from it.
    """

    purpose: str
    choice: str
    reason: str
    ties: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """For people."""
        ties = f"; not told apart from {', '.join(self.ties)}" if self.ties else ""
        return f"{self.purpose.capitalize()}: {self.choice} ({self.reason}){ties}."

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object."""
        return {"purpose": self.purpose, "choice": self.choice, "reason": self.reason, "ties": list(self.ties)}


def recommend(found: Sequence[FormFigures]) -> tuple[Recommendation, ...]:
    """Returns up to three recommendations; one whose figures nobody has is left out."""
    scored = [form for form in found if not math.isnan(form.mean("subset_accuracy"))]
    made = (_most_accurate(scored), _most_efficient(scored), _best_balance(scored))
    return tuple(one for one in made if one is not None)


def accuracy_error(form: FormFigures) -> float:
    """Returns half of a 95 % interval of the accuracy: of the documents, and of the repeats where there are several."""
    over_documents = Z_95 * form.mean("subset_accuracy_stderr")
    known = form.figures["subset_accuracy"]
    over_repeats = 0.0 if known is None or known.half_width is None else known.half_width
    return math.hypot(over_documents, over_repeats)


def _most_accurate(found: Sequence[FormFigures]) -> Recommendation | None:
    if not found:
        return None
    best = max(found, key=lambda form: form.mean("subset_accuracy"))
    top, error = best.mean("subset_accuracy"), accuracy_error(best)
    ties = [
        form
        for form in found
        if form is not best and top - form.mean("subset_accuracy") <= math.hypot(error, accuracy_error(form))
    ]
    reason = f"{_percent(top)} of the test documents right in all labels, ± {_percent(error)}"
    return Recommendation("most accurate", best.label, reason, tuple(form.label for form in ties))


def _most_efficient(found: Sequence[FormFigures]) -> Recommendation | None:
    for name, what in EFFICIENCIES:
        known = [form for form in found if not math.isnan(form.mean(name))]
        if known:
            best = max(known, key=lambda form: form.mean(name))
            ties = [form.label for form in known if form is not best and _overlap(form, best, name)]
            reason = f"{what}: {format_value(best.mean(name), Unit.COUNT)}; accuracy {_accuracy(best)}"
            return Recommendation("most efficient", best.label, reason, tuple(ties))
    return None


def _overlap(form: FormFigures, best: FormFigures, name: str) -> bool:
    """Returns whether intervals meet: that of the accuracy, as a share of it, is that of the ratio."""

    def reach(one: FormFigures) -> float:
        return one.mean(name) * accuracy_error(one) / max(one.mean("subset_accuracy"), 1e-12)

    return best.mean(name) - form.mean(name) <= math.hypot(reach(best), reach(form))


def _best_balance(found: Sequence[FormFigures]) -> Recommendation | None:
    """Returns the form nearest to the ideal: best accuracy and least latency, both scaled from 0 to 1.

    The latency is scaled by its logarithm. The two count alike.
    """
    timed = [form for form in found if form.mean("latency_s") > 0]
    if len(timed) < 2:
        return None
    distance = _distances(timed)
    best = min(timed, key=lambda form: distance(form, 0.0))
    ties = [
        form.label
        for form in timed
        if form is not best and distance(form, accuracy_error(form)) <= distance(best, -accuracy_error(best))
    ]
    reason = (
        f"nearest to the best accuracy and the least latency: {_accuracy(best)} at "
        f"{format_value(best.mean('latency_s'), Unit.SECOND)} a document"
    )
    return Recommendation("best balance", best.label, reason, tuple(ties))


def _distances(timed: Sequence[FormFigures]) -> Callable[[FormFigures, float], float]:
    """Returns the distance of a form to the ideal, if its accuracy were that much higher."""
    accuracies = [form.mean("subset_accuracy") for form in timed]
    speeds = [math.log(form.mean("latency_s")) for form in timed]
    span = (max(accuracies) - min(accuracies)) or 1.0
    reach = (max(speeds) - min(speeds)) or 1.0

    def distance(form: FormFigures, more: float) -> float:
        accuracy = min(form.mean("subset_accuracy") + more, max(accuracies))
        loss = (max(accuracies) - accuracy) / span
        return math.hypot(loss, (math.log(form.mean("latency_s")) - min(speeds)) / reach)

    return distance


def _accuracy(form: FormFigures) -> str:
    return _percent(form.mean("subset_accuracy"))


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
