"""What structured sparsity leaves, against the rules applied one by one in whole numbers."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.candidate import HEAD_KINDS, Architecture, Candidate, HeadKind, Layer
from search_spaces.cost import count_candidate
from search_spaces.deployment import Deployment, LayerDeployment
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.pruning import deployed_architecture, kept, kept_heads, without_idle_sparsity

SDP, DCT = HeadKind.SCALED_DOT_PRODUCT, HeadKind.COSINE
LAYER = Layer(16, (SDP, SDP, SDP, DCT), (10, 7))
WINDOWS = InputSpec(InputKind.WINDOWS, length=20, classes=3, channels=2, patch=4)
QUARTERS = st.sampled_from([0.0, 0.25, 0.5, 0.75])


def stays(number, share):
    """Returns the number that stays, in exact arithmetic."""
    return max(int(number * (1 - Fraction(share)) + Fraction(1, 2)), min(number, 1))


def stays_by_kind(counts, share):
    total = sum(counts)
    left = stays(total, share)
    quotas = [Fraction(count * left, max(total, 1)) for count in counts]
    result = [int(quota) for quota in quotas]
    order = sorted(range(len(counts)), key=lambda kind: (result[kind] - quotas[kind], kind))
    for kind in order[: left - sum(result)]:
        result[kind] += 1
    return result


@given(st.integers(0, 200), QUARTERS)
def test_as_many_stay_as_the_share_leaves_but_never_none(number, share):
    assert kept(np.array(float(number)), share) == stays(number, share)


@given(st.lists(st.integers(0, 6), min_size=7, max_size=7), QUARTERS)
def test_kinds_of_heads_share_what_stays_by_largest_remainder(counts, share):
    expected = stays_by_kind(counts, share)
    assert kept_heads(np.array(counts, dtype=float), np.array(share)).tolist() == expected
    in_torch = kept_heads(torch.tensor(counts, dtype=torch.float64), torch.tensor(share, dtype=torch.float64))
    assert in_torch.tolist() == expected


def test_rows_of_many_layers_are_as_each_alone():
    counts = np.random.default_rng(0).integers(0, 5, (4, 3, len(HEAD_KINDS))).astype(float)
    shares = np.random.default_rng(1).choice([0.0, 0.25, 0.5], (4, 3))
    alone = [[kept_heads(counts[i, j], shares[i, j]) for j in range(3)] for i in range(4)]
    np.testing.assert_array_equal(kept_heads(counts, shares), alone)


def test_a_pruned_layer_has_fewer_heads_of_the_same_width_and_fewer_channels():
    candidate = Candidate(Architecture((LAYER,)), Deployment(layers=(LayerDeployment(0.5, 0.3),)))
    (layer,) = deployed_architecture(candidate).layers
    assert layer == Layer(16, (SDP, SDP), (7, 5), width=4)
    assert layer.head_width == LAYER.head_width


def test_a_candidate_that_loses_nothing_runs_its_own_architecture():
    architecture = Architecture((LAYER,))
    assert deployed_architecture(Candidate(architecture)) is architecture


def test_a_share_that_removes_nothing_is_idle():
    one_head = Layer(16, (SDP,), (10,))
    architecture = Architecture((one_head, LAYER))
    changes = (LayerDeployment(0.5, 0.01), LayerDeployment(0.5, 0.3))
    busy = without_idle_sparsity(Candidate(architecture, Deployment(layers=changes)))
    assert busy.deployment.layers == (LayerDeployment(), changes[1])
    assert without_idle_sparsity(busy) == busy


@pytest.mark.parametrize("change", [LayerDeployment(0.5), LayerDeployment(0.0, 0.5)])
def test_a_pruned_candidate_costs_less_than_the_whole_one(change):
    whole = count_candidate(Candidate(Architecture((LAYER,))), WINDOWS)
    pruned = count_candidate(Candidate(Architecture((LAYER,)), Deployment(layers=(change,))), WINDOWS)
    assert pruned.parameters < whole.parameters
    assert pruned.macs < whole.macs
    assert pruned.activation_bytes <= whole.activation_bytes
