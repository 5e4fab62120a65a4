from __future__ import annotations

import math

import pytest
import torch

from surrogates import transfer_source
from surrogates.errors import SurrogateError
from surrogates.prediction import Prediction
from surrogates.transfer_source import Consistency, SourceDevice, log_belief


def rows(count: int, seed: int = 0):
    draws = torch.Generator().manual_seed(seed)
    x = torch.rand(count, 3, generator=draws, dtype=torch.float64)
    y = (x[:, :1] + 2.0 * x[:, 1:2]).exp() * (0.02 * torch.randn(count, 1, generator=draws, dtype=torch.float64)).exp()
    return x, y


def test_clean_measurements_agree_with_themselves():
    source = SourceDevice.fit("board", *rows(30))
    assert source.consistency[0].fault is None
    assert source.consistency[0].rank > 0.9
    assert source.consistency[0].judged == 30


def test_measurements_that_are_often_far_off_are_contaminated():
    x, y = rows(60)
    y[::4] *= 30.0
    (consistency,) = SourceDevice.fit("board", x, y).consistency
    assert consistency.fault is not None
    assert consistency.fault.startswith("contaminated: ")


@pytest.mark.parametrize(("far", "words"), [(2, None), (5, "25% of its measurements are off by a factor of 2")])
def test_a_tenth_may_be_far_off(far, words):
    guess = torch.linspace(0.0, 1.0, 20, dtype=torch.float64)
    y = guess.exp()
    y[-far:] *= 2.1
    fault = Consistency.of(guess, y).fault
    assert fault is None if words is None else words in str(fault)


def test_measurements_in_no_order_are_contaminated():
    guess = torch.linspace(-0.3, 0.3, 8, dtype=torch.float64)
    assert "a correlation of -1.00" in str(Consistency.of(guess, (-guess).exp()).fault)


def test_too_few_measurements_are_not_judged():
    guess = torch.arange(7, dtype=torch.float64)
    consistency = Consistency.of(guess, (-guess).exp())
    assert consistency.fault is None
    assert math.isnan(consistency.rank)


def test_a_long_table_is_learned_from_in_part_and_judged_on_the_rest(monkeypatch):
    monkeypatch.setattr(transfer_source, "MOST_ROWS", 10)
    monkeypatch.setattr(transfer_source, "MOST_JUDGED", 15)
    source = SourceDevice.fit("board", *rows(40))
    assert len(source.x) == 10
    assert source.consistency[0].judged == 15


def test_an_output_without_values_is_not_offered():
    x, y = rows(12)
    source = SourceDevice.fit("board", x, torch.cat([torch.full_like(y, torch.nan), y], dim=-1))
    assert source.outputs == (1,)
    assert source.consistency_of(0) is None
    assert list(source.answers(x)) == [1]


def test_a_source_without_any_values_answers_nothing():
    x, y = rows(5)
    assert SourceDevice.fit("board", x, torch.full_like(y, torch.nan)).answers(x) == {}


def test_answers_are_close_to_the_logarithms():
    source = SourceDevice.fit("board", *rows(30))
    x, y = rows(20, seed=1)
    median, variance = source.answers(x)[0]
    assert float((median - y[:, 0].log()).abs().max()) < 0.15
    assert (variance >= 0).all()


def test_the_log_belief_undoes_log_normal_moments():
    location, aleatoric, epistemic = (torch.tensor([[value]], dtype=torch.float64) for value in (0.7, 0.04, 0.09))
    mean = (location + (aleatoric + epistemic) / 2).exp()
    squared = mean.square()
    noise, ignorance = squared * epistemic.exp() * torch.expm1(aleatoric), squared * torch.expm1(epistemic)
    found = log_belief(Prediction(mean, noise, ignorance, (True,)))
    assert torch.allclose(found[0], location)
    assert torch.allclose(found[1], aleatoric)
    assert torch.allclose(found[2], epistemic)


def test_values_that_are_not_positive_are_refused():
    x, y = rows(8)
    y[2] = -1.0
    with pytest.raises(SurrogateError, match="expected positive values"):
        SourceDevice.fit("board", x, y)
