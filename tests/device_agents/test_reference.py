import dataclasses
import json

import pytest

from device_agents.reference import (
    BASE,
    POSITIONS,
    WIDTHS,
    ReferenceLatency,
    ReferenceSize,
    known_latency,
    reference_model,
    reference_size,
)
from device_agents.workload import Workload
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.cost import count_candidate
from search_spaces.deployment import Deployment, LayerDeployment
from search_spaces.input_spec import InputKind, InputSpec

LATENCY = ReferenceLatency(0.0012, 1e-6, 0.9, contended=False)
WINDOWS = InputSpec(InputKind.WINDOWS, length=150, classes=7, channels=3, patch=5)


def model(*layers):
    return Candidate(Architecture(tuple(Layer(*layer) for layer in layers)))


def test_the_base_reference_does_not_change():
    candidate, input_spec = reference_model()
    assert len(candidate.architecture.layers) == 3
    assert input_spec.sequence_length == 32
    # Every stored latency leans on this model: a change needs a new REFERENCE_VERSION and PROCEDURE_VERSION.
    assert (candidate.key, input_spec.key) == ("fe16e37e149a7e41f43f", "aea61f0360d663d2f037")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("positions", POSITIONS)
def test_each_reference_goes_beside_itself(width, positions):
    size = ReferenceSize(width, positions)
    candidate, input_spec = reference_model(size)
    assert reference_size(candidate, input_spec, Workload()) == size
    assert candidate.deployment.threads == 1


@pytest.mark.parametrize(
    ("layers", "width"),
    [
        ([(16, (HeadKind.SCALED_DOT_PRODUCT,) * 2, (32,))], 32),
        ([(64, (HeadKind.CONVOLUTION_5,) * 4, (128, 128))] * 4, 64),
        ([(128, (HeadKind.WEIGHTED_MULTIPLICATIVE,) * 4, (256,))] * 2, 128),
        ([(768, (HeadKind.SCALED_DOT_PRODUCT,) * 12, (3072,))] * 12, 768),
        ([(128, (HeadKind.FOURIER,) * 2, (128,)), (512, (HeadKind.FOURIER,) * 2, (1024,))], 256),
    ],
)
def test_a_candidate_gets_the_reference_of_its_width(layers, width):
    assert reference_size(model(*layers), WINDOWS, Workload()) == ReferenceSize(width, 32)


def test_a_pruned_candidate_gets_the_reference_of_what_is_left():
    layer = (256, (HeadKind.SCALED_DOT_PRODUCT,) * 8, (1024,))
    pruned = Candidate(model(layer).architecture, Deployment(layers=(LayerDeployment(0.75, 0.75),)))
    assert reference_size(model(layer), WINDOWS, Workload()).width == 256
    assert reference_size(pruned, WINDOWS, Workload()).width == 128  # a quarter of the weights


def test_a_batch_counts_as_that_many_positions():
    candidate = model((64, (HeadKind.SCALED_DOT_PRODUCT,) * 2, (256,)))
    assert reference_size(candidate, WINDOWS, Workload(batch_size=8)).positions == 256
    assert reference_size(candidate, WINDOWS, Workload(batch_size=1000)).positions == 512


def test_the_base_reference_is_small_enough_for_every_device():
    assert count_candidate(*reference_model(BASE)).weight_bytes < 1_000_000


def test_a_larger_reference_keeps_the_bases_scale_and_adds_the_error_of_its_ratio():
    larger = LATENCY.times(4.0, 0.02)
    assert larger.latency_s == pytest.approx(0.0048)
    assert larger.stderr_s / larger.latency_s == pytest.approx(LATENCY.stderr_s / LATENCY.latency_s)
    assert larger.ratio_stderr == pytest.approx(0.005)


def test_a_reference_latency_survives_json():
    latency = dataclasses.replace(LATENCY, ratio_stderr=0.01)
    assert ReferenceLatency.from_json(json.loads(json.dumps(latency.to_json()))) == latency


def test_the_latency_of_an_older_reference_is_not_used():
    assert known_latency(LATENCY.to_json()) == LATENCY
    assert known_latency({"latency_s": 0.001, "stderr_s": 1e-6, "clean_share": 1.0, "contended": False}) is None
    assert known_latency({}) is known_latency(None) is None
