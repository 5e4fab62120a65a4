from __future__ import annotations

import re

import pytest

from protran.report.memory_parts import MemoryPart, inference_parts, place_words, training_parts
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.memory import Part, Place, inference_memory, training_memory

SDP, DFT = HeadKind.SCALED_DOT_PRODUCT, HeadKind.FOURIER
SPEC = InputSpec(InputKind.WINDOWS, length=60, classes=4, channels=3, patch=5)
SMALL, LARGE = Layer(16, (SDP, SDP), (32,)), Layer(24, (SDP, DFT), (96,))
MIXED = Candidate(Architecture((SMALL, SMALL, SMALL, LARGE)))


def below(rows: list[MemoryPart], label: str) -> list[MemoryPart]:
    """Returns the rows of level 1 below the row of this label."""
    start = [row.label for row in rows].index(label) + 1
    end = next(place for place in range(start, len(rows)) if rows[place].level == 0)
    return rows[start:end]


def summed(rows: list[MemoryPart]) -> int:
    """Returns the bytes of all rows, those of several layers so many times; attention maps are in the layers."""
    total = 0
    for row in rows:
        several = re.fullmatch(r"layers (\d+)-(\d+), each", row.label)
        times = int(several[2]) - int(several[1]) + 1 if several else 1
        total += 0 if "attention maps" in row.label else times * row.bytes
    return total


def labelled(rows: list[MemoryPart]) -> dict[str, int]:
    return {row.label: row.bytes for row in rows if row.level == 0}


def test_the_rows_of_inference_are_the_counted_totals() -> None:
    memory = inference_memory(MIXED, SPEC, 2)
    assert labelled(inference_parts(memory)) == {
        "weights": memory.weight_bytes,
        "activations": memory.activation_bytes,
        "peak": memory.total_bytes,
        "attention maps": memory.attention_map_bytes,
    }


def test_the_rows_of_a_training_step_are_the_counted_totals() -> None:
    memory = training_memory(MIXED, SPEC, 4, micro_batches=2)
    assert labelled(training_parts(memory)) == {
        "weights": memory.weight_bytes,
        "gradients": memory.gradient_bytes,
        "optimizer": memory.optimizer_bytes,
        "activations": memory.kept_bytes,
        "peak": memory.peak_bytes,
    }


@pytest.mark.parametrize("label", ["weights", "activations"])
def test_what_is_in_a_part_of_a_training_step_adds_up_to_it(label: str) -> None:
    rows = training_parts(training_memory(MIXED, SPEC, 4))
    assert summed(below(rows, label)) == labelled(rows)[label]


def test_the_largest_layer_of_inference_is_its_activations() -> None:
    rows = inference_parts(inference_memory(MIXED, SPEC))
    assert max(row.bytes for row in below(rows, "activations")) == labelled(rows)["activations"]


def test_equal_layers_that_follow_each_other_are_one_row() -> None:
    rows = inference_parts(inference_memory(MIXED, SPEC))
    assert [row.label for row in below(rows, "activations")] == ["layers 1-3, each", "layer 4"]
    weights = [row.label for row in below(rows, "weights") if row.label.startswith("layer")]
    assert weights == ["layers 1-2, each", "layer 3", "layer 4"]  # the third also passes on to another hidden size


def test_attention_maps_of_training_are_a_part_of_its_activations() -> None:
    memory = training_memory(MIXED, SPEC, 4)
    (maps,) = [row for row in training_parts(memory) if row.label == "of them attention maps"]
    # Softmax, and what dropout leaves of it: two maps for each of the 7 heads that have one, for 4 sequences.
    assert maps.bytes == 4 * 2 * 7 * 4 * SPEC.sequence_length**2


def test_a_model_without_attention_maps_has_no_row_of_them() -> None:
    fourier = Candidate(Architecture((Layer(16, (DFT,), (32,)),)))
    assert not [row for row in training_parts(training_memory(fourier, SPEC, 2)) if "maps" in row.label]


def test_the_peak_says_where_it_is() -> None:
    memory = training_memory(MIXED, SPEC, 64)
    (peak,) = [row for row in training_parts(memory) if row.label == "peak"]
    assert peak.note == f"in {place_words(memory.worst)}"
    wide = Candidate(Architecture((Layer(512, (SDP,), (2048,)),)))
    (peak,) = [row for row in training_parts(training_memory(wide, SPEC, 1)) if row.label == "peak"]
    assert peak.note == "while the optimizer steps"


@pytest.mark.parametrize(
    ("place", "words"),
    [(Place(3, Part.FEED_FORWARD), "layer 3, feed-forward"), (Place(None, Part.CLASSIFIER), "classifier")],
)
def test_a_place_is_named_by_layer_and_part(place: Place, words: str) -> None:
    assert place_words(place) == words
