from __future__ import annotations

from types import SimpleNamespace

import pytest

from protran.campaign.claims.trouble import went_backwards
from protran.campaign.findings import Findings
from protran.training.scored import scored_candidate
from search_spaces.presets import preset

T1 = preset("t1")[0]


@pytest.fixture
def problem(bench):
    with bench.ledger() as ledger:
        return bench.begin(ledger)[0]


def seen(problem, *losses: list[float], seed: int = 1) -> Findings:
    findings = Findings()
    for numbers in losses:
        details = {"history": [{"train_loss": number} for number in numbers]} if numbers else {}
        scored = SimpleNamespace(seed=seed, details=details)
        findings.scored[scored_candidate(T1).key, problem.full].append(scored)  # type: ignore[arg-type]
    return findings


def test_a_loss_that_rises_for_good_is_seen(problem) -> None:
    findings = seen(problem, [1.5, 1.06, 1.09, 1.7], [1.5, 1.1, 0.9, 0.91])
    assert went_backwards(problem, findings, T1) == (1, 2)


def test_a_training_without_a_history_is_not_blamed(problem) -> None:
    assert went_backwards(problem, seen(problem, []), T1) == (0, 1)


def test_trainings_that_no_score_is_of_do_not_count(problem) -> None:
    assert went_backwards(problem, seen(problem, [1.0, 2.0], seed=0), T1) == (0, 0)
