from __future__ import annotations

import math
from functools import partial

import pytest
import torch

from surrogates.base import Surrogate
from surrogates.errors import SurrogateError
from surrogates.hetero_gp import HeteroscedasticGP
from surrogates.input_search import Way, ascend, nearest, optimistic, query, spread_starts
from surrogates.prediction import Prediction

BOX = torch.tensor([[-10.0, 0.0], [30.0, 0.5]]).double()


def hills(x):
    """A low hill at (0, 0.1) and a high one at (20, 0.4)."""
    scaled = x / torch.tensor([40.0, 0.5])
    low, high = torch.tensor([0.0, 0.2]), torch.tensor([0.5, 0.8])
    return sum(height * torch.exp(-(scaled - top).square().sum(-1) / 0.02) for height, top in ((1.0, low), (2.0, high)))


def test_the_higher_hill_is_found_first():
    summits = ascend(hills, BOX)
    assert summits.points[0].tolist() == pytest.approx([20.0, 0.4], rel=1e-3)
    assert summits.values[0].item() == pytest.approx(2.0, rel=1e-4)
    assert (summits.values.diff() <= 0).all()


def test_a_climb_from_a_given_start_ends_on_the_hill_beside_it():
    summits = ascend(hills, BOX, starts=torch.tensor([[2.0, 0.12]]))
    assert summits.points[0].tolist() == pytest.approx([0.0, 0.1], abs=0.05)


def test_climbs_stay_inside_the_box_and_reach_its_edge_where_the_slope_goes_on():
    summits = ascend(lambda x: x[:, 0] - 100 * (x[:, 1] - 0.2).square(), BOX)
    assert summits.points[0].tolist() == pytest.approx([30.0, 0.2], abs=1e-3)
    assert ((summits.points >= BOX[0]) & (summits.points <= BOX[1])).all()


def test_no_climb_ends_below_its_start():
    starts = spread_starts(BOX, 8, seed=4)
    wavy = lambda x: (40 * x[:, 1]).sin() + (x[:, 0] / 3).cos()  # noqa: E731
    for start in starts.split(1):
        assert ascend(wavy, BOX, starts=start, steps=10).values[0] >= wavy(start)[0]


def test_a_coordinate_without_a_range_keeps_its_value():
    bounds = torch.tensor([[2.0, 0.0], [2.0, 1.0]]).double()
    summits = ascend(lambda x: -(x[:, 1] - 0.3).square() + x[:, 0], bounds, steps=60)
    assert summits.points[0].tolist() == pytest.approx([2.0, 0.3], abs=1e-3)


def test_equal_seeds_climb_to_equal_points():
    first, again = (ascend(hills, BOX, steps=20, seed=3) for _ in range(2))
    assert torch.equal(first.points, again.points)


def test_the_argument_starts_are_left_alone():
    starts = torch.tensor([[2.0, 0.12]]).double()
    before = starts.clone()
    ascend(hills, BOX, starts=starts, steps=5)
    assert torch.equal(starts, before)


def test_a_start_without_a_finite_value_does_not_spoil_the_others():
    starts = torch.tensor([[-5.0, 0.1], [4.0, 0.1]])
    summits = ascend(lambda x: -(x[:, 0].log() - 2).square(), BOX, starts=starts)
    assert summits.points[0, 0].item() == pytest.approx(math.e**2, rel=1e-3)
    assert summits.values[1] == -math.inf


def test_an_acquisition_that_is_finite_nowhere_is_refused():
    with pytest.raises(SurrogateError, match="finite somewhere, got none"):
        ascend(lambda x: x[:, 0] * torch.nan, BOX, steps=3)


@pytest.mark.parametrize("bounds", [[[0.0], [-1.0]], [[0.0], [math.inf]]])
def test_bounds_that_are_no_box_are_refused(bounds):
    with pytest.raises(SurrogateError, match="expected finite bounds"):
        ascend(lambda x: x[:, 0], torch.tensor(bounds))


