from __future__ import annotations

import numpy as np
import pytest
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from protran.integration.optuna.axes import axis_of
from protran.integration.optuna.cube import ParameterCube

DISTRIBUTIONS = [
    FloatDistribution(-2.0, 3.0),
    FloatDistribution(-1e308, 1e308),
    FloatDistribution(1e-300, 1e300, log=True),
    FloatDistribution(0.1, 10.2, step=0.1),
    IntDistribution(-3, 9),
    IntDistribution(-3, 9, step=3),
    IntDistribution(1, 1000, log=True),
    IntDistribution(0, 2**40),
    CategoricalDistribution(["a", None, 3]),
]


@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=str)
def test_drawn_places_are_valid_and_come_back_as_their_values(distribution: BaseDistribution) -> None:
    axis = axis_of(distribution)
    places = axis.spread(np.linspace(0.0, 1.0 - 1e-12, 50))
    assert places.shape == (50, axis.width)
    assert ((places >= 0) & (places <= 1)).all()
    for place in places:
        internal = distribution.to_internal_repr(axis.value(place))
        assert distribution._contains(internal)
        assert axis.place(internal) == pytest.approx(place, abs=1e-9)
    assert axis.snap(places) == pytest.approx(places, abs=1e-9)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=str)
def test_neighbours_are_other_valid_values(distribution: BaseDistribution) -> None:
    axis = axis_of(distribution)
    (place,) = axis.spread(np.array([0.3]))
    here = axis.value(place)
    near = [axis.value(other) for other in axis.neighbours(place)]
    assert here not in near
    assert all(distribution._contains(distribution.to_internal_repr(value)) for value in near)
    assert bool(near) is not (isinstance(distribution, FloatDistribution) and distribution.step is None)


def test_steps_are_drawn_equally_often() -> None:
    axis = axis_of(IntDistribution(0, 3))
    drawn = [axis.value(place) for place in axis.spread(np.linspace(0.0005, 0.9995, 1000))]
    assert [drawn.count(value) for value in range(4)] == [250] * 4


def test_a_point_of_several_parameters_is_decoded_and_encoded() -> None:
    cube = ParameterCube({str(number): distribution for number, distribution in enumerate(DISTRIBUTIONS)})
    (point,) = cube.spread(np.full((1, cube.parameters), 0.4))
    values = cube.decode(point)
    internal = {name: cube.search_space[name].to_internal_repr(value) for name, value in values.items()}
    assert cube.encode(internal) == pytest.approx(point, abs=1e-9)
    varied = cube.vary(np.tile(point, (20, 1)), np.random.default_rng(0))
    assert cube.snap(varied) == pytest.approx(varied, abs=1e-9)
    assert (varied != point).any(axis=1).sum() > 15
