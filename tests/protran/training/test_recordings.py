import json
from dataclasses import replace

import numpy as np
import pytest

from protran.errors import InputError
from protran.fidelity import Fidelity
from protran.ledger.evaluation import Evaluation, EvaluationStatus
from protran.training.recordings import MOST_KEPT, RecordingCounts, paired_difference, pooled, recordings_of
from protran.training.scores import classifier_scores
from search_spaces.candidate import Architecture, HeadKind, Layer

LABELS = np.array([0, 1, 1, 0, 1])
PREDICTIONS = np.array([0, 1, 0, 0, 0])
RECORDINGS = np.array([7, 7, 3, 3, 3])
EVALUATION = Evaluation(
    "key", Architecture((Layer(8, (HeadKind.FOURIER,), (16,)),)), "watch", Fidelity(8), 0, EvaluationStatus.OK
)


def test_right_answers_are_counted_by_recording_in_the_order_of_their_numbers():
    counts = RecordingCounts.count(LABELS, PREDICTIONS, RECORDINGS)
    assert counts == RecordingCounts(correct=(1, 2), total=(3, 2))


def test_scores_hold_the_same_counts():
    scores = classifier_scores(LABELS, PREDICTIONS, RECORDINGS, 2)
    assert RecordingCounts(scores.correct, scores.total) == RecordingCounts.count(LABELS, PREDICTIONS, RECORDINGS)


def test_an_evaluation_gives_the_counts_that_it_keeps():
    counts = RecordingCounts((1, 2), (3, 2))
    kept = replace(EVALUATION, details={"recordings": {"test": counts.to_json()}})
    read = Evaluation.from_json(json.loads(json.dumps(kept.to_json())))
    assert recordings_of(read, "test") == counts
    assert recordings_of(read, "validation") is None
    assert recordings_of(EVALUATION, "test") is None


@pytest.mark.parametrize("recordings", [0, MOST_KEPT + 1])
def test_too_many_recordings_or_none_are_not_kept(recordings):
    assert RecordingCounts((1,) * recordings, (1,) * recordings).to_json() is None


def test_two_models_that_err_on_the_same_recordings_differ_with_a_small_error():
    total = (10, 10, 10, 10)
    first, second = RecordingCounts((10, 8, 3, 1), total), RecordingCounts((9, 7, 2, 0), total)
    difference = paired_difference(first, second)
    assert difference.value == pytest.approx(0.1)
    assert difference.stderr == pytest.approx(0.0, abs=1e-12)


def test_the_error_of_a_difference_is_that_over_recordings():
    difference = paired_difference(RecordingCounts((4, 0), (4, 4)), RecordingCounts((0, 0), (4, 4)))
    assert (difference.value, difference.stderr) == (pytest.approx(0.5), pytest.approx(0.5))


@pytest.mark.parametrize(("first", "second"), [((3, 2), (3, 3)), ((3,), (3,))])
def test_models_of_other_windows_or_of_one_recording_are_not_compared(first, second):
    with pytest.raises(InputError, match="expected"):
        paired_difference(RecordingCounts(first, first), RecordingCounts(second, second))


def test_trainings_together_have_the_mean_of_their_shares():
    first, second = RecordingCounts((4, 1), (4, 2)), RecordingCounts((2, 0), (4, 2))
    together = pooled([first, second])
    assert together == RecordingCounts((6, 1), (8, 4))
    assert sum(together.correct) / sum(together.total) == pytest.approx((5 / 6 + 2 / 6) / 2)


@pytest.mark.parametrize("counts", [[], [RecordingCounts((1,), (2,)), RecordingCounts((1,), (3,))]])
def test_trainings_on_other_windows_are_not_put_together(counts):
    with pytest.raises(InputError, match="answered the same windows"):
        pooled(counts)
