import pytest

from device_agents.counted_memory import counted_memory
from device_agents.measurement import UNAVAILABLE, ProfileRequest, Provenance
from device_agents.workload import Workload, WorkloadKind
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.cost import count_candidate
from search_spaces.deployment import Deployment
from search_spaces.errors import SpaceError
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.memory import training_memory

WINDOWS = InputSpec(InputKind.WINDOWS, length=30, classes=3, channels=3, patch=5)
CANDIDATE = Candidate(Architecture((Layer(16, (HeadKind.SCALED_DOT_PRODUCT,), (32,)),)))


def memory(workload, deployment=None):
    candidate = Candidate(CANDIDATE.architecture, deployment or Deployment())
    return counted_memory(ProfileRequest(candidate, WINDOWS, workload, "d"))


def test_inference_takes_the_weights_once_and_the_activations_of_every_sequence():
    cost = count_candidate(CANDIDATE, WINDOWS)
    counted = memory(Workload(batch_size=8))
    assert counted.value == cost.weight_bytes + 8 * cost.activation_bytes
    assert (counted.stderr, counted.provenance) == (0.0, Provenance.EXACT)


def test_a_training_step_takes_what_is_counted_for_one():
    counted = memory(Workload(WorkloadKind.TRAINING_STEP, 8, 2))
    assert counted.value == training_memory(CANDIDATE, WINDOWS, 8, micro_batches=2).peak_bytes


def test_a_training_step_in_half_precision_is_not_counted():
    step = Workload(WorkloadKind.TRAINING_STEP)
    assert memory(step, Deployment("bf16")) == UNAVAILABLE


def test_an_input_of_another_family_is_an_error():
    text = InputSpec(InputKind.TEXT, length=8, classes=10, vocabulary=10)
    with pytest.raises(SpaceError, match="decoder"):
        counted_memory(ProfileRequest(CANDIDATE, text, Workload(), "d"))
