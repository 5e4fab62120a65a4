"""Counted memory against the resident memory of a process that runs the workload."""

import json
import os
import subprocess
import sys

import pytest

from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.memory import inference_memory, training_memory

MIXED = (
    *(HeadKind.SCALED_DOT_PRODUCT, HeadKind.SCALED_DOT_PRODUCT, HeadKind.WEIGHTED_MULTIPLICATIVE, HeadKind.FOURIER),
    *(HeadKind.COSINE, HeadKind.CONVOLUTION_9, HeadKind.CONVOLUTION_9, HeadKind.CONVOLUTION_9),
)
DEEP = Candidate(Architecture((Layer(256, MIXED, (1024,)),) * 4))
WORDS = InputSpec(InputKind.TOKENS, length=128, classes=3, vocabulary=8000)
LONG = Candidate(Architecture((Layer(256, (HeadKind.SCALED_DOT_PRODUCT,) * 8, (256,)),) * 2))
PAGES = InputSpec(InputKind.TOKENS, length=2048, classes=3, vocabulary=100)

MEASURE = """
import json, sys
from device_agents.runner.process_memory import peak_resident_bytes, reset_peak, resident_bytes
from device_agents.runner.torch_runtime import load_subject
from device_agents.workload import Workload
from search_spaces.candidate import Candidate
from search_spaces.input_spec import InputSpec

small, large, spec, workload = json.loads(sys.argv[1])
def load(candidate, spec, workload):
    return load_subject(Candidate.from_json(candidate), InputSpec.from_json(spec), Workload.from_json(workload))
load(small, {**spec, "length": 8}, workload).call()  # libraries load lazily
before = resident_bytes()
subject = load(large, spec, workload)
subject.prepare()
subject.call()
reset_peak()
subject.call()
print(peak_resident_bytes() - before)
"""


def resident(candidate, spec, **workload) -> int:
    """Returns by how many bytes a process grows at its worst moment of the second call."""
    small = Candidate(Architecture((Layer(16, tuple(HeadKind), (16,)),)))
    argument = json.dumps([small.to_json(), candidate.to_json(), spec.to_json(), workload])
    # Without this, the C library keeps freed blocks for later, and the process grows by 15 % more.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", MEASURE, argument]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=200)
    return int(done.stdout)


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]


@pytest.mark.parametrize("micro_batches", [1, 4])
def test_a_process_grows_by_what_a_training_step_is_counted_to_need(micro_batches):
    counted = training_memory(DEEP, WORDS, 16, micro_batches=micro_batches).peak_bytes
    grown = resident(DEEP, WORDS, kind="training-step", batch_size=16, micro_batches=micro_batches)
    assert 0.98 * counted <= grown <= 1.02 * counted + 8_000_000  # scratch memory inside operators is not counted


def test_a_process_never_holds_the_attention_maps_of_inference():
    memory = inference_memory(LONG, PAGES, 2)
    grown = resident(LONG, PAGES, kind="inference", batch_size=2)
    assert 0.98 * memory.total_bytes <= grown <= 1.02 * memory.total_bytes + 8_000_000
    assert grown < 0.25 * memory.attention_map_bytes
