"""Memory of training steps against what torch's autograd saves and what its operators keep alive."""

import random
from dataclasses import replace

import pytest
from memory_records import assert_kept_is_what_autograd_saves, recorded_peak

from search_spaces.candidate import HEAD_KINDS, Architecture, Candidate, HeadKind, Layer
from search_spaces.errors import SpaceError
from search_spaces.memory import Kept, Part, Place, training_memory
from search_spaces.memory.breakdown import bytes_by_layer, bytes_by_part
from search_spaces.presets import preset
from search_spaces.pruning import deployed_architecture

DROPOUTS = pytest.mark.parametrize("dropout", [0.0, 0.1], ids=["no dropout", "dropout"])


@DROPOUTS
@pytest.mark.parametrize("batch_size", [1, 3])
def test_every_place_keeps_what_autograd_saves(random_candidate, training, walk, spec, dropout, batch_size):
    rng = random.Random(1)
    for number in range(10):
        labelled = replace(spec, multi_label=number % 2 == 1)
        assert_kept_is_what_autograd_saves(random_candidate(rng), labelled, batch_size, dropout, training, walk)


@DROPOUTS
@pytest.mark.parametrize("heads", [1, 4])
@pytest.mark.parametrize("kind", HEAD_KINDS)
def test_every_kind_of_head_keeps_what_autograd_saves(training, walk, windows, kind, heads, dropout):
    candidate = Candidate(Architecture((Layer(32, (kind,) * heads, (8,)),)))
    assert_kept_is_what_autograd_saves(candidate, windows, 2, dropout, training, walk)


@DROPOUTS
@pytest.mark.parametrize("batches", [(1, 1), (6, 1), (6, 3)], ids=["one sequence", "one batch", "micro-batches"])
def test_the_peak_is_that_of_torchs_operators(random_candidate, training, operator_record, spec, dropout, batches):
    rng, (batch_size, micro_batches) = random.Random(2), batches
    for _ in range(4):
        candidate = random_candidate(rng)
        measured = recorded_peak(training(candidate, spec, batch_size, dropout), micro_batches, operator_record)
        memory = training_memory(candidate, spec, batch_size, micro_batches=micro_batches, dropout=dropout)
        assert memory.peak_bytes == measured


@DROPOUTS
@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize("kind", HEAD_KINDS)
def test_the_peak_inside_every_kind_of_head_is_that_of_torchs_operators(
    training, operator_record, windows, kind, heads, dropout
):
    long = replace(windows, length=5 * 60)
    first = HeadKind.COSINE if kind is not HeadKind.COSINE else HeadKind.FOURIER
    for group in ((kind,) * heads, (first, *(kind,) * heads)):
        candidate = Candidate(Architecture((Layer(12, group, (4,)),)))
        memory = training_memory(candidate, long, 8, dropout=dropout)
        assert memory.worst.part in (Part.ATTENTION, Part.NORM)
        assert memory.peak_bytes == recorded_peak(training(candidate, long, 8, dropout), 1, operator_record)


@DROPOUTS
def test_the_peak_of_what_pruning_leaves_is_that_of_torchs_operators(
    random_pruned, training, operator_record, spec, dropout
):
    rng = random.Random(9)
    for _ in range(4):
        left = Candidate(deployed_architecture(random_pruned(rng)))
        measured = recorded_peak(training(left, spec, 6, dropout), 1, operator_record)
        assert training_memory(left, spec, 6, dropout=dropout).peak_bytes == measured


def test_the_first_step_needs_no_more_than_the_others(random_candidate, training, operator_record, tokens):
    rng = random.Random(3)
    for _ in range(5):
        candidate = random_candidate(rng)
        first = recorded_peak(training(candidate, tokens, 2, 0.1), 1, operator_record, earlier=0)
        assert first <= training_memory(candidate, tokens, 2).peak_bytes


