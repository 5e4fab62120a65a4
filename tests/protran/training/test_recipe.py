import pytest

from protran.errors import InputError
from protran.training.recipe import Recipe, learning_rate_at


def test_the_default_recipe_is_an_empty_object():
    assert Recipe().to_json() == {}


def test_json_gives_the_recipe_again():
    recipe = Recipe(batch_size=32, masking=0.0)
    assert Recipe.from_json(recipe.to_json()) == recipe


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        ({"momentum": 0.9}, "unknown field 'momentum'; known are batch_size"),
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1, got 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be a number from"),
        ({"dropout": "much"}, "dropout must be a number from 0 to 0.9, got 'much'"),
        ([], "expected a JSON object, got list"),
    ],
)
def test_a_bad_recipe_is_one_sentence(payload, sentence):
    with pytest.raises(InputError, match=sentence):
        Recipe.from_json(payload)


def test_the_learning_rate_rises_to_its_peak_and_falls_towards_zero():
    recipe = Recipe(learning_rate=0.01, warm_up=0.2)
    rates = [learning_rate_at(step, 100, recipe, hidden=32) for step in range(100)]
    assert max(rates) == rates[19] == rates[20] == pytest.approx(0.01)
    assert rates[:20] == sorted(rates[:20])
    assert rates[20:] == sorted(rates[20:], reverse=True)
    assert 0 < rates[-1] < 1e-5


def test_wider_models_learn_more_slowly():
    assert learning_rate_at(50, 100, Recipe(), 128) == pytest.approx(learning_rate_at(50, 100, Recipe(), 32) / 2)


@pytest.mark.parametrize(("depth", "share"), [(1, 1.0), (4, 1.0), (8, 0.5), (12, 1 / 3)])
def test_models_deeper_than_four_layers_learn_more_slowly(depth, share):
    usual = learning_rate_at(50, 100, Recipe(), 32)
    assert learning_rate_at(50, 100, Recipe(), 32, depth) == pytest.approx(usual * share)
