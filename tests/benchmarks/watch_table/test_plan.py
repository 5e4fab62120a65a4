"""Which candidates a table has, and the order of the work on them."""

import pytest

from benchmarks.watch_table.plan import design_space, planned, profile_order, training_order
from protran.errors import InputError


def test_a_longer_table_begins_with_the_candidates_of_a_shorter_one():
    longer = planned(60)
    assert planned(25) == longer[:25]
    assert len({candidate.key for candidate in longer}) == 60
    assert all(design_space().why_not(candidate) is None for candidate in longer)


@pytest.mark.parametrize("count", [0, 1025])
def test_a_table_of_no_or_too_many_candidates_is_refused(count):
    with pytest.raises(InputError, match="1 to 1024 candidates"):
        planned(count)


def test_every_candidate_is_trained_once_before_any_is_trained_twice():
    assert training_order(3, 2) == [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]


def test_no_seed_is_refused():
    with pytest.raises(InputError, match="at least 1 seed"):
        training_order(3, 0)


def test_every_candidate_is_profiled_once_before_any_twice_each_time_in_another_order():
    order = profile_order(20, range(2))
    first, second = [n for n, repeat in order[:20] if repeat == 0], [n for n, repeat in order[20:] if repeat == 1]
    assert sorted(first) == sorted(second) == list(range(20))
    assert first != second
    assert profile_order(20, range(2)) == order
