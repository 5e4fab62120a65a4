import json
from dataclasses import replace

import pytest

from protran.errors import InputError
from protran.fidelity import Fidelity
from protran.ledger.evaluation import Evaluation, EvaluationStatus
from protran.training.hurdle import STOPPED, Hurdle, Stop, stop_of
from search_spaces.candidate import Architecture, HeadKind, Layer

EVALUATION = Evaluation(
    "key", Architecture((Layer(8, (HeadKind.FOURIER,), (16,)),)), "watch", Fidelity(8), 0, EvaluationStatus.OK
)


def test_only_what_is_below_the_hurdle_of_its_epoch_is_stopped():
    hurdle = Hurdle((0.2, 0.5))
    assert hurdle.stop(1, 0.3) is None
    assert hurdle.stop(2, 0.3) == Stop(epoch=2, reached=0.3, needed=0.5)
    assert hurdle.stop(2, 0.5) is None


def test_epochs_after_the_last_hurdle_stop_nobody():
    assert Hurdle((0.9,)).stop(2, 0.0) is None


def test_json_gives_the_hurdle_again():
    hurdle = Hurdle((0.0, 0.1 + 0.2))
    assert Hurdle.from_json(json.loads(json.dumps(hurdle.to_json()))) == hurdle


@pytest.mark.parametrize("wrong", [(), (1.2,), (-0.1,), (float("nan"),), ("high",), (True,)])
def test_what_is_no_accuracy_is_refused(wrong):
    with pytest.raises(InputError, match="hurdle"):
        Hurdle(wrong)


def test_a_hurdle_that_is_no_array_is_refused():
    with pytest.raises(InputError, match="expected a JSON array, got dict"):
        Hurdle.from_json({"1": 0.5})


def test_an_evaluation_tells_how_its_training_was_stopped():
    stop = Stop(3, 0.4, 0.55)
    stopped = replace(EVALUATION, details={STOPPED: stop.to_json()})
    assert stop_of(Evaluation.from_json(json.loads(json.dumps(stopped.to_json())))) == stop
    assert stop_of(EVALUATION) is None
