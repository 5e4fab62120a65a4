"""How models are fitted."""

import pytest

from protran.errors import InputError
from protran.studies.models.contestants import Contestant, Weights
from protran.studies.models.recipe import FineTuning, recipe_for
from search_spaces.presets import preset


def test_the_rate_rises_to_its_peak_and_falls_to_zero():
    recipe = FineTuning(1, 1.0, warm_up=0.2)
    rates = [recipe.rate_at(step, 10) for step in range(10)]
    assert rates[:3] == [0.5, 1.0, 1.0]
    assert rates[2:] == sorted(rates[2:], reverse=True)
    assert recipe.rate_at(10, 10) == 0


def test_a_model_without_weights_gets_more_epochs_and_larger_steps(tmp_path):
    architecture = preset("bert-tiny")[0].architecture
    fresh = recipe_for(Contestant("a", architecture), epochs=3, scratch_epochs=10, threads=2)
    loaded = Contestant("a", architecture, Weights(tmp_path, "x", "y"))
    tuned = recipe_for(loaded, epochs=3, scratch_epochs=10, threads=2)
    assert (fresh.epochs, tuned.epochs, fresh.threads) == (10, 3, 2)
    assert fresh.learning_rate > tuned.learning_rate


@pytest.mark.parametrize(("names", "ratio"), [(("bert-tiny", "bert-mini"), 2**0.5), (("minilm-6", "bert-base"), 4)])
def test_a_wider_model_takes_smaller_steps(names, ratio, tmp_path):
    weights = Weights(tmp_path, "x", "y") if ratio == 4 else None
    contestants = [Contestant(name, preset(name)[0].architecture, weights) for name in names]
    rates = [recipe_for(one, epochs=1, scratch_epochs=1, threads=1).learning_rate for one in contestants]
    assert rates[0] == pytest.approx(ratio * rates[1])


def test_no_epochs_are_refused():
    with pytest.raises(InputError, match="epochs must be at least 1, got 0"):
        FineTuning(0, 1e-3)
