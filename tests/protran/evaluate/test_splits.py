from __future__ import annotations

import numpy as np
import pytest

from protran.errors import InputError
from protran.evaluate.splits import TrainSize, draw_split


@pytest.mark.parametrize(
    ("text", "rows"), [("8", 8), (" 2 ", 2), ("191", 191), ("1.0", 191), ("0.5", 96), ("1e-1", 19)]
)
def test_a_size_is_a_number_of_rows_or_a_fraction_of_the_training_part(text: str, rows: int) -> None:
    assert TrainSize.parse(text).rows(191) == rows


@pytest.mark.parametrize("text", ["1", "0", "-8", "1.5", "0.0", "nan", "all", ""])
def test_a_text_that_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="expected training sizes of 2 rows or more"):
        TrainSize.parse(text)


@pytest.mark.parametrize(("text", "got"), [("192", 192), ("0.001", 0)])
def test_a_size_that_the_training_part_cannot_give_is_refused(text: str, got: int) -> None:
    with pytest.raises(InputError, match=f"2 to 191 rows .* got {got}"):
        TrainSize.parse(text).rows(191)


def test_train_and_test_rows_are_disjoint_and_complete() -> None:
    split = draw_split(239, 0.2, seed=3, repeat=1)
    assert (len(split.train), len(split.test)) == (191, 48)
    assert sorted(np.concatenate([split.train, split.test]).tolist()) == list(range(239))


def test_a_split_depends_on_seed_and_repeat_alone() -> None:
    drawn = {(seed, repeat): draw_split(50, 0.2, seed, repeat).test.tolist() for seed in (0, 1) for repeat in (0, 1)}
    assert all(draw_split(50, 0.2, *key).test.tolist() == rows for key, rows in drawn.items())
    assert len({tuple(rows) for rows in drawn.values()}) == 4


@pytest.mark.parametrize("fraction", [0.0, 0.1, 0.9, 1.5, -1.0])
def test_a_fraction_that_leaves_a_side_empty_is_refused(fraction: float) -> None:
    with pytest.raises(InputError, match="at least 2 of 10 rows on both sides"):
        draw_split(10, fraction, seed=0, repeat=0)
