"""One line that says what a call of a workload is."""

from __future__ import annotations

from device_agents.workload import Workload


def workload_line(workload: Workload) -> str:
    """Returns for example ``training-step on batch 8 in 2 micro-batches``, or ``inference on batch 1``."""
    parts = "" if workload.micro_batches == 1 else f" in {workload.micro_batches} micro-batches"
    return f"{workload.kind.value} on batch {workload.batch_size}{parts}"
