import numpy as np

from protran.training.subset import stratified_share

LABELS = np.repeat([0, 1, 2], [60, 30, 1])


def test_a_share_keeps_the_proportions_and_at_least_one_of_every_class():
    assert np.bincount(LABELS[stratified_share(LABELS, 0.5, 0)]).tolist() == [30, 15, 1]


def test_the_whole_is_everything_in_order():
    assert stratified_share(LABELS, 1.0, 0).tolist() == list(range(91))


def test_equal_seeds_draw_alike_and_others_do_not():
    assert np.array_equal(stratified_share(LABELS, 0.5, 1), stratified_share(LABELS, 0.5, 1))
    assert not np.array_equal(stratified_share(LABELS, 0.5, 1), stratified_share(LABELS, 0.5, 2))
