from __future__ import annotations

import pytest
import torch

from protran.errors import InputError
from protran.features import FeatureMap
from protran.fewshot.probes import choose_probes
from search_spaces.presets import BERT_INPUT
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import DesignSpace, load_space


@pytest.fixture(scope="module")
def features() -> FeatureMap:
    return FeatureMap(load_space("flexibert-v2"), BERT_INPUT)


def test_probes_are_distinct_candidates_of_the_space(features: FeatureMap) -> None:
    probes = choose_probes(features, 8, 0)
    assert len({probe.key for probe in probes}) == 8
    assert all(features.space.contains(probe) for probe in probes)


def test_fewer_probes_are_the_first_of_more(features: FeatureMap) -> None:
    assert choose_probes(features, 12, 0)[:8] == choose_probes(features, 8, 0)


def test_another_seed_gives_other_probes(features: FeatureMap) -> None:
    assert choose_probes(features, 4, 0) != choose_probes(features, 4, 1)


def test_probes_reach_farther_than_as_many_drawn_at_random(features: FeatureMap) -> None:
    column = features.columns(["log_macs"])

    def spread(candidates: list) -> float:
        return float(torch.std(features.of_candidates(candidates)[:, column]))

    drawn = [spread(sample(features.space, 8, SamplingMethod.RANDOM, seed)) for seed in range(10)]
    assert spread(choose_probes(features, 8, 0)) > sorted(drawn)[5]


def test_from_a_pool_of_a_campaigns_seed_candidates_they_are_such(features: FeatureMap) -> None:
    begun_with = sample(features.space, 16, SamplingMethod.SOBOL, 7)
    assert {probe.key for probe in choose_probes(features, 8, 7, 16)} <= {candidate.key for candidate in begun_with}


@pytest.mark.parametrize("count", [1, 17])
def test_more_probes_than_the_sample_holds_or_fewer_than_two_are_refused(features: FeatureMap, count: int) -> None:
    with pytest.raises(InputError, match=f"expected 2 to 16 probes, as many as the sample holds, got {count}"):
        choose_probes(features, count, 0, 16)


def test_a_space_that_is_smaller_than_the_pool_is_the_pool() -> None:
    space = DesignSpace.from_json(
        {
            "name": "tiny",
            "layers": [1, 2],
            "hidden": [8],
            "heads": [1],
            "head_kinds": ["sa_sdp"],
            "stacks": [1],
            "feed_forward": [16],
        }
    )
    assert len(choose_probes(FeatureMap(space, BERT_INPUT), 2, 0)) == 2
