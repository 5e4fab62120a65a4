"""`protran memory`: where the memory of a model goes, counted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from protran.cli.model_file import ModelName, TaskOfModel, find_model
from protran.cli.terminal import JsonFlag, harmless, print_json, screen

if TYPE_CHECKING:
    from search_spaces.memory import InferenceMemory, TrainingMemory


def memory(
    model: ModelName,
    batch: Annotated[int, typer.Option(min=1, help="Sequences per call.")] = 1,
    training: Annotated[
        bool, typer.Option("--training", help="Of a training step with AdamW, not of inference.")
    ] = False,
    micro_batches: Annotated[
        int, typer.Option(min=1, metavar="M", help="Equal parts of a training step's batch; gradients accumulate.")
    ] = 1,
    task: TaskOfModel = "watch",
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw it too (.png, .svg or .pdf).", dir_okay=False)
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show where the memory of a model goes: counted exactly, nothing runs.

    Example: protran memory bert-tiny --training --batch 32 --micro-batches 4
    """
    from device_agents.workload import Workload, WorkloadKind
    from protran.cli.memory_table import print_memory
    from protran.report.memory_report import MemoryReport, accumulations
    from search_spaces.memory import inference_memory, training_memory

    call = Workload(WorkloadKind.TRAINING_STEP if training else WorkloadKind.INFERENCE, batch, micro_batches)
    candidate, input_spec = find_model(model, task)
    counted: InferenceMemory | TrainingMemory
    if training:
        counted = training_memory(candidate, input_spec, batch, micro_batches=micro_batches)
        steps = accumulations(candidate, input_spec, batch)
    else:
        counted, steps = inference_memory(candidate, input_spec, batch), []
    shown = MemoryReport(candidate, input_spec, call, counted, tuple(steps))
    if picture is not None:
        from protran.report.memory_picture import draw_memory

        draw_memory(shown, picture)
    if as_json:
        print_json(shown.to_json())
        return
    print_memory(screen(), shown)
    if picture is not None:
        screen().print(f"drawn: {harmless(picture)}", soft_wrap=True)
