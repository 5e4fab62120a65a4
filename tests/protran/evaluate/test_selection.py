from __future__ import annotations

from typing import Any

import torch

from protran.evaluate.selection import select
from surrogates.errors import SurrogateError
from surrogates.prediction import Prediction


class Guess:
    """Answers a constant and notes the rows that it was shown."""

    def __init__(self, value: float, seen: list[int] | None = None) -> None:
        self.value, self.seen = value, seen

    def fit(self, x: Any, y: Any, y_var: Any = None) -> None:
        if self.seen is not None:
            self.seen.append(len(x))

    def predict(self, x: Any) -> Prediction:
        mean = torch.full((len(x), 1), self.value, dtype=torch.float64)
        return Prediction(mean, torch.ones_like(mean), torch.ones_like(mean))


class Remembers:
    """Answers a row that it was fitted to exactly, and any other row with a million."""

    def fit(self, x: Any, y: Any, y_var: Any = None) -> None:
        self.known = dict(zip(x[:, 0].tolist(), y[:, 0].tolist(), strict=True))

    def predict(self, x: Any) -> Prediction:
        mean = torch.tensor([[self.known.get(place, 1e6)] for place in x[:, 0].tolist()], dtype=torch.float64)
        return Prediction(mean, torch.ones_like(mean), torch.ones_like(mean))


class Refuses(Guess):
    def fit(self, x: Any, y: Any, y_var: Any = None) -> None:
        raise SurrogateError("expected more")


def line(count: int) -> tuple[Any, Any, Any]:
    x = torch.linspace(1.0, 2.0, count, dtype=torch.float64).unsqueeze(-1)
    return x, x.exp(), torch.full_like(x, torch.nan)


def test_the_model_with_the_smaller_error_is_picked() -> None:
    far, near = (lambda: Guess(9.0)), (lambda: Guess(4.5))
    assert select({"far": far, "near": near}, *line(12), seed=0) == "near"  # type: ignore[dict-item]


def test_a_model_that_only_remembers_is_not_picked() -> None:
    models = {"remembers": Remembers, "constant": lambda: Guess(4.5)}
    assert select(models, *line(12), seed=0) == "constant"  # type: ignore[arg-type]


def test_of_equal_models_the_first_is_picked() -> None:
    models = {"a": lambda: Guess(4.0), "b": lambda: Guess(4.0)}
    assert select(models, *line(12), seed=0) == "a"  # type: ignore[arg-type]


def test_a_model_that_cannot_be_fitted_is_out() -> None:
    models = {"refuses": lambda: Refuses(4.5), "far": lambda: Guess(1e6)}
    assert select(models, *line(12), seed=0) == "far"  # type: ignore[arg-type]


def test_every_model_that_may_win_is_fitted_to_five_parts_of_the_rows() -> None:
    first: list[int] = []
    second: list[int] = []
    models = {"a": lambda: Guess(4.5, first), "b": lambda: Guess(4.6, second)}
    select(models, *line(12), seed=0)  # type: ignore[arg-type]
    assert sorted(first) == sorted(second) == [9, 9, 10, 10, 10]


def test_a_model_that_is_far_behind_is_not_fitted_to_the_other_parts() -> None:
    seen: list[int] = []
    select({"a": lambda: Guess(4.5), "b": lambda: Guess(1e6, seen)}, *line(12), seed=0)  # type: ignore[dict-item]
    assert len(seen) == 1


def test_a_gain_within_the_noise_of_the_rows_does_not_unseat_the_first_model() -> None:
    models = {"first": lambda: Guess(4.4), "luckier": lambda: Guess(4.6)}
    x, y, y_var = line(12)
    errors = [(y - value).square().mean().item() for value in (4.4, 4.6)]
    assert errors[1] < errors[0]
    assert select(models, x, y, y_var, seed=0) == "first"  # type: ignore[arg-type]


def test_networks_are_not_raced() -> None:
    seen: list[int] = []
    models = {"gp": lambda: Guess(9.0), "ensemble": lambda: Guess(4.5, seen)}
    assert select(models, *line(12), seed=0) == "gp"  # type: ignore[arg-type]
    assert seen == []


def test_a_missing_value_does_not_count() -> None:
    x, y, y_var = line(12)
    y[3] = torch.nan
    models = {"far": lambda: Guess(9.0), "near": lambda: Guess(4.5)}
    assert select(models, x, y, y_var, seed=0) == "near"  # type: ignore[arg-type]
