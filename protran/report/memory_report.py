"""Where the memory of one model goes under one workload: what the command prints, draws and writes as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from device_agents.measurement import Provenance
from device_agents.workload import Workload
from protran.report.architecture_line import candidate_line
from protran.report.memory_parts import PEAK, MemoryPart, inference_parts, training_parts
from protran.report.workload_line import workload_line
from search_spaces.candidate import Candidate
from search_spaces.cost import count_candidate, memory_bytes
from search_spaces.deployment import Precision, Runtime
from search_spaces.input_spec import InputSpec
from search_spaces.memory import InferenceMemory, TrainingMemory, training_memory


@dataclass(frozen=True)
class MemoryReport:
    """The memory of a model under a workload.

    Attributes:
        candidate: the model.
        input_spec: what it reads.
        workload: what a call is.
        counted: its memory.
        steps: of a training step, the same with other numbers of micro-batches; see `accumulations`.
    """

    candidate: Candidate
    input_spec: InputSpec
    workload: Workload
    counted: InferenceMemory | TrainingMemory
    steps: tuple[TrainingMemory, ...] = ()

    @property
    def parts(self) -> list[MemoryPart]:
        """The rows that people read."""
        memory, precision = self.counted, self.candidate.deployment.precision.value
        if isinstance(memory, TrainingMemory):
            return training_parts(memory)
        note = "as deployed" if self.candidate.deployment.runtime is Runtime.TORCH else "as deployed, estimated"
        deployed = [
            MemoryPart(f"{label} in {precision}", self._deployed[f"{name}_bytes"], note=note)
            for label, name in (("weights", "weight"), (PEAK, "total"))
            if self._deployed
        ]
        return [*inference_parts(memory), *deployed]

    @property
    def _deployed(self) -> dict[str, int]:
        """The bytes of an inference in the deployment's precision; empty where that is fp32."""
        if isinstance(self.counted, TrainingMemory) or self.candidate.deployment.precision is Precision.FP32:
            return {}
        cost = count_candidate(self.candidate, self.input_spec)
        total: int = memory_bytes(cost, self.workload.batch_size)
        return {"weight_bytes": cost.weight_bytes, "total_bytes": total}

    @property
    def lines(self) -> tuple[str, str]:
        """The model in one line, and in another what it reads and how its memory is known."""
        reads = f"{self.input_spec.kind.value} of length {self.input_spec.length}"
        return (
            candidate_line(self.candidate),
            f"{reads}, {workload_line(self.workload)}; {Provenance.EXACT.value}, counted in fp32",
        )

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object with all figures, in bytes."""
        accumulation = [
            {"micro_batches": step.micro_batches, "kept_bytes": step.kept_bytes, "peak_bytes": step.peak_bytes}
            for step in self.steps
        ]
        workload = self.workload
        return {
            "key": self.candidate.key,
            **self.candidate.to_json(),
            "input_spec": self.input_spec.to_json(),
            "workload": {
                "kind": workload.kind.value,
                "batch_size": workload.batch_size,
                "micro_batches": workload.micro_batches,
            },
            "memory": {
                "provenance": Provenance.EXACT.value,
                **self.counted.to_json(),
                **({"as_deployed": self._deployed} if self._deployed else {}),
            },
            **({"accumulation": accumulation} if accumulation else {}),
        }


def accumulations(candidate: Candidate, input_spec: InputSpec, batch_size: int) -> list[TrainingMemory]:
    """Returns the memory of a step on `batch_size` sequences with 1, 2, 4, … micro-batches, and with one for each.

    Raises:
        SpaceError: `batch_size` is below 1, or the family of the candidate does not read this input.
    """
    doubled = (2**power for power in range(batch_size.bit_length()))
    numbers = sorted({*(number for number in doubled if batch_size % number == 0), batch_size})
    return [training_memory(candidate, input_spec, batch_size, micro_batches=number) for number in numbers]
