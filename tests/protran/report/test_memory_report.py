from __future__ import annotations

import pytest

from device_agents.workload import Workload, WorkloadKind
from protran.report.memory_report import MemoryReport, accumulations
from search_spaces.candidate import Candidate
from search_spaces.cost import count_candidate, memory_bytes
from search_spaces.deployment import Deployment, Precision, Runtime
from search_spaces.memory import inference_memory, training_memory
from search_spaces.presets import preset

CANDIDATE, SPEC = preset("t1")


@pytest.mark.parametrize(
    ("batch", "numbers"), [(1, [1]), (2, [1, 2]), (8, [1, 2, 4, 8]), (12, [1, 2, 4, 12]), (7, [1, 7])]
)
def test_a_batch_is_cut_in_halves_as_often_as_it_goes_and_then_into_sequences(batch: int, numbers: list[int]) -> None:
    assert [step.micro_batches for step in accumulations(CANDIDATE, SPEC, batch)] == numbers


def test_the_json_of_a_training_step_has_the_counts_and_the_effect_of_accumulation() -> None:
    counted, steps = training_memory(CANDIDATE, SPEC, 4, micro_batches=2), accumulations(CANDIDATE, SPEC, 4)
    workload = Workload(WorkloadKind.TRAINING_STEP, 4, 2)
    told = MemoryReport(CANDIDATE, SPEC, workload, counted, tuple(steps)).to_json()
    assert told["memory"] == {"provenance": "exact", **counted.to_json()}
    assert told["workload"] == {"kind": "training-step", "batch_size": 4, "micro_batches": 2}
    assert told["accumulation"][1] == {
        "micro_batches": 2,
        "kept_bytes": counted.kept_bytes,
        "peak_bytes": counted.peak_bytes,
    }


def test_the_json_of_inference_has_no_accumulation() -> None:
    told = MemoryReport(CANDIDATE, SPEC, Workload(), inference_memory(CANDIDATE, SPEC)).to_json()
    assert "accumulation" not in told
    assert told["memory"]["total_bytes"] == inference_memory(CANDIDATE, SPEC).total_bytes


def test_the_lines_say_what_is_counted_and_how_it_is_known() -> None:
    report = MemoryReport(CANDIDATE, SPEC, Workload(batch_size=2), inference_memory(CANDIDATE, SPEC, 2))
    assert report.lines == (
        "8 layers 32 | heads 8×sdp | ff 256",
        "windows of length 151, inference on batch 2; exact, counted in fp32",
    )


def test_an_int8_deployment_has_its_weights_and_its_peak_beside_those_in_fp32() -> None:
    int8 = Candidate(CANDIDATE.architecture, Deployment(Precision.INT8_DYNAMIC, Runtime.ONNXRUNTIME))
    report = MemoryReport(int8, SPEC, Workload(batch_size=2), inference_memory(int8, SPEC, 2))
    cost = count_candidate(int8, SPEC)
    told = report.to_json()["memory"]
    assert told["as_deployed"] == {"weight_bytes": cost.weight_bytes, "total_bytes": memory_bytes(cost, 2)}
    assert told["as_deployed"]["weight_bytes"] < told["weight_bytes"]
    rows = {part.label: part.bytes for part in report.parts}
    assert rows["weights in int8-dynamic"] == cost.weight_bytes
    assert rows["peak in int8-dynamic"] == memory_bytes(cost, 2)


def test_a_training_step_is_in_fp32_whatever_the_deployment() -> None:
    int8 = Candidate(CANDIDATE.architecture, Deployment(Precision.INT8_DYNAMIC, Runtime.ONNXRUNTIME))
    counted = training_memory(int8, SPEC, 2)
    report = MemoryReport(int8, SPEC, Workload(WorkloadKind.TRAINING_STEP, 2), counted)
    assert "as_deployed" not in report.to_json()["memory"]
    assert not [part for part in report.parts if "int8" in part.label]
