from __future__ import annotations

import torch

from protran.evaluate import diverse_rows
from protran.evaluate.diverse_rows import diverse_order


def rows(count: int) -> torch.Tensor:
    draws = torch.Generator().manual_seed(0)
    return torch.randn(count, 3, generator=draws, dtype=torch.float64) * torch.tensor([1.0, 10.0, 0.0])


def log_volume(x: torch.Tensor, chosen: torch.Tensor) -> float:
    """Log determinant of the prior covariance of the chosen rows, plus a little noise."""
    scaled = diverse_rows._standardised(x)[chosen]
    whole = torch.stack([diverse_rows._covariance(scaled, row) for row in scaled])
    return float(torch.logdet(whole + 1e-6 * torch.eye(len(chosen))))


def test_every_row_comes_once() -> None:
    assert sorted(diverse_order(rows(20)).tolist()) == list(range(20))


def test_each_row_is_the_one_of_which_least_is_known() -> None:
    x = rows(15)
    scaled = diverse_rows._standardised(x)
    whole = torch.stack([diverse_rows._covariance(scaled, row) for row in scaled])
    order = diverse_order(x)[:6]
    for place in range(1, 6):
        known = order[:place]
        solved = torch.linalg.solve(whole[known][:, known], whole[known])
        left = whole.diagonal() - (whole[known] * solved).sum(0)
        assert int(left.argmax()) == int(order[place])


def test_chosen_rows_span_more_than_the_first_ones() -> None:
    x = rows(200)
    assert log_volume(x, diverse_order(x)[:8]) > log_volume(x, torch.arange(8)) + 3.0


def test_beyond_those_chosen_the_order_stays(monkeypatch) -> None:
    monkeypatch.setattr(diverse_rows, "MOST_CHOSEN", 3)
    rest = diverse_order(rows(10))[3:].tolist()
    assert rest == sorted(rest)


def test_rows_that_are_all_equal_have_an_order() -> None:
    assert sorted(diverse_order(torch.ones(5, 2, dtype=torch.float64)).tolist()) == [0, 1, 2, 3, 4]
