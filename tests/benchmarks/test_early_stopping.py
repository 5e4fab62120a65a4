"""What the benchmark of early stopping tells of one recorded training."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from benchmarks import early_stopping as module
from benchmarks.early_stopping import Past, Saving, saving
from protran.campaign.hurdles import StoppingRule
from protran.campaign.phase import Phase
from protran.campaign.plan import StepPlan
from protran.fidelity import Fidelity
from protran.ledger.evaluation import Evaluation, EvaluationStatus
from protran.ledger.records import CampaignRow
from protran.training.hurdle import Hurdle
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer

CANDIDATE = Candidate(Architecture((Layer(8, (HeadKind.FOURIER,), (16,)),)))
LOW = Fidelity(4)


@pytest.fixture
def past() -> Past:
    history = [{"epoch": e, "validation_accuracy": a} for e, a in enumerate((0.3, 0.5, 0.4, 0.8), 1)]
    evaluation = Evaluation(
        "key",
        CANDIDATE.architecture,
        "watch",
        LOW,
        0,
        EvaluationStatus.OK,
        metrics={"validation_accuracy": 0.8},
        details={"history": history, "train_core_s": 8.0},
    )
    steps = [(StepPlan(Phase.SEARCH, (CANDIDATE,)), 0)]
    rows = [CampaignRow(0, CANDIDATE, evaluation=evaluation)]
    return Past("demo", SimpleNamespace(low=LOW), steps, rows, frozenset({CANDIDATE.key}), {(0, "believed"): ()})


@pytest.mark.parametrize(
    ("hurdle", "expected"),
    [
        ((0.2, 0.6, 0.6), Saving(1, 8.0, stopped=1, saved_s=4.0, members=1)),
        ((0.3, 0.5, 0.5), Saving(1, 8.0)),
        ((0.0, 0.0, 0.0, 0.9), Saving(1, 8.0)),
    ],
)
def test_a_recorded_training_saves_the_epochs_after_the_first_hurdle_that_it_misses(
    past: Past, monkeypatch: pytest.MonkeyPatch, hurdle: tuple[float, ...], expected: Saving
) -> None:
    monkeypatch.setattr(module, "hurdles_of", lambda *_: {CANDIDATE.key: Hurdle(hurdle)})
    assert saving(past, StoppingRule(), "believed") == expected
