from __future__ import annotations

import pytest
import torch

from surrogates.errors import SurrogateError
from surrogates.prediction import Prediction
from surrogates.stacked import Member, StackedSurrogate


class Says:
    """Answers the truth times a factor; knows no more of rows that it has seen."""

    def __init__(self, factor: float, deviation: float = 0.1) -> None:
        self.factor, self.deviation = factor, deviation

    def fit(self, x, y, y_var=None) -> None:
        return

    def predict(self, x) -> Prediction:
        mean = self.factor * truth(x)
        return Prediction(mean, torch.zeros_like(mean), torch.full_like(mean, self.deviation**2), (False,))


class Refuses(Says):
    def fit(self, x, y, y_var=None) -> None:
        raise SurrogateError("expected more")


def truth(x: torch.Tensor) -> torch.Tensor:
    return 10.0 + x[:, :1]


def rows(count: int, noise: float = 0.0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(count, 2, generator=generator, dtype=torch.float64)
    return x, truth(x) + noise * torch.randn(count, 1, generator=generator, dtype=torch.float64)


def stacked(*factors: float, trusts: tuple[float, ...] = (1.0, 1.0)) -> StackedSurrogate:
    members = zip("ab", factors, trusts, strict=True)
    return StackedSurrogate([Member(name, lambda f=factor: Says(f), trust) for name, factor, trust in members])


def test_weights_go_with_the_inverse_of_the_squared_error():
    surrogate = stacked(1.1, 1.2)
    surrogate.fit(*rows(12))
    assert surrogate.weights_of(0) == {"a": pytest.approx(0.8), "b": pytest.approx(0.2)}


def test_of_members_that_predict_equally_well_the_trusted_one_weighs_more():
    surrogate = stacked(1.1, 1.1, trusts=(2.0, 1.0))
    surrogate.fit(*rows(12))
    assert surrogate.weights_of(0) == {"a": pytest.approx(2 / 3), "b": pytest.approx(1 / 3)}


def test_a_member_is_asked_only_for_its_outputs():
    class Both(Says):
        def predict(self, x) -> Prediction:
            one = super().predict(x)
            twice = [torch.cat([part, part], -1) for part in (one.mean, one.aleatoric_var, one.epistemic_var)]
            return Prediction(*twice, (False, False))

    members = [Member("a", lambda: Both(1.1), 1.0), Member("b", lambda: Both(1.1), 1.0, (1,))]
    surrogate = StackedSurrogate(members)
    x, y = rows(12)
    surrogate.fit(x, torch.cat([y, y], -1))
    assert surrogate.weights_of(0) == {"a": 1.0}
    assert surrogate.weights_of(1) == {"a": pytest.approx(0.5), "b": pytest.approx(0.5)}


def test_a_member_that_is_right_takes_all():
    surrogate = stacked(1.0, 1.2)
    surrogate.fit(*rows(12))
    x = rows(5)[0]
    assert torch.allclose(surrogate.predict(x).mean, truth(x))


def test_where_members_disagree_the_epistemic_variance_grows():
    apart, close = stacked(0.9, 1.1), stacked(1.1, 1.1)
    x = rows(5)[0]
    for surrogate in (apart, close):
        surrogate.fit(*rows(2))  # so few rows leave the width nearly alone
    gap = 0.2 * truth(x)
    expected = 0.1**2 + gap.square() / 4
    assert torch.allclose(apart.predict(x).epistemic_var, expected, rtol=0.2)
    assert (close.predict(x).epistemic_var < 0.1 * expected).all()


def test_a_member_that_cannot_be_fitted_is_left_out():
    surrogate = StackedSurrogate([Member("a", lambda: Refuses(1.0), 1.0), Member("b", lambda: Says(1.0), 1.0)])
    surrogate.fit(*rows(6))
    assert surrogate.weights_of(0) == {"b": 1.0}
    assert surrogate.member("a") is None


def test_where_no_member_can_be_fitted_the_reason_is_told():
    surrogate = StackedSurrogate([Member("a", lambda: Refuses(1.0), 1.0)])
    with pytest.raises(SurrogateError, match="expected more"):
        surrogate.fit(*rows(6))


def test_a_member_of_another_kind_is_not_saved(tmp_path):
    surrogate = stacked(1.1, 1.2)
    surrogate.fit(*rows(6))
    with pytest.raises(SurrogateError, match=r"expected a member among hetero-gp, .*, average-power, got Says"):
        surrogate.save(tmp_path)


def test_a_gross_outlier_does_not_decide_the_weights():
    x, y = rows(30, noise=0.1)
    clean = StackedSurrogate()
    clean.fit(x, y)
    y = y.clone()
    y[7] *= 100.0
    spoiled = StackedSurrogate()
    spoiled.fit(x, y)
    answers = [surrogate.predict(x[10:]).mean for surrogate in (clean, spoiled)]
    assert (answers[1] / answers[0] - 1.0).abs().max() < 0.5
    assert spoiled.weights_of(0)["trees"] > 0.2
