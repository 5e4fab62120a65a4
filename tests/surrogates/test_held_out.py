from __future__ import annotations

import torch

from surrogates.errors import SurrogateError
from surrogates.held_out import held_out
from surrogates.hetero_gp import HeteroscedasticGP
from surrogates.prediction import Prediction


class Remembers:
    """Answers 1 for a row that it was fitted to and 0 for any other; wants at least `least` rows."""

    least = 1

    def fit(self, x, y, y_var=None) -> None:
        if len(x) < self.least:
            raise SurrogateError("expected more rows")
        self.known = set(x[:, 0].tolist())

    def predict(self, x) -> Prediction:
        mean = torch.tensor([[float(place in self.known)] for place in x[:, 0].tolist()], dtype=torch.float64)
        return Prediction(mean, torch.ones_like(mean), torch.ones_like(mean), (True,))


def rows(count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    x = torch.arange(count, dtype=torch.float64).unsqueeze(-1)
    return x, x.exp(), torch.full_like(x, torch.nan)


def counting(sizes: list[int]) -> type[Remembers]:
    class Counts(Remembers):
        def fit(self, x, y, y_var=None) -> None:
            sizes.append(len(x))
            super().fit(x, y, y_var)

    return Counts


def test_no_row_is_answered_by_a_fit_that_has_seen_it():
    unseen = held_out(Remembers(), Remembers, *rows(30), seed=0)
    assert torch.equal(unseen.mean, torch.zeros(30, 1, dtype=torch.float64))
    assert unseen.log_normal == (True,)


def test_of_few_rows_each_is_left_out_by_itself():
    sizes: list[int] = []
    held_out(Remembers(), counting(sizes), *rows(7), seed=0)
    assert sizes == [6] * 7


def test_of_many_rows_a_fifth_is_left_out_in_turn():
    sizes: list[int] = []
    held_out(Remembers(), counting(sizes), *rows(30), seed=0)
    assert sizes == [24] * 5


def test_rows_that_leave_too_few_others_have_no_answer():
    class Greedy(Remembers):
        least = 2

    assert held_out(Greedy(), Greedy, *rows(2), seed=0).mean.isnan().all()


def test_a_surrogate_that_knows_its_answers_is_not_fitted_again():
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(12, 2, generator=generator, dtype=torch.float64)
    surrogate, sizes = HeteroscedasticGP(), list[int]()
    surrogate.fit(x, x[:, :1].exp())
    unseen = held_out(surrogate, counting(sizes), x, x[:, :1].exp(), torch.full((12, 1), torch.nan), seed=0)
    assert sizes == []
    assert torch.equal(unseen.mean, surrogate.leave_one_out().mean)
