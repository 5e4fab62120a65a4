import numpy as np

from protran.studies.arxiv_sample import DistinctSample


def sample(texts, limit, seed=0):
    found = DistinctSample(limit, seed)
    for place, text in enumerate(texts):
        found.offer(place, text, (place % 3,))
    return found


def test_without_a_limit_every_distinct_text_stays_with_its_first_labels():
    found = sample(["a", "b", "a", "c", "a"], None)
    assert [(kept.place, kept.text, kept.labels, kept.repeats) for kept in found] == [
        (0, "a", (0,), 2),
        (1, "b", (1,), 0),
        (3, "c", (0,), 0),
    ]
    assert found.dropped == 0


def test_a_limit_keeps_so_many_in_the_order_of_the_stream_and_counts_the_rest():
    found = sample([f"text {number}" for number in range(100)], 10)
    places = [kept.place for kept in found]
    assert len(places) == 10
    assert places == sorted(places)
    assert found.dropped == 90


def test_the_sample_does_not_depend_on_order_or_repeats():
    texts = [f"text {number}" for number in range(50)]
    once = {kept.text for kept in sample(texts, 8)}
    assert {kept.text for kept in sample(texts[::-1] + texts, 8)} == once


def test_every_offer_is_kept_repeated_or_dropped():
    generator = np.random.default_rng(0)
    texts = [f"text {number}" for number in generator.integers(0, 40, 300)]
    for limit in (3, 10, 39):
        found = sample(texts, limit)
        assert sum(1 + kept.repeats for kept in found) + found.dropped == 300


def test_equal_seeds_choose_alike_and_others_otherwise():
    texts = [f"text {number}" for number in range(100)]
    chosen = [[kept.text for kept in sample(texts, 10, seed)] for seed in (1, 1, 2)]
    assert chosen[0] == chosen[1] != chosen[2]


def test_every_place_of_the_stream_is_as_likely():
    counts = np.zeros(20)
    for seed in range(400):
        for kept in sample([f"text {number}" for number in range(20)], 5, seed):
            counts[kept.place] += 1
    expected = 400 * 5 / 20
    assert ((counts - expected) ** 2 / (expected * 15 / 20)).sum() < 45  # chi-square of 19 degrees; p below 0.001
