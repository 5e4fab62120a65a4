"""What a training gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from protran.training.hurdle import Stop
from protran.training.normalisation import Normalisation
from protran.training.recordings import RecordingCounts
from protran.training.scores import ClassifierScores


@dataclass(frozen=True)
class EpochRecord:
    """One epoch.

    Attributes:
        epoch: from 1.
        train_loss: mean over the epoch's augmented batches, with the teacher's part where there is one.
        validation_loss: cross-entropy of the averaged weights, without smoothing; None in a refit.
        validation_accuracy: of the averaged weights; None in a refit.
        elapsed_s: wall-clock seconds since the training began.
    """

    epoch: int
    train_loss: float
    validation_loss: float | None
    validation_accuracy: float | None
    elapsed_s: float

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object."""
        return asdict(self)


@dataclass(frozen=True)
class TrainingOutcome:
    """A training that ended.

    Attributes:
        validation: scores of the kept weights on the validation set; selection uses these. None in a refit.
        test: scores of the same weights on the test set; reported only.
        history: one record an epoch.
        best_epoch: the epoch whose weights were kept (lowest validation loss; in a refit the last).
        parameters: number of trained parameters.
        train_s: wall-clock seconds.
        train_core_s: processor seconds of this process.
        normalisation: what the inputs went through.
        stopped: how it was stopped as hopeless; None where it ended by itself.
    """

    validation: ClassifierScores | None
    test: ClassifierScores
    history: tuple[EpochRecord, ...]
    best_epoch: int
    parameters: int
    train_s: float
    train_core_s: float
    normalisation: Normalisation
    stopped: Stop | None = None

    @property
    def metrics(self) -> Mapping[str, float]:
        """Scores by name: `test_accuracy`, `test_macro_f1`, and but for a refit the same of `validation`."""
        return {name: score.value for name, score in self._scores().items()}

    @property
    def stderr(self) -> Mapping[str, float]:
        """Standard errors of `metrics`, over recordings of the same people; the seed's share is not in them."""
        return {name: score.stderr for name, score in self._scores().items()}

    @property
    def recordings(self) -> Mapping[str, Any]:
        """Right answers by recording of each set, as JSON; without sets of too many recordings."""
        counts = {name: RecordingCounts(scores.correct, scores.total) for name, scores in self._sets().items()}
        return {name: found for name, count in counts.items() if (found := count.to_json()) is not None}

    def _scores(self) -> Mapping[str, Any]:
        return {
            f"{name}_{metric}": getattr(scores, metric)
            for name, scores in self._sets().items()
            for metric in ("accuracy", "macro_f1")
        }

    def _sets(self) -> Mapping[str, ClassifierScores]:
        sets = {"validation": self.validation, "test": self.test}
        return {name: scores for name, scores in sets.items() if scores is not None}
