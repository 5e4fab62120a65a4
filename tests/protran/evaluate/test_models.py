from __future__ import annotations

import pytest

from protran.errors import InputError
from protran.evaluate.models import MODELS, check_models, models_with
from surrogates.base import Surrogate


def test_every_model_is_a_surrogate_of_its_own() -> None:
    made = [make() for make in (*MODELS.values(), *MODELS.values())]
    assert all(isinstance(surrogate, Surrogate) for surrogate in made)
    assert len({id(surrogate) for surrogate in made}) == len(made)


def test_names_are_kept_once_and_in_order() -> None:
    assert check_models(["gp", "auto", "gp"]) == ("gp", "auto")


@pytest.mark.parametrize("names", [[], ["gp", "oracle"]])
def test_unknown_or_no_models_are_refused(names: list[str]) -> None:
    with pytest.raises(InputError, match="expected models among auto, gp"):
        check_models(names)


def test_latency_and_energy_are_modelled_jointly_where_both_are_there() -> None:
    assert "joint" in models_with((), 0, ("peak_power_w", "energy_j", "latency_s"))
    assert "joint" not in models_with((), 0, ("energy_j", "peak_power_w"))
