from __future__ import annotations

import pytest
import torch
from sklearn.ensemble import AdaBoostRegressor
from sklearn.tree import DecisionTreeRegressor

from surrogates import published_trees
from surrogates.published_trees import PublishedTrees


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published_trees, "TREES", 7)


def rows(count: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randint(0, 50, (count, 4), generator=generator).double()
    return x, (x[:, :1] + 0.2 * x[:, 1:2] + 1.0)


def test_it_answers_as_the_boosted_trees_of_scikit_learn():
    x, y = rows(30)
    surrogate = PublishedTrees()
    surrogate.fit(x, y)
    scaled = ((x - x.mean(0)) / x.std(0, unbiased=False)).numpy()
    model = AdaBoostRegressor(DecisionTreeRegressor(), n_estimators=7, random_state=0).fit(scaled, y[:, 0].numpy())
    assert torch.equal(surrogate.predict(x).mean[:, 0], torch.from_numpy(model.predict(scaled)))


def test_a_missing_value_is_left_out():
    x, y = rows(20)
    partial = torch.cat([y, y], dim=-1)
    partial[5:, 1] = torch.nan
    surrogate, few = PublishedTrees(), PublishedTrees()
    surrogate.fit(x, partial)
    few.fit(x, y)
    assert surrogate.predict(x).mean[:, 1].isfinite().all()
    assert torch.equal(surrogate.predict(x).mean[:, 0], few.predict(x).mean[:, 0])


def test_a_loaded_surrogate_predicts_the_same(tmp_path):
    x, y = rows(20)
    surrogate = PublishedTrees(seed=3)
    surrogate.fit(x, y)
    surrogate.save(tmp_path)
    x_new = rows(9, seed=1)[0]
    loaded = PublishedTrees.load(tmp_path).predict(x_new)
    assert torch.equal(surrogate.predict(x_new).mean, loaded.mean)
    assert torch.equal(surrogate.predict(x_new).epistemic_var, loaded.epistemic_var)


def test_the_trees_spread_is_the_ignorance_and_there_is_no_noise():
    x, y = rows(20)
    surrogate = PublishedTrees()
    surrogate.fit(x, y)
    prediction = surrogate.predict(rows(9, seed=1)[0])
    assert (prediction.epistemic_var > 0).all()
    assert (prediction.aleatoric_var == 0).all()
