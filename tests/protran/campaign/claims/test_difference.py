from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from protran.campaign.claims.difference import PairedErrors, pooled_spread
from protran.training.recordings import RecordingCounts


def test_two_models_alone_are_compared_by_the_paired_t_test() -> None:
    ours, theirs = (0.21, 0.25, 0.20), (0.22, 0.20, 0.19)
    found = PairedErrors({"a": ours, "b": theirs}, 0.95).difference("a", "b")
    test = stats.ttest_rel(ours, theirs)
    assert found.value == pytest.approx(0.05 / 3)
    assert found.value / (found.stderr or 0) == pytest.approx(test.statistic)
    assert found.freedom == 2
    assert found.reach == pytest.approx((found.stderr or 0) * stats.t.ppf(0.95, 2))


def test_the_spread_is_the_residual_of_a_block_design() -> None:
    # by hand: rows 1 2 3, 2 4 6 have means 2, 4; columns 1.5, 3, 4.5; all 3: residuals .5 0 -.5 and -.5 0 .5
    spread, freedom = pooled_spread([(1.0, 2.0, 3.0), (2.0, 4.0, 6.0)])
    assert (spread, freedom) == (pytest.approx(np.sqrt(1.0 / 2)), 2)


def test_what_a_seed_does_to_all_models_alike_is_no_spread() -> None:
    found = PairedErrors({"a": (0.2, 0.3), "b": (0.25, 0.35)}, 0.95).difference("b", "a")
    assert found.stderr == pytest.approx(0.0, abs=1e-12)
    assert found.worse and not found.better


def test_equal_models_are_called_worse_as_rarely_as_the_confidence_says() -> None:
    generator, worse = np.random.default_rng(5), 0
    for _ in range(3000):
        errors = 0.2 + generator.normal(0, 0.02, (7, 2)) + generator.normal(0, 0.05, 2)
        named = {str(number): tuple(row) for number, row in enumerate(errors)}
        worse += PairedErrors(named, 0.95).difference("0", "1").worse
    assert worse / 3000 == pytest.approx(0.05, abs=0.012)


def test_one_seed_tells_no_error_and_only_what_is_not_above_counts_as_equal() -> None:
    errors = PairedErrors({"a": (0.2,), "b": (0.21,)}, 0.95)
    assert errors.difference("a", "b").not_worse
    assert not errors.difference("b", "a").not_worse
    assert not errors.difference("a", "b").better
    assert errors.difference("a", "b").to_json()["at_most"] is None


def test_one_training_in_two_deployments_differs_by_nothing() -> None:
    found = PairedErrors({"a": (0.2, 0.3), "b": (0.1, 0.4)}, 0.95).difference("a", "a", (0.1, 0.1))
    assert (found.value, found.stderr, found.unshared_stderr) == (0.0, 0.0, 0.0)
    assert found.not_worse and not found.better


def test_the_largest_error_is_that_of_independent_recordings() -> None:
    found = PairedErrors({"a": (0.2, 0.3), "b": (0.1, 0.4)}, 0.95).difference("a", "b", (0.03, 0.04))
    assert found.to_json()["stderr_if_nothing_shared"] == pytest.approx(0.05)


def test_recordings_add_what_they_differ_by_and_only_to_the_limit_on_others() -> None:
    errors, total = {"a": (0.25, 0.35), "b": (0.2, 0.3)}, (20,) * 8
    ours, theirs = RecordingCounts((10, 18, 12, 16) * 2, total), RecordingCounts((14, 16, 18, 16) * 2, total)
    kept = PairedErrors(errors, 0.95, {"a": ours, "b": theirs}).difference("a", "b")
    shares = (np.array(ours.correct) - np.array(theirs.correct)) / 20  # of recordings of equal size
    assert kept.recordings_stderr == pytest.approx(shares.std(ddof=1) / np.sqrt(8))
    assert kept.elsewhere == pytest.approx(np.hypot(kept.reach or 0, stats.t.ppf(0.95, 7) * kept.recordings_stderr))
    alone = PairedErrors(errors, 0.95).difference("a", "b")
    assert (kept.value, kept.stderr, kept.reach) == (alone.value, alone.stderr, alone.reach)
    assert (alone.recordings_stderr, alone.elsewhere) == (None, None)


@pytest.mark.parametrize("theirs", [None, RecordingCounts((1, 2), (4, 5)), RecordingCounts((1,), (4,))])
def test_nothing_is_said_of_other_recordings_where_they_cannot_be_paired(theirs: RecordingCounts | None) -> None:
    ours = (
        RecordingCounts((1,), (4,))
        if theirs is not None and len(theirs.total) == 1
        else RecordingCounts((1, 1), (4, 4))
    )
    kept = {"a": ours} if theirs is None else {"a": ours, "b": theirs}
    found = PairedErrors({"a": (0.2, 0.3), "b": (0.1, 0.4)}, 0.95, kept).difference("a", "b")
    assert (found.recordings_stderr, found.to_json()["at_most_on_other_recordings"]) == (None, None)
