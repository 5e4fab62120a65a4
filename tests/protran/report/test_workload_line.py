from __future__ import annotations

import pytest

from device_agents.workload import Workload, WorkloadKind
from protran.report.workload_line import workload_line


@pytest.mark.parametrize(
    ("workload", "line"),
    [
        (Workload(), "inference on batch 1"),
        (Workload(WorkloadKind.TRAINING_STEP, 8), "training-step on batch 8"),
        (Workload(WorkloadKind.TRAINING_STEP, 8, 2), "training-step on batch 8 in 2 micro-batches"),
    ],
)
def test_micro_batches_are_told_where_there_are_several(workload: Workload, line: str) -> None:
    assert workload_line(workload) == line