def test_the_nearest_row_is_taken_once_only_and_by_shares_of_each_range():
    pool = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 0.4]]).double()
    points = torch.tensor([[8.0, 0.05], [8.0, 0.05], [0.0, 0.1]]).double()
    assert nearest(points, pool, BOX) == [1, 0, 2]


def test_more_points_than_rows_are_refused():
    with pytest.raises(SurrogateError, match="at most 1 points, one per row, got 2"):
        nearest(torch.zeros(2, 2), torch.zeros(1, 2), BOX)


class Guess(Surrogate):
    """Believes that the output is the first coordinate, with a deviation of the second."""

    fit = save = load = None

    def predict(self, x):
        return Prediction(x[:, :1], 0.36 * x[:, 1:].square(), 0.64 * x[:, 1:].square())


def test_the_optimistic_acquisition_is_the_mean_with_so_many_deviations():
    x = torch.tensor([[3.0, 0.5]]).double()
    assert optimistic(Guess(), boldness=2.0)(x).item() == pytest.approx(-3.0 + 2.0 * 0.5)
    assert optimistic(Guess(), boldness=2.0, sign=1.0)(x).item() == pytest.approx(3.0 + 2.0 * 0.5)


def pool_of(count: int):
    return torch.rand(count, 2, generator=torch.Generator().manual_seed(5), dtype=torch.float64)


def bowl(x):
    return -(x - 0.4).square().sum(-1)


@pytest.fixture
def ways(monkeypatch) -> dict[Way, list[int]]:
    """The rows that 300 questions chose, by way, with very short climbs."""
    monkeypatch.setattr("surrogates.input_search.ascend", partial(ascend, steps=3))
    found: dict[Way, list[int]] = {way: [] for way in Way}
    for seed in range(300):
        row, way = query(bowl, lambda x: x[:, 0], pool_of(8), [0, 1, 2], seed=seed)
        found[way].append(row)
    return found


def test_four_of_five_questions_climb_and_one_of_ten_each_seeks_ignorance_or_the_lot(ways):
    shares = {way: len(rows) / 300 for way, rows in ways.items()}
    assert shares[Way.ASCENT] == pytest.approx(0.8, abs=0.06)
    assert shares[Way.UNCERTAINTY] == pytest.approx(0.1, abs=0.05)
    assert shares[Way.DIVERSITY] == pytest.approx(0.1, abs=0.05)


def test_each_way_chooses_its_own_row_and_none_that_was_measured(ways):
    pool, open_rows = pool_of(8), set(range(3, 8))
    assert set(ways[Way.ASCENT]) <= open_rows
    assert set(ways[Way.UNCERTAINTY]) == {max(open_rows, key=lambda row: pool[row, 0].item())}
    assert set(ways[Way.DIVERSITY]) == open_rows


def test_the_row_nearest_to_the_summit_is_asked_for():
    pool = pool_of(30)
    row, way = query(bowl, bowl, pool, [0], seed=1)
    assert way is Way.ASCENT
    assert row == max(range(1, 30), key=lambda row: bowl(pool[row]).item())


def test_a_pool_that_was_measured_whole_is_refused():
    with pytest.raises(SurrogateError, match="rows not yet measured, got 2 measured"):
        query(bowl, bowl, pool_of(2), [0, 1])


def test_a_gaussian_process_is_climbed_to_where_it_promises_the_least():
    x = pool_of(30)
    surrogate = HeteroscedasticGP()
    surrogate.fit(x, (1.0 + (x - torch.tensor([0.3, 0.7])).square().sum(-1, keepdim=True)))
    bounds = torch.tensor([[0.0, 0.0], [1.0, 1.0]])
    summit = ascend(optimistic(surrogate, boldness=0.1), bounds, steps=60).points[0]
    assert summit.tolist() == pytest.approx([0.3, 0.7], abs=0.08)