def test_gradients_and_the_optimizers_state_are_torchs(random_candidate, training, spec):
    rng = random.Random(4)
    for _ in range(5):
        candidate = random_candidate(rng)
        steps = training(candidate, spec, 2, 0.1)
        steps.step()
        state = [tensor for of_one in steps.optimizer.state.values() for tensor in of_one.values()]
        memory = training_memory(candidate, spec, 2)
        assert memory.gradient_bytes == sum(4 * parameter.grad.numel() for parameter in steps.model.parameters())
        assert memory.optimizer_bytes == sum(tensor.numel() * tensor.element_size() for tensor in state)


def test_micro_batches_divide_what_is_kept_and_nothing_else(random_candidate, windows):
    rng = random.Random(5)
    for _ in range(20):
        candidate = random_candidate(rng)
        whole, parts = (training_memory(candidate, windows, 32, micro_batches=number) for number in (1, 4))
        assert parts.kept == training_memory(candidate, windows, 8).kept
        loss_weight = 4  # the sum of cross entropy's weights, one number for each micro-batch
        assert whole.kept_bytes - loss_weight == 4 * (parts.kept_bytes - loss_weight)
        assert (parts.weights, parts.gradient_bytes) == (whole.weights, whole.gradient_bytes)
        assert parts.optimizer_bytes == whole.optimizer_bytes


def test_gradient_accumulation_saves_memory_where_activations_dominate():
    whole, parts = (training_memory(*preset("bert-tiny"), 256, micro_batches=number) for number in (1, 16))
    assert parts.peak_bytes < 0.5 * whole.peak_bytes


def test_attention_keeps_two_maps_of_every_head_with_dropout_and_none_without(tokens):
    candidate = Candidate(Architecture((Layer(16, (HeadKind.SCALED_DOT_PRODUCT,) * 4, (8,)),)))
    maps = {
        dropout: sum(s.bytes for s in training_memory(candidate, tokens, 5, dropout=dropout).kept if s.kept in kinds)
        for dropout, kinds in ((0.1, [Kept.ATTENTION_MAP]), (0.0, [Kept.ATTENTION_MAP, Kept.DROPOUT_MASK]))
    }
    assert maps == {0.1: 4 * 5 * 2 * 4 * 21 * 21, 0.0: 0}


def test_fourier_and_cosine_heads_keep_nothing_of_their_own(tokens):
    candidate = Candidate(Architecture((Layer(16, (HeadKind.FOURIER, HeadKind.COSINE), (8,)),)))
    kept = training_memory(candidate, tokens, 5, dropout=0.0).kept
    assert {share.kept for share in kept if share.place == Place(1, Part.ATTENTION)} == {Kept.LINEAR_INPUT}


def test_a_large_vocabulary_makes_the_optimizer_the_worst_place(tokens):
    candidate = Candidate(Architecture((Layer(16, (HeadKind.COSINE,) * 2, (8,)),)))
    memory = training_memory(candidate, replace(tokens, vocabulary=30000), 1)
    assert memory.worst == Place(None, Part.OPTIMIZER)


@pytest.mark.parametrize(("batch_size", "micro_batches"), [(0, 1), (4, 0), (4, 3)])
def test_batches_that_cannot_be_divided_are_refused(random_candidate, tokens, batch_size, micro_batches):
    with pytest.raises(SpaceError, match=f"multiple of micro_batches.*got {batch_size} and {micro_batches}"):
        training_memory(random_candidate(random.Random(6)), tokens, batch_size, micro_batches=micro_batches)


def test_a_dropout_of_one_is_refused(random_candidate, tokens):
    with pytest.raises(SpaceError, match="dropout"):
        training_memory(random_candidate(random.Random(7)), tokens, 4, dropout=1.0)


def test_json_and_sums_say_the_same(random_candidate, tokens):
    memory = training_memory(random_candidate(random.Random(8)), tokens, 4, micro_batches=2)
    payload = memory.to_json()
    assert sum(share["bytes"] for share in payload["kept"]) == payload["kept_bytes"] == memory.kept_bytes
    assert sum(bytes_by_part(memory.kept).values()) == memory.kept_bytes
    assert sum(bytes_by_layer(memory.kept).values()) == memory.kept_bytes
    assert payload["micro_batches"] == 2
    assert payload["peak_bytes"] == memory.peak_bytes
