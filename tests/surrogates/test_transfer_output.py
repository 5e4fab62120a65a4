from __future__ import annotations

import pytest
import torch

from surrogates import transfer_belief
from surrogates.transfer_output import Rows, choose_transfer, pooled
from surrogates.transfer_source import Consistency, SourceDevice


def one(*values: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    mean, aleatoric, epistemic = (torch.tensor([value], dtype=torch.float64) for value in values)
    return mean, aleatoric, epistemic


def rows(alone_error: float) -> Rows:
    """Twelve values, and what the process alone expects of each from the others."""
    draws = torch.Generator().manual_seed(0)
    x = torch.randn(12, 2, generator=draws, dtype=torch.float64)
    sign = torch.tensor([1.0, -1.0] * 6, dtype=torch.float64)
    return Rows.there(x, x[:, 0].exp(), torch.full((12,), torch.nan), x[:, 0] + alone_error * sign)


def source() -> SourceDevice:
    return SourceDevice("gpu", (0,), None, (Consistency(1.0, 0.0, 100),), torch.zeros(1, 2))


def answer(values: torch.Tensor):
    return {0: {0: (values, torch.zeros_like(values))}}


def test_the_belief_that_knows_more_counts_more():
    mean, aleatoric, epistemic = pooled(one(0.0, 0.2, 0.1), one(1.0, 0.4, 0.3))
    assert float(mean) == pytest.approx(0.25)
    assert float(aleatoric) == pytest.approx(0.75 * 0.2 + 0.25 * 0.4)
    assert float(epistemic) == pytest.approx(0.75 * 0.1 + 0.25 * 0.3 + 0.75 * 0.25)  # a mixture's variance


def test_equal_beliefs_stay_as_they_are():
    assert [float(part) for part in pooled(one(0.5, 0.2, 0.1), one(0.5, 0.2, 0.1))] == pytest.approx([0.5, 0.2, 0.1])


def test_beliefs_without_ignorance_have_a_mean():
    assert float(pooled(one(0.0, 0.2, 0.0), one(1.0, 0.2, 0.0))[0]) == pytest.approx(0.5)


def test_a_source_that_tells_the_truth_is_asked():
    own = rows(alone_error=0.5)
    transfer, dropped = choose_transfer([source()], 0, answer(own.y), own)
    assert transfer is not None
    assert (transfer.sources, dropped) == ((0,), ())


def test_a_source_is_not_asked_where_the_rows_show_harm(monkeypatch):
    own = rows(alone_error=0.0)
    noise = torch.randn(12, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    monkeypatch.setattr(transfer_belief, "RESIDUALS", (0.003,))  # with its usual ones a belief looks past such a source
    transfer, (dropped,) = choose_transfer([source()], 0, answer(0.5 * own.y + noise), own)
    assert transfer is None
    assert dropped.source == "gpu"
    assert dropped.reason.startswith("does not help: leaving one row out")


def test_without_a_fit_source_there_is_no_transfer():
    own = rows(alone_error=0.1)
    transfer, (dropped,) = choose_transfer([source()], 0, answer(-own.y), own)
    assert transfer is None
    assert dropped.reason.startswith("disagrees")


def test_rows_without_the_value_are_left_out():
    y = torch.tensor([1.0, torch.nan, 2.0], dtype=torch.float64)
    own = Rows.there(torch.zeros(3, 2), y, torch.tensor([0.01, 0.01, torch.nan]), torch.zeros(3))
    assert own.places.tolist() == [0, 2]
    assert own.noise.tolist() == pytest.approx([0.00995, 0.0], abs=1e-5)  # log(1 + .01)
